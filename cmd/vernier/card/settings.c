/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "command.h"
#include "options.h"

#define OFF(member)  offsetof(struct card_settings, member)
#define CYCLES_MAX   (UINT64_C(1) << 62)
#define NS_PER_CYCLE (VN_NSEC_PER_SEC / VN_NT_HZ)

static const char *const models[] = { "1.0", "re2" };
static const char *const faults[] = { "stop", "halt" };
static const char *const engines[] = { "translate", "interpret" };
static const char *const traces[] = {
#define VN_X(name, text) text,
	VN_NT_TRACES(VN_X)
#undef VN_X
};

static const char *model_word(unsigned int i)
{
	return i < VN_ARRAY_SIZE(models) ? models[i] : NULL;
}

static const char *fault_word(unsigned int i)
{
	return i < VN_ARRAY_SIZE(faults) ? faults[i] : NULL;
}

static const char *engine_word(unsigned int i)
{
	return i < VN_ARRAY_SIZE(engines) ? engines[i] : NULL;
}

static const char *trace_word(unsigned int i)
{
	return i < VN_ARRAY_SIZE(traces) ? traces[i] : NULL;
}

/* clang-format off */
#define PORT_ROW(prefix, field, n, meta, before, after) \
	{ .name = prefix #n, .metavar = meta, .offset = OFF(field[n]), .help = before #n after }
#define PORT_ROWS(prefix, field, meta, before, after) \
	PORT_ROW(prefix, field, 0, meta, before, after), \
	PORT_ROW(prefix, field, 1, meta, before, after), \
	PORT_ROW(prefix, field, 2, meta, before, after), \
	PORT_ROW(prefix, field, 3, meta, before, after)

static const struct vn_option card_rows[] = {
	PORT_ROWS("mac", mac, "IF", "connect MAC ", " to the TAP interface IF; needs -rt"),
	PORT_ROWS("host", host, "IF", "connect host queue ", " to the TAP interface IF; needs -rt"),
	PORT_ROWS("pcapmac", pcap_mac, "FILE", "feed the frames of a pcap into MAC ", ""),
	PORT_ROWS("pcaphost", pcap_host, "FILE", "feed the frames of a pcap into host queue ", ""),
	PORT_ROWS("outmac", out_mac, "FILE", "write what leaves MAC ", " into a pcap"),
	PORT_ROWS("outhost", out_host, "FILE", "write what leaves host queue ", " into a pcap"),
	{ .name = "pcapstart", .metavar = "NS", .offset = OFF(pcap_start_ns), .def = "1000000",
	  .units = vn_units_time, .max = CYCLES_MAX,
	  .help = "virtual time of a pcap's first record" },
	{ .name = "pcapasap", .offset = OFF(pcap_asap),
	  .help = "feed pcaps back to back at line rate, not at their times" },
	{ .name = "pcaphostdma", .offset = OFF(pcap_dma),
	  .help = "what is fed into host queues takes the time of its DMA" },
	{ .name = "instr", .letter = 'i', .metavar = "FILE", .offset = OFF(instr),
	  .help = "start from this .instr.mif instead of an ELF file" },
	{ .name = "data", .letter = 'd', .metavar = "FILE", .offset = OFF(data),
	  .help = "with -i: the .data.mif" },
	{ .name = "card", .metavar = "PATH", .offset = OFF(socket_path),
	  .help = "card socket for a driver and for vernier load; needs -rt" },
	{ .name = "wait", .offset = OFF(waits),
	  .help = "start empty and held; a loader brings the program by -card" },
	{ .name = "rt", .offset = OFF(is_real_time),
	  .help = "real time: virtual time follows the clock of the machine" },
	{ .name = "hostwait", .metavar = "TIME", .offset = OFF(host_wait_ns), .def = "0",
	  .units = vn_units_time, .max = VN_NSEC_PER_SEC,
	  .help = "with -card: stand still when it is the driver's turn for TIME of the card's "
		  "time, to read or to fetch; 0: never" },
	{ .name = "model", .metavar = "1.0|re2", .offset = OFF(model), .def = "1.0",
	  .word = model_word, .help = "release of the platform" },
	{ .name = "cpus", .metavar = "1|2", .offset = OFF(cpus), .def = "2",
	  .units = vn_units_none, .min = 1, .max = VN_NT_CPUS,
	  .help = "CPUs that run; with 1, threads 4 to 7 never start" },
	{ .name = "cycles", .metavar = "N", .offset = OFF(max_cycles), .def = "0",
	  .units = vn_units_count, .max = CYCLES_MAX, .help = "stop after N cycles, 0: no limit" },
	{ .name = "time", .metavar = "S", .offset = OFF(max_ns), .def = "0",
	  .units = vn_units_seconds, .max = CYCLES_MAX,
	  .help = "stop after S simulated seconds, 0: no limit" },
	{ .name = "frames", .metavar = "N", .offset = OFF(max_frames), .def = "0",
	  .units = vn_units_count, .max = CYCLES_MAX,
	  .help = "stop when N frames have left MACs, 0: no limit" },
	{ .name = "idle", .metavar = "N", .offset = OFF(idle_cycles), .def = "0",
	  .units = vn_units_count, .max = CYCLES_MAX,
	  .help = "stop after N cycles without a frame, a pop or a log record, 0: no limit, but "
		  "1250000 where all frames come from pcaps and there is no other limit" },
	{ .name = "fault", .metavar = "stop|halt", .offset = OFF(fault), .def = "stop",
	  .word = fault_word, .help = "what a fault ends: the run, or its thread" },
	{ .name = "window", .metavar = "W", .offset = OFF(window), .units = vn_units_none,
	  .def = "0", .max = 4096,
	  .help = "taken and without effect: accesses to memory are in exact order, always" },
	{ .name = "sharedstack", .offset = OFF(shares_stack),
	  .help = "taken and without effect: those to stacks too" },
	{ .name = "nopause", .offset = OFF(no_pause),
	  .help = "frames of a TAP interface that find the MAC's receive queue full are lost" },
	{ .name = "noskip", .offset = OFF(no_skip),
	  .help = "execute loops that poll in vain one by one" },
	{ .name = "engine", .metavar = "NAME", .offset = OFF(engine), .def = "translate",
	  .word = engine_word, .help = "how instructions are executed: translate, interpret" },
	{ .name = "dma", .metavar = "T0,B", .offset = OFF(dma), .def = "4405,0.947",
	  .help = "cycles of a transfer, and more of them for each byte" },
	{ .name = "divslots", .metavar = "N", .offset = OFF(div_slots), .def = "8",
	  .units = vn_units_none, .min = 1, .max = 1024,
	  .help = "slots that div and divu take" },
	{ .name = "txlat", .metavar = "N", .offset = OFF(tx_latency), .def = "64",
	  .units = vn_units_none, .max = 1000000000,
	  .help = "cycles from a departure to the first byte on the wire" },
	{ .name = "rxq", .metavar = "BYTES", .offset = OFF(rxq_bytes), .def = "8192",
	  .units = vn_units_bytes, .min = VN_NT_SLOT_SIZE, .max = 1 << 30,
	  .help = "receive queue of each MAC" },
	{ .name = "trace", .metavar = "LIST[:FILE]", .offset = OFF(trace), .word = trace_word,
	  .help = "what happens, a line each: of instr reg mem lock pkt send dma irq log, with "
		  "commas; to FILE or standard error" },
	{ .name = "traceat", .metavar = "A-B", .offset = OFF(trace_at),
	  .help = "trace only cycles A to B (A-: to the end)" },
	{ .name = "stats", .metavar = "FILE", .offset = OFF(stats),
	  .help = "write counters as JSON at the end (- is standard error)" },
	{ .name = "profile", .metavar = "FILE", .offset = OFF(profile),
	  .help = "write where the cycles went, by function (FILE.json: as JSON; FILE.folded: "
		  "stacks for flame graphs; - is standard output)" },
	{ .name = "annotate", .metavar = "FUNCTION", .offset = OFF(annotate),
	  .help = "with -profile: the instructions of FUNCTION, with what each cost" },
	{ .name = "gdb", .metavar = "PORT|PATH", .offset = OFF(gdb),
	  .help = "wait for a debugger on a port of 127.0.0.1 (0: any) or on a socket" },
	{ .name = "json", .offset = OFF(is_json),
	  .help = "print them on standard output, the log of the program on standard error" },
	{ .name = "show-settings", .offset = OFF(shows_settings),
	  .help = "print the effective settings as key=value and run nothing" },
	{ .name = "quiet", .letter = 'q', .offset = OFF(is_quiet),
	  .help = "no progress and no summary" },
};
/* clang-format on */

const struct vn_options card_spec = {
	.command = "card",
	.brief = "simulate a NetThreads card that runs a program, cycle by cycle",
	.args = "[PROGRAM]",
	.summary =
		"Runs PROGRAM, an ELF file for the soft processors of a NetFPGA, on a simulated\n"
		"card: eight threads at 125 MHz, four MACs of 1 Gb/s, locks, send engine, DMA,\n"
		"each to the cycle. On virtual time, where the same inputs give the same bytes\n"
		"on every host; or in real time (-rt), connected to TAP interfaces. Options have\n"
		"one dash, as those of the original simulator, or two.",
	.examples =
		"  vernier card simple\n"
		"  vernier card -pcapmac0 in.pcap -outmac0 out.pcap bounce\n"
		"  vernier card -trace lock,send:trace.txt -traceat 0-100000 -q bounce\n"
		"  vernier card -rt -mac0 tap0 -time 60 ping\n"
		"  vernier card -model re2 -i pipe.instr.mif -d pipe.data.mif -rt -mac0 a -mac1 b\n"
		"  vernier card -rt -wait -card /tmp/card.sock\n",
	.rows = card_rows,
	.n_rows = VN_ARRAY_SIZE(card_rows),
	.args_max = 1,
	.single_dash = true,
};

static void print_usage(FILE *out)
{
	fputs("Usage: vernier card [options] PROGRAM\n"
	      "       vernier card [options] -i FILE.instr.mif [-d FILE.data.mif]\n"
	      "  -pcapmacN FILE, -outmacN FILE   frames in and out, N is 0 to 3\n"
	      "  -rt -macN IF                    in real time, on TAP interfaces\n"
	      "  -cycles N, -time S, -frames N   when to stop\n"
	      "  -trace LIST[:FILE], -stats FILE what to tell\n"
	      "vernier card -help lists all options.\n",
	      out);
}

/* -h is the short usage, as in the original; getopt knows it as --help. */
static bool asks_usage(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-h"))
			return true;
	return false;
}

/* --- texts ------------------------------------------------------------------------- */

/* The index of text among words; -EINVAL with a sentence. */
static int find_word(const char *what, const char *text, const char *const *words, unsigned int n,
		     struct vn_err *err)
{
	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(text, words[i]))
			return (int)i;
	return vn_err_set(err, EINVAL, "%s: there is no \"%s\"; expected %s or %s", what, text,
			  words[0], words[1]);
}

static int take_words(struct card_settings *s, struct vn_err *err)
{
	int model = find_word("-model", s->model, models, VN_ARRAY_SIZE(models), err);
	int fault = find_word("-fault", s->fault, faults, VN_ARRAY_SIZE(faults), err);
	int engine = find_word("-engine", s->engine, engines, VN_ARRAY_SIZE(engines), err);

	if (model < 0 || fault < 0 || engine < 0)
		return -EINVAL;
	s->card.hw.model = model ? 0x20 : 0x10;
	s->card.fault_halts = fault;
	s->card.engine = engine ? VN_NT_INTERPRET : VN_NT_TRANSLATE;
	return 0;
}

/* Two numbers with `sep` between them, as text of their own: "4405,0.947". */
#define NUMBER_TEXT 40
static int split(const char *what, const char *text, char sep, char first[NUMBER_TEXT],
		 const char **second, struct vn_err *err)
{
	const char *at = strchr(text, sep);

	if (!at || at == text || at - text >= NUMBER_TEXT)
		return vn_err_set(err, EINVAL,
				  "%s: '%s' is not accepted (two numbers with '%c' "
				  "between them)",
				  what, text, sep);
	memcpy(first, text, (size_t)(at - text));
	first[at - text] = '\0';
	*second = at + 1;
	return 0;
}

static int take_dma(struct card_settings *s, struct vn_err *err)
{
	char first[NUMBER_TEXT];
	const char *second;
	struct vn_ratio b;
	int rc = split("-dma", s->dma, ',', first, &second, err);

	if (!rc)
		rc = vn_parse_quantity("-dma", first, vn_units_none, 0, VN_NT_HZ,
				       &s->card.hw.dma_cycles, err);
	if (!rc)
		rc = vn_parse_ratio("-dma", second, vn_units_none, &b, err);
	if (rc)
		return rc;
	if (b.num > 1000 * b.den || 1000 * b.num % b.den)
		return vn_err_set(err, ERANGE,
				  "-dma: '%s' is not accepted (cycles a byte from 0 "
				  "to 1000, in thousandths)",
				  second);
	s->card.hw.dma_millicycles = 1000 * b.num / b.den;
	return 0;
}

static int take_trace_at(struct card_settings *s, struct vn_err *err)
{
	struct vn_nt_hw_config *hw = &s->card.hw;
	char first[NUMBER_TEXT];
	const char *second;
	int rc;

	if (!s->trace_at)
		return 0;
	if (!s->trace)
		return vn_err_set(err, EINVAL, "-traceat: needs -trace");
	rc = split("-traceat", s->trace_at, '-', first, &second, err);
	if (!rc)
		rc = vn_parse_quantity("-traceat", first, vn_units_count, 0, CYCLES_MAX,
				       &hw->trace_from, err);
	if (!rc && *second)
		rc = vn_parse_quantity("-traceat", second, vn_units_count, hw->trace_from,
				       CYCLES_MAX, &hw->trace_to, err);
	return rc;
}

static int take_trace_word(struct card_settings *s, const char *word, size_t len,
			   struct vn_err *err)
{
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(traces); i++) {
		if (strlen(traces[i]) == len && !memcmp(traces[i], word, len)) {
			s->card.hw.trace |= 1u << i;
			return 0;
		}
	}
	return vn_err_set(err, EINVAL,
			  "-trace: there is no \"%.*s\"; expected some of instr reg mem "
			  "lock pkt send dma irq log, with commas",
			  (int)len, word);
}

static int take_trace(struct card_settings *s, struct vn_err *err)
{
	const char *p = s->trace, *end;
	int rc = 0;

	s->card.hw.trace_from = 0;
	s->card.hw.trace_to = VN_NT_NEVER;
	if (!p)
		return 0;
	end = p + strcspn(p, ":");
	if (*end) {
		s->trace_path = end + 1;
		if (!*s->trace_path)
			return vn_err_set(err, EINVAL, "-trace: names no file behind ':'");
	}
	for (;;) {
		size_t len = VN_MIN(strcspn(p, ","), (size_t)(end - p));

		rc = take_trace_word(s, p, len, err);
		p += len;
		if (rc || p == end)
			return rc;
		p++;
	}
}

/* --- what goes with what --------------------------------------------------------- */

static int check_program(const struct card_settings *s, struct vn_err *err)
{
	if (s->waits && !s->socket_path)
		return vn_err_set(err, EINVAL, "-wait: needs -card PATH, by which a program comes");
	if (s->data && !s->instr)
		return vn_err_set(err, EINVAL, "-d %s: needs -i FILE, the instructions", s->data);
	if (s->waits && (s->program || s->instr))
		return vn_err_set(err, EINVAL, "%s: with -wait the program comes by the socket",
				  s->program ? s->program : s->instr);
	if (s->program && s->instr)
		return vn_err_set(err, EINVAL, "%s: either an ELF file or -i %s", s->program,
				  s->instr);
	if (!s->program && !s->instr && !s->waits)
		return vn_err_set(err, EINVAL,
				  "no program: vernier card [options] PROGRAM, or -i FILE -d FILE");
	return 0;
}

/* By the option's name, "-mac0". */
static int refuse_port(const char *option, unsigned int n, const char *why, struct vn_err *err)
{
	return vn_err_set(err, EINVAL, "-%s%u: %s", option, n, why);
}

static int check_port(const struct card_settings *s, unsigned int n, struct vn_err *err)
{
	static const char no_rt[] = "needs -rt: an interface has no virtual time";

	if (s->mac[n] && !s->is_real_time)
		return refuse_port("mac", n, no_rt, err);
	if (s->host[n] && !s->is_real_time)
		return refuse_port("host", n, no_rt, err);
	if (s->mac[n] && s->pcap_mac[n])
		return refuse_port("pcapmac", n, "the MAC is connected to an interface", err);
	if (s->host[n] && s->pcap_host[n])
		return refuse_port("pcaphost", n, "the queue is connected to an interface", err);
	if (s->host[n] && s->socket_path)
		return refuse_port("host", n, "with -card the driver has the host queues", err);
	if (s->pcap_host[n] && s->socket_path)
		return refuse_port("pcaphost", n, "with -card the driver has the host queues", err);
	return 0;
}

static int check(const struct card_settings *s, struct vn_err *err)
{
	int rc = check_program(s, err);

	for (unsigned int n = 0; n < CARD_PORTS && !rc; n++)
		rc = check_port(s, n, err);
	if (!rc && s->socket_path && !s->is_real_time)
		rc = vn_err_set(err, EINVAL, "-card: needs -rt: a driver has no virtual time");
	if (!rc && s->host_wait_ns && !s->socket_path)
		rc = vn_err_set(err, EINVAL, "-hostwait: needs -card PATH: there is no driver");
	if (!rc && s->profile && s->waits)
		rc = vn_err_set(
			err, EINVAL,
			"-profile %s: with -wait nobody knows the functions of what will come",
			s->profile);
	if (!rc && s->annotate && !s->profile)
		rc = vn_err_set(err, EINVAL, "-annotate %s: needs -profile FILE", s->annotate);
	if (!rc && s->is_json && s->stats)
		rc = vn_err_set(err, EINVAL, "-stats %s: --json prints the same on standard output",
				s->stats);
	return rc;
}

/* Digits are a port, anything else a path. */
static int take_gdb(struct card_settings *s, struct vn_err *err)
{
	if (!s->gdb || !*s->gdb || strspn(s->gdb, "0123456789") != strlen(s->gdb))
		return 0;
	s->gdb_is_port = true;
	return vn_parse_quantity("-gdb", s->gdb, vn_units_none, 0, UINT16_MAX, &s->gdb_port, err);
}

static void fill_card(struct card_settings *s)
{
	struct vn_nt_config *c = &s->card;

	c->div_slots = (unsigned int)s->div_slots;
	c->no_skip = s->no_skip;
	for (unsigned int n = 0; n < CARD_PORTS && !s->no_pause; n++)
		c->hw.pauses |= s->mac[n] ? 1u << n : 0;
	c->hw.cpus = (unsigned int)s->cpus;
	c->hw.tx_latency_cycles = (uint32_t)s->tx_latency;
	c->hw.mac_rxq_bytes = (uint32_t)s->rxq_bytes;
	c->hw.has_driver = s->socket_path;
	c->hw.attends_frames = s->max_frames;
	s->end_cycle = s->max_cycles ? s->max_cycles : VN_NT_NEVER;
	if (s->max_ns)
		s->end_cycle = VN_MIN(s->end_cycle, s->max_ns / NS_PER_CYCLE);
}

int card_settings_parse(struct card_settings *s, int argc, char **argv, struct vn_err *err)
{
	int first, rc;

	*s = (struct card_settings){ .card = vn_nt_defaults };
	if (asks_usage(argc, argv)) {
		print_usage(stdout);
		return VN_OPTIONS_HELPED;
	}
	rc = vn_options_parse(&card_spec, s, argc, argv, &first, err);
	if (rc)
		return rc;
	s->program = argv[first];
	rc = take_words(s, err);
	if (!rc)
		rc = take_dma(s, err);
	if (!rc)
		rc = take_trace(s, err);
	if (!rc)
		rc = take_trace_at(s, err);
	if (!rc)
		rc = take_gdb(s, err);
	if (!rc)
		rc = check(s, err);
	fill_card(s);
	return rc;
}

void card_settings_show(const struct card_settings *s, FILE *out)
{
	if (s->program)
		fprintf(out, "program=%s\n", s->program);
	vn_options_show(&card_spec, s, out);
}

static bool has_any(const char *const names[CARD_PORTS])
{
	for (unsigned int n = 0; n < CARD_PORTS; n++)
		if (names[n])
			return true;
	return false;
}

bool card_settings_has_files(const struct card_settings *s)
{
	return has_any(s->pcap_mac) || has_any(s->pcap_host);
}

bool card_settings_has_taps(const struct card_settings *s)
{
	return has_any(s->mac) || has_any(s->host);
}
