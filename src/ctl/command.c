/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A write to a device file is one command: a name, which finds a row of the
 * parameter table, and an argument, which the row's kind reads. What follows
 * (a second line) is not looked at.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define NAME_WORD 15 /* longer names are cut there, and what follows is the argument */

void vn_ctl_result(struct vn_entry *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->result, sizeof(e->result), fmt, ap);
	va_end(ap);
}

/* Exactly as spelt: '-' for '_' is for the command line. */
static const struct vn_param *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++)
		if (strcmp(vn_params[i].name, name) == 0 && !(vn_params[i].flags & VN_PARAM_OURS))
			return &vn_params[i];
	return NULL;
}

ssize_t vn_ctl_device_write(struct vn_entry *entry, const char *text, size_t len)
{
	const struct vn_param *p;
	char name[NAME_WORD + 1];
	struct vn_ctl_scan scan;
	int rc;

	if (len == 0)
		return -EINVAL;
	vn_scan_init(&scan, text, len);
	vn_scan_skip(&scan);
	vn_scan_word(&scan, name, NAME_WORD);
	vn_scan_skip(&scan);

	p = find_command(name);
	if (!p) {
		vn_ctl_result(entry, "No such parameter \"%s\"", name);
		return -EINVAL;
	}
	rc = p->impl->kind->command(entry, p, &scan);
	/* Also after an error: some leave a list shorter than it was. */
	entry->stream.generation++;
	return rc < 0 ? rc : (ssize_t)len;
}
