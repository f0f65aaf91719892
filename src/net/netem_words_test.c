/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of tc and parameters. The fractions are those that tc of iproute2 6.1
 * sends to the kernel for these words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "net/netem.h"

static struct vn_netem_params parse(const char *words)
{
	struct vn_netem_params p;
	struct vn_err err = { "" };

	if (vn_netem_parse(words, &p, &err) < 0)
		fail_msg("%s: %s", words, err.text);
	return p;
}

static const char *print(const struct vn_netem_params *p, char *buf, size_t size)
{
	struct vn_text t;

	vn_text_init(&t, buf, size);
	vn_netem_print(p, &t);
	assert_false(t.is_cut);
	return buf;
}

static const char *const good[][2] = {
	{ "", "limit 1000" },
	{ " \t limit\n5 ", "limit 5" },
	{ "limit 1k", "limit 1024" },
	{ "limit 0", "limit 0" },
	{ "delay 100", "limit 1000 delay 100us" },
	{ "delay 100ns", "limit 1000 delay 100ns" },
	{ "delay 999us", "limit 1000 delay 999us" },
	{ "delay 1000us", "limit 1000 delay 1ms" },
	{ "latency 1.5msec 250USEC", "limit 1000 delay 1.5ms  250us" },
	{ "delay 100ms 10ms 25%", "limit 1000 delay 100ms  10ms 25%" },
	{ "delay 10ms 0 25%", "limit 1000 delay 10ms  0ns 25%" },
	{ "delay .5ms", "limit 1000 delay 500us" },
	{ "delay 1.234567891s", "limit 1000 delay 1.234567891s" },
	{ "delay 1s 1secs distribution normal", "limit 1000 delay 1s  1s distribution normal" },
	{ "distribution pareto delay 2ms 1ms 5",
	  "limit 1000 delay 2ms  1ms 5% distribution pareto" },
	{ "delay 2ms 1ms distribution uniform", "limit 1000 delay 2ms  1ms" },
	{ "loss 0.1%", "limit 1000 loss 0.1%" },
	{ "loss .5", "limit 1000 loss 0.5%" },
	{ "drop 33.333% 12.5", "limit 1000 loss 33.333% 12.5%" },
	{ "loss random 100% 100%", "limit 1000 loss 100% 100%" },
	{ "loss 0.00000002%", "limit 1000 loss 0.00000002%" },
	{ "loss 0 50%", "limit 1000" },
	{ "loss state 1%", "limit 1000 loss state p13 1% p31 99% p32 0% p23 100% p14 0%" },
	{ "loss state 1% 10% 20% 30% 2%",
	  "limit 1000 loss state p13 1% p31 10% p32 20% p23 30% p14 2%" },
	{ "loss state 50% 50% 50% 1% 50%",
	  "limit 1000 loss state p13 50% p31 50% p32 50% p23 1% p14 50%" },
	{ "loss gemodel 1%", "limit 1000 loss gemodel p 1% r 99% 1-h 100% 1-k 0%" },
	{ "loss gemodel 1% 10% 70% 0.1% ecn",
	  "limit 1000 loss gemodel p 1% r 10% 1-h 70% 1-k 0.1% ecn" },
	{ "ecn loss 1%", "limit 1000 loss 1% ecn" },
	{ "dup 1% 20%", "limit 1000 duplicate 1% 20%" },
	{ "reorder 25% 50% delay 10ms", "limit 1000 delay 10ms reorder 25% 50% gap 1" },
	{ "gap 5 reorder 25% delay 10ms", "limit 1000 delay 10ms reorder 25% gap 5" },
	{ "corrupt 0.1% 3%", "limit 1000 corrupt 0.1% 3%" },
	{ "rate 1mbit", "limit 1000 rate 1Mbit" },
	{ "rate 1.5Mbit", "limit 1000 rate 1500Kbit" },
	{ "rate 1MBps", "limit 1000 rate 8Mbit" },
	{ "rate 1gibps", "limit 1000 rate 8589934592bit" },
	{ "rate 12345", "limit 1000 rate 12345bit" },
	{ "rate 1000tbit", "limit 1000 rate 1000Tbit" },
	{ "rate 256kbit 20 100 5",
	  "limit 1000 rate 256Kbit packetoverhead 20 cellsize 100 celloverhead 5" },
	{ "rate 256kbit -20 48 -5",
	  "limit 1000 rate 256Kbit packetoverhead -20 cellsize 48 celloverhead -5" },
	{ "rate 1mbit 0 53 loss 1%", "limit 1000 loss 1% rate 1Mbit cellsize 53" },
	{ "slot 20us", "limit 1000 slot 20us 20us" },
	{ "slot 800us 1ms packets 32 bytes 64k",
	  "limit 1000 slot 800us 1ms packets 32 bytes 65536" },
	{ "slot 1ms bytes 9 limit 7", "limit 7 slot 1ms 1ms bytes 9" },
	{ "slot distribution normal 5ms 1ms packets 4",
	  "limit 1000 slot distribution normal 5ms 1ms packets 4" },
	{ "slot distribution 5ms 1ms", "limit 1000 slot distribution uniform 5ms 1ms" },
	{ "slot 0", "limit 1000" },
	{ "seed 18446744073709551615", "limit 1000 seed 18446744073709551615" },
	{ "l 5 la 1ms d 2ms dr 0 lo 1% r 5% c 1% ra 1kbit s 1ms se 3",
	  "limit 5 delay 2ms loss 1% reorder 5% corrupt 1% rate 1Kbit slot 1ms 1ms seed 3 "
	  "gap 1" },
};

/* words, what is printed; and what is printed gives the same again. */
static void words_are_printed_as_tc_shows_them(void **state)
{
	char text[512], again[512];
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(good); i++) {
		struct vn_netem_params p = parse(good[i][0]), q;

		assert_string_equal(print(&p, text, sizeof(text)), good[i][1]);
		q = parse(text);
		assert_string_equal(print(&q, again, sizeof(again)), text);
	}
}

static void probabilities_are_the_fractions_that_tc_sends(void **state)
{
	static const struct {
		const char *percent;
		uint32_t fraction;
	} cases[] = {
		{ "0", 0 },
		{ "0.1%", 4294967 },
		{ "1%", 42949673 },
		{ "2%", 85899346 },
		{ "3%", 128849019 },
		{ "10%", 429496730 },
		{ "20%", 858993459 },
		{ "25%", 1073741824 },
		{ "30%", 1288490188 },
		{ "50%", 2147483648 },
		{ "70%", 3006477106 },
		{ "80%", 3435973836 },
		{ "90%", 3865470566 },
		{ "99%", 4252017622 },
		{ "100%", UINT32_MAX },
	};
	char words[64];
	size_t i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		snprintf(words, sizeof(words), "loss %s", cases[i].percent);
		assert_int_equal(parse(words).loss.p, cases[i].fraction);
	}
}

/* A few thousand of all: what is printed is short, and the same again. */
static void every_fraction_survives_printing(void **state)
{
	struct vn_netem_params p = { .limit = 1 }, q;
	char text[128];
	uint64_t v;

	for (v = 1; v <= UINT32_MAX; v += v / 50 + 1) {
		p.loss.p = (uint32_t)v;
		p.loss.corr = (uint32_t)(UINT32_MAX - v + 1);
		q = parse(print(&p, text, sizeof(text)));
		assert_int_equal(q.loss.p, p.loss.p);
		assert_int_equal(q.loss.corr, p.loss.corr);
		assert_true(strlen(text) <= strlen("limit 1 loss 12.34567890% 12.34567890%"));
	}
}

static const struct {
	const char *words;
	int rc;
	const char *text; /* the beginning of the message */
} bad[] = {
	{ "frob 5", -EINVAL, "netem: 'frob' is not known (limit, latency, delay, loss, " },
	{ "delayed 5", -EINVAL, "netem: 'delayed' is not known (" },
	{ "delay 10ms 5ms 10% 7", -EINVAL, "netem: '7' is not known (" },
	{ "limit", -EINVAL, "netem: limit: the value is missing (a number)" },
	{ "limit -1", -EINVAL, "netem: limit: '-1' is not accepted (a number, or one " },
	{ "limit 4294967296", -ERANGE, "netem: limit: 4294967296 is out of range (0 to 429" },
	{ "delay", -EINVAL, "netem: delay: the value is missing (a number)" },
	{ "delay 1min", -EINVAL, "netem: delay: '1min' is not accepted (a number, or one with ns" },
	{ "delay 1ms 2x", -EINVAL, "netem: delay: jitter: '2x' is not accepted (" },
	{ "delay 1ms 2ms 3ms", -EINVAL,
	  "netem: delay: correlation: '3ms' is not accepted (a percentage" },
	{ "delay 1.5ns", -EINVAL, "netem: delay: '1.5ns' is finer than can be kept" },
	{ "delay 10000000000s", -ERANGE, "netem: delay: 10000000000s is out of range" },
	{ "delay 1ms 1ms distribution gauss", -EINVAL,
	  "netem: distribution: 'gauss' is not known (uniform, normal, pareto or pareton" },
	{ "delay 1ms distribution normal", -EINVAL,
	  "netem: distribution: 'normal' is without jitter (delay TIME JITTER)" },
	{ "loss 101%", -ERANGE, "netem: loss: '101%' is not accepted (a percentage of" },
	{ "loss 100.000000001", -ERANGE, "netem: loss: '100.000000001' is not accepted (" },
	{ "loss 5%x", -EINVAL, "netem: loss: '5%x' is not accepted (a percentage" },
	{ "loss 5.%", -EINVAL, "netem: loss: '5.%' is not accepted (" },
	{ "loss 1.2.3", -EINVAL, "netem: loss: '1.2.3' is not accepted (" },
	{ "loss 0.1234567890123456", -EINVAL, "netem: loss: '0.1234567890123456' is not" },
	{ "loss -1%", -EINVAL,
	  "netem: loss: '-1%' is not accepted (PERCENT, random, state or gemodel)" },
	{ "loss", -EINVAL, "netem: loss: the value is missing (PERCENT, random, state " },
	{ "loss random", -EINVAL, "netem: loss: the value is missing (" },
	{ "loss 1% loss 2%", -EINVAL, "netem: loss: given twice (one of random, " },
	{ "loss state 1% drop 2%", -EINVAL, "netem: loss: given twice (" },
	{ "loss state", -EINVAL, "netem: loss state: p13: the value is missing (" },
	{ "loss state 90% 80% 70%", -EINVAL,
	  "netem: loss state: p31 and p32 are more than 100% together" },
	{ "loss state 60% 10% 1% 1% 50%", -EINVAL,
	  "netem: loss state: p13 and p14 are more than 100% together" },
	{ "loss gemodel 1% 2% 300%", -ERANGE, "netem: loss gemodel: 1-h: '300%' is not" },
	{ "ecn", -EINVAL, "netem: ecn: needs packets to be lost (loss ...)" },
	{ "duplicate x", -EINVAL, "netem: duplicate: 'x' is not accepted (a percentage" },
	{ "reorder 5%", -EINVAL, "netem: reorder: not possible without delay (delay TIME)" },
	{ "delay 1ms gap 4", -EINVAL, "netem: gap: 4 is without reorder (reorder PERCENT)" },
	{ "corrupt", -EINVAL, "netem: corrupt: the value is missing (a percentage" },
	{ "rate 10x", -EINVAL, "netem: rate: '10x' is not accepted (a number, or one with bit, " },
	{ "rate 1mbit -70000", -ERANGE,
	  "netem: rate: packet overhead: -70000 is out of range (-65535 to 65535)" },
	{ "rate 1mbit 1 -2", -EINVAL, "netem: '-2' is not known (" },
	{ "rate 1mbit packetoverhead --1", -EINVAL,
	  "netem: rate: packet overhead: '--1' is not accepted (" },
	{ "slot", -EINVAL, "netem: slot: min: the value is missing (" },
	{ "slot 5ms 1ms", -ERANGE, "netem: slot: max: '1ms' is less than min (min or more)" },
	{ "slot 1ms packets", -EINVAL, "netem: slot: packets: the value is missing (" },
	{ "slot distribution normal 5ms", -EINVAL,
	  "netem: slot distribution: jitter: the value is missing (" },
	{ "slot distribution normal 5ms 0", -ERANGE,
	  "netem: slot distribution: jitter: '0' is not accepted (more than 0; " },
	{ "seed -3", -EINVAL, "netem: seed: '-3' is not accepted (a number)" },
	{ "delay 1111111111111111111111111111111111111111111111111111111111111111ms", -EINVAL,
	  "netem: delay: '11111111111111111111...' is too long (" },
};

static void what_is_refused_is_named(void **state)
{
	struct vn_netem_params p, untouched;
	struct vn_err err;
	size_t i;

	memset(&untouched, 0x77, sizeof(untouched));
	for (i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		p = untouched;
		assert_int_equal(vn_netem_parse(bad[i].words, &p, &err), bad[i].rc);
		if (strncmp(err.text, bad[i].text, strlen(bad[i].text)) != 0)
			fail_msg("%s: %s", bad[i].words, err.text);
		assert_memory_equal(&p, &untouched, sizeof(p));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_printed_as_tc_shows_them),
		cmocka_unit_test(probabilities_are_the_fractions_that_tc_sends),
		cmocka_unit_test(every_fraction_survives_printing),
		cmocka_unit_test(what_is_refused_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
