/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What brings frames to receiving sockets: a program of five instructions on the
 * interface. Frames of queues that have a socket go to it; the others pass, to
 * the system as ever.
 *
 * A BPF link holds it there. The kernel takes the program off when the link's
 * last descriptor is closed, however the process ends. An interface has one
 * program; another's is neither replaced nor shared.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "dev/afxdp_priv.h"

#define LICENCE "Dual BSD/GPL"

/* r1 = the frame's context. redirect_map takes the map in r1, the key in r2 and
 * in r3 the verdict on a frame whose queue has no socket. */
static int load_program(int map)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_1,
		  .off = offsetof(struct xdp_md, rx_queue_index) },
		/* an instruction of two halves */
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "vn_afxdp", LICENCE, program,
			     VN_ARRAY_SIZE(program), NULL);
}

static int cannot_load(const char *name, int rc, struct vn_err *err)
{
	if (rc == -EPERM || rc == -EACCES)
		return vn_err_set(err, -rc,
				  "%s: receiving by AF_XDP needs CAP_BPF and "
				  "CAP_NET_ADMIN in the initial user namespace (run as root there)",
				  name);
	return vn_err_set(err, -rc,
			  "%s: receiving by AF_XDP: the kernel refuses the BPF program: "
			  "%s",
			  name, strerror(-rc));
}

int vn_afxdp_prog_open(struct vn_afxdp_prog *p, const char *name, struct vn_err *err)
{
	*p = (struct vn_afxdp_prog){ .map = -1, .prog = -1, .link = -1 };
	p->map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "vn_afxdp", sizeof(uint32_t), sizeof(uint32_t),
				VN_AFXDP_QUEUES_MAX, NULL);
	if (p->map < 0)
		return cannot_load(name, p->map, err);
	p->prog = load_program(p->map);
	return p->prog < 0 ? cannot_load(name, p->prog, err) : 0;
}

int vn_afxdp_prog_try(const char *name, struct vn_err *err)
{
	struct vn_afxdp_prog p;
	int rc = vn_afxdp_prog_open(&p, name, err);

	vn_afxdp_prog_close(&p);
	return rc;
}

uint32_t vn_afxdp_prog_other(int ifindex)
{
	uint32_t number = 0;

	return bpf_xdp_query_id(ifindex, 0, &number) ? 0 : number;
}

/* In the driver, or where it cannot (too long frames, no such driver), before the
 * protocols. */
static int attach(int prog, int ifindex)
{
	static const uint32_t modes[] = { XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE };
	int rc = -EOPNOTSUPP;

	for (size_t i = 0; i < VN_ARRAY_SIZE(modes) && rc < 0; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = modes[i]);

		rc = bpf_link_create(prog, ifindex, BPF_XDP, &opts);
		if (rc == -EBUSY || rc == -EEXIST || rc == -EPERM)
			break;
	}
	return rc;
}

int vn_afxdp_prog_attach(struct vn_afxdp_prog *p, struct vn_netdev *dev, struct vn_err *err)
{
	uint32_t other;

	p->link = attach(p->prog, dev->ifindex);
	if (p->link >= 0)
		return 0;
	other = vn_afxdp_prog_other(dev->ifindex);
	if (other)
		return vn_err_set(err, EBUSY,
				  "%s: another XDP program (number %u) is on the interface, which "
				  "has room for one (ip link set dev %s xdp off takes it off)",
				  dev->name, other, dev->name);
	if (p->link == -EPERM)
		return cannot_load(dev->name, p->link, err);
	return vn_err_set(err, -p->link, "%s: no XDP program can be put on the interface: %s",
			  dev->name, strerror(-p->link));
}

int vn_afxdp_prog_add(struct vn_afxdp_prog *p, uint32_t queue, int fd)
{
	return bpf_map_update_elem(p->map, &queue, &fd, 0);
}

void vn_afxdp_prog_close(struct vn_afxdp_prog *p)
{
	if (p->link >= 0)
		close(p->link);
	if (p->prog >= 0)
		close(p->prog);
	if (p->map >= 0)
		close(p->map);
	*p = (struct vn_afxdp_prog){ .map = -1, .prog = -1, .link = -1 };
}
