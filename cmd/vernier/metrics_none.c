/* SPDX-License-Identifier: BSD-2-Clause */
/* In the place of metrics_http.c, in a build without libmicrohttpd. */
#include "metrics_http.h"

#include <errno.h>
#include <unistd.h>

bool vn_metrics_http_is_there(struct vn_err *err)
{
	vn_err_set(err, ENOTSUP,
		   "--metrics: this vernier was built without libmicrohttpd (meson -Dmetrics)");
	return false;
}

int vn_metrics_http_open(int fd, vn_metrics_page page, void *arg, struct vn_metrics_http **out,
			 struct vn_err *err)
{
	*out = NULL;
	close(fd);
	vn_metrics_http_is_there(err);
	return -ENOTSUP;
}

void vn_metrics_http_close(struct vn_metrics_http *h)
{
}
