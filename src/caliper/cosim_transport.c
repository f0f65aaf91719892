/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of clients in a co-simulation. A datagram goes to the driver in the
 * moment in which it is sent, unless the driver does not read (it has no txbuff)
 * or others wait before it: then it waits in the socket, and its client too when
 * that is full, as with NetLink. What a wait waits for is virtual time.
 */
#include "caliper/cosim_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define FIRST_PID 0x1000u

static struct vn_cosim_client *client_of(const struct vn_cal_transport *t)
{
	return vn_container_of(t, struct vn_cosim_client, transport);
}

static bool has_room(const struct vn_cosim *sim, const struct vn_cosim_queue *q, size_t len)
{
	return q->bytes + len <= sim->cfg.socket_bytes;
}

static int client_send(struct vn_cal_transport *t, enum vn_cal_socket to, const void *bytes,
		       size_t len)
{
	struct vn_cosim_client *client = client_of(t);
	struct vn_cosim *sim = client->sim;
	struct vn_cosim_queue *q = to == VN_CAL_DATA ? &sim->data : &sim->control;
	int r;

	if (len > sim->cfg.socket_bytes)
		return -EMSGSIZE;
	vn_cosim_pump(sim);
	while (!has_room(sim, q, len)) {
		if (to == VN_CAL_CONTROL)
			return -EAGAIN;
		r = vn_cosim_step(sim, UINT64_MAX);
		if (!r && !has_room(sim, q, len))
			r = vn_cosim_is_hopeless(sim, UINT64_MAX);
		if (r)
			return r;
	}
	r = vn_cosim_queue_add(q, client->pid, bytes, (uint32_t)len);
	if (to == VN_CAL_DATA) /* questions do not count: a client in vain asks again and again */
		sim->busy_till = vn_cosim_now_ns(sim);
	if (!r)
		vn_cosim_pump(sim);
	return r;
}

static ssize_t client_recv(struct vn_cal_transport *t, void *bytes, size_t cap, uint64_t timeout_ns)
{
	struct vn_cosim_client *client = client_of(t);
	uint64_t now = vn_cosim_now_ns(client->sim);
	uint64_t until = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
	struct vn_cosim_item *item;
	size_t len;

	vn_cosim_pump(client->sim);
	while (!client->in.n && vn_cosim_now_ns(client->sim) < until) {
		int r = vn_cosim_step(client->sim, until);

		if (!r && !client->in.n)
			r = vn_cosim_is_hopeless(client->sim, until);
		if (r)
			return r;
	}
	item = vn_cosim_queue_take(&client->in);
	if (!item)
		return 0;
	len = VN_MIN(item->len, cap);
	memcpy(bytes, item->bytes, len);
	free(item);
	return (ssize_t)len;
}

static uint64_t client_now(struct vn_cal_transport *t)
{
	return vn_cosim_now_ns(client_of(t)->sim);
}

static int client_fd(const struct vn_cal_transport *t)
{
	return -1;
}

static void client_close(struct vn_cal_transport *t)
{
	struct vn_cosim_client *client = client_of(t), **at = &client->sim->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	vn_nf2_forget(client->sim->driver, client->pid);
	vn_cosim_queue_fini(&client->in);
	free(client);
}

int vn_cosim_client(struct vn_cosim *sim, struct vn_cal_transport **out)
{
	struct vn_cosim_client *client = calloc(1, sizeof(*client));

	*out = NULL;
	if (!client)
		return -ENOMEM;
	client->transport = (struct vn_cal_transport){
		.send = client_send,
		.recv = client_recv,
		.now = client_now,
		.fd = client_fd,
		.close = client_close,
	};
	client->sim = sim;
	client->pid = FIRST_PID + sim->n_clients++;
	vn_cosim_queue_init(&client->in);
	client->next = sim->clients;
	sim->clients = client;
	*out = &client->transport;
	return 0;
}

int vn_cosim_tell(struct vn_cosim *sim, uint32_t pid, const void *bytes, size_t len)
{
	struct vn_cosim_client *client = sim->clients;

	while (client && client->pid != pid)
		client = client->next;
	if (!client)
		return -ECONNREFUSED;
	if (!has_room(sim, &client->in, len))
		return -EAGAIN;
	return vn_cosim_queue_add(&client->in, 0, bytes, (uint32_t)len);
}
