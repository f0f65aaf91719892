/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nt/image_priv.h"

#define FIRST_PIECE 65536

void vn_nt_image_free_pieces(struct vn_nt_image *image)
{
	for (unsigned int i = 0; i < image->n_pieces; i++)
		free(image->pieces[i].bytes);
	free(image->pieces);
	image->pieces = NULL;
	image->n_pieces = 0;
}

void vn_nt_image_fini(struct vn_nt_image *image)
{
	if (!image)
		return;
	vn_nt_image_free_pieces(image);
	for (unsigned int i = 0; i < image->n_symbols; i++)
		free(image->symbols[i].name);
	free(image->symbols);
	free(image->text);
	*image = (struct vn_nt_image){ 0 };
}

int vn_nt_image_add_piece(struct vn_nt_image *image, uint32_t addr, const uint8_t *bytes,
			  uint32_t len)
{
	struct vn_nt_piece *pieces, *piece;

	pieces = reallocarray(image->pieces, image->n_pieces + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	image->pieces = pieces;
	piece = &pieces[image->n_pieces];
	*piece = (struct vn_nt_piece){ .addr = addr, .len = len, .bytes = malloc(len) };
	if (!piece->bytes)
		return -ENOMEM;
	memcpy(piece->bytes, bytes, len);
	image->n_pieces++;
	return 0;
}

/* -- Files ---------------------------------------------------------------- */

struct buffer {
	uint8_t *bytes;
	size_t len, room;
};

/* Reads on to the end: files that have no size beforehand (pipes) are read too. */
static int read_all(FILE *f, size_t max, struct buffer *b)
{
	size_t n;

	do {
		if (b->len == b->room) {
			size_t room = b->room ? 2 * b->room : FIRST_PIECE;
			uint8_t *bytes = realloc(b->bytes, room);

			if (!bytes)
				return -ENOMEM;
			b->bytes = bytes;
			b->room = room;
		}
		n = fread(b->bytes + b->len, 1, b->room - b->len, f);
		b->len += n;
		if (b->len > max)
			return -EFBIG;
	} while (n > 0);
	return ferror(f) ? -errno : 0;
}

int vn_nt_file_read(const char *path, size_t max, uint8_t **bytes, size_t *len, struct vn_err *err)
{
	struct buffer b = { 0 };
	FILE *f = fopen(path, "re");
	int rc;

	*bytes = NULL;
	*len = 0;
	if (!f)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	rc = read_all(f, max, &b);
	fclose(f);
	if (rc < 0) {
		free(b.bytes);
		return vn_err_set(err, -rc, "%s: %s", path, strerror(-rc));
	}
	*bytes = b.bytes;
	*len = b.len;
	return 0;
}

/* -- Names ---------------------------------------------------------------- */

/* By address, at one address the larger first: a name that says how far it goes. */
static int compare(const void *a, const void *b)
{
	const struct vn_nt_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_text(uint32_t addr)
{
	return addr - VN_NT_TEXT_BASE < 4 * VN_NT_TEXT_WORDS;
}

/* Where a symbol at addr ends at the latest: with its memory. */
static uint32_t memory_end(const struct vn_nt_image *image, uint32_t addr)
{
	return is_text(addr) ? VN_NT_TEXT_BASE + 4 * image->n_text
			     : VN_NT_DATA_BASE + VN_NT_DATA_SIZE;
}

void vn_nt_image_sort_symbols(struct vn_nt_image *image)
{
	uint32_t next = 0;

	if (image->n_symbols == 0)
		return;
	qsort(image->symbols, image->n_symbols, sizeof(*image->symbols), compare);
	for (unsigned int i = image->n_symbols; i-- > 0;) {
		struct vn_nt_symbol *s = &image->symbols[i];
		uint32_t end = memory_end(image, s->addr);

		if (i + 1 < image->n_symbols && image->symbols[i + 1].addr != s->addr)
			next = image->symbols[i + 1].addr;
		if (next > s->addr && next < end)
			end = next;
		if (s->size == 0 && end > s->addr)
			s->size = end - s->addr;
	}
}

/* How many symbols begin at addr or before it. */
static unsigned int count_to(const struct vn_nt_image *image, uint32_t addr)
{
	unsigned int low = 0, high = image->n_symbols;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (image->symbols[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct vn_nt_symbol *vn_nt_image_symbol(const struct vn_nt_image *image, uint32_t addr,
					      uint32_t *offset)
{
	unsigned int n = count_to(image, addr);
	const struct vn_nt_symbol *s;

	if (n == 0)
		return NULL;
	s = &image->symbols[n - 1];
	while (s > image->symbols && s[-1].addr == s->addr)
		s--;
	if (addr - s->addr >= s->size)
		return NULL;
	*offset = addr - s->addr;
	return s;
}
