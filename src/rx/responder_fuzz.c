/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arbitrary frames into a responder that has every address. The input is cut
 * into frames, each behind 4 bytes of its own: how many frames the device takes
 * before it refuses, flags, how long it is (2 bytes). Each answer is given
 * back as a question, which must not be answered; the counts must agree.
 */
#include "addrset.c"
#include "answer.c"
#include "question.c"
#include "responder.c"

#define HEAD	  4
#define FRAME_CAP 2048
#define FRAMES	  4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 };

struct device {
	struct vn_txq q;
	struct vn_netdev net;
	uint32_t room;
	enum vn_tx_code code;
	uint8_t sent[FRAME_CAP];
	uint32_t len; /* of sent; 0: nothing was */
};

static void check(int is_true)
{
	if (!is_true)
		abort();
}

static struct vn_tx_done commit(struct vn_txq *q, unsigned int n)
{
	struct device *d = vn_container_of(q, struct device, q);
	struct vn_tx_done done = { .sent = VN_MIN(n, d->room), .code = VN_TX_OK };

	if (done.sent) {
		const struct vn_frame *f = &q->frames[(q->tail + done.sent - 1) & q->mask];

		check(f->len <= f->cap);
		memcpy(d->sent, f->data, f->len);
		d->len = f->len;
	}
	d->room -= done.sent;
	if (done.sent < n)
		done.code = (int32_t)d->code;
	return done;
}

static uint64_t check_counts(const struct vn_responder *r)
{
	struct vn_responder_counts c;
	uint64_t seen = 0, asked = 0, answered = 0;

	vn_responder_read(r, &c);
	for (unsigned int v = 0; v < VN_RESPONDER_N_VERDICTS; v++)
		seen += c.seen[v];
	for (unsigned int k = 0; k < VN_RESPONDER_N_KINDS; k++) {
		check(c.answered[k] <= c.seen[k]);
		asked += c.seen[k];
		answered += c.answered[k];
	}
	check(asked == answered + c.unsent);
	return seen;
}

/* In memory of exactly its size, so that the sanitizer sees a byte too far. */
static void feed(struct vn_responder *r, uint8_t flags, const uint8_t *frame, uint32_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct vn_rx_pkt pkt = {
		.data = exact,
		.caplen = len,
		.len = len,
		.has_vlan = flags & 1,
		.has_partial_csum = flags & 2,
	};

	check(exact != NULL);
	memcpy(exact, frame, len);
	vn_responder_handle(r, &pkt, 1);
	free(exact);
}

/* The answer as it comes to another responder with all addresses. */
static void feed_answer(struct vn_responder *r, struct device *d)
{
	uint8_t answer[FRAME_CAP];
	uint32_t len = d->len;

	memcpy(answer, d->sent, len);
	if (!(answer[0] & 1))
		memcpy(answer, our_mac, 6);
	answer[11] ^= 1;
	d->len = 0;
	d->room = FRAMES;
	feed(r, 0, answer, len);
	check(d->len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device d = { .code = VN_TX_BUSY };
	struct vn_addrset all = { .n4 = 1, .n6 = 1 }; /* 0.0.0.0/0 and ::/0 */
	struct vn_responder *r;
	uint64_t n = 0;

	check(vn_txq_init(&d.q, &d.net, FRAMES, FRAME_CAP) == 0);
	d.q.commit = commit;
	check(vn_responder_new(&all, our_mac, &d.q, &r) == 0);
	while (size >= HEAD) {
		uint32_t len = (uint32_t)VN_MIN(size - HEAD, vn_get_be16(data + 2));

		d.len = 0;
		d.room = data[0] % 2 ? 0 : FRAMES;
		d.code = data[1] & 4 ? VN_XMIT_DROP : VN_TX_BUSY;
		feed(r, data[1], data + HEAD, len);
		n++;
		if (d.len) {
			feed_answer(r, &d);
			n++;
		}
		data += HEAD + len;
		size -= HEAD + len;
		check(check_counts(r) == n);
	}
	vn_responder_free(r);
	vn_txq_fini(&d.q);
	return 0;
}
