// SPDX-License-Identifier: MIT
/*
 * The validator against the emulator. Random programs, and what becomes of them when bytes of the
 * interface's structures change. What the validator accepts must run to its end and touch exactly
 * the bytes that its extents say. That each check of the validator is needed is for tests/mutants to
 * show.
 */
#include <getopt.h>

#include "core_programs.h"
#include "machine.h"

struct tally {
	unsigned long accepted, refused, run, too_large;
};

struct fuzz {
	struct machine machine;
	struct tally tally;
	char failure[256];
};

static bool fail(struct fuzz *fuzz, const char *text)
{
	if (!fuzz->failure[0])
		snprintf(fuzz->failure, sizeof(fuzz->failure), "%s", text);
	return false;
}

/* Slots lie so far apart that most that grow by a change still do not meet. */
static bool bind(const struct drm_nvdla_slot *slots, struct nvdla_binding *bindings)
{
	for (u32 i = 0; i < DRM_NVDLA_MAX_SLOTS; i++) {
		if (slots[i].min_size > SLOT_SPACE - 2 * SLOT_BASE)
			return false;
		if (slots[i].min_size)
			bindings[i] = (struct nvdla_binding) { slot_address(i), slots[i].min_size };
	}
	return true;
}

static bool slots_hold(struct fuzz *fuzz, const struct drm_nvdla_slot *slots,
		       const struct ranges *ranges, u32 access)
{
	for (size_t i = 0; i < ranges->count; i++) {
		u32 slot = ranges->range[i].start / SLOT_SPACE;

		if (!(slots[slot].access & access) ||
		    ranges->range[i].start < slot_address(slot) ||
		    ranges->range[i].end > slot_address(slot) + slots[slot].min_size)
			return fail(fuzz, "touches what its slots do not have");
	}
	return true;
}

static bool run_accepted(struct fuzz *fuzz, const struct program *program,
			 const struct drm_nvdla_slot *slots)
{
	static struct nvdla_image images[PROGRAM_MAX];
	struct nvdla_binding bindings[DRM_NVDLA_MAX_SLOTS] = { 0 };
	struct ranges reads = { 0 }, writes = { 0 };
	bool fits = bind(slots, bindings), ok = true;
	struct nvdla_code code;
	struct nvdla_diag diag;
	const char *reason;

	for (u32 i = 0; i < program->count && fits; i++)
		fits = expect_op(small(), &program->ops[i], &reads, &writes);
	if (fits && nvdla_bindings_check(small(), slots, bindings, DRM_NVDLA_MAX_SLOTS, &diag))
		ok = fail(fuzz, "bindings that fit are refused");
	if (fits && ok) {
		encode_program(program, images);
		code = code_of(program, images);
		reason = machine_run(&fuzz->machine, &code, bindings);
		tidy(&reads);
		tidy(&writes);
		if (reason)
			ok = fail(fuzz, reason);
		else if (!same_ranges(&reads, &fuzz->machine.reads))
			ok = fail(fuzz, "reads other bytes than its extents say");
		else if (!same_ranges(&writes, &fuzz->machine.writes))
			ok = fail(fuzz, "writes other bytes than its extents say");
		ok = ok && slots_hold(fuzz, slots, &reads, DRM_NVDLA_SLOT_READ) &&
		     slots_hold(fuzz, slots, &writes, DRM_NVDLA_SLOT_WRITE);
		fuzz->tally.run++;
	} else {
		fuzz->tally.too_large++;
	}
	free(reads.range);
	free(writes.range);
	return ok;
}

static bool try_program(struct fuzz *fuzz, const struct program *program, bool valid)
{
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct nvdla_diag diag;

	if (check_program(program, slots, &diag)) {
		fuzz->tally.refused++;
		return !valid || fail(fuzz, "a valid program is refused");
	}
	fuzz->tally.accepted++;
	return run_accepted(fuzz, program, slots);
}

/* One program as it was made, then three that were changed. */
static bool random_programs(struct fuzz *fuzz, u32 seed, unsigned long count)
{
	static struct program program, changed;

	for (unsigned long i = 0; i < count; i++) {
		if (i % 4 == 0) {
			random_program(&program, seed + i / 4, 1 + i / 4 % 6);
			changed = program;
		} else {
			u32 random = changed.random;

			changed = program;
			changed.random = random;
			for (u32 n = in(&changed, 1, 3); n; n--)
				mutate(&changed);
		}
		if (!try_program(fuzz, &changed, i % 4 == 0)) {
			printf("# program %lu of seed %u: %s\n", i, seed, fuzz->failure);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' },
		{ 0 },
	};
	unsigned long count = 50000;
	static struct fuzz fuzz;
	u32 seed = 1;
	int option;
	bool ok;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			count = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = (u32)strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (!machine_open(&fuzz.machine))
		return 2;
	ok = random_programs(&fuzz, seed, count);
	printf("1..1\n%s 1 - accepted programs touch what their extents say, and end\n",
	       ok ? "ok" : "not ok");
	printf("# %lu accepted, %lu refused; %lu run, %lu too large to run\n", fuzz.tally.accepted,
	       fuzz.tally.refused, fuzz.tally.run, fuzz.tally.too_large);
	machine_close(&fuzz.machine);
	return !ok;
}
