/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier nf2d: opens what the command line names, serves, and says how it ended.
 */
#include "nf2d.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include "background.h"
#include "base/cpu.h"
#include "command.h"
#include "engine/realtime.h"
#include "options.h"

void nf2d_log(void *arg, const char *text)
{
	const struct nf2d *n = arg;

	if (nf2d_is_syslog(n))
		syslog(LOG_NOTICE, "%s: %s", n->s.name, text);
	else
		fprintf(stderr, "vernier: nf2d: %s: %s\n", n->s.name, text);
}

/* --- what the driver calls ------------------------------------------------------------ */

/* The name of messages that this process gives to its own driver. */
static uint32_t own_pid(const struct nf2d *n)
{
	return CAL_PORT_CONTROL + (uint32_t)n->s.card;
}

static int dma_tx(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct nf2d *n = arg;

	return nf2d_cardlink_dma_tx(&n->link, bytes, len);
}

static int dma_rx(void *arg)
{
	struct nf2d *n = arg;

	return nf2d_cardlink_dma_rx(&n->link);
}

static uint32_t read_status(void *arg)
{
	struct nf2d *n = arg;

	return nf2d_cardlink_read_status(&n->link);
}

static void write_mask(void *arg, uint32_t mask)
{
	struct nf2d *n = arg;

	nf2d_cardlink_write_mask(&n->link, mask);
}

/* An answer to a message of our own: of the policy, which is refused or not. */
static int hear_answer(struct nf2d *n, const void *bytes, size_t len)
{
	struct nlmsghdr head;
	struct nlmsgerr error;

	if (len < sizeof(head) + sizeof(error))
		return 0;
	memcpy(&head, bytes, sizeof(head));
	memcpy(&error, (const uint8_t *)bytes + sizeof(head), sizeof(error));
	if (head.nlmsg_type == NLMSG_ERROR && error.error)
		n->policy_error = error.error;
	return 0;
}

int nf2d_nl_send(void *arg, uint32_t pid, const void *bytes, size_t len)
{
	struct nf2d *n = arg;

	return pid == own_pid(n) ? hear_answer(n, bytes, len)
				 : nf2d_peers_send(n->peers, pid, bytes, len);
}

static void deliver(void *arg, const uint8_t *frame, uint32_t len)
{
	struct nf2d *n = arg;

	nf2d_iface_write(&n->iface, frame, len);
}

void nf2d_carrier(void *arg, bool on)
{
	struct nf2d *n = arg;

	nf2d_iface_carrier(&n->iface, on);
}

uint64_t nf2d_now(void *arg)
{
	struct nf2d *n = arg;

	return vn_clock_now(&n->clock);
}

static const struct vn_nf2_ops card_ops = {
	.dma_tx = dma_tx,
	.dma_rx = dma_rx,
	.read_status = read_status,
	.write_mask = write_mask,
	.nl_send = nf2d_nl_send,
	.deliver = deliver,
	.carrier = nf2d_carrier,
	.now = nf2d_now,
	.log = nf2d_log,
};

/* --- set-up -------------------------------------------------------------------------- */

static int open_iface(struct nf2d *n, struct vn_err *err)
{
	int rc;

	if (nf2d_is_soft(&n->s))
		return nf2d_iface_find(&n->iface, n->s.name, err);
	rc = nf2d_iface_make(&n->iface, n->s.name, (unsigned int)n->s.card, err);
	return rc ? rc : nf2d_frames_start(&n->frames, n->iface.fd, err);
}

static int open_driver(struct nf2d *n, struct vn_err *err)
{
	struct vn_nf2_config cfg = {
		.card = (unsigned int)n->s.card,
		.txbuffs = (unsigned int)n->s.txbuffs,
		.transfers = 1,
	};

	snprintf(cfg.ifname, sizeof(cfg.ifname), "%s", n->iface.name);
	memcpy(cfg.mac, n->iface.mac, sizeof(cfg.mac));
	if (nf2d_is_soft(&n->s))
		nf2d_soft_config(n, &cfg);
	return vn_nf2_new(&cfg, nf2d_is_soft(&n->s) ? &nf2d_soft_ops : &card_ops, n, &n->driver,
			  err);
}

static int set_policy(struct nf2d *n, struct vn_err *err)
{
	uint64_t message[NF2D_POLICY_BYTES / 8];
	uint32_t next = 0;

	if (!n->s.has_policy)
		return 0;
	do {
		uint32_t len = nf2d_policy_message(&n->s.policy, (unsigned int)n->s.card, next,
						   message, &next);

		vn_nf2_control(n->driver, own_pid(n), message, len);
	} while (next && !n->policy_error);
	if (!n->policy_error)
		return 0;
	return vn_err_set(err, -n->policy_error, "--policy %s: the driver does not take it: %s",
			  n->s.policy_text, strerror(-n->policy_error));
}

static void on_signal(void *arg)
{
	struct nf2d *n = arg;
	const uint64_t one = 1;

	vn_clock_wake(&n->stop_word, 1);
	/* Nothing else is written there, so that it has room. */
	if (write(n->stop_fd, &one, sizeof(one)) < 0)
		return;
}

static int listen_to_signals(struct nf2d *n, struct vn_err *err)
{
	int rc;

	n->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = n->stop_fd < 0 ? -errno : vn_interrupt_listen(&n->interrupt, on_signal, n);
	return rc ? vn_err_set(err, -rc, "cannot listen to signals: %s", strerror(-rc)) : 0;
}

static int become_realtime(const struct nf2d *n, struct vn_err *err)
{
	struct vn_realtime_case c = { .asked = VN_REALTIME_ON, .is_paced = true };
	int rc = vn_cpu_list(NULL, 0);

	c.n_cpus = rc > 0 ? (unsigned int)rc : 1;
	vn_rt_budget_read("/", &c.budget);
	rc = vn_realtime_check(&c, n->s.has_cpu ? (int)n->s.cpu : 0, err);
	if (rc)
		return rc;
	rc = vn_realtime_begin();
	return rc ? vn_err_set(err, -rc, "--realtime: %s; it takes " VN_REALTIME_RIGHT,
			       strerror(-rc))
		  : 0;
}

/* The calling thread is the one that keeps the times; others, and the card's process, are there
 * already, or begin as ever. */
static int take_cpu(const struct nf2d *n, struct vn_err *err)
{
	int rc = n->s.has_cpu ? vn_cpu_pin((int)n->s.cpu) : 0;

	if (rc)
		return vn_err_set(err, -rc, "--cpu %u: %s", (unsigned int)n->s.cpu, strerror(-rc));
	return n->s.is_realtime ? become_realtime(n, err) : 0;
}

/* Sockets first: where another driver is, nothing else is touched. */
static int open_all(struct nf2d *n, struct vn_err *err)
{
	int rc = nf2d_peers_open((unsigned int)n->s.card, n->s.uid, &n->peers, err);

	if (!rc)
		rc = nf2d_report_open(n, err);
	if (!rc)
		rc = open_iface(n, err);
	if (!rc)
		rc = nf2d_is_soft(&n->s) ? nf2d_soft_open(n, err) : nf2d_card_find(n, err);
	if (!rc)
		rc = open_driver(n, err);
	if (!rc)
		rc = set_policy(n, err);
	if (!rc)
		rc = listen_to_signals(n, err);
	if (!rc)
		rc = take_cpu(n, err);
	if (!rc && n->s.pidfile)
		rc = nf2d_pidfile_open(&n->pidfile, n->s.pidfile, err);
	if (!rc && n->s.sets_up)
		rc = nf2d_iface_set_up(&n->iface, err);
	return rc;
}

/* --- life ---------------------------------------------------------------------------- */

static void say_ready(const struct nf2d *n)
{
	if (n->s.is_quiet)
		return;
	printf("card %" PRIu64 " on %s\n", n->s.card, n->iface.name);
	fflush(stdout);
}

static int serve(struct nf2d *n, int ready, struct vn_err *err)
{
	int rc;

	say_ready(n);
	if (ready >= 0) {
		openlog("vernier-nf2d", LOG_PID, LOG_DAEMON);
		/* For nf2d_is_syslog() of the thread that reads what the card says. */
		atomic_store_explicit(&n->is_syslog, true, memory_order_release);
		vn_background_ready(ready);
	}
	if (n->iface.is_up) /* it was, before anybody watched it */
		nf2d_card_up(n);
	rc = nf2d_is_soft(&n->s) ? nf2d_soft_loop(n, err) : nf2d_loop(n, err);
	if (rc && nf2d_is_syslog(n))
		nf2d_log(n, err->text);
	return rc;
}

/* Marks are answered before the sockets close. -errno with a sentence when the card did not end
 * well. */
static int close_all(struct nf2d *n, struct vn_err *err)
{
	int rc;

	vn_nf2_free(n->driver);
	nf2d_soft_close(n);
	nf2d_cardlink_close(&n->link);
	rc = nf2d_simulator_end(&n->sim, err);
	nf2d_frames_stop(&n->frames);
	nf2d_iface_close(&n->iface);
	nf2d_peers_close(n->peers);
	if (n->stats && n->stats != stdout)
		fclose(n->stats);
	nf2d_pidfile_close(&n->pidfile);
	return rc;
}

/* What went wrong first is err's; what did besides, and in the background all, is logged. */
static int add_trouble(struct nf2d *n, int rc, int more, const struct vn_err *why,
		       struct vn_err *err)
{
	if (more && (rc || nf2d_is_syslog(n)))
		nf2d_log(n, why->text);
	if (more && !rc)
		*err = *why;
	return rc ? rc : more;
}

/* ready: a descriptor on which the parent waits, -1 without one. */
static int run(void *arg, int ready, struct vn_err *err)
{
	struct nf2d *n = arg;
	struct vn_err why = { "" };
	int rc = open_all(n, err), more;

	if (!rc) {
		rc = serve(n, ready, err);
		vn_nf2_down(n->driver);
		more = nf2d_report(n, &why);
		rc = add_trouble(n, rc, more, &why, err);
	}
	more = close_all(n, &why);
	return add_trouble(n, rc, more, &why, err);
}

/* A reader of what it says that leaves ends nobody's traffic. A standard descriptor that is
 * closed is taken, so that nothing of ours gets its number; it can be read only, so that who
 * writes there hears of it as before. */
static void secure_outputs(void)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int vn_cmd_nf2d(int argc, char **argv, struct vn_err *err)
{
	struct nf2d *n = calloc(1, sizeof(*n));
	int rc;

	if (!n) {
		vn_err_set(err, ENOMEM, "no memory");
		return VN_EXIT_FAILED;
	}
	n->stop_fd = n->link.client.fd = n->iface.fd = n->iface.ask_fd = n->pidfile.fd = -1;
	n->sim.pidfd = n->sim.fd = -1;
	n->retry_ns = UINT64_MAX;
	vn_clock_real(&n->clock);
	rc = nf2d_settings_parse(&n->s, argc, argv, err);
	if (rc) {
		rc = rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	} else {
		secure_outputs();
		vn_interrupt_block(&n->interrupt);
		rc = n->s.is_foreground ? run(n, -1, err) : vn_background_run(run, n, err);
		vn_interrupt_end(&n->interrupt);
		if (n->stop_fd >= 0) /* whose thread may have been writing to it */
			close(n->stop_fd);
		rc = rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
	}
	nf2d_settings_fini(&n->s);
	free(n);
	return rc;
}
