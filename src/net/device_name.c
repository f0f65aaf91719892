/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of devices: which are possible, and the one a pattern stands for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/device.h"
#include "net/net_priv.h"

#define NUMBERS 32768 /* that a pattern may come to, as in Linux */

/* Blanks by value, for isspace() asks the locale; 0xa0 is one to the kernel. */
static bool may_stand_in_a_name(char c)
{
	return !strchr("/: \t\n\v\f\r\xa0", c);
}

static bool is_valid(const char *name, size_t room)
{
	size_t len = strlen(name);

	if (!len || len >= room || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!may_stand_in_a_name(name[i]))
			return false;
	return true;
}

bool vn_device_name_is_valid(const char *name)
{
	return is_valid(name, VN_IFNAMSIZ);
}

static struct vn_altname **find_altname(struct vn_device *dev, const char *name)
{
	struct vn_altname **at = &dev->altnames;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

bool vn_device_has_name(const struct vn_device *dev, const char *name)
{
	const struct vn_altname *a = dev->altnames;

	while (a && strcmp(a->name, name))
		a = a->next;
	return a || !strcmp(dev->name, name);
}

int vn_device_add_altname(struct vn_device *dev, const char *name)
{
	struct vn_altname *a;

	if (!is_valid(name, VN_ALTIFNAMSIZ))
		return -EINVAL;
	if (vn_net_find(dev->net, name))
		return -EEXIST;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	snprintf(a->name, sizeof(a->name), "%s", name);
	*find_altname(dev, name) = a; /* behind the last one */
	return 0;
}

int vn_device_del_altname(struct vn_device *dev, const char *name)
{
	struct vn_altname **at = find_altname(dev, name), *a = *at;

	if (!a)
		return -ENOENT;
	*at = a->next;
	free(a);
	return 0;
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
