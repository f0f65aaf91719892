/* SPDX-License-Identifier: BSD-2-Clause */
/* The nodes of the tree, on which its files stand: finding, refreshing and
 * removing them, and the log. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/tree_priv.h"

#define LOG_LINE 400

void vn_tree_log(struct vn_tree *t, const char *fmt, ...)
{
	char line[LOG_LINE];
	va_list ap;

	if (!t->o.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t->o.log(t->o.log_arg, line);
}

uint64_t vn_tree_find(const struct vn_tree *t, const char *name)
{
	struct vn_tree_node *n;
	unsigned int i;

	if (strcmp(name, "pgctrl") == 0)
		return VN_TREE_PGCTRL;
	for (i = 0; i < t->n_threads; i++) {
		if (strcmp(name, t->threads[i].name) == 0)
			return FILE_THREAD + i;
		for (n = t->threads[i].nodes; n; n = n->next)
			if (n->file && strcmp(name, n->name) == 0)
				return n->file;
	}
	return 0;
}

static int refresh(void *arg)
{
	struct vn_netdev *dev = arg;

	return dev->ops->refresh ? dev->ops->refresh(dev, NULL) : 0;
}

int vn_tree_refresh(struct vn_tree_node *n)
{
	return vn_worker_call(n->entry->worker, refresh, n->dev);
}

void vn_tree_remove(struct vn_tree_thread *th, struct vn_tree_node **at)
{
	struct vn_tree_node *n = *at;

	*at = n->next;
	vn_worker_remove(th->worker, n->entry);
	vn_netdev_close(n->dev);
	free(n);
}

void vn_tree_remove_all(struct vn_tree *t, struct vn_tree_thread *th)
{
	while (th->nodes) {
		if (vn_entry_is_running(th->nodes->entry))
			vn_tree_log(t, "WARNING: trying to remove a running interface, "
				       "stopping it now");
		vn_tree_remove(th, &th->nodes);
	}
}
