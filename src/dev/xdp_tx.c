/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit queue of the xdp driver: loads the program for the stream that was
 * compiled (its plan is a constant in it), and has the kernel run it some
 * thousand times a call.
 *
 * A call costs about 13 us of its own, and up to 50 when caches are cold, so it is
 * made to last some milliseconds.
 * What is short enough to be waited for is waited for by the program, between
 * two packets of a call; departures further apart are a call each, made
 * LEAD_NS early. Packets that leave one by one cost three times what they cost
 * together; so batches of paced packets begin at 1 and grow while the program
 * does not keep up with the departures.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/departures.h"
#include "bpf/generate.h"
#include "dev/drivers.h"
#include "dev/link.h"
#include "dev/testrun.h"
#include "dev/xdp_priv.h"
#include "generate.skel.h"
#include "packet/builder.h"

/* Packets the kernel takes at a time, at most. A veth has room for 256 behind it,
 * of which it may hold 15 back. */
#define BATCH 128
#define GROW_CALLS 64      /* without a refusal, till batches grow */
#define CALL_NS 20000000   /* of paced packets, about */
/* The same, and of packets that are not paced, where a call itself takes long. */
#define SLOW_CALL_NS 500000000
#define SLOW_CALL_PACKETS (1u << 20)
#define GAP_MAX_NS 200000  /* departures further apart are a call each */
#define LEAD_NS 100000

_Static_assert(VN_GENERATE_STALL_NS == VN_STALL_NS, "one stall, wherever it is seen");

struct xdp_txq {
	struct vn_txq txq;
	struct vn_builder *builder; /* whose stream is loaded; NULL: none */
	struct vn_generate_bpf *bpf;
	struct vn_plan plan;
	struct vn_xdp_anchor anchor;
	uint8_t *first;  /* what frames hold at first: the template, then zeros */
	uint32_t batch, paced_batch; /* packets the kernel takes at a time */
	uint32_t n_calls; /* since something was refused */
	/* While nothing is loaded. */
	struct vn_generate_again again;
	struct vn_generate_feed gaps, sizes;
	uint64_t period_ns;
	int socket;      /* is asked about the link */
};

static struct xdp_txq *to_txq(struct vn_txq *q)
{
	return vn_container_of(q, struct xdp_txq, txq);
}

/* --- loading ------------------------------------------------------------------ */

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

static int cannot_load(const char *name, int rc, struct vn_err *err)
{
	if (rc == -EPERM || rc == -EACCES)
		return vn_err_set(err, -rc,
				  "%s: building packets in the kernel needs CAP_BPF, CAP_PERFMON "
				  "and CAP_NET_ADMIN in the initial user namespace (run as root "
				  "there)", name);
	return vn_err_set(err, EOPNOTSUPP,
			  "%s: the kernel does not take the BPF program that builds packets: %s",
			  name, strerror(-rc));
}

static int cannot_run(const char *name, int rc, struct vn_err *err)
{
	return vn_err_set(err, EOPNOTSUPP, "%s: building packets in the kernel needs Linux 5.18 or "
			  "later (XDP live frames: %s)", name, strerror(-rc));
}

/* libbpf's own words are for its developers: ours are in the sentence. */
static int load_quietly(struct vn_generate_bpf *bpf)
{
	libbpf_print_fn_t before = libbpf_set_print(quiet);
	int rc = vn_generate_bpf__load(bpf);

	libbpf_set_print(before);
	return rc;
}

static struct vn_generate_bpf *open_quietly(void)
{
	libbpf_print_fn_t before = libbpf_set_print(quiet);
	struct vn_generate_bpf *bpf = vn_generate_bpf__open();

	libbpf_set_print(before);
	return bpf;
}

static int run_program(int program, const uint8_t *frame, uint32_t len, uint32_t n, uint32_t batch)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .repeat = (int)n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = batch);

	return bpf_prog_test_run_opts(program, &opts);
}

/* A program that drops whatever it is run on: XDP_DROP is 1. */
static int load_dropper(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "vn_drop", "Dual BSD/GPL", program,
			     VN_ARRAY_SIZE(program), NULL);
}

int vn_xdp_try(const char *name, struct vn_err *err)
{
	uint8_t frame[64] = { 0 };
	int program = load_dropper();
	int rc;

	if (program < 0)
		return cannot_load(name, program, err);
	rc = vn_testrun_try(program, frame, sizeof(frame), BPF_F_TEST_XDP_LIVE_FRAMES);
	close(program);
	return rc ? cannot_run(name, rc, err) : 0;
}

static int check_length(struct xdp_txq *t, struct vn_err *err)
{
	const char *name = t->txq.dev->name;
	int program = load_dropper();
	uint32_t fits;

	if (program < 0)
		return cannot_load(name, program, err);
	fits = vn_testrun_longest(program, t->first, t->plan.max_len, BPF_F_TEST_XDP_LIVE_FRAMES);
	close(program);
	if (fits < t->plan.max_len)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: frames of %u bytes cannot be built in the kernel: it takes "
				  "at most %u", name, t->plan.max_len, fits);
	return 0;
}

/* Gives the stream its flows back and forgets it. */
static void unload(struct xdp_txq *t)
{
	struct vn_stream *s = t->builder ? t->builder->s : NULL;

	if (s && t->bpf) {
		memcpy(s->flow, t->bpf->bss->flows,
		       VN_MIN(t->plan.n_flow, s->n_flow) * sizeof(s->flow[0]));
		t->again = t->bpf->bss->again;
		t->gaps = t->bpf->bss->gaps;
		t->sizes = t->bpf->bss->sizes;
	}
	t->builder = NULL;
	vn_xdp_anchor_close(&t->anchor);
	vn_generate_bpf__destroy(t->bpf);
	t->bpf = NULL;
}

static int set_out(struct xdp_txq *t)
{
	uint32_t key = 0, ifindex = (uint32_t)t->txq.dev->ifindex;
	int rc = bpf_map_update_elem(bpf_map__fd(t->bpf->maps.out), &key, &ifindex, BPF_ANY);

	return rc ? -errno : 0;
}

static int load_program(struct xdp_txq *t, const struct vn_plan_state *state,
			const struct vn_builder *b, uint32_t burst)
{
	struct vn_generate_bpf *bpf = t->bpf = open_quietly();
	int rc;

	if (!bpf)
		return -errno;
	bpf->rodata->plan = t->plan;
	bpf->rodata->is_paced = b->s->cfg.period_num != 0;
	bpf->rodata->has_gaps = b->s->gaps != NULL;
	bpf->rodata->late_policy = b->s->cfg.late_policy;
	bpf->rodata->burst = burst;
	bpf->rodata->stamp_every = (int)b->s->cfg.stamp_every;
	bpf->rodata->out_ifindex = t->txq.dev->ifindex;
	rc = load_quietly(bpf);
	if (rc)
		return rc;
	bpf->bss->state = *state;
	bpf->bss->again = t->again;
	bpf->bss->gaps = t->gaps;
	bpf->bss->sizes = t->sizes;
	vn_hist_clear(&bpf->bss->departures.lateness);
	vn_hist_clear(&bpf->bss->departures.gap_error);
	memcpy(bpf->bss->flows, b->s->flow, b->s->n_flow * sizeof(b->s->flow[0]));
	bpf->links.vn_flushed = bpf_program__attach_trace(bpf->progs.vn_flushed);
	if (!bpf->links.vn_flushed)
		return -errno;
	vn_xdp_anchor_open(&t->anchor, bpf_program__fd(bpf->progs.vn_generate));
	return set_out(t);
}

static int xdp_load(struct vn_txq *q, struct vn_builder *b, uint32_t copies, uint32_t burst,
		    struct vn_err *err)
{
	struct xdp_txq *t = to_txq(q);
	struct vn_plan_state state;
	int rc;

	unload(t);
	rc = vn_plan_make(b, copies, &t->plan, &state, err);
	if (rc)
		return rc;
	memset(t->first, 0, t->txq.frames[0].cap);
	memcpy(t->first, t->plan.header, t->plan.header_len);
	rc = check_length(t, err);
	if (rc)
		return rc;
	rc = load_program(t, &state, b, burst);
	if (rc) {
		unload(t);
		return cannot_load(q->dev->name, rc, err);
	}
	t->builder = b;
	t->batch = BATCH;
	t->paced_batch = 1;
	t->period_ns = b->s->cfg.delay_ns;
	return 0;
}

/* --- sending -------------------------------------------------------------------- */

static uint64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Gap number i of those that the schedule has not yet, which is drawn if need be. */
static uint64_t gap_ns(struct vn_generate_feed *gaps, uint32_t i, const struct vn_generation *g)
{
	if (gaps->head - gaps->tail == i)
		gaps->v[gaps->head++ & (VN_GENERATE_MAX - 1)] = g->draw_gap(g->draw_arg);
	return gaps->v[(gaps->tail + i) & (VN_GENERATE_MAX - 1)] / VN_SCHEDULE_ONE;
}

/* Departures until one that is to be slept for, or the call lasts long enough. Of each
 * the gap behind it is known by then. */
static uint32_t feed_gaps(struct xdp_txq *t, const struct vn_generation *g, uint64_t call_ns)
{
	struct vn_generate_feed *gaps = &t->bpf->bss->gaps;
	const bool has_slack = g->due_ns != UINT64_MAX;
	uint64_t gap = g->sched->step_ns, at_ns = g->sched->next_ns;
	const uint64_t end_ns = has_slack ? g->due_ns : at_ns + call_ns;
	const uint64_t longest_ns = has_slack ? UINT64_MAX : GAP_MAX_NS;
	uint32_t n = 0;

	for (;;) {
		uint64_t behind = gap_ns(gaps, n++, g);

		at_ns += gap;
		if (n == VN_GENERATE_MAX || n >= g->max || gap > longest_ns || at_ns > end_ns)
			return n;
		gap = behind;
	}
}

static uint64_t departures_of(struct xdp_txq *t, const struct vn_generation *g, uint64_t call_ns)
{
	uint64_t n = t->period_ns > GAP_MAX_NS ? 0 : call_ns;

	if (g->draw_gap)
		return feed_gaps(t, g, call_ns);
	if (g->due_ns != UINT64_MAX)
		n = g->due_ns - VN_MIN(g->due_ns, g->sched->next_ns);
	return n / VN_MAX(t->period_ns, 1u) + 1;
}

static void feed_sizes(struct xdp_txq *t, uint32_t n)
{
	struct vn_generate_feed *sizes = &t->bpf->bss->sizes;
	struct vn_series *series = t->builder->s->sizes;

	while (sizes->head - sizes->tail < n)
		sizes->v[sizes->head++ & (VN_GENERATE_MAX - 1)] =
			(uint64_t)vn_size_of_value(vn_series_next(series));
}

/* Packets of the next call. */
static uint32_t call_size(struct xdp_txq *t, const struct vn_generation *g)
{
	const bool is_quick = t->anchor.link >= 0;
	const bool is_fed = t->plan.size.how == VN_VARY_FED;
	uint64_t n = is_quick ? VN_GENERATE_MAX : SLOW_CALL_PACKETS;

	if (g->sched)
		n = departures_of(t, g, is_quick ? CALL_NS : SLOW_CALL_NS) * t->bpf->rodata->burst;
	if (g->sched || is_fed)
		n = VN_MIN(n, (uint64_t)VN_GENERATE_MAX);
	n = VN_MIN(n, g->max);
	if (is_fed)
		feed_sizes(t, (uint32_t)n);
	return (uint32_t)n;
}

/* What was refused and is not sent again yet has numbers, too. */
static void begin_call(struct vn_generate_run *run, const struct vn_generate_again *again,
		       const struct vn_generation *g)
{
	uint32_t burst_left = run->burst_left;
	uint64_t burst_depart_ns = run->burst_depart_ns;

	memset(run, 0, offsetof(struct vn_generate_run, asked_ns));
	run->burst_left = burst_left;
	run->burst_depart_ns = burst_depart_ns;
	if (g->sched)
		run->sched = *g->sched;
	run->end_ns = g->end_ns;
	run->due_ns = g->due_ns;
	run->not_before_ns = g->not_before_ns;
	run->to_wall_ns = read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
	run->next_seq = g->seq + (again->head - again->tail);
}

/*
 * As fast as possible: what was refused found no room at the other end of the
 * interface, which somebody has to make who may be waiting for this CPU. Batches
 * shrink, and grow again when all is well for a while.
 */
static void adapt(struct xdp_txq *t, const struct vn_generate_run *run)
{
	if (run->refused) {
		t->n_calls = 0;
		t->batch = VN_MAX(t->batch / 2, (uint32_t)VN_GENERATE_FLUSH);
		sched_yield();
	} else if (++t->n_calls % GROW_CALLS == 0) {
		t->batch = VN_MIN(2 * t->batch, (uint32_t)BATCH);
	}
}

/*
 * A call that never waited and fell further behind was too slow: batches grow. One
 * that mostly waited has time to send packets more singly.
 */
static void adapt_paced(struct xdp_txq *t, const struct vn_generate_run *run,
			struct vn_generation *g)
{
	uint64_t lasted_ns = run->now_ns - run->first_ns;
	bool is_behind = !run->idle_ns && run->last_late_ns >= run->first_late_ns;

	g->batch = run->built ? t->paced_batch : 0;
	if (run->built < 2)
		return;
	if (t->paced_batch == 1 && !run->idle_ns)
		g->single_ns = lasted_ns / (run->built - 1);
	if (is_behind)
		t->paced_batch = VN_MIN(2 * t->paced_batch, (uint32_t)BATCH);
	else if (2 * run->idle_ns > lasted_ns)
		t->paced_batch = VN_MAX(t->paced_batch / 2, 1u);
}

/* After a call with departures. */
static void end_paced(struct xdp_txq *t, const struct vn_generate_run *run, struct vn_generation *g)
{
	vn_departures_take_counts(g->departures, &t->bpf->bss->departures);
	*g->sched = run->sched;
	g->sched->next_ns += run->slide_ns; /* of the last packet */
	if (run->slide_ns)
		vn_departures_slide(&t->bpf->bss->departures, run->slide_ns);
	g->slid_ns = run->slid_ns + run->slide_ns;
	g->skipped = run->skipped;
	g->not_before_ns = run->is_spaced ? run->not_before_ns : 0;
	g->stalls = run->stalls;
	g->stall_ns = run->stall_ns;
	g->stall_max_ns = run->stall_max_ns;
	adapt_paced(t, run, g);
}

static void count_bytes(const struct xdp_txq *t, const struct vn_generate_run *run,
			struct vn_generation *g)
{
	if (t->plan.size.how == VN_VARY_FIXED) {
		g->bytes = run->sent * t->plan.max_len;
		g->bits_l2 = run->sent * vn_wire_bits_l2(t->plan.max_len);
	} else {
		g->bytes = run->bytes - run->refused_bytes;
		g->bits_l2 = run->bits_l2 - run->refused_bits_l2;
	}
}

/* Nothing went: the link is down, the interface is gone or takes no more. */
static int32_t code_of(const struct xdp_txq *t, const struct vn_generate_run *run, int rc)
{
	uint64_t features;

	if (rc && rc != -EINTR && rc != -EAGAIN)
		return VN_TX_DOWN;
	if (run->sent == run->built)
		return VN_TX_OK;
	if (vn_link_is_down(t->socket, t->txq.dev->ifindex))
		return VN_TX_DOWN;
	if (!vn_xdp_features(t->txq.dev->ifindex, &features) && !(features & VN_XDP_NDO_XMIT))
		return VN_TX_DOWN;
	return VN_TX_BUSY;
}

static void xdp_generate(struct vn_txq *q, struct vn_generation *g)
{
	struct xdp_txq *t = to_txq(q);
	struct vn_generate_run *run = &t->bpf->bss->run;
	uint32_t n = call_size(t, g);
	int rc;

	begin_call(run, &t->bpf->bss->again, g);
	run->is_spaced = t->paced_batch == 1 && g->due_ns == UINT64_MAX &&
			 t->bpf->rodata->late_policy == VN_LATE_CATCH_UP;
	rc = run_program(bpf_program__fd(t->bpf->progs.vn_generate), t->first, t->plan.max_len, n,
			 g->sched ? t->paced_batch : t->batch);
	g->sent = run->sent;
	g->first_ns = run->first_ns;
	g->last_ns = run->now_ns;
	g->idle_ns = run->idle_ns;
	g->code = code_of(t, run, rc);
	atomic_fetch_add_explicit(&vn_xdp_of(q->dev)->refused, run->refused, memory_order_relaxed);
	count_bytes(t, run, g);
	if (g->sched) {
		end_paced(t, run, g);
	} else {
		adapt(t, run);
	}
	vn_plan_store(t->builder, &t->plan, &t->bpf->bss->state, (uint32_t)run->built);
}

static void xdp_collect(struct vn_txq *q, struct vn_departures *d)
{
	struct xdp_txq *t = to_txq(q);

	if (t->bpf)
		vn_departures_take_hists(d, &t->bpf->bss->departures);
}

static const struct vn_txq_generator generator = {
	.load = xdp_load,
	.generate = xdp_generate,
	.collect = xdp_collect,
	.lead_ns = LEAD_NS,
};

/* --- opening ---------------------------------------------------------------------- */

/* The queue's frames are lent to nobody: packets are never here. */
static struct vn_tx_done commit_nothing(struct vn_txq *q, unsigned int n)
{
	return (struct vn_tx_done){ .sent = 0, .code = VN_TX_DOWN };
}

void vn_xdp_txq_close(struct vn_txq *q)
{
	struct xdp_txq *t;

	if (!q)
		return;
	t = to_txq(q);
	unload(t);
	if (t->socket >= 0)
		close(t->socket);
	free(t->first);
	vn_txq_fini(q);
	free(t);
}

static int set_up(struct xdp_txq *t, struct vn_netdev *dev, const struct vn_txq_opts *opts)
{
	int rc = vn_txq_init(&t->txq, dev, 1, opts->frame_cap);

	if (rc)
		return rc;
	t->txq.commit = commit_nothing;
	t->txq.generator = &generator;
	t->first = calloc(1, t->txq.frames[0].cap);
	if (!t->first)
		return -ENOMEM;
	t->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	return t->socket < 0 ? -errno : 0;
}

int vn_xdp_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		    struct vn_err *err)
{
	struct xdp_txq *t = calloc(1, sizeof(*t));
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "%s: no memory", dev->name);
	t->socket = t->anchor.netns = t->anchor.link = -1;
	rc = set_up(t, dev, opts);
	if (rc) {
		vn_err_set(err, -rc, "%s: no queue for frames of %u bytes: %s", dev->name,
			   opts->frame_cap, strerror(-rc));
		vn_xdp_txq_close(&t->txq);
		return rc;
	}
	*out = &t->txq;
	return 0;
}
