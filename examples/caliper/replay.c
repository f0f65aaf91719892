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
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vernier/vernier.h>

static const char usage[] =
	"usage: replay --file FILE [options]\n"
	"The packets of a pcap file with their gaps, through a Caliper driver.\n"
	"  --file FILE to be replayed; Ethernet\n"
	"  --card K    card of the driver, 0\n"
	"  --count N   packets, at most; 18446744073709551615\n"
	"  --help      this\n";

/* A whole decimal number, or the end. */
static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n > max) {
		fprintf(stderr, "replay: %s: a number from 0 to %" PRIu64 " is expected\n", text,
			max);
		exit(2);
	}
	return n;
}

/* Ends the program when a call of the library failed. */
static int check(struct vn_caliper *c, int ret)
{
	if (ret < 0) {
		fprintf(stderr, "replay: %s\n", c ? vn_caliper_error(c) : strerror(-ret));
		exit(1);
	}
	return ret;
}

static struct vn_caliper *open_card(uint32_t card)
{
	const struct vn_caliper_options o = { .size = sizeof(o), .card = card };
	struct vn_caliper *c;

	check(NULL, vn_caliper_open(&c, &o));
	return c;
}

/* The first packet leaves in 2 ms, by the card's clock, when the following ones are
 * there already; at once where the driver does not know the card's clock. */
static void plan_first(struct vn_caliper *c, struct vn_caliper_packet *p)
{
	struct cal_clock clock;

	check(c, vn_caliper_clock(c, &clock));
	if (clock.error_ns == UINT64_MAX)
		return;
	p->flags |= CAL_ABSOLUTE;
	p->time_ns = clock.card_ns + 2000000;
}

/* Waits until everything has been copied to the card, and tells what was late. */
static void finish(struct vn_caliper *c, uint64_t sent)
{
	uint64_t counters[CAL_N_COUNTERS] = { 0 };
	uint32_t mark;

	check(c, vn_caliper_mark(c, VN_CALIPER_FLUSH, &mark));
	check(c, vn_caliper_wait(c, mark, UINT64_MAX, NULL));
	check(c, vn_caliper_stats(c, counters, CAL_N_COUNTERS));
	printf("%" PRIu64 " packets; %" PRIu64 " of this driver's were late\n", sent,
	       counters[CAL_COUNTER_late]);
	vn_caliper_close(c);
}

static pcap_t *open_file(const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!pcap) {
		fprintf(stderr, "replay: %s\n", why);
		exit(1);
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		fprintf(stderr, "replay: %s: it is not of Ethernet\n", path);
		exit(1);
	}
	return pcap;
}

/* With this precision tv_usec has nanoseconds. A capture's times may go back: at once. */
static uint64_t gap_ns(const struct timeval *before, const struct timeval *now)
{
	int64_t gap = (int64_t)(now->tv_sec - before->tv_sec) * 1000000000 +
		      (now->tv_usec - before->tv_usec);

	return gap > 0 ? (uint64_t)gap : 0;
}

static uint64_t replay(struct vn_caliper *c, pcap_t *pcap, uint64_t count)
{
	struct vn_caliper_packet p = { .size = sizeof(p) };
	struct timeval before = { 0 };
	struct pcap_pkthdr *head;
	const u_char *bytes;
	uint64_t n;
	int ret = 1;

	for (n = 0; n < count && (ret = pcap_next_ex(pcap, &head, &bytes)) == 1; n++) {
		if (n)
			p.time_ns = gap_ns(&before, &head->ts);
		else
			plan_first(c, &p);
		before = head->ts;
		p.frame = bytes;
		p.frame_len = (uint16_t)(head->len < UINT16_MAX ? head->len : UINT16_MAX);
		p.data_len = (uint16_t)(head->caplen < p.frame_len ? head->caplen : p.frame_len);
		check(c, vn_caliper_send(c, &p, 1));
		p.flags = 0;
	}
	if (ret == PCAP_ERROR) {
		fprintf(stderr, "replay: %s\n", pcap_geterr(pcap));
		exit(1);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "card", required_argument, NULL, 'k' },
		{ "count", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *path = NULL;
	uint64_t count = UINT64_MAX;
	struct vn_caliper *c;
	uint32_t card = 0;
	pcap_t *pcap;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'f')
			path = optarg;
		else if (option == 'k')
			card = (uint32_t)number(optarg, CAL_CARDS_MAX - 1);
		else if (option == 'n')
			count = number(optarg, UINT64_MAX);
		else if (option == 'h')
			return printf("%s", usage) < 0;
		else
			return 2;
	}
	if (!path || optind != argc) {
		fprintf(stderr, "replay: --file FILE is needed, and no arguments\n");
		return 2;
	}
	pcap = open_file(path);
	c = open_card(card);
	finish(c, replay(c, pcap, count));
	pcap_close(pcap);
	return 0;
}
