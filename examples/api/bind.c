// SPDX-License-Identifier: MIT
/*
 * Have a network read its input from memory of one's own, here of memfd_create(). A camera's dma-buf is
 * bound the same way, and read by the NPU where it lies.
 *
 * Shows: dla_network_input_layout() dla_network_output_layout() dla_request_bind_input()
 *	dla_request_bind_output()
 * Run: bind network.tflite
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dla.h>

/* A file descriptor of so many bytes of memory. */
static int memory(const char *name, size_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)bytes)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int run(struct dla_network *network, struct dla_request *request)
{
	struct dla_layout_info layout;
	struct dla_run_info info;
	int input, output, err = -1;

	if (!dla_network_input_layout(network, 0, DLA_LAYOUT_ATOMS, &layout))
		printf("the NPU's input: %ux%ux%u, lines of %zu bytes%s\n", layout.width, layout.height,
		       layout.channels, layout.line_stride, layout.native ? ", read as it lies" : "");
	if (dla_network_output_layout(network, 0, DLA_LAYOUT_ATOMS, &layout))
		printf("the NPU's output: %s\n", dla_strerror());

	input = memory("input", dla_network_input(network, 0)->bytes);
	output = memory("output", dla_network_output(network, 0)->bytes);
	if (!dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, input, 0) &&
	    !dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, output, 0) && !dla_request_run(request)) {
		dla_request_info(request, &info);
		printf("converted for the NPU: %u tensors\n", info.conversions);
		err = 0;
	}
	close(output);
	close(input);
	return err;
}

int main(int argc, char **argv)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], &options) : NULL;
	struct dla_request *request = network ? dla_request_new(network) : NULL;
	int err = request ? run(network, request) : -1;

	if (err)
		fprintf(stderr, "%s\n", dla_strerror());
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	return err ? 1 : 0;
}
