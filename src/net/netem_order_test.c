/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "base/rng.h"
#include "net/net.h"
#include "net/netem_order.h"

/* Packets come from a net and go back to it; it is freed with them. */
static int set_up(void **state)
{
	static struct vn_clock clock;
	struct vn_net_opts opts = { .clock = &clock, .timers = &clock.timers, .n_cpus = 1 };
	struct vn_net *net;

	vn_clock_virtual(&clock, 0, 0);
	assert_int_equal(vn_net_new(&opts, &net, NULL), 0);
	*state = net;
	return 0;
}

static int tear_down(void **state)
{
	vn_net_free(*state);
	return 0;
}

/* number: in priority, by which the test knows it again. */
static void put(struct vn_netem_order *o, struct vn_net *net, uint64_t at_ns, uint32_t number)
{
	struct vn_skb *skb = vn_skb_new(net, 60);

	assert_non_null(skb);
	skb->time_to_send_ns = at_ns;
	skb->priority = number;
	assert_int_equal(vn_netem_order_put(o, skb), 0);
}

static void assert_next(struct vn_netem_order *o, uint64_t at_ns, uint32_t number)
{
	struct vn_skb *first = vn_netem_order_first(o), *skb = vn_netem_order_take(o);

	assert_non_null(skb);
	assert_ptr_equal(first, skb);
	assert_int_equal(skb->time_to_send_ns, at_ns);
	assert_int_equal(skb->priority, number);
	vn_skb_free(skb);
}

static void packets_leave_by_time_equal_ones_as_they_came(void **state)
{
	static const uint64_t at[] = { 50, 50, 10, 70, 50, 10, 70, 60, 0, 70, 50 };
	static const uint32_t order[] = { 8, 2, 5, 0, 1, 4, 10, 7, 3, 6, 9 };
	struct vn_netem_order o = { 0 };
	uint32_t i;

	assert_null(vn_netem_order_first(&o));
	assert_null(vn_netem_order_take(&o));
	assert_null(vn_netem_order_last(&o));
	for (i = 0; i < VN_ARRAY_SIZE(at); i++)
		put(&o, *state, at[i], i);
	assert_int_equal(vn_netem_order_len(&o), VN_ARRAY_SIZE(at));
	assert_int_equal(vn_netem_order_last(&o)->time_to_send_ns, 70);
	for (i = 0; i < VN_ARRAY_SIZE(order); i++)
		assert_next(&o, at[order[i]], order[i]);
	assert_int_equal(vn_netem_order_len(&o), 0);
	assert_null(vn_netem_order_last(&o));
	vn_netem_order_fini(&o);
}

/* In order: never a heap, however many. */
static void packets_in_order_need_no_heap(void **state)
{
	struct vn_netem_order o = { 0 };
	uint32_t i;

	for (i = 0; i < 100000; i++) {
		put(&o, *state, i / 3, i);
		if (i >= 1000)
			assert_next(&o, (i - 1000) / 3, i - 1000);
	}
	assert_null(o.heap);
	vn_netem_order_fini(&o);
}

/* Against a plain search for the earliest, with times that are often equal. */
static void any_mixture_is_in_order(void **state)
{
	enum { WAITING = 200, STEPS = 50000 };
	struct vn_netem_order o = { 0 };
	uint64_t at[WAITING], now = 0;
	uint32_t number[WAITING], n = 0, i, k, first;
	struct vn_rng rng;

	vn_rng_seed(&rng, 1, 0);
	for (i = 0; i < STEPS; i++) {
		if (n == 0 || (n < WAITING && vn_rng_below(&rng, 1000) < 505)) {
			at[n] = now + vn_rng_below(&rng, 40);
			number[n] = i;
			put(&o, *state, at[n], number[n]);
			n++;
			continue;
		}
		for (first = 0, k = 1; k < n; k++) /* they lie in order of arrival */
			if (at[k] < at[first])
				first = k;
		now = at[first] > now ? at[first] : now;
		assert_next(&o, at[first], number[first]);
		for (n--, k = first; k < n; k++) {
			at[k] = at[k + 1];
			number[k] = number[k + 1];
		}
		assert_int_equal(vn_netem_order_len(&o), n);
	}
	vn_netem_order_fini(&o);
}

/* A quarter of a million in the worst order; a list would take hours. */
static void a_great_heap_is_not_slow(void **state)
{
	struct vn_netem_order o = { 0 };
	uint32_t i, n = 250000;

	for (i = 0; i < n; i++)
		put(&o, *state, n - i, i);
	for (i = 0; i < n; i++)
		assert_next(&o, i + 1, n - 1 - i);
	vn_netem_order_fini(&o);
}

/* What is left goes back to the net. */
static void nothing_is_left_after_a_purge(void **state)
{
	struct vn_netem_order o = { 0 };
	uint32_t i;

	for (i = 0; i < 100; i++)
		put(&o, *state, i * 7 % 50, i);
	vn_netem_order_purge(&o);
	assert_int_equal(vn_netem_order_len(&o), 0);
	assert_null(vn_netem_order_first(&o));
	put(&o, *state, 3, 1);
	assert_next(&o, 3, 1);
	put(&o, *state, 3, 1);
	put(&o, *state, 2, 2);
	vn_netem_order_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_leave_by_time_equal_ones_as_they_came),
		cmocka_unit_test(packets_in_order_need_no_heap),
		cmocka_unit_test(any_mixture_is_in_order),
		cmocka_unit_test(a_great_heap_is_not_slow),
		cmocka_unit_test(nothing_is_left_after_a_purge),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
