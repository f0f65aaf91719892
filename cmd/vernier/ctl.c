/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier ctl: the control files without files, through the server's socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "ctl/socket.h"
#include "interrupt.h"
#include "options.h"

#define COMMAND_MAX 4096

struct ctl_options {
	const char *socket;
};

static const struct vn_option ctl_rows[] = {
	{ .name = "socket", .metavar = "NAME", .offset = offsetof(struct ctl_options, socket),
	  .def = VN_SOCKET_NAME, .help = "of the server (vernier serve --socket)" },
};

static const char *file_word(unsigned int i)
{
	return i == 0 ? "pgctrl" : i == 1 ? "kpktgend_0" : NULL;
}

const struct vn_options ctl_spec = {
	.command = "ctl",
	.brief = "talk to a running vernier serve without its files",
	.args = "[FILE [COMMAND...]]",
	.summary = "Writes a command to a control file of the server of this network\n"
		   "namespace. Without a command, prints the file; without a file, lists\n"
		   "them. The words of a command are joined by blanks. Ctrl-C during a\n"
		   "start ends the run.",
	.examples =
		"  vernier ctl kpktgend_0 add_device eth1@0\n"
		"  vernier ctl eth1@0 dst 198.18.0.42\n"
		"  vernier ctl pgctrl start\n"
		"  vernier ctl eth1@0\n",
	.rows = ctl_rows,
	.n_rows = VN_ARRAY_SIZE(ctl_rows),
	.args_max = 256,
	.arg_word = file_word,
	.ends_at_args = true,
};

struct ctl {
	int fd;
	struct vn_interrupt interrupt;
	char buf[VN_SOCKET_MAX];
	size_t got;
};

static void interrupt_write(void *arg)
{
	vn_socket_interrupt(((struct ctl *)arg)->fd);
}

static int no_file(const char *file, struct vn_err *err)
{
	return vn_err_set(err, ENOENT, "%s: no such file (vernier ctl lists them)", file);
}

/* Prints what is listed or read. */
static int print(struct ctl *c, const char *file, struct vn_err *err)
{
	ssize_t n = vn_socket_ask(c->fd, file ? VN_SOCKET_READ : VN_SOCKET_LIST, file, NULL, 0,
				  c->buf, sizeof(c->buf), &c->got, err);

	if (n < 0 && err->text[0])
		return (int)n;
	if (n == -ENOENT)
		return no_file(file, err);
	if (n < 0)
		return vn_err_set(err, (int)-n, "%s: %s", file ? file : "list", strerror((int)-n));
	fwrite(c->buf, 1, c->got, stdout);
	return 0;
}

/* The Result line of a device or thread file, "" if it has none. */
static const char *result_of(struct ctl *c, const char *file)
{
	struct vn_err err;
	const char *at;

	if (vn_socket_ask(c->fd, VN_SOCKET_READ, file, NULL, 0, c->buf, sizeof(c->buf) - 1, &c->got,
			  &err) < 0)
		return "";
	c->buf[c->got] = '\0';
	at = strstr(c->buf, "\nResult: ");
	return at ? at + strlen("\nResult: ") : "";
}

/*
 * As the sample scripts judge: what is not OK is shown. An ERROR in the Result
 * is a failure here, where no script goes on by itself.
 */
static int judge(struct ctl *c, const char *file, const char *command, ssize_t n,
		 struct vn_err *err)
{
	const char *result = result_of(c, file);
	int len = (int)strcspn(result, "\n");

	if (n == -ENOENT)
		return no_file(file, err);
	if (n < 0)
		return vn_err_set(err, (int)-n, "%s: %s: %s%s%.*s", file, command,
				  strerror((int)-n), len ? "; Result: " : "", len, result);
	if (!strncmp(result, "ERROR", 5))
		return vn_err_set(err, EINVAL, "%s: %s: %.*s", file, command, len, result);
	if (len && strncmp(result, "OK", 2))
		fprintf(stderr, "%s: Result: %s", file, result);
	return 0;
}

static int write_command(struct ctl *c, const char *file, char **words, struct vn_err *err)
{
	char command[COMMAND_MAX];
	struct vn_text text;
	ssize_t n;
	int rc;

	vn_text_init(&text, command, sizeof(command));
	for (char **w = words; *w; w++)
		vn_text_add(&text, "%s%s", w == words ? "" : " ", *w);
	if (text.is_cut)
		return vn_err_set(err, E2BIG, "%s: a command has at most %d bytes", file,
				  COMMAND_MAX - 2);
	rc = vn_interrupt_listen(&c->interrupt, interrupt_write, c);
	if (rc)
		return vn_err_set(err, -rc, "cannot start a thread: %s", strerror(-rc));
	/* The NUL's place is the newline's. */
	command[text.len] = '\n';
	n = vn_socket_ask(c->fd, VN_SOCKET_WRITE, file, command, text.len + 1, c->buf,
			  sizeof(c->buf), &c->got, err);
	command[text.len] = '\0';
	if (n < 0 && err->text[0])
		return (int)n;
	return judge(c, file, command, n, err);
}

static int talk(struct ctl *c, const char *socket, char **words, struct vn_err *err)
{
	int rc;

	c->fd = vn_socket_connect(socket, err);
	if (c->fd < 0)
		return c->fd;
	if (words[0] && words[1])
		rc = write_command(c, words[0], words + 1, err);
	else
		rc = print(c, words[0], err);
	return rc;
}

int vn_cmd_ctl(int argc, char **argv, struct vn_err *err)
{
	struct ctl_options o;
	struct ctl *c;
	int first, rc;

	rc = vn_options_parse(&ctl_spec, &o, argc, argv, &first, err);
	if (rc)
		return rc == VN_OPTIONS_HELPED ? VN_EXIT_DONE : VN_EXIT_USAGE;
	c = calloc(1, sizeof(*c));
	if (!c) {
		vn_err_set(err, ENOMEM, "no memory");
		return VN_EXIT_FAILED;
	}
	vn_interrupt_block(&c->interrupt);
	rc = talk(c, o.socket, argv + first, err);
	vn_interrupt_end(&c->interrupt);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
	return rc ? VN_EXIT_FAILED : VN_EXIT_DONE;
}
