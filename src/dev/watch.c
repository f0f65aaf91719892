/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link events by rtnetlink's multicast group. One reading of the socket may
 * bring several messages; they are handed out one by one.
 */
#include "dev/watch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_BYTES 32768 /* a link with many virtual functions has the longest */

struct vn_link_watch {
	struct mnl_socket *nl;
	const struct nlmsghdr *next; /* in buf: not yet looked at */
	int left;                    /* bytes from there on */
	char buf[MESSAGE_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

void vn_link_watch_close(struct vn_link_watch *w)
{
	if (!w)
		return;
	if (w->nl)
		mnl_socket_close(w->nl);
	free(w);
}

int vn_link_watch_open(struct vn_link_watch **out, struct vn_err *err)
{
	struct vn_link_watch *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (!w)
		return vn_err_set(err, ENOMEM, "link events: no memory");
	w->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->nl || mnl_socket_bind(w->nl, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0) {
		rc = vn_err_set(err, errno, "link events cannot be had: %s", strerror(errno));
		vn_link_watch_close(w);
		return rc;
	}
	*out = w;
	return 0;
}

/* What the message says of a link. A bridge tells of its ports by messages of
 * the same types; a port that leaves it (RTM_DELLINK) is not gone. */
static bool is_event(const struct nlmsghdr *msg, struct vn_netdev_event *ev)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;

	if (msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK)
		return false;
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return false;
	*ev = (struct vn_netdev_event){
		.ifindex = ifi->ifi_index,
		.is_gone = msg->nlmsg_type == RTM_DELLINK,
		.flags = ifi->ifi_flags,
	};
	mnl_attr_for_each(attr, msg, sizeof(*ifi))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			snprintf(ev->name, sizeof(ev->name), "%.*s",
				 (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
	return true;
}

/* 1: there are messages; 0: none now; or -errno. */
static int fetch(struct vn_link_watch *w)
{
	ssize_t n = mnl_socket_recvfrom(w->nl, w->buf, sizeof(w->buf));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	w->next = (const struct nlmsghdr *)w->buf;
	w->left = (int)n;
	return 1;
}

/* A message longer than the buffer (ENOSPC) is as good as lost. */
static bool is_loss(int rc)
{
	return rc == -ENOBUFS || rc == -ENOSPC;
}

/* Something was lost: forgets what came before that and still waits. */
static int start_anew(struct vn_link_watch *w)
{
	int rc;

	do {
		rc = fetch(w);
		w->left = 0;
	} while (rc == 1 || is_loss(rc));
	return rc ? rc : -ENOBUFS;
}

int vn_link_watch_next(struct vn_link_watch *w, struct vn_netdev_event *ev)
{
	for (;;) {
		int rc;

		while (mnl_nlmsg_ok(w->next, w->left)) {
			const struct nlmsghdr *msg = w->next;

			w->next = mnl_nlmsg_next(msg, &w->left);
			if (is_event(msg, ev))
				return 1;
		}
		rc = fetch(w);
		if (is_loss(rc))
			return start_anew(w);
		if (rc <= 0)
			return rc;
	}
}

int vn_link_watch_fd(const struct vn_link_watch *w)
{
	return mnl_socket_get_fd(w->nl);
}
