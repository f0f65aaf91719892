/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every attribute of a device and of its queues, read and written in each of
 * its states. Answers that the specification leaves open are those of Linux
 * 6.18, asked on a veth and on lo.
 */
#include "net/netfs_fixture.h"

#define SIM DEV "sim0/"
#define TXQ SIM "queues/tx-"
#define RXQ SIM "queues/rx-"

struct written {
	const char *name, *text;
	int rc;
	const char *after; /* what it reads then */
};

static void check_writes(struct bed *b, const char *dir, const struct written *w, size_t n)
{
	char path[128];

	for (size_t i = 0; i < n; i++) {
		const char *after;
		int rc;

		snprintf(path, sizeof(path), "%s%s", dir, w[i].name);
		rc = bed_write(b, path, w[i].text);
		after = bed_read(b, path);
		if (rc != w[i].rc || strcmp(after, w[i].after))
			fail_msg("%s: \"%s\": %d, then \"%s\"", path, w[i].text, rc, after);
	}
}

static void check_texts(struct bed *b, const char *dir, const char *const texts[][2], size_t n)
{
	char path[128];

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, texts[i][0]);
		if (strcmp(bed_read(b, path), texts[i][1]))
			fail_msg("%s: \"%s\"", path, bed_read(b, path));
	}
}

static const struct vn_device_info one_queue = {
	.name = "sim0",
	.mac = { 0x02, 0, 0, 0xab, 0xcd, 0x01 },
	.speed_mbps = 10000,
};
static const struct vn_device_info many_queues = {
	.name = "sim0",
	.n_txq = 3,
	.n_rxq = 2,
};

/* --- texts in each state -------------------------------------------------------------- */

enum state { DOWN, UP, NO_CARRIER, N_STATES };

static const struct {
	const char *name;
	const char *texts[N_STATES];
	mode_t mode;
} attributes[] = {
	{ "addr_assign_type", { "0\n", "0\n", "0\n" }, 0444 },
	{ "addr_len", { "6\n", "6\n", "6\n" }, 0444 },
	{ "address",
	  { "02:00:00:ab:cd:01\n", "02:00:00:ab:cd:01\n", "02:00:00:ab:cd:01\n" },
	  0444 },
	{ "broadcast",
	  { "ff:ff:ff:ff:ff:ff\n", "ff:ff:ff:ff:ff:ff\n", "ff:ff:ff:ff:ff:ff\n" },
	  0444 },
	{ "carrier", { "EINVAL", "1\n", "0\n" }, 0644 },
	{ "carrier_changes", { "0\n", "0\n", "1\n" }, 0444 },
	{ "carrier_down_count", { "0\n", "0\n", "1\n" }, 0444 },
	{ "carrier_up_count", { "0\n", "0\n", "0\n" }, 0444 },
	{ "dev_id", { "0x0\n", "0x0\n", "0x0\n" }, 0444 },
	{ "dev_port", { "0\n", "0\n", "0\n" }, 0444 },
	{ "dormant", { "EINVAL", "0\n", "0\n" }, 0444 },
	{ "duplex", { "EINVAL", "full\n", "full\n" }, 0444 },
	{ "flags", { "0x1002\n", "0x1003\n", "0x1003\n" }, 0644 },
	{ "gro_flush_timeout", { "0\n", "0\n", "0\n" }, 0644 },
	{ "ifalias", { "", "", "" }, 0644 },
	{ "ifindex", { "2\n", "2\n", "2\n" }, 0444 },
	{ "iflink", { "2\n", "2\n", "2\n" }, 0444 },
	{ "link_mode", { "0\n", "0\n", "0\n" }, 0444 },
	{ "mtu", { "1500\n", "1500\n", "1500\n" }, 0644 },
	{ "name_assign_type", { "3\n", "3\n", "3\n" }, 0444 },
	{ "napi_defer_hard_irqs", { "0\n", "0\n", "0\n" }, 0644 },
	{ "netdev_group", { "0\n", "0\n", "0\n" }, 0644 },
	{ "operstate", { "down\n", "unknown\n", "down\n" }, 0444 },
	{ "proto_down", { "0\n", "0\n", "0\n" }, 0644 },
	{ "speed", { "EINVAL", "10000\n", "10000\n" }, 0444 },
	{ "testing", { "EINVAL", "0\n", "0\n" }, 0444 },
	{ "threaded", { "0\n", "0\n", "0\n" }, 0644 },
	{ "tx_queue_len", { "1000\n", "1000\n", "1000\n" }, 0644 },
	{ "type", { "1\n", "1\n", "1\n" }, 0444 },
	{ "uevent",
	  { "INTERFACE=sim0\nIFINDEX=2\n", "INTERFACE=sim0\nIFINDEX=2\n",
	    "INTERFACE=sim0\nIFINDEX=2\n" },
	  0644 },
};

static void every_attribute_in_each_state(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);
	struct vn_file_info info;
	char path[64];

	for (enum state s = DOWN; s < N_STATES; s++) {
		if (s == UP)
			assert_int_equal(vn_device_open(&f->dev), 0);
		else if (s == NO_CARRIER)
			vn_device_carrier_off(&f->dev);
		for (size_t i = 0; i < VN_ARRAY_SIZE(attributes); i++) {
			snprintf(path, sizeof(path), SIM "%s", attributes[i].name);
			if (strcmp(bed_read(b, path), attributes[i].texts[s]))
				fail_msg("%s in state %d: \"%s\"", path, s, bed_read(b, path));
			bed_find(b, path, &info);
			assert_int_equal(info.mode, S_IFREG | attributes[i].mode);
			assert_int_equal(info.size, 4096);
		}
	}
	bed_close(b);
}

static int count(void *arg, const char *name, uint64_t node, mode_t mode)
{
	unsigned int *n = arg;

	*n += S_ISREG(mode);
	return 0;
}

static void there_are_no_others(void **state)
{
	static const struct {
		const char *dir;
		unsigned int n_files;
	} cases[] = {
		{ DEV "sim0", VN_ARRAY_SIZE(attributes) },
		{ SIM "statistics", 24 },
		{ RXQ "0", 2 },
		{ TXQ "0", 5 },
		{ TXQ "0/byte_queue_limits", 5 },
	};
	struct bed *b = bed_open();
	struct vn_files *files = &b->fs.files;
	struct vn_file_info info;

	bed_add(b, &one_queue, false);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t dir = bed_find(b, cases[i].dir, &info);
		unsigned int n = 0;

		assert_int_equal(files->ops->list(files, dir, count, &n), 0);
		assert_int_equal(n, cases[i].n_files);
	}
	bed_close(b);
}

static void the_loopback_device(void **state)
{
	static const char *const texts[][2] = {
		{ "address", "00:00:00:00:00:00\n" },
		{ "broadcast", "00:00:00:00:00:00\n" },
		{ "carrier", "1\n" },
		{ "duplex", "EINVAL" },
		{ "flags", "0x9\n" },
		{ "ifindex", "1\n" },
		{ "mtu", "65536\n" },
		{ "operstate", "unknown\n" },
		{ "speed", "EINVAL" },
		{ "name_assign_type", "2\n" },
		{ "type", "772\n" },
		{ "uevent", "INTERFACE=lo\nIFINDEX=1\n" },
		{ "queues/tx-0/xps_cpus", "ENOENT" },
		{ "queues/rx-1/rps_cpus", "?" },
	};
	static const struct written writes[] = {
		{ "carrier", "1", -EOPNOTSUPP, "1\n" },
		{ "mtu", "0", 0, "0\n" },
		{ "mtu", "2147483647", 0, "2147483647\n" },
		{ "mtu", "2147483648", -EINVAL, "2147483647\n" },
		{ "flags", "0x8", 0, "0x8\n" },
		{ "carrier", "1", -EOPNOTSUPP, "EINVAL" },
	};
	struct bed *b = bed_open();

	check_texts(b, DEV "lo/", texts, VN_ARRAY_SIZE(texts));
	check_writes(b, DEV "lo/", writes, VN_ARRAY_SIZE(writes));
	bed_close(b);
}

static void the_state_of_the_link(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);

	vn_device_open(&f->dev);
	assert_string_equal(bed_read(b, SIM "operstate"), "unknown\n");
	vn_device_carrier_off(&f->dev);
	assert_string_equal(bed_read(b, SIM "operstate"), "down\n");
	f->dev.iflink = 1;
	assert_string_equal(bed_read(b, SIM "operstate"), "lowerlayerdown\n");
	vn_device_carrier_on(&f->dev);
	assert_string_equal(bed_read(b, SIM "operstate"), "up\n");
	assert_string_equal(bed_read(b, SIM "carrier_changes"), "2\n");
	f->dev.state |= VN_DEV_DORMANT;
	assert_string_equal(bed_read(b, SIM "operstate"), "dormant\n");
	assert_string_equal(bed_read(b, SIM "dormant"), "1\n");
	f->dev.state |= VN_DEV_TESTING;
	assert_string_equal(bed_read(b, SIM "operstate"), "testing\n");
	assert_string_equal(bed_read(b, SIM "testing"), "1\n");
	f->dev.state &= ~(uint32_t)VN_DEV_PRESENT;
	assert_string_equal(bed_read(b, SIM "operstate"), "notpresent\n");
	f->dev.state |= VN_DEV_PRESENT;
	vn_device_close(&f->dev);
	assert_string_equal(bed_read(b, SIM "operstate"), "down\n");
	f->dev.name_assign_type = 0;
	assert_string_equal(bed_read(b, SIM "name_assign_type"), "EINVAL");
	bed_close(b);
}

static void speed_and_duplex(void **state)
{
	static const struct {
		uint32_t speed_mbps;
		bool is_half;
		const char *speed, *duplex;
	} cases[] = {
		{ 0, false, "EINVAL", "EINVAL" },
		{ 0, true, "EINVAL", "EINVAL" },
		{ 10, true, "10\n", "half\n" },
		{ 400000, false, "400000\n", "full\n" },
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);

	vn_device_open(&f->dev);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		f->dev.info.speed_mbps = cases[i].speed_mbps;
		f->dev.info.is_half_duplex = cases[i].is_half;
		assert_string_equal(bed_read(b, SIM "speed"), cases[i].speed);
		assert_string_equal(bed_read(b, SIM "duplex"), cases[i].duplex);
	}
	bed_close(b);
}

static void each_counter_is_its_own(void **state)
{
	static const char *const names[] = {
#define VN_X(name) #name,
		VN_DEVICE_STATS(VN_X)
#undef VN_X
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);
	uint64_t *v = (uint64_t *)&f->stats;
	char path[64], want[32];

	assert_int_equal(VN_ARRAY_SIZE(names), 24);
	for (size_t i = 0; i < VN_ARRAY_SIZE(names); i++)
		v[i] = UINT64_MAX - i;
	for (size_t i = 0; i < VN_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), SIM "statistics/%s", names[i]);
		snprintf(want, sizeof(want), "%llu\n", (unsigned long long)(UINT64_MAX - i));
		assert_string_equal(bed_read(b, path), want);
		assert_int_equal(bed_write(b, path, "0"), -EACCES);
	}
	bed_close(b);
}

/* --- writing -------------------------------------------------------------------------- */

static void numbers_in_three_bases(void **state)
{
	static const struct written writes[] = {
		{ "mtu", "1400\n", 0, "1400\n" },
		{ "mtu", "0x578", 0, "1400\n" },
		{ "mtu", "0X5DC\n", 0, "1500\n" },
		{ "mtu", "02000", 0, "1024\n" },
		{ "mtu", "+1500", 0, "1500\n" },
		{ "mtu", "1500", 0, "1500\n" },
		{ "mtu", " 1500", -EINVAL, "1500\n" },
		{ "mtu", "1500 ", -EINVAL, "1500\n" },
		{ "mtu", "-1", -EINVAL, "1500\n" },
		{ "mtu", "++1", -EINVAL, "1500\n" },
		{ "mtu", "x", -EINVAL, "1500\n" },
		{ "mtu", "0x", -EINVAL, "1500\n" },
		{ "mtu", "0900", -EINVAL, "1500\n" },
		{ "mtu", "\n", -EINVAL, "1500\n" },
		{ "mtu", "1400\n\n", -EINVAL, "1500\n" },
		{ "mtu", "1400x", -EINVAL, "1500\n" },
		{ "mtu", "1400\n1300\n", -EINVAL, "1500\n" },
		{ "mtu", "67", -EINVAL, "1500\n" },
		{ "mtu", "68", 0, "68\n" },
		{ "mtu", "65535", 0, "65535\n" },
		{ "mtu", "65536", -EINVAL, "65535\n" },
		{ "mtu", "99999999999", -EINVAL, "65535\n" },
		{ "mtu", "18446744073709551616", -ERANGE, "65535\n" },
	};
	struct bed *b = bed_open();
	struct vn_file_info info;

	bed_add(b, &one_queue, false);
	check_writes(b, SIM, writes, VN_ARRAY_SIZE(writes));
	/* A NUL ends it, wherever the write ends. */
	assert_int_equal(bed_write_node(b, bed_find(b, SIM "mtu", &info), "1300\0x\n", 7), 7);
	assert_string_equal(bed_read(b, SIM "mtu"), "1300\n");
	assert_int_equal(bed_write(b, SIM "mtu", ""), 0);
	bed_close(b);
}

static void what_is_written_is_kept(void **state)
{
	static const struct written writes[] = {
		{ "tx_queue_len", "500\n", 0, "500\n" },
		{ "tx_queue_len", "0", 0, "0\n" },
		{ "tx_queue_len", "4294967295", 0, "-1\n" },
		{ "tx_queue_len", "4294967296", -ERANGE, "-1\n" },
		{ "netdev_group", "0x10", 0, "16\n" },
		{ "netdev_group", "4294967295", 0, "-1\n" },
		{ "netdev_group", "4294967296", -ERANGE, "-1\n" },
		{ "proto_down", "2", 0, "1\n" },
		{ "proto_down", "0", 0, "0\n" },
		{ "proto_down", "x", -EINVAL, "0\n" },
		{ "threaded", "1", 0, "1\n" },
		{ "threaded", "2", -EINVAL, "1\n" },
		{ "threaded", "0", 0, "0\n" },
		{ "napi_defer_hard_irqs", "2147483647", 0, "2147483647\n" },
		{ "napi_defer_hard_irqs", "2147483648", -ERANGE, "2147483647\n" },
		{ "gro_flush_timeout", "18446744073709551615", 0, "18446744073709551615\n" },
		{ "gro_flush_timeout", "18446744073709551616", -ERANGE, "18446744073709551615\n" },
		{ "ifalias", "uplink", 0, "uplink\n" },
		{ "ifalias", "to the lab\n", 0, "to the lab\n" },
		{ "ifalias", "a\n\n", 0, "a\n\n" },
		{ "ifalias", "a\nb", 0, "a\nb\n" },
		{ "ifalias", "\n", 0, "" },
		{ "uevent", "add", 0, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "uevent", "change\n", 0, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "uevent", "unbind", 0, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "uevent", "ad", -EINVAL, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "uevent", "add x", -EINVAL, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "uevent", "add\n\n", -EINVAL, "INTERFACE=sim0\nIFINDEX=2\n" },
		{ "address", "02:00:00:00:00:01", -EACCES, "02:00:00:ab:cd:01\n" },
		{ "operstate", "up", -EACCES, "down\n" },
	};
	struct bed *b = bed_open();

	bed_add(b, &one_queue, false);
	check_writes(b, SIM, writes, VN_ARRAY_SIZE(writes));
	bed_close(b);
}

static void an_alias_has_up_to_255_characters(void **state)
{
	struct bed *b = bed_open();
	char text[300], want[300];

	bed_add(b, &one_queue, false);
	memset(text, 'a', sizeof(text));
	memset(want, 'a', 255);
	strcpy(want + 255, "\n");
	strcpy(text + 255, "\n");
	assert_int_equal(bed_write(b, SIM "ifalias", text), 0);
	assert_string_equal(bed_read(b, SIM "ifalias"), want);
	strcpy(text + 255, "b");
	assert_int_equal(bed_write(b, SIM "ifalias", text), -EINVAL);
	assert_string_equal(bed_read(b, SIM "ifalias"), want);
	bed_close(b);
}

static void flags_open_and_close(void **state)
{
	static const struct written writes[] = {
		{ "flags", "0x1003\n", 0, "0x1003\n" },
		{ "carrier", "x", -EOPNOTSUPP, "1\n" },
		{ "flags", "0x1103", 0, "0x1103\n" },
		{ "flags", "0x11043", 0, "0x1003\n" }, /* RUNNING and LOWER_UP are no settings */
		{ "flags", "0", 0, "0x2\n" },
		{ "flags", "x", -EINVAL, "0x2\n" },
		{ "flags", "4294967296", -ERANGE, "0x2\n" },
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);

	check_writes(b, SIM, writes, VN_ARRAY_SIZE(writes));
	assert_false(vn_device_is_running(&f->dev));
	bed_close(b);
}

static void what_a_back_end_can_do(void **state)
{
	static const struct written cannot[] = {
		{ "carrier", "0", -EOPNOTSUPP, "1\n" },
		{ "carrier", "x", -EOPNOTSUPP, "1\n" },
		{ "queues/tx-0/tx_maxrate", "5", -EOPNOTSUPP, "0\n" },
		{ "mtu", "1400", 0, "1400\n" },
	};
	static const struct written can[] = {
		{ "carrier", "0\n", 0, "0\n" },
		{ "carrier", "1", 0, "1\n" },
		{ "carrier", "x", -EINVAL, "1\n" },
		{ "carrier_changes", "1", -EACCES, "2\n" },
		{ "mtu", "1400", 0, "1400\n" },
		{ "queues/tx-0/tx_maxrate", "0x10\n", 0, "16\n" },
		{ "queues/tx-0/tx_maxrate", "x", -EINVAL, "16\n" },
		{ "queues/tx-0/tx_maxrate", "4294967296", -ERANGE, "16\n" },
	};
	static const struct written refused[] = {
		{ "carrier", "0", -EBUSY, "1\n" },
		{ "mtu", "1300", -EBUSY, "1400\n" },
		{ "queues/tx-0/tx_maxrate", "5", -EBUSY, "16\n" },
	};
	static const struct written down[] = {
		{ "carrier", "0", -EINVAL, "EINVAL" },
		{ "carrier", "x", -EINVAL, "EINVAL" },
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &one_queue, false);

	vn_device_open(&f->dev);
	check_writes(b, SIM, cannot, VN_ARRAY_SIZE(cannot));
	vn_device_unregister(&f->dev);
	f = bed_add(b, &one_queue, true);
	vn_device_open(&f->dev);
	check_writes(b, SIM, can, VN_ARRAY_SIZE(can));
	f->refuses = -EBUSY;
	check_writes(b, SIM, refused, VN_ARRAY_SIZE(refused));
	f->refuses = 0;
	vn_device_close(&f->dev);
	check_writes(b, SIM, down, VN_ARRAY_SIZE(down));
	bed_close(b);
}

static void a_writer_needs_the_capability(void **state)
{
	static const char *const names[] = {
		"carrier",
		"flags",
		"gro_flush_timeout",
		"ifalias",
		"mtu",
		"napi_defer_hard_irqs",
		"netdev_group",
		"proto_down",
		"threaded",
		"tx_queue_len",
		"queues/rx-0/rps_cpus",
		"queues/rx-0/rps_flow_cnt",
		"queues/tx-0/tx_maxrate",
		"queues/tx-0/xps_cpus",
		"queues/tx-0/xps_rxqs",
		"queues/tx-0/byte_queue_limits/limit",
		"queues/tx-0/byte_queue_limits/limit_max",
		"queues/tx-0/byte_queue_limits/limit_min",
		"queues/tx-0/byte_queue_limits/hold_time",
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &many_queues, true);
	char path[128], before[64];

	vn_device_open(&f->dev);
	for (size_t i = 0; i < VN_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), SIM "%s", names[i]);
		snprintf(before, sizeof(before), "%s", bed_read(b, path));
		b->may_control = false;
		assert_int_equal(bed_write(b, path, "1"), -EPERM);
		assert_int_equal(bed_write(b, path, "x"), -EPERM);
		assert_string_equal(bed_read(b, path), before);
		b->may_control = true;
	}
	b->may_control = false;
	assert_int_equal(bed_write(b, SIM "uevent", "add"), 0);
	bed_close(b);
}

/* --- queues --------------------------------------------------------------------------- */

static void one_queue_has_no_maps(void **state)
{
	static const char *const texts[][2] = {
		{ "tx-0/tx_timeout", "0\n" },	    { "tx-0/tx_maxrate", "0\n" },
		{ "tx-0/traffic_class", "ENOENT" }, { "tx-0/xps_cpus", "ENOENT" },
		{ "tx-0/xps_rxqs", "0\n" },	    { "rx-0/rps_cpus", "0\n" },
		{ "rx-0/rps_flow_cnt", "0\n" },	    { "tx-1/tx_timeout", "?" },
		{ "rx-1/rps_cpus", "?" },
	};
	static const struct written writes[] = {
		{ "tx-0/xps_cpus", "1", -ENOENT, "ENOENT" },
		{ "tx-0/xps_rxqs", "1", 0, "1\n" },
		{ "tx-0/xps_rxqs", "2", -EOVERFLOW, "1\n" },
	};
	struct bed *b = bed_open();

	bed_add(b, &one_queue, false);
	check_texts(b, SIM "queues/", texts, VN_ARRAY_SIZE(texts));
	check_writes(b, SIM "queues/", writes, VN_ARRAY_SIZE(writes));
	bed_close(b);
}

static void many_queues_have_maps(void **state)
{
	static const char *const texts[][2] = {
		{ "tx-0/traffic_class", "0\n" }, { "tx-2/traffic_class", "0\n" },
		{ "tx-2/xps_cpus", "0\n" },	 { "tx-2/tx_timeout", "7\n" },
		{ "tx-1/tx_timeout", "0\n" },	 { "tx-3/tx_timeout", "?" },
		{ "rx-1/rps_cpus", "0\n" },	 { "rx-2/rps_cpus", "?" },
	};
	/* Two CPUs, two receive queues. */
	static const struct written writes[] = {
		{ "tx-1/xps_cpus", "3\n", 0, "3\n" },
		{ "tx-1/xps_cpus", " 2 ", 0, "2\n" },
		{ "tx-1/xps_cpus", "00000001", 0, "1\n" },
		{ "tx-1/xps_cpus", ",3", 0, "3\n" },
		{ "tx-1/xps_cpus", "3,", 0, "3\n" },
		{ "tx-1/xps_cpus", "\n", 0, "0\n" },
		{ "tx-1/xps_cpus", "4", -EOVERFLOW, "0\n" },
		{ "tx-1/xps_cpus", "000000001", -EOVERFLOW, "0\n" },
		{ "tx-1/xps_cpus", "0,1", -EOVERFLOW, "0\n" },
		{ "tx-1/xps_cpus", "0x3", -EINVAL, "0\n" },
		{ "tx-1/xps_cpus", "x", -EINVAL, "0\n" },
		{ "tx-1/xps_cpus", "1 x", -EINVAL, "0\n" },
		{ "tx-1/xps_cpus", "1-", -EINVAL, "0\n" },
		{ "tx-2/xps_rxqs", "3", 0, "3\n" },
		{ "tx-2/xps_rxqs", "4", -EOVERFLOW, "3\n" },
		{ "rx-1/rps_cpus", "3", 0, "3\n" },
		{ "rx-1/rps_cpus", "ff", -EOVERFLOW, "3\n" },
		{ "rx-0/rps_cpus", "", 0, "0\n" },
		{ "rx-1/rps_flow_cnt", "100", 0, "128\n" },
		{ "rx-1/rps_flow_cnt", "1", 0, "1\n" },
		{ "rx-1/rps_flow_cnt", "0", 0, "0\n" },
		{ "rx-1/rps_flow_cnt", "32769", 0, "65536\n" },
		{ "rx-1/rps_flow_cnt", "4294967296", -ENOMEM, "65536\n" },
		{ "rx-1/rps_flow_cnt", "x", -EINVAL, "65536\n" },
		{ "tx-1/tx_timeout", "0", -EACCES, "0\n" },
		{ "tx-1/traffic_class", "0", -EACCES, "0\n" },
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &many_queues, false);

	f->dev.tx[2].trans_timeout = 7;
	check_texts(b, SIM "queues/", texts, VN_ARRAY_SIZE(texts));
	check_writes(b, SIM "queues/", writes, VN_ARRAY_SIZE(writes));
	assert_string_equal(bed_read(b, TXQ "0/xps_cpus"), "0\n");
	bed_close(b);
}

static void masks_of_many_bits_come_in_chunks(void **state)
{
	static const struct {
		uint16_t n_rxq;
		const char *text, *after;
	} cases[] = {
		{ 1, "1", "1\n" },
		{ 5, "1f", "1f\n" },
		{ 32, "ffffffff", "ffffffff\n" },
		{ 32, "1", "00000001\n" },
		{ 33, "1,00000000", "1,00000000\n" },
		{ 36, "f,0", "f,00000000\n" },
		{ 64, "80000000,00000001", "80000000,00000001\n" },
		{ 100, "1,2", "00000001,00000002\n" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_device_info info = { .name = "sim0", .n_rxq = cases[i].n_rxq };
		struct bed *b = bed_open();

		bed_add(b, &info, false);
		assert_int_equal(bed_write(b, TXQ "0/xps_rxqs", cases[i].text), 0);
		assert_string_equal(bed_read(b, TXQ "0/xps_rxqs"), cases[i].after);
		bed_close(b);
	}
}

static void byte_limits(void **state)
{
	static const struct written writes[] = {
		{ "limit", "3000\n", 0, "3000\n" },
		{ "limit", "0x10", 0, "16\n" },
		{ "limit", "max\n", 0, "1879048192\n" },
		{ "limit", "1879048193", -EINVAL, "1879048192\n" },
		{ "limit", "x", -EINVAL, "1879048192\n" },
		{ "limit_max", "5000", 0, "5000\n" },
		{ "limit_max", "max", 0, "1879048192\n" },
		{ "limit_min", "100", 0, "100\n" },
		{ "hold_time", "500", 0, "500\n" },
		{ "hold_time", "x", -EINVAL, "500\n" },
		{ "inflight", "0", -EACCES, "77\n" },
	};
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &many_queues, false);

	f->dev.tx[1].bql.inflight = 77;
	assert_string_equal(bed_read(b, TXQ "1/byte_queue_limits/hold_time"), "1000\n");
	assert_string_equal(bed_read(b, TXQ "1/byte_queue_limits/limit"), "0\n");
	check_writes(b, TXQ "1/byte_queue_limits/", writes, VN_ARRAY_SIZE(writes));
	assert_string_equal(bed_read(b, TXQ "0/byte_queue_limits/hold_time"), "1000\n");
	bed_close(b);
}

static unsigned int sent_on(struct bed *b, struct fake *f, unsigned int cpu, unsigned int flow)
{
	struct vn_skb *skb = vn_skb_new(b->net, 60);

	memset(skb->data, 0, 60);
	skb->data[12] = (uint8_t)flow; /* the type, of no protocol that is known */
	skb->dev = &f->dev;
	vn_net_on_cpu(b->net, cpu);
	for (unsigned int i = 0; i < f->dev.n_txq; i++)
		f->dev.tx[i].trans_start_ns = 0;
	vn_clock_virtual(&b->clock, b->clock.virtual_ns + 1, 0);
	assert_int_equal(vn_dev_queue_xmit(skb), 0);
	for (unsigned int i = 0; i < f->dev.n_txq; i++)
		if (f->dev.tx[i].trans_start_ns)
			return i;
	fail_msg("nothing was sent");
	return 0;
}

static void packets_follow_the_map_of_cpus(void **state)
{
	struct bed *b = bed_open();
	struct vn_device_info info = { .name = "sim0", .n_txq = 8, .is_no_queue = true };
	struct fake *f = bed_add(b, &info, false);
	unsigned int seen[2] = { 0, 0 };

	vn_device_open(&f->dev);
	assert_int_equal(bed_write(b, TXQ "3/xps_cpus", "1"), 0);
	assert_int_equal(bed_write(b, TXQ "5/xps_cpus", "2"), 0);
	assert_int_equal(bed_write(b, TXQ "6/xps_cpus", "2"), 0);
	for (unsigned int flow = 0; flow < 200; flow++) {
		unsigned int q;

		assert_int_equal(sent_on(b, f, 0, flow), 3);
		q = sent_on(b, f, 1, flow);
		assert_in_range(q, 5, 6);
		seen[q - 5]++;
		assert_int_equal(sent_on(b, f, 1, flow), q);
	}
	assert_true(seen[0] > 20 && seen[1] > 20);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attribute_in_each_state),
		cmocka_unit_test(there_are_no_others),
		cmocka_unit_test(the_loopback_device),
		cmocka_unit_test(the_state_of_the_link),
		cmocka_unit_test(speed_and_duplex),
		cmocka_unit_test(each_counter_is_its_own),
		cmocka_unit_test(numbers_in_three_bases),
		cmocka_unit_test(what_is_written_is_kept),
		cmocka_unit_test(an_alias_has_up_to_255_characters),
		cmocka_unit_test(flags_open_and_close),
		cmocka_unit_test(what_a_back_end_can_do),
		cmocka_unit_test(a_writer_needs_the_capability),
		cmocka_unit_test(one_queue_has_no_maps),
		cmocka_unit_test(many_queues_have_maps),
		cmocka_unit_test(masks_of_many_bits_come_in_chunks),
		cmocka_unit_test(byte_limits),
		cmocka_unit_test(packets_follow_the_map_of_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
