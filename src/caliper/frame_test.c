/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers from descriptors, against bytes that scapy made. */
#include "caliper/driver_fixture_test.h"

static const uint8_t if_mac[6] = { 2, 0x4e, 0x46, 0x32, 0x43, 0 };

static void expect_bytes(const struct entry *e, const char *hex, uint16_t wire_len)
{
	assert_int_equal(strlen(hex), 2 * e->copy_len);
	for (unsigned int i = 0; i < e->copy_len; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		if (e->bytes[i] != strtoul(byte, NULL, 16))
			fail_msg("byte %u is %02x, not %s", i, e->bytes[i], byte);
	}
	assert_int_equal(e->wire_len, wire_len);
}

static const struct frame_case {
	uint32_t dst_ip;
	uint16_t flags, payload_len, data_len;
	uint8_t ttl, tos;
	const char *data, *hex; /* hex: what is copied */
	uint16_t wire_len;
} cases[] = {
	/* plain */
	{ 0x0a000002, 0, 18, 0, 0, 0x00, "",
	  "020000000001024e4632430008004500002e00000000401166bd0a0000010a00"
	  "000204d20009001a0000",
	  60 },
	/* ttl, tos, odd data, checksum */
	{ 0x0a000002, CAL_UDPCSUM, 101, 5, 7, 0xb8, "\141\142\143\144\145",
	  "020000000001024e46324300080045b800810000000007119eb20a0000010a00"
	  "000204d20009006dbc6f6162636465",
	  143 },
	/* tag and checksum without data */
	{ 0xc0a80101, CAL_VLAN | CAL_UDPCSUM, 1468, 0, 255, 0x00, "",
	  "020000000001024e46324300810061230800450005d800000000ff11ea6a0a00"
	  "0001c0a8010104d2000905c423e1",
	  1514 },
	/* a checksum of 0 */
	{ 0x0a000002, CAL_UDPCSUM, 2, 2, 0, 0x00, "\346\374",
	  "020000000001024e4632430008004500001e00000000401166cd0a0000010a00"
	  "000204d20009000affffe6fc",
	  60 },
	/* no payload */
	{ 0xffffffff, 0, 0, 0, 1, 0x00, "",
	  "020000000001024e4632430008004500001c000000000111afd10a000001ffff"
	  "ffff04d2000900080000",
	  60 },
	/* tag, short: padded */
	{ 0x0a000002, CAL_VLAN, 4, 4, 0, 0x00, "\001\002\003\004",
	  "020000000001024e463243008100612308004500002000000000401166cb0a00"
	  "00010a00000204d20009000c000001020304",
	  60 },
};

static struct cal_descriptor descriptor(const struct frame_case *c)
{
	struct cal_descriptor x = {
		.flags = c->flags,
		.payload_len = c->payload_len,
		.data_len = c->data_len,
		.ttl = c->ttl,
		.tos = c->tos,
		.vlan_tci = 0x6123,
		.src_port = VN_BE16(1234),
		.dst_port = VN_BE16(9),
		.dst_mac = { 2, 0, 0, 0, 0, 1 },
	};

	x.src_ip = VN_BE32(0x0a000001);
	x.dst_ip = VN_BE32(c->dst_ip);
	return x;
}

static void frames_are_as_scapy_makes_them(void **state)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct fixture *f = fixture_running();
		struct cal_descriptor x = descriptor(&cases[i]);
		struct entry e;

		send_descriptor(f, ALICE, &x, cases[i].data);
		e = entry_of(next_pkts(f, 1), 0);
		expect_bytes(&e, cases[i].hex, cases[i].wire_len);
		fixture_free(f);
	}
}

static void the_identification_counts_up(void **state)
{
	struct fixture *f = fixture_running();
	const struct told *t;

	send_pkts(f, ALICE, 21, 100, 0);
	tx_done(f);
	next_pkts(f, 1);
	t = next_pkts(f, 20);
	for (unsigned int i = 0; i < 20; i++) {
		const uint8_t *ip = entry_of(t, i).bytes + 14;
		uint32_t sum = 0;

		assert_int_equal(vn_get_be16(ip + 4), i + 1);
		for (unsigned int k = 0; k < 20; k += 2)
			sum += vn_get_be16(ip + k);
		assert_int_equal((sum >> 16) + (sum & 0xffff), 0xffff);
	}
	fixture_free(f);
}

static void a_source_may_be_given(void **state)
{
	struct fixture *f = fixture_running();
	struct cal_descriptor x = { .src_mac = { 6, 5, 4, 3, 2, 1 } };

	send_descriptor(f, ALICE, &x, NULL);
	assert_memory_equal(entry_of(next_pkts(f, 1), 0).bytes + 6, x.src_mac, 6);
	tx_done(f);
	memset(x.src_mac, 0, 6);
	send_descriptor(f, ALICE, &x, NULL);
	assert_memory_equal(entry_of(next_pkts(f, 1), 0).bytes + 6, if_mac, 6);
	fixture_free(f);
}

static void a_raw_frame_is_as_given(void **state)
{
	static const uint8_t data[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct fixture *f = fixture_running();
	struct cal_descriptor x = {
		.kind = CAL_RAW,
		.payload_len = 500,
		.data_len = sizeof(data),
		.flags = CAL_VLAN | CAL_UDPCSUM,
	};
	struct entry e;

	send_descriptor(f, ALICE, &x, data);
	e = entry_of(next_pkts(f, 1), 0);
	assert_int_equal(e.wire_len, 500);
	assert_int_equal(e.copy_len, sizeof(data));
	assert_memory_equal(e.bytes, data, sizeof(data));
	/* It does not count in the identification. */
	tx_done(f);
	send_pkts(f, ALICE, 1, 0, 0);
	assert_int_equal(vn_get_be16(entry_of(next_pkts(f, 1), 0).bytes + 18), 0);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_as_scapy_makes_them),
		cmocka_unit_test(the_identification_counts_up),
		cmocka_unit_test(a_source_may_be_given),
		cmocka_unit_test(a_raw_frame_is_as_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
