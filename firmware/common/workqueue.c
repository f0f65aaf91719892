/* SPDX-License-Identifier: BSD-2-Clause */
/* See workqueue.h. */
#include "workqueue.h"

void workq_init(struct workq *q, int lock1, int lock2)
{
	mtdeque_init(&q->jobs, lock1, lock2);
}

void workq_lock(struct workq *q)
{
	mtdeque_lock(&q->jobs);
}

void workq_unlock(struct workq *q)
{
	mtdeque_unlock(&q->jobs);
}

void workq_add_task_nolock(struct workq *q, struct workq_job *job, void (*fn)(unsigned long),
			   unsigned long data)
{
	job->fn = fn;
	job->data = data;
	mtdeque_push_tail_nolock(&q->jobs, &job->item);
}

void workq_add_task(struct workq *q, struct workq_job *job, void (*fn)(unsigned long),
		    unsigned long data)
{
	workq_lock(q);
	workq_add_task_nolock(q, job, fn, data);
	workq_unlock(q);
}

void workq_add_list_nolock(struct workq *q, struct workq_job *first, struct workq_job *last, uint n)
{
	mtdeque_push_list_nolock(&q->jobs, &first->item, &last->item, n);
}

void workq_serve(struct workq *q, int n)
{
	while (n < 0 || n-- > 0) {
		struct deque_item *item = mtdeque_pop(&q->jobs, CAN_BLOCK);
		struct workq_job *job = deque_entry(item, struct workq_job, item);

		job->fn(job->data);
	}
}
