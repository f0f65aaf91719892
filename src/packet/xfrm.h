/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by xfrm.c and its test; what it is for is in sa.h. */
#ifndef VN_PACKET_XFRM_H
#define VN_PACKET_XFRM_H

#include <stdbool.h>

#include "packet/sa.h"

struct nlmsghdr;

/* One message of a dump. False: it is no association of ours (IPv6, another
 * protocol), or is cut short. */
bool vn_xfrm_read(const struct nlmsghdr *msg, struct vn_sa *sa);

#endif
