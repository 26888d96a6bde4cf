/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_SUBMIT_H_
#define _NVDLA_SUBMIT_H_

#include <linux/types.h>

struct drm_device;
struct drm_file;
struct drm_gem_object;
struct nvdla_client;
struct nvdla_device;
struct nvdla_diag;
struct nvdla_program;

int nvdla_submit_own(struct nvdla_device *ndev, struct nvdla_client *client,
		     struct nvdla_program *program, struct drm_gem_object *const *bos, u32 count,
		     struct nvdla_diag *diag);

int nvdla_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);

#endif
