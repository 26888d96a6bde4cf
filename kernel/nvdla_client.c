// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include <drm/drm_file.h>

#include "nvdla_client.h"
#include "nvdla_device.h"
#include "nvdla_process.h"
#include "nvdla_program.h"
#include "nvdla_queue.h"

static void nvdla_client_release(struct kref *kref)
{
	struct nvdla_client *client = container_of(kref, struct nvdla_client, kref);

	nvdla_process_put(client->process);
	kfree(client);
}

/**
 * nvdla_client_new() - make a client
 * @ndev: Device.
 *
 * Return: A client of the current process, to be given up with nvdla_client_shut(), or -ENOMEM.
 */
struct nvdla_client *nvdla_client_new(struct nvdla_device *ndev)
{
	struct nvdla_client *client;
	int ret;

	client = kzalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return ERR_PTR(-ENOMEM);
	client->process = nvdla_process_get(ndev);
	if (!client->process) {
		kfree(client);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&client->kref);
	xa_init_flags(&client->programs, XA_FLAGS_ALLOC1);
	xa_init_flags(&client->queues, XA_FLAGS_ALLOC);

	ret = nvdla_queue_add_default(ndev, client);
	if (ret) {
		nvdla_client_put(client);
		return ERR_PTR(ret);
	}
	return client;
}

/**
 * nvdla_client_shut() - give up all that belongs to a client
 * @ndev: Device.
 * @client: Client; the reference goes, too.
 */
void nvdla_client_shut(struct nvdla_device *ndev, struct nvdla_client *client)
{
	struct nvdla_program *program;
	struct nvdla_queue *queue;
	unsigned long handle;

	xa_for_each(&client->queues, handle, queue)
		nvdla_queue_kill(ndev, queue);
	xa_destroy(&client->queues);

	xa_for_each(&client->programs, handle, program)
		nvdla_program_put(program);
	xa_destroy(&client->programs);

	nvdla_client_put(client);
}

/**
 * nvdla_client_open() - set up an open file
 * @drm: Device.
 * @file: File.
 *
 * Return: 0, or -ENOMEM.
 */
int nvdla_client_open(struct drm_device *drm, struct drm_file *file)
{
	struct nvdla_client *client = nvdla_client_new(to_nvdla_device(drm));

	if (IS_ERR(client))
		return PTR_ERR(client);
	file->driver_priv = client;
	return 0;
}

/**
 * nvdla_client_close() - give up all that belongs to an open file
 * @drm: Device.
 * @file: File.
 */
void nvdla_client_close(struct drm_device *drm, struct drm_file *file)
{
	nvdla_client_shut(to_nvdla_device(drm), file->driver_priv);
}

struct nvdla_client *nvdla_client_get(struct nvdla_client *client)
{
	kref_get(&client->kref);
	return client;
}

void nvdla_client_put(struct nvdla_client *client)
{
	kref_put(&client->kref, nvdla_client_release);
}
