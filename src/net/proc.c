/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/proc.h"

#include <inttypes.h>

#include "base/stat.h"
#include "net/device.h"
#include "net/net.h"

/* --- dev ------------------------------------------------------------------------------ */

/* A number that is wider than its column moves the rest of the line. */
void vn_proc_dev_line(struct vn_text *out, const char *name, const struct vn_device_stats *s)
{
	uint64_t rx_frame =
		s->rx_length_errors + s->rx_over_errors + s->rx_crc_errors + s->rx_frame_errors;
	uint64_t tx_carrier = s->tx_carrier_errors + s->tx_aborted_errors + s->tx_window_errors +
			      s->tx_heartbeat_errors;

	vn_text_add(out,
		    "%6s: %7" PRIu64 " %7" PRIu64 " %4" PRIu64 " %4" PRIu64 " %4" PRIu64
		    " %5" PRIu64 " %10" PRIu64 " %9" PRIu64,
		    name, s->rx_bytes, s->rx_packets, s->rx_errors,
		    s->rx_dropped + s->rx_missed_errors, s->rx_fifo_errors, rx_frame,
		    s->rx_compressed, s->multicast);
	vn_text_add(out,
		    " %8" PRIu64 " %7" PRIu64 " %4" PRIu64 " %4" PRIu64 " %4" PRIu64 " %5" PRIu64
		    " %7" PRIu64 " %10" PRIu64 "\n",
		    s->tx_bytes, s->tx_packets, s->tx_errors, s->tx_dropped, s->tx_fifo_errors,
		    s->collisions, tx_carrier, s->tx_compressed);
}

static int show_dev(const struct vn_attribute *a, const struct vn_attribute_of *of,
		    struct vn_text *out)
{
	struct vn_device_stats stats;
	struct vn_device *dev;

	vn_text_add(out, "Inter-|   Receive                                                "
			 "|  Transmit\n"
			 " face |bytes    packets errs drop fifo frame compressed multicast"
			 "|bytes    packets errs drop fifo colls carrier compressed\n");
	for (dev = of->net->devices; dev; dev = dev->next) {
		vn_device_get_stats(dev, &stats);
		vn_proc_dev_line(out, dev->name, &stats);
	}
	return 0;
}

/* --- softnet_stat --------------------------------------------------------------------- */

static void add_words(struct vn_text *out, const uint64_t *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		vn_text_add(out, "%s%08" PRIx32, i ? " " : "", (uint32_t)v[i]);
	vn_text_add(out, "\n");
}

static int show_softnet_stat(const struct vn_attribute *a, const struct vn_attribute_of *of,
			     struct vn_text *out)
{
	for (unsigned int cpu = 0; cpu < of->net->opts.n_cpus; cpu++) {
		const struct vn_softnet *s = &of->net->softnet[cpu];
		/* The five zeros were counters of forwarding, the one behind them
		 * collisions on the transmit lock; then what flow limits refused. */
		const uint64_t v[] = {
			vn_stat_get(&s->processed),
			vn_stat_get(&s->dropped),
			vn_stat_get(&s->time_squeeze),
			0,
			0,
			0,
			0,
			0,
			0,
			vn_stat_get(&s->received_rps),
			0,
			s->input.len + s->process.len,
			cpu,
			s->input.len,
			s->process.len,
		};

		add_words(out, v, VN_ARRAY_SIZE(v));
	}
	return 0;
}

/* --- ptype ---------------------------------------------------------------------------- */

static void add_handlers(struct vn_text *out, const struct vn_ptype *pt)
{
	for (; pt; pt = pt->next) {
		if (pt->type == VN_ETH_P_ALL)
			vn_text_add(out, "ALL ");
		else
			vn_text_add(out, "%04x", pt->type);
		vn_text_add(out, " %-8s %s\n", pt->dev ? pt->dev->name : "", pt->name);
	}
}

/* A device's handlers of a single type are in none of these lists. */
static int show_ptype(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      struct vn_text *out)
{
	const struct vn_net *net = of->net;

	vn_text_add(out, "Type Device      Function\n");
	for (const struct vn_device *dev = net->devices; dev; dev = dev->next)
		add_handlers(out, dev->ptype_all);
	add_handlers(out, net->ptype_all);
	for (unsigned int i = 0; i < VN_PTYPE_HASH; i++)
		add_handlers(out, net->ptype_hash[i]);
	return 0;
}

static const struct vn_attribute proc_rows[] = {
	{ "dev", .mode = 0444, .show = show_dev },
	{ "ptype", .mode = 0444, .show = show_ptype },
	{ "softnet_stat", .mode = 0444, .show = show_softnet_stat },
};

const struct vn_attributes vn_proc_files = VN_ATTRIBUTES(proc_rows);
