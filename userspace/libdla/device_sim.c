// SPDX-License-Identifier: MIT
/*
 * The emulated NPU in this process: the kernel driver's engine core on top, the emulator's registers
 * below, memory and time between them. It meets the same structures and the same validator as a
 * program that goes through the kernel.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "emulator.h"
#include "error.h"
#include "nvdla_core.h"
#include "record.h"
#include "sim_memory.h"

/* A register access over APB, in quarters of a cycle, as measured on NVIDIA's RTL. */
#define WRITE_COST	9
#define READ_COST	80

/* The flush of the convolution buffer takes some 8,200 cycles after reset. */
#define FLUSH_LIMIT	100000

struct dla_program {
	unsigned int count;
	struct drm_nvdla_slot slot[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_image *image;
	struct drm_nvdla_lut *lut;
};

struct sim {
	struct dla_device base;
	pthread_mutex_t lock;		/* of all below: one program at a time */
	const struct nvdla_config *config;
	const struct nvdla_emu_api *api;
	struct nvdla_emu *emu;
	struct dla_sim_memory memory;
	struct nvdla_hw hw;
	struct nvdla_io io;
	bool ready;			/* the convolution buffer has been flushed since reset */
	bool used;
	struct dla_record *record;
	struct dla_npu_stats stats;
};

static struct sim *to_sim(struct dla_device *device)
{
	return (struct sim *)device;
}

/* -------------------------------------------------------------------- what the emulator sees */

static int memory_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct sim *sim = ctx;
	const void *data = dla_sim_memory_find(&sim->memory, addr, len);

	if (!data)
		return -EFAULT;
	memcpy(buf, data, len);
	return 0;
}

static int memory_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct sim *sim = ctx;
	void *data = dla_sim_memory_find(&sim->memory, addr, len);

	if (!data)
		return -EFAULT;
	memcpy(data, buf, len);
	if (sim->record)
		dla_record_npu_wrote(sim->record, (uint32_t)addr, buf, len);
	return 0;
}

/* ------------------------------------------------------------------ what the engine core sees */

static u32 register_read(void *ctx, u32 offset)
{
	struct sim *sim = ctx;

	return sim->api->read(sim->emu, offset);
}

static void register_write(void *ctx, u32 offset, u32 value)
{
	struct sim *sim = ctx;

	if (sim->record)
		dla_record_write(sim->record, offset, value);
	sim->api->write(sim->emu, offset, value);
}

/* ----------------------------------------------------------------------------------- buffers */

static int sim_buffer_new(struct dla_device *device, size_t size, enum dla_buffer_use use,
			  struct dla_buffer **out)
{
	struct sim *sim = to_sim(device);
	struct dla_sim_buffer *buffer;

	(void)use;
	pthread_mutex_lock(&sim->lock);
	buffer = dla_sim_memory_add(&sim->memory, size);
	pthread_mutex_unlock(&sim->lock);
	if (!buffer)
		return dla_fail(ENOMEM, "out of memory for a buffer of %zu bytes", size);
	buffer->base.device = device;
	*out = &buffer->base;
	return 0;
}

static void sim_buffer_free(struct dla_buffer *buffer)
{
	struct sim *sim = to_sim(buffer->device);

	pthread_mutex_lock(&sim->lock);
	dla_sim_memory_remove(&sim->memory, (struct dla_sim_buffer *)buffer);
	pthread_mutex_unlock(&sim->lock);
}

/* ---------------------------------------------------------------------------------- programs */

static void sim_program_free(struct dla_device *device, struct dla_program *program)
{
	(void)device;
	free(program->image);
	free(program->lut);
	free(program);
}

static int sim_program_new(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
			   const struct drm_nvdla_lut *lut, unsigned int lut_count, struct dla_program **out)
{
	const struct nvdla_config *config = to_sim(device)->config;
	const struct nvdla_source source = {
		.ops = op, .op_count = count, .luts = lut, .lut_count = lut_count,
	};
	struct dla_program *program = calloc(1, sizeof(*program));
	struct nvdla_diag diag = { 0 };
	int err;

	if (!program)
		return dla_fail(ENOMEM, "out of memory");
	program->count = count;
	program->image = calloc(count, sizeof(*program->image));
	program->lut = calloc(lut_count + 1, sizeof(*program->lut));
	if (!program->image || !program->lut) {
		err = dla_fail(ENOMEM, "out of memory for a program of %u layers", count);
	} else {
		err = nvdla_program_check(config, &source, program->slot, &diag);
		if (err)
			dla_fail(-err, "the NPU's validator refused layer %" PRIu32 ": %s: %s", diag.index,
				 diag.field, diag.rule);
	}
	if (err) {
		sim_program_free(device, program);
		return err;
	}
	nvdla_program_encode(config, &source, program->image);
	if (lut_count)
		memcpy(program->lut, lut, lut_count * sizeof(*lut));
	*out = program;
	return 0;
}

/* ----------------------------------------------------------------------------------- running */

/* Let time pass until something happens; false when nothing ever will. */
static bool wait_for_event(struct sim *sim)
{
	uint64_t cycles = sim->api->next_event(sim->emu);

	if (cycles == UINT64_MAX)
		return false;
	sim->api->advance(sim->emu, cycles);
	return true;
}

static int make_ready(struct sim *sim)
{
	uint64_t start = sim->api->time(sim->emu);

	if (sim->record)
		dla_record_poll(sim->record, NVDLA_CBUF_FLUSH_STATUS, 1, 1);
	while (!nvdla_cbuf_flushed(&sim->io)) {
		if (sim->api->time(sim->emu) - start > FLUSH_LIMIT)
			return dla_fail(EIO, "the convolution buffer is not flushed after %u cycles", FLUSH_LIMIT);
		wait_for_event(sim);
	}
	nvdla_hw_reset(&sim->hw);
	register_write(sim, NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);
	sim->ready = true;
	return 0;
}

/*
 * Bits of the next interrupt to hand to the sequencer. A trace has to replay on a device of any
 * speed, so a recorded run waits for one operation after the other, in order; otherwise whatever is
 * done is done.
 */
static int wait_for_interrupt(struct sim *sim, const struct nvdla_seq *seq, u32 *bits)
{
	u32 wanted = 0, status;

	if (sim->record)
		nvdla_seq_oldest(seq, &wanted);
	for (;;) {
		status = sim->api->read(sim->emu, NVDLA_GLB_INTR_STATUS) & NVDLA_DONE_BITS;
		if (wanted ? (status & wanted) == wanted : status != 0)
			break;
		if (!wait_for_event(sim)) {
			const char *reason = sim->api->hang_reason(sim->emu);

			return dla_fail(ETIMEDOUT, "the NPU hangs: %s", reason ? reason : "nothing is running");
		}
	}
	*bits = wanted ? wanted : status;
	if (sim->record)
		dla_record_poll(sim->record, NVDLA_GLB_INTR_STATUS, *bits, *bits);
	sim->stats.interrupts++;
	register_write(sim, NVDLA_GLB_INTR_STATUS, *bits);
	return 0;
}

static int run_program(struct sim *sim, const struct dla_program *program, const struct nvdla_binding *binding,
		       const struct dla_progress *progress)
{
	const struct nvdla_code code = {
		.images = program->image, .luts = program->lut, .count = program->count,
	};
	struct nvdla_seq seq;
	int err = 0;

	nvdla_seq_begin(&seq, &sim->hw, &sim->io, &code, binding);
	while (!err && !nvdla_seq_finished(&seq)) {
		u32 bits = 0;

		err = wait_for_interrupt(sim, &seq, &bits);
		if (!err) {
			nvdla_seq_interrupt(&seq, bits);
			progress->fn(progress->ctx, nvdla_seq_oldest(&seq, &bits));
		}
	}
	if (err) {
		/* What hangs would hold its engine for ever. */
		sim->api->reset(sim->emu);
		sim->ready = false;
	}
	return err;
}

static void count(struct sim *sim, const struct nvdla_emu_stats *before, uint64_t start)
{
	struct dla_npu_stats *stats = &sim->stats;
	struct nvdla_emu_stats now;
	uint64_t macs;

	sim->api->get_stats(sim->emu, &now);
	macs = now.macs - before->macs;
	for (unsigned int i = 0; i < NVDLA_EMU_ENGINES; i++)
		stats->operations += now.operations[i] - before->operations[i];
	stats->macs += macs;
	stats->mac_cycles += macs / (sim->config->atomic_c * sim->config->atomic_k);
	stats->cycles += sim->api->time(sim->emu) - start;
	stats->read_bytes += now.read_bytes - before->read_bytes;
	stats->write_bytes += now.write_bytes - before->write_bytes;
	stats->register_writes += now.register_writes - before->register_writes;
}

static int run_locked(struct sim *sim, const struct dla_program *program, const struct dla_binding *binding,
		      unsigned int bindings, const struct dla_progress *progress)
{
	struct nvdla_binding range[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct nvdla_diag diag = { 0 };
	struct nvdla_emu_stats before;
	uint64_t start;
	int err;

	for (unsigned int i = 0; i < bindings; i++) {
		const struct dla_sim_buffer *buffer = (const struct dla_sim_buffer *)binding[i].buffer;

		if (!buffer)
			continue;
		range[i].addr = buffer->addr + binding[i].offset;
		range[i].size = binding[i].size;
		if (sim->record && program->slot[i].min_size)
			dla_record_memory(sim->record, (uint32_t)range[i].addr,
					  (const uint8_t *)buffer->base.map + binding[i].offset,
					  program->slot[i].min_size < binding[i].size ?
					  program->slot[i].min_size : binding[i].size);
	}
	err = nvdla_bindings_check(sim->config, program->slot, range, bindings, &diag);
	if (err)
		return dla_fail(-err, "slot %" PRIu32 ": %s: %s", diag.index, diag.field, diag.rule);
	if (!sim->ready)
		err = make_ready(sim);
	if (err)
		return err;
	sim->api->get_stats(sim->emu, &before);
	start = sim->api->time(sim->emu);
	err = run_program(sim, program, range, progress);
	if (err)
		return err;
	count(sim, &before, start);
	return sim->record ? dla_record_error(sim->record) : 0;
}

static int sim_run(struct dla_device *device, struct dla_program *program, const struct dla_binding *binding,
		   unsigned int bindings, const struct dla_progress *progress)
{
	struct sim *sim = to_sim(device);
	int err;

	pthread_mutex_lock(&sim->lock);
	sim->used = true;
	err = run_locked(sim, program, binding, bindings, progress);
	pthread_mutex_unlock(&sim->lock);
	return err;
}

static void sim_stats(const struct dla_device *device, struct dla_npu_stats *stats)
{
	struct sim *sim = (struct sim *)device;

	pthread_mutex_lock(&sim->lock);
	*stats = sim->stats;
	pthread_mutex_unlock(&sim->lock);
}

static int sim_record(struct dla_device *device, const char *dir)
{
	struct sim *sim = to_sim(device);
	int err;

	pthread_mutex_lock(&sim->lock);
	if (!dir) {
		err = sim->record ? dla_record_close(sim->record) : dla_fail(EINVAL, "nothing is being recorded");
		sim->record = NULL;
	} else if (sim->used || sim->record) {
		err = dla_fail(EBUSY, "recording has to start before the first run, and once");
	} else {
		err = dla_record_open(dir, &sim->record);
	}
	pthread_mutex_unlock(&sim->lock);
	return err;
}

/* --------------------------------------------------------------------------- opening, closing */

static void sim_close(struct dla_device *device)
{
	struct sim *sim = to_sim(device);

	dla_record_close(sim->record);
	if (sim->emu)
		sim->api->destroy(sim->emu);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
}

int dla_device_sim_open(const char *name, struct dla_device **device)
{
	static const struct dla_device_ops ops = {
		.close = sim_close,
		.buffer_new = sim_buffer_new,
		.buffer_free = sim_buffer_free,
		.program_new = sim_program_new,
		.program_free = sim_program_free,
		.run = sim_run,
		.stats = sim_stats,
		.record = sim_record,
	};
	const struct nvdla_config *config = nvdla_config_find(name);
	const struct nvdla_emu_api *api = config ? dla_emulator_load() : NULL;
	struct sim *sim;
	struct nvdla_emu_params params = {
		.config = name,
		.read = memory_read,
		.write = memory_write,
		.write_cost = WRITE_COST,
		.read_cost = READ_COST,
	};

	if (!config)
		return dla_fail(EINVAL, "sim:%s: no such configuration to run networks on; there is nv_small", name);
	if (!api)
		return -ENOENT;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return dla_fail(ENOMEM, "out of memory");
	pthread_mutex_init(&sim->lock, NULL);
	sim->base.ops = &ops;
	snprintf(sim->base.name, sizeof(sim->base.name), "sim:%s", name);
	nvdla_config_info(config, &sim->base.info);
	sim->base.info.flags = DRM_NVDLA_INFO_COHERENT | DRM_NVDLA_INFO_RESET;
	sim->config = config;
	sim->api = api;
	sim->io = (struct nvdla_io) { .ctx = sim, .read = register_read, .write = register_write };
	params.ctx = sim;
	sim->emu = api->create(&params);
	if (!sim->emu) {
		int err = dla_fail(errno, "sim:%s: %s", name, strerror(errno));

		sim_close(&sim->base);
		return err;
	}
	*device = &sim->base;
	return 0;
}
