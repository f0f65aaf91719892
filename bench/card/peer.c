/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same work for a MIPS board without an operating system (Malta, as QEMU has it):
 * one processor does what eight threads do, one after the other. It writes to the
 * first serial port and ends by the board's reset.
 */
static volatile unsigned int lock, clock;

#define MIX_LOCK   (lock = 1)
#define MIX_UNLOCK (lock = 0)
#define MIX_TIME   clock
#include "crunch.h"
#include "mix.h"

#define SERIAL (*(volatile unsigned char *)0xb80003f8)
#define RESET  (*(volatile unsigned int *)0xbf000500)

static volatile unsigned int results[MIX_THREADS];

int main(void)
{
	for (unsigned int t = 0; t < MIX_THREADS; t++)
		results[t] = WORK(t, ROUNDS);
	for (const char *p = "result "; *p; p++)
		SERIAL = (unsigned char)*p;
	for (int i = 28; i >= 0; i -= 4)
		SERIAL = (unsigned char)"0123456789abcdef"[results[0] >> i & 15];
	SERIAL = '\n';
	RESET = 0x42;
	for (;;)
		;
}

__asm__(".section .text.start, \"ax\"\n"
	".globl __start\n"
	"__start: lui $sp, 0x8080\n"
	"j main\n");
