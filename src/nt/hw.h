/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware around the soft processors: registers, locks, send engine,
 * packet slots, input arbiter, queues, MACs, DMA, log port (spec netthreads
 * 1.4, 1.6, 2).
 *
 * It is driven by whoever runs the processors, in exact order: accesses by
 * (cycle, CPU), events of a cycle before the accesses of that cycle. Nothing
 * here knows of host time. All that changes is plain data in one struct
 * (hw_priv.h), so that a checkpoint is an assignment: what the outside sees
 * (frames, log, trace, interrupts) waits in a list until a checkpoint makes it
 * final, and frames that were fed stay until one has passed them.
 */
#ifndef VN_NT_HW_H
#define VN_NT_HW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "nt/memory.h"
#include "wire/nf2.h"

#define VN_NT_CPUS	      2
#define VN_NT_THREADS_PER_CPU 4
#define VN_NT_THREADS	      8
#define VN_NT_HZ	      125000000u
#define VN_NT_LOCKS	      16
#define VN_NT_MACS	      4
#define VN_NT_PORTS	      8 /* MAC n is 2n, host queue n is 2n+1 */
#define VN_NT_SLOTS	      10
#define VN_NT_SLOT_SIZE	      1600u
#define VN_NT_FRAME_MAX	      1592u /* a slot less the IOQ header */
#define VN_NT_NEVER	      UINT64_MAX

/* -trace. The first three are the processors', the others the hardware's. */
#define VN_NT_TRACES(X)                                                                            \
	X(INSTR, "instr")                                                                          \
	X(REG, "reg")                                                                              \
	X(MEM, "mem")                                                                              \
	X(LOCK, "lock")                                                                            \
	X(PKT, "pkt")                                                                              \
	X(SEND, "send")                                                                            \
	X(DMA, "dma")                                                                              \
	X(IRQ, "irq")                                                                              \
	X(LOG, "log")

enum vn_nt_trace_bit {
#define VN_NT_TRACE_ENUM(name, text) VN_NT_TRACE_BIT_##name,
	VN_NT_TRACES(VN_NT_TRACE_ENUM)
#undef VN_NT_TRACE_ENUM
		VN_NT_N_TRACES,
};
#define VN_NT_TRACE(name) (1u << VN_NT_TRACE_BIT_##name)

struct vn_nt_hw_config {
	unsigned int model;	    /* 0x10 or 0x20 (re2) */
	unsigned int cpus;	    /* 1 or 2 */
	uint64_t dma_cycles;	    /* T0: of each transfer */
	uint64_t dma_millicycles;   /* B: thousandths of a cycle a byte; the sum is rounded
				     * to the nearest cycle */
	uint32_t tx_latency_cycles; /* departure to first preamble byte */
	uint32_t mac_rxq_bytes, cpu_rxq_bytes, mac_txq_bytes, cpu_txq_bytes;
	/* Mask of MACs whose other end pauses (IEEE 802.3, annex 31B): what finds the receive queue
	 * full waits there instead of being lost. */
	unsigned int pauses;
	bool has_driver;	       /* frames to host queues wait for a DMA; else they leave
					* when they reach the queue */
	bool attends_irq;	       /* see vn_nt_hw_attention() */
	uint64_t attends_frames;       /* the N-th frame that leaves a MAC; 0: none */
	unsigned int trace;	       /* mask of VN_NT_TRACE() */
	uint64_t trace_from, trace_to; /* cycles, both included */
};

/* The defaults of the specification: 1.0, two CPUs. */
#define VN_NT_HW_DEFAULTS                                                                          \
	{                                                                                          \
		.model = 0x10, .cpus = VN_NT_CPUS, .dma_cycles = 4405, .dma_millicycles = 947,     \
		.tx_latency_cycles = 64, .mac_rxq_bytes = 8192, .cpu_rxq_bytes = 16384,            \
		.mac_txq_bytes = 65536, .cpu_txq_bytes = 65536, .trace_to = VN_NT_NEVER,           \
	}
extern const struct vn_nt_hw_config vn_nt_hw_defaults;

/* Byte times of a frame on a wire of 1 Gb/s, which are cycles. */
#define VN_NT_PREAMBLE	8u /* with the start of frame delimiter */
#define VN_NT_FRAME_MIN 60u
#define VN_NT_FCS	4u
#define VN_NT_GAP	12u

/* From the first preamble byte to behind the last byte of the FCS. */
static inline uint64_t vn_nt_wire_cycles(uint32_t len)
{
	return VN_NT_PREAMBLE + VN_MAX(len, VN_NT_FRAME_MIN) + VN_NT_FCS;
}

/* What a transfer over the bus takes, in either direction. */
static inline uint64_t vn_nt_dma_cycles(const struct vn_nt_hw_config *cfg, uint32_t len)
{
	return cfg->dma_cycles + (len * cfg->dma_millicycles + 500) / 1000;
}

/*
 * Counters; X(name, number of them, "what is counted"). One of the diagnostic
 * registers COUNTER0..7 reads each of the first eight names' sum.
 */
#define VN_NT_COUNTERS(X)                                                                          \
	X(rx_frames, VN_NT_PORTS, "frames that became poppable, by port of arrival")               \
	X(rx_dropped, 1, "frames lost on input, of any cause")                                     \
	X(sent, 1, "packets that were launched")                                                   \
	X(late, 1, "launches whose armed time had passed")                                         \
	X(tx_frames, VN_NT_PORTS, "frames that left, by port")                                     \
	X(popped, 1, "packets handed to a program")                                                \
	X(freed, 1, "input slots given back")                                                      \
	X(discarded, 1, "launches with dst_port 0")                                                \
	X(mac_rx_full, VN_NT_MACS, "frames dropped: receive queue of the MAC full")                \
	X(cpu_rx_full, 1, "command frames dropped: queue full")                                    \
	X(rx_oversize, VN_NT_PORTS, "frames dropped: longer than a slot")                          \
	X(host_swallowed, VN_NT_MACS, "frames written to host queues that are not connected")      \
	X(mac_rx_paused, VN_NT_MACS, "frames that waited for room in the receive queue")           \
	X(mac_tx_full, VN_NT_MACS, "frames dropped: transmit queue of the MAC full")               \
	X(cpu_tx_full, VN_NT_MACS, "frames dropped: queue to the host full")                       \
	X(ioq_mismatch, 1, "launches whose byte_length differs from the registers")                \
	X(ctrl_mismatch, 1, "launches whose control byte differs from CTRL_END")                   \
	X(time_writes, 1, "writes to COMMON_TIME")                                                 \
	X(log_records, 1, "records of the log port")                                               \
	X(lock_waits, VN_NT_LOCKS, "GET_LOCK that stalled, by lock")                               \
	X(lock_wait_cycles, VN_NT_LOCKS, "cycles that threads waited, by lock")                    \
	X(send_waits, 1, "launches that waited for the engine")                                    \
	X(dma_tx, 1, "transfers to the card")                                                      \
	X(dma_rx, 1, "transfers to the host")                                                      \
	X(dma_tx_bytes, 1, "bytes to the card")                                                    \
	X(dma_rx_bytes, 1, "bytes to the host")

struct vn_nt_counters {
#define VN_NT_COUNTER_FIELD(name, n, text) uint64_t name[n];
	VN_NT_COUNTERS(VN_NT_COUNTER_FIELD)
#undef VN_NT_COUNTER_FIELD
};

struct vn_nt_hw;

/* mem is used, not owned. */
int vn_nt_hw_new(const struct vn_nt_hw_config *cfg, struct vn_nt_memory *mem, struct vn_nt_hw **out,
		 struct vn_err *err);
void vn_nt_hw_free(struct vn_nt_hw *hw);

/* As after power on, but for counters: locks clear, slots with the hardware
 * that holds them at reset, all queues empty. Time goes on from `cycle`, which
 * is what programs read as 0 from then on. */
void vn_nt_hw_reset(struct vn_nt_hw *hw, uint64_t cycle);

/* -- Registers: any data address from VN_NT_REGISTERS on ------------------ */

struct vn_nt_access {
	uint64_t cycle;
	unsigned int tid; /* 0..7 */
	uint32_t pc;	  /* for traces */
	uint32_t addr;
};

enum vn_nt_answer {
	VN_NT_DONE,
	VN_NT_AGAIN, /* nothing was done: the same access in the thread's first slot at or
		      * after the cycle in *again */
	VN_NT_SLEEP, /* done, and the thread has no slots until it is woken */
	VN_NT_END,   /* the thread ends; *value is its exit value */
	VN_NT_FAULT, /* *reason: a sentence without full stop, static or in hw */
};

/*
 * lw and sw; the engine has seen to it that the access is 32 bits wide and
 * aligned. Values in host order. reason: of a fault; again: see above.
 */
struct vn_nt_reply {
	uint32_t value; /* loads: what is read; VN_NT_END: exit value */
	uint64_t again;
	const char *reason;
};
enum vn_nt_answer vn_nt_hw_load(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				struct vn_nt_reply *reply);
enum vn_nt_answer vn_nt_hw_store(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply);

/* Mask of the threads that the accesses since the last call have woken: each
 * goes on in its first slot after the cycle of that access. */
unsigned int vn_nt_hw_woken(struct vn_nt_hw *hw);

/* A pop in this cycle would hand out a packet. */
bool vn_nt_hw_has_packet(const struct vn_nt_hw *hw);

/* -- Time --------------------------------------------------------------- */

/* The cycle of the next event of the hardware itself (a frame complete, the
 * arbiter done, a frame at its port, the end of a transfer); VN_NT_NEVER: none. */
uint64_t vn_nt_hw_next(const struct vn_nt_hw *hw);

/* Lets all events up to and including this cycle happen, in order (hw_priv.h has that of
 * events of one cycle). An access does so itself, for its own cycle. */
void vn_nt_hw_run(struct vn_nt_hw *hw, uint64_t cycle);

/* A packet that was launched is on its way to a port, or to its end. */
bool vn_nt_hw_is_leaving(const struct vn_nt_hw *hw);

/* The cycle of the last frame that came or left, packet popped or record
 * logged: what -idle counts from. */
uint64_t vn_nt_hw_last_event(const struct vn_nt_hw *hw);

/*
 * The first cycle since the last checkpoint at which the host has to be heard
 * before time goes on: an interrupt bit was raised (attends_irq), the N-th
 * frame left (attends_frames), or more than 16 MiB wait to be taken, which is
 * asked again with each entry. VN_NT_NEVER: none.
 */
uint64_t vn_nt_hw_attention(const struct vn_nt_hw *hw);

/* -- Checkpoints --------------------------------------------------------- */

/* What has happened is final: the list for the outside can be taken, frames
 * that were consumed are dropped, and restore() comes back to here. Memory is needed for
 * what waits to come, is in queues, or was not taken, and for what happens until the
 * next; if the host has none left, the next register access is a fault that says so. */
void vn_nt_hw_save(struct vn_nt_hw *hw);
void vn_nt_hw_restore(struct vn_nt_hw *hw);

/* -- The outside. Only between a save and the next access or event. -------- */

/*
 * A frame (without FCS) comes: on a MAC (port even) its first preamble byte at
 * the cycle, or when the frame before it and its gap have passed; to a host
 * queue (port odd) it enters the queue in that cycle. Frames of a port come in
 * the order in which they were fed, so a cycle before that of the last one is
 * as that; it is not before the cycle of the card. The bytes are copied, and
 * stay as many as they are. -ENOMEM, -EINVAL (len 0 or above 65535).
 */
int vn_nt_hw_feed(struct vn_nt_hw *hw, unsigned int port, uint64_t cycle, const void *bytes,
		  uint32_t len);
/* Bytes of frames that were fed and have not come yet, for bounds on them. */
uint64_t vn_nt_hw_fed_bytes(const struct vn_nt_hw *hw, unsigned int port);

/*
 * A transfer from the host to host queue 0..3 of the card, that begins in this
 * cycle: it takes T0 + len*B, then the frame is in the queue and
 * INT_DMA_TX_COMPLETE is raised. -EBUSY while one runs, -EMSGSIZE above 2048
 * bytes (INT_DMA_SETUP_ERROR is raised), -EINVAL for other queues or no bytes.
 */
int vn_nt_hw_dma_tx(struct vn_nt_hw *hw, uint64_t cycle, unsigned int queue, const void *bytes,
		    uint32_t len);
/* A transfer of the oldest frame that waits for the host; it comes as
 * VN_NT_OUT_DMA with INT_DMA_RX_COMPLETE. -EBUSY, -ENODATA. */
int vn_nt_hw_dma_rx(struct vn_nt_hw *hw, uint64_t cycle);

/* The bits raised since the last read, which it clears; INT_PKT_AVAIL while it is so: a
 * frame waits for the host, and none is being transferred to it. */
uint32_t vn_nt_hw_read_status(struct vn_nt_hw *hw);

enum vn_nt_out_kind {
	VN_NT_OUT_FRAME, /* left by a port; cycle: of the first byte of the destination address,
			  * for host queues of entering the queue */
	VN_NT_OUT_DMA,	 /* a transfer to the host is complete; port: of its queue */
	VN_NT_OUT_IRQ,	 /* value: bits newly raised; each completion, read or not */
	VN_NT_OUT_LOG,	 /* text as formatted, no end added */
	VN_NT_OUT_TRACE, /* a line, with its newline */
	VN_NT_OUT_DROP,	 /* a frame that came was lost; port: where it came; value: its length */
};

struct vn_nt_out {
	enum vn_nt_out_kind kind;
	unsigned int port; /* frames; logs: the thread */
	uint64_t cycle;
	uint32_t value;
	uint32_t len;
	const uint8_t *bytes; /* until the next call of anything here */
};

/* The next of what checkpoints have made final, in order of what happened;
 * false: no more. */
bool vn_nt_hw_take(struct vn_nt_hw *hw, struct vn_nt_out *out);

/* For the engine's own traces (instr, reg, mem): a line with its newline into the same
 * list, if its cycle is one that is traced. Lines of the hardware's own events have
 * dashes where others name a thread: "0000012009 -.- -- -------- pkt in slot=3 ...". */
void vn_nt_hw_trace(struct vn_nt_hw *hw, uint64_t cycle, const char *line);

const struct vn_nt_counters *vn_nt_hw_counters(const struct vn_nt_hw *hw);

/* For messages about a deadlock: the lock that a thread sleeps on, -1: none. */
int vn_nt_hw_waits_for(const struct vn_nt_hw *hw, unsigned int tid);

#endif
