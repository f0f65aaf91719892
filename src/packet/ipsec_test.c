/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One small packet through every algorithm. The bytes it must become were made
 * by scapy 2.5 (those of rfc4543, which it lacks, by Python's cryptography) from
 * the same keys, IVs and padding.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/ipsec.h"
#include "packet/sa.h"

#define KEY16 "0x0102030405060708090a0b0c0d0e0f10"
#define KEY20 KEY16 "11121314"
#define KEY24 KEY20 "15161718"
#define KEY32 KEY24 "191a1b1c1d1e1f20"
#define KEY36 KEY32 "21222324"
#define KEY48 KEY36 "25262728292a2b2c2d2e2f30"
#define KEY64 KEY48 "3132333435363738393a3b3c3d3e3f40"

#define CAP 2048
#define GUARD 0xa5

/* 10.0.0.1 > 10.0.0.2, tos 1e, id 0x1234, ttl 32; UDP 9 > 9 with 17 bytes */
static const uint8_t plain[] = {
	0x45, 0x1e, 0x00, 0x2d, 0x12, 0x34, 0x00, 0x00, 0x20, 0x11, 0x74, 0x6c, 10, 0, 0, 1,
	10, 0, 0, 2, 0, 9, 0, 9, 0, 25, 0, 0, 0xbe, 0x9b, 0xe9, 0x55, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
	0, 0, 0,
};

static const struct {
	const char *name, *sa, *want;
} vectors[] = {
	{ "ah transport hmac(md5)",
	  "proto ah spi 0x100 mode transport flag align4 auth-trunc 'hmac(md5)' " KEY16 " 96",
	  "451e004512340000203374320a0000010a0000021104000000000100000000005052b94b9d895a45"
	  "5f5207b20009000900190000be9be95500000001000000000000000000" },
	{ "ah transport hmac(sha1)",
	  "proto ah spi 0x100 mode transport flag align4 auth-trunc 'hmac(sha1)' " KEY20 " 96",
	  "451e004512340000203374320a0000010a000002110400000000010000000000540220545e23ce24"
	  "c0534c060009000900190000be9be95500000001000000000000000000" },
	{ "ah transport hmac(sha256)",
	  "proto ah spi 0x100 mode transport flag align4 auth-trunc 'hmac(sha256)' " KEY32 " 128",
	  "451e0049123400002033742e0a0000010a000002110500000000010000000000bbff6bf03a91fbfb"
	  "e53660eb357621b40009000900190000be9be95500000001000000000000000000" },
	{ "ah transport hmac(sha384)",
	  "proto ah spi 0x100 mode transport flag align4 auth-trunc 'hmac(sha384)' " KEY48 " 192",
	  "451e005112340000203374260a0000010a0000021107000000000100000000001162de971be5c3db"
	  "a86c8c2031c3456a6c38d9aafaf130940009000900190000be9be955000000010000000000000000"
	  "00" },
	{ "ah transport hmac(sha512)",
	  "proto ah spi 0x100 mode transport flag align4 auth-trunc 'hmac(sha512)' " KEY64 " 256",
	  "451e0059123400002033741e0a0000010a0000021109000000000100000000009b555b0a1b693fe4"
	  "9c8db35c06015a8081ea3399f1fe011dff1a672597cae13e0009000900190000be9be95500000001"
	  "000000000000000000" },
	{ "esp transport ecb(cipher_null) 0 hmac(sha1)",
	  "proto esp spi 0x100 mode transport enc 'ecb(cipher_null)' '' "
	  "auth-trunc 'hmac(sha1)' " KEY20 " 96",
	  "451e004412340000203274340a0000010a00000200000100000000000009000900190000be9be955"
	  "000000010000000000000000000101111dca180fcf9d7506c06fab78" },
	{ "esp transport ecb(cipher_null) 0",
	  "proto esp spi 0x100 mode transport enc 'ecb(cipher_null)' ''",
	  "451e003812340000203274400a0000010a00000200000100000000000009000900190000be9be955"
	  "00000001000000000000000000010111" },
	{ "esp transport cbc(aes) 128 hmac(md5)",
	  "proto esp spi 0x100 mode transport enc 'cbc(aes)' " KEY16 " "
	  "auth-trunc 'hmac(md5)' " KEY16 " 96",
	  "451e005812340000203274200a0000010a0000020000010000000000dbf184112eb9111659712baf"
	  "cff2ab24c47d502dc7c87060b015a433abab6e5cecc2a12f38d044df57044c35dba43bc92f39f1fa"
	  "f44d55c6683095b7" },
	{ "esp transport cbc(aes) 128",
	  "proto esp spi 0x100 mode transport enc 'cbc(aes)' " KEY16,
	  "451e004c123400002032742c0a0000010a0000020000010000000000dbf184112eb9111659712baf"
	  "cff2ab24c47d502dc7c87060b015a433abab6e5cecc2a12f38d044df57044c35dba43bc9" },
	{ "esp transport cbc(aes) 192 hmac(sha256)",
	  "proto esp spi 0x100 mode transport enc 'cbc(aes)' " KEY24 " "
	  "auth-trunc 'hmac(sha256)' " KEY32 " 128",
	  "451e005c123400002032741c0a0000010a0000020000010000000000bd584c6bcc5395aae70fe428"
	  "41ccb9157297cee53034f803c62a813beddd07ea8dfb9f914ccbbe6b6e1e57e83ae3c66e39773c92"
	  "5e5f9ebeb47c0b5fb42e4fc3" },
	{ "esp transport cbc(aes) 256 hmac(sha512)",
	  "proto esp spi 0x100 mode transport enc 'cbc(aes)' " KEY32 " "
	  "auth-trunc 'hmac(sha512)' " KEY64 " 256",
	  "451e006c123400002032740c0a0000010a0000020000010000000000a73c5576667b7b43a23a9fd9"
	  "30b5465d4291e7654626de39443573eb9658537f6f53a803fb423a67abcb131bb1c203827a320351"
	  "7115abde74b16fe632f3b9cd7504ac5bb274febe9686fb3cde6fd9ba" },
	{ "esp transport cbc(des3_ede) 192 hmac(sha384)",
	  "proto esp spi 0x100 mode transport enc 'cbc(des3_ede)' " KEY24 " "
	  "auth-trunc 'hmac(sha384)' " KEY48 " 192",
	  "451e005c123400002032741c0a0000010a0000020000010000000000c7b64ccccdb0d3048b2c8fd6"
	  "4072565f821cdc1f3397969c92efe5822f18f89db839247eecf4fc32843e3ee8d2df9aa724ee10ee"
	  "a48e7a316035c3041f2f7125" },
	{ "esp transport rfc3686(ctr(aes)) 160 hmac(sha1)",
	  "proto esp spi 0x100 mode transport enc 'rfc3686(ctr(aes))' " KEY20 " "
	  "auth-trunc 'hmac(sha1)' " KEY20 " 96",
	  "451e004c123400002032742c0a0000010a0000020000010000000000d489d00d9d7b019ed3cf68f9"
	  "95273320e4c5ea12c78e3cd89c469199486c73a843a8e74c08077b174bac6c231c30324f" },
	{ "esp transport rfc3686(ctr(aes)) 288 hmac(sha1)",
	  "proto esp spi 0x100 mode transport enc 'rfc3686(ctr(aes))' " KEY36 " "
	  "auth-trunc 'hmac(sha1)' " KEY20 " 96",
	  "451e004c123400002032742c0a0000010a0000020000010000000000d489d00d9d7b019e3d38c790"
	  "cc8745558e78ed22bcc1f6d2923b23d388149fdbdfdc820b5ef2056a51c4824fac873f37" },
	{ "esp transport rfc4106(gcm(aes)) 160",
	  "proto esp spi 0x100 mode transport aead 'rfc4106(gcm(aes))' " KEY20 " 128",
	  "451e005012340000203274280a0000010a0000020000010000000000d489d00d9d7b019e9c4f9190"
	  "487573a8fd320f08efc3fb13cc782e171bbac0db0267e07ca795e6f699bc4fcc579aad41103b8d5a" },
	{ "esp transport rfc4106(gcm(aes)) 288",
	  "proto esp spi 0x100 mode transport aead 'rfc4106(gcm(aes))' " KEY36 " 128",
	  "451e005012340000203274280a0000010a0000020000010000000000d489d00d9d7b019e923223da"
	  "880d9fdb61466a4fabe7d16bc92951a2463e26b23ae06b36975d22763d8f3cec90b8e9d35bc1bd83" },
	{ "esp transport rfc4543(gcm(aes)) 160",
	  "proto esp spi 0x100 mode transport aead 'rfc4543(gcm(aes))' " KEY20 " 128",
	  "451e005012340000203274280a0000010a0000020000010000000000d489d00d9d7b019e00090009"
	  "00190000be9be95500000001000000000000000000010111b8e60f74fe7fb3bbb0a7823d9ebc036e" },
	{ "esp transport rfc7539esp(chacha20,poly1305) 288",
	  "proto esp spi 0x100 mode transport aead 'rfc7539esp(chacha20,poly1305)' " KEY36 " 128",
	  "451e005012340000203274280a0000010a0000020000010000000000d489d00d9d7b019e66ddcd2f"
	  "132d09753c2d2394ae5f150a2388586384c75ea3c1e6ff5840768ee325aface7030f815d8ba769c5" },
	{ "ah tunnel hmac(sha1)",
	  "proto ah spi 0x100 mode tunnel flag align4 auth-trunc 'hmac(sha1)' " KEY20 " 96",
	  "451e0059123400004033541e0a0000010a0000020404000000000100000000008b4dbcf4382fdee3"
	  "ec8a12e8451e002d123400002011746c0a0000010a0000020009000900190000be9be95500000001"
	  "000000000000000000" },
	{ "esp tunnel cbc(aes) 128 hmac(md5)",
	  "proto esp spi 0x100 mode tunnel enc 'cbc(aes)' " KEY16 " "
	  "auth-trunc 'hmac(md5)' " KEY16 " 96",
	  "451e006812340000403254100a0000010a0000020000010000000000dbf184112eb9111659712baf"
	  "cff2ab24535d16882519171692986407982bcd28d1884572f6649b1a48119230ca9e5b6811826282"
	  "abcf1d140028bcccd936b759de30e44adf218a40591c00be" },
	{ "esp tunnel cbc(des3_ede) 192 hmac(sha384)",
	  "proto esp spi 0x100 mode tunnel enc 'cbc(des3_ede)' " KEY24 " "
	  "auth-trunc 'hmac(sha384)' " KEY48 " 192",
	  "451e006c123400004032540c0a0000010a0000020000010000000000c7b64ccccdb0d304bbb4ac95"
	  "a67627d5259f72ee507ed91e9352acc0b6aaa1a1d5887a6b5c7f5414da5d9d2ad3998b24e1e0e8ad"
	  "e24732ba213d592971243efc63ce255a333ec2107fedc73f872fe14e" },
	{ "esp tunnel rfc4106(gcm(aes)) 160",
	  "proto esp spi 0x100 mode tunnel aead 'rfc4106(gcm(aes))' " KEY20 " 128",
	  "451e006412340000403254140a0000010a0000020000010000000000d489d00d9d7b019ed95891b4"
	  "5a5873a863b89231e5c3fb13c6782e151bb3c0d2027fe16d1d905a1e456f71d0e8aa72d431e97079"
	  "de9440f57f7402a1d2d6039ca9e40cdd7f4c2a38" },
	{ "esp tunnel rfc4543(gcm(aes)) 160",
	  "proto esp spi 0x100 mode tunnel aead 'rfc4543(gcm(aes))' " KEY20 " 128",
	  "451e006412340000403254140a0000010a0000020000010000000000d489d00d9d7b019e451e002d"
	  "123400002011746c0a0000010a0000020009000900190000be9be955000000010000000000000000"
	  "0001010474ba6264ded5b4164996a3a4de918d00" },
};

static struct vn_sa read_sa(const char *text)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err = { "" };
	char whole[1024];
	struct vn_sa sa;

	snprintf(whole, sizeof(whole), "src 10.0.0.1 dst 10.0.0.2 %s", text);
	if (vn_sa_parse(whole, strlen(whole), "test", &db, &err) < 0 || db.n != 1)
		fail_msg("%s: %s", text, err.text);
	sa = db.v[0];
	vn_sa_db_fini(&db);
	return sa;
}

static struct vn_ipsec *open_sa(const struct vn_sa *sa, struct vn_rng *rng)
{
	struct vn_err err = { "" };
	struct vn_ipsec *x;

	if (vn_ipsec_new(sa, rng, &x, &err) < 0)
		fail_msg("%s", err.text);
	return x;
}

/* Transforms a copy of the plain packet into out, CAP bytes; returns its length. */
static uint32_t transform(struct vn_ipsec *x, uint8_t *out)
{
	memset(out, GUARD, CAP);
	memcpy(out, plain, sizeof(plain));
	return vn_ipsec_apply(x, out, sizeof(plain));
}

static void expect_hex(const char *name, const uint8_t *got, uint32_t len, const char *want)
{
	char text[2 * CAP + 1] = "";
	uint32_t i;

	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", got[i]);
	if (strcmp(text, want))
		fail_msg("%s:\n%s instead of\n%s", name, text, want);
}

static void every_algorithm_gives_what_others_compute(void **state)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(vectors); i++) {
		struct vn_sa sa = read_sa(vectors[i].sa);
		uint8_t got[CAP];
		struct vn_ipsec *x;
		struct vn_rng rng;
		uint32_t len;

		vn_rng_seed(&rng, 1, 0);
		x = open_sa(&sa, &rng);
		/* twice: a context must be as new after each packet */
		transform(x, got);
		len = transform(x, got);
		expect_hex(vectors[i].name, got, len, vectors[i].want);
		vn_ipsec_free(x);
	}
}

/* AH without flag align4: the header is a multiple of 8 bytes. */
static void an_ah_header_is_padded_with_zeros(void **state)
{
	static const uint8_t zero[4];
	struct vn_sa sa = read_sa("proto ah spi 1 mode transport auth-trunc sha256 " KEY32 " 128");
	struct vn_rng rng = { 0 };
	struct vn_ipsec *x = open_sa(&sa, &rng);
	uint8_t got[CAP];

	assert_int_equal(transform(x, got), sizeof(plain) + 32);
	assert_int_equal(got[20 + 1], 32 / 4 - 2);
	assert_memory_equal(got + 20 + 28, zero, 4);
	assert_memory_equal(got + 20 + 32, plain + 20, sizeof(plain) - 20);
	vn_ipsec_free(x);
}

static void a_shorter_icv_is_the_beginning_of_the_whole(void **state)
{
	static const char *const texts[][2] = {
		{ "aead 'rfc4106(gcm(aes))' " KEY20 " 128",
		  "aead 'rfc4106(gcm(aes))' " KEY20 " 64" },
		{ "enc aes " KEY16 " auth-trunc sha512 " KEY64 " 512",
		  "enc aes " KEY16 " auth-trunc sha512 " KEY64 " 8" },
	};
	unsigned int i, k;

	for (i = 0; i < VN_ARRAY_SIZE(texts); i++) {
		uint8_t got[2][CAP];
		uint32_t len[2];

		for (k = 0; k < 2; k++) {
			char text[1024];
			struct vn_rng rng = { 0 };
			struct vn_ipsec *x;
			struct vn_sa sa;

			snprintf(text, sizeof(text), "proto esp spi 1 %s", texts[i][k]);
			sa = read_sa(text);
			x = open_sa(&sa, &rng);
			len[k] = transform(x, got[k]);
			vn_ipsec_free(x);
		}
		assert_true(len[1] < len[0]);
		/* but for the IPv4 header, which says the length */
		assert_memory_equal(got[0] + 20, got[1] + 20, len[1] - 20);
	}
}

/* With sequence numbers that stay 0 a counter IV is the salt: one association,
 * one IV, and not that of another. */
static void each_association_has_a_salt_of_its_own(void **state)
{
	struct vn_sa sa = read_sa("proto esp spi 1 aead 'rfc4106(gcm(aes))' " KEY20 " 128");
	struct vn_rng rng;
	struct vn_ipsec *one, *other;
	uint8_t got[3][CAP];

	vn_rng_seed(&rng, 7, 7);
	one = open_sa(&sa, &rng);
	other = open_sa(&sa, &rng);
	transform(one, got[0]);
	transform(one, got[1]);
	transform(other, got[2]);
	assert_memory_equal(got[0] + 28, got[1] + 28, 8);
	assert_memory_not_equal(got[0] + 28, got[2] + 28, 8);
	vn_ipsec_free(one);
	vn_ipsec_free(other);
}

static void what_cannot_be_used_is_refused(void **state)
{
	struct vn_sa sa = read_sa("proto esp spi 1 enc aes " KEY16);
	struct vn_rng rng = { 0 };
	struct vn_err err = { "" };
	struct vn_ipsec *x;

	sa.enc.key_len = 15;
	assert_int_equal(vn_ipsec_new(&sa, &rng, &x, &err), -EINVAL);
	assert_non_null(strstr(err.text, "a key of 120 bits; it takes 128, 192, 256"));
	assert_null(x);
	sa.unusable = "encap";
	assert_int_equal(vn_ipsec_new(&sa, &rng, &x, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "encap"));
	vn_ipsec_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_gives_what_others_compute),
		cmocka_unit_test(an_ah_header_is_padded_with_zeros),
		cmocka_unit_test(a_shorter_icv_is_the_beginning_of_the_whole),
		cmocka_unit_test(each_association_has_a_salt_of_its_own),
		cmocka_unit_test(what_cannot_be_used_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
