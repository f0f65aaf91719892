/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See pktgen.h: frames that come. One worker at a time pops them and never sleeps, for a
 * reset, or a frame from the network, must be heard even when the next departure is hours
 * away. What may have to wait for free records, splitting, is a job of its own.
 */
#include "memcpy.h"
#include "pktgen.h"

enum {
	WAITING = 16,	/* commands in order of arrival; more than there are input slots */
	WAKE_AFTER = 2, /* records that are free again are worth a wake-up */
	SPECIAL_FRAME_MAX =
		DRIVERCOMM_MAX - sizeof(struct drivercomm_head) - sizeof(struct drivercomm_body),
	HEADERS_MAX = 64,
};

/* Commands whose entries are to be sent, by index of input slot. Under LOCK_MISC. */
static struct {
	struct pktin_mem *in[WAITING];
	uint first, end;
} waiting;

static struct workq_job pop_job, split_job;
static uint line_before; /* of the entry that was split last; split_work()'s */

static const struct drivercomm_head *head_of(const t_addr *p)
{
	return (const struct drivercomm_head *)(p + sizeof(struct ioq_header));
}

static uint length_of(const t_addr *p)
{
	return nf_be16(((const struct ioq_header *)p)->byte_length);
}

static void call_attention(void)
{
	tell(&shared.attention, 1);
}

/* Under LOCK_MISC. Returns the credit that is to be told: the caller has claimed the special
 * slot for it. 0: not yet, or by whoever has the slot. */
static uint earn(void)
{
	uint credit = shared.credit + 1;

	tell(&shared.credit, credit);
	if (credit < look(&shared.step))
		return 0;
	if (look(&shared.special_state) != SPECIAL_FREE) {
		call_attention();
		return 0;
	}
	tell(&shared.special_state, SPECIAL_FILLING);
	tell(&shared.credit, 0);
	return credit;
}

static void tell_credit(uint credit)
{
	write_quota(credit);
	tell(&shared.special_state, SPECIAL_QUOTA);
	call_attention();
}

static void give_credit(void)
{
	uint due;

	nf_lock(LOCK_MISC);
	due = earn();
	nf_unlock(LOCK_MISC);
	if (due)
		tell_credit(due);
}

void free_input_pkt(struct pktin_mem *in, uint entries)
{
	t_addr *address = in->address;
	uint due = 0;

	nf_lock(LOCK_MISC);
	in->count -= entries;
	if (!in->count) {
		/* Free before the host can know: its next frame needs the slot. */
		nf_pktin_free(address);
		due = earn();
	}
	nf_unlock(LOCK_MISC);
	if (due)
		tell_credit(due);
}

/* -- Splitting ------------------------------------------------------------- */

static const struct drivercomm_entry *entry_after(const struct drivercomm_entry *entry)
{
	return (const struct drivercomm_entry *)((const char *)entry + nf_be16(entry->next));
}

/* How many records are free: sleeps while it is none. 0: a reset was asked for. */
static uint wait_for_records(uint id)
{
	uint sent;

	while (!look(&shared.reset_asked)) {
		sent = look(&shared.n_sent);
		if (id - sent < PKT_OUTS)
			return PKT_OUTS - (id - sent);
		tell(&shared.wake_at, sent + WAKE_AFTER);
		/* Who told n_sent after this has seen wake_at. */
		if ((int)(look(&shared.n_sent) - sent) < WAKE_AFTER && !look(&shared.reset_asked))
			nf_lock(LOCK_FREE_WAIT);
	}
	return 0;
}

/* What a frame of this entry takes on the line, until the next one can begin. */
static uint line_of(const struct drivercomm_entry *entry)
{
	return nf_be16(entry->wire_len) + LINE_EXTRA;
}

/* Gives n entries their records and jobs. Returns the entry behind them. */
static const struct drivercomm_entry *queue_entries(struct pktin_mem *in, uint id, uint n,
						    const struct drivercomm_entry *entry)
{
	struct pkt_out *first = &pkt_outs[id % PKT_OUTS], *pkt = first, *last;
	uint line = line_before, i;

	for (i = 0; i < n; i++) {
		last = pkt;
		pkt = pkt->next;
		last->line = line;
		line = line_of(entry);
		last->entry = entry;
		last->in = in;
		last->job.item.next = &pkt->job.item;
		entry = entry_after(entry);
	}
	line_before = line;
	workq_lock(&jobs_queue);
	workq_add_list_nolock(&jobs_queue, &first->job, &last->job, n);
	workq_unlock(&jobs_queue);
	return entry;
}

static void split(struct pktin_mem *in)
{
	const struct drivercomm_head *head = head_of(in->address);
	const struct drivercomm_entry *entry = (const struct drivercomm_entry *)(head + 1);
	uint left = nf_be16(head->count), id = shared.pkt_in_order, n;

	while (left) {
		n = wait_for_records(id);
		if (!n) {
			free_input_pkt(in, left);
			break;
		}
		n = n < left ? n : left;
		entry = queue_entries(in, id, n, entry);
		left -= n;
		id += n;
		tell(&shared.pkt_in_order, id);
	}
}

static struct pktin_mem *next_to_split(void)
{
	struct pktin_mem *in = 0;

	nf_lock(LOCK_MISC);
	if (waiting.first != waiting.end)
		in = waiting.in[waiting.first++ % WAITING];
	else
		shared.is_splitting = 0;
	nf_unlock(LOCK_MISC);
	return in;
}

static void split_work(unsigned long unused)
{
	struct pktin_mem *in;

	(void)unused;
	while ((in = next_to_split()))
		split(in);
}

uint is_working(void)
{
	uint i, is;

	nf_lock(LOCK_MISC);
	is = shared.is_splitting || look(&shared.special_state) == SPECIAL_FILLING;
	for (i = 0; i < NF_SLOTS; i++)
		is |= pktin_mems[i].count;
	nf_unlock(LOCK_MISC);
	return is;
}

static void let_split(struct pktin_mem *in)
{
	uint was_splitting;

	nf_lock(LOCK_MISC);
	waiting.in[waiting.end++ % WAITING] = in;
	was_splitting = shared.is_splitting;
	shared.is_splitting = 1;
	nf_unlock(LOCK_MISC);
	if (!was_splitting)
		workq_add_task(&jobs_queue, &split_job, split_work, 0);
}

/* -- Commands -------------------------------------------------------------- */

static int is_entry(const struct drivercomm_entry *entry, uint room)
{
	uint wire_len, copied, next;

	if (room < sizeof(*entry))
		return 0;
	wire_len = nf_be16(entry->wire_len);
	copied = nf_be16(entry->copy_len);
	next = nf_be16(entry->next);
	return wire_len >= DRIVERCOMM_WIRE_MIN && wire_len <= DRIVERCOMM_WIRE_MAX &&
	       copied <= wire_len && copied <= room - sizeof(*entry) &&
	       (!next || (!(next & 7) && next >= sizeof(*entry) + copied));
}

/* The whole chain, before anything is done with it: every entry lies inside the frame, behind
 * the bytes of the one before, and there are as many as the head says. */
static int is_chain(const struct drivercomm_head *head, uint len)
{
	const char *at = (const char *)(head + 1), *end = (const char *)head + len;
	uint n = 1, next;

	while (is_entry((const struct drivercomm_entry *)at, (uint)(end - at))) {
		next = nf_be16(((const struct drivercomm_entry *)at)->next);
		if (!next)
			return n == nf_be16(head->count);
		if (next > (uint)(end - at))
			return 0;
		at += next;
		n++;
	}
	return 0;
}

/* Counts, and gives the credit that the command took. */
static void refuse(t_addr *p)
{
	pktgen_counts.bad++;
	nf_pktin_free(p);
	give_credit();
}

static void process_pkt_pkts(t_addr *p)
{
	const struct drivercomm_head *head = head_of(p);
	struct pktin_mem *in = &pktin_mems[slot_of(p)];

	if (nf_be16(head->epoch) != look(&shared.epoch)) {
		pktgen_counts.stale++;
		nf_pktin_free(p);
		return;
	}
	if (!is_chain(head, length_of(p))) {
		refuse(p);
		return;
	}
	in->address = p;
	in->count = nf_be16(head->count);
	let_split(in);
}

static int is_quota(uint n)
{
	return n >= 1 && n <= DRIVERCOMM_QUOTA_START;
}

/* A step that is more than was announced would never be reached. */
static void process_pkt_config(t_addr *p)
{
	const struct drivercomm_head *head = head_of(p);
	const struct drivercomm_config *config = (const struct drivercomm_config *)(head + 1);
	uint step = VN_BE32(config->quota_step), start = VN_BE32(config->quota_start);

	if (length_of(p) < sizeof(*head) + sizeof(*config) || !is_quota(step) || !is_quota(start)) {
		refuse(p);
		return;
	}
	tell(&shared.forward, VN_BE32(config->flags));
	tell(&shared.quota_step, step);
	tell(&shared.quota_start, start);
	tell(&shared.step, step < look(&shared.announced) ? step : look(&shared.announced));
	nf_pktin_free(p);
	give_credit();
}

static void process_pkt_reset(t_addr *p)
{
	tell(&shared.new_epoch, nf_be16(head_of(p)->epoch));
	nf_pktin_free(p);
	tell(&shared.reset_asked, 1);
	call_attention();
}

/* Returns whether there may be a next one: after a reset, thread 0 says when. */
static int process_command(t_addr *p)
{
	const struct drivercomm_head *head = head_of(p);

	if (length_of(p) < sizeof(*head) || nf_be16(head->magic) != DRIVERCOMM_MAGIC ||
	    head->version != DRIVERCOMM_VERSION) {
		refuse(p);
		return 1;
	}
	switch (head->type) {
	case DRIVERCOMM_RESET:
		process_pkt_reset(p);
		return 0;
	case DRIVERCOMM_PKTS:
		process_pkt_pkts(p);
		return 1;
	case DRIVERCOMM_CONFIG:
		process_pkt_config(p);
		return 1;
	}
	refuse(p);
	return 1;
}

/* -- Received frames ------------------------------------------------------- */

/* Not FREE, and no frame in it: credit is being told, which is over in a moment. */
static uint is_telling_credit(uint state)
{
	return state != SPECIAL_FREE && state != SPECIAL_FRAME;
}

/* Credit is told right behind a packet, just when the answer to that packet may arrive: it is
 * waited for. A frame that waits itself, for a quiet moment, is not. */
static uint claim_special(void)
{
	uint is_free;

	while (is_telling_credit(look(&shared.special_state)))
		;
	nf_lock(LOCK_MISC);
	is_free = look(&shared.special_state) == SPECIAL_FREE;
	if (is_free)
		tell(&shared.special_state, SPECIAL_FILLING);
	nf_unlock(LOCK_MISC);
	return is_free;
}

static void fill_special(const t_addr *p, uint max)
{
	const struct ioq_header *ioq = (const struct ioq_header *)p;
	uint whole = nf_be16(ioq->byte_length), len = whole < max ? whole : max;
	char *frame = quota_pkt + sizeof(*ioq) + sizeof(struct drivercomm_head) +
		      sizeof(struct drivercomm_body);

	memcpy32(frame, ioq + 1, len);
	memset(frame + len, 0, -len & 7);
	soil(quota_pkt, (uint)(frame - quota_pkt) - sizeof(*ioq) + ((len + 7) & ~7u));
	special_frame.len = len;
	special_frame.count = whole << 3 | nf_be16(ioq->src_port);
	tell(&shared.special_state, SPECIAL_FRAME);
	call_attention();
}

/* Input slots belong to the host's frames: what cannot be handed on at once is lost. */
static void receive(t_addr *p)
{
	uint forward = look(&shared.forward);

	if ((forward & (DRIVERCOMM_FORWARD | DRIVERCOMM_FORWARD_HEADERS)) && claim_special())
		fill_special(p, forward & DRIVERCOMM_FORWARD_HEADERS ? HEADERS_MAX
								     : SPECIAL_FRAME_MAX);
	else
		tell(&shared.rx_lost, look(&shared.rx_lost) + 1);
	nf_pktin_free(p);
}

static int is_from_host(const t_addr *p)
{
	return nf_be16(((const struct ioq_header *)p)->src_port) == PORT_HOST(0);
}

/* The simulated card skips a loop that asks for a packet in vain and does nothing else. */
static t_addr *wait_for_frame(void)
{
	t_addr *p;

	while (p = nf_pktin_pop(), !nf_pktin_is_valid(p))
		;
	return p;
}

void pop_work(unsigned long unused)
{
	t_addr *p;

	(void)unused;
	while (p = wait_for_frame(), !is_from_host(p))
		receive(p);
	if (process_command(p))
		start_popping();
}

void start_popping(void)
{
	workq_add_task(&jobs_queue, &pop_job, pop_work, 0);
}
