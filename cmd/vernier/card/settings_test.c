/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines: what they mean for the card, and why others are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "settings.h"

#define WORDS_MAX 16

/* Parses words with single blanks between them. */
static int parse(const char *words, struct card_settings *s, struct vn_err *err)
{
	static char text[256]; /* settings point into it */
	char *argv[WORDS_MAX + 1] = { text };
	int argc = 1;

	snprintf(text, sizeof(text), "card %s", words);
	for (char *p = text; (p = strchr(p, ' ')) && p[1] && argc < WORDS_MAX; argc++) {
		*p++ = '\0';
		argv[argc] = p;
	}
	err->text[0] = '\0';
	return card_settings_parse(s, argc, argv, err);
}

static void must(const char *words, struct card_settings *s)
{
	struct vn_err err;

	if (parse(words, s, &err))
		fail_msg("\"%s\": %s", words, err.text);
}

static void what_is_not_said_is_as_specified(void **state)
{
	struct card_settings s;

	must("x", &s);
	assert_string_equal(s.program, "x");
	assert_int_equal(s.card.hw.model, 0x10);
	assert_int_equal(s.card.hw.cpus, 2);
	assert_int_equal(s.card.hw.dma_cycles, 4405);
	assert_int_equal(s.card.hw.dma_millicycles, 947);
	assert_int_equal(s.card.hw.tx_latency_cycles, 64);
	assert_int_equal(s.card.hw.mac_rxq_bytes, 8192);
	assert_int_equal(s.card.div_slots, 8);
	assert_int_equal(s.card.hw.trace, 0);
	assert_int_equal(s.pcap_start_ns, 1000000);
	assert_int_equal(s.end_cycle, VN_NT_NEVER);
	assert_int_equal(s.idle_cycles, 0);
	assert_false(s.card.fault_halts || s.card.no_skip || s.card.hw.has_driver);
	assert_false(card_settings_has_files(&s) || card_settings_has_taps(&s));
}

static void both_spellings_say_the_same(void **state)
{
	static const char *const lines[] = {
		"-mac0 t0 -host1 t1 -outmac2 o -pcaphost3 p -rt -cpus 1 -model re2 -fault=halt x",
		"--mac0 t0 --host1 t1 --outmac2 o --pcaphost3=p --rt --cpus=1 --model re2 --fault "
		"halt x",
	};
	struct card_settings s;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(lines); i++) {
		must(lines[i], &s);
		assert_string_equal(s.mac[0], "t0");
		assert_string_equal(s.host[1], "t1");
		assert_string_equal(s.out_mac[2], "o");
		assert_string_equal(s.pcap_host[3], "p");
		assert_true(s.is_real_time && s.card.fault_halts);
		assert_int_equal(s.card.hw.cpus, 1);
		assert_int_equal(s.card.hw.model, 0x20);
		assert_true(card_settings_has_files(&s) && card_settings_has_taps(&s));
	}
}

static void the_earlier_limit_holds(void **state)
{
	static const struct {
		const char *words;
		uint64_t end;
	} cases[] = {
		{ "-cycles 1000 x", 1000 },
		{ "-time 1 x", 125000000 },
		{ "-time 8ns x", 1 },
		{ "-cycles 10k -time 1ms x", 10000 },
		{ "-cycles 0 -time 0 x", VN_NT_NEVER },
		{ "-cycles 1M -time 1ms x", 125000 },
	};
	struct card_settings s;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		must(cases[i].words, &s);
		assert_int_equal(s.end_cycle, cases[i].end);
	}
}

static void traces_are_a_list_and_a_file(void **state)
{
	struct card_settings s;

	must("-trace lock x", &s);
	assert_int_equal(s.card.hw.trace, VN_NT_TRACE(LOCK));
	assert_null(s.trace_path);
	assert_int_equal(s.card.hw.trace_from, 0);
	assert_int_equal(s.card.hw.trace_to, VN_NT_NEVER);
	must("-trace instr,mem,log:a,b:c -traceat 5-70 x", &s);
	assert_int_equal(s.card.hw.trace, VN_NT_TRACE(INSTR) | VN_NT_TRACE(MEM) | VN_NT_TRACE(LOG));
	assert_string_equal(s.trace_path, "a,b:c");
	assert_int_equal(s.card.hw.trace_from, 5);
	assert_int_equal(s.card.hw.trace_to, 70);
	must("-trace lock -traceat 1k- x", &s);
	assert_int_equal(s.card.hw.trace_from, 1000);
	assert_int_equal(s.card.hw.trace_to, VN_NT_NEVER);
}

static void a_bus_of_its_own(void **state)
{
	struct card_settings s;

	must("-dma 0,0 x", &s);
	assert_int_equal(s.card.hw.dma_cycles, 0);
	assert_int_equal(s.card.hw.dma_millicycles, 0);
	must("-dma 100,1.5 x", &s);
	assert_int_equal(s.card.hw.dma_cycles, 100);
	assert_int_equal(s.card.hw.dma_millicycles, 1500);
}

static void what_is_refused_is_named(void **state)
{
	static const struct {
		const char *words, *want; /* the beginning of the sentence */
	} cases[] = {
		{ "", "no program" },
		{ "a b", "unexpected argument \"b\"" },
		{ "-nonsense x", "unknown or ambiguous option -nonsense" },
		{ "-mac4 t0 -rt x", "unknown or ambiguous option -mac4" },
		{ "x -mac0", "-mac0 needs a value" },
		{ "-mac0 t0 x", "-mac0: needs -rt" },
		{ "-host2 t0 x", "-host2: needs -rt" },
		{ "-card p x", "-card: needs -rt" },
		{ "-rt -hostwait 1ms x", "-hostwait: needs -card PATH" },
		{ "-rt -card p -hostwait 2s x", "-hostwait: " },
		{ "-rt -wait", "-wait: needs -card PATH" },
		{ "-rt -wait -card p x", "x: with -wait the program comes by the socket" },
		{ "-rt -wait -card p -i x", "x: with -wait the program comes by the socket" },
		{ "-rt -card p -host0 t0 x", "-host0: with -card the driver has the host queues" },
		{ "-rt -card p -pcaphost0 f x", "-pcaphost0: with -card the driver has the host" },
		{ "-rt -mac1 t0 -pcapmac1 f x", "-pcapmac1: the MAC is connected to an interface" },
		{ "-i a x", "x: either an ELF file or -i a" },
		{ "-d a", "-d a: needs -i FILE" },
		{ "-model 2.0 x", "-model: there is no \"2.0\"; expected 1.0 or re2" },
		{ "-fault go x", "-fault: there is no \"go\"; expected stop or halt" },
		{ "-engine fast x",
		  "-engine: there is no \"fast\"; expected translate or interpret" },
		{ "-cpus 3 x", "-cpus: 3 is out of range (1 to 2)" },
		{ "-cycles 1.5 x", "-cycles: " },
		{ "-dma 5 x", "-dma: '5' is not accepted (two numbers with ',' between them)" },
		{ "-dma 5,0.1234 x", "-dma: '0.1234' is not accepted" },
		{ "-dma 5,1001 x", "-dma: '1001' is not accepted" },
		{ "-dma x,1 x", "-dma: 'x'" },
		{ "-trace foo x", "-trace: there is no \"foo\"; expected some of instr" },
		{ "-trace lock,,send x", "-trace: there is no \"\"" },
		{ "-trace lock: x", "-trace: names no file behind ':'" },
		{ "-traceat 1-2 x", "-traceat: needs -trace" },
		{ "-trace lock -traceat 5 x", "-traceat: '5' is not accepted" },
		{ "-trace lock -traceat 5-4 x", "-traceat: 4 is out of range (5 to " },
		{ "-stats f --json x", "-stats f: --json prints the same" },
	};
	struct card_settings s;
	struct vn_err err;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		if (parse(cases[i].words, &s, &err) >= 0)
			fail_msg("\"%s\" is accepted", cases[i].words);
		if (strncmp(err.text, cases[i].want, strlen(cases[i].want)))
			fail_msg("\"%s\": \"%s\"", cases[i].words, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_is_as_specified),
		cmocka_unit_test(both_spellings_say_the_same),
		cmocka_unit_test(the_earlier_limit_holds),
		cmocka_unit_test(traces_are_a_list_and_a_file),
		cmocka_unit_test(a_bus_of_its_own),
		cmocka_unit_test(what_is_refused_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
