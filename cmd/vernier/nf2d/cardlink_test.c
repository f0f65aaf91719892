/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's end of a card socket; the card's is played by hand. */
#include "cardlink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/nf2.h"

struct fixture {
	int fd; /* the card's end */
	struct nf2d_cardlink link;
};

static void card_says(const struct fixture *f, enum vn_nt_cardmsg_op op, uint16_t flags, uint32_t a,
		      uint32_t b, const char *text)
{
	const struct vn_nt_cardmsg msg = { .op = op, .flags = flags, .a = a, .b = b };
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct iovec parts[] = { { head, sizeof(head) },
				 { (void *)(uintptr_t)text, strlen(text) } };

	vn_nt_cardmsg_encode(&msg, head);
	assert_int_equal(writev(f->fd, parts, 2), (ssize_t)(sizeof(head) + strlen(text)));
}

static void card_hears(const struct fixture *f, enum vn_nt_cardmsg_op op, uint32_t a, uint32_t b,
		       const char *data)
{
	uint8_t packet[256];
	struct vn_nt_cardmsg msg;
	struct vn_err err;
	ssize_t n = recv(f->fd, packet, sizeof(packet), MSG_DONTWAIT);

	assert_true(n > 0);
	assert_int_equal(vn_nt_cardmsg_decode(&msg, VN_NT_ROLE_DRIVER, packet, (size_t)n, &err), 0);
	assert_int_equal(msg.op, op);
	assert_int_equal(msg.a, a);
	assert_int_equal(msg.b, b);
	assert_int_equal(msg.len, strlen(data));
	assert_memory_equal(msg.data ? (const char *)msg.data : "", data, msg.len);
}

static void card_answers(const struct fixture *f, uint32_t offset, uint32_t value)
{
	card_says(f, VN_NT_CARD_REG_VALUE, VN_NT_CARDMSG_REPLY, offset, value, "");
}

/* A pair of ends; what the card answers it has said before the driver comes. */
static int attach(struct fixture *f, enum vn_nt_cardmsg_op op, uint32_t a, const char *text,
		  struct vn_err *err)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	f->fd = ends[0];
	card_says(f, op, VN_NT_CARDMSG_REPLY, a, VN_NT_ROLE_DRIVER, text);
	/* Of the driver before: a transfer that ends, and what that raised. */
	card_says(f, VN_NT_CARD_IRQ, 0, VN_NT_INT_DMA_RX_COMPLETE, 0, "");
	card_answers(f, VN_NT_PCI_TX_CONTROL, VN_NT_PCI_DMA_OWNER);
	card_answers(f, VN_NT_PCI_RX_CONTROL, 0);
	card_says(f, VN_NT_CARD_IRQ, 0, VN_NT_INT_DMA_TX_COMPLETE, 0, "");
	card_answers(f, VN_NT_PCI_TX_CONTROL, 0);
	card_answers(f, VN_NT_PCI_RX_CONTROL, 0);
	card_answers(f, VN_NT_PCI_INT_STATUS, VN_NT_INT_DMA_TX_COMPLETE | VN_NT_INT_PKT_AVAIL);
	return nf2d_cardlink_attach(&f->link, ends[1], err);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vn_err err = { "" };

	assert_non_null(f);
	assert_int_equal(attach(f, VN_NT_CARD_HELLO, 1, "", &err), 0);
	card_hears(f, VN_NT_CARD_HELLO, 1, VN_NT_ROLE_DRIVER, "");
	for (int i = 0; i < 2; i++) {
		card_hears(f, VN_NT_CARD_REG_READ, VN_NT_PCI_TX_CONTROL, 0, "");
		card_hears(f, VN_NT_CARD_REG_READ, VN_NT_PCI_RX_CONTROL, 0, "");
	}
	card_hears(f, VN_NT_CARD_REG_READ, VN_NT_PCI_INT_STATUS, 0, "");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	nf2d_cardlink_close(&f->link);
	nf2d_cardlink_close(&f->link);
	close(f->fd);
	free(f);
	return 0;
}

static void requests_are_messages(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(nf2d_cardlink_dma_tx(&f->link, (const uint8_t *)"abc", 3), 0);
	card_hears(f, VN_NT_CARD_DMA_TX, 0, 0, "abc");
	assert_int_equal(nf2d_cardlink_dma_rx(&f->link), 0);
	card_hears(f, VN_NT_CARD_DMA_RX_START, 0, 0, "");
	nf2d_cardlink_write_mask(&f->link, UINT32_MAX);
	card_hears(f, VN_NT_CARD_REG_WRITE, VN_NT_PCI_INT_MASK, VN_NT_INT_PKT_AVAIL, "");
}

/* What a driver before us left is no business of ours, but a frame that waits is. */
static void nothing_of_before_is_an_interrupt(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err;

	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_NOTHING);
	assert_int_equal(nf2d_cardlink_read_status(&f->link), VN_NT_INT_PKT_AVAIL);
}

static void interrupts_add_up_until_they_are_read(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err;

	nf2d_cardlink_read_status(&f->link);
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_NOTHING);
	card_says(f, VN_NT_CARD_IRQ, 0, VN_NT_INT_PKT_AVAIL, 0, "");
	card_says(f, VN_NT_CARD_IRQ, 0, VN_NT_INT_DMA_TX_COMPLETE, 0, "");
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_IRQ);
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_IRQ);
	assert_int_equal(nf2d_cardlink_read_status(&f->link),
			 VN_NT_INT_PKT_AVAIL | VN_NT_INT_DMA_TX_COMPLETE);
	assert_int_equal(nf2d_cardlink_read_status(&f->link), 0);
}

static void data_of_a_transfer_come_whole(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err;

	card_says(f, VN_NT_CARD_DMA_RX_DATA, 0, 0, 0, "frame");
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_DATA);
	assert_int_equal(h.len, 5);
	assert_memory_equal(h.bytes, "frame", 5);
}

static void a_transfer_that_is_refused_has_failed(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err;

	card_says(f, VN_NT_CARD_ERROR, VN_NT_CARDMSG_REPLY, EBUSY, VN_NT_CARD_DMA_TX, "not now");
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), NF2D_HEARD_REFUSAL);
	assert_string_equal(h.text, "the card refuses DMA_TX: not now");
	assert_true(nf2d_cardlink_read_status(&f->link) & VN_NT_INT_DMA_SETUP_ERROR);
}

static void a_card_that_goes_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err = { "" };

	close(f->fd);
	f->fd = -1;
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), -ENODEV);
	assert_string_equal(err.text, "the card went away");
	assert_int_equal(nf2d_cardlink_dma_rx(&f->link), -ENODEV);
}

static void a_card_without_room_is_busy(void **state)
{
	struct fixture *f = *state;
	int rc, n = 0;

	while (!(rc = nf2d_cardlink_dma_rx(&f->link)))
		n++;
	assert_int_equal(rc, -EBUSY);
	assert_true(n > 10);
}

static void no_message_at_all_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct nf2d_hearing h;
	struct vn_err err = { "" };

	assert_int_equal(send(f->fd, "what?", 5, 0), 5);
	assert_int_equal(nf2d_cardlink_next(&f->link, &h, &err), -EBADMSG);
	assert_true(err.text[0]);
}

static void a_card_with_a_driver_is_told_in_its_words(void **state)
{
	struct fixture f;
	struct vn_err err = { "" };
	uint8_t byte;

	assert_int_equal(attach(&f, VN_NT_CARD_ERROR, EBUSY, "the card has a driver already", &err),
			 -EBUSY);
	assert_string_equal(err.text, "the card has a driver already");
	assert_false(nf2d_cardlink_is_open(&f.link));
	while (recv(f.fd, &byte, 1, 0) > 0) /* it hung up */
		;
	close(f.fd);
}

/* A card that takes connections in a queue and does nothing: neither an answer nor a place in
 * the queue is waited for longer than it was said. */
static void a_silent_card_is_left_soon(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/cardlink-XXXXXX";
	struct nf2d_cardlink link;
	struct vn_err err = { "" };
	int rc, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_non_null(mkdtemp(folder));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/card", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 3), 0);
	assert_int_equal(nf2d_cardlink_open(&link, addr.sun_path, 1, &err), -ETIMEDOUT);
	assert_string_equal(err.text, "the card does not answer within 1 ms");
	do
		rc = nf2d_cardlink_open(&link, addr.sun_path, 1, &err);
	while (rc == -ETIMEDOUT);
	assert_int_equal(rc, -EAGAIN);
	assert_false(nf2d_cardlink_is_open(&link));
	close(fd);
	unlink(addr.sun_path);
	rmdir(folder);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CASE(requests_are_messages),
		CASE(nothing_of_before_is_an_interrupt),
		CASE(interrupts_add_up_until_they_are_read),
		CASE(data_of_a_transfer_come_whole),
		CASE(a_transfer_that_is_refused_has_failed),
		CASE(a_card_that_goes_is_noticed),
		CASE(a_card_without_room_is_busy),
		CASE(no_message_at_all_is_an_error),
		cmocka_unit_test(a_card_with_a_driver_is_told_in_its_words),
		cmocka_unit_test(a_silent_card_is_left_soon),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
