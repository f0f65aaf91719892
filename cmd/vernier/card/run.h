/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of the card, from its first cycle to whatever ends it: slice by slice
 * what comes is fed, the card runs, what left is handed out. Whoever wants to
 * stand between (a debugger) takes the place of `go`.
 *
 * One thread owns all of it. In deterministic mode nothing here depends on the
 * clock of the machine but what is said on standard error.
 */
#ifndef VN_CARD_RUN_H
#define VN_CARD_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "feed.h"
#include "hostwait.h"
#include "interrupt.h"
#include "nt/card.h"
#include "nt/image.h"
#include "outputs.h"
#include "pace.h"
#include "server.h"
#include "settings.h"
#include "taps.h"

/* Why a run is over. X(NAME, "as the statistics have it") */
#define CARD_STOPS(X)                                                                              \
	X(RUNNING, "running")                                                                      \
	X(ENDED, "ended")                                                                          \
	X(CYCLES, "cycles")                                                                        \
	X(TIME, "time")                                                                            \
	X(FRAMES, "frames")                                                                        \
	X(IDLE, "idle")                                                                            \
	X(INTERRUPTED, "interrupted")                                                              \
	X(FAULT, "fault")                                                                          \
	X(DEADLOCK, "deadlock")                                                                    \
	X(FAILED, "failed")

enum card_stop {
#define VN_X(name, text) CARD_STOP_##name,
	CARD_STOPS(VN_X)
#undef VN_X
};

struct card_gdb;
struct card_profile;

struct card_run {
	struct card_settings s;
	struct vn_nt_image image; /* empty with -wait */
	struct vn_nt_card *card;
	struct vn_nt_hw *hw;
	struct card_feed feed;
	struct card_outputs out;
	struct card_taps taps;
	struct card_server server;
	struct card_pace pace;
	struct card_hostwait hostwait;
	struct vn_interrupt interrupt;
	_Atomic uint32_t stop_word;

	/* Runs the card until the cycle, as vn_nt_card_run() does, which it is unless
	 * somebody stands in between. Who makes the card stand still says so to the pace
	 * (card_pace_hold()), or it is late afterwards. */
	enum vn_nt_stop (*go)(void *arg, struct vn_nt_card *card, uint64_t until);
	void *go_arg;
	struct card_gdb *gdb;	      /* NULL: no debugger can come */
	struct card_profile *profile; /* NULL: none is made */

	enum card_stop stop;
	unsigned int n_faults_told;
	/* The machine's clock: the run, its end, the last progress line. */
	uint64_t began_ns, ended_ns, told_ns;
	uint64_t slices;
	bool has_progress;     /* a line of it stands on the terminal */
	struct vn_err trouble; /* of an input that broke off; the run went on */
};

const char *card_stop_name(enum card_stop stop);

/* Everything is open and the program loaded, or held: runs until r->stop says why no
 * longer. -errno with a sentence when an interface failed (FAILED). */
int card_run(struct card_run *r, struct vn_err *err);

#endif
