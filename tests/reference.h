/* SPDX-License-Identifier: MIT */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "dla.h"
#include "graph.h"
#include "tflite.h"

/*
 * What tests of more than one operation need: files, and a network run with the reference kernels.
 */

/* A path in the optional place for networks; the caller frees it. */
static inline char *model_path(const char *name)
{
	const char *shared = getenv("DLA_SHARED");
	char *path;

	if (asprintf(&path, "%s/models/%s", shared ? shared : "../shared", name) < 0)
		abort();
	return path;
}

/* Of many random cases, every so many-th is tried: all of them, unless a machine is too slow for that. */
static inline unsigned int cases_apart(void)
{
	const char *text = getenv("DLA_TEST_CASES_APART");
	unsigned long apart = text ? strtoul(text, NULL, 10) : 1;

	return apart > 1 && apart < 1000 ? (unsigned int)apart : 1;
}

/* The whole file in memory of exactly its size, or NULL. */
static inline void *read_file(const char *path, size_t *bytes)
{
	FILE *file = fopen(path, "rb");
	void *data = NULL;
	long end;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (end = ftell(file)) >= 0 && !fseek(file, 0, SEEK_SET)) {
		data = malloc(end);
		if (data && fread(data, 1, end, file) != (size_t)end) {
			free(data);
			data = NULL;
		}
		*bytes = end;
	}
	fclose(file);
	return data;
}

static inline void *read_model_file(const char *name, size_t *bytes)
{
	char *path = model_path(name);
	void *data = read_file(path, bytes);

	free(path);
	return data;
}

/* NULL: no such file. Tests are given none that libdla cannot read. */
static inline struct dla_graph *read_network(const char *path)
{
	struct dla_graph *graph = NULL;
	size_t bytes = 0;
	void *file = read_file(path, &bytes);

	if (file && dla_tflite_read(file, bytes, path, &graph)) {
		fprintf(stderr, "%s\n", dla_strerror());
		abort();
	}
	free(file);
	return graph;
}

/* Storage for every tensor that is not constant. */
static inline void **network_storage(const struct dla_graph *graph)
{
	void **data = calloc(graph->tensor_count, sizeof(*data));

	for (unsigned int i = 0; i < graph->tensor_count; i++) {
		if (!graph->tensor[i].data)
			data[i] = calloc(1, graph->tensor[i].bytes);
	}
	return data;
}

static inline void network_storage_free(const struct dla_graph *graph, void **data)
{
	for (unsigned int i = 0; i < graph->tensor_count; i++)
		free(data[i]);
	free(data);
}

static inline int network_run(const struct dla_graph *graph, void *const data[])
{
	for (unsigned int i = 0; i < graph->op_count; i++) {
		struct dla_cpu_op *op;
		int err = dla_cpu_prepare(graph, i, &op);

		if (err)
			return err;
		dla_cpu_run(op, data);
		dla_cpu_op_free(op);
	}
	return 0;
}

#endif
