/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies as typed, and the messages that they become. */
#include "policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "caliper/msg.h"

static void words_are_modes(void **state)
{
	static const struct {
		const char *text;
		uint32_t mode;
		uint64_t value;
	} rows[] = {
		{ "asap", CAL_POLICY_ASAP, 0 },
		{ "gap:12304", CAL_POLICY_GAP, 12304 },
		{ "gap:20us", CAL_POLICY_GAP, 20000 },
		{ "gap:0", CAL_POLICY_GAP, 0 },
		{ "rate:100000000", CAL_POLICY_RATE, 100000000 },
		{ "rate:1G", CAL_POLICY_RATE, 1000000000 },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rows); i++) {
		struct nf2d_policy p = { .n_gaps = 0 };
		struct vn_err err = { "" };

		assert_int_equal(nf2d_policy_parse(&p, rows[i].text, &err), 0);
		assert_int_equal(p.policy.mode, rows[i].mode);
		assert_int_equal(p.policy.value, rows[i].value);
		nf2d_policy_fini(&p);
	}
}

static void others_are_refused(void **state)
{
	static const char *const texts[] = {
		"",	   "fast",   "gap",	"gap:",	 "gap:-1",
		"gap:1.5", "rate:0", "rate:2G", "list:", "list:/nonexistent",
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(texts); i++) {
		struct nf2d_policy p = { .n_gaps = 0 };
		struct vn_err err = { "" };

		if (!nf2d_policy_parse(&p, texts[i], &err))
			fail_msg("\"%s\" is accepted", texts[i]);
		assert_true(err.text[0]);
		nf2d_policy_fini(&p);
	}
}

/* Writes a file and parses it as a list. */
static int parse_list(const char *content, struct nf2d_policy *p, struct vn_err *err)
{
	char text[64] = "list:/tmp/vernier-policy-XXXXXX";
	int fd = mkstemp(text + 5), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
	*p = (struct nf2d_policy){ .n_gaps = 0 };
	err->text[0] = '\0';
	rc = nf2d_policy_parse(p, text, err);
	unlink(text + 5);
	return rc;
}

static void a_list_is_numbers_with_white_space(void **state)
{
	struct nf2d_policy p;
	struct vn_err err;

	assert_int_equal(parse_list("5 10\t20\r\n\n 40\f50", &p, &err), 0);
	assert_int_equal(p.policy.mode, CAL_POLICY_LIST);
	assert_int_equal(p.n_gaps, 5);
	assert_int_equal(p.gaps[0] + p.gaps[1] + p.gaps[2] + p.gaps[3] + p.gaps[4], 125);
	nf2d_policy_fini(&p);
}

static void a_bad_list_names_its_line(void **state)
{
	struct nf2d_policy p;
	struct vn_err err;

	assert_int_equal(parse_list("5\n10 x\n", &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 2"));
	assert_non_null(strstr(err.text, "'x'"));
	nf2d_policy_fini(&p);
	assert_int_equal(parse_list(" \n", &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no gaps"));
	nf2d_policy_fini(&p);
}

/* What a driver would hear: all gaps in order, the last message without MORE. */
static void hear(const struct nf2d_policy *p, unsigned int messages)
{
	uint64_t bytes[NF2D_POLICY_BYTES / 8];
	uint32_t next = 0, n = 0;
	struct vn_cal_msg msg;
	struct vn_cal_reader r;

	for (unsigned int i = 0; i < messages; i++) {
		uint32_t len = nf2d_policy_message(p, 3, next, bytes, &next);

		vn_cal_reader_init(&r, bytes, len);
		assert_int_equal(vn_cal_next(&r, VN_CAL_DRIVER_CONTROL, 3, &msg), 1);
		assert_int_equal(msg.type, CAL_POLICY);
		assert_memory_equal(msg.body, &p->policy, sizeof(p->policy));
		assert_int_equal(msg.head.flags, i + 1 < messages ? CAL_MORE : 0);
		if (msg.head.count)
			assert_memory_equal(msg.body + sizeof(p->policy), p->gaps + n,
					    8 * msg.head.count);
		n += msg.head.count;
	}
	assert_int_equal(next, 0);
	assert_int_equal(n, p->n_gaps);
}

static void messages_have_the_whole_policy(void **state)
{
	struct nf2d_policy p = { .policy = { .mode = CAL_POLICY_GAP, .value = 9, .quota = 2 } };

	hear(&p, 1);
	p.policy = (struct cal_policy){ .mode = CAL_POLICY_LIST, .snap = 60 };
	p.gaps = malloc(CAL_GAPS_MAX * sizeof(*p.gaps));
	assert_non_null(p.gaps);
	for (uint32_t i = 0; i < CAL_GAPS_MAX; i++)
		p.gaps[i] = 3 * i;
	p.n_gaps = 1;
	hear(&p, 1);
	p.n_gaps = 2042;
	hear(&p, 1);
	p.n_gaps = 2043;
	hear(&p, 2);
	p.n_gaps = CAL_GAPS_MAX;
	hear(&p, 33);
	nf2d_policy_fini(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_modes),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(a_list_is_numbers_with_white_space),
		cmocka_unit_test(a_bad_list_names_its_line),
		cmocka_unit_test(messages_have_the_whole_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
