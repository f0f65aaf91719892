/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before the first trial: lists and rates are read, what the command line left
 * open is chosen, devices are opened. Whatever would stop the benchmark after
 * hours (a size that the interface does not take) is refused here.
 */
#include "rfc2544_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cpus.h"
#include "drivers.h"
#include "seed.h"
#include "send_priv.h"
#include "wire/wire.h"

#define SIZE_MIN       (VN_ETH_MIN + VN_ETH_FCS)
#define SIZE_MAX_BYTES 16384
#define SIM_WALL_NS    (1000000000 * VN_NSEC_PER_SEC) /* as that of send --sim */
#define DEFAULT_SEED   "1"
#define REPEAT_LATENCY 20 /* RFC 2544, 26.2 */
#define REPEAT_BURST   50 /* 26.4 */

const struct vn_unit rfc2544_units_share[] = {
	{ "", 10000 },
	{ "%", 10000 },
	{ "ppm", 1 },
	{ NULL, 0 },
};

const char *rfc2544_test_name(unsigned int i)
{
	static const char *const names[] = {
#define VN_X(name, word, heading, section) [VN_TEST_##name] = word,
		VN_TESTS(VN_X)
#undef VN_X
	};

	return i < VN_ARRAY_SIZE(names) ? names[i] : NULL;
}

/* --- lists ------------------------------------------------------------------- */

/* Copies the next word of a list with commas; false: there is none. */
static bool next_word(const char **list, char *word, size_t cap)
{
	size_t len;

	if (!*list)
		return false;
	len = strcspn(*list, ",");
	snprintf(word, cap, "%.*s", (int)VN_MIN(len, cap - 1), *list);
	*list = (*list)[len] ? *list + len + 1 : NULL;
	return true;
}

static int add_size(struct rfc2544_run *run, uint64_t size, struct vn_err *err)
{
	for (unsigned int i = 0; i < run->n_sizes; i++)
		if (run->sizes[i].search.frame_size == size)
			return vn_err_set(err, EINVAL, "--sizes: %" PRIu64 " is there twice", size);
	if (run->n_sizes == RFC2544_SIZES_MAX)
		return vn_err_set(err, EINVAL, "--sizes: more than %d", RFC2544_SIZES_MAX);
	run->sizes[run->n_sizes++].search.frame_size = (uint32_t)size;
	return 0;
}

static int read_sizes(struct rfc2544_run *run, struct vn_err *err)
{
	const char *list = run->o.sizes;
	char word[32];
	uint64_t size;
	int rc = 0;

	while (!rc && next_word(&list, word, sizeof(word))) {
		rc = vn_parse_quantity("--sizes", word, vn_units_none, SIZE_MIN, SIZE_MAX_BYTES,
				       &size, err);
		if (!rc)
			rc = add_size(run, size, err);
	}
	return rc;
}

static int read_tests(struct rfc2544_run *run, struct vn_err *err)
{
	const char *list = run->o.tests;
	char word[32];

	while (next_word(&list, word, sizeof(word))) {
		unsigned int i = 0;

		while (i < VN_TESTS_N && strcmp(word, rfc2544_test_name(i)))
			i++;
		if (i == VN_TESTS_N)
			return vn_err_set(err, EINVAL,
					  "--tests: no test \"%s\" (there are throughput, latency, "
					  "loss, back-to-back)",
					  word);
		run->wants[i] = true;
	}
	run->wants[VN_TEST_THROUGHPUT] |= run->wants[VN_TEST_LATENCY];
	return 0;
}

/* --- choices ------------------------------------------------------------------ */

static bool has_far_end(const struct rfc2544_run *run)
{
	return vn_netdev_driver(run->o.driver)->caps & VN_CAP_FAR_END;
}

static int choose_drivers(struct rfc2544_run *run, struct vn_err *err)
{
	uint32_t needs = VN_CAP_TX | (run->o.is_sim ? VN_CAP_VIRTUAL | VN_CAP_FAR_END : 0);
	int rc = vn_driver_choose(&run->o.driver, needs, err);

	if (rc || has_far_end(run))
		return rc;
	if (vn_netdev_driver(run->o.driver)->caps & VN_CAP_RX)
		run->rx_driver = run->o.driver;
	return vn_driver_choose(&run->rx_driver, VN_CAP_RX, err);
}

static int check_ends(const struct rfc2544_run *run, struct vn_err *err)
{
	const struct rfc2544_options *o = &run->o;

	if (o->rx && has_far_end(run))
		return vn_err_set(err, EINVAL, "--rx %s: driver %s receives at its own far end",
				  o->rx, o->driver);
	if (o->is_sim && o->cpu)
		return vn_err_set(err, EINVAL, "--cpu: a simulated run is on no CPU");
	if (o->rx_cpu && !o->rx)
		return vn_err_set(err, EINVAL, "--rx-cpu: needs --rx");
	if (has_far_end(run))
		return 0;
	if (!run->target && (vn_netdev_driver(o->driver)->caps & VN_CAP_NEEDS_IF))
		return vn_err_set(
			err, EINVAL,
			"which interface? vernier rfc2544 IF --rx IF2, or --sim for none");
	if (!o->rx)
		return vn_err_set(err, EINVAL,
				  "where do frames come back? --rx IF2 (or --sim for a simulated "
				  "device)");
	return 0;
}

static int choose_seed(struct rfc2544_run *run, struct vn_err *err)
{
	if (!run->o.seed)
		run->o.seed = DEFAULT_SEED;
	return vn_seed_choose(run->o.seed, &run->seed, err);
}

static int choose_cpus(struct rfc2544_run *run, struct vn_err *err)
{
	struct vn_cpus allowed;
	int rc;

	if (run->o.is_sim)
		return 0;
	rc = vn_cpus_allowed(&allowed, err);
	if (rc)
		return rc;
	run->cpu = allowed.v[0];
	if (run->o.cpu)
		rc = vn_cpu_parse("--cpu", run->o.cpu, &run->cpu, err);
	if (!rc && run->o.rx_cpu)
		return vn_cpu_parse("--rx-cpu", run->o.rx_cpu, &run->rx_cpu, err);
	for (unsigned int i = 0; i < allowed.n && run->rx_cpu < 0; i++)
		if (allowed.v[i] != run->cpu)
			run->rx_cpu = allowed.v[i];
	return rc;
}

int rfc2544_plan(struct rfc2544_run *run, struct vn_err *err)
{
	static int (*const steps[])(struct rfc2544_run * run, struct vn_err * err) = {
		read_sizes, read_tests, choose_drivers, choose_seed, choose_cpus,
	};
	struct send_stream *stream;
	int rc = send_streams_add(&run->streams, "trial", &stream, err);

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(steps) && !rc; i++)
		rc = steps[i](run, err);
	return rc ? rc : check_ends(run, err);
}

/* --- rates --------------------------------------------------------------------- */

/* "50%" of the medium's rate, or frames a second. */
static int read_rate(const char *what, const char *text, uint64_t medium_milli, uint64_t *milli,
		     struct vn_err *err)
{
	size_t len = strlen(text);
	uint64_t v;
	int rc;

	if (!len || text[len - 1] != '%') {
		rc = vn_parse_quantity(what, text, vn_units_pps, 1, INT64_MAX / VN_MILLI, &v, err);
		*milli = rc ? 0 : v * VN_MILLI;
		return rc;
	}
	rc = vn_parse_quantity(what, text, rfc2544_units_share, 0, UINT64_MAX, &v, err);
	if (rc)
		return rc;
	if (v < 1 || v > VN_PPM)
		return vn_err_set(err, ERANGE, "%s: %s is out of range (0.0001%% to 100%%)", what,
				  text);
	*milli = VN_MAX((uint64_t)((__uint128_t)medium_milli * v / VN_PPM), 1u);
	return 0;
}

static int read_rates(const struct rfc2544_run *run, struct vn_search *s, struct vn_err *err)
{
	const struct rfc2544_options *o = &run->o;
	const struct {
		const char *what, *text;
		uint64_t *milli;
	} rates[] = {
		{ "--min", o->min, &s->min_milli },
		{ "--max", o->max, &s->max_milli },
		{ "--resolution", o->resolution, &s->step_milli },
		{ "--loss-step", o->loss_step, &s->loss_step_milli },
	};
	int rc = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(rates) && !rc; i++)
		rc = read_rate(rates[i].what, rates[i].text, s->medium_milli, rates[i].milli, err);
	if (rc)
		return rc;
	s->max_milli = VN_MIN(s->max_milli, s->medium_milli);
	if (s->min_milli > s->max_milli)
		return vn_err_set(err, EINVAL,
				  "--min %s is above --max %s, or above what the medium carries "
				  "(%.2f frames/s of %u bytes)",
				  o->min, o->max, rfc2544_fps(s->medium_milli), s->frame_size);
	return 0;
}

static int plan_size(struct rfc2544_run *run, struct vn_search *s, struct vn_err *err)
{
	const struct rfc2544_options *o = &run->o;

	s->medium_milli = (uint64_t)((__uint128_t)run->link_bps * VN_MILLI /
				     vn_wire_bits_l1(s->frame_size - VN_ETH_FCS));
	s->loss_ppm = (uint32_t)o->loss_ppm;
	s->final_ns = o->final_ns;
	s->search_ns = o->search_ns ? o->search_ns : o->final_ns;
	s->latency_ns = o->latency_ns;
	s->latency_repeats = (uint32_t)(o->repeat ? o->repeat : REPEAT_LATENCY);
	s->burst_ns = o->burst_ns;
	s->burst_step = o->burst_resolution;
	s->burst_repeats = (uint32_t)(o->repeat ? o->repeat : REPEAT_BURST);
	return read_rates(run, s, err);
}

static int choose_link_rate(struct rfc2544_run *run, struct vn_err *err)
{
	run->link_bps = run->o.link_bps ? run->o.link_bps : run->dev->link_bps;
	if (run->link_bps)
		return 0;
	return vn_err_set(err, EINVAL,
			  "%s does not say how fast it is: --link-rate 10G, for instance",
			  run->dev->name);
}

/* --- devices ------------------------------------------------------------------- */

static int open_devs(struct rfc2544_run *run, struct vn_err *err)
{
	struct vn_netdev_opts opts = {
		.target = run->target,
		.clock = &run->clock,
		.seed = run->seed,
		.link_bps = run->o.link_bps,
	};
	int rc;

	if (run->o.is_sim)
		vn_clock_virtual(&run->clock, 0, SIM_WALL_NS);
	else
		vn_clock_real(&run->clock);
	rc = vn_netdev_open(run->o.driver, VN_CAP_TX, &opts, &run->dev, err);
	if (rc || !run->o.rx || !run->o.learn ||
	    !(vn_netdev_driver(run->rx_driver)->caps & VN_CAP_TX))
		return rc;
	opts.target = run->o.rx;
	rc = vn_netdev_open(run->rx_driver, VN_CAP_TX, &opts, &run->back, err);
	return rc ? rc : send_check_dev(run->back, run->o.really_on, err);
}

static int open_bed(struct rfc2544_run *run, struct vn_err *err)
{
	const struct vn_trial_bed_opts opts = {
		.clock = &run->clock,
		.dev = run->dev,
		.really_on = run->o.really_on,
		.rx_driver = run->rx_driver,
		.rx_target = run->o.rx,
		.back = run->back,
		.cpu = run->cpu,
		.rx_cpu = run->rx_cpu,
		.seed = run->seed,
		.streams = &run->streams,
		.port = (uint16_t)run->o.port,
		.late_ppm = (uint32_t)run->o.late_ppm,
		.learn_frames = run->o.learn,
		.learn_wait_ns = run->o.learn_wait_ns,
		.settle_ns = run->o.settle_ns,
		.stabilize_ns = run->o.stabilize_ns,
	};

	return vn_trial_bed_open(&opts, &run->bed, err);
}

int rfc2544_open(struct rfc2544_run *run, struct vn_err *err)
{
	int rc = open_devs(run, err);

	if (!rc)
		rc = choose_link_rate(run, err);
	if (!rc)
		rc = open_bed(run, err);
	for (unsigned int i = 0; i < run->n_sizes && !rc; i++) {
		rc = plan_size(run, &run->sizes[i].search, err);
		if (!rc)
			rc = vn_trial_bed_check(run->bed, run->sizes[i].search.frame_size, err);
	}
	return rc;
}
