/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier nf2d: what stands around the driver core (caliper/driver.h) in a
 * process: sockets of clients, the interface, the card. One thread has all of it;
 * it waits in one place for whatever comes first (loop.c), or, where it sends at
 * the times itself, does nothing else near a departure (soft.c).
 */
#ifndef VN_NF2D_H
#define VN_NF2D_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "caliper/driver.h"
#include "cardlink.h"
#include "frames.h"
#include "iface.h"
#include "interrupt.h"
#include "peers.h"
#include "pidfile.h"
#include "settings.h"
#include "simulator.h"

struct vn_softcard;
struct nf2d_soft;

struct nf2d {
	struct nf2d_settings s;
	struct vn_clock clock;
	struct vn_nf2 *driver;
	struct nf2d_peers *peers;
	struct nf2d_iface iface;
	struct nf2d_frames frames;
	struct nf2d_cardlink link;
	struct nf2d_simulator sim;
	struct nf2d_soft *soft; /* NULL: there is a card */
	uint64_t retry_ns;	/* when the card is looked for again; UINT64_MAX: it is not */
	bool told_absent;	/* that it is not there was said */
	int policy_error;	/* what the driver answered to the policy of the command line */
	FILE *stats;		/* of --stats, open from the beginning; NULL: none */
	struct nf2d_pidfile pidfile;
	_Atomic bool is_syslog; /* messages go there: there is no terminal any more */

	struct vn_interrupt interrupt;
	_Atomic uint32_t stop_word; /* a signal came */
	int stop_fd;		    /* readable then */
	bool is_over;		    /* for another reason: err has it */
};

static inline bool nf2d_is_syslog(const struct nf2d *n)
{
	return atomic_load_explicit(&n->is_syslog, memory_order_acquire);
}

/* A sentence for whoever looks after this process, from any thread. arg: struct nf2d. */
void nf2d_log(void *arg, const char *text);

/* Operations of the driver (struct vn_nf2_ops) that do not depend on the card. */
int nf2d_nl_send(void *arg, uint32_t pid, const void *bytes, size_t len);
void nf2d_carrier(void *arg, bool on);
uint64_t nf2d_now(void *arg);

/* --- loop.c ------------------------------------------------------------------------ */

/* Runs until a signal, 0, or until something is gone without which it is nothing: -errno
 * with a sentence. */
int nf2d_loop(struct nf2d *n, struct vn_err *err);

/* What clients said on the control socket; what the interface did. Parts of any loop. */
void nf2d_hear_control(struct nf2d *n);
void nf2d_hear_data(struct nf2d *n, unsigned int budget);
/* The data socket is to be looked at, of which no descriptor tells. */
bool nf2d_has_data(const struct nf2d *n);
void nf2d_hear_iface(struct nf2d *n, struct vn_err *err);

/* --- card.c ------------------------------------------------------------------------ */

/* Finds the card, or says once that it is absent and that it is looked for (--card-socket).
 * -errno with a sentence when it cannot be had. */
int nf2d_card_find(struct nf2d *n, struct vn_err *err);
/* All that the card has said. */
void nf2d_card_hear(struct nf2d *n);
/* Our own card's process has ended. */
void nf2d_card_died(struct nf2d *n);
/* It is gone: FAULT; `why` for the log. */
void nf2d_card_lost(struct nf2d *n, const char *why);
/* retry_ns has come. */
void nf2d_card_retry(struct nf2d *n);
/* The interface was set up: a simulator that ended is started again. */
void nf2d_card_up(struct nf2d *n);

/* --- soft.c ------------------------------------------------------------------------ */

int nf2d_soft_open(struct nf2d *n, struct vn_err *err);
void nf2d_soft_close(struct nf2d *n);
/* What the driver is told of it, and what calls it. */
extern const struct vn_nf2_ops nf2d_soft_ops;
void nf2d_soft_config(const struct nf2d *n, struct vn_nf2_config *cfg);
/* NULL without -b, and before it is open. */
const struct vn_softcard *nf2d_soft_card(const struct nf2d *n);
int nf2d_soft_loop(struct nf2d *n, struct vn_err *err);

/* --- report.c ------------------------------------------------------------------------ */

/* Opens the file of --stats, so that it is known to be possible. -errno with a sentence. */
int nf2d_report_open(struct nf2d *n, struct vn_err *err);
/* The file of --stats, which is closed, and one line. 0 or -errno with a sentence. */
int nf2d_report(struct nf2d *n, struct vn_err *err);

#endif
