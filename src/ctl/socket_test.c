/* SPDX-License-Identifier: BSD-2-Clause */
/* The control tree by its socket, on a pretended machine: the protocol's good
 * and bad messages, interruption, and what is left behind. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "ctl/pretend.h"
#include "ctl/socket.h"

struct bed {
	struct vn_clock clock;
	struct pretend machine;
	struct vn_engine *engine;
	struct vn_tree *tree;
	struct vn_socket_server *server;
	char name[64];
	char buf[VN_SOCKET_MAX];
	size_t got;
	struct vn_err err;
};

static int allowed_cpu(void)
{
	int cpu;

	assert_true(vn_cpu_list(&cpu, 1) >= 1);
	return cpu;
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	int cpu = allowed_cpu();
	struct vn_engine_opts engine = { .clock = &b->clock, .cpus = &cpu, .n_cpus = 1, .seed = 1 };
	struct vn_tree_opts tree = { .count = 1000 };

	vn_clock_real(&b->clock);
	pretend_init(&b->machine, &b->clock, true);
	assert_int_equal(vn_engine_new(&engine, &b->engine, &b->err), 0);
	tree.engine = b->engine;
	tree.devices = pretend_devices(&b->machine);
	assert_int_equal(vn_tree_new(&tree, &b->tree, &b->err), 0);
	snprintf(b->name, sizeof(b->name), "vernier-test-%d", (int)getpid());
	if (vn_socket_serve(b->tree, b->name, &b->server, &b->err))
		fail_msg("%s", b->err.text);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	vn_tree_shut(b->tree);
	vn_socket_close(b->server);
	vn_tree_free(b->tree);
	vn_engine_free(b->engine);
	pretend_fini(&b->machine);
	free(b);
	return 0;
}

static int connect_to(struct bed *b)
{
	int fd = vn_socket_connect(b->name, &b->err);

	if (fd < 0)
		fail_msg("%s", b->err.text);
	return fd;
}

static ssize_t ask(struct bed *b, int fd, enum vn_socket_op op, const char *file, const char *data)
{
	ssize_t n = vn_socket_ask(fd, op, file, data, data ? strlen(data) : 0, b->buf,
				  sizeof(b->buf) - 1, &b->got, &b->err);

	b->buf[b->got] = '\0';
	assert_string_equal(b->err.text, "");
	return n;
}

static void files_are_listed_read_and_written(void **state)
{
	struct bed *b = *state;
	char thread[32], expected[80];
	int fd = connect_to(b);
	ssize_t n;

	snprintf(thread, sizeof(thread), "kpktgend_%d", allowed_cpu());
	assert_int_equal(ask(b, fd, VN_SOCKET_LIST, NULL, NULL), 0);
	snprintf(expected, sizeof(expected), "pgctrl\n%s\n", thread);
	assert_string_equal(b->buf, expected);
	assert_int_equal(ask(b, fd, VN_SOCKET_WRITE, thread, "add_device dummy0\n"), 18);
	assert_int_equal(ask(b, fd, VN_SOCKET_WRITE, "dummy0", "count 3"), 7);
	assert_int_equal(ask(b, fd, VN_SOCKET_WRITE, "dummy0", "bogus"), -EINVAL);
	assert_int_equal(ask(b, fd, VN_SOCKET_WRITE, "pgctrl", "start\n"), 6);
	n = ask(b, fd, VN_SOCKET_READ, "dummy0", NULL);
	assert_int_equal(n, b->got);
	assert_non_null(strstr(b->buf, "pkts-sofar: 3  errors: 0"));
	assert_int_equal(ask(b, fd, VN_SOCKET_READ, "nosuch", NULL), -ENOENT);
	assert_int_equal(ask(b, fd, VN_SOCKET_WRITE, "nosuch", "x"), -ENOENT);
	assert_int_equal(ask(b, fd, 99, "dummy0", NULL), -EPROTO);
	close(fd);
}

struct starter {
	struct bed *b;
	int fd;
	ssize_t ret;
};

static void *start(void *arg)
{
	struct starter *s = arg;
	struct vn_err err;
	char buf[16];
	size_t got;

	s->ret = vn_socket_ask(s->fd, VN_SOCKET_WRITE, "pgctrl", "start", 5, buf, sizeof(buf), &got,
			       &err);
	return NULL;
}

static void wait_until_it_runs(struct bed *b, int fd, const char *head)
{
	char thread[32];

	snprintf(thread, sizeof(thread), "kpktgend_%d", allowed_cpu());
	do {
		ask(b, fd, VN_SOCKET_READ, thread, NULL);
	} while (strncmp(b->buf, head, strlen(head)) != 0);
}

/* By a message, or by the end of the connection. */
static void a_start_is_interrupted(void **state)
{
	struct bed *b = *state;
	int control = connect_to(b), how;
	struct starter s = { .b = b };
	char thread[32];
	pthread_t t;

	snprintf(thread, sizeof(thread), "kpktgend_%d", allowed_cpu());
	ask(b, control, VN_SOCKET_WRITE, thread, "add_device dummy0");
	ask(b, control, VN_SOCKET_WRITE, "dummy0", "count 0");
	ask(b, control, VN_SOCKET_WRITE, "dummy0", "delay 1000000");
	for (how = 0; how < 2; how++) {
		s.fd = connect_to(b);
		assert_int_equal(pthread_create(&t, NULL, start, &s), 0);
		wait_until_it_runs(b, control, "Running: dummy0 \n");
		if (how == 0)
			vn_socket_interrupt(s.fd);
		else
			shutdown(s.fd, SHUT_RDWR);
		pthread_join(t, NULL);
		assert_int_equal(s.ret, how == 0 ? 5 : -ECONNRESET);
		wait_until_it_runs(b, control, "Running: \n");
		close(s.fd);
	}
	close(control);
}

static void nonsense_ends_the_connection_and_no_other(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "x", 1 },
		{ "\3\0\0\0\0\0\0", 7 },
		{ "\3\0\0\0\5\0\0\0ab", 10 },          /* a name longer than the message */
		{ "\3\0\0\0\xff\xff\xff\xffname", 12 },
		{ "", 0 },
	};
	struct bed *b = *state;
	int other = connect_to(b);
	unsigned int i;
	char byte;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		int fd = connect_to(b);

		send(fd, rows[i].bytes, rows[i].len, MSG_NOSIGNAL);
		assert_true(recv(fd, &byte, 1, 0) <= 0);
		close(fd);
	}
	assert_int_equal(ask(b, other, VN_SOCKET_LIST, NULL, NULL), 0);
	close(other);
}

static void a_name_is_one_servers(void **state)
{
	struct bed *b = *state;
	struct vn_socket_server *second;

	assert_int_equal(vn_socket_serve(b->tree, b->name, &second, &b->err), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(b->err.text, "--socket"));
	assert_int_equal(vn_socket_serve(b->tree, "", &second, &b->err), -EINVAL);
	assert_true(vn_socket_connect("vernier-test-nobody", &b->err) < 0);
	assert_non_null(strstr(b->err.text, "no server"));
}

static void leave_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void a_path_is_private_and_goes_with_the_server(void **state)
{
	struct bed *b = *state;
	struct vn_socket_server *s;
	char dir[] = "/tmp/vernier-test-XXXXXX", path[64];
	struct stat st;
	int stale;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	assert_int_equal(vn_socket_serve(b->tree, path, &s, &b->err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	stale = vn_socket_connect(path, &b->err);
	assert_int_equal(ask(b, stale, VN_SOCKET_LIST, NULL, NULL), 0);
	close(stale);
	vn_socket_close(s);
	assert_int_equal(stat(path, &st), -1);
	/* A server that was killed leaves its file: nobody listens, and it is taken. */
	leave_socket(path);
	assert_int_equal(vn_socket_serve(b->tree, path, &s, &b->err), 0);
	vn_socket_close(s);
	assert_int_equal(rmdir(dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(files_are_listed_read_and_written),
		TEST(a_start_is_interrupted),
		TEST(nonsense_ends_the_connection_and_no_other),
		TEST(a_name_is_one_servers),
		TEST(a_path_is_private_and_goes_with_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
