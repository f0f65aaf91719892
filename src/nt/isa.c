/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoder and disassembler of the soft processors. A word is found in three
 * steps: its groups' tables name the operation; the operation's form says which
 * bits its operands take; any bit that is set outside of both makes the word
 * illegal. So the must-be-zero rules need no list of their own.
 */
#include "nt/isa.h"

#include <stdarg.h>
#include <stdio.h>

#define GROUP	  UINT32_C(0xfc000000)
#define RS	  UINT32_C(0x03e00000)
#define RT	  UINT32_C(0x001f0000)
#define RD	  UINT32_C(0x0000f800)
#define SA	  UINT32_C(0x000007c0)
#define FUNCTION  UINT32_C(0x0000003f)
#define IMMEDIATE UINT32_C(0x0000ffff)
#define INDEX	  UINT32_C(0x03ffffff)
#define CODE20	  (RS | RT | RD | SA)

/* Groups by primary opcode; the others are operations themselves. */
enum { SPECIAL = 0, REGIMM = 1, SPECIAL2 = 28, SPECIAL3 = 31, BSHFL = 32 };

static unsigned int rs_of(uint32_t word)
{
	return word >> 21 & 31;
}

static unsigned int rt_of(uint32_t word)
{
	return word >> 16 & 31;
}

static unsigned int rd_of(uint32_t word)
{
	return word >> 11 & 31;
}

static unsigned int sa_of(uint32_t word)
{
	return word >> 6 & 31;
}

static const uint8_t form_of[VN_NT_N_OPS] = {
#define FORM(name, text, form) [VN_NT_##name] = VN_NT_##form,
	VN_NT_OPS(FORM)
#undef FORM
};

static const char *const text_of[VN_NT_N_OPS] = {
#define TEXT(name, text, form) [VN_NT_##name] = text,
	VN_NT_OPS(TEXT)
#undef TEXT
};

/* Where operands lie: fields that name registers, and others. */
static const struct {
	uint32_t regs, others;
} operands_of[] = {
	[VN_NT_D_S_T] = { RS | RT | RD, 0 },
	[VN_NT_D_T_S] = { RS | RT | RD, 0 },
	[VN_NT_D_T_SA] = { RT | RD, SA },
	[VN_NT_T_S_SI] = { RS | RT, IMMEDIATE },
	[VN_NT_T_S_UI] = { RS | RT, IMMEDIATE },
	[VN_NT_T_UI] = { RT, IMMEDIATE },
	[VN_NT_T_MEM] = { RS | RT, IMMEDIATE },
	[VN_NT_S_T_OFF] = { RS | RT, IMMEDIATE },
	[VN_NT_S_OFF] = { RS, IMMEDIATE },
	[VN_NT_TARGET] = { 0, INDEX },
	[VN_NT_S] = { RS, 0 },
	[VN_NT_D_S] = { RS | RD, 0 },
	[VN_NT_D] = { RD, 0 },
	[VN_NT_S_T] = { RS | RT, 0 },
	[VN_NT_S_SI] = { RS, IMMEDIATE },
	[VN_NT_D_CLZ] = { RS | RD, RT },
	[VN_NT_T_S_POS] = { RS | RT, RD | SA },
	[VN_NT_D_T] = { RT | RD, 0 },
	[VN_NT_CODE] = { 0, 0 },
	[VN_NT_HINT] = { 0, RS | RT | IMMEDIATE }, /* it reads nothing: it has no effect */
};

/* Hints and codes, which may hold anything. */
static uint32_t hint_bits(unsigned int op)
{
	switch (op) {
	case VN_NT_JR:
	case VN_NT_JALR:
	case VN_NT_SYNC:
		return SA;
	case VN_NT_TGE:
	case VN_NT_TGEU:
	case VN_NT_TLT:
	case VN_NT_TLTU:
	case VN_NT_TEQ:
	case VN_NT_TNE:
		return RD | SA;
	case VN_NT_BREAK:
	case VN_NT_SYSCALL:
		return CODE20;
	default:
		return 0;
	}
}

/* clang-format off */
static const uint8_t primary[64] = {
	[2] = VN_NT_J, [3] = VN_NT_JAL,
	[4] = VN_NT_BEQ, [5] = VN_NT_BNE, [6] = VN_NT_BLEZ, [7] = VN_NT_BGTZ,
	[8] = VN_NT_ADDI, [9] = VN_NT_ADDIU, [10] = VN_NT_SLTI, [11] = VN_NT_SLTIU,
	[12] = VN_NT_ANDI, [13] = VN_NT_ORI, [14] = VN_NT_XORI, [15] = VN_NT_LUI,
	[32] = VN_NT_LB, [33] = VN_NT_LH, [34] = VN_NT_LWL, [35] = VN_NT_LW,
	[36] = VN_NT_LBU, [37] = VN_NT_LHU, [38] = VN_NT_LWR,
	[40] = VN_NT_SB, [41] = VN_NT_SH, [42] = VN_NT_SWL, [43] = VN_NT_SW, [46] = VN_NT_SWR,
	[47] = VN_NT_CACHE, [51] = VN_NT_PREF,
};

static const uint8_t special[64] = {
	[0] = VN_NT_SLL, [2] = VN_NT_SRL, [3] = VN_NT_SRA,
	[4] = VN_NT_SLLV, [6] = VN_NT_SRLV, [7] = VN_NT_SRAV,
	[8] = VN_NT_JR, [9] = VN_NT_JALR, [10] = VN_NT_MOVZ, [11] = VN_NT_MOVN,
	[12] = VN_NT_SYSCALL, [13] = VN_NT_BREAK, [15] = VN_NT_SYNC,
	[16] = VN_NT_MFHI, [17] = VN_NT_MTHI, [18] = VN_NT_MFLO, [19] = VN_NT_MTLO,
	[24] = VN_NT_MULT, [25] = VN_NT_MULTU, [26] = VN_NT_DIV, [27] = VN_NT_DIVU,
	[32] = VN_NT_ADD, [33] = VN_NT_ADDU, [34] = VN_NT_SUB, [35] = VN_NT_SUBU,
	[36] = VN_NT_AND, [37] = VN_NT_OR, [38] = VN_NT_XOR, [39] = VN_NT_NOR,
	[42] = VN_NT_SLT, [43] = VN_NT_SLTU,
	[48] = VN_NT_TGE, [49] = VN_NT_TGEU, [50] = VN_NT_TLT, [51] = VN_NT_TLTU,
	[52] = VN_NT_TEQ, [54] = VN_NT_TNE,
};

static const uint8_t special2[64] = {
	[0] = VN_NT_MADD, [1] = VN_NT_MADDU, [2] = VN_NT_MUL, [4] = VN_NT_MSUB, [5] = VN_NT_MSUBU,
	[32] = VN_NT_CLZ, [33] = VN_NT_CLO,
};

static const uint8_t regimm[32] = {
	[0] = VN_NT_BLTZ, [1] = VN_NT_BGEZ, [16] = VN_NT_BLTZAL, [17] = VN_NT_BGEZAL,
	[8] = VN_NT_TGEI, [9] = VN_NT_TGEIU, [10] = VN_NT_TLTI, [11] = VN_NT_TLTIU,
	[12] = VN_NT_TEQI, [14] = VN_NT_TNEI,
};

static const uint8_t bshfl[32] = { [2] = VN_NT_WSBH, [16] = VN_NT_SEB, [24] = VN_NT_SEH };
/* clang-format on */

/* What the groups' tables call the word, and in *fixed the bits that say so. */
static unsigned int special_op(uint32_t word, uint32_t *fixed)
{
	unsigned int op = special[word & FUNCTION];

	*fixed = GROUP | FUNCTION;
	if (op == VN_NT_SRL && rs_of(word) == 1) {
		*fixed |= RS;
		return VN_NT_ROTR;
	}
	if (op == VN_NT_SRLV && sa_of(word) == 1) {
		*fixed |= SA;
		return VN_NT_ROTRV;
	}
	return op;
}

static unsigned int special3_op(uint32_t word, uint32_t *fixed)
{
	*fixed = GROUP | FUNCTION;
	switch (word & FUNCTION) {
	case 0:
		return VN_NT_EXT;
	case 4:
		return VN_NT_INS;
	case BSHFL:
		*fixed |= SA;
		return bshfl[sa_of(word)];
	default:
		return VN_NT_ILLEGAL;
	}
}

static unsigned int group_op(uint32_t word, uint32_t *fixed)
{
	switch (word >> 26) {
	case SPECIAL:
		return special_op(word, fixed);
	case SPECIAL2:
		*fixed = GROUP | FUNCTION;
		return special2[word & FUNCTION];
	case SPECIAL3:
		return special3_op(word, fixed);
	case REGIMM:
		*fixed = GROUP | RT;
		return regimm[rt_of(word)];
	default:
		*fixed = GROUP;
		return primary[word >> 26];
	}
}

/* ext writes its size less one, ins the position of its last bit. */
static unsigned int field_size(unsigned int op, uint32_t word)
{
	return op == VN_NT_EXT ? rd_of(word) + 1 : rd_of(word) - sa_of(word) + 1;
}

/* What the forms cannot say: clz and clo carry their destination twice, and a
 * bit field lies within the word. */
static bool operands_agree(unsigned int op, uint32_t word)
{
	switch (form_of[op]) {
	case VN_NT_D_CLZ:
		return rd_of(word) == rt_of(word);
	case VN_NT_T_S_POS:
		return op == VN_NT_INS ? rd_of(word) >= sa_of(word)
				       : sa_of(word) + field_size(op, word) <= 32;
	default:
		return true;
	}
}

static unsigned int op_of(uint32_t word)
{
	uint32_t fixed;
	unsigned int op = group_op(word, &fixed);

	fixed |= operands_of[form_of[op]].regs | operands_of[form_of[op]].others;
	if (word & ~(fixed | hint_bits(op)))
		return VN_NT_ILLEGAL;
	return operands_agree(op, word) ? op : VN_NT_ILLEGAL;
}

static uint32_t signed_immediate(uint32_t word)
{
	return (uint32_t)(int32_t)(int16_t)(word & IMMEDIATE);
}

static uint32_t branch_target(uint32_t word, uint32_t pc)
{
	return pc + 4 + (signed_immediate(word) << 2);
}

static uint32_t jump_target(uint32_t word, uint32_t pc)
{
	return (pc & UINT32_C(0xf0000000)) | (word & INDEX) << 2;
}

/* rt is what the instruction writes, not what it reads. */
static bool writes_rt(unsigned int op)
{
	switch (form_of[op]) {
	case VN_NT_T_S_SI:
	case VN_NT_T_S_UI:
	case VN_NT_T_UI:
	case VN_NT_T_S_POS:
		return true;
	case VN_NT_T_MEM:
		return !(op >= VN_NT_SB && op <= VN_NT_SWR);
	default:
		return false;
	}
}

static unsigned int destination(unsigned int op, uint32_t word)
{
	if (op == VN_NT_JAL || op == VN_NT_BLTZAL || op == VN_NT_BGEZAL)
		return 31;
	if (writes_rt(op))
		return rt_of(word);
	return operands_of[form_of[op]].regs & RD ? rd_of(word) : 0;
}

static void decode_registers(struct vn_nt_insn *in, uint32_t word)
{
	uint32_t regs = operands_of[form_of[in->op]].regs;
	unsigned int rd = destination(in->op, word);

	in->rd = rd ? (uint8_t)rd : VN_NT_REG_SINK;
	if (regs & RS)
		in->rs = (uint8_t)rs_of(word);
	if (regs & RT && !writes_rt(in->op))
		in->rt = (uint8_t)rt_of(word);
}

static uint32_t decode_immediate(unsigned int op, uint32_t word, uint32_t pc)
{
	switch (form_of[op]) {
	case VN_NT_T_S_SI:
	case VN_NT_T_MEM:
	case VN_NT_S_SI:
		return signed_immediate(word);
	case VN_NT_T_S_UI:
		return word & IMMEDIATE;
	case VN_NT_T_UI:
		return word << 16;
	case VN_NT_D_T_SA:
	case VN_NT_T_S_POS:
		return sa_of(word);
	case VN_NT_S_T_OFF:
	case VN_NT_S_OFF:
		return branch_target(word, pc);
	case VN_NT_TARGET:
		return jump_target(word, pc);
	default:
		return 0;
	}
}

struct vn_nt_insn vn_nt_decode(uint32_t word, uint32_t pc)
{
	struct vn_nt_insn in = { .op = (uint8_t)op_of(word), .word = word };

	decode_registers(&in, word);
	in.imm = decode_immediate(in.op, word, pc);
	if (form_of[in.op] == VN_NT_T_S_POS)
		in.size = (uint8_t)field_size(in.op, word);
	return in;
}

/* -- Text ----------------------------------------------------------------- */

const char *vn_nt_reg_name(unsigned int reg)
{
	static const char *const names[32] = {
		"zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2",
		"t3",	"t4", "t5", "t6", "t7", "s0", "s1", "s2", "s3", "s4", "s5",
		"s6",	"s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
	};

	return names[reg & 31];
}

/* Operands are appended: an operand is text and the sign that precedes it. */
struct line {
	char *at, *end;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
	size_t room = (size_t)(l->end - l->at);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->at, room, format, args);
	va_end(args);
	if (n > 0)
		l->at += (size_t)n < room ? (size_t)n : room - 1;
}

static void put_regs(struct line *l, unsigned int n, const unsigned int regs[])
{
	for (unsigned int i = 0; i < n; i++)
		put(l, "%c%s", i ? ',' : ' ', vn_nt_reg_name(regs[i]));
}

#define PUT_REGS(l, ...)                                                                           \
	put_regs(l, sizeof((unsigned int[]){ __VA_ARGS__ }) / sizeof(unsigned int),                \
		 (unsigned int[]){ __VA_ARGS__ })

/* A code of traps, and one of break's two halves, is only shown where it is not 0. */
static void put_code(struct line *l, unsigned int op, uint32_t word)
{
	unsigned int high = word >> 16 & 0x3ff, low = word >> 6 & 0x3ff;

	switch (op) {
	case VN_NT_BREAK:
		if (high || low)
			put(l, " 0x%x", high);
		if (low)
			put(l, ",0x%x", low);
		return;
	case VN_NT_SYSCALL:
		low = word >> 6 & 0xfffff;
		break;
	default:
		low = sa_of(word);
		break;
	}
	if (low)
		put(l, " 0x%x", low);
}

static void put_s_t(struct line *l, unsigned int op, uint32_t word)
{
	unsigned int code = word >> 6 & 0x3ff;

	/* A division's destination is always written as register 0. */
	if (op == VN_NT_DIV || op == VN_NT_DIVU)
		PUT_REGS(l, 0, rs_of(word), rt_of(word));
	else
		PUT_REGS(l, rs_of(word), rt_of(word));
	if (hint_bits(op) && code)
		put(l, ",0x%x", code);
}

/* jr.hb and jalr.hb differ from jr and jalr by the highest bit of the hint; the
 * link register is only named where it is not the usual one. */
static void put_jump_register(struct line *l, unsigned int op, uint32_t word)
{
	if (hint_bits(op) && sa_of(word) & 16)
		put(l, ".hb");
	if (op == VN_NT_JALR && rd_of(word) != 31)
		PUT_REGS(l, rd_of(word), rs_of(word));
	else
		PUT_REGS(l, rs_of(word));
}

static void put_operands_of_registers(struct line *l, unsigned int op, uint32_t word)
{
	unsigned int rs = rs_of(word), rt = rt_of(word), rd = rd_of(word);

	switch (form_of[op]) {
	case VN_NT_D_S_T:
		PUT_REGS(l, rd, rs, rt);
		break;
	case VN_NT_D_T_S:
		PUT_REGS(l, rd, rt, rs);
		break;
	case VN_NT_S:
	case VN_NT_D_S:
		put_jump_register(l, op, word);
		break;
	case VN_NT_D:
		PUT_REGS(l, rd);
		break;
	case VN_NT_S_T:
		put_s_t(l, op, word);
		break;
	case VN_NT_D_CLZ:
		PUT_REGS(l, rd, rs);
		break;
	case VN_NT_D_T:
		PUT_REGS(l, rd, rt);
		break;
	case VN_NT_CODE:
		put_code(l, op, word);
		break;
	}
}

static void put_operands(struct line *l, unsigned int op, uint32_t word, uint32_t pc)
{
	unsigned int rs = rs_of(word), rt = rt_of(word);
	int simm = (int16_t)(word & IMMEDIATE);
	unsigned int uimm = word & IMMEDIATE;

	switch (form_of[op]) {
	case VN_NT_D_T_SA:
		PUT_REGS(l, rd_of(word), rt);
		put(l, ",0x%x", sa_of(word));
		break;
	case VN_NT_T_S_SI:
		PUT_REGS(l, rt, rs);
		put(l, ",%d", simm);
		break;
	case VN_NT_T_S_UI:
		PUT_REGS(l, rt, rs);
		put(l, ",0x%x", uimm);
		break;
	case VN_NT_T_UI:
		put(l, " %s,0x%x", vn_nt_reg_name(rt), uimm);
		break;
	case VN_NT_T_MEM:
		put(l, " %s,%d(%s)", vn_nt_reg_name(rt), simm, vn_nt_reg_name(rs));
		break;
	case VN_NT_S_T_OFF:
		PUT_REGS(l, rs, rt);
		put(l, ",%08x", branch_target(word, pc));
		break;
	case VN_NT_S_OFF:
		put(l, " %s,%08x", vn_nt_reg_name(rs), branch_target(word, pc));
		break;
	case VN_NT_TARGET:
		put(l, " %08x", jump_target(word, pc));
		break;
	case VN_NT_S_SI:
		put(l, " %s,%d", vn_nt_reg_name(rs), simm);
		break;
	case VN_NT_T_S_POS:
		PUT_REGS(l, rt, rs);
		put(l, ",0x%x,0x%x", sa_of(word), field_size(op, word));
		break;
	case VN_NT_HINT:
		put(l, " 0x%x,%d(%s)", rt, simm, vn_nt_reg_name(rs));
		break;
	default:
		put_operands_of_registers(l, op, word);
	}
}

char *vn_nt_disasm(uint32_t word, uint32_t pc, char buf[VN_NT_DISASM_LEN])
{
	struct line l = { .at = buf, .end = buf + VN_NT_DISASM_LEN };
	unsigned int op = op_of(word);

	if (!word) {
		put(&l, "nop");
	} else if (op == VN_NT_ILLEGAL) {
		put(&l, "%s 0x%x", text_of[op], word);
	} else {
		put(&l, "%s", text_of[op]);
		put_operands(&l, op, word, pc);
	}
	return buf;
}
