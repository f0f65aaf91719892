/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every word of instruction memory belongs to a function: to a symbol, or, where
 * there is none, to what begins behind the last one or at the target of a call.
 * So nothing that is executed is missing from a report.
 */
#include "nt/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/isa.h"

#define NODES_MAX (1u << 16)

enum { IS_CALL = 1, IS_BY_REGISTER = 2, IS_CALLED = 4 };

/* -- The tree of calls ------------------------------------------------------ */

static uint32_t add_node(struct vn_nt_profile *p, uint32_t parent, uint32_t function)
{
	struct vn_nt_profile_node *grown;
	uint32_t cap = p->cap_nodes ? 2 * p->cap_nodes : 64;

	if (p->n_nodes == p->cap_nodes) {
		grown = cap <= NODES_MAX ? realloc(p->nodes, cap * sizeof(*grown)) : NULL;
		if (!grown)
			return VN_NT_PROFILE_NONE;
		p->nodes = grown;
		p->cap_nodes = cap;
	}
	p->nodes[p->n_nodes] = (struct vn_nt_profile_node){
		.function = function,
		.parent = parent,
		.child = VN_NT_PROFILE_NONE,
		.sibling = VN_NT_PROFILE_NONE,
	};
	return p->n_nodes++;
}

/* The function as it is called from the parent. The parent, if there is no room. */
static uint32_t child_node(struct vn_nt_profile *p, uint32_t parent, uint32_t function)
{
	uint32_t node = p->nodes[parent].child;

	while (node != VN_NT_PROFILE_NONE && p->nodes[node].function != function)
		node = p->nodes[node].sibling;
	if (node != VN_NT_PROFILE_NONE)
		return node;
	node = add_node(p, parent, function);
	if (node == VN_NT_PROFILE_NONE) {
		p->is_cut = true;
		return parent;
	}
	p->nodes[node].sibling = p->nodes[parent].child;
	p->nodes[parent].child = node;
	return node;
}

static void follow_call(struct vn_nt_profile *p, struct vn_nt_profile_thread *t, uint32_t function)
{
	t->calls[t->depth].back = t->next;
	t->calls[t->depth++].node = t->node;
	t->node = child_node(p, t->node, function);
	p->nodes[t->node].calls++;
}

/* Also past calls that never came back (longjmp). */
static bool follow_return(struct vn_nt_profile_thread *t, uint32_t word)
{
	unsigned int depth = t->depth;

	while (depth > 0 && t->calls[depth - 1].back != word)
		depth--;
	if (depth == 0)
		return false;
	t->depth = depth - 1;
	t->node = t->calls[t->depth].node;
	return true;
}

static void follow_jump(struct vn_nt_profile *p, struct vn_nt_profile_thread *t, uint32_t word)
{
	uint32_t function = p->function_of[word];

	t->node = child_node(p, p->nodes[t->node].parent, function);
	if (p->functions[function].word == word || t->next == VN_NT_PROFILE_NONE)
		p->nodes[t->node].calls++;
}

void vn_nt_profile_moved(struct vn_nt_profile *p, unsigned int tid, uint32_t word)
{
	struct vn_nt_profile_thread *t = &p->threads[tid];
	uint32_t function = p->function_of[word];
	uint8_t kind = 0;

	if (t->next != VN_NT_PROFILE_NONE && word != t->next)
		kind = p->kind_of[t->next - 1];
	if ((kind & IS_CALL) && t->depth < VN_NT_PROFILE_DEPTH)
		follow_call(p, t, function);
	else if (!((kind & IS_BY_REGISTER) && follow_return(t, word)) && function != t->function)
		follow_jump(p, t, word);
	t->function = function;
}

/* -- The program ------------------------------------------------------------ */

static void mark_word(struct vn_nt_profile *p, uint32_t word, uint32_t code)
{
	struct vn_nt_insn insn = vn_nt_decode(code, VN_NT_TEXT_BASE + 4 * word);
	uint32_t target = (insn.imm - VN_NT_TEXT_BASE) / 4;

	switch (insn.op) {
	case VN_NT_JAL:
		if (target < VN_NT_TEXT_WORDS)
			p->kind_of[target] |= IS_CALLED;
		/* fall through */
	case VN_NT_JALR:
	case VN_NT_BLTZAL:
	case VN_NT_BGEZAL:
		p->kind_of[word] |= IS_CALL;
		break;
	case VN_NT_JR:
		p->kind_of[word] |= IS_BY_REGISTER;
		break;
	}
}

/* Takes the words that no function has yet. */
static int add_function(struct vn_nt_profile *p, const char *name, uint32_t word, uint32_t n)
{
	struct vn_nt_profile_function *grown, f = { .word = word, .n_words = n };

	grown = realloc(p->functions, (p->n_functions + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	p->functions = grown;
	if (name)
		f.name = strdup(name);
	else if (asprintf(&f.name, "0x%08x", VN_NT_TEXT_BASE + 4 * word) < 0)
		f.name = NULL;
	if (!f.name)
		return -ENOMEM;
	p->functions[p->n_functions] = f;
	for (; n > 0; n--, word++)
		if (p->function_of[word] == VN_NT_PROFILE_NONE)
			p->function_of[word] = p->n_functions;
	p->n_functions++;
	return 0;
}

/* Aliases, and what lies inside a function before it, add nothing. */
static int add_symbols(struct vn_nt_profile *p, const struct vn_nt_image *image)
{
	const struct vn_nt_symbol *s;
	uint32_t word, end;
	unsigned int i;

	for (i = 0; i < image->n_symbols; i++) {
		s = &image->symbols[i];
		word = (s->addr - VN_NT_TEXT_BASE) / 4;
		if (s->addr < VN_NT_TEXT_BASE || word >= VN_NT_TEXT_WORDS || s->size == 0 ||
		    p->function_of[word] != VN_NT_PROFILE_NONE)
			continue;
		end = word + (s->size + 3) / 4;
		if (end > VN_NT_TEXT_WORDS)
			end = VN_NT_TEXT_WORDS;
		if (add_function(p, s->name, word, end - word))
			return -ENOMEM;
	}
	return 0;
}

static int add_nameless(struct vn_nt_profile *p)
{
	uint32_t word, end;

	for (word = 0; word < VN_NT_TEXT_WORDS; word = end) {
		end = word + 1;
		if (p->function_of[word] != VN_NT_PROFILE_NONE)
			continue;
		while (end < VN_NT_TEXT_WORDS && p->function_of[end] == VN_NT_PROFILE_NONE &&
		       !(p->kind_of[end] & IS_CALLED))
			end++;
		if (add_function(p, NULL, word, end - word))
			return -ENOMEM;
	}
	return 0;
}

static int prepare_threads(struct vn_nt_profile *p)
{
	struct vn_nt_profile_thread *t;
	unsigned int tid;

	for (tid = 0; tid < VN_NT_THREADS; tid++) {
		t = &p->threads[tid];
		t->rows = calloc(VN_NT_TEXT_WORDS, sizeof(*t->rows));
		t->next = VN_NT_PROFILE_NONE;
		t->function = VN_NT_PROFILE_NONE;
		t->node = add_node(p, tid, VN_NT_PROFILE_NONE);
		if (!t->rows || t->node == VN_NT_PROFILE_NONE)
			return -ENOMEM;
	}
	return 0;
}

static int prepare(struct vn_nt_profile *p, const struct vn_nt_image *image)
{
	uint32_t word;

	p->function_of = malloc(VN_NT_TEXT_WORDS * sizeof(*p->function_of));
	p->kind_of = calloc(VN_NT_TEXT_WORDS, 1);
	if (!p->function_of || !p->kind_of)
		return -ENOMEM;
	for (word = 0; word < VN_NT_TEXT_WORDS; word++)
		p->function_of[word] = VN_NT_PROFILE_NONE;
	for (word = 0; word < image->n_text; word++)
		mark_word(p, word, image->text[word]);
	if (add_symbols(p, image) || add_nameless(p))
		return -ENOMEM;
	return prepare_threads(p);
}

int vn_nt_profile_new(const struct vn_nt_image *image, struct vn_nt_profile **out,
		      struct vn_err *err)
{
	struct vn_nt_profile *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (!p || prepare(p, image)) {
		vn_nt_profile_free(p);
		return vn_err_set(err, ENOMEM, "no memory for a profile");
	}
	*out = p;
	return 0;
}

void vn_nt_profile_free(struct vn_nt_profile *p)
{
	uint32_t i;

	if (!p)
		return;
	for (i = 0; i < VN_NT_THREADS; i++)
		free(p->threads[i].rows);
	for (i = 0; i < p->n_functions; i++)
		free(p->functions[i].name);
	free(p->functions);
	free(p->function_of);
	free(p->kind_of);
	free(p->nodes);
	free(p);
}
