/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link events of a veth pair in a namespace of our own. The kernel tells of a
 * change before the one who asked for it has his answer, so what is looked for
 * waits in the socket already. Events about the carrier come at any time.
 */
#include "dev/netns_test.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "dev/watch.h"

#define C "vnt2"    /* what A is called after a renaming */
#define FOREIGN 777 /* no interface has this number */

static int set_up(void **state)
{
	struct vn_link_watch *w;
	struct vn_err err = { "" };

	make_links();
	if (vn_link_watch_open(&w, &err))
		fail_msg("%s", err.text);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	vn_link_watch_close(*state);
	vn_link_watch_close(NULL);
	if (if_nametoindex(B))
		must("ip link delete " B);
	return 0;
}

/* Takes all events there are; returns how many were of the interface, the last
 * of them in *last. */
static unsigned int drain(struct vn_link_watch *w, int ifindex, struct vn_netdev_event *last)
{
	struct vn_netdev_event ev;
	unsigned int n = 0;
	int rc;

	while ((rc = vn_link_watch_next(w, &ev)) == 1) {
		if (ev.ifindex == ifindex) {
			*last = ev;
			n++;
		}
	}
	assert_int_equal(rc, 0);
	return n;
}

static void assert_last(struct vn_link_watch *w, int ifindex, const char *name, bool is_gone)
{
	struct vn_netdev_event last;

	assert_true(drain(w, ifindex, &last) > 0);
	assert_string_equal(last.name, name);
	assert_int_equal(last.is_gone, is_gone);
}

static void names_are_told_up_and_down(void **state)
{
	int ifindex = (int)if_nametoindex(A);

	must("ip link set " A " mtu 1400");
	assert_last(*state, ifindex, A, false);
	must("ip link set " A " down");
	must("ip link set " A " name " C);
	assert_last(*state, ifindex, C, false);
	must("ip link set " C " up");
	must("ip link set " C " down");
	must("ip link set " C " name " A);
	must("ip link set " A " up");
	assert_last(*state, ifindex, A, false);
}

static void each_interface_is_told_of(void **state)
{
	int a = (int)if_nametoindex(A), b = (int)if_nametoindex(B);
	struct vn_netdev_event ev;
	unsigned int n_a = 0, n_b = 0;

	drain(*state, a, &ev);
	must("ip link set " A " mtu 1400");
	must("ip link set " B " mtu 1300");
	must("ip link set " A " mtu 1450");
	while (vn_link_watch_next(*state, &ev) == 1) {
		assert_true(ev.ifindex == a || ev.ifindex == b);
		assert_string_equal(ev.name, ev.ifindex == a ? A : B);
		assert_false(ev.is_gone);
		n_a += ev.ifindex == a;
		n_b += ev.ifindex == b;
	}
	assert_true(n_a >= 2);
	assert_true(n_b >= 1);
}

/* Each of several changes that nobody has looked at has its own flags. */
static void every_up_and_down_is_told(void **state)
{
	int ifindex = (int)if_nametoindex(A);
	struct vn_netdev_event ev;
	unsigned int n_changes = 0;
	bool is_up;

	must("ip link set " A " up");
	drain(*state, ifindex, &ev);
	must("ip link set " A " down");
	must("ip link set " A " up");
	must("ip link set " A " down");
	is_up = true;
	while (vn_link_watch_next(*state, &ev) == 1) {
		if (ev.ifindex != ifindex || !(ev.flags & IFF_UP) == !is_up)
			continue;
		is_up = !is_up;
		n_changes++;
	}
	assert_int_equal(n_changes, 3);
}

static void a_new_interface_is_told(void **state)
{
	must("ip link add vnt5 type veth peer name vnt6");
	assert_last(*state, (int)if_nametoindex("vnt5"), "vnt5", false);
	must("ip link delete vnt5");
}

static void a_deleted_interface_is_gone(void **state)
{
	int a = (int)if_nametoindex(A), b = (int)if_nametoindex(B);
	struct vn_netdev_event ev;
	unsigned int n_gone = 0;

	must("ip link delete " A);
	while (vn_link_watch_next(*state, &ev) == 1) {
		if (!ev.is_gone)
			continue;
		assert_string_equal(ev.name, ev.ifindex == a ? A : B);
		assert_true(ev.ifindex == a || ev.ifindex == b);
		n_gone++;
	}
	assert_int_equal(n_gone, 2);
}

static void an_interface_in_another_namespace_is_gone(void **state)
{
	int ifindex = (int)if_nametoindex(A);
	pid_t neighbour = move_to_neighbour();

	assert_last(*state, ifindex, A, true);
	end_neighbour(neighbour);
}

/* A message as the kernel would send it. */
static struct nlmsghdr *put_link(void *at, uint16_t type, uint8_t family, const char *name)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(at);
	struct ifinfomsg *ifi;

	msg->nlmsg_type = type;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_family = family;
	ifi->ifi_index = FOREIGN;
	mnl_attr_put_strz(msg, IFLA_IFNAME, name);
	return msg;
}

/*
 * Messages of our own in the kernel's place: a bridge's word on its port (the
 * port left it), one that is no link's, one that is cut short, and two that
 * count, all in one datagram.
 */
static void what_is_no_link_change_is_passed_over(void **state)
{
	struct vn_link_watch *w = *state;
	char buf[1024];
	size_t len = 0;
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	/* The first netlink socket of a process has the process's number. */
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = (uint32_t)getpid() };
	struct vn_netdev_event ev, last;

	assert_non_null(nl);
	len += put_link(buf + len, RTM_DELLINK, AF_BRIDGE, "port")->nlmsg_len;
	len += put_link(buf + len, RTM_NEWLINK, AF_UNSPEC, "one")->nlmsg_len;
	len += put_link(buf + len, RTM_NEWADDR, AF_UNSPEC, "address")->nlmsg_len;
	mnl_nlmsg_put_header(buf + len)->nlmsg_type = RTM_DELLINK;
	len += MNL_NLMSG_HDRLEN;
	len += put_link(buf + len, RTM_DELLINK, AF_UNSPEC, "two")->nlmsg_len;
	assert_int_equal(sendto(mnl_socket_get_fd(nl), buf, len, 0, (struct sockaddr *)&to,
				sizeof(to)), (int)len);
	mnl_socket_close(nl);
	do
		assert_int_equal(vn_link_watch_next(w, &ev), 1);
	while (ev.ifindex != FOREIGN);
	assert_string_equal(ev.name, "one");
	assert_false(ev.is_gone);
	assert_int_equal(drain(w, FOREIGN, &last), 1);
	assert_string_equal(last.name, "two");
	assert_true(last.is_gone);
}

/* More changes than the socket holds, then a renaming: what waits in the socket
 * has the old name, which must not be told any more. */
static void after_lost_events_nothing_old_is_told(void **state)
{
	struct vn_link_watch *w = *state;
	int ifindex = (int)if_nametoindex(A);
	struct ifreq ifr = { .ifr_name = A };
	struct vn_netdev_event ev;
	int rc, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < 4000; i++) {
		ifr.ifr_mtu = 1400 + i % 2;
		assert_int_equal(ioctl(fd, SIOCSIFMTU, &ifr), 0);
	}
	close(fd);
	must("ip link set " A " down");
	must("ip link set " A " name " C);
	assert_int_equal(vn_link_watch_next(w, &ev), -ENOBUFS);
	while ((rc = vn_link_watch_next(w, &ev)) == 1)
		assert_string_not_equal(ev.name, A);
	assert_int_equal(rc, 0);
	must("ip link set " C " mtu 1450");
	assert_last(w, ifindex, C, false);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(names_are_told_up_and_down),
		CASE(each_interface_is_told_of),
		CASE(every_up_and_down_is_told),
		CASE(a_new_interface_is_told),
		CASE(a_deleted_interface_is_gone),
		CASE(an_interface_in_another_namespace_is_gone),
		CASE(what_is_no_link_change_is_passed_over),
		CASE(after_lost_events_nothing_old_is_told),
	};
#undef CASE
	const char *why = why_no_links();

	if (why)
		return skip_all(why);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
