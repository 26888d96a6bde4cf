// SPDX-License-Identifier: GPL-2.0-only
#include <linux/lockdep.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include <drm/drm_print.h>

#include "nvdla_device.h"
#include "nvdla_job.h"
#include "nvdla_program.h"
#include "nvdla_snapshot.h"
#include "nvdla_stats.h"

/*
 * The blocks' registers. Those of the two groups share their offsets: what is read is the group
 * that the block's pointer selects. Left out are the ports to the look-up tables, because to read
 * there moves their address on, and what they hold is a client's.
 */
static const struct {
	const char *name;
	u32 first;
	u32 last;
} blocks[] = {
	{ "GLB", 0x1000, 0x100c },
	{ "CDMA", 0x3000, 0x30d4 },
	{ "CSC", 0x4000, 0x4060 },
	{ "CMAC_A", 0x5000, 0x500c },
	{ "CMAC_B", 0x6000, 0x600c },
	{ "CACC", 0x7000, 0x702c },
	{ "SDP_RDMA", 0x8000, 0x8080 },
	{ "SDP", 0x9000, 0x9004 },
	{ "SDP", 0x9010, 0x90dc },
	{ "PDP_RDMA", 0xa000, 0xa044 },
	{ "PDP", 0xb000, 0xb094 },
	{ "CDP_RDMA", 0xc000, 0xc038 },
	{ "CDP", 0xd000, 0xd004 },
	{ "CDP", 0xd010, 0xd09c },
};

#define BLOCK_SHIFT		12
/* CDMA and CDP; in between all have register groups, and S_STATUS as their first register. */
#define FIRST_BLOCK		3
#define LAST_BLOCK		13
/* In S_STATUS, of either group. */
#define S_STATUS_RUNNING	(BIT(0) | BIT(16))

static void take_registers(struct nvdla_device *ndev, struct nvdla_snapshot *snapshot)
{
	u32 count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		for (u32 reg = blocks[i].first; reg <= blocks[i].last; reg += sizeof(u32))
			if (!WARN_ON_ONCE(count >= NVDLA_SNAPSHOT_REGS))
				snapshot->regs[count++] = ndev->io.read(ndev, reg);
}

static void take_job(struct nvdla_device *ndev, struct nvdla_snapshot *snapshot)
{
	const struct nvdla_job *job = ndev->job;
	const struct nvdla_seq *seq = &ndev->seq;

	snapshot->job_cookie = job->cookie;
	snapshot->job_ops = job->program->code.count;
	snapshot->since_ns = ktime_to_ns(ktime_sub(ktime_get(), job->started));
	memcpy(snapshot->next, seq->next, sizeof(snapshot->next));
	memcpy(snapshot->head, seq->head, sizeof(snapshot->head));
	memcpy(snapshot->wait, seq->wait, sizeof(snapshot->wait));
	memcpy(snapshot->busy, seq->busy, sizeof(snapshot->busy));
	snapshot->oldest = nvdla_seq_oldest(seq, &snapshot->oldest_bits);
	snapshot->image = job->program->code.images[snapshot->oldest];
}

/**
 * nvdla_snapshot_running() - tell which blocks of the hardware have something to do
 * @ndev: Device, switched on, whose lock is held.
 *
 * Return: A bit for each block that has register groups, by bits 15..12 of its registers' offsets,
 * or NVDLA_NO_ANSWER.
 */
u32 nvdla_snapshot_running(struct nvdla_device *ndev)
{
	u32 running = 0;

	for (u32 block = FIRST_BLOCK; block <= LAST_BLOCK; block++) {
		u32 status = ndev->io.read(ndev, block << BLOCK_SHIFT);

		if (status == U32_MAX)
			return NVDLA_NO_ANSWER;
		if (status & S_STATUS_RUNNING)
			running |= BIT(block);
	}
	return running;
}

/**
 * nvdla_snapshot_name_running() - name blocks in a message
 * @running: From nvdla_snapshot_running().
 * @names: "CDMA CSC", or "nothing".
 * @size: Bytes at @names.
 */
void nvdla_snapshot_name_running(u32 running, char *names, size_t size)
{
	size_t used = scnprintf(names, size, running ? "" : "nothing");
	u32 last = 0;

	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++) {
		u32 block = blocks[i].first >> BLOCK_SHIFT;

		if (block != last && running & BIT(block))
			used += scnprintf(names + used, size - used, used ? " %s" : "%s",
					  blocks[i].name);
		last = block;
	}
}

/**
 * nvdla_snapshot_take() - note what a device is doing
 * @ndev: Device, whose lock is held.
 * @snapshot: Filled in.
 *
 * Changes nothing about the device.
 */
void nvdla_snapshot_take(struct nvdla_device *ndev, struct nvdla_snapshot *snapshot)
{
	lockdep_assert_held(&ndev->lock);
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->powered = ndev->powered;
	snapshot->running = ndev->job;
	snapshot->wedged = ndev->wedged;
	if (snapshot->powered)
		take_registers(ndev, snapshot);
	if (snapshot->running)
		take_job(ndev, snapshot);
}

/**
 * nvdla_snapshot_print_registers() - a line for each register
 * @snapshot: Snapshot.
 * @p: Where to.
 */
void nvdla_snapshot_print_registers(const struct nvdla_snapshot *snapshot, struct drm_printer *p)
{
	u32 count = 0;

	if (!snapshot->powered) {
		drm_puts(p, "# switched off\n");
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		for (u32 reg = blocks[i].first; reg <= blocks[i].last; reg += sizeof(u32))
			drm_printf(p, "%s %#06x %#010x\n", blocks[i].name, reg,
				   snapshot->regs[count++]);
}

/**
 * nvdla_snapshot_print_job() - the job, where the sequencer stands in it, and what it waits for
 * @snapshot: Snapshot.
 * @p: Where to.
 */
void nvdla_snapshot_print_job(const struct nvdla_snapshot *snapshot, struct drm_printer *p)
{
	const struct nvdla_image *image = &snapshot->image;

	drm_printf(p, "powered: %u\nwedged: %u\nrunning: %u\n", snapshot->powered,
		   snapshot->wedged, snapshot->running);
	if (!snapshot->running)
		return;
	drm_printf(p, "job: cookie %#llx, %u operations, on the hardware for %llu ns\n",
		   snapshot->job_cookie, snapshot->job_ops, snapshot->since_ns);
	for (u32 engine = DRM_NVDLA_CONV; engine < NVDLA_ENGINES; engine++)
		drm_printf(p, "%s: next %u, first unfinished %u, has %u, lacks %#x %#x\n",
			   nvdla_engine_name(engine), snapshot->next[engine],
			   snapshot->head[engine], snapshot->busy[engine],
			   snapshot->wait[engine][0], snapshot->wait[engine][1]);
	drm_printf(p, "waits for: %s operation %u, cookie %#llx, done bits %#x\n",
		   nvdla_engine_name(image->engine), snapshot->oldest, image->cookie,
		   snapshot->oldest_bits);
	for (u32 i = 0; i < image->dep_count; i++)
		drm_printf(p, "depends on: %u\n", image->deps[i]);
	for (u32 i = 0; i < image->main_count + image->rdma_count; i++)
		drm_printf(p, "register: %#06x %#010x\n", image->reg[i], image->value[i]);
	for (u32 i = 0; i < image->reloc_count; i++)
		drm_printf(p, "address: register %#06x, slot %u, offset %#llx\n",
			   image->reg[image->reloc[i].low], image->reloc[i].slot,
			   image->reloc[i].offset);
}
