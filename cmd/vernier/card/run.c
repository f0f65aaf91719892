/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "faults.h"
#include "progress.h"

/* Virtual time at a time, where no clock is followed: short enough for a signal to
 * be heard, and for what comes out to stay small when it is a line an instruction. */
#define SLICE_CYCLES	    125000
#define SLICE_TRACED_CYCLES 4000
#define TRACED_INSNS	    (VN_NT_TRACE(INSTR) | VN_NT_TRACE(REG) | VN_NT_TRACE(MEM))
/* Behind the last frame of capture files, if nothing else ends the run: 10 ms. */
#define IDLE_CYCLES 1250000
/* A card in real time rests when nothing has happened for so long. */
#define REST_CYCLES  IDLE_CYCLES
#define FLUSH_SLICES 5000
#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)
#define DESCRIPTORS  (2 * CARD_PORTS + CARD_CLIENTS + 1)

const char *card_stop_name(enum card_stop stop)
{
	static const char *const names[] = {
#define VN_X(name, text) text,
		CARD_STOPS(VN_X)
#undef VN_X
	};

	return names[stop];
}

/* --- when it ends ------------------------------------------------------------------- */

/* There is nothing but capture files, and nothing that says when to stop. */
static bool ends_by_itself(const struct card_run *r)
{
	const struct card_settings *s = &r->s;

	return card_settings_has_files(s) && !card_settings_has_taps(s) && !s->socket_path &&
	       s->end_cycle == VN_NT_NEVER && !s->max_frames;
}

static uint64_t idle_end(const struct card_run *r)
{
	uint64_t n = r->s.idle_cycles;

	if (!n && ends_by_itself(r) && card_feed_is_over(&r->feed, r->hw))
		n = IDLE_CYCLES;
	return n ? vn_nt_hw_last_event(r->hw) + n : VN_NT_NEVER;
}

static uint64_t mac_frames(const struct vn_nt_counters *c)
{
	uint64_t sum = 0;

	for (unsigned int n = 0; n < VN_NT_MACS; n++)
		sum += c->tx_frames[2 * n];
	return sum;
}

static enum card_stop why_at_limit(const struct card_settings *s)
{
	return s->max_cycles && s->end_cycle == s->max_cycles ? CARD_STOP_CYCLES : CARD_STOP_TIME;
}

/* The card stopped in this way: is that the end? */
static enum card_stop judge(const struct card_run *r, enum vn_nt_stop stop)
{
	uint64_t cycle = vn_nt_card_cycle(r->card);

	switch (stop) {
	case VN_NT_STOP_ENDED:
		return CARD_STOP_ENDED;
	case VN_NT_STOP_DEADLOCK:
		return CARD_STOP_DEADLOCK;
	case VN_NT_STOP_FAULT:
		return CARD_STOP_FAULT;
	default:
		break;
	}
	if (r->s.max_frames && mac_frames(vn_nt_hw_counters(r->hw)) >= r->s.max_frames)
		return CARD_STOP_FRAMES;
	if (cycle >= r->s.end_cycle)
		return why_at_limit(&r->s);
	if (cycle >= idle_end(r))
		return CARD_STOP_IDLE;
	if (atomic_load_explicit(&r->stop_word, memory_order_acquire))
		return CARD_STOP_INTERRUPTED;
	return CARD_STOP_RUNNING;
}

/* --- a slice --------------------------------------------------------------------- */

static uint64_t held_at(const struct card_run *r)
{
	return r->server.serve ? vn_nt_cardserve_until(r->server.serve) : VN_NT_NEVER;
}

static uint64_t slice_end(const struct card_run *r, uint64_t now)
{
	uint64_t end = now + (r->s.is_real_time ? CARD_SLICE_CYCLES : SLICE_CYCLES);

	if (r->s.card.hw.trace & TRACED_INSNS)
		end = VN_MIN(end, now + SLICE_TRACED_CYCLES);
	end = VN_MIN(end, r->s.end_cycle);
	end = VN_MIN(end, held_at(r));
	return VN_MIN(end, idle_end(r));
}

static void hand_out(struct card_run *r)
{
	struct vn_nt_out out;

	while (vn_nt_hw_take(r->hw, &out)) {
		card_outputs_write(&r->out, &out);
		if (out.kind == VN_NT_OUT_FRAME)
			card_taps_write(&r->taps, out.port, out.bytes, out.len);
		if (r->server.serve)
			vn_nt_cardserve_event(r->server.serve, &out);
	}
}

/* Those since the last look; a loader that starts anew clears the list. */
static void tell_faults(struct card_run *r)
{
	const struct vn_nt_fault *f;

	if (r->n_faults_told && !vn_nt_card_fault(r->card, r->n_faults_told - 1))
		r->n_faults_told = 0;
	for (; (f = vn_nt_card_fault(r->card, r->n_faults_told)); r->n_faults_told++) {
		card_progress_end(r);
		card_outputs_flush_text(&r->out);
		card_fault_print(stderr, f, &r->image);
	}
}

static void feed(struct card_run *r, uint64_t until)
{
	struct vn_err why = { "" };

	if (!card_feed_until(&r->feed, r->hw, until, &why) || r->trouble.text[0])
		return;
	r->trouble = why;
}

static int run_slice(struct card_run *r, struct vn_err *err)
{
	uint64_t cycle = vn_nt_card_cycle(r->card);
	uint64_t now = r->s.is_real_time ? card_pace_now(&r->pace, cycle) : cycle;
	uint64_t until;
	int rc = 0;

	card_server_run(&r->server);
	until = slice_end(r, now);
	if (r->taps.n)
		rc = card_taps_read(&r->taps, now, err);
	feed(r, until);
	r->stop = judge(r, r->go(r->go_arg, r->card, until));
	hand_out(r);
	card_outputs_flush_text(&r->out);
	tell_faults(r);
	r->slices++;
	if (rc)
		r->stop = CARD_STOP_FAILED;
	return rc;
}

/* --- real time ------------------------------------------------------------------------ */

static bool is_idle(const struct card_run *r, uint64_t cycle)
{
	return cycle - VN_MIN(vn_nt_hw_last_event(r->hw), cycle) > REST_CYCLES;
}

/* For how long, if nothing comes. What is captured is in its files before. */
static uint64_t nap_ns(struct card_run *r, uint64_t cycle)
{
	uint64_t next = VN_MIN(card_feed_next(&r->feed), VN_MIN(r->s.end_cycle, idle_end(r)));

	if (!vn_nt_card_is_quiet(r->card))
		return CARD_NAP_NS;
	card_outputs_flush(&r->out);
	next = VN_MIN(next, cycle + CARD_REST_NS / NS_PER_CYCLE);
	return (VN_MAX(next, cycle) - cycle) * NS_PER_CYCLE;
}

static void nap(struct card_run *r, uint64_t cycle, uint64_t ns)
{
	struct pollfd fds[DESCRIPTORS];
	unsigned int n = r->taps.n;

	memcpy(fds, r->taps.fds, n * sizeof(*fds));
	n += card_server_fds(&r->server, fds + n);
	card_pace_nap(&r->pace, cycle, ns, fds, n);
}

static void keep_time(struct card_run *r)
{
	uint64_t cycle = vn_nt_card_cycle(r->card);

	if (r->slices % FLUSH_SLICES == 0)
		card_outputs_flush(&r->out);
	card_hostwait(&r->hostwait, &r->server, cycle, &r->stop_word);
	if (cycle >= held_at(r)) {
		card_pace_hold(&r->pace, cycle);
		nap(r, cycle, CARD_NAP_NS);
		card_pace_hold(&r->pace, cycle);
	} else if (is_idle(r, cycle)) {
		nap(r, cycle, nap_ns(r, cycle));
	} else {
		card_pace_wait(&r->pace, cycle);
	}
	if (!card_pace_must_warn(&r->pace))
		return;
	card_progress_end(r);
	fputs("vernier: card: warning: more than 100 ms behind real time; virtual time is exact "
	      "all the same\n",
	      stderr);
}

int card_run(struct card_run *r, struct vn_err *err)
{
	struct vn_clock clock;
	int rc = 0;

	vn_clock_real(&clock);
	card_pace_start(&r->pace, &clock, &r->stop_word);
	card_hostwait_start(&r->hostwait, &clock, r->s.host_wait_ns);
	r->began_ns = r->told_ns = r->pace.start_ns;
	while (!rc && r->stop == CARD_STOP_RUNNING) {
		rc = run_slice(r, err);
		card_progress(r);
		if (r->s.is_real_time && r->stop == CARD_STOP_RUNNING)
			keep_time(r);
	}
	r->ended_ns = vn_clock_now(&clock);
	card_progress_end(r);
	return rc;
}
