/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/sa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

int vn_sa_db_add(struct vn_sa_db *db, const struct vn_sa *sa)
{
	if (db->n == db->cap) {
		/* Not realloc(), which would leave keys behind. */
		size_t cap = VN_MAX(2 * db->cap, 8u);
		struct vn_sa *v = calloc(cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (db->n) {
			memcpy(v, db->v, db->n * sizeof(*v));
			explicit_bzero(db->v, db->n * sizeof(*v));
		}
		free(db->v);
		db->v = v;
		db->cap = cap;
	}
	db->v[db->n++] = *sa;
	return 0;
}

void vn_sa_db_fini(struct vn_sa_db *db)
{
	if (db->v)
		explicit_bzero(db->v, db->n * sizeof(*db->v));
	free(db->v);
	*db = (struct vn_sa_db){ 0 };
}

bool vn_sa_matches(const struct vn_sa *sa, uint32_t spi, uint32_t saddr, uint32_t daddr)
{
	if (spi)
		return sa->spi == spi;
	return sa->saddr == saddr && sa->daddr == daddr && sa->mode == VN_SA_TRANSPORT &&
	       sa->proto == VN_SA_ESP && sa->reqid == 0 && sa->mark == 0 && sa->if_id == 0;
}
