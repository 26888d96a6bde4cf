// SPDX-License-Identifier: MIT
/*
 * Count the cycles that an emulated NPU takes for a network.
 *
 * Shows: dla_device_stats()
 * Run: statistics network.tflite
 */
#include <inttypes.h>
#include <stdio.h>

#include <dla.h>

int main(int argc, char **argv)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], &options) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = request ? dla_request_run(request) : -1;
	struct dla_npu_stats stats;

	if (err) {
		fprintf(stderr, "%s\n", dla_strerror());
	} else {
		dla_device_stats(device, &stats);
		printf("%" PRIu64 " hardware layers in %" PRIu64 " cycles; MACs busy for %.0f %% of them\n",
		       stats.operations, stats.cycles, 100.0 * (double)stats.mac_cycles / (double)stats.cycles);
		printf("%" PRIu64 " bytes read, %" PRIu64 " written, %" PRIu64 " register writes\n", stats.read_bytes,
		       stats.write_bytes, stats.register_writes);
	}
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
