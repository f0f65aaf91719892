/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of the device file's commands. What the kernel answered to some two
 * thousand writes is in tests/recordings_test.c; here are the rules by name, and
 * what a recording of texts cannot show: values that are not displayed.
 */
#include "ctl/fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One write and what comes of it; a result of NULL: as it was. */
struct step {
	const char *write;
	int rc; /* 0: all bytes */
	const char *result;
};

static void run_steps(struct fixture *f, const struct step *steps, size_t n)
{
	char before[VN_RESULT_SIZE];
	ssize_t got;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(before, f->entry.result, sizeof(before));
		got = fixture_write(f, steps[i].write);
		if (got != (steps[i].rc ? steps[i].rc : (ssize_t)strlen(steps[i].write)))
			fail_msg("%s: returned %zd", steps[i].write, got);
		assert_string_equal(f->entry.result, steps[i].result ? steps[i].result : before);
	}
}

#define RUN(f, ...)                                                                                \
	do {                                                                                       \
		static const struct step steps_[] = { __VA_ARGS__ };                               \
		run_steps(f, steps_, VN_ARRAY_SIZE(steps_));                                       \
	} while (0)

static void the_shape_of_a_command_is_forgiving(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "count 5", 0, "OK: count=5" }, { " \t\"count\" = \"6\"\n", 0, "OK: count=6" },
	    { "count=7\ndelay 9\n", 0, "OK: count=7" }, { "", -EINVAL, NULL },
	    { " ", -EINVAL, "No such parameter \"\"" },
	    { "COUNT 1", -EINVAL, "No such parameter \"COUNT\"" },
	    { "abcdefghijklmnopq 1", -EINVAL, "No such parameter \"abcdefghijklmno\"" });
	assert_int_equal(f.entry.stream.cfg.delay_ns, 0);
	fixture_fini(&f);
}

static void what_only_we_have_is_no_command(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "time 5", -EINVAL, "No such parameter \"time\"" },
	    { "stamp ns", -EINVAL, "No such parameter \"stamp\"" },
	    { "pkt-size 60", -EINVAL, "No such parameter \"pkt-size\"" });
	fixture_fini(&f);
}

static void every_command_counts_the_generation_up(void **state)
{
	struct fixture f;
	uint32_t generation;

	fixture_init(&f, true);
	generation = f.entry.stream.generation;
	fixture_write(&f, "mpls 00010000");
	assert_int_not_equal(f.entry.stream.generation, generation);
	generation = f.entry.stream.generation;
	assert_int_equal(fixture_write(&f, "mpls"), -EINVAL); /* empties the list all the same */
	assert_int_equal(f.entry.stream.cfg.n_labels, 0);
	assert_int_not_equal(f.entry.stream.generation, generation);
	generation = f.entry.stream.generation;
	fixture_write(&f, "bogus");
	assert_int_equal(f.entry.stream.generation, generation);
	fixture_fini(&f);
}

static void sizes_move_the_current_size_when_they_differ(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "min_pkt_size 41", 0, "OK: min_pkt_size=42" });
	assert_int_equal(f.entry.stream.cur.pkt_size, 42);
	RUN(&f, { "max_pkt_size 300", 0, "OK: max_pkt_size=300" });
	assert_int_equal(f.entry.stream.cur.pkt_size, 300);
	RUN(&f, { "min_pkt_size 42", 0, "OK: min_pkt_size=42" });
	assert_int_equal(f.entry.stream.cur.pkt_size, 300);
	RUN(&f, { "pkt_size 42", 0, "OK: pkt_size=42" });
	assert_int_equal(f.entry.stream.cfg.max_pkt_size, 300);
	RUN(&f, { "pkt_size 43", 0, "OK: pkt_size=43" });
	assert_int_equal(f.entry.stream.cfg.max_pkt_size, 43);
	assert_int_equal(f.entry.stream.cur.pkt_size, 43);
	fixture_fini(&f);
}

static void numbers_are_clamped_before_they_are_narrowed(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "min_pkt_size 4294967296", 0, "OK: min_pkt_size=0" },
	    { "flows 4294967296", 0, "OK: flows=65536" }, { "burst 4294967296", 0, "OK: burst=0" },
	    { "frags 2147483648", 0, "OK: frags=-2147483648" },
	    { "queue_map_min 65536", 0, "OK: queue_map_min=0" },
	    { "dst_mac_count 4294967295", 0, "OK: dst_mac_count=-1" });
	assert_int_equal(f.entry.stream.cfg.burst, 1); /* the engine never sees 0 */
	fixture_fini(&f);
}

static void ports_and_mac_counts_move_current_values(void **state)
{
	struct vn_stream_cur *cur;
	struct fixture f;

	fixture_init(&f, true);
	cur = &f.entry.stream.cur;
	cur->src_mac_offset = cur->dst_mac_offset = 7;
	fixture_write(&f, "udp_src_min 9"); /* as it was */
	assert_int_equal(cur->udp_src, 0);
	fixture_write(&f, "udp_src_max 100");
	assert_int_equal(cur->udp_src, 100);
	fixture_write(&f, "udp_dst_min 200");
	assert_int_equal(cur->udp_dst, 200);
	fixture_write(&f, "src_mac_count 0");
	assert_int_equal(cur->src_mac_offset, 7);
	fixture_write(&f, "src_mac_count 5");
	assert_int_equal(cur->src_mac_offset, 0);
	fixture_write(&f, "dst_mac_count 5");
	assert_int_equal(cur->dst_mac_offset, 0);
	fixture_fini(&f);
}

static void rates_keep_the_exact_gap(void **state)
{
	static const struct {
		const char *write;
		uint64_t delay_ns, num, den;
	} cases[] = {
		{ "ratep 3333333", 300, 1000000000, 3333333 },
		{ "ratep 1000000", 1000, 1000, 1 },
		{ "rate 7", 68571, 480000, 7 },
		{ "rate 480001", 0, 480000, 480001 },
		{ "delay 1000", 1000, 1000, 1 },
		{ "delay 0", 0, 0, 1 },
		{ "delay 2147483647", VN_DELAY_NEVER, VN_DELAY_NEVER, 1 },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f, true);
	fixture_write(&f, "pkt_size 60");
	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		assert_true(fixture_write(&f, cases[i].write) > 0);
		assert_int_equal(f.entry.stream.cfg.delay_ns, cases[i].delay_ns);
		assert_int_equal(f.entry.stream.cfg.period_num, cases[i].num);
		assert_int_equal(f.entry.stream.cfg.period_den, cases[i].den);
	}
	RUN(&f, { "rate 0", -EINVAL, NULL }, { "ratep", -EINVAL, NULL });
	assert_int_equal(f.entry.stream.cfg.delay_ns, VN_DELAY_NEVER);
	fixture_fini(&f);
}

static void sharing_is_checked_in_the_kernels_order(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "flag !SHARED", 0, "OK: flags=0x0" }, { "burst 2", -EINVAL, NULL },
	    { "clone_skb 1", -EINVAL, NULL },
	    { "xmit_mode netif_receive", 0, "OK: xmit_mode=netif_receive" },
	    { "clone_skb 1", -EOPNOTSUPP, NULL }, { "burst 2", -EINVAL, NULL },
	    { "flag SHARED", 0, "OK: flags=0x40000" }, { "burst 2", 0, "OK: burst=2" },
	    { "flag !SHARED", -EINVAL, NULL },
	    { "xmit_mode queue_xmit", 0, "OK: xmit_mode=queue_xmit" },
	    { "burst 3", -EOPNOTSUPP, NULL }, { "imix_weights 64,1", 0, NULL },
	    { "clone_skb 1", -EINVAL, NULL }, { "clone_skb 0", 0, "OK: clone_skb=0" });
	fixture_fini(&f);

	fixture_init(&f, false);
	RUN(&f, { "flag !SHARED", 0, "OK: flags=0x0" }, { "burst 2", -EOPNOTSUPP, NULL },
	    { "clone_skb 4294967296", -EOPNOTSUPP, NULL },
	    { "burst 4294967296", -EOPNOTSUPP, NULL });
	fixture_fini(&f);
}

static void indirect_modes_set_the_sent_well_mark(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	fixture_write(&f, "xmit_mode start_xmit");
	assert_false(f.entry.last_ok);
	fixture_write(&f, "xmit_mode bogus");
	assert_false(f.entry.last_ok);
	fixture_write(&f, "xmit_mode queue_xmit");
	assert_true(f.entry.last_ok);
	fixture_fini(&f);
}

static void addresses_become_range_ends_and_current(void **state)
{
	struct vn_stream_cur *cur;
	struct fixture f;

	fixture_init(&f, true);
	cur = &f.entry.stream.cur;
	fixture_write(&f, "dst 10.0.0.1");
	assert_int_equal(cur->daddr_min, 0x0a000001);
	fixture_write(&f, "dst_max 10.0.0.9");
	assert_int_equal(cur->daddr_max, 0x0a000009);
	assert_int_equal(cur->daddr, 0x0a000009);
	cur->daddr = 5;
	fixture_write(&f, "dst_max 10.0.0.9"); /* the same text */
	assert_int_equal(cur->daddr, 5);
	fixture_write(&f, "src_min 1.2.3.4");
	fixture_write(&f, "src_max 1.2.3.5");
	assert_int_equal(cur->saddr_min, 0x01020304);
	assert_int_equal(cur->saddr_max, 0x01020305);
	assert_int_equal(cur->saddr, 0x01020305);
	/* A shorter text leaves nothing of the longer one behind. */
	fixture_write(&f, "src_min 1");
	assert_string_equal(f.entry.stream.cfg.src_min, "1");
	assert_int_equal(f.entry.stream.cfg.src_min[2], '\0');
	fixture_fini(&f);
}

static void macs_go_into_the_header(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "dst_mac 02:00:00:00:00:02", 0, "OK: dstmac 02:00:00:00:00:02" },
	    { "src_mac 0A:00:00:00:00:03 x", 0, "OK: srcmac 0a:00:00:00:00:03" },
	    { "src_mac 0a:00", -EINVAL, NULL });
	assert_memory_equal(f.entry.stream.cur.hdr_dst, "\2\0\0\0\0\2", 6);
	assert_memory_equal(f.entry.stream.cur.hdr_src, "\12\0\0\0\0\3", 6);
	fixture_fini(&f);
}

static void a_bad_ipv6_word_still_makes_it_ipv6(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "dst6 fd00::1", 0, "OK: dst6=fd00::1" },
	    { "dst6_min fd00::2", 0, "OK: dst6_min=fd00::2" });
	assert_int_equal(f.entry.stream.cur.daddr6.s6_addr[15], 2);
	RUN(&f, { "flag !IPV6", 0, "OK: flags=0x40000" }, { "dst6 zz", 0, "OK: dst6=fd00::1" });
	assert_int_equal(f.entry.stream.cur.daddr6.s6_addr[15], 1);
	assert_true(f.entry.stream.cfg.flags & VN_FLAG_IPV6);
	RUN(&f, { "dst6_max fd00::f", 0, "OK: dst6_max=fd00::f" });
	assert_int_equal(f.entry.stream.cur.daddr6.s6_addr[15], 1);
	fixture_fini(&f);
}

static void tags_and_labels_take_each_other_away(void **state)
{
	struct vn_stream_cfg *cfg;
	struct fixture f;

	fixture_init(&f, true);
	cfg = &f.entry.stream.cfg;
	RUN(&f, { "vlan_p 1", 0, "ERROR: vlan_p must be 0-7" }, { "vlan_id 5", 0, "OK: vlan_id=5" },
	    { "vlan_p 3", 0, "OK: vlan_p=3" }, { "svlan_id 6", 0, "OK: svlan_id=6" },
	    { "svlan_cfi 2", 0, "ERROR: svlan_cfi must be 0-1" },
	    { "mpls 00010100,2", 0, "OK: mpls=00010100,00000002" });
	assert_int_equal(cfg->vlan_id, VN_VLAN_OFF);
	assert_int_equal(cfg->svlan_id, VN_VLAN_OFF);
	assert_true(cfg->flags & VN_FLAG_MPLS_RND);
	RUN(&f, { "vlan_id 9999", 0, NULL });
	assert_int_equal(cfg->n_labels, 2);
	RUN(&f, { "vlan_id 7", 0, "OK: vlan_id=7" });
	assert_int_equal(cfg->n_labels, 0);
	assert_int_equal(cfg->vlan_p, 3); /* kept while the tag was off */
	RUN(&f, { "svlan_id 4096", 0, NULL });
	assert_int_equal(cfg->vlan_id, VN_VLAN_OFF);
	fixture_fini(&f);
}

static void sixteen_labels_are_all(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	assert_true(fixture_write(&f, "mpls 1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,10") > 0);
	assert_int_equal(f.entry.stream.cfg.n_labels, 16);
	assert_int_equal(fixture_write(&f, "mpls 1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,10,"), -E2BIG);
	assert_int_equal(f.entry.stream.cfg.n_labels, 0);
	RUN(&f, { "mpls 1,", -EINVAL, NULL }, { "mpls 1,\n", 0, "OK: mpls=" },
	    { "mpls 100,0", 0, "OK: mpls=" });
	fixture_fini(&f);
}

static void imix_keeps_what_was_read_and_the_old_slots(void **state)
{
	struct vn_imix *m;
	struct fixture f;

	fixture_init(&f, true);
	m = &f.entry.stream.imix;
	RUN(&f, { "imix_weights 40,7 576,4 1500,1", 0, NULL });
	assert_int_equal(m->n, 3);
	assert_int_equal(m->entry[0].size, 42);
	assert_int_equal(m->slot[99], 2);
	m->entry[1].packets = 12;
	RUN(&f, { "imix_weights 64,1 128,", -EINVAL, NULL });
	assert_int_equal(m->n, 1);
	assert_int_equal(m->slot[99], 2);
	assert_int_equal(m->entry[1].packets, 12);
	RUN(&f, { "imix_weights 64,1 128,1", 0, NULL });
	assert_int_equal(m->entry[1].packets, 12);
	fixture_fini(&f);
}

/* The room is looked at before the next pair is, as with labels. */
static void after_twenty_sizes_nothing_may_follow(void **state)
{
	char command[256];
	struct vn_text text;
	struct fixture f;
	int i;

	fixture_init(&f, true);
	vn_text_init(&text, command, sizeof(command));
	vn_text_add(&text, "imix_weights");
	for (i = 0; i < VN_IMIX_MAX; i++)
		vn_text_add(&text, " 64,1");
	assert_true(fixture_write(&f, command) > 0);
	vn_text_add(&text, " ");
	assert_int_equal(fixture_write(&f, command), -E2BIG);
	assert_int_equal(f.entry.stream.imix.n, VN_IMIX_MAX);
	assert_int_equal(fixture_write(&f, "imix_weights 64,1 "), -EINVAL);
	fixture_fini(&f);
}

static void counters_are_cleared(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	vn_stat_set(&f.entry.stats.sofar, 5);
	vn_stat_set(&f.entry.stats.errors, 6);
	vn_stat_set(&f.entry.stats.tx_bytes, 7);
	vn_stat_set(&f.entry.stats.idle_ns, 8);
	vn_stat_set(&f.entry.stats.started_ns, 9);
	RUN(&f, { "clear_counters 1", 0, "OK: Clearing counters.\n" });
	assert_int_equal(vn_stat_get(&f.entry.stats.sofar), 0);
	assert_int_equal(vn_stat_get(&f.entry.stats.errors), 0);
	assert_int_equal(vn_stat_get(&f.entry.stats.tx_bytes), 0);
	assert_int_equal(vn_stat_get(&f.entry.stats.idle_ns), 0);
	assert_int_equal(vn_stat_get(&f.entry.stats.started_ns), 9);
	assert_int_equal(f.entry.seq_num, 1);
	fixture_fini(&f);
}

static void older_spellings_of_a_flag_are_taken(void **state)
{
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "flag NODE_ALLOC", 0, "OK: flags=0x60000" },
	    { "flag !NODE_ALLOC", 0, "OK: flags=0x40000" });
	fixture_fini(&f);
}

static void debug_is_shared_by_all_devices(void **state)
{
	_Atomic int32_t debug = 7;
	struct fixture f;

	fixture_init(&f, true);
	RUN(&f, { "debug 1", 0, "OK: debug=1" }); /* an entry that shares with nobody */
	f.entry.debug = &debug;
	RUN(&f, { "debug 4294967295", 0, "OK: debug=4294967295" });
	assert_int_equal(debug, -1);
	RUN(&f, { "debug", 0, "OK: debug=0" });
	assert_int_equal(debug, 0);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shape_of_a_command_is_forgiving),
		cmocka_unit_test(what_only_we_have_is_no_command),
		cmocka_unit_test(every_command_counts_the_generation_up),
		cmocka_unit_test(sizes_move_the_current_size_when_they_differ),
		cmocka_unit_test(numbers_are_clamped_before_they_are_narrowed),
		cmocka_unit_test(ports_and_mac_counts_move_current_values),
		cmocka_unit_test(rates_keep_the_exact_gap),
		cmocka_unit_test(sharing_is_checked_in_the_kernels_order),
		cmocka_unit_test(indirect_modes_set_the_sent_well_mark),
		cmocka_unit_test(addresses_become_range_ends_and_current),
		cmocka_unit_test(macs_go_into_the_header),
		cmocka_unit_test(a_bad_ipv6_word_still_makes_it_ipv6),
		cmocka_unit_test(tags_and_labels_take_each_other_away),
		cmocka_unit_test(sixteen_labels_are_all),
		cmocka_unit_test(imix_keeps_what_was_read_and_the_old_slots),
		cmocka_unit_test(after_twenty_sizes_nothing_may_follow),
		cmocka_unit_test(counters_are_cleared),
		cmocka_unit_test(older_spellings_of_a_flag_are_taken),
		cmocka_unit_test(debug_is_shared_by_all_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
