/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SDP_Y_H
#define NVDLA_EMU_SDP_Y_H

#include "sdp_lut.h"
#include "sdp_operand.h"

/* What an operand from memory goes through. */
struct y_convertor {
	bool bypass;
	int32_t offset;
	int16_t scale;
	unsigned int shift;
};

/* SDP's third unit: registers say EW. */
struct y_unit {
	bool bypass;
	bool alu_bypass, mul_bypass, lut_bypass, prelu;
	unsigned int algorithm;
	unsigned int truncate;
	int32_t alu_value, mul_value;
	struct y_convertor alu_convertor, mul_convertor;
	struct sdp_operands operands;
	struct sdp_lookup lookup;
	bool count;		/* what the tables answered */
};

/* Reads SDP's registers; without a unit in this configuration it is bypassed. */
void y_decode(const struct nvdla_emu *emu, struct y_unit *y);

/* A whole plane, in place. */
void y_plane(const struct nvdla_config *config, const struct y_unit *y, unsigned int surface,
	     size_t plane, int32_t *values, struct sdp_lut_counts *counts);

/* Write what was counted to where software reads it. */
void y_store_counts(struct nvdla_emu *emu, const struct y_unit *y,
		    const struct sdp_lut_counts *counts);

#endif
