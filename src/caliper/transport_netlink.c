/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's way to a driver in another process: one NetLink socket, whose port id
 * the kernel gives and which is the client's name.
 *
 * Anybody may send to it. Only what comes from the driver's two port ids is told,
 * which the kernel vouches for; what a message says of its sender counts for
 * nothing.
 */
#include "caliper/transport.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "base/macros.h"
#include "vernier/caliper.h"

/* Events find room for a while when the client does not read them. */
#define ROOM_BYTES (4 << 20)

/* Without a limit the kernel goes on sending after a signal whose handler has SA_RESTART. */
#define SEND_S 1

/* Datagrams of others that a look without waiting passes over, so that it ends. */
#define FOREIGN_MAX 256

struct netlink {
	struct vn_cal_transport transport;
	struct mnl_socket *nl;
	uint32_t card;
};

static struct netlink *of(const struct vn_cal_transport *t)
{
	return vn_container_of(t, struct netlink, transport);
}

static int netlink_send(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
			size_t len)
{
	const struct netlink *n = of(t);
	const struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_pid = (to == VN_CAL_DATA ? CAL_PORT_DATA : CAL_PORT_CONTROL) + n->card,
	};
	int flags = to == VN_CAL_DATA ? 0 : MSG_DONTWAIT;
	ssize_t sent;

	do
		sent = sendto(mnl_socket_get_fd(n->nl), bytes, len, flags,
			      (const struct sockaddr *)&addr, sizeof(addr));
	while (sent < 0 && errno == EAGAIN && to == VN_CAL_DATA); /* SEND_S has passed */
	return sent < 0 ? -errno : 0;
}

static uint64_t netlink_now(struct vn_cal_transport *t)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static bool is_drivers(const struct netlink *n, const struct sockaddr_nl *from)
{
	return from->nl_family == AF_NETLINK && (from->nl_pid == CAL_PORT_DATA + n->card ||
						 from->nl_pid == CAL_PORT_CONTROL + n->card);
}

/* 1: something is there, 0: not by then, -errno. */
static int wait_for_datagram(struct netlink *n, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = mnl_socket_get_fd(n->nl), .events = POLLIN };
	uint64_t now_ns = netlink_now(&n->transport);
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	const struct timespec ts = {
		.tv_sec = (time_t)(left_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(left_ns % VN_NSEC_PER_SEC),
	};
	int rc = ppoll(&p, 1, deadline_ns == UINT64_MAX ? NULL : &ts, NULL);

	return rc < 0 ? -errno : rc;
}

/* Its length, 0: it is somebody else's, or longer than the protocol allows; -errno. */
static ssize_t take_datagram(struct netlink *n, void *bytes, size_t cap)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(mnl_socket_get_fd(n->nl), bytes, cap, MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);

	if (len < 0)
		return -errno;
	return is_drivers(n, &from) && (size_t)len <= cap ? len : 0;
}

static ssize_t netlink_recv(struct vn_cal_transport *t, void *bytes, size_t cap,
			    uint64_t timeout_ns)
{
	uint64_t now_ns = netlink_now(t);
	uint64_t deadline_ns = timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
	struct netlink *n = of(t);

	for (unsigned int foreign = 0;;) {
		ssize_t len = take_datagram(n, bytes, cap);

		if (len > 0 || (len < 0 && len != -EAGAIN))
			return len;
		if (len == 0) {
			if (++foreign >= FOREIGN_MAX && netlink_now(t) >= deadline_ns)
				return 0;
			continue;
		}
		len = timeout_ns ? wait_for_datagram(n, deadline_ns) : 0;
		if (len <= 0)
			return len;
	}
}

static int netlink_fd(const struct vn_cal_transport *t)
{
	return mnl_socket_get_fd(of(t)->nl);
}

static void netlink_close(struct vn_cal_transport *t)
{
	mnl_socket_close(of(t)->nl);
	free(of(t));
}

static void set_options(int fd)
{
	const struct timeval limit = { .tv_sec = SEND_S };
	const int bytes = ROOM_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	/* More than is usual if this process may, else as much as it may. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

/*
 * A port id that the kernel chooses. Its first choice is the number of the process, which is free
 * again for the next connection when this one is closed, and the driver may have things to say to
 * this one yet; so that id is held meanwhile.
 */
static int open_socket(struct netlink *n)
{
	struct mnl_socket *first = mnl_socket_open2(CAL_NETLINK_FAMILY, SOCK_CLOEXEC);
	int ret = 0;

	n->nl = mnl_socket_open2(CAL_NETLINK_FAMILY, SOCK_CLOEXEC);
	if (!first || !n->nl || mnl_socket_bind(first, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_bind(n->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		ret = -errno;
	if (first)
		mnl_socket_close(first);
	if (ret && n->nl)
		mnl_socket_close(n->nl);
	return ret;
}

int vn_cal_netlink_open(unsigned int card, struct vn_cal_transport **out, struct vn_err *err)
{
	struct netlink *n;
	int ret;

	*out = NULL;
	if (card >= CAL_CARDS_MAX)
		return vn_err_set(err, EINVAL, "card %u: 0 to %u are possible", card,
				  CAL_CARDS_MAX - 1);
	n = calloc(1, sizeof(*n));
	if (!n)
		return vn_err_set(err, ENOMEM, "no memory for a connection");
	n->card = card;
	n->transport = (struct vn_cal_transport){ netlink_send, netlink_recv, netlink_now,
						  netlink_fd, netlink_close };
	ret = open_socket(n);
	if (ret) {
		free(n);
		return vn_err_set(err, -ret, "NetLink: no socket: %s", strerror(-ret));
	}
	set_options(mnl_socket_get_fd(n->nl));
	*out = &n->transport;
	return 0;
}
