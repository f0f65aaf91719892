/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's bus interface, as its driver and the card itself know it: bits of the
 * interrupt status register (spec netthreads 2.5).
 */
#ifndef VN_WIRE_NF2_H
#define VN_WIRE_NF2_H

#include <stdint.h>

#define VN_NT_INT_DMA_RX_COMPLETE    UINT32_C(0x80000000)
#define VN_NT_INT_DMA_TX_COMPLETE    UINT32_C(0x40000000)
#define VN_NT_INT_PHY_INTERRUPT	     UINT32_C(0x20000000)
#define VN_NT_INT_PKT_AVAIL	     UINT32_C(0x00000100)
#define VN_NT_INT_CNET_ERROR	     UINT32_C(0x20)
#define VN_NT_INT_CNET_READ_TIMEOUT  UINT32_C(0x10)
#define VN_NT_INT_PROG_ERROR	     UINT32_C(0x08)
#define VN_NT_INT_DMA_TRANSFER_ERROR UINT32_C(0x04)
#define VN_NT_INT_DMA_SETUP_ERROR    UINT32_C(0x02)
#define VN_NT_INT_DMA_FATAL_ERROR    UINT32_C(0x01)
#define VN_NT_INT_ERRORS	     UINT32_C(0x3f) /* the six before */

#endif
