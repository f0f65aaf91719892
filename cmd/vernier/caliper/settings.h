/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line of `vernier caliper` says: checked against each other,
 * and the files of delays and payloads read, before anything is opened to send.
 */
#ifndef VN_CALIPER_SETTINGS_H
#define VN_CALIPER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "numbers.h"
#include "plan.h"

struct caliper_settings {
	/* As typed; NULL: not given. */
	const char *count_text, *time_text, *delay_text, *payload_text;
	const char *delay_file, *payload_file;
	const char *dst_text, *src_text, *mac_text;
	const char *sport_text, *dport_text, *card_text, *burst_text, *ahead_text;
	const char *stats; /* "-": standard output, as of pcap */
	const char *app;   /* --cosim: the card's program */
	const char *pcap;
	bool by_driver; /* -N */
	bool stamps, catches_up, is_quiet;

	/* What that means. */
	uint64_t n_packets, time_ns; /* 0: no such limit */
	uint32_t dst_ip, src_ip;     /* wire order; 0: not given */
	uint8_t mac[6];
	uint64_t sport, dport, card;
	uint64_t burst; /* packets from one mark to the next */
	uint64_t ahead; /* marks that may be outstanding */
	bool has_sport;
	struct caliper_numbers delays, payloads; /* at least one each; owned */
};

/* 0; -EINVAL, -ERANGE or what a file says with a sentence; VN_OPTIONS_HELPED. In every case
 * to be ended by _fini. */
int caliper_settings_parse(struct caliper_settings *s, int argc, char **argv, struct vn_err *err);
void caliper_settings_fini(struct caliper_settings *s);

/* The beginning of what is to be sent. */
void caliper_settings_plan(const struct caliper_settings *s, struct caliper_plan *plan);

/* A line for each option that does nothing here, behind prefix. */
void caliper_settings_warn(const struct caliper_settings *s, const char *prefix, FILE *out);

#endif
