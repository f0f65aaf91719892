/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients, and requests as rows: an op and what does it. */
#include "nt/cardserve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nt/cardserve_priv.h"
#include "nt/image.h"

/* -- Clients -------------------------------------------------------------- */

int vn_nt_cardserve_new(struct vn_nt_card *card, const struct vn_nt_cardserve_ops *ops, void *arg,
			struct vn_nt_cardserve **out)
{
	struct vn_nt_cardserve *serve = calloc(1, sizeof(*serve));

	*out = NULL;
	if (!serve)
		return -ENOMEM;
	serve->words = calloc(VN_NT_TEXT_WORDS, sizeof(*serve->words));
	if (!serve->words) {
		free(serve);
		return -ENOMEM;
	}
	serve->card = card;
	serve->ops = ops;
	serve->arg = arg;
	serve->until = VN_NT_NEVER;
	serve->mask = UINT32_MAX;
	*out = serve;
	return 0;
}

void vn_nt_cardserve_free(struct vn_nt_cardserve *serve)
{
	if (!serve)
		return;
	free(serve->words);
	free(serve);
}

void vn_nt_cardserve_started(struct vn_nt_cardserve *serve)
{
	serve->program = VN_NT_PROGRAM_STARTED;
}

uint64_t vn_nt_cardserve_until(const struct vn_nt_cardserve *serve)
{
	return serve->until;
}

void vn_nt_cardserve_join(struct vn_nt_cardclient *client)
{
	client->role = VN_NT_ROLE_NONE;
}

void vn_nt_cardserve_leave(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client)
{
	if (client->role != VN_NT_ROLE_NONE && serve->clients[client->role] == client)
		serve->clients[client->role] = NULL;
	if (client->role == VN_NT_ROLE_DRIVER)
		serve->mask = UINT32_MAX;
	serve->loader_step = VN_NT_LOADER_CODE;
	client->role = VN_NT_ROLE_NONE;
}

/* -- Answers -------------------------------------------------------------- */

static void answer(struct vn_nt_cardclient *client, enum vn_nt_cardmsg_op op, uint32_t a,
		   uint32_t b)
{
	const struct vn_nt_cardmsg msg = { .op = op, .flags = VN_NT_CARDMSG_REPLY, .a = a, .b = b };

	client->send(client, &msg);
}

static void answer_cycle(struct vn_nt_cardclient *client, enum vn_nt_cardmsg_op op, uint64_t cycle)
{
	answer(client, op, (uint32_t)cycle, (uint32_t)(cycle >> 32));
}

static void answer_error(struct vn_nt_cardclient *client, int error, unsigned int op,
			 const char *sentence)
{
	const struct vn_nt_cardmsg msg = {
		.op = VN_NT_CARD_ERROR,
		.flags = VN_NT_CARDMSG_REPLY,
		.a = (uint32_t)error,
		.b = op,
		.data = (const uint8_t *)sentence,
		.len = (uint32_t)strlen(sentence),
	};

	client->send(client, &msg);
}

void vn_nt_cardserve_tell(struct vn_nt_cardserve *serve, enum vn_nt_cardmsg_op op, uint32_t a,
			  const uint8_t *data, uint32_t len)
{
	struct vn_nt_cardclient *driver = serve->clients[VN_NT_ROLE_DRIVER];
	const struct vn_nt_cardmsg msg = { .op = op, .a = a, .data = data, .len = len };

	if (driver)
		driver->send(driver, &msg);
}

/* -- Requests -------------------------------------------------------------- */

static int on_hello(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		    const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	if (client->role != VN_NT_ROLE_NONE)
		return vn_err_set(err, EALREADY, "a second HELLO");
	if (msg->a != VN_NT_CARDMSG_VERSION)
		return vn_err_set(err, EPROTONOSUPPORT, "protocol version %u; this card speaks %d",
				  msg->a, VN_NT_CARDMSG_VERSION);
	if (msg->b != VN_NT_ROLE_DRIVER && msg->b != VN_NT_ROLE_LOADER)
		return vn_err_set(err, EINVAL, "role %u; 1 (driver) and 2 (loader) are taken",
				  msg->b);
	if (serve->clients[msg->b])
		return vn_err_set(err, EBUSY, "the card has a %s already",
				  msg->b == VN_NT_ROLE_DRIVER ? "driver" : "loader");
	client->role = (enum vn_nt_card_role)msg->b;
	serve->clients[client->role] = client;
	answer(client, VN_NT_CARD_HELLO, msg->a, msg->b);
	if (msg->b == VN_NT_ROLE_DRIVER)
		vn_nt_cardserve_write_mask(serve, 0);
	return 0;
}

static int on_reg_read(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		       const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	uint32_t value;
	int rc = vn_nt_cardserve_read_reg(serve, client->role, msg->a, &value, err);

	if (!rc)
		answer(client, VN_NT_CARD_REG_VALUE, msg->a, value);
	return rc;
}

static int on_reg_write(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	return vn_nt_cardserve_write_reg(serve, client->role, msg->a, msg->b, err);
}

static int on_dma_tx(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		     const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	return vn_nt_cardserve_start_tx(serve, msg->a, msg->data, msg->len, err);
}

static int on_dma_rx_start(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			   const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	return vn_nt_cardserve_start_rx(serve, err);
}

static int on_load_instr(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			 const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	int rc = vn_nt_cardserve_put_text(serve, msg->a, msg->data, msg->len / 4, err);

	if (!rc)
		answer(client, VN_NT_CARD_LOAD_INSTR, msg->a, msg->len / 4);
	return rc;
}

static int on_load_data(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	int rc = vn_nt_cardserve_put_data(serve, msg->a, msg->data, msg->len / 4, err);

	if (!rc)
		answer(client, VN_NT_CARD_LOAD_DATA, msg->a, msg->len / 4);
	return rc;
}

static int on_run(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		  const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	int rc = vn_nt_cardserve_run(serve, msg->a, msg->b, err);

	if (!rc)
		answer_cycle(client, VN_NT_CARD_RUN,
			     serve->until != VN_NT_NEVER ? serve->until
							 : vn_nt_card_cycle(serve->card));
	return rc;
}

static int on_halt(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		   const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	int rc = vn_nt_cardserve_halt(serve, err);

	if (!rc)
		answer(client, VN_NT_CARD_HALT, 0, 0);
	return rc;
}

static int on_time(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		   const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	answer_cycle(client, VN_NT_CARD_TIME, vn_nt_card_cycle(serve->card));
	return 0;
}

static int on_stats(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		    const struct vn_nt_cardmsg *msg, struct vn_err *err)
{
	struct vn_nt_cardmsg reply = { .op = VN_NT_CARD_STATS, .flags = VN_NT_CARDMSG_REPLY };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (!f)
		return vn_err_set(err, ENOMEM, "out of memory");
	rc = serve->ops->stats(serve->arg, f);
	if (fclose(f) != 0 && !rc)
		rc = -ENOMEM;
	if (!rc && len > VN_NT_CARDMSG_DATA_MAX)
		rc = -EMSGSIZE;
	reply.data = (const uint8_t *)text;
	reply.len = (uint32_t)len;
	if (!rc)
		client->send(client, &reply);
	free(text);
	return rc < 0 ? vn_err_set(err, -rc, "statistics: %s", strerror(-rc)) : 0;
}

/* What clients may say, which is what decode() lets through. */
typedef int request_fn(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
		       const struct vn_nt_cardmsg *msg, struct vn_err *err);

static request_fn *const requests[VN_NT_CARD_N_OPS] = {
	[VN_NT_CARD_HELLO] = on_hello,
	[VN_NT_CARD_REG_READ] = on_reg_read,
	[VN_NT_CARD_REG_WRITE] = on_reg_write,
	[VN_NT_CARD_DMA_TX] = on_dma_tx,
	[VN_NT_CARD_DMA_RX_START] = on_dma_rx_start,
	[VN_NT_CARD_LOAD_INSTR] = on_load_instr,
	[VN_NT_CARD_LOAD_DATA] = on_load_data,
	[VN_NT_CARD_RUN] = on_run,
	[VN_NT_CARD_HALT] = on_halt,
	[VN_NT_CARD_STATS] = on_stats,
	[VN_NT_CARD_TIME] = on_time,
};

bool vn_nt_cardserve_packet(struct vn_nt_cardserve *serve, struct vn_nt_cardclient *client,
			    const uint8_t *packet, size_t len)
{
	struct vn_nt_cardmsg msg;
	struct vn_err err = { "" };
	int rc = vn_nt_cardmsg_decode(&msg, client->role, packet, len, &err);
	bool ends = rc == -EBADMSG || msg.op == VN_NT_CARD_HELLO;

	if (!rc)
		rc = requests[msg.op](serve, client, &msg, &err);
	if (rc < 0)
		answer_error(client, -rc, msg.op, err.text);
	return rc == 0 || !ends;
}
