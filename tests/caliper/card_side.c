/* SPDX-License-Identifier: BSD-2-Clause */
/* See card_side.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "card_side.h"
#include "base/macros.h"
#include "wire/bytes.h"

enum {
	LEAD = 250000,	     /* cycles to the first packet: 2 ms */
	SLICE = 1000000,     /* cycles between looks at the time */
	PATIENCE = 12500000, /* cycles behind the next planned departure */
	FLOOD_AHEAD = 100000,
	WIRE_MORE = 24, /* byte times of a frame beside it: preamble, FCS, gap */
};

const struct side_config side_defaults = {
	.hw = VN_NT_HW_DEFAULTS,
	.entries = 24,
	.packets = 2000,
	.constant = { .time = 1538, .wire_len = 1514, .copy_len = 42 },
};

static uint8_t byte_of(const struct side *s, uint64_t k, uint32_t i)
{
	uint32_t h = (uint32_t)(k + 1) * 2654435761u ^ s->epoch * 40503u;

	return (uint8_t)((h >> 8 * (i & 3)) + i / 4);
}

static void next_packet(struct side *s, uint64_t k, struct side_packet *p)
{
	if (s->cfg.packet) {
		s->cfg.packet(s, k, p);
		return;
	}
	*p = s->cfg.constant;
	if (k == 0) {
		p->flags |= DRIVERCOMM_ABSOLUTE;
		p->time = side_now(s) + LEAD;
	}
}

/* -- To the card ----------------------------------------------------------- */

static void put_head(uint8_t *at, unsigned int type, unsigned int count, unsigned int epoch)
{
	vn_put_be16(at, DRIVERCOMM_MAGIC);
	at[2] = DRIVERCOMM_VERSION;
	at[3] = (uint8_t)type;
	vn_put_be16(at + 4, (uint16_t)count);
	vn_put_be16(at + 6, (uint16_t)epoch);
}

static void put_entry(struct side *s, uint8_t *at, uint64_t k, const struct side_packet *p)
{
	vn_put_be32(at, (uint32_t)(p->time >> 32));
	vn_put_be32(at + 4, (uint32_t)p->time);
	vn_put_be16(at + 8, p->wire_len);
	vn_put_be16(at + 10, p->copy_len);
	vn_put_be16(at + 12, p->flags);
	for (uint32_t i = 0; i < p->copy_len; i++)
		at[16 + i] = byte_of(s, k, i);
}

uint32_t side_command(struct side *s, unsigned int n)
{
	uint32_t len = sizeof(struct drivercomm_head), before = 0, size;
	unsigned int count = 0;
	struct side_packet p;

	memset(s->command, 0, sizeof(s->command));
	while (count < n && s->asked < s->cfg.packets && s->asked - s->left < SIDE_PENDING) {
		next_packet(s, s->asked, &p);
		size = (uint32_t)(sizeof(struct drivercomm_entry) + p.copy_len + 7) & ~7u;
		if (len + size > DRIVERCOMM_MAX)
			break;
		put_entry(s, s->command + len, s->asked, &p);
		if (before)
			vn_put_be16(s->command + before + 14, (uint16_t)(len - before));
		s->pending[s->asked++ % SIDE_PENDING].packet = p;
		before = len;
		len += size;
		count++;
	}
	put_head(s->command, DRIVERCOMM_PKTS, count, s->epoch);
	return VN_MAX(len, (uint32_t)DRIVERCOMM_MIN);
}

static void transfer(struct side *s, const void *bytes, uint32_t len)
{
	assert_int_equal(vn_nt_hw_dma_tx(s->hw, side_now(s), 0, bytes, len), 0);
	s->is_sending = true;
}

static void send_next(struct side *s)
{
	if (s->is_sending || s->is_held || !s->allowed || s->asked == s->cfg.packets)
		return;
	s->allowed--;
	s->commands++;
	transfer(s, s->command, side_command(s, s->cfg.entries));
}

/* -- From the card --------------------------------------------------------- */

/* When it left, and when it should have. */
static void check_departure(struct side *s, const struct side_packet *p, uint64_t departure)
{
	uint64_t planned = p->time, late;

	if (!(p->flags & DRIVERCOMM_ABSOLUTE))
		planned += s->base;
	if (departure < planned)
		fail_msg("packet %llu left in cycle %llu, before %llu", (unsigned long long)s->left,
			 (unsigned long long)departure, (unsigned long long)planned);
	late = departure - planned;
	s->base = p->flags & DRIVERCOMM_CATCHUP ? planned : departure;
	s->exact += !late;
	s->late += late > 0;
	s->worst = VN_MAX(s->worst, late);
	if (s->left == 0)
		s->first = departure;
	s->last = departure;
	if (s->cfg.departed)
		s->cfg.departed(s, s->left, departure, late);
}

/* What leaves is the next packet of those that were asked for, and nothing else. */
static void left(struct side *s, const struct vn_nt_out *out)
{
	const struct side_packet *p = &s->pending[s->left % SIDE_PENDING].packet;

	assert_true(s->left < s->asked);
	assert_int_equal(out->port, 0);
	assert_int_equal(out->len, p->wire_len);
	for (uint32_t i = 0; i < out->len; i++)
		if (out->bytes[i] != (i < p->copy_len ? byte_of(s, s->left, i) : 0))
			fail_msg("packet %llu, byte %u of %u (%u copied): 0x%02x",
				 (unsigned long long)s->left, i, p->wire_len, p->copy_len,
				 out->bytes[i]);
	check_departure(s, p, out->cycle - SIDE_LATENCY);
	s->left++;
}

static void read_message(struct side_message *m, const struct vn_nt_out *out)
{
	const uint8_t *b = out->bytes, *body = b + sizeof(struct drivercomm_head);
	uint32_t frame_room;

	assert_int_equal(out->port, 1);
	assert_in_range(out->len, DRIVERCOMM_MIN, DRIVERCOMM_MAX);
	assert_int_equal(vn_get_be16(b), DRIVERCOMM_MAGIC);
	assert_int_equal(b[2], DRIVERCOMM_VERSION);
	*m = (struct side_message){
		.type = b[3],
		.count = vn_get_be16(b + 4),
		.epoch = vn_get_be16(b + 6),
		.credit = vn_get_be32(body),
		.reports = vn_get_be16(body + 12),
		.frame_len = vn_get_be16(body + 14),
		.late = vn_get_be32(body + 16),
		.rx_lost = vn_get_be32(body + 20),
		.cycle = out->cycle,
		.time = (uint64_t)vn_get_be32(body + 4) << 32 | vn_get_be32(body + 8),
		.frame = body + sizeof(struct drivercomm_body),
	};
	frame_room = (m->frame_len + 7) & ~7u;
	m->report = m->frame + frame_room;
	assert_in_range(m->type, DRIVERCOMM_RESET_DONE, DRIVERCOMM_FRAME);
	assert_true(m->type == DRIVERCOMM_FRAME || (!m->frame_len && !m->count));
	assert_true(m->report - b + m->reports * sizeof(struct drivercomm_report) <= out->len);
	for (uint32_t i = m->frame_len; i < frame_room; i++)
		assert_int_equal(m->frame[i], 0);
	assert_true(m->time < m->cycle);
}

static void message(struct side *s, const struct vn_nt_out *out)
{
	struct side_message m;

	read_message(&m, out);
	s->messages++;
	s->frames += m.type == DRIVERCOMM_FRAME;
	s->reports += m.reports;
	s->told_late = m.late;
	s->told_lost = m.rx_lost;
	if (m.type == DRIVERCOMM_RESET_DONE) {
		assert_int_equal(m.epoch, s->new_epoch);
		s->resets++;
		s->epoch = m.epoch;
		s->asked = s->left = 0;
		s->allowed = m.credit;
	} else {
		s->allowed += m.credit;
		s->credits += m.credit;
		assert_int_equal(m.epoch, s->epoch);
	}
	if (s->cfg.message)
		s->cfg.message(s, &m);
}

static void take_all(struct side *s)
{
	struct vn_nt_out out;

	while (vn_nt_hw_take(s->hw, &out))
		if (out.kind == VN_NT_OUT_FRAME)
			left(s, &out);
		else if (out.kind == VN_NT_OUT_DMA)
			message(s, &out);
}

/* -- Time ------------------------------------------------------------------ */

uint64_t side_now(const struct side *s)
{
	return vn_nt_card_cycle(s->card);
}

uint8_t side_flood_byte(uint64_t k, uint32_t i)
{
	return (uint8_t)(k * 31 + i);
}

static void flood(struct side *s)
{
	uint8_t frame[VN_NT_FRAME_MAX];
	uint32_t len = s->cfg.flood_len;

	for (; len && s->flood_at < side_now(s) + FLOOD_AHEAD; s->flood_at += len + WIRE_MORE) {
		for (uint32_t i = 0; i < len; i++)
			frame[i] = side_flood_byte(s->fed, i);
		s->flood_at = VN_MAX(s->flood_at, side_now(s));
		assert_int_equal(vn_nt_hw_feed(s->hw, 0, s->flood_at, frame, len), 0);
		s->fed++;
	}
}

static void attend(struct side *s)
{
	uint32_t status = vn_nt_hw_read_status(s->hw);

	take_all(s);
	assert_int_equal(status & VN_NT_INT_ERRORS, 0);
	if (status & VN_NT_INT_DMA_TX_COMPLETE)
		s->is_sending = false;
	if (status & VN_NT_INT_DMA_RX_COMPLETE)
		s->is_taking = false;
	if ((status & VN_NT_INT_PKT_AVAIL) && !s->is_taking && !s->is_deaf) {
		assert_int_equal(vn_nt_hw_dma_rx(s->hw, side_now(s)), 0);
		s->is_taking = true;
	}
	send_next(s);
}

/* To the next thing of interest, or this cycle. */
static void step(struct side *s, uint64_t until)
{
	const struct vn_nt_fault *fault;
	enum vn_nt_stop stop;

	flood(s);
	if (s->cfg.flood_len)
		until = VN_MIN(until, side_now(s) + FLOOD_AHEAD);
	stop = vn_nt_card_run(s->card, VN_MIN(until, side_now(s) + SLICE));
	fault = vn_nt_card_fault(s->card, 0);
	if (fault)
		fail_msg("the program faulted: cycle %llu, thread %u, pc %08x: %s",
			 (unsigned long long)fault->cycle, fault->tid, fault->pc, fault->reason);
	assert_true(stop == VN_NT_STOP_UNTIL || stop == VN_NT_STOP_ATTENTION);
	attend(s);
}

void side_run_to(struct side *s, uint64_t cycle)
{
	attend(s);
	while (side_now(s) < cycle)
		step(s, cycle);
}

static uint64_t planned_next(const struct side *s)
{
	const struct side_packet *p = &s->pending[s->left % SIDE_PENDING].packet;

	if (s->left == s->asked)
		return 0;
	return p->flags & DRIVERCOMM_ABSOLUTE ? p->time : s->base + p->time;
}

void side_run_to_packet(struct side *s, uint64_t packets)
{
	uint64_t before = s->left, since = side_now(s);

	attend(s);
	while (s->left < packets) {
		step(s, VN_NT_NEVER);
		if (s->left != before)
			since = side_now(s);
		before = s->left;
		if (side_now(s) > VN_MAX(since, planned_next(s)) + PATIENCE)
			fail_msg("packet %llu of %llu that were asked for does not leave",
				 (unsigned long long)s->left, (unsigned long long)s->asked);
	}
}

void side_run(struct side *s)
{
	side_run_to_packet(s, s->cfg.packets);
}

/* -- Commands by hand ------------------------------------------------------ */

void side_send(struct side *s, const void *bytes, uint32_t len)
{
	bool was_held = s->is_held;

	s->is_held = true;
	while (s->is_sending)
		step(s, VN_NT_NEVER);
	transfer(s, bytes, len);
	s->is_held = was_held;
}

void side_reset(struct side *s)
{
	uint64_t resets = s->resets, since;
	uint8_t frame[DRIVERCOMM_MIN] = { 0 };
	bool was_held = s->is_held;

	s->is_held = true;
	while (s->is_sending)
		step(s, VN_NT_NEVER);
	s->new_epoch = (s->epoch + 1) & 0xffff;
	put_head(frame, DRIVERCOMM_RESET, 0, s->new_epoch);
	transfer(s, frame, sizeof(frame));
	for (since = side_now(s); s->resets == resets;) {
		step(s, VN_NT_NEVER);
		assert_true(side_now(s) < since + PATIENCE);
	}
	s->is_held = was_held;
}

void side_configure(struct side *s, uint32_t flags, uint32_t step_, uint32_t start)
{
	uint8_t frame[DRIVERCOMM_MIN] = { 0 };

	put_head(frame, DRIVERCOMM_CONFIG, 0, s->epoch);
	vn_put_be32(frame + 8, flags);
	vn_put_be32(frame + 12, step_);
	vn_put_be32(frame + 16, start);
	while (!s->allowed)
		step(s, VN_NT_NEVER);
	s->allowed--;
	s->commands++;
	side_send(s, frame, sizeof(frame));
}

/* -- The whole ------------------------------------------------------------- */

double side_rate(const struct side *s)
{
	uint64_t bits = (s->left - 1) * 8 * (s->cfg.constant.wire_len + 4ull);

	return (double)bits * VN_NT_HZ / (double)(s->last - s->first) / 1e6;
}

uint32_t side_word(struct side *s, const char *symbol, unsigned int index)
{
	uint8_t word[4];

	for (unsigned int i = 0; i < s->image.n_symbols; i++)
		if (!strcmp(s->image.symbols[i].name, symbol)) {
			assert_int_equal(vn_nt_card_peek(s->card,
							 s->image.symbols[i].addr + 4 * index, word,
							 sizeof(word)),
					 sizeof(word));
			return vn_get_be32(word);
		}
	fail_msg("the program has no %s", symbol);
	return 0;
}

void side_open(struct side *s, const struct side_config *cfg)
{
	struct vn_nt_config card = vn_nt_defaults;
	struct vn_err err = { "" };

	memset(s, 0, sizeof(*s));
	s->cfg = *cfg;
	card.hw = cfg->hw;
	card.hw.has_driver = true;
	card.hw.attends_irq = true;
	if (vn_nt_image_read_elf(&s->image, getenv("VN_PKTGEN_ELF"), &err) ||
	    vn_nt_card_new(&card, &s->card, &err) || vn_nt_card_load(s->card, &s->image, &err))
		fail_msg("%s", err.text);
	s->hw = vn_nt_card_hw(s->card);
	side_reset(s);
}

void side_close(struct side *s)
{
	vn_nt_card_free(s->card);
	vn_nt_image_fini(&s->image);
}
