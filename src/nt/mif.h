/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory initialization files: the text form in which words for one of the
 * card's memories are kept (spec netthreads 6.1).
 *
 *   file    : (setting ";")* "CONTENT" "BEGIN" (entry ";")* "END" ";"
 *   setting : DEPTH "=" dec | WIDTH "=" dec | ADDRESS_RADIX "=" radix | DATA_RADIX "=" radix
 *   radix   : HEX | DEC | UNS | OCT | BIN
 *   entry   : addr ":" value+
 *           | "[" addr ".." addr "]" ":" value+
 *
 * Keywords in any case; "--" begins a comment to the end of the line, "%" one
 * to the next "%". Both WIDTH and DEPTH must be there, in any order; a radix that
 * is missing is HEX; nothing is set twice. Several values go to consecutive
 * words, over a range they repeat. Later entries win. DEC values may be
 * negative, addresses may not.
 */
#ifndef VN_NT_MIF_H
#define VN_NT_MIF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define VN_NT_MIF_DEPTH 65536u /* of what we write, where it suffices */

struct vn_nt_mif {
	uint32_t *words; /* host order; 0 where no entry gives one */
	uint32_t n;	 /* up to the last word that an entry gives */
	uint32_t room;	 /* words allocated */
};

/* Frees and zeroes; NULL and zeroed ones are fine. */
void vn_nt_mif_fini(struct vn_nt_mif *mif);

/*
 * Parses len bytes, which need not end in a NUL, into a zeroed mif; words is
 * the size of the memory. -EINVAL (or -ENOMEM) with a sentence that begins
 * "NAME:LINE: "; the mif is empty then.
 */
int vn_nt_mif_parse(struct vn_nt_mif *mif, const char *name, const char *text, size_t len,
		    uint32_t words, struct vn_err *err);

/*
 * Writes n words in the form that NetThreads' own tools wrote: DEPTH 65536 or
 * the next power of two, a word a line; no words as a single 0. -errno of the
 * stream, which the caller flushes.
 */
int vn_nt_mif_write(const uint32_t *words, uint32_t n, FILE *out);

#endif
