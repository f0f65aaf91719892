/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers to RTM_GETQDISC as they lie in memory, written down by hand (of a
 * little-endian kernel), for this machine's kernel may have neither fq nor etf.
 */
#include "dev/launch_qdisc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang-format off */
#define U16(v) (v) & 0xff, (v) >> 8 & 0xff
#define U32(v) U16((v) & 0xffff), U16((uint32_t)(v) >> 16)
/* nlmsghdr and tcmsg; len: of what comes behind them, both included 36 more */
#define HEAD(len, ifindex, handle, parent) \
	U32((len) + 36), U16(36), U16(2), U32(0), U32(0), \
	0, 0, 0, 0, U32(ifindex), U32(handle), U32(parent), U32(2)
#define ROOT 0xffffffff

/* kind fq; limits of 10000 and 100 packets, quantum, timer slack, horizon */
#define FQ(ifindex, handle, parent, horizon_us) \
	HEAD(44 + 8, ifindex, handle, parent), \
	U16(7), U16(1), 'f', 'q', 0, 0, \
	U16(44), U16(2), \
		U16(8), U16(1), U32(10000), \
		U16(8), U16(2), U32(100), \
		U16(8), U16(3), U32(3028), \
		U16(8), U16(13), U32(10000), \
		U16(8), U16(14), U32(horizon_us)
/* kind etf; delta, clock, flags */
#define ETF(ifindex, handle, parent, delta, clock, flags) \
	HEAD(28, ifindex, handle, parent), \
	U16(8), U16(1), 'e', 't', 'f', 0, \
	U16(20), U16(2), \
		U16(16), U16(1), U32(delta), U32(clock), U32(flags)
/* kind mq, with an empty TCA_OPTIONS */
#define MQ(ifindex, handle) \
	HEAD(12, ifindex, handle, ROOT), \
	U16(7), U16(1), 'm', 'q', 0, 0, \
	U16(4), U16(2)
#define PFIFO_FAST(ifindex, parent) \
	HEAD(16, ifindex, 0, parent), \
	U16(15), U16(1), 'p', 'f', 'i', 'f', 'o', '_', 'f', 'a', 's', 't', 0, 0
/* clang-format on */

static const uint8_t fq_root[] = { FQ(3, 0x10000, ROOT, 1), FQ(7, 0x80010000, ROOT, 5000000) };
static const uint8_t etf_root[] = { ETF(7, 0x80010000, ROOT, 300000, 11, 0) };
static const uint8_t etf_offloaded[] = { ETF(7, 0x80010000, ROOT, 300000, 11, 2) };
static const uint8_t etf_deadline[] = { ETF(7, 0x80010000, ROOT, 300000, 11, 1) };
static const uint8_t etf_boottime[] = { ETF(7, 0x80010000, ROOT, 300000, 7, 0) };
static const uint8_t etf_negative[] = { ETF(7, 0x80010000, ROOT, -5, 11, 0) };
static const uint8_t pfifo_root[] = { PFIFO_FAST(7, ROOT) };
static const uint8_t mq_of_two[] = { MQ(7, 0x80020000), FQ(7, 0, 0x80020001, 10000000),
				     ETF(7, 0x90000, 0x80020002, 200000, 11, 0) };
static const uint8_t mq_of_fq[] = { FQ(7, 0, 0x80020002, 4000000), MQ(7, 0x80020000),
				    FQ(7, 0, 0x80020001, 10000000) };
static const uint8_t mq_of_etf[] = { MQ(7, 0x80020000), ETF(7, 0, 0x80020001, 100000, 11, 0),
				     ETF(7, 0, 0x80020002, 400000, 11, 0) };
static const uint8_t mq_mixed[] = { MQ(7, 0x80020000), FQ(7, 0, 0x80020001, 10000000),
				    PFIFO_FAST(7, 0x80020002) };
static const uint8_t mq_hidden[] = { MQ(7, 0x80020000) };

#define ANSWER(a) a, sizeof(a)
#define NEEDS	  "; fq or etf is needed (tc qdisc replace dev eth1 "

static const struct {
	const char *name;
	const uint8_t *answer;
	size_t len;
	uint16_t queue;
	bool may_move;
	const char *kind; /* NULL: refused, saying: */
	const char *says;
	int clock;
	uint64_t lead_ns, horizon_ns;
} cases[] = {
	{ "fq", ANSWER(fq_root), 0, true, "fq", NULL, CLOCK_MONOTONIC, 0, 5000000000 },
	{ "etf", ANSWER(etf_root), 0, true, "etf", NULL, CLOCK_TAI, 300000, 10000000000 },
	{ "etf, offloaded", ANSWER(etf_offloaded), 0, true, "etf", NULL, CLOCK_TAI, 300000,
	  10000000000 },
	{ "negative delta", ANSWER(etf_negative), 0, true, "etf", NULL, CLOCK_TAI, 0, 10000000000 },
	{ "queue 0", ANSWER(mq_of_two), 0, false, "fq", NULL, CLOCK_MONOTONIC, 0, 10000000000 },
	{ "queue 1", ANSWER(mq_of_two), 1, false, "etf", NULL, CLOCK_TAI, 200000, 10000000000 },
	{ "any of fq", ANSWER(mq_of_fq), 0, true, "fq", NULL, CLOCK_MONOTONIC, 0, 4000000000 },
	{ "any of etf", ANSWER(mq_of_etf), 0, true, "etf", NULL, CLOCK_TAI, 400000, 10000000000 },
	{ "the one that can", ANSWER(mq_mixed), 0, false, "fq", NULL, CLOCK_MONOTONIC, 0,
	  10000000000 },
	{ .name = "nothing is listed",
	  .says = "eth1: launch qdisc: its queueing discipline is noqueue" NEEDS "root fq)" },
	{ "of another interface", fq_root, sizeof(fq_root) / 2, 0, true,
	  .says = "eth1: launch qdisc: its queueing discipline is noqueue" NEEDS "root fq)" },
	{ "pfifo_fast", ANSWER(pfifo_root), 0, true,
	  .says = "eth1: launch qdisc: its queueing discipline is pfifo_fast" NEEDS "root fq)" },
	{ "a queue without", ANSWER(mq_mixed), 1, false,
	  .says = "eth1: launch qdisc: its queue 1's queueing discipline is pfifo_fast" NEEDS
		  "parent 8002:2 fq)" },
	{ "any, and one has none", ANSWER(mq_mixed), 0, true,
	  .says = "eth1: launch qdisc: its queue 1's queueing discipline is pfifo_fast" NEEDS
		  "parent 8002:2 fq)" },
	{ "noqueue below mq is not listed", ANSWER(mq_hidden), 1, false,
	  .says = "eth1: launch qdisc: its queue 1's queueing discipline is none that is "
		  "listed" NEEDS "parent 8002:2 fq)" },
	{ "any of different ones", ANSWER(mq_of_two), 0, true,
	  .says = "eth1: launch qdisc: the fq of its queue 0 and the etf of its queue 1 go by "
		  "different clocks; --queue-map-min and --queue-map-max say which queue is "
		  "meant" },
	{ "deadlines", ANSWER(etf_deadline), 0, true,
	  .says = "eth1: launch qdisc: its etf has deadline_mode, in which frames leave before "
		  "their time; one without is needed" },
	{ "a clock that sockets do not have", ANSWER(etf_boottime), 0, true,
	  .says = "eth1: launch qdisc: the clock of its etf is number 7; CLOCK_TAI, "
		  "CLOCK_MONOTONIC or CLOCK_REALTIME is needed" },
};

static void read_answer(struct vn_launch_qdiscs *all, const uint8_t *answer, size_t len)
{
	_Alignas(8) uint8_t copy[512];

	*all = (struct vn_launch_qdiscs){ .ifindex = 7 };
	assert_true(len <= sizeof(copy));
	if (!len)
		return;
	memcpy(copy, answer, len);
	assert_int_equal(mnl_cb_run(copy, len, 0, 0, vn_launch_qdisc_message, all), MNL_CB_OK);
}

static void the_discipline_that_frames_pass_decides(void **state)
{
	const struct vn_netdev dev = { .name = "eth1", .ifindex = 7, .n_txq = 2 };
	struct vn_launch_qdiscs *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		const struct vn_txq_opts opts = { .queue = cases[i].queue,
						  .may_move = cases[i].may_move };
		struct vn_launch_qdisc q = { .kind = "" };
		struct vn_err err = { "" };
		int rc;

		read_answer(all, cases[i].answer, cases[i].len);
		rc = vn_launch_qdisc_choose(all, &dev, &opts, "noqueue", &q, &err);
		if (rc != (cases[i].kind ? 0 : -EOPNOTSUPP))
			fail_msg("%s: %d (%s)", cases[i].name, rc, err.text);
		assert_string_equal(err.text, cases[i].says ? cases[i].says : "");
		if (!cases[i].kind)
			continue;
		assert_string_equal(q.kind, cases[i].kind);
		assert_int_equal(q.clock, cases[i].clock);
		assert_true(q.launch.lead_ns == cases[i].lead_ns);
		assert_true(q.launch.horizon_ns == cases[i].horizon_ns);
		assert_true(q.launch.grain_ns == 1 && q.launch.bits == 0);
	}
	free(all);
}

/* Cut anywhere (messages are aligned), one gives no more than is in it. */
static void what_is_cut_short_is_not_read_beyond_its_end(void **state)
{
	struct vn_launch_qdiscs *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	for (size_t len = 36; len < sizeof(etf_root); len += 4) {
		uint8_t *copy = malloc(len);
		uint32_t told = (uint32_t)len;

		assert_non_null(copy);
		memcpy(copy, etf_root, len);
		memcpy(copy, &told, sizeof(told));
		*all = (struct vn_launch_qdiscs){ .ifindex = 7 };
		assert_int_equal(vn_launch_qdisc_message((struct nlmsghdr *)copy, all), MNL_CB_OK);
		assert_int_equal(all->n, 1);
		assert_int_equal(all->v[0].clock, -1);
		assert_true(all->v[0].launch.lead_ns == 0);
		free(copy);
	}
	free(all);
}

static void more_disciplines_than_there_is_room_for_are_left_out(void **state)
{
	static const uint8_t one[] = { PFIFO_FAST(7, 0x80020002) };
	struct vn_launch_qdiscs *all = calloc(1, sizeof(*all));
	_Alignas(8) uint8_t copy[sizeof(one)];

	assert_non_null(all);
	all->ifindex = 7;
	memcpy(copy, one, sizeof(one));
	for (unsigned int i = 0; i < VN_LAUNCH_QDISCS_MAX + 3; i++)
		assert_int_equal(vn_launch_qdisc_message((struct nlmsghdr *)copy, all), MNL_CB_OK);
	assert_int_equal(all->n, VN_LAUNCH_QDISCS_MAX);
	free(all);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_discipline_that_frames_pass_decides),
		cmocka_unit_test(what_is_cut_short_is_not_read_beyond_its_end),
		cmocka_unit_test(more_disciplines_than_there_is_room_for_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
