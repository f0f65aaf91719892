/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --cosim: driver and card in this process, on virtual time, and what left the card
 * as a capture. The same arguments give the same bytes.
 */
#ifndef VN_CALIPER_VIRTUAL_H
#define VN_CALIPER_VIRTUAL_H

#include "nt/image.h"
#include "run.h"

struct vn_cal_transport;
struct vn_capture;
struct vn_cosim;

struct caliper_virtual {
	struct vn_cosim *sim; /* NULL: there is none */
	struct vn_nt_image image;
	struct vn_capture *capture;    /* NULL: none */
	uint64_t latency_cycles;       /* from a departure to the first byte */
	uint64_t left, bytes, last_ns; /* frames, and the departure of the last one */
};

/* Its interface is up, and *t is a client's way to it. Zeroes first; to be closed in every case.
 * -errno with a sentence, -EINVAL where a file is not what it should be. */
int caliper_virtual_open(struct caliper_virtual *v, const struct caliper_settings *s,
			 struct vn_cal_transport **t, struct vn_err *err);
/* What is on its way leaves, up to the last packet of the result, which learns how many frames
 * left; the capture is written. When a signal came time ends: the result is that of what left. */
int caliper_virtual_finish(struct caliper_virtual *v, struct caliper_result *res,
			   struct vn_err *err);
/* What stopped the time; "" */
const char *caliper_virtual_why(const struct caliper_virtual *v);
/* When nobody uses the transport any more. Zeroed ones accepted. */
void caliper_virtual_close(struct caliper_virtual *v);

#endif
