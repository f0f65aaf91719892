/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the threads begin: thread t at word 12 * t, so each has a block of
 * exactly twelve words. A block says who the thread is ($26, which compilers
 * leave alone), sets up its stack and calls main.
 *
 * A block begins with a nop, since the card may execute a thread's first
 * instruction twice. There are no delay slots here, nor anywhere else.
 */
#include "hw.h"

	.set	noreorder
	.set	noat

	.macro	block t
	nop
	addiu	$26, $0, \t
	lui	$28, %hi(_gp)
	addiu	$28, $28, %lo(_gp)
	lui	$29, %hi(_sp - STACK_GAP - \t * STACK_STRIDE)
	addiu	$29, $29, %lo(_sp - STACK_GAP - \t * STACK_STRIDE)
	addu	$4, $0, $0
	addu	$5, $0, $0
	jal	main
	j	ended
	nop
	nop
	.endm

	.section .text.boot, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	block	0
	block	1
	block	2
	block	3
	block	4
	block	5
	block	6
	block	7
	.size	_start, . - _start

	.type	ended, @function
ended:
#ifndef NF_PLAIN
	lui	$8, REG_HALT >> 16
	sw	$2, REG_HALT & 0xffff($8)
#endif
1:	j	1b
	.size	ended, . - ended
