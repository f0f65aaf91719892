/* SPDX-License-Identifier: BSD-2-Clause */
#include "cardclient.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path, struct vn_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, rc;

	if (len == 0 || len >= sizeof(addr.sun_path))
		return vn_err_set(err, EINVAL, "card socket \"%s\": 1 to %zu characters are taken",
				  path, sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, len);
	/* Where many wait already, one that waits with them may do so for ever. */
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return vn_err_set(err, errno, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && !fcntl(fd, F_SETFL, 0))
		return fd;
	rc = vn_err_set(err, errno, "card socket %s: %s (vernier card -card %s opens one)", path,
			strerror(errno), path);
	close(fd);
	return rc;
}

int vn_cardclient_attach(struct vn_cardclient *client, int fd, struct vn_err *err)
{
	client->fd = fd;
	client->packet = malloc(VN_NT_CARDMSG_MAX);
	if (client->packet)
		return 0;
	vn_cardclient_close(client);
	return vn_err_set(err, ENOMEM, "out of memory");
}

int vn_cardclient_open(struct vn_cardclient *client, const char *path, struct vn_err *err)
{
	int fd = connect_to(path, err);

	*client = (struct vn_cardclient){ .fd = -1 };
	return fd < 0 ? fd : vn_cardclient_attach(client, fd, err);
}

void vn_cardclient_close(struct vn_cardclient *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->packet);
	*client = (struct vn_cardclient){ .fd = -1 };
}

static int say(struct vn_cardclient *client, const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct iovec parts[] = {
		{ head, sizeof(head) },
		{ (void *)msg->data, msg->len },
	};
	const struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 2 };

	vn_nt_cardmsg_encode(msg, head);
	while (sendmsg(client->fd, &packet, MSG_NOSIGNAL) < 0) {
		if (errno == EPIPE) /* what it said before it went says why */
			return 0;
		if (errno != EINTR)
			return vn_err_set(err, errno, "card socket: %s", strerror(errno));
	}
	return 0;
}

static int hear(struct vn_cardclient *client, struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	ssize_t n;

	do {
		n = recv(client->fd, client->packet, VN_NT_CARDMSG_MAX, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return vn_err_set(err, errno, "card socket: %s", strerror(errno));
	if (n == 0)
		return vn_err_set(err, ECONNRESET, "the card went away");
	return vn_nt_cardmsg_decode(msg, VN_NT_ROLE_CARD, client->packet, (size_t)n, err);
}

/* The card's own error; of which, a number that is none counts as EPROTO. */
static int refused(const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	int error = msg->a > 0 && msg->a < 4096 ? (int)msg->a : EPROTO;

	if (msg->len == 0)
		return vn_err_set(err, error, "the card refused: %s", strerror(error));
	return vn_err_set(err, error, "%.*s", (int)msg->len, (const char *)msg->data);
}

static enum vn_nt_cardmsg_op answer_of(enum vn_nt_cardmsg_op op)
{
	return op == VN_NT_CARD_REG_READ ? VN_NT_CARD_REG_VALUE : op;
}

int vn_cardclient_ask(struct vn_cardclient *client, const struct vn_nt_cardmsg *request,
		      struct vn_nt_cardmsg *answer, struct vn_err *err)
{
	int rc = say(client, request, err);

	do {
		if (!rc)
			rc = hear(client, answer, err);
	} while (!rc && !(answer->flags & VN_NT_CARDMSG_REPLY));
	if (rc < 0)
		return rc;
	if (answer->op == VN_NT_CARD_ERROR)
		return refused(answer, err);
	if (answer->op != answer_of(request->op))
		return vn_err_set(err, EPROTO, "the card answered %s with %s",
				  vn_nt_cardmsg_name(request->op), vn_nt_cardmsg_name(answer->op));
	return 0;
}
