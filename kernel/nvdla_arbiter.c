// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bug.h>
#include <linux/minmax.h>

#include "nvdla_arbiter.h"

static struct nvdla_share *share_of(const struct rb_node *node, u32 level)
{
	return container_of(node, struct nvdla_share, level[level].node);
}

/* Times wrap around together, so only their distance means something. */
static bool is_less(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static void enqueue(struct nvdla_arbiter *arbiter, struct nvdla_share *share, u32 level)
{
	struct rb_node **link = &arbiter->level[level].rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (is_less(share->time, share_of(parent, level)->time)) {
			link = &parent->rb_left;
		} else {
			/* Behind its equals: they have waited for longer. */
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&share->level[level].node, parent, link);
	rb_insert_color_cached(&share->level[level].node, &arbiter->level[level], leftmost);
}

static void dequeue(struct nvdla_arbiter *arbiter, struct nvdla_share *share, u32 level)
{
	rb_erase_cached(&share->level[level].node, &arbiter->level[level]);
}

static bool takes_part(const struct nvdla_arbiter *arbiter, const struct nvdla_share *share)
{
	return share->asking || (arbiter->granted && arbiter->granted->share == share);
}

/*
 * Not before the next turn is granted: who has just had one, and is about to ask for another, still
 * takes part.
 */
static void raise_floor(struct nvdla_arbiter *arbiter)
{
	const struct nvdla_share *least = NULL;

	for (u32 level = 0; level < NVDLA_LEVELS; level++) {
		const struct rb_node *first = rb_first_cached(&arbiter->level[level]);

		if (first && (!least || is_less(share_of(first, level)->time, least->time)))
			least = share_of(first, level);
	}
	if (least && is_less(arbiter->floor, least->time))
		arbiter->floor = least->time;
}

/* The turn waits no more. */
static void withdraw(struct nvdla_arbiter *arbiter, struct nvdla_turn *turn)
{
	struct nvdla_share *share = turn->share;

	list_del_init(&turn->link);
	share->asking--;
	if (list_empty(&share->level[turn->level].turns))
		dequeue(arbiter, share, turn->level);
}

static void charge(struct nvdla_arbiter *arbiter, struct nvdla_share *share, u64 taken_ns)
{
	for (u32 level = 0; level < NVDLA_LEVELS; level++)
		if (!list_empty(&share->level[level].turns))
			dequeue(arbiter, share, level);
	share->time += taken_ns;
	for (u32 level = 0; level < NVDLA_LEVELS; level++)
		if (!list_empty(&share->level[level].turns))
			enqueue(arbiter, share, level);
}

/**
 * nvdla_arbiter_init() - nobody waits
 * @arbiter: Filled in.
 */
void nvdla_arbiter_init(struct nvdla_arbiter *arbiter)
{
	*arbiter = (struct nvdla_arbiter) {};
	for (u32 level = 0; level < NVDLA_LEVELS; level++)
		arbiter->level[level] = RB_ROOT_CACHED;
}

/**
 * nvdla_share_init() - a process comes
 * @share: Filled in; has to stay where it is while it has turns.
 * @arbiter: Arbiter.
 */
void nvdla_share_init(struct nvdla_share *share, const struct nvdla_arbiter *arbiter)
{
	*share = (struct nvdla_share) { .time = arbiter->floor + NVDLA_ARBITER_DEBIT_NS };
	for (u32 level = 0; level < NVDLA_LEVELS; level++)
		INIT_LIST_HEAD(&share->level[level].turns);
}

/**
 * nvdla_turn_init() - make a turn that nobody has asked for yet
 * @turn: Filled in.
 * @share: Whose.
 * @level: Its level.
 */
void nvdla_turn_init(struct nvdla_turn *turn, struct nvdla_share *share, u32 level)
{
	*turn = (struct nvdla_turn) { .share = share, .level = level };
	INIT_LIST_HEAD(&turn->link);
}

/**
 * nvdla_turn_ask() - wait for a turn
 * @arbiter: Arbiter.
 * @turn: Turn, not asked for yet.
 */
void nvdla_turn_ask(struct nvdla_arbiter *arbiter, struct nvdla_turn *turn)
{
	struct nvdla_share *share = turn->share;
	struct list_head *turns = &share->level[turn->level].turns;

	if (WARN_ON_ONCE(turn->state != NVDLA_TURN_NONE))
		return;
	if (!takes_part(arbiter, share)) {
		u64 least = arbiter->floor - NVDLA_ARBITER_CREDIT_NS;

		if (is_less(share->time, least))
			share->time = least;
	}
	turn->state = NVDLA_TURN_ASKED;
	share->asking++;
	if (list_empty(turns))
		enqueue(arbiter, share, turn->level);
	list_add_tail(&turn->link, turns);
}

/**
 * nvdla_arbiter_grant() - let somebody have the hardware, if it is free
 * @arbiter: Arbiter.
 *
 * Return: The turn that has just been granted, or NULL when there is none to grant.
 */
struct nvdla_turn *nvdla_arbiter_grant(struct nvdla_arbiter *arbiter)
{
	if (arbiter->granted)
		return NULL;
	raise_floor(arbiter);
	for (u32 level = NVDLA_LEVELS; level-- > 0;) {
		struct rb_node *first = rb_first_cached(&arbiter->level[level]);
		struct nvdla_turn *turn;

		if (!first)
			continue;
		turn = list_first_entry(&share_of(first, level)->level[level].turns,
					struct nvdla_turn, link);
		withdraw(arbiter, turn);
		turn->state = NVDLA_TURN_GRANTED;
		arbiter->granted = turn;
		return turn;
	}
	return NULL;
}

/**
 * nvdla_turn_end() - a turn is over, or not wanted any more
 * @arbiter: Arbiter.
 * @turn: Turn, in any state.
 * @taken_ns: How long it had the hardware; zero if it was not granted.
 */
void nvdla_turn_end(struct nvdla_arbiter *arbiter, struct nvdla_turn *turn, u64 taken_ns)
{
	switch (turn->state) {
	case NVDLA_TURN_NONE:
		return;
	case NVDLA_TURN_ASKED:
		withdraw(arbiter, turn);
		break;
	case NVDLA_TURN_GRANTED:
		charge(arbiter, turn->share, taken_ns);
		arbiter->granted = NULL;
		break;
	}
	turn->state = NVDLA_TURN_NONE;
}
