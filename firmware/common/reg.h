/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of the card (hw.h) in each context, for support.c and for a program whose
 * time is measured in instructions, which does without calls. Others use support.h.
 */
#ifndef REG_H
#define REG_H

#include <stdint.h>

#include "hw.h"
#include "support.h"

#ifdef CONTEXT_SW
#include "sw.h"
#endif

/* What is in memory is what the program says, on either side of it. */
static inline void nf_barrier(void)
{
	asm volatile("" ::: "memory");
}

static inline uint nf_load(uint reg)
{
#ifdef CONTEXT_SW
	return sw_load(reg);
#else
	return *(volatile uint *)reg;
#endif
}

static inline void nf_store(uint reg, uint value)
{
#ifdef CONTEXT_SW
	sw_store(reg, value);
#else
	*(volatile uint *)reg = value;
#endif
}

/* Addresses of packet memory have 32 bits, in context sw as well. */
static inline uint nf_address_of(const void *p)
{
	return (uint)(uintptr_t)p;
}

static inline t_addr *nf_at(uint address)
{
	return (t_addr *)(uintptr_t)address;
}

/* Which byte of the last word of so many bytes is the last: a bit, the highest the first
 * byte. */
static inline uint nf_last_byte_bit(uint bytes)
{
	return (0x101u >> (bytes & 7)) & 0xff;
}

#endif
