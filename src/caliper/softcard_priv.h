/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the card in software only. */
#ifndef VN_CALIPER_SOFTCARD_PRIV_H
#define VN_CALIPER_SOFTCARD_PRIV_H

#include "caliper/softcard.h"
#include "wire/drivercomm.h"

/* The driver has at most the quota of 8 on the way, and a CONFIG. */
#define VN_SOFT_TRANSFERS 16
/* Frames received that the driver has not fetched yet. */
#define VN_SOFT_FRAMES	   256
#define VN_SOFT_FRAME_MAX  1518 /* kept of each: one of the longest, with a tag */
#define VN_SOFT_REPORTS	   1024
#define VN_SOFT_IN_MESSAGE 24 /* reports; beside the longest frame they fit into a DMA */
/* Frames given to the kernel whose stamp of departure is to come: as many as can be reported. */
#define VN_SOFT_AWAITED VN_SOFT_REPORTS

/* One that the driver has begun. */
struct vn_soft_transfer {
	const uint8_t *bytes;
	uint32_t len;
	uint32_t at;   /* of the next entry; 0: not begun, or all were read */
	uint32_t left; /* its frames that are reserved and have not gone */
	bool gives_credit;
};

/* What belongs to a reserved frame of the txq, by its index there. */
struct vn_soft_packet {
	uint64_t time_ns;    /* as its entry has it */
	uint64_t planned_ns; /* the clock's; as of the last look whether it is due */
	uint16_t flags;	     /* enum drivercomm_entry_flags */
	struct vn_soft_transfer *of;
};

struct vn_soft_report {
	uint32_t seq, late;
	uint64_t ns; /* card time */
};

/* A packet that was handed over; the clock's times. */
struct vn_soft_departure {
	uint64_t asked_ns;   /* depart_ns of its frame */
	uint64_t planned_ns; /* its time; when nobody asked for one, given_ns */
	uint64_t given_ns;   /* to the kernel, or when who holds it is to let it go */
	uint32_t seq;
	uint16_t flags;
};

struct vn_soft_frame {
	uint64_t ns;
	uint32_t len; /* on the wire */
	uint32_t kept;
	uint8_t bytes[VN_SOFT_FRAME_MAX];
};

/* Indices of the queues below run freely and are masked on use. */
struct vn_softcard {
	struct vn_txq *txq;
	struct vn_rxq *rxq;
	struct vn_clock *clock;
	uint64_t t0_ns; /* the clock's at cycle 0 */
	struct vn_waiter waiter;

	/* transfers: [over, read) have frames that have not gone, [read, begun) are not
	 * (wholly) frames yet */
	struct vn_soft_transfer transfers[VN_SOFT_TRANSFERS];
	uint32_t begun, read, over;
	uint32_t completed; /* that the driver has not heard of */
	struct vn_soft_packet *packets;

	/* departures, the clock's time */
	uint64_t base_ns;   /* from which the next relative time counts */
	uint64_t before_ns; /* depart_ns of the last frame */
	uint64_t retry_ns;  /* not before this: the interface did not take it */
	uint32_t seq;	    /* of the next packet since reset */
	int link;	    /* 0, -ENETDOWN, -ENODEV */
	struct vn_departures *departures;
	struct vn_soft_departure *awaited; /* without a stamp so far */
	uint32_t awaited_head, awaited_tail;
	uint64_t stamps_ns; /* when they are looked for again */
	uint64_t unstamped; /* given up */
	uint64_t lost;

	/* what the driver is to hear */
	uint16_t epoch;
	bool is_resetting; /* what was handed over before has to leave yet */
	bool has_reset;	   /* RESET_DONE is to be said */
	bool is_told;	   /* PKT_AVAIL was read, and no message fetched since */
	uint64_t told_ns;  /* when; the time that the message has */
	bool rx_asked, rx_complete;
	struct {
		uint32_t flags, step, start;
	} config;
	uint32_t credit, late, rx_lost, reports_lost;
	struct vn_soft_report reports[VN_SOFT_REPORTS];
	uint32_t report_head, report_tail;
	uint64_t report_ns; /* when they are worth a message; 0: now, UINT64_MAX: none wait */
	struct vn_soft_frame *frames;
	uint32_t frame_head, frame_tail;
	uint64_t drops, drops_ns; /* of the rxq, when they were asked for last */
	uint8_t out[2048] VN_ALIGNED;
};

/* --- softcard.c ------------------------------------------------------------------------ */

/* Makes frames of what the driver sent, as many as there is room for. */
void vn_soft_read(struct vn_softcard *card);
/* Ends transfers whose frames have gone. */
void vn_soft_complete(struct vn_softcard *card);

/* --- softcard_send.c --------------------------------------------------------------------- */

/* When the oldest frame is to be handed over, at the earliest; UINT64_MAX: there is none. */
uint64_t vn_soft_due_ns(const struct vn_softcard *card);
/* Hands over what is due at now_ns: at least the oldest frame. */
void vn_soft_send(struct vn_softcard *card, uint64_t now_ns);
/* Takes the stamps that have come; what gets none is recorded as it was given. */
void vn_soft_stamps(struct vn_softcard *card, uint64_t now_ns);
/* When they are to be looked for; UINT64_MAX: none is to come. */
uint64_t vn_soft_stamps_ns(const struct vn_softcard *card);

/* --- softcard_tell.c ---------------------------------------------------------------------- */

/* It departed at ns. */
void vn_soft_report(struct vn_softcard *card, const struct vn_soft_departure *d, uint64_t ns);
bool vn_soft_has_message(const struct vn_softcard *card);
/* Whether it is time for those that are late. */
void vn_soft_tell_late(struct vn_softcard *card, uint64_t now_ns);

/* Into card->out; its length. */
uint32_t vn_soft_write(struct vn_softcard *card);
/* Takes what the interface has received. */
void vn_soft_listen(struct vn_softcard *card, uint64_t now_ns);

#endif
