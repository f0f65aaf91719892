/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of a capture file, one after the other: classic pcap, either byte
 * order, microseconds or nanoseconds. Never more of the file in memory than a
 * record, so that it may be longer than that.
 *
 * Our own reader: libpcap takes pcapng and other files for captures as well,
 * which the card is said not to take, and would read them in its own way.
 */
#ifndef VN_CARD_PCAP_IN_H
#define VN_CARD_PCAP_IN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CARD_PCAP_MAC_MAX  1514 /* bytes of a frame for a MAC */
#define CARD_PCAP_HOST_MAX 2048 /* of one for a host queue: what a DMA can take */

struct card_pcap_in {
	FILE *file;	  /* NULL: closed */
	const char *path; /* for sentences; not owned */
	uint32_t max_len; /* longer records are skipped */
	bool is_swapped;  /* written in the other byte order */
	bool is_nano;
	uint64_t first_ns; /* time of the first record */
	uint64_t last_ns;  /* offset of the frame before */
	/* Counters: read so far; of these skipped since they are longer than max_len, since
	 * the capture cut them, since they are empty. */
	uint64_t records, too_long, cut, empty;
	uint8_t bytes[CARD_PCAP_HOST_MAX];
};

struct card_pcap_frame {
	uint64_t offset_ns;   /* from the first record; never before the frame before */
	const uint8_t *bytes; /* until the next call */
	uint32_t len;
};

/* Opens the file and reads its head. -errno with a sentence that begins with
 * its name: not readable, not a pcap, another link type. */
int card_pcap_in_open(struct card_pcap_in *in, const char *path, bool is_host, struct vn_err *err);
/* The same of an open file, which becomes the reader's also when it fails. */
int card_pcap_in_begin(struct card_pcap_in *in, FILE *file, const char *path, bool is_host,
		       struct vn_err *err);

/* 1 and the next frame, 0 at the end, -errno with a sentence: the file ends within
 * a record, or says what cannot be. */
int card_pcap_in_next(struct card_pcap_in *in, struct card_pcap_frame *frame, struct vn_err *err);

static inline uint64_t card_pcap_in_skipped(const struct card_pcap_in *in)
{
	return in->too_long + in->cut + in->empty;
}

/* "3 of 10 records were skipped: 2 longer than 1514 bytes, 1 cut when it was
 * captured"; false: none was. */
#define CARD_PCAP_WARNING 200
bool card_pcap_in_warning(const struct card_pcap_in *in, char buf[CARD_PCAP_WARNING]);

/* Zeroed and closed ones are fine. */
void card_pcap_in_close(struct card_pcap_in *in);

#endif
