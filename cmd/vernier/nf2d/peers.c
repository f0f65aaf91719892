/* SPDX-License-Identifier: BSD-2-Clause */
#include "peers.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "vernier/caliper.h"

#define BATCH	       16
#define DATAGRAM_BYTES (CAL_DATAGRAM_MAX + 8) /* room to see that one is too long */

struct batch {
	struct mnl_socket *nl;
	unsigned int n, next; /* received; to be taken */
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_nl from[BATCH];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct ucred))];
	} credentials[BATCH];
	uint64_t bytes[BATCH][DATAGRAM_BYTES / 8];
};

struct nf2d_peers {
	uid_t own, named;
	struct batch sockets[NF2D_SOCKETS];
};

/* --- opening ----------------------------------------------------------------------- */

static int cannot_bind(unsigned int card, int error, struct vn_err *err)
{
	if (error == EADDRINUSE)
		return vn_err_set(err, error,
				  "card %u: another driver has it in this network namespace "
				  "(-k takes another card)",
				  card);
	return vn_err_set(err, error, "card %u: no NetLink socket: %s", card, strerror(error));
}

static int open_socket(struct batch *b, unsigned int card, uint32_t port, struct vn_err *err)
{
	const int on = 1;

	b->nl = mnl_socket_open2(CAL_NETLINK_FAMILY, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!b->nl ||
	    setsockopt(mnl_socket_get_fd(b->nl), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		return cannot_bind(card, errno, err);
	if (mnl_socket_bind(b->nl, 0, (pid_t)port) < 0)
		return cannot_bind(card, errno, err);
	return 0;
}

int nf2d_peers_open(unsigned int card, uid_t uid, struct nf2d_peers **out, struct vn_err *err)
{
	struct nf2d_peers *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	if (!p)
		return vn_err_set(err, ENOMEM, "no memory for messages of clients");
	p->own = geteuid();
	p->named = uid;
	rc = open_socket(&p->sockets[NF2D_DATA], card, CAL_PORT_DATA + card, err);
	if (!rc)
		rc = open_socket(&p->sockets[NF2D_CONTROL], card, CAL_PORT_CONTROL + card, err);
	if (rc)
		nf2d_peers_close(p);
	else
		*out = p;
	return rc;
}

void nf2d_peers_close(struct nf2d_peers *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < NF2D_SOCKETS; i++)
		if (p->sockets[i].nl)
			mnl_socket_close(p->sockets[i].nl);
	free(p);
}

int nf2d_peers_fd(const struct nf2d_peers *p, enum nf2d_socket which)
{
	return mnl_socket_get_fd(p->sockets[which].nl);
}

/* --- in ------------------------------------------------------------------------------ */

static void prepare(struct batch *b, unsigned int i)
{
	b->iov[i] = (struct iovec){ b->bytes[i], DATAGRAM_BYTES };
	b->msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &b->from[i],
		.msg_namelen = sizeof(b->from[i]),
		.msg_iov = &b->iov[i],
		.msg_iovlen = 1,
		.msg_control = &b->credentials[i],
		.msg_controllen = sizeof(b->credentials[i]),
	};
}

static bool receive(struct batch *b)
{
	int n;

	for (unsigned int i = 0; i < BATCH; i++)
		prepare(b, i);
	n = recvmmsg(mnl_socket_get_fd(b->nl), b->msgs, BATCH, MSG_DONTWAIT, NULL);
	b->next = 0;
	b->n = n > 0 ? (unsigned int)n : 0;
	return b->n;
}

/* The kernel says whose it is; a datagram without that is nobody's. */
static bool is_allowed(const struct nf2d_peers *p, struct msghdr *msg)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct ucred who;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&who, CMSG_DATA(c), sizeof(who));
	return who.uid == 0 || who.uid == p->own ||
	       (p->named != NF2D_NOBODY && who.uid == p->named);
}

bool nf2d_peers_has(const struct nf2d_peers *p, enum nf2d_socket which)
{
	return p->sockets[which].next < p->sockets[which].n;
}

bool nf2d_peers_next(struct nf2d_peers *p, enum nf2d_socket which, struct nf2d_datagram *out)
{
	struct batch *b = &p->sockets[which];
	unsigned int i;

	if (b->next == b->n && !receive(b))
		return false;
	i = b->next++;
	*out = (struct nf2d_datagram){
		.pid = b->from[i].nl_pid,
		.is_allowed = is_allowed(p, &b->msgs[i].msg_hdr),
		.bytes = (const uint8_t *)b->bytes[i],
		.len = b->msgs[i].msg_len,
	};
	return true;
}

/* --- out ----------------------------------------------------------------------------- */

int nf2d_peers_send(struct nf2d_peers *p, uint32_t pid, const void *bytes, size_t len)
{
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = pid };
	ssize_t n;

	if (pid == 0)
		return -ECONNREFUSED; /* that is the kernel */
	do
		n = sendto(nf2d_peers_fd(p, NF2D_CONTROL), bytes, len, MSG_DONTWAIT,
			   (const struct sockaddr *)&to, sizeof(to));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
