/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line of `vernier nf2d` says, checked before anything is opened.
 */
#ifndef VN_NF2D_SETTINGS_H
#define VN_NF2D_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/txtime.h"
#include "policy.h"

/* Who sends at the times: a card by its socket, one of our own, an ordinary interface. */
enum nf2d_back_end {
	NF2D_SOCKET,
	NF2D_SIMULATOR,
	NF2D_PACKET,
	NF2D_TXTIME,
	NF2D_XDP,
	NF2D_LAUNCH,
};

struct nf2d_settings {
	/* As typed */
	uint64_t card, txbuffs, snap, max_entries, quota, cpu;
	const char *card_socket, *program, *soft, *ifname, *user, *policy_text;
	const char *pidfile, *stats, *stamps_text;
	bool is_foreground, sets_up, is_quiet, has_cpu, spins, is_realtime;
	/* What it means */
	enum nf2d_back_end back_end;
	const char *target; /* of the back end: path of the socket or program, interface */
	char name[32];	    /* of the interface: --ifname or nf2c<k>; of -b its interface's */
	uid_t uid;	    /* NF2D_NOBODY */
	struct nf2d_policy policy;
	enum vn_tx_stamps departure_stamps;
	bool has_policy;      /* one that is not as the driver begins with */
	char *const *options; /* for the simulator, ended by NULL */
};

static inline bool nf2d_is_soft(const struct nf2d_settings *s)
{
	return s->back_end >= NF2D_PACKET;
}

/* 0; -EINVAL, -ERANGE or -errno with a sentence; VN_OPTIONS_HELPED. fini in either case. */
int nf2d_settings_parse(struct nf2d_settings *s, int argc, char **argv, struct vn_err *err);
void nf2d_settings_fini(struct nf2d_settings *s);

#endif
