/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions and their answers as bytes, each checked against scapy; what is
 * not answered is told by what differs from a question that is.
 */
#include "rx/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/rng.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define FRAME_CAP 1600
#define SENT_MAX  256

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 2 };

/* A device that keeps what it is given, and does as it is told. */
struct device {
	struct vn_netdev net;
	struct vn_txq q;
	unsigned int n; /* frames that went */
	uint8_t sent[SENT_MAX][FRAME_CAP];
	uint32_t len[SENT_MAX];
	unsigned int room; /* frames until it answers `code` */
	enum vn_tx_code code;
	unsigned int offered; /* most at a time */
	struct vn_responder *responder;
};

static struct vn_tx_done commit(struct vn_txq *q, unsigned int n)
{
	struct device *d = vn_container_of(q, struct device, q);
	struct vn_tx_done done = { .sent = VN_MIN(n, d->room), .code = VN_TX_OK };

	d->offered = VN_MAX(d->offered, n);
	for (unsigned int i = 0; i < done.sent && d->n < SENT_MAX; i++, d->n++) {
		const struct vn_frame *f = &q->frames[(q->tail + i) & q->mask];

		memcpy(d->sent[d->n], f->data, f->len);
		d->len[d->n] = f->len;
	}
	d->room -= done.sent;
	if (done.sent < n)
		done.code = (int32_t)d->code;
	return done;
}

static int set_up(void **state)
{
	static const char *const ours[] = { "10.0.0.2", "10.1.0.0/16", "fd00::2", "fd01::/64" };
	struct vn_addrset addrs = { .n4 = 0 };
	struct device *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	assert_int_equal(vn_txq_init(&d->q, &d->net, 8, FRAME_CAP), 0);
	d->q.commit = commit;
	d->room = UINT32_MAX;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(ours); i++)
		assert_int_equal(vn_addrset_add(&addrs, "test", ours[i], NULL), 0);
	assert_int_equal(vn_responder_new(&addrs, our_mac, &d->q, &d->responder), 0);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct device *d = *state;

	vn_responder_free(d->responder);
	vn_txq_fini(&d->q);
	free(d);
	return 0;
}

/* In memory of exactly its size, so that a sanitizer sees a byte too far. */
static void ask(struct device *d, const uint8_t *frame, uint32_t len, struct vn_rx_pkt how)
{
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, frame, len);
	how.data = exact;
	how.caplen = how.len = len;
	vn_responder_handle(d->responder, &how, 1);
	free(exact);
}

static uint32_t from_hex(const char *hex, uint8_t out[FRAME_CAP])
{
	uint32_t len = (uint32_t)strlen(hex) / 2;

	assert_true(len <= FRAME_CAP);
	for (uint32_t i = 0; i < len; i++)
		out[i] = (uint8_t)(vn_hex_digit(hex[2 * i]) << 4 | vn_hex_digit(hex[2 * i + 1]));
	return len;
}

static struct vn_responder_counts counts_of(const struct device *d)
{
	struct vn_responder_counts c;

	vn_responder_read(d->responder, &c);
	return c;
}

#define TO_US	    "020000000002020000000001"
#define TO_ALL	    "ffffffffffff020000000001"
#define TO_NODE	    "3333ff000002020000000001"
#define ANSWER	    "020000000001020000000002"
#define YOU6	    "fd000000000000000000000000000001"
#define ME6	    "fd000000000000000000000000000002"
#define NODE6	    "ff0200000000000000000001ff000002"
#define ADVERT_BODY "00000000" ME6 "0201020000000002"

#define ARP_Q "08060001080006040001"
#define ARP_A "08060001080006040002"
#define ECHO_Q                                                                                     \
	TO_US "080045b80023123440003d0116ec0a0000010a0000020800667600550007"                       \
	      "61626364656667"
#define ECHO6_Q                                                                                    \
	TO_US "86dd62e12345000d3a3c" YOU6 ME6 "80005be500030004"                                   \
	      "6162636465"
#define SOLICIT_Q                                                                                  \
	TO_NODE "86dd6000000000203aff" YOU6 NODE6 "87007d9700000000" ME6 "0101020000000001"
#define DAD_Q                                                                                      \
	TO_NODE "86dd6000000000203aff00000000000000000000000000000000" NODE6                       \
		"87002da600000000" ME6 "0e016e6f6e636521"
#define ARP_REQUEST TO_ALL ARP_Q "0200000000010a0000010000000000000a000002"

/* Question and answer, as scapy 2.5.0 builds them. */
static const struct golden {
	const char *name;
	enum vn_responder_verdict kind;
	const char *question, *answer;
} goldens[] = {
	{ "request", VN_ASKED_arp, ARP_REQUEST,
	  ANSWER ARP_A "0200000000020a0000020200000000010a000001" },
	{ "request to one, padded", VN_ASKED_arp,
	  TO_US ARP_Q "0200000000010a0000010200000000020a000002eeeeeeee",
	  ANSWER ARP_A "0200000000020a0000020200000000010a000001" },
	{ "probe", VN_ASKED_arp, TO_ALL ARP_Q "020000000001000000000000000000000a000002",
	  ANSWER ARP_A "0200000000020a00000202000000000100000000" },
	{ "request in a VLAN", VN_ASKED_arp,
	  TO_ALL "81000005" ARP_Q "0200000000010a0000010000000000000a000002",
	  ANSWER "81000005" ARP_A "0200000000020a0000020200000000010a000001" },
	{ "solicitation", VN_ASKED_nd, SOLICIT_Q,
	  ANSWER "86dd6000000000203aff" ME6 YOU6 "88001c9a60000000" ME6 "0201020000000002" },
	{ "solicitation to one", VN_ASKED_nd,
	  TO_US "86dd6000000000183aff" YOU6 ME6 "870081a500000000" ME6,
	  ANSWER "86dd6000000000203aff" ME6 YOU6 "88001c9a60000000" ME6 "0201020000000002" },
	{ "is it free", VN_ASKED_nd, DAD_Q,
	  "333300000001020000000002"
	  "86dd6000000000203aff" ME6 "ff020000000000000000000000000001"
	  "88005a9820000000" ME6 "0201020000000002" },
	{ "echo of odd length", VN_ASKED_echo, ECHO_Q,
	  ANSWER "080045b8002300004000400126200a0000020a00000100006e7600550007"
		 "61626364656667" },
	{ "echo of nothing, padded", VN_ASKED_echo,
	  TO_US "08004500001c00010000400166de0a0000010a00000208000000fffff7ff0000000000",
	  ANSWER "08004500001c00004000400126df0a0000020a00000100000800fffff7ff" },
	{ "echo with options", VN_ASKED_echo,
	  TO_US "08004700002600010000400159cd0a0000010a0000020707040000000000"
		"08007f7c000900017879",
	  ANSWER "08004500001e00004000400126dd0a0000020a0000010000877c000900017879" },
	{ "echo6", VN_ASKED_echo6, ECHO6_Q,
	  ANSWER "86dd62e00000000d3a40" ME6 YOU6 "81005ae5000300046162636465" },
	{ "echo6 in two tags", VN_ASKED_echo6,
	  TO_US "88a8c0c88100606486dd6000000000083a3c" YOU6 ME6 "800085b100030004",
	  ANSWER "88a8c0c88100606486dd6000000000083a40" ME6 YOU6 "810084b100030004" },
};

static void assert_answer(const struct device *d, const struct golden *g, const uint8_t *want,
			  uint32_t len)
{
	char what[64];

	snprintf(what, sizeof(what), "%s", g->name);
	if (d->n != 1 || d->len[0] != len)
		fail_msg("%s: %u answers, %u bytes, expected %u", what, d->n, d->len[0], len);
	for (uint32_t i = 0; i < len; i++)
		if (d->sent[0][i] != want[i])
			fail_msg("%s: byte %u is %02x, expected %02x", what, i, d->sent[0][i],
				 want[i]);
}

static void answers_are_as_another_program_builds_them(void **state)
{
	struct device *d = *state;
	uint8_t question[FRAME_CAP], answer[FRAME_CAP];
	uint64_t asked[VN_RESPONDER_N_KINDS] = { 0 };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(goldens); i++) {
		const struct golden *g = &goldens[i];
		uint32_t len = from_hex(g->answer, answer);

		d->n = 0;
		ask(d, question, from_hex(g->question, question), (struct vn_rx_pkt){ .len = 0 });
		assert_answer(d, g, answer, len);
		asked[g->kind]++;
	}
	assert_memory_equal(counts_of(d).seen, asked, sizeof(asked));
	assert_memory_equal(counts_of(d).answered, asked, sizeof(asked));
}

static void a_tag_put_aside_is_back_in_the_answer(void **state)
{
	struct device *d = *state;
	uint8_t question[FRAME_CAP], plain[FRAME_CAP], tagged[FRAME_CAP];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(goldens); i++) {
		uint32_t len = from_hex(goldens[i].answer, plain);

		memcpy(tagged, plain, 12);
		memcpy(tagged + 12, "\x88\xa8\x60\x07", 4);
		memcpy(tagged + 16, plain + 12, len - 12);
		d->n = 0;
		ask(d, question, from_hex(goldens[i].question, question),
		    (struct vn_rx_pkt){
			    .has_vlan = true, .vlan_tci = 0x6007, .vlan_tpid = 0x88a8 });
		assert_answer(d, &goldens[i], tagged, len + 4);
	}
}

/* --- what is not answered -------------------------------------------------------- */

/* Where an untagged frame has its checksums; made right again after a change. */
static void sum_again(uint8_t *frame, uint32_t len)
{
	uint8_t *ip = frame + 14;

	if (ip[0] >> 4 == 4) {
		uint32_t hlen = (ip[0] & 15u) * 4;

		vn_put_be16(ip + 10, 0);
		vn_put_be16(ip + 10, vn_csum_finish(vn_csum_add(0, ip, hlen)));
		vn_put_be16(ip + 22, 0);
		vn_put_be16(ip + 22, vn_csum_finish(vn_csum_add(0, ip + 20, len - 34)));
	} else {
		vn_put_be16(ip + 42, 0);
		vn_put_be16(ip + 42,
			    vn_csum_finish(vn_csum_add(vn_csum_add(len - 54 + 58, ip + 8, 32),
						       ip + 40, len - 54)));
	}
}

enum after { AS_IT_IS, SUMMED };

/* Bytes that differ from a question, and what becomes of it then. */
static const struct {
	const char *name, *question;
	uint32_t at;
	const char *bytes;
	enum after after;
	enum vn_responder_verdict verdict;
} changes[] = {
	{ "another machine's MAC", ECHO_Q, 0, "020000000003", AS_IT_IS, VN_IGNORED_other_host },
	{ "another type", ECHO_Q, 12, "88b5", AS_IT_IS, VN_IGNORED_other },
	{ "a length instead of a type", ECHO_Q, 12, "0026", AS_IT_IS, VN_IGNORED_other },

	{ "ARP reply", ARP_REQUEST, 20, "0002", AS_IT_IS, VN_IGNORED_answer },
	{ "RARP", ARP_REQUEST, 20, "0003", AS_IT_IS, VN_IGNORED_other },
	{ "ARP of other hardware", ARP_REQUEST, 14, "0006", AS_IT_IS, VN_IGNORED_other },
	{ "ARP of another protocol", ARP_REQUEST, 16, "86dd", AS_IT_IS, VN_IGNORED_other },
	{ "ARP of other lengths", ARP_REQUEST, 18, "0810", AS_IT_IS, VN_IGNORED_other },
	{ "ARP for another", ARP_REQUEST, 38, "0a000003", AS_IT_IS, VN_IGNORED_other_host },
	{ "ARP for nobody", ARP_REQUEST, 38, "00000000", AS_IT_IS, VN_IGNORED_other_host },
	{ "ARP about its own address", ARP_REQUEST, 28, "0a000002", AS_IT_IS,
	  VN_IGNORED_announcement },
	{ "ARP of a group", ARP_REQUEST, 28, "e0000001", AS_IT_IS, VN_IGNORED_invalid },
	{ "ARP of a broadcast address", ARP_REQUEST, 28, "ffffffff", AS_IT_IS, VN_IGNORED_invalid },
	{ "ARP to be answered to a group", ARP_REQUEST, 22, "01005e000001", AS_IT_IS,
	  VN_IGNORED_invalid },
	{ "ARP to be answered to nobody", ARP_REQUEST, 22, "000000000000", AS_IT_IS,
	  VN_IGNORED_invalid },
	{ "ARP to be answered to us", ARP_REQUEST, 22, "020000000002", AS_IT_IS,
	  VN_IGNORED_invalid },

	{ "UDP", ECHO_Q, 23, "11", SUMMED, VN_IGNORED_other },
	{ "echo reply", ECHO_Q, 34, "00", SUMMED, VN_IGNORED_answer },
	{ "unreachable", ECHO_Q, 34, "03", SUMMED, VN_IGNORED_other },
	{ "time stamp", ECHO_Q, 34, "0d", SUMMED, VN_IGNORED_other },
	{ "echo of another code", ECHO_Q, 35, "01", SUMMED, VN_IGNORED_invalid },
	{ "another version", ECHO_Q, 14, "65", AS_IT_IS, VN_IGNORED_invalid },
	{ "header too short", ECHO_Q, 14, "44", AS_IT_IS, VN_IGNORED_length },
	{ "header beyond the end", ECHO_Q, 14, "4f", AS_IT_IS, VN_IGNORED_length },
	{ "shorter than its header", ECHO_Q, 16, "0013", AS_IT_IS, VN_IGNORED_length },
	{ "no room for an echo", ECHO_Q, 16, "001b", SUMMED, VN_IGNORED_length },
	{ "longer than the frame", ECHO_Q, 16, "0024", SUMMED, VN_IGNORED_length },
	{ "damaged header", ECHO_Q, 22, "3c", AS_IT_IS, VN_IGNORED_checksum },
	{ "damaged data", ECHO_Q, 48, "68", AS_IT_IS, VN_IGNORED_checksum },
	{ "damaged checksum", ECHO_Q, 36, "6677", AS_IT_IS, VN_IGNORED_checksum },
	{ "first fragment", ECHO_Q, 20, "2000", SUMMED, VN_IGNORED_fragment },
	{ "later fragment", ECHO_Q, 20, "0001", SUMMED, VN_IGNORED_fragment },
	{ "echo to a broadcast MAC", ECHO_Q, 0, "ffffffffffff", AS_IT_IS, VN_IGNORED_group },
	{ "echo to a multicast MAC", ECHO_Q, 0, "01005e000001", AS_IT_IS, VN_IGNORED_group },
	{ "echo to a broadcast address", ECHO_Q, 30, "ffffffff", SUMMED, VN_IGNORED_group },
	{ "echo to a group", ECHO_Q, 30, "e0000001", SUMMED, VN_IGNORED_group },
	{ "echo to another", ECHO_Q, 30, "0a000003", SUMMED, VN_IGNORED_other_host },
	{ "echo of a group", ECHO_Q, 26, "e0000001", SUMMED, VN_IGNORED_invalid },
	{ "echo of a broadcast address", ECHO_Q, 26, "ffffffff", SUMMED, VN_IGNORED_invalid },
	{ "echo of nobody", ECHO_Q, 26, "00000000", SUMMED, VN_IGNORED_invalid },
	{ "echo of loopback", ECHO_Q, 26, "7f000001", SUMMED, VN_IGNORED_invalid },
	{ "echo of the one who is asked", ECHO_Q, 26, "0a000002", SUMMED, VN_IGNORED_invalid },
	{ "echo of a group's MAC", ECHO_Q, 6, "030000000001", AS_IT_IS, VN_IGNORED_invalid },
	{ "echo of our MAC", ECHO_Q, 6, "020000000002", AS_IT_IS, VN_IGNORED_invalid },

	{ "echo6 reply", ECHO6_Q, 54, "81", SUMMED, VN_IGNORED_answer },
	{ "advertisement", SOLICIT_Q, 54, "88", SUMMED, VN_IGNORED_answer },
	{ "listener report", SOLICIT_Q, 54, "8f", SUMMED, VN_IGNORED_other },
	{ "router solicitation", SOLICIT_Q, 54, "85", SUMMED, VN_IGNORED_other },
	{ "an extension header", ECHO6_Q, 20, "00", AS_IT_IS, VN_IGNORED_other },
	{ "IPv6 fragment", ECHO6_Q, 20, "2c", AS_IT_IS, VN_IGNORED_fragment },
	{ "another version in IPv6", ECHO6_Q, 14, "4f", AS_IT_IS, VN_IGNORED_invalid },
	{ "payload longer than the frame", ECHO6_Q, 18, "000e", AS_IT_IS, VN_IGNORED_length },
	{ "no room for an echo6", ECHO6_Q, 18, "0007", AS_IT_IS, VN_IGNORED_length },
	{ "damaged data in echo6", ECHO6_Q, 62, "00", AS_IT_IS, VN_IGNORED_checksum },
	{ "echo6 of another code", ECHO6_Q, 55, "01", SUMMED, VN_IGNORED_invalid },
	{ "echo6 to a group", ECHO6_Q, 38, "ff020000000000000000000000000001", SUMMED,
	  VN_IGNORED_group },
	{ "echo6 to a group's MAC", ECHO6_Q, 0, "333300000001", AS_IT_IS, VN_IGNORED_group },
	{ "echo6 to another", ECHO6_Q, 53, "03", SUMMED, VN_IGNORED_other_host },
	{ "echo6 of nobody", ECHO6_Q, 22, "00000000000000000000000000000000", SUMMED,
	  VN_IGNORED_invalid },
	{ "echo6 of a group", ECHO6_Q, 22, "ff", SUMMED, VN_IGNORED_invalid },
	{ "echo6 of the one who is asked", ECHO6_Q, 37, "02", SUMMED, VN_IGNORED_invalid },

	{ "solicitation of another", SOLICIT_Q, 77, "03", SUMMED, VN_IGNORED_other_host },
	{ "solicitation to another's group", SOLICIT_Q, 53, "03", SUMMED, VN_IGNORED_other_host },
	{ "solicitation of a group", SOLICIT_Q, 62, "ff", SUMMED, VN_IGNORED_other_host },
	{ "solicitation to one by a group's MAC", SOLICIT_Q, 38, ME6, SUMMED, VN_IGNORED_invalid },
	{ "solicitation that passed a router", SOLICIT_Q, 21, "fe", AS_IT_IS, VN_IGNORED_invalid },
	{ "solicitation of another code", SOLICIT_Q, 55, "01", SUMMED, VN_IGNORED_invalid },
	{ "damaged solicitation", SOLICIT_Q, 58, "01", AS_IT_IS, VN_IGNORED_checksum },
	{ "solicitation without a target", SOLICIT_Q, 18, "0017", AS_IT_IS, VN_IGNORED_length },
	{ "option of no length", SOLICIT_Q, 79, "00", SUMMED, VN_IGNORED_invalid },
	{ "option beyond the end", SOLICIT_Q, 79, "02", SUMMED, VN_IGNORED_invalid },
	{ "source option of a group", SOLICIT_Q, 80, "03", SUMMED, VN_IGNORED_invalid },
	{ "source option of ours", SOLICIT_Q, 80, "020000000002", SUMMED, VN_IGNORED_invalid },
	{ "solicitation from the target", SOLICIT_Q, 22, ME6, SUMMED, VN_IGNORED_invalid },
	{ "solicitation from a group", SOLICIT_Q, 22, "ff", SUMMED, VN_IGNORED_invalid },
	{ "is it free, with a source", DAD_Q, 78, "0101", SUMMED, VN_IGNORED_invalid },
};

static void what_is_no_question_to_us_is_counted_by_its_cause(void **state)
{
	struct device *d = *state;
	uint64_t want[VN_RESPONDER_N_VERDICTS] = { 0 };
	uint8_t frame[FRAME_CAP], bytes[FRAME_CAP];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(changes); i++) {
		uint32_t len = from_hex(changes[i].question, frame);

		memcpy(frame + changes[i].at, bytes, from_hex(changes[i].bytes, bytes));
		if (changes[i].after == SUMMED)
			sum_again(frame, len);
		want[changes[i].verdict]++;
		ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
		if (d->n || memcmp(counts_of(d).seen, want, sizeof(want)) != 0)
			fail_msg("%s: %u answers, %s %u times, expected %u", changes[i].name, d->n,
				 vn_responder_texts[changes[i].verdict].key,
				 (unsigned int)counts_of(d).seen[changes[i].verdict],
				 (unsigned int)want[changes[i].verdict]);
	}
}

static void an_unspecified_source_asks_the_group_of_the_node_only(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP], bytes[FRAME_CAP];
	uint32_t len = from_hex(DAD_Q, frame);

	memcpy(frame, our_mac, 6);
	memcpy(frame + 38, bytes, from_hex(ME6, bytes));
	sum_again(frame, len);
	ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
	assert_int_equal(counts_of(d).seen[VN_IGNORED_invalid], 1);
	assert_int_equal(d->n, 0);
}

static void no_answer_is_answered(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(goldens); i++) {
		uint32_t len = from_hex(goldens[i].answer, frame);

		/* As it comes to another responder, which has all addresses. */
		if (!(frame[0] & 1))
			memcpy(frame, our_mac, 6);
		memcpy(frame + 6, "\x02\x00\x00\x00\x00\x09", 6);
		ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
	}
	assert_int_equal(d->n, 0);
	assert_int_equal(counts_of(d).seen[VN_IGNORED_answer], VN_ARRAY_SIZE(goldens));
}

static void a_cut_frame_is_never_answered(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP];
	static const char *const whole[] = { ECHO_Q, ECHO6_Q, SOLICIT_Q, DAD_Q, ARP_REQUEST };
	uint64_t cut = 0, n = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(whole); i++) {
		uint32_t len = from_hex(whole[i], frame);

		cut += len;
		for (uint32_t shorter = 0; shorter < len; shorter++)
			ask(d, frame, shorter, (struct vn_rx_pkt){ .len = 0 });
	}
	assert_int_equal(d->n, 0);
	for (unsigned int v = VN_RESPONDER_N_KINDS; v < VN_RESPONDER_N_VERDICTS; v++)
		n += counts_of(d).seen[v];
	assert_int_equal(n, cut);
	assert_int_equal(counts_of(d).seen[VN_IGNORED_length], cut);
}

/* The field holds the sum of what hardware is not to sum, or anything. */
static void a_checksum_left_to_hardware_is_made_for_the_answer(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP], answer[FRAME_CAP];
	static const unsigned int at[] = { 36, 56 };
	static const char *const questions[] = { ECHO_Q, ECHO6_Q };

	for (unsigned int i = 0; i < 2; i++) {
		const struct golden *g = &goldens[i ? 10 : 7];
		uint32_t len = from_hex(questions[i], frame);

		assert_string_equal(g->question, questions[i]);
		vn_put_be16(frame + at[i], 0x1234);
		d->n = 0;
		ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
		assert_int_equal(d->n, 0);
		ask(d, frame, len, (struct vn_rx_pkt){ .has_partial_csum = true });
		assert_answer(d, g, answer, from_hex(g->answer, answer));
	}
	assert_int_equal(counts_of(d).seen[VN_IGNORED_checksum], 2);
}

static void echoes_of_any_length_come_back_whole(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP];

	from_hex(ECHO_Q, frame);
	for (uint32_t len = 42; len <= FRAME_CAP; len++) {
		for (uint32_t i = 42; i < len; i++)
			frame[i] = (uint8_t)(i * 7 + len);
		vn_put_be16(frame + 16, (uint16_t)(len - 14));
		sum_again(frame, len);
		d->n = 0;
		ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
		assert_int_equal(d->n, 1);
		assert_int_equal(d->len[0], len);
		assert_memory_equal(d->sent[0] + 38, frame + 38, len - 38);
		assert_int_equal(vn_csum_finish(vn_csum_add(0, d->sent[0] + 34, len - 34)), 0);
		assert_int_equal(vn_csum_finish(vn_csum_add(0, d->sent[0] + 14, 20)), 0);
	}
	/* A tag put aside makes it too long for the device's frames. */
	ask(d, frame, FRAME_CAP, (struct vn_rx_pkt){ .has_vlan = true, .vlan_tpid = 0x8100 });
	assert_int_equal(counts_of(d).seen[VN_IGNORED_length], 1);
}

static void a_prefix_answers_for_each_of_its_hosts(void **state)
{
	struct device *d = *state;
	uint8_t frame[FRAME_CAP];
	uint32_t len = from_hex(ARP_REQUEST, frame);

	for (uint32_t host = 0; host < 1u << 17; host += 77) {
		vn_put_be32(frame + 38, 0x0a010000 + host);
		d->n = 0;
		ask(d, frame, len, (struct vn_rx_pkt){ .len = 0 });
		assert_int_equal(d->n, host < 1u << 16);
		if (d->n)
			assert_int_equal(vn_get_be32(d->sent[0] + 28), 0x0a010000 + host);
	}
}

/* --- batches and refusals -------------------------------------------------------- */

/* A group of n requests, every third of them not to us. */
static void ask_many(struct device *d, unsigned int n)
{
	struct vn_rx_pkt pkts[40];
	uint8_t request[FRAME_CAP], other[FRAME_CAP];
	uint32_t len = from_hex(ARP_REQUEST, request);

	assert_true(n <= VN_ARRAY_SIZE(pkts));
	memcpy(other, request, len);
	other[41] = 9;
	for (unsigned int i = 0; i < n; i++)
		pkts[i] = (struct vn_rx_pkt){
			.data = i % 3 == 2 ? other : request,
			.caplen = len,
			.len = len,
		};
	vn_responder_handle(d->responder, pkts, n);
}

static void answers_go_out_in_batches(void **state)
{
	struct device *d = *state;

	ask_many(d, 39);
	assert_int_equal(d->n, 26);
	assert_int_equal(d->offered, 8); /* all that it lends */
	assert_int_equal(counts_of(d).answered[VN_ASKED_arp], 26);
	assert_int_equal(counts_of(d).seen[VN_IGNORED_other_host], 13);
	assert_int_equal(vn_txq_pending(&d->q), 0);
}

static void what_is_not_taken_is_given_up_and_counted(void **state)
{
	static const enum vn_tx_code codes[] = { VN_TX_BUSY, VN_TX_DOWN, VN_XMIT_DROP, VN_XMIT_CN };
	struct device *d = *state;
	uint64_t asked = 0, answered = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(codes); i++) {
		d->room = 5;
		d->code = codes[i];
		ask_many(d, 39);
		asked += 26;
		answered += 5;
		assert_int_equal(counts_of(d).seen[VN_ASKED_arp], asked);
		assert_int_equal(counts_of(d).answered[VN_ASKED_arp], answered);
		assert_int_equal(counts_of(d).unsent, asked - answered);
		assert_int_equal(vn_txq_pending(&d->q), 0);
	}
	d->room = UINT32_MAX;
	ask_many(d, 1);
	assert_int_equal(counts_of(d).answered[VN_ASKED_arp], answered + 1);
}

/* Questions with some bytes changed: whatever comes out goes to one station or
 * all nodes, from us, and the counts agree. */
static void changed_bytes_break_nothing(void **state)
{
	struct device *d = *state;
	struct vn_responder_counts c;
	uint8_t frame[FRAME_CAP];
	struct vn_rng rng;
	uint64_t seen = 0, asked = 0;
	const unsigned int rounds = 200000;

	vn_rng_seed(&rng, 1, 1);
	for (unsigned int i = 0; i < rounds; i++) {
		const struct golden *g = &goldens[vn_rng_below(&rng, VN_ARRAY_SIZE(goldens))];
		uint32_t len = from_hex(g->question, frame);

		for (unsigned int n = vn_rng_below(&rng, 4); n; n--)
			frame[vn_rng_below(&rng, len)] = (uint8_t)vn_rng_next(&rng);
		d->n = 0;
		ask(d, frame, vn_rng_below(&rng, 8) ? len : vn_rng_below(&rng, len + 1),
		    (struct vn_rx_pkt){ .has_partial_csum = vn_rng_below(&rng, 2) });
		assert_true(d->n <= 1);
		if (!d->n)
			continue;
		assert_memory_equal(d->sent[0] + 6, our_mac, 6);
		assert_true(!(d->sent[0][0] & 1) || !memcmp(d->sent[0], "\x33\x33\0\0\0\1", 6));
	}
	c = counts_of(d);
	for (unsigned int v = 0; v < VN_RESPONDER_N_VERDICTS; v++)
		seen += c.seen[v];
	for (unsigned int k = 0; k < VN_RESPONDER_N_KINDS; k++) {
		assert_int_equal(c.seen[k], c.answered[k]);
		asked += c.seen[k];
	}
	assert_int_equal(seen, rounds);
	assert_true(asked > rounds / 4 && asked < rounds);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(answers_are_as_another_program_builds_them),
		CASE(a_tag_put_aside_is_back_in_the_answer),
		CASE(what_is_no_question_to_us_is_counted_by_its_cause),
		CASE(an_unspecified_source_asks_the_group_of_the_node_only),
		CASE(no_answer_is_answered),
		CASE(a_cut_frame_is_never_answered),
		CASE(a_checksum_left_to_hardware_is_made_for_the_answer),
		CASE(echoes_of_any_length_come_back_whole),
		CASE(a_prefix_answers_for_each_of_its_hosts),
		CASE(answers_go_out_in_batches),
		CASE(what_is_not_taken_is_given_up_and_counted),
		CASE(changed_bytes_break_nothing),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
