/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A constant rate: each packet leaves the same time after the one before it.
 *
 *     cc constant.c $(pkg-config --cflags --libs vernier) -o constant
 *     ./constant --count 1000 --gap 12304 --size 1472
 *
 * The gap is given with each packet and counts from the departure of the one
 * before, so that nothing here has to be in time: the card is. All that the
 * program does is to be ahead of it; vn_caliper_send() waits when it is too far.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vernier/vernier.h>

struct plan {
	uint32_t card;
	uint64_t count, gap_ns;
	struct vn_caliper_packet packet;
};

static const char usage[] = "usage: constant [options]\n"
			    "Packets at a constant rate, through a Caliper driver.\n"
			    "  --card K    card of the driver, 0\n"
			    "  --count N   packets, 1000\n"
			    "  --from IP   source address, 10.0.0.1\n"
			    "  --to IP     destination address, 10.0.0.2\n"
			    "  --mac MAC   destination's, 02:00:00:00:00:02\n"
			    "  --gap NS    from packet to packet, 100000\n"
			    "  --size B    UDP payload, 18\n"
			    "  --help      this\n";

/* A whole decimal number, or the end. */
static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n > max) {
		fprintf(stderr, "constant: %s: a number from 0 to %" PRIu64 " is expected\n", text,
			max);
		exit(2);
	}
	return n;
}

/* "10.0.0.2" and "02:00:00:00:00:02" into the packet, or the end. */
static void read_ip(const char *text, uint32_t *ip)
{
	if (inet_pton(AF_INET, text, ip) != 1) {
		fprintf(stderr, "constant: %s: an IPv4 address is expected\n", text);
		exit(2);
	}
}

static void read_mac(const char *text, uint8_t mac[6])
{
	char rest;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &rest) != 6) {
		fprintf(stderr, "constant: %s: a MAC address is expected\n", text);
		exit(2);
	}
}

/* Ends the program when a call of the library failed. */
static int check(struct vn_caliper *c, int ret)
{
	if (ret < 0) {
		fprintf(stderr, "constant: %s\n", c ? vn_caliper_error(c) : strerror(-ret));
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

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		{ "card", required_argument, NULL, 'k' },
		{ "count", required_argument, NULL, 'n' },
		{ "from", required_argument, NULL, 'I' },
		{ "to", required_argument, NULL, 'i' },
		{ "mac", required_argument, NULL, 'm' },
		{ "gap", required_argument, NULL, 'g' },
		{ "size", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'k':
			plan->card = (uint32_t)number(optarg, CAL_CARDS_MAX - 1);
			break;
		case 'n':
			plan->count = number(optarg, UINT64_MAX);
			break;
		case 'I':
			read_ip(optarg, &plan->packet.src_ip);
			break;
		case 'i':
			read_ip(optarg, &plan->packet.dst_ip);
			break;
		case 'm':
			read_mac(optarg, plan->packet.dst_mac);
			break;
		case 'g':
			plan->gap_ns = number(optarg, 1000000000000000);
			break;
		case 'l':
			plan->packet.payload_len = (uint16_t)number(optarg, 1472);
			break;
		case 'h':
			printf("%s", usage);
			exit(0);
		default:
			exit(2);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "constant: %s: no arguments are expected\n", argv[optind]);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct plan plan = {
		.count = 1000,
		.packet = {
			.size = sizeof(plan.packet),
			.src_ip = htonl(0x0a000001),
			.dst_ip = htonl(0x0a000002),
			.dst_mac = { 2, 0, 0, 0, 0, 2 },
			.src_port = 9,
			.dst_port = 9,
			.payload_len = 18,
		},
		.gap_ns = 100000,
	};
	struct vn_caliper_packet first;
	struct vn_caliper *c;

	read_options(argc, argv, &plan);
	c = open_card(plan.card);
	first = plan.packet;
	plan_first(c, &first);
	plan.packet.time_ns = plan.gap_ns;
	for (uint64_t i = 0; i < plan.count; i++)
		check(c, vn_caliper_send(c, i ? &plan.packet : &first, 1));
	finish(c, plan.count);
	return 0;
}
