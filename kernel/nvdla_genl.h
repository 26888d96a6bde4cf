/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_GENL_H_
#define _NVDLA_GENL_H_

#include <linux/types.h>

struct nvdla_device;
struct nvdla_event;

#if IS_ENABLED(CONFIG_NET)

int nvdla_genl_register(void);
void nvdla_genl_unregister(void);
int nvdla_genl_add(struct nvdla_device *ndev);
void nvdla_genl_remove(struct nvdla_device *ndev);
bool nvdla_genl_heard(void);
void nvdla_genl_send(struct nvdla_device *ndev, const struct nvdla_event *event);

#else

static inline int nvdla_genl_register(void)
{
	return 0;
}

static inline void nvdla_genl_unregister(void)
{
}

static inline int nvdla_genl_add(struct nvdla_device *ndev)
{
	return 0;
}

static inline void nvdla_genl_remove(struct nvdla_device *ndev)
{
}

static inline bool nvdla_genl_heard(void)
{
	return false;
}

static inline void nvdla_genl_send(struct nvdla_device *ndev, const struct nvdla_event *event)
{
}

#endif

#endif
