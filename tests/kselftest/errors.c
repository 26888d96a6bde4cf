// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "npu.h"

/*
 * Every error that the manual, uapi/drm/nvdla_accel.h, names is provoked. tests/system/uapi.test sees
 * to it that each one named there has a PROVOKE(REQUEST, ERROR) here. Submissions that are accepted
 * and fail later are in hang.c and unplug.c.
 */

#define NOBODY	99		/* a handle that nothing has */

struct env {
	int fd;
	struct npu_copy copy;
	struct drm_nvdla_submit submit;
	struct drm_nvdla_op op;
	struct drm_nvdla_program_create program;
};

static void env_init(struct env *env)
{
	env->fd = npu_open();
	env->copy = npu_copy_new(env->fd, 8, 0);
	env->submit = npu_copy_submit(&env->copy);
	env->op = npu_copy_op(8);
	env->program = (struct drm_nvdla_program_create) {
		.ops = (uintptr_t)&env->op,
		.op_count = 1,
		.op_stride = sizeof(env->op),
	};
}

/* The body returns what the request does. */
#define PROVOKE(REQUEST, ERROR)							\
	static int provoke_##REQUEST##_##ERROR(struct env *env);		\
	TEST(REQUEST##_##ERROR)							\
	{									\
		static struct env env;						\
										\
		env_init(&env);							\
		EXPECT_EQ(provoke_##REQUEST##_##ERROR(&env), -ERROR);		\
	}									\
	static int provoke_##REQUEST##_##ERROR(struct env *env)

#define ASK(REQUEST, structure, ...)						\
	npu_ioctl(env->fd, DRM_IOCTL_NVDLA_##REQUEST, &(struct drm_nvdla_##structure) { __VA_ARGS__ })

PROVOKE(DEV_QUERY, EINVAL)
{
	return ASK(DEV_QUERY, dev_query, .type = 1);
}

PROVOKE(DEV_QUERY, EFAULT)
{
	return ASK(DEV_QUERY, dev_query, .size = 8, .pointer = 8);
}

PROVOKE(DEV_QUERY, E2BIG)
{
	return ASK(DEV_QUERY, dev_query, .size = 4097);
}

PROVOKE(BO_CREATE, EINVAL)
{
	return ASK(BO_CREATE, bo_create, .size = 0);
}

PROVOKE(BO_CREATE, EDQUOT)
{
	return ASK(BO_CREATE, bo_create, .size = 1ull << 40);
}

/* Several clients, each within its bounds, have more than there is. */
PROVOKE(BO_CREATE, ENOMEM)
{
	int ret = 0;

	for (int files = 0; files < 32; files++) {
		while (!ret)
			ret = ASK(BO_CREATE, bo_create, .size = 32 << 20);
		if (ret != -EDQUOT)
			return ret;
		env->fd = npu_open();
		ret = 0;
	}
	SKIP("too much contiguous memory");
}

/* Of mmap(): the buffer of another open file. */
PROVOKE(BO_CREATE, EACCES)
{
	struct drm_nvdla_bo_create create = { .size = 4096 };

	EXPECT_EQ(npu_ioctl(npu_open(), DRM_IOCTL_NVDLA_BO_CREATE, &create), 0);
	EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, env->fd, (off_t)create.mmap_offset) == MAP_FAILED);
	return -errno;
}

PROVOKE(BO_SYNC, EINVAL)
{
	return ASK(BO_SYNC, bo_sync, .handle = env->copy.src.handle, .flags = 4, .size = 8);
}

PROVOKE(BO_SYNC, ENOENT)
{
	return ASK(BO_SYNC, bo_sync, .handle = NOBODY, .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 8);
}

PROVOKE(BO_SYNC, EOPNOTSUPP)
{
	return ASK(BO_SYNC, bo_sync, .handle = npu_import_page(env->fd), .flags = DRM_NVDLA_SYNC_TO_DEVICE, .size = 8);
}

PROVOKE(BO_WAIT, EINVAL)
{
	return ASK(BO_WAIT, bo_wait, .handle = env->copy.src.handle, .flags = 1);
}

PROVOKE(BO_WAIT, ENOENT)
{
	return ASK(BO_WAIT, bo_wait, .handle = NOBODY);
}

/* As many submissions as may be pending; the buffer that they write to. */
static uint32_t keep_busy(struct env *env)
{
	env->copy = npu_copy_new(env->fd, 8192, 0);
	env->submit = npu_copy_submit(&env->copy);
	while (!npu_ioctl(env->fd, DRM_IOCTL_NVDLA_SUBMIT, &env->submit))
		;
	return env->copy.dst.handle;
}

PROVOKE(BO_WAIT, ETIME)
{
	return ASK(BO_WAIT, bo_wait, .handle = keep_busy(env), .timeout_ns = npu_now());
}

static void ignore(int signal)
{
	(void)signal;
}

PROVOKE(BO_WAIT, EINTR)
{
	struct sigaction action = { .sa_handler = ignore };
	const struct itimerval often = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 };
	struct drm_nvdla_bo_wait wait = { .handle = keep_busy(env), .timeout_ns = npu_now() + 60 * SECOND };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	/* Not npu_ioctl(), which would try again. */
	return ioctl(env->fd, DRM_IOCTL_NVDLA_BO_WAIT, &wait) ? -errno : 0;
}

static int create_program(struct env *env)
{
	return npu_ioctl(env->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &env->program);
}

PROVOKE(PROGRAM_CREATE, EINVAL)
{
	env->op.engine = 0;
	return create_program(env);
}

PROVOKE(PROGRAM_CREATE, EFAULT)
{
	env->program.ops = 8;
	return create_program(env);
}

PROVOKE(PROGRAM_CREATE, E2BIG)
{
	env->program.op_stride = 4104;
	return create_program(env);
}

PROVOKE(PROGRAM_CREATE, EDQUOT)
{
	struct drm_nvdla_op *ops = calloc(DRM_NVDLA_MAX_OPS, sizeof(*ops));
	int ret;

	EXPECT(ops);
	for (int i = 0; i < DRM_NVDLA_MAX_OPS; i++)
		ops[i] = env->op;
	env->program.ops = (uintptr_t)ops;
	env->program.op_count = DRM_NVDLA_MAX_OPS;
	do {
		env->program.handle = 0;
		ret = create_program(env);
	} while (!ret);
	return ret;
}

PROVOKE(PROGRAM_DESTROY, EINVAL)
{
	return ASK(PROGRAM_DESTROY, program_destroy, .handle = env->copy.program, .pad = 1);
}

PROVOKE(PROGRAM_DESTROY, ENOENT)
{
	return ASK(PROGRAM_DESTROY, program_destroy, .handle = NOBODY);
}

PROVOKE(QUEUE_CREATE, EINVAL)
{
	return ASK(QUEUE_CREATE, queue_create, .priority = 3);
}

PROVOKE(QUEUE_CREATE, EACCES)
{
	if (!geteuid())
		EXPECT_EQ(setuid(65534), 0);
	return ASK(QUEUE_CREATE, queue_create, .priority = DRM_NVDLA_PRIORITY_HIGH);
}

PROVOKE(QUEUE_CREATE, EDQUOT)
{
	int ret;

	do {
		ret = ASK(QUEUE_CREATE, queue_create, .priority = DRM_NVDLA_PRIORITY_LOW);
	} while (!ret);
	return ret;
}

PROVOKE(QUEUE_DESTROY, EINVAL)
{
	return ASK(QUEUE_DESTROY, queue_destroy, .handle = 0);
}

PROVOKE(QUEUE_DESTROY, ENOENT)
{
	return ASK(QUEUE_DESTROY, queue_destroy, .handle = NOBODY);
}

static int submit(const struct env *env)
{
	struct drm_nvdla_submit args = env->submit;

	return npu_ioctl(env->fd, DRM_IOCTL_NVDLA_SUBMIT, &args);
}

/* A syncobj has no fence yet. */
PROVOKE(SUBMIT, EINVAL)
{
	struct drm_nvdla_sync sync = { .handle = npu_syncobj_new(env->fd), .flags = DRM_NVDLA_SYNC_WAIT };

	env->submit.syncs = (uintptr_t)&sync;
	env->submit.sync_count = 1;
	env->submit.sync_stride = sizeof(sync);
	return submit(env);
}

PROVOKE(SUBMIT, EFAULT)
{
	env->submit.bindings = 8;
	return submit(env);
}

PROVOKE(SUBMIT, ENOENT)
{
	struct drm_nvdla_sync sync = { .handle = NOBODY, .flags = DRM_NVDLA_SYNC_WAIT };
	const struct env good = *env;

	env->submit.queue = NOBODY;
	EXPECT_EQ(submit(env), -ENOENT);
	*env = good;
	env->submit.program = NOBODY;
	EXPECT_EQ(submit(env), -ENOENT);
	*env = good;
	env->submit.times = NOBODY;
	EXPECT_EQ(submit(env), -ENOENT);
	*env = good;
	env->submit.syncs = (uintptr_t)&sync;
	env->submit.sync_count = 1;
	env->submit.sync_stride = sizeof(sync);
	EXPECT_EQ(submit(env), -ENOENT);
	*env = good;
	env->copy.bindings[1].handle = NOBODY;
	env->submit.bindings = (uintptr_t)env->copy.bindings;
	return submit(env);
}

PROVOKE(SUBMIT, EOPNOTSUPP)
{
	env->submit.times = npu_import_page(env->fd);
	return submit(env);
}

PROVOKE(SUBMIT, E2BIG)
{
	env->submit.binding_stride = 4104;
	return submit(env);
}

PROVOKE(SUBMIT, EBUSY)
{
	int ret;

	keep_busy(env);
	/* One may have ended meanwhile. */
	for (int i = 0; i < 1000; i++) {
		ret = submit(env);
		if (ret)
			break;
	}
	return ret;
}

PROVOKE(QUEUE_STATE, EINVAL)
{
	return ASK(QUEUE_STATE, queue_state, .pad = 1);
}

PROVOKE(QUEUE_STATE, ENOENT)
{
	return ASK(QUEUE_STATE, queue_state, .queue = NOBODY);
}

/* The device is gone: whatever is asked for. */
TEST(ANY_ENODEV)
{
	static const unsigned long requests[] = {
		DRM_IOCTL_NVDLA_DEV_QUERY, DRM_IOCTL_NVDLA_BO_CREATE, DRM_IOCTL_NVDLA_BO_SYNC,
		DRM_IOCTL_NVDLA_BO_WAIT, DRM_IOCTL_NVDLA_PROGRAM_CREATE, DRM_IOCTL_NVDLA_PROGRAM_DESTROY,
		DRM_IOCTL_NVDLA_QUEUE_CREATE, DRM_IOCTL_NVDLA_QUEUE_DESTROY, DRM_IOCTL_NVDLA_SUBMIT,
		DRM_IOCTL_NVDLA_QUEUE_STATE,
	};
	char args[256] = "", device[64];
	int fd = npu_open(), ret[ARRAY_SIZE(requests)];

	npu_device_name(device);
	npu_driver_tell("unbind", device);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		ret[i] = npu_ioctl(fd, requests[i], args);
	npu_driver_tell("bind", device);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		EXPECT_EQ(ret[i], -ENODEV);
}
