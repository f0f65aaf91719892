/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic capture files (draft-ietf-opsawg-pcap), as on disk: in the byte order of
 * whoever wrote the file, by whose magic number readers know it. Both structures are
 * read and written whole.
 */
#ifndef VN_WIRE_PCAP_H
#define VN_WIRE_PCAP_H

#include <stdint.h>

#define VN_PCAP_MAGIC_US 0xa1b2c3d4u /* fractions of seconds are microseconds */
#define VN_PCAP_MAGIC_NS 0xa1b23c4du

enum {
	VN_PCAP_MAJOR = 2,
	VN_PCAP_MINOR = 4,
	VN_LINKTYPE_ETHERNET = 1,
	VN_LINKTYPE_USER0 = 147, /* commands of a host queue of the card */
};

struct vn_pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, link_type;
};

struct vn_pcap_record {
	uint32_t sec, frac, caplen, len;
};

_Static_assert(sizeof(struct vn_pcap_head) == 24, "head of a pcap file");
_Static_assert(sizeof(struct vn_pcap_record) == 16, "head of a packet in it");

#endif
