/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any conversation of a driver and a loader with a card, which also runs what is
 * loaded. A record of the input is: who speaks, the op, b, two bytes of a, how many
 * bytes of data, those; a bit of the first makes the packet a short one. What
 * the card says must be what a card may say.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/cardserve.c"
#include "nt/cardserve_load.c"
#include "nt/cardserve_regs.c"

#define HEAD	    6
#define CYCLES	    400	 /* after each packet */
#define ADDRESS_BIT 0x80 /* of who: a is an address of data memory or the loader's register */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void listen_to(struct vn_nt_cardclient *client, const struct vn_nt_cardmsg *msg)
{
	uint8_t *packet = malloc(VN_NT_CARDMSG_HEAD + msg->len);
	struct vn_nt_cardmsg heard;
	struct vn_err err;

	if (!packet)
		return;
	vn_nt_cardmsg_encode(msg, packet);
	if (msg->len)
		memcpy(packet + VN_NT_CARDMSG_HEAD, msg->data, msg->len);
	if (vn_nt_cardmsg_decode(&heard, VN_NT_ROLE_CARD, packet, VN_NT_CARDMSG_HEAD + msg->len,
				 &err) < 0)
		abort();
	free(packet);
}

static int no_stats(void *arg, FILE *out)
{
	return fputs("{}", out) < 0 ? -EIO : 0;
}

static void pass_time(struct vn_nt_card *card, struct vn_nt_cardserve *serve)
{
	uint64_t until = VN_MIN(vn_nt_card_cycle(card) + CYCLES, vn_nt_cardserve_until(serve));
	struct vn_nt_out out;

	if (until < vn_nt_card_cycle(card))
		abort();
	vn_nt_card_run(card, until);
	while (vn_nt_hw_take(vn_nt_card_hw(card), &out))
		vn_nt_cardserve_event(serve, &out);
}

/* Returns the bytes of the record; data are what is left when it asks for more. */
static size_t speak(struct vn_nt_cardserve *serve, struct vn_nt_cardclient clients[2],
		    const uint8_t *in, size_t size)
{
	struct vn_nt_cardclient *client = &clients[in[0] & 1];
	size_t len = VN_MIN((size_t)in[5], size - HEAD);
	struct vn_nt_cardmsg msg = { .op = in[1], .b = in[2] };
	uint8_t packet[VN_NT_CARDMSG_HEAD + UINT8_MAX];
	size_t n = VN_NT_CARDMSG_HEAD + len;

	msg.a = in[3] | (uint32_t)in[4] << 8;
	if (in[0] & ADDRESS_BIT)
		msg.a = in[4] ? VN_NT_LOAD_BASE + msg.a : VN_NT_PCI_LOADER;
	vn_nt_cardmsg_encode(&msg, packet);
	memcpy(packet + VN_NT_CARDMSG_HEAD, in + HEAD, len);
	if (in[0] & 2)
		n = VN_MIN(n, (size_t)in[3]);
	if (!vn_nt_cardserve_packet(serve, client, packet, n)) {
		vn_nt_cardserve_leave(serve, client);
		vn_nt_cardserve_join(client);
	}
	return HEAD + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vn_nt_cardserve_ops ops = { no_stats };
	struct vn_nt_cardclient clients[2] = { { .send = listen_to }, { .send = listen_to } };
	struct vn_nt_config cfg = vn_nt_defaults;
	struct vn_nt_cardserve *serve;
	struct vn_nt_card *card;
	struct vn_err err;

	cfg.hw.has_driver = true;
	cfg.engine = VN_NT_INTERPRET;
	if (vn_nt_card_new(&cfg, &card, &err) < 0)
		return 0;
	if (vn_nt_cardserve_new(card, &ops, NULL, &serve) == 0) {
		while (size > HEAD) {
			size_t n = speak(serve, clients, data, size);

			data += n;
			size -= n;
			pass_time(card, serve);
		}
		vn_nt_cardserve_free(serve);
	}
	vn_nt_card_free(card);
	return 0;
}
