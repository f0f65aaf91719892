/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launch times against a launcher that is modelled plainly: it has a counter of
 * so many bits that turns once a grain, looks at the value that was written and
 * lets the frame go when the counter is there. Time is the virtual clock's.
 */
#include "net/launch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/schedule.h"

#define MS UINT64_C(1000000)
#define S  VN_NSEC_PER_SEC

/* When a frame leaves that is handed over at now_ns with this value, by our clock. */
static uint64_t leaves(const struct vn_launch *l, uint64_t now_ns, uint64_t value)
{
	unsigned __int128 t = (unsigned __int128)now_ns + (unsigned __int128)l->offset_ns;
	unsigned __int128 counter = t / l->grain_ns;
	uint64_t mask = l->bits ? (UINT64_C(1) << l->bits) - 1 : UINT64_MAX;
	uint64_t ahead = (value / (l->bits ? 1 : l->grain_ns) - (uint64_t)counter) & mask;

	/* The upper half is the past: it goes at once. */
	if (ahead > mask / 2)
		return now_ns;
	return (uint64_t)((counter + ahead) * l->grain_ns) - (uint64_t)l->offset_ns;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void departures_are_put_on_the_launchers_clock_and_grain(void **state)
{
	static const struct {
		struct vn_launch l;
		uint64_t depart, value, at;
	} cases[] = {
		{ { 0, 1, S, 0, 0 }, 12345, 12345, 12345 },
		{ { 37 * 1000000000ll, 1, S, 0, 0 }, 12345, 37000012345, 12345 },
		{ { -1000, 1, S, 0, 0 }, 12345, 11345, 12345 },
		{ { 0, 8, S, 0, 0 }, 1003, 1000, 1000 },
		{ { 0, 8, S, 0, 0 }, 1004, 1008, 1008 },
		{ { 0, 8, S, 0, 0 }, 1005, 1008, 1008 },
		{ { 0, 7, S, 0, 0 }, 703, 700, 700 },
		{ { 0, 7, S, 0, 0 }, 704, 707, 707 },
		{ { 3, 8, S, 0, 0 }, 1000, 1000, 997 },
		{ { 0, 8, S, 0, 32 }, 34359738367, 0, 34359738368 }, /* rounded over the wrap */
		{ { 0, 8, S, 0, 32 }, 34359738368 + 80, 10, 34359738368 + 80 },
		{ { 0, 256, S, 0, 32 }, 256 * 5, 5, 256 * 5 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_true(vn_launch_value(&cases[i].l, cases[i].depart) == cases[i].value);
		assert_true(vn_launch_at(&cases[i].l, cases[i].depart) == cases[i].at);
	}
}

static void half_a_turn_of_the_counter_bounds_the_reach(void **state)
{
	static const struct {
		struct vn_launch l;
		uint64_t reach;
	} cases[] = {
		{ { 0, 1, 10 * S, 0, 0 }, 10 * S },
		{ { 0, 8, UINT64_MAX, 0, 32 }, 17179869184 - 16 },
		{ { 0, 8, 10 * S, 0, 32 }, 10 * S },
		{ { 0, 256, UINT64_MAX, 0, 32 }, 549755813888 - 512 },
		{ { 0, 1, UINT64_MAX, 0, 16 }, 32766 },
		{ { 0, 1000, UINT64_MAX, 0, 63 }, UINT64_MAX },
		{ { 0, 8, 0, 0, 32 }, 0 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_true(vn_launch_reach(&cases[i].l) == cases[i].reach);
}

static void how_long_before_is_between_lead_and_reach(void **state)
{
	const struct vn_launch etf = { 0, 1, 10 * S, 200000, 0 };
	const struct vn_launch near = { 0, 1, MS / 2, 0, 0 };

	assert_true(vn_launch_ahead(&etf, MS) == MS);
	assert_true(vn_launch_ahead(&etf, 1000) == 200000);
	assert_true(vn_launch_ahead(&etf, 20 * S) == 10 * S);
	assert_true(vn_launch_ahead(&near, MS) == MS / 2);
}

static void too_late_and_too_far_are_told_to_the_ns(void **state)
{
	const struct vn_launch l = { -5, 1, S, 200000, 0 };
	const uint64_t depart = 100 * S;
	static const struct {
		uint64_t now;
		enum vn_launch_when when;
	} cases[] = {
		{ 0, VN_LAUNCH_TOO_FAR },
		{ 99 * S - 1, VN_LAUNCH_TOO_FAR },
		{ 99 * S, VN_LAUNCH_NOW },
		{ 100 * S - 200000, VN_LAUNCH_NOW },
		{ 100 * S - 199999, VN_LAUNCH_TOO_LATE },
		{ 100 * S, VN_LAUNCH_TOO_LATE },
		{ 101 * S, VN_LAUNCH_TOO_LATE },
		{ UINT64_MAX, VN_LAUNCH_TOO_LATE },
	};

	assert_true(vn_launch_from(&l, depart) == 99 * S);
	assert_true(vn_launch_from(&l, S / 2) == 0);
	assert_int_equal(vn_launch_check(&l, S / 2, 0), VN_LAUNCH_NOW);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_int_equal(vn_launch_check(&l, depart, cases[i].now), cases[i].when);
}

/* At the edge the model lets a frame go at its time; beyond it, at once. */
static void the_edge_of_the_reach_is_where_the_counter_has_it(void **state)
{
	static const struct vn_launch launchers[] = {
		{ 0, 1, UINT64_MAX, 0, 16 },	{ 12345, 8, UINT64_MAX, 0, 32 },
		{ -999, 7, UINT64_MAX, 0, 20 }, { 37 * 1000000000ll + 1, 333, UINT64_MAX, 0, 8 },
		{ 5, 1000, UINT64_MAX, 0, 3 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(launchers); i++) {
		const struct vn_launch *l = &launchers[i];
		uint64_t reach = vn_launch_reach(l);

		for (uint64_t now = 50 * S; now < 50 * S + 3000; now++) {
			uint64_t edge = now + reach, beyond = edge + 3 * l->grain_ns;

			assert_int_equal(vn_launch_check(l, edge, now), VN_LAUNCH_NOW);
			assert_int_equal(vn_launch_check(l, edge + 1, now), VN_LAUNCH_TOO_FAR);
			assert_true(leaves(l, now, vn_launch_value(l, edge)) ==
				    vn_launch_at(l, edge));
			assert_true(leaves(l, now, vn_launch_value(l, beyond)) == now);
		}
	}
}

/* Hands n departures over on the virtual clock, each as early as is allowed, and
 * looks at when the model lets them go. Returns how often the counter wrapped. */
static unsigned int run(const struct vn_launch *l, uint64_t origin, uint64_t num, uint64_t den,
			uint32_t n)
{
	unsigned __int128 exact;
	unsigned int wraps = 0;
	struct vn_schedule s;
	struct vn_clock clock;
	uint64_t before = 0;

	vn_clock_virtual(&clock, origin, 0);
	vn_schedule_start(&s, origin, num, den);
	for (uint32_t i = 0; i < n; i++, vn_schedule_advance(&s)) {
		uint64_t from = vn_launch_from(l, s.next_ns), value, at, now;

		now = clock.wait(&clock, from, NULL);
		assert_int_not_equal(vn_launch_check(l, s.next_ns, now), VN_LAUNCH_TOO_FAR);
		value = vn_launch_value(l, s.next_ns);
		at = leaves(l, now, value);
		assert_true(at == vn_launch_at(l, s.next_ns));
		exact = origin + (unsigned __int128)num * i / den;
		assert_true(s.next_ns == (uint64_t)exact);
		assert_true(distance(at, (uint64_t)exact) <= l->grain_ns / 2);
		wraps += value < before;
		before = value;
	}
	return wraps;
}

static void millions_of_departures_do_not_drift(void **state)
{
	static const struct vn_launch launchers[] = {
		{ 0, 1, 10 * S, 0, 0 },			     /* fq */
		{ 37 * 1000000000ll, 1, 10 * S, 200000, 0 }, /* etf by TAI */
		{ 1234567, 8, S, 0, 32 },
		{ -1234567, 7, S, 0, 32 }, /* an odd grain */
		{ 77, 333, UINT64_MAX, 0, 16 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(launchers); i++)
		run(&launchers[i], 1000 * S + 3, 1000000000, 3333333, 1000000);
}

static void a_counter_wraps_and_nobody_notices(void **state)
{
	static const struct {
		struct vn_launch l;
		uint64_t gap_ns;
		unsigned int wraps; /* of 200000 departures, at least */
	} cases[] = {
		{ { 0, 8, UINT64_MAX, 0, 32 }, 1000003, 5 }, /* 200 s, 34.36 s a turn */
		{ { 0, 8, S, 1000, 32 }, 1000003, 5 },
		{ { 99, 256, UINT64_MAX, 0, 32 }, 30000001, 5 }, /* 6000 s, 1100 s a turn */
		{ { -7, 13, UINT64_MAX, 0, 16 }, 40009, 9000 },
		{ { 0, 1, UINT64_MAX, 0, 8 }, 61, 47000 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_true(run(&cases[i].l, 1000 * S, cases[i].gap_ns, 1, 200000) >=
			    cases[i].wraps);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(departures_are_put_on_the_launchers_clock_and_grain),
		cmocka_unit_test(half_a_turn_of_the_counter_bounds_the_reach),
		cmocka_unit_test(how_long_before_is_between_lead_and_reach),
		cmocka_unit_test(too_late_and_too_far_are_told_to_the_ns),
		cmocka_unit_test(the_edge_of_the_reach_is_where_the_counter_has_it),
		cmocka_unit_test(millions_of_departures_do_not_drift),
		cmocka_unit_test(a_counter_wraps_and_nobody_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
