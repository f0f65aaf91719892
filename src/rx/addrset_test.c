/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and prefixes: which texts are taken, and what is in them. */
#include "rx/addrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool has(const struct vn_addrset *set, const char *text)
{
	uint8_t addr[16];

	if (inet_pton(AF_INET, text, addr) == 1)
		return vn_addrset_has4(set, addr);
	assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return vn_addrset_has6(set, addr);
}

static void an_address_is_itself_a_prefix_all_its_hosts(void **state)
{
	static const struct {
		const char *set, *in, *out;
	} cases[] = {
		{ "10.0.0.7", "10.0.0.7", "10.0.0.6" },
		{ "10.0.0.7/32", "10.0.0.7", "10.0.0.8" },
		{ "10.0.0.0/24", "10.0.0.255", "10.0.1.0" },
		{ "10.0.0.128/25", "10.0.0.128", "10.0.0.127" },
		{ "10.4.0.0/14", "10.7.255.255", "10.8.0.0" },
		{ "0.0.0.0/0", "223.255.255.255", "224.0.0.1" },
		{ "0.0.0.0/0", "1.0.0.0", "255.255.255.255" },
		{ "0.0.0.0/0", "126.0.0.1", "127.0.0.1" },
		{ "0.0.0.0/0", "9.9.9.9", "0.0.0.0" },
		{ "10.0.0.7", "10.0.0.7", "::a00:7" },
		{ "fd00::1", "fd00::1", "fd00::2" },
		{ "fd00::/64", "fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::" },
		{ "fd00::/33", "fd00:0:7fff::1", "fd00:0:8000::1" },
		{ "fe80::8000:0/97", "fe80::8000:1", "fe80::1" },
		{ "::/0", "2001:db8::1", "ff02::1" },
		{ "::/0", "::2", "::1" },
		{ "::/0", "::2", "::" },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vn_addrset set = { .n4 = 0 };
		struct vn_err err = { "" };

		if (vn_addrset_add(&set, "--x", cases[i].set, &err))
			fail_msg("%s", err.text);
		if (!has(&set, cases[i].in) || has(&set, cases[i].out))
			fail_msg("%s: %s in it, %s not", cases[i].set, cases[i].in, cases[i].out);
	}
}

static void what_no_host_can_have_is_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *says;
	} cases[] = {
		{ "", -EINVAL, "198.18.0.1" },
		{ "10.0.0", -EINVAL, "198.18.0.0/24" },
		{ "10.0.0.1 ", -EINVAL, "not accepted" },
		{ "eth0", -EINVAL, "'eth0'" },
		{ "fd00::1%eth0", -EINVAL, "not accepted" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0", -EINVAL, "not accepted" },
		{ "10.0.0.0/", -EINVAL, "not accepted" },
		{ "10.0.0.0/x", -EINVAL, "not accepted" },
		{ "10.0.0.0/24/8", -EINVAL, "not accepted" },
		{ "10.0.0.0/-1", -EINVAL, "not accepted" },
		{ "10.0.0.0/33", -ERANGE, "0 to 32" },
		{ "fd00::/129", -ERANGE, "0 to 128" },
		{ "10.0.0.1/24", -EINVAL, "(10.0.0.1 is one host" },
		{ "fd00::1/64", -EINVAL, "(fd00::1 is one host" },
		{ "224.0.0.1", -EINVAL, "no address that a host can have" },
		{ "224.0.0.0/4", -EINVAL, "no address that a host can have" },
		{ "255.255.255.255", -EINVAL, "no address that a host can have" },
		{ "0.0.0.0", -EINVAL, "no address that a host can have" },
		{ "127.0.0.1", -EINVAL, "no address that a host can have" },
		{ "ff02::1", -EINVAL, "no address that a host can have" },
		{ "ff00::/8", -EINVAL, "no address that a host can have" },
		{ "::", -EINVAL, "no address that a host can have" },
		{ "::1", -EINVAL, "no address that a host can have" },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vn_addrset set = { .n4 = 0 };
		struct vn_err err = { "" };

		assert_int_equal(vn_addrset_add(&set, "--x", cases[i].text, &err), cases[i].rc);
		if (strncmp(err.text, "--x: ", 5) != 0 || !strstr(err.text, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].says);
		assert_int_equal(set.n4 + set.n6, 0);
	}
}

static void each_family_has_room_for_so_many(void **state)
{
	struct vn_addrset set = { .n4 = 0 };
	struct vn_err err = { "" };
	char text[32];

	for (unsigned int i = 0; i < VN_ADDRSET_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i + 1);
		assert_int_equal(vn_addrset_add(&set, "--x", text, &err), 0);
		snprintf(text, sizeof(text), "fd00::%x", i + 1);
		assert_int_equal(vn_addrset_add(&set, "--x", text, &err), 0);
	}
	assert_int_equal(vn_addrset_add(&set, "--x", "10.0.1.1", &err), -E2BIG);
	assert_int_equal(vn_addrset_add(&set, "--x", "fd01::1", &err), -E2BIG);
	assert_non_null(strstr(err.text, "64"));
	assert_true(has(&set, "10.0.0.64") && has(&set, "fd00::40"));
	assert_false(has(&set, "10.0.1.1") || has(&set, "fd01::1"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_itself_a_prefix_all_its_hosts),
		cmocka_unit_test(what_no_host_can_have_is_refused),
		cmocka_unit_test(each_family_has_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
