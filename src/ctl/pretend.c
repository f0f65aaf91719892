/* SPDX-License-Identifier: BSD-2-Clause */
/* A pretended machine for tests: see the header. */
#include "ctl/pretend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_ETHERNET 1
#define TYPE_LOOPBACK 772
#define TYPE_NONE     65534 /* a tunnel without a link layer */
#define MTU           1500
#define VETH_ROOM     18    /* a veth drops what is longer than its MTU, header and a tag */

struct pretend_kind {
	const char *name;
	uint16_t type, n_txq;
	bool can_share, has_limit;
};

static const struct pretend_kind kinds[] = {
	{ "dummy", TYPE_ETHERNET, 1, true, false },
	{ "veth", TYPE_ETHERNET, 4, false, true },
	{ "veth2", TYPE_ETHERNET, 2, false, true },
	{ "card", TYPE_ETHERNET, 1, true, false },
	{ "tun", TYPE_NONE, 1, false, false },
	{ "loopback", TYPE_LOOPBACK, 1, false, false },
};

/* --- the table of interfaces; under the lock ---------------------------------- */

static struct pretend_if *find(struct pretend *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < PRETEND_IFS; i++)
		if (p->ifs[i].ifindex && strcmp(p->ifs[i].name, name) == 0)
			return &p->ifs[i];
	return NULL;
}

static struct pretend_if *find_index(struct pretend *p, int ifindex)
{
	unsigned int i;

	for (i = 0; i < PRETEND_IFS; i++)
		if (p->ifs[i].ifindex == ifindex)
			return &p->ifs[i];
	return NULL;
}

static void tell(struct pretend *p, const struct pretend_if *f, bool is_gone)
{
	struct vn_netdev_event *ev;

	if (p->n_events == PRETEND_EVENTS) {
		p->has_lost = true;
		return;
	}
	ev = &p->events[(p->first + p->n_events++) % PRETEND_EVENTS];
	ev->ifindex = f->ifindex;
	ev->is_gone = is_gone;
	snprintf(ev->name, sizeof(ev->name), "%s", f->name);
}

static const struct pretend_kind *kind_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	abort(); /* the test names a kind that there is not */
}

static struct pretend_if *make(struct pretend *p, const char *name, const char *kind)
{
	struct pretend_if *f = find_index(p, 0);

	if (!f || find(p, name))
		abort(); /* the test has too many, or one twice */
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->kind = kind_of(kind);
	f->ifindex = ++p->last_ifindex;
	f->mac[0] = 0x02;
	return f;
}

/* --- what `ip` does ----------------------------------------------------------- */

void pretend_add(struct pretend *p, const char *name, const char *kind)
{
	pthread_mutex_lock(&p->lock);
	tell(p, make(p, name, kind), false);
	pthread_mutex_unlock(&p->lock);
}

void pretend_del(struct pretend *p, const char *name)
{
	struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		tell(p, f, true);
		f->ifindex = 0;
	}
	pthread_mutex_unlock(&p->lock);
}

void pretend_rename(struct pretend *p, const char *name, const char *to)
{
	struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		snprintf(f->name, sizeof(f->name), "%s", to);
		tell(p, f, false);
	}
	pthread_mutex_unlock(&p->lock);
}

void pretend_up(struct pretend *p, const char *name, bool is_up)
{
	struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		f->is_up = is_up;
		tell(p, f, false);
	}
	pthread_mutex_unlock(&p->lock);
}

void pretend_addr(struct pretend *p, const char *name, uint32_t ipv4)
{
	struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		f->ipv4 = ipv4;
		tell(p, f, false);
	}
	pthread_mutex_unlock(&p->lock);
}

void pretend_default_route(struct pretend *p, const char *name)
{
	struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		f->holds_default_route = true;
		tell(p, f, false);
	}
	pthread_mutex_unlock(&p->lock);
}

void pretend_lose(struct pretend *p)
{
	pthread_mutex_lock(&p->lock);
	p->n_events = 0;
	p->has_lost = true;
	pthread_mutex_unlock(&p->lock);
}

static int next_event(void *arg, struct vn_netdev_event *ev)
{
	struct pretend *p = arg;
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	if (p->n_events) {
		*ev = p->events[p->first];
		p->first = (p->first + 1) % PRETEND_EVENTS;
		p->n_events--;
		rc = 1;
	} else if (p->has_lost) {
		p->has_lost = false;
		rc = -ENOBUFS;
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* --- the driver --------------------------------------------------------------- */

struct pretend_dev {
	struct vn_netdev net;
	struct pretend *machine;
};

struct pretend_txq {
	struct vn_txq txq;
	uint32_t len_max;    /* longer frames are dropped */
	bool is_received;    /* goes up, where nobody takes it */
};

static int pretend_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct pretend *p = vn_container_of(dev, struct pretend_dev, net)->machine;
	const struct pretend_if *f;

	pthread_mutex_lock(&p->lock);
	f = find_index(p, dev->ifindex);
	if (f) {
		snprintf(dev->name, sizeof(dev->name), "%s", f->name);
		dev->is_up = f->is_up;
		dev->has_carrier = f->is_up;
		dev->holds_default_route = f->holds_default_route;
		dev->ipv4 = f->ipv4;
		memcpy(dev->mac, f->mac, sizeof(dev->mac));
	}
	pthread_mutex_unlock(&p->lock);
	return f ? 0 : -ENODEV;
}

static struct vn_tx_done pretend_commit(struct vn_txq *q, unsigned int n)
{
	const struct pretend_txq *t = vn_container_of(q, struct pretend_txq, txq);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };

	if (!q->dev->is_up)
		return (struct vn_tx_done){ .sent = 0, .code = VN_TX_DOWN };
	for (; done.sent < n; done.sent++) {
		if (t->is_received || q->frames[(q->tail + done.sent) & q->mask].len > t->len_max) {
			done.code = VN_XMIT_DROP;
			break;
		}
	}
	return done;
}

static int pretend_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			    struct vn_txq **out, struct vn_err *err)
{
	struct pretend *p = vn_container_of(dev, struct pretend_dev, net)->machine;
	struct pretend_txq *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t || vn_txq_init(&t->txq, dev, opts->n_frames, opts->frame_cap) < 0) {
		free(t);
		return vn_err_set(err, ENOMEM, "pretend: no memory");
	}
	t->txq.commit = pretend_commit;
	t->len_max = dev->mtu ? dev->mtu + VETH_ROOM : UINT32_MAX;
	t->is_received = opts->path == VN_PATH_RECEIVE;
	atomic_fetch_add_explicit(&p->n_txq, 1, memory_order_relaxed);
	*out = &t->txq;
	return 0;
}

static void pretend_txq_close(struct vn_txq *q)
{
	struct pretend_txq *t;

	if (!q)
		return;
	t = vn_container_of(q, struct pretend_txq, txq);
	atomic_fetch_sub_explicit(&vn_container_of(q->dev, struct pretend_dev, net)->machine->n_txq,
				  1, memory_order_relaxed);
	vn_txq_fini(q);
	free(t);
}

static void pretend_close(struct vn_netdev *dev)
{
	struct pretend_dev *d;

	if (!dev)
		return;
	d = vn_container_of(dev, struct pretend_dev, net);
	atomic_fetch_sub_explicit(&d->machine->n_open, 1, memory_order_relaxed);
	free(d);
}

static const struct vn_netdev_ops pretend_ops = {
	.name = "pretend",
	.summary = "an interface of a pretended machine",
	.caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT | VN_CAP_RX_INJECT,
	.refresh = pretend_refresh,
	.txq_open = pretend_txq_open,
	.txq_close = pretend_txq_close,
	.close = pretend_close,
};

static int pretend_open(void *arg, const char *name, struct vn_netdev **out, struct vn_err *err)
{
	struct pretend *p = arg;
	struct pretend_dev *d = calloc(1, sizeof(*d));
	const struct vn_netdev_opts opts = { .target = name, .clock = p->clock };
	const struct pretend_if *f;

	*out = NULL;
	if (!d)
		return vn_err_set(err, ENOMEM, "pretend: no memory");
	vn_netdev_init(&d->net, &pretend_ops, &opts);
	d->machine = p;
	pthread_mutex_lock(&p->lock);
	f = find(p, name);
	if (f) {
		d->net.ifindex = f->ifindex;
		d->net.type = f->kind->type;
		d->net.n_txq = f->kind->n_txq;
		d->net.can_share = f->kind->can_share;
		d->net.mtu = f->kind->has_limit ? MTU : 0;
	}
	pthread_mutex_unlock(&p->lock);
	if (!f || pretend_refresh(&d->net, err) < 0) {
		free(d);
		return vn_err_set(err, ENODEV, "%s: no such device", name);
	}
	atomic_fetch_add_explicit(&p->n_open, 1, memory_order_relaxed);
	*out = &d->net;
	return 0;
}

struct vn_tree_devices pretend_devices(struct pretend *p)
{
	return (struct vn_tree_devices){ pretend_open, next_event, p };
}

/* --- the machine -------------------------------------------------------------- */

static const struct {
	const char *name, *kind;
	bool is_up;
	uint8_t mac_last;
	uint32_t ipv4;
} recorded[] = {
	{ "lo", "loopback", true, 0, 0x7f000001 },
	{ "eth0", "card", true, 0xe0, 0x0a020001 },
	{ "dummy0", "dummy", true, 0xd0, 0x0a010001 },
	{ "veth1", "veth", true, 0x02, 0 },
	{ "veth0", "veth", true, 0x01, 0x0a000001 },
	{ "vethd", "veth2", true, 0x0d, 0 },
	{ "vethc", "veth2", true, 0x0c, 0x0a030001 },
	{ "dummy1", "dummy", true, 0xd1, 0 },
	{ "downdev", "dummy", false, 0xdd, 0 },
};

void pretend_init(struct pretend *p, struct vn_clock *clock, bool with_all)
{
	struct pretend_if *f;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	pthread_mutex_init(&p->lock, NULL);
	p->clock = clock;
	if (!with_all) {
		memset(make(p, "lo", "loopback")->mac, 0, 6);
		return;
	}
	for (i = 0; i < VN_ARRAY_SIZE(recorded); i++) {
		f = make(p, recorded[i].name, recorded[i].kind);
		f->is_up = recorded[i].is_up;
		f->mac[0] = recorded[i].mac_last ? 0x02 : 0;
		f->mac[5] = recorded[i].mac_last;
		f->ipv4 = recorded[i].ipv4;
	}
}

void pretend_fini(struct pretend *p)
{
	pthread_mutex_destroy(&p->lock);
}
