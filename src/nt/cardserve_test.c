/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole conversations with a card, by packets: what is asked, what is answered,
 * what the card does. The program that is loaded (model re2, hand-assembled)
 * sends what comes from the host back to the host.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macros.h"
#include "nt/cardserve.h"
#include "wire/bytes.h"

#define HEARD_MAX 16
#define T0	  100 /* cycles of a transfer, however long it is */

static const uint32_t echo[] = {
	0x3c0ae000, /* lui   t2,0xe000: HEADER_RETURN_W */
	0x24090640, /* addiu t1,zero,1600 */
	0x24080009, /* addiu t0,zero,9: slots 1 to 9 */
	0xad490000, /* sw    t1,0(t2) */
	0x2508ffff, /* addiu t0,t0,-1 */
	0x25290640, /* addiu t1,t1,1600 */
	0x1500fffc, /* bne   t0,zero,-4 */
	0x3c0ba000, /* lui   t3,0xa000: HEADER_FLUSH_W */
	0x8d6c0000, /* lw    t4,0(t3) */
	0x258d0001, /* addiu t5,t4,1 */
	0x11a0fffd, /* beq   t5,zero,-3: nothing there */
	0x240e0002, /* addiu t6,zero,2: to port 1 */
	0xa58e0000, /* sh    t6,0(t4) */
	0x958f0006, /* lhu   t7,6(t4) */
	0x25ef0008, /* addiu t7,t7,8 */
	0x018fc021, /* addu  t8,t4,t7 */
	0x2718ffff, /* addiu t8,t8,-1 */
	0x3c042000, /* lui   a0,0x2000 */
	0xac8c0000, /* sw    t4,0(a0): CTRL_START */
	0x3c054000, /* lui   a1,0x4000 */
	0xacb80000, /* sw    t8,0(a1): CTRL_END */
	0x31e20007, /* andi  v0,t7,7 */
	0x24030101, /* addiu v1,zero,0x101 */
	0x00431806, /* srlv  v1,v1,v0 */
	0x306300ff, /* andi  v1,v1,0xff */
	0x3c066000, /* lui   a2,0x6000 */
	0xacc30000, /* sw    v1,0(a2): CTRL_END_W */
	0x3c078000, /* lui   a3,0x8000 */
	0x8cf00000, /* lw    s0,0(a3): launch */
	0xad500000, /* sw    s0,0(t2): the slot before it is free */
	0x1000ffe9, /* beq   zero,zero,-23 */
};

#define JUMP_TO_MAIN 0x08000060 /* j, to word 96 */
#define PARK	     0x1000ffff /* beq zero,zero,-1 */
#define MAIN	     96
#define N_WORDS	     (MAIN + VN_ARRAY_SIZE(echo))

struct heard {
	struct vn_nt_cardmsg msg;
	uint8_t data[512];
};

struct peer {
	struct vn_nt_cardclient client;
	struct heard heard[HEARD_MAX];
	unsigned int first, n;
};

struct fixture {
	struct vn_nt_card *card;
	struct vn_nt_cardserve *serve;
	struct peer driver, loader;
	size_t stats_len;
	uint8_t program[4 * N_WORDS];
};

static void hear(struct vn_nt_cardclient *client, const struct vn_nt_cardmsg *msg)
{
	struct peer *peer = vn_container_of(client, struct peer, client);
	struct heard *h = &peer->heard[peer->n % HEARD_MAX];

	assert_true(peer->n - peer->first < HEARD_MAX);
	assert_true(msg->len == 0 || msg->data);
	h->msg = *msg;
	memcpy(h->data, msg->data ? msg->data : (const uint8_t *)"",
	       VN_MIN((size_t)msg->len, sizeof(h->data)));
	peer->n++;
}

static int stats(void *arg, FILE *out)
{
	struct fixture *f = arg;

	if (f->stats_len == 0)
		return -EIO;
	for (size_t i = 0; i < f->stats_len; i++)
		fputc('s', out);
	return 0;
}

/* -- Saying and hearing ------------------------------------------------------ */

/* Returns whether the connection stays. */
static bool say_data(struct fixture *f, struct peer *peer, unsigned int op, uint32_t a, uint32_t b,
		     const void *data, size_t len)
{
	const struct vn_nt_cardmsg msg = { .op = op, .a = a, .b = b };
	uint8_t *packet = malloc(VN_NT_CARDMSG_HEAD + len);
	bool stays;

	assert_non_null(packet);
	vn_nt_cardmsg_encode(&msg, packet);
	if (len)
		memcpy(packet + VN_NT_CARDMSG_HEAD, data, len);
	stays = vn_nt_cardserve_packet(f->serve, &peer->client, packet, VN_NT_CARDMSG_HEAD + len);
	free(packet);
	return stays;
}

static void say(struct fixture *f, struct peer *peer, unsigned int op, uint32_t a, uint32_t b)
{
	assert_true(say_data(f, peer, op, a, b, NULL, 0));
}

static void expect_silence(struct peer *peer)
{
	if (peer->first != peer->n)
		fail_msg("%s was said",
			 vn_nt_cardmsg_name(peer->heard[peer->first % HEARD_MAX].msg.op));
}

static const struct heard *expect_op(struct peer *peer, enum vn_nt_cardmsg_op op)
{
	const struct heard *h = &peer->heard[peer->first % HEARD_MAX];

	if (peer->first == peer->n)
		fail_msg("nothing was said where %s is expected", vn_nt_cardmsg_name(op));
	peer->first++;
	if (h->msg.op != op)
		fail_msg("%s was said where %s is expected: %.*s", vn_nt_cardmsg_name(h->msg.op),
			 vn_nt_cardmsg_name(op), (int)h->msg.len, (const char *)h->data);
	return h;
}

static void expect(struct peer *peer, enum vn_nt_cardmsg_op op, uint32_t a, uint32_t b)
{
	const struct heard *h = expect_op(peer, op);
	bool by_itself = op == VN_NT_CARD_IRQ || op == VN_NT_CARD_DMA_RX_DATA;

	assert_int_equal(h->msg.a, a);
	assert_int_equal(h->msg.b, b);
	assert_int_equal(h->msg.flags, by_itself ? 0 : VN_NT_CARDMSG_REPLY);
}

static void expect_error(struct peer *peer, int error, unsigned int op, const char *sentence)
{
	const struct heard *h = expect_op(peer, VN_NT_CARD_ERROR);
	char text[sizeof(h->data) + 1];

	snprintf(text, sizeof(text), "%.*s", (int)h->msg.len, (const char *)h->data);
	assert_string_equal(text, sentence);
	assert_int_equal(h->msg.a, error);
	assert_int_equal(h->msg.b, op);
	assert_int_equal(h->msg.flags, VN_NT_CARDMSG_REPLY);
}

static void expect_reg(struct fixture *f, uint32_t offset, uint32_t value)
{
	say(f, &f->driver, VN_NT_CARD_REG_READ, offset, 0);
	expect(&f->driver, VN_NT_CARD_REG_VALUE, offset, value);
}

/* As the owner's loop does. */
static void run_to(struct fixture *f, uint64_t cycle)
{
	struct vn_nt_out out;

	vn_nt_card_run(f->card, VN_MIN(cycle, vn_nt_cardserve_until(f->serve)));
	while (vn_nt_hw_take(vn_nt_card_hw(f->card), &out))
		vn_nt_cardserve_event(f->serve, &out);
}

static void run_for(struct fixture *f, uint64_t cycles)
{
	run_to(f, vn_nt_card_cycle(f->card) + cycles);
}

/* -- A card with two clients --------------------------------------------------- */

static void put_program(struct fixture *f)
{
	vn_put_be32(f->program, JUMP_TO_MAIN);
	for (unsigned int t = 1; t < VN_NT_THREADS; t++)
		vn_put_be32(f->program + 48 * t, PARK);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(echo); i++)
		vn_put_be32(f->program + 4 * (MAIN + i), echo[i]);
}

static int set_up(void **state)
{
	static const struct vn_nt_cardserve_ops ops = { .stats = stats };
	struct vn_nt_config cfg = vn_nt_defaults;
	struct fixture *f = calloc(1, sizeof(*f));
	struct vn_err err = { "" };

	assert_non_null(f);
	cfg.hw.model = 0x20;
	cfg.hw.has_driver = true;
	cfg.hw.dma_cycles = T0;
	cfg.hw.dma_millicycles = 0;
	assert_int_equal(vn_nt_card_new(&cfg, &f->card, &err), 0);
	assert_int_equal(vn_nt_cardserve_new(f->card, &ops, f, &f->serve), 0);
	f->driver.client.send = hear;
	f->loader.client.send = hear;
	vn_nt_cardserve_join(&f->driver.client);
	vn_nt_cardserve_join(&f->loader.client);
	say(f, &f->driver, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER);
	expect(&f->driver, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER);
	say(f, &f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	expect(&f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	put_program(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	expect_silence(&f->driver);
	expect_silence(&f->loader);
	vn_nt_cardserve_leave(f->serve, &f->driver.client);
	vn_nt_cardserve_leave(f->serve, &f->loader.client);
	vn_nt_cardserve_free(f->serve);
	vn_nt_cardserve_free(NULL);
	vn_nt_card_free(f->card);
	free(f);
	return 0;
}

static void load(struct fixture *f)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 0, 0, f->program,
			     sizeof(f->program)));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, 0, N_WORDS);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 1, 0, data, sizeof(data)));
	expect(&f->loader, VN_NT_CARD_LOAD_DATA, 1, 2);
}

static void load_and_run(struct fixture *f)
{
	load(f);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, (uint32_t)vn_nt_card_cycle(f->card), 0);
}

static enum vn_nt_state state_of(const struct fixture *f, unsigned int tid)
{
	struct vn_nt_thread_view view;

	vn_nt_card_thread(f->card, tid, &view);
	return view.state;
}

static uint32_t pc_of(const struct fixture *f, unsigned int tid)
{
	struct vn_nt_thread_view view;

	vn_nt_card_thread(f->card, tid, &view);
	return view.pc;
}

static uint32_t word_at(struct fixture *f, uint32_t addr)
{
	uint8_t bytes[4];

	assert_int_equal(vn_nt_card_peek(f->card, addr, bytes, 4), 4);
	return vn_get_be32(bytes);
}

/* -- Roles ---------------------------------------------------------------------- */

static void one_client_a_role(void **state)
{
	struct fixture *f = *state;
	struct peer third = { .client.send = hear };

	vn_nt_cardserve_join(&third.client);
	assert_false(say_data(f, &third, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER, NULL, 0));
	expect_error(&third, EBUSY, VN_NT_CARD_HELLO, "the card has a loader already");
	assert_false(say_data(f, &third, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER, NULL, 0));
	expect_error(&third, EBUSY, VN_NT_CARD_HELLO, "the card has a driver already");
	vn_nt_cardserve_leave(f->serve, &third.client); /* it never had one */
	vn_nt_cardserve_leave(f->serve, &f->loader.client);
	assert_true(say_data(f, &third, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER, NULL, 0));
	expect(&third, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	vn_nt_cardserve_leave(f->serve, &third.client);
}

static void hello_is_checked(void **state)
{
	struct fixture *f = *state;
	struct peer third = { .client.send = hear };

	vn_nt_cardserve_join(&third.client);
	assert_true(say_data(f, &third, VN_NT_CARD_TIME, 0, 0, NULL, 0));
	expect_error(&third, EPERM, VN_NT_CARD_TIME,
		     "TIME is not for a client before HELLO to say");
	assert_false(say_data(f, &third, VN_NT_CARD_HELLO, 2, VN_NT_ROLE_LOADER, NULL, 0));
	expect_error(&third, EPROTONOSUPPORT, VN_NT_CARD_HELLO,
		     "protocol version 2; this card speaks 1");
	assert_false(say_data(f, &third, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_CARD, NULL, 0));
	expect_error(&third, EINVAL, VN_NT_CARD_HELLO,
		     "role 3; 1 (driver) and 2 (loader) are taken");
	assert_false(say_data(f, &f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER, NULL, 0));
	expect_error(&f->loader, EALREADY, VN_NT_CARD_HELLO, "a second HELLO");
}

static void what_is_no_message_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	uint8_t packet[VN_NT_CARDMSG_HEAD] = { 0 };

	assert_false(vn_nt_cardserve_packet(f->serve, &f->loader.client, packet, 15));
	expect_error(&f->loader, EBADMSG, 0, "a packet of 15 bytes; messages have 16 to 65552");
	assert_false(vn_nt_cardserve_packet(f->serve, &f->loader.client, packet, 16));
	expect_error(&f->loader, EBADMSG, 0, "magic 0x00000000; messages begin with 0x4e464344");
	say(f, &f->loader, 16, 0, 0);
	expect_error(&f->loader, EOPNOTSUPP, 16, "unknown op 16 (there are 1 to 15)");
}

/* -- Loading -------------------------------------------------------------------- */

static void a_program_is_loaded_and_runs(void **state)
{
	struct fixture *f = *state;

	load(f);
	assert_int_equal(state_of(f, 0), VN_NT_HELD);
	assert_int_equal(word_at(f, 0x04040000), 0);
	assert_int_equal(word_at(f, 0x04040004), 0x01020304);
	assert_int_equal(word_at(f, 0x04040008), 0x05060708);
	assert_int_equal(word_at(f, 0x20000000), JUMP_TO_MAIN);
	run_for(f, 1000);
	assert_int_equal(state_of(f, 0), VN_NT_HELD);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, 1000, 0);
	run_for(f, 1000);
	assert_int_equal(state_of(f, 0), VN_NT_RUNNING);
	for (unsigned int t = 1; t < VN_NT_THREADS; t++)
		assert_int_equal(state_of(f, t), VN_NT_ENDED);
	say(f, &f->loader, VN_NT_CARD_TIME, 0, 0);
	expect(&f->loader, VN_NT_CARD_TIME, 2000, 0);
}

static void words_may_come_in_pieces(void **state)
{
	struct fixture *f = *state;

	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, MAIN, 0, f->program + 4 * MAIN,
			     4 * (N_WORDS - MAIN)));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, MAIN, N_WORDS - MAIN);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 0, 0, f->program, 4 * MAIN));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, 0, MAIN);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO); /* without data */
	expect(&f->loader, VN_NT_CARD_RUN, 0, 0);
	assert_int_equal(word_at(f, 0x20000000), JUMP_TO_MAIN);
	assert_int_equal(word_at(f, 0x20000000 + 4 * MAIN), echo[0]);
	assert_int_equal(word_at(f, 0x20000000 + 4 * (N_WORDS - 1)), echo[30]);
}

/* Instructions for a program that runs stop it, and clear what it left. */
static void a_new_program_replaces_the_old_one(void **state)
{
	static const uint8_t park[] = { 0x10, 0x00, 0xff, 0xff };
	struct fixture *f = *state;

	load_and_run(f);
	run_for(f, 1000);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 12, 0, park, 4));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, 12, 1);
	assert_int_equal(state_of(f, 0), VN_NT_HELD);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 9, 0, park, 4));
	expect(&f->loader, VN_NT_CARD_LOAD_DATA, 9, 1);
	assert_int_equal(word_at(f, 0x20000000), 0);
	assert_int_equal(word_at(f, 0x20000030), PARK);
	assert_int_equal(word_at(f, 0x04040004), 0);
	assert_int_equal(word_at(f, 0x04040024), PARK);
}

static void order_is_kept(void **state)
{
	struct fixture *f = *state;

	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect_error(&f->loader, ENOEXEC, VN_NT_CARD_RUN, "no program is loaded");
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 0, 0, f->program, 4));
	expect_error(&f->loader, EPROTO, VN_NT_CARD_LOAD_DATA,
		     "data before instructions: load those first");
	say(f, &f->loader, VN_NT_CARD_HALT, 0, 0);
	expect(&f->loader, VN_NT_CARD_HALT, 0, 0);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect_error(&f->loader, ENOEXEC, VN_NT_CARD_RUN, "no program is loaded");
	load_and_run(f);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect_error(&f->loader, EALREADY, VN_NT_CARD_RUN, "the program runs already");
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 0, 0, f->program, 4));
	expect_error(&f->loader, EPROTO, VN_NT_CARD_LOAD_DATA,
		     "data before instructions: load those first");
	say(f, &f->loader, VN_NT_CARD_RUN, 0, 3);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_RUN,
		     "RUN with b = 3; 0 (run), 1 (debug hold) and 2 (step) are taken");
}

static void words_stay_in_their_memory(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 65535, 0, f->program, 8));
	expect_error(&f->loader, EINVAL, VN_NT_CARD_LOAD_INSTR,
		     "2 words at word 65535: instruction memory has 65536");
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 0xffffffff, 0, f->program, 8));
	expect_error(&f->loader, EINVAL, VN_NT_CARD_LOAD_INSTR,
		     "2 words at word 4294967295: instruction memory has 65536");
	run_for(f, 100);
	assert_int_equal(state_of(f, 0), VN_NT_RUNNING); /* what is refused changes nothing */
	load(f);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 16711679, 0, f->program, 4));
	expect(&f->loader, VN_NT_CARD_LOAD_DATA, 16711679, 1);
	assert_int_equal(word_at(f, 0x07fffffc), JUMP_TO_MAIN);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 16711679, 0, f->program, 8));
	expect_error(&f->loader, EINVAL, VN_NT_CARD_LOAD_DATA,
		     "2 words at word 16711679: data memory has 16711680");
}

static void halt_and_run_begins_again(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	run_for(f, 1000);
	say(f, &f->loader, VN_NT_CARD_HALT, 0, 0);
	expect(&f->loader, VN_NT_CARD_HALT, 0, 0);
	assert_int_equal(state_of(f, 0), VN_NT_HELD);
	run_for(f, 1000);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, 2000, 0);
	assert_int_equal(pc_of(f, 0), 0x20000000);
	assert_int_equal(word_at(f, 0x04040004), 0x01020304);
	run_for(f, 4);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * MAIN);
}

static void words_alone_can_be_halted_and_run(void **state)
{
	struct fixture *f = *state;

	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 0, 0, f->program,
			     sizeof(f->program)));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, 0, N_WORDS);
	say(f, &f->loader, VN_NT_CARD_HALT, 0, 0);
	expect(&f->loader, VN_NT_CARD_HALT, 0, 0);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, 0, 0);
	run_for(f, 4);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * MAIN);
}

/* The loader goes between its two files, another comes. */
static void the_card_remembers_what_a_loader_left(void **state)
{
	static const uint8_t data[] = { 9, 9, 9, 9 };
	struct fixture *f = *state;

	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_INSTR, 0, 0, f->program,
			     sizeof(f->program)));
	expect(&f->loader, VN_NT_CARD_LOAD_INSTR, 0, N_WORDS);
	vn_nt_cardserve_leave(f->serve, &f->loader.client);
	run_for(f, 1000);
	vn_nt_cardserve_join(&f->loader.client);
	say(f, &f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	expect(&f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	assert_true(say_data(f, &f->loader, VN_NT_CARD_LOAD_DATA, 0, 0, data, 4));
	expect(&f->loader, VN_NT_CARD_LOAD_DATA, 0, 1);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, 1000, 0);
	assert_int_equal(word_at(f, 0x20000000), JUMP_TO_MAIN);
	assert_int_equal(word_at(f, 0x04040000), 0x09090909);
}

/* A program that the owner started is one that runs. */
static void a_program_of_the_owner_runs(void **state)
{
	struct fixture *f = *state;

	vn_nt_cardserve_started(f->serve);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect_error(&f->loader, EALREADY, VN_NT_CARD_RUN, "the program runs already");
}

/* -- Debug hold ------------------------------------------------------------------ */

static void in_debug_hold_time_stands_still(void **state)
{
	struct fixture *f = *state;

	load(f);
	say(f, &f->loader, VN_NT_CARD_RUN, 5, VN_NT_CARD_STEP);
	expect_error(&f->loader, EPROTO, VN_NT_CARD_RUN, "steps are for programs in debug hold");
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_DEBUG);
	expect(&f->loader, VN_NT_CARD_RUN, 0, 0);
	run_to(f, 1000);
	assert_int_equal(vn_nt_card_cycle(f->card), 0);
	assert_int_equal(pc_of(f, 0), 0x20000000);
	say(f, &f->loader, VN_NT_CARD_RUN, 1, VN_NT_CARD_STEP);
	expect(&f->loader, VN_NT_CARD_RUN, 4, 0);
	run_to(f, 1000);
	assert_int_equal(vn_nt_card_cycle(f->card), 4);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * MAIN); /* the jump */
	say(f, &f->loader, VN_NT_CARD_RUN, 2, VN_NT_CARD_STEP);
	expect(&f->loader, VN_NT_CARD_RUN, 12, 0);
	say(f, &f->loader, VN_NT_CARD_RUN, 1, VN_NT_CARD_STEP); /* behind those */
	expect(&f->loader, VN_NT_CARD_RUN, 16, 0);
	run_to(f, 1000);
	assert_int_equal(vn_nt_card_cycle(f->card), 16);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * (MAIN + 3));
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_DEBUG); /* it is already */
	expect(&f->loader, VN_NT_CARD_RUN, 16, 0);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_GO);
	expect(&f->loader, VN_NT_CARD_RUN, 16, 0);
	run_to(f, 1000);
	assert_int_equal(vn_nt_card_cycle(f->card), 1000);
}

static void a_program_that_runs_can_be_stopped_where_it_is(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	run_for(f, 400);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_DEBUG);
	expect(&f->loader, VN_NT_CARD_RUN, 400, 0);
	run_for(f, 400);
	assert_int_equal(vn_nt_card_cycle(f->card), 400);
	assert_int_equal(state_of(f, 0), VN_NT_RUNNING);
	say(f, &f->loader, VN_NT_CARD_RUN, 0, VN_NT_CARD_STEP);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_RUN, "0 steps; 1 to 1073741824 are taken");
	say(f, &f->loader, VN_NT_CARD_RUN, 0x40000001, VN_NT_CARD_STEP);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_RUN,
		     "1073741825 steps; 1 to 1073741824 are taken");
	say(f, &f->loader, VN_NT_CARD_RUN, 0x40000000, VN_NT_CARD_STEP);
	expect(&f->loader, VN_NT_CARD_RUN, 400, 1); /* 2^32 + 400 */
	say(f, &f->loader, VN_NT_CARD_HALT, 0, 0);  /* ends the hold */
	expect(&f->loader, VN_NT_CARD_HALT, 0, 0);
	run_for(f, 400);
	assert_int_equal(vn_nt_card_cycle(f->card), 800);
}

/* -- Transfers, interrupts, registers ----------------------------------------------- */

static void a_frame_goes_there_and_back(void **state)
{
	static const uint8_t frame[] =
		"a frame for the card, and back to the host it goes, unchanged";
	struct fixture *f = *state;
	const struct heard *h;

	load_and_run(f);
	run_for(f, 1000);
	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 0, 0, frame, sizeof(frame)));
	expect_silence(&f->driver);
	expect_reg(f, 0x14c, sizeof(frame));
	expect_reg(f, 0x154, 1);
	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 0, 0, frame, sizeof(frame)));
	expect_error(&f->driver, EBUSY, VN_NT_CARD_DMA_TX, "a transfer to the card runs");
	run_for(f, T0);
	expect_silence(&f->driver);
	run_for(f, 1); /* what happens in that cycle */
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_TX_COMPLETE, 0);
	expect_reg(f, 0x154, 0);
	assert_false(vn_nt_cardserve_awaits_driver(f->serve));
	run_for(f, 1000);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_PKT_AVAIL, 0);
	assert_true(vn_nt_cardserve_awaits_driver(f->serve));
	expect_reg(f, 0x044, VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	expect_reg(f, 0x044, VN_NT_INT_PKT_AVAIL); /* which is a level */
	assert_true(vn_nt_cardserve_awaits_driver(f->serve));
	say(f, &f->driver, VN_NT_CARD_DMA_RX_START, 0, 0);
	assert_false(vn_nt_cardserve_awaits_driver(f->serve));
	expect_silence(&f->driver);
	expect_reg(f, 0x150, 1);
	say(f, &f->driver, VN_NT_CARD_DMA_RX_START, 0, 0);
	expect_error(&f->driver, EBUSY, VN_NT_CARD_DMA_RX_START, "a transfer to the host runs");
	run_for(f, T0 + 1);
	h = expect_op(&f->driver, VN_NT_CARD_DMA_RX_DATA);
	assert_int_equal(h->msg.a, 0);
	assert_int_equal(h->msg.len, sizeof(frame));
	assert_memory_equal(h->data, frame, sizeof(frame));
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_RX_COMPLETE, 0);
	expect_reg(f, 0x148, sizeof(frame));
	expect_reg(f, 0x150, 0);
	expect_reg(f, 0x044, VN_NT_INT_DMA_RX_COMPLETE);
	expect_reg(f, 0x044, 0);
	say(f, &f->driver, VN_NT_CARD_DMA_RX_START, 0, 0);
	expect_error(&f->driver, ENODATA, VN_NT_CARD_DMA_RX_START, "no frame waits for the host");
}

/* Puts a frame into the card, so that it has one for the host. */
static void send_frame(struct fixture *f)
{
	static const uint8_t frame[60] = { 1 };

	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 0, 0, frame, sizeof(frame)));
	run_for(f, T0 + 1000);
}

static void masked_interrupts_wait(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	expect_reg(f, 0x040, 0);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x040, VN_NT_INT_PKT_AVAIL);
	expect_reg(f, 0x040, VN_NT_INT_PKT_AVAIL);
	send_frame(f);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_TX_COMPLETE, 0);
	expect_silence(&f->driver);
	expect_reg(f, 0x044, VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x040, 0); /* the level is still there */
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_PKT_AVAIL, 0);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x040, 0xffffffff);
	say(f, &f->driver, VN_NT_CARD_DMA_RX_START, 0, 0);
	run_for(f, T0 + 1);
	expect_op(&f->driver, VN_NT_CARD_DMA_RX_DATA);
	expect_silence(&f->driver);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x040, 0);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_RX_COMPLETE, 0);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x040, 0); /* once */
}

/* What happened without a driver is told to the next; the card never waits for one. */
static void a_new_driver_hears_what_waits(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	send_frame(f);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_TX_COMPLETE, 0);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_PKT_AVAIL, 0);
	expect_reg(f, 0x044, VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	say(f, &f->driver, VN_NT_CARD_DMA_RX_START, 0, 0);
	vn_nt_cardserve_leave(f->serve, &f->driver.client);
	run_for(f, 1000); /* the transfer ends, for nobody */
	expect_silence(&f->driver);
	vn_nt_cardserve_join(&f->driver.client);
	say(f, &f->driver, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER);
	expect(&f->driver, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_RX_COMPLETE, 0);
	expect_reg(f, 0x044, VN_NT_INT_DMA_RX_COMPLETE);
}

/* A transfer that a new program interrupts is gone. */
static void loading_ends_transfers(void **state)
{
	static const uint8_t frame[60] = { 1 };
	struct fixture *f = *state;

	load_and_run(f);
	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 3, 0, frame, sizeof(frame)));
	expect_reg(f, 0x154, 0x301);
	load_and_run(f);
	expect_reg(f, 0x154, 0x300);
	run_for(f, 1000);
	expect_silence(&f->driver);
	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 3, 0, frame, sizeof(frame)));
	run_for(f, T0 + 1);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_TX_COMPLETE, 0);
}

static void transfers_are_checked(void **state)
{
	static const uint8_t big[2049];
	struct fixture *f = *state;

	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 0, 0, big, sizeof(big)));
	expect_error(&f->driver, EMSGSIZE, VN_NT_CARD_DMA_TX,
		     "a transfer of 2049 bytes; 1 to 2048 are taken");
	run_for(f, 4);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_SETUP_ERROR, 0);
	assert_true(say_data(f, &f->driver, VN_NT_CARD_DMA_TX, 4, 0, big, 60));
	expect_error(&f->driver, EINVAL, VN_NT_CARD_DMA_TX, "queue 4; 0 to 3 are taken");
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x150, 1);
	expect_error(&f->driver, ENODATA, VN_NT_CARD_REG_WRITE, "no frame waits for the host");
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x154, 1);
	expect_error(&f->driver, EOPNOTSUPP, VN_NT_CARD_REG_WRITE,
		     "a transfer to the card brings its bytes: DMA_TX starts one");
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x154, 0x100);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x150, 0x100);
}

static void receive_control_starts_a_transfer(void **state)
{
	struct fixture *f = *state;

	load_and_run(f);
	send_frame(f);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_TX_COMPLETE, 0);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_PKT_AVAIL, 0);
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x150, 1);
	run_for(f, T0 + 1);
	expect_op(&f->driver, VN_NT_CARD_DMA_RX_DATA);
	expect(&f->driver, VN_NT_CARD_IRQ, VN_NT_INT_DMA_RX_COMPLETE, 0);
}

static void registers_are_checked(void **state)
{
	static const uint32_t kept[] = { 0x140, 0x144, 0x148, 0x14c };
	struct fixture *f = *state;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(kept); i++) {
		say(f, &f->driver, VN_NT_CARD_REG_WRITE, kept[i], 0x12340000 + i);
		expect_reg(f, kept[i], 0x12340000 + i);
	}
	say(f, &f->driver, VN_NT_CARD_REG_READ, 0x048, 0);
	expect_error(&f->driver, ENXIO, VN_NT_CARD_REG_READ, "no register at offset 0x48");
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0xffffffff, 0);
	expect_error(&f->driver, ENXIO, VN_NT_CARD_REG_WRITE, "no register at offset 0xffffffff");
	say(f, &f->driver, VN_NT_CARD_REG_WRITE, 0x044, 0);
	expect_error(&f->driver, ENXIO, VN_NT_CARD_REG_WRITE,
		     "the register at offset 0x44 is read only");
	say(f, &f->driver, VN_NT_CARD_REG_READ, 0x2000408, 0);
	expect_error(&f->driver, ENXIO, VN_NT_CARD_REG_READ,
		     "the register at offset 0x2000408 is write only");
	say(f, &f->loader, VN_NT_CARD_REG_READ, 0x044, 0);
	expect_error(&f->loader, EPERM, VN_NT_CARD_REG_READ,
		     "the register at offset 0x44 is the driver's");
}

/* -- The loader's register ------------------------------------------------------------ */

static void write_loader(struct fixture *f, struct peer *peer, uint32_t value)
{
	say(f, peer, VN_NT_CARD_REG_WRITE, 0x2000408, value);
}

static void write_word(struct fixture *f, struct peer *peer, uint32_t addr, uint32_t word)
{
	write_loader(f, peer, 6);
	write_loader(f, peer, addr);
	write_loader(f, peer, word);
	write_loader(f, peer, 0);
}

static void the_original_loaders_writes_load(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < N_WORDS; i++)
		write_word(f, &f->loader, 4 * i, vn_get_be32(f->program + 4 * i));
	write_word(f, &f->loader, 0x04040000, 0);
	write_word(f, &f->loader, 0x04040010, 0xcafe);
	assert_int_equal(state_of(f, 0), VN_NT_HELD);
	write_loader(f, &f->loader, 0);
	run_for(f, 4);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * MAIN);
	assert_int_equal(word_at(f, 0x04040010), 0xcafe);
}

static void the_loaders_register_can_hold(void **state)
{
	struct fixture *f = *state;

	write_word(f, &f->driver, 0, JUMP_TO_MAIN); /* either role */
	write_loader(f, &f->driver, 3);
	run_for(f, 4);
	assert_int_equal(vn_nt_card_cycle(f->card), 0);
	write_loader(f, &f->driver, 0);
	run_for(f, 4);
	assert_int_equal(pc_of(f, 0), 0x20000000 + 4 * MAIN);
}

static void the_loaders_register_is_checked(void **state)
{
	struct fixture *f = *state;

	write_loader(f, &f->loader, 0);
	expect_error(&f->loader, ENOEXEC, VN_NT_CARD_REG_WRITE, "no program is loaded");
	write_loader(f, &f->loader, 10);
	expect_error(&f->loader, EOPNOTSUPP, VN_NT_CARD_REG_WRITE,
		     "loader: code 10, the table of encoded programs; load plain ones");
	write_loader(f, &f->loader, 7);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_REG_WRITE,
		     "loader: code 7; 0, 3 and 6 are taken");
	write_word(f, &f->loader, 0x04040000, 1);
	expect_error(&f->loader, EPROTO, VN_NT_CARD_REG_WRITE,
		     "data before instructions: load those first");
	write_word(f, &f->loader, 2, 1);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_REG_WRITE,
		     "loader: address 0x00000002 is not that of a word");
	write_word(f, &f->loader, 0x40000, 1);
	expect_error(
		&f->loader, EINVAL, VN_NT_CARD_REG_WRITE,
		"loader: address 0x00040000; instructions lie from 0 on, data from 0x04040000");
	write_word(f, &f->loader, 0xfffffffc, 1);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_REG_WRITE,
		     "1 words at word 1056899071: data memory has 16711680");
	write_loader(f, &f->loader, 6);
	write_loader(f, &f->loader, 0);
	write_loader(f, &f->loader, PARK);
	write_loader(f, &f->loader, 6);
	expect_error(&f->loader, EINVAL, VN_NT_CARD_REG_WRITE,
		     "loader: 6 where the 0 behind a word belongs");
	write_loader(f, &f->loader, 0); /* the word is there: it runs */
	assert_int_equal(state_of(f, 0), VN_NT_RUNNING);
}

/* A loader that left in the middle of a word does not spoil the next one's. */
static void a_loader_that_left_is_forgotten(void **state)
{
	struct fixture *f = *state;

	write_loader(f, &f->loader, 6);
	vn_nt_cardserve_leave(f->serve, &f->loader.client);
	say(f, &f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	expect(&f->loader, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_LOADER);
	write_word(f, &f->loader, 0, PARK);
	write_loader(f, &f->loader, 0);
	assert_int_equal(word_at(f, 0x20000000), PARK);
}

/* -- Statistics --------------------------------------------------------------------------- */

static void statistics_are_the_owners(void **state)
{
	struct fixture *f = *state;
	const struct heard *h;

	f->stats_len = 10;
	say(f, &f->loader, VN_NT_CARD_STATS, 0, 0);
	h = expect_op(&f->loader, VN_NT_CARD_STATS);
	assert_int_equal(h->msg.len, 10);
	assert_memory_equal(h->data, "ssssssssss", 10);
	f->stats_len = 65536;
	say(f, &f->driver, VN_NT_CARD_STATS, 0, 0);
	h = expect_op(&f->driver, VN_NT_CARD_STATS);
	assert_int_equal(h->msg.len, 65536);
	f->stats_len = 65537;
	say(f, &f->driver, VN_NT_CARD_STATS, 0, 0);
	expect_error(&f->driver, EMSGSIZE, VN_NT_CARD_STATS, "statistics: Message too long");
	f->stats_len = 0;
	say(f, &f->driver, VN_NT_CARD_STATS, 0, 0);
	expect_error(&f->driver, EIO, VN_NT_CARD_STATS, "statistics: Input/output error");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_client_a_role),
		TEST(hello_is_checked),
		TEST(what_is_no_message_ends_the_connection),
		TEST(a_program_is_loaded_and_runs),
		TEST(words_may_come_in_pieces),
		TEST(a_new_program_replaces_the_old_one),
		TEST(order_is_kept),
		TEST(words_stay_in_their_memory),
		TEST(halt_and_run_begins_again),
		TEST(words_alone_can_be_halted_and_run),
		TEST(the_card_remembers_what_a_loader_left),
		TEST(a_program_of_the_owner_runs),
		TEST(in_debug_hold_time_stands_still),
		TEST(a_program_that_runs_can_be_stopped_where_it_is),
		TEST(a_frame_goes_there_and_back),
		TEST(masked_interrupts_wait),
		TEST(a_new_driver_hears_what_waits),
		TEST(loading_ends_transfers),
		TEST(transfers_are_checked),
		TEST(receive_control_starts_a_transfer),
		TEST(registers_are_checked),
		TEST(the_original_loaders_writes_load),
		TEST(the_loaders_register_can_hold),
		TEST(the_loaders_register_is_checked),
		TEST(a_loader_that_left_is_forgotten),
		TEST(statistics_are_the_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
