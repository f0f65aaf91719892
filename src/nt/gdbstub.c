/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets and their answers but for queries (gdb_query.c), and what lets the
 * card go on (gdb_resume.c).
 */
#include "nt/gdbstub_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nt/isa.h"
#include "wire/bytes.h"

/* Answers: errors by their errno. */
#define OK	  "OK"
#define NO_THREAD "E03" /* ESRCH */
#define MALFORMED "E16" /* EINVAL */
#define NO_MEMORY "E0e" /* EFAULT */
#define READ_ONLY "E01" /* EPERM */

static void answer(struct vn_nt_gdb *g, const char *text)
{
	vn_text_add(&g->reply, "%s", text);
}

/* -- Sending ---------------------------------------------------------------- */

void vn_nt_gdb_send_byte(struct vn_nt_gdb *g, char c)
{
	if (g->out_len < sizeof(g->out))
		g->out[g->out_len++] = c;
}

void vn_nt_gdb_send(struct vn_nt_gdb *g, const char *contents)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0;

	vn_nt_gdb_send_byte(g, '$');
	for (; *contents; contents++) {
		sum = (uint8_t)(sum + (uint8_t)*contents);
		vn_nt_gdb_send_byte(g, *contents);
	}
	vn_nt_gdb_send_byte(g, '#');
	vn_nt_gdb_send_byte(g, digits[sum >> 4]);
	vn_nt_gdb_send_byte(g, digits[sum & 15]);
}

void vn_nt_gdb_add_hex(struct vn_text *t, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (; len > 0; len--)
		vn_text_add(t, "%02x", *p++);
}

/* -- Threads ---------------------------------------------------------------- */

unsigned int vn_nt_gdb_threads(const struct vn_nt_gdb *g)
{
	struct vn_nt_thread_view view;
	unsigned int n = VN_NT_THREADS;

	vn_nt_card_thread(g->card, 0, &view);
	if (view.state == VN_NT_HELD) /* all of them are */
		return n;
	vn_nt_card_thread(g->card, n - 1, &view);
	return view.state == VN_NT_HELD ? n - VN_NT_THREADS_PER_CPU : n;
}

/* -1, all, and 0, any, are the thread that was asked of last. */
static bool take_thread(const struct vn_nt_gdb *g, const char **text, unsigned int *tid)
{
	uint32_t id;

	*tid = g->tid;
	if (strncmp(*text, "-1", 2) == 0) {
		*text += 2;
		return true;
	}
	if (!vn_nt_gdb_number(text, &id) || id > vn_nt_gdb_threads(g))
		return false;
	if (id)
		*tid = id - 1;
	return true;
}

static void select_thread(struct vn_nt_gdb *g, const char *args)
{
	unsigned int tid;
	char what = *args;

	if (what)
		args++;
	if ((what != 'g' && what != 'c') || !take_thread(g, &args, &tid)) {
		answer(g, NO_THREAD);
		return;
	}
	if (what == 'g')
		g->tid = tid;
	answer(g, OK);
}

static void is_alive(struct vn_nt_gdb *g, const char *args)
{
	unsigned int tid;

	answer(g, take_thread(g, &args, &tid) ? OK : NO_THREAD);
}

/* -- Registers -------------------------------------------------------------- */

static void add_register(struct vn_nt_gdb *g, unsigned int reg)
{
	uint8_t bytes[4];
	uint32_t value;

	if (vn_nt_card_get_reg(g->card, g->tid, reg, &value))
		value = 0; /* one of a coprocessor */
	vn_put_be32(bytes, value);
	vn_nt_gdb_add_hex(&g->reply, bytes, sizeof(bytes));
}

static void read_registers(struct vn_nt_gdb *g, const char *args)
{
	unsigned int reg;

	for (reg = 0; reg < VN_NT_GDB_REGS; reg++)
		add_register(g, reg);
}

static void read_register(struct vn_nt_gdb *g, const char *args)
{
	uint32_t reg;

	if (vn_nt_gdb_number(&args, &reg) && reg < VN_NT_GDB_ALL_REGS)
		add_register(g, reg);
	else
		answer(g, MALFORMED);
}

/* GDB writes all of them when one has changed: what cannot change is passed over. */
static void write_registers(struct vn_nt_gdb *g, const char *args)
{
	uint8_t bytes[4 * VN_NT_GDB_REGS];
	unsigned int reg;

	if (!vn_nt_gdb_bytes(args, bytes, sizeof(bytes))) {
		answer(g, MALFORMED);
		return;
	}
	for (reg = 0; reg < VN_NT_GDB_REGS; reg++)
		vn_nt_card_set_reg(g->card, g->tid, reg, vn_get_be32(bytes + 4 * reg));
	answer(g, OK);
}

static void write_register(struct vn_nt_gdb *g, const char *args)
{
	uint8_t bytes[4];
	uint32_t reg;

	if (!vn_nt_gdb_number(&args, &reg) || *args++ != '=' ||
	    !vn_nt_gdb_bytes(args, bytes, sizeof(bytes)) ||
	    vn_nt_card_set_reg(g->card, g->tid, reg, vn_get_be32(bytes)))
		answer(g, MALFORMED);
	else
		answer(g, OK);
}

/* -- Memory ----------------------------------------------------------------- */

static bool take_range(const char **args, uint32_t *addr, uint32_t *len)
{
	return vn_nt_gdb_number(args, addr) && *(*args)++ == ',' && vn_nt_gdb_number(args, len);
}

/* The word of MIPS Release 6 for a jump without a delay slot (gdbstub.h). Conditions are
 * left out: whoever fetches single words asks only whether there is a slot. */
static uint32_t without_slot(uint32_t word, uint32_t pc)
{
	const uint32_t bc = 50u << 26, balc = 58u << 26, jic = 54u << 26, jialc = 62u << 26;
	struct vn_nt_insn insn = vn_nt_decode(word, pc);
	uint32_t offset = (insn.imm - pc - 4) >> 2 & 0x03ffffff;

	switch (insn.op) {
	case VN_NT_JR:
		return jic | (uint32_t)insn.rs << 16;
	case VN_NT_JALR:
		return jialc | (uint32_t)insn.rs << 16;
	case VN_NT_JAL:
	case VN_NT_BLTZAL:
	case VN_NT_BGEZAL:
		return balc | offset;
	default:
		return vn_nt_is_jump(insn.op) ? bc | offset : word;
	}
}

static bool is_one_word_of_code(uint32_t addr, uint32_t len)
{
	return len == 4 && addr % 4 == 0 && addr - VN_NT_TEXT_BASE < 4 * VN_NT_TEXT_WORDS;
}

static void read_memory(struct vn_nt_gdb *g, const char *args)
{
	uint8_t bytes[VN_NT_GDB_PACKET_MAX / 2];
	uint32_t addr, len, n;

	if (!take_range(&args, &addr, &len)) {
		answer(g, MALFORMED);
		return;
	}
	n = vn_nt_card_peek(g->card, addr, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
	if (n == 4 && is_one_word_of_code(addr, len))
		vn_put_be32(bytes, without_slot(vn_get_be32(bytes), addr));
	if (n == 0 && len > 0)
		answer(g, NO_MEMORY);
	vn_nt_gdb_add_hex(&g->reply, bytes, n);
}

/* All of it or nothing: what does not lie in memory to its end is refused. */
static void poke(struct vn_nt_gdb *g, uint32_t addr, const uint8_t *bytes, uint32_t len)
{
	uint8_t old[VN_NT_GDB_PACKET_MAX];
	bool is_code = addr - VN_NT_TEXT_BASE < 4 * VN_NT_TEXT_WORDS;

	if (len && (is_code || vn_nt_card_peek(g->card, addr, old, len) < len)) {
		answer(g, is_code ? READ_ONLY : NO_MEMORY);
		return;
	}
	vn_nt_card_poke(g->card, addr, bytes, len);
	answer(g, OK);
}

static void write_memory(struct vn_nt_gdb *g, const char *args)
{
	uint8_t bytes[VN_NT_GDB_PACKET_MAX / 2];
	uint32_t addr, len;

	if (!take_range(&args, &addr, &len) || *args++ != ':' || len > sizeof(bytes) ||
	    !vn_nt_gdb_bytes(args, bytes, len))
		answer(g, MALFORMED);
	else
		poke(g, addr, bytes, len);
}

/* The bytes as they are, but "}" and what is special to packets: "}" and the byte
 * with bit 5 turned over. */
static void write_binary(struct vn_nt_gdb *g, const char *args)
{
	const char *end = g->in.bytes + g->in.len;
	uint8_t bytes[VN_NT_GDB_PACKET_MAX];
	uint32_t addr, len, n = 0;

	if (!take_range(&args, &addr, &len) || *args++ != ':') {
		answer(g, MALFORMED);
		return;
	}
	while (args < end) {
		if (*args == '}' && args + 1 < end)
			bytes[n++] = (uint8_t) * ++args ^ 0x20;
		else
			bytes[n++] = (uint8_t)*args;
		args++;
	}
	if (n == len)
		poke(g, addr, bytes, n);
	else
		answer(g, MALFORMED);
}

/* -- Breakpoints -------------------------------------------------------------- */

static bool take_kind(const char **args, enum vn_nt_break_kind *kind)
{
	static const enum vn_nt_break_kind kinds[] = { VN_NT_BREAK_EXEC, VN_NT_BREAK_EXEC,
						       VN_NT_BREAK_WRITE, VN_NT_BREAK_READ,
						       VN_NT_BREAK_ACCESS };

	if (**args < '0' || **args > '4' || (*args)[1] != ',')
		return false;
	*kind = kinds[**args - '0'];
	*args += 2;
	return true;
}

static int find_break(const struct vn_nt_gdb *g, const struct vn_nt_gdb_break *b)
{
	unsigned int i;

	for (i = 0; i < g->n_breaks; i++)
		if (memcmp(&g->breaks[i], b, sizeof(*b)) == 0)
			return (int)i;
	return -1;
}

static int set_break(struct vn_nt_gdb *g, const struct vn_nt_gdb_break *b)
{
	int r;

	if (find_break(g, b) >= 0)
		return 0;
	if (g->n_breaks == VN_NT_GDB_BREAKS)
		return -ENOSPC;
	r = vn_nt_card_break(g->card, b->kind, b->addr, b->len, true);
	if (r == 0)
		g->breaks[g->n_breaks++] = *b;
	return r;
}

static void clear_break(struct vn_nt_gdb *g, const struct vn_nt_gdb_break *b)
{
	int i = find_break(g, b);

	if (i < 0)
		return;
	vn_nt_card_break(g->card, b->kind, b->addr, b->len, false);
	g->breaks[i] = g->breaks[--g->n_breaks];
}

static void take_break(struct vn_nt_gdb *g, const char *args, bool set)
{
	struct vn_nt_gdb_break b;

	memset(&b, 0, sizeof(b));
	if (*args > '4') /* not a kind that we have */
		return;
	if (!take_kind(&args, &b.kind) || !take_range(&args, &b.addr, &b.len)) {
		answer(g, MALFORMED);
		return;
	}
	if (b.kind == VN_NT_BREAK_EXEC)
		b.len = 4; /* GDB's "kind" of an instruction */
	if (set && set_break(g, &b)) {
		answer(g, MALFORMED);
		return;
	}
	if (!set)
		clear_break(g, &b);
	answer(g, OK);
}

static void insert_break(struct vn_nt_gdb *g, const char *args)
{
	take_break(g, args, true);
}

static void remove_break(struct vn_nt_gdb *g, const char *args)
{
	take_break(g, args, false);
}

static void clear_breaks(struct vn_nt_gdb *g)
{
	while (g->n_breaks > 0)
		clear_break(g, &g->breaks[0]);
}

/* -- The connection ----------------------------------------------------------- */

static void why_stopped(struct vn_nt_gdb *g, const char *args)
{
	answer(g, g->stop_reply);
}

static void detach(struct vn_nt_gdb *g, const char *args)
{
	clear_breaks(g);
	g->state = VN_NT_GDB_DETACHED;
	answer(g, OK);
}

static void kill_card(struct vn_nt_gdb *g, const char *args)
{
	clear_breaks(g);
	g->state = VN_NT_GDB_KILLED;
	g->has_answered = *args != ';'; /* "k" has no answer, "vKill;PID" has */
	answer(g, OK);
}

static void no_acks(struct vn_nt_gdb *g, const char *args)
{
	g->has_no_acks = true;
	answer(g, OK);
}

static void resume_kinds(struct vn_nt_gdb *g, const char *args)
{
	answer(g, "vCont;c;C;s;S;t");
}

/* By the beginnings of packets; the first that fits is it. */
static const struct {
	const char *name;
	void (*run)(struct vn_nt_gdb *g, const char *args);
} packets[] = {
	{ "?", why_stopped },
	{ "QStartNoAckMode", no_acks },
	{ "q", vn_nt_gdb_query },
	{ "H", select_thread },
	{ "T", is_alive },
	{ "g", read_registers },
	{ "G", write_registers },
	{ "p", read_register },
	{ "P", write_register },
	{ "m", read_memory },
	{ "M", write_memory },
	{ "X", write_binary },
	{ "vCont?", resume_kinds },
	{ "vCont", vn_nt_gdb_resume },
	{ "vKill", kill_card },
	{ "c", vn_nt_gdb_continue },
	{ "C", vn_nt_gdb_continue_signal },
	{ "s", vn_nt_gdb_step },
	{ "S", vn_nt_gdb_step_signal },
	{ "Z", insert_break },
	{ "z", remove_break },
	{ "D", detach },
	{ "k", kill_card },
};

static void begin_answer(struct vn_nt_gdb *g, char ack)
{
	g->out_len = 0;
	g->out_sent = 0;
	if (!g->has_no_acks)
		vn_nt_gdb_send_byte(g, ack);
}

/* While the card runs, a debugger can only say stop. */
static void take_packet(struct vn_nt_gdb *g)
{
	const char *text = g->in.bytes;
	unsigned int i;

	begin_answer(g, '+');
	if (g->state != VN_NT_GDB_HALTED)
		return;
	vn_text_init(&g->reply, g->reply_bytes, sizeof(g->reply_bytes));
	g->has_answered = false;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		if (strncmp(text, packets[i].name, strlen(packets[i].name)) == 0) {
			packets[i].run(g, text + strlen(packets[i].name));
			break;
		}
	if (!g->has_answered)
		vn_nt_gdb_send(g, g->reply_bytes);
}

static void refuse(struct vn_nt_gdb *g)
{
	begin_answer(g, '+');
	if (g->state == VN_NT_GDB_HALTED)
		vn_nt_gdb_send(g, MALFORMED);
}

static void take(struct vn_nt_gdb *g, uint8_t byte)
{
	switch (vn_nt_gdb_packet_take(&g->in, byte)) {
	case VN_NT_GDB_NOTHING:
		break;
	case VN_NT_GDB_PACKET:
		take_packet(g);
		break;
	case VN_NT_GDB_TOO_LONG:
		refuse(g);
		break;
	case VN_NT_GDB_BROKEN:
		if (g->has_no_acks)
			refuse(g); /* there would be nobody to send it again */
		else
			begin_answer(g, '-');
		break;
	case VN_NT_GDB_RESEND:
		if (!g->has_no_acks)
			g->out_sent = 0;
		break;
	case VN_NT_GDB_STOP:
		if (g->state == VN_NT_GDB_RUNS)
			vn_nt_gdb_halt(g, VN_NT_GDB_SIGINT, g->tid, "");
		break;
	}
}

size_t vn_nt_gdb_input(struct vn_nt_gdb *g, const void *bytes, size_t len)
{
	enum vn_nt_gdb_state before = g->state;
	const uint8_t *p = bytes;
	size_t n = 0;

	while (n < len) {
		take(g, p[n++]);
		if (g->out_sent < g->out_len || g->state != before)
			break;
	}
	return n;
}

const char *vn_nt_gdb_output(struct vn_nt_gdb *g, size_t *len)
{
	const char *from = g->out + g->out_sent;

	*len = g->out_len - g->out_sent;
	g->out_sent = g->out_len;
	return from;
}

/* -- From outside --------------------------------------------------------------- */

int vn_nt_gdb_new(struct vn_nt_card *card, struct vn_nt_gdb **out, struct vn_err *err)
{
	struct vn_nt_gdb *g = calloc(1, sizeof(*g));

	*out = g;
	if (!g)
		return vn_err_set(err, ENOMEM, "no memory for a debugger");
	g->card = card;
	g->state = VN_NT_GDB_RUNS;
	g->shown_watch = -1;
	g->stepping = -1;
	g->only = -1;
	vn_nt_gdb_halt(g, VN_NT_GDB_SIGTRAP, 0, "");
	g->out_len = 0; /* it will ask */
	return 0;
}

void vn_nt_gdb_free(struct vn_nt_gdb *g)
{
	if (g)
		clear_breaks(g);
	free(g);
}

enum vn_nt_gdb_state vn_nt_gdb_state(const struct vn_nt_gdb *g)
{
	return g->state;
}
