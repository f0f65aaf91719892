/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver between a card and clients that do what a test says: transfers end when
 * they are told to, the card says what it is told to, and everything that the
 * driver does is written down. Time stands still unless it is moved.
 *
 * Whoever puts a card of his own under a driver finds here what its operations
 * have to do.
 */
#ifndef VN_CALIPER_DRIVER_FIXTURE_TEST_H
#define VN_CALIPER_DRIVER_FIXTURE_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/netlink.h>

#include "base/macros.h"
#include "caliper/driver.h"
#include "caliper/msg.h"
#include "wire/bytes.h"
#include "wire/drivercomm.h"

#define FRAMES_MAX  4096
#define HEARD_MAX   4096
#define T_START	    UINT64_C(1000000000)
#define CARD_BEHIND UINT64_C(900000000) /* host time - card time */
#define ALICE	    101
#define BOB	    102

/* A frame that the driver began to transfer, as it was then. */
struct told {
	uint32_t len;
	uint8_t bytes[DRIVERCOMM_MAX];
};

/* A datagram that a client was sent. */
struct heard {
	uint32_t pid, len;
	uint8_t *bytes;
};

struct fixture {
	struct vn_nf2 *d;
	uint64_t now;
	/* the bus */
	unsigned int transfers; /* that it can do at a time */
	unsigned int busy, completed;
	int tx_answer, rx_answer; /* not 0: what starting a transfer returns */
	uint32_t status, mask;
	bool rx_runs;
	bool tells_once, avail_told;	 /* a bus that does not repeat INT_PKT_AVAIL */
	uint8_t message[VN_NF2_DMA_MAX]; /* of the card's, to be fetched */
	uint32_t message_len;
	/* the card */
	struct told told[FRAMES_MAX];
	unsigned int n_told, looked_at;
	uint16_t epoch; /* of the last RESET */
	/* clients */
	struct heard heard[HEARD_MAX];
	unsigned int n_heard, listened;
	uint32_t full, gone; /* pids of a client that has no room, of one that is gone */
	/* the interface, the log */
	unsigned int delivered, logged;
	uint32_t delivered_len;
	bool carrier;
	char log[256];
};

/* --- operations --------------------------------------------------------------------- */

static inline int fixture_dma_tx(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct fixture *f = arg;
	struct told *t = &f->told[f->n_told];

	if (f->tx_answer)
		return f->tx_answer;
	if (f->busy == f->transfers)
		return -EBUSY;
	assert_true(len >= DRIVERCOMM_MIN && len <= DRIVERCOMM_MAX);
	assert_true(f->n_told < FRAMES_MAX);
	f->busy++;
	f->n_told++;
	t->len = len;
	memcpy(t->bytes, bytes, len);
	if (bytes[3] == DRIVERCOMM_RESET)
		f->epoch = vn_get_be16(bytes + 6);
	return 0;
}

static inline int fixture_dma_rx(void *arg)
{
	struct fixture *f = arg;

	if (f->rx_answer)
		return f->rx_answer;
	if (f->rx_runs)
		return -EBUSY;
	if (!f->message_len)
		return -ENODATA;
	f->rx_runs = true;
	return 0;
}

/* Each read tells of the end of one transfer. */
static inline uint32_t fixture_read_status(void *arg)
{
	struct fixture *f = arg;
	uint32_t bits = f->status;

	f->status = 0;
	if (f->completed) {
		f->completed--;
		bits |= VN_NT_INT_DMA_TX_COMPLETE;
	}
	if (f->message_len && !f->rx_runs && !(f->tells_once && f->avail_told)) {
		bits |= VN_NT_INT_PKT_AVAIL;
		f->avail_told = true;
	}
	return bits;
}

static inline void fixture_write_mask(void *arg, uint32_t mask)
{
	struct fixture *f = arg;

	f->mask = mask;
}

static inline int fixture_nl_send(void *arg, uint32_t pid, const void *bytes, size_t len)
{
	struct fixture *f = arg;
	struct heard *h = &f->heard[f->n_heard];

	if (pid == f->gone)
		return -ECONNREFUSED;
	if (pid == f->full)
		return -EAGAIN;
	assert_true(f->n_heard < HEARD_MAX);
	*h = (struct heard){ pid, (uint32_t)len, malloc(len) };
	assert_non_null(h->bytes);
	memcpy(h->bytes, bytes, len);
	f->n_heard++;
	return 0;
}

static inline void fixture_deliver(void *arg, const uint8_t *frame, uint32_t len)
{
	struct fixture *f = arg;

	f->delivered++;
	f->delivered_len = len;
}

static inline void fixture_carrier(void *arg, bool on)
{
	struct fixture *f = arg;

	f->carrier = on;
}

static inline uint64_t fixture_now(void *arg)
{
	struct fixture *f = arg;

	return f->now;
}

static inline void fixture_log(void *arg, const char *text)
{
	struct fixture *f = arg;

	f->logged++;
	strncpy(f->log, text, sizeof(f->log) - 1);
}

static const struct vn_nf2_ops fixture_ops = {
	.dma_tx = fixture_dma_tx,
	.dma_rx = fixture_dma_rx,
	.read_status = fixture_read_status,
	.write_mask = fixture_write_mask,
	.nl_send = fixture_nl_send,
	.deliver = fixture_deliver,
	.carrier = fixture_carrier,
	.now = fixture_now,
	.log = fixture_log,
};

/* --- the card ------------------------------------------------------------------------- */

/* The oldest transfer ends. */
static inline void tx_done(struct fixture *f)
{
	assert_true(f->busy > 0);
	f->busy--;
	f->completed++;
	vn_nf2_intr(f->d);
}

static inline uint64_t card_ns(const struct fixture *f)
{
	return f->now - CARD_BEHIND;
}

static inline void put_time(uint8_t *to, uint64_t cycles)
{
	vn_put_be32(to, (uint32_t)(cycles >> 32));
	vn_put_be32(to + 4, (uint32_t)cycles);
}

struct departure {
	uint32_t seq;
	uint64_t cycle;
	uint32_t late;
};

struct word {
	uint8_t type;
	uint16_t epoch, count;
	uint32_t credit, late, rx_lost;
	const uint8_t *frame;
	uint16_t frame_len, n_reports;
	const struct departure *reports;
};

static inline void write_word(struct fixture *f, const struct word *w)
{
	uint8_t *m = f->message, *r = m + 32 + vn_cal_padded(w->frame_len);

	memset(m, 0, sizeof(f->message));
	vn_put_be16(m, DRIVERCOMM_MAGIC);
	m[2] = DRIVERCOMM_VERSION;
	m[3] = w->type;
	vn_put_be16(m + 4, w->count);
	vn_put_be16(m + 6, w->epoch);
	vn_put_be32(m + 8, w->credit);
	put_time(m + 12, card_ns(f) / 8);
	vn_put_be16(m + 20, w->n_reports);
	vn_put_be16(m + 22, w->frame_len);
	vn_put_be32(m + 24, w->late);
	vn_put_be32(m + 28, w->rx_lost);
	if (w->frame_len)
		memcpy(m + 32, w->frame, w->frame_len);
	for (unsigned int i = 0; i < w->n_reports; i++, r += 16) {
		vn_put_be32(r, w->reports[i].seq);
		put_time(r + 4, w->reports[i].cycle);
		vn_put_be32(r + 12, w->reports[i].late);
	}
	f->message_len = VN_MAX((uint32_t)(r - m), (uint32_t)DRIVERCOMM_MIN);
}

/* The driver fetches the message that lies there. */
static inline void fetch(struct fixture *f)
{
	vn_nf2_intr(f->d);
	if (!f->rx_runs)
		return;
	vn_nf2_dma_data(f->d, f->message, f->message_len);
	f->message_len = 0;
	f->rx_runs = f->avail_told = false;
	f->status |= VN_NT_INT_DMA_RX_COMPLETE;
	vn_nf2_intr(f->d);
}

static inline void say(struct fixture *f, const struct word *w)
{
	write_word(f, w);
	fetch(f);
}

static inline void say_credit(struct fixture *f, uint32_t credit)
{
	say(f, &(struct word){ .type = DRIVERCOMM_QUOTA, .epoch = f->epoch, .credit = credit });
}

static inline void say_reset_done(struct fixture *f, uint32_t credit)
{
	say(f,
	    &(struct word){ .type = DRIVERCOMM_RESET_DONE, .epoch = f->epoch, .credit = credit });
}

/* --- what the driver told the card ------------------------------------------------------ */

/* The next frame that it began to transfer. */
static inline const struct told *next_told(struct fixture *f, uint8_t type)
{
	const struct told *t = &f->told[f->looked_at];

	if (f->looked_at == f->n_told)
		fail_msg("nothing was told to the card where type %u is expected", type);
	f->looked_at++;
	assert_int_equal(vn_get_be16(t->bytes), DRIVERCOMM_MAGIC);
	assert_int_equal(t->bytes[2], DRIVERCOMM_VERSION);
	assert_int_equal(t->bytes[3], type);
	return t;
}

static inline void expect_idle(struct fixture *f)
{
	assert_int_equal(f->looked_at, f->n_told);
}

struct entry {
	uint64_t cycles;
	uint16_t wire_len, copy_len, flags;
	const uint8_t *bytes;
};

/* Entry i of a PKTS frame; the chain is walked as a card does. */
static inline struct entry entry_of(const struct told *t, unsigned int i)
{
	const uint8_t *e = t->bytes + 8;
	struct entry x;

	assert_true(i < vn_get_be16(t->bytes + 4));
	while (i--) {
		assert_true(vn_get_be16(e + 14) >= 16 && vn_get_be16(e + 14) % 8 == 0);
		e += vn_get_be16(e + 14);
	}
	assert_true(e + 16 <= t->bytes + t->len);
	x = (struct entry){
		.cycles = (uint64_t)vn_get_be32(e) << 32 | vn_get_be32(e + 4),
		.wire_len = vn_get_be16(e + 8),
		.copy_len = vn_get_be16(e + 10),
		.flags = vn_get_be16(e + 12),
		.bytes = e + 16,
	};
	assert_true(x.bytes + x.copy_len <= t->bytes + t->len);
	return x;
}

/* The next frame is one of n packets, whose chain ends with the last. */
static inline const struct told *next_pkts(struct fixture *f, unsigned int n)
{
	const struct told *t = next_told(f, DRIVERCOMM_PKTS);

	assert_int_equal(vn_get_be16(t->bytes + 4), n);
	assert_int_equal(vn_get_be16(t->bytes + 6), f->epoch);
	assert_int_equal(vn_get_be16(entry_of(t, n - 1).bytes - 2), 0);
	return t;
}

/* --- clients ------------------------------------------------------------------------------ */

struct datagram {
	struct vn_cal_writer w;
	_Alignas(8) uint8_t bytes[CAL_DATAGRAM_MAX];
};

static inline void datagram_init(struct datagram *g)
{
	vn_cal_writer_init(&g->w, g->bytes, sizeof(g->bytes), 0);
}

/* A message of n packets of 18 bytes payload, with gaps and cookies that go on from `cookie`. */
static inline void put_pkts(struct datagram *g, uint32_t seq, unsigned int n, uint64_t gap_ns,
			    uint32_t cookie)
{
	struct cal_descriptor x = { .time_ns = gap_ns, .payload_len = 18, .cookie = cookie };

	assert_true(vn_cal_begin(&g->w, CAL_PKTS, 0, seq, 0, 0));
	for (unsigned int i = 0; i < n; i++, x.cookie++)
		assert_true(vn_cal_add_item(&g->w, &x, sizeof(x), NULL, 0));
}

static inline void send_data(struct fixture *f, uint32_t pid, const struct datagram *g)
{
	vn_nf2_data(f->d, pid, g->bytes, g->w.len);
}

static inline void send_pkts(struct fixture *f, uint32_t pid, unsigned int n, uint64_t gap_ns,
			     uint32_t cookie)
{
	struct datagram g;

	datagram_init(&g);
	put_pkts(&g, 1, n, gap_ns, cookie);
	send_data(f, pid, &g);
}

static inline void send_descriptor(struct fixture *f, uint32_t pid, const struct cal_descriptor *x,
				   const void *data)
{
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_begin(&g.w, CAL_PKTS, 0, 1, 0, 0));
	assert_true(vn_cal_add_item(&g.w, x, sizeof(*x), data, x->data_len));
	send_data(f, pid, &g);
}

static inline void send_mark(struct fixture *f, uint32_t pid, uint32_t seq, uint16_t flags)
{
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_put(&g.w, CAL_MARK, 0, seq, 0, flags, 0, NULL, 0));
	send_data(f, pid, &g);
}

static inline void ask(struct fixture *f, uint32_t pid, uint16_t type, uint32_t seq,
		       const void *body, size_t len)
{
	struct datagram g;

	datagram_init(&g);
	assert_true(vn_cal_put(&g.w, type, 0, seq, 0, 0, 0, body, len));
	vn_nf2_control(f->d, pid, g.bytes, g.w.len);
}

static inline void expect_silence(struct fixture *f)
{
	if (f->listened != f->n_heard)
		fail_msg("a message for %u was not expected", f->heard[f->listened].pid);
}

/* The next datagram of the driver is for this client, and one message of this type. */
static inline struct vn_cal_msg hear(struct fixture *f, uint32_t pid, uint16_t type)
{
	const struct heard *h = &f->heard[f->listened];
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	if (f->listened == f->n_heard)
		fail_msg("nothing was said where message 0x%x is expected", type);
	f->listened++;
	assert_int_equal(h->pid, pid);
	vn_cal_reader_init(&r, h->bytes, h->len);
	assert_int_equal(vn_cal_next(&r, VN_CAL_CLIENT, 0, &msg), 1);
	assert_int_equal(msg.type, type);
	return msg;
}

static inline void hear_error(struct fixture *f, uint32_t pid, uint32_t seq, int error)
{
	struct vn_cal_msg msg = hear(f, pid, NLMSG_ERROR);

	assert_int_equal(msg.seq, seq);
	assert_int_equal(msg.error, error);
}

static inline void hear_mark(struct fixture *f, uint32_t pid, uint32_t seq, uint32_t status)
{
	struct vn_cal_msg msg = hear(f, pid, CAL_MARK_HIT);
	struct cal_mark_hit hit;

	memcpy(&hit, msg.body, sizeof(hit));
	assert_int_equal(msg.seq, seq);
	assert_int_equal(hit.status, status);
}

static inline void subscribe(struct fixture *f, uint32_t pid, uint32_t mask, uint32_t snap)
{
	const struct cal_subscribe body = { mask, snap };

	ask(f, pid, CAL_SUBSCRIBE, 1, &body, sizeof(body));
}

static inline uint64_t counter(const struct fixture *f, enum cal_counter which)
{
	uint64_t all[CAL_N_COUNTERS];

	assert_int_equal(vn_nf2_counters(f->d, all, CAL_N_COUNTERS), CAL_N_COUNTERS);
	return all[which];
}

/* --- beginning and end ----------------------------------------------------------------------- */

static inline struct fixture *fixture_new(const struct vn_nf2_config *cfg)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vn_nf2_config any = { .txbuffs = 16, .mac = { 2, 0x4e, 0x46, 0x32, 0x43, 0 } };
	struct vn_err err;

	assert_non_null(f);
	f->now = T_START;
	f->transfers = cfg && cfg->transfers ? cfg->transfers : 1;
	assert_int_equal(vn_nf2_new(cfg ? cfg : &any, &fixture_ops, f, &f->d, &err), 0);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	vn_nf2_free(f->d);
	for (unsigned int i = 0; i < f->n_heard; i++)
		free(f->heard[i].bytes);
	free(f);
}

/* Up, reset and configured; the card allows 8 transfers, nothing is under way. */
static inline void make_running(struct fixture *f)
{
	vn_nf2_up(f->d);
	next_told(f, DRIVERCOMM_RESET);
	tx_done(f);
	say_reset_done(f, DRIVERCOMM_QUOTA_START);
	next_told(f, DRIVERCOMM_CONFIG);
	tx_done(f);
	say_credit(f, 1);
	f->listened = f->n_heard;
	assert_int_equal(vn_nf2_state(f->d), CAL_RUNNING);
}

static inline struct fixture *fixture_running(void)
{
	struct fixture *f = fixture_new(NULL);

	make_running(f);
	return f;
}

#endif
