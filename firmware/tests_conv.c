// SPDX-License-Identifier: MIT
/*
 * The convolution: multipliers one by one, banks of the buffer one by one, then what CDMA and CSC do
 * with lines, kernels and pictures. SDP takes each result and only makes it fit into a byte.
 */
#include <stdlib.h>

#include "builder.h"

#define CEIL_TO(n, unit)	(((n) + (unit) - 1) / (unit) * (unit))

/* Random input and weights that have @n products in a sum hardly ever leave int8 behind this. */
static uint8_t shift_for(uint32_t n)
{
	uint8_t shift = 7;

	for (; n > 2; n /= 4)
		shift++;
	return shift;
}

static uint32_t kernel_bytes(const struct drm_nvdla_conv *conv)
{
	return (uint32_t)conv->kernel_width * conv->kernel_height * conv->src_channels;
}

/* Fill in what follows from the rest. */
static void complete(struct builder *b, struct drm_nvdla_conv *conv)
{
	uint32_t width, height;

	conv->stride_x = conv->stride_x ?: 1;
	conv->stride_y = conv->stride_y ?: 1;
	conv->dilation_x = conv->dilation_x ?: 1;
	conv->dilation_y = conv->dilation_y ?: 1;
	conv->kernel_width = conv->kernel_width ?: 1;
	conv->kernel_height = conv->kernel_height ?: 1;
	width = (conv->kernel_width - 1u) * conv->dilation_x + 1;
	height = (conv->kernel_height - 1u) * conv->dilation_y + 1;
	conv->dst_width = (uint16_t)((conv->pad_left + conv->src_width + conv->pad_right - width) /
				     conv->stride_x + 1);
	conv->dst_height = (uint16_t)((conv->pad_top + conv->src_height + conv->pad_bottom - height) /
				      conv->stride_y + 1);
	conv->weight_bytes = CEIL_TO(conv->kernels * kernel_bytes(conv), 128);
	conv->data_banks = conv->data_banks ?: (uint8_t)nvdla_conv_data_banks(b->config, conv);
	conv->weight_banks = conv->weight_banks ?: (uint8_t)(nvdla_conv_weight_banks(b->config, conv) + 1);
}

static uint32_t features(struct builder *b, struct drm_nvdla_conv *conv)
{
	uint32_t atom = b->config->atom;
	uint32_t slot = slot_random(b, (uint32_t)conv->src_width * conv->src_height *
				       CEIL_TO(conv->src_channels, atom));

	conv->src = surface(slot, 0, conv->src_width, conv->src_height, atom);
	return slot;
}

/* The convolution and its SDP operation, whose output is a slot of its own; returns that. */
static uint32_t add_conv_shifted(struct builder *b, const struct drm_nvdla_conv *conv, uint8_t shift)
{
	uint32_t atom = b->config->atom, channels = CEIL_TO(conv->kernels, atom);
	uint32_t out = slot_output(b, (uint32_t)conv->dst_width * conv->dst_height * channels);
	struct drm_nvdla_sdp *sdp;

	op_add(b, DRM_NVDLA_CONV)->conv = *conv;
	sdp = &op_add(b, DRM_NVDLA_SDP)->sdp;
	sdp->source = DRM_NVDLA_SOURCE_OP;
	sdp->dst = surface(out, 0, conv->dst_width, conv->dst_height, atom);
	sdp->width = conv->dst_width;
	sdp->height = conv->dst_height;
	sdp->channels = conv->kernels;
	sdp->out_scale = 1;
	sdp->out_shift = shift;
	return out;
}

static uint32_t add_conv(struct builder *b, const struct drm_nvdla_conv *conv)
{
	return add_conv_shifted(b, conv, shift_for(kernel_bytes(conv)));
}

static uint32_t add_random_conv(struct builder *b, struct drm_nvdla_conv conv)
{
	complete(b, &conv);
	features(b, &conv);
	conv.weights = address(slot_random(b, conv.weight_bytes), 0);
	return add_conv(b, &conv);
}

static void interrupts(struct builder *b)
{
	const uint16_t atom = (uint16_t)b->config->atom;

	test_begin(b, DRM_NVDLA_CONV, "conv.interrupts", "one convolution after the other");
	for (uint32_t i = 0; i < 4; i++) {
		add_random_conv(b, (struct drm_nvdla_conv){
			.src_width = 4, .src_height = 1, .src_channels = atom, .kernels = atom,
		});
		if (!i)
			continue;
		b->test.ops[2 * i].dep_count = 1;
		b->test.ops[2 * i].deps[0] = 2 * i - 1;
	}
	check_outputs(b);
	test_end(b);
}

/* Each MAC cell computes one kernel of a group: one byte of an atom of the output. */
static void cells(struct builder *b)
{
	struct drm_nvdla_conv conv = {
		.src_width = 12, .src_height = 5, .src_channels = (uint16_t)(2 * b->config->atomic_c),
		.kernels = (uint16_t)(2 * b->config->atomic_k),
	};
	uint32_t atom = b->config->atom, plane = 12 * 5 * atom, out;

	test_begin(b, DRM_NVDLA_CONV, "conv.cells", "each MAC cell, two kernels after the other");
	out = add_random_conv(b, conv);
	for (uint32_t k = 0; k < conv.kernels; k++)
		check_bytes(b, out, k / atom * plane + k % atom, plane / atom, atom, "MAC cell %u",
			    k % b->config->atomic_k);
	test_end(b);
}

/*
 * Each channel of the array by itself: kernels that are zero in all others. Large weights for the
 * high bits of the products; the small ones leave products as they are.
 */
static void lanes(struct builder *b)
{
	uint32_t width = b->config->atomic_c, kernels = b->config->atomic_k;
	struct drm_nvdla_conv conv = {
		.src_width = 16, .src_height = 3, .src_channels = (uint16_t)width,
		.kernels = (uint16_t)kernels,
	};
	int8_t *weights;

	test_begin(b, DRM_NVDLA_CONV, "conv.lanes", "each channel of the MAC array by itself");
	complete(b, &conv);
	features(b, &conv);
	for (uint32_t i = 0; i < 2 * width; i++) {
		uint32_t lane = i / 2, out;

		weights = calloc(1, conv.weight_bytes);
		if (!weights)
			die("out of memory");
		for (uint32_t k = 0; k < kernels; k++)
			weights[k * width + lane] = (int8_t)(i & 1 ? random_between(b, 0, 1) * 2 - 1
								   : random_between(b, -128, 127));
		conv.weights = address(slot_given(b, weights, conv.weight_bytes), 0);
		free(weights);
		out = add_conv_shifted(b, &conv, i & 1 ? 0 : 7);
		check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "MAC lane %u, %s weights", lane,
			    i & 1 ? "small" : "large");
	}
	test_end(b);
}

/* Lines of the input fill one bank after the other; an output line comes of one input line. */
static void data_banks(struct builder *b)
{
	const struct nvdla_config *config = b->config;
	uint32_t banks = config->cbuf_banks - 1, width = 32, lines = config->cbuf_entries / width, out;

	test_begin(b, DRM_NVDLA_CONV, "conv.data-banks", "input in all banks of the buffer but the last");
	out = add_random_conv(b, (struct drm_nvdla_conv){
		.src_width = (uint16_t)width, .src_height = (uint16_t)(banks * lines),
		.src_channels = (uint16_t)config->cbuf_entry_bytes, .kernels = (uint16_t)config->atom,
		.data_banks = (uint8_t)banks, .weight_banks = 1,
	});
	for (uint32_t bank = 0; bank < banks; bank++)
		check_bytes(b, out, bank * lines * width * config->atom, lines * width * config->atom, 1,
			    "input in bank %u", bank);
	test_end(b);
}

/* A group of kernels fills one bank, and makes some planes of the output. */
static void weight_banks(struct builder *b)
{
	const struct nvdla_config *config = b->config;
	uint32_t banks = config->cbuf_banks - 1, bank_bytes = config->cbuf_entries * config->cbuf_entry_bytes;
	uint32_t channels = bank_bytes / config->atomic_k, width = bank_bytes / channels;
	uint32_t group = width * config->atomic_k, out;

	test_begin(b, DRM_NVDLA_CONV, "conv.weight-banks", "weights in all banks of the buffer but the first");
	out = add_random_conv(b, (struct drm_nvdla_conv){
		.src_width = (uint16_t)width, .src_height = 1, .src_channels = (uint16_t)channels,
		.kernels = (uint16_t)(banks * config->atomic_k), .data_banks = 1,
		.weight_banks = (uint8_t)banks,
	});
	for (uint32_t bank = 0; bank < banks; bank++)
		check_bytes(b, out, bank * group, group, 1, "weights in bank %u", bank + 1);
	test_end(b);
}

static void kernels(struct builder *b)
{
	static const struct {
		struct drm_nvdla_conv conv;
		const char *what;
	} ways[] = {
		{ { .src_width = 9, .src_height = 7, .src_channels = 16, .kernels = 16, .kernel_width = 3,
		    .kernel_height = 3 }, "3 x 3" },
		{ { .src_width = 9, .src_height = 6, .src_channels = 5, .kernels = 8, .kernel_width = 3,
		    .kernel_height = 2, .pad_left = 1, .pad_right = 1, .pad_top = 1, .pad_value = -9 },
		  "padding" },
		{ { .src_width = 13, .src_height = 9, .src_channels = 8, .kernels = 8, .kernel_width = 3,
		    .kernel_height = 1, .stride_x = 2, .stride_y = 4 }, "strides" },
		{ { .src_width = 13, .src_height = 9, .src_channels = 8, .kernels = 8, .kernel_width = 3,
		    .kernel_height = 3, .dilation_x = 4, .dilation_y = 2 }, "dilation" },
		{ { .src_width = 6, .src_height = 5, .src_channels = 75, .kernels = 24, .kernel_width = 2,
		    .kernel_height = 2, .truncate = 4 }, "many channels, truncated sums" },
		{ { .src_width = 1, .src_height = 1, .src_channels = 256, .kernels = 32 },
		  "1 x 1 of a 1 x 1 input" },
	};

	test_begin(b, DRM_NVDLA_CONV, "conv.kernels", "kernels, padding, strides, dilation, channels");
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct drm_nvdla_conv conv = ways[i].conv;
		uint32_t out;

		conv.kernels = (uint16_t)CEIL_TO(conv.kernels, b->config->atom);
		complete(b, &conv);
		features(b, &conv);
		conv.weights = address(slot_random(b, conv.weight_bytes), 0);
		out = add_conv_shifted(b, &conv, (uint8_t)(shift_for(kernel_bytes(&conv)) - conv.truncate));
		check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "%s", ways[i].what);
	}
	test_end(b);
}

static void images(struct builder *b)
{
	static const char *const names[] = {
		[DRM_NVDLA_R8] = "R8", [DRM_NVDLA_A8B8G8R8] = "A8B8G8R8",
		[DRM_NVDLA_R8G8B8A8] = "R8G8B8A8", [DRM_NVDLA_A8R8G8B8] = "A8R8G8B8",
		[DRM_NVDLA_B8G8R8A8] = "B8G8R8A8",
	};

	test_begin(b, DRM_NVDLA_CONV, "conv.images", "pictures, and the convertor of the input");
	for (uint16_t format = DRM_NVDLA_R8; format <= DRM_NVDLA_B8G8R8A8; format++) {
		struct drm_nvdla_conv conv = {
			.format = format, .flags = DRM_NVDLA_CONV_CONVERT, .src_width = 11, .src_height = 6,
			.src_channels = format == DRM_NVDLA_R8 ? 1 : 4, .kernels = (uint16_t)b->config->atom,
			.kernel_width = 3, .kernel_height = 3, .pad_left = 1, .pad_right = 1, .pad_top = 1,
			.pad_bottom = 1, .pad_value = 17, .cvt_scale = 200, .cvt_truncate = 8, .src_x = 1,
		};
		uint32_t line = CEIL_TO(12u * conv.src_channels, b->config->atom), out;

		if (format & 1)
			conv.flags |= DRM_NVDLA_CONV_SIGNED;
		for (uint32_t c = 0; c < conv.src_channels; c++)
			conv.cvt_offset[c] = (int16_t)((format & 1 ? -20 : 120) + 9 * (int)c);
		complete(b, &conv);
		conv.src.addr = address(slot_random(b, line * conv.src_height), 0);
		conv.src.line_stride = line;
		conv.weights = address(slot_random(b, conv.weight_bytes), 0);
		out = add_conv(b, &conv);
		check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "%s", names[format]);
	}
	test_end(b);
}

/* What one convolution leaves in the buffer for the next. */
static void reuse(struct builder *b)
{
	struct drm_nvdla_conv conv = {
		.src_width = 10, .src_height = 8, .src_channels = 24, .kernels = (uint16_t)b->config->atom,
		.kernel_width = 3, .kernel_height = 3,
	};
	uint32_t out;

	test_begin(b, DRM_NVDLA_CONV, "conv.reuse", "input and weights that stay in the buffer");
	complete(b, &conv);
	features(b, &conv);
	conv.weights = address(slot_random(b, conv.weight_bytes), 0);
	conv.keep_lines = conv.src_height;
	out = add_conv(b, &conv);
	check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "convolution that leaves its input");

	conv.src = (struct drm_nvdla_surface){ 0 };
	conv.keep_lines = 0;
	conv.reuse_lines = conv.src_height;
	conv.weights = address(slot_random(b, conv.weight_bytes), 0);
	conv.flags = DRM_NVDLA_CONV_KEEP_WEIGHTS;
	out = add_conv(b, &conv);
	check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "input that has stayed");

	features(b, &conv);
	conv.reuse_lines = 0;
	conv.weights = (struct drm_nvdla_addr){ 0 };
	conv.flags = DRM_NVDLA_CONV_REUSE_WEIGHTS;
	out = add_conv(b, &conv);
	check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "weights that have stayed");
	test_end(b);
}

static void groups(struct builder *b)
{
	uint16_t kernels = (uint16_t)b->config->atom;

	test_begin(b, DRM_NVDLA_CONV, "conv.groups", "the two register groups in turn");
	for (uint32_t i = 0; i < 6; i++) {
		const struct drm_nvdla_conv even = {
			.src_width = 14, .src_height = 4, .src_channels = 8, .kernels = kernels,
			.kernel_width = 2, .kernel_height = 3,
		}, odd = {
			.src_width = 5, .src_height = 9, .src_channels = 32, .kernels = (uint16_t)(3 * kernels),
			.kernel_width = 1, .kernel_height = 2, .stride_y = 1, .data_banks = 3,
		};
		uint32_t out = add_random_conv(b, i & 1 ? odd : even);

		check_bytes(b, out, 0, b->test.slots[out].bytes, 1, "convolution %u, %s", i,
			    i & 1 ? "the other group" : "one group");
	}
	test_end(b);
}

void tests_conv(struct builder *b)
{
	interrupts(b);
	cells(b);
	lanes(b);
	data_banks(b);
	weight_banks(b);
	kernels(b);
	images(b);
	reuse(b);
	groups(b);
}

/* All engines, none of which waits for another: they share the way to memory. */
void tests_together(struct builder *b)
{
	uint32_t atom = b->config->atom, in, out;
	struct drm_nvdla_lut *lut;

	test_begin(b, NVDLA_SELFTEST_MEMORY, "memory.together", "all engines at once");
	in = slot_random(b, 32 * 8 * 2 * atom);
	lut = lut_add(b);
	lut->le_function = DRM_NVDLA_LUT_LINEAR;
	lut->lo.start = -129;
	lut->both_hit = DRM_NVDLA_LUT_LO;
	for (int i = 0; i < 257; i++)
		lut->lo_entry[i] = (int16_t)(128 - i > 127 ? 127 : 128 - i);
	for (uint32_t i = 0; i < 3; i++) {
		struct drm_nvdla_conv conv = {
			.src_width = 16, .src_height = 16, .src_channels = 16, .kernels = (uint16_t)atom,
			.kernel_width = 3, .kernel_height = 3, .pad_left = 1, .pad_right = 1, .pad_top = 1,
			.pad_bottom = 1,
		};
		struct drm_nvdla_sdp *sdp;

		complete(b, &conv);
		features(b, &conv);
		conv.weights = address(slot_random(b, conv.weight_bytes), 0);
		op_add(b, DRM_NVDLA_CONV)->conv = conv;
		sdp = &op_add(b, DRM_NVDLA_SDP)->sdp;
		sdp->source = DRM_NVDLA_SOURCE_OP;
		sdp->width = sdp->height = 16;
		sdp->channels = (uint16_t)atom;
		sdp->out_scale = 1;
		sdp->out_shift = shift_for(kernel_bytes(&conv));
		out = slot_output(b, 8 * 8 * atom);
		op_add(b, DRM_NVDLA_PDP)->pdp = (struct drm_nvdla_pdp){
			.dst = surface(out, 0, 8, 8, atom), .src_width = 16, .src_height = 16,
			.channels = (uint16_t)atom, .dst_width = 8, .dst_height = 8,
			.pool = DRM_NVDLA_POOL_MAX, .source = DRM_NVDLA_SOURCE_OP, .kernel_width = 2,
			.kernel_height = 2, .stride_x = 2, .stride_y = 2,
		};
		check_bytes(b, out, 0, 8 * 8 * atom, 1, "convolution, SDP and PDP %u", i);

		out = slot_output(b, 32 * 8 * 2 * atom);
		op_add(b, DRM_NVDLA_CDP)->cdp = (struct drm_nvdla_cdp){
			.src = surface(in, 0, 32, 8, atom), .dst = surface(out, 0, 32, 8, atom),
			.width = 32, .height = 8, .channels = (uint16_t)(2 * atom), .in_scale = 1, .out_scale = 1,
			.flags = DRM_NVDLA_CDP_NO_SUM | DRM_NVDLA_CDP_NO_PRODUCT,
		};
		check_bytes(b, out, 0, 32 * 8 * 2 * atom, 1, "CDP %u", i);

		out = slot_output(b, 32 * 8 * 2 * atom);
		sdp = &op_add(b, DRM_NVDLA_SDP)->sdp;
		sdp->src = surface(in, 0, 32, 8, atom);
		sdp->dst = surface(out, 0, 32, 8, atom);
		sdp->width = 32;
		sdp->height = 8;
		sdp->channels = (uint16_t)(2 * atom);
		sdp->out_scale = -1;
		check_bytes(b, out, 0, 32 * 8 * 2 * atom, 1, "SDP %u", i);
	}
	test_end(b);
}
