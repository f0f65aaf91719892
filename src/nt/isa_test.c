/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which words are instructions, which fields they have, how they are written.
 * The texts were written by GNU objdump 2.40; the layouts are the
 * architecture's, bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "nt/isa.h"

/* -- Text ----------------------------------------------------------------- */

struct text {
	uint32_t word, pc;
	const char *want;
};

/* clang-format off */
static const struct text texts[] = {
	{ 0x08000014, 0x200002ac, "j 20000050" }, { 0x08000007, 0x20000374, "j 2000001c" },
	{ 0x0c00eb1a, 0x20000158, "jal 2003ac68" }, { 0x0c0003a1, 0x20000334, "jal 20000e84" },
	{ 0x03800008, 0, "jr gp" }, { 0x02e03809, 0, "jalr a3,s7" }, { 0x0320f809, 0, "jalr t9" },
	{ 0x0320fc09, 0, "jalr.hb t9" }, { 0x129d073f, 0x20000350, "beq s4,sp,20002050" },
	{ 0x10550618, 0x2000058c, "beq v0,s5,20001df0" },
	{ 0x1662a016, 0x20001048, "bne s3,v0,1ffe90a4" },
	{ 0x14e90246, 0x200012bc, "bne a3,t1,20001bd8" },
	{ 0x19c0255e, 0x20000084, "blez t6,20009600" },
	{ 0x19602009, 0x20000914, "blez t3,2000893c" },
	{ 0x1f000008, 0x20000088, "bgtz t8,200000ac" },
	{ 0x1e0005c3, 0x20000fa8, "bgtz s0,200026b8" },
	{ 0x04e00003, 0x20000000, "bltz a3,20000010" },
	{ 0x04400039, 0x20000004, "bltz v0,200000ec" },
	{ 0x06218942, 0x2000048c, "bgez s1,1ffe2998" },
	{ 0x05e120a5, 0x20000db0, "bgez t7,20009048" },
	{ 0x07d00023, 0x20000818, "bltzal s8,200008a8" },
	{ 0x06300025, 0x200015d4, "bltzal s1,2000166c" },
	{ 0x07f1b01c, 0x200002a8, "bgezal ra,1ffec31c" },
	{ 0x05711dbe, 0x200015c4, "bgezal t3,20008cc0" }, { 0x20a90022, 0, "addi t1,a1,34" },
	{ 0x20f9015f, 0, "addi t9,a3,351" }, { 0x269c9008, 0, "addiu gp,s4,-28664" },
	{ 0x27db0106, 0, "addiu k1,s8,262" }, { 0x2a2a300e, 0, "slti t2,s1,12302" },
	{ 0x2b29002f, 0, "slti t1,t9,47" }, { 0x2ff20035, 0, "sltiu s2,ra,53" },
	{ 0x2d570006, 0, "sltiu s7,t2,6" }, { 0x33070003, 0, "andi a3,t8,0x3" },
	{ 0x31056837, 0, "andi a1,t0,0x6837" }, { 0x369f0700, 0, "ori ra,s4,0x700" },
	{ 0x34280028, 0, "ori t0,at,0x28" }, { 0x3847035d, 0, "xori a3,v0,0x35d" },
	{ 0x38cb682f, 0, "xori t3,a2,0x682f" }, { 0x3c170279, 0, "lui s7,0x279" },
	{ 0x3c12787b, 0, "lui s2,0x787b" }, { 0x00a87020, 0, "add t6,a1,t0" },
	{ 0x0251a020, 0, "add s4,s2,s1" }, { 0x01559021, 0, "addu s2,t2,s5" },
	{ 0x03498821, 0, "addu s1,k0,t1" }, { 0x027f9822, 0, "sub s3,s3,ra" },
	{ 0x0252c022, 0, "sub t8,s2,s2" }, { 0x0099d023, 0, "subu k0,a0,t9" },
	{ 0x03c1a023, 0, "subu s4,s8,at" }, { 0x020fc024, 0, "and t8,s0,t7" },
	{ 0x0332a824, 0, "and s5,t9,s2" }, { 0x00c9f825, 0, "or ra,a2,t1" },
	{ 0x03e47025, 0, "or t6,ra,a0" }, { 0x00dea826, 0, "xor s5,a2,s8" },
	{ 0x00716026, 0, "xor t4,v1,s1" }, { 0x01351027, 0, "nor v0,t1,s5" },
	{ 0x03829027, 0, "nor s2,gp,v0" }, { 0x0306802a, 0, "slt s0,t8,a2" },
	{ 0x03ae902a, 0, "slt s2,sp,t6" }, { 0x01ce602b, 0, "sltu t4,t6,t6" },
	{ 0x00e4c02b, 0, "sltu t8,a3,a0" }, { 0x01dfa00a, 0, "movz s4,t6,ra" },
	{ 0x00d3800a, 0, "movz s0,a2,s3" }, { 0x01e3180b, 0, "movn v1,t7,v1" },
	{ 0x0108080b, 0, "movn at,t0,t0" }, { 0x001591c0, 0, "sll s2,s5,0x7" },
	{ 0x0018e800, 0, "sll sp,t8,0x0" }, { 0x00059802, 0, "srl s3,a1,0x0" },
	{ 0x00127002, 0, "srl t6,s2,0x0" }, { 0x000c5003, 0, "sra t2,t4,0x0" },
	{ 0x00021e03, 0, "sra v1,v0,0x18" }, { 0x002c1802, 0, "rotr v1,t4,0x0" },
	{ 0x003bbd02, 0, "rotr s7,k1,0x14" }, { 0x0398c804, 0, "sllv t9,t8,gp" },
	{ 0x03b48004, 0, "sllv s0,s4,sp" }, { 0x03b06006, 0, "srlv t4,s0,sp" },
	{ 0x00d5e806, 0, "srlv sp,s5,a2" }, { 0x02426807, 0, "srav t5,v0,s2" },
	{ 0x00fad007, 0, "srav k0,k0,a3" }, { 0x03237846, 0, "rotrv t7,v1,t9" },
	{ 0x0057d846, 0, "rotrv k1,s7,v0" }, { 0x825204f8, 0, "lb s2,1272(s2)" },
	{ 0x8270a77e, 0, "lb s0,-22658(s3)" }, { 0x8470080a, 0, "lh s0,2058(v1)" },
	{ 0x873a1cda, 0, "lh k0,7386(t9)" }, { 0x8fab0012, 0, "lw t3,18(sp)" },
	{ 0x8c9904d0, 0, "lw t9,1232(a0)" }, { 0x928701b9, 0, "lbu a3,441(s4)" },
	{ 0x913301b4, 0, "lbu s3,436(t1)" }, { 0x9618c990, 0, "lhu t8,-13936(s0)" },
	{ 0x978f6764, 0, "lhu t7,26468(gp)" }, { 0x88d00681, 0, "lwl s0,1665(a2)" },
	{ 0x89eef03e, 0, "lwl t6,-4034(t7)" }, { 0x9bbfc1e3, 0, "lwr ra,-15901(sp)" },
	{ 0x9bc8b2db, 0, "lwr t0,-19749(s8)" }, { 0xa1b381b5, 0, "sb s3,-32331(t5)" },
	{ 0xa0d80085, 0, "sb t8,133(a2)" }, { 0xa6c87018, 0, "sh t0,28696(s6)" },
	{ 0xa5a80598, 0, "sh t0,1432(t5)" }, { 0xae9e07e4, 0, "sw s8,2020(s4)" },
	{ 0xacb70144, 0, "sw s7,324(a1)" }, { 0xaa720018, 0, "swl s2,24(s3)" },
	{ 0xab882834, 0, "swl t0,10292(gp)" }, { 0xb8a6011f, 0, "swr a2,287(a1)" },
	{ 0xba4102ee, 0, "swr at,750(s2)" }, { 0x0000b810, 0, "mfhi s7" },
	{ 0x00008010, 0, "mfhi s0" }, { 0x01400011, 0, "mthi t2" }, { 0x03c00011, 0, "mthi s8" },
	{ 0x00007012, 0, "mflo t6" }, { 0x00009812, 0, "mflo s3" }, { 0x01a00013, 0, "mtlo t5" },
	{ 0x01600013, 0, "mtlo t3" }, { 0x028f0018, 0, "mult s4,t7" },
	{ 0x01540018, 0, "mult t2,s4" }, { 0x01590019, 0, "multu t2,t9" },
	{ 0x038a0019, 0, "multu gp,t2" }, { 0x004a001a, 0, "div zero,v0,t2" },
	{ 0x003e001a, 0, "div zero,at,s8" }, { 0x002e001b, 0, "divu zero,at,t6" },
	{ 0x0290001b, 0, "divu zero,s4,s0" }, { 0x71630000, 0, "madd t3,v1" },
	{ 0x72ba0000, 0, "madd s5,k0" }, { 0x70780001, 0, "maddu v1,t8" },
	{ 0x71370001, 0, "maddu t1,s7" }, { 0x707e0004, 0, "msub v1,s8" },
	{ 0x72410004, 0, "msub s2,at" }, { 0x707e0005, 0, "msubu v1,s8" },
	{ 0x73110005, 0, "msubu t8,s1" }, { 0x71fbd802, 0, "mul k1,t7,k1" },
	{ 0x71d8c002, 0, "mul t8,t6,t8" }, { 0x71c84020, 0, "clz t0,t6" },
	{ 0x71673820, 0, "clz a3,t3" }, { 0x705de821, 0, "clo sp,v0" },
	{ 0x7357b821, 0, "clo s7,k0" }, { 0x7c9a0000, 0, "ext k0,a0,0x0,0x1" },
	{ 0x7eb700c0, 0, "ext s7,s5,0x3,0x1" }, { 0x7f223144, 0, "ins v0,t9,0x5,0x2" },
	{ 0x7e43b1c4, 0, "ins v1,s2,0x7,0x10" }, { 0x7c1938a0, 0, "wsbh a3,t9" },
	{ 0x7c1068a0, 0, "wsbh t5,s0" }, { 0x7c0c4420, 0, "seb t0,t4" },
	{ 0x7c0d7c20, 0, "seb t7,t5" }, { 0x7c1f9e20, 0, "seh s3,ra" },
	{ 0x7c1ad620, 0, "seh k0,k0" }, { 0x0122118d, 0, "break 0x122,0x46" },
	{ 0x0000000d, 0, "break" }, { 0x01f9000c, 0, "syscall 0x7e400" },
	{ 0x0080300c, 0, "syscall 0x200c0" }, { 0x01afd830, 0, "tge t5,t7,0x360" },
	{ 0x025be4f0, 0, "tge s2,k1,0x393" }, { 0x012406b1, 0, "tgeu t1,a0,0x1a" },
	{ 0x023a07f1, 0, "tgeu s1,k0,0x1f" }, { 0x01630032, 0, "tlt t3,v1" },
	{ 0x035705b2, 0, "tlt k0,s7,0x16" }, { 0x025e0633, 0, "tltu s2,s8,0x18" },
	{ 0x01c70033, 0, "tltu t6,a3" }, { 0x00b91ff4, 0, "teq a1,t9,0x7f" },
	{ 0x00457834, 0, "teq v0,a1,0x1e0" }, { 0x02f70836, 0, "tne s7,s7,0x20" },
	{ 0x01856036, 0, "tne t4,a1,0x180" }, { 0x06c805f3, 0, "tgei s6,1523" },
	{ 0x04e80418, 0, "tgei a3,1048" }, { 0x04490037, 0, "tgeiu v0,55" },
	{ 0x0709b131, 0, "tgeiu t8,-20175" }, { 0x076a0024, 0, "tlti k1,36" },
	{ 0x05aa0011, 0, "tlti t5,17" }, { 0x06eb0028, 0, "tltiu s7,40" },
	{ 0x072b0011, 0, "tltiu t9,17" }, { 0x06ac4536, 0, "teqi s5,17718" },
	{ 0x066c345e, 0, "teqi s3,13406" }, { 0x05ae022d, 0, "tnei t5,557" },
	{ 0x058e002c, 0, "tnei t4,44" }, { 0x0000068f, 0, "sync 0x1a" },
	{ 0x0000000f, 0, "sync" }, { 0xcf07100d, 0, "pref 0x7,4109(t8)" },
	{ 0xcc8e0154, 0, "pref 0xe,340(a0)" }, { 0xbd632033, 0, "cache 0x3,8243(t3)" },
	{ 0xbdc00780, 0, "cache 0x0,1920(t6)" }, { 0x00000000, 0, "nop" },
	{ 0x00000040, 0, "sll zero,zero,0x1" }, { 0x000000c0, 0, "sll zero,zero,0x3" },
	{ 0x00000140, 0, "sll zero,zero,0x5" }, { 0x00041022, 0, "sub v0,zero,a0" },
	{ 0x00041023, 0, "subu v0,zero,a0" }, { 0x0007000d, 0, "break 0x7" },
	{ 0x000000cd, 0, "break 0x0,0x3" }, { 0x0000000d, 0, "break" },
	{ 0x0000000c, 0, "syscall" }, { 0x0000000f, 0, "sync" }, { 0x00430034, 0, "teq v0,v1" },
	{ 0x004001f4, 0, "teq v0,zero,0x7" }, { 0x7c62f800, 0, "ext v0,v1,0x0,0x20" },
	{ 0x2402fffb, 0, "addiu v0,zero,-5" },
	{ 0x1000ffff, 0x20000040, "beq zero,zero,20000040" },
	{ 0x04110003, 0x20000000, "bgezal zero,20000010" }, { 0x000002c8, 0, "jr zero" },
	{ 0x03e00408, 0, "jr.hb ra" }, { 0x04170001, 0, ".word 0x4170001" },
	{ 0xc0620004, 0, ".word 0xc0620004" },
};
/* clang-format on */

static void words_are_written_as_objdump_writes_them(void **state)
{
	char buf[VN_NT_DISASM_LEN];

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(texts); i++)
		assert_string_equal(vn_nt_disasm(texts[i].word, texts[i].pc, buf), texts[i].want);
}

static void every_operation_is_written_somewhere(void **state)
{
	bool seen[VN_NT_N_OPS] = { false };

	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(texts); i++)
		seen[vn_nt_decode(texts[i].word, texts[i].pc).op] = true;
	for (unsigned int op = 0; op < VN_NT_N_OPS; op++)
		assert_true(seen[op]);
}

/* The longest there is, and nothing beyond it. */
static void text_ends_within_its_buffer(void **state)
{
	char buf[VN_NT_DISASM_LEN];
	struct vn_rng rng;

	(void)state;
	vn_rng_seed(&rng, 1, 0);
	for (int i = 0; i < 100000; i++) {
		memset(buf, 'x', sizeof(buf));
		assert_ptr_equal(vn_nt_disasm((uint32_t)vn_rng_next(&rng), 0x20000000, buf), buf);
		assert_non_null(memchr(buf, '\0', sizeof(buf) - 1));
	}
}

static void registers_have_their_o32_names(void **state)
{
	(void)state;
	assert_string_equal(vn_nt_reg_name(0), "zero");
	assert_string_equal(vn_nt_reg_name(4), "a0");
	assert_string_equal(vn_nt_reg_name(26), "k0");
	assert_string_equal(vn_nt_reg_name(30), "s8");
	assert_string_equal(vn_nt_reg_name(31), "ra");
}

/* -- Layouts --------------------------------------------------------------- */

/* A digit must be there, a letter may be anything; h: a hint or code. */
struct layout {
	enum vn_nt_op op;
	const char *bits;
};

static const struct layout layouts[] = {
	{ VN_NT_J, "000010 iiiiiiiiiiiiiiiiiiiiiiiiii" },
	{ VN_NT_JAL, "000011 iiiiiiiiiiiiiiiiiiiiiiiiii" },
	{ VN_NT_BEQ, "000100 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_BNE, "000101 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_BLEZ, "000110 sssss 00000 iiiiiiiiiiiiiiii" },
	{ VN_NT_BGTZ, "000111 sssss 00000 iiiiiiiiiiiiiiii" },
	{ VN_NT_BLTZ, "000001 sssss 00000 iiiiiiiiiiiiiiii" },
	{ VN_NT_BGEZ, "000001 sssss 00001 iiiiiiiiiiiiiiii" },
	{ VN_NT_BLTZAL, "000001 sssss 10000 iiiiiiiiiiiiiiii" },
	{ VN_NT_BGEZAL, "000001 sssss 10001 iiiiiiiiiiiiiiii" },
	{ VN_NT_TGEI, "000001 sssss 01000 iiiiiiiiiiiiiiii" },
	{ VN_NT_TGEIU, "000001 sssss 01001 iiiiiiiiiiiiiiii" },
	{ VN_NT_TLTI, "000001 sssss 01010 iiiiiiiiiiiiiiii" },
	{ VN_NT_TLTIU, "000001 sssss 01011 iiiiiiiiiiiiiiii" },
	{ VN_NT_TEQI, "000001 sssss 01100 iiiiiiiiiiiiiiii" },
	{ VN_NT_TNEI, "000001 sssss 01110 iiiiiiiiiiiiiiii" },
	{ VN_NT_ADDI, "001000 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_ADDIU, "001001 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SLTI, "001010 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SLTIU, "001011 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_ANDI, "001100 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_ORI, "001101 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_XORI, "001110 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LUI, "001111 00000 ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LB, "100000 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LH, "100001 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LWL, "100010 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LW, "100011 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LBU, "100100 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LHU, "100101 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_LWR, "100110 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SB, "101000 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SH, "101001 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SWL, "101010 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SW, "101011 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_SWR, "101110 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_CACHE, "101111 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_PREF, "110011 sssss ttttt iiiiiiiiiiiiiiii" },
	{ VN_NT_ADD, "000000 sssss ttttt ddddd 00000 100000" },
	{ VN_NT_ADDU, "000000 sssss ttttt ddddd 00000 100001" },
	{ VN_NT_SUB, "000000 sssss ttttt ddddd 00000 100010" },
	{ VN_NT_SUBU, "000000 sssss ttttt ddddd 00000 100011" },
	{ VN_NT_AND, "000000 sssss ttttt ddddd 00000 100100" },
	{ VN_NT_OR, "000000 sssss ttttt ddddd 00000 100101" },
	{ VN_NT_XOR, "000000 sssss ttttt ddddd 00000 100110" },
	{ VN_NT_NOR, "000000 sssss ttttt ddddd 00000 100111" },
	{ VN_NT_SLT, "000000 sssss ttttt ddddd 00000 101010" },
	{ VN_NT_SLTU, "000000 sssss ttttt ddddd 00000 101011" },
	{ VN_NT_MOVZ, "000000 sssss ttttt ddddd 00000 001010" },
	{ VN_NT_MOVN, "000000 sssss ttttt ddddd 00000 001011" },
	{ VN_NT_SLLV, "000000 sssss ttttt ddddd 00000 000100" },
	{ VN_NT_SRLV, "000000 sssss ttttt ddddd 00000 000110" },
	{ VN_NT_SRAV, "000000 sssss ttttt ddddd 00000 000111" },
	{ VN_NT_ROTRV, "000000 sssss ttttt ddddd 00001 000110" },
	{ VN_NT_SLL, "000000 00000 ttttt ddddd aaaaa 000000" },
	{ VN_NT_SRL, "000000 00000 ttttt ddddd aaaaa 000010" },
	{ VN_NT_SRA, "000000 00000 ttttt ddddd aaaaa 000011" },
	{ VN_NT_ROTR, "000000 00001 ttttt ddddd aaaaa 000010" },
	{ VN_NT_JR, "000000 sssss 00000 00000 hhhhh 001000" },
	{ VN_NT_JALR, "000000 sssss 00000 ddddd hhhhh 001001" },
	{ VN_NT_BREAK, "000000 hhhhhhhhhhhhhhhhhhhh 001101" },
	{ VN_NT_SYSCALL, "000000 hhhhhhhhhhhhhhhhhhhh 001100" },
	{ VN_NT_SYNC, "000000 00000 00000 00000 hhhhh 001111" },
	{ VN_NT_MFHI, "000000 00000 00000 ddddd 00000 010000" },
	{ VN_NT_MFLO, "000000 00000 00000 ddddd 00000 010010" },
	{ VN_NT_MTHI, "000000 sssss 00000 00000 00000 010001" },
	{ VN_NT_MTLO, "000000 sssss 00000 00000 00000 010011" },
	{ VN_NT_MULT, "000000 sssss ttttt 00000 00000 011000" },
	{ VN_NT_MULTU, "000000 sssss ttttt 00000 00000 011001" },
	{ VN_NT_DIV, "000000 sssss ttttt 00000 00000 011010" },
	{ VN_NT_DIVU, "000000 sssss ttttt 00000 00000 011011" },
	{ VN_NT_TGE, "000000 sssss ttttt hhhhh hhhhh 110000" },
	{ VN_NT_TGEU, "000000 sssss ttttt hhhhh hhhhh 110001" },
	{ VN_NT_TLT, "000000 sssss ttttt hhhhh hhhhh 110010" },
	{ VN_NT_TLTU, "000000 sssss ttttt hhhhh hhhhh 110011" },
	{ VN_NT_TEQ, "000000 sssss ttttt hhhhh hhhhh 110100" },
	{ VN_NT_TNE, "000000 sssss ttttt hhhhh hhhhh 110110" },
	{ VN_NT_MADD, "011100 sssss ttttt 00000 00000 000000" },
	{ VN_NT_MADDU, "011100 sssss ttttt 00000 00000 000001" },
	{ VN_NT_MSUB, "011100 sssss ttttt 00000 00000 000100" },
	{ VN_NT_MSUBU, "011100 sssss ttttt 00000 00000 000101" },
	{ VN_NT_MUL, "011100 sssss ttttt ddddd 00000 000010" },
	{ VN_NT_CLZ, "011100 sssss ttttt ddddd 00000 100000" },
	{ VN_NT_CLO, "011100 sssss ttttt ddddd 00000 100001" },
	{ VN_NT_EXT, "011111 sssss ttttt ddddd aaaaa 000000" },
	{ VN_NT_INS, "011111 sssss ttttt ddddd aaaaa 000100" },
	{ VN_NT_WSBH, "011111 00000 ttttt ddddd 00010 100000" },
	{ VN_NT_SEB, "011111 00000 ttttt ddddd 10000 100000" },
	{ VN_NT_SEH, "011111 00000 ttttt ddddd 11000 100000" },
};

static bool fits(const char *bits, uint32_t word)
{
	for (unsigned int bit = 31; *bits; bits++) {
		if (*bits == ' ')
			continue;
		if ((*bits == '0' || *bits == '1') && (word >> bit & 1) != (unsigned)(*bits - '0'))
			return false;
		bit--;
	}
	return true;
}

/* What the architecture leaves undefined in words that fit. */
static bool is_undefined(enum vn_nt_op op, uint32_t word)
{
	unsigned int rt = word >> 16 & 31, rd = word >> 11 & 31, sa = word >> 6 & 31;

	switch (op) {
	case VN_NT_CLZ:
	case VN_NT_CLO:
		return rt != rd;
	case VN_NT_EXT:
		return sa + rd > 31;
	case VN_NT_INS:
		return rd < sa;
	default:
		return false;
	}
}

static enum vn_nt_op op_by_layout(uint32_t word)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(layouts); i++) {
		if (fits(layouts[i].bits, word) && !is_undefined(layouts[i].op, word))
			return layouts[i].op;
	}
	return VN_NT_ILLEGAL;
}

static void every_operation_has_one_layout(void **state)
{
	(void)state;
	assert_int_equal(VN_ARRAY_SIZE(layouts), VN_NT_N_OPS - 1);
	for (size_t i = 0; i < VN_ARRAY_SIZE(layouts); i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(layouts[i].op, layouts[j].op);
	}
}

/* A word that fits the layout, with random operands. */
static uint32_t draw(const char *bits, struct vn_rng *rng)
{
	uint32_t random = (uint32_t)vn_rng_next(rng), word = 0;

	for (; *bits; bits++) {
		if (*bits == ' ')
			continue;
		word = word << 1 | (*bits == '1' || (*bits != '0' && (random & 1)));
		random >>= 1;
	}
	return word;
}

/* Also with any one bit turned: which finds a field that is not looked at. */
static void words_of_a_layout_are_that_operation(void **state)
{
	struct vn_rng rng;

	(void)state;
	vn_rng_seed(&rng, 2, 0);
	for (size_t i = 0; i < VN_ARRAY_SIZE(layouts); i++) {
		for (int n = 0; n < 50; n++) {
			uint32_t word = draw(layouts[i].bits, &rng);

			assert_int_equal(vn_nt_decode(word, 0).op, op_by_layout(word));
			for (unsigned int bit = 0; bit < 32; bit++)
				assert_int_equal(vn_nt_decode(word ^ 1u << bit, 0).op,
						 op_by_layout(word ^ 1u << bit));
		}
	}
}

static void random_words_are_what_a_layout_says(void **state)
{
	struct vn_rng rng;

	(void)state;
	vn_rng_seed(&rng, 3, 0);
	for (int i = 0; i < 200000; i++) {
		uint32_t word = (uint32_t)vn_rng_next(&rng);

		assert_int_equal(vn_nt_decode(word, 0).op, op_by_layout(word));
	}
}

static const uint32_t absent[] = {
	0xc0620000,	   0xe0620000,			       /* ll, sc */
	0x50620001,	   0x54620001, 0x58600001, 0x5c600001, /* beql, bnel, blezl, bgtzl */
	0x04620001,	   0x04630001, 0x04720001, 0x04730001, /* bltzl, bgezl, bltzall, bgezall */
	0x40026000,	   0x40826000, 0x42000018, 0x41606000, /* mfc0, mtc0, eret, di */
	0x46041000,	   0x44820000, 0xc4620000, 0xe4620000, /* add.s, mtc1, lwc1, swc1 */
	0x48020000,	   0x4c000000,			       /* coprocessors 2, 3 */
	0x7c03e83b,					       /* rdhwr */
	0x00641001,	   0x00411001,			       /* movf, movt */
	0x60620001,	   0x64620001, 0x9c620000, 0xdc620000, /* daddi, daddiu, lwu, ld */
	0xfc620000,	   0x0064102d, 0x00031078, 0x0062001e, /* sd, daddu, dsll, ddiv */
	0x78000000,	   0x7c641010, 0x74000001,	       /* MSA, DSP, jalx */
	0x70641000 | 0x3f, 0x041f0000, 0x04170001,	       /* sdbbp, synci, lld's padding */
	0xffffffff,
};

static void what_the_processor_lacks_is_illegal(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(absent); i++)
		assert_int_equal(vn_nt_decode(absent[i], 0x20000000).op, VN_NT_ILLEGAL);
}

/* -- Fields ---------------------------------------------------------------- */

#define SINK VN_NT_REG_SINK

struct field {
	uint32_t word;
	struct vn_nt_insn want; /* but for the word */
};

/* All at 0x20000100. */
/* clang-format off */
static const struct field fields[] = {
	{ 0x00a41821, { .op = VN_NT_ADDU, .rd = 3, .rs = 5, .rt = 4 } },
	{ 0x00a40021, { .op = VN_NT_ADDU, .rd = SINK, .rs = 5, .rt = 4 } },
	{ 0x00a4180b, { .op = VN_NT_MOVN, .rd = 3, .rs = 5, .rt = 4 } },
	{ 0x00a41804, { .op = VN_NT_SLLV, .rd = 3, .rs = 5, .rt = 4 } },
	{ 0x000417c0, { .op = VN_NT_SLL, .rd = 2, .rt = 4, .imm = 31 } },
	{ 0x00241142, { .op = VN_NT_ROTR, .rd = 2, .rt = 4, .imm = 5 } },
	{ 0x00000000, { .op = VN_NT_SLL, .rd = SINK } },
	{ 0x24a4ffff, { .op = VN_NT_ADDIU, .rd = 4, .rs = 5, .imm = 0xffffffff } },
	{ 0x2ca48000, { .op = VN_NT_SLTIU, .rd = 4, .rs = 5, .imm = 0xffff8000 } },
	{ 0x30a4ffff, { .op = VN_NT_ANDI, .rd = 4, .rs = 5, .imm = 0xffff } },
	{ 0x3c048001, { .op = VN_NT_LUI, .rd = 4, .imm = 0x80010000 } },
	{ 0x8ca4fffc, { .op = VN_NT_LW, .rd = 4, .rs = 5, .imm = 0xfffffffc } },
	{ 0x8ca07fff, { .op = VN_NT_LW, .rd = SINK, .rs = 5, .imm = 0x7fff } },
	{ 0x88a40003, { .op = VN_NT_LWL, .rd = 4, .rs = 5, .imm = 3 } },
	{ 0xaca4fffc, { .op = VN_NT_SW, .rd = SINK, .rs = 5, .rt = 4, .imm = 0xfffffffc } },
	{ 0xb8a40001, { .op = VN_NT_SWR, .rd = SINK, .rs = 5, .rt = 4, .imm = 1 } },
	{ 0x10a40003, { .op = VN_NT_BEQ, .rd = SINK, .rs = 5, .rt = 4, .imm = 0x20000110 } },
	{ 0x14a4ffff, { .op = VN_NT_BNE, .rd = SINK, .rs = 5, .rt = 4, .imm = 0x20000100 } },
	{ 0x18a08000, { .op = VN_NT_BLEZ, .rd = SINK, .rs = 5, .imm = 0x1ffe0104 } },
	{ 0x04b17fff, { .op = VN_NT_BGEZAL, .rd = 31, .rs = 5, .imm = 0x20020100 } },
	{ 0x04a00000, { .op = VN_NT_BLTZ, .rd = SINK, .rs = 5, .imm = 0x20000104 } },
	{ 0x08000042, { .op = VN_NT_J, .rd = SINK, .imm = 0x20000108 } },
	{ 0x0fffffff, { .op = VN_NT_JAL, .rd = 31, .imm = 0x2ffffffc } },
	{ 0x03e00008, { .op = VN_NT_JR, .rd = SINK, .rs = 31 } },
	{ 0x03e00408, { .op = VN_NT_JR, .rd = SINK, .rs = 31 } },
	{ 0x03201009, { .op = VN_NT_JALR, .rd = 2, .rs = 25 } },
	{ 0x03200009, { .op = VN_NT_JALR, .rd = SINK, .rs = 25 } },
	{ 0x00001010, { .op = VN_NT_MFHI, .rd = 2 } },
	{ 0x00400013, { .op = VN_NT_MTLO, .rd = SINK, .rs = 2 } },
	{ 0x00a40018, { .op = VN_NT_MULT, .rd = SINK, .rs = 5, .rt = 4 } },
	{ 0x70a41802, { .op = VN_NT_MUL, .rd = 3, .rs = 5, .rt = 4 } },
	{ 0x70a31820, { .op = VN_NT_CLZ, .rd = 3, .rs = 5 } },
	{ 0x7ca43880, { .op = VN_NT_EXT, .rd = 4, .rs = 5, .imm = 2, .size = 8 } },
	{ 0x7ca4f800, { .op = VN_NT_EXT, .rd = 4, .rs = 5, .imm = 0, .size = 32 } },
	{ 0x7ca43884, { .op = VN_NT_INS, .rd = 4, .rs = 5, .imm = 2, .size = 6 } },
	{ 0x7ca4ffc4, { .op = VN_NT_INS, .rd = 4, .rs = 5, .imm = 31, .size = 1 } },
	{ 0x7c041c20, { .op = VN_NT_SEB, .rd = 3, .rt = 4 } },
	{ 0x00a401f4, { .op = VN_NT_TEQ, .rd = SINK, .rs = 5, .rt = 4 } },
	{ 0x04acffff, { .op = VN_NT_TEQI, .rd = SINK, .rs = 5, .imm = 0xffffffff } },
	{ 0x0007000d, { .op = VN_NT_BREAK, .rd = SINK } },
	{ 0xcca40004, { .op = VN_NT_PREF, .rd = SINK } },
	{ 0xc0a40004, { .op = VN_NT_ILLEGAL, .rd = SINK } },
};
/* clang-format on */

static void fields_are_where_the_form_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < VN_ARRAY_SIZE(fields); i++) {
		struct vn_nt_insn in = vn_nt_decode(fields[i].word, 0x20000100);
		const struct vn_nt_insn *want = &fields[i].want;

		assert_int_equal(in.word, fields[i].word);
		assert_int_equal(in.op, want->op);
		assert_int_equal(in.rd, want->rd);
		assert_int_equal(in.rs, want->rs);
		assert_int_equal(in.rt, want->rt);
		assert_int_equal(in.size, want->size);
		assert_int_equal(in.imm, want->imm);
	}
}

static void jumps_are_known(void **state)
{
	static const uint8_t jumps[] = { VN_NT_J,    VN_NT_JAL,	 VN_NT_JR,     VN_NT_JALR,
					 VN_NT_BEQ,  VN_NT_BNE,	 VN_NT_BLEZ,   VN_NT_BGTZ,
					 VN_NT_BLTZ, VN_NT_BGEZ, VN_NT_BLTZAL, VN_NT_BGEZAL };
	unsigned int n = 0;

	(void)state;
	for (unsigned int op = 0; op < VN_NT_N_OPS; op++)
		n += vn_nt_is_jump(op);
	assert_int_equal(n, VN_ARRAY_SIZE(jumps));
	for (size_t i = 0; i < VN_ARRAY_SIZE(jumps); i++)
		assert_true(vn_nt_is_jump(jumps[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_written_as_objdump_writes_them),
		cmocka_unit_test(every_operation_is_written_somewhere),
		cmocka_unit_test(text_ends_within_its_buffer),
		cmocka_unit_test(registers_have_their_o32_names),
		cmocka_unit_test(every_operation_has_one_layout),
		cmocka_unit_test(words_of_a_layout_are_that_operation),
		cmocka_unit_test(random_words_are_what_a_layout_says),
		cmocka_unit_test(what_the_processor_lacks_is_illegal),
		cmocka_unit_test(fields_are_where_the_form_has_them),
		cmocka_unit_test(jumps_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
