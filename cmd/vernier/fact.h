/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `vernier probe` tells: a list of facts, each with a key for the JSON and
 * a label for people, so that both tell the same.
 */
#ifndef VN_CMD_FACT_H
#define VN_CMD_FACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VN_FACT_TEXT 256

enum vn_fact_kind {
	VN_FACT_IS_TEXT,    /* "" is told as none */
	VN_FACT_IS_NUMBER,  /* with a unit, which may be "" */
	VN_FACT_IS_YES,	    /* or no */
	VN_FACT_IS_ABILITY, /* yes, or no and why not: an object in the JSON */
};

struct vn_fact {
	enum vn_fact_kind kind;
	bool is_known, is_yes;
	uint64_t n;
	char text[VN_FACT_TEXT]; /* of an ability: why not */
};

/* A row of a list: what asks for it is given `arg`. */
struct vn_fact_row {
	const char *key, *label, *unit;
	enum vn_fact_kind kind;
	void (*ask)(struct vn_fact *f, const void *arg);
};

void vn_fact_text(struct vn_fact *f, const char *text);
void vn_fact_number(struct vn_fact *f, uint64_t n);
void vn_fact_yes(struct vn_fact *f, bool is_yes);
/* rc: 0, or -errno and why. */
void vn_fact_ability(struct vn_fact *f, int rc, const char *why);

/* One line a row; an object of all rows. */
void vn_facts_print(const struct vn_fact_row *rows, unsigned int n, const void *arg, FILE *out);
json_t *vn_facts_json(const struct vn_fact_row *rows, unsigned int n, const void *arg);

#endif
