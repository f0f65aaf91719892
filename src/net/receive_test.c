/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets a received packet, in which order, in which groups; tags, VLAN
 * devices, a device's receive handler; and what is counted when nobody does. */
#include "net/fixture_test.h"

#define TYPE 0x88b5

struct text {
	struct vn_text t;
	char buf[512];
	struct vn_rx_pkt last;
	uint8_t last_bytes[64];
};

/* Handlers write their letter and how many they got: "a3 ". */
struct hand {
	struct vn_ptype pt;
	struct text *text;
	char letter;
	bool leaves; /* after the first call */
	struct vn_net *net;
};

static void write_hand(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct hand *h = arg;

	vn_text_add(&h->text->t, "%c%u ", h->letter, n);
	h->text->last = pkts[n - 1];
	memcpy(h->text->last_bytes, pkts[n - 1].data,
	       VN_MIN(pkts[n - 1].caplen, sizeof(h->text->last_bytes)));
	if (h->leaves)
		vn_ptype_remove(h->net, &h->pt);
}

static void hand_add(struct hand *h, struct text *t, struct vn_net *net, char letter, uint16_t type,
		     struct vn_device *dev)
{
	*h = (struct hand){ .pt = { .type = type, .dev = dev, .func = write_hand, .arg = h },
			    .text = t,
			    .letter = letter,
			    .net = net };
	vn_ptype_add(net, &h->pt);
}

static void text_init(struct text *t)
{
	memset(t, 0, sizeof(*t));
	vn_text_init(&t->t, t->buf, sizeof(t->buf));
}

static void assert_text(struct text *t, const char *text)
{
	assert_string_equal(t->buf, text);
	clear(&t->t);
}

/* 60 bytes: addresses that count up by two, type, then what is a tag's number
 * and the type behind it, or just bytes. */
struct frame {
	uint8_t data[64];
	struct vn_rx_pkt pkt;
};

static struct vn_rx_pkt *frame_make(struct frame *f, uint16_t type, uint16_t tci, uint16_t inner)
{
	memset(f, 0, sizeof(*f));
	for (uint8_t i = 0; i < 12; i++)
		f->data[i] = (uint8_t)(i * 2);
	f->data[12] = (uint8_t)(type >> 8);
	f->data[13] = (uint8_t)type;
	f->data[14] = (uint8_t)(tci >> 8);
	f->data[15] = (uint8_t)tci;
	f->data[16] = (uint8_t)(inner >> 8);
	f->data[17] = (uint8_t)inner;
	f->data[59] = 0x99;
	f->pkt = (struct vn_rx_pkt){ .data = f->data, .caplen = 60, .len = 60, .stamp_ns = 1 };
	return &f->pkt;
}

static unsigned int receive_one(struct fixture *x, struct vn_device *dev, uint16_t type,
				uint16_t tci, uint16_t inner)
{
	struct frame f;

	return vn_netif_receive(x->net, dev, frame_make(&f, type, tci, inner), 1);
}

static void handlers_are_called_in_the_order_of_the_lists(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *other = rec_eth(x);
	struct hand h[8];
	struct text t;

	text_init(&t);
	hand_add(&h[0], &t, x->net, 'd', TYPE, &r->dev);
	hand_add(&h[1], &t, x->net, 'c', TYPE, NULL);
	hand_add(&h[2], &t, x->net, 'b', VN_ETH_P_ALL, &r->dev);
	hand_add(&h[3], &t, x->net, 'a', VN_ETH_P_ALL, NULL);
	hand_add(&h[4], &t, x->net, 'A', VN_ETH_P_ALL, NULL); /* in front of a */
	hand_add(&h[5], &t, x->net, 'x', VN_ETH_P_ALL, &other->dev);
	hand_add(&h[6], &t, x->net, 'y', TYPE, &other->dev);
	hand_add(&h[7], &t, x->net, 'z', TYPE + 16, NULL); /* in the same list */
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1);
	assert_text(&t, "A1 a1 b1 c1 d1 ");
	assert_int_equal(x->net->softnet[0].processed, 1);
	assert_int_equal(receive_one(x, &other->dev, TYPE + 16, 0, 0), 1);
	assert_text(&t, "A1 a1 x1 z1 ");
	vn_ptype_remove(x->net, &h[4].pt);
	vn_ptype_remove(x->net, &h[4].pt); /* is not there any more: nothing */
	receive_one(x, &r->dev, TYPE, 0, 0);
	assert_text(&t, "a1 b1 c1 d1 ");
}

static void a_handler_may_remove_itself(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct hand a, b;
	struct text t;

	text_init(&t);
	hand_add(&a, &t, x->net, 'a', TYPE, NULL);
	hand_add(&b, &t, x->net, 'b', TYPE, NULL);
	b.leaves = true;
	receive_one(x, &r->dev, TYPE, 0, 0);
	receive_one(x, &r->dev, TYPE, 0, 0);
	assert_text(&t, "b1 a1 a1 ");
}

static void types_are_read_as_a_kernel_reads_them(void **state)
{
	static const struct {
		uint16_t field, behind, type;
	} cases[] = {
		{ 0x0800, 0, 0x0800 }, { 0x0600, 0, 0x0600 },	   { 0x05ff, 0, 0x0004 },
		{ 0x002e, 0, 0x0004 }, { 0x002e, 0xffff, 0x0001 }, { 0x0800, 0xffff, 0x0800 },
	};
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct hand h;
		struct text t;

		text_init(&t);
		hand_add(&h, &t, x->net, 'h', cases[i].type, NULL);
		assert_int_equal(receive_one(x, &r->dev, cases[i].field, cases[i].behind, 0), 1);
		assert_text(&t, "h1 ");
		vn_ptype_remove(x->net, &h.pt);
	}
}

static void what_nobody_takes_is_counted(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct hand h;
	struct text t;

	text_init(&t);
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 0);
	assert_int_equal(r->dev.core.rx_dropped, 1);
	assert_int_equal(r->dev.core.rx_nohandler, 0);
	hand_add(&h, &t, x->net, 'a', VN_ETH_P_ALL, NULL);
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1); /* a tap is somebody */
	assert_int_equal(r->dev.core.rx_dropped, 1);
	vn_ptype_remove(x->net, &h.pt);
}

/* What a back end hands on in one call is handed on in one call where it is
 * alike, the array itself. */
static void alike_packets_go_together_uncopied(void **state)
{
	static const uint16_t types[] = { TYPE, TYPE, TYPE, 0x0800, TYPE, TYPE };
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_rx_pkt pkts[VN_ARRAY_SIZE(types)];
	struct frame f[VN_ARRAY_SIZE(types)];
	struct hand all, a;
	struct text t;

	text_init(&t);
	hand_add(&all, &t, x->net, 't', VN_ETH_P_ALL, NULL);
	hand_add(&a, &t, x->net, 'a', TYPE, NULL);
	for (size_t i = 0; i < VN_ARRAY_SIZE(types); i++)
		pkts[i] = *frame_make(&f[i], types[i], 0, 0);
	vn_ptype_remove(x->net, &all.pt);
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 6), 5);
	assert_text(&t, "a3 a2 ");
	assert_ptr_equal(t.last.data, f[5].data);
	assert_int_equal(r->dev.core.rx_dropped, 1);
	assert_int_equal(x->net->softnet[0].processed, 6);
	assert_null(x->net->spare); /* no packet was made for it */
	vn_ptype_add(x->net, &all.pt);
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 6), 6);
	assert_text(&t, "t3 a3 t1 t2 a2 ");
	vn_ptype_remove(x->net, &all.pt);
}

static void a_group_is_as_long_as_it_comes(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_rx_pkt pkts[200];
	struct frame f;
	struct hand a;
	struct text t;

	text_init(&t);
	hand_add(&a, &t, x->net, 'a', TYPE, NULL);
	for (unsigned int i = 0; i < 200; i++)
		pkts[i] = *frame_make(&f, TYPE, 0, 0);
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 200), 200);
	assert_text(&t, "a200 ");
	for (unsigned int i = 0; i < 200; i++) {
		pkts[i].has_vlan = true;
		pkts[i].vlan_tpid = 0x8100;
		pkts[i].vlan_tci = i < 100 ? 5 : 6;
	}
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 200), 200);
	assert_text(&t, "a64 a36 a64 a36 "); /* tagged: in pieces, apart by tag */
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 0), 0);
}

static void a_tag_between_the_bytes_is_taken_off(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct hand tap, h;
	struct text t;

	text_init(&t);
	hand_add(&tap, &t, x->net, 't', VN_ETH_P_ALL, NULL);
	hand_add(&h, &t, x->net, 'h', TYPE, NULL);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 0xa005, TYPE), 1);
	assert_text(&t, "t1 h1 ");
	assert_int_equal(t.last.len, 56);
	assert_int_equal(t.last.caplen, 56);
	assert_true(t.last.has_vlan); /* another host's: no device has this VLAN */
	assert_int_equal(t.last.vlan_tci, 0xa005);
	assert_int_equal(t.last.vlan_tpid, 0x8100);
	for (uint8_t i = 0; i < 12; i++)
		assert_int_equal(t.last_bytes[i], i * 2);
	assert_int_equal(t.last_bytes[12] << 8 | t.last_bytes[13], TYPE);
	assert_int_equal(t.last_bytes[55], 0x99);
	vn_ptype_remove(x->net, &tap.pt);
}

static void a_tag_with_number_0_is_but_a_priority(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct hand h;
	struct text t;

	text_init(&t);
	hand_add(&h, &t, x->net, 'h', TYPE, NULL);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 0xe000, TYPE), 1);
	assert_text(&t, "h1 ");
	assert_false(t.last.has_vlan);
}

static void a_tagged_frame_that_is_cut_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct hand tap;
	struct text t;
	struct frame f;

	text_init(&t);
	hand_add(&tap, &t, x->net, 't', VN_ETH_P_ALL, NULL);
	frame_make(&f, 0x8100, 5, TYPE)->caplen = 17;
	assert_int_equal(vn_netif_receive(x->net, &r->dev, &f.pkt, 1), 0);
	assert_int_equal(r->dev.core.rx_dropped, 1);
	f.pkt.caplen = 13; /* no type: nobody's but the taps' */
	assert_int_equal(vn_netif_receive(x->net, &r->dev, &f.pkt, 1), 1);
	assert_text(&t, "t1 ");
	vn_ptype_remove(x->net, &tap.pt);
}

static struct rec *vlan_new(struct fixture *x, struct vn_device *below, uint16_t id)
{
	struct rec *v = rec_new(x, &(struct vn_device_info){ .name = "vlan%d" });

	v->dev.vlan_of = below;
	v->dev.vlan_id = id;
	return v;
}

static void a_vlan_device_gets_its_packets_from_the_start(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *v = vlan_new(x, &r->dev, 5);
	struct hand h[5];
	struct text t;

	text_init(&t);
	hand_add(&h[0], &t, x->net, 't', VN_ETH_P_ALL, NULL);
	hand_add(&h[1], &t, x->net, 'v', VN_ETH_P_ALL, &v->dev);
	hand_add(&h[2], &t, x->net, 'h', TYPE, NULL);
	hand_add(&h[3], &t, x->net, 'o', TYPE, &r->dev);
	hand_add(&h[4], &t, x->net, 'w', TYPE, &v->dev);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 0x2005, TYPE), 1);
	/* The original device's handlers come before the VLAN's. */
	assert_text(&t, "t1 t1 v1 h1 o1 w1 ");
	assert_false(t.last.has_vlan);
	assert_int_equal(x->net->softnet[0].processed, 2);
	assert_int_equal(v->dev.core.rx_packets, 1);
	assert_int_equal(v->dev.core.rx_bytes, 42);
	assert_int_equal(v->dev.core.multicast, 0);
	vn_ptype_remove(x->net, &h[0].pt);
}

static void a_vlan_without_a_taker_is_not_taken_by_a_tap_below(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *v = vlan_new(x, &r->dev, 5);
	struct hand h;
	struct text t;

	text_init(&t);
	hand_add(&h, &t, x->net, 't', VN_ETH_P_ALL, &r->dev);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 5, TYPE), 0);
	assert_int_equal(v->dev.core.rx_dropped, 1);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 6, TYPE), 0);
	assert_int_equal(r->dev.core.rx_dropped, 1);
	assert_int_equal(receive_one(x, &r->dev, 0x88a8, 5, TYPE), 0); /* not 802.1Q */
	assert_int_equal(r->dev.core.rx_dropped, 2);
	vn_device_close(&v->dev);
	assert_int_equal(receive_one(x, &r->dev, 0x8100, 5, TYPE), 0);
	assert_int_equal(v->dev.core.rx_dropped, 2);
	assert_int_equal(v->dev.core.rx_packets, 1);
	assert_text(&t, "t1 t1 t1 t1 ");
}

static void a_tag_inside_a_tag_goes_to_a_vlan_of_a_vlan(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *v = vlan_new(x, &r->dev, 5), *w = vlan_new(x, &v->dev, 6);
	struct vn_rx_pkt pkts[3];
	struct frame f;
	struct hand h;
	struct text t;

	text_init(&t);
	hand_add(&h, &t, x->net, 'w', TYPE, &w->dev);
	/* The outer one was taken off already. */
	for (unsigned int i = 0; i < 3; i++) {
		pkts[i] = *frame_make(&f, 0x8100, 6, TYPE);
		pkts[i].has_vlan = true;
		pkts[i].vlan_tpid = 0x8100;
		pkts[i].vlan_tci = 5;
	}
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 3), 3);
	assert_text(&t, "w1 w1 w1 ");
	assert_int_equal(v->dev.core.rx_packets, 3);
	assert_int_equal(w->dev.core.rx_packets, 3);
}

struct answer {
	enum vn_rx_verdict verdict;
	struct vn_device *to;
	unsigned int n;
};

static enum vn_rx_verdict answer(void *arg, struct vn_device **dev, const struct vn_rx_pkt *pkt)
{
	struct answer *a = arg;

	a->n++;
	if (a->to)
		*dev = a->to;
	return a->verdict;
}

static void the_receive_handlers_answers(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x), *bridge = rec_eth(x);
	struct hand h[4];
	struct text t;
	struct answer a = { .verdict = VN_RX_CONSUMED };

	text_init(&t);
	hand_add(&h[0], &t, x->net, 't', VN_ETH_P_ALL, &r->dev);
	hand_add(&h[1], &t, x->net, 'h', TYPE, NULL);
	hand_add(&h[2], &t, x->net, 'o', TYPE, &r->dev);
	hand_add(&h[3], &t, x->net, 'b', TYPE, &bridge->dev);
	r->dev.rx_handler = answer;
	r->dev.rx_handler_arg = &a;
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1);
	assert_text(&t, "t1 ");
	a.verdict = VN_RX_PASS;
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1);
	assert_text(&t, "t1 h1 o1 ");
	a.verdict = VN_RX_EXACT;
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1);
	assert_text(&t, "t1 o1 ");
	a.verdict = VN_RX_ANOTHER;
	a.to = &bridge->dev;
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 1);
	assert_text(&t, "t1 h1 o1 b1 ");
	assert_int_equal(x->net->softnet[0].processed, 5);
	assert_int_equal(a.n, 4);
}

static void after_only_exact_matches_it_is_nohandler(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct answer a = { .verdict = VN_RX_EXACT };
	struct hand h[2];
	struct text t;

	text_init(&t);
	hand_add(&h[0], &t, x->net, 't', VN_ETH_P_ALL, &r->dev);
	hand_add(&h[1], &t, x->net, 'h', TYPE, NULL);
	r->dev.rx_handler = answer;
	r->dev.rx_handler_arg = &a;
	assert_int_equal(receive_one(x, &r->dev, TYPE, 0, 0), 0);
	assert_int_equal(r->dev.core.rx_nohandler, 1);
	assert_int_equal(r->dev.core.rx_dropped, 0);
	a.verdict = VN_RX_PASS;
	assert_int_equal(receive_one(x, &r->dev, TYPE + 1, 0, 0), 0); /* the tap was early */
	assert_int_equal(r->dev.core.rx_dropped, 1);
}

static void every_packet_of_a_group_is_asked_about(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct answer a = { .verdict = VN_RX_CONSUMED };
	struct vn_rx_pkt pkts[5];
	struct frame f;

	r->dev.rx_handler = answer;
	r->dev.rx_handler_arg = &a;
	for (unsigned int i = 0; i < 5; i++)
		pkts[i] = *frame_make(&f, TYPE, 0, 0);
	assert_int_equal(vn_netif_receive(x->net, &r->dev, pkts, 5), 5);
	assert_int_equal(a.n, 5);
}

static void unregister_it(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	vn_device_unregister(arg);
}

static void a_handler_may_unregister_the_device(void **state)
{
	struct fixture *x = *state;
	struct rec *r = rec_eth(x);
	struct vn_ptype pt = { .type = TYPE, .func = unregister_it, .arg = &r->dev };

	vn_ptype_add(x->net, &pt);
	for (uint16_t i = 0; i < 100; i++)
		vn_netif_rx(x->net, packet(&r->dev, i));
	vn_net_rx_action(x->net); /* the device ends with the first group */
	vn_ptype_remove(x->net, &pt);
	vn_net_run(x->net);
	assert_null(vn_net_find(x->net, "eth0"));
	assert_int_equal(x->net->softnet[0].processed, 64);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(handlers_are_called_in_the_order_of_the_lists),
		CASE(a_handler_may_remove_itself),
		CASE(types_are_read_as_a_kernel_reads_them),
		CASE(what_nobody_takes_is_counted),
		CASE(alike_packets_go_together_uncopied),
		CASE(a_group_is_as_long_as_it_comes),
		CASE(a_tag_between_the_bytes_is_taken_off),
		CASE(a_tag_with_number_0_is_but_a_priority),
		CASE(a_tagged_frame_that_is_cut_is_dropped),
		CASE(a_vlan_device_gets_its_packets_from_the_start),
		CASE(a_vlan_without_a_taker_is_not_taken_by_a_tap_below),
		CASE(a_tag_inside_a_tag_goes_to_a_vlan_of_a_vlan),
		CASE(the_receive_handlers_answers),
		CASE(after_only_exact_matches_it_is_nohandler),
		CASE(every_packet_of_a_group_is_asked_about),
		CASE(a_handler_may_unregister_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
