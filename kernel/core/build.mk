# SPDX-License-Identifier: MIT
# The engine core, compiled for the host. The kernel module lists the same files in Kbuild.
core-src := $(wildcard kernel/core/*.c)
core-obj := $(core-src:%.c=$(BUILD)/obj/%.o)
core-san := $(core-src:%.c=$(BUILD)/san/%.o)
