/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"
#include "command.h"
#include "options.h"
#include "vernier/caliper.h"
#include "wire/wire.h"

#define OFF(member) offsetof(struct caliper_settings, member)
#define PAYLOAD_MAX 1472
#define DELAY_MAX   UINT64_C(1000000000000000)
#define BURST_MAX   65536

/* clang-format off */
static const struct vn_option caliper_rows[] = {
	{ .name = "count", .letter = 'n', .metavar = "NUM", .offset = OFF(count_text),
	  .help = "packets to send (without -n and -t: until a signal comes)" },
	{ .name = "time", .letter = 't', .metavar = "TIME", .offset = OFF(time_text),
	  .help = "how long to send: seconds, or with s, ms, us, ns" },
	{ .name = "delay", .letter = 'd', .metavar = "DELAY", .offset = OFF(delay_text),
	  .help = "from one packet to the next, ns" },
	{ .name = "delays", .letter = 'D', .metavar = "FILE", .offset = OFF(delay_file),
	  .help = "delays from FILE, again and again; - is standard input" },
	{ .name = "payload", .letter = 'l', .metavar = "PAYLOAD", .offset = OFF(payload_text),
	  .help = "UDP payload of each packet, 0 to 1472 bytes (default 18)" },
	{ .name = "payloads", .letter = 'L', .metavar = "FILE", .offset = OFF(payload_file),
	  .help = "payload sizes from FILE, again and again; - is standard input" },
	{ .name = "dst", .letter = 'i', .metavar = "DST_IP", .offset = OFF(dst_text),
	  .help = "destination IPv4 address" },
	{ .name = "src", .letter = 'I', .metavar = "SRC_IP", .offset = OFF(src_text),
	  .help = "with -N: source IPv4 address (default: the interface's)" },
	{ .name = "dst-mac", .letter = 'm', .metavar = "DST_MAC", .offset = OFF(mac_text),
	  .help = "with -N: destination MAC address" },
	{ .name = "nf2", .letter = 'N', .offset = OFF(by_driver),
	  .help = "through the card, not through the stack of the system" },
	{ .name = "sport", .metavar = "P", .offset = OFF(sport_text),
	  .help = "source port (default 9)" },
	{ .name = "dport", .metavar = "P", .offset = OFF(dport_text), .def = "9",
	  .help = "destination port" },
	{ .name = "card", .metavar = "K", .offset = OFF(card_text), .def = "0",
	  .help = "with -N: which card" },
	{ .name = "stamp", .offset = OFF(stamps),
	  .help = "number and time in the first 16 payload bytes, as pktgen has them" },
	{ .name = "catchup", .offset = OFF(catches_up),
	  .help = "gaps count from the planned time, also behind a late packet" },
	{ .name = "burst", .metavar = "B", .offset = OFF(burst_text), .def = "256",
	  .help = "with -N: packets from one mark to the next" },
	{ .name = "ahead", .metavar = "W", .offset = OFF(ahead_text), .def = "2",
	  .help = "with -N: marks that may be outstanding" },
	{ .name = "cosim", .metavar = "APP.elf", .offset = OFF(app),
	  .help = "with -N: driver and card in this process, on virtual time" },
	{ .name = "pcap", .metavar = "FILE", .offset = OFF(pcap),
	  .help = "with --cosim: write what leaves the card" },
	{ .name = "stats", .metavar = "FILE", .offset = OFF(stats),
	  .help = "the summary as JSON into FILE, - for standard output" },
	{ .name = "quiet", .offset = OFF(is_quiet),
	  .help = "no progress and no summary" },
};
/* clang-format on */

const struct vn_options caliper_spec = {
	.command = "caliper",
	.brief = "send UDP packets at given times, through the Caliper card or the stack",
	.args = "",
	.summary =
		"Sends UDP packets to DST_IP, each a given delay after the one before it. With -N\n"
		"through the driver of a Caliper card (vernier nf2d), which keeps the times to\n"
		"its clock's cycle; without, through a socket, by spinning on the clock.",
	.examples =
		"  vernier caliper -N -n 1000 -d 12304 -l 1472 -i 192.0.2.2 -m 02:00:00:00:00:02\n"
		"  vernier caliper -t 1.5 -d 100000 -i 127.0.0.1\n"
		"  vernier caliper -N -D gaps.txt -L sizes.txt -i 192.0.2.2 -m 02:00:00:00:00:02\n"
		"  vernier caliper -N --cosim firmware/pktgen/pktgen --pcap out.pcap -n 100\n"
		"               -d 20000 -i 192.0.2.2 -m 02:00:00:00:00:02\n",
	.rows = caliper_rows,
	.n_rows = VN_ARRAY_SIZE(caliper_rows),
	.once = true,
};

/* --- values -------------------------------------------------------------------------- */

static int take_numbers(struct caliper_settings *s, struct vn_err *err)
{
	const struct {
		const char *what, *text;
		uint64_t min, max, *out;
	} numbers[] = {
		{ "-n", s->count_text, 1, INT64_MAX, &s->n_packets },
		{ "--sport", s->has_sport ? s->sport_text : "9", 1, UINT16_MAX, &s->sport },
		{ "--dport", s->dport_text, 1, UINT16_MAX, &s->dport },
		{ "--card", s->card_text, 0, CAL_CARDS_MAX - 1, &s->card },
		{ "--burst", s->burst_text, 1, BURST_MAX, &s->burst },
		{ "--ahead", s->ahead_text, 1, CAL_MARKS_MAX, &s->ahead },
	};
	int rc = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(numbers) && !rc; i++)
		if (numbers[i].text)
			rc = caliper_number(numbers[i].what, numbers[i].text, numbers[i].min,
					    numbers[i].max, numbers[i].out, err);
	return rc;
}

static int take_time(struct caliper_settings *s, struct vn_err *err)
{
	static const struct vn_unit units[] = {
		{ "", VN_NSEC_PER_SEC },
		{ "s", VN_NSEC_PER_SEC },
		{ "ms", 1000000 },
		{ "us", 1000 },
		{ "ns", 1 },
		{ NULL, 0 },
	};

	struct vn_ratio time;
	int rc;

	if (!s->time_text)
		return 0;
	rc = vn_parse_ratio("-t", s->time_text, units, &time, err);
	if (rc)
		return rc;
	/* Departures are planned to the ns: those before TIME are those before the next whole ns.
	 */
	s->time_ns = time.num / time.den + (time.num % time.den > 0);
	if (s->time_ns && s->time_ns <= INT64_MAX)
		return 0;
	return vn_err_set(err, ERANGE, "-t: %s is out of range (more than 0, to %" PRId64 " ns)",
			  s->time_text, INT64_MAX);
}

static int take_address(const char *what, const char *text, uint32_t *out, struct vn_err *err)
{
	if (!text || inet_pton(AF_INET, text, out) == 1)
		return 0;
	return vn_err_set(err, EINVAL,
			  "%s: '%s' is no IPv4 address (four numbers, 0 to 255, with dots)", what,
			  text);
}

/* Six bytes with ':' or '-' between them, of which it is one or the other. */
static int take_mac(struct caliper_settings *s, struct vn_err *err)
{
	static const uint8_t none[6];
	char text[VN_ETH_ALEN * 3] = "";
	bool is_dashed;

	if (!s->mac_text)
		return 0;
	if (strlen(s->mac_text) < sizeof(text))
		memcpy(text, s->mac_text, strlen(s->mac_text) + 1);
	is_dashed = strchr(text, '-') && !strchr(text, ':');
	for (char *c = text; is_dashed && *c; c++)
		*c = *c == '-' ? ':' : *c;
	if (vn_parse_mac(text, s->mac))
		return vn_err_set(err, EINVAL,
				  "-m: '%s' is no MAC address (six hexadecimal bytes with ':' or "
				  "'-')",
				  s->mac_text);
	if (!memcmp(s->mac, none, sizeof(none)))
		return vn_err_set(err, EINVAL, "-m: '%s' is nobody's address, it is all zero",
				  s->mac_text);
	return 0;
}

/* --- what goes with what ------------------------------------------------------------ */

static int check_pair(const char *one, const char *one_text, const char *other,
		      const char *other_text, struct vn_err *err)
{
	if (!one_text || !other_text)
		return 0;
	return vn_err_set(err, EINVAL, "%s %s and %s %s: only one of them can be", one, one_text,
			  other, other_text);
}

static int check_pairs(const struct caliper_settings *s, struct vn_err *err)
{
	int rc = check_pair("-n", s->count_text, "-t", s->time_text, err);

	if (!rc)
		rc = check_pair("-d", s->delay_text, "-D", s->delay_file, err);
	if (!rc)
		rc = check_pair("-l", s->payload_text, "-L", s->payload_file, err);
	if (!rc && s->delay_file && s->payload_file && !strcmp(s->delay_file, "-") &&
	    !strcmp(s->payload_file, "-"))
		rc = vn_err_set(err, EINVAL,
				"-D - and -L -: standard input can be only one of "
				"them");
	return rc;
}

static int check_virtual(const struct caliper_settings *s, struct vn_err *err)
{
	if (s->app && !s->by_driver)
		return vn_err_set(err, EINVAL, "--cosim %s: needs -N", s->app);
	if (s->pcap && !s->app)
		return vn_err_set(err, EINVAL,
				  "--pcap %s: needs -N --cosim APP.elf; nobody sees what leaves a "
				  "card",
				  s->pcap);
	if (s->pcap && s->stats && !strcmp(s->pcap, "-") && !strcmp(s->stats, "-"))
		return vn_err_set(
			err, EINVAL,
			"--pcap - and --stats -: standard output can be only one of them");
	return 0;
}

static int check_needs(const struct caliper_settings *s, struct vn_err *err)
{
	if (!s->delay_text && !s->delay_file)
		return vn_err_set(err, EINVAL, "no delays: -d DELAY or -D FILE is needed");
	if (!s->dst_text)
		return vn_err_set(err, EINVAL, "no destination: -i DST_IP is needed");
	if (s->by_driver && !s->mac_text)
		return vn_err_set(err, EINVAL, "-N needs -m DST_MAC: a card asks nobody for it");
	return check_virtual(s, err);
}

static bool is_all_zero(const struct caliper_numbers *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->v[i])
			return false;
	return true;
}

/* Through the card -t is by plan, and a plan without delays takes no time. */
static int check_end(const struct caliper_settings *s, struct vn_err *err)
{
	if (!s->by_driver || !s->time_text || !is_all_zero(&s->delays))
		return 0;
	return vn_err_set(err, EINVAL,
			  "-t %s: with -N the time is that of the plan, which never ends when all "
			  "delays are 0; expected -n NUM",
			  s->time_text);
}

/* --- numbers and files ------------------------------------------------------------------ */

static int one_number(struct caliper_numbers *n, struct vn_err *err)
{
	n->v = calloc(1, sizeof(*n->v));
	if (!n->v)
		return vn_err_set(err, ENOMEM, "out of memory");
	n->n = 1;
	return 0;
}

/* From the file, or from the text. */
static int take_list(const char *what, const char *text, const char *file, uint64_t min,
		     uint64_t max, struct caliper_numbers *out, struct vn_err *err)
{
	int rc;

	if (file)
		return caliper_numbers_read(file, min, max, out, err);
	rc = one_number(out, err);
	return rc ? rc : caliper_number(what, text, min, max, out->v, err);
}

static int take_payloads(struct caliper_settings *s, struct vn_err *err)
{
	/* By default a frame of 60 bytes, the shortest there is. */
	const char *text = s->payload_text ? s->payload_text : "18";
	uint64_t min = s->stamps ? VN_PGH_HLEN : 0;

	return take_list(s->stamps ? "-l with --stamp" : "-l", text, s->payload_file, min,
			 PAYLOAD_MAX, &s->payloads, err);
}

static int take_lists(struct caliper_settings *s, struct vn_err *err)
{
	int rc = take_list("-d", s->delay_text, s->delay_file, 0, DELAY_MAX, &s->delays, err);

	return rc ? rc : take_payloads(s, err);
}

int caliper_settings_parse(struct caliper_settings *s, int argc, char **argv, struct vn_err *err)
{
	static int (*const steps[])(struct caliper_settings * s, struct vn_err * err) = {
		take_numbers,
		take_time,
		take_mac,
	};
	int first, rc;

	*s = (struct caliper_settings){ 0 };
	rc = vn_options_parse(&caliper_spec, s, argc, argv, &first, err);
	if (rc)
		return rc;
	s->has_sport = s->sport_text;
	rc = check_pairs(s, err);
	if (!rc)
		rc = check_needs(s, err);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(steps) && !rc; i++)
		rc = steps[i](s, err);
	if (!rc)
		rc = take_address("-i", s->dst_text, &s->dst_ip, err);
	if (!rc)
		rc = take_address("-I", s->src_text, &s->src_ip, err);
	if (!rc)
		rc = take_lists(s, err);
	return rc ? rc : check_end(s, err);
}

void caliper_settings_fini(struct caliper_settings *s)
{
	caliper_numbers_fini(&s->delays);
	caliper_numbers_fini(&s->payloads);
}

void caliper_settings_plan(const struct caliper_settings *s, struct caliper_plan *plan)
{
	caliper_plan_begin(plan, s->delays.v, s->delays.n, s->payloads.v, s->payloads.n);
	plan->n_packets = s->n_packets;
	plan->time_ns = s->time_ns;
}

void caliper_settings_warn(const struct caliper_settings *s, const char *prefix, FILE *out)
{
	if (s->by_driver)
		return;
	if (s->mac_text)
		fprintf(out,
			"%s: warning: -m %s is ignored: the stack finds the MAC address, and "
			"there is no -N\n",
			prefix, s->mac_text);
	if (s->src_text)
		fprintf(out,
			"%s: warning: -I %s is ignored: the stack chooses the source, and "
			"there is no -N\n",
			prefix, s->src_text);
}
