/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's program alone, where things are not as they should be: late packets, frames
 * from the network, a host that is slow, resets, commands that are none (spec caliper 6
 * and K8, K10 to K12 of section 7).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "card_side.h"
#include "wire/bytes.h"

enum { LEAD = 250000, SMALL = 60 };

static uint64_t packets(uint64_t otherwise)
{
	const char *text = getenv("VN_PKTGEN_N");

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void expect_no_loss(struct side *s)
{
	const struct vn_nt_counters *c = vn_nt_hw_counters(s->hw);

	assert_int_equal(c->cpu_rx_full[0], 0);
	assert_int_equal(c->cpu_tx_full[0], 0);
	assert_int_equal(c->mac_tx_full[0], 0);
}

static void first_is_absolute(struct side *s, uint64_t k, struct side_packet *p)
{
	if (k == 0) {
		p->flags |= DRIVERCOMM_ABSOLUTE;
		p->time = side_now(s) + LEAD;
	}
}

/* Each command that took of the quota has given back: with a step of 1 all is told at once. */
static void expect_all_credit(struct side *s)
{
	s->is_held = true;
	side_run_to(s, side_now(s) + 100000);
	assert_int_equal(s->credits, s->commands);
}

/* -- Reports --------------------------------------------------------------- */

enum { TOLD = 4000 };

struct told {
	struct vn_rng rng;
	uint64_t gap[TOLD];			 /* that was asked for */
	uint64_t left[TOLD], was_late[TOLD];	 /* as seen */
	uint64_t cycle[TOLD], late[TOLD], worst; /* as told */
	unsigned int times[TOLD];
};

static void note_reports(struct side *s, const struct side_message *m)
{
	struct told *t = s->cfg.arg;

	for (uint32_t i = 0; i < m->reports; i++) {
		const uint8_t *r = m->report + i * sizeof(struct drivercomm_report);
		uint32_t seq = vn_get_be32(r);

		assert_in_range(seq, 0, TOLD - 1);
		t->times[seq]++;
		t->cycle[seq] = (uint64_t)vn_get_be32(r + 4) << 32 | vn_get_be32(r + 8);
		t->late[seq] = vn_get_be32(r + 12);
		t->worst = VN_MAX(t->worst, t->late[seq]);
	}
}

static void note_departure(struct side *s, uint64_t k, uint64_t cycle, uint64_t late)
{
	struct told *t = s->cfg.arg;

	t->left[k] = cycle;
	t->was_late[k] = late;
}

/* -- Late packets ---------------------------------------------------------- */

enum { LONG = 20000 };

static void bursts_and_pauses(struct side *s, uint64_t k, struct side_packet *p)
{
	struct told *t = s->cfg.arg;
	uint32_t kind = vn_rng_below(&t->rng, 8);

	*p = (struct side_packet){ 0, DRIVERCOMM_REPORT, SMALL, 42 };
	if (kind >= 4)
		p->time =
			kind < 7 ? vn_rng_below(&t->rng, 300) : LONG + vn_rng_below(&t->rng, 40000);
	first_is_absolute(s, k, p);
	t->gap[k] = p->time;
}

/* By the reports, since a wire shows less: each gap counts from when the one before really left,
 * and after a pause nothing is late any more. */
static uint64_t check_slips(const struct told *t, uint64_t n)
{
	uint64_t n_late = 0, planned;

	for (uint64_t k = 0; k < n; k++) {
		assert_int_equal(t->times[k], 1);
		planned = k ? t->cycle[k - 1] + t->gap[k] : t->gap[k];
		assert_int_equal(t->cycle[k], planned + t->late[k]);
		assert_true(t->late[k] < LONG && (t->gap[k] < LONG || !t->late[k]));
		n_late += t->late[k] > 0;
	}
	return n_late;
}

static void k8_what_is_late_leaves_at_once(void **state)
{
	struct side_config cfg = side_defaults;
	struct told *t = calloc(1, sizeof(*t));
	struct side s;

	vn_rng_seed(&t->rng, 8, 0);
	cfg.packets = TOLD;
	cfg.packet = bursts_and_pauses;
	cfg.message = note_reports;
	cfg.arg = t;
	side_open(&s, &cfg);
	side_configure(&s, 0, 1, 8);
	side_run(&s);
	side_configure(&s, 0, 1, 8);
	expect_all_credit(&s);
	assert_int_equal(s.told_late, check_slips(t, TOLD));
	assert_in_range(s.told_late, TOLD / 2, TOLD * 7 / 8);
	expect_no_loss(&s);
	side_close(&s);
	free(t);
}

/* Asked for while the packet before is still on the line. */
struct crowd {
	struct vn_rng rng;
	uint64_t departure, planned; /* of the packet before */
	uint32_t len;
	bool catches_up;
	uint64_t n_late, n_slow;
};

static void large_and_close(struct side *s, uint64_t k, struct side_packet *p)
{
	struct crowd *c = s->cfg.arg;
	uint16_t flags = c->catches_up ? DRIVERCOMM_CATCHUP : 0;
	uint32_t kind = vn_rng_below(&c->rng, 8);

	*p = (struct side_packet){ 0, flags, (uint16_t)(800 + vn_rng_below(&c->rng, 700)), 42 };
	if (kind == 0)
		p->time = 3 * LONG;
	else if (kind < 5)
		p->time = vn_rng_below(&c->rng, 1600);
	first_is_absolute(s, k, p);
}

/* When it was planned for, or when the line is free: whichever is later. (A few that come behind
 * a message to the host are slower.) */
static void leaves_when_the_line_is_free(struct side *s, uint64_t k, uint64_t cycle, uint64_t late)
{
	const struct side_packet *p = &s->pending[k % SIDE_PENDING].packet;
	struct crowd *c = s->cfg.arg;
	uint64_t planned = cycle - late, line_free = c->departure + c->len + 24;

	if (k) {
		assert_int_equal(planned, (c->catches_up ? c->planned : c->departure) + p->time);
		assert_true(cycle >= VN_MAX(planned, line_free));
		c->n_slow += cycle > VN_MAX(planned, line_free);
	}
	c->n_late += late > 0;
	c->departure = cycle;
	c->planned = planned;
	c->len = p->wire_len;
}

/* Else the queue in front of the line would fill, and drop. */
static void no_packet_leaves_before_the_line_is_free(void **state)
{
	struct side_config cfg = side_defaults;
	struct side s;

	for (int i = 0; i < 2; i++) {
		struct crowd c = { .catches_up = i };

		vn_rng_seed(&c.rng, 9, 0);
		cfg.packets = packets(1500);
		cfg.packet = large_and_close;
		cfg.departed = leaves_when_the_line_is_free;
		cfg.arg = &c;
		side_open(&s, &cfg);
		side_configure(&s, 0, 1, 8);
		side_run(&s);
		side_configure(&s, 0, 1, 8);
		expect_all_credit(&s);
		assert_int_equal(s.told_late, c.n_late);
		assert_in_range(c.n_late, cfg.packets / 2, cfg.packets);
		assert_in_range(c.n_slow, 0, cfg.packets / 50);
		expect_no_loss(&s);
		side_close(&s);
	}
}

static void in_turn(struct side *s, uint64_t k, struct side_packet *p)
{
	*p = (struct side_packet){ 0, k & 1 ? 0 : DRIVERCOMM_ASAP, 300, 42 };
	first_is_absolute(s, k, p);
}

/* Every other one was asked for at gap 0; the rest at no time at all. */
static void who_asked_for_no_time_is_not_late(void **state)
{
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = 1000;
	cfg.packet = in_turn;
	side_open(&s, &cfg);
	side_configure(&s, 0, 1, 8);
	side_run(&s);
	side_configure(&s, 0, 1, 8);
	expect_all_credit(&s);
	assert_int_equal(s.late, 999);
	assert_int_equal(s.told_late, 500);
	side_close(&s);
}

static void catching_up(struct side *s, uint64_t k, struct side_packet *p)
{
	*p = (struct side_packet){
		.time = 2000, .flags = DRIVERCOMM_CATCHUP, .wire_len = SMALL, .copy_len = 42
	};
	first_is_absolute(s, k, p);
	if (k == 500)
		p->time = 1; /* absolute, and long past: late by all the time there was */
	if (k == 500)
		p->flags |= DRIVERCOMM_ABSOLUTE;
}

/* Planned times go on, whatever leaves late: the long-term rate is kept. */
static void what_catches_up_counts_from_its_plan(void **state)
{
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = 2500;
	cfg.packet = catching_up;
	side_open(&s, &cfg);
	side_run(&s);
	/* From packet 500 on, planned for cycle 1 + 2000 * i, all but the first 500 are late
	 * until the plan has reached the present. */
	assert_true(s.worst > 1000000);
	assert_true(s.exact > 500 && s.late > 500);
	assert_int_equal(s.pending[(s.left - 1) % SIDE_PENDING].packet.time, 2000);
	side_close(&s);
}

static void what_was_asked_for_is_reported(void **state)
{
	static const uint64_t gaps[] = { 400, 1538, 5500 };
	struct side_config cfg = side_defaults;
	struct told *t;
	struct side s;

	for (size_t i = 0; i < VN_ARRAY_SIZE(gaps); i++) {
		t = calloc(1, sizeof(*t));
		cfg.packets = 1000;
		cfg.constant = (struct side_packet){ gaps[i], DRIVERCOMM_REPORT, SMALL, 42 };
		cfg.message = note_reports;
		cfg.departed = note_departure;
		cfg.arg = t;
		side_open(&s, &cfg);
		side_run(&s);
		side_run_to(&s, side_now(&s) + 100000);
		for (uint64_t k = 0; k < cfg.packets; k++) {
			assert_int_equal(t->times[k], 1);
			assert_int_equal(t->cycle[k], t->left[k]);
			assert_int_equal(t->late[k], t->was_late[k]);
		}
		expect_no_loss(&s);
		side_close(&s);
		free(t);
	}
}

static void ever_later(struct side *s, uint64_t k, struct side_packet *p)
{
	*p = (struct side_packet){ 0, DRIVERCOMM_CATCHUP, SMALL, 42 };
	first_is_absolute(s, k, p);
}

/* Nobody asked, and there are more than have room: the last one is the latest. */
static void the_greatest_lateness_is_told(void **state)
{
	struct side_config cfg = side_defaults;
	struct told *t = calloc(1, sizeof(*t));
	struct side s;

	cfg.packets = 1000;
	cfg.packet = ever_later;
	cfg.message = note_reports;
	cfg.departed = note_departure;
	cfg.arg = t;
	side_open(&s, &cfg);
	side_run(&s);
	side_run_to(&s, side_now(&s) + 100000);
	assert_true(s.worst > 100000);
	assert_int_equal(t->worst, s.worst);
	assert_true(s.reports < s.late);
	assert_int_equal(side_word(&s, "pktgen_counts", 2) + s.reports, s.late);
	side_close(&s);
	free(t);
}

/* -- Frames from the network ----------------------------------------------- */

struct received {
	uint32_t len, max;
	uint64_t next;
};

/* Frames of the flood in order, some missing. */
static void check_frame(struct side *s, const struct side_message *m)
{
	struct received *r = s->cfg.arg;
	uint32_t i = 0;

	if (m->type != DRIVERCOMM_FRAME)
		return;
	assert_int_equal(m->count, r->len << 3 | 0);
	assert_int_equal(m->frame_len, VN_MIN(r->len, r->max));
	for (; r->next < s->fed; r->next++) {
		for (i = 0; i < m->frame_len && m->frame[i] == side_flood_byte(r->next, i); i++)
			;
		if (i == m->frame_len)
			break;
	}
	assert_int_equal(i, m->frame_len);
	r->next++;
}

static void flooded(uint32_t flags, uint32_t len)
{
	struct received r = { .len = len, .max = flags & DRIVERCOMM_FORWARD_HEADERS ? 64 : 1560 };
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = packets(1000);
	cfg.message = check_frame;
	cfg.arg = &r;
	side_open(&s, &cfg);
	s.cfg.flood_len = len;
	side_configure(&s, flags, 1, 8);
	side_run(&s);
	print_message("# K10, forwarding %u, frames of %u: %llu of %llu exact, %llu handed on\n",
		      flags, len, (unsigned long long)s.exact, (unsigned long long)s.left,
		      (unsigned long long)s.frames);
	assert_int_equal(s.exact, s.left);
	expect_no_loss(&s);
	assert_true(flags ? s.frames > 100 : s.frames == 0);
	s.cfg.flood_len = 0;
	side_run_to(&s, side_now(&s) + 500000);
	side_configure(&s, flags, 1, 8);
	expect_all_credit(&s);
	assert_int_equal(s.frames + s.told_lost, vn_nt_hw_counters(s.hw)->rx_frames[0]);
	side_close(&s);
}

static void k10_a_flood_from_the_network(void **state)
{
	flooded(0, 60);
	flooded(DRIVERCOMM_FORWARD, 60);
	flooded(0, 1514);
	flooded(DRIVERCOMM_FORWARD, 1514);
	flooded(DRIVERCOMM_FORWARD | DRIVERCOMM_FORWARD_HEADERS, 1514);
}

/* A host that takes no messages for 100 ms loses frames, and no credit. */
static void a_slow_host_loses_no_credit(void **state)
{
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = 6000;
	cfg.flood_len = 300;
	side_open(&s, &cfg);
	side_configure(&s, DRIVERCOMM_FORWARD, 1, 8);
	side_run_to_packet(&s, 1000);
	for (int i = 0; i < 5; i++) {
		s.is_deaf = true;
		side_run_to(&s, side_now(&s) + 2500000);
		s.is_deaf = false;
		side_run_to_packet(&s, s.left + 500);
	}
	s.cfg.flood_len = 0;
	side_run(&s);
	expect_no_loss(&s);
	side_configure(&s, 0, 1, 8);
	expect_all_credit(&s);
	side_close(&s);
}

/* -- Resets ---------------------------------------------------------------- */

static void k12_a_reset_under_load(void **state)
{
	struct side_config cfg = side_defaults;
	uint64_t stale;
	struct side s;
	uint32_t len;

	cfg.packets = 100000;
	side_open(&s, &cfg);
	for (int i = 0; i < 20; i++) {
		side_run_to_packet(&s, 100 + 37 * (uint64_t)i);
		assert_int_equal(s.exact, s.left);
		side_reset(&s); /* from here on card_side.c takes none of the old epoch */
		s.exact = 0;
		assert_int_equal(s.allowed, 8);
	}
	/* Commands of the epoch before give nothing, and no credit. */
	s.is_held = true;
	stale = side_word(&s, "pktgen_counts", 1);
	len = side_command(&s, 24);
	s.asked = 0;
	vn_put_be16(s.command + 6, (uint16_t)(s.epoch - 1));
	side_send(&s, s.command, len);
	s.credits = s.commands = 0;
	side_run_to(&s, side_now(&s) + 100000);
	assert_int_equal(side_word(&s, "pktgen_counts", 1), stale + 1);
	s.is_held = false;
	side_run_to_packet(&s, 300);
	assert_int_equal(s.exact, s.left);
	side_close(&s);
}

static void far_away(struct side *s, uint64_t k, struct side_packet *p)
{
	*p = s->cfg.constant;
	p->flags = DRIVERCOMM_ABSOLUTE;
	p->time = side_now(s) + UINT64_C(3600) * VN_NT_HZ * (k + 1);
}

/* While every record holds a packet of hours ahead, what comes from the network is handed on,
 * and a reset is answered. */
static void nothing_waits_for_a_far_departure(void **state)
{
	struct side_config cfg = side_defaults;
	uint64_t before, since;
	struct side s;

	cfg.packets = 1000;
	cfg.packet = far_away;
	side_open(&s, &cfg);
	side_configure(&s, DRIVERCOMM_FORWARD, 1, 8);
	side_run_to(&s, side_now(&s) + 500000);
	assert_int_equal(s.left, 0);
	before = s.frames;
	s.cfg.flood_len = 1514;
	side_run_to(&s, side_now(&s) + 1000000);
	assert_true(s.frames - before > 100);
	s.cfg.flood_len = 0;
	s.is_held = true;
	since = side_now(&s);
	side_reset(&s);
	assert_in_range(side_now(&s) - since, 1, 100000);
	side_close(&s);
}

/* -- Settings, and commands that are none ---------------------------------- */

static void quota_is_as_configured(void **state)
{
	static const struct {
		uint32_t step, start;
	} good[] = { { 1, 2 }, { 2, 2 }, { 8, 8 }, { 3, 5 }, { 8, 1 } };
	static const struct {
		uint32_t step, start;
	} bad[] = { { 0, 8 }, { 9, 8 }, { 4, 0 }, { 4, 9 }, { UINT32_MAX, 1 } };
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = 1000;
	side_open(&s, &cfg);
	assert_int_equal(s.allowed, DRIVERCOMM_QUOTA_START);
	for (size_t i = 0; i < VN_ARRAY_SIZE(good); i++) {
		s.is_held = true;
		side_configure(&s, 0, good[i].step, good[i].start);
		side_reset(&s);
		assert_int_equal(s.allowed, good[i].start);
		s.is_held = false;
		side_run_to_packet(&s, 500); /* it does not come to a stop */
	}
	s.is_held = true;
	side_configure(&s, 0, 1, 8);
	side_reset(&s);
	s.credits = s.commands = 0;
	for (size_t i = 0; i < VN_ARRAY_SIZE(bad); i++)
		side_configure(&s, 0, bad[i].step, bad[i].start);
	expect_all_credit(&s);
	assert_int_equal(side_word(&s, "pktgen_counts", 0), VN_ARRAY_SIZE(bad));
	side_close(&s);
}

/* The same rule once more, from the text of drivercomm.h. */
static bool is_good(const uint8_t *b, uint32_t len, unsigned int epoch, bool *gives_credit)
{
	uint32_t at = 8, n = 0, wire, copied, next = 1;

	*gives_credit = true;
	if (len < 8 || vn_get_be16(b) != DRIVERCOMM_MAGIC || b[2] != 1 || b[3] != DRIVERCOMM_PKTS)
		return false;
	if (vn_get_be16(b + 6) != epoch)
		return *gives_credit = false;
	for (; next; n++, at += next) {
		if (at + 16 > len)
			return false;
		wire = vn_get_be16(b + at + 8);
		copied = vn_get_be16(b + at + 10);
		next = vn_get_be16(b + at + 14);
		if (wire < 60 || wire > 1514 || copied > wire || at + 16 + copied > len ||
		    (next && (next % 8 || next < 16 + copied)))
			return false;
	}
	return n == vn_get_be16(b + 4);
}

/* A command of a few packets at once, in which a few bytes are others; never a reset. */
static uint32_t spoil(struct side *s, struct vn_rng *rng)
{
	static const uint8_t edges[] = { 0, 1, 2, 3, 4, 7, 8, 16, 60, 64, 0x80, 0xff };
	uint32_t len = side_command(s, 1 + vn_rng_below(rng, 24)), n = vn_rng_below(rng, 4);

	if (vn_rng_below(rng, 10) == 0)
		len = 1 + vn_rng_below(rng, DRIVERCOMM_MAX);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = vn_rng_below(rng, 2)
				      ? vn_rng_below(rng, 8)
				      : 8 + 8 + 64 * vn_rng_below(rng, 4) + vn_rng_below(rng, 8);

		s->command[at] = vn_rng_below(rng, 2)
					 ? edges[vn_rng_below(rng, VN_ARRAY_SIZE(edges))]
					 : (uint8_t)vn_rng_below(rng, 256);
	}
	if (s->command[3] == DRIVERCOMM_RESET || s->command[3] == DRIVERCOMM_CONFIG)
		s->command[3] = 0;
	return len;
}

static void one_garbage(struct side *s, struct vn_rng *rng)
{
	uint64_t asked = s->asked;
	uint32_t len = spoil(s, rng);
	bool gives_credit, good = is_good(s->command, len, s->epoch, &gives_credit);
	uint64_t bad = side_word(s, "pktgen_counts", 0), credits = s->credits;

	if (!good)
		s->asked = asked;
	/* What is good may have other flags, times and lengths now: it is not sent. */
	if (good)
		return (void)(s->asked = asked);
	side_send(s, s->command, len);
	side_run_to(s, side_now(s) + 12000);
	assert_int_equal(s->left, asked);
	assert_int_equal(s->credits - credits, gives_credit);
	assert_int_equal(side_word(s, "pktgen_counts", 0) - bad, gives_credit);
}

static void garbage_is_counted_and_freed(void **state)
{
	struct side_config cfg = side_defaults;
	struct vn_rng rng;
	struct side s;

	vn_rng_seed(&rng, 5, 0);
	cfg.packets = 100000;
	cfg.hw.dma_cycles = 100;
	side_open(&s, &cfg);
	s.is_held = true;
	side_configure(&s, 0, 1, 8);
	side_run_to(&s, side_now(&s) + 10000);
	for (int i = 0; i < 3000; i++)
		one_garbage(&s, &rng);
	assert_true(side_word(&s, "pktgen_counts", 0) > 500);
	assert_true(side_word(&s, "pktgen_counts", 1) > 50);
	s.is_held = false;
	s.allowed = 8;
	side_run_to_packet(&s, 1000);
	assert_int_equal(s.exact, s.left);
	side_close(&s);
}

/* -- The clock ------------------------------------------------------------- */

/* 103 s and more: the low word goes round three times. */
static void k11_the_clock_wraps(void **state)
{
	struct side_config cfg = side_defaults;
	struct side s;

	cfg.packets = 13;
	cfg.constant.time = UINT64_C(1100000000);
	side_open(&s, &cfg);
	side_run(&s);
	assert_int_equal(s.exact, s.left);
	assert_true(s.last > 3 * (UINT64_C(1) << 32));
	side_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k8_what_is_late_leaves_at_once),
		cmocka_unit_test(no_packet_leaves_before_the_line_is_free),
		cmocka_unit_test(who_asked_for_no_time_is_not_late),
		cmocka_unit_test(what_catches_up_counts_from_its_plan),
		cmocka_unit_test(what_was_asked_for_is_reported),
		cmocka_unit_test(the_greatest_lateness_is_told),
		cmocka_unit_test(k10_a_flood_from_the_network),
		cmocka_unit_test(a_slow_host_loses_no_credit),
		cmocka_unit_test(k12_a_reset_under_load),
		cmocka_unit_test(nothing_waits_for_a_far_departure),
		cmocka_unit_test(quota_is_as_configured),
		cmocka_unit_test(garbage_is_counted_and_freed),
		cmocka_unit_test(k11_the_clock_wraps),
	};
	const char *elf = getenv("VN_PKTGEN_ELF");

	if (!elf || !*elf) {
		puts("1..0 # SKIP no program: there was no compiler for big-endian MIPS");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
