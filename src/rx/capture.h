/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture file: frames into a pcap with nanosecond stamps, the VLAN tag that
 * the kernel keeps beside a frame put back in its place. Several threads may
 * write; each one's frames stay in their order.
 *
 * A file that cannot be written any more (a full disk, a reader that left)
 * ends the capture, not the run: what comes after is counted as missing, and
 * told at the end. What was written until then is whole.
 */
#ifndef VN_RX_CAPTURE_H
#define VN_RX_CAPTURE_H

#include "base/err.h"
#include "net/netdev.h"

#define VN_CAPTURE_SNAPLEN 262144 /* bytes of a frame that readers accept */

struct vn_capture;

struct vn_capture_opts {
	const char *path;     /* "-": standard output */
	uint64_t max_packets; /* nothing is written after so many, 0 = no limit */
	uint32_t snaplen;     /* bytes of each frame, 0 = VN_CAPTURE_SNAPLEN */
	uint32_t link_type;   /* LINKTYPE_*, 0 = Ethernet */
};

/* Writes the head of the file. 0 or -errno with a sentence, *out NULL. */
int vn_capture_open(const struct vn_capture_opts *opts, struct vn_capture **out,
		    struct vn_err *err);
void vn_capture_write(struct vn_capture *c, const struct vn_rx_pkt *pkts, unsigned int n);
/* Writes out what waits in memory: for who reads along. Any thread. */
void vn_capture_flush(struct vn_capture *c);

/* When nobody writes any more: flushes and closes the file. 0, or -errno with a
 * sentence when not all of it could be written. */
int vn_capture_finish(struct vn_capture *c, struct vn_err *err);
uint64_t vn_capture_count(const struct vn_capture *c); /* packets in the finished file */
void vn_capture_free(struct vn_capture *c);	       /* NULL accepted */

#endif
