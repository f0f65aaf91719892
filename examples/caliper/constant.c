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
#include "common.h"
#include <getopt.h>
#include <stdint.h>
#include <vernier/vernier.h>

struct plan {
	struct client client;
	uint64_t gap_ns;
};

static const char usage[] = "usage: constant [options]\n"
			    "Packets at a constant rate, through a Caliper driver.\n" PACKET_USAGE
			    "  --gap NS    from packet to packet, 100000\n"
			    "  --size B    UDP payload, 18\n"
			    "  --help      this\n";

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		CARD_OPTIONS,
		PACKET_OPTIONS,
		{ "gap", required_argument, NULL, 'g' },
		{ "size", required_argument, NULL, 'l' },
		{ 0 },
	};
	int option;

	while ((option = next_option(&plan->client, argc, argv, options)) != -1) {
		if (option == 'g')
			plan->gap_ns = read_number(&plan->client, optarg, 1000000000000000);
		else
			plan->client.packet.payload_len =
				(uint16_t)read_number(&plan->client, optarg, 1472);
	}
	expect_no_arguments(&plan->client, argc, argv);
}

int main(int argc, char **argv)
{
	struct plan plan = { .client = client_of("constant", usage), .gap_ns = 100000 };
	struct client *client = &plan.client;
	struct vn_caliper_packet first;

	read_options(argc, argv, &plan);
	open_card(client);
	first = client->packet;
	plan_first(client, &first);
	client->packet.time_ns = plan.gap_ns;
	for (uint64_t i = 0; i < client->count; i++)
		check(client, vn_caliper_send(client->c, i ? &client->packet : &first, 1));
	finish(client, client->count);
	return 0;
}
