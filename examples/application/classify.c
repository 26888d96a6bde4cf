// SPDX-License-Identifier: MIT
/*
 * Classify a stream of pictures: classify NETWORK LABELS [DEVICE] < PICTURES
 *
 * Pictures come one behind the other as bytes, 0 dark and 255 bright, in the size that the network wants,
 * and a line with label and score goes out for each. While the NPU works on one, the next is being read.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dla.h>

#define UNDER_WAY 2
#define MAX_LABELS 1000

struct classifier {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_request *request[UNDER_WAY];
	char *label[MAX_LABELS];
	size_t labels;
};

static int read_labels(struct classifier *c, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];

	if (!file) {
		perror(path);
		return -1;
	}
	while (c->labels < MAX_LABELS && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = '\0';
		c->label[c->labels++] = strdup(line);
	}
	fclose(file);
	return 0;
}

/* A device, a network compiled for it, and memory for each run that is under way. */
static int open_classifier(struct classifier *c, const char *device, const char *model)
{
	c->device = dla_device_open(device);
	c->network = c->device ? dla_network_load(c->device, model, NULL) : NULL;
	for (unsigned int i = 0; i < UNDER_WAY && c->network; i++)
		c->request[i] = dla_request_new(c->network);
	if (!c->request[UNDER_WAY - 1]) {
		fprintf(stderr, "%s\n", dla_strerror());
		return -1;
	}
	if (strcmp(dla_network_input(c->network, 0)->type, "int8") ||
	    strcmp(dla_network_output(c->network, 0)->type, "int8")) {
		fprintf(stderr, "%s is no network of int8\n", dla_network_name(c->network));
		return -1;
	}
	return 0;
}

static void close_classifier(struct classifier *c)
{
	for (unsigned int i = 0; i < UNDER_WAY; i++)
		dla_request_free(c->request[i]);
	dla_network_free(c->network);
	dla_device_close(c->device);
	for (size_t i = 0; i < c->labels; i++)
		free(c->label[i]);
}

/* Returns 1 when there was a picture, which runs then, 0 when there is none left. */
static int begin(struct classifier *c, struct dla_request *request)
{
	size_t bytes = dla_network_input(c->network, 0)->bytes;
	uint8_t *pixels = dla_request_input(request, 0);

	if (fread(pixels, 1, bytes, stdin) != bytes)
		return 0;
	/* As int8, the darkest is -128. */
	for (size_t i = 0; i < bytes; i++)
		pixels[i] ^= 0x80;
	return dla_request_submit(request) ? -1 : 1;
}

static int end(struct classifier *c, struct dla_request *request)
{
	const struct dla_tensor_info *output = dla_network_output(c->network, 0);
	const int8_t *score = dla_request_output(request, 0);
	size_t best = 0;

	if (dla_request_wait(request, -1))
		return -1;
	for (size_t i = 1; i < output->bytes; i++)
		if (score[i] > score[best])
			best = i;
	printf("%s %.3f\n", best < c->labels ? c->label[best] : "?",
	       output->scale * (float)(score[best] - output->zero_point));
	return 0;
}

/* Requests take turns: the oldest that is under way is waited for before it is used again. */
static int classify(struct classifier *c)
{
	unsigned int begun = 0, ended = 0;
	int ret;

	while ((ret = begin(c, c->request[begun % UNDER_WAY])) > 0) {
		begun++;
		if (begun - ended == UNDER_WAY && end(c, c->request[ended++ % UNDER_WAY]))
			break;
	}
	while (!ret && ended < begun)
		ret = end(c, c->request[ended++ % UNDER_WAY]);
	if (ret)
		fprintf(stderr, "%s\n", dla_strerror());
	return ret ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct classifier c = { 0 };
	int err = -1;

	if (argc < 3)
		fprintf(stderr, "usage: classify NETWORK LABELS [DEVICE] < PICTURES\n");
	else if (!read_labels(&c, argv[2]) && !open_classifier(&c, argc > 3 ? argv[3] : "auto", argv[1]))
		err = classify(&c);
	close_classifier(&c);
	return err ? 1 : 0;
}
