/* SPDX-License-Identifier: BSD-2-Clause */
/* The card socket's connections, each step of the server by hand. */
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	char path[64];
	struct vn_nt_card *card;
	struct card_server server;
};

static int set_up(void **state)
{
	static const struct vn_nt_cardserve_ops ops;
	struct fixture *f = calloc(1, sizeof(*f));
	struct vn_err err = { "" };
	int fd;

	assert_non_null(f);
	strcpy(f->path, "/tmp/vernier-server-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	close(fd);
	unlink(f->path);
	assert_int_equal(vn_nt_card_new(&vn_nt_defaults, &f->card, &err), 0);
	if (card_server_open(&f->server, f->path, f->card, &ops, NULL, &err) < 0)
		fail_msg("%s", err.text);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	card_server_close(&f->server);
	assert_int_not_equal(access(f->path, F_OK), 0);
	vn_nt_card_free(f->card);
	free(f);
	return 0;
}

static int new_client(const struct fixture *f)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&f->server.addr, sizeof(f->server.addr)), 0);
	return fd;
}

static void say_hello(int fd)
{
	const struct vn_nt_cardmsg hello = { .op = VN_NT_CARD_HELLO,
					     .a = 1,
					     .b = VN_NT_ROLE_LOADER };
	uint8_t head[VN_NT_CARDMSG_HEAD];

	vn_nt_cardmsg_encode(&hello, head);
	assert_int_equal(send(fd, head, sizeof(head), 0), sizeof(head));
}

static enum vn_nt_cardmsg_op hear(int fd)
{
	uint8_t packet[512];
	ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	struct vn_nt_cardmsg msg;
	struct vn_err err = { "" };

	assert_true(n > 0);
	assert_int_equal(vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_CARD, packet, (size_t)n, &err), 0);
	return msg.op;
}

/* The server sees that one has gone and the next has come in the same step, and
 * the next has a place before that of the one that has gone. */
static void who_comes_next_finds_the_role_free(void **state)
{
	struct fixture *f = *state;
	int before = new_client(f), loader = new_client(f);

	say_hello(loader);
	card_server_run(&f->server);
	assert_int_equal(hear(loader), VN_NT_CARD_HELLO);
	close(before);
	card_server_run(&f->server);
	close(loader);
	loader = new_client(f);
	say_hello(loader);
	card_server_run(&f->server);
	assert_int_equal(hear(loader), VN_NT_CARD_HELLO);
	close(loader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_comes_next_finds_the_role_free, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
