/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of the device file that say nothing about the stream, and so are
 * no options of the command line.
 */
#include "ctl/ctl_priv.h"

#define DEBUG_DIGITS 10

/* Of all devices of the tree: its log then has every write. */
static int debug_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	uint64_t value;

	vn_scan_decimal(arg, DEBUG_DIGITS, &value);
	if (e->debug)
		atomic_store_explicit(e->debug, (int32_t)value, memory_order_relaxed);
	vn_ctl_result(e, "OK: %s=%u", p->name, (uint32_t)value);
	return 0;
}

const struct vn_param_kind vn_kind_debug = {
	.command = debug_command,
};

/*
 * The kernel's counters, and ours that are counted beside them, so that no
 * part is larger than its whole. The answer ends with a newline of its own.
 */
static int clear_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	struct vn_entry_stats *s = &e->stats;

	e->seq_num = 1;
	vn_stat_set(&s->idle_ns, 0);
	vn_stat_set(&s->sofar, 0);
	vn_stat_set(&s->tx_bytes, 0);
	vn_stat_set(&s->tx_bits_l1, 0);
	vn_stat_set(&s->tx_bits_l2, 0);
	vn_stat_set(&s->errors, 0);
	vn_departures_clear(e->departures);
	vn_departures_clear(e->stamped);
	vn_ctl_result(e, "OK: Clearing counters.\n");
	return 0;
}

const struct vn_param_kind vn_kind_clear_counters = {
	.command = clear_command,
};
