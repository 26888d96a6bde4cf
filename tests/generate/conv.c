// SPDX-License-Identifier: MIT
/* Convolutions: shapes that fit the convolution buffer, and the registers of the five blocks. */
#include "conv.h"

#define TRIES 300
#define MAX_KERNEL 32
#define WEIGHT_UNIT 128

static unsigned int div_round_up(unsigned int a, unsigned int b)
{
	return (a + b - 1) / b;
}

static unsigned int extent(const struct conv_axis *axis)
{
	return (axis->kernel - 1) * axis->dilation + 1;
}

static bool axis_draw(struct random *random, unsigned int in, bool dilates, struct conv_axis *axis)
{
	unsigned int padded, rest;

	axis->in = in;
	axis->kernel = random_one_in(random, 3) ? random_extent(random, MAX_KERNEL) :
		       1 + random_below(random, 4);
	axis->stride = 1 + random_below(random, random_one_in(random, 4) ? 8 : 2);
	axis->dilation = 1;
	if (dilates)
		axis->dilation += random_below(random, random_one_in(random, 4) ? 32 : 3);
	axis->before = random_one_in(random, 3) ? 0 : random_below(random, extent(axis));
	axis->after = random_one_in(random, 3) ? 0 : random_below(random, extent(axis));
	padded = axis->before + in + axis->after;
	if (axis->before > 31 || axis->after > 63 || padded < extent(axis))
		return false;
	axis->out = (padded - extent(axis)) / axis->stride + 1;
	rest = (padded - extent(axis)) % axis->stride;
	/* As a rule the last window ends where the padded input does. */
	if (axis->after >= rest && !random_one_in(random, 8))
		axis->after -= rest;
	return true;
}

unsigned int conv_entries(const struct hw *hw, const struct conv *conv)
{
	if (conv->is_image)
		return div_round_up((conv->x.before + conv->x.in + conv->x.after) * conv->channels,
				    hw->entry_bytes);
	return div_round_up(conv->channels, hw->atom) * conv->x.in;
}

static unsigned int kernel_bytes(const struct conv *conv)
{
	return conv->x.kernel * conv->y.kernel * conv->channels;
}

unsigned int conv_data_banks(const struct hw *hw, const struct conv *conv)
{
	return div_round_up(conv_entries(hw, conv) * conv->y.in, hw->bank_entries);
}

unsigned int conv_weight_banks(const struct hw *hw, const struct conv *conv)
{
	bool all = conv->keep_weights || conv->kernels < hw->atomic_k;
	unsigned int kernels = all ? conv->kernels : hw->atomic_k;

	return div_round_up(kernels * kernel_bytes(conv), hw->bank_entries * hw->entry_bytes);
}

/* Products to add up for an output, in cycles of the MACs. */
static uint64_t steps(const struct hw *hw, const struct conv *conv)
{
	if (conv->is_image)
		return (uint64_t)conv->y.kernel *
		       div_round_up(conv->x.kernel * conv->channels, hw->atomic_c);
	return (uint64_t)conv->y.kernel * conv->x.kernel * div_round_up(conv->channels, hw->atomic_c);
}

uint64_t conv_cycles(const struct hw *hw, const struct conv *conv)
{
	uint64_t positions = (uint64_t)conv->x.out * conv->y.out, each = steps(hw, conv);
	uint64_t groups = div_round_up(conv->kernels, hw->atomic_k);
	uint64_t bytes = (uint64_t)conv_entries(hw, conv) * conv->y.in * hw->entry_bytes +
			 (uint64_t)conv->kernels * kernel_bytes(conv);

	/* Delivery takes a dozen cycles a position, and a stripe is never shorter than eight. */
	return groups * (each > 12 ? each : 12) * (positions < 8 ? 8 : positions) + bytes / 4;
}

unsigned int conv_sum_bits(const struct conv *conv)
{
	unsigned int bits = 13, terms = kernel_bytes(conv);

	/* Products of bytes; their sum grows as the root of how many there are. */
	for (; terms > 3; terms /= 4)
		bits++;
	return bits > conv->truncate ? bits - conv->truncate : 0;
}

bool conv_starts_alone(const struct hw *hw, const struct conv *conv)
{
	return conv->x.out * conv->y.out * div_round_up(conv->kernels, hw->atomic_k) <=
	       hw->cacc_atoms;
}

static bool shape_draw(struct generator *g, const struct conv_wish *wish, struct conv *conv)
{
	struct random *random = &g->random;
	unsigned int width, height;
	bool dilates;

	*conv = (struct conv){ 0 };
	if (wish->in) {
		width = wish->in->width;
		height = wish->in->height;
		conv->channels = wish->in->channels;
	} else {
		width = random_extent(random, 8192);
		height = random_extent(random, 8192);
		conv->channels = random_extent(random, 8192);
	}
	if (wish->image && !image_draw(g, conv))
		return false;
	conv->kernels = wish->kernels ? wish->kernels : random_extent(random, 8192);
	dilates = !wish->image && random_one_in(random, 4);
	return axis_draw(random, width, dilates, &conv->x) &&
	       axis_draw(random, height, dilates, &conv->y);
}

static bool fits(const struct generator *g, const struct conv_wish *wish, uint64_t least,
		 const struct conv *conv)
{
	const struct hw *hw = g->hw;
	unsigned int data = conv_data_banks(hw, conv), weights = conv_weight_banks(hw, conv);
	uint64_t cycles = conv_cycles(hw, conv);

	if (conv->x.out > 8192 || conv->y.out > 8192 || kernel_bytes(conv) > 1 << 18 ||
	    conv_entries(hw, conv) > 1 << 14)
		return false;
	if (conv->is_image && !image_line_legal(hw, conv))
		return false;
	if (wish->data_banks ? data > wish->data_banks : data + weights > hw->banks)
		return false;
	if (wish->weight_banks && weights > wish->weight_banks)
		return false;
	return least <= cycles && cycles <= g->budget;
}

static void choose_banks(struct generator *g, const struct conv_wish *wish, struct conv *conv)
{
	struct random *random = &g->random;
	unsigned int spare;

	conv->data_banks = wish->data_banks ? wish->data_banks : conv_data_banks(g->hw, conv);
	conv->weight_banks = wish->weight_banks ? wish->weight_banks :
			     conv_weight_banks(g->hw, conv);
	spare = g->hw->banks - conv->data_banks - conv->weight_banks;
	if (!wish->weight_banks && random_one_in(random, 2)) {
		unsigned int more = random_below(random, spare + 1);

		conv->weight_banks += more;
		spare -= more;
	}
	if (!wish->data_banks && random_one_in(random, 2))
		conv->data_banks += random_below(random, spare + 1);
}

void conv_place_weights(struct generator *g, bool tidy, struct conv *conv)
{
	uint32_t bytes = conv->kernels * kernel_bytes(conv);
	/* CSC counts whole entries; what is fetched beyond stays for the next convolution. */
	uint32_t unit = tidy || !random_one_in(&g->random, 3) ? g->hw->entry_bytes : WEIGHT_UNIT;

	conv->weight_bytes = div_round_up(bytes, unit) * unit;
	conv->weights = memory_place(&g->memory, conv->weight_bytes, g->hw->atom, false, FILL_ANY);
}

static void convertor_draw(struct random *random, struct conv *conv)
{
	conv->convert = conv->is_image ? !random_one_in(random, 4) : random_one_in(random, 6);
	conv->cvt_offset = (uint16_t)(random_one_in(random, 4) ? (int32_t)random_next(random) :
				      PICK(random, 0, 128, 16, -100));
	conv->cvt_scale = (uint16_t)(random_one_in(random, 4) ? (int32_t)random_next(random) :
				     PICK(random, 1, 1, -1, 100, 200));
	conv->cvt_shift = (unsigned int)PICK(random, 0, 0, 1, 3, 8, 20, 40);
}

bool conv_draw(struct generator *g, const struct conv_wish *wish, struct conv *conv)
{
	struct random *random = &g->random;
	uint64_t least = wish->in ? 0 : generator_least(g);

	for (unsigned int i = 0; i < TRIES; i++) {
		if (!shape_draw(g, wish, conv) || !fits(g, wish, least, conv))
			continue;
		conv->pad_value = (int8_t)random_next(random);
		conv->truncate = random_one_in(random, 3) ? random_below(random, 32) : 0;
		convertor_draw(random, conv);
		choose_banks(g, wish, conv);
		if (conv->is_image)
			image_place(g, conv);
		else
			conv->in = wish->in ? *wish->in :
				   surface_place(&g->memory, g->hw, conv->x.in, conv->y.in,
						 conv->channels, g->hw->atom, false, FILL_ANY);
		/* More lines at once only where they follow each other in memory. */
		if (!conv->is_image && conv->in.line_stride == conv->x.in * g->hw->atom)
			conv->fetch_grain = random_below(random, conv->y.in < 8 ? conv->y.in : 8);
		conv_place_weights(g, wish->tidy, conv);
		return true;
	}
	return false;
}

static uint32_t pair(uint32_t low, uint32_t high)
{
	return low | high << 16;
}

/* A count as the registers have it, one less. */
static uint32_t pair_less(uint32_t low, uint32_t high)
{
	return pair(low - 1, high - 1);
}

static uint32_t misc(const struct conv *conv, bool reuse_data)
{
	return (uint32_t)reuse_data << 16 | (uint32_t)conv->reuse_weights << 20 |
	       (uint32_t)conv->keep_data << 24 | (uint32_t)conv->keep_weights << 28;
}

static uint16_t pad_value(const struct conv *conv)
{
	return (uint16_t)(int16_t)conv->pad_value;
}

static void cacc_set(struct generator *g, const struct conv *conv)
{
	struct script *script = &g->script;
	bool one = conv->x.out == 1 && conv->y.out == 1;
	uint32_t line = conv->x.out * g->hw->atom;

	script_set(script, CACC_D_MISC_CFG, 0);
	script_set(script, CACC_D_DATAOUT_SIZE_0, pair_less(conv->x.out, conv->y.out));
	script_set(script, CACC_D_DATAOUT_SIZE_1, conv->kernels - 1);
	script_set(script, CACC_D_BATCH_NUMBER, 0);
	/* Where SDP writes is SDP's business. */
	script_set_unused(script, CACC_D_DATAOUT_ADDR);
	script_set(script, CACC_D_LINE_STRIDE, line);
	script_set(script, CACC_D_SURF_STRIDE, line * conv->y.out);
	script_set(script, CACC_D_DATAOUT_MAP, one ? 0x10001 : 0);
	script_set(script, CACC_D_CLIP_CFG, conv->truncate);
}

static void csc_set(struct generator *g, const struct conv *conv)
{
	struct script *script = &g->script;
	/* A line of an image's kernel counts as channels. */
	unsigned int across = conv->is_image ? 1 : conv->x.kernel;

	script_set(script, CMAC_A_D_MISC_CFG, 0);
	script_set(script, CMAC_B_D_MISC_CFG, 0);
	script_set(script, CSC_D_MISC_CFG, misc(conv, conv->reuse_data || conv->reuse_lines));
	script_set(script, CSC_D_DATAIN_FORMAT, conv->is_image);
	script_set(script, CSC_D_DATAIN_SIZE_EXT_0, pair_less(conv->x.in, conv->y.in));
	script_set(script, CSC_D_DATAIN_SIZE_EXT_1, conv->channels - 1);
	script_set(script, CSC_D_BATCH_NUMBER, 0);
	script_set(script, CSC_D_POST_Y_EXTENSION, 0);
	script_set(script, CSC_D_ENTRY_PER_SLICE, conv_entries(g->hw, conv) - 1);
	script_set(script, CSC_D_WEIGHT_FORMAT, 0);
	script_set(script, CSC_D_WEIGHT_SIZE_EXT_0, pair_less(across, conv->y.kernel));
	script_set(script, CSC_D_WEIGHT_SIZE_EXT_1,
		   pair_less(kernel_bytes(conv) / across / conv->y.kernel, conv->kernels));
	script_set(script, CSC_D_WEIGHT_BYTES, conv->weight_bytes);
	script_set_unused(script, CSC_D_WMB_BYTES);
	script_set(script, CSC_D_DATAOUT_SIZE_0, pair_less(conv->x.out, conv->y.out));
	script_set(script, CSC_D_DATAOUT_SIZE_1, conv->kernels - 1);
	script_set(script, CSC_D_ATOMICS, conv->x.out * conv->y.out - 1);
	script_set(script, CSC_D_RELEASE, conv->y.in - conv->keep_lines - 1);
	script_set(script, CSC_D_CONV_STRIDE_EXT, pair_less(conv->x.stride, conv->y.stride));
	script_set(script, CSC_D_DILATION_EXT, pair_less(conv->x.dilation, conv->y.dilation));
	script_set(script, CSC_D_ZERO_PADDING, pair(conv->x.before, conv->y.before));
	script_set(script, CSC_D_ZERO_PADDING_VALUE, pad_value(conv));
	script_set(script, CSC_D_BANK, pair_less(conv->data_banks, conv->weight_banks));
	script_set(script, CSC_D_PRA_CFG, 0);
}

/* Both strides those of a cube without gaps: bits that let CDMA join lines and surfaces. */
static uint32_t datain_map(const struct hw *hw, const struct surface *in)
{
	uint32_t line = in->width * hw->atom;

	if (in->line_stride != line)
		return 0;
	return in->surface_stride == line * in->height ? 0x10001 : 1;
}

static void cdma_set_input(struct generator *g, const struct conv *conv)
{
	struct script *script = &g->script;
	const struct image *image = &conv->image;

	if (!conv->is_image) {
		script_set(script, CDMA_D_DATAIN_FORMAT, 0);
		script_set(script, CDMA_D_DAIN_ADDR_LOW_0,
			   conv->in.addr + conv->reuse_lines * conv->in.line_stride);
		script_set(script, CDMA_D_LINE_STRIDE, conv->in.line_stride);
		script_set(script, CDMA_D_SURF_STRIDE, conv->in.surface_stride);
		script_set(script, CDMA_D_DAIN_MAP, datain_map(g->hw, &conv->in));
		script_set_unused(script, CDMA_D_DAIN_ADDR_LOW_1);
		script_set_unused(script, CDMA_D_LINE_UV_STRIDE);
		script_set_unused(script, CDMA_D_PIXEL_OFFSET);
		script_set(script, CDMA_D_MEAN_FORMAT, 0);
		return;
	}
	script_set(script, CDMA_D_DATAIN_FORMAT,
		   1 | image->format << 8 | (uint32_t)image->sign_override << 20);
	script_set(script, CDMA_D_DAIN_ADDR_LOW_0,
		   image->addr[0] + conv->reuse_lines * image->line_stride[0]);
	script_set(script, CDMA_D_LINE_STRIDE, image->line_stride[0]);
	script_set(script, CDMA_D_SURF_STRIDE, 0);
	script_set(script, CDMA_D_DAIN_MAP, 0);
	script_set(script, CDMA_D_PIXEL_OFFSET, image->x_offset);
	if (image->planes == 2) {
		script_set(script, CDMA_D_DAIN_ADDR_LOW_1,
			   image->addr[1] + conv->reuse_lines * image->line_stride[1]);
		script_set(script, CDMA_D_DAIN_ADDR_HIGH_1, 0);
		script_set(script, CDMA_D_LINE_UV_STRIDE, image->line_stride[1]);
	}
	script_set(script, CDMA_D_MEAN_FORMAT, image->mean);
	script_set(script, CDMA_D_MEAN_GLOBAL_0, pair(image->means[0], image->means[1]));
	script_set(script, CDMA_D_MEAN_GLOBAL_1, pair(image->means[2], image->means[3]));
}

static void cdma_set(struct generator *g, const struct conv *conv)
{
	struct script *script = &g->script;
	unsigned int lines = conv->y.in - conv->reuse_lines;

	cdma_set_input(g, conv);
	script_set(script, CDMA_D_MISC_CFG, misc(conv, conv->reuse_data));
	script_set(script, CDMA_D_DATAIN_SIZE_0, pair_less(conv->x.in, lines));
	script_set(script, CDMA_D_DATAIN_SIZE_1, conv->channels - 1);
	script_set(script, CDMA_D_DATAIN_SIZE_EXT_0, pair_less(conv->x.in, lines));
	script_set(script, CDMA_D_DAIN_RAM_TYPE, 1);
	script_set(script, CDMA_D_DAIN_ADDR_HIGH_0, 0);
	script_set(script, CDMA_D_BATCH_NUMBER, 0);
	script_set_unused(script, CDMA_D_BATCH_STRIDE);
	script_set(script, CDMA_D_RESERVED_X_CFG, 0);
	script_set(script, CDMA_D_RESERVED_Y_CFG, 0);
	script_set(script, CDMA_D_ENTRY_PER_SLICE, conv_entries(g->hw, conv) - 1);
	script_set(script, CDMA_D_FETCH_GRAIN, conv->fetch_grain);
	script_set(script, CDMA_D_WEIGHT_FORMAT, 0);
	script_set(script, CDMA_D_WEIGHT_SIZE_0, kernel_bytes(conv) - 1);
	script_set(script, CDMA_D_WEIGHT_SIZE_1, conv->kernels - 1);
	script_set(script, CDMA_D_WEIGHT_RAM_TYPE, 1);
	script_set(script, CDMA_D_WEIGHT_ADDR_HIGH, 0);
	script_set(script, CDMA_D_WEIGHT_ADDR_LOW, conv->weights);
	script_set(script, CDMA_D_WEIGHT_BYTES, conv->weight_bytes);
	script_set_unused(script, CDMA_D_WGS_ADDR_LOW);
	script_set_unused(script, CDMA_D_WMB_ADDR_LOW);
	script_set(script, CDMA_D_CVT_CFG, conv->convert | conv->cvt_shift << 4);
	script_set(script, CDMA_D_CVT_OFFSET, conv->cvt_offset);
	script_set(script, CDMA_D_CVT_SCALE, conv->cvt_scale);
	script_set(script, CDMA_D_CONV_STRIDE, pair_less(conv->x.stride, conv->y.stride));
	script_set(script, CDMA_D_ZERO_PADDING,
		   pair(conv->x.before | conv->x.after << 8, conv->y.before | conv->y.after << 8));
	script_set(script, CDMA_D_ZERO_PADDING_VALUE, pad_value(conv));
	script_set(script, CDMA_D_BANK, pair_less(conv->data_banks, conv->weight_banks));
}

void conv_set(struct generator *g, const struct conv *conv)
{
	cacc_set(g, conv);
	csc_set(g, conv);
	cdma_set(g, conv);
}

void conv_describe(struct generator *g, const struct conv *conv)
{
	script_comment(&g->script,
		       "convolution: %ux%ux%u %s%u, %u kernels of %ux%u, stride %u,%u, dilation %u,%u, "
		       "padding %u,%u,%u,%u, to %ux%u; banks %u+%u%s%s%s%s, lines kept %u, reused %u",
		       conv->x.in, conv->y.in, conv->channels,
		       conv->is_image ? "pixels of format " : "features, convertor ",
		       conv->is_image ? conv->image.format : conv->convert, conv->kernels,
		       conv->x.kernel, conv->y.kernel, conv->x.stride, conv->y.stride,
		       conv->x.dilation, conv->y.dilation, conv->x.before, conv->y.before,
		       conv->x.after, conv->y.after, conv->x.out, conv->y.out, conv->data_banks,
		       conv->weight_banks, conv->keep_data ? ", keeps data" : "",
		       conv->keep_weights ? ", keeps weights" : "",
		       conv->reuse_data ? ", reuses data" : "",
		       conv->reuse_weights ? ", reuses weights" : "", conv->keep_lines,
		       conv->reuse_lines);
}
