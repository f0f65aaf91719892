/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small files of the net core (net core spec sections 8.3 to 8.5): a file
 * is a row of a table, with its name, its mode, what shows its text and what
 * stores what was written. netfs.c places the tables in directories.
 *
 * Most files are a number that stands in a field; their rows say where.
 */
#ifndef VN_NET_ATTRIBUTE_H
#define VN_NET_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

struct vn_device;
struct vn_net;

/* Whose file it is: the net's, a device's, a queue's. */
struct vn_attribute_of {
	struct vn_net *net;
	struct vn_device *dev; /* NULL: the net's */
	unsigned int queue;
};

struct vn_attribute {
	const char *name;
	mode_t mode;	  /* permissions */
	bool needs_admin; /* who writes needs CAP_NET_ADMIN */
	/* Adds the text to out. 0 or -errno. */
	int (*show)(const struct vn_attribute *a, const struct vn_attribute_of *of,
		    struct vn_text *out);
	/* Text ends with a NUL behind its len bytes; some may be before. 0 or -errno.
	 * NULL: nothing may be written. */
	int (*store)(const struct vn_attribute *a, const struct vn_attribute_of *of,
		     const char *text, size_t len);
	/* A number's: the struct that holds it, and where. */
	void *(*base)(const struct vn_attribute_of *of);
	uint16_t offset, size; /* bytes */
	/* A stored number's: its range, and what takes it. NULL: the field. */
	uint64_t min, max;
	int (*set)(const struct vn_attribute_of *of, uint64_t v);
};

/* Initializers of a row: the field that holds the number. */
#define VN_ATTRIBUTE_FIELD(base_, type, member)                                                    \
	.base = (base_), .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct vn_attributes {
	const struct vn_attribute *rows;
	unsigned int n;
};

#define VN_ATTRIBUTES(rows_)                                                                       \
	{                                                                                          \
		.rows = (rows_), .n = VN_ARRAY_SIZE(rows_)                                         \
	}

/* /sys/class/net/NAME and below. */
extern const struct vn_attributes vn_device_attributes;	    /* attribute.c */
extern const struct vn_attributes vn_statistics_attributes; /* statistics/ */
extern const struct vn_attributes vn_rxq_attributes;	    /* queues/rx-N/, attribute_queue.c */
extern const struct vn_attributes vn_txq_attributes;	    /* queues/tx-N/ */
extern const struct vn_attributes vn_bql_attributes;	    /* and its byte_queue_limits/ */

/*
 * Shows and stores of numbers: the field, decimal. A field of four bytes is
 * shown with its sign, as the kernel prints even those that have none.
 */
int vn_attribute_show_field(const struct vn_attribute *a, const struct vn_attribute_of *of,
			    struct vn_text *out);
/* Decimal, 0x or octal, a + before it, one newline behind it. -EINVAL, or -ERANGE
 * out of the row's range. */
int vn_attribute_store_number(const struct vn_attribute *a, const struct vn_attribute_of *of,
			      const char *text, size_t len);
int vn_attribute_parse(const char *text, uint64_t *v); /* the same, 0 or -errno */
/* The digits at the beginning, with their prefix: *text is moved behind them. */
int vn_attribute_scan(const char **text, uint64_t *v);
/* Into a field of this row. */
void vn_attribute_put(const struct vn_attribute *a, const struct vn_attribute_of *of, uint64_t v);

#endif
