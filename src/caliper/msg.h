/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the NetLink protocol (vernier/caliper.h has it), taken apart and put
 * together: for driver and client, the one place that knows the envelope. No
 * system calls; whatever the bytes are, nothing outside them is read.
 */
#ifndef VN_CALIPER_MSG_H
#define VN_CALIPER_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "vernier/caliper.h"

#define VN_CAL_HLEN 24 /* struct nlmsghdr and struct cal_head */

/* Who hears it: what each may be told differs. */
enum vn_cal_hearer { VN_CAL_DRIVER_DATA, VN_CAL_DRIVER_CONTROL, VN_CAL_CLIENT };

struct vn_cal_msg {
	uint16_t type; /* enum cal_message, NLMSG_ERROR */
	uint16_t nl_flags;
	uint32_t seq, pid;
	struct cal_head head; /* zero with NLMSG_ERROR */
	/* Behind the head, whole and valid for its type; at a multiple of 4 of the datagram:
	 * read it by copying. */
	const uint8_t *body;
	uint32_t len;
	int error; /* NLMSG_ERROR: 0 or a negative errno; seq and answered are the request's */
	uint16_t answered;
};

/* A datagram, message by message. */
struct vn_cal_reader {
	const uint8_t *bytes;
	size_t len, at;
};
void vn_cal_reader_init(struct vn_cal_reader *r, const void *datagram, size_t len);

/*
 * The next message. 1: it is one that this hearer may be told, complete and consistent
 * (counts, lengths, every descriptor and event inside its body, flags that are known,
 * values that caliper.h allows: vn_cal_descriptor_check() found nothing);
 * for other card numbers than `card`, -EINVAL. 0: there is no more (bytes at the
 * end that are no message are passed over, and so are errors told to a driver: nobody
 * answers them). Negative: this message is to be refused with that errno (see caliper.h),
 * msg has type, seq and nl_flags; reading can go on.
 */
int vn_cal_next(struct vn_cal_reader *r, enum vn_cal_hearer hearer, unsigned int card,
		struct vn_cal_msg *msg);

/* --- bodies with several items. On messages that vn_cal_next() has found good. --------- */

/* The item at offset *at of the body (0 at first, for events too) is copied, since it may lie at
 * any multiple of 4, and *at moved to the next. data: the bytes behind it. false: no more. */
bool vn_cal_descriptor_next(const struct vn_cal_msg *msg, size_t *at, struct cal_descriptor *d,
			    const uint8_t **data);
bool vn_cal_event_next(const struct vn_cal_msg *msg, size_t *at, struct cal_event *event,
		       const uint8_t **snap);
static inline size_t vn_cal_padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

/* Whether a descriptor could be sent; -EINVAL with a sentence that names the field. avail: bytes
 * behind it. */
int vn_cal_descriptor_check(const struct cal_descriptor *d, size_t avail, struct vn_err *err);

/* --- putting together --------------------------------------------------------------- */

/* A datagram that grows in memory of the caller's, at a multiple of 8. */
struct vn_cal_writer {
	uint8_t *bytes;
	size_t cap, len;
	size_t begin; /* of the message that is open */
	uint8_t card;
};
void vn_cal_writer_init(struct vn_cal_writer *w, void *bytes, size_t cap, unsigned int card);

/* Begins a message, behind the one before. Bodies are added as wholes of 8-byte parts. false:
 * there is no room, and nothing was changed. */
bool vn_cal_begin(struct vn_cal_writer *w, uint16_t type, uint16_t nl_flags, uint32_t seq,
		  uint32_t pid, uint16_t head_flags);
/* Adds bytes to the message that is open, and zeros up to a multiple of 8. */
bool vn_cal_add(struct vn_cal_writer *w, const void *bytes, size_t len);
/* An item (descriptor, event, gap) and its data: both or none; counts it in head.count. */
bool vn_cal_add_item(struct vn_cal_writer *w, const void *item, size_t item_len, const void *data,
		     size_t data_len);
/* How many items the open message has. */
uint32_t vn_cal_items(const struct vn_cal_writer *w);

/* A whole message with a body of one piece (NULL, 0: none). */
bool vn_cal_put(struct vn_cal_writer *w, uint16_t type, uint16_t nl_flags, uint32_t seq,
		uint32_t pid, uint16_t head_flags, uint32_t count, const void *body, size_t len);
/* An acknowledgement (error 0) or refusal of msg. */
bool vn_cal_put_error(struct vn_cal_writer *w, const struct vn_cal_msg *msg, int error);

#endif
