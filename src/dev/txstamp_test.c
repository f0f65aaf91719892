/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of an error queue as the kernel would write them, those of launch times
 * among them, for which this machine's kernel may have no discipline. */
#include "dev/txstamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct vn_txstamp_counters counters;
	struct vn_txstamp s;
};

/* As it is once open, without a socket: its error queue is always empty. */
static int set_up(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->s = (struct vn_txstamp){
		.fd = -1,
		.counters = &x->counters,
		.kind = VN_TX_STAMPS_KERNEL,
		.asked = calloc(VN_TXSTAMP_FRAMES, sizeof(*x->s.asked)),
		.got = calloc(VN_TXSTAMP_FRAMES, sizeof(*x->s.got)),
		.to_clock_ns = -1000,
		.followed_ns = UINT64_MAX / 2, /* never again */
	};
	memset(x->s.asked, 0xff, VN_TXSTAMP_FRAMES * sizeof(*x->s.asked));
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	vn_txstamp_close(&x->s);
	free(x);
	return 0;
}

static void put(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void say(struct fixture *x, struct sock_extended_err e, const struct scm_timestamping *t)
{
	_Alignas(struct cmsghdr) uint8_t control[256] = { 0 };
	struct msghdr m = { .msg_control = control };

	if (t)
		put(&m, SOL_SOCKET, SO_TIMESTAMPING, t, sizeof(*t));
	put(&m, SOL_PACKET, PACKET_TX_TIMESTAMP, &e, sizeof(e));
	vn_txstamp_message(&x->s, &m);
}

/* Frame `number` left at ns of CLOCK_REALTIME; 1000 less by our clock. */
static void stamp(struct fixture *x, uint32_t number, long ns)
{
	const struct scm_timestamping t = { .ts = { { .tv_sec = 5, .tv_nsec = ns } } };

	say(x,
	    (struct sock_extended_err){ .ee_errno = ENOMSG,
					.ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
					.ee_info = SCM_TSTAMP_SND,
					.ee_data = number },
	    &t);
}

static void assert_taken(struct fixture *x, uint64_t asked_ns, uint64_t ns)
{
	struct vn_departed d;

	assert_int_equal(vn_txstamp_take(&x->s, &d, 1), 1);
	assert_int_equal(d.asked_ns, asked_ns);
	assert_int_equal(d.ns, 5 * VN_NSEC_PER_SEC + ns - 1000);
}

static void assert_none(struct fixture *x)
{
	struct vn_departed d;

	assert_int_equal(vn_txstamp_take(&x->s, &d, 1), 0);
}

static void stamps_find_what_was_asked_for(void **state)
{
	struct fixture *x = *state;

	for (uint64_t i = 0; i < 3; i++)
		vn_txstamp_sent(&x->s, 100 + i, 100);
	stamp(x, 0, 2000);
	stamp(x, 1, 3000);
	assert_taken(x, 100, 2000);
	assert_taken(x, 101, 3000);
	assert_none(x);
	stamp(x, 2, 4000);
	assert_taken(x, 102, 4000);
	assert_int_equal(x->s.next - x->s.back, 0);
	assert_int_equal(x->counters.stamps_lost, 0);
}

static void those_passed_over_are_lost_until_they_come(void **state)
{
	struct fixture *x = *state;

	for (uint64_t i = 0; i < 5; i++)
		vn_txstamp_sent(&x->s, 100 + i, 100);
	stamp(x, 3, 2000);
	assert_int_equal(x->counters.stamps_lost, 3);
	assert_int_equal(x->s.next - x->s.back, 1);
	stamp(x, 1, 1500);
	assert_int_equal(x->counters.stamps_lost, 2);
	assert_taken(x, 103, 2000);
	assert_taken(x, 101, 1500);
	assert_none(x);
	/* The last one was handed over long ago: nobody waits for it any more. */
	assert_int_equal(vn_txstamp_expected(&x->s), 0);
	assert_int_equal(x->counters.stamps_lost, 3);
}

static void what_is_due_is_waited_for(void **state)
{
	struct fixture *x = *state;

	vn_txstamp_sent(&x->s, 1, UINT64_MAX / 2);
	assert_int_equal(vn_txstamp_expected(&x->s), 1);
	assert_int_equal(x->counters.stamps_lost, 0);
}

static void numbers_of_refused_frames_are_skipped(void **state)
{
	struct fixture *x = *state;

	vn_txstamp_sent(&x->s, 100, 1);
	vn_txstamp_skip(&x->s);
	vn_txstamp_sent(&x->s, 101, 1);
	vn_txstamp_skip(&x->s);
	vn_txstamp_skip(&x->s);
	vn_txstamp_sent(&x->s, 102, 1);
	stamp(x, 0, 2000);
	stamp(x, 2, 3000);
	stamp(x, 5, 4000);
	assert_taken(x, 100, 2000);
	assert_taken(x, 101, 3000);
	assert_taken(x, 102, 4000);
	assert_int_equal(x->counters.stamps_lost, 0);
}

static void what_means_nothing_is_left_alone(void **state)
{
	const struct scm_timestamping t = { .ts = { { .tv_sec = 5 } } };
	struct sock_extended_err e = { .ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
				       .ee_info = SCM_TSTAMP_SND };
	_Alignas(struct cmsghdr) uint8_t control[256] = { 0 };
	struct msghdr m = { .msg_control = control };
	struct fixture *x = *state;

	stamp(x, 0, 1); /* nothing was sent */
	vn_txstamp_sent(&x->s, 100, 1);
	stamp(x, 1, 1); /* of a frame that is still to come */
	stamp(x, UINT32_MAX, 1);
	say(x, e, NULL); /* without a stamp */
	e.ee_info = SCM_TSTAMP_SCHED;
	say(x, e, &t); /* when it entered the discipline */
	e.ee_origin = SO_EE_ORIGIN_LOCAL;
	say(x, e, &t);
	put(&m, SOL_SOCKET, SO_TIMESTAMPING, &t, 8); /* cut short */
	put(&m, SOL_PACKET, PACKET_TX_TIMESTAMP, &e, 8);
	vn_txstamp_message(&x->s, &m);
	m.msg_controllen = 0;
	vn_txstamp_message(&x->s, &m);
	assert_none(x);
	stamp(x, 0, 2000);
	stamp(x, 0, 2001); /* twice */
	assert_taken(x, 100, 2000);
	assert_none(x);
	assert_int_equal(x->counters.stamps_lost, 0);
}

/* The kernel's number has 32 bits; the ring has fewer, and forgets the oldest. */
static void numbers_wrap_and_the_ring_forgets(void **state)
{
	const uint32_t first = UINT32_MAX - 2;
	struct fixture *x = *state;

	x->s.next = x->s.back = first;
	for (uint64_t i = 0; i < VN_TXSTAMP_FRAMES + 4; i++)
		vn_txstamp_sent(&x->s, 100 + i, 1);
	assert_int_equal(x->counters.stamps_lost, 4);
	stamp(x, first + 3, 1); /* one of these */
	assert_none(x);
	stamp(x, first + 4, 2000);
	stamp(x, first + 5, 3000);
	assert_taken(x, 104, 2000);
	assert_taken(x, 105, 3000);
	assert_int_equal(x->counters.stamps_lost, 4);
	assert_int_equal(x->s.next - x->s.back, VN_TXSTAMP_FRAMES - 2);
}

static void stamps_that_nobody_takes_are_lost(void **state)
{
	struct fixture *x = *state;

	for (uint32_t i = 0; i < VN_TXSTAMP_FRAMES + 10; i++) {
		vn_txstamp_sent(&x->s, 100 + i, 1);
		stamp(x, i, 2000 + i);
	}
	assert_int_equal(x->counters.stamps_lost, 10);
	assert_taken(x, 100, 2000);
}

static void refused_launch_times_are_counted_by_cause(void **state)
{
	struct sock_extended_err e = { .ee_errno = ECANCELED, .ee_origin = SO_EE_ORIGIN_TXTIME };
	struct vn_netdev_counter told[8];
	struct fixture *x = *state;

	e.ee_code = SO_EE_CODE_TXTIME_MISSED;
	say(x, e, NULL);
	say(x, e, NULL);
	e.ee_code = SO_EE_CODE_TXTIME_INVALID_PARAM;
	e.ee_errno = EINVAL;
	say(x, e, NULL);
	x->counters.has_launch = true;
	assert_int_equal(vn_txstamp_counters(&x->counters, told, 8), 3);
	assert_string_equal(told[0].name, "launch_late");
	assert_int_equal(told[0].n, 0);
	assert_string_equal(told[1].name, "launch_missed");
	assert_int_equal(told[1].n, 2);
	assert_string_equal(told[2].name, "launch_invalid");
	assert_int_equal(told[2].n, 1);
	x->counters.has_stamps = true;
	assert_int_equal(vn_txstamp_counters(&x->counters, told, 8), 4);
	assert_string_equal(told[3].name, "stamps_lost");
	assert_int_equal(vn_txstamp_counters(&x->counters, told, 1), 1);
}

static void hardware_stamps_come_by_their_own_clock(void **state)
{
	const struct scm_timestamping t = { .ts = { { .tv_sec = 1 }, { 0 }, { .tv_sec = 7 } } };
	struct fixture *x = *state;
	struct vn_departed d;

	x->s.hw.io = &x->s.io;
	x->s.hw.offset_ns = -2000000000;
	vn_txstamp_sent(&x->s, 100, 1);
	say(x,
	    (struct sock_extended_err){ .ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
					.ee_info = SCM_TSTAMP_SND },
	    &t);
	x->s.hw.io = NULL;
	assert_int_equal(vn_txstamp_take(&x->s, &d, 1), 1);
	assert_int_equal(d.ns, 5 * VN_NSEC_PER_SEC - 1000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(stamps_find_what_was_asked_for),
		CASE(those_passed_over_are_lost_until_they_come),
		CASE(what_is_due_is_waited_for),
		CASE(numbers_of_refused_frames_are_skipped),
		CASE(what_means_nothing_is_left_alone),
		CASE(numbers_wrap_and_the_ring_forgets),
		CASE(stamps_that_nobody_takes_are_lost),
		CASE(refused_launch_times_are_counted_by_cause),
		CASE(hardware_stamps_come_by_their_own_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
