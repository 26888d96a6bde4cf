// SPDX-License-Identifier: MIT
/*
 * Classify pictures with an int8 network on the NPU and, beside it, with the CPU's reference kernels:
 * the smallest complete program on libdla.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stb/stb_image.h>

#include "dla.h"

#define MAX_LABELS 1000

static const char help[] =
	"usage: classify [--device NAME] [--raw] MODEL LABELS PICTURE...\n"
	"\n"
	"  --device NAME   as for dla run; sim:nv_small when not given\n"
	"  --raw           only print each picture's scores as the device stores them\n"
	"\n"
	"Exits with 1 when the NPU's best label is not the reference's, except where the\n"
	"reference's two best scores are within 16 of each other.\n";

/* A network loaded on a device, with one request to run it. */
struct classifier {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_request *request;
};

static int open_classifier(struct classifier *c, const char *device, const char *model)
{
	/* The NPU is what is shown, whether or not it is the quickest; the reference is what it is compared with. */
	const struct dla_options options = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };

	c->device = dla_device_open(device);
	c->network = c->device ? dla_network_load(c->device, model, &options) : NULL;
	c->request = c->network ? dla_request_new(c->network) : NULL;
	if (!c->request)
		fprintf(stderr, "classify: %s: %s\n", device, dla_strerror());
	return c->request ? 0 : -1;
}

static void close_classifier(struct classifier *c)
{
	dla_request_free(c->request);
	dla_network_free(c->network);
	dla_device_close(c->device);
}

static const int8_t *run(struct classifier *c, const unsigned char *pixels)
{
	size_t bytes = dla_network_input(c->network, 0)->bytes;
	int8_t *input = dla_request_input(c->request, 0);

	/* The network was trained on 0..1; as int8 that is -128..127. */
	for (size_t i = 0; i < bytes; i++)
		input[i] = (int8_t)(pixels[i] - 128);
	if (dla_request_run(c->request)) {
		fprintf(stderr, "classify: %s\n", dla_strerror());
		return NULL;
	}
	return dla_request_output(c->request, 0);
}

static int best_of(const int8_t *score, int count, int *margin)
{
	int best = 0, second = INT8_MIN;

	for (int i = 1; i < count; i++)
		if (score[i] > score[best])
			best = i;
	for (int i = 0; i < count; i++)
		if (i != best && score[i] > second)
			second = score[i];
	*margin = score[best] - second;
	return best;
}

static double probability(const struct classifier *c, int8_t score)
{
	const struct dla_tensor_info *info = dla_network_output(c->network, 0);

	return (double)info->scale * (score - info->zero_point);
}

/* ------------------------------------------------------------------------------ printing */

/* Two pixels, one above the other, in one character: colours on a terminal, shades elsewhere. */
static void print_pixels(unsigned char above, unsigned char below, bool colour)
{
	static const char shade[] = " .:-=+*#%@";

	if (colour)
		printf("\033[38;2;%d;%d;%dm\033[48;2;%d;%d;%dm\u2580", above, above, above, below, below, below);
	else
		putchar(shade[(above + below) * 9 / 510]);
}

static void print_picture(const unsigned char *pixels, int width, int height, char *const *note, int notes)
{
	bool colour = isatty(STDOUT_FILENO);

	for (int y = 0; y < height; y += 2) {
		const unsigned char *line = pixels + (size_t)y * (size_t)width;
		int which = y / 2 - 3;

		printf("  ");
		for (int x = 0; x < width; x++)
			print_pixels(line[x], y + 1 < height ? line[x + width] : 0, colour);
		printf("%s   %s\n", colour ? "\033[0m" : "", which >= 0 && which < notes ? note[which] : "");
	}
	putchar('\n');
}

static void print_placement(const struct classifier *c)
{
	printf("%-18s %-14s %10s  %s\n", "operation", "output", "MACs", "where");
	for (unsigned int i = 0; i < dla_network_operation_count(c->network); i++) {
		const struct dla_operation_info *op = dla_network_operation(c->network, i);

		printf("%-18s %-14s %10" PRIu64 "  %s: %s\n", op->name, op->shape, op->macs, op->where, op->why);
	}
}

static void print_npu(const struct classifier *c, int pictures)
{
	struct dla_npu_stats stats;
	uint64_t n = (uint64_t)pictures;

	dla_device_stats(c->device, &stats);
	if (!stats.cycles)
		return;
	printf("A picture takes %" PRIu64 " NPU cycles (%.2f ms at 100 MHz), MAC utilisation %.1f %%, %" PRIu64
	       " register writes,\n%" PRIu64 " interrupts, %" PRIu64 " bytes read and %" PRIu64 " written.\n",
	       stats.cycles / n, (double)stats.cycles / (double)n / 1e5,
	       100.0 * (double)stats.mac_cycles / (double)stats.cycles, stats.register_writes / n,
	       stats.interrupts / n, stats.read_bytes / n, stats.write_bytes / n);
}

/* ------------------------------------------------------------------------------- the job */

static int read_labels(const char *path, char **label)
{
	FILE *file = fopen(path, "r");
	size_t room = 0;
	int count = 0;

	if (!file) {
		perror(path);
		return -1;
	}
	while (count < MAX_LABELS && getline(&label[count], &room, file) > 0) {
		label[count][strcspn(label[count], "\r\n")] = '\0';
		count++;
		room = 0;
	}
	fclose(file);
	return count;
}

struct job {
	struct classifier npu, cpu;
	char *label[MAX_LABELS + 1];
	int labels;
	bool raw;
	int same, wrong;		/* labels; wrong where the reference is sure and the NPU differs */
};

static const char *label_of(const struct job *job, int index)
{
	return index < job->labels ? job->label[index] : "?";
}

static int classify(struct job *job, const char *path)
{
	const struct dla_tensor_info *in = dla_network_input(job->npu.network, 0);
	int classes = (int)dla_network_output(job->npu.network, 0)->bytes;
	int width, height, channels, margin, best, reference;
	unsigned char *pixels = stbi_load(path, &width, &height, &channels, 1);
	const int8_t *npu, *cpu;
	char *note[3] = { NULL };

	if (!pixels || (size_t)width * (size_t)height != in->bytes) {
		fprintf(stderr, "classify: %s: %s\n", path, pixels ? "not as large as the network's input" :
			stbi_failure_reason());
		stbi_image_free(pixels);
		return -1;
	}
	npu = run(&job->npu, pixels);
	if (npu && job->raw) {
		printf("%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
		for (int i = 0; i < classes; i++)
			printf(" %d", npu[i]);
		putchar('\n');
	}
	cpu = npu && !job->raw ? run(&job->cpu, pixels) : NULL;
	if (!cpu) {
		stbi_image_free(pixels);
		return npu ? 0 : -1;
	}
	best = best_of(npu, classes, &margin);
	reference = best_of(cpu, classes, &margin);
	job->same += best == reference;
	job->wrong += best != reference && margin > 16;

	if (asprintf(&note[0], "%s", path) > 0 &&
		   asprintf(&note[1], "%-14s %-14s %5.1f %%", dla_device_name(job->npu.device),
			    label_of(job, best), 100 * probability(&job->npu, npu[best])) > 0 &&
		   asprintf(&note[2], "%-14s %-14s %5.1f %%", "CPU reference",
			    label_of(job, reference), 100 * probability(&job->cpu, cpu[reference])) > 0) {
		print_picture(pixels, width, height, note, 3);
	}
	for (int i = 0; i < 3; i++)
		free(note[i]);
	stbi_image_free(pixels);
	return 0;
}

static int classify_all(struct job *job, char **picture, int pictures)
{
	for (int i = 0; i < pictures; i++)
		if (classify(job, picture[i]))
			return 2;
	if (!job->raw) {
		print_placement(&job->npu);
		putchar('\n');
		print_npu(&job->npu, pictures);
		printf("%d of %d pictures: the NPU's label is the reference's.\n", job->same, pictures);
	}
	return job->wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "raw", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *device = "sim:nv_small";
	struct job job = { 0 };
	int option, status = 2;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'd') {
			device = optarg;
		} else if (option == 'r') {
			job.raw = true;
		} else {
			fputs(help, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (argc - optind < 3) {
		fputs(help, stderr);
		return 2;
	}
	job.labels = read_labels(argv[optind + 1], job.label);
	if (job.labels >= 0 && !open_classifier(&job.npu, device, argv[optind]) &&
	    !open_classifier(&job.cpu, "cpu", argv[optind]))
		status = classify_all(&job, argv + optind + 2, argc - optind - 2);
	close_classifier(&job.npu);
	close_classifier(&job.cpu);
	for (int i = 0; i <= MAX_LABELS; i++)
		free(job.label[i]);
	return status;
}
