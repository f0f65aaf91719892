/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files into ports of the card: each frame is handed over a little
 * before its time, so that neither a file nor what a port has fallen behind is
 * ever in memory whole.
 */
#ifndef VN_CARD_FEED_H
#define VN_CARD_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "nt/hw.h"
#include "pcap_in.h"
#include "settings.h"

/* One file and the port that it is fed to. */
struct card_input {
	struct card_pcap_in in;
	unsigned int port;
	bool is_damaged;  /* the rest of it could not be read */
	bool is_over;	  /* the file is read; the last frame may still be on its way */
	bool has_frame;	  /* `frame` waits to be fed */
	uint64_t frames;  /* fed */
	uint64_t cycle;	  /* arrival of `frame` */
	uint64_t free_at; /* when the bus, or the line, has passed the frame before */
	struct card_pcap_frame frame;
};

struct card_feed {
	const struct card_settings *s;
	unsigned int n;
	struct card_input inputs[2 * CARD_PORTS];
};

/* Opens what the settings name. -errno with a sentence. Zeroes first. */
int card_feed_open(struct card_feed *f, const struct card_settings *s, struct vn_err *err);

/* Feeds what arrives until that cycle. -errno with a sentence, of a file that is
 * damaged (it is over then) or for want of memory. */
int card_feed_until(struct card_feed *f, struct vn_nt_hw *hw, uint64_t cycle, struct vn_err *err);

/* The cycle of the next frame to be fed; VN_NT_NEVER: none is left. */
uint64_t card_feed_next(const struct card_feed *f);
/* Everything was read, and has come. */
bool card_feed_is_over(const struct card_feed *f, const struct vn_nt_hw *hw);

void card_feed_close(struct card_feed *f);

#endif
