/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XDP programs of a few instructions, written out as such: nothing to compile
 * for another machine, nothing to link. The macros are the instructions used.
 */
#ifndef XDP_PROG_H
#define XDP_PROG_H

#include <linux/bpf.h>
#include <stddef.h>

#define XP_MOV_IMM(DST, IMM)                                                                       \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (DST), .imm = (int)(IMM)           \
	}
#define XP_MOV(DST, SRC)                                                                           \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (DST), .src_reg = (SRC)            \
	}
#define XP_ADD_IMM(DST, IMM)                                                                       \
	{                                                                                          \
		.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (DST), .imm = (IMM)                \
	}
#define XP_LOAD(SIZE, DST, SRC, OFF)                                                               \
	{                                                                                          \
		.code = BPF_LDX | BPF_MEM | (SIZE), .dst_reg = (DST), .src_reg = (SRC),            \
		.off = (OFF)                                                                       \
	}
#define XP_STORE(SIZE, DST, SRC, OFF)                                                              \
	{                                                                                          \
		.code = BPF_STX | BPF_MEM | (SIZE), .dst_reg = (DST), .src_reg = (SRC),            \
		.off = (OFF)                                                                       \
	}
/* The map of a descriptor; two instructions. */
#define XP_MAP(DST, FD)                                                                            \
	{ .code = BPF_LD | BPF_DW | BPF_IMM,                                                       \
	  .dst_reg = (DST),                                                                        \
	  .src_reg = BPF_PSEUDO_MAP_FD,                                                            \
	  .imm = (FD) },                                                                           \
	{                                                                                          \
		.code = 0                                                                          \
	}
/* Jumps say how many instructions they leave out. */
#define XP_JUMP_GREATER(A, B, SKIP)                                                                \
	{                                                                                          \
		.code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = (A), .src_reg = (B), .off = (SKIP)   \
	}
#define XP_JUMP_UNEQUAL(A, IMM, SKIP)                                                              \
	{                                                                                          \
		.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = (A), .imm = (IMM), .off = (SKIP)     \
	}
#define XP_JUMP_EQUAL(A, IMM, SKIP)                                                                \
	{                                                                                          \
		.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (A), .imm = (IMM), .off = (SKIP)     \
	}
#define XP_CALL(FUNCTION)                                                                          \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .imm = (FUNCTION)                                      \
	}
#define XP_EXIT                                                                                    \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}

/* The loaded program's descriptor, or -errno. */
int xdp_prog_load(const struct bpf_insn *program, size_t n);

#endif
