// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "npu.h"

/*
 * The hardware is shared by processes, not by queues, files or jobs: several processes always have
 * work for it, and each has to get the same part of its time.
 */

#define WINDOW_MS	4000
#define MAX_WINDOWS	10
#define MAX_PROCESSES	4
#define MAX_FILES	4
#define SHORT		6		/* operations of a short job; a long one has ten times as many */
#define LONG		(10 * SHORT)

struct worker {
	uint32_t files;			/* each with the default queue, if there are no others */
	uint32_t queues;		/* of each file */
	uint32_t ops;			/* of a job */
};

enum phase { PREPARE, RUN, END };

struct shared {
	enum phase phase;
	struct {
		int fd[MAX_FILES];
		bool ready;
	} worker[MAX_PROCESSES];
};

struct file {
	int fd;
	struct npu_copy copy;
	uint32_t queue[16];
};

static enum phase now_in(const struct shared *shared)
{
	return __atomic_load_n(&shared->phase, __ATOMIC_ACQUIRE);
}

static void turn_to(struct shared *shared, enum phase phase)
{
	__atomic_store_n(&shared->phase, phase, __ATOMIC_RELEASE);
}

/* How long jobs of a process's open file have had the hardware. */
static uint64_t busy_ns(pid_t pid, int fd)
{
	char path[64], line[256];
	unsigned long long ns = 0;
	bool found = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	info = fopen(path, "re");
	EXPECT(info);
	while (fgets(line, sizeof(line), info))
		found |= sscanf(line, "drm-engine-npu: %llu ns", &ns) == 1;
	fclose(info);
	EXPECT(found);
	return ns;
}

/* A job of so many copies, one after the other. */
static struct file file_new(const struct worker *worker)
{
	struct file file = { .fd = npu_open() };
	struct drm_nvdla_op ops[LONG];

	file.copy = npu_copy_new(file.fd, 512, 0);
	for (uint32_t i = 0; i < worker->ops; i++) {
		ops[i] = npu_copy_op(512);
		if (i) {
			ops[i].deps[0] = i - 1;
			ops[i].dep_count = 1;
		}
	}
	EXPECT_EQ(npu_program_new(file.fd, ops, worker->ops, &file.copy.program), 0);
	for (uint32_t i = 0; i < worker->queues; i++) {
		struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_NORMAL };

		EXPECT_EQ(npu_ioctl(file.fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
		file.queue[i] = create.handle;
	}
	return file;
}

/* Another round for all queues, if there is room. */
static bool submit_round(const struct worker *worker, const struct file *file)
{
	struct drm_nvdla_submit submit = npu_copy_submit(&file->copy);

	submit.flags = DRM_NVDLA_SUBMIT_NO_IMPLICIT;
	for (uint32_t i = 0; i < worker->queues || !i; i++) {
		int ret;

		submit.queue = file->queue[i];
		ret = npu_ioctl(file->fd, DRM_IOCTL_NVDLA_SUBMIT, &submit);
		if (ret == -EBUSY)
			return false;
		EXPECT_EQ(ret, 0);
	}
	return true;
}

/* Of all processes at once: what they would find out themselves, they would at different times. */
static void measure(const struct worker *workers, const struct shared *shared, const pid_t *pid, uint32_t count,
		    uint64_t *busy)
{
	for (uint32_t i = 0; i < count; i++) {
		busy[i] = 0;
		for (uint32_t f = 0; f < workers[i].files; f++)
			busy[i] += busy_ns(pid[i], shared->worker[i].fd[f]);
	}
}

static void work(const struct worker *worker, struct shared *shared, uint32_t self)
{
	struct file files[MAX_FILES];

	for (uint32_t i = 0; i < worker->files; i++) {
		files[i] = file_new(worker);
		shared->worker[self].fd[i] = files[i].fd;
	}
	__atomic_store_n(&shared->worker[self].ready, true, __ATOMIC_RELEASE);
	while (now_in(shared) == PREPARE)
		usleep(1000);
	while (now_in(shared) != END) {
		bool room = false;

		for (uint32_t i = 0; i < worker->files; i++)
			room |= submit_round(worker, &files[i]);
		if (!room)
			usleep(2000);
	}
}

static pid_t start(const struct worker *worker, struct shared *shared, uint32_t self)
{
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		work(worker, shared, self);
		_exit(0);
	}
	while (!__atomic_load_n(&shared->worker[self].ready, __ATOMIC_ACQUIRE)) {
		EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
		usleep(1000);
	}
	return pid;
}

/* Whether all have had the same since the beginning. */
static bool is_fair(const struct worker *workers, const struct shared *shared, const pid_t *pid, uint32_t count,
		    const uint64_t *begin)
{
	uint64_t sum = 0, part[MAX_PROCESSES];
	bool fair;

	measure(workers, shared, pid, count, part);
	for (uint32_t i = 0; i < count; i++) {
		part[i] -= begin[i];
		sum += part[i];
	}
	/* With less there was no competition. */
	fair = sum > WINDOW_MS * 1000000ull / 4;
	for (uint32_t i = 0; i < count; i++) {
		printf("# %u files, %u queues, jobs of %u: %.1f ms, %.1f %% of fair\n", workers[i].files,
		       workers[i].queues, workers[i].ops, (double)part[i] / 1e6,
		       100.0 * (double)part[i] * count / (double)sum);
		fair &= part[i] * count * 10 >= sum * 9 && part[i] * count * 10 <= sum * 11;
	}
	return fair;
}

/*
 * The last of the workers comes @late_ms after the others. When a busy host stops the guest for a
 * while, the job that is on the hardware takes that much longer, and at this moment the others have
 * not made up for it. What is missing does not grow with time, and what they get does; so the longer
 * one looks, the less it matters, as long as nobody is really preferred.
 */
static void expect_fair(const struct worker *workers, uint32_t count, uint32_t late_ms)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t early = late_ms ? count - 1 : count;
	uint64_t begin[MAX_PROCESSES];
	pid_t pid[MAX_PROCESSES];
	bool fair = false;
	int status;

	/* Do not wait for a node that is not there. */
	close(npu_open());
	EXPECT(shared != MAP_FAILED);
	for (uint32_t i = 0; i < early; i++)
		pid[i] = start(&workers[i], shared, i);
	turn_to(shared, RUN);
	usleep(late_ms * 1000);
	for (uint32_t i = early; i < count; i++)
		pid[i] = start(&workers[i], shared, i);
	usleep(300 * 1000);
	measure(workers, shared, pid, count, begin);
	for (int windows = 0; windows < MAX_WINDOWS && !fair; windows++) {
		usleep(WINDOW_MS * 1000);
		fair = is_fair(workers, shared, pid, count, begin);
	}
	turn_to(shared, END);
	for (uint32_t i = 0; i < count; i++) {
		EXPECT_EQ(waitpid(pid[i], &status, 0), pid[i]);
		EXPECT_EQ(status, 0);
	}
	EXPECT(fair);
}

TEST(short_jobs_get_as_much_as_long_ones)
{
	static const struct worker workers[] = { { 1, 0, SHORT }, { 1, 0, LONG } };

	expect_fair(workers, ARRAY_SIZE(workers), 0);
}

TEST(sixteen_queues_get_no_more_than_one)
{
	static const struct worker workers[] = { { 1, 16, LONG }, { 1, 0, SHORT }, { 1, 0, LONG } };

	expect_fair(workers, ARRAY_SIZE(workers), 0);
}

TEST(four_files_get_no_more_than_one)
{
	static const struct worker workers[] = { { 4, 4, SHORT }, { 1, 0, LONG } };

	expect_fair(workers, ARRAY_SIZE(workers), 0);
}

TEST(who_comes_late_gets_no_more_and_no_less)
{
	static const struct worker workers[] = { { 1, 0, LONG }, { 1, 1, SHORT }, { 1, 0, SHORT } };

	expect_fair(workers, ARRAY_SIZE(workers), 1500);
}

TEST(high_priority_goes_first)
{
	static const struct worker many = { 1, 0, LONG };
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_HIGH };
	struct file busy = file_new(&many), urgent = file_new(&many);
	struct drm_nvdla_submit submit = npu_copy_submit(&urgent.copy);
	struct drm_nvdla_queue_state state;

	if (npu_ioctl(urgent.fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create) == -EACCES)
		SKIP("not allowed to have a high priority");
	for (int i = 0; i < 50; i++)
		EXPECT(submit_round(&many, &busy));
	submit.queue = create.handle;
	EXPECT_EQ(npu_ioctl(urgent.fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	EXPECT_EQ(npu_bo_wait(urgent.fd, urgent.copy.dst.handle, 60), 0);
	npu_queue_state(busy.fd, 0, &state);
	printf("# %u of 50 jobs came first\n", (unsigned int)state.jobs_done);
	EXPECT(state.jobs_done < 25);
	EXPECT_EQ(npu_bo_wait(busy.fd, busy.copy.dst.handle, 60), 0);
}

TEST(low_priority_goes_last)
{
	static const struct worker many = { 1, 0, SHORT };
	struct drm_nvdla_queue_create create = { .priority = DRM_NVDLA_PRIORITY_LOW };
	struct file busy = file_new(&many), patient = file_new(&many);
	struct drm_nvdla_submit submit = npu_copy_submit(&patient.copy);
	struct drm_nvdla_queue_state state;

	EXPECT_EQ(npu_ioctl(patient.fd, DRM_IOCTL_NVDLA_QUEUE_CREATE, &create), 0);
	for (int i = 0; i < 25; i++)
		EXPECT(submit_round(&many, &busy));
	submit.queue = create.handle;
	EXPECT_EQ(npu_ioctl(patient.fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
	for (int i = 0; i < 25; i++)
		EXPECT(submit_round(&many, &busy));
	EXPECT_EQ(npu_bo_wait(patient.fd, patient.copy.dst.handle, 60), 0);
	npu_queue_state(busy.fd, 0, &state);
	EXPECT_EQ(state.jobs_done, 50);
}
