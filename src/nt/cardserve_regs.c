/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of the PCI window, interrupts and transfers by the card socket. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "nt/cardserve_priv.h"

void vn_nt_cardserve_forget_transfers(struct vn_nt_cardserve *serve)
{
	serve->pending = 0;
	serve->rx.control &= ~VN_NT_PCI_DMA_OWNER;
	serve->tx.control &= ~VN_NT_PCI_DMA_OWNER;
}

int vn_nt_cardserve_start_tx(struct vn_nt_cardserve *serve, uint32_t queue, const uint8_t *bytes,
			     uint32_t len, struct vn_err *err)
{
	int rc;

	if (queue >= VN_NT_MACS)
		return vn_err_set(err, EINVAL, "queue %u; 0 to %u are taken", queue,
				  VN_NT_MACS - 1);
	rc = vn_nt_hw_dma_tx(vn_nt_card_hw(serve->card), vn_nt_card_cycle(serve->card), queue,
			     bytes, len);
	if (rc == -EBUSY)
		return vn_err_set(err, EBUSY, "a transfer to the card runs");
	if (rc == -EMSGSIZE)
		return vn_err_set(err, EMSGSIZE, "a transfer of %u bytes; 1 to 2048 are taken",
				  len);
	if (rc < 0)
		return vn_err_set(err, -rc, "a transfer to the card: %s", strerror(-rc));
	serve->tx.size = len;
	serve->tx.control = queue << VN_NT_PCI_DMA_QUEUE_SHIFT | VN_NT_PCI_DMA_OWNER;
	return 0;
}

int vn_nt_cardserve_start_rx(struct vn_nt_cardserve *serve, struct vn_err *err)
{
	int rc = vn_nt_hw_dma_rx(vn_nt_card_hw(serve->card), vn_nt_card_cycle(serve->card));

	if (rc == -EBUSY)
		return vn_err_set(err, EBUSY, "a transfer to the host runs");
	if (rc == -ENODATA)
		return vn_err_set(err, ENODATA, "no frame waits for the host");
	if (rc < 0)
		return vn_err_set(err, -rc, "a transfer to the host: %s", strerror(-rc));
	serve->rx.control = VN_NT_PCI_DMA_OWNER;
	serve->pending &= ~VN_NT_INT_PKT_AVAIL;
	return 0;
}

/* Reading leaves what has a level: it goes when a transfer begins. */
static uint32_t read_status(struct vn_nt_cardserve *serve)
{
	serve->pending &= VN_NT_INT_PKT_AVAIL;
	return vn_nt_hw_read_status(vn_nt_card_hw(serve->card));
}

bool vn_nt_cardserve_awaits_driver(const struct vn_nt_cardserve *serve)
{
	return serve->pending & ~serve->mask & VN_NT_INT_PKT_AVAIL;
}

static void tell_irq(struct vn_nt_cardserve *serve, uint32_t bits)
{
	if (bits)
		vn_nt_cardserve_tell(serve, VN_NT_CARD_IRQ, bits, NULL, 0);
}

void vn_nt_cardserve_write_mask(struct vn_nt_cardserve *serve, uint32_t mask)
{
	uint32_t opened = serve->mask & ~mask;

	serve->mask = mask;
	tell_irq(serve, serve->pending & opened);
}

void vn_nt_cardserve_event(struct vn_nt_cardserve *serve, const struct vn_nt_out *out)
{
	unsigned int queue = out->port / 2;

	switch (out->kind) {
	case VN_NT_OUT_DMA:
		serve->rx.size = out->len;
		serve->rx.control = queue << VN_NT_PCI_DMA_QUEUE_SHIFT;
		vn_nt_cardserve_tell(serve, VN_NT_CARD_DMA_RX_DATA, queue, out->bytes, out->len);
		return;
	case VN_NT_OUT_IRQ:
		if (out->value & VN_NT_INT_DMA_TX_COMPLETE)
			serve->tx.control &= ~VN_NT_PCI_DMA_OWNER;
		serve->pending |= out->value;
		tell_irq(serve, out->value & ~serve->mask);
		return;
	default:
		return;
	}
}

/* -- Registers ------------------------------------------------------------- */

static int write_mask(struct vn_nt_cardserve *serve, uint32_t mask, struct vn_err *err)
{
	vn_nt_cardserve_write_mask(serve, mask);
	return 0;
}

static int write_rx_control(struct vn_nt_cardserve *serve, uint32_t value, struct vn_err *err)
{
	return value & VN_NT_PCI_DMA_OWNER ? vn_nt_cardserve_start_rx(serve, err) : 0;
}

static int write_tx_control(struct vn_nt_cardserve *serve, uint32_t value, struct vn_err *err)
{
	if (!(value & VN_NT_PCI_DMA_OWNER))
		return 0;
	return vn_err_set(err, EOPNOTSUPP,
			  "a transfer to the card brings its bytes: DMA_TX starts one");
}

#define FIELD(member) offsetof(struct vn_nt_cardserve, member)
#define NO_FIELD      SIZE_MAX

/* A register is a field of the server, but where it has functions. */
static const struct reg {
	uint32_t offset;
	size_t field;
	uint32_t (*read)(struct vn_nt_cardserve *serve);
	int (*write)(struct vn_nt_cardserve *serve, uint32_t value, struct vn_err *err);
	bool is_anyones; /* else the driver's: a read of the status takes it away */
} regs[] = {
	{ VN_NT_PCI_INT_MASK, .field = FIELD(mask), .write = write_mask },
	{ VN_NT_PCI_INT_STATUS, .field = NO_FIELD, .read = read_status },
	{ VN_NT_PCI_RX_ADDRESS, .field = FIELD(rx.address) },
	{ VN_NT_PCI_RX_SIZE, .field = FIELD(rx.size) },
	{ VN_NT_PCI_RX_CONTROL, .field = FIELD(rx.control), .write = write_rx_control },
	{ VN_NT_PCI_TX_ADDRESS, .field = FIELD(tx.address) },
	{ VN_NT_PCI_TX_SIZE, .field = FIELD(tx.size) },
	{ VN_NT_PCI_TX_CONTROL, .field = FIELD(tx.control), .write = write_tx_control },
	{ VN_NT_PCI_LOADER, .field = NO_FIELD, .write = vn_nt_cardserve_write_loader,
	  .is_anyones = true },
};

static int find_register(const struct reg **found, enum vn_nt_card_role role, uint32_t offset,
			 struct vn_err *err)
{
	const struct reg *reg = regs;

	while (reg < regs + VN_ARRAY_SIZE(regs) && reg->offset != offset)
		reg++;
	if (reg == regs + VN_ARRAY_SIZE(regs))
		return vn_err_set(err, ENXIO, "no register at offset 0x%x", offset);
	if (role != VN_NT_ROLE_DRIVER && !reg->is_anyones)
		return vn_err_set(err, EPERM, "the register at offset 0x%x is the driver's",
				  offset);
	*found = reg;
	return 0;
}

static uint32_t *field(struct vn_nt_cardserve *serve, const struct reg *reg)
{
	return (uint32_t *)((char *)serve + reg->field);
}

int vn_nt_cardserve_read_reg(struct vn_nt_cardserve *serve, enum vn_nt_card_role role,
			     uint32_t offset, uint32_t *value, struct vn_err *err)
{
	const struct reg *reg;
	int rc = find_register(&reg, role, offset, err);

	if (rc < 0)
		return rc;
	if (!reg->read && reg->field == NO_FIELD)
		return vn_err_set(err, ENXIO, "the register at offset 0x%x is write only", offset);
	*value = reg->read ? reg->read(serve) : *field(serve, reg);
	return 0;
}

int vn_nt_cardserve_write_reg(struct vn_nt_cardserve *serve, enum vn_nt_card_role role,
			      uint32_t offset, uint32_t value, struct vn_err *err)
{
	const struct reg *reg;
	int rc = find_register(&reg, role, offset, err);

	if (rc < 0)
		return rc;
	if (!reg->write && reg->field == NO_FIELD)
		return vn_err_set(err, ENXIO, "the register at offset 0x%x is read only", offset);
	if (reg->write)
		return reg->write(serve, value, err);
	*field(serve, reg) = value;
	return 0;
}
