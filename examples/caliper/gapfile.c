/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gaps from a file: decimal nanoseconds, separated by white space. After the last
 * one it starts again from the first.
 *
 *     cc gapfile.c $(pkg-config --cflags --libs vernier) -o gapfile
 *     seq 20000 1000 50000 > gaps
 *     ./gapfile --gaps gaps --count 1000
 *
 * Gap k is the time between packet k and packet k + 1. All of the file is read
 * before the first packet leaves.
 */
#include "common.h"
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vernier/vernier.h>

struct plan {
	struct client client;
	uint64_t *gaps_ns;
	size_t n_gaps;
};

static const char usage[] =
	"usage: gapfile [options] --gaps FILE\n"
	"Packets with gaps from a file, through a Caliper driver.\n" PACKET_USAGE
	"  --gaps FILE nanoseconds, white space between them\n"
	"  --help      this\n";

static void read_gaps(const char *path, struct plan *plan)
{
	FILE *file = fopen(path, "r");
	char word[24];
	size_t cap = 0;

	if (!file)
		fail(&plan->client, 1, "%s: %s", path, strerror(errno));
	while (fscanf(file, "%23s", word) == 1) {
		if (plan->n_gaps == cap) {
			cap = cap ? 2 * cap : 1024;
			plan->gaps_ns = realloc(plan->gaps_ns, cap * sizeof(*plan->gaps_ns));
			if (!plan->gaps_ns)
				check(&plan->client, -ENOMEM);
		}
		plan->gaps_ns[plan->n_gaps++] = read_number(&plan->client, word, 1000000000000000);
	}
	fclose(file);
}

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		CARD_OPTIONS,
		PACKET_OPTIONS,
		{ "gaps", required_argument, NULL, 'D' },
		{ 0 },
	};

	while (next_option(&plan->client, argc, argv, options) == 'D')
		read_gaps(optarg, plan);
	expect_no_arguments(&plan->client, argc, argv);
}

int main(int argc, char **argv)
{
	struct plan plan = { .client = client_of("gapfile", usage) };
	struct client *client = &plan.client;

	read_options(argc, argv, &plan);
	if (!plan.n_gaps)
		fail(client, 2, "--gaps with at least one value is needed");
	open_card(client);
	for (uint64_t i = 0; i < client->count; i++) {
		struct vn_caliper_packet p = client->packet;

		if (i)
			p.time_ns = plan.gaps_ns[(i - 1) % plan.n_gaps];
		else
			plan_first(client, &p);
		check(client, vn_caliper_send(client->c, &p, 1));
	}
	finish(client, client->count);
	free(plan.gaps_ns);
	return 0;
}
