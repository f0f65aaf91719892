/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device of the net core (spec section 2), what a kernel calls net_device: a
 * back end gives operations and declares what it is; the core keeps its life
 * cycle, queues, counters and watchdog. (What the generator holds in its hands
 * is a struct vn_netdev; dev/sim.c is one on top of these.)
 */
#ifndef VN_NET_DEVICE_H
#define VN_NET_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/timer.h"
#include "net/net.h"
#include "net/netdev.h"
#include "net/qdisc.h"
#include "net/queue.h"
#include "net/skb.h"

#define VN_IFNAMSIZ 16
#define VN_IFALIASZ 256
#define VN_ALTIFNAMSIZ 128

enum vn_device_state {
	VN_DEV_START = 1 << 0, /* opened */
	VN_DEV_PRESENT = 1 << 1,
	VN_DEV_NOCARRIER = 1 << 2,
	VN_DEV_LINKWATCH_PENDING = 1 << 3,
	VN_DEV_DORMANT = 1 << 4,
	VN_DEV_TESTING = 1 << 5,
};

/* dev->flags, as <net/if.h> numbers them. */
enum vn_device_flags {
	VN_IFF_UP = 0x1,
	VN_IFF_BROADCAST = 0x2,
	VN_IFF_LOOPBACK = 0x8,
	VN_IFF_RUNNING = 0x40,
	VN_IFF_NOARP = 0x80,
	VN_IFF_PROMISC = 0x100,
	VN_IFF_ALLMULTI = 0x200,
	VN_IFF_MULTICAST = 0x1000,
	VN_IFF_LOWER_UP = 0x10000,
};

/* The 24 counters of spec section 8.5, X(name), in the order of the files. */
#define VN_DEVICE_STATS(X) \
	X(rx_packets) X(tx_packets) X(rx_bytes) X(tx_bytes) X(rx_errors) X(tx_errors) \
	X(rx_dropped) X(tx_dropped) X(multicast) X(collisions) X(rx_length_errors) \
	X(rx_over_errors) X(rx_crc_errors) X(rx_frame_errors) X(rx_fifo_errors) \
	X(rx_missed_errors) X(tx_aborted_errors) X(tx_carrier_errors) X(tx_fifo_errors) \
	X(tx_heartbeat_errors) X(tx_window_errors) X(rx_compressed) X(tx_compressed) \
	X(rx_nohandler)

struct vn_device_stats {
#define VN_X(name) uint64_t name;
	VN_DEVICE_STATS(VN_X)
#undef VN_X
};

enum vn_rx_verdict { /* of a device's receive handler */
	VN_RX_CONSUMED,
	VN_RX_ANOTHER, /* again from the start: pkt's device was changed */
	VN_RX_EXACT,   /* only handlers of exactly this device */
	VN_RX_PASS,
};

struct vn_device_ops {
	const char *driver; /* "sim", as the watchdog's line names it */
	int (*open)(struct vn_device *dev);  /* NULL: nothing to do */
	void (*stop)(struct vn_device *dev); /* NULL */
	/*
	 * Under the queue's lock. TX_OK and the XMIT codes: the packet is the
	 * back end's (or gone); TX_BUSY: it stays the caller's. more: another one
	 * for this queue follows at once.
	 */
	enum vn_tx_code (*start_xmit)(struct vn_device *dev, struct vn_tx_queue *q,
				      struct vn_skb *skb, bool more);
	uint16_t (*select_queue)(struct vn_device *dev, const struct vn_skb *skb); /* NULL */
	void (*tx_timeout)(struct vn_device *dev, unsigned int queue); /* NULL: no watchdog */
	int (*set_mac)(struct vn_device *dev, const uint8_t mac[6]);  /* NULL: any is taken */
	int (*change_mtu)(struct vn_device *dev, uint32_t mtu);       /* NULL: any in range */
	int (*change_carrier)(struct vn_device *dev, bool on);        /* NULL: not possible */
	int (*set_tx_maxrate)(struct vn_device *dev, unsigned int queue,
			      uint32_t mbps);                         /* NULL: not possible */
	void (*get_stats)(struct vn_device *dev, struct vn_device_stats *out); /* sets its part */
	void (*free)(struct vn_device *dev); /* the back end's memory, dev with it */
};

/* What a back end declares. */
struct vn_device_info {
	const char *name;  /* may hold one %d: the lowest free number */
	uint16_t type;     /* ARPHRD_*, 0 = Ethernet */
	uint16_t n_txq, n_rxq; /* 0 = 1 */
	uint8_t mac[6];
	uint32_t mtu, min_mtu, max_mtu; /* 0 = 1500, 68, 65535 */
	uint32_t tx_queue_len;          /* 0 = 1000 */
	uint64_t watchdog_ns;           /* 0 = 5 s */
	bool is_no_queue;  /* virtual: noqueue is its default */
	bool can_share;    /* pktgen's clone_skb and burst */
	bool has_own_lock;
	uint32_t speed_mbps; /* 0 = not known */
	bool is_half_duplex; /* with a known speed */
};

struct vn_altname {
	struct vn_altname *next;
	char name[VN_ALTIFNAMSIZ];
};

struct vn_device {
	const struct vn_device_ops *ops;
	struct vn_device_info info;
	struct vn_net *net;
	struct vn_device *next; /* in the net's list */
	char name[VN_IFNAMSIZ];
	char alias[VN_IFALIASZ]; /* "": none */
	struct vn_altname *altnames; /* it is found by them too */
	int ifindex, iflink;     /* iflink: its own, or of the device below */
	int group;
	uint8_t addr[6], perm_addr[6], broadcast[6];
	uint8_t addr_len, addr_assign_type, name_assign_type; /* /sys/class/net's numbers */
	uint16_t type, hard_header_len;
	uint16_t n_txq, n_rxq;   /* allocated */
	uint16_t real_n_txq, real_n_rxq; /* in use */
	uint32_t mtu, tx_queue_len;
	uint32_t state, flags;   /* enum vn_device_state, _flags (stored ones) */
	bool proto_down, is_threaded, is_registered, is_gone; /* gone: unregistered */
	uint32_t napi_defer_hard_irqs;
	uint64_t gro_flush_timeout;
	uint64_t carrier_up_count, carrier_down_count;
	struct vn_tx_queue *tx;  /* n_txq of them */
	struct vn_rx_queue *rx;  /* n_rxq of them */
	struct vn_qdisc *qdisc;  /* root */
	struct vn_qdisc noop;    /* of queues that have no other */
	struct vn_timer watchdog;
	struct vn_timer linkwatch;  /* acts on a lost carrier */
	uint64_t linkwatch_next_ns; /* not before */
	struct vn_device_stats core; /* kept by the core, added to the back end's */
	struct vn_ptype *ptype_all, *ptype_specific;
	/* A bridge or the like; one at most. *dev may be changed for ANOTHER. */
	enum vn_rx_verdict (*rx_handler)(void *arg, struct vn_device **dev,
					 const struct vn_rx_pkt *pkt);
	void *rx_handler_arg;
	struct vn_device *vlan_of; /* the device below, when this one is a VLAN's */
	uint16_t vlan_id;
	int refs; /* holders beside the net */
};

/*
 * For back ends: prepares dev (embedded in the back end's struct, zeroed) and
 * its queues, all with noop; nothing is told. 0 or -ENOMEM. Ends with
 * vn_device_unregister(), or vn_device_fini() when it was never registered.
 */
int vn_device_init(struct vn_device *dev, struct vn_net *net, const struct vn_device_ops *ops,
		   const struct vn_device_info *info);
void vn_device_fini(struct vn_device *dev);
/* Gives it a name (of info; -EEXIST, -EINVAL) and an index, tells listeners. */
int vn_device_register(struct vn_device *dev, struct vn_err *err);
/* Closes it, tells listeners, frees it by ops->free when refs is 0 (else when
 * the last holder lets go). */
void vn_device_unregister(struct vn_device *dev);
void vn_device_hold(struct vn_device *dev);
void vn_device_put(struct vn_device *dev);

/* 0 or -errno, as the kernel answers (spec section 2.3). Not from inside an
 * operation of a back end: what is being sent may be discarded by them. */
int vn_device_open(struct vn_device *dev);
void vn_device_close(struct vn_device *dev);
int vn_device_rename(struct vn_device *dev, const char *name); /* -EBUSY while up */
int vn_device_set_mac(struct vn_device *dev, const uint8_t mac[6]);
int vn_device_set_mtu(struct vn_device *dev, uint32_t mtu);
int vn_device_set_tx_queue_len(struct vn_device *dev, uint32_t len);
int vn_device_set_flags(struct vn_device *dev, uint32_t flags); /* UP opens and closes */
void vn_device_carrier_on(struct vn_device *dev);
void vn_device_carrier_off(struct vn_device *dev);
void vn_device_set_queues(struct vn_device *dev, uint16_t real_n_txq);
bool vn_device_name_is_valid(const char *name);
/* Alternative names, shorter than VN_ALTIFNAMSIZ and unique among all names of
 * the net. add: 0, -EINVAL, -EEXIST, -ENOMEM; del: 0 or -ENOENT. */
int vn_device_add_altname(struct vn_device *dev, const char *name);
int vn_device_del_altname(struct vn_device *dev, const char *name);
bool vn_device_has_name(const struct vn_device *dev, const char *name);

static inline bool vn_device_is_running(const struct vn_device *dev)
{
	return dev->state & VN_DEV_START;
}

static inline bool vn_device_has_carrier(const struct vn_device *dev)
{
	return !(dev->state & VN_DEV_NOCARRIER);
}

/* The back end's counters with the core's. */
void vn_device_get_stats(struct vn_device *dev, struct vn_device_stats *out);

/* Queues get their disciplines (2.4), or noop again. */
int vn_device_activate(struct vn_device *dev);
void vn_device_deactivate(struct vn_device *dev);

/*
 * Sends. The packet is taken, whatever the answer: XMIT_SUCCESS (VN_TX_OK),
 * VN_XMIT_DROP, VN_XMIT_CN, or a negative errno where the kernel's path has
 * one (5.3). skb->dev says where.
 */
int vn_dev_queue_xmit(struct vn_skb *skb);
/* Straight to the back end, under the queue's lock (5.5): TX_OK, an XMIT code, or
 * VN_TX_BUSY, with which the packet stays the caller's (also: queue stopped by
 * the back end or frozen, or its lock held), as with VN_TX_DOWN: not open. */
int vn_dev_direct_xmit(struct vn_skb *skb, bool more);
/* Hands a packet over on q (5.4); false: it was put back, q refused. */
bool vn_dev_hand_over(struct vn_qdisc *qdisc, struct vn_tx_queue *q, struct vn_skb *skb,
		      bool more);

/* The watchdog (spec section 9). */
void vn_watchdog_start(struct vn_device *dev);
void vn_watchdog_stop(struct vn_device *dev);

#endif
