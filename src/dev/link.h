/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system says of one of its interfaces, by rtnetlink and by ioctl.
 * Each function asks anew; nothing is kept. An interface is found by its name
 * once; after that it is known by its number, for names change.
 */
#ifndef VN_DEV_LINK_H
#define VN_DEV_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct vn_link {
	int ifindex;
	char name[16];       /* what it is called now */
	int master;          /* ifindex of the bridge, bond, ... it is part of; 0 = none */
	bool is_up, has_carrier;
	bool can_share;      /* pktgen's rule: the driver may be given one buffer many times */
	char kind[32];       /* "veth", "tun", ...; "" for hardware */
	char qdisc[32];      /* its queueing discipline */
	bool rereads_type;   /* finds a frame's protocol out from its bytes (veth) */
	uint16_t type;       /* ARPHRD_* */
	uint16_t n_txq, n_rxq; /* at least 1 */
	uint32_t mtu;
	uint8_t mac[6];      /* zero when the address is no MAC */
	uint64_t speed_bps;  /* 0 = not known */
	uint32_t ipv4;       /* host order: first address, the peer's if point-to-point; 0 = none */
	struct in6_addr ipv6_ll; /* first link-local that is usable; :: = none */
};

/* 0 or -errno; -ENODEV: there is none of this name (which may be an
 * alternative one), or of this number. */
int vn_link_find(const char *name, struct vn_link *out);
int vn_link_read(int ifindex, struct vn_link *out);

/* What its driver is called (as ethtool -i has it), "" if it does not say. */
void vn_link_driver(int ifindex, char out[32]);

/* Frames that the interface was given to send and dropped, ever. 0 or -errno. */
int vn_link_tx_dropped(int ifindex, uint64_t *out);

/*
 * Single questions, for a send loop that met an error. fd: any socket; it is
 * asked in the network namespace that the socket was made in.
 *
 * flags: IFF_*, the low 16 bits, cheap (half a microsecond or one); they follow
 * the carrier after a while. carrier: the driver's own word, exact, true where
 * it has none to give; takes the system's configuration lock.
 * -errno when the interface is gone.
 */
int vn_link_flags(int fd, int ifindex);
int vn_link_carrier(int fd, int ifindex);
/* Gone, down, or without carrier as far as the flags say so: the carrier is only
 * asked for when they do, for a link that has just come up has them late. */
bool vn_link_is_down(int fd, int ifindex);

#endif
