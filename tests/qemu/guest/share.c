// SPDX-License-Identifier: MIT
/*
 * share MODEL NODE: runs a network on buffers that somebody else has made and shares as dma-bufs: here a
 * second opening of the NPU's node, whose memory is contiguous. In both layouts, from two requests at a
 * time on two pairs of buffers in turn, the bytes are those of the request's own memory. Prints a line
 * for each pair of layouts with the conversions of a run, and what becomes of scattered memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/nvdla_accel.h>

#include "dla.h"

#define ROUNDS	6

struct buffer {
	int fd;
	uint8_t *map;
};

static void need(int ok, const char *what)
{
	if (ok)
		return;
	printf("%s: %s (%s)\n", what, dla_strerror(), strerror(errno));
	exit(1);
}

/* Of a file of its own, as of another driver. */
static struct buffer buffer_new(int node, size_t bytes)
{
	struct drm_nvdla_bo_create create = { .size = bytes };
	struct drm_prime_handle prime = { .flags = DRM_RDWR | DRM_CLOEXEC };
	struct buffer buffer;

	need(!ioctl(node, DRM_IOCTL_NVDLA_BO_CREATE, &create), "BO_CREATE");
	prime.handle = create.handle;
	need(!ioctl(node, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), "PRIME_HANDLE_TO_FD");
	buffer.fd = prime.fd;
	buffer.map = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
	need(buffer.map != MAP_FAILED, "mmap");
	return buffer;
}

static void relay(const struct dla_layout_info *l, uint8_t *plain, uint8_t *atoms, int to_atoms)
{
	for (size_t y = 0; y < l->height; y++)
		for (size_t x = 0; x < l->width; x++)
			for (size_t c = 0; c < l->channels; c++) {
				uint8_t *p = &plain[(y * l->width + x) * l->channels + c];
				uint8_t *a = &atoms[c / l->atom * l->plane_stride + y * l->line_stride + x * l->atom +
						    c % l->atom];

				*(to_atoms ? a : p) = *(to_atoms ? p : a);
			}
}

int main(int argc, char **argv)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_device *device = dla_device_open("npu");
	struct dla_network *network = device && argc == 3 ? dla_network_load(device, argv[1], &options) : NULL;
	struct dla_request *plain = network ? dla_request_new(network) : NULL, *request[2];
	int node = argc == 3 ? open(argv[2], O_RDWR | O_CLOEXEC) : -1, scattered = memfd_create("scattered", 0);
	size_t in_bytes, out_bytes;
	uint8_t *input[2], *expected[2], *found;
	struct dla_layout_info li, lo;
	struct buffer in[2], out[2];

	need(plain && node >= 0, "opening");
	in_bytes = dla_network_input(network, 0)->bytes;
	out_bytes = dla_network_output(network, 0)->bytes;
	need(!dla_network_input_layout(network, 0, DLA_LAYOUT_LINES, &li) &&
	     !dla_network_output_layout(network, 0, DLA_LAYOUT_ATOMS, &lo), "layout");
	found = malloc(out_bytes);
	for (int i = 0; i < 2; i++) {
		request[i] = dla_request_new(network);
		in[i] = buffer_new(node, li.bytes + 4096);
		out[i] = buffer_new(node, lo.bytes + 4096);
		input[i] = malloc(in_bytes);
		expected[i] = malloc(out_bytes);
		for (size_t b = 0; b < in_bytes; b++)
			input[i][b] = (uint8_t)(b * 29 + b / 57 + (size_t)i * 101);
		memcpy(dla_request_input(plain, 0), input[i], in_bytes);
		need(request[i] && !dla_request_run(plain), "running");
		memcpy(expected[i], dla_request_output(plain, 0), out_bytes);
	}
	for (int layouts = 0; layouts < 4; layouts++) {
		enum dla_layout layout_in = layouts & 1 ? DLA_LAYOUT_LINES : DLA_LAYOUT_PLAIN;
		enum dla_layout layout_out = layouts >> 1 ? DLA_LAYOUT_ATOMS : DLA_LAYOUT_PLAIN;
		struct dla_run_info info;

		for (int round = 0; round < ROUNDS; round++) {
			for (int i = 0; i < 2; i++) {
				/* Each time the other pair. */
				int b = (i + round) % 2;

				need(!dla_request_bind_input(request[i], 0, layout_in, in[b].fd, 64), "bind input");
				need(!dla_request_bind_output(request[i], 0, layout_out, out[b].fd, 64), "bind output");
				if (layout_in == DLA_LAYOUT_LINES)
					relay(&li, input[i], in[b].map + 64, 1);
				else
					memcpy(in[b].map + 64, input[i], in_bytes);
				need(!dla_request_submit(request[i]), "submit");
			}
			for (int i = 0; i < 2; i++) {
				uint8_t *at = out[(i + round) % 2].map + 64;

				need(!dla_request_wait(request[i], 60000), "wait");
				if (layout_out == DLA_LAYOUT_ATOMS)
					relay(&lo, found, at, 0);
				else
					memcpy(found, at, out_bytes);
				if (memcmp(found, expected[i], out_bytes) != 0) {
					printf("layouts %d, round %d, request %d: other bytes\n", layouts, round, i);
					return 1;
				}
			}
		}
		dla_request_info(request[0], &info);
		printf("%s to %s: %u conversions\n", layout_in ? "lines" : "plain", layout_out ? "atoms" : "plain",
		       info.conversions);
	}
	need(!ftruncate(scattered, 65536), "ftruncate");
	if (dla_request_bind_input(plain, 0, DLA_LAYOUT_LINES, scattered, 0))
		printf("scattered: %s\n", dla_strerror());
	for (int i = 0; i < 2; i++)
		dla_request_free(request[i]);
	dla_request_free(plain);
	dla_network_free(network);
	dla_device_close(device);
	return 0;
}
