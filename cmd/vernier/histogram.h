/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A distribution as bars of text, for a terminal. Rows hold equal numbers of
 * the histogram's buckets, so they widen with the values, as buckets do.
 */
#ifndef VN_CMD_HISTOGRAM_H
#define VN_CMD_HISTOGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "snapshot.h"

#define VN_HISTOGRAM_ROWS 20 /* at most */

struct vn_histogram_style {
	unsigned int columns; /* of a line */
	bool has_blocks;      /* eighths of blocks (UTF-8), not only '#' */
};

/* As wide as the terminal that out is, else 80 columns; blocks when the
 * locale of the environment has UTF-8. */
struct vn_histogram_style vn_histogram_style(FILE *out);

/* Heading and rows; nothing of a histogram without samples. */
void vn_histogram_print(FILE *out, const char *title, const struct vn_hist *h,
			const struct vn_histogram_style *style);

/* Lateness, error of gaps, gap and latency of every row of the snapshot that has them. */
void vn_histogram_report(FILE *out, const struct vn_snapshot *s);

#endif
