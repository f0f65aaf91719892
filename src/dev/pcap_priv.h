/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the pcap driver only. */
#ifndef VN_DEV_PCAP_PRIV_H
#define VN_DEV_PCAP_PRIV_H

#include "net/netdev.h"

/* A device that reads the file opts->target (pcap_rx.c). 0 or -errno with a
 * sentence. */
int vn_pcap_rx_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err);

#endif
