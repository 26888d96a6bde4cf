// SPDX-License-Identifier: MIT
/* SDP's Y unit and its look-up, with numbers worked out by hand. */
#include <stdbool.h>

#include "emu_device.h"

#define IN 0x1000u
#define OUT 0x2000u
#define OPERANDS 0x3000u

enum { ALU_MAX = 0 << 2, ALU_MIN = 1 << 2, ALU_SUM = 2 << 2, ALU_EQUAL = 3 << 2, NO_ALU = 2,
       NO_MUL = 16, PRELU = 32, NO_LUT = 64 };

static int setup(void **state)
{
	/* Where the channels of two bytes are written at once, all of a 16-bit value can be seen. */
	*state = device_new_as("nv_large", 0);
	return 0;
}

static int teardown(void **state)
{
	device_free(*state);
	return 0;
}

static void fresh(struct device *device, uint32_t cfg)
{
	nvdla_emu_reset(device->emu);
	sdp_identity(device, IN, OUT, 1, 1, 1);
	put(device, SDP + SDP_D_DP_EW_CFG, cfg);
	put(device, SDP_RDMA + SDP_RDMA_D_ERDMA_CFG, 1);
}

static int8_t one(struct device *device, int8_t value)
{
	device->ram[IN] = (uint8_t)value;
	sdp_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	return (int8_t)device->ram[OUT];
}

static int8_t multiply(struct device *device, int8_t value, uint32_t flags, int32_t operand,
		       unsigned int truncate)
{
	fresh(device, NO_ALU | NO_LUT | flags);
	put(device, SDP + SDP_D_DP_EW_MUL_SRC_VALUE, (uint32_t)operand);
	put(device, SDP + SDP_D_DP_EW_TRUNCATE_VALUE, truncate);
	return one(device, value);
}

static void test_multiplier(void **state)
{
	assert_int_equal(multiply(*state, 5, 0, -7, 0), -35);
	assert_int_equal(multiply(*state, 5, 0, 0x40000000, 28), 20);
	/* Half away from zero. */
	assert_int_equal(multiply(*state, 5, 0, 1, 1), 3);
	assert_int_equal(multiply(*state, -5, 0, 1, 1), -3);
	/* Bypassed, it does not truncate either: other than the X units. */
	assert_int_equal(multiply(*state, 5, NO_MUL, 9, 1), 5);
	assert_int_equal(multiply(*state, 5, PRELU, 9, 1), 5);
	assert_int_equal(multiply(*state, -5, PRELU, 9, 1), -23);
	/* Ten bits of shift; the product has 64. */
	assert_int_equal(multiply(*state, -128, 0, INT32_MIN, 32), 64);
	assert_int_equal(multiply(*state, -128, 0, INT32_MIN, 38), 1);
	assert_int_equal(multiply(*state, -128, 0, INT32_MIN, 63), 0);
	assert_int_equal(multiply(*state, -128, 0, INT32_MIN, 512), 0);
	/* To 32 bits, before the convertor makes it 8. */
	assert_int_equal(multiply(*state, 127, 0, INT32_MAX, 0), 127);
	assert_int_equal(multiply(*state, -128, 0, INT32_MAX, 0), -128);
}

static void test_largest_product(void **state)
{
	struct device *device = *state;

	/* X1 makes -2^31 of -128, Y squares it: 2^62 is half of what a shift by 63 leaves. */
	fresh(device, NO_ALU | NO_LUT);
	put(device, SDP + SDP_D_DP_BS_CFG, NO_MUL | ALU_SUM | 64);
	put(device, SDP + SDP_D_DP_BS_ALU_CFG, 24 << 8);
	put(device, SDP + SDP_D_DP_BS_ALU_SRC_VALUE, (uint16_t)-128);
	put(device, SDP + SDP_D_DP_EW_MUL_SRC_VALUE, 0x80000000);
	put(device, SDP + SDP_D_DP_EW_TRUNCATE_VALUE, 63);
	assert_int_equal(one(device, -128), 1);
}

static int8_t alu(struct device *device, int8_t value, uint32_t flags, int32_t operand)
{
	fresh(device, NO_MUL | NO_LUT | flags);
	put(device, SDP + SDP_D_DP_EW_ALU_SRC_VALUE, (uint32_t)operand);
	return one(device, value);
}

static void test_alu(void **state)
{
	assert_int_equal(alu(*state, 5, ALU_MAX, 9), 9);
	assert_int_equal(alu(*state, 5, ALU_MIN, -9), -9);
	assert_int_equal(alu(*state, 5, ALU_SUM, -9), -4);
	assert_int_equal(alu(*state, 5, ALU_SUM, INT32_MAX), 127);
	assert_int_equal(alu(*state, -5, ALU_SUM, INT32_MIN), -128);
	assert_int_equal(alu(*state, 5, ALU_SUM | NO_ALU, 9), 5);
}

/* "Equal" writes no results. */
static void test_equal(void **state)
{
	struct device *device = *state;

	device->ram[OUT] = 77;
	assert_int_equal(alu(device, 5, ALU_EQUAL, 5), 77);
}

static void put_two_bytes(struct device *device, uint32_t addr, int value)
{
	device->ram[addr] = (uint8_t)value;
	device->ram[addr + 1] = (uint8_t)(value >> 8);
}

/* Both operands from memory: ALU's first. Each has its convertor. */
static void test_operands_from_memory(void **state)
{
	struct device *device = *state;

	fresh(device, ALU_SUM | NO_LUT);
	put(device, SDP + SDP_D_DP_EW_ALU_CFG, 1);
	put(device, SDP + SDP_D_DP_EW_ALU_CVT_OFFSET_VALUE, 1000);
	put(device, SDP + SDP_D_DP_EW_ALU_CVT_SCALE_VALUE, (uint16_t)-3);
	put(device, SDP + SDP_D_DP_EW_ALU_CVT_TRUNCATE_VALUE, 2);
	put(device, SDP + SDP_D_DP_EW_MUL_CFG, 1 | 2);	/* no conversion */
	put(device, SDP_RDMA + SDP_RDMA_D_ERDMA_CFG, 2 << 1 | 1 << 3);
	put(device, SDP_RDMA + SDP_RDMA_D_EW_BASE_ADDR_LOW, OPERANDS);
	put_two_bytes(device, OPERANDS, 986);	/* (986 - 1000) * -3 / 4 = 10.5 -> 11 */
	put_two_bytes(device, OPERANDS + 2, -6);
	assert_int_equal(one(device, 7), 7 * -6 + 11);
}

/* A reader that has something else than the unit takes leaves both waiting. */
static void test_operands_differ(void **state)
{
	struct device *device = *state;

	fresh(device, ALU_SUM | NO_LUT);
	put(device, SDP + SDP_D_DP_EW_ALU_CFG, 1);
	sdp_enable(device);
	device_settle(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
}

/* Without the unit the same registers change nothing. */
static void test_absent(void **state)
{
	struct device *small = device_new(0);

	(void)state;
	fresh(small, ALU_SUM | NO_LUT);
	put(small, SDP + SDP_D_DP_EW_ALU_SRC_VALUE, 9);
	put(small, SDP + SDP_D_DP_EW_MUL_SRC_VALUE, 3);
	put(small, SDP_RDMA + SDP_RDMA_D_ERDMA_CFG, 0x1e);
	assert_int_equal(one(small, 5), 5);
	device_free(small);
}

static void fill_tables(struct device *device, int le_step, int lo_step)
{
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 17);
	for (int i = 0; i < 65; i++)
		put(device, SDP + SDP_S_LUT_ACCESS_DATA, (uint16_t)(i * le_step));
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 17 | 1 << 16);
	for (int i = 0; i < 257; i++)
		put(device, SDP + SDP_S_LUT_ACCESS_DATA, (uint16_t)(i * lo_step));
}

struct lookup {
	bool linear;		/* LE */
	int offset, le_select, lo_select;
	int le_start, le_end, lo_start, lo_end;
	int le_below, le_above, lo_below, lo_above;	/* scales of slopes */
	int le_below_shift;
	unsigned int priority;	/* bits: below, above, hit: LO wins */
};

static int8_t look_up(struct device *device, const struct lookup *l, int8_t value)
{
	fresh(device, NO_ALU | NO_MUL);
	fill_tables(device, 2, -1);
	put(device, SDP + SDP_S_LUT_CFG, (uint32_t)l->linear | l->priority << 4);
	put(device, SDP + SDP_S_LUT_INFO, (uint8_t)l->offset | (uint32_t)(uint8_t)l->le_select << 8 |
		(uint32_t)(uint8_t)l->lo_select << 16);
	put(device, SDP + SDP_S_LUT_LE_START, (uint32_t)l->le_start);
	put(device, SDP + SDP_S_LUT_LE_END, (uint32_t)l->le_end);
	put(device, SDP + SDP_S_LUT_LO_START, (uint32_t)l->lo_start);
	put(device, SDP + SDP_S_LUT_LO_END, (uint32_t)l->lo_end);
	put(device, SDP + SDP_S_LUT_LE_SLOPE_SCALE,
	    (uint16_t)l->le_below | (uint32_t)l->le_above << 16);
	put(device, SDP + SDP_S_LUT_LO_SLOPE_SCALE,
	    (uint16_t)l->lo_below | (uint32_t)l->lo_above << 16);
	put(device, SDP + SDP_S_LUT_LE_SLOPE_SHIFT, (uint32_t)l->le_below_shift & 31);
	put(device, SDP + SDP_D_PERF_ENABLE, 2);
	return one(device, value);
}

static void test_linear(void **state)
{
	struct lookup l = { .linear = true, .le_select = 1, .le_start = -20, .le_end = 108,
			    .lo_start = 127, .lo_end = 127, .le_below = 3, .le_above = -2 };

	/* LE[i] is 2i and an index is two apart: the distance itself, of 15 and of 16. */
	assert_int_equal(look_up(*state, &l, -5), 15);
	assert_int_equal(look_up(*state, &l, -4), 16);
	/* The start is not within the range: 0 + 3 * 0; nor what is before it. */
	assert_int_equal(look_up(*state, &l, -20), 0);
	assert_int_equal(look_up(*state, &l, -30), -30);
	assert_int_equal(look_up(*state, &l, 107), 127);
	/* Beyond the end: LE[64] - 2 * (118 - 108). */
	assert_int_equal(look_up(*state, &l, 118), 128 - 20);
	/* Indices closer than inputs: no fraction, and the range is shorter. */
	l.le_select = -1;
	assert_int_equal(look_up(*state, &l, -10), 40);
	l.le_below_shift = 1;
	assert_int_equal(look_up(*state, &l, -23), -5);	/* 3 * -3 / 2, half away from zero */
	l.le_below_shift = -2;
	assert_int_equal(look_up(*state, &l, -23), -36);
}

static void test_exponential(void **state)
{
	struct lookup l = { .offset = 2, .le_start = 0, .lo_start = 127, .lo_end = 127,
			    .le_below = 1 };

	/* 4 has the logarithm 2: index 0. 12 is half way from 8 to 16: index 1.5. */
	assert_int_equal(look_up(*state, &l, 4), 0);
	assert_int_equal(look_up(*state, &l, 12), 3);
	assert_int_equal(look_up(*state, &l, 64), 8);
	/* Below 4 the slope goes on from there. */
	assert_int_equal(look_up(*state, &l, 1), -3);
	assert_int_equal(look_up(*state, &l, -10), -14);
	/* A negative offset adds. */
	l.offset = -3;
	assert_int_equal(look_up(*state, &l, 4), 10);
}

static void test_which_table(void **state)
{
	struct lookup l = { .linear = true, .le_select = 0, .le_start = 0, .le_end = 64,
			    .lo_select = 0, .lo_start = -50, .lo_end = 206, .le_below = 1,
			    .lo_below = 2 };

	/* Only LO has 100 and -10, both have 20. */
	assert_int_equal(look_up(*state, &l, -10), -40);
	assert_int_equal(look_up(*state, &l, 20), 40);
	l.priority = 4;
	assert_int_equal(look_up(*state, &l, 20), -70);
	/* Both below. */
	assert_int_equal(look_up(*state, &l, -60), -60);
	l.priority = 1;
	assert_int_equal(look_up(*state, &l, -60), -20);
	/* One below, the other above: as if both had it. */
	l = (struct lookup){ .linear = true, .le_start = 100, .lo_select = -8, .lo_start = 0,
			     .lo_end = 10, .le_below = 1, .lo_above = 1 };
	assert_int_equal(look_up(*state, &l, 50), -50);
	l.priority = 4;
	assert_int_equal(look_up(*state, &l, 50), -128);	/* -256 + 40, saturated */
}

static void test_counters(void **state)
{
	struct lookup l = { .linear = true, .le_select = 0, .le_start = -1, .le_end = 63,
			    .lo_start = 100, .lo_end = 127 };
	struct device *device = *state;

	/* Spare lanes look up a zero: 31 hits of LE, and the value itself. */
	look_up(device, &l, 5);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_LE_HIT), 32);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_LO_HIT), 0);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_HYBRID), 32);
	look_up(device, &l, -5);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_LE_HIT), 31);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_UFLOW), 1);
	look_up(device, &l, 90);
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_UFLOW), 0);
	/* LE is above, LO below: LE's answer is taken. */
	assert_int_equal(get(device, SDP + SDP_D_PERF_LUT_OFLOW), 1);
}

/* The address goes on with each access, whichever way the window is set to. */
static void test_window(void **state)
{
	struct device *device = *state;

	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 17 | 63);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 0x1111);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 0x2222);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 0x3333);	/* behind the end */
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_CFG), 1 << 17 | 63);
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 63);
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_DATA), 0x1111);
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_DATA), 0x2222);
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_DATA), 0);
	/* Ten bits of it. */
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 17 | 1 << 16 | 0x3ff);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 1);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 0x4444);
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 16);
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_DATA), 0x4444);
	/* A write into a window for reading is lost, and moves on. */
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 63);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 9);
	assert_int_equal(get(device, SDP + SDP_S_LUT_ACCESS_DATA), 0x2222);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_multiplier),
		TEST(test_largest_product),
		TEST(test_alu),
		TEST(test_equal),
		TEST(test_operands_from_memory),
		TEST(test_operands_differ),
		TEST(test_absent),
		TEST(test_linear),
		TEST(test_exponential),
		TEST(test_which_table),
		TEST(test_counters),
		TEST(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
