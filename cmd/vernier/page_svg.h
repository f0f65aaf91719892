/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all charts share: the frame with its axes, and the text that stands in
 * for it where it cannot be seen. Sizes are in units of the drawing, which the
 * page scales to its column; colors come from the classes in page_style.c.
 */
#ifndef VN_CMD_PAGE_SVG_H
#define VN_CMD_PAGE_SVG_H

#include <stdio.h>

#include "page_scale.h"

/* The page while it is written. */
struct page {
	FILE *out;
	unsigned int n_ids; /* given so far: ids are not used twice */
};

#define PAGE_AXIS_LEFT	 62 /* room for labels */
#define PAGE_AXIS_BOTTOM 30
#define PAGE_AXIS_RIGHT	 14

struct page_frame {
	unsigned int width, height;
	unsigned int top; /* room above the plot */
	struct page_scale x, y;
};

/* Places of the ends of both axes, from the sizes. */
void page_frame_place(struct page_frame *f);

/* <svg> with title and description; class is one more class, or "". */
void page_svg_open(struct page *p, const struct page_frame *f, const char *class, const char *title,
		   const char *text);
void page_svg_close(struct page *p);

/* Lines and labels at the ticks. */
void page_svg_y(struct page *p, const struct page_frame *f, const struct page_unit *units);
void page_svg_x(struct page *p, const struct page_frame *f, const struct page_unit *units);

#endif
