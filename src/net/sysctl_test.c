/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings as files: what they begin with, what they take and refuse. */
#include "net/netfs_fixture.h"

#include "net/sysctl.h"

#define CORE "sys/net/core/"

static void they_begin_with_the_defaults(void **state)
{
	static const struct {
		const char *path, *text;
	} cases[] = {
		{ CORE "netdev_max_backlog", "1000\n" },  { CORE "dev_weight", "64\n" },
		{ CORE "dev_weight_rx_bias", "1\n" },	  { CORE "dev_weight_tx_bias", "1\n" },
		{ CORE "netdev_budget", "300\n" },	  { CORE "netdev_budget_usecs", "8000\n" },
		{ CORE "default_qdisc", "pfifo_fast\n" }, { CORE "somaxconn", "?" },
	};
	struct bed *b = bed_open();
	struct vn_file_info info;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_string_equal(bed_read(b, cases[i].path), cases[i].text);
		if (!bed_find(b, cases[i].path, &info))
			continue;
		assert_int_equal(info.mode, S_IFREG | 0644);
		assert_int_equal(info.size, 0);
		assert_true(info.is_permanent);
	}
	bed_close(b);
}

static void what_is_written(void **state)
{
	static const struct {
		const char *name, *text;
		int rc;
		const char *after;
	} cases[] = {
		{ "netdev_max_backlog", "2000\n", 0, "2000\n" },
		{ "netdev_max_backlog", " \t1000", 0, "1000\n" },
		{ "netdev_max_backlog", "0x10", 0, "16\n" },
		{ "netdev_max_backlog", "010\n", 0, "8\n" },
		{ "netdev_max_backlog", "0", 0, "0\n" },
		{ "netdev_max_backlog", "7 8\n", 0, "7\n" },
		{ "netdev_max_backlog", "2147483647", 0, "2147483647\n" },
		{ "netdev_max_backlog", "2147483648", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "99999999999999999999999", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "1000x", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "x", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "\n", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "+1", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "-1", -EINVAL, "2147483647\n" },
		{ "netdev_max_backlog", "08", -EINVAL, "2147483647\n" },
		{ "dev_weight", "0", -EINVAL, "64\n" },
		{ "dev_weight", "1", 0, "1\n" },
		{ "dev_weight_rx_bias", "2", 0, "2\n" },
		{ "dev_weight_tx_bias", "3", 0, "3\n" },
		{ "netdev_budget", "0", -EINVAL, "300\n" },
		{ "netdev_budget", "600", 0, "600\n" },
		{ "netdev_budget_usecs", "0", 0, "0\n" },
		{ "netdev_budget_usecs", "4000", 0, "4000\n" },
		{ "default_qdisc", "mq", 0, "mq\n" },
		{ "default_qdisc", "noqueue\n", 0, "noqueue\n" },
		{ "default_qdisc", "noop", -ENOENT, "noqueue\n" },
		{ "default_qdisc", "fq_codel", -ENOENT, "noqueue\n" },
		{ "default_qdisc", " mq", -ENOENT, "noqueue\n" },
		{ "default_qdisc", "mq x", -ENOENT, "noqueue\n" },
		{ "default_qdisc", "a-name-that-is-longer-than-a-kind's", -ENOENT, "noqueue\n" },
		{ "default_qdisc", "pfifo_fast\n", 0, "pfifo_fast\n" },
	};
	struct bed *b = bed_open();
	char path[64];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		snprintf(path, sizeof(path), CORE "%s", cases[i].name);
		assert_int_equal(bed_write(b, path, cases[i].text), cases[i].rc);
		assert_string_equal(bed_read(b, path), cases[i].after);
	}
	assert_int_equal(b->net->settings.netdev_budget, 600);
	bed_close(b);
}

/* Root's by their mode alone, as in /proc/sys. */
static void they_ask_for_no_capability(void **state)
{
	struct bed *b = bed_open();

	b->may_control = false;
	assert_int_equal(bed_write(b, CORE "netdev_max_backlog", "5"), 0);
	bed_close(b);
}

static void the_backlog_obeys(void **state)
{
	struct bed *b = bed_open();
	unsigned int taken = 0;

	assert_int_equal(bed_write(b, CORE "netdev_max_backlog", "2"), 0);
	for (unsigned int i = 0; i < 10; i++) {
		struct vn_skb *skb = vn_skb_new(b->net, 60);

		memset(skb->data, 0, 60);
		skb->dev = b->net->loopback;
		taken += vn_netif_rx(b->net, skb) == VN_RX_SUCCESS;
	}
	assert_int_equal(taken, 3); /* refused when there are more than two */
	bed_close(b);
}

static void the_next_device_has_the_default_qdisc(void **state)
{
	struct bed *b = bed_open();
	struct fake *before = bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);
	struct fake *after = bed_add(b, &(struct vn_device_info){ .name = "sim1" }, false);

	assert_int_equal(vn_device_open(&before->dev), 0);
	assert_int_equal(bed_write(b, CORE "default_qdisc", "noqueue"), 0);
	assert_int_equal(vn_device_open(&after->dev), 0);
	assert_string_equal(before->dev.qdisc->ops->id, "pfifo_fast");
	assert_string_equal(after->dev.qdisc->ops->id, "noqueue");
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_begin_with_the_defaults),
		cmocka_unit_test(what_is_written),
		cmocka_unit_test(they_ask_for_no_capability),
		cmocka_unit_test(the_backlog_obeys),
		cmocka_unit_test(the_next_device_has_the_default_qdisc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
