/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any datagram, behind a byte that says to whom it is told: a driver's data or control
 * socket, or a client. What is taken has whole items, and is the same when it is
 * put together again; what is refused is refused with an errno of the protocol.
 */
#include <stdlib.h>
#include <string.h>

#include "caliper/msg.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CARD 0

static void check_descriptors(const struct vn_cal_msg *msg)
{
	struct vn_err err = { "" };
	struct cal_descriptor d;
	const uint8_t *bytes;
	uint32_t n = 0;
	size_t at = 0;

	while (vn_cal_descriptor_next(msg, &at, &d, &bytes)) {
		if (bytes + vn_cal_padded(d.data_len) > msg->body + msg->len)
			abort();
		if (vn_cal_descriptor_check(&d, d.data_len, &err) || err.text[0])
			abort();
		n++;
	}
	if (n != msg->head.count || at != msg->len)
		abort();
}

static void check_events_whole(const struct vn_cal_msg *msg)
{
	struct cal_event event;
	const uint8_t *snap;
	uint32_t n = 0;
	size_t at = 0;

	while (vn_cal_event_next(msg, &at, &event, &snap)) {
		if (event.snap > CAL_SNAP_MAX || snap + event.snap > msg->body + msg->len)
			abort();
		n++;
	}
	if (n != msg->head.count)
		abort();
}

/* Put together again it has the same bytes, up to those that nobody reads. */
static void check_again(const struct vn_cal_msg *msg)
{
	static uint8_t again[VN_CAL_HLEN + 65536];
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, again, sizeof(again), CARD);
	if (!vn_cal_put(&w, msg->type, msg->nl_flags, msg->seq, msg->pid, msg->head.flags,
			msg->head.count, msg->body, msg->len))
		abort();
	if (w.len != VN_CAL_HLEN + msg->len || memcmp(again, msg->body - VN_CAL_HLEN, w.len) != 0)
		abort();
}

static void check_taken(const struct vn_cal_msg *msg, enum vn_cal_hearer hearer)
{
	if (msg->type == NLMSG_ERROR) {
		if (hearer != VN_CAL_CLIENT || msg->error > 0)
			abort();
		return;
	}
	if (msg->len % 8 || msg->head.card != CARD)
		abort();
	if (msg->type == CAL_PKTS)
		check_descriptors(msg);
	if (msg->type == CAL_EVENTS)
		check_events_whole(msg);
	check_again(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum vn_cal_hearer hearer;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	size_t before = 0;
	int rc;

	if (!size || size > 65536)
		return 0;
	hearer = data[0] % 3;
	vn_cal_reader_init(&r, data + 1, size - 1);
	while ((rc = vn_cal_next(&r, hearer, CARD, &msg)) != 0) {
		if (r.at <= before || r.at > size - 1)
			abort();
		before = r.at;
		if (rc == 1)
			check_taken(&msg, hearer);
		else if (rc != -EINVAL && rc != -EPROTO)
			abort();
	}
	return 0;
}
