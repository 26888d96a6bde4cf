/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR MIT */
#ifndef _UAPI_NVDLA_ACCEL_H_
#define _UAPI_NVDLA_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: Operations of an NVDLA program
 *
 * A program is an array of &struct drm_nvdla_op. Each describes one hardware layer of one engine in
 * named fields; register values never cross this interface. Memory is named by slot and offset: a
 * slot is a number that a submission binds to a range of a buffer, so that one program runs on many
 * buffers. The driver computes from the fields every byte that an operation can touch and refuses a
 * program whose operations touch anything outside their slots.
 *
 * Sizes count elements (pixels, lines, channels, kernels) and are the real ones, never "minus one".
 * Strides and offsets count bytes. A field that an operation does not use, a flag that is not
 * defined here and every pad must be zero. What is refused is refused with -EINVAL, unless said
 * otherwise.
 *
 * The memory atom (&drm_nvdla_dev_info.atom bytes: 8 on nv_small, 32 on nv_large and nv_full) is the
 * unit of layout. A *feature surface* of W x H x C int8 elements lies in memory as ceil(C / atom)
 * planes of H lines of W atoms::
 *
 *     address(x, y, c) = offset + (c / atom) * surface_stride + y * line_stride + x * atom + c % atom
 *
 * Offset and strides are multiples of the atom. The last plane's spare channels belong to the
 * surface: the hardware reads and writes them.
 */

/** DRM_NVDLA_MAX_OPS - operations in one program. */
#define DRM_NVDLA_MAX_OPS	4096

/** DRM_NVDLA_MAX_SLOTS - slots that a program may name. */
#define DRM_NVDLA_MAX_SLOTS	64

/** DRM_NVDLA_MAX_DEPS - operations that one operation may wait for. */
#define DRM_NVDLA_MAX_DEPS	8

/**
 * struct drm_nvdla_addr - a place in memory
 * @offset: Bytes from the start of the slot's binding.
 * @slot: Slot number, below &DRM_NVDLA_MAX_SLOTS.
 * @pad: Must be zero.
 */
struct drm_nvdla_addr {
	__u64 offset;
	__u32 slot;
	__u32 pad;
};

/**
 * struct drm_nvdla_surface - where a feature surface, or an image, lies
 * @addr: Its first byte.
 * @line_stride: Bytes from a line to the next.
 * @surface_stride: Bytes from a plane to the next; zero for an image, which has one plane.
 *
 * The size comes from the operation. Lines and planes do not overlap: @line_stride is at least a
 * line, @surface_stride at least @line_stride times the lines but the last, and a line. SDP takes
 * the planes of a 1x1 surface to lie packed: both strides are the atom then.
 */
struct drm_nvdla_surface {
	struct drm_nvdla_addr addr;
	__u32 line_stride;
	__u32 surface_stride;
};

/** enum drm_nvdla_engine - which engine runs an operation, and which union member describes it. */
enum drm_nvdla_engine {
	/** @DRM_NVDLA_CONV: CDMA, CSC, CMAC and CACC: a convolution, whose result an SDP operation takes. */
	DRM_NVDLA_CONV = 1,
	/** @DRM_NVDLA_SDP: the single-point processor: bias, scale, element-wise operations, conversion. */
	DRM_NVDLA_SDP = 2,
	/** @DRM_NVDLA_PDP: the planar processor: pooling. */
	DRM_NVDLA_PDP = 3,
};

/** enum drm_nvdla_format - what a convolution reads. */
enum drm_nvdla_format {
	/** @DRM_NVDLA_FEATURE: a feature surface of int8. */
	DRM_NVDLA_FEATURE = 0,
	/** @DRM_NVDLA_R8: an image of one byte per pixel. */
	DRM_NVDLA_R8 = 1,
	/** @DRM_NVDLA_A8B8G8R8: an image of four bytes per pixel, R at the lowest address. */
	DRM_NVDLA_A8B8G8R8 = 2,
	/** @DRM_NVDLA_R8G8B8A8: an image of four bytes per pixel, A at the lowest address. */
	DRM_NVDLA_R8G8B8A8 = 3,
};

/**
 * struct drm_nvdla_conv - a convolution
 *
 * The next operation must be an SDP operation that takes the result on the fly.
 *
 * @src: Feature surface, or image. An image's offset and line stride are multiples of 32 bytes; its
 *	lines are read in whole atoms.
 * @weights: Kernels in the hardware's order (Documentation/layouts.md); 256-byte aligned.
 * @weight_bytes: Bytes of all kernels together, padded to a multiple of 128. The padding is not read
 *	and need not be in the slot.
 * @format: &enum drm_nvdla_format.
 * @src_width: Pixels in a line, 1..8192.
 * @src_height: Lines, 1..8192.
 * @src_channels: Channels, 1..8192; for an image those of its format, 1 or 4.
 * @kernels: Output channels, 1..8192.
 * @kernel_width: 1..32. For an image, kernel_width * src_channels is a multiple of 8 plus one only
 *	as 1 or 9; above 24, the multiple of 8 plus 1..4 needs a dst_width that is no multiple of
 *	16 plus one. The hardware computes wrong results otherwise.
 * @kernel_height: 1..32.
 * @stride_x: 1..8.
 * @stride_y: 1..8.
 * @dilation_x: 1..32; 1 for an image.
 * @dilation_y: 1..32; 1 for an image.
 * @pad_left: Padding columns, 0..31, fewer than the dilated kernel's.
 * @pad_right: 0..63, fewer than the dilated kernel's.
 * @pad_top: Padding lines, 0..31, fewer than the dilated kernel's.
 * @pad_bottom: 0..63, fewer than the dilated kernel's.
 * @pad_value: What padding reads as, -128..127; for an image, in place of a converted pixel.
 * @dst_width: Output width: (dst_width - 1) * stride_x + dilated kernel width is exactly
 *	src_width + pad_left + pad_right.
 * @dst_height: Output height, likewise.
 * @data_banks: Banks of the convolution buffer for data; the whole input must fit.
 * @weight_banks: Banks for weights; one group of atomic-K kernels and 128 bytes must fit.
 *	data_banks + weight_banks may not exceed &drm_nvdla_dev_info.cbuf_banks.
 * @truncate: Rounding right shift of the accumulator's result, 0..31.
 * @cvt_truncate: Image: right shift of the input converter, 0..63.
 * @cvt_offset: Image: a converted pixel is sat8((pixel - cvt_offset) * cvt_scale >> cvt_truncate),
 *	rounded half away from zero, where the pixel is an unsigned byte.
 * @cvt_scale: Image: see @cvt_offset.
 */
struct drm_nvdla_conv {
	struct drm_nvdla_surface src;
	struct drm_nvdla_addr weights;
	__u32 weight_bytes;
	__u16 format;
	__u16 src_width;
	__u16 src_height;
	__u16 src_channels;
	__u16 kernels;
	__u16 dst_width;
	__u16 dst_height;
	__s16 pad_value;
	__u8 kernel_width;
	__u8 kernel_height;
	__u8 stride_x;
	__u8 stride_y;
	__u8 dilation_x;
	__u8 dilation_y;
	__u8 pad_left;
	__u8 pad_right;
	__u8 pad_top;
	__u8 pad_bottom;
	__u8 data_banks;
	__u8 weight_banks;
	__u8 truncate;
	__u8 cvt_truncate;
	__s16 cvt_offset;
	__s16 cvt_scale;
	__u16 pad;
};

/** enum drm_nvdla_alu - the ALU of an SDP stage. */
enum drm_nvdla_alu {
	/** @DRM_NVDLA_ALU_NONE: bypassed. */
	DRM_NVDLA_ALU_NONE = 0,
	/** @DRM_NVDLA_ALU_MAX: the larger of value and operand. */
	DRM_NVDLA_ALU_MAX = 1,
	/** @DRM_NVDLA_ALU_MIN: the smaller. */
	DRM_NVDLA_ALU_MIN = 2,
	/** @DRM_NVDLA_ALU_SUM: value + operand. */
	DRM_NVDLA_ALU_SUM = 3,
};

/** enum drm_nvdla_mul - the multiplier of an SDP stage. */
enum drm_nvdla_mul {
	/** @DRM_NVDLA_MUL_NONE: bypassed; the right shift applies all the same. */
	DRM_NVDLA_MUL_NONE = 0,
	/** @DRM_NVDLA_MUL_SCALE: value * operand. */
	DRM_NVDLA_MUL_SCALE = 1,
	/** @DRM_NVDLA_MUL_PRELU: only negative values are multiplied and shifted; needs ALU_NONE. */
	DRM_NVDLA_MUL_PRELU = 2,
};

/** enum drm_nvdla_operand - where an ALU's or a multiplier's operand comes from. */
enum drm_nvdla_operand {
	/** @DRM_NVDLA_OPERAND_REG: one value for the whole operation, in alu_value or mul_value. */
	DRM_NVDLA_OPERAND_REG = 0,
	/** @DRM_NVDLA_OPERAND_CHANNEL: one per channel, from memory. */
	DRM_NVDLA_OPERAND_CHANNEL = 1,
	/** @DRM_NVDLA_OPERAND_ELEMENT: one per element, from memory. */
	DRM_NVDLA_OPERAND_ELEMENT = 2,
};

/**
 * struct drm_nvdla_sdp_stage - X1 or X2 of the SDP
 * @operand: Where memory operands lie. Per channel: a packed array in channel order, padded to whole
 *	atoms of channels (both strides zero). Per element: a surface whose atom is
 *	atom * operands * operand_bytes long. When both ALU and multiplier read memory, their
 *	operands alternate, the ALU's first.
 * @alu: &enum drm_nvdla_alu.
 * @mul: &enum drm_nvdla_mul.
 * @alu_operand: &enum drm_nvdla_operand.
 * @mul_operand: &enum drm_nvdla_operand. When both operands come from memory they are of one kind.
 * @operand_bytes: 1 or 2; zero when no operand comes from memory.
 * @alu_shift: Left shift of the ALU's operand, 0..63.
 * @mul_shift: Right shift after the multiplier, rounding half away from zero, 0..63.
 * @relu: 1: negative results become zero.
 * @alu_value: The ALU's operand for &DRM_NVDLA_OPERAND_REG.
 * @mul_value: The multiplier's operand for &DRM_NVDLA_OPERAND_REG.
 * @pad: Must be zero.
 *
 * A stage of all zeros is bypassed.
 */
struct drm_nvdla_sdp_stage {
	struct drm_nvdla_surface operand;
	__u8 alu;
	__u8 mul;
	__u8 alu_operand;
	__u8 mul_operand;
	__u8 operand_bytes;
	__u8 alu_shift;
	__u8 mul_shift;
	__u8 relu;
	__s16 alu_value;
	__s16 mul_value;
	__u32 pad;
};

/** enum drm_nvdla_source - where an SDP or PDP operation's input comes from. */
enum drm_nvdla_source {
	/** @DRM_NVDLA_SOURCE_MEMORY: a feature surface in memory. */
	DRM_NVDLA_SOURCE_MEMORY = 0,
	/** @DRM_NVDLA_SOURCE_OP: on the fly from the operation just before it in the program. */
	DRM_NVDLA_SOURCE_OP = 1,
};

/**
 * struct drm_nvdla_sdp - a single-point operation
 * @src: Input surface with &DRM_NVDLA_SOURCE_MEMORY.
 * @dst: Output surface; zero when the next operation takes the result on the fly. It may be the
 *	input or a per-element operand of the same layout: the hardware reads an atom before it writes it.
 * @x1: First stage ("BS" in the register names).
 * @x2: Second stage ("BN").
 * @out_offset: The result is sat8(sat17((x - out_offset) * out_scale >> out_shift)), rounded half
 *	away from zero.
 * @width: 1..8192. Of a convolution's result: its dst_width.
 * @height: 1..8192. Of a convolution's result: its dst_height.
 * @channels: 1..8192. Of a convolution's result: its kernels.
 * @out_scale: See @out_offset.
 * @out_shift: 0..63.
 * @source: &enum drm_nvdla_source. With &DRM_NVDLA_SOURCE_OP the operation before is a convolution.
 * @pad: Must be zero.
 */
struct drm_nvdla_sdp {
	struct drm_nvdla_surface src;
	struct drm_nvdla_surface dst;
	struct drm_nvdla_sdp_stage x1;
	struct drm_nvdla_sdp_stage x2;
	__s32 out_offset;
	__u16 width;
	__u16 height;
	__u16 channels;
	__s16 out_scale;
	__u8 out_shift;
	__u8 source;
	__u8 pad[2];
};

/** enum drm_nvdla_pool - how PDP combines a window. */
enum drm_nvdla_pool {
	/** @DRM_NVDLA_POOL_AVERAGE: the sum times the reciprocals; padding counts, with its value. */
	DRM_NVDLA_POOL_AVERAGE = 0,
	/** @DRM_NVDLA_POOL_MAX: the largest; padding never wins. */
	DRM_NVDLA_POOL_MAX = 1,
	/** @DRM_NVDLA_POOL_MIN: the smallest; padding never wins. */
	DRM_NVDLA_POOL_MIN = 2,
};

/**
 * struct drm_nvdla_pdp - a pooling
 * @src: Input surface with &DRM_NVDLA_SOURCE_MEMORY.
 * @dst: Output surface.
 * @recip_width: Average: the result is (sum * recip_width >> 16) * recip_height >> 16, rounded half
 *	away from zero both times. Nothing saturates, so whatever the data the value between must
 *	stay in -1024..1023, and the result in -128..127. 17 bits. Zero for max and min.
 * @recip_height: See @recip_width.
 * @src_width: 1..8192. Of an SDP operation's result: its width.
 * @src_height: 1..8192, likewise.
 * @channels: 1..8192, likewise.
 * @dst_width: (dst_width - 1) * stride_x + kernel_width is exactly src_width + pad_left + pad_right.
 *	At most &drm_nvdla_dev_info.pdp_width over the lines that are open at once: 1, 2, 4 or 8
 *	for ceil(kernel_height / stride_y) of 1, 2, 3..4 and more. Beyond that the hardware hangs.
 * @dst_height: Likewise, without the limit.
 * @pad_value: Average: what a padding element counts as, -128..127. Zero for max and min.
 * @pool: &enum drm_nvdla_pool.
 * @source: &enum drm_nvdla_source. With &DRM_NVDLA_SOURCE_OP the operation before is an SDP operation.
 * @kernel_width: 1..8.
 * @kernel_height: 1..8.
 * @stride_x: 1..16.
 * @stride_y: 1..16.
 * @pad_left: 0..7, fewer than the kernel's.
 * @pad_right: Likewise.
 * @pad_top: Likewise.
 * @pad_bottom: Likewise.
 * @pad: Must be zero.
 */
struct drm_nvdla_pdp {
	struct drm_nvdla_surface src;
	struct drm_nvdla_surface dst;
	__u32 recip_width;
	__u32 recip_height;
	__u16 src_width;
	__u16 src_height;
	__u16 channels;
	__u16 dst_width;
	__u16 dst_height;
	__s16 pad_value;
	__u8 pool;
	__u8 source;
	__u8 kernel_width;
	__u8 kernel_height;
	__u8 stride_x;
	__u8 stride_y;
	__u8 pad_left;
	__u8 pad_right;
	__u8 pad_top;
	__u8 pad_bottom;
	__u8 pad[2];
};

/**
 * struct drm_nvdla_op - one operation of a program
 * @engine: &enum drm_nvdla_engine.
 * @flags: Must be zero.
 * @cookie: Any value; a fault record names the operation by it.
 * @deps: Indices of earlier operations of the program that must have finished before this one
 *	starts. Operations that pass their results on the fly start together and are not among each
 *	other's. An operation that does not wait for another whose memory it shares finds or leaves undefined
 *	bytes in the caller's own buffers.
 * @dep_count: How many of @deps count; the others are zero.
 * @pad: Must be zero.
 * @conv: For &DRM_NVDLA_CONV.
 * @sdp: For &DRM_NVDLA_SDP.
 * @pdp: For &DRM_NVDLA_PDP.
 * @reserved: Fixes the size; bytes beyond the engine's own structure must be zero.
 */
struct drm_nvdla_op {
	__u32 engine;
	__u32 flags;
	__u64 cookie;
	__u32 deps[DRM_NVDLA_MAX_DEPS];
	__u32 dep_count;
	__u32 pad;
	union {
		struct drm_nvdla_conv conv;
		struct drm_nvdla_sdp sdp;
		struct drm_nvdla_pdp pdp;
		__u8 reserved[256];
	};
};

/** DRM_NVDLA_SLOT_READ - the program reads from the slot. */
#define DRM_NVDLA_SLOT_READ	(1 << 0)

/** DRM_NVDLA_SLOT_WRITE - the program writes to the slot. */
#define DRM_NVDLA_SLOT_WRITE	(1 << 1)

/**
 * struct drm_nvdla_slot - what a program needs of a slot
 * @min_size: Bytes that a binding must have at least; zero for a slot that is not used.
 * @align: Bytes that the device address of a binding's start must be a multiple of.
 * @access: &DRM_NVDLA_SLOT_READ, &DRM_NVDLA_SLOT_WRITE or both.
 */
struct drm_nvdla_slot {
	__u64 min_size;
	__u32 align;
	__u32 access;
};

/**
 * struct drm_nvdla_dev_info - what the device is
 * @config: NUL-terminated name of the hardware configuration, "nv_small".
 * @atom: Bytes of a memory atom.
 * @atomic_c: Channels that the MAC array takes at once.
 * @atomic_k: Kernels that it computes at once.
 * @cbuf_banks: Banks of the convolution buffer.
 * @cbuf_entries: Entries of a bank.
 * @cbuf_entry_bytes: Bytes of an entry.
 * @pdp_width: Output atoms that PDP's line buffer holds, for a window of one line.
 * @dma_bits: Address bits that the device masters.
 */
struct drm_nvdla_dev_info {
	__u8 config[16];
	__u32 atom;
	__u32 atomic_c;
	__u32 atomic_k;
	__u32 cbuf_banks;
	__u32 cbuf_entries;
	__u32 cbuf_entry_bytes;
	__u32 pdp_width;
	__u32 dma_bits;
};

#if defined(__cplusplus)
}
#endif

#endif
