// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "model_writer.h"
#include "tflite_schema.h"

enum { NOT_USED = -1 };

struct writer {
	struct fbw w;
	struct tfl_context *context;
	int *number;		/* of each tensor of the graph in the file */
	struct list tensors;	/* of the graph, by number */
	bool failed;
};

bool list_add(struct list *list, int item)
{
	/* Powers of two, so that a list need not know its room. */
	if (!(list->count & (list->count - 1))) {
		size_t room = list->count ? 2 * (size_t)list->count : 1;
		int *larger = realloc(list->item, room * sizeof(*larger));

		if (!larger)
			return false;
		list->item = larger;
	}
	list->item[list->count++] = item;
	return true;
}

bool list_has(const struct list *list, int item)
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (list->item[i] == item)
			return true;
	}
	return false;
}

struct tfl_ints *list_ints(const struct list *list)
{
	struct tfl_ints *ints = malloc(sizeof(*ints) + list->count * sizeof(*ints->data));

	if (!ints)
		return NULL;
	ints->size = (int)list->count;
	if (list->count)
		memcpy(ints->data, list->item, list->count * sizeof(*ints->data));
	return ints;
}

void list_free(struct list *list)
{
	free(list->item);
	*list = (struct list){ 0 };
}

/* --------------------------------------------------------------------- what can be written */

static int file_type(int runtime)
{
	switch (runtime) {
	case TFL_FLOAT32:
		return TYPE_FLOAT32;
	case TFL_INT32:
		return TYPE_INT32;
	case TFL_UINT8:
		return TYPE_UINT8;
	case TFL_INT64:
		return TYPE_INT64;
	case TFL_BOOL:
		return TYPE_BOOL;
	case TFL_INT16:
		return TYPE_INT16;
	case TFL_INT8:
		return TYPE_INT8;
	}
	return -1;
}

static bool is_constant(const struct tfl_tensor *tensor)
{
	return tensor->allocation_type == TFL_MMAP_RO;
}

static const char *tensor_refused(const struct tfl_context *context, int index)
{
	const struct tfl_tensor *tensor;

	if (index < 0)
		return NULL;
	if ((size_t)index >= context->tensors_size)
		return "it has a tensor that does not exist";
	tensor = &context->tensors[index];
	if (file_type(tensor->type) < 0)
		return "it has a tensor of a type that is not supported";
	if (tensor->is_variable)
		return "it has state that is kept between runs";
	if (tensor->sparsity)
		return "it has a sparse tensor";
	if (tensor->allocation_type == TFL_DYNAMIC)
		return "it has a tensor whose shape is known only when it runs";
	if (!tensor->dims || (is_constant(tensor) && !tensor->data))
		return "it has a tensor without contents";
	if (tensor->quantization.type > TFL_AFFINE_QUANTIZATION)
		return "it has a tensor with a new kind of quantisation";
	return NULL;
}

const char *model_refuses(struct tfl_context *context, int index)
{
	struct tfl_registration *registration = NULL;
	const struct builtin *builtin;
	struct tfl_node *node = NULL;
	const char *why = NULL;

	if (context->get_node_and_registration(context, index, &node, &registration) != TFL_OK)
		return "the runtime does not show it";
	if (node->delegate)
		return "another delegate has it";
	builtin = builtin_find(registration->builtin_code);
	if (!builtin)
		return "this operation is not supported";
	if (registration->version > builtin->latest)
		return "this version of the operation is newer than this delegate";
	if (builtin->write && !node->builtin_data)
		return "its options are missing";
	for (int i = 0; i < node->inputs->size && !why; i++)
		why = tensor_refused(context, node->inputs->data[i]);
	for (int i = 0; i < node->outputs->size && !why; i++)
		why = node->outputs->data[i] < 0 ? "it has an absent output" :
						   tensor_refused(context, node->outputs->data[i]);
	return why;
}

/* --------------------------------------------------------------------------------- tensors */

static void add(struct writer *m, struct list *list, int item)
{
	m->failed |= !list_add(list, item);
}

static void number_tensor(struct writer *m, int index)
{
	if (index < 0 || m->number[index] != NOT_USED)
		return;
	m->number[index] = (int)m->tensors.count;
	add(m, &m->tensors, index);
}

static void write_quant(struct fbw *w, fbw_at table, const struct tfl_tensor *tensor)
{
	const struct tfl_affine *affine = tensor->quantization.params;
	uint32_t count = 0;
	int64_t *zero_point;
	fbw_at quant;

	if (tensor->quantization.type == TFL_AFFINE_QUANTIZATION && affine && affine->scale && affine->scale->size > 0)
		count = (uint32_t)affine->scale->size;
	else if (tensor->params.scale > 0)
		affine = NULL;
	else
		return;
	quant = fbw_table(w, QUANT_DIMENSION + 1);
	fbw_child(w, table, TENSOR_QUANTIZATION, quant);
	if (!affine) {
		zero_point = &(int64_t){ tensor->params.zero_point };
		fbw_vector(w, quant, QUANT_SCALE, &tensor->params.scale, 1, 4, 4);
		fbw_vector(w, quant, QUANT_ZERO_POINT, zero_point, 1, 8, 8);
		return;
	}
	fbw_vector(w, quant, QUANT_SCALE, affine->scale->data, count, 4, 4);
	zero_point = calloc(count, sizeof(*zero_point));
	w->failed |= !zero_point;
	for (uint32_t i = 0; zero_point && affine->zero_point && i < count; i++) {
		/* One may stand for all. */
		int from = affine->zero_point->size == 1 ? 0 : (int)i;

		zero_point[i] = from < affine->zero_point->size ? affine->zero_point->data[from] : 0;
	}
	if (zero_point)
		fbw_vector(w, quant, QUANT_ZERO_POINT, zero_point, count, 8, 8);
	fbw_i32(w, quant, QUANT_DIMENSION, affine->dimension);
	free(zero_point);
}

static void write_tensors(struct writer *m, fbw_at subgraph, fbw_at model)
{
	fbw_at tensors = fbw_tables(&m->w, subgraph, SUBGRAPH_TENSORS, m->tensors.count);
	/* Buffer 0 is that of tensors without one; for simplicity the others have one each, if empty. */
	fbw_at buffers = fbw_tables(&m->w, model, MODEL_BUFFERS, m->tensors.count + 1);

	fbw_element(&m->w, buffers, 0, fbw_table(&m->w, 1));
	for (uint32_t i = 0; i < m->tensors.count && !m->failed; i++) {
		const struct tfl_tensor *tensor = &m->context->tensors[m->tensors.item[i]];
		fbw_at table = fbw_table(&m->w, TENSOR_QUANTIZATION + 1), buffer;

		fbw_element(&m->w, tensors, i, table);
		fbw_vector(&m->w, table, TENSOR_SHAPE, tensor->dims->data, (uint32_t)tensor->dims->size, 4, 4);
		fbw_u8(&m->w, table, TENSOR_TYPE, (uint8_t)file_type(tensor->type));
		fbw_i32(&m->w, table, TENSOR_BUFFER, (int32_t)i + 1);
		fbw_string(&m->w, table, TENSOR_NAME, tensor->name ? tensor->name : "");
		write_quant(&m->w, table, tensor);
		buffer = fbw_table(&m->w, 1);
		fbw_element(&m->w, buffers, i + 1, buffer);
		if (!is_constant(tensor))
			continue;
		if (tensor->bytes > INT32_MAX)
			m->failed = true;
		else
			fbw_vector(&m->w, buffer, BUFFER_DATA, tensor->data, (uint32_t)tensor->bytes, 1, 16);
	}
}

/* ------------------------------------------------------------------------------- operators */

static void write_indices(struct writer *m, fbw_at table, unsigned int field, const int *index, int count)
{
	int32_t *number = calloc((size_t)count + 1, sizeof(*number));

	m->failed |= !number;
	for (int i = 0; number && i < count; i++)
		number[i] = index[i] < 0 ? -1 : m->number[index[i]];
	if (number)
		fbw_vector(&m->w, table, field, number, (uint32_t)count, 4, 4);
	free(number);
}

static void write_operator(struct writer *m, const struct tfl_node *node, const struct tfl_registration *registration,
			   uint32_t index, fbw_at table, fbw_at opcode)
{
	const struct builtin *builtin = builtin_find(registration->builtin_code);
	fbw_at options;

	fbw_u8(&m->w, opcode, OPCODE_DEPRECATED_BUILTIN, (uint8_t)(builtin->code < 127 ? builtin->code : 127));
	fbw_i32(&m->w, opcode, OPCODE_BUILTIN, builtin->code);
	fbw_i32(&m->w, table, OPERATOR_OPCODE, (int32_t)index);
	write_indices(m, table, OPERATOR_INPUTS, node->inputs->data, node->inputs->size);
	write_indices(m, table, OPERATOR_OUTPUTS, node->outputs->data, node->outputs->size);
	if (!builtin->options)
		return;
	options = fbw_table(&m->w, builtin->fields);
	fbw_u8(&m->w, table, OPERATOR_OPTIONS_TYPE, builtin->options);
	fbw_child(&m->w, table, OPERATOR_OPTIONS, options);
	builtin->write(&m->w, options, node->builtin_data);
}

static void show(struct writer *m, int index, struct tfl_node **node, struct tfl_registration **registration)
{
	/* It has been shown before. */
	m->context->get_node_and_registration(m->context, index, node, registration);
}

static void write_operators(struct writer *m, const struct list *nodes, fbw_at subgraph, fbw_at model)
{
	fbw_at operators = fbw_tables(&m->w, subgraph, SUBGRAPH_OPERATORS, nodes->count);
	fbw_at opcodes = fbw_tables(&m->w, model, MODEL_OPERATOR_CODES, nodes->count);

	for (uint32_t i = 0; i < nodes->count; i++) {
		struct tfl_registration *registration;
		struct tfl_node *node;
		fbw_at table, opcode;

		show(m, nodes->item[i], &node, &registration);
		table = fbw_table(&m->w, OPERATOR_OPTIONS + 1);
		fbw_element(&m->w, operators, i, table);
		opcode = fbw_table(&m->w, OPCODE_BUILTIN + 1);
		fbw_element(&m->w, opcodes, i, opcode);
		write_operator(m, node, registration, i, table, opcode);
	}
}

/* What the nodes need that none of them makes. */
static void find_inputs(struct writer *m, const struct list *nodes, struct list *inputs)
{
	struct tfl_registration *registration;
	struct tfl_node *node;
	uint8_t *made = calloc(m->context->tensors_size + 1, 1);

	m->failed |= !made;
	for (unsigned int n = 0; n < nodes->count && !m->failed; n++) {
		show(m, nodes->item[n], &node, &registration);
		for (int i = 0; i < node->inputs->size; i++) {
			int index = node->inputs->data[i];

			number_tensor(m, index);
			if (index < 0 || made[index] || is_constant(&m->context->tensors[index]))
				continue;
			made[index] = true;
			add(m, inputs, index);
		}
		for (int i = 0; i < node->outputs->size; i++) {
			made[node->outputs->data[i]] = true;
			number_tensor(m, node->outputs->data[i]);
		}
	}
	free(made);
}

static void write_all(struct writer *m, const struct list *nodes, const struct model *model)
{
	fbw_at table, subgraphs, subgraph;

	fbw_begin(&m->w, TFLITE_IDENTIFIER);
	table = fbw_table(&m->w, MODEL_BUFFERS + 1);
	fbw_i32(&m->w, table, MODEL_VERSION, TFLITE_VERSION);
	subgraphs = fbw_tables(&m->w, table, MODEL_SUBGRAPHS, 1);
	subgraph = fbw_table(&m->w, SUBGRAPH_OPERATORS + 1);
	fbw_element(&m->w, subgraphs, 0, subgraph);
	write_indices(m, subgraph, SUBGRAPH_INPUTS, model->inputs.item, (int)model->inputs.count);
	write_indices(m, subgraph, SUBGRAPH_OUTPUTS, model->outputs.item, (int)model->outputs.count);
	write_operators(m, nodes, subgraph, table);
	write_tensors(m, subgraph, table);
}

bool model_write(struct tfl_context *context, const struct list *nodes, const struct list *outputs,
		 struct model *model)
{
	struct writer m = { .context = context };

	*model = (struct model){ 0 };
	m.number = malloc((context->tensors_size + 1) * sizeof(*m.number));
	m.failed = !m.number;
	for (size_t i = 0; m.number && i < context->tensors_size; i++)
		m.number[i] = NOT_USED;
	if (!m.failed)
		find_inputs(&m, nodes, &model->inputs);
	for (unsigned int i = 0; i < outputs->count; i++)
		add(&m, &model->outputs, outputs->item[i]);
	if (!m.failed)
		write_all(&m, nodes, model);
	free(m.number);
	list_free(&m.tensors);
	model->data = m.w.data;
	model->bytes = m.w.bytes;
	if (!m.failed && !m.w.failed)
		return true;
	model_free(model);
	return false;
}

void model_free(struct model *model)
{
	free(model->data);
	list_free(&model->inputs);
	list_free(&model->outputs);
}
