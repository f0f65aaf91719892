/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's conversation with a card, and the files that it needs. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "load.h"
#include "nt/image.h"
#include "wire/bytes.h"

#define PIECE_WORDS (VN_NT_CARDMSG_DATA_MAX / 4)
#define PATH_SIZE   4096

/* -- What is asked for ----------------------------------------------------- */

/* Length of the name without the end, 0 when it has another one. */
static size_t stem(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && !strcmp(name + len - n, end) ? len - n : 0;
}

int vn_load_refuse_encoded(const char *file, struct vn_err *err)
{
	static const char *const ends[] = { ".instr.enc", ".data.enc", ".enc", ".hcode", "" };
	size_t n = 0;

	for (unsigned int i = 0; i < VN_ARRAY_SIZE(ends) && n == 0; i++)
		n = stem(file, ends[i]);
	return vn_err_set(err, EINVAL,
			  "%s: encoded programs are not needed here; load %.*s.instr.mif with -i",
			  file, (int)n, file);
}

int vn_load_check(const struct vn_load *load, struct vn_err *err)
{
	const char *const files[] = { load->instr, load->data };
	unsigned int jobs =
		(load->instr || load->data) + (load->steps > 0) + load->go + (load->elf != NULL);

	if (jobs != 1)
		return vn_err_set(err, EINVAL, "%s: -i and -d, -step, -go or -mif is accepted",
				  jobs ? "too much at once" : "nothing to do");
	if (load->nodebug && !load->data)
		return vn_err_set(err, EINVAL, "-nodebug goes with -d, which starts the threads");
	for (unsigned int i = 0; i < VN_ARRAY_SIZE(files); i++)
		if (files[i] && stem(files[i], ".enc"))
			return vn_load_refuse_encoded(files[i], err);
	return 0;
}

/* -- Words ----------------------------------------------------------------- */

struct sender {
	struct vn_cardclient *client;
	enum vn_nt_cardmsg_op op;
	const char *file;
	uint32_t n;	 /* words in all */
	bool is_watched; /* by somebody at a terminal */
};

static void show_progress(const struct sender *s, uint32_t done)
{
	if (s->is_watched && s->n > PIECE_WORDS)
		fprintf(stderr, "\r%s: %u of %u words%s", s->file, done, s->n,
			done == s->n ? "\n" : "");
}

/* Bytes are big-endian words; those of the last one may be missing. */
static int send_words(const struct sender *s, const uint8_t *bytes, struct vn_err *err)
{
	struct vn_nt_cardmsg msg = { .op = s->op }, answer;
	int rc = 0;

	for (uint32_t at = 0; !rc && at < s->n; at += PIECE_WORDS) {
		uint32_t n = VN_MIN(s->n - at, (uint32_t)PIECE_WORDS);

		msg.a = at;
		msg.data = bytes + 4 * (size_t)at;
		msg.len = 4 * n;
		rc = vn_cardclient_ask(s->client, &msg, &answer, err);
		if (!rc && answer.b != n)
			rc = vn_err_set(err, EPROTO, "the card took %u of %u words", answer.b, n);
		if (!rc)
			show_progress(s, at + n);
	}
	return rc;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int ask(struct vn_cardclient *client, enum vn_nt_cardmsg_op op, uint32_t a, uint32_t b,
	       struct vn_nt_cardmsg *answer, struct vn_err *err)
{
	const struct vn_nt_cardmsg msg = { .op = op, .a = a, .b = b };

	return vn_cardclient_ask(client, &msg, answer, err);
}

/* -- The files -------------------------------------------------------------- */

static int load_instr(const char *file, struct vn_cardclient *client, FILE *out, struct vn_err *err)
{
	struct sender s = { .client = client,
			    .op = VN_NT_CARD_LOAD_INSTR,
			    .file = file,
			    .is_watched = isatty(STDERR_FILENO) };
	struct vn_nt_image image = { 0 };
	struct vn_nt_cardmsg answer;
	double began = seconds();
	int rc = vn_nt_image_read_instr_mif(&image, file, err);

	s.n = image.n_text;
	if (!rc && s.n == 0)
		rc = vn_err_set(err, EINVAL, "%s: no instructions", file);
	for (uint32_t i = 0; i < s.n; i++)
		image.text[i] = VN_BE32(image.text[i]);
	if (!rc)
		rc = ask(client, VN_NT_CARD_HALT, 0, 0, &answer, err);
	if (!rc)
		rc = send_words(&s, (const uint8_t *)image.text, err);
	if (!rc)
		fprintf(out, "%s: %u words of instructions in %.3f s\n", file, s.n,
			seconds() - began);
	vn_nt_image_fini(&image);
	return rc;
}

/* A file without words still says that the data are complete: by one 0. */
static int load_data(const char *file, struct vn_cardclient *client, FILE *out, struct vn_err *err)
{
	static const uint8_t zero[4];
	struct sender s = { .client = client,
			    .op = VN_NT_CARD_LOAD_DATA,
			    .file = file,
			    .is_watched = isatty(STDERR_FILENO) };
	struct vn_nt_image image = { 0 };
	double began = seconds();
	int rc = vn_nt_image_read_data_mif(&image, file, err);

	s.n = image.n_pieces ? image.pieces[0].len / 4 : 1;
	if (!rc)
		rc = send_words(&s, image.n_pieces ? image.pieces[0].bytes : zero, err);
	if (!rc)
		fprintf(out, "%s: %u words of data in %.3f s\n", file, s.n, seconds() - began);
	vn_nt_image_fini(&image);
	return rc;
}

/* -- The whole --------------------------------------------------------------- */

static int run(struct vn_cardclient *client, uint32_t steps, enum vn_nt_card_run_mode mode,
	       FILE *out, struct vn_err *err)
{
	struct vn_nt_cardmsg answer;
	uint64_t cycle;
	int rc = ask(client, VN_NT_CARD_RUN, steps, mode, &answer, err);

	if (rc < 0)
		return rc;
	cycle = answer.a | (uint64_t)answer.b << 32;
	if (mode == VN_NT_CARD_GO)
		fprintf(out, "all threads run from cycle %" PRIu64 "\n", cycle);
	else
		fprintf(out, "held at cycle %" PRIu64 "; -step N and -go let the threads go on\n",
			cycle);
	return 0;
}

static int load_files(const struct vn_load *load, struct vn_cardclient *client, FILE *out,
		      struct vn_err *err)
{
	int rc = load->instr ? load_instr(load->instr, client, out, err) : 0;

	if (rc < 0)
		return rc;
	if (!load->data) {
		fputs("the data must be loaded next (-d): they start the program\n", out);
		return 0;
	}
	rc = load_data(load->data, client, out, err);
	return rc < 0 ? rc
		      : run(client, 0, load->nodebug ? VN_NT_CARD_GO : VN_NT_CARD_DEBUG, out, err);
}

int vn_load_run(const struct vn_load *load, struct vn_cardclient *client, FILE *out,
		struct vn_err *err)
{
	struct vn_nt_cardmsg answer;
	int rc = ask(client, VN_NT_CARD_HELLO, VN_NT_CARDMSG_VERSION, VN_NT_ROLE_LOADER, &answer,
		     err);

	if (rc < 0)
		return rc;
	if (load->steps > 0)
		return run(client, (uint32_t)load->steps, VN_NT_CARD_STEP, out, err);
	if (load->go)
		return run(client, 0, VN_NT_CARD_GO, out, err);
	return load_files(load, client, out, err);
}

/* -- ELF to MIF -------------------------------------------------------------- */

typedef int write_fn(const struct vn_nt_image *image, FILE *f, struct vn_err *err);

static int write_instr(const struct vn_nt_image *image, FILE *f, struct vn_err *err)
{
	int rc = vn_nt_image_write_instr_mif(image, f);

	return rc < 0 ? vn_err_set(err, -rc, "%s", strerror(-rc)) : 0;
}

static int write_file(const struct vn_nt_image *image, const char *elf, const char *end,
		      write_fn *write, FILE *out, struct vn_err *err)
{
	struct vn_err why = { "" };
	char path[PATH_SIZE];
	FILE *f;
	int rc;

	if (snprintf(path, sizeof(path), "%s%s", elf, end) >= (int)sizeof(path))
		return vn_err_set(err, ENAMETOOLONG, "%s: the name is too long", elf);
	f = fopen(path, "we");
	if (!f)
		return vn_err_set(err, errno, "%s: %s", path, strerror(errno));
	rc = write(image, f, &why);
	if (fclose(f) != 0 && !rc)
		rc = vn_err_set(&why, errno, "%s", strerror(errno));
	if (rc < 0)
		return vn_err_set(err, -rc, "%s: %s", path, why.text);
	fprintf(out, "%s\n", path);
	return 0;
}

int vn_load_write_mifs(const char *elf, FILE *out, struct vn_err *err)
{
	struct vn_nt_image image = { 0 };
	int rc = vn_nt_image_read_elf(&image, elf, err);

	if (!rc)
		rc = write_file(&image, elf, ".instr.mif", write_instr, out, err);
	if (!rc)
		rc = write_file(&image, elf, ".data.mif", vn_nt_image_write_data_mif, out, err);
	vn_nt_image_fini(&image);
	return rc;
}
