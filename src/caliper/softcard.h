/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card played by this thread before an ordinary interface: it takes the driver's
 * messages (drivercomm.h), holds each frame until its time and hands it to a net
 * device; what the interface receives goes to the driver. Cycles are 1 ns of
 * the clock's, CLOCK_MONOTONIC, since vn_softcard_new().
 *
 * Late is what was given to the kernel more than VN_LATE_NS after its time; how much
 * later it departed, to the ns, is told of each: when it was given, or what a stamp says
 * (struct vn_txq's `departed`). Within that a departure counts as one at its time, for
 * the next relative time.
 *
 * Transfers are not copied: one is over when its last frame was given to the
 * kernel, so that several are under way at a time, and marks are hit then.
 *
 * One thread, the driver's, runs all of it: vn_softcard_run() sends what is due and
 * says when the next departure is; near it, the owner does nothing else. Departures
 * that the network card or a queueing discipline keeps (launch times) are handed
 * over ahead. A turn of the owner's, after it has slept until something can be read
 * or the next departure is as near as its sleeps are exact (base/wakeup.h):
 *
 *     datagrams of clients, vn_nf2_timer() when it is time;
 *     if (vn_softcard_run(card, near_ns, &stop)) {
 *             vn_nf2_intr(d);
 *             while ((bytes = vn_softcard_dma_data(card, &len))) {
 *                     vn_nf2_dma_data(d, bytes, len);
 *                     vn_nf2_intr(d);
 *             }
 *     }
 *     vn_softcard_link(): the interface went, vn_nf2_down() or vn_nf2_fault();
 *
 * near_ns: what such a turn takes, some us.
 */
#ifndef VN_CALIPER_SOFTCARD_H
#define VN_CALIPER_SOFTCARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/departures.h"
#include "base/err.h"
#include "caliper/driver.h"
#include "net/netdev.h"

struct vn_softcard_config {
	struct vn_txq *txq; /* used, not owned; opened with frame_cap of at least 1514 */
	struct vn_rxq *rxq; /* as txq; NULL: nothing is received */
	struct vn_clock *clock;
};

struct vn_softcard;

int vn_softcard_new(const struct vn_softcard_config *cfg, struct vn_softcard **out,
		    struct vn_err *err);
void vn_softcard_free(struct vn_softcard *card);

/* Operations of struct vn_nf2_ops, with the softcard as arg. What is read from the status
 * register has one INT_DMA_TX_COMPLETE for each transfer that is over. It has no mask. */
int vn_softcard_dma_tx(struct vn_softcard *card, const uint8_t *bytes, uint32_t len);
int vn_softcard_dma_rx(struct vn_softcard *card);
uint32_t vn_softcard_read_status(struct vn_softcard *card);
/* What dma_rx asked for; NULL: nothing. The owner gives it to vn_nf2_dma_data() and then
 * calls vn_nf2_intr(). */
const uint8_t *vn_softcard_dma_data(struct vn_softcard *card, uint32_t *len);

/* From when on, by the clock, vn_softcard_run() has something to send (UINT64_MAX: nothing). */
uint64_t vn_softcard_next_ns(const struct vn_softcard *card);
/* Waits for departures that are nearer than `near_ns`, sends what is due, looks whether anything
 * was received. true: the driver has an interrupt (vn_nf2_intr()). */
bool vn_softcard_run(struct vn_softcard *card, uint64_t near_ns, const _Atomic uint32_t *stop);

/* Whether the interface takes frames: 0; -ENETDOWN, as long as it is down or without carrier
 * (frames wait, and are offered again each 10 ms); -ENODEV: it is gone. As of the last frame
 * that was offered or received. */
int vn_softcard_link(const struct vn_softcard *card);

/* Asked against actual departures, all since new. */
const struct vn_departures *vn_softcard_departures(const struct vn_softcard *card);
/* Whose stamps say when a packet departed, "kernel", "hardware"; NULL: ours, as it was given. And
 * of how many none came, so that these are recorded as they were given. */
const char *vn_softcard_stamp_source(const struct vn_softcard *card);
uint64_t vn_softcard_unstamped(const struct vn_softcard *card);
/* Frames that the interface did not take for good. */
uint64_t vn_softcard_lost(const struct vn_softcard *card);

#endif
