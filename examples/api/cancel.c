// SPDX-License-Identifier: MIT
/*
 * Give a run a time, and end it when that is over.
 *
 * Shows: dla_request_cancel()
 * Run: cancel network.tflite sim
 */
#include <errno.h>
#include <stdio.h>

#include <dla.h>

static int run_within(struct dla_request *request, int timeout_ms)
{
	if (dla_request_submit(request))
		return -1;
	if (dla_request_wait(request, timeout_ms)) {
		if (errno != ETIME)
			return -1;
		dla_request_cancel(request);
	}
	if (!dla_request_wait(request, -1))
		puts("it was over in time");
	else if (errno == ECANCELED)
		puts("it was cancelled");
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = request ? run_within(request, 1) : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
