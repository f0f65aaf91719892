/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines get the definition's result, whatever order they work in: every
 * program gives on the card what it gives on the reference, at every cycle at
 * which the card is stopped. VN_PROGRAMS=N draws so many programs, VN_SEED=S
 * begins with that seed; VN_IMAGES=DIR adds programs from a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/rng.h"
#include "pair.h"
#include "random_program.h"

#define PROGRAMS 300u /* of those that are drawn, by default */

/* How a card may get there. */
struct way {
	const char *name;
	enum vn_nt_engine engine;
	bool no_skip;
	unsigned int slice; /* cycles a call of run(), at most; 0: one call */
};

static const struct way ways[] = {
	{ "translated", VN_NT_TRANSLATE, false, 0 },
	{ "translated, in slices", VN_NT_TRANSLATE, false, 700 },
	{ "translated, no skipping", VN_NT_TRANSLATE, true, 0 },
	{ "interpreted", VN_NT_INTERPRET, false, 0 },
	{ "interpreted, in slices", VN_NT_INTERPRET, true, 53 },
};

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* -- Random programs ---------------------------------------------------------------- */

static bool runs_alike(struct pair *p, uint64_t until, unsigned int slice, struct vn_rng *rng)
{
	enum vn_nt_stop stop = VN_NT_STOP_UNTIL;
	uint64_t to = 0;

	while (stop == VN_NT_STOP_UNTIL && to < until) {
		to = slice ? VN_MIN(until, to + 1 + vn_rng_below(rng, slice)) : until;
		if (!pair_run(p, to, &stop))
			return false;
	}
	return true;
}

static bool is_right(struct random_program *program, uint64_t seed, const struct way *way)
{
	struct vn_rng rng;
	struct pair p;
	bool same;

	vn_rng_seed(&rng, seed, 1);
	program->cfg.engine = way->engine;
	program->cfg.no_skip = way->no_skip;
	same = pair_init(&p, &program->cfg, &program->image);
	for (unsigned int i = 0; i < program->n_frames; i++) {
		const struct random_frame *f = &program->frames[i];

		pair_feed(&p, f->port, f->cycle, f->bytes, f->len);
	}
	same = same && runs_alike(&p, program->until, way->slice, &rng);
	if (!same)
		print_error("VN_SEED=%llu VN_PROGRAMS=1 (%s): %s\n", (unsigned long long)seed,
			    way->name, p.why);
	pair_fini(&p);
	return same;
}

static void random_programs_run_as_defined(void **state)
{
	uint64_t n = number_of("VN_PROGRAMS", PROGRAMS), first = number_of("VN_SEED", 1);
	struct random_program *program = malloc(sizeof(*program));
	unsigned int wrong = 0;

	(void)state;
	assert_non_null(program);
	for (uint64_t seed = first; seed < first + n; seed++) {
		random_program_draw(program, seed);
		for (size_t w = 0; w < VN_ARRAY_SIZE(ways); w++)
			wrong += !is_right(program, seed, &ways[w]);
	}
	free(program);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_run_as_defined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
