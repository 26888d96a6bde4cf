// SPDX-License-Identifier: MIT
/*
 * Our network over Fashion-MNIST's first test pictures, on the NPU and on the reference kernels: the
 * same accuracy within half a point, and the same answer wherever the reference is sure of it.
 *
 * usage: fashion_accuracy [PICTURES]   (1,000)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dla.h"
#include "idx.h"
#include "runner.h"

#define DATASET "/usr/share/datasets/fashion-mnist/"
#define MODEL "examples/fashion-mnist/fashion_resnet_int8.tflite"

#define PIXELS 784
#define CLASSES 10
#define PICTURES_IN_SET 10000

int main(int argc, char **argv)
{
	static unsigned char picture[PICTURES_IN_SET][PIXELS], label[PICTURES_IN_SET];
	long pictures = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	static const struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };
	struct runner npu = { 0 }, cpu = { 0 };
	unsigned int differ = 0, sure_and_differ = 0;
	struct tap tap = { 0 };
	int8_t input[PIXELS];
	double points;
	bool ran = true;

	if (access(DATASET, F_OK)) {
		printf("1..0 # SKIP the package dataset-fashion-mnist is not installed\n");
		return 0;
	}
	if (pictures < 1 || pictures > PICTURES_IN_SET ||
	    !read_idx(DATASET "t10k-images-idx3-ubyte.gz", 16, picture[0], sizeof(picture)) ||
	    !read_idx(DATASET "t10k-labels-idx1-ubyte.gz", 8, label, sizeof(label))) {
		tap_check(&tap, false, "the pictures can be read from " DATASET);
		return tap_end(&tap);
	}
	ran = runner_open(&npu, "sim:nv_small", MODEL, &options) && runner_open(&cpu, "cpu", MODEL, &options);
	for (long i = 0; ran && i < pictures; i++) {
		for (int p = 0; p < PIXELS; p++)
			input[p] = (int8_t)(picture[i][p] - 128);
		ran = runner_run(&npu, input, CLASSES, label[i]) && runner_run(&cpu, input, CLASSES, label[i]);
		differ += memcmp(npu.score, cpu.score, CLASSES) != 0;
		sure_and_differ += npu.best != cpu.best && cpu.margin > 16;
		if (isatty(STDERR_FILENO) && i % 50 == 0)
			fprintf(stderr, "\r%ld of %ld pictures\033[K", i, pictures);
	}
	points = 100.0 * ((int)npu.right - (int)cpu.right) / (double)pictures;
	printf("# %ld pictures: NPU %.2f %%, reference %.2f %%; scores differ in %u\n", pictures,
	       100.0 * npu.right / (double)pictures, 100.0 * cpu.right / (double)pictures, differ);
	tap_check(&tap, ran, "all pictures ran");
	tap_check(&tap, ran && points >= -0.5 && points <= 0.5 && cpu.right * 100.0 >= 90.0 * (double)pictures,
		  "accuracy within 0.5 points of the reference (%+.2f), which has 90 %%", points);
	tap_check(&tap, ran && !sure_and_differ, "the same label wherever the reference's margin exceeds 16");
	runner_close(&npu);
	runner_close(&cpu);
	return tap_end(&tap);
}
