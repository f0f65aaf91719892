/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF programs run by hand on frames (BPF_PROG_TEST_RUN): what the kernel takes.
 */
#ifndef VN_DEV_TESTRUN_H
#define VN_DEV_TESTRUN_H

#include <stdint.h>

/* Runs the program once on a frame of len bytes. flags: of the kernel's
 * (BPF_F_TEST_XDP_LIVE_FRAMES). 0 or -errno; a signal, after it ran, is none. */
int vn_testrun_try(int program, const uint8_t *frame, uint32_t len, uint32_t flags);

/*
 * The longest frame, of at most len bytes (at least an Ethernet header's), that
 * the program is run on: a page less what the kernel puts around it, which
 * differs from kernel to kernel and is found by trying. A header is taken to fit.
 */
uint32_t vn_testrun_longest(int program, const uint8_t *frame, uint32_t len, uint32_t flags);

#endif
