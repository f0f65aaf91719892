/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wire between MAC 0 and 1, and one between MAC 2 and 3. (Host queue 0 and 1 are
 * a pair, too: what the host sends goes to the queue that it does not send by.)
 */
#include "pktbuff.h"
#include "process.h"

void process_pkt(t_addr *in)
{
	t_addr *out = pkt_to_output(in);
	const struct ioq_header *ioq = (const struct ioq_header *)out;

	pkt_send(out, nf_be16(ioq->src_port) ^ 2, nf_be16(ioq->byte_length));
}
