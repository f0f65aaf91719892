/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: golden bytes for the plain cases, pktgen's ranges for what varies,
 * and for many random descriptions that every checksum and length is right and
 * that cutting the work into batches changes nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "packet/builder.h"
#include "wire/csum.h"

#define FRAMES VN_BATCH
#define CAP 2048
#define WALL 1700000000123456789ull

struct fixture {
	struct vn_stream s;
	struct vn_builder b;
	struct vn_frame f[FRAMES];
	uint8_t *memory;
};

static const struct vn_stream_env env = {
	.mac = { 2, 0, 0, 0, 0, 1 },
	.ipv4 = 0x0a000001,
	.n_txq = 4,
};

static int setup(void **state)
{
	static const uint8_t dst_mac[] = { 2, 0, 0, 0, 0, 2 };
	struct fixture *x = calloc(1, sizeof(*x));
	unsigned int i;

	x->memory = malloc(FRAMES * CAP);
	memset(x->memory, 0xa5, FRAMES * CAP);
	for (i = 0; i < FRAMES; i++) {
		x->f[i].data = x->memory + i * CAP;
		x->f[i].cap = CAP;
	}
	vn_stream_init(&x->s);
	vn_stream_seed(&x->s, 1, 0);
	memcpy(x->s.cfg.dst_mac, dst_mac, 6);
	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "10.0.0.2");
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vn_stream_fini(&x->s);
	free(x->memory);
	free(x);
	return 0;
}

static void begin(struct fixture *x)
{
	struct vn_err err = { "" };

	assert_int_equal(vn_stream_begin(&x->s, &env, NULL), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &err), 0);
}

static void build(struct fixture *x, unsigned int n)
{
	begin(x);
	vn_builder_fill(&x->b, x->f, n, 1, WALL);
}

static void set_ipv6(struct fixture *x)
{
	x->s.cfg.flags |= VN_FLAG_IPV6;
	inet_pton(AF_INET6, "fd00::1", &x->s.cur.saddr6);
	inet_pton(AF_INET6, "fd00::2", &x->s.cur.daddr6);
}

static uint32_t daddr(const struct fixture *x, unsigned int i)
{
	return vn_get_be32(x->f[i].data + x->b.l3 + VN_IPV4_DST);
}

static uint16_t udp_src(const struct fixture *x, unsigned int i)
{
	return vn_get_be16(x->f[i].data + x->b.l4 + VN_UDP_SRC);
}

/* --- golden bytes ---------------------------------------------------------- */

static void the_plain_ipv4_frame(void **state)
{
	static const uint8_t want[] = {
		0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,
		0x45, 0, 0, 44, 0, 0, 0, 0, 32, 17, 0x86, 0xbf, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 9, 0, 9, 0, 24, 0, 0,
		0xbe, 0x9b, 0xe9, 0x55, 0, 0, 0, 1, 0x65, 0x53, 0xf1, 0x00, 0, 0x01, 0xe2, 0x40,
	};
	struct fixture *x = *state;

	build(x, 2);
	assert_int_equal(x->f[0].len, 58);
	assert_memory_equal(x->f[0].data, want, sizeof(want));
	/* the next one: id and sequence number one up, checksum one down */
	assert_int_equal(vn_get_be16(x->f[1].data + 14 + VN_IPV4_ID), 1);
	assert_int_equal(vn_get_be16(x->f[1].data + 14 + VN_IPV4_CSUM), 0x86be);
	assert_int_equal(vn_get_be32(x->f[1].data + 42 + VN_PGH_SEQ), 2);
}

static void the_plain_ipv6_frame(void **state)
{
	static const uint8_t want[] = { 0x61, 0xe0, 0, 0, 0, 24, 17, 32, 0xfd, 0 };
	struct fixture *x = *state;

	set_ipv6(x);
	x->s.cfg.traffic_class = 0x1e;
	build(x, 1);
	assert_int_equal(x->f[0].len, 78);
	assert_int_equal(vn_get_be16(x->f[0].data + VN_ETH_TYPE), 0x86dd);
	assert_memory_equal(x->f[0].data + 14, want, sizeof(want));
	assert_int_equal(vn_get_be16(x->f[0].data + 54 + VN_UDP_CSUM), 0);
}

static void both_tags_have_type_8100(void **state)
{
	static const uint8_t want[] = {
		0x81, 0x00, 0xd0, 0xc8, 0x81, 0x00, 0x60, 0x64, 0x08, 0x00,
	};
	struct fixture *x = *state;

	x->s.cfg.vlan_id = 100;
	x->s.cfg.vlan_p = 3;
	x->s.cfg.svlan_id = 200;
	x->s.cfg.svlan_p = 6;
	x->s.cfg.svlan_cfi = 1;
	build(x, 1);
	assert_memory_equal(x->f[0].data + VN_ETH_TYPE, want, sizeof(want));
	assert_int_equal(x->f[0].len, 66);
}

static void only_the_last_of_16_labels_has_the_bottom_bit(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	x->s.cfg.n_labels = 16;
	for (i = 0; i < 16; i++)
		x->s.cfg.labels[i] = 0x00010020 + (i << 12) + (i & 1 ? VN_MPLS_BOTTOM : 0);
	build(x, 1);
	assert_int_equal(vn_get_be16(x->f[0].data + VN_ETH_TYPE), 0x8847);
	for (i = 0; i < 16; i++)
		assert_int_equal(vn_get_be32(x->f[0].data + 14 + 4 * i),
				 (0x00010020 + (i << 12)) | (i == 15 ? VN_MPLS_BOTTOM : 0));
	assert_int_equal(x->f[0].data[14 + 64], 0x45);
}

static void no_timestamp_leaves_zeros(void **state)
{
	static const uint8_t zero[8];
	struct fixture *x = *state;

	x->s.cfg.flags |= VN_FLAG_NO_TIMESTAMP;
	build(x, 1);
	assert_memory_equal(x->f[0].data + 42 + VN_PGH_SEC, zero, 8);
}

/* The same place and length; the magic number says which. */
static void a_stamp_is_in_the_grain_that_was_asked_for(void **state)
{
	static const uint8_t us[16] = { 0xbe, 0x9b, 0xe9, 0x55, 0, 0, 0, 7,
					0,    0,    0,	  5,	0, 1, 2, 3 };
	static const uint8_t ns[16] = { 'V', 'r', 'n', 's', 0, 0,    0,	   7,
					0,   0,	  0,   5,   3, 0xef, 0xde, 9 };
	const uint64_t wall_ns = 5 * VN_NSEC_PER_SEC + 66051593;
	struct fixture *x = *state;

	build(x, 1);
	vn_builder_fill(&x->b, x->f, 1, 7, wall_ns);
	assert_memory_equal(x->f[0].data + 42, us, sizeof(us));
	x->s.cfg.stamp = VN_STAMP_NS;
	build(x, 1);
	vn_builder_fill(&x->b, x->f, 1, 7, wall_ns);
	assert_memory_equal(x->f[0].data + 42, ns, sizeof(ns));
}

/* --- what varies -------------------------------------------------------------- */

static void a_port_walk_starts_at_the_second_and_never_reaches_max(void **state)
{
	static const uint16_t want[] = { 101, 102, 100, 101 };
	struct fixture *x = *state;
	unsigned int i;

	x->s.cfg.udp_src_min = 100;
	x->s.cfg.udp_src_max = 103;
	build(x, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(udp_src(x, i), want[i]);
	assert_int_equal(x->s.cur.udp_src, 101);
}

static void an_address_walk_includes_max(void **state)
{
	static const uint32_t want[] = { 0x0a000003, 0x0a000004, 0x0a000002, 0x0a000003 };
	struct fixture *x = *state;
	unsigned int i;

	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.4");
	build(x, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(daddr(x, i), want[i]);
}

static void random_destinations_skip_what_nobody_may_have(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "126.255.255.255");
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "128.0.0.2");
	x->s.cfg.flags |= VN_FLAG_IPDST_RND;
	build(x, FRAMES);
	for (i = 0; i < FRAMES; i++)
		assert_int_not_equal(daddr(x, i) >> 24, 127);
}

static void a_range_without_a_destination_is_refused(void **state)
{
	struct fixture *x = *state;
	struct vn_err err = { "" };

	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "224.0.0.1");
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "239.0.0.1");
	x->s.cfg.flags |= VN_FLAG_IPDST_RND;
	assert_int_equal(vn_stream_begin(&x->s, &env, NULL), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "224.0.0.1"));
}

static void mac_walks_carry_within_40_bits_and_keep_byte_0(void **state)
{
	static const uint8_t mac[] = { 6, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t second[] = { 6, 0, 0, 0, 0, 0 };
	struct fixture *x = *state;

	memcpy(x->s.cfg.src_mac, mac, 6);
	memcpy(x->s.cur.hdr_src, mac, 6); /* the command writes the header too */
	x->s.cfg.src_mac_count = 3;
	build(x, 4);
	assert_memory_equal(x->f[0].data + VN_ETH_SRC, mac, 6);
	assert_memory_equal(x->f[1].data + VN_ETH_SRC, second, 6);
	assert_memory_equal(x->f[3].data + VN_ETH_SRC, mac, 6);
	assert_int_equal(x->s.cur.src_mac_offset, 1);
}

static void flows_in_sequence_keep_their_destination(void **state)
{
	/* two packets a flow, three flows, a walk of destinations */
	static const uint32_t want[] = { 3, 3, 4, 4, 5, 5, 6, 6, 7 };
	struct fixture *x = *state;
	unsigned int i;

	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.200");
	x->s.cfg.flows = 3;
	x->s.cfg.flowlen = 2;
	x->s.cfg.flags |= VN_FLAG_FLOW_SEQ;
	build(x, 9);
	for (i = 0; i < 9; i++)
		assert_int_equal(daddr(x, i), 0x0a000000 + want[i]);
	assert_int_equal(x->s.cur.nflows, 5);
}

/* As in the kernel, which looks at flowlen with every packet. */
static void another_flowlen_is_for_flows_under_way_too(void **state)
{
	static const uint32_t want[] = { 4, 4, 5, 5, 2 }; /* the range is through */
	struct fixture *x = *state;
	unsigned int i;

	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.5");
	x->s.cfg.flows = 3;
	x->s.cfg.flowlen = 9;
	x->s.cfg.flags |= VN_FLAG_FLOW_SEQ;
	build(x, 3);
	assert_int_equal(daddr(x, 2), 0x0a000003);
	x->s.cfg.flowlen = 2;
	assert_int_equal(vn_builder_compile(&x->b, &x->s, NULL), 0);
	vn_builder_fill(&x->b, x->f, 5, 4, WALL);
	for (i = 0; i < 5; i++)
		assert_int_equal(daddr(x, i), 0x0a000000 + want[i]);
}

static struct vn_series *series_of(enum vn_series_of of, const char *text)
{
	struct vn_err err = { "" };
	struct vn_series *s;

	if (vn_series_parse(of, "x", text, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static struct vn_series *lengths_of_file(const char *values)
{
	char path[] = "/tmp/lengths.XXXXXX", text[40];
	int fd = mkstemp(path);
	struct vn_series *s;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, values, strlen(values)), strlen(values));
	close(fd);
	snprintf(text, sizeof(text), "list(%s)", path);
	s = series_of(VN_SERIES_LENGTHS, text);
	unlink(path);
	return s;
}

/* How long flows were, in the order they began: packets of each destination, which a
 * flow draws from so many that no two have the same. Returns how many there were. */
static unsigned int count_flows(struct fixture *x, unsigned int n, uint32_t count[])
{
	uint32_t address[FRAMES];
	unsigned int i, k, n_flows = 0;

	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "100.0.0.0");
	x->s.cfg.flags |= VN_FLAG_IPDST_RND;
	x->s.cfg.flows = 4;
	vn_stream_set_lengths(&x->s, lengths_of_file("2\n7\n3\n"));
	build(x, n);
	for (i = 0; i < n; i++) {
		for (k = 0; k < n_flows && address[k] != daddr(x, i); k++)
			;
		n_flows += k == n_flows;
		address[k] = daddr(x, i);
		count[k]++;
	}
	return n_flows;
}

/* As in the file, over and over. */
static uint32_t length_of_flow(unsigned int i)
{
	static const uint32_t length[] = { 2, 7, 3 };

	return length[i % 3];
}

static void flows_in_sequence_last_as_long_as_was_drawn(void **state)
{
	struct fixture *x = *state;
	uint32_t count[FRAMES] = { 0 };
	unsigned int i, n = 0;

	x->s.cfg.flags |= VN_FLAG_FLOW_SEQ;
	count_flows(x, 60, count);
	for (i = 0; n + length_of_flow(i) <= 60; n += length_of_flow(i++))
		assert_int_equal(count[i], length_of_flow(i));
	assert_int_equal(count[i], 60 - n);
}

static void flows_at_random_last_as_long_as_was_drawn(void **state)
{
	struct fixture *x = *state;
	uint32_t count[FRAMES] = { 0 };
	unsigned int i, n_under_way = 0, n_flows = count_flows(x, 60, count);

	for (i = 0; i < n_flows; i++) {
		assert_in_range(count[i], 1, length_of_flow(i));
		n_under_way += count[i] < length_of_flow(i);
	}
	assert_in_range(n_under_way, 0, 4);
	assert_int_equal(x->s.cur.nflows, n_flows);
}

static void sizes_of_a_series_are_clipped_to_frames(void **state)
{
	struct fixture *x = *state;
	struct vn_series *same = series_of(VN_SERIES_SIZES, "uniform(1, 200)");
	unsigned int i, n_short = 0;

	vn_stream_set_sizes(&x->s, series_of(VN_SERIES_SIZES, "uniform(1, 200)"));
	build(x, FRAMES);
	assert_int_equal(x->b.max_len, 200);
	vn_series_seed(same, 1, VN_DRAW_SIZE);
	for (i = 0; i < FRAMES; i++) {
		uint64_t size = vn_series_next_whole(same);
		uint32_t want = size < 58 ? 58 : (uint32_t)size;

		n_short += size < 42;
		assert_int_equal(x->f[i].len, want);
		assert_int_equal(vn_get_be16(x->f[i].data + 14 + VN_IPV4_LEN), want - 14);
		assert_int_equal(vn_get_be16(x->f[i].data + 34 + VN_UDP_LEN), want - 34);
		if (i + 1 == FRAMES)
			assert_int_equal(x->s.cur.pkt_size, size < 42 ? 42 : (int)size);
	}
	assert_in_range(n_short, 1, FRAMES - 1);
	vn_series_free(same);
}

static void a_size_walk_changes_every_length(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	x->s.cfg.min_pkt_size = 60;
	x->s.cfg.max_pkt_size = 63;
	build(x, 6);
	for (i = 0; i < 6; i++) {
		uint32_t size = 60 + (i + 1) % 4;

		assert_int_equal(x->f[i].len, size);
		assert_int_equal(vn_get_be16(x->f[i].data + 14 + VN_IPV4_LEN), size - 14);
		assert_int_equal(vn_get_be16(x->f[i].data + 34 + VN_UDP_LEN), size - 34);
	}
}

static void imix_counts_what_it_drew(void **state)
{
	struct fixture *x = *state;

	vn_imix_add(&x->s.imix, 64, 1);
	vn_imix_add(&x->s.imix, 1000, 1);
	vn_imix_fill(&x->s.imix);
	build(x, FRAMES);
	assert_int_equal(x->s.imix.entry[0].packets + x->s.imix.entry[1].packets, FRAMES);
	assert_true(x->s.imix.entry[0].packets > 10 && x->s.imix.entry[1].packets > 10);
}

static void random_labels_vary_in_20_bits_and_are_stored_back(void **state)
{
	struct fixture *x = *state;
	uint32_t first, last;

	x->s.cfg.n_labels = 2;
	x->s.cfg.labels[0] = 0x12345000;
	x->s.cfg.labels[1] = 0xabcde100;
	x->s.cfg.flags |= VN_FLAG_MPLS_RND;
	build(x, FRAMES);
	assert_int_equal(vn_get_be32(x->f[0].data + 14), 0x12345000);
	first = vn_get_be32(x->f[0].data + 18);
	last = vn_get_be32(x->f[FRAMES - 1].data + 18);
	assert_int_not_equal(first, last);
	assert_int_equal(last >> 20, 0);
	assert_int_equal(last & VN_MPLS_BOTTOM, VN_MPLS_BOTTOM);
	assert_int_equal(x->s.cfg.labels[1], last);
}

static void the_queue_map_walks_and_wraps(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.queue_map_min = 1;
	x->s.cfg.queue_map_max = 3;
	build(x, 1);
	assert_int_equal(x->s.cur.queue_map, 1);
	vn_builder_fill(&x->b, x->f, 3, 2, WALL);
	assert_int_equal(x->s.cur.queue_map, 1);
	vn_builder_fill(&x->b, x->f, 1, 5, WALL);
	assert_int_equal(x->s.cur.queue_map, 2);
}

/* --- checksums of any description ------------------------------------------------ */

static uint64_t draw(struct vn_rng *r, uint32_t below)
{
	return vn_rng_below(r, below);
}

static void randomize_addresses(struct vn_stream_cfg *c, struct vn_rng *r)
{
	snprintf(c->src_min, sizeof(c->src_min), "10.%u.0.1", (unsigned int)draw(r, 256));
	if (draw(r, 2))
		snprintf(c->src_max, sizeof(c->src_max), "10.255.%u.1", (unsigned int)draw(r, 256));
	if (draw(r, 2))
		snprintf(c->dst_max, sizeof(c->dst_max), "192.0.2.%u", (unsigned int)draw(r, 256));
	if (draw(r, 3) == 0) {
		c->flows = (uint32_t)draw(r, 20);
		c->flowlen = (uint32_t)draw(r, 5);
	}
	if (draw(r, 2)) {
		inet_pton(AF_INET6, "fd00::5", &c->dst6_min);
		inet_pton(AF_INET6, "fd00::ffff:ffff", &c->dst6_max);
	}
}

/* A description from nowhere; every field that a frame depends on may vary. */
static void randomize(struct fixture *x, struct vn_rng *r)
{
	struct vn_stream_cfg *c = &x->s.cfg;
	const uint32_t all = VN_FLAG_IPSRC_RND | VN_FLAG_IPDST_RND | VN_FLAG_TXSIZE_RND |
			     VN_FLAG_UDPSRC_RND | VN_FLAG_UDPDST_RND | VN_FLAG_UDPCSUM |
			     VN_FLAG_NO_TIMESTAMP | VN_FLAG_MPLS_RND | VN_FLAG_FLOW_SEQ |
			     VN_FLAG_MACSRC_RND | VN_FLAG_MACDST_RND | VN_FLAG_VID_RND |
			     VN_FLAG_SVID_RND;

	c->flags = ((uint32_t)vn_rng_next(r) & all) | VN_FLAG_SHARED;
	c->stamp = draw(r, 2) ? VN_STAMP_NS : VN_STAMP_US;
	if (draw(r, 2))
		set_ipv6(x);
	randomize_addresses(c, r);
	c->min_pkt_size = 42 + (int32_t)draw(r, 300);
	c->max_pkt_size = c->min_pkt_size + (int32_t)draw(r, 3) * 50;
	if (draw(r, 4) == 0) {
		vn_imix_add(&x->s.imix, 60 + draw(r, 900), 1 + draw(r, 9));
		vn_imix_add(&x->s.imix, 60 + draw(r, 900), 1 + draw(r, 9));
		vn_imix_fill(&x->s.imix);
	}
	c->udp_src_max = (uint16_t)(c->udp_src_min + draw(r, 1000));
	c->udp_dst_max = (uint16_t)(c->udp_dst_min + draw(r, 1000));
	c->src_mac_count = (uint32_t)draw(r, 4);
	c->dst_mac_count = (uint32_t)draw(r, 4);
	if (draw(r, 3) == 0) {
		c->vlan_id = (uint16_t)draw(r, 4096);
		c->svlan_id = draw(r, 2) ? (uint16_t)draw(r, 4096) : VN_VLAN_OFF;
	} else {
		c->n_labels = (uint32_t)draw(r, VN_MPLS_MAX + 1);
	}
	c->tos = (uint8_t)draw(r, 256);
}

/* Computed anew over the whole packet; 0xffff or 0 both mean "sums to zero". */
static void expect_good_checksums(const struct fixture *x, const struct vn_frame *f)
{
	const uint8_t *ip = f->data + x->b.l3, *udp = f->data + x->b.l4;
	bool is_v6 = x->s.cfg.flags & VN_FLAG_IPV6;
	uint32_t udp_len = vn_get_be16(udp + VN_UDP_LEN), sum;

	assert_int_equal(f->len, x->b.l4 + udp_len);
	if (is_v6) {
		assert_int_equal(vn_get_be16(ip + VN_IPV6_LEN), udp_len);
		sum = vn_csum_add(0, ip + VN_IPV6_SRC, 32);
	} else {
		assert_int_equal(vn_csum_fold(vn_csum_add(0, ip, VN_IPV4_HLEN)), 0xffff);
		assert_int_equal(vn_get_be16(ip + VN_IPV4_LEN), udp_len + VN_IPV4_HLEN);
		sum = vn_csum_add(0, ip + VN_IPV4_SRC, 8);
	}
	if (!(x->s.cfg.flags & VN_FLAG_UDPCSUM)) {
		assert_int_equal(vn_get_be16(udp + VN_UDP_CSUM), 0);
		return;
	}
	assert_int_not_equal(vn_get_be16(udp + VN_UDP_CSUM), 0);
	sum = vn_csum_add(sum + udp_len + VN_IPPROTO_UDP, udp, udp_len);
	assert_int_equal(vn_csum_fold(sum), 0xffff);
}

static void any_description_has_good_checksums(void **state)
{
	struct vn_rng r;
	unsigned int round, i;

	vn_rng_seed(&r, 20, 26);
	for (round = 0; round < 500; round++) {
		struct fixture *x;
		void *inner;

		setup(&inner);
		x = inner;
		randomize(x, &r);
		begin(x);
		for (i = 0; i < 3; i++) {
			unsigned int k;

			vn_builder_fill(&x->b, x->f, FRAMES, 1 + i * FRAMES, WALL + i);
			for (k = 0; k < FRAMES; k++)
				expect_good_checksums(x, &x->f[k]);
		}
		teardown(&inner);
	}
}

/* Sums that come out as 0 must be sent as 0xffff: with 65,536 sequence numbers
 * in a row each value of the sum occurs. */
static void a_zero_checksum_is_sent_as_ffff(void **state)
{
	struct fixture *x = *state;
	unsigned int seq, i, n_ffff = 0;

	x->s.cfg.flags |= VN_FLAG_UDPCSUM;
	begin(x);
	for (seq = 0; seq < 65536; seq += FRAMES) {
		vn_builder_fill(&x->b, x->f, FRAMES, seq, WALL);
		for (i = 0; i < FRAMES; i++) {
			expect_good_checksums(x, &x->f[i]);
			n_ffff += vn_get_be16(x->f[i].data + x->b.l4 + VN_UDP_CSUM) == 0xffff;
		}
	}
	assert_true(n_ffff >= 1);
}

static void batches_of_any_size_give_the_same_packets(void **state)
{
	static const unsigned int cuts[] = { 1, 7, FRAMES };
	struct vn_rng r;
	unsigned int round;

	for (round = 0; round < 100; round++) {
		uint8_t golden[FRAMES][1400];
		uint32_t len[FRAMES];
		unsigned int c;

		for (c = 0; c < 3; c++) {
			struct fixture *x;
			void *inner;
			unsigned int i, n;

			setup(&inner);
			x = inner;
			vn_rng_seed(&r, round, 1);
			randomize(x, &r);
			begin(x);
			for (i = 0; i < FRAMES; i += n) {
				n = FRAMES - i < cuts[c] ? FRAMES - i : cuts[c];
				vn_builder_fill(&x->b, x->f + i, n, 1 + i, WALL);
			}
			for (i = 0; i < FRAMES; i++) {
				if (c == 0) {
					memcpy(golden[i], x->f[i].data, x->f[i].len);
					len[i] = x->f[i].len;
				}
				assert_int_equal(x->f[i].len, len[i]);
				assert_memory_equal(x->f[i].data, golden[i], len[i]);
			}
			teardown(&inner);
		}
	}
}

static void new_numbers_mend_the_checksum(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	x->s.cfg.flags |= VN_FLAG_UDPCSUM;
	build(x, FRAMES);
	vn_builder_reseq(&x->b, x->f, FRAMES, 0xffffffe0);
	for (i = 0; i < FRAMES; i++) {
		assert_int_equal(vn_get_be32(x->f[i].data + 42 + VN_PGH_SEQ), 0xffffffe0u + i);
		expect_good_checksums(x, &x->f[i]);
	}
}

static void a_change_of_the_description_reloads_the_template(void **state)
{
	struct fixture *x = *state;
	uint64_t tag;

	x->s.cfg.min_pkt_size = 200;
	build(x, 1);
	tag = x->f[0].content;
	x->s.cfg.tos = 0x10;
	x->s.cfg.min_pkt_size = x->s.cfg.max_pkt_size = 60;
	build(x, 1);
	assert_int_not_equal(x->f[0].content, tag);
	assert_int_equal(x->f[0].len, 60);
	assert_int_equal(x->f[0].data[15], 0x10);
}

static void what_cannot_be_built_is_refused(void **state)
{
	struct fixture *x = *state;
	struct vn_err err = { "" };

	x->s.cfg.min_pkt_size = 70000;
	assert_int_equal(vn_stream_begin(&x->s, &env, NULL), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &err), -EMSGSIZE);
	assert_non_null(strstr(err.text, "69986"));
	x->s.cfg.min_pkt_size = x->s.cfg.max_pkt_size = 60;
	x->s.cfg.flags |= VN_FLAG_IPSEC | VN_FLAG_IPDST_RND; /* without an association: clear */
	x->s.cfg.flows = 1;
	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "127.0.0.1");
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "127.0.0.9");
	assert_int_equal(vn_stream_begin(&x->s, &env, NULL), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &err), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_plain_ipv4_frame),
		TEST(the_plain_ipv6_frame),
		TEST(both_tags_have_type_8100),
		TEST(only_the_last_of_16_labels_has_the_bottom_bit),
		TEST(no_timestamp_leaves_zeros),
		TEST(a_stamp_is_in_the_grain_that_was_asked_for),
		TEST(a_port_walk_starts_at_the_second_and_never_reaches_max),
		TEST(an_address_walk_includes_max),
		TEST(random_destinations_skip_what_nobody_may_have),
		TEST(a_range_without_a_destination_is_refused),
		TEST(mac_walks_carry_within_40_bits_and_keep_byte_0),
		TEST(flows_in_sequence_keep_their_destination),
		TEST(another_flowlen_is_for_flows_under_way_too),
		TEST(flows_in_sequence_last_as_long_as_was_drawn),
		TEST(flows_at_random_last_as_long_as_was_drawn),
		TEST(sizes_of_a_series_are_clipped_to_frames),
		TEST(a_size_walk_changes_every_length),
		TEST(imix_counts_what_it_drew),
		TEST(random_labels_vary_in_20_bits_and_are_stored_back),
		TEST(the_queue_map_walks_and_wraps),
		cmocka_unit_test(any_description_has_good_checksums),
		TEST(a_zero_checksum_is_sent_as_ffff),
		cmocka_unit_test(batches_of_any_size_give_the_same_packets),
		TEST(new_numbers_mend_the_checksum),
		TEST(a_change_of_the_description_reloads_the_template),
		TEST(what_cannot_be_built_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
