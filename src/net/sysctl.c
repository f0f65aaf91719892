/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "net/qdisc.h"

#define BLANKS " \t\n"

static void *settings_of(const struct vn_attribute_of *of)
{
	return &of->net->settings;
}

/* The first word counts; all that is wrong with it is EINVAL. */
static int store_setting(const struct vn_attribute *a, const struct vn_attribute_of *of,
			 const char *text, size_t len)
{
	uint64_t v;

	text += strspn(text, BLANKS);
	if (vn_attribute_scan(&text, &v) || (*text && !strchr(BLANKS, *text)) || v < a->min ||
	    v > a->max)
		return -EINVAL;
	vn_attribute_put(a, of, v);
	return 0;
}

static int show_default_qdisc(const struct vn_attribute *a, const struct vn_attribute_of *of,
			      struct vn_text *out)
{
	vn_text_add(out, "%s\n", of->net->settings.default_qdisc);
	return 0;
}

/* noop is a kind that nobody can ask for: a device with it is not activated. */
static int store_default_qdisc(const struct vn_attribute *a, const struct vn_attribute_of *of,
			       const char *text, size_t len)
{
	char *name = of->net->settings.default_qdisc;
	const struct vn_qdisc_ops *kind;
	char word[sizeof(of->net->settings.default_qdisc)];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, "\n"), text);
	kind = vn_qdisc_kind(word);
	if (!kind || kind == &vn_noop_ops)
		return -ENOENT;
	memcpy(name, word, sizeof(word));
	return 0;
}

/* A weight or a budget of 0 would be work that never ends. */
#define NUMBER(member, min_)                                                                       \
	{                                                                                          \
#member, .mode = 0644, .show = vn_attribute_show_field, .store = store_setting,    \
			 VN_ATTRIBUTE_FIELD(settings_of, struct vn_net_settings, member),          \
			 .min = min_, .max = INT32_MAX                                             \
	}

static const struct vn_attribute sysctl_rows[] = {
	{ "default_qdisc", .mode = 0644, .show = show_default_qdisc, .store = store_default_qdisc },
	NUMBER(dev_weight, 1),
	NUMBER(dev_weight_rx_bias, 1),
	NUMBER(dev_weight_tx_bias, 1),
	NUMBER(netdev_budget, 1),
	NUMBER(netdev_budget_usecs, 0),
	NUMBER(netdev_max_backlog, 0),
};

const struct vn_attributes vn_sysctl_files = VN_ATTRIBUTES(sysctl_rows);
