// SPDX-License-Identifier: MIT
/*
 * Convolutions in all configurations against sums over plain arrays: where channels, kernels and
 * entries of the convolution buffer begin depends on the widths, the sums do not.
 */
#include "config.h"
#include "emu_operations.h"

#define IN 0x10000u
#define WEIGHTS 0x40000u
#define OUT 0x80000u
#define SHIFT 7

#define WIDTH_MAX 9
#define HEIGHT 3
#define CHANNELS_MAX 200
#define KERNELS_MAX 40
#define TAPS 2		/* each way */

struct tensors {
	int8_t in[HEIGHT][WIDTH_MAX][CHANNELS_MAX];
	int8_t weights[KERNELS_MAX][TAPS][TAPS][CHANNELS_MAX];
};

static uint32_t round_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Entries of a line: whole ones for atomic_c channels, shared ones for a half or a quarter left. */
static uint32_t line_entries(const struct nvdla_config *config, const struct conv_case *c)
{
	uint32_t whole = c->channels / config->atomic_c * c->width;
	uint32_t left = round_up(c->channels % config->atomic_c, config->atom);

	if (c->image)
		return round_up(c->width * c->channels, config->cbuf_entry_bytes) /
		       config->cbuf_entry_bytes;
	if (!left)
		return whole;
	if (left * 4 <= config->atomic_c)
		return whole + (c->width + 3) / 4;
	return whole + (left * 2 <= config->atomic_c ? (c->width + 1) / 2 : c->width);
}

static void put_features(struct device *device, const struct nvdla_config *config,
			 const struct conv_case *c, const struct tensors *t)
{
	uint32_t atom = config->atom, surface = c->width * c->height * atom;

	/* What lies in spare lanes does not matter. */
	memset(device->ram + IN, 0x5a, round_up(c->channels, atom) * c->width * c->height);
	for (uint32_t y = 0; y < c->height; y++) {
		for (uint32_t x = 0; x < c->width; x++) {
			for (uint32_t k = 0; k < c->channels; k++)
				device->ram[IN + k / atom * surface + (y * c->width + x) * atom +
					    k % atom] = (uint8_t)t->in[y][x][k];
		}
	}
}

static void put_pixels(struct device *device, const struct conv_case *c, const struct tensors *t)
{
	for (uint32_t y = 0; y < c->height; y++) {
		for (uint32_t x = 0; x < c->width; x++) {
			for (uint32_t k = 0; k < c->channels; k++)
				device->ram[IN + y * image_stride(c) + x * c->channels + k] =
					(uint8_t)t->in[y][x][k];
		}
	}
}

/* Kernel group, block of channels, tap, kernel, channel; a line of an image's kernel is one tap. */
static void put_weights(struct device *device, const struct nvdla_config *config,
			const struct conv_case *c, const struct tensors *t)
{
	uint32_t channels = c->image ? c->s * c->channels : c->channels, taps = c->image ? 1 : c->s;
	uint8_t *to = device->ram + WEIGHTS;

	for (uint32_t group = 0; group < c->kernels; group += config->atomic_k) {
		for (uint32_t block = 0; block < channels; block += config->atomic_c) {
			for (uint32_t tap = 0; tap < c->r * taps; tap++) {
				for (uint32_t k = group;
				     k < c->kernels && k < group + config->atomic_k; k++) {
					for (uint32_t n = block;
					     n < channels && n < block + config->atomic_c; n++) {
						uint32_t s = c->image ? n / c->channels :
							     tap % taps;

						*to++ = (uint8_t)t->weights[k][tap / taps][s]
									   [n % c->channels];
					}
				}
			}
		}
	}
}

/* What differs from nv_small, for which the registers were written. */
static void program(struct device *device, const struct nvdla_config *config,
		    const struct conv_case *c)
{
	uint32_t ow = conv_out_width(c), oh = conv_out_height(c);
	uint32_t bank = config->cbuf_bank_entries * config->cbuf_entry_bytes;
	uint32_t kernels = c->kernels < config->atomic_k ? c->kernels : config->atomic_k;
	uint32_t entries = line_entries(config, c);
	uint32_t banks = (entries * c->height + config->cbuf_bank_entries - 1) /
			 config->cbuf_bank_entries - 1;
	uint32_t weight_bytes = round_up(kernel_bytes(c) * c->kernels, config->cbuf_entry_bytes);

	banks |= kernel_bytes(c) * kernels / bank << 16;
	conv_program(device, c);
	put(device, CDMA + CDMA_D_ENTRY_PER_SLICE, entries - 1);
	put(device, CSC + CSC_D_ENTRY_PER_SLICE, entries - 1);
	put(device, CDMA + CDMA_D_BANK, banks);
	put(device, CSC + CSC_D_BANK, banks);
	put(device, CDMA + CDMA_D_WEIGHT_BYTES, weight_bytes);
	put(device, CSC + CSC_D_WEIGHT_BYTES, weight_bytes);
	if (!c->image) {
		put(device, CDMA + CDMA_D_LINE_STRIDE, c->width * config->atom);
		put(device, CDMA + CDMA_D_SURF_STRIDE, c->width * c->height * config->atom);
	}
	put(device, SDP + SDP_D_DST_LINE_STRIDE, ow * config->atom);
	put(device, SDP + SDP_D_DST_SURFACE_STRIDE, ow * oh * config->atom);
	put(device, SDP + SDP_D_CVT_SHIFT, SHIFT);
}

static int8_t expected(const struct conv_case *c, const struct tensors *t, uint32_t x, uint32_t y,
		       uint32_t kernel)
{
	long sum = 0, half = 1 << (SHIFT - 1), value;

	for (uint32_t r = 0; r < c->r; r++) {
		for (uint32_t s = 0; s < c->s; s++) {
			for (uint32_t k = 0; k < c->channels; k++)
				sum += t->in[y + r][x + s][k] * t->weights[kernel][r][s][k];
		}
	}
	value = sum < 0 ? -((-sum + half) >> SHIFT) : (sum + half) >> SHIFT;
	return (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
}

static void check(struct device *device, const struct nvdla_config *config,
		  const struct conv_case *c, const struct tensors *t)
{
	uint32_t ow = conv_out_width(c), oh = conv_out_height(c), atom = config->atom;

	for (uint32_t k = 0; k < c->kernels; k++) {
		for (uint32_t y = 0; y < oh; y++) {
			for (uint32_t x = 0; x < ow; x++)
				assert_int_equal((int8_t)device->ram[OUT + k / atom * ow * oh * atom +
								     (y * ow + x) * atom + k % atom],
						 expected(c, t, x, y, k));
		}
	}
}

static void convolve(const struct nvdla_config *config, const struct conv_case *c,
		     const struct tensors *t)
{
	struct device *device = device_new_as(config->name, 0);

	if (c->image)
		put_pixels(device, c, t);
	else
		put_features(device, config, c, t);
	put_weights(device, config, c, t);
	program(device, config, c);
	conv_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	check(device, config, c, t);
	device_free(device);
}

static void fill(struct tensors *t)
{
	uint64_t seed = 1;

	for (size_t i = 0; i < sizeof(*t); i++)
		((int8_t *)t)[i] = (int8_t)next_random(&seed);
}

static void each_configuration(const struct conv_case *c)
{
	static struct tensors tensors;
	const struct nvdla_config *config;
	char reason[256];

	fill(&tensors);
	for (size_t i = 0; (config = emu_config_row(i)); i++) {
		if (emu_config_find(config->name, reason, sizeof(reason)))
			convolve(config, c, &tensors);
	}
}

static struct conv_case features(uint32_t width, uint32_t channels, uint32_t kernels)
{
	return (struct conv_case){
		.width = width, .height = HEIGHT, .channels = channels, .kernels = kernels,
		.r = TAPS, .s = TAPS, .x_stride = 1, .y_stride = 1, .x_dilation = 1,
		.y_dilation = 1, .in = IN, .weights = WEIGHTS, .out = OUT,
	};
}

/* From less than an atom to more than the widest MAC cell takes; all that can be left over. */
static void test_channels(void **state)
{
	static const uint32_t channels[] = { 1, 8, 9, 16, 17, 24, 31, 32, 33, 40, 48, 57, 64, 65,
					     96, 97, 130, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
		struct conv_case c = features(7, channels[i], 5);

		each_configuration(&c);
	}
}

/* Positions that share an entry: the last one may be alone in its. */
static void test_line_widths(void **state)
{
	(void)state;
	for (uint32_t width = TAPS; width <= WIDTH_MAX; width++) {
		struct conv_case one = features(width, 5, 3), two = features(width, 75, 3);

		each_configuration(&one);
		each_configuration(&two);
	}
}

static void test_kernels(void **state)
{
	static const uint32_t kernels[] = { 1, 8, 9, 16, 17, 32, 33, 40 };

	(void)state;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct conv_case c = features(5, 12, kernels[i]);

		each_configuration(&c);
	}
}

static void test_images(void **state)
{
	struct conv_case c = features(WIDTH_MAX, 4, 10);

	(void)state;
	c.image = 1;
	c.pixel_format = 12;
	each_configuration(&c);
	c.channels = 1;
	c.pixel_format = 0;
	each_configuration(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_line_widths),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
