/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of /proc/net that tell of the net core (net core spec section 8.4):
 * dev, softnet_stat, ptype. Their texts are read by programs that count
 * columns, so they are the kernel's to the byte.
 */
#ifndef VN_NET_PROC_H
#define VN_NET_PROC_H

#include "net/attribute.h"

struct vn_device_stats;

extern const struct vn_attributes vn_proc_files;

/* A device's line of `dev`. */
void vn_proc_dev_line(struct vn_text *out, const char *name, const struct vn_device_stats *s);

#endif
