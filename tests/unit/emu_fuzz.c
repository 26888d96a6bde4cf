// SPDX-License-Identifier: MIT
/* Whatever is written to the registers, the emulator stays on its feet: no crash, no endless loop. */
#include "emu_operations.h"

/* Small enough that an operation takes milliseconds with sanitizers. */
#define MAX_WORK (1u << 18)
#define ROUNDS 400
#define WRITES 300

/* Blocks by how often an operation of theirs is started. */
static const uint32_t blocks[] = { CDMA, CSC, CMAC_A, CMAC_B, CACC, SDP_RDMA, SDP, PDP_RDMA, PDP,
				   CDP_RDMA, CDP };

#define NR_BLOCKS (sizeof(blocks) / sizeof(blocks[0]))

static uint32_t op_enable(uint32_t block)
{
	return block + (block == CDMA ? CDMA_D_OP_ENABLE : block == SDP ? SDP_D_OP_ENABLE :
			block == CDP ? CDP_D_OP_ENABLE : CSC_D_OP_ENABLE);
}

/* Numbers as drivers write them are small, or have one bit; and now and then anything. */
static uint32_t random_value(uint64_t *seed)
{
	switch (next_random(seed) % 6) {
	case 0:
		return 0;
	case 1:
		return next_random(seed);
	case 2:
		return 1u << next_random(seed) % 32;
	case 3:
		return next_random(seed) % DEVICE_RAM;
	case 4:
		return next_random(seed) % 8 | (next_random(seed) % 8) << 16;
	default:
		return next_random(seed) % 32;
	}
}

static void random_writes(struct device *device, uint64_t *seed)
{
	for (unsigned int i = 0; i < WRITES; i++) {
		uint32_t block = blocks[next_random(seed) % NR_BLOCKS];
		uint32_t reg = block + next_random(seed) % 0x100;

		if (reg == op_enable(block))
			continue;
		put(device, reg, random_value(seed));
	}
}

/* Operations that work, one of each engine. */
static void program_all(struct device *device, uint64_t *seed)
{
	struct conv_case conv = {
		.width = next_random(seed) % 12 + 3,
		.height = next_random(seed) % 12 + 3,
		.channels = next_random(seed) % 20 + 1,
		.kernels = next_random(seed) % 20 + 1,
		.r = 3, .s = 3, .x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1,
		.left = 1, .top = 1, .right = 1, .bottom = 1,
		.weights = 0x8000, .out = 0x10000,
	};
	struct pool_axis axis = { .in = next_random(seed) % 12 + 3, .kernel = 3, .stride = 2,
				  .before = 1 };

	conv.image = next_random(seed) % 4 == 0;
	if (conv.image)
		conv.channels = 1;
	conv_program(device, &conv);
	pool_program(device, &axis, &axis, conv.kernels, next_random(seed) % 3, 0, 0x20000);
	table_program(device, 0, 0x30000, axis.in, axis.in, conv.kernels);
}

static void start_all(struct device *device)
{
	for (size_t b = 0; b < NR_BLOCKS; b++)
		put(device, op_enable(blocks[b]), 1);
	device_settle(device);
}

/* A few registers off what would work, so that the odd is met with everything else right. */
static void test_mutations(void **state)
{
	uint64_t hangs = 0, done[NVDLA_EMU_ENGINES] = { 0 };

	(void)state;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct device *device = device_new(MAX_WORK);
		uint64_t seed = round;
		struct nvdla_emu_stats stats;

		for (unsigned int pass = 0; pass < 2; pass++) {
			for (size_t b = 0; b < NR_BLOCKS; b++)
				put(device, blocks[b] + CSC_S_POINTER, pass);
			program_all(device, &seed);
			for (unsigned int i = next_random(&seed) % 8; i; i--) {
				uint32_t block = blocks[next_random(&seed) % NR_BLOCKS];

				put(device, block + 8 + next_random(&seed) % 0xe0,
				    random_value(&seed));
			}
			start_all(device);
		}
		stats = device_stats(device);
		hangs += stats.hangs;
		for (unsigned int e = 0; e < NVDLA_EMU_ENGINES; e++)
			done[e] += stats.operations[e];
		if (stats.hangs)
			assert_non_null(nvdla_emu_hang_reason(device->emu));
		device_free(device);
	}
	/* Both were met: operations that ran, and ones that were refused. */
	assert_true(hangs > ROUNDS / 4);
	for (unsigned int e = 0; e < NVDLA_EMU_ENGINES; e++)
		assert_true(done[e] > ROUNDS / 4);
}

static void test_random_writes(void **state)
{
	uint64_t seed = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct device *device = device_new(MAX_WORK);

		for (unsigned int pass = 0; pass < 4; pass++) {
			random_writes(device, &seed);
			start_all(device);
		}
		/* Still answers. */
		assert_int_equal(get(device, GLB), 0x303031);
		device_free(device);
	}
}

/* Register accesses all over the aperture and beyond, without any thought. */
static void test_random_accesses(void **state)
{
	struct device *device = device_new(MAX_WORK);
	uint64_t seed = 1;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t offset = next_random(&seed) % 0x14000;

		if (next_random(&seed) % 4)
			put(device, offset, random_value(&seed));
		else
			get(device, offset);
		if (next_random(&seed) % 64 == 0)
			nvdla_emu_advance(device->emu, next_random(&seed));
		if (next_random(&seed) % 1024 == 0)
			nvdla_emu_reset(device->emu);
	}
	assert_true(device_stats(device).register_writes > 0);
	device_free(device);
}

/*
 * A few products, and more to be read for them than the emulator was told to do: libFuzzer found a
 * convolution that read for a minute. Refused before the first byte; just small enough, it runs.
 */
static void expect_read(uint32_t reg, uint32_t too_large, uint32_t fits, const char *reason)
{
	const struct conv_case conv = {
		.width = 8, .height = 8, .channels = 8, .kernels = 8, .r = 1, .s = 1,
		.x_stride = 1, .y_stride = 1, .x_dilation = 1, .y_dilation = 1,
		.weights = 0x8000, .out = 0x10000,
	};
	const uint32_t values[] = { too_large, fits };

	for (unsigned int i = 0; i < 2; i++) {
		struct device *device = device_new(MAX_WORK);
		struct nvdla_emu_stats stats;

		conv_program(device, &conv);
		put(device, CDMA + reg, values[i]);
		conv_enable(device);
		device_settle(device);
		stats = device_stats(device);
		if (values[i] == too_large) {
			assert_string_equal(nvdla_emu_hang_reason(device->emu), reason);
			assert_int_equal(stats.engine_read_bytes[NVDLA_EMU_CONV], 0);
		} else {
			assert_true(stats.engine_read_bytes[NVDLA_EMU_CONV] > 0);
		}
		device_free(device);
	}
}

static void test_much_to_read(void **state)
{
	(void)state;
	expect_read(CDMA_D_DATAIN_SIZE_0, 7 | 0x1fff << 16, 7 | 0xfff << 16,
		    "CDMA: input too large for the emulator");
	expect_read(CDMA_D_WEIGHT_BYTES, MAX_WORK + 8, MAX_WORK,
		    "CDMA: weights too large for the emulator");
}

/* The end of time does not wrap. */
static void test_end_of_time(void **state)
{
	struct device *device = device_new(0);

	(void)state;
	nvdla_emu_advance(device->emu, UINT64_MAX);
	nvdla_emu_advance(device->emu, UINT64_MAX);
	sdp_identity(device, 0, 0x1000, 1, 1, 8);
	sdp_enable(device);
	assert_true(nvdla_emu_next_event(device->emu) < 10000);
	nvdla_emu_advance(device->emu, UINT64_MAX);
	assert_int_equal(get(device, SDP + SDP_S_STATUS), 1);
	device_free(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_random_writes),
		cmocka_unit_test(test_random_accesses),
		cmocka_unit_test(test_much_to_read),
		cmocka_unit_test(test_end_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
