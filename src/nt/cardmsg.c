/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/cardmsg.h"

#include <errno.h>
#include <stdbool.h>

#include "base/macros.h"

static const char *const names[] = {
#define NAME(name) [VN_NT_CARD_##name] = #name,
	VN_NT_CARDMSG_OPS(NAME)
#undef NAME
};

#define DRIVER (1u << VN_NT_ROLE_DRIVER)
#define LOADER (1u << VN_NT_ROLE_LOADER)
#define CARD   (1u << VN_NT_ROLE_CARD)
#define ANYONE (1u << VN_NT_ROLE_NONE) /* before HELLO there is nothing else to say */
#define ANY    VN_NT_CARDMSG_DATA_MAX

/* What each may say: bytes of data, and what they are a multiple of. */
static const struct row {
	enum vn_nt_cardmsg_op op;
	unsigned int from;
	uint32_t min, max, unit;
} rows[] = {
	{ VN_NT_CARD_HELLO, ANYONE | DRIVER | LOADER | CARD, 0, 0, 1 },
	{ VN_NT_CARD_REG_READ, DRIVER | LOADER, 0, 0, 1 },
	{ VN_NT_CARD_REG_VALUE, CARD, 0, 0, 1 },
	{ VN_NT_CARD_REG_WRITE, DRIVER | LOADER, 0, 0, 1 },
	{ VN_NT_CARD_DMA_TX, DRIVER, 1, ANY, 1 },
	{ VN_NT_CARD_DMA_RX_START, DRIVER, 0, 0, 1 },
	{ VN_NT_CARD_DMA_RX_DATA, CARD, 1, ANY, 1 },
	{ VN_NT_CARD_IRQ, CARD, 0, 0, 1 },
	{ VN_NT_CARD_LOAD_INSTR, LOADER, 4, ANY, 4 },
	{ VN_NT_CARD_LOAD_INSTR, CARD, 0, 0, 1 },
	{ VN_NT_CARD_LOAD_DATA, LOADER, 4, ANY, 4 },
	{ VN_NT_CARD_LOAD_DATA, CARD, 0, 0, 1 },
	{ VN_NT_CARD_RUN, LOADER | CARD, 0, 0, 1 },
	{ VN_NT_CARD_HALT, LOADER | CARD, 0, 0, 1 },
	{ VN_NT_CARD_STATS, DRIVER | LOADER, 0, 0, 1 },
	{ VN_NT_CARD_STATS, CARD, 0, ANY, 1 },
	{ VN_NT_CARD_TIME, DRIVER | LOADER | CARD, 0, 0, 1 },
	{ VN_NT_CARD_ERROR, CARD, 0, ANY, 1 },
};

const char *vn_nt_cardmsg_name(unsigned int op)
{
	return op < VN_ARRAY_SIZE(names) ? names[op] : NULL;
}

static const char *role_name(enum vn_nt_card_role role)
{
	switch (role) {
	case VN_NT_ROLE_DRIVER:
		return "a driver";
	case VN_NT_ROLE_LOADER:
		return "a loader";
	case VN_NT_ROLE_CARD:
		return "the card";
	default:
		return "a client before HELLO";
	}
}

/* The protocol's byte order, whatever the machine's. */
static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static const struct row *find_row(enum vn_nt_cardmsg_op op, enum vn_nt_card_role from)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++)
		if (rows[i].op == op && (rows[i].from & 1u << from))
			return &rows[i];
	return NULL;
}

static int check(const struct vn_nt_cardmsg *msg, enum vn_nt_card_role from, struct vn_err *err)
{
	const char *name = vn_nt_cardmsg_name(msg->op);
	uint16_t allowed = from == VN_NT_ROLE_CARD ? VN_NT_CARDMSG_REPLY : 0;
	const struct row *row = find_row(msg->op, from);

	if (!name)
		return vn_err_set(err, EOPNOTSUPP, "unknown op %u (there are 1 to %d)", msg->op,
				  VN_NT_CARD_N_OPS - 1);
	if (!row)
		return vn_err_set(err, EPERM, "%s is not for %s to say", name, role_name(from));
	if (msg->flags & ~allowed)
		return vn_err_set(err, EINVAL, "%s: unknown flags 0x%04x", name, msg->flags);
	if (msg->len < row->min || msg->len > row->max || msg->len % row->unit)
		return vn_err_set(err, EINVAL, "%s with %u bytes of data; %u to %u are taken%s",
				  name, msg->len, row->min, row->max,
				  row->unit > 1 ? ", in words of 4" : "");
	return 0;
}

int vn_nt_cardmsg_decode(struct vn_nt_cardmsg *msg, enum vn_nt_card_role from,
			 const uint8_t *packet, size_t len, struct vn_err *err)
{
	*msg = (struct vn_nt_cardmsg){ 0 };
	if (len < VN_NT_CARDMSG_HEAD || len > VN_NT_CARDMSG_MAX)
		return vn_err_set(err, EBADMSG, "a packet of %zu bytes; messages have %d to %d",
				  len, VN_NT_CARDMSG_HEAD, VN_NT_CARDMSG_MAX);
	if (get_le32(packet) != VN_NT_CARDMSG_MAGIC)
		return vn_err_set(err, EBADMSG, "magic 0x%08x; messages begin with 0x%08x",
				  get_le32(packet), VN_NT_CARDMSG_MAGIC);
	msg->op = packet[4] | (unsigned int)packet[5] << 8;
	msg->flags = (uint16_t)(packet[6] | packet[7] << 8);
	msg->a = get_le32(packet + 8);
	msg->b = get_le32(packet + 12);
	msg->len = (uint32_t)(len - VN_NT_CARDMSG_HEAD);
	if (msg->len > 0)
		msg->data = packet + VN_NT_CARDMSG_HEAD;
	return check(msg, from, err);
}

void vn_nt_cardmsg_encode(const struct vn_nt_cardmsg *msg, uint8_t head[VN_NT_CARDMSG_HEAD])
{
	put_le32(head, VN_NT_CARDMSG_MAGIC);
	head[4] = (uint8_t)msg->op;
	head[5] = (uint8_t)(msg->op >> 8);
	head[6] = (uint8_t)msg->flags;
	head[7] = (uint8_t)(msg->flags >> 8);
	put_le32(head + 8, msg->a);
	put_le32(head + 12, msg->b);
}
