/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures written here byte by byte, in all four forms, and each way in which
 * a file can be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "pcap_in.h"

#define US 0xa1b2c3d4
#define NS 0xa1b23c4d

/* A file in the making. */
struct file {
	bool is_little;
	size_t len;
	uint8_t bytes[16384];
};

static void put(struct file *f, uint32_t n, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		f->bytes[f->len++] = (uint8_t)(n >> 8 * (f->is_little ? i : bytes - 1 - i));
}

static void put_head(struct file *f, bool is_little, uint32_t magic, uint32_t major,
		     uint32_t link_type)
{
	f->len = 0;
	f->is_little = is_little;
	put(f, magic, 4);
	put(f, major, 2);
	put(f, 4, 2);
	put(f, 0, 4);
	put(f, 0, 4);
	put(f, 65535, 4);
	put(f, link_type, 4);
}

/* caplen bytes, all of them `fill`. */
static void put_record(struct file *f, uint32_t sec, uint32_t frac, uint32_t caplen, uint32_t len,
		       uint8_t fill)
{
	put(f, sec, 4);
	put(f, frac, 4);
	put(f, caplen, 4);
	put(f, len, 4);
	memset(f->bytes + f->len, fill, caplen);
	f->len += caplen;
}

static int begin(struct card_pcap_in *in, struct file *f, bool is_host, struct vn_err *err)
{
	FILE *file = fmemopen(f->bytes, f->len, "r");

	assert_non_null(file);
	err->text[0] = '\0';
	return card_pcap_in_begin(in, file, "x.pcap", is_host, err);
}

static void next_is(struct card_pcap_in *in, uint64_t offset_ns, uint32_t len, uint8_t fill)
{
	struct vn_err err = { "" };
	struct card_pcap_frame frame;

	assert_int_equal(card_pcap_in_next(in, &frame, &err), 1);
	assert_int_equal(frame.offset_ns, offset_ns);
	assert_int_equal(frame.len, len);
	assert_int_equal(frame.bytes[0], fill);
	assert_int_equal(frame.bytes[len - 1], fill);
}

static void ends(struct card_pcap_in *in)
{
	struct vn_err err = { "" };
	struct card_pcap_frame frame;

	assert_int_equal(card_pcap_in_next(in, &frame, &err), 0);
	card_pcap_in_close(in);
}

static void all_four_forms_are_read_alike(void **state)
{
	static struct card_pcap_in in;
	static struct file f;
	struct vn_err err;

	for (unsigned int form = 0; form < 4; form++) {
		uint32_t scale = form & 1 ? 1000 : 1;

		put_head(&f, form & 2, form & 1 ? NS : US, 2, 1);
		put_record(&f, 100, 999999 * scale, 60, 60, 1);
		put_record(&f, 101, 0, 1514, 1514, 2);
		put_record(&f, 103, 500 * scale, 1, 1, 3);
		assert_int_equal(begin(&in, &f, false, &err), 0);
		next_is(&in, 0, 60, 1);
		next_is(&in, 1000, 1514, 2);
		next_is(&in, 2000501000, 1, 3);
		ends(&in);
	}
}

static void time_does_not_go_back(void **state)
{
	static struct card_pcap_in in;
	static struct file f;
	struct vn_err err;

	put_head(&f, true, NS, 2, 1);
	put_record(&f, 5, 100, 60, 60, 1);
	put_record(&f, 5, 300, 60, 60, 2);
	put_record(&f, 5, 200, 60, 60, 3);
	put_record(&f, 4, 999999999, 60, 60, 4);
	put_record(&f, 5, 301, 60, 60, 5);
	assert_int_equal(begin(&in, &f, false, &err), 0);
	next_is(&in, 0, 60, 1);
	next_is(&in, 200, 60, 2);
	next_is(&in, 200, 60, 3);
	next_is(&in, 200, 60, 4);
	next_is(&in, 201, 60, 5);
	ends(&in);
}

static void what_cannot_be_fed_is_skipped_and_counted(void **state)
{
	char warning[CARD_PCAP_WARNING];
	static struct card_pcap_in in;
	static struct file f;
	struct vn_err err;

	put_head(&f, true, US, 2, 1);
	put_record(&f, 1, 0, 0, 0, 1); /* skipped, and yet the first */
	put_record(&f, 1, 1, 1515, 1515, 2);
	put_record(&f, 1, 2, 60, 61, 3);
	put_record(&f, 1, 3, 60, 60, 4);
	put_record(&f, 1, 4, 7000, 7000, 5);
	put_record(&f, 1, 5, 61, 60, 6);
	assert_int_equal(begin(&in, &f, false, &err), 0);
	assert_false(card_pcap_in_warning(&in, warning));
	next_is(&in, 3000, 60, 4);
	next_is(&in, 5000, 60, 6);
	ends(&in);
	assert_int_equal(in.records, 6);
	assert_true(card_pcap_in_warning(&in, warning));
	assert_string_equal(warning, "4 of 6 records were skipped: 2 longer than 1514 bytes, 1 cut "
				     "when captured, 1 empty");
}

static void host_queues_take_long_ones_and_their_own_link_type(void **state)
{
	static struct card_pcap_in in;
	static struct file f;
	struct vn_err err;

	put_head(&f, false, NS, 2, 147);
	put_record(&f, 1, 0, 2048, 2048, 1);
	put_record(&f, 1, 1, 2049, 2049, 2);
	assert_int_equal(begin(&in, &f, true, &err), 0);
	next_is(&in, 0, 2048, 1);
	ends(&in);
	assert_int_equal(in.too_long, 1);
	assert_int_equal(begin(&in, &f, false, &err), -EINVAL);
	assert_string_equal(err.text, "x.pcap: has frames of link type 147; expected 1 (Ethernet)");
}

static void heads_are_refused_with_what_is_wrong(void **state)
{
	static const struct {
		uint32_t magic, major, link_type;
		size_t cut; /* the file is so long; 0: whole */
		const char *want;
	} cases[] = {
		{ 0x0a0d0d0a, 2, 1, 0,
		  "x.pcap: is a pcapng file, which is not read; expected classic pcap (editcap -F "
		  "nsecpcap makes one of it)" },
		{ 0x7f454c46, 2, 1, 0, "x.pcap: no pcap file: " },
		{ US, 2, 1, 23, "x.pcap: no pcap file: 23 bytes, its head alone has 24" },
		{ US, 2, 1, 3, "x.pcap: no pcap file: 3 bytes, its head alone has 24" },
		{ US, 1, 1, 0, "x.pcap: is of version 1 of pcap; expected 2" },
		{ NS, 2, 113, 0, "x.pcap: has frames of link type 113; expected 1 (Ethernet)" },
	};
	static struct card_pcap_in in;
	static struct file f;
	struct vn_err err;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		put_head(&f, true, cases[i].magic, cases[i].major, cases[i].link_type);
		f.len = cases[i].cut ? cases[i].cut : f.len;
		assert_int_equal(begin(&in, &f, false, &err), -EINVAL);
		if (strncmp(err.text, cases[i].want, strlen(cases[i].want)))
			fail_msg("case %u: \"%s\"", i, err.text);
		assert_null(in.file);
	}
}

static void a_damaged_record_ends_the_reading(void **state)
{
	static const struct {
		size_t cut;
		uint32_t caplen;
		const char *want;
	} cases[] = {
		{ 24 + 76 + 7, 60, "x.pcap: ends within record 2; what is before it was fed" },
		{ 24 + 76 + 16 + 59, 60,
		  "x.pcap: ends within record 2; what is before it was fed" },
		{ 24 + 76 + 16 + 5000, 5001,
		  "x.pcap: ends within record 2; what is before it was fed" },
		{ 24 + 76 + 16 + 60, 262145,
		  "x.pcap: record 2 says that it has 262145 bytes, and none has more than 262144: "
		  "the file is damaged" },
	};
	static struct card_pcap_in in;
	struct card_pcap_frame frame;
	static struct file f;
	struct vn_err err;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		put_head(&f, true, US, 2, 1);
		put_record(&f, 1, 0, 60, 60, 1);
		put(&f, 1, 4);
		put(&f, 0, 4);
		put(&f, cases[i].caplen, 4);
		put(&f, cases[i].caplen, 4);
		memset(f.bytes + f.len, 2, 6000);
		f.len = cases[i].cut;
		assert_int_equal(begin(&in, &f, false, &err), 0);
		next_is(&in, 0, 60, 1);
		assert_int_equal(card_pcap_in_next(&in, &frame, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].want);
		card_pcap_in_close(&in);
	}
}

static void files_that_cannot_be_read(void **state)
{
	struct vn_err err = { "" };
	struct card_pcap_in in;

	assert_int_equal(card_pcap_in_open(&in, "/nowhere/x.pcap", false, &err), -ENOENT);
	assert_string_equal(err.text,
			    "/nowhere/x.pcap: cannot be read (No such file or directory)");
	assert_int_equal(card_pcap_in_open(&in, "/", false, &err), -EIO);
	assert_string_equal(err.text, "/: cannot be read (Is a directory)");
	card_pcap_in_close(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_four_forms_are_read_alike),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(what_cannot_be_fed_is_skipped_and_counted),
		cmocka_unit_test(host_queues_take_long_ones_and_their_own_link_type),
		cmocka_unit_test(heads_are_refused_with_what_is_wrong),
		cmocka_unit_test(a_damaged_record_ends_the_reading),
		cmocka_unit_test(files_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
