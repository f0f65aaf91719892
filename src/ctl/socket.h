/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control tree by a local socket, for systems without FUSE and for
 * programs that would rather not open files.
 *
 * Protocol. A socket of type SOCK_SEQPACKET; by default its name is in the
 * abstract namespace, which every network namespace has of its own, so a
 * client finds the server of its network namespace. Each message is one
 * request or one answer, numbers little-endian:
 *
 *   request  u32 op | u32 name_len | name | data
 *   answer   i32 result | data
 *
 *   op 1 list   no name, no data      result 0, data: names, a newline each
 *   op 2 read   name                  result: length, data: the text
 *   op 3 write  name, data            result: bytes taken
 *   op 4 interrupt  no name, no data  as a signal to whoever writes `start`;
 *                                     has no answer of its own
 *
 * A negative result is -errno. A connection does one thing at a time; only op 4
 * may be sent while a write is not answered. Closing the connection interrupts
 * too. A message is at most VN_SOCKET_MAX bytes.
 *
 * Credentials: the server talks to root and to its own user, nobody else
 * (SO_PEERCRED); the client makes sure of the same of the server.
 */
#ifndef VN_CTL_SOCKET_H
#define VN_CTL_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ctl/tree.h"

#define VN_SOCKET_NAME "vernier" /* default; a name with '/' is a path */
#define VN_SOCKET_MAX  65536

enum vn_socket_op {
	VN_SOCKET_LIST = 1,
	VN_SOCKET_READ,
	VN_SOCKET_WRITE,
	VN_SOCKET_INTERRUPT,
};

struct vn_socket_server;

/* Listens and serves from threads of its own. -EADDRINUSE: another server of
 * this network namespace has the name. The tree must outlive it. */
int vn_socket_serve(struct vn_tree *tree, const char *name, struct vn_socket_server **out,
		    struct vn_err *err);
/* Call vn_tree_shut() first, or a waiting start is waited for. NULL accepted. */
void vn_socket_close(struct vn_socket_server *s);

/* Client: a connected descriptor or -errno with a sentence. */
int vn_socket_connect(const char *name, struct vn_err *err);
/*
 * Sends a request and waits for its answer; returns the result, or -errno with
 * a sentence when there was no answer (err->text is empty otherwise). file and
 * data may be NULL. The answer's data goes to buf, its length to *got.
 */
ssize_t vn_socket_ask(int fd, enum vn_socket_op op, const char *file, const void *data, size_t len,
		      char *buf, size_t cap, size_t *got, struct vn_err *err);
/* Interrupts the write that another thread, or this one before a signal, waits
 * for in vn_socket_ask(). Safe in a signal handler. */
void vn_socket_interrupt(int fd);

#endif
