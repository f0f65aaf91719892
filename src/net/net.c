/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A namespace: what devices, disciplines and handlers have in common, and the
 * loop that does the deferred work of every CPU.
 */
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"

#define DRAWS	      0x6e6574 /* "net": its stream of random numbers among a run's */
#define LOG_BURST     10
#define LOG_SPAN_NS   (5 * VN_NSEC_PER_SEC)
#define FRUITLESS_MAX 10
#define RETRY_NS      (1000 * VN_NSEC_PER_USEC)

static const struct vn_net_settings defaults = {
	.netdev_max_backlog = 1000,
	.dev_weight = 64,
	.dev_weight_rx_bias = 1,
	.dev_weight_tx_bias = 1,
	.netdev_budget = 300,
	.netdev_budget_usecs = 8000,
	.default_qdisc = "pfifo_fast",
};

static void run_again(struct vn_timer *t)
{
	vn_net_run(vn_container_of(t, struct vn_net, retry));
}

int vn_net_new(const struct vn_net_opts *opts, struct vn_net **out, struct vn_err *err)
{
	struct vn_net *net;
	int rc;

	*out = NULL;
	if (!opts->n_cpus || opts->n_cpus > VN_NET_CPUS_MAX)
		return vn_err_set(err, EINVAL, "net: %u CPUs (1 to %d are possible)", opts->n_cpus,
				  VN_NET_CPUS_MAX);
	net = calloc(1, sizeof(*net));
	if (!net)
		return vn_err_set(err, ENOMEM, "net: no memory");
	net->opts = *opts;
	net->settings = defaults;
	net->retry.fn = run_again;
	vn_rng_seed(&net->rng, opts->seed, DRAWS);
	for (unsigned int i = 0; i < opts->n_cpus; i++)
		vn_softnet_init(&net->softnet[i], net);
	rc = vn_loopback_new(net, err);
	if (rc) {
		vn_net_free(net);
		return rc;
	}
	*out = net;
	return 0;
}

static void free_spares(struct vn_net *net)
{
	while (net->spare) {
		struct vn_skb *skb = net->spare;

		net->spare = skb->next;
		free(skb);
	}
}

void vn_net_free(struct vn_net *net)
{
	if (!net)
		return;
	while (net->devices && net->devices != net->loopback)
		vn_device_unregister(net->devices);
	/* lo is the first in the list. */
	while (net->loopback && net->loopback->next)
		vn_device_unregister(net->loopback->next);
	if (net->loopback)
		vn_device_unregister(net->loopback);
	vn_timer_cancel(&net->retry);
	for (unsigned int i = 0; i < net->opts.n_cpus; i++)
		vn_softnet_fini(&net->softnet[i]);
	free_spares(net);
	free(net);
}

struct vn_device *vn_net_find(struct vn_net *net, const char *name)
{
	struct vn_device *dev;

	for (dev = net->devices; dev; dev = dev->next)
		if (vn_device_has_name(dev, name))
			break;
	return dev;
}

struct vn_device *vn_net_find_index(struct vn_net *net, int ifindex)
{
	struct vn_device *dev;

	for (dev = net->devices; dev; dev = dev->next)
		if (dev->ifindex == ifindex)
			break;
	return dev;
}

void vn_net_listen(struct vn_net *net, struct vn_net_listener *l)
{
	struct vn_net_listener **p = &net->listeners;

	while (*p)
		p = &(*p)->next;
	l->next = NULL;
	*p = l;
	for (struct vn_device *dev = net->devices; dev; dev = dev->next) {
		l->fn(l, VN_NET_REGISTER, dev);
		if (dev->flags & VN_IFF_UP)
			l->fn(l, VN_NET_UP, dev);
	}
}

void vn_net_unlisten(struct vn_net *net, struct vn_net_listener *l)
{
	for (struct vn_net_listener **p = &net->listeners; *p; p = &(*p)->next)
		if (*p == l) {
			*p = l->next;
			return;
		}
}

void vn_net_notify(struct vn_net *net, enum vn_net_event event, struct vn_device *dev)
{
	struct vn_net_listener *l, *next;

	/* One may stop listening when it hears this. */
	for (l = net->listeners; l; l = next) {
		next = l->next;
		l->fn(l, event, dev);
	}
}

static void VN_PRINTF(2, 0) log_line(struct vn_net *net, const char *format, va_list ap)
{
	char line[256];

	if (!net->opts.log)
		return;
	vsnprintf(line, sizeof(line), format, ap);
	net->opts.log(net->opts.log_arg, line);
}

void vn_net_log(struct vn_net *net, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_line(net, format, ap);
	va_end(ap);
}

void vn_net_log_limited(struct vn_net *net, const char *format, ...)
{
	uint64_t now = vn_net_now(net);
	va_list ap;

	if (!net->log_lines || now - net->log_since_ns >= LOG_SPAN_NS) {
		net->log_since_ns = now;
		net->log_lines = 0;
	}
	if (net->log_lines == LOG_BURST)
		return;
	net->log_lines++;
	va_start(ap, format);
	log_line(net, format, ap);
	va_end(ap);
}

static bool is_anything_raised(const struct vn_net *net)
{
	for (unsigned int i = 0; i < net->opts.n_cpus; i++)
		if (net->softnet[i].raised)
			return true;
	return false;
}

/* Each CPU once; NET_TX first, as the kernel numbers them. */
static void run_round(struct vn_net *net)
{
	for (net->cpu = 0; net->cpu < net->opts.n_cpus; net->cpu++) {
		struct vn_softnet *s = vn_net_softnet(net);

		if (s->raised & VN_NET_TX)
			vn_net_tx_action(net);
		if (s->raised & VN_NET_RX)
			vn_net_rx_action(net);
	}
}

/*
 * A back end that refuses packets without stopping its queue has its discipline
 * scheduled again at each refusal. A kernel goes round with it until time has
 * passed for the device; virtual time does not pass here, so after some rounds
 * without a packet the rest is left to a timer.
 */
void vn_net_run(struct vn_net *net)
{
	unsigned int cpu = net->cpu, fruitless = 0;

	if (net->is_running)
		return;
	net->is_running = true;
	while (is_anything_raised(net) && fruitless < FRUITLESS_MAX) {
		uint64_t moved = net->moved;

		run_round(net);
		fruitless = net->moved == moved ? fruitless + 1 : 0;
	}
	if (is_anything_raised(net))
		vn_timer_arm(net->opts.timers, &net->retry, vn_net_now(net) + RETRY_NS);
	net->cpu = cpu;
	net->is_running = false;
}
