/* SPDX-License-Identifier: BSD-2-Clause */
/* Departures: at the cycle asked for, at once when that has passed, and a launch
 * waits for the one before. Packets go to no port. */
#include "check.h"
#include "pktbuff.h"

static t_addr *slot;

/* Launches for this cycle; returns when it really left. */
static uint launch_for(uint time)
{
	struct ioq_header *ioq = (struct ioq_header *)slot;

	fill_ioq(ioq, 0, 60);
	ioq->dst_port = 0;
	nf_pktout_send_setup(slot, slot + sizeof(*ioq) + 60);
	nf_pktout_send_schedule(time);
	slot = nf_pktout_send_finish_nocollect();
	return nf_send_departed();
}

static int is_between(uint t, uint from, uint to)
{
	return t - from <= to - from;
}

/* A host may come too late for its own appointment: then it is sent on arrival. */
static void ahead(uint cycles, const char *name)
{
	uint before = nf_time(), time = before + cycles;
	uint departed = launch_for(time), after = nf_time();
	int in_time = (int)(time - after) > 0;

	check(in_time ? departed == time : is_between(departed, before, after), name);
}

static void passed(int cycles, const char *name)
{
	uint before = nf_time();
	uint departed = launch_for(before + (uint)cycles);

	check(is_between(departed, before, nf_time()), name);
}

static void wait_for_the_one_before(void)
{
	uint time = nf_time() + 5000;
	uint first, second;

	first = launch_for(time);
	second = launch_for(time - 100);
	check((int)(second - first) > 0, "a launch waits until the packet before has left");
}

int main(void)
{
	if (nf_tid() != 0)
		return 0;
	nf_start(0);
	slot = nf_pktout_alloc(100);
	ahead(5000, "5000 cycles ahead");
	ahead(1000000, "8 ms ahead");
	passed(1, "the next cycle has passed before the launch");
	passed(-1000, "a time that has passed");
	wait_for_the_one_before();
	return checked();
}
