/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the card in software: a device on virtual time that notes what it is given
 * and does not take all of it, and the driver's side of the bus.
 */
#ifndef VN_CALIPER_SOFTCARD_FIXTURE_TEST_H
#define VN_CALIPER_SOFTCARD_FIXTURE_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "caliper/softcard.h"
#include "wire/bytes.h"
#include "wire/drivercomm.h"
#include "wire/nf2.h"

#define FOREVER UINT64_MAX
#define T0	UINT64_C(5000000000) /* the clock at cycle 0 */
#define SENT	2048
#define EPOCH	7

/* --- a device that notes ---------------------------------------------------------------- */

struct sent {
	uint64_t ns, depart_ns; /* card time */
	uint32_t len, call;
	uint8_t bytes[64];
	bool zeros_follow; /* up to len */
};

struct fake {
	struct vn_netdev dev;
	struct vn_txq txq;
	struct vn_rxq rxq;
	struct vn_clock clock;
	struct vn_softcard *card;
	struct sent sent[SENT];
	uint32_t n, calls, n_stamps, outstanding;
	uint64_t cost_ns; /* of each call */
	int32_t code;	  /* answer to the frame number `at` */
	uint32_t at;
	bool is_gone;
	struct vn_departed stamps[SENT];
	/* what a poll brings */
	const struct vn_rx_pkt *rx;
	unsigned int n_rx;
	int rx_error;
	uint64_t drops;
	/* messages to the card: they stay until their transfer is over */
	uint8_t to_card[64][DRIVERCOMM_MAX];
	uint32_t n_to_card;
	uint8_t *entry; /* the last one of the message that is being made */
	uint32_t len;
};

static inline struct fake *of_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct fake, txq);
}

static inline bool has_zeros(const struct vn_frame *f)
{
	for (uint32_t i = 64; i < f->len; i++)
		if (f->data[i])
			return false;
	return true;
}

static inline void note(struct fake *d, const struct vn_frame *f)
{
	struct sent *s = &d->sent[d->n];

	assert_true(d->n < SENT);
	*s = (struct sent){
		.ns = d->clock.virtual_ns - T0,
		.depart_ns = f->depart_ns - T0,
		.len = f->len,
		.call = d->calls,
		.zeros_follow = has_zeros(f),
	};
	memcpy(s->bytes, f->data, VN_MIN(f->len, 64u));
	memset(f->data, 0xee, f->cap); /* it is the device's now */
	d->stamps[d->n++] = (struct vn_departed){ f->depart_ns, f->depart_ns + 10 };
}

static inline struct vn_tx_done fake_commit(struct vn_txq *q, unsigned int n)
{
	struct fake *d = of_txq(q);
	struct vn_tx_done done = { .code = VN_TX_OK };
	struct vn_frame *f;

	assert_true(vn_txq_peek(q, &f) >= n);
	d->calls++;
	for (; done.sent < n; done.sent++) {
		if (d->code && d->n == d->at) {
			done.code = d->code;
			break;
		}
		note(d, &f[done.sent]);
	}
	if (done.code == VN_XMIT_DROP)
		d->code = 0;
	d->clock.virtual_ns += d->cost_ns;
	return done;
}

static inline unsigned int fake_departed(struct vn_txq *q, struct vn_departed *out,
					 unsigned int cap)
{
	struct fake *d = of_txq(q);
	unsigned int n = 0;

	while (n < cap && d->n_stamps < d->n)
		out[n++] = d->stamps[d->n_stamps++];
	return n;
}

static inline uint32_t fake_outstanding(struct vn_txq *q)
{
	return of_txq(q)->outstanding;
}

static inline int fake_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	return vn_container_of(dev, struct fake, dev)->is_gone ? -ENODEV : 0;
}

static inline int fake_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
			    vn_rx_handler handler, void *arg)
{
	struct fake *d = vn_container_of(q, struct fake, rxq);
	unsigned int n = VN_MIN(budget, d->n_rx);

	assert_int_equal(timeout_ns, 0);
	if (d->rx_error)
		return d->rx_error;
	handler(arg, d->rx, n);
	d->rx += n;
	d->n_rx -= n;
	return (int)n;
}

static inline void fake_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	*out = (struct vn_rxq_stats){ .drops = vn_container_of(q, struct fake, rxq)->drops };
}

static const struct vn_netdev_ops fake_ops = { .name = "fake", .refresh = fake_refresh };

/* --- a driver's part ---------------------------------------------------------------------- */

static inline uint8_t *begin_to(struct fake *d, uint8_t type, uint16_t epoch)
{
	uint8_t *m = d->to_card[d->n_to_card++ % VN_ARRAY_SIZE(d->to_card)];

	memset(m, 0, DRIVERCOMM_MAX);
	vn_put_be16(m, DRIVERCOMM_MAGIC);
	m[2] = DRIVERCOMM_VERSION;
	m[3] = type;
	vn_put_be16(m + 6, epoch);
	d->entry = NULL;
	d->len = 8;
	return m;
}

/* Adds an entry with `copy` bytes that begin with tag. */
static inline void add_to(struct fake *d, uint8_t *m, uint64_t time, uint16_t flags, uint16_t wire,
			  uint16_t copy, uint8_t tag)
{
	uint8_t *e = m + d->len;

	if (d->entry)
		vn_put_be16(d->entry + 14, (uint16_t)(e - d->entry));
	vn_put_be32(e, (uint32_t)(time >> 32));
	vn_put_be32(e + 4, (uint32_t)time);
	vn_put_be16(e + 8, wire);
	vn_put_be16(e + 10, copy);
	vn_put_be16(e + 12, flags);
	for (uint16_t i = 0; i < copy; i++)
		e[16 + i] = (uint8_t)(tag + i);
	vn_put_be16(m + 4, (uint16_t)(vn_get_be16(m + 4) + 1));
	d->entry = e;
	d->len += (16u + copy + 7u) & ~7u;
}

static inline int give(struct fake *d, const uint8_t *m)
{
	return vn_softcard_dma_tx(d->card, m, VN_MAX(d->len, 60u));
}

/* One message with n packets of this time. */
static inline void give_alike(struct fake *d, unsigned int n, uint64_t time, uint16_t flags)
{
	uint8_t *m = begin_to(d, DRIVERCOMM_PKTS, EPOCH);

	for (unsigned int i = 0; i < n; i++)
		add_to(d, m, time, flags, 60, 42, (uint8_t)i);
	assert_int_equal(give(d, m), 0);
}

static inline void give_config(struct fake *d, uint32_t flags, uint32_t step, uint32_t start)
{
	uint8_t *m = begin_to(d, DRIVERCOMM_CONFIG, 0);

	vn_put_be32(m + 8, flags);
	vn_put_be32(m + 12, step);
	vn_put_be32(m + 16, start);
	assert_int_equal(give(d, m), 0);
}

/* The status, read until it says nothing: how many transfers were over. PKT_AVAIL begins a
 * transfer from the card, as a driver does it. */
static inline unsigned int read_status(struct fake *d)
{
	unsigned int over = 0;
	uint32_t status;

	while ((status = vn_softcard_read_status(d->card))) {
		over += !!(status & VN_NT_INT_DMA_TX_COMPLETE);
		if (status & VN_NT_INT_PKT_AVAIL)
			assert_int_equal(vn_softcard_dma_rx(d->card), 0);
	}
	return over;
}

/* The next message, which is there. Transfers that are over are not looked at. */
static const uint8_t *hear(struct fake *d, uint8_t type)
{
	const uint8_t *m;
	uint32_t len, status;

	read_status(d);
	m = vn_softcard_dma_data(d->card, &len);
	assert_non_null(m);
	assert_in_range(len, 60, 2048);
	assert_int_equal(vn_get_be16(m), DRIVERCOMM_MAGIC);
	assert_int_equal(m[2], DRIVERCOMM_VERSION);
	assert_int_equal(m[3], type);
	status = vn_softcard_read_status(d->card);
	assert_true(status & VN_NT_INT_DMA_RX_COMPLETE);
	if (status & VN_NT_INT_PKT_AVAIL)
		assert_int_equal(vn_softcard_dma_rx(d->card), 0);
	return m;
}

static inline void hear_nothing(struct fake *d)
{
	uint32_t len;

	read_status(d);
	assert_null(vn_softcard_dma_data(d->card, &len));
}

static inline uint32_t credit_of(const uint8_t *m)
{
	return vn_get_be32(m + 8);
}

static inline uint64_t time_of(const uint8_t *p)
{
	return (uint64_t)vn_get_be32(p) << 32 | vn_get_be32(p + 4);
}

static inline bool run(struct fake *d)
{
	return vn_softcard_run(d->card, FOREVER, NULL);
}

/* Until there is no departure any more, and no stamp of one to come. */
static inline unsigned int run_out(struct fake *d)
{
	unsigned int over = 0;
	uint64_t next;

	while ((next = vn_softcard_next_ns(d->card)) != UINT64_MAX) {
		d->clock.virtual_ns = VN_MAX(d->clock.virtual_ns, next);
		run(d);
		over += read_status(d);
	}
	return over;
}

/* --- set-up -------------------------------------------------------------------------------- */

static inline struct fake *new_fake(uint32_t n_frames)
{
	struct fake *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	vn_netdev_init(&d->dev, &fake_ops, &(struct vn_netdev_opts){ .target = "fake0" });
	assert_int_equal(vn_txq_init(&d->txq, &d->dev, n_frames, DRIVERCOMM_WIRE_MAX), 0);
	d->txq.commit = fake_commit;
	d->rxq = (struct vn_rxq){ .poll = fake_poll, .stats = fake_stats, .dev = &d->dev };
	vn_clock_virtual(&d->clock, T0, 0);
	return d;
}

static inline void reset(struct fake *d, uint16_t epoch)
{
	assert_int_equal(give(d, begin_to(d, DRIVERCOMM_RESET, epoch)), 0);
}

/* The card is there and was reset; what belongs to that was heard. */
static inline void start(struct fake *d)
{
	struct vn_softcard_config cfg = { &d->txq, &d->rxq, &d->clock };
	struct vn_err err = { "" };

	if (vn_softcard_new(&cfg, &d->card, &err))
		fail_msg("%s", err.text);
	reset(d, EPOCH);
	assert_true(run(d));
	hear(d, DRIVERCOMM_RESET_DONE);
	assert_int_equal(read_status(d), 0);
	assert_false(run(d));
}

static inline struct fake *new_card(void)
{
	struct fake *d = new_fake(0);

	start(d);
	return d;
}

static inline void end(struct fake *d)
{
	vn_softcard_free(d->card);
	vn_txq_fini(&d->txq);
	free(d);
}

#endif
