/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_GEM_H_
#define _NVDLA_GEM_H_

#include <drm/drm_gem_dma_helper.h>

struct dma_buf;
struct dma_buf_attachment;
struct nvdla_client;
struct sg_table;

/**
 * struct nvdla_bo - a buffer
 * @base: Contiguous memory.
 * @client: Who pays for it, or NULL for an imported one.
 */
struct nvdla_bo {
	struct drm_gem_dma_object base;
	struct nvdla_client *client;
};

struct drm_gem_object *nvdla_gem_create_object(struct drm_device *drm, size_t size);
struct drm_gem_object *nvdla_gem_prime_import(struct drm_device *drm, struct dma_buf *dma_buf);
struct drm_gem_object *nvdla_gem_prime_import_sg_table(struct drm_device *drm,
						       struct dma_buf_attachment *attach,
						       struct sg_table *sgt);

struct drm_gem_object *nvdla_gem_new(struct drm_device *drm, struct nvdla_client *client,
				     size_t size);
void nvdla_gem_flush(struct drm_gem_object *obj, const void *from, size_t size);

int nvdla_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file);
int nvdla_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file);

#endif
