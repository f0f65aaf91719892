/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a file of associations; each that is read is set up and used. */
#include "packet/sa.c"
#include "packet/sa_words.c"
#include "packet/sa_parse.c"
#include "packet/ipsec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct vn_sa *sa)
{
	uint8_t packet[40 + VN_IPSEC_GROWTH_MAX] = { 0x45 };
	struct vn_err err = { "" };
	struct vn_rng rng = { 1 };
	struct vn_ipsec *x;

	if (vn_ipsec_new(sa, &rng, &x, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	vn_ipsec_apply(x, packet, 40);
	vn_ipsec_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err = { "" };
	size_t i;

	if (vn_sa_parse((const char *)data, size, "fuzz", &db, &err) < 0 && !err.text[0])
		abort();
	for (i = 0; i < db.n && i < 16; i++)
		use(&db.v[i]);
	vn_sa_db_fini(&db);
	return 0;
}
