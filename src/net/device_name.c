/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of devices: which are possible, and the one a pattern stands for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"

#define NUMBERS 32768 /* that a pattern may come to, as in Linux */

/* Blanks by value, for isspace() asks the locale; 0xa0 is one to the kernel. */
static bool may_stand_in_a_name(char c)
{
	return !strchr("/: \t\n\v\f\r\xa0", c);
}

bool vn_device_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= VN_IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!may_stand_in_a_name(name[i]))
			return false;
	return true;
}

static int choose_number(struct vn_net *net, const char *pattern, const char *percent,
			 char out[VN_IFNAMSIZ])
{
	for (unsigned int n = 0; n < NUMBERS; n++) {
		int len = snprintf(out, VN_IFNAMSIZ, "%.*s%u%s", (int)(percent - pattern), pattern,
				   n, percent + 2);

		if (len >= VN_IFNAMSIZ)
			return -EINVAL;
		if (!vn_net_find(net, out))
			return 0;
	}
	return -ENFILE;
}

int vn_device_choose_name(struct vn_net *net, const char *pattern, char out[VN_IFNAMSIZ])
{
	const char *percent = strchr(pattern, '%');
	char name[VN_IFNAMSIZ];
	int rc;

	if (!vn_device_name_is_valid(pattern))
		return -EINVAL;
	if (!percent) {
		if (vn_net_find(net, pattern))
			return -EEXIST;
		snprintf(out, VN_IFNAMSIZ, "%s", pattern);
		return 0;
	}
	if (percent[1] != 'd' || strchr(percent + 2, '%'))
		return -EINVAL;
	rc = choose_number(net, pattern, percent, name);
	if (!rc)
		snprintf(out, VN_IFNAMSIZ, "%s", name);
	return rc;
}
