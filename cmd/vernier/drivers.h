/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing a driver by name or by what it must be able to do. */
#ifndef VN_CMD_DRIVERS_H
#define VN_CMD_DRIVERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * *name NULL: becomes the name of the first driver that can do all of `needs`
 * (enum vn_netdev_cap) on an interface of the system. Otherwise checks that
 * there is such a driver and that it can. 0 or -EINVAL with a sentence.
 */
int vn_driver_choose(const char **name, uint32_t needs, struct vn_err *err);

/* The name of the i-th driver that was built in; NULL: no more. */
const char *vn_driver_name(unsigned int i);
/* The same behind "auto". */
const char *vn_driver_or_auto(unsigned int i);

/* "sends, receives": of enum vn_netdev_cap. */
void vn_driver_caps_text(uint32_t caps, char *buf, size_t cap);

#endif
