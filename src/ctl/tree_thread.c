/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of a thread: its lists and its commands (spec section 4). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/scan.h"
#include "ctl/tree_priv.h"

#define NAME_WORD 39
#define TYPE_ETHERNET 1
#define TYPE_LOOPBACK 772

size_t vn_tree_thread_show(const struct vn_tree_thread *th, char *buf, size_t cap)
{
	static const char *const heads[] = { "Stopped: ", "Running: " };
	const struct vn_tree_node *n;
	struct vn_text text;
	int running;

	vn_text_init(&text, buf, cap);
	for (running = 1; running >= 0; running--) {
		vn_text_add(&text, "%s", heads[running]);
		for (n = th->nodes; n; n = n->next)
			if (vn_entry_is_running(n->entry) == running)
				vn_text_add(&text, "%s ", n->entry->name);
		vn_text_add(&text, "\n");
	}
	vn_text_add(&text, "Result: %s\n", th->result[0] ? th->result : "NA");
	return text.len;
}

/* --- add_device ------------------------------------------------------------------ */

/* May this device be sent on? In the kernel's order, and one refusal of ours. */
static int check_device(struct vn_tree *t, const struct vn_netdev *dev, const char *word)
{
	if (dev->type != TYPE_ETHERNET && dev->type != TYPE_LOOPBACK) {
		vn_tree_log(t, "not an ethernet or loopback device: \"%s\"", word);
		return -EINVAL;
	}
	if (!dev->is_up) {
		vn_tree_log(t, "device is down: \"%s\"", word);
		return -ENETDOWN;
	}
	if (dev->holds_default_route &&
	    (!t->o.really_on || strcmp(t->o.really_on, dev->name) != 0)) {
		vn_tree_log(t, "%s holds the default route (--really-on %s if you mean it)",
			    dev->name, dev->name);
		return -EPERM;
	}
	return 0;
}

static int open_device(struct vn_tree *t, const char *word, struct vn_netdev **out)
{
	char name[VN_ENTRY_NAME];
	struct vn_err err = { "" };
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "@"), word);
	rc = t->o.devices.open(t->o.devices.arg, name, out, &err);
	if (rc == -ENODEV)
		vn_tree_log(t, "no such netdevice: \"%s\"", word);
	else if (rc)
		vn_tree_log(t, "%s", err.text);
	else
		rc = check_device(t, *out, word);
	return rc;
}

struct defaults {
	struct vn_tree *tree;
	struct vn_entry *entry;
};

static int set_defaults(void *arg)
{
	const struct defaults *d = arg;
	const struct vn_tree_opts *o = &d->tree->o;
	struct vn_stream *s = &d->entry->stream;

	s->cfg.count = o->count;
	vn_stream_set_period(s, o->delay_ns, 1);
	if (d->entry->dev->can_share)
		s->cfg.clone_skb = o->clone_skb;
	d->entry->debug = &d->tree->debug;
	return 0;
}

static int make_node(struct vn_tree *t, struct vn_tree_thread *th, const char *word,
		     struct vn_netdev *dev)
{
	struct defaults d = { .tree = t };
	struct vn_tree_node *n;
	int rc;

	if (!*word || strchr(word, '/') || vn_tree_find(t, word)) {
		vn_tree_log(t, "cannot create pktgen/%s procfs entry", word);
		return -EINVAL;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	rc = vn_worker_add(th->worker, word, dev, &n->entry, NULL);
	if (rc) {
		free(n);
		return rc;
	}
	d.entry = n->entry;
	vn_worker_call(th->worker, set_defaults, &d);
	n->dev = dev;
	n->file = ++t->last_file;
	snprintf(n->name, sizeof(n->name), "%s", word);
	snprintf(n->dev_name, sizeof(n->dev_name), "%.15s", dev->name);
	n->next = th->nodes;
	th->nodes = n;
	return 0;
}

static int attach(struct vn_tree *t, struct vn_tree_thread *th, const char *word)
{
	struct vn_netdev *dev = NULL;
	int rc;

	if (vn_engine_find(t->o.engine, word)) {
		vn_tree_log(t, "ERROR: interface already used");
		return -EBUSY;
	}
	rc = open_device(t, word, &dev);
	if (rc == 0)
		rc = make_node(t, th, word, dev);
	if (rc < 0)
		vn_netdev_close(dev);
	return rc;
}

static int add_device(struct vn_tree *t, struct vn_tree_thread *th, struct vn_ctl_scan *arg)
{
	char word[VN_ENTRY_NAME];
	int rc;

	vn_scan_word(arg, word, sizeof(word) - 1);
	rc = attach(t, th, word);
	snprintf(th->result, sizeof(th->result),
		 rc ? "ERROR: can not add device %s" : "OK: add_device=%s", word);
	return rc;
}

/* --- the others -------------------------------------------------------------------- */

static int rem_device_all(struct vn_tree *t, struct vn_tree_thread *th, struct vn_ctl_scan *arg)
{
	vn_tree_remove_all(t, th);
	snprintf(th->result, sizeof(th->result), "OK: rem_device_all");
	return 0;
}

static int max_before_softirq(struct vn_tree *t, struct vn_tree_thread *th,
			      struct vn_ctl_scan *arg)
{
	snprintf(th->result, sizeof(th->result),
		 "OK: Note! max_before_softirq is obsoleted -- Do not use");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct vn_tree *t, struct vn_tree_thread *th, struct vn_ctl_scan *arg);
} commands[] = {
	{ "add_device", add_device },
	{ "rem_device_all", rem_device_all },
	{ "max_before_softirq", max_before_softirq },
};

ssize_t vn_tree_thread_write(struct vn_tree *t, struct vn_tree_thread *th, const char *text,
			     size_t len)
{
	char name[NAME_WORD + 1];
	struct vn_ctl_scan scan;
	unsigned int i;
	int rc;

	vn_scan_init(&scan, text, len);
	vn_scan_skip(&scan);
	vn_scan_word(&scan, name, NAME_WORD);
	vn_scan_skip(&scan);
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		rc = commands[i].run(t, th, &scan);
		return rc < 0 ? rc : (ssize_t)len;
	}
	return -EINVAL;
}
