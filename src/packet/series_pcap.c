/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture's own gaps, or its sizes. Departures are put in their places on one line
 * of time and gaps are taken between these, so that neither scaling nor packets out
 * of order change how long the whole is.
 */
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "packet/series_priv.h"

#define STEP_BACK_MAX_NS VN_NSEC_PER_SEC

struct capture {
	const char *path;
	struct vn_decimal scale;
	uint64_t fixed;
	bool is_fixed;
	/* Under way: */
	struct vn_values a;
	uint64_t packets, first_ns, latest_ns; /* the greatest stamp yet */
	uint64_t placed; /* where the packet before is put, in 1/65536 ns after the first */
};

static int scaled_place(struct vn_parser *p, const struct capture *c, uint64_t ns, uint64_t *place)
{
	__uint128_t product = (__uint128_t)ns * c->scale.digits;
	__uint128_t whole = product / c->scale.divisor, rest = product % c->scale.divisor;

	if (whole >= VN_SERIES_MAX / VN_SERIES_ONE)
		return vn_parser_fail(p, ERANGE, "%s: is longer than 39 hours", c->path);
	*place = ((uint64_t)whole << VN_SERIES_BITS) +
		 (uint64_t)((rest << VN_SERIES_BITS) / c->scale.divisor);
	return 0;
}

/*
 * Gaps are between places and not of stamps, so that what scaling rounds off is not
 * lost. A packet that is stamped before one in front of it (several queues do that)
 * leaves with it; a clock that was set back is no gap at all.
 */
static int add_gap(struct vn_parser *p, struct capture *c, uint64_t ns)
{
	uint64_t place = 0;
	int rc;

	if (c->packets++ == 0) {
		c->first_ns = c->latest_ns = ns;
		return 0;
	}
	if (ns + STEP_BACK_MAX_NS < c->latest_ns)
		return vn_parser_fail(p, EINVAL,
				      "%s: packet %" PRIu64 " is stamped more than 1 s before one "
				      "in front of it",
				      c->path, c->packets);
	c->latest_ns = VN_MAX(c->latest_ns, ns);
	rc = scaled_place(p, c, c->latest_ns - c->first_ns, &place);
	if (rc < 0)
		return rc;
	rc = vn_parser_add(p, c->path, &c->a, place - c->placed);
	c->placed = place;
	return rc;
}

static int add_packet(struct vn_parser *p, struct capture *c, const struct pcap_pkthdr *h)
{
	if (p->of == VN_SERIES_GAPS) {
		if (h->ts.tv_sec < 0 || h->ts.tv_usec < 0)
			return vn_parser_fail(p, EINVAL, "%s: packet %" PRIu64 " has no time",
					      c->path, c->packets + 1);
		return add_gap(p, c,
			       (uint64_t)h->ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)h->ts.tv_usec);
	}
	c->packets++;
	return vn_parser_add(p, c->path, &c->a, (uint64_t)h->len << VN_SERIES_BITS);
}

static int read_packets(struct vn_parser *p, struct capture *c, pcap_t *pcap)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int rc = 0, got = 1;

	while (rc == 0 && (got = pcap_next_ex(pcap, &h, &data)) == 1)
		rc = add_packet(p, c, h);
	if (rc == 0 && got == PCAP_ERROR)
		return vn_parser_fail(p, EINVAL, "%s: %s", c->path, pcap_geterr(pcap));
	if (rc == 0 && c->a.n == 0)
		return vn_parser_fail(p, EINVAL, "%s: has %" PRIu64 " packets (%s)", c->path,
				      c->packets,
				      p->of == VN_SERIES_GAPS ? "gaps are between 2 or more"
							      : "at least 1 is needed");
	return rc;
}

/* Times in nanoseconds, whatever the file has them in. */
static int read_capture(struct vn_parser *p, struct capture *c)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap;
	int rc;
	FILE *f = vn_parser_open(p, c->path, &rc);

	if (!f)
		return rc;
	pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		fclose(f);
		return vn_parser_fail(p, EINVAL, "%s: %s", c->path, why);
	}
	rc = read_packets(p, c, pcap);
	pcap_close(pcap); /* and f */
	return rc;
}

/* From the last packet to the first of the next round: no one knows, so as long as
 * gaps are on average. Sizes have no such. */
static int close_round(struct vn_parser *p, struct capture *c)
{
	if (p->of != VN_SERIES_GAPS)
		return 0;
	return vn_parser_add(p, c->path, &c->a, c->placed / c->a.n);
}

static int pcap_of(struct vn_parser *p, struct capture *c, struct vn_part **out)
{
	int rc = read_capture(p, c);

	if (rc == 0 && c->is_fixed)
		rc = vn_constant_new(c->fixed, out);
	else if (rc == 0) {
		rc = close_round(p, c);
		if (rc == 0)
			rc = vn_cycle_new(&c->a, out);
	}
	free(c->a.v);
	return rc;
}

/* ", scale, X" or ", fixed, GAP"; the comma is taken. */
static int pcap_mode(struct vn_parser *p, struct capture *c)
{
	char word[VN_WORD_MAX];
	int rc = vn_parser_word(p, word);

	if (rc < 0)
		return rc;
	if (strcmp(word, "scale") != 0 && strcmp(word, "fixed") != 0)
		return vn_parser_fail(p, EINVAL, "'%s' is not accepted (scale, X or fixed, GAP)",
				      word);
	if (p->of != VN_SERIES_GAPS)
		return vn_parser_fail(p, EINVAL, "'%s' is of gaps, not of sizes", word);
	rc = vn_parser_comma(p);
	if (rc < 0)
		return rc;
	c->is_fixed = word[0] == 'f';
	return c->is_fixed ? vn_parser_value(p, &c->fixed) : vn_parser_factor(p, "X", &c->scale);
}

int vn_pcap_read(struct vn_parser *p, struct vn_part **out)
{
	struct capture c = { .scale = { 1, 1 } };
	char *path;
	int rc = vn_parser_path(p, &path);

	if (rc < 0)
		return rc;
	c.path = path;
	if (p->of == VN_SERIES_LENGTHS)
		rc = vn_parser_fail(p, EINVAL,
				    "a capture gives gaps and sizes, no lengths of flows");
	if (rc == 0 && vn_parser_more(p))
		rc = pcap_mode(p, &c);
	if (rc == 0)
		rc = vn_parser_end(p);
	if (rc == 0)
		rc = pcap_of(p, &c, out);
	free(path);
	return rc;
}
