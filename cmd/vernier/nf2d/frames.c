/* SPDX-License-Identifier: BSD-2-Clause */
#include "frames.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cpu.h"

#define BUDGET	    64		      /* frames between two looks at what the owner wants */
#define DISCARD_MAX (4 * NF2D_FRAMES) /* an interface that is up again has ever new ones */

static void ring(int eventfd)
{
	const uint64_t one = 1;

	/* It fails only when it rings already. */
	if (write(eventfd, &one, sizeof(one)) < 0)
		return;
}

static void silence(int eventfd)
{
	uint64_t n;

	if (read(eventfd, &n, sizeof(n)) < 0)
		return; /* it did not ring */
}

/* --- the reader ------------------------------------------------------------------ */

static void count_dropped(struct nf2d_frames *f, uint64_t n)
{
	atomic_fetch_add_explicit(&f->dropped, n, memory_order_relaxed);
}

/* Where the next frame goes; NULL: there is no room. Acquires what nf2d_frames_take()
 * releases: the owner has done with that place. */
static struct nf2d_frame *next_place(struct nf2d_frames *f)
{
	uint32_t put = atomic_load_explicit(&f->put, memory_order_relaxed);
	uint32_t taken = atomic_load_explicit(&f->taken, memory_order_acquire);

	return put - taken < NF2D_FRAMES ? &f->frames[put % NF2D_FRAMES] : NULL;
}

/* Reads a frame into the queue, or away. 1, 0 when none is there, -errno: there will
 * be none any more. */
static int read_frame(struct nf2d_frames *f, bool is_wanted)
{
	struct nf2d_frame *place = is_wanted ? next_place(f) : NULL;
	uint8_t away[1];
	ssize_t n = place ? read(f->tap_fd, place->bytes, sizeof(place->bytes))
			  : read(f->tap_fd, away, sizeof(away)); /* the rest of it goes, too */

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!place) {
		count_dropped(f, 1);
		return 1;
	}
	place->len = (uint32_t)n;
	/* For nf2d_frames_first(). */
	atomic_fetch_add_explicit(&f->put, 1, memory_order_release);
	return 1;
}

static int read_some(struct nf2d_frames *f)
{
	int n = 0, rc = 1;

	while (n < BUDGET && (rc = read_frame(f, true)) > 0)
		n++;
	if (n)
		ring(f->fd);
	return rc;
}

static void discard(struct nf2d_frames *f)
{
	for (int n = 0; n < DISCARD_MAX && read_frame(f, false) > 0; n++)
		;
	atomic_store_explicit(&f->wants_discard, false, memory_order_relaxed);
	sem_post(&f->discarded);
}

static void *read_thread(void *arg)
{
	struct nf2d_frames *f = arg;
	struct pollfd fds[] = { { .fd = f->wake_fd, .events = POLLIN },
				{ .fd = f->tap_fd, .events = POLLIN } };

	vn_thread_name("frames");
	while (!atomic_load_explicit(&f->must_stop, memory_order_acquire)) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			silence(f->wake_fd);
		if (atomic_load_explicit(&f->wants_discard, memory_order_acquire))
			discard(f);
		/* An interface that is gone leaves nothing to wait for but the owner. */
		else if (fds[1].revents && read_some(f) < 0)
			fds[1].fd = -1;
	}
	return NULL;
}

/* --- the owner --------------------------------------------------------------------- */

int nf2d_frames_start(struct nf2d_frames *f, int tap_fd, struct vn_err *err)
{
	int rc;

	memset(f, 0, sizeof(*f));
	f->is_open = true;
	f->tap_fd = tap_fd;
	sem_init(&f->discarded, 0, 0);
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Pages that no frame was in cost nothing. */
	f->frames = malloc(NF2D_FRAMES * sizeof(*f->frames));
	if (f->wake_fd < 0 || f->fd < 0 || !f->frames)
		return vn_err_set(err, ENOMEM, "no memory for frames of the interface");
	rc = pthread_create(&f->thread, NULL, read_thread, f);
	f->is_started = !rc;
	return rc ? vn_err_set(err, rc, "cannot start a thread: %s", strerror(rc)) : 0;
}

void nf2d_frames_stop(struct nf2d_frames *f)
{
	if (!f->is_open)
		return;
	if (f->is_started) {
		atomic_store_explicit(&f->must_stop, true, memory_order_release);
		ring(f->wake_fd);
		pthread_join(f->thread, NULL);
	}
	if (f->wake_fd >= 0)
		close(f->wake_fd);
	if (f->fd >= 0)
		close(f->fd);
	sem_destroy(&f->discarded);
	free(f->frames);
	memset(f, 0, sizeof(*f));
}

void nf2d_frames_woke(struct nf2d_frames *f)
{
	silence(f->fd);
}

const struct nf2d_frame *nf2d_frames_first(struct nf2d_frames *f)
{
	uint32_t taken = atomic_load_explicit(&f->taken, memory_order_relaxed);

	/* Acquires the frame that read_frame() released. */
	if (atomic_load_explicit(&f->put, memory_order_acquire) == taken)
		return NULL;
	return &f->frames[taken % NF2D_FRAMES];
}

void nf2d_frames_take(struct nf2d_frames *f)
{
	atomic_fetch_add_explicit(&f->taken, 1, memory_order_release);
}

void nf2d_frames_discard(struct nf2d_frames *f)
{
	uint32_t put;

	atomic_store_explicit(&f->wants_discard, true, memory_order_release);
	ring(f->wake_fd);
	while (sem_wait(&f->discarded) && errno == EINTR)
		;
	/* What the reader had put into the queue before. */
	put = atomic_load_explicit(&f->put, memory_order_acquire);
	count_dropped(f, put - atomic_load_explicit(&f->taken, memory_order_relaxed));
	atomic_store_explicit(&f->taken, put, memory_order_release);
}

uint64_t nf2d_frames_dropped(struct nf2d_frames *f)
{
	uint64_t all = atomic_load_explicit(&f->dropped, memory_order_relaxed);
	uint64_t n = all - f->told;

	f->told = all;
	return n;
}
