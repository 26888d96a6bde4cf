// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "error.h"
#include "profile.h"

/*
 * Classes, not machines. Multiply-accumulates a cycle follow from the width of the vector units and from
 * whether there are dot products of bytes (four lanes of four on the fast ones), at two thirds of the peak
 * and the clock that boards of the class have, one core; reference kernels do one or two a cycle. A
 * hardware layer takes a dozen register writes, and every second one an interrupt. These numbers decide where
 * a network runs, not what it answers; who wants them exact measures his own machine.
 */
static const struct dla_profile classes[] = {
	{	/* Cortex-A53 at 1.2 GHz */
		.name = "slow-in-order",
		.rate = {
			{ 0.5, 3.2, 1.0, 1.6, 1.0 },
			{ 0.08, 0.3, 0.2, 0.3, 0.8 },
		},
		.call_ns = 600,
		.convert = 1.5, .convert_ns = 800,
		.submit_ns = 40000, .layer_ns = 4000,
	},
	{	/* Cortex-A55 at 1.8 GHz */
		.name = "fast-in-order",
		.rate = {
			{ 1.0, 18, 3.0, 7.0, 2.5 },
			{ 0.15, 0.8, 0.5, 0.8, 2.0 },
		},
		.call_ns = 300,
		.convert = 4.0, .convert_ns = 400,
		.submit_ns = 25000, .layer_ns = 2500,
	},
	{	/* Cortex-A76 at 2.2 GHz, or a PC */
		.name = "out-of-order",
		.rate = {
			{ 4.0, 45, 10, 20, 8.0 },
			{ 0.5, 3.0, 1.5, 3.0, 6.0 },
		},
		.call_ns = 100,
		.convert = 10, .convert_ns = 200,
		.submit_ns = 12000, .layer_ns = 1500,
	},
};

/* No number in a file is larger. */
#define MOST 1e15

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

/* Which processor of Arm's this is, where the kernel says so; or 0. */
static unsigned int arm_part(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "r");
	unsigned long long midr = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llx", &midr) != 1)
		midr = 0;
	fclose(file);
	return midr >> 24 == 0x41 ? midr >> 4 & 0xfff : 0;
}

const char *dla_profile_class(void)
{
	switch (arm_part()) {
	case 0xd03:	/* Cortex-A53 */
	case 0xd04:	/* A35 */
		return "slow-in-order";
	case 0xd05:	/* A55 */
	case 0xd46:	/* A510 */
		return "fast-in-order";
	}
#if defined(__x86_64__) || defined(__aarch64__)
	return "out-of-order";
#else
	return "slow-in-order";
#endif
}

char *dla_profile_path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path;
	int length = -1;

	if (config && *config)
		length = asprintf(&path, "%s/nvdla/cpu-profile", config);
	else if (home && *home)
		length = asprintf(&path, "%s/.config/nvdla/cpu-profile", home);
	return length < 0 ? NULL : path;
}

#define RATE(kernels, work) offsetof(struct dla_profile, rate[DLA_KERNELS_##kernels][DLA_WORK_##work]), 1e9
#define TIME(field) offsetof(struct dla_profile, field), 1

/* A file has rates by the second and times in nanoseconds: whole numbers, the same in every locale. */
static const struct {
	const char *key;
	size_t offset;
	double unit;
} number[] = {
	{ "xnnpack.element", RATE(XNNPACK, ELEMENT) },
	{ "xnnpack.conv", RATE(XNNPACK, CONV) },
	{ "xnnpack.depthwise", RATE(XNNPACK, DEPTHWISE) },
	{ "xnnpack.dense", RATE(XNNPACK, DENSE) },
	{ "xnnpack.move", RATE(XNNPACK, MOVE) },
	{ "reference.element", RATE(REFERENCE, ELEMENT) },
	{ "reference.conv", RATE(REFERENCE, CONV) },
	{ "reference.depthwise", RATE(REFERENCE, DEPTHWISE) },
	{ "reference.dense", RATE(REFERENCE, DENSE) },
	{ "reference.move", RATE(REFERENCE, MOVE) },
	{ "call_ns", TIME(call_ns) },
	{ "convert", offsetof(struct dla_profile, convert), 1e9 },
	{ "convert_ns", TIME(convert_ns) },
	{ "submit_ns", TIME(submit_ns) },
	{ "layer_ns", TIME(layer_ns) },
};

#define NUMBERS (sizeof(number) / sizeof(number[0]))

static double *value_of(struct dla_profile *profile, unsigned int index)
{
	return (double *)((char *)profile + number[index].offset);
}

static int index_of(const char *key)
{
	for (unsigned int i = 0; i < NUMBERS; i++)
		if (!strcmp(key, number[i].key))
			return (int)i;
	return -1;
}

static int read_profile(FILE *file, const char *path, struct dla_profile *profile)
{
	unsigned int seen = 0;
	double value;
	char key[32];
	int got;

	memset(profile, 0, sizeof(*profile));
	profile->name = "calibrated";
	while ((got = fscanf(file, "%31s %lf", key, &value)) == 2) {
		int i = index_of(key);

		if (i < 0)
			return dla_fail(EINVAL, "%s: \"%s\" is unknown", path, key);
		if (*value_of(profile, i) > 0)
			return dla_fail(EINVAL, "%s: \"%s\" is there twice", path, key);
		if (!(value >= 1 && value <= MOST))
			return dla_fail(EINVAL, "%s: \"%s\" is not from 1 to %.0e", path, key, MOST);
		*value_of(profile, i) = value / number[i].unit;
		seen++;
	}
	if (got != EOF || seen != NUMBERS)
		return dla_fail(EINVAL, "%s is not a whole CPU profile; dla bench --calibrate makes one", path);
	return 0;
}

/* -ENOENT without a reason where there is no such file. */
static int open_profile(const char *path, struct dla_profile *profile)
{
	FILE *file = fopen(path, "re");
	int err;

	if (!file)
		return errno == ENOENT ? -ENOENT : dla_fail(errno, "%s: %s", path, strerror(errno));
	err = read_profile(file, path, profile);
	fclose(file);
	return err;
}

int dla_profile_find(const char *name, struct dla_profile *profile)
{
	char *path;
	int err = -ENOENT;

	if (!name) {
		path = dla_profile_path();
		/* HOME may be another user's, as it is for a service that has changed its user: then there is no profile. */
		if (path && !access(path, R_OK))
			err = open_profile(path, profile);
		free(path);
		if (err != -ENOENT)
			return err;
		name = dla_profile_class();
	}
	for (unsigned int i = 0; i < CLASSES; i++) {
		if (!strcmp(name, classes[i].name)) {
			*profile = classes[i];
			return 0;
		}
	}
	err = open_profile(name, profile);
	if (err == -ENOENT)
		err = dla_fail(ENOENT, "\"%s\" is neither slow-in-order, fast-in-order, out-of-order nor a file", name);
	return err;
}

/* The folders on the way to a file, where they are missing; what fails, opening the file will tell. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0777);
		*slash = '/';
	}
}

static void print(struct dla_writer *text, const char *key, double value)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %.0f\n", key, value >= 1 ? value : 1);

	dla_write(text, line, (size_t)length);
}

int dla_profile_write(const char *path, const struct dla_profile *profile)
{
	struct dla_writer text = { 0 }, none = { 0 };
	struct dla_profile copy = *profile;
	char *folders = strdup(path);
	int err;

	for (unsigned int i = 0; i < NUMBERS; i++)
		print(&text, number[i].key, *value_of(&copy, i) * number[i].unit);
	if (folders)
		make_folders(folders);
	err = !folders || text.failed ? dla_fail_memory() : dla_write_file(path, &text, &none);
	free(folders);
	free(text.data);
	return err;
}

/* What has no entry computes elements. */
static const enum dla_work_kind work_of[DLA_OP_KIND_COUNT] = {
	[DLA_OP_CONV_2D] = DLA_WORK_CONV,
	[DLA_OP_TRANSPOSE_CONV] = DLA_WORK_CONV,
	[DLA_OP_DEPTHWISE_CONV_2D] = DLA_WORK_DEPTHWISE,
	[DLA_OP_FULLY_CONNECTED] = DLA_WORK_DENSE,
	[DLA_OP_CONCATENATION] = DLA_WORK_MOVE,
	[DLA_OP_DEPTH_TO_SPACE] = DLA_WORK_MOVE,
	[DLA_OP_EXPAND_DIMS] = DLA_WORK_MOVE,
	[DLA_OP_MIRROR_PAD] = DLA_WORK_MOVE,
	[DLA_OP_PACK] = DLA_WORK_MOVE,
	[DLA_OP_PAD] = DLA_WORK_MOVE,
	[DLA_OP_PADV2] = DLA_WORK_MOVE,
	[DLA_OP_RESHAPE] = DLA_WORK_MOVE,
	[DLA_OP_RESIZE_NEAREST_NEIGHBOR] = DLA_WORK_MOVE,
	[DLA_OP_SLICE] = DLA_WORK_MOVE,
	[DLA_OP_SPACE_TO_DEPTH] = DLA_WORK_MOVE,
	[DLA_OP_SPLIT] = DLA_WORK_MOVE,
	[DLA_OP_SPLIT_V] = DLA_WORK_MOVE,
	[DLA_OP_SQUEEZE] = DLA_WORK_MOVE,
	[DLA_OP_STRIDED_SLICE] = DLA_WORK_MOVE,
	[DLA_OP_TRANSPOSE] = DLA_WORK_MOVE,
	[DLA_OP_UNPACK] = DLA_WORK_MOVE,
};

double dla_profile_units(const struct dla_graph *graph, unsigned int index)
{
	const struct dla_op *op = &graph->op[index];
	const struct dla_tensor *output = &graph->tensor[op->output[0]];
	double elements = (double)dla_shape_elements(&output->shape), bytes = 0;

	switch (work_of[op->kind]) {
	case DLA_WORK_CONV:
	case DLA_WORK_DEPTHWISE:
	case DLA_WORK_DENSE:
		return (double)dla_op_macs(graph, index);
	case DLA_WORK_MOVE:
		for (unsigned int i = 0; i < op->output_count; i++)
			bytes += (double)graph->tensor[op->output[i]].bytes;
		return bytes;
	default:
		break;
	}
	switch (op->kind) {
	case DLA_OP_AVERAGE_POOL_2D:
	case DLA_OP_MAX_POOL_2D:
		return elements * op->window.kernel_h * op->window.kernel_w;
	case DLA_OP_MEAN:
		return (double)dla_shape_elements(&graph->tensor[op->input[0]].shape);
	default:
		return elements;
	}
}

double dla_profile_time(const struct dla_profile *profile, const struct dla_graph *graph, unsigned int op,
			bool xnnpack)
{
	enum dla_kernel_set kernels = xnnpack ? DLA_KERNELS_XNNPACK : DLA_KERNELS_REFERENCE;

	return profile->call_ns + dla_profile_units(graph, op) / profile->rate[kernels][work_of[graph->op[op].kind]];
}
