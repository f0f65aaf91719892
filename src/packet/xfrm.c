/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system's security associations, by NETLINK_XFRM: a dump of all, and the
 * counters of one. The kernel has no request that adds to counters, so they
 * are read, added to and written; what a packet of somebody else adds in
 * between is lost.
 */
#include "packet/xfrm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define BUF_BYTES 32768

/* --- one message ----------------------------------------------------------------- */

static void take_algo(struct vn_sa_algo *algo, const char *name, const char *key, uint32_t key_bits,
		      uint32_t icv_bits, size_t room)
{
	size_t len = (key_bits + 7) / 8;

	if (len > room || len > sizeof(algo->key))
		return;
	memset(algo, 0, sizeof(*algo));
	memcpy(algo->name, name, strnlen(name, sizeof(algo->name) - 1));
	memcpy(algo->key, key, len);
	algo->key_len = (uint32_t)len;
	algo->icv_bits = icv_bits;
}

static void take_attribute(struct vn_sa *sa, const struct nlattr *attr)
{
	const void *data = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case XFRMA_ALG_AUTH:
	case XFRMA_ALG_CRYPT: {
		const struct xfrm_algo *a = data;
		bool is_auth = mnl_attr_get_type(attr) == XFRMA_ALG_AUTH;

		/* The kernel sends the truncated form too, which says more. */
		if (len >= sizeof(*a) && !(is_auth && sa->auth.icv_bits))
			take_algo(is_auth ? &sa->auth : &sa->enc, a->alg_name, a->alg_key,
				  a->alg_key_len, 0, len - sizeof(*a));
		break;
	}
	case XFRMA_ALG_AUTH_TRUNC: {
		const struct xfrm_algo_auth *a = data;

		if (len >= sizeof(*a))
			take_algo(&sa->auth, a->alg_name, a->alg_key, a->alg_key_len,
				  a->alg_trunc_len, len - sizeof(*a));
		break;
	}
	case XFRMA_ALG_AEAD: {
		const struct xfrm_algo_aead *a = data;

		if (len >= sizeof(*a))
			take_algo(&sa->aead, a->alg_name, a->alg_key, a->alg_key_len,
				  a->alg_icv_len, len - sizeof(*a));
		break;
	}
	case XFRMA_MARK:
		if (len >= sizeof(struct xfrm_mark)) {
			sa->mark = ((const struct xfrm_mark *)data)->v;
			sa->mark_mask = ((const struct xfrm_mark *)data)->m;
		}
		break;
	case XFRMA_IF_ID:
		if (len >= sizeof(uint32_t))
			sa->if_id = mnl_attr_get_u32(attr);
		break;
	case XFRMA_ENCAP:
		sa->unusable = "encap";
		break;
	case XFRMA_TFCPAD:
		sa->unusable = "tfcpad";
		break;
	case XFRMA_SA_EXTRA_FLAGS:
		if (len >= sizeof(uint32_t) &&
		    (mnl_attr_get_u32(attr) & XFRM_SA_XFLAG_DONT_ENCAP_DSCP))
			sa->unusable = "extra-flag dont-encap-dscp";
		break;
	default:
		break;
	}
}

bool vn_xfrm_read(const struct nlmsghdr *msg, struct vn_sa *sa)
{
	const struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;

	memset(sa, 0, sizeof(*sa));
	if (msg->nlmsg_type != XFRM_MSG_NEWSA || mnl_nlmsg_get_payload_len(msg) < sizeof(*info))
		return false;
	if (info->family != AF_INET ||
	    (info->id.proto != VN_SA_ESP && info->id.proto != VN_SA_AH))
		return false;
	sa->saddr = ntohl(info->saddr.a4);
	sa->daddr = ntohl(info->id.daddr.a4);
	sa->spi = ntohl(info->id.spi);
	sa->reqid = info->reqid;
	sa->proto = info->id.proto;
	sa->mode = info->mode == XFRM_MODE_TUNNEL ? VN_SA_TUNNEL : VN_SA_TRANSPORT;
	sa->is_align4 = info->flags & XFRM_STATE_ALIGN4;
	if (info->mode != XFRM_MODE_TUNNEL && info->mode != XFRM_MODE_TRANSPORT)
		sa->unusable = "a mode other than transport and tunnel";
	else if (info->flags & XFRM_STATE_ESN)
		sa->unusable = "flag esn";
	mnl_attr_for_each(attr, msg, sizeof(*info))
		take_attribute(sa, attr);
	return true;
}

/* --- the dialogue ------------------------------------------------------------------- */

struct dialogue {
	struct vn_sa_db *db;
	struct xfrm_lifetime_cur *lifetime; /* of the association asked for */
	bool is_full;
};

static int on_message(const struct nlmsghdr *msg, void *arg)
{
	struct dialogue *d = arg;
	struct vn_sa sa;

	if (d->lifetime) {
		const struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(msg);

		if (mnl_nlmsg_get_payload_len(msg) >= sizeof(*info))
			*d->lifetime = info->curlft;
		return MNL_CB_OK;
	}
	if (vn_xfrm_read(msg, &sa) && vn_sa_db_add(d->db, &sa) < 0)
		d->is_full = true;
	explicit_bzero(&sa, sizeof(sa));
	return MNL_CB_OK;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_XFRM, SOCK_CLOEXEC);

	if (nl && mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

static int talk(struct mnl_socket *nl, struct nlmsghdr *req, struct dialogue *d, char *buf)
{
	ssize_t n;
	int rc = MNL_CB_OK;

	req->nlmsg_seq = 1;
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		return -errno;
	while (rc > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl, buf, BUF_BYTES);
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, 1, mnl_socket_get_portid(nl), on_message, d);
		if (rc < 0)
			return -errno;
		if (!(req->nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)))
			break;
	}
	return 0;
}

static int dump(struct dialogue *d)
{
	struct mnl_socket *nl = open_socket();
	char *buf = malloc(BUF_BYTES);
	char req_buf[MNL_ALIGN(sizeof(struct nlmsghdr)) + 64] = { 0 };
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	int rc = nl && buf ? 0 : -errno;

	req->nlmsg_type = XFRM_MSG_GETSA;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (!rc)
		rc = talk(nl, req, d, buf);
	if (nl)
		mnl_socket_close(nl);
	if (buf)
		explicit_bzero(buf, BUF_BYTES); /* there were keys in it */
	free(buf);
	return rc;
}

int vn_xfrm_load(void *arg, struct vn_sa_db *db, struct vn_err *err)
{
	struct dialogue d = { .db = db };
	const size_t n = db->n;
	int rc;

	do {
		db->n = n; /* they changed meanwhile: all of them once more */
		rc = dump(&d);
	} while (rc == -EINTR);

	if (rc == -EPROTONOSUPPORT || rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP)
		return 0; /* this kernel has no IPsec, and so no associations */
	if (rc == -EPERM || rc == -EACCES)
		return vn_err_set(err, -rc,
				  "flag IPSEC: the system's associations are read with "
				  "CAP_NET_ADMIN");
	if (d.is_full)
		return vn_err_set(err, ENOMEM, "flag IPSEC: no memory for the associations");
	return rc ? vn_err_set(err, -rc, "flag IPSEC: the system's associations cannot be read: %s",
			       strerror(-rc)) : 0;
}

static struct xfrm_usersa_id id_of(const struct vn_sa *sa)
{
	struct xfrm_usersa_id id = {
		.family = AF_INET,
		.spi = htonl(sa->spi),
		.proto = (uint8_t)sa->proto,
	};

	id.daddr.a4 = htonl(sa->daddr);
	return id;
}

static int read_lifetime(struct mnl_socket *nl, const struct vn_sa *sa, char *buf,
			 struct xfrm_lifetime_cur *out)
{
	struct xfrm_mark mark = { .v = sa->mark, .m = sa->mark_mask };
	struct dialogue d = { .lifetime = out };
	char req_buf[256] = { 0 };
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(req, sizeof(*id));

	req->nlmsg_type = XFRM_MSG_GETSA;
	req->nlmsg_flags = NLM_F_REQUEST;
	*id = id_of(sa);
	if (sa->mark_mask)
		mnl_attr_put(req, XFRMA_MARK, sizeof(mark), &mark);
	return talk(nl, req, &d, buf);
}

static int write_lifetime(struct mnl_socket *nl, const struct vn_sa *sa, char *buf,
			  const struct xfrm_lifetime_cur *lifetime)
{
	struct xfrm_mark mark = { .v = sa->mark, .m = sa->mark_mask };
	struct dialogue d = { 0 };
	char req_buf[256] = { 0 };
	struct nlmsghdr *req = mnl_nlmsg_put_header(req_buf);
	struct xfrm_aevent_id *id = mnl_nlmsg_put_extra_header(req, sizeof(*id));

	req->nlmsg_type = XFRM_MSG_NEWAE;
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_REPLACE | NLM_F_ACK;
	id->sa_id = id_of(sa);
	id->saddr.a4 = htonl(sa->saddr);
	id->reqid = sa->reqid;
	mnl_attr_put(req, XFRMA_LTIME_VAL, sizeof(*lifetime), lifetime);
	if (sa->mark_mask)
		mnl_attr_put(req, XFRMA_MARK, sizeof(mark), &mark);
	return talk(nl, req, &d, buf);
}

void vn_xfrm_account(void *arg, const struct vn_sa *sa, uint64_t bytes, uint64_t packets)
{
	struct mnl_socket *nl = open_socket();
	struct xfrm_lifetime_cur lifetime;
	char *buf = malloc(BUF_BYTES);

	if (nl && buf && read_lifetime(nl, sa, buf, &lifetime) == 0) {
		lifetime.bytes += bytes;
		lifetime.packets += packets;
		write_lifetime(nl, sa, buf, &lifetime);
	}
	if (nl)
		mnl_socket_close(nl);
	free(buf);
}
