/* SPDX-License-Identifier: BSD-2-Clause */
#include "respond.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "wire/wire.h"

#define ARPHRD_ETHER 1
/* The longest IP packet, for devices without a limit. */
#define PACKET_MAX (VN_IPV6_HLEN + 65535)

int vn_respond_add(struct vn_respond_opts *o, const char *value, struct vn_err *err)
{
	const char *p = value - 1;
	char one[64];
	int rc = 0;

	do {
		size_t len = strcspn(++p, ",");

		if (len >= sizeof(one))
			return vn_err_set(err, EINVAL,
					  "--respond: '%.*s...' is longer than any address",
					  (int)sizeof(one), p);
		memcpy(one, p, len);
		one[len] = '\0';
		rc = vn_addrset_add(&o->addrs, "--respond", one, err);
		p += len;
	} while (!rc && *p);
	if (!rc)
		o->texts[o->n_texts++] = value; /* has one address at least */
	return rc;
}

void vn_respond_show(const struct vn_respond_opts *o, FILE *out)
{
	char mac[VN_MAC_TEXT_SIZE];

	for (unsigned int i = 0; i < o->n_texts; i++)
		fprintf(out, "%s%s", i ? "," : "respond=", o->texts[i]);
	if (o->n_texts)
		fputc('\n', out);
	if (!o->has_mac)
		return;
	vn_mac_text(o->mac, mac);
	fprintf(out, "respond-mac=%s\n", mac);
}

int vn_respond_set_mac(struct vn_respond_opts *o, const char *value, struct vn_err *err)
{
	static const uint8_t nobody[6] = { 0 };

	if (vn_parse_mac(value, o->mac) || (o->mac[0] & 1) || !memcmp(o->mac, nobody, 6))
		return vn_err_set(err, EINVAL,
				  "--respond-mac: '%s' is not accepted (the MAC of one station, "
				  "as 02:00:00:00:00:02)",
				  value);
	o->has_mac = true;
	return 0;
}

bool vn_respond_is_wanted(const struct vn_respond_opts *o)
{
	return o->addrs.n4 || o->addrs.n6;
}

int vn_respond_check(const struct vn_respond_opts *o, struct vn_err *err)
{
	if (vn_respond_is_wanted(o))
		return 0;
	if (o->has_mac)
		return vn_err_set(err, EINVAL, "--respond-mac: needs --respond");
	if (o->really_on)
		return vn_err_set(err, EINVAL, "--really-on: needs --respond");
	return 0;
}

/* Answers for addresses of others can take a machine off its network. */
static int check_dev(const struct vn_respond_opts *o, const struct vn_netdev *dev,
		     struct vn_err *err)
{
	if (dev->type != ARPHRD_ETHER)
		return vn_err_set(err, EOPNOTSUPP,
				  "--respond: %s is no Ethernet interface (type %u)", dev->name,
				  dev->type);
	if (dev->holds_default_route && (!o->really_on || strcmp(o->really_on, dev->name) != 0))
		return vn_err_set(err, EPERM,
				  "%s holds the default route (--really-on %s if you mean it)",
				  dev->name, dev->name);
	return 0;
}

int vn_respond_open(const struct vn_respond_opts *o, struct vn_netdev *dev, struct vn_respond *out,
		    struct vn_err *err)
{
	const struct vn_txq_opts opts = {
		.frame_cap = VN_RESPONDER_HEAD_MAX + (dev->mtu ? dev->mtu : PACKET_MAX),
		.path = VN_PATH_DRIVER,
	};
	int rc = check_dev(o, dev, err);

	*out = (struct vn_respond){ .q = NULL };
	if (!rc)
		rc = dev->ops->txq_open(dev, &opts, &out->q, err);
	if (rc)
		return rc;
	rc = vn_responder_new(&o->addrs, o->has_mac ? o->mac : dev->mac, out->q, &out->responder);
	return rc ? vn_err_set(err, -rc, "responder: %s", strerror(-rc)) : 0;
}

void vn_respond_close(struct vn_respond *r)
{
	vn_responder_free(r->responder);
	if (r->q)
		r->q->dev->ops->txq_close(r->q);
	*r = (struct vn_respond){ .q = NULL };
}

void vn_respond_print(FILE *out, const struct vn_responder_counts *c)
{
	const char *separator = "responder: answered ";

	for (unsigned int k = 0; k < VN_RESPONDER_N_KINDS; k++) {
		fprintf(out, "%s%" PRIu64 " of %" PRIu64 " %s", separator, c->answered[k],
			c->seen[k], vn_responder_texts[k].text);
		separator = ", ";
	}
	if (c->unsent)
		fprintf(out, "; %" PRIu64 " could not be sent", c->unsent);
	separator = "\nresponder: ignored ";
	for (unsigned int v = VN_RESPONDER_N_KINDS; v < VN_RESPONDER_N_VERDICTS; v++) {
		if (!c->seen[v])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", separator, c->seen[v], vn_responder_texts[v].text);
		separator = ", ";
	}
	fputc('\n', out);
}

/* Members from..to-1, named by their verdicts. */
static json_t *counts_json(const uint64_t *n, unsigned int from, unsigned int to)
{
	json_t *o = json_object();

	for (unsigned int v = from; v < to; v++)
		json_object_set_new(o, vn_responder_texts[v].key, json_integer((json_int_t)n[v]));
	return o;
}

json_t *vn_respond_json(const struct vn_responder_counts *c)
{
	return json_pack("{s:o, s:o, s:I, s:o}", "asked",
			 counts_json(c->seen, 0, VN_RESPONDER_N_KINDS), "answered",
			 counts_json(c->answered, 0, VN_RESPONDER_N_KINDS), "unsent",
			 (json_int_t)c->unsent, "ignored",
			 counts_json(c->seen, VN_RESPONDER_N_KINDS, VN_RESPONDER_N_VERDICTS));
}
