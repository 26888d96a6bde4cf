// SPDX-License-Identifier: MIT
/* Faults to order: each does what it says, when it says, and nothing else. */
#include <stdbool.h>

#include "emu_operations.h"

#define IN 0x1000u
#define OUT 0x2000u
#define WEIGHTS 0x4000u
#define BYTES (4u * 4 * ATOM)
#define SDP_DONE 1u
#define PDP_DONE 0x10u

static struct device *fresh(void)
{
	struct device *device = device_new(0);

	for (uint32_t i = 0; i < BYTES; i++)
		device->ram[IN + i] = (uint8_t)(i + 1);
	device_settle(device);		/* the flush of the convolution buffer */
	return device;
}

static void inject(struct device *device, enum nvdla_emu_fault_kind kind, unsigned int engine,
		   uint64_t at, uint32_t value)
{
	const struct nvdla_emu_fault fault = { kind, at, engine, value };

	assert_int_equal(nvdla_emu_inject(device->emu, &fault), 0);
}

/* Group 0 or 1 of SDP, from memory to memory. */
static void sdp_start(struct device *device, unsigned int group)
{
	memset(device->ram + OUT, 0, BYTES);
	put(device, SDP + SDP_S_POINTER, group);
	put(device, SDP_RDMA + SDP_RDMA_S_POINTER, group);
	sdp_identity(device, IN, OUT, 4, 4, ATOM);
	sdp_enable(device);
}

static unsigned int wrong_bytes(const struct device *device)
{
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < BYTES; i++)
		wrong += device->ram[OUT + i] != device->ram[IN + i];
	return wrong;
}

/* What the driver does behind an interrupt. True if the operation was reported done. */
static bool sdp_run(struct device *device, unsigned int group)
{
	uint32_t status;

	sdp_start(device, group);
	device_settle(device);
	status = get(device, GLB + GLB_S_INTR_STATUS);
	put(device, GLB + GLB_S_INTR_STATUS, status);
	return status == SDP_DONE << group;
}

static void hang_of_the_second(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_SDP, 2, 0);
	assert_true(sdp_run(device, 0));
	assert_int_equal(wrong_bytes(device), 0);
	assert_null(nvdla_emu_hang_reason(device->emu));
	assert_false(sdp_run(device, 1));
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(wrong_bytes(device), BYTES);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0x10000);
	/* A reset helps, and it was the second only. */
	nvdla_emu_reset(device->emu);
	assert_true(sdp_run(device, 0));
	assert_true(sdp_run(device, 1));
	device_free(device);
}

static void hang_of_another_engine(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_CDP, 1, 0);
	inject(device, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_CONV, 1, 0);
	assert_true(sdp_run(device, 0));
	device_free(device);
}

static void hang_of_pooling_leaves_sdp_alone(void **state)
{
	const struct pool_axis axis = { .in = 4, .kernel = 2, .stride = 2 };
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_PDP, 1, 0);
	pool_program(device, &axis, &axis, ATOM, POOL_MAX, IN, OUT);
	pool_enable(device);
	assert_true(sdp_run(device, 0));
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(get(device, PDP + PDP_S_STATUS), 1);
	device_free(device);
}

static void hang_of_a_convolution(void **state)
{
	const struct conv_case conv = {
		.width = 4, .height = 4, .channels = 8, .kernels = 8, .r = 1, .s = 1,
		.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1, .in = IN,
		.weights = WEIGHTS, .out = OUT,
	};
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_HANG, NVDLA_EMU_CONV, 1, 0);
	conv_program(device, &conv);
	conv_enable(device);
	device_settle(device);
	assert_non_null(nvdla_emu_hang_reason(device->emu));
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS) & (SDP_DONE | 0x300000), 0);
	assert_int_equal(get(device, CSC + CSC_S_STATUS), 1);
	nvdla_emu_reset(device->emu);
	conv_program(device, &conv);
	conv_enable(device);
	device_settle(device);
	assert_true(get(device, GLB + GLB_S_INTR_STATUS) & SDP_DONE);
	device_free(device);
}

static void wrong_data(void **state)
{
	struct device *device = fresh();

	(void)state;
	for (uint32_t seed = 0; seed < 64; seed++) {
		uint8_t first[BYTES];

		inject(device, NVDLA_EMU_FAULT_WRONG_DATA, NVDLA_EMU_ENGINES, 2, seed);
		assert_true(sdp_run(device, 0));
		assert_int_equal(wrong_bytes(device), 0);
		assert_true(sdp_run(device, 1));
		assert_int_equal(wrong_bytes(device), 1);
		memcpy(first, device->ram + OUT, BYTES);
		/* The same seed, the same byte. */
		inject(device, NVDLA_EMU_FAULT_WRONG_DATA, NVDLA_EMU_ENGINES, 1, seed);
		assert_true(sdp_run(device, 0));
		assert_memory_equal(device->ram + OUT, first, BYTES);
		assert_true(sdp_run(device, 1));
		assert_int_equal(wrong_bytes(device), 0);
	}
	device_free(device);
}

static uint64_t cycles_of_sdp(struct device *device, unsigned int group)
{
	uint64_t start = nvdla_emu_time(device->emu);

	assert_true(sdp_run(device, group));
	return nvdla_emu_time(device->emu) - start;
}

static void slow_memory(void **state)
{
	struct device *device = fresh();
	uint64_t usual;

	(void)state;
	usual = cycles_of_sdp(device, 0);
	inject(device, NVDLA_EMU_FAULT_SLOW_MEMORY, NVDLA_EMU_ENGINES, 2, 10);
	assert_int_equal(cycles_of_sdp(device, 1), usual);
	assert_true(cycles_of_sdp(device, 0) > 5 * usual);
	assert_int_equal(wrong_bytes(device), 0);
	nvdla_emu_reset(device->emu);
	assert_true(cycles_of_sdp(device, 0) > 5 * usual);
	nvdla_emu_clear_faults(device->emu);
	assert_int_equal(cycles_of_sdp(device, 1), usual);
	device_free(device);
}

static void slow_memory_for_a_convolution(void **state)
{
	const struct conv_case conv = {
		.width = 4, .height = 4, .channels = 8, .kernels = 8, .r = 1, .s = 1,
		.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1, .in = IN,
		.weights = WEIGHTS, .out = OUT,
	};
	uint64_t cycles[2];

	(void)state;
	for (unsigned int slow = 0; slow < 2; slow++) {
		struct device *device = fresh();
		uint64_t start = nvdla_emu_time(device->emu);

		if (slow)
			inject(device, NVDLA_EMU_FAULT_SLOW_MEMORY, NVDLA_EMU_ENGINES, 0, 100);
		conv_program(device, &conv);
		conv_enable(device);
		device_settle(device);
		cycles[slow] = nvdla_emu_time(device->emu) - start;
		device_free(device);
	}
	assert_true(cycles[1] > cycles[0] + 99 * 40);
}

static void gone(void **state)
{
	struct device *device = fresh();
	uint64_t written;

	(void)state;
	inject(device, NVDLA_EMU_FAULT_GONE, NVDLA_EMU_ENGINES, 2, 0);
	assert_true(sdp_run(device, 0));
	/* In the middle of an operation of another engine, with an interrupt pending. */
	put(device, GLB + GLB_S_INTR_SET, PDP_DONE);
	assert_int_equal(device->line, 1);
	written = device_stats(device).write_bytes;
	sdp_start(device, 1);
	assert_int_equal(device->line, 0);
	device_settle(device);
	assert_int_equal(device_stats(device).write_bytes, written);
	for (uint32_t reg = 0; reg < 0x10000; reg += 0x404)
		assert_int_equal(get(device, reg), UINT32_MAX);
	put(device, GLB + GLB_S_INTR_SET, PDP_DONE);
	assert_int_equal(device->line, 0);
	nvdla_emu_reset(device->emu);
	assert_int_equal(get(device, GLB + GLB_S_NVDLA_HW_VERSION), UINT32_MAX);
	nvdla_emu_clear_faults(device->emu);
	assert_true(sdp_run(device, 0));
	device_free(device);
}

static void spurious_status(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_SPURIOUS_STATUS, NVDLA_EMU_ENGINES, 0, PDP_DONE);
	assert_int_equal(device->line, 1);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), PDP_DONE);
	put(device, GLB + GLB_S_INTR_STATUS, PDP_DONE);
	assert_int_equal(device->line, 0);
	inject(device, NVDLA_EMU_FAULT_SPURIOUS_STATUS, NVDLA_EMU_ENGINES, 1, PDP_DONE);
	assert_int_equal(device->line, 0);
	sdp_start(device, 0);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), PDP_DONE);
	device_free(device);
}

static void spurious_line(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_SPURIOUS_LINE, NVDLA_EMU_ENGINES, 1, 0);
	assert_int_equal(device->line, 0);
	sdp_start(device, 0);
	assert_int_equal(device->line, 1);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0);
	assert_int_equal(device->line, 0);
	device_settle(device);
	assert_int_equal(device->line, 1);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), SDP_DONE);
	device_free(device);
}

static void lost_status(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_LOST_STATUS, NVDLA_EMU_SDP, 2, 0);
	assert_true(sdp_run(device, 0));
	sdp_start(device, 1);
	device_settle(device);
	assert_int_equal(device->line, 0);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), 0);
	/* The work is done all the same. */
	assert_int_equal(wrong_bytes(device), 0);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 0);
	assert_true(sdp_run(device, 0));
	device_free(device);
}

static void lost_line(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_LOST_LINE, NVDLA_EMU_ENGINES, 2, 0);
	put(device, GLB + GLB_S_INTR_SET, PDP_DONE);
	assert_int_equal(device->line, 1);
	put(device, GLB + GLB_S_INTR_STATUS, PDP_DONE);
	assert_int_equal(device->line, 0);
	sdp_start(device, 0);
	device_settle(device);
	assert_int_equal(device->line, 0);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), SDP_DONE);
	put(device, GLB + GLB_S_INTR_STATUS, SDP_DONE);
	sdp_start(device, 1);
	device_settle(device);
	assert_int_equal(device->line, 1);
	device_free(device);
}

static void refused(void **state)
{
	static const struct nvdla_emu_fault bad[] = {
		{ NVDLA_EMU_FAULTS, 1, NVDLA_EMU_ENGINES, 0 },
		{ NVDLA_EMU_FAULT_HANG, 1, NVDLA_EMU_ENGINES + 1, 0 },
		{ NVDLA_EMU_FAULT_HANG, 0, NVDLA_EMU_ENGINES, 0 },
		{ NVDLA_EMU_FAULT_LOST_LINE, 0, NVDLA_EMU_ENGINES, 0 },
		{ NVDLA_EMU_FAULT_SLOW_MEMORY, 1, NVDLA_EMU_ENGINES, 0 },
		{ NVDLA_EMU_FAULT_SLOW_MEMORY, 1, NVDLA_EMU_ENGINES, 65536 },
	};
	const struct nvdla_emu_fault fine = { NVDLA_EMU_FAULT_HANG, 1000, NVDLA_EMU_ENGINES, 0 };
	struct device *device = fresh();
	unsigned int room = 0;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(nvdla_emu_inject(device->emu, &bad[i]), -EINVAL);
	while (room < 1000 && !nvdla_emu_inject(device->emu, &fine))
		room++;
	assert_in_range(room, 1, 999);
	assert_int_equal(nvdla_emu_inject(device->emu, &fine), -ENOSPC);
	nvdla_emu_clear_faults(device->emu);
	assert_int_equal(nvdla_emu_inject(device->emu, &fine), 0);
	device_free(device);
}

static void several_at_one_operation(void **state)
{
	struct device *device = fresh();

	(void)state;
	inject(device, NVDLA_EMU_FAULT_WRONG_DATA, NVDLA_EMU_SDP, 1, 7);
	inject(device, NVDLA_EMU_FAULT_SPURIOUS_STATUS, NVDLA_EMU_ENGINES, 1, PDP_DONE);
	inject(device, NVDLA_EMU_FAULT_WRONG_DATA, NVDLA_EMU_SDP, 2, 7);
	sdp_start(device, 0);
	device_settle(device);
	assert_int_equal(get(device, GLB + GLB_S_INTR_STATUS), PDP_DONE | SDP_DONE);
	assert_int_equal(wrong_bytes(device), 1);
	sdp_start(device, 1);
	device_settle(device);
	assert_int_equal(wrong_bytes(device), 1);
	device_free(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hang_of_the_second),
		cmocka_unit_test(hang_of_another_engine),
		cmocka_unit_test(hang_of_pooling_leaves_sdp_alone),
		cmocka_unit_test(hang_of_a_convolution),
		cmocka_unit_test(wrong_data),
		cmocka_unit_test(slow_memory),
		cmocka_unit_test(slow_memory_for_a_convolution),
		cmocka_unit_test(gone),
		cmocka_unit_test(spurious_status),
		cmocka_unit_test(spurious_line),
		cmocka_unit_test(lost_status),
		cmocka_unit_test(lost_line),
		cmocka_unit_test(refused),
		cmocka_unit_test(several_at_one_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
