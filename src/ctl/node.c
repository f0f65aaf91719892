/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The row "node": the NUMA node that memory is taken from. Only a node that
 * this machine can have is taken; the kernel's list of them is asked each
 * time, since nothing here may be remembered between two calls.
 *
 * The kernel looks past the end of its own bit map for numbers above the
 * largest possible node (1024 and 4096 have been seen to pass); we do not.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NODE_DIGITS 10
#define NODE_LIST   "/sys/devices/system/node/possible"

bool vn_node_is_listed(const char *list, uint64_t node)
{
	struct vn_ctl_scan s;
	uint64_t first, last;

	vn_scan_init(&s, list, strlen(list));
	do {
		if (vn_scan_decimal(&s, NODE_DIGITS, &first) == 0)
			return false;
		last = first;
		if (vn_scan_char(&s, '-'))
			vn_scan_decimal(&s, NODE_DIGITS, &last);
		if (node >= first && node <= last)
			return true;
	} while (vn_scan_char(&s, ','));
	return false;
}

/* A kernel without NUMA has no list, and node 0. */
bool vn_node_is_possible(uint64_t node)
{
	int fd = open(NODE_LIST, O_RDONLY | O_CLOEXEC);
	char list[256];
	ssize_t n;

	if (fd < 0)
		return node == 0;
	n = read(fd, list, sizeof(list) - 1);
	close(fd);
	if (n <= 0)
		return node == 0;
	list[n] = '\0';
	return vn_node_is_listed(list, node);
}

static int node_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t node;

	vn_scan_decimal(arg, NODE_DIGITS, &node);
	if (!vn_node_is_possible(node)) {
		vn_ctl_result(e, "ERROR: node not possible");
		return 0;
	}
	e->stream.cfg.node = (int32_t)node;
	vn_ctl_result(e, "OK: %s=%d", p->name, e->stream.cfg.node);
	return 0;
}

static int node_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	uint64_t node;
	int rc = vn_parse_quantity(what, text, p->units, p->min, p->max, &node, err);

	if (rc < 0)
		return rc;
	if (!vn_node_is_possible(node))
		return vn_err_set(err, EINVAL, "%s: %s is no NUMA node of this machine", what,
				  text);
	e->stream.cfg.node = (int32_t)node;
	return 0;
}

static bool node_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	if (e->stream.cfg.node < 0)
		return false;
	vn_text_add(out, "%d", e->stream.cfg.node);
	return true;
}

const struct vn_param_kind vn_kind_node = {
	.command = node_command,
	.set = node_set,
	.get = node_get,
};
