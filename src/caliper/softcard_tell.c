/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a card in software says to its driver: that it was reset, what the interface
 * received, credit, and departures. A message is written when the driver fetches it, so
 * that it says what is so then.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "caliper/softcard_priv.h"
#include "wire/bytes.h"
#include "wire/wire.h"

#define LISTEN_MAX     64
#define DROPS_EVERY_NS 100000000
/* To tell of late ones that nobody asked for takes as long as to be late again. It waits for
 * anything else to be told, or until the next departure is that far, but no longer than this. */
#define LATE_AHEAD_NS 50000
#define LATE_WAIT_NS  1000000

/* --- departures ----------------------------------------------------------------------------- */

/* Late ones that nobody asked for leave half of the room to those that somebody did. */
void vn_soft_report(struct vn_softcard *card, const struct vn_soft_departure *d, uint64_t ns)
{
	uint32_t waiting = card->report_head - card->report_tail;
	uint32_t room = d->flags & DRIVERCOMM_REPORT ? VN_SOFT_REPORTS : VN_SOFT_REPORTS / 2;
	uint64_t late_ns = ns - VN_MIN(d->planned_ns, ns);

	/* Given late, that is: the way from there to a stamp is nobody's lateness. */
	if (d->given_ns > d->planned_ns + VN_LATE_NS)
		card->late++;
	else if (!(d->flags & DRIVERCOMM_REPORT))
		return;
	if (waiting >= room) {
		card->reports_lost += !!(d->flags & DRIVERCOMM_REPORT);
		return;
	}
	card->reports[card->report_head++ % VN_SOFT_REPORTS] = (struct vn_soft_report){
		.seq = d->seq,
		.late = (uint32_t)VN_MIN(late_ns, (uint64_t)UINT32_MAX),
		.ns = ns - card->t0_ns,
	};
	if (d->flags & DRIVERCOMM_REPORT || waiting + 1 >= VN_SOFT_IN_MESSAGE)
		card->report_ns = 0;
	else
		card->report_ns = VN_MIN(card->report_ns, d->given_ns + LATE_WAIT_NS);
}

void vn_soft_tell_late(struct vn_softcard *card, uint64_t now_ns)
{
	if (card->report_ns == UINT64_MAX)
		return;
	if (card->report_ns <= now_ns || vn_soft_due_ns(card) > now_ns + LATE_AHEAD_NS)
		card->report_ns = 0;
}

/* --- frames --------------------------------------------------------------------------------- */

/* The tag that the kernel put aside stands in the frame again. */
static void keep(struct vn_soft_frame *f, const struct vn_rx_pkt *p)
{
	uint32_t tag = p->has_vlan && p->caplen >= VN_ETH_TYPE ? VN_VLAN_HLEN : 0;
	uint32_t n = VN_MIN(p->caplen, VN_SOFT_FRAME_MAX - tag);
	uint32_t before = tag ? VN_ETH_TYPE : 0;

	memcpy(f->bytes, p->data, before);
	if (tag) {
		vn_put_be16(f->bytes + VN_ETH_TYPE, p->vlan_tpid);
		vn_put_be16(f->bytes + VN_ETH_TYPE + 2, p->vlan_tci);
	}
	memcpy(f->bytes + before + tag, p->data + before, n - before);
	f->kept = n + tag;
	f->len = p->len + tag;
}

static void take_frames(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_softcard *card = arg;

	for (unsigned int i = 0; i < n; i++) {
		if (pkts[i].is_outgoing || !(card->config.flags & DRIVERCOMM_FORWARD))
			continue;
		if (card->frame_head - card->frame_tail == VN_SOFT_FRAMES)
			card->rx_lost++;
		else
			keep(&card->frames[card->frame_head++ % VN_SOFT_FRAMES], &pkts[i]);
	}
}

/* What the interface had no room for; asking is a system call. */
static void count_drops(struct vn_softcard *card, uint64_t now_ns)
{
	struct vn_rxq_stats stats;

	if (now_ns - card->drops_ns < DROPS_EVERY_NS)
		return;
	card->rxq->stats(card->rxq, &stats);
	card->rx_lost += (uint32_t)(stats.drops - card->drops);
	card->drops = stats.drops;
	card->drops_ns = now_ns;
}

void vn_soft_listen(struct vn_softcard *card, uint64_t now_ns)
{
	int n;

	if (!card->rxq || card->link == -ENODEV)
		return;
	n = card->rxq->poll(card->rxq, LISTEN_MAX, 0, take_frames, card);
	if (n == -ENETDOWN || n == -ENODEV)
		card->link = n;
	else if (n > 0)
		card->link = 0;
	count_drops(card, now_ns);
}

/* --- messages ------------------------------------------------------------------------------- */

bool vn_soft_has_message(const struct vn_softcard *card)
{
	if (card->has_reset)
		return true;
	return !card->is_resetting &&
	       (card->frame_head != card->frame_tail || !card->report_ns ||
		(card->credit && card->credit >= card->config.step));
}

static void put_head(struct vn_softcard *card, uint8_t type, uint16_t count)
{
	uint8_t *h = card->out;

	vn_put_be16(h, DRIVERCOMM_MAGIC);
	h[offsetof(struct drivercomm_head, version)] = DRIVERCOMM_VERSION;
	h[offsetof(struct drivercomm_head, type)] = type;
	vn_put_be16(h + offsetof(struct drivercomm_head, count), count);
	vn_put_be16(h + offsetof(struct drivercomm_head, epoch), card->epoch);
}

static void put_time(uint8_t *to, uint64_t ns)
{
	vn_put_be32(to, (uint32_t)(ns >> 32));
	vn_put_be32(to + 4, (uint32_t)ns);
}

static void put_body(struct vn_softcard *card, uint32_t credit, uint16_t reports,
		     uint16_t frame_len)
{
	uint8_t *b = card->out + sizeof(struct drivercomm_head);

	vn_put_be32(b + offsetof(struct drivercomm_body, credit), credit);
	/* Not now: the driver takes the time for one from before it heard of the message. */
	put_time(b + offsetof(struct drivercomm_body, time_high), card->told_ns - card->t0_ns);
	vn_put_be16(b + offsetof(struct drivercomm_body, reports), reports);
	vn_put_be16(b + offsetof(struct drivercomm_body, frame_len), frame_len);
	vn_put_be32(b + offsetof(struct drivercomm_body, late), card->late);
	vn_put_be32(b + offsetof(struct drivercomm_body, rx_lost), card->rx_lost);
}

static uint32_t put_reports(struct vn_softcard *card, uint8_t *to, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++, to += sizeof(struct drivercomm_report)) {
		const struct vn_soft_report *r =
			&card->reports[card->report_tail++ % VN_SOFT_REPORTS];

		vn_put_be32(to + offsetof(struct drivercomm_report, seq), r->seq);
		put_time(to + offsetof(struct drivercomm_report, time_high), r->ns);
		vn_put_be32(to + offsetof(struct drivercomm_report, late), r->late);
	}
	return n * (uint32_t)sizeof(struct drivercomm_report);
}

/* The oldest frame that was received, to behind the body; its bytes in the message. The head can
 * say 13 bits of its length on the wire. */
static uint16_t put_frame(struct vn_softcard *card, uint8_t *to)
{
	const struct vn_soft_frame *f = &card->frames[card->frame_tail++ % VN_SOFT_FRAMES];
	uint32_t kept = f->kept;

	if (card->config.flags & DRIVERCOMM_FORWARD_HEADERS)
		kept = VN_MIN(kept, 64u);
	memcpy(to, f->bytes, kept);
	put_head(card, DRIVERCOMM_FRAME, (uint16_t)(VN_MIN(f->len, 0x1fffu) << 3));
	return (uint16_t)kept;
}

uint32_t vn_soft_write(struct vn_softcard *card)
{
	uint32_t at = sizeof(struct drivercomm_head) + sizeof(struct drivercomm_body);
	uint32_t waiting = card->report_head - card->report_tail, credit = card->credit;
	uint16_t reports = (uint16_t)VN_MIN(waiting, (uint32_t)VN_SOFT_IN_MESSAGE), kept = 0;

	memset(card->out, 0, sizeof(card->out));
	if (card->has_reset) {
		put_head(card, DRIVERCOMM_RESET_DONE, 0);
		credit += card->config.start;
		reports = 0;
		card->has_reset = false;
	} else if (card->frame_head != card->frame_tail) {
		kept = put_frame(card, card->out + at);
	} else {
		put_head(card, DRIVERCOMM_QUOTA, reports ? (uint16_t)card->reports_lost : 0);
	}
	put_body(card, credit, reports, kept);
	card->credit = 0;
	at += (kept + 7u) & ~7u;
	at += put_reports(card, card->out + at, reports);
	if (card->report_head == card->report_tail)
		card->report_ns = UINT64_MAX;
	return VN_MAX(at, (uint32_t)DRIVERCOMM_MIN);
}
