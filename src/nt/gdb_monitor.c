/* SPDX-License-Identifier: BSD-2-Clause */
/* What the card says of itself in a debugger: its command "monitor". */
#include "nt/gdbstub_priv.h"

#include <string.h>

static const char *const state_names[] = {
	[VN_NT_RUNNING] = "running", [VN_NT_ASLEEP] = "asleep", [VN_NT_ENDED] = "ended",
	[VN_NT_FAULTED] = "faulted", [VN_NT_HELD] = "held",
};

void vn_nt_gdb_describe(const struct vn_nt_gdb *g, unsigned int tid, struct vn_text *t)
{
	struct vn_nt_thread_view view;

	vn_nt_card_thread(g->card, tid, &view);
	vn_text_add(t, "%s", state_names[view.state]);
	if (view.state == VN_NT_ASLEEP && view.lock >= 0)
		vn_text_add(t, " on lock %d", view.lock);
	if (view.state == VN_NT_ENDED)
		vn_text_add(t, " with %u", view.exit_value);
}

static void say_cycle(struct vn_nt_gdb *g, struct vn_text *t)
{
	uint64_t cycle = vn_nt_card_cycle(g->card);

	vn_text_add(t, "cycle %llu, %llu ns\n", (unsigned long long)cycle,
		    (unsigned long long)(cycle * (1000000000 / VN_NT_HZ)));
}

static void say_threads(struct vn_nt_gdb *g, struct vn_text *t)
{
	struct vn_nt_thread_view view;
	unsigned int tid;

	for (tid = 0; tid < vn_nt_gdb_threads(g); tid++) {
		vn_nt_card_thread(g->card, tid, &view);
		vn_text_add(t,
			    "t%u pc %08x, %llu instructions, stalled for %llu cycles on locks, "
			    "%llu on sending, %llu on dividing; ",
			    tid, view.pc, (unsigned long long)view.instructions,
			    (unsigned long long)view.lock_cycles,
			    (unsigned long long)view.send_cycles,
			    (unsigned long long)view.div_cycles);
		vn_nt_gdb_describe(g, tid, t);
		vn_text_add(t, "\n");
	}
}

static void say_waiters(struct vn_nt_gdb *g, int lock, struct vn_text *t)
{
	struct vn_nt_thread_view view;
	unsigned int tid;

	for (tid = 0; tid < vn_nt_gdb_threads(g); tid++) {
		vn_nt_card_thread(g->card, tid, &view);
		if (view.state == VN_NT_ASLEEP && view.lock == lock)
			vn_text_add(t, ", t%u waits", tid);
	}
}

static void say_locks(struct vn_nt_gdb *g, struct vn_text *t)
{
	const struct vn_nt_counters *n = vn_nt_hw_counters(vn_nt_card_hw(g->card));
	int lock;

	for (lock = 0; lock < VN_NT_LOCKS; lock++) {
		if (!n->lock_waits[lock])
			continue;
		vn_text_add(t, "lock %d: %llu waits", lock,
			    (unsigned long long)n->lock_waits[lock]);
		say_waiters(g, lock, t);
		vn_text_add(t, "\n");
	}
	if (!t->len)
		vn_text_add(t, "nobody has waited for a lock\n");
}

static void say_counter(struct vn_text *t, const char *name, const uint64_t *values, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!values[i])
			continue;
		vn_text_add(t, "%s", name);
		if (n > 1)
			vn_text_add(t, "[%u]", i);
		vn_text_add(t, " %llu\n", (unsigned long long)values[i]);
	}
}

static void say_stats(struct vn_nt_gdb *g, struct vn_text *t)
{
	const struct vn_nt_counters *c = vn_nt_hw_counters(vn_nt_card_hw(g->card));

#define SAY(name, n, text) say_counter(t, #name, c->name, n);
	VN_NT_COUNTERS(SAY)
#undef SAY
	if (!t->len)
		vn_text_add(t, "all counters are 0\n");
}

void vn_nt_gdb_monitor(struct vn_nt_gdb *g, const char *line, struct vn_text *answer)
{
	static const struct {
		const char *name, *help;
		void (*run)(struct vn_nt_gdb *g, struct vn_text *t);
	} words[] = {
		{ "cycle", "the time of the card", say_cycle },
		{ "threads", "where each thread is and what it lost its slots to", say_threads },
		{ "locks", "who waits for which lock", say_locks },
		{ "stats", "counters of the hardware that are not 0", say_stats },
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].name) == 0) {
			words[i].run(g, answer);
			return;
		}
	if (strcmp(line, "help") != 0)
		vn_text_add(answer, "\"%s\": there is no such command\n", line);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		vn_text_add(answer, "%s: %s\n", words[i].name, words[i].help);
}
