/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the card's end of the card socket share. */
#ifndef VN_NT_CARDSERVE_PRIV_H
#define VN_NT_CARDSERVE_PRIV_H

#include <stdint.h>

#include "nt/cardserve.h"

enum vn_nt_program {
	VN_NT_PROGRAM_EMPTY,   /* nothing was ever loaded */
	VN_NT_PROGRAM_TEXT,    /* words come, and are kept in the server */
	VN_NT_PROGRAM_DATA,    /* they are in the card, data come */
	VN_NT_PROGRAM_STARTED, /* perhaps in debug hold */
	VN_NT_PROGRAM_HALTED,
};

/* The loader's register is written several times for one thing. */
enum vn_nt_loader_step {
	VN_NT_LOADER_CODE,
	VN_NT_LOADER_ADDRESS,
	VN_NT_LOADER_WORD,
	VN_NT_LOADER_END,
};

/* Registers of one direction of DMA. */
struct vn_nt_dma_regs {
	uint32_t address, size, control;
};

struct vn_nt_cardserve {
	struct vn_nt_card *card;
	const struct vn_nt_cardserve_ops *ops;
	void *arg;
	struct vn_nt_cardclient *clients[VN_NT_ROLE_CARD]; /* by role; NULL: none */

	enum vn_nt_program program;
	uint32_t *words;  /* VN_NT_TEXT_WORDS */
	uint32_t n_words; /* kept in words */
	uint64_t until;	  /* in debug hold: where the card stands; else NEVER */
	enum vn_nt_loader_step loader_step;
	uint32_t loader_address;

	uint32_t pending, mask; /* of interrupts; without a driver all are masked */
	struct vn_nt_dma_regs rx, tx;
};

/* A message of the card's own accord, if there is a driver. */
void vn_nt_cardserve_tell(struct vn_nt_cardserve *serve, enum vn_nt_cardmsg_op op, uint32_t a,
			  const uint8_t *data, uint32_t len);

/* cardserve_load.c: n big-endian words for word `at`; the requests RUN and HALT; a
 * value for the loader's register. */
int vn_nt_cardserve_put_text(struct vn_nt_cardserve *serve, uint32_t at, const uint8_t *bytes,
			     uint32_t n, struct vn_err *err);
int vn_nt_cardserve_put_data(struct vn_nt_cardserve *serve, uint32_t at, const uint8_t *bytes,
			     uint32_t n, struct vn_err *err);
int vn_nt_cardserve_run(struct vn_nt_cardserve *serve, uint32_t steps, uint32_t mode,
			struct vn_err *err);
int vn_nt_cardserve_halt(struct vn_nt_cardserve *serve, struct vn_err *err);
int vn_nt_cardserve_write_loader(struct vn_nt_cardserve *serve, uint32_t value, struct vn_err *err);

/* cardserve_regs.c: transfers, registers, interrupts. */
int vn_nt_cardserve_start_tx(struct vn_nt_cardserve *serve, uint32_t queue, const uint8_t *bytes,
			     uint32_t len, struct vn_err *err);
int vn_nt_cardserve_start_rx(struct vn_nt_cardserve *serve, struct vn_err *err);
int vn_nt_cardserve_read_reg(struct vn_nt_cardserve *serve, enum vn_nt_card_role role,
			     uint32_t offset, uint32_t *value, struct vn_err *err);
int vn_nt_cardserve_write_reg(struct vn_nt_cardserve *serve, enum vn_nt_card_role role,
			      uint32_t offset, uint32_t value, struct vn_err *err);
/* Of interrupts: bits that told nothing so far, and now may, are told. */
void vn_nt_cardserve_write_mask(struct vn_nt_cardserve *serve, uint32_t mask);
/* The card was reset: transfers and interrupts are gone. */
void vn_nt_cardserve_forget_transfers(struct vn_nt_cardserve *serve);

#endif
