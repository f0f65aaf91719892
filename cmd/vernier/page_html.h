/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page: one HTML file that asks nothing of any network. It has no script,
 * and its policy allows none; the style is allowed by its hash.
 */
#ifndef VN_CMD_PAGE_HTML_H
#define VN_CMD_PAGE_HTML_H

#include "page_model.h"
#include "page_svg.h"

/* Errors of out are the caller's to look for. 0 or -errno with a sentence. */
int page_html_write(FILE *out, const struct page_run *runs, unsigned int n, struct vn_err *err);

/* page_run.c: one run. is_only: its heading is the page's. */
void page_run_write(struct page *p, const struct page_run *run, unsigned int i, bool is_only);
/* "vn0 to vn1", or what else tells a run best, escaped. */
void page_run_heading(FILE *out, const struct page_run *run);
/* One word on how it ended. */
const char *page_run_verdict(const struct page_run *run);

/* page_style.c */
extern const char page_style[];

#endif
