/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which packets of a stream go through which security association (spec section
 * 8.8). A flow looks one up when it begins, and keeps it for good: the kernel
 * holds its reference until the device is removed. So associations that flows
 * use stay with the stream, also when the system has them no more, and a run
 * after the first looks none up for flows that have one already. What no flow
 * came to use goes with the next run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet_priv.h"

bool vn_stream_may_ipsec(const struct vn_stream *s)
{
	return (s->cfg.flags & VN_FLAG_IPSEC) && !(s->cfg.flags & VN_FLAG_IPV6) && s->cfg.flows > 0;
}

static bool is_between(uint32_t addr, uint32_t min, uint32_t max)
{
	return addr >= min && addr <= VN_MAX(min, max);
}

/* Could a packet of this run find it? */
static bool is_eligible(const struct vn_stream *s, const struct vn_sa *sa)
{
	const struct vn_stream_cur *cur = &s->cur;

	return vn_sa_matches(sa, s->cfg.spi, sa->saddr, sa->daddr) &&
	       (s->cfg.spi || (is_between(sa->saddr, cur->saddr_min, cur->saddr_max) &&
			       is_between(sa->daddr, cur->daddr_min, cur->daddr_max)));
}

static struct vn_ipsec *held(const struct vn_stream *s, const struct vn_sa *sa)
{
	uint32_t i;

	for (i = 0; i < s->n_ipsec; i++)
		if (memcmp(&s->ipsec[i]->sa, sa, sizeof(*sa)) == 0)
			return s->ipsec[i];
	return NULL;
}

static int refuse(const struct vn_sa *sa, int rc, const struct vn_err *why, struct vn_err *err)
{
	const struct in_addr src = { htonl(sa->saddr) }, dst = { htonl(sa->daddr) };
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &src, from, sizeof(from));
	inet_ntop(AF_INET, &dst, to, sizeof(to));
	return vn_err_set(err, -rc, "association %s > %s %s spi 0x%x: %s", from, to,
			  sa->proto == VN_SA_AH ? "ah" : "esp", sa->spi, why->text);
}

static int hold(struct vn_stream *s, const struct vn_sa *sa, struct vn_err *err)
{
	struct vn_ipsec *x = held(s, sa), **v;
	struct vn_err why = { "" };
	int rc;

	if (!x) {
		v = realloc(s->ipsec, (s->n_ipsec + 1) * sizeof(struct vn_ipsec *));
		if (!v)
			return vn_err_set(err, ENOMEM, "no memory for an association");
		s->ipsec = v;
		rc = vn_ipsec_new(sa, &s->rng[VN_DRAW_IPSEC], &x, &why);
		if (rc) /* algorithms alone do not say which of many it is */
			return refuse(sa, rc, &why, err);
		s->ipsec[s->n_ipsec++] = x;
	}
	x->is_current = true;
	return 0;
}

/* Keeps what flows hold, out of reach for the look-up. */
static void forget(struct vn_stream *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->n_ipsec; i++) {
		struct vn_ipsec *x = s->ipsec[i];

		x->is_current = false;
		if (x->is_held)
			s->ipsec[n++] = x;
		else
			vn_ipsec_free(x);
	}
	s->n_ipsec = n;
}

int vn_stream_load_ipsec(struct vn_stream *s, const struct vn_sa_source *sas, struct vn_err *err)
{
	struct vn_sa_db db = { 0 };
	size_t k;
	int rc;

	s->sas = sas;
	s->is_ipsec_loaded = !sas || vn_stream_may_ipsec(s);
	forget(s);
	if (!sas || !vn_stream_may_ipsec(s))
		return 0;
	rc = sas->load(sas->arg, &db, err);
	for (k = 0; k < db.n && !rc; k++)
		if (is_eligible(s, &db.v[k]))
			rc = hold(s, &db.v[k], err);
	vn_sa_db_fini(&db);
	return rc;
}

int vn_stream_reload_ipsec(struct vn_stream *s, struct vn_err *err)
{
	if (s->is_ipsec_loaded || !vn_stream_may_ipsec(s))
		return 0;
	return vn_stream_load_ipsec(s, s->sas, err);
}

void vn_flow_find_ipsec(struct vn_stream *s, uint32_t flow)
{
	struct vn_ipsec *x = NULL;
	uint32_t i;

	if (s->flow_ipsec[flow] || !vn_stream_may_ipsec(s))
		return;
	for (i = 0; i < s->n_ipsec && !x; i++)
		if (s->ipsec[i]->is_current &&
		    vn_sa_matches(&s->ipsec[i]->sa, s->cfg.spi, s->cur.saddr, s->flow[flow].daddr))
			x = s->ipsec[i];
	if (!x)
		return;
	s->flow_ipsec[flow] = x;
	x->is_held = true;
	s->cur.pkt_overhead = (int32_t)(vn_stream_tag_bytes(&s->cfg) + x->header_len);
}

struct vn_ipsec *vn_stream_ipsec(const struct vn_stream *s)
{
	struct vn_ipsec *x;

	if (!s->n_ipsec || !vn_stream_may_ipsec(s))
		return NULL;
	x = s->flow_ipsec[s->cur.flow];
	return x && x->sa.mode == VN_SA_TUNNEL && s->cfg.spi == 0 ? NULL : x;
}

/* One frame: the next may be of another flow, and of another length. */
static void transform(struct vn_builder *b, struct vn_frame *f, unsigned int n)
{
	struct vn_ipsec *x = vn_stream_ipsec(b->s);
	uint32_t len;

	if (!x)
		return;
	len = vn_ipsec_apply(x, f->data + b->l3, f->len - b->l3);
	/* Failed: nothing is left to send, and the device counts the error. */
	f->len = len ? b->l3 + len : 0;
	f->content = 0;
}

vn_edit_fn vn_edit_ipsec(const struct vn_stream *s)
{
	return s->n_ipsec && vn_stream_may_ipsec(s) ? transform : NULL;
}

void vn_stream_account(struct vn_stream *s)
{
	uint32_t i;

	for (i = 0; i < s->n_ipsec; i++) {
		struct vn_ipsec *x = s->ipsec[i];

		if (x->packets && s->sas && s->sas->account)
			s->sas->account(s->sas->arg, &x->sa, x->bytes, x->packets);
		x->packets = x->bytes = 0;
	}
}

void vn_stream_free_ipsec(struct vn_stream *s)
{
	while (s->n_ipsec)
		vn_ipsec_free(s->ipsec[--s->n_ipsec]);
	free(s->ipsec);
	s->ipsec = NULL;
}
