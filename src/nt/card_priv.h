/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's engine, shared by its files:
 *   step.c       one instruction of one thread
 *   translate.c  the same as host code, a block at a time
 *   run.c        which thread next, checkpoints, stops
 *   poll.c       loops that only wait for a packet
 *   card.c       loading, views, debugging
 *
 * The definition is lock-step: in each cycle the thread whose slot it is, CPU 0
 * before CPU 1, executes one instruction (spec 1.1). The engine gets the same
 * result in another order. Threads run ahead of each other up to a horizon;
 * what they do to plain memory carries the moment at which it happens, and an
 * access that finds a later one already made came too late: everything goes
 * back to the checkpoint and is done again, with that word's accesses in order
 * this time. (Jefferson, "Virtual Time", 1985, calls this a time warp.) What
 * is never done ahead are the instructions that "wait for their turn":
 * accesses of registers other than the clock and of ordered words, faults and
 * ends. Locks thereby order what they protect at no further cost.
 */
#ifndef VN_NT_CARD_PRIV_H
#define VN_NT_CARD_PRIV_H

#include "nt/card.h"
#include "nt/isa.h"
#include "nt/memory_priv.h"
#include "nt/profile.h"

#define VN_NT_SLOT_CYCLES   4
#define VN_NT_SLOT_MOMENTS  (2 * VN_NT_SLOT_CYCLES)
#define VN_NT_TIME_REGISTER UINT32_C(0xC0000000)
#define VN_NT_POP_REGISTER  UINT32_C(0xA0000000)
#define VN_NT_NO_PACKET	    UINT32_MAX

/* Translated code knows the offsets of the first members. */
struct vn_nt_thread {
	uint32_t r[VN_NT_REG_SINK + 1];
	uint32_t hi, lo;
	uint32_t pc;
	uint32_t time_less; /* for translated code: the clock's zero, by the stamps' */
	uint64_t moment;    /* of its next instruction */
	enum vn_nt_state state;
	bool waits;	       /* its next instruction waits for its turn */
	bool polls;	       /* asleep in a loop around a pop that finds nothing */
	uint8_t polls_to_pass; /* between two looks at a loop that is no such loop */
	uint8_t polls_left;    /* of these, still to come */
	uint32_t poll_moments; /* once around that loop */
	uint32_t exit_value;
	uint32_t stalled_pc;	       /* asleep: the instruction that made it so */
	uint64_t start;		       /* moment of its first instruction */
	uint64_t lost[VN_NT_N_STALLS]; /* slots */
};

enum vn_nt_stepped {
	VN_NT_STEPPED,
	VN_NT_TURN, /* nothing was done: it waits for its turn */
	VN_NT_LATE, /* came too late: back to the checkpoint */
};

struct vn_nt_code; /* translate.c */

/* Traces that need to see every instruction. */
#define VN_NT_TRACED_INSNS (VN_NT_TRACE(INSTR) | VN_NT_TRACE(REG) | VN_NT_TRACE(MEM))

/* What stops a run at an instruction (watch.c). */
struct vn_nt_break {
	enum vn_nt_break_kind kind;
	uint32_t addr, len;
};

struct vn_nt_breaks {
	struct vn_nt_break *list;
	unsigned int n;
	int step_tid; /* stops when it has executed one; -1: none */
	bool has_hit; /* the last run ended at the following */
	unsigned int tid;
	uint64_t moment; /* of the instruction */
	struct vn_nt_break hit;
};

#define VN_NT_MAX_FAULTS VN_NT_THREADS

struct vn_nt_card {
	struct vn_nt_config cfg;
	struct vn_nt_memory *mem;
	struct vn_nt_hw *hw;
	uint32_t *words;	 /* instruction memory, host order */
	struct vn_nt_insn *text; /* the same, decoded */
	struct vn_nt_code *code; /* the same, translated; NULL: interpreted */
	const char *why_interpreted;
	struct vn_nt_thread threads[VN_NT_THREADS];
	uint64_t cycle;	    /* everything before it is final between runs */
	uint64_t time_base; /* the cycle that programs read as 0 */
	bool has_text;

	/* A run. horizon: nobody runs at or after this moment. */
	uint64_t horizon;
	unsigned int behind;  /* threads that may have something to run ahead */
	uint64_t span_cycles; /* from a checkpoint to its horizon, as it went so far */
	bool in_order;	      /* one instruction after another, nothing ahead */
	uint64_t idle_from;   /* where the card began */
	enum vn_nt_stop stop; /* why run() has to stop at the horizon; UNTIL: it has not */
	bool nobody_ran;      /* when the last run was over */
	struct vn_nt_fault faults[VN_NT_MAX_FAULTS];
	unsigned int n_faults;
	struct vn_nt_thread saved[VN_NT_THREADS]; /* the checkpoint */
	unsigned int saved_n_faults;
	struct vn_nt_run_stats stats;
	struct vn_nt_breaks breaks;
};

static inline unsigned int vn_nt_tid(const struct vn_nt_card *card, const struct vn_nt_thread *t)
{
	return (unsigned int)(t - card->threads);
}

static inline uint64_t vn_nt_cycle_of(uint64_t moment)
{
	return moment / 2;
}

/* The moment of the thread's first slot in or after the cycle. */
static inline uint64_t vn_nt_first_slot(unsigned int tid, uint64_t cycle)
{
	unsigned int slot = tid % VN_NT_THREADS_PER_CPU;

	return vn_nt_moment(cycle + (slot - cycle) % VN_NT_SLOT_CYCLES,
			    tid / VN_NT_THREADS_PER_CPU);
}

/*
 * Executes the next instruction of a thread that runs, or sees that it waits for its
 * turn. in_turn: no thread is behind it, and the hardware stands at its cycle.
 */
enum vn_nt_stepped vn_nt_step(struct vn_nt_card *card, struct vn_nt_thread *t, bool in_turn);

/* The same for whoever looks on: in turn, with trace, profile and breakpoints. */
void vn_nt_step_watched(struct vn_nt_card *card, struct vn_nt_thread *t);

static inline bool vn_nt_has_breaks(const struct vn_nt_card *card)
{
	return card->breaks.n || card->breaks.step_tid >= 0;
}

/* Runs a thread ahead, until its next instruction waits for its turn, it
 * reaches the horizon, or (false) it came too late. */
bool vn_nt_run_ahead(struct vn_nt_card *card, struct vn_nt_thread *t);

/* The same in host code. */
bool vn_nt_code_run(struct vn_nt_card *card, struct vn_nt_thread *t);
/* For the card's instruction memory as it is now; *out is NULL, and *why says so, where
 * this host cannot. */
void vn_nt_code_new(struct vn_nt_card *card, struct vn_nt_code **out, const char **why);
void vn_nt_code_free(struct vn_nt_code *code);

/* The thread's pop at the moment has found nothing: puts it to sleep if it will do
 * nothing but try again. before: its registers when it popped. */
void vn_nt_poll_sleep(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t moment, uint32_t pc,
		      const uint32_t *before);
/* A packet has come by the cycle: of the threads that sleep so, the one that pops next
 * goes on. */
void vn_nt_poll_wake_one(struct vn_nt_card *card, uint64_t cycle);
/* Where it would stand at the cycle had it not slept. */
void vn_nt_poll_settle(struct vn_nt_card *card, struct vn_nt_thread *t, uint64_t cycle);

#endif
