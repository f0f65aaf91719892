/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What AF_XDP can do with an interface, found out without binding a socket to it
 * or putting a program on it: either would change how hardware works. A kernel
 * that does not tell whether the driver has zero copy (before Linux 6.3) leaves
 * that open until a queue is opened.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/afxdp_priv.h"
#include "dev/link.h"
#include "dev/xdp_features.h"

/* Behind what is there. */
static void add_why(struct vn_netdev_probe *out, const char *prefix, const char *text)
{
	size_t len = strlen(out->why);

	snprintf(out->why + len, sizeof(out->why) - len, "%s%s%s", len ? "; " : "", prefix, text);
}

static void say_how(int ifindex, struct vn_netdev_probe *out)
{
	uint64_t features;
	int rc = vn_xdp_features(ifindex, &features);

	out->is_zero_copy = !rc && (features & VN_XDP_ZEROCOPY);
	snprintf(out->how, sizeof(out->how), "%s",
		 rc		     ? "zero copy or copy"
		 : out->is_zero_copy ? "zero copy"
				     : "copy");
	if (rc)
		add_why(out, "", "the kernel does not tell which");
	else if (!out->is_zero_copy)
		add_why(out, "", "its driver has no zero copy");
}

/* What keeps it from receiving, if something does. */
static int check_receiving(const struct vn_link *l, struct vn_netdev_probe *out, struct vn_err *err)
{
	uint32_t other = vn_afxdp_prog_other(l->ifindex);
	int rc = vn_afxdp_check_mtu(l->name, l->mtu, err);

	if (rc) {
		snprintf(out->mend, sizeof(out->mend), "ip link set dev %s mtu 1500", l->name);
		return rc;
	}
	if (other) {
		snprintf(out->mend, sizeof(out->mend), "ip link set dev %s xdp off", l->name);
		return vn_err_set(err, EBUSY,
				  "%s: another XDP program (number %u) is on the "
				  "interface, which has room for one",
				  l->name, other);
	}
	return vn_afxdp_prog_try(l->name, err);
}

void vn_afxdp_probe(const char *ifname, struct vn_netdev_probe *out)
{
	struct vn_err err = { "" };
	struct vn_link l;

	if (vn_link_find(ifname, &l)) {
		add_why(out, "", "no such interface");
		return;
	}
	if (vn_afxdp_try_socket(l.name, &err)) {
		add_why(out, "", vn_err_reason(err.text, l.name));
		return;
	}
	out->can_send = true;
	say_how(l.ifindex, out);
	out->can_receive = !check_receiving(&l, out, &err);
	if (!out->can_receive)
		add_why(out, "does not receive: ", vn_err_reason(err.text, l.name));
}
