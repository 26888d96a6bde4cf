// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "builder.h"

#define SEED		UINT64_C(0x4e56444c41)
/* Any bytes for inputs, which tests share. The largest input fills all banks but one. */
#define POOL_BYTES	(160u << 10)
/* What outputs hold before: not what a device that writes nothing useful is likely to write. */
#define OUTPUT_FILL	0xa7

_Noreturn void die(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

int random_between(struct builder *b, int low, int high)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return low + (int)((b->random >> 33) % (uint64_t)(high - low + 1));
}

static void *table_add(struct table *table, size_t bytes)
{
	if (table->size + bytes > table->room) {
		table->room = 2 * (table->size + bytes);
		table->bytes = realloc(table->bytes, table->room);
		if (!table->bytes)
			die("out of memory");
	}
	table->size += bytes;
	memset(table->bytes + table->size - bytes, 0, bytes);
	return table->bytes + table->size - bytes;
}

/* Append to a table; its first element is the next one's number. */
static struct nvdla_selftest_range table_append(struct table *table, const void *from,
						uint32_t count)
{
	struct nvdla_selftest_range range = { (uint32_t)(table->size / table->element), count };
	size_t bytes = (size_t)count * table->element;

	if (bytes)
		memcpy(table_add(table, bytes), from, bytes);
	return range;
}

static void set_text(char *to, size_t size, const char *format, va_list args)
{
	if ((size_t)vsnprintf(to, size, format, args) >= size)
		die("too long: %s", to);
}

void builder_init(struct builder *b, const struct nvdla_config *config)
{
	uint8_t *pool;

	*b = (struct builder){ .config = config, .random = SEED };
	b->registers.element = sizeof(struct nvdla_selftest_register);
	b->tests.element = sizeof(struct nvdla_selftest_test);
	b->slots.element = sizeof(struct nvdla_selftest_slot);
	b->checks.element = sizeof(struct nvdla_selftest_check);
	b->ops.element = sizeof(struct drm_nvdla_op);
	b->luts.element = sizeof(struct drm_nvdla_lut);
	b->data.element = 1;
	pool = table_add(&b->data, POOL_BYTES);
	for (uint32_t i = 0; i < POOL_BYTES; i++)
		pool[i] = (uint8_t)random_between(b, 0, 255);
}

void builder_free(struct builder *b)
{
	struct table *tables[] = { &b->registers, &b->tests, &b->slots, &b->checks, &b->ops,
				   &b->luts, &b->data };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		free(tables[i]->bytes);
}

static struct nvdla_selftest_table place(const struct table *table, uint8_t *image, size_t *at)
{
	struct nvdla_selftest_table placed = { (uint32_t)*at, (uint32_t)(table->size / table->element) };

	if (table->size && image)
		memcpy(image + *at, table->bytes, table->size);
	*at += (table->size + 7) / 8 * 8;
	return placed;
}

/* Writes it if there is an image; tells its size in any case. */
static size_t lay_out(const struct builder *b, uint8_t *image)
{
	const struct nvdla_config *config = b->config;
	struct nvdla_selftest_header header = {
		.version = NVDLA_SELFTEST_VERSION, .op_bytes = sizeof(struct drm_nvdla_op),
		.lut_bytes = sizeof(struct drm_nvdla_lut),
		.atom = config->atom, .atomic_c = config->atomic_c, .atomic_k = config->atomic_k,
		.cbuf_banks = config->cbuf_banks, .cbuf_entries = config->cbuf_entries,
		.cbuf_entry_bytes = config->cbuf_entry_bytes, .pdp_width = config->pdp_width,
		.dma_bits = config->dma_bits, .engines = config->engines,
	};
	size_t at = sizeof(header);

	memcpy(header.magic, NVDLA_SELFTEST_MAGIC, sizeof(header.magic));
	snprintf((char *)header.config, sizeof(header.config), "%s", config->name);
	header.registers = place(&b->registers, image, &at);
	header.tests = place(&b->tests, image, &at);
	header.slots = place(&b->slots, image, &at);
	header.checks = place(&b->checks, image, &at);
	header.ops = place(&b->ops, image, &at);
	header.luts = place(&b->luts, image, &at);
	header.data = place(&b->data, image, &at);
	header.size = (uint32_t)at;
	if (!image)
		return at;
	memcpy(image, &header, sizeof(header));
	header.crc = (uint32_t)crc32(0, image + NVDLA_SELFTEST_CRC_BEGIN,
				     (uInt)(at - NVDLA_SELFTEST_CRC_BEGIN));
	memcpy(image, &header, sizeof(header));
	return at;
}

uint8_t *builder_image(const struct builder *b, size_t *size)
{
	uint8_t *image;

	*size = lay_out(b, NULL);
	image = calloc(1, *size);
	if (!image)
		die("out of memory");
	lay_out(b, image);
	return image;
}

void builder_register(struct builder *b, uint32_t offset, uint32_t mask, uint32_t value,
		      const char *name)
{
	struct nvdla_selftest_register reg = { .offset = offset, .mask = mask, .value = value };

	snprintf(reg.name, sizeof(reg.name), "%s", name);
	table_append(&b->registers, &reg, 1);
}

void test_begin(struct builder *b, uint32_t part, const char *name, const char *what)
{
	struct nvdla_selftest_test *head = &b->test.head;

	b->test = (struct test){ .head = { .part = part } };
	if (strlen(name) >= sizeof(head->name) || strlen(what) >= sizeof(head->what))
		die("too long: %s, %s", name, what);
	snprintf(head->name, sizeof(head->name), "%s", name);
	snprintf(head->what, sizeof(head->what), "%s", what);
}

static uint32_t slot_new(struct builder *b, uint32_t bytes, uint32_t data, uint32_t data_bytes)
{
	struct slot *slot = &b->test.slots[b->test.slot_count];

	if (b->test.slot_count == DRM_NVDLA_MAX_SLOTS)
		die("%s: too many slots", b->test.head.name);
	slot->bytes = (bytes + 7) / 8 * 8;
	slot->data = data;
	slot->data_bytes = data_bytes;
	slot->memory = malloc(slot->bytes);
	if (!slot->memory)
		die("out of memory");
	memset(slot->memory, OUTPUT_FILL, slot->bytes);
	memcpy(slot->memory, b->data.bytes + data, data_bytes);
	return b->test.slot_count++;
}

uint32_t slot_random(struct builder *b, uint32_t bytes)
{
	if (bytes > POOL_BYTES)
		die("%s: more random bytes than there are", b->test.head.name);
	return slot_new(b, bytes, (uint32_t)random_between(b, 0, (int)(POOL_BYTES - bytes) / 8) * 8, bytes);
}

uint32_t slot_given(struct builder *b, const void *data, uint32_t bytes)
{
	uint32_t at = (uint32_t)b->data.size;

	memcpy(table_add(&b->data, (bytes + 7) / 8 * 8), data, bytes);
	return slot_new(b, bytes, at, (bytes + 7) / 8 * 8);
}

uint32_t slot_numbers(struct builder *b, uint32_t count, uint32_t number_bytes, int low, int high)
{
	uint8_t *numbers = malloc((size_t)count * number_bytes);
	uint32_t slot;

	if (!numbers)
		die("out of memory");
	for (uint32_t i = 0; i < count; i++) {
		int number = random_between(b, low, high);

		for (uint32_t byte = 0; byte < number_bytes; byte++)
			numbers[i * number_bytes + byte] = (uint8_t)(number >> 8 * byte);
	}
	slot = slot_given(b, numbers, count * number_bytes);
	free(numbers);
	return slot;
}

uint32_t slot_output(struct builder *b, uint32_t bytes)
{
	return slot_new(b, bytes, 0, 0);
}

struct drm_nvdla_op *op_add(struct builder *b, uint32_t engine)
{
	struct drm_nvdla_op *op = &b->test.ops[b->test.op_count];

	if (b->test.op_count == TEST_OPS)
		die("%s: too many operations", b->test.head.name);
	op->engine = engine;
	op->cookie = b->test.op_count++;
	return op;
}

struct drm_nvdla_lut *lut_add(struct builder *b)
{
	if (b->test.lut_count == TEST_LUTS)
		die("%s: too many tables", b->test.head.name);
	return &b->test.luts[b->test.lut_count++];
}

void op_waits(struct builder *b, struct drm_nvdla_op *op)
{
	op->dep_count = (uint32_t)(op - b->test.ops);
	if (op->dep_count > DRM_NVDLA_MAX_DEPS)
		die("%s: waits for too many operations", b->test.head.name);
	for (uint32_t i = 0; i < op->dep_count; i++)
		op->deps[i] = i;
}

void check_bytes(struct builder *b, uint32_t slot, uint32_t offset, uint32_t count, uint32_t step,
		 const char *what, ...)
{
	struct nvdla_selftest_check *check = &b->test.checks[b->test.check_count];
	va_list args;

	if (b->test.check_count++ == NVDLA_SELFTEST_MAX_CHECKS)
		die("%s: too many checks", b->test.head.name);
	*check = (struct nvdla_selftest_check){
		.slot = slot, .offset = offset, .count = count, .step = step,
	};
	va_start(args, what);
	set_text(check->what, sizeof(check->what), what, args);
	va_end(args);
}

void check_outputs(struct builder *b)
{
	uint32_t output = 0;

	for (uint32_t i = 0; i < b->test.slot_count; i++)
		if (!b->test.slots[i].data_bytes)
			check_bytes(b, i, 0, b->test.slots[i].bytes, 1, "output %u", output++);
}

static void compare_with_reference(struct builder *b, uint8_t *const expected[DRM_NVDLA_MAX_SLOTS])
{
	const struct test *test = &b->test;

	for (uint32_t i = 0; i < test->slot_count; i++)
		for (uint32_t at = 0; at < test->slots[i].bytes; at++)
			if (expected[i][at] != test->slots[i].memory[at])
				die("%s: byte %u of slot %u is %#x on the emulator and %#x in the reference",
				    test->head.name, at, i, test->slots[i].memory[at], expected[i][at]);
}

/* The reference starts from the same memory. */
static void run_both(struct builder *b)
{
	uint8_t *expected[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct test *test = &b->test;

	for (uint32_t i = 0; i < test->slot_count; i++) {
		expected[i] = malloc(test->slots[i].bytes);
		if (!expected[i])
			die("out of memory");
		memcpy(expected[i], test->slots[i].memory, test->slots[i].bytes);
	}
	machine_run(b->config, test);
	reference_run(b->config, test, expected);
	compare_with_reference(b, expected);
	for (uint32_t i = 0; i < test->slot_count; i++)
		free(expected[i]);
}

static uint32_t checksum(const struct nvdla_selftest_check *check, const uint8_t *memory)
{
	uLong crc = crc32(0, NULL, 0);

	for (uint32_t i = 0; i < check->count; i++)
		crc = crc32(crc, memory + check->offset + (size_t)i * check->step, 1);
	return (uint32_t)crc;
}

void test_end(struct builder *b)
{
	struct nvdla_selftest_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct test *test = &b->test;

	run_both(b);
	for (uint32_t i = 0; i < test->check_count; i++)
		test->checks[i].crc = checksum(&test->checks[i], test->slots[test->checks[i].slot].memory);
	for (uint32_t i = 0; i < test->slot_count; i++) {
		slots[i] = (struct nvdla_selftest_slot){
			.bytes = test->slots[i].bytes, .data = test->slots[i].data,
			.data_bytes = test->slots[i].data_bytes, .fill = OUTPUT_FILL,
		};
		free(test->slots[i].memory);
	}
	test->head.ops = table_append(&b->ops, test->ops, test->op_count);
	test->head.luts = table_append(&b->luts, test->luts, test->lut_count);
	test->head.slots = table_append(&b->slots, slots, test->slot_count);
	test->head.checks = table_append(&b->checks, test->checks, test->check_count);
	table_append(&b->tests, &test->head, 1);
}
