/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's bus and its memory: messages come in, become frames of the transmit
 * queue as far as that has room, and are over when the last of their frames has
 * gone. Frames are laid out ahead of their time, so that at the time they only
 * have to be handed over (softcard_send.c).
 */
#include "caliper/softcard.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "caliper/softcard_priv.h"
#include "wire/bytes.h"
#include "wire/nf2.h"

/* With more time than this before the next departure other things are done. */
#define QUIET_NS 3000
/* After so long the owner looks around, however near the next departure is. */
#define TURN_NS 50000

#define HEAD  ((uint32_t)sizeof(struct drivercomm_head))
#define ENTRY ((uint32_t)sizeof(struct drivercomm_entry))

static struct vn_soft_transfer *transfer(struct vn_softcard *card, uint32_t i)
{
	return &card->transfers[i % VN_SOFT_TRANSFERS];
}

/* --- messages of the driver ------------------------------------------------------------ */

static uint16_t head_field(const uint8_t *bytes, size_t offset)
{
	return vn_get_be16(bytes + offset);
}

/* The length of an entry with its bytes; 0: it is none. */
static uint32_t entry_len(const uint8_t *e, uint32_t room)
{
	uint32_t wire, copy;

	if (room < ENTRY)
		return 0;
	wire = vn_get_be16(e + offsetof(struct drivercomm_entry, wire_len));
	copy = vn_get_be16(e + offsetof(struct drivercomm_entry, copy_len));
	if (wire < DRIVERCOMM_WIRE_MIN || wire > DRIVERCOMM_WIRE_MAX || copy > wire ||
	    copy > room - ENTRY)
		return 0;
	return ENTRY + copy;
}

/* Whether the chain of entries stays inside of the message, goes on only, and has as many links
 * as the head says. */
static bool chain_is_good(const struct vn_soft_transfer *t)
{
	uint32_t at = HEAD, count = head_field(t->bytes, offsetof(struct drivercomm_head, count));

	while (count--) {
		uint32_t len, next;

		len = entry_len(t->bytes + at, t->len - at);
		if (!len)
			return false;
		next = vn_get_be16(t->bytes + at + offsetof(struct drivercomm_entry, next));
		if (!next || !count)
			return !next && !count;
		if (next < len || next % 8 || next > t->len - at)
			return false;
		at += next;
	}
	return false;
}

static void configure(struct vn_softcard *card, const struct vn_soft_transfer *t)
{
	const uint8_t *c = t->bytes + HEAD;

	if (t->len < HEAD + sizeof(struct drivercomm_config))
		return;
	card->config.flags = vn_get_be32(c + offsetof(struct drivercomm_config, flags));
	card->config.step = vn_get_be32(c + offsetof(struct drivercomm_config, quota_step));
	card->config.start = vn_get_be32(c + offsetof(struct drivercomm_config, quota_start));
}

/* false: there is nothing to send in it. */
static bool begin_transfer(struct vn_softcard *card, struct vn_soft_transfer *t)
{
	if (t->bytes[offsetof(struct drivercomm_head, type)] == DRIVERCOMM_CONFIG) {
		configure(card, t);
		return false;
	}
	if (head_field(t->bytes, offsetof(struct drivercomm_head, epoch)) != card->epoch) {
		t->gives_credit = false;
		return false;
	}
	if (!chain_is_good(t))
		return false;
	t->at = HEAD;
	return true;
}

/* The next entry becomes a frame. false: there is no room for one. */
static bool add_frame(struct vn_softcard *card, struct vn_soft_transfer *t)
{
	const uint8_t *e = t->bytes + t->at;
	uint32_t copy = vn_get_be16(e + offsetof(struct drivercomm_entry, copy_len));
	uint32_t next = vn_get_be16(e + offsetof(struct drivercomm_entry, next));
	struct vn_frame *f;

	if (!vn_txq_reserve(card->txq, 1, &f))
		return false;
	f->len = vn_get_be16(e + offsetof(struct drivercomm_entry, wire_len));
	f->content = 0;
	memcpy(f->data, e + ENTRY, copy);
	memset(f->data + copy, 0, f->len - copy);
	card->packets[f - card->txq->frames] = (struct vn_soft_packet){
		.time_ns = (uint64_t)vn_get_be32(e) << 32 |
			   vn_get_be32(e + offsetof(struct drivercomm_entry, time_low)),
		.flags = vn_get_be16(e + offsetof(struct drivercomm_entry, flags)),
		.of = t,
	};
	t->left++;
	t->at = next ? t->at + next : 0;
	return true;
}

/* true: there is no more in it. */
static bool read_transfer(struct vn_softcard *card, struct vn_soft_transfer *t)
{
	if (!t->at && !begin_transfer(card, t))
		return true;
	while (t->at)
		if (!add_frame(card, t))
			return false;
	return true;
}

void vn_soft_read(struct vn_softcard *card)
{
	while (card->read != card->begun && read_transfer(card, transfer(card, card->read)))
		card->read++;
	vn_soft_complete(card);
}

void vn_soft_complete(struct vn_softcard *card)
{
	while (card->over != card->read && !transfer(card, card->over)->left) {
		card->credit += transfer(card, card->over)->gives_credit;
		card->over++;
		card->completed++;
	}
}

/* Everything from before is dropped; what a queueing discipline or the hardware
 * holds cannot be, so the answer waits until it has left. */
static void reset(struct vn_softcard *card, uint16_t epoch)
{
	vn_txq_abandon(card->txq);
	card->completed += card->begun - card->over;
	card->over = card->read = card->begun;
	card->epoch = epoch;
	card->is_resetting = true;
	card->has_reset = card->is_told = false;
	card->credit = card->late = card->rx_lost = card->reports_lost = card->seq = 0;
	card->retry_ns = 0;
	card->report_tail = card->report_head;
	card->report_ns = UINT64_MAX;
	card->frame_tail = card->frame_head;
	card->awaited_tail = card->awaited_head;
}

/* --- the bus --------------------------------------------------------------------------- */

int vn_softcard_dma_tx(struct vn_softcard *card, const uint8_t *bytes, uint32_t len)
{
	uint8_t type;

	if (len < DRIVERCOMM_MIN || len > DRIVERCOMM_MAX ||
	    head_field(bytes, 0) != DRIVERCOMM_MAGIC ||
	    bytes[offsetof(struct drivercomm_head, version)] != DRIVERCOMM_VERSION)
		return -EINVAL;
	type = bytes[offsetof(struct drivercomm_head, type)];
	if (type == DRIVERCOMM_RESET) {
		reset(card, head_field(bytes, offsetof(struct drivercomm_head, epoch)));
		card->completed++;
		return 0;
	}
	if (type != DRIVERCOMM_PKTS && type != DRIVERCOMM_CONFIG)
		return -EINVAL;
	if (card->begun - card->over == VN_SOFT_TRANSFERS)
		return -EBUSY;
	*transfer(card, card->begun++) = (struct vn_soft_transfer){
		.bytes = bytes,
		.len = len,
		.gives_credit = true,
	};
	vn_soft_read(card);
	return 0;
}

int vn_softcard_dma_rx(struct vn_softcard *card)
{
	if (card->rx_asked || card->rx_complete)
		return -EBUSY;
	card->rx_asked = true;
	return 0;
}

const uint8_t *vn_softcard_dma_data(struct vn_softcard *card, uint32_t *len)
{
	if (!card->rx_asked || !vn_soft_has_message(card))
		return NULL;
	card->rx_asked = card->is_told = false;
	card->rx_complete = true;
	*len = vn_soft_write(card);
	return card->out;
}

/* PKT_AVAIL is raised once for each message that is fetched: a driver that is not interested
 * reads it once. */
static bool has_avail(const struct vn_softcard *card)
{
	return !card->is_told && !card->rx_asked && vn_soft_has_message(card);
}

uint32_t vn_softcard_read_status(struct vn_softcard *card)
{
	uint32_t status = 0;

	if (card->rx_complete)
		status |= VN_NT_INT_DMA_RX_COMPLETE;
	if (card->completed) {
		status |= VN_NT_INT_DMA_TX_COMPLETE; /* one each time it is read */
		card->completed--;
	}
	if (has_avail(card)) {
		status |= VN_NT_INT_PKT_AVAIL;
		card->is_told = true;
		card->told_ns = vn_clock_now(card->clock);
	}
	card->rx_complete = false;
	return status;
}

static bool has_interrupt(const struct vn_softcard *card)
{
	return card->completed || card->rx_complete || has_avail(card) ||
	       (card->rx_asked && vn_soft_has_message(card));
}

/* --- time -------------------------------------------------------------------------------- */

/* RESET_DONE comes when what others hold has left. */
static void end_reset(struct vn_softcard *card, uint64_t now)
{
	struct vn_txq *q = card->txq;

	if (!card->is_resetting || (q->launch_ns && (now < card->before_ns || q->outstanding(q))))
		return;
	card->is_resetting = false;
	card->base_ns = now;
	card->has_reset = true;
}

uint64_t vn_softcard_next_ns(const struct vn_softcard *card)
{
	uint64_t at;

	if (card->is_resetting)
		return VN_MAX(card->before_ns, 1);
	at = VN_MIN(vn_soft_due_ns(card), vn_soft_stamps_ns(card));
	return card->report_ns ? VN_MIN(at, card->report_ns) : at;
}

static void send_near(struct vn_softcard *card, uint64_t near_ns, const _Atomic uint32_t *stop)
{
	const uint64_t began = vn_clock_now(card->clock);
	uint64_t now = began, at;

	do {
		at = vn_soft_due_ns(card);
		if (at == UINT64_MAX || (at > now && at - now > near_ns))
			return;
		if (at > now)
			now = vn_clock_wait_by(card->clock, &card->waiter, at, stop);
		if (now < at)
			return;
		vn_soft_send(card, now);
		now = vn_clock_now(card->clock);
		if (vn_soft_due_ns(card) > now + QUIET_NS)
			vn_soft_read(card);
	} while (!card->completed && !card->retry_ns && now - began < TURN_NS);
}

bool vn_softcard_run(struct vn_softcard *card, uint64_t near_ns, const _Atomic uint32_t *stop)
{
	uint64_t now;

	if (!card->is_resetting) {
		card->waiter.spin_ns = near_ns;
		send_near(card, near_ns, stop);
	}
	now = vn_clock_now(card->clock);
	end_reset(card, now);
	vn_soft_stamps(card, now);
	vn_soft_listen(card, now);
	vn_soft_tell_late(card, now);
	return has_interrupt(card);
}

/* --- beginning and end ------------------------------------------------------------------ */

static int allocate(struct vn_softcard *card)
{
	card->packets = calloc(card->txq->mask + 1, sizeof(*card->packets));
	card->departures = vn_departures_new();
	card->frames = card->rxq ? calloc(VN_SOFT_FRAMES, sizeof(*card->frames)) : NULL;
	card->awaited =
		card->txq->departed ? calloc(VN_SOFT_AWAITED, sizeof(*card->awaited)) : NULL;
	if (!card->packets || !card->departures || (card->rxq && !card->frames) ||
	    (card->txq->departed && !card->awaited))
		return -ENOMEM;
	return 0;
}

int vn_softcard_new(const struct vn_softcard_config *cfg, struct vn_softcard **out,
		    struct vn_err *err)
{
	struct vn_softcard *card = aligned_alloc(VN_CACHELINE, sizeof(*card));

	*out = NULL;
	if (!card)
		return vn_err_set(err, ENOMEM, "%s: no memory", cfg->txq->dev->name);
	memset(card, 0, sizeof(*card));
	card->txq = cfg->txq;
	card->rxq = cfg->rxq;
	card->clock = cfg->clock;
	card->t0_ns = card->base_ns = vn_clock_now(cfg->clock);
	card->config.step = DRIVERCOMM_QUOTA_STEP;
	card->config.start = DRIVERCOMM_QUOTA_START;
	card->report_ns = UINT64_MAX;
	if (cfg->txq->frames[0].cap < DRIVERCOMM_WIRE_MAX) {
		vn_softcard_free(card);
		return vn_err_set(err, EINVAL, "%s: frames of %u bytes: at least %d are needed",
				  cfg->txq->dev->name, cfg->txq->frames[0].cap,
				  DRIVERCOMM_WIRE_MAX);
	}
	if (allocate(card)) {
		vn_softcard_free(card);
		return vn_err_set(err, ENOMEM, "%s: no memory", cfg->txq->dev->name);
	}
	*out = card;
	return 0;
}

void vn_softcard_free(struct vn_softcard *card)
{
	if (!card)
		return;
	free(card->packets);
	free(card->departures);
	free(card->frames);
	free(card->awaited);
	free(card);
}

const struct vn_departures *vn_softcard_departures(const struct vn_softcard *card)
{
	return card->departures;
}

const char *vn_softcard_stamp_source(const struct vn_softcard *card)
{
	return card->txq->departed ? card->txq->stamp_source : NULL;
}

uint64_t vn_softcard_unstamped(const struct vn_softcard *card)
{
	return card->unstamped;
}

uint64_t vn_softcard_lost(const struct vn_softcard *card)
{
	return card->lost;
}

int vn_softcard_link(const struct vn_softcard *card)
{
	return card->link;
}
