/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams of a driver to a client that waits for marks, events and answers. The input
 * is datagrams, each behind its length (one byte, in words of 4); the client takes
 * them while it does one thing after another. Whatever they are, each call ends, no
 * more marks are hit than were set, and nothing is read or written that is not ours.
 *
 * Sequence numbers are those of a client that always does the same: 1 is HELLO's,
 * then come SUBSCRIBE, three datagrams of packets and a mark, and the questions below.
 */
#include <stdlib.h>
#include <string.h>

#include "caliper/client.c"
#include "caliper/client_ask.c"
#include "caliper/client_hear.c"
#include "caliper/client_send.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARKS 3

struct fuzzed {
	struct vn_cal_transport t;
	uint64_t now_ns;
	const uint8_t *data;
	size_t size;
	bool is_open; /* from now on the input speaks, until then the driver is a good one */
	uint8_t answer[256];
	size_t answer_len;
};

static int fuzzed_send(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
		       size_t len)
{
	struct fuzzed *f = vn_container_of(t, struct fuzzed, t);
	const struct cal_hello_ack ack = { 1, 64, 16, 8, 1514, CAL_RUNNING, "nf2c0", { 2 }, 1 };
	struct vn_cal_reader r;
	struct vn_cal_writer w;
	struct vn_cal_msg msg;

	vn_cal_reader_init(&r, bytes, len);
	if (vn_cal_next(&r, to == VN_CAL_DATA ? VN_CAL_DRIVER_DATA : VN_CAL_DRIVER_CONTROL, 0,
			&msg) != 1)
		abort(); /* whatever it was told, what it says is good */
	if (f->is_open || to == VN_CAL_DATA)
		return 0;
	vn_cal_writer_init(&w, f->answer, sizeof(f->answer), 0);
	if (msg.type == CAL_HELLO)
		vn_cal_put(&w, CAL_HELLO_ACK, 0, msg.seq, 0, 0, 0, &ack, sizeof(ack));
	else
		vn_cal_put_error(&w, &msg, 0);
	f->answer_len = w.len;
	return 0;
}

static ssize_t fuzzed_recv(struct vn_cal_transport *t, void *bytes, size_t cap, uint64_t timeout_ns)
{
	struct fuzzed *f = vn_container_of(t, struct fuzzed, t);
	size_t len;

	if (f->answer_len) {
		len = f->answer_len;
		memcpy(bytes, f->answer, len);
		f->answer_len = 0;
		return (ssize_t)len;
	}
	if (!f->is_open || f->size < 2) {
		f->now_ns += timeout_ns;
		return 0;
	}
	len = VN_MIN(4 * (size_t)f->data[0], f->size - 1);
	if (!len) /* so that an input can let time go on */
		f->now_ns += timeout_ns;
	memcpy(bytes, f->data + 1, len);
	f->data += len + 1;
	f->size -= len + 1;
	return (ssize_t)len;
}

static uint64_t fuzzed_now(struct vn_cal_transport *t)
{
	return vn_container_of(t, struct fuzzed, t)->now_ns;
}

static int fuzzed_fd(const struct vn_cal_transport *t)
{
	return -1;
}

static void fuzzed_close(struct vn_cal_transport *t)
{
}

static void set_marks(struct vn_caliper *c, uint32_t *marks)
{
	const struct vn_caliper_packet p = { .size = sizeof(p), .payload_len = 18 };

	for (int i = 0; i < MARKS; i++) {
		if (vn_caliper_send(c, &p, 1) != 1 || vn_caliper_mark(c, 0, &marks[i]))
			abort();
	}
}

static void look_at_events(struct vn_caliper *c)
{
	struct vn_caliper_event events[4];
	int n = vn_caliper_events(c, events, 4, 1000);

	for (int i = 0; i < n; i++) {
		if (events[i].event.snap > CAL_SNAP_MAX)
			abort();
	}
}

static void ask_everything(struct vn_caliper *c)
{
	uint64_t counters[4] = { 0 }, card_ns;
	struct vn_caliper_info info = { .size = sizeof(info) };
	struct cal_cancel_done done;
	struct cal_clock clock;

	vn_caliper_clock(c, &clock);
	vn_caliper_stats(c, counters, 4);
	vn_caliper_cancel(c, 0, UINT32_MAX, &done);
	vn_caliper_reset(c, &card_ns);
	if (!vn_caliper_info(c, &info) && info.ifname[sizeof(info.ifname) - 1])
		abort();
}

static void use(struct vn_caliper *c, const uint32_t *marks)
{
	unsigned int taken = 0;
	int ret;

	for (int i = 0; i < MARKS; i++) {
		/* refusals come first, one a call; there are no more than the input has bytes */
		do
			ret = vn_caliper_wait(c, marks[i], 3000000000, NULL);
		while (ret && ret != -ETIMEDOUT && ret != -ECANCELED && c->refusals.n_runs);
		taken += !ret;
		look_at_events(c);
	}
	ask_everything(c);
	if (c->marks.hits > MARKS - taken || vn_caliper_error(c)[sizeof(c->err.text) - 1])
		abort();
	look_at_events(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzzed f = {
		.t = { fuzzed_send, fuzzed_recv, fuzzed_now, fuzzed_fd, fuzzed_close },
		.data = data,
		.size = size,
	};
	uint32_t marks[MARKS];
	struct vn_caliper *c;

	if (vn_caliper_open_by(&c, NULL, &f.t, NULL) || vn_caliper_subscribe(c, 0x7e, 128))
		abort();
	set_marks(c, marks);
	f.is_open = true;
	use(c, marks);
	vn_caliper_close(c);
	return 0;
}
