// SPDX-License-Identifier: MIT
/* SDP's arithmetic at its edges, and the shapes its operands come in. */
#include "emu_operations.h"

#define IN 0x1000u
#define OUT 0x8000u
#define OPERANDS 0x10000u

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

/* One value through SDP as it is programmed. */
static int8_t one(struct device *device, int8_t value)
{
	/* Both groups in turn would need programming twice. */
	device->ram[IN] = (uint8_t)value;
	sdp_enable(device);
	device_settle(device);
	assert_null(nvdla_emu_hang_reason(device->emu));
	return (int8_t)device->ram[OUT];
}

static void fresh(struct device *device)
{
	nvdla_emu_reset(device->emu);
	sdp_identity(device, IN, OUT, 1, 1, 1);
}

static int8_t convert(struct device *device, int8_t value, int32_t offset, int16_t scale,
		      unsigned int shift)
{
	fresh(device);
	put(device, SDP + SDP_D_CVT_OFFSET, (uint32_t)offset);
	put(device, SDP + SDP_D_CVT_SCALE, (uint16_t)scale);
	put(device, SDP + SDP_D_CVT_SHIFT, shift);
	return one(device, value);
}

static void test_rounding(void **state)
{
	struct device *device = *state;

	/* Half away from zero. */
	assert_int_equal(convert(device, 3, 0, 1, 1), 2);
	assert_int_equal(convert(device, -3, 0, 1, 1), -2);
	assert_int_equal(convert(device, -1, 0, 1, 1), -1);
	assert_int_equal(convert(device, 5, 0, 1, 2), 1);
	assert_int_equal(convert(device, -5, 0, 1, 2), -1);
	assert_int_equal(convert(device, -6, 0, 1, 2), -2);
	assert_int_equal(convert(device, 1, 0, 1, 2), 0);
	/* Beyond the width of the product there is nothing, not even a -1. */
	assert_int_equal(convert(device, -128, 0x7fffffff, 0x7fff, 48), 0);
	assert_int_equal(convert(device, -128, 0x7fffffff, 0x7fff, 45), -2);
	assert_int_equal(convert(device, -1, 0, 1, 63), 0);
}

static void test_saturation(void **state)
{
	struct device *device = *state;

	assert_int_equal(convert(device, 127, -1, 1, 0), 127);
	assert_int_equal(convert(device, -128, 1, 1, 0), -128);
	assert_int_equal(convert(device, 100, 0, -2, 0), -128);
	assert_int_equal(convert(device, 0, INT32_MIN, 1, 0), 127);
	/* Only what does not fit 17 bits is counted, spare lanes too; the register only on request. */
	assert_int_equal(device_stats(device).saturations, ATOM);
	assert_int_equal(get(device, SDP + SDP_D_PERF_OUT_SATURATION), 0);
	fresh(device);
	put(device, SDP + SDP_D_PERF_ENABLE, 4);
	put(device, SDP + SDP_D_CVT_SCALE, 0x7fff);
	/* Spare lanes hold zeroes, which fit. */
	one(device, 127);
	assert_int_equal(get(device, SDP + SDP_D_PERF_OUT_SATURATION), 1);
}

enum { ALU_MAX = 0 << 2, ALU_MIN = 1 << 2, ALU_SUM = 2 << 2, NO_ALU = 2, NO_MUL = 16, PRELU = 32,
       NO_RELU = 64 };

static int8_t x1(struct device *device, int8_t value, uint32_t cfg, int16_t alu,
		 unsigned int alu_shift, int16_t mul, unsigned int mul_shift)
{
	fresh(device);
	put(device, SDP + SDP_D_DP_BS_CFG, cfg);
	put(device, SDP + SDP_D_DP_BS_ALU_CFG, alu_shift << 8);
	put(device, SDP + SDP_D_DP_BS_ALU_SRC_VALUE, (uint16_t)alu);
	put(device, SDP + SDP_D_DP_BS_MUL_CFG, mul_shift << 8);
	put(device, SDP + SDP_D_DP_BS_MUL_SRC_VALUE, (uint16_t)mul);
	return one(device, value);
}

static void test_x_units(void **state)
{
	struct device *device = *state;

	assert_int_equal(x1(device, 5, ALU_MAX | NO_MUL | NO_RELU, 9, 0, 0, 0), 9);
	assert_int_equal(x1(device, 5, ALU_MIN | NO_MUL | NO_RELU, -9, 1, 0, 0), -18);
	assert_int_equal(x1(device, 5, ALU_SUM | NO_MUL | NO_RELU, -9, 0, 0, 0), -4);
	assert_int_equal(x1(device, 5, ALU_SUM | NO_MUL, -9, 0, 0, 0), 0);
	/* The truncation applies although the multiplier is bypassed. */
	assert_int_equal(x1(device, 5, ALU_SUM | NO_MUL | NO_RELU, 96, 0, 0, 3), 13);
	assert_int_equal(x1(device, -5, NO_ALU | NO_MUL | NO_RELU, 0, 0, 0, 1), -3);
	/* PReLU multiplies what is negative; what is not passes the truncation too. */
	assert_int_equal(x1(device, -20, NO_ALU | PRELU | NO_RELU, 0, 0, 3, 1), -30);
	assert_int_equal(x1(device, 20, NO_ALU | PRELU | NO_RELU, 0, 0, 3, 1), 20);
	/* An operand shifted out of 32 bits saturates: so does the sum, in the truncation. */
	assert_int_equal(x1(device, -1, ALU_SUM | NO_MUL | NO_RELU, 1, 63, 0, 24), 127);
	assert_int_equal(x1(device, 1, ALU_SUM | NO_MUL | NO_RELU, -1, 63, 0, 24), -128);
	assert_int_equal(x1(device, 1, ALU_SUM | NO_MUL | NO_RELU, 0, 63, 0, 0), 1);
	/* Bypassed as a whole nothing of it counts. */
	assert_int_equal(x1(device, 5, 1 | ALU_SUM, 9, 0, 7, 3), 5);
}

#define WIDTH 3
#define HEIGHT 2
#define CHANNELS 11

static size_t at(unsigned int x, unsigned int y, unsigned int c)
{
	return ((size_t)(c / ATOM * HEIGHT + y) * WIDTH + x) * ATOM + c % ATOM;
}

static void put_operand(struct device *device, uint32_t addr, int two_bytes, int value)
{
	device->ram[addr] = (uint8_t)value;
	if (two_bytes)
		device->ram[addr + 1] = (uint8_t)(value >> 8);
}

/* value * m + a with a and m from memory, per channel or element, in one or two bytes. */
static void operands(struct device *device, int two_bytes, int per_element)
{
	unsigned int bytes = two_bytes ? 4 : 2;
	uint32_t atom = ATOM * bytes;

	nvdla_emu_reset(device->emu);
	sdp_identity(device, IN, OUT, WIDTH, HEIGHT, CHANNELS);
	put(device, SDP + SDP_D_DP_BS_CFG, ALU_SUM | NO_RELU);
	put(device, SDP + SDP_D_DP_BS_ALU_CFG, 1);
	put(device, SDP + SDP_D_DP_BS_MUL_CFG, 1);
	put(device, SDP_RDMA + SDP_RDMA_D_BRDMA_CFG,
	    2 << 1 | (uint32_t)two_bytes << 3 | (uint32_t)per_element << 4 | 1 << 5);
	put(device, SDP_RDMA + SDP_RDMA_D_BS_BASE_ADDR_LOW, OPERANDS);
	put(device, SDP_RDMA + SDP_RDMA_D_BS_LINE_STRIDE, WIDTH * atom);
	put(device, SDP_RDMA + SDP_RDMA_D_BS_SURFACE_STRIDE, WIDTH * HEIGHT * atom);
	for (unsigned int c = 0; c < CHANNELS; c++)
		for (unsigned int i = 0; i < WIDTH * HEIGHT; i++) {
			unsigned int x = i % WIDTH, y = i / WIDTH;
			uint32_t offset = per_element ? (uint32_t)at(x, y, c) : c;

			device->ram[IN + at(x, y, c)] = (uint8_t)(i + c);
			put_operand(device, OPERANDS + offset * bytes, two_bytes,
				    (int)(c + per_element * i) - 5);
			put_operand(device, OPERANDS + offset * bytes + bytes / 2, two_bytes,
				    (int)c % 3 - 1);
		}
	sdp_enable(device);
	device_settle(device);
	for (unsigned int c = 0; c < CHANNELS; c++)
		for (int i = 0; i < WIDTH * HEIGHT; i++) {
			int sum = i + (int)c + (int)c + per_element * i - 5;

			assert_int_equal((int8_t)device->ram[OUT + at((unsigned int)i % WIDTH, (unsigned int)i / WIDTH, c)],
					 sum * ((int)c % 3 - 1));
		}
}

static void test_operands_from_memory(void **state)
{
	for (int two_bytes = 0; two_bytes < 2; two_bytes++)
		for (int per_element = 0; per_element < 2; per_element++)
			operands(*state, two_bytes, per_element);
}

/* A plane of 1x1 is packed: surfaces follow each other, whatever the stride says. */
static void test_packed(void **state)
{
	struct device *device = *state;

	sdp_identity(device, IN, OUT, 1, 1, 24);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_SURFACE_STRIDE, 0x100);
	put(device, SDP + SDP_D_DST_SURFACE_STRIDE, 0x100);
	for (unsigned int c = 0; c < 24; c++)
		device->ram[IN + c] = (uint8_t)c;
	sdp_enable(device);
	device_settle(device);
	assert_memory_equal(device->ram + OUT, device->ram + IN, 24);
}

static void test_hangs(void **state)
{
	struct device *device = *state;

	/* An operand that nobody fetches, more input than there is, a memory that is not there. */
	fresh(device);
	put(device, SDP + SDP_D_DP_BS_CFG, ALU_SUM | NO_MUL | NO_RELU);
	put(device, SDP + SDP_D_DP_BS_ALU_CFG, 1);
	sdp_enable(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	fresh(device);
	put(device, SDP_RDMA + SDP_RDMA_D_DATA_CUBE_WIDTH, 1);
	put(device, SDP + SDP_D_DATA_CUBE_WIDTH, 2);
	sdp_enable(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	fresh(device);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_DMA_CFG, 0);
	sdp_enable(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_true(nvdla_emu_next_event(device->emu) < 10000);
	device_settle(device);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 1);
}

static void only_rdma_hangs(struct device *device)
{
	sdp_enable(device);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 1);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0);
	assert_int_equal(get(device, SDP_RDMA + SDP_RDMA_S_STATUS), 1);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
}

/* What SDP_RDMA has fetched and nobody takes does not stop SDP. */
static void test_too_much_fetched(void **state)
{
	struct device *device = *state;

	fresh(device);
	put(device, SDP_RDMA + SDP_RDMA_D_NRDMA_CFG, 1 << 5);
	only_rdma_hangs(device);
	fresh(device);
	put(device, SDP_RDMA + SDP_RDMA_D_DATA_CUBE_CHANNEL, 8);
	only_rdma_hangs(device);
}

/* Without a Y unit an "equal" comparison is none: results are written, and seen to be not zero. */
static void test_unequal(void **state)
{
	struct device *device = *state;

	for (int value = 0; value < 2; value++) {
		fresh(device);
		put(device, SDP + SDP_D_DP_EW_CFG, 3 << 2);
		device->ram[OUT] = 77;
		one(device, (int8_t)value);
		assert_int_equal(device->ram[OUT], value);
		assert_int_equal(get(device, SDP + SDP_D_STATUS), value);
	}
}

/* One counter for both groups: who does not count shows the last count, once he is done. */
static void test_shared_counter(void **state)
{
	struct device *device = *state;

	fresh(device);
	put(device, SDP + SDP_D_PERF_ENABLE, 1 << 2);
	put(device, SDP + SDP_D_CVT_OFFSET, 0x80000000);
	one(device, 1);
	assert_int_equal(get(device, SDP + SDP_D_PERF_OUT_SATURATION), ATOM);
	put(device, SDP + SDP_S_POINTER, 1);
	put(device, SDP_RDMA + SDP_RDMA_S_POINTER, 1);
	sdp_identity(device, IN, OUT, 1, 1, 1);
	one(device, 0);
	assert_int_equal(get(device, SDP + SDP_D_PERF_OUT_SATURATION), ATOM);
	assert_int_equal(get(device, SDP + SDP_D_STATUS), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rounding),
		TEST(test_saturation),
		TEST(test_x_units),
		TEST(test_operands_from_memory),
		TEST(test_packed),
		TEST(test_hangs),
		TEST(test_too_much_fetched),
		TEST(test_unequal),
		TEST(test_shared_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
