/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parameters of netem as text, in the order and with the blanks of `tc
 * qdisc show`. Unlike there values are exact (tc cuts 1.2345ms to 1.23ms) and
 * distributions are named, so that the text can be given to netem again.
 */
#include "net/netem.h"

#include <inttypes.h>

#include "base/macros.h"
#include "net/netem_percent.h"

static const char *const distribution_names[] = {
#define VN_X(id, word) word,
	VN_NETEM_DISTRIBUTIONS(VN_X)
#undef VN_X
};

const char *vn_netem_distribution_name(enum vn_netem_distribution d)
{
	return distribution_names[d];
}

static void print_time(const char *before, uint64_t ns, struct vn_text *out)
{
	static const struct {
		const char *unit;
		uint64_t ns;
		int width;
	} units[] = {
		{ "s", 1000000000, 9 }, { "ms", 1000000, 6 }, { "us", 1000, 3 }, { "ns", 1, 0 }
	};
	unsigned int i = 0;

	while (units[i].width > 0 && ns < units[i].ns)
		i++;
	vn_text_add(out, "%s", before);
	vn_netem_decimal_print(ns / units[i].ns, ns % units[i].ns, units[i].width, out);
	vn_text_add(out, "%s", units[i].unit);
}

static void print_percent(const char *before, uint32_t fraction, struct vn_text *out)
{
	vn_text_add(out, "%s ", before);
	vn_netem_percent_print(fraction, out);
}

static void print_chance(const char *before, const struct vn_netem_chance *c, struct vn_text *out)
{
	if (c->p == 0)
		return;
	print_percent(before, c->p, out);
	if (c->corr)
		print_percent("", c->corr, out);
}

static void print_delay(const struct vn_netem_params *p, struct vn_text *out)
{
	if (p->delay_ns == 0 && p->jitter_ns == 0)
		return;
	print_time(" delay ", p->delay_ns, out);
	if (p->jitter_ns || p->delay_corr)
		print_time("  ", p->jitter_ns, out); /* two blanks, as tc */
	if (p->delay_corr)
		print_percent("", p->delay_corr, out);
	if (p->distribution != VN_NETEM_UNIFORM)
		vn_text_add(out, " distribution %s", vn_netem_distribution_name(p->distribution));
}

static void print_loss(const struct vn_netem_params *p, struct vn_text *out)
{
	switch (p->loss_model) {
	case VN_NETEM_LOSS_RANDOM:
		print_chance(" loss", &p->loss, out);
		break;
	case VN_NETEM_LOSS_STATE:
		print_percent(" loss state p13", p->p13, out);
		print_percent(" p31", p->p31, out);
		print_percent(" p32", p->p32, out);
		print_percent(" p23", p->p23, out);
		print_percent(" p14", p->p14, out);
		break;
	case VN_NETEM_LOSS_GEMODEL:
		print_percent(" loss gemodel p", p->ge_p, out);
		print_percent(" r", p->ge_r, out);
		print_percent(" 1-h", p->ge_1h, out);
		print_percent(" 1-k", p->ge_1k, out);
		break;
	}
}

static void print_rate(const struct vn_netem_params *p, struct vn_text *out)
{
	static const char *const prefixes[] = { "", "K", "M", "G", "T" };
	uint64_t rate = p->rate_bps;
	unsigned int i = 0;

	if (rate == 0)
		return;
	for (; rate % 1000 == 0 && i + 1 < VN_ARRAY_SIZE(prefixes); i++)
		rate /= 1000;
	vn_text_add(out, " rate %" PRIu64 "%sbit", rate, prefixes[i]);
	if (p->packet_overhead)
		vn_text_add(out, " packetoverhead %" PRId32, p->packet_overhead);
	if (p->cell_size)
		vn_text_add(out, " cellsize %" PRIu32, p->cell_size);
	if (p->cell_overhead)
		vn_text_add(out, " celloverhead %" PRId32, p->cell_overhead);
}

static void print_slot(const struct vn_netem_params *p, struct vn_text *out)
{
	if (!vn_netem_has_slots(p))
		return;
	if (p->slot_has_distribution) {
		vn_text_add(out, " slot distribution %s",
			    vn_netem_distribution_name(p->slot_distribution));
		print_time(" ", p->slot_delay_ns, out);
		print_time(" ", p->slot_jitter_ns, out);
	} else {
		print_time(" slot ", p->slot_min_ns, out);
		print_time(" ", p->slot_max_ns, out);
	}
	if (p->slot_packets)
		vn_text_add(out, " packets %" PRIu32, p->slot_packets);
	if (p->slot_bytes)
		vn_text_add(out, " bytes %" PRIu32, p->slot_bytes);
}

void vn_netem_print(const struct vn_netem_params *p, struct vn_text *out)
{
	vn_text_add(out, "limit %" PRIu32, p->limit);
	print_delay(p, out);
	print_loss(p, out);
	print_chance(" duplicate", &p->duplicate, out);
	print_chance(" reorder", &p->reorder, out);
	print_chance(" corrupt", &p->corrupt, out);
	print_rate(p, out);
	print_slot(p, out);
	if (p->ecn)
		vn_text_add(out, " ecn");
	if (p->has_seed)
		vn_text_add(out, " seed %" PRIu64, p->seed);
	if (p->gap)
		vn_text_add(out, " gap %" PRIu32, p->gap);
}
