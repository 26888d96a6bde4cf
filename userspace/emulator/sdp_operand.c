// SPDX-License-Identifier: MIT
/* The readers of SDP's units: where operands lie, and what they are once read. */
#include <stdlib.h>

#include "sdp_operand.h"

enum {
	USE_MUL = 0,
	USE_ALU = 1,
	USE_BOTH = 2,
};

void sdp_operands_decode(const struct nvdla_config *config, struct sdp_operands *operands,
			 uint32_t cfg, const uint32_t *place, const struct surface *cube)
{
	unsigned int use = bits(cfg, 2, 1);
	uint32_t unit = config->atom;

	operands->gets = 0;
	if (bits(cfg, 0, 0))
		return;
	operands->gets = use == USE_MUL ? OPERAND_MUL : use == USE_ALU ? OPERAND_ALU :
			 use == USE_BOTH ? OPERAND_ALU | OPERAND_MUL : OPERAND_NOWHERE;
	operands->two_bytes = bits(cfg, 3, 3);
	operands->per_element = bits(cfg, 4, 4);
	operands->cube = *cube;
	operands->cube.base = dma_address(config, place[1], place[0]);
	operands->cube.line_stride = place[2] & -unit;
	operands->cube.surface_stride = place[3] & -unit;
	operands->cube.atom_bytes = config->atom << operands->two_bytes << (use == USE_BOTH);
	if (!operands->per_element) {
		operands->cube.width = 1;
		operands->cube.height = 1;
		operands->cube.packed = true;
	}
}

static int16_t operand_at(const uint8_t *raw, size_t i, bool two_bytes)
{
	if (two_bytes)
		return (int16_t)(raw[2 * i] | raw[2 * i + 1] << 8);
	return (int8_t)raw[i];
}

bool sdp_operands_load(struct nvdla_emu *emu, struct sdp_operands *operands)
{
	size_t bytes = surface_bytes(&operands->cube);
	size_t count = bytes >> operands->two_bytes;
	bool alu = operands->wants & OPERAND_ALU, mul = operands->wants & OPERAND_MUL;
	uint8_t *raw;

	if (!operands->wants)
		return true;
	raw = malloc(bytes);
	operands->alu = alu ? calloc(count, sizeof(*operands->alu)) : NULL;
	operands->mul = mul ? calloc(count, sizeof(*operands->mul)) : NULL;
	if (!raw || (alu && !operands->alu) || (mul && !operands->mul)) {
		free(raw);
		return false;
	}
	surface_read(emu, &operands->cube, raw);
	for (size_t i = 0; i < count; i++) {
		int16_t value = operand_at(raw, i, operands->two_bytes);

		if (alu && mul && i % 2)
			operands->mul[i / 2] = value;
		else if (alu && mul)
			operands->alu[i / 2] = value;
		else if (alu)
			operands->alu[i] = value;
		else
			operands->mul[i] = value;
	}
	free(raw);
	return true;
}

void sdp_operands_free(struct sdp_operands *operands)
{
	free(operands->alu);
	free(operands->mul);
}

size_t sdp_operands_stride(const struct nvdla_config *config, const struct sdp_operands *operands)
{
	return operands->per_element ? config->atom : 0;
}

size_t sdp_operands_start(const struct nvdla_config *config, const struct sdp_operands *operands,
			  unsigned int surface, size_t plane)
{
	return (size_t)surface * config->atom * (operands->per_element ? plane : 1);
}
