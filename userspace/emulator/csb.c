// SPDX-License-Identifier: MIT
/*
 * The register space: which block an offset belongs to, and for the blocks that run operations the
 * two register groups. PRODUCER names the group that is written and read, CONSUMER the one the
 * datapath works on. A group ignores writes from the moment it is enabled until its operation is
 * done.
 */
#include <string.h>

#include "emu.h"

#define BLOCK_BITS 12
#define BLOCK(offset) ((offset) >> BLOCK_BITS)
#define BLOCK_MASK ((1u << BLOCK_BITS) - 1)

enum block {
	BLOCK_CFGROM,
	BLOCK_GLB,
	BLOCK_MCIF,
	BLOCK_CDMA,
	BLOCK_CSC,
	BLOCK_CMAC_A,
	BLOCK_CMAC_B,
	BLOCK_CACC,
	BLOCK_SDP_RDMA,
	BLOCK_SDP,
	BLOCK_PDP_RDMA,
	BLOCK_PDP,
	BLOCK_CDP_RDMA,
	BLOCK_CDP,
	BLOCK_UNITS_END,
	BLOCK_CVIF = 15
};

/* What every block with two groups begins with. */
enum {
	S_STATUS = 0x0,
	S_POINTER = 0x4,
	POINTER_CONSUMER = 1 << 16,
	STATUS_RUNNING = 1,
	STATUS_PENDING = 2,
	STATUS_GROUP_SHIFT = 16,
	/* From the end of a write on the bus to the unit; from an operation's end to the next. */
	ENABLE_CYCLES = 13,
	RESTART_CYCLES = 3,
	/* MCIF and CVIF: nothing outstanding. Transfers take no time of their own here. */
	MCIF_STATUS_IDLE = 1 << 8,
};

#define MASK_ENTRY(name, offset, mask, reset) [(offset) / 4] = (mask),
#define RESET_ENTRY(name, offset, mask, reset) [(offset) / 4] = (reset),

static const uint32_t mcif_mask[GROUP_WORDS] = { MCIF_REGISTERS(MASK_ENTRY) };
static const uint32_t mcif_reset[GROUP_WORDS] = { MCIF_REGISTERS(RESET_ENTRY) };

static const struct unit_info {
	uint32_t op_enable;	/* also the first register that exists twice */
	uint32_t mask[GROUP_WORDS];
	uint32_t reset[GROUP_WORDS];
} unit_info[UNIT_COUNT] = {
#define UNIT(block) { block##_D_OP_ENABLE, { block##_REGISTERS(MASK_ENTRY) }, \
		      { block##_REGISTERS(RESET_ENTRY) } }
	[UNIT_CDMA] = UNIT(CDMA),
	[UNIT_CSC] = UNIT(CSC),
	[UNIT_CMAC_A] = UNIT(CMAC),
	[UNIT_CMAC_B] = UNIT(CMAC),
	[UNIT_CACC] = UNIT(CACC),
	[UNIT_SDP_RDMA] = UNIT(SDP_RDMA),
	[UNIT_SDP] = UNIT(SDP),
	[UNIT_PDP_RDMA] = UNIT(PDP_RDMA),
	[UNIT_PDP] = UNIT(PDP),
	[UNIT_CDP_RDMA] = UNIT(CDP_RDMA),
	[UNIT_CDP] = UNIT(CDP),
#undef UNIT
};

/*
 * The configuration ROM: descriptors of {identifier, length} and payload. It is the same in every
 * build of the hardware, whatever was built.
 */
static const uint32_t cfgrom[] = {
	/* version; GLB */
	0x10001, 0x1,
	/* CIF */
	0x180002, 0, 0, 0x8, 0x32, 0x80, 0x400,
	/* CDMA */
	0x340003, 0, 0x10, 0x10, 0x10, 0x8, 0x8, 0x8, 0x20, 0x8, 0x200, 0, 0xcfff001, 0x3,
	/* CBUF */
	0x180004, 0, 0, 0x20, 0x8, 0x200, 0x3,
	/* CSC */
	0x300005, 0, 0x10, 0x10, 0x10, 0x8, 0x8, 0x8, 0x20, 0x8, 0x200, 0x3, 0,
	/* CMAC A and B */
	0x1c0006, 0, 0x10, 0x10, 0x10, 0x8, 0x8, 0x3,
	0x1c0006, 0, 0x10, 0x10, 0x10, 0x8, 0x8, 0x3,
	/* CACC */
	0x200007, 0, 0, 0x10, 0x10, 0x8, 0x8, 0x3, 0,
	/* SDP_RDMA, SDP */
	0xe0008, 0, 0, 0x8, 0x9,
	0x200009, 0, 0x18, 0x10, 0x10, 0x3, 0, 0x1, 0x1, 0,
	/* PDP_RDMA, PDP */
	0xe000a, 0, 0, 0x8, 0xb,
	0x10000b, 0, 0, 0x10, 0x1,
	/* CDP_RDMA, CDP, end */
	0xe000c, 0, 0, 0x8, 0xd,
	0x10000d, 0, 0, 0x10, 0x1,
	0,
};

static uint32_t unit_status(const struct unit_state *state)
{
	uint32_t status = 0;

	for (unsigned int g = 0; g < GROUPS; g++) {
		if (state->enabled[g])
			status |= (g == state->consumer ? STATUS_RUNNING : STATUS_PENDING)
				  << (g * STATUS_GROUP_SHIFT);
	}
	return status;
}

static uint32_t unit_read(struct nvdla_emu *emu, enum unit unit, uint32_t reg)
{
	const struct unit_state *state = &emu->units[unit];
	const struct unit_info *info = &unit_info[unit];

	if (reg / 4 >= GROUP_WORDS)
		return 0;
	if (reg == S_STATUS)
		return unit_status(state);
	if (reg == S_POINTER)
		return state->producer | (state->consumer ? POINTER_CONSUMER : 0);
	if (reg == info->op_enable)
		return state->enabled[state->producer];
	if (unit == UNIT_CDMA && reg == CDMA_S_CBUF_FLUSH_STATUS)
		return emu->now / 4 >= emu->config->cbuf_flush_cycles;
	if (unit == UNIT_CDP && cdp_lut_owns(reg))
		return cdp_lut_read(&emu->cdp_lut, reg);
	if (unit == UNIT_SDP && config_has(emu->config, FEATURE_Y_UNIT) && sdp_lut_owns(reg))
		return sdp_lut_read(&emu->sdp_lut, reg);
	if (reg < info->op_enable)
		return state->shared[reg / 4];
	return state->group[state->producer][reg / 4];
}

/* The counters of the operation that the group had before. */
static void clear_results(const struct unit_info *info, uint32_t *group)
{
	for (unsigned int w = info->op_enable / 4 + 1; w < GROUP_WORDS; w++) {
		if (!info->mask[w])
			group[w] = info->reset[w];
	}
}

static bool unit_write(struct nvdla_emu *emu, enum unit unit, uint32_t reg, uint32_t value)
{
	struct unit_state *state = &emu->units[unit];
	const struct unit_info *info = &unit_info[unit];
	unsigned int word = reg / 4;

	if (word >= GROUP_WORDS)
		return false;
	if (reg == S_POINTER) {
		state->producer = value & info->mask[word];
	} else if (unit == UNIT_CDP && cdp_lut_owns(reg)) {
		cdp_lut_write(&emu->cdp_lut, reg, value);
	} else if (unit == UNIT_SDP && config_has(emu->config, FEATURE_Y_UNIT) &&
		   sdp_lut_owns(reg)) {
		sdp_lut_write(&emu->sdp_lut, reg, value);
	} else if (reg < info->op_enable) {
		if (info->mask[word])
			state->shared[word] = value & info->mask[word];
	} else if (!state->enabled[state->producer]) {
		if (reg == info->op_enable) {
			state->enabled[state->producer] = value & 1;
			if (value & 1)
				clear_results(info, state->group[state->producer]);
			state->enabled_at[state->producer] = cycles_now(emu);
			return value & 1;
		}
		/* What an engine stores in a read-only register stays. */
		if (info->mask[word])
			state->group[state->producer][word] = value & info->mask[word];
	}
	return false;
}

/* MCIF, and CVIF where there is one: a second MCIF as far as registers go. */
static uint32_t *memory_interface(struct nvdla_emu *emu, uint32_t block)
{
	if (block == BLOCK_MCIF)
		return emu->mcif;
	if (block == BLOCK_CVIF && config_has(emu->config, FEATURE_SECOND_MEMORY))
		return emu->cvif;
	return NULL;
}

static uint32_t memory_interface_read(struct nvdla_emu *emu, uint32_t block, uint32_t reg)
{
	const uint32_t *registers = memory_interface(emu, block);

	if (!registers || reg / 4 >= GROUP_WORDS)
		return 0;
	return reg == MCIF_STATUS ? (uint32_t)MCIF_STATUS_IDLE : registers[reg / 4];
}

static void memory_interface_write(struct nvdla_emu *emu, uint32_t block, uint32_t reg,
				   uint32_t value)
{
	uint32_t *registers = memory_interface(emu, block);

	if (!registers || reg / 4 >= GROUP_WORDS)
		return;
	registers[reg / 4] = value & mcif_mask[reg / 4];
	/* CDMA's two readers compete with each other most of all; the others' turns are not modelled. */
	if (block == BLOCK_MCIF)
		conv_set_turns(emu, registers[MCIF_CFG_RD_WEIGHT_1 / 4] >> 24,
			       registers[MCIF_CFG_RD_WEIGHT_2 / 4] & 0xff);
}

void csb_unit_done(struct nvdla_emu *emu, enum unit unit)
{
	struct unit_state *state = &emu->units[unit];

	state->enabled[state->consumer] = false;
	state->busy = false;
	state->freed_at = cycles_now(emu);
	state->consumer ^= 1;
}

/* When the unit sees, or saw, its consumer's group. */
static uint64_t seen_at(const struct nvdla_emu *emu, enum unit unit)
{
	const struct unit_state *state = &emu->units[unit];
	uint64_t start = state->enabled_at[state->consumer] + ENABLE_CYCLES;

	if (start < state->freed_at + RESTART_CYCLES && state->freed_at)
		start = state->freed_at + RESTART_CYCLES;
	return start;
}

uint64_t csb_unit_start(const struct nvdla_emu *emu, enum unit unit)
{
	uint64_t start = seen_at(emu, unit), now = cycles_now(emu);

	return start > now ? start : now;
}

uint64_t csb_unit_enabled(const struct nvdla_emu *emu, enum unit unit)
{
	return seen_at(emu, unit) - ENABLE_CYCLES;
}

void csb_reset(struct nvdla_emu *emu)
{
	memset(emu->units, 0, sizeof(emu->units));
	for (unsigned int u = 0; u < UNIT_COUNT; u++) {
		struct unit_state *state = &emu->units[u];

		memcpy(state->shared, unit_info[u].reset, sizeof(state->shared));
		for (unsigned int g = 0; g < GROUPS; g++)
			memcpy(state->group[g], unit_info[u].reset, sizeof(state->group[g]));
	}
	memcpy(emu->mcif, mcif_reset, sizeof(emu->mcif));
	memcpy(emu->cvif, mcif_reset, sizeof(emu->cvif));
}

uint32_t csb_read(struct nvdla_emu *emu, uint32_t offset)
{
	uint32_t reg = offset & BLOCK_MASK & ~3u;
	uint32_t block = BLOCK(offset);

	switch (block) {
	case BLOCK_CFGROM:
		return reg / 4 < sizeof(cfgrom) / sizeof(cfgrom[0]) ? cfgrom[reg / 4] : 0;
	case BLOCK_GLB:
		return glb_read(emu, reg);
	case BLOCK_MCIF:
	case BLOCK_CVIF:
		return memory_interface_read(emu, block, reg);
	default:
		if (block >= BLOCK_UNITS_END)
			return 0;
		return unit_read(emu, (enum unit)(block - BLOCK_CDMA), reg);
	}
}

bool csb_write(struct nvdla_emu *emu, uint32_t offset, uint32_t value)
{
	uint32_t reg = offset & BLOCK_MASK & ~3u;
	uint32_t block = BLOCK(offset);

	switch (block) {
	case BLOCK_CFGROM:
		return false;
	case BLOCK_GLB:
		glb_write(emu, reg, value);
		return false;
	case BLOCK_MCIF:
	case BLOCK_CVIF:
		memory_interface_write(emu, block, reg, value);
		return false;
	default:
		if (block >= BLOCK_UNITS_END)
			return false;
		return unit_write(emu, (enum unit)(block - BLOCK_CDMA), reg, value);
	}
}
