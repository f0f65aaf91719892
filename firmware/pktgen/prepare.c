/* SPDX-License-Identifier: BSD-2-Clause */
/* See pktgen.h: an entry of a command becomes a packet in output memory. */
#include "memcpy.h"
#include "pktgen.h"

/* The copied bytes, and zeros wherever the slot's packets before had something else. */
static void fill(t_addr *slot, const struct drivercomm_entry *entry)
{
	uint copied = nf_be16(entry->copy_len), *dirty = &dirty_end[slot_of(slot)];
	char *frame = slot + sizeof(struct ioq_header);

	memcpy32(frame, entry + 1, copied);
	if (*dirty > copied)
		memset(frame + copied, 0, *dirty - copied);
	*dirty = copied;
}

static int is_tight(const struct pkt_out *pkt)
{
	return !(pkt->flags & DRIVERCOMM_ABSOLUTE) && pkt->time < HAND_OVER;
}

/* All that the sending thread would have to work out is worked out here. */
void prepare_work(unsigned long data)
{
	struct pkt_out *pkt = (struct pkt_out *)data;
	const struct drivercomm_entry *entry = pkt->entry;
	struct pktin_mem *in = pkt->in;
	uint len = nf_be16(entry->wire_len), bytes = sizeof(struct ioq_header) + len;

	pkt->flags = nf_be16(entry->flags);
	pkt->time = (cycles_t)VN_BE32(entry->time_high) << 32 | VN_BE32(entry->time_low);
	pkt->last = nf_address_of(pkt->output_mem) + bytes - 1;
	pkt->ctrl = nf_last_byte_bit(bytes);
	fill_ioq((struct ioq_header *)pkt->output_mem, PORT_OUT, (unsigned short)len);
	fill(pkt->output_mem, entry);
	tell(&pkt->is_prepared, is_tight(pkt) ? TIGHT : PREPARED);
	free_input_pkt(in, 1);
}
