/* SPDX-License-Identifier: BSD-2-Clause */
#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nt/profile_report.h"

/* What card_run points at. */
struct card_profile {
	struct vn_nt_profile *counts;
	uint32_t annotated; /* function; VN_NT_PROFILE_NONE: none */
	FILE *out;
};

static int find_function(struct card_profile *cp, const char *name, struct vn_err *err)
{
	uint32_t i;

	for (i = 0; i < cp->counts->n_functions; i++)
		if (strcmp(cp->counts->functions[i].name, name) == 0) {
			cp->annotated = i;
			return 0;
		}
	return vn_err_set(err, EINVAL, "-annotate %s: the program has no function of this name",
			  name);
}

int card_profile_new(struct card_run *r, struct vn_err *err)
{
	struct card_profile *cp;
	int rc;

	if (!r->s.profile)
		return 0;
	cp = calloc(1, sizeof(*cp));
	if (!cp)
		return vn_err_set(err, ENOMEM, "no memory for a profile");
	r->profile = cp;
	cp->annotated = VN_NT_PROFILE_NONE;
	rc = vn_nt_profile_new(&r->image, &cp->counts, err);
	if (!rc && r->s.annotate)
		rc = find_function(cp, r->s.annotate, err);
	r->s.card.profile = cp->counts;
	return rc;
}

int card_profile_open(struct card_run *r, struct vn_err *err)
{
	const char *path = r->s.profile;

	if (!path)
		return 0;
	r->profile->out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!r->profile->out)
		return vn_err_set(err, errno, "%s: cannot be written (%s)", path, strerror(errno));
	return 0;
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

static int write_form(const struct card_run *r)
{
	const struct card_profile *cp = r->profile;
	uint64_t cycle = vn_nt_card_cycle(r->card);
	int rc;

	if (ends_in(r->s.profile, ".json"))
		return card_profile_json(cp->counts, cycle, cp->out);
	if (ends_in(r->s.profile, ".folded"))
		return card_profile_stacks(cp->counts, cp->out);
	rc = card_profile_text(cp->counts, cycle, cp->out);
	if (!rc && cp->annotated != VN_NT_PROFILE_NONE)
		card_profile_annotate(cp->counts, cp->annotated, &r->image, cp->out);
	return rc;
}

int card_profile_finish(struct card_run *r, struct vn_err *err)
{
	struct card_profile *cp = r->profile;
	bool has_failed;
	int rc;

	if (!cp || !cp->out)
		return 0;
	vn_nt_profile_settle(cp->counts, r->card);
	rc = write_form(r);
	has_failed = fflush(cp->out) || ferror(cp->out);
	if (cp->out != stdout)
		has_failed |= fclose(cp->out) != 0;
	cp->out = NULL;
	if (rc || has_failed)
		return vn_err_set(err, rc ? -rc : EIO, "%s: the profile could not be written",
				  r->s.profile);
	return 0;
}

void card_profile_free(struct card_run *r)
{
	struct card_profile *cp = r->profile;

	if (!cp)
		return;
	if (cp->out && cp->out != stdout)
		fclose(cp->out);
	vn_nt_profile_free(cp->counts);
	free(cp);
	r->profile = NULL;
}

/* -- Stacks ------------------------------------------------------------------ */

static void print_way(const struct vn_nt_profile *p, uint32_t node, FILE *out)
{
	const struct vn_nt_profile_node *n = &p->nodes[node];

	if (n->parent == node) {
		fprintf(out, "t%u", node);
		return;
	}
	print_way(p, n->parent, out);
	fprintf(out, ";%s", p->functions[n->function].name);
}

/* A line for each way that was called, as flamegraph.pl and its like read them. */
int card_profile_stacks(const struct vn_nt_profile *p, FILE *out)
{
	uint32_t node;

	for (node = 0; node < p->n_nodes; node++) {
		if (!p->nodes[node].cycles)
			continue;
		print_way(p, node, out);
		fprintf(out, " %llu\n", (unsigned long long)p->nodes[node].cycles);
	}
	return 0;
}
