/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card as its programs see it: addresses, and nothing that is not also good
 * for the assembler. Programs use support.h.
 */
#ifndef HW_H
#define HW_H

#define INPUT_MEM  0x10000000
#define OUTPUT_MEM 0x08000000

/* Registers. They take 32-bit accesses alone; W is written, R is read. */
#define REG_CTRL_START	   0x20000000 /* W: first byte of the packet to send */
#define REG_CTRL_END	   0x40000000 /* W: its last byte */
#define REG_CTRL_END_W	   0x60000000 /* W: which byte of the last word that is */
#define REG_SEND_OUT	   0x80000000 /* R: launches; what was launched before */
#define REG_HEADER_FLUSH   0xa0000000 /* R: next received packet, or all ones */
#define REG_COMMON_TIME	   0xc0000000 /* R: cycle number, low 32 bits */
#define REG_HEADER_RETURN  0xe0000000 /* W: gives an input slot back */
#define REG_GET_LOCK	   0x20000004 /* W: stalls until the lock is obtained */
#define REG_UN_LOCK	   0x40000004 /* W */
#define REG_PRINTF	   0x60000004 /* W: log port */
#define REG_SEND_TIME_TRIG 0x80000004 /* W: departure of the next launch */

/* Of the simulated card alone: not in programs that are built with NF_PLAIN=1. */
#define REG_HALT	0xc0000110 /* W: ends the thread, with this value */
#define REG_SEND_DEPART 0xc0000120 /* R: departure cycle of the last launch */
#define REG_HOST_QUEUE	0xc0000128 /* R: bytes that wait in the queue to host queue 0 */

/* The first stack begins STACK_GAP below _sp, the next a stride below that:
 * 32 KiB of stack, and what the card's first start file left between two. */
#define STACK_GAP    260
#define STACK_STRIDE 34848

#endif
