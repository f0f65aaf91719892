/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the option to a socket, and from a request to a snapshot. The lock is
 * between the thread that answers and the one that waits for the run; those
 * that send and receive know nothing of it.
 */
#include "metrics.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "metrics_http.h"

#define BACKLOG	  16
#define LOOK_NS	  100000000ull /* how long a signal may wait while lingering */
#define URL_SIZE  96
#define HOST_SIZE 64

struct vn_metrics {
	struct vn_metrics_run run;
	struct vn_metrics_http *http;
	char url[URL_SIZE];
	bool is_loopback, is_any_port;
	pthread_mutex_t lock; /* all below */
	vn_metrics_take take; /* NULL: not begun, or over */
	void *arg;
	char *last; /* the answer when the run is over; owned */
	size_t last_len;
};

/* --- the address ---------------------------------------------------------------- */

/* "PORT", "ADDR:PORT" or "[ADDR]:PORT" cut in two; false when it is none. */
static bool split(const char *where, char host[HOST_SIZE], const char **port)
{
	const char *colon = strrchr(where, ':'), *from = where;
	size_t len;

	if (!colon) {
		snprintf(host, HOST_SIZE, "127.0.0.1");
		*port = where;
		return true;
	}
	len = (size_t)(colon - where);
	*port = colon + 1;
	if (len >= 2 && where[0] == '[' && colon[-1] == ']') {
		from++;
		len -= 2;
	} else if (memchr(where, ':', len)) {
		return false; /* an IPv6 address without brackets */
	}
	if (!len || len >= HOST_SIZE)
		return false;
	snprintf(host, HOST_SIZE, "%.*s", (int)len, from);
	return true;
}

static int resolve(const char *where, struct addrinfo **out, struct vn_err *err)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	char host[HOST_SIZE];
	const char *port;
	uint64_t number;

	if (split(where, host, &port) &&
	    !vn_parse_quantity("port", port, vn_units_none, 0, UINT16_MAX, &number, NULL) &&
	    !getaddrinfo(host, port, &hints, out))
		return 0;
	return vn_err_set(err, EINVAL,
			  "--metrics: \"%s\" is not PORT, ADDR:PORT or [ADDR6]:PORT, with an "
			  "address in numbers and a port of 0 to 65535",
			  where);
}

/* Port 0, however it is written: "0", "[::1]:00". */
static bool ends_in_zero(const char *where)
{
	const char *colon = strrchr(where, ':'), *port = colon ? colon + 1 : where;

	return strspn(port, "0") == strlen(port);
}

static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
}

/* Where it listens in fact, port 0 having become one that was free. */
static int note_place(struct vn_metrics *m, int fd, struct vn_err *err)
{
	struct sockaddr_storage at;
	struct sockaddr *a = (struct sockaddr *)&at;
	socklen_t len = sizeof(at);
	char host[HOST_SIZE], port[8];

	if (getsockname(fd, a, &len) || getnameinfo(a, len, host, sizeof(host), port, sizeof(port),
						    NI_NUMERICHOST | NI_NUMERICSERV))
		return vn_err_set(err, EIO, "--metrics: the socket has no address");
	m->is_loopback = is_loopback(a);
	snprintf(m->url, sizeof(m->url), "http://%s%s%s:%s/metrics",
		 a->sa_family == AF_INET6 ? "[" : "", host, a->sa_family == AF_INET6 ? "]" : "",
		 port);
	return 0;
}

static int listen_at(const char *where, int *out, struct vn_err *err)
{
	struct addrinfo *a;
	int fd, code, on = 1;
	int rc = resolve(where, &a, err);

	if (rc)
		return rc;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A port that the run before has just left is free. */
	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, BACKLOG)) {
		freeaddrinfo(a);
		*out = fd;
		return 0;
	}
	code = errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(a);
	return vn_err_set(err, code, "--metrics: %s: %s", where, strerror(code));
}

/* --- answers -------------------------------------------------------------------- */

static char *render(const struct vn_metrics *m, const struct vn_snapshot *s, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	vn_metrics_write(out, &m->run, s);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *copy_last(const struct vn_metrics *m, size_t *len)
{
	char *text = malloc(m->last_len + 1);

	if (text)
		memcpy(text, m->last, m->last_len);
	*len = m->last_len;
	return text;
}

/* On the thread that answers. */
static char *page(void *arg, size_t *len)
{
	struct vn_metrics *m = arg;
	struct vn_snapshot s;
	char *text = NULL;

	pthread_mutex_lock(&m->lock);
	if (m->last) {
		text = copy_last(m, len);
	} else if (!m->take) {
		text = render(m, NULL, len);
	} else if (!m->take(m->arg, &s)) {
		text = render(m, &s, len);
		vn_snapshot_free(&s);
	}
	pthread_mutex_unlock(&m->lock);
	return text;
}

/* --- life ----------------------------------------------------------------------- */

int vn_metrics_check(const char *where, uint64_t linger_ns, struct vn_err *err)
{
	struct addrinfo *a;
	int rc;

	if (linger_ns && !where)
		return vn_err_set(err, EINVAL, "--metrics-linger: needs --metrics");
	if (!where)
		return 0;
	if (!vn_metrics_http_is_there(err))
		return -ENOTSUP;
	rc = resolve(where, &a, err);
	if (!rc)
		freeaddrinfo(a);
	return rc;
}

int vn_metrics_open(const char *where, const struct vn_metrics_run *run, struct vn_metrics **out,
		    struct vn_err *err)
{
	struct vn_metrics *m;
	int fd = -1, rc;

	*out = NULL;
	if (!where)
		return 0;
	rc = listen_at(where, &fd, err);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m) {
		close(fd);
		return vn_err_set(err, ENOMEM, "out of memory");
	}
	m->run = *run;
	m->is_any_port = ends_in_zero(where);
	pthread_mutex_init(&m->lock, NULL);
	rc = note_place(m, fd, err);
	if (rc)
		close(fd);
	else
		rc = vn_metrics_http_open(fd, page, m, &m->http, err);
	if (rc) {
		vn_metrics_close(m);
		return rc;
	}
	*out = m;
	return 0;
}

void vn_metrics_print(const struct vn_metrics *m, bool is_quiet, FILE *out)
{
	if (!m)
		return;
	if (!is_quiet || m->is_any_port)
		fprintf(out, "metrics: %s\n", m->url);
	if (!is_quiet && !m->is_loopback)
		fputs("warning: whoever reaches this address can read the metrics\n", out);
	fflush(out);
}

void vn_metrics_begin(struct vn_metrics *m, vn_metrics_take take, void *arg)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->take = take;
	m->arg = arg;
	pthread_mutex_unlock(&m->lock);
}

void vn_metrics_end(struct vn_metrics *m, const struct vn_snapshot *last)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->take = NULL;
	free(m->last);
	m->last = render(m, last, &m->last_len);
	pthread_mutex_unlock(&m->lock);
}

void vn_metrics_linger(struct vn_metrics *m, struct vn_clock *clock, uint64_t linger_ns,
		       const struct vn_interrupt *interrupt)
{
	uint64_t now = vn_clock_now(clock), end = now + linger_ns;

	while (m && m->last && now < end && !vn_interrupt_seen(interrupt))
		now = clock->wait(clock, VN_MIN(end, now + LOOK_NS), NULL);
}

void vn_metrics_close(struct vn_metrics *m)
{
	if (!m)
		return;
	vn_metrics_http_close(m->http);
	pthread_mutex_destroy(&m->lock);
	free(m->last);
	free(m);
}
