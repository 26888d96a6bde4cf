// SPDX-License-Identifier: MIT
/*
 * List the operations that networks may have, and what the NPU does of them.
 *
 * Shows: dla_supported_operation()
 * Run: supported
 */
#include <stdio.h>

#include <dla.h>

int main(void)
{
	struct dla_operation_support support;

	for (unsigned int i = 0; !dla_supported_operation(i, &support); i++)
		printf("%-24s NPU: %s\n", support.name, support.npu ? support.npu : "no");
	return 0;
}
