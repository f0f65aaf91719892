/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the driver's core. Functions that the original driver
 * had, too, have its names (nf2c_*, nl_receive_msg, notify_of_mark).
 *
 * Times of packets are cycles of the card, `cfg.ns_per_cycle` long; all others are
 * ns of the owner's clock unless their name says card_ns.
 */
#ifndef VN_CALIPER_DRIVER_PRIV_H
#define VN_CALIPER_DRIVER_PRIV_H

#include "base/macros.h"
#include "caliper/cardclock.h"
#include "caliper/driver.h"
#include "caliper/msg.h"
#include "wire/bytes.h"
#include "wire/drivercomm.h"

#define TXBUFF_HEAD	((uint32_t)sizeof(struct drivercomm_head))
#define TXBUFF_ENTRY	((uint32_t)sizeof(struct drivercomm_entry))
#define TXBUFF_PACKETS	99		    /* that fit: an entry has at least 16 bytes */
#define TXBUFF_FULL	(TXBUFF_ENTRY + 60) /* less room than this is not waited for */
#define FLUSH_WAIT_NS	UINT64_C(100000)
#define FLUSH_AHEAD_NS	UINT64_C(2000000)
#define BUSY_WAIT_NS	UINT64_C(1000000)
#define ERRORS_A_SECOND 8
#define QUOTA_MAX	8
#define EVENTS_AT_ONCE	128
#define OWED_MAX	512
#define OWED_TO_ONE	128
#define OWED_BYTES	256 /* of the longest answer: STATS */
#define OWED_WAIT_NS	UINT64_C(1000000)
#define OWED_WAIT_MAX	UINT64_C(128000000)

struct vn_nf2_mark {
	uint32_t pid; /* 0: its client is gone */
	uint32_t seq;
};

/* What is remembered of an entry. */
struct vn_nf2_packet {
	uint32_t pid; /* 0: the host's stack */
	uint32_t seq; /* of the message that it came in */
	uint32_t cookie;
	bool is_reported;
	uint64_t planned; /* departure */
};

struct vn_txbuff {
	struct vn_txbuff *next;
	uint32_t len;  /* bytes used */
	uint32_t last; /* where the last entry begins */
	unsigned int n, n_marks;
	uint64_t flush_ns; /* when it is time to send it although it has room */
	uint8_t type;	   /* enum drivercomm_type */
	bool is_void;	   /* in transfer, and thrown away meanwhile */
	struct vn_nf2_mark marks[CAL_MARKS_MAX];
	struct vn_nf2_packet packets[TXBUFF_PACKETS];
	_Alignas(8) uint8_t bytes[DRIVERCOMM_MAX];
};

struct vn_txbuff_list {
	struct vn_txbuff *first, *last;
	unsigned int n;
};

/* The datagram that is being read. When packets find no txbuff it is parked: its bytes are copied
 * to here. */
struct vn_nf2_datagram {
	struct vn_cal_reader reader;
	struct vn_cal_msg msg; /* PKTS, while `left` descriptors of it are to come */
	size_t at;
	uint32_t left, pid;
	bool is_active, is_parked, has_cancelled;
	_Alignas(8) uint8_t bytes[CAL_DATAGRAM_MAX];
	/* a bit for each 4 bytes: the descriptor that begins there was cancelled */
	uint8_t cancelled[CAL_DATAGRAM_MAX / 4 / 8];
};

/* Datagrams behind one that is parked, read since a CANCEL must know what its client had sent. */
struct vn_nf2_backlog {
	struct {
		uint32_t pid, len;
	} of[CAL_BACKLOG];
	uint8_t (*bytes)[CAL_DATAGRAM_MAX]; /* a ring */
	uint32_t head, tail;
};

/* A CANCEL whose client may have sent PKTS before it that have not been read; until the data socket
 * was found empty. It is answered then, or when nothing more can be read. */
struct vn_nf2_withdrawal {
	uint32_t pid, seq; /* whose, and its number: only what was sent before is taken back */
	struct cal_cancel which;
	uint64_t n; /* packets taken back */
	bool is_answered;
};

/* The oldest gives way: those who send so many before they are read lose only this. */
#define WITHDRAWALS 64
struct vn_nf2_withdrawals {
	struct vn_nf2_withdrawal list[WITHDRAWALS];
	unsigned int n;
};

/* What is remembered of packets that the card has, by number since reset. */
struct vn_nf2_sent {
	struct vn_nf2_packet *ring;
	uint32_t mask, seq; /* seq: of the next one */
	uint32_t filled;    /* places of the ring */
	/* seq of the first packet of each command frame that was begun, by number of the frame */
	uint32_t first[4 * QUOTA_MAX];
	uint32_t frames, credited;
};

struct vn_nf2_subscriber {
	uint32_t pid, mask, snap;
	uint64_t lost;
};

struct vn_nf2_event {
	struct cal_event event;
	uint32_t pid; /* 0: for all */
	const uint8_t *bytes;
};

struct vn_nf2_events {
	struct vn_nf2_subscriber subscribers[CAL_SUBSCRIBERS_MAX];
	unsigned int n_subscribers, n;
	uint32_t mask; /* of all of them */
	struct vn_nf2_event waiting[EVENTS_AT_ONCE];
};

/* Answers that their client had no room for. */
struct vn_nf2_owed {
	struct {
		uint32_t pid, len;
		uint8_t bytes[OWED_BYTES];
	} answers[OWED_MAX];
	unsigned int n;
	uint64_t retry_ns, wait_ns;
};

#define CUTS 16
struct vn_nf2_policy {
	struct cal_policy now;
	uint64_t rest; /* of a bit's time, for CAL_POLICY_RATE */
	uint32_t previous_bits;
	uint64_t *gaps, *gathered; /* CAL_GAPS_MAX of each */
	uint32_t n_gaps, next_gap, n_gathered;
	uint32_t gatherer; /* pid of the client whose gaps come in several messages */
	bool is_gathering;
	/* Clients of whose list a part is missing, the latest ones: what follows is refused. */
	uint32_t cut[CUTS];
	unsigned int n_cut;
};

struct vn_nf2_asker {
	uint32_t pid, seq;
};

/* A reset that was begun. */
struct vn_nf2_reset {
	struct vn_txbuff command;
	bool is_due, is_in_transfer;
	unsigned int tries;
	uint64_t sent_ns, retry_ns;
	bool has_answer; /* and what it said */
	uint32_t credit;
	uint64_t card_ns, heard_ns;
	struct vn_nf2_asker askers[CAL_RESETS_MAX];
	unsigned int n_askers;
};

enum vn_nf2_log_cause { LOG_FAULT, LOG_ERROR, LOG_MESSAGE, LOG_TRANSFER, N_LOG_CAUSES };

struct vn_nf2 {
	struct vn_nf2_config cfg;
	struct vn_nf2_ops ops;
	void *arg;
	unsigned int shift; /* log2 of ns_per_cycle */

	enum cal_state state;
	bool has_carrier;
	uint32_t mask;	/* of interrupts */
	uint16_t epoch; /* of what the card shall take */
	uint16_t run;	/* of HELLO_ACK */

	struct vn_txbuff *txbuffs;
	struct vn_txbuff_list free_txbuffs, transmit_txbuffs;
	struct vn_txbuff_list transfers; /* what began to be copied, the oldest first */
	struct vn_txbuff *txbuff_building;
	struct vn_txbuff config;
	bool config_is_due, config_is_in_transfer;
	uint64_t
		busy_ns; /* when a transfer that was refused is tried again; UINT64_MAX: none was */

	uint32_t allowed_send;
	unsigned int quota, max_entries;
	bool is_stalled;
	uint64_t stalled_ns;

	/* the chain of times: what the next relative time counts from, and ns beyond that cycle */
	uint64_t planned, rest_ns;
	uint64_t departs;   /* when the packet that was planned last does */
	uint64_t now_cycle; /* the card's, when the call began */
	uint16_t ipv4_id;

	struct vn_nf2_sent sent;
	struct vn_nf2_reset reset;
	struct vn_nf2_policy policy;
	struct vn_nf2_events events;
	struct vn_nf2_owed owed;
	struct vn_cardclock clock;
	struct vn_nf2_datagram in;
	struct vn_nf2_backlog backlog;
	struct vn_nf2_withdrawals withdrawals;

	bool rx_runs, rx_waits; /* rx_waits: heard of a frame while DOWN */
	uint64_t avail_ns;	/* when the frame in transfer was heard of */
	uint32_t rx_len;
	_Alignas(8) uint8_t rx[VN_NF2_DMA_MAX];
	uint32_t card_late, card_rx_lost; /* as the card counts them, since reset */
	uint16_t card_reports_lost;

	uint64_t errors_ns; /* when the second began that these errors are of */
	unsigned int n_errors;
	uint64_t logged_ns[N_LOG_CAUSES];

	uint64_t counters[CAL_N_COUNTERS];
	_Alignas(8) uint8_t out[CAL_DATAGRAM_MAX];
};

static inline void vn_nf2_count(struct vn_nf2 *d, enum cal_counter which, uint64_t n)
{
	d->counters[which] += n;
}

static inline uint64_t vn_nf2_now(struct vn_nf2 *d)
{
	return d->ops.now(d->arg);
}

/* As much as can be said. */
static inline uint64_t vn_nf2_ns(const struct vn_nf2 *d, uint64_t cycles)
{
	return cycles > UINT64_MAX >> d->shift ? UINT64_MAX : cycles << d->shift;
}

/* The card's time, as estimated; 0: it has not told any. */
static inline uint64_t vn_nf2_card_ns(struct vn_nf2 *d)
{
	return d->clock.is_known ? vn_cardclock_card_ns(&d->clock, vn_nf2_now(d)) : 0;
}

/* --- driver.c ------------------------------------------------------------------------- */

void vn_nf2_set_state(struct vn_nf2 *d, enum cal_state state);
void vn_nf2_set_mask(struct vn_nf2 *d, uint32_t mask);
/* Throws away all packets that the card does not have, and answers their marks. */
void vn_nf2_clear(struct vn_nf2 *d);
/* What a call ends with: reading goes on if it can, events leave. */
void vn_nf2_settle(struct vn_nf2 *d);
void vn_nf2_fail(struct vn_nf2 *d, const char *why);
void vn_nf2_log(struct vn_nf2 *d, enum vn_nf2_log_cause cause, const char *text);
/* Of a transfer or the card's messages; too many a second are a FAULT. */
void vn_nf2_error(struct vn_nf2 *d, enum vn_nf2_log_cause cause, const char *text);

/* --- reset.c -------------------------------------------------------------------------- */

void vn_nf2_reset_begin(struct vn_nf2 *d);
void vn_nf2_reset_command(struct vn_nf2 *d);
/* The card has answered: RUNNING. */
void vn_nf2_reset_end(struct vn_nf2 *d);
/* No answer came in time. */
void vn_nf2_reset_retry(struct vn_nf2 *d);
/* The answer to a command before the last: that is waited for longer, or a card that always takes
 * more than the wait would never be in time. */
void vn_nf2_reset_is_slow(struct vn_nf2 *d);
/* 0: the client will be told; -ENETDOWN, -ENOBUFS. */
int vn_nf2_reset_ask(struct vn_nf2 *d, uint32_t pid, uint32_t seq);
void vn_nf2_reset_refuse(struct vn_nf2 *d, int error);
void vn_nf2_reset_forget(struct vn_nf2 *d, uint32_t pid);
/* Makes the CONFIG that the card shall have. */
void vn_nf2_config_renew(struct vn_nf2 *d);

/* --- txbuff.c ------------------------------------------------------------------------- */

void vn_txbuff_push(struct vn_txbuff_list *list, struct vn_txbuff *t);
void vn_txbuff_push_first(struct vn_txbuff_list *list, struct vn_txbuff *t);
struct vn_txbuff *vn_txbuff_pop(struct vn_txbuff_list *list);
/* Empty, as free ones are. */
void vn_txbuff_init(struct vn_txbuff *t, uint8_t type);

/* Room for an entry that copies this many bytes, in the txbuff that is being filled or a new one;
 * NULL: there is no free one. */
struct vn_txbuff *vn_txbuff_room(struct vn_nf2 *d, uint32_t copy_len);
/* Begins an entry in it; returns where its copy_len bytes go. What is beyond them is zero. */
uint8_t *vn_txbuff_add(struct vn_txbuff *t, const struct vn_nf2_packet *packet, uint64_t cycles,
		       uint16_t wire_len, uint16_t copy_len, uint16_t flags);
/* After an entry was added: hands it on if it is full or the bus has nothing to do. */
void vn_txbuff_added(struct vn_nf2 *d);
void vn_txbuff_flush(struct vn_nf2 *d);
/* Flushes if the bus has nothing to do. */
void vn_txbuff_flush_idle(struct vn_nf2 *d);
/* Flushes if the card would take it: what waits is less than it allows. */
void vn_txbuff_flush_useful(struct vn_nf2 *d);
uint64_t vn_txbuff_flush_ns(const struct vn_nf2 *d);
/* Head, and zeros up to what the card takes; returns the length of the transfer. */
uint32_t vn_txbuff_finish(struct vn_txbuff *t, uint16_t epoch);

/* --- tx.c ----------------------------------------------------------------------------- */

/* Of the message that is being read. false: there is no txbuff. */
bool nf2c_inject_pkt(struct vn_nf2 *d, const struct cal_descriptor *x, const uint8_t *data);
void nf2c_tx_pkt(struct vn_nf2 *d, const uint8_t *frame, uint32_t len);
void nf2c_attempt_send(struct vn_nf2 *d);
void vn_nf2_tx_complete(struct vn_nf2 *d);
/* Puts what is in transfer back, to be begun anew; not the oldest if vn_nf2_tx_complete() follows.
 */
void vn_nf2_tx_abort(struct vn_nf2 *d, bool oldest_is_complete);
uint32_t vn_nf2_outstanding(const struct vn_nf2 *d);

/* --- frame.c -------------------------------------------------------------------------- */

/* Bytes that are copied, and those on the wire, padded to the shortest frame. */
uint16_t vn_nf2_copy_len(const struct cal_descriptor *x);
uint16_t vn_nf2_wire_len(const struct cal_descriptor *x);
void vn_nf2_frame_build(const struct cal_descriptor *x, const uint8_t *data,
			const uint8_t if_mac[6], uint16_t ipv4_id, uint8_t *out);

/* --- intr.c, rx.c --------------------------------------------------------------------- */

void nf2c_intr(struct vn_nf2 *d);
void vn_nf2_intr_ignored(struct vn_nf2 *d);
void vn_nf2_rx_begin(struct vn_nf2 *d);
void nf2c_rx(struct vn_nf2 *d);

/* --- mark.c --------------------------------------------------------------------------- */

/* 0; -EBUSY. */
int nf2c_mark(struct vn_nf2 *d, uint32_t pid, uint32_t seq, bool flush);
void notify_of_mark(struct vn_nf2 *d, struct vn_txbuff *t, enum cal_mark_status status);
/* All packets of `from` were taken back: its marks wait for those before them; NULL: there are
 * none, so they are hit. */
void vn_nf2_marks_move(struct vn_nf2 *d, struct vn_txbuff *from, struct vn_txbuff *to);
/* The last packets that have not been copied, and the last of those that are being copied; NULL:
 * there are none. */
struct vn_txbuff *vn_nf2_newest(const struct vn_nf2 *d);
struct vn_txbuff *vn_nf2_newest_in_transfer(const struct vn_nf2 *d);
void vn_nf2_marks_forget(struct vn_nf2 *d, uint32_t pid);

/* --- nl.c, control.c ------------------------------------------------------------------- */

/* Goes on with the datagram that is being read, as far as there is room. */
void nl_receive_msg(struct vn_nf2 *d);
/* The rest of the message that is being read is thrown away. */
void vn_nf2_drop_message(struct vn_nf2 *d);
int vn_nf2_ask(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid);

/* --- answer.c ------------------------------------------------------------------------- */

/* A message of its own; never waits, and is tried again later if there is no room. */
void vn_nf2_answer(struct vn_nf2 *d, uint32_t pid, uint32_t seq, uint16_t type, uint32_t count,
		   const void *body, size_t len);
void vn_nf2_answer_error(struct vn_nf2 *d, uint32_t pid, const struct vn_cal_msg *msg, int error);
void vn_nf2_owed_retry(struct vn_nf2 *d);
void vn_nf2_owed_forget(struct vn_nf2 *d, uint32_t pid);

/* --- events.c ------------------------------------------------------------------------- */

int vn_nf2_subscribe(struct vn_nf2 *d, uint32_t pid, const struct cal_subscribe *s);
void vn_nf2_unsubscribe(struct vn_nf2 *d, uint32_t pid);
bool vn_nf2_is_subscribed(const struct vn_nf2 *d, enum cal_event_kind kind);
/* bytes: of a frame, until the events are sent. pid 0: to all that want the kind. */
void vn_nf2_tell(struct vn_nf2 *d, uint32_t pid, const struct cal_event *event,
		 const uint8_t *bytes);
void vn_nf2_tell_number(struct vn_nf2 *d, enum cal_event_kind kind, uint32_t extra);
/* So many that nobody can tell any more. */
void vn_nf2_events_are_lost(struct vn_nf2 *d, enum cal_event_kind kind, uint32_t n);
void vn_nf2_events_send(struct vn_nf2 *d);

/* --- sent.c --------------------------------------------------------------------------- */

void vn_nf2_sent_reset(struct vn_nf2_sent *s);
/* A command frame was begun (with t's packets), or was not after all. */
void vn_nf2_sent_add(struct vn_nf2_sent *s, const struct vn_txbuff *t);
void vn_nf2_sent_take_back(struct vn_nf2_sent *s, const struct vn_txbuff *t);
/* NULL: it is none of those that are remembered. */
const struct vn_nf2_packet *vn_nf2_sent_find(const struct vn_nf2_sent *s, uint32_t seq);
/* The client's last packet that has not left by now, as far as can be told; NULL: there is none. */
const struct vn_nf2_packet *vn_nf2_sent_last(const struct vn_nf2_sent *s, uint32_t pid,
					     uint64_t now_cycle);

/* --- cancel.c, policy.c ------------------------------------------------------------------ */

/* seq: of the CANCEL; what the client numbered later stays. CANCEL_DONE comes when what is in the
 * data socket has been read, as far as there is room. */
void vn_nf2_cancel(struct vn_nf2 *d, uint32_t pid, uint32_t seq, const struct cal_cancel *which);
/* Nothing more is read for now: answers every CANCEL that was not. */
void vn_nf2_cancel_answer(struct vn_nf2 *d);
/* Whether one waits for what is in the data socket. */
bool vn_nf2_cancel_waits(const struct vn_nf2 *d);
void vn_nf2_withdraw_forget(struct vn_nf2 *d, uint32_t pid);
/* PKTS begin to be read: what of them was withdrawn is marked as cancelled. */
void vn_nf2_withdraw_from(struct vn_nf2 *d);
bool vn_nf2_was_cancelled(const struct vn_nf2_datagram *in, const uint8_t *descriptor);
void vn_nf2_policy_forget(struct vn_nf2_policy *p, uint32_t pid);
int vn_nf2_policy_set(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid);
/* A message that says nothing that can be. */
void vn_nf2_policy_refused(struct vn_nf2_policy *p, const struct vn_cal_msg *msg, uint32_t pid);
/* The gap in front of the next frame of the stack, which has len bytes. */
uint64_t vn_nf2_policy_gap(struct vn_nf2_policy *p, uint32_t len);

#endif
