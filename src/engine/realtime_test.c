/* SPDX-License-Identifier: BSD-2-Clause */
/* When a worker becomes a real-time thread, and what is said if it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "engine/realtime.h"

#define AUTO VN_REALTIME_AUTO
#define OFF  VN_REALTIME_OFF
#define ON   VN_REALTIME_ON
#define LIMITED                                                                                    \
	{                                                                                          \
		true, false, 950000, 1000000                                                       \
	}
#define UNLIMITED                                                                                  \
	{                                                                                          \
		true, true, 0, 1000000                                                             \
	}

static void it_is_wanted_where_it_helps_and_harms_nobody(void **state)
{
	static const struct {
		struct vn_realtime_case c;
		bool is_wanted;
		const char *why; /* a part of it */
	} cases[] = {
		{ { AUTO, true, false, false, false, 2, 100, LIMITED }, true, "allowed" },
		{ { OFF, true, false, false, false, 2, 100, LIMITED }, false, "off" },
		{ { ON, true, false, false, false, 2, 100, LIMITED }, true, "as asked" },
		{ { AUTO, false, false, false, false, 2, 0, LIMITED }, false, "nothing is paced" },
		{ { ON, false, false, false, false, 2, 0, LIMITED }, false, "nothing is paced" },
		{ { AUTO, true, true, false, false, 2, 0, LIMITED }, false, "slack" },
		{ { ON, true, true, false, false, 2, 0, LIMITED }, false, "slack" },
		{ { AUTO, true, false, false, false, 1, 100, LIMITED }, false, "one CPU" },
		{ { ON, true, false, false, false, 1, 100, LIMITED }, true, "as asked" },
		{ { AUTO, true, false, false, true, 2, 100, LIMITED }, false, "another thread" },
		{ { ON, true, false, false, true, 2, 100, LIMITED }, true, "as asked" },
		/* Some of the time is for others. */
		{ { AUTO, true, false, false, false, 2, 700, LIMITED }, true, "allowed" },
		{ { AUTO, true, false, false, false, 2, 701, LIMITED },
		  false,
		  "takes 50 ms of each 1000 ms" },
		{ { AUTO, true, false, true, false, 2, 1001, LIMITED }, false, "takes 50 ms" },
		{ { ON, true, false, false, false, 2, 1001, LIMITED }, true, "as asked" },
		/* Without a limit only where nobody else has to run. */
		{ { AUTO, true, false, false, false, 2, 100, UNLIMITED }, false, "no limit" },
		{ { AUTO, true, false, true, false, 2, 100, UNLIMITED }, true, "allowed" },
		{ { AUTO, true, false, true, false, 2, 1001, UNLIMITED }, true, "allowed" },
		/* Of a kernel that does not tell, nothing is hoped. */
		{ { AUTO, true, false, true, false, 2, 1001, { 0 } }, false, "most of the time" },
		{ { AUTO, true, false, false, false, 0, 0, { 0 } }, true, "allowed" },
	};
	char why[VN_MACHINE_WHY];

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		if (vn_realtime_wants(&cases[i].c, why) != cases[i].is_wanted)
			fail_msg("case %u: %s", i, why);
		if (!strstr(why, cases[i].why))
			fail_msg("case %u: \"%s\", expected \"%s\"", i, why, cases[i].why);
	}
}

static void what_would_stop_the_machine_is_refused(void **state)
{
	static const struct {
		struct vn_realtime_case c;
		int rc;
	} cases[] = {
		{ { ON, true, false, false, false, 1, 0, UNLIMITED }, -EINVAL },
		{ { ON, true, false, false, false, 1, 0, LIMITED }, 0 },
		{ { ON, true, false, false, false, 2, 0, UNLIMITED }, 0 },
		{ { AUTO, true, false, false, false, 1, 0, UNLIMITED }, 0 },
	};
	struct vn_err err;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_int_equal(vn_realtime_check(&cases[i].c, 0, &err), cases[i].rc);
	vn_realtime_check(&cases[0].c, 7, &err);
	assert_non_null(strstr(err.text, "CPU 7"));
	assert_non_null(strstr(err.text, "sched_rt_runtime_us"));
}

static void only_who_was_asked_for_or_is_alone_may_always_spin(void **state)
{
	static const struct {
		struct vn_realtime_case c;
		bool must_sleep;
	} cases[] = {
		{ { AUTO, true, false, false, false, 2, 100, LIMITED }, true },
		{ { ON, true, false, false, false, 2, 100, LIMITED }, false },
		{ { AUTO, true, false, true, false, 2, 100, LIMITED }, true },
		{ { AUTO, true, false, false, false, 2, 100, UNLIMITED }, true },
		{ { AUTO, true, false, true, false, 2, 100, UNLIMITED }, false },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cases); i++)
		assert_int_equal(vn_realtime_must_sleep(&cases[i].c), cases[i].must_sleep);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_wanted_where_it_helps_and_harms_nobody),
		cmocka_unit_test(only_who_was_asked_for_or_is_alone_may_always_spin),
		cmocka_unit_test(what_would_stop_the_machine_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
