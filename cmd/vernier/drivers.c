/* SPDX-License-Identifier: BSD-2-Clause */
/* vernier drivers: what was built in, and what each driver declares. */
#include "drivers.h"

#include <errno.h>
#include <stdio.h>

#include "base/macros.h"
#include "base/text.h"
#include "choice.h"
#include "command.h"
#include "net/netdev.h"
#include "options.h"

static const char *const cap_texts[] = {
#define VN_X(name, text) [VN_CAP_BIT_##name] = text,
	VN_NETDEV_CAPS(VN_X)
#undef VN_X
};

void vn_driver_caps_text(uint32_t caps, char *buf, size_t cap)
{
	struct vn_text t;

	vn_text_init(&t, buf, cap);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(cap_texts); i++)
		if (caps & (1u << i))
			vn_text_add(&t, "%s%s", t.len ? ", " : "", cap_texts[i]);
}

static int choose_first(const char **name, uint32_t needs, struct vn_err *err)
{
	char text[256];

	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++)
		if (((*d)->caps & needs) == needs) {
			*name = (*d)->name;
			return 0;
		}
	vn_driver_caps_text(needs, text, sizeof(text));
	return vn_err_set(err, EINVAL, "no driver was built in that %s", text);
}

int vn_driver_choose(const char **name, uint32_t needs, struct vn_err *err)
{
	const struct vn_netdev_ops *ops;
	char text[256];

	if (!*name)
		return choose_first(name, needs, err);
	ops = vn_netdev_driver(*name);
	if (!ops)
		return vn_err_set(err, EINVAL,
				  "--driver: no driver \"%s\" (vernier drivers lists them)", *name);
	if ((ops->caps & needs) == needs)
		return 0;
	vn_driver_caps_text(needs & ~ops->caps, text, sizeof(text));
	return vn_err_set(err, EINVAL, "--driver: %s is no driver that %s", *name, text);
}

const char *vn_driver_name(unsigned int i)
{
	const struct vn_netdev_ops *const *d = vn_netdev_drivers;

	while (*d && i--)
		d++;
	return *d ? (*d)->name : NULL;
}

const char *vn_driver_or_auto(unsigned int i)
{
	return i ? vn_driver_name(i - 1) : VN_CHOICE_AUTO;
}

const struct vn_options drivers_spec = {
	.command = "drivers",
	.brief = "list the drivers and what each can do",
	.args = "",
	.summary = "Lists the drivers, that of recv first, and what each can do; then the order\n"
		   "in which send tries them.",
	.examples = "  vernier drivers\n",
};

int vn_cmd_drivers(int argc, char **argv, struct vn_err *err)
{
	char text[256];
	int first;
	int rc = vn_options_parse(&drivers_spec, NULL, argc, argv, &first, err);

	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++) {
		vn_driver_caps_text((*d)->caps, text, sizeof(text));
		printf("%-12s%s\n%-12s%s\n", (*d)->name, (*d)->summary, "", text);
	}
	vn_choice_order(vn_netdev_drivers, text, sizeof(text));
	printf("\nvernier send --driver auto: the first of these that can do what is asked\n%s\n",
	       text);
	return VN_EXIT_DONE;
}
