/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of two hexadecimal digits: tos and traffic_class. */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

static int octet_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t value;

	if (vn_scan_hex(arg, 2, &value) != 2) {
		vn_ctl_result(e, "ERROR: %s must be 00-ff", p->name);
		return 0;
	}
	vn_field_put(&e->stream.cfg, p->impl, value);
	vn_ctl_result(e, "OK: %s=0x%02x", p->name, (unsigned int)value);
	return 0;
}

/* Always hexadecimal, as in the device file: "10" is sixteen, "0x" is allowed. */
static int octet_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		     const char *text, struct vn_err *err)
{
	const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
	struct vn_ctl_scan s;
	uint64_t value;

	vn_scan_init(&s, digits, strlen(digits));
	if (vn_scan_hex(&s, 2, &value) == 0 || !vn_scan_is_end(&s))
		return vn_err_set(err, EINVAL, "%s: %s is not one byte in hexadecimal (00 to ff)",
				  what, text);
	vn_field_put(&e->stream.cfg, p->impl, value);
	return 0;
}

static bool octet_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	vn_text_add(out, "%02x", (unsigned int)vn_field_get(&e->stream.cfg, p->impl));
	return true;
}

const struct vn_param_kind vn_kind_octet = {
	.command = octet_command,
	.set = octet_set,
	.get = octet_get,
};
