// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "calibrate.h"
#include "error.h"

/* The CPU's time of this thread: what else the machine does is of less account. */
static uint64_t thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int calibrate(struct dla_device *device, const char *save_as)
{
	const struct dla_meter cpu = { .now = thread_ns }, npu = { .now = dla_now_ns };
	struct dla_profile profile;
	int err = dla_profile_find(dla_profile_class(), &profile);

	if (!err)
		err = dla_calibrate_cpu(&cpu, &profile);
	/* An emulated NPU is not one that this machine's driver reaches. */
	if (!err && device->ops && !device->profile)
		err = dla_calibrate_npu(&npu, device, &profile);
	return err ? err : dla_profile_write(save_as, &profile);
}

int dla_calibrate(struct dla_device *device, const char *save_as)
{
	char *own = save_as ? NULL : dla_profile_path();
	int err = save_as || own ? calibrate(device, save_as ? save_as : own) :
				   dla_fail(ENOENT, "neither XDG_CONFIG_HOME nor HOME says where to store it");

	free(own);
	if (!err)
		return 0;
	errno = -err;
	return -1;
}
