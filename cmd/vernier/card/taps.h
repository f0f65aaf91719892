/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MACs and host queues on TAP interfaces: the interface's other end is the
 * card's port. In real time only.
 *
 * Frames come in with the virtual time of their reading, one behind the other
 * as a line of 1 Gb/s would carry them; what was read and has not come waits in
 * the card, up to CARD_TAP_BYTES a port.
 */
#ifndef VN_CARD_TAPS_H
#define VN_CARD_TAPS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/netdev.h"
#include "nt/hw.h"
#include "settings.h"

#define CARD_TAP_BYTES (UINT64_C(4) << 20)

struct card_tap {
	struct vn_netdev *dev;
	struct vn_txq *txq;
	struct vn_rxq *rxq;
	unsigned int port;
	uint64_t free_at; /* host queues: when a line would have passed the frame before */
	/* Counters: frames fed to the card; lost since CARD_TAP_BYTES waited; given to the
	 * interface; that it did not take. */
	uint64_t rx, rx_full, tx, tx_refused;
	struct card_taps *taps;
};

struct card_taps {
	struct vn_clock clock;
	struct vn_nt_hw *hw;
	uint64_t cycle; /* that is now, for frames that are read */
	unsigned int n;
	struct card_tap tap[2 * CARD_PORTS];
	struct card_tap *by_port[VN_NT_PORTS]; /* NULL: none */
	struct pollfd fds[2 * CARD_PORTS];
};

/* Opens what the settings name; interfaces that are not there are made, and go with
 * close. -errno with a sentence. Zeroes first. */
int card_taps_open(struct card_taps *t, const struct card_settings *s, struct vn_nt_hw *hw,
		   struct vn_err *err);
void card_taps_close(struct card_taps *t);

/* Feeds all frames that are there, as of this cycle. -errno with a sentence when an
 * interface cannot be read any more. */
int card_taps_read(struct card_taps *t, uint64_t cycle, struct vn_err *err);

/* A frame leaves by that port; nothing where no TAP is. */
void card_taps_write(struct card_taps *t, unsigned int port, const uint8_t *bytes, uint32_t len);

#endif
