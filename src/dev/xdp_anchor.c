/* SPDX-License-Identifier: BSD-2-Clause */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "dev/xdp_priv.h"

#define LOOPBACK_IFINDEX 1 /* in every network namespace */

struct job {
	struct vn_xdp_anchor *a;
	int program;
};

/* On a thread of its own, which ends with its namespace: the caller's stays. */
static void *drop_anchor(void *arg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	struct job *job = arg;
	struct vn_xdp_anchor *a = job->a;

	if (unshare(CLONE_NEWNET))
		return NULL;
	a->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (a->netns >= 0)
		a->link = bpf_link_create(job->program, LOOPBACK_IFINDEX, BPF_XDP, &opts);
	return NULL;
}

void vn_xdp_anchor_open(struct vn_xdp_anchor *a, int program)
{
	struct job job = { a, program };
	pthread_t thread;

	a->netns = a->link = -1;
	if (!pthread_create(&thread, NULL, drop_anchor, &job))
		pthread_join(thread, NULL);
}

void vn_xdp_anchor_close(struct vn_xdp_anchor *a)
{
	if (a->link >= 0)
		close(a->link);
	if (a->netns >= 0)
		close(a->netns);
	a->netns = a->link = -1;
}
