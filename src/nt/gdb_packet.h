/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of GDB's remote protocol (GDB manual, appendix "Remote Serial
 * Protocol"): "$", contents, "#", two hexadecimal digits that are their sum.
 * Around them stand acknowledgments, "+" and "-", and the byte 3: stop.
 */
#ifndef VN_NT_GDB_PACKET_H
#define VN_NT_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VN_NT_GDB_PACKET_MAX 0x2000 /* bytes of contents */

enum vn_nt_gdb_event {
	VN_NT_GDB_NOTHING,
	VN_NT_GDB_PACKET,   /* one is complete, its sum is right */
	VN_NT_GDB_TOO_LONG, /* likewise, but it was longer than we said we take */
	VN_NT_GDB_BROKEN,   /* one is complete, its sum is wrong */
	VN_NT_GDB_RESEND,   /* the peer got a broken one */
	VN_NT_GDB_STOP,
};

struct vn_nt_gdb_packet {
	enum { VN_NT_GDB_OUTSIDE, VN_NT_GDB_INSIDE, VN_NT_GDB_SUM1, VN_NT_GDB_SUM2 } state;
	uint8_t sum, sent_sum;
	bool is_cut;
	size_t len;
	char bytes[VN_NT_GDB_PACKET_MAX + 1]; /* as sent, escapes too; a NUL behind them */
};

/* A zeroed packet is at its beginning. */
enum vn_nt_gdb_event vn_nt_gdb_packet_take(struct vn_nt_gdb_packet *p, uint8_t byte);

/* A hexadecimal number of at most 8 digits at *text, which moves behind it. */
bool vn_nt_gdb_number(const char **text, uint32_t *value);

/* len bytes from pairs of digits; false where text is shorter or has anything else. */
bool vn_nt_gdb_bytes(const char *text, uint8_t *bytes, size_t len);

#endif
