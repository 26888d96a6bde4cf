// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "npu.h"

/* The system is suspended with work on the hardware, and more of it in the queue. */

enum { JOBS = 16 };

static bool tell(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool told = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return told;
}

static bool offers(const char *path, const char *word)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	EXPECT(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	return strstr(text, word);
}

static void submit_jobs(int fd, struct npu_copy *copy, uint32_t seed)
{
	struct drm_nvdla_submit submit = npu_copy_submit(copy);

	npu_copy_fill(copy, seed);
	for (int i = 0; i < JOBS; i++)
		EXPECT_EQ(npu_ioctl(fd, DRM_IOCTL_NVDLA_SUBMIT, &submit), 0);
}

static void check_jobs(int fd, struct npu_copy *copy)
{
	EXPECT_EQ(npu_bo_wait(fd, copy->dst.handle, 60), 0);
	npu_copy_check(fd, copy);
}

/* As far as @level, which ends by itself; or for good, when something has been told to wake it up. */
static void sleep_at(const char *level)
{
	if (level && !offers("/sys/power/pm_test", level))
		SKIP("the kernel cannot try out suspending");
	if (level)
		EXPECT(tell("/sys/power/pm_test", level));
	EXPECT(tell("/sys/power/state", "freeze"));
	if (level)
		EXPECT(tell("/sys/power/pm_test", "none"));
}

static void suspend_busy(const char *level)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8192, 0);

	if (access("/sys/power/state", W_OK))
		SKIP("not allowed to suspend the system");
	tell("/sys/module/suspend/parameters/pm_test_delay", "1");
	for (uint32_t round = 0; round < 3; round++) {
		submit_jobs(fd, &copy, round);
		sleep_at(level);
		check_jobs(fd, &copy);
		/* And from the device's own sleep. */
		usleep(300000);
		sleep_at(level);
		submit_jobs(fd, &copy, round + 100);
		check_jobs(fd, &copy);
	}
}

TEST(suspend_freezer)
{
	suspend_busy("freezer");
}

TEST(suspend_devices)
{
	suspend_busy("devices");
}

TEST(suspend_platform)
{
	suspend_busy("platform");
}

TEST(suspend_to_idle)
{
	int fd = npu_open();
	struct npu_copy copy = npu_copy_new(fd, 8192, 0);

	if (access("/sys/class/rtc/rtc0/wakealarm", W_OK))
		SKIP("no clock that could wake the system up");
	tell("/sys/class/rtc/rtc0/wakealarm", "0");
	EXPECT(tell("/sys/class/rtc/rtc0/wakealarm", "+3"));
	submit_jobs(fd, &copy, 1);
	sleep_at(NULL);
	check_jobs(fd, &copy);
}
