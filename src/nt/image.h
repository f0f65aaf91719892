/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program for the card: words of instruction memory, bytes of data memory,
 * and the names that its ELF file has for addresses in both. From an ELF file,
 * or from the pair of .instr.mif and .data.mif (spec netthreads 6.1).
 */
#ifndef VN_NT_IMAGE_H
#define VN_NT_IMAGE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "nt/memory.h"

#define VN_NT_TEXT_BASE	 UINT32_C(0x20000000)
#define VN_NT_TEXT_WORDS 65536u
#define VN_NT_LOAD_BASE	 UINT32_C(0x04040000) /* where images put their data */

struct vn_nt_symbol {
	uint32_t addr;
	uint32_t size; /* bytes to the next symbol where the file does not say */
	char *name;
};

/* Bytes of data memory from addr on; the rest of the memory is 0. */
struct vn_nt_piece {
	uint32_t addr;
	uint32_t len;
	uint8_t *bytes;
};

struct vn_nt_image {
	uint32_t *text;	 /* host order, from VN_NT_TEXT_BASE on */
	uint32_t n_text; /* up to the last word that the file gives */
	struct vn_nt_piece *pieces;
	unsigned int n_pieces;
	struct vn_nt_symbol *symbols; /* by address; functions and objects */
	unsigned int n_symbols;
};

/* Frees everything and zeroes; NULL and zeroed images are fine. */
void vn_nt_image_fini(struct vn_nt_image *image);

/*
 * Reads an ELF file. -EINVAL with a sentence that names the file and what is
 * wrong: not ELF, not 32-bit, not big-endian, not MIPS, not an executable, a
 * segment outside the memories, cut short. The entry address is ignored.
 */
int vn_nt_image_read_elf(struct vn_nt_image *image, const char *path, struct vn_err *err);
/* The same of bytes in memory; name is for sentences. */
int vn_nt_image_parse_elf(struct vn_nt_image *image, const char *name, const uint8_t *bytes,
			  size_t len, struct vn_err *err);

/* Memory initialization files. The first replaces the text, the second the
 * pieces of an image; errors begin "FILE:LINE: ". */
int vn_nt_image_read_instr_mif(struct vn_nt_image *image, const char *path, struct vn_err *err);
int vn_nt_image_read_data_mif(struct vn_nt_image *image, const char *path, struct vn_err *err);

/* Writes one of the two (mif.h has the form). -EINVAL for data before LOAD_BASE,
 * which a data file cannot name; -errno of the stream, which the caller flushes. */
int vn_nt_image_write_instr_mif(const struct vn_nt_image *image, FILE *out);
int vn_nt_image_write_data_mif(const struct vn_nt_image *image, FILE *out, struct vn_err *err);

/* The function or object that addr lies in, with the distance; NULL: none. */
const struct vn_nt_symbol *vn_nt_image_symbol(const struct vn_nt_image *image, uint32_t addr,
					      uint32_t *offset);

#endif
