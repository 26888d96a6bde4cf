// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npu.h"

/*
 * Several processes, whose jobs hang now and then. No program that the validator accepts hangs the
 * hardware, so a guilty process waits until its own job runs, and asserts the device's reset line behind
 * the driver's back: the device forgets the job and says nothing until the driver resets it. That needs
 * a kernel with iomem=relaxed, which lets root at the reset controller's register.
 *
 * NVDLA_JOBS=n	jobs of each process, 200 if not set
 */

#define PROCESSES	8
#define DEPTH		4		/* jobs that a process has under way */
#define GUILTY_PERCENT	3
#define GUILTY_OPS	4096		/* long enough to be caught at it */
#define TIMEOUT_MS	400

struct job {
	struct npu_copy copy;
	int fence;			/* or -1 */
};

struct process {
	int fd;
	uint32_t queue, long_program;
	struct npu_bo times;
	struct job job[DEPTH];
	volatile uint32_t *reset;
	uint32_t guilty;
};

static uint32_t jobs_each(void)
{
	const char *text = getenv("NVDLA_JOBS");

	return text ? (uint32_t)atoi(text) : 200;
}

static int outcome(int fence)
{
	return npu_fence_end(fence, 300);
}

static int submit(const struct process *process, struct drm_nvdla_submit *args)
{
	struct drm_nvdla_sync sync = {
		.handle = npu_syncobj_new(process->fd),
		.flags = DRM_NVDLA_SYNC_SIGNAL,
	};
	struct drm_syncobj_destroy destroy = { .handle = sync.handle };
	int fence;

	args->queue = process->queue;
	args->syncs = (uintptr_t)&sync;
	args->sync_count = 1;
	args->sync_stride = sizeof(sync);
	EXPECT_EQ(npu_ioctl(process->fd, DRM_IOCTL_NVDLA_SUBMIT, args), 0);
	fence = npu_fence_of(process->fd, sync.handle);
	EXPECT_EQ(npu_ioctl(process->fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy), 0);
	return fence;
}

static void process_init(struct process *process, volatile uint32_t *reset)
{
	struct drm_nvdla_queue_create create = {
		.priority = DRM_NVDLA_PRIORITY_NORMAL,
		.timeout_ms = TIMEOUT_MS,
	};
	static struct drm_nvdla_op ops[GUILTY_OPS];

	*process = (struct process) { .fd = npu_open(), .reset = reset };
	EXPECT_EQ(npu_ioctl(process->fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	process->queue = create.handle;
	process->times = npu_bo_new(process->fd, GUILTY_OPS * sizeof(struct drm_nvdla_time), 0);
	for (int i = 0; i < DEPTH; i++) {
		process->job[i].copy = npu_copy_new(process->fd, 64, 0);
		process->job[i].fence = -1;
	}
	for (uint32_t i = 0; i < GUILTY_OPS; i++) {
		ops[i] = npu_copy_op(64);
		if (i) {
			ops[i].deps[0] = i - 1;
			ops[i].dep_count = 1;
		}
	}
	EXPECT_EQ(npu_program_new(process->fd, ops, GUILTY_OPS, &process->long_program), 0);
}

/* An innocent job ends, and ends right. */
static void finish(const struct process *process, struct job *job)
{
	if (job->fence < 0)
		return;
	EXPECT_EQ(outcome(job->fence), 1);
	npu_copy_check(process->fd, &job->copy);
	job->fence = -1;
}

static void start_innocent(const struct process *process, struct job *job, uint32_t number)
{
	struct drm_nvdla_submit args = npu_copy_submit(&job->copy);

	npu_copy_fill(&job->copy, number);
	args.cookie = number;
	job->fence = submit(process, &args);
}

static void hang(struct process *process, const struct npu_copy *copy, uint32_t number)
{
	volatile struct drm_nvdla_time *times = (void *)process->times.map;
	struct drm_nvdla_submit args = npu_copy_submit(copy);
	struct drm_nvdla_queue_state state;
	int fence;

	args.program = process->long_program;
	args.times = process->times.handle;
	args.cookie = number;
	times[0].start_ns = 0;
	fence = submit(process, &args);
	while (!times[0].start_ns)
		sched_yield();
	*process->reset = 1;
	EXPECT_EQ(times[GUILTY_OPS - 1].end_ns, 0);
	EXPECT_EQ(outcome(fence), -ETIMEDOUT);
	process->guilty++;
	npu_queue_state(process->fd, process->queue, &state);
	EXPECT_EQ(state.fault_count, process->guilty);
	EXPECT_EQ(state.fault_cookie, number);
	EXPECT_EQ(times[GUILTY_OPS - 1].end_ns, 0);
}

/* Returns how many jobs have hung. */
static uint32_t run(volatile uint32_t *reset, uint32_t self, uint32_t jobs)
{
	struct drm_nvdla_queue_state state;
	struct process process;
	uint32_t random = self * 77777 + 1;

	process_init(&process, reset);
	for (uint32_t i = 0; i < jobs; i++) {
		struct job *job = &process.job[i % DEPTH];

		random = random * 1664525 + 1013904223;
		finish(&process, job);
		if ((random >> 16) % 100 < GUILTY_PERCENT)
			hang(&process, &job->copy, i);
		else
			start_innocent(&process, job, i);
	}
	for (int i = 0; i < DEPTH; i++)
		finish(&process, &process.job[i]);
	npu_queue_state(process.fd, process.queue, &state);
	EXPECT_EQ(state.jobs_submitted, jobs);
	EXPECT_EQ(state.jobs_done, jobs - process.guilty);
	EXPECT_EQ(state.jobs_failed, process.guilty);
	return process.guilty;
}

TEST(hangs_cost_nobody_else)
{
	uint32_t jobs = jobs_each(), guilty = 0;
	/* The only line of the only reset controller. */
	volatile uint32_t *reset = npu_registers("reset-controller", 4096);
	uint32_t *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = npu_open(), status;
	struct drm_nvdla_queue_state before, after;
	pid_t pid[PROCESSES];
	int64_t start = npu_now();

	EXPECT(count != MAP_FAILED);
	alarm(7000);
	npu_queue_state(fd, 0, &before);
	for (uint32_t i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		EXPECT(pid[i] >= 0);
		if (pid[i] == 0) {
			count[i] = run(reset, i, jobs);
			_exit(0);
		}
	}
	for (uint32_t i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(waitpid(pid[i], &status, 0), pid[i]);
		EXPECT_EQ(status, 0);
		guilty += count[i];
	}
	npu_queue_state(fd, 0, &after);
	printf("# %u processes, %u jobs each, %u of them hung, %.1f s\n", PROCESSES, jobs, guilty,
	       (double)(npu_now() - start) / 1e9);
	EXPECT(guilty > 0);
	/* One reset each, and none without a reason. */
	EXPECT_EQ(after.resets - before.resets, guilty);
}
