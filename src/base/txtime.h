/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stream can ask for about the times at which its frames leave, beside
 * the times: who holds them until then, and who stamps them when they go. The
 * words are those that users write.
 */
#ifndef VN_BASE_TXTIME_H
#define VN_BASE_TXTIME_H

#include "base/macros.h"

/* Who lets frames go at their departure. X(NAME, word) */
#define VN_LAUNCHES(X)                                                                             \
	X(OFF, off)	  /* they leave when they are handed over */                               \
	X(QDISC, qdisc)	  /* the interface's queueing discipline: fq, etf */                       \
	X(DEVICE, device) /* its hardware */

/* Whose stamps of departure. */
#define VN_TX_STAMPS(X)                                                                            \
	X(OFF, off)                                                                                \
	X(KERNEL, kernel)     /* when the driver gives the frame to the hardware */                \
	X(HARDWARE, hardware) /* when it is on the wire */

enum vn_launch_by {
#define VN_X(name, word) VN_LAUNCH_##name,
	VN_LAUNCHES(VN_X)
#undef VN_X
		VN_LAUNCH_COUNT,
};

enum vn_tx_stamps {
#define VN_X(name, word) VN_TX_STAMPS_##name,
	VN_TX_STAMPS(VN_X)
#undef VN_X
		VN_TX_STAMPS_COUNT,
};

/* NULL: no such. */
static inline const char *vn_launch_word(unsigned int i)
{
	static const char *const words[] = {
#define VN_X(name, word) #word,
		VN_LAUNCHES(VN_X)
#undef VN_X
	};

	return i < VN_ARRAY_SIZE(words) ? words[i] : NULL;
}

static inline const char *vn_tx_stamps_word(unsigned int i)
{
	static const char *const words[] = {
#define VN_X(name, word) #word,
		VN_TX_STAMPS(VN_X)
#undef VN_X
	};

	return i < VN_ARRAY_SIZE(words) ? words[i] : NULL;
}

#endif
