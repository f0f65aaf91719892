/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger's view of a card: GDB's remote protocol, bytes in and bytes out.
 * No sockets and no clock; whoever has the connection carries the bytes and asks
 * vn_nt_gdb_run() instead of vn_nt_card_run() to let time go on. While the
 * debugger thinks, no time passes on the card.
 *
 * Each thread of the card is a thread of GDB's, numbered from 1. Time is one for
 * all of them: a thread cannot be held while others run. All stop together,
 * exactly between two instructions, and stepping one lets the others execute what
 * they do meanwhile. Where a debugger lets only one thread go on, breakpoints that
 * the others meet are passed over.
 *
 * GDB believes that words behind jumps are delay slots, and moves a breakpoint
 * there back to the jump, those that it sets itself for "next" and "finish",
 * too. It finds jumps by reading single words of code. Such a read of a jump
 * therefore gives the word of MIPS Release 6 that jumps without a slot (bc, balc,
 * jic, jialc), which is what jumps of this card are. Longer reads, for instance
 * for disassembly, give what is in memory.
 */
#ifndef VN_NT_GDBSTUB_H
#define VN_NT_GDBSTUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nt/card.h"

struct vn_nt_gdb;

enum vn_nt_gdb_state {
	VN_NT_GDB_HALTED, /* the debugger has to say what is next */
	VN_NT_GDB_RUNS,	  /* vn_nt_gdb_run() */
	VN_NT_GDB_DETACHED,
	VN_NT_GDB_KILLED, /* the debugger wants the card to end */
};

/* For one connection, on a card that stands still. -ENOMEM. */
int vn_nt_gdb_new(struct vn_nt_card *card, struct vn_nt_gdb **out, struct vn_err *err);
/* Removes its breakpoints from the card. NULL is fine. */
void vn_nt_gdb_free(struct vn_nt_gdb *g);

enum vn_nt_gdb_state vn_nt_gdb_state(const struct vn_nt_gdb *g);

/* Bytes from the debugger. Returns how many were taken, at least one of one: it takes no more
 * where there is something to send or the state has changed. */
size_t vn_nt_gdb_input(struct vn_nt_gdb *g, const void *bytes, size_t len);

/* What is to be sent now, each byte once, valid until the next call of anything here. */
const char *vn_nt_gdb_output(struct vn_nt_gdb *g, size_t *len);

/*
 * In state RUNS: runs, or steps, as the debugger has asked, and answers it where
 * that is over; the state is HALTED then. Where it still is RUNS, the cycle was
 * reached, or what stopped is for the caller (ended, idle, attention). A fault or a
 * deadlock halts first, and comes back when the debugger goes on.
 */
enum vn_nt_stop vn_nt_gdb_run(struct vn_nt_gdb *g, uint64_t until);

/* The debugger has been shown the end of the run, as *stop. Whoever lets it go lets it end. */
bool vn_nt_gdb_is_over(const struct vn_nt_gdb *g, enum vn_nt_stop *stop);

/* The card's run is over; a debugger that waits for it is told the exit status. */
void vn_nt_gdb_exited(struct vn_nt_gdb *g, int status);

#endif
