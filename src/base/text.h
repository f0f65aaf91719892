/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text that grows at its end, in memory the caller lends. What does not fit
 * is cut and remembered; the text always ends with a NUL.
 */
#ifndef VN_BASE_TEXT_H
#define VN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct vn_text {
	char *buf;    /* lent by the caller */
	size_t cap;   /* bytes, at least 1 */
	size_t len;   /* bytes before the NUL */
	bool is_cut;  /* something did not fit */
};

void vn_text_init(struct vn_text *t, char *buf, size_t cap);
void vn_text_add(struct vn_text *t, const char *fmt, ...) VN_PRINTF(2, 3);

/* "02:00:00:00:00:01"; out has room for 18 bytes. */
#define VN_MAC_TEXT_SIZE 18
void vn_mac_text(const unsigned char mac[6], char out[VN_MAC_TEXT_SIZE]);

#endif
