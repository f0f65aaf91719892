/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What netem does to the bytes of a packet: the mark of congestion (RFC 3168)
 * and an error of one bit. Frames are untrusted and may be cut short.
 */
#ifndef VN_NET_NETEM_EDIT_H
#define VN_NET_NETEM_EDIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Marks an IPv4 or IPv6 packet whose sender knows ECN, behind VLAN tags too; an
 * IPv4 header's checksum stays as right or wrong as it was. false: it cannot
 * be marked. One that is marked already: true.
 */
bool vn_netem_mark(uint8_t *frame, uint32_t len);

/* Changes one bit, chosen by two drawn numbers. len 0: nothing. */
void vn_netem_corrupt(uint8_t *frame, uint32_t len, uint32_t drawn_byte, uint32_t drawn_bit);

#endif
