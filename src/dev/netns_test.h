/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests on interfaces of the system: a network namespace that the test
 * makes for itself and that goes with it, and a veth pair in it. Whatever was
 * asked of `ip` has happened when it returns, so nothing needs to sleep. (Only
 * what the system notes of a carrier may come later.)
 */
#ifndef VN_DEV_NETNS_TEST_H
#define VN_DEV_NETNS_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev/fixture.h"

#define A "vnt0"
#define B "vnt1"

/* Runs a command given as words separated by single blanks; its exit status. */
static inline int run(const char *command)
{
	char copy[256], *argv[24], *save = NULL;
	int status, argc = 0;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", command);
	for (char *w = strtok_r(copy, " ", &save); w && argc < 23; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	pid = fork();
	if (pid == 0) {
		/* stdout is the test's; what `ip` says is in the way there. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static inline void must(const char *command)
{
	if (run(command))
		fail_msg("failed: %s", command);
}

/* Quiet ones: nothing of the system's own is sent on them. */
static inline void make_links(void)
{
	must("ip link add " A " type veth peer name " B);
	must("ip link set " A " addrgenmode none");
	must("ip link set " B " addrgenmode none");
	must("ip link set " B " up");
	must("ip link set " A " up");
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -EIO;
}

/* A network namespace of our own, as root or as root of a user namespace. */
static inline bool enter_namespace(void)
{
	unsigned int uid = getuid(), gid = getgid();
	char map[64];

	if (uid == 0 && !unshare(CLONE_NEWNET))
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (write_text("/proc/self/uid_map", map) || write_text("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_text("/proc/self/gid_map", map) == 0;
}

/* Moves A to a namespace that only a process of ours is in; returns its number
 * for end_neighbour(), with which the pair goes. */
static inline pid_t move_to_neighbour(void)
{
	char command[64];
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* for tests that fail meanwhile */
		if (!unshare(CLONE_NEWNET) && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], command, 1), 1);
	close(ready[0]);
	snprintf(command, sizeof(command), "ip link set " A " netns %d", (int)pid);
	must(command);
	return pid;
}

/* The pair first: a namespace lets go of its interfaces later, at some time. */
static inline void end_neighbour(pid_t pid)
{
	must("ip link delete " B);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static inline void set_effective(unsigned int capability, bool on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];
	uint32_t bit = 1u << capability % 32;

	assert_int_equal(syscall(SYS_capget, &head, caps), 0);
	if (on)
		caps[capability / 32].effective |= bit;
	else
		caps[capability / 32].effective &= ~bit;
	assert_int_equal(syscall(SYS_capset, &head, caps), 0);
}

/* Says so in TAP, which has a line for it, or by the usual exit status. */
static inline int skip_all(const char *reason)
{
	if (!getenv("CMOCKA_MESSAGE_OUTPUT")) {
		fprintf(stderr, "skipped: %s\n", reason);
		return 77;
	}
	printf("1..0 # SKIP %s\n", reason);
	return 0;
}

/* First thing in main: 0, or what keeps such tests from running here. */
static inline const char *why_no_links(void)
{
	if (!enter_namespace())
		return "network namespaces are not permitted";
	if (run("ip link add " A " type veth peer name " B))
		return "no veth pair (is iproute2 installed?)";
	if (run("ip link delete " A))
		return "a veth pair stays";
	return NULL;
}

#endif
