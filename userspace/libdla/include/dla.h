/* SPDX-License-Identifier: MIT */
#ifndef DLA_H
#define DLA_H

/**
 * DOC: libdla - int8 TensorFlow Lite networks on an NVDLA
 *
 * A device is opened, a network is loaded for it - read, split between NPU and CPU, compiled - and
 * requests run it::
 *
 *	struct dla_device *device = dla_device_open("auto");
 *	struct dla_network *network = dla_network_load(device, "model.tflite", NULL);
 *	struct dla_request *request = dla_request_new(network);
 *
 *	memcpy(dla_request_input(request, 0), pixels, dla_network_input(network, 0)->bytes);
 *	dla_request_run(request);
 *	use(dla_request_output(request, 0));
 *
 * Unless a function says otherwise it returns 0 or a pointer on success, and -1 or NULL with errno
 * set on failure; dla_strerror() then has a sentence for a person. Objects are opaque. A device and
 * a network may be shared by threads; a request belongs to one thread at a time. An object must
 * outlive what was made from it. Every _free and _close function accepts NULL.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLA_API __attribute__((visibility("default")))

struct dla_device;
struct dla_network;
struct dla_request;

/**
 * dla_strerror() - why the last failing call of this thread failed
 *
 * Return: a sentence without a newline, valid until the next failing call of this thread.
 */
DLA_API const char *dla_strerror(void);

/* ------------------------------------------------------------------------------- devices */

/**
 * dla_device_open() - open what runs networks
 * @name: "cpu": no NPU; "sim" or "sim:CONFIG": the emulated NPU in this process, CONFIG such as
 *	nv_small; "npu": the first device node; "auto": likewise, but the CPU where there is none,
 *	and never the emulator; or the path of a device node.
 *
 * Errors: ENODEV (no such device), EACCES (the node is not for this user), EINVAL (no such
 * configuration), ENOENT (no such node, or the emulator's library is not installed), ENOMEM.
 */
DLA_API struct dla_device *dla_device_open(const char *name);

/** dla_device_close() - close a device that nothing uses any more */
DLA_API void dla_device_close(struct dla_device *device);

/** dla_device_name() - which device was opened: "cpu", "sim:nv_small", ... */
DLA_API const char *dla_device_name(const struct dla_device *device);

/**
 * dla_device_node() - find the device nodes of this machine
 * @index: 0 for the first.
 * @path: filled in with the node's path.
 * @size: bytes at @path; 64 are enough.
 *
 * Errors: ENODEV (there is none at all; dla_strerror() says what is missing), ENOENT (no more).
 */
DLA_API int dla_device_node(unsigned int index, char *path, size_t size);

/**
 * struct dla_device_info - what a device is; zeros where there is no NPU
 * @config: hardware configuration, "nv_small".
 * @atom: bytes of a memory atom.
 * @macs: multiply-accumulates a cycle.
 * @cbuf_bytes: size of the convolution buffer.
 * @dma_bits: address bits.
 * @coherent: it sees the CPU's caches.
 * @resettable: it has a reset line, so that a hang costs one run.
 * @wedged: it has hung and cannot be reset.
 * @timeout_ms: how long it may make no progress.
 */
struct dla_device_info {
	const char *config;
	unsigned int atom;
	unsigned int macs;
	unsigned int cbuf_bytes;
	unsigned int dma_bits;
	int coherent;
	int resettable;
	int wedged;
	unsigned int timeout_ms;
};

/** dla_device_info() - describe a device; @config lives as long as the device */
DLA_API void dla_device_info(const struct dla_device *device, struct dla_device_info *info);

/**
 * struct dla_npu_stats - what the NPU has done for this device object
 * @operations: hardware layers run.
 * @macs: multiply-accumulates of convolutions. What follows is zero but on an emulated device.
 * @cycles: from the first register write to the last interrupt of each program, summed.
 * @mac_cycles: cycles that the same multiply-accumulates would take with every MAC busy.
 * @read_bytes: fetched from memory.
 * @write_bytes: written to memory.
 * @register_writes: by the CPU.
 * @interrupts: taken by the CPU.
 */
struct dla_npu_stats {
	uint64_t operations;
	uint64_t macs;
	uint64_t cycles;
	uint64_t mac_cycles;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t register_writes;
	uint64_t interrupts;
};

/** dla_device_stats() - read the counters; all zero where there is no NPU */
DLA_API void dla_device_stats(const struct dla_device *device, struct dla_npu_stats *stats);

/**
 * dla_device_record() - write down all that the NPU is told and shown from now on
 * @device: an emulated device, before its first request has run.
 * @dir: folder, made when missing; trace.txn and binary files appear in it. NULL ends the recording
 *	and completes the trace, as closing the device does, but tells whether that worked.
 *
 * Errors: EOPNOTSUPP (this device cannot record), EBUSY (a request has run, or it records already),
 * EINVAL (nothing to end), and what writing files gives.
 */
DLA_API int dla_device_record(struct dla_device *device, const char *dir);

/* ------------------------------------------------------------------------------ networks */

/** enum dla_place - where operations go */
enum dla_place {
	DLA_PLACE_NPU,		/* on the NPU whatever can go there */
	DLA_PLACE_CPU,		/* all on the CPU */
};

/** enum dla_cpu - with what kernels the CPU does its operations */
enum dla_cpu {
	DLA_CPU_AUTO,		/* XNNPACK's where it has the operation; at most one LSB from the reference kernels */
	DLA_CPU_REFERENCE,	/* the reference kernels: slow, and to the bit TensorFlow Lite's */
};

/**
 * struct dla_options - how to compile a network
 * @place: see &enum dla_place.
 * @cpu: see &enum dla_cpu.
 * @keep_tensors: nonzero: give every tensor memory of its own, so that all of them can be read after
 *	a run; for debugging. Tensors between operations that the NPU does as one do not exist.
 * @exact: nonzero: round wherever TensorFlow Lite rounds. Otherwise a convolution and the ADD behind
 *	it may become one layer whose result is at most one LSB from the correctly rounded real value,
 *	but is not rounded to int8 on the way.
 */
struct dla_options {
	enum dla_place place;
	enum dla_cpu cpu;
	int keep_tensors;
	int exact;
};

/**
 * dla_network_load() - read a .tflite file and compile it for a device
 * @device: what will run it.
 * @path: the file; it may be removed afterwards.
 * @options: NULL for the defaults, which are all zero.
 *
 * Errors: what opening a file gives; EFBIG (it is too large); EINVAL (it is damaged or no TFLite file),
 * E2BIG (it describes something too large), EOPNOTSUPP (it needs something that this library does not
 * have), ENOMEM.
 */
DLA_API struct dla_network *dla_network_load(struct dla_device *device, const char *path,
					     const struct dla_options *options);

/** dla_network_free() - free a network without requests */
DLA_API void dla_network_free(struct dla_network *network);

/** dla_network_name() - the file's name without its folder */
DLA_API const char *dla_network_name(const struct dla_network *network);

/**
 * struct dla_tensor_info - an input or output
 * @name: as in the file.
 * @type: as NumPy writes it: "int8", "uint8", "float32", ...
 * @rank: number of dimensions.
 * @shape: outermost first.
 * @bytes: size, elements without gaps.
 * @scale: real value = scale * (stored - zero_point); 0 when not quantised.
 * @zero_point: see @scale.
 */
struct dla_tensor_info {
	const char *name;
	const char *type;
	unsigned int rank;
	const int32_t *shape;
	size_t bytes;
	float scale;
	int32_t zero_point;
};

DLA_API unsigned int dla_network_input_count(const struct dla_network *network);
DLA_API unsigned int dla_network_output_count(const struct dla_network *network);

/** dla_network_input() - describe input @index; NULL (ERANGE) past the last. Valid as long as the network. */
DLA_API const struct dla_tensor_info *dla_network_input(const struct dla_network *network, unsigned int index);

/** dla_network_output() - likewise for an output */
DLA_API const struct dla_tensor_info *dla_network_output(const struct dla_network *network, unsigned int index);

/**
 * struct dla_operation_info - where an operation of the network runs
 * @name: TFLite's name of it, "CONV_2D".
 * @output: name of the tensor that it makes.
 * @shape: that tensor's shape, "1x32x32x16".
 * @where: "npu" or "cpu".
 * @kernel: what computes it: "nvdla", "xnnpack" or "reference".
 * @why: a phrase: on the NPU, how; on the CPU, why not on the NPU.
 * @macs: multiply-accumulates.
 * @layers: hardware layers that it takes on the NPU.
 * @fused_into: the later operation whose layers do this one's work too, or -1.
 */
struct dla_operation_info {
	const char *name;
	const char *output;
	const char *shape;
	const char *where;
	const char *kernel;
	const char *why;
	uint64_t macs;
	unsigned int layers;
	int fused_into;
};

DLA_API unsigned int dla_network_operation_count(const struct dla_network *network);

/** dla_network_operation() - describe operation @index of the file; NULL (ERANGE) past the last */
DLA_API const struct dla_operation_info *dla_network_operation(const struct dla_network *network,
							      unsigned int index);

/** struct dla_memory_info - bytes that a network needs: once, and again for each request */
struct dla_memory_info {
	size_t weights;		/* NPU memory, shared by all requests */
	size_t npu;		/* NPU memory of a request */
	size_t host;		/* CPU memory of a request */
};

DLA_API void dla_network_memory(const struct dla_network *network, struct dla_memory_info *info);

/**
 * struct dla_operation_support - an operation that networks may have
 * @name: TFLite's name of it, "CONV_2D".
 * @types: what its input may be, "int8 uint8"; other tensors follow from it.
 * @limits: a phrase: what else must be so; NULL when nothing must.
 * @npu: a phrase: what must be so for the NPU to do it; NULL when it never does.
 * @xnnpack: nonzero: on the CPU XNNPACK may do it.
 */
struct dla_operation_support {
	const char *name;
	const char *types;
	const char *limits;
	const char *npu;
	int xnnpack;
};

/** dla_supported_operation() - describe operation @index of this library; -1 (ERANGE) past the last */
DLA_API int dla_supported_operation(unsigned int index, struct dla_operation_support *support);

/* ------------------------------------------------------------------------------ requests */

/** dla_request_new() - memory to run a network in; NULL with ENOMEM */
DLA_API struct dla_request *dla_request_new(struct dla_network *network);

DLA_API void dla_request_free(struct dla_request *request);

/**
 * dla_request_input() - where to put input @index before a run
 *
 * Zeros at first; a run leaves it as it is. NULL (ERANGE) past the last.
 */
DLA_API void *dla_request_input(struct dla_request *request, unsigned int index);

/** dla_request_output() - output @index of the last run; NULL (ERANGE) past the last */
DLA_API const void *dla_request_output(const struct dla_request *request, unsigned int index);

/**
 * typedef dla_progress_fn - told how far a run is
 * @ctx: as given to dla_request_progress().
 * @done: hardware layers and CPU operations finished.
 * @total: of how many.
 */
typedef void dla_progress_fn(void *ctx, unsigned int done, unsigned int total);

/**
 * dla_request_progress() - call @fn as runs of this request advance, in the thread that runs
 * @request: whose runs.
 * @fn: NULL ends it. It is called while the device is held and must not use this library.
 * @ctx: for @fn.
 */
DLA_API void dla_request_progress(struct dla_request *request, dla_progress_fn *fn, void *ctx);

/**
 * dla_request_run() - run the network; returns when the outputs are there
 *
 * Errors: ETIMEDOUT (the NPU stopped answering), EIO (it did wrong), and those of recording.
 */
DLA_API int dla_request_run(struct dla_request *request);

#ifdef __cplusplus
}
#endif

#endif
