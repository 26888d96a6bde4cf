// SPDX-License-Identifier: MIT
/*
 * List this machine's NPUs, and describe one device, the emulated one if nothing else is asked for.
 *
 * Shows: dla_device_node() dla_device_name() dla_device_info()
 * Run: devices sim:nv_small
 */
#include <stdio.h>

#include <dla.h>

int main(int argc, char **argv)
{
	struct dla_device_info info;
	struct dla_device *device;
	char path[64];

	for (unsigned int i = 0; !dla_device_node(i, path, sizeof(path)); i++)
		printf("node %u: %s\n", i, path);

	device = dla_device_open(argc > 1 ? argv[1] : "sim");
	if (!device) {
		fprintf(stderr, "%s\n", dla_strerror());
		return 1;
	}
	dla_device_info(device, &info);
	printf("%s: configuration %s, %u MACs, %u KiB convolution buffer\n", dla_device_name(device), info.config,
	       info.macs, info.cbuf_bytes / 1024);
	dla_device_close(device);
	return 0;
}
