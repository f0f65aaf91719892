/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket side of the control tree, both ends of it. A thread for each
 * connection: a client that waits for its run keeps one, as a writer of the
 * file pgctrl does.
 */
#include "ctl/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/text.h"

#define HEAD 8      /* bytes of a request before the name */
#define NAME_MAX_LEN 255
#define BACKLOG 64

struct client {
	struct client *next;
	struct vn_socket_server *server;
	int fd;
	pthread_t thread;
	bool is_done;     /* under the server's lock: the thread may be joined */
};

struct vn_socket_server {
	struct vn_tree *tree;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "" when abstract */
	pthread_t thread;
	pthread_mutex_t lock;
	struct client *clients; /* under lock */
	_Atomic bool is_closing;
};

/* The protocol's byte order, whatever the machine's. */
static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int make_address(const char *name, struct sockaddr_un *addr, socklen_t *len,
			struct vn_err *err)
{
	bool is_path = strchr(name, '/');
	size_t n = strlen(name);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n == 0 || n + 1 >= sizeof(addr->sun_path))
		return vn_err_set(err, EINVAL,
				  "socket \"%s\": 1 to %zu characters are accepted", name,
				  sizeof(addr->sun_path) - 2);
	memcpy(addr->sun_path + !is_path, name, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	return 0;
}

/* Root and our own user; nobody else, on either side. */
static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

/* --- server: one connection ----------------------------------------------------------- */

struct request {
	uint32_t op;
	char name[NAME_MAX_LEN + 1];
	const char *data;
	size_t len;
};

static bool take_apart(const uint8_t *msg, size_t n, struct request *r)
{
	uint32_t name_len;

	if (n < HEAD)
		return false;
	r->op = get_le32(msg);
	name_len = get_le32(msg + 4);
	if (name_len > NAME_MAX_LEN || name_len > n - HEAD)
		return false;
	memcpy(r->name, msg + HEAD, name_len);
	r->name[name_len] = '\0';
	r->data = (const char *)msg + HEAD + name_len;
	r->len = n - HEAD - name_len;
	return true;
}

static int list_name(void *arg, const char *name, uint64_t file)
{
	vn_text_add(arg, "%s\n", name);
	return 0;
}

/* While a write is at work: did the client say stop, or go away? */
static bool is_interrupted(void *arg)
{
	const struct client *c = arg;
	uint8_t head[HEAD];
	ssize_t n = recv(c->fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return true;
	return n >= 4 && get_le32(head) == VN_SOCKET_INTERRUPT;
}

static ssize_t answer_list(struct vn_tree *tree, char *out, size_t cap, size_t *got)
{
	struct vn_text text;
	int rc;

	vn_text_init(&text, out, cap);
	rc = vn_tree_list(tree, list_name, &text);
	*got = text.len;
	return rc;
}

static ssize_t answer(struct client *c, const struct request *r, char *out, size_t cap, size_t *got)
{
	const struct vn_tree_writer who = { is_interrupted, c, true };
	struct vn_tree *tree = c->server->tree;
	uint64_t file;
	ssize_t n;

	*got = 0;
	if (r->op == VN_SOCKET_LIST)
		return answer_list(tree, out, cap, got);
	if (r->op != VN_SOCKET_READ && r->op != VN_SOCKET_WRITE)
		return -EPROTO;
	file = vn_tree_lookup(tree, r->name);
	if (!file)
		return -ENOENT;
	if (r->op == VN_SOCKET_WRITE)
		return vn_tree_write(tree, file, r->data, r->len, &who);
	n = vn_tree_read(tree, file, out, cap);
	*got = n < 0 ? 0 : (size_t)n;
	return n;
}

/* Until the client goes: one request, one answer. */
static void converse(struct client *c, uint8_t *in, char *out)
{
	struct request r;
	ssize_t n;
	size_t got;

	for (;;) {
		n = recv(c->fd, in, VN_SOCKET_MAX, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !take_apart(in, (size_t)n, &r))
			return;
		if (r.op == VN_SOCKET_INTERRUPT) /* it came too late */
			continue;
		n = answer(c, &r, out + 4, VN_SOCKET_MAX - 4, &got);
		put_le32((uint8_t *)out, (uint32_t)(int32_t)n);
		if (send(c->fd, out, 4 + got, MSG_NOSIGNAL) < 0)
			return;
	}
}

static void *serve_client(void *arg)
{
	struct client *c = arg;
	uint8_t *in = malloc(VN_SOCKET_MAX);
	char *out = malloc(VN_SOCKET_MAX);

	vn_thread_name("vn-client");
	if (in && out)
		converse(c, in, out);
	free(in);
	free(out);
	pthread_mutex_lock(&c->server->lock);
	shutdown(c->fd, SHUT_RDWR);
	c->is_done = true;
	pthread_mutex_unlock(&c->server->lock);
	return NULL;
}

/* --- server: connections ------------------------------------------------------------------ */

/* Joins those that are done, or all. */
static void reap(struct vn_socket_server *s, bool all)
{
	struct client **at = &s->clients, *c;

	pthread_mutex_lock(&s->lock);
	while ((c = *at)) {
		if (!all && !c->is_done) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		shutdown(c->fd, SHUT_RD); /* interrupts; the answer still goes out */
		pthread_mutex_unlock(&s->lock);
		pthread_join(c->thread, NULL);
		close(c->fd);
		free(c);
		pthread_mutex_lock(&s->lock);
		at = &s->clients;
	}
	pthread_mutex_unlock(&s->lock);
}

static void admit(struct vn_socket_server *s, int fd)
{
	/* A client that does not read its answers may not keep the server from ending. */
	static const struct timeval patience = { .tv_sec = 1 };
	struct client *c = calloc(1, sizeof(*c));

	if (!c || !is_trusted(fd)) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	pthread_mutex_lock(&s->lock);
	if (pthread_create(&c->thread, NULL, serve_client, c)) {
		close(fd);
		free(c);
	} else {
		c->next = s->clients;
		s->clients = c;
	}
	pthread_mutex_unlock(&s->lock);
}

static void *serve(void *arg)
{
	struct vn_socket_server *s = arg;

	vn_thread_name("vn-socket");
	while (!atomic_load_explicit(&s->is_closing, memory_order_relaxed)) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			admit(s, fd);
		reap(s, false);
	}
	return NULL;
}

/* A path that a killed server left is nobody's; one that answers is in use. */
static void clear_path(const struct sockaddr_un *addr, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (lstat(addr->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)addr, len) && errno == ECONNREFUSED)
		unlink(addr->sun_path);
	close(fd);
}

static int listen_on(struct vn_socket_server *s, const char *name, struct vn_err *err)
{
	struct sockaddr_un addr;
	socklen_t len;
	mode_t mask;
	int rc = make_address(name, &addr, &len, err);

	if (rc)
		return rc;
	if (addr.sun_path[0])
		clear_path(&addr, len);
	mask = umask(0177);
	rc = bind(s->fd, (struct sockaddr *)&addr, len) ? -errno : 0;
	umask(mask);
	if (rc == -EADDRINUSE)
		return vn_err_set(err, EADDRINUSE,
				  "socket %s: a server of this network namespace has it (choose "
				  "another with --socket)", name);
	if (rc == 0 && listen(s->fd, BACKLOG))
		rc = -errno;
	if (rc)
		return vn_err_set(err, -rc, "socket %s: %s", name, strerror(-rc));
	if (addr.sun_path[0])
		memcpy(s->path, addr.sun_path, sizeof(s->path));
	return 0;
}

int vn_socket_serve(struct vn_tree *tree, const char *name, struct vn_socket_server **out,
		    struct vn_err *err)
{
	struct vn_socket_server *s = calloc(1, sizeof(*s));
	int rc;

	*out = NULL;
	if (!s)
		return vn_err_set(err, ENOMEM, "socket %s: no memory", name);
	s->tree = tree;
	pthread_mutex_init(&s->lock, NULL);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	rc = s->fd < 0 ? vn_err_set(err, errno, "socket %s: %s", name, strerror(errno)) : 0;
	if (!rc)
		rc = listen_on(s, name, err);
	if (!rc) {
		rc = -pthread_create(&s->thread, NULL, serve, s);
		if (rc)
			vn_err_set(err, -rc, "socket %s: no thread: %s", name, strerror(-rc));
	}
	if (rc) {
		if (s->fd >= 0)
			close(s->fd);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void vn_socket_close(struct vn_socket_server *s)
{
	if (!s)
		return;
	atomic_store_explicit(&s->is_closing, true, memory_order_relaxed);
	shutdown(s->fd, SHUT_RDWR); /* wakes accept */
	pthread_join(s->thread, NULL);
	reap(s, true);
	close(s->fd);
	if (s->path[0])
		unlink(s->path);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- client ------------------------------------------------------------------------------- */

int vn_socket_connect(const char *name, struct vn_err *err)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd, rc;

	rc = make_address(name, &addr, &len, err);
	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vn_err_set(err, errno, "socket %s: %s", name, strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, len)) {
		rc = errno;
		close(fd);
		if (rc == ECONNREFUSED || rc == ENOENT)
			return vn_err_set(err, rc,
					  "socket %s: no server in this network namespace (vernier "
					  "serve starts one)", name);
		return vn_err_set(err, rc, "socket %s: %s", name, strerror(rc));
	}
	if (!is_trusted(fd)) {
		close(fd);
		return vn_err_set(err, EPERM, "socket %s: belongs to another user", name);
	}
	return fd;
}

static int send_request(int fd, enum vn_socket_op op, const char *file, const void *data,
			size_t len)
{
	size_t name_len = file ? strlen(file) : 0;
	uint8_t head[HEAD];
	struct iovec iov[] = {
		{ head, sizeof(head) },
		{ (void *)(uintptr_t)file, name_len },
		{ (void *)(uintptr_t)data, data ? len : 0 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = VN_ARRAY_SIZE(iov) };

	if (name_len > NAME_MAX_LEN)
		return -ENAMETOOLONG;
	if (HEAD + name_len + iov[2].iov_len > VN_SOCKET_MAX)
		return -EMSGSIZE;
	put_le32(head, op);
	put_le32(head + 4, (uint32_t)name_len);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t vn_socket_ask(int fd, enum vn_socket_op op, const char *file, const void *data, size_t len,
		      char *buf, size_t cap, size_t *got, struct vn_err *err)
{
	uint8_t head[4];
	struct iovec iov[] = { { head, sizeof(head) }, { buf, cap } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = VN_ARRAY_SIZE(iov) };
	ssize_t n;
	int rc;

	*got = 0;
	err->text[0] = '\0';
	rc = send_request(fd, op, file, data, len);
	if (rc)
		return vn_err_set(err, -rc, "%s: not sent to the server: %s", file ? file : "list",
				  strerror(-rc));
	do {
		n = recvmsg(fd, &msg, 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(head))
		return vn_err_set(err, n < 0 ? errno : ECONNRESET, "the server is gone");
	*got = (size_t)n - sizeof(head);
	return (int32_t)get_le32(head);
}

void vn_socket_interrupt(int fd)
{
	uint8_t msg[HEAD];

	put_le32(msg, VN_SOCKET_INTERRUPT);
	put_le32(msg + 4, 0);
	(void)send(fd, msg, sizeof(msg), MSG_NOSIGNAL | MSG_DONTWAIT);
}
