// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_prime.h>
#include <drm/drm_print.h>
#include <drm/drm_utils.h>

#include <drm/nvdla_accel.h>

#include "nvdla_client.h"
#include "nvdla_compat.h"
#include "nvdla_device.h"
#include "nvdla_gem.h"

/*
 * The hardware has no address translation, so a buffer is one contiguous piece of memory: the DMA
 * helpers' object, with two differences. Cached buffers are allocated for both directions, where
 * the helpers know only the one to the device; and an exported dma-buf passes the cache between CPU
 * and device, which the common exporter does not.
 */

/* The helpers free what nvdla_gem_create_object() has allocated. */
static_assert(offsetof(struct nvdla_bo, base) == 0);

static struct nvdla_bo *to_nvdla_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct nvdla_bo, base.base);
}

/* Whether CPU and device may see different contents until the buffer is synced. */
static bool nvdla_bo_needs_sync(struct nvdla_bo *bo)
{
	return bo->base.map_noncoherent && !to_nvdla_device(bo->base.base.dev)->coherent;
}

static void nvdla_bo_sync(struct nvdla_bo *bo, u64 offset, u64 size, u32 flags)
{
	struct device *dev = bo->base.base.dev->dev;
	dma_addr_t addr = bo->base.dma_addr + offset;

	if (!nvdla_bo_needs_sync(bo))
		return;
	if (flags & DRM_NVDLA_SYNC_TO_DEVICE)
		dma_sync_single_for_device(dev, addr, size, DMA_BIDIRECTIONAL);
	if (flags & DRM_NVDLA_SYNC_FROM_DEVICE)
		dma_sync_single_for_cpu(dev, addr, size, DMA_BIDIRECTIONAL);
}

static void nvdla_bo_free_memory(struct nvdla_bo *bo)
{
	struct device *dev = bo->base.base.dev->dev;

	if (bo->base.map_noncoherent)
		dma_free_noncoherent(dev, bo->base.base.size, bo->base.vaddr, bo->base.dma_addr,
				     DMA_BIDIRECTIONAL);
	else
		dma_free_wc(dev, bo->base.base.size, bo->base.vaddr, bo->base.dma_addr);
}

static void nvdla_gem_free(struct drm_gem_object *obj)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);

	if (obj->import_attach) {
		drm_gem_dma_free(&bo->base);
		return;
	}
	if (bo->base.vaddr)
		nvdla_bo_free_memory(bo);
	drm_gem_object_release(obj);
	atomic64_sub(obj->size, &bo->client->bytes);
	nvdla_client_put(bo->client);
	kfree(bo);
}

static int nvdla_dmabuf_begin_cpu_access(struct dma_buf *dma_buf, enum dma_data_direction direction)
{
	struct nvdla_bo *bo = to_nvdla_bo(dma_buf->priv);
	long left;

	if (direction == DMA_TO_DEVICE || !nvdla_bo_needs_sync(bo))
		return 0;
	/*
	 * The common code waits, too, but after this: the caches would have been emptied before the
	 * device has written.
	 */
	left = dma_resv_wait_timeout(dma_buf->resv, DMA_RESV_USAGE_WRITE, true,
				     MAX_SCHEDULE_TIMEOUT);
	if (left < 0)
		return left;
	nvdla_bo_sync(bo, 0, bo->base.base.size, DRM_NVDLA_SYNC_FROM_DEVICE);
	return 0;
}

static int nvdla_dmabuf_end_cpu_access(struct dma_buf *dma_buf, enum dma_data_direction direction)
{
	struct nvdla_bo *bo = to_nvdla_bo(dma_buf->priv);

	if (direction != DMA_FROM_DEVICE)
		nvdla_bo_sync(bo, 0, bo->base.base.size, DRM_NVDLA_SYNC_TO_DEVICE);
	return 0;
}

static const struct dma_buf_ops nvdla_dmabuf_ops = {
	NVDLA_COMPAT_CACHE_SGT_MAPPING
	.attach = drm_gem_map_attach,
	.detach = drm_gem_map_detach,
	.map_dma_buf = drm_gem_map_dma_buf,
	.unmap_dma_buf = drm_gem_unmap_dma_buf,
	.release = drm_gem_dmabuf_release,
	.mmap = drm_gem_dmabuf_mmap,
	.vmap = drm_gem_dmabuf_vmap,
	.vunmap = drm_gem_dmabuf_vunmap,
	.begin_cpu_access = nvdla_dmabuf_begin_cpu_access,
	.end_cpu_access = nvdla_dmabuf_end_cpu_access,
};

static struct dma_buf *nvdla_gem_export(struct drm_gem_object *obj, int flags)
{
	struct dma_buf_export_info info = {
		.exp_name = KBUILD_MODNAME,
		.owner = obj->dev->driver->fops->owner,
		.ops = &nvdla_dmabuf_ops,
		.size = obj->size,
		.flags = flags,
		.priv = obj,
		.resv = obj->resv,
	};

	return drm_gem_dmabuf_export(obj->dev, &info);
}

/*
 * Buffers are mapped at once, so this is called after the device was unplugged, which unmaps them.
 * The memory stays as long as the buffer; a program that uses it must not be killed for that.
 */
static vm_fault_t nvdla_gem_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct nvdla_bo *bo = to_nvdla_bo(vma->vm_private_data);
	unsigned long offset = (vma->vm_pgoff << PAGE_SHIFT) + vmf->address - vma->vm_start;
	void *vaddr = bo->base.vaddr + (offset & PAGE_MASK);
	unsigned long pfn;

	if (offset >= bo->base.base.size)
		return VM_FAULT_SIGBUS;
	if (is_vmalloc_addr(vaddr))
		pfn = vmalloc_to_pfn(vaddr);
	else
		pfn = page_to_pfn(virt_to_page(vaddr));
	return vmf_insert_pfn(vma, vmf->address, pfn);
}

/*
 * In place of drm_gem_dma_object_mmap(): when that fails, it gives up a reference that its caller
 * gives up, too; and it refuses whatever of a dma-buf does not begin at the start.
 */
static int nvdla_gem_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);
	struct device *dev = obj->dev->dev;

	/* Only the exporter knows how its memory has to be mapped. */
	if (obj->import_attach)
		return -EINVAL;
	/* A private copy is none of the device's, and nvdla_gem_fault() cannot make one. */
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;

	/* From here on the offset is that in the buffer. */
	vma->vm_pgoff -= drm_vma_node_start(&obj->vma_node);
	vm_flags_set(vma, VM_DONTEXPAND);
	if (!bo->base.map_noncoherent)
		return dma_mmap_wc(dev, vma, bo->base.vaddr, bo->base.dma_addr, obj->size);
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return dma_mmap_pages(dev, vma, obj->size, virt_to_page(bo->base.vaddr));
}

static const struct vm_operations_struct nvdla_gem_vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
	.fault = nvdla_gem_fault,
};

/* Memory that was allocated stays where it is. */
static enum drm_gem_object_status nvdla_gem_status(struct drm_gem_object *obj)
{
	return DRM_GEM_OBJECT_RESIDENT;
}

static const struct drm_gem_object_funcs nvdla_gem_funcs = {
	.free = nvdla_gem_free,
	.export = nvdla_gem_export,
	.print_info = drm_gem_dma_object_print_info,
	.get_sg_table = drm_gem_dma_object_get_sg_table,
	.vmap = drm_gem_dma_object_vmap,
	.mmap = nvdla_gem_mmap,
	.status = nvdla_gem_status,
	.vm_ops = &nvdla_gem_vm_ops,
};

static int nvdla_bo_alloc_memory(struct nvdla_bo *bo)
{
	struct drm_gem_object *obj = &bo->base.base;
	struct device *dev = obj->dev->dev;
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	if (!bo->base.map_noncoherent) {
		bo->base.vaddr = dma_alloc_wc(dev, obj->size, &bo->base.dma_addr, gfp);
	} else {
		bo->base.vaddr = dma_alloc_noncoherent(dev, obj->size, &bo->base.dma_addr,
						       DMA_BIDIRECTIONAL, gfp);
		/*
		 * The zeros may be in the cache only. The device must not see what is below: it
		 * may be another process's.
		 */
		if (bo->base.vaddr)
			nvdla_bo_sync(bo, 0, obj->size, DRM_NVDLA_SYNC_TO_DEVICE);
	}
	if (bo->base.vaddr)
		return 0;
	drm_dbg(obj->dev, "no %zu bytes of contiguous memory; is the CMA area large enough?\n",
		obj->size);
	return -ENOMEM;
}

static struct nvdla_bo *nvdla_bo_create(struct drm_device *drm, struct nvdla_client *client,
					size_t size, bool cached)
{
	struct drm_gem_object *obj;
	struct nvdla_bo *bo;
	int ret;

	if (atomic64_add_return(size, &client->bytes) > NVDLA_MAX_CLIENT_BYTES) {
		atomic64_sub(size, &client->bytes);
		return ERR_PTR(-EDQUOT);
	}
	bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	if (!bo) {
		atomic64_sub(size, &client->bytes);
		return ERR_PTR(-ENOMEM);
	}
	bo->client = nvdla_client_get(client);
	bo->base.map_noncoherent = cached;
	obj = &bo->base.base;
	obj->funcs = &nvdla_gem_funcs;
	drm_gem_private_object_init(drm, obj, size);

	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		ret = nvdla_bo_alloc_memory(bo);
	if (ret) {
		drm_gem_object_put(obj);
		return ERR_PTR(ret);
	}
	return bo;
}

/**
 * nvdla_gem_create_object() - make the object for an imported buffer
 * @drm: Device.
 * @size: Bytes.
 *
 * Return: An object, or -ENOMEM.
 */
struct drm_gem_object *nvdla_gem_create_object(struct drm_device *drm, size_t size)
{
	struct nvdla_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->base.base.funcs = &nvdla_gem_funcs;
	return &bo->base.base;
}

/**
 * nvdla_gem_prime_import() - import a dma-buf
 * @drm: Device.
 * @dma_buf: The dma-buf: our own, or one whose memory is contiguous for the device.
 *
 * Return: An object, or an error.
 */
struct drm_gem_object *nvdla_gem_prime_import(struct drm_device *drm, struct dma_buf *dma_buf)
{
	struct drm_gem_object *obj = dma_buf->priv;

	if (dma_buf->ops == &nvdla_dmabuf_ops && obj->dev == drm) {
		drm_gem_object_get(obj);
		return obj;
	}
	return drm_gem_prime_import(drm, dma_buf);
}

/*
 * Whether memory is mapped through bounce buffers, because it is out of the device's reach: what
 * one side writes the other would see when the mapping ends, if ever. For a coherent device only
 * such memory has to be synced. For others nobody tells, so memory that may be out of reach counts.
 */
static bool nvdla_gem_is_bounced(struct device *dev, struct sg_table *sgt)
{
	struct scatterlist *sg;
	int i;

	if (!dma_addressing_limited(dev))
		return false;
	for_each_sgtable_dma_sg(sgt, sg, i)
		if (dma_need_sync(dev, sg_dma_address(sg)))
			return true;
	return false;
}

/**
 * nvdla_gem_prime_import_sg_table() - make an object of a foreign dma-buf's memory
 * @drm: Device.
 * @attach: Attachment.
 * @sgt: The memory, mapped for the device.
 *
 * Return: An object, or an error.
 */
struct drm_gem_object *nvdla_gem_prime_import_sg_table(struct drm_device *drm,
						       struct dma_buf_attachment *attach,
						       struct sg_table *sgt)
{
	const char *why = NULL;

	/* First, because bounce buffers make one piece of many. */
	if (nvdla_gem_is_bounced(drm->dev, sgt))
		why = "out of the device's reach";
	else if (drm_prime_get_contiguous_size(sgt) < attach->dmabuf->size)
		why = "not contiguous";
	else if (!PAGE_ALIGNED(attach->dmabuf->size))
		why = "not made of whole pages";
	if (why) {
		dev_notice_ratelimited(drm->dev, "dma-buf from %s refused: its memory is %s\n",
				       attach->dmabuf->exp_name, why);
		return ERR_PTR(-EINVAL);
	}
	return drm_gem_dma_prime_import_sg_table(drm, attach, sgt);
}

/**
 * nvdla_gem_new() - make a buffer that the driver uses itself
 * @drm: Device.
 * @client: Who pays for it.
 * @size: Bytes.
 *
 * Return: A write-combined buffer of whole pages, mapped for the CPU, or -EDQUOT or -ENOMEM.
 */
struct drm_gem_object *nvdla_gem_new(struct drm_device *drm, struct nvdla_client *client,
				     size_t size)
{
	struct nvdla_bo *bo = nvdla_bo_create(drm, client, PAGE_ALIGN(size), false);

	return IS_ERR(bo) ? ERR_CAST(bo) : &bo->base.base;
}

/**
 * nvdla_gem_flush() - let memory have what the driver has written into a buffer
 * @obj: Buffer, not an imported one.
 * @from: First byte, in the driver's mapping of the buffer.
 * @size: Bytes.
 *
 * Or a sync from the device would undo it. May be called in an interrupt.
 */
void nvdla_gem_flush(struct drm_gem_object *obj, const void *from, size_t size)
{
	struct nvdla_bo *bo = to_nvdla_bo(obj);

	nvdla_bo_sync(bo, from - bo->base.vaddr, size, DRM_NVDLA_SYNC_TO_DEVICE);
}

int nvdla_ioctl_bo_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_bo_create *args = data;
	struct drm_gem_object *obj;
	struct nvdla_bo *bo;
	u32 handle;
	int ret;

	if (args->flags & ~DRM_NVDLA_BO_CACHED || args->handle || args->mmap_offset || !args->size)
		return -EINVAL;
	if (args->size > NVDLA_MAX_CLIENT_BYTES)
		return -EDQUOT;

	bo = nvdla_bo_create(drm, file->driver_priv, PAGE_ALIGN(args->size),
			     args->flags & DRM_NVDLA_BO_CACHED);
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	obj = &bo->base.base;
	ret = drm_gem_handle_create(file, obj, &handle);
	if (!ret) {
		args->size = obj->size;
		args->mmap_offset = drm_vma_node_offset_addr(&obj->vma_node);
		args->handle = handle;
	}
	drm_gem_object_put(obj);
	return ret;
}

int nvdla_ioctl_bo_sync(struct drm_device *drm, void *data, struct drm_file *file)
{
	const u32 both = DRM_NVDLA_SYNC_TO_DEVICE | DRM_NVDLA_SYNC_FROM_DEVICE;
	struct drm_nvdla_bo_sync *args = data;
	struct drm_gem_object *obj;
	int ret = 0;
	u64 end;

	if (!args->flags || args->flags & ~both || !args->size ||
	    check_add_overflow(args->offset, args->size, &end))
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	if (obj->import_attach)
		ret = -EOPNOTSUPP;
	else if (end > obj->size)
		ret = -EINVAL;
	else
		nvdla_bo_sync(to_nvdla_bo(obj), args->offset, args->size, args->flags);
	drm_gem_object_put(obj);
	return ret;
}

int nvdla_ioctl_bo_wait(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_bo_wait *args = data;
	struct drm_gem_object *obj;
	long left;

	if (args->flags)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;

	left = dma_resv_wait_timeout(obj->resv, DMA_RESV_USAGE_BOOKKEEP, true,
				     drm_timeout_abs_to_jiffies(args->timeout_ns));
	drm_gem_object_put(obj);
	if (left < 0)
		return left == -ERESTARTSYS ? -EINTR : left;
	return left ? 0 : -ETIME;
}
