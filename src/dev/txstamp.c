/* SPDX-License-Identifier: BSD-2-Clause */
#include "dev/txstamp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/stat.h"

#define RCVBUF_BYTES (16 << 20) /* some 20,000 stamps */
#define READ_BATCH   32		/* messages of a call; so many stamps are worth one */
#define CONTROL	     256
#define TRIES	     5
#define STEP_NS	     1000 /* of the time of day, that is no error of measuring */
#define FOLLOW_NS    100000000
#define PATIENCE_NS  50000000	/* stamps that have not come so long after the last frame */
#define NO_STAMP     UINT64_MAX /* asked: refused, or had its stamp */

/* --- clocks ----------------------------------------------------------------------- */

static int64_t read_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * (int64_t)VN_NSEC_PER_SEC + ts.tv_nsec;
}

/* By the shortest of some tries. */
int64_t vn_txstamp_to_clock(clockid_t from)
{
	int64_t best = INT64_MAX, offset = 0;

	for (int i = 0; i < TRIES; i++) {
		int64_t before = read_ns(CLOCK_MONOTONIC), other = read_ns(from);
		int64_t after = read_ns(CLOCK_MONOTONIC);

		if (after - before >= best)
			continue;
		best = after - before;
		offset = before + best / 2 - other;
	}
	return offset;
}

static void follow_clocks(struct vn_txstamp *s)
{
	uint64_t now = (uint64_t)read_ns(CLOCK_MONOTONIC);
	int64_t offset;

	if (now < s->followed_ns + FOLLOW_NS)
		return;
	s->followed_ns = now;
	offset = vn_txstamp_to_clock(CLOCK_REALTIME);
	if (llabs(offset - s->to_clock_ns) > STEP_NS)
		s->to_clock_ns = offset;
	if (s->hw.io)
		vn_hwstamp_follow(&s->hw);
}

/* --- counters --------------------------------------------------------------------- */

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

unsigned int vn_txstamp_counters(const struct vn_txstamp_counters *c, struct vn_netdev_counter *out,
				 unsigned int cap)
{
	const bool has_launch = atomic_load_explicit(&c->has_launch, memory_order_relaxed);
	const bool has_stamps = atomic_load_explicit(&c->has_stamps, memory_order_relaxed);
	const struct {
		const char *name;
		const _Atomic uint64_t *n;
		bool is_told;
	} rows[] = {
		{ "launch_late", &c->launch_late, has_launch },
		{ "launch_missed", &c->launch_missed, has_launch },
		{ "launch_invalid", &c->launch_invalid, has_launch },
		{ "stamps_lost", &c->stamps_lost, has_stamps },
	};
	unsigned int n = 0;

	for (size_t i = 0; i < VN_ARRAY_SIZE(rows) && n < cap; i++) {
		if (!rows[i].is_told)
			continue;
		out[n] = (struct vn_netdev_counter){ .n = vn_stat_get(rows[i].n) };
		memcpy(out[n++].name, rows[i].name, strlen(rows[i].name));
	}
	return n;
}

/* --- numbers ---------------------------------------------------------------------- */

static uint64_t *asked_of(struct vn_txstamp *s, uint32_t number)
{
	return &s->asked[number % VN_TXSTAMP_FRAMES];
}

/* No stamps of those before this number are waited for any more. They keep what
 * they asked for: a stamp that is only late finds it. */
static void pass_over(struct vn_txstamp *s, uint32_t number)
{
	uint64_t lost = 0;

	for (; s->back != number; s->back++)
		lost += *asked_of(s, s->back) != NO_STAMP;
	if (lost)
		count(&s->counters->stamps_lost, lost);
}

static void give_number(struct vn_txstamp *s, uint64_t asked_ns)
{
	if (s->next - s->back == VN_TXSTAMP_FRAMES)
		pass_over(s, s->back + 1);
	*asked_of(s, s->next++) = asked_ns;
}

void vn_txstamp_sent(struct vn_txstamp *s, uint64_t asked_ns, uint64_t leaves_ns)
{
	s->unread++;
	s->is_asked_again = false;
	s->due_ns = VN_MAX(s->due_ns, leaves_ns);
	if (s->asked)
		give_number(s, asked_ns);
}

void vn_txstamp_skip(struct vn_txstamp *s)
{
	if (s->asked)
		give_number(s, NO_STAMP);
}

static void put_stamp(struct vn_txstamp *s, uint32_t number, uint64_t ns)
{
	uint32_t ago = s->next - number;
	uint64_t asked_ns;

	if (ago == 0 || ago > VN_TXSTAMP_FRAMES || *asked_of(s, number) == NO_STAMP)
		return;
	asked_ns = *asked_of(s, number);
	*asked_of(s, number) = NO_STAMP;
	if (ago <= s->next - s->back) {
		pass_over(s, number);
		s->back++;
	} else {
		/* It was taken for lost, and was not. */
		atomic_fetch_sub_explicit(&s->counters->stamps_lost, 1, memory_order_relaxed);
	}
	if (s->got_head - s->got_tail == VN_TXSTAMP_FRAMES) {
		count(&s->counters->stamps_lost, 1);
		return;
	}
	s->got[s->got_head++ % VN_TXSTAMP_FRAMES] =
		(struct vn_departed){ .asked_ns = asked_ns, .ns = ns };
}

/* --- reading ---------------------------------------------------------------------- */

static uint64_t stamp_ns(const struct vn_txstamp *s, const struct scm_timestamping *t)
{
	const struct timespec *ts = &t->ts[s->hw.io ? 2 : 0];
	int64_t ns = ts->tv_sec * (int64_t)VN_NSEC_PER_SEC + ts->tv_nsec;

	return (uint64_t)(ns + (s->hw.io ? s->hw.offset_ns : 0) + s->to_clock_ns);
}

static void refused_launch(struct vn_txstamp *s, const struct sock_extended_err *e)
{
	count(e->ee_code == SO_EE_CODE_TXTIME_MISSED ? &s->counters->launch_missed
						     : &s->counters->launch_invalid,
	      1);
}

void vn_txstamp_message(struct vn_txstamp *s, struct msghdr *m)
{
	struct sock_extended_err e = { .ee_origin = SO_EE_ORIGIN_NONE };
	struct scm_timestamping t;
	bool has_stamp = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING &&
		    c->cmsg_len >= CMSG_LEN(sizeof(t))) {
			memcpy(&t, CMSG_DATA(c), sizeof(t));
			has_stamp = true;
		} else if (c->cmsg_level != SOL_SOCKET && c->cmsg_len >= CMSG_LEN(sizeof(e))) {
			memcpy(&e, CMSG_DATA(c), sizeof(e));
		}
	}
	if (e.ee_origin == SO_EE_ORIGIN_TXTIME)
		refused_launch(s, &e);
	else if (e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && e.ee_info == SCM_TSTAMP_SND &&
		 has_stamp && s->asked)
		put_stamp(s, e.ee_data, stamp_ns(s, &t));
}

/* Reads at most a batch; whether there may be more. */
static bool read_some(struct vn_txstamp *s)
{
	_Alignas(struct cmsghdr) uint8_t control[READ_BATCH][CONTROL];
	struct mmsghdr m[READ_BATCH];
	int n;

	memset(m, 0, sizeof(m));
	for (int i = 0; i < READ_BATCH; i++) {
		m[i].msg_hdr.msg_control = control[i];
		m[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	n = recvmmsg(s->fd, m, READ_BATCH, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		vn_txstamp_message(s, &m[i].msg_hdr);
	return n == READ_BATCH;
}

void vn_txstamp_read(struct vn_txstamp *s)
{
	if (s->asked)
		follow_clocks(s);
	while (read_some(s))
		;
	s->unread = 0;
}

unsigned int vn_txstamp_take(struct vn_txstamp *s, struct vn_departed *out, unsigned int cap)
{
	unsigned int n;

	if (s->next != s->back && (s->is_asked_again || s->unread >= READ_BATCH))
		vn_txstamp_read(s);
	s->is_asked_again = true;
	for (n = 0; n < cap && s->got_tail != s->got_head; n++)
		out[n] = s->got[s->got_tail++ % VN_TXSTAMP_FRAMES];
	return n;
}

uint32_t vn_txstamp_expected(struct vn_txstamp *s)
{
	vn_txstamp_read(s);
	if (s->next != s->back && (uint64_t)read_ns(CLOCK_MONOTONIC) > s->due_ns + PATIENCE_NS)
		pass_over(s, s->next);
	return s->next - s->back;
}

/* --- opening ---------------------------------------------------------------------- */

static int turn_on(struct vn_txstamp *s, const struct vn_netdev *dev, struct vn_err *err)
{
	const bool is_hw = s->kind == VN_TX_STAMPS_HARDWARE;
	const uint32_t flags = SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY |
			       (is_hw ? SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE
				      : SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	const int rcvbuf = RCVBUF_BYTES;
	struct vn_err why = { "" };
	int rc;

	vn_hwstamp_system(&s->io, &s->fd);
	rc = is_hw ? vn_hwstamp_begin_tx(&s->hw, &s->io, dev->ifindex, &why)
		   : vn_hwstamp_kernel_tx(&s->io, dev->ifindex, &why);
	if (rc) {
		s->hw.io = NULL;
		return vn_err_set(err, -rc,
				  "%s: departure_stamps %s: %s (ethtool -T %s lists them)",
				  dev->name, vn_tx_stamps_word(s->kind), why.text, dev->name);
	}
	/* Above the system's limit when we may, up to it otherwise. */
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)))
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	if (setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		return vn_err_set(err, errno, "%s: departure_stamps %s: no stamps of a socket: %s",
				  dev->name, vn_tx_stamps_word(s->kind), strerror(errno));
	return 0;
}

int vn_txstamp_open(struct vn_txstamp *s, const struct vn_netdev *dev, int fd,
		    enum vn_tx_stamps kind, struct vn_txstamp_counters *counters,
		    struct vn_err *err)
{
	s->fd = fd;
	s->kind = kind;
	s->counters = counters;
	if (kind == VN_TX_STAMPS_OFF)
		return 0;
	s->asked = calloc(VN_TXSTAMP_FRAMES, sizeof(*s->asked));
	s->got = calloc(VN_TXSTAMP_FRAMES, sizeof(*s->got));
	if (!s->asked || !s->got)
		return vn_err_set(err, ENOMEM, "%s: no memory for stamps", dev->name);
	memset(s->asked, 0xff, VN_TXSTAMP_FRAMES * sizeof(*s->asked)); /* NO_STAMP */
	s->to_clock_ns = vn_txstamp_to_clock(CLOCK_REALTIME);
	s->followed_ns = (uint64_t)read_ns(CLOCK_MONOTONIC);
	atomic_store_explicit(&counters->has_stamps, true, memory_order_relaxed);
	return turn_on(s, dev, err);
}

void vn_txstamp_close(struct vn_txstamp *s)
{
	if (s->counters)
		vn_txstamp_read(s);
	vn_hwstamp_end(&s->hw);
	free(s->asked);
	free(s->got);
	s->asked = NULL;
	s->got = NULL;
	s->counters = NULL;
}
