/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture file: every received frame into a pcap with nanosecond stamps, the
 * VLAN tag that the kernel keeps beside the frame put back in its place.
 * One thread.
 */
#ifndef VN_RX_CAPTURE_H
#define VN_RX_CAPTURE_H

#include "base/err.h"
#include "net/netdev.h"

struct vn_capture;

/* max_packets: stop writing after so many (0 = no limit). 0 or -errno. */
int vn_capture_open(const char *path, uint64_t max_packets, struct vn_capture **out,
		    struct vn_err *err);
void vn_capture_write(struct vn_capture *c, const struct vn_rx_pkt *pkts, unsigned int n);
uint64_t vn_capture_count(const struct vn_capture *c); /* packets written */
/* Flushes and closes. 0 or -errno (disk full): what was written is lost then. */
int vn_capture_close(struct vn_capture *c);

#endif
