/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of images share. */
#ifndef VN_NT_IMAGE_PRIV_H
#define VN_NT_IMAGE_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nt/image.h"

/* What files may have: both memories and what a debugger wants to know, or a line a word. */
#define VN_NT_ELF_MAX (UINT32_C(128) << 20)
#define VN_NT_MIF_MAX (UINT32_C(512) << 20)

/* The whole file into *bytes, which the caller frees. -EFBIG above max. */
int vn_nt_file_read(const char *path, size_t max, uint8_t **bytes, size_t *len, struct vn_err *err);

/* Copies the bytes as one more piece. -ENOMEM. */
int vn_nt_image_add_piece(struct vn_nt_image *image, uint32_t addr, const uint8_t *bytes,
			  uint32_t len);
void vn_nt_image_free_pieces(struct vn_nt_image *image);

/* Puts symbols in order of their addresses, and gives those without a size one. */
void vn_nt_image_sort_symbols(struct vn_nt_image *image);

#endif
