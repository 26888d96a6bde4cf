# SPDX-License-Identifier: MIT
# XNNPACK= builds without it, where there is none.
XNNPACK ?= yes
libdla-without := $(addprefix userspace/libdla/cpu/,$(if $(XNNPACK),xnn_none.c,xnn.c xnn_node.c))
libdla-src := $(filter-out $(libdla-without),$(wildcard userspace/libdla/*.c userspace/libdla/cpu/*.c))
libdla-libs := $(if $(XNNPACK),-lXNNPACK -lpthreadpool) -ldrm -lmd -lm -lz -ldl -pthread
libdla-obj := $(libdla-src:%.c=$(BUILD)/obj/%.o)
libdla-san := $(libdla-src:%.c=$(BUILD)/san/%.o)

# The emulator is beside it here, and in a folder of its own where the library is installed.
$(BUILD)/libdla.so.0: $(libdla-obj) $(core-obj) userspace/libdla/libdla.map
	$(call quiet,LD)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs -Wl,-rpath,'$$ORIGIN:$$ORIGIN/libdla' \
		-Wl,--version-script=userspace/libdla/libdla.map -Wl,--no-undefined-version $(filter %.o,$^) -o $@ $(libdla-libs)

# The kernels are loops that are worth unrolling and vectorising.
$(BUILD)/obj/userspace/libdla/cpu/%.o: CFLAGS += -O3

all: $(BUILD)/libdla.so.0
