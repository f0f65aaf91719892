/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format is a head and records, so we write it ourselves: through a buffer
 * of our own we know which packets have reached the file, which neither stdio
 * nor libpcap can tell after an error.
 */
#include "rx/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rx/tag.h"
#include "wire/pcap.h"

#define BUFFER_BYTES (1u << 20)

_Static_assert(BUFFER_BYTES >= 2 * (VN_CAPTURE_SNAPLEN + sizeof(struct vn_pcap_record)),
	       "a frame fits in an empty buffer");

struct vn_capture {
	pthread_mutex_t lock; /* for all below */
	int fd;		      /* -1: closed */
	bool is_regular;
	uint64_t max; /* packets, UINT64_MAX = no limit */
	uint32_t snaplen;
	uint64_t count;	  /* packets in the file */
	uint64_t missing; /* packets that should be */
	uint32_t waiting; /* packets in the buffer */
	int error;	  /* errno of the first failed write, 0 = none */
	off_t size;	  /* of the file up to its last whole packet */
	size_t filled;	  /* bytes of the buffer */
	const char *path; /* after the buffer */
	uint8_t buffer[BUFFER_BYTES];
};

/* Until a pipe that is not to be waited for takes more. */
static bool may_go_on(const struct vn_capture *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLOUT };

	if (errno == EINTR)
		return true;
	return errno == EAGAIN && poll(&pfd, 1, -1) >= 0;
}

/* Bytes of the buffer that were written, all of them unless c->error is set. */
static size_t write_out(struct vn_capture *c)
{
	size_t done = 0;

	while (done < c->filled) {
		ssize_t n = write(c->fd, c->buffer + done, c->filled - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || !may_go_on(c)) {
			c->error = n ? errno : EIO;
			break;
		}
	}
	return done;
}

/* Counts the packets that are whole within the first `written` bytes. */
static void count_whole(struct vn_capture *c, size_t written)
{
	struct vn_pcap_record r;

	for (size_t at = 0; c->waiting; c->waiting--, c->count++) {
		if (at + sizeof(r) > written)
			break;
		memcpy(&r, c->buffer + at, sizeof(r));
		at += sizeof(r) + r.caplen;
		if (at > written)
			break;
		c->size += (off_t)(sizeof(r) + r.caplen);
	}
}

static void flush(struct vn_capture *c)
{
	size_t written = c->error ? 0 : write_out(c);

	if (!c->error) {
		c->count += c->waiting;
		c->size += (off_t)written;
	} else {
		count_whole(c, written);
		c->missing += c->waiting;
		/* A packet cut in the middle would make readers fail. */
		if (c->is_regular && ftruncate(c->fd, c->size))
			c->is_regular = false;
	}
	c->waiting = 0;
	c->filled = 0;
}

static void add(struct vn_capture *c, const struct vn_rx_pkt *pkt)
{
	bool is_tagged = vn_tag_has_place(pkt);
	uint32_t tag_len = is_tagged ? VN_VLAN_HLEN : 0;
	struct vn_pcap_record r = {
		.sec = (uint32_t)(pkt->stamp_ns / VN_NSEC_PER_SEC),
		.frac = (uint32_t)(pkt->stamp_ns % VN_NSEC_PER_SEC),
		.caplen = VN_MIN(pkt->caplen, VN_CAPTURE_SNAPLEN - tag_len) + tag_len,
		.len = pkt->len + tag_len,
	};
	uint8_t *to;

	if (c->filled + sizeof(r) + r.caplen > BUFFER_BYTES)
		flush(c);
	to = c->buffer + c->filled + sizeof(r);
	if (is_tagged)
		vn_tag_put_back(pkt, to, VN_CAPTURE_SNAPLEN);
	else
		memcpy(to, pkt->data, VN_MIN(r.caplen, c->snaplen));
	r.caplen = VN_MIN(r.caplen, c->snaplen);
	memcpy(c->buffer + c->filled, &r, sizeof(r));
	c->filled += sizeof(r) + r.caplen;
	c->waiting++;
}

void vn_capture_write(struct vn_capture *c, const struct vn_rx_pkt *pkts, unsigned int n)
{
	pthread_mutex_lock(&c->lock);
	for (unsigned int i = 0; i < n && c->count + c->waiting + c->missing < c->max; i++) {
		if (c->error)
			c->missing++;
		else
			add(c, &pkts[i]);
	}
	pthread_mutex_unlock(&c->lock);
}

void vn_capture_flush(struct vn_capture *c)
{
	pthread_mutex_lock(&c->lock);
	if (c->waiting)
		flush(c);
	pthread_mutex_unlock(&c->lock);
}

static void close_file(struct vn_capture *c)
{
	/* Some file systems tell of a full disk only now. */
	if (c->fd >= 0 && close(c->fd) && !c->error)
		c->error = errno;
	c->fd = -1;
}

int vn_capture_finish(struct vn_capture *c, struct vn_err *err)
{
	vn_capture_flush(c);
	close_file(c);
	if (c->error)
		return vn_err_set(err, c->error, "capture %s: %s; %llu of %llu packets are missing",
				  c->path, strerror(c->error), (unsigned long long)c->missing,
				  (unsigned long long)(c->count + c->missing));
	return 0;
}

uint64_t vn_capture_count(const struct vn_capture *c)
{
	return c->count;
}

void vn_capture_free(struct vn_capture *c)
{
	if (!c)
		return;
	close_file(c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The head goes out at once: who reads along may begin. */
static int open_file(struct vn_capture *c, const char *path, uint32_t link_type)
{
	const struct vn_pcap_head head = {
		.magic = VN_PCAP_MAGIC_NS,
		.major = VN_PCAP_MAJOR,
		.minor = VN_PCAP_MINOR,
		.snaplen = c->snaplen,
		.link_type = link_type ? link_type : VN_LINKTYPE_ETHERNET,
	};
	struct stat st;

	if (strcmp(path, "-"))
		c->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	else
		c->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (c->fd < 0 || fstat(c->fd, &st))
		return -errno;
	c->is_regular = S_ISREG(st.st_mode) && strcmp(path, "-");
	memcpy(c->buffer, &head, sizeof(head));
	c->filled = sizeof(head);
	flush(c);
	return -c->error;
}

int vn_capture_open(const struct vn_capture_opts *opts, struct vn_capture **out, struct vn_err *err)
{
	size_t path_size = strlen(opts->path) + 1;
	struct vn_capture *c = calloc(1, sizeof(*c) + path_size);
	int rc;

	*out = NULL;
	if (!c)
		return vn_err_set(err, ENOMEM, "%s: no memory for a capture", opts->path);
	c->path = memcpy(c + 1, opts->path, path_size);
	pthread_mutex_init(&c->lock, NULL);
	c->max = opts->max_packets ? opts->max_packets : UINT64_MAX;
	c->snaplen = opts->snaplen ? VN_MIN(opts->snaplen, VN_CAPTURE_SNAPLEN) : VN_CAPTURE_SNAPLEN;
	rc = open_file(c, opts->path, opts->link_type);
	if (rc) {
		vn_capture_free(c);
		return vn_err_set(err, -rc, "%s: cannot be written (%s)", opts->path,
				  strerror(-rc));
	}
	*out = c;
	return 0;
}
