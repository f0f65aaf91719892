/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts beside recorded ones: see the header. */
#include "recorded_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 1024

/* --- patterns ----------------------------------------------------------------- */

/* A decimal number, or an IPv4 address as one. Moves *at behind it; false when
 * there is none. */
static bool take_value(const char **at, bool is_address, int64_t *value)
{
	const char *p = *at;
	int groups = is_address ? 4 : 1;
	int64_t sum = 0;
	char *end;

	for (; groups > 0; groups--) {
		if (!isdigit((unsigned char)*p) && !(*p == '-' && !is_address))
			return false;
		sum = (is_address ? sum << 8 : 0) + strtoll(p, &end, 10);
		p = end + (groups > 1 && *end == '.');
	}
	*at = p;
	*value = sum;
	return true;
}

static bool is_address(const char *p)
{
	unsigned int a, b, c, d;

	return sscanf(p, "%3u.%3u.%3u.%3u", &a, &b, &c, &d) == 4;
}

/* The range that *pattern points at, "<" taken already; moves behind ">". */
static bool take_range(const char **pattern, const char **text)
{
	bool addresses = is_address(*pattern);
	int64_t low = 0, high = INT64_MAX, value = 0;

	if (!take_value(pattern, addresses, &low) || strncmp(*pattern, "..", 2) != 0)
		abort(); /* no pattern of ours */
	*pattern += 2;
	take_value(pattern, addresses, &high);
	if (*(*pattern)++ != '>')
		abort();
	return take_value(text, addresses, &value) && low <= value && value <= high;
}

static bool take_cpu(const char **pattern, const char **text, const int cpus[2])
{
	unsigned int thread, modulo;
	int64_t value;

	if (sscanf(*pattern, "cpu %1u %5u>", &thread, &modulo) != 2 || thread > 1 || modulo == 0)
		abort();
	*pattern = strchr(*pattern, '>') + 1;
	return take_value(text, false, &value) && value == cpus[thread] % (int)modulo;
}

bool recorded_text_matches(const char *text, const char *pattern, const int cpus[2])
{
	while (*pattern) {
		if (*pattern != '<') {
			if (*pattern++ != *text++)
				return false;
			continue;
		}
		pattern++;
		if (*pattern == 'c' ? !take_cpu(&pattern, &text, cpus)
				    : !take_range(&pattern, &text))
			return false;
	}
	return *text == '\0';
}

const char *recorded_text_difference(const char *text, const char *pattern, const int cpus[2],
				     size_t *len)
{
	char line[LINE_MAX_LEN], want[LINE_MAX_LEN];

	while (*text || *pattern) {
		size_t n = strcspn(pattern, "\n");

		*len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)*len, text);
		snprintf(want, sizeof(want), "%.*s", (int)n, pattern);
		if (!recorded_text_matches(line, want, cpus) || text[*len] != pattern[n])
			return text;
		text += *len + (text[*len] != '\0');
		pattern += n + (pattern[n] != '\0');
	}
	return NULL;
}

/* --- a run's numbers ---------------------------------------------------------- */

struct figures {
	uint64_t total_us, busy_us, idle_us, sent, pps, mbps, bps, errors;
	int size, frags;
	/* of the lines above */
	uint64_t sofar, sofar_errors, started_us, stopped_us, wait_us;
	bool has_imix;
};

/* The number behind name, which must be there. */
static uint64_t number_of(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) : UINT64_MAX;
}

static void read_current(const char *text, struct figures *f)
{
	f->sofar = number_of(text, "pkts-sofar: ");
	f->sofar_errors = number_of(text, "  errors: ");
	f->started_us = number_of(text, "started: ");
	f->stopped_us = number_of(text, "stopped: ");
	f->wait_us = number_of(text, "us idle: ");
	f->has_imix = strstr(text, "imix_weights: ");
}

static bool read_result(const char *text, struct figures *f)
{
	const char *result = strstr(text, "\nResult: OK: ");

	return result &&
	       sscanf(result,
		      "\nResult: OK: %" SCNu64 "(c%" SCNu64 "+d%" SCNu64 ") usec, %" SCNu64
		      " (%dbyte,%dfrags)\n  %" SCNu64 "pps %" SCNu64 "Mb/sec (%" SCNu64
		      "bps) errors: %" SCNu64,
		      &f->total_us, &f->busy_us, &f->idle_us, &f->sent, &f->size, &f->frags,
		      &f->pps, &f->mbps, &f->bps, &f->errors) == 10;
}

/* Each of two texts of time was rounded down by itself. */
static bool is_about(uint64_t rounded, uint64_t other)
{
	return rounded == other || rounded + 1 == other;
}

static const char *contradiction_of_rates(const struct figures *f)
{
	if (f->total_us && (f->pps > f->sent * 1000000 / f->total_us ||
			    f->pps < f->sent * 1000000 / (f->total_us + 1)))
		return "pps is not packets by time";
	if (!f->has_imix && f->bps != f->pps * 8 * (uint64_t)f->size)
		return "bps is not pps by size";
	return f->mbps == f->bps / 1000000 ? NULL : "Mb/sec is not bps";
}

const char *recorded_text_contradiction(const char *text)
{
	struct figures f;

	read_current(text, &f);
	if (f.started_us == 0)
		return f.sofar || f.stopped_us ? "counted without a run" : NULL;
	if (f.started_us == UINT64_MAX || f.stopped_us < f.started_us)
		return "stopped before it started";
	if (number_of(text, "seq_num: ") != f.sofar + 1)
		return "seq_num is not one more than pkts-sofar";
	if (!read_result(text, &f))
		return NULL;
	if (f.sent != f.sofar || f.errors != f.sofar_errors)
		return "the Result counts otherwise than the lines above";
	if (!is_about(f.busy_us + f.idle_us, f.total_us))
		return "busy and idle are not the whole";
	if (!is_about(f.total_us, f.stopped_us - f.started_us) &&
	    !is_about(f.stopped_us - f.started_us, f.total_us))
		return "the Result's time is not that from start to stop";
	if (f.idle_us != f.wait_us)
		return "the Result's idle is not that of the line above";
	return contradiction_of_rates(&f);
}
