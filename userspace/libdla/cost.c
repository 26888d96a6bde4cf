// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdbool.h>

#include "cost.h"
#include "deps.h"

/*
 * Cycles from the stages' rates, as nv_small has them; memory gives an atom a cycle. The slowest stage of a
 * chain sets its pace; before it starts, its registers are written, and the first data and weights come
 * from memory.
 */
/* In which SDP, PDP or CDP take an atom. */
#define ATOM_CYCLES	8.2
/* To start a chain, and from its last result to the next one's start; and where nothing is waited for. */
#define CHAIN_CYCLES	250
#define QUEUED_CYCLES	40
/* To write a look-up table: as a rule it is another one than that of the layer before. */
#define TABLE_CYCLES	3000
/* Of the MAC array, for each cycle that it computes in. */
#define MAC_LOSS	1.03

static double divide_up(uint32_t a, uint32_t b)
{
	return ceil((double)a / b);
}

static double atoms(const struct drm_nvdla_dev_info *hw, uint32_t width, uint32_t height, uint32_t channels)
{
	return (double)width * height * divide_up(channels, hw->atom);
}

/* Of so many lines. The pixels of an image's line lie one behind the other. */
static double input_atoms(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *conv, uint32_t lines)
{
	if (conv->format != DRM_NVDLA_FEATURE)
		return lines * divide_up((uint32_t)conv->src_width * conv->src_channels, hw->atom);
	return atoms(hw, conv->src_width, lines, conv->src_channels);
}

static double conv_cycles(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_conv *conv)
{
	double groups = divide_up(conv->kernels, hw->atomic_k);
	double sums = (double)conv->dst_width * conv->dst_height * groups;
	double data = input_atoms(hw, conv, conv->src_height);
	double weights = (double)conv->weight_bytes / hw->atom;
	double first = input_atoms(hw, conv, conv->kernel_height) + weights / groups;
	double steps, cycles;

	/* And are taken as one long run of channels. */
	if (conv->format != DRM_NVDLA_FEATURE)
		steps = divide_up((uint32_t)conv->kernel_width * conv->src_channels, hw->atomic_c);
	else
		steps = conv->kernel_width * divide_up(conv->src_channels, hw->atomic_c);
	cycles = fmax(MAC_LOSS * steps * conv->kernel_height, DLA_CACC_CYCLES) * sums;
	/* Nothing is computed before the lines under the first output line and a group of kernels are there. */
	return fmax(cycles, data + weights) + first;
}

static double layer_cycles(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_op *op)
{
	switch (op->engine) {
	case DRM_NVDLA_CONV:
		return conv_cycles(hw, &op->conv);
	case DRM_NVDLA_SDP:
		return ATOM_CYCLES * atoms(hw, op->sdp.width, op->sdp.height, op->sdp.channels);
	case DRM_NVDLA_PDP:
		return ATOM_CYCLES * atoms(hw, op->pdp.src_width, op->pdp.src_height, op->pdp.channels);
	default:
		return TABLE_CYCLES + ATOM_CYCLES * atoms(hw, op->cdp.width, op->cdp.height, op->cdp.channels);
	}
}

double dla_cost_layers(const struct drm_nvdla_dev_info *hw, const struct drm_nvdla_op *op, unsigned int count)
{
	double sum = 0, slowest = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!dla_op_on_the_fly(&op[i])) {
			bool queued = i && op[i].cookie == op[i - 1].cookie;

			sum += slowest + (queued ? QUEUED_CYCLES : CHAIN_CYCLES);
			slowest = 0;
		}
		slowest = fmax(slowest, layer_cycles(hw, &op[i]));
	}
	return sum + slowest;
}
