/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_TEST_NPU_H
#define NVDLA_TEST_NPU_H

#include <stdbool.h>

#include <drm/nvdla_accel.h>

#include "harness.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define SECOND			1000000000ll

/* A buffer, mapped. */
struct npu_bo {
	uint32_t handle;
	uint64_t size;
	uint8_t *map;
};

/* A program that copies @bytes from slot 0 to slot 1, and what runs it. */
struct npu_copy {
	uint32_t program;
	uint32_t bytes;
	struct npu_bo src, dst;
	struct drm_nvdla_binding bindings[2];
};

int npu_open(void);
int npu_open_nth(int index);
int npu_ioctl(int fd, unsigned long request, void *arg);
void npu_device_name(char name[64]);
void npu_driver_tell(const char *file, const char *device);
long npu_meminfo(const char *key);
void npu_info(int fd, struct drm_nvdla_dev_info *info);

struct npu_bo npu_bo_new(int fd, uint64_t size, uint32_t flags);
int npu_bo_wait(int fd, uint32_t handle, int64_t seconds);
void npu_bo_sync(int fd, const struct npu_bo *bo, uint32_t flags);

struct drm_nvdla_op npu_copy_op(uint32_t atoms);
int npu_program_new(int fd, const struct drm_nvdla_op *ops, uint32_t count, uint32_t *handle);
struct npu_copy npu_copy_new(int fd, uint32_t atoms, uint32_t flags);
void npu_copy_fill(struct npu_copy *copy, uint32_t seed);
struct drm_nvdla_submit npu_copy_submit(const struct npu_copy *copy);
void npu_copy_check(int fd, const struct npu_copy *copy);
void npu_copy_unmap(struct npu_copy *copy);

void npu_queue_state(int fd, uint32_t queue, struct drm_nvdla_queue_state *state);

int npu_udmabuf(size_t size, uint8_t **map);
uint32_t npu_import_page(int fd);

uint32_t npu_syncobj_new(int fd);
int npu_syncobj_wait(int fd, uint32_t handle, int64_t seconds);
int npu_fence_of(int fd, uint32_t syncobj);
int npu_fence_end(int fence, int seconds);

volatile uint32_t *npu_registers(const char *name, size_t size);

int64_t npu_now(void);

#endif
