/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: one worker per CPU, each with a list of entries (a stream on a
 * device), each turn of a worker sending for the entry whose time comes next.
 *
 * Threads. An entry belongs to its worker. While the worker's thread lives,
 * whatever reads or writes an entry other than its counters goes through
 * vn_worker_call(), which runs a function while the worker is between two
 * turns. Counters (struct vn_entry_stats) have one writer at a time and are
 * read by anyone.
 *
 * On a virtual clock there are no threads: vn_engine_run_virtual() steps the
 * same workers in time order in the caller's thread.
 */
#ifndef VN_ENGINE_ENGINE_H
#define VN_ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/departures.h"
#include "base/err.h"
#include "base/stat.h"
#include "base/schedule.h"
#include "engine/machine.h"
#include "net/netdev.h"
#include "packet/builder.h"
#include "packet/stream.h"

#define VN_ENTRY_NAME 32    /* pktgen takes at most 31 characters */
#define VN_RESULT_SIZE 512  /* storage of a Result text */

/* Thread control bits: pktgen's (spec section 7.1) but those for removing, which
 * is a call here, and ours. */
enum vn_worker_bit {
	VN_T_STOP = 1 << 0,
	VN_T_RUN = 1 << 1,
	VN_T_CALL = 1 << 2, /* vn_worker_call() waits */
	VN_T_EXIT = 1 << 3,
	VN_T_PREPARE = 1 << 4, /* vn_engine_prepare() waits */
};

/* One writer (the worker), read by any thread: use vn_stat_get(). */
struct vn_entry_stats {
	_Atomic uint64_t sofar;     /* packets sent in this run */
	_Atomic uint64_t errors;
	_Atomic uint64_t tx_bytes;  /* frame bytes sent, no FCS */
	_Atomic uint64_t tx_bits_l1, tx_bits_l2; /* what they take on a cable */
	_Atomic uint64_t idle_ns;   /* waited, spec section 7.11 */
	_Atomic uint64_t started_ns, stopped_ns; /* the run's clock */
	_Atomic uint64_t first_ns, last_ns; /* commit of the first, last packet */
	_Atomic uint64_t skipped;   /* departures left out since they had passed: policy skip */
	_Atomic uint64_t slid_ns;   /* by which the schedule was put off: policy slide */
	_Atomic uint64_t batch_max; /* most departures that one call served */
	_Atomic uint64_t call_ns;   /* what a call for one packet costs, as measured; 0: unknown */
	_Atomic bool is_running;
};

struct vn_entry {
	char name[VN_ENTRY_NAME];   /* the word given to add_device */
	struct vn_stream stream;
	struct vn_builder builder;
	uint32_t compiled_generation;
	struct vn_netdev *dev;      /* referenced */
	struct vn_txq *txq;         /* open while running, and until the worker is idle */
	struct vn_worker *worker;
	struct vn_entry *next;      /* in the worker's list */
	struct vn_schedule sched;
	uint64_t turn_ns;         /* when the last wait for a departure was over */
	uint32_t turn_departures; /* that it serves, 0: it was measured */
	uint64_t not_before_ns;   /* while it catches up: the next one's earliest time */
	const char *stamp_source; /* whose stamps `stamped` has; NULL: there are none */
	/*
	 * pktgen's "last sent well" mark (spec section 7.5): clear on the first
	 * run of an entry, whose first packet then goes out without touching
	 * the schedule. `vernier send` sets it, so that packet n always leaves
	 * at start + n * gap.
	 */
	bool last_ok;
	bool has_held;              /* a packet was built in this run and is held */
	bool is_prepared;           /* the last start got as far as running */
	bool is_ahead;              /* prepared for a start that is still to come */
	/*
	 * Of a stream that several workers send: this is number `share` of
	 * `shares`, and its count and period are its part of the whole already.
	 * All begin at the same time, each so much later that together they keep
	 * the schedule of one. 0 of 0: it is sent by one.
	 */
	uint32_t share, shares;
	uint32_t copies_left;       /* further times the held packet is sent */
	uint32_t burst_left;        /* packets of the burst under way still to come */
	uint64_t burst_depart_ns;   /* asked departure of that burst */
	struct vn_frame held;       /* copy of it, only with clone_skb or burst */
	uint32_t seq_num;           /* as shown: 1 + packets sent in this run */
	char result[VN_RESULT_SIZE]; /* "" prints as Idle */
	int start_rc;               /* what the last start failed with, 0 if it did not */
	struct vn_err start_err;    /* and why, "" */
	/* pktgen's "debug", which all entries of a tree share; NULL: none */
	_Atomic int32_t *debug;
	/* Of every scheduled packet of this run, written by the worker; NULL in an
	 * entry of no worker. */
	struct vn_departures *departures;
	/* The same as the kernel or the hardware stamped them (vn_txq.departed). */
	struct vn_departures *stamped;
	struct vn_entry_stats stats VN_ALIGNED;
};

struct vn_engine_opts {
	struct vn_clock *clock; /* shared by the workers; the caller keeps it alive */
	bool is_virtual;        /* clock is a virtual one: no threads */
	/*
	 * Entries without a delay take turns with the other entries of their
	 * worker, and those with one begin a little after the start, all at one
	 * time. Clear: the kernel's way, they run one after the other and before
	 * the delayed ones, which begin at once (spec section 7.3).
	 */
	bool interleave;
	/*
	 * Departures may be so late: a worker with nothing due sleeps that much
	 * longer, and then sends all that has become due, instead of spinning for
	 * each. 0: it spins. The machine's clock only, whose spin_ns is 0 then.
	 */
	uint64_t slack_ns;
	/*
	 * Real-time scheduling of workers while something paced runs on them (the
	 * machine's clock only, no slack). bound: CPUs that other threads of this
	 * process are bound to; a worker there gets it only when asked for by name.
	 */
	enum vn_realtime realtime;
	const int *bound;
	unsigned int n_bound;
	const int *cpus;        /* a worker for each */
	unsigned int n_cpus;
	uint64_t seed;
	/* Where flag IPSEC finds security associations; NULL: there are none. */
	const struct vn_sa_source *sas;
};

struct vn_engine;

/* Makes the workers; real ones start their threads, named kpktgend_<CPU> and
 * bound to it. 0 or -errno with a sentence. */
int vn_engine_new(const struct vn_engine_opts *opts, struct vn_engine **out, struct vn_err *err);
/* Stops what runs, ends the threads, frees all entries. NULL accepted. */
void vn_engine_free(struct vn_engine *e);

unsigned int vn_engine_n_workers(const struct vn_engine *e);
struct vn_worker *vn_engine_worker(struct vn_engine *e, unsigned int i);
int vn_worker_cpu(const struct vn_worker *w);
struct vn_entry *vn_worker_entries(struct vn_worker *w); /* list head; on its thread */

/*
 * Runs fn(arg) between two turns of the worker, after what was requested of it
 * before, and returns what it returned. fn runs on the worker's thread, or in
 * the caller's while that thread sleeps or when there is none; either way
 * nobody else touches the worker's entries meanwhile.
 */
int vn_worker_call(struct vn_worker *w, int (*fn)(void *arg), void *arg);

/*
 * Puts a new entry with pktgen's defaults at the front of the worker's list.
 * word: "dev" or "dev@suffix", at most 31 characters count; -EBUSY if any
 * worker has it. The device is referenced, not owned. Any thread.
 */
int vn_worker_add(struct vn_worker *w, const char *word, struct vn_netdev *dev,
		  struct vn_entry **out, struct vn_err *err);
/* Stops and frees an entry of this worker; the device is left to its owner. */
void vn_worker_remove(struct vn_worker *w, struct vn_entry *entry);
bool vn_entry_is_running(const struct vn_entry *entry); /* any thread */
struct vn_entry *vn_engine_find(struct vn_engine *e, const char *word);

/*
 * What a start does first: compiles the streams and opens the queues, on the
 * workers' threads, and waits for it; the start that follows finds it done. So
 * what a device refuses is known before anything is sent, and the entries of
 * several workers begin together. Nothing may be running. 0, or -errno with the
 * sentence of the first entry that cannot begin (the others can).
 */
int vn_engine_prepare(struct vn_engine *e, struct vn_err *err);

/* Set bits and wake; do not wait (spec sections 3.2-3.4). Any thread; stop is
 * also safe in a signal handler. */
void vn_engine_start(struct vn_engine *e);
void vn_engine_stop(struct vn_engine *e);
void vn_worker_request(struct vn_worker *w, uint32_t bits);

/* Nothing runs and no start waits to be acted on. Any thread. */
bool vn_engine_is_idle(const struct vn_engine *e);
/* Waits until start's bits were acted on and nothing runs, or timeout_ns have
 * passed. Returns true when nothing runs. */
bool vn_engine_wait_idle(struct vn_engine *e, uint64_t timeout_ns);

/* Virtual clock: runs everything that is to run to its end in this thread. */
void vn_engine_run_virtual(struct vn_engine *e);

#endif
