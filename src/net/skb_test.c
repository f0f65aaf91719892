/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets are recycled, copies are their own, senders learn when theirs are
 * gone; lists keep order and count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/skb.h"

static int make_net(void **state)
{
	*state = calloc(1, sizeof(struct vn_net));
	return *state ? 0 : -1;
}

static int free_net(void **state)
{
	struct vn_net *net = *state;

	while (net->spare) {
		struct vn_skb *skb = net->spare;

		net->spare = skb->next;
		free(skb);
	}
	free(net);
	return 0;
}

static void a_packet_has_room_and_nothing_is_set(void **state)
{
	static const uint32_t lens[] = { 0, 1, 60, 255, 256, 257, 1514, 65549 };

	for (size_t i = 0; i < VN_ARRAY_SIZE(lens); i++) {
		struct vn_skb *skb = vn_skb_new(*state, lens[i]);

		assert_int_equal(skb->len, lens[i]);
		assert_true(skb->cap >= lens[i]);
		assert_null(skb->dev);
		assert_null(skb->outstanding);
		assert_false(skb->has_vlan);
		assert_int_equal(skb->priority, 0);
		memset(skb->data, 0xff, skb->cap);
		skb->priority = 7;
		skb->has_vlan = true;
		vn_skb_free(skb);
	}
	vn_skb_free(NULL);
}

static void a_freed_packet_is_used_again_where_it_is_long_enough(void **state)
{
	struct vn_skb *first = vn_skb_new(*state, 1514), *again, *longer;

	vn_skb_free(first);
	again = vn_skb_new(*state, 60);
	assert_ptr_equal(again, first);
	assert_int_equal(again->len, 60);
	vn_skb_free(again);
	longer = vn_skb_new(*state, 9000);
	assert_true(longer->cap >= 9000);
	assert_null(((struct vn_net *)*state)->spare); /* the short one was given back */
	vn_skb_free(longer);
}

static void a_copy_is_its_own_and_nobody_waits_for_it(void **state)
{
	uint32_t outstanding = 1;
	struct vn_skb *skb = vn_skb_new(*state, 60), *copy;

	memset(skb->data, 0x5a, 60);
	skb->priority = 6;
	skb->queue_mapping = 3;
	skb->has_vlan = true;
	skb->vlan_tci = 0x2005;
	skb->outstanding = &outstanding;
	copy = vn_skb_copy(skb);
	assert_ptr_not_equal(copy->data, skb->data);
	assert_memory_equal(copy->data, skb->data, 60);
	assert_int_equal(copy->priority, 6);
	assert_int_equal(copy->queue_mapping, 3);
	assert_int_equal(copy->vlan_tci, 0x2005);
	assert_null(copy->outstanding);
	vn_skb_free(copy);
	assert_int_equal(outstanding, 1);
	vn_skb_free(skb);
	assert_int_equal(outstanding, 0);
}

static void an_orphan_is_not_waited_for_twice(void **state)
{
	uint32_t outstanding = 2;
	struct vn_skb *skb = vn_skb_new(*state, 60);

	skb->outstanding = &outstanding;
	vn_skb_orphan(skb);
	assert_int_equal(outstanding, 1);
	vn_skb_orphan(skb);
	vn_skb_free(skb);
	assert_int_equal(outstanding, 1);
}

/* Put in from the middle to both ends. */
static void a_list_keeps_order_and_counts(void **state)
{
	struct vn_skb_list list = { .len = 0 };
	struct vn_skb *skb[4];

	for (unsigned int i = 0; i < 4; i++)
		skb[i] = vn_skb_new(*state, 100 + i);
	assert_null(vn_skb_take(&list));
	vn_skb_prepend(&list, skb[1]);
	vn_skb_append(&list, skb[2]);
	vn_skb_prepend(&list, skb[0]);
	vn_skb_append(&list, skb[3]);
	assert_int_equal(list.len, 4);
	assert_int_equal(list.bytes, 406);
	for (unsigned int i = 0; i < 4; i++) {
		assert_ptr_equal(vn_skb_take(&list), skb[i]);
		assert_null(skb[i]->next);
		vn_skb_free(skb[i]);
	}
	assert_int_equal(list.len, 0);
	assert_int_equal(list.bytes, 0);
	assert_null(list.tail);
}

static void a_purge_frees_all_and_says_how_many(void **state)
{
	struct vn_skb_list list = { .len = 0 };
	uint32_t outstanding = 3;

	for (unsigned int i = 0; i < 3; i++) {
		struct vn_skb *skb = vn_skb_new(*state, 60);

		skb->outstanding = &outstanding;
		vn_skb_append(&list, skb);
	}
	assert_int_equal(vn_skb_purge(&list), 3);
	assert_int_equal(outstanding, 0);
	assert_null(list.head);
	assert_int_equal(vn_skb_purge(&list), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_has_room_and_nothing_is_set),
		cmocka_unit_test(a_freed_packet_is_used_again_where_it_is_long_enough),
		cmocka_unit_test(a_copy_is_its_own_and_nobody_waits_for_it),
		cmocka_unit_test(an_orphan_is_not_waited_for_twice),
		cmocka_unit_test(a_list_keeps_order_and_counts),
		cmocka_unit_test(a_purge_frees_all_and_says_how_many),
	};

	return cmocka_run_group_tests(tests, make_net, free_net);
}
