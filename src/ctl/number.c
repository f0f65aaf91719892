/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows whose argument is a plain number that goes into one field. The kernel
 * reads so many digits, clamps, checks and keeps the low bits of what is left;
 * the command line refuses what would be clamped or cut.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

uint64_t vn_field_get(const struct vn_stream_cfg *cfg, const struct vn_param_impl *i)
{
	const char *at = (const char *)cfg + i->field;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} v;

	switch ((enum vn_field)i->type) {
	case VN_FIELD_U8:
		memcpy(&v.u8, at, sizeof(v.u8));
		return v.u8;
	case VN_FIELD_U16:
		memcpy(&v.u16, at, sizeof(v.u16));
		return v.u16;
	case VN_FIELD_U32:
	case VN_FIELD_U32_AS_INT:
	case VN_FIELD_INT:
		memcpy(&v.u32, at, sizeof(v.u32));
		return v.u32;
	case VN_FIELD_U64:
		memcpy(&v.u64, at, sizeof(v.u64));
		return v.u64;
	}
	return 0;
}

void vn_field_put(struct vn_stream_cfg *cfg, const struct vn_param_impl *i, uint64_t value)
{
	char *at = (char *)cfg + i->field;
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch ((enum vn_field)i->type) {
	case VN_FIELD_U8:
		memcpy(at, &u8, sizeof(u8));
		break;
	case VN_FIELD_U16:
		memcpy(at, &u16, sizeof(u16));
		break;
	case VN_FIELD_U32:
	case VN_FIELD_U32_AS_INT:
	case VN_FIELD_INT:
		memcpy(at, &u32, sizeof(u32));
		break;
	case VN_FIELD_U64:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

/* Returns what was stored, before the row's hook could change it. */
static uint64_t store(struct vn_entry *e, const struct vn_param_impl *i, uint64_t value)
{
	uint64_t before = vn_field_get(&e->stream.cfg, i);
	uint64_t after;

	if (i->given)
		i->given(e);
	vn_field_put(&e->stream.cfg, i, value);
	after = vn_field_get(&e->stream.cfg, i);
	if (i->changed && after != before)
		i->changed(e);
	return after;
}

static int number_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	const struct vn_param_impl *i = p->impl;
	uint64_t value;
	int rc;

	vn_scan_decimal(arg, i->digits, &value);
	rc = i->check ? i->check(e, value, NULL) : 0;
	if (rc < 0)
		return rc;
	value = store(e, i, i->clamp ? i->clamp(value) : value);
	if (i->type == VN_FIELD_INT || i->type == VN_FIELD_U32_AS_INT)
		vn_ctl_result(e, "OK: %s=%d", p->name, (int32_t)value);
	else
		vn_ctl_result(e, "OK: %s=%llu", p->name, (unsigned long long)value);
	return 0;
}

/* The lower end of a range whose upper end this row is. */
static uint64_t lower_end(const struct vn_entry *e, const struct vn_param_impl *i)
{
	struct vn_param_impl lower = *i;

	lower.field = i->partner;
	return vn_field_get(&e->stream.cfg, &lower);
}

static int number_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		      const char *text, struct vn_err *err)
{
	const struct vn_param_impl *i = p->impl;
	struct vn_err why;
	uint64_t value;
	int rc;

	rc = vn_parse_quantity(what, text, p->units, p->min, p->max, &value, err);
	if (rc < 0)
		return rc;
	if (i->is_max && value < lower_end(e, i)) {
		vn_err_set(&why, EINVAL, "is below the lower end of the range, %llu",
			   (unsigned long long)lower_end(e, i));
		return vn_option_refuse(err, what, text, -EINVAL, &why);
	}
	rc = i->check ? i->check(e, value, &why) : 0;
	if (rc == 0 && i->check_strict)
		rc = i->check_strict(e, value, &why);
	if (rc < 0)
		return vn_option_refuse(err, what, text, rc, &why);
	store(e, i, value);
	return 0;
}

/* The suffix that says "base units": not always the bare number. */
static const char *base_suffix(const struct vn_unit *units)
{
	while (units->suffix && units->scale != 1)
		units++;
	return units->suffix ? units->suffix : "";
}

static bool number_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	uint64_t value = vn_field_get(&e->stream.cfg, p->impl);

	/* Not set (sizes, time), or an upper end that has no effect. */
	if (value < p->min || value > p->max)
		return false;
	if (p->impl->is_max && value < lower_end(e, p->impl))
		return false;
	vn_text_add(out, "%llu%s", (unsigned long long)value, base_suffix(p->units));
	return true;
}

const struct vn_param_kind vn_kind_number = {
	.command = number_command,
	.set = number_set,
	.get = number_get,
};
