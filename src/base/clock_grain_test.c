/* SPDX-License-Identifier: BSD-2-Clause */
/* Grain and cost of clocks whose steps are known. */
#include "base/clock_grain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"

/* Each read takes some ns; what is shown is cut down to a grain. */
struct cut_clock {
	struct vn_clock clock;
	uint64_t ns, cost_ns, grain_ns;
	uint64_t break_at, break_ns; /* that read takes so much longer; 0: none */
	uint64_t n;
};

static uint64_t cut_now(struct vn_clock *clock)
{
	struct cut_clock *c = vn_container_of(clock, struct cut_clock, clock);

	c->ns += c->cost_ns + (++c->n == c->break_at ? c->break_ns : 0);
	return c->ns / c->grain_ns * c->grain_ns;
}

static void the_smallest_step_and_the_quickest_round_count(void **state)
{
	static const struct {
		uint64_t cost_ns, grain_ns, break_at, resolution_ns, read_ns;
	} rows[] = {
		{ 23, 1, 0, 23, 23 },	       /* finer than a read can see */
		{ 23, 1, 100, 23, 23 },	       /* taken off the CPU once */
		{ 10, 40, 0, 40, 10 },	       /* several reads see the same time */
		{ 1, 4000000, 0, 4000000, 0 }, /* a tick: no step in all the rounds */
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct cut_clock c = {
			.clock = { .now = cut_now },
			.cost_ns = rows[i].cost_ns,
			.grain_ns = rows[i].grain_ns,
			.break_at = rows[i].break_at,
			.break_ns = 5000000,
		};
		struct vn_clock_grain g;

		/* So that the tick comes within the reads that are spent on it. */
		c.ns = rows[i].grain_ns - rows[i].grain_ns / 100;
		vn_clock_measure_grain(&c.clock, &g);
		assert_string_equal(g.name, "CLOCK_MONOTONIC");
		assert_int_equal(g.resolution_ns, rows[i].resolution_ns);
		assert_int_equal(g.read_ns, rows[i].read_ns);
	}
}

static void a_clock_that_stands_still_has_no_resolution(void **state)
{
	struct cut_clock c = { .clock = { .now = cut_now }, .grain_ns = 1 };
	struct vn_clock_grain g;

	vn_clock_measure_grain(&c.clock, &g);
	assert_int_equal(g.resolution_ns, 0);
	assert_int_equal(g.read_ns, 0);
}

static void a_virtual_clock_is_not_read(void **state)
{
	struct vn_clock c;
	struct vn_clock_grain g;

	vn_clock_virtual(&c, 5, 0);
	vn_clock_measure_grain(&c, &g);
	assert_string_equal(g.name, "virtual");
	assert_int_equal(g.resolution_ns, 1);
	assert_int_equal(g.read_ns, 0);
	assert_int_equal(vn_clock_now(&c), 5);
}

static void the_machines_clock_has_a_grain(void **state)
{
	struct vn_clock c;
	struct vn_clock_grain g;

	vn_clock_real(&c);
	vn_clock_measure_grain(&c, &g);
	assert_true(g.resolution_ns > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_step_and_the_quickest_round_count),
		cmocka_unit_test(a_clock_that_stands_still_has_no_resolution),
		cmocka_unit_test(a_virtual_clock_is_not_read),
		cmocka_unit_test(the_machines_clock_has_a_grain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
