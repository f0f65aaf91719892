/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the frames of a card in software leave. The rules are the card's: a time
 * is absolute or counts from the departure before, and what is late leaves at
 * once. What differs is how exact a departure is: it is when the frame is given to
 * the kernel, which is never before its time and always some 50 ns after it. Within
 * VN_LATE_NS that is on time, and the next relative time counts from the one that
 * was asked for; else each gap would be longer than asked by what a look at the
 * clock takes, and a rate could not be had. Beyond it the packet is late, and the
 * next gap counts from when it really left, unless it says DRIVERCOMM_CATCHUP.
 *
 * Frames leave in one call only when their times have passed, which those have
 * that are asked for together.
 */
#include <errno.h>
#include <string.h>

#include "caliper/softcard_priv.h"

#define BUSY_NS	   5000	    /* a full queue is offered its frames again */
#define LINK_NS	   10000000 /* so is an interface that is down */
#define BATCH_MAX  64	    /* and at most so many leave in one call */
#define STAMPS_MAX 64
#define STAMPS_NS  50000 /* those that have not come are looked for again */

static struct vn_soft_packet *packet(const struct vn_softcard *card, uint32_t i)
{
	return &card->packets[i & card->txq->mask];
}

static uint64_t add_times(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t planned_ns(const struct vn_softcard *card, const struct vn_soft_packet *p,
			   uint64_t base_ns)
{
	return add_times(p->flags & DRIVERCOMM_ABSOLUTE ? card->t0_ns : base_ns, p->time_ns);
}

/* Relative 0: as soon as possible, which is never late. */
static bool is_asap(const struct vn_soft_packet *p)
{
	return !p->time_ns && !(p->flags & DRIVERCOMM_ABSOLUTE);
}

/* From when the next relative time counts. */
static uint64_t base_after(const struct vn_soft_packet *p, uint64_t left_ns)
{
	bool is_late = left_ns > p->planned_ns && left_ns - p->planned_ns > VN_LATE_NS;

	return is_late && !(p->flags & DRIVERCOMM_CATCHUP) ? left_ns : p->planned_ns;
}

/* When a frame that is handed over at now_ns leaves. */
static uint64_t left_ns(const struct vn_softcard *card, const struct vn_frame *f, uint64_t now_ns)
{
	return card->txq->launch_ns ? VN_MAX(now_ns, f->depart_ns) : now_ns;
}

uint64_t vn_soft_due_ns(const struct vn_softcard *card)
{
	uint64_t at;

	if (!vn_txq_pending(card->txq))
		return UINT64_MAX;
	at = planned_ns(card, packet(card, card->txq->tail), card->base_ns);
	at -= VN_MIN(at, card->txq->launch_ns);
	return VN_MAX(at, card->retry_ns);
}

/* Says of the oldest frames when they are to leave, up to the first that is not due yet. Who
 * holds frames until their time must not let one overtake another. */
static unsigned int plan_due(struct vn_softcard *card, struct vn_frame *f, unsigned int n,
			     uint64_t now_ns)
{
	uint64_t base_ns = card->base_ns, before_ns = card->before_ns;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct vn_soft_packet *p = packet(card, card->txq->tail + i);

		p->planned_ns = planned_ns(card, p, base_ns);
		if (p->planned_ns > add_times(now_ns, card->txq->launch_ns))
			break;
		f[i].depart_ns = before_ns = VN_MAX(p->planned_ns, before_ns);
		base_ns = base_after(p, left_ns(card, &f[i], now_ns));
	}
	return i;
}

/* --- what became of them ------------------------------------------------------------------ */

static void record(struct vn_softcard *card, const struct vn_soft_departure *d, uint64_t ns)
{
	vn_departures_add(card->departures, d->planned_ns, ns);
	vn_soft_report(card, d, ns);
}

/* The oldest whose stamp is to come; none will, so that our own time stands for it. */
static void give_up_stamp(struct vn_softcard *card)
{
	const struct vn_soft_departure *d = &card->awaited[card->awaited_tail++ % VN_SOFT_AWAITED];

	record(card, d, d->given_ns);
	card->unstamped++;
}

/* It is recorded when its stamp comes. */
static void await_stamp(struct vn_softcard *card, const struct vn_soft_departure *d)
{
	if (card->awaited_head - card->awaited_tail == VN_SOFT_AWAITED)
		give_up_stamp(card);
	if (card->awaited_head == card->awaited_tail)
		card->stamps_ns = add_times(d->given_ns, STAMPS_NS);
	card->awaited[card->awaited_head++ % VN_SOFT_AWAITED] = *d;
}

/* A frame is no more ours; `at` is its index. */
static void leave(struct vn_softcard *card, uint32_t at, const struct vn_frame *f, uint64_t now_ns,
		  bool has_left)
{
	struct vn_soft_packet *p = packet(card, at);
	const uint64_t ns = left_ns(card, f, now_ns);
	const struct vn_soft_departure d = {
		.asked_ns = f->depart_ns,
		.planned_ns = is_asap(p) ? ns : p->planned_ns,
		.given_ns = ns,
		.seq = card->seq,
		.flags = p->flags,
	};

	card->base_ns = base_after(p, ns);
	card->before_ns = f->depart_ns;
	if (has_left && card->txq->departed)
		await_stamp(card, &d);
	else if (has_left)
		record(card, &d, ns);
	card->seq++;
	p->of->left--;
}

static void not_taken(struct vn_softcard *card, int32_t code, uint64_t now_ns)
{
	struct vn_netdev *dev = card->txq->dev;
	struct vn_err ignored;

	card->retry_ns = now_ns + (code == VN_TX_BUSY ? BUSY_NS : LINK_NS);
	if (code == VN_TX_DOWN && card->link != -ENODEV)
		card->link = dev->ops->refresh(dev, &ignored) == -ENODEV ? -ENODEV : -ENETDOWN;
}

void vn_soft_send(struct vn_softcard *card, uint64_t now_ns)
{
	uint32_t at = card->txq->tail;
	struct vn_frame *f;
	unsigned int n = vn_txq_peek(card->txq, &f), i;
	struct vn_tx_done done;

	n = plan_due(card, f, VN_MIN(n, BATCH_MAX), now_ns);
	if (!n)
		return;
	done = vn_txq_commit(card->txq, n);
	for (i = 0; i < done.sent; i++)
		leave(card, at + i, &f[i], now_ns, true);
	card->retry_ns = 0;
	if (done.sent)
		card->link = 0;
	if (done.code == VN_TX_BUSY || done.code == VN_TX_DOWN) {
		not_taken(card, done.code, now_ns);
	} else if (done.code != VN_TX_OK) {
		leave(card, at + i, &f[i], now_ns, false);
		card->lost++;
	}
	vn_soft_complete(card);
}

/* --- stamps ------------------------------------------------------------------------------- */

/* Which packet it is of is told by the time that was asked for, and those never go down. What
 * none is found for is from before a reset; what is older than it, and still waits, got none. */
static void take_stamp(struct vn_softcard *card, const struct vn_departed *stamp)
{
	const struct vn_soft_departure *d;

	while (card->awaited_tail != card->awaited_head) {
		d = &card->awaited[card->awaited_tail % VN_SOFT_AWAITED];
		if (d->asked_ns > stamp->asked_ns)
			return;
		if (d->asked_ns == stamp->asked_ns) {
			card->awaited_tail++;
			record(card, d, stamp->ns);
			return;
		}
		give_up_stamp(card);
	}
}

/* true: all have theirs. */
static bool take_stamps(struct vn_softcard *card)
{
	struct vn_departed stamps[STAMPS_MAX];
	unsigned int n;

	do {
		n = card->txq->departed(card->txq, stamps, STAMPS_MAX);
		for (unsigned int i = 0; i < n; i++)
			take_stamp(card, &stamps[i]);
	} while (n == STAMPS_MAX);
	return card->awaited_tail == card->awaited_head;
}

uint64_t vn_soft_stamps_ns(const struct vn_softcard *card)
{
	return card->awaited_tail != card->awaited_head ? card->stamps_ns : UINT64_MAX;
}

void vn_soft_stamps(struct vn_softcard *card, uint64_t now_ns)
{
	if (card->awaited_tail == card->awaited_head || take_stamps(card) ||
	    now_ns < card->stamps_ns)
		return;
	card->stamps_ns = now_ns + STAMPS_NS;
	if (card->txq->outstanding(card->txq))
		return;
	/* Nothing is on its way any more: what came with that question was the last. */
	take_stamps(card);
	while (card->awaited_tail != card->awaited_head)
		give_up_stamp(card);
}
