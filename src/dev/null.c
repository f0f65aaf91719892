/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * null: takes everything at once and keeps nothing but a count, so that what a
 * run costs on it is what building costs. It is also how the engine is tested:
 * the target asks for faults, as words separated by commas.
 *
 *   ""         plain: every commit takes all of its frames
 *   drop=N     every Nth packet is consumed and lost (VN_XMIT_DROP), N >= 1
 *   busy=N     every Nth commit takes nothing (VN_TX_BUSY), N >= 2
 *   down=N     after N packets, nothing more is taken (VN_TX_DOWN)
 *   mtu=N      the device has an MTU of N bytes
 *   queues=N   the device has N transmit queues, 1 to 65535
 *   noshare    buffers may not be shared (clone_skb and burst are refused)
 *   nocarrier  the device has no carrier
 *
 * Packets and commits are counted from the opening of each queue.
 */
#include "dev/null.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "dev/drivers.h"

struct null_dev {
	struct vn_netdev net;
	uint64_t drop_every, busy_every, down_after; /* 0 = never; down: UINT64_MAX */
};

struct null_txq {
	struct vn_txq txq;
	uint64_t consumed; /* packets gone, dropped ones included */
	uint64_t commits;
};

/* A word of the target: a switch, or a number in [min, max]. */
struct null_word {
	const char *name;
	uint64_t min, max; /* both 0: takes no value */
	void (*apply)(struct null_dev *d, uint64_t value);
};

static void set_drop(struct null_dev *d, uint64_t value)
{
	d->drop_every = value;
}

static void set_busy(struct null_dev *d, uint64_t value)
{
	d->busy_every = value;
}

static void set_down(struct null_dev *d, uint64_t value)
{
	d->down_after = value;
}

static void set_mtu(struct null_dev *d, uint64_t value)
{
	d->net.mtu = (uint32_t)value;
}

static void set_queues(struct null_dev *d, uint64_t value)
{
	d->net.n_txq = (uint16_t)value;
}

static void set_noshare(struct null_dev *d, uint64_t value)
{
	d->net.can_share = false;
}

static void set_nocarrier(struct null_dev *d, uint64_t value)
{
	d->net.has_carrier = false;
}

static const struct null_word words[] = {
	{ "drop", 1, UINT64_MAX, set_drop },
	{ "busy", 2, UINT64_MAX, set_busy },
	{ "down", 0, UINT64_MAX - 1, set_down },
	{ "mtu", 1, UINT32_MAX, set_mtu },
	{ "queues", 1, UINT16_MAX, set_queues },
	{ "noshare", 0, 0, set_noshare },
	{ "nocarrier", 0, 0, set_nocarrier },
};

static int apply_word(struct null_dev *d, char *word, struct vn_err *err)
{
	char *value = strchr(word, '=');
	uint64_t number = 0;
	int rc;

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < VN_ARRAY_SIZE(words); i++) {
		const struct null_word *w = &words[i];

		if (strcmp(w->name, word) || !value != !w->max)
			continue;
		if (value) {
			rc = vn_parse_quantity(word, value, vn_units_count, w->min, w->max,
					       &number, err);
			if (rc)
				return rc;
		}
		w->apply(d, number);
		return 0;
	}
	return vn_err_set(err, EINVAL,
			  "null: target \"%s\": words are drop=N, busy=N, down=N, mtu=N, "
			  "queues=N, noshare, nocarrier", d->net.name);
}

static int apply_target(struct null_dev *d, const char *target, struct vn_err *err)
{
	char *copy = strdup(target);
	char *save = NULL;
	int rc = 0;

	if (!copy)
		return vn_err_set(err, ENOMEM, "null: no memory");
	for (char *w = strtok_r(copy, ",", &save); w && !rc; w = strtok_r(NULL, ",", &save))
		rc = apply_word(d, w, err);
	free(copy);
	return rc;
}

static void null_close(struct vn_netdev *dev)
{
	if (dev)
		free(vn_container_of(dev, struct null_dev, net));
}

static int null_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct null_dev *d = calloc(1, sizeof(*d));
	int rc;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "null: no memory");
	vn_netdev_init(&d->net, &vn_null_ops, opts);
	d->down_after = UINT64_MAX;
	d->net.link_bps = opts->link_bps;
	rc = opts->target ? apply_target(d, opts->target, err) : 0;
	if (rc) {
		null_close(&d->net);
		return rc;
	}
	*out = &d->net;
	return 0;
}

static int null_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	return 0; /* nothing about it changes */
}

static struct vn_tx_done commit_plain(struct vn_txq *q, unsigned int n)
{
	vn_container_of(q, struct null_txq, txq)->consumed += n;
	return (struct vn_tx_done){ .sent = n, .code = VN_TX_OK };
}

static struct vn_tx_done commit_faulty(struct vn_txq *q, unsigned int n)
{
	struct null_txq *t = vn_container_of(q, struct null_txq, txq);
	const struct null_dev *d = vn_container_of(q->dev, struct null_dev, net);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };

	if (d->busy_every && ++t->commits % d->busy_every == 0) {
		done.code = VN_TX_BUSY;
		return done;
	}
	for (; done.sent < n; done.sent++) {
		if (t->consumed >= d->down_after) {
			done.code = VN_TX_DOWN;
			break;
		}
		t->consumed++;
		if (d->drop_every && t->consumed % d->drop_every == 0) {
			done.code = VN_XMIT_DROP;
			break;
		}
	}
	return done;
}

static int null_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err)
{
	const struct null_dev *d = vn_container_of(dev, struct null_dev, net);
	struct null_txq *t = calloc(1, sizeof(*t));
	bool is_plain = !d->drop_every && !d->busy_every && d->down_after == UINT64_MAX;
	int rc;

	*out = NULL;
	if (!t)
		return vn_err_set(err, ENOMEM, "null: no memory");
	rc = vn_txq_init(&t->txq, dev, opts->n_frames, opts->frame_cap);
	if (rc) {
		free(t);
		return vn_err_set(err, -rc, "null: no ring of %u frames of %u bytes",
				  opts->n_frames, opts->frame_cap);
	}
	t->txq.commit = is_plain ? commit_plain : commit_faulty;
	*out = &t->txq;
	return 0;
}

static void null_txq_close(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(vn_container_of(q, struct null_txq, txq));
}

uint64_t vn_null_consumed(struct vn_txq *q)
{
	return vn_container_of(q, struct null_txq, txq)->consumed;
}

const struct vn_netdev_ops vn_null_ops = {
	.name = "null",
	.summary = "takes everything and keeps nothing; faults on request",
	.caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT | VN_CAP_VIRTUAL,
	.open = null_open,
	.refresh = null_refresh,
	.txq_open = null_txq_open,
	.txq_close = null_txq_close,
	.close = null_close,
};
