/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a memory initialization file, without a NUL behind them. What is
 * taken lies within the memory, and is taken again as we write it.
 */
#include "base/parse.c"
#include "nt/mif.c"

#define WORDS 4096 /* small: ranges that fill a memory are slow and say nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct vn_nt_mif *mif)
{
	struct vn_nt_mif again = { 0 };
	struct vn_err err = { "" };
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	if (vn_nt_mif_write(mif->words, mif->n, f) < 0)
		abort();
	fclose(f);
	if (vn_nt_mif_parse(&again, "again", text, len, WORDS, &err) < 0)
		abort();
	/* no words are written as one */
	if (again.n != (mif->n ? mif->n : 1) ||
	    (mif->n && memcmp(again.words, mif->words, mif->n * sizeof(*mif->words)) != 0))
		abort();
	vn_nt_mif_fini(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_nt_mif mif = { 0 };
	struct vn_err err = { "" };

	if (vn_nt_mif_parse(&mif, "fuzz", (const char *)data, size, WORDS, &err) == 0) {
		if (mif.n > WORDS || err.text[0])
			abort();
		same_again(&mif);
		vn_nt_mif_fini(&mif);
	} else if (mif.words || !err.text[0]) {
		abort();
	}
	return 0;
}
