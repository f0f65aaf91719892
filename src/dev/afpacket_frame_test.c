/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of a ring as a kernel would have laid them there. */
#include "dev/afpacket_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

struct made_up {
	struct tpacket3_hdr h;
	struct sockaddr_ll to __attribute__((aligned(TPACKET_ALIGNMENT)));
	uint8_t bytes[60];
};

_Static_assert(offsetof(struct made_up, to) == TPACKET_ALIGN(sizeof(struct tpacket3_hdr)),
	       "the address lies where the kernel puts it");

static const struct made_up plain = {
	.h = { .tp_sec = 1700000000,
	       .tp_nsec = 123456789,
	       .tp_snaplen = 60,
	       .tp_len = 1500,
	       .tp_mac = offsetof(struct made_up, bytes) },
	.to.sll_pkttype = PACKET_OTHERHOST,
};

static void a_stamp_is_known_by_the_frames_flag(void **state)
{
	static const uint64_t raw_ns = 1700000000123456789;
	static const struct {
		uint32_t wanted, status;
		int64_t offset_ns;
		uint64_t stamp_ns;
		unsigned int other;
	} cases[] = {
		{ TP_STATUS_TS_SOFTWARE, TP_STATUS_TS_SOFTWARE, 0, raw_ns, 0 },
		{ TP_STATUS_TS_SOFTWARE, 0, 0, raw_ns, 1 }, /* stamped at the ring */
		{ TP_STATUS_TS_RAW_HARDWARE, TP_STATUS_TS_RAW_HARDWARE, 37000000000,
		  raw_ns + 37000000000, 0 },
		{ TP_STATUS_TS_RAW_HARDWARE, TP_STATUS_TS_RAW_HARDWARE, -5, raw_ns - 5, 0 },
		/* A frame that the hardware did not stamp is on the system's clock. */
		{ TP_STATUS_TS_RAW_HARDWARE, TP_STATUS_TS_SOFTWARE, 37000000000, raw_ns, 1 },
		{ TP_STATUS_TS_RAW_HARDWARE, 0, 37000000000, raw_ns, 1 },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_afpacket_stamps s = { cases[i].wanted, cases[i].offset_ns, 5 };
		struct made_up f = plain;
		struct vn_rx_pkt p;

		f.h.tp_status = TP_STATUS_USER | cases[i].status;
		vn_afpacket_describe(&f.h, &s, &p);
		assert_true(p.stamp_ns == cases[i].stamp_ns);
		assert_int_equal(s.other, 5 + cases[i].other);
	}
}

static void bytes_lengths_and_tag_are_the_frames(void **state)
{
	struct vn_afpacket_stamps s = { .flag = TP_STATUS_TS_SOFTWARE };
	struct made_up f = plain;
	struct vn_rx_pkt p;

	f.h.hv1.tp_vlan_tci = 0x6005;
	f.h.hv1.tp_vlan_tpid = 0x88a8;
	vn_afpacket_describe(&f.h, &s, &p);
	assert_ptr_equal(p.data, f.bytes);
	assert_int_equal(p.caplen, 60);
	assert_int_equal(p.len, 1500);
	assert_false(p.has_vlan || p.is_outgoing);
	f.h.tp_status = TP_STATUS_VLAN_VALID;
	vn_afpacket_describe(&f.h, &s, &p);
	assert_true(p.has_vlan);
	assert_int_equal(p.vlan_tci, 0x6005);
	assert_int_equal(p.vlan_tpid, 0x8100); /* not said: the usual one */
	f.h.tp_status |= TP_STATUS_VLAN_TPID_VALID;
	vn_afpacket_describe(&f.h, &s, &p);
	assert_int_equal(p.vlan_tpid, 0x88a8);
}

static void where_it_went_lies_behind_the_header(void **state)
{
	struct made_up f = plain;

	assert_false(vn_afpacket_went_out(&f.h));
	f.to.sll_pkttype = PACKET_OUTGOING;
	assert_true(vn_afpacket_went_out(&f.h));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stamp_is_known_by_the_frames_flag),
		cmocka_unit_test(bytes_lengths_and_tag_are_the_frames),
		cmocka_unit_test(where_it_went_lies_behind_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
