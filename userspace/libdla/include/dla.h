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
 *
 * Requests of one device, of one network or of several, may be under way at the same time: each waits
 * for nothing but its turn on the NPU and on a CPU, so that while the NPU works for one the CPU works
 * for another::
 *
 *	for (i = 0; i < 4; i++)
 *		dla_request_submit(request[i]);
 *	for (i = 0; i < 4; i++)
 *		dla_request_wait(request[i], -1);
 *
 * A device has threads of its own, so a process must not fork() and go on with one in the child.
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
 *	nv_small; "sim:CONFIG@CLOCK", CLOCK such as 100MHz or 1GHz: the same, but it takes the time
 *	that a device of this clock takes; "npu": the first device node; "auto": likewise, but the CPU
 *	where there is none, and never the emulator; or the path of a device node.
 *
 * Errors: ENODEV (no such device), EACCES (the node is not for this user), EINVAL (no such
 * configuration or no such clock), ENOENT (no such node, or the emulator's library is not installed),
 * EAGAIN (no thread), ENOMEM.
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
 * @late_ns: of a device with a clock, how much longer the emulation took than the clock allows, summed
 *	over all programs: where this counts, times are those of the emulator.
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
	uint64_t late_ns;
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
	DLA_PLACE_AUTO,		/* so that a run of the network takes least time, as far as can be foreseen */
	DLA_PLACE_NPU,		/* on the NPU whatever can go there */
	DLA_PLACE_CPU,		/* all on the CPU */
};

/** enum dla_cpu - with what kernels the CPU does its operations */
enum dla_cpu {
	DLA_CPU_AUTO,		/* XNNPACK's where it has the operation; at most one LSB from the reference kernels */
	DLA_CPU_REFERENCE,	/* the reference kernels: slow, and to the bit TensorFlow Lite's */
	DLA_CPU_XNNPACK,	/* as DLA_CPU_AUTO, and an error where libdla was built without XNNPACK */
};

/**
 * struct dla_options - how to compile a network
 * @place: see &enum dla_place.
 * @cpu: see &enum dla_cpu.
 * @cpu_profile: how fast the CPU is, for &DLA_PLACE_AUTO: "slow-in-order" (such as a Cortex-A53),
 *	"fast-in-order" (Cortex-A55), "out-of-order" (Cortex-A76 and larger), or the path of a file that
 *	``dla bench --calibrate`` made. NULL: for an emulated device, slow-in-order; for another one the user's
 *	own such file, ~/.config/nvdla/cpu-profile, or if there is none what this machine seems to be.
 * @keep_tensors: nonzero: give every tensor memory of its own, so that all of them can be read after
 *	a run; for debugging. Tensors between operations that the NPU does as one do not exist.
 * @exact: nonzero: round wherever TensorFlow Lite rounds. Otherwise a convolution and the ADD behind
 *	it may become one layer whose result is at most one LSB from the correctly rounded real value,
 *	but is not rounded to int8 on the way.
 * @cpu_threads: how many threads share the work of one operation on the CPU, where XNNPACK does it; at most
 *	64, and 0 means 1. More shorten a run that has the CPUs to itself. Requests that run at the same time
 *	have a thread each anyway, and then more of them are no gain. Also for a compiled network.
 */
struct dla_options {
	enum dla_place place;
	enum dla_cpu cpu;
	const char *cpu_profile;
	int keep_tensors;
	int exact;
	unsigned int cpu_threads;
};

/**
 * dla_network_load() - read a .tflite file and compile it for a device; or read a compiled network
 * @device: what will run it.
 * @path: a .tflite file, or one of dla_network_compile(); it may be removed afterwards. Neither need be
 *	trusted.
 * @options: NULL for the defaults, which are all zero; a compiled network has been compiled with its own,
 *	so that others than the defaults are an error, but for @cpu_threads.
 *
 * Errors: what opening a file gives; EFBIG (it is too large); EINVAL (it is damaged or neither), E2BIG (it
 * describes something too large), EOPNOTSUPP (it needs something that this library does not have, was
 * compiled for another NPU or by another version of this library), ENOMEM.
 */
DLA_API struct dla_network *dla_network_load(struct dla_device *device, const char *path,
					     const struct dla_options *options);

/**
 * dla_network_compile() - compile a .tflite file for a device and write it to a file
 * @device: for which. The file can be loaded for any device of the same configuration, "sim:nv_small" or a
 *	real one; and if nothing goes to the NPU, for any device.
 * @path: the .tflite file.
 * @options: NULL for the defaults.
 * @save_as: the file to write, as a whole or not at all; an old one is replaced.
 *
 * Loading it is many times quicker than compiling. It depends on this version of the library and on the
 * byte order of the machine, not on the machine otherwise.
 *
 * Return: 0, or -1 with the errors of dla_network_load() and those of writing a file.
 */
DLA_API int dla_network_compile(struct dla_device *device, const char *path, const struct dla_options *options,
				const char *save_as);

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
 * @bytes: of memory that these read and write.
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
	uint64_t bytes;
	int fused_into;
};

DLA_API unsigned int dla_network_operation_count(const struct dla_network *network);

/** dla_network_operation() - describe operation @index of the file; NULL (ERANGE) past the last */
DLA_API const struct dla_operation_info *dla_network_operation(const struct dla_network *network,
							      unsigned int index);

/**
 * struct dla_estimate - what &DLA_PLACE_AUTO expects of a network
 * @profile: of the CPU, see &dla_options.cpu_profile; "calibrated" if it is from a file.
 * @npu_hz: the NPU's clock: the device's highest, or 100 MHz where that is not known.
 * @run_ns: nanoseconds of a run as placed, when nothing else runs.
 * @all_cpu_ns: likewise with all operations on the CPU.
 * @all_npu_ns: likewise with all that can go there on the NPU.
 */
struct dla_estimate {
	const char *profile;
	uint64_t npu_hz;
	uint64_t run_ns;
	uint64_t all_cpu_ns;
	uint64_t all_npu_ns;
};

/**
 * dla_calibrate() - measure what &DLA_PLACE_AUTO has to know of this machine, and store it
 * @device: a real NPU: what it costs the CPU to use it is measured, too. Of an emulated one or none, that
 *	is taken from what this machine seems to be.
 * @save_as: the file for &dla_options.cpu_profile. NULL: $XDG_CONFIG_HOME/nvdla/cpu-profile, or in ~/.config,
 *	which all networks of this user are placed by from then on.
 *
 * Takes some seconds, in which the machine should do nothing else.
 *
 * Errors: EAGAIN (it did, and so nothing has been stored), ENOENT (there is no home), those of a run, and
 * those of writing a file.
 */
DLA_API int dla_calibrate(struct dla_device *device, const char *save_as);

/** dla_network_estimate() - what placing expected; -1 (EOPNOTSUPP) if this network was not placed by time */
DLA_API int dla_network_estimate(const struct dla_network *network, struct dla_estimate *estimate);

/**
 * struct dla_placement_info - why an operation is where it is
 * @cpu_ns: nanoseconds that it is expected to take on the CPU.
 * @npu_ns: likewise on the NPU: if it is there, with the operations that are &dla_operation_info.fused_into
 *	it, and 0 for these; otherwise alone. 0 also if it cannot be there.
 * @border_ns: what else its being on the NPU costs: conversions of what it shares with the CPU, and for the
 *	first of a stretch of operations on the NPU, giving it work and waiting for its end.
 * @reason: a phrase.
 */
struct dla_placement_info {
	uint64_t cpu_ns;
	uint64_t npu_ns;
	uint64_t border_ns;
	const char *reason;
};

/**
 * dla_network_placement() - explain operation @index; NULL with ERANGE past the last, with EOPNOTSUPP if this
 *	network was not placed by time
 */
DLA_API const struct dla_placement_info *dla_network_placement(const struct dla_network *network,
							       unsigned int index);

/**
 * struct dla_memory_info - bytes that a network needs: once, and again for each request
 * @weights: NPU memory for packed weights, shared by all requests.
 * @npu: NPU memory of a request, for tensors: memory is used again as soon as what it holds is not
 *	needed any more.
 * @host: CPU memory of a request, likewise. Inputs and outputs are there all the time.
 * @npu_bound: the most that lives in NPU memory at one moment; @npu cannot be less.
 * @host_bound: likewise for @host.
 */
struct dla_memory_info {
	size_t weights;
	size_t npu;
	size_t host;
	size_t npu_bound;
	size_t host_bound;
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

/** dla_request_new() - memory to run a network in; NULL with ENOMEM or EAGAIN (no thread) */
DLA_API struct dla_request *dla_request_new(struct dla_network *network);

/** dla_request_free() - free a request; one that is running is cancelled first, and waited for */
DLA_API void dla_request_free(struct dla_request *request);

/**
 * dla_request_input() - where to put input @index before a run
 *
 * Zeros at first; a run leaves it as it is. Not to be written while the request runs. NULL (ERANGE) past
 * the last.
 */
DLA_API void *dla_request_input(struct dla_request *request, unsigned int index);

/** dla_request_output() - output @index of the last run; NULL (ERANGE) past the last */
DLA_API const void *dla_request_output(const struct dla_request *request, unsigned int index);

/**
 * enum dla_layout - how a tensor lies in memory
 * @DLA_LAYOUT_PLAIN: as in the network, outermost dimension first, without gaps.
 * @DLA_LAYOUT_ATOMS: as the NPU's engines hand it on. Of W x H x C elements of one byte, channels go into
 *	ceil(C / atom) planes of H lines of W atoms.
 * @DLA_LAYOUT_LINES: as in the network, but each of the H lines begins at a multiple of 32 bytes.
 * @DLA_LAYOUT_PIXELS: a picture of three or four channels, four bytes a pixel, whose lines begin at
 *	multiples of 32 bytes.
 *
 * Element (x, y, c) of a picture is at (c / atom) * plane_stride + y * line_stride + x * atom + c % atom,
 * where the atom is all of a pixel but in &DLA_LAYOUT_ATOMS. Channels past the last, and what lies between lines, may be
 * anything in inputs and outputs. Bytes are stored as &dla_tensor_info.type says.
 */
enum dla_layout {
	DLA_LAYOUT_PLAIN,
	DLA_LAYOUT_ATOMS,
	DLA_LAYOUT_LINES,
	DLA_LAYOUT_PIXELS,
};

/**
 * struct dla_layout_info - a layout of an input or output
 * @native: nonzero: it is used as it lies, by the NPU or the CPU, and needs no copy; otherwise each run
 *	converts it once. More than one layout may be native: of what a first convolution of few channels
 *	reads, as a rule, &DLA_LAYOUT_LINES, &DLA_LAYOUT_PIXELS, and &DLA_LAYOUT_PLAIN if its lines are
 *	multiples of the NPU's atom.
 * @bytes: from the first to behind the last; lines are counted with what lies between them.
 * @width: W.
 * @height: H, of all pictures.
 * @channels: C.
 * @atom: bytes from a pixel to the next.
 * @line_stride: bytes.
 * @plane_stride: bytes; 0 where there is one plane.
 */
struct dla_layout_info {
	int native;
	size_t bytes;
	unsigned int width;
	unsigned int height;
	unsigned int channels;
	unsigned int atom;
	size_t line_stride;
	size_t plane_stride;
};

/**
 * dla_network_input_layout() - describe a layout that an input may be bound in
 *
 * Errors: EOPNOTSUPP (it has no such layout, or is no picture of one byte an element; &DLA_LAYOUT_PLAIN can
 * be bound then all the same), ERANGE.
 */
DLA_API int dla_network_input_layout(const struct dla_network *network, unsigned int index, enum dla_layout layout,
				     struct dla_layout_info *info);

/** dla_network_output_layout() - likewise for an output */
DLA_API int dla_network_output_layout(const struct dla_network *network, unsigned int index, enum dla_layout layout,
				      struct dla_layout_info *info);

/**
 * dla_request_bind_input() - have an input read from the caller's own memory
 * @request: which is not running.
 * @index: of the input.
 * @layout: how the tensor lies there. Where this is how it is used - see &dla_layout_info.native - no byte
 *	is copied; otherwise each run converts it once, and dla_request_info() counts that.
 * @fd: a dma-buf; for an emulated device and the CPU, anything that can be mapped, as memfd_create()'s. It
 *	is kept by the library and may be closed. -1 ends the binding; dla_request_input() counts again.
 * @offset: first byte, a multiple of 64.
 *
 * The library tells the dma-buf's exporter when the CPU touches it, the kernel orders what devices do to it.
 * Its contents must not change while a run lasts. Binding a tensor to another buffer in the same layout
 * costs next to nothing; the first one that the NPU works on makes programs of the request's own. What the
 * NPU cannot have in &DLA_LAYOUT_PLAIN - no dma-buf, or memory in pieces - is converted after all.
 *
 * Errors: ERANGE (no such input), EBUSY (a run lasts), EINVAL (too small, at a bad offset, or not to be had
 * by the NPU, whose driver tells why in the kernel's log), EOPNOTSUPP (no such layout of this tensor, or
 * already bound as another one), EBADF, EACCES (it may not be written), ENOMEM. Then it is not bound.
 */
DLA_API int dla_request_bind_input(struct dla_request *request, unsigned int index, enum dla_layout layout, int fd,
				   size_t offset);

/** dla_request_bind_output() - likewise have an output written there */
DLA_API int dla_request_bind_output(struct dla_request *request, unsigned int index, enum dla_layout layout, int fd,
				    size_t offset);

/**
 * dla_request_submit() - start a run and return at once
 *
 * Inputs and outputs belong to the library until the run is over. It is over when dla_request_wait()
 * says so.
 *
 * Errors: EBUSY (it is running already). What goes wrong later, dla_request_wait() tells.
 */
DLA_API int dla_request_submit(struct dla_request *request);

/**
 * dla_request_wait() - wait until a run is over, and tell how it ended
 * @request: what was submitted; of one that never was, the run has succeeded.
 * @timeout_ms: milliseconds to wait at most; 0 only looks, a negative number waits as long as it takes.
 *	A device that hangs does not make it wait for ever: the driver notices and ends the run.
 *
 * May be called again, by any thread, and tells the same until the next submission.
 *
 * A run that was lost because the NPU hung is done once more by the library if its programs are known to
 * be good, having run to their end before; the outputs are what they would have been. Only when that
 * fails too is it an error. Outputs of a failed run have undefined contents.
 *
 * Errors: ETIME (it still runs), ECANCELED (dla_request_cancel()), ETIMEDOUT (the NPU hung and was reset),
 * EIO (it cannot be used any more), ENODEV (it is gone), those of recording.
 */
DLA_API int dla_request_wait(struct dla_request *request, int timeout_ms);

/** dla_request_run() - dla_request_submit() and dla_request_wait() in one; with the errors of both */
DLA_API int dla_request_run(struct dla_request *request);

/**
 * dla_request_fd() - a file descriptor to poll for the end of runs
 *
 * Readable (POLLIN) from the end of a run to the next submission. To be asked for before the submission
 * whose end it is to show. It belongs to the request: not to be read, written or closed.
 *
 * Return: the descriptor, the same one each time; -1 with EMFILE, ENFILE or ENOMEM.
 */
DLA_API int dla_request_fd(struct dla_request *request);

/**
 * dla_request_cancel() - ask for the end of a run
 *
 * What waits is not begun; a program that the NPU has begun, or an operation on the CPU, runs to its end
 * first. The run then ends with ECANCELED, or as usual when it was over too soon. May be called by any
 * thread; does nothing for a request that is not running. The run is over when dla_request_wait() says so.
 */
DLA_API void dla_request_cancel(struct dla_request *request);

/**
 * struct dla_run_info - where the time of a run went
 * @total_ns: nanoseconds from its submission to its end.
 * @npu_ns: its programs were on the NPU.
 * @cpu_ns: its operations were on a CPU.
 * @convert_ns: tensors were converted between the network's order and the NPU's.
 * @wait_ns: the rest: it waited for its turn.
 * @conversions: how many tensors were converted.
 * @convert_bytes: bytes of these tensors.
 * @retries: 1 if the run was done twice, because the NPU hung.
 */
struct dla_run_info {
	uint64_t total_ns;
	uint64_t npu_ns;
	uint64_t cpu_ns;
	uint64_t convert_ns;
	uint64_t wait_ns;
	unsigned int conversions;
	uint64_t convert_bytes;
	unsigned int retries;
};

/** dla_request_info() - describe the last run, which is over */
DLA_API void dla_request_info(const struct dla_request *request, struct dla_run_info *info);

/**
 * typedef dla_progress_fn - told how far a run is
 * @ctx: as given to dla_request_progress().
 * @done: hardware layers and CPU operations finished. Begins anew when a run is done again.
 * @total: of how many.
 */
typedef void dla_progress_fn(void *ctx, unsigned int done, unsigned int total);

/**
 * dla_request_progress() - call @fn as runs of this request advance
 * @request: whose runs; it is not running.
 * @fn: NULL ends it. It is called in threads of the library, one after the other for a request, holds up
 *	the device, and must not use this library.
 * @ctx: for @fn.
 */
DLA_API void dla_request_progress(struct dla_request *request, dla_progress_fn *fn, void *ctx);

/** enum dla_track - what did something */
enum dla_track {
	DLA_TRACK_CPU,		/* one of the library's threads */
	DLA_TRACK_CONV,		/* the NPU's convolution engine */
	DLA_TRACK_SDP,		/* its single-point processor */
	DLA_TRACK_PDP,		/* its planar processor: pooling */
	DLA_TRACK_CDP,		/* its channel processor */
};

/**
 * struct dla_event - something that was done for a request
 * @track: by what.
 * @thread: which of the threads, from 0 up; 0 for an engine.
 * @name: "CONV_2D", "to NPU", "from NPU". A constant.
 * @operation: of the network, see dla_network_operation(); -1 for a conversion.
 * @start_ns: when it began; CLOCK_MONOTONIC.
 * @end_ns: when it ended.
 */
struct dla_event {
	enum dla_track track;
	unsigned int thread;
	const char *name;
	int operation;
	uint64_t start_ns;
	uint64_t end_ns;
};

/** typedef dla_event_fn - told what was done; @ctx is as given to dla_request_events() */
typedef void dla_event_fn(void *ctx, const struct dla_event *event);

/**
 * dla_request_events() - call @fn for all that is done for this request: conversions, operations on the
 *	CPU, hardware layers
 * @request: whose; it is not running.
 * @fn: NULL ends it. It is called in threads of the library, one after the other for a request, and must
 *	not use this library.
 * @ctx: for @fn.
 */
DLA_API void dla_request_events(struct dla_request *request, dla_event_fn *fn, void *ctx);

#ifdef __cplusplus
}
#endif

#endif
