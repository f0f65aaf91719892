/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/sa.h"

#include <errno.h>
#include <stdlib.h>

int vn_sa_db_add(struct vn_sa_db *db, const struct vn_sa *sa)
{
	struct vn_sa *v = realloc(db->v, (db->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	db->v = v;
	db->v[db->n++] = *sa;
	return 0;
}

void vn_sa_db_fini(struct vn_sa_db *db)
{
	free(db->v);
	db->v = NULL;
	db->n = 0;
}

bool vn_sa_matches(const struct vn_sa *sa, uint32_t spi, uint32_t saddr, uint32_t daddr)
{
	if (spi)
		return sa->spi == spi;
	return sa->saddr == saddr && sa->daddr == daddr && sa->mode == VN_SA_TRANSPORT &&
	       sa->proto == VN_SA_ESP && sa->reqid == 0 && sa->mark == 0;
}
