/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier probe IF: what each driver could do with this interface, what keeps it
 * from more and which command would mend that, and what the interface and the
 * machine are. Nothing is changed, nothing is sent.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "choice.h"
#include "command.h"
#include "dev/hwstamp.h"
#include "dev/launch_qdisc.h"
#include "dev/link.h"
#include "dev/xdp_features.h"
#include "fact.h"
#include "net/netdev.h"
#include "options.h"
#include "probe_machine.h"

struct probe_options {
	bool is_json;
};

static const struct vn_option probe_rows[] = {
	{ .name = "json",
	  .offset = offsetof(struct probe_options, is_json),
	  .help = "print one object of JSON instead of tables" },
};

const struct vn_options probe_spec = {
	.command = "probe",
	.brief = "say what each driver could do with an interface, and what mends it",
	.args = "IF",
	.summary = "Says what each driver could do with the interface IF, what keeps it from more\n"
		   "and which command mends that; and what interface and machine offer. Changes\n"
		   "nothing.",
	.examples = "  vernier probe eth1\n"
		    "  vernier probe eth1 --json | jq .auto.driver\n",
	.rows = probe_rows,
	.n_rows = VN_ARRAY_SIZE(probe_rows),
	.args_min = 1,
	.args_max = 1,
	.has_interface = true,
};

/* --- the interface --------------------------------------------------------------- */

static void ask_driver(struct vn_fact *f, const void *arg)
{
	char driver[32];

	vn_link_driver(((const struct vn_link *)arg)->ifindex, driver);
	if (driver[0])
		vn_fact_text(f, driver);
}

static void ask_up(struct vn_fact *f, const void *arg)
{
	vn_fact_yes(f, ((const struct vn_link *)arg)->is_up);
}

static void ask_carrier(struct vn_fact *f, const void *arg)
{
	vn_fact_yes(f, ((const struct vn_link *)arg)->has_carrier);
}

static void ask_mtu(struct vn_fact *f, const void *arg)
{
	vn_fact_number(f, ((const struct vn_link *)arg)->mtu);
}

static void ask_speed(struct vn_fact *f, const void *arg)
{
	const struct vn_link *l = arg;

	if (l->speed_bps)
		vn_fact_number(f, l->speed_bps);
}

static void ask_txq(struct vn_fact *f, const void *arg)
{
	vn_fact_number(f, ((const struct vn_link *)arg)->n_txq);
}

static void ask_rxq(struct vn_fact *f, const void *arg)
{
	vn_fact_number(f, ((const struct vn_link *)arg)->n_rxq);
}

static void ask_qdisc(struct vn_fact *f, const void *arg)
{
	vn_fact_text(f, ((const struct vn_link *)arg)->qdisc);
}

/* One of the questions of dev/hwstamp.h. */
typedef int (*stamps_fn)(const struct vn_hwstamp_io *io, int ifindex, struct vn_err *err);

static void ask_stamps_of(struct vn_fact *f, const struct vn_link *l, stamps_fn offered)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct vn_err why = { "" };
	struct vn_hwstamp_io io;

	if (fd < 0)
		return;
	vn_hwstamp_system(&io, &fd);
	vn_fact_ability(f, offered(&io, l->ifindex, &why), why.text);
	close(fd);
}

static void ask_stamps(struct vn_fact *f, const void *arg)
{
	ask_stamps_of(f, arg, vn_hwstamp_offered);
}

static void ask_departure_kernel(struct vn_fact *f, const void *arg)
{
	ask_stamps_of(f, arg, vn_hwstamp_kernel_tx);
}

static void ask_departure_hardware(struct vn_fact *f, const void *arg)
{
	ask_stamps_of(f, arg, vn_hwstamp_offered_tx);
}

static void ask_launch_qdisc(struct vn_fact *f, const void *arg)
{
	const struct vn_link *l = arg;
	const struct vn_txq_opts any = { .may_move = true };
	struct vn_netdev dev = { .ifindex = l->ifindex, .n_txq = l->n_txq };
	struct vn_err why = { "" };
	struct vn_launch_qdisc q;
	int rc;

	snprintf(dev.name, sizeof(dev.name), "%s", l->name);
	rc = vn_launch_qdisc_find(&dev, &any, &q, &why);
	vn_fact_ability(f, rc, vn_err_reason(vn_err_reason(why.text, l->name), "launch qdisc"));
}

static void ask_launch_device(struct vn_fact *f, const void *arg)
{
	uint64_t features;
	int rc = vn_xsk_features(((const struct vn_link *)arg)->ifindex, &features);

	if (rc)
		vn_fact_ability(f, rc, "the kernel does not tell");
	else if (features & VN_XSK_TX_LAUNCH_TIME_FIFO)
		vn_fact_ability(f, 0, "");
	else
		vn_fact_ability(f, -EOPNOTSUPP,
				"its driver does not have the AF_XDP feature tx-launch-time-fifo");
}

static const struct vn_fact_row link_rows[] = {
	{ "driver", "driver", "", VN_FACT_IS_TEXT, ask_driver },
	{ "up", "up", "", VN_FACT_IS_YES, ask_up },
	{ "carrier", "carrier", "", VN_FACT_IS_YES, ask_carrier },
	{ "mtu", "MTU", "bytes", VN_FACT_IS_NUMBER, ask_mtu },
	{ "speed_bps", "speed", "bit/s", VN_FACT_IS_NUMBER, ask_speed },
	{ "tx_queues", "transmit queues", "", VN_FACT_IS_NUMBER, ask_txq },
	{ "rx_queues", "receive queues", "", VN_FACT_IS_NUMBER, ask_rxq },
	{ "qdisc", "discipline", "", VN_FACT_IS_TEXT, ask_qdisc },
	{ "hardware_stamps", "hardware stamps", "", VN_FACT_IS_ABILITY, ask_stamps },
	{ "departure_stamps_kernel", "kernel stamps of departure", "", VN_FACT_IS_ABILITY,
	  ask_departure_kernel },
	{ "departure_stamps_hardware", "hardware stamps of departure", "", VN_FACT_IS_ABILITY,
	  ask_departure_hardware },
	{ "launch_qdisc", "launch by discipline", "", VN_FACT_IS_ABILITY, ask_launch_qdisc },
	{ "launch_device", "launch by hardware", "", VN_FACT_IS_ABILITY, ask_launch_device },
};

/* --- the drivers ----------------------------------------------------------------- */

static const char *yes_no(bool is_yes)
{
	return is_yes ? "yes" : "no";
}

static void print_driver(const struct vn_netdev_ops *ops, const struct vn_netdev_probe *p,
			 const char *ifname)
{
	const char *why = vn_err_reason(p->why, ifname);

	printf("%-9s  %-5s  %-8s  %s%s%s\n", ops->name, yes_no(p->can_send), yes_no(p->can_receive),
	       p->how[0] ? p->how : "-", why[0] ? "; " : "", why);
	if (p->mend[0])
		printf("%-26s  mend: %s\n", "", p->mend);
}

static json_t *driver_json(const struct vn_netdev_ops *ops, const struct vn_netdev_probe *p)
{
	return json_pack("{s:s,s:b,s:b,s:b,s:s,s:s,s:s}", "name", ops->name, "sends", p->can_send,
			 "receives", p->can_receive, "zero_copy", p->is_zero_copy, "how", p->how,
			 "why", p->why, "mend", p->mend);
}

/* Those that are for interfaces; prints them, or adds them to a list. */
static bool tell_drivers(const char *ifname, json_t *list)
{
	struct vn_netdev_probe p;
	bool can_send = false;

	for (const struct vn_netdev_ops *const *d = vn_netdev_drivers; *d; d++) {
		if (!((*d)->caps & VN_CAP_NEEDS_IF))
			continue;
		vn_netdev_probe(*d, ifname, &p);
		can_send |= p.can_send;
		if (list)
			json_array_append_new(list, driver_json(*d, &p));
		else
			print_driver(*d, &p, ifname);
	}
	return can_send;
}

/* What `vernier send` would take for streams that need nothing special. */
static const char *choose(const char *ifname, char *why, unsigned int cap)
{
	struct vn_choice c = {
		.drivers = vn_netdev_drivers,
		.ifnames = &ifname,
		.n_ifnames = 1,
		.needs = VN_CAP_TX,
	};
	const struct vn_netdev_ops *ops = vn_choice_next(&c);

	vn_choice_text(&c, why, cap);
	return ops ? ops->name : "none";
}

/* --- all of it ------------------------------------------------------------------- */

static bool tell_text(const struct vn_link *l)
{
	const char *driver;
	char why[700];
	bool can_send;

	printf("%s\n", l->name);
	vn_facts_print(link_rows, VN_ARRAY_SIZE(link_rows), l, stdout);
	printf("\n%-9s  %-5s  %-8s  how\n", "driver", "sends", "receives");
	can_send = tell_drivers(l->name, NULL);
	driver = choose(l->name, why, sizeof(why));
	printf("\nvernier send would take %s: %s\n\nmachine\n", driver, why);
	vn_facts_print(probe_machine_rows, probe_machine_n_rows, NULL, stdout);
	return can_send;
}

static bool tell_json(const struct vn_link *l)
{
	json_t *drivers = json_array();
	const char *driver;
	char why[700];
	json_t *o;
	bool can_send = tell_drivers(l->name, drivers);

	driver = choose(l->name, why, sizeof(why));
	o = json_pack("{s:s,s:s,s:o,s:o,s:{s:s,s:s},s:o}", "vernier", VN_VERSION, "interface",
		      l->name, "link", vn_facts_json(link_rows, VN_ARRAY_SIZE(link_rows), l),
		      "drivers", drivers, "auto", "driver", driver, "why", why, "machine",
		      vn_facts_json(probe_machine_rows, probe_machine_n_rows, NULL));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
	return can_send;
}

int vn_cmd_probe(int argc, char **argv, struct vn_err *err)
{
	struct probe_options o = { false };
	struct vn_link l;
	int first, rc = vn_options_parse(&probe_spec, &o, argc, argv, &first, err);

	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	rc = vn_link_find(argv[first], &l);
	if (rc) {
		vn_err_set(err, -rc, "%s: %s", argv[first],
			   rc == -ENODEV ? "no such interface" : strerror(-rc));
		return VN_EXIT_FAILED;
	}
	if (o.is_json ? tell_json(&l) : tell_text(&l))
		return VN_EXIT_DONE;
	vn_err_set(err, EOPNOTSUPP, "%s: no driver can send on it", l.name);
	return VN_EXIT_FAILED;
}
