/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports of context sw: classic captures, read and written here so that a program
 * needs no library. What a capture holds arrives as fast as there are free input
 * slots, in turn from each port that has one; what leaves is written with the
 * time of its departure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pktbuff.h"
#include "sw.h"
#include "wire/pcap.h"

enum { MAC_FRAME_MIN = 60, MAC_FRAME_MAX = 1514 };

struct input {
	const char *path;
	FILE *file; /* NULL: none, or used up */
	bool is_swapped;
	uint32_t len;
	uint8_t frame[SW_FRAME_MAX]; /* that arrives next */
};

static struct {
	struct input inputs[SW_PORTS];
	FILE *outputs[SW_PORTS], *rest; /* rest: of ports that have no file */
	int turn;			/* of which input it is */
} ports;

static bool is_host(int port)
{
	return port & 1;
}

static uint32_t frame_max(int port)
{
	return is_host(port) ? SW_FRAME_MAX : MAC_FRAME_MAX;
}

static uint32_t field(const struct input *in, uint32_t v)
{
	return in->is_swapped ? __builtin_bswap32(v) : v;
}

/* Reads on to the next frame that can arrive; at the end, closes the file. */
static void advance(struct input *in, int port)
{
	struct vn_pcap_record r;
	uint32_t len;

	while (fread(&r, sizeof(r), 1, in->file) == 1) {
		in->len = field(in, r.caplen);
		len = field(in, r.len);
		if (in->len == len && len && len <= frame_max(port)) {
			if (fread(in->frame, 1, len, in->file) == len)
				return;
			break;
		}
		fprintf(stderr, "sw: %s: a record of %u bytes of %u is left out\n", in->path,
			in->len, len);
		if (fseek(in->file, (long)in->len, SEEK_CUR))
			break;
	}
	fclose(in->file);
	in->file = NULL;
}

static void open_input(int port, const char *path)
{
	struct input *in = &ports.inputs[port];
	struct vn_pcap_head h;

	in->path = path;
	in->file = fopen(path, "rb");
	if (!in->file)
		sw_stop(SW_USAGE, "%s: %s", path, strerror(errno));
	if (fread(&h, sizeof(h), 1, in->file) != 1)
		sw_stop(SW_USAGE, "%s: shorter than the header of a capture", path);
	in->is_swapped = h.magic == __builtin_bswap32(VN_PCAP_MAGIC_US) ||
			 h.magic == __builtin_bswap32(VN_PCAP_MAGIC_NS);
	if (!in->is_swapped && h.magic != VN_PCAP_MAGIC_US && h.magic != VN_PCAP_MAGIC_NS)
		sw_stop(SW_USAGE, "%s: not a classic capture (magic 0x%08x)", path, h.magic);
	advance(in, port);
}

static FILE *open_output(const char *path, uint32_t link)
{
	struct vn_pcap_head h = {
		VN_PCAP_MAGIC_NS, VN_PCAP_MAJOR, VN_PCAP_MINOR, 0, 0, 65535, link
	};
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(&h, sizeof(h), 1, file) != 1 || fflush(file))
		sw_stop(SW_USAGE, "%s: %s", path, strerror(errno));
	return file;
}

/* NF_PCAP_IN_MAC0 and so on: what a variable of this beginning says of the port. */
static const char *variable(const char *beginning, int port)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%s%d", beginning, is_host(port) ? "HOST" : "MAC",
		 port / 2);
	return getenv(name);
}

void sw_ports_open(void)
{
	const char *path;
	int port;

	for (port = 0; port < SW_PORTS; port++) {
		path = variable("NF_PCAP_IN", port);
		if (!path && port == PORT_MAC(0))
			path = getenv("NF_PCAP_IN");
		if (path)
			open_input(port, path);
		path = variable("NF_PCAP_OUT", port);
		if (path)
			ports.outputs[port] = open_output(
				path, is_host(port) ? VN_LINKTYPE_USER0 : VN_LINKTYPE_ETHERNET);
	}
	path = getenv("NF_PCAP_OUT");
	if (path)
		ports.rest = open_output(path, VN_LINKTYPE_ETHERNET);
}

bool sw_ports_used_up(void)
{
	int port;

	for (port = 0; port < SW_PORTS; port++)
		if (ports.inputs[port].file)
			return false;
	return true;
}

bool sw_ports_receive(uint8_t *slot)
{
	struct ioq_header *ioq = (struct ioq_header *)slot;
	struct input *in;
	int port;

	if (sw_ports_used_up())
		return false;
	while (!ports.inputs[ports.turn].file)
		ports.turn = (ports.turn + 1) % SW_PORTS;
	port = ports.turn;
	in = &ports.inputs[port];
	fill_ioq(ioq, 0, (unsigned short)in->len);
	ioq->dst_port = 0;
	ioq->src_port = nf_be16((unsigned short)port);
	memcpy(ioq + 1, in->frame, in->len);
	advance(in, port);
	ports.turn = (port + 1) % SW_PORTS;
	return true;
}

/* Not longer in a buffer: a program may be ended at any time. */
static void write_frame(FILE *file, const uint8_t *frame, uint32_t len, uint64_t cycle, bool padded)
{
	static const uint8_t zeros[MAC_FRAME_MIN];
	uint32_t pad = padded && len < MAC_FRAME_MIN ? MAC_FRAME_MIN - len : 0;
	struct vn_pcap_record r = { (uint32_t)(cycle / SW_HZ),
				    (uint32_t)(cycle % SW_HZ * SW_NS_A_CYCLE), len + pad,
				    len + pad };

	fwrite(&r, sizeof(r), 1, file);
	fwrite(frame, 1, len, file);
	fwrite(zeros, 1, pad, file);
	if (fflush(file) || ferror(file))
		sw_stop(SW_USAGE, "writing a capture: %s", strerror(errno));
}

void sw_ports_send(const uint8_t *packet, uint32_t bytes, uint64_t cycle)
{
	const struct ioq_header *ioq = (const struct ioq_header *)packet;
	uint32_t mask = nf_be16(ioq->dst_port);
	FILE *file;
	int port;

	for (port = 0; port < SW_PORTS; port++) {
		file = ports.outputs[port] ? ports.outputs[port] : ports.rest;
		if (mask & 1u << port && file)
			write_frame(file, packet + sizeof(*ioq), bytes - sizeof(*ioq), cycle,
				    !is_host(port));
	}
}
