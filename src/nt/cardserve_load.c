/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading and running by the card socket. Instruction words are kept here until
 * something needs them in the card, since a card takes them all at once: loading
 * them is what resets it.
 */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "nt/cardserve_priv.h"
#include "nt/image.h"
#include "wire/bytes.h"

#define DATA_WORDS ((VN_NT_DATA_BASE + VN_NT_DATA_SIZE - VN_NT_LOAD_BASE) / 4)

enum loader_code { LOADER_RUN = 0, LOADER_DEBUG = 3, LOADER_PUT = 6, LOADER_TABLE = 10 };

static void begin_program(struct vn_nt_cardserve *serve)
{
	vn_nt_card_hold(serve->card);
	memset(serve->words, 0, VN_NT_TEXT_WORDS * sizeof(*serve->words));
	serve->n_words = 0;
	serve->until = VN_NT_NEVER;
	serve->program = VN_NT_PROGRAM_TEXT;
}

int vn_nt_cardserve_put_text(struct vn_nt_cardserve *serve, uint32_t at, const uint8_t *bytes,
			     uint32_t n, struct vn_err *err)
{
	if (at >= VN_NT_TEXT_WORDS || n > VN_NT_TEXT_WORDS - at)
		return vn_err_set(err, EINVAL, "%u words at word %u: instruction memory has %u", n,
				  at, VN_NT_TEXT_WORDS);
	if (serve->program != VN_NT_PROGRAM_TEXT)
		begin_program(serve);
	for (uint32_t i = 0; i < n; i++)
		serve->words[at + i] = vn_get_be32(bytes + 4 * i);
	serve->n_words = VN_MAX(serve->n_words, at + n);
	return 0;
}

/* The words go to the card, whose memories it clears. */
static int finish_text(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = vn_nt_card_load_text(serve->card, 0, serve->words, serve->n_words, err);

	if (rc < 0)
		return rc;
	vn_nt_cardserve_forget_transfers(serve);
	serve->program = VN_NT_PROGRAM_DATA;
	return 0;
}

int vn_nt_cardserve_put_data(struct vn_nt_cardserve *serve, uint32_t at, const uint8_t *bytes,
			     uint32_t n, struct vn_err *err)
{
	int rc;

	if (at >= DATA_WORDS || n > DATA_WORDS - at)
		return vn_err_set(err, EINVAL, "%u words at word %u: data memory has %u", n, at,
				  DATA_WORDS);
	if (serve->program != VN_NT_PROGRAM_TEXT && serve->program != VN_NT_PROGRAM_DATA)
		return vn_err_set(err, EPROTO, "data before instructions: load those first");
	rc = serve->program == VN_NT_PROGRAM_TEXT ? finish_text(serve, err) : 0;
	if (rc < 0)
		return rc;
	return vn_nt_card_load_data(serve->card, VN_NT_LOAD_BASE + 4 * at, bytes, 4 * n, err);
}

static int start(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = serve->program == VN_NT_PROGRAM_TEXT ? finish_text(serve, err) : 0;

	if (rc < 0)
		return rc;
	if (serve->program == VN_NT_PROGRAM_EMPTY)
		return vn_err_set(err, ENOEXEC, "no program is loaded");
	vn_nt_card_start(serve->card);
	vn_nt_cardserve_forget_transfers(serve);
	serve->program = VN_NT_PROGRAM_STARTED;
	return 0;
}

static int go(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = serve->program == VN_NT_PROGRAM_STARTED ? 0 : start(serve, err);

	if (rc < 0)
		return rc;
	serve->until = VN_NT_NEVER;
	return 0;
}

static int debug_hold(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = serve->program == VN_NT_PROGRAM_STARTED ? 0 : start(serve, err);

	if (!rc && serve->until == VN_NT_NEVER)
		serve->until = vn_nt_card_cycle(serve->card);
	return rc;
}

static int step(struct vn_nt_cardserve *serve, uint32_t steps, struct vn_err *err)
{
	if (serve->program != VN_NT_PROGRAM_STARTED || serve->until == VN_NT_NEVER)
		return vn_err_set(err, EPROTO, "steps are for programs in debug hold");
	if (steps == 0 || steps > VN_NT_CARD_STEPS_MAX)
		return vn_err_set(err, EINVAL, "%u steps; 1 to %u are taken", steps,
				  VN_NT_CARD_STEPS_MAX);
	serve->until += (uint64_t)steps * VN_NT_CARD_STEP_CYCLES;
	return 0;
}

int vn_nt_cardserve_run(struct vn_nt_cardserve *serve, uint32_t steps, uint32_t mode,
			struct vn_err *err)
{
	switch (mode) {
	case VN_NT_CARD_GO:
		if (serve->program == VN_NT_PROGRAM_STARTED && serve->until == VN_NT_NEVER)
			return vn_err_set(err, EALREADY, "the program runs already");
		return go(serve, err);
	case VN_NT_CARD_DEBUG:
		return debug_hold(serve, err);
	case VN_NT_CARD_STEP:
		return step(serve, steps, err);
	default:
		return vn_err_set(err, EINVAL,
				  "RUN with b = %u; 0 (run), 1 (debug hold) and 2 (step) are taken",
				  mode);
	}
}

/* Words that no data followed are a program, too: RUN starts it. */
int vn_nt_cardserve_halt(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = serve->program == VN_NT_PROGRAM_TEXT ? finish_text(serve, err) : 0;

	if (rc < 0)
		return rc;
	vn_nt_card_hold(serve->card);
	serve->until = VN_NT_NEVER;
	if (serve->program != VN_NT_PROGRAM_EMPTY)
		serve->program = VN_NT_PROGRAM_HALTED;
	return 0;
}

/* -- The loader's register ------------------------------------------------- */

static int put_word(struct vn_nt_cardserve *serve, uint32_t addr, uint32_t word, struct vn_err *err)
{
	uint8_t bytes[4];

	vn_put_be32(bytes, word);
	if (addr % 4 != 0)
		return vn_err_set(err, EINVAL, "loader: address 0x%08x is not that of a word",
				  addr);
	if (addr < 4 * VN_NT_TEXT_WORDS)
		return vn_nt_cardserve_put_text(serve, addr / 4, bytes, 1, err);
	if (addr >= VN_NT_LOAD_BASE)
		return vn_nt_cardserve_put_data(serve, (addr - VN_NT_LOAD_BASE) / 4, bytes, 1, err);
	return vn_err_set(err, EINVAL,
			  "loader: address 0x%08x; instructions lie from 0 on, data from 0x%08x",
			  addr, VN_NT_LOAD_BASE);
}

static int loader_code(struct vn_nt_cardserve *serve, uint32_t code, struct vn_err *err)
{
	switch (code) {
	case LOADER_PUT:
		serve->loader_step = VN_NT_LOADER_ADDRESS;
		return 0;
	case LOADER_RUN:
		return vn_nt_cardserve_run(serve, 0, VN_NT_CARD_GO, err);
	case LOADER_DEBUG:
		return vn_nt_cardserve_run(serve, 0, VN_NT_CARD_DEBUG, err);
	case LOADER_TABLE:
		return vn_err_set(
			err, EOPNOTSUPP,
			"loader: code 10, the table of encoded programs; load plain ones");
	default:
		return vn_err_set(err, EINVAL, "loader: code %u; 0, 3 and 6 are taken", code);
	}
}

int vn_nt_cardserve_write_loader(struct vn_nt_cardserve *serve, uint32_t value, struct vn_err *err)
{
	switch (serve->loader_step) {
	case VN_NT_LOADER_CODE:
		return loader_code(serve, value, err);
	case VN_NT_LOADER_ADDRESS:
		serve->loader_address = value;
		serve->loader_step = VN_NT_LOADER_WORD;
		return 0;
	case VN_NT_LOADER_WORD:
		serve->loader_step = VN_NT_LOADER_END;
		return put_word(serve, serve->loader_address, value, err);
	default:
		serve->loader_step = VN_NT_LOADER_CODE;
		if (value == 0)
			return 0;
		return vn_err_set(err, EINVAL, "loader: %u where the 0 behind a word belongs",
				  value);
	}
}
