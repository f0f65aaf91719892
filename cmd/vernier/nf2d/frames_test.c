/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue between reader and owner, a socket of datagrams in the place of a TAP. */
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	int ends[2]; /* the host's, the reader's */
	struct nf2d_frames frames;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct vn_err err = { "" };

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, f.ends))
		return -1;
	*state = &f;
	return nf2d_frames_start(&f.frames, f.ends[1], &err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	nf2d_frames_stop(&f->frames);
	nf2d_frames_stop(&f->frames);
	close(f->ends[0]);
	close(f->ends[1]);
	return 0;
}

static void send_number(struct fixture *f, uint32_t n, size_t len)
{
	struct pollfd pfd = { .fd = f->ends[0], .events = POLLOUT };
	uint8_t bytes[NF2D_FRAME_BYTES + 100] = { 0 };

	memcpy(bytes, &n, sizeof(n));
	while (send(f->ends[0], bytes, len, 0) < 0) {
		assert_int_equal(errno, EAGAIN);
		poll(&pfd, 1, -1);
	}
}

/* Waits for the reader. */
static const struct nf2d_frame *next(struct fixture *f)
{
	struct pollfd pfd = { .fd = f->frames.fd, .events = POLLIN };
	const struct nf2d_frame *frame;

	while (!(frame = nf2d_frames_first(&f->frames))) {
		poll(&pfd, 1, -1);
		nf2d_frames_woke(&f->frames);
	}
	return frame;
}

static void expect(struct fixture *f, uint32_t n, size_t len)
{
	const struct nf2d_frame *frame = next(f);

	assert_int_equal(frame->len, len);
	assert_memory_equal(frame->bytes, &n, sizeof(n));
	nf2d_frames_take(&f->frames);
}

static void frames_come_in_order_and_whole(void **state)
{
	struct fixture *f = *state;

	assert_null(nf2d_frames_first(&f->frames));
	send_number(f, 1, 60);
	send_number(f, 2, 1514);
	send_number(f, 3, NF2D_FRAME_BYTES + 1);
	expect(f, 1, 60);
	expect(f, 2, 1514);
	expect(f, 3, NF2D_FRAME_BYTES);
	assert_null(nf2d_frames_first(&f->frames));
	assert_int_equal(nf2d_frames_dropped(&f->frames), 0);
}

/* The queue goes round many times. */
static void a_full_round_and_more_pass(void **state)
{
	struct fixture *f = *state;

	for (uint32_t n = 0; n < 3 * NF2D_FRAMES; n++) {
		send_number(f, n, 64);
		if (n % 3 == 2)
			for (uint32_t i = n - 2; i <= n; i++)
				expect(f, i, 64);
	}
}

static void what_finds_no_room_is_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t dropped = 0;

	/* The last one has been read when all before it have. */
	for (uint32_t n = 0; n < NF2D_FRAMES + 100; n++)
		send_number(f, n, 60);
	while (dropped < 100)
		dropped += nf2d_frames_dropped(&f->frames);
	assert_int_equal(dropped, 100);
	for (uint32_t n = 0; n < NF2D_FRAMES; n++)
		expect(f, n, 60);
	send_number(f, 7, 60);
	expect(f, 7, 60);
}

static void discarding_leaves_nothing_that_was_there(void **state)
{
	struct fixture *f = *state;
	uint32_t n;

	for (n = 0; n < 500; n++)
		send_number(f, n, 60);
	nf2d_frames_discard(&f->frames);
	assert_null(nf2d_frames_first(&f->frames));
	assert_int_equal(nf2d_frames_dropped(&f->frames), 500);
	assert_int_equal(nf2d_frames_dropped(&f->frames), 0);
	send_number(f, n, 60);
	expect(f, n, 60);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(frames_come_in_order_and_whole),
		CASE(a_full_round_and_more_pass),
		CASE(what_finds_no_room_is_counted),
		CASE(discarding_leaves_nothing_that_was_there),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
