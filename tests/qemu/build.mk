# SPDX-License-Identifier: MIT
#
# make cross ARCH=armhf        library and tools for arm64, armhf or riscv64, in $(BUILD)/ARCH
# make cross-tests ARCH=armhf  and the unit tests, as tests/system/cross.test runs them
# make arm64                   and what the tests run in the guest
#
# The libraries are Debian's, unpacked into the cache, the C library too; where they come without
# XNNPACK, libdla is built without it.
cross-arm64 := aarch64-linux-gnu
cross-armhf := arm-linux-gnueabihf
cross-riscv64 := riscv64-linux-gnu
cross-triplet = $(or $(cross-$(ARCH)),$(error make $@ wants ARCH=arm64, armhf or riscv64))
cross-lib = $$sysroot/usr/lib/$(cross-triplet)
cross-cc = $(cross-triplet)-gcc --sysroot=$$sysroot -isystem $$sysroot/usr/include \
	   -isystem $$sysroot/usr/include/$(cross-triplet) -L$(cross-lib) -L$$sysroot/lib/$(cross-triplet) \
	   -Wl,-rpath-link,$(cross-lib):$$sysroot/lib/$(cross-triplet)
cross-make = sysroot=$$(tests/qemu/sysroot $(ARCH)) && \
	     xnnpack=$$(test ! -e $$sysroot/usr/include/xnnpack.h || echo yes) && \
	     $(MAKE) --no-print-directory BUILD=$(BUILD)/$(ARCH) XNNPACK=$$xnnpack CC="$(cross-cc)"

.PHONY: cross cross-tests arm64 guest
cross cross-tests: cross-goals = all $(if $(filter cross-tests,$@),plain-units)
arm64: ARCH := arm64
arm64: cross-goals := all guest
cross cross-tests arm64:
	@scripts/need gcc-$(cross-triplet) python3
	+@$(cross-make) $(cross-goals)

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
