/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thread serves all connections in turn, so that many who ask share one
 * CPU at most. Connections are few, their memory is small and an idle one is
 * closed: who connects and says nothing costs a place, for a short time.
 */
#include "metrics_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "metrics_text.h"

#define CONNECTIONS_MAX	 16
#define IDLE_S		 5
#define CONNECTION_BYTES 8192 /* a request's line and headers */

static const char home[] = "vernier: see /metrics\n";
static const char not_found[] = "There is /metrics, and nothing else.\n";
static const char not_allowed[] = "GET and HEAD only.\n";

struct vn_metrics_http {
	struct MHD_Daemon *daemon;
	vn_metrics_page page;
	void *arg;
};

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned int status,
				     const char *type, struct MHD_Response *r)
{
	enum MHD_Result rc;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned int status, const char *text)
{
	return send_response(c, status, "text/plain; charset=utf-8",
			     MHD_create_response_from_buffer(strlen(text), (void *)text,
							     MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_metrics(struct vn_metrics_http *h, struct MHD_Connection *c)
{
	size_t len;
	char *text = h->page(h->arg, &len);
	struct MHD_Response *r;

	if (!text)
		return send_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "Out of memory.\n");
	r = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!r)
		free(text);
	return send_response(c, MHD_HTTP_OK, VN_METRICS_TYPE, r);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *body,
			      size_t *body_len, void **state)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return send_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, not_allowed);
	if (!strcmp(url, "/metrics"))
		return send_metrics(arg, c);
	if (!strcmp(url, "/"))
		return send_text(c, MHD_HTTP_OK, home);
	return send_text(c, MHD_HTTP_NOT_FOUND, not_found);
}

bool vn_metrics_http_is_there(struct vn_err *err)
{
	return true;
}

int vn_metrics_http_open(int fd, vn_metrics_page page, void *arg, struct vn_metrics_http **out,
			 struct vn_err *err)
{
	struct vn_metrics_http *h = calloc(1, sizeof(*h));

	*out = NULL;
	if (!h) {
		close(fd);
		return vn_err_set(err, ENOMEM, "out of memory");
	}
	h->page = page;
	h->arg = arg;
	h->daemon = MHD_start_daemon(
		MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, h,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (!h->daemon) {
		free(h);
		return vn_err_set(err, EIO, "--metrics: the HTTP server could not be started");
	}
	*out = h;
	return 0;
}

void vn_metrics_http_close(struct vn_metrics_http *h)
{
	if (!h)
		return;
	MHD_stop_daemon(h->daemon);
	free(h);
}
