/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers are built in the memory that the device lends and committed when the
 * group of frames is done, or when no more memory is lent. What a device does
 * not take then is given up: receiving does not wait for sending, and who has
 * no answer asks again.
 *
 * A call counts for itself, and shows what it counted when it ends.
 */
#include "rx/responder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/stat.h"
#include "rx/question.h"

const struct vn_responder_text vn_responder_texts[VN_RESPONDER_N_VERDICTS] = {
#define VN_X(name, text) [VN_ASKED_##name] = { #name, text },
	VN_RESPONDER_KINDS(VN_X)
#undef VN_X
#define VN_X(name, text) [VN_IGNORED_##name] = { #name, text },
		VN_RESPONDER_CAUSES(VN_X)
#undef VN_X
};

struct stats {
	_Atomic uint64_t seen[VN_RESPONDER_N_VERDICTS];
	_Atomic uint64_t answered[VN_RESPONDER_N_KINDS];
	_Atomic uint64_t unsent;
	struct vn_stat_version version;
};

struct vn_responder {
	struct vn_addrset addrs;
	uint8_t mac[6];
	struct vn_txq *q;
	uint8_t *kind;			/* of the answer in each frame of q */
	struct vn_responder_counts now; /* of the call that runs */
	struct stats stats;
};

int vn_responder_new(const struct vn_addrset *addrs, const uint8_t mac[6], struct vn_txq *q,
		     struct vn_responder **out)
{
	struct vn_responder *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (r)
		r->kind = calloc((size_t)q->mask + 1, 1);
	if (!r || !r->kind) {
		vn_responder_free(r);
		return -ENOMEM;
	}
	r->addrs = *addrs;
	memcpy(r->mac, mac, sizeof(r->mac));
	r->q = q;
	*out = r;
	return 0;
}

void vn_responder_free(struct vn_responder *r)
{
	if (!r)
		return;
	free(r->kind);
	free(r);
}

/* Offers the oldest answers; false: the device takes no more now. */
static bool commit_some(struct vn_responder *r)
{
	struct vn_frame *f;
	unsigned int n = vn_txq_peek(r->q, &f);
	uint32_t at = r->q->tail;
	struct vn_tx_done done = vn_txq_commit(r->q, n);

	for (uint32_t i = 0; i < done.sent; i++)
		r->now.answered[r->kind[(at + i) & r->q->mask]]++;
	if (done.code == VN_XMIT_DROP || done.code == VN_XMIT_CN)
		r->now.unsent++;
	return done.code != VN_TX_BUSY && done.code != VN_TX_DOWN;
}

static void flush(struct vn_responder *r)
{
	while (vn_txq_pending(r->q))
		if (!commit_some(r)) {
			r->now.unsent += vn_txq_pending(r->q);
			vn_txq_abandon(r->q);
		}
}

static void answer(struct vn_responder *r, const struct vn_question *question,
		   enum vn_responder_verdict kind)
{
	struct vn_frame *f;

	if (!vn_txq_reserve(r->q, 1, &f)) {
		flush(r);
		vn_txq_reserve(r->q, 1, &f);
	}
	r->kind[(r->q->head - 1) & r->q->mask] = (uint8_t)kind;
	f->len = vn_answer_len(question, kind);
	f->depart_ns = 0; /* as soon as it is committed */
	f->content = 0;
	vn_answer_put(question, kind, r->mac, f->data);
}

static void handle_one(struct vn_responder *r, const struct vn_rx_pkt *pkt)
{
	struct vn_question question;
	enum vn_responder_verdict v = vn_question_read(pkt, &r->addrs, r->mac, &question);

	if (v < VN_RESPONDER_N_KINDS && vn_answer_len(&question, v) > r->q->frames[0].cap)
		v = VN_IGNORED_length;
	r->now.seen[v]++;
	if (v < VN_RESPONDER_N_KINDS)
		answer(r, &question, v);
}

static void add(_Atomic uint64_t *to, const uint64_t *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (from[i])
			vn_stat_add(&to[i], from[i]);
}

static void publish(struct vn_responder *r)
{
	struct stats *s = &r->stats;

	vn_stat_begin(&s->version);
	add(s->seen, r->now.seen, VN_RESPONDER_N_VERDICTS);
	add(s->answered, r->now.answered, VN_RESPONDER_N_KINDS);
	add(&s->unsent, &r->now.unsent, 1);
	vn_stat_end(&s->version);
}

void vn_responder_handle(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_responder *r = arg;

	r->now = (struct vn_responder_counts){ .unsent = 0 };
	for (unsigned int i = 0; i < n; i++)
		handle_one(r, &pkts[i]);
	flush(r);
	publish(r);
}

static void get(uint64_t *to, const _Atomic uint64_t *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		to[i] = vn_stat_get(&from[i]);
}

void vn_responder_read(const struct vn_responder *r, struct vn_responder_counts *out)
{
	const struct stats *s = &r->stats;
	uint32_t version;

	do {
		version = vn_stat_read(&s->version);
		get(out->seen, s->seen, VN_RESPONDER_N_VERDICTS);
		get(out->answered, s->answered, VN_RESPONDER_N_KINDS);
		get(&out->unsent, &s->unsent, 1);
	} while (vn_stat_reread(&s->version, version));
}
