// SPDX-License-Identifier: MIT
/*
 * Heads: what is cut and compiled, what is learnt, what files hold and what becomes of damaged ones. Features
 * are made up but where it says otherwise. Built twice, with ThreadSanitizer too, which does not see into
 * XNNPACK: so the CPU's operations are the reference kernels'.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "../half_network.h"
#include "bytes.h"
#include "dla_head.h"
#include "head.h"
#include "network.h"
#include "saved.h"

#define FASHION		"examples/fashion-mnist/fashion_resnet_int8.tflite"
#define FEATURES	64
#define CLASSES		10
#define PIXELS		784
#define COLUMNS		(FEATURES + 1)

static const struct dla_options on_the_npu = { .place = DLA_PLACE_NPU, .cpu = DLA_CPU_REFERENCE };
static const struct dla_options on_the_cpu = { .place = DLA_PLACE_CPU, .cpu = DLA_CPU_REFERENCE };

struct world {
	struct dla_device *device;
	struct dla_head *head;
	struct dla_samples *samples;
	char folder[32], path[64];
};

static struct dla_head *new_head(struct dla_device *device, const char *path, const struct dla_options *options)
{
	struct dla_head *head = dla_head_new(device, path, options);

	if (!head)
		fail_msg("%s", dla_strerror());
	return head;
}

static void begin(struct world *w, const char *device, const struct dla_options *options)
{
	w->device = dla_device_open(device);
	assert_non_null(w->device);
	w->head = new_head(w->device, FASHION, options);
	w->samples = dla_samples_open(w->head, NULL);
	assert_non_null(w->samples);
	/* Where that is in memory, waiting for the disk takes no time. */
	snprintf(w->folder, sizeof(w->folder), "%s/head.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/file", w->folder);
}

static void end(struct world *w)
{
	assert_int_equal(dla_samples_close(w->samples), 0);
	dla_head_free(w->head);
	dla_device_close(w->device);
	unlink(w->path);
	/* Nothing else was left there. */
	assert_int_equal(rmdir(w->folder), 0);
}

/* Noise around a centre for each class; true features are never negative. */
static void make_features(unsigned int class, unsigned int *seed, int8_t *features)
{
	unsigned int centre = 1000 + class;

	for (unsigned int f = 0; f < FEATURES; f++) {
		int value = -100 + rand_r(&centre) % 120 + rand_r(seed) % 80 - 40;

		features[f] = (int8_t)(value < -128 ? -128 : value);
	}
}

static void add(struct dla_samples *samples, unsigned int class, unsigned int label, unsigned int *seed)
{
	int8_t features[FEATURES];

	make_features(class, seed, features);
	assert_int_equal(dla_samples_add(samples, features, label), 0);
}

static void add_many(struct dla_samples *samples, unsigned int first, unsigned int last, unsigned int each)
{
	unsigned int seed = 5;

	for (unsigned int i = 0; i < each; i++)
		for (unsigned int class = first; class <= last; class++)
			add(samples, class, class, &seed);
}

static void forget(struct dla_head *head)
{
	float zero[CLASSES * COLUMNS] = { 0 };

	assert_int_equal(dla_head_set_weights(head, zero, CLASSES), 0);
}

static void train(struct dla_head *head, const struct dla_samples *samples, const struct dla_train_options *options,
		  struct dla_train_result *result)
{
	if (dla_head_train(head, samples, options, result))
		fail_msg("%s", dla_strerror());
}

/* A call fails, and how. */
#define assert_fails(call, err) \
	do { \
		errno = 0; \
		assert_int_equal(call, -1); \
		assert_int_equal(errno, err); \
		assert_true(*dla_strerror()); \
	} while (0)

static unsigned int version_of(const struct dla_head *head)
{
	struct dla_head_info info;

	dla_head_info(head, &info);
	return info.version;
}

/* ----------------------------------------------------------------------------- the network */

static void fill(void *data, size_t bytes, unsigned int seed)
{
	for (size_t e = 0; e < bytes; e++)
		((uint8_t *)data)[e] = (uint8_t)(rand_r(&seed) >> 7);
}

static void run(struct dla_network *network, unsigned int seed, int8_t *output)
{
	struct dla_request *request = dla_request_new(network);

	assert_non_null(request);
	fill(dla_request_input(request, 0), PIXELS, seed);
	assert_int_equal(dla_request_run(request), 0);
	memcpy(output, dla_request_output(request, 0), dla_network_output(network, 0)->bytes);
	dla_request_free(request);
}

static void is_that_of_file(const char *device, const struct dla_options *options)
{
	struct dla_network *whole, *joined;
	int8_t expected[CLASSES], output[CLASSES];
	struct world w;

	begin(&w, device, options);
	whole = dla_network_load(w.device, FASHION, options);
	joined = dla_head_network(w.head);
	assert_non_null(whole);
	assert_non_null(joined);
	assert_string_equal(dla_network_name(joined), dla_network_name(whole));
	assert_int_equal(dla_network_operation_count(joined), dla_network_operation_count(whole));
	for (unsigned int i = 0; i < dla_network_operation_count(whole); i++) {
		const struct dla_operation_info *a = dla_network_operation(whole, i), *b = dla_network_operation(joined, i);

		assert_string_equal(a->name, b->name);
		assert_string_equal(a->shape, b->shape);
		assert_string_equal(a->where, b->where);
		assert_string_equal(a->output, b->output);
		assert_int_equal(a->layers, b->layers);
		assert_int_equal(a->fused_into, b->fused_into);
	}
	for (unsigned int seed = 0; seed < 8; seed++) {
		run(whole, seed, expected);
		run(joined, seed, output);
		assert_memory_equal(output, expected, CLASSES);
	}
	dla_network_free(whole);
	dla_network_free(joined);
	end(&w);
}

static void an_untrained_network_is_that_of_the_file(void **unused)
{
	struct dla_options separate = on_the_npu;

	(void)unused;
	is_that_of_file("sim:nv_small", &on_the_npu);
	is_that_of_file("cpu", &on_the_cpu);
	separate.keep_tensors = 1;
	is_that_of_file("sim:nv_small", &separate);
}

/* Counts what is made for the device. */
static const struct dla_device_ops *true_ops;
static unsigned int programs, layers;
static size_t constant_bytes;

static int count_program(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
			 const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **program)
{
	programs++;
	layers += count;
	return true_ops->program_new(device, op, count, lut, lut_count, program);
}

static int count_buffer(struct dla_device *device, size_t size, enum dla_buffer_use use, struct dla_buffer **buffer)
{
	if (use == DLA_BUFFER_CONSTANTS)
		constant_bytes += size;
	return true_ops->buffer_new(device, size, use, buffer);
}

static void the_backbone_is_compiled_once(void **unused)
{
	const struct dla_train_options quick = { .epochs = 2 };
	struct dla_network *network[4];
	struct dla_device_ops counting;
	unsigned int backbone_programs;
	size_t backbone_bytes;
	struct world w;

	(void)unused;
	begin(&w, "sim:nv_small", &on_the_npu);
	true_ops = w.device->ops;
	counting = *true_ops;
	counting.program_new = count_program;
	counting.buffer_new = count_buffer;
	w.device->ops = &counting;
	backbone_programs = w.head->backbone->part_count;
	backbone_bytes = w.head->backbone->constants->size;
	assert_true(backbone_programs > 0);
	add_many(w.samples, 0, 9, 5);
	for (unsigned int i = 0; i < 4; i++) {
		programs = layers = 0;
		constant_bytes = 0;
		/* To compare, it compiles what was there; that is there already then. */
		if (i)
			train(w.head, w.samples, &quick, NULL);
		network[i] = dla_head_network(w.head);
		assert_non_null(network[i]);
		/* The fully connected layer is on the NPU: a convolution and where its sums go. */
		assert_int_equal(programs, 1);
		assert_int_equal(layers, 2);
		assert_true(constant_bytes > 0 && constant_bytes < backbone_bytes / 20);
		assert_ptr_equal(network[i]->part[0].program, w.head->backbone->part[0].program);
		assert_ptr_equal(network[i]->constants, w.head->backbone->constants);
		assert_int_equal(network[i]->part_count, backbone_programs + 1);
		/* One segment after the other without the CPU between. */
		assert_int_equal(network[i]->schedule.segment_count, 1);
	}
	programs = 0;
	dla_network_free(dla_head_network(w.head));
	dla_network_free(dla_head_network(w.head));
	assert_int_equal(programs, 0);
	for (unsigned int i = 0; i < 4; i++)
		dla_network_free(network[i]);
	w.device->ops = true_ops;
	end(&w);
}

/* In the network, what the head says of features that the backbone makes. */
static void answers_are_those_of_evaluation(void **unused)
{
	static int8_t pixels[40][PIXELS], features[40][FEATURES];
	struct dla_network *network;
	struct dla_head_score score;
	unsigned int right = 0;
	struct world w;

	(void)unused;
	begin(&w, "sim:nv_small", &on_the_npu);
	fill(pixels, sizeof(pixels), 3);
	assert_int_equal(dla_head_features(w.head, pixels, 0, NULL), 0);
	assert_int_equal(dla_head_features(w.head, pixels, 40, features[0]), 0);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(dla_samples_add(w.samples, features[i], i * 7 % CLASSES), 0);
	forget(w.head);
	train(w.head, w.samples, &(struct dla_train_options) { .held_out = -1, .epochs = 60 }, NULL);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &score), 0);
	network = dla_head_network(w.head);
	assert_non_null(network);
	/* What a network is does not depend on the head any more. */
	forget(w.head);
	for (unsigned int i = 0; i < 40; i++) {
		struct dla_request *request = dla_request_new(network);
		const int8_t *output;
		unsigned int best = 0;

		memcpy(dla_request_input(request, 0), pixels[i], PIXELS);
		assert_int_equal(dla_request_run(request), 0);
		output = dla_request_output(request, 0);
		for (unsigned int c = 1; c < CLASSES; c++)
			best = output[c] > output[best] ? c : best;
		right += best == i * 7 % CLASSES;
		dla_request_free(request);
	}
	assert_int_equal(score.samples, 40);
	assert_int_equal(right, score.right);
	assert_true(score.right >= 10);
	dla_network_free(network);
	end(&w);
}

static int buffer_of(size_t bytes, void **map)
{
	int fd = memfd_create("head", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(*map != MAP_FAILED);
	return fd;
}

/* User-mode emulation passes on no ioctl that it does not know. */
static bool has_dma_buf_ioctls(int fd)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_READ | DMA_BUF_SYNC_START };

	return !ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync) || errno != ENOSYS;
}

static void inputs_and_outputs_can_be_bound(void **unused)
{
	struct dla_network *network;
	struct dla_request *request;
	int8_t expected[CLASSES];
	void *in, *out;
	int in_fd = buffer_of(4096, &in), out_fd = buffer_of(4096, &out);
	struct world w;

	(void)unused;
	if (!has_dma_buf_ioctls(in_fd)) {
		print_message("# the ioctls of dma-buf are not there\n");
		skip();
	}
	begin(&w, "sim:nv_small", &on_the_npu);
	add_many(w.samples, 0, 9, 5);
	train(w.head, w.samples, &(struct dla_train_options) { .epochs = 3 }, NULL);
	network = dla_head_network(w.head);
	assert_non_null(network);
	run(network, 4, expected);
	request = dla_request_new(network);
	fill(in, PIXELS, 4);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, in_fd, 0), 0);
	assert_int_equal(dla_request_bind_output(request, 0, DLA_LAYOUT_PLAIN, out_fd, 64), 0);
	assert_int_equal(dla_request_run(request), 0);
	assert_memory_equal((int8_t *)out + 64, expected, CLASSES);
	/* Lines of the NPU's own: its programs are made anew. */
	for (unsigned int y = 0; y < 28; y++) {
		int8_t line[PIXELS];

		fill(line, PIXELS, 4);
		memcpy((int8_t *)in + (size_t)32 * y, line + (size_t)28 * y, 28);
	}
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_PLAIN, -1, 0), 0);
	assert_int_equal(dla_request_bind_input(request, 0, DLA_LAYOUT_LINES, in_fd, 0), 0);
	memset(out, 0, 4096);
	assert_int_equal(dla_request_run(request), 0);
	assert_memory_equal((int8_t *)out + 64, expected, CLASSES);
	dla_request_free(request);
	dla_network_free(network);
	munmap(in, 4096);
	munmap(out, 4096);
	close(in_fd);
	close(out_fd);
	end(&w);
}

/* Networks run in several threads while the head they came from learns on. */
struct runner {
	pthread_t thread;
	struct dla_network *network;
	int8_t expected[4][CLASSES];
	unsigned int wrong;
};

static void *run_often(void *arg)
{
	struct runner *r = arg;
	struct dla_request *request[4];

	for (unsigned int i = 0; i < 4; i++) {
		request[i] = dla_request_new(r->network);
		fill(dla_request_input(request[i], 0), PIXELS, i);
	}
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 4; i++)
			r->wrong += dla_request_submit(request[i]) != 0;
		for (unsigned int i = 0; i < 4; i++)
			r->wrong += dla_request_wait(request[i], -1) ||
				    memcmp(dla_request_output(request[i], 0), r->expected[i], CLASSES) != 0;
	}
	for (unsigned int i = 0; i < 4; i++)
		dla_request_free(request[i]);
	return NULL;
}

static void networks_run_while_the_head_learns(void **unused)
{
	struct runner runner[2] = { 0 };
	struct world w;

	(void)unused;
	begin(&w, "sim:nv_small", &on_the_npu);
	add_many(w.samples, 0, 9, 5);
	for (unsigned int r = 0; r < 2; r++) {
		train(w.head, w.samples, &(struct dla_train_options) { .epochs = 2 }, NULL);
		runner[r].network = dla_head_network(w.head);
		assert_non_null(runner[r].network);
		for (unsigned int i = 0; i < 4; i++)
			run(runner[r].network, i, runner[r].expected[i]);
		assert_int_equal(pthread_create(&runner[r].thread, NULL, run_often, &runner[r]), 0);
	}
	for (unsigned int round = 0; round < 3; round++) {
		train(w.head, w.samples, &(struct dla_train_options) { .epochs = 2 }, NULL);
		dla_network_free(dla_head_network(w.head));
	}
	/* Even without it. */
	dla_samples_close(w.samples);
	dla_head_free(w.head);
	w.samples = NULL;
	w.head = NULL;
	for (unsigned int r = 0; r < 2; r++) {
		pthread_join(runner[r].thread, NULL);
		assert_int_equal(runner[r].wrong, 0);
		dla_network_free(runner[r].network);
	}
	end(&w);
}

/* ----------------------------------------------------------------------------- the backbone */

/* The file with one byte changed, of the constant of an operation: the last of a kind, or the first. */
static void write_changed(enum dla_op_kind kind, bool last, const char *path)
{
	struct dla_device *cpu = dla_device_open("cpu");
	struct dla_network *network = dla_network_load(cpu, FASHION, &on_the_cpu);
	const struct dla_tensor *weights = NULL;
	struct dla_writer none = { 0 }, file = { 0 };
	size_t bytes;
	uint8_t *data, *at;

	for (unsigned int i = 0; i < network->graph->op_count && (last || !weights); i++)
		if (network->graph->op[i].kind == kind)
			weights = &network->graph->tensor[network->graph->op[i].input[1]];
	assert_non_null(weights);
	assert_int_equal(dla_read_file(FASHION, (void **)&data, &bytes), 0);
	at = memmem(data, bytes, weights->data, weights->bytes);
	assert_non_null(at);
	at[1] ^= 1;
	dla_write(&file, data, bytes);
	assert_int_equal(dla_write_file(path, &file, &none), 0);
	free(file.data);
	free(data);
	dla_network_free(network);
	dla_device_close(cpu);
}

static void a_backbone_is_known_by_what_makes_features(void **unused)
{
	struct dla_head_info info, other_info;
	struct dla_samples *samples;
	struct dla_head *other;
	struct dla_head_score score;
	struct world w;
	char head_path[64];

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	snprintf(head_path, sizeof(head_path), "%s/head", w.folder);
	add_many(w.samples, 0, 9, 2);
	dla_head_info(w.head, &info);
	assert_int_equal(info.features, FEATURES);
	assert_int_equal(info.classes, CLASSES);
	assert_int_equal(info.original_classes, CLASSES);
	assert_int_equal(info.version, 0);
	assert_int_equal(info.feature_zero_point, -128);
	assert_int_equal(strlen(info.backbone), 64);
	assert_int_equal(dla_head_save(w.head, head_path), 0);

	/* Another last layer: the same features. */
	write_changed(DLA_OP_FULLY_CONNECTED, true, w.path);
	other = new_head(w.device, w.path, &on_the_cpu);
	dla_head_info(other, &other_info);
	assert_string_equal(other_info.backbone, info.backbone);
	assert_int_equal(dla_head_restore(other, head_path), 0);
	assert_int_equal(dla_head_evaluate(other, w.samples, &score), 0);
	dla_head_free(other);

	/* Another convolution: others. */
	write_changed(DLA_OP_CONV_2D, false, w.path);
	other = new_head(w.device, w.path, &on_the_cpu);
	dla_head_info(other, &other_info);
	assert_string_not_equal(other_info.backbone, info.backbone);
	assert_fails(dla_head_restore(other, head_path), ESTALE);
	assert_fails(dla_head_evaluate(other, w.samples, &score), ESTALE);
	assert_fails(dla_head_train(other, w.samples, NULL, NULL), ESTALE);
	assert_fails(dla_head_calibrate(other, w.samples), ESTALE);
	unlink(w.path);
	samples = dla_samples_open(w.head, w.path);
	assert_non_null(samples);
	assert_int_equal(dla_samples_close(samples), 0);
	errno = 0;
	assert_null(dla_samples_open(other, w.path));
	assert_int_equal(errno, ESTALE);
	dla_head_free(other);

	/* The device, and where operations are, make no difference. */
	other = new_head(w.device, FASHION, NULL);
	dla_head_info(other, &other_info);
	assert_string_equal(other_info.backbone, info.backbone);
	dla_head_free(other);
	unlink(head_path);
	end(&w);
}

static void what_cannot_be_cut_is_told(void **unused)
{
	const struct half_network n = { .size = 8, .channels = 16, .kernel = 3, .rounds = 1, .softmaxes = 1 };
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	snprintf(w.path, sizeof(w.path), "%s/XXXXXX", w.folder);
	half_network_write(&n, w.path);
	errno = 0;
	assert_null(dla_head_new(w.device, w.path, NULL));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_non_null(strstr(dla_strerror(), "CONV_2D"));
	assert_non_null(strstr(dla_strerror(), w.path));
	assert_int_equal(dla_network_compile(w.device, FASHION, NULL, w.path), 0);
	assert_null(dla_head_new(w.device, w.path, NULL));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(dla_strerror(), "compiled"));
	assert_null(dla_head_new(w.device, "/nowhere/at.all", NULL));
	assert_int_equal(errno, ENOENT);
	assert_null(dla_head_new(w.device, FASHION, &(struct dla_options) { .cpu_threads = 1000 }));
	assert_int_equal(errno, EINVAL);
	dla_head_free(NULL);
	assert_int_equal(dla_samples_close(NULL), 0);
	end(&w);
}

/* --------------------------------------------------------------------------------- learning */

static void a_head_learns(void **unused)
{
	struct dla_train_result result;
	struct dla_head_score score;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 30);
	forget(w.head);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &score), 0);
	assert_int_equal(score.samples, 300);
	assert_int_equal(score.right, 30);
	assert_true(fabsf(score.loss - logf(10)) < 0.05F);
	train(w.head, w.samples, NULL, &result);
	assert_int_equal(result.trained, 240);
	assert_int_equal(result.held_out, 60);
	assert_int_equal(result.epochs, 30);
	assert_int_equal(result.resumed, 0);
	assert_int_equal(result.rolled_back, 0);
	assert_true(result.before <= 0.2F);
	assert_true(result.after >= 0.95F);
	assert_int_equal(version_of(w.head), 2);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &score), 0);
	assert_true(score.right >= 285);
	end(&w);
}

static void train_weights(struct world *w, const struct dla_train_options *options, float *weights)
{
	forget(w->head);
	train(w->head, w->samples, options, NULL);
	dla_head_weights(w->head, weights);
}

static double distance(const float *a, const float *b)
{
	double sum = 0;

	for (unsigned int i = 0; i < CLASSES * COLUMNS; i++)
		sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
	return sum;
}

static void each_option_does_what_it_says(void **unused)
{
	const struct dla_train_options plain = { .epochs = 4, .held_out = -1 };
	/* With these the weights do not go as far. */
	const struct {
		struct dla_train_options o;
		double most;
	} shorter[] = {
		{ { .epochs = 4, .held_out = -1, .decay = 300 }, 0.5 },
		{ { .epochs = 4, .held_out = -1, .proximal = 300 }, 0.5 },
		{ { .epochs = 4, .held_out = -1, .momentum = -1 }, 1 },
		{ { .epochs = 4, .held_out = -1, .rate = 0.01F }, 0.5 },
		{ { .epochs = 4, .held_out = -1, .batch = 1000 }, 1 },
	};
	static float first[CLASSES * COLUMNS], second[CLASSES * COLUMNS], zero[CLASSES * COLUMNS];
	struct dla_train_options o;
	struct world w;
	double length;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 20);
	train_weights(&w, &plain, first);
	length = distance(first, zero);
	train_weights(&w, &plain, second);
	assert_memory_equal(first, second, sizeof(first));

	o = plain;
	o.seed = 1;
	train_weights(&w, &o, second);
	assert_memory_not_equal(first, second, sizeof(first));
	for (unsigned int i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++) {
		train_weights(&w, &shorter[i].o, second);
		assert_true(distance(second, zero) < length * shorter[i].most);
	}
	o = plain;
	o.batch = 1000;
	for (o.schedule = DLA_RATE_CONSTANT; o.schedule <= DLA_RATE_STEP; o.schedule++) {
		train_weights(&w, &o, second);
		assert_memory_not_equal(first, second, sizeof(first));
	}
	end(&w);
}

/* Towards the start, wherever that is: not towards zero. */
static void proximal_is_towards_the_start(void **unused)
{
	const struct dla_train_options o = { .epochs = 3, .held_out = -1, .proximal = 300 };
	static float start[CLASSES * COLUMNS], after[CLASSES * COLUMNS], zero[CLASSES * COLUMNS];
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 10);
	dla_head_weights(w.head, start);
	train(w.head, w.samples, &o, NULL);
	dla_head_weights(w.head, after);
	assert_true(distance(start, after) > 0);
	assert_true(distance(start, after) < distance(start, zero) / 20);
	end(&w);
}

static void a_new_class_is_learnt_too(void **unused)
{
	struct dla_head_score before, after, fresh;
	struct dla_head_info info;
	struct dla_samples *new;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 20);
	train(w.head, w.samples, NULL, NULL);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &before), 0);
	assert_int_equal(dla_head_name_class(w.head, 3, "dress"), 0);
	assert_int_equal(dla_head_add_class(w.head, "glove"), 10);
	assert_int_equal(dla_head_add_class(w.head, NULL), 11);
	assert_string_equal(dla_head_class(w.head, 3), "dress");
	assert_string_equal(dla_head_class(w.head, 10), "glove");
	assert_null(dla_head_class(w.head, 11));
	assert_null(dla_head_class(w.head, 12));
	dla_head_info(w.head, &info);
	assert_int_equal(info.classes, 12);
	assert_int_equal(info.original_classes, 10);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &after), 0);
	assert_int_equal(after.right, before.right);

	new = dla_samples_open(w.head, NULL);
	assert_non_null(new);
	add_many(new, 10, 11, 20);
	assert_int_equal(dla_head_evaluate(w.head, new, &fresh), 0);
	assert_int_equal(fresh.right, 0);
	add_many(w.samples, 10, 11, 20);
	train(w.head, w.samples, NULL, NULL);
	assert_int_equal(dla_head_evaluate(w.head, new, &fresh), 0);
	assert_true(fresh.right >= 38);
	assert_string_equal(dla_head_class(w.head, 10), "glove");
	assert_int_equal(dla_samples_close(new), 0);
	end(&w);
}

static void what_got_worse_is_taken_back(void **unused)
{
	static float before[CLASSES * COLUMNS], after[CLASSES * COLUMNS];
	struct dla_train_result result;
	unsigned int seed = 8, version;
	struct dla_samples *wrong;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	assert_fails(dla_head_rollback(w.head), ENOENT);
	add_many(w.samples, 0, 9, 20);
	train(w.head, w.samples, NULL, &result);
	dla_head_weights(w.head, before);
	version = version_of(w.head);
	/* Every fifth of a label is held out, and only those are what they are called. */
	wrong = dla_samples_open(w.head, NULL);
	assert_non_null(wrong);
	for (unsigned int i = 0; i < 20; i++)
		for (unsigned int label = 0; label < CLASSES; label++)
			add(wrong, i % 5 == 4 ? label : (label + 1) % CLASSES, label, &seed);
	train(w.head, wrong, NULL, &result);
	assert_int_equal(result.held_out, 40);
	assert_true(result.after < result.before);
	assert_true(result.rolled_back);
	dla_head_weights(w.head, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(version_of(w.head), version);
	/* And that did not cost what was before. */
	assert_int_equal(dla_head_rollback(w.head), 0);
	assert_int_equal(version_of(w.head), 0);
	assert_fails(dla_head_rollback(w.head), ENOENT);
	/* With nobody to say so, it is as it was told. */
	train(w.head, wrong, &(struct dla_train_options) { .held_out = -1 }, &result);
	assert_int_equal(result.held_out, 0);
	assert_false(result.rolled_back);
	assert_int_equal(dla_samples_close(wrong), 0);
	end(&w);
}

static int stop_at(void *ctx, unsigned int epoch, unsigned int epochs, float loss)
{
	assert_true(epoch <= epochs);
	assert_true(loss > 0);
	return epoch == *(unsigned int *)ctx;
}

static void a_training_goes_on_behind_a_power_cut(void **unused)
{
	static float whole[CLASSES * COLUMNS], parts[CLASSES * COLUMNS];
	unsigned int stop = 3;
	struct dla_train_options o = { .epochs = 8, .seed = 42, .decay = 0.01F };
	struct dla_train_result result;
	struct dla_head *again;
	struct world w;
	size_t bytes;
	char *data;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 20);
	train(w.head, w.samples, &o, NULL);
	dla_head_weights(w.head, whole);

	o.checkpoint = w.path;
	again = new_head(w.device, FASHION, &on_the_cpu);
	o.progress = stop_at;
	o.ctx = &stop;
	assert_fails(dla_head_train(again, w.samples, &o, &result), ECANCELED);
	assert_int_equal(version_of(again), 0);
	assert_int_equal(access(w.path, F_OK), 0);
	dla_head_free(again);
	o.progress = NULL;

	/* Of another training it is no part. */
	again = new_head(w.device, FASHION, &on_the_cpu);
	assert_int_equal(dla_read_file(w.path, (void **)&data, &bytes), 0);
	o.seed = 43;
	train(again, w.samples, &o, &result);
	assert_int_equal(result.resumed, 0);
	o.seed = 42;
	dla_head_free(again);

	/* Nor is it when it is damaged, anywhere; the training then begins anew. */
	for (size_t i = 0; i < bytes; i += bytes / 40) {
		struct dla_writer file = { 0 }, none = { 0 };

		data[i] ^= 0x10;
		dla_write(&file, data, bytes);
		data[i] ^= 0x10;
		assert_int_equal(dla_write_file(w.path, &file, &none), 0);
		free(file.data);
		again = new_head(w.device, FASHION, &on_the_cpu);
		stop = 1;
		o.progress = stop_at;
		assert_fails(dla_head_train(again, w.samples, &o, &result), ECANCELED);
		assert_int_equal(result.resumed, 0);
		dla_head_free(again);
	}
	o.progress = NULL;

	/* But whole, it makes no difference to the last bit. */
	{
		struct dla_writer file = { 0 }, none = { 0 };

		dla_write(&file, data, bytes);
		assert_int_equal(dla_write_file(w.path, &file, &none), 0);
		free(file.data);
	}
	again = new_head(w.device, FASHION, &on_the_cpu);
	train(again, w.samples, &o, &result);
	assert_int_equal(result.resumed, 3);
	assert_int_equal(result.epochs, 8);
	dla_head_weights(again, parts);
	assert_memory_equal(whole, parts, sizeof(whole));
	dla_head_free(again);
	/* It is there until the caller has what came of it: at its end there is nothing more to do. */
	again = new_head(w.device, FASHION, &on_the_cpu);
	train(again, w.samples, &o, &result);
	assert_int_equal(result.resumed, 8);
	dla_head_weights(again, parts);
	assert_memory_equal(whole, parts, sizeof(whole));
	dla_head_free(again);
	free(data);
	end(&w);
}

static void bad_trainings_are_refused(void **unused)
{
	const struct dla_train_options bad[] = {
		{ .rate = -1 }, { .rate = NAN }, { .rate = INFINITY }, { .momentum = 1 }, { .momentum = NAN },
		{ .decay = -1 }, { .decay = NAN }, { .proximal = -1 }, { .proximal = INFINITY }, { .held_out = 1 },
		{ .held_out = NAN }, { .schedule = (enum dla_rate)3 },
	};
	static float before[CLASSES * COLUMNS], after[CLASSES * COLUMNS];
	struct dla_train_result result;
	struct dla_head_score score;
	unsigned int seed = 1;
	struct dla_samples *more;
	struct dla_head *wide;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	assert_fails(dla_head_train(w.head, w.samples, NULL, &result), EINVAL);
	assert_fails(dla_head_evaluate(w.head, w.samples, &score), EINVAL);
	assert_fails(dla_head_calibrate(w.head, w.samples), EINVAL);
	/* One of one class is enough, and has nobody to be compared with. */
	add(w.samples, 4, 4, &seed);
	train(w.head, w.samples, NULL, &result);
	assert_int_equal(result.trained, 1);
	assert_int_equal(result.held_out, 0);
	assert_true(result.before == 0 && result.after == 0);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &score), 0);
	assert_int_equal(score.right, 1);
	dla_head_weights(w.head, before);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(dla_head_train(w.head, w.samples, &bad[i], &result), EINVAL);
	/* It runs away. */
	add_many(w.samples, 0, 9, 3);
	assert_fails(dla_head_train(w.head, w.samples,
				    &(struct dla_train_options) { .rate = 1e6F, .decay = 1e6F, .epochs = 100 }, &result), ERANGE);
	/* A checkpoint that cannot be. */
	assert_fails(dla_head_train(w.head, w.samples, &(struct dla_train_options) { .checkpoint = "/nowhere/at/all" },
				    &result), ENOENT);
	/* Labels of a head with more classes. */
	wide = new_head(w.device, FASHION, &on_the_cpu);
	assert_int_equal(dla_head_add_class(wide, NULL), 10);
	more = dla_samples_open(wide, NULL);
	assert_non_null(more);
	add(more, 10, 10, &seed);
	assert_fails(dla_head_train(w.head, more, NULL, &result), EINVAL);
	assert_int_equal(dla_head_evaluate(w.head, more, &score), 0);
	assert_int_equal(score.right, 0);
	assert_int_equal(dla_samples_close(more), 0);
	dla_head_free(wide);
	dla_head_weights(w.head, after);
	assert_memory_equal(before, after, sizeof(before));
	end(&w);
}

/* ---------------------------------------------------------------------------------- weights */

static void weights_are_checked(void **unused)
{
	static float weights[11 * COLUMNS], read_back[11 * COLUMNS];
	const float bad[] = { NAN, INFINITY, -INFINITY, 2e9F, -2e9F };
	struct dla_head_info info;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	dla_head_weights(w.head, weights);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		float kept = weights[77];

		weights[77] = bad[i];
		assert_fails(dla_head_set_weights(w.head, weights, CLASSES), EINVAL);
		weights[77] = kept;
	}
	assert_fails(dla_head_set_weights(w.head, weights, CLASSES - 1), EINVAL);
	assert_fails(dla_head_set_weights(w.head, weights, 0), EINVAL);
	assert_fails(dla_head_set_weights(w.head, weights, DLA_HEAD_MAX_CLASSES + 1), E2BIG);
	assert_int_equal(version_of(w.head), 0);
	weights[10 * COLUMNS + 2] = 1;
	assert_int_equal(dla_head_set_weights(w.head, weights, 11), 0);
	dla_head_info(w.head, &info);
	assert_int_equal(info.classes, 11);
	assert_int_equal(info.version, 1);
	dla_head_weights(w.head, read_back);
	assert_memory_equal(weights, read_back, sizeof(weights));
	end(&w);
}

/* Whatever they are, there is a network with them, and it answers as they say. */
static void extreme_weights_make_networks(void **unused)
{
	static const float scale[] = { 1e-30F, 1e-3F, 1, 1e6F, 1e9F };
	static float weights[CLASSES * COLUMNS];
	struct world w;

	(void)unused;
	begin(&w, "sim:nv_small", &on_the_npu);
	for (unsigned int i = 0; i < sizeof(scale) / sizeof(scale[0]); i++) {
		struct dla_network *network;
		int8_t output[CLASSES];
		unsigned int best = 0;

		memset(weights, 0, sizeof(weights));
		weights[3 * COLUMNS + FEATURES] = scale[i];
		for (unsigned int f = 0; f < FEATURES; f++)
			weights[7 * COLUMNS + f] = -scale[i];
		assert_int_equal(dla_head_set_weights(w.head, weights, CLASSES), 0);
		network = dla_head_network(w.head);
		if (!network)
			fail_msg("%s", dla_strerror());
		run(network, 1, output);
		for (unsigned int c = 1; c < CLASSES; c++)
			best = output[c] > output[best] ? c : best;
		if (scale[i] >= 1)
			assert_true(output[3] >= output[7]);
		assert_true(output[best] == output[3] || scale[i] < 1);
		dla_network_free(network);
	}
	end(&w);
}

/* What set_weights() guesses is good, and what samples say is no worse. */
static void calibration_needs_samples_or_guesses(void **unused)
{
	static float weights[CLASSES * COLUMNS];
	struct dla_head_score trained, guessed, calibrated;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 20);
	forget(w.head);
	train(w.head, w.samples, NULL, NULL);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &trained), 0);
	dla_head_weights(w.head, weights);
	assert_int_equal(dla_head_set_weights(w.head, weights, CLASSES), 0);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &guessed), 0);
	assert_true(guessed.right + 10 >= trained.right);
	assert_int_equal(dla_head_calibrate(w.head, w.samples), 0);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &calibrated), 0);
	assert_true(calibrated.right + 2 >= trained.right);
	end(&w);
}

static void names_are_checked(void **unused)
{
	char longest[257];
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	memset(longest, 'x', 256);
	longest[256] = '\0';
	assert_fails(dla_head_add_class(w.head, longest), EINVAL);
	assert_fails(dla_head_add_class(w.head, ""), EINVAL);
	assert_fails(dla_head_add_class(w.head, "a\033[2Jb"), EINVAL);
	assert_fails(dla_head_name_class(w.head, 0, longest), EINVAL);
	assert_fails(dla_head_name_class(w.head, CLASSES, "x"), ERANGE);
	longest[255] = '\0';
	assert_int_equal(dla_head_name_class(w.head, 0, longest), 0);
	assert_string_equal(dla_head_class(w.head, 0), longest);
	assert_int_equal(dla_head_name_class(w.head, 0, "M\303\274tze"), 0);
	assert_int_equal(dla_head_name_class(w.head, 0, NULL), 0);
	assert_null(dla_head_class(w.head, 0));
	end(&w);
}

/* ------------------------------------------------------------------------------------ files */

static void write_bytes(const char *path, const void *data, size_t bytes)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static void samples_outlive_a_power_cut(void **unused)
{
	struct dla_samples *samples;
	size_t bytes, header;
	unsigned int seed = 2;
	uint8_t *data;
	uint32_t crc;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	samples = dla_samples_open(w.head, w.path);
	assert_non_null(samples);
	errno = 0;
	assert_null(dla_samples_open(w.head, w.path));
	assert_int_equal(errno, EBUSY);
	for (unsigned int i = 0; i < 6; i++)
		add(samples, i, i, &seed);
	assert_int_equal(dla_samples_close(samples), 0);
	assert_int_equal(dla_read_file(w.path, (void **)&data, &bytes), 0);
	header = bytes - (size_t)6 * (FEATURES + 8);

	/* Cut off anywhere. */
	for (size_t left = 0; left < bytes; left++) {
		write_bytes(w.path, data, left);
		samples = dla_samples_open(w.head, w.path);
		if (left && left < header) {
			assert_null(samples);
			assert_int_equal(errno, EINVAL);
			continue;
		}
		assert_non_null(samples);
		assert_int_equal(dla_samples_count(samples), left ? (left - header) / (FEATURES + 8) : 0);
		add(samples, 9, 9, &seed);
		assert_int_equal(dla_samples_close(samples), 0);
		samples = dla_samples_open(w.head, w.path);
		assert_non_null(samples);
		assert_int_equal(dla_samples_label(samples, dla_samples_count(samples) - 1), 9);
		assert_int_equal(dla_samples_close(samples), 0);
	}
	/* Any byte another: the header's is an error, a sample's costs that sample. */
	for (size_t i = 0; i < bytes; i++) {
		data[i] ^= 0x55;
		write_bytes(w.path, data, bytes);
		data[i] ^= 0x55;
		errno = 0;
		samples = dla_samples_open(w.head, w.path);
		if (i < header) {
			assert_null(samples);
			assert_int_equal(errno, EINVAL);
			continue;
		}
		assert_non_null(samples);
		assert_int_equal(dla_samples_count(samples), 5);
		for (unsigned int s = 0; s < 5; s++)
			assert_int_equal(dla_samples_label(samples, s), s + (s >= (i - header) / (FEATURES + 8)));
		assert_int_equal(dla_samples_close(samples), 0);
	}
	/* Of another version. */
	data[8] = 2;
	crc = (uint32_t)crc32_z(0, data, header - 4);
	for (unsigned int i = 0; i < 4; i++)
		data[header - 4 + i] = (uint8_t)(crc >> (8 * i));
	write_bytes(w.path, data, bytes);
	assert_null(dla_samples_open(w.head, w.path));
	assert_int_equal(errno, EOPNOTSUPP);
	free(data);
	errno = 0;
	assert_null(dla_samples_open(w.head, w.folder));
	assert_int_equal(errno, EISDIR);
	assert_null(dla_samples_open(w.head, "/nowhere/at/all"));
	assert_int_equal(errno, ENOENT);
	end(&w);
}

static void samples_are_checked(void **unused)
{
	int8_t features[FEATURES] = { 1, 2, 3 };
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	assert_fails(dla_samples_add(w.samples, features, CLASSES), ERANGE);
	assert_fails(dla_samples_add(w.samples, features, UINT32_MAX), ERANGE);
	assert_int_equal(dla_samples_count(w.samples), 0);
	assert_int_equal(dla_samples_add(w.samples, features, 9), 0);
	assert_memory_equal(dla_samples_features(w.samples, 0), features, FEATURES);
	assert_int_equal(dla_samples_label(w.samples, 0), 9);
	assert_fails(dla_samples_label(w.samples, 1), ERANGE);
	errno = 0;
	assert_null(dla_samples_features(w.samples, 1));
	assert_int_equal(errno, ERANGE);
	end(&w);
}

static void a_head_is_saved_and_restored(void **unused)
{
	static float saved[11 * COLUMNS], restored[11 * COLUMNS];
	struct dla_head_score before, after;
	struct dla_head_info info;
	struct dla_head *other;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 20);
	/* Also what has learnt nothing. */
	assert_int_equal(dla_head_name_class(w.head, 2, "pullover"), 0);
	assert_int_equal(dla_head_save(w.head, w.path), 0);
	other = new_head(w.device, FASHION, &on_the_cpu);
	forget(other);
	assert_int_equal(dla_head_restore(other, w.path), 0);
	assert_string_equal(dla_head_class(other, 2), "pullover");
	assert_int_equal(version_of(other), 0);
	assert_fails(dla_head_rollback(other), ENOENT);
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &before), 0);
	assert_int_equal(dla_head_evaluate(other, w.samples, &after), 0);
	assert_int_equal(before.right, after.right);
	assert_true(before.loss == after.loss);

	assert_int_equal(dla_head_add_class(w.head, "glove"), 10);
	train(w.head, w.samples, NULL, NULL);
	assert_int_equal(dla_head_save(w.head, w.path), 0);
	assert_int_equal(dla_head_restore(other, w.path), 0);
	dla_head_info(other, &info);
	assert_int_equal(info.classes, 11);
	assert_int_equal(info.version, 1);
	assert_string_equal(dla_head_class(other, 10), "glove");
	dla_head_weights(w.head, saved);
	dla_head_weights(other, restored);
	assert_memory_equal(saved, restored, sizeof(saved));
	assert_int_equal(dla_head_evaluate(w.head, w.samples, &before), 0);
	assert_int_equal(dla_head_evaluate(other, w.samples, &after), 0);
	assert_true(before.loss == after.loss);
	/* What was before, too. */
	assert_int_equal(dla_head_rollback(other), 0);
	assert_int_equal(version_of(other), 0);
	dla_head_free(other);
	assert_fails(dla_head_save(w.head, "/nowhere/at/all"), ENOENT);
	assert_fails(dla_head_restore(w.head, "/nowhere/at/all"), ENOENT);
	/* How long a folder says it is depends on the file system. */
	assert_int_equal(dla_head_restore(w.head, w.folder), -1);
	assert_true(errno == EFBIG || errno == EIO || errno == EINVAL);
	end(&w);
}

static void is_refused(struct world *w, const uint8_t *data, size_t bytes)
{
	write_bytes(w->path, data, bytes);
	errno = 0;
	assert_int_equal(dla_head_restore(w->head, w->path), -1);
	assert_true(errno == EINVAL || errno == EOPNOTSUPP || errno == ESTALE);
}

/* Where the checksum and the length are right again. */
static void mend(uint8_t *data, size_t bytes)
{
	const uint32_t crc = (uint32_t)crc32_z(0, data + 24, bytes - 24);

	for (unsigned int i = 0; i < 4; i++)
		data[12 + i] = (uint8_t)(crc >> (8 * i));
	for (unsigned int i = 0; i < 8; i++)
		data[16 + i] = (uint8_t)((uint64_t)(bytes - 24) >> (8 * i));
}

static void a_damaged_head_is_refused(void **unused)
{
	static float before[CLASSES * COLUMNS], after[CLASSES * COLUMNS];
	const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned int seed = 9, restored = 0;
	uint8_t *data, *copy;
	struct world w;
	size_t bytes;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 5);
	train(w.head, w.samples, NULL, NULL);
	assert_int_equal(dla_head_name_class(w.head, 0, "shirt"), 0);
	assert_int_equal(dla_head_save(w.head, w.path), 0);
	dla_head_weights(w.head, before);
	assert_int_equal(dla_read_file(w.path, (void **)&data, &bytes), 0);
	copy = malloc(bytes + 16);
	for (size_t i = 0; i < bytes; i++) {
		data[i] ^= 1;
		is_refused(&w, data, bytes);
		data[i] ^= 1;
	}
	for (size_t left = 0; left < bytes; left += left < 200 || left > bytes - 200 ? 1 : 37)
		is_refused(&w, data, left);
	memcpy(copy, data, bytes);
	memset(copy + bytes, 0, 16);
	is_refused(&w, copy, bytes + 16);
	dla_head_weights(w.head, after);
	assert_memory_equal(before, after, sizeof(before));

	/* Made by somebody who knows the checksum: refused, or a head that works. */
	for (unsigned int i = 0; i < 1500; i++) {
		size_t length = bytes;

		memcpy(copy, data, bytes);
		/* Half of the time in front, where the numbers are that count others. */
		for (unsigned int n = 0; n <= i % 3; n++)
			copy[24 + (size_t)rand_r(&seed) % (i % 2 ? 160 : bytes - 24)] = odd[(unsigned int)rand_r(&seed) % sizeof(odd)];
		if (i % 7 == 0)
			length = 24 + (size_t)rand_r(&seed) % (bytes - 24);
		mend(copy, length);
		write_bytes(w.path, copy, length);
		if (!dla_head_restore(w.head, w.path)) {
			struct dla_network *network = restored++ % 40 ? NULL : dla_head_network(w.head);
			int8_t *output = network ? calloc(1, dla_network_output(network, 0)->bytes) : NULL;

			if (network)
				run(network, 1, output);
			free(output);
			dla_network_free(network);
		} else {
			assert_true(errno == EINVAL || errno == ESTALE);
		}
	}
	assert_true(restored > 100 && restored < 1500);
	free(copy);
	free(data);
	end(&w);
}

/* No file may become longer than this. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_costs_nothing_that_was_there(void **unused)
{
	struct dla_samples *samples;
	struct dla_head *other;
	int8_t features[FEATURES] = { 0 };
	unsigned int seed = 1;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	signal(SIGXFSZ, SIG_IGN);
	add_many(w.samples, 0, 9, 5);
	assert_int_equal(dla_head_save(w.head, w.path), 0);
	train(w.head, w.samples, NULL, NULL);
	limit_files(1000);
	assert_fails(dla_head_save(w.head, w.path), EFBIG);
	limit_files(RLIM_INFINITY);
	other = new_head(w.device, FASHION, &on_the_cpu);
	assert_int_equal(dla_head_restore(other, w.path), 0);
	assert_int_equal(version_of(other), 0);
	dla_head_free(other);
	unlink(w.path);

	limit_files(1000);
	assert_fails(dla_head_train(w.head, w.samples, &(struct dla_train_options) { .checkpoint = w.path }, NULL), EFBIG);
	assert_int_equal(version_of(w.head), 1);
	limit_files(RLIM_INFINITY);

	samples = dla_samples_open(w.head, w.path);
	assert_non_null(samples);
	add(samples, 1, 1, &seed);
	limit_files(200);
	assert_fails(dla_samples_add(samples, features, 2), EFBIG);
	limit_files(RLIM_INFINITY);
	assert_int_equal(dla_samples_count(samples), 1);
	add(samples, 3, 3, &seed);
	assert_int_equal(dla_samples_close(samples), 0);
	samples = dla_samples_open(w.head, w.path);
	assert_non_null(samples);
	assert_int_equal(dla_samples_count(samples), 2);
	assert_int_equal(dla_samples_label(samples, 1), 3);
	assert_int_equal(dla_samples_close(samples), 0);
	end(&w);
}

/* Whoever runs as root may write over it. */
static void what_is_no_file_stays(void **unused)
{
	struct dla_train_options to_it = { .epochs = 1 };
	struct stat status;
	struct world w;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	add_many(w.samples, 0, 9, 5);
	assert_int_equal(mkfifo(w.path, 0600), 0);
	assert_fails(dla_head_save(w.head, w.path), EINVAL);
	assert_non_null(strstr(dla_strerror(), "no file"));
	assert_int_equal(stat(w.path, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
	errno = 0;
	assert_null(dla_samples_open(w.head, w.path));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(dla_strerror(), "no file"));
	unlink(w.path);

	/* Which is empty when it is read. */
	assert_int_equal(symlink("/dev/zero", w.path), 0);
	to_it.checkpoint = w.path;
	assert_fails(dla_head_train(w.head, w.samples, &to_it, NULL), EINVAL);
	assert_int_equal(lstat(w.path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	end(&w);
}

struct saver {
	struct dla_head *head;
	char path[80];
	pthread_t thread;
};

static void *save_often(void *ctx)
{
	const struct saver *saver = ctx;

	for (unsigned int i = 0; i < 500; i++)
		if (dla_head_save(saver->head, saver->path))
			return ctx;
	return NULL;
}

/* The mask is the whole process'. */
static void files_get_the_permissions_that_they_should(void **unused)
{
	struct saver saver[4];
	void *failed[4];
	struct stat status;
	struct world w;
	mode_t mask;

	(void)unused;
	begin(&w, "cpu", &on_the_cpu);
	mask = umask(027);
	for (unsigned int i = 0; i < 4; i++) {
		saver[i].head = new_head(w.device, FASHION, &on_the_cpu);
		snprintf(saver[i].path, sizeof(saver[i].path), "%s.%u", w.path, i);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&saver[i].thread, NULL, save_often, &saver[i]), 0);
	for (unsigned int i = 0; i < 4; i++)
		pthread_join(saver[i].thread, &failed[i]);
	for (unsigned int i = 0; i < 4; i++) {
		assert_null(failed[i]);
		assert_int_equal(stat(saver[i].path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0640);
		unlink(saver[i].path);
		dla_head_free(saver[i].head);
	}
	assert_int_equal(umask(mask), 027);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untrained_network_is_that_of_the_file),
		cmocka_unit_test(the_backbone_is_compiled_once),
		cmocka_unit_test(answers_are_those_of_evaluation),
		cmocka_unit_test(inputs_and_outputs_can_be_bound),
		cmocka_unit_test(networks_run_while_the_head_learns),
		cmocka_unit_test(a_backbone_is_known_by_what_makes_features),
		cmocka_unit_test(what_cannot_be_cut_is_told),
		cmocka_unit_test(a_head_learns),
		cmocka_unit_test(each_option_does_what_it_says),
		cmocka_unit_test(proximal_is_towards_the_start),
		cmocka_unit_test(a_new_class_is_learnt_too),
		cmocka_unit_test(what_got_worse_is_taken_back),
		cmocka_unit_test(a_training_goes_on_behind_a_power_cut),
		cmocka_unit_test(bad_trainings_are_refused),
		cmocka_unit_test(weights_are_checked),
		cmocka_unit_test(extreme_weights_make_networks),
		cmocka_unit_test(calibration_needs_samples_or_guesses),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(samples_outlive_a_power_cut),
		cmocka_unit_test(samples_are_checked),
		cmocka_unit_test(a_head_is_saved_and_restored),
		cmocka_unit_test(a_damaged_head_is_refused),
		cmocka_unit_test(a_full_disk_costs_nothing_that_was_there),
		cmocka_unit_test(what_is_no_file_stays),
		cmocka_unit_test(files_get_the_permissions_that_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
