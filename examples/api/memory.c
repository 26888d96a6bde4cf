// SPDX-License-Identifier: MIT
/*
 * Load a network that is in memory - a part of the program, say, or what came encrypted - and compile it to
 * a file.
 *
 * Shows: dla_network_load_memory() dla_network_compile_memory()
 * Run: memory network.tflite compiled.dla
 */
#include <stdio.h>
#include <stdlib.h>

#include <dla.h>

static void *read_all(const char *path, size_t *bytes)
{
	enum { LIMIT = 1 << 24 };
	FILE *file = fopen(path, "rb");
	void *data = file ? malloc(LIMIT) : NULL;

	*bytes = data ? fread(data, 1, LIMIT, file) : 0;
	if (file)
		fclose(file);
	return data;
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = NULL;
	size_t bytes = 0;
	void *data = argc > 2 ? read_all(argv[1], &bytes) : NULL;
	int err = -1;

	if (device && data)
		network = dla_network_load_memory(device, data, bytes, "mine", NULL);
	if (network) {
		printf("%s: %u operations\n", dla_network_name(network), dla_network_operation_count(network));
		err = dla_network_compile_memory(device, data, bytes, "mine", NULL, argv[2]);
	}
	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	free(data);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
