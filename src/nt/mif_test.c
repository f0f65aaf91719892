/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory initialization files say, each mistake in them, and how we write them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macros.h"
#include "nt/mif.h"

#define HEAD  "WIDTH=32;DEPTH=16;"
#define OPEN  HEAD "CONTENT BEGIN "
#define WORDS 12 /* of the memory: less than DEPTH */

/* The text without its NUL, so that a sanitizer sees who reads on. */
static int parse(struct vn_nt_mif *mif, const char *text, struct vn_err *err)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	err->text[0] = '\0';
	*mif = (struct vn_nt_mif){ 0 };
	rc = vn_nt_mif_parse(mif, "a.mif", copy, len, WORDS, err);
	free(copy);
	return rc;
}

struct row {
	const char *text;
	uint32_t n;
	uint32_t words[WORDS];
};

static const struct row good[] = {
	{ OPEN "END;", 0, { 0 } },
	{ OPEN "0 : 1; END;", 1, { 1 } },
	{ OPEN "3 : deadBEEF; END;\n", 4, { 0, 0, 0, 0xdeadbeef } },
	/* any case, any order, blanks of all kinds, nothing between tokens */
	{ "Depth = 4 ;\r\n width\t=\n32; content begin 0:5;end;", 1, { 5 } },
	{ "DATA_RADIX=HEX;ADDRESS_RADIX=HEX;" OPEN "b:a;END;", 12, { [11] = 10 } },
	/* several values, ranges, repetition, later ones win */
	{ OPEN "2 : 1 2 3; END;", 5, { 0, 0, 1, 2, 3 } },
	{ OPEN "[1..3] : 7; END;", 4, { 0, 7, 7, 7 } },
	{ OPEN "[ 0 .. 4 ] : 1 2; END;", 5, { 1, 2, 1, 2, 1 } },
	{ OPEN "[2..2] : 9; END;", 3, { 0, 0, 9 } },
	{ OPEN "[0..5] : 1; 2 : 8 9; 0 : 3; END;", 6, { 3, 1, 8, 9, 1, 1 } },
	{ OPEN "5 : 1; 0 : 2; END;", 6, { 2, 0, 0, 0, 0, 1 } },
	/* comments */
	{ "-- a ; b %\n" OPEN "% 0 : 9;\n-- %0 : 1--2\n; END; -- end", 1, { 1 } },
	{ "%%" OPEN "0%\n\n%:%x%1;END;%%", 1, { 1 } },
	/* radixes */
	{ "ADDRESS_RADIX=DEC;DATA_RADIX=DEC;" OPEN "10 : -1 4294967295; END;",
	  12,
	  { [10] = 0xffffffff, 0xffffffff } },
	{ "DATA_RADIX=dec;" OPEN "0 : -2147483648 2147483647 010; END;",
	  3,
	  { 0x80000000, 0x7fffffff, 10 } },
	{ "ADDRESS_RADIX=UNS;DATA_RADIX=UNS;" OPEN "10 : 4294967295; END;",
	  11,
	  { [10] = 0xffffffff } },
	{ "ADDRESS_RADIX=OCT;DATA_RADIX=OCT;" OPEN "10 : 37777777777; END;",
	  9,
	  { [8] = 0xffffffff } },
	{ "ADDRESS_RADIX=BIN;DATA_RADIX=BIN;" OPEN
	  "[1..10] : 11111111111111111111111111111110; END;",
	  3,
	  { 0, 0xfffffffe, 0xfffffffe } },
	{ OPEN "0 : 00000000000000000000000012345678; END;", 1, { 0x12345678 } },
};

static void what_files_say(void **state)
{
	struct vn_nt_mif mif;
	struct vn_err err;

	for (size_t i = 0; i < VN_ARRAY_SIZE(good); i++) {
		if (parse(&mif, good[i].text, &err) < 0)
			fail_msg("%s\n%s", good[i].text, err.text);
		if (mif.n != good[i].n)
			fail_msg("%s\n%u words", good[i].text, mif.n);
		for (uint32_t w = 0; w < mif.n; w++)
			if (mif.words[w] != good[i].words[w])
				fail_msg("%s\nword %u is %08x", good[i].text, w, mif.words[w]);
		vn_nt_mif_fini(&mif);
	}
}

static const struct {
	const char *text, *sentence;
} bad[] = {
	{ "", "1: the end of the file where WIDTH, DEPTH, ADDRESS_RADIX, DATA_RADIX or CONTENT is "
	      "expected" },
	{ "WIDTH=32;\nWIDE=3;", "2: \"WIDE\" where WIDTH, DEPTH, ADDRESS_RADIX, DATA_RADIX or "
				"CONTENT is expected" },
	{ "WIDTH 32;", "1: \"32\" where '=' is expected" },
	{ "WIDTH=;", "1: \";\" where WIDTH is expected" },
	{ "WIDTH=\n16;", "2: WIDTH \"16\": the card's words have 32 bits" },
	{ "WIDTH=x;", "1: WIDTH \"x\" is not a number of radix DEC" },
	{ "DEPTH=1f;", "1: DEPTH \"1f\" is not a number of radix DEC" },
	{ "DEPTH=16\nWIDTH=32;", "1: missing ';' behind \"16\"" },
	{ "DEPTH=16;\nDEPTH=16;", "2: DEPTH is set a second time" },
	{ "DATA_RADIX=TEN;", "1: \"TEN\" where HEX, DEC, UNS, OCT or BIN is expected" },
	{ "WIDTH=32;\nCONTENT BEGIN END;", "2: CONTENT without DEPTH before it" },
	{ "DEPTH=1;\nCONTENT BEGIN END;", "2: CONTENT without WIDTH before it" },
	{ HEAD "\nCONTENT\n0 : 1;", "3: \"0\" where BEGIN is expected" },
	{ OPEN "\n0 : 1;\n", "3: missing END" },
	{ OPEN, "1: missing END" },
	{ OPEN "0 : 1; END", "1: missing ';' behind \"END\"" },
	{ OPEN "0 : 1; END;\n1 : 2;", "2: \"1\" where the end of the file is expected" },
	{ OPEN "0 : 1\nEND;", "1: missing ';' behind \"1\"" },
	{ OPEN "0 : 1\n1 : 2;\nEND;", "1: missing ';' behind \"1\"" },
	{ OPEN "0 : 1 2\n\n2 : 2;\nEND;", "1: missing ';' behind \"2\"" },
	{ OPEN "0 : 1\n[1..2] : 2;\nEND;", "1: missing ';' behind \"1\"" },
	{ OPEN "0 1;", "1: \"1\" where ':' is expected" },
	{ OPEN "0 : ;", "1: \";\" where a value is expected" },
	{ OPEN ": 1;", "1: \":\" where address is expected" },
	{ OPEN "\n\n0 : 123456789;", "3: value \"123456789\" is wider than 32 bits" },
	{ OPEN "0 : 123456789abcdef0123456789abcdef01;",
	  "1: value \"123456789abcdef0123456789abcdef01\" is wider than 32 bits" },
	{ OPEN "0 : 12g;", "1: value \"12g\" is not a number of radix HEX" },
	{ OPEN "0 : -1;", "1: value \"-1\" is not a number of radix HEX" },
	{ "DATA_RADIX=UNS;" OPEN "0 : -1;", "1: value \"-1\" is not a number of radix UNS" },
	{ "DATA_RADIX=DEC;" OPEN "0 : -;", "1: value \"-\" is not a number of radix DEC" },
	{ "DATA_RADIX=DEC;" OPEN "0 : a;", "1: value \"a\" is not a number of radix DEC" },
	{ "DATA_RADIX=DEC;" OPEN "0 : -2147483649;", "1: value \"-2147483649\" is wider than 32 "
						     "bits" },
	{ "DATA_RADIX=UNS;" OPEN "0 : 4294967296;",
	  "1: value \"4294967296\" is wider than 32 bits" },
	{ "DATA_RADIX=OCT;" OPEN "0 : 40000000000;", "1: value \"40000000000\" is wider than 32 "
						     "bits" },
	{ "DATA_RADIX=OCT;" OPEN "0 : 8;", "1: value \"8\" is not a number of radix OCT" },
	{ "DATA_RADIX=BIN;" OPEN "0 : 2;", "1: value \"2\" is not a number of radix BIN" },
	{ "ADDRESS_RADIX=DEC;" OPEN "-1 : 2;", "1: address \"-1\" is not a number of radix DEC" },
	{ OPEN "\n10 : 1;", "2: address \"10\" is beyond DEPTH, 16 words" },
	{ OPEN "\nc : 1;", "2: address \"c\" is beyond the memory, 12 words" },
	{ OPEN "\nffffffffffffffffffff : 1;",
	  "2: address \"ffffffffffffffffffff\" is beyond DEPTH, 16 words" },
	{ OPEN "b : 1\n2;", "2: values beyond the memory" },
	{ "WIDTH=32;DEPTH=2;CONTENT BEGIN\n1 : 1 2;", "2: values beyond DEPTH" },
	{ "WIDTH=32;DEPTH=0;CONTENT BEGIN\n0 : 1;", "2: address \"0\" is beyond DEPTH, 0 words" },
	{ OPEN "\n[3..1] : 1;", "2: range reversed: it ends before it begins" },
	{ OPEN "[1..c] : 1;", "1: address \"c\" is beyond the memory, 12 words" },
	{ OPEN "[1..2 : 1;", "1: \":\" where ']' is expected" },
	{ OPEN "[1,2] : 1;", "1: unexpected character \",\"" },
	{ OPEN "[1 2] : 1;", "1: \"2\" where .. is expected" },
	{ OPEN "[1..2] : 1 2 3;", "1: more values than the range has words" },
	{ OPEN "[1.2] : 1;", "1: unexpected character \".\"" },
	{ HEAD "\n\x01", "2: unexpected character \"?\"" },
	{ HEAD "\n%\n\n", "2: the comment that begins here has no second %" },
};

static void each_mistake_with_its_line(void **state)
{
	struct vn_nt_mif mif;
	struct vn_err err;
	char want[400];

	for (size_t i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		snprintf(want, sizeof(want), "a.mif:%s", bad[i].sentence);
		if (parse(&mif, bad[i].text, &err) != -EINVAL)
			fail_msg("%s\nwas taken", bad[i].text);
		if (strcmp(err.text, want) != 0)
			fail_msg("%s\n%s\n%s", bad[i].text, err.text, want);
		assert_null(mif.words);
		assert_int_equal(mif.n, 0);
	}
}

/* A text that ends anywhere is a text with a mistake, and is read no further. */
static void every_beginning_is_refused(void **state)
{
	char text[] = "%c% width=32;DEPTH=16; -- c\nADDRESS_RADIX=DEC;DATA_RADIX=BIN;\n"
		      "CONTENT BEGIN 0 : 1; [1..10] : 0 1;\nEND;";
	struct vn_nt_mif mif;
	struct vn_err err;

	assert_int_equal(parse(&mif, text, &err), 0);
	vn_nt_mif_fini(&mif);
	for (size_t len = strlen(text) - 1; len > 0; len--) {
		text[len] = '\0';
		assert_int_equal(parse(&mif, text, &err), -EINVAL);
	}
}

static char *written(const uint32_t *words, uint32_t n, size_t *len)
{
	char *text;
	FILE *f = open_memstream(&text, len);

	assert_non_null(f);
	assert_int_equal(vn_nt_mif_write(words, n, f), 0);
	fclose(f);
	return text;
}

static void expect_written(const uint32_t *words, uint32_t n, const char *want)
{
	size_t len;
	char *text = written(words, n, &len);

	assert_string_equal(text, want);
	free(text);
}

static void the_form_of_the_original_tools(void **state)
{
	static const uint32_t words[] = { 0, 0x3c1c0404, 0xAFBF0010 };

	expect_written(words, 3,
		       "WIDTH=32;\nDEPTH=65536;\n\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n\n"
		       "CONTENT BEGIN\n\n00000000 : 00000000;\n00000001 : 3c1c0404;\n"
		       "00000002 : afbf0010;\nEND;\n");
	expect_written(NULL, 0,
		       "WIDTH=32;\nDEPTH=65536;\n\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n\n"
		       "CONTENT BEGIN\n\n00000000 : 00000000;\nEND;\n");
}

static void round_trip(const uint32_t *words, uint32_t n, const char *depth)
{
	struct vn_nt_mif mif = { 0 };
	struct vn_err err = { "" };
	size_t len;
	char *text = written(words, n, &len);

	assert_non_null(strstr(text, depth));
	assert_int_equal(vn_nt_mif_parse(&mif, "a.mif", text, len, 1 << 20, &err), 0);
	assert_int_equal(mif.n, n);
	assert_memory_equal(mif.words, words, n * sizeof(*words));
	vn_nt_mif_fini(&mif);
	free(text);
}

/* What is written is read back; above 65536 words DEPTH is the next power of two. */
static void what_is_written_is_read(void **state)
{
	uint32_t n = (1 << 17) + 1;
	uint32_t *words = calloc(n, sizeof(*words));

	assert_non_null(words);
	for (uint32_t i = 0; i < n; i++)
		words[i] = i * UINT32_C(2654435761);
	round_trip(words, 1, "DEPTH=65536;");
	round_trip(words, 65536, "DEPTH=65536;");
	round_trip(words, 65537, "DEPTH=131072;");
	round_trip(words, n, "DEPTH=262144;");
	free(words);
}

static void a_full_disk_is_said(void **state)
{
	static const uint32_t words[2000] = { 1 };
	FILE *f = fopen("/dev/full", "w");

	assert_non_null(f);
	assert_int_equal(vn_nt_mif_write(words, 2000, f), -EIO);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_files_say),
		cmocka_unit_test(each_mistake_with_its_line),
		cmocka_unit_test(every_beginning_is_refused),
		cmocka_unit_test(the_form_of_the_original_tools),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
