# SPDX-License-Identifier: MIT
#
# tests/unit/NAME.c is a cmocka program, linked with everything, sanitizers on.
# tests/system/NAME is an executable that prints TAP; it finds the products in $BUILD.
unit-src := $(wildcard tests/unit/*.c)
unit-bin := $(unit-src:tests/unit/%.c=$(BUILD)/san/unit-%)
system-tests := $(wildcard tests/system/*.test)

$(BUILD)/san/unit-%: $(BUILD)/san/tests/unit/%.o $(libdla-san) $(core-san) $(emulator-san) $(BUILD)/san/libnvdla-emu.so.0 | need-test
	$(CC) $(san-flags) $(filter %.o,$^) -o $@ $(san-rpath) -lcmocka -lm -lz -ldl -pthread

$(BUILD)/san/tests/%.o: | need-test

check: all $(unit-bin) $(BUILD)/san/dla | need-test
	@BUILD=$(BUILD) tests/run $(unit-bin)

test: all $(unit-bin) $(BUILD)/san/dla | need-test
	@BUILD=$(BUILD) tests/run $(unit-bin) $(system-tests)
