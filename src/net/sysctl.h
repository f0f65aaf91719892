/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings of the net core (net core spec section 8.3), the files of
 * /proc/sys/net/core. Each write takes effect with the next packet, but for
 * default_qdisc, which is for devices that are activated from then on.
 */
#ifndef VN_NET_SYSCTL_H
#define VN_NET_SYSCTL_H

#include "net/attribute.h"

extern const struct vn_attributes vn_sysctl_files;

#endif
