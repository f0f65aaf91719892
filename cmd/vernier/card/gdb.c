/* SPDX-License-Identifier: BSD-2-Clause */
#include "gdb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "nt/gdbstub.h"

/* So long at most until a signal is heard while the card stands. */
#define LOOK_MS 50

/* What card_run points at. */
struct card_gdb {
	struct card_run *run;
	int listener, fd;	 /* -1: none */
	struct sockaddr_un addr; /* of a socket in the file system; "" otherwise */
	struct vn_nt_gdb *stub;	 /* NULL: nobody is there */
	bool has_begun;		 /* somebody was there */
	bool is_over;		 /* a debugger that has left saw the run end, */
	enum vn_nt_stop over;	 /* like this */
	size_t n_bytes, taken;	 /* of what follows */
	uint8_t bytes[4096];	 /* received */
};

/* -- Listening ------------------------------------------------------------------ */

static int listen_at(struct card_gdb *g, const void *addr, socklen_t len)
{
	int family = ((const struct sockaddr *)addr)->sa_family;
	int one = 1;

	g->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g->listener < 0)
		return -errno;
	setsockopt(g->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(g->listener, addr, len) || listen(g->listener, 1))
		return -errno;
	return 0;
}

static int listen_on_port(struct card_gdb *g, const char *where, struct vn_err *err)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int r;

	addr.sin_port = htons((uint16_t)g->run->s.gdb_port);
	r = listen_at(g, &addr, len);
	if (!r && getsockname(g->listener, (struct sockaddr *)&addr, &len))
		r = -errno;
	if (r)
		return vn_err_set(err, -r, "-gdb %s: %s", where, strerror(-r));
	if (!g->run->s.is_quiet)
		fprintf(stderr,
			"vernier: card: waiting for a debugger: target remote 127.0.0.1:%u\n",
			ntohs(addr.sin_port));
	return 0;
}

/* A socket that nobody listens on is what a dead card left. (A file that is no socket
 * refuses connections, too.) */
static bool is_left_over(const struct sockaddr_un *addr)
{
	struct stat st;
	bool is_refused;
	int fd;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	is_refused = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
		     errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return is_refused;
}

static int listen_on_path(struct card_gdb *g, const char *where, struct vn_err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	if (!*where || strlen(where) >= sizeof(addr.sun_path))
		return vn_err_set(err, EINVAL,
				  "-gdb %s: a port number, or a path of 1 to %zu bytes", where,
				  sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, where, strlen(where));
	if (is_left_over(&addr))
		unlink(where);
	mask = umask(0177); /* a debugger may do anything to the card */
	r = listen_at(g, &addr, sizeof(addr));
	umask(mask);
	if (r)
		return vn_err_set(err, -r, "-gdb %s: %s", where, strerror(-r));
	g->addr = addr;
	if (!g->run->s.is_quiet)
		fprintf(stderr, "vernier: card: waiting for a debugger: target remote %s\n", where);
	return 0;
}

/* -- The connection --------------------------------------------------------------- */

/* It leaves, or is lost: without breakpoints the card goes on. */
static void leave(struct card_gdb *g)
{
	if (g->stub)
		g->is_over = vn_nt_gdb_is_over(g->stub, &g->over);
	vn_nt_gdb_free(g->stub);
	g->stub = NULL;
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	g->n_bytes = g->taken = 0;
}

static void welcome(struct card_gdb *g)
{
	struct vn_err err;
	int one = 1;

	g->fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);
	if (g->fd < 0)
		return;
	setsockopt(g->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* not of a path's */
	g->has_begun = true;
	if (vn_nt_gdb_new(g->run->card, &g->stub, &err))
		leave(g);
}

static void send_output(struct card_gdb *g)
{
	const char *from;
	size_t len;
	ssize_t n;

	from = vn_nt_gdb_output(g->stub, &len);
	while (len > 0) {
		n = send(g->fd, from, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* it has gone: the next receive says so */
		from += n;
		len -= (size_t)n;
	}
}

static bool receive(struct card_gdb *g)
{
	ssize_t n = recv(g->fd, g->bytes, sizeof(g->bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	g->taken = 0;
	g->n_bytes = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void listen_to(struct card_gdb *g)
{
	if (g->taken == g->n_bytes && !receive(g)) {
		leave(g);
		return;
	}
	while (g->taken < g->n_bytes) {
		g->taken += vn_nt_gdb_input(g->stub, g->bytes + g->taken, g->n_bytes - g->taken);
		send_output(g);
	}
	if (vn_nt_gdb_state(g->stub) == VN_NT_GDB_DETACHED)
		leave(g);
}

/* Does what there is to do; waits a while for something. */
static void serve(struct card_gdb *g, int wait_ms)
{
	struct pollfd p = { .fd = g->stub ? g->fd : g->listener, .events = POLLIN };

	if (poll(&p, 1, wait_ms) <= 0)
		return;
	if (g->stub)
		listen_to(g);
	else
		welcome(g);
}

/* -- The run ------------------------------------------------------------------------ */

static bool is_halted(const struct card_gdb *g)
{
	return g->stub ? vn_nt_gdb_state(g->stub) == VN_NT_GDB_HALTED : !g->has_begun;
}

static bool is_interrupted(const struct card_gdb *g)
{
	return atomic_load_explicit(&g->run->stop_word, memory_order_acquire);
}

/* Until the debugger lets the card go on. */
static void stand(struct card_gdb *g)
{
	card_outputs_flush_text(&g->run->out); /* who looks at the program looks at these, too */
	card_outputs_flush(&g->run->out);
	while (is_halted(g) && !is_interrupted(g))
		serve(g, LOOK_MS);
	if (g->run->s.is_real_time)
		card_pace_hold(&g->run->pace, vn_nt_card_cycle(g->run->card));
}

/* In the place of the card's own run. Where it halts the slice ends early, so that what the
 * program did until then is written. */
static enum vn_nt_stop go(void *arg, struct vn_nt_card *card, uint64_t until)
{
	struct card_gdb *g = arg;
	enum vn_nt_stop stop;

	serve(g, 0);
	if (is_halted(g))
		stand(g);
	if (is_interrupted(g))
		return VN_NT_STOP_UNTIL;
	if (!g->stub)
		return g->is_over ? g->over : vn_nt_card_run(card, until);
	if (vn_nt_gdb_state(g->stub) == VN_NT_GDB_KILLED)
		return VN_NT_STOP_ENDED;
	stop = vn_nt_gdb_run(g->stub, until);
	send_output(g);
	return is_halted(g) ? VN_NT_STOP_UNTIL : stop;
}

int card_gdb_open(struct card_run *r, struct vn_err *err)
{
	const char *where = r->s.gdb;
	struct card_gdb *g;
	int rc;

	if (!where)
		return 0;
	g = calloc(1, sizeof(*g));
	if (!g)
		return vn_err_set(err, ENOMEM, "no memory for a debugger");
	g->listener = g->fd = -1;
	g->run = r;
	rc = r->s.gdb_is_port ? listen_on_port(g, where, err) : listen_on_path(g, where, err);
	r->gdb = g;
	if (!rc) {
		r->go = go;
		r->go_arg = g;
	}
	return rc;
}

void card_gdb_close(struct card_run *r, int status)
{
	struct card_gdb *g = r->gdb;

	if (!g)
		return;
	if (g->stub) {
		vn_nt_gdb_exited(g->stub, status);
		send_output(g);
	}
	leave(g);
	if (g->listener >= 0)
		close(g->listener);
	if (*g->addr.sun_path)
		unlink(g->addr.sun_path);
	free(g);
	r->gdb = NULL;
}
