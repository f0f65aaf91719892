/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests of the snapshot share. */
#ifndef VN_CMD_SNAPSHOT_FIXTURE_H
#define VN_CMD_SNAPSHOT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "snapshot.h"

static inline void assert_text(const struct vn_snap_row *row, enum vn_snap_field f,
			       const char *expected)
{
	char text[VN_SNAP_TEXT];

	vn_snap_text(row, f, text);
	if (strcmp(text, expected))
		fail_msg("%s is \"%s\", not \"%s\"", vn_snap_fields[f].key, text, expected);
}

#endif
