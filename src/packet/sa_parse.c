/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One table of keywords serves what `ip xfrm state` prints and what `ip xfrm
 * state add` takes: the two differ in little but the line ends.
 */
#include "packet/sa.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"
#include "packet/ipsec.h"
#include "packet/sa_words.h"

struct parser {
	struct vn_sa_words words;
	struct vn_sa_word word; /* the one that comes next */
	const char *name;
	struct vn_err *err;
	/* the association under work */
	struct vn_sa sa;
	unsigned int line;
	bool is_ipv6, has_src, has_dst, has_proto, has_spi;
};

struct keyword {
	const char *name;
	int (*take)(struct parser *p, const struct keyword *k);
	size_t at;            /* offset into struct vn_sa */
	unsigned int n;       /* words to leave out; whether an ICV length follows */
	const char *unusable; /* what using it would need */
};

/* --- words -------------------------------------------------------------- */

/* Puts the place before the sentence. */
static int complain(struct parser *p, int rc, const struct vn_err *why)
{
	return vn_err_set(p->err, -rc, "%s:%u: %s", p->name, p->word.line, why->text);
}

static int advance(struct parser *p)
{
	struct vn_err why = { "" };
	int rc = vn_sa_words_next(&p->words, &p->word, &why);

	return rc < 0 ? complain(p, rc, &why) : 0;
}

static bool is_word(const struct parser *p, const char *text)
{
	return !p->word.is_end && !strcmp(p->word.text, text);
}

static bool begins_association(const struct vn_sa_word *w)
{
	return w->is_first && (!w->is_indented || !strcmp(w->text, "ip"));
}

static bool is_over(const struct parser *p)
{
	return p->word.is_end || begins_association(&p->word);
}

/* Keys are not shown: messages end up in logs. A word that could be one is cut. */
static const char *shown(const struct parser *p)
{
	return !strncmp(p->word.text, "0x", 2) && strlen(p->word.text) > 10 ? "0x..."
									    : p->word.text;
}

/* For messages about the next word. */
static int refuse(struct parser *p, const char *what, const char *accepted)
{
	return vn_err_set(p->err, EINVAL, "%s:%u: %s '%.60s' is not accepted (%s)", p->name,
			  p->word.line, what, shown(p), accepted);
}

/* There must be a next word that belongs to the keyword. */
static int expect(struct parser *p, const struct keyword *k)
{
	if (!is_over(p))
		return 0;
	return vn_err_set(p->err, EINVAL, "%s:%u: '%s' without its value", p->name,
			  p->word.line, k->name);
}

static int skip_words(struct parser *p, const struct keyword *k, unsigned int n)
{
	int rc = 0;

	for (; n > 0 && rc == 0; n--) {
		rc = expect(p, k);
		if (rc == 0)
			rc = advance(p);
	}
	return rc;
}

static int skip_line(struct parser *p)
{
	int rc;

	do {
		rc = advance(p);
	} while (rc == 0 && !p->word.is_end && !p->word.is_first);
	return rc;
}

/* "(160 bits)" */
static int skip_remark(struct parser *p)
{
	bool is_last;
	int rc = 0;

	if (is_over(p) || p->word.text[0] != '(')
		return 0;
	do {
		is_last = strchr(p->word.text, ')');
		rc = advance(p);
	} while (rc == 0 && !is_last && !is_over(p));
	return rc;
}

/* Decimal or 0x; a remark right behind it, as in 0x00000100(256), is left out.
 * *end: what follows the number. */
static bool read_number(const char *text, uint32_t *out, const char **end)
{
	unsigned int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	const char *digits = text + (base == 16 ? 2 : 0), *c;
	uint64_t v = 0;

	for (c = digits; vn_hex_digit(*c) >= 0 && vn_hex_digit(*c) < (int)base; c++) {
		v = v * base + (unsigned int)vn_hex_digit(*c);
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	*end = c;
	return c > digits;
}

static int take_number(struct parser *p, const struct keyword *k, uint32_t *out)
{
	const char *end;
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	if (!read_number(p->word.text, out, &end) || (*end != '\0' && *end != '('))
		return refuse(p, k->name, "a number up to 4294967295, decimal or 0x");
	return advance(p);
}

/* --- keywords ------------------------------------------------------------- */

static int take_address(struct parser *p, const struct keyword *k)
{
	struct in6_addr ipv6;
	struct in_addr ipv4;
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	if (inet_pton(AF_INET, p->word.text, &ipv4) == 1)
		*(uint32_t *)((char *)&p->sa + k->at) = ntohl(ipv4.s_addr);
	else if (inet_pton(AF_INET6, p->word.text, &ipv6) == 1)
		p->is_ipv6 = true;
	else
		return refuse(p, k->name, "an IPv4 or IPv6 address");
	*(k->at == offsetof(struct vn_sa, saddr) ? &p->has_src : &p->has_dst) = true;
	return advance(p);
}

static int take_proto(struct parser *p, const struct keyword *k)
{
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	p->has_proto = true;
	if (is_word(p, "esp") || is_word(p, "50"))
		p->sa.proto = VN_SA_ESP;
	else if (is_word(p, "ah") || is_word(p, "51"))
		p->sa.proto = VN_SA_AH;
	else if (is_word(p, "comp") || is_word(p, "108"))
		p->sa.unusable = "proto comp";
	else if (is_word(p, "route2") || is_word(p, "hao"))
		p->is_ipv6 = true; /* these are nowhere else */
	else
		return refuse(p, k->name, "esp, ah, comp, route2, hao");
	return advance(p);
}

static int take_mode(struct parser *p, const struct keyword *k)
{
	static const struct {
		const char *name, *unusable;
		enum vn_sa_mode mode;
	} modes[] = {
		{ "transport", NULL, VN_SA_TRANSPORT },	{ "tunnel", NULL, VN_SA_TUNNEL },
		{ "beet", "mode beet", 0 },		{ "ro", "mode ro", 0 },
		{ "in_trigger", "mode in_trigger", 0 }, { "iptfs", "mode iptfs", 0 },
	};
	unsigned int i;
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	for (i = 0; i < VN_ARRAY_SIZE(modes); i++) {
		if (!is_word(p, modes[i].name))
			continue;
		p->sa.mode = modes[i].mode;
		if (modes[i].unusable)
			p->sa.unusable = modes[i].unusable;
		return advance(p);
	}
	return refuse(p, k->name, "transport, tunnel");
}

static int take_spi(struct parser *p, const struct keyword *k)
{
	p->has_spi = true;
	return take_number(p, k, &p->sa.spi);
}

static int take_u32(struct parser *p, const struct keyword *k)
{
	return take_number(p, k, (uint32_t *)((char *)&p->sa + k->at));
}

/* "mark 1 mask 0xff", "mark 0x1/0xff" */
static int take_mark(struct parser *p, const struct keyword *k)
{
	const char *end;
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	p->sa.mark_mask = UINT32_MAX;
	if (!read_number(p->word.text, &p->sa.mark, &end) ||
	    (*end != '\0' &&
	     (*end != '/' || !read_number(end + 1, &p->sa.mark_mask, &end) || *end != '\0')))
		return refuse(p, k->name, "MARK or MARK/MASK");
	rc = advance(p);
	if (rc < 0 || is_over(p) || !is_word(p, "mask"))
		return rc;
	rc = advance(p);
	return rc < 0 ? rc : take_number(p, k, &p->sa.mark_mask);
}

/* The next word as a key: digits behind 0x, else its characters. */
static int read_key(struct parser *p, const struct keyword *k, struct vn_sa_algo *key)
{
	const char *c = p->word.text;
	bool is_0x = c[0] == '0' && (c[1] == 'x' || c[1] == 'X');
	size_t len = strlen(c);
	size_t n = is_0x ? (len - 2) / 2 : len, i;

	if (n > VN_SA_KEY_MAX)
		return vn_err_set(p->err, EINVAL, "%s:%u: %s '%s': a key of %zu bytes (at most %d)",
				  p->name, p->word.line, k->name, key->name, n, VN_SA_KEY_MAX);
	if (is_0x && (len % 2 || strspn(c + 2, "0123456789abcdefABCDEF") != len - 2))
		return vn_err_set(p->err, EINVAL,
				  "%s:%u: %s '%s': key '%s' is not bytes of two hexadecimal digits",
				  p->name, p->word.line, k->name, key->name, shown(p));
	for (i = 0; i < n; i++)
		key->key[i] = is_0x ? (uint8_t)(vn_hex_digit(c[2 + 2 * i]) << 4 |
						vn_hex_digit(c[3 + 2 * i]))
				    : (uint8_t)c[i];
	key->key_len = (uint32_t)n;
	return advance(p);
}

/* An empty key is not printed: a remark, the ICV's length or a new line follows. */
static bool has_key(const struct parser *p, const struct keyword *k, const struct vn_sa_algo *key)
{
	if (is_over(p) || p->word.is_first || p->word.text[0] == '(')
		return false;
	return !(k->n && !strcmp(key->name, "digest_null") && is_word(p, "0"));
}

/* NAME KEY, in what is printed also the key's length and nothing for an empty
 * key; then, with some, the length of the ICV. */
static int take_algorithm(struct parser *p, const struct keyword *k)
{
	struct vn_sa_algo *key = (struct vn_sa_algo *)((char *)&p->sa + k->at);
	int rc = expect(p, k);

	if (rc < 0)
		return rc;
	if (strlen(p->word.text) >= VN_SA_NAME_MAX || !p->word.text[0] ||
	    !strncmp(p->word.text, "0x", 2))
		return refuse(p, k->name, "the name of an algorithm, then its key");
	memset(key, 0, sizeof(*key));
	memcpy(key->name, p->word.text, strlen(p->word.text) + 1);
	rc = advance(p);
	if (rc == 0 && has_key(p, k, key))
		rc = read_key(p, k, key);
	if (rc == 0)
		rc = skip_remark(p);
	if (rc == 0 && k->n)
		rc = take_number(p, k, &key->icv_bits);
	return rc;
}

static bool is_hex(const char *text)
{
	return text[0] && text[strspn(text, "0123456789abcdef")] == '\0';
}

static int take_flags(struct parser *p, const struct keyword *k)
{
	static const char *const known[] = {
		"noecn",  "decap-dscp", "nopmtudisc", "wildrecv",	 "icmp",
		"af-unspec", "align4",	   "esn",	 "dont-encap-dscp", "oseq-may-wrap",
	};
	unsigned int i;
	int rc = 0;

	while (rc == 0 && !is_over(p)) {
		for (i = 0; i < VN_ARRAY_SIZE(known) && !is_word(p, known[i]); i++)
			;
		/* Flags without a name are printed as a number, in hexadecimal. */
		if (i == VN_ARRAY_SIZE(known) && (p->word.is_first || !is_hex(p->word.text)))
			break;
		if (is_word(p, "align4"))
			p->sa.is_align4 = true;
		else if (is_word(p, "esn"))
			p->sa.unusable = "flag esn";
		else if (is_word(p, "dont-encap-dscp"))
			p->sa.unusable = "extra-flag dont-encap-dscp";
		rc = advance(p);
	}
	return rc < 0 ? rc : skip_remark(p);
}

/* Which packets a policy gives it: pktgen asks no policy. */
static int skip_selector(struct parser *p, const struct keyword *k)
{
	static const char *const parts[] = {
		"src", "dst", "proto", "sport", "dport", "type", "code", "key", "dev", "uid",
	};
	unsigned int i;
	int rc = 0;

	while (rc == 0 && !is_over(p)) {
		for (i = 0; i < VN_ARRAY_SIZE(parts) && !is_word(p, parts[i]); i++)
			;
		if (i == VN_ARRAY_SIZE(parts) || p->word.is_first)
			break;
		rc = skip_words(p, k, 2);
	}
	return rc;
}

/* "encap espinudp 4500 4500 0.0.0.0"; printed with a word before each */
static int take_encap(struct parser *p, const struct keyword *k)
{
	p->sa.unusable = k->unusable;
	return skip_words(p, k, is_word(p, "type") ? 8 : 4);
}

/* "offload [crypto|packet] dev eth0 dir out": the card's part is done here. */
static int skip_offload(struct parser *p, const struct keyword *k)
{
	return skip_words(p, k, is_word(p, "crypto") || is_word(p, "packet") ? 5 : 4);
}

static int take_output_mark(struct parser *p, const struct keyword *k)
{
	int rc = skip_words(p, k, 1);

	return rc == 0 && !is_over(p) && is_word(p, "mask") ? skip_words(p, k, 2) : rc;
}

static int skip(struct parser *p, const struct keyword *k)
{
	if (k->unusable)
		p->sa.unusable = k->unusable;
	return skip_words(p, k, k->n);
}

#define SA(field) offsetof(struct vn_sa, field)

static const struct keyword keywords[] = {
	{ "src", take_address, SA(saddr), 0, NULL },
	{ "dst", take_address, SA(daddr), 0, NULL },
	{ "proto", take_proto, 0, 0, NULL },
	{ "spi", take_spi, 0, 0, NULL },
	{ "mode", take_mode, 0, 0, NULL },
	{ "reqid", take_u32, SA(reqid), 0, NULL },
	{ "if_id", take_u32, SA(if_id), 0, NULL },
	{ "mark", take_mark, 0, 0, NULL },
	{ "auth", take_algorithm, SA(auth), 0, NULL },
	{ "auth-trunc", take_algorithm, SA(auth), 1, NULL },
	{ "enc", take_algorithm, SA(enc), 0, NULL },
	{ "aead", take_algorithm, SA(aead), 1, NULL },
	{ "comp", skip, 0, 1, "comp" },
	{ "flag", take_flags, 0, 0, NULL },
	{ "extra-flag", take_flags, 0, 0, NULL },
	{ "extra_flag", take_flags, 0, 0, NULL },
	{ "encap", take_encap, 0, 0, "encap" },
	{ "tfcpad", skip, 0, 1, "tfcpad" },
	{ "sel", skip_selector, 0, 0, NULL },
	{ "offload", skip_offload, 0, 0, NULL },
	{ "output-mark", take_output_mark, 0, 0, NULL },
	{ "set-mark", take_output_mark, 0, 0, NULL },
	{ "limit", skip, 0, 2, NULL },
	{ "seq", skip, 0, 1, NULL },
	{ "replay-window", skip, 0, 1, NULL },
	{ "replay-seq", skip, 0, 1, NULL },
	{ "replay-oseq", skip, 0, 1, NULL },
	{ "replay-seq-hi", skip, 0, 1, NULL },
	{ "replay-oseq-hi", skip, 0, 1, NULL },
	{ "replay", skip, 0, 1, NULL }, /* statistics */
	{ "failed", skip, 0, 1, NULL },
	{ "coa", skip, 0, 1, NULL },
	{ "ctx", skip, 0, 1, NULL },
	{ "dir", skip, 0, 1, NULL },
};

static const struct keyword *find_keyword(const char *name)
{
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(keywords); i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}

/* --- associations --------------------------------------------------------- */

static int take_command_word(struct parser *p, const char *text)
{
	if (!is_over(p) && is_word(p, text))
		return advance(p);
	return vn_err_set(p->err, EINVAL,
			  "%s:%u: a command that is not read here (ip xfrm state add, update)",
			  p->name, p->line);
}

/* "ip [options] xfrm state add" in front; it may be left out. */
static int skip_command(struct parser *p)
{
	int rc = 0;

	if (!is_word(p, "ip") && !is_word(p, "xfrm"))
		return 0;
	while (rc == 0 && !is_over(p) && !is_word(p, "xfrm"))
		rc = advance(p);
	if (rc == 0)
		rc = take_command_word(p, "xfrm");
	if (rc == 0)
		rc = take_command_word(p, "state");
	return rc == 0 ? take_command_word(p, is_word(p, "update") ? "update" : "add") : rc;
}

static int finish(struct parser *p, struct vn_sa_db *db)
{
	const char *missing = !p->has_src ? "src" : !p->has_dst ? "dst" : !p->has_proto ? "proto" :
			      !p->has_spi ? "spi" : NULL;
	struct vn_err why = { "" };
	int rc = 0;

	if (p->is_ipv6)
		return 0;
	if (missing)
		return vn_err_set(p->err, EINVAL,
				  "%s:%u: an association without '%s' (src, dst, proto, spi)",
				  p->name, p->line, missing);
	if (!p->sa.unusable)
		rc = vn_ipsec_check(&p->sa, &why);
	if (rc < 0)
		return vn_err_set(p->err, -rc, "%s:%u: %s", p->name, p->line, why.text);
	if (vn_sa_db_add(db, &p->sa) < 0)
		return vn_err_set(p->err, ENOMEM, "%s: no memory for %zu associations", p->name,
				  db->n + 1);
	return 0;
}

static int take_keyword(struct parser *p)
{
	const struct keyword *k = find_keyword(p->word.text);
	int rc;

	if (k) {
		rc = advance(p);
		return rc < 0 ? rc : k->take(p, k);
	}
	if (p->word.is_first && p->word.is_indented)
		return skip_line(p);
	return vn_err_set(p->err, EINVAL,
			  "%s:%u: '%.60s' is not known (what ip xfrm state prints or takes)",
			  p->name, p->word.line, shown(p));
}

static int take_association(struct parser *p, struct vn_sa_db *db)
{
	int rc;

	memset(&p->sa, 0, sizeof(p->sa)); /* padding too: they are compared as bytes */
	p->is_ipv6 = p->has_src = p->has_dst = p->has_proto = p->has_spi = false;
	p->line = p->word.line;
	p->word.is_first = false; /* it does not end the association it begins */
	rc = skip_command(p);
	while (rc == 0 && !is_over(p))
		rc = take_keyword(p);
	return rc < 0 ? rc : finish(p, db);
}

int vn_sa_parse(const char *text, size_t len, const char *name, struct vn_sa_db *db,
		struct vn_err *err)
{
	struct parser p = { .name = name, .err = err };
	int rc;

	vn_sa_words_init(&p.words, text, len);
	rc = advance(&p);
	while (rc == 0 && !p.word.is_end)
		rc = take_association(&p, db);
	explicit_bzero(&p, sizeof(p));
	return rc;
}
