/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams from options and files: which setting reaches which stream, when. */
#include "send_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/param.h"

struct fixture {
	struct send_streams s;
	struct vn_netdev_ops ops;
	struct vn_netdev dev;
	struct vn_entry entry;
	struct vn_err err;
};

static int set_up(void **state)
{
	struct fixture *f = aligned_alloc(VN_CACHELINE, sizeof(*f));

	if (!f)
		return -1;
	memset(f, 0, sizeof(*f));
	f->ops.name = "test";
	f->ops.caps = VN_CAP_TX;
	f->dev = (struct vn_netdev){ .ops = &f->ops, .can_share = true, .n_txq = 1 };
	f->entry.dev = &f->dev;
	vn_stream_init(&f->entry.stream);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vn_stream_fini(&f->entry.stream);
	send_streams_free(&f->s);
	free(f);
	return 0;
}

static void option(struct fixture *f, const char *name, const char *value)
{
	assert_int_equal(send_streams_option(&f->s, vn_param_find(name), value, &f->err), 0);
}

static void stream(struct fixture *f, const char *name)
{
	struct send_stream *added;

	assert_int_equal(send_streams_add(&f->s, name, &added, &f->err), 0);
}

static int read_text(struct fixture *f, const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int rc;

	assert_non_null(in);
	rc = send_streams_read(&f->s, in, "run.cmd", &f->err);
	fclose(in);
	return rc;
}

/* Applies stream i to the entry and learns from it. */
static const struct vn_stream_cfg *applied(struct fixture *f, unsigned int i)
{
	int rc = send_stream_apply(&f->s, &f->s.v[i], &f->entry, &f->err);

	if (rc)
		fail_msg("%s", f->err.text);
	send_stream_learn(&f->s.v[i], &f->entry);
	return &f->entry.stream.cfg;
}

static void options_before_the_first_stream_are_defaults(void **state)
{
	struct fixture *f = *state;

	option(f, "count", "5");
	option(f, "udp_dst_min", "1000");
	stream(f, "a");
	option(f, "count", "7");
	stream(f, "b");
	assert_int_equal(applied(f, 0)->count, 7);
	assert_int_equal(applied(f, 1)->count, 5);
	assert_int_equal(f->s.v[1].port_min, 1000);
}

static void time_without_count_has_no_other_end(void **state)
{
	struct fixture *f = *state;

	option(f, "time", "5s");
	stream(f, "a");
	stream(f, "b");
	option(f, "count", "1000");
	assert_int_equal(applied(f, 0)->count, 0);
	assert_int_equal(applied(f, 1)->count, 1000);
}

static void order_on_the_command_line_does_not_matter(void **state)
{
	struct fixture *f = *state;

	stream(f, "a");
	option(f, "rate", "1G"); /* needs the size */
	option(f, "pkt_size", "125");
	assert_int_equal(applied(f, 0)->delay_ns, 1000);
}

static void a_gap_of_a_stream_replaces_any_default_gap(void **state)
{
	struct fixture *f = *state;

	option(f, "ratep", "1000"); /* further down in the table than delay */
	stream(f, "a");
	option(f, "delay", "5us");
	assert_int_equal(applied(f, 0)->delay_ns, 5000);
	assert_float_equal(f->s.v[0].asked_pps, 200000, 1e-6);
}

static void two_ways_to_set_the_gap_are_refused(void **state)
{
	struct fixture *f = *state;

	stream(f, "a");
	option(f, "ratep", "1000");
	option(f, "ratep", "2000"); /* the same again is the last word */
	assert_int_equal(send_streams_option(&f->s, vn_param_find("rate"), "1G", &f->err),
			 -EINVAL);
	assert_string_equal(f->err.text, "--rate: --ratep says it already");
	assert_int_equal(send_streams_option(&f->s, vn_param_find("rate_l1"), "1G", &f->err),
			 -EINVAL);
	assert_string_equal(f->err.text, "--rate-l1: --ratep says it already");
	assert_int_equal(send_streams_option(&f->s, vn_param_find("load"), "1", &f->err), -EINVAL);
}

static void an_alias_is_the_row_it_stands_for(void **state)
{
	struct fixture *f = *state;

	option(f, "dst", "10.0.0.1");
	stream(f, "a");
	option(f, "dst_min", "10.0.0.2");
	assert_string_equal(applied(f, 0)->dst_min, "10.0.0.2");
}

static void names_of_streams_are_checked(void **state)
{
	static const char *const bad[] = { "", "a", "12345678901234567890123456789012" };
	struct fixture *f = *state;
	struct send_stream *added;

	stream(f, "a");
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(bad); i++)
		assert_int_equal(send_streams_add(&f->s, bad[i], &added, &f->err), -EINVAL);
}

static void files_are_read_line_by_line(void **state)
{
	struct fixture *f = *state;

	option(f, "count", "3");
	assert_int_equal(read_text(f, "# two streams\n"
				      "add_device eth0@2\n"
				      "\n"
				      "  pkt_size=125   # before the rate\n"
				      "rate 100\n"
				      "\"rate 1000\"\n"
				      "add_device eth1@slow\n"
				      "count 4\n"),
			 0);
	assert_int_equal(f->s.n, 2);
	assert_string_equal(f->s.v[0].name, "eth0@2");
	assert_string_equal(f->s.v[0].ifname, "eth0");
	assert_int_equal(f->s.v[0].cpu, 2);
	assert_string_equal(f->s.v[1].ifname, "eth1");
	assert_int_equal(f->s.v[1].cpu, -1);
	assert_int_equal(applied(f, 0)->delay_ns, 1000); /* the last line */
	assert_int_equal(applied(f, 0)->count, 3);
	assert_int_equal(applied(f, 1)->count, 4);
}

static void options_after_a_file_are_the_last_word_of_its_streams(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "add_device eth0@0\ncount 4\nadd_device eth0@1\n"), 0);
	option(f, "count", "9");
	assert_int_equal(applied(f, 0)->count, 9);
	assert_int_equal(applied(f, 1)->count, 9);
}

static void mistakes_in_files_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "count 1\n", "run.cmd:1: count before the first add_device" },
		{ "add_device e\nconfig 1\n", "run.cmd:2: no such command \"config\"" },
		{ "add_device e\n\ncount\n", "run.cmd:3: count needs a value" },
		{ "add_device\n", "run.cmd:1: stream \"\": a name has 1 to 31 characters" },
		{ "add_device e\nadd_device e\n", "run.cmd:2: stream \"e\" is there already" },
		{ "# nothing\n", "run.cmd: no add_device in it" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = *state;

		assert_int_equal(read_text(f, cases[i].text), -EINVAL);
		assert_string_equal(f->err.text, cases[i].message);
		send_streams_free(&f->s);
	}
}

static void a_line_that_is_not_ok_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "add_device e\nvlan_p 9\n"), 0);
	assert_true(send_stream_apply(&f->s, &f->s.v[0], &f->entry, &f->err) < 0);
	assert_memory_equal(f->err.text, "run.cmd:2: ", 11);
}

static void the_range_of_ports_excludes_its_upper_end(void **state)
{
	static const struct {
		const char *min, *max;
		uint16_t first, last;
	} cases[] = {
		{ "9", "9", 9, 9 },
		{ "9", "10", 9, 9 },
		{ "9", "20", 9, 19 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = *state;

		stream(f, "a");
		option(f, "udp_dst_min", cases[i].min);
		option(f, "udp_dst_max", cases[i].max);
		applied(f, 0);
		assert_int_equal(f->s.v[0].port_min, cases[i].first);
		assert_int_equal(f->s.v[0].port_max, cases[i].last);
		send_streams_free(&f->s);
	}
}

static void copies_share_their_numbers(void **state)
{
	struct fixture *f = *state;

	stream(f, "a");
	applied(f, 0);
	assert_true(f->s.v[0].is_numbered);
	option(f, "clone_skb", "1");
	applied(f, 0);
	assert_true(f->s.v[0].is_numbered);
	option(f, "clone_skb", "2");
	applied(f, 0);
	assert_false(f->s.v[0].is_numbered);
}

static void a_rate_of_bursts_is_told_in_packets(void **state)
{
	struct fixture *f = *state;

	stream(f, "a");
	option(f, "burst", "32");
	option(f, "ratep", "1000");
	applied(f, 0);
	assert_float_equal(f->s.v[0].asked_pps, 32000, 1e-6);
	assert_false(f->s.v[0].is_numbered);
}

static void a_series_of_gaps_is_paced_and_tells_its_mean(void **state)
{
	struct fixture *f = *state;

	stream(f, "a");
	option(f, "gap", "uniform(5us, 15us)");
	applied(f, 0);
	assert_true(f->s.v[0].is_paced);
	assert_float_equal(f->s.v[0].asked_pps, 100000, 1e-3);
	assert_non_null(strstr(f->s.v[0].plan, " with gaps of uniform(5us, 15us), 100000 pps in "
					       "the mean"));
	option(f, "gap", "pareto(1us, 0.9)");
	applied(f, 0);
	assert_true(f->s.v[0].is_paced);
	assert_float_equal(f->s.v[0].asked_pps, 0, 0);
	assert_non_null(strstr(f->s.v[0].plan, " with gaps of pareto(1us, 0.9), to "));
	assert_int_equal(send_streams_option(&f->s, vn_param_find("load"), "1", &f->err), -EINVAL);
	assert_string_equal(f->err.text, "--load: --gap says it already");
}

static void a_stream_replaces_what_is_a_series_for_all(void **state)
{
	static const struct {
		const char *name, *value;
		bool gaps, sizes, lengths;
	} cases[] = {
		{ "count", "1", true, true, true },
		{ "ratep", "1", false, true, true },
		{ "pkt_size", "60", true, false, true },
		{ "min_pkt_size", "60", true, false, true },
		{ "max_pkt_size", "60", true, false, true },
		{ "imix_weights", "60,1", true, false, true },
		{ "flowlen", "3", true, true, false },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		assert_int_equal(set_up((void **)&f), 0);
		option(f, "gap", "exp(10us)");
		option(f, "size", "uniform(64, 1500)");
		option(f, "flow_length", "exp(5)");
		stream(f, "a");
		option(f, cases[i].name, cases[i].value);
		applied(f, 0);
		if ((f->entry.stream.gaps != NULL) != cases[i].gaps ||
		    (f->entry.stream.sizes != NULL) != cases[i].sizes ||
		    (f->entry.stream.lengths != NULL) != cases[i].lengths)
			fail_msg("%s", cases[i].name);
		tear_down((void **)&f);
	}
	assert_non_null(*state);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(options_before_the_first_stream_are_defaults),
		T(time_without_count_has_no_other_end),
		T(order_on_the_command_line_does_not_matter),
		T(a_gap_of_a_stream_replaces_any_default_gap),
		T(two_ways_to_set_the_gap_are_refused),
		T(an_alias_is_the_row_it_stands_for),
		T(names_of_streams_are_checked),
		T(files_are_read_line_by_line),
		T(options_after_a_file_are_the_last_word_of_its_streams),
		T(mistakes_in_files_name_file_and_line),
		T(a_line_that_is_not_ok_is_an_error),
		T(the_range_of_ports_excludes_its_upper_end),
		T(copies_share_their_numbers),
		T(a_rate_of_bursts_is_told_in_packets),
		T(a_series_of_gaps_is_paced_and_tells_its_mean),
		T(a_stream_replaces_what_is_a_series_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
