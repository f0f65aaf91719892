/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dpdk: ports of DPDK, past the kernel: the way to 100 Gbit/s. The target is a
 * PCI address or a virtual device with its arguments, as DPDK's own programs
 * have them (dpdk_target.c).
 *
 * Here are devices; dpdk_eal.c has what is one in a process, dpdk_port.c the
 * ports, dpdk_tx.c and dpdk_rx.c their queues. No other file knows of DPDK.
 *
 * Stamps are the clock when frames are read. Ports that stamp by themselves do so
 * in ticks of their own clocks, which this driver does not translate.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dpdk_priv.h"
#include "dev/drivers.h"

static void read_port(struct vn_netdev *dev)
{
	const struct vn_dpdk_port *p = vn_dpdk_dev_of(dev)->port;
	struct rte_ether_addr mac;
	struct rte_eth_link link;
	uint16_t mtu;

	if (!rte_eth_macaddr_get(p->id, &mac) && !rte_is_zero_ether_addr(&mac))
		memcpy(dev->mac, mac.addr_bytes, sizeof(dev->mac));
	if (!rte_eth_dev_get_mtu(p->id, &mtu))
		dev->mtu = mtu;
	dev->has_carrier = !vn_dpdk_port_is_down(p);
	dev->link_bps = 0;
	if (!rte_eth_link_get_nowait(p->id, &link) && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		dev->link_bps = link.link_speed * 1000000ull;
}

static int dpdk_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	if (!rte_eth_dev_is_valid_port(vn_dpdk_dev_of(dev)->port->id))
		return vn_err_set(err, ENODEV, "%s: the port is gone", dev->name);
	read_port(dev);
	return 0;
}

static unsigned int dpdk_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				  unsigned int cap)
{
	struct rte_eth_stats s;
	const struct {
		const char *name;
		const uint64_t *n;
	} rows[] = {
		{ "port_tx_packets", &s.opackets }, { "port_tx_bytes", &s.obytes },
		{ "port_tx_errors", &s.oerrors },   { "port_rx_packets", &s.ipackets },
		{ "port_rx_bytes", &s.ibytes },	    { "port_rx_errors", &s.ierrors },
		{ "port_rx_missed", &s.imissed },   { "port_rx_no_buffer", &s.rx_nombuf },
	};
	unsigned int n = VN_MIN(cap, (unsigned int)VN_ARRAY_SIZE(rows));

	if (vn_dpdk_port_stats(vn_dpdk_dev_of(dev)->port, &s))
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		snprintf(out[i].name, sizeof(out[i].name), "%s", rows[i].name);
		out[i].n = *rows[i].n;
	}
	return n;
}

/* A driver that took frames and could not send them says so in its counters. */
static int dpdk_finish(struct vn_netdev *dev, struct vn_err *err)
{
	struct vn_dpdk_port *p = vn_dpdk_dev_of(dev)->port;
	struct rte_eth_stats s;

	if (vn_dpdk_port_stats(p, &s) || s.oerrors <= p->tx_errors)
		return 0;
	return vn_err_set(err, EIO,
			  "%s: DPDK's driver counts %llu frames that it took and could "
			  "not send",
			  dev->name, (unsigned long long)(s.oerrors - p->tx_errors));
}

static void dpdk_close(struct vn_netdev *dev)
{
	struct vn_dpdk_dev *d;

	if (!dev)
		return;
	d = vn_dpdk_dev_of(dev);
	vn_dpdk_lock();
	if (d->port)
		vn_dpdk_port_put(d->port);
	vn_dpdk_unlock();
	free(d);
}

static int open_port(struct vn_dpdk_dev *d, const struct vn_netdev_opts *opts, struct vn_err *err)
{
	struct vn_dpdk_target t;
	int rc = vn_dpdk_target_init(&t, opts->target ? opts->target : "", err);

	if (rc)
		return rc;
	vn_dpdk_lock();
	rc = vn_dpdk_eal_start(&t, err);
	if (!rc)
		rc = vn_dpdk_port_get(&t, &d->port, err);
	vn_dpdk_unlock();
	vn_dpdk_target_fini(&t);
	if (!rc && (opts->needs & VN_CAP_RX) && !d->port->n_rxq)
		return vn_err_set(err, EOPNOTSUPP, "%s: the port does not receive", d->port->name);
	return rc;
}

static int dpdk_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	struct vn_dpdk_dev *d;
	int rc;

	*out = NULL;
	if (!opts->clock)
		return vn_err_set(err, EINVAL, "dpdk: needs a clock");
	d = calloc(1, sizeof(*d));
	if (!d)
		return vn_err_set(err, ENOMEM, "dpdk: no memory");
	vn_netdev_init(&d->net, &vn_dpdk_ops, opts);
	rc = open_port(d, opts, err);
	if (rc) {
		dpdk_close(&d->net);
		return rc;
	}
	snprintf(d->net.name, sizeof(d->net.name), "%s", d->port->name);
	d->net.n_txq = d->port->n_txq;
	d->net.holds_default_route = d->port->holds_default_route;
	read_port(&d->net);
	*out = &d->net;
	return 0;
}

const struct vn_netdev_ops vn_dpdk_ops = {
	.name = "dpdk",
	.summary = "a port of DPDK, by PCI address or as virtual device",
	.caps = VN_CAP_TX | VN_CAP_RX,
	.open = dpdk_open,
	.refresh = dpdk_refresh,
	.txq_open = vn_dpdk_txq_open,
	.txq_close = vn_dpdk_txq_close,
	.rxq_open = vn_dpdk_rxq_open,
	.rxq_close = vn_dpdk_rxq_close,
	.counters = dpdk_counters,
	.finish = dpdk_finish,
	.close = dpdk_close,
};
