/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending one buffer many times (clone_skb, burst) needs a device that lets
 * its frames be shared, the SHARED flag, a transmit mode that can, and one
 * size. Which combination gives which errno, and which is looked at first, is
 * the kernel's.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>

static int no_sharing(const struct vn_entry *e, struct vn_err *err)
{
	return vn_err_set(err, EOPNOTSUPP,
			  "cannot be had: %s does not let one frame be sent many times",
			  e->dev->name);
}

static bool is_unshared(const struct vn_entry *e)
{
	return !(e->stream.cfg.flags & VN_FLAG_SHARED);
}

int vn_check_clone_skb(const struct vn_entry *e, uint64_t value, struct vn_err *err)
{
	if (value == 0)
		return 0;
	if (!e->dev->can_share)
		return no_sharing(e, err);
	if (e->stream.cfg.xmit_mode == VN_NETIF_RECEIVE)
		return vn_err_set(err, EOPNOTSUPP, "cannot be had in transmit mode netif_receive");
	if (e->stream.imix.n > 0)
		return vn_err_set(err, EINVAL, "cannot be had together with imix_weights");
	if (is_unshared(e))
		return vn_err_set(err, EINVAL, "needs the flag SHARED");
	return 0;
}

int vn_check_burst(const struct vn_entry *e, uint64_t value, struct vn_err *err)
{
	if (value <= 1)
		return 0;
	if (e->stream.cfg.xmit_mode == VN_QUEUE_XMIT)
		return vn_err_set(err, EOPNOTSUPP, "cannot be had in transmit mode queue_xmit");
	if (e->stream.cfg.xmit_mode == VN_START_XMIT && !e->dev->can_share)
		return no_sharing(e, err);
	if (is_unshared(e))
		return vn_err_set(err, EINVAL, "needs the flag SHARED");
	return 0;
}

/* A burst that was set before is not looked at, as in the kernel. */
int vn_check_mode(const struct vn_entry *e, enum vn_xmit_mode mode, struct vn_err *err)
{
	if (mode == VN_NETIF_RECEIVE && e->stream.cfg.clone_skb > 0)
		return vn_err_set(err, EOPNOTSUPP, "cannot be had together with clone_skb");
	return 0;
}

int vn_check_unshare(const struct vn_entry *e, struct vn_err *err)
{
	if (e->stream.cfg.clone_skb != 0 || e->stream.cfg.burst > 1)
		return vn_err_set(err, EINVAL, "clone_skb and burst need the flag SHARED");
	return 0;
}

int vn_check_imix(const struct vn_entry *e, struct vn_err *err)
{
	if (e->stream.cfg.clone_skb > 0)
		return vn_err_set(err, EINVAL, "cannot be had together with clone_skb");
	return 0;
}

uint64_t vn_clamp_burst(uint64_t value)
{
	return VN_MAX(value, 1ull);
}

/* 2^32 passes the clamp and is narrowed to 0, which the engine shall not see. */
void vn_burst_changed(struct vn_entry *e)
{
	if (e->stream.cfg.burst == 0)
		e->stream.cfg.burst = 1;
}
