/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "faults.h"
#include "nt/isa.h"
#include "run.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *hex(uint64_t n, int digits)
{
	return json_sprintf("%0*" PRIx64, digits, n);
}

/* A name that is no UTF-8 is told as far as it is ASCII: JSON has nothing else. */
static json_t *text_json(const char *text)
{
	json_t *o = json_string(text);
	char *copy;

	if (o)
		return o;
	copy = strdup(text);
	for (char *c = copy; c && *c; c++)
		*c = (unsigned char)*c < 0x80 ? *c : '?';
	o = json_string(copy ? copy : "");
	free(copy);
	return o;
}

static const char *port_kind(unsigned int port)
{
	return port & 1 ? "host" : "mac";
}

static json_t *port_name(unsigned int port)
{
	return json_sprintf("%s%u", port_kind(port), port / 2);
}

/* A counter that there is one of is a number, others are lists. */
static json_t *counter_json(const uint64_t *values, unsigned int n)
{
	json_t *list;

	if (n == 1)
		return number(values[0]);
	list = json_array();
	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(list, number(values[i]));
	return list;
}

static json_t *counters_json(const struct vn_nt_counters *c)
{
	json_t *o = json_object();

#define VN_X(name, n, text) json_object_set_new(o, #name, counter_json(c->name, n));
	VN_NT_COUNTERS(VN_X)
#undef VN_X
	return o;
}

/* --- threads ------------------------------------------------------------------------ */

static json_t *thread_json(const struct vn_nt_card *card, unsigned int tid)
{
	static const char *const states[] = {
		[VN_NT_RUNNING] = "running", [VN_NT_ASLEEP] = "asleep", [VN_NT_ENDED] = "ended",
		[VN_NT_FAULTED] = "faulted", [VN_NT_HELD] = "held",
	};
	struct vn_nt_thread_view v;

	vn_nt_card_thread(card, tid, &v);
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "thread", (int)tid,
			 "state", states[v.state], "pc", hex(v.pc, 8), "exit_value",
			 v.state == VN_NT_ENDED ? number(v.exit_value) : json_null(), "lock",
			 v.lock < 0 ? json_null() : json_integer(v.lock), "instructions",
			 number(v.instructions), "lock_cycles", number(v.lock_cycles),
			 "send_cycles", number(v.send_cycles), "div_cycles", number(v.div_cycles));
}

static json_t *threads_json(const struct card_run *r)
{
	json_t *list = json_array();

	for (unsigned int tid = 0; tid < VN_NT_THREADS; tid++)
		json_array_append_new(list, thread_json(r->card, tid));
	return list;
}

static json_t *fault_json(const struct vn_nt_fault *f, const struct vn_nt_image *image)
{
	char text[VN_NT_DISASM_LEN], place[CARD_PLACE_LEN];

	card_place(image, f->pc, place);
	return json_pack("{s:o, s:i, s:o, s:o, s:s, s:o, s:o}", "cycle", number(f->cycle), "thread",
			 (int)f->tid, "pc", hex(f->pc, 8), "word", hex(f->word, 8), "instruction",
			 vn_nt_disasm(f->word, f->pc, text), "place",
			 place[0] ? text_json(place) : json_null(), "reason", text_json(f->reason));
}

static json_t *faults_json(const struct card_run *r)
{
	json_t *list = json_array();
	const struct vn_nt_fault *f;

	for (unsigned int i = 0; (f = vn_nt_card_fault(r->card, i)); i++)
		json_array_append_new(list, fault_json(f, &r->image));
	return list;
}

/* --- what it was connected to -------------------------------------------------------- */

static json_t *inputs_json(const struct card_feed *feed)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < feed->n; i++) {
		const struct card_input *in = &feed->inputs[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "port",
					port_name(in->port), "file", text_json(in->in.path),
					"records", number(in->in.records), "fed",
					number(in->frames), "too_long", number(in->in.too_long),
					"cut", number(in->in.cut), "empty", number(in->in.empty),
					"complete", in->is_over && !in->is_damaged));
	}
	return list;
}

static json_t *taps_json(const struct card_taps *taps)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < taps->n; i++) {
		const struct card_tap *t = &taps->tap[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "port",
						port_name(t->port), "interface",
						text_json(t->dev->name), "fed", number(t->rx),
						"dropped", number(t->rx_full), "written",
						number(t->tx), "refused", number(t->tx_refused)));
	}
	return list;
}

/* What depends on the machine: null on virtual time. */
static json_t *real_time_json(const struct card_run *r)
{
	struct vn_nt_run_stats stats;
	const char *why, *engine;

	if (!r->s.is_real_time)
		return json_null();
	vn_nt_card_run_stats(r->card, &stats);
	engine = vn_nt_card_engine(r->card, &why);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o}", "lag_max_ns",
			 number(r->pace.lag_max_ns), "lag_total_ns", number(r->pace.lag_total_ns),
			 "slices", number(r->slices), "rests", number(r->pace.naps), "host_waits",
			 number(r->hostwait.waits), "host_wait_ns", number(r->hostwait.total_ns),
			 "engine", engine, "why", why, "checkpoints", number(stats.checkpoints),
			 "rollbacks", number(stats.rollbacks));
}

static void add_setting(json_t *o, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return; /* of a name with a line's end in it */
	*value++ = '\0';
	json_object_set_new(o, line, text_json(value));
}

/* The lines of --show-settings as an object of texts. */
static json_t *settings_json(const struct card_run *r)
{
	json_t *o = json_object();
	char *text = NULL, *next;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return o;
	card_settings_show(&r->s, f);
	fclose(f);
	for (char *line = text; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		*next++ = '\0'; /* each line has its end */
		add_setting(o, line);
	}
	free(text);
	return o;
}

/* It takes tens of milliseconds: a card that runs would be late by them. */
static json_t *memory_json(const struct card_run *r)
{
	if (r->stop == CARD_STOP_RUNNING)
		return json_null();
	return hex(vn_nt_card_memory_hash(r->card), 16);
}

static json_t *run_json(const struct card_run *r)
{
	uint64_t cycle = vn_nt_card_cycle(r->card);
	struct vn_nt_run_stats stats;

	vn_nt_card_run_stats(r->card, &stats);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "vernier", VN_VERSION, "stopped", card_stop_name(r->stop), "cycles",
			 number(cycle), "time_ns", number(cycle * NS_PER_CYCLE), "instructions",
			 number(stats.instructions), "memory_hash", memory_json(r), "counters",
			 counters_json(vn_nt_hw_counters(r->hw)), "threads", threads_json(r),
			 "faults", faults_json(r), "inputs", inputs_json(&r->feed), "taps",
			 taps_json(&r->taps), "real_time", real_time_json(r), "settings",
			 settings_json(r));
}

int card_stats_write(const struct card_run *r, FILE *out)
{
	json_t *o = run_json(r);
	int rc;

	if (!o)
		return -ENOMEM;
	rc = json_dumpf(o, out, JSON_INDENT(2)) || fputc('\n', out) == EOF ? -EIO : 0;
	json_decref(o);
	return rc;
}
