/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const hist_keys[PAGE_H_COUNT] = {
#define PAGE_X(name) #name,
	PAGE_HISTS(PAGE_X)
#undef PAGE_X
};

int page_read_refuse(const struct page_reader *r, const char *path, const char *key,
		     const json_t *got, const char *expected)
{
	char *text = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
	char shown[40];

	snprintf(shown, sizeof(shown), "%s", text ? text : "?");
	if (text && strlen(text) >= sizeof(shown))
		memcpy(shown + sizeof(shown) - 4, "...", 4);
	vn_err_set(r->err, EINVAL, "%s:%zu: %s%s%s is %s, expected %s", r->source, r->line, path,
		   *path && *key ? "." : "", key, shown, expected);
	free(text);
	return -EINVAL;
}

/* --- single values ----------------------------------------------------------- */

static json_t *member(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return v && !json_is_null(v) ? v : NULL;
}

int page_read_text(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		   const char **out)
{
	const json_t *v = member(o, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return page_read_refuse(r, path, key, v, "a text or null");
	*out = json_string_value(v);
	return 0;
}

int page_read_bool(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		   bool *out)
{
	const json_t *v = member(o, key);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return page_read_refuse(r, path, key, v, "true or false");
	*out = json_is_true(v);
	return 0;
}

int page_read_value(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		    enum vn_snap_kind kind, struct vn_snap_value *out)
{
	const json_t *v = member(o, key);
	bool is_whole = kind == VN_KIND_COUNT || kind == VN_KIND_NS;

	if (!v)
		return 0;
	if (is_whole && (!json_is_integer(v) || json_integer_value(v) < 0))
		return page_read_refuse(r, path, key, v, "a whole number from 0 or null");
	if (!json_is_number(v))
		return page_read_refuse(r, path, key, v, "a number or null");
	*out = (struct vn_snap_value){
		.is_known = true,
		.n = (uint64_t)json_integer_value(v), /* 0 of what is none */
		.x = json_number_value(v),
	};
	return 0;
}

int page_read_object(const struct page_reader *r, const json_t *o, const char *path,
		     const char *key, json_t **out)
{
	*out = member(o, key);
	if (*out && !json_is_object(*out))
		return page_read_refuse(r, path, key, *out, "an object or null");
	return 0;
}

int page_read_array(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		    json_t **out)
{
	*out = member(o, key);
	if (*out && !json_is_array(*out))
		return page_read_refuse(r, path, key, *out, "an array or null");
	return 0;
}

/* --- settings ----------------------------------------------------------------- */

int page_read_settings(const struct page_reader *r, const json_t *o, const char *path,
		       struct page_settings *out)
{
	const char *key;
	json_t *v;

	out->v = calloc(json_object_size(o) + 1, sizeof(*out->v));
	if (!out->v)
		return vn_err_set(r->err, ENOMEM, "out of memory");
	json_object_foreach((json_t *)o, key, v)
	{
		if (json_is_object(v) || json_is_null(v))
			continue;
		if (!json_is_string(v))
			return page_read_refuse(r, path, key, v, "a text");
		out->v[out->n++] = (struct page_setting){ key, json_string_value(v) };
	}
	return 0;
}

/* --- histograms --------------------------------------------------------------- */

static bool is_bucket(const json_t *b)
{
	for (size_t i = 0; i < 3; i++) {
		const json_t *v = json_array_get(b, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return false;
	}
	return json_array_size(b) == 3 &&
	       json_integer_value(json_array_get(b, 0)) <= json_integer_value(json_array_get(b, 1));
}

static uint64_t bucket_number(const json_t *b, size_t i)
{
	return (uint64_t)json_integer_value(json_array_get(b, i));
}

static int read_buckets(const struct page_reader *r, const json_t *a, const char *path,
			struct page_hist *h)
{
	h->buckets = calloc(json_array_size(a) + 1, sizeof(*h->buckets));
	if (!h->buckets)
		return vn_err_set(r->err, ENOMEM, "out of memory");
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *b = json_array_get(a, i);
		struct page_bucket *to = &h->buckets[h->n];

		if (!is_bucket(b))
			return page_read_refuse(r, path, "buckets", b,
						"[low, high, count] of whole numbers from 0");
		*to = (struct page_bucket){
			.low = bucket_number(b, 0),
			.high = bucket_number(b, 1),
			.count = bucket_number(b, 2),
		};
		if (h->n && to->low < h->buckets[h->n - 1].low)
			return page_read_refuse(r, path, "buckets", b,
						"buckets in the order of their values");
		h->n += to->count > 0;
	}
	return 0;
}

static int read_hist(const struct page_reader *r, const json_t *o, const char *path,
		     struct page_hist *h)
{
	struct vn_snap_value samples = { 0 }, min = { 0 }, max = { 0 }, mean = { 0 };
	json_t *buckets;
	int rc;

	rc = page_read_value(r, o, path, "samples", VN_KIND_COUNT, &samples);
	if (!rc)
		rc = page_read_value(r, o, path, "min", VN_KIND_NS, &min);
	if (!rc)
		rc = page_read_value(r, o, path, "max", VN_KIND_NS, &max);
	if (!rc)
		rc = page_read_value(r, o, path, "mean", VN_KIND_PPS, &mean);
	if (!rc)
		rc = page_read_array(r, o, path, "buckets", &buckets);
	if (!rc && buckets)
		rc = read_buckets(r, buckets, path, h);
	h->is_known = samples.is_known;
	h->samples = samples.n;
	h->min = min.n;
	h->max = max.n;
	h->mean = mean.x;
	return rc;
}

static int read_hists(const struct page_reader *r, const json_t *row, const char *path,
		      struct page_row *out)
{
	char below[128];
	json_t *hists, *o;
	int rc = page_read_object(r, row, path, "histograms", &hists);

	for (unsigned int i = 0; !rc && hists && i < PAGE_H_COUNT; i++) {
		snprintf(below, sizeof(below), "%s.histograms", path);
		rc = page_read_object(r, hists, below, hist_keys[i], &o);
		snprintf(below, sizeof(below), "%s.histograms.%s", path, hist_keys[i]);
		if (!rc && o)
			rc = read_hist(r, o, below, &out->hist[i]);
	}
	return rc;
}

struct vn_snap_value page_hist_percentile(const struct page_hist *h, double pct)
{
	double wanted = (double)h->samples * pct / 100;
	uint64_t below = 0;

	if (pct < 100 && (double)h->samples * (100 - pct) < 100 - 1e-6)
		return (struct vn_snap_value){ 0 };
	for (size_t i = 0; h->samples && i < h->n; i++) {
		uint64_t v = VN_MIN(h->buckets[i].high, h->max);

		below += h->buckets[i].count;
		if ((double)below >= wanted || i + 1 == h->n)
			return (struct vn_snap_value){ .is_known = true, .n = v, .x = (double)v };
	}
	return (struct vn_snap_value){ 0 };
}

/* --- rows --------------------------------------------------------------------- */

int page_read_row(const struct page_reader *r, const json_t *o, const char *path,
		  struct page_row *row)
{
	int rc;

	if (!json_is_object(o))
		return page_read_refuse(r, path, "", o, "an object");
	rc = page_read_text(r, o, path, "name", &row->name);
	if (!rc)
		rc = page_read_text(r, o, path, "result", &row->result);
	if (!rc)
		rc = page_read_text(r, o, path, "stamped_by", &row->stamped_by);
	for (unsigned int f = 0; f < VN_F_COUNT && !rc; f++)
		rc = page_read_value(r, o, path, vn_snap_fields[f].key, vn_snap_fields[f].kind,
				     &row->value[f]);
	return rc ? rc : read_hists(r, o, path, row);
}

void page_row_free(struct page_row *row)
{
	for (unsigned int i = 0; i < PAGE_H_COUNT; i++)
		free(row->hist[i].buckets);
	free(row->settings.v);
	*row = (struct page_row){ 0 };
}
