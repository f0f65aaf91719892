/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap: writes frames to a capture file, as if a tap had seen them on a link of
 * opts->link_bps (10 Gbit/s unless told). The target is the file's name. A
 * device that is opened to receive reads one instead (pcap_rx.c).
 *
 * The link carries one frame at a time: each takes (max(len, 60) + 24) * 8 bits
 * and leaves at its asked departure or when the link is free, whichever is
 * later; exact in integers, the remainder carried. The stamp is the departure
 * put on wall time by the clocks' difference at open, rounded down to the ns,
 * so stamps never go backwards and the same input gives the same bytes.
 *
 * A commit returns when the link is free again, by waiting on the device's
 * clock: on the virtual clock, that is what time it then is. So a sender
 * without a schedule goes at link speed and one that asks for more than the
 * link carries sees itself being late, as it would on a cable.
 *
 * All queues of a device share file and link, which one of them has at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/drivers.h"
#include "dev/pcap.h"
#include "dev/pcap_priv.h"
#include "wire/wire.h"

#define MAX_LINK_BPS 10000000000000ull
#define SNAPLEN 262144 /* what capture tools write: nothing is cut */
#define BUFFER_BYTES (1u << 20)

struct pcap_dev {
	struct vn_netdev net;
	pcap_t *pcap;
	pcap_dumper_t *dump;
	pthread_mutex_t lock; /* of what follows, once there are queues */
	char *buffer;        /* of the file */
	int error;           /* errno of the first failed write */
	int64_t wall_offset; /* wall time - run's clock, ns */
	/* The link is free at free_ns + free_rest / link_bps, exactly. */
	uint64_t free_ns, free_rest;
	char path[];
};

static struct pcap_dev *to_pcap(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct pcap_dev, net);
}

static int write_error(struct pcap_dev *d, struct vn_err *err)
{
	return vn_err_set(err, d->error, "%s: %s", d->path, strerror(d->error));
}

static void note_error(struct pcap_dev *d)
{
	if (!d->error)
		d->error = errno ? errno : EIO;
}

/* Lays the frame on the link; returns when its first bit goes out. */
static uint64_t link_take(struct pcap_dev *d, uint64_t depart_ns, uint32_t len)
{
	uint64_t num = vn_wire_bits_l1(len) * VN_NSEC_PER_SEC;
	uint64_t start;

	if (depart_ns > d->free_ns) {
		d->free_ns = depart_ns;
		d->free_rest = 0;
	}
	start = d->free_ns;
	d->free_ns += num / d->net.link_bps;
	d->free_rest += num % d->net.link_bps;
	if (d->free_rest >= d->net.link_bps) {
		d->free_rest -= d->net.link_bps;
		d->free_ns++;
	}
	return start;
}

static bool write_frame(struct pcap_dev *d, const struct vn_frame *f, uint64_t stamp_ns)
{
	struct pcap_pkthdr hdr = {
		.ts.tv_sec = (time_t)(stamp_ns / VN_NSEC_PER_SEC),
		.ts.tv_usec = (suseconds_t)(stamp_ns % VN_NSEC_PER_SEC), /* ns file */
		.caplen = f->len,
		.len = f->len,
	};

	pcap_dump((u_char *)d->dump, &hdr, f->data);
	if (vn_likely(!ferror_unlocked(pcap_dump_file(d->dump))))
		return true;
	note_error(d);
	return false;
}

static struct vn_tx_done pcap_commit(struct vn_txq *q, unsigned int n)
{
	struct pcap_dev *d = to_pcap(q->dev);
	struct vn_tx_done done = { .sent = 0, .code = VN_TX_OK };
	struct vn_frame *f;
	uint64_t free_ns;

	vn_txq_peek(q, &f);
	pthread_mutex_lock(&d->lock);
	for (; done.sent < n && !d->error; done.sent++, f++) {
		uint64_t at = link_take(d, f->depart_ns, f->len);

		if (!write_frame(d, f, at + (uint64_t)d->wall_offset))
			break;
	}
	if (d->error)
		done.code = VN_TX_DOWN;
	free_ns = d->free_ns;
	pthread_mutex_unlock(&d->lock);
	d->net.clock->wait(d->net.clock, free_ns, NULL);
	return done;
}

static void pcap_dev_close(struct vn_netdev *dev)
{
	struct pcap_dev *d;

	if (!dev)
		return;
	d = to_pcap(dev);
	if (d->dump)
		pcap_dump_close(d->dump);
	if (d->pcap)
		pcap_close(d->pcap);
	pthread_mutex_destroy(&d->lock);
	free(d->buffer);
	free(d);
}

/* "-" is standard output, which stays open when the device is closed. */
static FILE *open_path(const char *path)
{
	int fd;

	if (strcmp(path, "-"))
		return fopen(path, "wbe");
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? NULL : fdopen(fd, "wb");
}

static int open_file(struct pcap_dev *d, struct vn_err *err)
{
	FILE *file;

	d->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
						       PCAP_TSTAMP_PRECISION_NANO);
	d->buffer = malloc(BUFFER_BYTES);
	if (!d->pcap || !d->buffer)
		return vn_err_set(err, ENOMEM, "%s: no memory", d->path);
	file = open_path(d->path);
	if (!file)
		return vn_err_set(err, errno, "%s: %s", d->path, strerror(errno));
	setvbuf(file, d->buffer, _IOFBF, BUFFER_BYTES);
	d->dump = pcap_dump_fopen(d->pcap, file);
	if (!d->dump) {
		fclose(file);
		return vn_err_set(err, EIO, "%s: %s", d->path, pcap_geterr(d->pcap));
	}
	return 0;
}

static int check_opts(const struct vn_netdev_opts *opts, struct vn_err *err)
{
	if (!opts->target || !*opts->target)
		return vn_err_set(err, EINVAL, "pcap: needs the name of a file to write");
	if (!opts->clock)
		return vn_err_set(err, EINVAL, "pcap: needs a clock");
	if (opts->link_bps > MAX_LINK_BPS)
		return vn_err_set(err, EINVAL, "pcap: a link of %llu bit/s: at most %llu",
				  (unsigned long long)opts->link_bps, MAX_LINK_BPS);
	return 0;
}

static int pcap_dev_open(const struct vn_netdev_opts *opts, struct vn_netdev **out,
			 struct vn_err *err)
{
	struct pcap_dev *d;
	size_t path_size;
	int rc;

	*out = NULL;
	if (opts->needs & VN_CAP_RX)
		return vn_pcap_rx_open(opts, out, err);
	rc = check_opts(opts, err);
	if (rc)
		return rc;
	path_size = strlen(opts->target) + 1;
	d = calloc(1, sizeof(*d) + path_size);
	if (!d)
		return vn_err_set(err, ENOMEM, "pcap: no memory");
	memcpy(d->path, opts->target, path_size);
	pthread_mutex_init(&d->lock, NULL);
	vn_netdev_init(&d->net, &vn_pcap_ops, opts);
	d->net.link_bps = opts->link_bps ? opts->link_bps : VN_PCAP_LINK_BPS;
	d->wall_offset = (int64_t)(opts->clock->wall(opts->clock) - vn_clock_now(opts->clock));
	rc = open_file(d, err);
	if (rc) {
		pcap_dev_close(&d->net);
		return rc;
	}
	*out = &d->net;
	return 0;
}

static int pcap_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	struct pcap_dev *d = to_pcap(dev);

	return d->error ? write_error(d, err) : 0;
}

static int pcap_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts, struct vn_txq **out,
			 struct vn_err *err)
{
	struct vn_txq *q = malloc(sizeof(*q));
	int rc = q ? vn_txq_init(q, dev, opts->n_frames, opts->frame_cap) : -ENOMEM;

	*out = NULL;
	if (rc) {
		free(q);
		return vn_err_set(err, -rc, "%s: no ring of %u frames of %u bytes", dev->name,
				  opts->n_frames, opts->frame_cap);
	}
	q->commit = pcap_commit;
	*out = q;
	return 0;
}

static void pcap_txq_close(struct vn_txq *q)
{
	if (!q)
		return;
	vn_txq_fini(q);
	free(q);
}

static int pcap_finish(struct vn_netdev *dev, struct vn_err *err)
{
	struct pcap_dev *d = to_pcap(dev);

	if (!d->error && fflush(pcap_dump_file(d->dump)))
		note_error(d);
	return d->error ? write_error(d, err) : 0;
}

const struct vn_netdev_ops vn_pcap_ops = {
	.name = "pcap",
	.summary = "writes a capture file as seen on a simulated link, or reads one",
	.caps = VN_CAP_TX | VN_CAP_RX | VN_CAP_VIRTUAL,
	.open = pcap_dev_open,
	.refresh = pcap_refresh,
	.txq_open = pcap_txq_open,
	.txq_close = pcap_txq_close,
	.finish = pcap_finish,
	.close = pcap_dev_close,
};
