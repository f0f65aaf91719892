/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test programs share: a line for each check, and a place to meet. */
#ifndef CHECK_H
#define CHECK_H

#include "support.h"

/* Logs "ok NAME" or "not ok NAME". */
void check(int holds, const char *name);

/* For the end of main: 1 when a check of any thread has failed so far. */
int checked(void);

/* Returns when all eight threads have come here. */
void meet(void);

#endif
