/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver auto takes, and what it says of the others. */
#include "choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* --- drivers of the test: what they say depends on the interface's name ------------ */

static void probe_afxdp(const char *ifname, struct vn_netdev_probe *out)
{
	out->can_send = strcmp(ifname, "old0") != 0;
	out->is_zero_copy = !strncmp(ifname, "fast", 4);
	snprintf(out->how, sizeof(out->how), out->is_zero_copy ? "zero copy" : "copy");
	if (!out->can_send)
		snprintf(out->why, sizeof(out->why), "old0 has no XDP");
}

static void probe_xdp(const char *ifname, struct vn_netdev_probe *out)
{
	out->can_send = !strcmp(ifname, "veth0");
	snprintf(out->how, sizeof(out->how), "live frames");
	if (!out->can_send)
		snprintf(out->why, sizeof(out->why), "%s: takes no live frames", ifname);
}

static void probe_afpacket(const char *ifname, struct vn_netdev_probe *out)
{
	out->can_send = strcmp(ifname, "gone0") != 0;
	snprintf(out->how, sizeof(out->how), "packet sockets");
}

static const struct vn_netdev_ops afxdp = { .name = "afxdp",
					    .caps = VN_CAP_TX,
					    .probe = probe_afxdp };
static const struct vn_netdev_ops xdp = { .name = "xdp",
					  .caps = VN_CAP_TX | VN_CAP_BUILDS,
					  .probe = probe_xdp };
static const struct vn_netdev_ops afpacket = { .name = "afpacket",
					       .caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT |
						       VN_CAP_RX_INJECT,
					       .probe = probe_afpacket };
static const struct vn_netdev_ops null = { .name = "null", .caps = VN_CAP_TX };

static const struct vn_netdev_ops *const all[] = { &null, &afpacket, &xdp, &afxdp, NULL };
static const struct vn_netdev_ops *const few[] = { &afpacket, &null, NULL };

/* --- tests ----------------------------------------------------------------------- */

static void the_first_that_suits_is_taken(void **state)
{
	static const struct {
		const char *ifnames[2];
		uint32_t needs;
		bool is_captured;
		const char *driver, *says;
	} cases[] = {
		{ { "fast0" }, VN_CAP_TX, false, "afxdp", "zero copy" },
		{ { "veth0" },
		  VN_CAP_TX,
		  false,
		  "xdp",
		  "live frames (afxdp: no zero copy on veth0)" },
		{ { "veth0" },
		  VN_CAP_TX,
		  true,
		  "afxdp",
		  "copy (afxdp: no zero copy on veth0; xdp: shows no frames to capture)" },
		{ { "slow0" },
		  VN_CAP_TX,
		  false,
		  "afxdp",
		  "copy (afxdp: no zero copy on slow0; xdp: takes no live frames)" },
		{ { "old0" },
		  VN_CAP_TX,
		  false,
		  "afpacket",
		  "packet sockets (afxdp: old0 has no XDP; xdp: takes no live frames)" },
		{ { "fast0", "fast1" }, VN_CAP_TX, false, "afxdp", "zero copy" },
		{ { "fast0", "veth0" },
		  VN_CAP_TX,
		  false,
		  "afxdp",
		  "copy (afxdp: no zero copy on veth0; xdp: takes no live frames)" },
		{ { "fast0" },
		  VN_CAP_TX | VN_CAP_QUEUE_XMIT,
		  false,
		  "afpacket",
		  "packet sockets (afxdp: is no driver that sends through the queueing "
		  "discipline; xdp: is no driver that sends through the queueing discipline)" },
		/* It says itself what is wrong. */
		{ { "gone0" }, VN_CAP_QUEUE_XMIT, false, "afpacket", NULL },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct vn_choice c = {
			.drivers = all,
			.ifnames = cases[i].ifnames,
			.n_ifnames = cases[i].ifnames[1] ? 2 : 1,
			.needs = cases[i].needs,
			.is_captured = cases[i].is_captured,
		};
		char text[512];

		assert_string_equal(vn_choice_next(&c)->name, cases[i].driver);
		vn_choice_text(&c, text, sizeof(text));
		if (cases[i].says)
			assert_string_equal(text, cases[i].says);
	}
}

static void drivers_that_are_not_there_are_not_spoken_of(void **state)
{
	const char *const ifnames[] = { "veth0" };
	struct vn_choice c = {
		.drivers = few, .ifnames = ifnames, .n_ifnames = 1, .needs = VN_CAP_TX
	};
	char text[512];

	assert_ptr_equal(vn_choice_next(&c), &afpacket);
	vn_choice_text(&c, text, sizeof(text));
	assert_string_equal(text, "packet sockets");
	assert_null(vn_choice_next(&c));
}

static void one_that_refuses_is_followed_by_the_next(void **state)
{
	const char *const ifnames[] = { "veth0" };
	struct vn_choice c = {
		.drivers = all, .ifnames = ifnames, .n_ifnames = 1, .needs = VN_CAP_TX
	};
	char text[512];

	assert_ptr_equal(vn_choice_next(&c), &xdp);
	vn_choice_refused(&c, "frames of 9000 bytes");
	assert_ptr_equal(vn_choice_next(&c), &afxdp);
	vn_choice_text(&c, text, sizeof(text));
	assert_string_equal(text, "copy (afxdp: no zero copy on veth0; xdp: frames of 9000 bytes)");
	vn_choice_refused(&c, "queue 0 is taken");
	assert_ptr_equal(vn_choice_next(&c), &afpacket);
	vn_choice_refused(&c, "down");
	assert_null(vn_choice_next(&c));
}

static void the_order_names_those_that_are_there(void **state)
{
	char text[128];

	vn_choice_order(all, text, sizeof(text));
	assert_string_equal(text, "afxdp (zero copy), xdp, afxdp, afpacket");
	vn_choice_order(few, text, sizeof(text));
	assert_string_equal(text, "afpacket");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_suits_is_taken),
		cmocka_unit_test(drivers_that_are_not_there_are_not_spoken_of),
		cmocka_unit_test(one_that_refuses_is_followed_by_the_next),
		cmocka_unit_test(the_order_names_those_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
