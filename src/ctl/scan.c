/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/scan.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/parse.h"

void vn_scan_init(struct vn_ctl_scan *s, const char *text, size_t len)
{
	s->at = text;
	s->end = text + len;
}

static bool is_separator(char c)
{
	return c == '"' || c == '\n' || c == '\r' || c == '\t' || c == ' ' || c == '=';
}

bool vn_scan_is_end(const struct vn_ctl_scan *s)
{
	return s->at == s->end;
}

void vn_scan_skip(struct vn_ctl_scan *s)
{
	while (s->at < s->end && is_separator(*s->at))
		s->at++;
}

size_t vn_scan_word(struct vn_ctl_scan *s, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max && s->at < s->end && !is_separator(*s->at))
		buf[n++] = *s->at++;
	buf[n] = '\0';
	return n;
}

unsigned int vn_scan_decimal(struct vn_ctl_scan *s, unsigned int max, uint64_t *value)
{
	unsigned int n;

	*value = 0;
	for (n = 0; n < max && s->at < s->end && *s->at >= '0' && *s->at <= '9'; n++)
		*value = *value * 10 + (uint64_t)(*s->at++ - '0');
	return n;
}

unsigned int vn_scan_hex(struct vn_ctl_scan *s, unsigned int max, uint64_t *value)
{
	unsigned int n;

	*value = 0;
	for (n = 0; n < max && s->at < s->end && vn_hex_digit(*s->at) >= 0; n++)
		*value = *value << 4 | (uint64_t)vn_hex_digit(*s->at++);
	return n;
}

bool vn_scan_char(struct vn_ctl_scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

bool vn_scan_ipv6(const char *word, struct in6_addr *out)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t n = 0;

	while (vn_hex_digit(word[n]) >= 0 || word[n] == ':' || word[n] == '.')
		n++;
	if (n >= sizeof(text))
		return false;
	memcpy(text, word, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return false;
	*out = addr;
	return true;
}

bool vn_scan_mac(const char *word, uint8_t mac[6])
{
	uint8_t bytes[6];
	int i;

	for (i = 0; i < 6; i++, word += 3) {
		/* Each step looks at one character only when the one before it
		 * was not the end. */
		if (vn_hex_digit(word[0]) < 0 || vn_hex_digit(word[1]) < 0)
			return false;
		if (i < 5 && word[2] != ':')
			return false;
		bytes[i] = (uint8_t)(vn_hex_digit(word[0]) << 4 | vn_hex_digit(word[1]));
	}
	memcpy(mac, bytes, sizeof(bytes));
	return true;
}
