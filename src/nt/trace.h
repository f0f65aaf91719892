/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of the processors' traces (instr, reg, mem): one an instruction, in the
 * order in which the card executes them (spec netthreads 4).
 *
 *   0000012345 1.2 t6 20000a40 lw v0,8(sp) v0=0000002a [040ffee8]=0000002a
 *
 * is what an instruction looks like with all three. Without instr, only those have
 * a line that write a register (reg), or touch memory or a register of the
 * hardware (mem). The lines of the other traces come from the hardware (hw.h).
 */
#ifndef VN_NT_TRACE_H
#define VN_NT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "nt/hw.h"
#include "nt/isa.h"

/* One instruction that has been executed. */
struct vn_nt_traced {
	uint64_t cycle;
	unsigned int tid;
	uint32_t pc;
	const struct vn_nt_insn *insn;
	const uint32_t *regs; /* behind it; 33 of them (VN_NT_REG_SINK) */
	uint32_t hi, lo;      /* behind it */
	bool has_access;      /* load or store; the next three say of what */
	uint32_t addr;	      /* of the first byte touched */
	uint32_t value;	      /* the bytes as one big-endian number */
	unsigned int width;   /* bytes touched: 1, 2, 4; lwl and its kin 1 to 4 */
};

/* mask: of VN_NT_TRACE(); bits other than instr, reg and mem are ignored. The range of
 * cycles that is traced is the caller's to look at, before all this is filled in. */
void vn_nt_trace_insn(struct vn_nt_hw *hw, unsigned int mask, const struct vn_nt_traced *t);

/* The line itself, with its newline. "" where there is nothing to tell. Returns buf. */
#define VN_NT_TRACE_LEN 160
char *vn_nt_trace_line(unsigned int mask, const struct vn_nt_traced *t, char buf[VN_NT_TRACE_LEN]);

#endif
