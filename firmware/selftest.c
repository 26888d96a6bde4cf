// SPDX-License-Identifier: MIT
/*
 * selftest CONFIG FILE - make the self-test image for a configuration. See
 * Documentation/selftest-firmware.md. The same bytes every time.
 */
#include <stdlib.h>

#include "builder.h"
#include "nvdla_selftest_image.h"

int main(int argc, char *argv[])
{
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
	image = selftest_image(config, &size);
	if (nvdla_selftest_parse(image, size, config, &parsed, &why))
		die("the driver would refuse the image: %s", why);

	file = fopen(argv[2], "wb");
	if (!file || fwrite(image, 1, size, file) != size || fclose(file))
		die("%s cannot be written", argv[2]);
	free(image);
	return 0;
}
