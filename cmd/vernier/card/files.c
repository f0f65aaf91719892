/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX  (4 * CARD_PORTS + 8)
#define OPTION_LEN 16

struct named {
	char option[OPTION_LEN];
	const char *path;
	bool is_written;
};

struct list {
	unsigned int n;
	struct named v[FILES_MAX];
};

static void add(struct list *l, const char *option, const char *path, bool is_written)
{
	struct named *f = &l->v[l->n];

	if (!path || !strcmp(path, "-"))
		return;
	snprintf(f->option, sizeof(f->option), "%s", option);
	f->path = path;
	f->is_written = is_written;
	l->n++;
}

static void add_ports(struct list *l, const char *option, const char *const paths[CARD_PORTS],
		      bool is_written)
{
	char name[OPTION_LEN];

	for (unsigned int n = 0; n < CARD_PORTS; n++) {
		snprintf(name, sizeof(name), "%s%u", option, n);
		add(l, name, paths[n], is_written);
	}
}

/* The same by whatever name; devices and pipes may be had several times. */
static bool is_same(const char *a, const char *b)
{
	struct stat one, other;

	if (stat(a, &one) || stat(b, &other))
		return !strcmp(a, b);
	return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int check(const struct list *l, struct vn_err *err)
{
	for (unsigned int i = 0; i < l->n; i++) {
		for (unsigned int k = 0; k < i; k++) {
			const struct named *a = &l->v[k], *b = &l->v[i];

			if ((a->is_written || b->is_written) && is_same(a->path, b->path))
				return vn_err_set(err, EINVAL, "%s %s: is the file of %s too",
						  b->option, b->path, a->option);
		}
	}
	return 0;
}

int card_files_check(const struct card_settings *s, struct vn_err *err)
{
	struct list l = { .n = 0 };

	add(&l, "PROGRAM", s->program, false);
	add(&l, "-i", s->instr, false);
	add(&l, "-d", s->data, false);
	add_ports(&l, "-pcapmac", s->pcap_mac, false);
	add_ports(&l, "-pcaphost", s->pcap_host, false);
	add_ports(&l, "-outmac", s->out_mac, true);
	add_ports(&l, "-outhost", s->out_host, true);
	add(&l, "-trace", s->trace_path, true);
	add(&l, "-stats", s->stats, true);
	add(&l, "-profile", s->profile, true);
	return check(&l, err);
}
