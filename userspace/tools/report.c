// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "json_text.h"
#include "report.h"

/* A tensor with more elements than this is no list of scores. */
#define SCORES_LIMIT 100000

void report_operations(const struct dla_network *network)
{
	unsigned int count = dla_network_operation_count(network);

	printf("%4s  %-18s %-16s %10s  %-9s %6s  %s\n", "", "operation", "output", "MACs", "on", "layers", "");
	for (unsigned int i = 0; i < count; i++) {
		const struct dla_operation_info *op = dla_network_operation(network, i);
		char macs[32] = "", layers[16] = "";

		if (op->macs)
			snprintf(macs, sizeof(macs), "%" PRIu64, op->macs);
		if (!strcmp(op->where, "npu"))
			snprintf(layers, sizeof(layers), "%u", op->layers);
		printf("%4u  %-18s %-16s %10s  %-9s %6s  %s\n", i, op->name, op->shape, macs,
		       layers[0] ? op->where : op->kernel, layers, op->why ? op->why : "");
	}
}

void report_npu(const struct dla_device *device, const struct dla_network *network)
{
	struct dla_memory_info memory;
	struct dla_npu_stats stats;

	dla_device_stats(device, &stats);
	dla_network_memory(network, &memory);
	if (stats.operations)
		printf("NPU: %" PRIu64 " layers, %" PRIu64 " MACs", stats.operations, stats.macs);
	/* Only an emulated device counts these. */
	if (stats.cycles)
		printf(", %" PRIu64 " cycles, MAC utilisation %.1f %%\n     read %" PRIu64 " bytes, wrote %" PRIu64
		       ", %" PRIu64 " register writes, %" PRIu64 " interrupts", stats.cycles,
		       100.0 * (double)stats.mac_cycles / (double)stats.cycles, stats.read_bytes, stats.write_bytes,
		       stats.register_writes, stats.interrupts);
	if (stats.operations)
		putchar('\n');
	printf("Memory: %zu bytes of weights; tensors: %zu on the NPU and %zu on the CPU,\n"
	       "        of which %zu and %zu live at one moment\n",
	       memory.weights, memory.npu, memory.host, memory.npu_bound, memory.host_bound);
}

static double stored(const struct dla_tensor_info *info, const void *data, size_t i)
{
	if (!strcmp(info->type, "int8"))
		return ((const int8_t *)data)[i];
	if (!strcmp(info->type, "uint8") || !strcmp(info->type, "bool"))
		return ((const uint8_t *)data)[i];
	if (!strcmp(info->type, "int16"))
		return ((const int16_t *)data)[i];
	if (!strcmp(info->type, "int32"))
		return ((const int32_t *)data)[i];
	if (!strcmp(info->type, "int64"))
		return (double)((const int64_t *)data)[i];
	return ((const float *)data)[i];
}

static size_t elements(const struct dla_tensor_info *info)
{
	size_t count = 1;

	for (unsigned int i = 0; i < info->rank; i++)
		count *= (size_t)info->shape[i];
	return count;
}

struct score {
	double value;
	size_t element;
};

/* The largest first; of equals, the first. */
static int by_value(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return x->element < y->element ? -1 : 1;
}

void report_output(const struct dla_tensor_info *info, const void *data, unsigned int top, char **label,
		   unsigned int labels)
{
	size_t count = elements(info);
	struct score *score;

	printf("%s:", info->name);
	for (unsigned int i = 0; i < info->rank; i++)
		printf("%s%" PRId32, i ? "x" : " ", info->shape[i]);
	printf(" %s\n", info->type);
	score = count <= SCORES_LIMIT ? calloc(count + 1, sizeof(*score)) : NULL;
	if (!score)
		return;
	for (size_t i = 0; i < count; i++) {
		double value = stored(info, data, i);

		/* What is no number is behind all numbers. */
		score[i] = (struct score) { isnan(value) ? -INFINITY : value, i };
	}
	qsort(score, count, sizeof(*score), by_value);
	for (size_t n = 0; n < count && n < top; n++) {
		size_t found = score[n].element;

		printf("  %6g", stored(info, data, found));
		if (info->scale > 0)
			printf("  = %-10.4g", info->scale * (stored(info, data, found) - info->zero_point));
		if (found < labels && label[found])
			printf("  %s\n", label[found]);
		else
			printf("  [%zu]\n", found);
	}
	free(score);
}

/* JSON has no word for infinity, nor for what is not a number. */
static json_t *json_value(const struct dla_tensor_info *info, double value)
{
	if (strcmp(info->type, "float32") != 0)
		return json_integer((json_int_t)value);
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_output(const struct dla_tensor_info *info, const void *data)
{
	json_t *shape = json_array(), *values = json_array();
	size_t count = elements(info);

	for (unsigned int i = 0; i < info->rank; i++)
		json_array_append_new(shape, json_integer(info->shape[i]));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(values, json_value(info, stored(info, data, i)));
	return json_pack("{s:o, s:o, s:s, s:f, s:i, s:o}", "name", json_text(info->name), "shape", shape,
			 "type", info->type, "scale", (double)info->scale,
			 "zero_point", (int)info->zero_point, "data", values);
}

int report_json(const struct dla_device *device, const struct dla_network *network,
		const struct dla_request *request)
{
	json_t *outputs = json_array(), *operations = json_array(), *root;
	struct dla_memory_info memory;
	struct dla_npu_stats stats;
	int err;

	for (unsigned int i = 0; i < dla_network_output_count(network); i++)
		json_array_append_new(outputs, json_output(dla_network_output(network, i),
							   dla_request_output(request, i)));
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		const struct dla_operation_info *op = dla_network_operation(network, i);
		json_t *operation = json_pack("{s:i, s:s, s:s, s:s, s:I, s:i, s:s?}", "index", (int)i,
					      "name", op->name, "where", op->where, "kernel", op->kernel,
					      "macs", (json_int_t)op->macs, "layers", (int)op->layers,
					      "why", op->why);

		if (op->fused_into >= 0)
			json_object_set_new(operation, "fused_into", json_integer(op->fused_into));
		json_array_append_new(operations, operation);
	}
	dla_device_stats(device, &stats);
	root = json_pack("{s:o, s:s, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}",
			 "model", json_text(dla_network_name(network)), "device", dla_device_name(device),
			 "outputs", outputs, "operations", operations, "npu",
			 "operations", (json_int_t)stats.operations, "macs", (json_int_t)stats.macs,
			 "cycles", (json_int_t)stats.cycles, "mac_cycles", (json_int_t)stats.mac_cycles,
			 "read_bytes", (json_int_t)stats.read_bytes, "write_bytes", (json_int_t)stats.write_bytes,
			 "register_writes", (json_int_t)stats.register_writes,
			 "interrupts", (json_int_t)stats.interrupts);
	if (!root)
		return -1;
	json_object_set_new(root, "estimate", explain_estimate_json(network));
	dla_network_memory(network, &memory);
	json_object_set_new(root, "memory", json_pack("{s:I, s:I, s:I, s:I, s:I}", "weights", (json_int_t)memory.weights,
						      "npu", (json_int_t)memory.npu, "host", (json_int_t)memory.host,
						      "npu_bound", (json_int_t)memory.npu_bound,
						      "host_bound", (json_int_t)memory.host_bound));
	err = json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(root);
	return err;
}
