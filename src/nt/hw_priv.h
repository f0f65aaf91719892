/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the hardware, hw*.c, and included by no others.
 *
 * All that changes is one struct of plain data, of which there are two: now,
 * and as it was at the checkpoint. What is too large for it (frames, and the
 * list for the outside) lies in buffers beside it, to which only is appended
 * between checkpoints: the struct holds how far they are valid, so that going
 * back is an assignment here too, and what is beyond is written again.
 */
#ifndef VN_NT_HW_PRIV_H
#define VN_NT_HW_PRIV_H

#include "base/macros.h"
#include "nt/hw.h"

/*
 * Events of one cycle happen in this order: first what makes room, then what
 * comes, then the arbiter chooses among all that has come. Of equals, the lower
 * number first.
 */
enum vn_nt_event {
	VN_NT_EV_ARBITER_DONE,
	VN_NT_EV_LEAVE, /* by MAC */
	VN_NT_EV_DMA_RX = VN_NT_EV_LEAVE + VN_NT_MACS,
	VN_NT_EV_COME, /* by queue: a frame comes to it */
	VN_NT_EV_DMA_TX = VN_NT_EV_COME + 2 * VN_NT_PORTS,
	VN_NT_EV_ARBITER_BEGIN,
	VN_NT_N_EVENTS,
};

/* Queues by number: those of frames towards the processors, then those from them. */
#define VN_NT_RX(port) ((unsigned int)(port))
#define VN_NT_TX(port) ((unsigned int)(port) + VN_NT_PORTS)
#define VN_NT_N_QUEUES (2 * VN_NT_PORTS)

/* Records (struct vn_nt_frame) in a buffer, from head to end. */
struct vn_nt_fifo {
	uint32_t head, end;
	uint32_t len; /* bytes of their frames */
};

struct vn_nt_queue {
	struct vn_nt_fifo way;	/* what will come to it */
	struct vn_nt_fifo wait; /* what is in it */
};

struct vn_nt_frame {
	uint64_t cycle;	 /* in which it comes */
	uint64_t leaves; /* MACs: when the first byte of its destination is on the wire */
	uint32_t len;
	uint8_t ioq[8]; /* header, right before the bytes as in packet memory */
	uint8_t bytes[];
};

struct vn_nt_send_regs {
	uint32_t start, end, control, time;
	bool is_armed;
};

enum vn_nt_slot_state {
	VN_NT_SLOT_TAKEN, /* the program has it */
	VN_NT_SLOT_FREE,
	VN_NT_SLOT_FILLING,
	VN_NT_SLOT_READY, /* to be popped */
};

struct vn_nt_slot {
	uint8_t state;
	uint8_t port;
	uint16_t len;
};

/* Slots in order of time. */
struct vn_nt_slot_list {
	uint8_t n, slot[VN_NT_SLOTS];
};

#define VN_NT_LOG_ARGS 32

struct vn_nt_log {
	uint32_t format;
	bool is_open;
	uint8_t n, n_wanted; /* arguments */
	uint32_t args[VN_NT_LOG_ARGS];
};

struct vn_nt_hw_state {
	uint64_t next; /* the earliest of due[] */
	unsigned int next_event;
	unsigned int woken; /* threads */
	uint64_t due[VN_NT_N_EVENTS];

	uint64_t epoch; /* the cycle that programs read as 0 */
	uint64_t last_event, attention;
	uint64_t mac_frames; /* that left */
	uint32_t out_end;    /* of the list for the outside */

	uint16_t locks;	 /* set */
	uint8_t waiting; /* threads that sleep on a lock */
	int8_t waits_for[VN_NT_THREADS];
	uint32_t wait_pc[VN_NT_THREADS];
	uint64_t wait_since[VN_NT_THREADS];

	struct vn_nt_send_regs send[VN_NT_THREADS]; /* model 1.0: the first */
	uint64_t depart;			    /* of the last launch */
	uint64_t engine_free;			    /* first cycle in which a launch is accepted */
	uint32_t held;				    /* address of the last launch */
	uint8_t launch_waiting;			    /* threads that wait for the engine */

	uint8_t arbiter_turn;  /* place in the round of who is asked first */
	uint8_t arbiter_queue; /* that is read while is_arbiter_busy */
	uint8_t arbiter_slot;
	bool is_arbiter_busy;
	struct vn_nt_slot slots[VN_NT_SLOTS];
	struct vn_nt_slot_list free, ready;

	struct vn_nt_queue queues[VN_NT_N_QUEUES];
	uint8_t paused;		       /* MACs in front of which a frame waits for room */
	uint64_t rx_free[VN_NT_PORTS]; /* the next frame that is fed cannot come earlier */
	uint64_t tx_free[VN_NT_MACS];  /* end of the last frame on the wire with its gap */

	bool is_dma_tx_busy, is_dma_rx_busy;
	bool is_available; /* INT_PKT_AVAIL */
	uint8_t dma_queue; /* that the running transfer to the host reads */
	uint32_t dma_tx_len;
	uint32_t status; /* interrupt bits but for INT_PKT_AVAIL */

	struct vn_nt_counters counters;
	struct vn_nt_log logs[VN_NT_THREADS]; /* last: see logs_changed */
};

_Static_assert(offsetof(struct vn_nt_frame, bytes) == offsetof(struct vn_nt_frame, ioq) + 8,
	       "both are put into memory at once");
_Static_assert(sizeof(struct vn_nt_hw_state) <= 4096, "it is copied every few microseconds");

struct vn_nt_buffer {
	uint8_t *bytes;
	uint32_t size;
};

struct vn_nt_hw {
	struct vn_nt_hw_state now, saved;
	struct vn_nt_hw_config cfg;
	struct vn_nt_memory *mem;
	struct vn_nt_buffer way[VN_NT_N_QUEUES], wait[VN_NT_N_QUEUES];
	struct vn_nt_buffer out;
	uint32_t out_taken; /* of the list, by the outside */
	bool logs_changed;  /* since the checkpoint */
	bool must_trim;	    /* a buffer has more at its beginning that is done with than not */
	const char *failed; /* the host could not keep what happened: a sentence */
	char reason[192];   /* of the last fault */
	uint8_t packet[VN_NT_PACKET_SIZE];
};

/* -- hw.c -- */

/* An event will happen in that cycle. */
static inline void vn_nt_hw_at(struct vn_nt_hw *hw, unsigned int event, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;

	s->due[event] = cycle;
	if (cycle < s->next || (cycle == s->next && event < s->next_event)) {
		s->next = cycle;
		s->next_event = event;
	}
}

/* The host has no memory for what happens: the next access tells. */
static inline void vn_nt_hw_fail(struct vn_nt_hw *hw)
{
	hw->failed = "the host has no memory left for frames and logs that wait";
}

/* Writes hw->reason and answers VN_NT_FAULT. */
enum vn_nt_answer vn_nt_hw_fault(struct vn_nt_hw *hw, struct vn_nt_reply *reply, const char *fmt,
				 ...) VN_PRINTF(3, 4);

/* -- hw_queue.c -- */

/* Room for n more bytes behind used ones. False: no memory. */
bool vn_nt_buffer_reserve(struct vn_nt_buffer *b, uint32_t used, uint32_t n);

/* A frame will come in that cycle, no earlier than the one before it. -ENOMEM. */
int vn_nt_queue_add(struct vn_nt_hw *hw, unsigned int queue, uint64_t cycle, const void *bytes,
		    uint32_t len);
/* What was added since the checkpoint belongs to it; cheaper than another. */
void vn_nt_queue_keep(struct vn_nt_hw *hw, unsigned int queue);
/* The one that comes next, or has come and is to be let in or turned away; NULL. */
struct vn_nt_frame *vn_nt_queue_coming(struct vn_nt_hw *hw, unsigned int queue);
/* Returns it where it is now; NULL: hw has failed. */
struct vn_nt_frame *vn_nt_queue_let_in(struct vn_nt_hw *hw, unsigned int queue);
void vn_nt_queue_turn_away(struct vn_nt_hw *hw, unsigned int queue);
/* The oldest in the queue; NULL. */
struct vn_nt_frame *vn_nt_queue_first(struct vn_nt_hw *hw, unsigned int queue);
/* The oldest leaves. */
void vn_nt_queue_pop(struct vn_nt_hw *hw, unsigned int queue);
/* All in the queue are gone; with on_way, also those on their way. */
void vn_nt_queue_clear(struct vn_nt_hw *hw, unsigned int queue, bool on_way);
/* Drops records before the heads. Not between a checkpoint and going back to it. */
void vn_nt_queue_trim(struct vn_nt_hw *hw, unsigned int queue);

/* -- hw_lock.c -- */

enum vn_nt_answer vn_nt_lock_get(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_lock_free(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				  struct vn_nt_reply *reply);

/* -- hw_send.c -- */

enum vn_nt_answer vn_nt_send_start(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   uint32_t value, struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_send_end(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_send_control(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				     uint32_t value, struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_send_arm(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_send_launch(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    struct vn_nt_reply *reply);

/* -- hw_input.c -- */

enum vn_nt_answer vn_nt_input_pop(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				  struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_input_free(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   uint32_t value, struct vn_nt_reply *reply);
void vn_nt_input_come(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle);
void vn_nt_arbiter_begin(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle);
void vn_nt_arbiter_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle);

/* -- hw_port.c -- */

void vn_nt_port_come(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle);
void vn_nt_mac_leave(struct vn_nt_hw *hw, unsigned int mac, uint64_t cycle);

/* -- hw_dma.c -- */

/* A frame waits for the host. */
void vn_nt_dma_offer(struct vn_nt_hw *hw, uint64_t cycle);
void vn_nt_dma_tx_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle);
void vn_nt_dma_rx_done(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle);

/* -- hw_log.c -- */

enum vn_nt_answer vn_nt_log_write(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				  struct vn_nt_reply *reply);

/* -- hw_out.c -- */

/* An entry of the list, with its bytes. */
void vn_nt_out_add(struct vn_nt_hw *hw, const struct vn_nt_out *out);
/* A frame, with zeros behind it up to min bytes. */
void vn_nt_out_frame(struct vn_nt_hw *hw, enum vn_nt_out_kind kind, unsigned int port,
		     uint64_t cycle, const struct vn_nt_frame *f, uint32_t min);
void vn_nt_out_trim(struct vn_nt_hw *hw);

/* The host has to be heard. */
static inline void vn_nt_hw_attend(struct vn_nt_hw *hw, uint64_t cycle)
{
	hw->now.attention = VN_MIN(hw->now.attention, cycle);
}

/*
 * A line of trace; a: whose access it is, NULL: an event of the hardware itself,
 * in which case the columns of the thread are dashes.
 */
#define vn_nt_trace(hw, what, cycle, a, ...)                                                       \
	do {                                                                                       \
		if (vn_unlikely((hw)->cfg.trace & VN_NT_TRACE(what)))                              \
			vn_nt_out_trace(hw, cycle, a, __VA_ARGS__);                                \
	} while (0)
void vn_nt_out_trace(struct vn_nt_hw *hw, uint64_t cycle, const struct vn_nt_access *a,
		     const char *fmt, ...) VN_PRINTF(4, 5);

#endif
