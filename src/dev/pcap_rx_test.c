/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture files written down by hand, or by libpcap, are received as they are:
 * bytes, lengths, stamps, their end, and what is wrong with them. */
#include "dev/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SEEN	64
#define WAIT_NS (5 * VN_NSEC_PER_SEC)

struct fixture {
	char dir[64], path[80];
	struct vn_netdev *dev;
	struct vn_rxq *q;
	unsigned int n;
	struct vn_rx_pkt pkt[SEEN];
	uint8_t bytes[SEEN][16];
};

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	snprintf(x->dir, sizeof(x->dir), "%s", "/tmp/vn-pcap-rx-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->path, sizeof(x->path), "%s/in.pcap", x->dir);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	vn_netdev_close(x->dev);
	unlink(x->path);
	rmdir(x->dir);
	free(x);
	return 0;
}

static void put_file(const struct fixture *x, const void *bytes, size_t size)
{
	FILE *f = fopen(x->path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static int open_file(struct fixture *x, struct vn_err *err)
{
	const struct vn_netdev_opts opts = { .target = x->path };
	int rc = vn_netdev_open("pcap", VN_CAP_RX, &opts, &x->dev, err);

	return rc ? rc : x->dev->ops->rxq_open(x->dev, &(struct vn_rxq_opts){ 0 }, &x->q, err);
}

static void keep(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct fixture *x = arg;

	for (unsigned int i = 0; i < n; i++) {
		assert_true(x->n < SEEN);
		x->pkt[x->n] = pkts[i];
		memcpy(x->bytes[x->n++], pkts[i].data, VN_MIN(pkts[i].caplen, 16u));
	}
}

/* Polls to the end; what poll answered then. */
static int read_all(struct fixture *x, unsigned int budget)
{
	int rc;

	do {
		rc = x->q->poll(x->q, budget, WAIT_NS, keep, x);
		assert_true(rc <= (int)budget);
	} while (rc > 0);
	return rc;
}

/* clang-format off */
/* pcap, microseconds, big-endian: two frames, the second cut to 4 of 1500. */
static const uint8_t big_endian[] = {
	0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1,
	0, 0, 0, 5, 0, 1, 0xe2, 0x40, 0, 0, 0, 2, 0, 0, 0, 2, 0xaa, 0xbb,
	0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 5, 0xdc, 1, 2, 3, 4,
};
/* pcap, nanoseconds, little-endian: one frame. */
static const uint8_t nanoseconds[] = {
	0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
	7, 0, 0, 0, 0xff, 0xc9, 0x9a, 0x3b, 3, 0, 0, 0, 60, 0, 0, 0, 9, 8, 7,
};
/* pcapng: section, Ethernet interface with nanoseconds (if_tsresol 9), a frame. */
static const uint8_t blocks[] = {
	0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
	1, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0,
	0, 0, 0, 0, 32, 0, 0, 0,
	6, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
	2, 0, 0, 0, 2, 0, 0, 0, 0x55, 0x66, 0, 0, 36, 0, 0, 0,
};
/* clang-format on */

static void files_of_every_format_are_read(void **state)
{
	static const struct {
		const uint8_t *file;
		size_t size;
		unsigned int n;
		struct {
			uint64_t stamp_ns;
			uint32_t caplen, len;
			uint8_t bytes[4];
		} pkt[2];
	} cases[] = {
		{ big_endian,
		  sizeof(big_endian),
		  2,
		  { { 5123456000, 2, 2, { 0xaa, 0xbb } },
		    { 6000001000, 4, 1500, { 1, 2, 3, 4 } } } },
		{ nanoseconds, sizeof(nanoseconds), 1, { { 7999999999, 3, 60, { 9, 8, 7 } } } },
		{ blocks, sizeof(blocks), 1, { { (1ull << 32) + 2, 2, 2, { 0x55, 0x66 } } } },
	};

	for (size_t c = 0; c < VN_ARRAY_SIZE(cases); c++) {
		struct fixture *x = *state;
		struct vn_rxq_stats stats;
		struct vn_err err = { "" };

		put_file(x, cases[c].file, cases[c].size);
		if (open_file(x, &err))
			fail_msg("case %zu: %s", c, err.text);
		assert_int_equal(read_all(x, 1), -ENODATA);
		assert_int_equal(read_all(x, 1), -ENODATA);
		assert_int_equal(vn_netdev_finish(x->dev, &err), 0);
		assert_int_equal(x->n, cases[c].n);
		for (unsigned int i = 0; i < x->n; i++) {
			assert_true(x->pkt[i].stamp_ns == cases[c].pkt[i].stamp_ns);
			assert_int_equal(x->pkt[i].caplen, cases[c].pkt[i].caplen);
			assert_int_equal(x->pkt[i].len, cases[c].pkt[i].len);
			assert_memory_equal(x->bytes[i], cases[c].pkt[i].bytes, x->pkt[i].caplen);
			assert_false(x->pkt[i].has_vlan || x->pkt[i].is_outgoing);
		}
		x->q->stats(x->q, &stats);
		assert_int_equal(stats.packets, cases[c].n);
		assert_string_equal(stats.stamp_source, "file");
		assert_int_equal(stats.stamp_resolution_ns, 0); /* too few to tell */
		tear_down(state);
		set_up(state);
	}
}

/* n frames of 2 bytes, 7 us apart, by libpcap. */
static void put_frames(const struct fixture *x, unsigned int n)
{
	static const uint8_t frame[2] = { 1, 2 };
	pcap_t *p = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535,
							 PCAP_TSTAMP_PRECISION_MICRO);
	pcap_dumper_t *d = pcap_dump_open(p, x->path);

	assert_non_null(d);
	for (unsigned int i = 0; i < n; i++) {
		struct pcap_pkthdr h = { .ts = { .tv_sec = 1, .tv_usec = i * i * 7 },
					 .caplen = 2,
					 .len = 2 };

		pcap_dump((u_char *)d, &h, frame);
	}
	pcap_dump_close(d);
	pcap_close(p);
}

static void the_grain_of_the_files_stamps_is_measured(void **state)
{
	struct fixture *x = *state;
	struct vn_rxq_stats stats;
	struct vn_err err;

	put_frames(x, 40);
	assert_int_equal(open_file(x, &err), 0);
	assert_int_equal(read_all(x, 7), -ENODATA);
	assert_int_equal(x->n, 40);
	x->q->stats(x->q, &stats);
	assert_int_equal(stats.stamp_resolution_ns, 7000);
}

/* Cut within a record: what came before is received, then the fault is told. */
static void a_file_that_is_cut_gives_what_it_has(void **state)
{
	static const size_t sizes[] = { sizeof(big_endian) - 2, sizeof(big_endian) - 10 };

	for (size_t i = 0; i < VN_ARRAY_SIZE(sizes); i++) {
		struct fixture *x = *state;
		struct vn_err err = { "" };

		put_file(x, big_endian, sizes[i]);
		assert_int_equal(open_file(x, &err), 0);
		assert_int_equal(read_all(x, 10), -EIO);
		assert_int_equal(x->n, 1);
		assert_int_equal(vn_netdev_finish(x->dev, &err), -EIO);
		assert_non_null(strstr(err.text, x->path));
		assert_non_null(strstr(err.text, "after 1 frames: truncated"));
		tear_down(state);
		set_up(state);
	}
}

static void what_is_no_capture_of_ethernet_is_refused(void **state)
{
	static const uint8_t loopback[] = { 0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0,   0, 0, 0,
					    0,	  0,	0,    0,    0, 0, 4, 0, 113, 0, 0, 0 };
	static const struct {
		const void *file;
		size_t size;
		int rc;
		const char *word;
	} cases[] = {
		{ loopback, sizeof(loopback), -EPROTONOSUPPORT, "113 (LINUX_SLL)" },
		{ "Not a capture file at all", 25, -EINVAL, "no capture file" },
		{ "", 0, -EINVAL, "no capture file" },
		{ NULL, 0, -ENOENT, "No such file" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *x = *state;
		struct vn_err err = { "" };

		unlink(x->path);
		if (cases[i].file)
			put_file(x, cases[i].file, cases[i].size);
		assert_int_equal(open_file(x, &err), cases[i].rc);
		assert_null(x->dev);
		assert_non_null(strstr(err.text, x->path));
		assert_non_null(strstr(err.text, cases[i].word));
	}
}

static void a_file_is_either_written_or_read(void **state)
{
	struct fixture *x = *state;
	const struct vn_netdev_opts opts = { .target = x->path };
	struct vn_err err = { "" };

	put_frames(x, 1);
	assert_int_equal(vn_netdev_open("pcap", VN_CAP_RX | VN_CAP_TX, &opts, &x->dev, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "either written or read"));
	assert_int_equal(open_file(x, &err), 0);
	assert_int_equal(x->dev->ops->rxq_open(x->dev, &(struct vn_rxq_opts){ 0 }, &x->q, &err),
			 -EBUSY);
}

/* Frames come while the file (a pipe) grows; poll waits only for whole ones. */
static void a_pipe_is_followed_until_it_ends(void **state)
{
	struct fixture *x = *state;
	struct vn_err err = { "" };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(x->path, sizeof(x->path), "/dev/fd/%d", ends[0]);
	assert_int_equal(open_file(x, &err), 0); /* nothing is there yet */
	assert_int_equal(x->q->poll(x->q, 10, 0, keep, x), 0);
	assert_int_equal(write(ends[1], big_endian, 24), 24);
	assert_int_equal(write(ends[1], big_endian + 24, 18), 18);
	assert_int_equal(x->q->poll(x->q, 10, WAIT_NS, keep, x), 1);
	assert_int_equal(x->q->poll(x->q, 10, 0, keep, x), 0);
	assert_int_equal(write(ends[1], big_endian + 42, 20), 20);
	assert_int_equal(x->q->poll(x->q, 10, WAIT_NS, keep, x), 1);
	close(ends[1]);
	assert_int_equal(read_all(x, 10), -ENODATA);
	assert_int_equal(x->n, 2);
	assert_int_equal(x->pkt[1].len, 1500);
	close(ends[0]);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(files_of_every_format_are_read),
		CASE(the_grain_of_the_files_stamps_is_measured),
		CASE(a_file_that_is_cut_gives_what_it_has),
		CASE(what_is_no_capture_of_ethernet_is_refused),
		CASE(a_file_is_either_written_or_read),
		CASE(a_pipe_is_followed_until_it_ends),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
