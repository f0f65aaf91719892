/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that a command line names: none may be written twice, or read and
 * written. Opening them would empty them before anybody noticed. */
#ifndef VN_CARD_FILES_H
#define VN_CARD_FILES_H

#include "base/err.h"
#include "settings.h"

/* 0, or -EINVAL with a sentence that names both options. */
int card_files_check(const struct card_settings *s, struct vn_err *err);

#endif
