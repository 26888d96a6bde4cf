// SPDX-License-Identifier: MIT
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "nodes.h"

#define DRIVER "nvdla"

static bool is_ours(const char *path)
{
	char link[64], target[PATH_MAX];
	struct stat st;
	const char *name;
	ssize_t length;

	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/device/driver", major(st.st_rdev), minor(st.st_rdev));
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	name = strrchr(target, '/');
	return !strcmp(name ? name + 1 : target, DRIVER);
}

static int find_in(const char *pattern, unsigned int *index, char *path, size_t size)
{
	glob_t found;
	int err = -ENOENT;

	if (glob(pattern, 0, NULL, &found))
		return err;
	for (size_t i = 0; i < found.gl_pathc && err; i++) {
		if (!is_ours(found.gl_pathv[i]) || (*index)-- > 0)
			continue;
		snprintf(path, size, "%s", found.gl_pathv[i]);
		err = 0;
	}
	globfree(&found);
	return err;
}

int dla_node_find(unsigned int index, char *path, size_t size)
{
	int err = find_in("/dev/accel/accel*", &index, path, size);

	return err ? find_in("/dev/dri/renderD*", &index, path, size) : 0;
}

const char *dla_node_absent(void)
{
	if (access("/sys/class/drm", F_OK) && access("/sys/class/accel", F_OK))
		return "no NPU: the kernel has no DRM; load the modules drm, drm_dma_helper and "
		       "gpu-sched, or use a kernel with CONFIG_DRM, then load " DRIVER;
	if (!access("/sys/module/" DRIVER, F_OK))
		return "no NPU: the module " DRIVER " is loaded but has no device; look for \"" DRIVER
		       "\" in the kernel's log and for the npu node in the device tree";
	return "no NPU: the module " DRIVER
	       " is not loaded (modprobe " DRIVER "); for the emulated NPU use --device sim";
}
