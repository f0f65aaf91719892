/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger's packets and the card's answers, as the manual of GDB 13 has them,
 * on a card with a small program: thread 0 counts in the first word of its data,
 * once in 12 cycles, the others stand in a jump to themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "nt/gdb_packet.h"
#include "nt/gdbstub.h"

/* clang-format off */
enum {
	LUI_V0_DATA = 0x3c020404,     /* 20000000 lui v0,0x404: its data */
	COUNT	    = 0x24630001,     /* 20000004 addiu v1,v1,1 */
	STORE	    = (int)0xac430000, /* 20000008 sw v1,0(v0) */
	LOOP	    = 0x08000001,     /* 2000000c j 20000004 */
};
/* clang-format on */
#define START_WORDS 12 /* of each thread's start block */
#define SELF(word)  (0x08000000u | (word))

struct fixture {
	struct vn_nt_card *card;
	struct vn_nt_gdb *g;
	char got[VN_NT_GDB_PACKET_MAX + 16];
};

static const uint32_t counting[] = { LUI_V0_DATA, COUNT, (uint32_t)STORE, LOOP };

static void load(struct fixture *f, const uint32_t *words, unsigned int n)
{
	uint32_t text[START_WORDS * VN_NT_THREADS] = { 0 };
	const struct vn_nt_image image = { .text = text, .n_text = VN_ARRAY_SIZE(text) };
	struct vn_err err;
	uint32_t tid;

	memcpy(text, words, n * sizeof(*words));
	for (tid = n > START_WORDS ? 2 : 1; tid < VN_NT_THREADS; tid++)
		text[START_WORDS * tid] = SELF(START_WORDS * tid);
	assert_int_equal(vn_nt_card_load(f->card, &image, &err), 0);
}

static void set_up(struct fixture *f, const uint32_t *words, unsigned int n)
{
	struct vn_err err;

	memset(f, 0, sizeof(*f));
	assert_int_equal(vn_nt_card_new(&vn_nt_defaults, &f->card, &err), 0);
	load(f, words, n);
	assert_int_equal(vn_nt_gdb_new(f->card, &f->g, &err), 0);
}

static void tear_down(struct fixture *f)
{
	vn_nt_gdb_free(f->g);
	vn_nt_card_free(f->card);
}

#define SET_UP(f, words) set_up(f, words, VN_ARRAY_SIZE(words))

/* All that there is to be sent. */
static const char *output(struct fixture *f)
{
	const char *bytes;
	size_t len;

	bytes = vn_nt_gdb_output(f->g, &len);
	assert_true(len < sizeof(f->got));
	memcpy(f->got, bytes, len);
	f->got[len] = '\0';
	return f->got;
}

static void input(struct fixture *f, const char *bytes, size_t len)
{
	size_t n;

	while (len > 0) {
		n = vn_nt_gdb_input(f->g, bytes, len);
		assert_in_range(n, 1, len);
		bytes += n;
		len -= n;
	}
}

static void send_bytes(struct fixture *f, const char *contents, size_t len)
{
	char packet[VN_NT_GDB_PACKET_MAX + 16];
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum = (uint8_t)(sum + (uint8_t)contents[i]);
	packet[0] = '$';
	memcpy(packet + 1, contents, len);
	snprintf(packet + 1 + len, 4, "#%02x", (unsigned int)sum);
	input(f, packet, len + 4);
}

static void ask(struct fixture *f, const char *contents)
{
	send_bytes(f, contents, strlen(contents));
}

/* Contents of what is sent now: "+", and a packet if want is not NULL. */
static void assert_answer(struct fixture *f, const char *ack, const char *want)
{
	char packet[VN_NT_GDB_PACKET_MAX + 16];
	uint8_t sum = 0;
	const char *c;

	for (c = want; c && *c; c++)
		sum = (uint8_t)(sum + (uint8_t)*c);
	if (want)
		snprintf(packet, sizeof(packet), "%s$%s#%02x", ack, want, (unsigned int)sum);
	else
		snprintf(packet, sizeof(packet), "%s", ack);
	assert_string_equal(output(f), packet);
}

static void says(struct fixture *f, const char *question, const char *want)
{
	ask(f, question);
	assert_answer(f, "+", want);
}

/* Lets the card go on, and runs it until it is halted again, with this stop reply. */
static void goes_on(struct fixture *f, const char *how, const char *want)
{
	says(f, how, NULL);
	assert_int_equal(vn_nt_gdb_state(f->g), VN_NT_GDB_RUNS);
	vn_nt_gdb_run(f->g, vn_nt_card_cycle(f->card) + 1000);
	assert_int_equal(vn_nt_gdb_state(f->g), VN_NT_GDB_HALTED);
	assert_answer(f, "", want);
}

static const struct {
	const char *question, *want;
} questions[] = {
	{ "?", "T05thread:1;" },
	{ "qSupported:multiprocess+;swbreak+;xmlRegisters=i386",
	  "PacketSize=2000;QStartNoAckMode+;vContSupported+;qXfer:features:read+;"
	  "qXfer:threads:read+" },
	{ "vMustReplyEmpty", "" },
	{ "vCont?", "vCont;c;C;s;S;t" },
	{ "!", "" },
	{ "qAttached", "1" },
	{ "qTStatus", "" },
	{ "qSymbol::", "OK" },
	{ "qOffsets", "" },
	{ "qC", "QC1" },
	{ "qfThreadInfo", "m1,2,3,4,5,6,7,8" },
	{ "qsThreadInfo", "l" },
	{ "Hg0", "OK" },
	{ "Hg3", "OK" },
	{ "qC", "QC3" },
	{ "Hc-1", "OK" },
	{ "qC", "QC3" },
	{ "Hg9", "E03" },
	{ "Hx1", "E03" },
	{ "H", "E03" },
	{ "T8", "OK" },
	{ "T9", "E03" },
	{ "T", "E03" },
	{ "qThreadExtraInfo,1", "72756e6e696e67" }, /* running */
	{ "qThreadExtraInfo,9", "E03" },
	{ "qThreadExtraInfo,0", "E03" },
	{ "qXfer:features:read:target.xml:0,10", "m<?xml version=\"1" },
	{ "qXfer:features:read:target.xml:ffff,10", "E16" },
	{ "qXfer:features:read:other.xml:0,10", "" },
	{ "qXfer:threads:read::0,1b", "m<?xml version=\"1.0\"?>\n<thre" },
	{ "qRcmd,6379636c65", "6379636c6520302c2030206e730a" }, /* cycle 0, 0 ns */
	{ "qRcmd,637", "E16" },
	{ "qRcmd,zz", "E16" },
	{ "p25", "20000060" },
	{ "p1d", "00000000" },
	{ "p20", "00000000" },
	{ "p47", "00000000" },
	{ "p48", "E16" },
	{ "p", "E16" },
	{ "P3=00000007", "OK" },
	{ "p3", "00000007" },
	{ "P3=0007", "E16" },
	{ "P0=00000007", "E16" },
	{ "P20=00000007", "E16" },
	{ "m4040000,4", "00000000" },
	{ "M4040001,2:abcd", "OK" },
	{ "m4040000,6", "00abcd000000" },
	{ "M4040000,2:abc", "E16" },
	{ "M4040000", "E16" },
	{ "m8003ffe,4", "0000" }, /* to the memory's end */
	{ "m8004000,1", "E0e" },
	{ "m0,1", "E0e" },
	{ "m4040000,0", "" },
	{ "m", "E16" },
	{ "M8003fff,2:0000", "E0e" },
	{ "M20000000,4:00000000", "E01" },
	{ "Z0,20000004,4", "OK" },
	{ "Z0,20000004,4", "OK" },
	{ "z0,20000004,4", "OK" },
	{ "z0,20000004,4", "OK" },
	{ "Z0,20000002,4", "E16" },
	{ "Z0,4040000,4", "E16" },
	{ "Z2,4040000,0", "E16" },
	{ "Z0", "E16" },
	{ "Z5,4040000,4", "" },
	{ "vCont;x", "E16" },
	{ "vCont;s:9", "E16" },
	{ "vCont;cx", "E16" },
};

static void questions_have_these_answers(void **state)
{
	struct fixture f;
	unsigned int i;

	SET_UP(&f, counting);
	for (i = 0; i < VN_ARRAY_SIZE(questions); i++)
		says(&f, questions[i].question, questions[i].want);
	assert_int_equal(vn_nt_card_cycle(f.card), 0);
	tear_down(&f);
}

static void all_registers_go_in_one_packet(void **state)
{
	struct fixture f;
	char all[2 * 4 * 38 + 2] = "G";
	unsigned int i;

	SET_UP(&f, counting);
	for (i = 0; i < 38; i++)
		snprintf(all + 1 + 8 * i, 9, "%08x", i == 37 ? 0x20000004 : 0x11110000 + i);
	says(&f, "Hg1", "OK");
	says(&f, all, "OK");
	ask(&f, "g");
	output(&f);
	assert_memory_equal(f.got,
			    "+$00000000"
			    "11110001",
			    18);
	assert_memory_equal(f.got + 2 + 8 * 31, "1111001f", 8);
	/* status, lo, hi, badvaddr, cause, pc */
	assert_memory_equal(f.got + 2 + 8 * 32,
			    "00000000"
			    "11110021"
			    "11110022"
			    "00000000"
			    "00000000"
			    "20000004",
			    48);
	says(&f, "G00", "E16");
	tear_down(&f);
}

static void binary_writes_have_escapes(void **state)
{
	static const char packet[] = "X4040000,4:\0}\x03}]\xff"; /* 00, 23 "#", 7d "}", ff */
	struct fixture f;

	SET_UP(&f, counting);
	send_bytes(&f, packet, sizeof(packet) - 1);
	assert_answer(&f, "+", "OK");
	says(&f, "m4040000,4", "00237dff");
	says(&f, "X4040000,0:", "OK");
	says(&f, "X4040000,2:a", "E16");
	says(&f, "X8004000,1:a", "E0e");
	tear_down(&f);
}

static void single_words_of_code_have_no_slots(void **state)
{
	static const uint32_t jumps[] = {
		0x08000004, 0x0c000004, /* j, jal 20000010 */
		0x1000fffd, 0x0411fffc, /* beq zero,zero and bgezal zero: 20000000 */
		0x03e00008, 0x0320f809, /* jr ra, jalr t9 */
		0x24630001,		/* addiu v1,v1,1 */
	};
	static const struct {
		const char *question, *want;
	} rows[] = {
		{ "m20000000,4", "c8000003" }, /* bc */
		{ "m20000004,4", "e8000002" }, /* balc */
		{ "m20000008,4", "cbfffffd" },
		{ "m2000000c,4", "ebfffffc" },
		{ "m20000010,4", "d81f0000" }, /* jic ra,0 */
		{ "m20000014,4", "f8190000" }, /* jialc t9,0 */
		{ "m20000018,4", "24630001" },
		/* what is no single word is what is there */
		{ "m20000000,8", "080000040c000004" },
		{ "m20000002,4", "00040c00" },
	};
	struct fixture f;
	unsigned int i;

	SET_UP(&f, jumps);
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		says(&f, rows[i].question, rows[i].want);
	/* in data a word that looks like a jump is a number */
	says(&f, "M4040000,4:08000004", "OK");
	says(&f, "m4040000,4", "08000004");
	tear_down(&f);
}

static void a_step_is_one_instruction_of_the_thread(void **state)
{
	static const char *const ways[] = { "vCont;s:1;c",  "vCont;s:1", "s",
					    "vCont;s",	    "S05",	 "vCont;S05:1;c:-1",
					    "vCont;t:2;s:1" };
	struct fixture f;
	unsigned int i;

	SET_UP(&f, counting);
	says(&f, "Hg1", "OK");
	for (i = 0; i < VN_ARRAY_SIZE(ways); i++) {
		char want[9];

		goes_on(&f, ways[i], "T05thread:1;");
		assert_int_equal(vn_nt_card_cycle(f.card), 4 * i);
		snprintf(want, sizeof(want), "2000%04x", 4 * (1 + i % 3));
		says(&f, "p25", i == 3 ? "20000004" : want);
	}
	tear_down(&f);
}

static void a_breakpoint_stops_before_its_instruction(void **state)
{
	struct fixture f;

	SET_UP(&f, counting);
	says(&f, "Z1,20000008,4", "OK");
	goes_on(&f, "vCont;c", "T05thread:1;");
	assert_int_equal(vn_nt_card_cycle(f.card), 8);
	says(&f, "m4040000,4", "00000000");
	/* as GDB goes on: one step without, then with it again */
	says(&f, "z1,20000008,4", "OK");
	goes_on(&f, "vCont;s:1", "T05thread:1;");
	says(&f, "m4040000,4", "00000001");
	says(&f, "Z1,20000008,4", "OK");
	goes_on(&f, "c", "T05thread:1;");
	assert_int_equal(vn_nt_card_cycle(f.card), 20);
	says(&f, "p25", "20000008");
	tear_down(&f);
}

static void a_watchpoint_tells_what_was_accessed(void **state)
{
	static const struct {
		const char *set, *want;
	} rows[] = {
		{ "Z2,4040000,4", "T05thread:1;watch:4040000;" },
		{ "Z4,4040003,1", "T05thread:1;awatch:4040003;" },
		{ "Z3,4040004,4", "T05thread:1;rwatch:4040004;" },
	};
	static const uint32_t program[] = {
		LUI_V0_DATA,
		COUNT,
		(uint32_t)STORE,
		0x8c440004 /* lw a0,4(v0) */,
	};
	struct fixture f;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		SET_UP(&f, program);
		says(&f, rows[i].set, "OK");
		goes_on(&f, "vCont;c", rows[i].want);
		says(&f, "p25", i < 2 ? "2000000c" : "20000010");
		tear_down(&f);
	}
}

static void the_step_behind_a_watchpoint_is_done_already(void **state)
{
	struct fixture f;

	SET_UP(&f, counting);
	says(&f, "Z2,4040000,4", "OK");
	goes_on(&f, "vCont;c", "T05thread:1;watch:4040000;");
	says(&f, "z2,4040000,4", "OK");
	says(&f, "vCont;s:1", "T05thread:1;");
	assert_int_equal(vn_nt_card_cycle(f.card), 8);
	says(&f, "p25", "2000000c");
	says(&f, "Hg1", "OK");
	goes_on(&f, "vCont;s:1", "T05thread:1;"); /* the next one is a step */
	says(&f, "p25", "20000004");
	tear_down(&f);
}

/* Thread 1 has a program, too: its breakpoint counts where all go on. */
static void other_threads_stop_only_those_who_wait_for_all(void **state)
{
	static const struct {
		const char *how, *want;
	} rows[] = {
		{ "vCont;c", "T05thread:2;" },	   { "vCont;s:1;c", "T05thread:1;" },
		{ "vCont;c:1", "T05thread:1;" },   { "vCont;c:2;c:1", "T05thread:2;" },
		{ "vCont;s:1", "T05thread:1;" },   { "vCont;c:2", "T05thread:2;" },
		{ "vCont;t:1;c", "T05thread:2;" },
	};
	uint32_t program[14] = { LUI_V0_DATA, COUNT, (uint32_t)STORE, LOOP };
	struct fixture f;
	unsigned int i;

	program[12] = 0; /* nop; then the loop again, at 20000034 */
	program[13] = LOOP;
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		SET_UP(&f, program);
		says(&f, "Z0,20000034,4", "OK"); /* thread 1, in cycle 5 */
		says(&f, "Z0,2000000c,4", "OK"); /* thread 0, in cycle 12 */
		goes_on(&f, rows[i].how, rows[i].want);
		tear_down(&f);
	}
}

static void a_byte_stops_a_card_that_runs(void **state)
{
	struct fixture f;

	SET_UP(&f, counting);
	input(&f, "\003", 1); /* it stands: nothing to stop */
	assert_answer(&f, "", NULL);
	says(&f, "vCont;c", NULL);
	assert_int_equal(vn_nt_gdb_run(f.g, 1000), VN_NT_STOP_UNTIL);
	assert_answer(&f, "", NULL);
	says(&f, "m4040000,4", NULL); /* nothing but stop is heard now */
	input(&f, "\003", 1);
	assert_answer(&f, "", "T02thread:1;");
	says(&f, "p3", "00000053"); /* counted at 4, 16, ... 988 */
	tear_down(&f);
}

static void faults_are_signals_and_then_the_end(void **state)
{
	static const struct {
		uint32_t word;
		const char *want; /* text on GDB's terminal in digits, and the signal */
	} rows[] = {
		/* sw zero,2(zero): store of 4 bytes at 0x00000002, misaligned */
		{ 0xac000002, "0b" }, { 0x8c000000, "0b" }, /* lw zero,0(zero) */
		{ 0x00000008, "0b" },			    /* jr zero */
		{ 0xffffffff, "04" },			    /* illegal */
		{ 0x0000000d, "05" }, { 0x00000034, "05" }, /* break; teq zero,zero */
		{ 0x2063ffff, "" },			    /* addi v1,v1,-1 */
		{ 0x00421020, "08" },			    /* add v0,v0,v0 of 0x40400000 */
	};
	char want[32];
	struct fixture f;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		const uint32_t program[] = { 0x3c024040, rows[i].word, SELF(2) };
		enum vn_nt_stop stop;

		SET_UP(&f, program);
		says(&f, "vCont;c", NULL);
		stop = vn_nt_gdb_run(f.g, 1000);
		if (!*rows[i].want) {
			assert_int_equal(stop, VN_NT_STOP_ENDED);
			tear_down(&f);
			continue;
		}
		assert_int_equal(stop, VN_NT_STOP_FAULT);
		assert_int_equal(vn_nt_gdb_state(f.g), VN_NT_GDB_HALTED);
		assert_memory_equal(output(&f), "$O", 2);
		snprintf(want, sizeof(want), "$T%sthread:1;#", rows[i].want);
		assert_non_null(strstr(f.got, want));
		assert_true(vn_nt_gdb_is_over(f.g, &stop));
		says(&f, "vCont;c", NULL);
		assert_int_equal(vn_nt_gdb_run(f.g, 2000), VN_NT_STOP_FAULT);
		vn_nt_gdb_exited(f.g, 3);
		assert_answer(&f, "", "W03");
		tear_down(&f);
	}
}

static void a_deadlock_can_be_looked_at(void **state)
{
	static const uint32_t program[] = {
		0x3c022000, 0xac400004, 0xac400004, /* lui v0,0x2000; GET_LOCK 0, twice */
	};
	struct fixture f;

	SET_UP(&f, program);
	says(&f, "vCont;c", NULL);
	assert_int_equal(vn_nt_gdb_run(f.g, VN_NT_NEVER), VN_NT_STOP_DEADLOCK);
	assert_non_null(strstr(output(&f), "$T02thread:1;#"));
	says(&f, "qThreadExtraInfo,1", "61736c656570206f6e206c6f636b2030"); /* asleep on lock 0 */
	says(&f, "qThreadExtraInfo,2",
	     "656e6465642077697468"
	     "2030"); /* ended with 0 */
	/* "locks": lock 0: 1 waits, t0 waits */
	says(&f, "qRcmd,6c6f636b73", "6c6f636b20303a20312077616974732c2074302077616974730a");
	tear_down(&f);
}

static void the_end_of_the_program_is_told(void **state)
{
	static const uint32_t program[] = { SELF(0) };
	struct fixture f;

	SET_UP(&f, program);
	vn_nt_gdb_exited(f.g, 0); /* nobody waits */
	assert_answer(&f, "", NULL);
	says(&f, "vCont;c", NULL);
	assert_int_equal(vn_nt_gdb_run(f.g, VN_NT_NEVER), VN_NT_STOP_ENDED);
	vn_nt_gdb_exited(f.g, 0);
	assert_answer(&f, "", "W00");
	tear_down(&f);
}

static void who_leaves_takes_breakpoints_along(void **state)
{
	static const struct {
		const char *packet, *want;
		enum vn_nt_gdb_state state;
	} rows[] = {
		{ "D", "OK", VN_NT_GDB_DETACHED }, { "D;1", "OK", VN_NT_GDB_DETACHED },
		{ "k", NULL, VN_NT_GDB_KILLED },   { "vKill;1", "OK", VN_NT_GDB_KILLED },
		{ NULL, NULL, VN_NT_GDB_HALTED }, /* the connection is lost */
	};
	struct fixture f;
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		SET_UP(&f, counting);
		says(&f, "Z0,20000008,4", "OK");
		says(&f, "Z2,4040000,4", "OK");
		if (rows[i].packet)
			says(&f, rows[i].packet, rows[i].want);
		assert_int_equal(vn_nt_gdb_state(f.g), rows[i].state);
		vn_nt_gdb_free(f.g);
		f.g = NULL;
		assert_int_equal(vn_nt_card_run(f.card, 1000), VN_NT_STOP_UNTIL);
		tear_down(&f);
	}
}

static void what_is_broken_is_sent_again(void **state)
{
	struct fixture f;

	SET_UP(&f, counting);
	input(&f, "$qC#00", 6);
	assert_answer(&f, "-", NULL);
	says(&f, "qC", "QC1");
	input(&f, "-", 1);
	assert_answer(&f, "+", "QC1");
	says(&f, "QStartNoAckMode", "OK");
	ask(&f, "qC");
	assert_answer(&f, "", "QC1");
	input(&f, "-", 1);
	assert_answer(&f, "", NULL);
	input(&f, "$qC#00", 6);
	assert_answer(&f, "", "E16");
	tear_down(&f);
}

static void there_is_room_for_so_many_breakpoints(void **state)
{
	char packet[32];
	struct fixture f;
	unsigned int i;

	SET_UP(&f, counting);
	for (i = 0; i <= 256; i++) {
		snprintf(packet, sizeof(packet), "Z0,%x,4", 0x20010000 + 4 * i);
		says(&f, packet, i < 256 ? "OK" : "E16");
	}
	says(&f, "z0,20010000,4", "OK");
	says(&f, packet, "OK");
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_have_these_answers),
		cmocka_unit_test(all_registers_go_in_one_packet),
		cmocka_unit_test(binary_writes_have_escapes),
		cmocka_unit_test(single_words_of_code_have_no_slots),
		cmocka_unit_test(a_step_is_one_instruction_of_the_thread),
		cmocka_unit_test(a_breakpoint_stops_before_its_instruction),
		cmocka_unit_test(a_watchpoint_tells_what_was_accessed),
		cmocka_unit_test(the_step_behind_a_watchpoint_is_done_already),
		cmocka_unit_test(other_threads_stop_only_those_who_wait_for_all),
		cmocka_unit_test(a_byte_stops_a_card_that_runs),
		cmocka_unit_test(faults_are_signals_and_then_the_end),
		cmocka_unit_test(a_deadlock_can_be_looked_at),
		cmocka_unit_test(the_end_of_the_program_is_told),
		cmocka_unit_test(who_leaves_takes_breakpoints_along),
		cmocka_unit_test(what_is_broken_is_sent_again),
		cmocka_unit_test(there_is_room_for_so_many_breakpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
