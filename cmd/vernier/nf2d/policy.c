/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"
#include "caliper/msg.h"

#define GAP_MAX	     UINT64_C(1000000000000000) /* ns */
#define RATE_MAX     UINT64_C(1000000000)	/* bit/s */
#define SPACES	     " \t\r\n\v\f"
#define GAPS_MESSAGE ((CAL_DATAGRAM_MAX - VN_CAL_HLEN - sizeof(struct cal_policy)) / 8)

/* --- reading ----------------------------------------------------------------------- */

static int add_gap(struct nf2d_policy *p, const char *token, struct vn_err *err)
{
	if (p->n_gaps == CAL_GAPS_MAX)
		return vn_err_set(err, ERANGE, "more than %u gaps", CAL_GAPS_MAX);
	return vn_parse_quantity("gap", token, vn_units_none, 0, GAP_MAX, &p->gaps[p->n_gaps++],
				 err);
}

static int read_line(struct nf2d_policy *p, char *line, struct vn_err *err)
{
	char *save, *token = strtok_r(line, SPACES, &save);
	int rc = 0;

	for (; token && !rc; token = strtok_r(NULL, SPACES, &save))
		rc = add_gap(p, token, err);
	return rc;
}

static int read_lines(struct nf2d_policy *p, FILE *in, const char *path, struct vn_err *err)
{
	struct vn_err why = { "" };
	unsigned long n = 0;
	size_t cap = 0;
	char *line = NULL;
	int rc = 0;

	while (!rc && getline(&line, &cap, in) >= 0) {
		n++;
		rc = read_line(p, line, &why);
	}
	free(line);
	if (rc)
		return vn_err_set(err, -rc, "--policy list:%s: line %lu: %s", path, n, why.text);
	if (ferror(in))
		return vn_err_set(err, EIO, "--policy list:%s: cannot be read", path);
	if (!p->n_gaps)
		return vn_err_set(err, EINVAL, "--policy list:%s: has no gaps (numbers of ns)",
				  path);
	return 0;
}

static int read_list(struct nf2d_policy *p, const char *path, struct vn_err *err)
{
	FILE *in = fopen(path, "re");
	int rc;

	if (!in)
		return vn_err_set(err, errno, "--policy list:%s: %s", path, strerror(errno));
	p->policy.mode = CAL_POLICY_LIST;
	p->gaps = malloc(CAL_GAPS_MAX * sizeof(*p->gaps));
	rc = p->gaps ? read_lines(p, in, path, err) : vn_err_set(err, ENOMEM, "no memory");
	fclose(in);
	return rc;
}

static int read_gap(struct nf2d_policy *p, const char *text, struct vn_err *err)
{
	p->policy.mode = CAL_POLICY_GAP;
	return vn_parse_quantity("--policy gap", text, vn_units_time, 0, GAP_MAX, &p->policy.value,
				 err);
}

static int read_rate(struct nf2d_policy *p, const char *text, struct vn_err *err)
{
	p->policy.mode = CAL_POLICY_RATE;
	return vn_parse_quantity("--policy rate", text, vn_units_count, 1, RATE_MAX,
				 &p->policy.value, err);
}

static const struct {
	const char *prefix;
	int (*read)(struct nf2d_policy *p, const char *text, struct vn_err *err);
} kinds[] = {
	{ "gap:", read_gap },
	{ "rate:", read_rate },
	{ "list:", read_list },
};

int nf2d_policy_parse(struct nf2d_policy *p, const char *text, struct vn_err *err)
{
	if (!strcmp(text, "asap"))
		return 0;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(kinds); i++)
		if (!strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].read(p, text + strlen(kinds[i].prefix), err);
	return vn_err_set(err, EINVAL,
			  "--policy: '%s' is not accepted (asap, gap:NS, rate:BPS or list:FILE)",
			  text);
}

void nf2d_policy_fini(struct nf2d_policy *p)
{
	free(p->gaps);
	*p = (struct nf2d_policy){ .n_gaps = 0 };
}

/* --- telling ------------------------------------------------------------------------- */

uint32_t nf2d_policy_message(const struct nf2d_policy *p, unsigned int card, uint32_t first,
			     uint64_t out[NF2D_POLICY_BYTES / 8], uint32_t *next)
{
	uint32_t end = VN_MIN(p->n_gaps, first + (uint32_t)GAPS_MESSAGE);
	struct vn_cal_writer w;

	*next = end < p->n_gaps ? end : 0;
	vn_cal_writer_init(&w, out, NF2D_POLICY_BYTES, card);
	vn_cal_begin(&w, CAL_POLICY, NLM_F_REQUEST | NLM_F_ACK, 0, 0, *next ? CAL_MORE : 0);
	vn_cal_add(&w, &p->policy, sizeof(p->policy));
	for (; first < end; first++)
		vn_cal_add_item(&w, &p->gaps[first], sizeof(*p->gaps), NULL, 0);
	return (uint32_t)w.len;
}
