/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as writes to a device file and as options. Pieces are separated by
 * 0xff; the first byte of a piece says which way it goes. After each, what the
 * engine relies on must hold, and all texts must be printable.
 */
#include "ctl/scan.c"
#include "ctl/number.c"
#include "ctl/size.c"
#include "ctl/period.c"
#include "ctl/address.c"
#include "ctl/tag.c"
#include "ctl/octet.c"
#include "ctl/sharing.c"
#include "ctl/flag.c"
#include "ctl/mode.c"
#include "ctl/node.c"
#include "ctl/action.c"
#include "ctl/command.c"
#include "ctl/option.c"
#include "ctl/show.c"
#include "ctl/param.c"
#include "ctl/fixture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void write_exact(struct fixture *f, const uint8_t *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	ssize_t rc;

	memcpy(copy, data, len);
	rc = vn_ctl_device_write(&f->entry, copy, len);
	require(rc < 0 || (size_t)rc == len);
	free(copy);
}

/* A series may: a file of any name is not for a fuzzer to open. */
static bool names_a_file(const char *value)
{
	return strstr(value, "list") || strstr(value, "pcap");
}

/* The row by number, the rest as its value. */
static void set_option(struct fixture *f, const uint8_t *data, size_t len)
{
	const struct vn_param *p = &vn_params[len ? data[0] % vn_n_params : 0];
	char *value = calloc(1, len + 1);
	struct vn_err err = { "" };
	int rc;

	if (len)
		memcpy(value, data + 1, len - 1);
	if (!names_a_file(value)) {
		rc = vn_param_set(&f->entry, p, value, &err);
		require((rc < 0) == (err.text[0] != '\0'));
	}
	free(value);
}

static void check(const struct fixture *f)
{
	const struct vn_stream *s = &f->entry.stream;

	require(s->cfg.burst >= 1);
	require(s->cfg.period_den >= 1);
	require(s->cfg.period_num / s->cfg.period_den == s->cfg.delay_ns);
	require(s->cfg.flows <= VN_FLOWS_MAX);
	require(s->cfg.n_labels <= VN_MPLS_MAX);
	require(s->cfg.vlan_id <= 4095 || s->cfg.vlan_id == VN_VLAN_OFF);
	require(s->cfg.svlan_id == VN_VLAN_OFF || s->cfg.vlan_id != VN_VLAN_OFF);
	require(s->cfg.n_labels == 0 || s->cfg.vlan_id == VN_VLAN_OFF);
	require(s->imix.n <= VN_IMIX_MAX);
	require(s->cfg.flags >> VN_FLAG_BITS == 0);
	require(strlen(f->entry.result) < VN_RESULT_SIZE);
}

static void read_all(struct fixture *f)
{
	char text[4096];
	unsigned int i;

	require(vn_ctl_device_show(&f->entry, text, sizeof(text)) < sizeof(text) - 1);
	for (i = 0; i < vn_n_params; i++)
		vn_param_get(&f->entry, &vn_params[i], text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture f;

	fixture_init(&f, size & 1);
	while (size > 0) {
		const uint8_t *next = memchr(data, 0xff, size);
		size_t len = next ? (size_t)(next - data) : size;

		if (len > 0 && data[0] & 0x80)
			set_option(&f, data + 1, len - 1);
		else
			write_exact(&f, data, len);
		check(&f);
		read_all(&f);
		data += len + (next != NULL);
		size -= len + (next != NULL);
	}
	fixture_fini(&f);
	return 0;
}
