/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stdio buffers what libpcap writes and tells of a full disk late, but does
 * not forget it: after an error nothing more is written, and close reports the
 * first one.
 */
#include "rx/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

#define SNAPLEN 262144u /* what readers of pcap files accept, bytes */
#define MACS	(2 * VN_ETH_ALEN)

struct vn_capture {
	pcap_t *handle;
	pcap_dumper_t *dump;
	uint64_t count, max;	 /* packets written; 0 = no limit */
	int error;		 /* errno of the first failed write, 0 = none */
	uint8_t tagged[SNAPLEN]; /* a frame with its tag put back */
};

static void free_capture(struct vn_capture *c)
{
	if (c->dump)
		pcap_dump_close(c->dump);
	if (c->handle)
		pcap_close(c->handle);
	free(c);
}

int vn_capture_open(const char *path, uint64_t max_packets, struct vn_capture **out,
		    struct vn_err *err)
{
	struct vn_capture *c = calloc(1, sizeof(*c));
	FILE *file;
	int rc;

	*out = NULL;
	if (!c)
		return vn_err_set(err, ENOMEM, "%s: no memory for a capture", path);
	c->max = max_packets;
	c->handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
							 PCAP_TSTAMP_PRECISION_NANO);
	if (!c->handle) {
		free_capture(c);
		return vn_err_set(err, ENOMEM, "%s: no memory for a capture", path);
	}
	file = fopen(path, "wbe");
	if (!file) {
		rc = vn_err_set(err, errno, "%s: cannot be written (%s)", path, strerror(errno));
		free_capture(c);
		return rc;
	}
	c->dump = pcap_dump_fopen(c->handle, file);
	if (!c->dump) { /* libpcap closed the file */
		rc = vn_err_set(err, EIO, "%s: %s", path, pcap_geterr(c->handle));
		free_capture(c);
		return rc;
	}
	*out = c;
	return 0;
}

/* The frame as it was on the wire, cut to SNAPLEN bytes. */
static const uint8_t *put_tag_back(struct vn_capture *c, const struct vn_rx_pkt *pkt,
				   struct pcap_pkthdr *h)
{
	uint8_t *tag = c->tagged + MACS;

	h->caplen = VN_MIN(pkt->caplen, SNAPLEN - VN_VLAN_HLEN) + VN_VLAN_HLEN;
	h->len = pkt->len + VN_VLAN_HLEN;
	memcpy(c->tagged, pkt->data, MACS);
	vn_put_be16(tag, pkt->vlan_tpid);
	vn_put_be16(tag + 2, pkt->vlan_tci);
	memcpy(tag + VN_VLAN_HLEN, pkt->data + MACS, h->caplen - MACS - VN_VLAN_HLEN);
	return c->tagged;
}

static void write_one(struct vn_capture *c, const struct vn_rx_pkt *pkt)
{
	struct pcap_pkthdr h = {
		.ts = {
			.tv_sec = (time_t)(pkt->stamp_ns / VN_NSEC_PER_SEC),
			/* nanoseconds: the file says so */
			.tv_usec = (suseconds_t)(pkt->stamp_ns % VN_NSEC_PER_SEC),
		},
		.caplen = VN_MIN(pkt->caplen, SNAPLEN),
		.len = pkt->len,
	};
	const uint8_t *data = pkt->data;

	/* A frame cut within its MACs has no place for the tag. */
	if (pkt->has_vlan && pkt->caplen >= MACS)
		data = put_tag_back(c, pkt, &h);
	pcap_dump((u_char *)c->dump, &h, data);
	if (ferror(pcap_dump_file(c->dump)))
		c->error = errno ? errno : EIO;
	else
		c->count++;
}

void vn_capture_write(struct vn_capture *c, const struct vn_rx_pkt *pkts, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && !c->error && (!c->max || c->count < c->max); i++)
		write_one(c, &pkts[i]);
}

uint64_t vn_capture_count(const struct vn_capture *c)
{
	return c->count;
}

int vn_capture_close(struct vn_capture *c)
{
	int error = c->error;

	if (pcap_dump_flush(c->dump) < 0 && !error)
		error = errno ? errno : EIO;
	free_capture(c);
	return -error;
}
