/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLAN tags and MPLS labels. They exclude each other: each that is set takes
 * the other away in the device file; the command line refuses instead.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#define VLAN_ID_DIGITS 4
#define VLAN_ID_MAX    4095
#define LABEL_DIGITS   8

static void vlans_off(struct vn_stream_cfg *cfg)
{
	cfg->vlan_id = VN_VLAN_OFF;
	cfg->svlan_id = VN_VLAN_OFF;
}

static bool has_vlan(const struct vn_entry *e)
{
	return e->stream.cfg.vlan_id != VN_VLAN_OFF;
}

static void store_vlan(struct vn_entry *e, const struct vn_param *p, uint64_t id)
{
	vn_field_put(&e->stream.cfg, p->impl, id);
	e->stream.cfg.n_labels = 0;
}

/* A bad number switches all tags off and leaves the Result as it was. */
static int vlan_id_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	bool is_inner = p->impl->kind == &vn_kind_vlan_id;
	uint64_t id;

	vn_scan_decimal(arg, VLAN_ID_DIGITS, &id);
	if (id > VLAN_ID_MAX || (!is_inner && !has_vlan(e))) {
		vlans_off(&e->stream.cfg);
		return 0;
	}
	store_vlan(e, p, id);
	vn_ctl_result(e, "OK: %s=%llu", p->name, (unsigned long long)id);
	return 0;
}

static int vlan_id_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		       const char *text, struct vn_err *err)
{
	uint64_t id;
	int rc = vn_parse_quantity(what, text, p->units, p->min, p->max, &id, err);

	if (rc < 0)
		return rc;
	if (e->stream.cfg.n_labels > 0)
		return vn_err_set(err, EINVAL,
				  "%s: %s cannot be had with VLAN tags and MPLS labels both", what,
				  text);
	if (p->impl->kind == &vn_kind_svlan_id && !has_vlan(e))
		return vn_err_set(err, EINVAL, "%s: %s needs --vlan-id too", what, text);
	store_vlan(e, p, id);
	return 0;
}

static bool vlan_id_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	uint64_t id = vn_field_get(&e->stream.cfg, p->impl);

	if (id == VN_VLAN_OFF)
		return false;
	vn_text_add(out, "%llu", (unsigned long long)id);
	return true;
}

const struct vn_param_kind vn_kind_vlan_id = {
	.command = vlan_id_command,
	.set = vlan_id_set,
	.get = vlan_id_get,
};

const struct vn_param_kind vn_kind_svlan_id = {
	.command = vlan_id_command,
	.set = vlan_id_set,
	.get = vlan_id_get,
};

/* Is the tag whose part this row is on? */
static bool has_tag(const struct vn_entry *e, const struct vn_param *p)
{
	struct vn_param_impl id = { .field = p->impl->partner, .type = VN_FIELD_U16 };

	return vn_field_get(&e->stream.cfg, &id) != VN_VLAN_OFF;
}

static int vlan_part_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t value;

	vn_scan_decimal(arg, 1, &value);
	if (value > p->max || !has_tag(e, p)) {
		vn_ctl_result(e, "ERROR: %s must be 0-%llu", p->name, (unsigned long long)p->max);
		return 0;
	}
	vn_field_put(&e->stream.cfg, p->impl, value);
	vn_ctl_result(e, "OK: %s=%llu", p->name, (unsigned long long)value);
	return 0;
}

static int vlan_part_set(struct vn_entry *e, const struct vn_param *p, const char *what,
			 const char *text, struct vn_err *err)
{
	uint64_t value;
	int rc = vn_parse_quantity(what, text, p->units, p->min, p->max, &value, err);

	if (rc < 0)
		return rc;
	if (!has_tag(e, p))
		return vn_err_set(err, EINVAL, "%s: %s needs --%s-id too", what, text,
				  p->name[0] == 's' ? "svlan" : "vlan");
	vn_field_put(&e->stream.cfg, p->impl, value);
	return 0;
}

static bool vlan_part_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	if (!has_tag(e, p))
		return false;
	vn_text_add(out, "%llu", (unsigned long long)vn_field_get(&e->stream.cfg, p->impl));
	return true;
}

const struct vn_param_kind vn_kind_vlan_part = {
	.command = vlan_part_command,
	.set = vlan_part_set,
	.get = vlan_part_get,
};

/*
 * Whole label entries, comma between them. No digits, or a 0 anywhere, empties
 * the list; no byte where a label should be is an error. Labels with the
 * bottom bit are random ones, and say so in the flags even if an error follows.
 */
static int mpls_read(struct vn_stream_cfg *cfg, struct vn_ctl_scan *arg)
{
	uint64_t label;

	cfg->n_labels = 0;
	do {
		if (cfg->n_labels == VN_MPLS_MAX)
			return -E2BIG;
		if (vn_scan_is_end(arg))
			return -EINVAL;
		if (vn_scan_hex(arg, LABEL_DIGITS, &label) == 0 || label == 0) {
			cfg->n_labels = 0;
			return 0;
		}
		if (label & VN_MPLS_BOTTOM)
			cfg->flags |= VN_FLAG_MPLS_RND;
		cfg->labels[cfg->n_labels++] = (uint32_t)label;
	} while (vn_scan_char(arg, ','));
	return 0;
}

static void mpls_text(const struct vn_stream_cfg *cfg, struct vn_text *out)
{
	uint32_t i;

	for (i = 0; i < cfg->n_labels; i++)
		vn_text_add(out, "%s%08x", i ? "," : "", cfg->labels[i]);
}

static int mpls_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	struct vn_stream_cfg *cfg = &e->stream.cfg;
	char labels[VN_MPLS_MAX * (LABEL_DIGITS + 1) + 1];
	struct vn_text text;
	int rc = mpls_read(cfg, arg);

	if (rc < 0) {
		cfg->n_labels = 0;
		return rc;
	}
	if (cfg->n_labels > 0)
		vlans_off(cfg);
	vn_text_init(&text, labels, sizeof(labels));
	mpls_text(cfg, &text);
	vn_ctl_result(e, "OK: %s=%s", p->name, labels);
	return 0;
}

/* One label: one to eight digits, not 0, and an end or a comma behind it. */
static bool mpls_label(struct vn_ctl_scan *s, uint64_t *label)
{
	return vn_scan_hex(s, LABEL_DIGITS, label) > 0 && *label != 0 &&
	       (vn_scan_is_end(s) || (vn_scan_char(s, ',') && !vn_scan_is_end(s)));
}

static int mpls_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	struct vn_stream_cfg *cfg = &e->stream.cfg;
	uint32_t labels[VN_MPLS_MAX], n = 0, i;
	struct vn_ctl_scan s;
	uint64_t label;

	vn_scan_init(&s, text, strlen(text));
	do {
		if (!mpls_label(&s, &label))
			return vn_err_set(
				err, EINVAL,
				"%s: %s is not a list of label entries (8 hexadecimal digits "
				"each, not 0, a comma between them)",
				what, text);
		if (n == VN_MPLS_MAX)
			return vn_err_set(err, EINVAL, "%s: %s has more than %d labels", what, text,
					  VN_MPLS_MAX);
		labels[n++] = (uint32_t)label;
	} while (!vn_scan_is_end(&s));
	if (has_vlan(e))
		return vn_err_set(err, EINVAL,
				  "%s: %s cannot be had with VLAN tags and MPLS labels both", what,
				  text);
	for (i = 0; i < n; i++)
		if (labels[i] & VN_MPLS_BOTTOM)
			cfg->flags |= VN_FLAG_MPLS_RND;
	memcpy(cfg->labels, labels, sizeof(labels[0]) * n);
	cfg->n_labels = n;
	return 0;
}

static bool mpls_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	mpls_text(&e->stream.cfg, out);
	return e->stream.cfg.n_labels > 0;
}

const struct vn_param_kind vn_kind_mpls = {
	.command = mpls_command,
	.set = mpls_set,
	.get = mpls_get,
};
