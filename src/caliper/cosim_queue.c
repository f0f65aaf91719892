/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues of datagrams and frames, whose bounds are those of who fills them. */
#include "caliper/cosim_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void vn_cosim_queue_init(struct vn_cosim_queue *q)
{
	*q = (struct vn_cosim_queue){ .end = &q->first };
}

void vn_cosim_queue_fini(struct vn_cosim_queue *q)
{
	struct vn_cosim_item *item;

	while ((item = vn_cosim_queue_take(q)))
		free(item);
}

int vn_cosim_queue_add(struct vn_cosim_queue *q, uint32_t pid, const void *bytes, uint32_t len)
{
	struct vn_cosim_item *item = malloc(sizeof(*item) + len);

	if (!item)
		return -ENOMEM;
	item->next = NULL;
	item->pid = pid;
	item->len = len;
	memcpy(item->bytes, bytes, len);
	*q->end = item;
	q->end = &item->next;
	q->bytes += len;
	q->n++;
	return 0;
}

struct vn_cosim_item *vn_cosim_queue_take(struct vn_cosim_queue *q)
{
	struct vn_cosim_item *item = q->first;

	if (!item)
		return NULL;
	q->first = item->next;
	if (!q->first)
		q->end = &q->first;
	q->bytes -= item->len;
	q->n--;
	return item;
}
