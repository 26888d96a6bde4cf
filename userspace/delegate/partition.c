// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "partition.h"

static bool copy_ints(const struct tfl_ints *from, struct list *to)
{
	for (int i = 0; i < from->size; i++) {
		if (!list_add(to, from->data[i]))
			return false;
	}
	return true;
}

static bool same(const struct list *list, const struct tfl_ints *ints)
{
	return (int)list->count == ints->size &&
	       (!ints->size || !memcmp(list->item, ints->data, list->count * sizeof(*list->item)));
}

/* How the runtime would cut these nodes into partitions. */
static bool preview(struct tfl_context *context, const struct list *nodes, struct tfl_partition **partitions,
		    int *count)
{
	struct tfl_ints *ints = list_ints(nodes);
	bool good;

	*count = 0;
	good = ints && context->preview_delegate_partitioning(context, ints, partitions, count) == TFL_OK;
	free(ints);
	return good;
}

/* ------------------------------------------------------------- what libdla understands at all */

/*
 * A file with one operation in it that libdla does not take is refused as a whole, so each is tried
 * by itself, on a device that compiles nothing.
 */
static bool understood(struct npu *npu, struct dla_device *cpu, struct tfl_context *context, int node)
{
	const struct dla_options options = { .place = DLA_PLACE_CPU, .cpu = DLA_CPU_REFERENCE };
	struct tfl_registration *registration;
	struct list alone = { 0 }, outputs = { 0 };
	struct dla_network *network = NULL;
	const char *why = model_refuses(context, node);
	struct model model;
	struct tfl_node *shown;

	if (!why) {
		context->get_node_and_registration(context, node, &shown, &registration);
		why = "out of memory";
		if (list_add(&alone, node) && copy_ints(shown->outputs, &outputs) &&
		    model_write(context, &alone, &outputs, &model)) {
			network = dla_network_load_memory(cpu, model.data, model.bytes, "it", &options);
			why = network ? NULL : dla_strerror();
			model_free(&model);
		}
	}
	if (why)
		options_log(&npu->options, LOG_INFO, "node %d stays with the interpreter: %s", node, why);
	dla_network_free(network);
	list_free(&alone);
	list_free(&outputs);
	return !why;
}

static bool find_candidates(struct npu *npu, struct tfl_context *context, struct list *candidates)
{
	struct dla_device *cpu = dla_device_open("cpu");
	struct tfl_ints *plan = NULL;
	struct list order = { 0 };
	bool good = cpu && context->get_execution_plan(context, &plan) == TFL_OK && copy_ints(plan, &order);

	/* The plan is the runtime's, and may be gone after another call. */
	for (unsigned int i = 0; good && i < order.count; i++) {
		if (understood(npu, cpu, context, order.item[i]))
			good = list_add(candidates, order.item[i]);
	}
	dla_device_close(cpu);
	list_free(&order);
	return good;
}

/* ------------------------------------------------------------------------------- placement */

/* What the candidates make for others: other operations, and whoever runs the graph. */
static bool find_outputs(struct tfl_context *context, const struct list *candidates, struct list *outputs)
{
	struct tfl_partition *partitions;
	int count;
	bool good = preview(context, candidates, &partitions, &count);

	for (int i = 0; good && i < count; i++)
		good = copy_ints(partitions[i].outputs, outputs);
	return good;
}

/* Which of the candidates libdla puts on the NPU when it has all of them before it. */
static bool place(struct npu *npu, struct tfl_context *context, const struct list *candidates, struct list *chosen)
{
	struct dla_network *network;
	struct list outputs = { 0 };
	struct model model;
	bool good = find_outputs(context, candidates, &outputs) && model_write(context, candidates, &outputs, &model);

	list_free(&outputs);
	if (!good)
		return false;
	network = cache_network(npu, &npu->options.compile, &model, "graph");
	if (!network)
		options_log(&npu->options, LOG_ERROR, "the graph stays with the interpreter: %s", dla_strerror());
	for (unsigned int i = 0; network && good && i < candidates->count; i++) {
		const struct dla_operation_info *info = dla_network_operation(network, i);

		if (!strcmp(info->where, "npu"))
			good = list_add(chosen, candidates->item[i]);
		else
			options_log(&npu->options, LOG_INFO, "node %d %s stays with the interpreter: %s",
				    candidates->item[i], info->name, info->why);
	}
	dla_network_free(network);
	model_free(&model);
	return good;
}

/* ------------------------------------------------------------------------------- compiling */

static bool runs_on_npu(const struct dla_network *network)
{
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		if (!strcmp(dla_network_operation(network, i)->where, "npu"))
			return true;
	}
	return false;
}

static struct partition *compile(struct npu *npu, struct tfl_context *context, const struct tfl_partition *shown)
{
	struct partition *partition = calloc(1, sizeof(*partition));
	struct dla_options options = npu->options.compile;
	char name[32];
	struct model model;

	/* Where its operations go has been decided. */
	options.place = DLA_PLACE_NPU;
	if (!partition)
		return NULL;
	if (!copy_ints(shown->nodes, &partition->nodes) || !copy_ints(shown->outputs, &partition->outputs) ||
	    !model_write(context, &partition->nodes, &partition->outputs, &model)) {
		partition_free(partition);
		return NULL;
	}
	snprintf(name, sizeof(name), "partition at %d", partition->nodes.item[0]);
	partition->network = cache_network(npu, &options, &model, name);
	partition->inputs = model.inputs;
	model.inputs = (struct list){ 0 };
	model_free(&model);
	if (!partition->network) {
		options_log(&npu->options, LOG_ERROR, "%s stays with the interpreter: %s", name, dla_strerror());
	} else if (!runs_on_npu(partition->network)) {
		options_log(&npu->options, LOG_INFO, "%s stays with the interpreter: by itself the NPU cannot do it",
			    name);
		dla_network_free(partition->network);
		partition->network = NULL;
	}
	return partition;
}

static struct partition *find(struct partition *first, const struct tfl_ints *nodes)
{
	while (first && !same(&first->nodes, nodes))
		first = first->next;
	return first;
}

static bool remove_nodes(struct list *from, const struct list *nodes)
{
	struct list rest = { 0 };
	bool good = true;

	for (unsigned int i = 0; good && i < from->count; i++) {
		if (!list_has(nodes, from->item[i]))
			good = list_add(&rest, from->item[i]);
	}
	list_free(from);
	*from = rest;
	return good;
}

/* Compile what the runtime would make partitions, until there is no partition that cannot be. */
static bool compile_partitions(struct npu *npu, struct tfl_context *context, struct claim *claim)
{
	struct partition *failed;

	do {
		struct tfl_partition *shown;
		int count;

		if (!preview(context, &claim->nodes, &shown, &count))
			return false;
		failed = NULL;
		for (int i = 0; i < count && !failed; i++) {
			struct partition *partition = find(claim->partitions, shown[i].nodes);

			if (partition)
				continue;
			partition = compile(npu, context, &shown[i]);
			if (!partition)
				return false;
			if (!partition->network) {
				failed = partition;
				continue;
			}
			partition->next = claim->partitions;
			claim->partitions = partition;
		}
		if (failed && !remove_nodes(&claim->nodes, &failed->nodes)) {
			partition_free(failed);
			return false;
		}
		partition_free(failed);
	} while (failed && claim->nodes.count);
	return true;
}

bool claim_make(struct npu *npu, struct tfl_context *context, struct claim *claim)
{
	struct dla_device_info info;
	struct list candidates = { 0 };
	unsigned int partitions = 0;
	bool good;

	*claim = (struct claim){ 0 };
	dla_device_info(npu->device, &info);
	if (!info.atom) {
		options_log(&npu->options, LOG_INFO, "device \"%s\" has no NPU: everything stays with the interpreter",
			    dla_device_name(npu->device));
		return true;
	}
	good = find_candidates(npu, context, &candidates);
	if (good && candidates.count)
		good = place(npu, context, &candidates, &claim->nodes);
	if (good && claim->nodes.count)
		good = compile_partitions(npu, context, claim);
	list_free(&candidates);
	if (!good) {
		claim_free(claim);
		return false;
	}
	for (const struct partition *partition = claim->partitions; partition; partition = partition->next)
		partitions++;
	options_log(&npu->options, LOG_INFO, "%u nodes on %s, in %u partition%s", claim->nodes.count,
		    dla_device_name(npu->device), partitions, partitions == 1 ? "" : "s");
	return true;
}

void claim_free(struct claim *claim)
{
	while (claim->partitions) {
		struct partition *partition = claim->partitions;

		claim->partitions = partition->next;
		partition_free(partition);
	}
	list_free(&claim->nodes);
}

struct partition *claim_take(struct claim *claim, const struct tfl_ints *nodes)
{
	struct partition **link = &claim->partitions, *found;

	while (*link && !same(&(*link)->nodes, nodes))
		link = &(*link)->next;
	found = *link;
	if (found)
		*link = found->next;
	return found;
}

void partition_free(struct partition *partition)
{
	if (!partition)
		return;
	dla_network_free(partition->network);
	list_free(&partition->nodes);
	list_free(&partition->inputs);
	list_free(&partition->outputs);
	free(partition);
}
