/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any datagrams of clients to a driver, frames of the stack, ups and downs, with a
 * card that behaves. The first byte of a piece says what it is, the second how
 * long; a datagram has its header's length put right, or nothing would get past it.
 * After each piece no txbuff is missing and no packet is unaccounted for.
 */
#include "caliper/driver_fuzz.h"

#define PIECES 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void datagram(struct fuzz *f, uint8_t what, const uint8_t *bytes, size_t len)
{
	_Alignas(8) uint8_t copy[256];
	struct nlmsghdr h;

	memcpy(copy, bytes, len);
	if (len >= sizeof(h)) {
		memcpy(&h, copy, sizeof(h));
		h.nlmsg_len = what & 0x40 ? h.nlmsg_len : (uint32_t)len;
		h.nlmsg_type = CAL_HELLO + h.nlmsg_type % 16;
		memcpy(copy, &h, sizeof(h));
	}
	if (what & 1)
		vn_nf2_control(f->d, what >> 1 & 3, copy, len);
	else if (vn_nf2_takes_data(f->d))
		vn_nf2_data(f->d, what >> 1 & 3, copy, len);
}

/* Many packets at once, so that txbuffs run out. */
static void burst(struct fuzz *f, uint32_t pid, unsigned int n)
{
	_Alignas(8) uint8_t bytes[CAL_DATAGRAM_MAX];
	struct cal_descriptor x = { .payload_len = 18 };
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), 0);
	vn_cal_begin(&w, CAL_PKTS, 0, 1, 0, 0);
	for (x.cookie = 0; x.cookie < n; x.cookie++)
		vn_cal_add_item(&w, &x, sizeof(x), NULL, 0);
	if (vn_nf2_takes_data(f->d))
		vn_nf2_data(f->d, pid, bytes, w.len);
}

static void event(struct fuzz *f, uint8_t what, const uint8_t *bytes, size_t len)
{
	static const uint8_t frame[1600];

	switch (what % 11) {
	case 0:
		vn_nf2_up(f->d);
		break;
	case 1:
		vn_nf2_down(f->d);
		break;
	case 2:
		vn_nf2_fault(f->d, "fuzz");
		break;
	case 3:
		f->now += UINT64_C(1) << (what >> 4) * 2;
		vn_nf2_timer(f->d);
		break;
	case 4:
		burst(f, what >> 4 & 3, 64);
		break;
	case 5:
		if (vn_nf2_takes_frames(f->d))
			vn_nf2_frame(f->d, frame, len ? 8u * bytes[0] : 60);
		break;
	case 6:
		vn_nf2_forget(f->d, what >> 4 & 3);
		break;
	case 7:
		f->full = what >> 4 & 3;
		break;
	case 8:
		f->gone = what >> 4 & 3;
		break;
	case 10:
		vn_nf2_data_over(f->d);
		break;
	default:
		fuzz_card_works(f);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = fuzz_new(size ? data[0] : 0);

	vn_nf2_up(f->d);
	fuzz_card_works(f);
	for (size_t at = 1, n = 0, len; at + 2 <= size && n < PIECES; at += 2 + len, n++) {
		len = VN_MIN((size_t)data[at + 1], size - at - 2);
		if (data[at] & 0x80)
			event(f, data[at] & 0x7f, data + at + 2, len);
		else
			datagram(f, data[at], data + at + 2, len);
		fuzz_check(f);
	}
	fuzz_free(f);
	return 0;
}
