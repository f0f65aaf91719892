/* SPDX-License-Identifier: BSD-2-Clause */
/* What who does without the pcap driver has to know of it. */
#ifndef VN_DEV_PCAP_H
#define VN_DEV_PCAP_H

#include <stdint.h>

/* Its link's, unless told. */
#define VN_PCAP_LINK_BPS UINT64_C(10000000000)

#endif
