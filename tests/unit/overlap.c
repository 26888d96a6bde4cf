// SPDX-License-Identifier: MIT
/* Convolutions cut in two bands so that they overlap: fewer cycles, the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "banks.h"
#include "deps.h"
#include "device.h"
#include "overlap.h"

#define LAYERS	40
#define PROGRAMS 60
#define ATOM	8
#define BANK	4096

static struct dla_device *device;
static unsigned int seed;

static unsigned int between(unsigned int low, unsigned int high)
{
	return low + (unsigned int)rand_r(&seed) % (high - low + 1);
}

static unsigned int at_most(unsigned int value, unsigned int limit)
{
	return value < limit ? value : limit;
}

struct picture {
	unsigned int width, height, channels;
	size_t offset;
};

static unsigned int planes(unsigned int channels)
{
	return (channels + ATOM - 1) / ATOM;
}

static size_t picture_bytes(const struct picture *p)
{
	return (size_t)p->width * p->height * planes(p->channels) * ATOM;
}

static struct drm_nvdla_surface surface(const struct picture *p)
{
	return (struct drm_nvdla_surface) {
		.addr = { .slot = DLA_SLOT_ARENA, .offset = p->offset },
		.line_stride = p->width * ATOM,
		.surface_stride = p->width * p->height * ATOM,
	};
}

/* A convolution of in, whatever its window, with or without a residual; where it ends is out. */
static void add_layer(struct dla_emit *emit, const struct picture *in, struct picture *out,
		      const struct picture *residual, size_t *constants)
{
	unsigned int kernel = between(1, 4), stride = in->height > 30 ? between(1, 2) : 1;
	unsigned int dilation = between(0, 3) ? 1 : 2, reach = (kernel - 1) * dilation + 1;
	unsigned int pad = reach / 2, lines = (in->height + 2 * pad - reach) / stride + 1;
	struct drm_nvdla_op *op = dla_emit_op(emit, DRM_NVDLA_CONV);
	struct drm_nvdla_conv *conv = &op->conv;
	struct drm_nvdla_sdp *sdp;
	unsigned int bytes;

	if (residual && (kernel > 3 || kernel == 2 || stride > 1))
		residual = NULL;
	out->width = (in->width + 2 * pad - reach) / stride + 1;
	out->height = lines;
	out->channels = residual ? residual->channels : between(1, 24);
	if (residual && (residual->width != out->width || residual->height != out->height))
		residual = NULL;

	conv->src = surface(in);
	conv->format = DRM_NVDLA_FEATURE;
	conv->src_width = (__u16)in->width;
	conv->src_height = (__u16)in->height;
	conv->src_channels = (__u16)in->channels;
	conv->kernels = (__u16)out->channels;
	conv->kernel_width = conv->kernel_height = (__u8)kernel;
	conv->stride_x = conv->stride_y = (__u8)stride;
	conv->dilation_x = conv->dilation_y = (__u8)dilation;
	conv->pad_left = conv->pad_top = (__u8)pad;
	conv->pad_right = (__u8)((out->width - 1) * stride + reach - in->width - pad);
	conv->pad_bottom = (__u8)((lines - 1) * stride + reach - in->height - pad);
	/* What strides leave over is not read. */
	if ((int)((out->width - 1) * stride + reach - pad) < (int)in->width) {
		conv->src_width = (__u16)((out->width - 1) * stride + reach - pad);
		conv->pad_right = 0;
	}
	if ((int)((lines - 1) * stride + reach - pad) < (int)in->height) {
		conv->src_height = (__u16)((lines - 1) * stride + reach - pad);
		conv->pad_bottom = 0;
	}
	conv->pad_value = (__s16)between(0, 255) - 128;
	conv->dst_width = (__u16)out->width;
	conv->dst_height = (__u16)lines;
	bytes = out->channels * kernel * kernel * in->channels;
	conv->weights = (struct drm_nvdla_addr){ .slot = DLA_SLOT_CONSTANTS, .offset = *constants };
	conv->weight_bytes = (bytes + 127) / 128 * 128;
	*constants += (conv->weight_bytes + 255) / 256 * 256;
	conv->data_banks = (__u8)(((size_t)conv->src_width * conv->src_height * planes(in->channels) * ATOM +
				   BANK - 1) / BANK);
	conv->weight_banks = (__u8)at_most((bytes + 128 + BANK - 1) / BANK, between(1, 2) == 1 ? 32 : 2);
	assert_true((at_most(out->channels, 8) * kernel * kernel * in->channels + 128u) <= conv->weight_banks * BANK);

	op = dla_emit_op(emit, DRM_NVDLA_SDP);
	sdp = &op->sdp;
	sdp->source = DRM_NVDLA_SOURCE_OP;
	sdp->dst = surface(out);
	sdp->width = (__u16)out->width;
	sdp->height = (__u16)lines;
	sdp->channels = (__u16)out->channels;
	sdp->x1.mul_shift = 6;
	if (residual) {
		sdp->x2.operand = surface(residual);
		sdp->x2.alu = DRM_NVDLA_ALU_SUM;
		sdp->x2.alu_operand = DRM_NVDLA_OPERAND_ELEMENT;
		sdp->x2.operand_bytes = 1;
	}
	sdp->out_scale = 1;
}

/* Each layer reads what the one before makes, most of the time; memory is used again and again. */
static void random_program(struct dla_emit *emit, struct picture *input, size_t *constants)
{
	struct picture in, before;

	emit->count = 0;
	*constants = 0;
	in = before = *input = (struct picture){ between(4, 20), between(8, 50), between(1, 24), 0 };
	for (unsigned int i = 1; i < LAYERS; i++) {
		struct picture out = { .offset = (size_t)(i % 4) << 16 };
		const struct picture *from = between(0, 5) ? &in : &before;

		add_layer(emit, from, &out, i > 1 && from == &in && !between(0, 3) ? &before : NULL, constants);
		assert_true(picture_bytes(&out) <= 1 << 16);
		if (out.height < 3 || out.width < 3)
			break;
		before = in;
		in = out;
	}
}

struct result {
	int8_t arena[4 << 16];
	uint64_t cycles;
};

static sem_t over;

static void ignore(struct dla_job *job, unsigned int layers)
{
	(void)job;
	(void)layers;
}

static void done(struct dla_job *job)
{
	(void)job;
	sem_post(&over);
}

static void run(struct dla_emit *emit, size_t constant_bytes, struct result *result)
{
	struct dla_npu_stats before, after;
	struct dla_binding binding[DLA_SLOTS] = { 0 };
	struct dla_buffer *constants, *arena;
	struct dla_job job = { .bindings = DLA_SLOTS, .binding = binding, .progress = ignore, .done = done };
	unsigned int state = 1;

	assert_int_equal(device->ops->buffer_new(device, constant_bytes, DLA_BUFFER_CONSTANTS, &constants), 0);
	assert_int_equal(device->ops->buffer_new(device, sizeof(result->arena), DLA_BUFFER_TENSORS, &arena), 0);
	for (size_t i = 0; i < constant_bytes; i++)
		((int8_t *)constants->map)[i] = (int8_t)(rand_r(&state) >> 7);
	for (size_t i = 0; i < sizeof(result->arena); i++)
		((int8_t *)arena->map)[i] = (int8_t)(rand_r(&state) >> 7);
	binding[DLA_SLOT_CONSTANTS] = (struct dla_binding){ constants, 0, constant_bytes };
	binding[DLA_SLOT_ARENA] = (struct dla_binding){ arena, 0, sizeof(result->arena) };

	dla_banks_share(&device->info, emit->op, emit->count);
	assert_int_equal(dla_deps_find(&device->info, emit->op, emit->count), 0);
	if (device->ops->program_new(device, emit->op, emit->count, NULL, 0, &job.program))
		fail_msg("%s", dla_strerror());
	dla_device_stats(device, &before);
	device->ops->submit(device, &job);
	sem_wait(&over);
	assert_int_equal(job.error.err, 0);
	dla_device_stats(device, &after);
	result->cycles = after.cycles - before.cycles;
	memcpy(result->arena, arena->map, sizeof(result->arena));
	device->ops->program_free(device, job.program);
	device->ops->buffer_free(arena);
	device->ops->buffer_free(constants);
}

static void cut_programs_do_the_same(void **state)
{
	static struct result whole, cut;
	unsigned int cuts = 0, kept_lines = 0, kept_weights = 0;
	uint64_t cycles = 0, cycles_cut = 0;

	(void)state;
	sem_init(&over, 0, 0);
	device = dla_device_open("sim:nv_small");
	assert_non_null(device);
	for (unsigned int n = 0; n < PROGRAMS; n++) {
		struct dla_emit emit = { 0 }, again = { 0 };
		struct picture input;
		size_t constants;

		seed = n + 1;
		random_program(&emit, &input, &constants);
		again.op = malloc(emit.count * sizeof(*again.op));
		memcpy(again.op, emit.op, emit.count * sizeof(*again.op));
		again.count = again.room = emit.count;

		run(&emit, constants, &whole);
		assert_int_equal(dla_overlap(&device->info, &again), 0);
		assert_true(again.count >= emit.count && again.count <= emit.count + emit.count / 16 + 1);
		cuts += (again.count - emit.count) / 2;
		for (unsigned int i = 0; i < again.count; i++) {
			if (again.op[i].engine != DRM_NVDLA_CONV)
				continue;
			kept_lines += again.op[i].conv.reuse_lines > 0;
			kept_weights += again.op[i].conv.flags != 0;
		}
		run(&again, constants, &cut);
		if (memcmp(whole.arena, cut.arena, sizeof(whole.arena)))
			fail_msg("program %u of %u layers computes something else when it is cut", n,
				 emit.count / 2);
		cycles += whole.cycles;
		cycles_cut += cut.cycles;
		free(emit.op);
		free(again.op);
	}
	dla_device_close(device);
	sem_destroy(&over);
	printf("# %u cuts in %u programs, %u keep lines, %llu cycles instead of %llu\n", cuts, PROGRAMS, kept_lines,
	       (unsigned long long)cycles_cut, (unsigned long long)cycles);
	assert_true(cuts > PROGRAMS / 2 && kept_lines && kept_weights);
	assert_true(cycles_cut < cycles);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_programs_do_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
