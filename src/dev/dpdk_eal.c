/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's environment: memory, buses, drivers. A process has one, set up by the
 * first target and for good, since it cannot be set up a second time.
 *
 * This is the one place with state of a file's: it says what became of
 * something that is the process's already, and holds no more than that.
 *
 * The thread that sets it up is made DPDK's main core and is bound to it; it
 * gets its own CPUs back. Threads that DPDK starts take no signals: those are
 * the command's. What DPDK logs goes into our sentences and nowhere else.
 *
 * Threads that send and receive are none of DPDK's and need not be registered:
 * the pools' caches, for which that is done, are not used (dpdk_tx.c, dpdk_port.c).
 */
#include <errno.h>
#include <pthread.h>
#include <rte_bus.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dev/dpdk_priv.h"

/* Of memory without huge pages, which cannot grow: pages are taken as used. */
#define NO_HUGE_MB 512
#define ARGS	   24
/* Nothing is at this address: an allowed device that is not there keeps the
 * environment from taking over all those that are. Ports are added by name. */
#define NO_DEVICE "ffff:ff:1f.7"

static struct {
	pthread_mutex_t lock;
	struct vn_dpdk_port *ports;
	bool is_up;
	bool has_pci;
	char args[512]; /* what it was set up with */
	/* The first line that was logged since it was cleared: the one nearest to
	 * the cause. Threads of DPDK's may log too. */
	pthread_mutex_t log_lock;
	FILE *log;
	bool has_line;
	char line[160], last[160];
} process = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.log_lock = PTHREAD_MUTEX_INITIALIZER,
};

void vn_dpdk_lock(void)
{
	pthread_mutex_lock(&process.lock);
}

void vn_dpdk_unlock(void)
{
	pthread_mutex_unlock(&process.lock);
}

struct vn_dpdk_port **vn_dpdk_ports(void)
{
	return &process.ports;
}

/* --- what is logged ---------------------------------------------------------------- */

static ssize_t keep_first_line(void *cookie, const char *text, size_t n)
{
	size_t len = strcspn(text, "\n");

	pthread_mutex_lock(&process.log_lock);
	len = VN_MIN(VN_MIN(len, n), sizeof(process.line) - 1);
	if (!process.has_line && len) {
		memcpy(process.line, text, len);
		process.line[len] = '\0';
		process.has_line = true;
	}
	pthread_mutex_unlock(&process.log_lock);
	return (ssize_t)n;
}

static int take_over_log(struct vn_err *err)
{
	const cookie_io_functions_t io = { .write = keep_first_line };

	if (process.log)
		return 0;
	process.log = fopencookie(NULL, "w", io);
	if (!process.log)
		return vn_err_set(err, ENOMEM, "dpdk: no memory");
	setvbuf(process.log, NULL, _IOLBF, 0);
	rte_openlog_stream(process.log);
	return 0;
}

void vn_dpdk_call_begin(struct vn_dpdk_call *c)
{
	sigset_t all;

	pthread_mutex_lock(&process.log_lock);
	process.has_line = false;
	process.line[0] = '\0';
	pthread_mutex_unlock(&process.log_lock);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &c->signals);
	pthread_getaffinity_np(pthread_self(), sizeof(c->cpus), &c->cpus);
}

const char *vn_dpdk_call_end(struct vn_dpdk_call *c)
{
	pthread_setaffinity_np(pthread_self(), sizeof(c->cpus), &c->cpus);
	pthread_sigmask(SIG_SETMASK, &c->signals, NULL);
	pthread_mutex_lock(&process.log_lock);
	memcpy(process.last, process.line, sizeof(process.last));
	pthread_mutex_unlock(&process.log_lock);
	return process.last;
}

/* --- setting up ---------------------------------------------------------------------- */

/* argv, with room for the texts that are put together. */
struct args {
	char text[ARGS][64];
	char *argv[ARGS + 1];
	int argc;
};

static VN_PRINTF(2, 3) void add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text[a->argc], sizeof(a->text[0]), fmt, ap);
	va_end(ap);
	a->argv[a->argc] = a->text[a->argc];
	a->argc++;
}

static void add_path(struct args *a, const char *option, const char *value)
{
	if (!value)
		return;
	add(a, "%s", option);
	a->argv[a->argc++] = (char *)value; /* not written to */
}

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

static bool wants_huge(const struct vn_dpdk_target *t)
{
	return t->huge || (t->is_pci && !t->no_huge);
}

static void make_args(struct args *a, const struct vn_dpdk_target *t)
{
	add(a, "vernier");
	add(a, "--log-level=error");
	add(a, "--no-telemetry");
	add(a, "--lcores=0@%d", t->has_core ? (int)t->core : first_cpu());
	if (wants_huge(t)) {
		add(a, "--in-memory");
		if (t->mem_mb)
			add(a, "-m%d", (int)t->mem_mb);
	} else { /* in memory is said otherwise then */
		add(a, "--no-huge");
		add(a, "--no-shconf");
		add(a, "-m%d", t->mem_mb ? (int)t->mem_mb : NO_HUGE_MB);
	}
	if (t->is_pci)
		add(a, "--allow=" NO_DEVICE);
	else
		add(a, "--no-pci");
	if (t->iova)
		add(a, "--iova-mode=%s", t->iova);
	add_path(a, "--huge-dir", t->huge_dir);
	add_path(a, "--file-prefix", t->file_prefix);
	add_path(a, "-d", t->driver);
}

static void to_text(const struct args *a, char *out, size_t size)
{
	struct vn_text t;

	vn_text_init(&t, out, size);
	for (int i = 1; i < a->argc; i++)
		vn_text_add(&t, " %s", a->argv[i]);
}

/* Why it fails it also prints, with a page of help: that is kept like its log. (So
 * would be what another thread prints meanwhile; while devices are opened for the
 * first time, none does.) */
static int init_quietly(struct args *args, int *error)
{
	FILE *out = stdout, *err = stderr;
	int rc;

	stdout = stderr = process.log;
	rc = rte_eal_init(args->argc, args->argv);
	*error = rc < 0 && rte_errno > 0 ? rte_errno : EIO;
	stdout = out;
	stderr = err;
	return rc;
}

static int set_up(const struct vn_dpdk_target *t, struct vn_err *err)
{
	struct args args = { .argc = 0 };
	struct vn_dpdk_call call;
	const char *said;
	int rc, error;

	make_args(&args, t);
	vn_dpdk_call_begin(&call);
	to_text(&args, process.args, sizeof(process.args)); /* DPDK moves them about */
	rc = init_quietly(&args, &error);
	said = vn_dpdk_call_end(&call);
	if (rc >= 0)
		return 0;
	if (error == EALREADY)
		return vn_err_set(err, EALREADY,
				  "%s: DPDK could not be set up before, and a process can try once",
				  t->name);
	return vn_err_set(err, error, "%s: DPDK cannot be set up: %s%s", t->name,
			  *said ? said : strerror(error),
			  wants_huge(t) ? " (eal-no-huge does without huge pages)" : "");
}

static bool has_words(const struct vn_dpdk_target *t)
{
	return t->huge || t->no_huge || t->mem_mb || t->has_core || t->huge_dir || t->file_prefix ||
	       t->iova || t->driver;
}

/* Who has no words of his own takes what there is. */
static int check_same(const struct vn_dpdk_target *t, struct vn_err *err)
{
	struct args args = { .argc = 0 };
	char text[sizeof(process.args)];

	if (t->is_pci && !process.has_pci)
		return vn_err_set(err, EBUSY,
				  "%s: DPDK was set up without PCI by the first port of this "
				  "process: name this one first",
				  t->name);
	if (!has_words(t))
		return 0;
	make_args(&args, t);
	to_text(&args, text, sizeof(text));
	if (!strcmp(text, process.args))
		return 0;
	return vn_err_set(err, EBUSY,
			  "%s: DPDK was set up otherwise by the first port of this process "
			  "(%s): words that begin with eal- belong there",
			  t->name, process.args + 1);
}

int vn_dpdk_eal_start(const struct vn_dpdk_target *t, struct vn_err *err)
{
	int rc;

	if (process.is_up)
		return check_same(t, err);
	rc = take_over_log(err);
	if (!rc)
		rc = set_up(t, err);
	if (rc)
		return rc;
	process.is_up = true;
	process.has_pci = t->is_pci;
	return 0;
}
