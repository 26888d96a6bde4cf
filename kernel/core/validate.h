/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_VALIDATE_H_
#define _NVDLA_VALIDATE_H_

#include <linux/bits.h>
#include <linux/errno.h>

#include "nvdla_core.h"

/*
 * What the validator's files share. Every check is an if whose only consequence is to refuse: that
 * is the form in which tests/mutants takes them out, one at a time.
 */

#define NVDLA_MAX_SIZE	8192

/* No buffer is as large; sums of an offset and sizes stay far from an overflow. */
#define NVDLA_MAX_OFFSET	BIT_ULL(48)

static inline bool is_within(s64 value, s64 least, s64 most)
{
	return least <= value && value <= most;
}

static inline bool is_zero(const void *bytes, size_t size)
{
	const u8 *byte = bytes;

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}

static inline bool is_multiple(u64 value, u32 power_of_two)
{
	return !(value & (power_of_two - 1));
}

static inline int refuse(struct nvdla_diag *diag, const char *field, const char *rule)
{
	diag->field = field;
	diag->rule = rule;
	return -EINVAL;
}

int nvdla_check_addr(const struct drm_nvdla_addr *addr, u32 align, const char *field,
		     struct nvdla_diag *diag);
int nvdla_check_surface(const struct nvdla_config *config, const struct drm_nvdla_surface *surface,
			u32 width, u32 height, u32 atom_bytes, const char *field,
			struct nvdla_diag *diag);

int nvdla_check_conv(const struct nvdla_config *config, const struct drm_nvdla_conv *conv,
		     struct nvdla_diag *diag);
int nvdla_check_conv_buffer(const struct drm_nvdla_conv *before, const struct drm_nvdla_conv *conv,
			    struct nvdla_diag *diag);
int nvdla_check_sdp(const struct nvdla_config *config, const struct drm_nvdla_sdp *sdp,
		    struct nvdla_diag *diag);
int nvdla_check_pdp(const struct nvdla_config *config, const struct drm_nvdla_pdp *pdp,
		    struct nvdla_diag *diag);
int nvdla_check_cdp(const struct nvdla_config *config, const struct drm_nvdla_cdp *cdp,
		    u32 lut_count, struct nvdla_diag *diag);
int nvdla_check_lut(const struct drm_nvdla_lut *lut, struct nvdla_diag *diag);

#endif
