/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine offers to a generator, and what this process may use. */
#ifndef VN_CMD_PROBE_MACHINE_H
#define VN_CMD_PROBE_MACHINE_H

#include "fact.h"

extern const struct vn_fact_row probe_machine_rows[]; /* of no argument */
extern const unsigned int probe_machine_n_rows;

#endif
