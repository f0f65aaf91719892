/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the drivers' tests: opening with the failure's sentence in the output,
 * and filling frames that can be told apart.
 */
#ifndef VN_DEV_FIXTURE_H
#define VN_DEV_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/netdev.h"

static inline struct vn_netdev *open_dev(const char *driver, uint32_t needs,
					 const struct vn_netdev_opts *opts)
{
	struct vn_netdev *dev;
	struct vn_err err = { "" };

	if (vn_netdev_open(driver, needs, opts, &dev, &err))
		fail_msg("%s", err.text);
	return dev;
}

static inline struct vn_txq *open_txq(struct vn_netdev *dev, const struct vn_txq_opts *opts)
{
	struct vn_txq *q;
	struct vn_err err = { "" };

	if (dev->ops->txq_open(dev, opts, &q, &err))
		fail_msg("%s", err.text);
	return q;
}

/*
 * Reserves n frames of len bytes: addresses, type 0x88b5 (for experiments),
 * then bytes that count up from tag. Their departures are gap_ns apart.
 */
static inline void fill_frames(struct vn_txq *q, unsigned int n, uint32_t len, uint64_t depart_ns,
			       uint64_t gap_ns, uint8_t tag)
{
	static const uint8_t head[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	struct vn_frame *f;

	assert_int_equal(vn_txq_reserve(q, n, &f), n);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(f[i].cap >= len);
		memcpy(f[i].data, head, sizeof(head));
		for (uint32_t at = sizeof(head); at < len; at++)
			f[i].data[at] = (uint8_t)(tag + i + at - sizeof(head));
		f[i].len = len;
		f[i].depart_ns = depart_ns + i * gap_ns;
	}
}

static inline void assert_done(struct vn_tx_done done, uint32_t sent, enum vn_tx_code code)
{
	assert_int_equal(done.sent, sent);
	assert_int_equal(done.code, code);
}

#endif
