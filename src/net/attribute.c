/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a device and its statistics (spec section 8.5). What a
 * device that is down does not know is an error, not a zero: the scripts that
 * read these files count on it.
 */
#include "net/attribute.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/device.h"

#define NAME_IS_UNKNOWN 0 /* of name_assign_type */

static void *device_of(const struct vn_attribute_of *of)
{
	return of->dev;
}

/* --- what is computed --------------------------------------------------------------- */

static void add_address(struct vn_text *out, const uint8_t *addr, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		vn_text_add(out, "%s%02x", i ? ":" : "", addr[i]);
	vn_text_add(out, "\n");
}

static int show_address(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	add_address(out, (const uint8_t *)of->dev + a->offset, of->dev->addr_len);
	return 0;
}

static int show_name_assign_type(const struct vn_attribute *a, const struct vn_attribute_of *of,
				 struct vn_text *out)
{
	if (of->dev->name_assign_type == NAME_IS_UNKNOWN)
		return -EINVAL;
	return vn_attribute_show_field(a, of, out);
}

/* Of a device with one port, whose link needs nobody to say that it is ready. */
static int show_zero(const struct vn_attribute *a, const struct vn_attribute_of *of,
		     struct vn_text *out)
{
	vn_text_add(out, "0\n");
	return 0;
}

static int show_dev_id(const struct vn_attribute *a, const struct vn_attribute_of *of,
		       struct vn_text *out)
{
	vn_text_add(out, "0x0\n");
	return 0;
}

static int show_flags(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      struct vn_text *out)
{
	vn_text_add(out, "0x%" PRIx32 "\n", of->dev->flags);
	return 0;
}

static int show_carrier_changes(const struct vn_attribute *a, const struct vn_attribute_of *of,
				struct vn_text *out)
{
	vn_text_add(out, "%" PRIu64 "\n", of->dev->carrier_up_count + of->dev->carrier_down_count);
	return 0;
}

static int show_ifalias(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	if (of->dev->alias[0])
		vn_text_add(out, "%s\n", of->dev->alias);
	return 0;
}

static int show_uevent(const struct vn_attribute *a, const struct vn_attribute_of *of,
		       struct vn_text *out)
{
	vn_text_add(out, "INTERFACE=%s\nIFINDEX=%d\n", of->dev->name, of->dev->ifindex);
	return 0;
}

/* --- the link ------------------------------------------------------------------------ */

static int show_if_up(const struct vn_device *dev, bool v, struct vn_text *out)
{
	if (!vn_device_is_running(dev))
		return -EINVAL;
	vn_text_add(out, "%d\n", v);
	return 0;
}

static int show_carrier(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	return show_if_up(of->dev, vn_device_has_carrier(of->dev), out);
}

static int show_dormant(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	return show_if_up(of->dev, of->dev->state & VN_DEV_DORMANT, out);
}

static int show_testing(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	return show_if_up(of->dev, of->dev->state & VN_DEV_TESTING, out);
}

static bool is_speed_known(const struct vn_device *dev)
{
	return vn_device_is_running(dev) && dev->info.speed_mbps;
}

static int show_speed(const struct vn_attribute *a, const struct vn_attribute_of *of,
		      struct vn_text *out)
{
	if (!is_speed_known(of->dev))
		return -EINVAL;
	vn_text_add(out, "%" PRIu32 "\n", of->dev->info.speed_mbps);
	return 0;
}

static int show_duplex(const struct vn_attribute *a, const struct vn_attribute_of *of,
		       struct vn_text *out)
{
	if (!is_speed_known(of->dev))
		return -EINVAL;
	vn_text_add(out, "%s\n", of->dev->info.is_half_duplex ? "half" : "full");
	return 0;
}

/* RFC 2863's states. A back end that never changed its carrier does not track
 * the link, and nobody knows. */
static const char *operstate(const struct vn_device *dev)
{
	if (!vn_device_is_running(dev))
		return "down";
	if (!(dev->state & VN_DEV_PRESENT))
		return "notpresent";
	if (!vn_device_has_carrier(dev))
		return dev->iflink == dev->ifindex ? "down" : "lowerlayerdown";
	if (dev->state & VN_DEV_TESTING)
		return "testing";
	if (dev->state & VN_DEV_DORMANT)
		return "dormant";
	return dev->carrier_up_count + dev->carrier_down_count ? "up" : "unknown";
}

static int show_operstate(const struct vn_attribute *a, const struct vn_attribute_of *of,
			  struct vn_text *out)
{
	vn_text_add(out, "%s\n", operstate(of->dev));
	return 0;
}

/* What the back end cannot do is refused before the value is looked at. */
static int store_carrier(const struct vn_attribute *a, const struct vn_attribute_of *of,
			 const char *text, size_t len)
{
	uint64_t v;
	int rc;

	if (!of->dev->ops->change_carrier)
		return -EOPNOTSUPP;
	rc = vn_attribute_parse(text, &v);
	if (rc)
		return rc;
	if (!vn_device_is_running(of->dev))
		return -EINVAL;
	return of->dev->ops->change_carrier(of->dev, v != 0);
}

/* --- what is set ---------------------------------------------------------------------- */

static int set_flags(const struct vn_attribute_of *of, uint64_t v)
{
	return vn_device_set_flags(of->dev, (uint32_t)v);
}

/* Out of the device's range is EINVAL, however far. */
static int set_mtu(const struct vn_attribute_of *of, uint64_t v)
{
	return v > INT32_MAX ? -EINVAL : vn_device_set_mtu(of->dev, (uint32_t)v);
}

static int set_tx_queue_len(const struct vn_attribute_of *of, uint64_t v)
{
	return vn_device_set_tx_queue_len(of->dev, (uint32_t)v);
}

static int set_proto_down(const struct vn_attribute_of *of, uint64_t v)
{
	of->dev->proto_down = v != 0;
	return 0;
}

static int set_threaded(const struct vn_attribute_of *of, uint64_t v)
{
	if (v > 1)
		return -EINVAL;
	of->dev->is_threaded = v;
	return 0;
}

/* One final newline is echo's. */
static int store_ifalias(const struct vn_attribute *a, const struct vn_attribute_of *of,
			 const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len >= sizeof(of->dev->alias))
		return -EINVAL;
	snprintf(of->dev->alias, sizeof(of->dev->alias), "%.*s", (int)len, text);
	return 0;
}

/* Asks for an event to be told again. There is nobody to tell it to, so it is
 * enough that the action is known. */
static int store_uevent(const struct vn_attribute *a, const struct vn_attribute_of *of,
			const char *text, size_t len)
{
	static const char *const actions[] = { "add",	 "remove",  "change", "move",
					       "online", "offline", "bind",   "unbind" };
	size_t n = strcspn(text, "\n");

	if (strlen(text) > n + 1)
		return -EINVAL;
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(actions); i++)
		if (strlen(actions[i]) == n && !strncmp(text, actions[i], n))
			return 0;
	return -EINVAL;
}

/* --- tables --------------------------------------------------------------------------- */

#define FIELD(member)	VN_ATTRIBUTE_FIELD(device_of, struct vn_device, member)
#define SHOW(function)	.mode = 0444, .show = function
#define STORE(function) .mode = 0644, .needs_admin = true, .store = function
#define NUMBER(max_)	STORE(vn_attribute_store_number), .max = max_

static const struct vn_attribute device_rows[] = {
	{ "addr_assign_type", SHOW(vn_attribute_show_field), FIELD(addr_assign_type) },
	{ "addr_len", SHOW(vn_attribute_show_field), FIELD(addr_len) },
	{ "address", SHOW(show_address), FIELD(addr) },
	{ "broadcast", SHOW(show_address), FIELD(broadcast) },
	{ "carrier", STORE(store_carrier), .show = show_carrier },
	{ "carrier_changes", SHOW(show_carrier_changes) },
	{ "carrier_down_count", SHOW(vn_attribute_show_field), FIELD(carrier_down_count) },
	{ "carrier_up_count", SHOW(vn_attribute_show_field), FIELD(carrier_up_count) },
	{ "dev_id", SHOW(show_dev_id) },
	{ "dev_port", SHOW(show_zero) },
	{ "dormant", SHOW(show_dormant) },
	{ "duplex", SHOW(show_duplex) },
	{ "flags", NUMBER(UINT32_MAX), .show = show_flags, .set = set_flags },
	{ "gro_flush_timeout", NUMBER(UINT64_MAX), .show = vn_attribute_show_field,
	  FIELD(gro_flush_timeout) },
	{ "ifalias", STORE(store_ifalias), .show = show_ifalias },
	{ "ifindex", SHOW(vn_attribute_show_field), FIELD(ifindex) },
	{ "iflink", SHOW(vn_attribute_show_field), FIELD(iflink) },
	{ "link_mode", SHOW(show_zero) },
	{ "mtu", NUMBER(UINT64_MAX), .show = vn_attribute_show_field, FIELD(mtu), .set = set_mtu },
	{ "name_assign_type", SHOW(show_name_assign_type), FIELD(name_assign_type) },
	{ "napi_defer_hard_irqs", NUMBER(INT32_MAX), .show = vn_attribute_show_field,
	  FIELD(napi_defer_hard_irqs) },
	{ "netdev_group", NUMBER(UINT32_MAX), .show = vn_attribute_show_field, FIELD(group) },
	{ "operstate", SHOW(show_operstate) },
	{ "proto_down", NUMBER(UINT64_MAX), .show = vn_attribute_show_field, FIELD(proto_down),
	  .set = set_proto_down },
	{ "speed", SHOW(show_speed) },
	{ "testing", SHOW(show_testing) },
	{ "threaded", NUMBER(UINT64_MAX), .show = vn_attribute_show_field, FIELD(is_threaded),
	  .set = set_threaded },
	{ "tx_queue_len", NUMBER(UINT32_MAX), .show = vn_attribute_show_field, FIELD(tx_queue_len),
	  .set = set_tx_queue_len },
	{ "type", SHOW(vn_attribute_show_field), FIELD(type) },
	{ "uevent", .mode = 0644, .show = show_uevent, .store = store_uevent },
};

const struct vn_attributes vn_device_attributes = VN_ATTRIBUTES(device_rows);

static int show_counter(const struct vn_attribute *a, const struct vn_attribute_of *of,
			struct vn_text *out)
{
	struct vn_device_stats stats;
	uint64_t v;

	vn_device_get_stats(of->dev, &stats);
	memcpy(&v, (const char *)&stats + a->offset, sizeof(v));
	vn_text_add(out, "%" PRIu64 "\n", v);
	return 0;
}

static const struct vn_attribute statistics_rows[] = {
#define VN_X(counter)                                                                              \
	{ #counter, SHOW(show_counter), .offset = offsetof(struct vn_device_stats, counter) },
	VN_DEVICE_STATS(VN_X)
#undef VN_X
};

const struct vn_attributes vn_statistics_attributes = VN_ATTRIBUTES(statistics_rows);
