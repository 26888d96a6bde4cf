// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "geometry.h"
#include "validate.h"

/*
 * The threat. The NVDLA translates no addresses, compares them with nothing and reports no bad
 * ones: what a program makes it read or write outside its buffers is another client's memory or the
 * kernel's, silently. It cannot be stopped or reset from its registers, and raises no error: what
 * makes it hang takes it away from everybody until the SoC pulses a reset line, if there is one.
 * What it keeps from one operation for the next, the convolution buffer and the look-up tables, it
 * keeps for whoever comes next. Any process that may open the device can submit any program, made
 * with any intention. This is the only wall.
 *
 * The method. It knows what is allowed and refuses the rest: every field of an operation is either
 * checked against the range in which the hardware was seen to do what the encoders and extent.c
 * assume, or must be zero. Programs are copied before they are checked, and never read again. What
 * was accepted touches the bytes that extent.c lists, no others, and comes to its end. It may still
 * compute nonsense, in its own buffers.
 *
 * The checks come in an order in which each may rely on those before it; so no size that enters a
 * product is larger than 2^13, no stride larger than 2^32, no offset larger than 2^48. What one
 * operation says is checked in validate_{conv,sdp,pdp,cdp}.c, what operations say of each other,
 * and of memory, here.
 */

int nvdla_check_addr(const struct drm_nvdla_addr *addr, u32 align, const char *field,
		     struct nvdla_diag *diag)
{
	if (addr->slot >= DRM_NVDLA_MAX_SLOTS)
		return refuse(diag, field, "the slot number is too large");
	if (addr->offset > NVDLA_MAX_OFFSET)
		return refuse(diag, field, "the offset is too large");
	if (!is_multiple(addr->offset, align))
		return refuse(diag, field, "the offset is not aligned");
	if (addr->pad)
		return refuse(diag, field, "the padding of the address is not zero");
	return 0;
}

/* A surface of atoms of any size; what is read and written is in units of the memory atom. */
int nvdla_check_surface(const struct nvdla_config *config, const struct drm_nvdla_surface *surface,
			u32 width, u32 height, u32 atom_bytes, const char *field,
			struct nvdla_diag *diag)
{
	u32 row = width * atom_bytes;
	int ret = nvdla_check_addr(&surface->addr, config->atom, field, diag);

	if (ret)
		return ret;
	if (!is_multiple(surface->line_stride, config->atom))
		return refuse(diag, field, "line_stride is not a multiple of the atom");
	if (!is_multiple(surface->surface_stride, config->atom))
		return refuse(diag, field, "surface_stride is not a multiple of the atom");
	if (surface->line_stride < row)
		return refuse(diag, field, "line_stride is shorter than a line");
	if (surface->surface_stride < (u64)(height - 1) * surface->line_stride + row)
		return refuse(diag, field, "surface_stride is shorter than a plane");
	return 0;
}

static int check_op(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		    u32 lut_count, struct nvdla_diag *diag)
{
	size_t used;
	int ret;

	if (op->engine >= NVDLA_ENGINES || !(config->engines & BIT(op->engine)))
		return refuse(diag, "engine", "unknown, or not in this device");
	if (op->flags)
		return refuse(diag, "flags", "must be zero");
	if (op->pad)
		return refuse(diag, "pad", "must be zero");

	switch (op->engine) {
	case DRM_NVDLA_CONV:
		used = sizeof(op->conv);
		ret = nvdla_check_conv(config, &op->conv, diag);
		break;
	case DRM_NVDLA_SDP:
		used = sizeof(op->sdp);
		ret = nvdla_check_sdp(config, &op->sdp, diag);
		break;
	case DRM_NVDLA_PDP:
		used = sizeof(op->pdp);
		ret = nvdla_check_pdp(config, &op->pdp, diag);
		break;
	default:
		used = sizeof(op->cdp);
		ret = nvdla_check_cdp(config, &op->cdp, lut_count, diag);
		break;
	}
	if (!ret && !is_zero(op->reserved + used, sizeof(op->reserved) - used))
		ret = refuse(diag, "reserved", "must be zero");
	return ret;
}

/* What an operation on the fly takes is what the operation before it gives. */
static int check_link(const struct drm_nvdla_op *from, const struct drm_nvdla_op *to,
		      struct nvdla_diag *diag)
{
	if (to->engine == DRM_NVDLA_SDP) {
		if (!from || from->engine != DRM_NVDLA_CONV)
			return refuse(diag, "sdp.source", "the operation before is no convolution");
		if (to->sdp.width != from->conv.dst_width ||
		    to->sdp.height != from->conv.dst_height ||
		    to->sdp.channels != from->conv.kernels)
			return refuse(diag, "sdp.source", "the result before has another size");
		return 0;
	}
	if (!from || from->engine != DRM_NVDLA_SDP)
		return refuse(diag, "pdp.source", "the operation before is no SDP operation");
	if (nvdla_sdp_writes_memory(&from->sdp))
		return refuse(diag, "pdp.source", "the SDP operation writes to memory");
	if (to->pdp.src_width != from->sdp.width || to->pdp.src_height != from->sdp.height ||
	    to->pdp.channels != from->sdp.channels)
		return refuse(diag, "pdp.source", "the result before has another size");
	return 0;
}

static bool gives_to_next(const struct drm_nvdla_op *op)
{
	return op->engine == DRM_NVDLA_CONV ||
	       (op->engine == DRM_NVDLA_SDP && !nvdla_sdp_writes_memory(&op->sdp));
}

/* @chain: first operation of the chain that this one belongs to; they start together. */
static int check_deps(const struct drm_nvdla_op *op, u32 chain, struct nvdla_diag *diag)
{
	if (op->dep_count > DRM_NVDLA_MAX_DEPS)
		return refuse(diag, "dep_count", "must be 0..8");
	for (u32 i = 0; i < op->dep_count; i++) {
		if (op->deps[i] >= chain)
			return refuse(diag, "deps", "not before this operation's chain");
	}
	for (u32 i = op->dep_count; i < DRM_NVDLA_MAX_DEPS; i++)
		if (op->deps[i])
			return refuse(diag, "deps", "must be zero beyond dep_count");
	return 0;
}

/* One more than the last address. */
static u64 address_end(const struct nvdla_config *config)
{
	return config->dma_bits < 64 ? BIT_ULL(config->dma_bits) : U64_MAX;
}

static int add_extents(const struct nvdla_config *config, const struct drm_nvdla_op *op,
		       struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS], struct nvdla_diag *diag)
{
	struct nvdla_extent extents[NVDLA_MAX_EXTENTS];
	u32 count = nvdla_op_extents(config, op, extents);

	for (u32 i = 0; i < count; i++) {
		u32 index = array_index_nospec(extents[i].slot, DRM_NVDLA_MAX_SLOTS);
		struct drm_nvdla_slot *slot = &slots[index];
		u64 end = nvdla_extent_end(&extents[i]);

		if (end > address_end(config))
			return refuse(diag, "offset", "beyond what the device can address");
		slot->min_size = max(slot->min_size, end);
		slot->align = max(slot->align, extents[i].align);
		slot->access |= extents[i].access;
	}
	return 0;
}

static int check_luts(const struct nvdla_source *source, struct nvdla_diag *diag)
{
	if (source->lut_count > DRM_NVDLA_MAX_LUTS)
		return refuse(diag, "luts", "there are more than 64");
	for (u32 i = 0; i < source->lut_count; i++) {
		int ret = nvdla_check_lut(&source->luts[i], diag);

		diag->index = i;
		if (ret)
			return ret;
	}
	return 0;
}

/* What was checked of the operations so far that those behind must know. */
struct so_far {
	const struct drm_nvdla_op *conv;	/* the last convolution */
	u32 chain;				/* first operation of the present chain */
};

static const struct drm_nvdla_conv *conv_of(const struct drm_nvdla_op *op)
{
	return op ? &op->conv : NULL;
}

static int check_place(const struct nvdla_source *source, u32 index, struct so_far *so_far,
		       struct nvdla_diag *diag)
{
	const struct drm_nvdla_op *op = &source->ops[index];
	bool last = index + 1 == source->op_count;
	int ret = 0;

	if (nvdla_op_takes_from_previous(op))
		ret = check_link(index ? op - 1 : NULL, op, diag);
	else
		so_far->chain = index;
	if (ret)
		return ret;
	if (gives_to_next(op) && (last || !nvdla_op_takes_from_previous(op + 1)))
		return refuse(diag, op->engine == DRM_NVDLA_CONV ? "conv" : "sdp.dst",
			      "the next operation does not take the result");

	if (op->engine == DRM_NVDLA_CONV) {
		ret = nvdla_check_conv_buffer(conv_of(so_far->conv), &op->conv, diag);
		so_far->conv = op;
	}
	if (!ret)
		ret = check_deps(op, so_far->chain, diag);
	return ret;
}

/**
 * nvdla_program_check() - decide whether a program may run
 * @config: Configuration.
 * @source: Program, in memory that nobody else can write to.
 * @slots: Filled in with what the program needs of them.
 * @diag: Filled in when the program is refused.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_program_check(const struct nvdla_config *config, const struct nvdla_source *source,
			struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS], struct nvdla_diag *diag)
{
	struct so_far so_far = { 0 };
	int ret;

	memset(slots, 0, DRM_NVDLA_MAX_SLOTS * sizeof(*slots));
	diag->index = 0;
	if (!is_within(source->op_count, 1, DRM_NVDLA_MAX_OPS))
		return refuse(diag, "count", "must be 1..4096");
	ret = check_luts(source, diag);
	if (ret)
		return ret;

	for (u32 i = 0; i < source->op_count; i++) {
		const struct drm_nvdla_op *op = &source->ops[i];

		diag->index = i;
		ret = check_op(config, op, source->lut_count, diag);
		if (!ret)
			ret = check_place(source, i, &so_far, diag);
		if (!ret)
			ret = add_extents(config, op, slots, diag);
		if (ret)
			return ret;
	}
	if (so_far.conv)
		diag->index = so_far.conv - source->ops;
	return nvdla_check_conv_buffer(conv_of(so_far.conv), NULL, diag);
}

static bool overlaps(const struct nvdla_binding *a, const struct nvdla_binding *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/**
 * nvdla_bindings_check() - decide whether a program may run on these buffers
 * @config: Configuration.
 * @slots: What the program needs, from nvdla_program_check().
 * @bindings: Memory of each slot; what is bound to a slot that the program does not use is ignored.
 * @count: How many.
 * @diag: Filled in when they are refused.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_bindings_check(const struct nvdla_config *config,
			 const struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS],
			 const struct nvdla_binding *bindings, u32 count, struct nvdla_diag *diag)
{
	for (u32 i = 0; i < DRM_NVDLA_MAX_SLOTS; i++) {
		u64 end;

		if (!slots[i].min_size)
			continue;
		diag->index = i;
		if (i >= count)
			return refuse(diag, "bindings", "a slot of the program is not bound");
		if (bindings[i].size < slots[i].min_size)
			return refuse(diag, "size", "smaller than what the program touches");
		if (!is_multiple(bindings[i].addr, slots[i].align))
			return refuse(diag, "offset", "not aligned as the program needs it");
		if (check_add_overflow(bindings[i].addr, bindings[i].size, &end) ||
		    end > address_end(config))
			return refuse(diag, "bindings", "beyond what the device can address");

		for (u32 j = 0; j < i; j++)
			if (slots[j].min_size && overlaps(&bindings[i], &bindings[j]) &&
			    ((slots[i].access | slots[j].access) & DRM_NVDLA_SLOT_WRITE))
				return refuse(diag, "bindings",
					      "overlaps another slot, and one of them is written");
	}
	return 0;
}
