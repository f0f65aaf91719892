/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tap stands between a queue and its driver, in the place of the driver's
 * commit: without one nothing is in the way of the send loop, with one every
 * driver is seen in the same manner, also those past which a kernel shows
 * nothing.
 *
 * The stamp is the time of day at the commit, or the asked departure where
 * that is still to come (devices that send by themselves at that time).
 */
#include <errno.h>

#include "base/text.h"
#include "net/netdev.h"

#define GROUP 64

static void show(struct vn_txq *q, unsigned int n, uint64_t now, uint64_t to_wall)
{
	const struct vn_tap *tap = q->dev->tap;
	struct vn_rx_pkt group[GROUP];
	struct vn_frame *f;

	vn_txq_peek(q, &f);
	for (unsigned int done = 0, i; done < n; done += i) {
		for (i = 0; i < GROUP && done + i < n; i++, f++)
			group[i] = (struct vn_rx_pkt){
				.data = f->data,
				.caplen = f->len,
				.len = f->len,
				.stamp_ns = VN_MAX(now, f->depart_ns) + to_wall,
				.is_outgoing = true,
			};
		tap->handler(tap->arg, group, i);
	}
}

/* Before the caller moves the tail on, the frames still are the oldest ones. */
static struct vn_tx_done tapped_commit(struct vn_txq *q, unsigned int n)
{
	struct vn_clock *clock = q->dev->clock;
	uint64_t now = vn_clock_now(clock);
	uint64_t to_wall = clock->wall(clock) - now;
	struct vn_tx_done done = q->to_driver(q, n);

	show(q, done.sent, now, to_wall);
	return done;
}

static int cannot(const struct vn_netdev *dev, enum vn_netdev_cap cap, const char *what,
		  const char *word, struct vn_err *err)
{
	char names[200];
	struct vn_text t;

	vn_text_init(&t, names, sizeof(names));
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++)
		if ((*d)->caps & cap)
			vn_text_add(&t, "%s%s", t.len ? ", " : "", (*d)->name);
	return vn_err_set(err, EOPNOTSUPP, "%s: %s %s: driver %s has none (there are with: %s)",
			  dev->name, what, word, dev->ops->name, names);
}

/* Launch times and stamps are asked of drivers that have them, and never ignored. */
static int check_times(const struct vn_netdev *dev, const struct vn_txq_opts *opts,
		       struct vn_err *err)
{
	if (opts->launch && !(dev->ops->caps & VN_CAP_LAUNCH))
		return cannot(dev, VN_CAP_LAUNCH, "launch", vn_launch_word(opts->launch), err);
	if (opts->stamps && !(dev->ops->caps & VN_CAP_TX_STAMPS))
		return cannot(dev, VN_CAP_TX_STAMPS, "departure_stamps",
			      vn_tx_stamps_word(opts->stamps), err);
	return 0;
}

int vn_netdev_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		       struct vn_err *err)
{
	int rc;

	*out = NULL;
	if (dev->tap && !dev->clock)
		return vn_err_set(err, EINVAL, "%s: a tap needs a clock", dev->name);
	if (dev->tap && (dev->ops->caps & VN_CAP_BUILDS))
		return vn_err_set(err, EOPNOTSUPP,
				  "%s: driver %s builds frames where nobody sees them go",
				  dev->name, dev->ops->name);
	rc = check_times(dev, opts, err);
	if (rc)
		return rc;
	rc = dev->ops->txq_open(dev, opts, out, err);
	if (rc || !dev->tap)
		return rc;
	(*out)->to_driver = (*out)->commit;
	(*out)->commit = tapped_commit;
	return 0;
}
