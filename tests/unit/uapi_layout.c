// SPDX-License-Identifier: MIT
/*
 * The kernel interface is the same for callers of 32 and 64 bits: no structure has padding of the
 * compiler's, which would also carry bytes of the kernel's stack to userspace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm.h>
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <drm/nvdla_accel.h>
#pragma GCC diagnostic pop

#define SIZE(name)	{ #name, sizeof(struct name) }

static void test_sizes_are_multiples_of_eight(void **state)
{
	static const struct {
		const char *name;
		size_t size;
	} structures[] = {
		SIZE(drm_nvdla_addr), SIZE(drm_nvdla_surface), SIZE(drm_nvdla_conv),
		SIZE(drm_nvdla_sdp_stage), SIZE(drm_nvdla_sdp), SIZE(drm_nvdla_pdp),
		SIZE(drm_nvdla_cdp), SIZE(drm_nvdla_lut_range), SIZE(drm_nvdla_lut), SIZE(drm_nvdla_op),
		SIZE(drm_nvdla_slot), SIZE(drm_nvdla_dev_info), SIZE(drm_nvdla_dev_query),
		SIZE(drm_nvdla_bo_create), SIZE(drm_nvdla_bo_sync), SIZE(drm_nvdla_bo_wait),
		SIZE(drm_nvdla_reason), SIZE(drm_nvdla_program_create), SIZE(drm_nvdla_program_destroy),
		SIZE(drm_nvdla_queue_create), SIZE(drm_nvdla_queue_destroy), SIZE(drm_nvdla_binding),
		SIZE(drm_nvdla_sync), SIZE(drm_nvdla_time), SIZE(drm_nvdla_submit),
		SIZE(drm_nvdla_queue_state),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(structures) / sizeof(structures[0]); i++)
		if (structures[i].size % 8)
			fail_msg("struct %s has %zu bytes", structures[i].name, structures[i].size);
}

/* Two requests of one number would be one request. */
static void test_requests_differ(void **state)
{
	static const unsigned long requests[] = {
		DRM_IOCTL_NVDLA_DEV_QUERY, DRM_IOCTL_NVDLA_BO_CREATE, DRM_IOCTL_NVDLA_BO_SYNC,
		DRM_IOCTL_NVDLA_BO_WAIT, DRM_IOCTL_NVDLA_PROGRAM_CREATE,
		DRM_IOCTL_NVDLA_PROGRAM_DESTROY, DRM_IOCTL_NVDLA_QUEUE_CREATE,
		DRM_IOCTL_NVDLA_QUEUE_DESTROY, DRM_IOCTL_NVDLA_SUBMIT, DRM_IOCTL_NVDLA_QUEUE_STATE,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		unsigned long number = requests[i] & 0xff;

		assert_in_range(number, DRM_COMMAND_BASE, DRM_COMMAND_END - 1);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(number, requests[j] & 0xff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_are_multiples_of_eight),
		cmocka_unit_test(test_requests_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
