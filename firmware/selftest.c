// SPDX-License-Identifier: MIT
/*
 * selftest CONFIG FILE - make the self-test image for a configuration. See
 * Documentation/selftest-firmware.md. The same bytes every time.
 */
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "nvdla_selftest_image.h"

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

int main(int argc, char *argv[])
{
	static struct builder b;
	const struct nvdla_config *config;
	struct nvdla_selftest_image parsed;
	const char *why;
	uint8_t *image;
	size_t size;
	FILE *file;

	if (argc != 3)
		die("usage: selftest CONFIG FILE");
	config = nvdla_config_find(argv[1]);
	if (!config)
		die("the driver has no configuration %s", argv[1]);
	builder_init(&b, config);
	registers(&b);
	tests(&b);
	image = builder_image(&b, &size);
	if (nvdla_selftest_parse(image, size, config, &parsed, &why))
		die("the driver would refuse the image: %s", why);

	file = fopen(argv[2], "wb");
	if (!file || fwrite(image, 1, size, file) != size || fclose(file))
		die("%s cannot be written", argv[2]);
	free(image);
	builder_free(&b);
	return 0;
}
