/* SPDX-License-Identifier: BSD-2-Clause */
#include "send_streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/param.h"

int send_settings_add(struct send_settings *list, const struct vn_param *p, const char *value,
		      const char *file, unsigned int line, struct vn_err *err)
{
	struct send_setting *v = reallocarray(list->v, list->n + 1, sizeof(*v));
	char *copy = value ? strdup(value) : NULL;

	if (v)
		list->v = v;
	if (!v || (value && !copy)) {
		free(copy);
		return vn_err_set(err, ENOMEM, "out of memory");
	}
	v[list->n++] = (struct send_setting){
		.param = p, .value = copy, .file = file, .line = line
	};
	return 0;
}

static void settings_free(struct send_settings *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		free(list->v[i].value);
	free(list->v);
}

int send_streams_add(struct send_streams *s, const char *name, struct send_stream **out,
		     struct vn_err *err)
{
	struct send_stream *v;

	if (!name[0] || strlen(name) >= VN_ENTRY_NAME)
		return vn_err_set(err, EINVAL, "stream \"%s\": a name has 1 to %d characters",
				  name, VN_ENTRY_NAME - 1);
	for (unsigned int i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return vn_err_set(err, EINVAL, "stream \"%s\" is there already", name);
	v = reallocarray(s->v, s->n + 1, sizeof(*v));
	if (!v)
		return vn_err_set(err, ENOMEM, "out of memory");
	s->v = v;
	v = &s->v[s->n];
	*v = (struct send_stream){ .cpu = -1 };
	memcpy(v->name, name, strlen(name) + 1);
	s->first = s->n++;
	*out = v;
	return 0;
}

/* delay, rate and ratep all set the gap: the group of their rows. */
static bool sets_gap(const struct vn_param *p)
{
	return !strcmp(p->group, vn_param_find("delay")->group);
}

static bool list_sets_gap(const struct send_settings *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (sets_gap(list->v[i].param))
			return true;
	return false;
}

/* One option that sets the gap, not two, of which one would win silently. */
static int option_add(struct send_settings *list, const struct vn_param *p, const char *value,
		      struct vn_err *err)
{
	char name[VN_PARAM_OPTION_SIZE], other[VN_PARAM_OPTION_SIZE];

	for (unsigned int i = 0; i < list->n && sets_gap(p); i++)
		if (sets_gap(list->v[i].param) && list->v[i].param != p)
			return vn_err_set(err, EINVAL, "%s: %s says it already",
					  vn_param_option(p, name),
					  vn_param_option(list->v[i].param, other));
	return send_settings_add(list, p, value, NULL, 0, err);
}

int send_streams_option(struct send_streams *s, const struct vn_param *p, const char *value,
			struct vn_err *err)
{
	int rc = 0;

	if (s->first == s->n)
		return option_add(&s->defaults, p, value, err);
	for (unsigned int i = s->first; i < s->n && !rc; i++)
		rc = option_add(&s->v[i].options, p, value, err);
	return rc;
}

/* The row that a setting belongs to: an alias stands for the one above. */
static const struct vn_param *row_of(const struct vn_param *p)
{
	while (p->flags & VN_PARAM_ALIAS)
		p--;
	return p;
}

static int setting_apply(const struct send_setting *setting, struct vn_entry *entry,
			 struct vn_err *err)
{
	struct vn_err why = { "" };
	int rc = vn_param_set(entry, setting->param, setting->value, &why);

	if (!rc)
		return 0;
	if (setting->file)
		return vn_err_set(err, -rc, "%s:%u: %s", setting->file, setting->line, why.text);
	return vn_err_set(err, -rc, "%s", why.text);
}

static int row_apply(const struct send_settings *list, const struct vn_param *row,
		     struct vn_entry *entry, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < list->n && !rc; i++)
		if (row_of(list->v[i].param) == row)
			rc = setting_apply(&list->v[i], entry, err);
	return rc;
}

static bool list_sets(const struct send_settings *list, const struct vn_param *p)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (list->v[i].param == p)
			return true;
	return false;
}

/* Does the list say otherwise what a row says that stands further down in the table? */
static bool list_replaces(const struct send_settings *list, const struct vn_param *row)
{
	static const struct {
		const char *row, *by;
	} replaced[] = {
		{ "size", "pkt_size" },	      { "size", "min_pkt_size" },
		{ "size", "max_pkt_size" },   { "size", "imix_weights" },
		{ "flow_length", "flowlen" },
	};

	if (sets_gap(row))
		return list_sets_gap(list);
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(replaced); i++)
		if (!strcmp(row->name, replaced[i].row) &&
		    list_sets(list, vn_param_find(replaced[i].by)))
			return true;
	return false;
}

/* What two lists say, in the order of the table; b after a for equal rows. What b
 * replaces, a is made to forget. */
static int apply_by_table(const struct send_settings *a, const struct send_settings *b,
			  struct vn_entry *entry, struct vn_err *err)
{
	int rc = 0;

	for (unsigned int i = 0; i < vn_n_params && !rc; i++) {
		const struct vn_param *row = &vn_params[i];

		if (!list_replaces(b, row))
			rc = row_apply(a, row, entry, err);
		if (!rc)
			rc = row_apply(b, row, entry, err);
	}
	return rc;
}

static int apply_lists(const struct send_streams *s, const struct send_stream *stream,
		       struct vn_entry *entry, struct vn_err *err)
{
	static const struct send_settings none;
	int rc;

	if (!stream->file)
		return apply_by_table(&s->defaults, &stream->options, entry, err);
	rc = apply_by_table(&s->defaults, &none, entry, err);
	for (unsigned int i = 0; !rc && i < stream->lines.n; i++)
		rc = setting_apply(&stream->lines.v[i], entry, err);
	return rc ? rc : apply_by_table(&stream->options, &none, entry, err);
}

/* Who says for how long and not how many wants no other end: pktgen's 1000
 * packets are for those who say neither. */
int send_stream_apply(const struct send_streams *s, const struct send_stream *stream,
		      struct vn_entry *entry, struct vn_err *err)
{
	const struct vn_param *count = vn_param_find("count");
	int rc = apply_lists(s, stream, entry, err);

	if (!rc && entry->stream.cfg.time_ns && !list_sets(&s->defaults, count) &&
	    !list_sets(&stream->lines, count) && !list_sets(&stream->options, count))
		entry->stream.cfg.count = 0;
	return rc;
}

int send_stream_try(const struct send_streams *s, const struct send_stream *stream,
		    struct vn_netdev *dev, struct vn_entry **out, struct vn_err *err)
{
	struct vn_entry *e = aligned_alloc(VN_CACHELINE, sizeof(*e));
	int rc;

	*out = NULL;
	if (!e)
		return vn_err_set(err, ENOMEM, "%s: no memory for an entry", stream->name);
	memset(e, 0, sizeof(*e));
	memcpy(e->name, stream->name, sizeof(e->name));
	vn_stream_init(&e->stream);
	e->dev = dev;
	rc = send_stream_apply(s, stream, e, err);
	if (rc) {
		send_stream_try_end(e);
		return rc;
	}
	*out = e;
	return 0;
}

void send_stream_try_end(struct vn_entry *entry)
{
	if (entry)
		vn_stream_fini(&entry->stream);
	free(entry);
}

static int share_name(const char *whole, int cpu, char name[VN_ENTRY_NAME], struct vn_err *err)
{
	int n = snprintf(name, VN_ENTRY_NAME, "%s@%d", whole, cpu);

	if (n < VN_ENTRY_NAME)
		return 0;
	return vn_err_set(err, EINVAL,
			  "stream \"%s\": on several workers its name has %d characters at most",
			  whole, VN_ENTRY_NAME - 1 - (n - (int)strlen(whole)));
}

/* The settings stay the first one's, who frees them. */
int send_streams_share(struct send_streams *s, const char *whole, uint32_t k, uint32_t shares,
		       int cpu, struct vn_err *err)
{
	struct send_stream *v;
	char name[VN_ENTRY_NAME];
	int rc = share_name(whole, cpu, name, err);

	if (!rc && k)
		rc = send_streams_add(s, name, &v, err);
	if (rc)
		return rc;
	v = &s->v[k];
	*v = s->v[0];
	memcpy(v->name, name, sizeof(v->name));
	v->share = k;
	v->shares = shares;
	return 0;
}

static void plan_destination(struct vn_text *t, const struct vn_stream *s)
{
	const struct vn_stream_cfg *cfg = &s->cfg;
	char addr[INET6_ADDRSTRLEN];

	if (cfg->flags & VN_FLAG_IPV6) {
		bool is_range = !IN6_IS_ADDR_UNSPECIFIED(&cfg->dst6_min);

		inet_ntop(AF_INET6, is_range ? &cfg->dst6_min : &s->cur.daddr6, addr, sizeof(addr));
		vn_text_add(t, ", to [%s]", addr);
	} else {
		vn_text_add(t, ", to %s", cfg->dst_min[0] ? cfg->dst_min : "0.0.0.0");
		if (cfg->dst_max[0])
			vn_text_add(t, "-%s", cfg->dst_max);
	}
}

/* "with gaps of exp(10us), 100000 pps in the mean" */
static void plan_gaps(struct vn_text *t, const struct send_stream *stream,
		      const struct vn_series *gaps)
{
	vn_text_add(t, " with gaps of %.40s", vn_series_text(gaps));
	if (stream->asked_pps > 0)
		vn_text_add(t, ", %.10g pps in the mean", stream->asked_pps);
}

static void plan_write(struct send_stream *stream, const struct vn_stream *s)
{
	const struct vn_stream_cfg *cfg = &s->cfg;
	struct vn_text t;
	char mac[VN_MAC_TEXT_SIZE];

	vn_text_init(&t, stream->plan, sizeof(stream->plan));
	if (cfg->count)
		vn_text_add(&t, "%" PRIu64 " frames", cfg->count);
	else
		vn_text_add(&t, "endless frames");
	vn_text_add(&t, " of up to %u bytes", stream->max_frame_len);
	if (stream->is_never)
		vn_text_add(&t, ", never");
	else if (s->gaps)
		plan_gaps(&t, stream, s->gaps);
	else if (stream->asked_pps > 0)
		vn_text_add(&t, " at %.10g pps", stream->asked_pps);
	else
		vn_text_add(&t, " at full speed");
	if (cfg->time_ns)
		vn_text_add(&t, " for at most %.10g s", (double)cfg->time_ns / 1e9);
	plan_destination(&t, s);
	vn_text_add(&t, " udp %u", stream->port_min);
	if (stream->port_max > stream->port_min)
		vn_text_add(&t, "-%u", stream->port_max);
	vn_mac_text(cfg->dst_mac, mac);
	vn_text_add(&t, " at %s", mac);
}

void send_stream_learn(struct send_stream *stream, const struct vn_entry *entry)
{
	const struct vn_stream_cfg *cfg = &entry->stream.cfg;
	bool is_shared = cfg->flags & VN_FLAG_SHARED;

	stream->count = cfg->count;
	stream->time_ns = cfg->time_ns;
	stream->port_min = cfg->udp_dst_min;
	/* A range's upper end is never used, as in pktgen. */
	stream->port_max = cfg->udp_dst_max > cfg->udp_dst_min ? cfg->udp_dst_max - 1 :
								  cfg->udp_dst_min;
	stream->is_never = cfg->delay_ns == VN_DELAY_NEVER;
	stream->burst = vn_stream_burst(cfg);
	stream->is_numbered = stream->burst == 1 && (cfg->clone_skb <= 1 || !is_shared);
	stream->is_paced = cfg->period_num && !stream->is_never;
	stream->is_steady = stream->is_paced && !entry->stream.gaps;
	stream->asked_pps = 0;
	if (stream->is_paced && vn_stream_knows_mean_gap(&entry->stream))
		stream->asked_pps = (double)cfg->period_den * 1e9 / (double)cfg->period_num *
				    stream->burst;
	stream->max_frame_len = vn_stream_max_frame_len(&entry->stream);
	stream->tags_len = VN_VLAN_HLEN * ((cfg->vlan_id != VN_VLAN_OFF) +
					   (cfg->svlan_id != VN_VLAN_OFF));
	plan_write(stream, &entry->stream);
}

void send_streams_free(struct send_streams *s)
{
	settings_free(&s->defaults);
	for (unsigned int i = 0; i < s->n; i++) {
		if (s->v[i].share)
			continue;
		settings_free(&s->v[i].lines);
		settings_free(&s->v[i].options);
	}
	free(s->v);
	*s = (struct send_streams){ 0 };
}
