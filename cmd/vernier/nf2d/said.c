/* SPDX-License-Identifier: BSD-2-Clause */
#include "said.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"

/* --- the thread ---------------------------------------------------------------------- */

/* With the lock, so that lines keep their order. */
static void say_kept(struct nf2d_said *s)
{
	if (s->kept[0])
		s->log(s->arg, s->kept);
	s->kept[0] = '\0';
}

static void end_line(struct nf2d_said *s)
{
	s->line[s->line_len] = '\0';
	s->line_len = 0;
	if (!s->line[0])
		return;
	pthread_mutex_lock(&s->lock);
	say_kept(s);
	memcpy(s->kept, s->line, sizeof(s->kept));
	if (!s->keeps)
		say_kept(s);
	pthread_mutex_unlock(&s->lock);
}

static void take(struct nf2d_said *s, char c)
{
	if (c == '\n')
		end_line(s);
	else if (s->line_len < sizeof(s->line) - 1)
		s->line[s->line_len++] = c;
}

static void *read_thread(void *arg)
{
	struct nf2d_said *s = arg;
	char text[4096];
	ssize_t n;

	vn_thread_name("said");
	while ((n = read(s->fd, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			take(s, text[i]);
	end_line(s);
	return NULL;
}

/* --- the owner ----------------------------------------------------------------------- */

int nf2d_said_start(struct nf2d_said *s, int fd, void (*log)(void *arg, const char *line),
		    void *arg, struct vn_err *err)
{
	int rc;

	*s = (struct nf2d_said){ .fd = fd, .log = log, .arg = arg, .keeps = true };
	pthread_mutex_init(&s->lock, NULL);
	rc = pthread_create(&s->thread, NULL, read_thread, s);
	s->is_started = !rc;
	return rc ? vn_err_set(err, rc, "cannot start a thread: %s", strerror(rc)) : 0;
}

void nf2d_said_go_on(struct nf2d_said *s)
{
	if (!s->is_started)
		return;
	pthread_mutex_lock(&s->lock);
	s->keeps = false;
	say_kept(s);
	pthread_mutex_unlock(&s->lock);
}

const char *nf2d_said_finish(struct nf2d_said *s)
{
	if (s->is_started) {
		pthread_join(s->thread, NULL);
		pthread_mutex_destroy(&s->lock);
	}
	s->is_started = false;
	return s->kept;
}
