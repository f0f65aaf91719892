/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/netem_cursor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/netem.h"
#include "net/netem_percent.h"

/* A bare number is in microseconds, as the manual of tc says. */
static const struct vn_unit time_units[] = {
	{ "", 1000 },		{ "ns", 1 },	{ "us", 1000 },	   { "ms", 1000000 },
	{ "s", 1000000000 },	{ "nsec", 1 },	{ "usec", 1000 },  { "msec", 1000000 },
	{ "sec", 1000000000 },	{ "nsecs", 1 }, { "usecs", 1000 }, { "msecs", 1000000 },
	{ "secs", 1000000000 }, { NULL, 0 },
};

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n';
}

size_t vn_netem_look(struct vn_netem_cursor *c)
{
	size_t n = 0;

	while (is_blank(*c->at))
		c->at++;
	while (c->at[n] != '\0' && !is_blank(c->at[n]))
		n++;
	return n;
}

static bool next_is(struct vn_netem_cursor *c, const char *word)
{
	size_t n = vn_netem_look(c);

	return n == strlen(word) && memcmp(c->at, word, n) == 0;
}

bool vn_netem_next_is_number(struct vn_netem_cursor *c)
{
	vn_netem_look(c);
	return isdigit((unsigned char)c->at[*c->at == '.']);
}

bool vn_netem_next_is_signed_number(struct vn_netem_cursor *c)
{
	vn_netem_look(c);
	return isdigit((unsigned char)c->at[*c->at == '-']);
}

/* Into c->word in small letters, since units come in either. */
int vn_netem_take(struct vn_netem_cursor *c, const char *what, const char *accepted)
{
	size_t i, n = vn_netem_look(c), zero = c->at[0] == '.';

	if (n == 0)
		return vn_err_set(c->err, EINVAL, "netem: %s: the value is missing (%s)", what,
				  accepted);
	if (n + zero >= VN_NETEM_WORD_MAX)
		return vn_err_set(c->err, EINVAL, "netem: %s: '%.20s...' is too long (%s)", what,
				  c->at, accepted);
	c->word[0] = '0'; /* ".5" is 0.5 */
	for (i = 0; i < n; i++)
		c->word[i + zero] = (char)tolower((unsigned char)c->at[i]);
	c->word[n + zero] = '\0';
	c->at += n;
	return 0;
}

bool vn_netem_skip(struct vn_netem_cursor *c, const char *word)
{
	if (!next_is(c, word))
		return false;
	c->at += strlen(word);
	return true;
}

int vn_netem_take_quantity(struct vn_netem_cursor *c, const char *what, const struct vn_unit *units,
			   uint64_t max, uint64_t *out)
{
	char name[48];
	int rc = vn_netem_take(c, what, "a number");

	if (rc < 0)
		return rc;
	snprintf(name, sizeof(name), "netem: %s", what);
	return vn_parse_quantity(name, c->word, units, 0, max, out, c->err);
}

int vn_netem_take_u32(struct vn_netem_cursor *c, const char *what, const struct vn_unit *units,
		      uint32_t max, uint32_t *out)
{
	uint64_t v;
	int rc = vn_netem_take_quantity(c, what, units, max, &v);

	if (rc == 0)
		*out = (uint32_t)v;
	return rc;
}

int vn_netem_take_time(struct vn_netem_cursor *c, const char *what, uint64_t *out)
{
	return vn_netem_take_quantity(c, what, time_units, VN_NETEM_TIME_MAX, out);
}

int vn_netem_take_overhead(struct vn_netem_cursor *c, const char *what, int32_t *out)
{
	bool is_negative;
	uint32_t v;
	int rc;

	vn_netem_look(c);
	is_negative = *c->at == '-' && isdigit((unsigned char)c->at[1]);
	c->at += is_negative;
	rc = vn_netem_take_u32(c, what, vn_units_none, VN_NETEM_OVERHEAD_MAX, &v);
	if (rc == -ERANGE)
		return vn_err_set(c->err, ERANGE, "netem: %s: %s%s is out of range (-%d to %d)",
				  what, is_negative ? "-" : "", c->word, VN_NETEM_OVERHEAD_MAX,
				  VN_NETEM_OVERHEAD_MAX);
	if (rc == 0)
		*out = is_negative ? -(int32_t)v : (int32_t)v;
	return rc;
}

int vn_netem_take_percent(struct vn_netem_cursor *c, const char *what, uint32_t *out)
{
	int rc = vn_netem_take(c, what, VN_NETEM_PERCENT_ACCEPTED);

	if (rc < 0)
		return rc;
	rc = vn_netem_percent_scan(c->word, out);
	if (rc < 0)
		return vn_err_set(c->err, -rc, "netem: %s: '%s' is not accepted (%s)", what,
				  c->word, VN_NETEM_PERCENT_ACCEPTED);
	return 0;
}
