/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lets the card go on for a debugger, and what stops it.
 *
 * For its MIPS, GDB takes it that a watchpoint is reported before the access:
 * it steps the thread once, without watchpoints, and looks at the value then.
 * Here the access has been made, so that step is answered and not done.
 */
#include "nt/gdbstub_priv.h"

#include "nt/isa.h"

/* -- Going on ----------------------------------------------------------------- */

/* stepping: thread, -1: none. only: thread that goes on in the debugger's eyes, -1: all. The
 * others cannot be held, but what they run into is not what it waits for. */
static void go_on(struct vn_nt_gdb *g, int stepping, int only)
{
	bool is_done = stepping >= 0 && stepping == only && stepping == g->shown_watch;

	g->shown_watch = -1;
	g->stepping = stepping;
	g->only = only;
	g->has_answered = true;
	g->state = VN_NT_GDB_RUNS;
	if (is_done)
		vn_nt_gdb_halt(g, VN_NT_GDB_SIGTRAP, (unsigned int)stepping, "");
}

/* Where a packet says from which address on. */
static void move(struct vn_nt_gdb *g, const char *args)
{
	uint32_t pc;

	if (vn_nt_gdb_number(&args, &pc))
		vn_nt_card_set_reg(g->card, g->tid, VN_NT_GDB_PC, pc);
}

/* Programs of the card know no signals: they are dropped. */
static const char *behind_signal(const char *args)
{
	uint32_t signal;

	vn_nt_gdb_number(&args, &signal);
	return *args == ';' ? args + 1 : args;
}

void vn_nt_gdb_continue(struct vn_nt_gdb *g, const char *args)
{
	move(g, args);
	go_on(g, -1, -1);
}

void vn_nt_gdb_continue_signal(struct vn_nt_gdb *g, const char *args)
{
	vn_nt_gdb_continue(g, behind_signal(args));
}

void vn_nt_gdb_step(struct vn_nt_gdb *g, const char *args)
{
	move(g, args);
	go_on(g, (int)g->tid, (int)g->tid);
}

void vn_nt_gdb_step_signal(struct vn_nt_gdb *g, const char *args)
{
	vn_nt_gdb_step(g, behind_signal(args));
}

/* One action of vCont, "s" or "C05" or "s:3"; tid -1: of all that no other names. */
static bool take_action(const char **text, char *what, int *tid)
{
	uint32_t number;

	*what = *(*text)++;
	*tid = -1;
	if ((*what == 'C' || *what == 'S') && !vn_nt_gdb_number(text, &number))
		return false;
	if (**text == ':') {
		(*text)++;
		if (**text == '-') {
			*text += 2; /* -1 */
		} else {
			if (!vn_nt_gdb_number(text, &number) || number > VN_NT_THREADS)
				return false;
			*tid = (int)number - 1; /* 0, any, is all */
		}
	}
	return *what == 'c' || *what == 'C' || *what == 's' || *what == 'S' || *what == 't';
}

void vn_nt_gdb_resume(struct vn_nt_gdb *g, const char *actions)
{
	int stepping = -1, only = -1, tid;
	unsigned int n = 0; /* actions that let somebody go on */
	char what;

	while (*actions == ';') {
		actions++;
		if (!take_action(&actions, &what, &tid)) {
			vn_text_add(&g->reply, "E16");
			return;
		}
		if (what == 't')
			continue;
		only = n++ ? -1 : tid;
		if ((what == 's' || what == 'S') && stepping < 0)
			stepping = tid >= 0 ? tid : (int)g->tid;
	}
	if (*actions)
		vn_text_add(&g->reply, "E16");
	else
		go_on(g, stepping, only);
}

/* -- Stopping ----------------------------------------------------------------- */

void vn_nt_gdb_halt(struct vn_nt_gdb *g, enum vn_nt_gdb_signal signal, unsigned int tid,
		    const char *more)
{
	struct vn_text reply;

	vn_text_init(&reply, g->stop_reply, sizeof(g->stop_reply));
	vn_text_add(&reply, "T%02xthread:%x;%s", (unsigned int)signal, tid + 1, more);
	g->tid = tid;
	g->state = VN_NT_GDB_HALTED;
	vn_nt_gdb_send(g, g->stop_reply);
}

/* Text on the debugger's terminal. */
static void say(struct vn_nt_gdb *g, const char *sentence)
{
	char bytes[2 * 200 + 2];
	struct vn_text t;

	vn_text_init(&t, bytes, sizeof(bytes));
	vn_text_add(&t, "O");
	for (; *sentence; sentence++)
		vn_nt_gdb_add_hex(&t, sentence, 1);
	vn_nt_gdb_add_hex(&t, "\n", 1);
	vn_nt_gdb_send(g, bytes);
}

static void show_break(struct vn_nt_gdb *g)
{
	static const char *const names[] = {
		[VN_NT_BREAK_WRITE] = "watch",
		[VN_NT_BREAK_READ] = "rwatch",
		[VN_NT_BREAK_ACCESS] = "awatch",
	};
	enum vn_nt_break_kind kind;
	uint32_t addr;
	unsigned int tid = vn_nt_card_broke(g->card, &kind, &addr);
	char more[32];
	struct vn_text t;

	vn_text_init(&t, more, sizeof(more));
	if (kind != VN_NT_BREAK_EXEC) {
		vn_text_add(&t, "%s:%x;", names[kind], addr);
		g->shown_watch = (int)tid;
	}
	vn_nt_gdb_halt(g, VN_NT_GDB_SIGTRAP, tid, more);
}

static enum vn_nt_gdb_signal signal_of(const struct vn_nt_fault *f)
{
	struct vn_nt_insn insn = vn_nt_decode(f->word, f->pc);

	if (f->pc % 4 || f->pc - VN_NT_TEXT_BASE >= 4 * VN_NT_TEXT_WORDS)
		return VN_NT_GDB_SIGSEGV;
	switch (insn.op) {
	case VN_NT_ILLEGAL:
		return VN_NT_GDB_SIGILL;
	case VN_NT_ADD:
	case VN_NT_ADDI:
	case VN_NT_SUB:
		return VN_NT_GDB_SIGFPE;
	case VN_NT_BREAK ... VN_NT_TNEI:
		return VN_NT_GDB_SIGTRAP;
	default:
		return VN_NT_GDB_SIGSEGV;
	}
}

static const struct vn_nt_fault *last_fault(const struct vn_nt_card *card)
{
	const struct vn_nt_fault *f = NULL;
	unsigned int i;

	for (i = 0; vn_nt_card_fault(card, i); i++)
		f = vn_nt_card_fault(card, i);
	return f;
}

/* The end of the run, but the debugger may look at it first. */
static void show_end(struct vn_nt_gdb *g, enum vn_nt_stop stop)
{
	const struct vn_nt_fault *f = last_fault(g->card);

	g->is_over = true;
	g->over = stop;
	if (stop == VN_NT_STOP_FAULT) {
		say(g, f->reason);
		vn_nt_gdb_halt(g, signal_of(f), f->tid, "");
	} else {
		say(g, "deadlock: every thread that has not ended sleeps on a lock");
		vn_nt_gdb_halt(g, VN_NT_GDB_SIGINT, g->tid, "");
	}
}

/* A run past whatever other threads run into. */
static enum vn_nt_stop run(struct vn_nt_gdb *g, uint64_t until)
{
	enum vn_nt_break_kind kind;
	enum vn_nt_stop stop;
	uint32_t addr;

	do {
		stop = g->stepping < 0 ? vn_nt_card_run(g->card, until)
				       : vn_nt_card_step(g->card, (unsigned int)g->stepping, until);
	} while (stop == VN_NT_STOP_BREAK && g->only >= 0 &&
		 vn_nt_card_broke(g->card, &kind, &addr) != (unsigned int)g->only);
	return stop;
}

enum vn_nt_stop vn_nt_gdb_run(struct vn_nt_gdb *g, uint64_t until)
{
	enum vn_nt_stop stop;

	if (g->is_over)
		return g->over;
	stop = run(g, until);
	if (stop == VN_NT_STOP_BREAK)
		show_break(g);
	else if (stop == VN_NT_STOP_FAULT || stop == VN_NT_STOP_DEADLOCK)
		show_end(g, stop);
	return stop;
}

bool vn_nt_gdb_is_over(const struct vn_nt_gdb *g, enum vn_nt_stop *stop)
{
	*stop = g->over;
	return g->is_over;
}

void vn_nt_gdb_exited(struct vn_nt_gdb *g, int status)
{
	char contents[8];
	struct vn_text t;

	if (g->state != VN_NT_GDB_RUNS)
		return;
	vn_text_init(&t, contents, sizeof(contents));
	vn_text_add(&t, "W%02x", (unsigned int)status & 0xff);
	vn_nt_gdb_send(g, contents);
}
