/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_ABI_H
#define DELEGATE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an external delegate and the TensorFlow Lite runtime that loads it share in memory: only what
 * is used. Nothing here is linked with, so one binary serves every runtime from TensorFlow Lite 2.13
 * to LiteRT 2.x: of these structs none has changed in that time but by growing at its end, and the one
 * that a delegate hands over by value, tfl_registration, is declared in its longest form, of 2.14 on; an
 * older runtime copies only the beginning of it.
 */

enum tfl_status { TFL_OK = 0, TFL_ERROR = 1 };

enum tfl_type {
	TFL_FLOAT32 = 1,
	TFL_INT32 = 2,
	TFL_UINT8 = 3,
	TFL_INT64 = 4,
	TFL_BOOL = 6,
	TFL_INT16 = 7,
	TFL_INT8 = 9,
};

enum tfl_allocation {
	TFL_MMAP_RO = 1,	/* in the file: a constant */
	TFL_DYNAMIC = 4,	/* its shape is known only when its operation has run */
};

enum { TFL_AFFINE_QUANTIZATION = 1 };

/* The delegate can be asked for graphs in which shapes may change. */
enum { TFL_ALLOW_DYNAMIC_TENSORS = 1 };

struct tfl_ints {
	int size;
	int data[];
};

struct tfl_floats {
	int size;
	float data[];
};

struct tfl_affine {
	struct tfl_floats *scale;
	struct tfl_ints *zero_point;
	int32_t dimension;
};

struct tfl_tensor {
	int type;
	void *data;
	struct tfl_ints *dims;
	struct {
		float scale;
		int32_t zero_point;
	} params;			/* of old files; quantization has it as well */
	int allocation_type;
	size_t bytes;
	const void *allocation;
	const char *name;
	struct tfl_delegate *delegate;
	int buffer_handle;
	bool data_is_stale;
	bool is_variable;
	struct {
		int type;
		void *params;		/* struct tfl_affine */
	} quantization;
	void *sparsity;
	const struct tfl_ints *dims_signature;
};

struct tfl_node {
	struct tfl_ints *inputs;
	struct tfl_ints *outputs;
	struct tfl_ints *intermediates;
	struct tfl_ints *temporaries;
	void *user_data;		/* what init() returned */
	void *builtin_data;		/* one of the structs below */
	const void *custom_initial_data;
	int custom_initial_data_size;
	struct tfl_delegate *delegate;
	bool might_have_side_effect;
};

struct tfl_context;

struct tfl_registration {
	void *(*init)(struct tfl_context *context, const char *buffer, size_t length);
	void (*free)(struct tfl_context *context, void *buffer);
	int (*prepare)(struct tfl_context *context, struct tfl_node *node);
	int (*invoke)(struct tfl_context *context, struct tfl_node *node);
	const char *(*profiling_string)(const struct tfl_context *context, const struct tfl_node *node);
	int32_t builtin_code;
	const char *custom_name;
	int version;			/* of the operation */
	void *registration_external;
	void *async_kernel;
	uint64_t inplace_operator;	/* 2.14 */
};

/* A partition: what init() gets for its buffer. */
struct tfl_partition {
	struct tfl_delegate *delegate;
	struct tfl_ints *nodes;
	struct tfl_ints *inputs;	/* constants among them */
	struct tfl_ints *outputs;
};

struct tfl_context {
	size_t tensors_size;
	int (*get_execution_plan)(struct tfl_context *context, struct tfl_ints **plan);
	struct tfl_tensor *tensors;
	void *impl;
	void *resize_tensor;
	void (*report_error)(struct tfl_context *context, const char *format, ...);
	void *add_tensors;
	int (*get_node_and_registration)(struct tfl_context *context, int index, struct tfl_node **node,
					 struct tfl_registration **registration);
	int (*replace_node_subsets_with_delegate_kernels)(struct tfl_context *context,
							  struct tfl_registration registration,
							  const struct tfl_ints *nodes, struct tfl_delegate *delegate);
	int recommended_num_threads;
	void *get_external_context;
	void *set_external_context;
	bool allow_fp32_relax_to_fp16;
	void *profiler;
	void *allocate_persistent_buffer;
	void *allocate_buffer_for_eval;
	void *request_scratch_buffer_in_arena;
	void *get_scratch_buffer;
	void *resize_tensor_explicit;
	/* What it gives lives until it is called again or the delegate's prepare() returns. */
	int (*preview_delegate_partitioning)(struct tfl_context *context, const struct tfl_ints *nodes,
					     struct tfl_partition **partitions, int *count);
};

struct tfl_delegate {
	void *data;
	int (*prepare)(struct tfl_context *context, struct tfl_delegate *delegate);
	void *copy_from_buffer_handle;
	void *copy_to_buffer_handle;
	void *free_buffer_handle;
	int64_t flags;
	void *opaque_delegate_builder;
};

/*
 * Options of operations as the runtime hands them out, parsed. Activations are numbered as in files.
 * From 2.15 on those with weights have another field at their end.
 */

enum { TFL_PADDING_SAME = 1, TFL_PADDING_VALID = 2 };

enum { TFL_MIRROR_REFLECT = 1, TFL_MIRROR_SYMMETRIC = 2 };

struct tfl_conv {
	int padding, stride_width, stride_height, activation, dilation_width, dilation_height;
};

struct tfl_depthwise_conv {
	int padding, stride_width, stride_height, depth_multiplier, activation, dilation_width, dilation_height;
};

struct tfl_transpose_conv {
	int padding, stride_width, stride_height;
	int activation;			/* of version 4 on; none before */
};

struct tfl_pool {
	int padding, stride_width, stride_height, filter_width, filter_height, activation;
};

struct tfl_fully_connected {
	int activation, weights_format;
	bool keep_num_dims, asymmetric_quantize_inputs;
};

struct tfl_concatenation {
	int axis, activation;
};

struct tfl_arithmetic {			/* ADD, SUB, MUL */
	int activation;
};

struct tfl_softmax {
	float beta;
};

struct tfl_leaky_relu {
	float alpha;
};

struct tfl_reshape {
	int32_t shape[8];
	int num_dimensions;
};

struct tfl_squeeze {
	int32_t axes[8];
	int num_axes;
};

struct tfl_reducer {
	bool keep_dims;
};

struct tfl_split {			/* and SPLIT_V */
	int num_splits;
};

struct tfl_pack {			/* and UNPACK */
	int count, axis;
};

struct tfl_resize {			/* RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR */
	bool align_corners, half_pixel_centers;
};

struct tfl_block {			/* DEPTH_TO_SPACE, SPACE_TO_DEPTH */
	int size;
};

struct tfl_mirror_pad {
	int mode;
};

struct tfl_strided_slice {
	int begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
	bool offset;			/* of version 8 on; the runtime has cleared it before */
};

#define TFL_LAYOUT(type, bytes) \
	_Static_assert(sizeof(void *) != 8 || sizeof(struct type) == (bytes), "layout of " #type)

TFL_LAYOUT(tfl_tensor, 112);
TFL_LAYOUT(tfl_node, 80);
TFL_LAYOUT(tfl_registration, 88);
TFL_LAYOUT(tfl_partition, 32);
TFL_LAYOUT(tfl_delegate, 56);

#endif
