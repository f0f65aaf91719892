/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of an x86-64 assembler as the translator needs: each function writes
 * one instruction. Operands are 32 bits wide where the name does not say
 * otherwise, and the destination comes first. Encodings: Intel's manual,
 * volume 2; "/n" there is what is called `n` here.
 */
#ifndef VN_NT_X86_H
#define VN_NT_X86_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum vn_x86_reg {
	VN_RAX,
	VN_RCX,
	VN_RDX,
	VN_RBX,
	VN_RSP,
	VN_RBP,
	VN_RSI,
	VN_RDI,
	VN_R8,
	VN_R9,
	VN_R10,
	VN_R11,
	VN_R12,
	VN_R13,
	VN_R14,
	VN_R15,
	VN_NO_REG = -1,
};

/* The numbers of the group that shares opcodes 01, 03, 81. */
enum vn_x86_alu { VN_ADD = 0, VN_OR = 1, VN_AND = 4, VN_SUB = 5, VN_XOR = 6, VN_CMP = 7 };
/* Those of C1 and D3. */
enum vn_x86_shift { VN_ROR = 1, VN_SHL = 4, VN_SHR = 5, VN_SAR = 7 };
enum vn_x86_cond {
	VN_IF_O = 0,
	VN_IF_B = 2,
	VN_IF_AE = 3,
	VN_IF_E = 4,
	VN_IF_NE = 5,
	VN_IF_BE = 6,
	VN_IF_A = 7,
	VN_IF_L = 12,
	VN_IF_GE = 13,
	VN_IF_LE = 14,
	VN_IF_G = 15,
};

/* base + index * 2^scale + disp */
struct vn_x86_mem {
	int base, index, scale;
	int32_t disp;
};

struct vn_x86 {
	uint8_t *at; /* the caller sees to room: no instruction is longer than 15 */
};

static inline struct vn_x86_mem vn_x86_at(int base, int32_t disp)
{
	return (struct vn_x86_mem){ base, VN_NO_REG, 0, disp };
}

static inline struct vn_x86_mem vn_x86_indexed(int base, int index, int scale, int32_t disp)
{
	return (struct vn_x86_mem){ base, index, scale, disp };
}

static inline void vn_x86_byte(struct vn_x86 *x, unsigned int b)
{
	*x->at++ = (uint8_t)b;
}

static inline void vn_x86_imm32(struct vn_x86 *x, uint32_t v)
{
	memcpy(x->at, &v, 4);
	x->at += 4;
}

static inline void vn_x86_rex(struct vn_x86 *x, bool wide, int reg, int index, int base)
{
	unsigned int rex = 0x40 | (wide ? 8u : 0) | (reg > 7 ? 4u : 0) | (index > 7 ? 2u : 0) |
			   (base > 7 ? 1u : 0);

	if (rex != 0x40)
		vn_x86_byte(x, rex);
}

/* opcode: one byte, or two with 0F in front. */
static inline void vn_x86_opcode(struct vn_x86 *x, unsigned int opcode)
{
	if (opcode > 0xff)
		vn_x86_byte(x, opcode >> 8);
	vn_x86_byte(x, opcode & 0xff);
}

/* The operand reg (or /n) and one in memory. */
static inline void vn_x86_rm(struct vn_x86 *x, bool wide, unsigned int opcode, int reg,
			     struct vn_x86_mem m)
{
	bool is_short = m.disp == (int8_t)m.disp;
	bool has_sib = m.index != VN_NO_REG || (m.base & 7) == VN_RSP;
	unsigned int mod = is_short ? 1 : 2;

	vn_x86_rex(x, wide, reg, m.index, m.base);
	vn_x86_opcode(x, opcode);
	vn_x86_byte(x, mod << 6 | (unsigned int)(reg & 7) << 3 |
			       (has_sib ? VN_RSP : (unsigned int)(m.base & 7)));
	if (has_sib)
		vn_x86_byte(x, (unsigned int)m.scale << 6 |
				       (m.index == VN_NO_REG ? VN_RSP : (unsigned int)(m.index & 7))
					       << 3 |
				       (unsigned int)(m.base & 7));
	if (is_short)
		vn_x86_byte(x, (uint8_t)m.disp);
	else
		vn_x86_imm32(x, (uint32_t)m.disp);
}

/* The operand reg (or /n) and another register. */
static inline void vn_x86_rr(struct vn_x86 *x, bool wide, unsigned int opcode, int reg, int rm)
{
	vn_x86_rex(x, wide, reg, VN_NO_REG, rm);
	vn_x86_opcode(x, opcode);
	vn_x86_byte(x, 0xc0 | (unsigned int)(reg & 7) << 3 | (unsigned int)(rm & 7));
}

static inline void vn_x86_load(struct vn_x86 *x, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, 0x8b, reg, m);
}

static inline void vn_x86_load64(struct vn_x86 *x, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, true, 0x8b, reg, m);
}

static inline void vn_x86_store(struct vn_x86 *x, struct vn_x86_mem m, int reg)
{
	vn_x86_rm(x, false, 0x89, reg, m);
}

static inline void vn_x86_store64(struct vn_x86 *x, struct vn_x86_mem m, int reg)
{
	vn_x86_rm(x, true, 0x89, reg, m);
}

static inline void vn_x86_store_imm(struct vn_x86 *x, struct vn_x86_mem m, uint32_t v)
{
	vn_x86_rm(x, false, 0xc7, 0, m);
	vn_x86_imm32(x, v);
}

/* Extending loads: movzx 0FB6, 0FB7; movsx 0FBE, 0FBF (of 8 and 16 bits). */
static inline void vn_x86_load_part(struct vn_x86 *x, int reg, struct vn_x86_mem m,
				    unsigned int width, bool is_signed)
{
	vn_x86_rm(x, false, (is_signed ? 0x0fbeu : 0x0fb6u) + (width == 2), reg, m);
}

/* Registers rax to rdx only: others would need another prefix. */
static inline void vn_x86_store8(struct vn_x86 *x, struct vn_x86_mem m, int reg)
{
	vn_x86_rm(x, false, 0x88, reg, m);
}

static inline void vn_x86_store16(struct vn_x86 *x, struct vn_x86_mem m, int reg)
{
	vn_x86_byte(x, 0x66);
	vn_x86_rm(x, false, 0x89, reg, m);
}

static inline void vn_x86_mov(struct vn_x86 *x, int to, int from)
{
	vn_x86_rr(x, false, 0x89, from, to);
}

static inline void vn_x86_mov64(struct vn_x86 *x, int to, int from)
{
	vn_x86_rr(x, true, 0x89, from, to);
}

static inline void vn_x86_mov_imm(struct vn_x86 *x, int reg, uint32_t v)
{
	vn_x86_rex(x, false, 0, VN_NO_REG, reg);
	vn_x86_byte(x, 0xb8 | (unsigned int)(reg & 7));
	vn_x86_imm32(x, v);
}

static inline void vn_x86_lea(struct vn_x86 *x, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, 0x8d, reg, m);
}

static inline void vn_x86_alu(struct vn_x86 *x, enum vn_x86_alu op, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, (unsigned int)op << 3 | 3, reg, m);
}

/* Memory is the destination, or the first operand of a comparison. */
static inline void vn_x86_alu_to(struct vn_x86 *x, enum vn_x86_alu op, struct vn_x86_mem m, int reg)
{
	vn_x86_rm(x, false, (unsigned int)op << 3 | 1, reg, m);
}

static inline void vn_x86_alu_reg(struct vn_x86 *x, enum vn_x86_alu op, int reg, int from)
{
	vn_x86_rr(x, false, (unsigned int)op << 3 | 1, from, reg);
}

static inline void vn_x86_imm(struct vn_x86 *x, uint32_t v)
{
	if (v == (uint32_t)(int8_t)v)
		vn_x86_byte(x, v & 0xff);
	else
		vn_x86_imm32(x, v);
}

static inline unsigned int vn_x86_imm_opcode(uint32_t v)
{
	return v == (uint32_t)(int8_t)v ? 0x83 : 0x81;
}

static inline void vn_x86_alu_imm(struct vn_x86 *x, enum vn_x86_alu op, int reg, uint32_t v)
{
	vn_x86_rr(x, false, vn_x86_imm_opcode(v), op, reg);
	vn_x86_imm(x, v);
}

static inline void vn_x86_alu64_imm(struct vn_x86 *x, enum vn_x86_alu op, int reg, uint32_t v)
{
	vn_x86_rr(x, true, vn_x86_imm_opcode(v), op, reg);
	vn_x86_imm(x, v);
}

static inline void vn_x86_alu_to_imm(struct vn_x86 *x, enum vn_x86_alu op, struct vn_x86_mem m,
				     uint32_t v)
{
	vn_x86_rm(x, false, vn_x86_imm_opcode(v), op, m);
	vn_x86_imm(x, v);
}

static inline void vn_x86_cmp8_to_imm(struct vn_x86 *x, struct vn_x86_mem m, uint8_t v)
{
	vn_x86_rm(x, false, 0x80, VN_CMP, m);
	vn_x86_byte(x, v);
}

static inline void vn_x86_test(struct vn_x86 *x, int reg, int with)
{
	vn_x86_rr(x, false, 0x85, with, reg);
}

static inline void vn_x86_test_imm(struct vn_x86 *x, int reg, uint32_t v)
{
	vn_x86_rr(x, false, 0xf7, 0, reg);
	vn_x86_imm32(x, v);
}

static inline void vn_x86_not(struct vn_x86 *x, int reg)
{
	vn_x86_rr(x, false, 0xf7, 2, reg);
}

/* edx:eax = eax * m */
static inline void vn_x86_mul(struct vn_x86 *x, struct vn_x86_mem m, bool is_signed)
{
	vn_x86_rm(x, false, 0xf7, is_signed ? 5 : 4, m);
}

static inline void vn_x86_imul(struct vn_x86 *x, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, 0x0faf, reg, m);
}

static inline void vn_x86_shift(struct vn_x86 *x, enum vn_x86_shift op, int reg, unsigned int n)
{
	vn_x86_rr(x, false, 0xc1, op, reg);
	vn_x86_byte(x, n);
}

static inline void vn_x86_shift_cl(struct vn_x86 *x, enum vn_x86_shift op, int reg)
{
	vn_x86_rr(x, false, 0xd3, op, reg);
}

static inline void vn_x86_bswap(struct vn_x86 *x, int reg)
{
	vn_x86_rex(x, false, 0, VN_NO_REG, reg);
	vn_x86_byte(x, 0x0f);
	vn_x86_byte(x, 0xc8 | (unsigned int)(reg & 7));
}

/* reg = 0 or 1; rax to rdx only. */
static inline void vn_x86_set(struct vn_x86 *x, enum vn_x86_cond c, int reg)
{
	vn_x86_rr(x, false, 0x0f90u | (unsigned int)c, 0, reg);
	vn_x86_rr(x, false, 0x0fb6, reg, reg);
}

static inline void vn_x86_cmov(struct vn_x86 *x, enum vn_x86_cond c, int reg, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, 0x0f40u | (unsigned int)c, reg, m);
}

/* Jumps forward to where vn_x86_here() is called for what they return. */
static inline uint8_t *vn_x86_jcc(struct vn_x86 *x, enum vn_x86_cond c)
{
	vn_x86_opcode(x, 0x0f80u | (unsigned int)c);
	vn_x86_imm32(x, 0);
	return x->at;
}

static inline void vn_x86_here(struct vn_x86 *x, uint8_t *from)
{
	int32_t distance = (int32_t)(x->at - from);

	memcpy(from - 4, &distance, 4);
}

static inline void vn_x86_jmp_to(struct vn_x86 *x, const uint8_t *to)
{
	vn_x86_byte(x, 0xe9);
	vn_x86_imm32(x, (uint32_t)(to - (x->at + 4)));
}

static inline void vn_x86_jmp_mem(struct vn_x86 *x, struct vn_x86_mem m)
{
	vn_x86_rm(x, false, 0xff, 4, m);
}

static inline void vn_x86_jmp_reg(struct vn_x86 *x, int reg)
{
	vn_x86_rr(x, false, 0xff, 4, reg);
}

static inline void vn_x86_push(struct vn_x86 *x, int reg)
{
	vn_x86_rex(x, false, 0, VN_NO_REG, reg);
	vn_x86_byte(x, 0x50 | (unsigned int)(reg & 7));
}

static inline void vn_x86_pop(struct vn_x86 *x, int reg)
{
	vn_x86_rex(x, false, 0, VN_NO_REG, reg);
	vn_x86_byte(x, 0x58 | (unsigned int)(reg & 7));
}

static inline void vn_x86_ret(struct vn_x86 *x)
{
	vn_x86_byte(x, 0xc3);
}

#endif
