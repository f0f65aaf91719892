/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control tree where the recordings (tests/recordings_test.c) say nothing:
 * which refusal comes first, files that go and come, lost events, removal and
 * interruption during a run, many clients at once. On a pretended machine and
 * two real workers.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "ctl/pretend.h"
#include "ctl/tree.h"

#define TEXT_SIZE 4096
#define LIMIT_S   30 /* for what must happen soon */
#define LOG_MAX   32
#define FIRST     (VN_TREE_PGCTRL + 1) /* file of the first thread */
#define SECOND    (VN_TREE_PGCTRL + 2)

struct bed {
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine *engine;
	struct vn_tree *tree;
	char log[LOG_MAX][200];
	unsigned int n_log; /* under the tree's lock, as all calls of log are */
};

static const struct vn_tree_writer nobody = { .may_control = true };

/* --- the bed ------------------------------------------------------------------ */

static void keep_line(void *arg, const char *line)
{
	struct bed *b = arg;

	if (b->n_log < LOG_MAX)
		snprintf(b->log[b->n_log++], sizeof(b->log[0]), "%s", line);
}

/* Two CPUs that we may use; the only one twice. */
static void choose_cpus(int cpus[2])
{
	if (vn_cpu_list(cpus, 2) == 1)
		cpus[1] = cpus[0];
}

/* Not on the stack: a test that fails leaves its threads behind. */
static struct bed *bed_open_with(struct vn_tree_opts opts)
{
	struct bed *b = calloc(1, sizeof(*b));
	int cpus[2];
	struct vn_engine_opts engine = { .cpus = cpus, .n_cpus = 2, .seed = 1 };
	struct vn_err err = { "" };

	assert_non_null(b);
	choose_cpus(cpus);
	engine.clock = &b->clock;
	vn_clock_real(&b->clock);
	pretend_init(&b->machine, &b->clock, true);
	if (vn_engine_new(&engine, &b->engine, &err) < 0)
		fail_msg("%s", err.text);
	opts.engine = b->engine;
	opts.devices = pretend_devices(&b->machine);
	opts.log = keep_line;
	opts.log_arg = b;
	if (vn_tree_new(&opts, &b->tree, &err) < 0)
		fail_msg("%s", err.text);
	return b;
}

static struct bed *bed_open(void)
{
	return bed_open_with((struct vn_tree_opts){ .count = 1000 });
}

/* What was opened for an entry goes with it. */
static void bed_close(struct bed *b)
{
	vn_tree_free(b->tree);
	assert_int_equal(atomic_load(&b->machine.n_txq), 0);
	assert_int_equal(atomic_load(&b->machine.n_open), 0);
	vn_engine_free(b->engine);
	pretend_fini(&b->machine);
	free(b);
}

static ssize_t write_to(struct bed *b, uint64_t file, const char *text)
{
	return vn_tree_write(b->tree, file, text, strlen(text), &nobody);
}

/* All of it must be taken. */
static void tell(struct bed *b, uint64_t file, const char *text)
{
	ssize_t rc = write_to(b, file, text);

	if (rc != (ssize_t)strlen(text))
		fail_msg("%s: %zd", text, rc);
}

static uint64_t add(struct bed *b, uint64_t thread, const char *word)
{
	char command[64];

	snprintf(command, sizeof(command), "add_device %s", word);
	tell(b, thread, command);
	return vn_tree_lookup(b->tree, word);
}

static const char *text_of(struct bed *b, uint64_t file, char buf[TEXT_SIZE])
{
	ssize_t len = vn_tree_read(b->tree, file, buf, TEXT_SIZE - 1);

	assert_true(len >= 0);
	buf[len] = '\0';
	return buf;
}

static bool says(struct bed *b, uint64_t file, const char *what)
{
	char buf[TEXT_SIZE];

	return strstr(text_of(b, file, buf), what);
}

static bool has_logged(const struct bed *b, const char *what)
{
	unsigned int i;

	for (i = 0; i < b->n_log; i++)
		if (strcmp(b->log[i], what) == 0)
			return true;
	return false;
}

/* Until the file says so. */
static void await(struct bed *b, uint64_t file, const char *what)
{
	const uint64_t end = vn_clock_now(&b->clock) + LIMIT_S * VN_NSEC_PER_SEC;

	while (!says(b, file, what)) {
		if (vn_clock_now(&b->clock) > end)
			fail_msg("waited in vain for \"%s\"", what);
		sched_yield();
	}
}

/* --- a start in the background ------------------------------------------------ */

struct starter {
	pthread_t thread;
	struct bed *bed;
	_Atomic bool is_interrupted;
	ssize_t ret;
};

static bool is_interrupted(void *arg)
{
	struct starter *s = arg;

	return atomic_load(&s->is_interrupted);
}

static void *starter_main(void *arg)
{
	struct starter *s = arg;
	const struct vn_tree_writer who = {
		.is_interrupted = is_interrupted, .arg = s, .may_control = true,
	};

	s->ret = vn_tree_write(s->bed->tree, VN_TREE_PGCTRL, "start\n", 6, &who);
	return NULL;
}

static struct starter *begin(struct bed *b)
{
	struct starter *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->bed = b;
	assert_int_equal(pthread_create(&s->thread, NULL, starter_main, s), 0);
	return s;
}

/* It must return, and count as done. */
static void end(struct starter *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LIMIT_S;
	assert_int_equal(pthread_timedjoin_np(s->thread, NULL, &until), 0);
	assert_int_equal(s->ret, 6);
	free(s);
}

/* A device on the first thread that sends until it is stopped. */
static uint64_t add_endless(struct bed *b, const char *word)
{
	uint64_t file = add(b, FIRST, word);

	tell(b, file, "count 0");
	tell(b, file, "delay 1000000");
	return file;
}

/* --- add_device --------------------------------------------------------------- */

static void add_device_refuses_in_this_order(void **state)
{
	static const struct {
		const char *word;
		int code;
	} cases[] = {
		{ "dummy0", EBUSY },        /* in use, and down */
		{ "nosuch/x", ENODEV },     /* not there, and no name for a file */
		{ "tun9@x/y", EINVAL },     /* no Ethernet, down, no name for a file */
		{ "downdev@x/y", ENETDOWN },/* down, and no name for a file */
		{ "pgctrl", ENETDOWN },     /* down, and a name that is taken */
		{ "eth0@x/y", EPERM },      /* the way out, and no name for a file */
		{ "eth0", EPERM },
		{ "dummy1@x/y", EINVAL },
		{ "", ENODEV },
	};
	char command[64], want[80];
	struct bed *b;
	unsigned int i;

	b = bed_open();
	pretend_add(&b->machine, "tun9", "tun");
	pretend_add(&b->machine, "pgctrl", "dummy");
	pretend_default_route(&b->machine, "eth0");
	add(b, FIRST, "dummy0");
	pretend_up(&b->machine, "dummy0", false);
	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		snprintf(command, sizeof(command), "add_device %s", cases[i].word);
		if (write_to(b, SECOND, command) != -cases[i].code)
			fail_msg("%s: not %s", command, strerror(cases[i].code));
		snprintf(want, sizeof(want), "Result: ERROR: can not add device %s\n",
			 cases[i].word);
		assert_true(says(b, SECOND, want));
		assert_true(says(b, SECOND, "Stopped: \n"));
		assert_int_equal(atomic_load(&b->machine.n_open), 1); /* dummy0 alone */
	}
	bed_close(b);
}

static void names_of_files_that_are_there_are_refused(void **state)
{
	char own[32], buf[TEXT_SIZE];
	struct bed *b;

	b = bed_open();
	snprintf(own, sizeof(own), "kpktgend_%d", vn_worker_cpu(vn_engine_worker(b->engine, 0)));
	pretend_add(&b->machine, "pgctrl", "dummy");
	pretend_add(&b->machine, own, "dummy");
	pretend_up(&b->machine, "pgctrl", true);
	pretend_up(&b->machine, own, true);
	snprintf(buf, sizeof(buf), "add_device %s", own);
	assert_int_equal(write_to(b, FIRST, "add_device pgctrl"), -EINVAL);
	assert_int_equal(write_to(b, FIRST, buf), -EINVAL);
	assert_true(has_logged(b, "cannot create pktgen/pgctrl procfs entry"));
	assert_int_not_equal(add(b, FIRST, "pgctrl@0"), 0);
	assert_true(says(b, FIRST, "Stopped: pgctrl@0 \n"));
	bed_close(b);
}

static void the_way_out_is_used_only_when_named(void **state)
{
	struct bed *b;

	b = bed_open_with((struct vn_tree_opts){ .count = 1000, .really_on = "eth0" });
	pretend_default_route(&b->machine, "eth0");
	pretend_default_route(&b->machine, "dummy0");
	assert_int_not_equal(add(b, FIRST, "eth0@0"), 0);
	assert_int_equal(write_to(b, FIRST, "add_device dummy0"), -EPERM);
	assert_true(has_logged(b, "dummy0 holds the default route "
				   "(--really-on dummy0 if you mean it)"));
	bed_close(b);
}

static void new_entries_begin_with_the_parameters(void **state)
{
	struct bed *b;

	b = bed_open_with((struct vn_tree_opts){ .count = 5, .delay_ns = 7, .clone_skb = 3 });
	assert_true(says(b, add(b, FIRST, "dummy0"), "delay: 7  clone_skb: 3  ifname: dummy0"));
	assert_true(says(b, add(b, FIRST, "veth0"), "delay: 7  clone_skb: 0  ifname: veth0"));
	assert_true(says(b, vn_tree_lookup(b->tree, "veth0"), "Params: count 5  "));
	bed_close(b);
}

static void debug_is_of_all_devices_and_logs_what_is_written(void **state)
{
	uint64_t one, other;
	struct bed *b;

	b = bed_open();
	one = add(b, FIRST, "dummy0");
	other = add(b, SECOND, "veth0");
	tell(b, one, "count 1");
	assert_int_equal(b->n_log, 0);
	tell(b, one, "debug 1");
	tell(b, other, "count\t2\n");
	assert_true(has_logged(b, "veth0: \"count\\0112\\012\": 8"));
	tell(b, other, "debug 0");
	b->n_log = 0;
	tell(b, one, "count 3");
	assert_int_equal(b->n_log, 0);
	bed_close(b);
}

/* --- files -------------------------------------------------------------------- */

static void a_file_that_was_removed_stays_removed(void **state)
{
	char buf[TEXT_SIZE];
	uint64_t file;
	struct bed *b;

	b = bed_open();
	file = add(b, FIRST, "dummy0");
	assert_true(vn_tree_exists(b->tree, file));
	assert_false(vn_tree_is_permanent(b->tree, file));
	tell(b, FIRST, "rem_device_all");
	assert_false(vn_tree_exists(b->tree, file));
	assert_int_equal(vn_tree_lookup(b->tree, "dummy0"), 0);
	assert_int_equal(vn_tree_read(b->tree, file, buf, sizeof(buf)), -EIO);
	assert_int_equal(write_to(b, file, "count 1"), -EIO);
	assert_int_not_equal(add(b, FIRST, "dummy0"), file);
	assert_int_equal(vn_tree_read(b->tree, file, buf, sizeof(buf)), -EIO);
	assert_int_equal(vn_tree_read(b->tree, 0, buf, sizeof(buf)), -EIO);
	bed_close(b);
}

static void a_number_is_never_given_twice(void **state)
{
	uint64_t last, file;
	struct bed *b;
	int i;

	b = bed_open();
	last = SECOND;
	for (i = 0; i < 50; i++) {
		file = add(b, i % 2 ? FIRST : SECOND, "dummy0");
		assert_true(file > last);
		last = file;
		if (i % 3 == 0)
			tell(b, VN_TREE_PGCTRL, "reset");
		else
			tell(b, i % 2 ? FIRST : SECOND, "rem_device_all");
	}
	bed_close(b);
}

struct names {
	char text[256];
	unsigned int left; /* of those to be told, then it ends the list */
};

static int join_name(void *arg, const char *name, uint64_t file)
{
	struct names *n = arg;
	size_t len = strlen(n->text);

	snprintf(n->text + len, sizeof(n->text) - len, "%s ", name);
	return --n->left == 0 ? 77 : 0;
}

static void the_list_is_by_length_then_by_bytes(void **state)
{
	struct names all = { "", 100 }, some = { "", 3 };
	struct bed *b;

	b = bed_open();
	add(b, FIRST, "veth0");
	add(b, SECOND, "dummy1@longer");
	add(b, FIRST, "dummy0");
	add(b, SECOND, "eth0");
	assert_int_equal(vn_tree_list(b->tree, join_name, &all), 0);
	assert_ptr_equal(strstr(all.text, "eth0 veth0 dummy0 pgctrl kpktgend_"), all.text);
	assert_string_equal(all.text + strlen(all.text) - 14, "dummy1@longer ");
	assert_int_equal(vn_tree_list(b->tree, join_name, &some), 77);
	assert_string_equal(some.text, "eth0 veth0 dummy0 ");
	bed_close(b);
}

struct looked {
	unsigned int n;
	uint64_t sent;
	char text[128];
};

static int look_at(void *arg, const struct vn_tree_entry *entries, unsigned int n)
{
	struct looked *l = arg;

	l->n = n;
	for (unsigned int i = 0; i < n; i++) {
		size_t len = strlen(l->text);

		l->sent += vn_stat_get(&entries[i].stats->sofar);
		snprintf(l->text + len, sizeof(l->text) - len, "%s:%s ", entries[i].name,
			 entries[i].interface);
	}
	return 7;
}

static void attached_devices_are_seen_with_their_counters(void **state)
{
	struct bed *b = bed_open();
	struct looked none = { 0 }, two = { 0 };
	uint64_t file;

	assert_int_equal(vn_tree_look(b->tree, look_at, &none), 7);
	assert_int_equal(none.n, 0);
	file = add(b, FIRST, "dummy0@x");
	add(b, SECOND, "eth0");
	tell(b, file, "count 3");
	tell(b, VN_TREE_PGCTRL, "start");
	assert_int_equal(vn_tree_look(b->tree, look_at, &two), 7);
	assert_int_equal(two.n, 2);
	assert_string_equal(two.text, "dummy0@x:dummy0 eth0:eth0 ");
	assert_int_equal(two.sent, 3 + 1000);
	bed_close(b);
}

static void a_text_is_cut_where_the_room_ends(void **state)
{
	char whole[TEXT_SIZE], part[TEXT_SIZE];
	uint64_t files[3] = { VN_TREE_PGCTRL, FIRST };
	struct bed *b;
	unsigned int i;

	b = bed_open();
	files[2] = add(b, FIRST, "dummy0");
	for (i = 0; i < VN_ARRAY_SIZE(files); i++) {
		text_of(b, files[i], whole);
		memset(part, 'x', sizeof(part));
		assert_true(vn_tree_read(b->tree, files[i], part, 11) <= 11);
		assert_memory_equal(part, whole, 10);
		assert_int_equal(part[11], 'x');
	}
	bed_close(b);
}

static void only_who_may_control_controls(void **state)
{
	static const struct vn_tree_writer weak = { .may_control = false };
	static const char *const words[] = { "start", "stop", "reset", "nonsense", "" };
	uint64_t file;
	struct bed *b;
	unsigned int i;

	b = bed_open();
	file = add(b, FIRST, "dummy0");
	for (i = 0; i < VN_ARRAY_SIZE(words); i++)
		assert_int_equal(vn_tree_write(b->tree, VN_TREE_PGCTRL, words[i], strlen(words[i]),
					       &weak), -EPERM);
	assert_true(vn_tree_exists(b->tree, file));
	assert_true(says(b, file, "Result: Idle"));
	/* The other files do not ask. */
	assert_int_equal(vn_tree_write(b->tree, file, "count 1", 7, &weak), 7);
	bed_close(b);
}

/* --- devices that change ------------------------------------------------------ */

static void a_rename_moves_the_first_file_of_a_thread(void **state)
{
	uint64_t first, second, moved;
	struct bed *b;

	b = bed_open();
	first = add(b, FIRST, "dummy1@a");
	second = add(b, FIRST, "dummy1@b"); /* in front of the other */
	pretend_rename(&b->machine, "dummy1", "fresh");
	moved = vn_tree_lookup(b->tree, "fresh");
	assert_true(moved > second);
	assert_false(vn_tree_exists(b->tree, second));
	assert_int_equal(vn_tree_lookup(b->tree, "dummy1@b"), 0);
	assert_true(says(b, moved, "ifname: dummy1@b\n"));
	assert_int_equal(vn_tree_lookup(b->tree, "dummy1@a"), first);
	assert_int_equal(write_to(b, SECOND, "add_device dummy1@b"), -EBUSY);
	bed_close(b);
}

static void a_rename_to_a_name_that_is_taken_loses_the_file(void **state)
{
	uint64_t file, other;
	struct bed *b;

	b = bed_open();
	file = add(b, FIRST, "dummy1");
	other = add(b, SECOND, "veth0");
	pretend_rename(&b->machine, "dummy1", "pgctrl");
	assert_int_equal(vn_tree_lookup(b->tree, "pgctrl"), VN_TREE_PGCTRL);
	assert_false(vn_tree_exists(b->tree, file));
	assert_true(has_logged(b, "can't move proc entry for 'pgctrl'"));
	assert_true(says(b, FIRST, "Stopped: dummy1 \n"));
	/* It still sends, and goes with all others. */
	tell(b, VN_TREE_PGCTRL, "start");
	assert_true(says(b, other, "pkts-sofar: 1000 "));
	tell(b, FIRST, "rem_device_all");
	assert_true(says(b, FIRST, "Stopped: \n"));
	bed_close(b);
}

static void entries_go_with_their_device(void **state)
{
	uint64_t one, other, stays;
	struct bed *b;

	b = bed_open();
	one = add(b, FIRST, "dummy1");
	other = add(b, SECOND, "dummy1@1");
	stays = add(b, SECOND, "dummy0");
	pretend_rename(&b->machine, "dummy1", "fresh");
	pretend_del(&b->machine, "fresh");
	assert_true(says(b, FIRST, "Stopped: \n"));
	assert_true(says(b, SECOND, "Stopped: dummy0 \n"));
	assert_false(vn_tree_exists(b->tree, one));
	assert_false(vn_tree_exists(b->tree, other));
	assert_true(vn_tree_exists(b->tree, stays));
	assert_int_equal(atomic_load(&b->machine.n_open), 1);
	bed_close(b);
}

static void lost_events_are_made_up_for(void **state)
{
	uint64_t gone, renamed, changed;
	struct bed *b;

	b = bed_open();
	gone = add(b, FIRST, "dummy0");
	renamed = add(b, FIRST, "dummy1");
	changed = add(b, SECOND, "veth0");
	pretend_del(&b->machine, "dummy0");
	pretend_rename(&b->machine, "dummy1", "fresh");
	pretend_addr(&b->machine, "veth0", 0x0a000063);
	pretend_lose(&b->machine);
	assert_int_not_equal(vn_tree_lookup(b->tree, "fresh"), 0);
	assert_false(vn_tree_exists(b->tree, gone));
	assert_false(vn_tree_exists(b->tree, renamed));
	tell(b, VN_TREE_PGCTRL, "start");
	assert_true(says(b, changed, "cur_saddr: 10.0.0.99"));
	bed_close(b);
}

static void another_device_by_the_old_name_is_another(void **state)
{
	uint64_t file;
	struct bed *b;

	b = bed_open();
	add(b, FIRST, "dummy1");
	pretend_del(&b->machine, "dummy1");
	pretend_add(&b->machine, "dummy1", "veth");
	pretend_up(&b->machine, "dummy1", true);
	assert_true(says(b, FIRST, "Stopped: \n"));
	file = add(b, FIRST, "dummy1");
	assert_int_equal(write_to(b, file, "clone_skb 2"), -EOPNOTSUPP);
	bed_close(b);
}

/* --- runs --------------------------------------------------------------------- */

static void a_start_without_devices_returns(void **state)
{
	struct bed *b;

	b = bed_open();
	tell(b, VN_TREE_PGCTRL, "start");
	bed_close(b);
}

static void a_start_waits_for_all_and_others_go_on(void **state)
{
	struct starter *first, *second;
	uint64_t file;
	struct bed *b;

	b = bed_open();
	file = add_endless(b, "dummy0");
	first = begin(b);
	await(b, file, "Result: Starting");
	second = begin(b);
	tell(b, SECOND, "add_device veth0");
	tell(b, file, "udp_dst_min 7");
	assert_true(says(b, FIRST, "Running: dummy0 \n"));
	tell(b, VN_TREE_PGCTRL, "stop");
	/* The second may come after that stop, and would run on. */
	atomic_store(&second->is_interrupted, true);
	end(first);
	end(second);
	assert_true(says(b, FIRST, "Running: \n"));
	bed_close(b);
}

static void a_writer_that_is_interrupted_ends_the_run(void **state)
{
	struct starter *s;
	uint64_t file;
	struct bed *b;

	b = bed_open();
	file = add_endless(b, "dummy0");
	s = begin(b);
	await(b, file, "Result: Starting");
	atomic_store(&s->is_interrupted, true);
	end(s);
	assert_true(says(b, file, "Result: OK: "));
	assert_true(says(b, FIRST, "Running: \n"));
	bed_close(b);
}

static void a_shut_tree_ends_runs_and_begins_none_that_last(void **state)
{
	struct starter *s;
	uint64_t file;
	struct bed *b;

	b = bed_open();
	file = add_endless(b, "dummy0");
	s = begin(b);
	await(b, file, "Result: Starting");
	vn_tree_shut(b->tree);
	end(s);
	assert_true(says(b, file, "Result: OK: "));
	s = begin(b);
	end(s);
	assert_true(says(b, FIRST, "Running: \n"));
	bed_close(b);
}

static void remove_all(struct bed *b)
{
	tell(b, FIRST, "rem_device_all");
}

static void reset(struct bed *b)
{
	tell(b, VN_TREE_PGCTRL, "reset");
}

static void delete_device(struct bed *b)
{
	pretend_del(&b->machine, "dummy0");
	vn_tree_lookup(b->tree, "pgctrl"); /* hears of it */
}

static void a_removal_during_a_run_ends_it(void **state)
{
	static void (*const ways[])(struct bed *b) = { remove_all, reset, delete_device };
	struct starter *s;
	uint64_t file;
	struct bed *b;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(ways); i++) {
		b = bed_open();
		file = add_endless(b, "dummy0");
		s = begin(b);
		await(b, file, "Result: Starting");
		ways[i](b);
		end(s);
		assert_false(vn_tree_exists(b->tree, file));
		assert_true(says(b, FIRST, "Running: \nStopped: \n"));
		assert_int_equal(atomic_load(&b->machine.n_open), 0);
		bed_close(b);
	}
}

static void a_device_that_goes_down_ends_its_run(void **state)
{
	struct starter *s;
	uint64_t file;
	struct bed *b;

	b = bed_open();
	file = add_endless(b, "dummy0");
	s = begin(b);
	await(b, file, "Result: Starting");
	pretend_up(&b->machine, "dummy0", false);
	await(b, FIRST, "Running: \nStopped: dummy0 \n");
	end(s);
	assert_true(says(b, file, "Result: OK: "));
	tell(b, VN_TREE_PGCTRL, "start"); /* ends at once, with nothing sent */
	assert_true(says(b, file, "usec, 0 (58byte,-1frags)"));
	bed_close(b);
}

static void a_tree_that_is_freed_ends_its_runs(void **state)
{
	struct bed *b;

	b = bed_open();
	add_endless(b, "dummy0");
	add(b, SECOND, "veth0");
	vn_engine_start(b->engine);
	await(b, FIRST, "Running: dummy0 ");
	bed_close(b);
}

/* --- many at once ------------------------------------------------------------- */

#define ROUNDS 1000

struct crowd {
	struct bed *bed;
	_Atomic unsigned int n_wrong; /* answers that no client may get */
	_Atomic bool has_started;     /* the last time */
};

static void expect(struct crowd *c, bool is_right)
{
	if (!is_right)
		atomic_fetch_add(&c->n_wrong, 1);
}

/* 0 or more, or what answers to a file that was just removed. */
static bool is_answer(ssize_t rc)
{
	return rc >= 0 || rc == -EIO;
}

static void *reads(void *arg)
{
	static const char *const names[] = { "dummy0", "dummy1@1", "veth0@endless", "pgctrl" };
	struct crowd *c = arg;
	struct names all;
	char buf[TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t file = vn_tree_lookup(c->bed->tree, names[i % VN_ARRAY_SIZE(names)]);

		all = (struct names){ "", 100 };
		expect(c, is_answer(vn_tree_read(c->bed->tree, file, buf, sizeof(buf))));
		expect(c, vn_tree_read(c->bed->tree, i % 2 ? FIRST : SECOND, buf, sizeof(buf)) > 0);
		expect(c, vn_tree_list(c->bed->tree, join_name, &all) == 0);
	}
	return NULL;
}

static void *sets(void *arg)
{
	static const char *const commands[] = {
		"count 100", "pkt_size 100", "delay 1000", "flag UDPSRC_RND", "udp_src_max 99",
		"vlan_id 7", "vlan_id 4096", "delay 0", "clear_counters",
	};
	struct crowd *c = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t file = vn_tree_lookup(c->bed->tree, i % 2 ? "dummy0" : "dummy1@1");

		expect(c, is_answer(write_to(c->bed, file,
					     commands[i % VN_ARRAY_SIZE(commands)])));
	}
	return NULL;
}

static void *adds_and_removes(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;
	ssize_t rc;

	for (i = 0; i < ROUNDS; i++) {
		rc = write_to(c->bed, FIRST, "add_device dummy0");
		expect(c, rc > 0 || rc == -EBUSY || rc == -ENODEV);
		rc = write_to(c->bed, FIRST, "add_device dummy1@1");
		expect(c, rc > 0 || rc == -EBUSY || rc == -ENODEV);
		expect(c, write_to(c->bed, FIRST, "rem_device_all") > 0);
	}
	return NULL;
}

static void *changes_devices(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		pretend_rename(&c->bed->machine, i % 2 ? "fresh" : "dummy1",
			       i % 2 ? "dummy1" : "fresh");
		pretend_addr(&c->bed->machine, "veth0", 0x0a000001 + i);
		if (i % 10 == 0)
			pretend_lose(&c->bed->machine);
		vn_tree_exists(c->bed->tree, SECOND + i);
	}
	return NULL;
}

static void *starts(void *arg)
{
	struct crowd *c = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		expect(c, write_to(c->bed, VN_TREE_PGCTRL, "start\n") == 6);
	atomic_store(&c->has_started, true);
	return NULL;
}

/* One device sends until it is stopped. */
static void *stops(void *arg)
{
	struct crowd *c = arg;

	while (!atomic_load(&c->has_started)) {
		expect(c, write_to(c->bed, VN_TREE_PGCTRL, "stop\n") == 5);
		sched_yield();
	}
	return NULL;
}

static void many_clients_at_once(void **state)
{
	static void *(*const clients[])(void *arg) = {
		reads, reads, sets, sets, adds_and_removes, changes_devices, starts, stops,
	};
	pthread_t threads[VN_ARRAY_SIZE(clients)];
	struct crowd c = { .n_wrong = 0 };
	unsigned int i;

	c.bed = bed_open();
	tell(c.bed, add(c.bed, SECOND, "veth0@endless"), "count 0");
	for (i = 0; i < VN_ARRAY_SIZE(clients); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, clients[i], &c), 0);
	for (i = 0; i < VN_ARRAY_SIZE(clients); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&c.n_wrong), 0);
	bed_close(c.bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_device_refuses_in_this_order),
		cmocka_unit_test(names_of_files_that_are_there_are_refused),
		cmocka_unit_test(the_way_out_is_used_only_when_named),
		cmocka_unit_test(new_entries_begin_with_the_parameters),
		cmocka_unit_test(debug_is_of_all_devices_and_logs_what_is_written),
		cmocka_unit_test(a_file_that_was_removed_stays_removed),
		cmocka_unit_test(a_number_is_never_given_twice),
		cmocka_unit_test(the_list_is_by_length_then_by_bytes),
		cmocka_unit_test(attached_devices_are_seen_with_their_counters),
		cmocka_unit_test(a_text_is_cut_where_the_room_ends),
		cmocka_unit_test(only_who_may_control_controls),
		cmocka_unit_test(a_rename_moves_the_first_file_of_a_thread),
		cmocka_unit_test(a_rename_to_a_name_that_is_taken_loses_the_file),
		cmocka_unit_test(entries_go_with_their_device),
		cmocka_unit_test(lost_events_are_made_up_for),
		cmocka_unit_test(another_device_by_the_old_name_is_another),
		cmocka_unit_test(a_start_without_devices_returns),
		cmocka_unit_test(a_start_waits_for_all_and_others_go_on),
		cmocka_unit_test(a_writer_that_is_interrupted_ends_the_run),
		cmocka_unit_test(a_shut_tree_ends_runs_and_begins_none_that_last),
		cmocka_unit_test(a_removal_during_a_run_ends_it),
		cmocka_unit_test(a_device_that_goes_down_ends_its_run),
		cmocka_unit_test(a_tree_that_is_freed_ends_its_runs),
		cmocka_unit_test(many_clients_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
