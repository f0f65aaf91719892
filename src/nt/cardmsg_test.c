/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the card socket as bytes, and who may say which. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macros.h"
#include "nt/cardmsg.h"

#define DATA_MAX 65536
#define NONE	 (-1) /* not to be said */

/* A LOAD_INSTR of two words, written down from the protocol's table. */
static const uint8_t load_instr[] = {
	0x44, 0x43, 0x46, 0x4e, 9,    0,    0,	  0,	0x34, 0x12, 0,	  0,
	0,    0,    0,	  0,	0x3c, 0x1c, 0x04, 0x04, 0xaf, 0xbf, 0x00, 0x10,
};

static void a_message_is_taken_apart(void **state)
{
	struct vn_nt_cardmsg msg;
	struct vn_err err = { "" };

	assert_int_equal(
		vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_LOADER, load_instr, sizeof(load_instr), &err),
		0);
	assert_int_equal(msg.op, VN_NT_CARD_LOAD_INSTR);
	assert_int_equal(msg.flags, 0);
	assert_int_equal(msg.a, 0x1234);
	assert_int_equal(msg.b, 0);
	assert_int_equal(msg.len, 8);
	assert_ptr_equal(msg.data, load_instr + 16);
}

static void a_head_is_put_together(void **state)
{
	static const uint8_t want[] = { 0x44, 0x43, 0x46, 0x4e, 14,   0,    1,	  0,
					0x78, 0x56, 0x34, 0x12, 0xf0, 0xde, 0xbc, 0x9a };
	const struct vn_nt_cardmsg msg = { .op = VN_NT_CARD_TIME,
					   .flags = VN_NT_CARDMSG_REPLY,
					   .a = 0x12345678,
					   .b = 0x9abcdef0 };
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct vn_nt_cardmsg again;
	struct vn_err err = { "" };

	vn_nt_cardmsg_encode(&msg, head);
	assert_memory_equal(head, want, sizeof(want));
	assert_int_equal(vn_nt_cardmsg_decode(&again, VN_NT_ROLE_CARD, head, sizeof(head), &err),
			 0);
	assert_int_equal(again.op, msg.op);
	assert_int_equal(again.flags, msg.flags);
	assert_int_equal(again.a, msg.a);
	assert_int_equal(again.b, msg.b);
	assert_null(again.data);
}

/* The table of the protocol: for each speaker the least data, NONE: may not say it. */
static const struct {
	const char *name;
	int before_hello, driver, loader, card;
	uint32_t client_max, card_max;
	uint32_t unit; /* of what clients say */
} table[] = {
	{ NULL, NONE, NONE, NONE, NONE, 0, 0, 1 },
	{ "HELLO", 0, 0, 0, 0, 0, 0, 1 },
	{ "REG_READ", NONE, 0, 0, NONE, 0, 0, 1 },
	{ "REG_VALUE", NONE, NONE, NONE, 0, 0, 0, 1 },
	{ "REG_WRITE", NONE, 0, 0, NONE, 0, 0, 1 },
	{ "DMA_TX", NONE, 1, NONE, NONE, DATA_MAX, 0, 1 },
	{ "DMA_RX_START", NONE, 0, NONE, NONE, 0, 0, 1 },
	{ "DMA_RX_DATA", NONE, NONE, NONE, 1, 0, DATA_MAX, 1 },
	{ "IRQ", NONE, NONE, NONE, 0, 0, 0, 1 },
	{ "LOAD_INSTR", NONE, NONE, 4, 0, DATA_MAX, 0, 4 },
	{ "LOAD_DATA", NONE, NONE, 4, 0, DATA_MAX, 0, 4 },
	{ "RUN", NONE, NONE, 0, 0, 0, 0, 1 },
	{ "HALT", NONE, NONE, 0, 0, 0, 0, 1 },
	{ "STATS", NONE, 0, 0, 0, 0, DATA_MAX, 1 },
	{ "TIME", NONE, 0, 0, 0, 0, 0, 1 },
	{ "ERROR", NONE, NONE, NONE, 0, 0, DATA_MAX, 1 },
	{ NULL, NONE, NONE, NONE, NONE, 0, 0, 1 },
};

/* In memory of exactly that size, so that a sanitizer sees who reads on. */
static int decode(unsigned int op, unsigned int flags, enum vn_nt_card_role from, uint32_t len,
		  struct vn_err *err)
{
	uint8_t *packet = calloc(1, 16 + (size_t)len);
	struct vn_nt_cardmsg msg;
	int rc;

	assert_non_null(packet);
	memcpy(packet, load_instr, 4);
	packet[4] = (uint8_t)op;
	packet[5] = (uint8_t)(op >> 8);
	packet[6] = (uint8_t)flags;
	err->text[0] = '\0';
	rc = vn_nt_cardmsg_decode(&msg, from, packet, 16 + (size_t)len, err);
	assert_int_equal(msg.op, len > DATA_MAX ? 0 : op);
	assert_true(rc == 0 || err->text[0]);
	free(packet);
	return rc;
}

static void expect_lengths(unsigned int op, enum vn_nt_card_role from, uint32_t min, uint32_t max,
			   uint32_t unit)
{
	struct vn_err err;

	assert_int_equal(decode(op, 0, from, min, &err), 0);
	assert_int_equal(decode(op, 0, from, max, &err), 0);
	if (min > 0)
		assert_int_equal(decode(op, 0, from, min - 1, &err), -EINVAL);
	assert_int_equal(decode(op, 0, from, max + 1, &err), max == DATA_MAX ? -EBADMSG : -EINVAL);
	if (unit > 1)
		assert_int_equal(decode(op, 0, from, max - 1, &err), -EINVAL);
	assert_int_equal(decode(op, 1, from, min, &err), from == VN_NT_ROLE_CARD ? 0 : -EINVAL);
	assert_int_equal(decode(op, 2, from, min, &err), -EINVAL);
}

static void each_says_what_is_its_to_say(void **state)
{
	struct vn_err err;

	for (unsigned int op = 0; op < VN_ARRAY_SIZE(table); op++) {
		const int least[] = { table[op].before_hello, table[op].driver, table[op].loader,
				      table[op].card };

		for (unsigned int from = 0; from < VN_ARRAY_SIZE(least); from++) {
			bool is_card = from == VN_NT_ROLE_CARD;
			uint32_t max = is_card ? table[op].card_max : table[op].client_max;

			if (least[from] == NONE)
				assert_int_equal(decode(op, 0, from, 0, &err),
						 table[op].name ? -EPERM : -EOPNOTSUPP);
			else
				expect_lengths(op, from, (uint32_t)least[from], max,
					       is_card ? 1 : table[op].unit);
		}
	}
}

static void names_are_the_protocols(void **state)
{
	for (unsigned int op = 0; op < VN_ARRAY_SIZE(table); op++) {
		if (table[op].name)
			assert_string_equal(vn_nt_cardmsg_name(op), table[op].name);
		else
			assert_null(vn_nt_cardmsg_name(op));
	}
	assert_null(vn_nt_cardmsg_name(70000));
}

static void what_is_wrong_is_said(void **state)
{
	struct vn_nt_cardmsg msg;
	uint8_t packet[16] = { 1, 2, 3, 4 };
	struct vn_err err;

	assert_int_equal(vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_DRIVER, packet, 15, &err), -EBADMSG);
	assert_string_equal(err.text, "a packet of 15 bytes; messages have 16 to 65552");
	assert_int_equal(vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_DRIVER, NULL, 0, &err), -EBADMSG);
	assert_int_equal(vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_DRIVER, packet, 16, &err), -EBADMSG);
	assert_string_equal(err.text, "magic 0x04030201; messages begin with 0x4e464344");
	decode(77, 0, VN_NT_ROLE_DRIVER, 0, &err);
	assert_string_equal(err.text, "unknown op 77 (there are 1 to 15)");
	decode(0x101, 0, VN_NT_ROLE_DRIVER, 0, &err);
	assert_string_equal(err.text, "unknown op 257 (there are 1 to 15)");
	decode(VN_NT_CARD_RUN, 0, VN_NT_ROLE_DRIVER, 0, &err);
	assert_string_equal(err.text, "RUN is not for a driver to say");
	decode(VN_NT_CARD_TIME, 0, VN_NT_ROLE_NONE, 0, &err);
	assert_string_equal(err.text, "TIME is not for a client before HELLO to say");
	decode(VN_NT_CARD_LOAD_DATA, 0, VN_NT_ROLE_LOADER, 7, &err);
	assert_string_equal(err.text,
			    "LOAD_DATA with 7 bytes of data; 4 to 65536 are taken, in words of 4");
	decode(VN_NT_CARD_HALT, 4, VN_NT_ROLE_LOADER, 0, &err);
	assert_string_equal(err.text, "HALT: unknown flags 0x0004");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_taken_apart),
		cmocka_unit_test(a_head_is_put_together),
		cmocka_unit_test(each_says_what_is_its_to_say),
		cmocka_unit_test(names_are_the_protocols),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
