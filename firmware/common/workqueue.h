/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs that whichever thread is free takes up, first come first served. The memory
 * of a job is the caller's, usually a member of what the job is about, and free
 * for use again from the moment the job's function is called.
 */
#ifndef WORKQUEUE_H
#define WORKQUEUE_H

#include "mtdeque.h"

struct workq_job {
	struct deque_item item;
	void (*fn)(unsigned long data);
	unsigned long data;
};

struct workq {
	struct mtdeque jobs;
};

/* Two locks that nothing else uses, as in mtdeque.h. */
void workq_init(struct workq *q, int lock1, int lock2);
void workq_add_task(struct workq *q, struct workq_job *job, void (*fn)(unsigned long),
		    unsigned long data);

/* Several at once: lock, add each by _nolock, unlock. */
void workq_lock(struct workq *q);
void workq_unlock(struct workq *q);
void workq_add_task_nolock(struct workq *q, struct workq_job *job, void (*fn)(unsigned long),
			   unsigned long data);

/* n jobs that are linked (item.next) and have their function and data already, which a job
 * keeps when it is done. */
void workq_add_list_nolock(struct workq *q, struct workq_job *first, struct workq_job *last,
			   uint n);

/* Does n jobs in the order in which they came, sleeping while there is none; n < 0:
 * for ever. */
void workq_serve(struct workq *q, int n);

#endif
