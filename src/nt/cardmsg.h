/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card socket's protocol (spec netthreads 2.6): how a driver and a loader
 * in other processes use a card. This comment is its specification.
 *
 * Transport. A listening AF_UNIX socket of type SOCK_SEQPACKET; each packet is
 * one message, none is split. A message is a head of 16 bytes, little-endian,
 *
 *     u32 magic = 0x4E464344, u16 op, u16 flags, u32 a, u32 b
 *
 * and 0 to 65536 bytes of data. flags is 0 in what clients say. The card sets
 * flag 1 (REPLY) in what answers a request; without it the card speaks of its
 * own accord: IRQ and DMA_RX_DATA. Requests are answered in the order in which
 * they came. What is not mentioned below for a, b is 0 and ignored.
 *
 * Roles. The first message of a client is HELLO, whose b says what it is: 1 the
 * driver, 2 the loader. There is one client of each role at a time. A HELLO that
 * is answered by ERROR, and a packet that is no message at all (short, other
 * magic, too long), end the connection; every other ERROR leaves all as it was.
 *
 * op               a               b              data           who    answer
 *  1 HELLO         version = 1     role           -              D L    HELLO, same a and b
 *  2 REG_READ      offset          -              -              D L    REG_VALUE
 *  3 REG_VALUE     offset          value          -              card
 *  4 REG_WRITE     offset          value          -              D L    none
 *  5 DMA_TX        queue 0..3      -              frame          D      none; IRQ at the end
 *  6 DMA_RX_START  -               -              -              D      none; DMA_RX_DATA, IRQ
 *  7 DMA_RX_DATA   queue 0..3      -              frame          card
 *  8 IRQ           bits            -              -              card
 *  9 LOAD_INSTR    word address    -              words          L      LOAD_INSTR, b = words
 * 10 LOAD_DATA     word address    -              words          L      LOAD_DATA, b = words
 * 11 RUN           steps (b = 2)   0, 1 or 2      -              L      RUN, cycle in a and b
 * 12 HALT          -               -              -              L      HALT
 * 13 STATS         -               -              -              D L    STATS, data
 * 14 TIME          -               -              -              D L    TIME, cycle in a and b
 * 15 ERROR         errno           op refused     sentence       card
 *
 * Any request may be answered by ERROR instead: a is a Linux error number, the
 * data a sentence in UTF-8 without a NUL. Requests that have no answer get one
 * when they are refused. A cycle is 64 bits: a the low half, b the high half.
 *
 * Registers (offsets in the PCI window; all others are ENXIO) are the driver's but
 * for the last:
 *     0x040  interrupt mask: bits that raise no IRQ; 0 when a driver comes
 *     0x044  interrupt status: bits raised since the last read, which clears them
 *     0x140, 0x148, 0x150  receive DMA: address, size, control
 *     0x144, 0x14C, 0x154  transmit DMA: address, size, control
 *     0x2000408  for either role to load by; write only
 * Addresses are kept and mean nothing. Sizes and control say what the last
 * transfer was: bytes, bits 9:8 the queue, bit 0 while it runs. Bit 0 written to
 * receive control is DMA_RX_START; to transmit control it is refused
 * (EOPNOTSUPP): a transfer to the card brings its bytes, by DMA_TX.
 *
 * Interrupts. IRQ carries the bits newly raised that the mask lets through
 * (VN_NT_INT_ in hw.h). Bits that wait in the status register when the mask
 * opens for them, or when a driver comes, are told then.
 *
 * Transfers. One in each direction at a time: EBUSY. DMA_TX above 2048 bytes:
 * EMSGSIZE, and INT_DMA_SETUP_ERROR is raised. DMA_RX_START with no frame
 * waiting: ENODATA. A frame to the host comes as DMA_RX_DATA, then the IRQ.
 *
 * Loading. Data of LOAD_INSTR and LOAD_DATA are big-endian words, at least one;
 * word 0 is address 0x20000000 and 0x04040000: addresses as in MIF files. The
 * first LOAD_INSTR after RUN, HALT or LOAD_DATA begins a program: it stops the
 * old one (what was in the card is lost), and both memories will be zero but
 * for what is loaded. More LOAD_INSTR add to it; LOAD_DATA comes behind them, and
 * before them is EPROTO. RUN with b = 0 starts all threads at once, each at its
 * own word. HALT holds them in reset; RUN starts them again, with memory as
 * it is. RUN before anything was loaded is ENOEXEC, RUN of a program that runs
 * EALREADY. A loader may leave between any two of these: the card remembers.
 *
 * Debug hold. RUN with b = 1 starts the threads (or stops them where they are)
 * with time standing still. In debug hold RUN with b = 0 lets them go on, and
 * with b = 2 runs a steps, 1 to 2^30: a step is four cycles, in which each thread
 * has one slot. RUN is answered before the steps are done, with the cycle at
 * which the card will stand. The cycles of DMA transfers stand still as well.
 *
 * The loader's register takes what the original loader wrote: for each word
 * the four values 6, byte address (instructions from 0, data from 0x04040000),
 * word, 0; then 0 alone to run, or 3 to run in debug hold. It is LOAD_INSTR,
 * LOAD_DATA and RUN by other means, with their errors. Code 10 (the table of
 * RE 2.0) is EOPNOTSUPP.
 */
#ifndef VN_NT_CARDMSG_H
#define VN_NT_CARDMSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VN_NT_CARDMSG_MAGIC    UINT32_C(0x4E464344)
#define VN_NT_CARDMSG_VERSION  1
#define VN_NT_CARDMSG_HEAD     16
#define VN_NT_CARDMSG_DATA_MAX 65536
#define VN_NT_CARDMSG_MAX      (VN_NT_CARDMSG_HEAD + VN_NT_CARDMSG_DATA_MAX)
#define VN_NT_CARDMSG_REPLY    1 /* flags */

/* X(NAME), in order from 1. */
#define VN_NT_CARDMSG_OPS(X)                                                                       \
	X(HELLO)                                                                                   \
	X(REG_READ)                                                                                \
	X(REG_VALUE)                                                                               \
	X(REG_WRITE)                                                                               \
	X(DMA_TX)                                                                                  \
	X(DMA_RX_START)                                                                            \
	X(DMA_RX_DATA)                                                                             \
	X(IRQ)                                                                                     \
	X(LOAD_INSTR)                                                                              \
	X(LOAD_DATA)                                                                               \
	X(RUN)                                                                                     \
	X(HALT)                                                                                    \
	X(STATS)                                                                                   \
	X(TIME)                                                                                    \
	X(ERROR)

enum vn_nt_cardmsg_op {
	VN_NT_CARD_NO_OP,
#define VN_NT_CARDMSG_ENUM(name) VN_NT_CARD_##name,
	VN_NT_CARDMSG_OPS(VN_NT_CARDMSG_ENUM)
#undef VN_NT_CARDMSG_ENUM
		VN_NT_CARD_N_OPS,
};

/* Who speaks. The numbers of the clients are HELLO's b. */
enum vn_nt_card_role {
	VN_NT_ROLE_NONE, /* a client before its HELLO */
	VN_NT_ROLE_DRIVER = 1,
	VN_NT_ROLE_LOADER = 2,
	VN_NT_ROLE_CARD,
};

/* RUN's b */
enum vn_nt_card_run_mode { VN_NT_CARD_GO, VN_NT_CARD_DEBUG, VN_NT_CARD_STEP };
#define VN_NT_CARD_STEPS_MAX   (UINT32_C(1) << 30)
#define VN_NT_CARD_STEP_CYCLES 4

/* Offsets of registers */
enum vn_nt_card_register {
	VN_NT_PCI_INT_MASK = 0x040,
	VN_NT_PCI_INT_STATUS = 0x044,
	VN_NT_PCI_RX_ADDRESS = 0x140,
	VN_NT_PCI_TX_ADDRESS = 0x144,
	VN_NT_PCI_RX_SIZE = 0x148,
	VN_NT_PCI_TX_SIZE = 0x14C,
	VN_NT_PCI_RX_CONTROL = 0x150,
	VN_NT_PCI_TX_CONTROL = 0x154,
	VN_NT_PCI_LOADER = 0x2000408,
};
#define VN_NT_PCI_DMA_OWNER	  1u /* control: a transfer runs */
#define VN_NT_PCI_DMA_QUEUE_SHIFT 8

struct vn_nt_cardmsg {
	enum vn_nt_cardmsg_op op;
	uint16_t flags;
	uint32_t a, b;
	const uint8_t *data; /* not owned; NULL: none */
	uint32_t len;
};

/* "LOAD_INSTR"; "op 77" is NULL. */
const char *vn_nt_cardmsg_name(unsigned int op);

/*
 * Takes apart the packet that somebody of this role sent; data points into it.
 * Whatever the bytes are, 0 means that the message is one that this role may
 * say, with data of a length that it may have, in whole words where it has
 * words. -EBADMSG: no message at all. Else the head is valid, and the message
 * refused: -EOPNOTSUPP (unknown op), -EPERM (not for this role to say), -EINVAL
 * (flags, data). A sentence goes with each.
 */
int vn_nt_cardmsg_decode(struct vn_nt_cardmsg *msg, enum vn_nt_card_role from,
			 const uint8_t *packet, size_t len, struct vn_err *err);

/* The head of a message; the packet is this and the data behind it. */
void vn_nt_cardmsg_encode(const struct vn_nt_cardmsg *msg, uint8_t head[VN_NT_CARDMSG_HEAD]);

#endif
