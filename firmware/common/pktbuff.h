/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header in front of every packet in packet memory, and a view of a packet
 * from which headers are taken, and put in front again, without copying.
 */
#ifndef PKTBUFF_H
#define PKTBUFF_H

#include "support.h"
#include "wire/bytes.h"

/* Added and removed by the card, never on a cable. Big-endian, which on the card is
 * how it is; nf_be16() reads a field in every context. */
struct ioq_header {
	unsigned short dst_port;    /* a bit for each port: send there */
	unsigned short word_length; /* of the frame, in words of 8 bytes */
	unsigned short src_port;    /* number of the port of arrival */
	unsigned short byte_length; /* of the frame */
};
_Static_assert(sizeof(struct ioq_header) == 8, "as the card has it");

/* Ports: MAC n is 2n, host queue n is 2n + 1. */
#define PORT_MAC(n)  (2 * (n))
#define PORT_HOST(n) (2 * (n) + 1)

static inline unsigned short nf_be16(unsigned short field)
{
	return VN_BE16(field);
}

/* For a frame of so many bytes that leaves by one port. src_port stays. */
void fill_ioq(struct ioq_header *ioq, unsigned short port, unsigned short bytes);

struct pkt_buff {
	char *data, *head;    /* where it begins; where what was not pulled does */
	uint len, total_size; /* from head; from data */
};

void pkt_fill(struct pkt_buff *b, char *addr, uint size);

/* Takes n bytes from the front; returns where they are, 0 if it has less. */
void *pkt_pull(struct pkt_buff *b, uint n);
#define pkt_pull_type(b, type) ((type *)pkt_pull(b, sizeof(type)))

/* Puts back n bytes that were taken; returns the new head, 0 if they were not. */
void *pkt_push(struct pkt_buff *b, uint n);
void *pkt_push_all(struct pkt_buff *b);

#ifndef NF_RE2
/* In a slot of output memory: where it is, or 0 if no slot is free or large enough. */
void *pkt_alloc(struct pkt_buff *b, uint size);
#endif

/* Makes a received packet one that can be sent: copies it, header included, to
 * output memory (waiting for a slot) and frees the input slot; in release 2.0,
 * leaves it where it is. */
t_addr *pkt_to_output(t_addr *in);

/* Sends the frame of bytes behind the IOQ header at p, which it fills, by port. */
void pkt_send(t_addr *p, unsigned short port, unsigned short bytes);

#endif
