/* SPDX-License-Identifier: BSD-2-Clause */
/* A card and its driver, who reads when the test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostwait.h"
#include "nt/hw.h"

#define AFTER_NS     1000
#define AFTER_CYCLES 125

struct fixture {
	struct vn_nt_card *card;
	struct card_server server;
	struct card_hostwait wait;
	_Atomic uint32_t stop;
	int driver; /* its end of the connection */
};

static int set_up(void **state)
{
	static const struct vn_nt_cardserve_ops ops;
	struct fixture *f = calloc(1, sizeof(*f));
	struct vn_clock clock;
	struct vn_err err;
	int ends[2];

	assert_non_null(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	for (unsigned int i = 0; i < CARD_CLIENTS; i++)
		f->server.clients[i].fd = -1;
	f->server.clients[2].fd = ends[0];
	f->server.clients[2].client.role = VN_NT_ROLE_DRIVER;
	f->driver = ends[1];
	assert_int_equal(vn_nt_card_new(&vn_nt_defaults, &f->card, &err), 0);
	assert_int_equal(vn_nt_cardserve_new(f->card, &ops, f, &f->server.serve), 0);
	vn_clock_real(&clock);
	card_hostwait_start(&f->wait, &clock, AFTER_NS);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->server.clients[2].fd);
	close(f->driver);
	vn_nt_cardserve_free(f->server.serve);
	vn_nt_card_free(f->card);
	free(f);
	return 0;
}

static void tell(const struct fixture *f)
{
	assert_int_equal(send(f->server.clients[2].fd, "irq", 3, 0), 3);
}

static void read_one(const struct fixture *f)
{
	char text[8];

	assert_int_equal(recv(f->driver, text, sizeof(text), MSG_DONTWAIT), 3);
}

static void at(struct fixture *f, uint64_t cycle)
{
	card_hostwait(&f->wait, &f->server, cycle, &f->stop);
}

static void what_is_read_in_time_holds_nobody(void **state)
{
	struct fixture *f = *state;

	at(f, 1000);
	for (uint64_t cycle = 2000; cycle < 2000 + 10 * AFTER_CYCLES; cycle += AFTER_CYCLES) {
		tell(f);
		at(f, cycle);
		at(f, cycle + AFTER_CYCLES - 1);
		read_one(f);
		at(f, cycle + AFTER_CYCLES - 1);
	}
	assert_int_equal(f->wait.waits, 0);
	assert_int_equal(f->wait.total_ns, 0);
}

/* Who has stopped is waited for once, until it reads again. */
static void a_driver_that_is_gone_is_given_up(void **state)
{
	struct fixture *f = *state;

	tell(f);
	at(f, 0);
	at(f, AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 1);
	assert_true(f->wait.total_ns >= CARD_HOSTWAIT_MAX_NS);
	at(f, 100 * AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 1);
	read_one(f);
	at(f, 101 * AFTER_CYCLES);
	tell(f);
	at(f, 102 * AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 1);
	at(f, 103 * AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 2);
}

/* On a clock that stands still, where nothing else does. */
static void a_stop_ends_the_wait(void **state)
{
	struct fixture *f = *state;

	vn_clock_virtual(&f->wait.clock, 0, 0);
	atomic_store(&f->stop, 1);
	tell(f);
	at(f, 0);
	at(f, AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 1);
	assert_int_equal(f->wait.total_ns, 0);
}

/* A child reads as soon as it runs: this process sees that, and goes on. */
static void it_goes_on_when_the_driver_has_read(void **state)
{
	struct fixture *f = *state;
	pid_t pid;

	tell(f);
	at(f, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char text[8];

		_exit(recv(f->driver, text, sizeof(text), 0) == 3 ? 0 : 1);
	}
	while (card_server_awaits_driver(&f->server))
		at(f, AFTER_CYCLES);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	at(f, AFTER_CYCLES);
	assert_int_equal(f->wait.since, VN_NT_NEVER);
	assert_false(f->wait.is_given_up);
}

/* Loaders read when they like; and a card that is told to waits for nobody. */
static void only_a_driver_is_waited_for(void **state)
{
	struct fixture *f = *state;

	f->server.clients[2].client.role = VN_NT_ROLE_LOADER;
	tell(f);
	at(f, 0);
	at(f, AFTER_CYCLES);
	f->server.clients[2].client.role = VN_NT_ROLE_DRIVER;
	f->wait.after = 0;
	at(f, 10 * AFTER_CYCLES);
	at(f, 20 * AFTER_CYCLES);
	assert_int_equal(f->wait.waits, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(what_is_read_in_time_holds_nobody),
		CASE(a_driver_that_is_gone_is_given_up),
		CASE(a_stop_ends_the_wait),
		CASE(it_goes_on_when_the_driver_has_read),
		CASE(only_a_driver_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
