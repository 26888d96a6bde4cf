# SPDX-License-Identifier: MIT
libdla-src := $(wildcard userspace/libdla/*.c userspace/libdla/cpu/*.c)
libdla-libs := -lXNNPACK -ldrm -lm -lz -ldl -pthread
libdla-obj := $(libdla-src:%.c=$(BUILD)/obj/%.o)
libdla-san := $(libdla-src:%.c=$(BUILD)/san/%.o)

$(BUILD)/libdla.so.0: $(libdla-obj) $(core-obj)
	$(call quiet,LD)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs -Wl,-rpath,'$$ORIGIN' $^ -o $@ $(libdla-libs)

# The kernels are loops that are worth unrolling and vectorising.
$(BUILD)/obj/userspace/libdla/cpu/%.o: CFLAGS += -O3

all: $(BUILD)/libdla.so.0
