/* SPDX-License-Identifier: BSD-2-Clause */
/* Images as pairs of memory initialization files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nt/image_priv.h"
#include "nt/mif.h"
#include "wire/bytes.h"

#define DATA_WORDS ((VN_NT_DATA_BASE + VN_NT_DATA_SIZE - VN_NT_LOAD_BASE) / 4)

static int read_mif(struct vn_nt_mif *mif, const char *path, uint32_t words, struct vn_err *err)
{
	uint8_t *bytes;
	size_t len;
	int rc = vn_nt_file_read(path, VN_NT_MIF_MAX, &bytes, &len, err);

	if (rc < 0)
		return rc;
	rc = vn_nt_mif_parse(mif, path, (const char *)bytes, len, words, err);
	free(bytes);
	return rc;
}

int vn_nt_image_read_instr_mif(struct vn_nt_image *image, const char *path, struct vn_err *err)
{
	struct vn_nt_mif mif = { 0 };
	int rc = read_mif(&mif, path, VN_NT_TEXT_WORDS, err);

	if (rc < 0)
		return rc;
	free(image->text);
	image->text = mif.words;
	image->n_text = mif.n;
	return 0;
}

int vn_nt_image_read_data_mif(struct vn_nt_image *image, const char *path, struct vn_err *err)
{
	struct vn_nt_mif mif = { 0 };
	int rc = read_mif(&mif, path, DATA_WORDS, err);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < mif.n; i++)
		mif.words[i] = VN_BE32(mif.words[i]);
	vn_nt_image_free_pieces(image);
	if (mif.n > 0)
		rc = vn_nt_image_add_piece(image, VN_NT_LOAD_BASE, (const uint8_t *)mif.words,
					   4 * mif.n);
	vn_nt_mif_fini(&mif);
	return rc < 0 ? vn_err_set(err, -rc, "%s: out of memory", path) : 0;
}

int vn_nt_image_write_instr_mif(const struct vn_nt_image *image, FILE *out)
{
	return vn_nt_mif_write(image->text, image->n_text, out);
}

/* Words of data memory up to the end of the last piece; UINT32_MAX when one lies
 * before the address where data files begin. */
static uint32_t data_words(const struct vn_nt_image *image)
{
	uint32_t end = VN_NT_LOAD_BASE;

	for (unsigned int i = 0; i < image->n_pieces; i++) {
		const struct vn_nt_piece *piece = &image->pieces[i];

		if (piece->addr < VN_NT_LOAD_BASE)
			return UINT32_MAX;
		end = VN_MAX(end, piece->addr + piece->len);
	}
	return (end - VN_NT_LOAD_BASE + 3) / 4;
}

int vn_nt_image_write_data_mif(const struct vn_nt_image *image, FILE *out, struct vn_err *err)
{
	uint32_t n = data_words(image);
	uint32_t *words;
	int rc;

	if (n == UINT32_MAX)
		return vn_err_set(err, EINVAL, "data before 0x%08x, where a data file begins",
				  VN_NT_LOAD_BASE);
	words = calloc(n + 1, sizeof(*words)); /* never of size 0 */
	if (!words)
		return vn_err_set(err, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < image->n_pieces; i++)
		memcpy((uint8_t *)words + image->pieces[i].addr - VN_NT_LOAD_BASE,
		       image->pieces[i].bytes, image->pieces[i].len);
	for (uint32_t i = 0; i < n; i++)
		words[i] = VN_BE32(words[i]);
	rc = vn_nt_mif_write(words, n, out);
	free(words);
	return rc < 0 ? vn_err_set(err, -rc, "%s", strerror(-rc)) : 0;
}
