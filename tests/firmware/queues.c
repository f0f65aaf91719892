/* SPDX-License-Identifier: BSD-2-Clause */
/* Deques, those for many threads, and jobs, with eight threads. */
#include "check.h"
#include "workqueue.h"

enum { PRODUCERS = 4, ITEMS = 120, WORKERS = NF_MAX_THREADS - 1, JOBS = 16 };
enum { GUARD = LOCK_PREDEF };

struct thing {
	int producer, number;
	struct deque_item item;
};

static struct thing things[PRODUCERS][ITEMS];
static struct mtdeque queue;
static struct workq work;
static struct workq_job jobs[WORKERS * JOBS];
static uint taken, total, out_of_order, done, sum;

static struct thing *thing_of(struct deque_item *item)
{
	return deque_entry(item, struct thing, item);
}

static void deque_alone(void)
{
	struct deque q;
	struct thing a, b, c;

	deque_init(&q);
	check(deque_empty(&q) && !deque_pop(&q), "an empty deque gives nothing");
	deque_push_tail(&q, &b.item);
	deque_push_tail(&q, &c.item);
	deque_push(&q, &a.item);
	check(thing_of(deque_pop(&q)) == &a && thing_of(deque_pop(&q)) == &b &&
		      thing_of(deque_pop(&q)) == &c && deque_empty(&q),
	      "a deque has a front and a tail");
}

static void mtdeque_alone(void)
{
	struct deque_item *first;
	struct thing a, b, c;
	uint n;

	check(!mtdeque_pop(&queue, NO_BLOCK) && !mtdeque_count(&queue), "NO_BLOCK returns 0");
	mtdeque_push_tail(&queue, &b.item);
	mtdeque_push_tail(&queue, &c.item);
	mtdeque_push(&queue, &a.item);
	check(mtdeque_count(&queue) == 3, "items are counted");
	n = mtdeque_pops(&queue, &first, 2, CAN_BLOCK);
	check(n == 2 && first == &a.item && a.item.next == &b.item && !b.item.next,
	      "pops takes as many as it may, in order");
	n = mtdeque_pops(&queue, &first, 9, CAN_BLOCK);
	check(n == 1 && first == &c.item && !mtdeque_count(&queue), "pops takes what is there");
	check(!mtdeque_pops(&queue, &first, 9, NO_BLOCK) && !first, "pops of none");
}

static void produce(int id)
{
	int i;

	for (i = 0; i < ITEMS; i++) {
		things[id][i].producer = id;
		things[id][i].number = i;
		mtdeque_push_tail(&queue, &things[id][i].item);
	}
}

/* Every other consumer takes several at a time. Of one producer, things come to one
 * consumer in the order in which they were made. */
static void consume(int id)
{
	int last[PRODUCERS] = { -1, -1, -1, -1 };
	uint n = 0, bad = 0, numbers = 0;
	struct deque_item *item;
	struct thing *t;

	while (n < ITEMS) {
		n += mtdeque_pops(&queue, &item, id & 1 && ITEMS - n > 3 ? 3 : 1, CAN_BLOCK);
		for (; item; item = item->next) {
			t = thing_of(item);
			bad += t->number <= last[t->producer];
			last[t->producer] = t->number;
			numbers += (uint)t->number;
		}
	}
	nf_lock(GUARD);
	taken += n;
	total += numbers;
	out_of_order += bad;
	nf_unlock(GUARD);
}

static uint n_asleep(void)
{
	uint n;

	mtdeque_lock(&queue);
	n = queue.threads_waiting;
	mtdeque_unlock(&queue);
	return n;
}

/* Several pushes can be one wake-up. Here they are for certain: all but the last
 * see nobody who waits. Each thread that wakes has to wake the next. */
static void one_wake_up_for_all(int id)
{
	int i;

	if (id != 0) {
		mtdeque_pop(&queue, CAN_BLOCK);
		meet();
		return;
	}
	while (n_asleep() < WORKERS)
		relax();
	mtdeque_lock(&queue);
	queue.threads_waiting = 0;
	for (i = 0; i < WORKERS; i++)
		mtdeque_push_tail_nolock(&queue, &things[0][i].item);
	queue.threads_waiting = WORKERS;
	mtdeque_push_tail_nolock(&queue, &things[0][i].item);
	mtdeque_unlock(&queue);
	meet();
	check(mtdeque_count(&queue) == 1, "who leaves items behind wakes the next");
	mtdeque_pop(&queue, NO_BLOCK);
}

static void do_job(unsigned long data)
{
	nf_lock(GUARD);
	done++;
	sum += (uint)data;
	nf_unlock(GUARD);
}

/* Of those that have their function already. */
static void give_list(struct workq_job *first, uint n)
{
	uint i;

	for (i = 0; i + 1 < n; i++)
		first[i].item.next = &first[i + 1].item;
	workq_lock(&work);
	workq_add_list_nolock(&work, first, first + n - 1, n);
	workq_unlock(&work);
}

/* The first half one by one, the others all at once. */
static void give_jobs(void)
{
	uint i;

	for (i = 0; i < WORKERS * JOBS / 2; i++)
		workq_add_task(&work, &jobs[i], do_job, i);
	workq_lock(&work);
	for (; i < WORKERS * JOBS; i++)
		workq_add_task_nolock(&work, &jobs[i], do_job, i);
	workq_unlock(&work);
}

static void prepare(void)
{
	mtdeque_init(&queue, LOCK_DS0, LOCK_DS1);
	workq_init(&work, LOCK_DS2, LOCK_DS3);
	deque_alone();
	mtdeque_alone();
}

int main(void)
{
	const uint all = WORKERS * JOBS;
	int id = nf_tid();

	nf_start(prepare);
	if (id < PRODUCERS)
		produce(id);
	else
		consume(id);
	meet();
	if (id == 0) {
		check(taken == PRODUCERS * ITEMS, "every item is taken");
		check(total == PRODUCERS * (ITEMS * (ITEMS - 1) / 2), "every item is taken once");
		check(!out_of_order, "items keep their order");
		check(!mtdeque_count(&queue) && !queue.threads_waiting, "nobody is left waiting");
	}
	meet();
	one_wake_up_for_all(id);
	if (id == 0) {
		give_jobs();
	} else {
		workq_serve(&work, JOBS);
	}
	meet();
	if (id == 0)
		check(done == all && sum == all * (all - 1) / 2, "every job is done once");
	meet();
	if (id == 0)
		give_list(jobs, WORKERS * JOBS);
	else
		workq_serve(&work, JOBS);
	meet();
	if (id == 0)
		check(done == 2 * all && sum == all * (all - 1), "jobs of a list are done again");
	return checked();
}
