/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From values to places on an axis, with ticks at round numbers.
 */
#ifndef VN_CMD_PAGE_SCALE_H
#define VN_CMD_PAGE_SCALE_H

#include <stdbool.h>

#include "page_text.h"

#define PAGE_TICKS_MAX 32

struct page_scale {
	double lo, hi;	 /* values at the ends */
	double from, to; /* places of the ends */
	bool is_log;
	unsigned int n_ticks;
	double ticks[PAGE_TICKS_MAX];
};

/* From lo to at least hi, ended at a tick; about n ticks. */
void page_scale_linear(struct page_scale *s, double lo, double hi, unsigned int n);

/* From lo to hi, both above 0, lo below hi. Ticks at powers of ten, with their
 * doubles and fives where there is room for n ticks; within less than a power
 * of ten at round steps. */
void page_scale_log(struct page_scale *s, double lo, double hi, unsigned int n);

/* Values beyond the ends are at the ends. */
double page_scale_at(const struct page_scale *s, double value);

/* A tick's label, as short as tells it exactly. units: of this value; on a
 * linear axis pass the one unit of all ticks. */
void page_tick_text(double value, const struct page_unit *unit, char buf[PAGE_TEXT]);

#endif
