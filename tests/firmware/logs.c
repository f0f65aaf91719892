/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats of log: what must come out is in logs.txt. */
#include "support.h"

int main(void)
{
	if (nf_tid() != 0)
		return 0;
	log("plain\n");
	log("%d %i %u %x %X %o %c %%\n", -5, 7, 4000000000u, 0xbeefu, 0xbeefu, 8u, 'z');
	log("[%5d] [%-5d] [%05d] [%+d] [%#x] [%.3d]\n", 42, 42, 42, 42, 42u, 42);
	log("[%*d] [%-*d] [%.*s]\n", 6, 42, 4, 7, 2, "abcdef");
	log("[%s] [%8s] [%-8s] [%.2s]\n", "text", "text", "text", "text");
	log("%lld %llu %llx %d\n", -1234567890123ll, 18446744073709551615ull, 0x123456789abcull, 3);
	log("%d %lld %d %llx %ld %hd %hhd %zu\n", 1, 2ll, 3, 4ull, 5l, (short)6, (signed char)7,
	    sizeof(int));
	log("a line in ");
	log("two parts\n");
	return 0;
}
