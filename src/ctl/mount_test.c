/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two trees on one mount, through the kernel: what is in which directory, devices
 * that go and are renamed while their files are open, texts longer than a
 * buffer. In a mount namespace of its own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "net/netfs_fixture.h"

#include "base/cpu.h"
#include "ctl/mount.h"
#include "ctl/pretend.h"

#define N_DEVICES 1000 /* their lines of net/dev are more than a buffer */

struct site {
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine *engine;
	struct vn_tree *tree;
	struct bed *bed;
	pthread_mutex_t lock; /* of the bed's net: the mount's thread shows it */
	struct vn_netfs netfs;
	struct vn_mount *mount;
	char dir[32];
};

static void take(void *arg)
{
	struct site *s = arg;

	pthread_mutex_lock(&s->lock);
}

static void give(void *arg)
{
	struct site *s = arg;

	vn_net_run(s->bed->net);
	pthread_mutex_unlock(&s->lock);
}

static void make_tree(struct site *s)
{
	int cpu;
	struct vn_engine_opts engine = { .clock = &s->clock, .cpus = &cpu, .n_cpus = 1 };
	struct vn_tree_opts opts = { .count = 1000 };

	assert_true(vn_cpu_list(&cpu, 1) >= 1);
	vn_clock_real(&s->clock);
	pretend_init(&s->machine, &s->clock, true);
	assert_int_equal(vn_engine_new(&engine, &s->engine, NULL), 0);
	opts.engine = s->engine;
	opts.devices = pretend_devices(&s->machine);
	assert_int_equal(vn_tree_new(&opts, &s->tree, NULL), 0);
}

/* NULL: this machine lets us not mount. */
static struct site *site_open(void)
{
	struct site *s = calloc(1, sizeof(*s));
	struct vn_err err = { "" };
	int rc;

	assert_non_null(s);
	/* In a chroot the root is no mount, and has no propagation to change. */
	if (unshare(CLONE_NEWNS) ||
	    (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) && errno != EINVAL)) {
		free(s);
		return NULL;
	}
	make_tree(s);
	s->bed = bed_open();
	pthread_mutex_init(&s->lock, NULL);
	vn_netfs_init(&s->netfs, &(struct vn_netfs_opts){ s->bed->net, take, give, s });
	strcpy(s->dir, "/tmp/vernier-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	rc = vn_mount_open(s->tree, &s->netfs.files, s->dir, &s->mount, &err);
	if (rc && rc != -ENODEV && rc != -EPERM)
		fail_msg("%s", err.text);
	return s;
}

static void site_close(struct site *s)
{
	vn_tree_shut(s->tree);
	vn_mount_close(s->mount);
	rmdir(s->dir);
	vn_tree_free(s->tree);
	vn_engine_free(s->engine);
	pretend_fini(&s->machine);
	bed_close(s->bed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* The site of a test, which is skipped when there can be none. */
static struct site *site_or_skip(void)
{
	struct site *s = site_open();

	if (s && s->mount)
		return s;
	if (s)
		site_close(s);
	print_message("no mount is possible here\n");
	skip();
	return NULL;
}

static struct fake *add_device(struct site *s, const char *name)
{
	struct fake *f;

	take(s);
	f = bed_add(s->bed, &(struct vn_device_info){ .name = name }, false);
	give(s);
	return f;
}

static void remove_device(struct site *s, struct fake *f)
{
	take(s);
	vn_device_unregister(&f->dev);
	give(s);
}

static int open_at(const struct site *s, const char *path, int flags)
{
	char full[200];

	snprintf(full, sizeof(full), "%s/%s", s->dir, path);
	return open(full, flags);
}

/* What a call answered: its count, or the negative errno. */
static ssize_t answer(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static ssize_t text_at(const struct site *s, const char *path, char *buf, size_t cap)
{
	int fd = open_at(s, path, O_RDONLY);
	ssize_t n = fd < 0 ? -errno : answer(read(fd, buf, cap - 1));

	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

/* Its names, in the order of the directory, each with a blank behind it. */
static void list(const struct site *s, const char *path, char *names)
{
	int fd = open_at(s, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	assert_non_null(dir);
	names[0] = '\0';
	while ((e = readdir(dir)))
		strcat(strcat(names, e->d_name), " ");
	closedir(dir);
}

static void trees_meet_in_net(void **state)
{
	struct site *s = site_or_skip();
	char names[400], text[400];

	list(s, "", names);
	assert_string_equal(names, ". .. net sys class devices ");
	list(s, "net", names);
	assert_string_equal(names, ". .. pktgen dev ptype softnet_stat ");
	list(s, "net/pktgen", names);
	assert_memory_equal(names, ". .. pgctrl kpktgend_", 21);
	list(s, "devices/virtual/net/lo/queues", names);
	assert_string_equal(names, ". .. rx-0 tx-0 ");
	assert_true(text_at(s, "net/pktgen/pgctrl", text, sizeof(text)) > 0);
	assert_int_equal(text_at(s, "class/net/lo/mtu", text, sizeof(text)), 6);
	assert_string_equal(text, "65536\n");
	assert_int_equal(text_at(s, "net/nosuch", text, sizeof(text)), -ENOENT);
	assert_int_equal(text_at(s, "class/net/lo/speed", text, sizeof(text)), -EINVAL);
	site_close(s);
}

static void a_device_goes_under_open_files(void **state)
{
	struct site *s = site_or_skip();
	struct fake *f = add_device(s, "sim0");
	int mtu = open_at(s, "class/net/sim0/mtu", O_RDWR), begun, dir;
	char buf[100];

	begun = open_at(s, "devices/virtual/net/sim0/statistics/rx_bytes", O_RDONLY);
	dir = open_at(s, "devices/virtual/net/sim0", O_RDONLY | O_DIRECTORY);
	assert_int_equal(answer(pread(mtu, buf, sizeof(buf), 0)), 5);
	assert_int_equal(answer(read(begun, buf, 1)), 1);
	remove_device(s, f);
	assert_int_equal(text_at(s, "class/net/sim0/mtu", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(openat(dir, "mtu", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	add_device(s, "sim0");
	assert_int_equal(answer(pread(mtu, buf, sizeof(buf), 0)), -EINVAL);
	assert_int_equal(answer(pread(mtu, buf, sizeof(buf), 2)), -EINVAL);
	assert_int_equal(answer(read(begun, buf, 1)), -EINVAL);
	assert_int_equal(answer(write(mtu, "1400", 4)), -EINVAL);
	assert_int_equal(text_at(s, "class/net/sim0/mtu", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "1500\n");
	close(mtu);
	close(begun);
	close(dir);
	site_close(s);
}

static void a_device_is_renamed_under_open_files(void **state)
{
	struct site *s = site_or_skip();
	struct fake *f = add_device(s, "sim0");
	int alias = open_at(s, "class/net/sim0/ifalias", O_RDWR);
	char buf[100];

	take(s);
	assert_int_equal(vn_device_rename(&f->dev, "new"), 0);
	give(s);
	assert_int_equal(answer(write(alias, "mine\n", 5)), 5);
	assert_int_equal(answer(pread(alias, buf, sizeof(buf), 0)), 5);
	assert_memory_equal(buf, "mine\n", 5);
	assert_int_equal(text_at(s, "class/net/sim0/mtu", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(text_at(s, "class/net/new/ifalias", buf, sizeof(buf)), 5);
	close(alias);
	site_close(s);
}

static void the_place_in_a_file(void **state)
{
	struct site *s = site_or_skip();
	int fd = open_at(s, "class/net/lo/mtu", O_RDWR);
	char buf[100];

	assert_int_equal(answer(read(fd, buf, 2)), 2);
	assert_int_equal(answer(read(fd, buf + 2, 90)), 4);
	assert_memory_equal(buf, "65536\n", 6);
	assert_int_equal(answer(read(fd, buf, 100)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(answer(write(fd, "1400", 4)), 4); /* moves the place, as in sysfs */
	assert_int_equal(answer(read(fd, buf, 100)), 1);
	assert_memory_equal(buf, "\n", 1);
	assert_int_equal(answer(pwrite(fd, "1300\n", 5, 3)), 5); /* wherever, it is the number */
	assert_int_equal(answer(pread(fd, buf, 100, 0)), 5);
	assert_memory_equal(buf, "1300\n", 5);
	close(fd);
	site_close(s);
}

static unsigned int lines_of(const char *text, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static void a_long_text_is_whole(void **state)
{
	struct site *s = site_or_skip();
	char name[VN_IFNAMSIZ], *text = calloc(1, 1 << 20);
	int fd = open_at(s, "net/dev", O_RDONLY);
	size_t len = 0;
	ssize_t n;

	assert_int_equal(answer(read(fd, text, 1 << 20)), 323); /* two lines of head, and lo */
	for (unsigned int i = 0; i < N_DEVICES; i++) {
		snprintf(name, sizeof(name), "sim%u", i);
		add_device(s, name);
	}
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, text + len, 1000)) > 0) {
		len += (size_t)n;
		add_device(s, "later%d"); /* is in the next text, not in this one */
	}
	assert_int_equal(n, 0);
	assert_true(len > 100000);
	assert_int_equal(lines_of(text, len), 3 + N_DEVICES);
	assert_null(strstr(text, "later"));
	close(fd);
	free(text);
	site_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_meet_in_net),
		cmocka_unit_test(a_device_goes_under_open_files),
		cmocka_unit_test(a_device_is_renamed_under_open_files),
		cmocka_unit_test(the_place_in_a_file),
		cmocka_unit_test(a_long_text_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
