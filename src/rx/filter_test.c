/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a filter chooses among frames with and without tags, in a file and with
 * the tag put aside, and that the program for the kernel chooses the same. That
 * one is run here by libpcap, what it asks the kernel for being filled in.
 */
#include "rx/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* After libpcap's. */
#include <linux/filter.h>

#include "rx/tag.h"

#define FRAMES 6

/* Frames by number, as they are on the wire. Bit n of `chosen` below is frame n. */
enum { UDP9, UDP9_VLAN5, UDP9_VLAN6, UDP9_QINQ, LOCAL_LONG, ICMP6_VLAN5 };

static uint32_t put_ipv4_udp(uint8_t *at)
{
	static const uint8_t ip[] = { 0x45, 0, 0,  28, 0, 0, 0, 0, 32, 17, 0, 0, 10, 0,
				      0,    1, 10, 0,  0, 2, 0, 5, 0,  9,  0, 8, 0,  0 };

	memcpy(at, ip, sizeof(ip));
	return sizeof(ip);
}

static uint32_t put_tag(uint8_t *at, uint16_t tpid, uint16_t tci)
{
	vn_put_be16(at, tpid);
	vn_put_be16(at + 2, tci);
	return 4;
}

static uint32_t put_frame(unsigned int number, uint8_t f[256])
{
	uint32_t at = VN_TAG_AT;

	memset(f, 0, 256);
	memcpy(f, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", VN_TAG_AT);
	if (number == UDP9_QINQ)
		at += put_tag(f + at, 0x88a8, 7);
	if (number == UDP9_VLAN5 || number == UDP9_QINQ || number == ICMP6_VLAN5)
		at += put_tag(f + at, 0x8100, 0x6005);
	if (number == UDP9_VLAN6)
		at += put_tag(f + at, 0x8100, 6);
	if (number == LOCAL_LONG) {
		vn_put_be16(f + at, 0x88b5);
		return 105;
	}
	if (number == ICMP6_VLAN5) {
		vn_put_be16(f + at, 0x86dd);
		f[at + 2] = 0x60;
		f[at + 2 + 5] = 8;  /* payload length */
		f[at + 2 + 6] = 58; /* ICMPv6 */
		return at + 2 + 48;
	}
	vn_put_be16(f + at, 0x0800);
	return at + 2 + put_ipv4_udp(f + at + 2);
}

/* As a kernel shows it: the outer tag, if there is one, beside the frame. */
static void take_tag_off(struct vn_rx_pkt *p, uint8_t *f)
{
	uint16_t type = (uint16_t)vn_get_be16(f + VN_TAG_AT);

	if (type != 0x8100 && type != 0x88a8)
		return;
	p->has_vlan = true;
	p->vlan_tpid = type;
	p->vlan_tci = (uint16_t)vn_get_be16(f + VN_TAG_AT + 2);
	memmove(f + VN_TAG_AT, f + VN_TAG_AT + 4, p->len - VN_TAG_AT - 4);
	p->len -= 4;
	p->caplen -= 4;
}

/* Does the kernel's program accept it? */
static bool kernel_accepts(const struct vn_filter *f, const struct vn_rx_pkt *p)
{
	const struct sock_fprog *k = vn_filter_program(f);
	struct bpf_insn v[2048];

	assert_true(k->len <= 2048);
	for (unsigned int i = 0; i < k->len; i++) {
		const struct sock_filter *in = &k->filter[i];

		v[i] = (struct bpf_insn){ in->code, in->jt, in->jf, in->k };
		if (BPF_CLASS(in->code) != BPF_LD || BPF_MODE(in->code) != BPF_ABS ||
		    in->k < (uint32_t)SKF_AD_OFF)
			continue;
		v[i].code = BPF_LD | BPF_IMM;
		switch (in->k - (uint32_t)SKF_AD_OFF) {
		case SKF_AD_VLAN_TAG_PRESENT:
			v[i].k = p->has_vlan;
			break;
		case SKF_AD_VLAN_TAG:
			v[i].k = p->vlan_tci;
			break;
		case SKF_AD_VLAN_TPID:
			v[i].k = p->vlan_tpid;
			break;
		default:
			fail_msg("asks the kernel for %d", (int)in->k);
		}
	}
	return bpf_filter(v, p->data, p->len, p->caplen);
}

#define BIT(n) (1u << (n))
#define ALL    (BIT(FRAMES) - 1)
#define TAGGED (BIT(UDP9_VLAN5) | BIT(UDP9_VLAN6) | BIT(UDP9_QINQ) | BIT(ICMP6_VLAN5))

static const struct {
	const char *expression;
	unsigned int chosen;
	unsigned int doubtful; /* not chosen, and let through by the kernel's program */
} cases[] = {
	{ "", ALL, 0 },
	{ "udp port 9", BIT(UDP9), 0 },
	{ "vlan 5 and udp", BIT(UDP9_VLAN5), 0 },
	{ "vlan", TAGGED, 0 },
	{ "vlan 5", BIT(UDP9_VLAN5) | BIT(ICMP6_VLAN5), 0 },
	{ "vlan 5 and udp dst port 9", BIT(UDP9_VLAN5), 0 },
	{ "vlan 6 and src host 10.0.0.1", BIT(UDP9_VLAN6), 0 },
	{ "vlan 7 and vlan 5 and udp port 9", BIT(UDP9_QINQ), 0 },
	{ "not vlan", ALL & ~TAGGED, 0 },
	{ "ether proto 0x88b5", BIT(LOCAL_LONG), 0 },
	{ "ether proto 0x8100", BIT(UDP9_VLAN5) | BIT(UDP9_VLAN6) | BIT(ICMP6_VLAN5), 0 },
	{ "len > 100", BIT(LOCAL_LONG), 0 },
	{ "len > 45", TAGGED | BIT(LOCAL_LONG), 0 },
	{ "len <= 42", BIT(UDP9), 0 },
	{ "icmp6", 0, 0 },
	{ "vlan and icmp6", BIT(ICMP6_VLAN5), 0 },
	{ "ether[12] = 0x81", BIT(UDP9_VLAN5) | BIT(UDP9_VLAN6) | BIT(ICMP6_VLAN5), 0 },
	{ "ether[13] = 0xa8", BIT(UDP9_QINQ), 0 },
	{ "ether[14] & 0xe0 != 0 and ether[15] = 5", BIT(UDP9_VLAN5) | BIT(ICMP6_VLAN5), 0 },
	{ "ether src 02:00:00:00:00:01", ALL, 0 },
	{ "ether[12:4] = 0x81006005", BIT(UDP9_VLAN5) | BIT(ICMP6_VLAN5),
	  BIT(UDP9_VLAN6) | BIT(UDP9_QINQ) },
	{ "ether[15:2] = 0x0508", BIT(UDP9_VLAN5),
	  BIT(ICMP6_VLAN5) | BIT(UDP9_VLAN6) | BIT(UDP9_QINQ) },
};

static void check_frame(struct vn_filter *f, unsigned int c, unsigned int number)
{
	bool is_chosen = cases[c].chosen & BIT(number);
	bool is_doubtful = cases[c].doubtful & BIT(number);
	uint8_t frame[256];
	struct vn_rx_pkt p = { .data = frame, .len = put_frame(number, frame) };

	p.caplen = p.len;
	if (vn_filter_matches(f, &p) != is_chosen || kernel_accepts(f, &p) != is_chosen)
		fail_msg("\"%s\", frame %u as in a file", cases[c].expression, number);
	take_tag_off(&p, frame);
	if (vn_filter_matches(f, &p) != is_chosen)
		fail_msg("\"%s\", frame %u, tag beside it", cases[c].expression, number);
	if (kernel_accepts(f, &p) != (is_chosen || is_doubtful))
		fail_msg("\"%s\", frame %u in the kernel", cases[c].expression, number);
	if (kernel_accepts(f, &p))
		assert_int_equal(vn_filter_confirms(f, &p), is_chosen);
}

static void the_same_frames_are_chosen_everywhere(void **state)
{
	for (unsigned int c = 0; c < VN_ARRAY_SIZE(cases); c++) {
		struct vn_filter *f;
		struct vn_err err;

		if (vn_filter_new(cases[c].expression, &f, &err))
			fail_msg("%s", err.text);
		for (unsigned int number = 0; number < FRAMES; number++)
			check_frame(f, c, number);
		vn_filter_free(f);
	}
}

static void the_kernel_takes_the_program(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	for (unsigned int c = 0; c < VN_ARRAY_SIZE(cases); c++) {
		struct vn_filter *f;
		const struct sock_fprog *k;

		assert_int_equal(vn_filter_new(cases[c].expression, &f, NULL), 0);
		k = vn_filter_program(f);
		if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, k, sizeof(*k)))
			fail_msg("\"%s\": %s", cases[c].expression, strerror(errno));
		vn_filter_free(f);
	}
	close(fd);
}

/* So many tests that jumps over them, made longer, would not fit. */
static void a_program_too_long_to_translate_lets_tagged_frames_through(void **state)
{
	char expression[8192] = "ether[12] = 0x80 and (ether[14] = 1";
	struct vn_filter *f;
	struct vn_err err = { "" };
	uint8_t frame[256];
	struct vn_rx_pkt p = { .data = frame, .len = put_frame(UDP9_VLAN5, frame) };
	size_t at = strlen(expression);

	for (unsigned int i = 2; i < 200; i++)
		at += (size_t)snprintf(expression + at, sizeof(expression) - at,
				       " or ether[14] & %u = ether[15]", i);
	snprintf(expression + at, sizeof(expression) - at, ")");
	if (vn_filter_new(expression, &f, &err))
		fail_msg("%s", err.text);
	p.caplen = p.len;
	assert_false(vn_filter_matches(f, &p));
	assert_false(kernel_accepts(f, &p));
	take_tag_off(&p, frame);
	assert_true(kernel_accepts(f, &p));
	assert_false(vn_filter_confirms(f, &p));
	vn_filter_free(f);
}

static void a_frame_cut_short_is_judged_by_what_is_there(void **state)
{
	struct vn_filter *f;
	uint8_t frame[256];
	struct vn_rx_pkt p = { .data = frame, .len = put_frame(UDP9_VLAN5, frame) };

	assert_int_equal(vn_filter_new("vlan 5", &f, NULL), 0);
	take_tag_off(&p, frame);
	p.caplen = 12;
	assert_true(vn_filter_matches(f, &p));
	p.caplen = 11; /* no place for the tag */
	assert_false(vn_filter_matches(f, &p));
	vn_filter_free(f);
}

static void an_expression_that_is_none_is_told_with_its_fault(void **state)
{
	struct vn_filter *f = (struct vn_filter *)1;
	struct vn_err err = { "" };

	assert_int_equal(vn_filter_new("udp prot 9", &f, &err), -EINVAL);
	assert_null(f);
	assert_non_null(strstr(err.text, "filter \"udp prot 9\": "));
	assert_non_null(strstr(err.text, "syntax error"));
	vn_filter_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_frames_are_chosen_everywhere),
		cmocka_unit_test(the_kernel_takes_the_program),
		cmocka_unit_test(a_program_too_long_to_translate_lets_tagged_frames_through),
		cmocka_unit_test(a_frame_cut_short_is_judged_by_what_is_there),
		cmocka_unit_test(an_expression_that_is_none_is_told_with_its_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
