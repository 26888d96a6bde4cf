// SPDX-License-Identifier: MIT
/*
 * Compile a network once, with options, and load what came out.
 *
 * Shows: dla_network_compile()
 * Run: compile network.tflite network.dla
 */
#include <stdio.h>

#include <dla.h>

int main(int argc, char **argv)
{
	const struct dla_options options = { .exact = 1 };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = NULL;

	if (device && argc > 2 && !dla_network_compile(device, argv[1], &options, argv[2]))
		network = dla_network_load(device, argv[2], NULL);
	if (network)
		printf("%s can be run\n", argv[2]);
	else
		fprintf(stderr, "%s\n", device && argc <= 2 ? "compile FILE.tflite FILE.dla" : dla_strerror());
	dla_network_free(network);
	dla_device_close(device);
	return network ? 0 : 1;
}
