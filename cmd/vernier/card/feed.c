/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed.h"

#include <string.h>

#include "base/macros.h"

#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)
/* What a port has in hand beyond the cycle asked for, where frames came faster than
 * the line takes them. More than the line carries between two calls. */
#define AHEAD_BYTES (1u << 20)

static bool is_host_port(unsigned int port)
{
	return port & 1;
}

/* When the frame that was just read arrives. A MAC is on a line, and the hardware
 * puts frames that overlap one behind the other; a host queue has no line. */
static uint64_t arrival(struct card_input *i, const struct card_settings *s)
{
	uint64_t cycle = s->pcap_start_ns / NS_PER_CYCLE;

	if (!s->pcap_asap)
		cycle = (s->pcap_start_ns + i->frame.offset_ns) / NS_PER_CYCLE;
	if (!is_host_port(i->port))
		return cycle;
	if (s->pcap_dma)
		i->free_at =
			VN_MAX(cycle, i->free_at) + vn_nt_dma_cycles(&s->card.hw, i->frame.len);
	else if (s->pcap_asap)
		i->free_at =
			VN_MAX(cycle, i->free_at) + vn_nt_wire_cycles(i->frame.len) + VN_NT_GAP;
	else
		i->free_at = cycle;
	return i->free_at;
}

/* Has the next frame ready, if there is one. */
static int read_next(struct card_input *i, const struct card_settings *s, struct vn_err *err)
{
	int rc;

	if (i->has_frame || i->is_over)
		return 0;
	rc = card_pcap_in_next(&i->in, &i->frame, err);
	i->has_frame = rc > 0;
	i->is_over = rc <= 0;
	i->is_damaged = rc < 0;
	if (i->has_frame)
		i->cycle = arrival(i, s);
	return VN_MIN(rc, 0);
}

static int open_input(struct card_feed *f, const char *path, unsigned int port, struct vn_err *err)
{
	struct card_input *i = &f->inputs[f->n];
	int rc;

	if (!path)
		return 0;
	i->port = port;
	rc = card_pcap_in_open(&i->in, path, is_host_port(port), err);
	f->n += !rc;
	return rc;
}

int card_feed_open(struct card_feed *f, const struct card_settings *s, struct vn_err *err)
{
	int rc = 0;

	memset(f, 0, sizeof(*f));
	f->s = s;
	for (unsigned int n = 0; n < CARD_PORTS && !rc; n++) {
		rc = open_input(f, s->pcap_mac[n], 2 * n, err);
		if (!rc)
			rc = open_input(f, s->pcap_host[n], 2 * n + 1, err);
	}
	if (rc)
		card_feed_close(f);
	return rc;
}

static int feed_one(struct card_input *i, struct vn_nt_hw *hw, struct vn_err *err)
{
	int rc = vn_nt_hw_feed(hw, i->port, i->cycle, i->frame.bytes, i->frame.len);

	if (rc)
		return vn_err_set(err, -rc, "%s: no memory for its frames", i->in.path);
	i->frames++;
	i->has_frame = false;
	return 0;
}

static int feed_input(struct card_input *i, const struct card_settings *s, struct vn_nt_hw *hw,
		      uint64_t cycle, struct vn_err *err)
{
	int rc = read_next(i, s, err);

	while (!rc && i->has_frame && i->cycle <= cycle &&
	       vn_nt_hw_fed_bytes(hw, i->port) < AHEAD_BYTES) {
		rc = feed_one(i, hw, err);
		if (!rc)
			rc = read_next(i, s, err);
	}
	return rc;
}

int card_feed_until(struct card_feed *f, struct vn_nt_hw *hw, uint64_t cycle, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int n = 0; n < f->n && !rc; n++)
		rc = feed_input(&f->inputs[n], f->s, hw, cycle, err);
	return rc;
}

uint64_t card_feed_next(const struct card_feed *f)
{
	uint64_t next = VN_NT_NEVER;

	for (unsigned int n = 0; n < f->n; n++)
		if (f->inputs[n].has_frame)
			next = VN_MIN(next, f->inputs[n].cycle);
	return next;
}

bool card_feed_is_over(const struct card_feed *f, const struct vn_nt_hw *hw)
{
	for (unsigned int n = 0; n < f->n; n++)
		if (!f->inputs[n].is_over || vn_nt_hw_fed_bytes(hw, f->inputs[n].port))
			return false;
	return true;
}

void card_feed_close(struct card_feed *f)
{
	for (unsigned int n = 0; n < f->n; n++)
		card_pcap_in_close(&f->inputs[n].in);
	f->n = 0;
}
