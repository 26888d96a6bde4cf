/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_SDP_OPERAND_H
#define NVDLA_EMU_SDP_OPERAND_H

#include "emu.h"

#define OPERAND_ALU 1u
#define OPERAND_MUL 2u
#define OPERAND_NOWHERE 4u	/* fetched, but for neither */

/* Operands that a unit of SDP takes from memory, one a channel or a cube of their own. */
struct sdp_operands {
	unsigned int wants;	/* what the unit is set to take */

	/* What its reader has. */
	unsigned int gets;
	bool per_element, two_bytes;
	struct surface cube;
	int16_t *alu, *mul;	/* by channel, or by element */
};

/* The reader: mode, and from place on base and strides as its registers have them. */
void sdp_operands_decode(const struct nvdla_config *config, struct sdp_operands *operands,
			 uint32_t cfg, const uint32_t *place, const struct surface *cube);

/* Read those that are wanted. False without memory. */
bool sdp_operands_load(struct nvdla_emu *emu, struct sdp_operands *operands);
void sdp_operands_free(struct sdp_operands *operands);

/* Elements from the first operand of one atom to that of the next. */
size_t sdp_operands_stride(const struct nvdla_config *config, const struct sdp_operands *operands);
/* Elements in front of a surface's first operand. */
size_t sdp_operands_start(const struct nvdla_config *config, const struct sdp_operands *operands,
			  unsigned int surface, size_t plane);

#endif
