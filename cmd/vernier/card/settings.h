/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line of `vernier card` says: the options of the original
 * simulator by their names, and ours; checked against each other, before
 * anything is opened. With one dash or with two.
 */
#ifndef VN_CARD_SETTINGS_H
#define VN_CARD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "nt/card.h"

/* A host queue, or a MAC, of which there are as many. */
#define CARD_PORTS VN_NT_MACS

struct card_settings {
	/* By number of MAC or host queue; NULL: not connected. */
	const char *mac[CARD_PORTS], *host[CARD_PORTS];		  /* TAP interfaces */
	const char *pcap_mac[CARD_PORTS], *pcap_host[CARD_PORTS]; /* files that are fed */
	const char *out_mac[CARD_PORTS], *out_host[CARD_PORTS];	  /* files that are written */
	const char *socket_path;
	const char *instr, *data; /* MIF images */
	const char *program;	  /* ELF; NULL with instr or waits */
	const char *stats;
	const char *gdb; /* port or path */
	bool gdb_is_port;
	uint64_t gdb_port; /* 0: the system chooses */
	const char *profile, *annotate;
	/* As typed; what they say is in `card` and the fields below. */
	const char *model, *dma, *fault, *engine, *trace, *trace_at;
	bool is_json, shows_settings, is_quiet;
	bool waits, is_real_time;
	uint64_t host_wait_ns; /* 0: the card does not wait for its driver */
	bool shares_stack, no_skip, no_pause;
	bool pcap_asap, pcap_dma;
	uint64_t cpus, window, div_slots, tx_latency, rxq_bytes;
	uint64_t max_cycles, max_ns, max_frames, idle_cycles; /* 0: no such limit */
	uint64_t pcap_start_ns;
	const char *trace_path; /* NULL: standard error, "-": standard output */
	uint64_t end_cycle;	/* of -cycles and -time the earlier; VN_NT_NEVER */
	struct vn_nt_config card;
};

/* 0; -EINVAL or -ERANGE with a sentence; VN_OPTIONS_HELPED. */
int card_settings_parse(struct card_settings *s, int argc, char **argv, struct vn_err *err);

/* key=value lines, as --show-settings prints them. */
void card_settings_show(const struct card_settings *s, FILE *out);

/* A file is fed, or something connected that frames come from. */
bool card_settings_has_files(const struct card_settings *s);
bool card_settings_has_taps(const struct card_settings *s);

#endif
