/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Associations from text (more of it in sa_parse_test.c) and from NetLink
 * messages, and what they do to a packet. Whole frames against those of a kernel
 * are in tests/packets_test.c, against tshark in tests/integration/ipsec.py.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <sched.h>

#include "base/macros.h"
#include "packet/ipsec.h"
#include "packet/sa.h"
#include "packet/xfrm.h"
#include "wire/wire.h"

#define KEY16 "0x0123456789abcdef0123456789abcdef"
#define KEY20 KEY16 "01234567"

/* As `ip xfrm state` prints it. */
#define PRINTED \
	"src 10.0.0.1 dst 10.0.0.2\n" \
	"\tproto esp spi 0x00000100(256) reqid 7(0x00000007) mode transport\n" \
	"\treplay-window 0 seq 0x00000000 flag  (0x00000000)\n" \
	"\tmark 0x3/0xffffffff \n" \
	"\tauth-trunc hmac(sha1) " KEY20 " (160 bits) 96\n" \
	"\tenc cbc(aes) " KEY16 " (128 bits)\n" \
	"\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000\n" \
	"\tsel src 0.0.0.0/0 dst 0.0.0.0/0 uid 0\n" \
	"\tlifetime config:\n" \
	"\t  limit: soft (INF)(bytes), hard (INF)(bytes)\n" \
	"\tlifetime current:\n" \
	"\t  0(bytes), 0(packets)\n" \
	"\t  add 2026-11-21 02:49:52 use -\n" \
	"src fd00::1 dst fd00::2\n" \
	"\tproto esp spi 0x00000101(257) reqid 0(0x00000000) mode transport\n" \
	"src 10.0.0.3 dst 10.0.0.4\n" \
	"\tproto esp spi 0x00000200(512) reqid 0(0x00000000) mode tunnel\n" \
	"\taead rfc4106(gcm(aes)) " KEY20 " (160 bits) 128\n" \
	"\tproto esp\n"

static struct vn_sa_db parse(const char *text, int expected, const char *said)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err = { "" };
	int rc = vn_sa_parse(text, strlen(text), "file", &db, &err);

	if (rc != expected || (said && !strstr(err.text, said)))
		fail_msg("%s\n%d, expected %d; said: %s", text, rc, expected, err.text);
	return db;
}

static void printed_state_is_read(void **state)
{
	struct vn_sa_db db = parse(PRINTED, 0, NULL);

	assert_int_equal(db.n, 2); /* the one between is IPv6 */
	assert_int_equal(db.v[0].saddr, 0x0a000001);
	assert_int_equal(db.v[0].daddr, 0x0a000002);
	assert_int_equal(db.v[0].spi, 256);
	assert_int_equal(db.v[0].reqid, 7);
	assert_int_equal(db.v[0].mark, 3);
	assert_int_equal(db.v[0].proto, VN_SA_ESP);
	assert_int_equal(db.v[0].mode, VN_SA_TRANSPORT);
	assert_string_equal(db.v[0].auth.name, "hmac(sha1)");
	assert_int_equal(db.v[0].auth.key_len, 20);
	assert_int_equal(db.v[0].auth.icv_bits, 96);
	assert_string_equal(db.v[0].enc.name, "cbc(aes)");
	assert_memory_equal(db.v[0].enc.key, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	assert_int_equal(db.v[1].mode, VN_SA_TUNNEL);
	assert_int_equal(db.v[1].aead.key_len, 20);
	assert_int_equal(db.v[1].aead.icv_bits, 128);
	vn_sa_db_fini(&db);
}

static void commands_are_read(void **state)
{
	struct vn_sa_db db = parse(
		"# two of them\n\n"
		"ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto ah spi 768 \\\n"
		"   mode tunnel auth 'hmac(sha256)' secret # a key as text\n"
		"src 1.2.3.4 dst 5.6.7.8 proto esp spi 0x10 enc \"cipher_null\" '' "
		"auth-trunc hmac(md5) 0x00 64 replay-window 32 sel src 0.0.0.0/0 dst 0.0.0.0/0\n",
		0, NULL);

	assert_int_equal(db.n, 2);
	assert_int_equal(db.v[0].proto, VN_SA_AH);
	assert_int_equal(db.v[0].spi, 768);
	assert_memory_equal(db.v[0].auth.key, "secret", 6);
	assert_int_equal(db.v[0].auth.icv_bits, 0);
	assert_int_equal(db.v[1].mode, VN_SA_TRANSPORT);
	assert_int_equal(db.v[1].enc.key_len, 0);
	assert_string_equal(db.v[1].enc.name, "cipher_null");
	assert_int_equal(db.v[1].auth.icv_bits, 64);
	vn_sa_db_fini(&db);
}

/* --- by NetLink -------------------------------------------------------------------- */

static struct nlmsghdr *message(char *buf, uint16_t family, uint8_t proto, uint8_t mode)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));

	msg->nlmsg_type = XFRM_MSG_NEWSA;
	info->family = family;
	info->id.proto = proto;
	info->id.spi = htonl(0x100);
	info->id.daddr.a4 = htonl(0x0a000002);
	info->saddr.a4 = htonl(0x0a000001);
	info->reqid = 9;
	info->mode = mode;
	return msg;
}

static void put_auth(struct nlmsghdr *msg, const char *name, uint32_t key_bits, size_t sent)
{
	char buf[sizeof(struct xfrm_algo_auth) + 64] = { 0 };
	struct xfrm_algo_auth *a = (struct xfrm_algo_auth *)buf;

	strncpy(a->alg_name, name, sizeof(a->alg_name) - 1);
	a->alg_key_len = key_bits;
	a->alg_trunc_len = 96;
	memset(a->alg_key, 0xab, 20);
	mnl_attr_put(msg, XFRMA_ALG_AUTH_TRUNC, sent, a);
}

static void a_message_becomes_an_association(void **state)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *msg = message(buf, AF_INET, 50, XFRM_MODE_TRANSPORT);
	struct xfrm_mark mark = { .v = 5, .m = UINT32_MAX };
	struct xfrm_algo *enc = calloc(1, sizeof(*enc) + 16);
	struct vn_sa sa;

	put_auth(msg, "hmac(sha1)", 160, sizeof(struct xfrm_algo_auth) + 20);
	strncpy(enc->alg_name, "cbc(aes)", sizeof(enc->alg_name) - 1);
	enc->alg_key_len = 128;
	mnl_attr_put(msg, XFRMA_ALG_CRYPT, sizeof(*enc) + 16, enc);
	/* The older form of the first comes too, and says less. */
	mnl_attr_put(msg, XFRMA_ALG_AUTH, sizeof(*enc) + 16, enc);
	mnl_attr_put(msg, XFRMA_MARK, sizeof(mark), &mark);
	assert_true(vn_xfrm_read(msg, &sa));
	assert_int_equal(sa.saddr, 0x0a000001);
	assert_int_equal(sa.daddr, 0x0a000002);
	assert_int_equal(sa.spi, 0x100);
	assert_int_equal(sa.reqid, 9);
	assert_int_equal(sa.mark, 5);
	assert_int_equal(sa.mode, VN_SA_TRANSPORT);
	assert_string_equal(sa.auth.name, "hmac(sha1)");
	assert_int_equal(sa.auth.key_len, 20);
	assert_int_equal(sa.auth.icv_bits, 96);
	assert_int_equal(sa.auth.key[19], 0xab);
	assert_string_equal(sa.enc.name, "cbc(aes)");
	assert_int_equal(sa.enc.key_len, 16);
	free(enc);
}

static void what_is_not_for_us_is_passed_over(void **state)
{
	char buf[1024] = { 0 };
	struct nlmsghdr *msg;
	struct vn_sa sa;

	assert_false(vn_xfrm_read(message(buf, AF_INET6, 50, 0), &sa));
	assert_false(vn_xfrm_read(message(buf, AF_INET, 108, 0), &sa));
	msg = message(buf, AF_INET, 50, 0);
	msg->nlmsg_len -= 8;
	assert_false(vn_xfrm_read(msg, &sa));
	msg = message(buf, AF_INET, 51, XFRM_MODE_BEET);
	put_auth(msg, "hmac(sha1)", 100000, sizeof(struct xfrm_algo_auth) + 20); /* lies */
	assert_true(vn_xfrm_read(msg, &sa));
	assert_non_null(sa.unusable);
	assert_int_equal(sa.auth.key_len, 0);
}

static void what_we_cannot_do_is_noted(void **state)
{
	static const struct {
		uint16_t attribute;
		uint32_t flags;
		const char *unusable;
	} rows[] = {
		{ XFRMA_ENCAP, 0, "encap" },
		{ XFRMA_TFCPAD, 0, "tfcpad" },
		{ XFRMA_SA_EXTRA_FLAGS, 0, "extra-flag dont-encap-dscp" },
		{ XFRMA_IF_ID, XFRM_STATE_ESN, "flag esn" },
		{ XFRMA_IF_ID, XFRM_STATE_ALIGN4, NULL },
	};
	const struct xfrm_mark mark = { .v = 5, .m = 0xff };
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		_Alignas(8) char buf[1024] = { 0 };
		struct nlmsghdr *msg = message(buf, AF_INET, 50, XFRM_MODE_TUNNEL);
		struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(msg);
		struct vn_sa sa;

		info->flags = (uint8_t)rows[i].flags;
		mnl_attr_put_u32(msg, rows[i].attribute, 1);
		mnl_attr_put(msg, XFRMA_MARK, sizeof(mark), &mark);
		assert_true(vn_xfrm_read(msg, &sa));
		assert_int_equal(sa.mark_mask, 0xff);
		assert_int_equal(sa.if_id, rows[i].attribute == XFRMA_IF_ID);
		assert_int_equal(sa.is_align4, rows[i].flags == XFRM_STATE_ALIGN4);
		if (!rows[i].unusable)
			assert_null(sa.unusable);
		else
			assert_string_equal(sa.unusable, rows[i].unusable);
	}
}

/* The kernel is asked, and a namespace without associations has none. */
static void a_new_namespace_has_no_associations(void **state)
{
	const struct vn_sa theirs = { .saddr = 1, .daddr = 2, .spi = 7, .proto = VN_SA_ESP };
	struct vn_sa_db db = { 0 };
	struct vn_err err = { "" };

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		skip();
	if (vn_xfrm_load(NULL, &db, &err))
		fail_msg("%s", err.text);
	assert_int_equal(db.n, 0);
	vn_xfrm_account(NULL, &theirs, 1, 1); /* gone: not an error */
	vn_sa_db_fini(&db);
}

/* --- matching and setting up ---------------------------------------------------------- */

static void packets_find_theirs(void **state)
{
	struct vn_sa sa = { .saddr = 1, .daddr = 2, .spi = 7, .proto = VN_SA_ESP };

	assert_true(vn_sa_matches(&sa, 0, 1, 2));
	assert_false(vn_sa_matches(&sa, 0, 1, 3));
	assert_false(vn_sa_matches(&sa, 0, 2, 2));
	assert_true(vn_sa_matches(&sa, 7, 9, 9));
	assert_false(vn_sa_matches(&sa, 8, 1, 2));
	sa.reqid = 1;
	assert_false(vn_sa_matches(&sa, 0, 1, 2));
	sa.reqid = 0;
	sa.mark = 1;
	assert_false(vn_sa_matches(&sa, 0, 1, 2));
	sa.mark = 0;
	sa.if_id = 1;
	assert_false(vn_sa_matches(&sa, 0, 1, 2));
	sa.if_id = 0;
	sa.mode = VN_SA_TUNNEL;
	assert_false(vn_sa_matches(&sa, 0, 1, 2));
	sa.mode = VN_SA_TRANSPORT;
	sa.proto = VN_SA_AH;
	assert_false(vn_sa_matches(&sa, 0, 1, 2));
	assert_true(vn_sa_matches(&sa, 7, 1, 2));
}

static void lengths_and_refusals(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint32_t header_len;
		const char *said;
	} rows[] = {
		{ "proto esp enc aes " KEY16 " auth sha1 " KEY20, 0, 24, NULL },
		{ "proto esp enc aes " KEY16 " auth sha1 " KEY20 " mode tunnel", 0, 44, NULL },
		{ "proto esp enc cipher_null '' auth sha256 " KEY20, 0, 8, NULL },
		{ "proto esp enc des3_ede " KEY20 "01234567 auth digest_null ''", 0, 16, NULL },
		{ "proto esp enc rfc3686(ctr(aes)) " KEY20 " auth sha512 " KEY20, 0, 16, NULL },
		{ "proto esp aead rfc4106(gcm(aes)) " KEY20 " 64", 0, 16, NULL },
		{ "proto esp aead rfc4543(gcm(aes)) " KEY20 " 128", 0, 16, NULL },
		{ "proto ah auth sha1 " KEY20, 0, 24, NULL },
		{ "proto ah auth sha384 " KEY20, 0, 40, NULL },
		{ "proto esp enc rot13 " KEY16, -EOPNOTSUPP, 0, "ecb(cipher_null), cbc(aes)" },
		{ "proto esp enc aes " KEY16 " auth crc32 x", -EOPNOTSUPP, 0, "hmac(md5)" },
		{ "proto esp aead ccm x 64", -EOPNOTSUPP, 0, "rfc4106(gcm(aes))" },
		{ "proto esp enc aes 0x01", -EINVAL, 0, "8 bits" },
		{ "proto esp enc rfc3686(ctr(aes)) 0x01", -EINVAL, 0, "8 bits" },
		{ "proto ah auth-trunc sha1 x 512", -EINVAL, 0, "512 bits" },
		{ "proto esp aead rfc4106(gcm(aes)) " KEY20 " 256", -EINVAL, 0, "256 bits" },
		{ "proto esp aead rfc4106(gcm(aes)) " KEY20 " 80", -EINVAL, 0, "64, 96, 128" },
		{ "proto esp aead rfc4543(gcm(aes)) " KEY20 " 96", -EINVAL, 0, "it makes 128" },
		{ "proto esp aead rfc4106(gcm(aes)) " KEY16 " 96", -EINVAL, 0, "160, 224, 288" },
		{ "proto esp enc cipher_null x", -EINVAL, 0, "it takes none" },
		{ "proto esp enc des3_ede " KEY16, -EINVAL, 0, "it takes 192" },
		{ "proto esp enc aes " KEY16 " auth sha1 ''", -EINVAL, 0, "no key" },
		{ "proto esp enc aes " KEY16 " auth-trunc sha1 x 97", -EINVAL, 0, "97 bits" },
		{ "proto esp auth sha1 x", -EINVAL, 0, "esp takes enc or aead" },
		{ "proto esp enc aes " KEY16 " aead rfc4106(gcm(aes)) " KEY20 " 64", -EINVAL, 0,
		  "esp takes aead, or enc and auth" },
		{ "proto ah enc aes " KEY16 " auth sha1 x", -EINVAL, 0, "ah takes auth" },
		{ "proto ah", -EINVAL, 0, "ah takes auth" },
		{ "proto ah flag align4 auth-trunc sha256 x 128", 0, 28, NULL },
		{ "proto ah auth-trunc sha256 x 128", 0, 32, NULL },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		char text[400] = "src 10.0.0.1 dst 10.0.0.2 spi 1 ";
		struct vn_err err = { "" };
		struct vn_rng rng = { 1 };
		struct vn_sa_db db;
		struct vn_ipsec *x;
		int rc;

		strncat(text, rows[i].text, sizeof(text) - strlen(text) - 1);
		db = parse(text, rows[i].rc, rows[i].said);
		if (rows[i].rc)
			continue;
		rc = vn_ipsec_new(&db.v[0], &rng, &x, &err);
		if (rc || x->header_len != rows[i].header_len)
			fail_msg("%s: %d %s, header %u", text, rc, err.text, x ? x->header_len : 0);
		vn_ipsec_free(x);
		vn_sa_db_fini(&db);
	}
}

/* No packet may outgrow what the builder leaves room for. */
static void growth_is_bounded(void **state)
{
	static const char *const texts[] = {
		"src 1.1.1.1 dst 2.2.2.2 spi 1 mode tunnel proto esp enc aes " KEY16
		" auth-trunc sha512 x 512",
		"src 1.1.1.1 dst 2.2.2.2 spi 1 mode tunnel proto ah auth-trunc sha512 x 512",
	};
	uint8_t packet[256 + VN_IPSEC_GROWTH_MAX + 1];
	unsigned int i;
	uint32_t len;

	for (i = 0; i < VN_ARRAY_SIZE(texts); i++) {
		struct vn_sa_db db = parse(texts[i], 0, NULL);
		struct vn_rng rng = { 1 };
		struct vn_ipsec *x;

		assert_int_equal(vn_ipsec_new(&db.v[0], &rng, &x, NULL), 0);
		for (len = VN_IPV4_HLEN; len <= 256; len++) {
			memset(packet, 0, sizeof(packet));
			packet[len + VN_IPSEC_GROWTH_MAX] = 0xa5;
			packet[0] = 0x45;
			assert_in_range(vn_ipsec_apply(x, packet, len), len + 1,
					len + VN_IPSEC_GROWTH_MAX);
			assert_int_equal(packet[len + VN_IPSEC_GROWTH_MAX], 0xa5);
		}
		assert_int_equal(x->packets, 237);
		vn_ipsec_free(x);
		vn_sa_db_fini(&db);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_state_is_read),
		cmocka_unit_test(commands_are_read),
		cmocka_unit_test(a_message_becomes_an_association),
		cmocka_unit_test(what_is_not_for_us_is_passed_over),
		cmocka_unit_test(what_we_cannot_do_is_noted),
		cmocka_unit_test(a_new_namespace_has_no_associations),
		cmocka_unit_test(packets_find_theirs),
		cmocka_unit_test(lengths_and_refusals),
		cmocka_unit_test(growth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
