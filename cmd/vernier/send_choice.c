/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `vernier send --driver auto`, the default on interfaces of the system: what
 * the streams need of a driver, and one driver after the other set up until one
 * takes the run. That is known only when its queues are open, so they are opened
 * here; nothing has been sent then, and what is set up is undone for the next.
 */
#include "send_choice.h"

#include <stdio.h>
#include <string.h>

/* Streams that are described wrongly are told so later, by the real device. */
static uint32_t stream_needs(const struct send_run *run, const struct send_stream *stream)
{
	static const struct vn_netdev_ops any_ops = { .name = VN_CHOICE_AUTO, .caps = UINT32_MAX };
	static const uint32_t needs_of[] = {
		[VN_START_XMIT] = VN_CAP_TX,
		[VN_NETIF_RECEIVE] = VN_CAP_RX_INJECT,
		[VN_QUEUE_XMIT] = VN_CAP_QUEUE_XMIT,
	};
	struct vn_netdev any = { .ops = &any_ops, .can_share = true, .n_txq = UINT16_MAX };
	struct vn_entry *entry;
	uint32_t needs = 0;

	if (!send_stream_try(&run->streams, stream, &any, &entry, NULL))
		needs = needs_of[entry->stream.cfg.xmit_mode] |
			(entry->stream.cfg.launch ? VN_CAP_LAUNCH : 0) |
			(entry->stream.cfg.departure_stamps ? VN_CAP_TX_STAMPS : 0);
	send_stream_try_end(entry);
	return needs;
}

static void add_interface(struct send_choice *sc, const char *name)
{
	for (unsigned int i = 0; i < sc->c.n_ifnames; i++)
		if (!strcmp(sc->ifnames[i], name))
			return;
	if (sc->c.n_ifnames < SEND_DEVS_MAX) /* more are refused when they are opened */
		sc->ifnames[sc->c.n_ifnames++] = name;
}

static void begin(const struct send_run *run, struct send_choice *sc)
{
	*sc = (struct send_choice){
		.c.drivers = vn_netdev_drivers,
		.c.ifnames = sc->ifnames,
		.c.needs = VN_CAP_TX,
		.c.is_captured = run->o.capture.file && run->capturing.takes_out,
	};
	for (unsigned int i = 0; i < run->streams.n; i++) {
		const struct send_stream *s = &run->streams.v[i];

		add_interface(sc, s->ifname[0] ? s->ifname : run->ifname);
		sc->c.needs |= stream_needs(run, s);
	}
}

int send_choose(struct send_run *run, send_set_up_fn set_up, struct vn_err *err)
{
	const struct vn_netdev_ops *ops;
	struct send_choice sc;
	bool is_drivers;
	int status = 0;

	begin(run, &sc);
	while ((ops = vn_choice_next(&sc.c))) {
		err->text[0] = '\0';
		run->o.driver = ops->name;
		vn_choice_text(&sc.c, run->driver_why, sizeof(run->driver_why));
		status = set_up(run, &is_drivers, err);
		if (!status || !is_drivers)
			return status;
		vn_choice_refused(&sc.c, vn_err_reason(err->text, sc.ifnames[0]));
		send_undo(run);
	}
	return status;
}
