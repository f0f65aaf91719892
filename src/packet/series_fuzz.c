/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as a series of gaps, sizes or lengths (the first byte says which), up to
 * a NUL; what is behind that is the content of every file that it names. Nothing is
 * opened. What is taken is drawn from: within its bounds, and the same twice.
 */
#include "packet/series.c"
#include "packet/series_cycle.c"
#include "packet/series_list.c"
#include "packet/series_number.c"
#include "packet/series_part.c"
#include "packet/series_parse.c"
#include "packet/series_pcap.c"
#include "packet/series_profile.c"
#include "packet/series_shape.c"
#include "packet/series_table.c"

#define DRAWS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct content {
	const uint8_t *data;
	size_t size;
};

static FILE *open_content(void *arg, const char *path)
{
	struct content *c = arg;

	errno = ENOENT;
	return c->size ? fmemopen((void *)c->data, c->size, "r") : NULL;
}

static void use(struct vn_series *s)
{
	uint64_t first[DRAWS], v;
	double mean;
	int i;

	vn_series_seed(s, 1, 2);
	vn_series_fill(s, first, DRAWS);
	vn_series_seed(s, 1, 2);
	for (i = 0; i < DRAWS; i++) {
		v = vn_series_next(s);
		if (v != first[i] || v < vn_series_least(s) || v > vn_series_greatest(s))
			abort();
	}
	if (vn_series_mean(s, &mean) && !(mean >= 0))
		abort();
}

/* The input need not end in a NUL. */
static char *copy_text(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	size_t n = end ? (size_t)(end - data) : size;
	char *text = malloc(n + 1);

	if (!text)
		return NULL;
	memcpy(text, data, n);
	text[n] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct content content = { 0 };
	const struct vn_series_files files = { open_content, &content };
	struct vn_series *s;
	struct vn_err err = { "" };
	char *text;
	size_t n;

	if (size == 0)
		return 0;
	text = copy_text(data + 1, size - 1);
	if (!text)
		return 0;
	n = strlen(text) + 2; /* the first byte and the NUL */
	if (n < size)
		content = (struct content){ data + n, size - n };
	if (vn_series_parse_with(data[0] % 3, "fuzz", text, &files, &s, &err) == 0) {
		use(s);
		vn_series_free(s);
	} else if (s || !err.text[0]) {
		abort();
	}
	free(text);
	return 0;
}
