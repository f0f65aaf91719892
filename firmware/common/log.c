/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simprintf on the card: the log port takes the address of the format, a word
 * for each argument (two for a long long, high one first), and one word more that
 * ends the record. The simulator formats; the processors only see what a
 * conversion takes.
 */
#include <stdarg.h>

#include "support.h"
#include "hw.h"

static void put(uint word)
{
	*(volatile uint *)REG_PRINTF = word;
}

static int is_one_of(char c, const char *set)
{
	while (*set && *set != c)
		set++;
	return *set;
}

/* Puts what the conversion behind a % takes; returns where it ends. */
static const char *put_arguments(const char *p, va_list *args)
{
	unsigned long long wide;
	int longs = 0;

	while (is_one_of(*p, "-+ #0123456789.*hlzt")) {
		if (*p == '*')
			put(va_arg(*args, int));
		longs += *p++ == 'l';
	}
	if (!*p || *p == '%')
		return p;
	if (longs < 2) {
		put(va_arg(*args, uint));
		return p;
	}
	wide = va_arg(*args, unsigned long long);
	put(wide >> 32);
	put((uint)wide);
	return p;
}

void simprintf(const char *fmt, ...)
{
	const char *p;
	va_list args;

	asm volatile("" ::: "memory"); /* strings that are printed are in memory */
	put((uint)fmt);
	va_start(args, fmt);
	for (p = fmt; *p; p++) {
		if (*p == '%')
			p = put_arguments(p + 1, &args);
		if (!*p)
			break;
	}
	va_end(args);
	put(0);
}
