// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/array_size.h>
#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "nvdla_selftest_image.h"

#define REGISTER_MULTIPLE	0x1000
#define REGISTER_LAST		0xd000

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static u32 num(__le32 value)
{
	return __le32_to_cpu(value);
}

static u32 crc_of(const void *bytes, size_t size)
{
	return crc32_le(~0, bytes, size) ^ ~0;
}

static bool is_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (!length || length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static int check_table(const struct nvdla_selftest_header *header,
		       const struct nvdla_selftest_table *table, u32 element, const char **why)
{
	u64 end = (u64)num(table->offset) + (u64)num(table->count) * element;

	if (num(table->offset) < sizeof(*header) || num(table->offset) % 8)
		return refuse(why, "a table begins where none may");
	if (end > num(header->size))
		return refuse(why, "a table ends behind the file");
	return 0;
}

static int check_tables(const struct nvdla_selftest_header *header, const char **why)
{
	const struct {
		const struct nvdla_selftest_table *table;
		u32 element;
	} tables[] = {
		{ &header->registers, sizeof(struct nvdla_selftest_register) },
		{ &header->tests, sizeof(struct nvdla_selftest_test) },
		{ &header->slots, sizeof(struct nvdla_selftest_slot) },
		{ &header->checks, sizeof(struct nvdla_selftest_check) },
		{ &header->ops, sizeof(struct drm_nvdla_op) },
		{ &header->luts, sizeof(struct drm_nvdla_lut) },
		{ &header->data, 1 },
	};
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables) && !ret; i++)
		ret = check_table(header, tables[i].table, tables[i].element, why);
	return ret;
}

/* In the order in which it is worth to know: what it is comes before what is wrong with it. */
static int check_header(const struct nvdla_selftest_header *header, size_t size, const char **why)
{
	if (size < sizeof(*header))
		return refuse(why, "too short for a self-test image");
	if (memcmp(header->magic, NVDLA_SELFTEST_MAGIC, sizeof(header->magic)))
		return refuse(why, "not a self-test image");
	if (num(header->version) != NVDLA_SELFTEST_VERSION)
		return refuse(why, "of another version than this driver");
	if (num(header->size) != size)
		return refuse(why, "cut off, or longer than it says");
	if (size > NVDLA_SELFTEST_MAX_BYTES)
		return refuse(why, "too large");
	if (num(header->crc) != crc_of((const u8 *)header + NVDLA_SELFTEST_CRC_BEGIN,
				       size - NVDLA_SELFTEST_CRC_BEGIN))
		return refuse(why, "damaged: its checksum is wrong");
	if (num(header->op_bytes) != sizeof(struct drm_nvdla_op) ||
	    num(header->lut_bytes) != sizeof(struct drm_nvdla_lut))
		return refuse(why, "made with another interface of the driver");
	return check_tables(header, why);
}

static int check_config(const struct nvdla_selftest_header *header,
			const struct nvdla_config *config, const char **why)
{
	if (strncmp((const char *)header->config, config->name, sizeof(header->config)))
		return refuse(why, "made for another configuration");
	if (num(header->atom) != config->atom || num(header->atomic_c) != config->atomic_c ||
	    num(header->atomic_k) != config->atomic_k ||
	    num(header->cbuf_banks) != config->cbuf_banks ||
	    num(header->cbuf_entries) != config->cbuf_entries ||
	    num(header->cbuf_entry_bytes) != config->cbuf_entry_bytes ||
	    num(header->pdp_width) != config->pdp_width ||
	    num(header->dma_bits) != config->dma_bits || num(header->engines) != config->engines)
		return refuse(why, "made for a configuration of this name that has other sizes");
	return 0;
}

static int check_register(const struct nvdla_selftest_register *reg, const char **why)
{
	if (num(reg->offset) % REGISTER_MULTIPLE || num(reg->offset) > REGISTER_LAST)
		return refuse(why, "asks for a register that it may not read");
	if (!is_text(reg->name, sizeof(reg->name)))
		return refuse(why, "a register has no name");
	return 0;
}

static bool range_is_within(const struct nvdla_selftest_range *range,
			    const struct nvdla_selftest_table *table)
{
	return (u64)num(range->first) + num(range->count) <= num(table->count);
}

static int check_slot(const struct nvdla_selftest_header *header,
		      const struct nvdla_selftest_slot *slot, const char **why)
{
	u32 bytes = num(slot->bytes);

	if (!bytes || bytes % 8 || bytes > NVDLA_SELFTEST_MAX_SLOT_BYTES)
		return refuse(why, "a slot is empty, odd or too large");
	if (num(slot->data_bytes) > bytes || num(slot->fill) > U8_MAX)
		return refuse(why, "a slot has more data than room");
	if ((u64)num(slot->data) + num(slot->data_bytes) > num(header->data.count))
		return refuse(why, "a slot's data is not there");
	return 0;
}

static int check_check(const struct nvdla_selftest_check *check,
		       const struct nvdla_selftest_slot *slots, u32 slot_count, const char **why)
{
	u64 last = num(check->offset);

	if (!is_text(check->what, sizeof(check->what)))
		return refuse(why, "a check has no name");
	if (num(check->slot) >= slot_count)
		return refuse(why, "a check is of a slot that is not there");
	if (!num(check->count) || !num(check->step))
		return refuse(why, "a check looks at nothing");
	last += (u64)(num(check->count) - 1) * num(check->step);
	if (last >= num(slots[num(check->slot)].bytes))
		return refuse(why, "a check ends behind its slot");
	return 0;
}

static int check_test(const struct nvdla_selftest_header *header,
		      const struct nvdla_selftest_image *image,
		      const struct nvdla_selftest_test *test, const char **why)
{
	u32 slots = num(test->slots.count), checks = num(test->checks.count);
	const struct nvdla_selftest_slot *slot;
	u64 bytes = 0;
	int ret = 0;

	if (!is_text(test->name, sizeof(test->name)) || !is_text(test->what, sizeof(test->what)))
		return refuse(why, "a test has no name");
	if (num(test->part) >= NVDLA_ENGINES)
		return refuse(why, "a test is of an engine that is not known");
	if (!range_is_within(&test->ops, &header->ops) ||
	    !range_is_within(&test->luts, &header->luts) ||
	    !range_is_within(&test->slots, &header->slots) ||
	    !range_is_within(&test->checks, &header->checks))
		return refuse(why, "a test has parts that are not there");
	if (!num(test->ops.count) || num(test->ops.count) > DRM_NVDLA_MAX_OPS ||
	    num(test->luts.count) > DRM_NVDLA_MAX_LUTS || !slots ||
	    slots > DRM_NVDLA_MAX_SLOTS || !checks || checks > NVDLA_SELFTEST_MAX_CHECKS)
		return refuse(why, "a test has nothing to do, or too much");

	slot = &image->slots[num(test->slots.first)];
	for (u32 i = 0; i < slots && !ret; i++) {
		ret = check_slot(header, &slot[i], why);
		bytes += num(slot[i].bytes);
	}
	if (!ret && bytes > NVDLA_SELFTEST_MAX_BYTES)
		ret = refuse(why, "a test needs too much memory");
	for (u32 i = 0; i < checks && !ret; i++)
		ret = check_check(&image->checks[num(test->checks.first) + i], slot, slots, why);
	return ret;
}

/**
 * nvdla_selftest_parse() - check an image
 * @bytes: The image, aligned to eight bytes. Must stay as it is while @image is in use.
 * @size: Its size.
 * @config: Configuration of the device.
 * @image: Filled in.
 * @why: What is wrong with it, a constant string.
 *
 * Whether its programs may run is not looked at: they are to be checked as those of users are.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_selftest_parse(const void *bytes, size_t size, const struct nvdla_config *config,
			 struct nvdla_selftest_image *image, const char **why)
{
	const struct nvdla_selftest_header *header = bytes;
	int ret;

	if ((unsigned long)bytes % 8)
		return refuse(why, "not aligned in memory");
	ret = check_header(header, size, why);
	if (!ret)
		ret = check_config(header, config, why);
	if (ret)
		return ret;
	*image = (struct nvdla_selftest_image) {
		.registers = bytes + num(header->registers.offset),
		.tests = bytes + num(header->tests.offset),
		.slots = bytes + num(header->slots.offset),
		.checks = bytes + num(header->checks.offset),
		.ops = bytes + num(header->ops.offset),
		.luts = bytes + num(header->luts.offset),
		.data = bytes + num(header->data.offset),
		.register_count = num(header->registers.count),
		.test_count = num(header->tests.count),
	};

	if (!image->test_count || image->test_count > NVDLA_SELFTEST_MAX_TESTS)
		return refuse(why, "has no tests, or too many");
	if (image->register_count > NVDLA_SELFTEST_MAX_REGISTERS)
		return refuse(why, "asks for too many registers");
	for (u32 i = 0; i < image->register_count && !ret; i++)
		ret = check_register(&image->registers[i], why);
	for (u32 i = 0; i < image->test_count && !ret; i++)
		ret = check_test(header, image, &image->tests[i], why);
	return ret;
}

/**
 * nvdla_selftest_get() - get at a test
 * @image: Image.
 * @index: Which test, below &nvdla_selftest_image.test_count.
 * @program: Filled in.
 */
void nvdla_selftest_get(const struct nvdla_selftest_image *image, u32 index,
			struct nvdla_selftest_program *program)
{
	const struct nvdla_selftest_test *test = &image->tests[index];

	*program = (struct nvdla_selftest_program) {
		.name = test->name,
		.what = test->what,
		.part = num(test->part),
		.source = {
			.ops = &image->ops[num(test->ops.first)],
			.luts = &image->luts[num(test->luts.first)],
			.op_count = num(test->ops.count),
			.lut_count = num(test->luts.count),
		},
		.slots = &image->slots[num(test->slots.first)],
		.checks = &image->checks[num(test->checks.first)],
		.slot_count = num(test->slots.count),
		.check_count = num(test->checks.count),
	};
}

/**
 * nvdla_selftest_fill() - make memory what it is before a test
 * @image: Image.
 * @slot: Slot of it.
 * @memory: As many bytes as it has.
 */
void nvdla_selftest_fill(const struct nvdla_selftest_image *image,
			 const struct nvdla_selftest_slot *slot, u8 *memory)
{
	u32 given = num(slot->data_bytes);

	memcpy(memory, image->data + num(slot->data), given);
	memset(memory + given, num(slot->fill), num(slot->bytes) - given);
}

/**
 * nvdla_selftest_crc() - compute what a check compares
 * @check: Check.
 * @memory: The memory of its slot.
 *
 * Return: The checksum.
 */
u32 nvdla_selftest_crc(const struct nvdla_selftest_check *check, const u8 *memory)
{
	const u8 *at = memory + num(check->offset);
	u32 crc = ~0;

	if (num(check->step) == 1)
		return crc_of(at, num(check->count));
	for (u32 i = 0; i < num(check->count); i++)
		crc = crc32_le(crc, at + (size_t)i * num(check->step), 1);
	return crc ^ ~0;
}

/**
 * nvdla_selftest_untouched() - tell whether the bytes of a check are what they were before the test
 * @image: Image.
 * @slot: The check's slot.
 * @check: Check.
 * @memory: The memory of the slot.
 *
 * Return: Whether all of them are.
 */
bool nvdla_selftest_untouched(const struct nvdla_selftest_image *image,
			      const struct nvdla_selftest_slot *slot,
			      const struct nvdla_selftest_check *check, const u8 *memory)
{
	const u8 *data = image->data + num(slot->data);

	for (u32 i = 0; i < num(check->count); i++) {
		size_t at = num(check->offset) + (size_t)i * num(check->step);
		u8 before = at < num(slot->data_bytes) ? data[at] : num(slot->fill);

		if (memory[at] != before)
			return false;
	}
	return true;
}
