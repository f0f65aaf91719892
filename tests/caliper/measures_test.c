/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The measures of docs/measures.md in co-simulation: a client of the library, its
 * messages, the driver, transfers, the card's program, departures. With a pattern as
 * argument (measures_test 'k3_*'), those alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measures.h"

#define SKIPPED 77

static size_t add(struct CMUnitTest *all, size_t n, const struct CMUnitTest *some, size_t n_some)
{
	memcpy(all + n, some, n_some * sizeof(*some));
	return n + n_some;
}

int main(int argc, char **argv)
{
	const char *elf = getenv("VN_PKTGEN_ELF");
	struct CMUnitTest all[32];
	size_t n = 0;

	if (!elf || !*elf) {
		printf("1..0 # SKIP there is no compiler for the card's processors\n");
		return SKIPPED;
	}
	n = add(all, n, measures_hard, n_measures_hard);
	n = add(all, n, measures_flood, n_measures_flood);
	n = add(all, n, measures_exact, n_measures_exact);
	n = add(all, n, measures_rates, n_measures_rates);
	n = add(all, n, measures_closed, n_measures_closed);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return _cmocka_run_group_tests("measures", all, n, NULL, NULL);
}
