// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "json_text.h"

void explain_estimate(const struct dla_network *network)
{
	struct dla_estimate e;

	if (!dla_network_estimate(network, &e))
		printf("Placed for a CPU that is %s and an NPU at %.0f MHz. Expected: %.3f ms a run;\n"
		       "        all on the CPU %.3f ms, on the NPU what can go there %.3f ms\n",
		       e.profile, (double)e.npu_hz / 1e6, (double)e.run_ns / 1e6, (double)e.all_cpu_ns / 1e6,
		       (double)e.all_npu_ns / 1e6);
}

json_t *explain_estimate_json(const struct dla_network *network)
{
	struct dla_estimate e;

	if (dla_network_estimate(network, &e))
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "cpu_profile", e.profile, "npu_hz", (json_int_t)e.npu_hz,
			 "run_ns", (json_int_t)e.run_ns, "all_cpu_ns", (json_int_t)e.all_cpu_ns,
			 "all_npu_ns", (json_int_t)e.all_npu_ns);
}

/* Microseconds, or nothing. */
static const char *micros(uint64_t ns, char text[24])
{
	text[0] = '\0';
	if (ns)
		snprintf(text, 24, "%.1f", (double)ns / 1e3);
	return text;
}

static void print_text(const struct dla_network *network)
{
	static const struct dla_placement_info unknown;

	printf("%4s  %-18s %-16s %-9s %10s %10s %10s\n", "", "operation", "output", "on", "CPU us", "NPU us",
	       "border us");
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		const struct dla_operation_info *op = dla_network_operation(network, i);
		const struct dla_placement_info *info = dla_network_placement(network, i);
		char cpu[24], npu[24], border[24];

		if (!info)
			info = &unknown;
		printf("%4u  %-18s %-16s %-9s %10s %10s %10s  %s\n", i, op->name, op->shape,
		       strcmp(op->where, "npu") ? op->kernel : op->where, micros(info->cpu_ns, cpu),
		       micros(info->npu_ns, npu), micros(info->border_ns, border),
		       info->reason ? info->reason : op->why);
	}
	putchar('\n');
	explain_estimate(network);
}

static json_t *json_operation(const struct dla_network *network, unsigned int index)
{
	const struct dla_operation_info *op = dla_network_operation(network, index);
	const struct dla_placement_info *info = dla_network_placement(network, index);
	json_t *operation = json_pack("{s:i, s:s, s:s, s:s, s:s?}", "index", (int)index, "name", op->name,
				      "where", op->where, "kernel", op->kernel, "why", op->why);

	if (op->fused_into >= 0)
		json_object_set_new(operation, "fused_into", json_integer(op->fused_into));
	if (info)
		json_object_update_new(operation, json_pack("{s:I, s:I, s:I, s:s}", "cpu_ns", (json_int_t)info->cpu_ns,
							    "npu_ns", (json_int_t)info->npu_ns, "border_ns",
							    (json_int_t)info->border_ns, "reason", info->reason));
	return operation;
}

int explain(const struct dla_device *device, const struct dla_network *network, bool json)
{
	json_t *operations, *root;
	int err;

	if (!json) {
		printf("%s on %s\n\n", dla_network_name(network), dla_device_name(device));
		print_text(network);
		return 0;
	}
	operations = json_array();
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++)
		json_array_append_new(operations, json_operation(network, i));
	root = json_pack("{s:o, s:s, s:o, s:o}", "model", json_text(dla_network_name(network)), "device",
			 dla_device_name(device), "estimate", explain_estimate_json(network), "operations", operations);
	err = root ? json_dumpf(root, stdout, JSON_COMPACT) : -1;
	putchar('\n');
	json_decref(root);
	return err;
}
