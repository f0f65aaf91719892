/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line's way to the same rows. Where the device file forgives, an
 * option is refused with a sentence that names it, its value and what would
 * have been taken.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

static bool same_name(const char *row, const char *given)
{
	while (*row && (*row == *given || (*row == '_' && *given == '-'))) {
		row++;
		given++;
	}
	return *row == '\0' && *given == '\0';
}

const struct vn_param *vn_param_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < vn_n_params; i++)
		if (same_name(vn_params[i].name, name))
			return &vn_params[i];
	return NULL;
}

int vn_option_refuse(struct vn_err *err, const char *what, const char *value, int rc,
		     const struct vn_err *why)
{
	return vn_err_set(err, -rc, "%s: %.40s %s", what, value, why->text);
}

char *vn_param_option(const struct vn_param *p, char out[VN_PARAM_OPTION_SIZE])
{
	const char *name = p->name;
	struct vn_text text;

	vn_text_init(&text, out, VN_PARAM_OPTION_SIZE);
	vn_text_add(&text, "--");
	for (; *name; name++)
		vn_text_add(&text, "%c", *name == '_' ? '-' : *name);
	return out;
}

int vn_param_set(struct vn_entry *entry, const struct vn_param *p, const char *value,
		 struct vn_err *err)
{
	char what[VN_PARAM_OPTION_SIZE];
	int rc;

	vn_param_option(p, what);
	if (p->flags & VN_PARAM_CTL)
		return vn_err_set(err, EINVAL, "%s: is a command of the device file only", what);
	if (!value || !*value)
		return vn_err_set(err, EINVAL, "%s: needs a value (%s)", what, p->metavar);
	rc = p->impl->kind->set(entry, p, what, value, err);
	if (rc < 0)
		return rc;
	entry->stream.generation++;
	return 0;
}

bool vn_param_get(const struct vn_entry *entry, const struct vn_param *p, char *buf, size_t cap)
{
	struct vn_text text;

	vn_text_init(&text, buf, cap);
	if (p->flags & (VN_PARAM_CTL | VN_PARAM_ALIAS))
		return false;
	return p->impl->kind->get(entry, p, &text);
}
