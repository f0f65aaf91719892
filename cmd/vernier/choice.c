/* SPDX-License-Identifier: BSD-2-Clause */
#include "choice.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "drivers.h"

/* A driver may have two places, for what it does well and for what it can do. */
static const struct place {
	const char *driver;
	bool wants_zero_copy;
	bool is_last_resort;
} order[] = {
	{ .driver = "afxdp", .wants_zero_copy = true },
	{ .driver = "xdp" },
	{ .driver = "afxdp" },
	{ .driver = "afpacket", .is_last_resort = true },
};

static const struct vn_netdev_ops *find(const struct vn_netdev_ops *const *drivers,
					const char *name)
{
	while (*drivers && strcmp((*drivers)->name, name))
		drivers++;
	return *drivers;
}

/* As a whole: afxdp's reason ends like one of xdp's. */
static bool is_told(const struct vn_choice *c, const char *one)
{
	const char *at = c->passed;

	while ((at = strstr(at, one)) && at != c->passed && at[-1] != ' ')
		at++;
	return at;
}

/* Each reason once: a driver with two places may have the same one twice. */
static void pass_over(struct vn_choice *c, const char *name, const char *why)
{
	size_t len = strlen(c->passed);
	char one[sizeof(c->passed)];
	struct vn_text t;

	snprintf(one, sizeof(one), "%s: %s", name, why);
	if (is_told(c, one))
		return;
	vn_text_init(&t, c->passed + len, sizeof(c->passed) - len);
	vn_text_add(&t, "%s%s", len ? "; " : "", one);
}

static bool can_do(const struct vn_choice *c, const struct vn_netdev_ops *ops, char *why,
		   unsigned int cap)
{
	uint32_t lacks = c->needs & ~ops->caps;
	char text[128];

	if (lacks) {
		vn_driver_caps_text(lacks, text, sizeof(text));
		snprintf(why, cap, "is no driver that %s", text);
		return false;
	}
	if (c->is_captured && (ops->caps & VN_CAP_BUILDS)) {
		snprintf(why, cap, "shows no frames to capture");
		return false;
	}
	return true;
}

/* On this interface, and as well as the place asks. */
static bool suits(const struct place *p, const struct vn_netdev_probe *probe, const char *ifname,
		  char *why, unsigned int cap)
{
	if (probe->can_send && (probe->is_zero_copy || !p->wants_zero_copy))
		return true;
	if (probe->why[0])
		snprintf(why, cap, "%s", vn_err_reason(probe->why, ifname));
	else
		snprintf(why, cap, "%s on %s", probe->can_send ? "no zero copy" : "does not send",
			 ifname);
	return false;
}

static bool suits_all(struct vn_choice *c, const struct place *p, const struct vn_netdev_ops *ops,
		      char *why, unsigned int cap)
{
	struct vn_netdev_probe probe;

	c->how[0] = '\0';
	if (!can_do(c, ops, why, cap))
		return false;
	for (unsigned int i = 0; i < c->n_ifnames; i++) {
		vn_netdev_probe(ops, c->ifnames[i], &probe);
		if (!suits(p, &probe, c->ifnames[i], why, cap))
			return false;
		if (!i || !probe.is_zero_copy) /* the least that is said */
			snprintf(c->how, sizeof(c->how), "%s", probe.how);
	}
	return true;
}

const struct vn_netdev_ops *vn_choice_next(struct vn_choice *c)
{
	while (c->at < VN_ARRAY_SIZE(order)) {
		const struct place *p = &order[c->at++];
		const struct vn_netdev_ops *ops = find(c->drivers, p->driver);
		char why[256] = "";

		if (!ops)
			continue;
		c->name = ops->name;
		if (suits_all(c, p, ops, why, sizeof(why)) || p->is_last_resort)
			return ops;
		pass_over(c, ops->name, why);
	}
	return NULL;
}

void vn_choice_refused(struct vn_choice *c, const char *why)
{
	pass_over(c, c->name, why);
}

void vn_choice_text(const struct vn_choice *c, char *buf, unsigned int cap)
{
	struct vn_text t;

	vn_text_init(&t, buf, cap);
	vn_text_add(&t, "%s", c->how[0] ? c->how : "sends");
	if (c->passed[0])
		vn_text_add(&t, " (%s)", c->passed);
}

void vn_choice_order(const struct vn_netdev_ops *const *drivers, char *buf, unsigned int cap)
{
	struct vn_text t;

	vn_text_init(&t, buf, cap);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(order); i++)
		if (find(drivers, order[i].driver))
			vn_text_add(&t, "%s%s%s", t.len ? ", " : "", order[i].driver,
				    order[i].wants_zero_copy ? " (zero copy)" : "");
}
