/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/rxdev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "net/device.h"

#define NAME_DEFAULT "rx%d"

struct vn_rxdev {
	struct vn_device dev;
	struct vn_napi napi;
	struct vn_rxq *rxq;
	vn_rx_handler ingress; /* of what a poll brings */
	void *ingress_arg;
	uint64_t timeout_ns; /* of the next poll */
	unsigned int left;   /* packets that may still be handed over */
	int rc;		     /* what the queue answered last, if it failed */
};

void vn_rxdev_deliver(struct vn_rxdev *r, const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int begin, end;

	for (begin = 0; begin < n; begin = end) {
		bool is_outgoing = pkts[begin].is_outgoing;

		for (end = begin + 1; end < n && pkts[end].is_outgoing == is_outgoing; end++)
			;
		if (is_outgoing)
			vn_ptype_outgoing(r->dev.net, &r->dev, pkts + begin, end - begin);
		else
			vn_netif_receive(r->dev.net, &r->dev, pkts + begin, end - begin);
	}
}

static void deliver(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	vn_rxdev_deliver(arg, pkts, n);
}

void vn_rxdev_set_ingress(struct vn_rxdev *r, vn_rx_handler fn, void *arg)
{
	r->ingress = fn;
	r->ingress_arg = arg;
}

static int poll(struct vn_napi *napi, int budget)
{
	struct vn_rxdev *r = vn_container_of(napi, struct vn_rxdev, napi);
	unsigned int most = VN_MIN((unsigned int)budget, r->left);
	int n;

	if (!most)
		return 0;
	n = r->rxq->poll(r->rxq, most, r->timeout_ns, r->ingress, r->ingress_arg);
	r->timeout_ns = 0; /* waited for once */
	if (n < 0) {
		r->rc = n;
		return 0;
	}
	r->left -= (unsigned int)n;
	return n;
}

int vn_rxdev_run(struct vn_rxdev *r, unsigned int limit, uint64_t timeout_ns)
{
	struct vn_net *net = r->dev.net;

	r->left = limit;
	r->rc = 0;
	r->timeout_ns = timeout_ns;
	vn_napi_schedule(net, &r->napi);
	vn_net_run(net);
	return r->rc < 0 ? r->rc : (int)(limit - r->left);
}

static enum vn_tx_code refuse(struct vn_device *dev, struct vn_tx_queue *q, struct vn_skb *skb,
			      bool more)
{
	vn_skb_free(skb);
	return VN_XMIT_DROP;
}

static void free_device(struct vn_device *dev)
{
	free(vn_container_of(dev, struct vn_rxdev, dev));
}

static const struct vn_device_ops rxdev_ops = {
	.driver = "rx",
	.start_xmit = refuse,
	.free = free_device,
};

int vn_rxdev_new(struct vn_net *net, struct vn_rxq *rxq, const char *name, struct vn_rxdev **out,
		 struct vn_err *err)
{
	const struct vn_device_info info = {
		.name = vn_device_name_is_valid(name) && !vn_net_find(net, name) ? name
										 : NAME_DEFAULT,
		.is_no_queue = true,
	};
	struct vn_rxdev *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	rc = r ? vn_device_init(&r->dev, net, &rxdev_ops, &info) : -ENOMEM;
	if (rc) {
		free(r);
		return vn_err_set(err, -rc, "%s: %s", name, strerror(-rc));
	}
	rc = vn_device_register(&r->dev, err);
	if (rc) {
		vn_device_fini(&r->dev);
		free(r);
		return rc;
	}
	r->rxq = rxq;
	vn_rxdev_set_ingress(r, deliver, r);
	r->napi.poll = poll;
	r->napi.weight = (int)net->settings.dev_weight;
	vn_device_open(&r->dev);
	*out = r;
	return 0;
}

void vn_rxdev_free(struct vn_rxdev *r)
{
	if (!r)
		return;
	vn_napi_cancel(r->dev.net, &r->napi);
	vn_device_unregister(&r->dev);
}
