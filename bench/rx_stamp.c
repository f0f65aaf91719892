/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rx_stamp IFACE PPS SECONDS [FILE]: when each datagram arrived, and what that says
 * of a sender that was asked for PPS. An XDP program reads the clock for every IPv4
 * UDP frame of ETH_ZLEN bytes and more, writes it into memory that is shared with
 * us, and drops the frame; what tools say besides (TCP, the short first datagram of
 * iperf3) is passed. Nobody looks at the stamps before the time is over.
 *
 * It says "ready" when frames may come and "started" when the first WARM_UP_NS of them
 * are over, which are left out for all senders alike. The figures of the SECONDS
 * after that are one line of JSON; FILE gets their stamps, 64-bit ns each. It then
 * goes on dropping until a signal ends it, so that the sender sees no change.
 *
 * rx_stamp clock: how fine the clock is, and what reading it costs. The same program
 * is run over and over on one frame.
 *
 * The columns are those of src/base/departures.h; percentiles are exact here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "xdp_prog.h"

#define NS_PER_S    1000000000ull
#define WARM_UP_NS  200000000ull
#define SETTLE_NS   20000000ull /* after the end: the last frame's stamp is written */
#define POLL_NS	    1000000l
#define PPS_MAX	    10000000ull
#define SECONDS_MAX 60ull
#define CLOCK_READS 1000000u
#define KEY_AT	    (-4) /* on the program's stack */
#define N_OF(A)	    (sizeof(A) / sizeof((A)[0]))

struct stamps {
	const volatile uint64_t *count; /* how many follow; the first element of the map */
	const uint64_t *ns;		/* of CLOCK_MONOTONIC, in order of arrival */
	uint64_t capacity;
	int map, prog;
};

static _Noreturn void fail(const char *what, int rc)
{
	fprintf(stderr, "rx_stamp: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : rc;
}

/*
 * The interface has one queue and so one poll at a time: the count needs no atomic
 * instruction. A full map stays as it is. Without the clock it does the same with a
 * constant, which tells what the clock costs.
 */
static int load_stamp(int map, bool reads_clock)
{
	const struct bpf_insn program[] = {
		XP_MOV(BPF_REG_6, BPF_REG_1),
		reads_clock ? (struct bpf_insn)XP_CALL(BPF_FUNC_ktime_get_ns)
			    : (struct bpf_insn)XP_MOV_IMM(BPF_REG_0, 1),
		XP_MOV(BPF_REG_9, BPF_REG_0),
		XP_LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct xdp_md, data)),
		XP_LOAD(BPF_W, BPF_REG_3, BPF_REG_6, offsetof(struct xdp_md, data_end)),
		XP_MOV_IMM(BPF_REG_0, XDP_PASS),
		XP_MOV(BPF_REG_4, BPF_REG_2),
		XP_ADD_IMM(BPF_REG_4, ETH_ZLEN),
		XP_JUMP_GREATER(BPF_REG_4, BPF_REG_3, 25),
		XP_LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12),
		XP_JUMP_UNEQUAL(BPF_REG_5, htons(ETH_P_IP), 23),
		XP_LOAD(BPF_B, BPF_REG_5, BPF_REG_2, 23),
		XP_JUMP_UNEQUAL(BPF_REG_5, IPPROTO_UDP, 21),
		/* count = &map[0] */
		XP_MOV_IMM(BPF_REG_1, 0),
		XP_STORE(BPF_W, BPF_REG_10, BPF_REG_1, KEY_AT),
		XP_MAP(BPF_REG_1, map),
		XP_MOV(BPF_REG_2, BPF_REG_10),
		XP_ADD_IMM(BPF_REG_2, KEY_AT),
		XP_CALL(BPF_FUNC_map_lookup_elem),
		XP_JUMP_EQUAL(BPF_REG_0, 0, 12),
		XP_MOV(BPF_REG_6, BPF_REG_0),
		/* map[*count + 1] = the clock; *count += 1 */
		XP_LOAD(BPF_DW, BPF_REG_7, BPF_REG_6, 0),
		XP_ADD_IMM(BPF_REG_7, 1),
		XP_STORE(BPF_W, BPF_REG_10, BPF_REG_7, KEY_AT),
		XP_MAP(BPF_REG_1, map),
		XP_MOV(BPF_REG_2, BPF_REG_10),
		XP_ADD_IMM(BPF_REG_2, KEY_AT),
		XP_CALL(BPF_FUNC_map_lookup_elem),
		XP_JUMP_EQUAL(BPF_REG_0, 0, 2),
		XP_STORE(BPF_DW, BPF_REG_0, BPF_REG_9, 0),
		XP_STORE(BPF_DW, BPF_REG_6, BPF_REG_7, 0),
		XP_MOV_IMM(BPF_REG_0, XDP_DROP),
		XP_EXIT,
	};

	return xdp_prog_load(program, N_OF(program));
}

static void stamps_open(struct stamps *s, uint64_t capacity, bool reads_clock)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint64_t),
		.max_entries = (uint32_t)(capacity + 1),
		.map_flags = BPF_F_MMAPABLE,
	};
	void *mem;

	s->capacity = capacity;
	s->map = (int)bpf(BPF_MAP_CREATE, &attr);
	if (s->map < 0)
		fail("map of stamps", s->map);
	/* A mapping ends with a page. */
	mem = mmap(NULL, (capacity + 1) * sizeof(uint64_t), PROT_READ, MAP_SHARED | MAP_POPULATE,
		   s->map, 0);
	if (mem == MAP_FAILED)
		fail("memory of stamps", -errno);
	s->count = mem;
	s->ns = (const uint64_t *)mem + 1;
	s->prog = load_stamp(s->map, reads_clock);
	if (s->prog < 0)
		fail("XDP program", s->prog);
}

/* The program leaves the interface when we end. */
static void stamps_attach(const struct stamps *s, unsigned int ifindex)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = (uint32_t)s->prog,
			.target_ifindex = ifindex,
			.attach_type = BPF_XDP,
			.flags = XDP_FLAGS_DRV_MODE,
		},
	};
	long fd = bpf(BPF_LINK_CREATE, &attr);

	if (fd < 0)
		fail("attaching the XDP program", (int)fd);
}

/* --- a sender's figures ------------------------------------------------------- */

struct gaps {
	uint64_t pps, n;
	uint64_t *error_ns; /* |gap - asked gap| to the nearest ns, in rising order */
	uint64_t bursts;    /* gaps of less than half of the asked one */
};

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* In units of 1 / pps ns, in which the asked gap is a whole number. */
static void gaps_measure(struct gaps *g, const uint64_t *ns, uint64_t n_stamps)
{
	uint64_t i;

	g->n = n_stamps - 1;
	g->error_ns = malloc(g->n * sizeof(*g->error_ns));
	if (!g->error_ns)
		fail("memory of gaps", -ENOMEM);
	for (i = 0; i < g->n; i++) {
		uint64_t gap = (ns[i + 1] - ns[i]) * g->pps;
		uint64_t error = gap > NS_PER_S ? gap - NS_PER_S : NS_PER_S - gap;

		g->error_ns[i] = (error + g->pps / 2) / g->pps;
		g->bursts += 2 * gap < NS_PER_S;
	}
	qsort(g->error_ns, g->n, sizeof(*g->error_ns), by_size);
}

/* The least error that permille of 1000 gaps do not exceed. */
static uint64_t error_at(const struct gaps *g, uint64_t permille)
{
	return g->error_ns[(g->n * permille + 999) / 1000 - 1];
}

static double share_within(const struct gaps *g, uint64_t ns)
{
	uint64_t low = 0, high = g->n;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (g->error_ns[mid] <= ns)
			low = mid + 1;
		else
			high = mid;
	}
	return (double)low / (double)g->n;
}

static void print_within(const struct gaps *g)
{
	static const struct {
		uint64_t ns;
		const char *key;
	} within[] = {
		{ 64, "64ns" },	 { 128, "128ns" },  { 256, "256ns" },	 { 512, "512ns" },
		{ 1000, "1us" }, { 10000, "10us" }, { 100000, "100us" },
	};
	size_t i;

	printf(", \"within\": {");
	for (i = 0; i < N_OF(within); i++)
		printf("%s\"%s\": %.6f", i ? ", " : "", within[i].key,
		       share_within(g, within[i].ns));
	printf("}");
}

static void print_figures(const uint64_t *ns, uint64_t n, uint64_t pps, bool is_full)
{
	struct gaps g = { .pps = pps };
	double achieved = (double)(n - 1) * 1e9 / (double)(ns[n - 1] - ns[0]);

	gaps_measure(&g, ns, n);
	printf("{\"packets\": %" PRIu64 ", \"asked_pps\": %" PRIu64 ", \"achieved_pps\": %.4f, "
	       "\"error_ppm\": %.3f, \"gap_error_ns\": {\"median\": %" PRIu64 ", \"p99\": %" PRIu64
	       ", \"p999\": %" PRIu64 ", \"max\": %" PRIu64 "}",
	       n, pps, achieved, (achieved / (double)pps - 1) * 1e6, error_at(&g, 500),
	       error_at(&g, 990), error_at(&g, 999), error_at(&g, 1000));
	print_within(&g);
	printf(", \"bursts\": %.6f, \"is_full\": %s}\n", (double)g.bursts / (double)g.n,
	       is_full ? "true" : "false");
	fflush(stdout);
	free(g.error_ns);
}

static void write_stamps(const char *path, const uint64_t *ns, uint64_t n)
{
	FILE *f = fopen(path, "w");
	size_t done = f ? fwrite(ns, sizeof(*ns), n, f) : 0;

	if (!f || fclose(f) || done != n)
		fail(path, errno ? -errno : -EIO);
}

static void wait_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* The first stamp from ns on. */
static uint64_t first_from(const struct stamps *s, uint64_t n, uint64_t ns)
{
	uint64_t i = 0;

	while (i < n && s->ns[i] < ns)
		i++;
	return i;
}

static void measure(unsigned int ifindex, uint64_t pps, uint64_t seconds, const char *path)
{
	const struct timespec poll = { .tv_nsec = POLL_NS };
	uint64_t first, end, n, from_ns;
	struct stamps s;

	/* Twice of what should come, and room for a second more. */
	stamps_open(&s, 2 * pps * (seconds + 1), true);
	stamps_attach(&s, ifindex);
	printf("ready\n");
	fflush(stdout);
	while (!*s.count)
		nanosleep(&poll, NULL);
	from_ns = s.ns[0] + WARM_UP_NS;
	wait_until(from_ns);
	printf("started\n");
	fflush(stdout);
	wait_until(from_ns + seconds * NS_PER_S + SETTLE_NS);
	n = *s.count;
	first = first_from(&s, n, from_ns);
	end = first_from(&s, n, from_ns + seconds * NS_PER_S);
	if (end - first < 2) {
		fprintf(stderr, "rx_stamp: %" PRIu64 " frames after the first 0.2 s\n",
			end - first);
		exit(1);
	}
	if (path)
		write_stamps(path, s.ns + first, end - first);
	print_figures(s.ns + first, end - first, pps, n == s.capacity);
	pause();
}

/* --- the clock ---------------------------------------------------------------- */

/* ns that the kernel took for a run of the program. */
static uint32_t run_program(const struct stamps *s)
{
	uint8_t frame[ETH_ZLEN] = { [12] = ETH_P_IP >> 8, [23] = IPPROTO_UDP };
	union bpf_attr attr = {
		.test = {
			.prog_fd = (uint32_t)s->prog,
			.data_in = (uintptr_t)frame,
			.data_size_in = sizeof(frame),
			.repeat = CLOCK_READS,
		},
	};
	long rc = bpf(BPF_PROG_TEST_RUN, &attr);

	if (rc < 0)
		fail("running the XDP program", (int)rc);
	return attr.test.duration;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* grain: what all differences of successive stamps are multiples of, that is what the
 * clock can tell apart; least: the smallest of them, what two frames can be apart. */
static void find_steps(const struct stamps *s, uint64_t *grain, uint64_t *least)
{
	uint64_t i;

	*grain = 0;
	*least = UINT64_MAX;
	for (i = 1; i < *s->count; i++) {
		uint64_t step = s->ns[i] - s->ns[i - 1];

		*grain = gcd(*grain, step);
		if (step && step < *least)
			*least = step;
	}
}

static void measure_clock(void)
{
	uint64_t grain, least;
	uint32_t with_ns, without_ns;
	struct stamps s, blind;

	stamps_open(&s, CLOCK_READS, true);
	stamps_open(&blind, CLOCK_READS, false);
	with_ns = run_program(&s);
	without_ns = run_program(&blind);
	find_steps(&s, &grain, &least);
	printf("{\"grain_ns\": %" PRIu64 ", \"least_step_ns\": %" PRIu64
	       ", \"program_ns\": %" PRIu32 ", \"read_ns\": %" PRId64 "}\n",
	       grain, least, with_ns, (int64_t)with_ns - without_ns);
}

/* 0 is not in the range of anything here. */
static uint64_t number_of(const char *text, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	return *end || end == text || errno || *text == '-' || n > max ? 0 : n;
}

int main(int argc, char **argv)
{
	bool has_all = argc == 4 || argc == 5;
	unsigned int ifindex = has_all ? if_nametoindex(argv[1]) : 0;
	uint64_t pps = has_all ? number_of(argv[2], PPS_MAX) : 0;
	uint64_t seconds = has_all ? number_of(argv[3], SECONDS_MAX) : 0;

	if (argc == 2 && !strcmp(argv[1], "clock")) {
		measure_clock();
		return 0;
	}
	if (!ifindex || !pps || !seconds) {
		fprintf(stderr,
			"usage: rx_stamp IFACE PPS SECONDS [FILE] (an interface that is there; 1 "
			"to %llu; 1 to %llu) or rx_stamp clock\n",
			PPS_MAX, SECONDS_MAX);
		return 2;
	}
	measure(ifindex, pps, seconds, argv[4]);
	return 0;
}
