/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a simulated device's target, one row each. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"
#include "base/text.h"
#include "dev/sim_priv.h"

#define RING_DEFAULT   256
#define BUFFER_DEFAULT 64
#define MTU_DEFAULT    1500

struct word {
	const char *name;
	const char *value; /* what it takes, for messages; NULL: nothing */
	const struct vn_unit *units;
	uint64_t min, max;
	int (*set)(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err);
};

static int set_mode(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	static const char *const names[] = { "complete", "lazy", "stuck" };

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]))
			continue;
		t->mode = (enum sim_mode)i;
		return 0;
	}
	return vn_err_set(err, EINVAL, "sim: mode \"%s\": complete, lazy or stuck", text);
}

static int set_qdisc(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	if (strlen(text) >= sizeof(t->qdisc))
		return vn_err_set(err, EINVAL, "sim: qdisc: more than %zu characters",
				  sizeof(t->qdisc) - 1);
	memcpy(t->qdisc, text, strlen(text) + 1);
	return 0;
}

static int set_noqueue(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	t->is_no_queue = true;
	return 0;
}

static int set_noshare(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	t->can_share = false;
	return 0;
}

static int set_notimeout(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	t->has_no_timeout = true;
	return 0;
}

static int set_bql(struct sim_target *t, const char *text, uint64_t n, struct vn_err *err)
{
	t->has_byte_limits = true;
	return 0;
}

#define SETTER(member, type)                                                                       \
	static int set_##member(struct sim_target *t, const char *text, uint64_t n,                \
				struct vn_err *err)                                                \
	{                                                                                          \
		t->member = (type)n;                                                               \
		return 0;                                                                          \
	}

SETTER(ring, uint32_t)
SETTER(queues, uint16_t)
SETTER(mtu, uint32_t)
SETTER(txqlen, uint32_t)
SETTER(link_bps, uint64_t)
SETTER(watchdog_ns, uint64_t)
SETTER(pps, uint64_t)
SETTER(buffer, uint32_t)
SETTER(latency_ns, uint64_t)
SETTER(down_ns, uint64_t)
SETTER(up_ns, uint64_t)

static const struct word words[] = {
	{ "link", "RATE", vn_units_bitrate, 1000, UINT64_C(1) << 40, set_link_bps },
	{ "ring", "N", vn_units_count, 1, 1u << 20, set_ring },
	{ "mode", "complete|lazy|stuck", NULL, 0, 0, set_mode },
	{ "queues", "N", vn_units_count, 1, 256, set_queues },
	{ "mtu", "N", vn_units_count, 68, 65535, set_mtu },
	{ "txqlen", "N", vn_units_count, 1, 1u << 20, set_txqlen },
	{ "qdisc", "WORDS", NULL, 0, 0, set_qdisc },
	{ "watchdog", "TIME", vn_units_time, 1000000, INT64_MAX, set_watchdog_ns },
	{ "pps", "RATE", vn_units_pps, 1, UINT64_C(10000000000), set_pps },
	{ "buffer", "N", vn_units_count, 1, 1u << 24, set_buffer },
	{ "latency", "TIME", vn_units_time, 0, INT64_MAX, set_latency_ns },
	{ "down", "TIME", vn_units_time, 1, INT64_MAX, set_down_ns },
	{ "up", "TIME", vn_units_time, 1, INT64_MAX, set_up_ns },
	{ "noqueue", NULL, NULL, 0, 0, set_noqueue },
	{ "noshare", NULL, NULL, 0, 0, set_noshare },
	{ "bql", NULL, NULL, 0, 0, set_bql },
	{ "notimeout", NULL, NULL, 0, 0, set_notimeout },
};

static int unknown_word(const char *text, struct vn_err *err)
{
	char list[300];
	struct vn_text t;

	vn_text_init(&t, list, sizeof(list));
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(words); i++)
		vn_text_add(&t, "%s%s%s%s", i ? ", " : "", words[i].name, words[i].value ? "=" : "",
			    words[i].value ? words[i].value : "");
	return vn_err_set(err, EINVAL, "sim: \"%s\": words are %s", text, list);
}

static int apply_word(struct sim_target *t, char *text, struct vn_err *err)
{
	char *value = strchr(text, '=');
	uint64_t n = 0;
	int rc = 0;

	if (value)
		*value++ = '\0';
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(words); i++) {
		const struct word *w = &words[i];

		if (strcmp(w->name, text) || !value != !w->value)
			continue;
		if (w->units)
			rc = vn_parse_quantity(w->name, value, w->units, w->min, w->max, &n, err);
		return rc ? rc : w->set(t, value, n, err);
	}
	return unknown_word(text, err);
}

int sim_target_parse(const char *text, struct sim_target *t, struct vn_err *err)
{
	char *copy = strdup(text), *save = NULL;
	int rc = 0;

	*t = (struct sim_target){
		.ring = RING_DEFAULT,
		.queues = 1,
		.can_share = true,
		.mtu = MTU_DEFAULT,
		.buffer = BUFFER_DEFAULT,
	};
	if (!copy)
		return vn_err_set(err, ENOMEM, "sim: no memory");
	for (char *w = strtok_r(copy, ",", &save); w && !rc; w = strtok_r(NULL, ",", &save))
		rc = apply_word(t, w, err);
	free(copy);
	return rc;
}
