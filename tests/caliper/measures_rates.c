/* SPDX-License-Identifier: BSD-2-Clause */
/* K4, K5, K6, K9: how much goes through, and what happens when more is wanted. */
#include <malloc.h>

#include "measures.h"

#define LINE_NS(len) (((len) + LINE_GAP_BYTES) * NS_PER_CYCLE) /* a byte takes a cycle */

/* As fast as the line is; what is slower than that is late. */
static struct stream at_line_rate(uint64_t n, uint32_t len)
{
	return (struct stream){ .n = n, .len = len, .gap_ns = LINE_NS(len) };
}

static void allow_entries(struct measures *m, uint32_t max_entries)
{
	const struct cal_policy policy = { .max_entries = max_entries };

	assert_int_equal(vn_caliper_policy(m->client, &policy, NULL, 0), 0);
}

static void k4_whole_frames_are_bound_by_the_bus(void **state)
{
	struct measures *m = *state;
	struct stream s = at_line_rate(measures_n(), LONGEST);

	s.is_whole = true;
	measures_run(m, &s);
	figure("K4", "%.1f Mb/s", measures_mbps(m));
	measures_nothing_lost(m, s.n);
	assert_int_equal(measures_counter(m, CAL_COUNTER_transfers),
			 measures_counter(m, CAL_COUNTER_entries) + 1); /* CONFIG */
	assert_in_range((uint64_t)(10 * measures_mbps(m)), 2570, 2630);
}

static void k5_combining_decides_the_rate(void **state)
{
	static const struct {
		uint32_t max_entries;
		uint64_t least, most; /* 0.1 Mb/s */
	} rows[] = { { 1, 3380, 3400 }, { 2, 6650, 6720 }, { 24, 9865, 9875 } };
	struct measures *m = *state;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct stream s = at_line_rate(measures_n(), LONGEST);

		allow_entries(m, rows[i].max_entries);
		measures_run(m, &s);
		figure("K5", "%u headers a transfer: %.1f Mb/s", rows[i].max_entries,
		       measures_mbps(m));
		measures_nothing_lost(m, s.n);
		assert_in_range((uint64_t)(10 * measures_mbps(m)), rows[i].least, rows[i].most);
	}
}

/* -- K6 ------------------------------------------------------------------------------ */

static bool is_exact(struct measures *m, uint32_t len)
{
	struct stream s = at_line_rate(measures_n(), len);

	measures_run(m, &s);
	measures_nothing_lost(m, s.n);
	return m->exact == s.n;
}

static void k6_small_frames_fill_the_line(void **state)
{
	struct measures *m = *state;
	uint32_t len = 380 - FCS;
	struct stream s;

	assert_true(is_exact(m, len));
	while (len > CAL_WIRE_MIN && is_exact(m, len - 4))
		len -= 4;
	s = at_line_rate(measures_n(), len);
	figure("K6", "%u bytes with FCS, %.0f packets/s", len + FCS, 1e9 / (double)s.gap_ns);
	s = at_line_rate(measures_n(), CAL_WIRE_MIN);
	measures_run(m, &s);
	figure("K6", "64 bytes: %.0f packets/s", measures_per_second(m));
	measures_nothing_lost(m, s.n);
}

/* -- K9 ------------------------------------------------------------------------------ */

/*
 * A client that wants ten times as much as there can be: of the card, for a short time (its
 * simulation takes ten times as long), and of the bus by frames that cross it whole, for long.
 */
static const struct overload {
	const char *name;
	uint32_t len;
	bool is_whole;
	uint64_t gap_ns, gate_ns, full_ns;
} overloads[] = { { "headers", CAL_WIRE_MIN, false, 250, 30000000, 2000000000 },
		  { "whole frames", LONGEST, true, 4600, 60000000, UINT64_C(60000000000) } };

static void send_for(struct measures *m, const struct overload *o, uint64_t for_ns, uint64_t *n)
{
	const struct stream s = { .len = o->len, .is_whole = o->is_whole, .gap_ns = o->gap_ns };
	uint64_t until_ns = vn_cosim_now_ns(m->sim) + for_ns;

	while (vn_cosim_now_ns(m->sim) < until_ns) {
		struct vn_caliper_packet packets[CAL_PKTS_PREFERRED];

		for (unsigned int i = 0; i < VN_ARRAY_SIZE(packets); i++)
			packets[i] = measures_packet(&s, (*n)++);
		assert_int_equal(vn_caliper_send(m->client, packets, VN_ARRAY_SIZE(packets)),
				 VN_ARRAY_SIZE(packets));
	}
	measures_wait(m);
}

static size_t memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void overload(struct measures *m, const struct overload *o)
{
	uint64_t n = 0, for_ns = measures_are_full() ? o->full_ns : o->gate_ns;
	size_t before, after;

	measures_forget(m);
	send_for(m, o, for_ns / 10, &n); /* whatever grows once has grown then */
	before = memory_in_use();
	send_for(m, o, for_ns, &n);
	after = memory_in_use();
	measures_drain(m, n);
	figure("K9",
	       "%s, %.2f s: %" PRIu64 " of %" PRIu64
	       " packets left, %.0f/s of %.0f/s asked for; memory grew by %zd bytes",
	       o->name, (double)for_ns / 1e9, m->n, n, measures_per_second(m),
	       1e9 / (double)o->gap_ns, (ssize_t)(after - before));
	measures_nothing_lost(m, n);
	assert_true(after < before + 65536);
}

static void k9_overload_loses_nothing(void **state)
{
	struct measures *m = *state;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(overloads); i++)
		overload(m, &overloads[i]);
	assert_in_range(measures_counter(m, CAL_COUNTER_txbuff_waits), 1, UINT32_MAX);
}

const struct CMUnitTest measures_rates[] = {
	MEASURE(k4_whole_frames_are_bound_by_the_bus),
	MEASURE(k5_combining_decides_the_rate),
	MEASURE(k6_small_frames_fill_the_line),
	MEASURE(k9_overload_loses_nothing),
};
const size_t n_measures_rates = VN_ARRAY_SIZE(measures_rates);
