/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the debugger's view share. */
#ifndef VN_NT_GDBSTUB_PRIV_H
#define VN_NT_GDBSTUB_PRIV_H

#include "base/text.h"
#include "nt/gdb_packet.h"
#include "nt/gdbstub.h"

#define VN_NT_GDB_BREAKS 256

/* GDB's numbers of signals. */
enum vn_nt_gdb_signal {
	VN_NT_GDB_SIGINT = 2,
	VN_NT_GDB_SIGILL = 4,
	VN_NT_GDB_SIGTRAP = 5,
	VN_NT_GDB_SIGFPE = 8,
	VN_NT_GDB_SIGBUS = 10,
	VN_NT_GDB_SIGSEGV = 11,
};

/* GDB's numbers of registers, but for the general ones; those between and behind them are of
 * coprocessors that these processors do not have (gdb_query.c). */
enum {
	VN_NT_GDB_LO = 33,
	VN_NT_GDB_HI = 34,
	VN_NT_GDB_PC = 37,
	VN_NT_GDB_REGS = 38, /* that GDB reads at once */
	VN_NT_GDB_ALL_REGS = 72,
};

struct vn_nt_gdb_break {
	enum vn_nt_break_kind kind;
	uint32_t addr, len;
};

struct vn_nt_gdb {
	struct vn_nt_card *card;
	enum vn_nt_gdb_state state;
	struct vn_nt_gdb_packet in;
	bool has_no_acks;

	unsigned int tid;     /* that registers are asked of */
	int stepping;	      /* thread; -1: all run */
	int only;	      /* thread whose stops the debugger wants to hear of; -1: of all */
	int shown_watch;      /* thread that was shown a watchpoint just now; -1: none */
	bool is_over;	      /* the debugger knows of the stop that ends the run, */
	enum vn_nt_stop over; /* this one */
	char stop_reply[64];

	struct vn_nt_gdb_break breaks[VN_NT_GDB_BREAKS];
	unsigned int n_breaks;

	struct vn_text reply; /* of the packet at hand, */
	bool has_answered;    /* unless it was answered otherwise, or not yet */
	char reply_bytes[VN_NT_GDB_PACKET_MAX + 1];
	/* Acknowledgment and packets, kept to be sent again: text from a run and a stop are
	 * the most. */
	size_t out_len, out_sent;
	char out[2 * VN_NT_GDB_PACKET_MAX + 16];
};

/* A byte to send; a packet. */
void vn_nt_gdb_send_byte(struct vn_nt_gdb *g, char c);
void vn_nt_gdb_send(struct vn_nt_gdb *g, const char *contents);
/* Adds a text as pairs of hexadecimal digits. */
void vn_nt_gdb_add_hex(struct vn_text *t, const void *bytes, size_t len);

/* What packets with q ask, into g->reply; nothing for what is not known. */
void vn_nt_gdb_query(struct vn_nt_gdb *g, const char *args);
/* A line of GDB's command "monitor", answered in words. */
void vn_nt_gdb_monitor(struct vn_nt_gdb *g, const char *line, struct vn_text *answer);

/* "asleep on lock 3" */
void vn_nt_gdb_describe(const struct vn_nt_gdb *g, unsigned int tid, struct vn_text *t);

/* Threads that run: 1..n are their numbers in GDB. */
unsigned int vn_nt_gdb_threads(const struct vn_nt_gdb *g);

/* vCont, c, C, s, S: what is behind those letters. */
void vn_nt_gdb_resume(struct vn_nt_gdb *g, const char *actions);
void vn_nt_gdb_continue(struct vn_nt_gdb *g, const char *args);
void vn_nt_gdb_continue_signal(struct vn_nt_gdb *g, const char *args);
void vn_nt_gdb_step(struct vn_nt_gdb *g, const char *args);
void vn_nt_gdb_step_signal(struct vn_nt_gdb *g, const char *args);

/* The card stands, and the debugger is told so: the thread that it is about, and more
 * in the form "watch:4040000;". */
void vn_nt_gdb_halt(struct vn_nt_gdb *g, enum vn_nt_gdb_signal signal, unsigned int tid,
		    const char *more);

#endif
