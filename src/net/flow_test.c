/* SPDX-License-Identifier: BSD-2-Clause */
/* Which bytes of a frame make its flow: each that should, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/net_priv.h"

#define LEN 80

/* Bytes that are not 0; a map of which count, a letter for each byte: 'x' counts,
 * '.' does not, as those behind the map; '?' says how others are read and is
 * left out. */
static const struct {
	const char *name;
	struct {
		uint8_t at, byte;
	} set[5];
	const char *map;
} frames[] = {
	{ "ipv4 udp",
	  { { 12, 0x08 }, { 14, 0x45 }, { 23, 17 } },
	  "............???.....??.?..xxxxxxxxxxxx" },
	{ "ipv4 icmp",
	  { { 12, 0x08 }, { 14, 0x45 }, { 23, 1 } },
	  "............???.....??.x..xxxxxxxx" },
	{ "ipv4 fragment with udp",
	  { { 12, 0x08 }, { 14, 0x45 }, { 20, 0x20 }, { 23, 17 } },
	  "............???.....??.x..xxxxxxxx" },
	{ "ipv6 tcp",
	  { { 12, 0x86 }, { 13, 0xdd }, { 20, 6 } },
	  "............??......?.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "arp", { { 12, 0x08 }, { 13, 0x06 } }, "............??" },
	{ "ipv4 in two tags",
	  { { 12, 0x88 }, { 13, 0xa8 }, { 16, 0x81 }, { 20, 0x08 }, { 22, 0x45 } },
	  "............??..??..???.....??.x..xxxxxxxx" },
};

static void bytes_of_a_flow_count_and_no_others(void **state)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(frames); i++) {
		size_t n = strlen(frames[i].map);
		uint8_t p[LEN] = { 0 };
		uint32_t hash;

		for (size_t s = 0; s < VN_ARRAY_SIZE(frames[i].set); s++)
			if (frames[i].set[s].at)
				p[frames[i].set[s].at] = frames[i].set[s].byte;
		hash = vn_flow_hash(p, LEN, 1);
		for (unsigned int at = 0; at < LEN; at++) {
			char letter = at < n ? frames[i].map[at] : '.';
			bool counts;

			p[at] ^= 0x40;
			counts = vn_flow_hash(p, LEN, 1) != hash;
			p[at] ^= 0x40;
			if (letter != '?' && counts != (letter == 'x'))
				fail_msg("%s: byte %u %s", frames[i].name, at,
					 counts ? "counts" : "does not count");
		}
	}
}

static void the_seed_counts(void **state)
{
	uint8_t p[LEN] = { 0 };

	assert_int_equal(vn_flow_hash(p, LEN, 1), vn_flow_hash(p, LEN, 1));
	assert_int_not_equal(vn_flow_hash(p, LEN, 1), vn_flow_hash(p, LEN, 2));
}

/* Each shorter frame in memory of just its length: the sanitizer sees a read
 * behind it. */
static void a_short_frame_is_not_read_beyond_its_end(void **state)
{
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x8100, 0x88b5 };

	for (size_t t = 0; t < VN_ARRAY_SIZE(types); t++) {
		for (uint32_t len = 0; len <= LEN; len++) {
			uint8_t *p = malloc(len + !len);

			assert_non_null(p);
			memset(p, 0, len);
			if (len >= 14) {
				p[12] = (uint8_t)(types[t] >> 8);
				p[13] = (uint8_t)types[t];
			}
			if (len >= 15)
				p[14] = 0x4f; /* options to 60 bytes */
			if (len >= 24)
				p[23] = 17;
			assert_int_equal(vn_flow_hash(p, len, 1), vn_flow_hash(p, len, 1));
			free(p);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_of_a_flow_count_and_no_others),
		cmocka_unit_test(the_seed_counts),
		cmocka_unit_test(a_short_frame_is_not_read_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
