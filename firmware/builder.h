/* SPDX-License-Identifier: MIT */
#ifndef FIRMWARE_BUILDER_H
#define FIRMWARE_BUILDER_H

/*
 * Makes a self-test image, test by test. A test is begun, gets slots, operations and checks, and is
 * ended: then it is run on the emulator, its memory is compared with what the reference makes of
 * the same operations, and the checksums are taken. Whatever goes wrong on the way is a mistake in
 * here, in the emulator or in the engine core, and ends the program.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "nvdla_core.h"
#include "nvdla_selftest_format.h"

#define TEST_OPS	192
#define TEST_LUTS	4

struct slot {
	uint8_t *memory;
	uint32_t bytes;
	uint32_t data, data_bytes;	/* in the image */
};

/* The test that is being made. */
struct test {
	struct nvdla_selftest_test head;
	struct drm_nvdla_op ops[TEST_OPS];
	struct drm_nvdla_lut luts[TEST_LUTS];
	struct slot slots[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_selftest_check checks[NVDLA_SELFTEST_MAX_CHECKS];
	uint32_t op_count, lut_count, slot_count, check_count;
};

/* A table of the image. */
struct table {
	uint8_t *bytes;
	size_t size, room;
	uint32_t element;
};

struct builder {
	const struct nvdla_config *config;
	uint64_t random;
	struct table registers, tests, slots, checks, ops, luts, data;
	struct test test;
};

void builder_init(struct builder *b, const struct nvdla_config *config);
void builder_free(struct builder *b);
/* The whole image, to be freed. */
uint8_t *builder_image(const struct builder *b, size_t *size);

void builder_register(struct builder *b, uint32_t offset, uint32_t mask, uint32_t value,
		      const char *name);

void test_begin(struct builder *b, uint32_t part, const char *name, const char *what);
/* Slots return their numbers. Any bytes: */
uint32_t slot_random(struct builder *b, uint32_t bytes);
/* Numbers of one or two bytes, low..high: */
uint32_t slot_numbers(struct builder *b, uint32_t count, uint32_t number_bytes, int low, int high);
/* Zeros, but for what is written to it before an operation is added: */
uint32_t slot_given(struct builder *b, const void *data, uint32_t bytes);
/* To be written by the device: */
uint32_t slot_output(struct builder *b, uint32_t bytes);
/* Valid until the test ends. All zero. */
struct drm_nvdla_op *op_add(struct builder *b, uint32_t engine);
struct drm_nvdla_lut *lut_add(struct builder *b);
/* The operation waits for all before it. */
void op_waits(struct builder *b, struct drm_nvdla_op *op);
void check_bytes(struct builder *b, uint32_t slot, uint32_t offset, uint32_t count, uint32_t step,
		 const char *what, ...) __attribute__((format(printf, 6, 7)));
/* A check of each output slot as a whole. */
void check_outputs(struct builder *b);
void test_end(struct builder *b);

int random_between(struct builder *b, int low, int high);

_Noreturn void die(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* machine.c: run it on the emulator, slots and all. */
void machine_run(const struct nvdla_config *config, struct test *test);
uint32_t machine_register(const struct nvdla_config *config, uint32_t offset);

/* reference.c: what the words of nvdla_accel.h say that the operations do, to such memory. */
void reference_run(const struct nvdla_config *config, const struct test *test,
		   uint8_t *const memory[DRM_NVDLA_MAX_SLOTS]);

/* image.c: the image for a configuration, to be freed. */
uint8_t *selftest_image(const struct nvdla_config *config, size_t *size);

/* Tests, by what they are of. */
void tests_memory(struct builder *b);
void tests_interrupts(struct builder *b);
void tests_sdp(struct builder *b);
void tests_conv(struct builder *b);
void tests_pdp(struct builder *b);
void tests_cdp(struct builder *b);
void tests_together(struct builder *b);

static inline struct drm_nvdla_addr address(uint32_t slot, uint64_t offset)
{
	return (struct drm_nvdla_addr){ .offset = offset, .slot = slot };
}

/* A surface without gaps. */
static inline struct drm_nvdla_surface surface(uint32_t slot, uint64_t offset, uint32_t width,
					       uint32_t height, uint32_t atom)
{
	return (struct drm_nvdla_surface){
		.addr = address(slot, offset),
		.line_stride = width * atom,
		.surface_stride = width * height * atom,
	};
}

#endif
