/* SPDX-License-Identifier: BSD-2-Clause */
/* The null device takes everything, and fails exactly where it was told to. */
#include "dev/fixture.h"

#include <errno.h>

#include "dev/null.h"

static const struct vn_txq_opts short_frames = { .frame_cap = 60 };

static struct vn_netdev *open_null(const char *target)
{
	return open_dev("null", VN_CAP_TX, &(struct vn_netdev_opts){ .target = target });
}

static void close_both(struct vn_txq *q)
{
	struct vn_netdev *dev = q->dev;

	dev->ops->txq_close(q);
	vn_netdev_close(dev);
}

static void plain_takes_all_and_counts(void **state)
{
	struct vn_txq *q = open_txq(open_null(""), &short_frames);

	for (unsigned int i = 1; i <= 64; i++) {
		fill_frames(q, 1, 60, 0, 0, 0);
		assert_done(vn_txq_commit(q, 1), 1, VN_TX_OK);
		assert_int_equal(vn_null_consumed(q), i);
	}
	fill_frames(q, 64, 60, 0, 0, 0);
	assert_done(vn_txq_commit(q, 64), 64, VN_TX_OK);
	assert_int_equal(vn_null_consumed(q), 128);
	assert_int_equal(q->outstanding(q), 0);
	close_both(q);
}

static void every_nth_packet_is_dropped(void **state)
{
	struct vn_txq *q = open_txq(open_null("drop=3"), &short_frames);

	fill_frames(q, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(q, 8), 2, VN_XMIT_DROP);
	assert_int_equal(vn_txq_pending(q), 5);
	assert_done(vn_txq_commit(q, 5), 2, VN_XMIT_DROP);
	assert_done(vn_txq_commit(q, 2), 2, VN_TX_OK);
	assert_int_equal(vn_null_consumed(q), 8);
	close_both(q);
}

static void every_nth_commit_is_busy(void **state)
{
	struct vn_txq *q = open_txq(open_null("busy=2"), &short_frames);

	fill_frames(q, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(q, 3), 3, VN_TX_OK);
	assert_done(vn_txq_commit(q, 5), 0, VN_TX_BUSY);
	assert_int_equal(vn_txq_pending(q), 5);
	assert_done(vn_txq_commit(q, 5), 5, VN_TX_OK);
	close_both(q);
}

static void down_after_n_packets_for_good(void **state)
{
	struct vn_txq *q = open_txq(open_null("down=5"), &short_frames);

	fill_frames(q, 8, 60, 0, 0, 0);
	assert_done(vn_txq_commit(q, 8), 5, VN_TX_DOWN);
	assert_done(vn_txq_commit(q, 3), 0, VN_TX_DOWN);
	assert_int_equal(vn_txq_pending(q), 3);
	close_both(q);
}

static void queues_count_apart(void **state)
{
	struct vn_netdev *dev = open_null("queues=2,drop=2");
	struct vn_txq *a = open_txq(dev, &short_frames), *b = open_txq(dev, &short_frames);

	fill_frames(a, 1, 60, 0, 0, 0);
	fill_frames(b, 2, 60, 0, 0, 0);
	assert_done(vn_txq_commit(a, 1), 1, VN_TX_OK);
	assert_done(vn_txq_commit(b, 2), 1, VN_XMIT_DROP);
	dev->ops->txq_close(a);
	close_both(b);
}

static void the_target_describes_the_device(void **state)
{
	static const struct {
		const char *target;
		bool can_share, has_carrier;
		uint32_t mtu;
		uint16_t n_txq;
	} cases[] = {
		{ NULL, true, true, 0, 1 },
		{ "", true, true, 0, 1 },
		{ "noshare", false, true, 0, 1 },
		{ "mtu=1500,noshare,queues=8", false, true, 1500, 8 },
		{ "nocarrier,drop=2k", true, false, 0, 1 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev *dev = open_null(cases[i].target);

		assert_int_equal(dev->can_share, cases[i].can_share);
		assert_int_equal(dev->has_carrier, cases[i].has_carrier);
		assert_int_equal(dev->mtu, cases[i].mtu);
		assert_int_equal(dev->n_txq, cases[i].n_txq);
		assert_int_equal(dev->ops->refresh(dev, NULL), 0);
		assert_int_equal(dev->mtu, cases[i].mtu);
		assert_int_equal(vn_netdev_finish(dev, NULL), 0);
		vn_netdev_close(dev);
	}
}

static void other_words_are_refused(void **state)
{
	static const struct {
		const char *target;
		int rc;
	} cases[] = {
		{ "eth0", -EINVAL },	{ "drop", -EINVAL },	{ "drop=", -EINVAL },
		{ "drop=x", -EINVAL },	{ "drop=0", -ERANGE },	{ "busy=1", -ERANGE },
		{ "noshare=1", -EINVAL }, { "mtu=0", -ERANGE }, { "queues=65536", -ERANGE },
		{ "mtu=1500,dropp=1", -EINVAL },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_netdev_opts opts = { .target = cases[i].target };
		struct vn_err err = { "" };
		struct vn_netdev *dev;

		assert_int_equal(vn_netdev_open("null", VN_CAP_TX, &opts, &dev, &err), cases[i].rc);
		assert_null(dev);
		assert_true(err.text[0]);
	}
}

static void a_bad_ring_is_refused(void **state)
{
	struct vn_netdev *dev = open_null("");
	struct vn_err err = { "" };
	const struct vn_txq_opts opts = { .frame_cap = 60, .n_frames = 100 };
	struct vn_txq *q;

	assert_int_equal(dev->ops->txq_open(dev, &opts, &q, &err), -EINVAL);
	assert_null(q);
	assert_non_null(strstr(err.text, "100 frames"));
	dev->ops->txq_close(NULL);
	vn_netdev_close(dev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_takes_all_and_counts),
		cmocka_unit_test(every_nth_packet_is_dropped),
		cmocka_unit_test(every_nth_commit_is_busy),
		cmocka_unit_test(down_after_n_packets_for_good),
		cmocka_unit_test(queues_count_apart),
		cmocka_unit_test(the_target_describes_the_device),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(a_bad_ring_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
