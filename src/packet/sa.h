/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security associations (RFC 4301) as the generator uses them: IPv4, ESP or AH,
 * with a source that knows which there are. What they do to a packet is
 * ipsec.h's; here is only what they say.
 */
#ifndef VN_PACKET_SA_H
#define VN_PACKET_SA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VN_SA_NAME_MAX 64 /* of an algorithm, the final NUL included */
#define VN_SA_KEY_MAX 128 /* bytes */

enum vn_sa_proto { VN_SA_ESP = 50, VN_SA_AH = 51 }; /* IP protocol numbers */
enum vn_sa_mode { VN_SA_TRANSPORT, VN_SA_TUNNEL };

/* An algorithm with its key; without a name: none. */
struct vn_sa_algo {
	char name[VN_SA_NAME_MAX]; /* as the kernel's crypto names it, or as `ip` takes it */
	uint8_t key[VN_SA_KEY_MAX];
	uint32_t key_len;  /* bytes, a salt at its end included */
	uint32_t icv_bits; /* length of the check value; 0: the algorithm's own */
};

struct vn_sa {
	uint32_t saddr, daddr; /* host order */
	uint32_t spi;          /* host order */
	uint32_t reqid, mark, mark_mask, if_id;
	enum vn_sa_proto proto;
	enum vn_sa_mode mode;
	bool is_align4; /* AH header rounded up to 4 bytes, not to 8 */
	struct vn_sa_algo auth, enc, aead;
	/* What it asks for and we cannot do ("encap"), NULL: nothing. It may be in a
	 * list all the same; only a packet that would need it makes an error. */
	const char *unusable;
};

/* A list of associations, owned. Zeroed it is empty. */
struct vn_sa_db {
	struct vn_sa *v;
	size_t n, cap;
};

int vn_sa_db_add(struct vn_sa_db *db, const struct vn_sa *sa); /* a copy; 0 or -ENOMEM */
void vn_sa_db_fini(struct vn_sa_db *db); /* overwrites the keys first */

/*
 * Is it the one for a packet? spi 0: by exact addresses, ESP in transport mode,
 * request id, mark and interface id 0; else any with this SPI (spec section 8.8).
 */
bool vn_sa_matches(const struct vn_sa *sa, uint32_t spi, uint32_t saddr, uint32_t daddr);

/* Where associations come from. */
struct vn_sa_source {
	/* Appends all there are now. 0 or -errno with a sentence. */
	int (*load)(void *arg, struct vn_sa_db *db, struct vn_err *err);
	/* Adds to an association's counters what was sent through it. NULL: nobody
	 * counts. Errors are not told: the association may be gone. */
	void (*account)(void *arg, const struct vn_sa *sa, uint64_t bytes, uint64_t packets);
	void *arg;
};

/*
 * Appends what a text in the syntax of `ip xfrm state` holds: what it prints
 * (also with -s or -o), and its command lines (with or without "ip xfrm state
 * add" or "update" before them).
 *
 * An association begins with a line that is not indented, or with the word
 * "ip"; indented lines go on with it. In those, a line that begins with an
 * unknown word says what does not matter here (statistics, lifetimes); elsewhere
 * an unknown word is an error. Words are quoted as in a shell, '#' begins a
 * comment, a backslash joins lines. IPv6 is passed over. name is used in
 * sentences. 0 or -errno; the sentence has name, line, value and what is
 * accepted, but never a key.
 */
int vn_sa_parse(const char *text, size_t len, const char *name, struct vn_sa_db *db,
		struct vn_err *err);
int vn_sa_parse_file(const char *path, struct vn_sa_db *db, struct vn_err *err);

/*
 * Those of this network namespace, by NETLINK_XFRM: load and account of a source
 * (arg is not used). A kernel without IPsec has none; -EPERM: CAP_NET_ADMIN is
 * needed.
 */
int vn_xfrm_load(void *arg, struct vn_sa_db *db, struct vn_err *err);
void vn_xfrm_account(void *arg, const struct vn_sa *sa, uint64_t bytes, uint64_t packets);

#endif
