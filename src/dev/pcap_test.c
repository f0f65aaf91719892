/* SPDX-License-Identifier: BSD-2-Clause */
/* What the pcap device writes is read back with libpcap: bytes, lengths, and
 * stamps as a link of the given speed would make them. */
#include "dev/fixture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL0 1700000000000000000ull

struct fixture {
	char dir[64], path[80];
	struct vn_clock clock;
	struct vn_netdev *dev;
	struct vn_txq *q;
};

static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	snprintf(x->dir, sizeof(x->dir), "%s", "/tmp/vn-pcap-XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->path, sizeof(x->path), "%s/out.pcap", x->dir);
	vn_clock_virtual(&x->clock, 0, WALL0);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	unlink(x->path);
	rmdir(x->dir);
	free(x);
	return 0;
}

static void begin(struct fixture *x, uint64_t link_bps)
{
	struct vn_netdev_opts opts = {
		.target = x->path, .clock = &x->clock, .link_bps = link_bps,
	};

	x->dev = open_dev("pcap", VN_CAP_TX | VN_CAP_VIRTUAL, &opts);
	x->q = open_txq(x->dev, &(struct vn_txq_opts){ .frame_cap = 1514 });
}

static void end(struct fixture *x)
{
	struct vn_err err = { "" };

	if (vn_netdev_finish(x->dev, &err))
		fail_msg("%s", err.text);
	x->dev->ops->txq_close(x->q);
	vn_netdev_close(x->dev);
}

/* Reads the file back; every packet must be len bytes. Returns how many. */
static unsigned int read_stamps(const struct fixture *x, uint32_t len, uint64_t *stamp,
				unsigned int max)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(x->path, PCAP_TSTAMP_PRECISION_NANO,
							    text);
	struct pcap_pkthdr *h;
	const u_char *data;
	unsigned int n = 0;

	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	while (pcap_next_ex(p, &h, &data) == 1) {
		assert_true(n < max);
		assert_int_equal(h->caplen, len);
		assert_int_equal(h->len, len);
		assert_int_equal(data[14], n & 0xff); /* fill_frames: in order, unchanged */
		stamp[n++] = (uint64_t)h->ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)h->ts.tv_usec -
			     WALL0;
	}
	pcap_close(p);
	return n;
}

static void stamps_are_the_asked_departures(void **state)
{
	struct fixture *x = *state;
	uint64_t stamp[4];

	begin(x, 0);
	fill_frames(x->q, 4, 60, 5000, 1001, 0);
	assert_done(vn_txq_commit(x->q, 4), 4, VN_TX_OK);
	end(x);
	assert_int_equal(read_stamps(x, 60, stamp, 4), 4);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(stamp[i], 5000 + i * 1001);
}

/* All asked for at 0: the link sets the pace. */
static void frames_follow_each_other_at_link_speed(void **state)
{
	static const struct {
		uint64_t link_bps;
		uint32_t len;
		uint64_t num, den; /* one frame's time, ns */
	} cases[] = {
		{ 0, 60, 672, 10 },             /* default: 10 Gbit/s, 67.2 ns */
		{ 10000000000, 14, 672, 10 },   /* padded to 60 */
		{ 10000000000, 1514, 12304, 10 },
		{ 1000000000, 60, 672, 1 },
		{ 7, 60, 672 * VN_NSEC_PER_SEC, 7 },
	};

	for (size_t c = 0; c < VN_ARRAY_SIZE(cases); c++) {
		struct fixture *x = *state;
		uint64_t stamp[60];

		vn_clock_virtual(&x->clock, 0, WALL0);
		begin(x, cases[c].link_bps);
		for (unsigned int i = 0; i < 60; i += 20) {
			fill_frames(x->q, 20, cases[c].len, 0, 0, (uint8_t)i);
			assert_done(vn_txq_commit(x->q, 20), 20, VN_TX_OK);
		}
		/* The sender waited until the link was free. */
		assert_int_equal(x->clock.virtual_ns, 60 * cases[c].num / cases[c].den);
		end(x);
		if (cases[c].len == 14)
			continue; /* has no byte to tell it by */
		assert_int_equal(read_stamps(x, cases[c].len, stamp, 60), 60);
		for (unsigned int i = 0; i < 60; i++)
			assert_int_equal(stamp[i], i * cases[c].num / cases[c].den);
	}
}

static void a_departure_after_the_link_is_free_starts_anew(void **state)
{
	static const uint64_t expect[] = { 10, 77, 1000, 1067, 1134, 1201 };
	struct fixture *x = *state;
	uint64_t stamp[6];

	begin(x, 0);
	fill_frames(x->q, 2, 60, 10, 0, 0);
	fill_frames(x->q, 4, 60, 1000, 50, 2); /* asked faster than the link is */
	assert_done(vn_txq_commit(x->q, 6), 6, VN_TX_OK);
	assert_int_equal(x->clock.virtual_ns, 1268);
	end(x);
	assert_int_equal(read_stamps(x, 60, stamp, 6), 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(stamp[i], expect[i]);
}

static void queues_share_the_link(void **state)
{
	struct fixture *x = *state;
	struct vn_txq *b;
	uint64_t stamp[2];

	begin(x, 1000000000);
	b = open_txq(x->dev, &(struct vn_txq_opts){ .frame_cap = 1514 });
	fill_frames(x->q, 1, 60, 0, 0, 0);
	fill_frames(b, 1, 60, 0, 0, 1);
	assert_done(vn_txq_commit(x->q, 1), 1, VN_TX_OK);
	assert_done(vn_txq_commit(b, 1), 1, VN_TX_OK);
	x->dev->ops->txq_close(b);
	end(x);
	assert_int_equal(read_stamps(x, 60, stamp, 2), 2);
	assert_int_equal(stamp[0], 0);
	assert_int_equal(stamp[1], 672);
}

static size_t read_file(const char *path, char **out)
{
	FILE *f = fopen(path, "rb");
	struct stat st;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*out = malloc((size_t)st.st_size);
	assert_non_null(*out);
	assert_int_equal(fread(*out, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return (size_t)st.st_size;
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	struct fixture *x = *state;
	char *bytes[2];
	size_t size[2];

	for (unsigned int run = 0; run < 2; run++) {
		vn_clock_virtual(&x->clock, 0, WALL0);
		begin(x, 0);
		fill_frames(x->q, 64, 1514, 7, 333, 0);
		assert_done(vn_txq_commit(x->q, 64), 64, VN_TX_OK);
		end(x);
		size[run] = read_file(x->path, &bytes[run]);
	}
	assert_int_equal(size[0], 24 + 64 * (16 + 1514));
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0], bytes[1], size[0]);
	free(bytes[0]);
	free(bytes[1]);
}

static void a_full_disk_ends_the_run_with_a_sentence(void **state)
{
	struct fixture *x = *state;
	struct vn_tx_done done = { 0, VN_TX_OK };
	struct vn_netdev_opts opts = { .target = "/dev/full", .clock = &x->clock };
	struct vn_err err = { "" };
	unsigned int batches = 0;

	x->dev = open_dev("pcap", VN_CAP_TX, &opts);
	x->q = open_txq(x->dev, &(struct vn_txq_opts){ .frame_cap = 1514 });
	while (done.code == VN_TX_OK && batches++ < 1000) {
		fill_frames(x->q, 32, 1514, 0, 0, 0);
		done = vn_txq_commit(x->q, 32);
	}
	assert_int_equal(done.code, VN_TX_DOWN);
	assert_int_equal(vn_netdev_finish(x->dev, &err), -ENOSPC);
	assert_string_equal(err.text, "/dev/full: No space left on device");
	x->dev->ops->txq_close(x->q);
	vn_netdev_close(x->dev);
}

static void a_last_write_that_fails_is_told_by_finish(void **state)
{
	struct fixture *x = *state;
	struct vn_netdev_opts opts = { .target = "/dev/full", .clock = &x->clock };
	struct vn_err err = { "" };

	x->dev = open_dev("pcap", VN_CAP_TX, &opts);
	x->q = open_txq(x->dev, &(struct vn_txq_opts){ .frame_cap = 60 });
	fill_frames(x->q, 1, 60, 0, 0, 0);
	assert_done(vn_txq_commit(x->q, 1), 1, VN_TX_OK); /* still in the buffer */
	assert_int_equal(vn_netdev_finish(x->dev, &err), -ENOSPC);
	x->dev->ops->txq_close(x->q);
	vn_netdev_close(x->dev);
}

static void what_cannot_be_written_is_refused_at_open(void **state)
{
	struct fixture *x = *state;
	const struct {
		struct vn_netdev_opts opts;
		int rc;
		const char *word;
	} cases[] = {
		{ { .target = "", .clock = &x->clock }, -EINVAL, "name of a file" },
		{ { .target = NULL, .clock = &x->clock }, -EINVAL, "name of a file" },
		{ { .target = x->path }, -EINVAL, "clock" },
		{ { .target = x->dir, .clock = &x->clock }, -EISDIR, x->dir },
		{ { .target = "/nosuch/f", .clock = &x->clock }, -ENOENT, "/nosuch/f" },
		{ { .target = x->path, .clock = &x->clock, .link_bps = UINT64_MAX }, -EINVAL,
		  "at most" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_err err = { "" };
		struct vn_netdev *dev;

		assert_int_equal(vn_netdev_open("pcap", VN_CAP_TX, &cases[i].opts, &dev, &err),
				 cases[i].rc);
		assert_null(dev);
		assert_non_null(strstr(err.text, cases[i].word));
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(stamps_are_the_asked_departures),
		CASE(frames_follow_each_other_at_link_speed),
		CASE(a_departure_after_the_link_is_free_starts_anew),
		CASE(queues_share_the_link),
		CASE(the_same_input_gives_the_same_bytes),
		CASE(a_full_disk_ends_the_run_with_a_sentence),
		CASE(a_last_write_that_fails_is_told_by_finish),
		CASE(what_cannot_be_written_is_refused_at_open),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
