/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program of csmith finds under the name of csmith's own header, on the
 * card and on the host alike: arithmetic without undefined results from csmith's
 * package, a checksum, and one line of log. The program runs in thread 0; the
 * other threads end at once, and leave it their stacks.
 */
#ifndef CSMITH_H
#define CSMITH_H

#include <float.h>
#include <stdint.h>

#include "support.h"

/* Of functions on floats, which no program calls. */
float fabsf(float x), ldexpf(float x, int n);
double fabs(double x), ldexp(double x, int n);

/* Of indices, while values are printed one by one, which is never asked for. */
#define printf(...) ((void)0)

#ifndef INT_MAX /* limits.h wants a C library */
#define INT_MAX __INT_MAX__
#endif
#define STATIC		 static
#define UNDEFINED(value) (value)
#define LOG_INDEX
#define LOG_EXEC
#define FUNC_NAME(name) (safe_##name)
#include "safe_math.h"
#undef FUNC_NAME

/* 64-bit FNV-1a over the values, least significant byte first. */
static uint64_t csmith_hash = 0xcbf29ce484222325ull;
static uint32_t crc32_context;

static void transparent_crc(uint64_t value, const char *name, int flag)
{
	for (int i = 0; i < 8; i++)
		csmith_hash = (csmith_hash ^ (value >> 8 * i & 0xff)) * 0x100000001b3ull;
	crc32_context = (uint32_t)(csmith_hash >> 32) ^ (uint32_t)csmith_hash;
}

static void crc32_gentab(void)
{
}

static void platform_main_begin(void)
{
}

static void platform_main_end(uint32_t checksum, int flag)
{
	log("checksum = %08x\n", checksum);
}

int csmith_main(void);

int main(void)
{
	return nf_tid() ? 0 : csmith_main();
}

#undef main
#define main csmith_main

#endif
