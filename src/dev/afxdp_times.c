/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/afxdp_times.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dev/afxdp_meta.h"
#include "dev/xdp_features.h"

/*
 * The nearest and the farthest that the hardware which is known takes: the
 * descriptor has to be fetched before, and half a second is within the horizon of
 * all (a transmission window of 1 s, counters of 1 s and more).
 */
#define LEAD_NS	   100000
#define HORIZON_NS 500000000
#define AHEAD_NS   1000000 /* as for disciplines */
#define FOLLOW_NS  100000000
#define STEP_NS	   1000
#define STAMPS	   4096u /* that wait for a reader */

static int lacks(const struct vn_netdev *dev, const char *what, const char *word,
		 const char *feature, struct vn_err *err)
{
	return vn_err_set(err, EOPNOTSUPP,
			  "%s: %s %s: its driver does not have the AF_XDP feature %s (one of the "
			  "kernel's netdev family, xsk-features; Linux 6.14)",
			  dev->name, what, word, feature);
}

int vn_afxdp_find_launcher(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
			   struct vn_afxdp_launcher *out, struct vn_err *err)
{
	uint64_t features;

	if (opts->launch == VN_LAUNCH_QDISC)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: launch qdisc: AF_XDP passes the queueing disciplines by; "
				  "driver afpacket goes through them",
				  dev->name);
	if (opts->stamps == VN_TX_STAMPS_KERNEL)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: departure_stamps kernel: of AF_XDP there are the hardware's "
				  "only; driver afpacket has the kernel's",
				  dev->name);
	if (vn_xsk_features(dev->ifindex, &features))
		features = 0;
	if (opts->launch && !(features & VN_XSK_TX_LAUNCH_TIME_FIFO))
		return lacks(dev, "launch", "device", "tx-launch-time-fifo", err);
	if (opts->stamps && !(features & VN_XSK_TX_TIMESTAMP))
		return lacks(dev, "departure_stamps", "hardware", "tx-timestamp", err);
	*out = (struct vn_afxdp_launcher){
		.is_hardware = true,
		.launch = { .grain_ns = 1, .horizon_ns = HORIZON_NS, .lead_ns = LEAD_NS },
	};
	return 0;
}

uint64_t vn_afxdp_ahead(const struct vn_launch *l)
{
	return vn_launch_ahead(l, l->lead_ns + AHEAD_NS);
}

/* --- clocks ----------------------------------------------------------------------- */

/* CLOCK_MONOTONIC - the launcher's. */
static int64_t to_clock(const struct vn_afxdp_times *t)
{
	if (t->who.is_hardware)
		return t->hw.offset_ns + vn_txstamp_to_clock(CLOCK_REALTIME);
	return vn_txstamp_to_clock(t->who.clock);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void follow(struct vn_afxdp_times *t)
{
	int64_t offset;

	t->now_ns = now_ns();
	if (t->now_ns < t->followed_ns + FOLLOW_NS)
		return;
	t->followed_ns = t->now_ns;
	if (t->who.is_hardware)
		vn_hwstamp_follow(&t->hw);
	offset = -to_clock(t);
	if (llabs(offset - t->who.launch.offset_ns) > STEP_NS)
		t->who.launch.offset_ns = offset;
}

/* --- frames ----------------------------------------------------------------------- */

unsigned int vn_afxdp_times_begin(struct vn_afxdp_times *t, const struct vn_frame *f,
				  unsigned int n)
{
	unsigned int i = 0;

	follow(t);
	if (!t->has_launch)
		return n;
	while (i < n &&
	       vn_launch_check(&t->who.launch, f[i].depart_ns, t->now_ns) != VN_LAUNCH_TOO_FAR)
		i++;
	return i;
}

void vn_afxdp_times_write(struct vn_afxdp_times *t, uint8_t *area, const struct vn_frame *f)
{
	struct vn_xsk_tx_metadata meta = { .flags = 0 };

	if (t->has_launch) {
		meta.flags |= VN_TXMD_LAUNCH_TIME;
		meta.request.launch_time = vn_launch_value(&t->who.launch, f->depart_ns);
	}
	if (t->has_stamps)
		meta.flags |= VN_TXMD_TIMESTAMP;
	*vn_afxdp_meta_of(f->data) = meta;
	t->asked[(size_t)(f->data - area) / VN_CACHELINE] = f->depart_ns;
}

void vn_afxdp_times_sent(struct vn_afxdp_times *t, const struct vn_frame *f, unsigned int n)
{
	uint64_t late = 0;

	if (!t->has_launch)
		return;
	for (unsigned int i = 0; i < n; i++)
		late += vn_launch_check(&t->who.launch, f[i].depart_ns, t->now_ns) ==
			VN_LAUNCH_TOO_LATE;
	if (late)
		atomic_fetch_add_explicit(&t->counters->launch_late, late, memory_order_relaxed);
}

void vn_afxdp_times_back(struct vn_afxdp_times *t, uint8_t *area, uint64_t place)
{
	uint64_t stamp;

	if (!t->has_stamps || place >= t->size)
		return;
	/* Where a request of a launch time has zeros. */
	stamp = vn_afxdp_meta_of(area + place)->completion.tx_timestamp;
	if (!stamp || t->got_head - t->got_tail == STAMPS) {
		atomic_fetch_add_explicit(&t->counters->stamps_lost, 1, memory_order_relaxed);
		return;
	}
	t->got[t->got_head++ % STAMPS] = (struct vn_departed){
		.asked_ns = t->asked[place / VN_CACHELINE],
		.ns = stamp - (uint64_t)t->who.launch.offset_ns,
	};
}

unsigned int vn_afxdp_times_take(struct vn_afxdp_times *t, struct vn_departed *out,
				 unsigned int cap)
{
	unsigned int n;

	for (n = 0; n < cap && t->got_tail != t->got_head; n++)
		out[n] = t->got[t->got_tail++ % STAMPS];
	return n;
}

/* --- opening ---------------------------------------------------------------------- */

static int use_hardware(struct vn_afxdp_times *t, const struct vn_netdev *dev,
			const struct vn_afxdp_socket *s, struct vn_err *err)
{
	const char *what = t->has_launch ? "launch device" : "departure_stamps hardware";
	struct vn_err why = { "" };
	int rc;

	if (!s->is_zero_copy)
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: %s: zero copy is needed, and its queue %u has it not",
				  dev->name, what, s->queue);
	vn_hwstamp_system(&t->io, &t->fd);
	rc = vn_hwstamp_begin_tx(&t->hw, &t->io, dev->ifindex, &why);
	if (rc)
		return vn_err_set(err, -rc, "%s: %s: %s (ethtool -T %s lists them)", dev->name,
				  what, why.text, dev->name);
	return 0;
}

int vn_afxdp_times_open(struct vn_afxdp_times *t, const struct vn_netdev *dev,
			const struct vn_afxdp_socket *s, const struct vn_txq_opts *opts,
			const struct vn_afxdp_launcher *who, struct vn_err *err)
{
	int rc = 0;

	t->who = *who;
	t->has_launch = opts->launch != VN_LAUNCH_OFF;
	t->has_stamps = opts->stamps != VN_TX_STAMPS_OFF;
	t->fd = s->owner->ask_fd;
	t->counters = &s->owner->base.times;
	t->size = s->size;
	t->asked = calloc(s->size / VN_CACHELINE, sizeof(*t->asked));
	t->got = calloc(STAMPS, sizeof(*t->got));
	if (!t->asked || !t->got)
		return vn_err_set(err, ENOMEM, "%s: no memory for launch times", dev->name);
	if (who->is_hardware)
		rc = use_hardware(t, dev, s, err);
	if (rc)
		return rc;
	t->who.launch.offset_ns = -to_clock(t);
	t->followed_ns = now_ns();
	if (t->has_launch)
		atomic_store_explicit(&t->counters->has_launch, true, memory_order_relaxed);
	if (t->has_stamps)
		atomic_store_explicit(&t->counters->has_stamps, true, memory_order_relaxed);
	return 0;
}

void vn_afxdp_times_close(struct vn_afxdp_times *t)
{
	vn_hwstamp_end(&t->hw);
	free(t->asked);
	free(t->got);
	t->asked = NULL;
	t->got = NULL;
}
