// SPDX-License-Identifier: MIT
/*
 * Measure this machine, and store in a file what placing by time has to know of it.
 *
 * Shows: dla_calibrate()
 * Run: calibrate profile
 */
#include <errno.h>
#include <stdio.h>

#include <dla.h>

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open("cpu");
	int err = device && argc > 1 ? dla_calibrate(device, argv[1]) : -1;
	/* Other programs were running: nothing is stored, and that is no reason to give up. */
	int busy = err && errno == EAGAIN;

	if (!err)
		printf("options.cpu_profile = \"%s\"\n", argv[1]);
	else
		fprintf(stderr, "%s\n", dla_strerror());
	dla_device_close(device);
	return err && !busy ? 1 : 0;
}
