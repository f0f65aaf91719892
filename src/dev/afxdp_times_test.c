/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies before frames of AF_XDP, byte by byte, and on a veth pair: the kernel
 * takes memory with room for it, ignores launch times where it copies, and stamps
 * with CLOCK_TAI when it lets a copy go.
 */
#include "dev/times_test.h"

#include "dev/afxdp_meta.h"
#include "dev/afxdp_priv.h"
#include "dev/afxdp_times.h"
#include "dev/xdp_features.h"

/* --- without an interface ----------------------------------------------------------- */

static void metadata_lie_before_the_frame_as_the_kernel_has_them(void **state)
{
	static const struct {
		bool has_launch, has_stamps;
		uint8_t bytes[24];
	} cases[] = {
		/* flags, checksum's fields and what fills them up, launch time */
		{ true, false, { 4, 0, 0, 0, 0,	   0,	 0,    0,    0,	   0,	 0,    0,
				 0, 0, 0, 0, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01 } },
		{ true, true, { 5, 0, 0, 0, 0,	  0,	0,    0,    0,	  0,	0,    0,
				0, 0, 0, 0, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01 } },
		{ false, true, { 1 } },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		_Alignas(VN_CACHELINE) uint8_t area[4 * VN_CACHELINE];
		uint64_t asked[4] = { 0 };
		struct vn_frame f = { .data = area + 2 * VN_CACHELINE };
		struct vn_afxdp_times t = {
			.has_launch = cases[i].has_launch,
			.has_stamps = cases[i].has_stamps,
			.who.launch = { .offset_ns = 8, .grain_ns = 1 },
			.asked = asked,
			.size = sizeof(area),
		};

		memset(area, 0xee, sizeof(area));
		f.depart_ns = 0x0102030405060700;
		vn_afxdp_times_write(&t, area, &f);
		assert_memory_equal(area + VN_CACHELINE, cases[i].bytes, 24);
		for (size_t at = 0; at < sizeof(area); at++)
			if (at < VN_CACHELINE || at >= VN_CACHELINE + 24)
				assert_int_equal(area[at], 0xee);
		assert_int_equal(asked[2], 0x0102030405060700);
	}
}

static void a_stamp_is_read_where_the_kernel_writes_it(void **state)
{
	_Alignas(VN_CACHELINE) uint8_t area[4 * VN_CACHELINE] = { 0 };
	static const uint8_t stamp[8] = { 0x40, 0x42, 0x0f }; /* 1000000 */
	struct vn_txstamp_counters counters = { .stamps_lost = 0 };
	struct vn_departed got[4096], d[2];
	uint64_t asked[4] = { 0, 0, 0, 777 };
	struct vn_afxdp_times t = {
		.has_stamps = true,
		.who.launch = { .offset_ns = 400, .grain_ns = 1 },
		.counters = &counters,
		.asked = asked,
		.size = sizeof(area),
		.got = got,
	};

	memcpy(area + 2 * VN_CACHELINE + 8, stamp, sizeof(stamp));
	vn_afxdp_times_back(&t, area, 3 * VN_CACHELINE);
	vn_afxdp_times_back(&t, area, UINT64_C(0xffffffff0000)); /* of no frame */
	assert_int_equal(counters.stamps_lost, 0);
	vn_afxdp_times_back(&t, area, VN_CACHELINE); /* none was written */
	assert_int_equal(counters.stamps_lost, 1);
	assert_int_equal(vn_afxdp_times_take(&t, d, 2), 1);
	assert_int_equal(d[0].asked_ns, 777);
	assert_int_equal(d[0].ns, 1000000 - 400);
	assert_int_equal(vn_afxdp_times_take(&t, d, 2), 0);
}

/* --- on a veth pair ----------------------------------------------------------------- */

static int set_up(void **state)
{
	return set_up_on("afxdp", state);
}

static const struct vn_afxdp_launcher kernel = {
	.clock = CLOCK_TAI,
	.launch = { .grain_ns = 1, .horizon_ns = 10 * VN_NSEC_PER_SEC },
};

/* Kernels before Linux 6.14 do not know launch times: nothing can be tried there. */
static void open_with(struct fixture *x, uint32_t cap, enum vn_launch_by launch,
		      enum vn_tx_stamps stamps)
{
	const struct vn_txq_opts opts = { .frame_cap = cap, .launch = launch, .stamps = stamps };
	struct vn_err err = { "" };
	uint64_t features;

	if (vn_xsk_features(x->a->ifindex, &features))
		skip();
	if (vn_afxdp_txq_open_with(x->a, &opts, &kernel, &x->tx, &err))
		fail_msg("%s", err.text);
}

static void features_that_are_not_there_are_named(void **state)
{
	static const struct {
		struct vn_txq_opts opts;
		const char *says;
	} cases[] = {
		{ { .launch = VN_LAUNCH_DEVICE },
		  A ": launch device: its driver does not have the AF_XDP feature "
		    "tx-launch-time-fifo (" },
		{ { .stamps = VN_TX_STAMPS_HARDWARE },
		  A ": departure_stamps hardware: its driver does not have the AF_XDP feature "
		    "tx-timestamp (" },
		{ { .launch = VN_LAUNCH_QDISC },
		  A ": launch qdisc: AF_XDP passes the queueing disciplines by; driver afpacket" },
		{ { .stamps = VN_TX_STAMPS_KERNEL },
		  A ": departure_stamps kernel: of AF_XDP there are the hardware's only; driver" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_txq_opts opts = cases[i].opts;
		struct vn_err err = { "" };
		struct vn_txq *q;

		opts.frame_cap = 60;
		assert_int_equal(vn_netdev_txq_open(x->a, &opts, &q, &err), -EOPNOTSUPP);
		assert_null(q);
		assert_memory_equal(err.text, cases[i].says, strlen(cases[i].says));
	}
}

/* What the feature promises holds with zero copy only. */
static void copies_are_refused(void **state)
{
	const struct vn_txq_opts opts = { .frame_cap = 60, .launch = VN_LAUNCH_DEVICE };
	const struct vn_afxdp_launcher hardware = { .is_hardware = true };
	struct fixture *x = *state;
	struct vn_err err = { "" };
	uint64_t features;

	if (vn_xsk_features(x->a->ifindex, &features))
		skip();
	assert_int_equal(vn_afxdp_txq_open_with(x->a, &opts, &hardware, &x->tx, &err), -EOPNOTSUPP);
	assert_null(x->tx);
	assert_string_equal(err.text, A ": launch device: zero copy is needed, and its queue 0 has "
					"it not");
}

static void frames_with_metadata_arrive_whole(void **state)
{
	static const uint32_t lengths[] = { 60, 61, 448, 1514 };
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(lengths); i++) {
		x->len = lengths[i];
		open_with(x, lengths[i], VN_LAUNCH_DEVICE, VN_TX_STAMPS_OFF);
		assert_int_equal(x->tx->launch_ns, 1000000);
		assert_null(x->tx->departed);
		for (unsigned int round = 0; round < 40; round++) {
			uint64_t depart = vn_clock_now(&x->clock) + 9 * VN_NSEC_PER_SEC;

			fill_frames(x->tx, 32, x->len, depart, 1000, (uint8_t)x->n);
			assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
			receive(x, x->n + 32);
		}
		assert_int_equal(x->tx->outstanding(x->tx), 0);
		x->a->ops->txq_close(x->tx);
		x->tx = NULL;
	}
}

static void what_is_too_far_ahead_waits(void **state)
{
	struct fixture *x = *state;
	uint64_t now = vn_clock_now(&x->clock);

	x->len = 60;
	open_with(x, 60, VN_LAUNCH_DEVICE, VN_TX_STAMPS_OFF);
	fill_frames(x->tx, 2, 60, now, 0, 0);
	fill_frames(x->tx, 1, 60, now + 3600 * VN_NSEC_PER_SEC, 0, 2);
	assert_done(vn_txq_commit(x->tx, 3), 2, VN_TX_BUSY);
	assert_done(vn_txq_commit(x->tx, 1), 0, VN_TX_BUSY);
	assert_int_equal(vn_txq_pending(x->tx), 1);
	receive(x, 2);
}

static void every_frame_is_stamped_between_its_call_and_now(void **state)
{
	struct fixture *x = *state;
	struct vn_netdev_counter c[4];
	struct vn_departed d[8];
	uint64_t last = 0;

	x->len = 200;
	open_with(x, 200, VN_LAUNCH_OFF, VN_TX_STAMPS_HARDWARE);
	assert_string_equal(x->tx->stamp_source, "hardware");
	assert_int_equal(x->tx->launch_ns, 0);
	for (unsigned int round = 0; round < 100; round++) {
		uint64_t asked = round * 1000, before = vn_clock_now(&x->clock), after;

		fill_frames(x->tx, 8, 200, asked, 7, (uint8_t)x->n);
		assert_done(vn_txq_commit(x->tx, 8), 8, VN_TX_OK);
		receive(x, x->n + 8);
		assert_int_equal(x->tx->outstanding(x->tx), 0);
		assert_int_equal(x->tx->departed(x->tx, d, 8), 8);
		after = vn_clock_now(&x->clock);
		for (unsigned int i = 0; i < 8; i++) {
			assert_int_equal(d[i].asked_ns, asked + 7 * i);
			assert_true(d[i].ns + 1000 >= before && d[i].ns <= after + 1000);
			assert_true(d[i].ns >= last);
			last = d[i].ns;
		}
	}
	assert_int_equal(vn_netdev_counters(x->a, c, 4), 1);
	assert_string_equal(c[0].name, "stamps_lost");
	assert_int_equal(c[0].n, 0);
}

static void frames_and_metadata_fit_into_a_chunk(void **state)
{
	const struct vn_txq_opts opts = { .frame_cap = 4096 - 63, .launch = VN_LAUNCH_DEVICE };
	struct fixture *x = *state;
	struct vn_err err = { "" };

	assert_int_equal(vn_afxdp_txq_open_with(x->a, &opts, &kernel, &x->tx, &err), -EMSGSIZE);
	assert_string_equal(err.text, A ": frames of 4033 bytes: by AF_XDP they have at most 4032 "
					"(driver afpacket sends longer ones)");
	must("ip link set " A " mtu 4100");
	must("ip link set " B " mtu 4100");
	x->a->ops->refresh(x->a, &err);
	x->len = 4032;
	open_with(x, 4032, VN_LAUNCH_DEVICE, VN_TX_STAMPS_OFF);
	fill_frames(x->tx, 1, 4032, 0, 0, 0);
	assert_done(vn_txq_commit(x->tx, 1), 1, VN_TX_OK);
	receive(x, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_lie_before_the_frame_as_the_kernel_has_them),
		cmocka_unit_test(a_stamp_is_read_where_the_kernel_writes_it),
		CASE(features_that_are_not_there_are_named),
		CASE(copies_are_refused),
		CASE(frames_with_metadata_arrive_whole),
		CASE(what_is_too_far_ahead_waits),
		CASE(every_frame_is_stamped_between_its_call_and_now),
		CASE(frames_and_metadata_fit_into_a_chunk),
	};
	const char *why_not = why_no_links();

	if (why_not)
		return skip_all(why_not);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
