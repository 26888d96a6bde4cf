/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_SELFTEST_IMAGE_H_
#define _NVDLA_SELFTEST_IMAGE_H_

#include "nvdla_core.h"
#include "nvdla_selftest_format.h"

/*
 * Reading a self-test image, of which any byte may be wrong. Knows no device and no kernel: the
 * host's tests use the same file.
 */

/**
 * struct nvdla_selftest_image - an image that has been checked
 * @registers: Registers to look at.
 * @tests: Tests.
 * @slots: Slots of all tests.
 * @checks: Checks of all tests.
 * @ops: Operations of all tests.
 * @luts: Look-up tables of all tests.
 * @data: What slots begin with.
 * @register_count: Entries in @registers.
 * @test_count: Entries in @tests.
 *
 * Points into the image.
 */
struct nvdla_selftest_image {
	const struct nvdla_selftest_register *registers;
	const struct nvdla_selftest_test *tests;
	const struct nvdla_selftest_slot *slots;
	const struct nvdla_selftest_check *checks;
	const struct drm_nvdla_op *ops;
	const struct drm_nvdla_lut *luts;
	const u8 *data;
	u32 register_count;
	u32 test_count;
};

/**
 * struct nvdla_selftest_program - a test of an image
 * @name: As &nvdla_selftest_test.name.
 * @what: As &nvdla_selftest_test.what.
 * @part: As &nvdla_selftest_test.part.
 * @source: Its program, which has not been checked.
 * @slots: Its slots.
 * @checks: Its checks.
 * @slot_count: Entries in @slots.
 * @check_count: Entries in @checks.
 */
struct nvdla_selftest_program {
	const char *name;
	const char *what;
	u32 part;
	struct nvdla_source source;
	const struct nvdla_selftest_slot *slots;
	const struct nvdla_selftest_check *checks;
	u32 slot_count;
	u32 check_count;
};

int nvdla_selftest_parse(const void *bytes, size_t size, const struct nvdla_config *config,
			 struct nvdla_selftest_image *image, const char **why);
void nvdla_selftest_get(const struct nvdla_selftest_image *image, u32 index,
			struct nvdla_selftest_program *program);
void nvdla_selftest_fill(const struct nvdla_selftest_image *image,
			 const struct nvdla_selftest_slot *slot, u8 *memory);
u32 nvdla_selftest_crc(const struct nvdla_selftest_check *check, const u8 *memory);
bool nvdla_selftest_untouched(const struct nvdla_selftest_image *image,
			      const struct nvdla_selftest_slot *slot,
			      const struct nvdla_selftest_check *check, const u8 *memory);

#endif
