/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of pktgen commands, one a line: `add_device WORD[@N]` begins a stream
 * (on CPU N's worker, when N is a number), other lines are its commands. '#'
 * begins a comment. The strict reading of the command line holds: what a
 * control file would answer with anything but OK is an error.
 */
#include "send_streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "cpus.h"
#include "ctl/param.h"

#define SEPARATORS " \t\r\n\"=" /* pktgen's */

struct command_file {
	struct send_streams *streams;
	struct send_stream *stream; /* the one begun last, NULL: none yet */
	const char *path;
	unsigned int line;
};

static int at_line(const struct command_file *f, int rc, const struct vn_err *why,
		   struct vn_err *err)
{
	return vn_err_set(err, -rc, "%s:%u: %s", f->path, f->line, why->text);
}

/* "eth0@3": interface eth0, CPU 3. A suffix that is no number only names. */
static int begin_stream(struct command_file *f, const char *word, struct vn_err *err)
{
	struct vn_err why = { "" };
	const char *suffix;
	size_t len = strcspn(word, "@");
	uint64_t cpu;
	int rc;

	rc = send_streams_add(f->streams, word, &f->stream, &why);
	if (rc)
		return at_line(f, rc, &why, err);
	memcpy(f->stream->ifname, word, len);
	f->stream->ifname[len] = '\0';
	f->stream->file = f->path;
	f->stream->line = f->line;
	suffix = word[len] ? word + len + 1 : "";
	if (!vn_parse_quantity("thread", suffix, vn_units_none, 0, VN_CPUS_MAX - 1, &cpu, NULL))
		f->stream->cpu = (int)cpu;
	return 0;
}

static int take_line(struct command_file *f, char *text, struct vn_err *err)
{
	char *name, *value;
	const struct vn_param *p;
	size_t len;

	text[strcspn(text, "#")] = '\0';
	name = text + strspn(text, SEPARATORS);
	len = strcspn(name, SEPARATORS);
	value = name + len + strspn(name + len, SEPARATORS);
	name[len] = '\0';
	for (len = strlen(value); len && strchr(SEPARATORS, value[len - 1]); len--)
		value[len - 1] = '\0';
	if (!name[0])
		return 0;
	if (!strcmp(name, "add_device"))
		return begin_stream(f, value, err);
	p = vn_param_find(name);
	if (!p)
		return vn_err_set(err, EINVAL, "%s:%u: no such command \"%s\"", f->path, f->line,
				  name);
	if (!f->stream)
		return vn_err_set(err, EINVAL, "%s:%u: %s before the first add_device", f->path,
				  f->line, name);
	if (p->metavar && !value[0])
		return vn_err_set(err, EINVAL, "%s:%u: %s needs a value", f->path, f->line, name);
	return send_settings_add(&f->stream->lines, p, value[0] ? value : NULL, f->path, f->line,
				 err);
}

int send_streams_read(struct send_streams *s, FILE *in, const char *path, struct vn_err *err)
{
	struct command_file f = { .streams = s, .path = path };
	unsigned int before = s->n;
	char *text = NULL;
	size_t cap = 0;
	int rc = 0;

	while (!rc && getline(&text, &cap, in) >= 0) {
		f.line++;
		rc = take_line(&f, text, err);
	}
	if (!rc && ferror(in))
		rc = vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	free(text);
	if (!rc && s->n == before)
		rc = vn_err_set(err, EINVAL, "%s: no add_device in it", path);
	s->first = before;
	return rc;
}

int send_streams_file(struct send_streams *s, const char *path, struct vn_err *err)
{
	FILE *in = fopen(path, "re");
	int rc;

	if (!in)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	rc = send_streams_read(s, in, path, err);
	fclose(in);
	return rc;
}
