/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/trace.h"

#include "base/text.h"

/* Which of hi and lo an instruction writes. */
enum { HI = 1, LO = 2 };

static unsigned int writes_hi_lo(unsigned int op)
{
	switch (op) {
	case VN_NT_MTHI:
		return HI;
	case VN_NT_MTLO:
		return LO;
	case VN_NT_MULT:
	case VN_NT_MULTU:
	case VN_NT_DIV:
	case VN_NT_DIVU:
	case VN_NT_MADD:
	case VN_NT_MADDU:
	case VN_NT_MSUB:
	case VN_NT_MSUBU:
		return HI | LO;
	default:
		return 0;
	}
}

static void add_registers(struct vn_text *line, const struct vn_nt_traced *t)
{
	unsigned int hi_lo = writes_hi_lo(t->insn->op);

	if (t->insn->rd < VN_NT_REG_SINK)
		vn_text_add(line, " %s=%08x", vn_nt_reg_name(t->insn->rd), t->regs[t->insn->rd]);
	if (hi_lo & HI)
		vn_text_add(line, " hi=%08x", t->hi);
	if (hi_lo & LO)
		vn_text_add(line, " lo=%08x", t->lo);
}

char *vn_nt_trace_line(unsigned int mask, const struct vn_nt_traced *t, char buf[VN_NT_TRACE_LEN])
{
	char disasm[VN_NT_DISASM_LEN];
	struct vn_text line;
	size_t before;

	vn_text_init(&line, buf, VN_NT_TRACE_LEN);
	vn_text_add(&line, "%010llu %u.%u t%u %08x %s", (unsigned long long)t->cycle,
		    t->tid / VN_NT_THREADS_PER_CPU, t->tid % VN_NT_THREADS_PER_CPU, t->tid, t->pc,
		    vn_nt_disasm(t->insn->word, t->pc, disasm));
	before = line.len;
	if (mask & VN_NT_TRACE(REG))
		add_registers(&line, t);
	if ((mask & VN_NT_TRACE(MEM)) && t->has_access)
		vn_text_add(&line, " [%08x]=%0*x", t->addr, 2 * (int)t->width, t->value);
	if (line.len == before && !(mask & VN_NT_TRACE(INSTR)))
		vn_text_init(&line, buf, VN_NT_TRACE_LEN);
	else
		vn_text_add(&line, "\n");
	return buf;
}

void vn_nt_trace_insn(struct vn_nt_hw *hw, unsigned int mask, const struct vn_nt_traced *t)
{
	char line[VN_NT_TRACE_LEN];

	if (*vn_nt_trace_line(mask, t, line))
		vn_nt_hw_trace(hw, t->cycle, line);
}
