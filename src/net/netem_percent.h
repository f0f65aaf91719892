/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Percentages of netem: text and fractions of 2^32 - 1. In integers, rounded
 * as tc rounds them, so that the same text is the same fraction everywhere.
 */
#ifndef VN_NET_NETEM_PERCENT_H
#define VN_NET_NETEM_PERCENT_H

#include <stdint.h>

#include "base/text.h"

#define VN_NETEM_PERCENT_ACCEPTED "a percentage of at most 15 digits, 0 to 100, as 0.5%"

/* "0.5%" or "0.5". 0, -EINVAL (no percentage) or -ERANGE (above 100). */
int vn_netem_percent_scan(const char *text, uint32_t *out);
/* With as few digits as give the same fraction again. */
void vn_netem_percent_print(uint32_t fraction, struct vn_text *out);
/* whole.fraction with width digits, without the zeros at the end. */
void vn_netem_decimal_print(uint64_t whole, uint64_t fraction, int width, struct vn_text *out);

#endif
