// SPDX-License-Identifier: GPL-2.0-only
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/uaccess.h>

#include "nvdla_core.h"
#include "nvdla_user.h"

#define MAX_TEXT	NVDLA_USER_MAX_SIZE

static int nvdla_user_check_stride(const struct nvdla_user_array *array)
{
	if (!array->count)
		return 0;
	if (array->stride < array->least)
		return -EINVAL;
	return array->stride > NVDLA_USER_MAX_SIZE ? -E2BIG : 0;
}

/**
 * nvdla_user_get() - copy an array from userspace
 * @to: Elements of the structure as the driver knows it.
 * @size: Bytes of one.
 * @from: Array; how many elements it may have has been checked.
 *
 * Return: 0, -EINVAL, -E2BIG or -EFAULT.
 */
int nvdla_user_get(void *to, size_t size, const struct nvdla_user_array *from)
{
	const void __user *src = u64_to_user_ptr(from->ptr);
	int ret = nvdla_user_check_stride(from);

	for (u32 i = 0; i < from->count && !ret; i++) {
		ret = copy_struct_from_user(to + i * size, size, src, from->stride);
		src += from->stride;
	}
	return ret;
}

/**
 * nvdla_user_put() - copy an array to userspace
 * @to: Array.
 * @from: Elements of the structure as the driver knows it.
 * @size: Bytes of one, of which the caller gets as many as it knows.
 * @count: How many; what @to has more becomes zero.
 *
 * Return: 0, -EINVAL, -E2BIG or -EFAULT.
 */
int nvdla_user_put(const struct nvdla_user_array *to, const void *from, size_t size, u32 count)
{
	void __user *dst = u64_to_user_ptr(to->ptr);
	int ret = nvdla_user_check_stride(to);

	if (ret)
		return ret;
	for (u32 i = 0; i < to->count; i++) {
		size_t filled = i < count ? min_t(size_t, size, to->stride) : 0;

		if (copy_to_user(dst, from + i * size, filled) ||
		    clear_user(dst + filled, to->stride - filled))
			return -EFAULT;
		dst += to->stride;
	}
	return 0;
}

/**
 * nvdla_user_reason_begin() - note where a reason goes, and that there is none yet
 * @reason: Reason of a request.
 * @text: Filled in.
 *
 * Return: 0, or -EINVAL.
 */
int nvdla_user_reason_begin(struct drm_nvdla_reason *reason, struct nvdla_user_text *text)
{
	*text = (struct nvdla_user_text) { .ptr = reason->text, .size = reason->text_size };
	reason->text_size = 0;
	reason->index = 0;
	if (!text->ptr)
		text->size = 0;
	return text->size <= MAX_TEXT ? 0 : -EINVAL;
}

/**
 * nvdla_user_reason() - tell a caller why something was refused
 * @reason: Filled in.
 * @text: Where the text goes.
 * @diag: What the engine core says.
 *
 * Return: 0, or -EFAULT.
 */
int nvdla_user_reason(struct drm_nvdla_reason *reason, const struct nvdla_user_text *text,
		      const struct nvdla_diag *diag)
{
	char buf[192];
	u32 size = scnprintf(buf, sizeof(buf), "%s: %s", diag->field, diag->rule) + 1;
	u32 copied = min(size, text->size);

	reason->index = diag->index;
	reason->text_size = size;
	if (!copied)
		return 0;
	buf[copied - 1] = '\0';
	return copy_to_user(u64_to_user_ptr(text->ptr), buf, copied) ? -EFAULT : 0;
}
