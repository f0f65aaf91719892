/* SPDX-License-Identifier: BSD-2-Clause */
/* One stream on several workers: how is told in send_share.c. */
#ifndef VN_CMD_SEND_SHARE_H
#define VN_CMD_SEND_SHARE_H

#include "send_priv.h"

/* When there is one stream, bound to no CPU, and more workers than one: makes it
 * as many streams, after the devices are open. 0 or -errno with a sentence. */
int send_share_out(struct send_run *run, struct vn_err *err);

/* From the whole stream's settings, which the entry has, to those of this share;
 * nothing if the stream is none. On the worker. 0 or -errno with a sentence. */
int send_share_take(const struct send_stream *s, struct vn_entry *entry, struct vn_err *err);

#endif
