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
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vernier/vernier.h>

#define BURST	   16
#define NUMBER_AT  42 /* of an answer: behind Ethernet, IPv4 and UDP */
#define SILENCE_NS UINT64_C(200000000)

struct plan {
	uint32_t card;
	uint64_t count;
	double rate, add, least; /* packets a second; what an answer adds; not below this */
	struct vn_caliper_packet packet;
};

struct loop {
	struct vn_caliper *c;
	double rate, rate_max;
	uint64_t next;	   /* number of the next packet */
	uint64_t expected; /* number of the next answer */
	uint64_t recover;  /* losses before this one have been answered for */
	uint64_t answered, lost, taken_back, halved;
};

static const char usage[] = "usage: aimd [options]\n"
			    "Adds to its rate with each answer, halves it on loss.\n"
			    "  --card K    card of the driver, 0\n"
			    "  --count N   packets, 1000\n"
			    "  --from IP   source address, 10.0.0.1\n"
			    "  --to IP     destination address, 10.0.0.2\n"
			    "  --mac MAC   destination's, 02:00:00:00:00:02\n"
			    "  --rate R    packets a second to begin with, 1000\n"
			    "  --add A     packets a second that an answer adds, 10\n"
			    "  --help      this\n";

/* A whole decimal number, or the end. */
static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n > max) {
		fprintf(stderr, "aimd: %s: a number from 0 to %" PRIu64 " is expected\n", text,
			max);
		exit(2);
	}
	return n;
}

/* "10.0.0.2" and "02:00:00:00:00:02" into the packet, or the end. */
static void read_ip(const char *text, uint32_t *ip)
{
	if (inet_pton(AF_INET, text, ip) != 1) {
		fprintf(stderr, "aimd: %s: an IPv4 address is expected\n", text);
		exit(2);
	}
}

static void read_mac(const char *text, uint8_t mac[6])
{
	char rest;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &rest) != 6) {
		fprintf(stderr, "aimd: %s: a MAC address is expected\n", text);
		exit(2);
	}
}

/* Ends the program when a call of the library failed. */
static int check(struct vn_caliper *c, int ret)
{
	if (ret < 0) {
		fprintf(stderr, "aimd: %s\n", c ? vn_caliper_error(c) : strerror(-ret));
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

/* The rate is halved once for all that was under way, and what has not left is taken back. */
static void halve(const struct plan *plan, struct loop *l)
{
	struct cal_cancel_done done;

	if (l->expected <= l->recover && l->halved)
		return;
	l->rate = l->rate / 2 > plan->least ? l->rate / 2 : plan->least;
	l->halved++;
	check(l->c, vn_caliper_cancel(l->c, 0, UINT32_MAX, &done));
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
	int n = check(l->c, vn_caliper_events(l->c, events, BURST, wait_ns));

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
	struct vn_caliper_packet p = plan->packet;
	uint32_t mark, number;

	p.data = &number;
	p.data_len = sizeof(number);
	for (int i = 0; i < BURST && l->next < plan->count; i++, l->next++) {
		number = htonl((uint32_t)l->next);
		p.cookie = (uint32_t)l->next;
		p.time_ns = (uint64_t)(1e9 / l->rate);
		check(l->c, vn_caliper_send(l->c, &p, 1));
	}
	check(l->c, vn_caliper_mark(l->c, VN_CALIPER_FLUSH, &mark));
	return mark;
}

/* Whether the mark was hit; what was thrown away by our own cancelling counts, too. */
static int is_hit(struct loop *l, uint32_t mark)
{
	int ret = vn_caliper_wait(l->c, mark, 0, NULL);

	if (ret == -ETIMEDOUT)
		return 0;
	if (ret != -ECANCELED)
		check(l->c, ret);
	return 1;
}

static void run(const struct plan *plan, struct loop *l)
{
	while (l->next < plan->count || l->expected < l->next) {
		uint32_t mark;
		int heard = 1;

		if (l->next < plan->count) {
			mark = send_burst(plan, l);
			while (!is_hit(l, mark))
				listen_for(plan, l, 1000000);
			while (listen_for(plan, l, 0))
				; /* what came before the hit counts for the next burst */
		}
		/* when all has been sent, or the answers are far behind, they are waited for */
		if (l->next == plan->count || l->next - l->expected > 8 * BURST)
			heard = listen_for(plan, l, SILENCE_NS);
		if (!heard && l->expected < l->next)
			on_silence(plan, l);
	}
}

static void read_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		{ "card", required_argument, NULL, 'k' },
		{ "count", required_argument, NULL, 'n' },
		{ "from", required_argument, NULL, 'I' },
		{ "to", required_argument, NULL, 'i' },
		{ "mac", required_argument, NULL, 'm' },
		{ "rate", required_argument, NULL, 'r' },
		{ "add", required_argument, NULL, 'a' },
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
		case 'r':
			plan->rate = (double)number(optarg, 10000000);
			break;
		case 'a':
			plan->add = (double)number(optarg, 10000000);
			break;
		case 'h':
			printf("%s", usage);
			exit(0);
		default:
			exit(2);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "aimd: %s: no arguments are expected\n", argv[optind]);
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
		.rate = 1000,
		.add = 10,
		.least = 10,
	};
	struct loop l = { 0 };

	read_options(argc, argv, &plan);
	if (plan.count > UINT32_MAX || plan.rate < plan.least) {
		fprintf(stderr, "aimd: --count is at most %" PRIu32 ", --rate at least %.0f\n",
			UINT32_MAX, plan.least);
		return 2;
	}
	l.rate = l.rate_max = plan.rate;
	l.c = open_card(plan.card);
	check(l.c, vn_caliper_subscribe(l.c, 1u << CAL_EVENT_RX, NUMBER_AT + 4));
	run(&plan, &l);
	printf("%" PRIu64 " packets, %" PRIu64 " answered, %" PRIu64 " lost, %" PRIu64
	       " taken back; halved %" PRIu64 " times, %.0f packets/s at most, %.0f at the end\n",
	       l.next, l.answered, l.lost, l.taken_back, l.halved, l.rate_max, l.rate);
	vn_caliper_close(l.c);
	return 0;
}
