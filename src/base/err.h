/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sentence about what went wrong, in the caller's memory.
 *
 * Functions return a negative errno; the ones a user's input can make fail
 * also fill a struct vn_err. Libraries never print: main and the control
 * layer do.
 */
#ifndef VN_BASE_ERR_H
#define VN_BASE_ERR_H

#include "base/macros.h"

struct vn_err {
	char text[320]; /* no final newline; "" when nothing failed */
};

/*
 * Writes the sentence and returns -code, so that a failing path is one line:
 * return vn_err_set(err, EINVAL, ...). code is a positive errno. err may be
 * NULL. A text that is too long loses its middle, control characters become '?'.
 */
int vn_err_set(struct vn_err *err, int code, const char *fmt, ...) VN_PRINTF(3, 4);

/* A sentence without the name of what it is about in front, "eth0: "; the whole
 * of it if it begins otherwise. */
const char *vn_err_reason(const char *text, const char *name);

#endif
