/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time, and what driver and card tell each other. The card runs until an
 * interrupt, or until the driver wants to look at its clock; what the driver does
 * then happens in that cycle, since the host takes no time.
 *
 * The card's program may poll for ever, so that nobody can tell that nothing will
 * come any more; after PATIENCE_NS in which nothing came or left and no timer ran,
 * and with no packet in the card, it counts as told.
 */
#include "caliper/cosim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "caliper/cosim_priv.h"

#define NS_PER_CYCLE  (VN_NSEC_PER_SEC / VN_NT_HZ)
#define PATIENCE_NS   (40 * VN_NSEC_PER_SEC)
#define SOCKET_BYTES  212992 /* of a kernel's socket, by default */
#define FRAMES_MAX    1000   /* txqueuelen of a TAP interface */
#define COMMAND_QUEUE 0	     /* of the card, where its program waits for the driver */

/* While somebody looks at frames that leave, who may answer to them: what the card has
 * done is told at least so often. */
#define LOOK_CYCLES 4096

_Static_assert(NS_PER_CYCLE *VN_NT_HZ == VN_NSEC_PER_SEC, "cycles are whole ns");

uint64_t vn_cosim_now_ns(const struct vn_cosim *sim)
{
	return sim->now * NS_PER_CYCLE;
}

/* -- What the driver does ------------------------------------------------------ */

static int dma_tx(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct vn_cosim *sim = arg;

	return vn_nt_hw_dma_tx(vn_nt_card_hw(sim->card), sim->now, COMMAND_QUEUE, bytes, len);
}

static int dma_rx(void *arg)
{
	struct vn_cosim *sim = arg;

	sim->pending &= ~VN_NT_INT_PKT_AVAIL;
	return vn_nt_hw_dma_rx(vn_nt_card_hw(sim->card), sim->now);
}

static uint32_t read_status(void *arg)
{
	struct vn_cosim *sim = arg;

	sim->pending = 0;
	return vn_nt_hw_read_status(vn_nt_card_hw(sim->card));
}

static void write_mask(void *arg, uint32_t mask)
{
	((struct vn_cosim *)arg)->mask = mask;
}

static int nl_send(void *arg, uint32_t pid, const void *bytes, size_t len)
{
	return vn_cosim_tell(arg, pid, bytes, len);
}

static void deliver(void *arg, const uint8_t *frame, uint32_t len)
{
	struct vn_cosim *sim = arg;

	if (sim->cfg.delivered)
		sim->cfg.delivered(sim->cfg.arg, frame, len);
}

static void carrier(void *arg, bool on)
{
}

static uint64_t now(void *arg)
{
	return vn_cosim_now_ns(arg);
}

static void write_log(void *arg, const char *text)
{
	struct vn_cosim *sim = arg;

	if (sim->cfg.log)
		sim->cfg.log(sim->cfg.arg, text);
}

static const struct vn_nf2_ops ops = {
	.dma_tx = dma_tx,
	.dma_rx = dma_rx,
	.read_status = read_status,
	.write_mask = write_mask,
	.nl_send = nl_send,
	.deliver = deliver,
	.carrier = carrier,
	.now = now,
	.log = write_log,
};

/* -- Making -------------------------------------------------------------------- */

/* What the daemon's interface has. */
static void name_interface(struct vn_nf2_config *driver)
{
	static const uint8_t mac[6] = { 0x02, 0x4e, 0x46, 0x32, 0x43 }, none[6];

	if (!driver->ifname[0])
		snprintf(driver->ifname, sizeof(driver->ifname), "nf2c%u", driver->card);
	if (memcmp(driver->mac, none, sizeof(none)) == 0) {
		memcpy(driver->mac, mac, sizeof(mac));
		driver->mac[5] = (uint8_t)driver->card;
	}
}

static void settle(struct vn_cosim *sim, const struct vn_cosim_config *cfg)
{
	sim->cfg = *cfg;
	sim->cfg.card.hw.has_driver = true;
	sim->cfg.card.hw.attends_irq = true;
	if (!sim->cfg.socket_bytes)
		sim->cfg.socket_bytes = SOCKET_BYTES;
	name_interface(&sim->cfg.driver);
	vn_cosim_queue_init(&sim->data);
	vn_cosim_queue_init(&sim->control);
	vn_cosim_queue_init(&sim->frames);
}

int vn_cosim_new(const struct vn_cosim_config *cfg, struct vn_cosim **out, struct vn_err *err)
{
	struct vn_cosim *sim = calloc(1, sizeof(*sim));
	int r;

	*out = NULL;
	if (!sim)
		return vn_err_set(err, ENOMEM, "no memory for the co-simulation");
	settle(sim, cfg);
	r = cfg->image ? 0 : vn_err_set(err, EINVAL, "no program for the card");
	if (!r)
		r = vn_nt_card_new(&sim->cfg.card, &sim->card, err);
	if (!r)
		r = vn_nt_card_load(sim->card, cfg->image, err);
	if (!r)
		r = vn_nf2_new(&sim->cfg.driver, &ops, sim, &sim->driver, err);
	if (r) {
		vn_cosim_free(sim);
		return r;
	}
	*out = sim;
	return 0;
}

void vn_cosim_free(struct vn_cosim *sim)
{
	if (!sim)
		return;
	while (sim->clients)
		sim->clients->transport.close(&sim->clients->transport);
	vn_nf2_free(sim->driver);
	vn_nt_card_free(sim->card);
	vn_cosim_queue_fini(&sim->data);
	vn_cosim_queue_fini(&sim->control);
	vn_cosim_queue_fini(&sim->frames);
	free(sim);
}

/* -- What the driver hears ------------------------------------------------------- */

static void interrupt(struct vn_cosim *sim)
{
	if (sim->pending & ~sim->mask)
		vn_nf2_intr(sim->driver);
}

static void left(struct vn_cosim *sim, const struct vn_nt_out *out)
{
	if (out->port & 1)
		return;
	sim->n_left++;
	if (!sim->cfg.left)
		return;
	memcpy(sim->frame, out->bytes, out->len); /* who looks may feed, which moves them */
	sim->cfg.left(sim->cfg.arg, out->port / 2, out->cycle, sim->frame, out->len);
}

static void tell(struct vn_cosim *sim, const struct vn_nt_out *out)
{
	switch (out->kind) {
	case VN_NT_OUT_FRAME:
		left(sim, out);
		return;
	case VN_NT_OUT_DMA:
		vn_nf2_dma_data(sim->driver, out->bytes, out->len);
		return;
	case VN_NT_OUT_IRQ:
		sim->now = out->cycle;
		sim->pending |= out->value;
		interrupt(sim);
		return;
	default: /* logs, traces and losses are for those who ask the hardware */
		return;
	}
}

/* In the order in which it happened. Since the card stops at every interrupt, each is told in its
 * own cycle. */
static void tell_all(struct vn_cosim *sim)
{
	struct vn_nt_out out;

	sim->now = vn_nt_card_cycle(sim->card);
	while (vn_nt_hw_take(vn_nt_card_hw(sim->card), &out))
		tell(sim, &out);
	sim->now = vn_nt_card_cycle(sim->card);
}

static void take_control(struct vn_cosim *sim)
{
	struct vn_cosim_item *item;

	while ((item = vn_cosim_queue_take(&sim->control))) {
		vn_nf2_control(sim->driver, item->pid, item->bytes, item->len);
		free(item);
	}
}

static void take_data(struct vn_cosim *sim)
{
	while (sim->data.n && vn_nf2_takes_data(sim->driver)) {
		struct vn_cosim_item *item = vn_cosim_queue_take(&sim->data);

		vn_nf2_data(sim->driver, item->pid, item->bytes, item->len);
		free(item);
	}
	if (!sim->data.n)
		vn_nf2_data_over(sim->driver);
}

static void take_frames(struct vn_cosim *sim)
{
	while (sim->frames.n && vn_nf2_takes_frames(sim->driver)) {
		struct vn_cosim_item *item = vn_cosim_queue_take(&sim->frames);

		vn_nf2_frame(sim->driver, item->bytes, item->len);
		free(item);
	}
}

void vn_cosim_pump(struct vn_cosim *sim)
{
	take_control(sim);
	take_data(sim);
	take_frames(sim);
	tell_all(sim); /* a transfer that could not be begun raises an interrupt */
	interrupt(sim);
}

/* -- Time ------------------------------------------------------------------------- */

static int break_off(struct vn_cosim *sim, int code, const char *why)
{
	sim->broken = vn_err_set(&sim->why, code, "%s", why);
	return sim->broken;
}

static int fault(struct vn_cosim *sim)
{
	const struct vn_nt_fault *f = vn_nt_card_fault(sim->card, 0);

	sim->broken = vn_err_set(&sim->why, EIO, "card: thread %u at 0x%08x, cycle %llu: %s",
				 f ? f->tid : 0, f ? f->pc : 0,
				 f ? (unsigned long long)f->cycle : 0, f ? f->reason : "a fault");
	return sim->broken;
}

/* Nobody of the program is left who could do anything, whatever comes. */
static bool is_dead(const struct vn_cosim *sim)
{
	struct vn_nt_thread_view view;

	for (unsigned int tid = 0; tid < VN_NT_THREADS; tid++) {
		vn_nt_card_thread(sim->card, tid, &view);
		if (view.state == VN_NT_RUNNING)
			return false;
	}
	return true;
}

static uint64_t copied(const struct vn_cosim *sim)
{
	uint64_t counters[CAL_N_COUNTERS];

	vn_nf2_counters(sim->driver, counters, CAL_N_COUNTERS);
	return counters[CAL_COUNTER_entries];
}

/* Packets that the card has, and which may leave in an hour. A reset throws them away. */
static bool has_departures(const struct vn_cosim *sim)
{
	return copied(sim) - sim->copied_at_reset > sim->n_left - sim->left_at_reset;
}

static void look_for_a_reset(struct vn_cosim *sim)
{
	if (vn_nf2_state(sim->driver) == CAL_RUNNING)
		return;
	sim->left_at_reset = sim->n_left;
	sim->copied_at_reset = copied(sim);
}

/* Patience begins anew: what is waited for next may be something else. */
static int give_up(struct vn_cosim *sim, const char *why)
{
	sim->busy_till = vn_cosim_now_ns(sim);
	return vn_err_set(&sim->why, EDEADLK, "a wait for something that will not come: %s", why);
}

int vn_cosim_is_hopeless(struct vn_cosim *sim, uint64_t until_ns)
{
	uint64_t last = vn_nt_hw_last_event(vn_nt_card_hw(sim->card)) * NS_PER_CYCLE;

	sim->busy_till = VN_MAX(sim->busy_till, last);
	if (vn_nf2_next_ns(sim->driver) != UINT64_MAX)
		return 0;
	if (until_ns == UINT64_MAX && vn_nt_card_is_quiet(sim->card))
		return give_up(sim, "neither card nor driver has anything to do");
	if (vn_cosim_now_ns(sim) - sim->busy_till > PATIENCE_NS && !has_departures(sim))
		return give_up(sim, "nothing has happened for long, and the card has no packet");
	return 0;
}

/* The cycle at which the driver wants to look at its clock, or who waits at his. */
static uint64_t next_cycle(struct vn_cosim *sim, uint64_t until_ns)
{
	uint64_t ns = VN_MIN(until_ns, vn_nf2_next_ns(sim->driver));
	uint64_t cycle = ns / NS_PER_CYCLE + (ns % NS_PER_CYCLE != 0);

	if (sim->cfg.left)
		cycle = VN_MIN(cycle, sim->now + LOOK_CYCLES);
	return VN_MAX(VN_MIN(cycle, sim->now + PATIENCE_NS / NS_PER_CYCLE), sim->now + 1);
}

int vn_cosim_step(struct vn_cosim *sim, uint64_t until_ns)
{
	enum vn_nt_stop stop;

	if (sim->broken)
		return sim->broken;
	stop = vn_nt_card_run(sim->card, next_cycle(sim, until_ns));
	tell_all(sim);
	if (stop == VN_NT_STOP_FAULT)
		return fault(sim);
	if (vn_nf2_next_ns(sim->driver) <= vn_cosim_now_ns(sim))
		vn_nf2_timer(sim->driver);
	vn_cosim_pump(sim);
	look_for_a_reset(sim);
	if (stop == VN_NT_STOP_UNTIL && vn_nt_card_is_quiet(sim->card) && is_dead(sim))
		return break_off(sim, EIO, "card: all threads have ended, or wait for each other");
	return 0;
}

int vn_cosim_run(struct vn_cosim *sim, uint64_t until_ns, struct vn_err *err)
{
	int r = 0;

	vn_cosim_pump(sim);
	while (!r && vn_cosim_now_ns(sim) < until_ns)
		r = vn_cosim_step(sim, until_ns);
	return r ? vn_err_set(err, -r, "%s", sim->why.text) : 0;
}

int vn_cosim_run_to_state(struct vn_cosim *sim, enum cal_state state, uint64_t for_ns,
			  struct vn_err *err)
{
	uint64_t until = vn_cosim_now_ns(sim) + for_ns;
	int r = 0;

	vn_cosim_pump(sim);
	while (!r && vn_nf2_state(sim->driver) != state) {
		if (vn_cosim_now_ns(sim) >= until)
			return vn_err_set(err, ETIMEDOUT,
					  "the driver is in state %d, not in %d, after %llu ns",
					  (int)vn_nf2_state(sim->driver), (int)state,
					  (unsigned long long)for_ns);
		r = vn_cosim_step(sim, until);
	}
	return r ? vn_err_set(err, -r, "%s", sim->why.text) : 0;
}

const char *vn_cosim_why(const struct vn_cosim *sim)
{
	return sim->why.text;
}

/* -- The interface and the wire ------------------------------------------------------ */

void vn_cosim_frame(struct vn_cosim *sim, const uint8_t *frame, uint32_t len)
{
	if (sim->frames.n >= FRAMES_MAX || vn_cosim_queue_add(&sim->frames, 0, frame, len))
		vn_nf2_dropped(sim->driver, 1);
}

int vn_cosim_feed(struct vn_cosim *sim, unsigned int mac, uint64_t cycle, const uint8_t *frame,
		  uint32_t len)
{
	return vn_nt_hw_feed(vn_nt_card_hw(sim->card), 2 * mac, cycle, frame, len);
}

struct vn_nf2 *vn_cosim_driver(struct vn_cosim *sim)
{
	return sim->driver;
}

struct vn_nt_card *vn_cosim_card(struct vn_cosim *sim)
{
	return sim->card;
}
