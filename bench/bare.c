/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments and complaints of the bare loops. */
#include "bare.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MIN 14 /* an Ethernet header */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The frame's length, 0 if it is none. */
static size_t read_frame(const char *hex, uint8_t *frame)
{
	size_t len = strlen(hex) / 2;

	if (strlen(hex) % 2 || len < FRAME_MIN || len > BARE_FRAME_MAX)
		return 0;
	for (size_t i = 0; i < len; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		frame[i] = (uint8_t)(high << 4 | low);
	}
	return len;
}

void bare_start(struct bare *b, int argc, char **argv)
{
	b->name = argv[0];
	b->ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0;
	b->len = argc == 3 ? read_frame(argv[2], b->frame) : 0;
	if (b->ifindex && b->len)
		return;
	fprintf(stderr,
		"usage: %s IFACE FRAME (an interface that is there; %d to %d bytes in "
		"lower-case hexadecimal)\n",
		b->name, FRAME_MIN, BARE_FRAME_MAX);
	exit(2);
}

void bare_fail(const struct bare *b, const char *what, int rc)
{
	fprintf(stderr, "%s: %s: %s\n", b->name, what, strerror(-rc));
	exit(1);
}
