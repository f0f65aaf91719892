/* SPDX-License-Identifier: BSD-2-Clause */
/* Differences are told as text, so that a failing test says what differs. */
#include "pair.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

static bool differ(struct pair *p, const char *fmt, ...) VN_PRINTF(2, 3);

static bool differ(struct pair *p, const char *fmt, ...)
{
	int n = snprintf(p->why, sizeof(p->why),
			 "at cycle %llu: ", (unsigned long long)vn_nt_card_cycle(p->card));
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why + n, sizeof(p->why) - (size_t)n, fmt, ap);
	va_end(ap);
	return false;
}

/* -- Making -------------------------------------------------------------------- */

static void output_init(struct pair_output *o)
{
	o->file = open_memstream(&o->text, &o->len);
	if (!o->file)
		abort();
}

static void output_fini(struct pair_output *o)
{
	fclose(o->file);
	free(o->text);
}

bool pair_init(struct pair *p, const struct vn_nt_config *cfg, const struct vn_nt_image *image)
{
	struct vn_err err = { 0 };

	*p = (struct pair){ 0 };
	output_init(&p->card_output);
	output_init(&p->ref_output);
	if (vn_nt_card_new(cfg, &p->card, &err) || reference_new(cfg, &p->ref, &err))
		abort();
	if (vn_nt_card_load(p->card, image, &err) || reference_load(p->ref, image, &err)) {
		snprintf(p->why, sizeof(p->why), "%s", err.text);
		return false;
	}
	return true;
}

void pair_fini(struct pair *p)
{
	vn_nt_card_free(p->card);
	reference_free(p->ref);
	output_fini(&p->card_output);
	output_fini(&p->ref_output);
}

void pair_feed(struct pair *p, unsigned int port, uint64_t cycle, const void *bytes, uint32_t len)
{
	if (vn_nt_hw_feed(vn_nt_card_hw(p->card), port, cycle, bytes, len) ||
	    vn_nt_hw_feed(p->ref->hw, port, cycle, bytes, len))
		abort();
}

/* -- Comparing ----------------------------------------------------------------- */

static void take_all(struct vn_nt_hw *hw, struct pair_output *o)
{
	struct vn_nt_out out;

	while (vn_nt_hw_take(hw, &out)) {
		fprintf(o->file, "%llu kind %d port %u value %x len %u ",
			(unsigned long long)out.cycle, out.kind, out.port, out.value, out.len);
		if (out.kind == VN_NT_OUT_TRACE || out.kind == VN_NT_OUT_LOG)
			fwrite(out.bytes, 1, out.len, o->file);
		else
			for (uint32_t i = 0; out.bytes && i < out.len; i++)
				fprintf(o->file, "%02x", out.bytes[i]);
		fputc('\n', o->file);
	}
	fflush(o->file);
}

static bool same_output(struct pair *p)
{
	const struct pair_output *a = &p->card_output, *b = &p->ref_output;
	size_t at = 0, line = 0;

	if (a->len == b->len && !memcmp(a->text, b->text, a->len))
		return true;
	for (; at < VN_MIN(a->len, b->len) && a->text[at] == b->text[at]; at++)
		if (a->text[at] == '\n')
			line = at + 1;
	return differ(p, "output differs:\n  card      %.200s\n  reference %.200s", a->text + line,
		      b->text + line);
}

static bool same_number(struct pair *p, unsigned int tid, const char *what, uint64_t card,
			uint64_t ref)
{
	if (card == ref)
		return true;
	return differ(p, "thread %u: %s is %llu (%llx), reference %llu (%llx)", tid, what,
		      (unsigned long long)card, (unsigned long long)card, (unsigned long long)ref,
		      (unsigned long long)ref);
}

#define SAME(p, tid, a, b, field)                                                                  \
	same_number(p, tid, #field, (uint64_t)(a).field, (uint64_t)(b).field)

static bool same_registers(struct pair *p, unsigned int tid, const uint32_t *a, const uint32_t *b)
{
	for (unsigned int i = 0; i < 32; i++)
		if (a[i] != b[i])
			return differ(p, "thread %u: $%u is %08x, reference %08x", tid, i, a[i],
				      b[i]);
	return true;
}

static bool same_thread(struct pair *p, unsigned int tid)
{
	struct vn_nt_thread_view a, b;

	vn_nt_card_thread(p->card, tid, &a);
	reference_view(p->ref, tid, &b);
	return SAME(p, tid, a, b, state) && SAME(p, tid, a, b, pc) &&
	       same_registers(p, tid, a.regs, b.regs) && SAME(p, tid, a, b, hi) &&
	       SAME(p, tid, a, b, lo) && SAME(p, tid, a, b, exit_value) &&
	       SAME(p, tid, a, b, lock) && SAME(p, tid, a, b, instructions) &&
	       SAME(p, tid, a, b, lock_cycles) && SAME(p, tid, a, b, send_cycles) &&
	       SAME(p, tid, a, b, div_cycles);
}

static bool same_fault(struct pair *p, unsigned int i)
{
	const struct vn_nt_fault *a = vn_nt_card_fault(p->card, i), *b = &p->ref->faults[i];

	if (i >= p->ref->n_faults)
		return !a || differ(p, "fault %u: thread %u, %s; reference has none", i, a->tid,
				    a->reason);
	if (!a)
		return differ(p, "fault %u: none, reference has thread %u, %s", i, b->tid,
			      b->reason);
	if (strcmp(a->reason, b->reason))
		return differ(p, "fault %u: \"%s\", reference \"%s\"", i, a->reason, b->reason);
	return SAME(p, a->tid, *a, *b, tid) && SAME(p, a->tid, *a, *b, cycle) &&
	       SAME(p, a->tid, *a, *b, pc) && SAME(p, a->tid, *a, *b, word) &&
	       same_registers(p, a->tid, a->regs, b->regs) && SAME(p, a->tid, *a, *b, hi) &&
	       SAME(p, a->tid, *a, *b, lo);
}

static bool same_counters(struct pair *p)
{
	const struct vn_nt_counters *a = vn_nt_hw_counters(vn_nt_card_hw(p->card));
	const struct vn_nt_counters *b = vn_nt_hw_counters(p->ref->hw);

#define COMPARE(name, n, text)                                                                     \
	for (unsigned int i = 0; i < (n); i++)                                                     \
		if (a->name[i] != b->name[i])                                                      \
			return differ(p, "counter %s[%u] is %llu, reference %llu", #name, i,       \
				      (unsigned long long)a->name[i],                              \
				      (unsigned long long)b->name[i]);
	VN_NT_COUNTERS(COMPARE)
#undef COMPARE
	return true;
}

static bool same_window(struct pair *p, uint32_t addr, uint32_t len)
{
	uint8_t a[VN_NT_PACKET_SIZE], b[VN_NT_PACKET_SIZE];

	if (!vn_nt_memory_has(p->ref->mem, addr, len))
		return true;
	vn_nt_card_peek(p->card, addr, a, len);
	vn_nt_memory_get(p->ref->mem, 0, addr, b, len);
	for (uint32_t i = 0; memcmp(a, b, len) && i < len; i++)
		if (a[i] != b[i])
			return differ(p, "byte at %08x is %02x, reference %02x", addr + i, a[i],
				      b[i]);
	return true;
}

static bool same_windows(struct pair *p)
{
	return same_window(p, VN_NT_LOAD_BASE, 8192) &&
	       same_window(p, VN_NT_OUTPUT_BASE, VN_NT_PACKET_SIZE) &&
	       same_window(p, VN_NT_INPUT_BASE, VN_NT_PACKET_SIZE);
}

bool pair_has_same_memory(struct pair *p)
{
	uint64_t a = vn_nt_card_memory_hash(p->card), b = vn_nt_memory_hash(p->ref->mem);

	return a == b || differ(p, "memory hash is %016llx, reference %016llx",
				(unsigned long long)a, (unsigned long long)b);
}

/* -- Transfers ------------------------------------------------------------------ */

bool pair_transfer(struct pair *p, unsigned int queue, const void *bytes, uint32_t len)
{
	struct vn_nt_hw *a = vn_nt_card_hw(p->card), *b = p->ref->hw;
	uint64_t now = p->ref->cycle;
	uint32_t status;
	int to_card, to_host;

	status = vn_nt_hw_read_status(a);
	if (status != vn_nt_hw_read_status(b))
		return differ(p, "status is %08x, not that of the reference", status);
	to_card = vn_nt_hw_dma_tx(a, now, queue, bytes, len);
	to_host = vn_nt_hw_dma_rx(a, now);
	if (to_card != vn_nt_hw_dma_tx(b, now, queue, bytes, len) ||
	    to_host != vn_nt_hw_dma_rx(b, now))
		return differ(p, "transfers are answered by %d and %d, not as by the reference",
			      to_card, to_host);
	return true;
}

/* -- Stops --------------------------------------------------------------------- */

static bool any(const struct reference *r, enum vn_nt_state state)
{
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (r->threads[i].view.state == state)
			return true;
	return false;
}

static enum vn_nt_stop stop_of(const struct reference *r)
{
	if (r->n_faults && !r->cfg.fault_halts)
		return VN_NT_STOP_FAULT;
	if (r->cfg.hw.has_driver || any(r, VN_NT_RUNNING))
		return VN_NT_STOP_UNTIL;
	if (any(r, VN_NT_ASLEEP))
		return vn_nt_hw_next(r->hw) == VN_NT_NEVER ? VN_NT_STOP_DEADLOCK : VN_NT_STOP_UNTIL;
	return vn_nt_hw_is_leaving(r->hw) ? VN_NT_STOP_UNTIL : VN_NT_STOP_ENDED;
}

bool pair_run(struct pair *p, uint64_t until, enum vn_nt_stop *stop)
{
	*stop = vn_nt_card_run(p->card, until);
	reference_run(p->ref, vn_nt_card_cycle(p->card));
	take_all(vn_nt_card_hw(p->card), &p->card_output);
	take_all(p->ref->hw, &p->ref_output);
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (!same_fault(p, i))
			return false;
	for (unsigned int i = 0; i < VN_NT_THREADS; i++)
		if (!same_thread(p, i))
			return false;
	if (*stop != stop_of(p->ref))
		return differ(p, "the card stops for reason %d, reference %d", *stop,
			      stop_of(p->ref));
	if (*stop == VN_NT_STOP_UNTIL && vn_nt_card_cycle(p->card) != until)
		return differ(p, "the card stands before %llu", (unsigned long long)until);
	return same_counters(p) && same_output(p) && same_windows(p);
}
