/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as words of netem: refused with a sentence, or printed and read
 * again with the same result, and within what the discipline relies on. */
#include "net/netem_percent.c"
#include "net/netem_cursor.c"
#include "net/netem_print.c"
#include "net/netem_words.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_ranges(const struct vn_netem_params *p)
{
	require(p->delay_ns <= VN_NETEM_TIME_MAX && p->jitter_ns <= VN_NETEM_TIME_MAX);
	require(p->slot_min_ns <= p->slot_max_ns && p->slot_max_ns <= VN_NETEM_TIME_MAX);
	require(p->slot_delay_ns <= VN_NETEM_TIME_MAX && p->slot_jitter_ns <= VN_NETEM_TIME_MAX);
	require(p->rate_bps <= RATE_MAX && p->cell_size <= VN_NETEM_OVERHEAD_MAX);
	require(abs(p->packet_overhead) <= VN_NETEM_OVERHEAD_MAX);
	require(abs(p->cell_overhead) <= VN_NETEM_OVERHEAD_MAX);
	require((p->gap > 0) == (p->reorder.p > 0));
	require(p->distribution <= VN_NETEM_PARETONORMAL);
	require(p->slot_distribution <= VN_NETEM_PARETONORMAL);
}

static void print(const struct vn_netem_params *p, char *buf, size_t size)
{
	struct vn_text t;

	vn_text_init(&t, buf, size);
	vn_netem_print(p, &t);
	require(!t.is_cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words = malloc(size + 1), text[1024], again[1024];
	struct vn_netem_params p, q;
	struct vn_err err = { "" };
	int rc;

	memcpy(words, data, size);
	words[size] = '\0';
	rc = vn_netem_parse(words, &p, &err);
	require((rc < 0) == (err.text[0] != '\0'));
	free(words);
	if (rc < 0)
		return 0;
	check_ranges(&p);
	print(&p, text, sizeof(text));
	require(vn_netem_parse(text, &q, &err) == 0);
	print(&q, again, sizeof(again));
	require(strcmp(text, again) == 0);
	return 0;
}
