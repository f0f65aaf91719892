/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of output memory: nine, and the one that the send engine holds. */
#include "check.h"
#include "pktbuff.h"

enum { ROUNDS = 50, WORDS = NF_SLOT_BYTES / sizeof(uint) };

static uint clashes;

static void all_nine(void)
{
	t_addr *slots[NF_SLOTS], *first;
	int i, j, fine = 1;

	for (i = 0; i < NF_SLOTS; i++) {
		slots[i] = nf_pktout_alloc(100);
		for (j = 0; j < i; j++)
			fine &= slots[i] != slots[j];
	}
	check(fine && slots[NF_SLOTS - 2] && !slots[NF_SLOTS - 1], "nine slots, then none");
	nf_pktout_free(slots[4]);
	check(nf_pktout_alloc(1) == slots[4], "what was freed is given again");
	first = slots[0];
	for (i = 1; i < NF_SLOTS - 1; i++) {
		first = slots[i] < first ? slots[i] : first;
		nf_pktout_free(slots[i]);
	}
	nf_pktout_free(slots[0]);
	check((unsigned long)first % 8 == 0, "slots are on words of 8 bytes");
}

/* To no port: the packet only passes the engine, which gives back what it held. */
static void a_launch_exchanges(void)
{
	t_addr *before, *sent;
	int i;

	sent = nf_pktout_alloc(100);
	fill_ioq((struct ioq_header *)sent, 0, 60);
	((struct ioq_header *)sent)->dst_port = 0;
	nf_pktout_send_setup(sent, sent + 68);
	before = nf_pktout_send_finish_nocollect();
	check(before && before != sent, "the first launch gives the slot of the reset");
	fill_ioq((struct ioq_header *)before, 0, 61);
	((struct ioq_header *)before)->dst_port = 0;
	nf_pktout_send_setup(before, before + 69);
	check(nf_pktout_send_finish_nocollect() == sent, "a launch gives what was launched before");
	nf_pktout_free(sent);
	for (i = 0; nf_pktout_alloc(1); i++)
		;
	check(i == NF_SLOTS - 1, "nine are free again");
}

static void views(void)
{
	char bytes[64];
	struct pkt_buff b;

	pkt_fill(&b, bytes, sizeof(bytes));
	check(pkt_pull(&b, 14) == bytes && b.head == bytes + 14 && b.len == 50, "pull");
	check(pkt_pull_type(&b, struct ioq_header) == (void *)(bytes + 14), "pull of a type");
	check(!pkt_pull(&b, 43) && b.len == 42, "no more than there is can be pulled");
	check(pkt_push(&b, 8) == bytes + 14 && b.len == 50, "push");
	check(!pkt_push(&b, 15), "no more than was pulled can be pushed");
	check(pkt_push_all(&b) == bytes && b.len == 64, "push of all");
	check(pkt_alloc(&b, 100) && b.data == b.head && b.len == 100, "a packet in a slot");
	nf_pktout_free(b.data);
	check(!pkt_alloc(&b, NF_SLOT_BYTES + 1), "no packet is larger than a slot");
}

/* A slot that two threads have at once does not keep what one of them wrote. */
static void together(int id)
{
	volatile uint *p;
	uint i, bad = 0;

	for (i = 0; i < ROUNDS; i++) {
		p = (volatile uint *)nf_pktout_alloc(1);
		if (!p) {
			bad++;
			continue;
		}
		p[0] = p[WORDS - 1] = (uint)id * ROUNDS + i;
		relax();
		bad += p[0] != (uint)id * ROUNDS + i || p[WORDS - 1] != p[0];
		nf_pktout_free((t_addr *)p);
	}
	nf_lock(LOCK_PREDEF);
	clashes += bad;
	nf_unlock(LOCK_PREDEF);
	meet();
	if (id == 0)
		check(!clashes, "a slot has one owner");
}

int main(void)
{
	int id = nf_tid();

	nf_start(0);
	if (id == 0) {
		all_nine();
		views();
	}
	meet();
	together(id);
	if (id == 0)
		a_launch_exchanges();
	return checked();
}
