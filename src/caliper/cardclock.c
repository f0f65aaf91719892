/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The estimate is made anew when the least difference of a second falls and when
 * a second begins, which are rare; a message that took longer than others costs a
 * comparison.
 */
#include "caliper/cardclock.h"

#include <string.h>

#include "base/macros.h"

#define SECONDS (2u * VN_CARDCLOCK_WINDOW)

/* 500 parts in a million: no oscillator of a card or a host is as wrong as that. */
#define DRIFT_MAX 2147483
/* As far from the estimate's time as its drift is believed: 18 minutes. */
#define AGE_MAX (INT64_C(1) << 40)

void vn_cardclock_init(struct vn_cardclock *c, uint64_t grain_ns)
{
	memset(c, 0, sizeof(*c));
	c->grain_ns = grain_ns;
	c->delay_ns = UINT64_MAX;
}

void vn_cardclock_exchange(struct vn_cardclock *c, uint64_t ns)
{
	c->delay_ns = VN_MIN(c->delay_ns, ns);
}

/* The second that is `age` seconds old; 0 is the newest. */
static const struct vn_cardclock_second *second(const struct vn_cardclock *c, unsigned int age)
{
	return &c->seconds[(c->newest + SECONDS - age) % SECONDS];
}

/* The least of ten seconds; NULL: there was no message. */
static const struct vn_cardclock_second *least(const struct vn_cardclock *c, unsigned int from)
{
	const struct vn_cardclock_second *best = NULL;

	for (unsigned int age = from; age < from + VN_CARDCLOCK_WINDOW; age++) {
		const struct vn_cardclock_second *s = second(c, age);

		if (s->is_known && (!best || s->diff_ns < best->diff_ns))
			best = s;
	}
	return best;
}

static int32_t drift_between(const struct vn_cardclock_second *a,
			     const struct vn_cardclock_second *b)
{
	int64_t diff = b->diff_ns - a->diff_ns, span = (int64_t)(b->host_ns - a->host_ns);

	/* Two of the same moment say nothing, and a jump is not a drift. */
	if (span < (int64_t)VN_NSEC_PER_SEC || diff > span >> 10 || -diff > span >> 10)
		return 0;
	diff = diff * (1 << 22) / (span >> 10);
	return (int32_t)VN_MAX(VN_MIN(diff, DRIFT_MAX), -DRIFT_MAX);
}

static int64_t offset_at(const struct vn_cardclock *c, uint64_t host_ns)
{
	int64_t age = (int64_t)(host_ns - c->at_ns);

	age = VN_MAX(VN_MIN(age, AGE_MAX), -AGE_MAX);
	return c->offset_ns + ((age * c->drift) >> 32);
}

static uint64_t spread(const struct vn_cardclock *c)
{
	uint64_t most = 0;

	for (unsigned int age = 0; age < VN_CARDCLOCK_WINDOW; age++) {
		const struct vn_cardclock_second *s = second(c, age);
		int64_t off = s->is_known ? s->diff_ns - offset_at(c, s->host_ns) : 0;
		uint64_t distance = (uint64_t)(off < 0 ? -off : off);

		most = VN_MAX(most, distance);
	}
	return most;
}

static void estimate(struct vn_cardclock *c)
{
	const struct vn_cardclock_second *now = least(c, 0), *before;

	before = least(c, VN_CARDCLOCK_WINDOW);
	if (!now)
		return;
	c->is_known = true;
	c->offset_ns = now->diff_ns;
	c->at_ns = now->host_ns;
	c->drift = before ? drift_between(before, now) : 0;
	c->spread_ns = spread(c);
}

/* Begins seconds up to that of host_ns; whether there were any. */
static bool advance(struct vn_cardclock *c, uint64_t host_ns)
{
	uint64_t missing;

	if (host_ns < c->end_ns)
		return false;
	missing = c->end_ns ? (host_ns - c->end_ns) / VN_NSEC_PER_SEC + 1 : SECONDS;
	for (uint64_t i = 0; i < missing && i < SECONDS; i++) {
		c->newest = (c->newest + 1) % SECONDS;
		c->seconds[c->newest].is_known = false;
	}
	c->end_ns = c->end_ns ? c->end_ns + missing * VN_NSEC_PER_SEC : host_ns + VN_NSEC_PER_SEC;
	return true;
}

void vn_cardclock_sample(struct vn_cardclock *c, uint64_t card_ns, uint64_t host_ns)
{
	int64_t diff = (int64_t)(host_ns - card_ns);
	bool is_new = advance(c, host_ns);
	struct vn_cardclock_second *s = &c->seconds[c->newest];

	if (!s->is_known || diff < s->diff_ns) {
		*s = (struct vn_cardclock_second){ true, diff, host_ns };
		is_new = true;
	}
	c->heard_ns = host_ns;
	if (is_new)
		estimate(c);
}

uint64_t vn_cardclock_card_ns(const struct vn_cardclock *c, uint64_t host_ns)
{
	int64_t offset = offset_at(c, host_ns);

	if (offset > 0 && host_ns < (uint64_t)offset)
		return 0;
	if (offset < 0 && host_ns > UINT64_MAX - (uint64_t)-offset)
		return UINT64_MAX;
	return host_ns - (uint64_t)offset;
}

uint64_t vn_cardclock_host_ns(const struct vn_cardclock *c, uint64_t card_ns)
{
	/* The offset is asked for at nearly the right time, which is near enough: it moves by
	 * parts in a million. */
	int64_t offset = offset_at(c, card_ns + (uint64_t)c->offset_ns);

	if (offset < 0 && card_ns < (uint64_t)-offset)
		return 0;
	if (offset > 0 && card_ns > UINT64_MAX - (uint64_t)offset)
		return UINT64_MAX;
	return card_ns + (uint64_t)offset;
}

/* How far the clocks may have come apart in this time. */
static uint64_t drift_of(uint64_t age_ns)
{
	return (age_ns >> 32) * DRIFT_MAX + ((age_ns & UINT32_MAX) * DRIFT_MAX >> 32);
}

uint64_t vn_cardclock_error_ns(const struct vn_cardclock *c, uint64_t host_ns)
{
	uint64_t delay = c->delay_ns == UINT64_MAX ? 0 : c->delay_ns;
	uint64_t drift = drift_of(host_ns - VN_MIN(c->heard_ns, host_ns));
	uint64_t error = VN_MAX(c->spread_ns, delay) + c->grain_ns;

	if (!c->is_known || error > UINT64_MAX - drift)
		return UINT64_MAX;
	return error + drift;
}
