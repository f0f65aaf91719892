/* SPDX-License-Identifier: BSD-2-Clause */
/* A device comes, goes up and down and goes, and listeners hear each step in
 * order; its names; what can be set on it; what its carrier does. */
#include "net/fixture_test.h"

#include <errno.h>
#include <string.h>

static void a_life_is_told_in_order(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0" });

	vn_net_listen(x->net, &x->listener);
	clear(&x->events);
	assert_int_equal(vn_device_open(&r->dev), -ENODEV); /* not registered yet */
	rec_register(r);
	assert_events(x, "eth0:REGISTER ");
	assert_int_equal(vn_device_open(&r->dev), 0);
	assert_events(x, "(open) eth0:UP ");
	assert_int_equal(vn_device_open(&r->dev), 0); /* is open: nothing */
	assert_events(x, "");
	vn_device_close(&r->dev);
	assert_events(x, "eth0:GOING_DOWN (stop) eth0:DOWN ");
	vn_device_close(&r->dev);
	assert_events(x, "");
	assert_int_equal(vn_device_open(&r->dev), 0);
	clear(&x->events);
	vn_device_unregister(&r->dev);
	assert_events(x, "eth0:GOING_DOWN (stop) eth0:DOWN eth0:UNREGISTER ");
	assert_null(vn_net_find(x->net, "eth0"));
}

static void a_fresh_device_has_the_defaults(void **state)
{
	struct rec *r = rec_make(*state, &(struct vn_device_info){ .name = "eth0", .n_txq = 2 });

	assert_int_equal(r->dev.state, VN_DEV_PRESENT);
	assert_int_equal(r->dev.flags, VN_IFF_BROADCAST | VN_IFF_MULTICAST);
	assert_int_equal(r->dev.type, 1);
	assert_int_equal(r->dev.mtu, 1500);
	assert_int_equal(r->dev.tx_queue_len, 1000);
	assert_int_equal(r->dev.hard_header_len, 14);
	assert_int_equal(r->dev.real_n_txq, 2);
	assert_int_equal(r->dev.real_n_rxq, 1);
	assert_true(vn_device_has_carrier(&r->dev));
	assert_int_equal(r->dev.broadcast[0], 0xff);
	for (unsigned int i = 0; i < 2; i++) {
		assert_ptr_equal(r->dev.tx[i].qdisc->ops, &vn_noop_ops);
		assert_ptr_equal(r->dev.tx[i].qdisc_sleeping->ops, &vn_noop_ops);
		assert_int_equal(r->dev.tx[i].owner, VN_QUEUE_NO_OWNER);
		assert_int_equal(r->dev.tx[i].bql.hold_time_ms, 1000);
	}
	vn_device_fini(&r->dev);
	rec_free(&r->dev);
}

static void alternative_names_are_names(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0" });
	struct rec *other = rec_make(x, &(struct vn_device_info){ .name = "eth1" });
	char longest[VN_ALTIFNAMSIZ + 1];

	rec_register(r);
	rec_register(other);
	memset(longest, 'n', VN_ALTIFNAMSIZ);
	longest[VN_ALTIFNAMSIZ] = '\0';
	assert_int_equal(vn_device_add_altname(&r->dev, longest), -EINVAL);
	assert_int_equal(vn_device_add_altname(&r->dev, "a/b"), -EINVAL);
	assert_int_equal(vn_device_add_altname(&r->dev, "eth1"), -EEXIST);
	assert_int_equal(vn_device_add_altname(&r->dev, longest + 1), 0);
	assert_int_equal(vn_device_add_altname(&r->dev, "uplink"), 0);
	assert_int_equal(vn_device_add_altname(&other->dev, "uplink"), -EEXIST);
	assert_ptr_equal(vn_net_find(x->net, "uplink"), &r->dev);
	assert_ptr_equal(vn_net_find(x->net, longest + 1), &r->dev);
	assert_int_equal(vn_device_rename(&other->dev, "uplink"), -EEXIST);
	assert_int_equal(vn_device_del_altname(&r->dev, longest + 1), 0);
	assert_int_equal(vn_device_del_altname(&r->dev, longest + 1), -ENOENT);
	assert_null(vn_net_find(x->net, longest + 1));
	assert_ptr_equal(vn_net_find(x->net, "uplink"), &r->dev);
	vn_device_unregister(&r->dev);
	assert_null(vn_net_find(x->net, "uplink"));
	vn_device_unregister(&other->dev);
}

static void an_open_that_fails_leaves_it_down(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0" });

	rec_register(r);
	r->open_rc = -EIO;
	assert_int_equal(vn_device_open(&r->dev), -EIO);
	assert_false(vn_device_is_running(&r->dev));
	assert_int_equal(r->dev.flags & VN_IFF_UP, 0);
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_XMIT_CN);
	r->open_rc = 0;
	r->dev.state &= ~(uint32_t)VN_DEV_PRESENT;
	assert_int_equal(vn_device_open(&r->dev), -ENODEV);
	r->dev.state |= VN_DEV_PRESENT;
	assert_int_equal(vn_device_open(&r->dev), 0);
}

static void indices_go_up_and_are_not_used_again(void **state)
{
	struct fixture *x = *state;
	struct rec *a = rec_eth(x), *b = rec_eth(x), *c;

	assert_int_equal(a->dev.ifindex, 2);
	assert_int_equal(b->dev.ifindex, 3);
	assert_int_equal(b->dev.iflink, 3);
	vn_device_unregister(&b->dev);
	c = rec_eth(x);
	assert_int_equal(c->dev.ifindex, 4);
	assert_string_equal(c->dev.name, "eth1"); /* the lowest free number */
	assert_ptr_equal(vn_net_find_index(x->net, 4), &c->dev);
	assert_null(vn_net_find_index(x->net, 3));
	assert_ptr_equal(a->dev.next, &c->dev);
}

static void names_are_checked(void **state)
{
	static const struct {
		const char *name;
		int rc;
		const char *becomes;
	} cases[] = {
		{ "x", 0, "x" },
		{ "fifteen-letters", 0, "fifteen-letters" },
		{ "sixteen--letters", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ ".", -EINVAL, NULL },
		{ "..", -EINVAL, NULL },
		{ "...", 0, "..." },
		{ "a/b", -EINVAL, NULL },
		{ "a:1", -EINVAL, NULL },
		{ "a b", -EINVAL, NULL },
		{ "a\tb", -EINVAL, NULL },
		{ "a\xa0", -EINVAL, NULL },
		{ "lo", -EEXIST, NULL },
		{ "eth%d", 0, "eth1" },
		{ "%d", 0, "0" },
		{ "a%db", 0, "a0b" },
		{ "a%s", -EINVAL, NULL },
		{ "a%d%d", -EINVAL, NULL },
		{ "a%", -EINVAL, NULL },
		{ "thirteenletrs%d", 0, "thirteenletrs0" },
	};
	struct fixture *x = *state;

	rec_eth(x);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct rec *r = rec_make(x, &(struct vn_device_info){ .name = cases[i].name });
		struct vn_err err = { "" };

		assert_int_equal(vn_device_register(&r->dev, &err), cases[i].rc);
		if (cases[i].rc) {
			assert_non_null(memmem(err.text, strlen(err.text), cases[i].name,
					       strcspn(cases[i].name, "\t"))); /* is told as '?' */
			vn_device_fini(&r->dev);
			rec_free(&r->dev);
			continue;
		}
		assert_string_equal(r->dev.name, cases[i].becomes);
		assert_int_equal(r->dev.name_assign_type, strchr(cases[i].name, '%') ? 1 : 3);
		vn_device_unregister(&r->dev);
	}
}

static void a_number_that_makes_a_name_too_long_is_refused(void **state)
{
	struct fixture *x = *state;
	struct rec *r = NULL;

	/* Numbers of two digits fit behind thirteen letters, of three do not. */
	for (unsigned int i = 0; i < 100; i++)
		r = rec_new(x, &(struct vn_device_info){ .name = "thirteenletrs%d" });
	assert_string_equal(r->dev.name, "thirteenletrs99");
	r = rec_make(x, &(struct vn_device_info){ .name = "thirteenletrs%d" });
	assert_int_equal(vn_device_register(&r->dev, NULL), -EINVAL);
	vn_device_fini(&r->dev);
	rec_free(&r->dev);
}

static void a_rename_needs_the_device_down(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_net_listen(x->net, &x->listener);
	clear(&x->events);
	assert_int_equal(vn_device_rename(&r->dev, "wan"), -EBUSY);
	vn_device_close(&r->dev);
	clear(&x->events);
	assert_int_equal(vn_device_rename(&r->dev, "lo"), -EEXIST);
	assert_int_equal(vn_device_rename(&r->dev, "a/b"), -EINVAL);
	assert_int_equal(vn_device_rename(&r->dev, "eth0"), 0); /* its own: nothing */
	assert_events(x, "");
	assert_string_equal(r->dev.name, "eth0");
	assert_int_equal(vn_device_rename(&r->dev, "wan%d"), 0);
	assert_events(x, "wan0:CHANGENAME ");
	assert_int_equal(r->dev.name_assign_type, 4);
	assert_ptr_equal(vn_net_find(x->net, "wan0"), &r->dev);
	assert_null(vn_net_find(x->net, "eth0"));
}

static void a_held_device_is_freed_by_its_last_holder(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_device_hold(&r->dev);
	vn_device_put(&r->dev); /* registered: stays */
	vn_device_hold(&r->dev);
	vn_device_hold(&r->dev);
	vn_device_unregister(&r->dev);
	assert_null(vn_net_find(x->net, "eth0"));
	assert_false(r->dev.is_registered);
	assert_int_equal(r->dev.refs, 2);
	vn_device_put(&r->dev);
	assert_int_equal(r->dev.refs, 1);
	vn_device_put(&r->dev); /* a leak, or a second free, is the sanitizer's to find */
}

static void what_waits_for_a_device_that_goes_is_discarded(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *other = rec_eth(x);
	uint32_t outstanding = 3;

	for (uint16_t i = 0; i < 3; i++) {
		struct vn_skb *skb = packet(i == 1 ? &other->dev : &r->dev, i);

		skb->outstanding = &outstanding;
		vn_netif_rx(x->net, skb);
	}
	vn_device_unregister(&r->dev);
	assert_int_equal(outstanding, 1);
	assert_int_equal(x->net->softnet[0].input.len, 1);
	vn_net_run(x->net);
	assert_int_equal(outstanding, 0);
	assert_int_equal(other->dev.core.rx_dropped, 1); /* came as far as the handlers */
}

static void a_carrier_that_changes_is_counted_once(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0" });

	vn_device_carrier_off(&r->dev); /* how it begins: no change */
	rec_register(r);
	assert_int_equal(r->dev.carrier_down_count, 0);
	vn_device_carrier_off(&r->dev);
	assert_int_equal(r->dev.carrier_down_count, 0);
	vn_device_carrier_on(&r->dev);
	vn_device_carrier_on(&r->dev);
	assert_int_equal(r->dev.carrier_up_count, 1);
	vn_device_carrier_off(&r->dev);
	assert_int_equal(r->dev.carrier_down_count, 1);
}

static void without_carrier_activation_waits_for_it(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_make(x, &(struct vn_device_info){ .name = "eth0" });

	vn_device_carrier_off(&r->dev);
	rec_register(r);
	vn_net_listen(x->net, &x->listener);
	vn_device_open(&r->dev);
	assert_string_equal(r->dev.qdisc->ops->id, "pfifo_fast"); /* made, not active */
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_XMIT_CN);
	assert_int_equal(r->dev.core.tx_dropped, 1);
	clear(&x->events);
	vn_device_carrier_on(&r->dev);
	assert_events(x, "eth0:CHANGE ");
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 1)), VN_TX_OK);
	assert_sent(r, 1, 1);
}

static void a_lost_carrier_deactivates_a_little_later(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_queue_stop(&r->dev.tx[0]);
	send_packets(&r->dev, 0, 5);
	vn_net_listen(x->net, &x->listener);
	clear(&x->events);
	vn_device_carrier_off(&r->dev);
	assert_int_equal(r->dev.state & VN_DEV_LINKWATCH_PENDING, VN_DEV_LINKWATCH_PENDING);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 5);
	pass(x, 0);
	assert_events(x, "eth0:CHANGE ");
	assert_int_equal(r->dev.state & VN_DEV_LINKWATCH_PENDING, 0);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 0);
	assert_ptr_equal(r->dev.tx[0].qdisc->ops, &vn_noop_ops);
	assert_string_equal(r->dev.tx[0].qdisc_sleeping->ops->id, "pfifo_fast");
	vn_device_carrier_on(&r->dev);
	assert_string_equal(r->dev.tx[0].qdisc->ops->id, "pfifo_fast");
	/* The second time within a second waits for the second to be over. */
	vn_device_carrier_off(&r->dev);
	pass(x, SECOND - 1);
	assert_string_equal(r->dev.tx[0].qdisc->ops->id, "pfifo_fast");
	pass(x, 1);
	assert_ptr_equal(r->dev.tx[0].qdisc->ops, &vn_noop_ops);
}

static void a_carrier_that_comes_back_in_time_discards_nothing(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_queue_stop(&r->dev.tx[0]);
	send_packets(&r->dev, 0, 5);
	vn_device_carrier_off(&r->dev);
	vn_device_carrier_on(&r->dev);
	assert_false(vn_timer_is_armed(&r->dev.linkwatch));
	pass(x, 10 * SECOND);
	assert_int_equal(stats_of(r->dev.qdisc).qlen, 5);
	vn_queue_wake(&r->dev.tx[0]);
	vn_net_run(x->net);
	assert_sent(r, 0, 5);
}

static void a_device_that_is_down_meets_noop_and_discards(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	uint32_t outstanding = 1;
	struct vn_skb *skb = packet(&r->dev, 9);

	vn_queue_stop(&r->dev.tx[0]);
	send_packets(&r->dev, 0, 4);
	skb->outstanding = &outstanding;
	vn_dev_queue_xmit(skb);
	vn_device_close(&r->dev);
	assert_int_equal(outstanding, 0);
	assert_int_equal(vn_dev_queue_xmit(packet(&r->dev, 0)), VN_XMIT_CN);
	vn_queue_wake(&r->dev.tx[0]);
	vn_device_open(&r->dev);
	pass(x, 60 * SECOND);
	vn_net_run(x->net);
	assert_int_equal(r->n, 0); /* none leaves later */
	assert_int_equal(r->dev.core.tx_dropped, 1);
}

static int refuse(struct vn_device *dev, uint32_t mtu)
{
	return -EIO;
}

static int refuse_mac(struct vn_device *dev, const uint8_t mac[6])
{
	return -EADDRNOTAVAIL;
}

static void mtu_and_address_are_set_and_told(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_net_listen(x->net, &x->listener);
	clear(&x->events);
	assert_int_equal(vn_device_set_mtu(&r->dev, 67), -EINVAL);
	assert_int_equal(vn_device_set_mtu(&r->dev, 65536), -EINVAL);
	assert_int_equal(vn_device_set_mtu(&r->dev, 1500), 0);
	assert_events(x, "");
	assert_int_equal(vn_device_set_mtu(&r->dev, 9000), 0);
	assert_int_equal(r->dev.mtu, 9000);
	assert_int_equal(vn_device_set_mac(&r->dev, mac), 0);
	assert_events(x, "eth0:CHANGE eth0:CHANGE ");
	assert_memory_equal(r->dev.addr, mac, 6);
	assert_int_equal(r->dev.perm_addr[5], 0);
	assert_int_equal(r->dev.addr_assign_type, 3);
	r->ops.change_mtu = refuse;
	r->ops.set_mac = refuse_mac;
	assert_int_equal(vn_device_set_mtu(&r->dev, 1000), -EIO);
	assert_int_equal(vn_device_set_mac(&r->dev, r->dev.perm_addr), -EADDRNOTAVAIL);
	assert_int_equal(r->dev.mtu, 9000);
	assert_memory_equal(r->dev.addr, mac, 6);
	assert_events(x, "");
}

static void flags_that_can_be_set_are_and_up_opens(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	vn_device_close(&r->dev);
	assert_int_equal(vn_device_set_flags(&r->dev, VN_IFF_UP | VN_IFF_PROMISC | VN_IFF_NOARP |
							      VN_IFF_LOOPBACK),
			 0);
	assert_int_equal(r->dev.flags,
			 VN_IFF_UP | VN_IFF_BROADCAST | VN_IFF_PROMISC | VN_IFF_NOARP);
	assert_true(r->is_open);
	assert_int_equal(vn_device_set_flags(&r->dev, VN_IFF_MULTICAST), 0);
	assert_int_equal(r->dev.flags, VN_IFF_BROADCAST | VN_IFF_MULTICAST);
	assert_false(r->is_open);
	r->open_rc = -EIO;
	assert_int_equal(vn_device_set_flags(&r->dev, VN_IFF_UP), -EIO);
}

static void rec_stats(struct vn_device *dev, struct vn_device_stats *out)
{
	out->tx_packets = 5;
	out->tx_dropped = 1;
	out->rx_nohandler = 2;
}

static void counters_are_the_back_ends_and_the_cores(void **state)
{
	struct rec *r = rec_eth(*state);
	struct vn_device_stats s;

	r->ops.get_stats = rec_stats;
	r->dev.core.tx_dropped = 10;
	r->dev.core.rx_dropped = 3;
	memset(&s, 0xff, sizeof(s));
	vn_device_get_stats(&r->dev, &s);
	assert_int_equal(s.tx_packets, 5);
	assert_int_equal(s.tx_dropped, 11);
	assert_int_equal(s.rx_dropped, 3);
	assert_int_equal(s.rx_nohandler, 2);
	assert_int_equal(s.tx_compressed, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(a_life_is_told_in_order),
		CASE(a_fresh_device_has_the_defaults),
		CASE(alternative_names_are_names),
		CASE(an_open_that_fails_leaves_it_down),
		CASE(indices_go_up_and_are_not_used_again),
		CASE(names_are_checked),
		CASE(a_number_that_makes_a_name_too_long_is_refused),
		CASE(a_rename_needs_the_device_down),
		CASE(a_held_device_is_freed_by_its_last_holder),
		CASE(what_waits_for_a_device_that_goes_is_discarded),
		CASE(a_carrier_that_changes_is_counted_once),
		CASE(without_carrier_activation_waits_for_it),
		CASE(a_lost_carrier_deactivates_a_little_later),
		CASE(a_carrier_that_comes_back_in_time_discards_nothing),
		CASE(a_device_that_is_down_meets_noop_and_discards),
		CASE(mtu_and_address_are_set_and_told),
		CASE(flags_that_can_be_set_are_and_up_opens),
		CASE(counters_are_the_back_ends_and_the_cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
