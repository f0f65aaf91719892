/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In place of translate.c on hosts that it does not write code for.
 */
#include "nt/card_priv.h"

void vn_nt_code_new(struct vn_nt_card *card, struct vn_nt_code **out, const char **why)
{
	*out = NULL;
	*why = "this host is not an x86-64";
}

void vn_nt_code_free(struct vn_nt_code *code)
{
}

bool vn_nt_code_run(struct vn_nt_card *card, struct vn_nt_thread *t)
{
	return vn_nt_run_ahead(card, t);
}
