/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the packets of a stream and sends them, in the kernel. The kernel runs
 * this program on frames of its own as often as asked (BPF_PROG_TEST_RUN with
 * live frames); each run writes one packet into the frame it is given and
 * redirects it to the interface.
 *
 * The plan is constant while the program is loaded, and known to the verifier:
 * it follows the one way through each `if` below that the plan takes and cuts the
 * others out. So what is run has no test for what a stream does not do, as the
 * builder's list of edits on the host.
 *
 * Frames come back and still hold what was in them, but a receiver in this
 * machine may have written into their headers (a hop count, a translated
 * address). Therefore headers are written whole each time; what is behind them
 * is left as the kernel copied it in at first.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../bpf/generate.h"
#include "wire/csum.h"

#define NSEC_PER_SEC 1000000000ull
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define WAIT_LOOKS (1 << 20) /* at the clock, at most: some 30 ms */
#define IPV6_DST_WORDS 4

/* --- what the driver says before loading ---------------------------------- */

const volatile struct vn_plan plan;
const volatile int is_paced;
const volatile int has_gaps;    /* given one by one */
const volatile int late_policy; /* enum vn_late_policy */
const volatile uint32_t burst;  /* packets of one departure */
const volatile int stamp_every; /* packets to a look at the clock, 1..64 */
const volatile int out_ifindex;

/* --- and what goes on ------------------------------------------------------- */

struct vn_plan_state state;
struct vn_generate_run run;
struct vn_generate_again again;
struct vn_generate_feed gaps, sizes;
struct vn_departures departures; /* of the packets that the device has taken */
struct vn_flow flows[VN_FLOWS_MAX];
uint8_t held[VN_PLAN_HEADER_MAX]; /* the last packet's, to be sent again */
uint32_t held_len;

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} out SEC(".maps");

/* The packet under work. */
struct work {
	uint8_t *p;
	uint32_t len;
	uint32_t ip_sum, udp_sum;
};

/*
 * Fields are stored as a whole, also at odd addresses: the kernel loads no such
 * program where the machine cannot do that. (wire/bytes.h has to work everywhere
 * and would store byte by byte here.)
 */
static __always_inline void put16(uint8_t *p, uint16_t v)
{
	*(uint16_t *)p = VN_BE16(v);
}

static __always_inline void put32(uint8_t *p, uint32_t v)
{
	*(uint32_t *)p = VN_BE32(v);
}

/* --- time ---------------------------------------------------------------------- */

/* The stamp that packets carry until the clock is read again. */
static __always_inline void set_stamp(void)
{
	uint64_t wall_ns = run.now_ns + run.to_wall_ns;
	uint64_t in_sec = wall_ns - run.sec_from_ns;

	if (!plan.has_stamp)
		return;
	if (in_sec >= NSEC_PER_SEC) {
		run.stamp_sec = (uint32_t)(wall_ns / NSEC_PER_SEC);
		in_sec = wall_ns % NSEC_PER_SEC;
		run.sec_from_ns = wall_ns - in_sec;
	}
	/* x / 1000 by multiplication is exact for 32 bits. */
	run.stamp_fraction = plan.is_stamp_ns ? (uint32_t)in_sec
					      : (uint32_t)(in_sec * 274877907ull >> 38);
}

/* Somebody else had the CPU, or the machine itself was away. */
static __always_inline void count_stall(uint64_t ns)
{
	if (ns < VN_GENERATE_STALL_NS)
		return;
	run.stalls++;
	run.stall_ns += ns;
	if (ns > run.stall_max_ns)
		run.stall_max_ns = ns;
}

static long look(uint32_t i, uint64_t *until_ns)
{
	uint64_t before_ns = run.now_ns;

	run.now_ns = bpf_ktime_get_ns();
	count_stall(run.now_ns - before_ns);
	return run.now_ns >= *until_ns;
}

/* Something was refused: the link is down, or there is no room at the other end. The
 * rest of the call is left, for it would go the same way. */
static __always_inline bool is_blocked(void)
{
	return run.refused || run.built - run.sent > VN_GENERATE_BATCH_MAX;
}

/* What is to be known of a packet when the device has taken it. */
static __always_inline void note_departure(uint64_t asked_ns)
{
	uint64_t late_ns = run.now_ns - asked_ns;

	run.asked_ns[run.built & (VN_GENERATE_BATCH_MAX - 1)] = asked_ns;
	if (run.built == 0)
		run.first_late_ns = late_ns;
	run.last_late_ns = late_ns;
	if (late_policy == VN_LATE_SLIDE && late_ns > VN_LATE_NS)
		run.slide_ns = late_ns;
}

static __always_inline bool is_dry(const struct vn_generate_feed *feed)
{
	return feed->head == feed->tail;
}

static __always_inline uint64_t take(struct vn_generate_feed *feed)
{
	return feed->v[feed->tail++ & (VN_GENERATE_MAX - 1)];
}

static __always_inline void advance(void)
{
	vn_schedule_advance(&run.sched);
	if (has_gaps)
		vn_schedule_set_gap(&run.sched, take(&gaps));
}

/* A departure that has passed, and whose following one has too, is left out. */
static long skip_missed(uint32_t i, void *unused)
{
	uint64_t following_ns = vn_schedule_following(&run.sched);

	if (following_ns > run.now_ns || following_ns >= run.end_ns)
		return 1;
	if (has_gaps && is_dry(&gaps))
		return 1;
	advance();
	run.skipped++;
	return 0;
}

/* The time that the next departure was put off by is none that was asked for. */
static __always_inline void slide(void)
{
	if (late_policy != VN_LATE_SLIDE || !run.slide_ns)
		return;
	run.sched.next_ns += run.slide_ns;
	run.slid_ns += run.slide_ns;
	vn_departures_slide(&departures, run.slide_ns);
	run.slide_ns = 0;
}

/* Reads the clock, waits for the packet's time. False: it is too late for any. */
static __always_inline bool await_departure(void)
{
	uint64_t until_ns, asked_ns, from_ns;

	if (burst > 1 && run.burst_left) {
		run.burst_left--;
		note_departure(run.burst_depart_ns);
		return true;
	}
	slide();
	run.now_ns = from_ns = bpf_ktime_get_ns();
	/* The first one opens the measurement of the rate, however late it is. */
	if (late_policy == VN_LATE_SKIP && departures.before.is_there)
		bpf_loop(VN_GENERATE_MAX, skip_missed, NULL, 0);
	until_ns = run.sched.next_ns;
	if (until_ns >= run.end_ns || until_ns > run.due_ns || is_blocked() ||
	    (has_gaps && is_dry(&gaps))) {
		run.is_over = 1;
		return false;
	}
	asked_ns = until_ns;
	if (run.is_spaced && until_ns < run.not_before_ns)
		until_ns = run.not_before_ns;
	if (from_ns < until_ns) {
		bpf_loop(WAIT_LOOKS, look, &until_ns, 0);
		run.idle_ns += run.now_ns - from_ns;
	}
	note_departure(asked_ns);
	run.not_before_ns = vn_schedule_spaced(run.now_ns, asked_ns, run.sched.step_ns);
	run.burst_depart_ns = asked_ns;
	run.burst_left = burst - 1;
	advance();
	return true;
}

static __always_inline bool read_clock(void)
{
	run.now_ns = bpf_ktime_get_ns();
	run.stamp_left = (uint32_t)stamp_every;
	run.is_over = run.now_ns >= run.end_ns || is_blocked();
	return !run.is_over;
}

/* False: this packet is not to be sent. */
static __always_inline bool keep_time(void)
{
	if (plan.size.how == VN_VARY_FED && is_dry(&sizes))
		run.is_over = 1;
	if (run.is_over)
		return false;
	if (is_paced) {
		if (!await_departure())
			return false;
		set_stamp();
	} else if (stamp_every == 1 || run.stamp_left == 0) {
		if (!read_clock())
			return false;
		set_stamp();
	}
	if (!is_paced && stamp_every > 1)
		run.stamp_left--;
	if (run.task == 0) {
		run.task = bpf_get_current_task();
		run.first_ns = run.now_ns;
	}
	return true;
}

/* --- the template ---------------------------------------------------------------- */

static __always_inline void copy_header(uint8_t *to, const volatile uint8_t *from)
{
	const uint32_t len = plan.header_len;
	uint32_t i;

#pragma clang loop unroll(full)
	for (i = 0; i < VN_PLAN_HEADER_MAX; i += 8)
		if (i + 8 <= len)
			*(uint64_t *)(to + i) = *(const volatile uint64_t *)(from + i);
	if (len & 4)
		*(uint32_t *)(to + (len & ~7)) = *(const volatile uint32_t *)(from + (len & ~7));
	if (len & 2)
		*(uint16_t *)(to + (len & ~3)) = *(const volatile uint16_t *)(from + (len & ~3));
}

/* --- edits, in the builder's order ------------------------------------------------- */

static __always_inline void put_mac(uint8_t *p, uint64_t low40)
{
	p[1] = (uint8_t)(low40 >> 32);
	put32(p + 2, (uint32_t)low40);
}

static __always_inline uint64_t next_mac(const volatile struct vn_plan_mac *mac, uint32_t *offset,
				struct vn_rng *rng)
{
	uint32_t at = *offset;

	if (mac->how == VN_VARY_DRAW)
		return mac->low40 + vn_rng_below(rng, mac->count);
	*offset = vn_mac_walk(at, mac->count);
	return mac->low40 + at;
}

static __always_inline void edit_macs(struct work *w)
{
	if (plan.src_mac.how) {
		state.src_mac_low40 = next_mac(&plan.src_mac, &state.src_mac_offset,
					       &state.rng[VN_DRAW_MACSRC]);
		put_mac(w->p + VN_ETH_SRC, state.src_mac_low40);
	}
	if (plan.dst_mac.how) {
		state.dst_mac_low40 = next_mac(&plan.dst_mac, &state.dst_mac_offset,
					       &state.rng[VN_DRAW_MACDST]);
		put_mac(w->p + VN_ETH_DST, state.dst_mac_low40);
	}
}

/* What is random is stored back, as it is shown. */
static __always_inline void edit_labels(struct work *w)
{
	const uint32_t drawn = plan.drawn_labels;
	uint32_t k;

	if (!drawn)
		return;

#pragma clang loop unroll(full)
	for (k = 0; k < VN_MPLS_MAX; k++) {
		uint32_t label;

		if (!(drawn & 1u << k))
			continue;
		label = state.labels[k] = vn_label_draw(&state.rng[VN_DRAW_MPLS]);
		if (k + 1 != plan.n_labels)
			label &= ~VN_MPLS_BOTTOM;
		put32(w->p + VN_ETH_HLEN + k * VN_MPLS_HLEN, label);
	}
}

static __always_inline void edit_tags(struct work *w)
{
	if (plan.vid.is_drawn) {
		state.vid = vn_vid_draw(&state.rng[VN_DRAW_VID]);
		put16(w->p + plan.vid.at, (uint16_t)(state.vid | plan.vid.rest));
	}
	if (plan.svid.is_drawn) {
		state.svid = vn_vid_draw(&state.rng[VN_DRAW_SVID]);
		put16(w->p + plan.svid.at, (uint16_t)(state.svid | plan.svid.rest));
	}
}

static __always_inline uint16_t next_port(const volatile struct vn_plan_range *range, uint16_t port,
				 struct vn_rng *rng)
{
	if (range->how == VN_VARY_DRAW)
		return vn_port_draw(rng, (uint16_t)range->min, (uint16_t)range->max);
	return vn_port_walk(port, (uint16_t)range->min, (uint16_t)range->max);
}

static __always_inline void edit_ports(struct work *w)
{
	if (plan.udp_src.how) {
		state.udp_src = next_port(&plan.udp_src, state.udp_src, &state.rng[VN_DRAW_UDPSRC]);
		put16(w->p + plan.l4 + VN_UDP_SRC, state.udp_src);
		w->udp_sum += state.udp_src;
	}
	if (plan.udp_dst.how) {
		state.udp_dst = next_port(&plan.udp_dst, state.udp_dst, &state.rng[VN_DRAW_UDPDST]);
		put16(w->p + plan.l4 + VN_UDP_DST, state.udp_dst);
		w->udp_sum += state.udp_dst;
	}
}

static __always_inline void put_addr(struct work *w, uint32_t at, uint32_t addr)
{
	uint32_t sum = vn_csum_u32(addr);

	put32(w->p + at, addr);
	w->ip_sum += sum;
	w->udp_sum += sum;
}

static __always_inline uint32_t next_daddr(void)
{
	uint32_t i;

	if (plan.daddr_is_drawn) {
		for (i = 0; i < VN_PLAN_DADDR_TRIES; i++) {
			state.daddr = vn_addr_draw(&state.rng[VN_DRAW_IPDST], plan.daddr.min,
						   plan.daddr.max);
			if (vn_daddr_is_allowed(state.daddr))
				break;
		}
	} else if (plan.daddr.min < plan.daddr.max) {
		state.daddr = vn_addr_walk(state.daddr, plan.daddr.min, plan.daddr.max);
	}
	return state.daddr;
}

static __always_inline struct vn_flow *next_flow(void)
{
	uint32_t n = plan.flows < plan.n_flow ? plan.flows : plan.n_flow;
	struct vn_flow *flow;

	if (plan.flow_is_walked)
		state.flow = vn_flow_walk(flows, plan.n_flow, state.flow, n);
	else
		state.flow = vn_flow_draw(flows, &state.rng[VN_DRAW_FLOW], n);
	flow = vn_flow_at(flows, state.flow);
	flow->count++;
	return flow;
}

static __always_inline uint32_t flow_daddr(void)
{
	struct vn_flow *flow = next_flow();

	if (flow->is_seen) {
		state.daddr = flow->daddr;
		return state.daddr;
	}
	flow->is_seen = 1;
	flow->daddr = next_daddr();
	state.nflows++;
	return state.daddr;
}

static __always_inline void edit_ipv4(struct work *w)
{
	if (plan.saddr.how) {
		if (plan.saddr.how == VN_VARY_DRAW)
			state.saddr = vn_addr_draw(&state.rng[VN_DRAW_IPSRC], plan.saddr.min,
						   plan.saddr.max);
		else
			state.saddr = vn_addr_walk(state.saddr, plan.saddr.min, plan.saddr.max);
		put_addr(w, plan.l3 + VN_IPV4_SRC, state.saddr);
	}
	if (plan.daddr.how)
		put_addr(w, plan.l3 + VN_IPV4_DST,
			 plan.daddr.how == VN_VARY_FLOW ? flow_daddr() : next_daddr());
}

static __always_inline void edit_ipv6(struct work *w)
{
	uint32_t k;

	for (k = 0; k < IPV6_DST_WORDS && plan.daddr6_is_drawn; k++) {
		uint32_t word = vn_addr6_draw(&state.rng[VN_DRAW_IP6DST], plan.daddr6_min[k],
					      plan.daddr6_max[k]);

		state.daddr6[k] = word;
		put32(w->p + plan.l3 + VN_IPV6_DST + 4 * k, word);
		w->udp_sum += vn_csum_u32(word);
	}
}

/* --- size: chosen first, for the frame is cut to it ---------------------------------- */

static __always_inline int32_t next_size(void)
{
	struct vn_rng *rng = &state.rng[VN_DRAW_SIZE];
	uint32_t slot, entry;

	if (plan.size.how == VN_VARY_FED)
		return (int32_t)take(&sizes);
	if (plan.size.how == VN_VARY_DRAW)
		return vn_size_draw(rng, (int32_t)plan.size.min, (int32_t)plan.size.max);
	if (plan.size.how == VN_VARY_WALK)
		return vn_size_walk(state.pkt_size, (int32_t)plan.size.min, (int32_t)plan.size.max);
	slot = vn_rng_below(rng, VN_IMIX_SLOTS);
	if (slot >= VN_IMIX_SLOTS) /* for the verifier */
		return 0;
	entry = plan.imix_slot[slot];
	if (entry >= VN_IMIX_MAX)
		return 0;
	state.imix_packets[entry]++;
	return (int32_t)plan.imix_size[entry];
}

static __always_inline uint32_t next_len(void)
{
	if (plan.size.how == VN_VARY_FIXED)
		return plan.max_len;
	state.pkt_size = next_size();
	return plan.payload + vn_data_len(state.pkt_size, plan.data_rest, VN_PGH_HLEN);
}

static __always_inline void put_size(struct work *w)
{
	uint16_t udp_len, ip_len;

	if (plan.size.how == VN_VARY_FIXED)
		return;
	udp_len = (uint16_t)(w->len - plan.l4);
	ip_len = (uint16_t)(w->len - plan.l3);
	if (plan.is_ipv6) {
		put16(w->p + plan.l3 + VN_IPV6_LEN, udp_len);
	} else {
		put16(w->p + plan.l3 + VN_IPV4_LEN, ip_len);
		w->ip_sum += ip_len;
	}
	put16(w->p + plan.l4 + VN_UDP_LEN, udp_len);
	w->udp_sum += 2u * udp_len;
}

/* --- finishing ---------------------------------------------------------------------- */

static __always_inline uint32_t next_seq(void)
{
	uint32_t seq;

	if (plan.copies > 1) /* copies have the number of the first of them */
		return run.next_seq + (uint32_t)run.built;
	if (again.head != again.tail)
		seq = again.seq[again.tail++ & (ARRAY_LEN(again.seq) - 1)];
	else
		seq = run.next_seq++;
	run.seqs[run.built & (VN_GENERATE_BATCH_MAX - 1)] = seq;
	return seq;
}

static __always_inline void finish(struct work *w)
{
	uint32_t seq = next_seq();
	uint8_t *payload = w->p + plan.payload;

	if (!plan.is_ipv6) {
		uint16_t id = state.ip_id++;

		put16(w->p + plan.l3 + VN_IPV4_ID, id);
		put16(w->p + plan.l3 + VN_IPV4_CSUM, vn_csum_finish(w->ip_sum + id));
	}
	put32(payload + VN_PGH_SEQ, seq);
	put32(payload + VN_PGH_SEC, run.stamp_sec);
	put32(payload + VN_PGH_FRACTION, run.stamp_fraction);
	if (plan.has_csum) {
		uint32_t sum = w->udp_sum + vn_csum_u32(seq) + vn_csum_u32(run.stamp_sec) +
			       vn_csum_u32(run.stamp_fraction);

		put16(w->p + plan.l4 + VN_UDP_CSUM, vn_csum_finish_udp(sum));
	}
}

static __always_inline void build(struct work *w)
{
	copy_header(w->p, plan.header);
	if (plan.flows && plan.is_ipv6)
		next_flow();
	edit_macs(w);
	edit_labels(w);
	edit_tags(w);
	edit_ports(w);
	if (plan.is_ipv6)
		edit_ipv6(w);
	else
		edit_ipv4(w);
	put_size(w);
	finish(w);
}

/* --- the program ---------------------------------------------------------------------- */

static __always_inline bool is_copy(void)
{
	return plan.copies > 1 && state.copies_left > 0;
}

static __always_inline void count(uint32_t len)
{
	if (plan.size.how != VN_VARY_FIXED) {
		run.lens[run.built & (VN_GENERATE_BATCH_MAX - 1)] = (uint16_t)len;
		run.bytes += len;
		run.bits_l2 += vn_wire_bits_l2(len);
	}
	run.built++;
}

SEC("xdp")
int vn_generate(struct xdp_md *ctx)
{
	struct work w = { .ip_sum = plan.ip_sum, .udp_sum = plan.udp_sum };
	bool is_again;

	if (!keep_time())
		return XDP_DROP;
	is_again = is_copy();
	w.len = is_again ? held_len : next_len();
	if (plan.size.how != VN_VARY_FIXED &&
	    bpf_xdp_adjust_tail(ctx, (int)w.len - (int)plan.max_len))
		return XDP_DROP;
	w.p = (uint8_t *)(long)ctx->data;
	if (w.p + plan.header_len > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP;
	if (is_again) {
		copy_header(w.p, held);
		state.copies_left--;
	} else {
		build(&w);
		if (plan.copies > 1) {
			copy_header(held, w.p);
			held_len = w.len;
			state.copies_left = plan.copies - 1;
		}
	}
	count(w.len);
	return (int)bpf_redirect_map(&out, 0, 0);
}

/*
 * Frames gather, and are given to the device 16 at a time and when the kernel's
 * batch ends. Only here it is said how many of them the device took.
 */
struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

/* The last `drops` of the `n` oldest packets that wait. */
static __always_inline void take_back(uint32_t n, uint32_t drops)
{
	uint64_t from = run.sent + run.refused + n - drops;
	uint32_t i;

	for (i = 0; i < VN_GENERATE_FLUSH && i < drops; i++) {
		uint32_t at = (from + i) & (VN_GENERATE_BATCH_MAX - 1);
		uint32_t len = run.lens[at];

		run.refused_bytes += len;
		run.refused_bits_l2 += vn_wire_bits_l2(len);
		again.seq[again.head++ & (ARRAY_LEN(again.seq) - 1)] = run.seqs[at];
	}
}

static long record_one(uint32_t i, const uint64_t *ns)
{
	uint64_t at = run.sent + run.refused + i;

	vn_departures_add(&departures, run.asked_ns[at & (VN_GENERATE_BATCH_MAX - 1)], *ns);
	return 0;
}

/* They have just left, all of them together. */
static __always_inline void record(uint32_t sent)
{
	uint64_t ns = bpf_ktime_get_ns();

	bpf_loop(sent, record_one, &ns, 0);
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(vn_flushed, const struct net_device *from, const struct net_device *to, int sent,
	     int drops, int err)
{
	if (to->ifindex != out_ifindex || bpf_get_current_task() != run.task)
		return 0;
	if (is_paced)
		record((uint32_t)sent);
	if (drops > 0)
		take_back((uint32_t)(sent + drops), (uint32_t)drops);
	run.sent += (uint32_t)sent;
	run.refused += (uint32_t)drops;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
