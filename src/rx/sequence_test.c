/* SPDX-License-Identifier: BSD-2-Clause */
/* Loss, duplicates and order, case by case and against a model that remembers
 * every number there ever was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/stat.h"
#include "rx/sequence.h"

#define W VN_RX_WINDOW

struct counts {
	uint64_t unique, duplicates, reordered, too_late, first, max, lost;
};

static struct counts counts_of(const struct vn_rx_flow *f)
{
	return (struct counts){
		.unique = vn_stat_get(&f->stats.unique),
		.duplicates = vn_stat_get(&f->stats.duplicates),
		.reordered = vn_stat_get(&f->stats.reordered),
		.too_late = vn_stat_get(&f->stats.too_late),
		.first = vn_stat_get(&f->stats.first_seq),
		.max = vn_stat_get(&f->stats.max_seq),
		.lost = vn_rx_flow_lost(f),
	};
}

static struct vn_rx_flow *new_flow(bool is_expected)
{
	struct vn_rx_flow *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	if (is_expected)
		vn_stat_set(&f->stats.first_seq, 1);
	return f;
}

struct sequence_case {
	const char *what;
	bool is_expected;
	unsigned int n;
	uint32_t seq[8];
	struct counts want; /* unique, duplicates, reordered, too_late, first, max, lost */
};

#define HALF 0x80000000u
#define WRAP (UINT64_C(1) << 32)

static const struct sequence_case cases[] = {
	{ "nothing yet", false, 0, { 0 }, { 0 } },
	{ "nothing yet of what is expected", true, 0, { 0 }, { 0, 0, 0, 0, 1, 0, 0 } },
	{ "in order", true, 3, { 1, 2, 3 }, { 3, 0, 0, 0, 1, 3, 0 } },
	{ "loss at the head", true, 2, { 4, 5 }, { 2, 0, 0, 0, 1, 5, 3 } },
	{ "joined late", false, 2, { 4, 5 }, { 2, 0, 0, 0, 4, 5, 0 } },
	{ "loss inside", false, 3, { 4, 7, 9 }, { 3, 0, 0, 0, 4, 9, 3 } },
	{ "duplicates", true, 5, { 1, 1, 2, 1, 2 }, { 2, 3, 0, 0, 1, 2, 0 } },
	{ "one late", true, 4, { 1, 3, 4, 2 }, { 4, 0, 1, 0, 1, 4, 0 } },
	{ "backwards", true, 4, { 4, 3, 2, 1 }, { 4, 0, 3, 0, 1, 4, 0 } },
	{ "late before the first", false, 3, { 9, 5, 7 }, { 3, 0, 2, 0, 5, 9, 2 } },
	{ "late one twice", false, 3, { 9, 5, 5 }, { 2, 1, 1, 0, 5, 9, 3 } },
	{ "oldest in the window", true, 2, { W, 1 }, { 2, 0, 1, 0, 1, W, W - 2 } },
	{ "oldest in the window twice", true, 3, { 1, W, 1 }, { 2, 1, 0, 0, 1, W, W - 2 } },
	{ "just older than the window", true, 2, { W + 1, 1 }, { 1, 0, 0, 1, 1, W + 1, W } },
	{ "older, not announced", false, 2, { W + 1, 1 }, { 1, 0, 0, 1, W + 1, W + 1, 0 } },
	{ "place used again", true, 3, { 1, W + 1, W + 1 }, { 2, 1, 0, 0, 1, W + 1, W - 1 } },
	{ "place cleared by a jump", true, 4, { 1, 70, W + 70, W + 2 },
	  { 4, 0, 1, 0, 1, W + 70, W + 66 } },
	{ "jump of exactly the window", true, 3, { 5, W + 5, W + 4 },
	  { 3, 0, 1, 0, 1, W + 5, W + 2 } },
	{ "greatest jump", true, 3, { 1, HALF, HALF - 1 }, { 3, 0, 1, 0, 1, HALF, HALF - 3 } },
	{ "2^31 ahead is behind", true, 2, { 5, HALF + 5 }, { 1, 0, 0, 1, 1, 5, 4 } },
	{ "past 2^32", false, 4, { 0xfffffffe, 0xffffffff, 0, 1 },
	  { 4, 0, 0, 0, WRAP - 2, WRAP + 1, 0 } },
	{ "late over 2^32", false, 3, { 0xfffffffe, 1, 0xffffffff },
	  { 3, 0, 1, 0, WRAP - 2, WRAP + 1, 1 } },
	{ "0 stands for 2^32", false, 2, { 0, 0xffffffff }, { 2, 0, 1, 0, WRAP - 1, WRAP, 0 } },
	{ "no number lies before 1", false, 3, { 2, 0, 0xfffffff0 }, { 1, 0, 0, 2, 2, 2, 0 } },
	{ "0 is not expected first", true, 2, { 0, 1 }, { 1, 0, 0, 1, 1, 1, 0 } },
	{ "sender begins anew", true, 5, { 1, 2, 1, 2, 3 }, { 3, 2, 0, 0, 1, 3, 0 } },
	{ "begins anew after long", false, 4, { 900000, 1, 2, 900001 },
	  { 2, 0, 0, 2, 900000, 900001, 0 } },
};

static void each_case_is_counted(void **state)
{
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_rx_flow *f = new_flow(cases[i].is_expected);
		struct counts got;

		for (k = 0; k < cases[i].n; k++)
			vn_sequence_take(f, cases[i].seq[k], 0);
		got = counts_of(f);
		free(f);
		if (memcmp(&got, &cases[i].want, sizeof(got)) != 0)
			fail_msg("%s: unique %llu dup %llu reordered %llu late %llu first %llu "
				 "max %llu lost %llu", cases[i].what,
				 (unsigned long long)got.unique, (unsigned long long)got.duplicates,
				 (unsigned long long)got.reordered,
				 (unsigned long long)got.too_late, (unsigned long long)got.first,
				 (unsigned long long)got.max, (unsigned long long)got.lost);
	}
}

/* A jump from each place of a word, over each number of places: what lies in
 * between is unseen, what lies before is not forgotten. */
static void a_jump_clears_what_lies_between_and_nothing_else(void **state)
{
	uint32_t from, by, k;

	for (from = W + 1; from <= W + 64; from += 9) {
		for (by = 1; by < 200; by++) {
			struct vn_rx_flow *f = new_flow(true);

			for (k = 1; k <= from; k++)
				vn_sequence_take(f, k, 0);
			vn_sequence_take(f, from + by, 0);
			for (k = from + 1; k < from + by; k++)
				assert_true(vn_sequence_take(f, k, 0));
			for (k = from + by - W + 1; k <= from + by; k++)
				assert_false(vn_sequence_take(f, k, 0));
			assert_int_equal(vn_rx_flow_lost(f), 0);
			assert_int_equal(vn_stat_get(&f->stats.too_late), 0);
			free(f);
		}
	}
}

/* A word of memory and a time for each would not do: 2^31 a step. */
static void huge_jumps_take_no_time(void **state)
{
	struct vn_rx_flow *f = new_flow(true);
	uint32_t i, seq = 0;

	for (i = 0; i < 100000; i++) {
		seq += INT32_MAX;
		assert_true(vn_sequence_take(f, seq, 0));
	}
	assert_int_equal(vn_stat_get(&f->stats.max_seq), UINT64_C(100000) * INT32_MAX);
	assert_int_equal(vn_rx_flow_lost(f), UINT64_C(100000) * (INT32_MAX - UINT64_C(1)));
	free(f);
}

/*
 * The model: a byte for every number above base, and the rules as the headers
 * word them, on the true 64-bit numbers.
 */
#define SPAN 4000000u

struct model {
	uint64_t base;
	struct counts c;
	uint8_t *seen;
};

static void model_take(struct model *m, uint64_t n)
{
	struct counts *c = &m->c;
	bool is_behind = c->max != 0 && n < c->max;

	assert_in_range(n - m->base, 0, SPAN - 1);
	if (c->max >= W && n <= c->max - W) {
		c->too_late++;
		return;
	}
	if (m->seen[n - m->base]) {
		c->duplicates++;
		return;
	}
	m->seen[n - m->base] = 1;
	c->unique++;
	c->reordered += is_behind;
	if (!is_behind)
		c->max = n;
	if (c->first == 0 || n < c->first)
		c->first = n;
}

static uint64_t model_lost(const struct model *m)
{
	uint64_t n, lost = 0;

	for (n = m->c.first; n <= m->c.max; n++)
		lost += !m->seen[n - m->base];
	return lost;
}

struct habit {
	bool is_expected;
	uint64_t start;
	uint32_t loss, twice, shuffle, jump; /* in 1000 packets */
	uint32_t depth, reach; /* farthest a packet comes late, a jump goes */
	uint32_t packets;
};

static const struct habit habits[] = {
	{ true, 1, 0, 0, 0, 0, 1, 1, 5000 },
	{ true, 1, 100, 50, 100, 0, 10, 1, 20000 },
	{ false, 1000, 10, 300, 500, 0, 200, 1, 20000 },
	{ false, 100000, 10, 10, 200, 2, 2 * W, 70000, 20000 },
	{ true, 1, 200, 100, 300, 1, 2 * W, 3 * W, 15000 },
	{ false, WRAP - 9000, 100, 100, 100, 0, 5000, 1, 20000 },
	{ false, WRAP - 100000, 100, 100, 300, 2, 2 * W, 70000, 20000 },
};

static bool happens(struct vn_rng *rng, uint32_t in_1000)
{
	return vn_rng_below(rng, 1000) < in_1000;
}

static void expect_same(const struct vn_rx_flow *f, const struct model *m, uint64_t taken)
{
	struct counts got = counts_of(f), want = m->c;

	want.lost = want.max ? want.max - want.first + 1 - want.unique : 0;
	assert_memory_equal(&got, &want, sizeof(got));
	assert_int_equal(got.unique + got.duplicates + got.too_late, taken);
}

static void play(const struct habit *h, uint64_t seed)
{
	struct vn_rx_flow *f = new_flow(h->is_expected);
	/* Late packets go down to depth below the start, if there is room. */
	struct model m = { .base = h->start > 4 * W ? h->start - 4 * W : 1 };
	uint64_t n = h->start, taken = 0;
	struct vn_rng rng;
	uint32_t i;

	m.c.first = h->is_expected;
	m.seen = calloc(1, SPAN);
	assert_non_null(m.seen);
	vn_rng_seed(&rng, seed, 0);
	for (i = 0; i < h->packets; i++, n++) {
		uint32_t copies = 1 + happens(&rng, h->twice);
		uint64_t late = happens(&rng, h->shuffle) ? vn_rng_below(&rng, h->depth) : 0;

		if (happens(&rng, h->loss))
			continue;
		if (happens(&rng, h->jump))
			n += vn_rng_below(&rng, h->reach);
		for (; copies; copies--) {
			uint64_t number = n - VN_MIN(late, n - m.base);
			uint64_t before = m.c.unique;

			model_take(&m, number);
			assert_true(vn_sequence_take(f, (uint32_t)number, 0) ==
				    (m.c.unique > before ? number : 0));
			expect_same(f, &m, ++taken);
		}
		if (i % 1000 == 0)
			assert_int_equal(vn_rx_flow_lost(f), m.c.max ? model_lost(&m) : 0);
	}
	assert_int_equal(vn_rx_flow_lost(f), model_lost(&m));
	free(m.seen);
	free(f);
}

static void random_habits_agree_with_the_model_at_every_step(void **state)
{
	uint64_t seed;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(habits); i++)
		for (seed = 1; seed <= 5; seed++)
			play(&habits[i], seed);
}

/* --- reordering ------------------------------------------------------------------ */

struct order_case {
	const char *what;
	unsigned int n;
	uint32_t seq[12];
	uint32_t extent[12]; /* of each arrival; 0: not reordered */
};

static const struct order_case order_cases[] = {
	/* The first three are those of RFC 4737, section 7. */
	{ "packet 4", 10, { 1, 2, 3, 5, 6, 7, 8, 4, 9, 10 }, { [7] = 4 } },
	{ "packets 5 and 6", 10, { 1, 2, 3, 4, 7, 5, 6, 8, 9, 10 }, { [5] = 1, [6] = 2 } },
	{ "packets 4, 5 and 6", 11, { 1, 2, 3, 7, 8, 9, 10, 4, 5, 6, 11 },
	  { [7] = 4, [8] = 5, [9] = 6 } },
	{ "with loss", 7, { 1, 2, 3, 7, 4, 5, 8 }, { [4] = 1, [5] = 2 } },
	{ "backwards", 4, { 4, 3, 2, 1 }, { [1] = 1, [2] = 2, [3] = 3 } },
	{ "behind several gaps", 6, { 1, 3, 5, 7, 4, 2 }, { [4] = 2, [5] = 4 } },
	{ "on both sides of a late one", 6, { 2, 3, 1, 4, 6, 5 }, { [2] = 2, [5] = 1 } },
	{ "copies have no position", 9, { 1, 1, 3, 3, 3, 4, 2, 2, 5 }, { [6] = 2 } },
	{ "over 2^32", 4, { 0xfffffffe, 1, 0, 0xffffffff }, { [2] = 1, [3] = 2 } },
};

/* What the histogram got by one arrival, 0 when nothing. */
static uint64_t grown(const struct vn_hist *h, const struct vn_hist *before)
{
	assert_in_range(h->count - before->count, 0, 1);
	return h->sum - before->sum;
}

static struct vn_rx_flow *new_flow_in_order(bool is_expected)
{
	struct vn_rx_flow *f = new_flow(is_expected);

	vn_hist_clear(&f->extent);
	vn_hist_clear(&f->late_time);
	return f;
}

static void extents_are_those_of_the_examples(void **state)
{
	struct vn_hist before;
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(order_cases); i++) {
		const struct order_case *c = &order_cases[i];
		struct vn_rx_flow *f = new_flow_in_order(false);

		for (k = 0; k < c->n; k++) {
			before = f->extent;
			vn_sequence_take(f, c->seq[k], 0);
			if (grown(&f->extent, &before) != c->extent[k])
				fail_msg("%s: arrival %u", c->what, k + 1);
		}
		free(f);
	}
}

/* RFC 4737, section 7.1: packets 20 ms apart, 68 ms under way, the fourth 150. */
static void late_time_is_that_of_the_example(void **state)
{
	static const uint32_t seq[] = { 1, 2, 3, 5, 6, 7, 8, 4, 9, 10 };
	static const uint64_t ms[] = { 68, 88, 108, 148, 168, 188, 208, 210, 228, 248 };
	struct vn_rx_flow *f = new_flow_in_order(true);
	unsigned int k;

	for (k = 0; k < VN_ARRAY_SIZE(seq); k++)
		vn_sequence_take(f, seq[k], ms[k]);
	assert_int_equal(vn_stat_get(&f->stats.reordered), 1);
	assert_int_equal(f->late_time.count, 1);
	assert_int_equal(f->late_time.sum, 62);
	free(f);
}

struct packet {
	uint64_t key; /* they arrive in this order */
	uint32_t number;
};

static int by_key(const void *a, const void *b)
{
	const struct packet *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

struct disorder {
	uint32_t loss, twice, late; /* in 1000 packets */
	uint32_t depth;             /* how many numbers late at most */
	uint32_t numbers;
};

static const struct disorder disorders[] = {
	{ 0, 0, 10, 5, 3000 },
	{ 10, 10, 100, 50, 3000 },
	{ 100, 50, 500, 20, 3000 },
	{ 300, 100, 1000, 300, 3000 },
	{ 0, 0, 1000, 3000, 3000 },
	/* more gaps than runs are remembered, and packets from behind them */
	{ 500, 0, 10, 40000, 50000 },
	{ 350, 10, 20, 60000, 60000 },
};

/* The packets of a disorder as they arrive; returns how many. */
static unsigned int shuffle(const struct disorder *d, uint64_t seed, struct packet *p)
{
	struct vn_rng rng;
	unsigned int n = 0;
	uint32_t number;

	vn_rng_seed(&rng, seed, 0);
	for (number = 1; number <= d->numbers; number++) {
		uint32_t copies = 1 + happens(&rng, d->twice);

		if (happens(&rng, d->loss))
			continue;
		for (; copies; copies--) {
			p[n].number = number;
			p[n].key = number;
			if (happens(&rng, d->late))
				p[n].key += vn_rng_below(&rng, d->depth);
			n++;
		}
	}
	qsort(p, n, sizeof(*p), by_key);
	return n;
}

/* The definition, word by word: every first arrival there was, searched from
 * the first one on. */
struct arrivals {
	unsigned int n;
	struct {
		uint32_t number;
		uint64_t stamp_ns;
	} a[60001]; /* from 1 */
	unsigned int n_runs;
	unsigned int run_of[60001]; /* arrival i began run run_of[i], from 1; 0: none */
	uint32_t highest;
};

/* Enters a first arrival. Returns the smallest j < i with s[j] > s[i], or 0. */
static unsigned int enter(struct arrivals *x, uint32_t number, uint64_t stamp_ns)
{
	unsigned int i = ++x->n, j;

	x->a[i].number = number;
	x->a[i].stamp_ns = stamp_ns;
	for (j = 1; j < i && number < x->highest; j++)
		if (x->a[j].number > number)
			return j;
	if (i == 1 || x->a[i - 1].number != x->highest || number != x->highest + 1)
		x->run_of[i] = ++x->n_runs;
	x->highest = number;
	return 0;
}

/* One first arrival, in both. */
static void compare_order(struct vn_rx_flow *f, struct arrivals *x, uint32_t number,
			  uint64_t stamp_ns)
{
	uint64_t unknown = vn_stat_get(&f->stats.extent_unknown);
	uint64_t extents = f->extent.sum, times = f->late_time.sum;
	unsigned int j = enter(x, number, stamp_ns);

	assert_int_equal(vn_sequence_take(f, number, stamp_ns), number);
	unknown = vn_stat_get(&f->stats.extent_unknown) - unknown;
	assert_true(j == 0 || x->run_of[j] > 0);
	if (j == 0 || (x->n_runs > VN_RX_RUNS && x->run_of[j] <= x->n_runs - VN_RX_RUNS + 1)) {
		assert_int_equal(unknown, j != 0);
		assert_int_equal(f->extent.sum, extents);
		return;
	}
	assert_int_equal(unknown, 0);
	assert_int_equal(f->extent.sum - extents, x->n - j);
	assert_int_equal(f->late_time.sum - times, stamp_ns - x->a[j].stamp_ns);
}

static uint64_t compare_disorder(const struct disorder *d, uint64_t seed)
{
	struct packet *p = calloc(2 * d->numbers, sizeof(*p));
	struct arrivals *x = calloc(1, sizeof(*x));
	struct vn_rx_flow *f = new_flow_in_order(true);
	uint64_t unknown;
	unsigned int i, n;

	assert_non_null(p);
	assert_non_null(x);
	n = shuffle(d, seed, p);
	for (i = 0; i < n; i++) {
		if (vn_sequence_has(f, p[i].number) && p[i].number <= x->highest)
			assert_int_equal(vn_sequence_take(f, p[i].number, i), 0);
		else
			compare_order(f, x, p[i].number, i * UINT64_C(1000));
	}
	assert_int_equal(vn_stat_get(&f->stats.unique), x->n);
	unknown = vn_stat_get(&f->stats.extent_unknown);
	assert_int_equal(f->extent.count + unknown, vn_stat_get(&f->stats.reordered));
	free(f);
	free(x);
	free(p);
	return unknown;
}

/* The numbers of a disorder all lie in the window, so that none is too late. */
static void extents_agree_with_the_definition(void **state)
{
	uint64_t seed, unknown = 0;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(disorders); i++) {
		for (seed = 1; seed <= (disorders[i].numbers > 10000 ? 2 : 10); seed++) {
			print_message("# disorder %u, seed %u\n", i, (unsigned int)seed);
			unknown += compare_disorder(&disorders[i], seed);
		}
	}
	assert_true(unknown > 0); /* the limit was reached */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_is_counted),
		cmocka_unit_test(a_jump_clears_what_lies_between_and_nothing_else),
		cmocka_unit_test(huge_jumps_take_no_time),
		cmocka_unit_test(random_habits_agree_with_the_model_at_every_step),
		cmocka_unit_test(extents_are_those_of_the_examples),
		cmocka_unit_test(late_time_is_that_of_the_example),
		cmocka_unit_test(extents_agree_with_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
