/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interface look-ups by rtnetlink: one socket per look-up, one request at a
 * time, a table of which attribute goes where. Routes are asked for to know
 * whether an interface is the machine's way out.
 */
#include "dev/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define SPEED_UNKNOWN_MBPS UINT32_MAX
#define DUMP_BYTES 32768 /* the most the kernel puts into one dump message */

struct dialogue {
	struct mnl_socket *nl;
	uint32_t seq;
	struct vn_link *link;
	char kind[32]; /* IFLA_INFO_KIND, "" for hardware */
	char *buf;     /* DUMP_BYTES */
};

/* Sends the request and gives each answer to on_message. */
static int talk(struct dialogue *d, struct nlmsghdr *req, mnl_cb_t on_message)
{
	unsigned int portid = mnl_socket_get_portid(d->nl);
	int rc = MNL_CB_OK;

	req->nlmsg_seq = ++d->seq;
	if (mnl_socket_sendto(d->nl, req, req->nlmsg_len) < 0)
		return -errno;
	while (rc > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(d->nl, d->buf, DUMP_BYTES);

		if (n < 0)
			return -errno;
		rc = mnl_cb_run(d->buf, (size_t)n, d->seq, portid, on_message, d);
		if (rc < 0)
			return -errno;
		/* A single answer has no end message of its own. */
		if (!(req->nlmsg_flags & NLM_F_DUMP))
			break;
	}
	return 0;
}

/* Asks for all objects of a type and family, of which on_message takes what it
 * wants; once more when they changed meanwhile. */
static int dump(struct dialogue *d, uint16_t type, uint8_t family, mnl_cb_t on_message)
{
	char req_buf[64];
	int rc;

	do {
		struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
		struct rtgenmsg *gen;

		req->nlmsg_type = type;
		req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		gen = mnl_nlmsg_put_extra_header(req, sizeof(struct ifaddrmsg));
		gen->rtgen_family = family;
		rc = talk(d, req, on_message);
	} while (rc == -EINTR);
	return rc;
}

static int linkinfo_attr(const struct nlattr *attr, void *arg)
{
	struct dialogue *d = arg;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		snprintf(d->kind, sizeof(d->kind), "%.*s", (int)mnl_attr_get_payload_len(attr),
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int link_attr(const struct nlattr *attr, void *arg)
{
	struct dialogue *d = arg;
	struct vn_link *l = d->link;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_MTU:
		l->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_MASTER:
		l->master = (int)mnl_attr_get_u32(attr);
		break;
	case IFLA_CARRIER:
		l->has_carrier = mnl_attr_get_u8(attr);
		break;
	case IFLA_NUM_TX_QUEUES:
		l->n_txq = (uint16_t)mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(l->mac))
			memcpy(l->mac, mnl_attr_get_payload(attr), sizeof(l->mac));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, linkinfo_attr, d);
		break;
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *msg, void *arg)
{
	struct dialogue *d = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	d->link->ifindex = ifi->ifi_index;
	d->link->type = ifi->ifi_type;
	d->link->is_up = ifi->ifi_flags & IFF_UP;
	d->link->has_carrier = ifi->ifi_flags & IFF_LOWER_UP;
	return mnl_attr_parse(msg, sizeof(*ifi), link_attr, d);
}

static int read_link(struct dialogue *d, const char *name)
{
	char req_buf[256];
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct ifinfomsg *ifi;

	req->nlmsg_type = RTM_GETLINK;
	req->nlmsg_flags = NLM_F_REQUEST;
	ifi = mnl_nlmsg_put_extra_header(req, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_strz(req, IFLA_IFNAME, name);
	return talk(d, req, on_link);
}

static int on_addr4(const struct nlmsghdr *msg, void *arg)
{
	struct dialogue *d = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;

	if ((int)ifa->ifa_index != d->link->ifindex || d->link->ipv4)
		return MNL_CB_OK;
	/* IFA_ADDRESS is the peer's of a point-to-point link, as in pktgen. */
	mnl_attr_for_each(attr, msg, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			d->link->ipv4 = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

static int on_addr6(const struct nlmsghdr *msg, void *arg)
{
	struct dialogue *d = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	const struct in6_addr *addr = NULL;
	uint32_t flags = ifa->ifa_flags;
	struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			addr = mnl_attr_get_payload(attr);
		else if (mnl_attr_get_type(attr) == IFA_FLAGS)
			flags = mnl_attr_get_u32(attr);
	}
	if ((int)ifa->ifa_index == d->link->ifindex && ifa->ifa_scope == RT_SCOPE_LINK &&
	    !(flags & IFA_F_TENTATIVE) && addr && IN6_IS_ADDR_UNSPECIFIED(&d->link->ipv6_ll))
		d->link->ipv6_ll = *addr;
	return MNL_CB_OK;
}

static bool is_ours(const struct vn_link *l, int ifindex)
{
	return ifindex == l->ifindex || (l->master && ifindex == l->master);
}

static bool multipath_is_ours(const struct vn_link *l, const struct nlattr *attr)
{
	struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
		if (is_ours(l, hop->rtnh_ifindex))
			return true;
	return false;
}

static int on_route(const struct nlmsghdr *msg, void *arg)
{
	struct dialogue *d = arg;
	const struct rtmsg *rt = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;

	if (rt->rtm_dst_len != 0 || rt->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, msg, sizeof(*rt)) {
		if (mnl_attr_get_type(attr) == RTA_OIF)
			d->link->holds_default_route |=
				is_ours(d->link, (int)mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			d->link->holds_default_route |= multipath_is_ours(d->link, attr);
	}
	return MNL_CB_OK;
}

static int ethtool(int fd, const char *name, void *cmd)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", name);
	ifr.ifr_data = cmd;
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

int vn_link_carrier(int fd, const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	int rc = ethtool(fd, name, &value);

	if (rc == -EOPNOTSUPP)
		return true;
	return rc ? rc : value.data != 0;
}

static uint64_t read_speed(const char *name)
{
	union {
		struct ethtool_link_settings req;
		uint32_t room[sizeof(struct ethtool_link_settings) / 4 + 3 * 127];
	} u = { .req.cmd = ETHTOOL_GLINKSETTINGS };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t bps = 0;

	if (fd < 0)
		return 0;
	/* The first answer is only how long the masks are, negated. */
	if (!ethtool(fd, name, &u) && u.req.link_mode_masks_nwords < 0) {
		u.req.link_mode_masks_nwords = (int8_t)-u.req.link_mode_masks_nwords;
		u.req.cmd = ETHTOOL_GLINKSETTINGS;
		if (!ethtool(fd, name, &u) && u.req.speed != SPEED_UNKNOWN_MBPS)
			bps = u.req.speed * 1000000ull;
	}
	close(fd);
	return bps;
}

/*
 * The kernel keeps "may share transmit buffers" (IFF_TX_SKB_SHARING) to itself.
 * Its rule: Ethernet drivers may, unless they say no, and what says no are the
 * software devices that hand the buffer on: veth, tun, VLAN, bridge, bond,
 * macvlan, tunnels. Those have a kind; hardware has none.
 */
static bool kind_can_share(uint16_t type, const char *kind)
{
	static const char *const sharing[] = { "", "dummy", "netdevsim" };

	if (type != ARPHRD_ETHER)
		return false;
	for (size_t i = 0; i < sizeof(sharing) / sizeof(sharing[0]); i++)
		if (!strcmp(kind, sharing[i]))
			return true;
	return false;
}

static int read_all(struct dialogue *d, const char *name)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		mnl_cb_t on_message;
	} dumps[] = {
		{ RTM_GETADDR, AF_INET, on_addr4 },
		{ RTM_GETADDR, AF_INET6, on_addr6 },
		{ RTM_GETROUTE, AF_INET, on_route },
		{ RTM_GETROUTE, AF_INET6, on_route },
	};
	int rc = read_link(d, name);

	for (size_t i = 0; !rc && i < sizeof(dumps) / sizeof(dumps[0]); i++)
		rc = dump(d, dumps[i].type, dumps[i].family, dumps[i].on_message);
	return rc;
}

int vn_link_read(const char *name, struct vn_link *out)
{
	struct dialogue d = { .link = out };
	int rc;

	memset(out, 0, sizeof(*out));
	out->n_txq = 1;
	if (strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	d.buf = malloc(DUMP_BYTES);
	d.nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!d.buf || !d.nl)
		rc = d.buf ? -errno : -ENOMEM;
	else if (mnl_socket_bind(d.nl, 0, MNL_SOCKET_AUTOPID) < 0)
		rc = -errno;
	else
		rc = read_all(&d, name);
	if (!rc) {
		out->can_share = kind_can_share(out->type, d.kind);
		out->rereads_type = !strcmp(d.kind, "veth");
		out->speed_bps = read_speed(name);
	}
	if (d.nl)
		mnl_socket_close(d.nl);
	free(d.buf);
	return rc;
}
