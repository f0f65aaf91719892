/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/parse.h"
#include "base/text.h"

bool vn_cpus_has(const struct vn_cpus *c, int cpu)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (c->v[i] == cpu)
			return true;
	return false;
}

int vn_cpus_add(struct vn_cpus *c, int cpu)
{
	if (vn_cpus_has(c, cpu))
		return 0;
	if (c->n == VN_CPUS_MAX)
		return -ENOSPC;
	c->v[c->n++] = cpu;
	return 0;
}

/* "3" or "0-2", len characters of it. */
static int add_part(const char *what, const char *part, size_t len, struct vn_cpus *out,
		    struct vn_err *err)
{
	char copy[32], *dash;
	uint64_t first, last;
	int rc;

	if (len >= sizeof(copy))
		return vn_err_set(err, EINVAL, "%s: \"%.*s\" is not a list of CPUs (0,2-3)", what,
				  (int)VN_MIN(len, 64u), part);
	memcpy(copy, part, len);
	copy[len] = '\0';
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	rc = vn_parse_quantity(what, copy, vn_units_none, 0, VN_CPUS_MAX - 1, &first, err);
	if (rc)
		return rc;
	last = first;
	if (dash)
		rc = vn_parse_quantity(what, dash + 1, vn_units_none, first, VN_CPUS_MAX - 1, &last,
				       err);
	for (uint64_t cpu = first; !rc && cpu <= last; cpu++)
		vn_cpus_add(out, (int)cpu); /* at most VN_CPUS_MAX different ones exist */
	return rc;
}

int vn_cpus_parse(const char *what, const char *text, struct vn_cpus *out, struct vn_err *err)
{
	int rc;

	out->n = 0;
	for (;;) {
		size_t len = strcspn(text, ",");

		rc = add_part(what, text, len, out, err);
		if (rc || !text[len])
			return rc;
		text += len + 1;
	}
}

void vn_cpus_listed(const char *root, const char *name, struct vn_cpus *out)
{
	char path[512], *line = NULL;
	size_t cap = 0;
	FILE *in;

	out->n = 0;
	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/%s", root, name);
	in = fopen(path, "re");
	if (!in)
		return;
	if (getline(&line, &cap, in) > 0)
		for (int cpu = 0; cpu < VN_CPUS_MAX; cpu++)
			if (vn_cpu_in_list(line, cpu))
				vn_cpus_add(out, cpu);
	free(line);
	fclose(in);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* CPUs kept from the scheduler are in no process's list, but may be had by name. */
static void add_isolated(struct vn_cpus *c)
{
	struct vn_cpus isolated;

	vn_cpus_listed("", "isolated", &isolated);
	for (unsigned int i = 0; i < isolated.n; i++)
		if (!vn_cpus_has(c, isolated.v[i]) && vn_cpu_may_pin(isolated.v[i]))
			vn_cpus_add(c, isolated.v[i]);
	qsort(c->v, c->n, sizeof(c->v[0]), compare);
}

int vn_cpus_allowed(struct vn_cpus *out, struct vn_err *err)
{
	int n = vn_cpu_list(out->v, VN_CPUS_MAX);

	out->n = n < 0 ? 0 : (unsigned int)VN_MIN(n, VN_CPUS_MAX);
	if (n < 0)
		return vn_err_set(err, -n, "cannot read the list of CPUs: %s", strerror(-n));
	add_isolated(out);
	return 0;
}

/* Those of c that are in the list, to the front of what is behind *n. */
static void move_up(struct vn_cpus *c, const struct vn_cpus *list, unsigned int *n)
{
	for (unsigned int i = *n; i < c->n; i++) {
		int cpu = c->v[i];

		if (!vn_cpus_has(list, cpu))
			continue;
		memmove(&c->v[*n + 1], &c->v[*n], (i - *n) * sizeof(c->v[0]));
		c->v[(*n)++] = cpu;
	}
}

unsigned int vn_cpus_prefer(const char *root, struct vn_cpus *c)
{
	struct vn_cpus list;
	unsigned int n = 0, n_isolated;

	vn_cpus_listed(root, "isolated", &list);
	move_up(c, &list, &n);
	n_isolated = n;
	vn_cpus_listed(root, "nohz_full", &list);
	move_up(c, &list, &n);
	return n_isolated;
}

int vn_cpu_parse(const char *what, const char *text, int *cpu, struct vn_err *err)
{
	struct vn_cpus allowed;
	uint64_t value;
	int rc;

	rc = vn_parse_quantity(what, text, vn_units_none, 0, VN_CPUS_MAX - 1, &value, err);
	if (!rc)
		rc = vn_cpus_allowed(&allowed, err);
	if (rc)
		return rc;
	*cpu = (int)value;
	return vn_cpus_check(what, *cpu, &allowed, err);
}

int vn_cpus_check(const char *what, int cpu, const struct vn_cpus *allowed, struct vn_err *err)
{
	char text[128];

	if (vn_cpus_has(allowed, cpu))
		return 0;
	vn_cpus_text(allowed, text, sizeof(text));
	return vn_err_set(err, EINVAL, "%s: CPU %d is not one of this process's (%s)", what, cpu,
			  text);
}

void vn_cpus_text(const struct vn_cpus *c, char *buf, unsigned int cap)
{
	struct vn_text t;

	vn_text_init(&t, buf, cap);
	for (unsigned int i = 0; i < c->n; i++)
		vn_text_add(&t, "%s%d", i ? "," : "", c->v[i]);
}
