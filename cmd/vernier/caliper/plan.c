/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#include "base/macros.h"
#include "vernier/caliper.h"
#include "wire/wire.h"

static uint64_t cycle_next(struct caliper_cycle *c)
{
	uint64_t value = c->v[c->at++];

	if (c->at == c->n)
		c->at = 0;
	return value;
}

void caliper_plan_begin(struct caliper_plan *p, const uint64_t *delays, size_t n_delays,
			const uint64_t *payloads, size_t n_payloads)
{
	*p = (struct caliper_plan){
		.delays = { delays, n_delays, 0 },
		.payloads = { payloads, n_payloads, 0 },
	};
}

bool caliper_plan_is_over(const struct caliper_plan *p)
{
	return (p->n_packets && p->next >= p->n_packets) ||
	       (p->time_ns && p->next_ns >= p->time_ns);
}

bool caliper_plan_next(struct caliper_plan *p, struct caliper_packet *out)
{
	if (caliper_plan_is_over(p))
		return false;
	out->k = p->next;
	out->at_ns = p->next_ns;
	out->gap_ns = p->next_gap_ns;
	out->payload = (uint16_t)cycle_next(&p->payloads);
	p->next++;
	p->next_gap_ns = cycle_next(&p->delays);
	if (__builtin_add_overflow(p->next_ns, p->next_gap_ns, &p->next_ns))
		p->next_ns = UINT64_MAX;
	out->is_last = caliper_plan_is_over(p);
	return true;
}

uint64_t caliper_frame_bytes(uint16_t payload)
{
	uint64_t bytes = VN_ETH_HLEN + VN_IPV4_HLEN + VN_UDP_HLEN + payload;

	return VN_MAX(bytes, CAL_WIRE_MIN);
}
