/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values out of a JSON object, and rows made of them. The object's path in the
 * line ("total", "streams[2]") goes into the message about a wrong one.
 */
#ifndef VN_CMD_PAGE_READ_H
#define VN_CMD_PAGE_READ_H

#include <jansson.h>

#include "page_model.h"

struct page_reader {
	const char *source;
	size_t line;
	struct vn_err *err;
};

/* "source:line: path.key is ..., expected ...": returns -EINVAL. */
int page_read_refuse(const struct page_reader *r, const char *path, const char *key,
		     const json_t *got, const char *expected);

/* Each returns 0 or -EINVAL, and leaves *out as it is when the key is missing
 * or null. */
int page_read_text(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		   const char **out);
int page_read_bool(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		   bool *out);
int page_read_value(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		    enum vn_snap_kind kind, struct vn_snap_value *out);

/* Objects and arrays: *out is NULL when missing or null. */
int page_read_object(const struct page_reader *r, const json_t *o, const char *path,
		     const char *key, json_t **out);
int page_read_array(const struct page_reader *r, const json_t *o, const char *path, const char *key,
		    json_t **out);

/* 0, -EINVAL or -ENOMEM. What was read so far is freed by page_row_free(). */
int page_read_row(const struct page_reader *r, const json_t *o, const char *path,
		  struct page_row *row);
int page_read_settings(const struct page_reader *r, const json_t *o, const char *path,
		       struct page_settings *out);
void page_row_free(struct page_row *row);

#endif
