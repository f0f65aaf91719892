/* SPDX-License-Identifier: BSD-2-Clause */
#include "server.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/macros.h"

#define BACKLOG 8
#define BUDGET	64 /* packets of a client at a time */

/* --- clients --------------------------------------------------------------------- */

static struct card_client *to_client(struct vn_nt_cardclient *client)
{
	return vn_container_of(client, struct card_client, client);
}

static void take_nobody(struct card_client *c)
{
	*c = (struct card_client){ .fd = -1 };
	c->last = &c->first;
}

static void close_client(struct card_server *s, struct card_client *c)
{
	vn_nt_cardserve_leave(s->serve, &c->client);
	close(c->fd);
	while (c->first) {
		struct card_packet *p = c->first;

		c->first = p->next;
		free(p);
	}
	take_nobody(c);
}

static void keep(struct card_client *c, const uint8_t *head, const struct vn_nt_cardmsg *msg)
{
	size_t len = VN_NT_CARDMSG_HEAD + msg->len;
	struct card_packet *p = NULL;

	if (c->waiting + len <= CARD_CLIENT_BYTES)
		p = malloc(sizeof(*p) + len);
	if (!p) {
		c->is_lost = true;
		return;
	}
	p->next = NULL;
	p->len = len;
	memcpy(p->bytes, head, VN_NT_CARDMSG_HEAD);
	if (msg->len)
		memcpy(p->bytes + VN_NT_CARDMSG_HEAD, msg->data, msg->len);
	*c->last = p;
	c->last = &p->next;
	c->waiting += len;
}

/* Whether a packet went; one that did not may wait, or the client is lost. */
static bool send_now(struct card_client *c, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };

	if (sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	c->is_lost = errno != EAGAIN && errno != ENOBUFS && errno != EINTR;
	return false;
}

static void send_message(struct vn_nt_cardclient *client, const struct vn_nt_cardmsg *msg)
{
	struct card_client *c = to_client(client);
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct iovec iov[2] = {
		{ head, sizeof(head) },
		{ (void *)(uintptr_t)msg->data, msg->len },
	};

	if (c->is_lost)
		return;
	vn_nt_cardmsg_encode(msg, head);
	if (c->first || !send_now(c, iov, 2))
		keep(c, head, msg);
}

static void send_kept(struct card_client *c)
{
	while (c->first && !c->is_lost) {
		struct card_packet *p = c->first;
		struct iovec iov = { p->bytes, p->len };

		if (!send_now(c, &iov, 1))
			return;
		c->waiting -= p->len;
		c->first = p->next;
		if (!c->first)
			c->last = &c->first;
		free(p);
	}
}

static void hear(struct card_server *s, struct card_client *c)
{
	for (unsigned int i = 0; i < BUDGET && !c->is_lost; i++) {
		ssize_t n = recv(c->fd, s->packet, sizeof(s->packet), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || !vn_nt_cardserve_packet(s->serve, &c->client, s->packet, (size_t)n))
			c->is_lost = true;
	}
}

static struct card_client *free_client(struct card_server *s)
{
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	return NULL;
}

static void take_new(struct card_server *s)
{
	struct card_client *c;

	while ((c = free_client(s))) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		c->fd = fd;
		c->age = s->n_came++;
		c->client.send = send_message;
		vn_nt_cardserve_join(&c->client);
	}
}

/* Of those from this age on. */
static struct card_client *oldest(struct card_server *s, uint64_t age)
{
	struct card_client *best = NULL;

	for (unsigned int i = 0; i < CARD_CLIENTS; i++) {
		struct card_client *c = &s->clients[i];

		if (c->fd >= 0 && c->age >= age && (!best || c->age < best->age))
			best = c;
	}
	return best;
}

/* One question for all of them, since it is asked each slice: an accept() that finds nobody costs
 * as much as a packet. */
static bool has_work(const struct card_server *s)
{
	struct pollfd fds[CARD_CLIENTS + 1];

	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		if (s->clients[i].fd >= 0 && (s->clients[i].first || s->clients[i].is_lost))
			return true;
	return poll(fds, card_server_fds(s, fds), 0) > 0;
}

/* In the order in which they came: who comes when another has gone finds the role free. */
void card_server_run(struct card_server *s)
{
	struct card_client *c;
	uint64_t age = 0;

	if (s->fd < 0 || !has_work(s))
		return;
	take_new(s);
	while ((c = oldest(s, age))) {
		age = c->age + 1;
		hear(s, c);
		send_kept(c);
		if (c->is_lost)
			close_client(s, c);
	}
}

static const struct card_client *driver_of(const struct card_server *s)
{
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		if (s->clients[i].fd >= 0 && s->clients[i].client.role == VN_NT_ROLE_DRIVER)
			return &s->clients[i];
	return NULL;
}

bool card_server_awaits_driver(const struct card_server *s)
{
	const struct card_client *c = driver_of(s);
	int unread = 0, unheard = 0;

	if (!c || ioctl(c->fd, SIOCOUTQ, &unread))
		return false;
	if (unread)
		return true;
	return vn_nt_cardserve_awaits_driver(s->serve) && !ioctl(c->fd, SIOCINQ, &unheard) &&
	       !unheard;
}

unsigned int card_server_fds(const struct card_server *s, struct pollfd *fds)
{
	unsigned int n = 0;

	if (s->fd < 0)
		return 0;
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = s->clients[i].fd, .events = POLLIN };
	if (n < CARD_CLIENTS)
		fds[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	return n;
}

/* --- the socket -------------------------------------------------------------------- */

/* Somebody answers there. */
static bool is_in_use(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return rc != ECONNREFUSED;
}

static int clear_path(const struct sockaddr_un *addr, struct vn_err *err)
{
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return 0; /* bind says what else is wrong */
	if (!S_ISSOCK(st.st_mode))
		return vn_err_set(err, EEXIST, "-card %s: is there already, and no socket",
				  addr->sun_path);
	if (is_in_use(addr))
		return vn_err_set(err, EADDRINUSE, "-card %s: another card has this socket",
				  addr->sun_path);
	unlink(addr->sun_path);
	return 0;
}

static int listen_on(struct card_server *s, const char *path, struct vn_err *err)
{
	size_t len = strlen(path);
	mode_t mask;
	int rc;

	s->addr.sun_family = AF_UNIX;
	if (!len || len >= sizeof(s->addr.sun_path))
		return vn_err_set(err, EINVAL, "-card %s: the path of a socket has 1 to %zu bytes",
				  path, sizeof(s->addr.sun_path) - 1);
	memcpy(s->addr.sun_path, path, len + 1);
	rc = clear_path(&s->addr, err);
	if (rc)
		return rc;
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mask = umask(0177); /* whoever may write to it can run programs */
	rc = s->fd < 0 || bind(s->fd, (struct sockaddr *)&s->addr, sizeof(s->addr)) ? -errno : 0;
	umask(mask);
	if (!rc && listen(s->fd, BACKLOG))
		rc = -errno;
	return rc ? vn_err_set(err, -rc, "-card %s: %s", path, strerror(-rc)) : 0;
}

int card_server_open(struct card_server *s, const char *path, struct vn_nt_card *card,
		     const struct vn_nt_cardserve_ops *ops, void *arg, struct vn_err *err)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		take_nobody(&s->clients[i]);
	if (!path)
		return 0;
	rc = listen_on(s, path, err);
	if (!rc && vn_nt_cardserve_new(card, ops, arg, &s->serve)) {
		unlink(path);
		rc = vn_err_set(err, ENOMEM, "-card %s: no memory", path);
	}
	if (rc && s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
	}
	return rc;
}

void card_server_close(struct card_server *s)
{
	if (s->fd < 0)
		return;
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			close_client(s, &s->clients[i]);
	vn_nt_cardserve_free(s->serve);
	close(s->fd);
	unlink(s->addr.sun_path);
	s->fd = -1;
}
