# SPDX-License-Identifier: MIT
generate-src := $(wildcard tests/generate/*.c) $(addprefix userspace/tools/,player.c trace.c memory_map.c touched.c)
generate-obj := $(generate-src:%.c=$(BUILD)/obj/%.o)
generate-san := $(generate-src:%.c=$(BUILD)/san/%.o)

$(BUILD)/generate-traces: $(generate-obj) $(BUILD)/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $(generate-obj) -o $@ -L$(BUILD) -l:libnvdla-emu.so.0 -Wl,-rpath,'$$ORIGIN' -lz

$(BUILD)/san/generate-traces: $(generate-san) $(BUILD)/san/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(san-flags) $(generate-san) -o $@ -L$(BUILD)/san -l:libnvdla-emu.so.0 $(san-rpath) -lz

all: $(BUILD)/generate-traces
