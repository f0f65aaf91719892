/* SPDX-License-Identifier: BSD-2-Clause */
/* Drivers are found by name and refused for what they do not declare; a txq's
 * frames are apart, aligned, spread over cache sets, and used in ring order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net/netdev.h"

static void every_driver_is_found_by_its_name(void **state)
{
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++) {
		assert_ptr_equal(vn_netdev_driver((*d)->name), *d);
		assert_true((*d)->caps & (VN_CAP_TX | VN_CAP_RX));
		assert_true(strlen((*d)->summary) > 0);
	}
	assert_null(vn_netdev_driver("nosuch"));
	assert_null(vn_netdev_driver(""));
}

static void what_cannot_be_opened_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *driver, *target;
		uint32_t needs;
		int rc;
		const char *word; /* that the sentence holds */
	} cases[] = {
		{ "nosuch", "", VN_CAP_TX, -EINVAL, "afpacket, " },
		{ "null", "", VN_CAP_TX | VN_CAP_RX, -EOPNOTSUPP, "receives" },
		{ "pair", "", VN_CAP_QUEUE_XMIT, -EOPNOTSUPP, "queueing discipline" },
		{ "pcap", "x", VN_CAP_RX_INJECT, -EOPNOTSUPP, "injects" },
		{ "afpacket", "lo", VN_CAP_VIRTUAL, -EOPNOTSUPP, "virtual clock" },
		{ "afpacket", "", VN_CAP_TX, -EINVAL, "name of an interface" },
		{ "afpacket", NULL, VN_CAP_TX, -EINVAL, "name of an interface" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev_opts opts = { .target = cases[i].target };
		struct vn_netdev *dev = (struct vn_netdev *)&opts;
		struct vn_err err = { "" };

		assert_int_equal(vn_netdev_open(cases[i].driver, cases[i].needs, &opts, &dev, &err),
				 cases[i].rc);
		assert_null(dev);
		assert_non_null(strstr(err.text, cases[i].word));
	}
	vn_netdev_close(NULL);
}

static void frames_are_aligned_apart_and_zero(void **state)
{
	static const uint32_t caps[] = { 1, 60, 64, 65, 1514, 2048, 9000, 65600 };

	for (size_t c = 0; c < VN_ARRAY_SIZE(caps); c++) {
		struct vn_txq q;

		assert_int_equal(vn_txq_init(&q, NULL, 16, caps[c]), 0);
		assert_int_equal(q.mask, 15);
		for (uint32_t i = 0; i < 16; i++) {
			assert_int_equal((uintptr_t)q.frames[i].data % VN_CACHELINE, 0);
			assert_true(q.frames[i].cap >= caps[c]);
			assert_int_equal(q.frames[i].content, 0);
			assert_int_equal(q.frames[i].data[caps[c] - 1], 0);
			if (i)
				assert_true(q.frames[i].data >=
					    q.frames[i - 1].data + q.frames[i - 1].cap);
			memset(q.frames[i].data, 0xff, q.frames[i].cap);
		}
		vn_txq_fini(&q);
	}
}

/* 64 frames, the default, in 64 sets (32 KiB, 8 ways): each set gets one. */
static void frames_of_2_kib_do_not_meet_in_a_cache_set(void **state)
{
	unsigned int used[64] = { 0 };
	struct vn_txq q;

	assert_int_equal(vn_txq_init(&q, NULL, 0, 2048), 0);
	assert_int_equal(q.mask + 1, VN_TXQ_FRAMES);
	for (uint32_t i = 0; i <= q.mask; i++)
		used[(uintptr_t)q.frames[i].data / VN_CACHELINE % 64]++;
	for (unsigned int set = 0; set < 64; set++)
		assert_int_equal(used[set], 1);
	vn_txq_fini(&q);
}

static void a_ring_that_is_no_power_of_two_is_refused(void **state)
{
	static const uint32_t n[] = { 3, 63, 65, VN_TXQ_FRAMES_MAX + 1, VN_TXQ_FRAMES_MAX * 2 };

	for (size_t i = 0; i < VN_ARRAY_SIZE(n); i++) {
		struct vn_txq q;

		assert_int_equal(vn_txq_init(&q, NULL, n[i], 60), -EINVAL);
		vn_txq_fini(&q);
	}
}

static struct vn_tx_done take_two_then_drop(struct vn_txq *q, unsigned int n)
{
	return n > 2 ? (struct vn_tx_done){ 2, VN_XMIT_DROP } : (struct vn_tx_done){ n, VN_TX_OK };
}

static struct vn_tx_done take_one_then_busy(struct vn_txq *q, unsigned int n)
{
	return (struct vn_tx_done){ 1, VN_TX_BUSY };
}

static void a_dropped_frame_is_used_up_and_a_busy_one_stays(void **state)
{
	struct vn_frame *f, *first;
	struct vn_txq q;

	assert_int_equal(vn_txq_init(&q, NULL, 8, 60), 0);
	assert_int_equal(vn_txq_reserve(&q, 5, &first), 5);
	q.commit = take_two_then_drop;
	assert_int_equal(vn_txq_commit(&q, 5).sent, 2);
	assert_int_equal(vn_txq_pending(&q), 2);
	q.commit = take_one_then_busy;
	assert_int_equal(vn_txq_commit(&q, 2).sent, 1);
	assert_int_equal(vn_txq_peek(&q, &f), 1);
	assert_ptr_equal(f, first + 4);
	vn_txq_fini(&q);
}

static void a_batch_ends_where_the_ring_does(void **state)
{
	struct vn_frame *f;
	struct vn_txq q;

	assert_int_equal(vn_txq_init(&q, NULL, 8, 60), 0);
	q.commit = take_two_then_drop;
	q.head = q.tail = UINT32_MAX - 1; /* indices wrap: place 6 */
	assert_int_equal(vn_txq_reserve(&q, 5, &f), 2);
	assert_ptr_equal(f, &q.frames[6]);
	assert_int_equal(vn_txq_reserve(&q, 7, &f), 6);
	assert_ptr_equal(f, &q.frames[0]);
	assert_int_equal(vn_txq_reserve(&q, 1, &f), 0);
	assert_int_equal(vn_txq_pending(&q), 8);
	assert_int_equal(vn_txq_peek(&q, &f), 2);
	assert_int_equal(vn_txq_commit(&q, 2).sent, 2);
	assert_int_equal(vn_txq_peek(&q, &f), 6);
	vn_txq_abandon(&q);
	assert_int_equal(vn_txq_pending(&q), 0);
	vn_txq_fini(&q);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_driver_is_found_by_its_name),
		cmocka_unit_test(what_cannot_be_opened_is_refused_with_a_sentence),
		cmocka_unit_test(frames_are_aligned_apart_and_zero),
		cmocka_unit_test(frames_of_2_kib_do_not_meet_in_a_cache_set),
		cmocka_unit_test(a_ring_that_is_no_power_of_two_is_refused),
		cmocka_unit_test(a_dropped_frame_is_used_up_and_a_busy_one_stays),
		cmocka_unit_test(a_batch_ends_where_the_ring_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
