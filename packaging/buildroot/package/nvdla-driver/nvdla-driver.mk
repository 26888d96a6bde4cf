# SPDX-License-Identifier: MIT
NVDLA_DRIVER_VERSION = 0.1.0
NVDLA_DRIVER_SITE = $(BR2_EXTERNAL_NVDLA_PATH)/../..
NVDLA_DRIVER_SITE_METHOD = local
# What has been built in the tree was for another machine.
NVDLA_DRIVER_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build --exclude '*.o' --exclude '*.cmd'
NVDLA_DRIVER_LICENSE = GPL-2.0-only, GPL-2.0-only OR MIT (kernel/core)
NVDLA_DRIVER_LICENSE_FILES = LICENSES/GPL-2.0-only.txt LICENSES/MIT.txt

define NVDLA_DRIVER_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_MODULES)
	$(call KCONFIG_ENABLE_OPT,CONFIG_DRM)
	$(call KCONFIG_ENABLE_OPT,CONFIG_DRM_GEM_DMA_HELPER)
	$(call KCONFIG_ENABLE_OPT,CONFIG_DRM_SCHED)
	$(call KCONFIG_ENABLE_OPT,CONFIG_DMA_CMA)
endef

$(eval $(kernel-module))
$(eval $(generic-package))
