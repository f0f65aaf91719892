/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's way to read a command: words end at a separator, numbers at
 * the first other character or after so many digits, and nothing of that is an
 * error. What a person types on a command line goes through base/parse.h,
 * which refuses what these functions forgive.
 *
 * A scan never looks past the bytes written (profile P72): the end of the data
 * ends a word or a number as a NUL would.
 */
#ifndef VN_CTL_SCAN_H
#define VN_CTL_SCAN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vn_ctl_scan {
	const char *at, *end; /* still to be read: [at, end) */
};

void vn_scan_init(struct vn_ctl_scan *s, const char *text, size_t len);

/* Passes over double quotes, white space and '='. */
void vn_scan_skip(struct vn_ctl_scan *s);

/*
 * Takes up to max characters up to a separator into buf, which has room for
 * max + 1. Returns how many were taken; a NUL among them ends the string that
 * readers of buf see, not the word.
 */
size_t vn_scan_word(struct vn_ctl_scan *s, char *buf, size_t max);

/* Take at most max digits (max <= 16: 64 bits hold them) and return how many
 * there were; *value is 0 for none. */
unsigned int vn_scan_decimal(struct vn_ctl_scan *s, unsigned int max, uint64_t *value);
unsigned int vn_scan_hex(struct vn_ctl_scan *s, unsigned int max, uint64_t *value);

/* Takes the next character if it is c. */
bool vn_scan_char(struct vn_ctl_scan *s, char c);
bool vn_scan_is_end(const struct vn_ctl_scan *s);

/*
 * An IPv6 address at the beginning of word; the first character that cannot
 * be part of one ends it ("fd00::1/64"). False leaves *out alone.
 */
bool vn_scan_ipv6(const char *word, struct in6_addr *out);

/* "XX:XX:XX:XX:XX:XX" and anything behind it. False leaves mac alone. */
bool vn_scan_mac(const char *word, uint8_t mac[6]);

#endif
