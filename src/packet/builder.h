/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames from a stream, fast.
 *
 * Compiling folds everything that does not change into a template of header
 * bytes, and the rest into a short list of edits: functions that each change
 * one field of a whole batch of frames in a tight loop, so there is no test
 * per packet for what the stream does not do. Frames lie in memory lent by a
 * device; memory that already holds the template only gets the edits.
 *
 * Checksums are never computed over the packet: each edit adds what it wrote
 * to a per-frame sum, the template's constant part was summed at compile time.
 */
#ifndef VN_PACKET_BUILDER_H
#define VN_PACKET_BUILDER_H

#include "base/frame.h"
#include "packet/plan.h"
#include "packet/stream.h"

#define VN_BATCH 64          /* most frames built at a time */
#define VN_EDITS_MAX 16

struct vn_builder;

/* Changes one thing of n frames and adds to their checksum sums. */
typedef void (*vn_edit_fn)(struct vn_builder *b, struct vn_frame *f, unsigned int n);

struct vn_builder {
	struct vn_stream *s;
	uint64_t tag;      /* of the compiled template, never 0 */
	uint16_t l3, l4, payload; /* offsets of IP, UDP, payload header */
	uint16_t header_len;      /* bytes of the template that are not zero */
	bool has_csum;     /* UDP checksum wanted */
	uint32_t max_len;  /* longest frame, bytes */
	uint32_t ip_sum;   /* constant part of the IPv4 header's sum */
	uint32_t udp_sum;  /* constant part of pseudo header, UDP header, payload */
	uint32_t n_compiled; /* times compiled, part of the tag */
	/* of the batch under work */
	uint32_t seq;      /* of its first frame */
	uint32_t sec, fraction; /* the stamp; both 0: none */
	uint64_t sec_from_ns;   /* time of day when that second began */
	uint32_t ip_sums[VN_BATCH];
	uint32_t udp_sums[VN_BATCH];
	/* Most frames of one fill: VN_BATCH, or 1 where a packet decides how the
	 * next is built (IPsec); then vn_builder_reseq() has nothing to do. */
	unsigned int max_batch;
	unsigned int n_edits;
	vn_edit_fn edit[VN_EDITS_MAX];
	uint8_t header[VN_HEADER_MAX];
};

/*
 * Compiles the stream as it is now (after vn_stream_begin) into *b, which was
 * zeroed before its first use. The builder keeps a pointer to the stream.
 * Returns 0 or, with a sentence, -EMSGSIZE (frames longer than VN_FRAME_MAX),
 * -EINVAL (a random destination range without one address that may be sent
 * to), -EOPNOTSUPP (IPsec behind tags or labels), -ENOMEM, or what a source of
 * associations says that is asked only now.
 */
int vn_builder_compile(struct vn_builder *b, struct vn_stream *s, struct vn_err *err);

/*
 * Builds n (1..max_batch) distinct packets into f[0..n-1], whose cap must be at
 * least b->max_len. seq: sequence number of the first. wall_ns: time of day
 * for the stamp, which has the grain that the stream asks for. Sets len and
 * content. Moves the stream's cur on by n packets.
 */
void vn_builder_fill(struct vn_builder *b, struct vn_frame *f, unsigned int n, uint32_t seq,
		     uint64_t wall_ns);

/*
 * Gives already built frames new sequence numbers from seq on and mends their
 * UDP checksums: for frames left over when one before them could not be sent.
 */
void vn_builder_reseq(struct vn_builder *b, struct vn_frame *f, unsigned int n, uint32_t seq);

#endif
