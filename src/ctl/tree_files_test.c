/* SPDX-License-Identifier: BSD-2-Clause */
/* The control tree seen as directories and files: what is found where, that
 * each look-up of pgctrl is another file, what is left of a removed one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "ctl/pretend.h"
#include "ctl/tree_files.h"

struct bed {
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine *engine;
	struct vn_tree *tree;
	struct vn_tree_files files;
	uint64_t dir; /* net/pktgen */
	char thread[16];
	bool may_control;
	unsigned int n_asked; /* who may control */
};

static bool may_control(void *arg)
{
	struct bed *b = arg;

	b->n_asked++;
	return b->may_control;
}

static uint64_t look(struct bed *b, uint64_t dir, const char *name, struct vn_file_info *info)
{
	return b->files.files.ops->lookup(&b->files.files, dir, name, info);
}

static struct bed *bed_open(void)
{
	struct bed *b = calloc(1, sizeof(*b));
	int cpu;
	struct vn_engine_opts engine = { .cpus = &cpu, .n_cpus = 1, .seed = 1 };
	struct vn_tree_opts opts = { .count = 1000 };
	struct vn_file_info info;

	assert_non_null(b);
	assert_true(vn_cpu_list(&cpu, 1) >= 1);
	engine.clock = &b->clock;
	vn_clock_real(&b->clock);
	pretend_init(&b->machine, &b->clock, true);
	assert_int_equal(vn_engine_new(&engine, &b->engine, NULL), 0);
	opts.engine = b->engine;
	opts.devices = pretend_devices(&b->machine);
	assert_int_equal(vn_tree_new(&opts, &b->tree, NULL), 0);
	vn_tree_files_init(&b->files, b->tree);
	snprintf(b->thread, sizeof(b->thread), "kpktgend_%d", cpu);
	b->may_control = true;
	b->dir = look(b, look(b, VN_FILES_ROOT, "net", &info), "pktgen", &info);
	return b;
}

static void bed_close(struct bed *b)
{
	vn_tree_free(b->tree);
	vn_engine_free(b->engine);
	pretend_fini(&b->machine);
	free(b);
}

static ssize_t put(struct bed *b, uint64_t node, const char *text)
{
	const struct vn_file_writer who = { .may_control = may_control, .arg = b };

	return b->files.files.ops->write(&b->files.files, node, text, strlen(text), &who);
}

static void what_is_where(void **state)
{
	struct bed *b = bed_open();
	const struct {
		uint64_t dir;
		const char *name;
		mode_t mode; /* 0: not there */
		bool is_permanent, may_wait;
	} cases[] = {
		{ VN_FILES_ROOT, "net", S_IFDIR | 0555, true, false },
		{ VN_FILES_ROOT, "pktgen", 0, false, false },
		{ VN_FILES_NET, "pktgen", S_IFDIR | 0555, true, false },
		{ VN_FILES_NET, "dev", 0, false, false },
		{ b->dir, "pgctrl", S_IFREG | 0600, false, true },
		{ b->dir, b->thread, S_IFREG | 0600, true, false },
		{ b->dir, "dummy0", S_IFREG | 0600, false, false },
		{ b->dir, "dummy1", 0, false, false },
	};
	struct vn_file_info info, again;

	put(b, look(b, b->dir, b->thread, &info), "add_device dummy0");
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint64_t node = look(b, cases[i].dir, cases[i].name, &info);

		assert_int_equal(node != 0, cases[i].mode != 0);
		if (!node)
			continue;
		assert_true(node < 1ull << VN_FILES_NODE_BITS);
		assert_int_equal(info.mode, cases[i].mode);
		assert_int_equal(info.is_permanent, cases[i].is_permanent);
		assert_int_equal(info.may_wait, cases[i].may_wait);
		assert_int_equal(info.keeps_place, S_ISREG(info.mode));
		assert_int_equal(b->files.files.ops->info(&b->files.files, node, &again), 0);
		assert_int_equal(again.mode, info.mode);
	}
	bed_close(b);
}

static int add_name(void *arg, const char *name, uint64_t node, mode_t mode)
{
	char *names = arg;

	strcat(strcat(names, S_ISDIR(mode) ? "/" : ""), name);
	strcat(names, " ");
	return 0;
}

static void directories_are_listed(void **state)
{
	struct bed *b = bed_open();
	struct vn_files *fs = &b->files.files;
	char names[100] = "", want[100];

	assert_int_equal(fs->ops->list(fs, VN_FILES_ROOT, add_name, names), 0);
	assert_int_equal(fs->ops->list(fs, VN_FILES_NET, add_name, names), 0);
	assert_int_equal(fs->ops->list(fs, b->dir, add_name, names), 0);
	snprintf(want, sizeof(want), "/net /pktgen pgctrl %s ", b->thread);
	assert_string_equal(names, want);
	bed_close(b);
}

static void each_look_at_pgctrl_is_another_file(void **state)
{
	struct bed *b = bed_open();
	struct vn_files *fs = &b->files.files;
	struct vn_file_info info;
	uint64_t one = look(b, b->dir, "pgctrl", &info);
	uint64_t other = look(b, b->dir, "pgctrl", &info);
	char text[2][100] = { "", "" };

	assert_int_not_equal(one, other);
	assert_true(fs->ops->read(fs, one, text[0], sizeof(text[0]) - 1) > 0);
	assert_true(fs->ops->read(fs, other, text[1], sizeof(text[1]) - 1) > 0);
	assert_string_equal(text[0], text[1]);
	assert_int_equal(put(b, one, "stop\n"), 5);
	assert_int_equal(put(b, other, "stop\n"), 5);
	bed_close(b);
}

static void the_right_to_control_is_asked_for_at_pgctrl_alone(void **state)
{
	struct bed *b = bed_open();
	struct vn_file_info info;

	b->may_control = false;
	assert_int_equal(put(b, look(b, b->dir, b->thread, &info), "add_device dummy0"), 17);
	assert_int_equal(put(b, look(b, b->dir, "dummy0", &info), "count 1"), 7);
	assert_int_equal(b->n_asked, 0);
	assert_int_equal(put(b, look(b, b->dir, "pgctrl", &info), "stop\n"), -EPERM);
	assert_int_equal(b->n_asked, 1);
	bed_close(b);
}

static void a_removed_file_is_an_io_error(void **state)
{
	struct bed *b = bed_open();
	struct vn_files *fs = &b->files.files;
	struct vn_file_info info;
	uint64_t thread = look(b, b->dir, b->thread, &info), node;
	char text[100];

	put(b, thread, "add_device dummy0");
	node = look(b, b->dir, "dummy0", &info);
	put(b, thread, "rem_device_all");
	assert_int_equal(fs->ops->info(fs, node, &info), -EIO);
	assert_int_equal(fs->ops->read(fs, node, text, sizeof(text)), -EIO);
	assert_int_equal(put(b, node, "count 1"), -EIO);
	put(b, thread, "add_device dummy0");
	assert_int_not_equal(look(b, b->dir, "dummy0", &info), node);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_where),
		cmocka_unit_test(directories_are_listed),
		cmocka_unit_test(each_look_at_pgctrl_is_another_file),
		cmocka_unit_test(the_right_to_control_is_asked_for_at_pgctrl_alone),
		cmocka_unit_test(a_removed_file_is_an_io_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
