/* SPDX-License-Identifier: BSD-2-Clause */
#include "capturing.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

static const struct {
	const char *word;
	bool in, out;
} directions[] = {
	{ "in", true, false },
	{ "out", false, true },
	{ "both", true, true },
};

const char *capturing_direction(unsigned int i)
{
	return i < VN_ARRAY_SIZE(directions) ? directions[i].word : NULL;
}

static int set_direction(struct capturing *c, const char *word, struct vn_err *err)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(directions); i++) {
		if (strcmp(directions[i].word, word))
			continue;
		c->takes_in = directions[i].in;
		c->takes_out = directions[i].out;
		return 0;
	}
	return vn_err_set(err, EINVAL, "--direction %s: is none of in, out, both", word);
}

/* A handler of taps: on the threads that send, whose frames have no tag beside
 * them, so that the filter may be used by several. */
static void write_matching(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
	struct capturing *c = arg;

	if (!c->filter) {
		vn_capture_write(c->capture, pkts, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		if (vn_filter_matches(c->filter, &pkts[i]))
			vn_capture_write(c->capture, &pkts[i], 1);
}

int capturing_plan(struct capturing *c, const struct capturing_options *o,
		   const char *default_direction, struct vn_err *err)
{
	int rc = set_direction(c, o->direction ? o->direction : default_direction, err);

	c->o = o;
	c->tap = (struct vn_tap){ .handler = write_matching, .arg = c };
	if (rc || !o->filter)
		return rc;
	return vn_filter_new(o->filter, &c->filter, err);
}

int capturing_check(const struct capturing_options *o, struct vn_err *err)
{
	if (o->file)
		return 0;
	if (o->direction)
		return vn_err_set(err, EINVAL, "--direction %s: needs --capture", o->direction);
	if (o->snaplen)
		return vn_err_set(err, EINVAL, "--snaplen %u: needs --capture",
				  (unsigned int)o->snaplen);
	return 0;
}

int capturing_open(struct capturing *c, struct vn_err *err)
{
	const struct vn_capture_opts opts = {
		.path = c->o->file,
		.max_packets = c->o->max,
		.snaplen = (uint32_t)c->o->snaplen,
	};

	if (!c->o->file)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	return vn_capture_open(&opts, &c->capture, err);
}

void capturing_flush(struct capturing *c)
{
	if (c->capture)
		vn_capture_flush(c->capture);
}

int capturing_finish(struct capturing *c, struct vn_err *err)
{
	return c->capture ? vn_capture_finish(c->capture, err) : 0;
}

void capturing_report(const struct capturing *c, const struct vn_snap_receiver *r, FILE *out)
{
	if (c->filter && r->is_known && r->sees_filtered)
		fprintf(out, "filter: %s (%" PRIu64 " frames left out)\n", c->o->filter,
			r->filtered);
	else if (c->filter && r->is_known)
		fprintf(out, "filter: %s (what the kernel leaves out it does not count)\n",
			c->o->filter);
	if (c->capture)
		fprintf(out, "capture: %s (%" PRIu64 " packets)\n", c->o->file,
			vn_capture_count(c->capture));
}

void capturing_close(struct capturing *c)
{
	vn_capture_free(c->capture);
	vn_filter_free(c->filter);
	c->capture = NULL;
	c->filter = NULL;
}

bool capturing_takes_stdout(const struct capturing_options *o)
{
	return o->file && !strcmp(o->file, "-");
}
