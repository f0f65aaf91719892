/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a program. What is taken lies within the memories, and every
 * name is found at its own address.
 */
#include "nt/image.c"
#include "nt/image_elf.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct vn_nt_image *image)
{
	uint32_t offset;

	if (image->n_text == 0 || image->n_text > VN_NT_TEXT_WORDS)
		abort();
	for (unsigned int i = 0; i < image->n_pieces; i++) {
		const struct vn_nt_piece *p = &image->pieces[i];

		if (!lies_in(p->addr, p->len, VN_NT_DATA_BASE, VN_NT_DATA_SIZE))
			abort();
	}
	for (unsigned int i = 0; i < image->n_symbols; i++) {
		const struct vn_nt_symbol *s = &image->symbols[i];

		if (i > 0 && s->addr < s[-1].addr)
			abort();
		if (s->size && (!vn_nt_image_symbol(image, s->addr, &offset) || offset))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_nt_image image = { 0 };
	struct vn_err err = { "" };

	if (vn_nt_image_parse_elf(&image, "fuzz", data, size, &err) == 0)
		use(&image);
	else if (image.text || image.pieces || image.symbols || !err.text[0])
		abort();
	vn_nt_image_fini(&image);
	return 0;
}
