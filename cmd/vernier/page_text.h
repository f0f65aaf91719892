/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts and numbers on the page. Everything that a user or a file has named
 * goes through page_escape().
 *
 * A number is a <data> element: what people read is grouped and rounded, its
 * value attribute has what the JSON had.
 */
#ifndef VN_CMD_PAGE_TEXT_H
#define VN_CMD_PAGE_TEXT_H

#include <stdio.h>

#include "base/macros.h"
#include "snapshot.h"

#define PAGE_DASH  "\xe2\x80\x93" /* what is not known */
#define PAGE_THIN  "\xe2\x80\xaf" /* narrow space that does not break: 10 kpps */
#define PAGE_MICRO "\xc2\xb5"

/* What a number is divided by before it is shown. Tables begin with the least
 * and end with a NULL name. */
struct page_unit {
	double scale;
	const char *name;
};

extern const struct page_unit page_units_count[]; /* of axes: bare, k, M, G */
extern const struct page_unit page_units_pps[];
extern const struct page_unit page_units_time[]; /* base ns */
extern const struct page_unit page_units_bits[]; /* base Mbit/s */

/* The greatest in which x, without its sign, is at least 1; the least for 0. */
const struct page_unit *page_unit_for(const struct page_unit *units, double x);
/* Of a field; NULL: whole numbers and millionths, which are shown as they are. */
const struct page_unit *page_units_of(enum vn_snap_field field);

/* Digits behind the point so that four are shown of a number up to x; none of
 * a whole number in its own unit. */
int page_decimals(double x, const struct page_unit *unit, enum vn_snap_kind kind);

#define PAGE_TEXT 48
/* 1,234,567 */
void page_group(uint64_t n, char buf[PAGE_TEXT]);
/* Four digits and a unit: "9.999 kpps". */
void page_quantity(double x, const struct page_unit *units, char buf[PAGE_TEXT]);

/* Text between tags or in a quoted attribute; NULL is a dash. Characters that
 * must not be in HTML become U+FFFD. */
void page_escape(FILE *out, const char *text);
/* The same between tags, kept from changing the direction of what is around it. */
void page_name(FILE *out, const char *text);

/* <data> in a unit of its own, or in this one without its name. */
void page_value(FILE *out, const struct vn_snap_value *v, enum vn_snap_field field);
void page_value_in(FILE *out, const struct vn_snap_value *v, enum vn_snap_field field,
		   const struct page_unit *unit, int decimals);

#endif
