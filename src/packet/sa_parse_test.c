/* SPDX-License-Identifier: BSD-2-Clause */
/* What `ip xfrm state` prints and takes, and what is said of mistakes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/macros.h"
#include "packet/sa.h"

#define KEY20 "0x0123456789abcdef0123456789abcdef01234567"
#define KEY16 "0x0123456789abcdef0123456789abcdef"
#define HEAD "src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 "

static int parse(const char *text, struct vn_sa_db *db, struct vn_err *err)
{
	err->text[0] = '\0';
	return vn_sa_parse(text, strlen(text), "sas", db, err);
}

/* The only association of a text that must be right. */
static struct vn_sa only(const char *text)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err;
	struct vn_sa sa;

	if (parse(text, &db, &err) < 0)
		fail_msg("%s\n%s", text, err.text);
	assert_int_equal(db.n, 1);
	sa = db.v[0];
	vn_sa_db_fini(&db);
	return sa;
}

static void expect_recorded(const struct vn_sa *sa)
{
	static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };

	assert_int_equal(sa->saddr, 0x0a000001);
	assert_int_equal(sa->daddr, 0x0a000002);
	assert_int_equal(sa->spi, 0x100);
	assert_int_equal(sa->proto, VN_SA_ESP);
	assert_int_equal(sa->mode, VN_SA_TRANSPORT);
	assert_int_equal(sa->reqid, 0);
	assert_string_equal(sa->auth.name, "hmac(sha1)");
	assert_int_equal(sa->auth.key_len, 20);
	assert_string_equal(sa->enc.name, "cbc(aes)");
	assert_int_equal(sa->enc.key_len, 16);
	assert_memory_equal(sa->enc.key, bytes, 8);
	assert_memory_equal(sa->enc.key + 8, bytes, 8);
	assert_memory_equal(sa->auth.key + 16, bytes, 4);
	assert_null(sa->unusable);
}

/* As recorded from `ip -s xfrm state` of Linux 7.2. */
static void what_ip_prints_is_read(void **state)
{
	const struct vn_sa sa = only(
		"src 10.0.0.1 dst 10.0.0.2\n"
		"\tproto esp spi 0x00000100(256) reqid 0(0x00000000) mode transport\n"
		"\treplay-window 0 seq 0x00000000 flag  (0x00000000)\n"
		"\tauth-trunc hmac(sha1) " KEY20 " (160 bits) 96\n"
		"\tenc cbc(aes) " KEY16 " (128 bits)\n"
		"\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000\n"
		"\tsel src 0.0.0.0/0 dst 0.0.0.0/0 uid 0\n"
		"\tlifetime config:\n"
		"\t  limit: soft (INF)(bytes), hard (INF)(bytes)\n"
		"\t  limit: soft (INF)(packets), hard (INF)(packets)\n"
		"\t  expire add: soft 0(sec), hard 0(sec)\n"
		"\tlifetime current:\n"
		"\t  624(bytes), 6(packets)\n"
		"\t  add 2026-11-21 02:49:52 use -\n"
		"\tstats:\n"
		"\t  replay-window 0 replay 0 failed 0\n");

	expect_recorded(&sa);
	assert_int_equal(sa.auth.icv_bits, 96);
}

/* `ip -o`: a backslash where lines end. */
static void what_ip_prints_on_one_line_is_read(void **state)
{
	const struct vn_sa sa = only(
		"src 10.0.0.1 dst 10.0.0.2 \\\tproto esp spi 0x00000100(256) reqid 0(0x00000000) "
		"mode transport\\\treplay-window 0 \\\tauth-trunc hmac(sha1) " KEY20
		" (160 bits) 96\\\tenc cbc(aes) " KEY16 " (128 bits)\\\t"
		"sel src 0.0.0.0/0 dst 0.0.0.0/0 \n");

	expect_recorded(&sa);
}

static void command_lines_are_read_in_every_shape(void **state)
{
	static const char *const texts[] = {
		"ip xfrm state add " HEAD "mode transport auth 'hmac(sha1)' " KEY20
		" enc 'cbc(aes)' " KEY16,
		HEAD "mode transport auth \"hmac(sha1)\" " KEY20 " enc cbc(aes) " KEY16 "\n",
		"# the one recorded\n\n  ip -n red xfrm state update src 10.0.0.1 \\\n"
		"\tdst 10.0.0.2 proto esp \\\n spi 256 mode transport \\\n\n"
		"\tenc cbc\\(aes\\) " KEY16 " # encrypts\n\tauth hmac'(sha1)' " KEY20 "\n",
		"src 10.0.0.1 dst 10.0.0.2 proto 50 spi 0x100\r\n\tenc cbc(aes) " KEY16
		"\r\n\tauth hmac(sha1) " KEY20 "\r\n",
		HEAD "enc cbc(aes) '\x01#Eg\x89\xab\xcd\xef\x01#Eg\x89\xab\xcd\xef' "
		     "auth hmac(sha1) " KEY20,
		HEAD "replay-window 32 seq 5 sel src 10.0.0.0/8 dst 10.0.0.0/8 proto udp dport 9 "
		     "limit time-hard 100 flag noecn af-unspec output-mark 5 mask 7 "
		     "offload crypto dev eth0 dir out auth hmac(sha1) " KEY20
		     " enc cbc(aes) " KEY16,
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(texts); i++) {
		const struct vn_sa sa = only(texts[i]);

		expect_recorded(&sa);
		assert_int_equal(sa.auth.icv_bits, 0);
	}
}

static void null_algorithms_have_no_key(void **state)
{
	static const char *const texts[] = {
		HEAD "enc 'cipher_null' ''",
		"src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000100(256) mode transport\n"
		"\tauth-trunc digest_null  0\n\tenc ecb(cipher_null) \n\tsel src 0.0.0.0/0\n",
		HEAD "enc cipher_null",
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(texts); i++)
		assert_int_equal(only(texts[i]).enc.key_len, 0);
}

static void everything_that_a_packet_depends_on_is_kept(void **state)
{
	struct vn_sa sa = only("src 10.0.0.1 dst 10.0.0.2\n"
			       "\tproto ah spi 0xfffffffe(4294967294) reqid 7(0x00000007) "
			       "mode tunnel\n"
			       "\treplay-window 0 flag noecn align4 4000 (0x00004060)\n"
			       "\tmark 0x5/0xff \n"
			       "\tauth-trunc hmac(sha256) " KEY20 " (160 bits) 128\n"
			       "\tif_id 0x9\n");

	assert_int_equal(sa.proto, VN_SA_AH);
	assert_int_equal(sa.mode, VN_SA_TUNNEL);
	assert_int_equal(sa.spi, 0xfffffffe);
	assert_int_equal(sa.reqid, 7);
	assert_int_equal(sa.mark, 5);
	assert_int_equal(sa.mark_mask, 0xff);
	assert_int_equal(sa.if_id, 9);
	assert_int_equal(sa.auth.icv_bits, 128);
	assert_true(sa.is_align4);

	sa = only(HEAD "mark 1 mask 0xf aead 'rfc4106(gcm(aes))' " KEY20 " 64");
	assert_string_equal(sa.aead.name, "rfc4106(gcm(aes))");
	assert_int_equal(sa.aead.icv_bits, 64);
	assert_int_equal(sa.mark_mask, 0xf);
	assert_int_equal(only(HEAD "enc cipher_null '' mark 1").mark_mask, 0xffffffff);
}

static void what_we_cannot_do_is_noted_not_refused(void **state)
{
	static const struct {
		const char *text, *unusable;
	} cases[] = {
		{ HEAD "enc cipher_null '' encap espinudp 4500 4500 0.0.0.0", "encap" },
		{ "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 1\n\tenc ecb(cipher_null) \n"
		  "\tencap type espinudp sport 4500 dport 4500 addr 0.0.0.0\n", "encap" },
		{ HEAD "enc cipher_null '' flag esn", "flag esn" },
		{ HEAD "enc cipher_null '' mode beet", "mode beet" },
		{ HEAD "enc cipher_null '' extra-flag dont-encap-dscp",
		  "extra-flag dont-encap-dscp" },
		{ HEAD "enc cipher_null '' tfcpad 100", "tfcpad" },
		{ "src 10.0.0.1 dst 10.0.0.2 proto comp spi 5 comp deflate", "comp" },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_string_equal(only(cases[i].text).unusable, cases[i].unusable);
}

static void ipv6_is_left_out(void **state)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err;

	assert_int_equal(parse("src fd00::1 dst fd00::2\n\tproto esp spi 0x1 mode tunnel\n"
			       "\tenc camellia " KEY16 "\n"
			       "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x2\n\tenc cipher_null\n"
			       "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 3\n\tenc cipher_null\n",
			       &db, &err), 0);
	assert_int_equal(db.n, 2);
	assert_int_equal(db.v[0].spi, 2);
	assert_int_equal(db.v[1].spi, 3);
	assert_int_equal(parse("", &db, &err), 0);
	assert_int_equal(parse("# nothing\n \n", &db, &err), 0);
	assert_int_equal(db.n, 2);
	vn_sa_db_fini(&db);
}

static void mistakes_are_named_with_their_line(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *said;
	} cases[] = {
		{ "\nsrc 10.0.0 dst 10.0.0.2", -EINVAL,
		  "sas:2: src '10.0.0' is not accepted (an IPv4 or IPv6 address)" },
		{ "src 10.0.0.1 dst 10.0.0.2\n\tproto tcp", -EINVAL,
		  "sas:2: proto 'tcp' is not accepted (esp, ah," },
		{ HEAD "mode fast", -EINVAL,
		  "sas:1: mode 'fast' is not accepted (transport, tunnel" },
		{ HEAD "reqid 4294967296", -EINVAL, "reqid '4294967296' is not accepted" },
		{ HEAD "reqid x", -EINVAL, "reqid 'x'" },
		{ HEAD "reqid 0x", -EINVAL, "reqid '0x'" },
		{ HEAD "reqid 1x", -EINVAL, "reqid '1x'" },
		{ HEAD "mark 1/", -EINVAL, "mark '1/' is not accepted (MARK or MARK/MASK)" },
		{ HEAD "mode", -EINVAL, "'mode' without its value" },
		{ HEAD "mode\nsrc 10.0.0.3", -EINVAL, "'mode' without its value" },
		{ HEAD "enc aes 0x123", -EINVAL, "enc 'aes': key '0x123' is not bytes" },
		{ HEAD "enc aes 0x12fg", -EINVAL, "enc 'aes': key '0x12" },
		{ HEAD "\n\tenc aes 0x1234", -EINVAL,
		  "sas:1: enc aes: a key of 16 bits; it takes 128, 192, 256" },
		{ HEAD "enc rot13 ''", -EOPNOTSUPP, "enc \"rot13\" is none of ecb(cipher_null)" },
		{ HEAD "auth sha1 " KEY20, -EINVAL, "esp takes enc or aead" },
		{ HEAD "aead 'rfc4106(gcm(aes))' " KEY20, -EINVAL, "'aead' without its value" },
		{ HEAD "enc aes " KEY16 " speed fast", -EINVAL, "sas:1: 'speed' is not known" },
		{ HEAD "enc 'aes", -EINVAL, "sas:1: a quote is not closed" },
		{ "src 10.0.0.1 dst 10.0.0.2 spi 1 enc cipher_null ''", -EINVAL,
		  "without 'proto'" },
		{ "dst 10.0.0.2 spi 1 proto esp", -EINVAL, "without 'src'" },
		{ "src 10.0.0.2 spi 1 proto esp", -EINVAL, "without 'dst'" },
		{ "\n\nsrc 10.0.0.1 dst 10.0.0.2 proto esp", -EINVAL,
		  "sas:3: an association without 'spi'" },
		{ "ip xfrm state flush", -EINVAL, "sas:1: a command that is not read here" },
		{ "ip link add", -EINVAL, "a command that is not read here" },
		{ "ip xfrm", -EINVAL, "a command that is not read here" },
		{ "ip", -EINVAL, "a command that is not read here" },
	};
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_sa_db db = { 0 };
		struct vn_err err;

		assert_int_equal(parse(cases[i].text, &db, &err), cases[i].rc);
		if (!strstr(err.text, cases[i].said))
			fail_msg("%s\nsaid '%s', expected '%s'", cases[i].text, err.text,
				 cases[i].said);
		vn_sa_db_fini(&db);
	}
}

static void keys_are_never_shown(void **state)
{
	struct vn_sa_db db = { 0 };
	struct vn_err err;

	assert_int_equal(parse(HEAD "enc aes 0x5ec4e75ec4e75ec4e7x", &db, &err), -EINVAL);
	assert_null(strstr(err.text, "5ec4e7"));
	assert_int_equal(parse(HEAD "enc aes 0x5ec4e75ec4e75ec4e7", &db, &err), -EINVAL);
	assert_null(strstr(err.text, "5ec4e7"));
	assert_int_equal(parse(HEAD "enc 0x5ec4e75ec4e75ec4e7", &db, &err), -EINVAL);
	assert_null(strstr(err.text, "5ec4e7"));
	assert_int_equal(parse(HEAD "enc aes " KEY16 " 0x5ec4e75ec4e75ec4e7", &db, &err), -EINVAL);
	assert_null(strstr(err.text, "5ec4e7"));
	vn_sa_db_fini(&db);
}

static void words_and_keys_have_a_longest(void **state)
{
	char text[2048] = HEAD "enc aes ";
	size_t at = strlen(text);
	struct vn_sa_db db = { 0 };
	struct vn_err err;

	memset(text + at, '1', 511);
	assert_int_equal(parse(text, &db, &err), -EINVAL);
	assert_non_null(strstr(err.text, "a key of 511 bytes (at most 128)"));
	memset(text + at, '1', 512);
	assert_int_equal(parse(text, &db, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 511 characters"));
	vn_sa_db_fini(&db);
}

static void a_file_is_read_whole(void **state)
{
	char path[] = "/tmp/vernier-sa-XXXXXX";
	int fd = mkstemp(path);
	struct vn_sa_db db = { 0 };
	struct vn_err err = { "" };
	unsigned int i;

	assert_true(fd >= 0);
	for (i = 1; i <= 500; i++)
		dprintf(fd, "src 10.0.0.1 dst 10.0.0.2 proto esp spi %u enc cipher_null\n", i);
	close(fd);
	assert_int_equal(vn_sa_parse_file(path, &db, &err), 0);
	assert_int_equal(db.n, 500);
	assert_int_equal(db.v[499].spi, 500);
	unlink(path);
	assert_int_equal(vn_sa_parse_file(path, &db, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(vn_sa_parse_file("/", &db, &err), -EISDIR);
	vn_sa_db_fini(&db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ip_prints_is_read),
		cmocka_unit_test(what_ip_prints_on_one_line_is_read),
		cmocka_unit_test(command_lines_are_read_in_every_shape),
		cmocka_unit_test(null_algorithms_have_no_key),
		cmocka_unit_test(everything_that_a_packet_depends_on_is_kept),
		cmocka_unit_test(what_we_cannot_do_is_noted_not_refused),
		cmocka_unit_test(ipv6_is_left_out),
		cmocka_unit_test(mistakes_are_named_with_their_line),
		cmocka_unit_test(keys_are_never_shown),
		cmocka_unit_test(words_and_keys_have_a_longest),
		cmocka_unit_test(a_file_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
