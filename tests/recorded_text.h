/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts of control files beside those recorded from a kernel. What a clock, a
 * draw or the moment of looking decides is a range in the recorded text (see
 * golden/make_commands.py); how such numbers hang together is looked at here.
 */
#ifndef RECORDED_TEXT_H
#define RECORDED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The first line of text that the pattern does not have there, its length in
 * *len; NULL: all of text is as it should be. */
const char *recorded_text_difference(const char *text, const char *pattern, const int cpus[2],
				     size_t *len);

/* cpus: those that stand for the recorded threads 0 and 1. */
bool recorded_text_matches(const char *text, const char *pattern, const int cpus[2]);

/*
 * The numbers of a device's text that follow from each other: what is said of
 * a run that is over, and in which time. NULL when they do, else which do not.
 */
const char *recorded_text_contradiction(const char *text);

#endif
