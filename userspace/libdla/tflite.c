// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <string.h>

#include "arena.h"
#include "error.h"
#include "graph.h"
#include "tflite.h"
#include "tflite_op.h"
#include "tflite_schema.h"

/*
 * A graph's tables are a few times larger than what they are read from. Tables, lists and buffers
 * of the file that are used more than once could multiply that without bound, so there is one.
 */
#define MEMORY_PER_BYTE 16
#define MEMORY_BASE 65536

#define MAX_NAME 255

struct reader {
	struct fb fb;
	struct dla_arena arena;
	struct dla_graph *graph;
	struct fb_vector buffers, opcodes;
	const void **buffer;		/* constants that have been copied, by buffer */
	struct dla_tensor *tensor;	/* those of the graph, while they are being made */
	struct dla_op *op;
	bool *defined; /* by tensor: constant, input of the network or made already */
};

static int read_name(struct reader *r, const struct fb_table *table, unsigned int field,
		     const char **name)
{
	struct fb_vector string = fb_vector(&r->fb, table, field, 1);
	size_t length = string.count < MAX_NAME ? string.count : MAX_NAME;
	char *copy;
	int err = fb_error(&r->fb);

	if (err)
		return err;
	copy = dla_arena_alloc(&r->arena, length + 1, 1);
	if (!copy)
		return r->arena.err;
	/* Names end up in terminals and JSON. */
	for (size_t i = 0; i < length; i++) {
		unsigned char c = r->fb.data[string.pos + i];

		copy[i] = (char)(c < ' ' || c > '~' ? '?' : c);
	}
	*name = copy;
	return 0;
}

static int read_type(int8_t stored, enum dla_type *type)
{
	switch (stored) {
	case TYPE_FLOAT32:
		*type = DLA_FLOAT32;
		return 0;
	case TYPE_INT32:
		*type = DLA_INT32;
		return 0;
	case TYPE_UINT8:
		*type = DLA_UINT8;
		return 0;
	case TYPE_INT64:
		*type = DLA_INT64;
		return 0;
	case TYPE_BOOL:
		*type = DLA_BOOL;
		return 0;
	case TYPE_INT16:
		*type = DLA_INT16;
		return 0;
	case TYPE_INT8:
		*type = DLA_INT8;
		return 0;
	}
	return dla_fail(EOPNOTSUPP, "elements of TensorFlow Lite type %d are not supported",
			stored);
}

static int read_shape(struct reader *r, const struct fb_table *table, struct dla_tensor *tensor)
{
	struct fb_vector dims = fb_vector(&r->fb, table, TENSOR_SHAPE, 4);
	size_t bytes = dla_type_size(tensor->type);
	int err = fb_error(&r->fb);

	if (err)
		return err;
	if (dims.count > DLA_MAX_RANK)
		return dla_fail(EOPNOTSUPP, "has %u dimensions; at most %d are supported",
				dims.count, DLA_MAX_RANK);
	tensor->shape.rank = dims.count;
	for (uint32_t i = 0; i < dims.count; i++) {
		int32_t dim = fb_vector_i32(&r->fb, &dims, i);

		if (dim < 1)
			return dla_fail(EINVAL, "dimension %u is %d", i, dim);
		if (bytes > (size_t)INT32_MAX / dim)
			return dla_fail(E2BIG, "is larger than 2 GiB");
		bytes *= dim;
		tensor->shape.dim[i] = dim;
	}
	tensor->bytes = bytes;
	return 0;
}

static bool zero_point_fits(enum dla_type type, int64_t zero_point)
{
	switch (type) {
	case DLA_INT8:
		return zero_point >= INT8_MIN && zero_point <= INT8_MAX;
	case DLA_UINT8:
		return zero_point >= 0 && zero_point <= UINT8_MAX;
	case DLA_INT16:
		return zero_point >= INT16_MIN && zero_point <= INT16_MAX;
	default:
		return zero_point >= INT32_MIN && zero_point <= INT32_MAX;
	}
}

static int read_quant(struct reader *r, const struct fb_table *tensor_table,
		      struct dla_tensor *tensor)
{
	struct fb_table table = fb_child(&r->fb, tensor_table, TENSOR_QUANTIZATION);
	struct fb_vector scales = fb_vector(&r->fb, &table, QUANT_SCALE, 4);
	struct fb_vector zero_points = fb_vector(&r->fb, &table, QUANT_ZERO_POINT, 8);
	uint8_t details = fb_u8(&r->fb, &table, QUANT_DETAILS_TYPE, 0);
	int32_t axis = fb_i32(&r->fb, &table, QUANT_DIMENSION, 0);
	float *scale;
	int32_t *zero_point;
	int err = fb_error(&r->fb);

	if (err)
		return err;
	if (details)
		return dla_fail(EOPNOTSUPP, "quantisation with details of type %u is not supported",
				details);
	/* A range (minimum, maximum) alone is a remark of the converter. */
	if (!scales.count)
		return 0;
	if (scales.count != zero_points.count)
		return dla_fail(EINVAL, "has %u scales, but %u zero points", scales.count,
				zero_points.count);
	if (scales.count > 1) {
		/* Biases have been written with the axis of their weights. */
		if (tensor->shape.rank == 1)
			axis = 0;
		if (axis < 0 || (uint32_t)axis >= tensor->shape.rank)
			return dla_fail(EINVAL, "has scales along axis %d of %u", axis,
					tensor->shape.rank);
		if (scales.count != (uint32_t)tensor->shape.dim[axis])
			return dla_fail(EINVAL, "has %u scales for an axis of %d elements",
					scales.count, tensor->shape.dim[axis]);
		tensor->quant.axis = axis;
	}
	scale = dla_arena_alloc(&r->arena, scales.count, sizeof(*scale));
	zero_point = dla_arena_alloc(&r->arena, scales.count, sizeof(*zero_point));
	if (!scale || !zero_point)
		return r->arena.err;
	for (uint32_t i = 0; i < scales.count; i++) {
		int64_t zero = fb_vector_i64(&r->fb, &zero_points, i);

		scale[i] = fb_vector_f32(&r->fb, &scales, i);
		if (!isfinite(scale[i]) || scale[i] <= 0)
			return dla_fail(EINVAL, "scale %u is %g", i, (double)scale[i]);
		if (!zero_point_fits(tensor->type, zero))
			return dla_fail(EINVAL, "zero point %u is %lld, which is no %s", i,
					(long long)zero, dla_type_name(tensor->type));
		zero_point[i] = (int32_t)zero;
	}
	tensor->quant.count = scales.count;
	tensor->quant.scale = scale;
	tensor->quant.zero_point = zero_point;
	return 0;
}

static int read_data(struct reader *r, const struct fb_table *tensor_table,
		     struct dla_tensor *tensor)
{
	uint32_t index = fb_u32(&r->fb, tensor_table, TENSOR_BUFFER, 0);
	struct fb_table table;
	struct fb_vector bytes;
	void *copy;
	int err = fb_error(&r->fb);

	if (err)
		return err;
	if (index >= r->buffers.count)
		return dla_fail(EINVAL, "buffer %u of %u", index, r->buffers.count);
	/* Buffer 0 is the one of tensors that have none. */
	if (!index)
		return 0;
	table = fb_vector_table(&r->fb, &r->buffers, index);
	bytes = fb_vector(&r->fb, &table, BUFFER_DATA, 1);
	if (fb_u64(&r->fb, &table, BUFFER_OFFSET, 0) || fb_u64(&r->fb, &table, BUFFER_SIZE, 0))
		return dla_fail(EOPNOTSUPP, "buffer %u is behind the model; files of that form, "
				"needed above 2 GiB, are not supported", index);
	err = fb_error(&r->fb);
	if (err)
		return err;
	if (!bytes.count)
		return 0;
	if (bytes.count != tensor->bytes)
		return dla_fail(EINVAL, "has %u bytes of data, but its shape needs %zu",
				bytes.count, tensor->bytes);
	if (!r->buffer[index]) {
		copy = dla_arena_alloc(&r->arena, bytes.count, 1);
		if (!copy)
			return r->arena.err;
		memcpy(copy, r->fb.data + bytes.pos, bytes.count);
		r->buffer[index] = copy;
	}
	tensor->data = r->buffer[index];
	return 0;
}

static int read_tensor(struct reader *r, const struct fb_table *table, struct dla_tensor *tensor)
{
	int err;

	if (fb_u8(&r->fb, table, TENSOR_IS_VARIABLE, 0))
		return dla_fail(EOPNOTSUPP,
				"variables (state kept between runs) are not supported");
	if (fb_has(&r->fb, table, TENSOR_SPARSITY))
		return dla_fail(EOPNOTSUPP, "sparse tensors are not supported");
	err = read_type(fb_i8(&r->fb, table, TENSOR_TYPE, TYPE_FLOAT32), &tensor->type);
	if (!err)
		err = read_shape(r, table, tensor);
	if (!err)
		err = read_quant(r, table, tensor);
	if (!err)
		err = read_data(r, table, tensor);
	return err;
}

static int read_tensors(struct reader *r, const struct fb_table *subgraph)
{
	struct fb_vector tables = fb_vector(&r->fb, subgraph, SUBGRAPH_TENSORS, 4);
	int err;

	err = fb_error(&r->fb);
	if (err)
		return err;
	r->tensor = dla_arena_alloc(&r->arena, tables.count, sizeof(*r->tensor));
	r->defined = dla_arena_alloc(&r->arena, tables.count, sizeof(*r->defined));
	if (!r->tensor || !r->defined)
		return r->arena.err;
	r->graph->tensor = r->tensor;
	r->graph->tensor_count = tables.count;
	for (uint32_t i = 0; i < tables.count; i++) {
		struct fb_table table = fb_vector_table(&r->fb, &tables, i);
		struct dla_tensor *tensor = &r->tensor[i];

		err = read_name(r, &table, TENSOR_NAME, &tensor->name);
		if (err)
			return dla_fail_in(err, "tensor %u", i);
		err = read_tensor(r, &table, tensor);
		if (err)
			return dla_fail_in(err, TENSOR_FMT, TENSOR_ARGS(r->graph, (int)i));
		tensor->producer = -1;
		r->defined[i] = tensor->data;
	}
	return 0;
}

/* A list of tensor indices; DLA_NO_TENSOR passes, for the caller to judge. */
static int read_indices(struct reader *r, const struct fb_table *table, unsigned int field,
			int **indices, unsigned int *count)
{
	struct fb_vector stored = fb_vector(&r->fb, table, field, 4);
	int *copy;
	int err = fb_error(&r->fb);

	*count = 0;
	if (err)
		return err;
	copy = dla_arena_alloc(&r->arena, stored.count, sizeof(*copy));
	if (!copy)
		return r->arena.err;
	for (uint32_t i = 0; i < stored.count; i++) {
		copy[i] = fb_vector_i32(&r->fb, &stored, i);
		if (copy[i] < DLA_NO_TENSOR || (copy[i] >= 0 &&
						(unsigned int)copy[i] >= r->graph->tensor_count))
			return dla_fail(EINVAL, "tensor %d of %u", copy[i],
					r->graph->tensor_count);
	}
	*indices = copy;
	*count = stored.count;
	return 0;
}

static int read_network_inputs(struct reader *r, const struct fb_table *subgraph)
{
	struct dla_graph *graph = r->graph;
	int *indices = NULL;
	int err;

	err = read_indices(r, subgraph, SUBGRAPH_INPUTS, &indices, &graph->input_count);
	if (err)
		return dla_fail_in(err, "inputs of the network");
	graph->input = indices;
	if (!graph->input_count)
		return dla_fail(EINVAL, "the network has no input");
	for (unsigned int i = 0; i < graph->input_count; i++) {
		int input = graph->input[i];

		if (input == DLA_NO_TENSOR)
			return dla_fail(EINVAL, "input %u of the network is absent", i);
		if (r->defined[input])
			return dla_fail(EINVAL, "input %u of the network, " TENSOR_FMT ", is %s", i,
					TENSOR_ARGS(graph, input),
					graph->tensor[input].data ? "constant" : "an input twice");
		r->defined[input] = true;
	}
	return 0;
}

static int read_network_outputs(struct reader *r, const struct fb_table *subgraph)
{
	struct dla_graph *graph = r->graph;
	int *indices = NULL;
	int err;

	err = read_indices(r, subgraph, SUBGRAPH_OUTPUTS, &indices, &graph->output_count);
	if (err)
		return dla_fail_in(err, "outputs of the network");
	graph->output = indices;
	if (!graph->output_count)
		return dla_fail(EINVAL, "the network has no output");
	for (unsigned int i = 0; i < graph->output_count; i++) {
		int output = graph->output[i];

		if (output == DLA_NO_TENSOR)
			return dla_fail(EINVAL, "output %u of the network is absent", i);
		if (graph->tensor[output].producer < 0)
			return dla_fail(EINVAL, "output %u of the network, " TENSOR_FMT
					", is made by no operator", i, TENSOR_ARGS(graph, output));
	}
	return 0;
}

static int read_opcode(struct reader *r, const struct fb_table *table, int32_t *builtin,
		       const char **custom)
{
	uint32_t index = fb_u32(&r->fb, table, OPERATOR_OPCODE, 0);
	struct fb_table opcode;
	int32_t old;
	int err = fb_error(&r->fb);

	if (err)
		return err;
	if (index >= r->opcodes.count)
		return dla_fail(EINVAL, "operator code %u of %u", index, r->opcodes.count);
	opcode = fb_vector_table(&r->fb, &r->opcodes, index);
	/* Codes outgrew their byte; writers still fill the old field for old readers. */
	old = (int32_t)fb_i8(&r->fb, &opcode, OPCODE_DEPRECATED_BUILTIN, 0);
	*builtin = fb_i32(&r->fb, &opcode, OPCODE_BUILTIN, 0);
	if (*builtin < old)
		*builtin = old;
	if (*builtin != BUILTIN_CUSTOM)
		return fb_error(&r->fb);
	return read_name(r, &opcode, OPCODE_CUSTOM, custom);
}

/* An output is made once, by this operator. */
static int define_output(struct reader *r, int output, unsigned int index)
{
	if (output == DLA_NO_TENSOR)
		return dla_fail(EINVAL, "one of its outputs is absent");
	if (r->defined[output])
		return dla_fail(EINVAL, TENSOR_FMT " is written, but is %s",
				TENSOR_ARGS(r->graph, output),
				r->graph->tensor[output].data ? "constant" :
				r->graph->tensor[output].producer < 0 ?
				"an input of the network" : "made by an earlier operator");
	r->defined[output] = true;
	r->tensor[output].producer = (int)index;
	return 0;
}

static int read_operands(struct reader *r, const struct fb_table *table,
			 const struct tflite_kind *kind, unsigned int index, struct dla_op *op)
{
	int *input = NULL, *output = NULL, first;
	int err = read_indices(r, table, OPERATOR_INPUTS, &input, &op->input_count);

	if (!err)
		err = read_indices(r, table, OPERATOR_OUTPUTS, &output, &op->output_count);
	if (err)
		return err;
	op->input = input;
	op->output = output;
	if (op->input_count < kind->min_inputs || op->input_count > kind->max_inputs)
		return dla_fail(EINVAL, "has %u inputs", op->input_count);
	if (!op->output_count || op->output_count > kind->max_outputs)
		return dla_fail(EINVAL, "has %u outputs; %s expected", op->output_count,
				kind->max_outputs > 1 ? "one or more are" : "1 is");
	for (unsigned int i = 0; i < op->input_count; i++) {
		if (input[i] == DLA_NO_TENSOR) {
			if (i < 32 && kind->optional & 1u << i)
				continue;
			return dla_fail(EINVAL, "input %u is absent", i);
		}
		if (!r->defined[input[i]])
			return dla_fail(EINVAL, TENSOR_FMT " is used before it is made",
					TENSOR_ARGS(r->graph, input[i]));
	}
	for (unsigned int i = 0; i < op->output_count && !err; i++)
		err = define_output(r, output[i], index);
	first = input[0];
	input[0] = input[kind->main];
	input[kind->main] = first;
	return err;
}

/* What the main input may be, as a phrase. */
static const char *types_phrase(unsigned int types)
{
	return types & 1U << DLA_FLOAT32 ? "int8, uint8 or float32" : "int8 or uint8";
}

static int need_types(const struct reader *r, const struct tflite_kind *kind, const struct dla_op *op)
{
	const struct dla_tensor *input = &r->graph->tensor[op->input[0]];

	if (kind->types & 1U << input->type)
		return 0;
	return dla_fail(EOPNOTSUPP, TENSOR_FMT " is %s; %s is needed", TENSOR_ARGS(r->graph, op->input[0]),
			dla_type_name(input->type), types_phrase(kind->types));
}

static int read_operator(struct reader *r, const struct fb_table *table, unsigned int index,
			 struct dla_op *op)
{
	struct tflite_op context = { .fb = &r->fb, .graph = r->graph, .op = op };
	const struct tflite_kind *kind;
	const char *custom = NULL;
	uint8_t options;
	int32_t builtin = 0;
	int err, damage;

	err = read_opcode(r, table, &builtin, &custom);
	if (err)
		return dla_fail_in(err, "operator %u", index);
	kind = tflite_kind(builtin);
	if (!kind && custom)
		return dla_fail(EOPNOTSUPP, "operator %u: the custom operator \"%.64s\" is not "
				"supported", index, custom);
	if (!kind)
		return dla_fail(EOPNOTSUPP, "operator %u: %s (operator code %d) is not supported",
				index, dla_tflite_builtin_name(builtin), builtin);

	op->kind = kind->kind;
	options = fb_u8(&r->fb, table, OPERATOR_OPTIONS_TYPE, OPTIONS_NONE);
	err = read_operands(r, table, kind, index, op);
	if (!err)
		err = need_types(r, kind, op);
	if (!err && kind->options && options == kind->options)
		context.options = fb_child(&r->fb, table, OPERATOR_OPTIONS);
	else if (!err && kind->options && options != OPTIONS_NONE)
		err = dla_fail(EINVAL, "has the options of another operator (type %u)", options);
	if (!err)
		err = kind->read(&context);
	/* What was read from a damaged table explains nothing. */
	damage = fb_error(&r->fb);
	if (damage)
		err = damage;
	return err ? dla_fail_in(err, "operator %u %s", index, dla_op_kind_name(op->kind)) : 0;
}

static int read_operators(struct reader *r, const struct fb_table *subgraph)
{
	struct fb_vector tables = fb_vector(&r->fb, subgraph, SUBGRAPH_OPERATORS, 4);
	int err = fb_error(&r->fb);

	if (err)
		return err;
	r->op = dla_arena_alloc(&r->arena, tables.count, sizeof(*r->op));
	if (!r->op)
		return r->arena.err;
	r->graph->op = r->op;
	r->graph->op_count = tables.count;
	for (uint32_t i = 0; i < tables.count; i++) {
		struct fb_table table = fb_vector_table(&r->fb, &tables, i);

		err = read_operator(r, &table, i, &r->op[i]);
		if (err)
			return err;
	}
	return 0;
}

static int read_subgraph(struct reader *r, const struct fb_table *model)
{
	struct fb_vector subgraphs = fb_vector(&r->fb, model, MODEL_SUBGRAPHS, 4);
	struct fb_table subgraph;
	int err;

	r->buffers = fb_vector(&r->fb, model, MODEL_BUFFERS, 4);
	r->opcodes = fb_vector(&r->fb, model, MODEL_OPERATOR_CODES, 4);
	err = fb_error(&r->fb);
	if (err)
		return err;
	if (!subgraphs.count)
		return dla_fail(EINVAL, "the file has no network");
	r->buffer = dla_arena_alloc(&r->arena, r->buffers.count, sizeof(*r->buffer));
	if (!r->buffer)
		return r->arena.err;
	subgraph = fb_vector_table(&r->fb, &subgraphs, 0);
	err = read_tensors(r, &subgraph);
	if (!err)
		err = read_network_inputs(r, &subgraph);
	if (!err)
		err = read_operators(r, &subgraph);
	if (!err)
		err = read_network_outputs(r, &subgraph);
	return err;
}

static int read_model(struct reader *r, const char *name)
{
	size_t length = strlen(name) + 1;
	struct fb_table model;
	uint32_t version;
	char *copy;
	int err;

	if (r->fb.bytes < 8 || memcmp(r->fb.data + 4, TFLITE_IDENTIFIER, 4) != 0)
		return dla_fail(EINVAL, "not a TensorFlow Lite file");
	if (__builtin_mul_overflow(MEMORY_PER_BYTE, r->fb.bytes, &r->arena.limit) ||
	    __builtin_add_overflow(r->arena.limit, MEMORY_BASE + length, &r->arena.limit))
		r->arena.limit = SIZE_MAX;
	r->graph = dla_arena_alloc(&r->arena, 1, sizeof(*r->graph));
	copy = dla_arena_alloc(&r->arena, length, 1);
	if (!r->graph || !copy)
		return r->arena.err;
	memcpy(copy, name, length);
	r->graph->name = copy;

	model = fb_root(&r->fb);
	version = fb_u32(&r->fb, &model, MODEL_VERSION, 0);
	err = fb_error(&r->fb);
	if (err)
		return err;
	if (version != TFLITE_VERSION)
		return dla_fail(EOPNOTSUPP, "format version %u; only version %d is supported",
				version, TFLITE_VERSION);
	err = read_subgraph(r, &model);
	r->graph->memory = r->arena.chunks;
	return err;
}

int dla_tflite_read(const void *data, size_t bytes, const char *name, struct dla_graph **graph)
{
	struct reader r = { .fb = { .data = data, .bytes = bytes } };
	int err;

	if (bytes > FB_MAX_BYTES)
		err = dla_fail(E2BIG, "the file has %zu bytes; at most 2 GiB can be read", bytes);
	else
		err = read_model(&r, name);
	if (err) {
		dla_arena_free(r.arena.chunks);
		return dla_fail_in(err, "%.64s", name);
	}
	*graph = r.graph;
	return 0;
}
