// SPDX-License-Identifier: MIT
#include "exercise.h"

/* For libFuzzer: make fuzz, then build/fuzz-tflite FOLDER, with .tflite files in the folder. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	exercise(data, bytes);
	return 0;
}
