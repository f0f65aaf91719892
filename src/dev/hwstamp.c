/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/hwstamp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#define SAMPLES	 5
#define ERROR_NS 1000 /* of an offset, when the bus and the system are busy */

/* The two sides: what is to be offered, how it is set, what it is called. */
struct side {
	uint32_t needed, modes;
	int on;
	uint32_t kernel, some; /* what may be offered in its stead */
	const char *what, *some_text;
};

static const struct side sides[] = {
	{
		.needed = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		.modes = 1u << HWTSTAMP_FILTER_ALL,
		.on = HWTSTAMP_FILTER_ALL,
		.kernel = SOF_TIMESTAMPING_RX_SOFTWARE,
		.some = SOF_TIMESTAMPING_RX_HARDWARE,
		.what = "no hardware stamps of every frame",
		.some_text = "hardware stamps of some kinds of frame",
	},
	{
		.needed = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
		.modes = 1u << HWTSTAMP_TX_ON,
		.on = HWTSTAMP_TX_ON,
		.kernel = SOF_TIMESTAMPING_TX_SOFTWARE,
		.some = SOF_TIMESTAMPING_TX_HARDWARE,
		.what = "no hardware stamps of every departure",
		.some_text = "hardware stamps of some kinds of frame",
	},
};

/* --- the system ------------------------------------------------------------ */

static int ask_system(void *arg, unsigned long request, struct ifreq *ifr)
{
	return ioctl(*(const int *)arg, request, ifr) ? -errno : 0;
}

static int compare_system(void *arg, int clock, struct ptp_sys_offset *out)
{
	char path[32];
	int fd, rc;

	snprintf(path, sizeof(path), "/dev/ptp%d", clock);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memset(out, 0, sizeof(*out));
	out->n_samples = SAMPLES;
	rc = ioctl(fd, PTP_SYS_OFFSET, out) ? -errno : 0;
	close(fd);
	return rc;
}

void vn_hwstamp_system(struct vn_hwstamp_io *io, const int *fd)
{
	*io = (struct vn_hwstamp_io){
		.ask = ask_system,
		.compare = compare_system,
		.arg = (void *)(uintptr_t)fd, /* is only read */
	};
}

/* --- offset ---------------------------------------------------------------- */

static int64_t ns_of(const struct ptp_clock_time *t)
{
	return t->sec * 1000000000ll + t->nsec;
}

/* Samples are system, clock, system, clock, ..., system. */
int64_t vn_hwstamp_offset(const struct ptp_sys_offset *s)
{
	int64_t best = INT64_MAX, offset = 0;

	for (unsigned int i = 0; i < s->n_samples; i++) {
		int64_t before = ns_of(&s->ts[2 * i]), after = ns_of(&s->ts[2 * i + 2]);

		if (after - before >= best)
			continue;
		best = after - before;
		offset = before + best / 2 - ns_of(&s->ts[2 * i + 1]);
	}
	return offset;
}

void vn_hwstamp_follow(struct vn_hwstamp *h)
{
	struct ptp_sys_offset s;
	int64_t offset;

	if (h->io->compare(h->io->arg, h->clock, &s))
		return;
	offset = vn_hwstamp_offset(&s);
	if (llabs(offset - h->offset_ns) > ERROR_NS)
		h->offset_ns = offset;
}

/* --- asking the interface -------------------------------------------------- */

/* By its number: what the interface is called may have changed. */
static int ask(const struct vn_hwstamp *h, unsigned long request, void *data)
{
	struct ifreq ifr = { .ifr_ifindex = h->ifindex };
	int rc = h->io->ask(h->io->arg, SIOCGIFNAME, &ifr);

	if (rc)
		return rc;
	ifr.ifr_data = data;
	return h->io->ask(h->io->arg, request, &ifr);
}

static int not_offered(const struct side *side, const struct ethtool_ts_info *info,
		       struct vn_err *err)
{
	struct vn_text t;
	char offered[128];

	vn_text_init(&t, offered, sizeof(offered));
	if (info->so_timestamping & side->kernel)
		vn_text_add(&t, "kernel stamps");
	if (info->so_timestamping & side->some)
		vn_text_add(&t, "%s%s", t.len ? ", " : "", side->some_text);
	return vn_err_set(err, EOPNOTSUPP, "%s; offered: %s", side->what,
			  t.len ? offered : "nothing");
}

/* Of a driver that has no answer: nothing. */
static int read_offer(const struct vn_hwstamp *h, struct ethtool_ts_info *info, struct vn_err *err)
{
	int rc;

	*info = (struct ethtool_ts_info){ .cmd = ETHTOOL_GET_TS_INFO };
	rc = ask(h, SIOCETHTOOL, info);
	if (rc && rc != -EOPNOTSUPP)
		return vn_err_set(err, -rc, "its stamps cannot be asked for: %s", strerror(-rc));
	if (rc)
		memset(info, 0, sizeof(*info));
	return 0;
}

/* Sets *h's clock. */
static int check_offer(struct vn_hwstamp *h, struct vn_err *err)
{
	const struct side *side = &sides[h->is_tx];
	struct ethtool_ts_info info;
	int rc = read_offer(h, &info, err);

	if (rc)
		return rc;
	if ((info.so_timestamping & side->needed) != side->needed ||
	    !((h->is_tx ? info.tx_types : info.rx_filters) & side->modes))
		return not_offered(side, &info, err);
	h->clock = info.phc_index;
	return 0;
}

static int check_clock(struct vn_hwstamp *h, struct vn_err *err)
{
	struct ptp_sys_offset s;
	int rc = h->clock < 0 ? -ENODEV : h->io->compare(h->io->arg, h->clock, &s);

	if (rc)
		return vn_err_set(err, -rc,
				  "the clock of its hardware stamps (/dev/ptp%d) cannot be read: "
				  "%s",
				  h->clock, strerror(-rc));
	h->offset_ns = vn_hwstamp_offset(&s);
	return 0;
}

/* A driver that cannot say what is set has set nothing. */
static void read_setting(const struct vn_hwstamp *h, struct hwtstamp_config *config)
{
	*config = (struct hwtstamp_config){ 0 };
	if (ask(h, SIOCGHWTSTAMP, config))
		*config = (struct hwtstamp_config){ 0 };
}

static int *setting(const struct vn_hwstamp *h, struct hwtstamp_config *config)
{
	return h->is_tx ? &config->tx_type : &config->rx_filter;
}

static int turn_on(struct vn_hwstamp *h, struct vn_err *err)
{
	const int on = sides[h->is_tx].on;
	struct hwtstamp_config config;
	int rc;

	read_setting(h, &config);
	h->old = *setting(h, &config);
	if (h->old == on)
		return 0;
	*setting(h, &config) = on;
	rc = ask(h, SIOCSHWTSTAMP, &config);
	if (rc)
		return vn_err_set(err, -rc, "hardware stamps cannot be turned on: %s%s",
				  strerror(-rc), rc == -EPERM ? " (needs CAP_NET_ADMIN)" : "");
	h->is_changed = true;
	if (*setting(h, &config) == on)
		return 0;
	vn_hwstamp_end(h);
	return vn_err_set(err, EOPNOTSUPP, "asked to stamp every frame, it stamps some kinds only");
}

static int offered(bool is_tx, const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err)
{
	struct vn_hwstamp h = { .io = io, .ifindex = ifindex, .is_tx = is_tx };
	int rc = check_offer(&h, err);

	return rc ? rc : check_clock(&h, err);
}

int vn_hwstamp_offered(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err)
{
	return offered(false, io, ifindex, err);
}

int vn_hwstamp_offered_tx(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err)
{
	return offered(true, io, ifindex, err);
}

int vn_hwstamp_kernel_tx(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err)
{
	const struct vn_hwstamp h = { .io = io, .ifindex = ifindex };
	struct ethtool_ts_info info;
	int rc = read_offer(&h, &info, err);

	if (rc || (info.so_timestamping & SOF_TIMESTAMPING_TX_SOFTWARE))
		return rc;
	return vn_err_set(err, EOPNOTSUPP, "no kernel stamps of departure; offered: %s",
			  info.so_timestamping & SOF_TIMESTAMPING_TX_HARDWARE ? "hardware stamps"
									      : "nothing");
}

static int begin(struct vn_hwstamp *h, struct vn_err *err)
{
	int rc = check_offer(h, err);

	if (!rc)
		rc = check_clock(h, err);
	return rc ? rc : turn_on(h, err);
}

int vn_hwstamp_begin(struct vn_hwstamp *h, const struct vn_hwstamp_io *io, int ifindex,
		     struct vn_err *err)
{
	*h = (struct vn_hwstamp){ .io = io, .ifindex = ifindex };
	return begin(h, err);
}

int vn_hwstamp_begin_tx(struct vn_hwstamp *h, const struct vn_hwstamp_io *io, int ifindex,
			struct vn_err *err)
{
	*h = (struct vn_hwstamp){ .io = io, .ifindex = ifindex, .is_tx = true };
	return begin(h, err);
}

void vn_hwstamp_end(struct vn_hwstamp *h)
{
	struct hwtstamp_config config;

	if (!h->is_changed)
		return;
	read_setting(h, &config); /* the other side may have changed since */
	*setting(h, &config) = h->old;
	ask(h, SIOCSHWTSTAMP, &config);
	h->is_changed = false;
}
