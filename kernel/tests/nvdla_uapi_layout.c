// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The layout of the interface to userspace, which compilers must agree on: a change of it fails to
 * compile here. Has no code.
 */
#include <linux/build_bug.h>
#include <linux/stddef.h>

#include <drm/nvdla_accel.h>

#define ASSERT_SIZE(name, size) \
	static_assert(sizeof(struct drm_nvdla_ ## name) == (size))
#define ASSERT_OFFSET(name, member, offset) \
	static_assert(offsetof(struct drm_nvdla_ ## name, member) == (offset))

ASSERT_SIZE(addr, 16);
ASSERT_SIZE(surface, 24);
ASSERT_SIZE(conv, 112);
ASSERT_OFFSET(conv, src_uv, 24);
ASSERT_OFFSET(conv, weights, 40);
ASSERT_OFFSET(conv, uv_line_stride, 56);
ASSERT_OFFSET(conv, weight_bytes, 60);
ASSERT_OFFSET(conv, flags, 64);
ASSERT_OFFSET(conv, keep_lines, 80);
ASSERT_OFFSET(conv, cvt_offset, 88);
ASSERT_OFFSET(conv, kernel_width, 96);
ASSERT_OFFSET(conv, pad, 111);
ASSERT_SIZE(sdp_stage, 40);
ASSERT_OFFSET(sdp_stage, alu, 24);
ASSERT_OFFSET(sdp_stage, alu_value, 32);
ASSERT_SIZE(sdp, 144);
ASSERT_OFFSET(sdp, x1, 48);
ASSERT_OFFSET(sdp, x2, 88);
ASSERT_OFFSET(sdp, out_offset, 128);
ASSERT_OFFSET(sdp, pad, 142);
ASSERT_SIZE(pdp, 88);
ASSERT_OFFSET(pdp, recip_width, 48);
ASSERT_OFFSET(pdp, parts, 66);
ASSERT_OFFSET(pdp, pool, 74);
ASSERT_OFFSET(pdp, pad, 84);
ASSERT_SIZE(lut_range, 24);
ASSERT_OFFSET(lut_range, below_scale, 16);
ASSERT_OFFSET(lut_range, pad, 23);
ASSERT_SIZE(lut, 704);
ASSERT_OFFSET(lut, lo, 24);
ASSERT_OFFSET(lut, le_entry, 48);
ASSERT_OFFSET(lut, lo_entry, 178);
ASSERT_OFFSET(lut, le_function, 692);
ASSERT_OFFSET(lut, pad, 697);
ASSERT_SIZE(cdp, 72);
ASSERT_OFFSET(cdp, out_offset, 48);
ASSERT_OFFSET(cdp, lut, 58);
ASSERT_OFFSET(cdp, in_shift, 68);
ASSERT_OFFSET(cdp, pad, 71);
ASSERT_SIZE(op, 312);
ASSERT_OFFSET(op, deps, 16);
ASSERT_OFFSET(op, conv, 56);
ASSERT_OFFSET(op, sdp, 56);
ASSERT_OFFSET(op, pdp, 56);
ASSERT_OFFSET(op, cdp, 56);
ASSERT_OFFSET(op, reserved, 56);

/* What the first callers knew: such arrays are accepted for ever. */
static_assert(DRM_NVDLA_OP_SIZE_VER0 == 312);
static_assert(DRM_NVDLA_LUT_SIZE_VER0 == 704);
static_assert(DRM_NVDLA_SLOT_SIZE_VER0 == 16);
static_assert(DRM_NVDLA_BINDING_SIZE_VER0 == 24);
static_assert(DRM_NVDLA_SYNC_SIZE_VER0 == 16);

ASSERT_SIZE(slot, 16);
ASSERT_SIZE(dev_info, 88);
ASSERT_OFFSET(dev_info, engines, 48);
ASSERT_OFFSET(dev_info, flags, 52);
ASSERT_OFFSET(dev_info, max_khz, 76);
ASSERT_OFFSET(dev_info, max_bytes, 80);
ASSERT_SIZE(reason, 16);
ASSERT_SIZE(binding, 24);
ASSERT_SIZE(sync, 16);
ASSERT_SIZE(time, 16);

/* The number of a request holds the size of its structure and the direction. */
static_assert(DRM_IOCTL_NVDLA_DEV_QUERY == 0xc0106440);
static_assert(DRM_IOCTL_NVDLA_BO_CREATE == 0xc0186441);
static_assert(DRM_IOCTL_NVDLA_BO_SYNC == 0x40186442);
static_assert(DRM_IOCTL_NVDLA_BO_WAIT == 0x40106443);
static_assert(DRM_IOCTL_NVDLA_PROGRAM_CREATE == 0xc0486444);
static_assert(DRM_IOCTL_NVDLA_PROGRAM_DESTROY == 0x40086445);
static_assert(DRM_IOCTL_NVDLA_QUEUE_CREATE == 0xc0106446);
static_assert(DRM_IOCTL_NVDLA_QUEUE_DESTROY == 0x40086447);
static_assert(DRM_IOCTL_NVDLA_SUBMIT == 0xc0506448);
static_assert(DRM_IOCTL_NVDLA_QUEUE_STATE == 0xc0486449);
