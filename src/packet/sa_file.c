/* SPDX-License-Identifier: BSD-2-Clause */
/* Security associations from a file, read whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/sa.h"

#define PIECE 4096

/* A text as it is read; its memory is overwritten before it is given back. */
struct text {
	char *p;
	size_t len, cap;
};

static void text_free(struct text *t)
{
	if (t->p)
		explicit_bzero(t->p, t->cap);
	free(t->p);
}

static int text_grow(struct text *t)
{
	size_t cap = t->cap ? 2 * t->cap : PIECE;
	char *p = malloc(cap);

	if (!p)
		return -ENOMEM;
	if (t->len)
		memcpy(p, t->p, t->len);
	text_free(t);
	t->p = p;
	t->cap = cap;
	return 0;
}

static int read_all(FILE *f, struct text *t)
{
	size_t n;

	do {
		if (t->len == t->cap && text_grow(t) < 0)
			return -ENOMEM;
		n = fread(t->p + t->len, 1, t->cap - t->len, f);
		t->len += n;
	} while (n > 0);
	return ferror(f) ? -errno : 0; /* EISDIR, EIO */
}

int vn_sa_parse_file(const char *path, struct vn_sa_db *db, struct vn_err *err)
{
	struct text t = { 0 };
	FILE *f = fopen(path, "re");
	int rc;

	if (!f)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	setvbuf(f, NULL, _IONBF, 0); /* no second copy of the keys */
	rc = read_all(f, &t);
	fclose(f);
	if (rc < 0)
		vn_err_set(err, -rc, "%s: %s", path, strerror(-rc));
	else
		rc = vn_sa_parse(t.p, t.len, path, db, err);
	text_free(&t);
	return rc;
}
