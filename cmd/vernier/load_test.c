/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's conversation, with a card at the other end of a pair of sockets. */
#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "command.h"
#include "nt/cardserve.h"
#include "wire/bytes.h"

#define HEAD  "WIDTH=32; DEPTH=16777216; CONTENT BEGIN\n"
#define WORDS 20000 /* more than a message holds */

/* A card that answers on one end until the other is closed; and then the next. */
struct server {
	struct vn_nt_cardclient client;
	struct vn_nt_card *card;
	struct vn_nt_cardserve *serve;
	int fd;
	bool interrupts; /* says something of its own accord before each answer */
	pthread_t thread;
};

struct fixture {
	struct server server;
	char folder[64];
	char instr[96], data[96], other[96]; /* paths in it */
	char *said;
	size_t said_len;
	FILE *out;
	struct vn_err err;
};

static void put(int fd, const struct vn_nt_cardmsg *msg)
{
	uint8_t packet[VN_NT_CARDMSG_HEAD + 512];

	if (msg->len > 512)
		abort();
	vn_nt_cardmsg_encode(msg, packet);
	if (msg->len)
		memcpy(packet + VN_NT_CARDMSG_HEAD, msg->data, msg->len);
	send(fd, packet, VN_NT_CARDMSG_HEAD + msg->len, MSG_NOSIGNAL);
}

static void answer(struct vn_nt_cardclient *client, const struct vn_nt_cardmsg *msg)
{
	const struct vn_nt_cardmsg irq = { .op = VN_NT_CARD_IRQ, .a = 1 };
	struct server *s = vn_container_of(client, struct server, client);

	if (s->interrupts)
		put(s->fd, &irq);
	put(s->fd, msg);
}

static void *serve_one(void *arg)
{
	static const struct vn_nt_cardserve_ops ops;
	struct server *s = arg;
	uint8_t *packet = malloc(VN_NT_CARDMSG_MAX);
	bool stays = true;
	ssize_t n;

	if (!packet || (!s->serve && vn_nt_cardserve_new(s->card, &ops, NULL, &s->serve) < 0))
		abort();
	vn_nt_cardserve_join(&s->client);
	while (stays && (n = recv(s->fd, packet, VN_NT_CARDMSG_MAX, 0)) > 0)
		stays = vn_nt_cardserve_packet(s->serve, &s->client, packet, (size_t)n);
	vn_nt_cardserve_leave(s->serve, &s->client);
	close(s->fd);
	free(packet);
	return NULL;
}

/* Runs the loader against the card; what it says lands in said and err. */
static int load(struct fixture *f, const struct vn_load *what)
{
	struct vn_cardclient client;
	int pair[2], rc;

	rewind(f->out);
	f->err.text[0] = '\0';
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	f->server.fd = pair[0];
	assert_int_equal(pthread_create(&f->server.thread, NULL, serve_one, &f->server), 0);
	assert_int_equal(vn_cardclient_attach(&client, pair[1], &f->err), 0);
	rc = vn_load_run(what, &client, f->out, &f->err);
	vn_cardclient_close(&client);
	pthread_join(f->server.thread, NULL);
	fputc('\0', f->out);
	fflush(f->out);
	return rc;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->folder, "/tmp/vernier-load-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->instr, sizeof(f->instr), "%s/a.instr.mif", f->folder);
	snprintf(f->data, sizeof(f->data), "%s/a.data.mif", f->folder);
	snprintf(f->other, sizeof(f->other), "%s/a", f->folder);
	write_text(f->instr, HEAD "[0..ff] : 1000ffff; END;"); /* every thread parks */
	write_text(f->data, HEAD "2 : cafe; END;");
	f->server.client.send = answer;
	assert_int_equal(vn_nt_card_new(&vn_nt_defaults, &f->server.card, &f->err), 0);
	f->out = open_memstream(&f->said, &f->said_len);
	assert_non_null(f->out);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vn_nt_cardserve_free(f->server.serve);
	vn_nt_card_free(f->server.card);
	fclose(f->out);
	free(f->said);
	unlink(f->instr);
	unlink(f->data);
	unlink(f->other);
	rmdir(f->folder);
	free(f);
	return 0;
}

/* The text with every "0.123 s" as "T". */
static void expect_said(struct fixture *f, const char *want)
{
	char text[1024], *at, *end;

	snprintf(text, sizeof(text), "%s", f->said);
	while ((at = strstr(text, " in 0."))) {
		end = strstr(at, " s\n");
		assert_non_null(end);
		memmove(at + 2, end + 2, strlen(end + 2) + 1);
		at[1] = 'T';
	}
	assert_string_equal(text, want);
}

static uint32_t word_at(struct fixture *f, uint32_t addr)
{
	uint8_t bytes[4];

	assert_int_equal(vn_nt_card_peek(f->server.card, addr, bytes, 4), 4);
	return vn_get_be32(bytes);
}

static enum vn_nt_state state_of(struct fixture *f)
{
	struct vn_nt_thread_view view;

	vn_nt_card_thread(f->server.card, 0, &view);
	return view.state;
}

static void loads(struct fixture *f, const struct vn_load *what)
{
	if (load(f, what) < 0)
		fail_msg("%s", f->err.text);
}

static void both_files_run_the_program(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data, .nodebug = true };
	char want[512];

	loads(f, &both);
	snprintf(want, sizeof(want),
		 "%s: 256 words of instructions T\n%s: 3 words of data T\n"
		 "all threads run from cycle 0\n",
		 f->instr, f->data);
	expect_said(f, want);
	assert_int_equal(word_at(f, 0x20000000), 0x1000ffff);
	assert_int_equal(word_at(f, 0x200003fc), 0x1000ffff);
	assert_int_equal(word_at(f, 0x20000400), 0);
	assert_int_equal(word_at(f, 0x04040008), 0xcafe);
	assert_int_equal(state_of(f), VN_NT_RUNNING);
	assert_int_equal(vn_nt_cardserve_until(f->server.serve), VN_NT_NEVER);
}

static void without_nodebug_they_are_held(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data };
	char want[512];

	f->server.interrupts = true; /* which a loader does not mind */
	loads(f, &both);
	snprintf(want, sizeof(want),
		 "%s: 256 words of instructions T\n%s: 3 words of data T\n"
		 "held at cycle 0; -step N and -go let the threads go on\n",
		 f->instr, f->data);
	expect_said(f, want);
	assert_int_equal(vn_nt_cardserve_until(f->server.serve), 0);
}

static void steps_and_go_are_later_commands(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data };
	const struct vn_load step = { .steps = 3 }, go = { .go = true };

	loads(f, &both);
	loads(f, &step);
	expect_said(f, "held at cycle 12; -step N and -go let the threads go on\n");
	assert_int_equal(vn_nt_cardserve_until(f->server.serve), 12);
	loads(f, &go);
	expect_said(f, "all threads run from cycle 0\n");
	assert_int_equal(vn_nt_cardserve_until(f->server.serve), VN_NT_NEVER);
}

static void instructions_alone_start_nothing(void **state)
{
	struct fixture *f = *state;
	const struct vn_load instr = { .instr = f->instr };
	char want[512];

	loads(f, &instr);
	snprintf(want, sizeof(want),
		 "%s: 256 words of instructions T\n"
		 "the data must be loaded next (-d): they start the program\n",
		 f->instr);
	expect_said(f, want);
	assert_int_equal(state_of(f), VN_NT_HELD);
}

static void many_words_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data, .nodebug = true };
	FILE *text = fopen(f->instr, "w");

	assert_non_null(text);
	fputs(HEAD, text);
	for (uint32_t i = 0; i < WORDS; i++)
		fprintf(text, "%x : %x;\n", i, 0x24000000 + i);
	fputs("END;\n", text);
	assert_int_equal(fclose(text), 0);
	write_text(f->data, HEAD "[0..9c3f] : 1 2 3; END;"); /* 40000 words */
	loads(f, &both);
	for (uint32_t i = 0; i < WORDS; i++)
		assert_int_equal(word_at(f, 0x20000000 + 4 * i), 0x24000000 + i);
	for (uint32_t i = 0; i < 40000; i++)
		assert_int_equal(word_at(f, 0x04040000 + 4 * i), i % 3 + 1);
}

static void a_data_file_may_be_empty(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data, .nodebug = true };

	write_text(f->data, HEAD "END;");
	loads(f, &both);
	assert_int_equal(state_of(f), VN_NT_RUNNING);
}

static void expect_refused(struct fixture *f, const struct vn_load *what, int error,
			   const char *sentence)
{
	assert_int_equal(load(f, what), -error);
	assert_string_equal(f->err.text, sentence);
}

static void what_the_card_refuses_is_said(void **state)
{
	struct fixture *f = *state;
	const struct vn_load data = { .data = f->data }, go = { .go = true }, step = { .steps = 3 };

	expect_refused(f, &data, EPROTO, "data before instructions: load those first");
	expect_refused(f, &go, ENOEXEC, "no program is loaded");
	expect_refused(f, &step, EPROTO, "steps are for programs in debug hold");
}

static void files_are_checked_before_the_card_is_touched(void **state)
{
	struct fixture *f = *state;
	const struct vn_load both = { .instr = f->instr, .data = f->data, .nodebug = true };
	const struct vn_load bad = { .instr = f->other };
	char want[256];

	loads(f, &both);
	snprintf(want, sizeof(want), "%s: No such file or directory", f->other);
	expect_refused(f, &bad, ENOENT, want);
	write_text(f->other, HEAD "0 : x; END;");
	snprintf(want, sizeof(want), "%s:2: value \"x\" is not a number of radix HEX", f->other);
	expect_refused(f, &bad, EINVAL, want);
	write_text(f->other, HEAD "END;");
	snprintf(want, sizeof(want), "%s: no instructions", f->other);
	expect_refused(f, &bad, EINVAL, want);
	assert_int_equal(state_of(f), VN_NT_RUNNING);
}

/* -- A card that does not keep the protocol --------------------------------------- */

struct liar {
	int fd;
	struct vn_nt_cardmsg answer;
};

static void *lie(void *arg)
{
	struct liar *l = arg;
	uint8_t packet[64];

	if (recv(l->fd, packet, sizeof(packet), 0) > 0 && l->answer.op)
		put(l->fd, &l->answer);
	close(l->fd);
	return NULL;
}

static void expect_from_liar(struct vn_nt_cardmsg answer, int error, const char *sentence)
{
	const struct vn_load go = { .go = true };
	struct liar l = { .answer = answer };
	struct vn_cardclient client;
	struct vn_err err = { "" };
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	l.fd = pair[0];
	assert_int_equal(pthread_create(&thread, NULL, lie, &l), 0);
	assert_int_equal(vn_cardclient_attach(&client, pair[1], &err), 0);
	assert_int_equal(vn_load_run(&go, &client, stdout, &err), -error);
	assert_string_equal(err.text, sentence);
	vn_cardclient_close(&client);
	pthread_join(thread, NULL);
}

static void a_card_that_is_none_is_said(void **state)
{
	expect_from_liar((struct vn_nt_cardmsg){ 0 }, ECONNRESET, "the card went away");
	expect_from_liar((struct vn_nt_cardmsg){ .op = VN_NT_CARD_TIME, .flags = 1 }, EPROTO,
			 "the card answered HELLO with TIME");
	expect_from_liar((struct vn_nt_cardmsg){ .op = VN_NT_CARD_ERROR, .flags = 1, .a = EBUSY },
			 EBUSY, "the card refused: Device or resource busy");
	expect_from_liar(
		(struct vn_nt_cardmsg){ .op = VN_NT_CARD_ERROR, .flags = 1, .a = 1u << 31 }, EPROTO,
		"the card refused: Protocol error");
	expect_from_liar((struct vn_nt_cardmsg){ .op = VN_NT_CARD_REG_READ, .flags = 1 }, EPERM,
			 "REG_READ is not for the card to say");
}

static void a_path_fits_an_address(void **state)
{
	struct vn_cardclient client;
	struct vn_err err = { "" };
	char path[120];

	memset(path, 'a', sizeof(path));
	path[108] = '\0';
	assert_int_equal(vn_cardclient_open(&client, path, &err), -EINVAL);
	assert_non_null(strstr(err.text, "1 to 107 characters are taken"));
	assert_int_equal(vn_cardclient_open(&client, "", &err), -EINVAL);
	assert_string_equal(err.text, "card socket \"\": 1 to 107 characters are taken");
}

/* -- The command line ------------------------------------------------------------------ */

static const struct {
	const char *line;
	int status;
	const char *sentence;
} lines[] = {
	{ "load", 2, "nothing to do: -i and -d, -step, -go or -mif is accepted" },
	{ "load -i a -go", 2, "too much at once: -i and -d, -step, -go or -mif is accepted" },
	{ "load -step 1 -go", 2, "too much at once: -i and -d, -step, -go or -mif is accepted" },
	{ "load -i a -nodebug", 2, "-nodebug goes with -d, which starts the threads" },
	{ "load -h app.hcode", 2,
	  "app.hcode: encoded programs are not needed here; load app.instr.mif with -i" },
	{ "load -c x -h app.hcode", 2,
	  "app.hcode: encoded programs are not needed here; load app.instr.mif with -i" },
	{ "load -h table", 2,
	  "table: encoded programs are not needed here; load table.instr.mif with -i" },
	{ "load -i dir/app.instr.enc", 2,
	  "dir/app.instr.enc: encoded programs are not needed here; load dir/app.instr.mif with "
	  "-i" },
	{ "load -d app.enc", 2,
	  "app.enc: encoded programs are not needed here; load app.instr.mif with -i" },
	{ "load -step 0", 2, "-step: 0 is out of range (1 to 1073741824)" },
	{ "load -i", 2, "-i needs a value" },
	{ "load -instr", 2, "-instr needs a value" },
	{ "load one", 2, "unexpected argument \"one\"" },
	{ "load -c /nonexistent/socket --go", 1,
	  "card socket /nonexistent/socket: No such file or directory (vernier card -card "
	  "/nonexistent/socket opens one)" },
	{ "load -mif /nonexistent/a", 1, "/nonexistent/a: No such file or directory" },
};

static void the_command_line_is_checked(void **state)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(lines); i++) {
		char line[128], *argv[16], *at = NULL;
		struct vn_err err = { "" };
		int argc = 0;

		snprintf(line, sizeof(line), "%s", lines[i].line);
		for (char *w = strtok_r(line, " ", &at); w; w = strtok_r(NULL, " ", &at))
			argv[argc++] = w;
		argv[argc] = NULL;
		if (vn_cmd_load(argc, argv, &err) != lines[i].status)
			fail_msg("%s: %s", lines[i].line, err.text);
		if (!strstr(err.text, lines[i].sentence))
			fail_msg("%s: \"%s\" does not say \"%s\"", lines[i].line, err.text,
				 lines[i].sentence);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_files_run_the_program),
		TEST(without_nodebug_they_are_held),
		TEST(steps_and_go_are_later_commands),
		TEST(instructions_alone_start_nothing),
		TEST(many_words_come_in_pieces),
		TEST(a_data_file_may_be_empty),
		TEST(what_the_card_refuses_is_said),
		TEST(files_are_checked_before_the_card_is_touched),
		cmocka_unit_test(a_card_that_is_none_is_said),
		cmocka_unit_test(a_path_fits_an_address),
		cmocka_unit_test(the_command_line_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
