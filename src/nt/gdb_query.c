/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debugger asks with packets that begin with q: what the stub and the
 * processor are, the threads, and the lines of its command "monitor".
 */
#include "nt/gdbstub_priv.h"

#include <string.h>

/*
 * Registers by the numbers that GDB has for them. It insists on those of coprocessors
 * 0 and 1, which these processors do not have: they read 0. The operating system is
 * none: for others GDB steps by breakpoints of its own, behind delay slots that are
 * not there.
 */
#define REG(name, n) "<reg name=\"" name "\" bitsize=\"32\" regnum=\"" #n "\"/>\n"
#define FPR(name, n)                                                                               \
	"<reg name=\"" name "\" bitsize=\"32\" type=\"ieee_single\" regnum=\"" #n "\"/>\n"
/* clang-format off */
static const char target_xml[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	"<target>\n<architecture>mips</architecture>\n<osabi>none</osabi>\n"
	"<feature name=\"org.gnu.gdb.mips.cpu\">\n"
	REG("r0", 0) REG("r1", 1) REG("r2", 2) REG("r3", 3) REG("r4", 4) REG("r5", 5)
	REG("r6", 6) REG("r7", 7) REG("r8", 8) REG("r9", 9) REG("r10", 10) REG("r11", 11)
	REG("r12", 12) REG("r13", 13) REG("r14", 14) REG("r15", 15) REG("r16", 16)
	REG("r17", 17) REG("r18", 18) REG("r19", 19) REG("r20", 20) REG("r21", 21)
	REG("r22", 22) REG("r23", 23) REG("r24", 24) REG("r25", 25) REG("r26", 26)
	REG("r27", 27) REG("r28", 28) REG("r29", 29) REG("r30", 30) REG("r31", 31)
	REG("lo", 33) REG("hi", 34) REG("pc", 37)
	"</feature>\n<feature name=\"org.gnu.gdb.mips.cp0\">\n"
	REG("status", 32) REG("badvaddr", 35) REG("cause", 36)
	"</feature>\n<feature name=\"org.gnu.gdb.mips.fpu\">\n"
	FPR("f0", 38) FPR("f1", 39) FPR("f2", 40) FPR("f3", 41) FPR("f4", 42) FPR("f5", 43)
	FPR("f6", 44) FPR("f7", 45) FPR("f8", 46) FPR("f9", 47) FPR("f10", 48) FPR("f11", 49)
	FPR("f12", 50) FPR("f13", 51) FPR("f14", 52) FPR("f15", 53) FPR("f16", 54)
	FPR("f17", 55) FPR("f18", 56) FPR("f19", 57) FPR("f20", 58) FPR("f21", 59)
	FPR("f22", 60) FPR("f23", 61) FPR("f24", 62) FPR("f25", 63) FPR("f26", 64)
	FPR("f27", 65) FPR("f28", 66) FPR("f29", 67) FPR("f30", 68) FPR("f31", 69)
	REG("fcsr", 70) REG("fir", 71)
	"</feature>\n</target>\n";
/* clang-format on */
#undef REG
#undef FPR

#define THREADS_XML_MAX 1024

/* "OFFSET,LENGTH" of a text: "m" and a piece, "l" and the last. Nothing in our texts
 * needs an escape. */
static void add_piece(struct vn_nt_gdb *g, const char *args, const char *text)
{
	size_t len = strlen(text);
	uint32_t offset, n;

	if (!vn_nt_gdb_number(&args, &offset) || *args++ != ',' || !vn_nt_gdb_number(&args, &n) ||
	    offset > len) {
		vn_text_add(&g->reply, "E16");
		return;
	}
	if (n > VN_NT_GDB_PACKET_MAX - 1)
		n = VN_NT_GDB_PACKET_MAX - 1;
	vn_text_add(&g->reply, "%c%.*s", n < len - offset ? 'm' : 'l', (int)n, text + offset);
}

static void features(struct vn_nt_gdb *g, const char *args)
{
	add_piece(g, args, target_xml);
}

static void threads_xml(struct vn_nt_gdb *g, const char *args)
{
	char bytes[THREADS_XML_MAX];
	struct vn_text xml;
	unsigned int tid;

	vn_text_init(&xml, bytes, sizeof(bytes));
	vn_text_add(&xml, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (tid = 0; tid < vn_nt_gdb_threads(g); tid++) {
		vn_text_add(&xml, "<thread id=\"%x\" name=\"cpu%u.slot%u\">", tid + 1,
			    tid / VN_NT_THREADS_PER_CPU, tid % VN_NT_THREADS_PER_CPU);
		vn_nt_gdb_describe(g, tid, &xml);
		vn_text_add(&xml, "</thread>\n");
	}
	vn_text_add(&xml, "</threads>\n");
	add_piece(g, args, bytes);
}

static void first_threads(struct vn_nt_gdb *g, const char *args)
{
	unsigned int tid;

	for (tid = 0; tid < vn_nt_gdb_threads(g); tid++)
		vn_text_add(&g->reply, "%c%x", tid ? ',' : 'm', tid + 1);
}

static void no_more_threads(struct vn_nt_gdb *g, const char *args)
{
	vn_text_add(&g->reply, "l");
}

static void current_thread(struct vn_nt_gdb *g, const char *args)
{
	vn_text_add(&g->reply, "QC%x", g->tid + 1);
}

static void thread_info(struct vn_nt_gdb *g, const char *args)
{
	char bytes[64];
	struct vn_text text;
	uint32_t id;

	if (!vn_nt_gdb_number(&args, &id) || !id || id > vn_nt_gdb_threads(g)) {
		vn_text_add(&g->reply, "E03");
		return;
	}
	vn_text_init(&text, bytes, sizeof(bytes));
	vn_nt_gdb_describe(g, id - 1, &text);
	vn_nt_gdb_add_hex(&g->reply, bytes, text.len);
}

static void supported(struct vn_nt_gdb *g, const char *args)
{
	vn_text_add(&g->reply,
		    "PacketSize=%x;QStartNoAckMode+;vContSupported+;qXfer:features:read+;"
		    "qXfer:threads:read+",
		    VN_NT_GDB_PACKET_MAX);
}

/* It was here before the debugger came, which therefore leaves it running. */
static void attached(struct vn_nt_gdb *g, const char *args)
{
	vn_text_add(&g->reply, "1");
}

static void no_symbols(struct vn_nt_gdb *g, const char *args)
{
	vn_text_add(&g->reply, "OK");
}

#define LINE_MAX_BYTES 80

static void monitor(struct vn_nt_gdb *g, const char *args)
{
	char line[LINE_MAX_BYTES + 1] = "", bytes[VN_NT_GDB_PACKET_MAX / 2];
	size_t len = strlen(args) / 2;
	struct vn_text text;

	if (len > LINE_MAX_BYTES || args[2 * len] || !vn_nt_gdb_bytes(args, (uint8_t *)line, len)) {
		vn_text_add(&g->reply, "E16");
		return;
	}
	vn_text_init(&text, bytes, sizeof(bytes));
	vn_nt_gdb_monitor(g, line, &text);
	vn_nt_gdb_add_hex(&g->reply, bytes, text.len);
}

void vn_nt_gdb_query(struct vn_nt_gdb *g, const char *args)
{
	static const struct {
		const char *name;
		void (*run)(struct vn_nt_gdb *g, const char *args);
	} queries[] = {
		{ "Supported", supported },
		{ "Xfer:features:read:target.xml:", features },
		{ "Xfer:threads:read::", threads_xml },
		{ "fThreadInfo", first_threads },
		{ "sThreadInfo", no_more_threads },
		{ "ThreadExtraInfo,", thread_info },
		{ "Rcmd,", monitor },
		{ "Attached", attached },
		{ "Symbol", no_symbols },
		{ "C", current_thread },
	};
	unsigned int i;

	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (strncmp(args, queries[i].name, strlen(queries[i].name)) == 0) {
			queries[i].run(g, args + strlen(queries[i].name));
			return;
		}
}
