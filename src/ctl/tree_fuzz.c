/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as writes to the files of a control tree, on a pretended machine
 * (pretend.h) and an engine of two workers without threads. Pieces are
 * separated by 0xff; a piece's first byte chooses the file, or something that
 * happens to an interface. Nothing is started: `start` waits for a run, and no
 * thread is there to end it.
 */
#include "ctl/tree.c"
#include "ctl/tree_events.c"
#include "ctl/tree_node.c"
#include "ctl/tree_thread.c"
#include "ctl/pgctrl.c"
#include "ctl/pretend.h"

#define FILES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

struct seen {
	size_t n;
	uint64_t file[FILES_MAX];
	char last[VN_ENTRY_NAME];
};

/* In order, each name once, numbers that the look-up gives too. */
static int see(void *arg, const char *name, uint64_t file)
{
	struct seen *s = arg;
	size_t n = strlen(name), before = strlen(s->last);

	require(n > 0 && !strchr(name, '/') && file != 0);
	require(n > before || (n == before && strcmp(name, s->last) > 0));
	snprintf(s->last, sizeof(s->last), "%s", name);
	if (s->n < FILES_MAX)
		s->file[s->n++] = file;
	return 0;
}

static void read_all(struct vn_tree *t, const struct seen *s)
{
	static char text[VN_TREE_TEXT_MAX];
	size_t i;

	for (i = 0; i < s->n; i++) {
		ssize_t len = vn_tree_read(t, s->file[i], text, sizeof(text));

		require(len > 0 && len < VN_TREE_TEXT_MAX && text[len - 1] == '\n');
		require(vn_tree_exists(t, s->file[i]));
	}
}

static void write_exact(struct vn_tree *t, uint64_t file, const uint8_t *data, size_t len)
{
	static const struct vn_tree_writer who = { .may_control = true };
	char *copy = malloc(len ? len : 1); /* exactly: a byte too far is seen */
	ssize_t rc;

	memcpy(copy, data, len);
	if (file != VN_TREE_PGCTRL || len < 3 || memcmp(copy, "sta", 3) != 0) {
		rc = vn_tree_write(t, file, copy, len, &who);
		require(rc < 0 ? rc > -512 : (size_t)rc == len && len > 0);
	}
	free(copy);
}

static void happen(struct pretend *p, uint8_t what)
{
	static const char *const names[] = { "dummy0", "dummy1", "veth0", "other" };
	const char *name = names[what & 3], *to = names[what >> 2 & 3];

	switch (what >> 4 & 7) {
	case 0:
		if (name != to)
			pretend_del(p, to);
		pretend_rename(p, name, to);
		break;
	case 1:
		pretend_del(p, name);
		break;
	case 2:
		pretend_del(p, name);
		pretend_add(p, name, what & 4 ? "veth" : "dummy");
		break;
	case 3:
		pretend_up(p, name, what & 4);
		break;
	case 4:
		pretend_lose(p);
		break;
	default:
		break;
	}
}

static void feed(struct vn_tree *t, struct pretend *p, const uint8_t *data, size_t size)
{
	struct seen s;

	while (size > 0) {
		const uint8_t *next = memchr(data, 0xff, size);
		size_t len = next ? (size_t)(next - data) : size;

		memset(&s, 0, sizeof(s));
		vn_tree_list(t, see, &s);
		if (len > 0 && data[0] & 0x80)
			happen(p, data[0] & 0x7f);
		else if (len > 0)
			write_exact(t, s.file[data[0] % s.n], data + 1, len - 1);
		memset(&s, 0, sizeof(s));
		vn_tree_list(t, see, &s);
		read_all(t, &s);
		data += len + (next != NULL);
		size -= len + (next != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int cpus[] = { 0, 1 };
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine_opts engine = {
		.clock = &clock, .is_virtual = true, .cpus = cpus, .n_cpus = 2, .seed = 1,
	};
	struct vn_tree_opts opts = { .count = 1000 };
	struct vn_tree *tree;

	vn_clock_virtual(&clock, 0, 0);
	pretend_init(&machine, &clock, true);
	opts.devices = pretend_devices(&machine);
	require(vn_engine_new(&engine, &opts.engine, NULL) == 0);
	require(vn_tree_new(&opts, &tree, NULL) == 0);
	feed(tree, &machine, data, size);
	vn_tree_free(tree);
	vn_engine_free(opts.engine);
	require(machine.n_open == 0);
	pretend_fini(&machine);
	return 0;
}
