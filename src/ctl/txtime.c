/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows "launch" and "departure_stamps", which are ours. Whether the driver
 * and the interface can is asked when the queue is opened: it depends on the
 * transmit mode too, and on what is configured on the interface then.
 */
#include "ctl/ctl_priv.h"

#include <errno.h>
#include <string.h>

#include "base/txtime.h"

static int word_set(struct vn_entry *e, const struct vn_param *p, const char *what,
		    const char *text, struct vn_err *err)
{
	const char *(*word)(unsigned int i) = p->impl->kind->word;
	unsigned int i;

	for (i = 0; word(i); i++) {
		if (strcmp(text, word(i)) == 0) {
			vn_field_put(&e->stream.cfg, p->impl, i);
			return 0;
		}
	}
	return vn_err_set(err, EINVAL, "%s: %s is none of %s, %s, %s", what, text, word(0), word(1),
			  word(2));
}

static bool word_get(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out)
{
	unsigned int i = (unsigned int)vn_field_get(&e->stream.cfg, p->impl);

	vn_text_add(out, "%s", p->impl->kind->word(i));
	return true;
}

const struct vn_param_kind vn_kind_launch = {
	.set = word_set,
	.get = word_get,
	.word = vn_launch_word,
};

const struct vn_param_kind vn_kind_departure_stamps = {
	.set = word_set,
	.get = word_get,
	.word = vn_tx_stamps_word,
};
