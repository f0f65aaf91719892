/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every write in golden/commands.jsonl, done again: what it returns, the
 * Result, which lines of the device file appear and vanish, and whole texts
 * must be what pktgen of Linux 7.2 answered. golden/make_commands.py made the
 * file and says what its lines mean.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/ctl_priv.h"

#define MAX_GROUPS  256
#define MAX_ENTRIES 8
#define TEXT_SIZE   4096

/* The devices of the recording. */
static const struct {
	const char *name;
	bool can_share;
	uint16_t n_txq;
	uint8_t mac[6];
} devices[] = {
	{ "dummy0", true, 1, { 0x02, 0, 0, 0, 0, 0xd0 } },
	{ "dummy1", true, 1, { 0x02, 0, 0, 0, 0, 0xd1 } },
	{ "veth0", false, 4, { 0x02, 0, 0, 0, 0, 0x01 } },
};

struct live {
	struct vn_entry *entry; /* NULL: the place is free */
	struct vn_netdev dev;
	char result[VN_RESULT_SIZE + 16]; /* from "Result: " on, as recorded last */
};

struct replay {
	struct vn_clock clock;
	struct live live[MAX_ENTRIES];
	json_t *lines;
};

struct group {
	struct replay *r;
	size_t first, end; /* lines */
};

static struct live *find_live(struct replay *r, const char *word)
{
	unsigned int i;

	for (i = 0; i < MAX_ENTRIES; i++)
		if (r->live[i].entry && strcmp(r->live[i].entry->name, word) == 0)
			return &r->live[i];
	return NULL;
}

static void set_device(struct vn_netdev *dev, const char *word)
{
	size_t len = strcspn(word, "@");
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(devices); i++) {
		if (strlen(devices[i].name) != len || strncmp(devices[i].name, word, len) != 0)
			continue;
		snprintf(dev->name, sizeof(dev->name), "%s", devices[i].name);
		dev->can_share = devices[i].can_share;
		dev->n_txq = devices[i].n_txq;
		memcpy(dev->mac, devices[i].mac, sizeof(dev->mac));
		return;
	}
	fail_msg("no such device was recorded: %s", word);
}

static void add(struct replay *r, const char *word)
{
	struct live *l = r->live;

	while (l < r->live + MAX_ENTRIES && l->entry)
		l++;
	assert_true(l < r->live + MAX_ENTRIES);
	memset(l, 0, sizeof(*l));
	l->dev.clock = &r->clock;
	set_device(&l->dev, word);
	l->entry = aligned_alloc(VN_CACHELINE, sizeof(*l->entry));
	assert_non_null(l->entry);
	memset(l->entry, 0, sizeof(*l->entry));
	vn_stream_init(&l->entry->stream);
	l->entry->dev = &l->dev;
	snprintf(l->entry->name, sizeof(l->entry->name), "%s", word);
	snprintf(l->result, sizeof(l->result), "Result: Idle\n");
}

static void drop(struct live *l)
{
	vn_stream_fini(&l->entry->stream);
	free(l->entry);
	l->entry = NULL;
}

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} known[] = { { "EINVAL", EINVAL }, { "E2BIG", E2BIG }, { "EOPNOTSUPP", EOPNOTSUPP } };
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].code;
	fail_msg("errno %s is not known here", name);
	return 0;
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

/* Writes from memory of exactly that size, so that a sanitizer sees a look
 * past the end. */
static ssize_t write_exact(struct vn_entry *e, const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);
	ssize_t rc;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	rc = vn_ctl_device_write(e, copy, len);
	free(copy);
	return rc;
}

/* In text, is there this line above Result? */
static bool has_line(const char *text, const char *line, size_t len)
{
	const char *result = strstr(text, "\nResult: ");

	while (text <= result) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, len) == 0)
			return true;
		text += n + 1;
	}
	return false;
}

/* The lines of text that other does not have must be those of want. */
static void check_lines(const char *text, const char *other, const json_t *want, const char *what,
			const char *command)
{
	const char *result = strstr(text, "\nResult: ");
	size_t seen = 0;

	while (text <= result) {
		size_t n = strcspn(text, "\n");

		if (!has_line(other, text, n) && !memmem(text, n, "started:", 8)) {
			const char *line = json_string_value(json_array_get(want, seen++));

			if (!line || strlen(line) != n || memcmp(line, text, n) != 0)
				fail_msg("%s: %s line \"%.*s\", recorded \"%s\"", command, what,
					 (int)n, text, line ? line : "(none)");
		}
		text += n + 1;
	}
	if (seen != json_array_size(want))
		fail_msg("%s: %zu %s lines, recorded %zu", command, seen, what,
			 json_array_size(want));
}

/* A machine with more than one NUMA node cannot refuse what that one did. */
static bool is_other_machine(const char *command, const char *answer)
{
	return strncmp(command, "node", 4) == 0 && answer && strstr(answer, "not possible") &&
	       vn_node_is_possible(strtoul(command + 4 + strspn(command + 4, " ="), NULL, 10));
}

static void check_write(struct live *l, const json_t *line)
{
	const char *command = json_string_value(json_object_get(line, "w"));
	const char *error = json_string_value(json_object_get(line, "e"));
	const char *answer = json_string_value(json_object_get(line, "a"));
	char before[TEXT_SIZE], after[TEXT_SIZE], bytes[2 * TEXT_SIZE];
	ssize_t want, got;
	size_t len;

	if (is_other_machine(command, answer))
		return;
	if (answer)
		get_bytes(json_object_get(line, "a"), l->result, sizeof(l->result));
	len = get_bytes(json_object_get(line, "w"), bytes, sizeof(bytes));
	want = error ? -errno_of(error) : (ssize_t)len;
	vn_ctl_device_show(l->entry, before, sizeof(before));
	got = write_exact(l->entry, bytes, len);
	vn_ctl_device_show(l->entry, after, sizeof(after));
	if (got != want)
		fail_msg("%s: returned %zd, recorded %zd", command, got, want);
	if (strcmp(strstr(after, "\nResult: ") + 1, l->result) != 0)
		fail_msg("%s: %s, recorded %s", command, strstr(after, "\nResult: ") + 1,
			 l->result);
	check_lines(after, before, json_object_get(line, "+"), "new", command);
	check_lines(before, after, json_object_get(line, "-"), "vanished", command);
}

static void check_line(struct replay *r, const json_t *line)
{
	const char *word = json_string_value(json_object_get(line, "d"));
	const char *text = json_string_value(json_object_get(line, "t"));
	char shown[TEXT_SIZE];

	if (json_object_get(line, "add")) {
		add(r, json_string_value(json_object_get(line, "add")));
	} else if (json_object_get(line, "rem")) {
		drop(find_live(r, json_string_value(json_object_get(line, "rem"))));
	} else if (text) {
		size_t len = vn_ctl_device_show(find_live(r, word)->entry, shown, sizeof(shown));

		assert_int_equal(len, strlen(text));
		assert_string_equal(shown, text);
	} else {
		check_write(find_live(r, word), line);
	}
}

static void replay_group(void **state)
{
	struct group *g = *state;
	size_t i;

	for (i = g->first; i < g->end; i++)
		check_line(g->r, json_array_get(g->r->lines, i));
}

/* One JSON value a line. */
static json_t *load(const char *path)
{
	FILE *f = fopen(path, "r");
	json_t *lines = json_array(), *line;

	if (!f)
		return NULL;
	while ((line = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)))
		json_array_append_new(lines, line);
	fclose(f);
	return lines;
}

/* One test a group; entries live on from group to group, as they did. */
static size_t make_tests(struct replay *r, struct group *groups, struct CMUnitTest *tests)
{
	size_t i, n = 0;

	for (i = 0; i < json_array_size(r->lines); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(r->lines, i), "group"));

		if (!name || n == MAX_GROUPS)
			continue;
		if (n > 0)
			groups[n - 1].end = i;
		groups[n] = (struct group){ r, i + 1, json_array_size(r->lines) };
		tests[n] = (struct CMUnitTest){ .name = name,
						.test_func = replay_group,
						.initial_state = &groups[n] };
		n++;
	}
	return n;
}

int main(void)
{
	const char *dir = getenv("VN_GOLDEN");
	struct CMUnitTest tests[MAX_GROUPS];
	struct group groups[MAX_GROUPS];
	struct replay r = { .lines = NULL };
	char path[4096];
	int rc, i;

	snprintf(path, sizeof(path), "%s/commands.jsonl", dir ? dir : "tests/golden");
	vn_clock_virtual(&r.clock, 0, 0);
	r.lines = load(path);
	if (json_array_size(r.lines) < 2) {
		fprintf(stderr, "%s: not there or empty\n", path);
		return 1;
	}
	rc = _cmocka_run_group_tests("commands", tests, make_tests(&r, groups, tests), NULL, NULL);
	for (i = 0; i < MAX_ENTRIES; i++)
		if (r.live[i].entry)
			drop(&r.live[i]);
	json_decref(r.lines);
	return rc;
}
