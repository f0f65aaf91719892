/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a device's queues (spec section 8.5). A device that was
 * made with one queue has no map of queues to CPUs or to traffic classes:
 * those files are there, and say ENOENT.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "net/attribute.h"
#include "net/device.h"
#include "net/net.h"

#define BLANKS	     " \t\n"
#define CHUNK_BITS   32 /* of a mask, between commas */
#define CHUNK_DIGITS 8
#define MASK_BITS    64
#define LIMIT_MAX    (UINT32_MAX / 2 - UINT32_MAX / 16) /* bytes, of a byte limit; "max" */

static void *rxq_of(const struct vn_attribute_of *of)
{
	return &of->dev->rx[of->queue];
}

static void *txq_of(const struct vn_attribute_of *of)
{
	return &of->dev->tx[of->queue];
}

/* --- masks ---------------------------------------------------------------------------- */

/* As many digits as nbits need, in chunks of 32 bits, the highest first. */
static void add_mask(struct vn_text *out, uint64_t mask, unsigned int nbits)
{
	unsigned int high = nbits > CHUNK_BITS ? nbits - CHUNK_BITS : nbits;

	if (nbits > CHUNK_BITS)
		vn_text_add(out, "%0*" PRIx64 ",%08" PRIx32 "\n", (int)(high + 3) / 4,
			    mask >> CHUNK_BITS, (uint32_t)mask);
	else
		vn_text_add(out, "%0*" PRIx64 "\n", (int)(high + 3) / 4, mask);
}

struct mask {
	uint64_t bits;
	unsigned int n_chunks, n_digits; /* in the last chunk */
	unsigned int n_chunks_max;
};

static int add_char(struct mask *m, char c)
{
	int digit = vn_hex_digit(c);

	if (c == ',') {
		m->n_digits = 0;
		return 0;
	}
	if (digit < 0)
		return -EINVAL;
	if (m->n_digits == CHUNK_DIGITS)
		return -EOVERFLOW;
	m->n_chunks += m->n_digits++ == 0;
	if (m->n_chunks > m->n_chunks_max)
		return -EOVERFLOW;
	/* The first digit of a chunk moves what was before by a whole one. */
	if (m->n_digits == 1)
		m->bits <<= CHUNK_BITS;
	m->bits = (m->bits & ~(uint64_t)UINT32_MAX) |
		  (uint32_t)(((uint32_t)m->bits << 4) | (uint32_t)digit);
	return 0;
}

/* Chunks of up to eight hexadecimal digits between commas. -EOVERFLOW: bits that
 * stand for nothing here. */
static int parse_mask(const char *text, unsigned int nbits, uint64_t *out)
{
	struct mask m = { .n_chunks_max = (nbits + CHUNK_BITS - 1) / CHUNK_BITS };
	int rc = 0;

	text += strspn(text, BLANKS);
	for (; *text && !strchr(BLANKS, *text) && !rc; text++)
		rc = add_char(&m, *text);
	if (rc)
		return rc;
	if (text[strspn(text, BLANKS)])
		return -EINVAL;
	if (nbits < MASK_BITS && m.bits >> nbits)
		return -EOVERFLOW;
	*out = m.bits;
	return 0;
}

static unsigned int cpu_bits(const struct vn_attribute_of *of)
{
	return of->net->opts.n_cpus;
}

static unsigned int rxq_bits(const struct vn_attribute_of *of)
{
	return VN_MIN(of->dev->n_rxq, MASK_BITS);
}

static int show_mask(const struct vn_attribute *a, const struct vn_attribute_of *of,
		     struct vn_text *out, unsigned int nbits)
{
	uint64_t mask;

	memcpy(&mask, (const char *)a->base(of) + a->offset, sizeof(mask));
	add_mask(out, mask, nbits);
	return 0;
}

static int store_mask(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      const char *text, unsigned int nbits)
{
	uint64_t mask;
	int rc = parse_mask(text, nbits, &mask);

	if (!rc)
		vn_attribute_put(a, of, mask);
	return rc;
}

static int show_cpus(const struct vn_attribute *a, const struct vn_attribute_of *of,
		     struct vn_text *out)
{
	return show_mask(a, of, out, cpu_bits(of));
}

static int store_cpus(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      const char *text, size_t len)
{
	return store_mask(a, of, text, cpu_bits(of));
}

static int show_rxqs(const struct vn_attribute *a, const struct vn_attribute_of *of,
		     struct vn_text *out)
{
	return show_mask(a, of, out, rxq_bits(of));
}

static int store_rxqs(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      const char *text, size_t len)
{
	return store_mask(a, of, text, rxq_bits(of));
}

/* --- transmit queues ------------------------------------------------------------------ */

static bool has_many_queues(const struct vn_attribute_of *of)
{
	return of->dev->n_txq > 1;
}

static int show_xps_cpus(const struct vn_attribute *a, const struct vn_attribute_of *of,
			 struct vn_text *out)
{
	return has_many_queues(of) ? show_cpus(a, of, out) : -ENOENT;
}

static int store_xps_cpus(const struct vn_attribute *a, const struct vn_attribute_of *of,
			  const char *text, size_t len)
{
	return has_many_queues(of) ? store_cpus(a, of, text, len) : -ENOENT;
}

/* There are no classes, and without them all queues are of the first. */
static int show_traffic_class(const struct vn_attribute *a, const struct vn_attribute_of *of,
			      struct vn_text *out)
{
	if (!has_many_queues(of))
		return -ENOENT;
	vn_text_add(out, "0\n");
	return 0;
}

static int store_tx_maxrate(const struct vn_attribute *a, const struct vn_attribute_of *of,
			    const char *text, size_t len)
{
	uint64_t mbps;
	int rc;

	if (!of->dev->ops->set_tx_maxrate)
		return -EOPNOTSUPP;
	rc = vn_attribute_parse(text, &mbps);
	if (rc || mbps > UINT32_MAX)
		return rc ? rc : -ERANGE;
	rc = of->dev->ops->set_tx_maxrate(of->dev, of->queue, (uint32_t)mbps);
	if (!rc)
		vn_attribute_put(a, of, mbps);
	return rc;
}

static int store_limit(const struct vn_attribute *a, const struct vn_attribute_of *of,
		       const char *text, size_t len)
{
	uint64_t bytes = LIMIT_MAX;
	int rc = 0;

	if (strcmp(text, "max") && strcmp(text, "max\n"))
		rc = vn_attribute_parse(text, &bytes);
	if (rc || bytes > LIMIT_MAX)
		return -EINVAL;
	vn_attribute_put(a, of, bytes);
	return 0;
}

/* --- receive queues ------------------------------------------------------------------- */

/* The table has a size of a power of two. */
static int set_rps_flow_cnt(const struct vn_attribute_of *of, uint64_t v)
{
	uint32_t n = 1;

	if (v > 1u << 31)
		return -ENOMEM;
	while (n < v)
		n *= 2;
	of->dev->rx[of->queue].rps_flow_cnt = v ? n : 0;
	return 0;
}

/* --- tables --------------------------------------------------------------------------- */

#define RXQ(member)	VN_ATTRIBUTE_FIELD(rxq_of, struct vn_rx_queue, member)
#define TXQ(member)	VN_ATTRIBUTE_FIELD(txq_of, struct vn_tx_queue, member)
#define SHOW(function)	.mode = 0444, .show = function
#define STORE(function) .mode = 0644, .needs_admin = true, .store = function

static const struct vn_attribute rxq_rows[] = {
	{ "rps_cpus", STORE(store_cpus), .show = show_cpus, RXQ(rps_cpus) },
	{ "rps_flow_cnt", STORE(vn_attribute_store_number), .show = vn_attribute_show_field,
	  RXQ(rps_flow_cnt), .max = UINT64_MAX, .set = set_rps_flow_cnt },
};

const struct vn_attributes vn_rxq_attributes = VN_ATTRIBUTES(rxq_rows);

static const struct vn_attribute txq_rows[] = {
	{ "traffic_class", SHOW(show_traffic_class) },
	{ "tx_maxrate", STORE(store_tx_maxrate), .show = vn_attribute_show_field, TXQ(tx_maxrate) },
	{ "tx_timeout", SHOW(vn_attribute_show_field), TXQ(trans_timeout) },
	{ "xps_cpus", STORE(store_xps_cpus), .show = show_xps_cpus, TXQ(xps_cpus) },
	{ "xps_rxqs", STORE(store_rxqs), .show = show_rxqs, TXQ(xps_rxqs) },
};

const struct vn_attributes vn_txq_attributes = VN_ATTRIBUTES(txq_rows);

#define LIMIT(member) STORE(store_limit), .show = vn_attribute_show_field, TXQ(bql.member)

static const struct vn_attribute bql_rows[] = {
	{ "hold_time", STORE(vn_attribute_store_number), .show = vn_attribute_show_field,
	  TXQ(bql.hold_time_ms), .max = UINT32_MAX },
	{ "inflight", SHOW(vn_attribute_show_field), TXQ(bql.inflight) },
	{ "limit", LIMIT(limit) },
	{ "limit_max", LIMIT(limit_max) },
	{ "limit_min", LIMIT(limit_min) },
};

const struct vn_attributes vn_bql_attributes = VN_ATTRIBUTES(bql_rows);
