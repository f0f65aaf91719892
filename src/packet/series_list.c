/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of values as a file has it: one a line, with comments. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/series_priv.h"

#define LINE_MAX_BYTES 256

/* Without blanks around it and without a comment. */
static char *strip(char *line)
{
	char *end;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	end = line + strlen(line);
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return line;
}

static int add_line(struct vn_parser *p, char *line, const char *path, unsigned long number,
		    struct vn_values *a)
{
	struct vn_err why = { "" };
	const char *text = strip(line);
	uint64_t v;
	int rc;

	if (!*text)
		return 0;
	rc = vn_value_read(p->of, text, &v, &why);
	if (rc == 0)
		rc = vn_value_check_whole(p->of, text, v, &why);
	if (rc < 0)
		return vn_parser_fail(p, -rc, "%s:%lu: %s", path, number, why.text);
	return vn_parser_add(p, path, a, v);
}

static int read_lines(struct vn_parser *p, FILE *f, const char *path, struct vn_values *a)
{
	char line[LINE_MAX_BYTES];
	unsigned long number = 0;
	int rc = 0;

	while (rc == 0 && fgets(line, sizeof(line), f)) {
		number++;
		if (!strchr(line, '\n') && !feof(f))
			return vn_parser_fail(p, EINVAL,
					      "%s:%lu: is no line of text of at most %d bytes",
					      path, number, LINE_MAX_BYTES - 2);
		rc = add_line(p, line, path, number, a);
	}
	if (rc == 0 && ferror(f))
		return vn_parser_fail(p, errno, "%s: %s", path, strerror(errno));
	if (rc == 0 && a->n == 0)
		return vn_parser_fail(p, EINVAL, "%s: has no values (one a line)", path);
	return rc;
}

static int list_of(struct vn_parser *p, const char *path, struct vn_part **out)
{
	struct vn_values a = { 0 };
	int rc;
	FILE *f = vn_parser_open(p, path, &rc);

	if (!f)
		return rc;
	rc = read_lines(p, f, path, &a);
	fclose(f);
	if (rc == 0)
		rc = vn_cycle_new(&a, out);
	free(a.v);
	return rc;
}

int vn_list_read(struct vn_parser *p, struct vn_part **out)
{
	char *path;
	int rc = vn_parser_path(p, &path);

	if (rc < 0)
		return rc;
	rc = vn_parser_end(p);
	if (rc == 0)
		rc = list_of(p, path, out);
	free(path);
	return rc;
}
