/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "machine_report.h"
#include "respond.h"

#define REAL_DIGITS 12 /* more than any clock here justifies */

static json_t *value_json(const struct vn_snap_value *v, enum vn_snap_kind kind)
{
	if (!v->is_known)
		return json_null();
	if (kind == VN_KIND_COUNT || kind == VN_KIND_NS || kind == VN_KIND_SIGNED)
		return json_integer((json_int_t)v->n);
	return json_real(v->x);
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Only buckets that hold something, as [low, high, count], bounds included. */
static json_t *buckets_json(const struct vn_hist *h)
{
	json_t *list = json_array();
	uint64_t low, high, count;

	for (unsigned int i = 0; i < VN_HIST_BUCKETS; i++) {
		count = vn_hist_bucket(h, i, &low, &high);
		if (count)
			json_array_append_new(list, json_pack("[I, I, I]", (json_int_t)low,
							      (json_int_t)high, (json_int_t)count));
	}
	return list;
}

static json_t *histogram_json(const struct vn_hist *h)
{
	if (!h || !vn_hist_count(h))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:f, s:o}", "samples", (json_int_t)vn_hist_count(h),
			 "min", (json_int_t)vn_hist_min(h), "max",
			 (json_int_t)vn_hist_percentile(h, 100), "mean", vn_hist_mean(h), "buckets",
			 buckets_json(h));
}

static json_t *histograms_json(const struct vn_snap_row *row)
{
	static const char *const names[VN_H_TOLD] = {
		[VN_H_gap] = "gap",
		[VN_H_latency] = "latency",
		[VN_H_lateness] = "lateness",
		[VN_H_gap_error] = "gap_error",
		[VN_H_stamped_lateness] = "stamped_lateness",
		[VN_H_stamped_gap_error] = "stamped_gap_error",
		[VN_H_ipdv] = "ipdv",
		[VN_H_reorder_extent] = "reorder_extent",
	};
	json_t *o = json_object();

	for (unsigned int i = 0; i < VN_H_TOLD; i++)
		json_object_set_new(o, names[i], histogram_json(row->hist[i]));
	return o;
}

static json_t *row_json(const struct vn_snap_row *row, bool is_final)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(row->name));
	for (unsigned int f = 0; f < VN_F_COUNT; f++)
		json_object_set_new(o, vn_snap_fields[f].key,
				    value_json(&row->value[f], vn_snap_fields[f].kind));
	json_object_set_new(o, "stamped_by", text_json(row->stamped_by));
	json_object_set_new(o, "histograms", is_final ? histograms_json(row) : json_null());
	json_object_set_new(o, "result", text_json(row->result));
	return o;
}

/* A time that a user may have stated, or that may be known. */
static json_t *stated_json(uint64_t ns)
{
	return ns ? json_integer((json_int_t)ns) : json_null();
}

static json_t *receiver_json(const struct vn_snap_receiver *r)
{
	json_t *o;

	if (!r->is_known)
		return json_null();
	o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "frames", (json_int_t)r->frames,
		      "ours", (json_int_t)r->ours, "other", (json_int_t)r->other, "over_limit",
		      (json_int_t)r->over_limit, "drops", (json_int_t)r->drops, "stamp_other",
		      (json_int_t)r->stamp_other, "late_after_ns", stated_json(r->late_after_ns),
		      "clock_error_ns", stated_json(r->clock_error_ns));
	json_object_set_new(o, "filtered",
			    r->sees_filtered ? json_integer((json_int_t)r->filtered) : json_null());
	json_object_set_new(o, "stamp_source", text_json(r->stamp_source));
	json_object_set_new(o, "stamp_resolution_ns", stated_json(r->stamp_resolution_ns));
	json_object_set_new(o, "responder",
			    r->has_responder ? vn_respond_json(&r->responder) : json_null());
	return o;
}

static json_t *clock_json(const struct vn_clock_grain *clock)
{
	if (!clock->name)
		return json_null();
	return json_pack("{s:s, s:o, s:I}", "name", clock->name, "resolution_ns",
			 stated_json(clock->resolution_ns), "read_ns", (json_int_t)clock->read_ns);
}

static json_t *devices_json(const struct vn_json_run *run)
{
	struct vn_netdev_counter c[VN_NETDEV_COUNTERS_MAX];
	json_t *o = json_object();

	for (unsigned int i = 0; i < run->n_devs; i++) {
		unsigned int n = vn_netdev_counters(run->devs[i], c, VN_NETDEV_COUNTERS_MAX);
		json_t *dev = n ? json_object() : NULL;

		for (unsigned int k = 0; k < n; k++)
			json_object_set_new(dev, c[k].name, json_integer((json_int_t)c[k].n));
		if (dev)
			json_object_set_new(o, run->devs[i]->name, dev);
	}
	if (json_object_size(o))
		return o;
	json_decref(o);
	return json_null();
}

/* One line of key=value into the run's object, or into that of the stream that
 * began last, *stream. Of the rest of a value that has lines, nothing. */
static void add_setting(json_t *run, json_t **stream, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	json_t *value, *into = *stream ? *stream : run;
	size_t key_len;

	if (!equals)
		return;
	key_len = (size_t)(equals - line);
	value = json_stringn(equals + 1, len - key_len - 1);
	if (!value) /* the name of a file may be anything */
		value = json_string("(not UTF-8)");
	if (key_len == strlen("stream") && !memcmp(line, "stream", key_len)) {
		*stream = json_object();
		json_object_set_new(json_object_get(run, "streams"), json_string_value(value),
				    *stream);
		json_decref(value);
		return;
	}
	json_object_setn_new(into, line, key_len, value);
}

static json_t *settings_json(const char *text)
{
	json_t *run = json_pack("{s:{}}", "streams"), *stream = NULL;
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		add_setting(run, &stream, text, len);
	}
	return run;
}

static void add_run(json_t *o, const struct vn_json_run *run)
{
	json_object_set_new(o, "vernier", json_string(VN_VERSION));
	json_object_set_new(o, "command", json_string(run->command));
	json_object_set_new(o, "driver", text_json(run->driver));
	json_object_set_new(o, "interface", text_json(run->interface));
	json_object_set_new(o, "rx_interface", text_json(run->rx_interface));
	json_object_set_new(o, "pcap", text_json(run->pcap));
	json_object_set_new(o, "seed",
			    run->has_seed ? json_integer((json_int_t)run->seed) : json_null());
	json_object_set_new(o, "virtual_time", json_boolean(run->is_virtual));
}

/* In one write: who follows the file finds whole lines. */
static int write_line(FILE *out, const json_t *o)
{
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS);
	char *line = json_dumps(o, flags);
	size_t len;
	bool is_bad;

	if (!line)
		return -ENOMEM;
	len = strlen(line);
	line[len++] = '\n'; /* in place of the NUL */
	is_bad = fwrite(line, 1, len, out) != len;
	free(line);
	return is_bad ? -EIO : 0;
}

int vn_json_write(struct vn_json *j, const struct vn_snapshot *s, const char *verdict)
{
	json_t *o, *rows;
	int rc;

	if (!j->out)
		return 0;
	o = json_object();
	rows = json_array();
	add_run(o, &j->run);
	json_object_set_new(o, "final", json_boolean(s->is_final));
	json_object_set_new(o, "verdict", json_string(verdict));
	json_object_set_new(o, "settings",
			    s->is_final && j->run.settings ? settings_json(j->run.settings)
							   : json_null());
	json_object_set_new(o, "time_s", json_real(s->time_s));
	json_object_set_new(o, "clock", clock_json(&s->clock));
	for (unsigned int i = 0; i < s->n_rows; i++)
		json_array_append_new(rows, row_json(&s->rows[i], s->is_final));
	json_object_set_new(o, "streams", rows);
	json_object_set_new(o, "total", row_json(&s->total, s->is_final));
	json_object_set_new(o, "receiver", receiver_json(&s->receiver));
	json_object_set_new(o, "machine", vn_machine_json(s));
	json_object_set_new(o, "devices", s->is_final ? devices_json(&j->run) : json_null());
	rc = write_line(j->out, o);
	json_decref(o);
	return rc;
}

int vn_json_open(struct vn_json *j, const char *path, struct vn_err *err)
{
	j->out = NULL;
	if (!path)
		return 0;
	j->out = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!j->out)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	setvbuf(j->out, NULL, _IONBF, 0); /* lines are whole as they come */
	return 0;
}

int vn_json_close(struct vn_json *j, struct vn_err *err)
{
	bool is_bad = false;

	if (!j->out)
		return 0;
	is_bad = fflush(j->out) || ferror(j->out);
	if (j->out != stdout && fclose(j->out))
		is_bad = true;
	j->out = NULL;
	return is_bad ? vn_err_set(err, EIO, "the JSON could not be written") : 0;
}
