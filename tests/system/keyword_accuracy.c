// SPDX-License-Identifier: MIT
/*
 * MLPerf Tiny's keyword spotting over its thousand labelled samples, on the NPU and on the reference
 * kernels: as many right as are published, within half a point, and the same answer wherever the
 * reference is sure of it.
 */
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dla.h"
#include "runner.h"

#define SAMPLES		1000
#define BYTES		490
#define CLASSES		12
#define PUBLISHED	901

extern char **environ;

struct sample {
	int8_t features[BYTES];
	int label;
};

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
	       fscanf(labels, " %255[^,],%*u,%d", name, &sample[count].label) == 2) {
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
	struct tap tap = { 0 };
	char archive[4096], model[4096];
	bool ran;

	snprintf(archive, sizeof(archive), "%s/models/samples/kws01.tar.xz", shared ? shared : "../shared");
	snprintf(model, sizeof(model), "%s/models/mlperf-tiny/kws_ref_model.tflite", shared ? shared : "../shared");
	if (access(archive, F_OK) || access(model, F_OK)) {
		printf("1..0 # SKIP %s or the network is not there\n", archive);
		return 0;
	}
	if (unpack(archive, sample) != SAMPLES) {
		tap_check(&tap, false, "the samples can be read");
		return tap_end(&tap);
	}
	ran = runner_open(&npu, "sim:nv_small", model, &on_npu) && runner_open(&cpu, "cpu", model, &on_cpu) &&
	      runner_open(&usual, "sim:nv_small", model, &by_default);
	for (unsigned int i = 0; ran && i < SAMPLES; i++) {
		const struct sample *s = &sample[i];

		ran = runner_run(&npu, s->features, CLASSES, s->label) && runner_run(&cpu, s->features, CLASSES, s->label) &&
		      runner_run(&usual, s->features, CLASSES, s->label);
		differ += memcmp(npu.score, cpu.score, CLASSES) != 0;
		if (cpu.margin <= 16)
			continue;
		npu_wrong += npu.best != cpu.best;
		usual_wrong += usual.best != cpu.best;
	}
	printf("# of %d samples right: NPU %u, reference %u, by default %u; published %d; scores of NPU and reference differ in %u\n",
	       SAMPLES, npu.right, cpu.right, usual.right, PUBLISHED, differ);
	tap_check(&tap, ran, "all samples ran");
	tap_check(&tap, ran && close_to_published(npu.right) && close_to_published(usual.right),
		  "on the NPU and by default as many right as published, within 0.5 points");
	tap_check(&tap, ran && close_to_published(cpu.right), "with the reference kernels too");
	tap_check(&tap, ran && !npu_wrong, "on the NPU the same answer wherever the reference's margin exceeds 16");
	tap_check(&tap, ran && !usual_wrong, "by default likewise");
	runner_close(&npu);
	runner_close(&cpu);
	runner_close(&usual);
	return tap_end(&tap);
}
