/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit queue that sends up: frames enter the kernel as if the interface had
 * received them (netif_receive), so that its taps see them come in and the
 * namespace's protocols get them. Works on every interface and changes nothing
 * of the system's configuration.
 *
 * The one way from user space into the receive path of any device is a BPF
 * program that redirects to the ingress of an interface. No packet needs to
 * come by to run it: it is run by hand on the frame (BPF_PROG_TEST_RUN). The
 * frame is then on the backlog of this CPU, as with netif_rx().
 *
 * Running costs four times what the frame itself costs, but one run can repeat
 * the program on the same bytes. So frames that follow each other with the same
 * bytes, as bursts have them, go as one run. Repeats answer once, and a signal
 * cuts them short without an answer. Therefore the program keeps the tally in
 * memory that we share with it, and does nothing more once a frame was refused.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev/afpacket_priv.h"
#include "dev/link.h"
#include "dev/testrun.h"

#define LICENCE "Dual BSD/GPL"
/* Most frames of one run: far from the 1000 that the backlog takes, while
 * running is down to a fifteenth of what the frames cost. */
#define REPEAT_MAX 64

struct tally {
	uint64_t taken;   /* frames that went in */
	uint64_t refused; /* what the kernel answered to the next one, 0 = not refused */
};

struct inject_txq {
	struct vn_afpacket_txq base;
	int program;
	struct tally *tally; /* written by the program during a run only */
};

static struct inject_txq *to_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct inject_txq, base.txq);
}

/*
 * The kernel's answer is the same for a device that is down and for a backlog
 * that is full; and without carrier, where pktgen would stop, it takes frames.
 * The link's state answers both.
 */
static bool link_is_down(const struct inject_txq *t)
{
	return vn_link_is_down(t->base.fd, t->base.txq.dev->ifindex);
}

/* Frames at the beginning, at most n, that have the same bytes; at least 1. */
static unsigned int count_equal(const struct vn_frame *f, unsigned int n)
{
	unsigned int same = 1;

	while (same < n && f[same].len == f->len && !memcmp(f[same].data, f->data, f->len))
		same++;
	return same;
}

/* Offers n frames of the same bytes; adds those that went to *sent. */
static enum vn_tx_code inject(struct inject_txq *t, const struct vn_frame *f, unsigned int n,
			      uint32_t *sent)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->data, .data_size_in = f->len,
		    .repeat = (int)n);
	int rc;

	*t->tally = (struct tally){ 0 };
	rc = bpf_prog_test_run_opts(t->program, &run);
	*sent += (uint32_t)t->tally->taken;
	/* A signal is no refusal: what is left is offered again. */
	if (!t->tally->refused && (!rc || rc == -EINTR))
		return VN_TX_OK;
	return link_is_down(t) ? VN_TX_DOWN : VN_XMIT_DROP;
}

static struct vn_tx_done inject_commit(struct vn_txq *q, unsigned int n)
{
	struct inject_txq *t = to_txq(q);
	const struct vn_frame *f = &q->frames[q->tail & q->mask];
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };

	if (link_is_down(t))
		done.code = VN_TX_DOWN;
	while (done.sent < n && done.code == VN_TX_OK) {
		unsigned int most = VN_MIN(n - done.sent, REPEAT_MAX);
		const struct vn_frame *first = &f[done.sent];

		done.code = (int32_t)inject(t, first, count_equal(first, most), &done.sent);
	}
	return done;
}

/* --- opening -------------------------------------------------------------------- */

static int cannot_inject(struct inject_txq *t, int rc, struct vn_err *err)
{
	const char *name = t->base.txq.dev->name;

	if (rc == -EPERM || rc == -EACCES)
		return vn_err_set(err, -rc,
				  "%s: injecting into the receive path needs CAP_BPF and "
				  "CAP_NET_ADMIN in the initial user namespace (run as root there)",
				  name);
	if (rc == -ENOSYS)
		return vn_err_set(err, -rc,
				  "%s: injecting into the receive path needs a kernel with BPF",
				  name);
	return vn_err_set(err, -rc, "%s: injecting into the receive path: the kernel refuses the "
			  "BPF program: %s", name, strerror(-rc));
}

/*
 * Runs with r1 = the frame. clone_redirect takes the frame in r1, the interface
 * in r2 and the direction in r3, gives the interface a copy and answers 0,
 * NET_RX_DROP or -errno in r0. The interface is looked for in the namespace of
 * the thread that runs the program.
 */
static int load_program(int ifindex, int map)
{
	enum { TAKEN = offsetof(struct tally, taken), REFUSED = offsetof(struct tally, refused) };
	const struct bpf_insn program[] = {
		/* r6 = the tally: an instruction of two halves */
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_6,
		  .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = map },
		{ .imm = 0 },
		/* refused before: exit */
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0,
		  .src_reg = BPF_REG_6, .off = REFUSED },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_0, .off = 8 },
		/* refused = clone_redirect(frame, ifindex, up) */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = BPF_F_INGRESS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_clone_redirect },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_6,
		  .src_reg = BPF_REG_0, .off = REFUSED },
		/* refused: exit */
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_0, .off = 3 },
		/* taken++ */
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_6, .off = TAKEN },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = 1 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_6,
		  .src_reg = BPF_REG_1, .off = TAKEN },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "vn_inject", LICENCE, program,
			     VN_ARRAY_SIZE(program), NULL);
}

/* The map goes with the last of program and mapping; its descriptor is not kept. */
static int set_up_program(struct inject_txq *t)
{
	LIBBPF_OPTS(bpf_map_create_opts, shared, .map_flags = BPF_F_MMAPABLE);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "vn_tally", sizeof(uint32_t),
				 sizeof(struct tally), 1, &shared);
	void *mem;

	if (map < 0)
		return map;
	t->program = load_program(t->base.txq.dev->ifindex, map);
	mem = mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (mem != MAP_FAILED)
		t->tally = mem;
	close(map);
	if (t->program < 0)
		return t->program;
	return t->tally ? 0 : -ENOMEM;
}

/* Tried with a program that does nothing. */
static int check_length(struct inject_txq *t, uint32_t len, struct vn_err *err)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const uint8_t *data = t->base.txq.frames[0].data;
	int program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "vn_length", LICENCE, nothing,
				    VN_ARRAY_SIZE(nothing), NULL);
	uint32_t fits;
	int rc;

	if (program < 0)
		return cannot_inject(t, program, err);
	rc = vn_testrun_try(program, data, ETH_HLEN, 0);
	fits = rc ? 0 : vn_testrun_longest(program, data, VN_MAX(len, ETH_HLEN), 0);
	close(program);
	if (rc)
		return cannot_inject(t, rc, err);
	if (fits < len)
		return vn_err_set(err, EMSGSIZE, "%s: frames of %u bytes cannot be injected into "
				  "the receive path: this kernel takes at most %u",
				  t->base.txq.dev->name, len, fits);
	return 0;
}

static void inject_txq_close(struct vn_txq *q)
{
	struct inject_txq *t = to_txq(q);

	if (t->tally)
		munmap(t->tally, sizeof(*t->tally));
	if (t->program >= 0)
		close(t->program);
	if (t->base.fd >= 0)
		close(t->base.fd);
	vn_txq_fini(q);
	free(t);
}

static int set_up(struct inject_txq *t, const struct vn_txq_opts *opts, struct vn_err *err)
{
	int rc = check_length(t, opts->frame_cap, err);

	if (rc)
		return rc;
	rc = set_up_program(t);
	if (rc)
		return cannot_inject(t, rc, err);
	rc = t->base.fd = vn_afpacket_socket(t->base.txq.dev->name, err);
	return VN_MIN(rc, 0);
}

int vn_inject_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		       struct vn_err *err)
{
	struct inject_txq *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	t->base.fd = t->program = -1;
	rc = vn_txq_init(&t->base.txq, dev, opts->n_frames, opts->frame_cap);
	if (rc)
		vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
			   opts->n_frames, opts->frame_cap);
	else
		rc = set_up(t, opts, err);
	if (rc) {
		inject_txq_close(&t->base.txq);
		return rc;
	}
	t->base.txq.commit = inject_commit;
	t->base.close = inject_txq_close;
	*out = &t->base.txq;
	return 0;
}
