/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of src/engine share among themselves. */
#ifndef VN_ENGINE_PRIV_H
#define VN_ENGINE_PRIV_H

#include "base/wakeup.h"
#include "engine/engine.h"
#include "engine/taken.h"

/* The first departure of a run is not slept for if it is nearer than this: who has
 * just begun sleeps deep, and late. */
#define VN_AWAKE_NS 5000000

/* A function that another thread wants run on the worker's (vn_worker_call). */
struct vn_call {
	int (*fn)(void *arg);
	void *arg;
	int ret;
	bool is_done;
};

/*
 * What machine.c keeps of a worker. Written by its thread, under the lock where
 * others read: they may look at any time.
 */
struct vn_machine {
	pthread_mutex_t lock;
	pid_t tid;
	int64_t slack_ns;         /* timer slack, or -errno */
	int isolated;             /* its CPU: 1, 0 or -errno */
	bool has_run, is_running; /* since it was prepared; now */
	char policy[VN_SCHED_TEXT], why[VN_MACHINE_WHY];
	struct vn_wakeup wakeup;
	struct vn_taken begin, end;
	/* Of its thread only. */
	bool is_ours;             /* nobody chose its scheduling from outside */
	bool is_realtime;
	struct vn_rt_budget budget;
	int rc;                   /* paced entries cannot begin, and why */
	struct vn_err err;
};

struct vn_worker {
	struct vn_engine *engine;
	int cpu;
	pthread_t thread;
	bool has_thread;
	/* Held by whoever touches the entries: the worker's thread unless it
	 * sleeps for want of work, so the send loop never takes it. */
	pthread_mutex_t own;
	pthread_mutex_t call_lock; /* one vn_worker_call to the thread at a time */
	/* Bits of enum vn_worker_bit: set by anyone (release, vn_clock_wake),
	 * cleared by the worker after it has acted; also the word its waits
	 * end on. */
	_Atomic uint32_t control VN_ALIGNED;
	_Atomic uint32_t n_running;
	struct vn_waiter waiter;  /* of its thread */
	struct vn_entry *last;    /* whose turn was the last with a departure */
	struct vn_entry *entries; /* front first; changed under own and engine->lock,
				   * read under either */
	uint64_t virtual_ns;      /* virtual clock: this worker's own time */
	uint64_t retry_ns;        /* virtual clock: not before this is there room again */
	struct vn_call *call;     /* under engine->lock */
	struct vn_machine machine;
};

struct vn_engine {
	struct vn_clock *clock;
	bool is_virtual, interleave;
	uint64_t slack_ns;
	enum vn_realtime realtime;
	int *bound;               /* CPUs of other threads of the process; a copy */
	unsigned int n_bound;
	unsigned int n_cpus;      /* that the process may use; 0: unknown */
	uint64_t seed;
	uint32_t n_added;         /* entries ever added: their seed index; under lock */
	/* When entries that share a stream begin. Written before the bits of a
	 * start are set, which release it. */
	_Atomic uint64_t together_ns;
	unsigned int n_workers;
	struct vn_worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t changed;   /* a call was done, a worker may have become idle */
	const struct vn_sa_source *sas;
};

/* The running entry whose time comes first, NULL when none runs. */
struct vn_entry *vn_worker_next(const struct vn_worker *w);
/* Acts on the control bits, in pktgen's order. */
void vn_worker_act(struct vn_worker *w);
void vn_worker_remove_all(struct vn_worker *w);
/* Wakes those who wait for a call or for the end of a run. */
void vn_worker_announce(struct vn_worker *w);
/* Gives back the queues of stopped runs; nothing may be running. */
void vn_worker_close_all(struct vn_worker *w);
/*
 * machine.c, on the worker's thread. open: it begins. prepare: what has to be known
 * before a run; nothing of the worker runs. arm: entries are about to begin. follow:
 * something began, ended or was changed.
 */
void vn_machine_open(struct vn_worker *w);
void vn_machine_prepare(struct vn_worker *w);
void vn_machine_arm(struct vn_worker *w);
void vn_machine_follow(struct vn_worker *w);
/* Whether an entry may begin, as prepare has found. 0 or -errno with a sentence. */
int vn_machine_admit(const struct vn_entry *e, struct vn_err *err);

/* Starts the thread, bound to the worker's CPU. 0 or -errno with a sentence. */
int vn_worker_start_thread(struct vn_worker *w, struct vn_err *err);

/*
 * A run begins in two steps (spec section 7.4), so that the entries of a
 * worker start together: prepare does all that takes time, start sets it
 * going. A running entry is begun anew. On failure the Result says so and
 * start_err why.
 */
void vn_entry_prepare(struct vn_entry *e);
void vn_entry_start(struct vn_entry *e);
/*
 * And ends in two: stop settles the counters and writes the final Result;
 * close gives the queue back, for which the kernel may take many milliseconds
 * and which therefore waits until the worker has nothing to send.
 */
void vn_entry_stop(struct vn_entry *e);
void vn_entry_close(struct vn_entry *e);
/* Closes and frees an entry that is not running and in no list. */
void vn_entry_free(struct vn_entry *e);

/* Times each built packet is sent in all. */
uint32_t vn_entry_copies(const struct vn_entry *e);
/* --- pace.c: when, and how many together ------------------------------------- */

/* The schedule of a run that begins at at_ns; and when the stream was changed
 * meanwhile. */
void vn_pace_begin(struct vn_entry *e, uint64_t at_ns);
void vn_pace_change(struct vn_entry *e);
/* The next gap of an entry that has a series of them, in 1/65536 ns. */
uint64_t vn_pace_draw(void *entry);

/* When the entry wants its next turn: not before what was missed may be made up, or
 * others of the worker would wait for it. */
static inline uint64_t vn_pace_turn_ns(const struct vn_entry *e)
{
	uint64_t at_ns = VN_MAX(e->sched.next_ns, e->not_before_ns);
	uint64_t lead_ns = e->txq ? e->txq->launch_ns : 0;

	return at_ns - VN_MIN(lead_ns, at_ns);
}

/* Waits for t_ns; false when something else wants the worker first. */
bool vn_pace_wait(struct vn_entry *e, uint64_t t_ns);
/* Waits for a departure, lead_ns less; with slack, until it is that much late. */
bool vn_pace_await(struct vn_entry *e, uint64_t at_ns, uint64_t lead_ns);

/* Packets the count still allows; a burst under way is never cut (spec section
 * 7.6: the count is compared after each turn). */
uint64_t vn_pace_allowed(const struct vn_entry *e);
bool vn_pace_is_over(const struct vn_entry *e, uint64_t at_ns);

/* Reserves one departure: a packet, or a burst, of which a part may have to wait for
 * the next turn. Returns how many packets. */
unsigned int vn_pace_departure(struct vn_entry *e, uint64_t depart_ns);
/* The departure under way, and those that are due by now as far as they may leave
 * together and one batch and one stretch of the ring go. */
void vn_pace_due(struct vn_entry *e, uint64_t now);
/* As many as go, for an entry without a schedule. */
void vn_pace_unscheduled(struct vn_entry *e, uint64_t now);

/* The last packet left late_ns late: all that follow may, too. */
void vn_pace_slide(struct vn_entry *e, uint64_t late_ns);

/* --- transmit.c ------------------------------------------------------------------ */

/* One turn of the worker for a running entry (spec section 7.6). */
void vn_entry_transmit(struct vn_entry *e);
/* Compiles the stream anew after a change; ends the run when that fails. */
bool vn_entry_compile(struct vn_entry *e);

#endif
