/* SPDX-License-Identifier: BSD-2-Clause */
/* The hardware as a whole: its registers, its reset, going back to checkpoints, and
 * that it neither breaks nor grows whatever is done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/rng.h"
#include "nt/hw_fixture_test.h"
#include "nt/memory_priv.h"

#define COUNTER0   0xC0000140u
#define LOG_FORMAT 0x04040000u

/* -- Registers -- */

static void each_register_has_its_directions(void **state)
{
	static const struct {
		uint32_t addr;
		bool loads, stores;
		const char *reason; /* of the other; of both: the load's */
	} cases[] = {
		{ CTRL_START, false, true,
		  "load from 0x20000000, CTRL_START, which can only be written" },
		{ CTRL_END, false, true,
		  "load from 0x40000000, CTRL_END, which can only be written" },
		{ CTRL_END_W, false, true,
		  "load from 0x60000000, CTRL_END_W, which can only be written" },
		{ HEADER_FLUSH_W, true, false,
		  "store to 0xa0000000, HEADER_FLUSH_W, which can only be read" },
		{ SEND_OUT_W, true, false,
		  "store to 0x80000000, SEND_OUT_W, which can only be read" },
		{ COMMON_TIME, true, true, NULL },
		{ HEADER_RETURN_W, false, true,
		  "load from 0xe0000000, HEADER_RETURN_W, which can only be written" },
		{ GET_LOCK, false, true,
		  "load from 0x20000004, GET_LOCK, which can only be written" },
		{ UN_LOCK, false, true,
		  "load from 0x40000004, UN_LOCK, which can only be written" },
		{ SEND_TIME_TRIG, false, true,
		  "load from 0x80000004, SEND_TIME_TRIG, which can only be written" },
		{ 0xC0000100, true, false,
		  "store to 0xc0000100, NTHREADS, which can only be read" },
		{ 0xC000015C, true, false,
		  "store to 0xc000015c, COUNTER7, which can only be read" },
		{ 0x20000008, false, false, "load from 0x20000008, which is no register" },
		{ 0xA0000004, false, false, "load from 0xa0000004, which is no register" },
		{ 0xE0000004, false, false, "load from 0xe0000004, which is no register" },
		{ 0xC0000004, false, false, "load from 0xc0000004, which is no register" },
		{ 0xC00000FC, false, false, "load from 0xc00000fc, which is no register" },
		{ 0xC000010C, false, false, "load from 0xc000010c, which is no register" },
		{ 0xC0000160, false, false, "load from 0xc0000160, which is no register" },
		{ 0xC0000102, false, false, "load from 0xc0000102, which is no register" },
		{ 0xFFFFFFFC, false, false, "load from 0xfffffffc, which is no register" },
		{ 0x2003FFFC, false, false, "load from 0x2003fffc, which is no register" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		describe_as(g, 100 * i, 0, OUTPUT(1), 60);
		assert_int_equal(load_as(g, 100 * i, 0, cases[i].addr),
				 cases[i].loads ? VN_NT_DONE : VN_NT_FAULT);
		if (!cases[i].loads)
			assert_string_equal(g->reply.reason, cases[i].reason);
		assert_int_equal(store_as(g, 100 * i, 0, cases[i].addr, 1600),
				 cases[i].stores ? VN_NT_DONE : VN_NT_FAULT);
		if (cases[i].loads && !cases[i].stores)
			assert_string_equal(g->reply.reason, cases[i].reason);
	}
}

static void registers_tell_of_the_card(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;

	assert_int_equal(load(g, 0, 0xC0000100), 8);
	assert_int_equal(load(g, 0, 0xC0000108), 0x10);
	assert_int_equal(load_as(g, 0, 6, 0xC0000104), VN_NT_DONE);
	assert_int_equal(g->reply.value, 6);
	assert_int_equal(load(g, 12345678901, COMMON_TIME), 12345678901 & 0xffffffff);
	cfg.cpus = 1;
	cfg.model = 0x20;
	rig_again(g, &cfg);
	assert_int_equal(load(g, 0, 0xC0000100), 4);
	assert_int_equal(load(g, 0, 0xC0000108), 0x20);
}

static void a_halt_ends_the_thread(void **state)
{
	struct rig *g = *state;

	assert_int_equal(store_as(g, 0, 3, 0xC0000110, 42), VN_NT_END);
	assert_int_equal(g->reply.value, 42);
}

/* COUNTER0..7: frames received, lost on input, launched, late, that left, popped, given
 * back, discarded; each of all ports together. */
static void counters_can_be_read_by_programs(void **state)
{
	static const uint32_t wanted[] = { 3, 1, 2, 1, 2, 2, 11, 1 };
	struct rig *g = *state;

	free_slots(g, 0);
	feed(g, 0, 0, 60, 0);
	feed(g, 2, 0, 60, 0);
	feed(g, 1, 0, 60, 0);
	feed(g, 3, 0, 60, 0);
	store(g, 1000, HEADER_RETURN_W, load(g, 1000, HEADER_FLUSH_W));
	load(g, 1000, HEADER_FLUSH_W);
	launch(g, 1000, OUTPUT(1), 0x11, 60);
	store(g, 2000, SEND_TIME_TRIG, 1999);
	launch(g, 2000, OUTPUT(1), 0, 60);
	for (uint32_t i = 0; i < VN_ARRAY_SIZE(wanted); i++)
		assert_int_equal(load(g, 9000, 0xC0000140 + 4 * i), wanted[i]);
}

static void configurations_that_cannot_be_are_refused(void **state)
{
	static const struct {
		unsigned int model, cpus;
		uint64_t dma;
		const char *text;
	} cases[] = {
		{ 0x11, 2, 0, "model 0x11: 0x10 or 0x20" },
		{ 0x10, 0, 0, "cpus 0: 1 to 2" },
		{ 0x10, 3, 0, "cpus 3: 1 to 2" },
		{ 0x10, 2, UINT64_MAX,
		  "dma 18446744073709551615 cycles, 947 thousandths a byte: at most "
		  "1099511627776" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
		struct vn_err err;
		struct vn_nt_hw *hw;

		cfg.model = cases[i].model;
		cfg.cpus = cases[i].cpus;
		cfg.dma_cycles = cases[i].dma;
		assert_int_equal(vn_nt_hw_new(&cfg, g->mem, &hw, &err), -EINVAL);
		assert_null(hw);
		assert_string_equal(err.text, cases[i].text);
	}
}

/* Whichever was fed first: what comes in the same cycle comes by port. */
static void events_of_a_cycle_have_an_order(void **state)
{
	static const unsigned int fed[] = { 4, 0, 7, 2, 1, 6 };
	static const unsigned int come[] = { 0, 1, 2, 4, 6, 7 };
	struct rig *g = *state;
	struct vn_nt_out out;

	for (size_t i = 0; i < VN_ARRAY_SIZE(fed); i++)
		feed(g, fed[i], fed[i] & 1 ? 9000 : 9000 - 2012, 2000, 0);
	run_to(g, 9000);
	for (size_t i = 0; i < VN_ARRAY_SIZE(come); i++) {
		assert_true(take(g, VN_NT_OUT_DROP, &out));
		assert_int_equal(out.port, come[i]);
	}
}

static void traces_keep_to_their_cycles(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	char text[256];

	cfg.trace = VN_NT_TRACE(LOCK);
	cfg.trace_from = 100;
	cfg.trace_to = 200;
	rig_again(g, &cfg);
	for (uint64_t cycle = 99; cycle <= 201; cycle += cycle == 100 ? 100 : 1)
		store(g, cycle, UN_LOCK, 1);
	vn_nt_hw_trace(g->hw, 99, "early\n");
	vn_nt_hw_trace(g->hw, 150, "in time\n");
	vn_nt_hw_save(g->hw);
	assert_string_equal(take_text(g, VN_NT_OUT_TRACE, text, sizeof(text)),
			    "0000000100 0.0 t0 20000000 lock 1 free\n"
			    "0000000200 0.0 t0 20000000 lock 1 free\n"
			    "in time\n");
}

/* -- Reset -- */

static void a_reset_empties_everything_but_the_wire(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct vn_nt_out out;
	struct rig *g = *state;

	cfg.has_driver = true;
	rig_again(g, &cfg);
	free_slots(g, 0);
	feed(g, 0, 0, 60, 0);	 /* in a slot */
	feed(g, 2, 0, 60, 0);	 /* popped */
	feed(g, 0, 2000, 60, 1); /* on the wire at the reset */
	vn_nt_hw_run(g->hw, 1000);
	load(g, 1000, HEADER_FLUSH_W);
	store(g, 1000, GET_LOCK, 5);
	assert_int_equal(store_as(g, 1001, 1, GET_LOCK, 5), VN_NT_SLEEP);
	launch(g, 1001, OUTPUT(4), 1, 60); /* on its way to the queue */
	launch(g, 1002, OUTPUT(4), 2, 60); /* for the host */
	store(g, 1002, SEND_TIME_TRIG, 90000);
	vn_nt_hw_run(g->hw, 1066);
	vn_nt_hw_reset(g->hw, 1068);

	assert_int_equal(vn_nt_hw_woken(g->hw), 0);
	assert_int_equal(vn_nt_hw_waits_for(g->hw, 1), -1);
	assert_int_equal(vn_nt_hw_read_status(g->hw), 0);
	assert_int_equal(vn_nt_hw_dma_rx(g->hw, 1068), -ENODATA);
	assert_int_equal(store_as(g, 1068, 2, GET_LOCK, 5), VN_NT_DONE);
	assert_int_equal(load(g, 1068, HEADER_FLUSH_W), NO_PACKET);
	free_slots(g, 1068); /* none is the hardware's */
	assert_int_equal(launch(g, 1100, OUTPUT(2), 1, 60), OUTPUT(0));
	assert_int_equal(load(g, 1100, SEND_DEPART), 32);
	run_to(g, 5000);
	assert_int_equal(load(g, 5000, HEADER_FLUSH_W), INPUT(0));
	assert_true(take(g, VN_NT_OUT_FRAME, &out));
	assert_int_equal(out.cycle, 1100 + 72);
	assert_false(take(g, VN_NT_OUT_FRAME, &out));
	/* Counters go on. */
	assert_int_equal(vn_nt_hw_counters(g->hw)->sent[0], 3);
	assert_int_equal(vn_nt_hw_counters(g->hw)->rx_frames[0], 2);
}

/* -- Random operations -- */

struct random {
	struct rig g;
	struct vn_rng rng; /* of the operations that count */
	uint64_t cycle;
	uint64_t replies, outs; /* hashes */
};

static void hash(uint64_t *h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*h = (*h ^ p[i]) * UINT64_C(0x100000001b3);
}

static void hash_number(uint64_t *h, uint64_t value)
{
	hash(h, &value, sizeof(value));
}

static void take_all(struct random *r)
{
	struct vn_nt_out out;

	while (vn_nt_hw_take(r->g.hw, &out)) {
		hash_number(&r->outs, out.kind);
		hash_number(&r->outs, out.port);
		hash_number(&r->outs, out.cycle);
		hash_number(&r->outs, out.value);
		hash(&r->outs, out.bytes, out.len);
	}
}

static uint32_t some_value(struct vn_rng *rng, uint32_t addr, uint64_t cycle, bool is_re2)
{
	uint32_t base = is_re2 ? VN_NT_INPUT_BASE : VN_NT_OUTPUT_BASE;

	if (vn_rng_below(rng, 50) == 0)
		return (uint32_t)vn_rng_next(rng);
	switch (addr) {
	case CTRL_START:
		return base + VN_NT_SLOT_SIZE * vn_rng_below(rng, 2);
	case CTRL_END:
		return base + VN_NT_SLOT_SIZE * vn_rng_below(rng, 10) +
		       vn_rng_below(rng, VN_NT_SLOT_SIZE);
	case HEADER_RETURN_W:
		return VN_NT_SLOT_SIZE * vn_rng_below(rng, 10);
	case SEND_TIME_TRIG:
		return (uint32_t)cycle + vn_rng_below(rng, 3000) - 500;
	case PRINTF_W:
		return LOG_FORMAT + vn_rng_below(rng, 12);
	default:
		return vn_rng_below(rng, 4);
	}
}

static bool is_loaded(uint32_t addr)
{
	return addr == SEND_OUT_W || addr == HEADER_FLUSH_W || addr == SEND_DEPART ||
	       addr == SEND_BUSY || addr == HOST_QUEUE || addr == COUNTER0;
}

static void some_access(struct random *r, struct vn_rng *rng, uint64_t *replies)
{
	static const uint32_t addrs[] = { CTRL_START,	  CTRL_START,	   CTRL_END,
					  CTRL_END,	  CTRL_END_W,	   SEND_OUT_W,
					  SEND_OUT_W,	  HEADER_FLUSH_W,  HEADER_FLUSH_W,
					  COMMON_TIME,	  HEADER_RETURN_W, HEADER_RETURN_W,
					  GET_LOCK,	  UN_LOCK,	   PRINTF_W,
					  SEND_TIME_TRIG, SEND_DEPART,	   SEND_BUSY,
					  HOST_QUEUE,	  COUNTER0,	   0xE0000004 };
	uint32_t addr = addrs[vn_rng_below(rng, VN_ARRAY_SIZE(addrs))];
	bool is_re2 = r->g.hw->cfg.model == 0x20;
	unsigned int tid = vn_rng_below(rng, 8);
	uint32_t value = some_value(rng, addr, r->cycle, is_re2);
	enum vn_nt_answer answer;

	if (vn_nt_hw_waits_for(r->g.hw, tid) >= 0)
		return; /* it sleeps */
	if (addr == GET_LOCK && !tid)
		return; /* one has to stay awake */
	if (is_loaded(addr))
		answer = load_as(&r->g, r->cycle, tid, addr);
	else
		answer = store_as(&r->g, r->cycle, tid, addr, value);
	hash_number(replies, answer);
	hash_number(replies, r->g.reply.value);
	hash_number(replies, r->g.reply.again);
	if (answer == VN_NT_FAULT)
		hash(replies, r->g.reply.reason, strlen(r->g.reply.reason));
	hash_number(replies, vn_nt_hw_woken(r->g.hw));
	hash_number(replies, vn_nt_hw_has_packet(r->g.hw));
	hash_number(replies, vn_nt_hw_next(r->g.hw));
}

static void some_doing_of_the_host(struct random *r, struct vn_rng *rng)
{
	uint8_t bytes[2100];
	uint32_t len = 1 + vn_rng_below(rng, sizeof(bytes));

	if (vn_rng_below(rng, 2))
		len = VN_MIN(len, 80);
	memset(bytes, (int)vn_rng_below(rng, 256), sizeof(bytes));
	switch (vn_rng_below(rng, 6)) {
	case 0:
		hash_number(&r->replies,
			    (uint64_t)vn_nt_hw_dma_tx(r->g.hw, r->cycle, vn_rng_below(rng, 4),
						      bytes, len));
		break;
	case 1:
		hash_number(&r->replies, (uint64_t)vn_nt_hw_dma_rx(r->g.hw, r->cycle));
		break;
	case 2:
		hash_number(&r->replies, vn_nt_hw_read_status(r->g.hw));
		break;
	default:
		vn_nt_hw_feed(r->g.hw, vn_rng_below(rng, 8), r->cycle + vn_rng_below(rng, 500),
			      bytes, len);
	}
}

static void save(struct random *r)
{
	vn_nt_memory_save(r->g.mem, vn_nt_moment(r->cycle, 0));
	vn_nt_hw_save(r->g.hw);
}

static void restore(struct random *r)
{
	vn_nt_memory_restore(r->g.mem);
	vn_nt_hw_restore(r->g.hw);
}

/* What will not have been: other operations in a future, and back to the checkpoint. */
static void go_astray(struct random *r, struct vn_rng *other)
{
	uint64_t cycle = r->cycle, ignored = 0;

	for (unsigned int i = vn_rng_below(other, 12); i; i--) {
		r->cycle += vn_rng_below(other, 400);
		some_access(r, other, &ignored);
	}
	r->cycle = cycle;
	restore(r);
}

static void random_init(struct random *r, uint64_t seed)
{
	static const char format[] = "%d%5s%x%lld|";
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct vn_rng rng;

	vn_rng_seed(&rng, seed, 1);
	cfg.model = vn_rng_below(&rng, 2) ? 0x10 : 0x20;
	cfg.has_driver = vn_rng_below(&rng, 2);
	cfg.tx_latency_cycles = vn_rng_below(&rng, 3) * 32;
	cfg.dma_cycles = vn_rng_below(&rng, 2) * 1000;
	cfg.dma_millicycles = vn_rng_below(&rng, 2) * 947;
	cfg.mac_txq_bytes = 2000 + vn_rng_below(&rng, 10000);
	cfg.mac_rxq_bytes = 2000 + vn_rng_below(&rng, 10000);
	cfg.cpu_txq_bytes = 2000 + vn_rng_below(&rng, 10000);
	cfg.trace = (1u << VN_NT_N_TRACES) - 1;
	memset(r, 0, sizeof(*r));
	rig_init(&r->g, &cfg);
	vn_nt_memory_put(r->g.mem, 0, LOG_FORMAT, format, sizeof(format));
	r->g.mem->tracks = true;
	save(r);
	vn_rng_seed(&r->rng, seed, 0);
}

/* other: NULL, or what decides about going astray. */
static void random_run(struct random *r, unsigned int n, struct vn_rng *other)
{
	for (unsigned int i = 0; i < n; i++) {
		if (vn_rng_below(&r->rng, 3) == 0)
			r->cycle += vn_rng_below(&r->rng, 200);
		if (other && vn_rng_below(other, 3) == 0) {
			save(r);
			if (vn_rng_below(other, 2))
				take_all(r);
			go_astray(r, other);
		}
		if (vn_rng_below(&r->rng, 12)) {
			some_access(r, &r->rng, &r->replies);
			continue;
		}
		vn_nt_hw_run(r->g.hw, r->cycle);
		save(r);
		some_doing_of_the_host(r, &r->rng);
		if (other && vn_rng_below(other, 2)) /* what the host did stays */
			go_astray(r, other);
		take_all(r);
	}
	vn_nt_hw_run(r->g.hw, r->cycle + 1000000);
	save(r);
	take_all(r);
}

static void random_fini(struct random *r)
{
	rig_fini(&r->g);
}

static void what_was_not_leaves_no_trace(void **state)
{
	uint64_t sent = 0, popped = 0, woken = 0;

	for (uint64_t seed = 1; seed <= 25; seed++) {
		struct random straight, astray;
		struct vn_rng other;

		random_init(&straight, seed);
		random_init(&astray, seed);
		vn_rng_seed(&other, seed, 2);
		random_run(&straight, 3000, NULL);
		random_run(&astray, 3000, &other);
		if (straight.replies != astray.replies || straight.outs != astray.outs ||
		    vn_nt_memory_hash(straight.g.mem) != vn_nt_memory_hash(astray.g.mem))
			fail_msg("seed %llu", (unsigned long long)seed);
		assert_memory_equal(vn_nt_hw_counters(straight.g.hw),
				    vn_nt_hw_counters(astray.g.hw), sizeof(struct vn_nt_counters));
		sent += vn_nt_hw_counters(astray.g.hw)->sent[0];
		popped += vn_nt_hw_counters(astray.g.hw)->popped[0];
		woken += vn_nt_hw_counters(astray.g.hw)->lock_wait_cycles[0];
		random_fini(&straight);
		random_fini(&astray);
	}
	/* It was worth the comparison. */
	assert_true(sent > 25 * 50);
	assert_true(popped > 25 * 20);
	assert_true(woken > 0);
}

/* Any register address and value, by any thread: an answer, and nothing else. */
static void no_access_breaks_anything(void **state)
{
	static const uint64_t seed = 7;
	struct rig *g = *state;
	struct vn_rng rng;
	uint64_t cycle = 0;

	vn_rng_seed(&rng, seed, 0);
	for (unsigned int i = 0; i < 500000; i++) {
		uint32_t addr = VN_NT_REGISTERS + vn_rng_below(&rng, 0xe0000000u);
		uint32_t value = (uint32_t)vn_rng_next(&rng);
		unsigned int tid = vn_rng_below(&rng, 8);

		if (vn_rng_below(&rng, 4))
			addr = (addr & 0xe0000000u) | (addr & 0xfc) % 8;
		if (vn_rng_below(&rng, 2))
			value = 0x04000000u >> vn_rng_below(&rng, 5) << vn_rng_below(&rng, 4);
		cycle += vn_rng_below(&rng, 100) ? vn_rng_below(&rng, 50) : UINT32_MAX;
		if (vn_nt_hw_waits_for(g->hw, tid) >= 0)
			continue;
		if (vn_rng_below(&rng, 2))
			load_as(g, cycle, tid, addr);
		else
			store_as(g, cycle, tid, addr, value);
		vn_nt_hw_save(g->hw);
		for (struct vn_nt_out out; vn_nt_hw_take(g->hw, &out);)
			;
	}
	assert_true(g->hw->out.size <= 65536);
}

/* -- Bounds -- */

static uint64_t buffers(const struct vn_nt_hw *hw)
{
	uint64_t sum = hw->out.size;

	for (unsigned int q = 0; q < VN_NT_N_QUEUES; q++)
		sum += hw->way[q].size + hw->wait[q].size;
	return sum;
}

/* 100 MB of frames in and out, a few at a time. */
static void a_long_run_needs_little_memory(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	uint64_t cycle = 0, n = 0;
	struct rig *g = *state;
	struct vn_nt_out out;

	cfg.model = 0x20;
	rig_again(g, &cfg);
	free_slots(g, 0);
	while (n < 30000) {
		for (unsigned int port = 0; port < 4; port++)
			while (vn_nt_hw_fed_bytes(g->hw, port) < 20000 && port != 3)
				feed(g, port, cycle, 1000 + port, 0);
		cycle += 2000;
		vn_nt_hw_run(g->hw, cycle);
		for (uint32_t slot; (slot = load(g, cycle, HEADER_FLUSH_W)) != NO_PACKET; n++) {
			vn_nt_memory_put(g->mem, 0, slot, "\0\x55", 2);
			describe_as(g, ++cycle, 0, slot, 1000);
			load(g, cycle, SEND_OUT_W);
			store(g, cycle, HEADER_RETURN_W, slot);
		}
		vn_nt_hw_save(g->hw);
		while (vn_nt_hw_take(g->hw, &out))
			;
	}
	assert_true(buffers(g->hw) < 2 << 20);
}

/* Nobody frees a slot or takes what waits for the host, so nearly all of it is lost. */
static void what_is_lost_takes_no_memory(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	struct rig *g = *state;
	struct vn_nt_out out;

	cfg.has_driver = true;
	rig_again(g, &cfg);
	free_slots(g, 0);
	for (uint64_t i = 0; i < 20000; i++) {
		feed(g, 0, 2000 * i, 1514, 0);
		feed(g, 1, 2000 * i, 1514, 0);
		launch(g, 2000 * i, OUTPUT(1), 2, 1514);
		run_to(g, 2000 * i);
		while (vn_nt_hw_take(g->hw, &out))
			;
	}
	run_to(g, 50000000);
	assert_true(buffers(g->hw) < 1 << 20);
	assert_int_equal(vn_nt_hw_counters(g->hw)->rx_dropped[0], 40000 - 10 - 5 - 10);
	assert_int_equal(vn_nt_hw_counters(g->hw)->cpu_tx_full[0], 20000 - 43);
}

/* A buffer that cannot grow, as far as it says: frames that are fed are refused, what
 * happens by itself or by a program stops the program. */
static void without_memory_nothing_is_lost_in_silence(void **state)
{
	static const uint8_t bytes[60];
	struct rig *g = *state;

	g->hw->now.queues[VN_NT_RX(0)].way = (struct vn_nt_fifo){ 1u << 30, 1u << 30, 0 };
	assert_int_equal(vn_nt_hw_feed(g->hw, 0, 0, bytes, sizeof(bytes)), -ENOMEM);
	assert_int_equal(load(g, 0, COMMON_TIME), 0);
	g->hw->now.queues[VN_NT_TX(0)].way = (struct vn_nt_fifo){ 1u << 30, 1u << 30, 0 };
	launch(g, 10, OUTPUT(1), 1, 60);
	assert_int_equal(load_as(g, 11, 0, COMMON_TIME), VN_NT_FAULT);
	assert_string_equal(g->reply.reason,
			    "the host has no memory left for frames and logs that wait");
}

/* Who takes nothing is asked to, again and again; nothing is lost. */
static void a_list_that_grows_wants_attention(void **state)
{
	struct vn_nt_hw_config cfg = vn_nt_hw_defaults;
	uint64_t asked = 0, cycle = 0, taken = 0;
	struct rig *g = *state;
	struct vn_nt_out out;

	cfg.trace = VN_NT_TRACE(LOCK);
	rig_again(g, &cfg);
	for (; !asked && cycle < 1000000; cycle++) {
		store(g, cycle, UN_LOCK, 0);
		if (vn_nt_hw_attention(g->hw) != VN_NT_NEVER)
			asked = vn_nt_hw_attention(g->hw);
		vn_nt_hw_save(g->hw);
	}
	assert_int_equal(asked, cycle - 1);
	store(g, cycle, UN_LOCK, 0);
	assert_int_equal(vn_nt_hw_attention(g->hw), cycle);
	vn_nt_hw_save(g->hw);
	while (vn_nt_hw_take(g->hw, &out))
		taken++;
	assert_int_equal(taken, cycle + 1);
	store(g, cycle, UN_LOCK, 0);
	assert_int_equal(vn_nt_hw_attention(g->hw), VN_NT_NEVER);
	assert_in_range(g->hw->out.size, 16 << 20, 64 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_register_has_its_directions),
		CASE(registers_tell_of_the_card),
		CASE(a_halt_ends_the_thread),
		CASE(counters_can_be_read_by_programs),
		CASE(configurations_that_cannot_be_are_refused),
		CASE(events_of_a_cycle_have_an_order),
		CASE(traces_keep_to_their_cycles),
		CASE(a_reset_empties_everything_but_the_wire),
		cmocka_unit_test(what_was_not_leaves_no_trace),
		CASE(no_access_breaks_anything),
		CASE(a_long_run_needs_little_memory),
		CASE(what_is_lost_takes_no_memory),
		CASE(without_memory_nothing_is_lost_in_silence),
		CASE(a_list_that_grows_wants_attention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
