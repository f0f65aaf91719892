/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any messages and interrupts of a card to a driver that has packets for it and
 * clients who listen. The first byte of a piece says what it is, the second how
 * long; messages have magic, version and epoch put right unless the piece says not
 * to. Whatever the card says, no txbuff is lost and no packet unaccounted for.
 */
#include "caliper/driver_fuzz.h"

#define PIECES 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void message(struct fuzz *f, uint8_t what, const uint8_t *bytes, size_t len)
{
	uint8_t copy[256] = { 0 };

	memcpy(copy, bytes, len);
	if (!(what & 0x40)) {
		vn_put_be16(copy, DRIVERCOMM_MAGIC);
		copy[2] = DRIVERCOMM_VERSION;
		copy[3] = (uint8_t)(DRIVERCOMM_RESET_DONE + (what & 3) % 3);
		vn_put_be16(copy + 6, f->epoch);
	}
	f->status |= VN_NT_INT_PKT_AVAIL;
	vn_nf2_intr(f->d);
	vn_nf2_dma_data(f->d, copy, VN_MAX((uint32_t)len, 60u));
	f->status |= VN_NT_INT_DMA_RX_COMPLETE;
	vn_nf2_intr(f->d);
}

static void interrupt(struct fuzz *f, uint8_t what)
{
	static const int answers[] = { 0, 0, 0, -EBUSY, -ENODATA, -EIO, -ENODEV, 0 };

	if (what & 1 && f->busy) {
		f->busy--;
		f->status |= VN_NT_INT_DMA_TX_COMPLETE;
	}
	if (what & 2)
		f->status |= VN_NT_INT_DMA_TRANSFER_ERROR;
	if (what & 4)
		f->status |= VN_NT_INT_DMA_RX_COMPLETE | VN_NT_INT_PKT_AVAIL;
	f->answer = answers[what >> 3 & 7];
	f->now += (uint64_t)what << 20;
	vn_nf2_intr(f->d);
	vn_nf2_timer(f->d);
}

static void give_work(struct fuzz *f)
{
	_Alignas(8) uint8_t bytes[4096];
	struct cal_descriptor x = { .payload_len = 18 };
	struct vn_cal_writer w;

	vn_cal_writer_init(&w, bytes, sizeof(bytes), 0);
	vn_cal_begin(&w, CAL_PKTS, 0, 1, 0, 0);
	for (x.cookie = 0; x.cookie < 40; x.cookie++) {
		x.flags = x.cookie & 1 ? CAL_REPORT : 0;
		vn_cal_add_item(&w, &x, sizeof(x), NULL, 0);
	}
	vn_cal_put(&w, CAL_MARK, 0, 2, 0, 0, 0, NULL, 0);
	if (vn_nf2_takes_data(f->d))
		vn_nf2_data(f->d, 1, bytes, w.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz *f = fuzz_new(size ? data[0] : 0);

	fuzz_subscribe(f, 1);
	vn_nf2_up(f->d);
	for (size_t at = 1, n = 0, len; at + 2 <= size && n < PIECES; at += 2 + len, n++) {
		len = VN_MIN((size_t)data[at + 1], size - at - 2);
		if (data[at] & 0x80)
			interrupt(f, data[at] & 0x7f);
		else
			message(f, data[at], data + at + 2, len);
		give_work(f);
		if (vn_nf2_state(f->d) == CAL_FAULT) {
			f->busy = 0;
			vn_nf2_up(f->d);
		}
		fuzz_check(f);
	}
	fuzz_free(f);
	return 0;
}
