// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"

/*
 * The two functions of a TensorFlow Lite external delegate. Between them the runtime asks, for each
 * graph, what is to be replaced, and makes a node of ours for each partition of it.
 */

#define EXPORT __attribute__((visibility("default")))

struct delegate {
	struct tfl_delegate face;
	struct npu *npu;
	pthread_mutex_t lock;		/* interpreters may be made by several threads */
	struct claim claim;		/* of the graph that is being changed, under the lock */
};

static void *init(struct tfl_context *context, const char *buffer, size_t length)
{
	const struct tfl_partition *shown = (const void *)buffer;
	struct delegate *delegate = shown->delegate->data;
	struct partition *partition = claim_take(&delegate->claim, shown->nodes);
	struct kernel *kernel = partition ? kernel_new(delegate->npu, partition) : NULL;

	(void)length;
	if (partition && !kernel)
		context->report_error(context, "dla: %s", dla_strerror());
	return kernel;
}

/* The name is what profilers of the runtime show. */
static const struct tfl_registration registration = {
	.init = init,
	.free = kernel_release,
	.prepare = kernel_prepare,
	.invoke = kernel_invoke,
	.custom_name = "NVDLA",
	.version = 1,
};

static int replace(struct tfl_context *context, struct delegate *delegate)
{
	const struct list *nodes = &delegate->claim.nodes;
	struct tfl_ints *ints;
	int status;

	if (!nodes->count)
		return TFL_OK;
	ints = list_ints(nodes);
	if (!ints)
		return TFL_ERROR;
	status = context->replace_node_subsets_with_delegate_kernels(context, registration, ints, &delegate->face);
	free(ints);
	return status;
}

static int prepare(struct tfl_context *context, struct tfl_delegate *face)
{
	struct delegate *delegate = face->data;
	int status = TFL_ERROR;

	pthread_mutex_lock(&delegate->lock);
	if (claim_make(delegate->npu, context, &delegate->claim)) {
		status = replace(context, delegate);
		claim_free(&delegate->claim);
	} else {
		context->report_error(context, "dla: out of memory");
	}
	pthread_mutex_unlock(&delegate->lock);
	return status;
}

static struct delegate *create(const char *const *keys, const char *const *values, size_t count, char *message,
			       size_t room)
{
	struct delegate *delegate;
	struct options options;
	struct npu *npu;

	if (!options_parse(&options, keys, values, count, message, room))
		return NULL;
	npu = npu_open(&options);
	if (!npu) {
		snprintf(message, room, "%s", dla_strerror());
		options_free(&options);
		return NULL;
	}
	delegate = calloc(1, sizeof(*delegate));
	if (!delegate) {
		snprintf(message, room, "out of memory");
		npu_put(npu);
		return NULL;
	}
	pthread_mutex_init(&delegate->lock, NULL);
	delegate->npu = npu;
	delegate->face = (struct tfl_delegate) {
		.data = delegate,
		.prepare = prepare,
		.flags = TFL_ALLOW_DYNAMIC_TENSORS,
	};
	return delegate;
}

EXPORT struct tfl_delegate *tflite_plugin_create_delegate(const char *const *keys, const char *const *values,
							  size_t count, void (*report_error)(const char *));
EXPORT void tflite_plugin_destroy_delegate(struct tfl_delegate *face);

EXPORT struct tfl_delegate *tflite_plugin_create_delegate(const char *const *keys, const char *const *values,
							  size_t count, void (*report_error)(const char *))
{
	char message[512];
	struct delegate *delegate = create(keys, values, count, message, sizeof(message));

	if (delegate)
		return &delegate->face;
	if (report_error)
		report_error(message);
	return NULL;
}

EXPORT void tflite_plugin_destroy_delegate(struct tfl_delegate *face)
{
	struct delegate *delegate;

	if (!face)
		return;
	delegate = face->data;
	npu_put(delegate->npu);
	pthread_mutex_destroy(&delegate->lock);
	free(delegate);
}
