/* SPDX-License-Identifier: BSD-2-Clause */
/* A conversation with the system about its interfaces; see rtnl.h. */
#include "dev/rtnl.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

int vn_rtnl_open(struct vn_rtnl *r)
{
	*r = (struct vn_rtnl){ .nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC) };
	if (!r->nl)
		return -errno;
	if (mnl_socket_bind(r->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	r->buf = malloc(VN_RTNL_BYTES);
	return r->buf ? 0 : -ENOMEM;
}

void vn_rtnl_close(struct vn_rtnl *r)
{
	if (r->nl)
		mnl_socket_close(r->nl);
	free(r->buf);
	*r = (struct vn_rtnl){ 0 };
}

int vn_rtnl_talk(struct vn_rtnl *r, struct nlmsghdr *req, mnl_cb_t on_message, void *arg)
{
	unsigned int portid = mnl_socket_get_portid(r->nl);
	int rc = MNL_CB_OK;

	req->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->nl, req, req->nlmsg_len) < 0)
		return -errno;
	while (rc > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(r->nl, r->buf, VN_RTNL_BYTES);

		if (n < 0)
			return -errno;
		rc = mnl_cb_run(r->buf, (size_t)n, r->seq, portid, on_message, arg);
		if (rc < 0)
			return -errno;
		/* A single answer has no end message of its own. */
		if (!(req->nlmsg_flags & NLM_F_DUMP))
			break;
	}
	return 0;
}
