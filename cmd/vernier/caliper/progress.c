/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

void caliper_progress_tell(struct caliper_run *r, uint64_t now_ns)
{
	bool is_first = !r->told_ns;

	r->told_ns = now_ns;
	if (is_first) /* the second begins */
		return;
	fprintf(r->progress, "\r%" PRIu64 " packets", r->res.packets);
	if (r->s.n_packets)
		fprintf(r->progress, " of %" PRIu64, r->s.n_packets);
	fputs("\033[K", r->progress);
	fflush(r->progress);
	r->has_progress = true;
}

void caliper_progress_end(struct caliper_run *r)
{
	if (r->has_progress)
		fputs("\r\033[K", r->progress);
	r->has_progress = false;
}
