/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card as the daemon has it: found, heard, lost and found again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nf2d.h"

#define RETRY_NS VN_NSEC_PER_SEC
#define RETRY_MS 200 /* of an answer, while clients wait for theirs */
#define BUDGET	 256 /* messages of the card before others are heard */

/* --- finding it -------------------------------------------------------------------- */

/* It may come, or come back. */
static bool is_absent(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED || rc == -ENODEV || rc == -ECONNRESET ||
	       rc == -ETIMEDOUT || rc == -EAGAIN;
}

static int find_socket(struct nf2d *n, unsigned int ms, struct vn_err *err)
{
	struct vn_err why = { "" };
	int rc = nf2d_cardlink_open(&n->link, n->s.target, ms, &why);

	n->retry_ns = UINT64_MAX;
	if (!rc || !is_absent(rc)) {
		*err = why;
		return rc;
	}
	if (!n->told_absent)
		nf2d_log(n, why.text);
	n->told_absent = true;
	n->retry_ns = vn_clock_now(&n->clock) + RETRY_NS;
	return 0;
}

int nf2d_card_find(struct nf2d *n, struct vn_err *err)
{
	const struct nf2d_simulator_opts opts = {
		.program = n->s.target,
		.options = n->s.options,
		.mask = &n->interrupt.old_mask,
		.log = nf2d_log,
		.arg = n,
	};

	return n->s.back_end == NF2D_SOCKET ? find_socket(n, NF2D_HELLO_MS, err)
					    : nf2d_simulator_start(&n->sim, &opts, &n->link, err);
}

/* The card is there, anew: whatever it did before, it is reset. */
static void begin(struct nf2d *n)
{
	n->told_absent = false;
	nf2d_log(n, "the card is there");
	if (n->iface.is_up)
		vn_nf2_up(n->driver);
}

void nf2d_card_retry(struct nf2d *n)
{
	struct vn_err why = { "" };

	if (find_socket(n, RETRY_MS, &why)) {
		/* Somebody else is its driver, say; which may change. */
		if (!n->told_absent)
			nf2d_log(n, why.text);
		n->told_absent = true;
		n->retry_ns = vn_clock_now(&n->clock) + RETRY_NS;
	} else if (nf2d_cardlink_is_open(&n->link)) {
		begin(n);
	}
}

void nf2d_card_up(struct nf2d *n)
{
	struct vn_err why = { "" };

	if (n->s.back_end == NF2D_SIMULATOR && !nf2d_cardlink_is_open(&n->link)) {
		if (nf2d_simulator_end(&n->sim, &why))
			nf2d_log(n, why.text);
		if (nf2d_card_find(n, &why)) {
			vn_nf2_fault(n->driver, why.text);
			return;
		}
	}
	if (nf2d_cardlink_is_open(&n->link) || nf2d_is_soft(&n->s))
		vn_nf2_up(n->driver);
	else
		vn_nf2_fault(n->driver, "the interface is up, and there is no card");
}

/* --- losing it ----------------------------------------------------------------------- */

void nf2d_card_lost(struct nf2d *n, const char *why)
{
	nf2d_cardlink_close(&n->link);
	vn_nf2_fault(n->driver, why);
	if (n->s.back_end != NF2D_SOCKET)
		return;
	n->told_absent = true;
	n->retry_ns = vn_clock_now(&n->clock) + RETRY_NS;
}

void nf2d_card_died(struct nf2d *n)
{
	char how[64], text[128];

	nf2d_card_hear(n); /* what it said before */
	nf2d_simulator_died(&n->sim, how, sizeof(how));
	snprintf(text, sizeof(text), "the card %s; %s down and up again starts another one", how,
		 n->iface.name);
	nf2d_log(n, text);
	nf2d_card_lost(n, "the card is gone");
}

/* --- hearing it ---------------------------------------------------------------------- */

void nf2d_card_hear(struct nf2d *n)
{
	struct nf2d_hearing h;
	struct vn_err why = { "" };
	int what = NF2D_HEARD_IRQ;

	for (unsigned int i = 0; i < BUDGET && nf2d_cardlink_is_open(&n->link); i++) {
		what = nf2d_cardlink_next(&n->link, &h, &why);
		if (what <= NF2D_HEARD_NOTHING)
			break;
		if (what == NF2D_HEARD_REFUSAL)
			nf2d_log(n, h.text);
		if (what == NF2D_HEARD_DATA)
			vn_nf2_dma_data(n->driver, h.bytes, h.len);
		else
			vn_nf2_intr(n->driver);
	}
	if (what < 0)
		nf2d_card_lost(n, why.text);
}
