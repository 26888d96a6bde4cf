// SPDX-License-Identifier: MIT
/* Pooling and look-up tables on the emulator. */
#include "emu_operations.h"

#define IN 0x1000u
#define OUT 0x20000u
#define CHANNELS 10

static int setup(void **state)
{
	*state = device_new(0);
	return 0;
}

static int teardown(void **state)
{
	device_free(*state);
	return 0;
}

static size_t at(unsigned int width, unsigned int height, unsigned int x, unsigned int y,
		 unsigned int c)
{
	return ((size_t)(c / ATOM * height + y) * width + x) * ATOM + c % ATOM;
}

static void randomise(struct device *device, size_t bytes)
{
	uint64_t seed = 3;

	for (size_t i = 0; i < bytes; i++)
		device->ram[IN + i] = (uint8_t)next_random(&seed);
}

static int rha(double value)
{
	return value < 0 ? -(int)(0.5 - value) : (int)(value + 0.5);
}

/* Padding counts as zero for an average, and not at all for the others. */
static int expected(const struct device *device, const struct pool_axis *x,
		    const struct pool_axis *y, unsigned int method, unsigned int ox,
		    unsigned int oy, unsigned int c)
{
	int result = method == POOL_MAX ? -128 : method == POOL_MIN ? 127 : 0;

	for (unsigned int j = 0; j < y->kernel; j++)
		for (unsigned int i = 0; i < x->kernel; i++) {
			int ix = (int)(ox * x->stride + i) - (int)x->before;
			int iy = (int)(oy * y->stride + j) - (int)y->before;
			int8_t value;

			if (ix < 0 || iy < 0 || ix >= (int)x->in || iy >= (int)y->in)
				continue;
			value = (int8_t)device->ram[IN + at(x->in, y->in, (unsigned int)ix, (unsigned int)iy, c)];
			if (method == POOL_AVERAGE)
				result += value;
			else if (method == POOL_MAX ? value > result : value < result)
				result = value;
		}
	if (method == POOL_AVERAGE) {
		double across = rha((double)result * (65536 / x->kernel) / 65536);

		return rha(across * (65536 / y->kernel) / 65536);
	}
	return result;
}

static void expect(struct device *device, const struct pool_axis *x, const struct pool_axis *y,
		   unsigned int method)
{
	assert_null(nvdla_emu_hang_reason(device->emu));
	for (unsigned int c = 0; c < CHANNELS; c++)
		for (unsigned int oy = 0; oy < pool_out(y); oy++)
			for (unsigned int ox = 0; ox < pool_out(x); ox++)
				assert_int_equal((int8_t)device->ram[OUT + at(pool_out(x), pool_out(y), ox, oy, c)],
						 expected(device, x, y, method, ox, oy, c));
}

static void test_methods(void **state)
{
	static const struct pool_axis x = { 11, 3, 2, 1, 1 }, y = { 8, 4, 2, 0, 2 };
	struct device *device = *state;

	randomise(device, 11 * 8 * 16);
	for (unsigned int method = POOL_AVERAGE; method <= POOL_MIN; method++) {
		nvdla_emu_reset(device->emu);
		pool_program(device, &x, &y, CHANNELS, method, IN, OUT);
		pool_enable(device);
		device_settle(device);
		expect(device, &x, &y, method);
	}
}

/* SDP's results go straight into PDP; SDP writes nothing, both are done. */
static void test_fused(void **state)
{
	static const struct pool_axis x = { 9, 3, 2, 0, 0 }, y = { 6, 2, 2, 0, 0 };
	struct device *device = *state;

	randomise(device, 9 * 6 * 16);
	pool_program_flying(device, &x, &y, CHANNELS, POOL_MAX, OUT);
	put(device, PDP + PDP_D_OP_ENABLE, 1);
	device_settle(device);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 1);
	sdp_identity(device, IN, 0x40000, 9, 6, CHANNELS);
	put(device, SDP + SDP_D_FEATURE_MODE_CFG, 2);
	sdp_enable(device);
	device_settle(device);
	expect(device, &x, &y, POOL_MAX);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x11);
	assert_int_equal(device_stats(device).write_bytes, 4 * 3 * 16);
	assert_int_equal(get(device, PDP + PDP_S_POINTER), 0x10000);
	assert_int_equal(get(device, PDP_RDMA + PDP_RDMA_S_POINTER), 0);
}

/* The word between the two products has 11 bits: 1024 comes back as -1024. */
static void test_narrow_word(void **state)
{
	static const struct pool_axis axis = { 8, 8, 1, 0, 0 };
	struct device *device = *state;

	memset(device->ram + IN, 127, 8 * 8 * ATOM);
	pool_program(device, &axis, &axis, 8, POOL_AVERAGE, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_int_equal((int8_t)device->ram[OUT], 127);

	nvdla_emu_reset(device->emu);
	pool_program(device, &axis, &axis, 8, POOL_AVERAGE, IN, OUT);
	/* 8128 * 65536 / 65536 does not fit: 8128 modulo 1024 is 960, an eighth of an eighth. */
	put(device, PDP + PDP_D_RECIP_KERNEL_WIDTH, 65536);
	put(device, PDP + PDP_D_RECIP_KERNEL_HEIGHT, 65536 / 8);
	pool_enable(device);
	device_settle(device);
	assert_int_equal((int8_t)device->ram[OUT], 960 / 8);
}

/* Padding adds what the registers say, by the number of elements missing in the row. */
static void test_pad_values(void **state)
{
	static const struct pool_axis x = { 2, 3, 1, 1, 0 }, y = { 1, 2, 1, 1, 0 };
	struct device *device = *state;

	memset(device->ram + IN, 10, 2 * ATOM);
	pool_program(device, &x, &y, 8, POOL_AVERAGE, IN, OUT);
	put(device, PDP + PDP_D_RECIP_KERNEL_WIDTH, 65536);
	put(device, PDP + PDP_D_RECIP_KERNEL_HEIGHT, 65536);
	put(device, PDP + PDP_D_POOLING_PADDING_VALUE_1_CFG, (uint32_t)-4);
	pool_enable(device);
	device_settle(device);
	/* 10 + 10 and one missing in the row; a row of three missing above. */
	assert_int_equal((int8_t)device->ram[OUT], 20 - 4 + 3 * -4);
}

static void width(struct device *device, unsigned int wide, const struct pool_axis *y, int hangs)
{
	const struct pool_axis x = { wide, 1, 1, 0, 0 };

	nvdla_emu_reset(device->emu);
	pool_program(device, &x, y, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), hangs);
	assert_int_equal(nvdla_emu_hang_reason(device->emu) != NULL, hangs);
}

/* The line buffer holds 128 atoms, shared by as many lines as windows are open at once. */
static void test_line_buffer(void **state)
{
	static const struct pool_axis one = { 8, 2, 2, 0, 0 }, two = { 8, 3, 2, 0, 1 },
				      four = { 8, 3, 1, 0, 0 }, eight = { 8, 5, 1, 0, 0 };

	width(*state, 128, &one, 0);
	width(*state, 64, &two, 0);
	width(*state, 65, &two, 1);
	width(*state, 32, &four, 0);
	width(*state, 33, &four, 1);
	width(*state, 16, &eight, 0);
	width(*state, 17, &eight, 1);
}

/*
 * A single line may use all of the buffer. A wider one begins again at the buffer's start: its 129th
 * column goes through the same partial result as the first.
 */
static void test_line_wraps(void **state)
{
	static const struct pool_axis x = { 129, 1, 1, 0, 0 }, y = { 2, 2, 2, 0, 0 };
	struct device *device = *state;

	memset(device->ram + IN, 1, 2 * 129 * ATOM);
	device->ram[IN] = 100;				/* first column, overwritten before it counts */
	device->ram[IN + 128 * ATOM] = 50;		/* last column */
	device->ram[IN + 129 * ATOM] = 70;		/* first column, second line */
	pool_program(device, &x, &y, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(device->ram[OUT], 70);
	assert_int_equal(device->ram[OUT + ATOM], 1);
	assert_int_equal(device->ram[OUT + 128 * ATOM], 70);
}

/* The acknowledgement of the last write and the end of the reader in the same cycle. */
static void test_lost_interrupt(void **state)
{
	static const struct pool_axis x = { 5, 3, 5, 1, 1 }, y = { 11, 4, 3, 0, 0 };
	static const struct pool_axis longer = { 12, 4, 3, 0, 0 };
	struct device *device = *state;

	pool_program(device, &x, &y, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0);

	nvdla_emu_reset(device->emu);
	pool_program(device, &x, &longer, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x10);
}

static int hangs_after(struct device *device, const struct pool_axis *first_y)
{
	static const struct pool_axis first_x = { 4, 8, 8, 2, 2 }, x = { 27, 2, 3, 0, 0 },
				      y = { 3, 5, 4, 1, 4 };

	nvdla_emu_reset(device->emu);
	pool_program(device, &first_x, first_y, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x10);
	put(device, PDP + PDP_S_POINTER, 1);
	put(device, PDP_RDMA + PDP_RDMA_S_POINTER, 1);
	pool_program(device, &x, &y, 8, POOL_MAX, IN, OUT);
	pool_enable(device);
	device_settle(device);
	return nvdla_emu_hang_reason(device->emu) != NULL;
}

/* A line behind the last window still is under way when the operation ends. */
static void test_lines_nobody_needs(void **state)
{
	static const struct pool_axis exact = { 3, 3, 4, 0, 0 }, more = { 4, 3, 4, 0, 0 };

	assert_false(hangs_after(*state, &exact));
	assert_true(hangs_after(*state, &more));
}

/* SDP and PDP each end when they have all of theirs, whatever the other has. */
static void test_fused_sizes(void **state)
{
	static const struct pool_axis x = { 4, 1, 1, 0, 0 }, y = { 3, 1, 1, 0, 0 };
	struct device *device = *state;

	pool_program_flying(device, &x, &y, 8, POOL_MAX, OUT);
	put(device, PDP + PDP_D_OP_ENABLE, 1);
	sdp_identity(device, IN, 0x40000, 4, 2, 8);
	put(device, SDP + SDP_D_FEATURE_MODE_CFG, 2);
	sdp_enable(device);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x1);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 1);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
}

/* Nobody answers for a second memory. */
static void test_second_memory(void **state)
{
	static const struct pool_axis axis = { 4, 2, 2, 0, 0 };
	static const uint32_t which[] = { PDP + PDP_D_DST_RAM_CFG,
					  PDP_RDMA + PDP_RDMA_D_SRC_RAM_CFG };
	struct device *device = *state;

	for (unsigned int i = 0; i < 2; i++) {
		nvdla_emu_reset(device->emu);
		pool_program(device, &axis, &axis, 8, POOL_MAX, IN, OUT);
		put(device, which[i], 0);
		pool_enable(device);
		device_settle(device);
		assert_int_equal(get(device, PDP + PDP_S_STATUS), 1);
		assert_non_null(nvdla_emu_hang_reason(device->emu));
	}
}

/* In parts, a line that is too wide fits. */
static void test_split(void **state)
{
	static const struct pool_axis x = { 150, 3, 1, 1, 1 }, y = { 4, 2, 2, 0, 0 };
	struct device *device = *state;
	/* Outputs 50, 50, 50; inputs first as many as those need, then 50, then the rest. */
	uint32_t in = (51 - 1) | (49 - 1) << 10 | (50 - 1) << 20;
	uint32_t out = (50 - 1) | (50 - 1) << 10 | (50 - 1) << 20;

	randomise(device, 150 * 4 * 16);
	pool_program(device, &x, &y, CHANNELS, POOL_MIN, IN, OUT);
	put(device, PDP + PDP_D_OPERATION_MODE_CFG, POOL_MIN | 0x10 | 2 << 8);
	put(device, PDP + PDP_D_PARTIAL_WIDTH_IN, in);
	put(device, PDP + PDP_D_PARTIAL_WIDTH_OUT, out);
	put(device, PDP_RDMA + PDP_RDMA_D_OPERATION_MODE_CFG, 2);
	put(device, PDP_RDMA + PDP_RDMA_D_PARTIAL_WIDTH_IN, in);
	pool_enable(device);
	device_settle(device);
	expect(device, &x, &y, POOL_MIN);
}

/* CDP as a table for each of the 256 values. */
static void test_table(void **state)
{
	struct device *device = *state;
	uint64_t seed = 5;
	int8_t table[257];

	put(device, CDP + CDP_S_LUT_ACCESS_CFG, 1 << 17 | 1 << 16);
	for (unsigned int i = 0; i < 257; i++) {
		table[i] = (int8_t)next_random(&seed);
		put(device, CDP + CDP_S_LUT_ACCESS_DATA, (uint16_t)table[i]);
	}
	for (unsigned int i = 0; i < 256; i++)
		device->ram[IN + i] = (uint8_t)(i - 128);
	table_program(device, IN, OUT, 8, 4, 8);
	put(device, CDP + CDP_D_DATA_FORMAT, 1);
	table_enable(device);
	device_settle(device);
	for (unsigned int i = 0; i < 256; i++)
		assert_int_equal((int8_t)device->ram[OUT + i], table[i]);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 4);
	/*
	 * LE's range begins above all of them, LO's with the smallest, which counts as below. The
	 * precision and the enable bit change nothing.
	 */
	assert_int_equal(get(device, CDP + CDP_D_PERF_LUT_LO_HIT), 255);
	assert_int_equal(get(device, CDP + CDP_D_PERF_LUT_LE_HIT), 0);
	assert_int_equal(get(device, CDP + CDP_D_PERF_LUT_HYBRID), 0);
	assert_int_equal(get(device, CDP + CDP_D_PERF_LUT_UFLOW), 1);
	assert_int_equal(get(device, CDP + CDP_D_PERF_LUT_OFLOW), 0);

	/* Read back: the address starts over with each write of the configuration. */
	put(device, CDP + CDP_S_LUT_ACCESS_CFG, 1 << 16 | 3);
	assert_int_equal((int16_t)get(device, CDP + CDP_S_LUT_ACCESS_DATA), table[3]);
	assert_int_equal((int16_t)get(device, CDP + CDP_S_LUT_ACCESS_DATA), table[4]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_methods),
		TEST(test_fused),
		TEST(test_narrow_word),
		TEST(test_pad_values),
		TEST(test_line_buffer),
		TEST(test_line_wraps),
		TEST(test_lost_interrupt),
		TEST(test_lines_nobody_needs),
		TEST(test_fused_sizes),
		TEST(test_second_memory),
		TEST(test_split),
		TEST(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
