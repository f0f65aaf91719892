/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_html.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "page_table.h"

#define HASH_TEXT 64 /* base64 of 32 bytes */

static int style_hash(char out[HASH_TEXT], struct vn_err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (!EVP_Digest(page_style, strlen(page_style), hash, &len, EVP_sha256(), NULL))
		return vn_err_set(err, ENOTSUP, "libcrypto has no SHA-256");
	EVP_EncodeBlock((unsigned char *)out, hash, (int)len);
	return 0;
}

static void head(struct page *p, const struct page_run *runs, unsigned int n, const char *hash)
{
	fprintf(p->out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
		hash);
	if (n == 1)
		page_run_heading(p->out, runs);
	else
		fprintf(p->out, "%u runs", n);
	fprintf(p->out, " \xc2\xb7 Vernier</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n",
		page_style);
}

static const struct page_column compared[] = {
	{ VN_F_sent, "sent" },
	{ VN_F_received, "received" },
	{ VN_F_lost, "lost" },
	{ VN_F_asked_pps, "asked" },
	{ VN_F_pps, "achieved" },
	{ VN_F_rate_error_ppm, "error ppm" },
	{ VN_F_lateness_p99_ns, "late p99" },
	{ VN_F_gap_p99_ns, "gap p99" },
	{ VN_F_latency_p50_ns, "latency p50" },
	{ VN_F_latency_p99_ns, "p99" },
};

static void comparison(struct page *p, const struct page_run *runs, unsigned int n)
{
	fprintf(p->out, "<section class=\"compare\"><h1>%u runs</h1>\n", n);
	page_table_runs(p, runs, n, compared, VN_ARRAY_SIZE(compared));
	fputs("</section>\n", p->out);
}

int page_html_write(FILE *out, const struct page_run *runs, unsigned int n, struct vn_err *err)
{
	struct page p = { .out = out };
	char hash[HASH_TEXT];
	int rc = style_hash(hash, err);

	if (rc)
		return rc;
	head(&p, runs, n, hash);
	if (n > 1)
		comparison(&p, runs, n);
	for (unsigned int i = 0; i < n; i++)
		page_run_write(&p, &runs[i], i, n == 1);
	fputs("</main>\n<footer>Made by <b>vernier report</b> " VN_VERSION
	      ". A dash is a number that is not known.</footer>\n</body>\n</html>\n",
	      out);
	return 0;
}
