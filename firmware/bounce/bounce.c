/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends every frame back, unchanged, by the port through which it came. */
#include "pktbuff.h"
#include "process.h"

void process_pkt(t_addr *in)
{
	t_addr *out = pkt_to_output(in);
	const struct ioq_header *ioq = (const struct ioq_header *)out;

	pkt_send(out, nf_be16(ioq->src_port), nf_be16(ioq->byte_length));
}
