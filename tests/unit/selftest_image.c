// SPDX-License-Identifier: MIT
/*
 * Self-test images: that the generator makes the same one each time, that the driver's parser accepts
 * it, and that nothing that may happen to its bytes makes the parser accept what would be read from
 * outside. Images lie at the end of what was allocated, so that AddressSanitizer sees any such read.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#include "builder.h"
#include "nvdla_selftest_image.h"

struct made {
	const struct nvdla_config *config;
	uint8_t *image;
	size_t size;
	uint32_t random;
};

static int make_image(void **state)
{
	struct made *made = calloc(1, sizeof(*made));

	made->config = nvdla_config_find("nv_small");
	made->image = selftest_image(made->config, &made->size);
	made->random = 1;
	*state = made;
	return 0;
}

static int free_image(void **state)
{
	struct made *made = *state;

	free(made->image);
	free(made);
	return 0;
}

static uint32_t next_random(struct made *made)
{
	made->random ^= made->random << 13;
	made->random ^= made->random >> 17;
	made->random ^= made->random << 5;
	return made->random;
}

static uint8_t *copy_of(const struct made *made, size_t size)
{
	/* malloc() aligns to 16 bytes, whatever the size. */
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, made->image, size);
	return copy;
}

/* So that what is behind the checksum is reached. */
static void seal(uint8_t *image, size_t size)
{
	uint32_t crc = (uint32_t)crc32(0, image + NVDLA_SELFTEST_CRC_BEGIN,
				       (uInt)(size - NVDLA_SELFTEST_CRC_BEGIN));

	memcpy(image + offsetof(struct nvdla_selftest_header, crc), &crc, sizeof(crc));
}

/* Parse; on success do with the image all that the driver does, but run it. */
static int use(const struct nvdla_config *config, const uint8_t *bytes, size_t size, const char **why)
{
	struct nvdla_selftest_image image;
	int ret;

	*why = NULL;
	ret = nvdla_selftest_parse(bytes, size, config, &image, why);
	if (ret) {
		assert_int_equal(ret, -EINVAL);
		assert_non_null(*why);
		return ret;
	}
	for (u32 i = 0; i < image.register_count; i++)
		assert_true(strlen(image.registers[i].name) < sizeof(image.registers[i].name));
	for (u32 i = 0; i < image.test_count; i++) {
		struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
		struct nvdla_selftest_program program;
		struct nvdla_diag diag;

		nvdla_selftest_get(&image, i, &program);
		assert_true(strlen(program.name) && strlen(program.what) && program.part < NVDLA_ENGINES);
		/* Accepted or not: it reads all of the source. */
		(void)nvdla_program_check(config, &program.source, slots, &diag);
		for (u32 s = 0; s < program.slot_count; s++) {
			uint8_t *memory = malloc(program.slots[s].bytes);

			nvdla_selftest_fill(&image, &program.slots[s], memory);
			for (u32 c = 0; c < program.check_count; c++) {
				if (program.checks[c].slot != s)
					continue;
				(void)nvdla_selftest_crc(&program.checks[c], memory);
				assert_true(nvdla_selftest_untouched(&image, &program.slots[s],
								     &program.checks[c], memory));
			}
			free(memory);
		}
	}
	return 0;
}

static void the_same_each_time(void **state)
{
	struct made *made = *state;
	size_t size;
	uint8_t *again = selftest_image(made->config, &size);

	assert_int_equal(size, made->size);
	assert_memory_equal(again, made->image, size);
	free(again);
}

static void accepted(void **state)
{
	struct made *made = *state;
	uint8_t *copy = copy_of(made, made->size);
	const char *why;

	assert_int_equal(use(made->config, copy, made->size, &why), 0);
	free(copy);
}

/* The programs pass the validator, and nothing that is right before they run passes the checks. */
static void programs_are_valid(void **state)
{
	struct made *made = *state;
	struct nvdla_selftest_image image;
	const char *why;
	u32 engines = 0;

	assert_int_equal(nvdla_selftest_parse(made->image, made->size, made->config, &image, &why), 0);
	assert_true(image.register_count > 0);
	for (u32 i = 0; i < image.test_count; i++) {
		struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
		struct nvdla_selftest_program program;
		struct nvdla_diag diag;

		nvdla_selftest_get(&image, i, &program);
		if (nvdla_program_check(made->config, &program.source, slots, &diag))
			fail_msg("%s: operation %u: %s: %s", program.name, diag.index, diag.field, diag.rule);
		for (u32 op = 0; op < program.source.op_count; op++)
			engines |= 1u << program.source.ops[op].engine;
		for (u32 c = 0; c < program.check_count; c++) {
			const struct nvdla_selftest_check *check = &program.checks[c];
			const struct nvdla_selftest_slot *slot = &program.slots[check->slot];
			uint8_t *memory = malloc(slot->bytes);

			/* What lies behind an output stays as it is. */
			nvdla_selftest_fill(&image, slot, memory);
			if (!strstr(check->what, "behind") &&
			    nvdla_selftest_crc(check, memory) == check->crc)
				fail_msg("%s: %s is right before it has run", program.name, check->what);
			free(memory);
		}
	}
	assert_int_equal(engines, made->config->engines);
}

static void refused(const struct made *made, const uint8_t *bytes, size_t size, const char *reason)
{
	const char *why;

	assert_int_equal(use(made->config, bytes, size, &why), -EINVAL);
	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
}

static void cut_off(void **state)
{
	struct made *made = *state;

	for (size_t size = 0; size < made->size; size += size < 1000 ? 1 : 977) {
		uint8_t *copy = copy_of(made, size);

		refused(made, copy, size, size < sizeof(struct nvdla_selftest_header) ? "too short" : "cut off");
		free(copy);
	}
}

static void any_byte_damaged(void **state)
{
	struct made *made = *state;
	uint8_t *copy = copy_of(made, made->size);
	const char *why;

	for (size_t at = 0; at < made->size; at += at < 1000 ? 1 : 1009) {
		uint8_t bit = (uint8_t)(1 << next_random(made) % 8);

		copy[at] ^= bit;
		assert_int_equal(use(made->config, copy, made->size, &why), -EINVAL);
		copy[at] ^= bit;
	}
	assert_int_equal(use(made->config, copy, made->size, &why), 0);
	free(copy);
}

#define FIELD(image, type, table, index, field) \
	(((type *)((image) + ((struct nvdla_selftest_header *)(image))->table.offset))[index].field)

/* Each slot may be as large, but not all of them. */
static void enlarge_slots(uint8_t *image)
{
	const struct nvdla_selftest_header *header = (struct nvdla_selftest_header *)image;

	for (u32 i = 0; i < header->slots.count; i++)
		FIELD(image, struct nvdla_selftest_slot, slots, i, bytes) = NVDLA_SELFTEST_MAX_SLOT_BYTES;
}

/* One mistake in an image that is otherwise right, and what is to be said about it. */
static void each_mistake_is_named(void **state)
{
	struct made *made = *state;
	uint8_t *copy;

#define MISTAKE(what, reason) do { \
		copy = copy_of(made, made->size); \
		struct nvdla_selftest_header *header = (struct nvdla_selftest_header *)copy; \
		what; \
		(void)header; \
		seal(copy, made->size); \
		refused(made, copy, made->size, reason); \
		free(copy); \
	} while (0)

	MISTAKE(header->magic[0] ^= 1, "not a self-test image");
	MISTAKE(header->version++, "another version");
	MISTAKE(header->size++, "cut off");
	MISTAKE(header->op_bytes++, "another interface");
	MISTAKE(header->lut_bytes--, "another interface");
	MISTAKE(header->config[3] ^= 1, "another configuration");
	MISTAKE(memset(header->config, 'n', sizeof(header->config)), "another configuration");
	MISTAKE(header->atom *= 2, "other sizes");
	MISTAKE(header->atomic_c *= 2, "other sizes");
	MISTAKE(header->atomic_k *= 2, "other sizes");
	MISTAKE(header->cbuf_banks /= 2, "other sizes");
	MISTAKE(header->cbuf_entries /= 2, "other sizes");
	MISTAKE(header->cbuf_entry_bytes *= 2, "other sizes");
	MISTAKE(header->pdp_width++, "other sizes");
	MISTAKE(header->dma_bits++, "other sizes");
	MISTAKE(header->engines ^= 2, "other sizes");
	MISTAKE(header->tests.offset = 8, "begins where none may");
	MISTAKE(header->ops.offset += 4, "begins where none may");
	MISTAKE(header->data.count++; header->data.count += 7, "ends behind the file");
	MISTAKE(header->tests.count = 0x80000000, "ends behind the file");
	MISTAKE(header->luts.offset = 0xfffffff8, "ends behind the file");
	MISTAKE(header->tests.count = 0, "no tests");
	MISTAKE(header->tests.count = 257; header->tests.offset = header->data.offset, "too many");
	MISTAKE(header->registers.count = 17, "too many registers");
	MISTAKE(FIELD(copy, struct nvdla_selftest_register, registers, 0, offset) = 0xd010, "may not read");
	MISTAKE(FIELD(copy, struct nvdla_selftest_register, registers, 0, offset) = 0xe000, "may not read");
	MISTAKE(FIELD(copy, struct nvdla_selftest_register, registers, 0, name[0]) = 0, "no name");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, name[0]) = '\n', "no name");
	MISTAKE(memset(FIELD(copy, struct nvdla_selftest_test, tests, 0, what), 'x', 96), "no name");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, part) = NVDLA_ENGINES, "not known");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, ops.count) = 0, "nothing to do");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, checks.count) = 0, "nothing to do");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, slots.count) = 65, "nothing to do");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, ops.first) = 0xffffffff, "not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, luts.count) = 0xffffffff, "not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, slots.first) = header->slots.count, "not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_test, tests, 0, checks.first) = header->checks.count, "not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, bytes) = 0, "empty, odd or too large");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, bytes) = 12, "empty, odd or too large");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, bytes) = 8 << 20, "empty, odd or too large");
	MISTAKE(enlarge_slots(copy), "too much memory");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, data_bytes) = 1 << 20, "more data than room");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, fill) = 256, "more data than room");
	MISTAKE(FIELD(copy, struct nvdla_selftest_slot, slots, 0, data) = header->data.count, "data is not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, slot) = 2, "a slot that is not there");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, count) = 0, "looks at nothing");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, step) = 0, "looks at nothing");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, offset) = 1 << 20, "ends behind its slot");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, step) = 0x80000000, "ends behind its slot");
	MISTAKE(FIELD(copy, struct nvdla_selftest_check, checks, 0, what[0]) = 0, "no name");
}

static void not_aligned(void **state)
{
	struct made *made = *state;
	uint8_t *copy = malloc(made->size + 1);

	memcpy(copy + 1, made->image, made->size);
	refused(made, copy + 1, made->size, "not aligned");
	free(copy);
}

/* Anywhere but in the data, with a checksum that fits. Counts say that it gets past the first look. */
static void random_changes(void **state)
{
	struct made *made = *state;
	size_t tables = ((struct nvdla_selftest_header *)made->image)->data.offset;
	static const uint32_t values[] = { 0, 1, 7, 8, 255, 0x1000, 1 << 20, 1 << 24, 0x7fffffff, 0xfffffff8, ~0u };
	unsigned int accepted = 0, refused = 0;
	uint8_t *copy = copy_of(made, made->size);
	const char *why;

	for (int round = 0; round < 2500; round++) {
		uint32_t at[3], old[3], count = 1 + next_random(made) % 3;

		for (uint32_t i = 0; i < count; i++) {
			/* The header and the first tables more often than the operations. */
			size_t span = next_random(made) % 2 ? sizeof(struct nvdla_selftest_header) : tables;
			uint32_t value = next_random(made);

			at[i] = next_random(made) % (span / 4) * 4;
			memcpy(&old[i], copy + at[i], 4);
			if (value & 1)
				value = values[(value >> 1) % (sizeof(values) / sizeof(values[0]))];
			else if (value & 2)
				value = old[i] + (value >> 2) % 17 - 8;
			memcpy(copy + at[i], &value, 4);
		}
		seal(copy, made->size);
		if (use(made->config, copy, made->size, &why))
			refused++;
		else
			accepted++;
		for (uint32_t i = count; i-- > 0;)
			memcpy(copy + at[i], &old[i], 4);
	}
	free(copy);
	print_message("# %u accepted, %u refused\n", accepted, refused);
	assert_true(accepted > 100 && refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_each_time),
		cmocka_unit_test(accepted),
		cmocka_unit_test(programs_are_valid),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(any_byte_damaged),
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(not_aligned),
		cmocka_unit_test(random_changes),
	};

	return cmocka_run_group_tests(tests, make_image, free_image);
}
