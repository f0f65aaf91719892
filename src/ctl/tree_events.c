/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries follow their devices: a rename moves files, the end of a device ends
 * its entries, anything else is read anew (spec section 1.5).
 *
 * Nobody waits for these events. The kernel has queued them before the call
 * that changed the device returns, and the tree reads the queue before it
 * answers anyone; so an answer is never older than the change.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/tree_priv.h"

static bool uses(const struct vn_tree_node *n, int ifindex)
{
	return ifindex && n->dev->ifindex == ifindex;
}

/*
 * The kernel finds entries by their word and leaves those of a renamed device,
 * which then can never go. Here they all end with it.
 */
static void device_is_gone(struct vn_tree *t, int ifindex)
{
	unsigned int i;

	for (i = 0; i < t->n_threads; i++) {
		struct vn_tree_node **at = &t->threads[i].nodes;

		while (*at) {
			if (uses(*at, ifindex))
				vn_tree_remove(&t->threads[i], at);
			else
				at = &(*at)->next;
		}
	}
}

/* The file goes and comes back under the device's bare name, or not at all. */
static void move_file(struct vn_tree *t, struct vn_tree_node *n, const char *name)
{
	n->file = 0;
	n->name[0] = '\0';
	if (vn_tree_find(t, name)) {
		vn_tree_log(t, "can't move proc entry for '%s'", name);
		return;
	}
	n->file = ++t->last_file;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

/* Only the first entry of a thread is moved. */
static void device_is_renamed(struct vn_tree *t, int ifindex, const char *name)
{
	struct vn_tree_node *n;
	bool has_moved;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++) {
		has_moved = false;
		for (n = t->threads[i].nodes; n; n = n->next) {
			if (!uses(n, ifindex))
				continue;
			if (!has_moved)
				move_file(t, n, name);
			has_moved = true;
			snprintf(n->dev_name, sizeof(n->dev_name), "%s", name);
		}
	}
}

/* The first node on this device, NULL: none. */
static const struct vn_tree_node *user_of(const struct vn_tree *t, int ifindex)
{
	const struct vn_tree_node *n;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++)
		for (n = t->threads[i].nodes; n; n = n->next)
			if (uses(n, ifindex))
				return n;
	return NULL;
}

static void refresh_users(struct vn_tree *t, int ifindex)
{
	struct vn_tree_node *n;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++)
		for (n = t->threads[i].nodes; n; n = n->next)
			if (uses(n, ifindex))
				vn_tree_refresh(n);
}

static void apply(struct vn_tree *t, const struct vn_netdev_event *ev)
{
	const struct vn_tree_node *user = user_of(t, ev->ifindex);

	if (!user)
		return;
	if (ev->is_gone) {
		device_is_gone(t, ev->ifindex);
		return;
	}
	if (strcmp(user->dev_name, ev->name) != 0)
		device_is_renamed(t, ev->ifindex, ev->name);
	refresh_users(t, ev->ifindex);
}

/* The first node whose device is no more what the tree knows; false: none. */
static bool find_change(struct vn_tree *t, struct vn_netdev_event *ev)
{
	struct vn_tree_node *n;
	unsigned int i;

	for (i = 0; i < t->n_threads; i++) {
		for (n = t->threads[i].nodes; n; n = n->next) {
			if (!n->dev->ifindex)
				continue;
			ev->is_gone = vn_tree_refresh(n) == -ENODEV;
			ev->ifindex = n->dev->ifindex;
			snprintf(ev->name, sizeof(ev->name), "%.15s", n->dev->name);
			if (ev->is_gone || strcmp(n->dev_name, ev->name) != 0)
				return true;
		}
	}
	return false;
}

void vn_tree_follow(struct vn_tree *t)
{
	const struct vn_tree_devices *d = &t->o.devices;
	struct vn_netdev_event ev;
	int rc;

	if (!d->next_event)
		return;
	while ((rc = d->next_event(d->arg, &ev)) == 1)
		apply(t, &ev);
	while (rc == -ENOBUFS && find_change(t, &ev))
		apply(t, &ev);
}
