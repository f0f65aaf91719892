/* SPDX-License-Identifier: BSD-2-Clause */
/* The library of clients: a connection's beginning and end, and what is known of the driver. */
#include "vernier/vernier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "caliper/client_priv.h"

#define WAIT_MS_DEFAULT 2000

/* A caller's struct may be older (shorter) than ours, or newer if what we do not know is 0. */
static int read_options(struct vn_caliper_options *o, const struct vn_caliper_options *given,
			struct vn_err *err)
{
	const uint8_t *bytes = (const uint8_t *)given;

	*o = (struct vn_caliper_options){ .size = sizeof(*o) };
	if (given) {
		if (given->size < sizeof(given->size) || given->size > 65536)
			return vn_err_set(err, EINVAL, "options of %zu bytes: the size must be set",
					  given->size);
		for (size_t i = sizeof(*o); i < given->size; i++) {
			if (bytes[i])
				return vn_err_set(err, EINVAL,
						  "options: byte %zu is not known here", i);
		}
		memcpy(o, given, VN_MIN(given->size, sizeof(*o)));
	}
	if (o->card >= CAL_CARDS_MAX)
		return vn_err_set(err, EINVAL, "card %u: 0 to %u are possible", o->card,
				  CAL_CARDS_MAX - 1);
	if (!o->wait_ms)
		o->wait_ms = WAIT_MS_DEFAULT;
	if (!o->batch)
		o->batch = CAL_PKTS_PREFERRED;
	return 0;
}

/* One descriptor for poll(): the socket, and an eventfd for what waits inside. */
static int open_poll_fd(struct vn_caliper *c)
{
	int fd = c->transport->fd(c->transport);
	struct epoll_event e = { .events = EPOLLIN };

	if (fd < 0)
		return 0;
	c->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->poll_fd < 0 || c->wake_fd < 0 || epoll_ctl(c->poll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ||
	    epoll_ctl(c->poll_fd, EPOLL_CTL_ADD, c->wake_fd, &e) < 0)
		return vn_err_set(&c->err, errno, "descriptor for poll(): %s", strerror(errno));
	return 0;
}

static int say_hello(struct vn_caliper *c)
{
	const struct cal_hello hello = { CAL_VERSION, CAL_VERSION };
	const struct vn_client_question q = { .name = "HELLO",
					      .type = CAL_HELLO,
					      .reply = CAL_HELLO_ACK,
					      .body = &hello,
					      .len = sizeof(hello) };

	return vn_client_ask(c, &q);
}

/* The first answer decides what can be sent. */
static int meet_driver(struct vn_caliper *c, uint32_t batch)
{
	int ret = say_hello(c);

	if (ret)
		return ret;
	if (c->hello.version != CAL_VERSION)
		return vn_err_set(&c->err, EPROTO, "card %u: the driver speaks version %u, not %u",
				  c->card, c->hello.version, CAL_VERSION);
	if (!c->hello.pkts_max || c->hello.wire_max < CAL_WIRE_MIN)
		return vn_err_set(&c->err, EPROTO,
				  "card %u: the driver takes messages of %u packets of %u bytes",
				  c->card, c->hello.pkts_max, c->hello.wire_max);
	c->batch = VN_MIN(batch, c->hello.pkts_max);
	c->wire_max = VN_MIN(c->hello.wire_max, CAL_WIRE_MAX);
	return 0;
}

static void free_client(struct vn_caliper *c)
{
	c->transport->close(c->transport);
	if (c->poll_fd >= 0)
		close(c->poll_fd);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	free(c->marks.ring);
	free(c->events.ring);
	free(c);
}

static struct vn_caliper *new_client(const struct vn_caliper_options *o, struct vn_cal_transport *t)
{
	struct vn_caliper *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->transport = t;
	c->card = o->card;
	c->wait_ns = o->wait_ms * UINT64_C(1000000);
	c->poll_fd = c->wake_fd = -1;
	c->asked_ns = t->now(t);
	vn_cal_writer_init(&c->out, c->out_bytes, sizeof(c->out_bytes), c->card);
	return c;
}

int vn_caliper_open_by(struct vn_caliper **out, const struct vn_caliper_options *options,
		       struct vn_cal_transport *t, struct vn_err *err)
{
	struct vn_caliper_options o;
	struct vn_caliper *c;
	int ret;

	*out = NULL;
	ret = read_options(&o, options, err);
	if (ret)
		goto err_close;
	c = new_client(&o, t);
	if (!c) {
		ret = vn_err_set(err, ENOMEM, "no memory for a connection");
		goto err_close;
	}
	ret = open_poll_fd(c);
	if (!ret)
		ret = meet_driver(c, o.batch);
	if (ret) {
		vn_err_set(err, 0, "%s", c->err.text);
		free_client(c);
		return ret;
	}
	*out = c;
	return 0;

err_close:
	t->close(t);
	return ret;
}

int vn_caliper_open(struct vn_caliper **out, const struct vn_caliper_options *options)
{
	struct vn_cal_transport *t;
	struct vn_caliper_options o;
	int ret;

	*out = NULL;
	ret = read_options(&o, options, NULL);
	if (!ret)
		ret = vn_cal_netlink_open(o.card, &t, NULL);
	return ret ? ret : vn_caliper_open_by(out, options, t, NULL);
}

void vn_caliper_close(struct vn_caliper *c)
{
	if (!c)
		return;
	vn_client_send_gathered(c);
	free_client(c);
}

const char *vn_caliper_error(const struct vn_caliper *c)
{
	return c ? c->err.text : "";
}

int vn_caliper_info(struct vn_caliper *c, struct vn_caliper_info *info)
{
	struct vn_caliper_info i = { .size = info->size };
	size_t size = info->size;
	int ret;

	if (size < sizeof(info->size))
		return vn_err_set(&c->err, EINVAL, "info of %zu bytes: the size must be set", size);
	ret = say_hello(c);
	if (ret)
		return ret;
	i.state = CAL_STATE_OF(c->hello.state);
	i.precision = CAL_PRECISION_OF(c->hello.state);
	i.ns_per_cycle = c->hello.ns_per_cycle;
	i.txbuffs = c->hello.txbuffs;
	i.wire_max = c->wire_max;
	memcpy(i.ifname, c->hello.ifname, sizeof(i.ifname) - 1);
	memcpy(i.mac, c->hello.mac, sizeof(i.mac));
	memcpy(info, &i, VN_MIN(size, sizeof(i)));
	if (size > sizeof(i))
		memset((uint8_t *)info + sizeof(i), 0, size - sizeof(i));
	return 0;
}

int vn_caliper_fd(const struct vn_caliper *c)
{
	return c->poll_fd;
}
