/* SPDX-License-Identifier: BSD-2-Clause */
/* The rig: making it, sending by plan, and the comparison at the wire. */
#include "measures.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define GATE_N	 1000
#define LEAD_NS	 UINT64_C(2000000)
#define DRAIN_NS UINT64_C(1000000) /* is run at a time, until nothing left in ten of them */
#define IP	 14
#define UDP	 (IP + VN_IPV4_HLEN)
#define DST_IP	 0xc6336401u /* 198.51.100.1 */
#define PLAIN	 9u
#define WHOLE	 10u

static const uint8_t dst_mac[6] = { 0x02, 0, 0, 0, 0, 0x99 };

/* -- Settings and figures ---------------------------------------------------------- */

uint64_t measures_n(void)
{
	const char *text = getenv("VN_MEASURES_N");
	uint64_t n = 0;

	for (; text && *text >= '0' && *text <= '9' && n < 100 * FULL_N; text++)
		n = 10 * n + (uint64_t)(*text - '0');
	return n ? n : GATE_N;
}

bool measures_are_full(void)
{
	return measures_n() >= FULL_N;
}

void figure(const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# %s: ", id);
	vprintf(fmt, ap);
	printf("\n");
	fflush(stdout);
	va_end(ap);
}

/* -- The wire ---------------------------------------------------------------------- */

uint32_t measures_number(const uint8_t *frame)
{
	return vn_get_be32(frame + IP + VN_IPV4_SRC);
}

static uint8_t pattern(uint32_t i)
{
	return (uint8_t)(7 * i + 1);
}

static bool has_payload(const uint8_t *payload, uint32_t len, bool is_whole)
{
	for (uint32_t i = 0; i < len; i++)
		if (payload[i] != (is_whole ? pattern(i) : 0))
			return false;
	return true;
}

bool measures_is_intact(const uint8_t *frame, uint32_t len)
{
	uint32_t ip_len = vn_get_be16(frame + IP + VN_IPV4_LEN);
	uint16_t port = vn_get_be16(frame + UDP + VN_UDP_DST);

	return len == VN_MAX(IP + ip_len, CAL_WIRE_MIN) && memcmp(frame, dst_mac, 6) == 0 &&
	       vn_get_be16(frame + 12) == 0x0800 &&
	       vn_csum_finish(vn_csum_add(0, frame + IP, VN_IPV4_HLEN)) == 0 &&
	       vn_get_be32(frame + IP + VN_IPV4_DST) == DST_IP &&
	       vn_get_be16(frame + UDP + VN_UDP_LEN) == ip_len - VN_IPV4_HLEN &&
	       has_payload(frame + HEADERS, len - HEADERS, port == WHOLE);
}

static void compare(struct measures *m, uint64_t cycle)
{
	uint64_t plan;

	if (!m->plan || m->n >= m->n_planned)
		return;
	plan = m->plan[m->n];
	m->exact += cycle == plan;
	m->late += cycle > plan;
	m->early += cycle < plan;
	if (cycle > plan)
		m->worst = VN_MAX(m->worst, cycle - plan);
}

static void left(void *arg, unsigned int mac, uint64_t wire_cycle, const uint8_t *frame,
		 uint32_t len)
{
	struct measures *m = arg;
	uint64_t cycle = wire_cycle - DEPARTURE_TO_WIRE;

	if (mac != 0)
		return;
	m->damaged += !measures_is_intact(frame, len);
	if (m->look)
		m->look(m, cycle, frame, len);
	else if (measures_number(frame) != (uint32_t)m->n)
		m->misplaced++;
	else
		compare(m, cycle);
	m->last = cycle;
	if (m->n++ == m->n_planned / 4) { /* from here on nothing is left of the beginning */
		m->first = cycle;
		m->bytes = m->frames = 0;
	} else {
		m->bytes += len;
		m->frames++;
	}
}

void measures_forget(struct measures *m)
{
	free(m->plan);
	m->plan = NULL;
	m->n = m->n_planned = m->exact = m->late = m->early = 0;
	m->misplaced = m->damaged = m->worst = 0;
	m->first = m->last = m->frames = m->bytes = 0;
}

/* -- Making ------------------------------------------------------------------------ */

static void tell_log(void *arg, const char *text)
{
	printf("# driver: %s\n", text);
}

static void open_sim(struct measures *m, struct vn_err *err)
{
	const struct vn_cosim_config cfg = {
		.card = vn_nt_defaults,
		.image = &m->image,
		.left = left,
		.log = tell_log,
		.arg = m,
	};

	if (vn_cosim_new(&cfg, &m->sim, err))
		fail_msg("%s", err->text);
	vn_nf2_up(vn_cosim_driver(m->sim));
	if (vn_cosim_run_to_state(m->sim, CAL_RUNNING, VN_NSEC_PER_SEC, err))
		fail_msg("%s", err->text);
}

struct vn_caliper *measures_client(struct measures *m)
{
	struct vn_cal_transport *t;
	struct vn_caliper *client;
	struct vn_err err = { "" };

	assert_int_equal(vn_cosim_client(m->sim, &t), 0);
	if (vn_caliper_open_by(&client, NULL, t, &err))
		fail_msg("%s", err.text);
	return client;
}

int measures_set_up(void **state)
{
	struct measures *m = calloc(1, sizeof(*m));
	struct vn_err err = { "" };

	if (vn_nt_image_read_elf(&m->image, getenv("VN_PKTGEN_ELF"), &err))
		fail_msg("%s", err.text);
	open_sim(m, &err);
	m->client = measures_client(m);
	*state = m;
	return 0;
}

int measures_tear_down(void **state)
{
	struct measures *m = *state;

	vn_caliper_close(m->client);
	vn_cosim_free(m->sim);
	vn_nt_image_fini(&m->image);
	free(m->plan);
	free(m);
	return 0;
}

/* -- Sending ------------------------------------------------------------------------- */

struct vn_caliper_packet measures_packet(const struct stream *s, uint64_t k)
{
	static uint8_t payload[LONGEST];
	struct vn_caliper_packet p = {
		.size = sizeof(p),
		.time_ns = s->gap ? s->gap(s->arg, k) : s->gap_ns,
		.flags = s->flags,
		.cookie = (uint32_t)k,
		.src_ip = htonl((uint32_t)k),
		.dst_ip = htonl(DST_IP),
		.src_port = 9,
		.dst_port = s->is_whole ? WHOLE : PLAIN,
		.payload_len = (uint16_t)(s->len - HEADERS),
		.data_len = s->is_whole ? (uint16_t)(s->len - HEADERS) : 0,
		.data = payload,
	};

	for (uint32_t i = 0; i < sizeof(payload) && !payload[i]; i++)
		payload[i] = pattern(i);
	memcpy(p.dst_mac, dst_mac, sizeof(dst_mac));
	return p;
}

uint64_t measures_start_ns(const struct measures *m)
{
	return (vn_cosim_now_ns(m->sim) + LEAD_NS) / NS_PER_CYCLE * NS_PER_CYCLE;
}

static void make_plan(struct measures *m, const struct stream *s, uint64_t start_ns)
{
	uint64_t ns = start_ns;

	m->plan = malloc(s->n * sizeof(*m->plan));
	assert_non_null(m->plan);
	m->n_planned = s->n;
	m->plan[0] = start_ns / NS_PER_CYCLE;
	for (uint64_t k = 1; k < s->n; k++) {
		ns += measures_packet(s, k).time_ns;
		m->plan[k] = ns / NS_PER_CYCLE;
	}
}

static void must(struct measures *m, int r)
{
	if (r < 0)
		fail_msg("%d: %s %s", r, vn_caliper_error(m->client), vn_cosim_why(m->sim));
}

void measures_run(struct measures *m, const struct stream *s)
{
	uint64_t start_ns = measures_start_ns(m);

	measures_forget(m);
	make_plan(m, s, start_ns);
	for (uint64_t k = 0; k < s->n;) {
		struct vn_caliper_packet packets[CAL_PKTS_PREFERRED];
		unsigned int i = 0;

		for (; i < VN_ARRAY_SIZE(packets) && k < s->n; i++, k++) {
			packets[i] = measures_packet(s, k);
			if (k)
				continue;
			packets[i].time_ns = start_ns;
			packets[i].flags |= CAL_ABSOLUTE;
		}
		must(m, vn_caliper_send(m->client, packets, i));
	}
	measures_wait(m);
	measures_drain(m, s->n);
}

void measures_wait(struct measures *m)
{
	uint32_t mark;

	must(m, vn_caliper_mark(m->client, VN_CALIPER_FLUSH, &mark));
	must(m, vn_caliper_wait(m->client, mark, UINT64_MAX, NULL));
}

/* Whether one is still planned, or has left in the last ten steps. */
static bool is_waiting(const struct measures *m, unsigned int steps)
{
	uint64_t now = vn_cosim_now_ns(m->sim) / NS_PER_CYCLE;

	return steps < 10 || (m->plan && m->n < m->n_planned && m->plan[m->n] > now);
}

void measures_drain(struct measures *m, uint64_t n)
{
	unsigned int steps = 0;

	while (m->n < n && is_waiting(m, steps)) {
		uint64_t before = m->n;
		struct vn_err err = { "" };

		if (vn_cosim_run(m->sim, vn_cosim_now_ns(m->sim) + DRAIN_NS, &err))
			fail_msg("%s", err.text);
		steps = m->n == before ? steps + 1 : 0;
	}
}

/* -- Checks -------------------------------------------------------------------------- */

uint64_t measures_counter(struct measures *m, enum cal_counter counter)
{
	uint64_t counters[CAL_N_COUNTERS] = { 0 };

	must(m, vn_caliper_stats(m->client, counters, CAL_N_COUNTERS));
	return counters[counter];
}

void measures_nothing_lost(struct measures *m, uint64_t n)
{
	const struct vn_nt_counters *c = vn_nt_hw_counters(vn_nt_card_hw(vn_cosim_card(m->sim)));

	assert_int_equal(m->n, n);
	assert_int_equal(m->misplaced, 0);
	assert_int_equal(m->damaged, 0);
	assert_int_equal(c->cpu_rx_full[0], 0);
	for (unsigned int mac = 0; mac < VN_NT_MACS; mac++)
		assert_int_equal(c->mac_tx_full[mac] + c->cpu_tx_full[mac], 0);
	assert_int_equal(measures_counter(m, CAL_COUNTER_refused), 0);
	assert_int_equal(measures_counter(m, CAL_COUNTER_discarded), 0);
	assert_int_equal(measures_counter(m, CAL_COUNTER_errors), 0);
}

void measures_all_exact(struct measures *m, uint64_t n)
{
	measures_nothing_lost(m, n);
	assert_int_equal(m->early, 0);
	assert_int_equal(m->late, 0);
	assert_int_equal(m->exact, n);
}

static double measures_ns(const struct measures *m)
{
	return (double)((m->last - m->first) * NS_PER_CYCLE);
}

double measures_per_second(const struct measures *m)
{
	return (double)m->frames / measures_ns(m) * 1e9;
}

double measures_mbps(const struct measures *m)
{
	return 8.0 * (double)(m->bytes + FCS * m->frames) / measures_ns(m) * 1000;
}
