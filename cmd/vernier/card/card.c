/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vernier card: a program for the soft processors of a NetFPGA, run on the
 * simulated card. Opens what the command line names, runs, and says how it
 * ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "faults.h"
#include "files.h"
#include "gdb.h"
#include "options.h"
#include "profile.h"
#include "progress.h"
#include "run.h"
#include "stats.h"

static enum vn_nt_stop go(void *arg, struct vn_nt_card *card, uint64_t until)
{
	return vn_nt_card_run(card, until);
}

static void on_signal(void *arg)
{
	struct card_run *r = arg;

	vn_clock_wake(&r->stop_word, 1);
}

static int write_stats(void *arg, FILE *out)
{
	return card_stats_write(arg, out);
}

static const struct vn_nt_cardserve_ops server_ops = { .stats = write_stats };

/* --- set-up ------------------------------------------------------------------------ */

static int read_program(struct card_run *r, struct vn_err *err)
{
	int rc = 0;

	if (r->s.program)
		return vn_nt_image_read_elf(&r->image, r->s.program, err);
	if (r->s.instr)
		rc = vn_nt_image_read_instr_mif(&r->image, r->s.instr, err);
	if (!rc && r->s.data)
		rc = vn_nt_image_read_data_mif(&r->image, r->s.data, err);
	return rc;
}

/* What was wrong with what the user named is bad usage; what the machine then refuses
 * is a failure. */
static int open_inputs(struct card_run *r, struct vn_err *err)
{
	int rc = card_files_check(&r->s, err);

	if (!rc)
		rc = read_program(r, err);
	if (!rc)
		rc = card_feed_open(&r->feed, &r->s, err);
	if (!rc)
		rc = card_profile_new(r, err);
	return rc;
}

static int load(struct card_run *r, struct vn_err *err)
{
	int rc = vn_nt_card_new(&r->s.card, &r->card, err);

	if (rc)
		return rc;
	r->hw = vn_nt_card_hw(r->card);
	return r->s.waits ? 0 : vn_nt_card_load(r->card, &r->image, err);
}

static int connect_all(struct card_run *r, struct vn_err *err)
{
	int rc = card_outputs_open(&r->out, &r->s, err);

	if (!rc)
		rc = card_profile_open(r, err);
	if (!rc)
		rc = card_taps_open(&r->taps, &r->s, r->hw, err);
	if (!rc)
		rc = card_server_open(&r->server, r->s.socket_path, r->card, &server_ops, r, err);
	if (!rc && r->server.serve && !r->s.waits)
		vn_nt_cardserve_started(r->server.serve);
	if (!rc)
		rc = card_gdb_open(r, err);
	return rc;
}

static void fini(struct card_run *r)
{
	card_server_close(&r->server);
	card_taps_close(&r->taps);
	card_feed_close(&r->feed);
	vn_nt_card_free(r->card);
	card_profile_free(r);
	vn_nt_image_fini(&r->image);
}

/* --- the end ------------------------------------------------------------------------ */

static int status_of(enum card_stop stop)
{
	switch (stop) {
	case CARD_STOP_FAULT:
		return VN_EXIT_FAULT;
	case CARD_STOP_DEADLOCK:
		return VN_EXIT_DEADLOCK;
	case CARD_STOP_FAILED:
		return VN_EXIT_FAILED;
	default:
		return VN_EXIT_DONE;
	}
}

static void warn_of_input(const struct card_input *i)
{
	char warning[CARD_PCAP_WARNING];

	if (card_pcap_in_warning(&i->in, warning))
		fprintf(stderr, "vernier: card: warning: %s: %s\n", i->in.path, warning);
	/* As on the card, where a driver may write to them all the same. */
	if (i->port & 1 && i->port > 1)
		fprintf(stderr,
			"vernier: card: warning: %s: host queue %u of the card is not connected, "
			"its frames are lost\n",
			i->in.path, i->port / 2);
}

/* The first of what went wrong is err's sentence; a run that came to its end all the
 * same has failed. */
static int finish_outputs(struct card_run *r, struct vn_err *err)
{
	struct vn_err why = { "" };
	int rc = card_outputs_finish(&r->out, &why);

	if (r->out.stats && card_stats_write(r, r->out.stats) && !rc)
		rc = vn_err_set(&why, EIO, "%s: the statistics could not be written",
				r->out.stats_path);
	if (card_profile_finish(r, rc ? NULL : &why) && !rc)
		rc = -EIO;
	if (card_outputs_finish_stats(&r->out, rc ? NULL : &why))
		rc = -EIO;
	if (!rc && r->trouble.text[0]) {
		why = r->trouble;
		rc = -EINVAL;
	}
	if (rc && !err->text[0])
		*err = why;
	return rc;
}

static int finish(struct card_run *r, struct vn_err *err)
{
	int status = status_of(r->stop);

	if (r->stop == CARD_STOP_DEADLOCK)
		card_deadlock_print(stderr, r->card, &r->image);
	for (unsigned int i = 0; i < r->feed.n; i++)
		warn_of_input(&r->feed.inputs[i]);
	if (finish_outputs(r, err) && status == VN_EXIT_DONE)
		status = VN_EXIT_FAILED;
	card_summary(r);
	return status;
}

static int run(struct card_run *r, struct vn_err *err)
{
	int rc = open_inputs(r, err);

	if (rc)
		return VN_EXIT_USAGE;
	vn_interrupt_block(&r->interrupt);
	rc = load(r, err);
	if (!rc)
		rc = connect_all(r, err);
	if (!rc)
		rc = vn_interrupt_listen(&r->interrupt, on_signal, r);
	if (!rc)
		card_run(r, err);
	vn_interrupt_end(&r->interrupt);
	return rc ? VN_EXIT_FAILED : finish(r, err);
}

int vn_cmd_card(int argc, char **argv, struct vn_err *err)
{
	struct card_run *r = calloc(1, sizeof(*r));
	int rc;

	if (!r) {
		vn_err_set(err, ENOMEM, "out of memory");
		return VN_EXIT_FAILED;
	}
	r->server.fd = -1;
	r->go = go;
	rc = card_settings_parse(&r->s, argc, argv, err);
	if (!rc && r->s.shows_settings)
		card_settings_show(&r->s, stdout);
	if (rc || r->s.shows_settings)
		rc = rc < 0 ? VN_EXIT_USAGE : VN_EXIT_DONE;
	else
		rc = run(r, err);
	card_gdb_close(r, rc);
	fini(r);
	free(r);
	return rc;
}
