/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the driver's fuzz targets: a card of a few lines, clients who may be full or
 * gone, and what must hold whatever was said.
 */
#ifndef VN_CALIPER_DRIVER_FUZZ_H
#define VN_CALIPER_DRIVER_FUZZ_H

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "caliper/answer.c"
#include "caliper/cancel.c"
#include "caliper/cardclock.c"
#include "caliper/control.c"
#include "caliper/driver.c"
#include "caliper/events.c"
#include "caliper/frame.c"
#include "caliper/intr.c"
#include "caliper/mark.c"
#include "caliper/msg.c"
#include "caliper/nl.c"
#include "caliper/policy.c"
#include "caliper/reset.c"
#include "caliper/rx.c"
#include "caliper/sent.c"
#include "caliper/tx.c"
#include "caliper/txbuff.c"

struct fuzz {
	struct vn_nf2 *d;
	uint64_t now;
	uint32_t status, full, gone;
	unsigned int busy, transfers;
	uint32_t credit; /* due */
	uint16_t epoch;
	bool is_reset; /* and has not answered */
	int answer;    /* of what is started */
	uint64_t touched;
};

static inline void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

static inline int fuzz_dma_tx(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct fuzz *f = arg;

	fuzz_require(len >= DRIVERCOMM_MIN && len <= DRIVERCOMM_MAX);
	if (f->answer)
		return f->answer;
	if (f->busy >= f->transfers && bytes[3] != DRIVERCOMM_RESET)
		return -EBUSY;
	f->busy++;
	if (bytes[3] == DRIVERCOMM_RESET) {
		f->epoch = vn_get_be16(bytes + 6);
		f->is_reset = true;
		f->credit = 0;
	} else {
		f->credit++;
	}
	return 0;
}

static inline int fuzz_dma_rx(void *arg)
{
	struct fuzz *f = arg;

	return f->answer;
}

static inline uint32_t fuzz_read_status(void *arg)
{
	struct fuzz *f = arg;
	uint32_t bits = f->status;

	f->status = 0;
	return bits;
}

static inline void fuzz_write_mask(void *arg, uint32_t mask)
{
}

/* All that is said can be read. */
static inline int fuzz_nl_send(void *arg, uint32_t pid, const void *bytes, size_t len)
{
	struct fuzz *f = arg;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	int ret;

	fuzz_require(len > 0 && len <= CAL_DATAGRAM_MAX);
	if (pid == f->gone)
		return -ECONNREFUSED;
	if (pid == f->full)
		return -EAGAIN;
	vn_cal_reader_init(&r, bytes, len);
	while ((ret = vn_cal_next(&r, VN_CAL_CLIENT, 0, &msg)))
		fuzz_require(ret == 1);
	return 0;
}

static inline void fuzz_deliver(void *arg, const uint8_t *frame, uint32_t len)
{
	struct fuzz *f = arg;

	for (uint32_t i = 0; i < len; i++)
		f->touched += frame[i];
}

static inline void fuzz_carrier(void *arg, bool on)
{
}

static inline uint64_t fuzz_now(void *arg)
{
	return ((struct fuzz *)arg)->now;
}

static inline void fuzz_log(void *arg, const char *text)
{
	fuzz_require(text[0]);
}

static inline struct fuzz *fuzz_new(uint8_t kind)
{
	static const struct vn_nf2_ops ops = {
		.dma_tx = fuzz_dma_tx,
		.dma_rx = fuzz_dma_rx,
		.read_status = fuzz_read_status,
		.write_mask = fuzz_write_mask,
		.nl_send = fuzz_nl_send,
		.deliver = fuzz_deliver,
		.carrier = fuzz_carrier,
		.now = fuzz_now,
		.log = fuzz_log,
	};
	struct vn_nf2_config cfg = { .txbuffs = 2 + kind % 8, .transfers = 1 + kind / 64 };
	struct fuzz *f = calloc(1, sizeof(*f));
	struct vn_err err;

	fuzz_require(f != NULL);
	f->now = VN_NSEC_PER_SEC;
	f->full = f->gone = UINT32_MAX;
	f->transfers = cfg.transfers;
	fuzz_require(!vn_nf2_new(&cfg, &ops, f, &f->d, &err));
	return f;
}

static inline void fuzz_free(struct fuzz *f)
{
	vn_nf2_free(f->d);
	free(f);
}

static inline void fuzz_subscribe(struct fuzz *f, uint32_t pid)
{
	const struct cal_subscribe s = { (2u << CAL_EVENT_STALL) - 2, CAL_SNAP_MAX };
	_Alignas(8) uint8_t bytes[64];
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), 0);
	vn_cal_put(&w, CAL_SUBSCRIBE, 0, 1, 0, 0, 0, &s, sizeof(s));
	vn_nf2_control(f->d, pid, bytes, w.len);
}

/* What a card does that keeps its word: takes everything, answers, gives credit. */
static inline void fuzz_card_works(struct fuzz *f)
{
	uint8_t m[DRIVERCOMM_MIN] = { 0 };

	while (f->busy) {
		f->busy--;
		f->status |= VN_NT_INT_DMA_TX_COMPLETE;
		vn_nf2_intr(f->d);
	}
	vn_put_be16(m, DRIVERCOMM_MAGIC);
	m[2] = DRIVERCOMM_VERSION;
	m[3] = f->is_reset ? DRIVERCOMM_RESET_DONE : DRIVERCOMM_QUOTA;
	vn_put_be16(m + 6, f->epoch);
	vn_put_be32(m + 8, f->is_reset ? DRIVERCOMM_QUOTA_START : f->credit);
	f->credit = 0;
	f->is_reset = false;
	vn_put_be32(m + 16, (uint32_t)(f->now / 8));
	f->status |= VN_NT_INT_PKT_AVAIL;
	vn_nf2_intr(f->d);
	vn_nf2_dma_data(f->d, m, sizeof(m));
	f->status |= VN_NT_INT_DMA_RX_COMPLETE;
	vn_nf2_intr(f->d);
}

static inline unsigned int fuzz_list(const struct vn_txbuff_list *list, uint64_t *packets)
{
	unsigned int n = 0;

	for (const struct vn_txbuff *t = list->first; t; t = t->next, n++)
		if (!t->is_void)
			*packets += t->n;
	fuzz_require(n == list->n);
	return n;
}

/* Those of a datagram that waits are not counted one by one: there are none here. */
static inline void fuzz_check(const struct fuzz *f)
{
	const struct vn_nf2 *d = f->d;
	const uint64_t *c = d->counters;
	uint64_t waiting = 0, ignored = 0;
	unsigned int n;

	n = fuzz_list(&d->free_txbuffs, &ignored) + fuzz_list(&d->transmit_txbuffs, &waiting) +
	    fuzz_list(&d->transfers, &waiting) + (d->txbuff_building != NULL);
	n -= d->config_is_in_transfer + d->reset.is_in_transfer;
	fuzz_require(n == d->cfg.txbuffs);
	fuzz_require(!d->txbuff_building || d->txbuff_building->n);
	waiting += d->txbuff_building ? d->txbuff_building->n : 0;
	if (!d->in.is_parked)
		fuzz_require(c[CAL_COUNTER_accepted] + c[CAL_COUNTER_if_frames] ==
			     c[CAL_COUNTER_entries] + c[CAL_COUNTER_cancelled] +
				     c[CAL_COUNTER_discarded] + waiting);
	else
		fuzz_require(d->state == CAL_RUNNING && !d->free_txbuffs.n);
	fuzz_require(d->state == CAL_RUNNING || !waiting);
	vn_nf2_next_ns(d);
}

#endif
