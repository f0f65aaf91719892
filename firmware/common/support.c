/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What support.h promises, on the card's registers: on the card itself, and in
 * context sw on those that the host plays (sw.h).
 *
 * A store to GET_LOCK returns when the lock is this thread's, so the compiler
 * must not keep what the lock guards in registers across it: lock and unlock are
 * barriers.
 */
#include "support.h"
#include "reg.h"

static int is_ready; /* for nf_stall_a_bit() */

/* Works v out here, and not later: what a lock guards is short when nothing else is
 * done meanwhile, and compilers put things where they like. */
#define SETTLE(v) asm volatile("" : "+r"(v))

#ifdef CONTEXT_SW

int nf_tid(void)
{
	return sw_tid();
}

void relax(void)
{
	sw_relax();
}

#else

int nf_tid(void)
{
	int id;

	asm("move %0, $26" : "=r"(id));
	return id;
}

/* Not by nops, so that a nop in a program is always a slot's. */
void relax(void)
{
	asm volatile("or $0, $0, $0\n\tor $0, $0, $0\n\tor $0, $0, $0\n\tor $0, $0, $0");
}

#endif

uint nf_time(void)
{
	return nf_load(REG_COMMON_TIME);
}

/* An atomic access of a word is a plain one on the card. What comes before it is
 * guarded by locks. */
static void say_ready(void)
{
	__atomic_store_n(&is_ready, 1, __ATOMIC_RELAXED);
}

int nf_stall_a_bit(void)
{
	while (!__atomic_load_n(&is_ready, __ATOMIC_RELAXED))
		relax();
	return 0;
}

void nf_lock(int id)
{
	nf_store(REG_GET_LOCK, (uint)id);
	nf_barrier();
}

void nf_unlock(int id)
{
	nf_barrier();
	nf_store(REG_UN_LOCK, (uint)id);
}

t_addr *nf_pktin_pop(void)
{
	t_addr *p = nf_at(nf_load(REG_HEADER_FLUSH));

	nf_barrier(); /* what the card wrote is read after this */
	return p;
}

void nf_pktin_free(t_addr *p)
{
	nf_barrier();
	nf_store(REG_HEADER_RETURN, nf_address_of(p));
}

static t_addr *launch(void)
{
	nf_barrier(); /* the bytes that are sent are those in memory now */
	return nf_at(nf_load(REG_SEND_OUT));
}

#ifdef NF_RE2

/* Slot 0 is what the engine holds at reset. */
void nf_pktin_init(void)
{
	int i;

	for (i = 1; i < NF_SLOTS; i++)
		nf_store(REG_HEADER_RETURN, i * NF_SLOT_BYTES);
	say_ready();
}

uint calc_ctrl(char *start, char *end)
{
	return nf_last_byte_bit((uint)(end - start));
}

/* Each thread has send registers of its own: no lock. */
void do_send(char *start, char *last, uint ctrl)
{
	nf_store(REG_CTRL_START, nf_address_of(start));
	nf_store(REG_CTRL_END, nf_address_of(last));
	nf_store(REG_CTRL_END_W, ctrl);
	nf_pktin_free(launch());
}

#else

static uint free_slots; /* a bit each; guarded by LOCK_PO_MEM */

void nf_pktin_init(void)
{
	int i;

	for (i = 0; i < NF_SLOTS; i++)
		nf_store(REG_HEADER_RETURN, i * NF_SLOT_BYTES);
}

/* All but slot 0, which the engine holds at reset. */
void nf_pktout_init(void)
{
	nf_lock(LOCK_PO_MEM);
	free_slots = (1u << NF_SLOTS) - 2;
	nf_unlock(LOCK_PO_MEM);
	say_ready();
}

t_addr *nf_pktout_alloc(uint size)
{
	uint lowest;

	(void)size;
	nf_lock(LOCK_PO_MEM);
	lowest = free_slots & -free_slots;
	free_slots ^= lowest;
	nf_unlock(LOCK_PO_MEM);
	if (!lowest)
		return 0;
	return nf_at(OUTPUT_MEM + (31 - (uint)__builtin_clz(lowest)) * NF_SLOT_BYTES);
}

/* The low bits of an address are its place in output memory. */
void nf_pktout_free(t_addr *p)
{
	uint bit = 1u << (nf_address_of(p) & 0x3fff) / NF_SLOT_BYTES;

	SETTLE(bit);
	nf_lock(LOCK_PO_MEM);
	free_slots |= bit;
	nf_unlock(LOCK_PO_MEM);
}

static void set_up(uint start, uint last, uint ctrl)
{
	nf_store(REG_CTRL_START, start);
	nf_store(REG_CTRL_END, last);
	nf_store(REG_CTRL_END_W, ctrl);
}

void nf_pktout_send_setup(char *start, char *end)
{
	set_up(nf_address_of(start), nf_address_of(end) - 1, nf_last_byte_bit((uint)(end - start)));
}

void nf_pktout_send_schedule(unsigned time)
{
	nf_store(REG_SEND_TIME_TRIG, time);
}

void nf_pktout_send_finish(void)
{
	nf_pktout_free(launch());
}

t_addr *nf_pktout_send_finish_nocollect(void)
{
	return launch();
}

/* The three registers belong to all threads. */
void nf_pktout_send(char *start, char *end)
{
	uint last = nf_address_of(end) - 1, ctrl = nf_last_byte_bit((uint)(end - start));
	t_addr *held;

	SETTLE(last);
	SETTLE(ctrl);
	nf_lock(SENDING_LOCK);
	set_up(nf_address_of(start), last, ctrl);
	held = launch();
	nf_unlock(SENDING_LOCK);
	nf_pktout_free(held);
}

unsigned nf_send_departed(void)
{
#ifdef NF_PLAIN
	return nf_time();
#else
	return nf_load(REG_SEND_DEPART);
#endif
}

#endif
