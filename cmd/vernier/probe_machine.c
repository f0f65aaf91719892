/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever can only be learnt by doing it is done with something of our own that
 * is gone afterwards: a socket that is closed, a BPF program that drops one frame
 * which was never on an interface, a thread's own scheduling that is put back.
 */
#include "probe_machine.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/parse.h"
#include "base/realtime.h"
#include "cpus.h"

#define ISOLATED     "/sys/devices/system/cpu/isolated"
#define NOHZ_FULL    "/sys/devices/system/cpu/nohz_full"
#define CLOCK_SOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define MEMINFO	     "/proc/meminfo"
#define FRAME_BYTES  64

/* What an errno means where the system is asked for a thing as a whole. */
static const char *because(int rc, const char *right)
{
	switch (-rc) {
	case EPERM:
	case EACCES:
		return right;
	case ENOSYS:
	case EAFNOSUPPORT:
		return "this kernel has none";
	default:
		return strerror(-rc);
	}
}

static void ask_kernel(struct vn_fact *f, const void *arg)
{
	struct utsname u;

	if (!uname(&u))
		vn_fact_text(f, u.release);
}

/* --- BPF and XDP ----------------------------------------------------------------- */

/* An XDP program that drops; its descriptor or -errno. */
static int load_drop(void)
{
	const struct bpf_insn drop[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "vn_probe", "Dual BSD/GPL", drop,
			     VN_ARRAY_SIZE(drop), NULL);
}

#define BPF_RIGHT "needs CAP_BPF and CAP_NET_ADMIN in the initial user namespace"

static void ask_bpf(struct vn_fact *f, const void *arg)
{
	int fd = load_drop();

	vn_fact_ability(f, VN_MIN(fd, 0), because(fd, BPF_RIGHT));
	if (fd >= 0)
		close(fd);
}

static void ask_af_xdp(struct vn_fact *f, const void *arg)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -errno : 0;

	vn_fact_ability(f, rc, because(rc, "needs CAP_NET_RAW"));
	if (fd >= 0)
		close(fd);
}

static void ask_live_frames(struct vn_fact *f, const void *arg)
{
	uint8_t frame[FRAME_BYTES] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int fd = load_drop();
	int rc = fd < 0 ? fd : bpf_prog_test_run_opts(fd, &run);

	if (rc == -EINVAL) /* an unknown flag */
		vn_fact_ability(f, rc, "this kernel has none (Linux 5.18)");
	else
		vn_fact_ability(f, VN_MIN(rc, 0), because(rc, BPF_RIGHT));
	if (fd >= 0)
		close(fd);
}

/* --- time and CPUs --------------------------------------------------------------- */

static void first_line(struct vn_fact *f, const char *path)
{
	char line[VN_FACT_TEXT];
	FILE *in = fopen(path, "re");

	if (!in)
		return;
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	vn_fact_text(f, line);
	fclose(in);
}

static void ask_cpus(struct vn_fact *f, const void *arg)
{
	char text[VN_FACT_TEXT];
	struct vn_cpus cpus;

	if (vn_cpus_allowed(&cpus, NULL))
		return;
	vn_cpus_text(&cpus, text, sizeof(text));
	vn_fact_text(f, text);
}

static void ask_isolated(struct vn_fact *f, const void *arg)
{
	first_line(f, ISOLATED);
}

static void ask_clock_source(struct vn_fact *f, const void *arg)
{
	first_line(f, CLOCK_SOURCE);
}

static void ask_fifo(struct vn_fact *f, const void *arg)
{
	int rc = vn_realtime_try();

	vn_fact_ability(f, rc, because(rc, "needs " VN_REALTIME_RIGHT));
}

static void ask_rt_runtime(struct vn_fact *f, const void *arg)
{
	struct vn_rt_budget b;

	vn_rt_budget_read("", &b);
	if (b.is_known && !b.is_unlimited)
		vn_fact_number(f, b.runtime_us * 1000 / VN_MAX(b.period_us, 1u));
	else if (b.is_known)
		vn_fact_number(f, 1000);
}

static void ask_nohz_full(struct vn_fact *f, const void *arg)
{
	first_line(f, NOHZ_FULL);
	if (f->is_known && !strpbrk(f->text, "0123456789")) /* "(null)" of some kernels */
		vn_fact_text(f, "");
}

static void ask_slack(struct vn_fact *f, const void *arg)
{
	int ns = prctl(PR_GET_TIMERSLACK);

	if (ns >= 0)
		vn_fact_number(f, (uint64_t)ns);
}

/* --- memory ---------------------------------------------------------------------- */

/* "Name:   number [kB]" */
static void meminfo(struct vn_fact *f, const char *name, uint64_t scale)
{
	FILE *in = fopen(MEMINFO, "re");
	char line[128], key[64];
	uint64_t n;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "%63[^:]: %" SCNu64, key, &n) == 2 && !strcmp(key, name))
			vn_fact_number(f, n * scale);
	if (in)
		fclose(in);
}

static void ask_huge_bytes(struct vn_fact *f, const void *arg)
{
	meminfo(f, "Hugepagesize", 1024);
}

static void ask_huge_pages(struct vn_fact *f, const void *arg)
{
	meminfo(f, "HugePages_Total", 1);
}

static void ask_huge_free(struct vn_fact *f, const void *arg)
{
	meminfo(f, "HugePages_Free", 1);
}

const struct vn_fact_row probe_machine_rows[] = {
	{ "kernel", "kernel", "", VN_FACT_IS_TEXT, ask_kernel },
	{ "bpf", "BPF (XDP)", "", VN_FACT_IS_ABILITY, ask_bpf },
	{ "af_xdp", "AF_XDP", "", VN_FACT_IS_ABILITY, ask_af_xdp },
	{ "live_frames", "XDP live frames", "", VN_FACT_IS_ABILITY, ask_live_frames },
	{ "cpus", "CPUs allowed", "", VN_FACT_IS_TEXT, ask_cpus },
	{ "cpus_isolated", "CPUs isolated", "", VN_FACT_IS_TEXT, ask_isolated },
	{ "cpus_nohz_full", "CPUs without tick", "", VN_FACT_IS_TEXT, ask_nohz_full },
	{ "clock_source", "clock source", "", VN_FACT_IS_TEXT, ask_clock_source },
	{ "sched_fifo", "SCHED_FIFO", "", VN_FACT_IS_ABILITY, ask_fifo },
	{ "sched_rt_permille", "real time at most", "permille of a CPU", VN_FACT_IS_NUMBER,
	  ask_rt_runtime },
	{ "timer_slack_ns", "timer slack", "ns", VN_FACT_IS_NUMBER, ask_slack },
	{ "huge_page_bytes", "huge pages of", "bytes", VN_FACT_IS_NUMBER, ask_huge_bytes },
	{ "huge_pages", "huge pages", "", VN_FACT_IS_NUMBER, ask_huge_pages },
	{ "huge_pages_free", "huge pages free", "", VN_FACT_IS_NUMBER, ask_huge_free },
};
const unsigned int probe_machine_n_rows = VN_ARRAY_SIZE(probe_machine_rows);
