// SPDX-License-Identifier: MIT
/*
 * MLPerf Tiny's keyword spotting over its thousand labelled samples, on the NPU and on the reference
 * kernels: as many right as are published, within half a point, and the same answer wherever the
 * reference is sure of it.
 */
#include <dirent.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dla.h"

#define SAMPLES		1000
#define BYTES		490
#define CLASSES		12
#define PUBLISHED	901

extern char **environ;

struct sample {
	int8_t features[BYTES];
	unsigned int label;
};

struct runner {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_request *request;
	unsigned int right;
	int8_t score[CLASSES];
	int best, margin;
};

static bool open_runner(struct runner *r, const char *device, const char *model, const struct dla_options *options)
{
	r->device = dla_device_open(device);
	r->network = r->device ? dla_network_load(r->device, model, options) : NULL;
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

static bool run(struct runner *r, const struct sample *sample)
{
	int second = INT8_MIN;

	memcpy(dla_request_input(r->request, 0), sample->features, BYTES);
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
	r->right += (unsigned int)r->best == sample->label;
	return true;
}

/* To its end. */
static bool run_command(char *const *command)
{
	int status;
	pid_t child;

	return !posix_spawnp(&child, command[0], NULL, NULL, command, environ) &&
	       waitpid(child, &status, 0) == child && status == 0;
}

/* y_labels.csv has a line "FILE,CLASSES,LABEL" for each. */
static unsigned int read_samples(const char *folder, struct sample *sample)
{
	char path[4096], name[256];
	unsigned int count = 0;
	FILE *labels, *file;

	snprintf(path, sizeof(path), "%s/kws01/y_labels.csv", folder);
	labels = fopen(path, "r");
	while (labels && count < SAMPLES &&
	       fscanf(labels, " %255[^,],%*u,%u", name, &sample[count].label) == 2) {
		snprintf(path, sizeof(path), "%s/kws01/%s", folder, name);
		file = fopen(path, "rb");
		if (!file)
			break;
		count += fread(sample[count].features, 1, BYTES, file) == BYTES && fgetc(file) == EOF;
		fclose(file);
	}
	if (labels)
		fclose(labels);
	return count;
}

static unsigned int unpack(const char *archive, struct sample *sample)
{
	char folder[] = "/tmp/keyword-XXXXXX";
	unsigned int count = 0;

	if (!mkdtemp(folder))
		return 0;
	if (run_command((char *[]){ "tar", "-xJf", (char *)archive, "-C", folder, NULL }))
		count = read_samples(folder, sample);
	run_command((char *[]){ "rm", "-r", folder, NULL });
	return count;
}

static bool close_to_published(unsigned int right)
{
	return right + SAMPLES / 200 >= PUBLISHED && right <= PUBLISHED + SAMPLES / 200;
}

int main(void)
{
	static const struct dla_options on_npu = { .place = DLA_PLACE_NPU },
					on_cpu = { .place = DLA_PLACE_CPU, .cpu = DLA_CPU_REFERENCE }, by_default;
	static struct sample sample[SAMPLES];
	const char *shared = getenv("DLA_SHARED");
	struct runner npu = { 0 }, cpu = { 0 }, usual = { 0 };
	unsigned int differ = 0, npu_wrong = 0, usual_wrong = 0;
	int widest = 0;
	char archive[4096], model[4096];
	bool ran;

	snprintf(archive, sizeof(archive), "%s/models/samples/kws01.tar.xz", shared ? shared : "../shared");
	snprintf(model, sizeof(model), "%s/models/mlperf-tiny/kws_ref_model.tflite", shared ? shared : "../shared");
	if (access(archive, F_OK) || access(model, F_OK)) {
		printf("1..0 # SKIP %s or the network is not there\n", archive);
		return 0;
	}
	printf("1..5\n");
	if (unpack(archive, sample) != SAMPLES) {
		printf("not ok 1 - the samples can be read\n");
		return 1;
	}
	ran = open_runner(&npu, "sim:nv_small", model, &on_npu) && open_runner(&cpu, "cpu", model, &on_cpu) &&
	      open_runner(&usual, "sim:nv_small", model, &by_default);
	for (unsigned int i = 0; ran && i < SAMPLES; i++) {
		ran = run(&npu, &sample[i]) && run(&cpu, &sample[i]) && run(&usual, &sample[i]);
		differ += memcmp(npu.score, cpu.score, CLASSES) != 0;
		if (cpu.margin <= 16)
			continue;
		npu_wrong += npu.best != cpu.best;
		if (usual.best != cpu.best) {
			usual_wrong++;
			widest = cpu.margin > widest ? cpu.margin : widest;
		}
	}
	printf("# of %d samples right: NPU %u, reference %u, by default %u; published %d; scores of NPU and reference differ in %u\n",
	       SAMPLES, npu.right, cpu.right, usual.right, PUBLISHED, differ);
	printf("%s 1 - all samples ran\n", ran ? "ok" : "not ok");
	printf("%s 2 - on the NPU and by default as many right as published, within 0.5 points\n",
	       ran && close_to_published(npu.right) && close_to_published(usual.right) ? "ok" : "not ok");
	printf("%s 3 - with the reference kernels too\n", ran && close_to_published(cpu.right) ? "ok" : "not ok");
	printf("%s 4 - on the NPU the same answer wherever the reference's margin exceeds 16\n",
	       ran && !npu_wrong ? "ok" : "not ok");
	/* XNNPACK's LSBs add up from layer to layer, and the softmax makes several of one. */
	printf("%s 5 - by default likewise, but for five samples at most\n# by default %u others, with margins up to %d\n",
	       ran && usual_wrong <= 5 ? "ok" : "not ok", usual_wrong, widest);
	close_runner(&npu);
	close_runner(&cpu);
	close_runner(&usual);
	return 0;
}
