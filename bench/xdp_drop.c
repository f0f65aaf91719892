/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_drop IFACE: makes the interface drop whatever it receives, as early as a
 * driver can: the cheapest receiver there is, so that a sender's speed is not
 * its receiver's. The program is two instructions, so there is nothing to
 * compile or to link. It stays until the interface goes.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load_program(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t) "Dual BSD/GPL",
	};
	long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

static int attach(struct mnl_socket *nl, unsigned int ifindex, int fd)
{
	char buf[4096];
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	struct nlattr *xdp;
	ssize_t n;

	req->nlmsg_type = RTM_SETLINK;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	req->nlmsg_seq = 1;
	ifi = mnl_nlmsg_put_extra_header(req, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	xdp = mnl_attr_nest_start(req, IFLA_XDP);
	mnl_attr_put_u32(req, IFLA_XDP_FD, (uint32_t)fd);
	mnl_attr_put_u32(req, IFLA_XDP_FLAGS, XDP_FLAGS_DRV_MODE);
	mnl_attr_nest_end(req, xdp);
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;
	struct mnl_socket *nl;
	int rc;

	if (!ifindex) {
		fprintf(stderr, "usage: xdp_drop IFACE (an interface that is there)\n");
		return 2;
	}
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	rc = nl && !mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ? load_program() : -errno;
	if (rc >= 0)
		rc = attach(nl, ifindex, rc);
	if (nl)
		mnl_socket_close(nl);
	if (rc < 0)
		fprintf(stderr, "xdp_drop: %s: %s\n", argv[1], strerror(-rc));
	return rc < 0;
}
