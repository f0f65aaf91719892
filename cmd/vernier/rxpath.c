/* SPDX-License-Identifier: BSD-2-Clause */
#include "rxpath.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "base/stat.h"
#include "net/net.h"
#include "net/rxdev.h"
#include "wire/wire.h"

/* Types that the responder knows. */
static const uint16_t answered_types[] = {
	VN_ETHERTYPE_ARP,
	VN_ETHERTYPE_IPV4,
	VN_ETHERTYPE_IPV6,
};

struct vn_rxpath {
	struct vn_rxpath_opts o;
	bool is_filtered_before; /* by the kernel, but for what it does not see */
	struct vn_timers timers;
	struct vn_net *net;
	struct vn_rxdev *dev;
	struct vn_ptype receiver, capture;
	struct vn_ptype responder[VN_ARRAY_SIZE(answered_types)];
	_Atomic uint64_t filtered;
};

static void capture_in(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	const struct vn_rxpath *p = arg;

	vn_capture_write(*p->o.capture, pkts, n);
}

/* A group is of frames that came in, or of frames that went out. */
static void capture_out(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	if (pkts[0].is_outgoing)
		capture_in(arg, pkts, n);
}

static bool passes(struct vn_rxpath *p, const struct vn_rx_pkt *pkt)
{
	if (p->is_filtered_before ? vn_filter_confirms(p->o.filter, pkt)
				  : vn_filter_matches(p->o.filter, pkt))
		return true;
	vn_stat_add(&p->filtered, 1);
	return false;
}

/* Hands on the stretches that pass. */
static void filter(struct vn_rxpath *p, const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int begin = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (passes(p, &pkts[i]))
			continue;
		vn_rxdev_deliver(p->dev, pkts + begin, i - begin);
		begin = i + 1;
	}
	vn_rxdev_deliver(p->dev, pkts + begin, n - begin);
}

void vn_rxpath_take(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct vn_rxpath *p = arg;

	if (p->o.look)
		n = p->o.look(p->o.arg, pkts, n);
	if (p->o.filter)
		filter(p, pkts, n);
	else
		vn_rxdev_deliver(p->dev, pkts, n);
}

int vn_rxpath_run(struct vn_rxpath *p, unsigned int limit, uint64_t timeout_ns)
{
	return vn_rxdev_run(p->dev, limit, timeout_ns);
}

bool vn_rxpath_filtered(const struct vn_rxpath *p, uint64_t *out)
{
	*out = vn_stat_get(&p->filtered);
	return p->o.filter && !p->is_filtered_before;
}

/* The last one added sees a packet first: answers should not wait. */
static void add_handlers(struct vn_rxpath *p)
{
	p->capture = (struct vn_ptype){
		.type = VN_ETH_P_ALL,
		.name = "packet_rcv",
		.is_deaf_to_outgoing = !p->o.captures_out,
		.func = p->o.captures_in ? capture_in : capture_out,
		.arg = p,
	};
	p->receiver = (struct vn_ptype){
		.type = VN_ETH_P_ALL,
		.name = "receiver_rcv",
		.is_deaf_to_outgoing = true,
		.func = vn_receiver_handle,
		.arg = p->o.receiver,
	};
	if (p->o.captures_in || p->o.captures_out)
		vn_ptype_add(p->net, &p->capture);
	vn_ptype_add(p->net, &p->receiver);
	for (unsigned int i = 0; p->o.responder && i < VN_ARRAY_SIZE(answered_types); i++) {
		p->responder[i] = (struct vn_ptype){
			.type = answered_types[i],
			.name = "responder_rcv",
			.func = vn_responder_handle,
			.arg = p->o.responder,
		};
		vn_ptype_add(p->net, &p->responder[i]);
	}
}

int vn_rxpath_open(const struct vn_rxpath_opts *opts, struct vn_rxpath **out, struct vn_err *err)
{
	struct vn_rxpath *p = calloc(1, sizeof(*p));
	struct vn_net_opts net_opts = { .clock = opts->clock, .n_cpus = 1 };
	int rc;

	*out = NULL;
	if (!p)
		return vn_err_set(err, ENOMEM, "%s: no memory to receive", opts->name);
	p->o = *opts;
	p->is_filtered_before = opts->rxq && opts->rxq->has_filter;
	net_opts.timers = &p->timers;
	rc = vn_net_new(&net_opts, &p->net, err);
	if (!rc)
		rc = vn_rxdev_new(p->net, opts->rxq, opts->name, &p->dev, err);
	if (rc) {
		vn_rxpath_close(p);
		return rc;
	}
	vn_rxdev_set_ingress(p->dev, vn_rxpath_take, p);
	add_handlers(p);
	*out = p;
	return 0;
}

void vn_rxpath_close(struct vn_rxpath *p)
{
	if (!p)
		return;
	vn_rxdev_free(p->dev);
	vn_net_free(p->net);
	free(p);
}
