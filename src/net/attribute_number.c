/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes that are numbers in fields, and how numbers are read: as strictly
 * as the kernel reads those of its own files, in its three bases. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "net/attribute.h"

static uint64_t get(const void *field, uint16_t size)
{
	uint64_t wide;
	uint32_t word;
	uint16_t half;
	uint8_t byte;

	switch (size) {
	case sizeof(wide):
		memcpy(&wide, field, sizeof(wide));
		return wide;
	case sizeof(word):
		memcpy(&word, field, sizeof(word));
		return word;
	case sizeof(half):
		memcpy(&half, field, sizeof(half));
		return half;
	default:
		memcpy(&byte, field, sizeof(byte));
		return byte;
	}
}

static void put(void *field, uint16_t size, uint64_t v)
{
	uint32_t word = (uint32_t)v;
	uint16_t half = (uint16_t)v;
	uint8_t byte = (uint8_t)v;

	switch (size) {
	case sizeof(v):
		memcpy(field, &v, sizeof(v));
		break;
	case sizeof(word):
		memcpy(field, &word, sizeof(word));
		break;
	case sizeof(half):
		memcpy(field, &half, sizeof(half));
		break;
	default:
		memcpy(field, &byte, sizeof(byte));
	}
}

int vn_attribute_show_field(const struct vn_attribute *a, const struct vn_attribute_of *of,
			    struct vn_text *out)
{
	uint64_t v = get((const char *)a->base(of) + a->offset, a->size);

	if (a->size == sizeof(int32_t))
		vn_text_add(out, "%" PRId32 "\n", (int32_t)v);
	else
		vn_text_add(out, "%" PRIu64 "\n", v);
	return 0;
}

void vn_attribute_put(const struct vn_attribute *a, const struct vn_attribute_of *of, uint64_t v)
{
	put((char *)a->base(of) + a->offset, a->size, v);
}

static unsigned int take_base(const char **text)
{
	const char *p = *text;

	if (p[0] != '0')
		return 10;
	if ((p[1] == 'x' || p[1] == 'X') && vn_hex_digit(p[2]) >= 0) {
		*text += 2;
		return 16;
	}
	return 8;
}

int vn_attribute_scan(const char **text, uint64_t *v)
{
	unsigned int base = take_base(text);
	const char *begin = *text;
	int digit;

	*v = 0;
	for (; (digit = vn_hex_digit(**text)) >= 0 && digit < (int)base; ++*text)
		if (__builtin_mul_overflow(*v, base, v) ||
		    __builtin_add_overflow(*v, (unsigned int)digit, v))
			return -ERANGE;
	return *text > begin ? 0 : -EINVAL;
}

int vn_attribute_parse(const char *text, uint64_t *v)
{
	int rc;

	text += *text == '+';
	rc = vn_attribute_scan(&text, v);
	if (rc)
		return rc;
	text += *text == '\n';
	return *text ? -EINVAL : 0;
}

int vn_attribute_store_number(const struct vn_attribute *a, const struct vn_attribute_of *of,
			      const char *text, size_t len)
{
	uint64_t v;
	int rc = vn_attribute_parse(text, &v);

	if (rc)
		return rc;
	if (v < a->min || v > a->max)
		return -ERANGE;
	if (a->set)
		return a->set(of, v);
	vn_attribute_put(a, of, v);
	return 0;
}
