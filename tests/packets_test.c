/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames recorded from pktgen of Linux 7.2, built again: each case of
 * golden/packets.jsonl writes the recorded commands to device files, starts
 * the engine on the virtual clock, and compares what the device was given with
 * what the kernel sent, byte for byte.
 *
 * Time stamps are set to 0 on both sides and the UDP checksum is moved along,
 * so a wrong checksum still shows. golden/make_packets.py made the file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/text.h"
#include "ctl/param.h"
#include "packet/sa.h"
#include "engine/engine.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define MAX_CASES 256
#define MAX_FRAMES 256
#define MAX_DEVICES 4

struct record {
	uint32_t len;
	uint8_t *data;
};

/* A device that keeps what it is given, with the facts of the one recorded. */
struct recorder {
	struct vn_netdev dev;
	struct record frames[MAX_FRAMES];
	unsigned int n_frames;
	unsigned int n_refused; /* beyond MAX_FRAMES */
};

static struct vn_tx_done recorder_commit(struct vn_txq *q, unsigned int n)
{
	struct recorder *r = vn_container_of(q->dev, struct recorder, dev);
	struct vn_tx_done done = { .sent = n, .code = VN_TX_OK };
	struct vn_frame *f;
	unsigned int i;

	assert_true(vn_txq_peek(q, &f) >= n);
	for (i = 0; i < n; i++) {
		struct record *rec = &r->frames[r->n_frames];

		if (r->n_frames == MAX_FRAMES) {
			r->n_refused++;
			continue;
		}
		rec->len = f[i].len;
		rec->data = malloc(f[i].len);
		assert_non_null(rec->data);
		memcpy(rec->data, f[i].data, f[i].len);
		r->n_frames++;
	}
	return done;
}

static uint32_t recorder_outstanding(struct vn_txq *q)
{
	return 0;
}

static int recorder_txq_open(struct vn_netdev *dev, const struct vn_txq_opts *opts,
			     struct vn_txq **out, struct vn_err *err)
{
	struct vn_txq *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	assert_int_equal(vn_txq_init(q, dev, opts->n_frames ? opts->n_frames : 256,
				     opts->frame_cap), 0);
	q->commit = recorder_commit;
	q->outstanding = recorder_outstanding;
	*out = q;
	return 0;
}

static void recorder_txq_close(struct vn_txq *q)
{
	if (q)
		vn_txq_fini(q);
	free(q);
}

static int recorder_refresh(struct vn_netdev *dev, struct vn_err *err)
{
	return 0;
}

static const struct vn_netdev_ops recorder_ops = {
	.name = "recorder",
	.summary = "keeps frames for a comparison",
	.caps = VN_CAP_TX | VN_CAP_QUEUE_XMIT | VN_CAP_VIRTUAL,
	.refresh = recorder_refresh,
	.txq_open = recorder_txq_open,
	.txq_close = recorder_txq_close,
};

/* The machine the frames were recorded on. */
static const struct vn_netdev recorded_devices[MAX_DEVICES] = {
	{ .name = "veth0", .mac = { 2, 0, 0, 0, 0, 0x01 }, .ipv4 = 0x0a000001, .n_txq = 4 },
	{ .name = "vethc", .mac = { 2, 0, 0, 0, 0, 0x0c }, .ipv4 = 0x0a030001, .n_txq = 2 },
	{ .name = "dummy0", .mac = { 2, 0, 0, 0, 0, 0xd0 }, .ipv4 = 0x0a010001, .n_txq = 1,
	  .can_share = true },
	{ .name = "eth0", .mac = { 2, 0, 0, 0, 0, 0xe0 }, .ipv4 = 0x0a020001, .n_txq = 1,
	  .can_share = true },
};

struct bench {
	struct vn_clock clock;
	const json_t *sa; /* lines, NULL: none */
	struct vn_sa_source sas;
	struct vn_engine *engine;
	struct recorder dev[MAX_DEVICES];
};

static int load_sas(void *arg, struct vn_sa_db *db, struct vn_err *err)
{
	const struct bench *b = arg;
	const json_t *line;
	size_t i;
	int rc = 0;

	json_array_foreach(b->sa, i, line)
		if (!rc)
			rc = vn_sa_parse(json_string_value(line), json_string_length(line), "sa",
					 db, err);
	return rc;
}

static void bench_open(struct bench *b, const json_t *sa)
{
	static const int cpu0 = 0;
	const struct vn_engine_opts opts = {
		.clock = &b->clock, .is_virtual = true, .cpus = &cpu0, .n_cpus = 1, .seed = 1,
		.sas = &b->sas,
	};
	struct vn_err err = { "" };
	unsigned int i;

	memset(b, 0, sizeof(*b));
	b->sa = sa;
	b->sas = (struct vn_sa_source){ .load = load_sas, .arg = b };
	vn_clock_virtual(&b->clock, 1000, 1700000000 * VN_NSEC_PER_SEC);
	assert_int_equal(vn_engine_new(&opts, &b->engine, &err), 0);
	for (i = 0; i < MAX_DEVICES; i++) {
		struct vn_netdev *d = &b->dev[i].dev;

		*d = recorded_devices[i];
		d->ops = &recorder_ops;
		d->clock = &b->clock;
		d->is_up = true;
		d->has_carrier = true;
		d->type = 1;
		d->mtu = 1500;
	}
}

static void bench_close(struct bench *b)
{
	unsigned int i, k;

	vn_engine_free(b->engine);
	for (i = 0; i < MAX_DEVICES; i++)
		for (k = 0; k < b->dev[i].n_frames; k++)
			free(b->dev[i].frames[k].data);
}

static struct recorder *find_device(struct bench *b, const char *name)
{
	unsigned int i;

	for (i = 0; i < MAX_DEVICES; i++)
		if (!strcmp(b->dev[i].dev.name, name))
			return &b->dev[i];
	fail_msg("no device %s", name);
	return NULL;
}

static struct vn_entry *find_entry(struct bench *b, const char *word)
{
	struct vn_entry *entry = vn_engine_find(b->engine, word);
	struct vn_err err = { "" };

	if (!entry && vn_worker_add(vn_engine_worker(b->engine, 0), word,
				    &find_device(b, word)->dev, &entry, &err))
		fail_msg("%s", err.text);
	return entry;
}

/* The errno names that the recordings hold. */
static int errno_of(const json_t *result)
{
	const char *name = json_string_value(result);

	if (!name)
		return 0;
	if (!strcmp(name, "EINVAL"))
		return EINVAL;
	if (!strcmp(name, "E2BIG"))
		return E2BIG;
	if (!strcmp(name, "EOPNOTSUPP"))
		return EOPNOTSUPP;
	fail_msg("unknown errno %s", name);
	return 0;
}

static void write_command(struct bench *b, const json_t *command)
{
	const char *file = json_string_value(json_array_get(command, 0));
	const char *text = json_string_value(json_array_get(command, 1));
	int code = errno_of(json_array_get(command, 2));
	ssize_t expected = code ? -code : (ssize_t)strlen(text);
	ssize_t got;

	if (!strcmp(file, "pgctrl")) {
		vn_engine_start(b->engine);
		vn_engine_run_virtual(b->engine);
		return;
	}
	got = vn_ctl_device_write(find_entry(b, file), text, strlen(text));
	if (got != expected && !(got == -ENOTSUP && code == EOPNOTSUPP))
		fail_msg("%s: %s: returned %zd, recorded %zd", file, text, got, expected);
}

/* Offset of the UDP header. */
static uint32_t udp_offset(const struct record *r)
{
	uint32_t at = VN_ETH_TYPE;
	uint16_t type = vn_get_be16(r->data + at);

	at += 2;
	while (type == VN_ETHERTYPE_VLAN && at + VN_VLAN_HLEN < r->len) {
		type = vn_get_be16(r->data + at + VN_VLAN_TYPE);
		at += VN_VLAN_HLEN;
	}
	if (type == VN_ETHERTYPE_MPLS) {
		while (at + VN_MPLS_HLEN < r->len && !(vn_get_be32(r->data + at) & VN_MPLS_BOTTOM))
			at += VN_MPLS_HLEN;
		at += VN_MPLS_HLEN;
	}
	assert_true(at < r->len);
	return at + (r->data[at] >> 4 == 4 ? VN_IPV4_HLEN : VN_IPV6_HLEN);
}

/* What IPsec made of a packet shows no stamp; it was recorded without. */
static bool is_transformed(const struct record *r)
{
	return vn_get_be16(r->data + VN_ETH_TYPE) == VN_ETHERTYPE_IPV4 &&
	       r->data[VN_ETH_HLEN + VN_IPV4_PROTO] != VN_IPPROTO_UDP;
}

/* Sets the stamp to 0 and takes what it held out of the checksum. */
static void clear_stamp(struct record *r)
{
	uint32_t udp, at, end;
	uint16_t csum;
	uint32_t sum;

	if (is_transformed(r))
		return;
	udp = udp_offset(r);
	end = udp + VN_UDP_HLEN + VN_PGH_HLEN;
	assert_true(end <= r->len);
	csum = vn_get_be16(r->data + udp + VN_UDP_CSUM);
	sum = (uint16_t)~csum;
	for (at = udp + VN_UDP_HLEN + VN_PGH_SEC; at < end; at += 2) {
		sum += (uint16_t)~vn_get_be16(r->data + at);
		vn_put_be16(r->data + at, 0);
	}
	if (csum)
		vn_put_be16(r->data + udp + VN_UDP_CSUM, vn_csum_finish_udp(sum));
}

static void hex(const struct record *r, char *out, size_t cap)
{
	uint32_t i, len = r->len;

	while (len && !r->data[len - 1])
		len--;
	assert_true(2 * len + 1 <= cap);
	out[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", r->data[i]);
}

/* Frames of which only the beginning is known, and their lengths. */
static void compare_heads(struct recorder *dev, const json_t *expected)
{
	size_t i;
	json_t *e;

	assert_int_equal(dev->n_frames, json_array_size(expected));
	json_array_foreach(expected, i, e) {
		const char *want = json_string_value(json_array_get(e, 1));
		char got[4096];

		hex(&dev->frames[i], got, sizeof(got));
		if (dev->frames[i].len != json_integer_value(json_array_get(e, 0)) ||
		    strncmp(got, want, strlen(want)) != 0)
			fail_msg("%s: frame %zu\n%u bytes %s, recorded\n%lld bytes %s...",
				 dev->dev.name, i + 1, dev->frames[i].len, got,
				 json_integer_value(json_array_get(e, 0)), want);
	}
}

static void compare(struct recorder *dev, const json_t *expected)
{
	unsigned int at = 0;
	size_t i;
	json_t *e;

	json_array_foreach(expected, i, e) {
		const char *want = json_string_value(json_array_get(e, 1));
		json_int_t len = json_integer_value(json_array_get(e, 0));
		json_int_t times = json_array_size(e) > 2 ?
					   json_integer_value(json_array_get(e, 2)) : 1;

		for (; times > 0; times--, at++) {
			char got[4096];

			if (at >= dev->n_frames)
				fail_msg("%s: sent only %u frames", dev->dev.name, at);
			clear_stamp(&dev->frames[at]);
			hex(&dev->frames[at], got, sizeof(got));
			if (dev->frames[at].len != len || strcmp(got, want))
				fail_msg("%s: frame %u\n%u bytes %s, recorded\n%lld bytes %s",
					 dev->dev.name, at + 1, dev->frames[at].len, got,
					 (long long)len, want);
		}
	}
	assert_int_equal(dev->n_frames + dev->n_refused, at);
}

/* The text without its line of times and without figures of time and rate in
 * the Result, as golden/make_packets.py leaves it. */
static void settle_show(const char *text, struct vn_text *out)
{
	const char *line, *end;

	for (line = text; *line; line = end + 1) {
		const char *from = line;

		end = strchr(line, '\n');
		assert_non_null(end);
		if (!strncmp(line, "     started:", 13))
			continue;
		if (!strncmp(line, "Result: OK: ", 12) && strstr(line, "usec, ")) {
			vn_text_add(out, "Result: OK: ");
			from = strstr(line, "usec, ");
		} else if (line[0] == ' ' && line[2] != ' ' && strstr(line, "errors: ")) {
			vn_text_add(out, "  ");
			from = strstr(line, "errors: ");
		}
		vn_text_add(out, "%.*s\n", (int)(end - from), from);
	}
}

static void compare_show(struct bench *b, const char *word, const char *want)
{
	char text[4096], got[4096];
	struct vn_text t;

	vn_text_init(&t, got, sizeof(got));
	vn_ctl_device_show(find_entry(b, word), text, sizeof(text));
	settle_show(text, &t);
	if (strcmp(got, want))
		fail_msg("%s reads\n%s\nrecorded was\n%s", word, got, want);
}

static void runs_equal_the_recorded(void **state)
{
	const json_t *record = *state;
	struct bench *b = calloc(1, sizeof(*b));
	json_t *command, *frames;
	const char *device;
	size_t i;

	assert_non_null(b);
	bench_open(b, json_object_get(record, "sa"));
	json_array_foreach(json_object_get(record, "commands"), i, command)
		write_command(b, command);
	json_object_foreach(json_object_get(record, "frames"), device, frames)
		compare(find_device(b, device), frames);
	json_object_foreach(json_object_get(record, "heads"), device, frames)
		compare_heads(find_device(b, device), frames);
	json_object_foreach(json_object_get(record, "show"), device, frames)
		compare_show(b, device, json_string_value(frames));
	bench_close(b);
	free(b);
}

static unsigned int load(const char *path, struct CMUnitTest *tests, unsigned int max)
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;
	char *line = NULL;
	size_t cap = 0;

	if (!f)
		return 0;
	while (n < max && getline(&line, &cap, f) > 0) {
		json_t *record = json_loads(line, 0, NULL);
		const char *name = json_string_value(json_object_get(record, "name"));

		if (!name)
			break;
		tests[n++] = (struct CMUnitTest){
			.name = name, .test_func = runs_equal_the_recorded,
			.initial_state = record,
		};
	}
	free(line);
	fclose(f);
	return n;
}

int main(void)
{
	struct CMUnitTest tests[MAX_CASES];
	const char *golden = getenv("VN_GOLDEN");
	char path[4096];
	unsigned int i, n;
	int failed;

	snprintf(path, sizeof(path), "%s/packets.jsonl", golden ? golden : "tests/golden");
	n = load(path, tests, MAX_CASES);
	if (!n) {
		fprintf(stderr, "%s: no cases\n", path);
		return 1;
	}
	failed = _cmocka_run_group_tests("packets", tests, n, NULL, NULL);
	for (i = 0; i < n; i++)
		json_decref(tests[i].initial_state);
	return failed != 0;
}
