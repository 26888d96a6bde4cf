# SPDX-License-Identifier: MIT
LIBDLA_VERSION = 0.1.0
# The tree that this folder is part of.
LIBDLA_SITE = $(BR2_EXTERNAL_NVDLA_PATH)/../..
LIBDLA_SITE_METHOD = local
# What has been built in the tree was for another machine.
LIBDLA_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build
LIBDLA_LICENSE = MIT
LIBDLA_LICENSE_FILES = LICENSES/MIT.txt
LIBDLA_INSTALL_STAGING = YES
LIBDLA_DEPENDENCIES = host-pkgconf host-python3 jansson libdrm libmd libnl stb zlib

# The tree's rules have no LDFLAGS of their own.
LIBDLA_MAKE = NEED=no CFLAGS="$(TARGET_CFLAGS) $(TARGET_LDFLAGS)" $(TARGET_MAKE_ENV) $(MAKE) -C $(@D) \
	CC="$(TARGET_CC)" HEADERS=$(STAGING_DIR)/usr/include BUILD=build XNNPACK= STB=headers prefix=/usr udevdir=/lib/udev V=1

define LIBDLA_BUILD_CMDS
	$(LIBDLA_MAKE) build/dla build/libdla.so.0 build/libnvdla-emu.so.0 build/libdla_delegate.so
endef

define LIBDLA_INSTALL_STAGING_CMDS
	$(LIBDLA_MAKE) DESTDIR=$(STAGING_DIR) install
endef

define LIBDLA_INSTALL_TARGET_CMDS
	$(LIBDLA_MAKE) DESTDIR=$(TARGET_DIR) install
endef

$(eval $(generic-package))
