/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket of a queue whose frames have metadata, made without libxdp: the one
 * that many systems have registers memory without them. The rings are laid out as
 * libxdp does, and used by its inline functions.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/afxdp_meta.h"
#include "dev/afxdp_priv.h"

static int set_option(int fd, int option, const void *value, socklen_t size)
{
	return setsockopt(fd, SOL_XDP, option, value, size) ? -errno : 0;
}

static int share(const struct vn_afxdp_socket *s, const struct vn_afxdp_socket_opts *opts)
{
	const struct vn_xdp_umem_reg reg = {
		.addr = (uintptr_t)s->area,
		.len = s->size,
		.chunk_size = opts->chunk,
		.flags = VN_XDP_UMEM_TX_METADATA_LEN,
		.tx_metadata_len = VN_AFXDP_META_BYTES,
	};
	const struct {
		int option;
		uint32_t n;
	} rings[] = {
		{ XDP_UMEM_FILL_RING, opts->n_fill },
		{ XDP_UMEM_COMPLETION_RING, opts->n_completed },
		{ XDP_TX_RING, opts->n_tx },
	};
	int rc = set_option(s->own.fd, XDP_UMEM_REG, &reg, sizeof(reg));

	for (size_t i = 0; !rc && i < VN_ARRAY_SIZE(rings); i++)
		rc = set_option(s->own.fd, rings[i].option, &rings[i].n, sizeof(rings[i].n));
	return rc;
}

/* NULL with errno. */
static uint8_t *map_ring(struct vn_afxdp_socket *s, unsigned int i, size_t size, uint64_t offset)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, s->own.fd,
			 (off_t)offset);

	if (mem == MAP_FAILED)
		return NULL;
	s->own.map[i] = mem;
	s->own.map_size[i] = size;
	return mem;
}

static int map_produced(struct vn_afxdp_socket *s, unsigned int i, struct xsk_ring_prod *r,
			uint32_t n, size_t entry, const struct xdp_ring_offset *off,
			uint64_t offset)
{
	uint8_t *mem = map_ring(s, i, off->desc + n * entry, offset);

	if (!mem)
		return -errno;
	*r = (struct xsk_ring_prod){
		.cached_cons = n, /* so much ahead, as libxdp counts room */
		.mask = n - 1,
		.size = n,
		.producer = (uint32_t *)(mem + off->producer),
		.consumer = (uint32_t *)(mem + off->consumer),
		.flags = (uint32_t *)(mem + off->flags),
		.ring = mem + off->desc,
	};
	return 0;
}

static int map_consumed(struct vn_afxdp_socket *s, unsigned int i, struct xsk_ring_cons *r,
			uint32_t n, size_t entry, const struct xdp_ring_offset *off,
			uint64_t offset)
{
	uint8_t *mem = map_ring(s, i, off->desc + n * entry, offset);

	if (!mem)
		return -errno;
	*r = (struct xsk_ring_cons){
		.mask = n - 1,
		.size = n,
		.producer = (uint32_t *)(mem + off->producer),
		.consumer = (uint32_t *)(mem + off->consumer),
		.flags = (uint32_t *)(mem + off->flags),
		.ring = mem + off->desc,
	};
	return 0;
}

static int map_rings(struct vn_afxdp_socket *s, const struct vn_afxdp_socket_opts *opts)
{
	struct xdp_mmap_offsets off;
	socklen_t size = sizeof(off);
	int rc;

	if (getsockopt(s->own.fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &size))
		return -errno;
	if (size != sizeof(off))
		return -EINVAL;
	rc = map_produced(s, 0, &s->fill, opts->n_fill, sizeof(uint64_t), &off.fr,
			  XDP_UMEM_PGOFF_FILL_RING);
	if (!rc)
		rc = map_consumed(s, 1, &s->completed, opts->n_completed, sizeof(uint64_t), &off.cr,
				  XDP_UMEM_PGOFF_COMPLETION_RING);
	if (!rc)
		rc = map_produced(s, 2, &s->tx, opts->n_tx, sizeof(struct xdp_desc), &off.tx,
				  XDP_PGOFF_TX_RING);
	return rc;
}

int vn_afxdp_rings_open(struct vn_afxdp_socket *s, int ifindex,
			const struct vn_afxdp_socket_opts *opts, uint16_t flags)
{
	const struct sockaddr_xdp to = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = flags | XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = (uint32_t)ifindex,
		.sxdp_queue_id = s->queue,
	};
	int rc;

	s->own.fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->own.fd < 0)
		return -errno;
	s->own.is_open = true;
	rc = share(s, opts);
	if (!rc)
		rc = map_rings(s, opts);
	if (!rc && bind(s->own.fd, (const struct sockaddr *)&to, sizeof(to)))
		rc = -errno;
	return rc;
}

void vn_afxdp_rings_close(struct vn_afxdp_socket *s)
{
	if (!s->own.is_open)
		return;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(s->own.map); i++)
		if (s->own.map[i])
			munmap(s->own.map[i], s->own.map_size[i]);
	close(s->own.fd);
	memset(&s->own, 0, sizeof(s->own));
}
