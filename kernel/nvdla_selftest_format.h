/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_SELFTEST_FORMAT_H_
#define _NVDLA_SELFTEST_FORMAT_H_

#include <linux/types.h>

/**
 * DOC: Self-test images
 *
 * What firmware/ makes and the driver loads: tests that tell which part of a device does not work.
 * Documentation/selftest-firmware.md is the manual.
 *
 * An image is a header, and tables that it points to. A table begins at a multiple of eight bytes
 * and lies behind the header; tables do not overlap as the generator makes them, and it does no
 * harm if they do. Numbers are little endian. Operations and look-up tables are &struct
 * drm_nvdla_op and &struct drm_nvdla_lut as they lie in the memory of a little-endian processor,
 * so others can use no image. Texts end in NUL and are printable ASCII.
 *
 * A test is a program with memory of its own: its slots count from zero, and so do the operations
 * in dependencies, and the look-up tables.
 */

#define NVDLA_SELFTEST_MAGIC		"NVDLATST"
#define NVDLA_SELFTEST_VERSION		1

/* Where the bytes that the checksum covers begin. */
#define NVDLA_SELFTEST_CRC_BEGIN	16

/* More than any test needs, and little enough for one that is wrong. */
#define NVDLA_SELFTEST_MAX_BYTES	(16 << 20)
#define NVDLA_SELFTEST_MAX_REGISTERS	16
#define NVDLA_SELFTEST_MAX_TESTS	256
#define NVDLA_SELFTEST_MAX_CHECKS	256
#define NVDLA_SELFTEST_MAX_SLOT_BYTES	(4 << 20)

/**
 * struct nvdla_selftest_table - a table in the image
 * @offset: Bytes from the start of the image.
 * @count: Elements; bytes of &nvdla_selftest_header.data.
 */
struct nvdla_selftest_table {
	__le32 offset;
	__le32 count;
};

/**
 * struct nvdla_selftest_header - begin of an image
 * @magic: NVDLA_SELFTEST_MAGIC, without a NUL.
 * @version: NVDLA_SELFTEST_VERSION. Any change to these structures changes it.
 * @crc: CRC-32 (IEEE 802.3) of all bytes behind this field.
 * @size: Bytes of the image.
 * @op_bytes: Size of &struct drm_nvdla_op.
 * @config: Name of the configuration that it was made for, NUL-padded.
 * @atom: As in &struct drm_nvdla_dev_info, as are the next eight: what the name stands for.
 * @atomic_c: Likewise.
 * @atomic_k: Likewise.
 * @cbuf_banks: Likewise.
 * @cbuf_entries: Likewise.
 * @cbuf_entry_bytes: Likewise.
 * @pdp_width: Likewise.
 * @dma_bits: Likewise.
 * @engines: Likewise.
 * @lut_bytes: Size of &struct drm_nvdla_lut.
 * @registers: &struct nvdla_selftest_register.
 * @tests: &struct nvdla_selftest_test, in the order in which they run.
 * @slots: &struct nvdla_selftest_slot.
 * @checks: &struct nvdla_selftest_check.
 * @ops: &struct drm_nvdla_op.
 * @luts: &struct drm_nvdla_lut.
 * @data: What slots begin with.
 */
struct nvdla_selftest_header {
	__u8 magic[8];
	__le32 version;
	__le32 crc;
	__le32 size;
	__le32 op_bytes;
	__u8 config[16];
	__le32 atom;
	__le32 atomic_c;
	__le32 atomic_k;
	__le32 cbuf_banks;
	__le32 cbuf_entries;
	__le32 cbuf_entry_bytes;
	__le32 pdp_width;
	__le32 dma_bits;
	__le32 engines;
	__le32 lut_bytes;
	struct nvdla_selftest_table registers;
	struct nvdla_selftest_table tests;
	struct nvdla_selftest_table slots;
	struct nvdla_selftest_table checks;
	struct nvdla_selftest_table ops;
	struct nvdla_selftest_table luts;
	struct nvdla_selftest_table data;
};

/**
 * struct nvdla_selftest_register - a register and what it reads as while nothing runs
 * @offset: The first register of a block: a multiple of 0x1000, at most 0xd000. Reading one of
 *	these changes nothing.
 * @mask: Bits that count.
 * @value: What they are.
 * @pad: Zero.
 * @name: "GLB S_NVDLA_HW_VERSION".
 */
struct nvdla_selftest_register {
	__le32 offset;
	__le32 mask;
	__le32 value;
	__le32 pad;
	char name[32];
};

/**
 * struct nvdla_selftest_range - elements of a table
 * @first: Index.
 * @count: How many.
 */
struct nvdla_selftest_range {
	__le32 first;
	__le32 count;
};

/**
 * enum nvdla_selftest_part - what a test that fails speaks against, beside an engine's number
 */
enum nvdla_selftest_part {
	/** @NVDLA_SELFTEST_MEMORY: the way to memory and back. Others: &enum drm_nvdla_engine. */
	NVDLA_SELFTEST_MEMORY = 0,
};

/**
 * struct nvdla_selftest_test - a test
 * @name: Short, and one of its kind: "conv.data-banks".
 * @what: What it exercises.
 * @part: &enum nvdla_selftest_part, or &enum drm_nvdla_engine.
 * @pad: Zero.
 * @ops: Its operations.
 * @luts: Its look-up tables.
 * @slots: Its slots.
 * @checks: What it is judged by.
 */
struct nvdla_selftest_test {
	char name[32];
	char what[96];
	__le32 part;
	__le32 pad;
	struct nvdla_selftest_range ops;
	struct nvdla_selftest_range luts;
	struct nvdla_selftest_range slots;
	struct nvdla_selftest_range checks;
};

/**
 * struct nvdla_selftest_slot - memory of a test
 * @bytes: How much; a multiple of eight, not zero.
 * @data: Where in &nvdla_selftest_header.data its first bytes are.
 * @data_bytes: How many these are.
 * @fill: What each of the others is.
 */
struct nvdla_selftest_slot {
	__le32 bytes;
	__le32 data;
	__le32 data_bytes;
	__le32 fill;
};

/**
 * struct nvdla_selftest_check - what must be in memory after a test
 * @what: What a difference here speaks against: "MAC cell 3".
 * @slot: Slot.
 * @offset: First byte.
 * @count: Bytes.
 * @step: From one to the next, not zero.
 * @crc: CRC-32 of these bytes.
 * @pad: Zero.
 */
struct nvdla_selftest_check {
	char what[40];
	__le32 slot;
	__le32 offset;
	__le32 count;
	__le32 step;
	__le32 crc;
	__le32 pad;
};

#endif
