/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that the card was given, by number: whose they are when it reports them,
 * and which of them may still leave. The quota bounds how many it can have; the
 * ring holds more than twice as many, since reports come after the credit.
 */
#include "caliper/driver_priv.h"

#define FRAMES (4 * QUOTA_MAX)

void vn_nf2_sent_reset(struct vn_nf2_sent *s)
{
	s->seq = s->filled = s->frames = s->credited = 0;
}

void vn_nf2_sent_add(struct vn_nf2_sent *s, const struct vn_txbuff *t)
{
	s->first[s->frames++ % FRAMES] = s->seq;
	for (unsigned int i = 0; i < t->n; i++)
		s->ring[s->seq++ & s->mask] = t->packets[i];
	s->filled = VN_MIN(s->filled + t->n, s->mask + 1);
}

void vn_nf2_sent_take_back(struct vn_nf2_sent *s, const struct vn_txbuff *t)
{
	s->frames--;
	s->seq -= t->n;
	s->filled -= t->n;
}

/* By difference: numbers go round after 2^32 packets. */
static bool is_remembered(const struct vn_nf2_sent *s, uint32_t seq)
{
	return s->seq - 1 - seq < s->filled;
}

const struct vn_nf2_packet *vn_nf2_sent_find(const struct vn_nf2_sent *s, uint32_t seq)
{
	return is_remembered(s, seq) ? &s->ring[seq & s->mask] : NULL;
}

const struct vn_nf2_packet *vn_nf2_sent_last(const struct vn_nf2_sent *s, uint32_t pid,
					     uint64_t now_cycle)
{
	uint32_t uncredited = s->seq;
	bool has_credit;

	if (s->frames != s->credited)
		uncredited = s->first[s->credited % FRAMES];
	for (uint32_t seq = s->seq - 1; is_remembered(s, seq); seq--) {
		const struct vn_nf2_packet *p = &s->ring[seq & s->mask];

		if (p->pid != pid)
			continue;
		has_credit = (int32_t)(seq - uncredited) < 0;
		return has_credit && p->planned <= now_cycle ? NULL : p;
	}
	return NULL;
}
