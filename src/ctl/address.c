/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses. The kernel keeps IPv4 words as text and makes of them what it
 * can, takes an IPv6 word only when it parses (and says OK all the same), and
 * is strict with MAC addresses alone.
 */
#include "ctl/ctl_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define IPV4_WORD 31
#define IPV6_WORD 127
#define MAC_WORD  31

static char *text_of(struct vn_entry *e, const struct vn_param_impl *i)
{
	return (char *)&e->stream.cfg + i->field;
}

static const char *text_at(const struct vn_entry *e, uint16_t field)
{
	return (const char *)&e->stream.cfg + field;
}

/* Another text also becomes the current address, an upper end too. */
static void store_ipv4(struct vn_entry *e, const struct vn_param_impl *i, const char *word)
{
	struct vn_stream_cur *cur = &e->stream.cur;
	uint32_t addr = vn_ipv4_from_word(word);
	bool is_src = i->kind == &vn_kind_src4;

	if (strcmp(word, text_of(e, i)) == 0)
		return;
	memset(text_of(e, i), 0, IPV4_WORD + 1);
	memcpy(text_of(e, i), word, strlen(word));
	if (is_src && i->is_max)
		cur->saddr_max = addr;
	else if (is_src)
		cur->saddr_min = addr;
	else if (i->is_max)
		cur->daddr_max = addr;
	else
		cur->daddr_min = addr;
	if (is_src)
		cur->saddr = addr;
	else
		cur->daddr = addr;
}

static int ipv4_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	char word[IPV4_WORD + 1];

	vn_scan_word(arg, word, IPV4_WORD);
	store_ipv4(e, p->impl, word);
	/* "dst" answers as the row it is another name of. */
	vn_ctl_result(e, "OK: %s=%s", p->flags & VN_PARAM_ALIAS ? p[-1].name : p->name,
		      text_of(e, p->impl));
	return 0;
}

/* An upper end needs a lower one that is not above it. */
static int check_range(const struct vn_entry *e, const struct vn_param_impl *i, uint32_t addr,
		       struct vn_err *why)
{
	const char *lower = text_at(e, i->partner);

	if (!i->is_max)
		return 0;
	if (lower[0] == '\0')
		return vn_err_set(why, EINVAL, "needs the lower end of the range too");
	if (addr < vn_ipv4_from_word(lower))
		return vn_err_set(why, EINVAL, "is below the lower end of the range, %s", lower);
	return 0;
}

static int ipv4_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	struct in_addr addr;
	struct vn_err why;
	int rc;

	if (inet_pton(AF_INET, text, &addr) != 1)
		rc = vn_err_set(&why, EINVAL, "is not an IPv4 address (as 198.18.0.1)%s",
				strchr(text, ':') ? "; IPv6 goes with dst6 and src6" : "");
	else
		rc = check_range(e, p->impl, ntohl(addr.s_addr), &why);
	if (rc < 0)
		return vn_option_refuse(err, what, text, rc, &why);
	store_ipv4(e, p->impl, text);
	return 0;
}

/* As a clean address, whatever the word in the device file was. */
static bool ipv4_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	const char *word = text_at(e, p->impl->field);
	struct vn_err why;
	char text[16];

	if (word[0] == '\0' || check_range(e, p->impl, vn_ipv4_from_word(word), &why) < 0)
		return false;
	vn_ctl_ipv4_text(vn_ipv4_from_word(word), text);
	vn_text_add(out, "%s", text);
	return true;
}

const struct vn_param_kind vn_kind_dst4 = {
	.command = ipv4_command,
	.set = ipv4_set,
	.get = ipv4_get,
};

const struct vn_param_kind vn_kind_src4 = {
	.command = ipv4_command,
	.set = ipv4_set,
	.get = ipv4_get,
};

static struct in6_addr *ipv6_of(struct vn_entry *e, const struct vn_param_impl *i)
{
	return (struct in6_addr *)((char *)&e->stream.cfg + i->field);
}

/* Also when the word was bad: the address is what it was, but it is IPv6 now. */
static void ipv6_stored(struct vn_entry *e, const struct vn_param_impl *i)
{
	e->stream.cfg.flags |= VN_FLAG_IPV6;
	if (i->partner != VN_NO_PARTNER)
		memcpy((char *)&e->stream.cur + i->partner, ipv6_of(e, i), sizeof(struct in6_addr));
}

static int ipv6_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	char word[IPV6_WORD + 1], text[VN_IPV6_TEXT_SIZE];

	vn_scan_word(arg, word, IPV6_WORD);
	vn_scan_ipv6(word, ipv6_of(e, p->impl));
	ipv6_stored(e, p->impl);
	vn_ctl_ipv6_text(ipv6_of(e, p->impl), text);
	vn_ctl_result(e, "OK: %s=%s", p->name, text);
	return 0;
}

static int ipv6_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	if (inet_pton(AF_INET6, text, ipv6_of(e, p->impl)) != 1)
		return vn_err_set(err, EINVAL, "%s: %s is not an IPv6 address (as fd00::1)", what,
				  text);
	ipv6_stored(e, p->impl);
	return 0;
}

/* dst6 is said whenever the stream is IPv6, since it makes it so. */
static bool ipv6_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	const struct in6_addr *a =
		(const struct in6_addr *)((const char *)&e->stream.cfg + p->impl->field);
	bool is_dst6 = p->impl->field == offsetof(struct vn_stream_cfg, dst6);
	char text[VN_IPV6_TEXT_SIZE];

	if (IN6_IS_ADDR_UNSPECIFIED(a) && !(is_dst6 && e->stream.cfg.flags & VN_FLAG_IPV6))
		return false;
	vn_ctl_ipv6_text(a, text);
	vn_text_add(out, "%s", text);
	return true;
}

const struct vn_param_kind vn_kind_ipv6 = {
	.command = ipv6_command,
	.set = ipv6_set,
	.get = ipv6_get,
};

static void store_mac(struct vn_entry *e, const struct vn_param_impl *i, const uint8_t mac[6])
{
	memcpy((char *)&e->stream.cfg + i->field, mac, 6);
	memcpy((char *)&e->stream.cur + i->partner, mac, 6);
}

/* The answer has the name without its underscore: "dstmac". */
static int mac_command(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg)
{
	char word[MAC_WORD + 1], text[VN_MAC_TEXT_SIZE];
	uint8_t mac[6];

	vn_scan_word(arg, word, MAC_WORD);
	if (!vn_scan_mac(word, mac))
		return -EINVAL;
	store_mac(e, p->impl, mac);
	vn_mac_text(mac, text);
	vn_ctl_result(e, "OK: %.3smac %s", p->name, text);
	return 0;
}

static int mac_set(struct vn_entry *e, const struct vn_param *p, const char *what, const char *text,
		   struct vn_err *err)
{
	uint8_t mac[6];

	if (vn_parse_mac(text, mac) < 0)
		return vn_err_set(err, EINVAL, "%s: %s is not a MAC address (as 02:00:00:00:00:01)",
				  what, text);
	store_mac(e, p->impl, mac);
	return 0;
}

static bool mac_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	static const uint8_t zero[6];
	const uint8_t *mac = (const uint8_t *)&e->stream.cfg + p->impl->field;
	char text[VN_MAC_TEXT_SIZE];

	if (memcmp(mac, zero, sizeof(zero)) == 0)
		return false;
	vn_mac_text(mac, text);
	vn_text_add(out, "%s", text);
	return true;
}

const struct vn_param_kind vn_kind_mac = {
	.command = mac_command,
	.set = mac_set,
	.get = mac_get,
};
