// SPDX-License-Identifier: MIT
/*
 * Take the mean of two heads' weights, as a server does with those of many devices, and use the network with it.
 * Samples are read from a file, if there is one, to quantise the outputs by.
 *
 * Shows: dla_head_weights() dla_head_set_weights() dla_head_restore() dla_head_calibrate() dla_head_network()
 *	dla_samples_features() dla_samples_label()
 * Run: merge network.tflite sim
 */
#include <stdio.h>
#include <stdlib.h>

#include <dla_head.h>

static int use(struct dla_head *head)
{
	struct dla_network *network = dla_head_network(head);
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = request ? dla_request_run(request) : -1;

	if (!err)
		printf("%s: first output %d\n", dla_network_name(network), ((const signed char *)dla_request_output(request, 0))[0]);
	dla_request_free(request);
	dla_network_free(network);
	return err;
}

static int calibrate(struct dla_head *head, const char *path)
{
	struct dla_samples *samples = dla_samples_open(head, path);
	int err = samples ? 0 : -1;

	if (!err && dla_samples_count(samples)) {
		printf("the first sample has label %d and begins with feature %d\n", dla_samples_label(samples, 0),
		       dla_samples_features(samples, 0)[0]);
		err = dla_head_calibrate(head, samples);
	}
	dla_samples_close(samples);
	return err;
}

/* other: a file of dla_head_save(); without one, the head is its own other. */
static int merge(struct dla_head *head, const char *other, const char *samples)
{
	struct dla_head_info info;
	float *mine, *theirs;
	size_t values;
	int err;

	dla_head_info(head, &info);
	values = (size_t)info.classes * (info.features + 1);
	mine = malloc(values * sizeof(*mine));
	theirs = malloc(values * sizeof(*theirs));
	err = mine && theirs ? 0 : -1;
	if (!err) {
		dla_head_weights(head, mine);
		if (other)
			err = dla_head_restore(head, other);
	}
	dla_head_info(head, &info);
	if (!err && values != (size_t)info.classes * (info.features + 1)) {
		fprintf(stderr, "%s has another number of classes\n", other);
		err = -1;
	}
	if (!err) {
		dla_head_weights(head, theirs);
		for (size_t i = 0; i < values; i++)
			mine[i] = (mine[i] + theirs[i]) / 2;
		err = dla_head_set_weights(head, mine, info.classes);
	}
	if (!err)
		err = calibrate(head, samples);
	free(mine);
	free(theirs);
	return err ? err : use(head);
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open(argc > 2 ? argv[2] : "auto");
	struct dla_head *head = device && argc > 1 ? dla_head_new(device, argv[1], NULL) : NULL;
	int err = head ? merge(head, argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL) : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_head_free(head);
	dla_device_close(device);
	return err ? 1 : 0;
}
