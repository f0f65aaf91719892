/* SPDX-License-Identifier: BSD-2-Clause */
/* Security associations for flag IPSEC: those of a file (--sa), then those of
 * the system. */
#ifndef VN_CMD_SAS_H
#define VN_CMD_SAS_H

#include "packet/sa.h"

struct sas {
	struct vn_sa_db file;
	struct vn_sa_source source; /* for the engine */
};

/* path NULL: the system's only. 0 or -errno with a sentence. */
int sas_open(struct sas *s, const char *path, struct vn_err *err);
void sas_close(struct sas *s); /* a zeroed one is accepted */

#endif
