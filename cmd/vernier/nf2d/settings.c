/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <linux/if.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/txtime.h"
#include "command.h"
#include "cpus.h"
#include "options.h"
#include "peers.h"
#include "simulator.h"

#define OFF(member) offsetof(struct nf2d_settings, member)

static int set_cpu(void *dest, const char *value, struct vn_err *err)
{
	struct nf2d_settings *s = dest;
	int cpu, rc = vn_cpu_parse("--cpu", value, &cpu, err);

	s->has_cpu = true;
	s->cpu = rc ? 0 : (uint64_t)cpu;
	return rc;
}

/* clang-format off */
static const struct vn_option nf2d_rows[] = {
	{ .name = "card", .letter = 'k', .metavar = "K", .offset = OFF(card), .def = "0",
	  .units = vn_units_none, .max = CAL_CARDS_MAX - 1,
	  .help = "number of the card, by which clients and interface know it" },
	{ .name = "card-socket", .letter = 'c', .metavar = "PATH", .offset = OFF(card_socket),
	  .help = "socket of the card (vernier card -rt -card PATH)" },
	{ .name = "program", .letter = 'P', .metavar = "APP.elf", .offset = OFF(program),
	  .help = "start a simulated card with this program (default " NF2D_FIRMWARE ")" },
	{ .name = "back-end", .letter = 'b', .metavar = "KIND:IF", .offset = OFF(soft),
	  .help = "no card: send on the interface IF; KIND is packet or xdp (times are kept "
		  "by spinning, frames go by a packet socket or AF_XDP), txtime (times are kept "
		  "by its queueing discipline) or launch (by its hardware, AF_XDP)" },
	{ .name = "ifname", .letter = 'i', .metavar = "NAME", .offset = OFF(ifname),
	  .help = "what the card's interface is called (default nf2cK)" },
	{ .name = "uid", .letter = 'u', .metavar = "USER", .offset = OFF(user),
	  .help = "a user, by name or number, who may be a client besides root" },
	{ .name = "foreground", .letter = 'f', .offset = OFF(is_foreground),
	  .help = "stay in the foreground; else it returns when everything is there" },
	{ .name = "up", .offset = OFF(sets_up),
	  .help = "set the interface up" },
	{ .name = "policy", .metavar = "POLICY", .offset = OFF(policy_text), .def = "asap",
	  .help = "when frames of the host's stack leave: asap, gap:NS, rate:BPS, or list:FILE "
		  "with gaps in ns, again and again" },
	{ .name = "snap", .metavar = "BYTES", .offset = OFF(snap), .def = "0",
	  .units = vn_units_bytes, .max = CAL_WIRE_MAX,
	  .help = "copy so much of such a frame, zeros are sent for the rest; 0: all" },
	{ .name = "max-entries", .metavar = "N", .offset = OFF(max_entries), .def = "0",
	  .units = vn_units_none, .max = 99,
	  .help = "packets in a transfer, at most; 0: as many as fit" },
	{ .name = "quota", .metavar = "N", .offset = OFF(quota), .def = "0",
	  .units = vn_units_none, .max = 8,
	  .help = "transfers that wait in the card, at most; 0: as many as it takes" },
	{ .name = "txbuffs", .metavar = "N", .offset = OFF(txbuffs), .def = "16",
	  .units = vn_units_none, .min = 2, .max = 4096,
	  .help = "transfer buffers of the driver" },
	{ .name = "cpu", .metavar = "N", .call = set_cpu,
	  .help = "with -b: the CPU on which it runs" },
	{ .name = "realtime", .offset = OFF(is_realtime),
	  .help = "run before all common processes (SCHED_FIFO)" },
	{ .name = "departure-stamps", .metavar = "WHO", .offset = OFF(stamps_text), .def = "off",
	  .word = vn_tx_stamps_word,
	  .help = "with -b: who stamps each packet when it departs: kernel, hardware; off: a "
		  "departure is when the kernel was given the packet" },
	{ .name = "spin", .offset = OFF(spins),
	  .help = "never sleep, for the shortest way from what comes in to what goes out; takes "
		  "a CPU" },
	{ .name = "pidfile", .metavar = "FILE", .offset = OFF(pidfile),
	  .help = "write the number of the process there; removed at the end" },
	{ .name = "stats", .metavar = "FILE", .offset = OFF(stats),
	  .help = "write the counters as JSON at the end (- with --foreground: standard output)" },
	{ .name = "quiet", .letter = 'q', .offset = OFF(is_quiet),
	  .help = "no report at the end" },
};
/* clang-format on */

const struct vn_options nf2d_spec = {
	.command = "nf2d",
	.brief = "the driver of a Caliper card",
	.args = "[-- CARD-OPTIONS]",
	.summary =
		"Drives a card that sends packets at the time that clients ask for, by NetLink\n"
		"(vernier caliper, libvernier) or by its interface nf2cK. The card is a\n"
		"simulated one that it starts itself, with the options behind --, or one with a\n"
		"socket, or an ordinary interface. Ends on SIGINT or SIGTERM.",
	.examples = "  vernier nf2d -f --up -- -mac0 tap0\n"
		    "  vernier nf2d -P pktgen.elf --policy gap:20us -- -outmac0 out.pcap\n"
		    "  vernier nf2d -k 1 -c /run/card.sock -u 1000\n"
		    "  vernier nf2d -f -b packet:eth1 --cpu 3\n",
	.rows = nf2d_rows,
	.n_rows = VN_ARRAY_SIZE(nf2d_rows),
	.args_max = NF2D_SIMULATOR_ARGS,
};

/* --- what it means ----------------------------------------------------------------- */

static int take_soft(struct nf2d_settings *s, struct vn_err *err)
{
	static const struct {
		const char *prefix;
		enum nf2d_back_end back_end;
	} kinds[] = {
		{ "packet:", NF2D_PACKET },
		{ "txtime:", NF2D_TXTIME },
		{ "xdp:", NF2D_XDP },
		{ "launch:", NF2D_LAUNCH },
	};

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (strncmp(s->soft, kinds[i].prefix, len) || !s->soft[len])
			continue;
		s->back_end = kinds[i].back_end;
		s->target = s->soft + len;
		return 0;
	}
	return vn_err_set(err, EINVAL,
			  "--back-end: '%s' is not accepted (packet:IF, xdp:IF, txtime:IF or "
			  "launch:IF)",
			  s->soft);
}

static int take_back_end(struct nf2d_settings *s, struct vn_err *err)
{
	if (!!s->card_socket + !!s->program + !!s->soft > 1)
		return vn_err_set(err, EINVAL,
				  "one of --card-socket, --program and --back-end: there is one "
				  "card behind a driver");
	if (s->soft)
		return take_soft(s, err);
	s->back_end = s->card_socket ? NF2D_SOCKET : NF2D_SIMULATOR;
	s->target = s->card_socket ? s->card_socket : s->program ? s->program : NF2D_FIRMWARE;
	return 0;
}

static int check_options(const struct nf2d_settings *s, struct vn_err *err)
{
	/* The parser puts words that are no options behind a -- that is there. */
	if (*s->options && ((*s->options)[0] != '-' || !(*s->options)[1]))
		return vn_err_set(err, EINVAL,
				  "%s: is not accepted (words for the card follow --, and begin "
				  "with an option of it)",
				  *s->options);
	if (*s->options && s->back_end != NF2D_SIMULATOR)
		return vn_err_set(err, EINVAL,
				  "%s: options of the card go with a card that is started here "
				  "(--program)",
				  *s->options);
	if (s->stats && !strcmp(s->stats, "-") && !s->is_foreground)
		return vn_err_set(err, EINVAL,
				  "--stats -: in the background there is no standard output at the "
				  "end (a file, or --foreground)");
	if (s->has_cpu && !nf2d_is_soft(s))
		return vn_err_set(err, EINVAL, "--cpu: goes with --back-end");
	if (s->ifname && nf2d_is_soft(s))
		return vn_err_set(err, EINVAL, "--ifname %s: with --back-end %s is the interface",
				  s->ifname, s->target);
	return 0;
}

static int take_stamps(struct nf2d_settings *s, struct vn_err *err)
{
	unsigned int i = 0;

	while (vn_tx_stamps_word(i) && strcmp(s->stamps_text, vn_tx_stamps_word(i)))
		i++;
	if (!vn_tx_stamps_word(i))
		return vn_err_set(
			err, EINVAL,
			"--departure-stamps: '%s' is not accepted (off, kernel, hardware)",
			s->stamps_text);
	s->departure_stamps = (enum vn_tx_stamps)i;
	if (i && !nf2d_is_soft(s))
		return vn_err_set(err, EINVAL,
				  "--departure-stamps %s: goes with --back-end; a card tells its "
				  "departures itself",
				  s->stamps_text);
	return 0;
}

static int take_name(struct nf2d_settings *s, struct vn_err *err)
{
	const char *given = nf2d_is_soft(s) ? s->target : s->ifname;

	if (!given)
		snprintf(s->name, sizeof(s->name), "nf2c%u", (unsigned int)s->card);
	else if (strlen(given) >= IFNAMSIZ || !*given || strpbrk(given, "/% \t\n"))
		return vn_err_set(err, EINVAL, "'%s': cannot be the name of an interface", given);
	else
		snprintf(s->name, sizeof(s->name), "%s", given);
	return 0;
}

static int take_user(struct nf2d_settings *s, struct vn_err *err)
{
	const struct passwd *pw;
	uint64_t uid;

	s->uid = NF2D_NOBODY;
	if (!s->user)
		return 0;
	if (!vn_parse_quantity("--uid", s->user, vn_units_none, 0, NF2D_NOBODY - 1, &uid, err)) {
		s->uid = (uid_t)uid;
		return 0;
	}
	pw = getpwnam(s->user);
	if (!pw)
		return vn_err_set(err, EINVAL, "--uid: there is no user '%s' (a name or a number)",
				  s->user);
	err->text[0] = '\0';
	s->uid = pw->pw_uid;
	return 0;
}

static int take_policy(struct nf2d_settings *s, struct vn_err *err)
{
	struct cal_policy *p = &s->policy.policy;
	int rc = nf2d_policy_parse(&s->policy, s->policy_text, err);

	p->snap = (uint32_t)s->snap;
	p->max_entries = (uint32_t)s->max_entries;
	p->quota = (uint32_t)s->quota;
	s->has_policy = p->mode || p->snap || p->max_entries || p->quota;
	return rc;
}

int nf2d_settings_parse(struct nf2d_settings *s, int argc, char **argv, struct vn_err *err)
{
	int first, rc;

	*s = (struct nf2d_settings){ .uid = NF2D_NOBODY };
	rc = vn_options_parse(&nf2d_spec, s, argc, argv, &first, err);
	if (rc)
		return rc;
	s->options = argv + first;
	rc = take_back_end(s, err);
	if (!rc)
		rc = check_options(s, err);
	if (!rc)
		rc = take_stamps(s, err);
	if (!rc)
		rc = take_name(s, err);
	if (!rc)
		rc = take_user(s, err);
	return rc ? rc : take_policy(s, err);
}

void nf2d_settings_fini(struct nf2d_settings *s)
{
	nf2d_policy_fini(&s->policy);
}
