/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void vn_text_init(struct vn_text *t, char *buf, size_t cap)
{
	t->buf = buf;
	t->cap = cap;
	t->len = 0;
	t->is_cut = false;
	buf[0] = '\0';
}

void vn_text_add(struct vn_text *t, const char *fmt, ...)
{
	size_t room = t->cap - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= room) {
		t->is_cut = true;
		t->len = t->cap - 1;
		return;
	}
	t->len += (size_t)n;
}

void vn_mac_text(const unsigned char mac[6], char out[VN_MAC_TEXT_SIZE])
{
	snprintf(out, VN_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}
