/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pgctrl: start, stop, reset (spec section 3).
 *
 * The kernel gives its threads 125 ms to see a request and then looks every
 * 100 ms whether they are done. Here requests are seen at once, and the end of
 * a run is waited for, not looked for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/tree_priv.h"

#define TEXT_MAX 127 /* bytes looked at */
#define LOOK_NS 100000000ull       /* between looks for a signal */
#define STOP_NS VN_NSEC_PER_SEC    /* a stop takes a turn of the workers */

size_t vn_tree_pgctrl_show(char *buf, size_t cap)
{
	int n = snprintf(buf, cap,
			 "Packet Generator for packet performance testing. Version: 2.75\n");

	return VN_MIN((size_t)n, cap - 1);
}

static bool is_interrupted(const struct vn_tree *t, const struct vn_tree_writer *who)
{
	return atomic_load_explicit(&t->is_shut, memory_order_relaxed) ||
	       (who->is_interrupted && who->is_interrupted(who->arg));
}

/* A run begins with the addresses and flags that the devices have now. */
static void refresh_all(struct vn_tree *t)
{
	struct vn_tree_node *n;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++)
		for (n = t->threads[i].nodes; n; n = n->next)
			vn_tree_refresh(n);
}

/* Returns when nothing runs any more, whoever started or stopped it. */
static int start(struct vn_tree *t, const struct vn_tree_writer *who)
{
	pthread_mutex_lock(&t->lock);
	if (atomic_load_explicit(&t->is_shut, memory_order_relaxed)) {
		pthread_mutex_unlock(&t->lock);
		return 0;
	}
	vn_tree_follow(t);
	refresh_all(t);
	vn_engine_start(t->o.engine);
	pthread_mutex_unlock(&t->lock);
	while (!vn_engine_wait_idle(t->o.engine, LOOK_NS)) {
		if (!is_interrupted(t, who))
			continue;
		/* Results are read next: they should be the final ones. */
		vn_engine_stop(t->o.engine);
		vn_engine_wait_idle(t->o.engine, STOP_NS);
		break;
	}
	return 0;
}

static int stop(struct vn_tree *t, const struct vn_tree_writer *who)
{
	struct vn_tree_node *n;
	unsigned int i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < t->n_threads; i++)
		for (n = t->threads[i].nodes; n; n = n->next)
			if (!vn_entry_is_running(n->entry))
				vn_tree_log(t, "interface: %s is already stopped", n->entry->name);
	pthread_mutex_unlock(&t->lock);
	vn_engine_stop(t->o.engine);
	return 0;
}

static int reset(struct vn_tree *t, const struct vn_tree_writer *who)
{
	unsigned int i;

	pthread_mutex_lock(&t->lock);
	for (i = 0; i < t->n_threads; i++)
		vn_tree_remove_all(t, &t->threads[i]);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

ssize_t vn_tree_pgctrl_write(struct vn_tree *t, const char *text, size_t len,
			     const struct vn_tree_writer *who)
{
	static const struct {
		const char *name;
		int (*run)(struct vn_tree *t, const struct vn_tree_writer *who);
	} commands[] = {
		{ "start", start },
		{ "stop", stop },
		{ "reset", reset },
	};
	size_t n = VN_MIN(len, (size_t)TEXT_MAX);
	char word[TEXT_MAX + 1];
	unsigned int i;
	int rc;

	if (!who->may_control)
		return -EPERM;
	if (n == 0)
		return -EINVAL;
	memcpy(word, text, n);
	if (word[n - 1] == '\n')
		n--;
	word[n] = '\0';
	for (i = 0; i < VN_ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].name) != 0)
			continue;
		rc = commands[i].run(t, who);
		return rc < 0 ? rc : (ssize_t)len;
	}
	return -EINVAL;
}
