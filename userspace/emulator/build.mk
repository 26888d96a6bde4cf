# SPDX-License-Identifier: MIT
emulator-src := $(wildcard userspace/emulator/*.c)
emulator-obj := $(emulator-src:%.c=$(BUILD)/obj/%.o)
emulator-san := $(emulator-src:%.c=$(BUILD)/san/%.o)

$(emulator-obj): CFLAGS += -O3

# Three copies, two of them with sanitizers: whoever loads "libnvdla-emu.so.0" finds the one beside itself.
$(BUILD)/libnvdla-emu.so.0: $(emulator-obj)
	$(call quiet,LD)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs $^ -o $@ -pthread

$(BUILD)/san/libnvdla-emu.so.0: $(emulator-san)
	$(call quiet,LD)$(CC) $(san-flags) -shared -Wl,-soname,$(@F) $^ -o $@ -pthread

$(BUILD)/tsan/libnvdla-emu.so.0: $(emulator-src:%.c=$(BUILD)/tsan/%.o)
	$(call quiet,LD)$(CC) $(tsan-flags) -shared -Wl,-soname,$(@F) $^ -o $@ -pthread

all: $(BUILD)/libnvdla-emu.so.0
