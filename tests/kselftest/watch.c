// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "harness.h"

/* For watch.sh: a test that has to fail, because of what the kernel says meanwhile. */
TEST(the_kernel_complains)
{
	static const char text[] = "BUG: not really\n";
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	EXPECT_EQ(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
}
