# SPDX-License-Identifier: MIT
#
# As much of Buildroot as our recipes use, with this machine for the target: make -f ... OUT=FOLDER
# The build is one of the tree itself, in a copy, where Buildroot would have put it.
BR2_EXTERNAL_NVDLA_PATH := $(CURDIR)/packaging/buildroot
TARGET_CFLAGS := -O1
TARGET_CC := cc
STAGING_DIR := $(OUT)/staging
TARGET_DIR := $(OUT)/target
kernel-module = $(eval kernel-module-seen := yes)
generic-package =
KCONFIG_ENABLE_OPT = $(1)

include packaging/buildroot/external.mk

all: $(OUT)/source/.stamp
$(OUT)/source/.stamp:
	$(LIBDLA_BUILD_CMDS)
	$(LIBDLA_INSTALL_STAGING_CMDS)
	$(LIBDLA_INSTALL_TARGET_CMDS)
	test "$(kernel-module-seen)" = yes
	test "$(words $(LIBDLA_DEPENDENCIES))" -gt 0
