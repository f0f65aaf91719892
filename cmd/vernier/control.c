/* SPDX-License-Identifier: BSD-2-Clause */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cpus.h"
#include "net/netdev.h"
#include "seed.h"

int control_take_device(void *dest, const char *value, struct vn_err *err)
{
	struct control_options *o = dest;
	struct control_simulated *s = &o->simulated[o->n_simulated];
	size_t name_len = strcspn(value, "="), driver_len;
	const char *driver = value + name_len + 1;

	if (o->n_simulated == CONTROL_SIMULATED_MAX)
		return vn_err_set(err, E2BIG, "--device: more than %d devices",
				  CONTROL_SIMULATED_MAX);
	if (name_len == 0 || name_len >= sizeof(s->name) || !value[name_len])
		return vn_err_set(err, EINVAL,
				  "--device: \"%s\" is not NAME=DRIVER or NAME=DRIVER:TARGET, "
				  "with a name of 1 to %zu characters",
				  value, sizeof(s->name) - 1);
	driver_len = strcspn(driver, ":");
	snprintf(s->name, sizeof(s->name), "%.*s", (int)name_len, value);
	snprintf(s->driver, sizeof(s->driver), "%.*s", (int)driver_len, driver);
	s->target = driver[driver_len] ? driver + driver_len + 1 : "";
	if (!vn_netdev_driver(s->driver))
		return vn_err_set(err, EINVAL,
				  "--device: no driver \"%s\" (vernier drivers lists them)",
				  s->driver);
	o->n_simulated++;
	return 0;
}

/* --- where the tree finds devices ------------------------------------------------ */

static int open_simulated(struct control *c, const struct control_simulated *s,
			  struct vn_netdev **out, struct vn_err *err)
{
	const struct vn_netdev_opts opts = {
		.target = s->target,
		.clock = &c->clock,
		.name = s->name,
		.simnet = c->simnet,
	};
	int rc = vn_netdev_open(s->driver, VN_CAP_TX, &opts, out, err);

	if (!rc)
		snprintf((*out)->name, sizeof((*out)->name), "%s", s->name);
	return rc;
}

static int open_device(void *arg, const char *name, struct vn_netdev **out, struct vn_err *err)
{
	struct control *c = arg;
	const struct vn_netdev_opts opts = { .target = name, .clock = &c->clock };

	for (unsigned int i = 0; i < c->o->n_simulated; i++)
		if (!strcmp(c->o->simulated[i].name, name))
			return open_simulated(c, &c->o->simulated[i], out, err);
	*out = NULL;
	if (!*name)
		return vn_err_set(err, ENODEV, "no device name");
	return vn_netdev_open(c->o->driver, VN_CAP_TX, &opts, out, err);
}

static int open_tapped(void *arg, const char *name, struct vn_netdev **out, struct vn_err *err)
{
	struct control *c = arg;
	int rc = open_device(c, name, out, err);

	if (!rc && c->capturing.capture)
		(*out)->tap = &c->capturing.tap;
	return rc;
}

static int next_event(void *arg, struct vn_netdev_event *ev)
{
	return vn_link_watch_next(((struct control *)arg)->watch, ev);
}

/* As the kernel's log has it. */
static void print_log(void *arg, const char *line)
{
	fprintf(stderr, "pktgen: %s\n", line);
}

static void print_line(void *arg, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

/* --- making ---------------------------------------------------------------------- */

static int choose_cpus(const struct control_options *o, struct vn_cpus *cpus, struct vn_err *err)
{
	struct vn_cpus allowed;
	int rc = vn_cpus_allowed(&allowed, err);

	*cpus = allowed;
	if (rc || !o->cpus)
		return rc;
	rc = vn_cpus_parse("--cpus", o->cpus, cpus, err);
	for (unsigned int i = 0; !rc && i < cpus->n; i++)
		rc = vn_cpus_check("--cpus", cpus->v[i], &allowed, err);
	return rc;
}

static int make_engine(struct control *c, struct vn_err *err)
{
	struct vn_cpus cpus;
	struct vn_engine_opts opts = { .clock = &c->clock };
	int rc = choose_cpus(c->o, &cpus, err);

	if (!rc)
		rc = vn_seed_choose(c->o->seed, &c->seed, err);
	if (rc)
		return rc;
	opts.cpus = cpus.v;
	opts.n_cpus = cpus.n;
	opts.seed = c->seed;
	opts.sas = &c->sas.source;
	return vn_engine_new(&opts, &c->engine, err);
}

/* Devices that live in a net are there before anybody attaches them. */
static int make_net(struct control *c, struct vn_err *err)
{
	const struct vn_simnet_opts opts = {
		.clock = &c->clock,
		.seed = c->seed,
		.log = c->o->is_quiet ? NULL : print_line,
	};
	int rc = vn_simnet_new(&opts, &c->simnet, err);

	for (unsigned int i = 0; i < c->o->n_simulated && !rc; i++) {
		const struct control_simulated *s = &c->o->simulated[i];

		if (vn_netdev_driver(s->driver)->caps & VN_CAP_FAR_END)
			rc = open_simulated(c, s, &c->kept[i], err);
	}
	return rc;
}

static int open_capture(struct control *c, struct vn_err *err)
{
	int rc = capturing_check(&c->o->capture, err);

	if (!rc && capturing_takes_stdout(&c->o->capture))
		rc = vn_err_set(err, EINVAL, "--capture -: needs a file");
	if (!rc && c->o->capture.filter && !c->o->capture.file)
		rc = vn_err_set(err, EINVAL, "--filter: needs --capture");
	if (!rc)
		rc = capturing_plan(&c->capturing, &c->o->capture, "out", err);
	return rc ? rc : capturing_open(&c->capturing, err);
}

int control_open(struct control *c, const struct control_options *o, struct vn_err *err)
{
	struct vn_tree_opts opts = {
		.devices = { .open = open_tapped, .arg = c },
		.count = o->count,
		.delay_ns = o->delay_ns,
		.clone_skb = (int32_t)o->clone_skb,
		.debug = (int32_t)o->debug,
		.really_on = o->really_on,
		.log = o->is_quiet ? NULL : print_log,
	};
	const char *driver = o->driver;
	int rc;

	memset(c, 0, sizeof(*c));
	c->o = o;
	vn_clock_real(&c->clock);
	rc = vn_driver_choose(&driver, VN_CAP_TX | VN_CAP_NEEDS_IF, err);
	if (!rc)
		rc = open_capture(c, err);
	if (!rc)
		rc = sas_open(&c->sas, o->sa, err);
	if (!rc)
		rc = make_engine(c, err);
	if (!rc)
		rc = make_net(c, err);
	if (!rc)
		rc = vn_link_watch_open(&c->watch, err);
	if (!rc) {
		opts.engine = c->engine;
		opts.devices.next_event = next_event;
		rc = vn_tree_new(&opts, &c->tree, err);
	}
	if (rc)
		control_close(c);
	return rc;
}

int control_finish(struct control *c, struct vn_err *err)
{
	return capturing_finish(&c->capturing, err);
}

void control_close(struct control *c)
{
	vn_tree_free(c->tree);
	vn_engine_free(c->engine);
	for (unsigned int i = 0; i < CONTROL_SIMULATED_MAX; i++)
		vn_netdev_close(c->kept[i]);
	vn_simnet_put(c->simnet);
	vn_link_watch_close(c->watch);
	sas_close(&c->sas);
	capturing_close(&c->capturing);
	memset(c, 0, sizeof(*c));
}
