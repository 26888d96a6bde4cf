// SPDX-License-Identifier: MIT
/* The emulator's registers: reset values, groups, enabling, interrupts. */
#include "emu_device.h"

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

static void test_reset_values(void **state)
{
	struct device *device = *state;

	assert_int_equal(get(device, 0x0), 0x10001);
	assert_int_equal(get(device, 0x12c), 0x18);
	assert_int_equal(get(device, 0x54), 0x0cfff001);
	assert_int_equal(get(device, 0x19c), 0);
	assert_int_equal(get(device, GLB), 0x303031);
	assert_int_equal(get(device, 0x2000), 0x01010101);
	assert_int_equal(get(device, CDMA + CDMA_S_ARBITER), 0x3000f);
	assert_int_equal(get(device, SDP + SDP_D_DP_BS_CFG), 0x73);
	assert_int_equal(get(device, SDP_RDMA + SDP_RDMA_D_BRDMA_CFG), 1);
	assert_int_equal(get(device, CSC + CSC_D_ATOMICS), 1);
	/* Blocks that nv_small does not have, and what is behind all blocks. */
	assert_int_equal(get(device, 0xf000), 0);
	assert_int_equal(get(device, 0x3fffc), 0);
	assert_int_equal(get(device, 0xfffffffc), 0);
}

static void test_unused_bits_are_masked(void **state)
{
	struct device *device = *state;

	put(device, SDP + SDP_D_DATA_CUBE_WIDTH, 0xffffffff);
	assert_int_equal(get(device, SDP + SDP_D_DATA_CUBE_WIDTH), 0x1fff);
	put(device, CDMA + CDMA_D_MISC_CFG, 0xffffffff);
	assert_int_equal(get(device, CDMA + CDMA_D_MISC_CFG), 0x11113301);
	put(device, CDMA + CDMA_S_CBUF_FLUSH_STATUS, 1);
	assert_int_equal(get(device, CDMA + CDMA_S_CBUF_FLUSH_STATUS), 0);
	put(device, SDP + SDP_D_STATUS, 0xffffffff);
	assert_int_equal(get(device, SDP + SDP_D_STATUS), 0);
	/* Y does not exist, its registers do. */
	put(device, SDP + SDP_D_DP_EW_MUL_SRC_VALUE, 0x12345678);
	assert_int_equal(get(device, SDP + SDP_D_DP_EW_MUL_SRC_VALUE), 0x12345678);
}

static void test_groups_are_separate(void **state)
{
	struct device *device = *state;

	put(device, PDP + PDP_D_CYA, 1);
	put(device, PDP + PDP_S_POINTER, 0xfffffffe | 1);
	assert_int_equal(get(device, PDP + PDP_S_POINTER), 1);
	assert_int_equal(get(device, PDP + PDP_D_CYA), 0);
	put(device, PDP + PDP_D_CYA, 2);
	put(device, PDP + PDP_S_POINTER, 0);
	assert_int_equal(get(device, PDP + PDP_D_CYA), 1);
	nvdla_emu_reset(device->emu);
	assert_int_equal(get(device, PDP + PDP_D_CYA), 0);
}

static void test_enabled_group_ignores_writes(void **state)
{
	struct device *device = *state;

	put(device, PDP + PDP_D_CYA, 1);
	put(device, PDP + PDP_D_OP_ENABLE, 0);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 0);
	put(device, PDP + PDP_D_OP_ENABLE, 1);
	put(device, PDP + PDP_D_OP_ENABLE, 0);
	put(device, PDP + PDP_D_CYA, 2);
	assert_int_equal(get(device, PDP + PDP_D_OP_ENABLE), 1);
	assert_int_equal(get(device, PDP + PDP_D_CYA), 1);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 1);
	/* The other group is pending, not running. */
	put(device, PDP + PDP_S_POINTER, 1);
	put(device, PDP + PDP_D_OP_ENABLE, 1);
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 0x20001);
}

static void test_flush_status(void **state)
{
	struct device *device = *state;

	nvdla_emu_advance(device->emu, 8000);
	assert_int_equal(get(device, CDMA + CDMA_S_CBUF_FLUSH_STATUS), 0);
	assert_true(nvdla_emu_next_event(device->emu) < 400);
	nvdla_emu_advance(device->emu, nvdla_emu_next_event(device->emu));
	assert_int_equal(get(device, CDMA + CDMA_S_CBUF_FLUSH_STATUS), 1);
}

static void test_interrupts(void **state)
{
	struct device *device = *state;

	put(device, GLB + GLB_S_INTR_MASK, 0xffffffff);
	assert_int_equal(get(device, GLB + GLB_S_INTR_MASK), 0x3f03ff);
	put(device, GLB + GLB_S_INTR_SET, 0xffffffff);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x3f003f);
	assert_int_equal(get(device, GLB + GLB_S_INTR_SET), 0);
	assert_int_equal(device->line, 0);
	put(device, GLB + GLB_S_INTR_MASK, ~0x20u);
	assert_int_equal(device->line, 1);
	put(device, GLB + GLB_S_INTR_STATUS, 0x1f);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0x3f0020);
	assert_int_equal(device->line, 1);
	put(device, GLB + GLB_S_INTR_STATUS, 0x20);
	assert_int_equal(device->line, 0);
	/* Raised by software is not raised by an engine. */
	assert_int_equal(device_stats(device).interrupts, 0);
}

static void test_done(void **state)
{
	struct device *device = *state;

	memset(device->ram, 7, 64);
	sdp_identity(device, 0, 0x1000, 4, 2, 8);
	sdp_enable(device);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 1);
	/* The result is not there before the operation is done. */
	assert_int_equal(device->ram[0x1000], 0);
	device_settle(device);
	assert_int_equal(device->ram[0x1000], 7);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0);
	assert_int_equal(get(device, SDP + SDP_S_POINTER), 0x10000);
	assert_int_equal(get(device, SDP_RDMA + SDP_RDMA_S_POINTER), 0x10000);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 1);
	assert_int_equal(device->line, 1);
	assert_int_equal(device_stats(device).operations[NVDLA_EMU_SDP], 1);
	assert_int_equal(device_stats(device).read_bytes, 64);
	assert_int_equal(device_stats(device).write_bytes, 64);
	nvdla_emu_reset(device->emu);
	assert_int_equal(device->line, 0);
	assert_int_equal(device_stats(device).operations[NVDLA_EMU_SDP], 0);
}

/* Whichever part of a chain is enabled last starts it, and an enabled part waits for ever. */
static void test_order_of_enabling(void **state)
{
	struct device *device = *state;

	device->ram[0] = 9;
	sdp_identity(device, 0, 0x1000, 1, 1, 8);
	put(device, SDP + SDP_D_OP_ENABLE, 1);
	device_settle(device);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 1);
	put(device, SDP_RDMA + SDP_RDMA_D_OP_ENABLE, 1);
	device_settle(device);
	assert_int_equal(device->ram[0x1000], 9);
}

/* Both groups enabled: one after the other, each with its own interrupt bit. */
static void test_ping_pong(void **state)
{
	struct device *device = *state;

	for (uint32_t g = 0; g < 2; g++) {
		put(device, SDP + SDP_S_POINTER, g);
		put(device, SDP_RDMA + SDP_RDMA_S_POINTER, g);
		sdp_identity(device, g * 0x1000, (g + 1) * 0x1000, 4, 4, 8);
		device->ram[g * 0x1000] = 5;
		sdp_enable(device);
	}
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0x20001);
	nvdla_emu_advance(device->emu, nvdla_emu_next_event(device->emu));
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 3);
	assert_int_equal(get(device, SDP + SDP_S_POINTER), 1);
	/* The second one read what the first one wrote. */
	assert_int_equal(device->ram[0x2000], 5);
}

/*
 * SDP_RDMA has a CONSUMER of its own. An operation that it has no part in leaves it alone, so
 * after one such SDP is at group 1 and SDP_RDMA still at group 0.
 */
static void test_rdma_consumer(void **state)
{
	struct device *device = *state;

	device->ram[0] = 3;
	/* All readers off: done at once, whatever SDP does. */
	sdp_identity(device, 0, 0x1000, 1, 1, 8);
	put(device, SDP_RDMA + SDP_RDMA_D_FEATURE_MODE_CFG, 1);
	put(device, SDP_RDMA + SDP_RDMA_D_OP_ENABLE, 1);
	assert_int_equal(get(device, SDP_RDMA + SDP_RDMA_S_POINTER), 0x10000);
	assert_int_equal(get(device, SDP + SDP_S_POINTER), 0);

	/* SDP in group 0, SDP_RDMA in group 1. */
	put(device, SDP_RDMA + SDP_RDMA_S_POINTER, 1);
	sdp_identity(device, 0, 0x1000, 1, 1, 8);
	sdp_enable(device);
	device_settle(device);
	assert_int_equal(device->ram[0x1000], 3);
	assert_int_equal(get(device, SDP_RDMA + SDP_RDMA_S_POINTER), 1);
	assert_int_equal(get(device, SDP + SDP_S_POINTER), 0x10000);
}

static void test_bad_access(void **state)
{
	struct device *device = *state;

	memset(device->ram, 1, 64);
	/* Wraps around at 32 bits: the first line is nowhere, the second at 0. */
	sdp_identity(device, 0xfffffff8, 0x1000, 1, 2, 8);
	put(device, SDP_RDMA + SDP_RDMA_D_SRC_LINE_STRIDE, 8);
	memset(device->ram + 0x1000, 2, 16);
	sdp_enable(device);
	device_settle(device);
	assert_int_equal(device_stats(device).bad_accesses, 1);
	assert_int_equal(device->ram[0x1000], 0);
	assert_int_equal(device->ram[0x1008], 1);
}

static void test_cost_of_accesses(void **state)
{
	struct nvdla_emu_params params = {
		.config = "nv_small", .read = device_read, .write = device_write, .ctx = *state,
		.write_cost = 9, .read_cost = 80,
	};
	struct nvdla_emu *emu = nvdla_emu_new(&params);

	for (unsigned int i = 0; i < 4; i++)
		nvdla_emu_write(emu, PDP + PDP_D_CYA, i);
	nvdla_emu_read(emu, PDP + PDP_D_CYA);
	assert_int_equal(nvdla_emu_time(emu), 9 + 20);
	nvdla_emu_free(emu);
}

static void test_unknown_configuration(void **state)
{
	struct nvdla_emu_params params = { .config = "nv_tiny", .read = device_read,
					   .write = device_write, .ctx = *state };

	errno = 0;
	assert_null(nvdla_emu_new(&params));
	assert_int_equal(errno, EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reset_values),
		TEST(test_unused_bits_are_masked),
		TEST(test_groups_are_separate),
		TEST(test_enabled_group_ignores_writes),
		TEST(test_flush_status),
		TEST(test_interrupts),
		TEST(test_done),
		TEST(test_order_of_enabling),
		TEST(test_ping_pong),
		TEST(test_rdma_consumer),
		TEST(test_bad_access),
		TEST(test_cost_of_accesses),
		TEST(test_unknown_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
