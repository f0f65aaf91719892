/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context sw: the host plays the card, as far as programs see it. sw.c has the
 * threads and the registers, so that support.c is the same code as on the card;
 * sw_ports.c has the ports, which are capture files. README.md has the variables
 * of the environment.
 *
 * Programs include support.h, never this.
 */
#ifndef SW_H
#define SW_H

#include <stdbool.h>
#include <stdint.h>

enum { SW_PORTS = 8, SW_FRAME_MAX = 1592, SW_HZ = 125000000, SW_NS_A_CYCLE = 8 };

/* Loads and stores of registers (hw.h). A store to GET_LOCK returns when the lock
 * is this thread's, a load of SEND_OUT when the engine has taken the packet. */
uint32_t sw_load(uint32_t reg);
void sw_store(uint32_t reg, uint32_t value);

int sw_tid(void);
void sw_relax(void);

/* Ends the process, with a sentence; status as that of the simulated card. */
enum { SW_USAGE = 2, SW_FAULT = 3, SW_DEADLOCK = 4 };
_Noreturn void sw_stop(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ports. The caller sees to it that one thread at a time is in here. */
void sw_ports_open(void);
bool sw_ports_used_up(void);
/* Puts the next frame that arrives, behind its IOQ header, at slot; false: none. */
bool sw_ports_receive(uint8_t *slot);
/* A packet of bytes, IOQ header included, that departs in this cycle. */
void sw_ports_send(const uint8_t *packet, uint32_t bytes, uint64_t cycle);

#endif
