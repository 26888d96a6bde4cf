/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_PROGRAM_H_
#define _NVDLA_PROGRAM_H_

#include <linux/kref.h>

#include "nvdla_core.h"

struct drm_device;
struct drm_file;
struct nvdla_client;
struct nvdla_device;

/**
 * struct nvdla_program - a program that may run
 * @kref: Held by the handle and by jobs.
 * @client: Whose operations it counts among.
 * @charge: What it counts for there: operations and look-up tables.
 * @slots: What it needs.
 * @luts: Its look-up tables.
 * @code: What the engine core runs: @images and @luts.
 * @images: Its operations' registers.
 *
 * Never changes.
 */
struct nvdla_program {
	struct kref kref;
	struct nvdla_client *client;
	u32 charge;
	struct drm_nvdla_slot slots[DRM_NVDLA_MAX_SLOTS];
	struct drm_nvdla_lut *luts;
	struct nvdla_code code;
	struct nvdla_image images[];
};

struct nvdla_program *nvdla_program_new(struct nvdla_device *ndev, struct nvdla_client *client,
					const struct nvdla_source *source, struct nvdla_diag *diag);
struct nvdla_program *nvdla_program_find(struct nvdla_client *client, u32 handle);
void nvdla_program_put(struct nvdla_program *program);

int nvdla_ioctl_program_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_program_destroy(struct drm_device *drm, void *data, struct drm_file *file);

#endif
