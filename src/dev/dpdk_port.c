/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of DPDK: made, set up with all their queues, started; stopped and given
 * back when the last device of them is closed. Everything here is under the lock
 * of the process (dpdk_eal.c), the list of ports too: DPDK has one of its own,
 * which knows nothing of ours.
 */
#include <dirent.h>
#include <errno.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/dpdk_priv.h"
#include "dev/link.h"
#include "dev/route.h"

#define DEFAULT_DESC   1024
#define DEFAULT_QUEUES 16
/* Received frames that are in none of the port's descriptors. */
#define RX_SPARE (4 * VN_DPDK_BURST)
#define HEADERS	 (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)

/* --- where it leads ------------------------------------------------------------------- */

static int add_iface(struct vn_dpdk_port *p, const char *name)
{
	struct vn_link l;
	bool is_way_out = false;
	int rc = vn_link_find(name, &l);

	if (rc == -ENODEV) /* its driver will say so, or makes it */
		return 0;
	if (!rc)
		rc = vn_route_is_way_out(l.ifindex, l.master, &is_way_out);
	p->holds_default_route |= is_way_out;
	if (!rc && p->n_ifindex < VN_DPDK_IFACES)
		p->ifindex[p->n_ifindex++] = l.ifindex;
	return rc;
}

/* Some drivers share the hardware with the kernel, which has an interface then. */
static int add_pci_ifaces(struct vn_dpdk_port *p)
{
	char path[128];
	struct dirent *e;
	DIR *dir;
	int rc = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s%s/net",
		 strlen(p->name) < 12 ? "0000:" : "", p->name);
	dir = opendir(path);
	while (dir && !rc && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			rc = add_iface(p, e->d_name);
	if (dir)
		closedir(dir);
	return rc;
}

static int find_ifaces(struct vn_dpdk_port *p, const struct vn_dpdk_target *t, struct vn_err *err)
{
	int rc = t->is_pci ? add_pci_ifaces(p) : 0;

	for (unsigned int i = 0; i < t->n_ifaces && !rc; i++)
		rc = add_iface(p, t->ifaces[i]);
	if (rc)
		return vn_err_set(err, -rc, "%s: its interface cannot be looked up: %s", p->name,
				  strerror(-rc));
	return 0;
}

bool vn_dpdk_port_is_down(const struct vn_dpdk_port *p)
{
	struct rte_eth_link link;
	struct vn_link l;

	for (unsigned int i = 0; i < p->n_ifindex; i++)
		if (vn_link_read(p->ifindex[i], &l) || !l.is_up || !l.has_carrier)
			return true;
	return !rte_eth_link_get_nowait(p->id, &link) && link.link_status == RTE_ETH_LINK_DOWN;
}

int vn_dpdk_port_stats(struct vn_dpdk_port *p, struct rte_eth_stats *out)
{
	int rc;

	pthread_mutex_lock(&p->stats_lock);
	rc = rte_eth_stats_get(p->id, out);
	pthread_mutex_unlock(&p->stats_lock);
	return rc;
}

/* --- setting up ------------------------------------------------------------------------ */

static unsigned int usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned int)CPU_COUNT(&set);
}

static int check_queues(const struct vn_dpdk_port *p, const char *word, uint64_t asked,
			uint16_t most, struct vn_err *err)
{
	if (asked <= most)
		return 0;
	return vn_err_set(err, ERANGE, "%s: %s=%llu: the port has at most %u", p->name, word,
			  (unsigned long long)asked, most);
}

/* By default a queue for each CPU to send. A virtual port receives on as many,
 * for some hand what one queue sends to its peer; hardware spreads frames over
 * several queues only when told how, so there it is one. */
static int choose_queues(struct vn_dpdk_port *p, const struct vn_dpdk_target *t,
			 const struct rte_eth_dev_info *info, struct vn_err *err)
{
	uint64_t n = VN_MIN(usable_cpus(), DEFAULT_QUEUES);
	int rc = check_queues(p, "port-txqs", t->port.n_txq, info->max_tx_queues, err);

	if (!rc)
		rc = check_queues(p, "port-rxqs", t->port.n_rxq, info->max_rx_queues, err);
	p->n_txq = (uint16_t)(t->port.n_txq ? t->port.n_txq : VN_MIN(n, info->max_tx_queues));
	if (t->is_pci)
		n = 1;
	p->n_rxq = (uint16_t)(t->port.n_rxq ? t->port.n_rxq : VN_MIN(n, info->max_rx_queues));
	return rc;
}

static int choose_descriptors(struct vn_dpdk_port *p, const struct vn_dpdk_target *t,
			      const struct rte_eth_dev_info *info)
{
	uint16_t tx = info->default_txportconf.ring_size, rx = info->default_rxportconf.ring_size;

	p->tx_desc = t->port.tx_desc ? (uint16_t)t->port.tx_desc : VN_MAX(tx, DEFAULT_DESC);
	p->rx_desc = t->port.rx_desc ? (uint16_t)t->port.rx_desc : VN_MAX(rx, DEFAULT_DESC);
	return rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &p->rx_desc, &p->tx_desc);
}

/* No bulk freeing (MBUF_FAST_FREE): buffers are referred to twice. */
static int configure(struct vn_dpdk_port *p, const struct vn_dpdk_target *t)
{
	struct rte_eth_conf conf = {
		.rxmode.mtu = t->port.mtu ? (uint32_t)t->port.mtu : 0,
	};

	return rte_eth_dev_configure(p->id, p->n_rxq, p->n_txq, &conf);
}

/* Each receive queue has its pool, so that only one thread at a time is in it:
 * whoever polls takes frames from it and gives them back. */
static int set_up_rxq(struct vn_dpdk_port *p, uint16_t queue, uint16_t mtu, int socket)
{
	uint32_t room = VN_MAX((uint32_t)mtu + HEADERS + RTE_ETHER_CRC_LEN, 2048);
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "vn_rx_%u_%u", p->id, queue);
	room = VN_MIN(room + RTE_PKTMBUF_HEADROOM, UINT16_MAX);
	p->rx_pool[queue] = rte_pktmbuf_pool_create_by_ops(name, p->rx_desc + RX_SPARE, 0, 0,
							   (uint16_t)room, socket, "ring_sp_sc");
	if (!p->rx_pool[queue])
		return -rte_errno;
	return rte_eth_rx_queue_setup(p->id, queue, p->rx_desc, (unsigned int)socket, NULL,
				      p->rx_pool[queue]);
}

static int set_up_queues(struct vn_dpdk_port *p)
{
	int socket = rte_eth_dev_socket_id(p->id);
	uint16_t mtu = RTE_ETHER_MTU;
	int rc = rte_eth_dev_get_mtu(p->id, &mtu);

	p->frame_max = mtu + HEADERS;
	for (uint16_t i = 0; i < p->n_rxq && !rc; i++)
		rc = set_up_rxq(p, i, mtu, socket);
	for (uint16_t i = 0; i < p->n_txq && !rc; i++)
		rc = rte_eth_tx_queue_setup(p->id, i, p->tx_desc, (unsigned int)socket, NULL);
	return rc;
}

static int start(struct vn_dpdk_port *p)
{
	struct rte_eth_link link;
	struct rte_eth_stats stats;
	int rc = rte_eth_dev_start(p->id);

	if (rc)
		return rc;
	/* Hardware begins now to look for its peer; this waits for it, some
	 * seconds at most. */
	rte_eth_link_get(p->id, &link);
	if (!rte_eth_stats_get(p->id, &stats))
		p->tx_errors = stats.oerrors;
	return 0;
}

static int set_up(struct vn_dpdk_port *p, const struct vn_dpdk_target *t, struct vn_err *err)
{
	struct rte_eth_dev_info info;
	struct vn_dpdk_call call;
	const char *said;
	int rc = rte_eth_dev_info_get(p->id, &info);

	if (!rc)
		rc = choose_queues(p, t, &info, err);
	if (rc)
		return rc;
	vn_dpdk_call_begin(&call);
	rc = choose_descriptors(p, t, &info);
	if (!rc)
		rc = configure(p, t);
	if (!rc && t->port.mtu)
		rc = rte_eth_dev_set_mtu(p->id, (uint16_t)t->port.mtu);
	if (!rc)
		rc = set_up_queues(p);
	if (!rc)
		rc = start(p);
	said = vn_dpdk_call_end(&call);
	if (rc)
		return vn_err_set(err, -rc, "%s: cannot be set up: %s", p->name,
				  *said ? said : strerror(-rc));
	return 0;
}

/* --- making ---------------------------------------------------------------------------- */

static int cannot_be_made(const struct vn_dpdk_target *t, int rc, const char *said,
			  struct vn_err *err)
{
	if (t->is_pci)
		return vn_err_set(
			err, ENODEV,
			"%s: DPDK finds no port there: %s (dpdk-devbind.py --status tells "
			"what is, and which driver has it)",
			t->name, said);
	if (rc == -EFAULT) /* nobody knew the name */
		return vn_err_set(err, ENODEV,
				  "%s: no driver of DPDK has ports of this name (drivers are "
				  "net_null, net_ring, net_pcap, net_af_packet, ...; a number "
				  "follows)",
				  t->name);
	return vn_err_set(err, ENODEV, "%s: DPDK cannot make this port: %s%s", t->devargs,
			  *said ? said : strerror(-rc),
			  t->n_ifaces && geteuid() ? " (interfaces need CAP_NET_RAW)" : "");
}

static bool is_of_device(uint16_t id, const char *name)
{
	struct rte_eth_dev_info info;
	size_t at;

	if (rte_eth_dev_info_get(id, &info) || !info.device)
		return false;
	/* A PCI address may have been given without its domain. */
	at = strlen(rte_dev_name(info.device)) > strlen(name)
		     ? strlen(rte_dev_name(info.device)) - strlen(name)
		     : 0;
	return !strcasecmp(rte_dev_name(info.device) + at, name);
}

/* Has DPDK make the port; a device that has several gives its first. */
static int probe(struct vn_dpdk_port *p, const struct vn_dpdk_target *t, struct vn_err *err)
{
	struct vn_dpdk_call call;
	const char *said;
	int rc;

	vn_dpdk_call_begin(&call);
	rc = rte_dev_probe(t->devargs);
	said = vn_dpdk_call_end(&call);
	if (rc)
		return cannot_be_made(t, rc, said, err);
	RTE_ETH_FOREACH_DEV(p->id)
	if (is_of_device(p->id, t->name))
		return 0;
	p->id = RTE_MAX_ETHPORTS;
	return cannot_be_made(t, -ENODEV, said, err);
}

/* DPDK gives frames back to their pools when it closes, so those go after. */
static void unmake(struct vn_dpdk_port *p)
{
	struct rte_eth_dev_info info = { .device = NULL };
	struct vn_dpdk_call call;

	vn_dpdk_call_begin(&call);
	if (p->id < RTE_MAX_ETHPORTS) {
		rte_eth_dev_info_get(p->id, &info);
		rte_eth_dev_stop(p->id);
		rte_eth_dev_close(p->id);
		if (info.device)
			rte_dev_remove(info.device);
	}
	vn_dpdk_call_end(&call);
	for (unsigned int i = 0; i < VN_DPDK_QUEUES; i++) {
		vn_dpdk_txmem_free(p->txmem[i]);
		rte_mempool_free(p->rx_pool[i]);
	}
	pthread_mutex_destroy(&p->stats_lock);
	free(p->devargs);
	free(p);
}

static int make(const struct vn_dpdk_target *t, struct vn_dpdk_port **out, struct vn_err *err)
{
	struct vn_dpdk_port *p = calloc(1, sizeof(*p));
	int rc;

	if (p)
		p->devargs = strdup(t->devargs);
	if (!p || !p->devargs) {
		free(p);
		return vn_err_set(err, ENOMEM, "%s: no memory", t->name);
	}
	p->id = RTE_MAX_ETHPORTS;
	pthread_mutex_init(&p->stats_lock, NULL);
	p->words = t->port;
	memcpy(p->name, t->name, sizeof(p->name));
	rc = find_ifaces(p, t, err);
	if (!rc)
		rc = probe(p, t, err);
	if (!rc)
		rc = set_up(p, t, err);
	if (rc)
		unmake(p);
	else
		*out = p;
	return rc;
}

/* A name alone is enough for who comes later. */
static int check_same(const struct vn_dpdk_port *p, const struct vn_dpdk_target *t,
		      struct vn_err *err)
{
	const struct vn_dpdk_port_words none = { .n_txq = 0 };
	bool has_args = t->devargs[strlen(t->name)] == ',';
	bool has_words = memcmp(&t->port, &none, sizeof(none));

	if ((!has_args || !strcmp(p->devargs, t->devargs)) &&
	    (!has_words || !memcmp(&p->words, &t->port, sizeof(none))))
		return 0;
	return vn_err_set(err, EBUSY, "%s: is open already, with other arguments (%s)", p->name,
			  p->devargs);
}

int vn_dpdk_port_get(const struct vn_dpdk_target *t, struct vn_dpdk_port **out, struct vn_err *err)
{
	struct vn_dpdk_port **ports = vn_dpdk_ports(), *p = *ports;
	int rc;

	while (p && strcmp(p->name, t->name))
		p = p->next;
	if (p) {
		rc = check_same(p, t, err);
	} else {
		rc = make(t, &p, err);
		if (!rc) {
			p->next = *ports;
			*ports = p;
		}
	}
	if (rc)
		return rc;
	p->n_users++;
	*out = p;
	return 0;
}

void vn_dpdk_port_put(struct vn_dpdk_port *p)
{
	struct vn_dpdk_port **at = vn_dpdk_ports();

	if (--p->n_users)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	unmake(p);
}
