# SPDX-License-Identifier: MIT
#
# tests/kselftest/NAME.c is a program that prints TAP and needs a device node. They are linked
# statically, so that they run in any image:
#
#	make kselftest CROSS_COMPILE=aarch64-linux-gnu-
kselftest-dir := $(BUILD)/kselftest
kselftest-common := $(addprefix tests/kselftest/,genl.c harness.c klog.c npu.c)
kselftest-src := $(filter-out $(kselftest-common),$(wildcard tests/kselftest/*.c))
kselftest-bin := $(kselftest-src:tests/kselftest/%.c=$(kselftest-dir)/%)
kselftest-files := $(addprefix $(kselftest-dir)/,run.sh log.sh leaks.sh watch.sh rounds.sh splats)
# libdrm's headers do not depend on the machine.
kselftest-flags := $(filter-out -fPIC -fvisibility=hidden,$(cflags)) -D_FILE_OFFSET_BITS=64 -Iuapi -I/usr/include/libdrm

.PHONY: kselftest
kselftest: $(kselftest-bin) $(kselftest-files)

$(kselftest-dir)/%: tests/kselftest/%.c $(kselftest-common) $(wildcard tests/kselftest/*.h) $(wildcard uapi/*/*.h)
	@mkdir -p $(@D)
	$(call quiet,CC)$(CROSS_COMPILE)gcc $(kselftest-flags) $(CFLAGS) -static $< $(kselftest-common) -o $@

$(kselftest-files): $(kselftest-dir)/%: tests/kselftest/%
	@mkdir -p $(@D)
	@cp $< $@
