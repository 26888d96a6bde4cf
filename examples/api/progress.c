// SPDX-License-Identifier: MIT
/*
 * Tell how far a run is, and what was done when: what a progress bar and a timeline are made of.
 *
 * Shows: dla_request_progress() dla_request_events()
 * Run: progress network.tflite sim
 */
#include <stdio.h>

#include <dla.h>

static void print_progress(void *ctx, unsigned int done, unsigned int total)
{
	(void)ctx;
	printf("%u of %u\n", done, total);
}

static void print_event(void *ctx, const struct dla_event *event)
{
	static const char *const track[] = {
		[DLA_TRACK_CPU] = "CPU", [DLA_TRACK_CONV] = "CONV", [DLA_TRACK_SDP] = "SDP",
		[DLA_TRACK_PDP] = "PDP", [DLA_TRACK_CDP] = "CDP",
	};

	(void)ctx;
	printf("%-4s %-20s %8.3f ms\n", track[event->track], event->name,
	       (double)(event->end_ns - event->start_ns) / 1e6);
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = -1;

	if (request) {
		dla_request_progress(request, print_progress, NULL);
		dla_request_events(request, print_event, NULL);
		err = dla_request_run(request);
	}
	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
