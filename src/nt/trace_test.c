/* SPDX-License-Identifier: BSD-2-Clause */
/* One line an instruction; what each of the three traces adds to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/macros.h"
#include "nt/trace.h"

#define INSTR VN_NT_TRACE(INSTR)
#define REG   VN_NT_TRACE(REG)
#define MEM   VN_NT_TRACE(MEM)

#define NOTHING 0 /* bytes of an access */

struct row {
	uint32_t word;
	unsigned int mask;
	uint32_t addr, value;
	unsigned int width;
	const char *want; /* behind the place */
};

/* Every register holds its number; hi 0xaaaa, lo 0xbbbb. */
static const struct row rows[] = {
	/* sw v0,8(sp) */
	{ 0xafa20008, INSTR, 0x040ffee8, 0x2a, 4, " sw v0,8(sp)\n" },
	{ 0xafa20008, INSTR | MEM, 0x040ffee8, 0x2a, 4, " sw v0,8(sp) [040ffee8]=0000002a\n" },
	{ 0xafa20008, MEM, 0x040ffee8, 0x2a, 4, " sw v0,8(sp) [040ffee8]=0000002a\n" },
	{ 0xafa20008, REG, 0x040ffee8, 0x2a, 4, NULL },
	/* lbu v0,0(a0): the byte, and what it makes of the register */
	{ 0x90820000, INSTR | REG | MEM, 0x04040001, 0xfe, 1,
	  " lbu v0,0(a0) v0=00000002 [04040001]=fe\n" },
	{ 0x90820000, REG, 0x04040001, 0xfe, 1, " lbu v0,0(a0) v0=00000002\n" },
	/* swl v0,1(a0) touches three bytes */
	{ 0xa8820001, MEM, 0x04040001, 0x123456, 3, " swl v0,1(a0) [04040001]=123456\n" },
	/* addu zero,v0,v1 writes nothing */
	{ 0x00430021, REG | MEM, 0, 0, NOTHING, NULL },
	{ 0x00430021, INSTR | REG, 0, 0, NOTHING, " addu zero,v0,v1\n" },
	/* jal, bgezal: the link */
	{ 0x0c000010, REG, 0, 0, NOTHING, " jal 20000040 ra=0000001f\n" },
	/* mult, mthi, mtlo, mflo */
	{ 0x00430018, REG, 0, 0, NOTHING, " mult v0,v1 hi=0000aaaa lo=0000bbbb\n" },
	{ 0x00400011, REG, 0, 0, NOTHING, " mthi v0 hi=0000aaaa\n" },
	{ 0x00400013, REG, 0, 0, NOTHING, " mtlo v0 lo=0000bbbb\n" },
	{ 0x00001012, REG, 0, 0, NOTHING, " mflo v0 v0=00000002\n" },
	/* nop */
	{ 0x00000000, INSTR | REG | MEM, 0, 0, NOTHING, " nop\n" },
	{ 0x00000000, VN_NT_TRACE(LOCK) | VN_NT_TRACE(LOG), 0, 0, NOTHING, NULL },
};

static void a_line_has_what_the_traces_ask_for(void **state)
{
	uint32_t regs[VN_NT_REG_SINK + 1];
	char line[VN_NT_TRACE_LEN], want[VN_NT_TRACE_LEN];
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(regs); i++)
		regs[i] = i;
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct vn_nt_insn insn = vn_nt_decode(r->word, UINT32_C(0x20000a40));
		struct vn_nt_traced t = {
			.cycle = 12345,
			.tid = 6,
			.pc = UINT32_C(0x20000a40),
			.insn = &insn,
			.regs = regs,
			.hi = 0xaaaa,
			.lo = 0xbbbb,
			.has_access = r->width != NOTHING,
			.addr = r->addr,
			.value = r->value,
			.width = r->width,
		};

		snprintf(want, sizeof(want), "0000012345 1.2 t6 20000a40%s",
			 r->want ? r->want : "");
		assert_string_equal(vn_nt_trace_line(r->mask, &t, line), r->want ? want : "");
	}
}

static void the_longest_line_fits(void **state)
{
	static const uint32_t regs[VN_NT_REG_SINK + 1];
	/* bgezal s8: the longest text with a link; no instruction has an access as well */
	struct vn_nt_insn insn = vn_nt_decode(UINT32_C(0x07d1ffff), UINT32_C(0x2003fffc));
	struct vn_nt_traced t = {
		.cycle = UINT64_MAX,
		.tid = 7,
		.pc = UINT32_C(0x2003fffc),
		.insn = &insn,
		.regs = regs,
		.has_access = true,
		.width = 4,
	};
	char line[VN_NT_TRACE_LEN];

	assert_string_equal(vn_nt_trace_line(INSTR | REG | MEM, &t, line),
			    "18446744073709551615 1.3 t7 2003fffc bgezal s8,2003fffc ra=00000000 "
			    "[00000000]=00000000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_what_the_traces_ask_for),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
