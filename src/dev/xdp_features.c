/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which parts of XDP an interface has: generic netlink, family "netdev". Its
 * numbers are written down here, since they are younger than the headers of
 * many systems.
 */
#include "dev/xdp_features.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define FAMILY "netdev"
enum { CMD_DEV_GET = 1 };
enum { ATTR_DEV_IFINDEX = 1, ATTR_DEV_XDP_FEATURES = 3, ATTR_DEV_XSK_FEATURES = 6 };

struct answer {
	uint16_t attr; /* looked for */
	bool is_there;
	uint64_t value;
};

static int on_attr(const struct nlattr *attr, void *arg)
{
	struct answer *a = arg;

	if (mnl_attr_get_type(attr) != a->attr)
		return MNL_CB_OK;
	a->is_there = true;
	a->value = mnl_attr_get_payload_len(attr) == sizeof(uint64_t) ? mnl_attr_get_u64(attr)
								      : mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *nlh, void *arg)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_attr, arg);
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(char *buf, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

/* Asks, and looks for one attribute of the answer. 0 or -errno. */
static int ask(struct mnl_socket *nl, struct nlmsghdr *nlh, uint16_t attr, uint64_t *out)
{
	struct answer a = { .attr = attr };
	char buf[8192];
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(nl), on_message, &a);
	} while (rc > MNL_CB_STOP);
	if (rc < 0)
		return -errno;
	*out = a.value;
	return a.is_there ? 0 : -EOPNOTSUPP;
}

static int query(struct mnl_socket *nl, int ifindex, uint16_t attr, uint64_t *out)
{
	char buf[1024];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint64_t family;
	int rc;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, FAMILY);
	rc = ask(nl, nlh, CTRL_ATTR_FAMILY_ID, &family);
	if (rc)
		return -EOPNOTSUPP;
	nlh = begin(buf, (uint16_t)family, CMD_DEV_GET);
	mnl_attr_put_u32(nlh, ATTR_DEV_IFINDEX, (uint32_t)ifindex);
	return ask(nl, nlh, attr, out);
}

static int features(int ifindex, uint16_t attr, uint64_t *out)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int rc;

	if (!nl)
		return -errno;
	rc = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ? -errno : query(nl, ifindex, attr, out);
	mnl_socket_close(nl);
	return rc;
}

int vn_xdp_features(int ifindex, uint64_t *out)
{
	return features(ifindex, ATTR_DEV_XDP_FEATURES, out);
}

int vn_xsk_features(int ifindex, uint64_t *out)
{
	return features(ifindex, ATTR_DEV_XSK_FEATURES, out);
}
