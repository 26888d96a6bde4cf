// SPDX-License-Identifier: MIT
/*
 * Run a network once, on zeros, and find the largest element of its output.
 *
 * Shows: dla_device_open() dla_device_close() dla_network_load() dla_network_free() dla_network_input()
 *	dla_request_new() dla_request_free() dla_request_input() dla_request_output() dla_request_run()
 * Run: run network.tflite sim
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <dla.h>

static int classify(struct dla_network *network)
{
	const struct dla_tensor_info *input = dla_network_input(network, 0);
	const struct dla_tensor_info *output = dla_network_output(network, 0);
	struct dla_request *request = dla_request_new(network);
	const int8_t *score;
	size_t best = 0;

	if (!request)
		return -1;
	/* What the network calls zero. */
	memset(dla_request_input(request, 0), input->zero_point, input->bytes);
	if (dla_request_run(request)) {
		dla_request_free(request);
		return -1;
	}
	score = dla_request_output(request, 0);
	for (size_t i = 1; i < output->bytes; i++)
		if (score[i] > score[best])
			best = i;
	printf("class %zu, score %.3f\n", best, output->scale * (float)(score[best] - output->zero_point));
	dla_request_free(request);
	return 0;
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;
	int err = network ? classify(network) : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
