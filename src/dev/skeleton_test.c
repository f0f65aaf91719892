/* SPDX-License-Identifier: BSD-2-Clause */
/* The example driver opens, takes frames, and says what it is. */
#include "dev/fixture.h"

static void it_opens_takes_frames_and_closes(void **state)
{
	struct vn_netdev_opts opts = { .target = "any" };
	struct vn_netdev *dev = open_dev("skeleton", VN_CAP_TX | VN_CAP_VIRTUAL, &opts);
	struct vn_txq *q = open_txq(dev, &(struct vn_txq_opts){ .frame_cap = 60 });

	fill_frames(q, 10, 60, 0, 0, 0);
	assert_done(vn_txq_commit(q, 10), 10, VN_TX_OK);
	assert_int_equal(vn_txq_pending(q), 0);
	assert_int_equal(q->outstanding(q), 0);
	dev->ops->txq_close(q);
	vn_netdev_close(dev);
}

static void it_says_what_it_is(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct vn_netdev *dev = open_dev("skeleton", VN_CAP_TX,
					 &(struct vn_netdev_opts){ .target = "any" });

	assert_string_equal(dev->name, "any");
	assert_true(dev->is_up && dev->has_carrier && dev->can_share);
	assert_int_equal(dev->n_txq, 1);
	assert_memory_equal(dev->mac, mac, 6);
	assert_int_equal(dev->ops->refresh(dev, NULL), 0);
	vn_netdev_close(dev);
}

static void half_open_and_null_are_closed_without_harm(void **state)
{
	const struct vn_netdev_ops *ops = vn_netdev_driver("skeleton");

	ops->txq_close(NULL);
	ops->close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_takes_frames_and_closes),
		cmocka_unit_test(it_says_what_it_is),
		cmocka_unit_test(half_open_and_null_are_closed_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
