/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON lines: the same keys at any time, null for what is not known. */
#include "json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct vn_snap_row row_of(const char *name)
{
	struct vn_snap_row row = { .result = NULL };

	memcpy(row.name, name, strlen(name) + 1);
	row.value[VN_F_sent] = (struct vn_snap_value){ .is_known = true, .n = 1ull << 60 };
	row.value[VN_F_pps] = (struct vn_snap_value){ .is_known = true, .x = 1234.5 };
	return row;
}

/* What is written of a snapshot, parsed again. */
static json_t *written(const struct vn_snapshot *s, const char *verdict)
{
	struct vn_json j = { .run = { .command = "send", .driver = "null", .has_seed = true,
				      .seed = 42 } };
	char *text = NULL;
	size_t size;
	json_error_t error;
	json_t *o;

	j.out = open_memstream(&text, &size);
	assert_non_null(j.out);
	assert_int_equal(vn_json_write(&j, s, verdict), 0);
	assert_int_equal(vn_json_close(&j, NULL), 0);
	assert_int_equal(text[size - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one line */
	o = json_loads(text, 0, &error);
	assert_non_null(o);
	free(text);
	return o;
}

static void lines_while_running_have_the_keys_of_the_last(void **state)
{
	struct vn_snap_row row = row_of("s");
	struct vn_snapshot s = { .n_rows = 1, .rows = &row, .total = row_of("total") };
	json_t *live = written(&s, "running"), *last, *stream;
	const char *key;
	json_t *value;

	s.is_final = true;
	s.receiver.is_known = true;
	row.result = "OK: done";
	last = written(&s, "ok");
	assert_int_equal(json_object_size(live), json_object_size(last));
	json_object_foreach(live, key, value)
		assert_non_null(json_object_get(last, key));
	assert_true(json_is_false(json_object_get(live, "final")));
	assert_true(json_is_true(json_object_get(last, "final")));
	stream = json_array_get(json_object_get(last, "streams"), 0);
	assert_int_equal(json_object_size(stream), VN_F_COUNT + 4);
	assert_string_equal(json_string_value(json_object_get(stream, "result")), "OK: done");
	json_decref(live);
	json_decref(last);
}

static void times_below_zero_are_below_zero(void **state)
{
	struct vn_snapshot s = { .total = row_of("total") };
	const json_t *least;
	json_t *o;

	s.total.value[VN_F_ipdv_min_ns] = (struct vn_snap_value){
		.is_known = true, .n = (uint64_t)-1500, .x = (double)(uint64_t)-1500,
	};
	o = written(&s, "running");
	least = json_object_get(json_object_get(o, "total"), "ipdv_min_ns");
	assert_true(json_is_integer(least));
	assert_true(json_integer_value(least) == -1500);
	json_decref(o);
}

static void counts_are_exact_and_the_unknown_is_null(void **state)
{
	struct vn_snapshot s = { .total = row_of("total") };
	json_t *o = written(&s, "running");
	json_t *total = json_object_get(o, "total");

	assert_true(json_integer_value(json_object_get(total, "sent")) == 1ll << 60);
	assert_float_equal(json_real_value(json_object_get(total, "pps")), 1234.5, 1e-9);
	assert_true(json_is_null(json_object_get(total, "lost")));
	assert_true(json_is_null(json_object_get(total, "gap_p50_ns")));
	assert_true(json_is_null(json_object_get(o, "receiver")));
	assert_true(json_is_null(json_object_get(o, "interface")));
	assert_int_equal(json_integer_value(json_object_get(o, "seed")), 42);
	assert_true(json_is_null(json_object_get(o, "clock")));
	assert_true(json_is_null(json_object_get(total, "stamped_by")));
	json_decref(o);
}

static void the_clock_is_told_with_its_grain(void **state)
{
	static const struct {
		struct vn_clock_grain grain;
		const char *text;
	} rows[] = {
		{ { "CLOCK_MONOTONIC", 11, 23 },
		  "{\"name\":\"CLOCK_MONOTONIC\",\"resolution_ns\":11,\"read_ns\":23}" },
		{ { "CLOCK_MONOTONIC", 0, 0 },
		  "{\"name\":\"CLOCK_MONOTONIC\",\"resolution_ns\":null,\"read_ns\":0}" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_snapshot s = { .total = row_of("total"), .clock = rows[i].grain };
		json_t *o = written(&s, "running");
		char *text = json_dumps(json_object_get(o, "clock"), JSON_COMPACT);

		assert_string_equal(text, rows[i].text);
		free(text);
		json_decref(o);
	}
}

static void histograms_are_in_the_last_line(void **state)
{
	static struct vn_hist h, empty;
	struct vn_snap_row row = row_of("s");
	struct vn_snapshot s = { .n_rows = 1, .rows = &row, .total = row_of("total") };
	json_t *live, *last, *all;
	char *text;

	vn_hist_clear(&h);
	vn_hist_clear(&empty);
	vn_hist_add(&h, 3);
	vn_hist_add(&h, 3);
	vn_hist_add(&h, 513);
	row.hist[VN_H_gap] = &h;
	row.hist[VN_H_ipdv] = &empty;
	live = written(&s, "running");
	assert_true(json_is_null(json_object_get(json_object_get(live, "total"), "histograms")));
	s.is_final = true;
	last = written(&s, "ok");
	all = json_object_get(json_array_get(json_object_get(last, "streams"), 0), "histograms");
	text = json_dumps(all, JSON_COMPACT);
	assert_string_equal(text, "{\"gap\":{\"samples\":3,\"min\":3,\"max\":513,\"mean\":173.0,"
				  "\"buckets\":[[3,3,2],[512,515,1]]},\"latency\":null,"
				  "\"lateness\":null,\"gap_error\":null,\"stamped_lateness\":null,"
				  "\"stamped_gap_error\":null,\"ipdv\":null,"
				  "\"reorder_extent\":null}");
	free(text);
	json_decref(live);
	json_decref(last);
}

static void settings_are_in_the_last_line(void **state)
{
	struct vn_json j = {
		.run = { .command = "send",
			 .settings = "seed=1\npcap=a=b.pcap\njson=\xff\nstream=one\n"
				     "count=5\nimix=64,7 9,1\nstream=two\ncount=6\n" },
	};
	struct vn_snapshot s = { .total = row_of("total") };
	size_t size;
	json_t *o;
	char *text, *rest;

	j.out = open_memstream(&text, &size);
	assert_non_null(j.out);
	assert_int_equal(vn_json_write(&j, &s, "running"), 0);
	s.is_final = true;
	assert_int_equal(vn_json_write(&j, &s, "ok"), 0);
	assert_int_equal(vn_json_close(&j, NULL), 0);
	o = json_loads(strtok_r(text, "\n", &rest), 0, NULL);
	assert_true(json_is_null(json_object_get(o, "settings")));
	json_decref(o);
	o = json_loads(strtok_r(NULL, "\n", &rest), 0, NULL);
	free(text);
	text = json_dumps(json_object_get(o, "settings"), JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text,
			    "{\"json\":\"(not UTF-8)\",\"pcap\":\"a=b.pcap\",\"seed\":\"1\","
			    "\"streams\":{\"one\":{\"count\":\"5\",\"imix\":\"64,7 9,1\"},"
			    "\"two\":{\"count\":\"6\"}}}");
	free(text);
	json_decref(o);
}

/* The schema names every key of a stream, and no other. */
static void the_schema_has_the_keys_of_a_stream(void **state)
{
	const char *path = getenv("VN_SCHEMA");
	json_error_t error;
	json_t *schema, *keys = NULL;

	if (!path)
		skip();
	schema = json_load_file(path, 0, &error);
	assert_non_null(schema);
	assert_int_equal(json_unpack(schema, "{s:{s:{s:o}}}", "definitions", "row", "properties",
				     &keys),
			 0);
	assert_int_equal(json_object_size(keys), VN_F_COUNT + 4);
	for (unsigned int f = 0; f < VN_F_COUNT; f++)
		if (!json_object_get(keys, vn_snap_fields[f].key))
			fail_msg("%s is not in the schema", vn_snap_fields[f].key);
	json_decref(schema);
}

static void a_file_that_cannot_be_made_is_named(void **state)
{
	struct vn_json j;
	struct vn_err err = { "" };

	assert_true(vn_json_open(&j, "/nowhere/at/all.json", &err) < 0);
	assert_non_null(strstr(err.text, "/nowhere/at/all.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_while_running_have_the_keys_of_the_last),
		cmocka_unit_test(times_below_zero_are_below_zero),
		cmocka_unit_test(counts_are_exact_and_the_unknown_is_null),
		cmocka_unit_test(the_clock_is_told_with_its_grain),
		cmocka_unit_test(settings_are_in_the_last_line),
		cmocka_unit_test(histograms_are_in_the_last_line),
		cmocka_unit_test(the_schema_has_the_keys_of_a_stream),
		cmocka_unit_test(a_file_that_cannot_be_made_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
