/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See sw.h. The packet memories are mapped at the card's addresses, so an address
 * fits into a register here too. One mutex guards all that the card is made of: it
 * also orders what programs guard by the card's locks.
 *
 * A process has one card, which all its threads use by functions without an
 * argument for it: so it is a variable of this file.
 */
#undef main
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hw.h"
#include "support.h"
#include "sw.h"

#define PACKET_MEM_BYTES 16384

enum state {
	BUSY,	  /* may do anything next */
	POLLING,  /* found no packet when it last asked */
	SLEEPING, /* for a lock */
	ENDED,
};

struct thread {
	int id;
	pthread_t handle;
	enum state state;
	int value; /* of main; ended */
	bool is_woken;
	pthread_cond_t wake;
	struct thread *next; /* that sleeps for the same lock */
};

struct lock {
	bool is_set;
	struct thread *first, *last; /* who sleeps for it, longest first */
};

static struct {
	pthread_mutex_t mutex;
	struct timespec start;
	struct thread threads[NF_MAX_THREADS];
	int n_threads;
	struct lock locks[NF_LOCKS];
	int free_slots[NF_SLOTS]; /* of input memory, longest free first */
	int n_free;
	uint32_t send_start, send_end, send_ctrl, send_time;
	bool has_time;
	uint32_t held; /* packet in the send engine, which leaves in cycle departs */
	uint64_t departs;
} card = { .mutex = PTHREAD_MUTEX_INITIALIZER, .held = OUTPUT_MEM };

static _Thread_local struct thread *self;

void sw_stop(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("sw: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	_Exit(status);
}

int sw_tid(void)
{
	return self->id;
}

void sw_relax(void)
{
	sched_yield();
}

void simprintf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

/* Cycles since the start. */
static uint64_t cycles(void)
{
	struct timespec t;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ns = (t.tv_sec - card.start.tv_sec) * 1000000000ll + t.tv_nsec - card.start.tv_nsec;
	return (uint64_t)ns / SW_NS_A_CYCLE;
}

/* Returns in the cycle or after it. */
static void sleep_until(uint64_t cycle)
{
	uint64_t ns = cycle * SW_NS_A_CYCLE + (uint64_t)card.start.tv_nsec;
	struct timespec t = { .tv_sec = card.start.tv_sec + (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int count_in(enum state state)
{
	int i, n = 0;

	for (i = 0; i < card.n_threads; i++)
		n += card.threads[i].state == state;
	return n;
}

/* Of main, of those that have ended: the process fails when one of them has. */
static int exit_status(void)
{
	int i, status = 0;

	for (i = 0; i < card.n_threads; i++)
		if (card.threads[i].state == ENDED && card.threads[i].value)
			status = 1;
	return status;
}

/*
 * Nobody is doing anything: nothing can happen any more unless a frame can come
 * and somebody polls for it. Called whenever a thread ceases to be busy.
 */
static void end_if_idle(void)
{
	if (count_in(BUSY))
		return;
	if (count_in(POLLING)) {
		if (card.n_free && !sw_ports_used_up())
			return;
		fflush(NULL);
		_Exit(exit_status());
	}
	if (count_in(SLEEPING))
		sw_stop(SW_DEADLOCK, "deadlock: every thread sleeps for a lock");
}

static void get_lock(struct lock *l)
{
	if (!l->is_set) {
		l->is_set = true;
		return;
	}
	self->next = NULL;
	self->is_woken = false;
	if (l->first)
		l->last->next = self;
	else
		l->first = self;
	l->last = self;
	self->state = SLEEPING;
	end_if_idle();
	while (!self->is_woken)
		pthread_cond_wait(&self->wake, &card.mutex);
}

/* Who has slept longest gets the lock, which stays set. */
static void un_lock(struct lock *l)
{
	struct thread *t = l->first;

	if (!t) {
		l->is_set = false;
		return;
	}
	l->first = t->next;
	t->is_woken = true;
	t->state = BUSY;
	pthread_cond_signal(&t->wake);
}

static uint32_t pop(void)
{
	uint32_t address;

	if (card.n_free) {
		address = INPUT_MEM + (uint32_t)card.free_slots[0] * NF_SLOT_BYTES;
		if (sw_ports_receive((uint8_t *)(uintptr_t)address)) {
			card.n_free--;
			memmove(card.free_slots, card.free_slots + 1,
				(size_t)card.n_free * sizeof(card.free_slots[0]));
			return address;
		}
	}
	self->state = POLLING;
	end_if_idle();
	return 0xffffffff;
}

static void give_back(uint32_t address)
{
	uint32_t offset = address & (PACKET_MEM_BYTES - 1);
	int i, slot = (int)(offset / NF_SLOT_BYTES);

	if (offset % NF_SLOT_BYTES || slot >= NF_SLOTS)
		sw_stop(SW_FAULT, "thread %d frees 0x%08x, where no input slot begins", self->id,
			address);
	for (i = 0; i < card.n_free; i++)
		if (card.free_slots[i] == slot)
			sw_stop(SW_FAULT, "thread %d frees input slot %d, which is free", self->id,
				slot);
	card.free_slots[card.n_free++] = slot;
}

static void check_packet(void)
{
	uint32_t start = card.send_start, bytes = card.send_end + 1 - start;

	if (start & 7 || start < OUTPUT_MEM || bytes < 8 || bytes > NF_SLOT_BYTES ||
	    card.send_end >= OUTPUT_MEM + NF_SLOTS * NF_SLOT_BYTES)
		sw_stop(SW_FAULT, "thread %d sends 0x%08x to 0x%08x: no packet of output memory",
			self->id, start, card.send_end);
	if (card.send_ctrl != ((0x101u >> (bytes & 7)) & 0xff))
		sw_stop(SW_FAULT, "thread %d sends %u bytes with control byte 0x%02x", self->id,
			bytes, card.send_ctrl);
}

/* The engine holds one packet: until that has left, this waits. */
static uint32_t launch(void)
{
	uint32_t before;
	uint64_t now;

	while (now = cycles(), now <= card.departs) {
		pthread_mutex_unlock(&card.mutex);
		sleep_until(card.departs + 1);
		pthread_mutex_lock(&card.mutex);
	}
	check_packet();
	card.departs = now;
	if (card.has_time && (int32_t)(card.send_time - (uint32_t)now) > 0)
		card.departs += card.send_time - (uint32_t)now;
	card.has_time = false;
	sw_ports_send((const uint8_t *)(uintptr_t)card.send_start,
		      card.send_end + 1 - card.send_start, card.departs);
	before = card.held;
	card.held = card.send_start;
	return before;
}

static uint32_t load(uint32_t reg)
{
	switch (reg) {
	case REG_HEADER_FLUSH:
		return pop();
	case REG_SEND_OUT:
		return launch();
	case REG_SEND_DEPART:
		return (uint32_t)card.departs;
	case REG_HOST_QUEUE:
		return 0; /* what leaves is written at once */
	}
	sw_stop(SW_FAULT, "thread %d loads from 0x%08x, no register to read", self->id, reg);
}

static void store(uint32_t reg, uint32_t value)
{
	switch (reg) {
	case REG_CTRL_START:
		card.send_start = value;
		break;
	case REG_CTRL_END:
		card.send_end = value;
		break;
	case REG_CTRL_END_W:
		card.send_ctrl = value;
		break;
	case REG_SEND_TIME_TRIG:
		card.send_time = value;
		card.has_time = true;
		break;
	case REG_HEADER_RETURN:
		give_back(value);
		break;
	case REG_GET_LOCK:
		get_lock(&card.locks[value % NF_LOCKS]);
		break;
	case REG_UN_LOCK:
		un_lock(&card.locks[value % NF_LOCKS]);
		break;
	default:
		sw_stop(SW_FAULT, "thread %d stores to 0x%08x, no register to write", self->id,
			reg);
	}
}

uint32_t sw_load(uint32_t reg)
{
	uint32_t value;

	if (reg == REG_COMMON_TIME)
		return (uint32_t)cycles();
	pthread_mutex_lock(&card.mutex);
	self->state = BUSY;
	value = load(reg);
	pthread_mutex_unlock(&card.mutex);
	if (reg == REG_HEADER_FLUSH && value == 0xffffffff)
		sched_yield();
	return value;
}

void sw_store(uint32_t reg, uint32_t value)
{
	pthread_mutex_lock(&card.mutex);
	self->state = BUSY;
	store(reg, value);
	pthread_mutex_unlock(&card.mutex);
}

static void map_packet_memory(uint32_t address)
{
	void *want = (void *)(uintptr_t)address;

	if (mmap(want, PACKET_MEM_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != want)
		sw_stop(SW_USAGE, "packet memory at 0x%08x: %s", address, strerror(errno));
}

static int threads_wanted(void)
{
	const char *text = getenv("NF_THREADS");

	if (!text)
		return 1;
	if (text[0] < '1' || text[0] > '0' + NF_MAX_THREADS || text[1])
		sw_stop(SW_USAGE, "NF_THREADS=%s: from 1 to %d", text, NF_MAX_THREADS);
	return text[0] - '0';
}

static void *run(void *thread)
{
	int value;

	self = thread;
	value = nf_main();
	pthread_mutex_lock(&card.mutex);
	self->value = value;
	self->state = ENDED;
	end_if_idle();
	pthread_mutex_unlock(&card.mutex);
	return NULL;
}

int main(void)
{
	int i, error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	map_packet_memory(INPUT_MEM);
	map_packet_memory(OUTPUT_MEM);
	sw_ports_open();
	card.n_threads = threads_wanted();
	clock_gettime(CLOCK_MONOTONIC, &card.start);
	for (i = 0; i < card.n_threads; i++) {
		card.threads[i].id = i;
		pthread_cond_init(&card.threads[i].wake, NULL);
	}
	for (i = 0; i < card.n_threads; i++) {
		error = pthread_create(&card.threads[i].handle, NULL, run, &card.threads[i]);
		if (error)
			sw_stop(SW_USAGE, "thread %d: %s", i, strerror(error));
	}
	for (i = 0; i < card.n_threads; i++)
		pthread_join(card.threads[i].handle, NULL);
	return exit_status();
}
