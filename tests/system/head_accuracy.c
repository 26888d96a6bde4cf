// SPDX-License-Identifier: MIT
/*
 * A head that learns Fashion-MNIST from nothing: on features from the NPU as well as on those of the reference
 * kernels; and what an epoch costs on an NPU with a clock, against running the network alone.
 *
 * usage: head_accuracy [TRAINED [TESTED]]   (2,000 each)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dla_head.h"
#include "idx.h"

#define DATASET "/usr/share/datasets/fashion-mnist/"
#define MODEL "examples/fashion-mnist/fashion_resnet_int8.tflite"

#define PIXELS 784
#define CLASSES 10

/* The cost: so many samples, taken in turns with as many runs of the network. */
#define SAMPLES 1000
#define CHUNK 100
#define LIMIT 1.2
#define IN_FLIGHT 4
#define CLOCK 1e9

struct set {
	int8_t *pixels;
	unsigned char *label;
	unsigned int count;
};

static bool read_set(const char *name, unsigned int count, struct set *set)
{
	char path[128];
	bool ok;

	set->count = count;
	set->pixels = calloc(count, PIXELS);
	set->label = calloc(count, 1);
	snprintf(path, sizeof(path), DATASET "%s-images-idx3-ubyte.gz", name);
	ok = set->pixels && set->label && read_idx(path, 16, set->pixels, count * PIXELS);
	snprintf(path, sizeof(path), DATASET "%s-labels-idx1-ubyte.gz", name);
	ok = ok && read_idx(path, 8, set->label, count);
	for (size_t i = 0; ok && i < (size_t)count * PIXELS; i++)
		set->pixels[i] = (int8_t)((uint8_t)set->pixels[i] - 128);
	return ok;
}

static void free_set(struct set *set)
{
	free(set->pixels);
	free(set->label);
}

/* -------------------------------------------------------------------------------- accuracy */

static struct dla_samples *collect(struct dla_head *head, const struct set *set)
{
	struct dla_samples *samples = dla_samples_open(head, NULL);
	struct dla_head_info info;
	int8_t *features;
	bool ok;

	dla_head_info(head, &info);
	features = calloc(set->count, info.features);
	ok = samples && features && !dla_head_features(head, set->pixels, set->count, features);
	for (unsigned int i = 0; ok && i < set->count; i++)
		ok = !dla_samples_add(samples, features + (size_t)i * info.features, set->label[i]);
	free(features);
	if (ok)
		return samples;
	dla_samples_close(samples);
	return NULL;
}

static bool forget(struct dla_head *head)
{
	struct dla_head_info info;
	float *zero;
	bool ok;

	dla_head_info(head, &info);
	zero = calloc((size_t)info.classes * (info.features + 1), sizeof(*zero));
	ok = zero && !dla_head_set_weights(head, zero, info.classes);
	free(zero);
	return ok;
}

/* Percent of the test pictures that a head has right which was made for this device; negative: an error. */
static double score(const char *name, const struct dla_options *options, const struct set *train, const struct set *test)
{
	struct dla_device *device = dla_device_open(name);
	struct dla_head *head = device ? dla_head_new(device, MODEL, options) : NULL;
	struct dla_samples *trained = head ? collect(head, train) : NULL;
	struct dla_samples *tested = trained ? collect(head, test) : NULL;
	struct dla_train_result result = { 0 };
	struct dla_head_score zero = { 0 }, score = { 0 };
	bool ok = tested && forget(head) && !dla_head_evaluate(head, tested, &zero) &&
		  !dla_head_train(head, trained, NULL, &result) && !dla_head_evaluate(head, tested, &score);

	if (!ok)
		printf("# %s: %s\n", name, dla_strerror());
	printf("# %s: %u trained on, %u held out, %.2f %% of %u; without learning %.2f %%\n", name, result.trained,
	       result.held_out, 100.0 * score.right / test->count, score.samples, 100.0 * zero.right / test->count);
	dla_samples_close(tested);
	dla_samples_close(trained);
	dla_head_free(head);
	dla_device_close(device);
	return ok ? 100.0 * score.right / test->count : -1;
}

/* ------------------------------------------------------------------------------------ cost */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Cycles that the NPU has run. */
static double cycles(const struct dla_device *device)
{
	struct dla_npu_stats stats;

	dla_device_stats(device, &stats);
	return (double)stats.cycles;
}

static double least(double before, double seconds)
{
	return before == 0 || seconds < before ? seconds : before;
}

/* Run the whole network, as many at a time as dla_head_features() does. */
static bool infer(struct dla_request *request[IN_FLIGHT], const int8_t *pixels)
{
	for (unsigned int i = 0; i < CHUNK + IN_FLIGHT; i++) {
		struct dla_request *next = request[i % IN_FLIGHT];

		if (i >= IN_FLIGHT && dla_request_wait(next, -1))
			return false;
		if (i >= CHUNK)
			continue;
		memcpy(dla_request_input(next, 0), pixels + (size_t)i * PIXELS, PIXELS);
		if (dla_request_submit(next))
			return false;
	}
	return true;
}

/* Seconds, the shortest of several tries each: of a chunk of samples, and of training with all of them. */
struct cost {
	double infer, features, train;
	double npu;			/* that the NPU's clock needs for a chunk of inferences */
};

static bool take_chunk(struct dla_head *head, struct dla_samples *samples, const struct set *set, unsigned int first,
		       int8_t *features)
{
	struct dla_head_info info;
	bool ok = !dla_head_features(head, set->pixels + (size_t)first * PIXELS, CHUNK, features);

	dla_head_info(head, &info);
	for (unsigned int i = 0; i < CHUNK && ok; i++)
		ok = !dla_samples_add(samples, features + (size_t)i * info.features, set->label[first + i]);
	return ok;
}

static bool measure(struct dla_device *device, struct dla_head *head, struct dla_network *network, const struct set *set,
		    struct cost *cost)
{
	const struct dla_train_options once = { .epochs = 1, .held_out = -1 };
	struct dla_request *request[IN_FLIGHT] = { NULL };
	struct dla_samples *samples = dla_samples_open(head, NULL);
	struct dla_head_info info;
	int8_t *features;
	bool ok = samples;
	double start, before;

	dla_head_info(head, &info);
	features = calloc(CHUNK, info.features);
	for (unsigned int i = 0; i < IN_FLIGHT && ok; i++)
		ok = (request[i] = dla_request_new(network));
	/* Both begin with all their memory. */
	ok = ok && features && infer(request, set->pixels) && !dla_head_features(head, set->pixels, CHUNK, features);
	for (unsigned int first = 0; first < SAMPLES && ok; first += CHUNK) {
		before = cycles(device);
		start = now();
		ok = infer(request, set->pixels + (size_t)first * PIXELS);
		cost->infer = least(cost->infer, now() - start);
		cost->npu = (cycles(device) - before) / CLOCK;
		start = now();
		ok = ok && take_chunk(head, samples, set, first, features);
		cost->features = least(cost->features, now() - start);
	}
	for (unsigned int i = 0; i < 5 && ok; i++) {
		start = now();
		ok = !dla_head_train(head, samples, &once, NULL);
		cost->train = least(cost->train, now() - start);
	}
	for (unsigned int i = 0; i < IN_FLIGHT; i++)
		dla_request_free(request[i]);
	free(features);
	dla_samples_close(samples);
	return ok;
}

static void report_cost(const struct set *set)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	const char *name = "sim:nv_small@1GHz";
	struct dla_device *device = dla_device_open(name);
	struct dla_head *head = device ? dla_head_new(device, MODEL, &options) : NULL;
	struct dla_network *network = device ? dla_network_load(device, MODEL, &options) : NULL;
	struct cost cost = { 0 };
	bool ok = head && network && measure(device, head, network, set, &cost);
	const double chunks = (double)SAMPLES / CHUNK;
	double ratio = ok ? (cost.features + cost.train / chunks) / cost.infer : 0;
	/* The emulation may be slower than the clock. What is added to the backbone's work has to be little for that, too. */
	double added = ok ? cost.train / (cost.npu * chunks) : 0;

	if (!ok)
		printf("# %s: %s\n", name, dla_strerror());
	printf("# %s: %u inferences %.3f s, %.3f s by the clock; their features %.3f s, an epoch of these %.4f s\n", name, SAMPLES,
	       cost.infer * chunks, cost.npu * chunks, cost.features * chunks, cost.train);
	printf("%s 3 - an epoch with its features takes at most %.1f times as long as the inferences (%.3f)\n",
	       ok && ratio <= LIMIT ? "ok" : "not ok", LIMIT, ratio);
	printf("%s 4 - and of what these take at 1 GHz at most a fifth more than the features (%.3f)\n",
	       ok && added <= LIMIT - 1 ? "ok" : "not ok", added);
	dla_network_free(network);
	dla_head_free(head);
	dla_device_close(device);
}

int main(int argc, char **argv)
{
	const struct dla_options on_npu = { .place = DLA_PLACE_NPU };
	const struct dla_options reference = { .place = DLA_PLACE_CPU, .cpu = DLA_CPU_REFERENCE };
	long trained = argc > 1 ? strtol(argv[1], NULL, 10) : 2000, tested = argc > 2 ? strtol(argv[2], NULL, 10) : 2000;
	struct set train = { 0 }, test = { 0 };
	double npu, cpu;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (access(DATASET, F_OK)) {
		printf("1..0 # SKIP the package dataset-fashion-mnist is not installed\n");
		return 0;
	}
	if (trained < SAMPLES || trained > 60000 || tested < 1 || tested > 10000 ||
	    !read_set("train", (unsigned int)trained, &train) || !read_set("t10k", (unsigned int)tested, &test)) {
		printf("1..1\nnot ok 1 - the pictures can be read from " DATASET "\n");
		return 1;
	}
	printf("1..4\n");
	npu = score("sim:nv_small", &on_npu, &train, &test);
	cpu = score("cpu", &reference, &train, &test);
	printf("%s 1 - a head learns from nothing on features from the NPU (%.2f %%)\n", npu >= 90 ? "ok" : "not ok", npu);
	printf("%s 2 - within 0.5 points of one on the reference kernels' features (%+.2f)\n",
	       npu >= 0 && cpu >= 0 && npu - cpu >= -0.5 && npu - cpu <= 0.5 ? "ok" : "not ok", npu - cpu);
	report_cost(&train);
	free_set(&train);
	free_set(&test);
	return 0;
}
