/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_ARBITER_H_
#define _NVDLA_ARBITER_H_

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * DOC: Whose turn it is
 *
 * One job at a time is on the hardware, and nothing interrupts it. The arbiter says which is next:
 * of those whose dependencies are met, one of the highest level; of these, one of the process that
 * has had the hardware for the shortest time; of these, the one that asked first. How many files
 * and queues a process has, and how long its jobs are, makes no difference.
 *
 * Time is counted from a floor: the least that any process has which takes part. Who comes back
 * after a while starts there. Nobody can save up time by doing nothing, and nobody who was alone
 * for an hour has to wait for an hour. Who is new starts a little above: or processes of one job
 * each, one after the other, would always be first, and who has been there for longer never.
 *
 * The arbiter knows no clock, no device and no lock: callers say what a turn has taken, and
 * serialise their calls.
 */

/**
 * NVDLA_LEVELS - how many levels there are; the last is served first
 */
#define NVDLA_LEVELS		3

/*
 * How far below the floor a process may come back. One that asks for its next turn a moment after
 * the last was over is not to lose what it was short of.
 */
#define NVDLA_ARBITER_CREDIT_NS	100000000ULL

/* How far above the floor a process begins. */
#define NVDLA_ARBITER_DEBIT_NS	20000000ULL

/**
 * struct nvdla_share - what a process has had of the hardware
 * @time: How long its turns took, in ns, since some point in the past that all have in common.
 * @asking: Turns that it waits for.
 * @level: Per level, the turns that it waits for, and where it stands among all processes.
 */
struct nvdla_share {
	u64 time;
	u32 asking;
	struct nvdla_share_level {
		struct rb_node node;
		struct list_head turns;
	} level[NVDLA_LEVELS];
};

/**
 * enum nvdla_turn_state - what a turn has got to
 * @NVDLA_TURN_NONE: Not asked for, or over.
 * @NVDLA_TURN_ASKED: Waits.
 * @NVDLA_TURN_GRANTED: Is the one that has the hardware.
 */
enum nvdla_turn_state {
	NVDLA_TURN_NONE,
	NVDLA_TURN_ASKED,
	NVDLA_TURN_GRANTED,
};

/**
 * struct nvdla_turn - one turn on the hardware
 * @share: Whose.
 * @link: In &nvdla_share.level.
 * @level: Its level, below &NVDLA_LEVELS.
 * @state: &enum nvdla_turn_state.
 */
struct nvdla_turn {
	struct nvdla_share *share;
	struct list_head link;
	u32 level;
	enum nvdla_turn_state state;
};

/**
 * struct nvdla_arbiter - who waits for the hardware, and who has it
 * @level: Per level, processes that wait, the one with the least time first.
 * @granted: The turn that has the hardware, or NULL.
 * @floor: The least &nvdla_share.time of all that waited when the last turn was granted; never
 *	falls.
 */
struct nvdla_arbiter {
	struct rb_root_cached level[NVDLA_LEVELS];
	struct nvdla_turn *granted;
	u64 floor;
};

void nvdla_arbiter_init(struct nvdla_arbiter *arbiter);
void nvdla_share_init(struct nvdla_share *share, const struct nvdla_arbiter *arbiter);
void nvdla_turn_init(struct nvdla_turn *turn, struct nvdla_share *share, u32 level);

void nvdla_turn_ask(struct nvdla_arbiter *arbiter, struct nvdla_turn *turn);
struct nvdla_turn *nvdla_arbiter_grant(struct nvdla_arbiter *arbiter);
void nvdla_turn_end(struct nvdla_arbiter *arbiter, struct nvdla_turn *turn, u64 taken_ns);

#endif
