/* SPDX-License-Identifier: MIT */
#ifndef EMU_OPERATIONS_H
#define EMU_OPERATIONS_H

/* Registers for whole operations: dense cubes, group 0 unless a pointer was set before. */

#include "emu_device.h"

struct conv_case {
	unsigned int width, height, channels, kernels;
	unsigned int r, s, x_stride, y_stride, x_dilation, y_dilation;
	unsigned int left, top, right, bottom;
	int8_t pad_value;
	unsigned int truncate;
	/* Image: bytes of a pixel, 1 or 4, are its channels. */
	int image;
	unsigned int pixel_format;
	int convert;		/* uint8 to int8 */
	/* Where things are. */
	uint32_t in, weights, out;
	uint32_t flags;		/* of D_MISC_CFG: reuse and keep */
};

static inline unsigned int out_size(unsigned int in, unsigned int kernel, unsigned int dilation,
				    unsigned int stride, unsigned int pads)
{
	return (in + pads - ((kernel - 1) * dilation + 1)) / stride + 1;
}

static inline unsigned int conv_out_width(const struct conv_case *c)
{
	return out_size(c->width, c->s, c->x_dilation, c->x_stride, c->left + c->right);
}

static inline unsigned int conv_out_height(const struct conv_case *c)
{
	return out_size(c->height, c->r, c->y_dilation, c->y_stride, c->top + c->bottom);
}

static inline unsigned int blocks_of(unsigned int channels)
{
	return (channels + ATOM - 1) / ATOM;
}

static inline uint32_t conv_entries(const struct conv_case *c)
{
	if (c->image)
		return blocks_of((c->left + c->width + c->right) * c->channels);
	return blocks_of(c->channels) * c->width;
}

/* Bytes of a line of pixels in memory. */
static inline uint32_t image_stride(const struct conv_case *c)
{
	return (c->width * c->channels + 31) / 32 * 32;
}

static inline uint32_t kernel_bytes(const struct conv_case *c)
{
	return c->r * c->s * c->channels;
}

/* CDMA, CSC, CMAC and CACC, and SDP that hands the sums through. */
static inline void conv_program(struct device *device, const struct conv_case *c)
{
	uint32_t ow = conv_out_width(c), oh = conv_out_height(c);
	uint32_t weight_bytes = (kernel_bytes(c) * c->kernels + ATOM - 1) / ATOM * ATOM;
	uint32_t channels_ext = c->image ? c->s * c->channels : c->channels;
	uint32_t banks = (conv_entries(c) * c->height + 511) / 512 - 1;
	uint32_t line = c->image ? image_stride(c) : c->width * ATOM;

	banks |= (kernel_bytes(c) * (c->kernels < 8 ? c->kernels : 8) / 4096 + 1) << 16;
	put(device, CDMA + CDMA_D_MISC_CFG, c->flags);
	put(device, CDMA + CDMA_D_DATAIN_FORMAT, (uint32_t)c->image | c->pixel_format << 8);
	put(device, CDMA + CDMA_D_DATAIN_SIZE_0, (c->width - 1) | (c->height - 1) << 16);
	put(device, CDMA + CDMA_D_DATAIN_SIZE_1, c->channels - 1);
	put(device, CDMA + CDMA_D_DAIN_ADDR_LOW_0, c->in);
	put(device, CDMA + CDMA_D_LINE_STRIDE, line);
	put(device, CDMA + CDMA_D_SURF_STRIDE, line * c->height);
	put(device, CDMA + CDMA_D_DAIN_MAP, 0x10001);
	put(device, CDMA + CDMA_D_ENTRY_PER_SLICE, conv_entries(c) - 1);
	put(device, CDMA + CDMA_D_WEIGHT_SIZE_0, kernel_bytes(c) - 1);
	put(device, CDMA + CDMA_D_WEIGHT_SIZE_1, c->kernels - 1);
	put(device, CDMA + CDMA_D_WEIGHT_ADDR_LOW, c->weights);
	put(device, CDMA + CDMA_D_WEIGHT_BYTES, weight_bytes);
	put(device, CDMA + CDMA_D_CVT_CFG, (uint32_t)c->convert);
	put(device, CDMA + CDMA_D_CVT_OFFSET, 128);
	put(device, CDMA + CDMA_D_CVT_SCALE, 1);
	put(device, CDMA + CDMA_D_ZERO_PADDING, c->left | c->right << 8 | c->top << 16 |
		c->bottom << 24);
	put(device, CDMA + CDMA_D_ZERO_PADDING_VALUE, (uint32_t)c->pad_value);
	put(device, CDMA + CDMA_D_BANK, banks);

	put(device, CSC + CSC_D_MISC_CFG, c->flags);
	put(device, CSC + CSC_D_DATAIN_FORMAT, (uint32_t)c->image);
	put(device, CSC + CSC_D_DATAIN_SIZE_EXT_0, (c->width - 1) | (c->height - 1) << 16);
	put(device, CSC + CSC_D_DATAIN_SIZE_EXT_1, c->channels - 1);
	put(device, CSC + CSC_D_ENTRY_PER_SLICE, conv_entries(c) - 1);
	put(device, CSC + CSC_D_WEIGHT_SIZE_EXT_0, (c->image ? 0 : c->s - 1) | (c->r - 1) << 16);
	put(device, CSC + CSC_D_WEIGHT_SIZE_EXT_1, (channels_ext - 1) | (c->kernels - 1) << 16);
	put(device, CSC + CSC_D_WEIGHT_BYTES, weight_bytes);
	put(device, CSC + CSC_D_DATAOUT_SIZE_0, (ow - 1) | (oh - 1) << 16);
	put(device, CSC + CSC_D_DATAOUT_SIZE_1, c->kernels - 1);
	put(device, CSC + CSC_D_ATOMICS, ow * oh - 1);
	put(device, CSC + CSC_D_RELEASE, c->height - 1);
	put(device, CSC + CSC_D_CONV_STRIDE_EXT, (c->x_stride - 1) | (c->y_stride - 1) << 16);
	put(device, CSC + CSC_D_DILATION_EXT, (c->x_dilation - 1) | (c->y_dilation - 1) << 16);
	put(device, CSC + CSC_D_ZERO_PADDING, c->left | c->top << 16);
	put(device, CSC + CSC_D_ZERO_PADDING_VALUE, (uint32_t)c->pad_value);
	put(device, CSC + CSC_D_BANK, banks);

	put(device, CMAC_A + CMAC_D_MISC_CFG, 0);
	put(device, CMAC_B + CMAC_D_MISC_CFG, 0);
	put(device, CACC + CACC_D_MISC_CFG, 0);
	put(device, CACC + CACC_D_DATAOUT_SIZE_0, (ow - 1) | (oh - 1) << 16);
	put(device, CACC + CACC_D_DATAOUT_SIZE_1, c->kernels - 1);
	put(device, CACC + CACC_D_CLIP_CFG, c->truncate);

	sdp_identity(device, 0, c->out, ow, oh, c->kernels);
	put(device, SDP_RDMA + SDP_RDMA_D_FEATURE_MODE_CFG, 1);
	put(device, SDP + SDP_D_FEATURE_MODE_CFG, 1);
}

static inline void conv_enable(struct device *device)
{
	put(device, SDP + SDP_D_OP_ENABLE, 1);
	put(device, CACC + CACC_D_OP_ENABLE, 1);
	put(device, CMAC_A + CMAC_D_OP_ENABLE, 1);
	put(device, CMAC_B + CMAC_D_OP_ENABLE, 1);
	put(device, CSC + CSC_D_OP_ENABLE, 1);
	put(device, CDMA + CDMA_D_OP_ENABLE, 1);
}

struct pool_axis {
	unsigned int in, kernel, stride, before, after;
};

enum { POOL_AVERAGE, POOL_MAX, POOL_MIN };

static inline unsigned int pool_out(const struct pool_axis *axis)
{
	return out_size(axis->in, axis->kernel, 1, axis->stride, axis->before + axis->after);
}

/* Only PDP itself: for a cube that comes from SDP. */
static inline void pool_program_flying(struct device *device, const struct pool_axis *x,
				       const struct pool_axis *y, unsigned int channels,
				       unsigned int method, uint32_t out)
{
	uint32_t line = pool_out(x) * ATOM;

	put(device, PDP + PDP_D_DATA_CUBE_IN_WIDTH, x->in - 1);
	put(device, PDP + PDP_D_DATA_CUBE_IN_HEIGHT, y->in - 1);
	put(device, PDP + PDP_D_DATA_CUBE_IN_CHANNEL, channels - 1);
	put(device, PDP + PDP_D_DATA_CUBE_OUT_WIDTH, pool_out(x) - 1);
	put(device, PDP + PDP_D_DATA_CUBE_OUT_HEIGHT, pool_out(y) - 1);
	put(device, PDP + PDP_D_DATA_CUBE_OUT_CHANNEL, channels - 1);
	put(device, PDP + PDP_D_OPERATION_MODE_CFG, method);
	put(device, PDP + PDP_D_POOLING_KERNEL_CFG, (x->kernel - 1) | (y->kernel - 1) << 8 |
		(x->stride - 1) << 16 | (y->stride - 1) << 20);
	put(device, PDP + PDP_D_POOLING_PADDING_CFG, x->before | y->before << 4 | x->after << 8 |
		y->after << 12);
	put(device, PDP + PDP_D_RECIP_KERNEL_WIDTH, 65536 / x->kernel);
	put(device, PDP + PDP_D_RECIP_KERNEL_HEIGHT, 65536 / y->kernel);
	put(device, PDP + PDP_D_DST_RAM_CFG, 1);
	put(device, PDP + PDP_D_DST_BASE_ADDR_LOW, out);
	put(device, PDP + PDP_D_DST_LINE_STRIDE, line);
	put(device, PDP + PDP_D_DST_SURFACE_STRIDE, line * pool_out(y));
}

static inline void pool_program(struct device *device, const struct pool_axis *x,
				const struct pool_axis *y, unsigned int channels,
				unsigned int method, uint32_t in, uint32_t out)
{
	pool_program_flying(device, x, y, channels, method, out);
	put(device, PDP + PDP_D_OPERATION_MODE_CFG, method | 0x10);
	put(device, PDP_RDMA + PDP_RDMA_D_DATA_CUBE_IN_WIDTH, x->in - 1);
	put(device, PDP_RDMA + PDP_RDMA_D_DATA_CUBE_IN_HEIGHT, y->in - 1);
	put(device, PDP_RDMA + PDP_RDMA_D_DATA_CUBE_IN_CHANNEL, channels - 1);
	put(device, PDP_RDMA + PDP_RDMA_D_FLYING_MODE, 1);
	put(device, PDP_RDMA + PDP_RDMA_D_SRC_RAM_CFG, 1);
	put(device, PDP_RDMA + PDP_RDMA_D_SRC_BASE_ADDR_LOW, in);
	put(device, PDP_RDMA + PDP_RDMA_D_SRC_LINE_STRIDE, x->in * ATOM);
	put(device, PDP_RDMA + PDP_RDMA_D_SRC_SURFACE_STRIDE, x->in * ATOM * y->in);
	put(device, PDP_RDMA + PDP_RDMA_D_POOLING_KERNEL_CFG,
	    (x->kernel - 1) | (x->stride - 1) << 4);
}

static inline void pool_enable(struct device *device)
{
	put(device, PDP + PDP_D_OP_ENABLE, 1);
	put(device, PDP_RDMA + PDP_RDMA_D_OP_ENABLE, 1);
}

/* CDP as a table of values: LO[x + 128]. */
static inline void table_program(struct device *device, uint32_t in, uint32_t out, uint32_t width,
				 uint32_t height, uint32_t channels)
{
	put(device, CDP + CDP_S_LUT_CFG, 0x71);
	put(device, CDP + CDP_S_LUT_LO_START_LOW, (uint32_t)-128);
	put(device, CDP + CDP_S_LUT_LO_START_HIGH, 0x3f);
	put(device, CDP + CDP_S_LUT_LO_END_LOW, 128);
	put(device, CDP + CDP_S_LUT_LE_START_LOW, 1000);
	put(device, CDP_RDMA + CDP_RDMA_D_DATA_CUBE_WIDTH, width - 1);
	put(device, CDP_RDMA + CDP_RDMA_D_DATA_CUBE_HEIGHT, height - 1);
	put(device, CDP_RDMA + CDP_RDMA_D_DATA_CUBE_CHANNEL, channels - 1);
	put(device, CDP_RDMA + CDP_RDMA_D_SRC_DMA_CFG, 1);
	put(device, CDP_RDMA + CDP_RDMA_D_SRC_BASE_ADDR_LOW, in);
	put(device, CDP_RDMA + CDP_RDMA_D_SRC_LINE_STRIDE, width * ATOM);
	put(device, CDP_RDMA + CDP_RDMA_D_SRC_SURFACE_STRIDE, width * ATOM * height);
	put(device, CDP + CDP_D_FUNC_BYPASS, 3);
	put(device, CDP + CDP_D_DATA_FORMAT, 0);
	put(device, CDP + CDP_D_DST_DMA_CFG, 1);
	put(device, CDP + CDP_D_DST_BASE_ADDR_LOW, out);
	put(device, CDP + CDP_D_DST_LINE_STRIDE, width * ATOM);
	put(device, CDP + CDP_D_DST_SURFACE_STRIDE, width * ATOM * height);
}

static inline void table_enable(struct device *device)
{
	put(device, CDP_RDMA + CDP_RDMA_D_OP_ENABLE, 1);
	put(device, CDP + CDP_D_OP_ENABLE, 1);
}

#endif
