/* SPDX-License-Identifier: BSD-2-Clause */
/* The device file's text. Most lines are held against recordings in
 * tests/recordings_test.c; here are those that only a run changes. */
#include "ctl/fixture.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_fresh_entry_reads_as_the_kernels(void **state)
{
	struct fixture f;
	char text[2048];

	fixture_init(&f, true);
	vn_ctl_device_show(&f.entry, text, sizeof(text));
	assert_string_equal(text,
			    "Params: count 1000  min_pkt_size: 0  max_pkt_size: 0\n"
			    "     frags: 0  delay: 0  clone_skb: 0  ifname: dummy0\n"
			    "     flows: 0 flowlen: 0\n"
			    "     queue_map_min: 0  queue_map_max: 0\n"
			    "     dst_min:   dst_max: \n"
			    "     src_min:   src_max: \n"
			    "     src_mac: 02:00:00:00:00:d0 dst_mac: 00:00:00:00:00:00\n"
			    "     udp_src_min: 9  udp_src_max: 9  udp_dst_min: 9  udp_dst_max: 9\n"
			    "     src_mac_count: 0  dst_mac_count: 0\n"
			    "     Flags: SHARED  \n"
			    "Current:\n"
			    "     pkts-sofar: 0  errors: 0\n"
			    "     started: 0us  stopped: 0us idle: 0us\n"
			    "     seq_num: 0  cur_dst_mac_offset: 0  cur_src_mac_offset: 0\n"
			    "     cur_saddr: 0.0.0.0  cur_daddr: 0.0.0.0\n"
			    "     cur_udp_dst: 0  cur_udp_src: 0\n"
			    "     cur_queue_map: 0\n"
			    "     flows: 0\n"
			    "Result: Idle\n");
	fixture_fini(&f);
}

static void must_have(struct fixture *f, const char *line)
{
	char text[2048];

	vn_ctl_device_show(&f->entry, text, sizeof(text));
	if (!strstr(text, line))
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void times_are_microseconds_and_stopped_is_now_while_running(void **state)
{
	struct vn_entry_stats *s;
	struct fixture f;

	fixture_init(&f, true);
	s = &f.entry.stats;
	vn_stat_set(&s->started_ns, 5999);
	vn_stat_set(&s->stopped_ns, 4000);
	vn_stat_set(&s->idle_ns, 1001999);
	f.clock.virtual_ns = 9000;
	must_have(&f, "\n     started: 5us  stopped: 4us idle: 1001us\n");
	atomic_store(&s->is_running, true);
	must_have(&f, "\n     started: 5us  stopped: 9us idle: 1001us\n");
	fixture_fini(&f);
}

static void counters_and_current_values_are_shown(void **state)
{
	struct vn_stream_cur *cur;
	struct fixture f;

	fixture_init(&f, true);
	cur = &f.entry.stream.cur;
	vn_stat_set(&f.entry.stats.sofar, UINT64_MAX);
	vn_stat_set(&f.entry.stats.errors, 3);
	f.entry.seq_num = UINT32_MAX;
	cur->dst_mac_offset = 4;
	cur->src_mac_offset = UINT32_MAX;
	cur->saddr = 0xc6120001;
	cur->udp_dst = 11;
	cur->udp_src = 12;
	cur->queue_map = 13;
	cur->nflows = 14;
	must_have(&f, "\n     pkts-sofar: 18446744073709551615  errors: 3\n");
	must_have(&f, "\n     seq_num: -1  cur_dst_mac_offset: 4  cur_src_mac_offset: -1\n");
	must_have(&f, "\n     cur_saddr: 198.18.0.1  cur_daddr: 0.0.0.0\n");
	must_have(&f, "\n     cur_udp_dst: 11  cur_udp_src: 12\n     cur_queue_map: 13\n"
		      "     flows: 14\nResult: Idle\n");
	fixture_fini(&f);
}

static void imix_counts_are_shown(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	fixture_write(&f, "imix_weights 64,1 1500,3");
	f.entry.stream.imix.entry[1].packets = 77;
	must_have(&f, "\n     imix_weights: 64,1 1500,3 \n");
	must_have(&f, "\n     imix_size_counts: 64,0 1500,77 \n");
	fixture_fini(&f);
}

static void a_result_of_two_lines_is_shown_whole(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	vn_ctl_result(&f.entry, "OK: 1(c1+d0) usec, 5 (60byte,-1frags)\n  0pps errors: 0");
	must_have(&f, "\nResult: OK: 1(c1+d0) usec, 5 (60byte,-1frags)\n  0pps errors: 0\n");
	fixture_fini(&f);
}

static void a_text_that_does_not_fit_is_cut(void **state)
{
	struct fixture f;
	char text[64];

	fixture_init(&f, true);
	assert_int_equal(vn_ctl_device_show(&f.entry, text, sizeof(text)), sizeof(text) - 1);
	assert_int_equal(strlen(text), sizeof(text) - 1);
	fixture_fini(&f);
}

static void ipv6_addresses_are_printed_as_the_kernel_does(void **state)
{
	static const struct {
		const char *address, *text;
	} cases[] = {
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "fd00:0:0:1::2", "fd00:0:0:1::2" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "::1.2.3.4", "::102:304" },
		{ "::ffff:1.2.3.4", "::ffff:1.2.3.4" },
		{ "::ffff:0:1.2.3.4", "::ffff:0:102:304" },
		{ "fe80::5efe:192.168.0.1", "fe80::5efe:192.168.0.1" },
		{ "fe80::200:5efe:0.0.0.0", "fe80::200:5efe:0.0.0.0" },
		{ "FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "1111:2222:3333:4444:0:5efe:255.255.255.255",
		  "1111:2222:3333:4444:0:5efe:255.255.255.255" },
	};
	char text[VN_IPV6_TEXT_SIZE];
	struct in6_addr a;
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_int_equal(inet_pton(AF_INET6, cases[i].address, &a), 1);
		vn_ctl_ipv6_text(&a, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_entry_reads_as_the_kernels),
		cmocka_unit_test(times_are_microseconds_and_stopped_is_now_while_running),
		cmocka_unit_test(counters_and_current_values_are_shown),
		cmocka_unit_test(imix_counts_are_shown),
		cmocka_unit_test(a_result_of_two_lines_is_shown_whole),
		cmocka_unit_test(a_text_that_does_not_fit_is_cut),
		cmocka_unit_test(ipv6_addresses_are_printed_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
