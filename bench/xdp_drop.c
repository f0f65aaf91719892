/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_drop IFACE [iperf]: makes the interface drop whatever it receives, as early
 * as a driver can: the cheapest receiver there is, so that a sender's speed is
 * not its receiver's. With "iperf" it drops the datagrams of a measurement and
 * passes what iperf3 says besides: it needs an answer over TCP, and to its first
 * datagram, which is shorter than a frame can be. The program stays until the
 * interface goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "xdp_prog.h"

#define N_INSNS(P) (sizeof(P) / sizeof((P)[0]))

static int load_drop(void)
{
	static const struct bpf_insn program[] = { XP_MOV_IMM(BPF_REG_0, XDP_DROP), XP_EXIT };

	return xdp_prog_load(program, N_INSNS(program));
}

/* Drops IPv4 UDP in frames of ETH_ZLEN bytes and more. */
static int load_drop_datagrams(void)
{
	const struct bpf_insn program[] = {
		XP_LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
		XP_LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
		XP_MOV_IMM(BPF_REG_0, XDP_PASS),
		XP_MOV(BPF_REG_4, BPF_REG_2),
		XP_ADD_IMM(BPF_REG_4, ETH_ZLEN),
		XP_JUMP_GREATER(BPF_REG_4, BPF_REG_3, 5),
		XP_LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12),
		XP_JUMP_UNEQUAL(BPF_REG_5, htons(ETH_P_IP), 3),
		XP_LOAD(BPF_B, BPF_REG_5, BPF_REG_2, 23),
		XP_JUMP_UNEQUAL(BPF_REG_5, IPPROTO_UDP, 1),
		XP_MOV_IMM(BPF_REG_0, XDP_DROP),
		XP_EXIT,
	};

	return xdp_prog_load(program, N_INSNS(program));
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
	bool for_iperf = argc == 3 && !strcmp(argv[2], "iperf");
	unsigned int ifindex = argc == 2 || for_iperf ? if_nametoindex(argv[1]) : 0;
	struct mnl_socket *nl;
	int rc;

	if (!ifindex) {
		fprintf(stderr, "usage: xdp_drop IFACE [iperf] (an interface that is there)\n");
		return 2;
	}
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	rc = nl && !mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ? 0 : -errno;
	if (!rc)
		rc = for_iperf ? load_drop_datagrams() : load_drop();
	if (rc >= 0)
		rc = attach(nl, ifindex, rc);
	if (nl)
		mnl_socket_close(nl);
	if (rc < 0)
		fprintf(stderr, "xdp_drop: %s: %s\n", argv[1], strerror(-rc));
	return rc < 0;
}
