// SPDX-License-Identifier: MIT
/* The table of configurations: consistent in itself, and what is refused and why. */
#include "config.h"
#include "emu_device.h"

#define FOR_EACH_ROW(row) \
	for (size_t i_ = 0; ((row) = emu_config_row(i_)); i_++)

static bool power_of_two(unsigned int n)
{
	return n && !(n & (n - 1));
}

static void test_table(void **state)
{
	const struct nvdla_config *row;
	unsigned int rows = 0;

	(void)state;
	FOR_EACH_ROW(row) {
		unsigned int entries = row->cbuf_banks * row->cbuf_bank_entries;

		rows++;
		assert_true(power_of_two(row->atom) && row->atom <= ATOM_MAX);
		assert_int_equal(row->atomic_c % row->atom, 0);
		assert_true(power_of_two(row->atomic_c / row->atom));
		/* The register of banks has five bits. */
		assert_true(row->cbuf_banks <= 32);
		assert_int_equal(row->y_rate != 0, config_has(row, FEATURE_Y_UNIT));
		assert_int_equal(row->atom % row->x_rate, 0);
		assert_int_equal(row->atom % row->pdp_rate, 0);
		assert_int_equal(row->atom % row->cdp_rate, 0);
		assert_true(row->address_bits == 32 || row->address_bits == 64);
		/* CBUF is zeroed in two halves at once, as wide as memory. */
		assert_int_equal(row->cbuf_flush_cycles,
				 entries * row->cbuf_entry_bytes / row->memory_bytes / 2);
		/* The first generation had entries for 16-bit channels. */
		if (config_has(row, FEATURE_INT16))
			continue;
		assert_int_equal(row->cbuf_entry_bytes, row->atomic_c);
		/* What comes out of CACC for a kernel group is what SDP takes for an atom. */
		assert_int_equal(row->atomic_k, row->atom);
	}
	assert_true(rows > 1);
}

static void test_names_are_unique(void **state)
{
	const struct nvdla_config *row, *other;

	(void)state;
	FOR_EACH_ROW(row) {
		for (size_t i = 0; (other = emu_config_row(i)); i++)
			assert_true(row == other || strcmp(row->name, other->name));
	}
}

/* A row is accepted or refused, by the table's face and by the emulator's. */
static void test_accepted_or_refused(void **state)
{
	const struct nvdla_config *row;
	unsigned int accepted = 0, refused = 0;
	char reason[256];

	FOR_EACH_ROW(row) {
		struct nvdla_emu_params params = { .config = row->name, .read = device_read,
						   .write = device_write, .ctx = *state };
		struct nvdla_emu *emu = nvdla_emu_new(&params);

		reason[0] = 0;
		if (nvdla_emu_config_check(row->name, reason, sizeof(reason))) {
			assert_null(emu);
			assert_non_null(strstr(reason, row->name));
			refused++;
		} else {
			assert_non_null(emu);
			assert_string_equal(reason, "");
			accepted++;
		}
		nvdla_emu_free(emu);
	}
	assert_int_equal(nvdla_emu_config_check("nv_small", reason, sizeof(reason)), 0);
	assert_int_equal(nvdla_emu_config_check("nv_large", reason, sizeof(reason)), 0);
	assert_true(accepted && refused);
}

static void test_what_is_missing_is_named(void **state)
{
	char reason[256];

	(void)state;
	assert_int_equal(nvdla_emu_config_check("nv_full", reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, "BDMA"));
	assert_non_null(strstr(reason, "weight compression"));
	/* It has a Y unit, and so does the emulator. */
	assert_null(strstr(reason, "Y unit"));

	assert_int_equal(nvdla_emu_config_check("nv_tiny", reason, sizeof(reason)), -EINVAL);
	assert_non_null(strstr(reason, "nv_tiny"));
	assert_non_null(strstr(reason, "nv_small_256,"));
	assert_null(strstr(reason, "nv_full"));
}

static void test_short_reason(void **state)
{
	char reason[9];

	(void)state;
	memset(reason, '!', sizeof(reason));
	assert_int_equal(nvdla_emu_config_check("nv_full", reason, sizeof(reason) - 1), -EINVAL);
	assert_string_equal(reason, "nv_full");
	assert_int_equal(reason[8], '!');
	assert_int_equal(nvdla_emu_config_check("nv_full", NULL, 0), -EINVAL);
}

#define CVIF 0xf000

static uint32_t lut_round_trip(struct device *device)
{
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 1 << 17 | 5);
	put(device, SDP + SDP_S_LUT_ACCESS_DATA, 0xabcd);
	put(device, SDP + SDP_S_LUT_ACCESS_CFG, 5);
	return get(device, SDP + SDP_S_LUT_ACCESS_DATA);
}

/* What software may look at to tell configurations apart. */
static void test_probing(void **state)
{
	struct device *small = device_new_as("nv_small", 0), *large = device_new_as("nv_large", 0);

	(void)state;
	assert_int_equal(get(small, CVIF + MCIF_CFG_RD_WEIGHT_0), 0);
	assert_int_equal(get(large, CVIF + MCIF_CFG_RD_WEIGHT_0), 0x1010101);
	put(small, CVIF + MCIF_CFG_RD_WEIGHT_0, 7);
	put(large, CVIF + MCIF_CFG_RD_WEIGHT_0, 7);
	assert_int_equal(get(small, CVIF + MCIF_CFG_RD_WEIGHT_0), 0);
	assert_int_equal(get(large, CVIF + MCIF_CFG_RD_WEIGHT_0), 7);
	/* They are two: */
	assert_int_equal(get(large, 0x2000 + MCIF_CFG_RD_WEIGHT_0), 0x1010101);
	assert_int_equal(lut_round_trip(small), 0);
	assert_int_equal(lut_round_trip(large), 0xabcd);
	device_free(small);
	device_free(large);
}

#define HIGH_PAGE 3u

struct far_memory {
	uint8_t bytes[4096];
	uint64_t page;
};

static int far_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct far_memory *memory = ctx;

	if (addr >> 32 != memory->page)
		return -EFAULT;
	memcpy(buf, memory->bytes + (uint32_t)addr, len);
	return 0;
}

static int far_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct far_memory *memory = ctx;

	if (addr >> 32 != memory->page)
		return -EFAULT;
	memcpy(memory->bytes + (uint32_t)addr, buf, len);
	return 0;
}

static uint64_t bad_accesses_beyond_4g(const char *config, struct far_memory *memory)
{
	struct nvdla_emu_params params = { .config = config, .read = far_read, .write = far_write,
					   .ctx = memory };
	struct device device = { .emu = nvdla_emu_new(&params) };
	uint64_t bad;

	sdp_identity(&device, 0, 256, 1, 1, 1);
	put(&device, SDP_RDMA + SDP_RDMA_D_SRC_BASE_ADDR_HIGH, HIGH_PAGE);
	put(&device, SDP + SDP_D_DST_BASE_ADDR_HIGH, HIGH_PAGE);
	sdp_enable(&device);
	device_settle(&device);
	bad = device_stats(&device).bad_accesses;
	nvdla_emu_free(device.emu);
	return bad;
}

static void test_high_addresses(void **state)
{
	struct far_memory memory = { .bytes = { 42 }, .page = HIGH_PAGE };

	(void)state;
	assert_int_equal(bad_accesses_beyond_4g("nv_large", &memory), 0);
	assert_int_equal(memory.bytes[256], 42);
	/* A build with 32 address bits stores the upper registers, and does not look at them. */
	memory.page = 0;
	memory.bytes[256] = 0;
	assert_int_equal(bad_accesses_beyond_4g("nv_small", &memory), 0);
	assert_int_equal(memory.bytes[256], 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_accepted_or_refused),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_short_reason),
		cmocka_unit_test(test_probing),
		cmocka_unit_test(test_high_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
