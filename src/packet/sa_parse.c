/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `ip xfrm state` syntax. An association begins with the word src at the
 * beginning of a line (or behind "ip xfrm state add") and goes on in the lines
 * that are indented, as `ip` prints them. What does not change a packet
 * (life times, selectors, counters) is passed over.
 */
#include "packet/sa.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/parse.h"

#define WORD_MAX 512
#define WORDS_MAX 128
#define FILE_MAX (16u << 20)

struct parser {
	const char *name;
	unsigned int line;
	const char *at, *end;   /* still to be read */
	char text[WORDS_MAX][WORD_MAX];
	unsigned int n, next;   /* words of this line; the one to be taken */
	bool is_indented;
	struct vn_sa sa;
	bool has_sa, is_foreign; /* one is under way; not for us (IPv6, other protocol) */
	struct vn_sa_db *db;
	struct vn_err *err;
};

static int refuse(struct parser *p, const char *what, const char *value, const char *accepted)
{
	return vn_err_set(p->err, EINVAL, "%s:%u: %s \"%s\": accepted is %s", p->name, p->line,
			  what, value, accepted);
}

/* --- words ----------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line ends at a newline that no backslash precedes. */
static bool at_continuation(const struct parser *p)
{
	return *p->at == '\\' && p->at + 1 < p->end && p->at[1] == '\n';
}

static int take_word(struct parser *p)
{
	char *word = p->text[p->n], quote = '\0';
	size_t len = 0;

	if (p->n == WORDS_MAX)
		return vn_err_set(p->err, EINVAL, "%s:%u: more than %d words", p->name, p->line,
				  WORDS_MAX);
	for (; p->at < p->end; p->at++) {
		char c = *p->at;

		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\n' || (!quote && (is_blank(c) || at_continuation(p))))
			break;
		if (len + 1 == WORD_MAX)
			return vn_err_set(p->err, EINVAL, "%s:%u: a word of more than %d bytes",
					  p->name, p->line, WORD_MAX - 1);
		word[len++] = c;
	}
	word[len] = '\0';
	p->n++;
	return 0;
}

/* Returns 1 when there was a line, 0 at the end. */
static int take_line(struct parser *p)
{
	int rc = 0;

	p->n = p->next = 0;
	if (p->at == p->end)
		return 0;
	p->line++;
	p->is_indented = is_blank(*p->at);
	while (!rc && p->at < p->end && *p->at != '\n') {
		if (is_blank(*p->at)) {
			p->at++;
		} else if (at_continuation(p)) {
			p->at += 2;
			p->line++;
		} else if (*p->at == '#') {
			while (p->at < p->end && *p->at != '\n')
				p->at++;
		} else {
			rc = take_word(p);
		}
	}
	if (p->at < p->end)
		p->at++;
	return rc < 0 ? rc : 1;
}

/* The next word, "" behind the last. */
static const char *next_word(struct parser *p)
{
	return p->next < p->n ? p->text[p->next++] : "";
}

static bool take_if(struct parser *p, const char *word)
{
	if (p->next == p->n || strcmp(p->text[p->next], word) != 0)
		return false;
	p->next++;
	return true;
}

/* --- values ------------------------------------------------------------------- */

/* "256", "0x100", "0x00000100(256)" */
static int take_number(struct parser *p, const char *what, uint32_t *out)
{
	const char *word = next_word(p);
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(word, &end, 0);
	if (end == word || (*end && *end != '(' && *end != '/') || *word == '-' || errno ||
	    value > UINT32_MAX)
		return refuse(p, what, word, "a number of 32 bits");
	*out = (uint32_t)value;
	return 0;
}

static int take_address(struct parser *p, const char *what, uint32_t *out)
{
	const char *word = next_word(p);
	struct in6_addr in6;
	struct in_addr in;

	if (inet_pton(AF_INET, word, &in) == 1) {
		*out = ntohl(in.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, word, &in6) != 1)
		return refuse(p, what, word, "an IPv4 address");
	p->is_foreign = true;
	return 0;
}

static int take_key(struct parser *p, struct vn_sa_algo *algo)
{
	const char *word = p->text[p->next];
	size_t len = strlen(word), i;

	/* Printed without one: the next is "(0 bits)", a length, or nothing. */
	if (p->next == p->n)
		return 0;
	p->next++;
	if (strncmp(word, "0x", 2) != 0) {
		if (len > VN_SA_KEY_MAX)
			return refuse(p, algo->name, word, "a key of at most 1024 bits");
		memcpy(algo->key, word, len);
		algo->key_len = (uint32_t)len;
		return 0;
	}
	if (len % 2 || len > 2 + 2 * VN_SA_KEY_MAX)
		return refuse(p, algo->name, word, "0x and an even number of at most 256 digits");
	for (i = 2; i < len; i += 2) {
		int high = vn_hex_digit(word[i]), low = vn_hex_digit(word[i + 1]);

		if (high < 0 || low < 0)
			return refuse(p, algo->name, word, "0x and hexadecimal digits");
		algo->key[i / 2 - 1] = (uint8_t)(high << 4 | low);
	}
	algo->key_len = (uint32_t)(len / 2 - 1);
	return 0;
}

/* NAME KEY, and with_icv a length in bits; "(160 bits)" may stand between. */
static int take_algo(struct parser *p, struct vn_sa_algo *algo, bool with_icv)
{
	const char *name = next_word(p);
	int rc;

	memset(algo, 0, sizeof(*algo));
	if (!*name || strlen(name) >= sizeof(algo->name))
		return refuse(p, "algorithm", name, "its name and key");
	memcpy(algo->name, name, strlen(name));
	rc = take_key(p, algo);
	if (rc)
		return rc;
	if (p->next < p->n && p->text[p->next][0] == '(')
		p->next += 2;
	return with_icv ? take_number(p, "length in bits", &algo->icv_bits) : 0;
}

/* --- keywords ------------------------------------------------------------------- */

static int take_src(struct parser *p)
{
	return take_address(p, "src", &p->sa.saddr);
}

static int take_dst(struct parser *p)
{
	return take_address(p, "dst", &p->sa.daddr);
}

static int take_proto(struct parser *p)
{
	const char *word = next_word(p);

	if (strcmp(word, "esp") == 0)
		p->sa.proto = VN_SA_ESP;
	else if (strcmp(word, "ah") == 0)
		p->sa.proto = VN_SA_AH;
	else if (strcmp(word, "comp") == 0 || strcmp(word, "route2") == 0 ||
		 strcmp(word, "hao") == 0)
		p->is_foreign = true;
	else
		return refuse(p, "proto", word, "esp or ah");
	return 0;
}

static int take_mode(struct parser *p)
{
	const char *word = next_word(p);

	p->sa.mode = strcmp(word, "transport") == 0 ? VN_SA_TRANSPORT :
		     strcmp(word, "tunnel") == 0 ? VN_SA_TUNNEL : VN_SA_OTHER_MODE;
	return *word ? 0 : refuse(p, "mode", word, "transport or tunnel");
}

static int take_spi(struct parser *p)
{
	return take_number(p, "spi", &p->sa.spi);
}

static int take_reqid(struct parser *p)
{
	return take_number(p, "reqid", &p->sa.reqid);
}

static int take_mark(struct parser *p)
{
	return take_number(p, "mark", &p->sa.mark);
}

static int take_auth(struct parser *p)
{
	return take_algo(p, &p->sa.auth, false);
}

static int take_auth_trunc(struct parser *p)
{
	return take_algo(p, &p->sa.auth, true);
}

static int take_enc(struct parser *p)
{
	return take_algo(p, &p->sa.enc, false);
}

static int take_aead(struct parser *p)
{
	return take_algo(p, &p->sa.aead, true);
}

static int take_encap(struct parser *p)
{
	return refuse(p, "encap", next_word(p), "an association without encapsulation");
}

static int pass_word(struct parser *p)
{
	next_word(p);
	return 0;
}

static int pass_line(struct parser *p)
{
	p->next = p->n;
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct parser *p);
} keywords[] = {
	{ "src", take_src },
	{ "dst", take_dst },
	{ "proto", take_proto },
	{ "spi", take_spi },
	{ "reqid", take_reqid },
	{ "mode", take_mode },
	{ "mark", take_mark },
	{ "auth", take_auth },
	{ "auth-trunc", take_auth_trunc },
	{ "enc", take_enc },
	{ "aead", take_aead },
	{ "encap", take_encap },
	{ "replay-window", pass_word },
	{ "replay-seq", pass_word },
	{ "replay-oseq", pass_word },
	{ "seq", pass_word },
	{ "if_id", pass_word },
	{ "tfcpad", pass_word },
	{ "output-mark", pass_line },
	{ "flag", pass_line },
	{ "extra-flag", pass_line },
	{ "sel", pass_line },
	{ "limit", pass_line },
	{ "offload", pass_line },
};

static int take_keyword(struct parser *p)
{
	const char *word = next_word(p);
	unsigned int i;

	for (i = 0; i < VN_ARRAY_SIZE(keywords); i++)
		if (strcmp(word, keywords[i].word) == 0)
			return keywords[i].take(p);
	/* Printed lines tell of much that is none of ours. */
	if (p->is_indented)
		return pass_line(p);
	return refuse(p, "word", word,
		      "src, dst, proto, spi, reqid, mode, mark, auth, auth-trunc, enc or aead");
}

/* The association that was under way is complete. */
static int finish(struct parser *p)
{
	if (!p->has_sa)
		return 0;
	p->has_sa = false;
	if (p->is_foreign)
		return 0;
	if (!p->sa.proto || !p->sa.spi)
		return vn_err_set(p->err, EINVAL,
				  "%s:%u: the association before has no %s", p->name, p->line,
				  p->sa.proto ? "spi" : "proto");
	if (vn_sa_db_add(p->db, &p->sa) < 0)
		return vn_err_set(p->err, ENOMEM, "%s: no memory", p->name);
	return 0;
}

static int begin(struct parser *p)
{
	int rc = finish(p);

	memset(&p->sa, 0, sizeof(p->sa));
	p->has_sa = true;
	p->is_foreign = false;
	return rc;
}

static int take_statement(struct parser *p)
{
	bool is_command = take_if(p, "ip");
	int rc = 0;

	if (is_command || (p->n && strcmp(p->text[0], "xfrm") == 0)) {
		if (!take_if(p, "xfrm") || !take_if(p, "state") || !take_if(p, "add"))
			return refuse(p, "command", p->text[0], "ip xfrm state add");
	}
	if (p->next < p->n && !p->is_indented)
		rc = strcmp(p->text[p->next], "src") == 0
			     ? begin(p)
			     : refuse(p, "word", p->text[p->next], "src");
	if (!rc && p->next < p->n && !p->has_sa)
		rc = refuse(p, "word", p->text[p->next], "src, at the beginning of a line");
	while (!rc && p->next < p->n)
		rc = take_keyword(p);
	return rc;
}

int vn_sa_parse(const char *text, size_t len, const char *name, struct vn_sa_db *db,
		struct vn_err *err)
{
	struct parser *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return vn_err_set(err, ENOMEM, "%s: no memory", name);
	p->name = name;
	p->at = text;
	p->end = text + len;
	p->db = db;
	p->err = err;
	while ((rc = take_line(p)) > 0 && (rc = take_statement(p)) == 0)
		;
	if (rc == 0)
		rc = finish(p);
	free(p);
	return rc;
}

int vn_sa_parse_file(const char *path, struct vn_sa_db *db, struct vn_err *err)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(FILE_MAX) : NULL;
	size_t len;
	int rc;

	if (!f)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	len = text ? fread(text, 1, FILE_MAX, f) : 0;
	if (!text)
		rc = vn_err_set(err, ENOMEM, "%s: no memory", path);
	else if (ferror(f))
		rc = vn_err_set(err, EIO, "%s: cannot be read", path);
	else
		rc = vn_sa_parse(text, len, path, db, err);
	free(text);
	fclose(f);
	return rc;
}
