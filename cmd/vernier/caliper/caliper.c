/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier caliper: packets at given times, by the card's driver or by a socket.
 * Reads what it was told, opens what that needs, sends, and says what became of it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "flow.h"
#include "interrupt.h"
#include "link.h"
#include "options.h"
#include "progress.h"
#include "summary.h"
#include "udp.h"

static void on_signal(void *arg)
{
	struct caliper_run *r = arg;

	vn_clock_wake(&r->stop_word, 1);
	caliper_nudge_begin(&r->nudge);
}

/* --- what is told ------------------------------------------------------------------------ */

/* Where no one reads it: before anything is sent, so that it is known to be possible. */
static int open_stats(const struct caliper_run *r, FILE **out, struct vn_err *err)
{
	*out = NULL;
	if (!r->s.stats)
		return 0;
	signal(SIGPIPE, SIG_IGN); /* a reader that leaves is told of at the end */
	*out = strcmp(r->s.stats, "-") ? fopen(r->s.stats, "we") : stdout;
	if (*out)
		return 0;
	return vn_err_set(err, errno, "--stats %s: %s", r->s.stats, strerror(errno));
}

/* Of standard output main tells. */
static int write_stats(const struct caliper_run *r, FILE *out, struct vn_err *err)
{
	bool has_failed;

	if (!out)
		return 0;
	has_failed = caliper_summary_json(r, out) != 0;
	if (out == stdout)
		return 0;
	has_failed |= fclose(out) != 0;
	if (!has_failed)
		return 0;
	return vn_err_set(err, EIO, "--stats %s: could not be written to its end", r->s.stats);
}

static bool is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

static void print_summary(const struct caliper_run *r)
{
	bool is_taken = is_stdout(r->s.stats) || is_stdout(r->s.pcap);

	bool is_nothing = r->res.end == CALIPER_END_FAILED && !r->res.packets && !r->res.given;

	if (!r->s.is_quiet && !is_nothing)
		caliper_summary_print(r, is_taken ? stderr : stdout);
}

/* --- sending --------------------------------------------------------------------------- */

static int send_by_driver(struct caliper_run *r, bool *is_usage, struct vn_err *err)
{
	struct caliper_link link;
	int rc = caliper_link_open(&link, r, err);

	*is_usage = rc == -EINVAL;
	if (!rc)
		/* Virtual time is not that of the host. */
		rc = caliper_flow(r, link.c, r->s.app ? NULL : &link.wall_minus_host_ns, err);
	else
		r->res.end = CALIPER_END_FAILED;
	if (rc && caliper_link_why(&link)[0])
		vn_err_set(err, -rc, "%s", caliper_link_why(&link));
	if (!rc)
		rc = caliper_link_finish(&link, &r->res, err);
	caliper_link_close(&link);
	return rc;
}

static int send_all(struct caliper_run *r, struct vn_interrupt *interrupt, bool *is_usage,
		    struct vn_err *err)
{
	int rc = caliper_nudge_init(&r->nudge);

	*is_usage = false;
	if (!rc)
		rc = vn_interrupt_listen(interrupt, on_signal, r);
	if (rc)
		vn_err_set(err, -rc, "signals: %s", strerror(-rc));
	else if (r->s.by_driver)
		rc = send_by_driver(r, is_usage, err);
	else
		rc = caliper_udp(r, err);
	caliper_nudge_end(&r->nudge);
	caliper_progress_end(r);
	return rc;
}

static int send_and_tell(struct caliper_run *r, struct vn_interrupt *interrupt, FILE *stats,
			 struct vn_err *err)
{
	struct vn_err why = { "" };
	bool is_usage;
	int rc = send_all(r, interrupt, &is_usage, err);

	if (is_usage) {
		if (stats && stats != stdout)
			fclose(stats);
		return VN_EXIT_USAGE;
	}
	print_summary(r);
	if (write_stats(r, stats, rc ? &why : err))
		rc = -EIO;
	return rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}

/* A signal ends the sending, not the telling. */
static int run(struct caliper_run *r, struct vn_err *err)
{
	struct vn_interrupt interrupt;
	FILE *stats;
	int status;

	if (open_stats(r, &stats, err))
		return VN_EXIT_FAILED;
	vn_interrupt_block(&interrupt);
	status = send_and_tell(r, &interrupt, stats, err);
	fflush(stdout); /* main tells when that fails */
	vn_interrupt_end(&interrupt);
	caliper_nudge_fini(&r->nudge);
	return status;
}

/* Without the options' own hint, which names the command by another name. The words of a user
 * stand in front of it. */
static size_t len_without_hint(const char *text)
{
	static const char hint[] = " --help lists them)";
	size_t len = strlen(text);

	if (len < strlen(hint) || strcmp(text + len - strlen(hint), hint))
		return len;
	return (size_t)(strrchr(text, '(') - 1 - text);
}

/* Behind what is wrong with the command line: where it is said what is right. */
static void add_hint(struct vn_err *err, const char *name)
{
	struct vn_err why = *err;
	const char *vernier = strcmp(name, caliper_spec.command) ? "" : "vernier ";

	vn_err_set(err, EINVAL, "%.*s (%s%s -h says more)", (int)len_without_hint(why.text),
		   why.text, vernier, name);
}

int vn_cmd_caliper(int argc, char **argv, struct vn_err *err)
{
	struct caliper_run *r = calloc(1, sizeof(*r));
	const char *name = argv[0];
	int rc, status;

	if (!r) {
		vn_err_set(err, ENOMEM, "out of memory");
		return VN_EXIT_FAILED;
	}
	r->prefix = strcmp(name, caliper_spec.command) ? name : "vernier: caliper";
	vn_clock_real(&r->clock);
	rc = caliper_settings_parse(&r->s, argc, argv, err);
	if (!rc) {
		caliper_settings_plan(&r->s, &r->plan);
		caliper_settings_warn(&r->s, r->prefix, stderr);
		r->progress = !r->s.is_quiet && isatty(STDERR_FILENO) ? stderr : NULL;
		status = run(r, err);
	} else {
		status = rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	}
	if (status == VN_EXIT_USAGE)
		add_hint(err, name);
	free(r->res.departures);
	caliper_settings_fini(&r->s);
	free(r);
	return status;
}
