/* SPDX-License-Identifier: BSD-2-Clause */
/* The net's files as a tree: what lies where, links, numbers that are never
 * given twice, devices that go and are renamed under open files, the lock. */
#include "net/netfs_fixture.h"

static void what_lies_where(void **state)
{
	static const struct {
		const char *path;
		mode_t mode; /* 0: nothing */
		bool is_permanent;
	} cases[] = {
		{ "", S_IFDIR | 0555, true },
		{ "net", S_IFDIR | 0555, true },
		{ "net/dev", S_IFREG | 0444, true },
		{ "net/softnet_stat", S_IFREG | 0444, true },
		{ "net/ptype", S_IFREG | 0444, true },
		{ "net/pktgen", 0, false },
		{ "sys/net/core", S_IFDIR | 0555, true },
		{ "sys/net/core/dev_weight", S_IFREG | 0644, true },
		{ "class/net", S_IFDIR | 0755, true },
		{ "class/net/sim0", S_IFLNK | 0777, false },
		{ "class/net/sim1", 0, false },
		{ "devices/virtual/net/sim0", S_IFDIR | 0755, false },
		{ "devices/virtual/net/sim0/subsystem", S_IFLNK | 0777, false },
		{ "devices/virtual/net/sim0/mtu", S_IFREG | 0644, false },
		{ "devices/virtual/net/sim0/queues/rx-0", S_IFDIR | 0755, false },
		{ "devices/virtual/net/sim0/queues/rx-1", 0, false },
		{ "devices/virtual/net/sim0/queues/tx-2", S_IFDIR | 0755, false },
		{ "devices/virtual/net/sim0/queues/tx-3", 0, false },
		{ "devices/virtual/net/sim0/queues/tx-02", 0, false },
		{ "devices/virtual/net/sim0/queues/tx-2/byte_queue_limits/inflight", S_IFREG | 0444,
		  false },
	};
	struct bed *b = bed_open();
	struct vn_file_info info, again;

	bed_add(b, &(struct vn_device_info){ .name = "sim0", .n_txq = 3 }, false);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t node = bed_find(b, cases[i].path, &info);

		assert_int_equal(node != 0, cases[i].mode != 0);
		if (!node)
			continue;
		assert_true(node < 1ull << VN_FILES_NODE_BITS);
		assert_int_equal(info.mode, cases[i].mode);
		assert_int_equal(info.is_permanent, cases[i].is_permanent);
		assert_false(info.keeps_place || info.may_wait);
		assert_int_equal(b->fs.files.ops->info(&b->fs.files, node, &again), 0);
		assert_int_equal(again.mode, info.mode);
	}
	bed_close(b);
}

static void links_lead_to_the_device(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &(struct vn_device_info){ .name = "sim%d" }, false);

	assert_string_equal(bed_read(b, "class/net/lo"), "../../devices/virtual/net/lo");
	assert_string_equal(bed_read(b, "class/net/sim0"), "../../devices/virtual/net/sim0");
	assert_string_equal(bed_read(b, DEV "sim0/subsystem"), "../../../../class/net");
	assert_int_equal(vn_device_rename(&f->dev, "a-longer-name"), 0);
	assert_string_equal(bed_read(b, "class/net/sim0"), "?");
	assert_string_equal(bed_read(b, "class/net/a-longer-name"),
			    "../../devices/virtual/net/a-longer-name");
	bed_close(b);
}

struct walk {
	struct bed *bed;
	struct {
		char name[64];
		uint64_t node;
		mode_t mode;
	} v[64];
	unsigned int n;
};

static int keep(void *arg, const char *name, uint64_t node, mode_t mode)
{
	struct walk *w = arg;

	assert_true(w->n < VN_ARRAY_SIZE(w->v));
	snprintf(w->v[w->n].name, sizeof(w->v[0].name), "%s", name);
	w->v[w->n].node = node;
	w->v[w->n++].mode = mode;
	return 0;
}

/* Everything that is listed is found by its name, says whose it is and can be
 * read; returns how many there are. */
static unsigned int check_dir(struct bed *b, uint64_t dir)
{
	struct vn_files *files = &b->fs.files;
	struct walk w = { .bed = b };
	struct vn_file_info info;
	unsigned int n;

	assert_int_equal(files->ops->list(files, dir, keep, &w), 0);
	n = w.n;
	for (unsigned int i = 0; i < w.n; i++) {
		assert_int_equal(files->ops->lookup(files, dir, w.v[i].name, &info), w.v[i].node);
		assert_int_equal(info.mode, w.v[i].mode);
		if (S_ISDIR(info.mode)) {
			assert_int_equal(info.parent, dir);
			n += check_dir(b, w.v[i].node);
		} else {
			ssize_t len = bed_read_node(b, w.v[i].node);

			assert_true(len >= 0 || len == -EINVAL || len == -ENOENT);
		}
	}
	return n;
}

static void all_that_is_listed_is_there(void **state)
{
	struct bed *b = bed_open();
	unsigned int with_lo = check_dir(b, VN_FILES_ROOT), n;

	bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);
	n = check_dir(b, VN_FILES_ROOT) - with_lo;
	assert_int_equal(with_lo - n, 9 + 3 + 7); /* directories, net/, settings */
	bed_add(b, &(struct vn_device_info){ .name = "sim1", .n_txq = 2, .n_rxq = 3 }, false);
	assert_int_equal(check_dir(b, VN_FILES_ROOT) - with_lo - n, n + 12 + 2 * 3);
	bed_close(b);
}

static void a_device_that_is_gone_is_invalid(void **state)
{
	static const char *const paths[] = {
		DEV "sim0/mtu",
		DEV "sim0/ifalias",
		DEV "sim0/statistics/rx_packets",
		DEV "sim0/queues/tx-0/tx_maxrate",
		DEV "sim0/queues/tx-0/byte_queue_limits/limit",
		DEV "sim0/queues/rx-0/rps_cpus",
		"class/net/sim0",
	};
	uint64_t nodes[VN_ARRAY_SIZE(paths)], dir;
	struct bed *b = bed_open();
	struct vn_files *files = &b->fs.files;
	struct fake *f = bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);
	struct vn_file_info info;
	struct walk w = { .bed = b };

	for (size_t i = 0; i < VN_ARRAY_SIZE(paths); i++)
		nodes[i] = bed_find(b, paths[i], &info);
	dir = bed_find(b, DEV "sim0", &info);
	vn_device_unregister(&f->dev);
	bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);
	for (size_t i = 0; i < VN_ARRAY_SIZE(paths); i++) {
		assert_int_equal(bed_read_node(b, nodes[i]), -EINVAL);
		assert_int_equal(files->ops->info(files, nodes[i], &info), -EINVAL);
		if (strncmp(paths[i], "class", 5) == 0)
			continue;
		assert_true(bed_write_node(b, nodes[i], "1", 1) < 0);
		assert_int_not_equal(bed_find(b, paths[i], &info), nodes[i]);
	}
	assert_int_equal(bed_write_node(b, nodes[0], "1400", 4), -EINVAL);
	assert_int_equal(files->ops->list(files, dir, keep, &w), -ENOENT);
	assert_int_equal(files->ops->lookup(files, dir, "mtu", &info), 0);
	assert_string_equal(bed_read(b, DEV "sim0/mtu"), "1500\n");
	bed_close(b);
}

static void a_renamed_device_keeps_its_files(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);
	struct vn_file_info info;
	uint64_t mtu = bed_find(b, DEV "sim0/mtu", &info);

	assert_int_equal(vn_device_rename(&f->dev, "new"), 0);
	assert_int_equal(bed_read_node(b, mtu), 5);
	assert_int_equal(bed_write_node(b, mtu, "1400", 4), 4);
	assert_int_equal(bed_find(b, DEV "new/mtu", &info), mtu);
	assert_int_equal(bed_find(b, DEV "sim0/mtu", &info), 0);
	assert_string_equal(bed_read(b, DEV "new/uevent"), "INTERFACE=new\nIFINDEX=2\n");
	assert_string_equal(bed_read(b, DEV "new/name_assign_type"), "4\n");
	bed_close(b);
}

static void queues_out_of_use_are_not_shown(void **state)
{
	struct bed *b = bed_open();
	struct vn_device_info info = { .name = "sim0", .n_txq = 4 };
	struct fake *f = bed_add(b, &info, false);
	struct vn_file_info i;
	uint64_t node = bed_find(b, DEV "sim0/queues/tx-3/tx_timeout", &i);

	vn_device_set_queues(&f->dev, 2);
	assert_int_equal(bed_find(b, DEV "sim0/queues/tx-3", &i), 0);
	assert_int_equal(bed_find(b, DEV "sim0/queues/tx-2", &i), 0);
	assert_int_equal(bed_read_node(b, node), -EINVAL);
	assert_string_equal(bed_read(b, DEV "sim0/queues/tx-1/traffic_class"), "0\n");
	vn_device_set_queues(&f->dev, 4);
	assert_int_equal(bed_read_node(b, node), 2);
	bed_close(b);
}

/* Every call takes it and gives it back, and it is not held to ask who writes. */
static void each_call_locks_once(void **state)
{
	struct bed *b = bed_open();
	struct vn_files *files = &b->fs.files;
	struct vn_file_info info;
	uint64_t mtu = bed_find(b, DEV "lo/mtu", &info);
	struct walk w = { .bed = b };
	unsigned int n = b->n_locked;

	bed_read_node(b, mtu);
	assert_int_equal(b->n_locked, ++n);
	bed_write_node(b, mtu, "1500", 4);
	assert_int_equal(b->n_locked, ++n);
	files->ops->info(files, mtu, &info);
	assert_int_equal(b->n_locked, ++n);
	files->ops->list(files, VN_FILES_NET, keep, &w);
	assert_int_equal(b->n_locked, ++n);
	files->ops->lookup(files, VN_FILES_NET, "dev", &info);
	assert_int_equal(b->n_locked, ++n);
	bed_close(b);
}

static void without_a_lock_the_tree_runs_the_net(void **state)
{
	struct bed *b = bed_open();
	struct vn_file_info info;
	struct vn_skb *skb = vn_skb_new(b->net, 60);
	uint64_t mtu;

	vn_netfs_init(&b->fs, &(struct vn_netfs_opts){ .net = b->net });
	memset(skb->data, 0, 60);
	skb->dev = b->net->loopback;
	mtu = bed_find(b, DEV "lo/mtu", &info);
	assert_int_equal(vn_netif_rx(b->net, skb), VN_RX_SUCCESS);
	assert_int_equal(bed_write_node(b, mtu, "1500", 4), 4);
	assert_memory_equal(bed_read(b, "net/softnet_stat"), "00000001 ", 9);
	assert_int_equal(b->n_locked, 0);
	bed_close(b);
}

static void what_is_cut_fills_the_buffer(void **state)
{
	struct bed *b = bed_open();
	struct vn_files *files = &b->fs.files;
	struct vn_file_info info;
	uint64_t dev = bed_find(b, "net/dev", &info);
	char buf[16];

	assert_int_equal(files->ops->read(files, dev, buf, sizeof(buf)), sizeof(buf) - 1);
	assert_string_equal(buf, "Inter-|   Recei");
	assert_int_equal(bed_read_node(b, VN_FILES_NET), -EISDIR);
	bed_close(b);
}

static void a_write_of_more_than_a_page_is_its_first(void **state)
{
	struct bed *b = bed_open();
	struct vn_file_info info;
	char *text = malloc(10000);

	memset(text, 0, 10000);
	memcpy(text, "1400\n", 5);
	assert_int_equal(bed_write_node(b, bed_find(b, DEV "lo/mtu", &info), text, 10000), 4096);
	assert_string_equal(bed_read(b, DEV "lo/mtu"), "1400\n");
	free(text);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_where),
		cmocka_unit_test(links_lead_to_the_device),
		cmocka_unit_test(all_that_is_listed_is_there),
		cmocka_unit_test(a_device_that_is_gone_is_invalid),
		cmocka_unit_test(a_renamed_device_keeps_its_files),
		cmocka_unit_test(queues_out_of_use_are_not_shown),
		cmocka_unit_test(each_call_locks_once),
		cmocka_unit_test(without_a_lock_the_tree_runs_the_net),
		cmocka_unit_test(what_is_cut_fills_the_buffer),
		cmocka_unit_test(a_write_of_more_than_a_page_is_its_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
