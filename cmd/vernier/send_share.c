/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream on several workers. It becomes as many streams as there are
 * workers, with the same settings, which add up to what was asked for: worker k
 * of n takes departures k, k + n, k + 2n, ... of the one schedule, and so many
 * packets as these are of the count.
 *
 * Each numbers its packets from 1, for workers that numbered them together would
 * have to agree on every packet; so each is a flow of its own. A receiver tells
 * flows apart by UDP destination port: worker k's are k times the width of the
 * stream's range above the stream's.
 */
#include "send_share.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Packets, or bursts, of which none is ever cut; 0: no end. */
static uint64_t departures(const struct vn_stream_cfg *cfg, uint32_t burst)
{
	return cfg->count / burst + (cfg->count % burst != 0);
}

/* Of n departures, of which each has one, those with the numbers share, share +
 * shares, ... */
static uint64_t part_of(uint64_t n, const struct send_stream *s)
{
	return (n - s->share - 1) / s->shares + 1;
}

static int take_ports(const struct send_stream *s, struct vn_stream_cfg *cfg, struct vn_err *err)
{
	uint32_t width = cfg->udp_dst_max > cfg->udp_dst_min
				 ? (uint32_t)cfg->udp_dst_max - cfg->udp_dst_min
				 : 1;
	uint32_t first = VN_MAX(cfg->udp_dst_min, cfg->udp_dst_max);
	uint64_t last = first + (uint64_t)width * (s->shares - 1);

	if (last > UINT16_MAX)
		return vn_err_set(err, EINVAL,
				  "%s: %u workers send to UDP ports of their own, which would go "
				  "up to %llu: at most %u (--udp-dst-min, --udp-dst-max)",
				  s->name, s->shares, (unsigned long long)last, UINT16_MAX);
	cfg->udp_dst_min = (uint16_t)(cfg->udp_dst_min + width * s->share);
	cfg->udp_dst_max = (uint16_t)(cfg->udp_dst_max + width * s->share);
	return 0;
}

/* Gaps of a series are drawn alike by all, of which each keeps every shares-th. */
static int take_period(const struct send_stream *s, struct vn_stream *stream, struct vn_err *err)
{
	struct vn_stream_cfg *cfg = &stream->cfg;
	uint64_t num;

	if (cfg->delay_ns == VN_DELAY_NEVER)
		return 0;
	if (__builtin_mul_overflow(cfg->period_num, s->shares, &num))
		return vn_err_set(err, ERANGE, "%s: a gap of %llu ns is too long for %u workers",
				  s->name, (unsigned long long)cfg->delay_ns, s->shares);
	stream->gaps_index = stream->seed_index - s->share;
	cfg->period_num = num;
	cfg->delay_ns = num / cfg->period_den;
	return 0;
}

int send_share_take(const struct send_stream *s, struct vn_entry *entry, struct vn_err *err)
{
	struct vn_stream_cfg *cfg = &entry->stream.cfg;
	uint32_t burst = vn_stream_burst(cfg);
	int rc;

	if (!s->shares)
		return 0;
	entry->share = s->share;
	entry->shares = s->shares;
	/* Of a count that bursts go beyond, what one worker would have sent. */
	if (cfg->count)
		cfg->count = part_of(departures(cfg, burst), s) * burst;
	rc = take_ports(s, cfg, err);
	if (!rc)
		rc = take_period(s, &entry->stream, err);
	entry->stream.generation++;
	return rc;
}

/* What was asked for, as settings: not what the shares of it are. */
static int keep_whole(struct send_run *run, const char *name, const struct vn_entry *entry,
		      struct vn_err *err)
{
	size_t size;
	FILE *out = open_memstream(&run->whole, &size);

	if (out)
		send_show_entry(name, entry, out);
	if (!out || fclose(out))
		return vn_err_set(err, ENOMEM, "no memory for the settings");
	return 0;
}

static int split(struct send_run *run, uint32_t shares, struct vn_err *err)
{
	char whole[VN_ENTRY_NAME];
	int rc = 0;

	memcpy(whole, run->streams.v[0].name, sizeof(whole));
	for (uint32_t k = 0; k < shares && !rc; k++)
		rc = send_streams_share(&run->streams, whole, k, shares, run->cpus.v[k], err);
	return rc;
}

/* More workers than departures would have nothing to do. */
static uint32_t n_shares(const struct send_run *run, const struct vn_stream_cfg *cfg)
{
	uint64_t n = departures(cfg, vn_stream_burst(cfg));

	return cfg->count ? (uint32_t)VN_MIN(n, run->cpus.n) : run->cpus.n;
}

int send_share_out(struct send_run *run, struct vn_err *err)
{
	const struct send_stream *only = run->streams.v;
	struct vn_entry *entry;
	uint32_t shares;
	int rc;

	if (run->streams.n > 1 || only->cpu >= 0 || run->cpus.n < 2)
		return 0;
	rc = send_stream_try(&run->streams, only, only->dev, &entry, err);
	if (rc)
		return rc;
	shares = n_shares(run, &entry->stream.cfg);
	if (shares > 1)
		rc = keep_whole(run, only->name, entry, err);
	if (!rc && shares > 1)
		rc = split(run, shares, err);
	send_stream_try_end(entry);
	return rc;
}
