/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says to people on standard error: how far it is, and at the end
 * what it did. */
#ifndef VN_CARD_PROGRESS_H
#define VN_CARD_PROGRESS_H

struct card_run;

/* Once a second, if standard error is a terminal and -q was not given: one line that
 * is written over. */
void card_progress(struct card_run *r);
/* Clears that line, if there is one, for other text. */
void card_progress_end(struct card_run *r);

/* One line: why it stopped, how long it was, what went in and out. */
void card_summary(struct card_run *r);

#endif
