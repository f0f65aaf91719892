/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pcap device that was opened to receive: what a capture file (pcap or
 * pcapng) holds comes in as fast as it is read, with the stamps of the file. A
 * target of "-" is standard input, which may be a capture that is still being
 * made.
 *
 * libpcap reads from a stream of our own, so that we know what lies in its
 * buffer: poll then waits for a pipe only when nothing does, and keeps to its
 * timeout. Only a record that was begun and not ended by its writer holds it
 * up. For the same reason the head of a file is read at open, where it can be
 * refused early, and that of a pipe by the first poll.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev/drivers.h"
#include "dev/pcap_priv.h"
#include "net/grain.h"

#define BUFFER_BYTES (256u << 10)

struct pcap_file {
	struct vn_netdev net;
	struct vn_rxq rxq;
	struct vn_rxq_stats stats;
	struct vn_grain grain;
	int fd;
	FILE *stream;	       /* over buffer; the handle's once there is one */
	pcap_t *pcap;	       /* NULL: its head was not read yet */
	int end;	       /* -errno that poll answers from now on, 0 = none */
	struct vn_err trouble; /* the sentence for it */
	size_t at, filled;     /* bytes of buffer read on / there */
	char buffer[BUFFER_BYTES];
	char path[];
};

static struct pcap_file *to_file(struct vn_netdev *dev)
{
	return vn_container_of(dev, struct pcap_file, net);
}

static ssize_t read_stream(void *cookie, char *to, size_t size)
{
	struct pcap_file *f = cookie;
	ssize_t n;

	if (f->at == f->filled) {
		do
			n = read(f->fd, f->buffer, sizeof(f->buffer));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return n;
		f->at = 0;
		f->filled = (size_t)n;
	}
	size = VN_MIN(size, f->filled - f->at);
	memcpy(to, f->buffer + f->at, size);
	f->at += size;
	return (ssize_t)size;
}

static int check_link_type(struct pcap_file *f, struct vn_err *err)
{
	int type = pcap_datalink(f->pcap);
	const char *name = pcap_datalink_val_to_name(type);

	if (type == DLT_EN10MB)
		return 0;
	return vn_err_set(err, EPROTONOSUPPORT,
			  "%s: frames of link type %d (%s); only Ethernet (EN10MB) is read",
			  f->path, type, name ? name : "unknown");
}

/* Reads the head of the file. 0 or -errno with a sentence. */
static int begin(struct pcap_file *f, struct vn_err *err)
{
	char text[PCAP_ERRBUF_SIZE];

	f->pcap = pcap_fopen_offline_with_tstamp_precision(f->stream, PCAP_TSTAMP_PRECISION_NANO,
							   text);
	if (!f->pcap)
		return vn_err_set(err, EINVAL, "%s: no capture file: %s", f->path, text);
	f->stream = NULL;
	return check_link_type(f, err);
}

/* Is there something to read, or an end, within timeout_ns? */
static bool is_ready(struct pcap_file *f, uint64_t timeout_ns)
{
	struct pollfd pfd = { .fd = f->fd, .events = POLLIN };
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / VN_NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % VN_NSEC_PER_SEC),
	};

	return f->at < f->filled || ppoll(&pfd, 1, &ts, NULL) > 0;
}

static void hand_on(struct pcap_file *f, const struct pcap_pkthdr *h, const uint8_t *data,
		    vn_rx_handler handler, void *arg)
{
	struct vn_rx_pkt pkt = {
		.data = data,
		.caplen = h->caplen,
		.len = h->len,
		/* nanoseconds in the field for microseconds: so it was opened */
		.stamp_ns = (uint64_t)h->ts.tv_sec * VN_NSEC_PER_SEC + (uint64_t)h->ts.tv_usec,
	};

	vn_grain_add(&f->grain, pkt.stamp_ns);
	f->stats.packets++;
	handler(arg, &pkt, 1);
}

/* Hands the next frame on; false at the end, of which f->end then tells. */
static bool read_next(struct pcap_file *f, vn_rx_handler handler, void *arg)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int rc;

	if (!f->pcap) {
		f->end = begin(f, &f->trouble);
		if (f->end)
			return false;
	}
	rc = pcap_next_ex(f->pcap, &h, &data);
	if (rc == 1) {
		hand_on(f, h, data, handler, arg);
		return true;
	}
	if (rc == PCAP_ERROR_BREAK)
		f->end = -ENODATA;
	else
		f->end = vn_err_set(&f->trouble, EIO, "%s: after %llu frames: %s", f->path,
				    (unsigned long long)f->stats.packets, pcap_geterr(f->pcap));
	return false;
}

static int pcap_poll(struct vn_rxq *q, unsigned int budget, uint64_t timeout_ns,
		     vn_rx_handler handler, void *arg)
{
	struct pcap_file *f = to_file(q->dev);
	unsigned int done = 0;

	while (!f->end && done < budget && is_ready(f, done ? 0 : timeout_ns))
		done += read_next(f, handler, arg);
	return done || !f->end ? (int)done : f->end;
}

static void pcap_rx_stats(struct vn_rxq *q, struct vn_rxq_stats *out)
{
	struct pcap_file *f = to_file(q->dev);

	f->stats.stamp_resolution_ns = vn_grain_ns(&f->grain);
	*out = f->stats;
}

/* There is one queue: a file is read once. */
static int pcap_rxq_open(struct vn_netdev *dev, const struct vn_rxq_opts *opts, struct vn_rxq **out,
			 struct vn_err *err)
{
	struct pcap_file *f = to_file(dev);

	*out = NULL;
	if (f->rxq.dev)
		return vn_err_set(err, EBUSY, "%s: is being read already", f->path);
	f->rxq = (struct vn_rxq){
		.poll = pcap_poll,
		.stats = pcap_rx_stats,
		.dev = dev,
		.is_recorded = true,
	};
	f->stats.stamp_source = "file";
	*out = &f->rxq;
	return 0;
}

static void pcap_rxq_close(struct vn_rxq *q)
{
}

static int nothing_changes(struct vn_netdev *dev, struct vn_err *err)
{
	return 0;
}

static int pcap_rx_finish(struct vn_netdev *dev, struct vn_err *err)
{
	struct pcap_file *f = to_file(dev);

	if (!f->end || f->end == -ENODATA)
		return 0;
	return vn_err_set(err, -f->end, "%s", f->trouble.text);
}

static void pcap_rx_close(struct vn_netdev *dev)
{
	struct pcap_file *f;

	if (!dev)
		return;
	f = to_file(dev);
	if (f->pcap)
		pcap_close(f->pcap);
	if (f->stream)
		fclose(f->stream);
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	free(f);
}

static int open_stream(struct pcap_file *f, struct vn_err *err)
{
	bool is_stdin = !strcmp(f->path, "-");
	cookie_io_functions_t io = { .read = read_stream };
	struct stat st;

	f->fd = is_stdin ? STDIN_FILENO : open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st))
		return vn_err_set(err, errno, "%s: cannot be read (%s)", f->path, strerror(errno));
	if (isatty(f->fd))
		return vn_err_set(err, EINVAL, "%s: is a terminal; expected a capture file",
				  f->path);
	f->stream = fopencookie(f, "r", io);
	if (!f->stream)
		return vn_err_set(err, ENOMEM, "%s: no memory", f->path);
	setvbuf(f->stream, NULL, _IONBF, 0);
	return S_ISREG(st.st_mode) ? begin(f, err) : 0;
}

static const struct vn_netdev_ops pcap_rx_ops = {
	.name = "pcap",
	.summary = "reads a capture file",
	.caps = VN_CAP_RX,
	.refresh = nothing_changes,
	.rxq_open = pcap_rxq_open,
	.rxq_close = pcap_rxq_close,
	.finish = pcap_rx_finish,
	.close = pcap_rx_close,
};

int vn_pcap_rx_open(const struct vn_netdev_opts *opts, struct vn_netdev **out, struct vn_err *err)
{
	const char *path = opts->target ? opts->target : "";
	struct pcap_file *f;
	int rc;

	*out = NULL;
	if (!*path)
		return vn_err_set(err, EINVAL, "pcap: needs the name of a file to read");
	if (opts->needs & VN_CAP_TX)
		return vn_err_set(err, EINVAL, "%s: is either written or read", path);
	f = calloc(1, sizeof(*f) + strlen(path) + 1);
	if (!f)
		return vn_err_set(err, ENOMEM, "pcap: no memory");
	memcpy(f->path, path, strlen(path) + 1);
	vn_netdev_init(&f->net, &pcap_rx_ops, opts);
	f->fd = -1;
	rc = open_stream(f, err);
	if (rc) {
		pcap_rx_close(&f->net);
		return rc;
	}
	*out = &f->net;
	return 0;
}
