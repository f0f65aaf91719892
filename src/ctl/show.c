/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a device file, line by line as the kernel prints it: its double
 * and single spaces, its blanks at line ends, its "xmit_queue".
 */
#include "ctl/ctl_priv.h"

#include <string.h>

typedef unsigned long long ull;

void vn_ctl_ipv4_text(uint32_t a, char out[16])
{
	snprintf(out, 16, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

/* The first longest run of at least two zero groups among n; length 0: none. */
static void longest_zeros(const uint16_t *group, int n, int *at, int *len)
{
	int i, run = 0;

	*at = -1;
	*len = 1;
	for (i = 0; i < n; i++) {
		run = group[i] == 0 ? run + 1 : 0;
		if (run > *len) {
			*len = run;
			*at = i + 1 - run;
		}
	}
	if (*at < 0)
		*len = 0;
}

/* IPv4-mapped and ISATAP addresses end in a dotted quad. */
static bool has_dotted_end(const struct in6_addr *a)
{
	uint32_t third = vn_get_be32(a->s6_addr + 8);

	return IN6_IS_ADDR_V4MAPPED(a) || third == 0x00005efe || third == 0x02005efe;
}

/* Not inet_ntop(): that prints ::1.2.3.4 dotted and ISATAP not. */
void vn_ctl_ipv6_text(const struct in6_addr *a, char out[VN_IPV6_TEXT_SIZE])
{
	int n = has_dotted_end(a) ? 6 : 8;
	int at, len, i;
	uint16_t group[8];
	struct vn_text text;
	char quad[16];

	for (i = 0; i < 8; i++)
		group[i] = vn_get_be16(a->s6_addr + 2 * i);
	longest_zeros(group, n, &at, &len);
	vn_text_init(&text, out, VN_IPV6_TEXT_SIZE);
	for (i = 0; i < n; i++) {
		if (len > 0 && i == at) {
			vn_text_add(&text, "::");
			i += len - 1;
			continue;
		}
		vn_text_add(&text, "%s%x", i > 0 && i != at + len ? ":" : "", group[i]);
	}
	if (n == 6) {
		vn_ctl_ipv4_text(vn_get_be32(a->s6_addr + 12), quad);
		vn_text_add(&text, ":%s", quad);
	}
}

static void show_addresses(struct vn_text *t, const struct vn_stream_cfg *cfg)
{
	const struct in6_addr *addr[] = { &cfg->src6, &cfg->src6_min, &cfg->src6_max,
					  &cfg->dst6, &cfg->dst6_min, &cfg->dst6_max };
	char text[VN_ARRAY_SIZE(addr)][VN_IPV6_TEXT_SIZE];
	unsigned int i;

	if (!(cfg->flags & VN_FLAG_IPV6)) {
		vn_text_add(t, "     dst_min: %s  dst_max: %s\n", cfg->dst_min, cfg->dst_max);
		vn_text_add(t, "     src_min: %s  src_max: %s\n", cfg->src_min, cfg->src_max);
		return;
	}
	for (i = 0; i < VN_ARRAY_SIZE(addr); i++)
		vn_ctl_ipv6_text(addr[i], text[i]);
	vn_text_add(t, "     saddr: %s  min_saddr: %s  max_saddr: %s\n", text[0], text[1], text[2]);
	vn_text_add(t, "     daddr: %s  min_daddr: %s  max_daddr: %s\n", text[3], text[4], text[5]);
}

static void show_macs(struct vn_text *t, const struct vn_entry *e)
{
	static const uint8_t zero[6];
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	bool is_devices = memcmp(cfg->src_mac, zero, sizeof(zero)) == 0;
	char src[VN_MAC_TEXT_SIZE], dst[VN_MAC_TEXT_SIZE];

	vn_mac_text(is_devices ? e->dev->mac : cfg->src_mac, src);
	vn_mac_text(cfg->dst_mac, dst);
	vn_text_add(t, "     src_mac: %s dst_mac: %s\n", src, dst);
}

static void show_tags(struct vn_text *t, const struct vn_stream_cfg *cfg)
{
	uint32_t i;

	if (cfg->n_labels > 0) {
		vn_text_add(t, "     mpls: ");
		for (i = 0; i < cfg->n_labels; i++)
			vn_text_add(t, "%s%08x", i ? ", " : "", cfg->labels[i]);
		vn_text_add(t, "\n");
	}
	if (cfg->vlan_id != VN_VLAN_OFF)
		vn_text_add(t, "     vlan_id: %u  vlan_p: %u  vlan_cfi: %u\n", cfg->vlan_id,
			    cfg->vlan_p, cfg->vlan_cfi);
	if (cfg->svlan_id != VN_VLAN_OFF)
		vn_text_add(t, "     svlan_id: %u  vlan_p: %u  vlan_cfi: %u\n", cfg->svlan_id,
			    cfg->svlan_p, cfg->svlan_cfi);
}

/* Lines that are there only when they have something to say. */
static void show_optional(struct vn_text *t, const struct vn_stream_cfg *cfg)
{
	if (cfg->tos)
		vn_text_add(t, "     tos: 0x%02x\n", cfg->tos);
	if (cfg->traffic_class)
		vn_text_add(t, "     traffic_class: 0x%02x\n", cfg->traffic_class);
	if (cfg->burst > 1)
		vn_text_add(t, "     burst: %d\n", (int32_t)cfg->burst);
	if (cfg->node >= 0)
		vn_text_add(t, "     node: %d\n", cfg->node);
	if (cfg->xmit_mode == VN_NETIF_RECEIVE)
		vn_text_add(t, "     xmit_mode: netif_receive\n");
	else if (cfg->xmit_mode == VN_QUEUE_XMIT)
		vn_text_add(t, "     xmit_mode: xmit_queue\n");
}

static void show_flags(struct vn_text *t, const struct vn_stream_cfg *cfg)
{
	unsigned int i;

	vn_text_add(t, "     Flags: ");
	for (i = 0; i < VN_FLAG_BITS; i++) {
		bool is_set = cfg->flags & 1u << i;

		if (i == VN_FLAG_BIT_FLOW_SEQ) {
			if (cfg->flows)
				vn_text_add(t, "%s  ", is_set ? "FLOW_SEQ" : "FLOW_RND");
			continue;
		}
		if (is_set)
			vn_text_add(t, "%s  ", vn_flag_name(i));
		if (is_set && i == VN_FLAG_BIT_IPSEC && cfg->spi)
			vn_text_add(t, "spi:%u  ", cfg->spi);
	}
	vn_text_add(t, "\n");
}

static void show_params(struct vn_text *t, const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	const struct vn_imix *m = &e->stream.imix;
	unsigned int i;

	vn_text_add(t, "Params: count %llu  min_pkt_size: %u  max_pkt_size: %u\n", (ull)cfg->count,
		    (uint32_t)cfg->min_pkt_size, (uint32_t)cfg->max_pkt_size);
	if (m->n > 0) {
		vn_text_add(t, "     imix_weights: ");
		for (i = 0; i < m->n; i++)
			vn_text_add(t, "%u,%u ", m->entry[i].size, m->entry[i].weight);
		vn_text_add(t, "\n");
	}
	vn_text_add(t, "     frags: %d  delay: %llu  clone_skb: %d  ifname: %s\n", cfg->frags,
		    (ull)cfg->delay_ns, cfg->clone_skb, e->name);
	vn_text_add(t, "     flows: %u flowlen: %u\n", cfg->flows, cfg->flowlen);
	vn_text_add(t, "     queue_map_min: %u  queue_map_max: %u\n", cfg->queue_map_min,
		    cfg->queue_map_max);
	if (cfg->skb_priority)
		vn_text_add(t, "     skb_priority: %u\n", cfg->skb_priority);
	show_addresses(t, cfg);
	show_macs(t, e);
	vn_text_add(t, "     udp_src_min: %u  udp_src_max: %u  udp_dst_min: %u  udp_dst_max: %u\n",
		    cfg->udp_src_min, cfg->udp_src_max, cfg->udp_dst_min, cfg->udp_dst_max);
	vn_text_add(t, "     src_mac_count: %d  dst_mac_count: %d\n", (int32_t)cfg->src_mac_count,
		    (int32_t)cfg->dst_mac_count);
	show_tags(t, cfg);
	show_optional(t, cfg);
	show_flags(t, cfg);
}

static void show_times(struct vn_text *t, const struct vn_entry *e)
{
	const struct vn_entry_stats *s = &e->stats;
	bool is_running = atomic_load_explicit(&s->is_running, memory_order_relaxed);
	uint64_t stopped_ns =
		is_running ? vn_clock_now(e->dev->clock) : vn_stat_get(&s->stopped_ns);

	vn_text_add(t, "     started: %lluus  stopped: %lluus idle: %lluus\n",
		    (ull)(vn_stat_get(&s->started_ns) / VN_NSEC_PER_USEC),
		    (ull)(stopped_ns / VN_NSEC_PER_USEC),
		    (ull)(vn_stat_get(&s->idle_ns) / VN_NSEC_PER_USEC));
}

static void show_current_addresses(struct vn_text *t, const struct vn_stream *s)
{
	char src[VN_IPV6_TEXT_SIZE], dst[VN_IPV6_TEXT_SIZE];

	if (s->cfg.flags & VN_FLAG_IPV6) {
		vn_ctl_ipv6_text(&s->cur.saddr6, src);
		vn_ctl_ipv6_text(&s->cur.daddr6, dst);
	} else {
		vn_ctl_ipv4_text(s->cur.saddr, src);
		vn_ctl_ipv4_text(s->cur.daddr, dst);
	}
	vn_text_add(t, "     cur_saddr: %s  cur_daddr: %s\n", src, dst);
}

static void show_current(struct vn_text *t, const struct vn_entry *e)
{
	const struct vn_stream_cur *cur = &e->stream.cur;
	const struct vn_imix *m = &e->stream.imix;
	unsigned int i;

	vn_text_add(t, "Current:\n     pkts-sofar: %llu  errors: %llu\n",
		    (ull)vn_stat_get(&e->stats.sofar), (ull)vn_stat_get(&e->stats.errors));
	if (m->n > 0) {
		vn_text_add(t, "     imix_size_counts: ");
		for (i = 0; i < m->n; i++)
			vn_text_add(t, "%u,%llu ", m->entry[i].size, (ull)m->entry[i].packets);
		vn_text_add(t, "\n");
	}
	show_times(t, e);
	vn_text_add(t, "     seq_num: %d  cur_dst_mac_offset: %d  cur_src_mac_offset: %d\n",
		    (int32_t)e->seq_num, (int32_t)cur->dst_mac_offset,
		    (int32_t)cur->src_mac_offset);
	show_current_addresses(t, &e->stream);
	vn_text_add(t, "     cur_udp_dst: %u  cur_udp_src: %u\n", cur->udp_dst, cur->udp_src);
	vn_text_add(t, "     cur_queue_map: %u\n     flows: %u\n", cur->queue_map, cur->nflows);
}

size_t vn_ctl_device_show(struct vn_entry *entry, char *buf, size_t cap)
{
	struct vn_text t;

	vn_text_init(&t, buf, cap);
	show_params(&t, entry);
	show_current(&t, entry);
	vn_text_add(&t, "Result: %s\n", entry->result[0] ? entry->result : "Idle");
	return t.len;
}
