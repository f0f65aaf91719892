/* SPDX-License-Identifier: BSD-2-Clause */
/* Which interfaces the default routes lead through, by rtnetlink. */
#include "dev/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "base/macros.h"
#include "dev/rtnl.h"

struct search {
	int ifindex, master;
	bool is_found;
};

static bool is_ours(const struct search *s, int ifindex)
{
	return ifindex == s->ifindex || (s->master && ifindex == s->master);
}

static bool multipath_is_ours(const struct search *s, const struct nlattr *attr)
{
	struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
		if (is_ours(s, hop->rtnh_ifindex))
			return true;
	return false;
}

static int on_route(const struct nlmsghdr *msg, void *arg)
{
	struct search *s = arg;
	const struct rtmsg *rt = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;

	if (rt->rtm_dst_len != 0 || rt->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, msg, sizeof(*rt)) {
		if (mnl_attr_get_type(attr) == RTA_OIF)
			s->is_found |= is_ours(s, (int)mnl_attr_get_u32(attr));
		else if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			s->is_found |= multipath_is_ours(s, attr);
	}
	return MNL_CB_OK;
}

static int dump_routes(struct vn_rtnl *r, uint8_t family, struct search *s)
{
	char req_buf[64];
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct rtmsg *rt;

	req->nlmsg_type = RTM_GETROUTE;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	rt = mnl_nlmsg_put_extra_header(req, sizeof(*rt));
	rt->rtm_family = family;
	return vn_rtnl_talk(r, req, on_route, s);
}

static int search_routes(struct search *s)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct vn_rtnl r;
	int rc = vn_rtnl_open(&r);

	s->is_found = false;
	for (size_t i = 0; !rc && i < VN_ARRAY_SIZE(families); i++)
		rc = dump_routes(&r, families[i], s);
	vn_rtnl_close(&r);
	return rc;
}

int vn_route_is_way_out(int ifindex, int master, bool *out)
{
	struct search s = { .ifindex = ifindex, .master = master };
	int rc;

	do {
		rc = search_routes(&s);
	} while (rc == -EINTR);
	*out = !rc && s.is_found;
	return rc;
}
