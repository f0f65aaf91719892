/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IMIX: up to 20 sizes with weights, drawn from a table of 100 slots. The
 * table is filled as the kernel does it, quirk included (spec section 5.4): a
 * size whose share rounds to no slot in the middle of the list swallows all
 * slots after it.
 */
#include <errno.h>

#include "base/macros.h"
#include "packet/stream.h"

int vn_imix_add(struct vn_imix *m, uint64_t size, uint64_t weight)
{
	if (weight == 0)
		return -EINVAL;
	if (m->n >= VN_IMIX_MAX)
		return -E2BIG;
	m->entry[m->n].size = (uint32_t)VN_MAX(size, (uint64_t)VN_PKT_SIZE_MIN);
	m->entry[m->n].weight = (uint32_t)weight;
	m->n++;
	return 0;
}

void vn_imix_fill(struct vn_imix *m)
{
	uint32_t boundary[VN_IMIX_MAX];
	uint64_t total = 0, running = 0;
	unsigned int i, at = 0;

	if (m->n == 0)
		return;
	for (i = 0; i < m->n; i++)
		total += m->entry[i].weight;
	if (total == 0)
		total = 1; /* weights of 2^32 are stored as 0 */
	for (i = 0; i + 1 < m->n; i++) {
		running += (uint64_t)m->entry[i].weight * VN_IMIX_SLOTS / total;
		boundary[i] = (uint32_t)running;
	}
	boundary[m->n - 1] = VN_IMIX_SLOTS;

	for (i = 0; i < VN_IMIX_SLOTS; i++) {
		if (i == boundary[at])
			at++;
		m->slot[i] = (uint8_t)at;
	}
}
