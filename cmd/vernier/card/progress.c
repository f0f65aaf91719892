/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/macros.h"
#include "run.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)

struct traffic {
	uint64_t in, out, dropped;
};

/* Of all ports; dropped is all that did not reach a program, or left it in vain. */
static struct traffic traffic(const struct card_run *r)
{
	const struct vn_nt_counters *c = vn_nt_hw_counters(r->hw);
	struct traffic t = { .dropped = c->rx_dropped[0] };

	for (unsigned int port = 0; port < VN_NT_PORTS; port++) {
		t.in += c->rx_frames[port];
		t.out += c->tx_frames[port];
	}
	for (unsigned int n = 0; n < VN_NT_MACS; n++)
		t.dropped += c->mac_tx_full[n] + c->cpu_tx_full[n];
	for (unsigned int i = 0; i < r->taps.n; i++)
		t.dropped += r->taps.tap[i].rx_full + r->taps.tap[i].tx_refused;
	return t;
}

static uint64_t virtual_ns(const struct card_run *r)
{
	return vn_nt_card_cycle(r->card) * NS_PER_CYCLE;
}

static double real_time_factor(const struct card_run *r, uint64_t now_ns)
{
	return (double)virtual_ns(r) / (double)VN_MAX(now_ns - r->began_ns, 1);
}

/* Short enough for a narrow terminal. */
static void print_progress(const struct card_run *r, uint64_t now_ns)
{
	struct traffic t = traffic(r);

	fprintf(stderr,
		"\r%.3f s, frames: %" PRIu64 " in, %" PRIu64 " out, %" PRIu64
		" dropped; %.3g x real time\033[K",
		(double)virtual_ns(r) / (double)VN_NSEC_PER_SEC, t.in, t.out, t.dropped,
		real_time_factor(r, now_ns));
}

void card_progress(struct card_run *r)
{
	uint64_t now = vn_clock_now(&r->pace.clock);

	if (now - r->told_ns < VN_NSEC_PER_SEC || r->s.is_quiet)
		return;
	r->told_ns = now;
	if (!isatty(STDERR_FILENO))
		return;
	print_progress(r, now);
	r->has_progress = true;
}

void card_progress_end(struct card_run *r)
{
	if (r->has_progress)
		fputs("\r\033[K", stderr);
	r->has_progress = false;
}

void card_summary(struct card_run *r)
{
	struct traffic t = traffic(r);
	struct vn_nt_run_stats stats;
	uint64_t ns = virtual_ns(r);

	if (r->s.is_quiet)
		return;
	vn_nt_card_run_stats(r->card, &stats);
	fprintf(stderr,
		"vernier: card: stopped (%s) after %" PRIu64 " cycles (%" PRIu64 ".%09" PRIu64
		" s), %" PRIu64 " instructions; frames: %" PRIu64 " in, %" PRIu64 " out, %" PRIu64
		" dropped; %.3g x real time\n",
		card_stop_name(r->stop), vn_nt_card_cycle(r->card), ns / VN_NSEC_PER_SEC,
		ns % VN_NSEC_PER_SEC, stats.instructions, t.in, t.out, t.dropped,
		real_time_factor(r, r->ended_ns));
}
