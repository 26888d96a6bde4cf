// SPDX-License-Identifier: MIT
#include <errno.h>

#include "cpu/xnn.h"
#include "dla.h"
#include "error.h"
#include "lower.h"
#include "tflite_op.h"

int dla_supported_operation(unsigned int index, struct dla_operation_support *support)
{
	const struct tflite_kind *kind = tflite_kind_at(index);

	if (!kind) {
		dla_fail(ERANGE, "there are only %u operations", index);
		errno = ERANGE;
		return -1;
	}
	*support = (struct dla_operation_support) {
		.name = dla_op_kind_name(kind->kind),
		.types = kind->types & 1U << DLA_FLOAT32 ? "int8 uint8 float32" : "int8 uint8",
		.limits = kind->limits,
		.npu = dla_lower_limits(kind->kind),
		.xnnpack = dla_xnn_may_have(kind->kind),
	};
	return 0;
}
