/* SPDX-License-Identifier: BSD-2-Clause */
/* A pretended interface that stamps in hardware, or not, or badly. */
#include "dev/hwstamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <string.h>

#include "base/macros.h"

#define IFINDEX	   7
#define ALL_STAMPS (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)
#define FILTER_ALL (1u << HWTSTAMP_FILTER_ALL)

struct nic {
	uint32_t so_timestamping, rx_filters, tx_types;
	int clock;
	int info_rc, get_rc, set_rc, compare_rc; /* what it answers */
	int narrows_to; /* a filter it sets instead of the one that was asked for, 0 = none */
	struct hwtstamp_config now;
	unsigned int n_set;
	int64_t offset_ns;
};

static int nic_ask(void *arg, unsigned long request, struct ifreq *ifr)
{
	struct nic *n = arg;
	struct ethtool_ts_info *info = (struct ethtool_ts_info *)ifr->ifr_data;
	struct hwtstamp_config *config = (struct hwtstamp_config *)ifr->ifr_data;

	if (request == SIOCGIFNAME) {
		assert_int_equal(ifr->ifr_ifindex, IFINDEX);
		memcpy(ifr->ifr_name, "nic0", 5);
		return 0;
	}
	assert_string_equal(ifr->ifr_name, "nic0");
	if (request == SIOCETHTOOL) {
		assert_int_equal(info->cmd, ETHTOOL_GET_TS_INFO);
		info->so_timestamping = n->so_timestamping;
		info->rx_filters = n->rx_filters;
		info->tx_types = n->tx_types;
		info->phc_index = n->clock;
		return n->info_rc;
	}
	if (request == SIOCGHWTSTAMP) {
		*config = n->now;
		return n->get_rc;
	}
	assert_true(request == SIOCSHWTSTAMP);
	if (n->set_rc)
		return n->set_rc;
	n->n_set++;
	if (n->narrows_to && config->rx_filter == HWTSTAMP_FILTER_ALL)
		config->rx_filter = n->narrows_to;
	n->now = *config;
	return 0;
}

static int nic_compare(void *arg, int clock, struct ptp_sys_offset *s)
{
	struct nic *n = arg;

	assert_int_equal(clock, n->clock);
	memset(s, 0, sizeof(*s));
	s->n_samples = 1;
	s->ts[0] = (struct ptp_clock_time){ .sec = 100, .nsec = 0 };
	s->ts[2] = (struct ptp_clock_time){ .sec = 100, .nsec = 200 };
	s->ts[1] = (struct ptp_clock_time){ .sec = 50, .nsec = (uint32_t)(100 - n->offset_ns) };
	return n->compare_rc;
}

static int begin(struct nic *n, struct vn_hwstamp_io *io, struct vn_hwstamp *h, struct vn_err *err)
{
	*io = (struct vn_hwstamp_io){ nic_ask, nic_compare, n };
	return vn_hwstamp_begin(h, io, IFINDEX, err);
}

static const struct nic good = {
	.so_timestamping = ALL_STAMPS,
	.rx_filters = FILTER_ALL,
	.clock = 3,
	.now = { .tx_type = HWTSTAMP_TX_ON, .rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT },
};

static void the_setting_is_put_back(void **state)
{
	struct nic n = good;
	struct vn_hwstamp_io io;
	struct vn_hwstamp h;

	assert_int_equal(begin(&n, &io, &h, NULL), 0);
	assert_int_equal(n.now.rx_filter, HWTSTAMP_FILTER_ALL);
	assert_int_equal(n.now.tx_type, HWTSTAMP_TX_ON); /* not ours to change */
	assert_true(h.offset_ns == 50000000000);
	vn_hwstamp_end(&h);
	vn_hwstamp_end(&h);
	assert_int_equal(n.now.rx_filter, HWTSTAMP_FILTER_PTP_V2_EVENT);
	assert_int_equal(n.now.tx_type, HWTSTAMP_TX_ON);
	assert_int_equal(n.n_set, 2);
}

static void an_offer_is_looked_at_and_not_taken(void **state)
{
	struct nic n = good, mute = { .info_rc = -EOPNOTSUPP };
	struct vn_hwstamp_io io = { nic_ask, nic_compare, &n };
	struct vn_err err = { "" };

	assert_int_equal(vn_hwstamp_offered(&io, IFINDEX, NULL), 0);
	assert_int_equal(n.n_set, 0);
	io.arg = &mute;
	assert_int_equal(vn_hwstamp_offered(&io, IFINDEX, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "offered: nothing"));
}

static void a_setting_that_is_right_is_left_alone(void **state)
{
	struct nic n = good;
	struct vn_hwstamp_io io;
	struct vn_hwstamp h;

	n.now.rx_filter = HWTSTAMP_FILTER_ALL;
	assert_int_equal(begin(&n, &io, &h, NULL), 0);
	vn_hwstamp_end(&h);
	assert_int_equal(n.n_set, 0);
}

static void what_is_not_offered_is_refused_and_nothing_changed(void **state)
{
	static const struct {
		struct nic nic;
		int rc;
		const char *says;
	} cases[] = {
		{ { .info_rc = -EOPNOTSUPP }, -EOPNOTSUPP, "offered: nothing" },
		{ { .so_timestamping = SOF_TIMESTAMPING_RX_SOFTWARE },
		  -EOPNOTSUPP,
		  "offered: kernel stamps" },
		{ { .so_timestamping = ALL_STAMPS | SOF_TIMESTAMPING_RX_SOFTWARE,
		    .rx_filters = 1u << HWTSTAMP_FILTER_PTP_V2_EVENT },
		  -EOPNOTSUPP,
		  "offered: kernel stamps, hardware stamps of some kinds of frame" },
		{ { .info_rc = -ENODEV }, -ENODEV, "No such device" },
		{ { .so_timestamping = ALL_STAMPS, .rx_filters = FILTER_ALL, .clock = -1 },
		  -ENODEV,
		  "clock of its hardware stamps" },
		{ { .so_timestamping = ALL_STAMPS,
		    .rx_filters = FILTER_ALL,
		    .clock = 2,
		    .compare_rc = -EACCES },
		  -EACCES,
		  "/dev/ptp2" },
		{ { .so_timestamping = ALL_STAMPS, .rx_filters = FILTER_ALL, .set_rc = -EPERM },
		  -EPERM,
		  "CAP_NET_ADMIN" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nic n = cases[i].nic;
		struct vn_hwstamp_io io;
		struct vn_hwstamp h;
		struct vn_err err = { "" };

		assert_int_equal(begin(&n, &io, &h, &err), cases[i].rc);
		if (!strstr(err.text, cases[i].says))
			fail_msg("case %zu: %s", i, err.text);
		vn_hwstamp_end(&h);
		assert_int_equal(n.n_set, 0);
	}
}

static void a_driver_that_narrows_what_was_asked_is_put_back_at_once(void **state)
{
	struct nic n = good;
	struct vn_hwstamp_io io;
	struct vn_hwstamp h;
	struct vn_err err;

	n.narrows_to = HWTSTAMP_FILTER_PTP_V1_L4_EVENT;
	n.get_rc = -EOPNOTSUPP; /* and cannot say what was set: then nothing was */
	assert_int_equal(begin(&n, &io, &h, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "some kinds only"));
	assert_int_equal(n.now.rx_filter, HWTSTAMP_FILTER_NONE);
	assert_int_equal(n.now.tx_type, HWTSTAMP_TX_OFF);
}

static void the_shortest_sample_gives_the_offset(void **state)
{
	struct ptp_sys_offset s = {
		.n_samples = 3,
		.ts = {
			{ .sec = 10, .nsec = 0 },
			{ .sec = 5, .nsec = 900 },
			{ .sec = 10, .nsec = 2000 }, /* 2000 */
			{ .sec = 5, .nsec = 2100 },
			{ .sec = 10, .nsec = 2200 }, /* 200: middle 2100 */
			{ .sec = 5, .nsec = 2400 },
			{ .sec = 10, .nsec = 3000 }, /* 800 */
		},
	};

	assert_true(vn_hwstamp_offset(&s) == 5000000000);
}

static void a_drift_is_followed_when_it_can_be_told_from_noise(void **state)
{
	struct nic n = good;
	struct vn_hwstamp_io io;
	struct vn_hwstamp h;

	assert_int_equal(begin(&n, &io, &h, NULL), 0);
	n.offset_ns = -900;
	vn_hwstamp_follow(&h);
	assert_true(h.offset_ns == 50000000000);
	n.offset_ns = -1500;
	vn_hwstamp_follow(&h);
	assert_true(h.offset_ns == 50000000000 - 1500);
	n.offset_ns = -9000;
	n.compare_rc = -EIO;
	vn_hwstamp_follow(&h);
	assert_true(h.offset_ns == 50000000000 - 1500);
}

static const struct nic sender = {
	.so_timestamping = SOF_TIMESTAMPING_TX_HARDWARE | ALL_STAMPS,
	.rx_filters = FILTER_ALL,
	.tx_types = 1u << HWTSTAMP_TX_OFF | 1u << HWTSTAMP_TX_ON,
	.clock = 3,
	.now = { .tx_type = HWTSTAMP_TX_OFF, .rx_filter = HWTSTAMP_FILTER_PTP_V2_EVENT },
};

/* In whichever order the two sides end. */
static void a_side_puts_back_its_own_setting_only(void **state)
{
	for (int first = 0; first < 2; first++) {
		struct nic n = sender;
		struct vn_hwstamp_io io;
		struct vn_hwstamp rx, tx;

		assert_int_equal(begin(&n, &io, &rx, NULL), 0);
		assert_int_equal(vn_hwstamp_begin_tx(&tx, &io, IFINDEX, NULL), 0);
		assert_int_equal(n.now.tx_type, HWTSTAMP_TX_ON);
		assert_int_equal(n.now.rx_filter, HWTSTAMP_FILTER_ALL);
		assert_true(tx.offset_ns == 50000000000);
		vn_hwstamp_end(first ? &rx : &tx);
		assert_int_equal(n.now.tx_type, first ? HWTSTAMP_TX_ON : HWTSTAMP_TX_OFF);
		assert_int_equal(n.now.rx_filter,
				 first ? HWTSTAMP_FILTER_PTP_V2_EVENT : HWTSTAMP_FILTER_ALL);
		vn_hwstamp_end(first ? &tx : &rx);
		assert_int_equal(n.now.tx_type, HWTSTAMP_TX_OFF);
		assert_int_equal(n.now.rx_filter, HWTSTAMP_FILTER_PTP_V2_EVENT);
	}
}

static void stamps_of_departure_that_are_not_offered_are_refused(void **state)
{
	static const struct {
		struct nic nic;
		int hardware, kernel;
		const char *says; /* of hardware */
	} cases[] = {
		{ { .info_rc = -EOPNOTSUPP }, -EOPNOTSUPP, -EOPNOTSUPP, "offered: nothing" },
		{ { .so_timestamping = SOF_TIMESTAMPING_TX_SOFTWARE },
		  -EOPNOTSUPP,
		  0,
		  "no hardware stamps of every departure; offered: kernel stamps" },
		{ { .so_timestamping = ALL_STAMPS | SOF_TIMESTAMPING_TX_HARDWARE,
		    .tx_types = 1u << HWTSTAMP_TX_OFF },
		  -EOPNOTSUPP,
		  -EOPNOTSUPP,
		  "offered: hardware stamps of some kinds" },
		{ { .info_rc = -ENODEV }, -ENODEV, -ENODEV, "No such device" },
	};

	for (size_t i = 0; i < VN_ARRAY_SIZE(cases); i++) {
		struct nic n = cases[i].nic;
		struct vn_hwstamp_io io = { nic_ask, nic_compare, &n };
		struct vn_err err = { "" }, why = { "" };

		assert_int_equal(vn_hwstamp_offered_tx(&io, IFINDEX, &err), cases[i].hardware);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_int_equal(vn_hwstamp_kernel_tx(&io, IFINDEX, &why), cases[i].kernel);
		assert_int_equal(why.text[0] != 0, cases[i].kernel != 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_setting_is_put_back),
		cmocka_unit_test(an_offer_is_looked_at_and_not_taken),
		cmocka_unit_test(a_setting_that_is_right_is_left_alone),
		cmocka_unit_test(what_is_not_offered_is_refused_and_nothing_changed),
		cmocka_unit_test(a_driver_that_narrows_what_was_asked_is_put_back_at_once),
		cmocka_unit_test(the_shortest_sample_gives_the_offset),
		cmocka_unit_test(a_side_puts_back_its_own_setting_only),
		cmocka_unit_test(stamps_of_departure_that_are_not_offered_are_refused),
		cmocka_unit_test(a_drift_is_followed_when_it_can_be_told_from_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
