// SPDX-License-Identifier: BSD-2-Clause
/*
 * The hardware as an object: birth, reset, checkpoints, and the events that
 * happen without a program's doing. Each kind of event has one place in due[],
 * with the cycle of its next occurrence; `next` is the earliest, so that
 * nothing to do costs one comparison.
 *
 * An event that an access causes for its own cycle (a latency of 0) happens
 * behind it.
 */
#include "nt/hw_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums of cycles with it stay far from the end of time. */
#define DMA_MAX (UINT64_C(1) << 40)

const struct vn_nt_hw_config vn_nt_hw_defaults = VN_NT_HW_DEFAULTS;

static int check_config(const struct vn_nt_hw_config *cfg, struct vn_err *err)
{
	if (cfg->model != 0x10 && cfg->model != 0x20)
		return vn_err_set(err, EINVAL, "model 0x%x: 0x10 or 0x20", cfg->model);
	if (cfg->cpus < 1 || cfg->cpus > VN_NT_CPUS)
		return vn_err_set(err, EINVAL, "cpus %u: 1 to %u", cfg->cpus, VN_NT_CPUS);
	if (cfg->dma_cycles > DMA_MAX || cfg->dma_millicycles > DMA_MAX)
		return vn_err_set(
			err, EINVAL, "dma %llu cycles, %llu thousandths a byte: at most %llu",
			(unsigned long long)cfg->dma_cycles,
			(unsigned long long)cfg->dma_millicycles, (unsigned long long)DMA_MAX);
	return 0;
}

int vn_nt_hw_new(const struct vn_nt_hw_config *cfg, struct vn_nt_memory *mem, struct vn_nt_hw **out,
		 struct vn_err *err)
{
	struct vn_nt_hw *hw;
	int r = check_config(cfg, err);

	*out = NULL;
	if (r)
		return r;
	hw = calloc(1, sizeof(*hw));
	if (!hw)
		return vn_err_set(err, ENOMEM, "no memory for the card");
	hw->cfg = *cfg;
	hw->mem = mem;
	vn_nt_hw_reset(hw, 0);
	*out = hw;
	return 0;
}

void vn_nt_hw_free(struct vn_nt_hw *hw)
{
	if (!hw)
		return;
	for (unsigned int q = 0; q < VN_NT_N_QUEUES; q++) {
		free(hw->way[q].bytes);
		free(hw->wait[q].bytes);
	}
	free(hw->out.bytes);
	free(hw);
}

/* What a reset of the card leaves alone: the outside, and what was counted. */
static void keep(struct vn_nt_hw_state *s, const struct vn_nt_hw_state *before)
{
	s->out_end = before->out_end;
	s->mac_frames = before->mac_frames;
	s->counters = before->counters;
	memcpy(s->queues, before->queues, sizeof(s->queues));
	memcpy(s->rx_free, before->rx_free, sizeof(s->rx_free));
	memcpy(s->tx_free, before->tx_free, sizeof(s->tx_free));
}

void vn_nt_hw_reset(struct vn_nt_hw *hw, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now, before = *s;

	memset(s, 0, sizeof(*s));
	hw->logs_changed = true;
	keep(s, &before);
	s->next = VN_NT_NEVER;
	for (unsigned int i = 0; i < VN_NT_N_EVENTS; i++)
		s->due[i] = VN_NT_NEVER;
	s->epoch = s->last_event = s->depart = s->engine_free = cycle;
	s->attention = VN_NT_NEVER;
	memset(s->waits_for, -1, sizeof(s->waits_for));
	s->held = hw->cfg.model == 0x20 ? VN_NT_INPUT_BASE : VN_NT_OUTPUT_BASE;
	/* Frames that are still on the wire towards the card will come. */
	for (unsigned int q = 0; q < VN_NT_N_QUEUES; q++)
		vn_nt_queue_clear(hw, q, q >= VN_NT_TX(0));
	vn_nt_hw_save(hw);
}

/* -- Checkpoints -- */

static void trim(struct vn_nt_hw *hw)
{
	for (unsigned int q = 0; q < VN_NT_N_QUEUES; q++)
		vn_nt_queue_trim(hw, q);
	vn_nt_out_trim(hw);
	hw->must_trim = false;
}

/* The records of the log port are a third of the state, and seldom change. */
static size_t changed_size(const struct vn_nt_hw *hw)
{
	return hw->logs_changed ? sizeof(hw->now) : offsetof(struct vn_nt_hw_state, logs);
}

void vn_nt_hw_save(struct vn_nt_hw *hw)
{
	hw->now.attention = VN_NT_NEVER;
	if (hw->must_trim)
		trim(hw);
	memcpy(&hw->saved, &hw->now, changed_size(hw));
	hw->logs_changed = false;
}

void vn_nt_hw_restore(struct vn_nt_hw *hw)
{
	memcpy(&hw->now, &hw->saved, changed_size(hw));
	hw->logs_changed = false;
}

/* -- Events -- */

static void come(struct vn_nt_hw *hw, unsigned int queue, uint64_t cycle)
{
	if (queue < VN_NT_TX(0))
		vn_nt_input_come(hw, queue, cycle);
	else
		vn_nt_port_come(hw, queue - VN_NT_TX(0), cycle);
}

static void happen(struct vn_nt_hw *hw, unsigned int event, uint64_t cycle)
{
	static const struct {
		unsigned int first;
		void (*happen)(struct vn_nt_hw *hw, unsigned int i, uint64_t cycle);
	} kinds[] = {
		/* backwards */
		{ VN_NT_EV_ARBITER_BEGIN, vn_nt_arbiter_begin },
		{ VN_NT_EV_DMA_TX, vn_nt_dma_tx_done },
		{ VN_NT_EV_COME, come },
		{ VN_NT_EV_DMA_RX, vn_nt_dma_rx_done },
		{ VN_NT_EV_LEAVE, vn_nt_mac_leave },
		{ VN_NT_EV_ARBITER_DONE, vn_nt_arbiter_done },
	};
	unsigned int k = 0;

	while (event < kinds[k].first)
		k++;
	kinds[k].happen(hw, event - kinds[k].first, cycle);
}

/* Without jumps: which is the earliest cannot be predicted. */
static void find_next(struct vn_nt_hw_state *s)
{
	uint64_t next = VN_NT_NEVER;
	unsigned int event = 0;

	for (unsigned int i = 0; i < VN_NT_N_EVENTS; i++) {
		bool is_earlier = s->due[i] < next;

		next = is_earlier ? s->due[i] : next;
		event = is_earlier ? i : event;
	}
	s->next = next;
	s->next_event = event;
}

static void run(struct vn_nt_hw *hw, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;

	while (s->next <= cycle && s->next != VN_NT_NEVER) {
		unsigned int event = s->next_event;
		uint64_t at = s->next;

		s->due[event] = VN_NT_NEVER;
		happen(hw, event, at);
		find_next(s);
	}
}

void vn_nt_hw_run(struct vn_nt_hw *hw, uint64_t cycle)
{
	if (vn_unlikely(hw->now.next <= cycle))
		run(hw, cycle);
}

uint64_t vn_nt_hw_next(const struct vn_nt_hw *hw)
{
	return hw->now.next;
}

bool vn_nt_hw_is_leaving(const struct vn_nt_hw *hw)
{
	const uint64_t *due = hw->now.due;

	for (unsigned int i = 0; i < VN_NT_MACS; i++)
		if (due[VN_NT_EV_LEAVE + i] != VN_NT_NEVER)
			return true;
	for (unsigned int port = 0; port < VN_NT_PORTS; port++)
		if (due[VN_NT_EV_COME + VN_NT_TX(port)] != VN_NT_NEVER)
			return true;
	return false;
}

uint64_t vn_nt_hw_last_event(const struct vn_nt_hw *hw)
{
	return hw->now.last_event;
}

uint64_t vn_nt_hw_attention(const struct vn_nt_hw *hw)
{
	return hw->now.attention;
}

unsigned int vn_nt_hw_woken(struct vn_nt_hw *hw)
{
	unsigned int woken = hw->now.woken;

	hw->now.woken = 0;
	return woken;
}

const struct vn_nt_counters *vn_nt_hw_counters(const struct vn_nt_hw *hw)
{
	return &hw->now.counters;
}

enum vn_nt_answer vn_nt_hw_fault(struct vn_nt_hw *hw, struct vn_nt_reply *reply, const char *fmt,
				 ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(hw->reason, sizeof(hw->reason), fmt, ap);
	va_end(ap);
	reply->reason = hw->reason;
	return VN_NT_FAULT;
}
