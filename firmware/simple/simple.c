/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest program: every thread says who it is (where there is a log) and ends. */
#include "support.h"

int main(void)
{
	int id = nf_tid();

	if (id == 2)
		log("Hello world. I am the wonderful thread %d\n", id);
	else
		log("Hello world. I am thread %d\n", id);
	return 0;
}
