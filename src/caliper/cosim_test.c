/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time and sockets of the co-simulation, with a driver that only writes down what it
 * is told and programs of a few words. The real driver and the real program
 * are measured in tests/caliper.
 */
#include "caliper/cosim.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

#define NS 8 /* a cycle */

/* -- A driver -------------------------------------------------------------------- */

struct vn_nf2 {
	const struct vn_nf2_ops *ops;
	void *arg;
	bool takes, is_over; /* is_over: nothing was told since the socket was empty */
	enum cal_state state;
	uint64_t wake_ns;
	uint64_t copied;
	unsigned int data, control, frames, dropped, forgotten, timers;
	uint32_t last_pid, last_len;
	unsigned int n_intr;
	struct {
		uint64_t ns;
		uint32_t status;
	} intr[8];
	uint8_t received[64];
};

int vn_nf2_new(const struct vn_nf2_config *cfg, const struct vn_nf2_ops *ops, void *arg,
	       struct vn_nf2 **out, struct vn_err *err)
{
	*out = calloc(1, sizeof(**out));
	**out = (struct vn_nf2){ .ops = ops, .arg = arg, .takes = true, .wake_ns = UINT64_MAX };
	assert_string_equal(cfg->ifname, "nf2c3");
	assert_memory_equal(cfg->mac, "\x02NF2C\x03", 6);
	return 0;
}

void vn_nf2_free(struct vn_nf2 *d)
{
	free(d);
}

bool vn_nf2_takes_frames(const struct vn_nf2 *d)
{
	return d->takes;
}

void vn_nf2_frame(struct vn_nf2 *d, const uint8_t *frame, uint32_t len)
{
	d->frames++;
	d->last_len = len;
}

void vn_nf2_dropped(struct vn_nf2 *d, uint64_t n)
{
	d->dropped += (unsigned int)n;
}

bool vn_nf2_takes_data(const struct vn_nf2 *d)
{
	return d->takes;
}

void vn_nf2_data(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	d->data++;
	d->is_over = false;
	d->last_pid = pid;
	d->last_len = (uint32_t)len;
}

void vn_nf2_data_over(struct vn_nf2 *d)
{
	d->is_over = true;
}

/* An echo. */
void vn_nf2_control(struct vn_nf2 *d, uint32_t pid, const void *bytes, size_t len)
{
	d->control++;
	d->ops->nl_send(d->arg, pid, bytes, len);
}

void vn_nf2_forget(struct vn_nf2 *d, uint32_t pid)
{
	d->forgotten++;
	d->last_pid = pid;
}

void vn_nf2_dma_data(struct vn_nf2 *d, const uint8_t *bytes, uint32_t len)
{
	memcpy(d->received, bytes, VN_MIN(len, sizeof(d->received)));
	d->last_len = len;
}

void vn_nf2_intr(struct vn_nf2 *d)
{
	if (d->n_intr < VN_ARRAY_SIZE(d->intr)) {
		d->intr[d->n_intr].ns = d->ops->now(d->arg);
		d->intr[d->n_intr].status = d->ops->read_status(d->arg);
	}
	d->n_intr++;
	d->takes = true;
}

uint64_t vn_nf2_next_ns(const struct vn_nf2 *d)
{
	return d->wake_ns;
}

void vn_nf2_timer(struct vn_nf2 *d)
{
	d->timers++;
	d->state = CAL_RUNNING;
	d->wake_ns = UINT64_MAX;
}

unsigned int vn_nf2_counters(const struct vn_nf2 *d, uint64_t *out, unsigned int n)
{
	memset(out, 0, n * sizeof(*out));
	out[CAL_COUNTER_entries] = d->copied;
	return CAL_N_COUNTERS;
}

enum cal_state vn_nf2_state(const struct vn_nf2 *d)
{
	return d->state;
}

/* -- Programs -------------------------------------------------------------------- */

#define LUI(t, imm)	 (0x3c000000u | (t) << 16 | (imm))
#define LW(t, off, s)	 (0x8c000000u | (s) << 21 | (t) << 16 | ((off)&0xffffu))
#define SW(t, off, s)	 (0xac000000u | (s) << 21 | (t) << 16 | ((off)&0xffffu))
#define BEQ(s, t, words) (0x10000000u | (s) << 21 | (t) << 16 | ((words)&0xffffu))
#define ILLEGAL		 0xffffffffu

enum { START_WORDS = 12, N_WORDS = START_WORDS * VN_NT_THREADS };

/* The same few words for each thread. */
static struct vn_nt_image program(uint32_t text[N_WORDS], const uint32_t *words, unsigned int n)
{
	memset(text, 0, N_WORDS * sizeof(*text));
	for (unsigned int tid = 0; tid < VN_NT_THREADS; tid++)
		memcpy(text + START_WORDS * tid, words, n * sizeof(*words));
	return (struct vn_nt_image){ .text = text, .n_text = N_WORDS };
}

/* Asks for packets for ever: the register HEADER_FLUSH_W. */
static const uint32_t polls[] = { LUI(8, 0xa000), LW(9, 0, 8), BEQ(0, 0, -2) };
static const uint32_t ends[] = { LUI(8, 0xc000), SW(0, 0x110, 8) };
static const uint32_t faults[] = { ILLEGAL };

struct rig {
	uint32_t text[N_WORDS];
	struct vn_nt_image image;
	struct vn_cosim *sim;
	struct vn_nf2 *driver;
};

static void open_sim(struct rig *g, const uint32_t *words, unsigned int n, uint64_t socket_bytes)
{
	struct vn_cosim_config cfg = {
		.card = vn_nt_defaults,
		.driver.card = 3,
		.socket_bytes = socket_bytes,
		.image = &g->image,
	};
	struct vn_err err = { "" };

	g->image = program(g->text, words, n);
	assert_int_equal(vn_cosim_new(&cfg, &g->sim, &err), 0);
	g->driver = vn_cosim_driver(g->sim);
}

#define OPEN(g, words, bytes) open_sim(g, words, VN_ARRAY_SIZE(words), bytes)

/* -- Time ------------------------------------------------------------------------ */

static void a_transfer_takes_its_cycles(void **state)
{
	static const uint8_t bytes[1592];
	struct rig g;

	OPEN(&g, polls, 0);
	assert_int_equal(vn_cosim_run(g.sim, 1000 * NS, NULL), 0);
	assert_int_equal(vn_cosim_now_ns(g.sim), 1000 * NS);
	assert_int_equal(g.driver->ops->dma_tx(g.driver->arg, bytes, sizeof(bytes)), 0);
	assert_int_equal(g.driver->ops->dma_tx(g.driver->arg, bytes, sizeof(bytes)), -EBUSY);
	assert_int_equal(vn_cosim_run(g.sim, 100000 * NS, NULL), 0);
	assert_int_equal(g.driver->n_intr, 1);
	/* 4405 + 0.947 * 1592, in the cycle of its end. */
	assert_int_equal(g.driver->intr[0].ns, (1000 + 4405 + 1508) * NS);
	assert_int_equal(g.driver->intr[0].status, VN_NT_INT_DMA_TX_COMPLETE);
	vn_cosim_free(g.sim);
}

static void a_transfer_that_is_too_long_is_told(void **state)
{
	static const uint8_t bytes[2049];
	struct rig g;

	OPEN(&g, polls, 0);
	assert_int_equal(g.driver->ops->dma_tx(g.driver->arg, bytes, sizeof(bytes)), -EMSGSIZE);
	assert_int_equal(vn_cosim_run(g.sim, NS, NULL), 0);
	assert_int_equal(g.driver->n_intr, 1);
	assert_int_equal(g.driver->intr[0].status, VN_NT_INT_DMA_SETUP_ERROR);
	vn_cosim_free(g.sim);
}

static void masked_interrupts_wait(void **state)
{
	static const uint8_t bytes[100];
	struct rig g;

	OPEN(&g, polls, 0);
	g.driver->ops->write_mask(g.driver->arg, VN_NT_INT_DMA_TX_COMPLETE);
	g.driver->ops->dma_tx(g.driver->arg, bytes, sizeof(bytes));
	assert_int_equal(vn_cosim_run(g.sim, 10000 * NS, NULL), 0);
	assert_int_equal(g.driver->n_intr, 0);
	g.driver->ops->write_mask(g.driver->arg, 0);
	assert_int_equal(vn_cosim_run(g.sim, 10001 * NS, NULL), 0);
	assert_int_equal(g.driver->n_intr, 1);
	vn_cosim_free(g.sim);
}

static void the_drivers_timer_runs_in_its_cycle(void **state)
{
	struct rig g;

	OPEN(&g, polls, 0);
	g.driver->wake_ns = 501 * NS - 3;
	assert_int_equal(vn_cosim_run(g.sim, 500 * NS, NULL), 0);
	assert_int_equal(g.driver->timers, 0);
	assert_int_equal(vn_cosim_run_to_state(g.sim, CAL_RUNNING, 1000 * NS, NULL), 0);
	assert_int_equal(vn_cosim_now_ns(g.sim), 501 * NS);
	vn_cosim_free(g.sim);
}

static void a_state_that_does_not_come_is_told(void **state)
{
	struct vn_err err = { "" };
	struct rig g;

	OPEN(&g, polls, 0);
	assert_int_equal(vn_cosim_run_to_state(g.sim, CAL_RUNNING, 1000, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "the driver is in state 0, not in 2, after 1000 ns");
	vn_cosim_free(g.sim);
}

static void programs_that_stop_are_told(void **state)
{
	static const struct {
		const uint32_t *words;
		unsigned int n;
		const char *what;
	} rows[] = {
		{ faults, VN_ARRAY_SIZE(faults), "card: thread 0 at 0x20000000, cycle 0: " },
		{ ends, VN_ARRAY_SIZE(ends), "card: all threads have ended" },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct vn_cal_transport *t;
		struct vn_err err = { "" };
		uint8_t byte;
		struct rig g;

		open_sim(&g, rows[i].words, rows[i].n, 0);
		assert_int_equal(vn_cosim_run(g.sim, 1000, &err), -EIO);
		assert_ptr_equal(strstr(err.text, rows[i].what), err.text);
		assert_int_equal(vn_cosim_run(g.sim, 2000, &err), -EIO);
		assert_int_equal(vn_cosim_client(g.sim, &t), 0);
		assert_int_equal(t->recv(t, &byte, 1, UINT64_MAX), -EIO);
		vn_cosim_free(g.sim);
	}
}

static void a_card_has_a_program(void **state)
{
	struct vn_cosim_config cfg = { .card = vn_nt_defaults };
	struct vn_err err = { "" };
	struct vn_cosim *sim;

	assert_int_equal(vn_cosim_new(&cfg, &sim, &err), -EINVAL);
	assert_null(sim);
	assert_string_equal(err.text, "no program for the card");
}

/* -- Sockets --------------------------------------------------------------------- */

static void a_datagram_takes_no_time(void **state)
{
	struct vn_cal_transport *t[2];
	uint8_t bytes[16];
	struct rig g;

	OPEN(&g, polls, 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(vn_cosim_client(g.sim, &t[i]), 0);
	assert_int_equal(t[1]->send(t[1], VN_CAL_CONTROL, "question", 8), 0);
	assert_int_equal(t[0]->recv(t[0], bytes, sizeof(bytes), 0), 0);
	assert_int_equal(t[1]->recv(t[1], bytes, sizeof(bytes), UINT64_MAX), 8);
	assert_memory_equal(bytes, "question", 8);
	assert_int_equal(t[1]->now(t[1]), 0);
	assert_int_equal(t[1]->fd(t[1]), -1);
	assert_int_equal(t[0]->send(t[0], VN_CAL_DATA, "packets.", 8), 0);
	assert_int_equal(g.driver->data, 1);
	assert_true(g.driver->is_over);
	assert_int_not_equal(g.driver->last_pid, 0);
	t[0]->close(t[0]);
	assert_int_equal(g.driver->forgotten, 1);
	vn_cosim_free(g.sim);
}

static void a_wait_for_an_answer_takes_its_time(void **state)
{
	struct vn_cal_transport *t;
	uint8_t byte;
	struct rig g;

	OPEN(&g, polls, 0);
	assert_int_equal(vn_cosim_client(g.sim, &t), 0);
	assert_int_equal(t->recv(t, &byte, 1, 12345), 0);
	assert_int_equal(t->now(t), 12352); /* the cycle in which it was over */
	vn_cosim_free(g.sim);
}

static void a_full_socket_makes_its_client_wait(void **state)
{
	static const uint8_t bytes[1000];
	struct vn_cal_transport *t;
	struct rig g;

	OPEN(&g, polls, 2500);
	assert_int_equal(vn_cosim_client(g.sim, &t), 0);
	g.driver->takes = false;
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 1000), 0);
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 1000), 0);
	assert_int_equal(g.driver->data, 0);
	assert_int_equal(t->now(t), 0);
	g.driver->is_over = false;
	/* Control works all the same. */
	assert_int_equal(t->send(t, VN_CAL_CONTROL, bytes, 8), 0);
	assert_int_equal(g.driver->control, 1);
	assert_false(g.driver->is_over);
	/* Room comes with an interrupt: 4405 + 0.947 * 100. */
	g.driver->ops->dma_tx(g.driver->arg, bytes, 100);
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 1000), 0);
	assert_int_equal(t->now(t), (4405 + 95 + 1) * NS);
	assert_int_equal(g.driver->data, 3);
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 2501), -EMSGSIZE);
	vn_cosim_free(g.sim);
}

static void what_never_comes_is_not_waited_for(void **state)
{
	static const uint8_t bytes[1000];
	struct vn_cal_transport *t;
	uint8_t byte;
	struct rig g;

	OPEN(&g, polls, 1500);
	assert_int_equal(vn_cosim_client(g.sim, &t), 0);
	assert_string_equal(vn_cosim_why(g.sim), "");
	assert_int_equal(t->recv(t, &byte, 1, UINT64_MAX), -EDEADLK);
	assert_string_not_equal(vn_cosim_why(g.sim), "");
	g.driver->takes = false;
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 1000), 0);
	assert_int_equal(t->send(t, VN_CAL_DATA, bytes, 1000), -EDEADLK);
	/* That was this wait; others may be for something. */
	assert_int_equal(t->recv(t, &byte, 1, 1000), 0);
	vn_cosim_free(g.sim);
}

/* As the library does it: it asks again each second whether the driver is there. */
static int ask_for_100_s(struct vn_cal_transport *t)
{
	for (unsigned int i = 0; i < 100; i++) {
		uint8_t answer[8];
		ssize_t r;

		assert_int_equal(t->send(t, VN_CAL_CONTROL, "are you?", 8), 0);
		assert_int_equal(t->recv(t, answer, sizeof(answer), 0), 8);
		r = t->recv(t, answer, sizeof(answer), 1000000000);
		if (r)
			return (int)r;
	}
	return 0;
}

static void a_wait_in_parts_is_one(void **state)
{
	struct vn_cal_transport *t;
	struct rig g;

	OPEN(&g, polls, 0);
	g.driver->state = CAL_RUNNING;
	assert_int_equal(vn_cosim_client(g.sim, &t), 0);
	g.driver->copied = 1; /* which leaves some time */
	assert_int_equal(ask_for_100_s(t), 0);
	g.driver->copied = 0;
	assert_int_equal(ask_for_100_s(t), -EDEADLK);
	vn_cosim_free(g.sim);
}

static void a_client_that_does_not_read_has_no_room(void **state)
{
	static const uint8_t bytes[1000];
	struct vn_cal_transport *t;
	uint8_t got[1000];
	struct rig g;

	OPEN(&g, polls, 2500);
	assert_int_equal(vn_cosim_client(g.sim, &t), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(t->send(t, VN_CAL_CONTROL, bytes, 1000), 0);
	assert_int_equal(g.driver->ops->nl_send(g.driver->arg, 0x1000, bytes, 1000), -EAGAIN);
	assert_int_equal(g.driver->ops->nl_send(g.driver->arg, 0x1001, bytes, 1), -ECONNREFUSED);
	assert_int_equal(t->recv(t, got, sizeof(got), 0), 1000);
	assert_int_equal(g.driver->ops->nl_send(g.driver->arg, 0x1000, bytes, 1000), 0);
	vn_cosim_free(g.sim);
}

static void frames_wait_as_on_an_interface(void **state)
{
	static const uint8_t frame[60];
	struct rig g;

	OPEN(&g, polls, 0);
	g.driver->takes = false;
	for (unsigned int i = 0; i < 1001; i++)
		vn_cosim_frame(g.sim, frame, sizeof(frame));
	assert_int_equal(g.driver->dropped, 1);
	g.driver->takes = true;
	assert_int_equal(vn_cosim_run(g.sim, NS, NULL), 0);
	assert_int_equal(g.driver->frames, 1000);
	assert_int_equal(g.driver->last_len, 60);
	vn_cosim_free(g.sim);
}

#define CASE(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_transfer_takes_its_cycles),
		CASE(a_transfer_that_is_too_long_is_told),
		CASE(masked_interrupts_wait),
		CASE(the_drivers_timer_runs_in_its_cycle),
		CASE(a_state_that_does_not_come_is_told),
		CASE(programs_that_stop_are_told),
		CASE(a_card_has_a_program),
		CASE(a_datagram_takes_no_time),
		CASE(a_wait_for_an_answer_takes_its_time),
		CASE(a_full_socket_makes_its_client_wait),
		CASE(what_never_comes_is_not_waited_for),
		CASE(a_wait_in_parts_is_one),
		CASE(a_client_that_does_not_read_has_no_room),
		CASE(frames_wait_as_on_an_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
