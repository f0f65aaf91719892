/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A few IPv4 and IPv6 addresses and prefixes, and whether an address is among
 * them. A prefix stands for all its addresses that a host can have. Plain
 * data, searched from the first to the last: it is small by definition.
 */
#ifndef VN_RX_ADDRSET_H
#define VN_RX_ADDRSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define VN_ADDRSET_MAX 64 /* of each family */

struct vn_addrset {
	struct {
		uint32_t net, mask;
	} v4[VN_ADDRSET_MAX];
	struct {
		uint32_t net[4], mask[4]; /* words in host order, the first first */
	} v6[VN_ADDRSET_MAX];
	unsigned int n4, n6;
};

/*
 * Adds "198.18.0.1", "fd00::1", "198.18.0.0/24", "fd00::/64". what names the
 * thing in the message ("--respond"). 0, -EINVAL, -ERANGE or -E2BIG. Bits behind
 * the prefix are refused: is 198.18.0.1/24 one host or a network of them?
 */
int vn_addrset_add(struct vn_addrset *set, const char *what, const char *text, struct vn_err *err);

/* The address as it stands in a packet. */
bool vn_addrset_has4(const struct vn_addrset *set, const uint8_t addr[4]);
bool vn_addrset_has6(const struct vn_addrset *set, const uint8_t addr[16]);

/* Can it be the address of one host on a link? Not unspecified, loopback,
 * multicast, broadcast. */
bool vn_addr4_is_host(const uint8_t addr[4]);
bool vn_addr6_is_host(const uint8_t addr[16]);

#endif
