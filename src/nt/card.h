/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card: two soft processors of four threads, their memories and the hardware
 * around them, on virtual time. Everything that runs programs uses it through
 * this header: the command, the debugger, a driver in the same process.
 *
 * A card has one owner thread. It never reads a clock and draws no numbers:
 * the same calls give the same results on every host.
 */
#ifndef VN_NT_CARD_H
#define VN_NT_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "nt/hw.h"
#include "nt/image.h"

struct vn_nt_profile;

enum vn_nt_engine {
	VN_NT_TRANSLATE, /* host code, where the host can (x86-64); else as INTERPRET */
	VN_NT_INTERPRET,
};

struct vn_nt_config {
	struct vn_nt_hw_config hw;
	enum vn_nt_engine engine;
	unsigned int div_slots;	       /* slots that div and divu take */
	bool no_skip;		       /* polls that find nothing are executed one by one */
	bool fault_halts;	       /* a fault ends its thread only */
	struct vn_nt_profile *profile; /* counts here, in order, one by one; NULL: does not */
	uint64_t idle_cycles;	       /* run() stops after so many without an event; 0: never */
};

extern const struct vn_nt_config vn_nt_defaults;

struct vn_nt_fault {
	uint64_t cycle;
	unsigned int tid;
	uint32_t pc, word; /* word 0 where pc is outside instruction memory */
	uint32_t regs[32], hi, lo;
	char reason[160]; /* "store to 0x00000002, outside the memories" */
};

enum vn_nt_state {
	VN_NT_RUNNING,
	VN_NT_ASLEEP, /* on a lock or for the send engine */
	VN_NT_ENDED,
	VN_NT_FAULTED, /* with fault_halts */
	VN_NT_HELD,    /* in reset, or a CPU that does not run */
};

struct vn_nt_thread_view {
	enum vn_nt_state state;
	uint32_t pc;
	uint32_t regs[32], hi, lo;
	uint32_t exit_value; /* ended */
	int lock;	     /* that it sleeps on; -1: none */
	uint64_t instructions;
	uint64_t lock_cycles, send_cycles, div_cycles; /* stalled */
};

enum vn_nt_stop {
	VN_NT_STOP_UNTIL,    /* the cycle that was asked for */
	VN_NT_STOP_ENDED,    /* every thread has ended, and what it had launched left */
	VN_NT_STOP_DEADLOCK, /* every thread that has not ended sleeps on a lock, and nothing
			      * is on its way; with has_driver this is UNTIL */
	VN_NT_STOP_FAULT,
	VN_NT_STOP_IDLE,
	VN_NT_STOP_ATTENTION, /* hw.h: the host has to be heard in the cycle that is now */
	VN_NT_STOP_BREAK,     /* a breakpoint or watchpoint; vn_nt_card_broke() says whose */
};

struct vn_nt_card;

int vn_nt_card_new(const struct vn_nt_config *cfg, struct vn_nt_card **out, struct vn_err *err);
void vn_nt_card_free(struct vn_nt_card *card);

/* Which engine runs: "translate" or "interpret", and why not the other (or ""). */
const char *vn_nt_card_engine(const struct vn_nt_card *card, const char **why);

/*
 * Loading holds all threads and resets the card. load_text zeroes both program
 * memories first; load_data comes behind it; start lets all threads go at once,
 * each at its own word. load is the three. -EINVAL for pieces outside the
 * memory, -EPROTO for data before text.
 */
int vn_nt_card_load_text(struct vn_nt_card *card, uint32_t word, const uint32_t *words, uint32_t n,
			 struct vn_err *err);
int vn_nt_card_load_data(struct vn_nt_card *card, uint32_t addr, const uint8_t *bytes, uint32_t len,
			 struct vn_err *err);
void vn_nt_card_start(struct vn_nt_card *card);
void vn_nt_card_hold(struct vn_nt_card *card);
int vn_nt_card_load(struct vn_nt_card *card, const struct vn_nt_image *image, struct vn_err *err);

/*
 * Runs until the cycle, or until something stops it earlier. On return all
 * threads stand exactly at the cycle that vn_nt_card_cycle() gives, everything
 * before it is final, and vn_nt_hw_take() hands it out. until may be
 * VN_NT_NEVER.
 */
enum vn_nt_stop vn_nt_card_run(struct vn_nt_card *card, uint64_t until);
uint64_t vn_nt_card_cycle(const struct vn_nt_card *card);
/* As the last run left it: nothing will happen before something comes from outside, for
 * every thread is asleep, over, or polls in vain. False also where nobody can tell. */
bool vn_nt_card_is_quiet(const struct vn_nt_card *card);

/* For feeding, transfers, status, taking and counters (hw.h). */
struct vn_nt_hw *vn_nt_card_hw(struct vn_nt_card *card);

/* Of the fault that made run() stop, or (fault_halts) of the i-th so far; NULL. */
const struct vn_nt_fault *vn_nt_card_fault(const struct vn_nt_card *card, unsigned int i);

void vn_nt_card_thread(const struct vn_nt_card *card, unsigned int tid,
		       struct vn_nt_thread_view *view);

/* Instructions that all threads executed; polls that were skipped count as
 * executed. Checkpoints and rollbacks say how the engine got there; they differ between
 * engines and ways of calling run(). */
struct vn_nt_run_stats {
	uint64_t instructions, checkpoints, rollbacks;
};
void vn_nt_card_run_stats(const struct vn_nt_card *card, struct vn_nt_run_stats *stats);
uint64_t vn_nt_card_memory_hash(const struct vn_nt_card *card);

/* -- For a debugger; all between calls of run ------------------------------ */

/* reg: 0..31, then lo, hi, pc as GDB numbers them (33, 34, 37). -EINVAL. */
int vn_nt_card_get_reg(const struct vn_nt_card *card, unsigned int tid, unsigned int reg,
		       uint32_t *value);
int vn_nt_card_set_reg(struct vn_nt_card *card, unsigned int tid, unsigned int reg, uint32_t value);
/* Data, packet and instruction memory (the last is read only), any alignment; never
 * registers. Returns bytes moved from addr on: fewer where the memory ends. */
uint32_t vn_nt_card_peek(struct vn_nt_card *card, uint32_t addr, void *dst, uint32_t len);
uint32_t vn_nt_card_poke(struct vn_nt_card *card, uint32_t addr, const void *src, uint32_t len);

/* Breakpoints on instruction addresses, watchpoints on words of memory. While there
 * are any, instructions run in order, one by one. -ENOENT, -EINVAL. */
enum vn_nt_break_kind { VN_NT_BREAK_EXEC, VN_NT_BREAK_WRITE, VN_NT_BREAK_READ, VN_NT_BREAK_ACCESS };
int vn_nt_card_break(struct vn_nt_card *card, enum vn_nt_break_kind kind, uint32_t addr,
		     uint32_t len, bool set);
/* After VN_NT_STOP_BREAK: the thread, the kind and the address. The instruction of a
 * breakpoint has not been executed (run() executes it first), that of a watchpoint has. */
unsigned int vn_nt_card_broke(const struct vn_nt_card *card, enum vn_nt_break_kind *kind,
			      uint32_t *addr);

/* Runs in order until this thread has executed one instruction (the others run on
 * meanwhile), or until run() would stop; STOP_BREAK for the former. */
enum vn_nt_stop vn_nt_card_step(struct vn_nt_card *card, unsigned int tid, uint64_t until);

#endif
