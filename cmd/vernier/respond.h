/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The responder of `recv`: its options, the queue that it sends by, and its
 * counters as text and as JSON.
 */
#ifndef VN_CMD_RESPOND_H
#define VN_CMD_RESPOND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "net/netdev.h"
#include "rx/responder.h"

struct vn_respond_opts {
	struct vn_addrset addrs;	       /* empty: no responder */
	const char *texts[2 * VN_ADDRSET_MAX]; /* the values they came from */
	unsigned int n_texts;
	uint8_t mac[6];
	bool has_mac;	       /* false: the device's */
	const char *really_on; /* the interface that may hold the default route; or NULL */
};

struct vn_respond {
	struct vn_txq *q;
	struct vn_responder *responder; /* NULL: none */
};

/* Values of --respond, which may be a list with commas, and of --respond-mac.
 * They are kept. 0 or -errno with a sentence. */
int vn_respond_add(struct vn_respond_opts *o, const char *value, struct vn_err *err);
int vn_respond_set_mac(struct vn_respond_opts *o, const char *value, struct vn_err *err);

/* The effective settings, as vn_options_show() does: one that can be repeated is
 * a list with commas. */
void vn_respond_show(const struct vn_respond_opts *o, FILE *out);

bool vn_respond_is_wanted(const struct vn_respond_opts *o);
/* An option that says how, but none that says for whom. */
int vn_respond_check(const struct vn_respond_opts *o, struct vn_err *err);

/* Opens a queue of dev, which must be one that sends. 0 or -errno with a sentence;
 * close it in either case. */
int vn_respond_open(const struct vn_respond_opts *o, struct vn_netdev *dev, struct vn_respond *out,
		    struct vn_err *err);
void vn_respond_close(struct vn_respond *r); /* a zeroed one is accepted */

void vn_respond_print(FILE *out, const struct vn_responder_counts *c);
json_t *vn_respond_json(const struct vn_responder_counts *c);

#endif
