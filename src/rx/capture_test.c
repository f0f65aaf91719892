/* SPDX-License-Identifier: BSD-2-Clause */
/* What was written is what libpcap reads back, to the nanosecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

static struct vn_capture *open_capture(const char *path, uint64_t max, uint32_t snaplen)
{
	const struct vn_capture_opts opts = {
		.path = path,
		.max_packets = max,
		.snaplen = snaplen,
	};
	struct vn_capture *c;
	struct vn_err err;

	if (vn_capture_open(&opts, &c, &err))
		fail_msg("%s", err.text);
	return c;
}

static void finish_capture(struct vn_capture *c, uint64_t count)
{
	struct vn_err err;

	if (vn_capture_finish(c, &err))
		fail_msg("%s", err.text);
	assert_int_equal(vn_capture_count(c), count);
	vn_capture_free(c);
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

static void another_link_type_is_in_the_head(void **state)
{
	const struct vn_capture_opts opts = { .path = *state, .link_type = DLT_USER0 };
	char text[PCAP_ERRBUF_SIZE];
	struct vn_capture *c;
	struct vn_err err;
	pcap_t *p;

	assert_int_equal(vn_capture_open(&opts, &c, &err), 0);
	finish_capture(c, 0);
	p = pcap_open_offline(*state, text);
	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_USER0);
	expect_end(p);
}

static void frames_come_back_with_stamp_and_tag(void **state)
{
	static const uint8_t frame[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0, 13, 14 };
	static const uint8_t tagged[] = { 1,  2,  3,	4,    5,    6,	  7,	8, 9,  10,
					  11, 12, 0x88, 0xa8, 0xe0, 0x05, 0x08, 0, 13, 14 };
	static const struct vn_rx_pkt pkts[] = {
		{ frame, 16, 16, UINT64_C(1700000000123456789), 0, 0, false, false, false },
		{ frame, 16, 16, UINT64_C(1700000000999999999), 0xe005, 0x88a8, true, false,
		  false },
		{ frame, 14, 1500, 1, 0xe005, 0x88a8, true, false, false },
		{ frame, 12, 1500, 2, 0xe005, 0x88a8, true, false, false },
		{ frame, 11, 1500, 3, 0xe005, 0x88a8, true, false,
		  false }, /* no place for the tag */
		{ frame, 0, 0, 4, 0, 0, false, false, false },
	};
	struct vn_capture *c = open_capture(*state, 0, 0);
	pcap_t *p;

	vn_capture_write(c, pkts, 2);
	vn_capture_write(c, pkts + 2, 4);
	vn_capture_write(c, pkts, 0);
	finish_capture(c, 6);
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
	struct vn_capture *c = open_capture(*state, 5, 0);
	struct vn_rx_pkt pkts[4];
	unsigned int i;
	pcap_t *p;

	for (i = 0; i < 4; i++)
		pkts[i] = (struct vn_rx_pkt){ .data = frame, .caplen = 60, .len = 60 };
	for (i = 0; i < 3; i++)
		vn_capture_write(c, pkts, 4);
	finish_capture(c, 5);
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
	struct vn_capture *c = open_capture(*state, 0, 0);
	pcap_t *p;

	assert_true(frame && tagged);
	memset(frame, 7, SNAPLEN + 100);
	memset(tagged, 7, SNAPLEN);
	memset(tagged + 12, 0, 4);
	vn_capture_write(c, pkts, 2);
	finish_capture(c, 2);
	p = open_back(*state);
	expect_next(p, 0, SNAPLEN, SNAPLEN + 200, frame);
	expect_next(p, 0, SNAPLEN, SNAPLEN + 3, tagged);
	expect_end(p);
	free(tagged);
	free(frame);
}

static void a_snap_length_cuts_frames_and_tells_their_length(void **state)
{
	static const uint8_t frame[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0, 13, 14 };
	static const uint8_t tagged[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0 };
	static const struct vn_rx_pkt pkts[] = {
		{ frame, 16, 1500, 1, 0, 0, false, false, false },
		{ frame, 16, 16, 2, 5, 0x8100, true, false, false },
		{ frame, 10, 10, 3, 0, 0, false, true, false },
	};
	struct vn_capture *c = open_capture(*state, 0, 14);
	pcap_t *p;

	vn_capture_write(c, pkts, 3);
	finish_capture(c, 3);
	p = open_back(*state);
	assert_int_equal(pcap_snapshot(p), 14);
	expect_next(p, 1, 14, 1500, frame);
	expect_next(p, 2, 14, 20, tagged);
	expect_next(p, 3, 10, 10, frame);
	expect_end(p);
}

static void an_empty_capture_is_a_file_all_the_same(void **state)
{
	finish_capture(open_capture(*state, 0, 0), 0);
	expect_end(open_back(*state));
}

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* For who reads along: the head at once, packets when it is asked. */
static void what_was_flushed_is_in_the_file(void **state)
{
	static const uint8_t frame[60] = { 1 };
	struct vn_rx_pkt pkt = { .data = frame, .caplen = 60, .len = 60 };
	struct vn_capture *c = open_capture(*state, 0, 0);

	assert_int_equal(size_of(*state), 24);
	for (unsigned int i = 1; i <= 3; i++) {
		vn_capture_write(c, &pkt, 1);
		vn_capture_flush(c);
		assert_int_equal(size_of(*state), 24 + i * (16 + 60));
	}
	finish_capture(c, 3);
}

/* The file may grow to 150 bytes: one packet of 60 fits, and part of another. */
static void a_full_disk_costs_what_did_not_fit(void **state)
{
	static const uint8_t frame[60] = { 1 };
	struct vn_rx_pkt pkt = { .data = frame, .caplen = 60, .len = 60 };
	struct rlimit old, small = { .rlim_cur = 24 + 76 + 50 };
	struct vn_capture *c = open_capture(*state, 7, 0);
	struct vn_err err = { "" };
	pcap_t *p;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned int i = 0; i < 3; i++)
		vn_capture_write(c, &pkt, 1);
	vn_capture_flush(c);
	for (unsigned int i = 0; i < 10; i++)
		vn_capture_write(c, &pkt, 1);
	assert_int_equal(vn_capture_finish(c, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_non_null(strstr(err.text, *state));
	assert_non_null(strstr(err.text, "File too large; 6 of 7 packets are missing"));
	assert_int_equal(vn_capture_count(c), 1);
	vn_capture_free(c);
	p = open_back(*state);
	expect_next(p, 0, 60, 60, frame);
	expect_end(p);
}

static void a_reader_that_leaves_ends_the_capture_only(void **state)
{
	static const uint8_t frame[60] = { 1 };
	struct vn_rx_pkt pkt = { .data = frame, .caplen = 60, .len = 60 };
	struct vn_err err = { "" };
	struct vn_capture *c;
	char path[32], bytes[200];
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	c = open_capture(path, 0, 0);
	vn_capture_write(c, &pkt, 1);
	vn_capture_flush(c);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 24 + 76);
	close(ends[0]);
	vn_capture_write(c, &pkt, 1);
	vn_capture_flush(c);
	vn_capture_write(c, &pkt, 1);
	assert_int_equal(vn_capture_finish(c, &err), -EPIPE);
	assert_non_null(strstr(err.text, "Broken pipe; 2 of 3 packets are missing"));
	assert_int_equal(vn_capture_count(c), 1);
	vn_capture_free(c);
	close(ends[1]);
}

#define WRITERS 4
#define EACH	5000

struct writer {
	struct vn_capture *c;
	uint8_t number;
};

static void *write_many(void *arg)
{
	const struct writer *w = arg;
	uint8_t frame[60] = { w->number };
	struct vn_rx_pkt pkt = { .data = frame, .caplen = 60, .len = 60 };

	for (unsigned int i = 0; i < EACH; i++) {
		pkt.stamp_ns = i;
		vn_capture_write(w->c, &pkt, 1);
		if (i % 1000 == 0)
			vn_capture_flush(w->c);
	}
	return NULL;
}

static void several_threads_may_write(void **state)
{
	struct vn_capture *c = open_capture(*state, 0, 0);
	unsigned int next[WRITERS] = { 0 };
	struct writer w[WRITERS];
	pthread_t thread[WRITERS];
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *p;

	for (uint8_t i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ c, i };
		assert_int_equal(pthread_create(&thread[i], NULL, write_many, &w[i]), 0);
	}
	for (unsigned int i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	finish_capture(c, WRITERS * EACH);
	p = open_back(*state);
	while (pcap_next_ex(p, &h, &data) == 1)
		assert_int_equal(h->ts.tv_usec, next[data[0]]++);
	for (unsigned int i = 0; i < WRITERS; i++)
		assert_int_equal(next[i], EACH);
	pcap_close(p);
}

static void a_path_that_cannot_be_written_is_named(void **state)
{
	struct vn_capture *c = (struct vn_capture *)1;
	struct vn_err err = { "" };

	assert_int_equal(
		vn_capture_open(&(struct vn_capture_opts){ .path = "/nowhere/x.pcap" }, &c, &err),
		-ENOENT);
	assert_null(c);
	assert_non_null(strstr(err.text, "/nowhere/x.pcap"));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(vn_capture_open(&(struct vn_capture_opts){ .path = "/" }, &c, NULL),
			 -EISDIR);
	assert_int_equal(
		vn_capture_open(&(struct vn_capture_opts){ .path = "/dev/full" }, &c, &err),
		-ENOSPC);
	assert_non_null(strstr(err.text, "No space left"));
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FILE(another_link_type_is_in_the_head),
		WITH_FILE(frames_come_back_with_stamp_and_tag),
		WITH_FILE(no_more_packets_than_asked_for_are_written),
		WITH_FILE(what_no_reader_would_take_is_cut),
		WITH_FILE(an_empty_capture_is_a_file_all_the_same),
		WITH_FILE(a_snap_length_cuts_frames_and_tells_their_length),
		WITH_FILE(what_was_flushed_is_in_the_file),
		WITH_FILE(a_full_disk_costs_what_did_not_fit),
		WITH_FILE(several_threads_may_write),
		cmocka_unit_test(a_reader_that_leaves_ends_the_capture_only),
		cmocka_unit_test(a_path_that_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
