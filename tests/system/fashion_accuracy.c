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
#include <zlib.h>

#include "dla.h"

#define DATASET "/usr/share/datasets/fashion-mnist/"
#define MODEL "examples/fashion-mnist/fashion_resnet_int8.tflite"

#define PIXELS 784
#define CLASSES 10
#define PICTURES_IN_SET 10000

struct runner {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_request *request;
	unsigned int right;
	int8_t score[CLASSES];
	int best, margin;
};

static bool open_runner(struct runner *r, const char *device)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };

	r->device = dla_device_open(device);
	r->network = r->device ? dla_network_load(r->device, MODEL, &options) : NULL;
	r->request = r->network ? dla_request_new(r->network) : NULL;
	if (!r->request)
		printf("# %s: %s\n", device, dla_strerror());
	return r->request;
}

static void close_runner(struct runner *r)
{
	dla_request_free(r->request);
	dla_network_free(r->network);
	dla_device_close(r->device);
}

static bool run(struct runner *r, const unsigned char *pixels, int label)
{
	int8_t *input = dla_request_input(r->request, 0);
	int second = INT8_MIN;

	for (int i = 0; i < PIXELS; i++)
		input[i] = (int8_t)(pixels[i] - 128);
	if (dla_request_run(r->request)) {
		printf("# %s: %s\n", dla_device_name(r->device), dla_strerror());
		return false;
	}
	memcpy(r->score, dla_request_output(r->request, 0), CLASSES);
	r->best = 0;
	for (int i = 1; i < CLASSES; i++)
		if (r->score[i] > r->score[r->best])
			r->best = i;
	for (int i = 0; i < CLASSES; i++)
		if (i != r->best && r->score[i] > second)
			second = r->score[i];
	r->margin = r->score[r->best] - second;
	r->right += r->best == label;
	return true;
}

/* The idx format: a big-endian header of `header` bytes, then one byte an element. */
static bool read_set(const char *path, unsigned int header, unsigned char *data, unsigned int bytes)
{
	unsigned char skipped[16];
	gzFile file = gzopen(path, "rb");
	bool ok = file && gzread(file, skipped, header) == (int)header && gzread(file, data, bytes) == (int)bytes;

	if (file)
		gzclose(file);
	return ok;
}

int main(int argc, char **argv)
{
	static unsigned char picture[PICTURES_IN_SET][PIXELS], label[PICTURES_IN_SET];
	long pictures = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	struct runner npu = { 0 }, cpu = { 0 };
	unsigned int differ = 0, sure_and_differ = 0;
	double points;
	bool ran = true;

	if (access(DATASET, F_OK)) {
		printf("1..0 # SKIP the package dataset-fashion-mnist is not installed\n");
		return 0;
	}
	if (pictures < 1 || pictures > PICTURES_IN_SET ||
	    !read_set(DATASET "t10k-images-idx3-ubyte.gz", 16, picture[0], sizeof(picture)) ||
	    !read_set(DATASET "t10k-labels-idx1-ubyte.gz", 8, label, sizeof(label))) {
		printf("1..1\nnot ok 1 - the pictures can be read from " DATASET "\n");
		return 1;
	}
	ran = open_runner(&npu, "sim:nv_small") && open_runner(&cpu, "cpu");
	for (long i = 0; ran && i < pictures; i++) {
		ran = run(&npu, picture[i], label[i]) && run(&cpu, picture[i], label[i]);
		differ += memcmp(npu.score, cpu.score, CLASSES) != 0;
		sure_and_differ += npu.best != cpu.best && cpu.margin > 16;
		if (isatty(STDERR_FILENO) && i % 50 == 0)
			fprintf(stderr, "\r%ld of %ld pictures\033[K", i, pictures);
	}
	points = 100.0 * ((int)npu.right - (int)cpu.right) / (double)pictures;
	printf("# %ld pictures: NPU %.2f %%, reference %.2f %%; scores differ in %u\n", pictures,
	       100.0 * npu.right / (double)pictures, 100.0 * cpu.right / (double)pictures, differ);
	printf("1..3\n");
	printf("%s 1 - all pictures ran\n", ran ? "ok" : "not ok");
	printf("%s 2 - accuracy within 0.5 points of the reference (%+.2f), which has 90 %%\n",
	       ran && points >= -0.5 && points <= 0.5 && cpu.right * 100.0 >= 90.0 * (double)pictures ? "ok" : "not ok",
	       points);
	printf("%s 3 - the same label wherever the reference's margin exceeds 16\n",
	       ran && !sure_and_differ ? "ok" : "not ok");
	close_runner(&npu);
	close_runner(&cpu);
	return 0;
}
