/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a capture file: refused with a sentence, or read to an end. What
 * is handed out is within its bounds, its time never goes back, and all records
 * are accounted for.
 */
#include "pcap_in.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_all(struct card_pcap_in *in)
{
	struct vn_err err = { "" };
	struct card_pcap_frame f;
	char warning[CARD_PCAP_WARNING];
	uint64_t frames = 0, last = 0;
	uint32_t sum = 0;
	int rc;

	while ((rc = card_pcap_in_next(in, &f, &err)) > 0) {
		require(f.len > 0 && f.len <= in->max_len);
		require(f.offset_ns >= last);
		last = f.offset_ns;
		for (uint32_t i = 0; i < f.len; i++)
			sum += f.bytes[i]; /* all of them are there */
		frames++;
	}
	require((rc < 0) == (err.text[0] != '\0'));
	require(frames + card_pcap_in_skipped(in) == in->records);
	require(sum <= frames * in->max_len * UINT8_MAX);
	require(card_pcap_in_warning(in, warning) == (frames != in->records));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vn_err err = { "" };
	struct card_pcap_in in;
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	int rc;

	if (!file)
		return 0;
	rc = card_pcap_in_begin(&in, file, "input", size & 1, &err);
	require((rc < 0) == (err.text[0] != '\0'));
	if (rc)
		return 0;
	read_all(&in);
	card_pcap_in_close(&in);
	return 0;
}
