/* SPDX-License-Identifier: BSD-2-Clause */
/* The log port: texts as printf makes them, records by thread, and what programs
 * write there that is no record at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/text.h"
#include "nt/hw_fixture_test.h"

#define FORMAT	 0x04040001u /* not aligned, as strings are not */
#define STRING	 0x04050003u
#define DATA_END (VN_NT_DATA_BASE + VN_NT_DATA_SIZE)

static void put_text(struct rig *g, uint32_t addr, const char *text, uint32_t len)
{
	assert_int_equal(vn_nt_memory_put(g->mem, 0, addr, text, len), 0);
}

static void put_string(struct rig *g, uint32_t addr, const char *text)
{
	put_text(g, addr, text, (uint32_t)strlen(text) + 1);
}

/* A whole record of the format that is in memory, by thread 0. */
static enum vn_nt_answer record(struct rig *g, const uint32_t *args, unsigned int n)
{
	store(g, 0, PRINTF_W, FORMAT);
	for (unsigned int i = 0; i < n; i++)
		store(g, 0, PRINTF_W, args[i]);
	return store_as(g, 0, 0, PRINTF_W, 0xdead);
}

static const char *logged(struct rig *g, char *buf, size_t size)
{
	vn_nt_hw_save(g->hw);
	return take_text(g, VN_NT_OUT_LOG, buf, size);
}

static void texts_are_as_formatted(void **state)
{
	static const struct {
		const char *format;
		uint32_t args[4];
		unsigned int n;
		const char *text;
	} cases[] = {
		{ "Hello world. I am thread %d\n", { 7 }, 1, "Hello world. I am thread 7\n" },
		{ "", { 0 }, 0, "" },
		{ "100%%", { 0 }, 0, "100%" },
		{ "%i %d", { 0x80000000, 0xffffffff }, 2, "-2147483648 -1" },
		{ "%u %x %X %o",
		  { 0xffffffff, 0xdeadbeef, 0xdeadbeef, 8 },
		  4,
		  "4294967295 deadbeef DEADBEEF 10" },
		{ "<%s>", { STRING }, 1, "<a string>" },
		{ "<%12s|%-12s|%.3s>",
		  { STRING, STRING, STRING },
		  3,
		  "<    a string|a string    |a s>" },
		{ "%c%c", { 'o', 0x12345600 | 'k' }, 2, "ok" },
		{ "%p %p", { 0x1234, 0 }, 2, "0x1234 0x0" },
		{ "%lld", { 0xffffffff, 0xfffffffe }, 2, "-2" },
		{ "%llu %llx", { 1, 0, 0x1234, 0x56789abc }, 4, "4294967296 123456789abc" },
		{ "%*d|%-*d", { 5, 42, 5, 43 }, 4, "   42|43   " },
		{ "%*d|%.*d", { 0xfffffffb, 42, 3, 7 }, 4, "42   |007" },
		{ "%.*d", { 0xffffffff, 0 }, 2, "0" },
		{ "%f %g", { 1, 2 }, 2, "? ?" },
		{ "%5e|%n", { 1, 2 }, 2, "    ?|?" },
		{ "%llf%llc|", { 1, 2, 3, 'c' }, 4, "?c|" },
		{ "end %", { 0 }, 0, "end " },
		{ "end %-08.3l", { 0 }, 0, "end " },
	};
	struct rig *g = *state;
	char buf[256];

	put_string(g, STRING, "a string");
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		put_string(g, FORMAT, cases[i].format);
		assert_int_equal(record(g, cases[i].args, cases[i].n), VN_NT_DONE);
		assert_string_equal(logged(g, buf, sizeof(buf)), cases[i].text);
	}
}

static void length_modifiers_but_ll_mean_nothing(void **state)
{
	static const uint32_t args[] = { 70000, 300, 5, 6, 255 };
	struct rig *g = *state;
	char buf[256];

	put_string(g, FORMAT, "%hd %hhu %ld %zu %tx");
	assert_int_equal(record(g, args, 5), VN_NT_DONE);
	assert_string_equal(logged(g, buf, sizeof(buf)), "70000 300 5 6 ff");
}

/* Random conversions of integers, judged by the host's printf. */
static void integers_are_as_the_host_formats_them(void **state)
{
	static const uint64_t seed = 20090101;
	struct rig *g = *state;
	struct vn_rng rng;

	vn_rng_seed(&rng, seed, 0);
	for (unsigned int i = 0; i < 20000; i++) {
		static const char letters[] = "diuxXo";
		char format[64], wanted[256], buf[256];
		bool is_long = vn_rng_below(&rng, 4) == 0;
		uint64_t value = vn_rng_next(&rng) >> vn_rng_below(&rng, 65) % 64;
		uint32_t words[2] = { (uint32_t)(value >> 32), (uint32_t)value };
		struct vn_text t;

		value = vn_rng_below(&rng, 8) ? value : 0;
		words[0] = (uint32_t)(value >> 32);
		words[1] = (uint32_t)value;
		vn_text_init(&t, format, sizeof(format));
		vn_text_add(&t, "a%%");
		for (unsigned int k = vn_rng_below(&rng, 4); k; k--)
			vn_text_add(&t, "%c", "-+ #0"[vn_rng_below(&rng, 5)]);
		if (vn_rng_below(&rng, 2))
			vn_text_add(&t, "%u", 1 + vn_rng_below(&rng, 30));
		if (vn_rng_below(&rng, 2))
			vn_text_add(&t, ".%u", vn_rng_below(&rng, 30));
		vn_text_add(&t, "%s%c!", is_long ? "ll" : "", letters[vn_rng_below(&rng, 6)]);
		put_string(g, FORMAT, format);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if (is_long)
			snprintf(wanted, sizeof(wanted), format, value);
		else
			snprintf(wanted, sizeof(wanted), format, words[1]);
#pragma GCC diagnostic pop
		assert_int_equal(record(g, is_long ? words : words + 1, is_long ? 2 : 1),
				 VN_NT_DONE);
		if (strcmp(logged(g, buf, sizeof(buf)), wanted) != 0)
			fail_msg("seed %llu: \"%s\" of %llx gives \"%s\", not \"%s\"",
				 (unsigned long long)seed, format, (unsigned long long)value, buf,
				 wanted);
	}
}

static void threads_do_not_mix(void **state)
{
	struct rig *g = *state;
	struct vn_nt_out out;

	put_string(g, FORMAT, "%d %d\n");
	for (unsigned int tid = 0; tid < 8; tid++)
		store_as(g, tid, tid, PRINTF_W, FORMAT);
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int tid = 0; tid < 8; tid++)
			store_as(g, 10 + tid, tid, PRINTF_W, 10 * tid + i);
	for (unsigned int tid = 8; tid-- > 0;)
		store_as(g, 100 - tid, tid, PRINTF_W, 0);
	vn_nt_hw_save(g->hw);
	/* In order of the closing writes. */
	for (unsigned int tid = 8; tid-- > 0;) {
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "%u %u\n", 10 * tid, 10 * tid + 1);
		assert_true(take(g, VN_NT_OUT_LOG, &out));
		assert_int_equal(out.port, tid);
		assert_int_equal(out.cycle, 100 - tid);
		assert_int_equal(out.len, strlen(wanted));
		assert_memory_equal(out.bytes, wanted, out.len);
	}
	assert_int_equal(vn_nt_hw_counters(g->hw)->log_records[0], 8);
}

static void strings_end_at_1024_bytes_or_with_memory(void **state)
{
	static char as[2000], buf[3000];
	uint32_t near_end[] = { DATA_END - 3 }, far[] = { STRING };
	struct rig *g = *state;

	memset(as, 'a', sizeof(as));
	put_text(g, STRING, as, sizeof(as));
	put_string(g, FORMAT, "%s");
	assert_int_equal(record(g, far, 1), VN_NT_DONE);
	assert_int_equal(strlen(logged(g, buf, sizeof(buf))), 1024);
	put_text(g, DATA_END - 3, "xyz", 3);
	assert_int_equal(record(g, near_end, 1), VN_NT_DONE);
	assert_string_equal(logged(g, buf, sizeof(buf)), "xyz");
	/* So can a format. */
	put_text(g, DATA_END - 3, "b%c", 3);
	store(g, 0, PRINTF_W, DATA_END - 3);
	store(g, 0, PRINTF_W, 'c');
	store(g, 0, PRINTF_W, 0);
	assert_string_equal(logged(g, buf, sizeof(buf)), "bc");
}

static void wide_fields_are_cut(void **state)
{
	static const char *const formats[] = { "%99999999999d", "%.4000000000d", "%1025s",
					       "%-5000c", "%4000.2000x" };
	static const uint32_t arg[] = { STRING };
	struct rig *g = *state;
	char buf[3000];

	put_string(g, STRING, "x");
	for (size_t i = 0; i < VN_ARRAY_SIZE(formats); i++) {
		put_string(g, FORMAT, formats[i]);
		assert_int_equal(record(g, arg, 1), VN_NT_DONE);
		assert_int_equal(strlen(logged(g, buf, sizeof(buf))), 1024);
	}
}

/* 32 words, each as wide as can be, in a format of nearly 4096 bytes. */
static void the_longest_record_fits(void **state)
{
	static char format[4096], buf[65536];
	uint32_t args[VN_NT_LOG_ARGS] = { 0 };
	struct rig *g = *state;
	size_t n = 0;

	for (unsigned int i = 0; i < VN_NT_LOG_ARGS; i++)
		n += (size_t)sprintf(format + n, "%%+.1024d");
	memset(format + n, '.', sizeof(format) - 1 - n);
	put_string(g, FORMAT, format);
	assert_int_equal(record(g, args, VN_NT_LOG_ARGS), VN_NT_DONE);
	assert_int_equal(strlen(logged(g, buf, sizeof(buf))),
			 VN_NT_LOG_ARGS * 1025 + sizeof(format) - 1 - n);
}

static void what_is_no_record_is_refused(void **state)
{
	static char many[100], longest[5000];
	static const struct {
		uint32_t addr;
		const char *reason;
	} cases[] = {
		{ 0, "log with a format at 0x00000000, outside the memories" },
		{ 0x03ffffff, "log with a format at 0x03ffffff, outside the memories" },
		{ 0x1fffffff, "log with a format at 0x1fffffff, outside the memories" },
		{ 0x20000000, "log with a format at 0x20000000, outside the memories" },
		{ 0xffffffff, "log with a format at 0xffffffff, outside the memories" },
		{ 0x04050000, "log with a format at 0x04050000 that takes 33 words: at most 32" },
		{ 0x04060000, "log with a format at 0x04060000 that has no end within 4096 bytes" },
	};
	struct rig *g = *state;

	for (unsigned int i = 0; i < 33; i++)
		memcpy(many + 2 * i, "%d", 2);
	put_string(g, 0x04050000, many);
	memset(longest, 'x', sizeof(longest));
	put_text(g, 0x04060000, longest, sizeof(longest));
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_int_equal(store_as(g, 0, 0, PRINTF_W, cases[i].addr), VN_NT_FAULT);
		assert_string_equal(g->reply.reason, cases[i].reason);
	}
}

static void a_string_outside_memory_is_refused(void **state)
{
	static const uint32_t args[] = { 0x0000002a };
	struct rig *g = *state;
	char buf[64];

	put_string(g, FORMAT, "%s");
	assert_int_equal(record(g, args, 1), VN_NT_FAULT);
	assert_string_equal(g->reply.reason, "log of a string at 0x0000002a, outside the memories");
	/* The record is over; the thread's next one is whole. */
	put_string(g, FORMAT, "%x");
	assert_int_equal(record(g, args, 1), VN_NT_DONE);
	assert_string_equal(logged(g, buf, sizeof(buf)), "2a");
}

/* Words that a format wants which it did not have at the beginning are 0. */
static void a_format_may_change_meanwhile(void **state)
{
	struct rig *g = *state;
	char buf[64];

	put_string(g, FORMAT, "%d");
	store(g, 0, PRINTF_W, FORMAT);
	store(g, 0, PRINTF_W, 5);
	put_string(g, FORMAT, "%d %d %*d|");
	store(g, 0, PRINTF_W, 0);
	assert_string_equal(logged(g, buf, sizeof(buf)), "5 0 0|");
}

static void the_trace_shows_what_cannot_be_printed(void **state)
{
	static const uint32_t args[] = { 1 };
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[256];

	cfg.trace = VN_NT_TRACE(LOG);
	rig_again(g, &cfg);
	put_string(g, FORMAT, "a\tb\\%c\377\n");
	record(g, args, 1);
	store_as(g, 12, 4, COMMON_TIME, 0xbad);
	vn_nt_hw_save(g->hw);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000000 0.0 t0 20000000 log a\\x09b\\\\\\x01\\xff\\n\n"
			    "0000000012 1.0 t4 20000000 time write 00000bad\n");
	assert_int_equal(vn_nt_hw_counters(g->hw)->time_writes[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(texts_are_as_formatted),
		CASE(length_modifiers_but_ll_mean_nothing),
		CASE(integers_are_as_the_host_formats_them),
		CASE(threads_do_not_mix),
		CASE(strings_end_at_1024_bytes_or_with_memory),
		CASE(wide_fields_are_cut),
		CASE(the_longest_record_fits),
		CASE(what_is_no_record_is_refused),
		CASE(a_string_outside_memory_is_refused),
		CASE(a_format_may_change_meanwhile),
		CASE(the_trace_shows_what_cannot_be_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
