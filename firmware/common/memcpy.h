/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies between packet slots and elsewhere; the C library's four come with it. */
#ifndef MEMCPY_H
#define MEMCPY_H

#include <stddef.h>

#include "support.h"

/* Any alignment and length; fastest when both are 8-byte aligned, as slots are. */
void memcpy32(void *dst, const void *src, uint n);

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
