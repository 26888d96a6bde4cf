// SPDX-License-Identifier: MIT
/* Every set of instructions that this processor has against the plain formula, to the bit. */
#include "conv.h"
#include "emu_device.h"
#include "mac.h"

static uint64_t seed = 1;

static uint32_t below(uint32_t limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % limit;
}

static int8_t random_byte(void)
{
	return (int8_t)(below(256) - 128);
}

/* A convolution with its operands, as CDMA would have left them. */
struct operation {
	struct nvdla_config config;
	struct conv conv;
	struct nvdla_emu emu;
	int8_t *weights;
	size_t weights_bytes;
};

static unsigned int round_up(unsigned int value, unsigned int to)
{
	return (value + to - 1) / to * to;
}

static void fill_with(int8_t *bytes, size_t count, int value)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = value ? (int8_t)value : random_byte();
}

/* value is that of all input and all weights; 0 for random ones. */
static struct operation *operation_new(struct nvdla_config config, struct conv conv, int value)
{
	struct operation *o = calloc(1, sizeof(*o));
	size_t data, weights = (size_t)conv.kernels * conv.channels * conv.r * conv.s;

	assert_non_null(o);
	/* An atom fills an entry, so that positions never share one. */
	config.atom = config.atomic_c;
	config.cbuf_entry_bytes = config.atomic_c;
	conv.blocks = (conv.channels + config.atomic_c - 1) / config.atomic_c;
	conv.steps = conv.blocks * conv.r * conv.s;
	conv.entries = conv.blocks * conv.width;
	if (conv.image)
		conv.entries = round_up((conv.out_width - 1) * conv.x_stride * conv.pixel_bytes +
					conv.channels, config.atomic_c) / config.atomic_c;
	conv.line_entries = conv.entries;
	data = (size_t)conv.entries * config.cbuf_entry_bytes * conv.height;
	o->config = config;
	o->conv = conv;
	o->emu.config = &o->config;
	o->conv.lines = malloc(data);
	o->weights_bytes = weights;
	o->weights = malloc(weights);
	assert_non_null(o->conv.lines);
	assert_non_null(o->weights);
	fill_with(o->conv.lines, data, value);
	fill_with(o->weights, weights, value);
	return o;
}

static void operation_free(struct operation *o)
{
	free(o->conv.lines);
	free(o->weights);
	free(o);
}

static int input_at(const struct operation *o, int x, int y, unsigned int ox, unsigned int channel)
{
	const struct conv *c = &o->conv;
	const int8_t *line = o->conv.lines + (size_t)y * c->entries * o->config.cbuf_entry_bytes;
	unsigned int block = channel / o->config.atomic_c;

	if (c->image)
		return y < 0 || y >= (int)c->height ? c->pad_value :
		       line[ox * c->x_stride * c->pixel_bytes + channel];
	if (x < 0 || x >= (int)c->width || y < 0 || y >= (int)c->height)
		return c->pad_value;
	return line[(block * c->width + (unsigned int)x) * o->config.atomic_c +
		    channel % o->config.atomic_c];
}

/* Where a weight lies: groups of kernels, blocks of channels, taps, kernels, channels. */
static int weight_at(const struct operation *o, unsigned int k, unsigned int tap,
		     unsigned int channel)
{
	const struct conv *c = &o->conv;
	unsigned int lanes = o->config.atomic_k, step = o->config.atomic_c, taps = c->r * c->s;
	unsigned int first = k / lanes * lanes, start = channel / step * step;
	unsigned int group = c->kernels - first < lanes ? c->kernels - first : lanes;
	unsigned int block = c->channels - start < step ? c->channels - start : step;
	size_t at = (size_t)first * taps * c->channels + (size_t)group * taps * start +
		    ((size_t)tap * group + k % lanes) * block + channel % step;

	return o->weights[at];
}

static int64_t formula(const struct operation *o, unsigned int ox, unsigned int oy, unsigned int k)
{
	const struct conv *c = &o->conv;
	int64_t sum = 0;

	if (k >= c->kernels)
		return 0;
	for (unsigned int tap = 0; tap < c->r * c->s; tap++) {
		int x = (int)(ox * c->x_stride + tap % c->s * c->x_dilation) - (int)c->pad_left;
		int y = (int)(oy * c->y_stride + tap / c->s * c->y_dilation) - (int)c->pad_top;

		for (unsigned int n = 0; n < c->channels; n++)
			sum += input_at(o, x, y, ox, n) * weight_at(o, k, tap, n);
	}
	return sum >> c->truncate;
}

static const struct simd *need(const char *name)
{
	const struct simd *simd = simd_find(name);

	if (!simd)
		skip();
	return simd;
}

static void compare(struct operation *o, const struct simd *simd)
{
	unsigned int lanes = o->config.atomic_k;
	size_t plane = (size_t)o->conv.positions * lanes;
	int32_t *sums = malloc(plane * sizeof(*sums)), *at;
	struct sums taken = { 0 };
	struct mac *mac;

	o->emu.simd = simd;
	mac = mac_new(&o->emu, &o->conv);
	assert_non_null(mac);
	assert_non_null(sums);
	mac_load_lines(mac, &o->emu, &o->conv);
	memcpy(mac_weights(mac, 0), o->weights, o->weights_bytes);
	for (unsigned int group = 0; group * lanes < o->conv.kernels; group++) {
		mac_begin(mac, group);
		assert_true(sums_add(&taken, mac, group, 0, plane / lanes));
		assert_true(sums_read(&taken, plane / lanes, sums));
		at = sums;
		for (unsigned int y = 0; y < o->conv.positions / o->conv.out_width; y++)
			for (unsigned int x = 0; x < o->conv.out_width; x++)
				for (unsigned int k = 0; k < lanes; k++)
					assert_int_equal(*at++,
							 formula(o, x, y, group * lanes + k));
	}
	sums_drop(&taken);
	mac_unref(mac);
	free(sums);
}

static unsigned int outputs(unsigned int in, unsigned int pads, unsigned int kernel,
			    unsigned int dilation, unsigned int stride)
{
	unsigned int reach = (kernel - 1) * dilation + 1;

	return in + pads < reach ? 1 : (in + pads - reach) / stride + 1;
}

static struct conv random_conv(void)
{
	struct conv c = {
		.image = !below(4),
		.width = below(24) + 1,
		.height = below(6) + 1,
		.pixel_bytes = below(2) ? 4 : 1,
		.kernels = below(40) + 1,
		.channels = below(80) + 1,
		.r = below(4) + 1,
		.s = below(4) + 1,
		.x_stride = below(3) + 1,
		.y_stride = below(3) + 1,
		.x_dilation = below(3) + 1,
		.y_dilation = below(3) + 1,
		.pad_left = below(5),
		.pad_top = below(3),
		.pad_value = random_byte(),
		.rows = 1,
	};

	if (c.image) {
		c.s = c.x_dilation = c.y_dilation = 1;
		c.pad_left = 0;
	}
	/* Right and below a little more than the input is padding. */
	c.out_width = outputs(c.width, c.pad_left + below(9), c.s, c.x_dilation, c.x_stride);
	c.positions = (size_t)c.out_width * outputs(c.height, c.pad_top + below(4), c.r,
						    c.y_dilation, c.y_stride);
	return c;
}

static void random_shapes(void **state)
{
	static const struct nvdla_config configs[] = {
		{ .atomic_c = 8, .atomic_k = 8 },
		{ .atomic_c = 8, .atomic_k = 8 },
		{ .atomic_c = 32, .atomic_k = 8 },
		{ .atomic_c = 64, .atomic_k = 32 },
	};
	const struct simd *simd = need(*state);

	for (unsigned int i = 0; i < 150; i++) {
		struct operation *o = operation_new(configs[below(4)], random_conv(), 0);

		compare(o, simd);
		operation_free(o);
	}
}

/* The longest kernel of nv_small, all of it the product of the largest magnitude. */
static void largest_sum(void **state)
{
	const struct simd *simd = need(*state);
	static const struct nvdla_config config = { .atomic_c = 8, .atomic_k = 8 };
	const struct conv conv = {
		.width = 31, .height = 32, .kernels = 1, .channels = 128, .r = 32, .s = 31,
		.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1,
		.out_width = 1, .positions = 1, .rows = 1,
	};
	struct operation *o = operation_new(config, conv, -128);

	assert_int_equal(formula(o, 0, 0, 0), INT64_C(126976) << 14);
	compare(o, simd);
	operation_free(o);
}

/* Of nv_large, where a sum takes more than 32 bits before it is shifted. */
static void wider_than_32_bits(void **state)
{
	const struct simd *simd = need(*state);
	static const struct nvdla_config config = { .atomic_c = 64, .atomic_k = 32 };
	const struct conv conv = {
		.width = 32, .height = 30, .kernels = 1, .channels = 512, .r = 30, .s = 32,
		.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1,
		.out_width = 1, .positions = 1, .rows = 1, .truncate = 2,
	};
	struct operation *o = operation_new(config, conv, -128);

	assert_int_equal(formula(o, 0, 0, 0), INT64_C(491520) << 12);
	compare(o, simd);
	operation_free(o);
}

/* A line so long that its padded copy is made in parts. */
static void long_line(void **state)
{
	const struct simd *simd = need(*state);
	static const struct nvdla_config config = { .atomic_c = 8, .atomic_k = 8 };
	const struct conv conv = {
		.width = 8, .height = 2, .kernels = 3, .channels = 16, .r = 3, .s = 2,
		.x_stride = 8, .y_stride = 1, .x_dilation = 31, .y_dilation = 1, .pad_left = 31,
		.pad_top = 1, .pad_value = -77, .out_width = 3000, .positions = 6000, .rows = 1,
	};
	struct operation *o = operation_new(config, conv, 0);

	compare(o, simd);
	operation_free(o);
}

#define SDP_IN 0x0u
#define SDP_OPERANDS 0x4000u
#define SDP_OUT 0x10000u

/* Registers of an X unit and of its reader, as offsets from the first unit's. */
static void random_x(struct device *device, uint32_t unit, uint32_t cfg, uint32_t reader)
{
	unsigned int shift = below(64);
	uint32_t alu_memory = below(2), mul_memory = below(2), bypass = below(4) ? 0 : below(128);
	bool alu = alu_memory && !(bypass & 3), mul = mul_memory && !(bypass & 0x11);
	uint32_t use = alu && mul ? 2 : alu ? 1 : 0;

	/* Mostly addition, as PReLU and the other algorithms of the ALU have no other path. */
	put(device, SDP + unit, bypass | (below(4) ? 2 : below(4)) << 2 | (below(8) ? 0 : 0x20) |
	    below(2) << 6);
	put(device, SDP + unit + 4, alu_memory | below(64) << 8);
	put(device, SDP + unit + 8, below(65536));
	put(device, SDP + unit + 12, mul_memory | (below(4) ? below(20) : shift) << 8);
	put(device, SDP + unit + 16, below(65536));
	put(device, SDP_RDMA + cfg,
	    alu || mul ? 0x20 | use << 1 | below(2) << 3 | below(2) << 4 : 1);
	put(device, SDP_RDMA + reader, SDP_OPERANDS + unit * 128);
	put(device, SDP_RDMA + reader + 8, 32 * ATOM);
	put(device, SDP_RDMA + reader + 12, 32 * ATOM * 8);
}

static struct device *sdp_device(const char *simd)
{
	const struct nvdla_emu_params params = { .config = "nv_small", .simd = simd };
	struct device *device = device_new_with(params);

	for (size_t i = 0; i < SDP_OUT; i += 4)
		memcpy(device->ram + i, &(uint32_t){ next_random(&seed) }, 4);
	return device;
}

static struct device *random_sdp(const char *simd, uint64_t number)
{
	struct device *device;

	seed = number;
	device = sdp_device(simd);
	sdp_identity(device, SDP_IN, SDP_OUT, below(9) + 1, below(4) + 1, below(24) + 1);
	random_x(device, SDP_D_DP_BS_CFG, SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_BASE_ADDR_LOW);
	random_x(device, SDP_D_DP_BN_CFG, SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_BASE_ADDR_LOW);
	put(device, SDP + SDP_D_CVT_OFFSET, below(2) ? below(256) - 128 : below(65536) * 0x10001u);
	put(device, SDP + SDP_D_CVT_SCALE, below(65536));
	put(device, SDP + SDP_D_CVT_SHIFT, below(2) ? below(64) : 45 + below(4));
	put(device, SDP + SDP_D_PERF_ENABLE, 4);
	sdp_enable(device);
	device_settle(device);
	return device;
}

/* Programmed at random, SDP gives the same results and counts as many clipped values. */
static void random_sdp_operations(void **state)
{
	uint64_t clipped = 0;

	need(*state);
	for (uint64_t i = 0; i < 400; i++) {
		struct device *expected = random_sdp("plain", i), *device = random_sdp(*state, i);

		assert_null(nvdla_emu_hang_reason(expected->emu));
		assert_memory_equal(device->ram, expected->ram, DEVICE_RAM);
		assert_int_equal(device_stats(device).saturations,
				 device_stats(expected).saturations);
		assert_int_equal(get(device, SDP + SDP_D_PERF_OUT_SATURATION),
				 get(expected, SDP + SDP_D_PERF_OUT_SATURATION));
		clipped += device_stats(device).saturations;
		device_free(device);
		device_free(expected);
	}
	assert_true(clipped > 0);
}

static void unknown_name(void **state)
{
	(void)state;
	assert_null(simd_find("abacus"));
	assert_string_equal(simd_find("plain")->name, "plain");
	assert_non_null(simd_find(NULL));
}

#ifdef __x86_64__
#define OTHER "avx2"
#else
#define OTHER "neon"
#endif

#define FOR_ALL(test) \
	{ #test ", plain", test, NULL, NULL, "plain" }, \
	{ #test ", " OTHER, test, NULL, NULL, OTHER }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_name),
		FOR_ALL(random_shapes),
		FOR_ALL(largest_sum),
		FOR_ALL(wider_than_32_bits),
		FOR_ALL(long_line),
		{ "random_sdp_operations, " OTHER, random_sdp_operations, NULL, NULL, OTHER },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
