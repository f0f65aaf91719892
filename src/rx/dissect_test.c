/* SPDX-License-Identifier: BSD-2-Clause */
/* The payload header is found behind everything that may lie before it, and
 * no byte is read that was not captured (each frame lies in memory of exactly
 * its size, which the address sanitizer watches). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/rng.h"
#include "rx/dissect.h"
#include "rx/frame_test.h"

enum verdict { NOT_OURS, OURS, CORRUPT };

static enum verdict judge(const uint8_t *frame, uint32_t caplen, uint32_t len)
{
	uint8_t *exact = malloc(caplen ? caplen : 1);
	struct vn_rx_pkt pkt = { .data = exact, .caplen = caplen, .len = len };
	struct vn_dissected d;
	enum verdict v;

	assert_non_null(exact);
	memcpy(exact, frame, caplen);
	v = !vn_dissect(&pkt, &d) ? NOT_OURS : d.is_corrupt ? CORRUPT : OURS;
	if (v != NOT_OURS) /* the whole payload header can be read */
		assert_in_range(d.payload - exact, VN_ETH_HLEN, (int)caplen - VN_PGH_HLEN);
	free(exact);
	return v;
}

/* Built by scapy 2.5: an odd length, and a tag. */
static const uint8_t scapy_ipv4[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x08,
	0x00, 0x45, 0x00, 0x00, 0x2f, 0x00, 0x01, 0x00, 0x00, 0x20, 0x11, 0xce, 0xb3,
	0x0a, 0x00, 0x00, 0x01, 0xc0, 0x00, 0x02, 0x09, 0x00, 0x09, 0x12, 0x67, 0x00,
	0x1b, 0x4e, 0x5a, 0xbe, 0x9b, 0xe9, 0x55, 0x00, 0x00, 0x00, 0x07, 0x65, 0x53,
	0xf1, 0x00, 0x00, 0x03, 0xd0, 0x91, 0x01, 0x02, 0x03,
};
static const uint8_t scapy_ipv6[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x81, 0x00, 0x00,
	0x05, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x1c, 0x11, 0x20, 0x20, 0x01, 0x0d, 0xb8,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x09,
	0x12, 0x68, 0x00, 0x1c, 0xfe, 0x27, 0xbe, 0x9b, 0xe9, 0x55, 0x00, 0x00, 0x00, 0x07, 0x65,
	0x53, 0xf1, 0x00, 0x00, 0x03, 0xd0, 0x91, 0x61, 0x62, 0x63, 0x64,
};

static void expect_known(const uint8_t *frame, uint32_t len, uint32_t payload, uint16_t port)
{
	struct vn_rx_pkt pkt = { .data = frame, .caplen = len, .len = len };
	struct vn_dissected d;

	assert_true(vn_dissect(&pkt, &d));
	assert_false(d.is_corrupt);
	assert_int_equal(d.port, port);
	assert_int_equal(d.payload - frame, payload);
	assert_int_equal(vn_get_be32(d.payload + VN_PGH_SEQ), 7);
}

static void frames_of_another_maker_are_understood(void **state)
{
	expect_known(scapy_ipv4, sizeof(scapy_ipv4), 42, 4711);
	expect_known(scapy_ipv6, sizeof(scapy_ipv6), 66, 4712);
}

/* Traffic class, flow label and hop limit: no checksum in IPv6 covers them. */
static bool is_uncovered(const struct frame_spec *s, uint32_t ip, uint32_t bit)
{
	uint32_t byte = bit / 8 - ip;

	if (!s->is_ipv6)
		return false;
	if (byte == 0) /* beside the traffic class, the version */
		return bit % 8 < 4;
	return byte < VN_IPV6_LEN || byte == VN_IPV6_HOPS;
}

/* Wherever tags and labels put it: no single bit of IP, UDP or payload can be
 * wrong and the packet be believed. */
static void no_flipped_bit_is_believed(void **state)
{
	static const struct frame_spec specs[] = {
		{ .port = 9, .has_csum = true },
		{ .port = 9, .has_csum = true, .has_ns = true, .data = 3 },
		{ .port = 9, .has_csum = true, .vlans = 1, .qinqs = 1 },
		{ .port = 9, .has_csum = true, .labels = 2, .data = 18 },
		{ .port = 9, .has_csum = true, .is_ipv6 = true },
		{ .port = 9, .has_csum = true, .is_ipv6 = true, .has_ns = true, .data = 7 },
		{ .port = 9, .has_csum = true, .is_ipv6 = true, .vlans = 2 },
		{ .port = 9, .has_csum = true, .is_ipv6 = true, .labels = 16 },
	};
	uint8_t frame[FRAME_CAP];
	unsigned int i;
	uint32_t bit;

	for (i = 0; i < VN_ARRAY_SIZE(specs); i++) {
		struct frame_map m = frame_make(frame, &specs[i]);

		for (bit = m.ip * 8; bit < m.len * 8; bit++) {
			frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if ((judge(frame, m.len, m.len) == OURS) !=
			    is_uncovered(&specs[i], m.ip, bit))
				fail_msg("frame %u, bit %u of byte %u of IP", i, bit % 8,
					 bit / 8 - m.ip);
			frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

static void the_payload_header_is_found_behind_tags_and_labels(void **state)
{
	static const struct frame_spec specs[] = {
		{ .port = 1 },
		{ .port = 9, .vlans = 1 },
		{ .port = 65535, .vlans = 7, .qinqs = 5 },
		{ .port = 9, .qinqs = 1, .vlans = 1, .labels = 16 },
		{ .port = 9, .labels = 1 },
		{ .port = 9, .labels = 200 },
		{ .port = 9, .ip_options = 40 },
		{ .port = 9, .ip_options = 4, .has_csum = true, .data = 1 },
		{ .port = 9, .is_ipv6 = true },
		{ .port = 9, .is_ipv6 = true, .has_csum = true, .data = 1001 },
		{ .port = 9, .is_ipv6 = true, .labels = 2, .vlans = 2, .has_csum = true },
		{ .port = 9, .has_csum = true, .data = 1458 },
	};
	uint8_t frame[FRAME_CAP];
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(specs); i++) {
		struct frame_map m = frame_make(frame, &specs[i]);
		struct vn_rx_pkt pkt = { .data = frame, .caplen = m.len, .len = m.len };
		struct vn_dissected d;

		assert_true(vn_dissect(&pkt, &d));
		assert_false(d.is_corrupt);
		assert_int_equal(d.port, specs[i].port);
		assert_ptr_equal(d.payload, frame + m.udp + VN_UDP_HLEN);
	}
}

/* One 16-bit word of a good frame is overwritten. */
struct damage {
	const char *what;
	bool is_ipv6, has_csum, fix_ip_sum;
	enum { FRAME, IP, UDP } part;
	uint32_t at;
	uint16_t value;
	enum verdict want;
};

static const struct damage damages[] = {
	{ "ARP", 0, 0, 0, FRAME, 12, 0x0806, NOT_OURS },
	{ "802.3 length", 0, 0, 0, FRAME, 12, 46, NOT_OURS },
	{ "IPv4 in the type of IPv6", 0, 0, 0, FRAME, 12, 0x86dd, NOT_OURS },
	{ "IPv6 in the type of IPv4", 1, 0, 0, FRAME, 12, 0x0800, NOT_OURS },
	{ "label before IPv5", 0, 0, 1, IP, 0, 0x5500, NOT_OURS },
	{ "header of 16 bytes", 0, 0, 1, IP, 0, 0x4400, NOT_OURS },
	{ "header of 60 bytes in 44", 0, 0, 1, IP, 0, 0x4f00, NOT_OURS },
	{ "TCP", 0, 0, 1, IP, 8, 0x2006, NOT_OURS },
	{ "more fragments", 0, 0, 1, IP, 6, 0x2000, NOT_OURS },
	{ "later fragment", 0, 0, 1, IP, 6, 0x0001, NOT_OURS },
	{ "do not fragment", 0, 0, 1, IP, 6, 0x4000, OURS },
	{ "IPv6 with extension", 1, 0, 0, IP, 6, 0x0040, NOT_OURS },
	{ "IPv4 checksum", 0, 0, 0, IP, 10, 0x1234, CORRUPT },
	{ "IPv4 ttl without checksum mended", 0, 0, 0, IP, 8, 0x1f11, CORRUPT },
	{ "IPv4 length 0", 0, 0, 1, IP, 2, 0, CORRUPT },
	{ "IPv4 shorter than UDP", 0, 0, 1, IP, 2, 43, CORRUPT },
	{ "IPv4 longer than the frame", 0, 0, 1, IP, 2, 1500, CORRUPT },
	{ "IPv6 longer than the frame", 1, 0, 0, IP, 4, 25, CORRUPT },
	{ "IPv6 shorter than UDP", 1, 0, 0, IP, 4, 23, CORRUPT },
	{ "UDP longer than IP", 0, 0, 0, UDP, 4, 25, CORRUPT },
	{ "UDP without room for the header", 0, 0, 0, UDP, 4, 23, CORRUPT },
	{ "magic", 0, 0, 0, UDP, 8, 0xbe9a, NOT_OURS },
	{ "second half of the magic", 0, 0, 0, UDP, 10, 0xe954, NOT_OURS },
	{ "half of the other magic", 0, 0, 0, UDP, 8, 0x5672, NOT_OURS },
	{ "UDP checksum", 0, 1, 0, UDP, 6, 0x1111, CORRUPT },
	{ "UDP checksum in IPv6", 1, 1, 0, UDP, 6, 0x1111, CORRUPT },
	{ "sequence number", 0, 1, 0, UDP, 12, 0x4000, CORRUPT },
	{ "port, in IPv6", 1, 1, 0, UDP, 2, 10, CORRUPT },
	{ "no checksum", 0, 1, 0, UDP, 6, 0, OURS },
	{ "no checksum in IPv6", 1, 1, 0, UDP, 6, 0, OURS },
};

static void damage_is_seen(void **state)
{
	uint8_t frame[FRAME_CAP];
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(damages); i++) {
		const struct damage *d = &damages[i];
		const struct frame_spec spec = {
			.port = 9, .is_ipv6 = d->is_ipv6, .has_csum = d->has_csum
		};
		struct frame_map m = frame_make(frame, &spec);
		uint32_t parts[] = { [FRAME] = 0, [IP] = m.ip, [UDP] = m.udp };
		uint8_t *ip = frame + m.ip;

		vn_put_be16(frame + parts[d->part] + d->at, d->value);
		if (d->fix_ip_sum) {
			vn_put_be16(ip + VN_IPV4_CSUM, 0);
			vn_put_be16(ip + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, ip, 20)));
		}
		if (judge(frame, m.len, m.len) != d->want)
			fail_msg("%s: %d", d->what, judge(frame, m.len, m.len));
	}
}

/* veth: nobody finished the checksum, the field holds the pseudo header's. */
static void a_checksum_left_to_hardware_is_accepted(void **state)
{
	static const struct frame_spec spec = { .port = 9, .data = 18 };
	uint8_t frame[FRAME_CAP];
	struct frame_map m = frame_make(frame, &spec);
	uint32_t pseudo = vn_csum_add(VN_IPPROTO_UDP + m.len - m.udp,
				      frame + m.ip + VN_IPV4_SRC, 8);

	vn_put_be16(frame + m.udp + VN_UDP_CSUM, vn_csum_fold(pseudo));
	assert_int_equal(judge(frame, m.len, m.len), OURS);
	vn_put_be16(frame + m.udp + VN_UDP_CSUM, (uint16_t)(vn_csum_fold(pseudo) + 1));
	assert_int_equal(judge(frame, m.len, m.len), CORRUPT);
}

/* A sum over bytes that were not captured cannot be wrong; a frame that was on
 * the wire that short is. */
static void cut_frames_are_ours_from_the_payload_header_on(void **state)
{
	static const struct frame_spec specs[] = {
		{ .port = 9, .has_csum = true, .data = 30 },
		{ .port = 9, .has_csum = true, .data = 30, .is_ipv6 = true },
		{ .port = 9, .has_csum = true, .data = 30, .vlans = 2, .labels = 3 },
		{ .port = 9, .has_csum = true, .data = 30, .ip_options = 8 },
	};
	uint8_t frame[FRAME_CAP];
	unsigned int i;
	uint32_t n;

	for (i = 0; i < VN_ARRAY_SIZE(specs); i++) {
		struct frame_map m = frame_make(frame, &specs[i]);
		uint32_t enough = m.udp + VN_UDP_HLEN + VN_PGH_HLEN;

		for (n = 0; n < m.len; n++) {
			enum verdict whole = n < enough ? NOT_OURS : OURS;
			enum verdict short_on_wire = n < enough ? NOT_OURS : CORRUPT;

			assert_int_equal(judge(frame, n, m.len), whole);
			assert_int_equal(judge(frame, n, n), short_on_wire);
		}
		/* Padding behind the packet is nobody's. */
		assert_int_equal(judge(frame, m.len + 9, m.len + 9), OURS);
	}
}

static void a_stack_without_bottom_ends_with_the_frame(void **state)
{
	uint8_t frame[FRAME_CAP] = { [VN_ETH_TYPE] = 0x88, [VN_ETH_TYPE + 1] = 0x47 };
	uint32_t n;

	for (n = 0; n < FRAME_CAP; n++)
		assert_int_equal(judge(frame, n, n), NOT_OURS);
	for (n = VN_ETH_TYPE; n + 4 <= FRAME_CAP; n += 4)
		vn_put_be32(frame + n, 0x81000001);
	for (n = 0; n < FRAME_CAP; n++)
		assert_int_equal(judge(frame, n, n), NOT_OURS);
}

/* No verdict is asked for: only that nothing is read beyond the memory. */
static void overwritten_and_cut_frames_do_no_harm(void **state)
{
	static const struct frame_spec spec = { .port = 9, .vlans = 1, .labels = 2, .data = 40 };
	uint8_t frame[FRAME_CAP];
	struct vn_rng rng;
	unsigned int i, k;

	vn_rng_seed(&rng, 1, 0);
	for (i = 0; i < 100000; i++) {
		struct frame_map m = frame_make(frame, &spec);

		for (k = vn_rng_below(&rng, 4); k < 4; k++)
			frame[12 + vn_rng_below(&rng, m.len - 12)] = (uint8_t)vn_rng_next(&rng);
		judge(frame, vn_rng_below(&rng, m.len + 1), vn_rng_below(&rng, 2 * m.len));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_another_maker_are_understood),
		cmocka_unit_test(no_flipped_bit_is_believed),
		cmocka_unit_test(the_payload_header_is_found_behind_tags_and_labels),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(a_checksum_left_to_hardware_is_accepted),
		cmocka_unit_test(cut_frames_are_ours_from_the_payload_header_on),
		cmocka_unit_test(a_stack_without_bottom_ends_with_the_frame),
		cmocka_unit_test(overwritten_and_cut_frames_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
