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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void all_exact(struct side *s, const struct side_config *cfg, const char *what)
{
	side_open(s, cfg);
	side_run(s);
	figure(what, s);
	assert_int_equal(s->exact, s->cfg.packets);
	side_close(s);
}

static void k3_line_rate(void **state)
{
	struct side_config cfg = config(3000);
	struct side s;

	side_open(&s, &cfg);
	side_run(&s);
	figure("K3", &s);
	assert_int_equal(s.exact, s.cfg.packets);
	assert_in_range(side_rate(&s) * 10, 9869, 9871);
	side_close(&s);
}

static void k2_gaps_of_a_frame_and_more(void **state)
{
	struct side_config cfg = config(2000);
	struct side s;

	cfg.constant.time = 1539;
	all_exact(&s, &cfg, "K2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(k2_gaps_of_a_frame_and_more),
		cmocka_unit_test(k3_line_rate),
	};

	const char *elf = getenv("VN_PKTGEN_ELF");

	if (!elf || !*elf) {
		puts("1..0 # SKIP no program: there was no compiler for big-endian MIPS");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
