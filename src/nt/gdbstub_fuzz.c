/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes from a debugger, on a card with a small program that has locks, memory,
 * jumps and an end. The card is let run for a while whenever that is asked for. To save
 * the fuzzer the sums, each packet gets the right one, unless that begins with "!".
 * Answers must be packets, and detaching must leave a card that runs on.
 */
#include "nt/gdb_monitor.c"
#include "nt/gdb_packet.c"
#include "nt/gdb_query.c"
#include "nt/gdb_resume.c"
#include "nt/gdbstub.c"

#include "base/macros.h"

#define RUNS	   64
#define RUN_CYCLES 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t program[] = {
	0x3c020404, 0x3c032000, 0x34040003, /* lui v0,0x404; lui v1,0x2000; ori a0,zero,3 */
	0x34050010,			    /* ori a1,zero,16 */
	0xac640004,			    /* 10: GET_LOCK 3 */
	0x8c460000, 0x24c60001, 0xac460000, /* lw a2,0(v0); addiu a2,a2,1; sw a2,0(v0) */
	0x3c074000, 0xace40004,		    /* UN_LOCK 3 */
	0x24a5ffff, 0x14a0fff8,		    /* addiu a1,a1,-1; bne a1,zero,10 */
};

/* The only state: making a card takes longer than all else. */
static struct vn_nt_card *loaded_card(void)
{
	static struct vn_nt_card *card;
	uint32_t text[12 * VN_NT_THREADS + 1];
	const struct vn_nt_image image = { .text = text, .n_text = VN_ARRAY_SIZE(text) };
	uint32_t tid;

	if (!card && vn_nt_card_new(&vn_nt_defaults, &card, NULL))
		abort();
	for (tid = 0; tid < VN_NT_THREADS; tid++)
		memcpy(text + 12 * tid, program, sizeof(program));
	text[12 * VN_NT_THREADS] = 0x0000000d; /* the last one runs into a break */
	if (vn_nt_card_load(card, &image, NULL))
		abort();
	return card;
}

static void check_output(struct vn_nt_gdb *g)
{
	struct vn_nt_gdb_packet p = { 0 };
	enum vn_nt_gdb_event e = VN_NT_GDB_NOTHING;
	const char *bytes;
	size_t len, i;

	bytes = vn_nt_gdb_output(g, &len);
	for (i = 0; i < len; i++) {
		e = vn_nt_gdb_packet_take(&p, (uint8_t)bytes[i]);
		if (e != VN_NT_GDB_NOTHING && e != VN_NT_GDB_PACKET && e != VN_NT_GDB_RESEND)
			abort();
	}
	if (p.state != VN_NT_GDB_OUTSIDE)
		abort();
}

/* The input with right sums; out has room for all of it. */
static void correct_sums(const uint8_t *data, size_t size, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		out[i] = data[i];
		if (data[i] == '$') {
			sum = 0;
		} else if (data[i] != '#') {
			sum = (uint8_t)(sum + data[i]);
		} else if (i + 2 < size && data[i + 1] != '!') {
			out[++i] = (uint8_t)digits[sum >> 4];
			out[++i] = (uint8_t)digits[sum & 15];
		}
	}
}

static void talk(struct vn_nt_gdb *g, const uint8_t *data, size_t size)
{
	struct vn_nt_card *card = g->card;
	unsigned int runs = 0;
	size_t n;

	while (size > 0 && vn_nt_gdb_state(g) != VN_NT_GDB_DETACHED &&
	       vn_nt_gdb_state(g) != VN_NT_GDB_KILLED) {
		n = vn_nt_gdb_input(g, data, size);
		if (n == 0 || n > size)
			abort();
		data += n;
		size -= n;
		check_output(g);
		if (vn_nt_gdb_state(g) == VN_NT_GDB_RUNS && runs++ < RUNS) {
			vn_nt_gdb_run(g, vn_nt_card_cycle(card) + RUN_CYCLES);
			check_output(g);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_nt_card *card = loaded_card();
	uint8_t *bytes = malloc(size + 1);
	struct vn_nt_gdb *g;
	enum vn_nt_stop stop;

	if (!bytes || vn_nt_gdb_new(card, &g, NULL))
		abort();
	correct_sums(data, size, bytes);
	talk(g, bytes, size);
	vn_nt_gdb_exited(g, 0);
	check_output(g);
	vn_nt_gdb_free(g);
	free(bytes);
	stop = vn_nt_card_run(card, vn_nt_card_cycle(card) + RUN_CYCLES);
	if (stop == VN_NT_STOP_BREAK)
		abort();
	return 0;
}
