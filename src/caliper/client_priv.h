/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's connection, shared by the files of the library (vernier/vernier.h is
 * its contract). Everything that is heard goes through vn_client_hear(): what
 * somebody waits for is put where they find it, events are queued, refusals are
 * kept for the next call.
 */
#ifndef VN_CALIPER_CLIENT_PRIV_H
#define VN_CALIPER_CLIENT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "caliper/msg.h"
#include "caliper/transport.h"
#include "vernier/vernier.h"

#define VN_CLIENT_EVENTS   4096	 /* that wait inside; what comes beyond is lost and counted */
#define VN_CLIENT_MARKS	   65536 /* that were set and not waited for */
#define VN_CLIENT_REFUSALS 32	 /* kinds in a row, each with how many */
#define VN_CLIENT_REPLY	   2048	 /* bytes of the longest reply that is kept */
#define VN_CLIENT_ASK_NS   VN_NSEC_PER_SEC /* so often it asks whether the driver is there */

enum vn_client_mark_state { VN_MARK_TAKEN, VN_MARK_SET, VN_MARK_HIT, VN_MARK_REFUSED };

struct vn_client_mark {
	uint32_t seq;
	enum vn_client_mark_state state; /* TAKEN: waited for; its place is free when it is first */
	int error;			 /* REFUSED */
	struct cal_mark_hit hit;
};

struct vn_client_marks { /* a ring in the order in which they were set */
	struct vn_client_mark *ring;
	uint32_t cap, head, tail; /* cap: a power of two; free-running */
	uint32_t hits;		  /* HIT or REFUSED, and not waited for */
};

struct vn_client_events {	       /* a ring */
	struct vn_caliper_event *ring; /* NULL: never subscribed */
	uint32_t head, tail;	       /* free-running */
	uint64_t lost_inside;	       /* there was no room here */
	uint64_t lost_before;	       /* told by drivers that are gone */
	uint64_t lost_told;	       /* by this one */
};

struct vn_client_refusals {
	struct {
		int error;
		uint64_t n;
	} run[VN_CLIENT_REFUSALS];
	unsigned int n_runs;
};

/* What the call under way waits for. */
struct vn_client_reply {
	uint32_t seq;  /* 0: nothing */
	uint16_t type; /* NLMSG_ERROR: an acknowledgement */
	bool came;
	int error;
	uint32_t count, len;
	uint8_t body[VN_CLIENT_REPLY];
};

struct vn_caliper {
	/* config */
	struct vn_cal_transport *transport;
	uint32_t card, batch, wire_max;
	uint64_t wait_ns;

	/* state */
	uint32_t seq;	   /* of the last message; never 0 */
	uint64_t asked_ns; /* when the driver was asked last whether it is there */
	struct cal_hello_ack hello;
	struct vn_cal_writer out; /* packets that were not sent yet; len 0: none */
	struct vn_client_marks marks;
	struct vn_client_events events;
	struct vn_client_refusals refusals;
	struct vn_client_reply reply;
	int poll_fd, wake_fd; /* for vn_caliper_fd(); -1: the transport has none */
	bool is_awake;	      /* wake_fd is readable */
	struct vn_err err;
	_Alignas(8) uint8_t out_bytes[CAL_DATAGRAM_MAX];
	_Alignas(8) uint8_t in_bytes[CAL_DATAGRAM_MAX];
	_Alignas(8) uint8_t scratch[CAL_DATAGRAM_MAX];
};

uint32_t vn_client_next_seq(struct vn_caliper *c);

/* client_hear.c */

/* One datagram, waiting until deadline_ns for it, by the transport's clock. 1: heard; 0: the time
 * is over; -EINTR; -ECONNREFUSED: the driver is gone; -errno. Each second
 * the driver is asked whether it still is there, and the same. */
int vn_client_hear(struct vn_caliper *c, uint64_t deadline_ns);
/* What is there already. 0 or -errno. */
int vn_client_hear_all(struct vn_caliper *c);
/* now + timeout, UINT64_MAX for UINT64_MAX. */
uint64_t vn_client_deadline(struct vn_caliper *c, uint64_t timeout_ns);
/* A refusal that nobody was told of: its errno with a sentence; 0: there is none. */
int vn_client_refusal(struct vn_caliper *c);
/* Nobody needs to be told of those with this errno. */
void vn_client_refusals_drop(struct vn_caliper *c, int error);
/* The driver cannot be reached: -error with its sentence. */
int vn_client_failed(struct vn_caliper *c, int error);
/* The driver counts lost events from 0 again. */
void vn_client_count_anew(struct vn_caliper *c);
/* vn_caliper_fd() is readable while something waits inside: after each change of that. */
void vn_client_wake(struct vn_caliper *c);

/* client_ask.c: asks on the control socket and waits for the reply, or, with reply NLMSG_ERROR,
 * for the acknowledgement. The reply's body is in c->reply, as long as its type says. */
struct vn_client_question {
	const char *name; /* for sentences */
	uint16_t type, head_flags, reply;
	const void *body;
	size_t len;
	const void *items; /* behind the body: n items of 8 bytes */
	uint32_t n_items;
};
int vn_client_ask(struct vn_caliper *c, const struct vn_client_question *q);

/* client_mark.c */

/* A place for one more: 0, -ENOBUFS with a sentence, -ENOMEM. */
int vn_client_mark_reserve(struct vn_caliper *c);
void vn_client_mark_set(struct vn_caliper *c, uint32_t seq);
/* A mark that is set and not hit; NULL: there is no such. */
struct vn_client_mark *vn_client_mark_waiting(struct vn_caliper *c, uint32_t seq);
/* Every mark that is set and not hit is refused. */
void vn_client_marks_refuse(struct vn_caliper *c, int error);

/* client_send.c */

/* Sends the packets that wait in here. They stay when a signal came, and only then: -EINTR. */
int vn_client_send_gathered(struct vn_caliper *c);
/* Throws away those with cookies first to last; how many. */
uint64_t vn_client_withdraw(struct vn_caliper *c, uint32_t first, uint32_t last);
/* What is gathered is as if it began now: it was not there when a CANCEL was sent. */
void vn_client_renumber(struct vn_caliper *c);

#endif
