/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/ratio.h"
#include "packet/packet_priv.h"

#define UDP_PORT_DISCARD 9 /* pktgen's default at both ends */
#define MEAN_GRAIN	 1000 /* of a mean gap: parts of a nanosecond */
/* Numbers of streams (vn_rng_seed) that no generator of a field has. */
#define SERIES_STREAMS ((uint64_t)1 << 40)
#define RUN_STREAMS    ((uint64_t)1 << 44)

void vn_stream_init(struct vn_stream *s)
{
	memset(s, 0, sizeof(*s));
	s->cfg.count = 1000;
	s->cfg.period_den = 1;
	s->cfg.burst = 1;
	s->cfg.node = -1;
	s->cfg.stamp_every = VN_STAMP_EVERY_MAX;
	s->cfg.xmit_mode = VN_START_XMIT;
	s->cfg.flags = VN_FLAG_SHARED;
	s->cfg.udp_src_min = s->cfg.udp_src_max = UDP_PORT_DISCARD;
	s->cfg.udp_dst_min = s->cfg.udp_dst_max = UDP_PORT_DISCARD;
	s->cfg.vlan_id = s->cfg.svlan_id = VN_VLAN_OFF;
}

void vn_stream_fini(struct vn_stream *s)
{
	vn_stream_account(s);
	vn_stream_free_ipsec(s);
	vn_stream_set_gaps(s, NULL);
	vn_stream_set_sizes(s, NULL);
	vn_stream_set_lengths(s, NULL);
	free(s->flow);
	free(s->flow_ipsec);
	s->flow = NULL;
	s->flow_ipsec = NULL;
	s->n_flow = 0;
}

void vn_stream_seed(struct vn_stream *s, uint64_t seed, uint32_t index)
{
	unsigned int i;

	for (i = 0; i < VN_DRAWS; i++)
		vn_rng_seed(&s->rng[i], seed, (uint64_t)index * VN_DRAWS + i);
	s->seed = seed;
	s->seed_index = s->gaps_index = index;
	s->n_runs = 0;
}

/* --- gaps, sizes and lengths one by one ------------------------------------ */

static void replace(struct vn_series **old, struct vn_series *by)
{
	if (*old != by)
		vn_series_free(*old);
	*old = by;
}

void vn_stream_set_period(struct vn_stream *s, uint64_t num, uint64_t den)
{
	replace(&s->gaps, NULL);
	s->cfg.period_num = num;
	s->cfg.period_den = den;
	s->cfg.delay_ns = num / den;
}

void vn_stream_set_gaps(struct vn_stream *s, struct vn_series *gaps)
{
	struct vn_ratio period = { 1, 1 };
	double mean;

	if (gaps && vn_series_mean(gaps, &mean))
		vn_ratio_make(VN_MAX((uint64_t)(mean * MEAN_GRAIN + 0.5), UINT64_C(1)), MEAN_GRAIN,
			      &period);
	if (gaps)
		vn_stream_set_period(s, period.num, period.den);
	replace(&s->gaps, gaps);
}

void vn_stream_set_sizes(struct vn_stream *s, struct vn_series *sizes)
{
	replace(&s->sizes, sizes);
}

void vn_stream_set_lengths(struct vn_stream *s, struct vn_series *lengths)
{
	replace(&s->lengths, lengths);
}

bool vn_stream_knows_mean_gap(const struct vn_stream *s)
{
	double mean;

	return !s->gaps || vn_series_mean(s->gaps, &mean);
}

static void begin_series(struct vn_stream *s)
{
	const uint64_t run = s->n_runs++ * RUN_STREAMS, index = s->seed_index;
	const uint64_t first = run + SERIES_STREAMS;

	if (s->gaps)
		vn_series_seed(s->gaps, s->seed,
			       first + s->gaps_index * VN_DRAWS_OF_SERIES + VN_DRAW_GAP);
	if (s->lengths)
		vn_series_seed(s->lengths, s->seed,
			       first + index * VN_DRAWS_OF_SERIES + VN_DRAW_FLOW_LENGTH);
	if (s->sizes)
		vn_series_seed(s->sizes, s->seed, run + index * VN_DRAWS + VN_DRAW_SIZE);
}

/* Room for every flow the description names; entries live on between runs. */
int vn_stream_reserve_flows(struct vn_stream *s)
{
	uint32_t n = VN_MAX(s->cfg.flows, 1u);
	struct vn_ipsec **ipsec;
	struct vn_flow *flow;

	if (n <= s->n_flow)
		return 0;
	flow = realloc(s->flow, n * sizeof(*flow));
	if (!flow)
		return -ENOMEM;
	s->flow = flow;
	ipsec = realloc(s->flow_ipsec, n * sizeof(struct vn_ipsec *));
	if (!ipsec)
		return -ENOMEM;
	s->flow_ipsec = ipsec;
	memset(flow + s->n_flow, 0, (n - s->n_flow) * sizeof(*flow));
	memset(ipsec + s->n_flow, 0, (n - s->n_flow) * sizeof(struct vn_ipsec *));
	s->n_flow = n;
	return 0;
}

uint32_t vn_stream_tag_bytes(const struct vn_stream_cfg *cfg)
{
	uint32_t n = cfg->n_labels * VN_MPLS_HLEN;

	if (cfg->vlan_id != VN_VLAN_OFF)
		n += VN_VLAN_HLEN;
	if (cfg->svlan_id != VN_VLAN_OFF)
		n += VN_VLAN_HLEN;
	return n;
}

static uint32_t headers_len(const struct vn_stream_cfg *cfg)
{
	return VN_ETH_HLEN + VN_UDP_HLEN +
	       (cfg->flags & VN_FLAG_IPV6 ? VN_IPV6_HLEN : VN_IPV4_HLEN);
}

/* UDP payload bytes: never less than the payload header (spec section 8.3). */
uint32_t vn_stream_data_len(const struct vn_stream *s, int32_t pkt_size, int32_t overhead)
{
	return vn_data_len(pkt_size, (int64_t)headers_len(&s->cfg) + overhead, VN_PGH_HLEN);
}

uint32_t vn_stream_frame_len(const struct vn_stream *s, int32_t pkt_size)
{
	return headers_len(&s->cfg) + vn_stream_tag_bytes(&s->cfg) +
	       vn_stream_data_len(s, pkt_size, s->cur.pkt_overhead);
}

uint32_t vn_stream_run_len(const struct vn_stream *s, int32_t pkt_size)
{
	uint32_t tags = vn_stream_tag_bytes(&s->cfg);

	return headers_len(&s->cfg) + tags + vn_stream_data_len(s, pkt_size, (int32_t)tags);
}

uint32_t vn_stream_max_frame_len(const struct vn_stream *s)
{
	int32_t size = VN_MAX(s->cfg.max_pkt_size, s->cfg.min_pkt_size);
	unsigned int i;

	if (s->sizes)
		size = vn_size_of_value(vn_series_greatest(s->sizes));
	else if (s->cfg.min_pkt_size >= s->cfg.max_pkt_size)
		for (i = 0; i < s->imix.n; i++)
			size = VN_MAX(size, (int32_t)VN_MIN(s->imix.entry[i].size, INT32_MAX));
	return vn_stream_run_len(s, size);
}

uint32_t vn_stream_l3_len(const struct vn_stream *s, int32_t pkt_size)
{
	return vn_stream_run_len(s, pkt_size) - VN_ETH_HLEN - vn_stream_tag_bytes(&s->cfg);
}

uint32_t vn_stream_burst(const struct vn_stream_cfg *cfg)
{
	bool is_shared = cfg->flags & VN_FLAG_SHARED;

	return cfg->xmit_mode == VN_QUEUE_XMIT || !is_shared ? 1 : VN_MAX(cfg->burst, 1u);
}

/*
 * The kernel spreads what follows the payload header over min(frags, 17) page
 * fragments, empty ones included when there are fewer bytes than fragments.
 */
int vn_stream_nr_frags(const struct vn_stream *s)
{
	uint32_t data = vn_stream_data_len(s, s->cur.pkt_size, s->cur.pkt_overhead);

	if (s->cfg.frags <= 0 || data <= VN_PGH_HLEN)
		return 0;
	/* A transformation leaves one, as recorded. */
	if (vn_stream_ipsec(s))
		return 1;
	return VN_MIN(s->cfg.frags, VN_FRAGS_MAX);
}

static void begin_queues(struct vn_stream *s, const struct vn_stream_env *env)
{
	uint16_t last = (uint16_t)(VN_MAX(env->n_txq, 1) - 1);

	s->cfg.queue_map_min = VN_MIN(s->cfg.queue_map_min, last);
	s->cfg.queue_map_max = VN_MIN(s->cfg.queue_map_max, last);
}

static void begin_macs(struct vn_stream *s, const struct vn_stream_env *env)
{
	static const uint8_t zero[6];

	/* Otherwise the header keeps what src_mac or an earlier walk left there. */
	if (memcmp(s->cfg.src_mac, zero, sizeof(zero)) == 0)
		memcpy(s->cur.hdr_src, env->mac, sizeof(s->cur.hdr_src));
	memcpy(s->cur.hdr_dst, s->cfg.dst_mac, sizeof(s->cur.hdr_dst));
}

static void begin_ipv4(struct vn_stream *s, const struct vn_stream_env *env)
{
	struct vn_stream_cur *cur = &s->cur;

	/* The overhead left from the run before, 0 at the first, as in the kernel. */
	if (s->cfg.min_pkt_size == 0)
		s->cfg.min_pkt_size = 58 + cur->pkt_overhead;
	if (s->cfg.src_min[0] == '\0') {
		cur->saddr_min = cur->saddr_max = env->ipv4;
	} else {
		cur->saddr_min = vn_ipv4_from_word(s->cfg.src_min);
		cur->saddr_max = vn_ipv4_from_word(s->cfg.src_max);
	}
	cur->daddr_min = vn_ipv4_from_word(s->cfg.dst_min);
	cur->daddr_max = vn_ipv4_from_word(s->cfg.dst_max);
}

static void begin_ipv6(struct vn_stream *s, const struct vn_stream_env *env)
{
	if (s->cfg.min_pkt_size == 0)
		s->cfg.min_pkt_size = 78 + s->cur.pkt_overhead;
	if (IN6_IS_ADDR_UNSPECIFIED(&s->cur.saddr6))
		s->cur.saddr6 = env->ipv6_ll;
}

int vn_stream_begin(struct vn_stream *s, const struct vn_stream_env *env, struct vn_err *err)
{
	struct vn_stream_cur *cur = &s->cur;

	if (vn_stream_reserve_flows(s) < 0)
		return vn_err_set(err, ENOMEM, "no memory for %u flows", s->cfg.flows);
	s->n_txq = VN_MAX(env->n_txq, 1);
	s->cpu = env->cpu;
	begin_series(s);
	begin_queues(s, env);
	begin_macs(s, env);
	if (s->cfg.flags & VN_FLAG_IPV6)
		begin_ipv6(s, env);
	else
		begin_ipv4(s, env);

	cur->pkt_size = s->cfg.min_pkt_size;
	if (s->cfg.min_pkt_size > s->cfg.max_pkt_size)
		s->cfg.max_pkt_size = s->cfg.min_pkt_size;
	cur->src_mac_offset = cur->dst_mac_offset = 0;
	cur->saddr = cur->saddr_min;
	cur->daddr = cur->daddr_min;
	cur->udp_src = s->cfg.udp_src_min;
	cur->udp_dst = s->cfg.udp_dst_min;
	cur->nflows = 0;
	cur->pkt_overhead = (int32_t)vn_stream_tag_bytes(&s->cfg);
	s->generation++;
	return vn_stream_load_ipsec(s, env->sas, err);
}

uint32_t vn_ipv4_from_word(const char *word)
{
	uint32_t addr = 0;
	int i;

	for (i = 0; i < 4; i++) {
		uint32_t v = 0;

		addr <<= 8;
		if (*word == '\0')
			continue;
		while (*word && *word != '.' && *word != '\n')
			v = 10 * v + (uint32_t)(*word++ - '0');
		addr |= v;
		if (*word)
			word++;
	}
	return addr;
}
