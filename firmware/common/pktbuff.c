/* SPDX-License-Identifier: BSD-2-Clause */
/* See pktbuff.h. */
#include "pktbuff.h"
#include "memcpy.h"

void fill_ioq(struct ioq_header *ioq, unsigned short port, unsigned short bytes)
{
	ioq->dst_port = nf_be16((unsigned short)(1u << port));
	ioq->word_length = nf_be16((unsigned short)((bytes + 7u) / 8));
	ioq->byte_length = nf_be16(bytes);
}

void pkt_fill(struct pkt_buff *b, char *addr, uint size)
{
	b->data = b->head = addr;
	b->len = b->total_size = size;
}

void *pkt_pull(struct pkt_buff *b, uint n)
{
	char *taken = b->head;

	if (n > b->len)
		return 0;
	b->head += n;
	b->len -= n;
	return taken;
}

void *pkt_push(struct pkt_buff *b, uint n)
{
	if (n > b->total_size - b->len)
		return 0;
	b->head -= n;
	b->len += n;
	return b->head;
}

void *pkt_push_all(struct pkt_buff *b)
{
	return pkt_push(b, b->total_size - b->len);
}

#ifdef NF_RE2

t_addr *pkt_to_output(t_addr *in)
{
	return in;
}

void pkt_send(t_addr *p, unsigned short port, unsigned short bytes)
{
	char *end = p + sizeof(struct ioq_header) + bytes;

	fill_ioq((struct ioq_header *)p, port, bytes);
	do_send(p, end - 1, calc_ctrl(p, end));
}

#else

void *pkt_alloc(struct pkt_buff *b, uint size)
{
	t_addr *slot = size > NF_SLOT_BYTES ? 0 : nf_pktout_alloc(size);

	if (slot)
		pkt_fill(b, slot, size);
	return slot;
}

t_addr *pkt_to_output(t_addr *in)
{
	const struct ioq_header *ioq = (const struct ioq_header *)in;
	uint bytes = sizeof(*ioq) + nf_be16(ioq->byte_length);
	t_addr *out;

	while (!(out = nf_pktout_alloc(bytes)))
		relax();
	memcpy32(out, in, (bytes + 7) & ~7u); /* whole words: both slots have them */
	nf_pktin_free(in);
	return out;
}

void pkt_send(t_addr *p, unsigned short port, unsigned short bytes)
{
	fill_ioq((struct ioq_header *)p, port, bytes);
	nf_pktout_send(p, p + sizeof(struct ioq_header) + bytes);
}

#endif
