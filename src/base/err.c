/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int vn_err_set(struct vn_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -code;
}

const char *vn_err_reason(const char *text, const char *name)
{
	size_t len = strlen(name);

	if (len && !strncmp(text, name, len) && !strncmp(text + len, ": ", 2))
		return text + len + 2;
	return text;
}
