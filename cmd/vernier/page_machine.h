/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine gave and took, on the page. */
#ifndef VN_CMD_PAGE_MACHINE_H
#define VN_CMD_PAGE_MACHINE_H

#include "page_html.h"
#include "page_read.h"

/* "machine" of the last line. 0, -EINVAL or -ENOMEM; freed with the run. */
int page_machine_read(const struct page_reader *r, struct page_run *run);

/* A section with a table; nothing when there are no workers. */
void page_machine_write(struct page *p, const struct page_run *run);

#endif
