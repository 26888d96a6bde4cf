// SPDX-License-Identifier: MIT
/* Convolutions on the emulator against the plain formula over logical tensors. */
#include "emu_operations.h"

#define IN 0x1000u
#define WEIGHTS 0x20000u
#define OUT 0x40000u

#define MAX_SIDE 16
#define MAX_CHANNELS 40

/* Logical tensors: [y][x][c] and [k][r][s][c]. */
struct tensors {
	int8_t in[MAX_SIDE][MAX_SIDE][MAX_CHANNELS];
	int8_t weights[MAX_CHANNELS][5][5][MAX_CHANNELS];
};

static void randomise(struct tensors *tensors, uint64_t seed)
{
	int8_t *bytes = (int8_t *)tensors;

	for (size_t i = 0; i < sizeof(*tensors); i++)
		bytes[i] = (int8_t)next_random(&seed);
}

/* Spare lanes and what is between the tensors hold rubbish. */
static void poison(struct device *device)
{
	uint64_t seed = 99;

	for (size_t i = 0; i < DEVICE_RAM; i++)
		device->ram[i] = (uint8_t)next_random(&seed);
}

static size_t feature_offset(unsigned int width, unsigned int height, unsigned int x,
			     unsigned int y, unsigned int c)
{
	return ((size_t)(c / ATOM * height + y) * width + x) * ATOM + c % ATOM;
}

static void store_features(struct device *device, const struct conv_case *c,
			   const struct tensors *tensors)
{
	for (unsigned int y = 0; y < c->height; y++)
		for (unsigned int x = 0; x < c->width; x++)
			for (unsigned int k = 0; k < c->channels; k++)
				device->ram[c->in + feature_offset(c->width, c->height, x, y, k)] =
					(uint8_t)tensors->in[y][x][k];
}

/* Bytes of a pixel in memory are in the order of the format; channels are R, G, B, A. */
static void store_image(struct device *device, const struct conv_case *c,
			const struct tensors *tensors, const unsigned char *order)
{
	for (unsigned int y = 0; y < c->height; y++)
		for (unsigned int x = 0; x < c->width; x++)
			for (unsigned int k = 0; k < c->channels; k++)
				device->ram[c->in + y * image_stride(c) + x * c->channels +
					    order[k]] =
					(uint8_t)(tensors->in[y][x][k] + (c->convert ? 128 : 0));
}

/* Groups of 8 kernels; in a group blocks of 8 channels, rows, columns, kernels, channels. */
static void store_weights(struct device *device, const struct conv_case *c,
			  const struct tensors *tensors)
{
	uint8_t *to = device->ram + c->weights;

	for (unsigned int group = 0; group < c->kernels; group += 8)
		for (unsigned int block = 0; block < c->channels; block += 8)
			for (unsigned int r = 0; r < c->r; r++)
				for (unsigned int s = 0; s < c->s; s++)
					for (unsigned int k = group; k < group + 8 && k < c->kernels; k++)
						for (unsigned int n = block; n < block + 8 && n < c->channels; n++)
							*to++ = (uint8_t)tensors->weights[k][r][s][n];
}

/* Of an image a line of the kernel, all columns and channels, is what is cut into blocks. */
static void store_image_weights(struct device *device, const struct conv_case *c,
				const struct tensors *tensors)
{
	uint8_t *to = device->ram + c->weights;
	unsigned int line = c->s * c->channels;

	for (unsigned int group = 0; group < c->kernels; group += 8)
		for (unsigned int block = 0; block < line; block += 8)
			for (unsigned int r = 0; r < c->r; r++)
				for (unsigned int k = group; k < group + 8 && k < c->kernels; k++)
					for (unsigned int n = block; n < block + 8 && n < line; n++)
						*to++ = (uint8_t)tensors->weights[k][r][n / c->channels][n % c->channels];
}

static int64_t sum_at(const struct conv_case *c, const struct tensors *tensors, unsigned int ox,
		      unsigned int oy, unsigned int k)
{
	int64_t sum = 0;

	for (unsigned int r = 0; r < c->r; r++)
		for (unsigned int s = 0; s < c->s; s++) {
			int x = (int)(ox * c->x_stride + s * c->x_dilation) - (int)c->left;
			int y = (int)(oy * c->y_stride + r * c->y_dilation) - (int)c->top;
			int inside = x >= 0 && y >= 0 && x < (int)c->width && y < (int)c->height;

			for (unsigned int n = 0; n < c->channels; n++)
				sum += (inside ? tensors->in[y][x][n] : c->pad_value) *
				       tensors->weights[k][r][s][n];
		}
	return sum;
}

static int8_t clip(double value)
{
	return (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
}

/* Away from zero at a half, by another way than the emulator's. */
static double round_half_away(double value)
{
	double magnitude = value < 0 ? -value : value;

	magnitude = (double)(int64_t)(magnitude + 0.5);
	return value < 0 ? -magnitude : magnitude;
}

static void expect(struct device *device, const struct conv_case *c, const struct tensors *tensors)
{
	unsigned int ow = conv_out_width(c), oh = conv_out_height(c);

	assert_null(nvdla_emu_hang_reason(device->emu));
	for (unsigned int k = 0; k < c->kernels; k++)
		for (unsigned int y = 0; y < oh; y++)
			for (unsigned int x = 0; x < ow; x++) {
				double sum = (double)sum_at(c, tensors, x, y, k) / (1 << c->truncate);

				assert_int_equal((int8_t)device->ram[c->out + feature_offset(ow, oh, x, y, k)],
						 clip(round_half_away(sum)));
			}
	/* Lanes of kernels that do not exist get what comes of a zero. */
	for (unsigned int k = c->kernels; k % ATOM; k++)
		assert_int_equal(device->ram[c->out + feature_offset(ow, oh, 0, 0, k)], 0);
}

static void run_case(struct conv_case c, const unsigned char *order)
{
	struct device *device = device_new(0);
	struct tensors *tensors = malloc(sizeof(*tensors));

	assert_non_null(tensors);
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	randomise(tensors, 7);
	poison(device);
	if (c.image) {
		store_image(device, &c, tensors, order);
		store_image_weights(device, &c, tensors);
	} else {
		store_features(device, &c, tensors);
		store_weights(device, &c, tensors);
	}
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	expect(device, &c, tensors);
	free(tensors);
	device_free(device);
}

static const struct conv_case base = {
	.width = 9, .height = 7, .channels = 13, .kernels = 11, .r = 3, .s = 3,
	.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1,
	.left = 1, .top = 1, .right = 1, .bottom = 1, .pad_value = -7, .truncate = 9,
};

static void test_direct(void **state)
{
	struct conv_case c = base;

	(void)state;
	run_case(c, NULL);
	c.x_stride = 2;
	c.y_stride = 3;
	run_case(c, NULL);
	c.x_dilation = 2;
	c.y_dilation = 2;
	c.left = 2;
	run_case(c, NULL);
	c = base;
	c.width = 1;
	c.height = 1;
	c.r = 1;
	c.s = 1;
	c.left = c.right = c.top = c.bottom = 0;
	c.channels = 40;
	run_case(c, NULL);
	/* No truncation: nearly everything saturates; beyond 16 bits: nearly nothing is left. */
	c = base;
	c.truncate = 0;
	run_case(c, NULL);
	c.truncate = 15;
	run_case(c, NULL);
}

static void test_image(void **state)
{
	static const unsigned char abgr[4] = { 0, 1, 2, 3 }, rgba[4] = { 3, 2, 1, 0 };
	struct conv_case c = base;

	(void)state;
	c.image = 1;
	c.channels = 1;
	run_case(c, abgr);
	c.convert = 1;
	run_case(c, abgr);
	c.channels = 4;
	c.pixel_format = 12;
	run_case(c, abgr);
	c.pixel_format = 15;
	c.x_stride = 2;
	c.y_stride = 2;
	run_case(c, rgba);
}

static void test_counters(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;
	struct nvdla_emu_stats stats;

	(void)state;
	c.weights = WEIGHTS;
	c.out = OUT;
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	stats = device_stats(device);
	assert_int_equal(stats.macs, 9 * 7 * 9 * 13 * 11);
	assert_int_equal(stats.operations[NVDLA_EMU_CONV], 1);
	assert_int_equal(stats.operations[NVDLA_EMU_SDP], 1);
	assert_int_equal(stats.interrupts, 4);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x150001);
	assert_int_equal(stats.read_bytes, 9 * 7 * 16 + (9 * 13 * 11 + 7) / 8 * 8);
	assert_int_equal(stats.write_bytes, 9 * 7 * 16);
	device_free(device);
}

/* A convolution leaves its input and weights for the next, which brings nothing. */
static void test_reuse(void **state)
{
	struct device *device = device_new(0);
	struct tensors *tensors = malloc(sizeof(*tensors));
	struct conv_case c = base;
	uint64_t read;

	(void)state;
	assert_non_null(tensors);
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	c.flags = 1 << 24 | 1 << 28;
	randomise(tensors, 8);
	store_features(device, &c, tensors);
	store_weights(device, &c, tensors);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	expect(device, &c, tensors);

	read = device_stats(device).read_bytes;
	memset(device->ram, 0, DEVICE_RAM);
	for (uint32_t block = CDMA; block <= SDP; block += 0x1000)
		put(device, block + CSC_S_POINTER, 1);
	c.flags = 1 << 16 | 1 << 20;
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	expect(device, &c, tensors);
	assert_int_equal(device_stats(device).read_bytes, read);

	/* They were released: a third has to fetch them, whatever it asks for. */
	for (uint32_t block = CDMA; block <= SDP; block += 0x1000)
		put(device, block + CSC_S_POINTER, 0);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	assert_int_equal(device_stats(device).read_bytes, 2 * read);
	free(tensors);
	device_free(device);
}

/*
 * Weights that WEIGHT_BYTES counts beyond the last kernel are fetched but never released: the
 * next convolution in the same banks takes them for its own.
 */
static void test_weight_padding(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	(void)state;
	c.width = c.height = c.r = c.s = c.channels = c.kernels = 1;
	c.left = c.right = c.top = c.bottom = c.truncate = 0;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	memset(device->ram + IN, 1, ATOM);
	device->ram[WEIGHTS] = 3;
	device->ram[WEIGHTS + ATOM] = 5;
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_WEIGHT_BYTES, 2 * ATOM);
	conv_enable(device);
	device_settle(device);
	assert_int_equal(device->ram[OUT], 3);

	for (uint32_t block = CDMA; block <= SDP; block += 0x1000)
		put(device, block + CSC_S_POINTER, 1);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	assert_int_equal(device->ram[OUT], 5);
	device_free(device);
}

static void enable(struct device *device, uint32_t block)
{
	put(device, block == SDP ? SDP + SDP_D_OP_ENABLE :
	    block == CDMA ? CDMA + CDMA_D_OP_ENABLE : block + CSC_D_OP_ENABLE, 1);
}

static void enable_all_but_sdp(struct device *device)
{
	enable(device, CACC);
	enable(device, CMAC_A);
	enable(device, CMAC_B);
	enable(device, CSC);
	enable(device, CDMA);
}

static void select_group(struct device *device, uint32_t group)
{
	for (uint32_t block = CDMA; block <= SDP; block += 0x1000)
		put(device, block + CSC_S_POINTER, group);
}

static void hangs(struct device *device, const char *reason)
{
	conv_enable(device);
	device_settle(device);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 1);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_non_null(strstr(nvdla_emu_hang_reason(device->emu), reason));
	assert_int_equal(device_stats(device).hangs, 1);
	nvdla_emu_reset(device->emu);
	assert_null(nvdla_emu_hang_reason(device->emu));
}

static void test_hangs(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	(void)state;
	conv_program(device, &c);
	put(device, CSC + CSC_D_DATAIN_SIZE_EXT_0, 8 | 7 << 16);
	hangs(device, "fewer lines");
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_ENTRY_PER_SLICE, 511);
	put(device, CSC + CSC_D_ENTRY_PER_SLICE, 511);
	hangs(device, "does not fit its banks");
	conv_program(device, &c);
	put(device, SDP + SDP_D_DATA_CUBE_WIDTH, 9);
	hangs(device, "CACC and SDP");
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_MISC_CFG, 1);
	hangs(device, "Winograd");
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_WEIGHT_BYTES, 9 * 13 * 11);
	hangs(device, "fewer bytes of weights");
	conv_program(device, &c);
	put(device, CSC + CSC_D_BANK, 1 | 1 << 16);
	enable_all_but_sdp(device);
	device_settle(device);
	/* CDMA goes along with CSC about the banks, once: they are both new. */
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x50000);
	nvdla_emu_reset(device->emu);
	conv_program(device, &c);
	put(device, CSC + CSC_D_POST_Y_EXTENSION, 1);
	put(device, CSC + CSC_D_DATAIN_FORMAT, 1);
	hangs(device, "too many channels");
	device_free(device);
}

/* CDMA fetches when it is enabled, not when SDP is: what is written in between is not seen. */
static void test_late_sdp(void **state)
{
	struct device *device = device_new(0);
	struct tensors *tensors = malloc(sizeof(*tensors));
	struct conv_case c = base;

	(void)state;
	assert_non_null(tensors);
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	randomise(tensors, 9);
	store_features(device, &c, tensors);
	store_weights(device, &c, tensors);
	conv_program(device, &c);
	enable_all_but_sdp(device);
	device_settle(device);
	/* Input and weights are there and CDMA is free; the other blocks wait for SDP. */
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x50000);
	assert_int_equal(get(device, CDMA + CDMA_S_STATUS), 0);
	assert_int_equal(get(device, CDMA + CDMA_S_POINTER), 1 << 16);
	assert_int_equal(get(device, CSC + CSC_S_STATUS), 1);
	assert_int_equal(get(device, CACC + CACC_S_STATUS), 1);
	assert_null(nvdla_emu_hang_reason(device->emu));

	memset(device->ram, 0x55, OUT);
	enable(device, SDP);
	device_settle(device);
	expect(device, &c, tensors);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x150001);
	free(tensors);
	device_free(device);
}

/* The next operation's input and weights come while this one waits, if the banks are the same. */
static void prefetch(uint32_t banks, uint32_t expected)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_BANK, 3 | 3 << 16);
	put(device, CSC + CSC_D_BANK, 3 | 3 << 16);
	enable_all_but_sdp(device);
	device_settle(device);
	select_group(device, 1);
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_BANK, banks);
	put(device, CSC + CSC_D_BANK, banks);
	enable_all_but_sdp(device);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), expected);
	device_free(device);
}

static void test_prefetch(void **state)
{
	(void)state;
	prefetch(3 | 3 << 16, 0xf0000);
	prefetch(4 | 3 << 16, 0x50000);
}

/* No room for both inputs: the second comes when CSC has released the first. */
static void test_prefetch_room(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	(void)state;
	c.channels = 40;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_BANK, 0 | 8 << 16);
	put(device, CSC + CSC_D_BANK, 0 | 8 << 16);
	enable_all_but_sdp(device);
	select_group(device, 1);
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_BANK, 0 | 8 << 16);
	put(device, CSC + CSC_D_BANK, 0 | 8 << 16);
	enable_all_but_sdp(device);
	device_settle(device);
	/* The second has its weights only. */
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0xd0000);
	select_group(device, 0);
	enable(device, SDP);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x1f0001);
	device_free(device);
}

static uint64_t cycles_behind(uint32_t latency, uint32_t bytes)
{
	struct device *device = calloc(1, sizeof(*device));
	struct nvdla_emu_params params = {
		.config = "nv_small", .read = device_read, .write = device_write, .ctx = device,
		.memory_latency = latency, .memory_bytes = bytes,
	};
	struct conv_case c = base;
	uint64_t cycles;

	assert_non_null(device);
	device->emu = nvdla_emu_new(&params);
	assert_non_null(device->emu);
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	nvdla_emu_advance(device->emu, 10000);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x150001);
	cycles = nvdla_emu_time(device->emu);
	device_free(device);
	return cycles;
}

/* Latency counts twice: before the first input and behind the last result. */
static void test_memory(void **state)
{
	uint64_t cycles = cycles_behind(0, 0);

	(void)state;
	assert_int_equal(cycles_behind(40, 8), cycles);
	assert_int_equal(cycles_behind(100, 0), cycles + 2 * 60);
	assert_true(cycles_behind(0, 2) > cycles + 300);
}

/* An SDP operation is over before its results are in memory and its interrupt comes. */
static void test_write_back(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	(void)state;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	memset(device->ram + IN, 1, 0x1000);
	memset(device->ram + WEIGHTS, 1, 0x1000);
	memset(device->ram + OUT, 0x55, 8);
	conv_program(device, &c);
	put(device, CACC + CACC_D_CLIP_CFG, 0);
	conv_enable(device);
	while (get(device, SDP + SDP_S_STATUS))
		nvdla_emu_advance(device->emu, 1);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS) & 1, 0);
	assert_int_equal(device->ram[OUT], 0x55);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS) & 1, 1);
	assert_int_not_equal(device->ram[OUT], 0x55);
	device_free(device);
}

/* Two rows of a kernel in a step: the weights of both lie side by side, results are the same. */
static void test_rows(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;
	uint8_t plain[9 * 7 * ATOM];

	(void)state;
	c.image = 1;
	c.channels = 1;
	c.kernels = 1;
	c.r = 2;
	c.bottom = 0;
	c.truncate = 0;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	for (unsigned int i = 0; i < 0x1000; i++)
		device->ram[IN + i] = (uint8_t)(i * 7 % 5);
	/* One kernel of 2 x 3: its rows follow each other, whether or not they are one step. */
	for (unsigned int i = 0; i < 6; i++)
		device->ram[WEIGHTS + i] = (uint8_t)(i + 1);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	memcpy(plain, device->ram + OUT, sizeof(plain));
	assert_int_not_equal(plain[2 * ATOM], 0);
	memset(device->ram + OUT, 0, sizeof(plain));
	select_group(device, 1);
	conv_program(device, &c);
	put(device, CSC + CSC_D_POST_Y_EXTENSION, 1);
	conv_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	assert_memory_equal(device->ram + OUT, plain, sizeof(plain));
	device_free(device);
}

/* Luma and chroma in two planes: the pixels are the same three bytes as 1x1 kernels see them. */
static void semi_planar(unsigned int format, unsigned int u, unsigned int v)
{
	struct device *device = device_new(0);
	struct conv_case c = base;

	c.image = 1;
	c.channels = 3;
	c.pixel_format = format;
	c.kernels = 3;
	c.r = c.s = 1;
	c.left = c.right = c.top = c.bottom = c.truncate = 0;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	for (unsigned int i = 0; i < 0x400; i++) {
		device->ram[IN + i] = (uint8_t)(i % 100);
		device->ram[IN + 0x1000 + i] = (uint8_t)(i * 3 % 101);
	}
	/* Kernel k takes channel k. */
	for (unsigned int k = 0; k < 3; k++)
		device->ram[WEIGHTS + 4 * k] = 1;
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_DAIN_ADDR_LOW_1, IN + 0x1000);
	put(device, CDMA + CDMA_D_LINE_UV_STRIDE, 64);
	conv_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	for (unsigned int y = 0; y < c.height; y++)
		for (unsigned int x = 0; x < c.width; x++) {
			const uint8_t *got = device->ram + OUT + (y * c.width + x) * ATOM;
			const uint8_t *uv = device->ram + IN + 0x1000 + y * 64 + 2 * x;

			assert_int_equal(got[0], device->ram[IN + y * image_stride(&c) + x]);
			assert_int_equal(got[1], uv[u]);
			assert_int_equal(got[2], uv[v]);
		}
	device_free(device);
}

static void test_semi_planar(void **state)
{
	(void)state;
	semi_planar(28, 1, 0);
	semi_planar(29, 0, 1);
}

static void test_performance_counters(void **state)
{
	struct device *device = device_new(0);
	struct conv_case c = base;
	struct nvdla_emu_stats stats;

	(void)state;
	c.in = IN;
	c.weights = WEIGHTS;
	c.out = OUT;
	conv_program(device, &c);
	put(device, CDMA + CDMA_D_PERF_ENABLE, 1);
	conv_enable(device);
	device_settle(device);
	/* 126 atoms and a cycle for each line's end, half of it shared with 161 of weights. */
	assert_in_range(get(device, CDMA + CDMA_D_PERF_DAT_READ_LATENCY), 250, 320);
	assert_int_equal(get(device, CDMA + CDMA_D_PERF_WT_READ_LATENCY), 0);
	assert_int_not_equal(get(device, CDMA + CDMA_D_PERF_DAT_READ_STALL), 0);
	stats = device_stats(device);
	assert_in_range(stats.stall_cycles[NVDLA_EMU_STALL_DATA], 250, 400);
	assert_int_equal(stats.engine_read_bytes[NVDLA_EMU_CONV], stats.read_bytes);
	assert_int_equal(stats.engine_write_bytes[NVDLA_EMU_SDP], stats.write_bytes);
	/* The next operation in the group begins at 0. */
	conv_program(device, &c);
	select_group(device, 1);
	conv_program(device, &c);
	conv_enable(device);
	device_settle(device);
	select_group(device, 0);
	put(device, CDMA + CDMA_D_PERF_ENABLE, 0);
	enable(device, CDMA);
	assert_int_equal(get(device, CDMA + CDMA_D_PERF_DAT_READ_LATENCY), 0);
	device_free(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_weight_padding),
		cmocka_unit_test(test_late_sdp),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_prefetch_room),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_write_back),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_semi_planar),
		cmocka_unit_test(test_performance_counters),
		cmocka_unit_test(test_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
