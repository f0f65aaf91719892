/* SPDX-License-Identifier: BSD-2-Clause */
/* What the null driver took, for tests and benchmarks. */
#ifndef VN_DEV_NULL_H
#define VN_DEV_NULL_H

#include "net/netdev.h"

/* Frames consumed since the queue was opened, dropped ones included. */
uint64_t vn_null_consumed(struct vn_txq *q);

#endif
