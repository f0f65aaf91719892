/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread's way through a small program is told by hand; calls, returns and where the
 * cycles went must be those of that way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "nt/profile.h"

#define AT(word) (VN_NT_TEXT_BASE + 4 * (word))

/* start 0-2, main 3-6, leaf 7-8; 9 and 10 have no name. */
enum { NOP = 0, JR_RA = 0x03e00008, JALR_T9 = 0x0320f809 };
#define JAL(word) (0x0c000000 | (word))
#define J(word)	  (0x08000000 | (word))

static uint32_t text[] = {
	[0] = NOP, [1] = JAL(3), [2] = J(2),  [3] = JAL(7), [4] = JALR_T9, [5] = J(7),
	[6] = NOP, [7] = NOP,	 [8] = JR_RA, [9] = NOP,    [10] = JR_RA,
};
static struct vn_nt_symbol symbols[] = {
	{ AT(0), 12, (char *)"start" },		{ AT(3), 16, (char *)"main" },
	{ AT(3), 16, (char *)"alias" },		{ AT(7), 8, (char *)"leaf" },
	{ VN_NT_LOAD_BASE, 4, (char *)"data" },
};
static const struct vn_nt_image image = {
	.text = text,
	.n_text = VN_ARRAY_SIZE(text),
	.symbols = symbols,
	.n_symbols = VN_ARRAY_SIZE(symbols),
};

static struct vn_nt_profile *new_profile(const struct vn_nt_image *of)
{
	struct vn_nt_profile *p;
	struct vn_err err;

	assert_int_equal(vn_nt_profile_new(of, &p, &err), 0);
	return p;
}

static void count(struct vn_nt_profile *p, unsigned int tid, const uint32_t *words, unsigned int n)
{
	for (; n > 0; n--)
		vn_nt_profile_count(p, tid, AT(*words++));
}

#define COUNT(p, tid, ...)                                                                         \
	count(p, tid, (const uint32_t[]){ __VA_ARGS__ },                                           \
	      sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* The node at the end of a path of names from a thread's root; NULL: it has not been. */
static const struct vn_nt_profile_node *find(const struct vn_nt_profile *p, unsigned int tid,
					     const char *const *path)
{
	uint32_t node = tid;

	for (; *path; path++) {
		node = p->nodes[node].child;
		while (node != VN_NT_PROFILE_NONE &&
		       strcmp(p->functions[p->nodes[node].function].name, *path) != 0)
			node = p->nodes[node].sibling;
		if (node == VN_NT_PROFILE_NONE)
			return NULL;
	}
	return &p->nodes[node];
}

#define PATH(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_node(const struct vn_nt_profile *p, unsigned int tid, const char *const *path,
			uint64_t calls, uint64_t cycles)
{
	const struct vn_nt_profile_node *n = find(p, tid, path);

	assert_non_null(n);
	assert_int_equal(n->calls, calls);
	assert_int_equal(n->cycles, cycles);
}

static void functions_are_symbols_and_what_has_no_name(void **state)
{
	static const struct {
		uint32_t word;
		const char *name;
	} rows[] = {
		{ 0, "start" },	      { 2, "start" },
		{ 3, "main" },	      { 6, "main" },
		{ 7, "leaf" },	      { 8, "leaf" },
		{ 9, "0x20000024" },  { 10, "0x20000024" },
		{ 11, "0x20000024" }, { VN_NT_TEXT_WORDS - 1, "0x20000024" },
	};
	struct vn_nt_profile *p = new_profile(&image);
	unsigned int i;

	assert_int_equal(p->n_functions, 4);
	for (i = 0; i < VN_ARRAY_SIZE(rows); i++)
		assert_string_equal(p->functions[p->function_of[rows[i].word]].name, rows[i].name);
	vn_nt_profile_free(p);
}

static void without_symbols_calls_say_where_functions_are(void **state)
{
	const struct vn_nt_image nameless = { .text = text, .n_text = VN_ARRAY_SIZE(text) };
	struct vn_nt_profile *p = new_profile(&nameless);

	assert_int_equal(p->n_functions, 3);
	assert_string_equal(p->functions[0].name, "0x20000000");
	assert_string_equal(p->functions[1].name, "0x2000000c");
	assert_string_equal(p->functions[2].name, "0x2000001c");
	assert_int_equal(p->functions[1].n_words, 4);
	vn_nt_profile_free(p);
}

static void calls_and_returns_are_followed(void **state)
{
	struct vn_nt_profile *p = new_profile(&image);

	/* main calls leaf, then by register what has no name, then ends in leaf */
	COUNT(p, 2, 0, 1, 3, 7, 8, 4, 9, 10, 5, 7, 8, 2);
	assert_node(p, 2, PATH("start"), 1, 12);
	assert_node(p, 2, PATH("start", "main"), 1, 12);
	assert_node(p, 2, PATH("start", "main", "leaf"), 1, 8);
	assert_node(p, 2, PATH("start", "main", "0x20000024"), 1, 8);
	assert_node(p, 2, PATH("start", "leaf"), 1, 8);
	assert_null(find(p, 2, PATH("main")));
	assert_null(find(p, 3, PATH("start")));
	assert_int_equal(p->threads[2].rows[7].executed, 2);
	assert_int_equal(p->threads[2].rows[6].executed, 0);
	vn_nt_profile_free(p);
}

static void a_function_that_is_run_into_is_no_call(void **state)
{
	struct vn_nt_profile *p = new_profile(&image);

	COUNT(p, 0, 3, 7, 8, 4, 5, 6, 7, 8);
	/* 4 was not taken for a call: 5 came behind it; 7 is leaf's beginning */
	assert_node(p, 0, PATH("main"), 1, 16);
	assert_node(p, 0, PATH("main", "leaf"), 1, 8);
	assert_node(p, 0, PATH("leaf"), 1, 8);
	vn_nt_profile_free(p);
}

static void a_return_past_several_calls_ends_them_all(void **state)
{
	struct vn_nt_profile *p = new_profile(&image);

	COUNT(p, 0, 1, 3, 7, 8, 2);		/* leaf returns behind start's call */
	assert_node(p, 0, PATH("start"), 1, 8); /* the thread began there */
	assert_int_equal(p->threads[0].depth, 0);
	vn_nt_profile_free(p);
}

static void recursion_goes_as_deep_as_there_is_room(void **state)
{
	static uint32_t calls_itself[] = { JAL(0), NOP, JR_RA };
	const struct vn_nt_image itself = { .text = calls_itself, .n_text = 3 };
	struct vn_nt_profile *p = new_profile(&itself);
	unsigned int i;

	for (i = 0; i < 2 * VN_NT_PROFILE_DEPTH; i++)
		COUNT(p, 0, 0);
	assert_int_equal(p->threads[0].depth, VN_NT_PROFILE_DEPTH);
	COUNT(p, 0, 1, 2);
	assert_int_equal(p->n_nodes, VN_NT_THREADS + VN_NT_PROFILE_DEPTH + 1);
	for (i = 0; i < VN_NT_PROFILE_DEPTH; i++)
		COUNT(p, 0, 1, 2);
	assert_int_equal(p->threads[0].depth, 0);
	/* the outermost: its call, and its return at last */
	assert_node(p, 0, PATH("0x20000000"), 1, 12);
	assert_false(p->is_cut);
	vn_nt_profile_free(p);
}

static void stalls_belong_to_their_instruction_and_lock(void **state)
{
	struct vn_nt_profile *p = new_profile(&image);

	COUNT(p, 1, 1, 3, 7);
	vn_nt_profile_wait(p, 1, 5);
	vn_nt_profile_stall(p, 1, AT(7), VN_NT_STALL_LOCK, 40);
	vn_nt_profile_stall(p, 1, AT(7), VN_NT_STALL_LOCK, 8);
	vn_nt_profile_stall(p, 1, AT(8), VN_NT_STALL_SEND, 16); /* before it is counted */
	COUNT(p, 1, 8, 4);
	vn_nt_profile_stall(p, 1, AT(9), VN_NT_STALL_DIV, 28);
	COUNT(p, 1, 9, 10, 5);
	assert_int_equal(p->threads[1].rows[7].stalled[VN_NT_STALL_LOCK], 48);
	assert_int_equal(p->threads[1].rows[8].stalled[VN_NT_STALL_SEND], 16);
	assert_int_equal(p->threads[1].lock_waits[5], 1);
	assert_int_equal(p->threads[1].lock_cycles[5], 48);
	assert_node(p, 1, PATH("start", "main", "leaf"), 1, 8 + 48 + 16);
	assert_node(p, 1, PATH("start", "main", "0x20000024"), 1, 8 + 28);
	assert_node(p, 1, PATH("start", "main"), 1, 12);
	vn_nt_profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_symbols_and_what_has_no_name),
		cmocka_unit_test(without_symbols_calls_say_where_functions_are),
		cmocka_unit_test(calls_and_returns_are_followed),
		cmocka_unit_test(a_function_that_is_run_into_is_no_call),
		cmocka_unit_test(a_return_past_several_calls_ends_them_all),
		cmocka_unit_test(recursion_goes_as_deep_as_there_is_room),
		cmocka_unit_test(stalls_belong_to_their_instruction_and_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
