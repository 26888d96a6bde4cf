// SPDX-License-Identifier: MIT
/*
 * SDP's Y unit: multiplier, truncation, ALU, look-up; the multiplier comes before the ALU, other
 * than in the X units, and all is 32 bits wide. Operands from memory have convertors of their own.
 */
#include "arith.h"
#include "sdp_y.h"

enum {
	ALU_MAX = 0,
	ALU_MIN = 1,
	ALU_EQUAL = 3,
};

static struct y_convertor convertor(uint32_t cfg, uint32_t offset, uint32_t scale, uint32_t shift)
{
	return (struct y_convertor){
		.bypass = bits(cfg, 1, 1),
		.offset = (int32_t)offset,
		.scale = (int16_t)scale,
		.shift = shift,
	};
}

void y_decode(const struct nvdla_emu *emu, struct y_unit *y)
{
	const uint32_t *r = consumer_group(emu, UNIT_SDP);
	uint32_t cfg = REG(r, SDP_D_DP_EW_CFG);
	uint32_t alu = REG(r, SDP_D_DP_EW_ALU_CFG), mul = REG(r, SDP_D_DP_EW_MUL_CFG);

	y->bypass = bits(cfg, 0, 0) || !config_has(emu->config, FEATURE_Y_UNIT);
	if (y->bypass)
		return;
	y->alu_bypass = bits(cfg, 1, 1);
	y->algorithm = bits(cfg, 3, 2);
	y->mul_bypass = bits(cfg, 4, 4);
	y->prelu = bits(cfg, 5, 5);
	y->lut_bypass = bits(cfg, 6, 6);
	y->truncate = REG(r, SDP_D_DP_EW_TRUNCATE_VALUE);
	y->alu_value = (int32_t)REG(r, SDP_D_DP_EW_ALU_SRC_VALUE);
	y->mul_value = (int32_t)REG(r, SDP_D_DP_EW_MUL_SRC_VALUE);
	y->alu_convertor = convertor(alu, REG(r, SDP_D_DP_EW_ALU_CVT_OFFSET_VALUE),
				     REG(r, SDP_D_DP_EW_ALU_CVT_SCALE_VALUE),
				     REG(r, SDP_D_DP_EW_ALU_CVT_TRUNCATE_VALUE));
	y->mul_convertor = convertor(mul, REG(r, SDP_D_DP_EW_MUL_CVT_OFFSET_VALUE),
				     REG(r, SDP_D_DP_EW_MUL_CVT_SCALE_VALUE),
				     REG(r, SDP_D_DP_EW_MUL_CVT_TRUNCATE_VALUE));
	y->operands.wants = (!y->alu_bypass && bits(alu, 0, 0) ? OPERAND_ALU : 0) |
			    (!y->mul_bypass && bits(mul, 0, 0) ? OPERAND_MUL : 0);
	y->count = bits(REG(r, SDP_D_PERF_ENABLE), 1, 1);
	sdp_lookup_decode(&y->lookup, &emu->sdp_lut, emu->units[UNIT_SDP].shared);
}

static int32_t convert(const struct y_convertor *convertor, int16_t operand)
{
	int64_t product;

	if (convertor->bypass)
		return operand;
	product = ((int64_t)operand - convertor->offset) * convertor->scale;
	return (int32_t)saturate(shift_right_round(product, convertor->shift, 49), 32);
}

static int32_t multiply(const struct y_unit *y, int32_t value, int32_t operand)
{
	int64_t product = (int64_t)value * operand;

	if (y->prelu && value >= 0)
		return value;
	/* Half of the smallest unit that a shift by 63 leaves is the largest product there is. */
	if (y->truncate == 63)
		return product == INT64_C(1) << 62;
	return (int32_t)saturate(shift_right_round(product, y->truncate, 64), 32);
}

static int32_t alu(const struct y_unit *y, int32_t value, int32_t operand)
{
	switch (y->algorithm) {
	case ALU_MAX:
		return value > operand ? value : operand;
	case ALU_MIN:
		return value < operand ? value : operand;
	case ALU_EQUAL:
		return value != operand;
	default:
		return (int32_t)saturate((int64_t)value + operand, 32);
	}
}

static int32_t y_value(const struct y_unit *y, int32_t value, int32_t alu_operand,
		       int32_t mul_operand, struct sdp_lut_counts *counts)
{
	if (!y->mul_bypass)
		value = multiply(y, value, mul_operand);
	if (!y->alu_bypass)
		value = alu(y, value, alu_operand);
	return y->lut_bypass ? value : sdp_lookup_value(&y->lookup, value, counts);
}

void y_plane(const struct nvdla_config *config, const struct y_unit *y, unsigned int surface,
	     size_t plane, int32_t *values, struct sdp_lut_counts *counts)
{
	const int16_t *alu_at = y->operands.alu, *mul_at = y->operands.mul;
	size_t at = sdp_operands_start(config, &y->operands, surface, plane);
	size_t stride = sdp_operands_stride(config, &y->operands);

	if (y->bypass)
		return;
	for (size_t i = 0; i < plane; i++, values += config->atom, at += stride) {
		for (unsigned int c = 0; c < config->atom; c++) {
			int32_t a = alu_at ? convert(&y->alu_convertor, alu_at[at + c]) :
				    y->alu_value;
			int32_t m = mul_at ? convert(&y->mul_convertor, mul_at[at + c]) :
				    y->mul_value;

			values[c] = y_value(y, values[c], a, m, counts);
		}
	}
}

static uint32_t counter(uint64_t count)
{
	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

void y_store_counts(struct nvdla_emu *emu, const struct y_unit *y,
		    const struct sdp_lut_counts *counts)
{
	struct unit_state *state = &emu->units[UNIT_SDP];
	uint32_t *group = state->group[state->consumer];

	if (y->bypass || !y->count)
		return;
	REG(group, SDP_D_PERF_LUT_UFLOW) = counter(counts->below);
	REG(group, SDP_D_PERF_LUT_OFLOW) = counter(counts->above);
	REG(group, SDP_D_PERF_LUT_HYBRID) = counter(counts->within);
	REG(group, SDP_D_PERF_LUT_LE_HIT) = counter(counts->le_hit);
	REG(group, SDP_D_PERF_LUT_LO_HIT) = counter(counts->lo_hit);
}
