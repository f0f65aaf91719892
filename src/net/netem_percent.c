/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netem_percent.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define ALWAYS	   UINT32_MAX
#define DIGITS_MAX 15 /* so that the number fits, a hundredfold too */
#define PLACES_MAX 12 /* behind the point; 8 tell all fractions apart */

/* a * b / divisor, the nearest; of two that are equally near the even one. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t divisor)
{
	__uint128_t product = (__uint128_t)a * b;
	uint64_t q = (uint64_t)(product / divisor), twice = (uint64_t)(product % divisor) * 2;

	return q + (twice > divisor || (twice == divisor && (q & 1)));
}

static uint32_t fraction_of(uint64_t number, uint64_t divisor)
{
	return (uint32_t)scale(number, ALWAYS, divisor * 100);
}

/* number / divisor; false: not digits with one point among them and a % behind. */
static bool scan(const char *p, uint64_t *number, uint64_t *divisor)
{
	unsigned int n_digits = 0;
	bool has_point = false;

	*number = 0;
	*divisor = 1;
	for (; isdigit((unsigned char)*p) || (*p == '.' && n_digits > 0 && !has_point); p++) {
		if (*p == '.') {
			has_point = true;
			continue;
		}
		if (++n_digits > DIGITS_MAX)
			return false;
		*number = *number * 10 + (uint64_t)(*p - '0');
		*divisor *= has_point ? 10 : 1;
	}
	return n_digits > 0 && p[-1] != '.' && (*p == '\0' || strcmp(p, "%") == 0);
}

int vn_netem_percent_scan(const char *text, uint32_t *out)
{
	uint64_t number, divisor;

	if (!scan(text, &number, &divisor))
		return -EINVAL;
	if (number > 100 * divisor)
		return -ERANGE;
	*out = fraction_of(number, divisor);
	return 0;
}

void vn_netem_decimal_print(uint64_t whole, uint64_t fraction, int width, struct vn_text *out)
{
	for (; width > 0 && fraction % 10 == 0; width--)
		fraction /= 10;
	if (width > 0)
		vn_text_add(out, "%" PRIu64 ".%0*" PRIu64, whole, width, fraction);
	else
		vn_text_add(out, "%" PRIu64, whole);
}

void vn_netem_percent_print(uint32_t fraction, struct vn_text *out)
{
	uint64_t number, divisor = 1;
	int places;

	for (places = 0;; places++, divisor *= 10) {
		number = scale(fraction, 100 * divisor, ALWAYS);
		if (fraction_of(number, divisor) == fraction || places == PLACES_MAX)
			break;
	}
	vn_netem_decimal_print(number / divisor, number % divisor, places, out);
	vn_text_add(out, "%%");
}
