/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier report: one page of HTML from the JSON lines of one or more runs.
 * (report.c has the tables that the runs themselves print.)
 *
 * The page is made in memory and written when it is complete: a mistake in a
 * file leaves an older page as it was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "page_html.h"

#define RUNS_MAX 64

struct page_options {
	const char *output;
};

static const struct vn_option page_rows[] = {
	{ .name = "output",
	  .letter = 'o',
	  .metavar = "FILE",
	  .offset = offsetof(struct page_options, output),
	  .help = "the page, - for standard output (default: FILE.html beside it)" },
};

const struct vn_options report_spec = {
	.command = "report",
	.brief = "make a page of HTML from the JSON of a run",
	.args = "FILE...",
	.summary = "Makes one page of HTML, with charts, from what --json wrote; several runs are\n"
		   "compared on one page. FILE - is standard input.",
	.examples = "  vernier send eth1 --rx eth2 --count 1M --ratep 100k --json run.json\n"
		    "  vernier report run.json\n"
		    "  vernier report monday.json tuesday.json --output week.html\n"
		    "  vernier recv eth1 --json - --quiet | vernier report - > run.html\n",
	.rows = page_rows,
	.n_rows = VN_ARRAY_SIZE(page_rows),
	.args_min = 1,
	.args_max = RUNS_MAX,
};

static bool is_standard(const char *path)
{
	return !strcmp(path, "-");
}

static int read_run(const char *path, struct page_run *run, struct vn_err *err)
{
	FILE *in = is_standard(path) ? stdin : fopen(path, "re");
	int rc;

	if (!in)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	rc = page_run_read(in, is_standard(path) ? "standard input" : path, run, err);
	if (in != stdin)
		fclose(in);
	return rc;
}

/* RUN.json becomes RUN.html; another name gets .html behind it. */
static char *path_beside(const char *path)
{
	size_t len = strlen(path);
	char *out = NULL;

	if (len > 5 && !strcmp(path + len - 5, ".json"))
		len -= 5;
	return asprintf(&out, "%.*s.html", (int)len, path) < 0 ? NULL : out;
}

static int write_file(const char *path, const char *text, size_t len, struct vn_err *err)
{
	FILE *out = is_standard(path) ? stdout : fopen(path, "we");
	bool is_bad;

	if (!out)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	is_bad = fwrite(text, 1, len, out) != len || fflush(out);
	if (out != stdout && fclose(out))
		is_bad = true;
	return is_bad ? vn_err_set(err, EIO, "%s: the page could not be written", path) : 0;
}

static int make_page(const char *path, const struct page_run *runs, unsigned int n,
		     struct vn_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int rc;

	if (!out)
		return vn_err_set(err, ENOMEM, "out of memory");
	rc = page_html_write(out, runs, n, err);
	if (fclose(out) && !rc)
		rc = vn_err_set(err, ENOMEM, "out of memory");
	if (!rc)
		rc = write_file(path, text, len, err);
	free(text);
	if (!rc && !is_standard(path))
		printf("page: %s\n", path);
	return rc;
}

/* Where the page goes. 0 or -errno with a sentence. */
static int choose_output(const struct page_options *o, char **files, unsigned int n, char **out,
			 struct vn_err *err)
{
	*out = NULL;
	if (!o->output && n > 1)
		return vn_err_set(err, EINVAL,
				  "%u runs: --output FILE must say where the page goes", n);
	for (unsigned int i = 0; o->output && i < n; i++)
		if (!is_standard(files[i]) && !strcmp(o->output, files[i]))
			return vn_err_set(err, EINVAL,
					  "--output: \"%s\" is a run, which the page would replace",
					  o->output);
	if (o->output)
		*out = strdup(o->output);
	else
		*out = is_standard(files[0]) ? strdup("-") : path_beside(files[0]);
	return *out ? 0 : vn_err_set(err, ENOMEM, "out of memory");
}

static int make_report(const char *path, char **files, unsigned int n, struct vn_err *err)
{
	struct page_run *runs = calloc(n, sizeof(*runs));
	int rc = runs ? 0 : vn_err_set(err, ENOMEM, "out of memory");

	for (unsigned int i = 0; i < n && !rc; i++)
		rc = read_run(files[i], &runs[i], err);
	if (!rc)
		rc = make_page(path, runs, n, err);
	for (unsigned int i = 0; i < n && runs; i++)
		page_run_free(&runs[i]);
	free(runs);
	return rc;
}

int vn_cmd_report(int argc, char **argv, struct vn_err *err)
{
	struct page_options o = { 0 };
	unsigned int n = 0;
	int first, rc;
	char *path;

	rc = vn_options_parse(&report_spec, &o, argc, argv, &first, err);
	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	while (argv[first + (int)n])
		n++;
	rc = choose_output(&o, argv + first, n, &path, err);
	if (rc)
		return VN_EXIT_USAGE;
	rc = make_report(path, argv + first, n, err);
	free(path);
	return rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}
