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
#define NEEDED	 (SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE)

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

static int not_offered(const struct ethtool_ts_info *info, struct vn_err *err)
{
	static const struct {
		uint32_t flag;
		const char *text;
	} stamps[] = {
		{ SOF_TIMESTAMPING_RX_SOFTWARE, "kernel stamps" },
		{ SOF_TIMESTAMPING_RX_HARDWARE, "hardware stamps of some kinds of frame" },
	};
	struct vn_text t;
	char offered[128];

	vn_text_init(&t, offered, sizeof(offered));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(stamps); i++)
		if (info->so_timestamping & stamps[i].flag)
			vn_text_add(&t, "%s%s", t.len ? ", " : "", stamps[i].text);
	return vn_err_set(err, EOPNOTSUPP, "no hardware stamps of every frame; offered: %s",
			  t.len ? offered : "nothing");
}

/* Sets *h's clock. */
static int check_offer(struct vn_hwstamp *h, struct vn_err *err)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
	int rc = ask(h, SIOCETHTOOL, &info);

	if (rc && rc != -EOPNOTSUPP)
		return vn_err_set(err, -rc, "its stamps cannot be asked for: %s", strerror(-rc));
	if (rc)
		memset(&info, 0, sizeof(info));
	if ((info.so_timestamping & NEEDED) != NEEDED ||
	    !(info.rx_filters & (1u << HWTSTAMP_FILTER_ALL)))
		return not_offered(&info, err);
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
static int turn_on(struct vn_hwstamp *h, struct vn_err *err)
{
	struct hwtstamp_config config = { 0 };
	int rc = ask(h, SIOCGHWTSTAMP, &config);

	if (rc)
		config = (struct hwtstamp_config){ 0 };
	h->old_tx = config.tx_type;
	h->old_rx = config.rx_filter;
	if (config.rx_filter == HWTSTAMP_FILTER_ALL)
		return 0;
	config.rx_filter = HWTSTAMP_FILTER_ALL;
	rc = ask(h, SIOCSHWTSTAMP, &config);
	if (rc)
		return vn_err_set(err, -rc, "hardware stamps cannot be turned on: %s%s",
				  strerror(-rc), rc == -EPERM ? " (needs CAP_NET_ADMIN)" : "");
	h->is_changed = true;
	if (config.rx_filter == HWTSTAMP_FILTER_ALL)
		return 0;
	vn_hwstamp_end(h);
	return vn_err_set(err, EOPNOTSUPP, "asked to stamp every frame, it stamps some kinds only");
}

int vn_hwstamp_offered(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err)
{
	struct vn_hwstamp h = { .io = io, .ifindex = ifindex };
	int rc = check_offer(&h, err);

	return rc ? rc : check_clock(&h, err);
}

int vn_hwstamp_begin(struct vn_hwstamp *h, const struct vn_hwstamp_io *io, int ifindex,
		     struct vn_err *err)
{
	int rc;

	*h = (struct vn_hwstamp){ .io = io, .ifindex = ifindex };
	rc = check_offer(h, err);
	if (!rc)
		rc = check_clock(h, err);
	return rc ? rc : turn_on(h, err);
}

void vn_hwstamp_end(struct vn_hwstamp *h)
{
	struct hwtstamp_config config = { .tx_type = h->old_tx, .rx_filter = h->old_rx };

	if (h->is_changed)
		ask(h, SIOCSHWTSTAMP, &config);
	h->is_changed = false;
}
