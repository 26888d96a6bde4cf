// SPDX-License-Identifier: MIT
/*
 * Wait for the end of a run in a loop that polls other things, too: here it would react to the terminal.
 *
 * Shows: dla_request_fd()
 * Run: poll network.tflite sim
 */
#include <poll.h>
#include <stdio.h>

#include <dla.h>

/* The end of the run, and how it ended. */
static int serve(struct dla_request *request)
{
	struct pollfd wait[] = {
		{ .fd = dla_request_fd(request), .events = POLLIN },
	};

	if (wait[0].fd < 0 || dla_request_submit(request))
		return -1;
	for (;;) {
		if (poll(wait, sizeof(wait) / sizeof(wait[0]), 1000) <= 0)
			continue;
		if (wait[0].revents & POLLIN)
			return dla_request_wait(request, 0);
	}
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = request ? serve(request) : -1;

	puts(err ? dla_strerror() : "the run is over");
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
