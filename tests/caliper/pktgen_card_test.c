/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's program alone: measures K1 to K12 of spec caliper section 7, as far as they are
 * the card's, on a card whose other side is card_side.h. VN_PKTGEN_N is how many packets a
 * measure sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "card_side.h"

static uint64_t packets(uint64_t otherwise)
{
	const char *text = getenv("VN_PKTGEN_N");

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static struct side_config config(uint64_t n)
{
	struct side_config cfg = side_defaults;

	cfg.packets = packets(n);
	return cfg;
}

/* The figure of a measure, for who reads the log. */
static void figure(const char *what, const struct side *s)
{
	print_message("# %s: %llu of %llu exact, worst %llu cycles late, %.1f Mb/s\n", what,
		      (unsigned long long)s->exact, (unsigned long long)s->left,
		      (unsigned long long)s->worst, side_rate(s));
}

static void expect_rate(struct side *s, double least, double most)
{
	if (side_rate(s) < least || side_rate(s) > most)
		fail_msg("%.2f Mb/s, not from %.1f to %.1f", side_rate(s), least, most);
}

/* Nothing of the host's was lost, in either direction. */
static void expect_no_loss(struct side *s)
{
	const struct vn_nt_counters *c = vn_nt_hw_counters(s->hw);

	assert_int_equal(c->cpu_rx_full[0], 0);
	assert_int_equal(c->cpu_tx_full[0], 0);
	assert_int_equal(c->mac_tx_full[0], 0);
	assert_int_equal(side_word(s, "pktgen_counts", 0), 0);
}

static void run(struct side *s, const struct side_config *cfg, const char *what)
{
	side_open(s, cfg);
	side_run(s);
	figure(what, s);
	expect_no_loss(s);
}

static void run_exact(struct side *s, const struct side_config *cfg, const char *what)
{
	run(s, cfg, what);
	assert_int_equal(s->exact, s->cfg.packets);
}

/* Sizes and gaps of every kind. That each frame is the next one is card_side.c's to see. */
static void any_packet(struct side *s, uint64_t k, struct side_packet *p)
{
	struct vn_rng *rng = s->cfg.arg;

	p->wire_len = (uint16_t)(60 + vn_rng_below(rng, 1455));
	p->copy_len = (uint16_t)vn_rng_below(rng, p->wire_len + 1u);
	p->flags = vn_rng_below(rng, 4) ? 0 : DRIVERCOMM_CATCHUP;
	p->time = vn_rng_below(rng, 4) ? p->wire_len + 24u : vn_rng_below(rng, 20000);
	if (vn_rng_below(rng, 50) == 0) {
		p->flags |= DRIVERCOMM_ABSOLUTE;
		p->time = side_now(s) + vn_rng_below(rng, 400000);
	}
}

static void k1_order(void **state)
{
	struct side_config cfg = config(5000);
	struct vn_rng rng;
	struct side s;

	vn_rng_seed(&rng, 1, 0);
	cfg.packet = any_packet;
	cfg.arg = &rng;
	side_open(&s, &cfg);
	side_run(&s);
	assert_int_equal(vn_nt_hw_counters(s.hw)->mac_tx_full[0], 0);
	side_close(&s);
}

static void k2_gaps_of_a_frame_and_more(void **state)
{
	static const uint64_t gaps[] = { 1538, 1539, 2999, 4999, 5000, 5001, 9999 };
	struct side_config cfg = config(500);
	struct side s;

	for (size_t i = 0; i < VN_ARRAY_SIZE(gaps); i++) {
		cfg.constant.time = gaps[i];
		run_exact(&s, &cfg, "K2");
		side_close(&s);
	}
}

static void k3_line_rate(void **state)
{
	struct side_config cfg = config(3000);
	struct side s;

	run_exact(&s, &cfg, "K3");
	expect_rate(&s, 986.9, 987.1);
	side_close(&s);
}

static void k4_whole_frames_one_a_transfer(void **state)
{
	struct side_config cfg = config(1000);
	struct side s;

	cfg.packets = VN_MAX(cfg.packets, 1000u); /* else it is the beginning that shows */
	cfg.constant.copy_len = cfg.constant.wire_len;
	cfg.entries = 1;
	run(&s, &cfg, "K4");
	expect_rate(&s, 257, 263);
	side_close(&s);
}

static void k5_headers_of_some_a_transfer(void **state)
{
	static const struct {
		unsigned int entries;
		double least, most;
	} cases[] = { { 1, 335, 343 }, { 2, 663, 677 }, { 24, 986.9, 987.1 } };
	struct side_config cfg = config(2000);
	struct side s;

	cfg.packets = VN_MAX(cfg.packets, 2000u);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		cfg.entries = cases[i].entries;
		run(&s, &cfg, "K5");
		expect_rate(&s, cases[i].least, cases[i].most);
		side_close(&s);
	}
}

/* At the rate of the wire: whether all packets of this size, FCS included, are exact. */
static bool is_exact_at(uint32_t bytes)
{
	struct side_config cfg = config(2000);
	char what[32];
	bool is_exact;
	struct side s;

	cfg.constant.wire_len = (uint16_t)(bytes - 4);
	cfg.constant.time = bytes + 20;
	snprintf(what, sizeof(what), "K6, %u bytes", bytes);
	run(&s, &cfg, what);
	is_exact = s.exact == s.cfg.packets;
	side_close(&s);
	return is_exact;
}

static void k6_small_frames_at_the_rate_of_the_wire(void **state)
{
	static const uint32_t sizes[] = { 380, 356, 328, 304, 276, 252, 244, 236, 232, 228, 226 };
	uint32_t smallest = 0;

	for (size_t i = 0; i < VN_ARRAY_SIZE(sizes) && is_exact_at(sizes[i]); i++)
		smallest = sizes[i];
	assert_in_range(smallest, 64, 380);
}

struct gaps {
	struct vn_rng rng;
	uint32_t least, most;
	double shape; /* of Pareto's; 0: uniform */
};

static void random_gap(struct side *s, uint64_t k, struct side_packet *p)
{
	struct gaps *g = s->cfg.arg;

	*p = s->cfg.constant;
	p->time = g->least + vn_rng_below(&g->rng, g->most - g->least + 1);
	if (g->shape) {
		double u = (1 + vn_rng_below(&g->rng, 1u << 30)) / (double)(1u << 30);

		p->time = (uint64_t)VN_MIN(g->least * pow(u, -1 / g->shape), (double)g->most);
	}
	if (!k) {
		p->flags = DRIVERCOMM_ABSOLUTE;
		p->time = side_now(s) + 250000;
	}
}

static void k7_random_gaps(void **state)
{
	static const struct {
		uint16_t wire_len;
		uint32_t least, most;
		double shape;
	} cases[] = {
		{ 1514, 1538, 6238, 0 },
		{ 376, 425, 3425, 0 },
		{ 376, 425, 1250000, 1.2 },
		{ 60, 300, 6250, 0 },
	};
	struct side_config cfg = config(2000);
	struct gaps gaps;
	struct side s;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		gaps = (struct gaps){ .least = cases[i].least,
				      .most = cases[i].most,
				      .shape = cases[i].shape };
		vn_rng_seed(&gaps.rng, i, 0);
		cfg.constant.wire_len = cases[i].wire_len;
		cfg.packet = random_gap;
		cfg.arg = &gaps;
		run_exact(&s, &cfg, "K7");
		side_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k1_order),
		cmocka_unit_test(k2_gaps_of_a_frame_and_more),
		cmocka_unit_test(k3_line_rate),
		cmocka_unit_test(k4_whole_frames_one_a_transfer),
		cmocka_unit_test(k5_headers_of_some_a_transfer),
		cmocka_unit_test(k6_small_frames_at_the_rate_of_the_wire),
		cmocka_unit_test(k7_random_gaps),
	};

	const char *elf = getenv("VN_PKTGEN_ELF");

	if (!elf || !*elf) {
		puts("1..0 # SKIP no program: there was no compiler for big-endian MIPS");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
