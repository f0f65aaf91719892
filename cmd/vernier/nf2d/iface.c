/* SPDX-License-Identifier: BSD-2-Clause */
#include "iface.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/link.h"
#include "dev/rtnl.h"
#include "dev/watch.h"

#define CONTROL "/dev/net/tun"

static struct ifreq request(const struct nf2d_iface *i)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	memcpy(ifr.ifr_name, i->name, sizeof(i->name));
	return ifr;
}

/* --- making it -------------------------------------------------------------------- */

static int attach(struct nf2d_iface *i, struct vn_err *err)
{
	struct ifreq ifr = request(i);

	i->fd = open(CONTROL, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (i->fd < 0)
		return vn_err_set(err, errno, "%s: " CONTROL ": %s (modprobe tun)", i->name,
				  strerror(errno));
	ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL);
	if (ioctl(i->fd, TUNSETIFF, &ifr) == 0)
		return 0;
	if (errno == EBUSY)
		return vn_err_set(err, errno,
				  "%s: there is an interface of this name (-i takes "
				  "another one)",
				  i->name);
	if (errno == EPERM)
		return vn_err_set(err, errno, "%s: cannot be made without CAP_NET_ADMIN", i->name);
	return vn_err_set(err, errno, "%s: cannot be made: %s", i->name, strerror(errno));
}

/* 02:4E:46:32:43:<card> */
static int give_mac(struct nf2d_iface *i, unsigned int card, struct vn_err *err)
{
	const uint8_t mac[6] = { 0x02, 0x4e, 0x46, 0x32, 0x43, (uint8_t)card };
	struct ifreq ifr = request(i);

	memcpy(i->mac, mac, sizeof(mac));
	ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, sizeof(mac));
	if (ioctl(i->ask_fd, SIOCSIFHWADDR, &ifr))
		return vn_err_set(err, errno, "%s: takes no MAC: %s", i->name, strerror(errno));
	return 0;
}

/* No link-local address, hence no frames of the host's own as soon as it is up. A
 * kernel without IPv6 refuses, and sends none either. */
static int keep_ipv6_quiet(const struct nf2d_iface *i)
{
	char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	struct nlattr *families, *inet6;
	struct vn_rtnl r;
	int rc;

	msg->nlmsg_type = RTM_SETLINK;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = i->ifindex;
	families = mnl_attr_nest_start(msg, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(msg, AF_INET6);
	mnl_attr_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(msg, inet6);
	mnl_attr_nest_end(msg, families);
	rc = vn_rtnl_open(&r);
	if (!rc)
		rc = vn_rtnl_talk(&r, msg, NULL, NULL);
	vn_rtnl_close(&r);
	return rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP ? 0 : rc;
}

static int open_questions(struct nf2d_iface *i, const char *name, struct vn_err *err)
{
	size_t len = strlen(name);

	*i = (struct nf2d_iface){ .fd = -1, .ask_fd = -1 };
	if (!len || len >= sizeof(i->name) || strchr(name, '%'))
		return vn_err_set(err, EINVAL,
				  "'%s': is no name of an interface (1 to %zu "
				  "characters)",
				  name, sizeof(i->name) - 1);
	memcpy(i->name, name, len);
	i->ask_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (i->ask_fd < 0)
		return vn_err_set(err, errno, "%s: no socket: %s", name, strerror(errno));
	return vn_link_watch_open(&i->watch, err);
}

static int look_up(struct nf2d_iface *i, struct vn_err *err)
{
	struct vn_link l;
	int rc = vn_link_find(i->name, &l);

	if (rc)
		return vn_err_set(err, -rc, "%s: %s", i->name, strerror(-rc));
	i->ifindex = l.ifindex;
	i->is_up = l.is_up;
	memcpy(i->mac, l.mac, sizeof(i->mac));
	return 0;
}

int nf2d_iface_make(struct nf2d_iface *i, const char *name, unsigned int card, struct vn_err *err)
{
	int rc = open_questions(i, name, err);

	if (!rc)
		rc = attach(i, err);
	if (rc)
		return rc;
	nf2d_iface_carrier(i, false);
	rc = look_up(i, err);
	if (!rc)
		rc = give_mac(i, card, err);
	if (rc)
		return rc;
	rc = keep_ipv6_quiet(i);
	return rc ? vn_err_set(err, -rc, "%s: its IPv6 addresses cannot be turned off: %s", name,
			       strerror(-rc))
		  : 0;
}

int nf2d_iface_find(struct nf2d_iface *i, const char *name, struct vn_err *err)
{
	int rc = open_questions(i, name, err);

	return rc ? rc : look_up(i, err);
}

void nf2d_iface_close(struct nf2d_iface *i)
{
	vn_link_watch_close(i->watch);
	if (i->ask_fd >= 0)
		close(i->ask_fd);
	if (i->fd >= 0)
		close(i->fd); /* the TAP goes */
	*i = (struct nf2d_iface){ .fd = -1, .ask_fd = -1 };
}

/* --- using it ------------------------------------------------------------------------ */

int nf2d_iface_set_up(struct nf2d_iface *i, struct vn_err *err)
{
	struct ifreq ifr = request(i);

	if (!ioctl(i->ask_fd, SIOCGIFFLAGS, &ifr)) {
		ifr.ifr_flags |= IFF_UP;
		if (!ioctl(i->ask_fd, SIOCSIFFLAGS, &ifr))
			return 0;
	}
	return vn_err_set(err, errno, "%s: cannot be set up: %s", i->name, strerror(errno));
}

void nf2d_iface_carrier(struct nf2d_iface *i, bool on)
{
	int carrier = on;

	/* Fails only when the interface is gone, of which nf2d_iface_next() tells. */
	if (i->fd >= 0 && ioctl(i->fd, TUNSETCARRIER, &carrier))
		return;
}

void nf2d_iface_write(struct nf2d_iface *i, const uint8_t *frame, uint32_t len)
{
	/* Down (EIO) or gone (EBADFD): as on a cable, nobody takes it. */
	if (i->fd >= 0 && write(i->fd, frame, len) < 0)
		return;
}

int nf2d_iface_fd(const struct nf2d_iface *i)
{
	return vn_link_watch_fd(i->watch);
}

static enum nf2d_change change_to(struct nf2d_iface *i, bool is_up)
{
	if (is_up == i->is_up)
		return NF2D_NO_CHANGE;
	i->is_up = is_up;
	return is_up ? NF2D_WENT_UP : NF2D_WENT_DOWN;
}

/* Name and MAC as they are now; an event behind this one tells of newer ones. */
static void look_at_name(struct nf2d_iface *i)
{
	struct ifreq ifr = { .ifr_ifindex = i->ifindex };

	if (ioctl(i->ask_fd, SIOCGIFNAME, &ifr))
		return;
	memcpy(i->name, ifr.ifr_name, sizeof(i->name));
	if (!ioctl(i->ask_fd, SIOCGIFHWADDR, &ifr))
		memcpy(i->mac, ifr.ifr_hwaddr.sa_data, sizeof(i->mac));
}

/* Events were lost: what there was between is not known, but how things stand is. */
static enum nf2d_change ask(struct nf2d_iface *i)
{
	int flags = vn_link_flags(i->ask_fd, i->ifindex);

	look_at_name(i);
	return flags < 0 ? NF2D_IS_GONE : change_to(i, flags & IFF_UP);
}

enum nf2d_change nf2d_iface_next(struct nf2d_iface *i)
{
	enum nf2d_change change = NF2D_NO_CHANGE;
	struct vn_netdev_event ev;
	int rc;

	while (!change && (rc = vn_link_watch_next(i->watch, &ev))) {
		if (rc < 0)
			return ask(i);
		if (ev.ifindex != i->ifindex)
			continue;
		look_at_name(i);
		change = ev.is_gone ? NF2D_IS_GONE : change_to(i, ev.flags & IFF_UP);
	}
	return change;
}
