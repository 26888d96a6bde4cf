/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note OR MIT */
#ifndef _UAPI_NVDLA_ACCEL_H_
#define _UAPI_NVDLA_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * DOC: Stability
 *
 * This interface is frozen: a program that works with one version of the driver works with every
 * later one. No number, name, layout, meaning or error described here changes, nor does anything
 * become refused that was accepted, unless the hardware is found to compute it wrongly or to hang.
 * What may come is more:
 *
 * - Requests, &enum drm_nvdla_query types, enumerators and flags. A driver that does not know one
 *   refuses it with -EINVAL (a request it does not know, too).
 * - Meanings for pads, which must be zero until then, and the bytes of &drm_nvdla_op.reserved.
 * - Fields at the end of structures. A caller with a shorter structure means zero by what it lacks,
 *   and zero means what was before the field existed. Of a request's own structure DRM ignores what
 *   an older driver does not know; a field added there therefore comes with a flag. Elements of
 *   arrays have their size with them, and an older driver refuses what it does not know.
 *   &struct drm_nvdla_time has no size with it, and stays as it is.
 */

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
 * Strides and offsets count bytes. Numbers without a range may be any that the field holds. A field
 * that an operation does not use, a flag that is not defined here and every pad must be zero. What
 * is refused is refused with -EINVAL, unless said otherwise.
 *
 * The memory atom (&drm_nvdla_dev_info.atom bytes: 8 on nv_small, 32 on nv_large and nv_full) is
 * the unit of layout. A *feature surface* of W x H x C int8 elements lies in memory as
 * ceil(C / atom) planes of H lines of W atoms::
 *
 *     address(x, y, c) = offset + (c / atom) * surface_stride + y * line_stride +
 *                        x * atom + c % atom
 *
 * Offset and strides are multiples of the atom. The last plane's spare channels belong to the
 * surface: the hardware reads and writes them.
 */

/**
 * DRM_NVDLA_MAX_OPS - operations in one program
 */
#define DRM_NVDLA_MAX_OPS	4096

/**
 * DRM_NVDLA_MAX_SLOTS - slots that a program may name
 */
#define DRM_NVDLA_MAX_SLOTS	64

/**
 * DRM_NVDLA_MAX_DEPS - operations that one operation may wait for
 */
#define DRM_NVDLA_MAX_DEPS	8

/**
 * DRM_NVDLA_MAX_LUTS - look-up tables of one program
 */
#define DRM_NVDLA_MAX_LUTS	64

/**
 * struct drm_nvdla_addr - a place in memory
 * @offset: Bytes from the start of the slot's binding, at most 2^48.
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

/**
 * enum drm_nvdla_engine - which engine runs an operation, and which union member describes it
 */
enum drm_nvdla_engine {
	/**
	 * @DRM_NVDLA_CONV: CDMA, CSC, CMAC and CACC: a convolution, whose result an SDP operation
	 * takes.
	 */
	DRM_NVDLA_CONV = 1,
	/**
	 * @DRM_NVDLA_SDP: the single-point processor: bias, scale, element-wise operations,
	 * conversion.
	 */
	DRM_NVDLA_SDP = 2,
	/** @DRM_NVDLA_PDP: the planar processor: pooling. */
	DRM_NVDLA_PDP = 3,
	/** @DRM_NVDLA_CDP: the channel processor: normalisation across channels, look-up. */
	DRM_NVDLA_CDP = 4,
};

/**
 * enum drm_nvdla_format - what a convolution reads
 *
 * The channels of a pixel count in one order whatever their order in memory: R, G, B, A, or Y, U,
 * V, A. X is a fourth channel that has no meaning, and is read all the same.
 */
enum drm_nvdla_format {
	/** @DRM_NVDLA_FEATURE: a feature surface of int8. */
	DRM_NVDLA_FEATURE = 0,
	/** @DRM_NVDLA_R8: one byte per pixel. */
	DRM_NVDLA_R8 = 1,
	/** @DRM_NVDLA_A8B8G8R8: four bytes per pixel, R at the lowest address; X8B8G8R8 too. */
	DRM_NVDLA_A8B8G8R8 = 2,
	/** @DRM_NVDLA_R8G8B8A8: A at the lowest address, then B; R8G8B8X8 too. */
	DRM_NVDLA_R8G8B8A8 = 3,
	/** @DRM_NVDLA_A8R8G8B8: B at the lowest address, then G; X8R8G8B8 too. */
	DRM_NVDLA_A8R8G8B8 = 4,
	/** @DRM_NVDLA_B8G8R8A8: A at the lowest address, then R; B8G8R8X8 too. */
	DRM_NVDLA_B8G8R8A8 = 5,
	/** @DRM_NVDLA_A8Y8U8V8: V at the lowest address, then U. */
	DRM_NVDLA_A8Y8U8V8 = 6,
	/** @DRM_NVDLA_V8U8Y8A8: A at the lowest address, then Y. */
	DRM_NVDLA_V8U8Y8A8 = 7,
	/**
	 * @DRM_NVDLA_Y8_U8V8: two planes: Y of one byte a pixel, and pairs of two bytes a pixel
	 * (not subsampled), V at the lower address. Three channels.
	 */
	DRM_NVDLA_Y8_U8V8 = 8,
	/** @DRM_NVDLA_Y8_V8U8: likewise, U at the lower address. */
	DRM_NVDLA_Y8_V8U8 = 9,
};

/**
 * DRM_NVDLA_CONV_CONVERT - convert what is read
 *
 * An element becomes sat8((element - cvt_offset) * cvt_scale >> cvt_truncate), rounded half away
 * from zero.
 */
#define DRM_NVDLA_CONV_CONVERT		(1 << 0)

/**
 * DRM_NVDLA_CONV_SIGNED - the bytes of an image to convert are int8; they are uint8 otherwise
 *
 * Only with &DRM_NVDLA_CONV_CONVERT, and not for a feature surface, whose bytes are always int8.
 */
#define DRM_NVDLA_CONV_SIGNED		(1 << 1)

/**
 * DRM_NVDLA_CONV_KEEP_WEIGHTS - leave the weights in the convolution buffer
 *
 * The program's next convolution has &DRM_NVDLA_CONV_REUSE_WEIGHTS. All weights must fit into
 * the banks for them at once.
 */
#define DRM_NVDLA_CONV_KEEP_WEIGHTS	(1 << 2)

/**
 * DRM_NVDLA_CONV_REUSE_WEIGHTS - take the weights that are in the convolution buffer
 *
 * The program's convolution before this one has &DRM_NVDLA_CONV_KEEP_WEIGHTS, and the same format,
 * src_channels, kernels, kernel_width, kernel_height, data_banks and weight_banks.
 */
#define DRM_NVDLA_CONV_REUSE_WEIGHTS	(1 << 3)

/**
 * struct drm_nvdla_conv - a convolution
 *
 * The next operation must be an SDP operation that takes the result on the fly.
 *
 * Input lines can stay in the convolution buffer for the program's next convolution: all of them
 * when it computes further kernels, the last few when it computes the next lines of the output from
 * overlapping lines. What one convolution keeps, the next one reuses; both have the same format,
 * src_width, src_channels and data_banks, and for an image the same pad_left and pad_right. Between
 * programs nothing is kept.
 *
 * @src: Feature surface, or image (its first plane). An image's offset and line stride are
 *	multiples of the atom; its lines are read in whole atoms. All zero if every line is reused.
 * @src_uv: Second plane of an image of two planes, likewise; zero if there is none, or every line
 *	is reused.
 * @weights: Kernels in the hardware's order (Documentation/layouts.md); 256-byte aligned. Zero with
 *	&DRM_NVDLA_CONV_REUSE_WEIGHTS.
 * @uv_line_stride: Bytes from a line of the second plane to the next; zero where @src_uv is.
 * @weight_bytes: Bytes of all kernels together, padded to a multiple of 128. The padding is not
 *	read and need not be in the slot.
 * @flags: &DRM_NVDLA_CONV_CONVERT, &DRM_NVDLA_CONV_SIGNED, &DRM_NVDLA_CONV_KEEP_WEIGHTS,
 *	&DRM_NVDLA_CONV_REUSE_WEIGHTS.
 * @format: &enum drm_nvdla_format.
 * @src_width: Pixels in a line, 1..8192.
 * @src_height: Lines, 1..8192, with those that are reused.
 * @src_channels: Channels, 1..8192; for an image those of its format: 1, 3 or 4. A kernel,
 *	kernel_width * kernel_height * src_channels, has at most 2^18 bytes.
 * @kernels: Output channels, 1..8192.
 * @dst_width: Output width, 1..8192: (dst_width - 1) * stride_x + dilated kernel width is exactly
 *	src_width + pad_left + pad_right. Dilated, a kernel is (kernel_width - 1) * dilation_x + 1
 *	wide.
 * @dst_height: Output height, likewise.
 * @keep_lines: How many of the last lines stay in the buffer for the next convolution, at most
 *	src_height.
 * @reuse_lines: How many of the first lines the convolution before has left in the buffer: its
 *	keep_lines, or none. They are not read from @src.
 * @pad_value: What padding reads as, -128..127; for an image, in place of a converted pixel.
 * @cvt_scale: See &DRM_NVDLA_CONV_CONVERT; zero without it.
 * @cvt_offset: Likewise. An image has one for each of its channels, zero for those that it does not
 *	have; a feature surface has only the first.
 * @kernel_width: 1..32. For an image there are two exceptions, for which the hardware computes
 *	wrong results. Let n be kernel_width * src_channels, and c &drm_nvdla_dev_info.atomic_c. An
 *	n above 2 * c is not a multiple of c plus one; and an n above 3 * c is a multiple of c plus
 *	1..c / 2 only if dst_width is not a multiple of 16 plus one.
 * @kernel_height: 1..32.
 * @stride_x: 1..8.
 * @stride_y: 1..8.
 * @dilation_x: 1..32; 1 for an image.
 * @dilation_y: 1..32; 1 for an image.
 * @pad_left: Padding columns, 0..31, fewer than the dilated kernel's.
 * @pad_right: 0..63, fewer than the dilated kernel's.
 * @pad_top: Padding lines, 0..31, fewer than the dilated kernel's.
 * @pad_bottom: 0..63, fewer than the dilated kernel's.
 * @data_banks: Banks of the convolution buffer for data; the whole input must fit.
 * @weight_banks: Banks for weights; one group of atomic-K kernels and 128 bytes must fit.
 *	data_banks + weight_banks may not exceed &drm_nvdla_dev_info.cbuf_banks.
 * @truncate: Rounding right shift of the accumulator's result, 0..31.
 * @cvt_truncate: See &DRM_NVDLA_CONV_CONVERT, 0..63; zero without it.
 * @src_x: Image of one plane: pixels to leave out at the start of each line, fewer than an atom
 *	holds; zero otherwise. The line stride covers them and @src_width.
 * @pad: Must be zero.
 */
struct drm_nvdla_conv {
	struct drm_nvdla_surface src;
	struct drm_nvdla_addr src_uv;
	struct drm_nvdla_addr weights;
	__u32 uv_line_stride;
	__u32 weight_bytes;
	__u16 flags;
	__u16 format;
	__u16 src_width;
	__u16 src_height;
	__u16 src_channels;
	__u16 kernels;
	__u16 dst_width;
	__u16 dst_height;
	__u16 keep_lines;
	__u16 reuse_lines;
	__s16 pad_value;
	__s16 cvt_scale;
	__s16 cvt_offset[4];
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
	__u8 src_x;
	__u8 pad;
};

/**
 * enum drm_nvdla_alu - the ALU of an SDP stage
 */
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

/**
 * enum drm_nvdla_mul - the multiplier of an SDP stage
 */
enum drm_nvdla_mul {
	/** @DRM_NVDLA_MUL_NONE: bypassed; the right shift applies all the same. */
	DRM_NVDLA_MUL_NONE = 0,
	/** @DRM_NVDLA_MUL_SCALE: value * operand. */
	DRM_NVDLA_MUL_SCALE = 1,
	/**
	 * @DRM_NVDLA_MUL_PRELU: only negative values are multiplied and shifted; needs ALU_NONE.
	 */
	DRM_NVDLA_MUL_PRELU = 2,
};

/**
 * enum drm_nvdla_operand - where an ALU's or a multiplier's operand comes from
 */
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
 * @operand: Where memory operands lie. Per channel: a packed array in channel order, padded to
 *	whole atoms of channels (both strides zero). Per element: a surface whose atom is
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

/**
 * enum drm_nvdla_source - where an SDP or PDP operation's input comes from
 */
enum drm_nvdla_source {
	/** @DRM_NVDLA_SOURCE_MEMORY: a feature surface in memory. */
	DRM_NVDLA_SOURCE_MEMORY = 0,
	/** @DRM_NVDLA_SOURCE_OP: on the fly from the operation just before it in the program. */
	DRM_NVDLA_SOURCE_OP = 1,
};

/**
 * struct drm_nvdla_sdp - a single-point operation
 * @src: Input surface with &DRM_NVDLA_SOURCE_MEMORY; zero otherwise.
 * @dst: Output surface; zero when the next operation takes the result on the fly. It may be the
 *	input or a per-element operand of the same layout: the hardware reads an atom before it
 *	writes it.
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

/**
 * enum drm_nvdla_pool - how PDP combines a window
 */
enum drm_nvdla_pool {
	/**
	 * @DRM_NVDLA_POOL_AVERAGE: the sum times the reciprocals; padding counts, with its value.
	 */
	DRM_NVDLA_POOL_AVERAGE = 0,
	/** @DRM_NVDLA_POOL_MAX: the largest; padding never wins. */
	DRM_NVDLA_POOL_MAX = 1,
	/** @DRM_NVDLA_POOL_MIN: the smallest; padding never wins. */
	DRM_NVDLA_POOL_MIN = 2,
};

/**
 * struct drm_nvdla_pdp - a pooling
 * @src: Input surface with &DRM_NVDLA_SOURCE_MEMORY; zero otherwise.
 * @dst: Output surface.
 * @recip_width: Average: the result is (sum * recip_width >> 16) * recip_height >> 16, rounded half
 *	away from zero both times. Nothing saturates, so whatever the data the value between must
 *	stay in -1024..1023, and the result in -128..127. 17 bits. Zero for max and min.
 * @recip_height: See @recip_width.
 * @src_width: 1..8192. Of an SDP operation's result: its width.
 * @src_height: 1..8192, likewise.
 * @channels: 1..8192, likewise.
 * @dst_width: 1..8192: (dst_width - 1) * stride_x + kernel_width is exactly src_width + pad_left +
 *	pad_right.
 * @dst_height: Likewise.
 * @parts: With &DRM_NVDLA_SOURCE_MEMORY and a stride_x of at most kernel_width: upright strips into
 *	which the output is cut, 2..256; the hardware computes one after the other. 0: the output is
 *	not cut. A strip, or an output that is not cut, is at most &drm_nvdla_dev_info.pdp_width
 *	divided by the lines that are open at once: 1, 2, 4 or 8 for ceil(kernel_height / stride_y)
 *	of 1, 2, 3..4 and more. Beyond that the hardware hangs. Each strip reads columns of the
 *	input that the one before does not, and the first all that the next one reads again.
 * @first_width: Output width of the first strip; zero when not cut.
 * @middle_width: Output width of each strip but the first and the last; zero when there is none.
 *	The last strip has what remains, at least 1.
 * @pad_value: Average: what a padding element counts as, -128..127. Zero for max and min.
 * @pool: &enum drm_nvdla_pool.
 * @source: &enum drm_nvdla_source. With &DRM_NVDLA_SOURCE_OP the operation before is an SDP
 *	operation.
 * @kernel_width: 1..8.
 * @kernel_height: 1..8.
 * @stride_x: 1..16.
 * @stride_y: 1..16.
 * @pad_left: Padding columns, fewer than kernel_width.
 * @pad_right: Likewise.
 * @pad_top: Padding lines, fewer than kernel_height. With more channels than an atom holds, fewer
 *	than dst_height * stride_y, too: the hardware computes wrong results otherwise.
 * @pad_bottom: Padding lines, fewer than kernel_height.
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
	__u16 parts;
	__u16 first_width;
	__u16 middle_width;
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
	__u8 pad[4];
};

/**
 * enum drm_nvdla_lut_table - one of the two tables of a LUT
 */
enum drm_nvdla_lut_table {
	/** @DRM_NVDLA_LUT_LE: the table of 65 entries. */
	DRM_NVDLA_LUT_LE = 0,
	/** @DRM_NVDLA_LUT_LO: the table of 257 entries. */
	DRM_NVDLA_LUT_LO = 1,
};

/**
 * enum drm_nvdla_lut_function - how the LE table's entries are spaced
 */
enum drm_nvdla_lut_function {
	/** @DRM_NVDLA_LUT_EXPONENT: entry i stands for le.start + 2^(i + le_index_offset). */
	DRM_NVDLA_LUT_EXPONENT = 0,
	/** @DRM_NVDLA_LUT_LINEAR: entry i stands for le.start + i * 2^select. */
	DRM_NVDLA_LUT_LINEAR = 1,
};

/**
 * struct drm_nvdla_lut_range - what a table covers, and how it goes on outside
 * @start: Input of the first entry, a signed number of 38 bits. Inputs up to it are below.
 * @end: Input at which the slope above begins, likewise. Inputs whose index is the last entry's or
 *	larger are above.
 * @below_scale: Below, the result is the first entry + ((input - start) * scale >> shift).
 * @above_scale: Above, the last entry + ((input - end) * scale >> shift).
 * @below_shift: -16..15; a left shift when negative.
 * @above_shift: Likewise.
 * @select: Distance of two entries is 2^select, -32..31. Zero for &DRM_NVDLA_LUT_EXPONENT.
 * @pad: Must be zero.
 */
struct drm_nvdla_lut_range {
	__s64 start;
	__s64 end;
	__s16 below_scale;
	__s16 above_scale;
	__s8 below_shift;
	__s8 above_shift;
	__s8 select;
	__u8 pad;
};

/**
 * struct drm_nvdla_lut - a look-up of two tables
 * @le: Range of the LE table.
 * @lo: Range of the LO table.
 * @le_entry: LE table.
 * @lo_entry: LO table. Within its range a table interpolates between two entries.
 * @le_function: &enum drm_nvdla_lut_function.
 * @le_index_offset: &DRM_NVDLA_LUT_EXPONENT: binary logarithm of the first entry's distance to
 *	le.start. Zero otherwise.
 * @both_below: &enum drm_nvdla_lut_table: which table answers for an input that is below both.
 * @both_above: For one that is above both.
 * @both_hit: For one that lies within both; or below one and above the other. An input that lies
 *	within one range only is answered by that table.
 * @pad: Must be zero.
 */
struct drm_nvdla_lut {
	struct drm_nvdla_lut_range le;
	struct drm_nvdla_lut_range lo;
	__s16 le_entry[65];
	__s16 lo_entry[257];
	__u8 le_function;
	__s8 le_index_offset;
	__u8 both_below;
	__u8 both_above;
	__u8 both_hit;
	__u8 pad[7];
};

/**
 * DRM_NVDLA_CDP_NO_SUM - what is looked up is the converted element itself
 */
#define DRM_NVDLA_CDP_NO_SUM		(1 << 0)

/**
 * DRM_NVDLA_CDP_NO_PRODUCT - what is found is not multiplied by the converted element
 */
#define DRM_NVDLA_CDP_NO_PRODUCT	(1 << 1)

/**
 * struct drm_nvdla_cdp - a normalisation across channels, or an element-wise look-up
 *
 * Each element x becomes v = sat9((x - in_offset) * in_scale >> in_shift); the sum of the squares
 * of the v of @local_size channels around it, without those that do not exist, is looked up; what
 * is found is multiplied by v, and converted: sat8((p - out_offset) * out_scale >> out_shift).
 * Shifts round half away from zero. With both flags an operation is f(x) for any f.
 *
 * @src: Input surface.
 * @dst: Output surface. It may be the input: the hardware reads an atom before it writes it.
 * @out_offset: Signed number of 25 bits.
 * @width: 1..8192.
 * @height: 1..8192.
 * @channels: 1..8192.
 * @lut: Index of the program's LUT to look up in.
 * @flags: &DRM_NVDLA_CDP_NO_SUM, &DRM_NVDLA_CDP_NO_PRODUCT.
 * @in_offset: -128..127.
 * @in_scale: See above.
 * @out_scale: See above.
 * @in_shift: 0..31.
 * @out_shift: 0..63.
 * @local_size: 3, 5, 7 or 9; zero with &DRM_NVDLA_CDP_NO_SUM.
 * @pad: Must be zero.
 */
struct drm_nvdla_cdp {
	struct drm_nvdla_surface src;
	struct drm_nvdla_surface dst;
	__s32 out_offset;
	__u16 width;
	__u16 height;
	__u16 channels;
	__u16 lut;
	__u16 flags;
	__s16 in_offset;
	__s16 in_scale;
	__s16 out_scale;
	__u8 in_shift;
	__u8 out_shift;
	__u8 local_size;
	__u8 pad;
};

/**
 * struct drm_nvdla_op - one operation of a program
 * @engine: &enum drm_nvdla_engine.
 * @flags: Must be zero.
 * @cookie: Any value; a fault record names the operation by it.
 * @deps: Indices of earlier operations of the program that must have finished before this one
 *	starts. Operations that pass their results on the fly start together and are not among each
 *	other's. An operation that does not wait for another whose memory it shares finds or
 *	leaves undefined bytes in the caller's own buffers.
 * @dep_count: How many of @deps count; the others are zero.
 * @pad: Must be zero.
 * @conv: For &DRM_NVDLA_CONV.
 * @sdp: For &DRM_NVDLA_SDP.
 * @pdp: For &DRM_NVDLA_PDP.
 * @cdp: For &DRM_NVDLA_CDP.
 * @reserved: Fixes the size; bytes beyond the engine's own structure must be zero, where later
 *	versions may have more fields.
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
		struct drm_nvdla_cdp cdp;
		__u8 reserved[256];
	};
};

/**
 * DRM_NVDLA_SLOT_READ - the program reads from the slot
 */
#define DRM_NVDLA_SLOT_READ	(1 << 0)

/**
 * DRM_NVDLA_SLOT_WRITE - the program writes to the slot
 */
#define DRM_NVDLA_SLOT_WRITE	(1 << 1)

/**
 * struct drm_nvdla_slot - what a program needs of a slot
 * @min_size: Bytes that a binding must have at least; zero for a slot that is not used.
 * @align: Bytes, a power of two up to 256, that the device address of a binding's start must be a
 *	multiple of. A buffer of BO_CREATE starts on a page, so this holds for the offset in it.
 * @access: &DRM_NVDLA_SLOT_READ, &DRM_NVDLA_SLOT_WRITE or both.
 */
struct drm_nvdla_slot {
	__u64 min_size;
	__u32 align;
	__u32 access;
};

/**
 * DRM_NVDLA_INFO_COHERENT - the device sees the caches of the CPU: cached buffers need no sync
 */
#define DRM_NVDLA_INFO_COHERENT	(1 << 0)

/**
 * DRM_NVDLA_INFO_RESET - the device has a reset line: a hang costs one program, not the device
 */
#define DRM_NVDLA_INFO_RESET	(1 << 1)

/**
 * DRM_NVDLA_INFO_WEDGED - the device hung and could not be reset
 *
 * Every submission is refused until the driver is bound to the device anew.
 */
#define DRM_NVDLA_INFO_WEDGED	(1 << 2)

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
 * @engines: A bit, 1 << n, for each &enum drm_nvdla_engine n that the device has.
 * @flags: &DRM_NVDLA_INFO_COHERENT, &DRM_NVDLA_INFO_RESET, &DRM_NVDLA_INFO_WEDGED.
 * @timeout_ms: Time-out of a queue that names none.
 * @max_timeout_ms: Largest time-out that a queue may have.
 * @max_pending: Submissions of one open file that may be unfinished.
 * @max_queues: Queues that one open file may create.
 * @max_ops: Operations and look-up tables that all programs of one open file may have together.
 * @max_khz: Highest rate that its clock may have, in kHz; 0 when that is not known.
 * @max_bytes: Bytes that all buffers created through one open file may have together.
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
	__u32 engines;
	__u32 flags;
	__u32 timeout_ms;
	__u32 max_timeout_ms;
	__u32 max_pending;
	__u32 max_queues;
	__u32 max_ops;
	__u32 max_khz;
	__u64 max_bytes;
};

/**
 * DOC: Requests
 *
 * The device is a node of the DRM subsystem, /dev/accel/accelN or /dev/dri/renderDN, whose driver
 * name is "nvdla". Besides the requests below it takes the common ones for handles
 * (DRM_IOCTL_GEM_CLOSE), dma-bufs (DRM_IOCTL_PRIME_HANDLE_TO_FD, DRM_IOCTL_PRIME_FD_TO_HANDLE) and
 * fences (DRM_IOCTL_SYNCOBJ_*).
 *
 * A client creates buffers, creates a program once, and submits it as often as it likes, each time
 * with buffers for its slots::
 *
 *     DEV_QUERY                        what is the device?
 *     BO_CREATE, mmap(mmap_offset)     inputs, weights, outputs
 *     PROGRAM_CREATE                   operations, checked once
 *     BO_SYNC(TO_DEVICE)               cached buffers that the CPU has written
 *     SUBMIT                           returns at once
 *     BO_WAIT, or SYNCOBJ_WAIT         until it has finished
 *     BO_SYNC(FROM_DEVICE)             cached buffers that the CPU will read
 *     QUEUE_STATE                      did it succeed?
 *
 * Handles of programs and queues belong to the open file, as those of buffers do.
 *
 * A dma-buf of another driver can be imported if its memory is contiguous for the device and within
 * its address bits; DRM_IOCTL_PRIME_FD_TO_HANDLE fails with -EINVAL otherwise, and the kernel's log
 * says why. Imported memory is paid for by its exporter, and counts for no limit here. To the CPU
 * it belongs through its dma-buf: mmap() and DMA_BUF_IOCTL_SYNC of that, neither mmap() of the
 * device node nor BO_SYNC.
 *
 * Rules for all structures: what is marked *in* is read, *out* is written; pads and flags without
 * a meaning must be zero, and so must a handle, or a mmap_offset, before the request that returns
 * it; what else is marked *out* may be anything before. An array comes with the bytes of an element
 * as the caller knows it (its stride), at least those that the structure had when the interface was
 * frozen, &DRM_NVDLA_OP_SIZE_VER0 and so on. A larger stride, up to 4096, is accepted as long as
 * the bytes unknown to the driver are zero, and refused with -E2BIG otherwise. Pointers are
 * addresses of the caller as 64-bit numbers; a bad one gives -EFAULT.
 *
 * Any request may fail with -EINVAL (a value outside what is written here), -EFAULT, -ENOMEM and
 * -ENODEV (the device is gone). Further errors are named with the request. A request that fails has
 * changed nothing, neither in the driver nor in its structure, but for &struct drm_nvdla_reason; so
 * after -EINTR it can be made again as it is. (Only -EFAULT because the structure itself can be
 * read and not be written comes when all is done.)
 *
 * Times are nanoseconds of CLOCK_MONOTONIC; a timeout_ns is such a point in time, no duration.
 */

/**
 * DRM_NVDLA_OP_SIZE_VER0 - bytes of the first version of &struct drm_nvdla_op
 */
#define DRM_NVDLA_OP_SIZE_VER0		312

/**
 * DRM_NVDLA_LUT_SIZE_VER0 - bytes of the first version of &struct drm_nvdla_lut
 */
#define DRM_NVDLA_LUT_SIZE_VER0		704

/**
 * DRM_NVDLA_SLOT_SIZE_VER0 - bytes of the first version of &struct drm_nvdla_slot
 */
#define DRM_NVDLA_SLOT_SIZE_VER0	16

/**
 * DRM_NVDLA_BINDING_SIZE_VER0 - bytes of the first version of &struct drm_nvdla_binding
 */
#define DRM_NVDLA_BINDING_SIZE_VER0	24

/**
 * DRM_NVDLA_SYNC_SIZE_VER0 - bytes of the first version of &struct drm_nvdla_sync
 */
#define DRM_NVDLA_SYNC_SIZE_VER0	16

/**
 * enum drm_nvdla_ioctl_id - numbers of the requests, added to DRM_COMMAND_BASE
 */
enum drm_nvdla_ioctl_id {
	/** @DRM_NVDLA_DEV_QUERY: see &struct drm_nvdla_dev_query. */
	DRM_NVDLA_DEV_QUERY = 0,
	/** @DRM_NVDLA_BO_CREATE: see &struct drm_nvdla_bo_create. */
	DRM_NVDLA_BO_CREATE = 1,
	/** @DRM_NVDLA_BO_SYNC: see &struct drm_nvdla_bo_sync. */
	DRM_NVDLA_BO_SYNC = 2,
	/** @DRM_NVDLA_BO_WAIT: see &struct drm_nvdla_bo_wait. */
	DRM_NVDLA_BO_WAIT = 3,
	/** @DRM_NVDLA_PROGRAM_CREATE: see &struct drm_nvdla_program_create. */
	DRM_NVDLA_PROGRAM_CREATE = 4,
	/** @DRM_NVDLA_PROGRAM_DESTROY: see &struct drm_nvdla_program_destroy. */
	DRM_NVDLA_PROGRAM_DESTROY = 5,
	/** @DRM_NVDLA_QUEUE_CREATE: see &struct drm_nvdla_queue_create. */
	DRM_NVDLA_QUEUE_CREATE = 6,
	/** @DRM_NVDLA_QUEUE_DESTROY: see &struct drm_nvdla_queue_destroy. */
	DRM_NVDLA_QUEUE_DESTROY = 7,
	/** @DRM_NVDLA_SUBMIT: see &struct drm_nvdla_submit. */
	DRM_NVDLA_SUBMIT = 8,
	/** @DRM_NVDLA_QUEUE_STATE: see &struct drm_nvdla_queue_state. */
	DRM_NVDLA_QUEUE_STATE = 9,
};

/**
 * enum drm_nvdla_query - what to ask a device
 */
enum drm_nvdla_query {
	/** @DRM_NVDLA_QUERY_INFO: &struct drm_nvdla_dev_info. */
	DRM_NVDLA_QUERY_INFO = 0,
};

/**
 * struct drm_nvdla_dev_query - ask for a description of the device
 * @type: in: &enum drm_nvdla_query.
 * @size: in: bytes at @pointer, 0..4096; out: bytes of the structure as the driver knows it.
 * @pointer: in: where to put the structure; zero only asks for @size.
 *
 * The smaller of both sizes is copied, and what @size has more is filled with zeros.
 *
 * Errors: -E2BIG for a larger @size.
 */
struct drm_nvdla_dev_query {
	__u32 type;
	__u32 size;
	__u64 pointer;
};

/**
 * DRM_NVDLA_BO_CACHED - let the CPU cache the buffer
 *
 * Without it the CPU's accesses are write-combined: writing is fast, reading slow, and no sync is
 * needed. Meant for what the CPU reads, or reads and writes.
 */
#define DRM_NVDLA_BO_CACHED	(1 << 0)

/**
 * struct drm_nvdla_bo_create - make a buffer
 * @size: in: bytes, not zero; out: rounded up to whole pages.
 * @flags: in: &DRM_NVDLA_BO_CACHED or zero.
 * @handle: out: GEM handle, never zero.
 * @mmap_offset: out: offset for mmap() of the device node.
 *
 * The buffer starts as zeros, for the CPU and for the device. The memory is contiguous and below
 * the device's address limit. A mapping is shared, and lies inside the buffer: mmap() fails with
 * -EINVAL otherwise, and with -EACCES for a buffer to which the open file has no handle.
 *
 * Errors: -ENOMEM when no contiguous memory is left (see CONFIG_CMA_SIZE_MBYTES, "cma=" of the
 * kernel command line, and memory-region of the device tree), -EDQUOT beyond
 * &drm_nvdla_dev_info.max_bytes.
 */
struct drm_nvdla_bo_create {
	__u64 size;
	__u32 flags;
	__u32 handle;
	__u64 mmap_offset;
};

/**
 * DRM_NVDLA_SYNC_TO_DEVICE - the CPU has written, the device will read
 */
#define DRM_NVDLA_SYNC_TO_DEVICE	(1 << 0)

/**
 * DRM_NVDLA_SYNC_FROM_DEVICE - the device has written, the CPU will read
 */
#define DRM_NVDLA_SYNC_FROM_DEVICE	(1 << 1)

/**
 * struct drm_nvdla_bo_sync - pass a range of a cached buffer between CPU and device
 * @handle: in: GEM handle.
 * @flags: in: &DRM_NVDLA_SYNC_TO_DEVICE, &DRM_NVDLA_SYNC_FROM_DEVICE or both.
 * @offset: in: first byte.
 * @size: in: bytes, not zero, inside the buffer.
 *
 * Waits for nothing: call it after BO_WAIT, or before SUBMIT. CPU caches work on whole lines:
 * what CPU and device write at the same time must not share one. Does nothing for a
 * write-combined buffer and on a coherent device.
 *
 * Errors: -ENOENT for an unknown handle, -EOPNOTSUPP for an imported buffer (DMA_BUF_IOCTL_SYNC of
 * its exporter does this for it).
 */
struct drm_nvdla_bo_sync {
	__u32 handle;
	__u32 flags;
	__u64 offset;
	__u64 size;
};

/**
 * struct drm_nvdla_bo_wait - wait until no submission uses a buffer
 * @handle: in: GEM handle.
 * @flags: in: must be zero.
 * @timeout_ns: in: until when; zero, or any time gone by, only looks; INT64_MAX is for ever.
 *
 * Waits for everything submitted before the call, by whom it may be, successful or not. Whether it
 * was, &struct drm_nvdla_queue_state tells, and of each submission its fence: as a sync_file, by
 * SYNC_IOC_FILE_INFO.
 *
 * Errors: -ENOENT for an unknown handle, -ETIME when the time is up, -EINTR for a signal.
 */
struct drm_nvdla_bo_wait {
	__u32 handle;
	__u32 flags;
	__s64 timeout_ns;
};

/**
 * struct drm_nvdla_reason - where to tell why something was refused
 * @text: in: room for a NUL-terminated text; zero if it is not wanted.
 * @text_size: in: bytes at @text, 0..4096; out: bytes of the whole text with its NUL, zero when
 *	nothing was refused by a rule. A text too long for its room is cut. After -EINTR as before.
 * @index: out: what the text is about: the operation of a program, or its LUT if the text begins
 *	with "lut"; the slot of a submission.
 *
 * Filled in when a request fails with -EINVAL because of a program's operations, or of the buffers
 * bound to it. The text reads "field: rule", for instance
 * "conv.dst_width: does not tile the padded input exactly". The rule is meant for people, and its
 * wording may change; the field is one of this header, without its ``drm_nvdla_``.
 */
struct drm_nvdla_reason {
	__u64 text;
	__u32 text_size;
	__u32 index;
};

/**
 * struct drm_nvdla_program_create - make a program
 * @ops: in: pointer to an array of &struct drm_nvdla_op.
 * @op_count: in: operations, 1..&DRM_NVDLA_MAX_OPS.
 * @op_stride: in: bytes of an element at @ops.
 * @luts: in: pointer to an array of &struct drm_nvdla_lut.
 * @lut_count: in: elements at @luts, 0..&DRM_NVDLA_MAX_LUTS.
 * @lut_stride: in: bytes of an element at @luts.
 * @slots: in: pointer to an array of &struct drm_nvdla_slot, filled in with what the program
 *	needs of each slot; zero if not wanted.
 * @slot_count: in: elements at @slots, 0..&DRM_NVDLA_MAX_SLOTS; out: one more than the highest
 *	slot that the program names. What @slots has more is filled with zeros, what it lacks is
 *	left out.
 * @slot_stride: in: bytes of an element at @slots.
 * @reason: in, out: why the program was refused.
 * @flags: in: must be zero.
 * @handle: out: program handle, never zero.
 *
 * The driver copies the operations and the tables; the arrays are not needed afterwards.
 *
 * Errors: -EINVAL for a bad operation or table, -EFAULT, -E2BIG for a stride above 4096 or bytes
 * that the driver does not know, -EDQUOT beyond &drm_nvdla_dev_info.max_ops.
 */
struct drm_nvdla_program_create {
	__u64 ops;
	__u32 op_count;
	__u32 op_stride;
	__u64 luts;
	__u32 lut_count;
	__u32 lut_stride;
	__u64 slots;
	__u32 slot_count;
	__u32 slot_stride;
	struct drm_nvdla_reason reason;
	__u32 flags;
	__u32 handle;
};

/**
 * struct drm_nvdla_program_destroy - give up a program
 * @handle: in: program handle.
 * @pad: Must be zero.
 *
 * What was submitted before still runs.
 *
 * Errors: -ENOENT for an unknown handle.
 */
struct drm_nvdla_program_destroy {
	__u32 handle;
	__u32 pad;
};

/**
 * enum drm_nvdla_priority - which queue is served first when several have work
 */
enum drm_nvdla_priority {
	/** @DRM_NVDLA_PRIORITY_LOW: after all others. */
	DRM_NVDLA_PRIORITY_LOW = 0,
	/** @DRM_NVDLA_PRIORITY_NORMAL: that of the default queue. */
	DRM_NVDLA_PRIORITY_NORMAL = 1,
	/** @DRM_NVDLA_PRIORITY_HIGH: before all others; needs CAP_SYS_NICE. */
	DRM_NVDLA_PRIORITY_HIGH = 2,
};

/**
 * struct drm_nvdla_queue_create - make a queue
 * @priority: in: &enum drm_nvdla_priority.
 * @timeout_ms: in: milliseconds, 1..&drm_nvdla_dev_info.max_timeout_ms, in which a running program
 *	must finish at least one operation; zero for &drm_nvdla_dev_info.timeout_ms. A program that
 *	does not has hung, and is stopped.
 * @flags: in: must be zero.
 * @handle: out: queue handle, never zero.
 *
 * Submissions of a queue run one after the other in their order; those of several queues in any
 * order. One that fails stops none of those behind it. Of the submissions that are ready, one of
 * the highest priority runs next, and among these one of the process that has had the device for
 * the shortest time: a process gets no more of it for having more queues, more open files or longer
 * programs. A file counts with the process that opened it. A running program is never interrupted
 * for another. Each open file has a default queue, whose handle is zero, of normal priority and
 * default time-out.
 *
 * Errors: -EACCES for a priority that the caller may not have, -EDQUOT beyond
 * &drm_nvdla_dev_info.max_queues.
 */
struct drm_nvdla_queue_create {
	__u32 priority;
	__u32 timeout_ms;
	__u32 flags;
	__u32 handle;
};

/**
 * struct drm_nvdla_queue_destroy - give up a queue
 * @handle: in: queue handle; not zero, the default queue stays.
 * @pad: Must be zero.
 *
 * Submissions that the device has not begun are cancelled: their fences signal with -ESRCH, when
 * that of the one that runs has signalled. The same happens to all queues when the file is closed.
 *
 * Errors: -ENOENT for an unknown handle.
 */
struct drm_nvdla_queue_destroy {
	__u32 handle;
	__u32 pad;
};

/**
 * struct drm_nvdla_binding - the memory that a slot stands for in a submission
 * @handle: in: GEM handle; zero leaves the slot without memory, and all else zero too.
 * @pad: Must be zero.
 * @offset: in: first byte in the buffer.
 * @size: in: bytes, not zero, inside the buffer.
 */
struct drm_nvdla_binding {
	__u32 handle;
	__u32 pad;
	__u64 offset;
	__u64 size;
};

/**
 * DRM_NVDLA_SYNC_WAIT - the submission waits for the syncobj
 */
#define DRM_NVDLA_SYNC_WAIT	(1 << 0)

/**
 * DRM_NVDLA_SYNC_SIGNAL - the end of the submission signals the syncobj
 */
#define DRM_NVDLA_SYNC_SIGNAL	(1 << 1)

/**
 * DRM_NVDLA_SYNC_TIMELINE - the syncobj is a timeline, @point a point of it
 */
#define DRM_NVDLA_SYNC_TIMELINE	(1 << 2)

/**
 * struct drm_nvdla_sync - a syncobj that a submission waits for, or signals
 * @handle: in: syncobj handle.
 * @flags: in: exactly one of &DRM_NVDLA_SYNC_WAIT and &DRM_NVDLA_SYNC_SIGNAL, with or without
 *	&DRM_NVDLA_SYNC_TIMELINE.
 * @point: in: point of a timeline, not zero; zero otherwise.
 *
 * A syncobj to wait for must have a fence already. One that has signalled with an error has
 * signalled: what waited for it runs.
 */
struct drm_nvdla_sync {
	__u32 handle;
	__u32 flags;
	__u64 point;
};

/**
 * DRM_NVDLA_SUBMIT_NO_IMPLICIT - ignore the fences of the buffers
 *
 * Without it a submission waits for all that writes what it reads, and for all that uses what it
 * writes, other drivers included; and these wait for it.
 */
#define DRM_NVDLA_SUBMIT_NO_IMPLICIT	(1 << 0)

/**
 * struct drm_nvdla_time - when an operation of a submission ran
 * @start_ns: When its engine had nothing else left to do; CLOCK_MONOTONIC.
 * @end_ns: When the driver learned that it had finished.
 *
 * A convolution ends with the SDP operation behind it. Both are zero for an operation that was not
 * reached, @end_ns for one that hung.
 */
struct drm_nvdla_time {
	__u64 start_ns;
	__u64 end_ns;
};

/**
 * DRM_NVDLA_MAX_SYNCS - syncobjs of one submission
 */
#define DRM_NVDLA_MAX_SYNCS	64

/**
 * struct drm_nvdla_submit - run a program
 * @queue: in: queue handle; zero for the default queue.
 * @program: in: program handle.
 * @bindings: in: pointer to an array of &struct drm_nvdla_binding, one for each slot from 0 up.
 *	What is bound to a slot that the program does not use has to exist, and is ignored.
 * @syncs: in: pointer to an array of &struct drm_nvdla_sync.
 * @binding_count: in: elements at @bindings, 0..&DRM_NVDLA_MAX_SLOTS.
 * @binding_stride: in: bytes of an element at @bindings.
 * @sync_count: in: elements at @syncs, 0..&DRM_NVDLA_MAX_SYNCS.
 * @sync_stride: in: bytes of an element at @syncs.
 * @cookie: in: any value; a fault record names the submission by it.
 * @flags: in: &DRM_NVDLA_SUBMIT_NO_IMPLICIT or zero.
 * @times: in: GEM handle of a buffer for an array of &struct drm_nvdla_time, one for each operation
 *	of the program; zero if it is not wanted.
 * @times_offset: in: first byte of that array in the buffer, a multiple of 64; zero if there is
 *	none.
 * @reason: in, out: why the buffers were refused.
 *
 * The times are written by the CPU, all before the submission's fence signals: no sync is needed to
 * read them, and one does no harm. The buffer counts as written by the submission. Where a binding
 * overlaps the array, both have undefined contents.
 *
 * Bindings must satisfy each &struct drm_nvdla_slot of the program, and may not overlap where
 * one of them is written. The buffers stay alive until the submission has finished, even if their
 * handles are closed.
 *
 * Its fence signals in any case: with an error when the program failed (-ETIMEDOUT), was never run
 * because its queue was destroyed (-ESRCH) or the device is wedged (-EIO) or gone (-ENODEV).
 *
 * Errors: -ENOENT for an unknown queue, program, buffer or syncobj; -EINVAL also for a syncobj
 * without a fence; -EOPNOTSUPP for @times in an imported buffer; -EFAULT; -E2BIG for a stride above
 * 4096 or bytes that the driver does not know; -EBUSY beyond &drm_nvdla_dev_info.max_pending; -EIO
 * when the device is wedged; -EINTR for a signal while others submit with the same buffers.
 */
struct drm_nvdla_submit {
	__u32 queue;
	__u32 program;
	__u64 bindings;
	__u64 syncs;
	__u32 binding_count;
	__u32 binding_stride;
	__u32 sync_count;
	__u32 sync_stride;
	__u64 cookie;
	__u32 flags;
	__u32 times;
	__u64 times_offset;
	struct drm_nvdla_reason reason;
};

/**
 * struct drm_nvdla_queue_state - what became of a queue's submissions
 * @queue: in: queue handle; zero for the default queue.
 * @pad: Must be zero.
 * @jobs_submitted: out: submissions accepted.
 * @jobs_done: out: of these, those that ran to their end.
 * @jobs_failed: out: of these, those that failed or were cancelled.
 * @resets: out: resets of the device since it was probed, whoever caused them.
 * @fault_count: out: of the failed ones, those that hung; zero: what follows is zero too.
 * @fault_cookie: out: &drm_nvdla_submit.cookie of the last one that hung.
 * @fault_op_cookie: out: &drm_nvdla_op.cookie of the operation at which it hung.
 * @fault_op: out: index of that operation.
 * @fault_engine: out: its &enum drm_nvdla_engine.
 *
 * Counts start at zero with the queue. The record of a submission is there before its fence
 * signals.
 *
 * Errors: -ENOENT for an unknown queue.
 */
struct drm_nvdla_queue_state {
	__u32 queue;
	__u32 pad;
	__u64 jobs_submitted;
	__u64 jobs_done;
	__u64 jobs_failed;
	__u64 resets;
	__u64 fault_count;
	__u64 fault_cookie;
	__u64 fault_op_cookie;
	__u32 fault_op;
	__u32 fault_engine;
};

#define DRM_IOCTL_NVDLA_DEV_QUERY \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_DEV_QUERY, struct drm_nvdla_dev_query)
#define DRM_IOCTL_NVDLA_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_BO_CREATE, struct drm_nvdla_bo_create)
#define DRM_IOCTL_NVDLA_BO_SYNC \
	DRM_IOW(DRM_COMMAND_BASE + DRM_NVDLA_BO_SYNC, struct drm_nvdla_bo_sync)
#define DRM_IOCTL_NVDLA_BO_WAIT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_NVDLA_BO_WAIT, struct drm_nvdla_bo_wait)
#define DRM_IOCTL_NVDLA_PROGRAM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_PROGRAM_CREATE, struct drm_nvdla_program_create)
#define DRM_IOCTL_NVDLA_PROGRAM_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_NVDLA_PROGRAM_DESTROY, struct drm_nvdla_program_destroy)
#define DRM_IOCTL_NVDLA_QUEUE_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_QUEUE_CREATE, struct drm_nvdla_queue_create)
#define DRM_IOCTL_NVDLA_QUEUE_DESTROY \
	DRM_IOW(DRM_COMMAND_BASE + DRM_NVDLA_QUEUE_DESTROY, struct drm_nvdla_queue_destroy)
#define DRM_IOCTL_NVDLA_SUBMIT \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_SUBMIT, struct drm_nvdla_submit)
#define DRM_IOCTL_NVDLA_QUEUE_STATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_QUEUE_STATE, struct drm_nvdla_queue_state)

#if defined(__cplusplus)
}
#endif

#endif
