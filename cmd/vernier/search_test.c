/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The procedures against a modelled device: frames come at the trial's rate,
 * leave at the device's, wait in its buffer, and are lost when that is full.
 * What must be found follows from these three numbers by arithmetic.
 */
#include "search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define K      UINT64_C(1000)
#define SECOND VN_NSEC_PER_SEC
#define MEDIUM (1000 * K * VN_MILLI) /* a million frames a second */

struct model {
	uint64_t limit_milli;  /* of the device; 0: it passes nothing */
	uint64_t buffer;       /* frames */
	uint64_t loses_every;  /* one frame in so many, 0: none */
	uint64_t sender_milli; /* what the sender can do, 0: anything */
	unsigned int dies_at;  /* trial, counted from 1; 0: never */
	/* what it saw */
	unsigned int n_trials, n_final;
	uint64_t seen; /* frames, for loses_every */
	struct vn_trial last;
};

static uint64_t overflow(const struct model *m, const struct vn_trial *t, uint64_t rate)
{
	/* of n frames at `rate`, n * limit / rate leave while they come */
	uint64_t left = (uint64_t)((__uint128_t)t->frames * m->limit_milli / rate);

	if (m->limit_milli >= rate || t->frames - left <= m->buffer)
		return 0;
	return t->frames - left - m->buffer;
}

static uint64_t noise(struct model *m, uint64_t frames)
{
	uint64_t before = m->seen;

	m->seen += frames;
	return m->loses_every ? m->seen / m->loses_every - before / m->loses_every : 0;
}

static int model_run(void *arg, const struct vn_trial *t, struct vn_trial_result *out,
		     struct vn_err *err)
{
	struct model *m = arg;
	uint64_t rate = m->sender_milli ? VN_MIN(m->sender_milli, t->rate_milli) : t->rate_milli;

	m->last = *t;
	if (++m->n_trials == m->dies_at)
		return vn_err_set(err, ENETDOWN, "model: down");
	m->n_final += t->is_final;
	out->sent = t->frames;
	out->lost = overflow(m, t, rate) + noise(m, t->frames);
	out->lost = VN_MIN(out->lost, out->sent);
	out->received = out->sent - out->lost;
	out->offered_milli = rate;
	out->is_short = rate < t->rate_milli;
	out->latency_samples = t->latency ? 2 : 0;
	out->latency_mean_ns = 1000.0 * m->n_trials;
	if (t->latency) {
		vn_hist_add(t->latency, 1000 * m->n_trials - 100);
		vn_hist_add(t->latency, 1000 * m->n_trials + 100);
	}
	return 0;
}

static const struct vn_trial_ops model_ops = { .run = model_run };

static struct vn_search search_of(struct model *m)
{
	return (struct vn_search){
		.ops = &model_ops,
		.arg = m,
		.frame_size = 64,
		.medium_milli = MEDIUM,
		.min_milli = 1 * K * VN_MILLI,
		.max_milli = MEDIUM,
		.step_milli = 1 * K * VN_MILLI,
		.search_ns = SECOND,
		.final_ns = 60 * SECOND,
		.latency_ns = 120 * SECOND,
		.latency_repeats = 20,
		.loss_step_milli = MEDIUM / 10,
		.burst_ns = 2 * SECOND,
		.burst_step = 1,
		.burst_repeats = 50,
	};
}

static struct vn_throughput throughput(const struct vn_search *s)
{
	struct vn_err err = { "" };
	struct vn_throughput t;

	assert_int_equal(vn_search_throughput(s, &t, &err), 0);
	assert_true(t.is_confirmed);
	return t;
}

/* --- throughput -------------------------------------------------------------- */

static void the_limit_is_found_to_one_step(void **state)
{
	static const uint64_t limits[] = { 1, 2, 333, 499, 500, 501, 777, 998, 999 };
	static const uint64_t steps[] = { 1, 7, 100, 1000, 400000 };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(limits); i++)
		for (unsigned int j = 0; j < VN_ARRAY_SIZE(steps); j++) {
			struct model m = { .limit_milli = limits[i] * K * VN_MILLI };
			struct vn_search s = search_of(&m);
			struct vn_throughput t;

			s.step_milli = steps[j] * VN_MILLI;
			t = throughput(&s);
			assert_true(t.rate_milli <= m.limit_milli);
			assert_true(m.limit_milli < t.failed_milli);
			assert_true(t.failed_milli - t.rate_milli <= s.step_milli);
			assert_true(m.last.is_final);
			assert_int_equal(m.last.rate_milli, t.rate_milli);
			assert_int_equal(t.n_trials, m.n_trials);
		}
}

static void a_limit_at_a_step_is_that_step(void **state)
{
	struct model m = { .limit_milli = 421 * K * VN_MILLI };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	assert_int_equal(t.rate_milli, m.limit_milli);
	m.limit_milli--;
	t = throughput(&s);
	assert_int_equal(t.rate_milli, 420 * K * VN_MILLI);
}

static void a_device_without_loss_takes_two_trials(void **state)
{
	struct model m = { .limit_milli = MEDIUM };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	assert_int_equal(t.rate_milli, MEDIUM);
	assert_int_equal(t.failed_milli, 0);
	assert_int_equal(t.n_trials, 2);
	assert_int_equal(m.n_final, 1);
}

static void a_device_that_always_loses_has_no_throughput(void **state)
{
	struct model m = { .limit_milli = 0 };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	assert_int_equal(t.rate_milli, 0);
	assert_int_equal(t.failed_milli, s.min_milli);
	assert_false(t.is_sender_limited);
	assert_int_equal(m.n_final, 0);
}

static void trials_have_the_length_that_was_asked(void **state)
{
	struct model m = { .limit_milli = MEDIUM };
	struct vn_search s = search_of(&m);

	throughput(&s);
	assert_int_equal(m.last.frames, 60 * 1000 * K);
	assert_int_equal(m.last.duration_ns, 60 * SECOND);
	assert_int_equal(m.seen, 61 * 1000 * K);
}

/* Short trials fit into the buffer; the long one does not. */
static void a_confirmation_that_fails_leads_down(void **state)
{
	struct model m = { .limit_milli = 500 * K * VN_MILLI, .buffer = 50 * K };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	/* 50000 frames in 60 s: 833 a second above the limit, less than a step */
	assert_int_equal(t.rate_milli, 500 * K * VN_MILLI);
	assert_true(m.n_final > 2);
	assert_true(m.n_trials < 100);
}

/* At full rate a trial meets 60 losses; one short enough meets none, by luck. */
static void a_loss_in_a_million_needs_tolerance(void **state)
{
	struct model m = { .limit_milli = MEDIUM, .loses_every = 1000 * K };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	/* 60 s of the found rate are at most what lies between two losses */
	assert_true(t.rate_milli > 0);
	assert_true(vn_search_frames(t.rate_milli, s.final_ns) <= m.loses_every);
	assert_true(t.n_trials < 200);

	s.loss_ppm = 1;
	t = throughput(&s);
	assert_int_equal(t.rate_milli, MEDIUM);
}

static void tolerance_is_exact(void **state)
{
	struct model m = { .limit_milli = MEDIUM, .loses_every = 1000 };
	struct vn_search s = search_of(&m);

	s.loss_ppm = 999;
	assert_true(throughput(&s).rate_milli < MEDIUM);
	m.seen = 0;
	s.loss_ppm = 1000;
	assert_int_equal(throughput(&s).rate_milli, MEDIUM);
}

static void what_the_sender_cannot_do_is_not_found(void **state)
{
	struct model m = { .limit_milli = MEDIUM, .sender_milli = 300 * K * VN_MILLI };
	struct vn_search s = search_of(&m);
	struct vn_throughput t = throughput(&s);

	assert_int_equal(t.rate_milli, m.sender_milli);
	assert_true(t.is_sender_limited);
	m.limit_milli = 200 * K * VN_MILLI;
	t = throughput(&s);
	assert_int_equal(t.rate_milli, m.limit_milli);
	assert_false(t.is_sender_limited);
}

static void a_device_that_goes_down_leaves_what_was_known(void **state)
{
	struct model m = { .limit_milli = 600 * K * VN_MILLI, .dies_at = 4 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_throughput t;

	assert_int_equal(vn_search_throughput(&s, &t, &err), -ENETDOWN);
	assert_string_equal(err.text, "model: down");
	assert_false(t.is_confirmed);
	assert_int_equal(t.n_trials, 3);
	assert_in_range(t.rate_milli, 1, m.limit_milli);
	assert_in_range(t.failed_milli, m.limit_milli + 1, MEDIUM);
}

static void only_one_rate_may_be_asked_for(void **state)
{
	struct model m = { .limit_milli = 500 * K * VN_MILLI };
	struct vn_search s = search_of(&m);

	s.min_milli = s.max_milli = 500 * K * VN_MILLI;
	assert_int_equal(throughput(&s).rate_milli, s.max_milli);
	m.limit_milli--;
	assert_int_equal(throughput(&s).rate_milli, 0);
}

/* --- latency ----------------------------------------------------------------- */

static void latency_is_the_average_of_the_averages(void **state)
{
	struct model m = { .limit_milli = MEDIUM };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_latency l;

	assert_int_equal(vn_search_latency(&s, 1000 * VN_MILLI, &l, &err), 0);
	assert_int_equal(l.n_done, 20);
	assert_float_equal(l.mean_ns, 10500, 1e-6); /* of 1000, 2000 ... 20000 */
	assert_int_equal(l.min_ns, 900);
	assert_int_equal(l.max_ns, 20100);
	assert_int_equal(l.samples, 40);
	assert_in_range(l.p90_ns, 17900, 18100 + 18100 / 128);
	assert_true(l.p99_ns == VN_LATENCY_UNKNOWN); /* takes a hundred */
	assert_int_equal(l.sent, 20 * 120 * 1000);
	assert_int_equal(m.last.frames, 120 * 1000);
}

static void latency_of_a_device_that_goes_down(void **state)
{
	struct model m = { .limit_milli = MEDIUM, .dies_at = 3 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_latency l;

	assert_int_equal(vn_search_latency(&s, 1000 * VN_MILLI, &l, &err), -ENETDOWN);
	assert_int_equal(l.n_done, 2);
	assert_float_equal(l.mean_ns, 1500, 1e-6);
	assert_int_equal(l.max_ns, 2100);
}

/* --- frame loss rate ---------------------------------------------------------- */

static void loss_goes_down_to_two_trials_without(void **state)
{
	struct model m = { .limit_milli = 750 * K * VN_MILLI };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_loss loss;

	assert_int_equal(vn_search_loss(&s, &loss, &err), 0);
	assert_true(loss.is_complete);
	assert_int_equal(loss.n, 5); /* 100, 90, 80, 70, 60 % */
	for (unsigned int i = 0; i < loss.n; i++) {
		uint64_t rate = (1000 - 100 * i) * K;
		uint64_t lost = rate > 750 * K ? 60 * (rate - 750 * K) : 0;

		assert_int_equal(loss.points[i].rate_milli, rate * VN_MILLI);
		assert_int_equal(loss.points[i].sent, 60 * rate);
		assert_int_equal(loss.points[i].lost, lost);
	}
	vn_loss_free(&loss);
}

static void loss_ends_at_the_lowest_rate(void **state)
{
	struct model m = { .limit_milli = 0 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_loss loss;

	assert_int_equal(vn_search_loss(&s, &loss, &err), 0);
	assert_false(loss.is_complete);
	assert_int_equal(loss.n, 10);
	assert_int_equal(loss.points[9].rate_milli, MEDIUM / 10);
	assert_int_equal(loss.points[9].lost, loss.points[9].sent);
	vn_loss_free(&loss);
}

/* Ten tenths, each rounded down, are less than the whole. */
static void what_rounding_leaves_is_no_rate(void **state)
{
	struct model m = { .limit_milli = 0 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_loss loss;

	s.medium_milli = s.max_milli = MEDIUM + 7;
	assert_int_equal(vn_search_loss(&s, &loss, &err), 0);
	assert_int_equal(loss.n, 10);
	vn_loss_free(&loss);
}

static void loss_of_a_device_that_goes_down(void **state)
{
	struct model m = { .limit_milli = 750 * K * VN_MILLI, .dies_at = 3 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_loss loss;

	assert_int_equal(vn_search_loss(&s, &loss, &err), -ENETDOWN);
	assert_int_equal(loss.n, 2);
	assert_int_equal(loss.points[0].lost, 60 * 250 * K);
	vn_loss_free(&loss);
}

/* --- back-to-back frames ------------------------------------------------------ */

static struct vn_back_to_back back_to_back(const struct vn_search *s)
{
	struct vn_err err = { "" };
	struct vn_back_to_back b;

	assert_int_equal(vn_search_back_to_back(s, &b, &err), 0);
	assert_int_equal(b.n_done, s->burst_repeats);
	return b;
}

/* n frames leave n / 2 behind at half the medium's rate. */
static void the_longest_burst_is_exact(void **state)
{
	static const uint64_t buffers[] = { 0, 1, 2, 63, 64, 1000, 4097 };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(buffers); i++) {
		struct model m = { .limit_milli = MEDIUM / 2, .buffer = buffers[i] };
		struct vn_search s = search_of(&m);
		struct vn_back_to_back b = back_to_back(&s);

		/* n - n/2 (rounded down) <= buffer */
		assert_float_equal(b.mean_frames, 2.0 * (double)buffers[i], 1e-9);
		assert_int_equal(b.min_frames, b.max_frames);
		assert_float_equal(b.stddev_frames, 0, 1e-9);
		assert_false(b.is_at_least);
		/* the first by bisection of 2 000 000, then two each */
		assert_true(b.n_trials <= 25 + 49 * 2);
		assert_int_equal(m.last.duration_ns, 2 * SECOND);
	}
}

static void bursts_are_searched_in_steps(void **state)
{
	struct model m = { .limit_milli = MEDIUM / 2, .buffer = 1000 };
	struct vn_search s = search_of(&m);

	s.burst_step = 64;
	assert_float_equal(back_to_back(&s).mean_frames, 1984, 1e-9);
}

static void a_device_as_fast_as_the_medium_takes_any_burst(void **state)
{
	struct model m = { .limit_milli = MEDIUM };
	struct vn_search s = search_of(&m);
	struct vn_back_to_back b = back_to_back(&s);

	assert_true(b.is_at_least);
	assert_int_equal(b.min_frames, 2 * 1000 * K);
	assert_int_equal(b.n_trials, 50);
}

static void a_device_that_passes_nothing_takes_no_burst(void **state)
{
	struct model m = { .limit_milli = 0 };
	struct vn_search s = search_of(&m);
	struct vn_back_to_back b = back_to_back(&s);

	assert_int_equal(b.max_frames, 0);
	assert_false(b.is_at_least);
}

static void bursts_of_a_device_that_goes_down(void **state)
{
	struct model m = { .limit_milli = MEDIUM, .dies_at = 4 };
	struct vn_search s = search_of(&m);
	struct vn_err err = { "" };
	struct vn_back_to_back b;

	assert_int_equal(vn_search_back_to_back(&s, &b, &err), -ENETDOWN);
	assert_int_equal(b.n_done, 3);
	assert_int_equal(b.max_frames, 2 * 1000 * K);
}

/* RFC 9004: a buffer of 1000 frames at half the medium's rate is 1 ms of frames. */
static void buffer_time_is_corrected_for_what_left_meanwhile(void **state)
{
	struct model m = { .limit_milli = MEDIUM / 2, .buffer = 1000 };
	struct vn_search s = search_of(&m);
	struct vn_back_to_back b = back_to_back(&s);

	assert_float_equal(vn_back_to_back_implied_s(&s, b.mean_frames), 2e-3, 1e-12);
	assert_float_equal(vn_back_to_back_corrected_s(&s, b.mean_frames, MEDIUM / 2), 1e-3, 1e-12);
}

static void frames_of_a_trial_are_counted_without_overflow(void **state)
{
	assert_int_equal(vn_search_frames(148809523809, 3600 * SECOND), 535714285712);
	assert_int_equal(vn_search_frames(1, SECOND), 1);
	assert_int_equal(vn_search_frames(1, 1), 1);
	assert_int_equal(vn_search_frames(1500, 2 * SECOND), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_found_to_one_step),
		cmocka_unit_test(a_limit_at_a_step_is_that_step),
		cmocka_unit_test(a_device_without_loss_takes_two_trials),
		cmocka_unit_test(a_device_that_always_loses_has_no_throughput),
		cmocka_unit_test(trials_have_the_length_that_was_asked),
		cmocka_unit_test(a_confirmation_that_fails_leads_down),
		cmocka_unit_test(a_loss_in_a_million_needs_tolerance),
		cmocka_unit_test(tolerance_is_exact),
		cmocka_unit_test(what_the_sender_cannot_do_is_not_found),
		cmocka_unit_test(a_device_that_goes_down_leaves_what_was_known),
		cmocka_unit_test(only_one_rate_may_be_asked_for),
		cmocka_unit_test(latency_is_the_average_of_the_averages),
		cmocka_unit_test(latency_of_a_device_that_goes_down),
		cmocka_unit_test(loss_goes_down_to_two_trials_without),
		cmocka_unit_test(loss_ends_at_the_lowest_rate),
		cmocka_unit_test(what_rounding_leaves_is_no_rate),
		cmocka_unit_test(loss_of_a_device_that_goes_down),
		cmocka_unit_test(the_longest_burst_is_exact),
		cmocka_unit_test(bursts_are_searched_in_steps),
		cmocka_unit_test(a_device_as_fast_as_the_medium_takes_any_burst),
		cmocka_unit_test(a_device_that_passes_nothing_takes_no_burst),
		cmocka_unit_test(bursts_of_a_device_that_goes_down),
		cmocka_unit_test(buffer_time_is_corrected_for_what_left_meanwhile),
		cmocka_unit_test(frames_of_a_trial_are_counted_without_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
