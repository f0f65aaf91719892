/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands the kernel an XDP program that is an array of instructions. */
#include "xdp_prog.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

int xdp_prog_load(const struct bpf_insn *program, size_t n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)program,
		.insn_cnt = (uint32_t)n,
		.license = (uintptr_t) "Dual BSD/GPL",
	};
	long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}
