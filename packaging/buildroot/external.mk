# SPDX-License-Identifier: MIT
include $(sort $(wildcard $(BR2_EXTERNAL_NVDLA_PATH)/package/*/*.mk))
