/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * txbuffs (spec caliper 4.3): free, being filled, waiting or in transfer. What
 * waits for the bus gathers more packets meanwhile, so that combining happens by
 * itself whenever the bus is busier than the clients.
 */
#include <stddef.h>
#include <string.h>

#include "caliper/driver_priv.h"

void vn_txbuff_push(struct vn_txbuff_list *list, struct vn_txbuff *t)
{
	t->next = NULL;
	if (list->last)
		list->last->next = t;
	else
		list->first = t;
	list->last = t;
	list->n++;
}

void vn_txbuff_push_first(struct vn_txbuff_list *list, struct vn_txbuff *t)
{
	t->next = list->first;
	list->first = t;
	if (!list->last)
		list->last = t;
	list->n++;
}

struct vn_txbuff *vn_txbuff_pop(struct vn_txbuff_list *list)
{
	struct vn_txbuff *t = list->first;

	if (!t)
		return NULL;
	list->first = t->next;
	if (!list->first)
		list->last = NULL;
	list->n--;
	return t;
}

void vn_txbuff_init(struct vn_txbuff *t, uint8_t type)
{
	t->len = TXBUFF_HEAD;
	t->last = 0;
	t->n = t->n_marks = 0;
	t->flush_ns = UINT64_MAX;
	t->type = type;
	t->is_void = false;
}

/* --- adding ------------------------------------------------------------------------- */

static uint32_t entry_len(uint32_t copy_len)
{
	return TXBUFF_ENTRY + ((copy_len + 7) & ~7u);
}

struct vn_txbuff *vn_txbuff_room(struct vn_nf2 *d, uint32_t copy_len)
{
	struct vn_txbuff *t = d->txbuff_building;

	if (t && t->len + entry_len(copy_len) <= DRIVERCOMM_MAX && t->n < d->max_entries)
		return t;
	vn_txbuff_flush(d);
	t = vn_txbuff_pop(&d->free_txbuffs);
	if (t)
		vn_txbuff_init(t, DRIVERCOMM_PKTS);
	d->txbuff_building = t;
	return t;
}

uint8_t *vn_txbuff_add(struct vn_txbuff *t, const struct vn_nf2_packet *packet, uint64_t cycles,
		       uint16_t wire_len, uint16_t copy_len, uint16_t flags)
{
	uint8_t *e = t->bytes + t->len;
	uint32_t len = entry_len(copy_len);

	if (t->n)
		vn_put_be16(t->bytes + t->last + offsetof(struct drivercomm_entry, next),
			    (uint16_t)(t->len - t->last));
	vn_put_be32(e, (uint32_t)(cycles >> 32));
	vn_put_be32(e + offsetof(struct drivercomm_entry, time_low), (uint32_t)cycles);
	vn_put_be16(e + offsetof(struct drivercomm_entry, wire_len), wire_len);
	vn_put_be16(e + offsetof(struct drivercomm_entry, copy_len), copy_len);
	vn_put_be16(e + offsetof(struct drivercomm_entry, flags), flags);
	vn_put_be16(e + offsetof(struct drivercomm_entry, next), 0);
	memset(e + len - 8, 0, 8);
	t->last = t->len;
	t->len += len;
	t->packets[t->n++] = *packet;
	return e + TXBUFF_ENTRY;
}

/* The bus has nothing to do and nothing waits for it. */
static bool bus_is_idle(const struct vn_nf2 *d)
{
	return !d->transmit_txbuffs.n && d->transfers.n < d->cfg.transfers;
}

/* The first packet says how long others may join it. */
static uint64_t flush_time(struct vn_nf2 *d, const struct vn_txbuff *t)
{
	uint64_t card_ns = vn_nf2_ns(d, t->packets[0].planned);
	uint64_t departure = vn_cardclock_host_ns(&d->clock, card_ns);
	uint64_t waited = vn_nf2_now(d) + FLUSH_WAIT_NS;

	return departure < waited + FLUSH_AHEAD_NS ? waited : departure - FLUSH_AHEAD_NS;
}

void vn_txbuff_added(struct vn_nf2 *d)
{
	struct vn_txbuff *t = d->txbuff_building;

	if (bus_is_idle(d) || DRIVERCOMM_MAX - t->len < TXBUFF_FULL || t->n >= d->max_entries)
		vn_txbuff_flush(d);
	else if (t->n == 1)
		t->flush_ns = flush_time(d, t);
	nf2c_attempt_send(d);
}

void vn_txbuff_flush(struct vn_nf2 *d)
{
	if (!d->txbuff_building)
		return;
	vn_txbuff_push(&d->transmit_txbuffs, d->txbuff_building);
	d->txbuff_building = NULL;
}

void vn_txbuff_flush_idle(struct vn_nf2 *d)
{
	if (bus_is_idle(d))
		vn_txbuff_flush(d);
}

/* What could not be begun now anyway goes on gathering. */
static bool flush_is_useful(const struct vn_nf2 *d)
{
	return d->txbuff_building && d->allowed_send > d->transmit_txbuffs.n;
}

void vn_txbuff_flush_useful(struct vn_nf2 *d)
{
	if (flush_is_useful(d))
		vn_txbuff_flush(d);
}

uint64_t vn_txbuff_flush_ns(const struct vn_nf2 *d)
{
	return flush_is_useful(d) ? d->txbuff_building->flush_ns : UINT64_MAX;
}

/* --- the frame for the card ------------------------------------------------------------- */

uint32_t vn_txbuff_finish(struct vn_txbuff *t, uint16_t epoch)
{
	uint8_t *h = t->bytes;

	vn_put_be16(h, DRIVERCOMM_MAGIC);
	h[offsetof(struct drivercomm_head, version)] = DRIVERCOMM_VERSION;
	h[offsetof(struct drivercomm_head, type)] = t->type;
	vn_put_be16(h + offsetof(struct drivercomm_head, count), (uint16_t)t->n);
	vn_put_be16(h + offsetof(struct drivercomm_head, epoch), epoch);
	if (t->len >= DRIVERCOMM_MIN)
		return t->len;
	memset(h + t->len, 0, DRIVERCOMM_MIN - t->len);
	return DRIVERCOMM_MIN;
}
