/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bare loops share. Each sends one frame over and over on an
 * interface, by one way into the kernel, until a signal ends it: the floor
 * under everything that a generator adds.
 */
#ifndef BARE_H
#define BARE_H

#include <stddef.h>
#include <stdint.h>

#define BARE_FRAME_MAX 1514

struct bare {
	const char *name; /* of the program */
	unsigned int ifindex;
	size_t len;
	uint8_t frame[BARE_FRAME_MAX];
};

/* Reads "IFACE FRAME", the frame in hexadecimal; says what is wrong and exits. */
void bare_start(struct bare *b, int argc, char **argv);
/* Says what could not be done, and exits; rc is a negative errno. */
_Noreturn void bare_fail(const struct bare *b, const char *what, int rc);

#endif
