/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any packet (behind a byte that says from whom) as a message of the card
 * socket. What is taken keeps its bytes when it is put together again.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/cardmsg.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[VN_NT_CARDMSG_HEAD];
	struct vn_err err = { "" };
	struct vn_nt_cardmsg msg;
	int rc;

	if (size == 0)
		return 0;
	rc = vn_nt_cardmsg_decode(&msg, data[0] % 4, data + 1, size - 1, &err);
	if (rc < 0 && !err.text[0])
		abort();
	if (rc == -EBADMSG)
		return 0;
	vn_nt_cardmsg_encode(&msg, head);
	if (memcmp(head, data + 1, sizeof(head)) != 0)
		abort();
	if (msg.len != size - 1 - sizeof(head) || (msg.len && msg.data != data + 1 + sizeof(head)))
		abort();
	if (rc == 0 && !vn_nt_cardmsg_name(msg.op))
		abort();
	return 0;
}
