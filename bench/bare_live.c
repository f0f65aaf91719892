/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_live IFACE FRAME: the kernel runs an XDP program on frames of its own and
 * sends them where the program redirects them (BPF_PROG_TEST_RUN with live
 * frames). The frames are copies of ours; the program does nothing else, counts
 * nothing. Each call waits for all CPUs (RCU) for some 30 ms while it sends nothing,
 * so that a call is long; a signal ends it.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bare.h"
#include "xdp_prog.h"

#define FRAMES_A_CALL (1u << 24)
#define BATCH	      64

static int load_redirect(unsigned int ifindex)
{
	const struct bpf_insn program[] = {
		XP_MOV_IMM(BPF_REG_1, ifindex),
		XP_MOV_IMM(BPF_REG_2, 0),
		XP_CALL(BPF_FUNC_redirect),
		XP_EXIT,
	};

	return xdp_prog_load(program, sizeof(program) / sizeof(program[0]));
}

int main(int argc, char **argv)
{
	struct bare b;
	int prog;

	bare_start(&b, argc, argv);
	prog = load_redirect(b.ifindex);
	if (prog < 0)
		bare_fail(&b, "XDP program", prog);
	for (;;) {
		union bpf_attr attr = {
			.test = {
				.prog_fd = (uint32_t)prog,
				.data_in = (uintptr_t)b.frame,
				.data_size_in = (uint32_t)b.len,
				.repeat = FRAMES_A_CALL,
				.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
				.batch_size = BATCH,
			},
		};

		if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)))
			bare_fail(&b, "live frames", -errno);
	}
}
