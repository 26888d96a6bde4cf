# SPDX-License-Identifier: MIT
# A plugin of the TensorFlow Lite runtime, from which it takes nothing: every symbol is libdla's, libmd's or libc's.
delegate-src := $(wildcard userspace/delegate/*.c)
delegate-obj := $(delegate-src:%.c=$(BUILD)/obj/%.o)
delegate-map := userspace/delegate/delegate.map

$(BUILD)/libdla_delegate.so: $(delegate-obj) $(delegate-map) $(BUILD)/libdla.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs -Wl,--version-script=$(delegate-map) \
		-Wl,-rpath,'$$ORIGIN' $(delegate-obj) -o $@ -L$(BUILD) -l:libdla.so.0 -lmd -ldl -pthread

all: $(BUILD)/libdla_delegate.so
