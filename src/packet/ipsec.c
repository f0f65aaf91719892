/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Algorithms are rows of two tables, by the kernel's names and those that `ip`
 * takes. The cipher says how IVs and keys look, which is all in which one ESP
 * packet differs from another.
 *
 * IVs. The kernel derives them from the sequence number, which stays 0 here:
 * for chaining modes that gives the encrypted zero block, the same in every
 * packet and every run; for counting modes a random number of the association,
 * again the same in every packet.
 */
#include "packet/ipsec.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/csum.h"
#include "wire/wire.h"

#define ESP_HLEN 8
#define AH_HLEN 12
#define IV_MAX 16
#define BLOCK_MAX 16
#define NEXT_IPIP 4
#define OUTER_TTL 64
#define SALT_MAX 4

enum iv_rule { IV_NONE, IV_ZERO_BLOCK, IV_RANDOM };

struct cipher {
	const char *names[4]; /* the kernel's first */
	enum iv_rule iv;
	uint32_t iv_len, block, salt; /* bytes; salt: at the end of the key */
	uint32_t tag;                 /* longest check value of its own, 0: none */
	uint16_t tag_bits[3];         /* what may be asked for of it */
	bool is_auth_only;            /* leaves the payload readable */
	const EVP_CIPHER *(*evp)(uint32_t key_len); /* without the salt; NULL: no such length */
};

static const EVP_CIPHER *evp_null(uint32_t len)
{
	return EVP_enc_null();
}

static const EVP_CIPHER *evp_aes_cbc(uint32_t len)
{
	return len == 16 ? EVP_aes_128_cbc() : len == 24 ? EVP_aes_192_cbc() :
	       len == 32 ? EVP_aes_256_cbc() : NULL;
}

static const EVP_CIPHER *evp_aes_ctr(uint32_t len)
{
	return len == 16 ? EVP_aes_128_ctr() : len == 24 ? EVP_aes_192_ctr() :
	       len == 32 ? EVP_aes_256_ctr() : NULL;
}

static const EVP_CIPHER *evp_aes_gcm(uint32_t len)
{
	return len == 16 ? EVP_aes_128_gcm() : len == 24 ? EVP_aes_192_gcm() :
	       len == 32 ? EVP_aes_256_gcm() : NULL;
}

static const EVP_CIPHER *evp_des3(uint32_t len)
{
	return len == 24 ? EVP_des_ede3_cbc() : NULL;
}

static const EVP_CIPHER *evp_chacha(uint32_t len)
{
	return len == 32 ? EVP_chacha20_poly1305() : NULL;
}

static const struct cipher ciphers[] = {
	{ { "ecb(cipher_null)", "cipher_null" }, IV_NONE, 0, 1, 0, 0, { 0 }, false, evp_null },
	{ { "cbc(aes)", "aes" }, IV_ZERO_BLOCK, 16, 16, 0, 0, { 0 }, false, evp_aes_cbc },
	{ { "cbc(des3_ede)", "des3_ede" }, IV_ZERO_BLOCK, 8, 8, 0, 0, { 0 }, false, evp_des3 },
	{ { "rfc3686(ctr(aes))" }, IV_RANDOM, 8, 1, 4, 0, { 0 }, false, evp_aes_ctr },
};

static const struct cipher aeads[] = {
	{ { "rfc4106(gcm(aes))" }, IV_RANDOM, 8, 1, 4, 16, { 64, 96, 128 }, false, evp_aes_gcm },
	{ { "rfc4543(gcm(aes))" }, IV_RANDOM, 8, 1, 4, 16, { 128 }, true, evp_aes_gcm },
	{ { "rfc7539esp(chacha20,poly1305)" }, IV_RANDOM, 8, 1, 4, 16, { 128 }, false, evp_chacha },
};

static const struct digest {
	const char *names[4];
	uint32_t icv; /* bytes, unless the association says otherwise */
	const EVP_MD *(*evp)(void);
} digests[] = {
	{ { "digest_null" }, 0, NULL },
	{ { "hmac(md5)", "md5" }, 12, EVP_md5 },
	{ { "hmac(sha1)", "sha1" }, 12, EVP_sha1 },
	{ { "hmac(sha256)", "sha256" }, 12, EVP_sha256 },
	{ { "hmac(sha384)", "sha384" }, 24, EVP_sha384 },
	{ { "hmac(sha512)", "sha512" }, 32, EVP_sha512 },
};

struct vn_ipsec_state {
	const struct cipher *cipher; /* NULL with AH */
	EVP_CIPHER_CTX *crypt;
	EVP_MAC_CTX *mac;            /* NULL without one */
	uint32_t icv;                /* bytes */
	uint8_t iv[IV_MAX];          /* as it stands in the packet */
	uint8_t nonce[IV_MAX];       /* as the cipher wants it */
};

/* --- algorithms by name ------------------------------------------------------- */

static bool is_named(const char *const names[4], const char *name)
{
	for (int i = 0; i < 4 && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static const struct cipher *find_cipher(const struct cipher *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(list[i].names, name))
			return &list[i];
	return NULL;
}

static const struct digest *find_digest(const char *name)
{
	for (size_t i = 0; i < VN_ARRAY_SIZE(digests); i++)
		if (is_named(digests[i].names, name))
			return &digests[i];
	return NULL;
}

static int unknown(const char *kind, const char *name, struct vn_err *err)
{
	char names[240];
	struct vn_text t;

	vn_text_init(&t, names, sizeof(names));
	if (strcmp(kind, "auth") == 0)
		for (size_t i = 0; i < VN_ARRAY_SIZE(digests); i++)
			vn_text_add(&t, "%s%s", i ? ", " : "", digests[i].names[0]);
	else if (strcmp(kind, "enc") == 0)
		for (size_t i = 0; i < VN_ARRAY_SIZE(ciphers); i++)
			vn_text_add(&t, "%s%s", i ? ", " : "", ciphers[i].names[0]);
	else
		for (size_t i = 0; i < VN_ARRAY_SIZE(aeads); i++)
			vn_text_add(&t, "%s%s", i ? ", " : "", aeads[i].names[0]);
	return vn_err_set(err, EOPNOTSUPP, "%s \"%s\" is none of %s", kind, name, names);
}

/* --- checks --------------------------------------------------------------------- */

static const EVP_CIPHER *evp_of(const struct cipher *c, uint32_t key_len)
{
	/* Without an IV and without a key: nothing is encrypted. */
	if (key_len < c->salt || (c->iv == IV_NONE && key_len))
		return NULL;
	return c->evp(key_len - c->salt);
}

static int check_key(const char *kind, const struct vn_sa_algo *algo, const struct cipher *c,
		     struct vn_err *err)
{
	char accepted[64];
	struct vn_text t;
	uint32_t len;

	if (evp_of(c, algo->key_len))
		return 0;
	vn_text_init(&t, accepted, sizeof(accepted));
	for (len = 1; len <= VN_SA_KEY_MAX; len++)
		if (evp_of(c, len))
			vn_text_add(&t, "%s%u", t.len ? ", " : "", len * 8);
	return vn_err_set(err, EINVAL, "%s %s: a key of %u bits; it takes %s", kind, algo->name,
			  algo->key_len * 8, t.len ? accepted : "none");
}

static int check_enc(const struct vn_sa_algo *algo, struct vn_err *err)
{
	const struct cipher *c = find_cipher(ciphers, VN_ARRAY_SIZE(ciphers), algo->name);

	return c ? check_key("enc", algo, c, err) : unknown("enc", algo->name, err);
}

static int check_aead(const struct vn_sa_algo *algo, struct vn_err *err)
{
	const struct cipher *c = find_cipher(aeads, VN_ARRAY_SIZE(aeads), algo->name);
	char accepted[64];
	struct vn_text t;

	if (!c)
		return unknown("aead", algo->name, err);
	vn_text_init(&t, accepted, sizeof(accepted));
	for (size_t i = 0; i < VN_ARRAY_SIZE(c->tag_bits) && c->tag_bits[i]; i++) {
		if (algo->icv_bits == c->tag_bits[i])
			return check_key("aead", algo, c, err);
		vn_text_add(&t, "%s%u", i ? ", " : "", c->tag_bits[i]);
	}
	return vn_err_set(err, EINVAL, "aead %s: a check value of %u bits; it makes %s", algo->name,
			  algo->icv_bits, accepted);
}

static int check_auth(const struct vn_sa_algo *algo, struct vn_err *err)
{
	const struct digest *d = find_digest(algo->name);
	uint32_t most;

	if (!d)
		return unknown("auth", algo->name, err);
	most = d->evp ? (uint32_t)EVP_MD_get_size(d->evp()) * 8 : 0;
	if (d->evp && algo->key_len == 0)
		return vn_err_set(err, EINVAL, "auth %s: no key; it takes one of 8 bits or more",
				  algo->name);
	if (algo->icv_bits % 8 || algo->icv_bits > most)
		return vn_err_set(err, EINVAL,
				  "auth %s: a check value of %u bits; it makes bytes, up to %u",
				  algo->name, algo->icv_bits, most);
	return 0;
}

static int check_esp(const struct vn_sa *sa, struct vn_err *err)
{
	int rc;

	if (sa->aead.name[0] && (sa->enc.name[0] || sa->auth.name[0]))
		return vn_err_set(err, EINVAL, "aead %s and %s; esp takes aead, or enc and auth",
				  sa->aead.name, sa->enc.name[0] ? sa->enc.name : sa->auth.name);
	if (sa->aead.name[0])
		return check_aead(&sa->aead, err);
	if (!sa->enc.name[0])
		return vn_err_set(err, EINVAL,
				  "esp takes enc or aead (enc cipher_null '' encrypts nothing)");
	rc = check_enc(&sa->enc, err);
	return rc == 0 && sa->auth.name[0] ? check_auth(&sa->auth, err) : rc;
}

int vn_ipsec_check(const struct vn_sa *sa, struct vn_err *err)
{
	if (sa->unusable)
		return vn_err_set(err, EOPNOTSUPP, "%s is not supported", sa->unusable);
	if (sa->proto == VN_SA_ESP)
		return check_esp(sa, err);
	if (sa->enc.name[0] || sa->aead.name[0] || !sa->auth.name[0])
		return vn_err_set(err, EINVAL, "ah takes auth or auth-trunc, and nothing else");
	return check_auth(&sa->auth, err);
}

/* --- setting up ---------------------------------------------------------------- */

/* The packet's IV and the cipher's, once for all packets. */
static int set_iv(struct vn_ipsec_state *st, const struct vn_sa_algo *algo, struct vn_rng *rng)
{
	const struct cipher *c = st->cipher;
	uint64_t random = vn_rng_next(rng);
	uint8_t zero[IV_MAX] = { 0 };
	int n;

	if (c->iv == IV_RANDOM) {
		memcpy(st->nonce, algo->key + algo->key_len - c->salt, c->salt);
		memcpy(st->iv, &random, c->iv_len);
		memcpy(st->nonce + c->salt, st->iv, c->iv_len);
		st->nonce[IV_MAX - 1] = 1; /* counter of rfc3686; the others take 12 bytes */
	} else if (c->iv == IV_ZERO_BLOCK) {
		if (!EVP_EncryptInit_ex(st->crypt, NULL, NULL, NULL, zero) ||
		    !EVP_EncryptUpdate(st->crypt, st->iv, &n, zero, (int)c->iv_len))
			return -EIO;
		memcpy(st->nonce, st->iv, c->iv_len);
	}
	return 0;
}

static int set_cipher(struct vn_ipsec_state *st, const struct vn_sa *sa, struct vn_rng *rng,
		      struct vn_err *err)
{
	bool is_aead = sa->aead.name[0];
	const struct vn_sa_algo *algo = is_aead ? &sa->aead : &sa->enc;

	st->cipher = is_aead ? find_cipher(aeads, VN_ARRAY_SIZE(aeads), algo->name)
			     : find_cipher(ciphers, VN_ARRAY_SIZE(ciphers), algo->name);
	st->icv = is_aead ? algo->icv_bits / 8 : 0;
	st->crypt = EVP_CIPHER_CTX_new();
	if (!st->crypt ||
	    !EVP_EncryptInit_ex(st->crypt, evp_of(st->cipher, algo->key_len), NULL, algo->key,
				NULL) ||
	    !EVP_CIPHER_CTX_set_padding(st->crypt, 0) || set_iv(st, algo, rng) < 0)
		return vn_err_set(err, EIO, "%s: libcrypto refuses it", algo->name);
	return 0;
}

static int set_mac(struct vn_ipsec_state *st, const struct vn_sa_algo *algo, struct vn_err *err)
{
	const struct digest *d = find_digest(algo->name);
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_MAC *mac;
	bool is_set;

	if (!d->evp)
		return 0;
	st->icv = algo->icv_bits ? algo->icv_bits / 8 : d->icv;
	params[0] = OSSL_PARAM_construct_utf8_string(
		"digest", (char *)(uintptr_t)EVP_MD_get0_name(d->evp()), 0);
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	st->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
	is_set = st->mac && EVP_MAC_init(st->mac, algo->key, algo->key_len, params);
	EVP_MAC_free(mac);
	return is_set ? 0 : vn_err_set(err, EIO, "auth %s: libcrypto refuses it", algo->name);
}

/* As the kernel counts it: AH's header is rounded up with its check value. */
static uint32_t ah_len(const struct vn_ipsec *x)
{
	uint32_t align = x->sa.is_align4 ? 4 : 8;

	return (AH_HLEN + x->state->icv + align - 1) / align * align;
}

static int set_up(struct vn_ipsec *x, struct vn_rng *rng, struct vn_err *err)
{
	struct vn_ipsec_state *st = x->state;
	const struct vn_sa *sa = &x->sa;
	int rc = vn_ipsec_check(sa, err);

	if (!rc && sa->proto == VN_SA_ESP)
		rc = set_cipher(st, sa, rng, err);
	if (!rc && sa->auth.name[0])
		rc = set_mac(st, &sa->auth, err);
	if (rc)
		return rc;
	x->header_len = sa->proto == VN_SA_AH ? ah_len(x) : ESP_HLEN + st->cipher->iv_len;
	if (sa->mode == VN_SA_TUNNEL)
		x->header_len += VN_IPV4_HLEN;
	return 0;
}

int vn_ipsec_new(const struct vn_sa *sa, struct vn_rng *rng, struct vn_ipsec **out,
		 struct vn_err *err)
{
	struct vn_ipsec *x = calloc(1, sizeof(*x));
	int rc;

	*out = NULL;
	if (x)
		x->state = calloc(1, sizeof(*x->state));
	if (!x || !x->state) {
		free(x);
		return vn_err_set(err, ENOMEM, "no memory for an association");
	}
	x->sa = *sa;
	rc = set_up(x, rng, err);
	if (rc) {
		vn_ipsec_free(x);
		return rc;
	}
	*out = x;
	return 0;
}

void vn_ipsec_free(struct vn_ipsec *x)
{
	if (!x)
		return;
	EVP_CIPHER_CTX_free(x->state->crypt);
	EVP_MAC_CTX_free(x->state->mac);
	explicit_bzero(x->state, sizeof(*x->state));
	explicit_bzero(&x->sa, sizeof(x->sa));
	free(x->state);
	free(x);
}

/* --- packets ---------------------------------------------------------------------- */

/* The first icv bytes of the digest of len bytes go to out. */
static bool put_icv(const struct vn_ipsec_state *st, const uint8_t *from, size_t len, uint8_t *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n;

	if (!st->mac)
		return true;
	if (!EVP_MAC_init(st->mac, NULL, 0, NULL) || !EVP_MAC_update(st->mac, from, len) ||
	    !EVP_MAC_final(st->mac, digest, &n, sizeof(digest)))
		return false;
	memcpy(out, digest, st->icv);
	return true;
}

/* Length and checksum after the change, as the generator redoes them. */
static void finish_ip(uint8_t *ip, uint32_t len)
{
	vn_put_be16(ip + VN_IPV4_LEN, (uint16_t)len);
	vn_put_be16(ip + VN_IPV4_CSUM, 0);
	vn_put_be16(ip + VN_IPV4_CSUM, vn_csum_finish(vn_csum_add(0, ip, VN_IPV4_HLEN)));
}

static bool encrypt(const struct vn_ipsec_state *st, uint8_t *esp, uint32_t clen)
{
	uint8_t *payload = esp + ESP_HLEN + st->cipher->iv_len;
	uint8_t *tag = payload + clen;
	int n;

	if (!EVP_EncryptInit_ex(st->crypt, NULL, NULL, NULL, st->nonce))
		return false;
	if (!st->cipher->tag)
		return EVP_EncryptUpdate(st->crypt, payload, &n, payload, (int)clen) &&
		       put_icv(st, esp, (size_t)(tag - esp), tag);
	if (st->cipher->is_auth_only) {
		if (!EVP_EncryptUpdate(st->crypt, NULL, &n, esp, (int)(tag - esp)))
			return false;
	} else if (!EVP_EncryptUpdate(st->crypt, NULL, &n, esp, ESP_HLEN) ||
		   !EVP_EncryptUpdate(st->crypt, payload, &n, payload, (int)clen)) {
		return false;
	}
	return EVP_EncryptFinal_ex(st->crypt, tag, &n) &&
	       EVP_CIPHER_CTX_ctrl(st->crypt, EVP_CTRL_AEAD_GET_TAG, (int)st->icv, tag);
}

/* What is behind the header moves back to make room for n bytes. */
static void make_room(uint8_t *at, uint32_t len, uint32_t n)
{
	memmove(at + n, at, len);
}

/* len bytes of payload at `at` become an ESP packet; its length, 0 on failure. */
static uint32_t put_esp(const struct vn_ipsec *x, uint8_t *at, uint32_t len, uint8_t next)
{
	const struct vn_ipsec_state *st = x->state;
	uint32_t align = st->cipher->block < 4 ? 4 : st->cipher->block;
	uint32_t clen = (len + 2 + align - 1) / align * align;
	uint32_t pad = clen - len - 2, i;
	uint8_t *payload = at + ESP_HLEN + st->cipher->iv_len;

	make_room(at, len, ESP_HLEN + st->cipher->iv_len);
	vn_put_be32(at, x->sa.spi);
	vn_put_be32(at + 4, 0);
	memcpy(at + ESP_HLEN, st->iv, st->cipher->iv_len);
	for (i = 0; i < pad; i++)
		payload[len + i] = (uint8_t)(i + 1);
	payload[len + pad] = (uint8_t)pad;
	payload[len + pad + 1] = next;
	return encrypt(st, at, clen) ? ESP_HLEN + st->cipher->iv_len + clen + st->icv : 0;
}

/* The check value covers the IP header too, without what changes on the way. */
static uint32_t put_ah(const struct vn_ipsec *x, uint8_t *ip, uint32_t len, uint8_t next)
{
	const struct vn_ipsec_state *st = x->state;
	uint32_t ah = ah_len(x);
	uint8_t *at = ip + VN_IPV4_HLEN, kept[VN_IPV4_HLEN], icv[EVP_MAX_MD_SIZE];

	make_room(at, len, ah);
	memset(at, 0, ah);
	at[0] = next;
	at[1] = (uint8_t)(ah / 4 - 2);
	vn_put_be32(at + 4, x->sa.spi);
	vn_put_be16(ip + VN_IPV4_LEN, (uint16_t)(VN_IPV4_HLEN + ah + len));
	memcpy(kept, ip, sizeof(kept));
	ip[VN_IPV4_TOS] = 0;
	ip[VN_IPV4_TTL] = 0;
	vn_put_be16(ip + VN_IPV4_FRAG, 0);
	vn_put_be16(ip + VN_IPV4_CSUM, 0);
	if (!put_icv(st, ip, VN_IPV4_HLEN + ah + len, icv))
		return 0;
	memcpy(at + AH_HLEN, icv, st->icv);
	memcpy(ip, kept, sizeof(kept));
	return ah + len;
}

/* The whole packet becomes the payload of a new header. */
static void put_outer(const struct vn_ipsec *x, uint8_t *ip, uint32_t len)
{
	make_room(ip, len, VN_IPV4_HLEN); /* and leaves its copy, to be changed */
	ip[VN_IPV4_TTL] = OUTER_TTL;
	vn_put_be32(ip + VN_IPV4_SRC, x->sa.saddr);
	vn_put_be32(ip + VN_IPV4_DST, x->sa.daddr);
}

uint32_t vn_ipsec_apply(struct vn_ipsec *x, uint8_t *ip, uint32_t len)
{
	uint8_t next = ip[VN_IPV4_PROTO];
	uint32_t n;

	if (x->sa.mode == VN_SA_TUNNEL) {
		put_outer(x, ip, len);
		len += VN_IPV4_HLEN;
		next = NEXT_IPIP;
	}
	ip[VN_IPV4_PROTO] = (uint8_t)x->sa.proto;
	n = x->sa.proto == VN_SA_AH
		    ? put_ah(x, ip, len - VN_IPV4_HLEN, next)
		    : put_esp(x, ip + VN_IPV4_HLEN, len - VN_IPV4_HLEN, next);
	if (n == 0)
		return 0;
	n += VN_IPV4_HLEN;
	finish_ip(ip, n);
	x->packets++;
	x->bytes += n;
	return n;
}
