/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Net device: the one interface between the generator and whatever carries
 * frames. A driver (src/dev/) gives operations and declares what it can do;
 * asking for more is an error with a sentence, never a silent change.
 *
 * Sending takes batches: *reserve* memory for n frames, fill it in place,
 * *commit* n, *reap* completions. Taking fewer than offered is normal: the
 * rest stays reserved, filled and in order, and is committed again.
 *
 * Threads: a device is opened, refreshed and closed by one thread (the one
 * that set it up). A txq or rxq belongs to one thread, the worker or receiver
 * that uses it; two queues of one device may be used at the same time.
 */
#ifndef VN_NET_NETDEV_H
#define VN_NET_NETDEV_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/frame.h"
#include "base/txtime.h"

/* What a driver declares. X(name, text in messages and `vernier drivers`) */
#define VN_NETDEV_CAPS(X) \
	X(TX, "sends") \
	X(RX, "receives") \
	X(QUEUE_XMIT, "sends through the queueing discipline") \
	X(RX_INJECT, "injects into the receive path") \
	X(RX_OUTGOING, "shows what goes out") \
	X(VIRTUAL, "runs on the virtual clock") \
	X(FAR_END, "has a far end where what was sent comes out") \
	X(BUILDS, "builds frames itself") \
	X(NEEDS_IF, "needs an interface of the system") \
	X(LAUNCH, "lets frames go at their departure") \
	X(TX_STAMPS, "has stamps of departure")

enum vn_netdev_cap_bit {
#define VN_X(name, text) VN_CAP_BIT_##name,
	VN_NETDEV_CAPS(VN_X)
#undef VN_X
};
enum vn_netdev_cap {
#define VN_X(name, text) VN_CAP_##name = 1u << VN_CAP_BIT_##name,
	VN_NETDEV_CAPS(VN_X)
#undef VN_X
};

/* Answers of a transmission (net core spec section 4, and ours above 0xff). */
enum vn_tx_code {
	VN_TX_OK = 0x00,
	VN_XMIT_DROP = 0x01, /* consumed, lost: an error of the sender */
	VN_XMIT_CN = 0x02,   /* the same, by congestion */
	VN_TX_BUSY = 0x10,   /* not taken: offer it again */
	VN_TX_DOWN = 0x100,  /* not taken: device down, without carrier or gone */
};

/*
 * What became of a commit: the first `sent` frames are gone; `code` says what
 * happened to the one after them. OK: there was none. DROP/CN: it is consumed
 * (sent + 1 of the reserved frames are used up). BUSY/DOWN: it stays reserved.
 */
struct vn_tx_done {
	uint32_t sent;
	int32_t code; /* enum vn_tx_code */
};

struct vn_builder;
struct vn_departures;
struct vn_netdev;
struct vn_schedule;
struct vn_simnet;
struct vn_txq;
struct vn_rxq;

struct vn_netdev_opts {
	const char *target;   /* interface name, file name or "" */
	struct vn_clock *clock; /* the run's; devices on the virtual clock need it */
	uint64_t link_bps;    /* simulated devices: speed of the link; 0 = default */
	/* Simulated devices that live in a net: what they are called there (one of
	 * this name that is there already is meant), and in which. NULL: as the
	 * driver likes, in one of their own. */
	const char *name;
	struct vn_simnet *simnet;
	uint64_t seed;        /* of what they draw, with a net of their own */
	uint32_t needs;       /* enum vn_netdev_cap; vn_netdev_open fills it in */
};

/* Where the frames of a queue go: pktgen's transmit modes. */
enum vn_tx_path {
	VN_PATH_DRIVER,  /* start_xmit: straight to the device */
	VN_PATH_RECEIVE, /* netif_receive: up, as if received on it; needs VN_CAP_RX_INJECT */
	VN_PATH_QDISC,   /* queue_xmit: through its discipline; needs VN_CAP_QUEUE_XMIT */
};

struct vn_txq_opts {
	uint32_t frame_cap;   /* bytes each lent frame must hold */
	uint32_t n_frames;    /* frames wanted at a time, power of two; 0 = default */
	enum vn_tx_path path;
	uint32_t priority;    /* skb_priority */
	/* Which of the device's queues, below n_txq; drivers that cannot choose
	 * ignore it. */
	uint16_t queue;
	bool may_move; /* nobody asked for that queue: if it is taken, another will do */
	enum vn_launch_by launch; /* needs VN_CAP_LAUNCH; the queue has launch_ns then */
	enum vn_tx_stamps stamps; /* needs VN_CAP_TX_STAMPS; the queue has `departed` then */
};

/* Whose stamps of arrival. */
enum vn_stamps { VN_STAMPS_AUTO, VN_STAMPS_HARDWARE, VN_STAMPS_KERNEL };

struct sock_fprog;

struct vn_rxq_opts {
	uint64_t ring_bytes;  /* 0 = default */
	/* Only frames that this program of the kernel's accepts; NULL: all. A
	 * driver that has no kernel under it ignores it (vn_rxq.has_filter). */
	const struct sock_fprog *filter;
	/* Auto: the best that the device offers. Others: these or -EOPNOTSUPP, from
	 * drivers that have a choice; from others what they have. */
	enum vn_stamps stamps;
	bool wants_outgoing;  /* frames that go out too; needs VN_CAP_RX_OUTGOING */
	/* Who receives answers what comes: each frame is there at once, and a look at an
	 * empty queue costs next to nothing, where many a second would cost more than in
	 * groups. Drivers that have only one way ignore it. */
	bool is_prompt;
	/* Drivers that listen to single queues of the device: which one, all of
	 * them if VN_RXQ_ALL. Others ignore it. */
	uint16_t queue;
};
#define VN_RXQ_ALL 0xffff

/* A received frame, valid during the handler's call. */
struct vn_rx_pkt {
	const uint8_t *data;
	uint32_t caplen, len;  /* bytes present, bytes on the wire (tag put aside not counted) */
	uint64_t stamp_ns;     /* arrival, ns of a clock as struct vn_rxq_stats says */
	uint16_t vlan_tci, vlan_tpid; /* the tag a kernel took off */
	bool has_vlan;
	bool is_outgoing;      /* went out on the device: no receiver counts it */
	/* The sender is in this kernel and left the checksum of the transport
	 * layer (UDP, TCP, ICMP) to hardware: what stands in its field is none. */
	bool has_partial_csum;
};

typedef void (*vn_rx_handler)(void *arg, const struct vn_rx_pkt *pkts, unsigned int n);

struct vn_tap {
	vn_rx_handler handler;
	void *arg;
};

/* Counters of a receive queue, since it was opened; and what its stamps are. */
struct vn_rxq_stats {
	uint64_t packets; /* handed to the handler */
	uint64_t drops;   /* lost for want of room between kernel and us */
	/*
	 * Who made the stamps: "hardware" (the interface, put on CLOCK_REALTIME),
	 * "kernel" (CLOCK_REALTIME when the frame came in), "file" (as recorded),
	 * "virtual clock", "clock at read" (the run's, as time of day).
	 */
	const char *stamp_source;
	uint64_t stamp_other; /* packets whose stamp somebody else made */
	uint64_t stamp_resolution_ns; /* as measured (net/grain.h), 0 = not known yet */
};

/* Something a device counted, beside what its sender knows. */
struct vn_netdev_counter {
	char name[32]; /* "qdisc_drops" */
	uint64_t n;
};

/* What a driver can do with an interface, as far as can be told without sending. */
struct vn_netdev_probe {
	bool can_send, can_receive;
	bool is_zero_copy; /* frames reach the hardware without being copied */
	char how[64];      /* "zero copy", "copy", "live frames" */
	char why[200];     /* why not, or what keeps it from its best; "" = nothing */
	char mend[200];    /* a command that changes that; "" = none */
};

struct vn_netdev_ops {
	const char *name;     /* what --driver takes */
	const char *summary;  /* one line for the list of drivers */
	uint32_t caps;        /* enum vn_netdev_cap */
	/* Allocates the driver's struct that embeds struct vn_netdev, fills the
	 * device's fields. 0 or -errno with a sentence; *out NULL on failure. */
	int (*open)(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err);
	/*
	 * VN_CAP_NEEDS_IF: fills *out, which is zero, for the interface of that
	 * name, which may not exist. Leaves everything as it was. NULL: whatever
	 * can be opened can do what `caps` says.
	 */
	void (*probe)(const char *ifname, struct vn_netdev_probe *out);
	/* Reads name, flags, addresses and queues anew: the device stays the one
	 * that was opened, whatever it is called now. On the thread that uses its
	 * queues. 0 or -errno (-ENODEV: gone; fields stay as they were). */
	int (*refresh)(struct vn_netdev *dev, struct vn_err *err);
	int (*txq_open)(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			struct vn_err *err);
	void (*txq_close)(struct vn_txq *q); /* NULL and half-open accepted */
	int (*rxq_open)(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			struct vn_err *err);
	void (*rxq_close)(struct vn_rxq *q);
	/*
	 * VN_CAP_FAR_END: what comes out at the far end is handed to the handler,
	 * on the thread that sends or the one that runs the device's time, never
	 * on two at once; NULL ends that, and nobody is in it afterwards. In one
	 * time with the sending on a virtual clock: what is under way comes when
	 * the clock is moved.
	 */
	void (*listen)(struct vn_netdev *dev, vn_rx_handler handler, void *arg);
	/* Fills at most cap counters, returns how many. Any thread. NULL: none. */
	unsigned int (*counters)(struct vn_netdev *dev, struct vn_netdev_counter *out,
				 unsigned int cap);
	/*
	 * Completes what was sent (writes a file's last bytes), after the last
	 * commit and before close: the place where an error that a commit could
	 * only answer with DOWN, or could not see, gets its sentence. May be
	 * called again. NULL: a commit completes. Of a device that receives: why
	 * poll failed.
	 */
	int (*finish)(struct vn_netdev *dev, struct vn_err *err);
	void (*close)(struct vn_netdev *dev); /* NULL and half-open accepted */
};

struct vn_netdev {
	const struct vn_netdev_ops *ops;
	struct vn_clock *clock;
	/* as of the last refresh */
	char name[64];        /* interface name; target as given where there is none */
	int ifindex;          /* the system's number for it, 0 = none */
	bool is_up, has_carrier;
	bool can_share;       /* one buffer may be sent many times (clone_skb, burst) */
	bool holds_default_route; /* carried the machine's way out when it was opened */
	uint16_t n_txq;       /* real transmit queues, at least 1 */
	uint16_t type;        /* ARPHRD_*: 1 Ethernet, 772 loopback */
	uint32_t mtu;         /* bytes, 0 = no limit */
	uint64_t link_bps;    /* 0 = not known */
	uint8_t mac[6];
	uint32_t ipv4;        /* host order, 0 = none */
	struct in6_addr ipv6_ll; /* :: = none */
	/* Sees what the queues send that are opened from now on (with
	 * vn_netdev_txq_open), on their threads, right after a commit: frames that
	 * went keep their bytes till then. Referenced. NULL: nobody. */
	const struct vn_tap *tap;
};

/*
 * Packets that a queue builds and sends by itself (VN_CAP_BUILDS): one call of
 * `generate` stands for reserve, fill and commit of many. The caller fills in
 * the first part and clears the rest.
 */
struct vn_generation {
	uint64_t max;       /* send at most so many; at least 1 */
	uint32_t seq;       /* number of the first */
	/* Departures, advanced by each that was sent; NULL: one after the other,
	 * as fast as possible. */
	struct vn_schedule *sched;
	/* Gives the gap behind the one that sched has, and so on, in 1/65536 ns; what
	 * is drawn and not used is kept for the next call. NULL: all are alike. */
	uint64_t (*draw_gap)(void *arg);
	void *draw_arg;
	uint64_t end_ns;    /* nothing departs at or after this; the clock's, UINT64_MAX = never */
	uint64_t due_ns;    /* departures after this are left for another call */
	/* Nothing departs before this: the spacing of what is made up, if the queue
	 * sends one by one. It is left as it is to be for the next call. */
	uint64_t not_before_ns;
	struct vn_departures *departures; /* takes what is counted of scheduled packets */

	uint64_t sent;
	uint64_t bytes;     /* of those sent, no FCS */
	uint64_t bits_l2;   /* what they take on a cable */
	uint64_t first_ns, last_ns; /* departure of the first, last; the clock's */
	uint64_t idle_ns;   /* spent waiting for departures */
	uint64_t skipped;   /* departures left out: policy skip */
	uint64_t slid_ns;   /* by which they were put off: policy slide */
	uint64_t stalls, stall_ns, stall_max_ns; /* the machine was away while it waited */
	uint32_t batch;     /* most departures that left together */
	uint64_t single_ns; /* what sending one by one took each; 0: it did not come to that */
	int32_t code;       /* VN_TX_OK, VN_TX_BUSY, VN_TX_DOWN */
};

/* What a queue of a device with VN_CAP_BUILDS offers instead of its frames. */
struct vn_txq_generator {
	/*
	 * Takes over the compiled stream and its state; it is called again after
	 * each change. copies: times each packet is sent (clone_skb, burst);
	 * burst: packets of one departure. 0 or -errno with a sentence
	 * (-EOPNOTSUPP: another driver can).
	 */
	int (*load)(struct vn_txq *q, struct vn_builder *b, uint32_t copies, uint32_t burst,
		    struct vn_err *err);
	/* Sends some packets (a few milliseconds' worth, fewer when a departure is
	 * far) and leaves the stream's state as if the builder had built them. */
	void (*generate)(struct vn_txq *q, struct vn_generation *g);
	/* Gives d what was recorded of departures beside the counters, since the load.
	 * NULL: nothing is. */
	void (*collect)(struct vn_txq *q, struct vn_departures *d);
	uint64_t lead_ns; /* generate wants to be called so long before a departure */
};

/* A frame that left, as the kernel or the hardware stamped it; the clock's time. */
struct vn_departed {
	uint64_t asked_ns; /* its depart_ns */
	uint64_t ns;
};

/*
 * Transmit queue. The first part is what the send loop follows, and is used
 * by the inline functions below; drivers embed it.
 *
 * Frames are a ring of n_frames (power of two) with free-running indices:
 * [tail, head) are reserved and not yet gone.
 */
struct vn_txq {
	struct vn_frame *frames;
	uint32_t mask;       /* n_frames - 1 */
	uint32_t head, tail; /* reserved up to / gone up to */
	struct vn_tx_done (*commit)(struct vn_txq *q, unsigned int n);
	/* Frames handed over that someone still holds (qdisc, ring): 0 is exact,
	 * anything else may be an estimate. After vn_txq_init: none ever. */
	uint32_t (*outstanding)(struct vn_txq *q);
	struct vn_netdev *dev;
	const struct vn_txq_generator *generator; /* NULL unless it builds frames itself */
	/*
	 * Frames may be committed so long before their depart_ns, and then leave at
	 * it by themselves: a queueing discipline or the hardware holds them. 0: they
	 * leave when they are committed.
	 */
	uint64_t launch_ns;
	/*
	 * Fills at most cap stamps that have come since the last call, in the order
	 * of departure; returns how many. After a commit it may leave those that
	 * have just come for another call: asking the kernel costs as much as
	 * sending. Asked again without a commit in between, or after `outstanding`,
	 * it gives all; those that are still to come count as outstanding until
	 * they cannot be expected any more. NULL: frames are not stamped.
	 */
	unsigned int (*departed)(struct vn_txq *q, struct vn_departed *out, unsigned int cap);
	const char *stamp_source; /* whose they are: "kernel", "hardware" */
	/* The driver's commit, when a tap took its place. */
	struct vn_tx_done (*to_driver)(struct vn_txq *q, unsigned int n);
};

/*
 * Reserves up to n frames that lie side by side; returns how many (0 when all
 * are reserved) and the first in *f.
 */
static inline unsigned int vn_txq_reserve(struct vn_txq *q, unsigned int n, struct vn_frame **f)
{
	uint32_t at = q->head & q->mask;
	uint32_t room = q->mask + 1 - (q->head - q->tail);
	uint32_t run = q->mask + 1 - at;

	if (n > room)
		n = room;
	if (n > run)
		n = run;
	*f = &q->frames[at];
	q->head += n;
	return n;
}

/* Frames reserved and not yet gone. */
static inline unsigned int vn_txq_pending(const struct vn_txq *q)
{
	return q->head - q->tail;
}

/* The oldest pending frames that lie side by side. */
static inline unsigned int vn_txq_peek(const struct vn_txq *q, struct vn_frame **f)
{
	uint32_t at = q->tail & q->mask;

	*f = &q->frames[at];
	return VN_MIN(q->head - q->tail, q->mask + 1 - at);
}

/* Gives back frames that were reserved last (built for nothing at a stop). */
static inline void vn_txq_abandon(struct vn_txq *q)
{
	q->head = q->tail;
}

/* Offers the n oldest pending frames, which must lie side by side. */
static inline struct vn_tx_done vn_txq_commit(struct vn_txq *q, unsigned int n)
{
	struct vn_tx_done done = q->commit(q, n);

	q->tail += done.sent + (done.code == VN_XMIT_DROP || done.code == VN_XMIT_CN);
	return done;
}

/*
 * Receive queue. poll hands at most `budget` frames to the handler in groups
 * and returns how many, waiting up to timeout_ns for the first (0 = not at
 * all). -errno: the device is gone (-ENODEV) or down (-ENETDOWN, once each time;
 * it may be polled on and receives again when the device is up); everything was
 * read that there will ever be (-ENODATA); or another, for which the device's
 * `finish` may have the sentence.
 */
struct vn_rxq {
	int (*poll)(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		    vn_rx_handler handler, void *arg);
	void (*stats)(struct vn_rxq *q, struct vn_rxq_stats *out);
	struct vn_netdev *dev;
	bool has_filter;  /* opts.filter was applied before poll */
	bool is_recorded; /* the stamps are of another time than the run's */
	int fd;		  /* readable when there is something to poll for; 0: there is no such */
};

/* A device of the system came to be called name, or changed in another way
 * (flags, addresses), or is gone. */
struct vn_netdev_event {
	int ifindex;
	char name[16]; /* current; as it was last when gone */
	bool is_gone;
	unsigned int flags; /* IFF_*, as they were when it happened */
};

/* All drivers that were built in, ended by NULL, the default first. */
extern const struct vn_netdev_ops *const vn_netdev_drivers[];
const struct vn_netdev_ops *vn_netdev_driver(const char *name); /* NULL: no such */

/*
 * Opens a device by driver name. Takes care of what is common: unknown driver,
 * a driver that lacks `needs` (enum vn_netdev_cap). 0 or -errno, *out NULL.
 */
int vn_netdev_open(const char *driver, uint32_t needs, const struct vn_netdev_opts *opts,
		   struct vn_netdev **out, struct vn_err *err);
#define VN_NETDEV_COUNTERS_MAX 32
unsigned int vn_netdev_counters(struct vn_netdev *dev, struct vn_netdev_counter *out,
				unsigned int cap); /* 0 without an op for it */
/* Opens a queue of the driver's, with the device's tap on it (net/txtap.c). */
int vn_netdev_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
		       struct vn_err *err);
int vn_netdev_finish(struct vn_netdev *dev, struct vn_err *err); /* 0 without an op for it */
void vn_netdev_close(struct vn_netdev *dev);                     /* NULL accepted */
/* What ops->probe says; without one, what its caps say. *out is cleared first. */
void vn_netdev_probe(const struct vn_netdev_ops *ops, const char *ifname,
		     struct vn_netdev_probe *out);

/*
 * For drivers, first thing in open: fills ops, clock and name, and the fields
 * of an Ethernet device that is up, without limits or addresses, with one
 * queue and the simulated devices' MAC, 02:00:00:00:00:01.
 */
void vn_netdev_init(struct vn_netdev *dev, const struct vn_netdev_ops *ops,
		    const struct vn_netdev_opts *opts);

/*
 * For drivers: allocates a txq's frames, n_frames (a power of two up to
 * VN_TXQ_FRAMES_MAX, 0 = VN_TXQ_FRAMES) of at least cap bytes, zeroed,
 * cache-aligned and spread over the cache's sets. 0, -EINVAL or -ENOMEM. fini
 * frees what init made.
 */
#define VN_TXQ_FRAMES 64 /* short ones stay in the first-level cache */
#define VN_TXQ_FRAMES_MAX 65536
int vn_txq_init(struct vn_txq *q, struct vn_netdev *dev, uint32_t n_frames, uint32_t cap);
void vn_txq_fini(struct vn_txq *q);

#endif
