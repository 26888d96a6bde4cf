/* SPDX-License-Identifier: MIT */
#ifndef GENERATE_CONV_H
#define GENERATE_CONV_H

#include "generator.h"

/* One direction of a convolution. */
struct conv_axis {
	unsigned int in, kernel, stride, dilation, before, after, out;
};

/* Pixels in memory instead of a feature cube. */
struct image {
	unsigned int format;		/* as the hardware numbers them */
	unsigned int planes;		/* 2: a byte of Y apart from two of U and V */
	unsigned int pixel_bytes;	/* all planes */
	uint32_t addr[2], line_stride[2];
	unsigned int x_offset;		/* pixels before the first */
	bool sign_override;
	bool mean;
	uint16_t means[4];
};

struct conv {
	bool is_image;
	struct image image;
	struct surface in;		/* of features */

	unsigned int channels;		/* of an image: bytes of a pixel */
	unsigned int kernels;
	struct conv_axis x, y;
	int8_t pad_value;
	unsigned int truncate;		/* bits that CACC takes off */

	bool convert;
	uint16_t cvt_offset, cvt_scale;
	unsigned int cvt_shift;

	uint32_t weights, weight_bytes;
	unsigned int data_banks, weight_banks;
	unsigned int fetch_grain;

	/* The convolution buffer keeps what it has for the next, or has it from the one before. */
	bool keep_data, keep_weights, reuse_data, reuse_weights;
	/* Or the last so many lines only, to which the next adds. */
	unsigned int keep_lines, reuse_lines;
};

/* What a caller wants instead of leaving it to chance; zero means no wish. */
struct conv_wish {
	const struct surface *in;	/* an input that is there */
	bool image;
	unsigned int kernels;
	unsigned int data_banks, weight_banks;
	/* Nothing may be left in the buffer that another convolution would read. */
	bool tidy;
};

/* False when chance found nothing that is legal and small enough. */
bool conv_draw(struct generator *g, const struct conv_wish *wish, struct conv *conv);
/* Weights in memory, for the shape that conv has. */
void conv_place_weights(struct generator *g, bool tidy, struct conv *conv);

/* image.c */
bool image_draw(struct generator *g, struct conv *conv);
/* Once the width is known. */
void image_place(struct generator *g, struct conv *conv);
/* A kernel's line that the hardware counts right. */
bool image_line_legal(const struct hw *hw, const struct conv *conv);

unsigned int conv_entries(const struct hw *hw, const struct conv *conv);
unsigned int conv_data_banks(const struct hw *hw, const struct conv *conv);
/* Enough for a group of kernels; for all of them if they are to be kept. */
unsigned int conv_weight_banks(const struct hw *hw, const struct conv *conv);
uint64_t conv_cycles(const struct hw *hw, const struct conv *conv);
/* Bits that a sum may take, about. */
unsigned int conv_sum_bits(const struct conv *conv);
/* So small that it must not start while another is in flight. */
bool conv_starts_alone(const struct hw *hw, const struct conv *conv);

void conv_set(struct generator *g, const struct conv *conv);
void conv_describe(struct generator *g, const struct conv *conv);

#define CONV_UNITS (1u << UNIT_CDMA | 1u << UNIT_CSC | 1u << UNIT_CMAC_A | 1u << UNIT_CMAC_B | \
		    1u << UNIT_CACC)

#endif
