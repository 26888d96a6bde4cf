// SPDX-License-Identifier: MIT
/*
 * Write down what the NPU is told while a network runs; dla replay plays it.
 *
 * Shows: dla_device_record()
 * Run: record network.tflite trace
 */
#include <stdio.h>

#include <dla.h>

int main(int argc, char **argv)
{
	const char *dir = argc > 2 ? argv[2] : "trace";
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], &options) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = -1;

	if (request && !dla_device_record(device, dir) && !dla_request_run(request))
		err = dla_device_record(device, NULL);
	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	else
		printf("%s/trace.txn is complete\n", dir);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
