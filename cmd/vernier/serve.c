/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier serve: the control tree for everybody in this network namespace, as
 * files and by a socket, until a signal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "background.h"
#include "command.h"
#include "control.h"
#include "ctl/mount.h"
#include "ctl/socket.h"
#include "interrupt.h"
#include "metrics.h"
#include "net/netfs.h"
#include "options.h"

#define DEFAULT_DIR "/run/vernier"
#define LOOK_NS 100000000ull /* how long a mount that was taken off may stay unnoticed */

struct serve_options {
	struct control_options control; /* first: CONTROL_ROWS */
	const char *dir, *socket, *metrics;
	bool is_socket_only, is_background;
};

#define OFF(member) offsetof(struct control_options, member)
#define OWN(member) offsetof(struct serve_options, member)
#define CAPTURE(member) OWN(control.capture.member)

static const struct vn_option serve_rows[] = {
	{ .name = "mount", .metavar = "DIR", .offset = OWN(dir),
	  .help = "serve DIR/net/pktgen and more (default " DEFAULT_DIR ")" },
	{ .name = "socket", .metavar = "NAME", .offset = OWN(socket), .def = VN_SOCKET_NAME,
	  .help = "listen for vernier ctl by this name, or at this path" },
	{ .name = "no-mount", .offset = OWN(is_socket_only),
	  .help = "the socket only, no files" },
	{ .name = "background", .offset = OWN(is_background),
	  .help = "return when everything is there; the server goes on" },
	METRICS_ROW(OWN(metrics)),
	CAPTURING_ROWS(CAPTURE),
	CONTROL_ROWS,
};

const struct vn_options serve_spec = {
	.command = "serve",
	.brief = "serve pktgen's control files",
	.args = "",
	.summary = "Serves pktgen's control files, DIR/net/pktgen/pgctrl and so on, without the\n"
		   "kernel's module, and the same by a socket to vernier ctl. Ends on SIGINT or\n"
		   "SIGTERM: what runs is stopped, and its results are printed.",
	.examples =
		"  vernier serve --mount /tmp/proc &\n"
		"  echo add_device eth1@0 > /tmp/proc/net/pktgen/kpktgend_0\n"
		"  echo count 100000 > /tmp/proc/net/pktgen/eth1@0\n"
		"  echo start > /tmp/proc/net/pktgen/pgctrl\n"
		"  vernier serve --background --no-mount; vernier ctl pgctrl start\n"
		"  vernier serve --device out=pcap:/tmp/out.pcap\n",
	.rows = serve_rows,
	.n_rows = VN_ARRAY_SIZE(serve_rows),
};

struct serve {
	struct serve_options o;
	struct control control;
	struct vn_netfs netfs; /* of the net of simulated devices */
	struct vn_mount *mount;
	struct vn_socket_server *socket;
	struct vn_metrics *metrics;
	uint64_t begin_ns;
	struct vn_interrupt interrupt;
	_Atomic uint32_t is_over; /* futex word: a signal came */
	char dir[4096];
	bool made_dir;            /* and remove it at the end */
};

/* --- files ------------------------------------------------------------------------ */

static void lock_net(void *arg)
{
	vn_simnet_lock(arg);
}

static void unlock_net(void *arg)
{
	vn_simnet_unlock(arg);
}

static void make_netfs(struct serve *s)
{
	struct vn_netfs_opts opts = { .lock = lock_net, .unlock = unlock_net };

	opts.arg = s->control.simnet;
	opts.net = vn_simnet_lock(s->control.simnet);
	vn_simnet_unlock(s->control.simnet);
	vn_netfs_init(&s->netfs, &opts);
}

static int make_mount(struct serve *s, struct vn_err *err)
{
	struct vn_err why = { "" };
	int rc;

	if (s->o.is_socket_only)
		return 0;
	make_netfs(s);
	snprintf(s->dir, sizeof(s->dir), "%s", s->o.dir ? s->o.dir : DEFAULT_DIR);
	/* Not its parents: a path that is wrong further up is a typing error. */
	s->made_dir = mkdir(s->dir, 0755) == 0;
	if (!s->made_dir && errno != EEXIST && errno != ENOTCONN)
		return vn_err_set(err, errno, "%s: %s (choose a directory with --mount)", s->dir,
				  strerror(errno));
	rc = vn_mount_open(s->control.tree, &s->netfs.files, s->dir, &s->mount, &why);
	if (rc == -ENODEV) { /* the socket still is of use */
		fprintf(stderr, "vernier: serve: no files: %s\n", why.text);
		return 0;
	}
	*err = why;
	return rc;
}

/* --- results ----------------------------------------------------------------------- */

struct files {
	struct { uint64_t file; char name[VN_ENTRY_NAME]; } *v;
	size_t n;
	const struct vn_tree *tree;
};

static int keep_device(void *arg, const char *name, uint64_t file)
{
	struct files *f = arg;
	void *v;

	if (vn_tree_is_permanent(f->tree, file))
		return 0;
	v = realloc(f->v, (f->n + 1) * sizeof(*f->v));
	if (!v)
		return -ENOMEM;
	f->v = v;
	f->v[f->n].file = file;
	snprintf(f->v[f->n].name, sizeof(f->v[f->n].name), "%s", name);
	f->n++;
	return 0;
}

/* Two lines for each device that has the result of a run. */
static void print_results(struct vn_tree *tree)
{
	struct files f = { .tree = tree };
	char *text = malloc(VN_TREE_TEXT_MAX + 1);

	vn_tree_list(tree, keep_device, &f);
	for (size_t i = 0; i < f.n && text; i++) {
		ssize_t len = vn_tree_read(tree, f.v[i].file, text, VN_TREE_TEXT_MAX);
		const char *result;

		text[len < 0 ? 0 : len] = '\0';
		result = strstr(text, "\nResult: OK: ");
		if (result && strstr(result, "pps "))
			printf("%s: %s", f.v[i].name, result + strlen("\nResult: "));
	}
	free(f.v);
	free(text);
	fflush(stdout);
}

/* --- metrics ----------------------------------------------------------------------- */

struct looked {
	struct serve *serve;
	struct vn_snapshot *out;
};

static int take_entries(void *arg, const struct vn_tree_entry *entries, unsigned int n)
{
	struct looked *l = arg;
	struct vn_snap_source *sources = calloc(n + 1, sizeof(*sources));
	int rc;

	if (!sources)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		sources[i] = (struct vn_snap_source){
			.name = entries[i].name,
			.interface = entries[i].interface,
			.driver = entries[i].driver,
			.tx = entries[i].stats,
			.burst = 1,
		};
	rc = vn_snapshot_take(
		&(struct vn_snap_input){
			.sources = sources,
			.n = n,
			.begin_ns = l->serve->begin_ns,
			.now_ns = vn_clock_now(&l->serve->control.clock),
			.engine = l->serve->control.engine,
		},
		l->out);
	free(sources);
	return rc;
}

/* On the thread that answers. */
static int take_metrics(void *arg, struct vn_snapshot *out)
{
	struct serve *s = arg;
	struct looked l = { s, out };

	return vn_tree_look(s->control.tree, take_entries, &l);
}

static int open_metrics(struct serve *s, struct vn_err *err)
{
	const struct vn_metrics_run told = { .command = "serve" };
	int rc = vn_metrics_open(s->o.metrics, &told, &s->metrics, err);

	s->begin_ns = vn_clock_now(&s->control.clock);
	vn_metrics_begin(s->metrics, take_metrics, s);
	return rc;
}

/* --- life -------------------------------------------------------------------------- */

static void end_it(void *arg)
{
	struct serve *s = arg;

	vn_tree_shut(s->control.tree);
	vn_clock_wake(&s->is_over, 1);
}

static void say_ready(const struct serve *s)
{
	if (s->mount)
		printf("serving %s/" VN_MOUNT_TREE ", socket %s\n", s->dir, s->o.socket);
	else
		printf("serving socket %s\n", s->o.socket);
	fflush(stdout);
	vn_metrics_print(s->metrics, s->o.control.is_quiet, stderr);
}

static void wait_for_end(struct serve *s)
{
	struct vn_clock *clock = &s->control.clock;

	while (!atomic_load_explicit(&s->is_over, memory_order_acquire)) {
		if (s->mount && vn_mount_is_gone(s->mount))
			return;
		clock->wait(clock, vn_clock_now(clock) + LOOK_NS, &s->is_over);
		capturing_flush(&s->control.capturing);
	}
}

/* ready: a descriptor on which the parent waits, -1 without one. */
static int run(void *arg, int ready, struct vn_err *err)
{
	struct serve *s = arg;
	int rc;

	rc = control_open(&s->control, &s->o.control, err);
	if (!rc)
		rc = make_mount(s, err);
	if (!rc)
		rc = vn_socket_serve(s->control.tree, s->o.socket, &s->socket, err);
	if (!rc)
		rc = open_metrics(s, err);
	if (!rc) {
		rc = vn_interrupt_listen(&s->interrupt, end_it, s);
		if (rc)
			vn_err_set(err, -rc, "cannot start a thread: %s", strerror(-rc));
	}
	if (!rc) {
		say_ready(s);
		vn_background_ready(ready);
		wait_for_end(s);
		end_it(s);
	}
	vn_metrics_close(s->metrics);
	vn_socket_close(s->socket);
	vn_mount_close(s->mount);
	if (s->made_dir)
		rmdir(s->dir);
	if (!rc && !s->o.control.is_quiet && ready < 0)
		print_results(s->control.tree);
	if (!rc)
		rc = control_finish(&s->control, err);
	control_close(&s->control);
	return rc;
}

int vn_cmd_serve(int argc, char **argv, struct vn_err *err)
{
	struct serve *s = calloc(1, sizeof(*s));
	int first, rc;

	if (!s) {
		vn_err_set(err, ENOMEM, "no memory");
		return VN_EXIT_FAILED;
	}
	rc = vn_options_parse(&serve_spec, &s->o, argc, argv, &first, err);
	if (!rc)
		rc = vn_metrics_check(s->o.metrics, 0, err);
	if (rc) {
		free(s);
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	}
	vn_interrupt_block(&s->interrupt);
	rc = s->o.is_background ? vn_background_run(run, s, err) : run(s, -1, err);
	vn_interrupt_end(&s->interrupt);
	free(s);
	if (rc == -EINVAL)
		return VN_EXIT_USAGE;
	return rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}
