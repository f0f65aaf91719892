// SPDX-License-Identifier: BSD-2-Clause
/*
 * The 16 locks (spec 1.4). A lock is one bit; who set it is nobody's business,
 * since threads also use them as semaphores to sleep on. A thread that does
 * not get one has no slots until an UN_LOCK hands it over.
 */
#include "nt/hw_priv.h"

enum vn_nt_answer vn_nt_lock_get(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				 struct vn_nt_reply *reply)
{
	struct vn_nt_hw_state *s = &hw->now;
	unsigned int lock = value % VN_NT_LOCKS;

	if (!(s->locks & 1u << lock)) {
		s->locks |= (uint16_t)(1u << lock);
		vn_nt_trace(hw, LOCK, a->cycle, a, "lock %u got", lock);
		return VN_NT_DONE;
	}
	s->waiting |= (uint8_t)(1u << a->tid);
	s->waits_for[a->tid] = (int8_t)lock;
	s->wait_since[a->tid] = a->cycle;
	s->wait_pc[a->tid] = a->pc;
	s->counters.lock_waits[lock]++;
	vn_nt_trace(hw, LOCK, a->cycle, a, "lock %u wait", lock);
	return VN_NT_SLEEP;
}

/* Who has waited longest, of equals the lowest; VN_NT_THREADS: nobody waits. */
static unsigned int first_waiter(const struct vn_nt_hw_state *s, unsigned int lock)
{
	unsigned int best = VN_NT_THREADS;

	if (!s->waiting)
		return best;
	for (unsigned int tid = 0; tid < VN_NT_THREADS; tid++)
		if (s->waits_for[tid] == (int)lock &&
		    (best == VN_NT_THREADS || s->wait_since[tid] < s->wait_since[best]))
			best = tid;
	return best;
}

/* Nobody can set the lock between the two: it stays set. */
static void hand_over(struct vn_nt_hw *hw, unsigned int lock, unsigned int tid, uint64_t cycle)
{
	struct vn_nt_hw_state *s = &hw->now;
	struct vn_nt_access waiter = { .cycle = cycle, .tid = tid, .pc = s->wait_pc[tid] };

	s->waiting &= (uint8_t) ~(1u << tid);
	s->waits_for[tid] = -1;
	s->woken |= 1u << tid;
	s->counters.lock_wait_cycles[lock] += cycle - s->wait_since[tid];
	vn_nt_trace(hw, LOCK, cycle, &waiter, "lock %u got", lock);
}

enum vn_nt_answer vn_nt_lock_free(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				  struct vn_nt_reply *reply)
{
	struct vn_nt_hw_state *s = &hw->now;
	unsigned int lock = value % VN_NT_LOCKS, tid = first_waiter(s, lock);

	vn_nt_trace(hw, LOCK, a->cycle, a, "lock %u free", lock);
	if (tid < VN_NT_THREADS)
		hand_over(hw, lock, tid, a->cycle);
	else
		s->locks &= (uint16_t) ~(1u << lock);
	return VN_NT_DONE;
}

int vn_nt_hw_waits_for(const struct vn_nt_hw *hw, unsigned int tid)
{
	return tid < VN_NT_THREADS ? hw->now.waits_for[tid] : -1;
}
