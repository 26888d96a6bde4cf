// SPDX-License-Identifier: MIT
/* Inputs and outputs in the caller's own buffers: the same bytes, and no copy where none is due. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../tflite_builder.h"
#include "layout.h"
#include "request.h"

#define FASHION "examples/fashion-mnist/fashion_resnet_int8.tflite"
#define ROOM 65536
#define OFFSET 192

/* A buffer as a camera or a screen would have it. */
struct buffer {
	int fd;
	uint8_t *map;
};

static struct buffer buffer_new(size_t size)
{
	struct buffer buffer = { .fd = memfd_create("bindings", 0) };

	assert_true(buffer.fd >= 0);
	assert_int_equal(ftruncate(buffer.fd, (off_t)size), 0);
	buffer.map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.fd, 0);
	assert_ptr_not_equal(buffer.map, MAP_FAILED);
	memset(buffer.map, 0x5a, size);
	return buffer;
}

static void buffer_free(struct buffer *buffer)
{
	munmap(buffer->map, ROOM);
	close(buffer->fd);
}

static const struct dla_options on_the_npu = { .place = DLA_PLACE_NPU };

static struct dla_network *load(struct dla_device *device, const struct builder *b)
{
	char path[] = "/tmp/bindings.XXXXXX";
	struct dla_network *network;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, b->data, b->bytes), b->bytes);
	close(fd);
	network = dla_network_load(device, path, &on_the_npu);
	unlink(path);
	if (!network)
		fail_msg("%s", dla_strerror());
	return network;
}

static void fill(uint8_t *data, size_t bytes, unsigned int seed)
{
	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(rand_r(&seed) >> 7);
}

/* Between the network's order and what a layout is said to be, by its description alone. */
static void relay(const struct dla_layout_info *l, uint8_t *plain, uint8_t *there, bool to_there)
{
	for (size_t y = 0; y < l->height; y++)
		for (size_t x = 0; x < l->width; x++)
			for (size_t c = 0; c < l->channels; c++) {
				uint8_t *p = &plain[(y * l->width + x) * l->channels + c];
				uint8_t *a = &there[c / l->atom * l->plane_stride + y * l->line_stride + x * l->atom +
						    c % l->atom];

				*(to_there ? a : p) = *(to_there ? p : a);
			}
}

#define LAYOUTS (DLA_LAYOUT_PIXELS + 1)
#define ONLY(layout) (1U << (layout))

/* The layouts of an end: which there are, and of these the native ones. */
struct end {
	struct dla_layout_info info[LAYOUTS];
	unsigned int there, native;
};

static struct end end_of(const struct dla_network *network, bool output)
{
	struct end end = { 0 };

	for (enum dla_layout layout = 0; layout < LAYOUTS; layout++) {
		if ((output ? dla_network_output_layout : dla_network_input_layout)(network, 0, layout,
										    &end.info[layout])) {
			assert_int_equal(errno, EOPNOTSUPP);
			continue;
		}
		end.there |= ONLY(layout);
		if (end.info[layout].native)
			end.native |= ONLY(layout);
		if (layout >= DLA_LAYOUT_LINES)
			assert_int_equal(end.info[layout].line_stride % 32, 0);
	}
	return end;
}

/* One run, bound in these layouts: the bytes of an unbound one, and what is not native is converted once. */
static void check_pair(struct dla_request *request, struct dla_request *plain, const struct end ends[2],
		       enum dla_layout layout_in, enum dla_layout layout_out, unsigned int inner)
{
	const struct dla_layout_info *li = &ends[0].info[layout_in], *lo = &ends[1].info[layout_out];
	struct dla_network *network = request->network;
	size_t in_bytes = dla_network_input(network, 0)->bytes, out_bytes = dla_network_output(network, 0)->bytes;
	uint8_t *input = malloc(in_bytes), *output = malloc(out_bytes);
	struct buffer in = buffer_new(ROOM), out = buffer_new(ROOM);
	struct dla_run_info info;

	fill(input, in_bytes, layout_in * LAYOUTS + layout_out);
	memcpy(dla_request_input(plain, 0), input, in_bytes);
	assert_int_equal(dla_request_run(plain), 0);
	assert_int_equal(dla_request_bind_input(request, 0, layout_in, in.fd, OFFSET), 0);
	assert_int_equal(dla_request_bind_output(request, 0, layout_out, out.fd, OFFSET), 0);
	relay(li, input, in.map + OFFSET, true);
	if (dla_request_run(request))
		fail_msg("%s", dla_strerror());
	relay(lo, output, out.map + OFFSET, false);
	if (memcmp(output, dla_request_output(plain, 0), out_bytes) != 0)
		fail_msg("other bytes from layout %d to layout %d", layout_in, layout_out);
	/* Nothing around it. */
	for (size_t i = 0; i < ROOM; i++)
		if (i < OFFSET || i >= OFFSET + lo->bytes)
			assert_int_equal(out.map[i], 0x5a);
	dla_request_info(request, &info);
	assert_int_equal(info.conversions, inner + !li->native + !lo->native);
	buffer_free(&in);
	buffer_free(&out);
	free(input);
	free(output);
}

/* One input and one output in each pair of layouts, and without any again. inner: conversions in between. */
static void check(struct dla_network *network, unsigned int native_in, unsigned int native_out, unsigned int inner)
{
	struct dla_request *plain = dla_request_new(network), *request = dla_request_new(network);
	const struct end ends[2] = { end_of(network, false), end_of(network, true) };

	assert_int_equal(ends[0].native, native_in);
	assert_int_equal(ends[1].native, native_out);
	for (enum dla_layout in = 0; in < LAYOUTS; in++) {
		if (!(ends[0].there & ONLY(in))) {
			assert_int_equal(dla_request_bind_input(request, 0, in, 0, 0), -1);
			assert_int_equal(errno, EOPNOTSUPP);
			continue;
		}
		for (enum dla_layout out = 0; out < LAYOUTS; out++)
			if (ends[1].there & ONLY(out))
				check_pair(request, plain, ends, in, out, inner);
	}
	/* Without them it is as before. */
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, -1, 0), 0);
	assert_int_equal(dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, -1, 0), 0);
	memcpy(dla_request_input(request, 0), dla_request_input(plain, 0), dla_network_input(network, 0)->bytes);
	assert_int_equal(dla_request_run(request), 0);
	assert_memory_equal(dla_request_output(request, 0), dla_request_output(plain, 0),
			    dla_network_output(network, 0)->bytes);
	dla_request_free(plain);
	dla_request_free(request);
}

/* ADD, and ADD again in place of what it makes: NPU from end to end. */
static void build_adds(struct builder *b)
{
	int t[5];

	builder_begin(b);
	for (int i = 0; i < 5; i++)
		t[i] = add_tensor(b, "t", TYPE_INT8, LIST(1, 6, 5, 11), 0.1F + 0.05F * (float)i, i);
	add_operator(b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[0], t[0]), t[1]);
	add_operator(b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[0], t[1]), t[2]);
	add_operator(b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[1], t[2]), t[3]);
	add_operator(b, BUILTIN_ADD, OPTIONS_ADD, LIST(t[3], t[0]), t[4]);
	builder_end(b, LIST(t[0]), LIST(t[4]));
}

static void npu_from_end_to_end(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network;
	struct builder b;

	(void)unused;
	build_adds(&b);
	network = load(device, &b);
	free(b.data);
	check(network, ONLY(DLA_LAYOUT_ATOMS), ONLY(DLA_LAYOUT_ATOMS), 0);
	dla_network_free(network);
	dla_device_close(device);
}

/* The NPU begins with lines of 28 bytes, the CPU ends with SOFTMAX. */
static void cpu_at_the_end(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network = dla_network_load(device, FASHION, &on_the_npu);

	(void)unused;
	assert_non_null(network);
	check(network, ONLY(DLA_LAYOUT_LINES), ONLY(DLA_LAYOUT_PLAIN), 1);
	dla_network_free(network);
	dla_device_close(device);
}

/* A picture of so many channels, int8 or what a QUANTIZE makes int8 of, one convolution of it, whose result is in the network's order too. */
static void build_stem(struct builder *b, int width, int channels, int kernel, int stride, bool is_unsigned)
{
	enum { HEIGHT = 13, KERNELS = 8 };
	int out_height = (HEIGHT + stride - 1) / stride, out_width = (width + stride - 1) / stride, x, input, w, y;
	uint8_t weights[KERNELS * 11 * 11 * 8];
	size_t bytes = (size_t)(KERNELS * kernel * kernel * channels);

	builder_begin(b);
	x = input = add_tensor(b, "x", is_unsigned ? TYPE_UINT8 : TYPE_INT8, LIST(1, HEIGHT, width, channels), 0.02F,
			       is_unsigned ? 121 : -7);
	if (is_unsigned) {
		x = add_tensor(b, "signed", TYPE_INT8, LIST(1, HEIGHT, width, channels), 0.02F, -7);
		add_operator(b, BUILTIN_QUANTIZE, OPTIONS_NONE, LIST(input), x);
	}
	w = add_tensor(b, "w", TYPE_INT8, LIST(KERNELS, kernel, kernel, channels), 0.01F, 0);
	fill(weights, bytes, 5);
	set_data(b, w, weights, bytes);
	y = add_tensor(b, "y", TYPE_INT8, LIST(1, out_height, out_width, KERNELS), 0.3F, 3);
	add_conv(b, LIST(x, w, -1), y, stride, PADDING_SAME);
	builder_end(b, LIST(input), LIST(y));
}

static void pictures(void **unused)
{
	enum { PLAIN = ONLY(DLA_LAYOUT_PLAIN), ATOMS = ONLY(DLA_LAYOUT_ATOMS), LINES = ONLY(DLA_LAYOUT_LINES),
	       PIXELS = ONLY(DLA_LAYOUT_PIXELS) };
	static const struct stem {
		int width, channels, kernel, stride;
		unsigned int native;
	} stems[] = {
		{ 24, 1, 3, 2, PLAIN | LINES },
		{ 25, 1, 3, 1, LINES },
		{ 20, 2, 3, 2, PLAIN | LINES },
		{ 24, 3, 3, 2, PLAIN | LINES | PIXELS },
		{ 25, 3, 3, 1, LINES | PIXELS },
		{ 24, 3, 5, 2, PLAIN | LINES | PIXELS },
		{ 24, 3, 7, 2, PLAIN | LINES | PIXELS },
		/* The end of a kernel's line of seven pixels would be lost. */
		{ 33, 3, 7, 2, LINES },
		{ 18, 4, 3, 2, PLAIN | LINES | PIXELS },
		{ 25, 4, 3, 1, LINES | PIXELS },
		/* Strides too long for bytes, not for pixels. */
		{ 33, 3, 3, 3, PIXELS },
		{ 40, 3, 11, 4, PIXELS },
		/* More channels than an image has. */
		{ 24, 5, 3, 2, ATOMS },
		{ 25, 8, 3, 2, ATOMS | PLAIN },
		{ 24, 8, 3, 2, ATOMS | PLAIN | LINES },
	};
	struct dla_device *device = dla_device_open("sim");

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(stems) / sizeof(stems[0]); i++) {
		const struct stem *s = &stems[i / 2];
		bool is_unsigned = i % 2;
		int out_width = (s->width + s->stride - 1) / s->stride;
		struct dla_network *network;
		struct builder b;

		build_stem(&b, s->width, s->channels, s->kernel, s->stride, is_unsigned);
		network = load(device, &b);
		free(b.data);
		/* Images are made int8 as they are read, atoms before. Eight channels of the output are an atom, four atoms a line's unit. */
		check(network, is_unsigned && s->native & ATOMS ? 0 : s->native, ATOMS | PLAIN | (out_width % 4 ? 0 : LINES), 0);
		dla_network_free(network);
	}
	dla_device_close(device);
}

static void join(struct builder *b, int first, int second, int out)
{
	set_i32(b, add_operator(b, BUILTIN_CONCATENATION, OPTIONS_CONCATENATION, LIST(first, second), out),
		CONCATENATION_AXIS, 3);
}

/* Parts of the caller's input are read there, and parts of his output made there. */
static void parts_are_the_callers(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct dla_network *network;
	struct builder b;
	int t[6];

	(void)unused;
	builder_begin(&b);
	for (int i = 0; i < 6; i++)
		t[i] = add_tensor(&b, "t", TYPE_INT8, LIST(1, 6, 5, i % 5 ? 16 : 32), 0.1F, 7);
	add_operator(&b, BUILTIN_SPLIT, OPTIONS_SPLIT, LIST(add_ints(&b, "axis", LIST(3)), t[0]), t[1]);
	set_list(&b, b.operator[0], OPERATOR_OUTPUTS, LIST(t[1], t[2]));
	set_i32(&b, b.options[0], SPLIT_COUNT, 2);
	add_operator(&b, BUILTIN_RELU, OPTIONS_NONE, LIST(t[1]), t[3]);
	add_operator(&b, BUILTIN_RELU, OPTIONS_NONE, LIST(t[2]), t[4]);
	join(&b, t[4], t[3], t[5]);
	builder_end(&b, LIST(t[0]), LIST(t[5]));
	network = load(device, &b);
	free(b.data);
	assert_int_equal(dla_network_operation(network, 0)->layers, 0);
	assert_int_equal(dla_network_operation(network, 3)->layers, 0);
	check(network, ONLY(DLA_LAYOUT_ATOMS), ONLY(DLA_LAYOUT_ATOMS), 0);
	dla_network_free(network);
	dla_device_close(device);
}

/* The CPU makes a part of what the NPU has in the caller's memory; what is a part itself does not lie there. */
static void parts_are_converted(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct buffer out[2] = { buffer_new(ROOM), buffer_new(ROOM) };
	struct dla_request *plain, *request;
	struct dla_layout_info info[2];
	struct dla_network *network;
	uint8_t output[6 * 5 * 16];
	struct builder b;
	int x, p, q, y;

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 6, 5, 8), 0.1F, 5);
	p = add_tensor(&b, "p", TYPE_INT8, LIST(1, 6, 5, 8), 1.0F / 256, -128);
	q = add_tensor(&b, "q", TYPE_INT8, LIST(1, 6, 5, 8), 1.0F / 256, -128);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 6, 5, 16), 1.0F / 256, -128);
	set_f32(&b, add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(x), p), SOFTMAX_BETA, 1);
	add_operator(&b, BUILTIN_LOGISTIC, OPTIONS_NONE, LIST(x), q);
	join(&b, p, q, y);
	builder_end(&b, LIST(x), LIST(y, q));
	network = load(device, &b);
	free(b.data);
	assert_int_equal(dla_network_operation(network, 2)->layers, 0);
	plain = dla_request_new(network);
	request = dla_request_new(network);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(dla_network_output_layout(network, i, DLA_LAYOUT_ATOMS, &info[i]), 0);
		assert_int_equal(info[i].native, i == 0);
		assert_int_equal(dla_request_bind_output(request, i, DLA_LAYOUT_ATOMS, out[i].fd, OFFSET), 0);
	}
	for (unsigned int run = 0; run < 3; run++) {
		fill(dla_request_input(plain, 0), 6 * 5 * 8, run);
		fill(dla_request_input(request, 0), 6 * 5 * 8, run);
		assert_int_equal(dla_request_run(plain), 0);
		if (dla_request_run(request))
			fail_msg("%s", dla_strerror());
		for (unsigned int i = 0; i < 2; i++) {
			relay(&info[i], output, out[i].map + OFFSET, false);
			assert_memory_equal(output, dla_request_output(plain, i), dla_network_output(network, i)->bytes);
		}
	}
	dla_request_free(plain);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	buffer_free(&out[0]);
	buffer_free(&out[1]);
}

/* What the NPU makes is an output, and the CPU reads it too; the input goes to both. */
static void both_want_it(void **unused)
{
	struct dla_device *device = dla_device_open("sim");
	struct buffer in = buffer_new(ROOM), out[2] = { buffer_new(ROOM), buffer_new(ROOM) };
	struct dla_request *plain, *request;
	struct dla_network *network;
	struct dla_layout_info layout;
	uint8_t input[330], output[330];
	struct builder b;
	int x, y, z, sum;

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 6, 5, 11), 1.0F / 256, -128);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 6, 5, 11), 0.1F, 5);
	z = add_tensor(&b, "z", TYPE_INT8, LIST(1, 6, 5, 11), 1.0F / 256, -128);
	sum = add_tensor(&b, "sum", TYPE_INT8, LIST(1, 6, 5, 11), 1.0F / 256, -128);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, x), y);
	set_f32(&b, add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(y), z), SOFTMAX_BETA, 1);
	set_f32(&b, add_operator(&b, BUILTIN_SOFTMAX, OPTIONS_SOFTMAX, LIST(x), sum), SOFTMAX_BETA, 1);
	builder_end(&b, LIST(x), LIST(y, sum));
	network = load(device, &b);
	free(b.data);
	plain = dla_request_new(network);
	request = dla_request_new(network);
	assert_int_equal(dla_network_input_layout(network, 0, DLA_LAYOUT_ATOMS, &layout), 0);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_ATOMS, in.fd, 0), 0);
	assert_int_equal(dla_request_bind_output(request, 0, DLA_LAYOUT_ATOMS, out[0].fd, 0), 0);
	assert_int_equal(dla_request_bind_output(request, 1, DLA_LAYOUT_PLAIN, out[1].fd, 64), 0);
	for (unsigned int run = 0; run < 3; run++) {
		fill(input, sizeof(input), run);
		memcpy(dla_request_input(plain, 0), input, sizeof(input));
		relay(&layout, input, in.map, true);
		assert_int_equal(dla_request_run(plain), 0);
		if (dla_request_run(request))
			fail_msg("%s", dla_strerror());
		relay(&layout, output, out[0].map, false);
		assert_memory_equal(output, dla_request_output(plain, 0), sizeof(output));
		assert_memory_equal(out[1].map + 64, dla_request_output(plain, 1), sizeof(output));
	}
	dla_request_free(plain);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	buffer_free(&in);
	buffer_free(&out[0]);
	buffer_free(&out[1]);
}

static void the_cpu_alone(void **unused)
{
	struct dla_device *device = dla_device_open("cpu");
	struct dla_network *network = dla_network_load(device, FASHION, &on_the_npu);
	struct dla_request *plain = dla_request_new(network), *request = dla_request_new(network);
	struct buffer in = buffer_new(ROOM), out = buffer_new(ROOM);
	size_t bytes = dla_network_input(network, 0)->bytes;
	struct dla_run_info info;

	(void)unused;
	fill(dla_request_input(plain, 0), bytes, 1);
	memcpy(in.map, dla_request_input(plain, 0), bytes);
	assert_int_equal(dla_request_run(plain), 0);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, in.fd, 0), 0);
	assert_int_equal(dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, out.fd, 0), 0);
	assert_int_equal(dla_request_run(request), 0);
	assert_memory_equal(out.map, dla_request_output(plain, 0), dla_network_output(network, 0)->bytes);
	assert_ptr_not_equal(out.map, dla_request_output(request, 0));
	dla_request_info(request, &info);
	assert_int_equal(info.conversions, 0);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_ATOMS, in.fd, 0), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	dla_request_free(plain);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	buffer_free(&in);
	buffer_free(&out);
}

/* What is mapped directly behind the library's view of a buffer. */
static void check_slack(const struct buffer *buffer)
{
	unsigned long start, end, view = 0, inode;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], access[5];
	unsigned int views = 0;
	struct stat file;

	assert_non_null(maps);
	assert_int_equal(fstat(buffer->fd, &file), 0);
	while (fgets(line, sizeof(line), maps)) {
		assert_int_equal(sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, access, &inode), 4);
		if (view) {
			assert_int_equal(start, view);
			assert_string_equal(access, "r--p");
			view = 0;
		}
		if (inode == file.st_ino && start != (uintptr_t)buffer->map) {
			view = end;
			views++;
		}
	}
	fclose(maps);
	assert_int_equal(views, 1);
}

/* XNNPACK reads past the end of an input, and this one ends with its page. */
static void past_the_end(void **unused)
{
	struct dla_device *device = dla_device_open("cpu");
	struct dla_network *network = dla_network_load(device, FASHION, &on_the_npu);
	struct dla_request *request = dla_request_new(network);
	struct buffer in = buffer_new(ROOM);
	size_t bytes = dla_network_input(network, 0)->bytes;

	(void)unused;
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, in.fd, (ROOM - bytes) / 64 * 64), 0);
	check_slack(&in);
	assert_int_equal(dla_request_run(request), 0);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	buffer_free(&in);
}

/* A file may name a tensor as an output twice: only one of them can have it somewhere else. */
static void one_tensor_is_bound_once(void **unused)
{
	static const char *const name[] = { "cpu", "sim" };
	struct buffer out[2] = { buffer_new(ROOM), buffer_new(ROOM) };
	struct builder b;
	int x, y;

	(void)unused;
	builder_begin(&b);
	x = add_tensor(&b, "x", TYPE_INT8, LIST(1, 6, 5, 11), 0.1F, 0);
	y = add_tensor(&b, "y", TYPE_INT8, LIST(1, 6, 5, 11), 0.2F, 0);
	add_operator(&b, BUILTIN_ADD, OPTIONS_ADD, LIST(x, x), y);
	builder_end(&b, LIST(x), LIST(y, y));
	for (int i = 0; i < 2; i++) {
		struct dla_device *device = dla_device_open(name[i]);
		struct dla_network *network = load(device, &b);
		struct dla_request *request = dla_request_new(network);
		enum dla_layout first = i ? DLA_LAYOUT_ATOMS : DLA_LAYOUT_PLAIN;

		assert_int_equal(dla_request_bind_output(request, 0, first, out[0].fd, 0), 0);
		for (enum dla_layout layout = DLA_LAYOUT_PLAIN; layout <= DLA_LAYOUT_LINES; layout++) {
			assert_int_equal(dla_request_bind_output(request, 1, layout, out[1].fd, 0), -1);
			assert_int_equal(errno, EOPNOTSUPP);
		}
		assert_int_equal(dla_request_run(request), 0);
		assert_int_equal(out[1].map[0], 0x5a);
		/* In place of the first, it can. */
		assert_int_equal(dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, -1, 0), 0);
		assert_int_equal(dla_request_bind_output(request, 1, DLA_LAYOUT_PLAIN, out[1].fd, 0), 0);
		memset(dla_request_input(request, 0), 10, dla_network_input(network, 0)->bytes);
		assert_int_equal(dla_request_run(request), 0);
		assert_int_equal(out[1].map[0], 10);
		memset(out[1].map, 0x5a, ROOM);
		dla_request_free(request);
		dla_network_free(network);
		dla_device_close(device);
	}
	free(b.data);
	buffer_free(&out[0]);
	buffer_free(&out[1]);
}

static void mistakes(void **unused)
{
	struct dla_device *device = dla_device_open("sim@100kHz");
	struct dla_network *network = dla_network_load(device, FASHION, &on_the_npu);
	struct dla_request *request = dla_request_new(network);
	struct buffer in = buffer_new(ROOM);
	int closed = memfd_create("closed", 0), small = memfd_create("small", 0);

	(void)unused;
	close(closed);
	assert_int_equal(ftruncate(small, 100), 0);
	for (enum dla_layout layout = DLA_LAYOUT_PLAIN; layout <= DLA_LAYOUT_LINES; layout++) {
		assert_int_equal(dla_request_bind_input(request, 1, layout, in.fd, 0), -1);
		assert_int_equal(errno, ERANGE);
		assert_int_equal(dla_request_bind_output(request, 0, layout, closed, 0), -1);
		assert_int_equal(errno, EBADF);
		assert_int_equal(dla_request_bind_input(request, 0, layout, in.fd, 8), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(dla_request_bind_input(request, 0, layout, in.fd, ROOM), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(dla_request_bind_input(request, 0, layout, in.fd, (size_t)-64), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(dla_request_bind_input(request, 0, layout, small, 0), -1);
		assert_int_equal(errno, EINVAL);
	}
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_ATOMS, in.fd, 0), 0);
	assert_int_equal(dla_request_submit(request), 0);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_ATOMS, in.fd, 0), -1);
	assert_int_equal(errno, EBUSY);
	dla_request_free(request);
	dla_network_free(network);
	dla_device_close(device);
	buffer_free(&in);
	close(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(npu_from_end_to_end),
		cmocka_unit_test(cpu_at_the_end),
		cmocka_unit_test(pictures),
		cmocka_unit_test(parts_are_the_callers),
		cmocka_unit_test(parts_are_converted),
		cmocka_unit_test(both_want_it),
		cmocka_unit_test(the_cpu_alone),
		cmocka_unit_test(past_the_end),
		cmocka_unit_test(one_tensor_is_bound_once),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests_name("bindings", tests, NULL, NULL);
}
