// SPDX-License-Identifier: BSD-2-Clause
/*
 * Registers (spec 1.4): a row each, found by address without a search. The
 * original ones are chosen by the upper three address bits and bit 2; ours lie
 * in the window of COMMON_TIME.
 */
#include "nt/hw_priv.h"

struct reg {
	const char *name;
	enum vn_nt_answer (*load)(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				  struct vn_nt_reply *reply);
	enum vn_nt_answer (*store)(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   uint32_t value, struct vn_nt_reply *reply);
};

static uint32_t program_time(const struct vn_nt_hw *hw, uint64_t cycle)
{
	return (uint32_t)(cycle - hw->now.epoch);
}

static enum vn_nt_answer answer(struct vn_nt_reply *reply, uint32_t value)
{
	reply->value = value;
	return VN_NT_DONE;
}

static enum vn_nt_answer load_time(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   struct vn_nt_reply *reply)
{
	return answer(reply, program_time(hw, a->cycle));
}

static enum vn_nt_answer store_time(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    uint32_t value, struct vn_nt_reply *reply)
{
	hw->now.counters.time_writes[0]++;
	vn_nt_trace(hw, LOG, a->cycle, a, "time write %08x", value);
	return VN_NT_DONE;
}

static enum vn_nt_answer load_nthreads(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				       struct vn_nt_reply *reply)
{
	return answer(reply, hw->cfg.cpus * VN_NT_THREADS_PER_CPU);
}

static enum vn_nt_answer load_tid(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				  struct vn_nt_reply *reply)
{
	return answer(reply, a->tid);
}

static enum vn_nt_answer load_model(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    struct vn_nt_reply *reply)
{
	return answer(reply, hw->cfg.model);
}

static enum vn_nt_answer store_halt(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    uint32_t value, struct vn_nt_reply *reply)
{
	reply->value = value;
	return VN_NT_END;
}

static enum vn_nt_answer load_depart(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				     struct vn_nt_reply *reply)
{
	return answer(reply, program_time(hw, hw->now.depart));
}

static enum vn_nt_answer load_busy(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				   struct vn_nt_reply *reply)
{
	return answer(reply, hw->now.depart > a->cycle);
}

/* What is still to be transferred is in the queue. */
static enum vn_nt_answer load_host_queue(struct vn_nt_hw *hw, const struct vn_nt_access *a,
					 struct vn_nt_reply *reply)
{
	return answer(reply, (uint32_t)hw->now.queues[VN_NT_TX(1)].wait.len);
}

#define COUNTER0 0xC0000140u

/* Counter i: the sum of the i-th name of VN_NT_COUNTERS. */
static enum vn_nt_answer load_counter(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				      struct vn_nt_reply *reply)
{
	static const unsigned int sizes[] = {
#define COUNTER_SIZE(name, n, text) n,
		VN_NT_COUNTERS(COUNTER_SIZE)
#undef COUNTER_SIZE
	};
	const uint64_t *counter = (const uint64_t *)&hw->now.counters;
	unsigned int i = (a->addr - COUNTER0) / 4;
	uint64_t sum = 0;

	for (unsigned int k = 0; k < i; k++)
		counter += sizes[k];
	for (unsigned int k = 0; k < sizes[i]; k++)
		sum += counter[k];
	return answer(reply, (uint32_t)sum);
}

/* By the upper three address bits and bit 2. */
static const struct reg originals[16] = {
#define AT(addr) [(addr) >> 29 << 1 | ((addr) >> 2 & 1)]
	AT(0x20000000u) = { "CTRL_START", NULL, vn_nt_send_start },
	AT(0x40000000u) = { "CTRL_END", NULL, vn_nt_send_end },
	AT(0x60000000u) = { "CTRL_END_W", NULL, vn_nt_send_control },
	AT(0x80000000u) = { "SEND_OUT_W", vn_nt_send_launch, NULL },
	AT(0xA0000000u) = { "HEADER_FLUSH_W", vn_nt_input_pop, NULL },
	AT(0xC0000000u) = { "COMMON_TIME", load_time, store_time },
	AT(0xE0000000u) = { "HEADER_RETURN_W", NULL, vn_nt_input_free },
	AT(0x20000004u) = { "GET_LOCK", NULL, vn_nt_lock_get },
	AT(0x40000004u) = { "UN_LOCK", NULL, vn_nt_lock_free },
	AT(0x60000004u) = { "PRINTF_W", NULL, vn_nt_log_write },
	AT(0x80000004u) = { "SEND_TIME_TRIG", NULL, vn_nt_send_arm },
#undef AT
};

#define EXTENSIONS 0xC0000100u

static const struct reg extensions[] = {
#define AT(addr) [((addr)-EXTENSIONS) / 4]
	AT(0xC0000100u) = { "NTHREADS", load_nthreads, NULL },
	AT(0xC0000104u) = { "TID", load_tid, NULL },
	AT(0xC0000108u) = { "MODEL", load_model, NULL },
	AT(0xC0000110u) = { "HALT", NULL, store_halt },
	AT(0xC0000120u) = { "SEND_DEPART", load_depart, NULL },
	AT(0xC0000124u) = { "SEND_BUSY", load_busy, NULL },
	AT(0xC0000128u) = { "HOST_QUEUE", load_host_queue, NULL },
	AT(0xC0000140u) = { "COUNTER0", load_counter, NULL },
	AT(0xC0000144u) = { "COUNTER1", load_counter, NULL },
	AT(0xC0000148u) = { "COUNTER2", load_counter, NULL },
	AT(0xC000014Cu) = { "COUNTER3", load_counter, NULL },
	AT(0xC0000150u) = { "COUNTER4", load_counter, NULL },
	AT(0xC0000154u) = { "COUNTER5", load_counter, NULL },
	AT(0xC0000158u) = { "COUNTER6", load_counter, NULL },
	AT(0xC000015Cu) = { "COUNTER7", load_counter, NULL },
#undef AT
};

/* NULL: there is none. */
static const struct reg *find(uint32_t addr)
{
	uint32_t low = addr & 0x1fffffff, i = (addr - EXTENSIONS) / 4;
	const struct reg *reg = NULL;

	if (!(low & ~4u))
		reg = &originals[addr >> 29 << 1 | low >> 2];
	else if (addr % 4 == 0 && i < VN_ARRAY_SIZE(extensions))
		reg = &extensions[i];
	return reg && reg->name ? reg : NULL;
}

static enum vn_nt_answer refuse(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				const struct reg *reg, const char *what, struct vn_nt_reply *reply)
{
	if (hw->failed) {
		reply->reason = hw->failed;
		return VN_NT_FAULT;
	}
	if (!reg)
		return vn_nt_hw_fault(hw, reply, "%s 0x%08x, which is no register", what, a->addr);
	return vn_nt_hw_fault(hw, reply, "%s 0x%08x, %s, which can only be %s", what, a->addr,
			      reg->name, reg->load ? "read" : "written");
}

enum vn_nt_answer vn_nt_hw_load(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				struct vn_nt_reply *reply)
{
	const struct reg *reg = find(a->addr);

	vn_nt_hw_run(hw, a->cycle);
	if (vn_unlikely(!reg || !reg->load || hw->failed))
		return refuse(hw, a, reg, "load from", reply);
	return reg->load(hw, a, reply);
}

enum vn_nt_answer vn_nt_hw_store(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply)
{
	const struct reg *reg = find(a->addr);

	vn_nt_hw_run(hw, a->cycle);
	if (vn_unlikely(!reg || !reg->store || hw->failed))
		return refuse(hw, a, reg, "store to", reply);
	return reg->store(hw, a, value, reply);
}
