# SPDX-License-Identifier: MIT
tools-src := $(wildcard userspace/tools/*.c)
tools-obj := $(tools-src:%.c=$(BUILD)/obj/%.o)
tools-san := $(tools-src:%.c=$(BUILD)/san/%.o)
# STB=headers: where stb is no library.
stb := $(if $(filter headers,$(STB)),$(BUILD)/obj/packaging/stb.o,-lstb)
tools-libs := $(stb) -ljansson -lnl-genl-3 -lnl-3 -lz -lm -ldl -pthread

$(BUILD)/dla: $(tools-obj) $(filter %.o,$(stb)) $(BUILD)/libdla.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $(tools-obj) -o $@ -L$(BUILD) -l:libdla.so.0 -Wl,-rpath,'$$ORIGIN' $(tools-libs)

# The same tool with sanitizers, everything linked in except the emulator, for the tests.
$(BUILD)/san/dla: $(tools-san) $(libdla-san) $(core-san) $(BUILD)/san/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(san-flags) $(filter %.o,$^) -o $@ $(san-rpath) $(tools-libs) $(libdla-libs)

# The page of `dla bench --html` is part of the program.
$(BUILD)/obj/userspace/tools/page.o $(BUILD)/san/userspace/tools/page.o: userspace/tools/page.html

all: $(BUILD)/dla
