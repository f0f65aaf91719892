/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How frames of the host's stack are spaced, and how packets are combined (spec
 * caliper 4.7, 5). A list of gaps that comes in several messages counts from the
 * last of them on, all at once.
 */
#include <errno.h>
#include <string.h>

#include "caliper/driver_priv.h"
#include "wire/wire.h"

/* --- lists in several messages -------------------------------------------------------------- */

static bool is_cut(const struct vn_nf2_policy *p, uint32_t pid)
{
	for (unsigned int i = 0; i < p->n_cut; i++)
		if (p->cut[i] == pid)
			return true;
	return false;
}

void vn_nf2_policy_forget(struct vn_nf2_policy *p, uint32_t pid)
{
	if (p->gatherer == pid)
		p->is_gathering = false;
	for (unsigned int i = p->n_cut; i-- > 0;)
		if (p->cut[i] == pid)
			p->cut[i] = p->cut[--p->n_cut];
}

/* The oldest one makes room. */
static void cut(struct vn_nf2_policy *p, uint32_t pid)
{
	vn_nf2_policy_forget(p, pid);
	if (p->n_cut == CUTS)
		memmove(p->cut, p->cut + 1, --p->n_cut * sizeof(*p->cut));
	p->cut[p->n_cut++] = pid;
}

void vn_nf2_policy_refused(struct vn_nf2_policy *p, const struct vn_cal_msg *msg, uint32_t pid)
{
	if (msg->head.flags & CAL_MORE)
		cut(p, pid);
	else
		vn_nf2_policy_forget(p, pid);
}

static void begin_gathering(struct vn_nf2_policy *p, uint32_t pid)
{
	if (p->is_gathering)
		cut(p, p->gatherer);
	p->is_gathering = true;
	p->gatherer = pid;
	p->n_gathered = 0;
}

/* The gaps of this message behind those that the client sent before. */
static int gather(struct vn_nf2_policy *p, const struct vn_cal_msg *msg, uint32_t pid)
{
	uint32_t n = msg->head.count;

	if (is_cut(p, pid))
		return -ECANCELED;
	if (!p->is_gathering || p->gatherer != pid)
		begin_gathering(p, pid);
	if (n > CAL_GAPS_MAX - p->n_gathered)
		return -EINVAL;
	memcpy(p->gathered + p->n_gathered, msg->body + sizeof(struct cal_policy), 8 * (size_t)n);
	p->n_gathered += n;
	return 0;
}

static int take_list(struct vn_nf2_policy *p)
{
	uint64_t *gaps = p->gaps;

	p->is_gathering = false;
	if (!p->n_gathered)
		return p->n_gaps ? 0 : -EINVAL;
	p->gaps = p->gathered;
	p->gathered = gaps;
	p->n_gaps = p->n_gathered;
	p->next_gap = 0;
	return 0;
}

/* --- what holds ------------------------------------------------------------------------------ */

static void take(struct vn_nf2 *d, const struct cal_policy *want)
{
	struct vn_nf2_policy *p = &d->policy;

	p->now = *want;
	p->rest = 0;
	if (want->max_entries)
		d->max_entries = want->max_entries;
	if (want->quota && want->quota != d->quota) {
		d->quota = want->quota;
		d->config_is_due = d->state == CAL_RUNNING;
	}
	nf2c_attempt_send(d);
}

int vn_nf2_policy_set(struct vn_nf2 *d, const struct vn_cal_msg *msg, uint32_t pid)
{
	struct cal_policy want;
	int ret;

	memcpy(&want, msg->body, sizeof(want));
	if (want.mode == CAL_POLICY_LIST) {
		ret = gather(&d->policy, msg, pid);
		if (ret)
			vn_nf2_policy_refused(&d->policy, msg, pid);
		if (ret || msg->head.flags & CAL_MORE)
			return ret;
		ret = take_list(&d->policy);
		if (ret)
			return ret;
	} else {
		vn_nf2_policy_forget(&d->policy, pid);
	}
	take(d, &want);
	return 0;
}

/* The time on the wire of the frame before, at this rate; what a nanosecond cannot express is
 * kept. A division: beside the copying of a frame it does not count. */
static uint64_t rate_gap(struct vn_nf2_policy *p)
{
	uint64_t bit_ns = (uint64_t)p->previous_bits * VN_NSEC_PER_SEC + p->rest;

	p->rest = bit_ns % p->now.value;
	return bit_ns / p->now.value;
}

uint64_t vn_nf2_policy_gap(struct vn_nf2_policy *p, uint32_t len)
{
	uint64_t gap = 0;

	switch (p->now.mode) {
	case CAL_POLICY_GAP:
		gap = p->now.value;
		break;
	case CAL_POLICY_RATE:
		gap = rate_gap(p);
		break;
	case CAL_POLICY_LIST:
		gap = p->gaps[p->next_gap++];
		if (p->next_gap == p->n_gaps)
			p->next_gap = 0;
		break;
	default: /* at once */
		break;
	}
	p->previous_bits = (uint32_t)vn_wire_bits_l1(len);
	return gap;
}
