/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Poisson arrivals: gaps that are distributed exponentially, with a mean.
 *
 *     cc poisson.c $(pkg-config --cflags --libs vernier) -o poisson
 *     ./poisson --count 100000 --mean 20000 --seed 7
 *
 * Exponential numbers are made by comparisons alone, as von Neumann found ("Various
 * techniques used in connection with random digits", 1951): no logarithm, and the
 * same numbers on every machine. The same seed gives the same packets.
 */
#include "common.h"
#include <getopt.h>
#include <stdint.h>
#include <vernier/vernier.h>

struct plan {
	struct client client;
	uint64_t mean_ns, random;
};

static const char usage[] =
	"usage: poisson [options]\n"
	"Packets at random times (Poisson), through a Caliper driver.\n" PACKET_USAGE
	"  --mean NS   of the gaps, 100000\n"
	"  --seed N    of the random numbers, 1\n"
	"  --help      this\n";

/* SplitMix64 (Steele, Lea, Flood 2014): 53 bits of each as a number below 1. */
static double uniform(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* How long a falling run of uniform numbers is decides: an odd one gives its first
 * number as the fraction, each even one adds 1. */
static double exponential(uint64_t *state)
{
	for (double whole = 0;; whole++) {
		double first = uniform(state), last = first, next;
		unsigned int n = 1;

		while ((next = uniform(state)) < last) {
			last = next;
			n++;
		}
		if (n & 1)
			return whole + first;
	}
}

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		CARD_OPTIONS,
		PACKET_OPTIONS,
		{ "mean", required_argument, NULL, 'M' },
		{ "seed", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	while ((option = next_option(&plan->client, argc, argv, options)) != -1) {
		if (option == 'M')
			plan->mean_ns = read_number(&plan->client, optarg, 1000000000000);
		else
			plan->random = read_number(&plan->client, optarg, UINT64_MAX);
	}
	expect_no_arguments(&plan->client, argc, argv);
}

int main(int argc, char **argv)
{
	struct plan plan = {
		.client = client_of("poisson", usage),
		.mean_ns = 100000,
		.random = 1,
	};
	struct client *client = &plan.client;
	double rest_ns = 0; /* what whole nanoseconds left over, so that the mean is kept */

	read_options(argc, argv, &plan);
	open_card(client);
	for (uint64_t i = 0; i < client->count; i++) {
		struct vn_caliper_packet p = client->packet;

		if (i) {
			rest_ns += exponential(&plan.random) * (double)plan.mean_ns;
			p.time_ns = (uint64_t)rest_ns;
			rest_ns -= (double)p.time_ns;
		} else {
			plan_first(client, &p);
		}
		check(client, vn_caliper_send(client->c, &p, 1));
	}
	finish(client, client->count);
	return 0;
}
