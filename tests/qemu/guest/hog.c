// SPDX-License-Identifier: MIT
/*
 * Leave no contiguous memory of more than 2 MiB: take all in pieces of that size, then give every
 * other one of the last back, so that the rest of the machine can breathe. Keeps them until killed.
 *
 * usage: hog NODE
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <drm/nvdla_accel.h>

#define PIECE		(2u << 20)
#define MAX_PIECES	1024
#define GIVEN_BACK	24

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	static __u32 handle[MAX_PIECES];
	int pieces = 0;

	if (fd < 0) {
		perror("hog");
		return 1;
	}
	while (pieces < MAX_PIECES) {
		struct drm_nvdla_bo_create create = { .size = PIECE };

		if (ioctl(fd, DRM_IOCTL_NVDLA_BO_CREATE, &create))
			break;
		handle[pieces++] = create.handle;
	}
	for (int i = 0; i < GIVEN_BACK && pieces > 2 * i; i++) {
		struct drm_gem_close close = { .handle = handle[pieces - 1 - 2 * i] };

		ioctl(fd, DRM_IOCTL_GEM_CLOSE, &close);
	}
	printf("hog took %d pieces\n", pieces);
	fflush(stdout);
	pause();
	return 0;
}
