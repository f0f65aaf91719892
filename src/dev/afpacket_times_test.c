/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Launch times and stamps of departure on a veth pair. A kernel without fq and etf
 * takes launch times all the same and sends at once, which is enough to see that
 * frames with them arrive whole.
 */
#include "dev/times_test.h"

#include <linux/net_tstamp.h>
#include <sys/socket.h>

#include "dev/afpacket_priv.h"
#include "dev/launch_qdisc.h"

#define MS	1000000ull
#define N	300

static int set_up(void **state)
{
	return set_up_on("afpacket", state);
}

static uint64_t counter(struct fixture *x, const char *name)
{
	struct vn_netdev_counter c[VN_NETDEV_COUNTERS_MAX];
	unsigned int n = vn_netdev_counters(x->a, c, VN_NETDEV_COUNTERS_MAX);

	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(c[i].name, name))
			return c[i].n;
	fail_msg("no counter %s", name);
	return 0;
}

static const struct vn_launch_qdisc fq = {
	.kind = "fq",
	.clock = CLOCK_MONOTONIC,
	.launch = { .grain_ns = 1, .horizon_ns = 10 * VN_NSEC_PER_SEC },
};
static const struct vn_launch_qdisc etf = {
	.kind = "etf",
	.clock = CLOCK_TAI,
	.launch = { .grain_ns = 1, .horizon_ns = 10 * VN_NSEC_PER_SEC, .lead_ns = 200000 },
};

static void open_under(struct fixture *x, const struct vn_launch_qdisc *q, enum vn_tx_stamps stamps)
{
	const struct vn_txq_opts opts = {
		.frame_cap = 1514,
		.path = VN_PATH_QDISC,
		.launch = VN_LAUNCH_QDISC,
		.stamps = stamps,
	};
	struct vn_err err = { "" };

	if (vn_afpacket_txq_open_under(x->a, &opts, q, &x->tx, &err))
		fail_msg("%s", err.text);
}

/* --- launch times ----------------------------------------------------------------- */

static void what_cannot_launch_or_stamp_is_refused(void **state)
{
	static const struct {
		struct vn_txq_opts opts;
		int rc;
		const char *says;
	} cases[] = {
		{ { .path = VN_PATH_QDISC, .launch = VN_LAUNCH_QDISC },
		  -EOPNOTSUPP,
		  A ": launch qdisc: its queueing discipline is noqueue; fq or etf is needed (tc "
		    "qdisc replace dev " A " root fq)" },
		{ { .path = VN_PATH_DRIVER, .launch = VN_LAUNCH_QDISC },
		  -EINVAL,
		  A ": launch qdisc: frames pass the queueing discipline with xmit_mode "
		    "queue_xmit only" },
		{ { .path = VN_PATH_QDISC, .launch = VN_LAUNCH_DEVICE },
		  -EOPNOTSUPP,
		  A ": launch device: packet sockets hand no launch times to hardware; driver "
		    "afxdp does, where the interface can" },
		{ { .path = VN_PATH_RECEIVE, .launch = VN_LAUNCH_QDISC },
		  -EOPNOTSUPP,
		  A ": launch: with xmit_mode netif_receive frames go up, and never leave" },
		{ { .path = VN_PATH_RECEIVE, .stamps = VN_TX_STAMPS_KERNEL },
		  -EOPNOTSUPP,
		  A ": departure_stamps: with xmit_mode netif_receive frames go up, and never "
		    "leave" },
		{ { .stamps = VN_TX_STAMPS_HARDWARE },
		  -EOPNOTSUPP,
		  A ": departure_stamps hardware: no hardware stamps of every departure; offered: "
		    "kernel stamps (ethtool -T " A " lists them)" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_txq_opts opts = cases[i].opts;
		struct vn_err err = { "" };
		struct vn_txq *q;

		opts.frame_cap = 60;
		assert_int_equal(vn_netdev_txq_open(x->a, &opts, &q, &err), cases[i].rc);
		assert_null(q);
		assert_string_equal(err.text, cases[i].says);
	}
}

/* A discipline that is there is named; the one that is needed may not be. */
static void the_discipline_that_is_there_is_named(void **state)
{
	struct vn_txq_opts opts = { .frame_cap = 60,
				    .path = VN_PATH_QDISC,
				    .launch = VN_LAUNCH_QDISC };
	struct fixture *x = *state;
	struct vn_err err = { "" };

	must("tc qdisc replace dev " A " root pfifo limit 9");
	assert_int_equal(vn_netdev_txq_open(x->a, &opts, &x->tx, &err), -EOPNOTSUPP);
	assert_string_equal(err.text,
			    A ": launch qdisc: its queueing discipline is pfifo; fq or etf "
			      "is needed (tc qdisc replace dev " A " root fq)");
}

static void the_socket_has_the_clock_of_the_discipline(void **state)
{
	static const struct vn_launch_qdisc *const disciplines[] = { &fq, &etf };
	static const uint64_t launch_ns[] = { MS, MS + 200000 };
	struct fixture *x = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(disciplines); i++) {
		struct sock_txtime how = { .clockid = -1 };
		socklen_t size = sizeof(how);
		int fd;

		open_under(x, disciplines[i], VN_TX_STAMPS_OFF);
		fd = vn_container_of(x->tx, struct vn_afpacket_txq, txq)->fd;
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TXTIME, &how, &size), 0);
		assert_int_equal(how.clockid, disciplines[i]->clock);
		assert_int_equal(how.flags, SOF_TXTIME_REPORT_ERRORS);
		assert_int_equal(x->tx->launch_ns, launch_ns[i]);
		assert_null(x->tx->departed);
		x->a->ops->txq_close(x->tx);
	}
	x->tx = NULL;
}

static void launched_frames_arrive_whole_and_in_order(void **state)
{
	static const struct vn_launch_qdisc *const disciplines[] = { &fq, &etf };
	struct fixture *x = *state;

	x->len = 300;
	for (size_t i = 0; i < VN_ARRAY_SIZE(disciplines); i++) {
		open_under(x, disciplines[i], VN_TX_STAMPS_OFF);
		for (unsigned int n = 0; n < 64; n += 16) {
			uint64_t now = vn_clock_now(&x->clock);

			fill_frames(x->tx, 16, 300, now + 9 * VN_NSEC_PER_SEC, 1000, (uint8_t)x->n);
			assert_done(vn_txq_commit(x->tx, 16), 16, VN_TX_OK);
			receive(x, x->n + 16);
		}
		assert_int_equal(x->tx->outstanding(x->tx), 0);
		x->a->ops->txq_close(x->tx);
	}
	x->tx = NULL;
	assert_int_equal(counter(x, "launch_late"), 0);
	assert_int_equal(counter(x, "launch_missed"), 0);
	assert_int_equal(counter(x, "launch_invalid"), 0);
}

static void what_is_too_far_waits_and_what_is_late_is_counted(void **state)
{
	struct fixture *x = *state;
	uint64_t now;

	x->len = 60;
	open_under(x, &etf, VN_TX_STAMPS_OFF);
	now = vn_clock_now(&x->clock);
	fill_frames(x->tx, 1, 60, now, 0, 0); /* less than the lead ahead */
	fill_frames(x->tx, 2, 60, now + 9 * VN_NSEC_PER_SEC, 1, 1);
	fill_frames(x->tx, 1, 60, now + 3600 * VN_NSEC_PER_SEC, 1, 3);
	assert_done(vn_txq_commit(x->tx, 4), 3, VN_TX_BUSY);
	assert_done(vn_txq_commit(x->tx, 1), 0, VN_TX_BUSY);
	receive(x, 3);
	assert_int_equal(vn_txq_pending(x->tx), 1);
	assert_int_equal(counter(x, "launch_late"), 1);
}

/* --- stamps ----------------------------------------------------------------------- */

struct sent {
	uint64_t asked, before, after; /* of the call */
};

/* All there are, in order: each between the call that sent its frame and the end. */
static unsigned int take_stamps(struct fixture *x, const struct sent *sent, unsigned int n_sent,
				unsigned int n)
{
	struct vn_departed d[64];
	unsigned int got;
	uint64_t last = 0;

	while ((got = x->tx->departed(x->tx, d, VN_ARRAY_SIZE(d)))) {
		for (unsigned int i = 0; i < got; i++, n++) {
			assert_true(n < n_sent);
			assert_int_equal(d[i].asked_ns, sent[n].asked);
			/* The error of the two clocks' distance. */
			assert_true(d[i].ns + 1000 >= sent[n].before);
			assert_true(d[i].ns <= sent[n].after + 1000);
			assert_true(d[i].ns >= last);
			last = d[i].ns;
		}
	}
	return n;
}

static unsigned int wait_for_stamps(struct fixture *x, const struct sent *sent, unsigned int n_sent,
				    unsigned int n)
{
	uint64_t until = vn_clock_now(&x->clock) + WAIT_NS;

	while (x->tx->outstanding(x->tx))
		assert_true(vn_clock_now(&x->clock) < until);
	return take_stamps(x, sent, n_sent, n);
}

static void commit_noted(struct fixture *x, struct sent *s, unsigned int n, uint64_t asked)
{
	uint64_t before;

	fill_frames(x->tx, n, x->len, asked, 7, (uint8_t)asked);
	before = vn_clock_now(&x->clock);
	assert_done(vn_txq_commit(x->tx, n), n, VN_TX_OK);
	for (unsigned int i = 0; i < n; i++)
		s[i] = (struct sent){ asked + 7 * i, before, vn_clock_now(&x->clock) };
}

/* 1000 packets/s, with each path of the kernel's. */
static void every_frame_of_a_paced_run_is_stamped(void **state)
{
	static const enum vn_tx_path paths[] = { VN_PATH_DRIVER, VN_PATH_QDISC };
	struct fixture *x = *state;
	struct sent sent[N];

	x->len = 60;
	for (size_t p = 0; p < VN_ARRAY_SIZE(paths); p++) {
		unsigned int n = 0;
		uint64_t origin;

		x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60,
							      .path = paths[p],
							      .stamps = VN_TX_STAMPS_KERNEL });
		assert_string_equal(x->tx->stamp_source, "kernel");
		assert_int_equal(x->tx->launch_ns, 0);
		origin = vn_clock_now(&x->clock);
		for (unsigned int i = 0; i < N; i++) {
			x->clock.wait(&x->clock, origin + i * MS, NULL);
			commit_noted(x, &sent[i], 1, origin + i * MS);
			if (i % 3 == 0)
				n = take_stamps(x, sent, N, n);
		}
		assert_int_equal(wait_for_stamps(x, sent, N, n), N);
		x->a->ops->txq_close(x->tx);
	}
	x->tx = NULL;
	assert_int_equal(counter(x, "stamps_lost"), 0);
}

static void each_frame_of_a_batch_has_its_own_stamp(void **state)
{
	struct fixture *x = *state;
	struct sent sent[32 * 20];
	unsigned int n = 0;

	x->len = 1514;
	x->tx = open_txq(x->a,
			 &(struct vn_txq_opts){ .frame_cap = 1514, .stamps = VN_TX_STAMPS_KERNEL });
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(sent); i += 32) {
		commit_noted(x, &sent[i], 32, i * 1000);
		n = take_stamps(x, sent, VN_ARRAY_SIZE(sent), n);
	}
	assert_int_equal(wait_for_stamps(x, sent, VN_ARRAY_SIZE(sent), n), VN_ARRAY_SIZE(sent));
	assert_int_equal(counter(x, "stamps_lost"), 0);
}

static void launched_frames_are_stamped_too(void **state)
{
	struct fixture *x = *state;
	struct sent sent[64];

	x->len = 60;
	open_under(x, &fq, VN_TX_STAMPS_KERNEL);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(sent); i += 16)
		commit_noted(x, &sent[i], 16, vn_clock_now(&x->clock) + 2 * MS);
	assert_int_equal(wait_for_stamps(x, sent, VN_ARRAY_SIZE(sent), 0), VN_ARRAY_SIZE(sent));
}

/* Lost to the device (a full discipline) or refused (too long): the stamps behind
 * them are still those of their frames. */
static void frames_that_are_refused_do_not_shift_the_stamps(void **state)
{
	static const uint32_t refused[] = { 200, 1515, 1518, 1519, 1600 };
	struct fixture *x = *state;
	struct sent sent[40];

	must("tc qdisc replace dev " A " root bfifo limit 100");
	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 2048,
						      .path = VN_PATH_QDISC,
						      .stamps = VN_TX_STAMPS_KERNEL });
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(sent); i++) {
		x->len = 60;
		commit_noted(x, &sent[i], 1, 1000 * i);
		fill_frames(x->tx, 1, refused[i % VN_ARRAY_SIZE(refused)], 5, 0, 0);
		assert_done(vn_txq_commit(x->tx, 1), 0, VN_XMIT_DROP);
	}
	assert_int_equal(wait_for_stamps(x, sent, VN_ARRAY_SIZE(sent), 0), VN_ARRAY_SIZE(sent));
	assert_int_equal(counter(x, "stamps_lost"), 0);
}

static void stamps_without_room_are_lost_and_counted(void **state)
{
	struct fixture *x = *state;
	struct vn_departed d[VN_TXQ_FRAMES];
	unsigned int got, taken = 0;
	uint64_t until;
	int one = 1;

	x->len = 60;
	x->tx = open_txq(x->a,
			 &(struct vn_txq_opts){ .frame_cap = 60, .stamps = VN_TX_STAMPS_KERNEL });
	/* The least that the kernel lets it be: a few stamps. */
	assert_int_equal(setsockopt(vn_container_of(x->tx, struct vn_afpacket_txq, txq)->fd,
				    SOL_SOCKET, SO_RCVBUF, &one, sizeof(one)),
			 0);
	for (unsigned int i = 0; i < 10; i++) {
		fill_frames(x->tx, 32, 60, 1, 0, 0);
		assert_done(vn_txq_commit(x->tx, 32), 32, VN_TX_OK);
	}
	until = vn_clock_now(&x->clock) + WAIT_NS;
	while (x->tx->outstanding(x->tx))
		assert_true(vn_clock_now(&x->clock) < until);
	while ((got = x->tx->departed(x->tx, d, VN_ARRAY_SIZE(d))))
		taken += got;
	assert_true(taken > 0 && taken < 320);
	assert_int_equal(counter(x, "stamps_lost"), 320 - taken);
}

/* Nobody asked: no counters, and the queue has nothing of it. */
static void without_either_the_queue_is_as_it_was(void **state)
{
	struct vn_netdev_counter c[VN_NETDEV_COUNTERS_MAX];
	struct fixture *x = *state;

	x->tx = open_txq(x->a, &(struct vn_txq_opts){ .frame_cap = 60 });
	assert_null(x->tx->departed);
	assert_null(x->tx->stamp_source);
	assert_int_equal(x->tx->launch_ns, 0);
	assert_int_equal(vn_netdev_counters(x->a, c, VN_NETDEV_COUNTERS_MAX), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_cannot_launch_or_stamp_is_refused),
		CASE(the_discipline_that_is_there_is_named),
		CASE(the_socket_has_the_clock_of_the_discipline),
		CASE(launched_frames_arrive_whole_and_in_order),
		CASE(what_is_too_far_waits_and_what_is_late_is_counted),
		CASE(every_frame_of_a_paced_run_is_stamped),
		CASE(each_frame_of_a_batch_has_its_own_stamp),
		CASE(launched_frames_are_stamped_too),
		CASE(frames_that_are_refused_do_not_shift_the_stamps),
		CASE(stamps_without_room_are_lost_and_counted),
		CASE(without_either_the_queue_is_as_it_was),
	};
	const char *why_not = why_no_links();

	if (why_not)
		return skip_all(why_not);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
