/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers on the machine's clock measure, become and tell, on a device that
 * takes everything. With and without the right to real time, where the test has it
 * to take away.
 */
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cpu.h"
#include "base/wakeup.h"
#include "engine/engine.h"

/* Far more than any boundary: a worker sleeps most of the time. */
#define SLOW_NS 10000000
/* Less than any. */
#define FAST_NS (VN_SPIN_MIN_NS / 5)

/* --- a device that takes everything ------------------------------------------- */

static struct vn_tx_done take(struct vn_txq *q, unsigned int n)
{
	return (struct vn_tx_done){ n, VN_TX_OK };
}

static int open_queue(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		      struct vn_err *err)
{
	*out = calloc(1, sizeof(**out));
	assert_non_null(*out);
	assert_int_equal(vn_txq_init(*out, dev, 64, opts->frame_cap), 0);
	(*out)->commit = take;
	return 0;
}

static void close_queue(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(q);
}

static const struct vn_netdev_ops ops = {
	.name = "takes",
	.caps = VN_CAP_TX,
	.txq_open = open_queue,
	.txq_close = close_queue,
};

/* --- fixture -------------------------------------------------------------------- */

struct fixture {
	struct vn_clock clock;
	struct vn_netdev dev;
	struct vn_engine *engine;
	struct vn_worker *worker;
	struct vn_entry *entry;
	struct vn_err err;
	int cpu;
	uint64_t gap_ns; /* for set_gap() */
};

/* What the options leave open is the fixture's. */
static void make(struct fixture *x, struct vn_engine_opts opts, uint64_t count, uint64_t gap_ns)
{
	memset(x, 0, sizeof(*x));
	assert_true(vn_cpu_list(&x->cpu, 1) >= 1);
	if (opts.is_virtual)
		vn_clock_virtual(&x->clock, 1000, 0);
	else
		vn_clock_real(&x->clock);
	vn_netdev_init(&x->dev, &ops, &(struct vn_netdev_opts){ .clock = &x->clock });
	opts.clock = &x->clock;
	opts.seed = 1;
	opts.cpus = &x->cpu;
	opts.n_cpus = 1;
	assert_int_equal(vn_engine_new(&opts, &x->engine, &x->err), 0);
	x->worker = vn_engine_worker(x->engine, 0);
	assert_int_equal(vn_worker_add(x->worker, "one", &x->dev, &x->entry, &x->err), 0);
	x->entry->stream.cfg.count = count;
	vn_stream_set_period(&x->entry->stream, gap_ns, 1);
}

static void unmake(struct fixture *x)
{
	vn_engine_free(x->engine);
}

static int look_at_policy(void *arg)
{
	vn_sched_text(arg);
	return 0;
}

/* Of the worker's thread; while something runs, else it may be the caller's. */
static void policy_of(struct fixture *x, char text[VN_SCHED_TEXT])
{
	vn_worker_call(x->worker, look_at_policy, text);
}

/* Comes back when the worker has followed the start: it does between two calls. */
static void start(struct fixture *x)
{
	char text[VN_SCHED_TEXT];

	vn_engine_start(x->engine);
	policy_of(x, text);
	policy_of(x, text);
}

static void run_to_end(struct fixture *x)
{
	vn_engine_start(x->engine);
	while (!vn_engine_wait_idle(x->engine, VN_NSEC_PER_SEC))
		continue;
}

/* Takes the right to real time from this thread and those it starts, or gives it
 * back. False: it has none to take. */
static bool set_right(bool has_it)
{
	const uint32_t bit = 1u << CAP_SYS_NICE;
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) || !(data[0].permitted & bit))
		return false;
	data[0].effective = has_it ? data[0].effective | bit : data[0].effective & ~bit;
	return syscall(SYS_capset, &head, data) == 0;
}

/* --- cases ------------------------------------------------------------------------ */

static void on_a_virtual_clock_all_is_unknown(void **state)
{
	struct vn_worker_machine m;
	struct fixture x;

	make(&x, (struct vn_engine_opts){ .is_virtual = true, .realtime = VN_REALTIME_ON }, 10,
	     SLOW_NS);
	vn_engine_start(x.engine);
	vn_engine_run_virtual(x.engine);
	assert_int_equal(vn_stat_get(&x.entry->stats.sofar), 10);
	vn_worker_machine(x.worker, &m);
	assert_false(m.has_run);
	assert_string_equal(m.policy, "");
	for (unsigned int i = 0; i < VN_M_COUNT; i++)
		assert_false(m.value[i].is_known);
	unmake(&x);
}

static void a_paced_run_is_measured_and_told(void **state)
{
	struct vn_worker_machine m;
	struct fixture x;

	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_OFF }, 5, 1000000);
	vn_worker_machine(x.worker, &m);
	assert_int_equal(m.cpu, x.cpu);
	assert_false(m.has_run);
	assert_false(m.value[VN_M_preempted].is_known);
	assert_false(m.value[VN_M_spin_ns].is_known);
	run_to_end(&x);
	vn_worker_call(x.worker, look_at_policy, m.policy); /* it has seen the end, too */
	vn_worker_machine(x.worker, &m);
	assert_true(m.has_run);
	assert_string_equal(m.policy, "SCHED_OTHER");
	assert_string_equal(m.why, "realtime is off");
	assert_in_range(m.value[VN_M_timer_samples].n, 1, VN_WAKEUP_SAMPLES);
	assert_in_range(m.value[VN_M_spin_ns].n, VN_SPIN_MIN_NS, VN_SPIN_MAX_NS);
	assert_true(m.value[VN_M_timer_max_ns].n >= m.value[VN_M_timer_p50_ns].n);
	assert_int_equal(m.value[VN_M_timer_slack_ns].n, 1);
	assert_true(m.value[VN_M_preempted].is_known);
	assert_true(m.value[VN_M_stalls].is_known);
	assert_true(m.value[VN_M_overslept].is_known);
	unmake(&x);
}

static void what_is_not_paced_is_not_measured(void **state)
{
	static const struct {
		uint64_t gap_ns, slack_ns;
		const char *why;
	} cases[] = {
		{ 0, 0, "nothing is paced" },
		{ 1000000, 1000000, "departures may be late by the slack" },
	};
	struct vn_worker_machine m;
	struct fixture x;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		make(&x, (struct vn_engine_opts){ .slack_ns = cases[i].slack_ns }, 5,
		     cases[i].gap_ns);
		run_to_end(&x);
		vn_worker_machine(x.worker, &m);
		assert_string_equal(m.why, cases[i].why);
		assert_string_equal(m.policy, "SCHED_OTHER");
		assert_false(m.value[VN_M_timer_samples].is_known);
		assert_false(m.value[VN_M_spin_ns].is_known);
		assert_false(m.value[VN_M_stalls].is_known);
		unmake(&x);
	}
}

static void a_worker_is_real_time_while_it_paces(void **state)
{
	char text[VN_SCHED_TEXT];
	struct vn_worker_machine m;
	struct fixture x;

	if (vn_realtime_try())
		skip();
	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_ON }, 0, SLOW_NS);
	assert_int_equal(vn_engine_prepare(x.engine, &x.err), 0);
	start(&x);
	policy_of(&x, text);
	assert_string_equal(text, "SCHED_FIFO 1");
	vn_worker_machine(x.worker, &m); /* while it runs */
	assert_true(m.has_run);
	assert_string_equal(m.policy, "SCHED_FIFO 1");
	assert_string_equal(m.why, "as asked");
	vn_engine_stop(x.engine);
	while (!vn_engine_wait_idle(x.engine, VN_NSEC_PER_SEC))
		continue;
	policy_of(&x, text);
	assert_string_equal(text, "SCHED_OTHER");
	vn_worker_machine(x.worker, &m); /* of the run */
	assert_string_equal(m.policy, "SCHED_FIFO 1");
	unmake(&x);
}

/* The gap may change while it runs. */
static int go_fast(void *arg)
{
	struct vn_entry *e = arg;

	vn_stream_set_period(&e->stream, FAST_NS, 1);
	e->stream.generation++;
	return 0;
}

static void of_itself_only_who_sleeps_is_real_time(void **state)
{
	static const int nowhere = 100000;
	struct vn_worker_machine m;
	char text[VN_SCHED_TEXT];
	struct fixture x;
	int cpus[2];

	if (vn_realtime_try() || vn_cpu_list(cpus, 2) < 2)
		skip();
	make(&x, (struct vn_engine_opts){ .bound = &nowhere, .n_bound = 1 }, 0, SLOW_NS);
	start(&x);
	policy_of(&x, text);
	assert_string_equal(text, "SCHED_FIFO 1");
	vn_worker_call(x.worker, go_fast, x.entry);
	policy_of(&x, text); /* it has followed the call before */
	assert_string_equal(text, "SCHED_OTHER");
	vn_worker_machine(x.worker, &m);
	assert_non_null(strstr(m.why, "spins most of the time"));
	unmake(&x);

	make(&x, (struct vn_engine_opts){ .bound = cpus, .n_bound = 1 }, 0, SLOW_NS);
	start(&x);
	policy_of(&x, text);
	assert_string_equal(text, "SCHED_OTHER");
	vn_worker_machine(x.worker, &m);
	assert_non_null(strstr(m.why, "another thread of this process"));
	unmake(&x);
}

static int set_gap(void *arg)
{
	struct fixture *x = arg;

	vn_stream_set_period(&x->entry->stream, x->gap_ns, 1);
	x->entry->stream.generation++;
	return 0;
}

/* Else the kernel would take the CPU from it. */
static void of_itself_a_real_time_worker_goes_on_sleeping(void **state)
{
	struct vn_worker_machine m;
	char text[VN_SCHED_TEXT];
	struct fixture x;

	if (vn_realtime_try() || vn_cpu_list(NULL, 0) < 2)
		skip();
	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_AUTO }, 0, SLOW_NS);
	start(&x);
	vn_worker_machine(x.worker, &m);
	x.gap_ns = m.value[VN_M_spin_ns].n * 5 / 2;
	vn_worker_call(x.worker, set_gap, &x);
	for (unsigned int i = 0; i < 100; i++) { /* at any time */
		do { /* the boundary grows by a sleep that is too long, until it hears of it */
			vn_worker_machine(x.worker, &m);
		} while (m.value[VN_M_spin_ns].n > x.gap_ns / 2 + x.gap_ns / 100);
		policy_of(&x, text);
		assert_string_equal(text, "SCHED_FIFO 1");
	}
	unmake(&x);
}

static void without_the_right_on_is_refused_and_auto_goes_on(void **state)
{
	struct vn_worker_machine m;
	struct fixture x;
	bool took = set_right(false);

	if (vn_realtime_try() != -EPERM) { /* RLIMIT_RTPRIO allows it */
		if (took)
			set_right(true);
		skip();
	}
	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_ON }, 5, SLOW_NS);
	assert_int_equal(vn_engine_prepare(x.engine, &x.err), -EPERM);
	assert_non_null(strstr(x.err.text, "CAP_SYS_NICE"));
	assert_non_null(strstr(x.err.text, "ulimit -r"));
	run_to_end(&x);
	assert_int_equal(vn_stat_get(&x.entry->stats.sofar), 0);
	unmake(&x);

	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_ON }, 5, 0); /* not paced */
	assert_int_equal(vn_engine_prepare(x.engine, &x.err), 0);
	unmake(&x);

	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_AUTO }, 3, SLOW_NS);
	run_to_end(&x);
	assert_int_equal(vn_stat_get(&x.entry->stats.sofar), 3);
	vn_worker_machine(x.worker, &m);
	assert_string_equal(m.policy, "SCHED_OTHER");
	if (vn_cpu_list(NULL, 0) > 1)
		assert_non_null(strstr(m.why, "CAP_SYS_NICE"));
	unmake(&x);
	if (took)
		assert_true(set_right(true));
}

static int add_stalls(void *arg)
{
	vn_machine_add_stalls(arg, 2, 5000000000, 3000000000);
	return 0;
}

static void stalls_of_others_are_added_and_each_run_counts_anew(void **state)
{
	struct vn_worker_machine m;
	struct fixture x;

	make(&x, (struct vn_engine_opts){ .realtime = VN_REALTIME_OFF }, 0, SLOW_NS);
	start(&x);
	vn_worker_call(x.worker, add_stalls, x.worker);
	vn_worker_machine(x.worker, &m);
	assert_true(m.value[VN_M_stalls].n >= 2);
	assert_true(m.value[VN_M_stall_ns].n >= 5000000000);
	assert_int_equal(m.value[VN_M_stall_max_ns].n, 3000000000);
	vn_engine_stop(x.engine);
	while (!vn_engine_wait_idle(x.engine, VN_NSEC_PER_SEC))
		continue;
	x.entry->stream.cfg.count = 2;
	run_to_end(&x);
	vn_worker_machine(x.worker, &m);
	assert_true(m.value[VN_M_stall_max_ns].n < 3000000000);
	unmake(&x);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_a_virtual_clock_all_is_unknown),
		cmocka_unit_test(a_paced_run_is_measured_and_told),
		cmocka_unit_test(what_is_not_paced_is_not_measured),
		cmocka_unit_test(a_worker_is_real_time_while_it_paces),
		cmocka_unit_test(of_itself_only_who_sleeps_is_real_time),
		cmocka_unit_test(of_itself_a_real_time_worker_goes_on_sleeping),
		cmocka_unit_test(without_the_right_on_is_refused_and_auto_goes_on),
		cmocka_unit_test(stalls_of_others_are_added_and_each_run_counts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
