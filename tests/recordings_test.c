/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every step recorded from pktgen of Linux 7.2, done again on a control tree
 * of ours: what each write returns, the Result, the lines that appear and
 * vanish, whole texts, names in the directory and lines of the log must be
 * what the kernel answered. Runs really run, on two workers and the machine's
 * clock; the interfaces are pretended (ctl/pretend.h).
 *
 * golden/make_commands.py made the file and says what its lines mean. How long
 * a write took is not compared: the kernel sleeps 125 ms where ours is done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cpu.h"
#include "base/text.h"
#include "ctl/ctl_priv.h"
#include "ctl/pretend.h"
#include "ctl/tree.h"
#include "recorded_text.h"

#define MAX_GROUPS  256
#define MAX_FILES   64
#define MAX_WRITERS 4
#define MAX_LOG     64
#define MAX_NAMES   64
#define BYTES_MAX   4096 /* of a write */
#define TREE_TEXT   8192
#define KNOWN_MAX   (VN_RESULT_SIZE + 64)
#define LIMIT_S     30   /* for what must happen soon */
#define SIGKILL_NR  9

/* What is not held, step by step, with the reason. A row that nothing needs is
 * an error. */
static const struct unheld {
	const char *what, *reason;
} unheld_steps[] = {
	{ "listing.005", "the kernel's own list of processes and modules" },
	{ "hotplug.001", "a CPU taken away: nothing of it reaches the tree" },
	{ "caps.001.modes", "modes of files are the mount's (integration/recordings.py)" },
	{ "risky.004", "looks past the kernel's map of NUMA nodes, at what lies there" },
	{ "risky.007", "looks past the kernel's map of NUMA nodes, at what lies there" },
	{ "risky.020", "with debug on, the kernel refuses a write too long for its log" },
	{ "risky.033", "packets of more than 65,535 bytes are refused: no length field says so" },
	{ "risky.038", "packets of more than 65,535 bytes are refused: no length field says so" },
	{ "flags.068", "NODE_ALLOC is taken: scripts for older kernels write it" },
	{ "flags.096", "NODE_ALLOC is taken: scripts for older kernels write it" },
	{ "flags.all_show_order.008", "NODE_ALLOC is taken: scripts for older kernels write it" },
};

/* Lines of the kernel's log that the tree does not write. */
static const struct unheld unheld_lines[] = {
	{ "Packet Generator for packet performance testing.", "said when the module is loaded" },
	{ "Delay set at: ", "with debug on, each write is logged instead" },
};

struct lines {
	char lines[MAX_LOG][256];
	unsigned int n;
};

struct text_log {
	pthread_mutex_t lock;
	struct lines kept;
};

/* What was recorded last of a file's end, as a pattern. */
struct known {
	char file[64];
	char result[KNOWN_MAX];
};

/* A pretended machine with its workers and its tree. */
struct host {
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine *engine;
	struct vn_tree *tree;
	struct known known[MAX_FILES];
	unsigned int n_known;
};

struct writer {
	pthread_t thread;
	const char *id;            /* NULL: the place is free */
	struct vn_tree *tree;
	uint64_t file;
	char bytes[64];
	size_t len;
	_Atomic bool is_interrupted, is_done;
	ssize_t ret;
};

struct replay {
	json_t *lines;
	int cpus[2];
	struct host main, other;   /* other: a second namespace, while its engine is set */
	struct text_log log;
	struct writer writers[MAX_WRITERS];
	bool has_debug;
	char *guarded;             /* BYTES_MAX bytes that end where no page is mapped */
	unsigned int n_steps, n_compared, n_skipped;
	bool step_is_used[VN_ARRAY_SIZE(unheld_steps)];
	bool line_is_used[VN_ARRAY_SIZE(unheld_lines)];
};

struct group {
	struct replay *r;
	size_t first, end; /* lines */
};

/* --- machines and trees ------------------------------------------------------- */

static void keep_line(void *arg, const char *line)
{
	struct text_log *log = arg;

	pthread_mutex_lock(&log->lock);
	if (log->kept.n < MAX_LOG)
		snprintf(log->kept.lines[log->kept.n++], sizeof(log->kept.lines[0]), "%s", line);
	pthread_mutex_unlock(&log->lock);
}

static void open_tree(struct replay *r, struct host *h, const json_t *parameters)
{
	const json_t *count = json_object_get(parameters, "pg_count_d");
	struct vn_tree_opts opts = {
		.engine = h->engine,
		.devices = pretend_devices(&h->machine),
		.count = count ? (uint64_t)json_integer_value(count) : 1000,
		.delay_ns = (uint64_t)json_integer_value(json_object_get(parameters, "pg_delay_d")),
		.clone_skb = (int32_t)json_integer_value(json_object_get(parameters,
									 "pg_clone_skb_d")),
		.debug = (int32_t)json_integer_value(json_object_get(parameters, "debug")),
		.log = keep_line,
		.log_arg = &r->log,
	};
	struct vn_err err = { "" };

	r->has_debug = opts.debug;
	h->n_known = 0;
	if (vn_tree_new(&opts, &h->tree, &err) < 0)
		fail_msg("%s", err.text);
}

/* With its tree everything that was opened must be closed. */
static void close_tree(struct host *h)
{
	vn_tree_free(h->tree);
	h->tree = NULL;
	assert_int_equal(atomic_load(&h->machine.n_txq), 0);
	assert_int_equal(atomic_load(&h->machine.n_open), 0);
}

static void open_host(struct replay *r, struct host *h, bool with_all)
{
	const struct vn_engine_opts opts = {
		.clock = &h->clock, .cpus = r->cpus, .n_cpus = 2, .seed = 1,
	};
	struct vn_err err = { "" };

	vn_clock_real(&h->clock);
	pretend_init(&h->machine, &h->clock, with_all);
	if (vn_engine_new(&opts, &h->engine, &err) < 0)
		fail_msg("%s", err.text);
	open_tree(r, h, NULL);
}

static void close_host(struct host *h)
{
	if (!h->engine)
		return;
	close_tree(h);
	vn_engine_free(h->engine);
	h->engine = NULL;
	pretend_fini(&h->machine);
}

static struct host *host_of(struct replay *r)
{
	return r->other.engine ? &r->other : &r->main;
}

/* --- files -------------------------------------------------------------------- */

struct listing {
	struct vn_tree *tree;
	char names[MAX_NAMES][64];
	uint64_t files[MAX_NAMES];
	unsigned int n;
};

static int add_name(void *arg, const char *name, uint64_t file)
{
	struct listing *l = arg;

	if (l->n == MAX_NAMES)
		return -E2BIG;
	snprintf(l->names[l->n], sizeof(l->names[0]), "%s", name);
	l->files[l->n++] = file;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one < two ? -1 : one > two;
}

/* Files of the threads, that of the first first: the recorded kpktgend_0 and 1,
 * whatever CPUs this machine gives us, even the same for both. */
static void thread_files(struct vn_tree *tree, uint64_t out[2])
{
	struct listing l = { .n = 0 };
	uint64_t permanent[3];
	unsigned int i, n = 0;

	assert_int_equal(vn_tree_list(tree, add_name, &l), 0);
	for (i = 0; i < l.n; i++)
		if (vn_tree_is_permanent(tree, l.files[i]) && strcmp(l.names[i], "pgctrl") != 0)
			permanent[n++] = l.files[i];
	assert_int_equal(n, 2);
	qsort(permanent, n, sizeof(permanent[0]), by_number);
	memcpy(out, permanent, 2 * sizeof(out[0]));
}

static uint64_t file_of(struct vn_tree *tree, const char *name)
{
	uint64_t threads[2];

	if (strncmp(name, "kpktgend_", 9) != 0)
		return vn_tree_lookup(tree, name);
	thread_files(tree, threads);
	return threads[name[9] == '1'];
}

static void read_file(struct vn_tree *tree, uint64_t file, char *text, size_t cap)
{
	ssize_t len = vn_tree_read(tree, file, text, cap - 1);

	if (len < 0)
		fail_msg("read: %s", strerror((int)-len));
	text[len] = '\0';
}

static char *known_result(struct host *h, const char *file)
{
	unsigned int i;

	for (i = 0; i < h->n_known; i++)
		if (strcmp(h->known[i].file, file) == 0)
			return h->known[i].result;
	assert_true(h->n_known < MAX_FILES);
	h->n_known++;
	snprintf(h->known[i].file, sizeof(h->known[i].file), "%s", file);
	return h->known[i].result;
}

/* From "Result: " on; pgctrl has only that end. */
static const char *result_of(const char *text)
{
	const char *at = strstr(text, "\nResult: ");

	return strncmp(text, "Packet Generator", 16) == 0 || !at ? text : at + 1;
}

/* --- words of the golden file ------------------------------------------------- */

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} codes[] = {
		{ "EINVAL", EINVAL },   { "E2BIG", E2BIG },   { "EOPNOTSUPP", EOPNOTSUPP },
		{ "EBUSY", EBUSY },     { "ENODEV", ENODEV }, { "ENETDOWN", ENETDOWN },
		{ "ENOENT", ENOENT },   { "EPERM", EPERM },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i].name, name) == 0)
			return codes[i].code;
	fail_msg("errno %s is not known here", name);
	return 0;
}

static const char *word_of(const json_t *line, const char *key)
{
	return json_string_value(json_object_get(line, key));
}

/* JSON holds bytes as characters up to U+00FF. Returns how many there are. */
static size_t get_bytes(const json_t *string, char *out, size_t cap)
{
	const unsigned char *s = (const unsigned char *)json_string_value(string);
	size_t n = json_string_length(string), len = 0, i;

	assert_true(n < cap);
	for (i = 0; i < n; i++) {
		bool is_pair = s[i] >= 0x80;

		out[len++] = (char)(is_pair ? (s[i] & 0x03) << 6 | (s[i + 1] & 0x3f) : s[i]);
		i += is_pair;
	}
	out[len] = '\0';
	return len;
}

/* --- waiting ------------------------------------------------------------------ */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * VN_NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static bool is_over(uint64_t since_ns)
{
	return now_ns() > since_ns + LIMIT_S * VN_NSEC_PER_SEC;
}

static void look_later(void)
{
	const struct timespec ms = { 0, 1000000 };

	nanosleep(&ms, NULL);
}

static bool somebody_writes(const struct replay *r)
{
	unsigned int i;

	for (i = 0; i < MAX_WRITERS; i++)
		if (r->writers[i].id)
			return true;
	return false;
}

/* --- the log ------------------------------------------------------------------ */

/* With debug on the tree logs each write: `FILE: "TEXT": RESULT`. */
static bool is_debug_line(const struct replay *r, const char *line)
{
	const char *space = strchr(line, ' ');

	return r->has_debug && space && space > line && space[-1] == ':' && space[1] == '"';
}

/* Takes the line out of the log; false: it is not there. */
static bool take_line(struct lines *log, const char *line)
{
	unsigned int i;

	for (i = 0; i < log->n; i++) {
		if (strcmp(log->lines[i], line) != 0)
			continue;
		log->n--;
		memmove(log->lines[i], log->lines[i + 1],
			(log->n - i) * sizeof(log->lines[0]));
		return true;
	}
	return false;
}

/* Is this one of the lines that the tree does not write? */
static bool is_unheld_line(struct replay *r, const char *line)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(unheld_lines); i++) {
		if (!strstr(line, unheld_lines[i].what))
			continue;
		r->line_is_used[i] = true;
		return true;
	}
	return false;
}

static void check_log(struct replay *r, const json_t *line, const char *id)
{
	struct lines log;
	const json_t *want;
	unsigned int i;
	size_t n;

	pthread_mutex_lock(&r->log.lock);
	log = r->log.kept;
	r->log.kept.n = 0;
	pthread_mutex_unlock(&r->log.lock);
	json_array_foreach(json_object_get(line, "k"), n, want) {
		const char *text = json_string_value(want);

		if (!take_line(&log, text) && !is_unheld_line(r, text))
			fail_msg("%s: not logged: %s", id, text);
	}
	for (i = 0; i < log.n; i++)
		if (!is_debug_line(r, log.lines[i]))
			fail_msg("%s: logged: %s", id, log.lines[i]);
}

/* --- lines that come and go --------------------------------------------------- */

/* Counters move on while a run goes on; times always. */
static bool is_moving(const struct replay *r, const char *line, size_t len)
{
	static const char *const counters[] = { "     pkts-sofar:", "     seq_num:" };
	unsigned int i;

	if (memmem(line, len, "started:", 8))
		return true;
	for (i = 0; i < VN_ARRAY_SIZE(counters) && somebody_writes(r); i++)
		if (strncmp(line, counters[i], strlen(counters[i])) == 0)
			return true;
	return false;
}

/* In text, is there this line above Result? */
static bool has_line(const char *text, const char *line, size_t len)
{
	const char *result = result_of(text);

	while (text < result) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, len) == 0)
			return true;
		text += n + 1;
	}
	return false;
}

/* The lines of text that other does not have must be those of want. */
static void check_lines(const struct replay *r, const char *text, const char *other,
			const json_t *want, const char *what, const char *id)
{
	const char *result = result_of(text);
	size_t seen = 0;

	while (text < result) {
		size_t n = strcspn(text, "\n");

		if (!has_line(other, text, n) && !is_moving(r, text, n)) {
			const char *line = json_string_value(json_array_get(want, seen++));

			if (!line || strlen(line) != n || memcmp(line, text, n) != 0)
				fail_msg("%s: %s line \"%.*s\", recorded \"%s\"", id, what, (int)n,
					 text, line ? line : "(none)");
		}
		text += n + 1;
	}
	if (seen != json_array_size(want))
		fail_msg("%s: %zu %s lines, recorded %zu", id, seen, what, json_array_size(want));
}

/* --- writing ------------------------------------------------------------------ */

/* The kernel reads no further than the bytes go: neither do we. */
static ssize_t write_guarded(struct replay *r, struct vn_tree *tree, uint64_t file,
			     const char *bytes, size_t len)
{
	static const struct vn_tree_writer who = { .may_control = true };
	char *copy = r->guarded + BYTES_MAX - len;

	memcpy(copy, bytes, len);
	return vn_tree_write(tree, file, copy, len, &who);
}

/* A run that goes on in the background may end between an answer and its being
 * read. */
static bool is_of_ended_run(const char *result)
{
	return strstr(result, " usec, ");
}

static void check_write(struct replay *r, const json_t *line, const char *id)
{
	const char *file = word_of(line, "f"), *error = word_of(line, "e");
	struct vn_tree *tree = host_of(r)->tree;
	char *known = known_result(host_of(r), file);
	char before[TREE_TEXT], after[TREE_TEXT], bytes[BYTES_MAX + 1];
	size_t len = get_bytes(json_object_get(line, "w"), bytes, sizeof(bytes));
	uint64_t number = file_of(tree, file);
	ssize_t want = error ? -errno_of(error) : (ssize_t)len, got;

	if (number == 0 && want != -ENOENT)
		fail_msg("%s: no file %s", id, file);
	if (number == 0)
		return;
	if (json_object_get(line, "a"))
		get_bytes(json_object_get(line, "a"), known, KNOWN_MAX);
	read_file(tree, number, before, sizeof(before));
	got = write_guarded(r, tree, number, bytes, len);
	read_file(tree, number, after, sizeof(after));
	if (got != want)
		fail_msg("%s: %s returned %zd, recorded %zd", id, bytes, got, want);
	if (!recorded_text_matches(result_of(after), known, r->cpus) &&
	    !(somebody_writes(r) && is_of_ended_run(result_of(after))))
		fail_msg("%s: %s answers %s, recorded %s", id, bytes, result_of(after),
			 known);
	check_lines(r, after, before, json_object_get(line, "+"), "new", id);
	check_lines(r, before, after, json_object_get(line, "-"), "vanished", id);
	if (strncmp(result_of(after), "Result: OK: debug=", 18) == 0)
		r->has_debug = strcmp(result_of(after), "Result: OK: debug=0\n") != 0;
}

/* --- writing in the background ------------------------------------------------ */

static bool writer_is_interrupted(void *arg)
{
	struct writer *w = arg;

	return atomic_load(&w->is_interrupted);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	const struct vn_tree_writer who = {
		.is_interrupted = writer_is_interrupted, .arg = w, .may_control = true,
	};

	w->ret = vn_tree_write(w->tree, w->file, w->bytes, w->len, &who);
	atomic_store(&w->is_done, true);
	return NULL;
}

static bool something_runs(struct vn_tree *tree)
{
	char text[TREE_TEXT];
	uint64_t threads[2];
	unsigned int i;

	thread_files(tree, threads);
	for (i = 0; i < 2; i++) {
		read_file(tree, threads[i], text, sizeof(text));
		if (strncmp(text, "Running: \n", 10) != 0)
			return true;
	}
	return false;
}

static int do_nothing(void *arg)
{
	return 0;
}

/* Every worker has acted on what was requested of it so far. */
static void let_workers_act(struct vn_engine *engine)
{
	unsigned int i;

	for (i = 0; i < vn_engine_n_workers(engine); i++)
		vn_worker_call(vn_engine_worker(engine, i), do_nothing, NULL);
}

/* All that follow such a step rely on the run being under way, on every worker:
 * a start requests it of all before the tree can be looked at. */
static void begin_write(struct replay *r, const json_t *line, const char *id)
{
	struct writer *w = r->writers;
	uint64_t since = now_ns();

	while (w < r->writers + MAX_WRITERS && w->id)
		w++;
	assert_true(w < r->writers + MAX_WRITERS);
	memset(w, 0, sizeof(*w));
	w->tree = host_of(r)->tree;
	w->file = file_of(w->tree, word_of(line, "f"));
	w->len = get_bytes(json_object_get(line, "b"), w->bytes, sizeof(w->bytes));
	assert_int_equal(pthread_create(&w->thread, NULL, writer_main, w), 0);
	w->id = id;
	while (!something_runs(w->tree) && !atomic_load(&w->is_done)) {
		if (is_over(since))
			fail_msg("%s: nothing runs", id);
		look_later();
	}
	let_workers_act(host_of(r)->engine);
}

static void end_write(struct replay *r, const json_t *line, const char *id)
{
	json_int_t signal = json_integer_value(json_object_get(line, "sig"));
	const char *which = word_of(line, "end");
	struct writer *w = r->writers;
	uint64_t since = now_ns();

	while (w < r->writers + MAX_WRITERS && (!w->id || strcmp(w->id, which) != 0))
		w++;
	assert_true(w < r->writers + MAX_WRITERS);
	if (signal)
		atomic_store(&w->is_interrupted, true);
	while (!atomic_load(&w->is_done)) {
		if (is_over(since))
			fail_msg("%s: the write does not end", id);
		look_later();
	}
	pthread_join(w->thread, NULL);
	w->id = NULL;
	if (signal != SIGKILL_NR) /* who is killed gets no answer */
		assert_int_equal(w->ret, w->len);
}

/* What a step that failed left behind. */
static void end_all_writes(struct replay *r)
{
	unsigned int i;

	for (i = 0; i < MAX_WRITERS; i++) {
		struct writer *w = &r->writers[i];

		if (!w->id)
			continue;
		atomic_store(&w->is_interrupted, true);
		pthread_join(w->thread, NULL);
		w->id = NULL;
	}
}

/* --- reading ------------------------------------------------------------------ */

/* While a run goes on in the background, a text may be that of a moment to
 * come; else it is there at once. */
static void check_text(struct replay *r, const json_t *line, const char *id)
{
	struct vn_tree *tree = host_of(r)->tree;
	const char *file = word_of(line, "f"), *wrong;
	char pattern[TREE_TEXT], text[TREE_TEXT];
	uint64_t since = now_ns(), number = file_of(tree, file);
	size_t len;

	if (json_is_null(json_object_get(line, "t"))) {
		assert_int_equal(number, 0);
		return;
	}
	if (number == 0)
		fail_msg("%s: no file %s", id, file);
	get_bytes(json_object_get(line, "t"), pattern, sizeof(pattern));
	for (;;) {
		read_file(tree, number, text, sizeof(text));
		wrong = recorded_text_difference(text, pattern, r->cpus, &len);
		if (!wrong)
			break;
		if (!somebody_writes(r) || is_over(since))
			fail_msg("%s: %s reads \"%.*s\", recorded was\n%s", id, file, (int)len,
				 wrong, pattern);
		look_later();
	}
	wrong = strstr(text, "Params: ") ? recorded_text_contradiction(text) : NULL;
	if (wrong)
		fail_msg("%s: %s in\n%s", id, wrong, text);
	snprintf(known_result(host_of(r), file), KNOWN_MAX, "%.*s", KNOWN_MAX - 1,
		 result_of(pattern));
}

static void check_has(struct replay *r, const json_t *line, const char *id)
{
	struct vn_tree *tree = host_of(r)->tree;
	char text[TREE_TEXT], *at, *save;
	const json_t *want;
	size_t i;

	json_array_foreach(json_object_get(line, "has"), i, want) {
		bool is_there = false;

		read_file(tree, file_of(tree, word_of(line, "f")), text, sizeof(text));
		for (at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save))
			is_there |= recorded_text_matches(at, json_string_value(want), r->cpus);
		if (!is_there)
			fail_msg("%s: no line %s", id, json_string_value(want));
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void check_names(struct replay *r, const json_t *line, const char *id)
{
	struct vn_tree *tree = host_of(r)->tree;
	const json_t *want = json_object_get(line, "ls");
	struct listing l = { .n = 0 };
	uint64_t threads[2];
	unsigned int i, k;

	thread_files(tree, threads);
	assert_int_equal(vn_tree_list(tree, add_name, &l), 0);
	for (i = 0; i < l.n; i++)
		for (k = 0; k < 2; k++)
			if (l.files[i] == threads[k])
				snprintf(l.names[i], sizeof(l.names[0]), "kpktgend_%u", k);
	qsort(l.names, l.n, sizeof(l.names[0]), by_text);
	if (l.n != json_array_size(want))
		fail_msg("%s: %u names, recorded %zu", id, l.n, json_array_size(want));
	for (i = 0; i < l.n; i++)
		assert_string_equal(l.names[i], json_string_value(json_array_get(want, i)));
}

/* --- the machine changes ------------------------------------------------------ */

static void change_one(struct pretend *p, const json_t *change)
{
	const char *what = json_string_value(json_array_get(change, 0));
	const char *name = json_string_value(json_array_get(change, 1));
	const char *more = json_string_value(json_array_get(change, 2));

	if (strcmp(what, "add") == 0)
		pretend_add(p, name, more);
	else if (strcmp(what, "del") == 0)
		pretend_del(p, name);
	else if (strcmp(what, "name") == 0)
		pretend_rename(p, name, more);
	else if (strcmp(what, "addr") == 0)
		pretend_addr(p, name, *more ? ntohl(inet_addr(more)) : 0);
	else
		pretend_up(p, name, strcmp(what, "up") == 0);
}

static void change_machine(struct replay *r, const json_t *line, const char *id)
{
	const json_t *change;
	size_t i;

	json_array_foreach(json_object_get(line, "dev"), i, change)
		change_one(&host_of(r)->machine, change);
	vn_tree_lookup(host_of(r)->tree, "pgctrl"); /* hears of it */
}

static void load_module(struct replay *r, const json_t *line, const char *id)
{
	close_tree(&r->main);
	open_tree(r, &r->main, json_object_get(line, "load"));
}

static void change_namespace(struct replay *r, const json_t *line, const char *id)
{
	if (json_is_true(json_object_get(line, "ns")))
		open_host(r, &r->other, false);
	else
		close_host(&r->other);
}

static void boot(struct replay *r, const json_t *line, const char *id)
{
	close_host(&r->other);
	close_host(&r->main);
	open_host(r, &r->main, true);
}

/* --- steps -------------------------------------------------------------------- */

static void cannot_tell(struct replay *r, const json_t *line, const char *id)
{
	fail_msg("%s: a command that nobody can do again: %s", id, word_of(line, "sh"));
}

/* A machine with more than one NUMA node cannot refuse what that one did. */
static bool is_other_machine(const json_t *line)
{
	const char *command = word_of(line, "w"), *answer = word_of(line, "a");

	return command && answer && strncmp(command, "node", 4) == 0 &&
	       strstr(answer, "not possible") &&
	       vn_node_is_possible(strtoul(command + 4 + strspn(command + 4, " ="), NULL, 10));
}

static bool is_skipped(struct replay *r, const json_t *line, const char *id)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(unheld_steps); i++) {
		if (strcmp(unheld_steps[i].what, id) != 0)
			continue;
		r->step_is_used[i] = true;
		return true;
	}
	return is_other_machine(line);
}

static void do_step(struct replay *r, const json_t *line)
{
	static const struct {
		const char *key;
		void (*run)(struct replay *r, const json_t *line, const char *id);
	} kinds[] = {
		{ "w", check_write },      { "b", begin_write },    { "end", end_write },
		{ "t", check_text },       { "has", check_has },    { "ls", check_names },
		{ "dev", change_machine }, { "load", load_module }, { "ns", change_namespace },
		{ "sh", cannot_tell },     { "part", boot },
	};
	const char *id = word_of(line, "id");
	unsigned int i;

	if (json_object_get(line, "group"))
		return;
	r->n_steps += id != NULL;
	if (id && is_skipped(r, line, id)) {
		r->n_skipped++;
		return;
	}
	for (i = 0; i < VN_ARRAY_SIZE(kinds); i++) {
		if (!json_object_get(line, kinds[i].key))
			continue;
		kinds[i].run(r, line, id);
		check_log(r, line, id ? id : word_of(line, "part"));
		r->n_compared += id != NULL;
		return;
	}
	fail_msg("%s: a line of no known kind", id);
}

static void replay_group(void **state)
{
	struct group *g = *state;
	size_t i;

	end_all_writes(g->r);
	for (i = g->first; i < g->end; i++)
		do_step(g->r, json_array_get(g->r->lines, i));
}

static void every_row_is_needed(void **state)
{
	const struct replay *r = *state;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(unheld_steps); i++)
		if (!r->step_is_used[i])
			fail_msg("nothing was skipped for %s", unheld_steps[i].what);
	for (i = 0; i < VN_ARRAY_SIZE(unheld_lines); i++)
		if (!r->line_is_used[i])
			fail_msg("nothing was left out for %s", unheld_lines[i].what);
}

/* --- all of it ---------------------------------------------------------------- */

/* One JSON value a line. */
static json_t *load(const char *path)
{
	FILE *f = fopen(path, "r");
	json_t *lines = json_array(), *line;

	if (!f)
		return lines;
	while ((line = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)))
		json_array_append_new(lines, line);
	fclose(f);
	return lines;
}

/* One test a group; a boot belongs to the group that follows it. */
static size_t make_tests(struct replay *r, struct group *groups, struct CMUnitTest *tests)
{
	size_t n_lines = json_array_size(r->lines), first = 1, n = 0, i;

	for (i = 1; i < n_lines; i++) {
		const char *name = word_of(json_array_get(r->lines, i), "group");

		if (word_of(json_array_get(r->lines, i), "part")) {
			if (n > 0 && groups[n - 1].end == n_lines)
				groups[n - 1].end = i;
			first = i;
			continue;
		}
		if (!name || n == MAX_GROUPS - 1)
			continue;
		if (n > 0 && groups[n - 1].end == n_lines)
			groups[n - 1].end = i;
		groups[n] = (struct group){ r, VN_MIN(first, i), n_lines };
		first = n_lines;
		tests[n] = (struct CMUnitTest){ .name = name,
						.test_func = replay_group,
						.initial_state = &groups[n] };
		n++;
	}
	tests[n] = (struct CMUnitTest){ .name = "every row of what is not held is needed",
					.test_func = every_row_is_needed,
					.initial_state = r };
	return n + 1;
}

/* The first two CPUs that we may use; the only one twice. */
static void choose_cpus(int cpus[2])
{
	if (vn_cpu_list(cpus, 2) == 1)
		cpus[1] = cpus[0];
}

static char *map_guarded(void)
{
	char *memory = mmap(NULL, 2 * BYTES_MAX, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + BYTES_MAX, BYTES_MAX, PROT_NONE) < 0)
		abort();
	return memory;
}

int main(void)
{
	static struct CMUnitTest tests[MAX_GROUPS];
	static struct group groups[MAX_GROUPS];
	static struct replay r;
	const char *dir = getenv("VN_GOLDEN");
	char path[4096];
	int failed;

	snprintf(path, sizeof(path), "%s/commands.jsonl", dir ? dir : "tests/golden");
	r.lines = load(path);
	if (json_array_size(r.lines) < 2) {
		fprintf(stderr, "%s: not there or empty\n", path);
		return 1;
	}
	pthread_mutex_init(&r.log.lock, NULL);
	r.guarded = map_guarded();
	choose_cpus(r.cpus);
	failed = _cmocka_run_group_tests("recordings", tests, make_tests(&r, groups, tests), NULL,
					 NULL);
	printf("# %u steps replayed, %u compared, %u skipped\n", r.n_steps, r.n_compared,
	       r.n_skipped);
	end_all_writes(&r);
	close_host(&r.other);
	close_host(&r.main);
	munmap(r.guarded, 2 * BYTES_MAX);
	json_decref(r.lines);
	return failed != 0;
}
