/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines get the definition's result, whatever order they work in: every
 * program gives on the card what it gives on the reference, at every cycle at
 * which the card is stopped. VN_PROGRAMS=N draws so many programs, VN_SEED=S
 * begins with that seed; VN_IMAGES=FILE:FILE... are programs to run instead (ELF
 * files, or .instr.mif with the .data.mif beside it), for VN_CYCLES each.
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

/* By default: */
#define PROGRAMS 300u
#define CYCLES	 1000000u

/* How a card may get there. */
struct way {
	const char *name;
	enum vn_nt_engine engine;
	bool no_skip;
	unsigned int slice; /* cycles a call of run(), at most; 0: one call */
	bool is_watched;    /* one instruction after another, in order */
};

static const struct way ways[] = {
	{ "translated", VN_NT_TRANSLATE, false, 0, false },
	{ "translated, in slices", VN_NT_TRANSLATE, false, 700, false },
	{ "translated, no skipping", VN_NT_TRANSLATE, true, 0, false },
	{ "interpreted", VN_NT_INTERPRET, false, 0, false },
	{ "interpreted, in slices", VN_NT_INTERPRET, true, 53, false },
	{ "watched", VN_NT_TRANSLATE, false, 0, true },
};

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* A watchpoint on a word that no program reads makes the card look at every access. */
static bool begin(struct pair *p, struct vn_nt_config *cfg, const struct vn_nt_image *image,
		  const struct way *way)
{
	cfg->engine = way->engine;
	cfg->no_skip = way->no_skip;
	if (!pair_init(p, cfg, image))
		return false;
	return !way->is_watched ||
	       !vn_nt_card_break(p->card, VN_NT_BREAK_READ, VN_NT_DATA_BASE, 4, true);
}

/* Now and then the host moves a frame each way, where there is a driver. */
static bool transfers_alike(struct pair *p, struct vn_rng *rng)
{
	uint8_t frame[2100];
	uint32_t len = 1 + vn_rng_below(rng, vn_rng_below(rng, 8) ? 200 : sizeof(frame));

	if (!p->ref->cfg.hw.has_driver || vn_rng_below(rng, 3))
		return true;
	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)vn_rng_next(rng);
	return pair_transfer(p, vn_rng_below(rng, 8) ? 0 : 1, frame, len);
}

static bool runs_alike(struct pair *p, uint64_t until, unsigned int slice, struct vn_rng *rng)
{
	enum vn_nt_stop stop = VN_NT_STOP_UNTIL;
	uint64_t to = 0;

	while (stop == VN_NT_STOP_UNTIL && to < until) {
		to = slice ? VN_MIN(until, to + 1 + vn_rng_below(rng, slice)) : until;
		if (!pair_run(p, to, &stop) || !transfers_alike(p, rng))
			return false;
	}
	return true;
}

/* -- Random programs ---------------------------------------------------------------- */

static bool is_right(struct random_program *program, uint64_t seed, const struct way *way)
{
	struct vn_rng rng;
	struct pair p;
	bool same = begin(&p, &program->cfg, &program->image, way);

	vn_rng_seed(&rng, seed, 1);
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

/* -- Programs from files ------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static void read_image(struct vn_nt_image *image, const char *path)
{
	static const char instr[] = ".instr.mif", data[] = ".data.mif";
	struct vn_err err = { 0 };
	char beside[4096];
	int r;

	if (ends_with(path, instr)) {
		snprintf(beside, sizeof(beside), "%.*s%s", (int)(strlen(path) - strlen(instr)),
			 path, data);
		r = vn_nt_image_read_instr_mif(image, path, &err);
		if (!r)
			r = vn_nt_image_read_data_mif(image, beside, &err);
	} else {
		r = vn_nt_image_read_elf(image, path, &err);
	}
	if (r)
		fail_msg("%s", err.text);
}

/* Who has 192.168.0.100, which some programs answer; the rest is noise. */
static void draw_frame(struct vn_rng *rng, uint8_t frame[1514])
{
	static const uint8_t arp[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,	0,   0,	 0, 0,
				       9,    8,	   6,	 0,    1,    8,	   0,	6,   4,	 0, 1,
				       2,    0,	   0,	 0,    0,    9,	   192, 168, 0,	 1, 0,
				       0,    0,	   0,	 0,    0,    192,  168, 0,   100 };

	for (unsigned int i = 0; i < 1514; i++)
		frame[i] = (uint8_t)vn_rng_next(rng);
	if (vn_rng_below(rng, 2))
		memcpy(frame, arp, sizeof(arp));
}

/* A third of what four wires carry. */
static void feed_all_ports(struct pair *p, struct vn_rng *rng, uint64_t until)
{
	uint8_t frame[1514];

	for (unsigned int port = 0; port < VN_NT_PORTS; port += 2)
		for (uint64_t at = 0; at < until;) {
			uint32_t len = vn_rng_below(rng, 4) ? 60 : 60 + vn_rng_below(rng, 1455);

			draw_frame(rng, frame);
			pair_feed(p, port, at, frame, len);
			at += 3 * (len + 24) + vn_rng_below(rng, 500);
		}
}

static void check_image(const struct vn_nt_image *image, const char *path, unsigned int model,
			unsigned int cpus, const struct way *way)
{
	struct vn_nt_config cfg = vn_nt_defaults;
	uint64_t until = number_of("VN_CYCLES", CYCLES);
	struct vn_rng rng;
	struct pair p;
	bool same;

	cfg.hw.model = model;
	cfg.hw.cpus = cpus;
	cfg.fault_halts = true;
	vn_rng_seed(&rng, 1, 0);
	same = begin(&p, &cfg, image, way);
	if (same)
		feed_all_ports(&p, &rng, until);
	same = same && runs_alike(&p, until, way->slice * 100, &rng) && pair_has_same_memory(&p);
	if (!same)
		fail_msg("%s, model %x, %u CPUs (%s): %s", path, model, cpus, way->name, p.why);
	pair_fini(&p);
}

static void images_run_as_defined(void **state)
{
	char *list = strdup(getenv("VN_IMAGES")), *rest = list;
	const char *path;

	(void)state;
	assert_non_null(list);
	while ((path = strtok_r(rest, ":", &rest))) {
		struct vn_nt_image image = { 0 };

		read_image(&image, path);
		for (size_t w = 0; w < VN_ARRAY_SIZE(ways); w++)
			for (unsigned int cpus = 1; cpus <= 2; cpus++) {
				check_image(&image, path, 0x10, cpus, &ways[w]);
				check_image(&image, path, 0x20, cpus, &ways[w]);
			}
		vn_nt_image_fini(&image);
	}
	free(list);
}

int main(void)
{
	const struct CMUnitTest drawn[] = {
		cmocka_unit_test(random_programs_run_as_defined),
	};
	const struct CMUnitTest given[] = {
		cmocka_unit_test(images_run_as_defined),
	};

	if (getenv("VN_IMAGES"))
		return cmocka_run_group_tests(given, NULL, NULL);
	return cmocka_run_group_tests(drawn, NULL, NULL);
}
