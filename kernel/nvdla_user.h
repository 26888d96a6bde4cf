/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_USER_H_
#define _NVDLA_USER_H_

#include <linux/types.h>

struct drm_nvdla_reason;
struct nvdla_diag;

/*
 * Bytes that a structure may grow to. To see whether larger ones end in zeros, as many as there may
 * be, would keep a processor busy for minutes.
 */
#define NVDLA_USER_MAX_SIZE	4096

/**
 * struct nvdla_user_array - an array in a caller's memory
 * @ptr: Its address.
 * @count: Elements.
 * @stride: Bytes of an element, as the caller knows it.
 * @least: Bytes that it had in the first version of the interface; no caller knows less.
 */
struct nvdla_user_array {
	u64 ptr;
	u32 count;
	u32 stride;
	u32 least;
};

int nvdla_user_get(void *to, size_t size, const struct nvdla_user_array *from);
int nvdla_user_put(const struct nvdla_user_array *to, const void *from, size_t size, u32 count);

/**
 * struct nvdla_user_text - room for a reason in a caller's memory
 * @ptr: Its address.
 * @size: Bytes.
 */
struct nvdla_user_text {
	u64 ptr;
	u32 size;
};

int nvdla_user_reason_begin(struct drm_nvdla_reason *reason, struct nvdla_user_text *text);
int nvdla_user_reason(struct drm_nvdla_reason *reason, const struct nvdla_user_text *text,
		      const struct nvdla_diag *diag);

#endif
