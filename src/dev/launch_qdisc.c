/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/launch_qdisc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dev/link.h"
#include "dev/rtnl.h"

/* fq's, when it does not tell; etf has none, and nobody needs more. */
#define HORIZON_NS (10 * VN_NSEC_PER_SEC)

/* --- what the kernel says ------------------------------------------------------- */

static void read_fq(const struct nlattr *options, struct vn_launch_qdisc *q)
{
	const struct nlattr *a;

	q->clock = CLOCK_MONOTONIC;
	mnl_attr_for_each_nested(a, options) if (mnl_attr_get_type(a) == TCA_FQ_HORIZON &&
						 mnl_attr_get_payload_len(a) >= sizeof(uint32_t))
		q->launch.horizon_ns = mnl_attr_get_u32(a) * VN_NSEC_PER_USEC;
}

static void read_etf(const struct nlattr *options, struct vn_launch_qdisc *q)
{
	const struct nlattr *a;
	struct tc_etf_qopt o;

	mnl_attr_for_each_nested(a, options)
	{
		if (mnl_attr_get_type(a) != TCA_ETF_PARMS ||
		    mnl_attr_get_payload_len(a) < sizeof(o))
			continue;
		memcpy(&o, mnl_attr_get_payload(a), sizeof(o));
		q->clock = o.clockid;
		q->launch.lead_ns = o.delta > 0 ? (uint64_t)o.delta : 0;
		q->is_deadline = o.flags & TC_ETF_DEADLINE_MODE_ON;
	}
}

static bool is_fq(const struct vn_launch_qdisc *q)
{
	return !strcmp(q->kind, "fq");
}

static bool is_etf(const struct vn_launch_qdisc *q)
{
	return !strcmp(q->kind, "etf");
}

static void read_attrs(const struct nlmsghdr *nlh, struct vn_launch_qdisc *q)
{
	const struct nlattr *a, *options = NULL;

	mnl_attr_for_each(a, nlh, sizeof(struct tcmsg))
	{
		if (mnl_attr_get_type(a) == TCA_KIND && !mnl_attr_validate(a, MNL_TYPE_NUL_STRING))
			snprintf(q->kind, sizeof(q->kind), "%s", mnl_attr_get_str(a));
		else if (mnl_attr_get_type(a) == TCA_OPTIONS)
			options = a;
	}
	if (options && is_fq(q))
		read_fq(options, q);
	else if (options && is_etf(q))
		read_etf(options, q);
}

int vn_launch_qdisc_message(const struct nlmsghdr *nlh, void *arg)
{
	struct vn_launch_qdiscs *all = arg;
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct vn_launch_qdisc *q = &all->v[all->n];

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*tc) || tc->tcm_ifindex != all->ifindex ||
	    all->n == VN_LAUNCH_QDISCS_MAX)
		return MNL_CB_OK;
	*q = (struct vn_launch_qdisc){
		.handle = tc->tcm_handle,
		.parent = tc->tcm_parent,
		.clock = -1,
		.launch = { .grain_ns = 1, .horizon_ns = HORIZON_NS },
	};
	read_attrs(nlh, q);
	all->n++;
	return MNL_CB_OK;
}

/* --- which one it is ------------------------------------------------------------- */

static const struct vn_launch_qdisc *below(const struct vn_launch_qdiscs *all, uint32_t parent)
{
	for (unsigned int i = 0; i < all->n; i++)
		if (all->v[i].parent == parent)
			return &all->v[i];
	return NULL;
}

/* Disciplines whose class n + 1 is queue n. */
static bool is_by_queue(const struct vn_launch_qdisc *q)
{
	return !strcmp(q->kind, "mq") || !strcmp(q->kind, "mqprio") || !strcmp(q->kind, "taprio");
}

/* Whether q, which frames pass there ("its", "that of its queue 1"), can. */
static int check(const struct vn_netdev *dev, const struct vn_launch_qdisc *q, const char *where,
		 const char *of_link, uint32_t parent, struct vn_err *err)
{
	char place[32] = "root";

	if (parent != TC_H_ROOT)
		snprintf(place, sizeof(place), "parent %x:%x", TC_H_MAJ(parent) >> 16,
			 TC_H_MIN(parent));
	if (!q || (!is_fq(q) && !is_etf(q)))
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: launch qdisc: %s queueing discipline is %s; fq or etf is "
				  "needed (tc qdisc replace dev %s %s fq)",
				  dev->name, where, q ? q->kind : of_link, dev->name, place);
	if (q->is_deadline)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: launch qdisc: %s etf has deadline_mode, in which frames "
				  "leave before their time; one without is needed",
				  dev->name, where);
	if (q->clock != CLOCK_MONOTONIC && q->clock != CLOCK_TAI && q->clock != CLOCK_REALTIME)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: launch qdisc: the clock of %s %s is number %d; CLOCK_TAI, "
				  "CLOCK_MONOTONIC or CLOCK_REALTIME is needed",
				  dev->name, where, q->kind, q->clock);
	return 0;
}

static int of_queue(const struct vn_launch_qdiscs *all, const struct vn_netdev *dev, uint32_t root,
		    uint16_t queue, const struct vn_launch_qdisc **out, struct vn_err *err)
{
	uint32_t parent = TC_H_MAKE(root, queue + 1u);
	char where[40];

	snprintf(where, sizeof(where), "its queue %u's", queue);
	*out = below(all, parent);
	return check(dev, *out, where, "none that is listed", parent, err);
}

/* The kernel chooses the queue: whichever it takes must do, in the same way. */
static int of_any_queue(const struct vn_launch_qdiscs *all, const struct vn_netdev *dev,
			uint32_t root, struct vn_launch_qdisc *out, struct vn_err *err)
{
	const struct vn_launch_qdisc *q;

	for (uint16_t i = 0; i < dev->n_txq; i++) {
		int rc = of_queue(all, dev, root, i, &q, err);

		if (rc)
			return rc;
		if (i == 0)
			*out = *q;
		if (q->clock != out->clock)
			return vn_err_set(
				err, EOPNOTSUPP,
				"%s: launch qdisc: the %s of its queue 0 and the %s of "
				"its queue %u go by different clocks; --queue-map-min and "
				"--queue-map-max say which queue is meant",
				dev->name, out->kind, q->kind, i);
		out->launch.lead_ns = VN_MAX(out->launch.lead_ns, q->launch.lead_ns);
		out->launch.horizon_ns = VN_MIN(out->launch.horizon_ns, q->launch.horizon_ns);
	}
	return 0;
}

int vn_launch_qdisc_choose(const struct vn_launch_qdiscs *all, const struct vn_netdev *dev,
			   const struct vn_txq_opts *opts, const char *of_link,
			   struct vn_launch_qdisc *out, struct vn_err *err)
{
	const struct vn_launch_qdisc *root = below(all, TC_H_ROOT), *q = root;
	int rc;

	if (!root || !is_by_queue(root))
		rc = check(dev, root, "its", of_link, TC_H_ROOT, err);
	else if (opts->may_move)
		return of_any_queue(all, dev, root->handle, out, err);
	else
		rc = of_queue(all, dev, root->handle, opts->queue, &q, err);
	if (!rc)
		*out = *q;
	return rc;
}

/* --- asking ---------------------------------------------------------------------- */

static int list(struct vn_launch_qdiscs *all)
{
	char buf[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct vn_rtnl r;
	struct tcmsg *tc;
	int rc;

	all->n = 0;
	nlh->nlmsg_type = RTM_GETQDISC;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = all->ifindex;
	rc = vn_rtnl_open(&r);
	if (!rc)
		rc = vn_rtnl_talk(&r, nlh, vn_launch_qdisc_message, all);
	vn_rtnl_close(&r);
	return rc;
}

int vn_launch_qdisc_find(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			 struct vn_launch_qdisc *out, struct vn_err *err)
{
	struct vn_launch_qdiscs *all = calloc(1, sizeof(*all));
	struct vn_link l;
	int rc;

	if (!all)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	all->ifindex = dev->ifindex;
	do
		rc = list(all);
	while (rc == -EINTR);
	if (!rc)
		rc = vn_link_read(dev->ifindex, &l);
	if (rc)
		vn_err_set(err, -rc, "%s: its queueing disciplines cannot be listed: %s", dev->name,
			   strerror(-rc));
	else
		rc = vn_launch_qdisc_choose(all, dev, opts, l.qdisc, out, err);
	free(all);
	return rc;
}
