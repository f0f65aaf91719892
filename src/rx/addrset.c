/* SPDX-License-Identifier: BSD-2-Clause */
#include "rx/addrset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "wire/bytes.h"

#define WORDS6	 4
#define ACCEPTED "an address, as 198.18.0.1 or fd00::1, or a prefix, as 198.18.0.0/24"

bool vn_addr4_is_host(const uint8_t addr[4])
{
	/* 224 and above: multicast, reserved, broadcast. */
	return addr[0] != 0 && addr[0] != 127 && addr[0] < 224;
}

bool vn_addr6_is_host(const uint8_t addr[16])
{
	static const uint8_t unspecified_or_loopback[15] = { 0 };

	return addr[0] != 0xff && (memcmp(addr, unspecified_or_loopback, 15) != 0 || addr[15] > 1);
}

struct prefix {
	uint8_t addr[16];
	unsigned int bits; /* of the whole address: 32 or 128 */
	uint64_t len;
};

static int parse(const char *what, const char *text, struct prefix *p, struct vn_err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN];

	p->bits = 0;
	if (len < sizeof(addr)) {
		memcpy(addr, text, len);
		addr[len] = '\0';
		if (inet_pton(AF_INET, addr, p->addr) == 1)
			p->bits = 32;
		else if (inet_pton(AF_INET6, addr, p->addr) == 1)
			p->bits = 128;
	}
	if (!p->bits)
		return vn_err_set(err, EINVAL, "%s: '%s' is not accepted (" ACCEPTED ")", what,
				  text);
	p->len = p->bits;
	if (!slash)
		return 0;
	return vn_parse_quantity(what, slash + 1, vn_units_none, 0, p->bits, &p->len, err);
}

/* Word i of the mask of a prefix. */
static uint32_t mask_word(uint64_t len, unsigned int i)
{
	uint64_t before = 32ull * i;

	if (len <= before)
		return 0;
	return len - before >= 32 ? UINT32_MAX : ~(UINT32_MAX >> (len - before));
}

static int check_prefix(const char *what, const char *text, const struct prefix *p,
			struct vn_err *err)
{
	bool is_many = p->len < p->bits;
	bool is_multicast = p->addr[0] >= (p->bits == 32 ? 224 : 255);
	bool is_host = p->bits == 32 ? vn_addr4_is_host(p->addr) : vn_addr6_is_host(p->addr);

	if (is_multicast || (!is_many && !is_host))
		return vn_err_set(err, EINVAL, "%s: %s is no address that a host can have", what,
				  text);
	for (unsigned int i = 0; i < p->bits / 32; i++)
		if (vn_get_be32(p->addr + i * 4ul) & ~mask_word(p->len, i))
			return vn_err_set(
				err, EINVAL,
				"%s: %s has bits behind its prefix (%.*s is one host; a "
				"prefix, all of whose addresses are meant, ends in zeros)",
				what, text, (int)strcspn(text, "/"), text);
	return 0;
}

static void put(const struct prefix *p, unsigned int words, uint32_t *net, uint32_t *mask)
{
	for (unsigned int i = 0; i < words; i++) {
		net[i] = vn_get_be32(p->addr + i * 4ul);
		mask[i] = mask_word(p->len, i);
	}
}

int vn_addrset_add(struct vn_addrset *set, const char *what, const char *text, struct vn_err *err)
{
	struct prefix p;
	unsigned int *n;
	int rc = parse(what, text, &p, err);

	if (!rc)
		rc = check_prefix(what, text, &p, err);
	if (rc)
		return rc;
	n = p.bits == 32 ? &set->n4 : &set->n6;
	if (*n == VN_ADDRSET_MAX)
		return vn_err_set(err, E2BIG, "%s: %s: at most %d of each family are accepted",
				  what, text, VN_ADDRSET_MAX);
	if (p.bits == 32)
		put(&p, 1, &set->v4[*n].net, &set->v4[*n].mask);
	else
		put(&p, WORDS6, set->v6[*n].net, set->v6[*n].mask);
	++*n;
	return 0;
}

bool vn_addrset_has4(const struct vn_addrset *set, const uint8_t addr[4])
{
	uint32_t a = vn_get_be32(addr);

	if (!vn_addr4_is_host(addr))
		return false;
	for (unsigned int i = 0; i < set->n4; i++)
		if ((a & set->v4[i].mask) == set->v4[i].net)
			return true;
	return false;
}

static bool is_in6(const uint32_t addr[WORDS6], const uint32_t net[WORDS6],
		   const uint32_t mask[WORDS6])
{
	uint32_t differs = 0;

	for (unsigned int i = 0; i < WORDS6; i++)
		differs |= (addr[i] & mask[i]) ^ net[i];
	return !differs;
}

bool vn_addrset_has6(const struct vn_addrset *set, const uint8_t addr[16])
{
	uint32_t a[WORDS6];

	if (!vn_addr6_is_host(addr))
		return false;
	for (unsigned int i = 0; i < WORDS6; i++)
		a[i] = vn_get_be32(addr + i * 4ul);
	for (unsigned int i = 0; i < set->n6; i++)
		if (is_in6(a, set->v6[i].net, set->v6[i].mask))
			return true;
	return false;
}
