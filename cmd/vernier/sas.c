/* SPDX-License-Identifier: BSD-2-Clause */
#include "sas.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int load(void *arg, struct vn_sa_db *db, struct vn_err *err)
{
	const struct sas *s = arg;
	int rc = 0;

	for (size_t i = 0; i < s->file.n && !rc; i++)
		rc = vn_sa_db_add(db, &s->file.v[i]);
	if (rc)
		return vn_err_set(err, ENOMEM, "no memory for the associations of --sa");
	rc = vn_xfrm_load(NULL, db, err);
	/* Whoever gave a file does not depend on what the system lets him see. */
	return rc == -EPERM && s->file.n ? 0 : rc;
}

static bool is_from_file(const struct sas *s, const struct vn_sa *sa)
{
	for (size_t i = 0; i < s->file.n; i++)
		if (!memcmp(&s->file.v[i], sa, sizeof(*sa)))
			return true;
	return false;
}

static void account(void *arg, const struct vn_sa *sa, uint64_t bytes, uint64_t packets)
{
	if (!is_from_file(arg, sa))
		vn_xfrm_account(NULL, sa, bytes, packets);
}

int sas_open(struct sas *s, const char *path, struct vn_err *err)
{
	struct vn_err why = { "" };
	int rc = 0;

	memset(s, 0, sizeof(*s));
	s->source = (struct vn_sa_source){ load, account, s };
	if (path)
		rc = vn_sa_parse_file(path, &s->file, &why);
	if (!rc)
		return 0;
	sas_close(s);
	return vn_err_set(err, -rc, "--sa: %s", why.text);
}

void sas_close(struct sas *s)
{
	vn_sa_db_fini(&s->file);
}
