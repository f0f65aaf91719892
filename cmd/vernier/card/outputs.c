/* SPDX-License-Identifier: BSD-2-Clause */
#include "outputs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/macros.h"
#include "pcap_in.h"
#include "rx/capture.h"
#include "wire/pcap.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)
#define SNAPLEN	     65535

static int open_capture(struct card_outputs *o, const char *path, unsigned int port,
			struct vn_err *err)
{
	const struct vn_capture_opts opts = {
		.path = path,
		.snaplen = SNAPLEN,
		.link_type = port & 1 ? VN_LINKTYPE_USER0 : VN_LINKTYPE_ETHERNET,
	};

	if (!path)
		return 0;
	signal(SIGPIPE, SIG_IGN); /* a reader that leaves is told of at the end */
	return vn_capture_open(&opts, &o->capture[port], err);
}

/* path NULL: not wanted; `dash` is what "-" means. */
static int open_text(FILE **out, const char *path, FILE *dash, struct vn_err *err)
{
	if (!path)
		return 0;
	*out = strcmp(path, "-") ? fopen(path, "we") : dash;
	if (*out)
		return 0;
	return vn_err_set(err, errno, "%s: cannot be written (%s)", path, strerror(errno));
}

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* Then the log goes to standard error. */
static bool stdout_is_taken(const struct card_settings *s)
{
	for (unsigned int n = 0; n < CARD_PORTS; n++)
		if (is_stdout(s->out_mac[n]) || is_stdout(s->out_host[n]))
			return true;
	return s->is_json || is_stdout(s->trace_path) || is_stdout(s->profile);
}

static int open_texts(struct card_outputs *o, const struct card_settings *s, struct vn_err *err)
{
	int rc = 0;

	o->log = stdout_is_taken(s) ? stderr : stdout;
	o->trace_path = s->trace_path ? s->trace_path : "standard error";
	o->stats_path = s->is_json ? "standard output" : s->stats;
	if (s->trace && !s->trace_path)
		o->trace = stderr;
	else if (s->trace)
		rc = open_text(&o->trace, s->trace_path, stdout, err);
	if (s->is_json)
		o->stats = stdout;
	else if (!rc)
		rc = open_text(&o->stats, s->stats, stderr, err);
	return rc;
}

int card_outputs_open(struct card_outputs *o, const struct card_settings *s, struct vn_err *err)
{
	struct vn_err ignored;
	int rc;

	memset(o, 0, sizeof(*o));
	rc = open_texts(o, s, err);
	for (unsigned int n = 0; n < CARD_PORTS && !rc; n++) {
		rc = open_capture(o, s->out_mac[n], 2 * n, err);
		if (!rc)
			rc = open_capture(o, s->out_host[n], 2 * n + 1, err);
	}
	if (rc) {
		card_outputs_finish(o, &ignored);
		card_outputs_finish_stats(o, &ignored);
	}
	return rc;
}

static void write_frame(struct card_outputs *o, const struct vn_nt_out *out)
{
	const struct vn_rx_pkt pkt = {
		.data = out->bytes,
		.caplen = out->len,
		.len = out->len,
		.stamp_ns = out->cycle * NS_PER_CYCLE,
	};

	if (o->capture[out->port])
		vn_capture_write(o->capture[out->port], &pkt, 1);
}

void card_outputs_write(struct card_outputs *o, const struct vn_nt_out *out)
{
	switch (out->kind) {
	case VN_NT_OUT_FRAME:
	case VN_NT_OUT_DMA:
		write_frame(o, out);
		break;
	case VN_NT_OUT_LOG:
		fwrite(out->bytes, 1, out->len, o->log);
		o->has_printed = true;
		break;
	case VN_NT_OUT_TRACE:
		fwrite(out->bytes, 1, out->len, o->trace);
		o->has_printed |= o->trace == stdout;
		break;
	case VN_NT_OUT_IRQ:
	case VN_NT_OUT_DROP:
		break;
	}
}

void card_outputs_flush_text(struct card_outputs *o)
{
	if (o->has_printed)
		fflush(stdout); /* standard error has no buffer */
	o->has_printed = false;
}

void card_outputs_flush(struct card_outputs *o)
{
	for (unsigned int i = 0; i < VN_NT_PORTS; i++)
		if (o->capture[i])
			vn_capture_flush(o->capture[i]);
	if (o->trace)
		fflush(o->trace);
}

/* The stream is closed unless it is one of the process's own. */
static int close_text(FILE **f, const char *path, struct vn_err *err)
{
	FILE *out = *f;
	bool has_failed;

	*f = NULL;
	if (!out)
		return 0;
	has_failed = fflush(out) || ferror(out);
	if (out != stdout && out != stderr)
		has_failed |= fclose(out) != 0;
	if (!has_failed || out == stdout) /* of standard output main tells */
		return 0;
	return vn_err_set(err, EIO, "%s: could not be written to its end", path);
}

/* The first failure is the caller's sentence; others get their line here. */
static void keep_first(int *first, int rc, const struct vn_err *why, struct vn_err *err)
{
	if (rc && *first)
		fprintf(stderr, "vernier: card: %s\n", why->text);
	else if (rc)
		*first = vn_err_set(err, -rc, "%s", why->text);
}

int card_outputs_finish(struct card_outputs *o, struct vn_err *err)
{
	struct vn_err why = { "" };
	int first = 0, rc;

	if (o->log)
		fflush(o->log);
	rc = close_text(&o->trace, o->trace_path, &why);
	keep_first(&first, rc, &why, err);
	for (unsigned int i = 0; i < VN_NT_PORTS; i++) {
		if (!o->capture[i])
			continue;
		rc = vn_capture_finish(o->capture[i], &why);
		keep_first(&first, rc, &why, err);
		vn_capture_free(o->capture[i]);
		o->capture[i] = NULL;
	}
	return first;
}

int card_outputs_finish_stats(struct card_outputs *o, struct vn_err *err)
{
	return close_text(&o->stats, o->stats_path, err);
}
