/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interface look-ups: one conversation a look-up, which asks for the link and
 * then for its addresses; a table of which attribute goes where. Look-ups are
 * made while other devices of the same worker send, so what is not wanted is
 * not asked for: no counters, no other interface's addresses.
 */
#include "dev/link.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "dev/rtnl.h"

#define SPEED_UNKNOWN_MBPS UINT32_MAX

struct look_up {
	struct vn_rtnl rtnl;
	struct vn_link *link;
};

/* --- the link ----------------------------------------------------------------- */

static int linkinfo_attr(const struct nlattr *attr, void *arg)
{
	struct look_up *u = arg;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		snprintf(u->link->kind, sizeof(u->link->kind), "%.*s",
			 (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int link_attr(const struct nlattr *attr, void *arg)
{
	struct look_up *u = arg;
	struct vn_link *l = u->link;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(l->name, sizeof(l->name), "%s", mnl_attr_get_str(attr));
		break;
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
	case IFLA_NUM_RX_QUEUES:
		l->n_rxq = (uint16_t)mnl_attr_get_u32(attr);
		break;
	case IFLA_QDISC:
		snprintf(l->qdisc, sizeof(l->qdisc), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(l->mac))
			memcpy(l->mac, mnl_attr_get_payload(attr), sizeof(l->mac));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, linkinfo_attr, u);
		break;
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *msg, void *arg)
{
	struct look_up *u = arg;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	u->link->ifindex = ifi->ifi_index;
	u->link->type = ifi->ifi_type;
	u->link->is_up = ifi->ifi_flags & IFF_UP;
	u->link->has_carrier = ifi->ifi_flags & IFF_LOWER_UP;
	return mnl_attr_parse(msg, sizeof(*ifi), link_attr, u);
}

/* By name, or by number when there is none. */
static int read_link(struct look_up *u, const char *name, int ifindex)
{
	char req_buf[256];
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct ifinfomsg *ifi;

	req->nlmsg_type = RTM_GETLINK;
	req->nlmsg_flags = NLM_F_REQUEST;
	ifi = mnl_nlmsg_put_extra_header(req, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	if (name)
		mnl_attr_put_strz(req, IFLA_IFNAME, name);
	mnl_attr_put_u32(req, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return vn_rtnl_talk(&u->rtnl, req, on_link, u);
}

/* --- its addresses ------------------------------------------------------------ */

static int on_addr4(const struct nlmsghdr *msg, void *arg)
{
	struct look_up *u = arg;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;

	if ((int)ifa->ifa_index != u->link->ifindex || u->link->ipv4)
		return MNL_CB_OK;
	/* IFA_ADDRESS is the peer's of a point-to-point link, as in pktgen. */
	mnl_attr_for_each(attr, msg, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			u->link->ipv4 = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

static int on_addr6(const struct nlmsghdr *msg, void *arg)
{
	struct look_up *u = arg;
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
	if ((int)ifa->ifa_index == u->link->ifindex && ifa->ifa_scope == RT_SCOPE_LINK &&
	    !(flags & IFA_F_TENTATIVE) && addr && IN6_IS_ADDR_UNSPECIFIED(&u->link->ipv6_ll))
		u->link->ipv6_ll = *addr;
	return MNL_CB_OK;
}

/* The index in the request limits the dump, if the kernel can (strict checking,
 * Linux 4.20); if not, the other interfaces' addresses are passed over. */
static int read_addresses(struct look_up *u, uint8_t family, mnl_cb_t on_message)
{
	char req_buf[64];
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct ifaddrmsg *ifa;

	req->nlmsg_type = RTM_GETADDR;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(req, sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_index = (uint32_t)u->link->ifindex;
	return vn_rtnl_talk(&u->rtnl, req, on_message, u);
}

/* --- its counters ---------------------------------------------------------------- */

static int on_stats(const struct nlmsghdr *msg, void *arg)
{
	struct rtnl_link_stats64 stats = { 0 };
	uint64_t *tx_dropped = arg;
	struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct if_stats_msg)) {
		if (mnl_attr_get_type(attr) != IFLA_STATS_LINK_64)
			continue;
		/* A copy: attributes are aligned to four bytes only. */
		memcpy(&stats, mnl_attr_get_payload(attr),
		       VN_MIN(sizeof(stats), mnl_attr_get_payload_len(attr)));
		*tx_dropped = stats.tx_dropped;
	}
	return MNL_CB_OK;
}

int vn_link_tx_dropped(int ifindex, uint64_t *out)
{
	char req_buf[64];
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct if_stats_msg *ifs;
	struct vn_rtnl rtnl;
	int rc;

	req->nlmsg_type = RTM_GETSTATS;
	req->nlmsg_flags = NLM_F_REQUEST;
	ifs = mnl_nlmsg_put_extra_header(req, sizeof(*ifs));
	ifs->ifindex = (uint32_t)ifindex;
	ifs->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
	*out = 0;
	rc = vn_rtnl_open(&rtnl);
	if (!rc)
		rc = vn_rtnl_talk(&rtnl, req, on_stats, out);
	vn_rtnl_close(&rtnl);
	return rc;
}

/* --- by ioctl, which knows interfaces by name only ------------------------------ */

/*
 * Asks about the interface by the name it has now, and anew when it got another
 * one between the two questions.
 */
static int ask(int fd, int ifindex, unsigned long request, struct ifreq *ifr)
{
	struct ifreq now = { .ifr_ifindex = ifindex };
	int rc = -ENODEV;

	while (rc == -ENODEV) {
		if (ioctl(fd, SIOCGIFNAME, &now))
			return -errno;
		if (!strncmp(ifr->ifr_name, now.ifr_name, IFNAMSIZ))
			break; /* it is there; ENODEV is its driver's answer */
		memcpy(ifr->ifr_name, now.ifr_name, IFNAMSIZ);
		rc = ioctl(fd, request, ifr) ? -errno : 0;
	}
	return rc;
}

static int ethtool(int fd, int ifindex, void *cmd)
{
	struct ifreq ifr = { .ifr_data = cmd };

	return ask(fd, ifindex, SIOCETHTOOL, &ifr);
}

int vn_link_flags(int fd, int ifindex)
{
	struct ifreq ifr = { 0 };
	int rc = ask(fd, ifindex, SIOCGIFFLAGS, &ifr);

	return rc ? rc : (uint16_t)ifr.ifr_flags;
}

int vn_link_carrier(int fd, int ifindex)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	int rc = ethtool(fd, ifindex, &value);

	if (rc == -EOPNOTSUPP)
		return true;
	return rc ? rc : value.data != 0;
}

bool vn_link_is_down(int fd, int ifindex)
{
	int flags = vn_link_flags(fd, ifindex);

	if (flags < 0 || !(flags & IFF_UP))
		return true;
	return !(flags & IFF_RUNNING) && vn_link_carrier(fd, ifindex) <= 0;
}

static uint64_t read_speed(int fd, int ifindex)
{
	union {
		struct ethtool_link_settings req;
		uint32_t room[sizeof(struct ethtool_link_settings) / 4 + 3 * 127];
	} u = { .req.cmd = ETHTOOL_GLINKSETTINGS };

	/* The first answer is only how long the masks are, negated. */
	if (ethtool(fd, ifindex, &u) || u.req.link_mode_masks_nwords >= 0)
		return 0;
	u.req.link_mode_masks_nwords = (int8_t)-u.req.link_mode_masks_nwords;
	u.req.cmd = ETHTOOL_GLINKSETTINGS;
	if (ethtool(fd, ifindex, &u) || u.req.speed == SPEED_UNKNOWN_MBPS)
		return 0;
	return u.req.speed * 1000000ull;
}

void vn_link_driver(int ifindex, char out[32])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ethtool(fd, ifindex, &info))
		info.driver[0] = '\0';
	if (fd >= 0)
		close(fd);
	snprintf(out, 32, "%.31s", info.driver);
}

/* --- all together --------------------------------------------------------------- */

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
	for (size_t i = 0; i < VN_ARRAY_SIZE(sharing); i++)
		if (!strcmp(kind, sharing[i]))
			return true;
	return false;
}

static int read_all(struct look_up *u, const char *name, int ifindex)
{
	struct vn_link *l = u->link;
	int on = 1;
	int rc;

	/* An old kernel does not know it; see read_addresses(). */
	mnl_socket_setsockopt(u->rtnl.nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	rc = read_link(u, name, ifindex);
	if (!rc)
		rc = read_addresses(u, AF_INET, on_addr4);
	if (!rc)
		rc = read_addresses(u, AF_INET6, on_addr6);
	if (rc)
		return rc;
	l->can_share = kind_can_share(l->type, l->kind);
	l->rereads_type = !strcmp(l->kind, "veth");
	l->speed_bps = read_speed(mnl_socket_get_fd(u->rtnl.nl), l->ifindex);
	return 0;
}

static int look_up(const char *name, int ifindex, struct vn_link *out)
{
	int rc;

	do {
		struct look_up u = { .link = out };

		*out = (struct vn_link){ .n_txq = 1, .n_rxq = 1 };
		rc = vn_rtnl_open(&u.rtnl);
		if (!rc)
			rc = read_all(&u, name, ifindex);
		vn_rtnl_close(&u.rtnl);
	} while (rc == -EINTR);
	return rc;
}

int vn_link_find(const char *name, struct vn_link *out)
{
	return strlen(name) < IFNAMSIZ ? look_up(name, 0, out) : -ENODEV;
}

int vn_link_read(int ifindex, struct vn_link *out)
{
	return look_up(NULL, ifindex, out);
}
