/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets of a pcap file, with the gaps that they had when they were captured.
 *
 *     cc replay.c $(pkg-config --cflags --libs vernier libpcap) -o replay
 *     ./replay --file trace.pcap --count 100000
 *
 * Times are read as nanoseconds, whatever the file has. Packets that the capture
 * cut short leave as long as they were, with zeros behind what was kept.
 */
#include "common.h"
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <string.h>
#include <vernier/vernier.h>

static const char usage[] =
	"usage: replay --file FILE [options]\n"
	"The packets of a pcap file with their gaps, through a Caliper driver.\n"
	"  --file FILE to be replayed; Ethernet\n"
	"  --card K    card of the driver, 0\n"
	"  --count N   packets, at most; 18446744073709551615\n"
	"  --help      this\n";

static pcap_t *open_file(const struct client *client, const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!pcap)
		fail(client, 1, "%s", why);
	if (pcap_datalink(pcap) != DLT_EN10MB)
		fail(client, 1, "%s: it is not of Ethernet", path);
	return pcap;
}

/* With this precision tv_usec has nanoseconds. A capture's times may go back: at once. */
static uint64_t gap_ns(const struct timeval *before, const struct timeval *now)
{
	int64_t gap = (int64_t)(now->tv_sec - before->tv_sec) * 1000000000 +
		      (now->tv_usec - before->tv_usec);

	return gap > 0 ? (uint64_t)gap : 0;
}

/* Of what the capture did not even keep the Ethernet header of, the rest of that is zeros, too. */
static void fill(struct vn_caliper_packet *p, const struct pcap_pkthdr *head, const u_char *bytes)
{
	static u_char start[14];

	p->frame = bytes;
	p->frame_len = (uint16_t)(head->len < UINT16_MAX ? head->len : UINT16_MAX);
	p->data_len = (uint16_t)(head->caplen < p->frame_len ? head->caplen : p->frame_len);
	if (p->data_len >= sizeof(start) || p->frame_len < sizeof(start))
		return;
	memset(start, 0, sizeof(start));
	memcpy(start, bytes, p->data_len);
	p->frame = start;
	p->data_len = sizeof(start);
}

static uint64_t replay(const struct client *client, pcap_t *pcap)
{
	struct vn_caliper_packet p = { .size = sizeof(p) };
	struct timeval before = { 0 };
	struct pcap_pkthdr *head;
	const u_char *bytes;
	uint64_t n;
	int ret = 1;

	for (n = 0; n < client->count && (ret = pcap_next_ex(pcap, &head, &bytes)) == 1; n++) {
		if (n)
			p.time_ns = gap_ns(&before, &head->ts);
		else
			plan_first(client, &p);
		before = head->ts;
		fill(&p, head, bytes);
		check(client, vn_caliper_send(client->c, &p, 1));
		p.flags = 0;
	}
	if (ret == PCAP_ERROR)
		fail(client, 1, "%s", pcap_geterr(pcap));
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		CARD_OPTIONS,
		{ 0 },
	};
	struct client client = client_of("replay", usage);
	const char *path = NULL;
	pcap_t *pcap;

	client.count = UINT64_MAX;
	while (next_option(&client, argc, argv, options) == 'f')
		path = optarg;
	if (!path || optind != argc)
		fail(&client, 2, "--file FILE is needed, and no arguments");
	pcap = open_file(&client, path);
	open_card(&client);
	finish(&client, replay(&client, pcap));
	pcap_close(pcap);
	return 0;
}
