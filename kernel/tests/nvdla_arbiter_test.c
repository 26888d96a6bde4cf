// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <kunit/test.h>
#include <linux/minmax.h>
#include <linux/prandom.h>

#include "nvdla_arbiter.h"

/*
 * A device that takes as long for a job as the job says, on a clock that the test moves. As in the
 * driver, the first job of a queue asks for its turn, the others wait behind it.
 */

#define MS		1000000ULL
#define MAX_PROCESSES	8
#define MAX_QUEUES	32

struct mock_queue {
	struct nvdla_turn turn;
	u32 process;
	u64 job_ns;		/* what a job of it takes */
	u32 jobs;		/* that it still has */
	u32 done;
};

struct mock {
	struct nvdla_arbiter arbiter;
	struct nvdla_share share[MAX_PROCESSES];
	u64 had[MAX_PROCESSES];
	struct mock_queue queue[MAX_QUEUES];
	u32 queue_count;
	u64 now;
};

static struct mock *mock_new(struct kunit *test, u32 processes)
{
	struct mock *mock = kunit_kzalloc(test, sizeof(*mock), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mock);
	nvdla_arbiter_init(&mock->arbiter);
	for (u32 i = 0; i < processes; i++)
		nvdla_share_init(&mock->share[i], &mock->arbiter);
	return mock;
}

static struct mock_queue *mock_add(struct mock *mock, u32 process, u32 level, u64 job_ns, u32 jobs)
{
	struct mock_queue *queue = &mock->queue[mock->queue_count++];

	queue->process = process;
	queue->job_ns = job_ns;
	queue->jobs = jobs;
	nvdla_turn_init(&queue->turn, &mock->share[process], level);
	if (jobs)
		nvdla_turn_ask(&mock->arbiter, &queue->turn);
	return queue;
}

static struct mock_queue *mock_grant(struct mock *mock)
{
	struct nvdla_turn *turn = nvdla_arbiter_grant(&mock->arbiter);

	return turn ? container_of(turn, struct mock_queue, turn) : NULL;
}

/* The job that has the hardware takes as long as this; the next one of its queue asks. */
static void mock_finish(struct mock *mock, struct mock_queue *queue, u64 taken_ns)
{
	mock->now += taken_ns;
	mock->had[queue->process] += taken_ns;
	queue->done++;
	nvdla_turn_end(&mock->arbiter, &queue->turn, taken_ns);
	if (--queue->jobs)
		nvdla_turn_ask(&mock->arbiter, &queue->turn);
}

static void mock_run_until(struct mock *mock, u64 until)
{
	while (mock->now < until) {
		struct mock_queue *queue = mock_grant(mock);

		if (!queue)
			return;
		mock_finish(mock, queue, queue->job_ns);
	}
}

/* Had as much as is fair, give or take a tenth. */
static void expect_fair(struct kunit *test, const struct mock *mock, u32 process, u64 fair)
{
	KUNIT_EXPECT_GE(test, mock->had[process], fair * 9 / 10);
	KUNIT_EXPECT_LE(test, mock->had[process], fair * 11 / 10);
}

static void test_short_and_long_jobs(struct kunit *test)
{
	struct mock *mock = mock_new(test, 4);

	mock_add(mock, 0, 1, 1 * MS, U32_MAX);
	mock_add(mock, 1, 1, 10 * MS, U32_MAX);
	mock_add(mock, 2, 1, 3 * MS, U32_MAX);
	mock_add(mock, 3, 1, MS / 7, U32_MAX);
	mock_run_until(mock, 1000 * MS);
	for (u32 i = 0; i < 4; i++)
		expect_fair(test, mock, i, 250 * MS);
}

static void test_many_queues_of_one(struct kunit *test)
{
	struct mock *mock = mock_new(test, 3);

	for (u32 i = 0; i < 16; i++)
		mock_add(mock, 0, 1, 10 * MS, U32_MAX);
	mock_add(mock, 1, 1, 1 * MS, U32_MAX);
	mock_add(mock, 2, 1, 10 * MS, U32_MAX);
	mock_run_until(mock, 3000 * MS);
	for (u32 i = 0; i < 3; i++)
		expect_fair(test, mock, i, 1000 * MS);
	/* Among themselves, the sixteen take turns. */
	for (u32 i = 1; i < 16; i++)
		KUNIT_EXPECT_LE(test, abs_diff(mock->queue[i].done, mock->queue[0].done), 1);
}

static void test_levels(struct kunit *test)
{
	struct mock *mock = mock_new(test, 3);
	struct mock_queue *low = mock_add(mock, 0, 0, MS, 1);
	struct mock_queue *normal = mock_add(mock, 1, 1, MS, 3);
	struct mock_queue *high = mock_add(mock, 2, 2, 100 * MS, 2);

	KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), high);
	KUNIT_EXPECT_NULL(test, mock_grant(mock));
	mock_finish(mock, high, high->job_ns);
	KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), high);
	mock_finish(mock, high, high->job_ns);
	for (u32 i = 0; i < 3; i++) {
		KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), normal);
		mock_finish(mock, normal, normal->job_ns);
	}
	KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), low);
	mock_finish(mock, low, low->job_ns);
	KUNIT_EXPECT_NULL(test, mock_grant(mock));
}

/* A level is served only when those above have nothing; within it, the shares are fair. */
static void test_time_counts_on_all_levels(struct kunit *test)
{
	struct mock *mock = mock_new(test, 2);

	mock_add(mock, 0, 2, MS, 100);
	mock_add(mock, 0, 1, MS, U32_MAX);
	mock_add(mock, 1, 1, MS, U32_MAX);
	mock_run_until(mock, 1000 * MS);
	KUNIT_EXPECT_EQ(test, mock->queue[0].done, 100);
	expect_fair(test, mock, 0, 500 * MS);
	expect_fair(test, mock, 1, 500 * MS);
}

static void test_late_joiner(struct kunit *test)
{
	struct mock *mock = mock_new(test, 2);

	mock_add(mock, 0, 1, 5 * MS, U32_MAX);
	mock_run_until(mock, 100000 * MS);
	/* One that was there all the time, and one that was not. */
	nvdla_share_init(&mock->share[2], &mock->arbiter);
	mock_add(mock, 1, 1, 5 * MS, U32_MAX);
	mock_add(mock, 2, 1, 5 * MS, U32_MAX);
	memset(mock->had, 0, sizeof(mock->had));
	mock_run_until(mock, mock->now + 6000 * MS);
	for (u32 i = 0; i < 3; i++)
		expect_fair(test, mock, i, 2000 * MS);
}

/* Two at a time that are new, have one job, and go; and one that stays. */
static void test_newcomers_leave_room(struct kunit *test)
{
	struct mock *mock = mock_new(test, 3);
	struct mock_queue *steady = mock_add(mock, 0, 1, 10 * MS, U32_MAX);

	mock_add(mock, 1, 1, 10 * MS, 1);
	mock_add(mock, 2, 1, 10 * MS, 1);
	while (mock->now < 10000 * MS) {
		struct mock_queue *queue = mock_grant(mock);

		mock_finish(mock, queue, queue->job_ns);
		if (queue == steady)
			continue;
		nvdla_share_init(&mock->share[queue->process], &mock->arbiter);
		queue->jobs = 1;
		nvdla_turn_ask(&mock->arbiter, &queue->turn);
	}
	KUNIT_EXPECT_GE(test, mock->had[0], 10000 * MS / 3);
}

static void test_nothing_is_saved_up(struct kunit *test)
{
	struct mock *mock = mock_new(test, 2);
	struct mock_queue *queue;
	u64 alone;

	mock_add(mock, 0, 1, MS, U32_MAX);
	mock_run_until(mock, 100000 * MS);
	queue = mock_add(mock, 1, 1, MS, U32_MAX);
	alone = mock->now;
	while (mock_grant(mock) == queue)
		mock_finish(mock, queue, MS);
	KUNIT_EXPECT_LE(test, mock->now - alone, NVDLA_ARBITER_CREDIT_NS + 2 * MS);
}

/* The next job of the one with short jobs always comes a little too late to be next. */
static void test_late_by_a_moment(struct kunit *test)
{
	struct mock *mock = mock_new(test, 2);
	struct mock_queue *hasty = mock_add(mock, 0, 1, 2 * MS, U32_MAX);
	struct mock_queue *steady = mock_add(mock, 1, 1, 20 * MS, U32_MAX);
	u64 end = 2000 * MS;
	u32 in_time = 0;

	while (mock->now < end) {
		struct mock_queue *queue = mock_grant(mock);

		/* Only each fourth time is it late. */
		if (queue == hasty && in_time++ % 4 == 0) {
			mock->now += hasty->job_ns;
			mock->had[0] += hasty->job_ns;
			nvdla_turn_end(&mock->arbiter, &hasty->turn, hasty->job_ns);
			KUNIT_ASSERT_PTR_EQ(test, mock_grant(mock), steady);
			nvdla_turn_ask(&mock->arbiter, &hasty->turn);
			mock_finish(mock, steady, steady->job_ns);
		} else {
			mock_finish(mock, queue, queue->job_ns);
		}
	}
	KUNIT_EXPECT_GE(test, mock->had[0], end / 4);
}

/* A process whose jobs hang pays for the time that this takes. */
static void test_hangs_are_paid_for(struct kunit *test)
{
	struct mock *mock = mock_new(test, 3);

	mock_add(mock, 0, 1, 500 * MS, U32_MAX);
	mock_add(mock, 1, 1, MS, U32_MAX);
	mock_add(mock, 2, 1, MS, U32_MAX);
	mock_run_until(mock, 15000 * MS);
	for (u32 i = 0; i < 3; i++)
		expect_fair(test, mock, i, 5000 * MS);
}

static void test_nobody_starves(struct kunit *test)
{
	struct mock *mock = mock_new(test, MAX_PROCESSES);
	u64 longest = 0, last = 0;

	for (u32 i = 0; i < MAX_PROCESSES - 1; i++)
		for (u32 k = 0; k < 4; k++)
			mock_add(mock, i, 1, (i + 1) * MS, U32_MAX);
	mock_add(mock, MAX_PROCESSES - 1, 1, MS, U32_MAX);
	while (mock->now < 10000 * MS) {
		struct mock_queue *queue = mock_grant(mock);

		if (queue == &mock->queue[mock->queue_count - 1]) {
			longest = max(longest, mock->now - last);
			last = mock->now;
		}
		mock_finish(mock, queue, queue->job_ns);
	}
	/* One turn of each other, and what they are ahead. */
	KUNIT_EXPECT_LE(test, longest, 2 * (1 + 2 + 3 + 4 + 5 + 6 + 7) * MS);
}

static void test_cancelled(struct kunit *test)
{
	struct mock *mock = mock_new(test, 2);
	struct mock_queue *first = mock_add(mock, 0, 1, MS, 1);
	struct mock_queue *waits = mock_add(mock, 0, 1, MS, 1);
	struct mock_queue *other = mock_add(mock, 1, 1, MS, 1);

	/* A turn not asked for, one that waits, one that was granted and not begun. */
	nvdla_turn_end(&mock->arbiter, &waits->turn, 0);
	nvdla_turn_end(&mock->arbiter, &waits->turn, 0);
	KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), first);
	nvdla_turn_end(&mock->arbiter, &first->turn, 0);
	KUNIT_EXPECT_EQ(test, mock->share[0].asking, 0);
	KUNIT_EXPECT_PTR_EQ(test, mock_grant(mock), other);
	mock_finish(mock, other, MS);
	KUNIT_EXPECT_NULL(test, mock_grant(mock));
	KUNIT_EXPECT_NULL(test, mock->arbiter.granted);
}

/* The device is gone, or wedged: each job fails as soon as it has its turn, and each gets one. */
static void test_all_are_answered(struct kunit *test)
{
	struct mock *mock = mock_new(test, MAX_PROCESSES);
	u32 answered = 0;

	for (u32 i = 0; i < MAX_QUEUES; i++)
		mock_add(mock, i % MAX_PROCESSES, i % NVDLA_LEVELS, MS, 3);
	for (struct mock_queue *queue; (queue = mock_grant(mock)); answered++)
		mock_finish(mock, queue, 0);
	KUNIT_EXPECT_EQ(test, answered, 3 * MAX_QUEUES);
}

/* Anything that can happen, in any order: what is granted is always the right one. */
static void test_random(struct kunit *test)
{
	struct mock *mock = mock_new(test, MAX_PROCESSES);
	struct mock_queue *running = NULL;
	struct rnd_state random;

	prandom_seed_state(&random, 20);
	for (u32 i = 0; i < MAX_QUEUES; i++)
		mock_add(mock, i % 5, i % NVDLA_LEVELS, 0, 0);
	/* Times wrap around. */
	mock->arbiter.floor = U64_MAX - 50 * MS;
	for (u32 i = 0; i < MAX_PROCESSES; i++)
		mock->share[i].time = mock->arbiter.floor;

	for (u32 step = 0; step < 20000; step++) {
		u32 pick = prandom_u32_state(&random);
		struct mock_queue *queue = &mock->queue[pick % MAX_QUEUES];

		if (queue->turn.state == NVDLA_TURN_NONE)
			nvdla_turn_ask(&mock->arbiter, &queue->turn);
		else if (queue != running && pick >> 16 & 1)
			nvdla_turn_end(&mock->arbiter, &queue->turn, 0);
		if (running && pick >> 17 & 1) {
			nvdla_turn_end(&mock->arbiter, &running->turn, pick % MS);
			running = NULL;
		}
		if (running) {
			KUNIT_ASSERT_NULL(test, mock_grant(mock));
			continue;
		}
		running = mock_grant(mock);
		for (u32 i = 0; i < MAX_QUEUES; i++) {
			const struct nvdla_turn *turn = &mock->queue[i].turn;

			if (turn->state != NVDLA_TURN_ASKED)
				continue;
			KUNIT_ASSERT_NOT_NULL(test, running);
			KUNIT_ASSERT_LE(test, turn->level, running->turn.level);
			if (turn->level == running->turn.level)
				KUNIT_ASSERT_GE(test, (s64)(turn->share->time -
							    running->turn.share->time), 0);
		}
	}
}

static struct kunit_case nvdla_arbiter_cases[] = {
	KUNIT_CASE(test_short_and_long_jobs),
	KUNIT_CASE(test_many_queues_of_one),
	KUNIT_CASE(test_levels),
	KUNIT_CASE(test_time_counts_on_all_levels),
	KUNIT_CASE(test_late_joiner),
	KUNIT_CASE(test_newcomers_leave_room),
	KUNIT_CASE(test_nothing_is_saved_up),
	KUNIT_CASE(test_late_by_a_moment),
	KUNIT_CASE(test_hangs_are_paid_for),
	KUNIT_CASE(test_nobody_starves),
	KUNIT_CASE(test_cancelled),
	KUNIT_CASE(test_all_are_answered),
	KUNIT_CASE(test_random),
	{}
};

static struct kunit_suite nvdla_arbiter_suite = {
	.name = "nvdla_arbiter",
	.test_cases = nvdla_arbiter_cases,
};

kunit_test_suite(nvdla_arbiter_suite);
