/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions of the soft processors: one table, from which come the decoder,
 * the disassembler and the tests. The core is MIPS without delay slots, with
 * what stock compilers emit for MIPS32 release 1 and 2 (spec netthreads 1.2).
 *
 * Fields that the architecture wants to be zero must be zero: anything else is
 * an illegal instruction, and so are what it leaves undefined in the word itself
 * (bit fields beyond bit 31, clz and clo with two different destinations). Hints
 * and codes (jr, sync, pref, cache, break, syscall, traps) may hold anything.
 */
#ifndef VN_NT_ISA_H
#define VN_NT_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How an instruction is written, which is also where its fields lie.
 *   D_S_T     addu rd,rs,rt      D_T_S   sllv rd,rt,rs    D_T_SA  sll rd,rt,sa
 *   T_S_SI    addiu rt,rs,simm   T_S_UI  andi rt,rs,uimm  T_UI    lui rt,uimm
 *   T_MEM     lw rt,simm(rs)     S_T_OFF beq rs,rt,target S_OFF   blez rs,target
 *   TARGET    j target           S       jr rs, mthi rs   D_S     jalr rd,rs
 *   D         mfhi rd            S_T     mult rs,rt; teq rs,rt
 *   S_SI      teqi rs,simm       D_CLZ   clz rd,rs        T_S_POS ext rt,rs,pos,size
 *   D_T       seb rd,rt          CODE    break, syscall, sync   HINT  pref, cache
 */
/* clang-format off */
enum vn_nt_form {
	VN_NT_D_S_T, VN_NT_D_T_S, VN_NT_D_T_SA, VN_NT_T_S_SI, VN_NT_T_S_UI, VN_NT_T_UI,
	VN_NT_T_MEM, VN_NT_S_T_OFF, VN_NT_S_OFF, VN_NT_TARGET, VN_NT_S, VN_NT_D_S, VN_NT_D,
	VN_NT_S_T, VN_NT_S_SI, VN_NT_D_CLZ, VN_NT_T_S_POS, VN_NT_D_T, VN_NT_CODE, VN_NT_HINT,
};

/* X(NAME, "mnemonic", form); ILLEGAL is first, so that zeroed records are. */
#define VN_NT_OPS(X) \
	X(ILLEGAL, ".word", CODE) \
	X(J, "j", TARGET) X(JAL, "jal", TARGET) X(JR, "jr", S) X(JALR, "jalr", D_S) \
	X(BEQ, "beq", S_T_OFF) X(BNE, "bne", S_T_OFF) X(BLEZ, "blez", S_OFF) \
	X(BGTZ, "bgtz", S_OFF) X(BLTZ, "bltz", S_OFF) X(BGEZ, "bgez", S_OFF) \
	X(BLTZAL, "bltzal", S_OFF) X(BGEZAL, "bgezal", S_OFF) \
	X(ADDI, "addi", T_S_SI) X(ADDIU, "addiu", T_S_SI) X(SLTI, "slti", T_S_SI) \
	X(SLTIU, "sltiu", T_S_SI) X(ANDI, "andi", T_S_UI) X(ORI, "ori", T_S_UI) \
	X(XORI, "xori", T_S_UI) X(LUI, "lui", T_UI) \
	X(ADD, "add", D_S_T) X(ADDU, "addu", D_S_T) X(SUB, "sub", D_S_T) \
	X(SUBU, "subu", D_S_T) X(AND, "and", D_S_T) X(OR, "or", D_S_T) X(XOR, "xor", D_S_T) \
	X(NOR, "nor", D_S_T) X(SLT, "slt", D_S_T) X(SLTU, "sltu", D_S_T) \
	X(MOVZ, "movz", D_S_T) X(MOVN, "movn", D_S_T) \
	X(SLL, "sll", D_T_SA) X(SRL, "srl", D_T_SA) X(SRA, "sra", D_T_SA) \
	X(ROTR, "rotr", D_T_SA) X(SLLV, "sllv", D_T_S) X(SRLV, "srlv", D_T_S) \
	X(SRAV, "srav", D_T_S) X(ROTRV, "rotrv", D_T_S) \
	X(LB, "lb", T_MEM) X(LH, "lh", T_MEM) X(LW, "lw", T_MEM) X(LBU, "lbu", T_MEM) \
	X(LHU, "lhu", T_MEM) X(LWL, "lwl", T_MEM) X(LWR, "lwr", T_MEM) \
	X(SB, "sb", T_MEM) X(SH, "sh", T_MEM) X(SW, "sw", T_MEM) X(SWL, "swl", T_MEM) \
	X(SWR, "swr", T_MEM) \
	X(MFHI, "mfhi", D) X(MTHI, "mthi", S) X(MFLO, "mflo", D) X(MTLO, "mtlo", S) \
	X(MULT, "mult", S_T) X(MULTU, "multu", S_T) X(DIV, "div", S_T) X(DIVU, "divu", S_T) \
	X(MADD, "madd", S_T) X(MADDU, "maddu", S_T) X(MSUB, "msub", S_T) \
	X(MSUBU, "msubu", S_T) X(MUL, "mul", D_S_T) X(CLZ, "clz", D_CLZ) X(CLO, "clo", D_CLZ) \
	X(EXT, "ext", T_S_POS) X(INS, "ins", T_S_POS) X(WSBH, "wsbh", D_T) X(SEB, "seb", D_T) \
	X(SEH, "seh", D_T) \
	X(BREAK, "break", CODE) X(SYSCALL, "syscall", CODE) \
	X(TGE, "tge", S_T) X(TGEU, "tgeu", S_T) X(TLT, "tlt", S_T) X(TLTU, "tltu", S_T) \
	X(TEQ, "teq", S_T) X(TNE, "tne", S_T) \
	X(TGEI, "tgei", S_SI) X(TGEIU, "tgeiu", S_SI) X(TLTI, "tlti", S_SI) \
	X(TLTIU, "tltiu", S_SI) X(TEQI, "teqi", S_SI) X(TNEI, "tnei", S_SI) \
	X(SYNC, "sync", CODE) X(PREF, "pref", HINT) X(CACHE, "cache", HINT)
/* clang-format on */

enum vn_nt_op {
#define VN_NT_OP_ENUM(name, text, form) VN_NT_##name,
	VN_NT_OPS(VN_NT_OP_ENUM)
#undef VN_NT_OP_ENUM
		VN_NT_N_OPS,
};

/* Where an instruction that names $0 as its destination writes: a register
 * that no instruction reads. */
#define VN_NT_REG_SINK 32

struct vn_nt_insn {
	uint8_t op; /* enum vn_nt_op */
	uint8_t rd; /* register written, whatever field names it (rt of lw, 31 of jal and
		     * bgezal); VN_NT_REG_SINK where that is $0 or where none is */
	uint8_t rs; /* registers read, as the architecture names them, 0 where the form has none; */
	uint8_t rt; /* ins, lwl, lwr, movz, movn also read what rd holds */
	uint8_t size; /* ext, ins: bits, 1..32 */
	uint32_t
		imm; /* immediate, extended as the instruction says (lui: shifted); shift
		      * amount; position of ext, ins; byte address of a jump's or branch's target */
	uint32_t word;
};

/* pc: byte address of the word. An illegal word gives op ILLEGAL. */
struct vn_nt_insn vn_nt_decode(uint32_t word, uint32_t pc);

/* Mnemonic and operands as GNU objdump -M no-aliases,reg-names=32 writes them, with
 * a blank for its tab and targets as eight hexadecimal digits, but "nop" for 0 and
 * the names of the table where objdump has aliases all the same (sub, subu of
 * zero, rotr, rotrv, pause). Returns buf. */
#define VN_NT_DISASM_LEN 48
char *vn_nt_disasm(uint32_t word, uint32_t pc, char buf[VN_NT_DISASM_LEN]);

/* "zero", "at", "v0", ... */
const char *vn_nt_reg_name(unsigned int reg);

/* The instruction may go elsewhere than to the next word. */
static inline bool vn_nt_is_jump(unsigned int op)
{
	return op >= VN_NT_J && op <= VN_NT_BGEZAL;
}

#endif
