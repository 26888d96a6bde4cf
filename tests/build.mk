# SPDX-License-Identifier: MIT
#
# tests/unit/NAME.c is a cmocka program, linked with everything, sanitizers on; what has threads, a
# second time with ThreadSanitizer.
# tests/fuzz/NAME_mutate.c prints TAP and is built likewise; NAME_fuzz.c is for libFuzzer, make fuzz;
# NAME.test there runs it for a while.
# tests/system/NAME.test is an executable that prints TAP; it finds the products in $BUILD.
# tests/system/NAME.c becomes one, linked with the optimised library as a user's program is.
# tests/bench/NAME.c measures the optimised objects from inside, and prints TAP; make bench runs only these.
unit-src := $(wildcard tests/unit/*.c)
unit-bin := $(unit-src:tests/unit/%.c=$(BUILD)/san/unit-%) $(BUILD)/tsan/unit-emu_threads $(BUILD)/tsan/unit-requests \
	    $(BUILD)/tsan/unit-many_threads $(BUILD)/tsan/unit-head
mutate-bin := $(patsubst tests/fuzz/%.c,$(BUILD)/san/fuzz-%,$(wildcard tests/fuzz/*_mutate.c))
system-bin := $(patsubst tests/system/%.c,$(BUILD)/system-%,$(wildcard tests/system/*.c))
# They build a kernel of their own, or the module for every kernel that Debian has: with nothing cached
# that and the boards on such a kernel take as long as all the rest, so they are a target of their own.
# In Debian roots, one of them an arm64 board's; only as root.
package-tests := tests/system/packages.test tests/packages/arm64.test
long-tests := $(wildcard tests/system/*_debug.test) tests/system/modules.test $(package-tests)
system-tests := $(filter-out $(long-tests),$(wildcard tests/system/*.test)) $(system-bin)

$(BUILD)/san/unit-%: $(BUILD)/san/tests/unit/%.o $(libdla-san) $(core-san) $(emulator-san) $(BUILD)/san/libnvdla-emu.so.0 | need-test
	$(call quiet,LD)$(CC) $(san-flags) $(filter %.o,$^) -o $@ $(san-rpath) -lcmocka -ljansson $(libdla-libs)

# The tool's own: what it makes of files.
tool-inputs := picture sound wav mfcc
$(BUILD)/san/unit-tool_inputs: $(tool-inputs:%=$(BUILD)/san/userspace/tools/%.o)
$(BUILD)/unit-tool_inputs: $(tool-inputs:%=$(BUILD)/obj/userspace/tools/%.o)
$(BUILD)/san/unit-tool_inputs $(BUILD)/unit-tool_inputs: libdla-libs += -lstb -lm

$(BUILD)/san/unit-tool_keys: $(BUILD)/san/userspace/tools/keys.o
$(BUILD)/unit-tool_keys: $(BUILD)/obj/userspace/tools/keys.o

$(BUILD)/tsan/unit-%: $(BUILD)/tsan/tests/unit/%.o $(patsubst %.c,$(BUILD)/tsan/%.o,$(libdla-src) $(core-src) \
		       $(emulator-src)) $(BUILD)/tsan/libnvdla-emu.so.0 | need-test
	$(call quiet,LD)$(CC) $(tsan-flags) $(filter %.o,$^) -o $@ $(san-rpath) -lcmocka $(libdla-libs)

$(BUILD)/san/fuzz-%: $(BUILD)/san/tests/fuzz/%.o $(libdla-san) $(core-san) $(emulator-san) $(BUILD)/san/libnvdla-emu.so.0 | need-test
	$(call quiet,LD)$(CC) $(san-flags) $(filter %.o,$^) -o $@ $(san-rpath) $(libdla-libs)

$(BUILD)/system-%: $(BUILD)/obj/tests/system/%.o $(BUILD)/libdla.so.0 $(BUILD)/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $< -o $@ -L$(BUILD) -l:libdla.so.0 -Wl,-rpath,'$$ORIGIN' -lz

# The same tests of the products' own objects, for a machine without sanitizers.
plain-unit-bin := $(unit-src:tests/unit/%.c=$(BUILD)/unit-%)
.PHONY: plain-units
plain-units: $(plain-unit-bin)
$(BUILD)/unit-%: $(BUILD)/obj/tests/unit/%.o $(libdla-obj) $(core-obj) $(emulator-obj) $(BUILD)/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $(filter %.o,$^) -o $@ -Wl,-rpath,'$$ORIGIN' -lcmocka -ljansson $(libdla-libs)

bench-src := $(filter-out $(if $(XNNPACK),,tests/bench/xnnpack.c),$(wildcard tests/bench/*.c))
bench-bin := $(bench-src:tests/bench/%.c=$(BUILD)/bench-%)

$(BUILD)/bench-%: $(BUILD)/obj/tests/bench/%.o $(libdla-obj) $(core-obj) $(emulator-obj) $(BUILD)/libnvdla-emu.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $(filter %.o,$^) -o $@ -Wl,-rpath,'$$ORIGIN' $(libdla-libs)

.PHONY: bench
bench: $(bench-bin)
	@for program in $^; do $$program || exit 1; done

# The validator without each of its checks: takes the options that tests/mutants has.
mutants-obj := $(filter-out $(BUILD)/obj/kernel/core/validate%,$(core-obj)) $(emulator-obj) \
	       $(addprefix $(BUILD)/obj/userspace/libdla/,record.o error.o)
$(BUILD)/validator-mutants: $(mutants-obj) tests/mutants tests/build.mk
	$(call quiet,GEN)printf '#!/bin/sh\nexec tests/mutants "$$@" --dir %s --compile "%s" %s\n' \
		'$(BUILD)/mutants' '$(CC) $(cflags) -O2 -w $(includes)' '$(mutants-obj)' > $@ && chmod +x $@

tflite-fuzz-src := tests/fuzz/tflite_fuzz.c $(addprefix userspace/libdla/,arena.c error.c flatbuffer.c \
	graph.c) $(wildcard userspace/libdla/tflite*.c userspace/libdla/cpu/*.c)

registers-fuzz-src := tests/fuzz/registers_fuzz.c $(emulator-src)
fuzz-flags := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

.PHONY: fuzz
fuzz: $(BUILD)/fuzz-tflite $(BUILD)/fuzz-registers
$(BUILD)/fuzz-tflite: $(tflite-fuzz-src)
$(BUILD)/fuzz-registers: $(registers-fuzz-src)
$(BUILD)/fuzz-%: | need
	@scripts/need clang
	@mkdir -p $(@D)
	$(call quiet,CC)clang $(cflags) $(includes) $(fuzz-flags) $^ -o $@ $(libdla-libs)

$(BUILD)/san/tests/%.o $(BUILD)/tsan/tests/%.o: | need-test

# What make check runs; make test repeats it and goes on.
check-bin := $(unit-bin) $(BUILD)/san/fuzz-programs_mutate $(BUILD)/validator-mutants
check: all $(check-bin) $(BUILD)/san/dla $(BUILD)/fuzz-registers | need-test
	@BUILD=$(BUILD) tests/run $(check-bin) tests/fuzz/registers.test

test: all arm64 $(check-bin) $(mutate-bin) $(system-bin) $(bench-bin) $(BUILD)/san/dla $(BUILD)/fuzz-registers | need-test
	@BUILD=$(BUILD) tests/run $(sort $(check-bin) $(mutate-bin)) tests/fuzz/registers.test $(system-tests) $(bench-bin)

.PHONY: test-debug
test-debug: all arm64 | need-test
	@BUILD=$(BUILD) tests/run --timeout 7200 $(long-tests)

.PHONY: test-packages
test-packages: | need-test
	@BUILD=$(BUILD) tests/run --timeout 7200 $(package-tests)
