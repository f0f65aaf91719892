/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program of the card can ask for: who am I, what time is it, packets in,
 * packets out, locks, a line of log. In context nf and sim the card answers
 * (support.c), in context sw the host plays the card (sw.c).
 *
 * All threads start in main() at once; none begins or ends later. nf_start() is
 * the usual beginning. Every function may be called by every thread unless it
 * says otherwise.
 */
#ifndef SUPPORT_H
#define SUPPORT_H

#define THREADS_PER_CPU 4
#define NUM_CPU		2
#define NF_MAX_THREADS	(THREADS_PER_CPU * NUM_CPU)

enum {
	NF_SLOTS = 10,	      /* of each packet memory */
	NF_SLOT_BYTES = 1600, /* IOQ header and frame */
};

/* Locks with a use; LOCK_PREDEF is the first that is free for applications.
 * The two releases of the card's software number two of them the other way. */
enum {
	LOCK_INIT = 0,
	LOCK_PKTIN = LOCK_INIT,
	LOCK_MISC = 1,
	LOCK_PO_MEM = 2,
#ifdef NF_RE2
	SENDING_LOCK = 3,
	MALLOCFREE_LOCK = 4,
#else
	MALLOCFREE_LOCK = 3,
	SENDING_LOCK = 4,
#endif
	LOCK_DS0 = 5,
	LOCK_DS1,
	LOCK_DS2,
	LOCK_DS3,
	LOCK_DS4,
	LOCK_DS5,
	LOCK_PREDEF = 11,
	NF_LOCKS = 16,
};

typedef unsigned int uint;
typedef char t_addr; /* a byte of packet memory */

/* 125,000,000 a second; wraps after 34.36 s. */
uint nf_time(void);

/* 0 .. number of threads - 1. */
int nf_tid(void);

/* A line of log, as printf: in context nf it is not there, arguments included.
 * A macro since the mathematicians' function has the name. */
#ifdef CONTEXT_NF
#define log(...)                                                                                   \
	do {                                                                                       \
		if (0)                                                                             \
			simprintf(__VA_ARGS__);                                                    \
	} while (0)
#else
#define log(...) simprintf(__VA_ARGS__)
#endif
void simprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For loops that ask again and again: a few instructions of doing nothing. */
void relax(void);

/* Returns when some thread has done nf_pktout_init() (or nf_pktin_init(), where
 * there is no output memory): the other threads wait by it before they ask for the
 * lock under which the first one prepares. */
int nf_stall_a_bit(void);

/* The 16 locks; numbers wrap. They are booleans: any thread may unlock any lock,
 * who locks one that is set sleeps until somebody unlocks it, and who has slept
 * longest is woken. */
void nf_lock(int id);
void nf_unlock(int id);

/* Receiving. nf_pktin_init() gives the input slots to the card: once, by one
 * thread. A popped packet begins with its IOQ header and is this thread's until
 * it is freed; free early, frames that find no slot are lost. */
void nf_pktin_init(void);
t_addr *nf_pktin_pop(void); /* never waits */
static inline int nf_pktin_is_valid(t_addr *p)
{
	return (unsigned long)p != 0xffffffffu;
}
void nf_pktin_free(t_addr *p);

#ifndef NF_RE2

/* Sending: a packet begins with its IOQ header and lies in a slot of output
 * memory. Nine can be allocated: the send engine always holds one. */
void nf_pktout_init(void);	    /* once, by one thread */
t_addr *nf_pktout_alloc(uint size); /* a slot, whatever the size, or 0 */
void nf_pktout_free(t_addr *p);	    /* one that was not sent */

/* Sends what is in [start, end): the slot goes to the send engine, and a later
 * launch makes it free. Waits while the engine holds a packet for later. */
void nf_pktout_send(char *start, char *end);

/* The same in parts, for a program in which one thread sends. Every setup is
 * followed by a finish; schedule, between them, is the cycle of departure, less
 * than 2^31 ahead (one that has passed means at once). */
void nf_pktout_send_setup(char *start, char *end);
void nf_pktout_send_schedule(unsigned time);
void nf_pktout_send_finish(void);
/* As finish, but what the engine held is the caller's and not made free. */
t_addr *nf_pktout_send_finish_nocollect(void);

/* Departure cycle of the last launch; with NF_PLAIN the time now. */
unsigned nf_send_departed(void);

#else

/* Release 2.0 has one packet memory: a received packet is changed and sent where it
 * is. last is the address of its last byte, ctrl what calc_ctrl() says of it;
 * both are of addresses that begin with the IOQ header. */
void do_send(char *start, char *last, uint ctrl);
uint calc_ctrl(char *start, char *end);

#endif

/* How programs begin: one thread makes the packet memories ready and calls init
 * (if there is one); the others return from this when that is done. */
static inline void nf_start(void (*init)(void))
{
	if (nf_tid() != 0) {
		nf_stall_a_bit();
		nf_lock(LOCK_INIT);
		nf_unlock(LOCK_INIT);
		return;
	}
	nf_lock(LOCK_INIT);
	nf_pktin_init();
#ifndef NF_RE2
	nf_pktout_init();
#endif
	if (init)
		init();
	nf_unlock(LOCK_INIT);
}

#ifdef CONTEXT_SW
int nf_main(void); /* the program's main(), which each thread runs */
#endif

#endif
