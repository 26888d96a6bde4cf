// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-resv.h>
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem_dma_helper.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_gem.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"
#include "nvdla_selftest.h"
#include "nvdla_selftest_image.h"
#include "nvdla_snapshot.h"
#include "nvdla_stats.h"
#include "nvdla_submit.h"

/*
 * Programs with known results, which tell which part of a device does not work, and whether it is
 * the device or what is around it. They come from a file, are checked as a user's programs are,
 * and go the way of these: a client, a queue, the scheduler. Nothing here touches the hardware but
 * to read a few registers while no job is on it.
 *
 * It all happens in a work item: neither probe nor the removal of the device waits for a file
 * system. Removal cancels in two steps. First no further test begins, and who waits for the end is
 * woken; then, with the device unplugged and its jobs ended, the work item has nothing left to wait
 * for.
 */

#define TIMEOUT_MS	3000
#define REPORT_BYTES	(32 << 10)
#define GLB_VERSION	0x1000
#define REGISTER_TRIES	10

static bool selftest;
module_param(selftest, bool, 0444);
MODULE_PARM_DESC(selftest, "Test each device when it is found, with nvdla/<config>-selftest.bin");

MODULE_FIRMWARE("nvdla/nv_small-selftest.bin");

/**
 * struct nvdla_selftest - the self-test of a device
 * @ndev: Device.
 * @work: Runs it.
 * @ended: Woken at its end.
 * @lock: Guards @report and @used.
 * @report: What the last run, or the one that is running, has found.
 * @used: Bytes of it.
 * @running: @work has been queued and has not ended; a bit, so that one asker alone sets it.
 * @cancelled: The device goes away.
 */
struct nvdla_selftest {
	struct nvdla_device *ndev;
	struct work_struct work;
	wait_queue_head_t ended;
	struct mutex lock;	/* of the report */
	char *report;
	size_t used;
	unsigned long running;
	bool cancelled;
};

/* What a run has found so far, beside its report. */
struct nvdla_selftest_tally {
	u32 run;
	u32 failed;
	u32 failed_of[NVDLA_ENGINES];	/* by nvdla_selftest_program.part */
	u32 timeouts;
	u32 unsaid;			/* of these, those with nothing running */
	u32 lost;
	u32 untouched;
	u32 registers;
	u32 refused;
	bool gone;
	const char *stopped;		/* why not all tests were run */
};

/* A run. */
struct nvdla_selftest_run {
	struct nvdla_selftest *st;
	struct nvdla_device *ndev;
	struct nvdla_client *client;
	struct nvdla_queue *queue;
	struct nvdla_selftest_image image;
	struct nvdla_selftest_tally tally;
};

/* A test. */
struct nvdla_selftest_case {
	struct nvdla_selftest_program program;
	struct drm_gem_object *bos[DRM_NVDLA_MAX_SLOTS];
	u8 *copy;	/* of a slot */
};

static __printf(2, 3) void nvdla_selftest_say(struct nvdla_selftest *st, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	mutex_lock(&st->lock);
	st->used += vscnprintf(st->report + st->used, REPORT_BYTES - st->used, format, args);
	mutex_unlock(&st->lock);
	va_end(args);
}

/* Where a test fails for one reason only, one line in the report and in the log. */
static __printf(3, 4) void nvdla_selftest_fail(struct nvdla_selftest_run *run,
					       const struct nvdla_selftest_program *program,
					       const char *format, ...)
{
	struct va_format text = { .fmt = format };
	va_list args;

	va_start(args, format);
	text.va = &args;
	run->tally.failed++;
	run->tally.failed_of[program->part]++;
	nvdla_selftest_say(run->st, "%s: FAIL: %pV\n", program->name, &text);
	drm_err(&run->ndev->drm, "self-test %s (%s): %pV\n", program->name, program->what, &text);
	va_end(args);
}

static bool nvdla_selftest_is_cancelled(const struct nvdla_selftest_run *run)
{
	return READ_ONCE(run->st->cancelled);
}

/* A bus that gets no answer gives all ones, or so most do. */
static bool nvdla_selftest_is_gone(struct nvdla_device *ndev)
{
	bool gone;

	spin_lock_irq(&ndev->lock);
	gone = ndev->powered && ndev->io.read(ndev, GLB_VERSION) == U32_MAX;
	spin_unlock_irq(&ndev->lock);
	return gone;
}

/* All at a moment at which no job is on the hardware. */
static bool nvdla_selftest_read(struct nvdla_selftest_run *run,
				u32 values[NVDLA_SELFTEST_MAX_REGISTERS])
{
	struct nvdla_device *ndev = run->ndev;
	bool idle;

	spin_lock_irq(&ndev->lock);
	idle = ndev->powered && !ndev->job;
	for (u32 i = 0; i < run->image.register_count && idle; i++)
		values[i] = ndev->io.read(ndev, le32_to_cpu(run->image.registers[i].offset));
	spin_unlock_irq(&ndev->lock);
	return idle;
}

static void nvdla_selftest_registers(struct nvdla_selftest_run *run)
{
	u32 values[NVDLA_SELFTEST_MAX_REGISTERS];

	for (u32 tries = 0; !nvdla_selftest_read(run, values); tries++) {
		if (tries == REGISTER_TRIES) {
			nvdla_selftest_say(run->st, "registers: not read, others use the device\n");
			return;
		}
		nvdla_job_wait_idle(run->ndev);
	}
	for (u32 i = 0; i < run->image.register_count; i++) {
		const struct nvdla_selftest_register *reg = &run->image.registers[i];
		u32 value = le32_to_cpu(reg->value), is = values[i] & le32_to_cpu(reg->mask);

		if (is == value)
			continue;
		run->tally.registers++;
		nvdla_selftest_say(run->st, "register %s: FAIL: %#x, not %#x\n", reg->name, is,
				   value);
		drm_err(&run->ndev->drm, "self-test: register %s at %#x is %#x, not %#x\n",
			reg->name, le32_to_cpu(reg->offset), is, value);
	}
	if (!run->tally.registers)
		nvdla_selftest_say(run->st, "registers: %u as they should be\n",
				   run->image.register_count);
	run->tally.gone = nvdla_selftest_is_gone(run->ndev);
}

static u8 *nvdla_selftest_memory(const struct nvdla_selftest_case *test, u32 slot)
{
	return to_drm_gem_dma_obj(test->bos[slot])->vaddr;
}

static void nvdla_selftest_free(struct nvdla_selftest_case *test)
{
	for (u32 i = 0; i < test->program.slot_count; i++)
		if (test->bos[i])
			drm_gem_object_put(test->bos[i]);
	kvfree(test->copy);
}

static int nvdla_selftest_alloc(struct nvdla_selftest_run *run, struct nvdla_selftest_case *test)
{
	u32 most = 0;

	for (u32 i = 0; i < test->program.slot_count; i++) {
		u32 bytes = le32_to_cpu(test->program.slots[i].bytes);
		struct drm_gem_object *obj = nvdla_gem_new(&run->ndev->drm, run->client, bytes);

		if (IS_ERR(obj))
			return PTR_ERR(obj);
		test->bos[i] = obj;
		most = max(most, bytes);
		nvdla_selftest_fill(&run->image, &test->program.slots[i],
				    nvdla_selftest_memory(test, i));
	}
	test->copy = kvmalloc(most, GFP_KERNEL);
	return test->copy ? 0 : -ENOMEM;
}

/* Buffers of a slot that the program does not use have no fence. */
static void nvdla_selftest_wait(const struct nvdla_selftest_case *test)
{
	for (u32 i = 0; i < test->program.slot_count; i++)
		dma_resv_wait_timeout(test->bos[i]->resv, DMA_RESV_USAGE_BOOKKEEP, false,
				      MAX_SCHEDULE_TIMEOUT);
}

static void nvdla_selftest_describe_bits(u32 bits, char *text, size_t size)
{
	static const char * const names[] = { "SDP", "CDP", "PDP" };
	size_t used = 0;

	for (u32 bit = 0; bit < 2 * ARRAY_SIZE(names); bit++)
		if (bits & BIT(bit))
			used += scnprintf(text + used, size - used, "%s%s group %u",
					  used ? ", " : "", names[bit / 2], bit % 2);
}

static void nvdla_selftest_timed_out(struct nvdla_selftest_run *run,
				     const struct nvdla_selftest_program *program,
				     const struct nvdla_fault *fault)
{
	char names[96];

	run->tally.timeouts++;
	nvdla_snapshot_name_running(fault->running, names, sizeof(names));
	/* It may be switched off by now, because it could not be reset. */
	if (fault->running == NVDLA_NO_ANSWER) {
		run->tally.gone = true;
		nvdla_selftest_fail(run, program, "the device does not answer any more");
	} else if (!fault->running) {
		run->tally.unsaid++;
		nvdla_selftest_fail(run, program, "time-out, %s operation %u: %s",
				    nvdla_engine_name(fault->engine), fault->op,
				    "nothing runs, but its done bit was never set");
	} else {
		nvdla_selftest_fail(run, program, "time-out, %s operation %u: running: %s",
				    nvdla_engine_name(fault->engine), fault->op, names);
	}
}

/* Compare what is in memory. All that differs is in the report, the first in the log. */
static void nvdla_selftest_compare(struct nvdla_selftest_run *run, struct nvdla_selftest_case *test)
{
	const struct nvdla_selftest_program *program = &test->program;
	const struct nvdla_selftest_check *first = NULL;
	u32 first_crc = 0, wrong = 0, untouched = 0, copied = U32_MAX;

	for (u32 i = 0; i < program->check_count; i++) {
		const struct nvdla_selftest_check *check = &program->checks[i];
		u32 slot = le32_to_cpu(check->slot), crc;

		/* To read from memory that is not cached takes long. */
		if (slot != copied)
			memcpy(test->copy, nvdla_selftest_memory(test, slot),
			       le32_to_cpu(program->slots[slot].bytes));
		copied = slot;
		crc = nvdla_selftest_crc(check, test->copy);
		if (crc == le32_to_cpu(check->crc))
			continue;
		if (nvdla_selftest_untouched(&run->image, &program->slots[slot], check, test->copy))
			untouched++;
		nvdla_selftest_say(run->st, "  %s: checksum %#010x, not %#010x, over %u bytes\n",
				   check->what, crc, le32_to_cpu(check->crc),
				   le32_to_cpu(check->count));
		if (!wrong++) {
			first = check;
			first_crc = crc;
		}
	}
	if (!wrong) {
		nvdla_selftest_say(run->st, "%s: pass\n", program->name);
	} else if (untouched == wrong) {
		run->tally.untouched++;
		nvdla_selftest_fail(run, program, "nothing written: %s, first of %u of %u checks",
				    first->what, wrong, program->check_count);
	} else {
		nvdla_selftest_fail(run, program,
				    "wrong bytes: %s: checksum %#010x, not %#010x; %u of %u checks",
				    first->what, first_crc, le32_to_cpu(first->crc), wrong,
				    program->check_count);
	}
}

static void nvdla_selftest_judge(struct nvdla_selftest_run *run, struct nvdla_selftest_case *test,
				 bool failed, const struct nvdla_fault *fault, u32 late)
{
	char bits[96] = "";

	nvdla_selftest_describe_bits(late, bits, sizeof(bits));
	if (fault) {
		nvdla_selftest_timed_out(run, &test->program, fault);
	} else if (failed && READ_ONCE(run->ndev->wedged)) {
		run->tally.stopped = "the device hangs and cannot be reset";
	} else if (failed) {
		run->tally.stopped = "a job was not run";
	} else if (late) {
		run->tally.lost++;
		nvdla_selftest_fail(run, &test->program, "lost interrupt: none came for %s", bits);
	} else {
		nvdla_selftest_compare(run, test);
	}
}

/* Hand the program to the scheduler, and wait for its end. */
static void nvdla_selftest_run_program(struct nvdla_selftest_run *run,
				       struct nvdla_selftest_case *test,
				       struct nvdla_program *program)
{
	struct nvdla_queue *queue = run->queue;
	struct nvdla_device *ndev = run->ndev;
	struct nvdla_diag diag = {};
	struct nvdla_fault fault;
	u64 failed, faults;
	u32 late;
	int ret;

	spin_lock_irq(&ndev->lock);
	failed = queue->failed;
	faults = queue->faults;
	queue->late = 0;
	spin_unlock_irq(&ndev->lock);

	ret = nvdla_submit_own(ndev, run->client, program, test->bos, test->program.slot_count,
			       &diag);
	if (ret) {
		run->tally.refused++;
		nvdla_selftest_fail(run, &test->program, "not accepted: slot %u: %s: %s (%d)",
				    diag.index, diag.field ?: "-", diag.rule ?: "-", ret);
		return;
	}
	nvdla_selftest_wait(test);

	spin_lock_irq(&ndev->lock);
	failed = queue->failed - failed;
	faults = queue->faults - faults;
	fault = queue->fault;
	late = queue->late;
	spin_unlock_irq(&ndev->lock);
	if (!nvdla_selftest_is_cancelled(run))
		nvdla_selftest_judge(run, test, failed, faults ? &fault : NULL, late);
}

static void nvdla_selftest_run_test(struct nvdla_selftest_run *run, u32 index)
{
	struct nvdla_selftest_case *test = kzalloc(sizeof(*test), GFP_KERNEL);
	struct nvdla_program *program;
	struct nvdla_diag diag = {};
	int ret;

	if (!test) {
		run->tally.stopped = "out of memory";
		return;
	}
	nvdla_selftest_get(&run->image, index, &test->program);
	run->tally.run++;
	program = nvdla_program_new(run->ndev, run->client, &test->program.source, &diag);
	if (IS_ERR(program)) {
		run->tally.refused++;
		nvdla_selftest_fail(run, &test->program, "refused: operation %u: %s: %s (%ld)",
				    diag.index, diag.field ?: "-", diag.rule ?: "-",
				    PTR_ERR(program));
		goto free;
	}
	ret = nvdla_selftest_alloc(run, test);
	if (ret) {
		nvdla_program_put(program);
		run->tally.stopped = "out of contiguous memory";
	} else {
		nvdla_selftest_run_program(run, test, program);
	}
	nvdla_selftest_free(test);
free:
	kfree(test);
}

static void nvdla_selftest_run_tests(struct nvdla_selftest_run *run)
{
	struct nvdla_selftest_tally *tally = &run->tally;

	nvdla_selftest_registers(run);
	for (u32 i = 0; i < run->image.test_count && !tally->stopped && !tally->gone; i++) {
		if (nvdla_selftest_is_cancelled(run))
			tally->stopped = "the device goes away";
		else if (READ_ONCE(run->ndev->wedged))
			tally->stopped = "the device hangs and cannot be reset";
		else
			nvdla_selftest_run_test(run, i);
	}
}

/* What all that together speaks against, from what explains most to what explains least. */
static const char *nvdla_selftest_verdict(const struct nvdla_selftest_tally *tally)
{
	const u32 memory = tally->failed_of[NVDLA_SELFTEST_MEMORY];

	if (tally->gone)
		return "the device does not answer: check bus, clock and power";
	if (tally->registers)
		return "its registers are not those of this device at rest: check 'reg'";
	if (tally->refused)
		return "the driver refuses programs of the file: it is another driver's";
	if (tally->failed && tally->failed == tally->lost)
		return "interrupts get lost: check 'interrupts' and the wiring";
	if (tally->failed && tally->failed == tally->unsaid)
		return "an engine does not say that it is done: suspect the device";
	if (tally->untouched && memory)
		return "the processor does not see results: check 'dma-coherent', 'dma-ranges'";
	if (memory)
		return "the way to memory does not work; other failures may follow from it";
	if (tally->failed && tally->failed == tally->timeouts)
		return "engines hang: suspect the device, not the driver";
	if (tally->failed)
		return "engines compute wrong results: suspect the device, not the driver";
	return tally->stopped ? "nothing wrong so far" : "nothing wrong";
}

static void nvdla_selftest_sum_up(struct nvdla_selftest_run *run)
{
	const struct nvdla_selftest_tally *tally = &run->tally;
	const char *verdict = nvdla_selftest_verdict(tally);
	struct drm_device *drm = &run->ndev->drm;
	char engines[64] = "";
	size_t used = 0;

	for (u32 part = 0; part < NVDLA_ENGINES; part++)
		if (tally->failed_of[part])
			used += scnprintf(engines + used, sizeof(engines) - used, "%s%s",
					  used ? ", " : " in ",
					  part ? nvdla_engine_name(part) : "memory");
	nvdla_selftest_say(run->st, "result: %u of %u tests run, %u failed%s%s%s\nverdict: %s\n",
			   tally->run, run->image.test_count, tally->failed, engines,
			   tally->stopped ? "; stopped: " : "", tally->stopped ?: "", verdict);
	if (tally->failed || tally->registers || tally->gone)
		drm_err(drm, "self-test: %u of %u tests failed%s: %s\n", tally->failed, tally->run,
			engines, verdict);
	else if (tally->stopped)
		drm_warn(drm, "self-test stopped after %u of %u tests: %s\n", tally->run,
			 run->image.test_count, tally->stopped);
	else
		drm_info(drm, "self-test: %u tests passed\n", tally->run);
}

/* As a client of its own, which nobody else knows. */
static int nvdla_selftest_run_as_client(struct nvdla_selftest_run *run)
{
	struct nvdla_device *ndev = run->ndev;
	int ret;

	run->client = nvdla_client_new(ndev);
	if (IS_ERR(run->client))
		return PTR_ERR(run->client);
	run->queue = nvdla_queue_find(run->client, 0);
	/* It has no jobs yet. */
	run->queue->timeout_ms = TIMEOUT_MS;

	ret = pm_runtime_resume_and_get(ndev->drm.dev);
	if (!ret) {
		nvdla_selftest_run_tests(run);
		pm_runtime_mark_last_busy(ndev->drm.dev);
		pm_runtime_put_autosuspend(ndev->drm.dev);
		nvdla_selftest_sum_up(run);
	}
	nvdla_queue_put(run->queue);
	nvdla_client_shut(ndev, run->client);
	return ret;
}

static int nvdla_selftest_run_image(struct nvdla_selftest *st, const char *name,
				    const struct firmware *firmware)
{
	struct nvdla_selftest_run *run;
	const char *why;
	int ret;

	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN)) {
		nvdla_selftest_say(st, "result: not run: images are for little-endian kernels\n");
		return -EOPNOTSUPP;
	}
	run = kzalloc(sizeof(*run), GFP_KERNEL);
	if (!run)
		return -ENOMEM;
	run->st = st;
	run->ndev = st->ndev;
	ret = nvdla_selftest_parse(firmware->data, firmware->size, st->ndev->config, &run->image,
				   &why);
	if (ret) {
		nvdla_selftest_say(st, "result: not run: %s is %s\n", name, why);
		drm_warn(&st->ndev->drm, "self-test: %s is of no use: %s\n", name, why);
	} else {
		ret = nvdla_selftest_run_as_client(run);
	}
	kfree(run);
	return ret;
}

static void nvdla_selftest_work(struct work_struct *work)
{
	struct nvdla_selftest *st = container_of(work, struct nvdla_selftest, work);
	struct nvdla_device *ndev = st->ndev;
	const struct firmware *firmware;
	char name[64];
	int ret;

	mutex_lock(&st->lock);
	st->used = 0;
	mutex_unlock(&st->lock);
	snprintf(name, sizeof(name), "nvdla/%s-selftest.bin", ndev->config->name);
	nvdla_selftest_say(st, "file: %s\n", name);

	ret = firmware_request_nowarn(&firmware, name, ndev->drm.dev);
	if (ret) {
		nvdla_selftest_say(st, "result: not run: the file cannot be loaded (%d)\n", ret);
		drm_warn(&ndev->drm, "self-test: %s cannot be loaded (%d)\n", name, ret);
	} else {
		ret = nvdla_selftest_run_image(st, name, firmware);
		if (ret && ret != -EINVAL)
			drm_warn(&ndev->drm, "self-test: cannot be run (%d)\n", ret);
		release_firmware(firmware);
	}
	clear_bit_unlock(0, &st->running);
	wake_up_all(&st->ended);
}

static void nvdla_selftest_free_report(struct drm_device *drm, void *data)
{
	kvfree(data);
}

/**
 * nvdla_selftest_init() - set up the self-test
 * @ndev: Device.
 *
 * Return: 0, or an error.
 */
int nvdla_selftest_init(struct nvdla_device *ndev)
{
	struct nvdla_selftest *st = drmm_kzalloc(&ndev->drm, sizeof(*st), GFP_KERNEL);
	int ret;

	if (!st)
		return -ENOMEM;
	st->ndev = ndev;
	INIT_WORK(&st->work, nvdla_selftest_work);
	init_waitqueue_head(&st->ended);
	ret = drmm_mutex_init(&ndev->drm, &st->lock);
	if (ret)
		return ret;
	st->report = kvzalloc(REPORT_BYTES, GFP_KERNEL);
	if (!st->report)
		return -ENOMEM;
	ndev->selftest = st;
	return drmm_add_action_or_reset(&ndev->drm, nvdla_selftest_free_report, st->report);
}

static int nvdla_selftest_start(struct nvdla_selftest *st)
{
	int idx, ret = 0;

	/* From the unplugging on nothing is queued that nvdla_selftest_flush() might not see. */
	if (!drm_dev_enter(&st->ndev->drm, &idx))
		return -ENODEV;
	if (READ_ONCE(st->cancelled))
		ret = -ENODEV;
	else if (test_and_set_bit_lock(0, &st->running))
		ret = -EBUSY;
	else
		queue_work(system_unbound_wq, &st->work);
	drm_dev_exit(idx);
	return ret;
}

/**
 * nvdla_selftest_probe() - start the self-test of a new device, if the module was asked to
 * @ndev: Device, registered.
 */
void nvdla_selftest_probe(struct nvdla_device *ndev)
{
	if (selftest)
		nvdla_selftest_start(ndev->selftest);
}

/**
 * nvdla_selftest_run() - run the self-test, and wait for its end
 * @ndev: Device.
 *
 * A signal ends the wait, not the test.
 *
 * Return: 0 when it has come to its end, whatever its result; -EBUSY if it is running already;
 * -ENODEV if the device is gone or goes away meanwhile; -ERESTARTSYS for a signal.
 */
int nvdla_selftest_run(struct nvdla_device *ndev)
{
	struct nvdla_selftest *st = ndev->selftest;
	int ret = nvdla_selftest_start(st);

	if (ret)
		return ret;
	/* Not a second time: it would find the first one. */
	if (wait_event_interruptible(st->ended, !test_bit(0, &st->running) ||
				     READ_ONCE(st->cancelled)))
		return -EINTR;
	return READ_ONCE(st->cancelled) ? -ENODEV : 0;
}

/**
 * nvdla_selftest_show() - print the report of the last run, or of what there is of the one running
 * @ndev: Device.
 * @m: Where to.
 */
void nvdla_selftest_show(struct nvdla_device *ndev, struct seq_file *m)
{
	struct nvdla_selftest *st = ndev->selftest;

	mutex_lock(&st->lock);
	seq_write(m, st->report, st->used);
	if (test_bit(0, &st->running))
		seq_puts(m, "running\n");
	else if (!st->used)
		seq_puts(m, "not run\n");
	mutex_unlock(&st->lock);
}

/**
 * nvdla_selftest_cancel() - let no further test begin, because the device goes away
 * @ndev: Device.
 */
void nvdla_selftest_cancel(struct nvdla_device *ndev)
{
	WRITE_ONCE(ndev->selftest->cancelled, true);
	wake_up_all(&ndev->selftest->ended);
}

/**
 * nvdla_selftest_flush() - wait until nothing of the self-test is left
 * @ndev: Device, unplugged, with no job on it.
 */
void nvdla_selftest_flush(struct nvdla_device *ndev)
{
	cancel_work_sync(&ndev->selftest->work);
}
