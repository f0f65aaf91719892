/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP part of --metrics. metrics_http.c is built with libmicrohttpd;
 * without it metrics_none.c is, which only says that it is missing.
 */
#ifndef VN_CMD_METRICS_HTTP_H
#define VN_CMD_METRICS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct vn_metrics_http;

/* The body of /metrics, which the caller frees; NULL when there is no memory. */
typedef char *(*vn_metrics_page)(void *arg, size_t *len);

/* False: built without, and *err says so. */
bool vn_metrics_http_is_there(struct vn_err *err);

/* Answers on a listening socket, which it owns, in a thread of its own.
 * 0 or -errno with a sentence. */
int vn_metrics_http_open(int fd, vn_metrics_page page, void *arg, struct vn_metrics_http **out,
			 struct vn_err *err);
/* Ends the thread and all connections. NULL accepted. */
void vn_metrics_http_close(struct vn_metrics_http *h);

#endif
