/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet sizes: one size, both ends of a range, or a mix of sizes by weight.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#define SIZE_DIGITS 10

uint64_t vn_clamp_size(uint64_t value)
{
	return VN_MAX(value, (uint64_t)VN_PKT_SIZE_MIN);
}

void vn_min_size_changed(struct vn_entry *e)
{
	e->stream.cur.pkt_size = e->stream.cfg.min_pkt_size;
}

void vn_max_size_changed(struct vn_entry *e)
{
	e->stream.cur.pkt_size = e->stream.cfg.max_pkt_size;
}

void vn_size_given(struct vn_entry *e)
{
	vn_stream_set_sizes(&e->stream, NULL);
}

void vn_size_fix(struct vn_entry *e, int32_t size)
{
	vn_size_given(e);
	e->stream.imix.n = 0;
	e->stream.cfg.min_pkt_size = e->stream.cfg.max_pkt_size = e->stream.cur.pkt_size = size;
}

/* Looks at the lower end only: when that is right already, a different upper
 * end stays, as in the kernel. */
static void store_pkt_size(struct vn_entry *e, int32_t size)
{
	vn_size_given(e);
	if (size == e->stream.cfg.min_pkt_size)
		return;
	e->stream.cfg.min_pkt_size = size;
	e->stream.cfg.max_pkt_size = size;
	e->stream.cur.pkt_size = size;
}

static int pkt_size_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t value;

	vn_scan_decimal(arg, SIZE_DIGITS, &value);
	store_pkt_size(e, (int32_t)vn_clamp_size(value));
	vn_ctl_result(e, "OK: %s=%d", p->name, e->stream.cfg.min_pkt_size);
	return 0;
}

/* On the command line one size means one size, whatever was set before. */
static int pkt_size_set(struct vn_entry *e, const struct vn_param *p, const char *what,
			const char *text, struct vn_err *err)
{
	uint64_t value;
	int rc = vn_parse_quantity(what, text, p->units, p->min, p->max, &value, err);

	if (rc < 0)
		return rc;
	store_pkt_size(e, (int32_t)value);
	e->stream.cfg.max_pkt_size = (int32_t)value;
	return 0;
}

/* Both ends have rows of their own. */
static bool pkt_size_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	return false;
}

const struct vn_param_kind vn_kind_pkt_size = {
	.command = pkt_size_command,
	.set = pkt_size_set,
	.get = pkt_size_get,
};

/*
 * Pairs "size,weight" with exactly one space between them. The list is emptied
 * first and keeps what was read before an error; the table of slots is only
 * filled when all is well.
 */
static int imix_read(struct vn_imix *m, struct vn_ctl_scan *arg)
{
	uint64_t size, weight;
	int rc;

	m->n = 0;
	do {
		if (m->n == VN_IMIX_MAX)
			return -E2BIG;
		vn_scan_decimal(arg, SIZE_DIGITS, &size);
		if (!vn_scan_char(arg, ','))
			return -EINVAL;
		vn_scan_decimal(arg, SIZE_DIGITS, &weight);
		rc = vn_imix_add(m, size, weight);
		if (rc < 0)
			return rc;
	} while (vn_scan_char(arg, ' '));
	vn_imix_fill(m);
	return 0;
}

/* The only command that says nothing when it worked. */
static int imix_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	int rc = vn_check_imix(e, NULL);

	if (rc < 0)
		return rc;
	vn_size_given(e);
	return imix_read(&e->stream.imix, arg);
}

/* Sizes in range, and no size that would never be sent: see packet/imix.c. */
static int imix_check_entries(const struct vn_param *p, const struct vn_imix *m, struct vn_err *why)
{
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < m->n; i++)
		total += m->entry[i].weight;
	for (i = 0; i < m->n; i++) {
		if (m->entry[i].size > p->max)
			return vn_err_set(why, ERANGE, "has size %u, out of range (%llu to %llu)",
					  m->entry[i].size, (unsigned long long)p->min,
					  (unsigned long long)p->max);
		if (i + 1 < m->n && (uint64_t)m->entry[i].weight * VN_IMIX_SLOTS < total)
			return vn_err_set(
				why, EINVAL,
				"has %u,%u: less than 1 %% of all, which only the last can have",
				m->entry[i].size, m->entry[i].weight);
	}
	return 0;
}

/* Reads one pair strictly: both numbers there, in range before narrowing. */
static int imix_pair(struct vn_imix *m, struct vn_ctl_scan *s, uint64_t min, struct vn_err *why)
{
	uint64_t size, weight;

	if (vn_scan_decimal(s, SIZE_DIGITS, &size) == 0 || !vn_scan_char(s, ',') ||
	    vn_scan_decimal(s, SIZE_DIGITS, &weight) == 0 ||
	    (!vn_scan_is_end(s) && !vn_scan_char(s, ' ')))
		return vn_err_set(why, EINVAL,
				  "is not a list of SIZE,WEIGHT pairs with spaces between them");
	if (size < min || size > UINT32_MAX)
		return vn_err_set(why, ERANGE, "has size %llu, out of range (from %llu)",
				  (unsigned long long)size, (unsigned long long)min);
	if (weight == 0 || weight > UINT32_MAX)
		return vn_err_set(why, ERANGE, "has weight %llu, out of range (1 to %u)",
				  (unsigned long long)weight, UINT32_MAX);
	if (vn_imix_add(m, size, weight) < 0)
		return vn_err_set(why, E2BIG, "has more than %d sizes", VN_IMIX_MAX);
	return 0;
}

static int imix_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	struct vn_imix m = { .n = 0 };
	struct vn_ctl_scan s;
	struct vn_err why;
	unsigned int i;
	int rc = vn_check_imix(e, &why);

	vn_scan_init(&s, text, strlen(text));
	while (vn_scan_char(&s, ' '))
		;
	while (rc == 0 && (!vn_scan_is_end(&s) || m.n == 0)) {
		rc = imix_pair(&m, &s, p->min, &why);
		while (rc == 0 && vn_scan_char(&s, ' '))
			;
	}
	if (rc == 0)
		rc = imix_check_entries(p, &m, &why);
	if (rc < 0)
		return vn_option_refuse(err, what, text, rc, &why);
	for (i = 0; i < m.n; i++)
		m.entry[i].packets = e->stream.imix.entry[i].packets;
	vn_imix_fill(&m);
	vn_size_given(e);
	e->stream.imix = m;
	return 0;
}

static bool imix_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	const struct vn_imix *m = &e->stream.imix;
	unsigned int i;

	for (i = 0; i < m->n; i++)
		vn_text_add(out, "%s%u,%u", i ? " " : "", m->entry[i].size, m->entry[i].weight);
	return m->n > 0;
}

const struct vn_param_kind vn_kind_imix = {
	.command = imix_command,
	.set = imix_set,
	.get = imix_get,
};
