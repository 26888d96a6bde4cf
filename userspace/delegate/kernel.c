// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

struct kernel {
	struct npu *npu;
	struct partition *partition;
	struct dla_request *request;
};

struct kernel *kernel_new(struct npu *npu, struct partition *partition)
{
	struct dla_request *request = dla_request_new(partition->network);
	struct kernel *kernel = request ? malloc(sizeof(*kernel)) : NULL;

	if (!kernel) {
		dla_request_free(request);
		partition_free(partition);
		return NULL;
	}
	*kernel = (struct kernel){ .npu = npu_get(npu), .partition = partition, .request = request };
	return kernel;
}

void kernel_free(struct kernel *kernel)
{
	struct npu *npu = kernel->npu;

	dla_request_free(kernel->request);
	partition_free(kernel->partition);
	free(kernel);
	npu_put(npu);
}

void kernel_release(struct tfl_context *context, void *buffer)
{
	(void)context;
	if (buffer)
		kernel_free(buffer);
}

/* Whether the graph's tensor still is what the partition was compiled for. */
static bool fits(struct tfl_context *context, int index, const struct dla_tensor_info *info)
{
	const struct tfl_tensor *tensor = &context->tensors[index];
	bool same = (unsigned int)tensor->dims->size == info->rank;

	for (unsigned int i = 0; same && i < info->rank; i++)
		same = tensor->dims->data[i] == info->shape[i];
	if (same && tensor->bytes == info->bytes)
		return true;
	context->report_error(context, "dla: tensor \"%s\" was resized, and the delegate has compiled the network for "
			      "its first size", info->name);
	return false;
}

int kernel_prepare(struct tfl_context *context, struct tfl_node *node)
{
	const struct kernel *kernel = node->user_data;
	const struct partition *partition;

	if (!kernel) {
		context->report_error(context, "dla: no partition was compiled for this node");
		return TFL_ERROR;
	}
	partition = kernel->partition;
	for (unsigned int i = 0; i < partition->inputs.count; i++) {
		if (!fits(context, partition->inputs.item[i], dla_network_input(partition->network, i)))
			return TFL_ERROR;
	}
	for (unsigned int i = 0; i < partition->outputs.count; i++) {
		if (!fits(context, partition->outputs.item[i], dla_network_output(partition->network, i)))
			return TFL_ERROR;
	}
	return TFL_OK;
}

int kernel_invoke(struct tfl_context *context, struct tfl_node *node)
{
	const struct kernel *kernel = node->user_data;
	const struct partition *partition = kernel->partition;

	for (unsigned int i = 0; i < partition->inputs.count; i++)
		memcpy(dla_request_input(kernel->request, i), context->tensors[partition->inputs.item[i]].data,
		       dla_network_input(partition->network, i)->bytes);
	if (dla_request_run(kernel->request)) {
		options_log(&kernel->npu->options, LOG_ERROR, "partition at %d: %s", partition->nodes.item[0],
			    dla_strerror());
		context->report_error(context, "dla: %s", dla_strerror());
		return TFL_ERROR;
	}
	for (unsigned int i = 0; i < partition->outputs.count; i++)
		memcpy(context->tensors[partition->outputs.item[i]].data, dla_request_output(kernel->request, i),
		       dla_network_output(partition->network, i)->bytes);
	return TFL_OK;
}
