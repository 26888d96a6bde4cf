// SPDX-License-Identifier: MIT
/*
 * Keep several runs under way, so that the CPU works for one while the NPU works for another.
 *
 * Shows: dla_request_submit() dla_request_wait() dla_request_info()
 * Run: together network.tflite sim
 */
#include <stdio.h>

#include <dla.h>

#define REQUESTS 4

static int run(struct dla_request *request[])
{
	struct dla_run_info info;
	int err = 0;

	for (unsigned int i = 0; i < REQUESTS && !err; i++)
		err = dla_request_submit(request[i]);
	for (unsigned int i = 0; i < REQUESTS && !err; i++) {
		err = dla_request_wait(request[i], -1);
		if (err)
			break;
		dla_request_info(request[i], &info);
		printf("run %u: %.2f ms, of which %.2f on the NPU and %.2f waiting\n", i,
		       (double)info.total_ns / 1e6, (double)info.npu_ns / 1e6, (double)info.wait_ns / 1e6);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;
	struct dla_request *request[REQUESTS] = { NULL };
	int err = network ? 0 : -1;

	for (unsigned int i = 0; i < REQUESTS && !err; i++) {
		request[i] = dla_request_new(network);
		err = request[i] ? 0 : -1;
	}
	if (!err)
		err = run(request);
	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	for (unsigned int i = 0; i < REQUESTS; i++)
		dla_request_free(request[i]);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
