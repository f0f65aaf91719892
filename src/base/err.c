/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP "..."

/* Its beginning says what it is about, its end what is wrong: the middle is left out. */
static void shorten(struct vn_err *err, const char *all, size_t len)
{
	const size_t room = sizeof(err->text) - sizeof(GAP), half = room / 2;
	const char *end = all + len - (room - half);

	memcpy(err->text, all, half);
	memcpy(err->text + half, GAP, strlen(GAP));
	memcpy(err->text + half + strlen(GAP), end, room - half + 1);
}

static VN_PRINTF(3, 0) void write_long(struct vn_err *err, size_t len, const char *fmt, va_list ap)
{
	char *all = malloc(len + 1);

	if (!all)
		return; /* what is cut at its end is there already */
	vsnprintf(all, len + 1, fmt, ap);
	shorten(err, all, len);
	free(all);
}

/* A line of its own would look like another message. */
static void replace_controls(struct vn_err *err)
{
	for (char *c = err->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

int vn_err_set(struct vn_err *err, int code, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	if (!err)
		return -code;
	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	if (len >= (int)sizeof(err->text))
		write_long(err, (size_t)len, fmt, again);
	va_end(again);
	va_end(ap);
	replace_controls(err);
	return -code;
}

const char *vn_err_reason(const char *text, const char *name)
{
	size_t len = strlen(name);

	if (len && !strncmp(text, name, len) && !strncmp(text + len, ": ", 2))
		return text + len + 2;
	return text;
}
