// SPDX-License-Identifier: MIT
/*
 * Our network over Fashion-MNIST's first test pictures, on the NPU, by default, and on the reference
 * kernels: the same accuracy within half a point, and the same answer wherever the reference is sure of it.
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

static bool within_half_a_point(unsigned int one, unsigned int other, long pictures)
{
	return labs((long)one - (long)other) * 200 <= pictures;
}

int main(int argc, char **argv)
{
	static unsigned char picture[PICTURES_IN_SET][PIXELS], label[PICTURES_IN_SET];
	long pictures = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	static const struct dla_options on_npu = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE }, by_default;
	struct runner npu = { 0 }, cpu = { 0 }, usual = { 0 };
	unsigned int differ = 0, npu_wrong = 0, usual_wrong = 0;
	struct tap tap = { 0 };
	int8_t input[PIXELS];
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
	ran = runner_open(&npu, "sim:nv_small", MODEL, &on_npu) && runner_open(&cpu, "cpu", MODEL, &on_npu) &&
	      runner_open(&usual, "sim:nv_small", MODEL, &by_default);
	for (long i = 0; ran && i < pictures; i++) {
		for (int p = 0; p < PIXELS; p++)
			input[p] = (int8_t)(picture[i][p] - 128);
		ran = runner_run(&npu, input, CLASSES, label[i]) && runner_run(&cpu, input, CLASSES, label[i]) &&
		      runner_run(&usual, input, CLASSES, label[i]);
		differ += memcmp(npu.score, cpu.score, CLASSES) != 0;
		npu_wrong += npu.best != cpu.best && cpu.margin > 16;
		usual_wrong += usual.best != cpu.best && cpu.margin > 16;
		if (isatty(STDERR_FILENO) && i % 50 == 0)
			fprintf(stderr, "\r%ld of %ld pictures\033[K", i, pictures);
	}
	printf("# %ld pictures: NPU %.2f %%, by default %.2f %%, reference %.2f %%; scores of NPU and reference differ in %u\n",
	       pictures, 100.0 * npu.right / (double)pictures, 100.0 * usual.right / (double)pictures,
	       100.0 * cpu.right / (double)pictures, differ);
	printf("# other labels where the reference's margin exceeds 16: NPU %u, by default %u\n", npu_wrong, usual_wrong);
	tap_check(&tap, ran, "all pictures ran");
	tap_check(&tap, ran && cpu.right * 100.0 >= 90.0 * (double)pictures, "the reference has 90 %%");
	tap_check(&tap, ran && within_half_a_point(npu.right, cpu.right, pictures) &&
			within_half_a_point(usual.right, cpu.right, pictures),
		  "accuracy within 0.5 points of it on the NPU and by default");
	tap_check(&tap, ran && !npu_wrong, "on the NPU the same label wherever the reference's margin exceeds 16");
	tap_check(&tap, ran && !usual_wrong, "by default likewise");
	runner_close(&npu);
	runner_close(&cpu);
	runner_close(&usual);
	return tap_end(&tap);
}
