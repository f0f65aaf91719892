/* SPDX-License-Identifier: BSD-2-Clause */
/* See pktgen.h: what there is at the start, and which thread does what. */
#include "memcpy.h"
#include "pktgen.h"

struct shared shared = {
	.step = DRIVERCOMM_QUOTA_STEP,
	.announced = DRIVERCOMM_QUOTA_START,
	.quota_step = DRIVERCOMM_QUOTA_STEP,
	.quota_start = DRIVERCOMM_QUOTA_START,
};
struct pktgen_counts pktgen_counts;
struct workq jobs_queue;
struct pkt_out pkt_outs[PKT_OUTS];
struct pktin_mem pktin_mems[NF_SLOTS];
cycles_t time_now;
t_addr *quota_pkt;
struct special_frame special_frame;

/* Nine slots, once: eight for packets, one for messages to the host. The tenth is what the
 * send engine holds. */
static void start(void)
{
	uint i;

	for (i = 0; i < PKT_OUTS; i++) {
		pkt_outs[i].output_mem = nf_pktout_alloc(NF_SLOT_BYTES);
		pkt_outs[i].next = &pkt_outs[(i + 1) % PKT_OUTS];
		pkt_outs[i].job.fn = prepare_work;
		pkt_outs[i].job.data = (unsigned long)&pkt_outs[i];
	}
	quota_pkt = nf_pktout_alloc(NF_SLOT_BYTES);
	for (i = 0; i < NF_SLOTS; i++)
		memset(nf_at(OUTPUT_MEM + i * NF_SLOT_BYTES), 0, NF_SLOT_BYTES);
	nf_lock(LOCK_FREE_WAIT);
	workq_init(&jobs_queue, LOCK_JOBS, LOCK_JOBS_WAIT);
	start_popping();
}

int main(void)
{
	nf_start(start);
	if (nf_tid() == 0)
		manage_sending();
	workq_serve(&jobs_queue, -1);
	return 0;
}
