/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system says of one of its interfaces, by rtnetlink and the ethtool
 * ioctl. Each function asks anew; nothing is kept.
 */
#ifndef VN_DEV_LINK_H
#define VN_DEV_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct vn_link {
	int ifindex;
	int master;          /* ifindex of the bridge, bond, ... it is part of; 0 = none */
	bool is_up, has_carrier;
	bool can_share;      /* pktgen's rule: the driver may be given one buffer many times */
	bool rereads_type;   /* finds a frame's protocol out from its bytes (veth) */
	uint16_t type;       /* ARPHRD_* */
	uint16_t n_txq;      /* at least 1 */
	uint32_t mtu;
	uint8_t mac[6];      /* zero when the address is no MAC */
	uint64_t speed_bps;  /* 0 = not known */
	uint32_t ipv4;       /* host order: first address, the peer's if point-to-point; 0 = none */
	struct in6_addr ipv6_ll; /* first link-local that is usable; :: = none */
	bool holds_default_route; /* it or its master */
};

/* 0 or -errno; -ENODEV: no interface of this name. */
int vn_link_read(const char *name, struct vn_link *out);

/* The driver's own word on the carrier, true where it has none to give;
 * -errno when the interface is gone. fd: any socket. */
int vn_link_carrier(int fd, const char *name);

#endif
