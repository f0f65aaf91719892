/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtual.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "caliper/cosim.h"
#include "rx/capture.h"
#include "wire/pcap.h"

#define RESET_NS UINT64_C(2000000000)
#define DRAIN_NS UINT64_C(1000000) /* from the last departure to the end of its frame */

/* Captures have the time of departure, which is that of the plan and of reports. */
static void frame_left(void *arg, unsigned int mac, uint64_t cycle, const uint8_t *frame,
		       uint32_t len)
{
	struct caliper_virtual *v = arg;
	const struct vn_rx_pkt pkt = {
		.data = frame,
		.caplen = len,
		.len = len,
		.stamp_ns = (cycle - v->latency_cycles) * (VN_NSEC_PER_SEC / VN_NT_HZ),
	};

	v->left++;
	v->bytes += len;
	v->last_ns = pkt.stamp_ns;
	if (v->capture)
		vn_capture_write(v->capture, &pkt, 1);
}

static int open_capture(struct caliper_virtual *v, const char *path, struct vn_err *err)
{
	const struct vn_capture_opts opts = { .path = path, .link_type = VN_LINKTYPE_ETHERNET };

	return path ? vn_capture_open(&opts, &v->capture, err) : 0;
}

static int open_sim(struct caliper_virtual *v, const struct caliper_settings *s, struct vn_err *err)
{
	struct vn_cosim_config cfg = {
		.card = vn_nt_defaults,
		.image = &v->image,
		.driver = {
			.card = (unsigned int)s->card,
			.mac = { 0x02, 0x4e, 0x46, 0x32, 0x43, (uint8_t)s->card },
		},
		.left = frame_left,
		  .arg = v,
	};
	int rc;

	snprintf(cfg.driver.ifname, sizeof(cfg.driver.ifname), "nf2c%" PRIu64, s->card);
	v->latency_cycles = cfg.card.hw.tx_latency_cycles + VN_NT_PREAMBLE;
	rc = vn_cosim_new(&cfg, &v->sim, err);
	if (rc)
		return rc;
	vn_nf2_up(vn_cosim_driver(v->sim));
	return vn_cosim_run_to_state(v->sim, CAL_RUNNING, RESET_NS, err);
}

int caliper_virtual_open(struct caliper_virtual *v, const struct caliper_settings *s,
			 struct vn_cal_transport **t, struct vn_err *err)
{
	int rc;

	*v = (struct caliper_virtual){ .sim = NULL };
	if (vn_nt_image_read_elf(&v->image, s->app, err))
		return -EINVAL; /* the sentence names the file */
	rc = open_capture(v, s->pcap, err);
	if (!rc)
		rc = open_sim(v, s, err);
	if (rc)
		return rc;
	rc = vn_cosim_client(v->sim, t);
	return rc ? vn_err_set(err, -rc, "out of memory") : 0;
}

/* What is in the card may leave in hours. */
static void end_here(const struct caliper_virtual *v, struct caliper_result *res)
{
	res->packets = v->left;
	res->bytes = v->bytes;
	res->last_ns = v->last_ns;
	res->last_is_planned = false;
	res->has_first = res->has_last = v->left > 0;
}

int caliper_virtual_finish(struct caliper_virtual *v, struct caliper_result *res,
			   struct vn_err *err)
{
	bool is_over = res->end == CALIPER_END_INTERRUPTED;
	uint64_t until_ns = VN_MAX(vn_cosim_now_ns(v->sim), is_over ? 0 : res->last_ns);
	int rc = vn_cosim_run(v->sim, until_ns + DRAIN_NS, err);
	int written;

	if (is_over)
		end_here(v, res);
	res->has_left = true;
	res->left = v->left;
	if (!v->capture)
		return rc;
	written = vn_capture_finish(v->capture, rc ? NULL : err);
	return rc ? rc : written;
}

const char *caliper_virtual_why(const struct caliper_virtual *v)
{
	return v->sim ? vn_cosim_why(v->sim) : "";
}

void caliper_virtual_close(struct caliper_virtual *v)
{
	vn_cosim_free(v->sim);
	vn_capture_free(v->capture);
	vn_nt_image_fini(&v->image);
}
