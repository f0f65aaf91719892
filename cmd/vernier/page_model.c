/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Line after line is parsed and dropped again but for a point of the course;
 * the last one stays, and the rows are made from it.
 */
#include "page_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "page_machine.h"
#include "page_read.h"

/* --- the course --------------------------------------------------------------- */

static int add_point(struct page_run *run, const struct page_reader *r, const json_t *total,
		     double time_s)
{
	struct page_point p = { .time_s = time_s };
	struct page_point *v;
	int rc;

	rc = page_read_value(r, total, "total", "now_pps", VN_KIND_PPS, &p.sent_pps);
	if (!rc)
		rc = page_read_value(r, total, "total", "rx_now_pps", VN_KIND_PPS, &p.got_pps);
	if (!rc)
		rc = page_read_value(r, total, "total", "lost", VN_KIND_COUNT, &p.lost);
	if (rc)
		return rc;
	/* A power of two is full: twice the room. */
	if (!(run->n_points & (run->n_points - 1))) {
		v = realloc(run->points, 2 * (run->n_points + 1) * sizeof(*v));
		if (!v)
			return vn_err_set(r->err, ENOMEM, "out of memory");
		run->points = v;
	}
	run->points[run->n_points++] = p;
	return 0;
}

/* The mean over both, weighted by time; unknown if one of them is. */
static void mean_rate(struct vn_snap_value *into, double seconds, const struct vn_snap_value *v,
		      double v_seconds)
{
	into->is_known = into->is_known && v->is_known;
	if (into->is_known && seconds + v_seconds > 0)
		into->x = (into->x * seconds + v->x * v_seconds) / (seconds + v_seconds);
}

static void fold(struct page_point *into, double begin_s, const struct page_point *p)
{
	mean_rate(&into->sent_pps, into->time_s - begin_s, &p->sent_pps, p->time_s - into->time_s);
	mean_rate(&into->got_pps, into->time_s - begin_s, &p->got_pps, p->time_s - into->time_s);
	into->lost = p->lost;
	into->time_s = p->time_s;
}

static void fold_points(struct page_run *run)
{
	size_t each = (run->n_points + PAGE_POINTS_MAX - 1) / PAGE_POINTS_MAX, n = 0;
	double begin_s = 0;

	run->points_each = VN_MAX(each, 1);
	for (size_t i = 0; i < run->n_points; i++) {
		if (i % run->points_each == 0) {
			begin_s = n ? run->points[n - 1].time_s : 0;
			run->points[n++] = run->points[i];
		} else {
			fold(&run->points[n - 1], begin_s, &run->points[i]);
		}
	}
	run->n_points = n;
}

/* --- lines -------------------------------------------------------------------- */

/* What every line has: its time, whether it is the last, the total. */
static int take_line(struct page_run *run, const struct page_reader *r, json_t *o)
{
	struct vn_snap_value time = { 0 };
	json_t *total;
	int rc;

	if (!json_is_object(o))
		return page_read_refuse(r, "the line", "", o, "an object, as --json writes");
	if (run->is_final)
		return vn_err_set(r->err, EINVAL,
				  "%s:%zu: there is a line behind the final one; expected one run",
				  r->source, r->line);
	rc = page_read_bool(r, o, "", "final", &run->is_final);
	if (!rc)
		rc = page_read_value(r, o, "", "time_s", VN_KIND_PPS, &time);
	if (!rc)
		rc = page_read_object(r, o, "", "total", &total);
	if (rc)
		return rc;
	if (!time.is_known || time.x < run->time_s || !total)
		return vn_err_set(r->err, EINVAL,
				  "%s:%zu: expected a line of --json, with \"total\" and a "
				  "\"time_s\" that grows",
				  r->source, r->line);
	run->time_s = time.x;
	return run->is_final ? 0 : add_point(run, r, total, time.x);
}

/*
 * What the writer had not written whole when it was ended: text without a
 * newline behind the last complete line.
 */
static bool is_torn(const struct page_run *run, const char *text, size_t len)
{
	return run->last && text[len - 1] != '\n';
}

static int read_lines(FILE *in, struct page_run *run, struct page_reader *r)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	int rc = 0;

	while (!rc && (len = getline(&text, &cap, in)) > 0) {
		json_error_t error;
		json_t *o = json_loadb(text, (size_t)len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
				       &error);

		r->line++;
		if (!o && is_torn(run, text, (size_t)len))
			break;
		if (!o) {
			rc = vn_err_set(r->err, EINVAL,
					"%s:%zu: %s; expected a JSON object, as --json writes",
					r->source, r->line, error.text);
			break;
		}
		rc = take_line(run, r, o);
		json_decref(run->last);
		run->last = o;
	}
	free(text);
	if (!rc && ferror(in))
		rc = vn_err_set(r->err, EIO, "%s: %s", r->source, strerror(errno));
	if (!rc && !run->last)
		rc = vn_err_set(r->err, EINVAL, "%s: it is empty; expected what --json writes",
				r->source);
	return rc;
}

/* --- the last line ------------------------------------------------------------ */

static int read_head(const struct page_reader *r, struct page_run *run)
{
	const struct {
		const char *key;
		const char **out;
	} texts[] = {
		{ "vernier", &run->version },
		{ "command", &run->command },
		{ "driver", &run->driver },
		{ "interface", &run->interface },
		{ "rx_interface", &run->rx_interface },
		{ "pcap", &run->pcap },
		{ "verdict", &run->verdict },
	};
	const json_t *seed = json_object_get(run->last, "seed");
	int rc = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(texts) && !rc; i++)
		rc = page_read_text(r, run->last, "", texts[i].key, texts[i].out);
	/* A seed has 64 bits; those of JSON's integers have a sign. */
	run->has_seed = json_is_integer(seed);
	run->seed = (uint64_t)json_integer_value(seed);
	return rc ? rc : page_read_bool(r, run->last, "", "virtual_time", &run->is_virtual);
}

static int read_receiver(const struct page_reader *r, struct page_run *run)
{
	struct page_receiver *to = &run->receiver;
	const struct {
		const char *key;
		struct vn_snap_value *out;
	} counts[] = {
		{ "frames", &to->frames },
		{ "ours", &to->ours },
		{ "other", &to->other },
		{ "over_limit", &to->over_limit },
		{ "drops", &to->drops },
		{ "stamp_resolution_ns", &to->stamp_resolution_ns },
		{ "filtered", &to->filtered },
		{ "stamp_other", &to->stamp_other },
		{ "late_after_ns", &to->late_after_ns },
		{ "clock_error_ns", &to->clock_error_ns },
	};
	json_t *o;
	int rc = page_read_object(r, run->last, "", "receiver", &o);

	if (rc || !o)
		return rc;
	to->is_known = true;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(counts) && !rc; i++)
		rc = page_read_value(r, o, "receiver", counts[i].key, VN_KIND_COUNT, counts[i].out);
	return rc ? rc : page_read_text(r, o, "receiver", "stamp_source", &to->stamp_source);
}

static int read_clock(const struct page_reader *r, struct page_run *run)
{
	struct page_clock *to = &run->clock;
	json_t *o;
	int rc = page_read_object(r, run->last, "", "clock", &o);

	if (rc || !o)
		return rc;
	rc = page_read_text(r, o, "clock", "name", &to->name);
	if (!rc)
		rc = page_read_value(r, o, "clock", "resolution_ns", VN_KIND_NS,
				     &to->resolution_ns);
	return rc ? rc : page_read_value(r, o, "clock", "read_ns", VN_KIND_NS, &to->read_ns);
}

static int read_rows(const struct page_reader *r, struct page_run *run)
{
	char path[32];
	json_t *rows;
	int rc = page_read_array(r, run->last, "", "streams", &rows);

	if (!rc)
		rc = page_read_row(r, json_object_get(run->last, "total"), "total", &run->total);
	if (rc)
		return rc;
	run->rows = calloc(json_array_size(rows) + 1, sizeof(*run->rows));
	if (!run->rows)
		return vn_err_set(r->err, ENOMEM, "out of memory");
	while (!rc && run->n_rows < json_array_size(rows)) {
		snprintf(path, sizeof(path), "streams[%zu]", run->n_rows);
		rc = page_read_row(r, json_array_get(rows, run->n_rows), path,
				   &run->rows[run->n_rows]);
		run->n_rows++;
	}
	return rc;
}

static int read_all_settings(const struct page_reader *r, struct page_run *run)
{
	json_t *all, *streams, *one;
	int rc = page_read_object(r, run->last, "", "settings", &all);

	if (!rc && all)
		rc = page_read_settings(r, all, "settings", &run->settings);
	if (!rc && all)
		rc = page_read_object(r, all, "settings", "streams", &streams);
	for (size_t i = 0; i < run->n_rows && !rc && all; i++) {
		if (!streams || !run->rows[i].name)
			continue;
		rc = page_read_object(r, streams, "settings.streams", run->rows[i].name, &one);
		if (!rc && one)
			rc = page_read_settings(r, one, "settings.streams", &run->rows[i].settings);
	}
	return rc;
}

int page_run_read(FILE *in, const char *source, struct page_run *run, struct vn_err *err)
{
	struct page_reader r = { .source = source, .err = err };
	int rc;

	*run = (struct page_run){ .source = source };
	rc = read_lines(in, run, &r);
	if (!rc)
		rc = read_head(&r, run);
	if (!rc)
		rc = read_rows(&r, run);
	if (!rc)
		rc = read_receiver(&r, run);
	if (!rc)
		rc = read_clock(&r, run);
	if (!rc)
		rc = page_machine_read(&r, run);
	if (!rc)
		rc = read_all_settings(&r, run);
	fold_points(run);
	if (rc)
		page_run_free(run);
	return rc;
}

void page_run_free(struct page_run *run)
{
	for (size_t i = 0; i < run->n_rows; i++)
		page_row_free(&run->rows[i]);
	page_row_free(&run->total);
	free(run->rows);
	free(run->points);
	free(run->workers);
	free(run->settings.v);
	json_decref(run->last);
	*run = (struct page_run){ 0 };
}
