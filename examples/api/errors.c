// SPDX-License-Identifier: MIT
/*
 * Errors have a number, for the program, and a sentence, for its user.
 *
 * Shows: dla_strerror()
 * Run: errors
 */
#include <errno.h>
#include <stdio.h>

#include <dla.h>

int main(void)
{
	struct dla_device *device = dla_device_open("cpu");
	struct dla_network *network;

	if (!device) {
		fprintf(stderr, "%s\n", dla_strerror());
		return 1;
	}
	network = dla_network_load(device, "/nowhere/network.tflite", NULL);
	if (!network && errno == ENOENT)
		printf("As it should be: %s\n", dla_strerror());
	dla_network_free(network);
	dla_device_close(device);
	return network ? 1 : 0;
}
