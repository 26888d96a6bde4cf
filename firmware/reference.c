// SPDX-License-Identifier: MIT
/*
 * What operations compute, written down from the words of nvdla_accel.h and layouts.md: element by
 * element, no register, no order of blocks, no two elements at once. Shares nothing with the emulator,
 * so that what both agree on is what is meant. Only what the tests use is here; what is not ends the
 * program. Channels fill whole atoms wherever a surface is written.
 */
#include <stdlib.h>
#include <string.h>

#include "builder.h"

struct reference {
	const struct nvdla_config *config;
	uint8_t *const *memory;
	/* What an operation passes on. */
	int32_t *values;
};

static int64_t clip(int64_t value, unsigned int bits)
{
	int64_t most = (INT64_C(1) << (bits - 1)) - 1;

	if (value > most)
		return most;
	return value < -most - 1 ? -most - 1 : value;
}

/* Half away from zero. */
static int64_t shift_right(int64_t value, unsigned int shift)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (!shift)
		return value;
	size = (size + (UINT64_C(1) << (shift - 1))) >> shift;
	return value < 0 ? -(int64_t)size : (int64_t)size;
}

static int64_t shift_left(int64_t value, unsigned int shift)
{
	return clip(value * (INT64_C(1) << (shift > 32 ? 32 : shift)), 32);
}

static const uint8_t *at(const struct reference *ref, const struct drm_nvdla_addr *addr)
{
	return ref->memory[addr->slot] + addr->offset;
}

static size_t place(const struct reference *ref, const struct drm_nvdla_surface *surface, uint32_t x,
		    uint32_t y, uint32_t c, uint32_t element_bytes)
{
	uint32_t atom = ref->config->atom;

	return (size_t)(c / atom) * surface->surface_stride + (size_t)y * surface->line_stride +
	       ((size_t)x * atom + c % atom) * element_bytes;
}

static int8_t load(const struct reference *ref, const struct drm_nvdla_surface *surface, uint32_t x,
		   uint32_t y, uint32_t c)
{
	return (int8_t)at(ref, &surface->addr)[place(ref, surface, x, y, c, 1)];
}

static void store(const struct reference *ref, const struct drm_nvdla_surface *surface, uint32_t x,
		  uint32_t y, uint32_t c, int64_t value)
{
	uint8_t *to = ref->memory[surface->addr.slot] + surface->addr.offset;

	if (value != (int8_t)value)
		die("the reference has computed what is no byte");
	to[place(ref, surface, x, y, c, 1)] = (uint8_t)value;
}

/* Room for W x H x C values in the order of y, x, c. */
static int32_t *new_values(uint32_t width, uint32_t height, uint32_t channels)
{
	int32_t *values = calloc((size_t)width * height * channels, sizeof(*values));

	if (!values)
		die("out of memory");
	return values;
}

/* ------------------------------------------------------------------------------ convolution */

/* Byte of a pixel at which each channel lies. */
static uint32_t pixel_byte(uint16_t format, uint32_t c)
{
	static const uint8_t bytes[][4] = {
		[DRM_NVDLA_A8B8G8R8] = { 0, 1, 2, 3 }, [DRM_NVDLA_R8G8B8A8] = { 3, 2, 1, 0 },
		[DRM_NVDLA_A8R8G8B8] = { 2, 1, 0, 3 }, [DRM_NVDLA_B8G8R8A8] = { 1, 2, 3, 0 },
		[DRM_NVDLA_A8Y8U8V8] = { 2, 1, 0, 3 }, [DRM_NVDLA_V8U8Y8A8] = { 1, 2, 3, 0 },
	};

	return bytes[format][c];
}

static int convert(const struct drm_nvdla_conv *conv, int value, uint32_t c)
{
	if (!(conv->flags & DRM_NVDLA_CONV_CONVERT))
		return (int8_t)value;
	return (int)clip(shift_right((int64_t)(value - conv->cvt_offset[c]) * conv->cvt_scale,
				     conv->cvt_truncate), 8);
}

static int input(const struct reference *ref, const struct drm_nvdla_conv *conv, int32_t x, int32_t y,
		 uint32_t c)
{
	uint32_t pixel = conv->src_channels;
	uint8_t byte;

	if (x < 0 || y < 0 || x >= conv->src_width || y >= conv->src_height)
		return conv->pad_value;
	if (conv->format == DRM_NVDLA_FEATURE)
		return convert(conv, load(ref, &conv->src, (uint32_t)x, (uint32_t)y, c), 0);
	if (conv->format >= DRM_NVDLA_Y8_U8V8)
		die("the reference has no images of two planes");
	byte = at(ref, &conv->src.addr)[(uint32_t)y * conv->src.line_stride +
					(conv->src_x + (uint32_t)x) * pixel +
					(pixel == 1 ? 0 : pixel_byte(conv->format, c))];
	return convert(conv, conv->flags & DRM_NVDLA_CONV_SIGNED ? (int8_t)byte : byte, c);
}

/*
 * A weight's place: groups of kernels, blocks of channels, lines, columns, kernels, channels. To an
 * image the columns of a kernel are channels more.
 */
static size_t weight_place(const struct reference *ref, const struct drm_nvdla_conv *conv, uint32_t k,
			   uint32_t r, uint32_t s, uint32_t c)
{
	bool image = conv->format != DRM_NVDLA_FEATURE;
	uint32_t columns = image ? 1 : conv->kernel_width;
	uint32_t channels = image ? conv->kernel_width * conv->src_channels : conv->src_channels;
	uint32_t channel = image ? s * conv->src_channels + c : c, column = image ? 0 : s;
	uint32_t group = k / ref->config->atomic_k * ref->config->atomic_k;
	uint32_t block = channel / ref->config->atomic_c * ref->config->atomic_c;
	uint32_t kernels = conv->kernels - group, inner = channels - block;
	size_t places = (size_t)conv->kernel_height * columns;

	if (kernels > ref->config->atomic_k)
		kernels = ref->config->atomic_k;
	if (inner > ref->config->atomic_c)
		inner = ref->config->atomic_c;
	return group * places * channels + kernels * places * block +
	       ((r * columns + column) * kernels + (k - group)) * inner + (channel - block);
}

static int32_t convolve(const struct reference *ref, const struct drm_nvdla_conv *conv, uint32_t x,
			uint32_t y, uint32_t k)
{
	const int8_t *weights = (const int8_t *)at(ref, &conv->weights);
	int64_t sum = 0;

	for (uint32_t r = 0; r < conv->kernel_height; r++) {
		int32_t in_y = (int32_t)(y * conv->stride_y + r * conv->dilation_y) - conv->pad_top;

		for (uint32_t s = 0; s < conv->kernel_width; s++) {
			int32_t in_x = (int32_t)(x * conv->stride_x + s * conv->dilation_x) - conv->pad_left;

			for (uint32_t c = 0; c < conv->src_channels; c++)
				sum += (int64_t)input(ref, conv, in_x, in_y, c) *
				       weights[weight_place(ref, conv, k, r, s, c)];
		}
	}
	return (int32_t)clip(shift_right(sum, conv->truncate), 32);
}

/*
 * What stays in the convolution buffer is what was read before: the reference reads it again from
 * where it came.
 */
static void run_conv(struct reference *ref, const struct drm_nvdla_conv *conv)
{
	int32_t *out = new_values(conv->dst_width, conv->dst_height, conv->kernels);

	free(ref->values);
	ref->values = out;
	for (uint32_t y = 0; y < conv->dst_height; y++)
		for (uint32_t x = 0; x < conv->dst_width; x++)
			for (uint32_t k = 0; k < conv->kernels; k++)
				*out++ = convolve(ref, conv, x, y, k);
}

/* -------------------------------------------------------------------------------------- SDP */

/* An operand in memory: the which-th of those of an element, or a channel. */
static int32_t operand(const struct reference *ref, const struct drm_nvdla_sdp_stage *stage,
		       enum drm_nvdla_operand kind, uint32_t which, const uint32_t position[3])
{
	uint32_t count = (stage->alu_operand != DRM_NVDLA_OPERAND_REG) +
			 (stage->mul_operand != DRM_NVDLA_OPERAND_REG);
	uint32_t bytes = stage->operand_bytes;
	const uint8_t *from = at(ref, &stage->operand.addr);

	if (kind == DRM_NVDLA_OPERAND_CHANNEL)
		from += position[2] * count * bytes;
	else
		from += place(ref, &stage->operand, position[0], position[1], position[2], count * bytes);
	from += which * bytes;
	return bytes == 1 ? (int8_t)from[0] : (int16_t)(from[0] | from[1] << 8);
}

static int64_t run_stage(const struct reference *ref, const struct drm_nvdla_sdp_stage *stage, int64_t x,
			 const uint32_t position[3])
{
	int64_t alu = stage->alu_value, mul = stage->mul_value;

	if (!stage->alu && !stage->mul && !stage->relu && !stage->mul_shift)
		return x;
	if (stage->alu_operand)
		alu = operand(ref, stage, stage->alu_operand, 0, position);
	if (stage->mul_operand)
		mul = operand(ref, stage, stage->mul_operand, stage->alu_operand != 0, position);
	alu = shift_left(alu, stage->alu_shift);

	if ((stage->alu == DRM_NVDLA_ALU_MAX && alu > x) || (stage->alu == DRM_NVDLA_ALU_MIN && alu < x))
		x = alu;
	else if (stage->alu == DRM_NVDLA_ALU_SUM)
		x += alu;
	if (stage->mul == DRM_NVDLA_MUL_SCALE || (stage->mul == DRM_NVDLA_MUL_PRELU && x < 0))
		x *= mul;
	if (stage->mul != DRM_NVDLA_MUL_PRELU || x < 0)
		x = shift_right(x, stage->mul_shift);
	x = clip(x, 32);
	return stage->relu && x < 0 ? 0 : x;
}

static void run_sdp(struct reference *ref, const struct drm_nvdla_sdp *sdp)
{
	int32_t *out = new_values(sdp->width, sdp->height, sdp->channels);
	size_t i = 0;

	for (uint32_t y = 0; y < sdp->height; y++) {
		for (uint32_t x = 0; x < sdp->width; x++) {
			for (uint32_t c = 0; c < sdp->channels; c++, i++) {
				const uint32_t position[3] = { x, y, c };
				int64_t value;

				if (sdp->source == DRM_NVDLA_SOURCE_OP)
					value = ref->values[i];
				else
					value = load(ref, &sdp->src, x, y, c);
				value = run_stage(ref, &sdp->x1, value, position);
				value = run_stage(ref, &sdp->x2, value, position);
				value = shift_right((value - sdp->out_offset) * sdp->out_scale, sdp->out_shift);
				out[i] = (int32_t)clip(clip(value, 17), 8);
				if (sdp->dst.line_stride)
					store(ref, &sdp->dst, x, y, c, out[i]);
			}
		}
	}
	free(ref->values);
	ref->values = out;
}

/* -------------------------------------------------------------------------------------- PDP */

static int32_t pdp_input(const struct reference *ref, const struct drm_nvdla_pdp *pdp, uint32_t x,
			 uint32_t y, uint32_t c)
{
	if (pdp->source == DRM_NVDLA_SOURCE_OP)
		return ref->values[((size_t)y * pdp->src_width + x) * pdp->channels + c];
	return load(ref, &pdp->src, x, y, c);
}

static int32_t pool(const struct reference *ref, const struct drm_nvdla_pdp *pdp, uint32_t out_x,
		    uint32_t out_y, uint32_t c)
{
	int64_t sum = 0;
	int32_t most = -128, least = 127;

	for (uint32_t r = 0; r < pdp->kernel_height; r++) {
		for (uint32_t s = 0; s < pdp->kernel_width; s++) {
			int32_t x = (int32_t)(out_x * pdp->stride_x + s) - pdp->pad_left;
			int32_t y = (int32_t)(out_y * pdp->stride_y + r) - pdp->pad_top;
			int32_t value;

			if (x < 0 || y < 0 || x >= pdp->src_width || y >= pdp->src_height) {
				sum += pdp->pad_value;
				continue;
			}
			value = pdp_input(ref, pdp, (uint32_t)x, (uint32_t)y, c);
			sum += value;
			most = value > most ? value : most;
			least = value < least ? value : least;
		}
	}
	if (pdp->pool == DRM_NVDLA_POOL_MAX)
		return most;
	if (pdp->pool == DRM_NVDLA_POOL_MIN)
		return least;
	return (int32_t)shift_right(shift_right(sum * pdp->recip_width, 16) * pdp->recip_height, 16);
}

static void run_pdp(struct reference *ref, const struct drm_nvdla_pdp *pdp)
{
	for (uint32_t y = 0; y < pdp->dst_height; y++)
		for (uint32_t x = 0; x < pdp->dst_width; x++)
			for (uint32_t c = 0; c < pdp->channels; c++)
				store(ref, &pdp->dst, x, y, c, pool(ref, pdp, x, y, c));
}

/* -------------------------------------------------------------------------------------- CDP */

struct answer {
	bool below, above;
	int64_t value;
};

/* Along a line from @base: (to - from) * scale, shifted. */
static int64_t along(int64_t base, int64_t steps, int64_t scale, int shift)
{
	int64_t more = shift < 0 ? steps * scale * (INT64_C(1) << -shift)
				 : shift_right(steps * scale, (unsigned int)shift);

	return clip(base + more, 16);
}

static struct answer ask(const struct drm_nvdla_lut_range *range, const int16_t *entry, int64_t last,
			 bool exponent, int offset, int64_t x)
{
	int64_t distance = x - range->start, index = 0, fraction = 0;
	struct answer answer = { .below = distance <= 0 };

	if (!answer.below && exponent) {
		int log = 0;

		while (distance >> (log + 1))
			log++;
		index = log - offset;
		answer.below = index < 0;
		fraction = ((distance - (INT64_C(1) << log)) << 16) >> log;
	} else if (!answer.below && range->select < 0) {
		index = distance * (INT64_C(1) << -range->select);
	} else if (!answer.below) {
		index = distance >> range->select;
		fraction = ((distance - (index << range->select)) << 16) >> range->select;
	}
	answer.above = !answer.below && index >= last;
	if (answer.below && exponent && offset >= 0)
		answer.value = along(entry[0], distance - (INT64_C(1) << offset), range->below_scale,
				     range->below_shift);
	else if (answer.below)
		answer.value = along(entry[0], distance, range->below_scale, range->below_shift);
	else if (answer.above)
		answer.value = along(entry[last], x - range->end, range->above_scale, range->above_shift);
	else
		answer.value = along(entry[index], entry[index + 1] - entry[index], fraction, 16);
	return answer;
}

static int64_t look_up(const struct drm_nvdla_lut *lut, int64_t x)
{
	struct answer le = ask(&lut->le, lut->le_entry, 64, lut->le_function == DRM_NVDLA_LUT_EXPONENT,
			       lut->le_index_offset, x);
	struct answer lo = ask(&lut->lo, lut->lo_entry, 256, false, 0, x);
	bool le_out = le.below || le.above, lo_out = lo.below || lo.above;
	uint8_t which = lut->both_hit;

	if (le.below && lo.below)
		which = lut->both_below;
	else if (le.above && lo.above)
		which = lut->both_above;
	else if (le_out != lo_out)
		which = le_out ? DRM_NVDLA_LUT_LO : DRM_NVDLA_LUT_LE;
	return which == DRM_NVDLA_LUT_LO ? lo.value : le.value;
}

static int64_t converted(const struct reference *ref, const struct drm_nvdla_cdp *cdp, uint32_t x,
			 uint32_t y, uint32_t c)
{
	int64_t value = load(ref, &cdp->src, x, y, c) - cdp->in_offset;

	return clip(shift_right(value * cdp->in_scale, cdp->in_shift), 9);
}

static void run_cdp(struct reference *ref, const struct drm_nvdla_cdp *cdp, const struct drm_nvdla_lut *luts)
{
	int32_t reach = cdp->local_size / 2;

	for (uint32_t i = 0; i < (uint32_t)cdp->width * cdp->height * cdp->channels; i++) {
		uint32_t c = i % cdp->channels, x = i / cdp->channels % cdp->width;
		uint32_t y = i / cdp->channels / cdp->width;
		int64_t value = converted(ref, cdp, x, y, c), found = value;

		if (!(cdp->flags & DRM_NVDLA_CDP_NO_SUM)) {
			found = 0;
			for (int32_t near = (int32_t)c - reach; near <= (int32_t)c + reach; near++) {
				int64_t v = 0;

				if (near >= 0 && near < cdp->channels)
					v = converted(ref, cdp, x, y, (uint32_t)near);
				found += v * v;
			}
		}
		found = look_up(&luts[cdp->lut], found);
		if (!(cdp->flags & DRM_NVDLA_CDP_NO_PRODUCT))
			found *= value;
		store(ref, &cdp->dst, x, y, c,
		      clip(shift_right((found - cdp->out_offset) * cdp->out_scale, cdp->out_shift), 8));
	}
}

/* Reused lines and weights: from where the convolution before had them. */
static struct drm_nvdla_conv without_reuse(const struct drm_nvdla_conv *conv,
					   const struct drm_nvdla_conv *before)
{
	struct drm_nvdla_conv whole = *conv;

	if (conv->reuse_lines && (conv->reuse_lines != conv->src_height ||
				  before->keep_lines != before->src_height))
		die("the reference reuses all lines or none");
	if (conv->reuse_lines)
		whole.src = before->src;
	if (conv->flags & DRM_NVDLA_CONV_REUSE_WEIGHTS)
		whole.weights = before->weights;
	return whole;
}

void reference_run(const struct nvdla_config *config, const struct test *test,
		   uint8_t *const memory[DRM_NVDLA_MAX_SLOTS])
{
	struct reference ref = { .config = config, .memory = memory };
	struct drm_nvdla_conv conv = { 0 };

	for (uint32_t i = 0; i < test->op_count; i++) {
		const struct drm_nvdla_op *op = &test->ops[i];

		switch (op->engine) {
		case DRM_NVDLA_CONV:
			conv = without_reuse(&op->conv, &conv);
			run_conv(&ref, &conv);
			break;
		case DRM_NVDLA_SDP:
			run_sdp(&ref, &op->sdp);
			break;
		case DRM_NVDLA_PDP:
			run_pdp(&ref, &op->pdp);
			break;
		default:
			run_cdp(&ref, &op->cdp, test->luts);
			break;
		}
	}
	free(ref.values);
}
