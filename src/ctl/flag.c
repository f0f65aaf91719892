/* SPDX-License-Identifier: BSD-2-Clause */
/* The row "flag": NAME sets a flag, !NAME clears it. */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#define FLAG_WORD 31

static const char *const flag_names[] = {
#define VN_X(name) #name,
	VN_STREAM_FLAGS(VN_X)
#undef VN_X
};

const char *vn_flag_name(unsigned int i)
{
	return i < VN_ARRAY_SIZE(flag_names) ? flag_names[i] : NULL;
}

/* A change of the flag set: the bits to touch, and whether to set them. */
struct flag_change {
	uint32_t bits;
	bool is_set;
};

/* FLOW_RND is no flag of its own: it means that FLOW_SEQ is clear. */
static bool flag_parse(const char *word, struct flag_change *c)
{
	unsigned int i;

	c->is_set = word[0] != '!';
	if (!c->is_set)
		word++;
	if (strcmp(word, "NODE_ALLOC") == 0) { /* of older kernels */
		c->bits = VN_FLAG_NODE;
		return true;
	}
	if (strcmp(word, "FLOW_RND") == 0) {
		c->bits = VN_FLAG_FLOW_SEQ;
		c->is_set = !c->is_set;
		return true;
	}
	for (i = 0; i < VN_FLAG_BITS; i++) {
		if (strcmp(word, flag_names[i]) != 0)
			continue;
		c->bits = 1u << i;
		/* IPV6 comes with the addresses; it can only be taken away. */
		return !(c->is_set && c->bits == VN_FLAG_IPV6);
	}
	return false;
}

static int flag_check(const struct vn_entry *e, const struct flag_change *c, struct vn_err *err)
{
	return c->bits == VN_FLAG_SHARED && !c->is_set ? vn_check_unshare(e, err) : 0;
}

static uint32_t flag_apply(uint32_t flags, const struct flag_change *c)
{
	return c->is_set ? flags | c->bits : flags & ~c->bits;
}

/* The names in bit order, comma and space between them. */
static void names_text(struct vn_text *out)
{
	unsigned int i;

	for (i = 0; i < VN_FLAG_BITS; i++)
		vn_text_add(out, "%s%s", i ? ", " : "", flag_names[i]);
}

static int flag_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	char word[FLAG_WORD + 1], names[VN_RESULT_SIZE];
	struct flag_change c;
	struct vn_text text;
	int rc;

	vn_scan_word(arg, word, FLAG_WORD);
	if (!flag_parse(word, &c)) {
		vn_text_init(&text, names, sizeof(names));
		names_text(&text);
		vn_ctl_result(e,
			      "Flag -:%s:- unknown\nAvailable flags, (prepend ! to un-set "
			      "flag):\n%s",
			      word, names);
		return 0;
	}
	rc = flag_check(e, &c, NULL);
	if (rc < 0)
		return rc;
	e->stream.cfg.flags = flag_apply(e->stream.cfg.flags, &c);
	vn_ctl_result(e, "OK: flags=0x%x", e->stream.cfg.flags);
	return 0;
}

/* One name of a list on the command line. */
static int flag_one(const struct vn_entry *e, const char *word, uint32_t *flags, struct vn_err *why)
{
	char names[VN_RESULT_SIZE];
	struct flag_change c;
	struct vn_text text;
	int rc;

	if (strcmp(word, "IPV6") == 0)
		return vn_err_set(why, EINVAL, "IPV6 is set by dst6 and src6");
	if (!flag_parse(word, &c)) {
		vn_text_init(&text, names, sizeof(names));
		names_text(&text);
		return vn_err_set(why, EINVAL, "\"%s\" is none of %s", word, names);
	}
	rc = flag_check(e, &c, why);
	if (rc == 0)
		*flags = flag_apply(*flags, &c);
	return rc;
}

/* All names of a comma list or none. */
static int flag_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	uint32_t flags = e->stream.cfg.flags;
	char word[FLAG_WORD + 1];
	struct vn_err why;
	int rc = 0;

	while (rc == 0) {
		size_t n = strcspn(text, ",");

		if (n > FLAG_WORD)
			n = FLAG_WORD; /* longer than any name: unknown all the same */
		memcpy(word, text, n);
		word[n] = '\0';
		rc = flag_one(e, word, &flags, &why);
		text += strcspn(text, ",");
		if (*text == '\0')
			break;
		text++;
	}
	if (rc < 0)
		return vn_err_set(err, -rc, "%s: %s", what, why.text);
	e->stream.cfg.flags = flags;
	return 0;
}

/*
 * What the rows above this one leave the flags at: addresses make a stream
 * IPv6, random labels set MPLS_RND. Only the difference needs saying.
 */
static uint32_t flags_implied(const struct vn_entry *e)
{
	const struct vn_stream_cfg *cfg = &e->stream.cfg;
	uint32_t flags = VN_FLAG_SHARED, i;

	if (cfg->flags & VN_FLAG_IPV6 || !IN6_IS_ADDR_UNSPECIFIED(&cfg->dst6) ||
	    !IN6_IS_ADDR_UNSPECIFIED(&cfg->src6) || !IN6_IS_ADDR_UNSPECIFIED(&cfg->dst6_min) ||
	    !IN6_IS_ADDR_UNSPECIFIED(&cfg->dst6_max))
		flags |= VN_FLAG_IPV6;
	for (i = 0; i < cfg->n_labels; i++)
		if (cfg->labels[i] & VN_MPLS_BOTTOM)
			flags |= VN_FLAG_MPLS_RND;
	return flags;
}

static bool flag_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	uint32_t differ = e->stream.cfg.flags ^ flags_implied(e);
	unsigned int i;

	for (i = 0; i < VN_FLAG_BITS; i++) {
		if (differ & 1u << i)
			vn_text_add(out, "%s%s%s", out->len ? "," : "",
				    e->stream.cfg.flags & 1u << i ? "" : "!", flag_names[i]);
	}
	return differ != 0;
}

const struct vn_param_kind vn_kind_flag = {
	.command = flag_command,
	.set = flag_set,
	.get = flag_get,
	.word = vn_flag_name,
};
