/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of this folder share: the options that all of them take, the
 * connection, and how they end. What each one is about stands in its own file.
 *
 * A program has one struct client; everything here that can fail ends the program
 * with a sentence behind the client's name, status 2 for a wrong word of the command
 * line and 1 for the rest.
 */
#ifndef EXAMPLES_CALIPER_COMMON_H
#define EXAMPLES_CALIPER_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vernier/vernier.h>

struct client {
	const char *name, *usage;
	uint32_t card;
	uint64_t count;
	struct vn_caliper_packet packet; /* what each one begins as */
	struct vn_caliper *c;		 /* NULL before open_card() */
};

/* Rows of a program's table of options: for all, and for those that make their packets. */
/* clang-format off */
#define CARD_OPTIONS \
	{ "card", required_argument, NULL, 'k' }, \
	{ "count", required_argument, NULL, 'n' }, \
	{ "help", no_argument, NULL, 'h' }
#define PACKET_OPTIONS \
	{ "from", required_argument, NULL, 'I' }, \
	{ "to", required_argument, NULL, 'i' }, \
	{ "mac", required_argument, NULL, 'm' }
/* clang-format on */

/* Lines of the usage of the latter. */
#define PACKET_USAGE                                                                               \
	"  --card K    card of the driver, 0\n"                                                    \
	"  --count N   packets, 1000\n"                                                            \
	"  --from IP   source address, 10.0.0.1\n"                                                 \
	"  --to IP     destination address, 10.0.0.2\n"                                            \
	"  --mac MAC   destination's, 02:00:00:00:00:02\n"

/* With the defaults that the usage tells. */
static inline struct client client_of(const char *name, const char *usage)
{
	return (struct client){
		.name = name,
		.usage = usage,
		.count = 1000,
		.packet = {
			.size = sizeof(struct vn_caliper_packet),
			.src_ip = htonl(0x0a000001),
			.dst_ip = htonl(0x0a000002),
			.dst_mac = { 2, 0, 0, 0, 0, 2 },
			.src_port = 9,
			.dst_port = 9,
			.payload_len = 18,
		},
	};
}

__attribute__((format(printf, 3, 4), noreturn)) static inline void
fail(const struct client *client, int status, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", client->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* Ends the program when a call of the library failed. */
static inline int check(const struct client *client, int ret)
{
	if (ret < 0)
		fail(client, 1, "%s", client->c ? vn_caliper_error(client->c) : strerror(-ret));
	return ret;
}

/* A whole decimal number. */
static inline uint64_t read_number(const struct client *client, const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n > max)
		fail(client, 2, "%s: a number from 0 to %" PRIu64 " is expected", text, max);
	return n;
}

/* "10.0.0.2", in wire order. */
static inline uint32_t read_ip(const struct client *client, const char *text)
{
	uint32_t ip;

	if (inet_pton(AF_INET, text, &ip) != 1)
		fail(client, 2, "%s: an IPv4 address is expected", text);
	return ip;
}

/* "02:00:00:00:00:02" */
static inline void read_mac(const struct client *client, const char *text, uint8_t mac[6])
{
	char rest;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &rest) != 6)
		fail(client, 2, "%s: a MAC address is expected", text);
}

/* The next option that is the program's own, -1 behind the last; the shared ones are
 * read on the way. */
static inline int next_option(struct client *client, int argc, char **argv,
			      const struct option *options)
{
	for (;;) {
		int option = getopt_long(argc, argv, "h", options, NULL);

		switch (option) {
		case 'k':
			client->card = (uint32_t)read_number(client, optarg, CAL_CARDS_MAX - 1);
			break;
		case 'n':
			client->count = read_number(client, optarg, UINT64_MAX);
			break;
		case 'I':
			client->packet.src_ip = read_ip(client, optarg);
			break;
		case 'i':
			client->packet.dst_ip = read_ip(client, optarg);
			break;
		case 'm':
			read_mac(client, optarg, client->packet.dst_mac);
			break;
		case 'h':
			printf("%s", client->usage);
			exit(0);
		case '?': /* getopt_long() has said why */
			exit(2);
		default:
			return option;
		}
	}
}

/* Behind the last option. */
static inline void expect_no_arguments(const struct client *client, int argc, char **argv)
{
	if (optind != argc)
		fail(client, 2, "%s: no arguments are expected", argv[optind]);
}

static inline void open_card(struct client *client)
{
	const struct vn_caliper_options o = { .size = sizeof(o), .card = client->card };

	check(client, vn_caliper_open(&client->c, &o));
}

/* The first packet leaves in 2 ms, by the card's clock, when the following ones are
 * there already; at once where the driver does not know the card's clock. */
static inline void plan_first(const struct client *client, struct vn_caliper_packet *p)
{
	struct cal_clock clock;

	check(client, vn_caliper_clock(client->c, &clock));
	if (clock.error_ns == UINT64_MAX)
		return;
	p->flags |= CAL_ABSOLUTE;
	p->time_ns = clock.card_ns + 2000000;
}

/* Waits until everything has been copied to the card, and tells what was late. */
static inline void finish(struct client *client, uint64_t sent)
{
	uint64_t counters[CAL_N_COUNTERS] = { 0 };
	uint32_t mark;

	check(client, vn_caliper_mark(client->c, VN_CALIPER_FLUSH, &mark));
	check(client, vn_caliper_wait(client->c, mark, UINT64_MAX, NULL));
	check(client, vn_caliper_stats(client->c, counters, CAL_N_COUNTERS));
	printf("%" PRIu64 " packets; %" PRIu64 " of this driver's were late\n", sent,
	       counters[CAL_COUNTER_late]);
	vn_caliper_close(client->c);
	client->c = NULL;
}

#endif
