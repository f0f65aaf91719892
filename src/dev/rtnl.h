/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One rtnetlink conversation: a socket, one request at a time. Shared by the
 * files that ask the system about its interfaces.
 *
 * A dump during which the objects changed ends with -EINTR and leaves the rest
 * of its answer in the socket: close the conversation and begin a new one.
 */
#ifndef VN_DEV_RTNL_H
#define VN_DEV_RTNL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define VN_RTNL_BYTES 32768 /* the most the kernel puts into one message of a dump */

struct vn_rtnl {
	struct mnl_socket *nl;
	uint32_t seq;
	char *buf; /* VN_RTNL_BYTES */
};

int vn_rtnl_open(struct vn_rtnl *r); /* 0 or -errno; close it in either case */
void vn_rtnl_close(struct vn_rtnl *r);

/* Sends the request and gives each message of the answer to on_message; a
 * request with NLM_F_DUMP has many. 0 or -errno, the kernel's included. */
int vn_rtnl_talk(struct vn_rtnl *r, struct nlmsghdr *req, mnl_cb_t on_message, void *arg);

#endif
