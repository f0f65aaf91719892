/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A profile: where the threads' cycles went. It counts and does not sample: each
 * instruction that is executed and each cycle that a thread waited, by thread
 * and address. For every thread, 4 * executed + stalled is the time that it was
 * running.
 *
 * Calls and returns are followed as they happen: a call is a jump that saves its
 * return address, a return a jump by register to an address that is on the
 * thread's stack of those. A jump into another function takes the place of the
 * function that it comes from (a tail call). So the tree of calls holds for
 * whatever compilers emit; more than VN_NT_PROFILE_DEPTH calls deep, further
 * calls look like such jumps.
 *
 * The engine counts, with the inline functions; whoever reports reads through
 * the others. A profile belongs to the thread that runs the card.
 */
#ifndef VN_NT_PROFILE_H
#define VN_NT_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "nt/hw.h"
#include "nt/image.h"

#define VN_NT_PROFILE_DEPTH 128

/* Why a thread had no use of its slots: asleep on a lock, waiting for the send engine,
 * dividing. */
#define VN_NT_STALLS(X)                                                                            \
	X(LOCK, "lock")                                                                            \
	X(SEND, "send")                                                                            \
	X(DIV, "div")

enum vn_nt_stall {
#define VN_NT_STALL_ENUM(name, text) VN_NT_STALL_##name,
	VN_NT_STALLS(VN_NT_STALL_ENUM)
#undef VN_NT_STALL_ENUM
		VN_NT_N_STALLS,
};

/* Of one instruction and thread. */
struct vn_nt_profile_row {
	uint64_t executed;
	uint64_t stalled[VN_NT_N_STALLS]; /* cycles */
};

/* A function in one place of a thread's tree of calls. */
struct vn_nt_profile_node {
	uint32_t function;	 /* index, see below; of roots VN_NT_PROFILE_NONE */
	uint32_t parent;	 /* of a root itself */
	uint32_t child, sibling; /* the first, the next; VN_NT_PROFILE_NONE: none */
	uint64_t calls;	 /* also jumps to its beginning, and where the thread itself began */
	uint64_t cycles; /* its own, without what it called, stalls included */
};

#define VN_NT_PROFILE_NONE UINT32_MAX

struct vn_nt_profile_thread {
	struct vn_nt_profile_row *rows; /* by word of instruction memory */
	uint32_t next;			/* word behind the one counted last */
	uint32_t function;		/* of the word counted last */
	uint32_t node;			/* of the tree: where it is */
	unsigned int depth;
	struct {
		uint32_t back; /* the word to which the call returns */
		uint32_t node; /* where it is then */
	} calls[VN_NT_PROFILE_DEPTH];
	unsigned int lock; /* that it waits or waited for last */
	uint64_t lock_waits[VN_NT_LOCKS], lock_cycles[VN_NT_LOCKS];
};

struct vn_nt_profile_function {
	char *name;
	uint32_t word, n_words; /* in instruction memory */
};

struct vn_nt_profile {
	struct vn_nt_profile_thread threads[VN_NT_THREADS];
	uint32_t *function_of; /* by word */
	uint8_t *kind_of;      /* by word: how it jumps */
	struct vn_nt_profile_function *functions;
	uint32_t n_functions;
	struct vn_nt_profile_node *nodes; /* thread t's root is node t */
	uint32_t n_nodes, cap_nodes;
	bool is_cut; /* there was no room for another node: the tree is not whole */
};

/*
 * Of this program. Functions are the symbols that lie in instruction memory and,
 * where none does, the targets of calls, by their addresses. -ENOMEM.
 */
int vn_nt_profile_new(const struct vn_nt_image *image, struct vn_nt_profile **out,
		      struct vn_err *err);
void vn_nt_profile_free(struct vn_nt_profile *p);

/* A thread is somewhere else than behind the last instruction that it executed, or in
 * another function. For those below only. */
void vn_nt_profile_moved(struct vn_nt_profile *p, unsigned int tid, uint32_t word);

static inline void vn_nt_profile_arrive(struct vn_nt_profile *p, unsigned int tid, uint32_t word)
{
	struct vn_nt_profile_thread *t = &p->threads[tid];

	if (word != t->next || p->function_of[word] != t->function)
		vn_nt_profile_moved(p, tid, word);
	t->next = word + 1;
}

/* The instruction at pc has been executed. */
static inline void vn_nt_profile_count(struct vn_nt_profile *p, unsigned int tid, uint32_t pc)
{
	struct vn_nt_profile_thread *t = &p->threads[tid];
	uint32_t word = (pc - VN_NT_TEXT_BASE) / 4;

	vn_nt_profile_arrive(p, tid, word);
	t->rows[word].executed++;
	p->nodes[t->node].cycles += VN_NT_THREADS_PER_CPU;
}

/*
 * Cycles (whole slots) that the instruction costs besides its own slot: the cycle in
 * which the thread goes on, less that in which it would have. Before or behind its
 * count, and in pieces, so that waits which have not ended can be told, too. (It does
 * not jump, so to arrive at it twice changes nothing.)
 */
static inline void vn_nt_profile_stall(struct vn_nt_profile *p, unsigned int tid, uint32_t pc,
				       enum vn_nt_stall cause, uint64_t cycles)
{
	struct vn_nt_profile_thread *t = &p->threads[tid];
	uint32_t word = (pc - VN_NT_TEXT_BASE) / 4;

	if (word + 1 != t->next)
		vn_nt_profile_arrive(p, tid, word);
	t->rows[word].stalled[cause] += cycles;
	p->nodes[t->node].cycles += cycles;
	if (cause == VN_NT_STALL_LOCK)
		t->lock_cycles[t->lock] += cycles;
}

/* The thread begins to wait for this lock; the stalls that follow are for it. */
static inline void vn_nt_profile_wait(struct vn_nt_profile *p, unsigned int tid, unsigned int lock)
{
	struct vn_nt_profile_thread *t = &p->threads[tid];

	t->lock = lock % VN_NT_LOCKS;
	t->lock_waits[t->lock]++;
}

#endif
