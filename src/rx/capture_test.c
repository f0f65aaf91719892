/* SPDX-License-Identifier: BSD-2-Clause */
/* What was written is what libpcap reads back, to the nanosecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rx/capture.h"

#define SNAPLEN 262144

/* The state of a test is the path of its file. */
static int make_file(void **state)
{
	const char *dir = getenv("TMPDIR");
	char *path;
	int fd;

	if (asprintf(&path, "%s/vn_capture_XXXXXX", dir ? dir : "/tmp") < 0)
		return -1;
	*state = path;
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	int rc = unlink(*state);

	free(*state);
	return rc;
}

static struct vn_capture *open_capture(const char *path, uint64_t max)
{
	struct vn_capture *c;
	struct vn_err err;

	assert_int_equal(vn_capture_open(path, max, &c, &err), 0);
	return c;
}

static pcap_t *open_back(const char *path)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);

	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	return p;
}

static void expect_next(pcap_t *p, uint64_t stamp_ns, uint32_t caplen, uint32_t len,
			const uint8_t *data)
{
	struct pcap_pkthdr *h;
	const u_char *got;

	assert_int_equal(pcap_next_ex(p, &h, &got), 1);
	assert_int_equal(h->ts.tv_sec, stamp_ns / VN_NSEC_PER_SEC);
	assert_int_equal(h->ts.tv_usec, stamp_ns % VN_NSEC_PER_SEC);
	assert_int_equal(h->caplen, caplen);
	assert_int_equal(h->len, len);
	assert_memory_equal(got, data, caplen);
}

static void expect_end(pcap_t *p)
{
	struct pcap_pkthdr *h;
	const u_char *got;

	assert_int_equal(pcap_next_ex(p, &h, &got), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void frames_come_back_with_stamp_and_tag(void **state)
{
	static const uint8_t frame[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0, 13, 14 };
	static const uint8_t tagged[] = {
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xa8, 0xe0, 0x05, 0x08, 0, 13, 14
	};
	static const struct vn_rx_pkt pkts[] = {
		{ frame, 16, 16, UINT64_C(1700000000123456789), 0, 0, false, false },
		{ frame, 16, 16, UINT64_C(1700000000999999999), 0xe005, 0x88a8, true, false },
		{ frame, 14, 1500, 1, 0xe005, 0x88a8, true, false },
		{ frame, 12, 1500, 2, 0xe005, 0x88a8, true, false },
		{ frame, 11, 1500, 3, 0xe005, 0x88a8, true, false }, /* no place for the tag */
		{ frame, 0, 0, 4, 0, 0, false, false },
	};
	struct vn_capture *c = open_capture(*state, 0);
	pcap_t *p;

	vn_capture_write(c, pkts, 2);
	vn_capture_write(c, pkts + 2, 4);
	vn_capture_write(c, pkts, 0);
	assert_int_equal(vn_capture_count(c), 6);
	assert_int_equal(vn_capture_close(c), 0);
	p = open_back(*state);
	expect_next(p, pkts[0].stamp_ns, 16, 16, frame);
	expect_next(p, pkts[1].stamp_ns, 20, 20, tagged);
	expect_next(p, 1, 18, 1504, tagged);
	expect_next(p, 2, 16, 1504, tagged);
	expect_next(p, 3, 11, 1500, frame);
	expect_next(p, 4, 0, 0, frame);
	expect_end(p);
}

static void no_more_packets_than_asked_for_are_written(void **state)
{
	static const uint8_t frame[60] = { 1 };
	struct vn_capture *c = open_capture(*state, 5);
	struct vn_rx_pkt pkts[4];
	unsigned int i;
	pcap_t *p;

	for (i = 0; i < 4; i++)
		pkts[i] = (struct vn_rx_pkt){ .data = frame, .caplen = 60, .len = 60 };
	for (i = 0; i < 3; i++)
		vn_capture_write(c, pkts, 4);
	assert_int_equal(vn_capture_count(c), 5);
	assert_int_equal(vn_capture_close(c), 0);
	p = open_back(*state);
	for (i = 0; i < 5; i++)
		expect_next(p, 0, 60, 60, frame);
	expect_end(p);
}

static void what_no_reader_would_take_is_cut(void **state)
{
	uint8_t *frame = calloc(1, SNAPLEN + 100), *tagged = calloc(1, SNAPLEN);
	struct vn_rx_pkt pkts[2] = {
		{ .data = frame, .caplen = SNAPLEN + 100, .len = SNAPLEN + 200 },
		{ .data = frame, .caplen = SNAPLEN - 1, .len = SNAPLEN - 1, .has_vlan = true },
	};
	struct vn_capture *c = open_capture(*state, 0);
	pcap_t *p;

	assert_true(frame && tagged);
	memset(frame, 7, SNAPLEN + 100);
	memset(tagged, 7, SNAPLEN);
	memset(tagged + 12, 0, 4);
	vn_capture_write(c, pkts, 2);
	assert_int_equal(vn_capture_close(c), 0);
	p = open_back(*state);
	expect_next(p, 0, SNAPLEN, SNAPLEN + 200, frame);
	expect_next(p, 0, SNAPLEN, SNAPLEN + 3, tagged);
	expect_end(p);
	free(tagged);
	free(frame);
}

static void an_empty_capture_is_a_file_all_the_same(void **state)
{
	assert_int_equal(vn_capture_close(open_capture(*state, 0)), 0);
	expect_end(open_back(*state));
}

/* A few frames stay in the buffer until close; many are found out on the way. */
static void a_full_disk_is_reported_at_close(void **state)
{
	static const uint8_t frame[1500] = { 1 };
	static const unsigned int packets[] = { 1, 1000 };
	struct vn_rx_pkt pkt = { .data = frame, .caplen = 1500, .len = 1500 };
	struct vn_capture *c;
	struct vn_err err;
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(packets); i++) {
		assert_int_equal(vn_capture_open("/dev/full", 0, &c, &err), 0);
		for (k = 0; k < packets[i]; k++)
			vn_capture_write(c, &pkt, 1);
		assert_in_range(vn_capture_count(c), 0, 10);
		assert_int_equal(vn_capture_close(c), -ENOSPC);
	}
}

static void a_path_that_cannot_be_written_is_named(void **state)
{
	struct vn_capture *c = (struct vn_capture *)1;
	struct vn_err err = { "" };

	assert_int_equal(vn_capture_open("/nowhere/x.pcap", 0, &c, &err), -ENOENT);
	assert_null(c);
	assert_non_null(strstr(err.text, "/nowhere/x.pcap"));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(vn_capture_open("/", 0, &c, NULL), -EISDIR);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FILE(frames_come_back_with_stamp_and_tag),
		WITH_FILE(no_more_packets_than_asked_for_are_written),
		WITH_FILE(what_no_reader_would_take_is_cut),
		WITH_FILE(an_empty_capture_is_a_file_all_the_same),
		cmocka_unit_test(a_full_disk_is_reported_at_close),
		cmocka_unit_test(a_path_that_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
