/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU's queues and the two deferred handlers.
 *
 * A poller is off its list while it is called, so that its own work may put it
 * on again; and what is canceled or freed in the middle is taken out wherever
 * it is, for which NET_RX keeps its lists in the softnet data.
 */
#include "net/softnet.h"

#include <stddef.h>
#include <string.h>

#include "base/stat.h"
#include "net/device.h"
#include "net/net_priv.h"

#define GROUP 64

static void push(struct vn_napi_list *list, struct vn_napi *napi)
{
	napi->next = NULL;
	if (list->last)
		list->last->next = napi;
	else
		list->first = napi;
	list->last = napi;
}

static struct vn_napi *pop(struct vn_napi_list *list)
{
	struct vn_napi *napi = list->first;

	if (!napi)
		return NULL;
	list->first = napi->next;
	if (!list->first)
		list->last = NULL;
	return napi;
}

static bool remove_poller(struct vn_napi_list *list, struct vn_napi *napi)
{
	struct vn_napi *before = NULL;

	for (struct vn_napi **p = &list->first; *p; before = *p, p = &(*p)->next) {
		if (*p != napi)
			continue;
		*p = napi->next;
		if (list->last == napi)
			list->last = before;
		return true;
	}
	return false;
}

/* Appends what `from` holds and empties it. */
static void splice(struct vn_napi_list *list, struct vn_napi_list *from)
{
	struct vn_napi *napi;

	while ((napi = pop(from)))
		push(list, napi);
}

/* The next packets of one device, at most n, as handlers see them. */
static unsigned int take_group(struct vn_skb_list *list, struct vn_skb *skbs[],
			       struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && list->head && (!i || list->head->dev == skbs[0]->dev); i++) {
		skbs[i] = vn_skb_take(list);
		pkts[i] = vn_skb_view(skbs[i]);
	}
	return i;
}

static unsigned int deliver_group(struct vn_softnet *s, unsigned int n)
{
	struct vn_rx_pkt pkts[GROUP];
	struct vn_skb *skbs[GROUP];

	n = take_group(&s->process, skbs, pkts, VN_MIN(n, GROUP));
	vn_netif_receive(s->net, skbs[0]->dev, pkts, n);
	for (unsigned int i = 0; i < n; i++)
		vn_skb_free(skbs[i]);
	return n;
}

/* The poller behind netif_rx(). */
static int poll_backlog(struct vn_napi *napi, int budget)
{
	struct vn_softnet *s = vn_container_of(napi, struct vn_softnet, backlog);
	int done = 0;

	while (done < budget) {
		if (!s->process.len) {
			if (!s->input.len)
				break;
			s->process = s->input;
			s->input = (struct vn_skb_list){ .len = 0 };
		}
		done += (int)deliver_group(s, (unsigned int)(budget - done));
	}
	return done;
}

void vn_softnet_init(struct vn_softnet *s, struct vn_net *net)
{
	memset(s, 0, sizeof(*s));
	s->net = net;
	s->backlog.poll = poll_backlog;
	s->backlog.weight = 64;
}

static void free_completed(struct vn_softnet *s)
{
	while (s->completion) {
		struct vn_skb *skb = s->completion;

		s->completion = skb->next;
		vn_skb_free(skb);
		s->net->moved++;
	}
}

void vn_softnet_fini(struct vn_softnet *s)
{
	vn_skb_purge(&s->input);
	vn_skb_purge(&s->process);
	free_completed(s);
}

void vn_softnet_complete(struct vn_net *net, struct vn_skb *skb)
{
	struct vn_softnet *s = vn_net_softnet(net);

	skb->next = s->completion;
	s->completion = skb;
	vn_softnet_raise(s, VN_NET_TX);
}

enum vn_rx_code vn_netif_rx(struct vn_net *net, struct vn_skb *skb)
{
	struct vn_softnet *s = vn_net_softnet(net);

	if (!vn_device_is_running(skb->dev) || s->input.len > net->settings.netdev_max_backlog) {
		vn_stat_add(&s->dropped, 1);
		skb->dev->core.rx_dropped++;
		vn_skb_free(skb);
		return VN_RX_DROP;
	}
	if (!skb->stamp_ns)
		skb->stamp_ns = vn_net_wall(net);
	if (!s->input.len)
		vn_napi_schedule(net, &s->backlog);
	vn_skb_append(&s->input, skb);
	return VN_RX_SUCCESS;
}

void vn_napi_schedule(struct vn_net *net, struct vn_napi *napi)
{
	struct vn_softnet *s = vn_net_softnet(net);

	if (napi->is_scheduled)
		return;
	napi->is_scheduled = true;
	push(&s->poll, napi);
	vn_softnet_raise(s, VN_NET_RX);
}

void vn_napi_cancel(struct vn_net *net, struct vn_napi *napi)
{
	for (unsigned int i = 0; i < net->opts.n_cpus; i++) {
		struct vn_softnet *s = &net->softnet[i];

		if (s->polling == napi)
			s->polling = NULL;
		if (napi->is_scheduled &&
		    (remove_poller(&s->poll, napi) || remove_poller(&s->round, napi) ||
		     remove_poller(&s->repoll, napi)))
			napi->is_scheduled = false;
	}
}

static int weight_of(const struct vn_softnet *s, const struct vn_napi *napi)
{
	const struct vn_net_settings *set = &s->net->settings;
	uint64_t weight = (uint64_t)set->dev_weight * set->dev_weight_rx_bias;

	if (napi != &s->backlog)
		return napi->weight;
	return (int)VN_MAX(VN_MIN(weight, INT32_MAX), 1);
}

/* Calls one; how many packets it handled. */
static int poll_one(struct vn_softnet *s, struct vn_napi *napi)
{
	int weight = weight_of(s, napi), n;

	napi->is_scheduled = false;
	s->polling = napi;
	n = napi->poll(napi, weight);
	s->net->moved += n > 0;
	if (s->polling == napi && n >= weight && !napi->is_scheduled) {
		napi->is_scheduled = true;
		push(&s->repoll, napi);
	}
	s->polling = NULL;
	return n;
}

void vn_net_rx_action(struct vn_net *net)
{
	struct vn_softnet *s = vn_net_softnet(net);
	int64_t budget = net->settings.netdev_budget;
	uint64_t since = vn_net_now(net);
	uint64_t span = net->settings.netdev_budget_usecs * VN_NSEC_PER_USEC;
	struct vn_napi *napi;

	s->raised &= ~(uint32_t)VN_NET_RX;
	splice(&s->round, &s->poll);
	while ((napi = pop(&s->round))) {
		budget -= poll_one(s, napi);
		if (budget <= 0 || vn_net_now(net) - since >= span) {
			vn_stat_add(&s->time_squeeze, 1);
			break;
		}
	}
	/* What was not called comes first, what used its weight last. */
	splice(&s->round, &s->poll);
	splice(&s->round, &s->repoll);
	s->poll = s->round;
	s->round = (struct vn_napi_list){ NULL, NULL };
	if (s->poll.first)
		vn_softnet_raise(s, VN_NET_RX);
}

static struct vn_qdisc *pop_output(struct vn_softnet *s)
{
	struct vn_qdisc *q = s->output_first;

	if (!q)
		return NULL;
	s->output_first = q->next_output;
	if (!s->output_first)
		s->output_last = NULL;
	q->is_scheduled = false;
	return q;
}

void vn_net_tx_action(struct vn_net *net)
{
	struct vn_softnet *s = vn_net_softnet(net);
	unsigned int n = 0;

	s->raised &= ~(uint32_t)VN_NET_TX;
	free_completed(s);
	/* Those that are here now; what they schedule is for the next time. */
	for (const struct vn_qdisc *q = s->output_first; q; q = q->next_output)
		n++;
	for (; n && s->output_first; n--)
		vn_qdisc_run(pop_output(s));
}

void vn_softnet_forget_qdisc(struct vn_net *net, struct vn_qdisc *q)
{
	for (unsigned int i = 0; q->is_scheduled && i < net->opts.n_cpus; i++) {
		struct vn_softnet *s = &net->softnet[i];
		struct vn_qdisc *before = NULL;

		for (struct vn_qdisc **p = &s->output_first; *p;
		     before = *p, p = &(*p)->next_output) {
			if (*p != q)
				continue;
			*p = q->next_output;
			if (s->output_last == q)
				s->output_last = before;
			q->is_scheduled = false;
			break;
		}
	}
}

static void forget_packets(struct vn_skb_list *list, const struct vn_device *dev)
{
	struct vn_skb_list kept = { .len = 0 };
	struct vn_skb *skb;

	while ((skb = vn_skb_take(list))) {
		if (skb->dev == dev)
			vn_skb_free(skb);
		else
			vn_skb_append(&kept, skb);
	}
	*list = kept;
}

void vn_softnet_forget_device(struct vn_net *net, struct vn_device *dev)
{
	for (unsigned int i = 0; i < net->opts.n_cpus; i++) {
		forget_packets(&net->softnet[i].input, dev);
		forget_packets(&net->softnet[i].process, dev);
	}
}
