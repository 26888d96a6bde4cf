// SPDX-License-Identifier: MIT
/*
 * Print how long the operations of a network were expected to take on the NPU and on the CPU, and why each is
 * where it is.
 *
 * Shows: dla_network_estimate() dla_network_placement()
 * Run: placement network.tflite
 */
#include <stdio.h>

#include <dla.h>

static int explain(const struct dla_network *network)
{
	const struct dla_placement_info *placement;
	struct dla_estimate estimate;

	if (dla_network_estimate(network, &estimate))
		return -1;
	printf("a run: %.0f us, all on the CPU: %.0f us\n", (double)estimate.run_ns / 1e3,
	       (double)estimate.all_cpu_ns / 1e3);
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		placement = dla_network_placement(network, i);
		printf("%2u %-20s %s: %s\n", i, dla_network_operation(network, i)->name,
		       dla_network_operation(network, i)->where, placement->reason);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct dla_options options = { .place = DLA_PLACE_AUTO, .cpu_profile = "slow-in-order" };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], &options) : NULL;
	int err = network ? explain(network) : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
