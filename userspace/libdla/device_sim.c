// SPDX-License-Identifier: MIT
/*
 * The emulated NPU in this process: the kernel driver's engine core on top, the emulator's registers
 * below, memory and time between them. It meets the same structures and the same validator as a
 * program that goes through the kernel, and like there jobs run on their own, one after the other, while
 * the submitter does something else.
 *
 * With a clock it takes as long over a job as a device of that clock would: the thread that emulates
 * sleeps until the moment of each interrupt. The processor is free meanwhile, so that even one with
 * few cores shows what overlaps.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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

/* What a register reads as when there is no device behind it. */
#define NOBODY		0xffffffffu

/* The board that is emulated, where nobody has said: an FPGA's clock, and the CPUs that stand beside it. */
#define BOARD_HZ	100000000
#define BOARD_CPU	"slow-in-order"

struct dla_program {
	unsigned int count;
	struct drm_nvdla_slot slot[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_image *image;
	struct drm_nvdla_lut *lut;
};

struct sim {
	struct dla_device base;
	const struct nvdla_config *config;
	const struct nvdla_emu_api *api;
	uint64_t clock_hz;		/* 0: not paced */

	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t change;		/* a job more, none running any more, time to stop */
	pthread_t thread;
	struct dla_job_list waiting;
	bool busy, stop, used;
	struct dla_sim_memory memory;
	struct dla_npu_stats stats;

	/* The thread's while it is busy; whoever holds the lock may touch it when not. */
	struct nvdla_emu_params params;
	struct nvdla_emu *emu;
	uint32_t interrupt_cost;
	struct nvdla_hw hw;
	struct nvdla_io io;
	bool ready;			/* the convolution buffer has been flushed since reset */
	struct dla_record *record;
	const struct dla_job *job;
	struct nvdla_binding range[DRM_NVDLA_MAX_SLOTS];	/* device addresses of its bindings */
	uint64_t start_ns, start_cycle;
	uint64_t interrupts;
};

static struct sim *to_sim(struct dla_device *device)
{
	return (struct sim *)device;
}

/* -------------------------------------------------------------------- what the emulator sees */

/* It may touch what is bound, and nothing else. */
static uint8_t *memory_at(const struct sim *sim, uint64_t addr, size_t len)
{
	for (unsigned int i = 0; i < sim->job->bindings; i++) {
		const struct nvdla_binding *range = &sim->range[i];
		const struct dla_binding *binding = &sim->job->binding[i];

		if (addr >= range->addr && addr - range->addr <= range->size &&
		    len <= range->size - (addr - range->addr) && binding->buffer)
			return (uint8_t *)binding->buffer->map + binding->offset + (addr - range->addr);
	}
	return NULL;
}

static int memory_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const uint8_t *data = memory_at(ctx, addr, len);

	if (!data)
		return -EFAULT;
	memcpy(buf, data, len);
	return 0;
}

static int memory_write(void *ctx, uint64_t addr, const void *buf, size_t len)
{
	struct sim *sim = ctx;
	uint8_t *data = memory_at(sim, addr, len);

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
	buffer = dla_sim_memory_add(&sim->memory, NULL, size);
	pthread_mutex_unlock(&sim->lock);
	if (!buffer)
		return dla_fail(ENOMEM, "out of memory for a buffer of %zu bytes", size);
	buffer->base.device = device;
	*out = &buffer->base;
	return 0;
}

static int sim_buffer_import(struct dla_device *device, int fd, struct dla_buffer **out)
{
	struct sim *sim = to_sim(device);
	struct dla_sim_buffer *buffer;
	off_t size = lseek(fd, 0, SEEK_END);
	void *map = size > 0 ? mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (map == MAP_FAILED)
		return dla_fail(size > 0 ? errno : EINVAL, "a buffer cannot be mapped: %s",
				size > 0 ? strerror(errno) : "it is empty");
	pthread_mutex_lock(&sim->lock);
	buffer = dla_sim_memory_add(&sim->memory, map, (size_t)size);
	pthread_mutex_unlock(&sim->lock);
	if (!buffer) {
		munmap(map, (size_t)size);
		return dla_fail(ENOMEM, "out of addresses for a buffer of %lld bytes", (long long)size);
	}
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
		return dla_fail_memory();
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

/* Cycles of the job so far, as time. */
static uint64_t modelled_ns(const struct sim *sim)
{
	uint64_t cycles = sim->api->time(sim->emu) - sim->start_cycle;

	return sim->start_ns + cycles / sim->clock_hz * 1000000000 +
	       cycles % sim->clock_hz * 1000000000 / sim->clock_hz;
}

static uint64_t time_ns(const struct sim *sim)
{
	return sim->clock_hz ? modelled_ns(sim) : dla_now_ns();
}

/* A moment that has gone by already is none to wait for: the emulator is slower than the device then. */
static void pace(const struct sim *sim)
{
	uint64_t until;
	struct timespec time;

	if (!sim->clock_hz)
		return;
	until = modelled_ns(sim);
	time.tv_sec = (time_t)(until / 1000000000);
	time.tv_nsec = (long)(until % 1000000000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

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
		if (register_read(sim, NVDLA_CBUF_FLUSH_STATUS) == NOBODY)
			return dla_fail(ENODEV, "the NPU does not answer any more");
		if (sim->api->time(sim->emu) - start > FLUSH_LIMIT)
			return dla_fail(EIO, "the convolution buffer is not flushed after %u cycles", FLUSH_LIMIT);
		wait_for_event(sim);
	}
	nvdla_hw_reset(&sim->hw);
	register_write(sim, NVDLA_GLB_INTR_MASK, ~NVDLA_DONE_BITS);
	register_write(sim, NVDLA_MCIF_RD_WEIGHT_1, NVDLA_READ_TURNS);
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
		status = sim->api->read(sim->emu, NVDLA_GLB_INTR_STATUS);
		if (status == NOBODY)
			return dla_fail(ENODEV, "the NPU does not answer any more");
		status &= NVDLA_DONE_BITS;
		if (wanted ? (status & wanted) == wanted : status != 0)
			break;
		if (!wait_for_event(sim)) {
			const char *reason = sim->api->hang_reason(sim->emu);

			return dla_fail(ETIMEDOUT, "the NPU hangs: %s", reason ? reason : "nothing is running");
		}
	}
	if (sim->interrupt_cost) {
		sim->api->advance(sim->emu, sim->interrupt_cost);
		status = sim->api->read(sim->emu, NVDLA_GLB_INTR_STATUS) & NVDLA_DONE_BITS;
	}
	*bits = wanted ? wanted : status;
	if (sim->record)
		dla_record_poll(sim->record, NVDLA_GLB_INTR_STATUS, *bits, *bits);
	sim->interrupts++;
	pace(sim);
	register_write(sim, NVDLA_GLB_INTR_STATUS, *bits);
	return 0;
}

static void note_times(const struct sim *sim, const struct nvdla_seq *seq)
{
	struct drm_nvdla_time *times = sim->job->times;
	uint64_t now = time_ns(sim);

	if (!times)
		return;
	for (unsigned int i = 0; i < seq->started.count; i++)
		times[seq->started.op[i]].start_ns = now;
	for (unsigned int i = 0; i < seq->finished.count; i++)
		times[seq->finished.op[i]].end_ns = now;
}

static int run_program(struct sim *sim, struct dla_job *job)
{
	const struct nvdla_code code = {
		.images = job->program->image, .luts = job->program->lut, .count = job->program->count,
	};
	struct nvdla_seq seq;
	int err = 0;

	nvdla_seq_begin(&seq, &sim->hw, &sim->io, &code, sim->range);
	note_times(sim, &seq);
	while (!err && !nvdla_seq_finished(&seq)) {
		u32 bits = 0;

		err = wait_for_interrupt(sim, &seq, &bits);
		if (!err) {
			nvdla_seq_interrupt(&seq, bits);
			note_times(sim, &seq);
			job->progress(job, nvdla_seq_oldest(&seq, &bits));
		}
	}
	if (err) {
		/* What hangs would hold its engine for ever. */
		sim->api->reset(sim->emu);
		sim->ready = false;
	}
	return err;
}

static void count(struct sim *sim, const struct nvdla_emu_stats *before)
{
	struct dla_npu_stats *stats = &sim->stats;
	struct nvdla_emu_stats now;
	uint64_t macs;
	int64_t late;

	sim->api->get_stats(sim->emu, &now);
	macs = now.macs - before->macs;
	late = sim->clock_hz ? (int64_t)(dla_now_ns() - modelled_ns(sim)) : 0;
	pthread_mutex_lock(&sim->lock);
	for (unsigned int i = 0; i < NVDLA_EMU_ENGINES; i++)
		stats->operations += now.operations[i] - before->operations[i];
	stats->macs += macs;
	stats->mac_cycles += macs / (sim->config->atomic_c * sim->config->atomic_k);
	stats->cycles += sim->api->time(sim->emu) - sim->start_cycle;
	stats->read_bytes += now.read_bytes - before->read_bytes;
	stats->write_bytes += now.write_bytes - before->write_bytes;
	stats->register_writes += now.register_writes - before->register_writes;
	stats->interrupts += sim->interrupts;
	/* What follows the last interrupt is not waited for, so it may be early. */
	if (late > 0)
		stats->late_ns += (uint64_t)late;
	pthread_mutex_unlock(&sim->lock);
}

static int bind(struct sim *sim, const struct dla_job *job)
{
	const struct drm_nvdla_slot *slot = job->program->slot;
	struct nvdla_diag diag = { 0 };
	int err;

	memset(sim->range, 0, sizeof(sim->range));
	for (unsigned int i = 0; i < job->bindings; i++) {
		const struct dla_binding *binding = &job->binding[i];
		const struct dla_sim_buffer *buffer = (const struct dla_sim_buffer *)binding->buffer;

		if (!buffer)
			continue;
		sim->range[i].addr = buffer->addr + binding->offset;
		sim->range[i].size = binding->size;
		if (sim->record && slot[i].min_size)
			dla_record_memory(sim->record, (uint32_t)sim->range[i].addr,
					  (const uint8_t *)buffer->base.map + binding->offset,
					  slot[i].min_size < binding->size ? slot[i].min_size : binding->size);
	}
	err = nvdla_bindings_check(sim->config, slot, sim->range, job->bindings, &diag);
	return err ? dla_fail(-err, "slot %" PRIu32 ": %s: %s", diag.index, diag.field, diag.rule) : 0;
}

static int run_job(struct sim *sim, struct dla_job *job)
{
	struct nvdla_emu_stats before;
	int err;

	sim->job = job;
	sim->interrupts = 0;
	err = bind(sim, job);
	if (!err && !sim->ready)
		err = make_ready(sim);
	if (err)
		return err;
	sim->api->get_stats(sim->emu, &before);
	sim->start_cycle = sim->api->time(sim->emu);
	sim->start_ns = dla_now_ns();
	job->start_ns = sim->start_ns;
	err = run_program(sim, job);
	job->end_ns = dla_now_ns();
	if (err)
		return err;
	count(sim, &before);
	return sim->record ? dla_record_error(sim->record) : 0;
}

static void *sim_thread(void *ctx)
{
	struct sim *sim = ctx;

	pthread_mutex_lock(&sim->lock);
	for (;;) {
		struct dla_job *job = dla_job_take(&sim->waiting);

		if (!job && sim->stop)
			break;
		if (!job) {
			pthread_cond_wait(&sim->change, &sim->lock);
			continue;
		}
		sim->busy = true;
		sim->used = true;
		pthread_mutex_unlock(&sim->lock);
		dla_error_keep(&job->error, run_job(sim, job));
		pthread_mutex_lock(&sim->lock);
		sim->busy = false;
		pthread_cond_broadcast(&sim->change);
		pthread_mutex_unlock(&sim->lock);
		job->done(job);
		pthread_mutex_lock(&sim->lock);
	}
	pthread_mutex_unlock(&sim->lock);
	return NULL;
}

static void sim_submit(struct dla_device *device, struct dla_job *job)
{
	struct sim *sim = to_sim(device);

	pthread_mutex_lock(&sim->lock);
	dla_job_append(&sim->waiting, job);
	pthread_cond_broadcast(&sim->change);
	pthread_mutex_unlock(&sim->lock);
}

static bool sim_withdraw(struct dla_device *device, struct dla_job *job)
{
	struct sim *sim = to_sim(device);
	bool taken;

	pthread_mutex_lock(&sim->lock);
	taken = dla_job_remove(&sim->waiting, job);
	pthread_mutex_unlock(&sim->lock);
	return taken;
}

static void lock_when_idle(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
	while (sim->busy)
		pthread_cond_wait(&sim->change, &sim->lock);
}

int dla_device_sim_inject(struct dla_device *device, const struct nvdla_emu_fault *fault)
{
	struct sim *sim = to_sim(device);
	int err;

	lock_when_idle(sim);
	err = sim->api->inject(sim->emu, fault);
	pthread_mutex_unlock(&sim->lock);
	return err;
}

int dla_device_sim_set_costs(struct dla_device *device, const struct dla_sim_costs *costs)
{
	struct sim *sim = to_sim(device);
	struct nvdla_emu *emu;

	lock_when_idle(sim);
	sim->params.write_cost = costs->write;
	sim->params.read_cost = costs->read;
	sim->interrupt_cost = costs->interrupt;
	emu = sim->api->create(&sim->params);
	if (emu) {
		sim->api->destroy(sim->emu);
		sim->emu = emu;
	}
	pthread_mutex_unlock(&sim->lock);
	return emu ? 0 : -errno;
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

	lock_when_idle(sim);
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

	pthread_mutex_lock(&sim->lock);
	sim->stop = true;
	pthread_cond_broadcast(&sim->change);
	pthread_mutex_unlock(&sim->lock);
	pthread_join(sim->thread, NULL);
	dla_record_close(sim->record);
	sim->api->destroy(sim->emu);
	pthread_cond_destroy(&sim->change);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
}

static void format_name(char *name, size_t size, const char *config, uint64_t hz)
{
	if (!hz)
		snprintf(name, size, "sim:%s", config);
	else if (hz % 1000000 == 0)
		snprintf(name, size, "sim:%s@%" PRIu64 "MHz", config, hz / 1000000);
	else
		snprintf(name, size, "sim:%s@%" PRIu64 "Hz", config, hz);
}

int dla_device_sim_open(const char *name, uint64_t clock_hz, struct dla_device **device)
{
	static const struct dla_device_ops ops = {
		.close = sim_close,
		.buffer_new = sim_buffer_new,
		.buffer_import = sim_buffer_import,
		.buffer_free = sim_buffer_free,
		.program_new = sim_program_new,
		.program_free = sim_program_free,
		.submit = sim_submit,
		.withdraw = sim_withdraw,
		.stats = sim_stats,
		.record = sim_record,
	};
	const struct nvdla_config *config = nvdla_config_find(name);
	const struct nvdla_emu_api *api = config ? dla_emulator_load() : NULL;
	struct sim *sim;
	int err = 0;

	if (!config)
		return dla_fail(EINVAL, "sim:%s: no such configuration to run networks on; there is nv_small", name);
	if (!api)
		return -ENOENT;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return dla_fail_memory();
	pthread_mutex_init(&sim->lock, NULL);
	pthread_cond_init(&sim->change, NULL);
	sim->base.ops = &ops;
	format_name(sim->base.name, sizeof(sim->base.name), name, clock_hz);
	nvdla_config_info(config, &sim->base.info);
	sim->base.info.flags = DRM_NVDLA_INFO_COHERENT | DRM_NVDLA_INFO_RESET;
	sim->config = config;
	sim->api = api;
	sim->clock_hz = clock_hz;
	sim->base.info.max_khz = (uint32_t)((clock_hz ? clock_hz : BOARD_HZ) / 1000);
	sim->base.profile = BOARD_CPU;
	sim->io = (struct nvdla_io) { .ctx = sim, .read = register_read, .write = register_write };
	sim->params = (struct nvdla_emu_params) {
		.config = config->name,
		.read = memory_read,
		.write = memory_write,
		.ctx = sim,
		.write_cost = WRITE_COST,
		.read_cost = READ_COST,
	};
	sim->emu = api->create(&sim->params);
	if (!sim->emu)
		err = errno;
	else
		err = pthread_create(&sim->thread, NULL, sim_thread, sim);
	if (!err) {
		*device = &sim->base;
		return 0;
	}
	if (sim->emu)
		api->destroy(sim->emu);
	pthread_cond_destroy(&sim->change);
	pthread_mutex_destroy(&sim->lock);
	free(sim);
	return dla_fail(err, "sim:%s: %s", name, strerror(err));
}
