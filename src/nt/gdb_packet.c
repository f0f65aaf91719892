/* SPDX-License-Identifier: BSD-2-Clause */
#include "nt/gdb_packet.h"

#include "base/parse.h"

bool vn_nt_gdb_number(const char **text, uint32_t *value)
{
	int digits, digit;

	*value = 0;
	for (digits = 0; (digit = vn_hex_digit(**text)) >= 0; digits++) {
		if (digits == 8)
			return false;
		*value = *value << 4 | (uint32_t)digit;
		(*text)++;
	}
	return digits > 0;
}

bool vn_nt_gdb_bytes(const char *text, uint8_t *bytes, size_t len)
{
	int high, low;
	size_t i;

	for (i = 0; i < len; i++, text += 2) {
		high = vn_hex_digit(text[0]);
		low = high < 0 ? -1 : vn_hex_digit(text[1]);
		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static enum vn_nt_gdb_event take_outside(struct vn_nt_gdb_packet *p, uint8_t byte)
{
	switch (byte) {
	case '$':
		p->state = VN_NT_GDB_INSIDE;
		p->len = 0;
		p->sum = 0;
		p->is_cut = false;
		return VN_NT_GDB_NOTHING;
	case '-':
		return VN_NT_GDB_RESEND;
	case 3:
		return VN_NT_GDB_STOP;
	default: /* "+"; whatever else a line between packets may carry */
		return VN_NT_GDB_NOTHING;
	}
}

static void take_inside(struct vn_nt_gdb_packet *p, uint8_t byte)
{
	if (byte == '#') {
		p->bytes[p->len] = '\0';
		p->state = VN_NT_GDB_SUM1;
		return;
	}
	p->sum = (uint8_t)(p->sum + byte);
	if (p->len < VN_NT_GDB_PACKET_MAX)
		p->bytes[p->len++] = (char)byte;
	else
		p->is_cut = true;
}

static enum vn_nt_gdb_event finish(struct vn_nt_gdb_packet *p, int low)
{
	p->state = VN_NT_GDB_OUTSIDE;
	if (low < 0 || (p->sent_sum | low) != p->sum)
		return VN_NT_GDB_BROKEN;
	return p->is_cut ? VN_NT_GDB_TOO_LONG : VN_NT_GDB_PACKET;
}

enum vn_nt_gdb_event vn_nt_gdb_packet_take(struct vn_nt_gdb_packet *p, uint8_t byte)
{
	int digit;

	switch (p->state) {
	case VN_NT_GDB_OUTSIDE:
		return take_outside(p, byte);
	case VN_NT_GDB_INSIDE:
		take_inside(p, byte);
		return VN_NT_GDB_NOTHING;
	case VN_NT_GDB_SUM1:
		digit = vn_hex_digit((char)byte);
		if (digit < 0)
			return finish(p, digit);
		p->sent_sum = (uint8_t)(digit << 4);
		p->state = VN_NT_GDB_SUM2;
		return VN_NT_GDB_NOTHING;
	default:
		return finish(p, vn_hex_digit((char)byte));
	}
}
