/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A closed loop: a source that adds to its rate with each answer and halves it on
 * loss (additive increase, multiplicative decrease).
 *
 *     cc aimd.c $(pkg-config --cflags --libs vernier) -o aimd
 *     ./aimd --count 20000 --rate 1000 --add 10 --to 10.0.0.2 --mac 02:00:00:00:00:02
 *
 * The other side sends every packet back (any UDP echo). Each packet's payload begins
 * with its number, so that an answer, which comes as an RX event, says which one it
 * answers. A number that is missing is a loss: what the card has not got yet is
 * taken back at once (vn_caliper_cancel()) and sent again at the lower rate. So is
 * everything when no answer comes for a while.
 *
 * Packets are given to the driver a few at a time, each time with a mark: as soon as
 * it is hit the next few follow. More at a time would be more to take back.
 */
#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <vernier/vernier.h>

#define BURST	   16
#define NUMBER_AT  42 /* of an answer: behind Ethernet, IPv4 and UDP */
#define SILENCE_NS UINT64_C(200000000)

struct plan {
	struct client client;
	double rate, add, least; /* packets a second; what an answer adds; not below this */
};

struct loop {
	const struct client *client;
	double rate, rate_max;
	uint64_t next;	   /* number of the next packet */
	uint64_t expected; /* number of the next answer */
	uint64_t recover;  /* losses before this one have been answered for */
	uint64_t answered, lost, taken_back, halved;
};

static const char usage[] = "usage: aimd [options]\n"
			    "Adds to its rate with each answer, halves it on loss.\n" PACKET_USAGE
			    "  --rate R    packets a second to begin with, 1000\n"
			    "  --add A     packets a second that an answer adds, 10\n"
			    "  --help      this\n";

/* The rate is halved once for all that was under way, and what has not left is taken back. */
static void halve(const struct plan *plan, struct loop *l)
{
	struct cal_cancel_done done;

	if (l->expected <= l->recover && l->halved)
		return;
	l->rate = l->rate / 2 > plan->least ? l->rate / 2 : plan->least;
	l->halved++;
	check(l->client, vn_caliper_cancel(l->client->c, 0, UINT32_MAX, &done));
	/* the last ones: packets reach the card in the order of their numbers */
	l->taken_back += done.cancelled;
	l->next -= done.cancelled;
	l->recover = l->next;
}

static void on_answer(const struct plan *plan, struct loop *l, const struct vn_caliper_event *e)
{
	uint32_t number;

	if (e->event.kind != CAL_EVENT_RX || e->event.snap < NUMBER_AT + sizeof(number))
		return;
	memcpy(&number, e->bytes + NUMBER_AT, sizeof(number));
	number = ntohl(number);
	if (number < l->expected || number >= l->next)
		return; /* not one of ours, or late */
	l->answered++;
	l->lost += number - l->expected;
	if (number > l->expected) {
		l->expected = number + 1;
		halve(plan, l);
		return;
	}
	l->expected = number + 1;
	l->rate += plan->add;
	if (l->rate > l->rate_max)
		l->rate_max = l->rate;
}

/* Takes in answers for so long; whether there was any. */
static int listen_for(const struct plan *plan, struct loop *l, uint64_t wait_ns)
{
	struct vn_caliper_event events[BURST];
	int n = check(l->client, vn_caliper_events(l->client->c, events, BURST, wait_ns));

	for (int i = 0; i < n; i++)
		on_answer(plan, l, &events[i]);
	return n;
}

static void on_silence(const struct plan *plan, struct loop *l)
{
	l->lost += l->next - l->expected;
	l->expected = l->next;
	halve(plan, l);
	l->lost -= l->expected - l->next; /* what was taken back is not lost */
	l->expected = l->next;
}

static uint32_t send_burst(const struct plan *plan, struct loop *l)
{
	struct vn_caliper_packet p = plan->client.packet;
	uint32_t mark, number;

	p.data = &number;
	p.data_len = sizeof(number);
	for (int i = 0; i < BURST && l->next < plan->client.count; i++, l->next++) {
		number = htonl((uint32_t)l->next);
		p.cookie = (uint32_t)l->next;
		p.time_ns = (uint64_t)(1e9 / l->rate);
		check(l->client, vn_caliper_send(l->client->c, &p, 1));
	}
	check(l->client, vn_caliper_mark(l->client->c, VN_CALIPER_FLUSH, &mark));
	return mark;
}

/* Whether the mark was hit; what we took back ourselves does not keep it from that. */
static int is_hit(struct loop *l, uint32_t mark)
{
	int ret = vn_caliper_wait(l->client->c, mark, 0, NULL);

	if (ret == -ETIMEDOUT)
		return 0;
	check(l->client, ret);
	return 1;
}

static void run(const struct plan *plan, struct loop *l)
{
	while (l->next < plan->client.count || l->expected < l->next) {
		uint32_t mark;
		int heard = 1;

		if (l->next < plan->client.count) {
			mark = send_burst(plan, l);
			while (!is_hit(l, mark))
				listen_for(plan, l, 1000000);
			while (listen_for(plan, l, 0))
				; /* what came before the hit counts for the next burst */
		}
		/* when all has been sent, or the answers are far behind, they are waited for */
		if (l->next == plan->client.count || l->next - l->expected > 8 * BURST)
			heard = listen_for(plan, l, SILENCE_NS);
		if (!heard && l->expected < l->next)
			on_silence(plan, l);
	}
}

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		CARD_OPTIONS,
		PACKET_OPTIONS,
		{ "rate", required_argument, NULL, 'r' },
		{ "add", required_argument, NULL, 'a' },
		{ 0 },
	};
	int option;

	while ((option = next_option(&plan->client, argc, argv, options)) != -1) {
		if (option == 'r')
			plan->rate = (double)read_number(&plan->client, optarg, 10000000);
		else
			plan->add = (double)read_number(&plan->client, optarg, 10000000);
	}
	expect_no_arguments(&plan->client, argc, argv);
}

int main(int argc, char **argv)
{
	struct plan plan = {
		.client = client_of("aimd", usage),
		.rate = 1000,
		.add = 10,
		.least = 10,
	};
	struct client *client = &plan.client;
	struct loop l = { .client = client };

	read_options(argc, argv, &plan);
	if (client->count > UINT32_MAX || plan.rate < plan.least)
		fail(client, 2, "--count is at most %" PRIu32 ", --rate at least %.0f", UINT32_MAX,
		     plan.least);
	l.rate = l.rate_max = plan.rate;
	open_card(client);
	check(client, vn_caliper_subscribe(client->c, 1u << CAL_EVENT_RX, NUMBER_AT + 4));
	run(&plan, &l);
	printf("%" PRIu64 " packets, %" PRIu64 " answered, %" PRIu64 " lost, %" PRIu64
	       " taken back; halved %" PRIu64 " times, %.0f packets/s at most, %.0f at the end\n",
	       l.next, l.answered, l.lost, l.taken_back, l.halved, l.rate_max, l.rate);
	vn_caliper_close(client->c);
	return 0;
}
