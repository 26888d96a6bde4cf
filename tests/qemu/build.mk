# SPDX-License-Identifier: MIT
#
# make arm64       library and tools for the guest, in $(BUILD)/arm64, and what the tests run there
#
# The guest's libraries are Debian's, unpacked into the cache; the C library's headers are the cross
# compiler's.
arm64-lib = $$sysroot/usr/lib/aarch64-linux-gnu
arm64-cc = aarch64-linux-gnu-gcc -isystem $$sysroot/usr/include -isystem $$sysroot/usr/include/aarch64-linux-gnu \
	   -L$(arm64-lib) -L$$sysroot/lib/aarch64-linux-gnu -Wl,-rpath-link,$(arm64-lib):$$sysroot/lib/aarch64-linux-gnu

.PHONY: arm64 guest
arm64:
	@scripts/need gcc-aarch64-linux-gnu python3
	+@sysroot=$$(tests/qemu/sysroot) && $(MAKE) --no-print-directory BUILD=$(BUILD)/arm64 CC="$(arm64-cc)" all guest

guest: $(addprefix $(BUILD)/guest-,play hog share vcpu emu_simd convert)

$(BUILD)/guest-play: $(BUILD)/obj/tests/qemu/guest/play.o $(BUILD)/obj/userspace/tools/trace.o
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@ -lz

$(BUILD)/guest-hog: $(BUILD)/obj/tests/qemu/guest/hog.o
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@

$(BUILD)/guest-share: $(BUILD)/obj/tests/qemu/guest/share.o $(BUILD)/libdla.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $< -o $@ -L$(BUILD) -l:libdla.so.0

$(BUILD)/guest-vcpu: $(BUILD)/obj/tests/qemu/guest/vcpu.o
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@

$(BUILD)/guest-emu_simd: $(BUILD)/obj/tests/unit/emu_simd.o $(emulator-obj)
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@ -lcmocka -pthread

$(BUILD)/guest-convert: $(addprefix $(BUILD)/obj/,tests/unit/convert.o $(addprefix userspace/libdla/,convert.o convert_neon.o))
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@ -lcmocka
