/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Caliper's program on the card (spec caliper 6): packets come from the driver as entries
 * of commands (wire/drivercomm.h) and leave by MAC 0, each in the very cycle it is for.
 *
 * Thread 0 sends and does nothing else; the other seven serve a queue of jobs. The way of a
 * packet: pop_work() takes the command (one job, for ever), split_work() gives each of its
 * entries one of eight records and a job, prepare_work() builds the packet in the record's
 * slot of output memory, and manage_sending() launches it.
 *
 * The records are a ring, in order of request: packet number n has the n-th modulo
 * eight. A record belongs to split_work() when the packet eight before has been launched
 * (n_sent tells), to prepare_work() until it says so in is_prepared, then to thread 0. So
 * nothing has to be put in order, and no list is locked, on thread 0's way: what the
 * original had three lists for (packets that are free, prepared, and ready to be sent)
 * are three stages of this ring.
 */
#ifndef PKTGEN_H
#define PKTGEN_H

#include "pktbuff.h"
#include "reg.h"
#include "wire/drivercomm.h"
#include "workqueue.h"

typedef unsigned long long cycles_t; /* time of the card that does not wrap */

enum {
	PKT_OUTS = 8,	  /* a power of two */
	HAND_OVER = 5000, /* cycles: nearer departures are the send engine's */
	LINE_EXTRA = 24,  /* byte times, which are cycles, of preamble, FCS and gap */
	REPORTS = 32,
	PORT_OUT = PORT_MAC(0),
};

/* Locks beside those that have a name. LOCK_MISC: credit, counts of input slots, whose the
 * special slot is, who splits. */
enum {
	LOCK_JOBS = LOCK_DS0,
	LOCK_JOBS_WAIT = LOCK_DS1,
	LOCK_FREE_WAIT = LOCK_DS5, /* split_work() sleeps on it until there is a free record */
};

/* A frame that came from the host, and how many of its entries are still needed. */
struct pktin_mem {
	t_addr *address;
	uint count;
};

enum preparation {
	NOT_PREPARED,
	PREPARED,
	TIGHT,	 /* prepared, and less than HAND_OVER after the packet before */
	CROWDED, /* the same, and asked for while that is still on the line */
};

struct pkt_out {
	uint is_prepared; /* enum preparation; written last */
	uint flags;	  /* enum drivercomm_entry_flags */
	cycles_t time;
	uint line;	 /* cycles that the packet before takes on the line */
	uint last, ctrl; /* for the send engine, as of the slot it was prepared in */
	t_addr *output_mem;
	struct pkt_out *next; /* in the ring */
	const struct drivercomm_entry *entry;
	struct pktin_mem *in;
	struct workq_job job;
};

/* Who fills it decides so under LOCK_MISC, when it is free; thread 0 makes it free again. */
enum special_state {
	SPECIAL_FREE,
	SPECIAL_FILLING,
	SPECIAL_FRAME, /* a received frame is in it */
	SPECIAL_QUOTA, /* a message of credit is, but for time and late packets */
	SPECIAL_SENDING,
};

/* What threads tell each other by words: look() and tell(). */
struct shared {
	uint n_sent;	   /* packets launched since reset; by thread 0 */
	uint wake_at;	   /* of n_sent: split_work() sleeps until then */
	uint pkt_in_order; /* packets that have a record, since reset; by split_work() */
	uint attention;	   /* thread 0 has something to send to the host, perhaps */
	uint reset_asked;  /* pop_work() has stopped; new_epoch is set */
	uint new_epoch;
	uint epoch;
	uint rx_lost;	      /* by pop_work() */
	uint rx_late;	      /* frames that gave way to credit; by thread 0 */
	uint forward;	      /* enum drivercomm_config_flags */
	uint step, announced; /* of the quota; announced: the start that the host was told */
	uint quota_step, quota_start; /* as configured */
	/* Under LOCK_MISC. */
	uint credit;
	uint special_state;
	uint is_splitting;
};

/* What the special slot holds as SPECIAL_FRAME. */
struct special_frame {
	uint len, count; /* as in the message */
};

/* For whoever looks into the card's memory; never reset. */
struct pktgen_counts {
	uint bad;	   /* commands that were none, or had an entry that was none */
	uint stale;	   /* PKTS of another epoch */
	uint reports_lost; /* for want of room */
};

extern struct shared shared;
extern struct pktgen_counts pktgen_counts;
extern struct workq jobs_queue;
extern struct pkt_out pkt_outs[PKT_OUTS];
extern struct pktin_mem pktin_mems[NF_SLOTS];
extern cycles_t time_now; /* of the last update_time() */
extern t_addr *quota_pkt; /* the special slot */
extern struct special_frame special_frame;

/* Called at least once in 34 s, while the clock goes round once: whoever waits calls it all
 * the time, and who does not wait sends messages of credit, which have the time. By thread 0. */
static inline cycles_t update_time(void)
{
	uint lo = nf_load(REG_COMMON_TIME);

	time_now += lo - (uint)time_now;
	return time_now;
}

/* Launches what lies at start; collects what the send engine held. */
static inline t_addr *launch(const t_addr *start, uint last, uint ctrl)
{
	nf_store(REG_CTRL_START, nf_address_of(start));
	nf_store(REG_CTRL_END, last);
	nf_store(REG_CTRL_END_W, ctrl);
	nf_barrier();
	return nf_at(nf_load(REG_SEND_OUT));
}

/* A word that one thread writes while others read it, without a lock. On the card memory is
 * in order by itself and only the compiler has to be told. */
#ifdef CONTEXT_SW
#define WORD_ORDER __ATOMIC_SEQ_CST
#else
#define WORD_ORDER __ATOMIC_RELAXED
#endif

static inline uint look(const uint *word)
{
	uint value;

	nf_barrier();
	value = __atomic_load_n(word, WORD_ORDER);
	nf_barrier();
	return value;
}

static inline void tell(uint *word, uint value)
{
	nf_barrier();
	__atomic_store_n(word, value, WORD_ORDER);
	nf_barrier();
}

static inline uint slot_of(const t_addr *p)
{
	return (nf_address_of(p) & 0x3fff) / NF_SLOT_BYTES;
}

/* input.c: what comes. */
void pop_work(unsigned long unused);
void start_popping(void);
/* So many entries of a command are done with; its slot is free, and a credit earned, with
 * the last. */
void free_input_pkt(struct pktin_mem *in, uint entries);
/* Whether anything of the commands that came is still at work; not asked while pop_work() is. */
uint is_working(void);

/* prepare.c */
void prepare_work(unsigned long pkt);
/* Something else than a packet lies there, of so many bytes behind the IOQ header. */
void soil(const t_addr *slot, uint bytes);

/* send.c: thread 0. */
void manage_sending(void);

/* special.c: messages to the host. By thread 0, but for write_quota(). */
/* The special slot, which the caller has claimed, as a message of this credit. */
void write_quota(uint credit);
/* What is to be told of a packet that was late, or asked for it, and to be counted. Returns what
 * the next time counts from. */
cycles_t settle(const struct pkt_out *pkt, uint seq, cycles_t departure, uint late);
/* Sends what write_quota() has written, if that is all there is to send. */
uint send_quota(void);
uint has_reports(void);
/* Whatever there is to be sent, if there is room for it. When it is not quiet, no received
 * frame is sent for its own sake. */
void send_special(uint is_quiet);
void send_reset_done(void);
void forget_specials(void); /* all of before a reset */

#endif
