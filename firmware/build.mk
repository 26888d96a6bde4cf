# SPDX-License-Identifier: MIT
#
# make firmware			$(BUILD)/firmware/nvdla/CONFIG-selftest.bin, for what the driver knows
# make install-firmware		where the kernel looks for them; DESTDIR=... for a package
selftest-configs := $(shell sed -n 's/^\t\t\.name = "\(.*\)",$$/\1/p' kernel/core/config.c)
selftest-images := $(selftest-configs:%=$(BUILD)/firmware/nvdla/%-selftest.bin)
selftest-obj := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard firmware/*.c) kernel/nvdla_selftest_image.c)
firmware-dir ?= /lib/firmware

$(BUILD)/obj/firmware/%.o $(BUILD)/obj/kernel/nvdla_selftest_image.o $(BUILD)/san/kernel/nvdla_selftest_image.o: includes += -Ikernel

$(BUILD)/firmware/selftest: $(selftest-obj) $(core-obj) $(emulator-obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@ -lz -pthread

$(BUILD)/firmware/nvdla/%-selftest.bin: $(BUILD)/firmware/selftest
	@mkdir -p $(@D)
	$(call quiet,GEN)$< $* $@

.PHONY: firmware install-firmware
firmware: $(selftest-images)

install-firmware: firmware
	install -d $(DESTDIR)$(firmware-dir)/nvdla
	install -m 644 $(selftest-images) $(DESTDIR)$(firmware-dir)/nvdla
