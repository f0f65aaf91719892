// SPDX-License-Identifier: BSD-2-Clause
/*
 * The list of what the outside sees, in order of what happened: entries with
 * their bytes behind each other in one buffer. The state says how far it is
 * valid, the checkpoint how far it is final.
 */
#include "nt/hw_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TRIM_MIN  16384u
#define WAITS_MAX (UINT32_C(16) << 20) /* bytes that wait before the host has to be heard */
#define LINE_MAX_ 1536		       /* of trace */

struct entry {
	uint64_t cycle;
	uint32_t kind, port, value, len;
	uint8_t bytes[];
};

static uint32_t entry_size(uint32_t len)
{
	return (uint32_t)(sizeof(struct entry) + len + 7) & ~7u;
}

/* Room for out->len bytes, which the caller writes; NULL: hw has failed. */
static uint8_t *append(struct vn_nt_hw *hw, const struct vn_nt_out *out)
{
	uint32_t *end = &hw->now.out_end;
	struct entry *e;

	if (!vn_nt_buffer_reserve(&hw->out, *end, entry_size(out->len))) {
		vn_nt_hw_fail(hw);
		return NULL;
	}
	e = (struct entry *)(void *)(hw->out.bytes + *end);
	*e = (struct entry){ out->cycle, out->kind, out->port, out->value, out->len };
	*end += entry_size(out->len);
	if (*end - hw->out_taken > WAITS_MAX)
		vn_nt_hw_attend(hw, out->cycle);
	return e->bytes;
}

void vn_nt_out_add(struct vn_nt_hw *hw, const struct vn_nt_out *out)
{
	uint8_t *bytes = append(hw, out);

	if (bytes && out->len)
		memcpy(bytes, out->bytes, out->len);
}

void vn_nt_out_frame(struct vn_nt_hw *hw, enum vn_nt_out_kind kind, unsigned int port,
		     uint64_t cycle, const struct vn_nt_frame *f, uint32_t min)
{
	struct vn_nt_out out = {
		.kind = kind, .port = port, .cycle = cycle, .len = VN_MAX(f->len, min)
	};
	uint8_t *bytes = append(hw, &out);

	if (!bytes)
		return;
	memcpy(bytes, f->bytes, f->len);
	memset(bytes + f->len, 0, out.len - f->len);
}

bool vn_nt_hw_take(struct vn_nt_hw *hw, struct vn_nt_out *out)
{
	const struct entry *e;

	if (hw->out_taken >= hw->saved.out_end)
		return false;
	e = (const struct entry *)(const void *)(hw->out.bytes + hw->out_taken);
	*out = (struct vn_nt_out){ e->kind, e->port, e->cycle, e->value, e->len, e->bytes };
	hw->out_taken += entry_size(e->len);
	if (hw->out_taken >= TRIM_MIN && hw->out_taken >= hw->saved.out_end / 2)
		hw->must_trim = true;
	return true;
}

void vn_nt_out_trim(struct vn_nt_hw *hw)
{
	uint32_t n = hw->out_taken;

	if (n < TRIM_MIN || n < hw->now.out_end / 2)
		return;
	memmove(hw->out.bytes, hw->out.bytes + n, hw->now.out_end - n);
	hw->now.out_end -= n;
	hw->out_taken = 0;
}

void vn_nt_hw_trace(struct vn_nt_hw *hw, uint64_t cycle, const char *line)
{
	struct vn_nt_out out = { .kind = VN_NT_OUT_TRACE, .cycle = cycle };

	if (cycle < hw->cfg.trace_from || cycle > hw->cfg.trace_to)
		return;
	out.len = (uint32_t)strlen(line);
	out.bytes = (const uint8_t *)line;
	vn_nt_out_add(hw, &out);
}

void vn_nt_out_trace(struct vn_nt_hw *hw, uint64_t cycle, const struct vn_nt_access *a,
		     const char *fmt, ...)
{
	unsigned long long at = cycle;
	char line[LINE_MAX_];
	int n, text;
	va_list ap;

	if (a)
		n = snprintf(line, sizeof(line), "%010llu %u.%u t%u %08x ", at,
			     a->tid / VN_NT_THREADS_PER_CPU, a->tid % VN_NT_THREADS_PER_CPU, a->tid,
			     a->pc);
	else
		n = snprintf(line, sizeof(line), "%010llu -.- -- -------- ", at);
	va_start(ap, fmt);
	text = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	n = VN_MIN(n + text, (int)sizeof(line) - 2);
	line[n] = '\n';
	line[n + 1] = '\0';
	vn_nt_hw_trace(hw, cycle, line);
}
