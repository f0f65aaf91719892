/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet generator in small: seven threads prepare packets, each at its pace,
 * thread 0 sends them in order, GAP cycles from one to the next, by the hardware's
 * clock. FRAME is without FCS.
 */
#include "memcpy.h"
#include "mtdeque.h"
#include "pktbuff.h"

enum {
	PACKETS = 8,
	AHEAD = 5000, /* cycles before its departure that a packet is handed over */
	LOCK_RING = LOCK_PREDEF,
};

struct packet {
	struct deque_item item;
	char *slot;
};

static struct mtdeque to_fill, to_send;
static struct packet packets[PACKETS], *prepared[PACKETS];
static uint next_id, next_to_send;
static const char header[48] __attribute__((aligned(8))) = "a frame's headers";

static void init(void)
{
	mtdeque_init(&to_fill, LOCK_DS0, LOCK_DS1);
	mtdeque_init(&to_send, LOCK_DS2, LOCK_DS3);
	for (int i = 0; i < PACKETS; i++) {
		packets[i].slot = (char *)nf_pktout_alloc(NF_SLOT_BYTES);
		mtdeque_push_tail(&to_fill, &packets[i].item);
	}
}

/* Packets that are ready, up to the first that is not, go to the sender. */
static void hand_over(struct packet *p, uint id)
{
	nf_lock(LOCK_RING);
	prepared[id % PACKETS] = p;
	while (prepared[next_to_send % PACKETS]) {
		mtdeque_push_tail(&to_send, &prepared[next_to_send % PACKETS]->item);
		prepared[next_to_send++ % PACKETS] = 0;
	}
	nf_unlock(LOCK_RING);
}

static void prepare(void)
{
	for (;;) {
		struct packet *p =
			deque_entry(mtdeque_pop(&to_fill, CAN_BLOCK), struct packet, item);
		uint id;

		nf_lock(LOCK_RING);
		id = next_id++;
		nf_unlock(LOCK_RING);
		fill_ioq((struct ioq_header *)p->slot, PORT_MAC(0), FRAME);
		memcpy32(p->slot + sizeof(struct ioq_header), header, sizeof(header));
		*(uint *)(p->slot + sizeof(struct ioq_header) + 44) = id;
		hand_over(p, id);
	}
}

static void send_one(struct packet *p, uint departure)
{
	while ((int)(departure - nf_time()) > AHEAD)
		relax();
	nf_pktout_send_setup(p->slot, p->slot + sizeof(struct ioq_header) + FRAME);
	nf_pktout_send_schedule(departure);
	p->slot = (char *)nf_pktout_send_finish_nocollect();
	mtdeque_push_tail(&to_fill, &p->item);
}

int main(void)
{
	uint departure = 20000;

	nf_start(init);
	if (nf_tid() != 0)
		prepare();
	for (;;) {
		struct deque_item *item = mtdeque_pop(&to_send, NO_BLOCK);

		if (item) {
			send_one(deque_entry(item, struct packet, item), departure);
			departure += GAP;
		}
	}
}
