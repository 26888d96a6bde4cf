/* SPDX-License-Identifier: MIT */
#ifndef DLA_PACK_H
#define DLA_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "quantise.h"

/* What a network's programs read and never write: weights and SDP operands, one buffer. */
struct dla_constants {
	uint8_t *data;
	size_t bytes, room;
};

/*
 * Make room for bytes at a multiple of align (a power of two), zeroed; its offset in *at.
 * Pointers into data are gone with the next call.
 */
int dla_constants_add(struct dla_constants *constants, size_t bytes, size_t align, size_t *at);

struct dla_kernels {
	const int8_t *data;		/* [kernels][height][width][channels] */
	uint32_t kernels, height, width, channels;
};

/* Bytes of kernels in the hardware's layout, padded to the 128 that WEIGHT_BYTES counts in. */
size_t dla_weights_bytes(const struct dla_kernels *kernels);

/*
 * The hardware's order for a direct convolution: groups of atomic_k kernels, the last one smaller;
 * in a group, blocks of atomic_c channels, the last one smaller; in a block, lines, then columns,
 * then kernels, then channels. (NVDLA documentation, in-memory data formats, "weight".)
 */
void dla_weights_pack(const struct dla_kernels *kernels, uint32_t atomic_k, uint32_t atomic_c, uint8_t *out);

/* X1's and X2's operands for `channels` channels from first on: int16 pairs, ALU first, whole atoms. */
size_t dla_operands_bytes(uint32_t channels, uint32_t atom);
void dla_operands_pack(const struct dla_requant *rq, uint32_t first, uint32_t channels,
		       uint8_t *x1, uint8_t *x2);

/* X1's alone, for a convolution with an ADD. */
void dla_add_operands_pack(const struct dla_conv_add *add, uint32_t first, uint32_t channels, uint8_t *x1);

#endif
