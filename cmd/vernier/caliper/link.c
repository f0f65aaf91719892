/* SPDX-License-Identifier: BSD-2-Clause */
#include "link.h"

#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "caliper/transport.h"

#define VIRTUAL_SOURCE UINT32_C(0xc0000201) /* 192.0.2.1, of the addresses for examples */

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* An address has a label in place of the interface's name: the name, or the name with ":" and
 * more. */
static bool is_of(const struct ifaddrs *i, const char *name)
{
	size_t len = strcspn(i->ifa_name, ":");

	return strlen(name) == len && !memcmp(i->ifa_name, name, len);
}

static uint32_t first_address(const struct ifaddrs *all, const char *name)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && is_of(i, name))
			return ((const struct sockaddr_in *)(const void *)i->ifa_addr)
				->sin_addr.s_addr;
	return 0;
}

/* The first IPv4 address of the card's interface. */
static int find_source(struct caliper_link *l, struct caliper_run *r, struct vn_err *err)
{
	struct vn_caliper_info info = { .size = sizeof(info) };
	struct ifaddrs *all;
	int rc;

	if (r->s.src_text)
		return 0;
	rc = vn_caliper_info(l->c, &info);
	if (rc)
		return vn_err_set(err, -rc, "%s", vn_caliper_error(l->c));
	if (getifaddrs(&all))
		return vn_err_set(err, errno, "addresses of the interfaces: %s", strerror(errno));
	r->s.src_ip = info.ifname[0] ? first_address(all, info.ifname) : 0;
	freeifaddrs(all);
	if (r->s.src_ip)
		return 0;
	if (!info.ifname[0])
		return vn_err_set(err, EINVAL,
				  "no source: card %" PRIu64 " has no interface, "
				  "-I SRC_IP is needed",
				  r->s.card);
	return vn_err_set(err, EINVAL,
			  "no source: %s has no IPv4 address; -I SRC_IP is needed, or an address "
			  "for %s",
			  info.ifname, info.ifname);
}

static int connect_by(struct caliper_link *l, struct caliper_run *r, struct vn_cal_transport *t,
		      struct vn_err *err)
{
	const struct vn_caliper_options options = {
		.size = sizeof(options),
		.card = (uint32_t)r->s.card,
	};

	return vn_caliper_open_by(&l->c, &options, t, err);
}

static int open_netlink(struct caliper_link *l, struct caliper_run *r, struct vn_err *err)
{
	struct vn_cal_transport *t;
	struct vn_err why = { "" };
	int rc = vn_cal_netlink_open((unsigned int)r->s.card, &t, &why);

	if (!rc)
		rc = connect_by(l, r, t, &why);
	if (rc == -ECONNREFUSED)
		return vn_err_set(err, ECONNREFUSED,
				  "card %" PRIu64 " has no driver here (vernier nf2d is one)",
				  r->s.card);
	if (rc) /* never -EINVAL: the number was checked */
		return vn_err_set(err, rc == -EINVAL ? EIO : -rc, "%s", why.text);
	l->wall_minus_host_ns = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
	return find_source(l, r, err);
}

static int open_virtual(struct caliper_link *l, struct caliper_run *r, struct vn_err *err)
{
	struct vn_cal_transport *t;
	int rc = caliper_virtual_open(&l->virtual, &r->s, &t, err);

	if (!r->s.src_text)
		r->s.src_ip = htonl(VIRTUAL_SOURCE);
	return rc ? rc : connect_by(l, r, t, err);
}

int caliper_link_open(struct caliper_link *l, struct caliper_run *r, struct vn_err *err)
{
	*l = (struct caliper_link){ .c = NULL };
	return r->s.app ? open_virtual(l, r, err) : open_netlink(l, r, err);
}

int caliper_link_finish(struct caliper_link *l, struct caliper_result *res, struct vn_err *err)
{
	return l->virtual.sim ? caliper_virtual_finish(&l->virtual, res, err) : 0;
}

const char *caliper_link_why(const struct caliper_link *l)
{
	return caliper_virtual_why(&l->virtual);
}

void caliper_link_close(struct caliper_link *l)
{
	vn_caliper_close(l->c);
	caliper_virtual_close(&l->virtual);
}
