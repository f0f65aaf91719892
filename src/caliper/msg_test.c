/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the NetLink protocol: as bytes, and what is refused with which errno. */
#include <errno.h>
#include <linux/netlink.h>
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
#include "caliper/msg.h"

#define CARD 3

/* The protocol is in host order; this is what a little-endian machine has. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* MARK with FLUSH and NLM_F_ACK, sequence number 0x0102, card 3, written down from the table. */
static const uint8_t mark[] = {
	24, 0, 0, 0, 0x23, 0, 4, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 3, 1, 0, 0, 0, 0, 0,
};

static void a_message_is_these_bytes(void **state)
{
	struct vn_cal_reader r;
	struct vn_cal_writer w;
	struct vn_cal_msg msg;
	uint8_t bytes[64];

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	assert_true(vn_cal_put(&w, CAL_MARK, NLM_F_ACK, 0x102, 0, CAL_MARK_FLUSH, 0, NULL, 0));
	assert_int_equal(w.len, sizeof(mark));
	assert_memory_equal(bytes, mark, sizeof(mark));

	vn_cal_reader_init(&r, mark, sizeof(mark));
	assert_int_equal(vn_cal_next(&r, VN_CAL_DRIVER_DATA, CARD, &msg), 1);
	assert_int_equal(msg.type, CAL_MARK);
	assert_int_equal(msg.nl_flags, NLM_F_ACK);
	assert_int_equal(msg.seq, 0x102);
	assert_int_equal(msg.head.flags, CAL_MARK_FLUSH);
	assert_int_equal(msg.len, 0);
	assert_int_equal(vn_cal_next(&r, VN_CAL_DRIVER_DATA, CARD, &msg), 0);
}
#else
static void a_message_is_these_bytes(void **state)
{
	skip();
}
#endif

/* One message at bytes; its length. */
static size_t put(uint8_t *bytes, size_t cap, uint16_t type, uint16_t flags, uint32_t count,
		  const void *body, size_t len)
{
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, cap, CARD);
	assert_true(vn_cal_put(&w, type, 0, 7, 0, flags, count, body, len));
	return w.len;
}

static int told(const uint8_t *bytes, size_t len, enum vn_cal_hearer hearer)
{
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	vn_cal_reader_init(&r, bytes, len);
	return vn_cal_next(&r, hearer, CARD, &msg);
}

#define DATA	VN_CAL_DRIVER_DATA
#define CONTROL VN_CAL_DRIVER_CONTROL
#define CLIENT	VN_CAL_CLIENT

static void each_type_has_its_hearer_and_its_length(void **state)
{
	static const struct {
		uint16_t type;
		enum vn_cal_hearer hearer;
		uint32_t count;
		size_t len;
	} cases[] = {
		{ CAL_MARK, DATA, 0, 0 },	    { CAL_HELLO, CONTROL, 0, 8 },
		{ CAL_RESET, CONTROL, 0, 0 },	    { CAL_STATS_GET, CONTROL, 0, 0 },
		{ CAL_SUBSCRIBE, CONTROL, 0, 8 },   { CAL_CANCEL, CONTROL, 0, 8 },
		{ CAL_POLICY, CONTROL, 0, 24 },	    { CAL_CLOCK, CONTROL, 0, 0 },
		{ CAL_HELLO_ACK, CLIENT, 0, 48 },   { CAL_MARK_HIT, CLIENT, 0, 16 },
		{ CAL_RESET_DONE, CLIENT, 0, 8 },   { CAL_STATS, CLIENT, 5, 40 },
		{ CAL_EVENTS, CLIENT, 0, 8 },	    { CAL_EVENTS, CLIENT, 2, 56 },
		{ CAL_CANCEL_DONE, CLIENT, 0, 16 }, { CAL_CLOCK, CLIENT, 0, 24 },
	};
	static const uint8_t zeros[128];
	uint8_t bytes[256];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		uint16_t type = cases[i].type;
		size_t len =
			put(bytes, sizeof(bytes), type, 0, cases[i].count, zeros, cases[i].len);

		for (int hearer = 0; hearer < 3; hearer++) {
			int ret = told(bytes, len, hearer);

			if (hearer == (int)cases[i].hearer)
				assert_int_equal(ret, 1);
			else /* CLOCK has two hearers, of other lengths */
				assert_int_equal(ret,
						 type == CAL_CLOCK && hearer ? -EINVAL : -EPROTO);
		}
		len = put(bytes, sizeof(bytes), type, 0, cases[i].count, zeros, cases[i].len + 8);
		assert_int_equal(told(bytes, len, cases[i].hearer), -EINVAL);
		/* Where nothing is repeated it says nothing. */
		len = put(bytes, sizeof(bytes), type, 0, cases[i].count + 1, zeros, cases[i].len);
		assert_int_equal(told(bytes, len, cases[i].hearer),
				 type == CAL_POLICY || type == CAL_STATS || type == CAL_EVENTS
					 ? -EINVAL
					 : 1);
	}
}

static void heads_that_cannot_be_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		int want;
	} cases[] = {
		{ 16, 1, 1 },	      { 16, 0, -EINVAL },   { 16, 2, -EPROTO },
		{ 17, 2, -EINVAL }, /* another card */
		{ 18, 1, 1 },	      { 18, 2, -EINVAL },   { 18, 3, -EINVAL },
		{ 4, 0x2f, -EPROTO }, { 4, 0x22, -EINVAL }, /* PKTS without any */
		{ 0, 23, -EINVAL },   { 0, 15, -EINVAL },   { 0, 25, -EINVAL },
		{ 0, 0, -EINVAL },
	};
	uint8_t bytes[VN_CAL_HLEN];
	uint32_t len;

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		put(bytes, sizeof(bytes), CAL_MARK, 0, 0, NULL, 0);
		if (cases[i].at) {
			/* all the fields above are the low byte of a little-endian word or a byte
			 */
			bytes[cases[i].at] = cases[i].value;
		} else {
			len = cases[i].value;
			memcpy(bytes, &len, sizeof(len));
		}
		assert_int_equal(told(bytes, sizeof(bytes), DATA), cases[i].want);
	}
}

static void values_that_cannot_be_are_refused(void **state)
{
#define BODY(type, ...) (const void *)&(const struct type){ __VA_ARGS__ }, sizeof(struct type)
	const struct {
		uint16_t type, flags;
		const void *body;
		size_t len;
		int want;
	} cases[] = {
		{ CAL_HELLO, 0, BODY(cal_hello, 1, 1), 1 },
		{ CAL_HELLO, 0, BODY(cal_hello, 2, 9), 1 }, /* the driver's to say */
		{ CAL_HELLO, 0, BODY(cal_hello, 2, 1), -EINVAL },
		{ CAL_SUBSCRIBE, 0, BODY(cal_subscribe, 0x7e, 128), 1 },
		{ CAL_SUBSCRIBE, 0, BODY(cal_subscribe, 0x80, 0), -EINVAL },
		{ CAL_SUBSCRIBE, 0, BODY(cal_subscribe, 1, 0), -EINVAL },
		{ CAL_SUBSCRIBE, 0, BODY(cal_subscribe, 2, 129), -EINVAL },
		{ CAL_CANCEL, 0, BODY(cal_cancel, 5, 5), 1 },
		{ CAL_CANCEL, 0, BODY(cal_cancel, 6, 5), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_GAP, 1514, 5, 99, 8), 1 },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_ASAP, 0, 1, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_RATE, 0, 0, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_RATE, 0, 1000000000, 0, 0), 1 },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_RATE, 0, 1000000001, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, CAL_POLICY_LIST, 0, 1, 0, 0), -EINVAL },
		{ CAL_POLICY, CAL_MORE, BODY(cal_policy, CAL_POLICY_LIST, 0, 0, 0, 0), 1 },
		{ CAL_POLICY, CAL_MORE, BODY(cal_policy, CAL_POLICY_ASAP, 0, 0, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, 4, 0, 0, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, 0, 1515, 0, 0, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, 0, 0, 0, 100, 0), -EINVAL },
		{ CAL_POLICY, 0, BODY(cal_policy, 0, 0, 0, 0, 9), -EINVAL },
	};
	uint8_t bytes[64];

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		size_t len = put(bytes, sizeof(bytes), cases[i].type, cases[i].flags, 0,
				 cases[i].body, cases[i].len);

		assert_int_equal(told(bytes, len, CONTROL), cases[i].want);
	}
}

static void gaps_belong_to_a_list(void **state)
{
	struct {
		struct cal_policy policy;
		uint64_t gaps[2];
	} body = { { .mode = CAL_POLICY_LIST }, { 5, 6 } };
	uint8_t bytes[128];
	size_t len = put(bytes, sizeof(bytes), CAL_POLICY, 0, 2, &body, sizeof(body));

	assert_int_equal(told(bytes, len, CONTROL), 1);
	body.policy = (struct cal_policy){ .mode = CAL_POLICY_GAP, .value = 5 };
	len = put(bytes, sizeof(bytes), CAL_POLICY, 0, 2, &body, sizeof(body));
	assert_int_equal(told(bytes, len, CONTROL), -EINVAL);
}

static void descriptors_are_looked_at(void **state)
{
	static const struct {
		struct cal_descriptor d;
		const char *word; /* of the sentence; NULL: it is good */
	} cases[] = {
		{ { .payload_len = 0 }, NULL },
		{ { .payload_len = 1472, .data_len = 1472 }, NULL },
		{ { .payload_len = 1473 }, "payload_len 1473: 0 to 1472" },
		{ { .payload_len = 1468, .flags = CAL_VLAN }, NULL },
		{ { .payload_len = 1469, .flags = CAL_VLAN }, "0 to 1468" },
		{ { .payload_len = 9, .data_len = 10 }, "data_len 10: at most payload_len, 9" },
		{ { .flags = 63 }, NULL },
		{ { .flags = 64 }, "flags 0x40" },
		{ { .flags = CAL_HOSTCLOCK }, "HOSTCLOCK goes with ABSOLUTE" },
		{ { .zero = 1 }, "must be 0" },
		{ { .kind = 2 }, "kind 2" },
		{ { .kind = CAL_RAW, .payload_len = 14, .data_len = 14 }, NULL },
		{ { .kind = CAL_RAW, .payload_len = 1514, .data_len = 1514 }, NULL },
		{ { .kind = CAL_RAW, .payload_len = 1515, .data_len = 14 }, "14 to 1514" },
		{ { .kind = CAL_RAW, .payload_len = 13, .data_len = 13 }, "14 to 1514" },
		{ { .kind = CAL_RAW, .payload_len = 60, .data_len = 13 }, "data_len 13" },
		{ { .kind = CAL_RAW, .payload_len = 60, .data_len = 61 }, "data_len 61" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		static const uint8_t data[2048];
		uint8_t bytes[4096];
		struct vn_err err = { "" };
		struct vn_cal_writer w;
		int ret = vn_cal_descriptor_check(&cases[i].d, 2000, &err);

		assert_int_equal(ret, cases[i].word ? -EINVAL : 0);
		if (cases[i].word && !strstr(err.text, cases[i].word))
			fail_msg("case %zu: %s", i, err.text);

		vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
		vn_cal_begin(&w, CAL_PKTS, 0, 1, 0, 0);
		assert_true(vn_cal_add_item(&w, &cases[i].d, sizeof(cases[i].d), data,
					    cases[i].d.data_len));
		assert_int_equal(told(bytes, w.len, DATA), ret ? ret : 1);
	}
}

static void data_that_is_not_there_is_refused(void **state)
{
	struct cal_descriptor d = { .payload_len = 100, .data_len = 17 };
	struct vn_err err = { "" };
	uint8_t bytes[128];
	uint8_t body[72] = { 0 };

	assert_int_equal(vn_cal_descriptor_check(&d, 16, &err), -EINVAL);
	assert_string_equal(err.text, "data_len 17: 16 bytes follow");
	memcpy(body, &d, sizeof(d));
	assert_int_equal(told(bytes, put(bytes, sizeof(bytes), CAL_PKTS, 0, 1, body, 72), DATA), 1);
	assert_int_equal(told(bytes, put(bytes, sizeof(bytes), CAL_PKTS, 0, 1, body, 64), DATA),
			 -EINVAL);
	assert_int_equal(told(bytes, put(bytes, sizeof(bytes), CAL_PKTS, 0, 1, body, 40), DATA),
			 -EINVAL);
	assert_int_equal(told(bytes, put(bytes, sizeof(bytes), CAL_PKTS, 0, 2, body, 72), DATA),
			 -EINVAL);
	assert_int_equal(told(bytes, put(bytes, sizeof(bytes), CAL_PKTS, 0, 0, body, 0), DATA),
			 -EINVAL);
}

static void items_come_back_in_order_with_their_data(void **state)
{
	uint8_t bytes[1024];
	struct vn_cal_writer w;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	struct cal_descriptor d;
	const uint8_t *data;
	size_t at = 0;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	assert_true(vn_cal_begin(&w, CAL_PKTS, 0, 9, 0, 0));
	for (uint16_t i = 0; i < 5; i++) {
		d = (struct cal_descriptor){ .cookie = i, .payload_len = 64, .data_len = i };
		assert_int_equal(vn_cal_items(&w), i);
		assert_true(vn_cal_add_item(&w, &d, sizeof(d), "abcde", i));
	}
	vn_cal_reader_init(&r, bytes, w.len);
	assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), 1);
	assert_int_equal(msg.head.count, 5);
	assert_int_equal(msg.len, 5 * 48 + 4 * 8);
	for (uint16_t i = 0; i < 5; i++) {
		assert_true(vn_cal_descriptor_next(&msg, &at, &d, &data));
		assert_int_equal(d.cookie, i);
		assert_memory_equal(data, "abcde", i);
		for (size_t k = i; k < vn_cal_padded(i); k++)
			assert_int_equal(data[k], 0);
	}
	assert_false(vn_cal_descriptor_next(&msg, &at, &d, &data));
}

static void events_come_back_in_order_with_their_bytes(void **state)
{
	static const uint8_t zeros[CAL_SNAP_MAX + 1];
	struct cal_event e = { .kind = CAL_EVENT_RX, .len = 60, .snap = 3, .cookie = 1 };
	uint64_t lost = 77, read;
	uint8_t bytes[512];
	struct vn_cal_writer w;
	struct vn_cal_reader r;
	struct vn_cal_msg msg;
	const uint8_t *snap;
	size_t at = 0;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	vn_cal_begin(&w, CAL_EVENTS, 0, 0, 0, 0);
	assert_true(vn_cal_add(&w, &lost, sizeof(lost)));
	assert_true(vn_cal_add_item(&w, &e, sizeof(e), "xyz", 3));
	e.snap = 0;
	e.cookie = 2;
	assert_true(vn_cal_add_item(&w, &e, sizeof(e), NULL, 0));

	vn_cal_reader_init(&r, bytes, w.len);
	assert_int_equal(vn_cal_next(&r, CLIENT, CARD, &msg), 1);
	memcpy(&read, msg.body, sizeof(read));
	assert_int_equal(read, 77);
	assert_true(vn_cal_event_next(&msg, &at, &e, &snap));
	assert_int_equal(e.cookie, 1);
	assert_memory_equal(snap, "xyz\0\0\0\0\0", 8);
	assert_true(vn_cal_event_next(&msg, &at, &e, &snap));
	assert_int_equal(e.cookie, 2);
	assert_false(vn_cal_event_next(&msg, &at, &e, &snap));
	/* what it has of the frame cannot be more than it may have */
	e.snap = CAL_SNAP_MAX + 1;
	vn_cal_add_item(&w, &e, sizeof(e), zeros, e.snap);
	assert_int_equal(told(bytes, w.len, CLIENT), -EINVAL);
}

static void a_bad_message_does_not_harm_the_next(void **state)
{
	uint8_t bytes[256];
	struct vn_cal_writer w;
	struct vn_cal_reader r;
	struct vn_cal_msg msg, answer;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	vn_cal_put(&w, CAL_RESET, NLM_F_ACK, 1, 55, 0, 0, NULL, 0);
	vn_cal_put_error(&w, &(struct vn_cal_msg){ .type = CAL_MARK }, 0);
	vn_cal_put(&w, CAL_MARK, 0, 2, 0, 0, 0, NULL, 0); /* at an odd multiple of 4 */
	memcpy(bytes + w.len, "rubbish", 7);

	vn_cal_reader_init(&r, bytes, w.len + 7);
	assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), -EPROTO);
	assert_int_equal(msg.type, CAL_RESET);
	assert_int_equal(msg.seq, 1);
	assert_int_equal(msg.nl_flags, NLM_F_ACK);
	/* the error is passed over: it is not the driver's to answer */
	answer = msg;
	assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), 1);
	assert_int_equal(msg.seq, 2);
	assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), 0);

	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	assert_true(vn_cal_put_error(&w, &answer, -EPROTO));
	assert_int_equal(w.len, 36);
	vn_cal_reader_init(&r, bytes, w.len);
	assert_int_equal(vn_cal_next(&r, CLIENT, CARD, &msg), 1);
	assert_int_equal(msg.type, NLMSG_ERROR);
	assert_int_equal(msg.error, -EPROTO);
	assert_int_equal(msg.seq, 1);
	assert_int_equal(msg.answered, CAL_RESET);
	/* half an error, and one that is none, are not told */
	assert_int_equal(told(bytes, 35, CLIENT), 0);
	memcpy(bytes + 16, &(int){ 1 }, sizeof(int));
	assert_int_equal(told(bytes, 36, CLIENT), 0);
}

static void a_length_that_cannot_be_ends_the_datagram(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 65, UINT32_MAX - 3, UINT32_MAX - 2, UINT32_MAX };
	uint8_t bytes[64] = { 0 };
	struct vn_cal_reader r;
	struct vn_cal_msg msg;

	for (size_t i = 0; i < VN_ARRAY_SIZE(lens); i++) {
		memcpy(bytes, &lens[i], sizeof(lens[i]));
		vn_cal_reader_init(&r, bytes, sizeof(bytes));
		assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), -EINVAL);
		assert_int_equal(vn_cal_next(&r, DATA, CARD, &msg), 0);
	}
}

static void what_has_no_room_changes_nothing(void **state)
{
	struct cal_descriptor d = { .payload_len = 8, .data_len = 8 };
	uint8_t bytes[VN_CAL_HLEN + 56], before[sizeof(bytes)];
	struct vn_cal_writer w;

	for (size_t cap = 0; cap < sizeof(bytes); cap++) {
		memset(bytes, 0xee, sizeof(bytes));
		vn_cal_writer_init(&w, bytes, cap, CARD);
		assert_int_equal(vn_cal_begin(&w, CAL_PKTS, 0, 1, 0, 0), cap >= VN_CAL_HLEN);
		if (cap < VN_CAL_HLEN)
			continue;
		memcpy(before, bytes, sizeof(bytes));
		assert_false(vn_cal_add_item(&w, &d, sizeof(d), "12345678", 8));
		assert_false(vn_cal_add(&w, before, cap - VN_CAL_HLEN + 1));
		assert_false(vn_cal_put(&w, CAL_RESET, 0, 1, 0, 0, 0, before, cap));
		assert_int_equal(w.len, VN_CAL_HLEN);
		assert_memory_equal(before, bytes, sizeof(bytes));
	}
	vn_cal_writer_init(&w, bytes, sizeof(bytes), CARD);
	vn_cal_begin(&w, CAL_PKTS, 0, 1, 0, 0);
	assert_true(vn_cal_add_item(&w, &d, sizeof(d), "12345678", 8));
	assert_false(vn_cal_put_error(&w, &(struct vn_cal_msg){ .type = 1 }, -EPERM));
	assert_int_equal(told(bytes, w.len, DATA), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_these_bytes),
		cmocka_unit_test(each_type_has_its_hearer_and_its_length),
		cmocka_unit_test(heads_that_cannot_be_are_refused),
		cmocka_unit_test(values_that_cannot_be_are_refused),
		cmocka_unit_test(gaps_belong_to_a_list),
		cmocka_unit_test(descriptors_are_looked_at),
		cmocka_unit_test(data_that_is_not_there_is_refused),
		cmocka_unit_test(items_come_back_in_order_with_their_data),
		cmocka_unit_test(events_come_back_in_order_with_their_bytes),
		cmocka_unit_test(a_bad_message_does_not_harm_the_next),
		cmocka_unit_test(a_length_that_cannot_be_ends_the_datagram),
		cmocka_unit_test(what_has_no_room_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
