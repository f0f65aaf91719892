/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpcap compiles for frames as they are in files. The program for a kernel is
 * that one for frames without a tag beside them, and for the others the same
 * program translated: where it loads bytes behind the tag it loads those four
 * bytes before, where it loads the tag it asks the kernel for it, and a frame is
 * four bytes longer. A load that is neither (of a part of the tag and something
 * else, or at a place that is known only then) becomes "accept": who gets the
 * frame judges it again. Compiled expressions have such loads mostly where a
 * test before has ruled out that there is a tag.
 */
#include "rx/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
/* After libpcap's, whose names for the same instructions it leaves alone. */
#include <linux/filter.h>

#include "rx/tag.h"

#define SNAPLEN 262144 /* what is accepted is accepted whole, bytes */
#define TAG_END (VN_TAG_AT + VN_VLAN_HLEN)
#define HEAD	4 /* instructions that choose between the two programs */
#define AT_MOST 2 /* instructions that one becomes */

struct vn_filter {
	struct bpf_program program;
	struct sock_fprog kernel;
	uint8_t tagged[SNAPLEN]; /* a frame with its tag put back */
};

/* Instructions that are being written; at[i]: where instruction i's begin. */
struct writer {
	struct sock_filter *v;
	unsigned int n;
	unsigned int *at;
};

static void put(struct writer *w, unsigned int code, uint32_t k)
{
	w->v[w->n++] = (struct sock_filter){ .code = (uint16_t)code, .k = k };
}

static void put_accept(struct writer *w)
{
	put(w, BPF_RET | BPF_K, SNAPLEN);
}

/* A byte or all of one half of the tag, which the kernel has as a number. */
static void put_tag_load(struct writer *w, uint32_t at, uint32_t bytes)
{
	uint32_t half = at < VN_TAG_AT + 2 ? SKF_AD_VLAN_TPID : SKF_AD_VLAN_TAG;

	put(w, BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + half));
	if (bytes == 1 && at % 2 == 0)
		put(w, BPF_ALU | BPF_RSH | BPF_K, 8);
	else if (bytes == 1)
		put(w, BPF_ALU | BPF_AND | BPF_K, 0xff);
}

static void put_absolute_load(struct writer *w, const struct bpf_insn *in)
{
	uint32_t bytes = BPF_SIZE(in->code) == BPF_W ? 4 : BPF_SIZE(in->code) == BPF_H ? 2 : 1;
	uint64_t end = (uint64_t)in->k + bytes;

	if (end <= VN_TAG_AT)
		put(w, in->code, in->k);
	else if (in->k >= TAG_END)
		put(w, in->code, in->k - VN_VLAN_HLEN);
	else if (in->k >= VN_TAG_AT && end <= TAG_END && bytes <= 2 && in->k % bytes == 0)
		put_tag_load(w, in->k, bytes);
	else
		put_accept(w);
}

/* Loads relative to something that was loaded: all of it lies behind the tag,
 * or nobody knows. */
static void put_other_load(struct writer *w, const struct bpf_insn *in)
{
	if (in->k >= TAG_END)
		put(w, in->code, in->k - VN_VLAN_HLEN);
	else
		put_accept(w);
}

static void put_translated(struct writer *w, const struct bpf_insn *in)
{
	unsigned int class = BPF_CLASS(in->code), mode = BPF_MODE(in->code);

	if (class == BPF_LD && mode == BPF_ABS) {
		put_absolute_load(w, in);
	} else if ((class == BPF_LD && mode == BPF_IND) || (class == BPF_LDX && mode == BPF_MSH)) {
		put_other_load(w, in);
	} else if (class == BPF_LD && mode == BPF_LEN) {
		put(w, in->code, 0);
		put(w, BPF_ALU | BPF_ADD | BPF_K, VN_VLAN_HLEN);
	} else if (class == BPF_LDX && mode == BPF_LEN) {
		put_accept(w);
	} else {
		put(w, in->code, in->k);
	}
}

/* Distance of a jump from instruction i over `over` instructions. */
static uint32_t distance(const struct writer *w, unsigned int i, uint32_t over)
{
	return w->at[i + 1 + over] - w->at[i] - 1;
}

/* Jumps go where they went, as far as that still is. False: too far. */
static bool put_jumps(struct writer *w, const struct bpf_program *p)
{
	for (unsigned int i = 0; i < p->bf_len; i++) {
		const struct bpf_insn *in = &p->bf_insns[i];
		struct sock_filter *out = &w->v[w->at[i]];

		if (BPF_CLASS(in->code) != BPF_JMP)
			continue;
		if (BPF_OP(in->code) == BPF_JA) {
			out->k = distance(w, i, in->k);
			continue;
		}
		if (distance(w, i, in->jt) > UINT8_MAX || distance(w, i, in->jf) > UINT8_MAX)
			return false;
		out->jt = (uint8_t)distance(w, i, in->jt);
		out->jf = (uint8_t)distance(w, i, in->jf);
	}
	return true;
}

/* The program for frames whose tag was put aside. */
static void put_for_tagged(struct writer *w, const struct bpf_program *p)
{
	unsigned int begin = w->n;

	for (unsigned int i = 0; i < p->bf_len; i++) {
		w->at[i] = w->n;
		put_translated(w, &p->bf_insns[i]);
	}
	w->at[p->bf_len] = w->n;
	if (put_jumps(w, p) && w->n + p->bf_len <= BPF_MAXINSNS)
		return;
	w->n = begin;
	put_accept(w);
}

/* Programs begin with A = 0: without a tag it is, with one it is made so. */
static void put_kernel_program(struct writer *w, const struct bpf_program *p)
{
	put(w, BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
	put(w, BPF_JMP | BPF_JEQ | BPF_K, 0);
	w->v[w->n - 1].jf = 1;
	put(w, BPF_JMP | BPF_JA, 0);
	put(w, BPF_LD | BPF_IMM, 0);
	put_for_tagged(w, p);
	w->v[HEAD - 2].k = w->n - (HEAD - 1);
	for (unsigned int i = 0; i < p->bf_len; i++) {
		const struct bpf_insn *in = &p->bf_insns[i];

		w->v[w->n++] = (struct sock_filter){ in->code, in->jt, in->jf, in->k };
	}
}

static int make_kernel_program(struct vn_filter *f)
{
	unsigned int n = f->program.bf_len;
	struct writer w = {
		.v = calloc(HEAD + (size_t)n * (AT_MOST + 1) + 1, sizeof(*w.v)),
		.at = calloc((size_t)n + 1, sizeof(*w.at)),
	};

	f->kernel.filter = w.v;
	if (w.v && w.at) {
		put_kernel_program(&w, &f->program);
		f->kernel.len = (unsigned short)w.n;
	}
	free(w.at);
	return f->kernel.len ? 0 : -ENOMEM;
}

static int compile(struct vn_filter *f, const char *expression, struct vn_err *err)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	int rc = 0;

	if (!p)
		return vn_err_set(err, ENOMEM, "filter: no memory");
	if (pcap_compile(p, &f->program, expression, 1, PCAP_NETMASK_UNKNOWN))
		rc = vn_err_set(err, EINVAL, "filter \"%s\": %s", expression, pcap_geterr(p));
	pcap_close(p);
	return rc;
}

int vn_filter_new(const char *expression, struct vn_filter **out, struct vn_err *err)
{
	struct vn_filter *f = calloc(1, sizeof(*f));
	int rc;

	*out = NULL;
	if (!f)
		return vn_err_set(err, ENOMEM, "filter: no memory");
	rc = compile(f, expression, err);
	if (!rc) {
		rc = make_kernel_program(f);
		if (rc)
			vn_err_set(err, ENOMEM, "filter: no memory");
	}
	if (rc) {
		vn_filter_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void vn_filter_free(struct vn_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	free(f->kernel.filter);
	free(f);
}

const struct sock_fprog *vn_filter_program(const struct vn_filter *f)
{
	return &f->kernel;
}

bool vn_filter_matches(struct vn_filter *f, const struct vn_rx_pkt *pkt)
{
	if (!vn_tag_has_place(pkt))
		return bpf_filter(f->program.bf_insns, pkt->data, pkt->len, pkt->caplen);
	return bpf_filter(f->program.bf_insns, f->tagged, pkt->len + VN_VLAN_HLEN,
			  vn_tag_put_back(pkt, f->tagged, sizeof(f->tagged)));
}
