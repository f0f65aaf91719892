/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters of netem from the words of tc-netem(8). As in tc a keyword may be
 * cut, the first row that begins so is meant; and what may follow a keyword is
 * told from the next keyword by its first character, a digit.
 *
 * The values of the loss models may also have their names before them, since
 * that is how `tc qdisc show` prints them.
 */
#include "net/netem.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"
#include "net/netem_cursor.h"

#define RATE_MAX UINT64_C(1000000000000000)

#define KIBI (UINT64_C(1) << 10)
#define MIBI (UINT64_C(1) << 20)
#define GIBI (UINT64_C(1) << 30)
#define TIBI (UINT64_C(1) << 40)

/* "bps" are bytes, as everywhere in tc. */
static const struct vn_unit rate_units[] = {
	{ "", 1 },
	{ "bit", 1 },
	{ "kbit", 1000 },
	{ "mbit", 1000000 },
	{ "gbit", 1000000000 },
	{ "tbit", 1000000000000 },
	{ "bps", 8 },
	{ "kbps", 8000 },
	{ "mbps", 8000000 },
	{ "gbps", 8000000000 },
	{ "tbps", 8000000000000 },
	{ "kibit", KIBI },
	{ "mibit", MIBI },
	{ "gibit", GIBI },
	{ "tibit", TIBI },
	{ "kibps", 8 * KIBI },
	{ "mibps", 8 * MIBI },
	{ "gibps", 8 * GIBI },
	{ "tibps", 8 * TIBI },
	{ NULL, 0 },
};

/* tc reads `limit` as a size, so 1k packets are 1024. */
static const struct vn_unit size_units[] = {
	{ "", 1 },     { "k", KIBI },  { "kb", KIBI }, { "m", MIBI }, { "mb", MIBI },
	{ "g", GIBI }, { "gb", GIBI }, { "b", 1 },     { NULL, 0 },
};

/* P [CORRELATION] */
static int take_chance(struct vn_netem_cursor *c, const char *what, struct vn_netem_chance *out)
{
	int rc = vn_netem_take_percent(c, what, &out->p);

	if (rc < 0 || !vn_netem_next_is_number(c))
		return rc;
	return vn_netem_take_percent(c, what, &out->corr);
}

static int take_distribution(struct vn_netem_cursor *c, const char *what,
			     enum vn_netem_distribution *out)
{
	static const char accepted[] = "uniform, normal, pareto or paretonormal";
	enum vn_netem_distribution d;
	int rc = vn_netem_take(c, what, accepted);

	if (rc < 0)
		return rc;
	for (d = VN_NETEM_UNIFORM; d <= VN_NETEM_PARETONORMAL; d++) {
		if (strcmp(c->word, vn_netem_distribution_name(d)) == 0) {
			*out = d;
			return 0;
		}
	}
	return vn_err_set(c->err, EINVAL, "netem: %s: '%s' is not known (%s)", what, c->word,
			  accepted);
}

static int word_limit(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return vn_netem_take_u32(c, "limit", size_units, UINT32_MAX, &p->limit);
}

static int word_delay(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc = vn_netem_take_time(c, "delay", &p->delay_ns);

	if (rc == 0 && vn_netem_next_is_number(c)) {
		rc = vn_netem_take_time(c, "delay: jitter", &p->jitter_ns);
		if (rc == 0 && vn_netem_next_is_number(c))
			rc = vn_netem_take_percent(c, "delay: correlation", &p->delay_corr);
	}
	return rc;
}

static int word_distribution(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return take_distribution(c, "distribution", &p->distribution);
}

struct named {
	const char *name;
	const char *what; /* in messages */
	uint32_t *value;
};

/* The first one, and of the others as many as are there. */
static int take_named(struct vn_netem_cursor *c, const struct named *v, unsigned int n)
{
	unsigned int i;
	int rc;

	for (i = 0; i < n; i++) {
		if (!vn_netem_skip(c, v[i].name) && i > 0 && !vn_netem_next_is_number(c))
			return 0;
		rc = vn_netem_take_percent(c, v[i].what, v[i].value);
		if (rc < 0)
			return rc;
		if (i == 0) /* the default of the second is what the first leaves */
			*v[1].value = VN_NETEM_ALWAYS - *v[0].value;
	}
	return 0;
}

/* Two ways out of one state. By one more than all: each was rounded. */
static int check_sum(struct vn_netem_cursor *c, const char *names, uint32_t a, uint32_t b)
{
	if ((uint64_t)a + b <= (uint64_t)VN_NETEM_ALWAYS + 1)
		return 0;
	return vn_err_set(c->err, EINVAL, "netem: loss state: %s are more than 100%% together",
			  names);
}

static int loss_state(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	const struct named v[] = {
		{ "p13", "loss state: p13", &p->p13 }, { "p31", "loss state: p31", &p->p31 },
		{ "p32", "loss state: p32", &p->p32 }, { "p23", "loss state: p23", &p->p23 },
		{ "p14", "loss state: p14", &p->p14 },
	};
	int rc;

	p->loss_model = VN_NETEM_LOSS_STATE;
	p->p32 = 0;
	p->p23 = VN_NETEM_ALWAYS;
	p->p14 = 0;
	rc = take_named(c, v, VN_ARRAY_SIZE(v));
	if (rc == 0)
		rc = check_sum(c, "p13 and p14", p->p13, p->p14);
	return rc < 0 ? rc : check_sum(c, "p31 and p32", p->p31, p->p32);
}

static int loss_gemodel(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	const struct named v[] = {
		{ "p", "loss gemodel: p", &p->ge_p },
		{ "r", "loss gemodel: r", &p->ge_r },
		{ "1-h", "loss gemodel: 1-h", &p->ge_1h },
		{ "1-k", "loss gemodel: 1-k", &p->ge_1k },
	};

	p->loss_model = VN_NETEM_LOSS_GEMODEL;
	p->ge_1h = VN_NETEM_ALWAYS;
	p->ge_1k = 0;
	return take_named(c, v, VN_ARRAY_SIZE(v));
}

static bool has_loss(const struct vn_netem_params *p)
{
	return p->loss_model != VN_NETEM_LOSS_RANDOM || p->loss.p > 0;
}

static int refuse_loss(struct vn_netem_cursor *c)
{
	static const char accepted[] = "PERCENT, random, state or gemodel";
	int rc = vn_netem_take(c, "loss", accepted);

	if (rc < 0)
		return rc;
	return vn_err_set(c->err, EINVAL, "netem: loss: '%s' is not accepted (%s)", c->word,
			  accepted);
}

static int word_loss(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	if (has_loss(p))
		return vn_err_set(c->err, EINVAL,
				  "netem: loss: given twice (one of random, state, gemodel)");
	if (vn_netem_skip(c, "state"))
		return loss_state(c, p);
	if (vn_netem_skip(c, "gemodel"))
		return loss_gemodel(c, p);
	if (!vn_netem_skip(c, "random") && !vn_netem_next_is_number(c))
		return refuse_loss(c);
	return take_chance(c, "loss", &p->loss);
}

static int word_ecn(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	p->ecn = true;
	return 0;
}

static int word_duplicate(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return take_chance(c, "duplicate", &p->duplicate);
}

static int word_reorder(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return take_chance(c, "reorder", &p->reorder);
}

static int word_corrupt(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return take_chance(c, "corrupt", &p->corrupt);
}

static int word_gap(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	return vn_netem_take_u32(c, "gap", vn_units_none, UINT32_MAX, &p->gap);
}

/* `tc qdisc show` names what follows the rate, and leaves out what is 0. */
static int rate_by_names(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc = 0;

	if (vn_netem_skip(c, "packetoverhead"))
		rc = vn_netem_take_overhead(c, "rate: packet overhead", &p->packet_overhead);
	if (rc == 0 && vn_netem_skip(c, "cellsize"))
		rc = vn_netem_take_u32(c, "rate: cell size", vn_units_none, VN_NETEM_OVERHEAD_MAX,
				       &p->cell_size);
	if (rc == 0 && vn_netem_skip(c, "celloverhead"))
		rc = vn_netem_take_overhead(c, "rate: cell overhead", &p->cell_overhead);
	return rc;
}

static int word_rate(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc = vn_netem_take_quantity(c, "rate", rate_units, RATE_MAX, &p->rate_bps);

	if (rc < 0 || !vn_netem_next_is_signed_number(c))
		return rc < 0 ? rc : rate_by_names(c, p);
	rc = vn_netem_take_overhead(c, "rate: packet overhead", &p->packet_overhead);
	if (rc < 0 || !vn_netem_next_is_number(c))
		return rc;
	rc = vn_netem_take_u32(c, "rate: cell size", vn_units_none, VN_NETEM_OVERHEAD_MAX,
			       &p->cell_size);
	if (rc < 0 || !vn_netem_next_is_signed_number(c))
		return rc;
	return vn_netem_take_overhead(c, "rate: cell overhead", &p->cell_overhead);
}

static int slot_distribution(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc = 0;

	p->slot_has_distribution = true;
	if (!vn_netem_next_is_number(c)) /* `tc qdisc show` does not know its name */
		rc = take_distribution(c, "slot distribution", &p->slot_distribution);
	if (rc == 0)
		rc = vn_netem_take_time(c, "slot distribution: delay", &p->slot_delay_ns);
	if (rc == 0)
		rc = vn_netem_take_time(c, "slot distribution: jitter", &p->slot_jitter_ns);
	if (rc == 0 && p->slot_jitter_ns == 0)
		return vn_err_set(c->err, ERANGE,
				  "netem: slot distribution: jitter: '%s' is not accepted (more "
				  "than 0; without jitter: slot TIME)",
				  c->word);
	return rc;
}

static int slot_range(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc = vn_netem_take_time(c, "slot: min", &p->slot_min_ns);

	p->slot_has_distribution = false;
	p->slot_max_ns = p->slot_min_ns;
	if (rc == 0 && vn_netem_next_is_number(c))
		rc = vn_netem_take_time(c, "slot: max", &p->slot_max_ns);
	if (rc == 0 && p->slot_max_ns < p->slot_min_ns)
		return vn_err_set(c->err, ERANGE,
				  "netem: slot: max: '%s' is less than min (min or more)", c->word);
	return rc;
}

static int word_slot(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	int rc;

	p->slot_packets = 0; /* a second slot replaces the first */
	p->slot_bytes = 0;
	rc = vn_netem_skip(c, "distribution") ? slot_distribution(c, p) : slot_range(c, p);
	if (rc == 0 && vn_netem_skip(c, "packets"))
		rc = vn_netem_take_u32(c, "slot: packets", vn_units_none, INT32_MAX,
				       &p->slot_packets);
	if (rc == 0 && vn_netem_skip(c, "bytes"))
		rc = vn_netem_take_u32(c, "slot: bytes", size_units, INT32_MAX, &p->slot_bytes);
	return rc;
}

static int word_seed(struct vn_netem_cursor *c, struct vn_netem_params *p)
{
	p->has_seed = true;
	return vn_netem_take_quantity(c, "seed", vn_units_none, UINT64_MAX, &p->seed);
}

/* In the order in which tc looks for the beginning of a word: "l" is limit. */
static const struct row {
	const char *name;
	int (*parse)(struct vn_netem_cursor *c, struct vn_netem_params *p);
} rows[] = {
	{ "limit", word_limit },
	{ "latency", word_delay },
	{ "delay", word_delay },
	{ "loss", word_loss },
	{ "drop", word_loss },
	{ "ecn", word_ecn },
	{ "reorder", word_reorder },
	{ "corrupt", word_corrupt },
	{ "gap", word_gap },
	{ "duplicate", word_duplicate },
	{ "distribution", word_distribution },
	{ "rate", word_rate },
	{ "slot", word_slot },
	{ "seed", word_seed },
};

static const struct row *find_row(const char *word, size_t n)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		if (strncmp(rows[i].name, word, n) == 0)
			return &rows[i];
	return NULL;
}

static int refuse_word(struct vn_netem_cursor *c, size_t n)
{
	char names[160];
	struct vn_text t;
	unsigned int i;

	vn_text_init(&t, names, sizeof(names));
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		vn_text_add(&t, "%s%s", i ? ", " : "", rows[i].name);
	return vn_err_set(c->err, EINVAL, "netem: '%.*s' is not known (%s)", (int)VN_MIN(n, 40),
			  c->at, names);
}

/* What only makes sense together. */
static int check(struct vn_netem_params *p, struct vn_err *err)
{
	if (p->reorder.p > 0 && p->delay_ns == 0)
		return vn_err_set(err, EINVAL,
				  "netem: reorder: not possible without delay (delay TIME)");
	if (p->reorder.p > 0 && p->gap == 0)
		p->gap = 1;
	if (p->gap > 0 && p->reorder.p == 0)
		return vn_err_set(err, EINVAL,
				  "netem: gap: %" PRIu32 " is without reorder (reorder PERCENT)",
				  p->gap);
	if (p->distribution != VN_NETEM_UNIFORM && (p->delay_ns == 0 || p->jitter_ns == 0))
		return vn_err_set(err, EINVAL,
				  "netem: distribution: '%s' is without jitter (delay TIME JITTER)",
				  vn_netem_distribution_name(p->distribution));
	if (p->ecn && !has_loss(p))
		return vn_err_set(err, EINVAL, "netem: ecn: needs packets to be lost (loss ...)");
	return 0;
}

int vn_netem_parse(const char *words, struct vn_netem_params *out, struct vn_err *err)
{
	struct vn_netem_params p = { .limit = 1000 };
	struct vn_netem_cursor c = { .at = words, .err = err };
	size_t n;
	int rc;

	while ((n = vn_netem_look(&c)) > 0) {
		const struct row *row = find_row(c.at, n);

		if (!row)
			return refuse_word(&c, n);
		c.at += n;
		rc = row->parse(&c, &p);
		if (rc < 0)
			return rc;
	}
	rc = check(&p, err);
	if (rc == 0)
		*out = p;
	return rc;
}
