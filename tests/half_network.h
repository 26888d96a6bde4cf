/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HALF_NETWORK_H
#define TESTS_HALF_NETWORK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tflite_builder.h"

/*
 * A network of which the NPU does one half and the CPU the other: convolutions, and between them
 * SOFTMAX, for which the NPU has nothing. Both halves can be made longer.
 */
struct half_network {
	int size;		/* pictures of size x size x channels */
	int channels;
	int kernel;		/* of the convolutions, odd */
	int rounds;		/* a convolution, then */
	int softmaxes;		/* so many of these */
};

static inline int half_weights(struct builder *b, const struct half_network *n)
{
	size_t bytes = (size_t)n->channels * n->kernel * n->kernel * n->channels;
	int tensor = add_tensor(b, "weights", TYPE_INT8,
				LIST(n->channels, n->kernel, n->kernel, n->channels), 0.05F, 0);
	int8_t *data = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		data[i] = (int8_t)(i * 37 + i / 251);
	set_data(b, tensor, data, bytes);
	free(data);
	return tensor;
}

static inline void half_network_build(struct builder *b, const struct half_network *n)
{
	struct builder_list shape = LIST(1, n->size, n->size, n->channels);
	int input, x, y;

	builder_begin(b);
	input = x = add_tensor(b, "x", TYPE_INT8, shape, 0.1F, 0);
	for (int i = 0; i < n->rounds; i++) {
		y = add_tensor(b, "y", TYPE_INT8, shape, 0.1F, 3);
		add_conv(b, LIST(x, half_weights(b, n), -1), y, 1, PADDING_SAME);
		for (int j = 0; j < n->softmaxes; j++, y = x) {
			x = add_tensor(b, "z", TYPE_INT8, shape, 1.0F / 256, -128);
			set_f32(b, add_operator(b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(y), x), SOFTMAX_BETA, 1);
		}
	}
	builder_end(b, LIST(input), LIST(x));
}

/* As a file whose name is in path[], "....XXXXXX" before; the caller removes it. */
static inline void half_network_write(const struct half_network *n, char *path)
{
	struct builder b;
	int fd = mkstemp(path);

	half_network_build(&b, n);
	if (fd < 0 || write(fd, b.data, b.bytes) != (ssize_t)b.bytes)
		abort();
	close(fd);
	free(b.data);
}

#endif
