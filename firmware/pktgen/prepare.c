/* SPDX-License-Identifier: BSD-2-Clause */
/* See pktgen.h: an entry of a command becomes a packet in output memory. */
#include "memcpy.h"
#include "pktgen.h"

/* Credit alone is sent often: its bytes are taken to be everywhere. */
enum { QUOTA_BYTES = sizeof(struct drivercomm_head) + sizeof(struct drivercomm_body) };

/*
 * Of an output slot's frame: what is not 0. Packets copy their beginning, which the next one
 * cleans as far as it copies less; messages leave everything up to dirty_end, which is
 * cleaned bit by bit, as far as a packet needs it.
 */
static struct {
	uint copied;
	uint dirty_from, dirty_end;
} slots[NF_SLOTS];

void soil(const t_addr *slot, uint bytes)
{
	uint i = slot_of(slot);

	slots[i].dirty_from = 0;
	if (slots[i].dirty_end < bytes)
		slots[i].dirty_end = bytes;
}

static void clean(char *frame, uint from, uint to)
{
	if (from < to)
		memset(frame + from, 0, to - from);
}

/* The copied bytes, and zeros up to len. */
static void fill(t_addr *slot, const struct drivercomm_entry *entry, uint len)
{
	uint copied = nf_be16(entry->copy_len), i = slot_of(slot);
	uint end = slots[i].dirty_end < len ? slots[i].dirty_end : len;
	char *frame = slot + sizeof(struct ioq_header);

	memcpy32(frame, entry + 1, copied);
	clean(frame, copied, slots[i].copied > QUOTA_BYTES ? slots[i].copied : QUOTA_BYTES);
	slots[i].copied = copied;
	if (slots[i].dirty_from < end) {
		clean(frame, copied > slots[i].dirty_from ? copied : slots[i].dirty_from, end);
		slots[i].dirty_from = end;
	}
}

static enum preparation preparation(const struct pkt_out *pkt)
{
	if (pkt->flags & DRIVERCOMM_ABSOLUTE || pkt->time >= HAND_OVER)
		return PREPARED;
	return (uint)pkt->time >= pkt->line ? TIGHT : CROWDED;
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
	fill(pkt->output_mem, entry, len);
	tell(&pkt->is_prepared, preparation(pkt));
	free_input_pkt(in, 1);
}
