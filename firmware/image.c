// SPDX-License-Identifier: MIT
/* What an image consists of. */
#include <stdlib.h>

#include "builder.h"

/* Registers that read the same whenever nothing runs: what it is, and that nothing does run. */
static void registers(struct builder *b)
{
	static const struct {
		uint32_t offset, mask;
		const char *name;
	} list[] = {
		{ 0x0000, ~0u, "CFGROM HW_VERSION" }, { 0x1000, ~0u, "GLB S_NVDLA_HW_VERSION" },
		{ 0x3000, 0x30003, "CDMA S_STATUS" }, { 0x4000, 0x30003, "CSC S_STATUS" },
		{ 0x5000, 0x30003, "CMAC_A S_STATUS" }, { 0x6000, 0x30003, "CMAC_B S_STATUS" },
		{ 0x7000, 0x30003, "CACC S_STATUS" }, { 0x8000, 0x30003, "SDP_RDMA S_STATUS" },
		{ 0x9000, 0x30003, "SDP S_STATUS" }, { 0xa000, 0x30003, "PDP_RDMA S_STATUS" },
		{ 0xb000, 0x30003, "PDP S_STATUS" }, { 0xc000, 0x30003, "CDP_RDMA S_STATUS" },
		{ 0xd000, 0x30003, "CDP S_STATUS" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		builder_register(b, list[i].offset, list[i].mask,
				 machine_register(b->config, list[i].offset) & list[i].mask, list[i].name);
}

/* From what everything needs to what only itself does. */
static void tests(struct builder *b)
{
	tests_memory(b);
	tests_interrupts(b);
	tests_sdp(b);
	tests_conv(b);
	tests_pdp(b);
	tests_cdp(b);
	tests_together(b);
}

uint8_t *selftest_image(const struct nvdla_config *config, size_t *size)
{
	struct builder *b = malloc(sizeof(*b));
	uint8_t *image;

	if (!b)
		die("out of memory");
	builder_init(b, config);
	registers(b);
	tests(b);
	image = builder_image(b, size);
	builder_free(b);
	free(b);
	return image;
}
