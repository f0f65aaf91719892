/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arbitrary frames into a receiver. The input is cut into frames, each behind
 * 4 bytes of its own: how long it was on the wire beyond what is there, flags,
 * how long it is (2 bytes). After each frame the counts must agree.
 */
#include "delay.c"
#include "dissect.c"
#include "receiver.c"
#include "sequence.c"

#include <string.h>

#define HEAD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int is_true)
{
	if (!is_true)
		abort();
}

static void check_flow(const struct vn_rx_flow *f)
{
	const struct vn_rx_flow_stats *s = &f->stats;
	uint64_t unique = vn_stat_get(&s->unique), first = vn_stat_get(&s->first_seq);
	uint64_t max = vn_stat_get(&s->max_seq);

	check(vn_stat_get(&s->received) == unique + vn_stat_get(&s->duplicates) +
						   vn_stat_get(&s->too_late) +
						   vn_stat_get(&s->corrupt));
	check(unique == 0 ? max == 0 : max - first + 1 == unique + vn_rx_flow_lost(f));
	check(vn_stat_get(&s->reordered) <= unique);
	check(vn_stat_get(&s->reordered) == f->extent.count + vn_stat_get(&s->extent_unknown));
	check(f->extent.count == f->late_time.count);
	check(f->extent.count == 0 || (f->extent.min >= 1 && f->extent.max < unique));
	check(f->latency.count + vn_stat_get(&s->latency_negative) == vn_stat_get(&s->stamped));
	check(vn_stat_get(&s->stamped) <= unique);
	check(vn_stat_get(&s->overdue) <= f->latency.count);
	check(f->ipdv.count == vn_stat_get(&s->ipdv_pairs));
	check(f->ipdv.count == 0 || f->ipdv.count < vn_stat_get(&s->stamped));
	check((int64_t)vn_stat_get(&s->ipdv_min) <= (int64_t)vn_stat_get(&s->ipdv_max));
	check(f->gap.count + 1 == vn_stat_get(&s->received) || vn_stat_get(&s->received) == 0);
}

/* In memory of exactly its size, so that the sanitizer sees a byte too far. */
static void feed(struct vn_receiver *r, const uint8_t *head, const uint8_t *frame, uint32_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct vn_rx_pkt pkt = {
		.data = exact,
		.caplen = len,
		.len = len + head[0],
		.stamp_ns = head[1] * UINT64_C(10000000000000000),
		.has_vlan = head[1] & 1,
	};

	check(exact != NULL);
	memcpy(exact, frame, len);
	vn_receiver_handle(r, &pkt, 1);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_receiver *r;
	uint64_t n = 0;
	unsigned int i;

	check(vn_receiver_new(&r) == 0);
	vn_receiver_late_after(r, 1);
	check(vn_receiver_expect(r, "expected", 9, 12) == 0);
	while (size >= HEAD) {
		uint32_t len = (uint32_t)VN_MIN(size - HEAD, vn_get_be16(data + 2));

		feed(r, data, data + HEAD, len);
		data += HEAD + len;
		size -= HEAD + len;
		n++;
		for (i = 0; i < vn_receiver_n_flows(r); i++)
			check_flow(vn_receiver_flow(r, i));
	}
	check(vn_stat_get(&r->stats.frames) == n);
	check(n == vn_stat_get(&r->stats.ours) + vn_stat_get(&r->stats.other));
	vn_receiver_free(r);
	return 0;
}
