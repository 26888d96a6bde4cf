// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include <drm/drm_file.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_program.h"
#include "nvdla_user.h"

/*
 * The hardware translates no addresses and reports no bad ones, so what is checked here is all that
 * stands between a client and the memory of everybody else. Operations and look-up tables are
 * copied once and checked in the copy, where nobody can change them any more; from then on only the
 * operations' images and the copied tables are used.
 */

/* As large as the client likes: it pays for them, and does not fill the log if there is no room. */
#define NVDLA_PROGRAM_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/* A look-up table takes about as much memory as an operation. */
static struct nvdla_program *nvdla_program_alloc(struct nvdla_client *client, u32 count, u32 luts)
{
	struct nvdla_program *program;

	if (!nvdla_client_charge(&client->ops, count + luts, NVDLA_MAX_CLIENT_OPS))
		return ERR_PTR(-EDQUOT);
	program = kvzalloc(struct_size(program, images, count), NVDLA_PROGRAM_GFP);
	if (!program) {
		atomic_sub(count + luts, &client->ops);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&program->kref);
	program->client = nvdla_client_get(client);
	program->charge = count + luts;
	program->code.images = program->images;
	program->code.count = count;
	return program;
}

static void nvdla_program_release(struct kref *kref)
{
	struct nvdla_program *program = container_of(kref, struct nvdla_program, kref);

	atomic_sub(program->charge, &program->client->ops);
	nvdla_client_put(program->client);
	kvfree(program->luts);
	kvfree(program);
}

static u32 nvdla_program_slot_count(const struct nvdla_program *program)
{
	u32 count = DRM_NVDLA_MAX_SLOTS;

	while (count && !program->slots[count - 1].min_size)
		count--;
	return count;
}

static int nvdla_program_copy_luts(struct nvdla_program *program,
				   const struct drm_nvdla_program_create *args)
{
	const struct nvdla_user_array array = { args->luts, args->lut_count, args->lut_stride,
						DRM_NVDLA_LUT_SIZE_VER0 };

	if (!args->lut_count)
		return 0;
	program->luts = kvmalloc_array(args->lut_count, sizeof(*program->luts),
				       NVDLA_PROGRAM_GFP);
	if (!program->luts)
		return -ENOMEM;
	program->code.luts = program->luts;
	return nvdla_user_get(program->luts, sizeof(*program->luts), &array);
}

/* Fill in the program from the caller's operations. */
static int nvdla_program_fill(struct nvdla_program *program, const struct nvdla_config *config,
			      struct drm_nvdla_program_create *args,
			      const struct nvdla_user_text *text)
{
	const struct nvdla_user_array array = { args->ops, args->op_count, args->op_stride,
						DRM_NVDLA_OP_SIZE_VER0 };
	struct nvdla_source source = { .op_count = args->op_count, .lut_count = args->lut_count };
	struct nvdla_diag diag = {};
	struct drm_nvdla_op *ops;
	int ret;

	ret = nvdla_program_copy_luts(program, args);
	if (ret)
		return ret;
	ops = kvmalloc_array(args->op_count, sizeof(*ops), NVDLA_PROGRAM_GFP);
	if (!ops)
		return -ENOMEM;
	ret = nvdla_user_get(ops, sizeof(*ops), &array);
	if (ret)
		goto free_ops;

	source.ops = ops;
	source.luts = program->luts;
	ret = nvdla_program_check(config, &source, program->slots, &diag);
	if (ret) {
		if (nvdla_user_reason(&args->reason, text, &diag))
			ret = -EFAULT;
		goto free_ops;
	}
	nvdla_program_encode(config, &source, program->images);
free_ops:
	kvfree(ops);
	return ret;
}

/**
 * nvdla_program_new() - make a program that the driver runs itself
 * @ndev: Device.
 * @client: Whose operations it counts among.
 * @source: The program, in memory that nobody changes; it is checked as those of users are.
 * @diag: Filled in when it is refused with -EINVAL.
 *
 * Return: The program with a reference, -EINVAL, -EDQUOT or -ENOMEM.
 */
struct nvdla_program *nvdla_program_new(struct nvdla_device *ndev, struct nvdla_client *client,
					const struct nvdla_source *source, struct nvdla_diag *diag)
{
	struct nvdla_program *program;
	int ret = 0;

	program = nvdla_program_alloc(client, source->op_count, source->lut_count);
	if (IS_ERR(program))
		return program;
	if (source->lut_count) {
		program->luts = kvmalloc_array(source->lut_count, sizeof(*program->luts),
					       GFP_KERNEL);
		if (!program->luts)
			ret = -ENOMEM;
		else
			memcpy(program->luts, source->luts,
			       source->lut_count * sizeof(*program->luts));
		program->code.luts = program->luts;
	}
	if (!ret)
		ret = nvdla_program_check(ndev->config, source, program->slots, diag);
	if (ret) {
		nvdla_program_put(program);
		return ERR_PTR(ret);
	}
	nvdla_program_encode(ndev->config, source, program->images);
	return program;
}

/**
 * nvdla_program_find() - look up a program
 * @client: Whose.
 * @handle: Its handle.
 *
 * Return: The program with a reference, or NULL.
 */
struct nvdla_program *nvdla_program_find(struct nvdla_client *client, u32 handle)
{
	struct nvdla_program *program;

	xa_lock(&client->programs);
	program = xa_load(&client->programs, handle);
	if (program)
		kref_get(&program->kref);
	xa_unlock(&client->programs);
	return program;
}

void nvdla_program_put(struct nvdla_program *program)
{
	kref_put(&program->kref, nvdla_program_release);
}

int nvdla_ioctl_program_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct nvdla_device *ndev = to_nvdla_device(drm);
	struct drm_nvdla_program_create *args = data;
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_user_array slots = { args->slots, args->slot_count, args->slot_stride,
					  DRM_NVDLA_SLOT_SIZE_VER0 };
	struct nvdla_program *program;
	struct nvdla_user_text text;
	u32 slot_count, handle;
	int ret;

	ret = nvdla_user_reason_begin(&args->reason, &text);
	if (ret)
		return ret;
	if (args->flags || args->handle || !args->op_count || args->op_count > DRM_NVDLA_MAX_OPS ||
	    args->lut_count > DRM_NVDLA_MAX_LUTS || args->slot_count > DRM_NVDLA_MAX_SLOTS)
		return -EINVAL;
	if (!slots.ptr)
		slots.count = 0;

	program = nvdla_program_alloc(client, args->op_count, args->lut_count);
	if (IS_ERR(program))
		return PTR_ERR(program);
	ret = nvdla_program_fill(program, ndev->config, args, &text);
	if (ret)
		goto put;
	slot_count = nvdla_program_slot_count(program);
	ret = nvdla_user_put(&slots, program->slots, sizeof(*program->slots), slot_count);
	if (ret)
		goto put;

	/* Last, because from here on another thread may use it, or destroy it. */
	ret = xa_alloc(&client->programs, &handle, program, xa_limit_31b, GFP_KERNEL);
	if (ret)
		goto put;
	args->slot_count = slot_count;
	args->handle = handle;
	return 0;
put:
	nvdla_program_put(program);
	return ret;
}

int nvdla_ioctl_program_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_program_destroy *args = data;
	struct nvdla_client *client = file->driver_priv;
	struct nvdla_program *program;

	if (args->pad)
		return -EINVAL;
	program = xa_erase(&client->programs, args->handle);
	if (!program)
		return -ENOENT;
	nvdla_program_put(program);
	return 0;
}
